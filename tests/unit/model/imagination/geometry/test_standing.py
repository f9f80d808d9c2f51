"""Things stand where the player points, as large as they are."""

from dataclasses import replace
from itertools import cycle
from math import atan, degrees, radians, tan

import pytest

from mag_sandbox.controls.edits import Edit
from mag_sandbox.controls.parallax import EYE
from mag_sandbox.model.imagination.geometry.scenery import Scenery, with_placed
from mag_sandbox.model.imagination.geometry.standing import hiding_kind, stood
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.pocket.changes import thing_of
from mag_sandbox.scenes.kinds import THINGS
from mag_sandbox.scenes.looks import usual_looks
from mag_sandbox.scenes.stances import STANCES
from mag_sandbox.scenes.things import parse_edit

AWAY, TALL = 5.0, 3.0  # of a square room: its walls, its ceiling [m]
BEHIND = ("wall", "floor", "ceiling")
KINDS = tuple(THINGS)


def walls(away: float) -> list[PlacedObject]:
    low, high = (degrees(atan((end - EYE) / away)) for end in (0.0, TALL))
    return [
        PlacedObject("wall", yaw, (low + high) / 2, 90.0, high - low)
        for yaw in (0.0, 90.0, 180.0, 270.0)
    ]


def room(*things: PlacedObject) -> Scenery:
    return Scenery.of([*walls(AWAY), *things], STANCES, BEHIND)


def meadow(*things: PlacedObject) -> Scenery:
    return Scenery.of(things, STANCES, BEHIND)


def put(words: str, pitch: float | None, scenery: Scenery) -> Edit:
    edit = parse_edit(words, 0.0, pitch, KINDS)
    return stood(edit, scenery, STANCES[edit.kind])


def foot(edit: Edit) -> float:
    return edit.pitch - edit.height / 2


def test_what_stands_on_the_ground_has_its_foot_where_the_pointer_is():
    assert foot(put("a horse", -18.0, meadow())) == pytest.approx(-18.0, abs=0.2)


def test_farther_things_are_smaller_as_seen_in_life():
    near, far = (put("a horse", pitch, meadow()) for pitch in (-18.0, -8.0))
    ratio = tan(radians(18.0)) / tan(radians(8.0))
    assert near.width / far.width == pytest.approx(ratio, rel=0.1)


def test_a_sofa_that_is_put_on_a_wall_stands_before_it():
    sofa = put("a red sofa", 8.0, room())
    assert foot(sofa) == pytest.approx(-degrees(atan(EYE / AWAY)), abs=2.0)
    assert sofa.color == (214, 73, 72)


def test_a_clock_hangs_on_the_wall_where_the_pointer_is_and_never_below_its_foot():
    assert put("a wall clock", 8.0, room()).pitch == pytest.approx(8.0, abs=0.2)
    assert foot(put("a wall clock", -25.0, room())) > -degrees(atan(EYE / AWAY))


@pytest.mark.parametrize("pitch", [None, 20.0, -10.0])
def test_a_door_reaches_the_floor_and_is_beside_what_stands_before_the_wall(pitch):
    floor = -degrees(atan(EYE / AWAY))
    assert foot(put("a door", pitch, room())) == pytest.approx(floor, abs=0.2)
    table = PlacedObject("table", 0.0, -14.0, 20.0, 14.0)
    door = put("a door", pitch, room(table))
    assert foot(door) == pytest.approx(floor, abs=0.2)
    aside = abs((door.yaw + 180.0) % 360.0 - 180.0)
    assert aside > (table.width + door.width) / 2 - 3.0


@pytest.mark.parametrize(("pitch", "share"), [(-10.0, 0.46), (3.0, 0.84), (6.0, 0.84)])
def test_a_mug_stands_on_the_top_or_the_shelf_of_a_counter(pitch, share):
    counter = PlacedObject("kitchen counter", 0.0, -9.0, 60.0, 30.0)
    top = counter.pitch + (share - 0.5) * counter.height
    assert foot(put("a mug", pitch, room(counter))) == pytest.approx(top, abs=0.5)


def test_a_cat_stands_on_the_table_whose_top_is_pointed_at_and_a_horse_does_not():
    table = PlacedObject("table", 0.0, -19.0, 40.0, 18.0)
    top = table.pitch + table.height / 2
    assert foot(put("a cat", top + 2.0, room(table))) == pytest.approx(top, abs=1.0)
    assert foot(put("a horse", top + 2.0, room(table))) < top - 5.0


def test_a_balloon_hangs_before_the_tree_that_is_pointed_at():
    tree = PlacedObject("oak", 0.0, 12.0, 30.0, 44.0)
    before, free = (put("a hot air balloon", 20.0, scene) for scene in (meadow(tree), meadow()))
    assert before.width > free.width


