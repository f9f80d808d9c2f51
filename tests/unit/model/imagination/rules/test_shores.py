"""Things that stand are on land, and those that swim on water."""

from dataclasses import replace
from itertools import pairwise
from math import atan, cos, degrees, radians, tan

import pytest

from mag_sandbox.controls.camera import yaw_difference
from mag_sandbox.controls.parallax import EYE
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.rules.shores import (
    afloat,
    ashore,
    aside_of,
    before_others,
    facing_course,
    is_in_water,
    is_odd_sea,
    on_rocks,
    shores_of,
    spanning,
    up_to_horizon,
    with_bridges_across,
    with_long_lakes,
    with_sailing_boats,
    without_dry,
    without_stranded,
)
from mag_sandbox.scenes.naming import Named
from mag_sandbox.scenes.relations import Relation

RIVER = PlacedObject("river", 0.0, -18.0, 89.0, 12.0)
LAKE = PlacedObject("lake", 90.0, -12.0, 60.0, 10.0)
SEA = PlacedObject("sea", 170.0, -6.0, 89.0, 12.0)


def standing(kind: str, yaw: float, foot: float) -> PlacedObject:
    return PlacedObject(kind, yaw, foot + 10.0, 10.0, 20.0)


@pytest.mark.parametrize(("foot", "shore"), [(-20.0, -25.8), (-14.0, -11.2)])
def test_what_stands_in_a_river_steps_to_the_nearer_shore(foot: float, shore: float):
    _, knight = ashore([RIVER, standing("knight", 0.0, foot)], ())
    assert knight.pitch - knight.height / 2 == pytest.approx(shore, abs=0.05)
    assert (knight.height > 20.0) == (shore < foot)


@pytest.mark.parametrize(("yaw", "foot"), [(215.0, -4.0), (240.0, -3.0), (140.0, -9.0)])
def test_no_house_is_in_the_sea_which_recedes_to_the_horizon_on_both_sides(yaw, foot):
    """A sea is drawn as a strip that goes on beyond its box, and is narrower there."""
    house = standing("cottage", yaw, foot)
    _, there = ashore([SEA, house], ())
    drawn = (tan(radians(-12.0)) * cos(radians(yaw - SEA.yaw + side)) for side in (-3.5, 0.0, 3.5))
    shore = degrees(atan(min(drawn)))
    assert is_in_water([SEA], house) == (foot > shore)
    assert not is_in_water([SEA], there)
    assert there.foot == pytest.approx(min(foot, shore - 1.8), abs=0.1)


def test_what_stands_on_land_or_is_at_home_in_water_stays():
    things = [RIVER, LAKE, standing("knight", 5.0, -8.0), standing("duck", 0.0, -18.0)]
    things += [standing("horse", 118.0, -9.0)]  # beside the round lake
    assert ashore(things, ()) == things


@pytest.mark.parametrize("where", ["on", "under"])
def test_nothing_that_stands_is_on_water_even_if_words_put_it_there(where):
    horse = standing("horse", 0.0, RIVER.pitch)
    named = (Named(("horse",), None, relation=Relation(where, ("river", "lake"))),)
    _, moved = ashore([RIVER, horse], named)
    assert is_in_water([RIVER], moved) == (where == "under")


def test_what_words_put_onto_another_thing_goes_ashore_with_it():
    things = [RIVER, standing("horse", 0.0, -18.0), standing("knight", 0.0, -14.0)]
    named = [Named(("knight",), None, relation=Relation("on", ("horse",)))]
    _, horse, knight = ashore(things, named)
    assert not is_in_water([RIVER], horse)
    assert knight.foot - horse.foot == pytest.approx(4.0 * horse.width / 10.0)
    assert knight.width == horse.width


def test_a_lake_comes_to_a_boat_that_words_name():
    lake, boat = afloat([LAKE, standing("boat", -20.0, -3.0)], {1})
    assert lake.yaw % 360.0 == boat.yaw % 360.0 == 340.0
    assert boat.pitch - boat.height / 2 == lake.pitch


