"""Stages: no gap between stands stays empty, and each added stand bears something else."""

from dataclasses import replace

import numpy as np
import pytest

from mag_sandbox.controls.camera import yaw_difference
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.rules.stages import (
    with_full_stage,
    with_loaded_stands,
    with_named_ahead,
)
from mag_sandbox.scenes.kinds import STANDS, THINGS
from mag_sandbox.scenes.naming import Named
from mag_sandbox.scenes.relations import Relation

STAND = PlacedObject("podium", 0.0, -18.0, 16.0, 10.0)
CAKE = PlacedObject("cake", 0.0, 0.0, 20.0, 20.0)


def stage(*yaws: float) -> list[PlacedObject]:
    """Return stands that bear cakes."""
    return [replace(each, yaw=yaw) for yaw in yaws for each in (STAND, CAKE)]


def filled(things: list[PlacedObject], seed: int = 1) -> list[PlacedObject]:
    """Return what a stage is given."""
    return with_full_stage(things, THINGS, np.random.default_rng(seed))[len(things) :]


@pytest.mark.parametrize(
    ("yaws", "added"),
    [
        ((331, 0, 29, 69, 111, 156, 199, 294), [246.5]),
        ((20, 65, 110, 155, 200, 290), [245, 335]),
        ((22, 67, 112, 157, 202, 247, 292, 337), []),
    ],
)
def test_gaps_get_stands(yaws: tuple[float, ...], added: list[float]):
    stands = [thing for thing in filled(stage(*yaws)) if thing.kind in STANDS]
    assert sorted(stand.yaw for stand in stands) == pytest.approx(added, abs=0.6)


def test_a_gap_that_a_given_picture_shows_stays_empty():
    shown = stage(-20, 25)
    full = with_full_stage([*shown, *stage(70)], THINGS, np.random.default_rng(1), shown)
    stands = [yaw_difference(one.yaw, 0.0) for one in full if one.kind in STANDS]
    assert len(stands) > 3 and [yaw for yaw in stands if abs(yaw) < 53] == [-20, 25]
    row = stage(-30, -15, 30)
    full = with_full_stage(row, THINGS, np.random.default_rng(1), row)
    assert all(one in row or abs(yaw_difference(one.yaw, 0.0)) >= 45 for one in full)


def test_added_stands_bear_different_things_on_top():
    added = filled(stage(0, 45, 90))
    exhibits = [thing for thing in added if thing.kind not in STANDS]
    assert len({thing.kind for thing in exhibits} - {"cake"}) == len(exhibits) == 5
    for exhibit in exhibits:
        foot = exhibit.pitch - exhibit.height / 2
        assert foot == pytest.approx(STAND.pitch + STAND.height / 2)
        assert exhibit.height <= 22 and exhibit.width <= 24


def test_the_seed_chooses():
    assert filled(stage(0, 45, 90), 1) == filled(stage(0, 45, 90), 1)
    assert filled(stage(0, 45, 90), 1) != filled(stage(0, 45, 90), 2)


@pytest.mark.parametrize("things", [[], stage(0, 180), [CAKE]])
def test_what_is_no_stage_stays(things: list[PlacedObject]):
    assert with_full_stage(things, THINGS, np.random.default_rng(1)) == things


def test_an_empty_stand_gets_something_that_may_be_there():
    melon = PlacedObject("melon", 0.0, -8.0, 10.0, 10.0)
    loaded = [replace(one, yaw=yaw) for yaw in (0.0, 60.0, 120.0) for one in (STAND, melon)]
    things = [*loaded, replace(STAND, yaw=200.0)]
    full = with_loaded_stands(things, ("melon", "globe"), np.random.default_rng(1))
    assert full[: len(things)] == things
    assert [(one.kind, one.yaw) for one in full[len(things) :]] == [("globe", 200.0)]
    assert with_loaded_stands(things[-1:], THINGS, np.random.default_rng(1)) == things[-1:]


ROBOT = PlacedObject("robot", 180.0, -4.0, 14.0, 18.0)
STAGE = [replace(STAND, yaw=yaw) for yaw in (0.0, 25.0, 180.0, 240.0)]
MELON = Named(("melon",), None)


