"""New ground lies beyond a plan and is the same whenever it is seen."""

from dataclasses import replace

import numpy as np
import pytest

from mag_sandbox.model.imagination.geometry.bodies import FADE, SIGHT
from mag_sandbox.model.imagination.geometry.new_ground import (
    PLANNED,
    SQUARE,
    is_town,
    squares_near,
    street_in,
    things_in,
)
from mag_sandbox.model.imagination.geometry.scenery import Scenery, ToldFrom
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.rules.wanted import Wanted
from mag_sandbox.scenes.color_names import COLORS
from mag_sandbox.scenes.naming import Named
from mag_sandbox.scenes.stances import Stance

STANCES = {"tree": Stance("floor", 5.0), "castle": Stance("floor", 20.0)}
STREET = {"apartment house": Stance("floor", 11.0), "car": Stance("floor", 1.5)}
TREES = [PlacedObject("tree", 40.0 * turn, -2.0, 10.0, 20.0) for turn in range(9)]  # at 7.5 m
GROUND = [(tree, 7.5) for tree in TREES]


def place(one) -> tuple[float, float]:
    yaw = np.radians(one.told.yaw)
    return one.x + 7.5 * np.sin(yaw), one.z + 7.5 * np.cos(yaw)


def test_squares_differ_and_each_stays_as_it_is():
    first, second = (things_in(square, GROUND, 7) for square in ((2, 0), (2, 1)))
    assert first == things_in((2, 0), GROUND, 7)
    assert {one.told.yaw for one in first} != {one.told.yaw for one in second}
    assert {one.told.yaw for one in first} != {one.told.yaw for one in things_in((2, 0), GROUND, 8)}
    for one in first:
        assert np.abs(np.subtract(place(one), (2 * SQUARE, 0.0))).max() < SQUARE / 2


def test_where_the_plan_says_what_there_is_nothing_is_new():
    near = [one for square in squares_near(0.0, 0.0) for one in things_in(square, GROUND, 7)]
    assert near
    assert min(np.hypot(*place(one)) for one in near) > PLANNED
    assert (0, 0) not in squares_near(3.0, 1.0)


def test_things_from_far_away_stand_in_new_squares_too_and_in_nothing_else():
    """Else plans whose things are far away leave new ground empty."""
    far = [(PlacedObject("tree", 20.0 * turn, 4.6, 10.0, 20.0), 17.0) for turn in range(18)]
    ground = [*GROUND, *far]
    near, full = (things_in((3, 1), ground, 7, is_full=one) for one in (False, True))
    assert full[: len(near)] == near
    assert len(full) > 1.5 * len(near)
    bodies = Scenery.of([], STANCES, ()).extended(full, STANCES).ground.things
    middle = np.array([(one.x, one.z) for one in bodies]) - (3 * SQUARE, SQUARE)
    assert np.abs(middle).max() < SQUARE / 2
    for one in bodies[len(near) :]:
        others = [other for other in bodies if other is not one]
        assert all(np.hypot(one.x - a.x, one.z - a.z) > one.radius + a.radius for a in others)


def test_far_from_a_viewpoint_only_things_of_the_plan_are_in_sight():
    castle = PlacedObject("castle", 10.0, 7.0, 15.0, 18.0)  # at 45 m
    new = [one for x in range(3, 9) for one in things_in((x, 1), GROUND, 7)]
    scenery = Scenery.of([castle], STANCES, ()).extended(new, STANCES)
    castle, first, *_ = scenery.ground.things
    near = scenery.ground_near(first.x, first.z).things
    assert near[:2] == (castle, first)
    assert len(near) < len(scenery.ground.things)


def test_no_new_house_is_inside_another_one():
    castle = PlacedObject("castle", 0.0, 0.0, 16.0, 12.0)  # at 15 m, 4.3 m wide
    oak = replace(castle, kind="oak")
    ones = [replace(castle, yaw=yaw) for yaw in (8.0, 30.0, 36.0)] + [replace(oak, yaw=8.0)]
    stances = STANCES | {"oak": STANCES["tree"]}
    scenery = Scenery.of([castle], stances, ())
    new = scenery.extended([ToldFrom(one, 0.0, 0.0) for one in ones], stances)
    shown = [body.told for body in new.bodies if body.is_new]
    assert [(one.kind, one.yaw) for one in shown] == [("castle", 30.0), ("oak", 8.0)]