@pytest.mark.parametrize(("kind", "apart"), [("lake", 10.0), ("frozen lake", 12.0)])
def test_all_swans_that_words_count_are_on_one_lake(kind: str, apart: float):
    lake = PlacedObject(kind, 50.0, -11.0, 70.0, 6.0)
    swans = [PlacedObject("swan", at * apart % 360.0, -5.0, 8.6, 7.0) for at in range(-3, 4)]
    water, *moved = afloat([lake, *swans], {*range(1, 8)})
    assert water.kind == "lake"  # of ice a swan would be a part
    assert water.height == pytest.approx(13.0)
    assert abs(yaw_difference(water.yaw, 0.0)) < 0.1
    for swan in moved:
        reach = (1 - (abs(yaw_difference(swan.yaw, water.yaw)) / (water.width / 2)) ** 2) ** 0.5
        assert abs(swan.foot - water.pitch) < reach * water.height / 2
    yaws = [yaw_difference(swan.yaw, 0.0) for swan in moved]
    assert min(right - left for left, right in pairwise(yaws)) > 6.0
    feet = [swan.foot for swan in moved]
    assert min(abs(one - other) for one, other in pairwise(feet[1:-1])) > 0.5  # in no row


def test_a_picnic_blanket_lies_on_the_shore():
    blanket = PlacedObject("picnic blanket", 10.0, -11.0, 22.0, 5.0)
    river = PlacedObject("river", 350.0, -13.0, 89.0, 8.0)
    _, dry = ashore([river, blanket], [])
    assert dry.pitch + dry.height / 2 < river.foot
    assert ashore([river, dry], []) == [river, dry]


def test_ducks_in_a_pond_swim_in_no_row_and_those_beside_it_stay():
    ducks = [PlacedObject("duck", at * 14.0 % 360.0, -7.5, 12.0, 7.0) for at in range(-2, 3)]
    lake = PlacedObject("lake", 0.0, -11.0, 40.0, 6.0)
    water, *moved = afloat([lake, *ducks], {*range(1, 6)})
    assert water.width > 60.0
    assert all(water.foot < duck.foot < water.pitch + water.height / 2 for duck in moved)
    assert len({round(duck.foot, 1) for duck in moved}) > 3
    nearest, *_, farthest = sorted(moved, key=lambda duck: duck.foot)
    assert nearest.width > 1.1 * farthest.width
    beside = [replace(duck, pitch=-14.0) for duck in ducks]
    assert afloat([lake, *beside], {*range(1, 6)}) == [lake, *beside]


def test_boats_on_a_lake_float_in_no_row():
    boats = [PlacedObject("boat", at * 14.0 % 360.0, -4.7, 12.0, 10.9) for at in range(-1, 2)]
    water, *moved = afloat([PlacedObject("lake", 0.0, -10.2, 48.0, 6.6), *boats], {1, 2, 3})
    assert all(water.foot < boat.foot < water.pitch + water.height / 2 for boat in moved)
    assert len({round(boat.foot) for boat in moved}) == 3


def test_boats_beside_the_water_are_left_out():
    boats = [standing("boat", yaw, -10.0) for yaw in (90.0, 200.0)]
    assert without_stranded([LAKE, *boats], ()) == [LAKE, boats[0]]
    assert without_stranded([LAKE, *boats], {2}) == [LAKE, *boats]
    assert without_stranded(boats, ()) == boats


def test_what_swims_beside_the_sea_swims_on_it_where_there_is_room():
    ship, other = standing("ship", 40.0, -3.0), standing("ship", SEA.yaw, -8.0)
    assert len(without_stranded([replace(SEA, width=12.0), ship, other], ())) == 2
    _, moved, _ = without_stranded([SEA, ship, other], ())
    assert abs(yaw_difference(moved.yaw, SEA.yaw)) < SEA.width / 2
    assert moved.foot == pytest.approx(SEA.pitch)
    assert not moved.overlaps(other)


def test_a_ship_that_words_put_behind_has_a_sea_there():
    ship = standing("ship", 0.0, -3.0)
    more, sea, there = afloat([SEA, ship], {1})
    assert sea == SEA
    assert (more.yaw, more.width) == (ship.yaw, SEA.width)
    assert there.foot == pytest.approx(SEA.pitch)


def test_a_river_runs_where_nothing_that_words_name_stands():
    river = PlacedObject("river", 0.0, -14.0, 89.0, 10.0)
    barn = standing("barn", 10.0, -13.0)
    (moved, *_) = aside_of([river, barn], {1}, {"barn"})
    assert not is_in_water([moved], barn)
    assert aside_of([river, barn], {1}, {"barn", "river"}) == [river, barn]
    assert aside_of([river, barn], set(), {"barn"}) == [river, barn]


