"""Vehicles that words name are on the road, as large as in life, unless words place them."""

from math import radians, tan

import pytest

from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.rules.roads import onto_roads
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


@pytest.mark.parametrize("where", ["beside", "behind"])
def test_a_bus_stays_where_words_put_it_or_something_beside_it(where: str):
    things = [CHURCH, BUS, ROAD]
    of_bus = Named(("bus",), None, relation=Relation(where, ("church",)))
    of_church = Named(("church",), None, relation=Relation(where, ("bus",)))
    assert onto_roads(things, [of_bus]) == things
    assert onto_roads(things, [Named(("bus",), None), of_church]) == things
    assert onto_roads(things, []) == things


def test_no_bus_on_the_road_hides_what_words_name():
    cat = PlacedObject("cat", 10.0, -7.0, 3.0, 2.0)
    things = [CHURCH, BUS, cat, ROAD]
    assert onto_roads(things, [Named(("bus",), None), Named(("cat",), None)]) == things