def test_a_mug_stands_on_the_table_that_is_pointed_at():
    low, high = (degrees(atan((end - EYE) / 3.0)) for end in (0.0, 0.8))
    table = PlacedObject("table", 0.0, (low + high) / 2, 40.0, high - low)
    assert foot(put("a mug", high - 2.0, room(table))) == pytest.approx(high, abs=1.0)


def test_a_thing_that_is_pointed_at_is_behind_what_is_placed():
    tree = PlacedObject("oak", 0.0, 8.0, 20.0, 32.0)  # its foot is at -8 degrees
    cat = put("a cat", 2.0, meadow(tree))
    assert foot(cat) < -8.0


def test_large_things_are_complete():
    castle = put("a castle", -25.0, meadow())
    assert castle.height < 40.0
    assert castle.width < 60.0


def test_nothing_is_hidden_by_what_stands_before_it():
    table = PlacedObject("table", 0.0, -19.0, 40.0, 18.0)
    cat = put("a cat", -17.0, room(table))
    assert foot(cat) < -28.0 + 1.0


def test_what_is_placed_half_behind_a_thing_stands_in_front_of_it():
    cactus = PlacedObject("cactus", 6.0, 1.0, 10.0, 24.0)  # its foot 11 degrees down
    alone, beside = (put("a tent", -6.0, scene) for scene in (meadow(), meadow(cactus)))
    assert foot(beside) < cactus.foot < foot(alone)


@pytest.mark.parametrize("words", ["a cat", "a pink swan", "a robot"])
def test_a_thing_that_is_put_at_the_horizon_reaches_it(words):
    placed = put(words, 0.0, meadow())
    assert placed.pitch + placed.height / 2 > -3.0


def test_a_thing_moves_aside_rather_than_far_below_the_pointer():
    bush = PlacedObject("bush", 0.0, -17.0, 11.0, 24.0)  # its foot 29 degrees down: at 2.9 m
    swan, alone = (put("a swan", 0.0, scene) for scene in (meadow(bush), meadow()))
    assert (swan.pitch, swan.height) == (alone.pitch, alone.height)
    aside = abs((swan.yaw + 180.0) % 360.0 - 180.0)
    assert bush.width / 2 < aside <= 15.0


def test_what_hides_most_is_named_not_what_is_nearest():
    oak = PlacedObject("oak", 0.0, 10.0, 85.0, 90.0)
    dog = PlacedObject("dog", 20.0, -30.0, 40.0, 14.0)  # nearer, over a corner
    place = meadow(oak, dog)
    assert hiding_kind(put("an elephant", -1.0, place), place, STANCES["elephant"]) == "oak"


def test_what_a_near_thing_hides_is_told():
    tree = PlacedObject("oak", 0.0, 10.0, 85.0, 90.0)  # its foot 35 degrees down: at 2.3 m
    place = meadow(tree)
    elephant = put("an elephant", -1.0, place)
    assert hiding_kind(elephant, place, STANCES["elephant"]) == "oak"
    assert not hiding_kind(elephant, meadow(), STANCES["elephant"])
    aside = put("an elephant", -1.0, meadow(replace(tree, yaw=90.0)))
    assert not hiding_kind(aside, meadow(replace(tree, yaw=90.0)), STANCES["elephant"])


def test_small_things_are_smaller_than_those_of_their_kind_that_stand_around():
    low, high = (degrees(atan((end - EYE) / 9.0)) for end in (0.0, 3.6))
    pine = PlacedObject("pine", 60.0, (low + high) / 2, 12.0, high - low)  # half the usual size
    alone, among = (put("a small pine", -6.0, scene) for scene in (meadow(), meadow(pine)))
    assert among.height < 0.7 * alone.height
    assert put("a tiny cat", -6.0, meadow()).height < put("a cat", -6.0, meadow()).height


def test_what_hangs_is_beside_windows_that_are_there_and_smaller_where_there_is_little_room():
    window = PlacedObject("square window", 0.0, 6.0, 14.0, 14.0)
    portrait = put("a portrait", 6.0, room(window))
    aside = abs((portrait.yaw + 180.0) % 360.0 - 180.0)
    above = abs(portrait.pitch - window.pitch)
    apart = (aside - (portrait.width + 14.0) / 2, above - (portrait.height + 14.0) / 2)
    assert max(apart) > -2.5
    beside = [replace(window, yaw=yaw % 360.0) for yaw in range(-40, 41, 16)]
    assert put("a map", 6.0, room(*beside)).width < put("a map", 6.0, room()).width
    assert put("a map", 6.0, room()).yaw == 0.0


