"""The first view shows what words name in its middle."""

from dataclasses import replace

import pytest

from mag_sandbox.controls.camera import yaw_difference
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.rules.first_view import centred, within_view
from mag_sandbox.model.imagination.rules.plans import away
from mag_sandbox.scenes.naming import Named
from mag_sandbox.scenes.relations import Relation

HOUSE = PlacedObject("cottage", 324.0, 4.0, 22.0, 15.0)
CAR = PlacedObject("car", 340.0, -6.0, 20.0, 9.0)
SEA = PlacedObject("sea", 340.0, -5.0, 89.0, 11.0)


def yaws(things: list[PlacedObject]) -> list[float]:
    return [yaw_difference(one.yaw, 0.0) for one in things]


def test_what_is_named_is_in_the_middle():
    house, car = Named(("cottage",), None, 1, 1), Named(("car",), None, 1, 1)
    assert yaws(centred([HOUSE], [house])) == pytest.approx([0.0])
    assert yaws(centred([HOUSE, CAR], [house, car])) == pytest.approx([-7.5, 8.5])
    assert centred([HOUSE], []) == [HOUSE]


def test_what_has_a_side_or_is_on_a_stage_or_in_a_room_keeps_its_place():
    left = Named(("cottage",), None, 1, 1, relation=Relation("left"))
    assert centred([HOUSE], [left]) == [HOUSE]
    for kind in ("backdrop", "wall"):
        side = PlacedObject(kind, 324.0, -20.0, 14.0, 12.0)
        assert centred([side, HOUSE], [Named(("cottage",), None, 1, 1)]) == [side, HOUSE]


def test_the_sea_of_a_beach_stays_in_view():
    typical = [Named(("sea",), None)]
    house, sea = centred([HOUSE, SEA], [Named(("cottage",), None, 1, 1)], typical)
    assert abs(yaw_difference(sea.yaw, 0.0)) <= 25.0
    assert abs(yaw_difference(house.yaw, 0.0)) < 36.0


def test_the_first_view_turns_a_little_rather_than_cut_a_house():
    mill = PlacedObject("windmill", 5.0, 0.0, 16.0, 24.0)
    cut, named = replace(HOUSE, yaw=49.0), [Named(("windmill",), None, 1, 1)]
    house, shown = centred([cut, mill], named)
    assert away(house) + house.width / 2 <= 46.0
    assert 0.0 < away(shown) < 20.0


def test_nothing_that_words_name_leaves_the_view_for_a_river():
    river = PlacedObject("river", 323.0, -16.0, 89.0, 9.0)
    tower, man = PlacedObject("tower", 35.0, 10.0, 12.0, 26.0), replace(CAR, yaw=16.0)
    named = [Named((kind,), None, 1, 1) for kind in ("tower", "car", "river")]
    assert yaws(centred([river, tower, man], named))[1] <= 38.0


def test_butterflies_are_in_no_row():
    ground = PlacedObject("near ground", 0.0, -35.0, 360.0, 36.0)
    flying = [PlacedObject("butterfly", 16.0 * place, 0.0, 15.0, 12.0) for place in range(3)]
    assert len({one.pitch for one in within_view([ground, *flying], {1, 2, 3})[1:]}) == 3
    moons = [PlacedObject("moon", 20.0 * place, 20.0, 13.0, 13.0) for place in range(2)]
    assert len({one.pitch for one in within_view([ground, *moons], {1, 2})[1:]}) == 1


def test_moons_are_as_large_as_words_say():
    ground = PlacedObject("near ground", 0.0, -30.0, 360.0, 60.0)
    moon = PlacedObject("moon", 0.0, 14.0, 13.0, 13.0)
    small, usual, large = (
        within_view([ground, moon.scaled(scale)], {1}, {1: scale})[1]
        for scale in (0.6, 1.0, 1.5)
    )  # fmt: skip
    assert 2 * small.height < usual.height < 0.8 * large.height
    assert large.pitch + large.height / 2 <= 24.0, "all of it is seen"


def test_flowers_at_the_lower_edge_of_the_view_are_whole():
    ground = PlacedObject("near ground", 0.0, -35.0, 360.0, 36.0)
    flower = PlacedObject("wild flower", 12.0, -23.6, 8.2, 6.7)
    assert within_view([ground, flower], {1})[1].foot == pytest.approx(-23.5)
    assert within_view([ground, flower], ())[1] == flower
