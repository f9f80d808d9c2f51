"""Walls around a picture of a room: lined with what it shows often, and lit by lamps."""

from dataclasses import replace
from itertools import pairwise

import pytest

from mag_sandbox.controls.camera import yaw_difference
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.rules.lining import (
    at_walls,
    lined,
    side_by_side,
    with_lamps,
    with_lit_walls,
    with_windows,
)
from mag_sandbox.model.imagination.rules.plausible import wall_foot
from mag_sandbox.scenes.naming import Named
from mag_sandbox.scenes.relations import Relation

LIGHT, DARK = (230, 195, 143), (169, 133, 100)
WALLS = [
    PlacedObject("wall", yaw, -2.0, 90.0, 40.0, color, color)
    for yaw, color in ((0.0, LIGHT), (90.0, DARK), (180.0, DARK), (270.0, DARK))
]
WINDOW = PlacedObject("square window", 330.0, 1.0, 12.0, 16.0)
CURTAINS = PlacedObject("curtains", 330.0, -4.0, 25.0, 27.0)
SHELF = PlacedObject("bookshelf", 340.0, -8.0, 26.0, 30.0)
PICTURE = PlacedObject("portrait", 90.0, 2.0, 60.0, 12.0)
LAMP = PlacedObject("floor lamp", 350.0, -11.0, 10.0, 26.0)


def near(things: list[PlacedObject], yaw: float, kind: str) -> list[PlacedObject]:
    """Return the things of a kind on the wall at a yaw."""
    return [one for one in things if one.kind == kind and abs(yaw_difference(one.yaw, yaw)) < 45]


@pytest.mark.parametrize("unit", [[SHELF], [WINDOW, CURTAINS]])
def test_other_walls_have_what_a_picture_shows_twice(unit: list[PlacedObject]):
    twice = [*unit, *(replace(one, yaw=one.yaw + 32.0) for one in unit)]
    around = lined([], [*WALLS, *twice], ())
    for yaw in (90.0, 180.0, 270.0):
        places = [[one.yaw for one in near(around, yaw, each.kind)] for each in unit]
        assert len(places[0]) == 2 and places.count(places[0]) == len(places), "as one"
    assert lined([], [*WALLS, *unit], ()) == [], "one may be the only one"
    assert lined([], twice, ()) == [], "outdoors"


def test_curtains_hang_before_windows():
    aside, behind = replace(WINDOW, yaw=20.0), replace(CURTAINS, yaw=180.0)
    *_, window, curtains = with_windows([*WALLS, aside, CURTAINS], ())
    assert (window.yaw, curtains) == (CURTAINS.yaw, CURTAINS), "the window comes to them"
    *_, window, curtains = with_windows([*WALLS, aside, behind], ())
    assert (window, curtains.yaw) == (aside, aside.yaw), "what the first view shows stays"
    paired = with_windows([*WALLS, WINDOW, CURTAINS, replace(CURTAINS, yaw=20.0)], ("curtains",))
    assert [one.yaw for one in paired if one.kind == WINDOW.kind] == [WINDOW.yaw, 20.0]
    assert with_windows([*WALLS, CURTAINS], ()) == WALLS, "without a window they go"
    assert with_windows([*WALLS, CURTAINS], ("curtains",)) == [*WALLS, CURTAINS]
    assert with_windows([aside, CURTAINS], ()) == [aside, CURTAINS], "outdoors"


FIRE = PlacedObject("fireplace", 10.0, -13.0, 28.0, 22.0)


@pytest.mark.parametrize("is_said_to_be_there", [False, True])
def test_a_fireplace_is_built_into_a_wall_that_is_free(is_said_to_be_there: bool):
    near = [replace(one, yaw=15.0) for one in (WINDOW, CURTAINS)]
    shelf = replace(SHELF, yaw=350.0)
    relation = Relation("ahead") if is_said_to_be_there else None
    named = [Named(("fireplace",), None, relation=relation)]
    room = at_walls([*WALLS, *near, shelf, FIRE], named)
    (fire,) = (one for one in room if one.kind == "fireplace")
    others = [one for one in room if one.kind not in ("wall", "fireplace")]
    assert sorted(one.kind for one in others) == ["bookshelf", "curtains", "square window"]
    assert not any(one.overlaps(fire) for one in others)
    assert (fire.yaw == FIRE.yaw) == is_said_to_be_there
    assert abs(yaw_difference(fire.yaw, 0.0)) < 40.0
    assert WALLS[0].foot - 1.0 < fire.foot < WALLS[0].foot + 4.0  # walls are lower at the middle


def test_no_clock_stands_before_a_door():
    door = PlacedObject("door", 60.0, -7.0, 11.0, 24.0)
    clock = PlacedObject("grandfather clock", 63.0, -5.0, 10.0, 27.0)
    *_, moved = at_walls([*WALLS, door, clock], [])
    assert not moved.overlaps(door)
    assert abs(yaw_difference(moved.yaw, clock.yaw)) < 20.0


def test_what_lines_a_wall_hides_nothing_and_is_not_hidden():
    twice = [*WALLS, SHELF, replace(SHELF, yaw=20.0)]
    door = PlacedObject("door", 90.0, -6.0, 15.0, 30.0)
    sofa = PlacedObject("sofa", 180.0, -16.0, 30.0, 13.0)
    around = lined([door, sofa, PICTURE], twice, ())
    assert not any(one.overlaps(door) for one in near(around, 90.0, "bookshelf"))
    assert PICTURE not in around, "it makes room"
    assert around.index(sofa) > around.index(near(around, 180.0, "bookshelf")[-1]), "before it"
    named = lined([door, sofa, PICTURE], twice, {"portrait"})
    assert PICTURE in named and not near(named, 90.0, "bookshelf")


def test_nothing_stands_before_the_middle_of_a_window():
    twice = [*WALLS, *(replace(WINDOW, yaw=yaw) for yaw in (330.0, 20.0))]
    clock = PlacedObject("candle", 110.0, 0.0, 7.0, 15.0)
    for window in near(lined([clock], twice, ()), 90.0, WINDOW.kind):
        assert abs(window.yaw - clock.yaw) > clock.width / 2


def test_each_wall_of_a_lit_room_has_a_lamp_and_is_as_light():
    shown, fire = [*WALLS, LAMP], PlacedObject("fireplace", 200.0, -15.0, 20.0, 20.0)
    around = with_lamps([fire], shown, ())
    assert [len(near(around, yaw, LAMP.kind)) for yaw in (90.0, 180.0, 270.0)] == [1, 0, 1]
    assert {one.color for one in with_lit_walls([*shown, *around]) if one.kind == "wall"} == {LIGHT}
    assert with_lamps([fire], shown, {LAMP.kind}) == [fire], "words say how many"
    assert with_lit_walls(shown) == shown, "there is no light on the other walls"


def test_shelves_along_a_wall_stand_beside_each_other():
    foot = wall_foot(WALLS, 0.0)
    shelves = [
        replace(SHELF, yaw=yaw, height=tall).standing_at(foot)
        for yaw, tall in ((350.0, 20.0), (2.0, 30.0), (15.0, 25.0), (90.0, 20.0))
    ]
    *row, other = side_by_side([*WALLS, *shelves])[len(WALLS) :]
    assert other == shelves[-1]
    for one, following in pairwise(row):
        assert yaw_difference(following.yaw, one.yaw) > (one.width + following.width) / 2
    assert {one.height for one in row} == {30.0}
    assert side_by_side(shelves) == shelves, "no room"