def test_a_stand_bears_one_exhibit_and_the_next_thing_is_before_it():
    pedestal = PlacedObject("pedestal", 0.0, -18.0, 18.0, 16.0)
    vase = PlacedObject("vase", 0.0, 0.0, 14.0, 20.0)
    free, taken = (put("a teapot", -16.0, room(*some)) for some in ((pedestal,), (pedestal, vase)))
    assert foot(free) == pytest.approx(-10.0, abs=1.5)
    assert foot(taken) < -20.0


def test_things_of_the_sky_and_those_without_a_pointer_keep_their_height():
    assert put("a bird", 18.0, meadow()).pitch == pytest.approx(18.0, abs=0.2)
    assert foot(put("a tent", None, meadow())) < -3.0


def test_nearer_things_of_the_plan_stay_before_what_is_placed_behind_them():
    bench = PlacedObject("bench", 0.0, -14.0, 20.0, 14.0)
    horse = thing_of(put("a horse", -9.0, meadow()))
    cat = thing_of(put("a cat", -25.0, meadow()))
    order = with_placed([bench], [horse, cat], STANCES, BEHIND)
    assert [one.kind for one in order] == ["horse", "bench", "cat"]


def test_placed_things_have_a_usual_look_of_their_kind():
    look = usual_looks()["cat"]
    thing = thing_of(put("a cat", -15.0, meadow()))
    assert (thing.variant, thing.color, thing.mean_color) in look.looks
    red = thing_of(put("a red cat", -15.0, meadow()))
    assert red.color == (214, 73, 72)
    assert red.variant is not None
    assert thing_of(put("a blue picnic blanket", -15.0, meadow())).variant == 0  # 1 is yellow


@pytest.mark.parametrize("scenery", [room(), meadow()], ids=["room", "meadow"])
def test_every_kind_can_be_put_anywhere(scenery: Scenery):
    for kind, pitch in zip(KINDS, cycle([-45.0, -10.0, 0.0, 20.0, None])):
        edit = put(kind, pitch, scenery)
        assert (edit.act, edit.kind) == ("place", kind)


@pytest.mark.parametrize(("yaw", "pitch"), [(0.0, 0.0), (8.0, 12.0)])
def test_small_things_stand_on_the_nearest_table_in_view_rather_than_far_below(yaw, pitch):
    near = walls(1.3)
    table = PlacedObject("table", 24.0, -16.0, 24.0, 14.0)
    edit = parse_edit("a teapot", yaw, pitch, KINDS)
    alone, beside = (
        stood(edit, Scenery.of([*near, *some], STANCES, BEHIND), STANCES["teapot"])
        for some in ((), (table,))
    )
    assert foot(alone) < -35.0
    assert foot(beside) == pytest.approx(table.top, abs=1.5)
    assert abs(beside.yaw - table.yaw) < table.width / 2


def test_what_would_be_far_below_a_near_wall_stands_aside_where_it_is_in_view():
    sides = walls(1.2)[:1] + walls(6.0)[1:]  # a wall right ahead; the room goes on beside it
    scenery = Scenery.of(sides, STANCES, BEHIND)
    low = put("a cat", 0.0, Scenery.of(walls(1.2), STANCES, BEHIND))
    assert low.pitch < -24.0
    assert put("a cat", 0.0, scenery).pitch >= low.pitch


def test_curtains_hang_before_the_window_that_is_pointed_at():
    window = PlacedObject("square window", 6.0, 5.0, 14.0, 15.0)
    curtains = put("a red curtain", 5.0, room(window))
    assert curtains.yaw == window.yaw
    assert curtains.width == pytest.approx(2 * window.width)
    assert curtains.pitch + curtains.height / 2 > window.pitch + window.height / 2


def test_curtains_hang_where_the_pointer_is_if_both_halves_show_beside_a_thing():
    stand = PlacedObject("pedestal", 0.0, -18.0, 17.0, 13.0)
    vase = PlacedObject("vase", 0.0, 0.0, 17.0, 24.0)
    backdrop = [PlacedObject("stage curtains", yaw, -2.0, 32.0, 28.0) for yaw in (345.0, 15.0)]
    curtains = put("a red curtain", 0.0, room(*backdrop, stand, vase))
    assert curtains.yaw == 0.0
    assert abs(curtains.pitch) < 5.0
    assert curtains.width / 4 > vase.width / 2 - 1.0


@pytest.mark.parametrize("pitch", [14.0, -1.0])
def test_small_things_stand_on_the_bookshelf_that_is_pointed_at(pitch):
    shelf = PlacedObject("bookshelf", 0.0, -4.0, 24.0, 32.0)
    assert foot(put("a mug", pitch, room(shelf))) == pytest.approx(shelf.top, abs=1.0)