def test_what_words_name_stands_ahead():
    melon = PlacedObject("melon", 180.0, -8.0, 10.0, 10.0)
    ahead = with_named_ahead([*STAGE, melon], [MELON])
    assert ahead[:4] == STAGE
    assert (ahead[4].yaw, ahead[4].foot) == (0.0, -13.0)
    assert with_named_ahead([*STAGE, melon], []) == [*STAGE, melon]
    beside = MELON._replace(relation=Relation("behind"))
    assert with_named_ahead([*STAGE, melon], [beside]) == [*STAGE, melon]
    few = [*STAGE[:2], melon]
    assert with_named_ahead(few, [MELON]) == few  # no stage


def test_what_words_put_left_or_right_stands_at_that_end_of_the_first_view():
    stands = [replace(STAND, yaw=yaw) for yaw in (337.0, 22.0, 180.0, 300.0)]
    melon = PlacedObject("melon", 300.0, -8.0, 10.0, 10.0)
    on = {"left": melon, "right": replace(ROBOT, yaw=337.0)}
    named = [Named((one.kind,), None, relation=Relation(where)) for where, one in on.items()]
    things = with_named_ahead([*stands, *on.values()], named)
    yaws = {one.kind: one.yaw for one in things if one.kind in ("melon", "robot")}
    assert yaws == {"melon": 337.5, "robot": 22.5}


@pytest.mark.parametrize("where", ["left", "right"])
def test_what_is_left_of_another_thing_is_on_that_side_of_the_first_view(where: str):
    melon = replace(CAKE, kind="melon", width=10.0)
    others = [STAND, replace(melon, kind="globe"), replace(STAND, yaw=180.0)]
    things = [*others, replace(melon, yaw=180.0), *stage(60, 120, 240, 300)]
    named = [
        Named(("melon",), None, 1, 1, relation=Relation(where, ("globe",))),
        Named(("globe",), None, 1, 1),
    ]
    yaws = {one.kind: yaw_difference(one.yaw, 0.0) for one in with_named_ahead(things, named)}
    assert max(abs(yaws[kind]) for kind in ("melon", "globe")) < 45.0
    assert (yaws["melon"] < yaws["globe"]) is (where == "left")


@pytest.mark.parametrize(
    ("where", "yaw"), [("left", 324.0), ("ahead", 0.0), ("right", 36.0)], ids=lambda one: str(one)
)
def test_what_stands_on_the_floor_is_where_words_say_too(where: str, yaw: float):
    stands = [replace(STAND, yaw=yaw) for yaw in (340.0, 20.0, 180.0)]
    person = PlacedObject("person", 70.0, -14.0, 5.0, 16.0)
    plant = PlacedObject("potted plant", yaw, -16.0, 6.0, 10.0)
    things = with_named_ahead(
        [*stands, person, plant], [Named(("person",), None, 1, 1, relation=Relation(where))]
    )
    moved = {one.kind: one.yaw for one in things[3:]}
    assert moved == {"person": pytest.approx(yaw), "potted plant": 70.0}, "the plant makes room"


def test_in_the_middle_of_a_stage_nothing_takes_the_stand_of_what_has_a_side():
    stands = [replace(STAND, yaw=yaw) for yaw in (337.0, 2.0, 25.0, 180.0)]
    melon, robot = PlacedObject("melon", 2.0, -8.0, 10.0, 10.0), replace(ROBOT, yaw=337.0)
    named = [
        Named(("robot",), None, relation=Relation("ahead")),
        Named(("melon",), None, relation=Relation("right")),
    ]
    things = with_named_ahead([*stands, melon, robot], named)
    assert {one.kind: one.yaw for one in things[4:]} == {"melon": 30.0, "robot": 0.0}


def test_what_is_in_the_middle_of_a_stage_is_moved_there_with_its_stand():
    knight = PlacedObject("knight", 4.0, -6.0, 10.0, 27.0)
    around = [*stage(25, 90, 180, 270, 335), knight]
    throne = PlacedObject("throne", 25.0, -2.0, 16.0, 22.0)
    around[1] = throne
    named = [
        Named(("throne",), None, 1, 1, relation=Relation("ahead")),
        Named(("knight",), None, 1, 1),
    ]
    result = with_named_ahead(around, named)
    there = {one.kind: yaw_difference(one.yaw, 0.0) for one in result}
    assert there["throne"] == pytest.approx(0.0, abs=0.5)
    assert abs(there["knight"]) > 12.0, "it stands before no throne"