def test_the_only_one_of_a_kind_is_rare():
    castle = (PlacedObject("castle", 10.0, 4.0, 30.0, 32.0), 7.5)
    squares = [(x, z) for x in range(3, 13) for z in range(10)]
    found = [one.told.kind for each in squares for one in things_in(each, [*GROUND, castle], 1)]
    assert 10 < found.count("castle") < 40
    assert found.count("tree") > 700


def test_words_count_things_by_kind_or_where_there_are_others_by_colour():
    named = [
        Named(("deer",), None, 2, 2),
        Named(("cottage",), COLORS["red"], one_of_many=True),
        Named(("horse",), None, 3),
    ]
    wanted = Wanted(named)
    things = [
        PlacedObject(kind, 0.0, 0.0, 9.0, 9.0, COLORS[color])
        for kind, color in (("deer", "brown"), ("cottage", "red"), ("cottage", "blue"))
    ]
    assert [wanted.counts(one) for one in things] == [True, True, False]
    assert not wanted.counts(replace(things[0], kind="horse"))


def test_new_things_grow_as_a_walker_comes_nearer_and_those_left_behind_shrink():
    scenery = Scenery.of([TREES[0]], STANCES, ()).extended(things_in((0, 2), GROUND, 7), STANCES)
    assert len(scenery.plan(0.0, 0.0)) == 1
    nearest = min(place(one)[1] for one in things_in((0, 2), GROUND, 7))
    heights = []
    for away in (26.0, 20.0, 10.0):
        seen = scenery.plan(0.0, nearest - away)
        heights.append(max(one.height for one in seen if not 90 < one.yaw < 270))
    assert heights == sorted(heights)
    assert not scenery.plan(0.0, -(SIGHT + FADE) - 8.0)


def test_boxes_are_where_the_plan_from_there_says():
    scenery = Scenery.of([TREES[0]], STANCES, ()).extended(things_in((0, 2), GROUND, 7), STANCES)
    for z in (0.0, 14.0, 25.0, 40.0):
        boxes = scenery.boxes(1.0, z, (384, 1280))
        told = scenery.plan(1.0, z)
        assert [box[2] * 360 / 1280 for box in boxes.values()] == pytest.approx(
            [one.width for one in told], abs=0.01
        )
        assert [box[3] * 360 / 1280 for box in boxes.values()] == pytest.approx(
            [one.height for one in told], abs=0.01
        )


ROAD = PlacedObject("road", 0.0, -16.0, 89.0, 13.0)
HOUSES = [PlacedObject("apartment house", 50.0 * turn, 3.0, 24.0, 16.0) for turn in range(7)]
CAR = PlacedObject("car", 20.0, -5.0, 12.0, 5.0)
TOWN = [*((house, 18.0) for house in HOUSES), *[(CAR, 12.0)] * 4]


def test_towns_have_roads_with_houses():
    assert is_town([ROAD, *HOUSES])
    assert not is_town(HOUSES)
    assert not is_town([ROAD, HOUSES[0], CAR])


def test_streets_are_between_rows_of_houses_and_free_in_the_middle():
    found = street_in((2, 1), TOWN, 7)
    assert found == street_in((2, 1), TOWN, 7)
    bodies = Scenery.of([], STREET, ()).extended(found, STREET).ground.things
    x = np.array([body.x - 2 * SQUARE for body in bodies])
    is_house = np.array([body.kind == "apartment house" for body in bodies])
    assert is_house.any()
    assert (~is_house).any()
    np.testing.assert_allclose(x[is_house], SQUARE / 2, atol=0.1)
    assert np.abs(x[~is_house]).min() > 1.0
    for one in bodies:
        others = [other for other in bodies if other is not one]
        assert all(np.hypot(one.x - a.x, one.z - a.z) > one.radius + a.radius for a in others)


def test_houses_of_streets_are_seen_whole():
    (house, *_) = (one.told for one in street_in((3, 0), TOWN, 7) if one.told.kind != "car")
    assert house.pitch + house.height / 2 < 45.0
    assert house.foot < 0.0
    near = [one for square in squares_near(0.0, 0.0) for one in street_in(square, TOWN, 7)]
    bodies = Scenery.of([], STREET, ()).extended(near, STREET).ground.things
    assert min(np.hypot(body.x, body.z) for body in bodies) > PLANNED