def test_a_river_stays_below_the_bridge_that_words_name():
    river = PlacedObject("river", 0.0, -14.0, 89.0, 10.0)
    bridge = PlacedObject("bridge", 20.0, -10.0, 36.0, 12.0)
    barn = standing("barn", 10.0, -13.0)
    (moved, *_) = aside_of([river, bridge, barn], {1, 2}, {"barn", "bridge"})
    assert abs(yaw_difference(moved.yaw, bridge.yaw)) <= (moved.width - bridge.width) / 2


def test_a_lighthouse_in_water_stands_on_a_rock():
    far, land = standing("lighthouse", 170.0, -3.0), standing("lighthouse", 30.0, -9.0)
    _, raised, rock, same = on_rocks([SEA, far, land])
    assert (raised.kind, rock.kind, same) == ("lighthouse", "rock", land)
    assert (rock.yaw, rock.foot, raised.top) == pytest.approx((far.yaw, far.foot, far.top))
    assert rock.foot < raised.foot < rock.top, "its base is hidden"
    assert rock.width > raised.width
    assert raised.away == pytest.approx(EYE / tan(radians(3.0))), "as far as the rock"


def test_coasts_are_turned_to_the_sea_and_cities_to_their_road():
    typical = [Named(("sea",), None)]
    assert facing_course([SEA], 40.0, typical) == pytest.approx(145.0)
    assert facing_course([SEA], 160.0, typical) == pytest.approx(160.0)
    road = replace(SEA, kind="road")
    assert facing_course([SEA, road], 40.0, [Named(("road",), None)]) == pytest.approx(145.0)
    assert facing_course([SEA], 40.0, ()) == facing_course([LAKE], 40.0, typical) == 40.0


def test_a_named_bridge_spans_the_river():
    river = PlacedObject("river", 0.0, -16.0, 90.0, 8.0)
    bridge = PlacedObject("bridge", 100.0, 1.0, 36.0, 12.0)
    _, there = spanning([river, bridge], {1})
    assert abs(yaw_difference(there.yaw, 0.0)) + there.width / 2 <= river.width / 2
    assert river.foot < there.foot < river.pitch
    assert spanning([bridge], {0}) == [bridge]
    road = PlacedObject("road", 10.0, -16.0, 89.0, 11.0)
    _, nearer, _ = spanning([road, river, bridge], {2})
    assert nearer.top <= road.foot, "the road covers no river below a bridge"


def test_a_lake_behind_a_tent_is_in_front_of_it():
    tent = PlacedObject("tent", 88.0, -3.0, 40.0, 22.0)
    lake, same = before_others([LAKE, tent], {0, 1})
    assert lake.pitch + lake.height / 2 < tent.foot
    assert same == tent
    assert before_others([LAKE, tent], {1}) == [LAKE, tent]
    aside = replace(tent, yaw=150.0)
    assert before_others([LAKE, aside], {0, 1}) == [LAKE, aside]


def test_no_bridge_or_swan_is_on_dry_land_unless_words_ask_for_it():
    bridge = PlacedObject("bridge", 200.0, -3.0, 36.0, 12.0)
    assert without_dry([RIVER, bridge], ()) == [RIVER]
    assert without_dry([RIVER, bridge], {"bridge"}) == [RIVER, bridge]
    over = replace(bridge, yaw=20.0)
    assert without_dry([RIVER, over], ()) == [RIVER, over]
    swan = PlacedObject("swan", 100.0, -10.0, 12.0, 9.0)
    assert without_dry([RIVER, swan], ()) == [RIVER, swan]
    assert without_dry([swan], ()) == []
    assert without_dry([swan], {"swan"}) == [swan]


@pytest.mark.parametrize(
    ("color", "is_odd"),
    [
        *((color, False) for color in ((64, 140, 192), (64, 115, 140), (64, 89, 166))),
        *((color, True) for color in ((55, 40, 64), (168, 172, 180), (55, 91, 85), (177, 121, 78))),
    ],
)
def test_seas_that_are_not_blue_are_painted_as_they_are_sketched(color, is_odd):
    sea = PlacedObject("sea", 0.0, -5.0, 89.0, 11.0, color)
    assert is_odd_sea(sea) == is_odd
    assert not is_odd_sea(replace(sea, kind="river"))