def test_as_many_as_words_say_are_on_their_side_and_a_table_is_the_stand_of_what_is_on_it():
    stands = [replace(STAND, yaw=yaw) for yaw in (326.0, 349.0, 11.0, 34.0, 63.0, 155.0)]
    there = dict(zip(("robot", "cat", "drum", "desk"), (326.0, 349.0, 11.0, 34.0), strict=True))
    cat, drum, desk = (
        PlacedObject(kind, there[name], -6.0, 15.0, 12.0)
        for name, kind in (("cat", "cat"), ("drum", "drum"), ("desk", "school desk"))
    )
    robots = [replace(ROBOT, yaw=yaw) for yaw in (there["robot"], 63.0)]
    tables = "table", "table with a cloth", "school desk"
    named = [
        Named(("robot",), None, 2, 2, relation=Relation("left")),
        Named(("drum",), None, relation=Relation("ahead")),
        Named(("cat",), None, relation=Relation("on", tables)),
        Named(tables, None, relation=Relation("right")),
    ]
    result = with_named_ahead([*stands, *robots, cat, drum, desk], named)
    turns = [(one.kind, yaw_difference(one.yaw, 0.0)) for one in result if one.kind != STAND.kind]
    assert sorted(turns) == [
        ("cat", 30.0), ("drum", 0.0), ("robot", -37.5), ("robot", -22.5),
        ("table with a cloth", 30.0),
    ]  # fmt: skip


def test_what_words_do_not_name_makes_room_and_what_they_name_stays():
    melon = PlacedObject("melon", 180.0, -8.0, 10.0, 10.0)
    others = [replace(ROBOT, yaw=yaw) for yaw in (0.0, 25.0)]
    changed = with_named_ahead([*STAGE, *others, melon], [MELON])
    assert [one.yaw for one in changed[4:]] == [180.0, 25.0, 0.0]
    robots = Named(("robot",), None)
    changed = with_named_ahead([*STAGE, *others, melon], [MELON, robots])
    assert [one.yaw for one in changed[4:]] == [0.0, 30.0, 330.0]


def test_what_is_too_wide_for_a_stand_is_smaller_and_covers_nothing_beside_it():
    wide = PlacedObject("melon", 180.0, -3.0, 50.0, 20.0)
    cake = replace(ROBOT, yaw=25.0)
    changed = with_named_ahead([*STAGE, cake, wide], [MELON, Named(("robot",), None)])
    assert changed[5].width == pytest.approx(43.0)
    assert not changed[5].overlaps(changed[4])


def test_stands_are_drawn_together_where_the_first_view_lacks_what_words_name():
    melon = PlacedObject("melon", 60.0, -8.0, 10.0, 10.0)
    stands = [replace(STAND, yaw=yaw) for yaw in (15.0, 60.0, 180.0, 330.0)]
    others = [replace(ROBOT, yaw=15.0), replace(CAKE, yaw=330.0, pitch=-3.0)]
    plant = PlacedObject("potted plant", 37.0, -14.0, 6.0, 10.0)
    named = [MELON, Named(("robot",), None), Named(("cake",), None)]
    changed = with_named_ahead([*stands, *others, melon, plant], named)
    assert [one.yaw for one in changed[:4]] == [0.0, 30.0, 180.0, 330.0]
    assert [one.yaw for one in changed[4:7]] == [0.0, 330.0, 30.0]
    assert changed[7].yaw == pytest.approx(15.0, abs=2.0), "what stands between them stays there"
    assert changed[6].foot == pytest.approx(changed[1].foot + changed[1].height)
    on = [MELON._replace(relation=Relation("on", ("podium",))), *named[1:]]
    assert with_named_ahead([*stands, *others, melon, plant], on) == changed
    far = replace(plant, yaw=-44.0 % 360.0)
    plants = [*named, Named(("potted plant",), None)]
    assert with_named_ahead([*stands, *others, melon, far], plants)[7].yaw == 345.0
    assert with_named_ahead([*stands, *others, plant], named) == [*stands, *others, plant]


