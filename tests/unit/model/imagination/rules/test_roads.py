"""Vehicles are on the road, unless words place them, and all that is no vehicle beside it."""

from math import radians, tan

import pytest

from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.rules.roads import beside_roads, onto_roads
from mag_sandbox.scenes.naming import Named
from mag_sandbox.scenes.relations import Relation

ROAD = PlacedObject("road", 0.0, -16.0, 89.0, 14.0)
BUS = PlacedObject("bus", 10.0, 0.0, 20.0, 12.0)
CHURCH = PlacedObject("church", 60.0, 8.0, 20.0, 26.0)


def test_a_named_bus_behind_the_road_comes_onto_it_and_has_its_size():
    church, road, bus = onto_roads([CHURCH, BUS, ROAD], [Named(("bus",), None)])
    assert (church, road) == (CHURCH, ROAD)
    assert -16.0 < bus.foot < -9.0
    assert bus.height / BUS.height == pytest.approx(tan(radians(bus.foot)) / tan(radians(-6.0)))


def test_a_cat_on_the_roof_of_a_house_that_leaves_the_road_stays_on_it():
    house, cat = (PlacedObject("cottage", 0.0, -3.0, 30.0, 20.0),
                  PlacedObject("cat", 0.0, 9.0, 5.0, 4.0))  # fmt: skip
    named = [Named(("cottage",), None),
             Named(("cat",), None, relation=Relation("on", ("cottage",)))]  # fmt: skip
    moved = {one.kind: one for one in beside_roads([ROAD, house, cat], named)}
    assert moved["cottage"].foot > house.foot
    assert moved["cat"].foot == pytest.approx(moved["cottage"].top)


@pytest.mark.parametrize("where", ["beside", "behind"])
def test_a_bus_stays_where_words_put_it_or_something_beside_it(where: str):
    things = [CHURCH, BUS, ROAD]
    of_bus = Named(("bus",), None, relation=Relation(where, ("church",)))
    of_church = Named(("church",), None, relation=Relation(where, ("bus",)))
    assert onto_roads(things, [of_bus]) == things
    assert onto_roads(things, [Named(("bus",), None), of_church]) == things


def test_no_bus_on_the_road_hides_what_words_name():
    cat = PlacedObject("cat", 10.0, -7.0, 3.0, 2.0)
    things = [CHURCH, BUS, cat, ROAD]
    assert onto_roads(things, [Named(("bus",), None), Named(("cat",), None)]) == things


BENCH = PlacedObject("bench", 0.0, -14.0, 12.0, 6.0)  # its foot is in the middle of the road


def test_a_bench_on_the_road_is_put_beside_it_as_large_as_in_life():
    road, bench = beside_roads([ROAD, BENCH], [Named(("bench",), None)])
    assert road == ROAD
    assert not -23.0 < bench.foot < -9.0
    assert bench.height / BENCH.height == pytest.approx(
        tan(radians(bench.foot)) / tan(radians(-17))
    )


def test_a_dog_beside_a_bench_goes_with_it():
    dog = PlacedObject("dog", 12.0, -15.5, 6.0, 4.0)
    of_dog = Named(("dog",), None, relation=Relation("beside", ("bench",)))
    things = beside_roads([ROAD, BENCH, dog], [Named(("bench",), None), of_dog])
    bench, moved = (next(one for one in things if one.kind == kind) for kind in ("bench", "dog"))
    nearer = bench.width / BENCH.width
    assert moved.foot - bench.foot == pytest.approx(nearer * (dog.foot - BENCH.foot))
    assert moved.width == pytest.approx(nearer * dog.width)


def test_only_creatures_that_words_put_onto_the_road_are_on_it():
    cat = PlacedObject("cat", 0.0, -15.0, 5.0, 4.0)
    on_road = Relation("on", ("road",))
    assert beside_roads([ROAD, cat], [Named(("cat",), None, relation=on_road)]) == [ROAD, cat]
    assert beside_roads([ROAD, cat], [Named(("cat",), None)]) != [ROAD, cat]
    bench = Named(("bench",), None, relation=on_road)
    assert beside_roads([ROAD, BENCH], [bench]) != [ROAD, BENCH]


@pytest.mark.parametrize("kind", ["bus", "person", "bicycle"])
def test_vehicles_and_people_may_be_on_the_road(kind: str):
    things = [ROAD, PlacedObject(kind, 0.0, -12.0, 8.0, 10.0)]
    assert beside_roads(things, []) == things