@pytest.mark.parametrize("kind", ["lake", "frozen lake"])
def test_swans_have_water_behind_them_and_no_ice_around(kind):
    lake = PlacedObject(kind, 0.0, -15.0, 80.0, 10.0, (230, 240, 250), (230, 240, 250))
    swan = PlacedObject("swan", 5.0, -5.0, 9.0, 8.0)
    water, bird = afloat([lake, swan], {1})
    assert water.foot < bird.foot
    assert bird.foot + bird.height < water.foot + water.height + 0.5
    assert water.kind == "lake"
    assert (water.color[2] > water.color[0] + 50) == (kind == "frozen lake")


def test_boats_have_sails_unless_words_ask_for_rowing_boats():
    rowing = PlacedObject("rowing boat", 9.0, -6.0, 27.0, 5.5)
    (boat,) = with_sailing_boats([rowing], [Named(("boat", "rowing boat"), None)])
    assert (boat.kind, boat.yaw) == ("boat", 9.0)
    assert boat.height > boat.width / 2
    assert boat.pitch - boat.height / 2 == pytest.approx(rowing.pitch - rowing.height / 2)
    assert with_sailing_boats([rowing], [Named(("rowing boat",), None)]) == [rowing]


def test_no_land_is_between_a_sea_and_the_horizon():
    near = replace(SEA, pitch=-7.0)
    (sea,) = up_to_horizon([near])
    assert (sea.foot, sea.top) == (near.foot, 0.0)


def test_no_boat_with_sails_is_ashore_or_on_a_river_unless_words_ask_for_boats():
    afloat, ashore = (PlacedObject("rowing boat", 0.0, foot + 3.0, 27.0, 6.0) for foot in (-18, -6))
    sea = replace(RIVER, kind="sea")
    assert [one.foot for one in with_sailing_boats([sea, afloat, ashore])[1:]] == [-18.0]
    assert with_sailing_boats([RIVER, afloat]) == [RIVER]
    assert with_sailing_boats([RIVER, afloat], shown=[afloat]) == [RIVER, afloat]
    assert len(with_sailing_boats([RIVER, ashore], [Named(("boat", "rowing boat"), None)])) == 2


@pytest.mark.parametrize("wide", [15.0, 40.0])
def test_a_lake_is_three_times_as_long_as_the_ship_on_it(wide: float):
    ship = PlacedObject("sailing ship", 10.0, 2.0, wide, 24.0)
    lake = PlacedObject("lake", 12.0, -10.0, 30.0, 6.0)
    larger, afloat_there = with_long_lakes([lake, ship])
    assert larger.width >= 3 * afloat_there.width
    assert larger.top == pytest.approx(lake.top)
    ashore_there = replace(ship, yaw=90.0)
    assert with_long_lakes([lake, ashore_there]) == [lake, ashore_there]


def test_a_ship_comes_nearer_with_its_lake():
    lake = PlacedObject("lake", 0.0, -8.0, 60.0, 6.0)
    ship = PlacedObject("sailing ship", 0.0, 2.0, 20.0, 20.0)
    fence = PlacedObject("fence", 0.0, -7.0, 40.0, 8.0)
    nearer, moved, _ = before_others([lake, ship, fence], {0, 1, 2})
    assert nearer.pitch < lake.pitch
    assert moved.foot - nearer.pitch == pytest.approx(ship.foot - lake.pitch)


def test_a_bridge_over_a_river_leads_across_it_unless_it_bears_or_covers_something():
    river = PlacedObject("river", 0.0, -16.0, 90.0, 8.0)
    bridge, pond = PlacedObject("bridge", 5.0, -13.0, 36.0, 12.0), replace(LAKE, yaw=5.0)
    _, there = with_bridges_across([river, bridge], ())
    near, far = shores_of(river, there) or (0.0, 0.0)
    assert there.foot < near < far < there.top
    assert there.width < 2 * there.height
    for where in ("on", "under"):
        train = Named(("train",), None, relation=Relation(where, ("bridge",)))
        assert with_bridges_across([river, bridge], [train]) == [river, bridge]
    assert with_bridges_across([pond, bridge], ()) == [pond, bridge]