STAR = PlacedObject("hanging star", 345.0, 17.0, 11.0, 16.0, (230, 194, 83))
ON_IT = replace(CAKE, pitch=STAND.foot + STAND.height + CAKE.height / 2)
PICTURE = [
    *(replace(one, yaw=yaw) for yaw in (330.0, 0.0, 30.0) for one in (STAND, ON_IT)),
    STAR, replace(STAR, yaw=15.0),
]  # fmt: skip
WALL = PlacedObject("backdrop", 180.0, 8.0, 360.0, 47.0, (219, 178, 125), (199, 168, 122))


def continued(*around: PlacedObject) -> list[PlacedObject]:
    """Return what is around a picture that shows a stage."""
    things = [WALL, *PICTURE, *around]
    whole = with_full_stage(things, THINGS, np.random.default_rng(1), PICTURE)
    assert [one for one in whole if one in PICTURE] == PICTURE
    return [one for one in whole if one not in (WALL, *PICTURE)]


def test_around_a_picture_stands_are_as_large_and_close_as_there_and_all_bear_something():
    small = replace(STAND, width=12.0, height=8.0)
    robot = replace(ROBOT, yaw=100.0, pitch=small.foot + 8.0 + 9.0)
    row = continued(replace(small, yaw=100.0), robot, replace(small, yaw=250.0))
    stands = {one.yaw: one for one in row if one.kind in STANDS}
    assert sorted(stands) == pytest.approx(range(60, 330, 30))
    assert {(one.width, one.foot) for one in stands.values()} == {(STAND.width, STAND.foot)}
    (other,) = [one for one in row if one.kind == "robot"]
    assert other.yaw in stands and other.foot == pytest.approx(STAND.foot + STAND.height)
    assert other.height == CAKE.height, "larger, too, but not taller than what the picture shows"


def test_what_a_picture_has_in_each_gap_is_in_all_and_other_things_step_there():
    white, palm = (230, 230, 230), PlacedObject("potted palm", 184.0, -10.0, 12.0, 18.0)
    row = continued(replace(STAR, yaw=170.0, pitch=23.0, color=white), palm)
    stars = [one for one in row if one.kind == STAR.kind]
    assert sorted(one.yaw for one in stars) == pytest.approx(range(45, 330, 30))
    assert {one.pitch for one in stars} == {STAR.pitch}, "as high as in the picture"
    assert {one.color for one in stars} == {STAR.color, white}
    assert [one.yaw for one in row if one.kind == palm.kind] == [pytest.approx(195.0)]


def test_a_gap_that_a_picture_shows_gets_nothing_more():
    picture = [replace(STAND, yaw=yaw) for yaw in (332.0, 0.0, 28.0)]
    picture += [replace(STAR, yaw=346.0), replace(STAR, yaw=14.0)]
    things = [WALL, *picture]
    whole = with_full_stage(things, THINGS, np.random.default_rng(1), picture)
    hung = [one for one in whole if one.kind == STAR.kind and one not in picture]
    assert hung
    assert all(abs(yaw_difference(one.yaw, 0.0)) >= 45.0 for one in hung)


def test_what_a_stand_bears_around_a_picture_differs_from_the_lit_wall():
    rabbit = PlacedObject("rabbit", 90.0, -3.0, 18.0, 20.0, (243, 217, 192), (217, 217, 166))
    row = continued(replace(STAND, yaw=90.0), rabbit)
    (seen,) = [one for one in row if one.kind == "rabbit"]
    assert seen.color != rabbit.color
    assert all(one.color for one in row if one.kind in THINGS and one.kind not in STANDS)


def test_a_single_stand_that_comes_ahead_leaves_no_gap_to_move_to():
    melon = PlacedObject("melon", 60.0, -8.0, 10.0, 10.0)
    plant = PlacedObject("potted plant", 330.0, -14.0, 6.0, 10.0)
    stands = [replace(STAND, yaw=yaw) for yaw in (60.0, 120.0, 180.0)]
    changed = with_named_ahead([*stands, melon, plant], [MELON, Named(("potted plant",), None)])
    assert abs(yaw_difference(changed[3].yaw, 0.0)) < 1.0
    assert changed[4].yaw == 330.0
