"""Tests of things that join a plan whose own things stay."""

import pytest

from mag_sandbox.controls.camera import yaw_difference
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.rules.joining import with_joined
from mag_sandbox.model.imagination.rules.spacing import covered
from mag_sandbox.scenes.naming import Named
from mag_sandbox.scenes.relations import Relation

GROUND = PlacedObject("near ground", 0.0, -27.0, 360.0, 54.0)
CASTLE = PlacedObject("castle", 80.0, 8.0, 30.0, 26.0)
COW = PlacedObject("cow", 60.0, -8.0, 12.0, 9.0)
SNOWMAN = PlacedObject("snowman", 90.0, -6.0, 8.0, 12.0)


def joined(relation: Relation | None, kind: str = "snowman") -> tuple[PlacedObject, ...]:
    thing = PlacedObject(kind, SNOWMAN.yaw, SNOWMAN.pitch, SNOWMAN.width, SNOWMAN.height)
    new = Named((kind,), None, relation=relation)
    return tuple(with_joined((GROUND, CASTLE, COW), (GROUND, thing), (new,), 90.0))


@pytest.mark.parametrize("where", ["left", "right", "beside", "on", ""])
def test_what_joins_leaves_all_else_to_the_bit(where: str):
    result = joined(Relation(where, ("castle",)) if where else None)
    assert [one for one in result if one.kind != "snowman"] == [GROUND, CASTLE, COW]


@pytest.mark.parametrize(("where", "side"), [("left", -1), ("right", 1)])
def test_what_joins_stands_on_the_side_that_words_say(where: str, side: int):
    snowman = next(one for one in joined(Relation(where, ("castle",))) if one.kind == "snowman")
    assert side * yaw_difference(snowman.yaw, CASTLE.yaw) > CASTLE.width / 2
    assert covered(COW, snowman) <= 0.3


def test_what_joins_on_a_thing_is_nearer_than_it_and_above_its_foot():
    result = joined(Relation("on", ("castle",)), "owl")
    owl = next(one for one in result if one.kind == "owl")
    assert result.index(owl) > result.index(CASTLE)
    assert owl.foot > CASTLE.foot + CASTLE.height / 2


def test_what_joins_hides_no_animal():
    snowman = next(one for one in joined(None) if one.kind == "snowman")
    assert covered(COW, snowman) <= 0.3


def test_a_castle_that_joins_stands_before_the_trees_that_would_hide_it():
    castle = PlacedObject("castle", 90.0, 8.0, 30.0, 22.0)
    trees = [PlacedObject("oak", 50.0 + 12.0 * at, 4.0, 16.0, 20.0) for at in range(8)]
    result = with_joined((GROUND, *trees), (GROUND, castle), (Named(("castle",), None),), 90.0)
    shown = next(one for one in result if one.kind == "castle")
    assert result[-1] == shown
    assert shown.foot > -12.0


@pytest.mark.parametrize(("there", "count", "whole"), [(1, 2, 2), (2, 2, 2), (0, 3, 3), (1, 1, 2)])
def test_as_many_are_in_the_view_as_words_say(there: int, count: int, whole: int):
    foxes = [PlacedObject("fox", 70.0 + 20.0 * at, -8.0, 8.0, 4.0) for at in range(3)]
    elsewhere = foxes[0].turned(180.0)
    named = Named(("fox",), None, count, count)
    own = (GROUND, elsewhere, *foxes[:there])
    result = with_joined(own, (GROUND, *foxes[:count]), (named,), 90.0)
    shown = [one for one in result if abs(yaw_difference(one.yaw, 90.0)) < 45.0]
    assert sum(one.kind == "fox" for one in shown) == whole
