"""Things of a plan stand to each other as a description says."""

from dataclasses import replace
from itertools import pairwise
from math import radians, tan

import pytest

from mag_sandbox.controls.camera import yaw_difference
from mag_sandbox.controls.parallax import EYE
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.rules.named import obeyed
from mag_sandbox.model.imagination.rules.plans import colored
from mag_sandbox.model.imagination.rules.relations import (
    at_houses,
    heaped,
    mounted,
    related,
    with_rows,
)
from mag_sandbox.scenes.color_names import color_name
from mag_sandbox.scenes.naming import Named, named_things
from mag_sandbox.scenes.relations import Relation

SOFA = PlacedObject("sofa", 10.0, -14.0, 40.0, 16.0)
CAT = PlacedObject("cat", 300.0, -18.0, 10.0, 9.0)
LAMP = PlacedObject("floor lamp", 100.0, -8.0, 8.0, 30.0)
PORTRAIT = PlacedObject("portrait", 200.0, 6.0, 9.0, 12.0)
ROOM = [PORTRAIT, LAMP, SOFA, CAT]
KINDS = ("sofa", "cat", "floor lamp", "portrait", "box", "teapot")


def after(text: str, things: list[PlacedObject]) -> dict[str, PlacedObject]:
    """Return the last thing of each kind in a plan that obeys a text."""
    return {thing.kind: thing for thing in related(things, named_things(text, KINDS))}


def right_of(one: PlacedObject, other: PlacedObject) -> float:
    return yaw_difference(one.yaw, other.yaw)


@pytest.mark.parametrize(
    ("words", "sign"), [("to the left of", -1), ("left of", -1), ("on the right of", 1)]
)
def test_a_thing_stands_at_the_side_that_words_say(words: str, sign: int):
    there = after(f"a lamp {words} the sofa", ROOM)
    apart = sign * right_of(there["floor lamp"], there["sofa"])
    assert (LAMP.width + SOFA.width) / 2 < apart < SOFA.width
    assert there["sofa"] == SOFA
    assert not there["floor lamp"].overlaps(there["sofa"])


@pytest.mark.parametrize(
    "text",
    [
        "a fireplace, a round window and two yellow lamps on a wooden table",
        "a fireplace and two lamps on a table",
    ],
)
def test_no_window_and_no_fireplace_is_on_the_table_with_the_lamps(text: str):
    named = named_things(text, ("fireplace", "round window", "table lamp", "floor lamp", "table"))
    assert [one.kinds[0] for one in named if one.relation] == ["table lamp"]


@pytest.mark.parametrize("words", ["beside", "next to", "near", "by"])
def test_beside_something_is_on_the_side_nearer_to_the_first_view(words: str):
    there = after(f"a cat {words} a sofa", ROOM)
    assert right_of(there["cat"], there["sofa"]) < -SOFA.width / 2


def test_on_something_is_as_far_away_and_before_it():
    result = related(ROOM, named_things("a cat sleeping on the sofa", KINDS))
    cat, sofa = (next(one for one in result if one.kind == kind) for kind in ("cat", "sofa"))
    assert result.index(cat) > result.index(sofa)
    assert abs(right_of(cat, sofa)) < 1.0
    assert sofa.pitch - sofa.height / 2 < cat.pitch - cat.height / 2 < sofa.pitch
    metres = 1.6 / 0.4040  # its foot is 22 degrees below the horizon
    assert cat.away == pytest.approx(metres, rel=0.02)


@pytest.mark.parametrize("has_table", [True, False])
def test_tableware_is_on_a_table_and_there_is_one_if_a_room_had_none(has_table: bool):
    floor = PlacedObject("floor", 0.0, -30.0, 360.0, 60.0, (120, 90, 60), (120, 90, 60))
    mugs = [PlacedObject("mug", yaw, -2.0, 15.0, 12.0) for yaw in (340.0, 4.0, 20.0)]
    tables = [PlacedObject("table", 40.0, -14.0, 30.0, 15.0)] if has_table else []
    kinds = ("mug", "table", "sofa")
    result = obeyed([floor, *tables, *mugs], named_things("a sofa and three mugs", kinds))
    (table,) = (one for one in result if one.kind == "table")
    found = [one for one in result if one.kind == "mug"]
    assert len(found) == 3
    for mug in found:
        assert abs(right_of(mug, table)) < table.width / 2
        assert table.pitch < mug.foot <= table.pitch + table.height / 2


@pytest.mark.parametrize(("kind", "tables"), [("alarm clock", 1), ("wall clock", 0)])
def test_a_clock_is_on_a_table_unless_it_hangs_on_a_wall(kind: str, tables: int):
    floor = PlacedObject("floor", 0.0, -30.0, 360.0, 60.0, (120, 90, 60), (120, 90, 60))
    clock = PlacedObject(kind, 4.0, -6.0, 20.0, 20.0)
    result = obeyed([floor, clock], named_things("a clock", ("wall clock", "alarm clock")))
    assert sum(one.kind == "table" for one in result) == tables


def test_two_of_a_kind_are_each_at_the_thing_that_words_say():
    swing, slide = (PlacedObject(kind, yaw, -3.0, 20.0, 16.0) for kind, yaw in
                    (("swing", 340.0), ("slide", 20.0)))  # fmt: skip
    children = [PlacedObject("child", yaw, -6.0, 8.0, 14.0) for yaw in (0.0, 200.0)]
    said = "a child on a swing and a child on a slide"
    named = named_things(said, ("child", "swing", "slide"))
    result = obeyed([swing, slide, *children], named)
    found = [one for one in result if one.kind == "child"]
    for kind in ("swing", "slide"):
        (bearer,) = (one for one in result if one.kind == kind)
        assert sum(abs(right_of(one, bearer)) < 4.0 for one in found) == 1


def test_a_giraffe_is_beside_a_tree_and_a_monkey_on_it():
    tree = PlacedObject("acacia", 0.0, 2.0, 24.0, 24.0)
    for kind, is_beside in (("giraffe", True), ("monkey", False)):
        own = PlacedObject(kind, 40.0, -4.0, 10.0, 14.0)
        text = f"a {kind} in an acacia"
        there = {
            one.kind: one for one in related([tree, own], named_things(text, (kind, "acacia")))
        }
        assert (abs(right_of(there[kind], there["acacia"])) > 12.0) == is_beside


@pytest.mark.parametrize(("count", "before"), [(2, 0), (4, 0), (6, 2)])
def test_chairs_are_around_their_table_and_hide_little_of_it(count: int, before: int):
    table = PlacedObject("table", 0.0, -16.0, 30.0, 12.0)
    chairs = [PlacedObject("chair", 30.0 * place, -12.0, 12.0, 20.0) for place in range(count)]
    named = named_things(f"a table with {count} chairs", ("table", "chair"))
    result = related([table, *chairs], named)
    (there,) = (one for one in result if one.kind == "table")
    found = [one for one in result if one.kind == "chair"]
    assert sum(one.overlaps(there) for one in found) == before
    assert abs(sum(right_of(one, there) for one in found)) < 1.0


def test_several_on_something_sit_beside_each_other():
    cats = [CAT, PlacedObject("cat", 250.0, -18.0, 10.0, 9.0)]
    result = related([SOFA, *cats], named_things("two cats on the sofa", KINDS))
    one, other = (thing for thing in result if thing.kind == "cat")
    assert not one.overlaps(other)
    assert all(abs(right_of(cat, SOFA)) < SOFA.width / 2 for cat in (one, other))


def test_what_is_between_or_below_others_on_furniture_hides_none_of_them():
    board, mug = (
        PlacedObject("table", 0.0, -14.0, 30.0, 15.0),
        PlacedObject("mug", 30.0, -2.0, 5.0, 4.0),
    )
    pot = PlacedObject("teapot", 90.0, -14.0, 8.0, 6.0)
    named = named_things("a teapot between two mugs on a table", ("teapot", "mug", "table"))
    result = related([pot, board, mug, replace(mug, yaw=50.0)], named)
    first, last, put = (*(one for one in result if one.kind == "mug"), result[-1])
    assert (put.kind, put.foot) == ("teapot", first.foot)
    assert right_of(put, first) * right_of(put, last) < 0
    text = "a portrait above a table and a teapot on the table"
    there = {one.kind: one for one in related(
        [PORTRAIT, board, pot], named_things(text, ("portrait", "teapot", "table")))}  # fmt: skip
    assert not there["teapot"].overlaps(there["portrait"])


def test_behind_and_in_front_of_are_farther_and_nearer():
    back = related(ROOM, named_things("a lamp behind the sofa", KINDS))
    lamp, sofa = (next(one for one in back if one.kind == kind) for kind in ("floor lamp", "sofa"))
    assert back.index(lamp) < back.index(sofa)
    assert lamp.pitch - lamp.height / 2 > sofa.pitch - sofa.height / 2
    there = after("a cat in front of the sofa", ROOM)
    assert there["cat"].pitch - there["cat"].height / 2 < SOFA.pitch - SOFA.height / 2


@pytest.mark.parametrize(("kind", "width"), [("dragon", 60.0), ("cat", 12.0)])
def test_what_is_behind_a_lower_thing_is_partly_hidden_by_it(kind: str, width: float):
    throne = PlacedObject("throne", 0.0, -7.0, 18.0, 27.0)
    own = PlacedObject(kind, 80.0, -8.0, width, 20.0)
    named = named_things(f"a {kind} behind the throne", (kind, "throne"))
    back, front = related([own, throne], named)
    assert (back.kind, front.kind) == (kind, "throne")
    assert back.foot > front.foot, "farther away"
    hidden = (back.width + front.width) / 2 - abs(right_of(back, front))
    assert 0.2 * back.width < hidden < 0.7 * back.width


def test_a_tree_behind_a_barn_is_no_speck_and_not_hidden():
    barn = PlacedObject("barn", 0.0, 2.0, 40.0, 24.0)
    trees = [PlacedObject("oak", 20.0, -1.0, 1.5, 5.0), PlacedObject("oak", 150.0, 3.0, 8.0, 20.0)]
    named = named_things("a tree behind a barn", ("barn", "oak"))
    result = related([*trees, barn], named)
    (tree,) = (one for one in result if one.kind == "oak" and one.height > 9.0)
    assert 20.0 < abs(right_of(tree, barn)) + tree.width / 2 < 24.0


def test_a_bicycle_behind_a_far_tree_is_no_taller_than_a_storey():
    tree = PlacedObject("oak", 0.0, 9.2, 23.0, 28.0)  # its foot is at -4.8 degrees
    bicycle = PlacedObject("bicycle", 90.0, -10.5, 16.0, 9.0)
    named = named_things("a bicycle behind a tree", ("bicycle", "oak"))
    bicycle, tree = related([tree, bicycle], named)
    assert tree.foot < bicycle.foot < tree.foot / 1.4, "not as far away as the houses"
    away = EYE / tan(radians(-bicycle.foot))
    assert 2 * away * tan(radians(bicycle.height / 2)) < 2.5  # metres


def test_a_ghost_behind_a_gravestone_does_not_hover_far_above_it():
    ghost = PlacedObject("ghost", 30.0, 13.0, 13.0, 13.0)
    grave = PlacedObject("gravestone", 0.0, -11.0, 9.5, 12.8)
    named = named_things("a ghost behind a gravestone", ("ghost", "gravestone"))
    back, front = related([ghost, grave], named)
    assert (back.kind, back.foot) == ("ghost", front.pitch)
    assert back.yaw == front.yaw


def test_what_was_near_is_smaller_behind_something():
    horse = PlacedObject("horse", 8.0, -8.0, 36.0, 30.0)
    fence = PlacedObject("fence", 8.0, -7.7, 40.0, 8.2)
    named = named_things("a horse behind a fence", ("horse", "fence"))
    (farther,) = (one for one in related([fence, horse], named) if one.kind == "horse")
    assert farther.foot > -10.0
    assert farther.height < 20.0


def test_above_something_is_higher_at_the_same_yaw():
    there = after("a portrait above a sofa", ROOM)
    assert there["portrait"].pitch - there["portrait"].height / 2 > SOFA.pitch + SOFA.height / 2
    assert abs(right_of(there["portrait"], SOFA)) < 1.0


def test_a_moon_above_a_barn_is_there_and_as_large_as_it_was():
    barn, moon = (
        PlacedObject("barn", 20.0, 2.0, 28.0, 18.0),
        PlacedObject("moon", 200.0, 30.0, 14.0, 14.0),
    )
    named = named_things("a moon above a barn", ("moon", "barn"))
    high, below = related([moon, barn], named)
    assert high.kind == "moon"
    assert abs(right_of(high, below)) < below.width
    assert high.pitch > below.pitch
    assert high.pitch + high.height / 2 < 24.0


def test_many_small_things_on_one_leave_it_as_large_as_it_is():
    machine = PlacedObject("washing machine", 21.0, -12.5, 12.0, 12.0)
    books = [PlacedObject("book", 16.0 + 2 * place, -6.0, 1.6, 0.7) for place in range(6)]
    kinds = ("washing machine", "book")
    named = named_things("six books on a washing machine", kinds)
    (result,) = (one for one in related([machine, *books], named) if one.kind == machine.kind)
    assert result.width == machine.width


def test_boats_float_on_the_lake():
    lake = PlacedObject("lake", 10.0, -8.0, 40.0, 6.0)
    boat = PlacedObject("boat", 200.0, 0.0, 12.0, 10.0)
    named = named_things("a boat on a lake", ("lake", "boat"))
    result = related([boat, lake], named)
    assert [one.kind for one in result] == ["lake", "boat"]
    assert (result[1].yaw, result[1].pitch - boat.height / 2) == (lake.yaw, lake.pitch)


def test_a_castle_by_the_sea_stays_in_view():
    sea = PlacedObject("sea", 0.0, -6.0, 89.0, 11.0)
    castle = PlacedObject("castle", 10.0, 6.0, 30.0, 24.0)
    named = named_things("a castle by the sea", ("sea", "castle"))
    assert related([sea, castle], named) == [sea, castle]


def test_under_something_is_before_its_foot_and_smaller():
    there = after("a cat under the sofa", ROOM)
    cat = there["cat"]
    assert cat.height <= SOFA.height / 2
    assert abs(right_of(cat, SOFA)) < 1.0
    assert cat.pitch - cat.height / 2 < SOFA.pitch - SOFA.height / 2
    assert [one.kind for one in related(ROOM, named_things("a cat under the sofa", KINDS))][
        -1
    ] == "cat"


def test_directions_are_those_of_the_first_view():
    there = after("a sofa on the right, a cat on the left and a portrait behind me", ROOM)
    assert 0 < there["sofa"].yaw < 45
    assert 315 < there["cat"].yaw < 360
    assert there["portrait"].yaw == 180


def test_chains_of_relations_hold_whatever_their_order():
    there = after("a cat on the sofa to the right of the lamp", ROOM)
    assert right_of(there["sofa"], there["floor lamp"]) > 0
    assert abs(right_of(there["cat"], there["sofa"])) < 1.0


def test_between_two_things_both_are_moved_aside():
    sofas = [SOFA, PlacedObject("sofa", 200.0, -14.0, 20.0, 16.0)]
    result = related([*sofas, CAT], named_things("a cat between two sofas", KINDS))
    one, other, cat = result
    assert right_of(one, cat) < 0 < right_of(other, cat)
    assert not any(sofa.overlaps(cat) for sofa in (one, other))


def test_between_one_thing_and_another_is_beside_both():
    named = named_things("a cat between a sofa and a lamp", KINDS)
    one, other, cat = related([LAMP, SOFA, CAT], named)
    assert right_of(one, cat) * right_of(other, cat) < 0
    assert abs(right_of(one, cat)) < 30 > abs(right_of(other, cat))


def test_between_two_things_is_not_far_behind_both():
    boxes = [PlacedObject("box", at, -17.0, 12.0, 8.0) for at in (0.0, 40.0)]
    far = PlacedObject("cat", 20.0, -2.0, 12.0, 16.0)
    one, other, cat = related([*boxes, far], named_things("a cat between two boxes", KINDS))
    assert cat.foot == pytest.approx(one.foot) == other.foot
    assert (cat.width, cat.height) == (far.width, far.height)


def test_in_front_of_something_hides_a_part_of_it():
    there = after("a lamp in front of the sofa", [SOFA, replace(LAMP, width=30.0)])
    covered = (SOFA.width + 30.0) / 2 - abs(right_of(there["floor lamp"], there["sofa"]))
    assert SOFA.width / 4 < covered < SOFA.width


def test_a_knight_at_full_moon_stands_on_the_ground():
    knight, moon = (
        PlacedObject("knight", 100.0, -8.0, 6.0, 12.0), PlacedObject("moon", 10.0, 20.0, 14.0, 14.0)
    )  # fmt: skip
    named = named_things("a knight at full moon", ("moon", "knight"))
    there = {one.kind: one for one in related([moon, knight], named)}
    assert there["knight"].foot == pytest.approx(knight.foot)
    assert abs(right_of(there["knight"], there["moon"])) < 30


def test_what_stands_beside_something_at_the_edge_moves_it_into_the_view():
    there = after("a lamp to the right of the sofa", [replace(SOFA, yaw=40.0), LAMP])
    assert there["floor lamp"].yaw + LAMP.width / 2 <= 45.0
    assert right_of(there["floor lamp"], there["sofa"]) > SOFA.width / 2


def test_things_in_a_circle_end_somewhere():
    sofa, cat = named_things("a cat beside a sofa", KINDS)
    circle = [sofa._replace(relation=cat.relation._replace(kinds=cat.kinds)), cat]
    assert len(related(ROOM, circle)) == len(ROOM)


def test_what_is_not_there_and_exhibits_move_nothing():
    assert related([LAMP], named_things("a lamp behind a sofa", KINDS)) == [LAMP]
    backdrop = PlacedObject("backdrop", 0.0, 5.0, 120.0, 50.0)
    stage = [backdrop, PlacedObject("box", 0.0, -20.0, 20.0, 10.0), CAT, LAMP]
    assert related(stage, named_things("a cat left of a lamp", KINDS)) == stage


def test_a_row_is_ahead_and_fits_into_the_view():
    cows = [PlacedObject("cow", 120.0 + 40.0 * at, -6.0, 24.0, 18.0) for at in range(6)]
    row = related(cows, named_things("six cows in a row", ("cow",)))
    assert all(abs(yaw_difference(cow.yaw, 0.0)) < 46.0 for cow in row)
    assert len({round(cow.foot, 3) for cow in row}) == 1


def test_a_bus_under_a_street_lamp_is_no_toy():
    lamp = PlacedObject("street lamp", 10.0, 6.0, 5.0, 28.0)
    bus = PlacedObject("bus", 90.0, -4.0, 40.0, 14.0)
    named = named_things("a bus under a street lamp", ("bus", "street lamp"))
    below = next(one for one in related([lamp, bus], named) if one.kind == "bus")
    assert below.width > 30.0
    assert below.yaw == pytest.approx(lamp.yaw)


def test_a_podium_in_a_room_bears_what_is_on_it():
    podium = PlacedObject("podium", 20.0, -20.0, 24.0, 12.0)
    piano = PlacedObject("piano", 340.0, -9.0, 46.0, 37.0)
    named = named_things("a piano on a podium", ("podium", "piano"))
    below, above = related([podium, piano], named)
    assert above.foot == pytest.approx(below.pitch + below.height / 2, abs=0.6)
    assert abs(right_of(above, below)) < 0.1


def test_what_stands_before_a_related_thing_gives_way():
    teapot = PlacedObject("teapot", 12.0, -12.0, 12.0, 12.0)
    result = obeyed([SOFA, CAT, teapot], named_things("a cat on the sofa", KINDS))
    assert [one.kind for one in result] == ["sofa", "cat"]


def test_what_is_too_wide_to_be_seen_beside_something_is_smaller():
    lake = PlacedObject("lake", 0.0, -10.0, 44.0, 3.0)
    barn = PlacedObject("barn", 100.0, 0.0, 60.0, 30.0)
    named = named_things("a barn to the right of a lake", ("barn", "lake"))
    things = {thing.kind: thing for thing in related([lake, barn], named)}
    assert things["barn"].yaw > things["lake"].yaw or things["lake"].yaw > 180.0
    for thing in things.values():
        assert abs(yaw_difference(thing.yaw, 0.0)) + thing.width / 2 < 43.0


def test_on_a_hill_things_stand_high_and_the_hill_is_under_them():
    ground = PlacedObject("far ground", 0.0, -10.0, 360.0, 20.0, (90, 140, 90))
    castle = PlacedObject("castle", 70.0, 4.0, 30.0, 24.0)
    named = named_things("a castle on a green hill", ("castle", "hills"))
    _, hill, high = related([ground, castle], named)
    foot = high.pitch - high.height / 2
    assert hill.kind == "far hill"
    assert 0.0 < foot < hill.pitch + hill.height / 2
    assert hill.yaw == high.yaw
    assert high.yaw + high.width / 2 <= 42.0
    assert high.pitch + high.height / 2 < 27.0
    assert related([castle], named) == [castle]


def test_what_swims_is_on_the_water_where_the_first_view_shows_it():
    sea = PlacedObject("sea", 70.0, -7.0, 89.0, 11.0)
    whale = PlacedObject("whale", 200.0, 0.0, 30.0, 12.0)
    _, whale = related([sea, whale], named_things("a whale", ("whale", "sea")))
    assert sea.yaw - sea.width / 2 < whale.yaw - whale.width / 2 < 35.0
    assert whale.pitch - whale.height / 2 == pytest.approx(sea.pitch)


def test_what_swims_is_on_the_pond_that_words_name_with_it():
    lake = PlacedObject("lake", 16.0, -10.0, 49.0, 6.0)
    monkeys = [PlacedObject("monkey", yaw, -8.0, 13.6, 13.6) for yaw in (340.0, 326.0)]
    named = named_things("a pond with two swimming monkeys", ("monkey", "lake"))
    lake, *monkeys = related([lake, *monkeys], named)
    assert all(monkey.foot == pytest.approx(lake.pitch) for monkey in monkeys)
    assert all(abs(monkey.yaw - lake.yaw) % 360.0 < lake.width / 2 for monkey in monkeys)


def test_words_before_a_comma_belong_to_no_thing_after_it():
    named = named_things("a lake in the early morning, castle behind me", ("lake", "castle"))
    assert {one.kinds[0]: one.relation and one.relation.where for one in named} == {
        "lake": None, "castle": "behind",
    }  # fmt: skip


def test_under_the_stars_is_everything():
    star = PlacedObject("star", 120.0, 20.0, 2.4, 2.4)
    tent = PlacedObject("tent", 20.0, -3.0, 30.0, 18.0)
    assert tent in related([star, tent], named_things("a tent under the stars", ("tent", "star")))
    lamp = PlacedObject("hanging lamp", 40.0, 24.0, 15.0, 12.0)
    named = named_things("a sofa under a hanging lamp", ("sofa", "hanging lamp"))
    sofa = next(one for one in related([lamp, SOFA], named) if one.kind == "sofa")
    assert (sofa.width, sofa.pitch) == (SOFA.width, SOFA.pitch)
    assert sofa.yaw == pytest.approx(lamp.yaw, abs=30.0)


def test_what_is_on_something_tall_shows_its_top():
    cliff = PlacedObject("cliff", 10.0, -2.0, 40.0, 20.0)
    tower = PlacedObject("lighthouse", 200.0, 10.0, 10.0, 30.0)
    named = named_things("a lighthouse on a cliff", ("lighthouse", "cliff"))
    one = next(one for one in related([cliff, tower], named) if one.kind == "lighthouse")
    assert one.pitch + one.height / 2 <= 27.01


def test_a_lake_is_wide_enough_for_all_its_boats():
    lake = PlacedObject("lake", 26.0, -12.0, 37.0, 5.0)
    boats = [PlacedObject("boat", yaw, 0.0, 20.0, 24.0) for yaw in (90.0, 180.0, 270.0)]
    named = named_things("three boats on a lake", ("lake", "boat"))
    (lake, *afloat) = sorted(related([lake, *boats], named), key=lambda one: one.kind != "lake")
    assert len(afloat) == 3
    for boat in afloat:
        assert abs(right_of(boat, lake)) + boat.width / 2 <= lake.width / 2


def test_a_dragon_is_not_made_to_fit_on_a_coin():
    coin = PlacedObject("coin", 0.0, 20.0, 8.0, 8.0)
    dragon = PlacedObject("dragon", 40.0, 5.0, 60.0, 36.0)
    named = named_things("a dragon on coins", ("coin", "dragon"))
    assert related([coin, dragon], named) == [coin, dragon]
    chest = PlacedObject("treasure chest", 0.0, -12.0, 20.0, 14.0)
    named = named_things("a dragon on a treasure chest", ("treasure chest", "dragon"))
    _, beside = related([chest, replace(dragon, pitch=4.0)], named)
    assert beside.height > 30.0
    assert abs(right_of(beside, chest)) < 45.0  # not anywhere


def test_a_crocodile_is_made_to_fit_into_a_bathtub():
    tub = PlacedObject("bathtub", 340.0, -7.6, 40.0, 22.0)
    crocodile = PlacedObject("crocodile", 16.0, -15.8, 54.0, 10.0)
    named = named_things("a crocodile in the bathtub", ("bathtub", "crocodile"))
    below, above = related([tub, crocodile], named)
    assert above.width < below.width == tub.width
    assert above.yaw == below.yaw
    assert tub.foot < above.foot < tub.pitch + tub.height / 2


def test_a_bear_is_wider_than_the_tiny_chair_that_it_sits_on():
    chair = PlacedObject("chair", 20.0, -22.0, 4.0, 7.0)
    bear = PlacedObject("bear", 340.0, -12.0, 30.0, 18.0)
    below, above = related([chair, bear], named_things("a bear on a tiny chair", ("bear", "chair")))
    assert 1.5 * below.width < above.width < 3.0 * below.width
    assert above.yaw == below.yaw
    assert below.foot + 4.0 < above.foot < below.foot + below.height, "its legs are seen"
    table = PlacedObject("round table", 20.0, -18.0, 14.0, 16.0)
    named = named_things("a cat on a round table", ("cat", "round table"))
    below, above = related([table, replace(CAT, width=40.0, height=32.0)], named)
    assert above.width < below.width


@pytest.mark.parametrize("mat", ["round rug", "picnic blanket"])
def test_what_is_on_a_carpet_stands_within_it(mat: str):
    lying, cat = PlacedObject(mat, 330.0, -22.0, 54.0, 10.0), replace(CAT, yaw=40.0)
    told = f"a cat on a {mat.removeprefix('round ')}"
    below, above = related([cat, lying], named_things(told, ("cat", mat)))
    assert below.kind == mat
    assert above.yaw == below.yaw
    assert below.foot < above.foot < below.pitch
    beside = named_things(told.replace("on", "beside"), ("cat", mat))
    assert related([cat, lying], beside) == [cat, lying]


def test_children_on_a_slide_are_on_its_slope():
    slide = PlacedObject("slide", 340.0, -4.0, 30.0, 24.0)
    child = PlacedObject("child", 20.0, -10.0, 8.0, 16.0)
    named = named_things("two children on a slide", ("child", "slide"))
    children = [one for one in related([slide, child, child], named) if one.kind == "child"]
    assert all(slide.foot < one.foot < slide.pitch for one in children)


def test_what_is_on_a_rug_at_the_feet_is_seen_whole():
    rug = PlacedObject("round rug", 330.0, -29.0, 54.0, 18.0)
    named = named_things("a cat on a rug", ("cat", "round rug"))
    below, above = related([CAT, rug], named)
    assert below.foot == rug.foot
    assert above.foot > -27.0  # which a level view shows
    assert above.foot < rug.pitch + rug.height / 2


def test_a_melon_beside_a_tent_is_not_as_tall():
    tent = PlacedObject("tent", 10.0, -3.0, 27.0, 16.0)
    melon = PlacedObject("melon", 340.0, -6.0, 20.0, 12.0)
    named = named_things("a melon beside a tent", ("melon", "tent"))
    (beside,) = (one for one in related([tent, melon], named) if one.kind == "melon")
    assert beside.height < 0.75 * melon.height
    assert beside.width >= 9.0


def test_a_parrot_in_a_cage_is_within_it():
    cage = PlacedObject("bird cage", 340.0, -15.0, 15.0, 20.0)
    parrot = PlacedObject("parrot", 20.0, -9.0, 8.0, 16.0)
    named = named_things("a parrot in a cage", ("parrot", "bird cage"))
    around, within = related([parrot, cage], named)
    assert within.kind == "parrot"
    assert within.yaw == around.yaw
    assert around.foot < within.foot
    assert within.pitch + within.height / 2 < around.pitch + around.height / 2
    assert within.height > 9.0


def test_one_stands_on_each_side_and_both_are_as_tall():
    cats = [CAT, PlacedObject("cat", 350.0, -12.0, 5.0, 4.5)]
    result = related([SOFA, *cats], named_things("a sofa with a cat on each side", KINDS))
    one, other = (thing for thing in result if thing.kind == "cat")
    sofa = next(thing for thing in result if thing.kind == "sofa")
    assert right_of(one, sofa) * right_of(other, sofa) < 0
    assert not any(cat.overlaps(sofa) for cat in (one, other))
    assert one.height == pytest.approx(other.height)


def test_things_in_a_row_stand_beside_each_other_on_one_level():
    cats = [CAT, PlacedObject("cat", 40.0, -12.0, 8.0, 7.0)]
    for words in ("next to each other", "in a row"):
        one, other = related(cats, named_things(f"two cats {words}", KINDS))
        assert one.width / 2 + other.width / 2 < abs(right_of(one, other)) < 15.0
        assert one.foot == pytest.approx(other.foot)


def test_what_is_in_the_distance_is_small_and_near_the_horizon():
    there = after("a cat in the distance", [replace(CAT, width=34.0, height=15.0)])["cat"]
    assert 10.0 < there.width < 20.0
    assert -12.0 < there.foot < 0.0


def test_things_of_one_kind_keep_their_sides_sizes_and_colours():
    text = "a small blue house behind me and a big yellow house in front of me"
    named = named_things(text, ("cottage", "sheep"))
    ground = PlacedObject("near ground", 0.0, -30.0, 360.0, 60.0, (120, 180, 90), (120, 180, 90))
    for yaws in ((10.0, 200.0), (200.0, 10.0), (30.0,)):
        houses = [PlacedObject("cottage", yaw, 3.0, 30.0, 20.0, (200, 30, 30)) for yaw in yaws]
        there = {
            round(one.yaw): one for one in colored(obeyed([ground, *houses], named), named)
            if one.kind == "cottage"
        }  # fmt: skip
        assert set(there) == {0, 180}
        ahead, behind = there[0], there[180]
        assert (color_name(ahead.color), color_name(behind.color)) == ("yellow", "blue")
        assert ahead.width > 1.5 * behind.width


def test_many_on_one_side_are_all_on_it():
    named = named_things("seven sheep on the right", ("cottage", "sheep"))
    sheep = [PlacedObject("sheep", 20.0 * place, -9.0, 13.0, 9.0) for place in range(7)]
    yaws = [yaw_difference(one.yaw, 0.0) for one in obeyed(sheep, named) if one.kind == "sheep"]
    assert len(yaws) == 7
    assert min(yaws) > 0.0
    assert max(yaws) < 90.0


OUTDOORS = [
    PlacedObject("lake", 30.0, -12.0, 40.0, 3.0),
    PlacedObject("castle", 0.0, 4.0, 20.0, 16.0),
    PlacedObject("dragon", 320.0, -4.0, 27.0, 15.0),
    PlacedObject("horse", 340.0, -6.0, 18.0, 16.0),
    PlacedObject("horse", 20.0, -6.0, 18.0, 16.0),
    PlacedObject("knight", 60.0, -7.0, 11.0, 26.0),
    PlacedObject("knight", 70.0, -7.0, 11.0, 26.0),
    PlacedObject("fish", 200.0, 6.0, 13.0, 9.0),
]
OUTDOOR_KINDS = tuple({thing.kind for thing in OUTDOORS})


@pytest.mark.parametrize(
    "text",
    [
        "a dragon in the sky",
        "a flying dragon",
        "a dragon flying over a castle",
        "a dragon in the air",
    ],
)
def test_what_flies_is_in_the_sky(text: str):
    there = related(OUTDOORS, named_things(text, OUTDOOR_KINDS))
    dragon = next(thing for thing in there if thing.kind == "dragon")
    assert dragon.foot > 3.0
    assert dragon.foot + dragon.height < 27.5


@pytest.mark.parametrize("text", ["two knights on horses", "knights riding on horses"])
def test_each_rider_has_a_horse_of_its_own(text: str):
    named = mounted(named_things(text, OUTDOOR_KINDS))
    horses = next(one for one in named if one.kinds == ("horse",))
    assert horses.least == next(one for one in named if one.kinds == ("knight",)).least
    there = related(OUTDOORS, named)
    yaws = {kind: {one.yaw for one in there if one.kind == kind} for kind in ("horse", "knight")}
    assert yaws["horse"] == yaws["knight"] == {340.0, 20.0}


@pytest.mark.parametrize(
    "text", ["a pond with a fish", "a fish in the pond", "a fish in the water"]
)
def test_fish_are_in_the_water(text: str):
    there = related(OUTDOORS, named_things(text, OUTDOOR_KINDS))
    fish, lake = (next(one for one in there if one.kind == kind) for kind in ("fish", "lake"))
    assert fish.pitch == lake.pitch
    assert abs(right_of(fish, lake)) < lake.width / 2


def test_no_bench_is_on_the_pond_with_the_ducks():
    named = named_things("benches and ducks on a pond", ("bench", "duck", "lake"))
    where = {one.kinds[0]: one.relation for one in named}
    assert where["duck"] is not None
    assert where["bench"] is None


def test_a_cat_on_a_roof_is_much_smaller_than_the_house():
    house = PlacedObject("cottage", 0.0, -2.0, 24.0, 18.0)
    cat = PlacedObject("cat", 30.0, -12.0, 14.0, 12.0)
    there = related([house, cat], named_things("a cat on a house", ("cottage", "cat")))
    cottage, cat = there
    assert cat.height < cottage.height / 2
    assert cat.foot >= cottage.foot + cottage.height - 0.1


def test_an_owl_sits_in_the_oak_that_stays():
    oaks = [
        PlacedObject("oak", yaw, 1.0, 10.0, height)
        for yaw, height in ((2.0, 11.0), (4.0, 12.0), (350.0, 18.0))
    ]
    owl = PlacedObject("owl", 60.0, -10.0, 9.0, 12.0)
    there = obeyed([*oaks, owl], named_things("an owl on an oak", ("oak", "owl")))
    (owl,) = (one for one in there if one.kind == "owl")
    assert min(abs(right_of(owl, one)) for one in there if one.kind == "oak") < 2.0


def test_people_in_the_water_are_in_it():
    lake = PlacedObject("lake", 0.0, -12.0, 60.0, 8.0)
    people = [PlacedObject("person", yaw, -9.0, 8.0, 18.0) for yaw in (80.0, 120.0, 160.0)]
    there = obeyed([lake, *people], named_things("people in the water", ("person",)))
    lake = next(one for one in there if one.kind == "lake")
    for one in there:
        assert one.kind == "lake" or lake.foot < one.foot < lake.foot + lake.height


def test_a_table_is_wide_enough_for_all_that_is_on_it():
    table = PlacedObject("round table", 0.0, -16.0, 18.0, 20.0)
    mugs = [PlacedObject("mug", yaw, -18.0, 8.0, 6.0) for yaw in (60.0, 90.0, 120.0)]
    named = named_things("three mugs on a round table", ("mug", "round table"))
    placed = related([table, *mugs], named)
    (wide,) = (one for one in placed if one.kind == "round table")
    assert wide.width > 25.0
    assert wide.height == 20.0
    assert all(one.width > 6.0 for one in placed if one.kind == "mug")


def test_a_farmer_sits_on_the_tractor_and_is_smaller_than_it():
    tractor = PlacedObject("tractor", 0.0, -2.0, 22.0, 16.0)
    farmer = PlacedObject("person", 60.0, -8.0, 10.0, 22.0)
    named = named_things("a man on a tractor", ("person", "tractor"))
    there = {one.kind: one for one in related([tractor, farmer], named)}
    assert there["person"].height < there["tractor"].height
    assert there["person"].foot < 0.0


def test_a_gondola_under_a_bridge_is_before_its_foot():
    canal = PlacedObject("canal", 0.0, -14.0, 89.0, 10.0)
    bridge = PlacedObject("bridge", 4.0, -3.0, 36.0, 12.0)
    gondola = PlacedObject("gondola", 30.0, -10.0, 20.0, 8.0)
    named = named_things("a gondola under a bridge", ("gondola", "bridge"))
    there = {one.kind: one for one in obeyed([canal, bridge, gondola], named)}
    assert there["gondola"].foot <= there["bridge"].foot


def test_a_herd_on_a_hill_is_in_the_first_view():
    colors = (90, 140, 90), (90, 140, 90)
    ground = PlacedObject("far ground", 0.0, -10.0, 360.0, 20.0, *colors)
    herd = [PlacedObject("sheep", 20.0 * place, -5.0, 18.0, 12.0) for place in range(6)]
    named = named_things("six sheep on a hill", ("sheep", "far hill", "hills"))
    placed = [one for one in related([ground, *herd], named) if one.kind == "sheep"]
    reach = [abs(yaw_difference(one.yaw, 0.0)) + one.width / 2 for one in placed]
    assert max(reach) < 45.0


def test_the_hill_of_a_windmill_stands_behind_barns():
    colors = (90, 140, 90), (90, 140, 90)
    ground = PlacedObject("far ground", 0.0, -10.0, 360.0, 20.0, *colors)
    barn = PlacedObject("barn", 20.0, 2.0, 15.0, 9.0)
    windmill = PlacedObject("windmill", 31.0, 0.0, 10.0, 15.0)
    named = named_things("a windmill on a hill", ("windmill", "far hill", "hills"))
    kinds = [one.kind for one in related([ground, barn, windmill], named)]
    assert kinds == ["far ground", "far hill", "barn", "windmill"]


def test_fruit_outdoors_is_on_a_table_and_roses_are_not():
    ground = PlacedObject("near ground", 0.0, -35.0, 360.0, 36.0, (90, 140, 90), (90, 140, 90))
    fruit = [PlacedObject("orange", yaw, -19.0, 12.0, 12.0) for yaw in (-12.0, 6.0)]
    placed = obeyed([ground, *fruit], named_things("two oranges", ("orange",)))
    (table,) = (one for one in placed if one.kind == "table")
    assert all(one.foot > table.foot for one in placed if one.kind == "orange")
    rose = PlacedObject("rose", 0.0, -16.0, 6.0, 10.0)
    there = obeyed([ground, rose], named_things("a rose", ("rose",)))
    assert [one.kind for one in there] == ["near ground", "rose"]


def test_what_is_eaten_at_a_picnic_is_on_its_blanket():
    ground = PlacedObject("near ground", 0.0, -27.0, 360.0, 54.0)
    blanket = PlacedObject("picnic blanket", 20.0, -11.0, 21.0, 6.0)
    mugs = [PlacedObject("mug", yaw, -11.0, 10.0, 7.0) for yaw in (340.0, 352.0)]
    named = named_things("two mugs, a picnic blanket", ("mug", "picnic blanket"))
    result = obeyed([ground, *mugs, blanket], named)
    below = next(one for one in result if one.kind == "picnic blanket")
    placed = [one for one in result if one.kind == "mug"]
    assert len(placed) == 2
    assert all(abs(right_of(one, below)) < below.width / 2 for one in placed)


def test_a_big_cake_on_a_table_is_larger_than_a_cake():
    table = PlacedObject("round table", 0.0, -16.0, 26.0, 20.0)
    cake = PlacedObject("cake", 60.0, -18.0, 10.0, 9.0)
    sizes = []
    for text in ("a cake on a round table", "a big cake on a round table"):
        placed = related([table, cake], named_things(text, ("cake", "round table")))
        sizes += [one.height for one in placed if one.kind == "cake"]
    assert sizes[1] > 1.2 * sizes[0]


def test_three_horses_on_the_right_are_in_the_first_view():
    horses = [PlacedObject("horse", 30.0 * place, -5.0, 21.0, 19.0) for place in range(3)]
    placed = related(horses, named_things("three horses on the right", ("horse",)))
    yaws = [right_of(one, PlacedObject("horse", 0.0, 0.0, 1.0, 1.0)) for one in placed]
    assert min(yaws) > 0.0
    assert max(yaws) < 45.0


def test_a_row_of_fences_is_in_front_of_all_that_is_behind_it():
    fence = PlacedObject("fence", 0.0, -7.0, 29.0, 3.0)
    cows = [PlacedObject("cow", yaw, -6.0, 14.0, 11.0) for yaw in (-18.0, -4.0, 10.0)]
    named = named_things("three cows behind a fence", ("cow", "fence"))
    result = with_rows([fence, *cows], named)
    assert [one.kind for one in result] == ["cow"] * 3 + ["fence"] * 2
    left = min(yaw_difference(one.yaw, 0.0) - one.width / 2 for one in result[3:])
    right = max(yaw_difference(one.yaw, 0.0) + one.width / 2 for one in result[3:])
    assert left < -25.0
    assert right > 17.0


def test_a_fence_is_lower_than_the_rabbits_behind_it_and_these_are_alike():
    fence = PlacedObject("fence", 0.0, -7.0, 29.0, 12.0)
    rabbits = [
        PlacedObject("rabbit", yaw, -6.0, size, size) for yaw, size in ((-9, 4), (0, 6), (9, 5))
    ]
    named = named_things("three rabbits behind a fence", ("rabbit", "fence"))
    result = with_rows(related([fence, *rabbits], named), named)
    found = [one for one in result if one.kind == "rabbit"]
    row = [one for one in result if one.kind == "fence"]
    assert len({one.height for one in found}) == 1
    assert row
    assert max(one.top for one in row) < min(one.top for one in found)


@pytest.mark.parametrize(
    ("text", "borne", "bearer"),
    [
        ("three birds on a statue", (8.0, 3.0), ("statue", 16.0, 30.0)),
        ("three birds on a fence", (8.0, 3.0), ("fence", 26.0, 6.0)),
        ("three birds on a scarecrow", (8.0, 3.0), ("scarecrow", 15.0, 20.0)),
    ],
)
def test_birds_on_what_is_narrow_are_seen_beside_each_other(text, borne, bearer):
    kind, wide, tall = bearer
    birds = [PlacedObject("bird", yaw, 20.0, *borne) for yaw in (300.0, 10.0, 70.0)]
    on = PlacedObject(kind, 20.0, -10.0 + tall / 2, wide, tall)
    result = related([on, *birds], named_things(text, ("bird", kind)))
    (there,) = [one for one in result if one.kind == kind]
    found = [one for one in result if one.kind == "bird"]
    assert all(abs(one.foot - (there.foot + there.height)) < 0.5 for one in found)
    assert all(abs(right_of(one, there)) < there.width for one in found)
    assert all(one.width > 7.0 for one in found)
    assert not any(one.overlaps(other) for one in found for other in found if one is not other)


def test_a_cat_on_a_car_is_smaller_than_the_car():
    car, cat = PlacedObject("car", 0.0, -2.0, 20.0, 8.0), replace(CAT, width=18.0, height=13.0)
    result = related([car, cat], named_things("a cat on a car", ("cat", "car")))
    assert next(one for one in result if one.kind == "cat").height <= car.height


def test_on_each_of_several_things_one_stands():
    birds = [PlacedObject("bird", yaw, 20.0, 9.0, 3.0) for yaw in (340.0, 0.0, 20.0)]
    stones = [PlacedObject("gravestone", yaw, -4.0, 9.0, 12.0) for yaw in (330.0, 0.0, 30.0)]
    named = named_things("three birds on three gravestones", ("bird", "gravestone"))
    result = related([*stones, *birds], named)
    yaws = sorted(round(one.yaw) % 360 for one in result if one.kind == "bird")
    assert yaws == sorted(round(one.yaw) % 360 for one in stones)


def test_a_dragon_above_a_tall_tower_is_beside_its_top_and_the_tower_keeps_its_size():
    tower = PlacedObject("tower", 0.0, 8.0, 12.0, 30.0)
    dragon = PlacedObject("dragon", 90.0, -5.0, 24.0, 14.0)
    result = related([tower, dragon], named_things("a dragon above a tower", ("dragon", "tower")))
    there = {one.kind: one for one in result}
    assert there["tower"].height > 0.9 * tower.height
    assert not there["dragon"].overlaps(there["tower"])


def test_a_car_under_a_palm_juts_out_and_is_no_toy():
    palm, car = (
        PlacedObject("palm", 0.0, 8.0, 20.0, 28.0),
        PlacedObject("car", 40.0, -6.0, 26.0, 10.0),
    )
    result = related([palm, car], named_things("a car under a palm", ("palm", "car")))
    (under,) = [one for one in result if one.kind == "car"]
    assert under.width > palm.width
    assert abs(right_of(under, palm)) < 1.0


def test_what_is_on_a_thing_stays_there_when_others_are_above_it():
    stone = PlacedObject("gravestone", 32.0, -8.0, 9.0, 12.0)
    cat = PlacedObject("cat", 0.0, -17.0, 16.0, 12.0)
    bats = [PlacedObject("bat", yaw, 13.0, 20.0, 9.0) for yaw in (0.0, 20.0, 340.0)]
    words = "a cat on a gravestone, and three bats above it"
    plan = related([stone, cat, *bats], named_things(words, ("cat", "gravestone", "bat")))
    (bearing,), (borne,) = (
        [one for one in plan if one.kind == kind] for kind in ("gravestone", "cat")
    )
    assert bearing.yaw == borne.yaw


def test_what_is_at_the_door_of_a_house_on_a_hill_is_up_there():
    house = PlacedObject("cottage", 20.0, 14.0, 23.0, 16.0)
    pumpkins = [PlacedObject("pumpkin", yaw, -12.0, 12.0, 9.0) for yaw in (60.0, 80.0)]
    named = [
        Named(("pumpkin",), None, 2, 2, relation=Relation("front", ("door",))),
        Named(("cottage", "apartment house"), None, 1, 1),
    ]
    result = related([house, *pumpkins], at_houses(named))
    for one in result[1:]:
        assert one.foot == pytest.approx(house.foot, abs=1.0)
        assert one.height < house.height / 2
        assert abs(one.yaw - house.yaw) < house.width
    knight = PlacedObject("knight", 60.0, -2.0, 6.0, 13.0)
    before = Named(("knight",), None, 1, 1, relation=Relation("front", ("cottage",)))
    _, knight = related([house, knight], [named[1], before])
    assert knight.foot < 0.0  # where one can walk up to him


def test_gulls_fly_over_the_sea_and_swans_by_a_lake_are_on_it():
    lake = PlacedObject("lake", 0.0, -13.0, 40.0, 10.0, (80, 120, 190), (80, 120, 190))
    gull = PlacedObject("seagull", 20.0, 12.0, 12.0, 4.0)
    swan = PlacedObject("swan", 60.0, -6.0, 14.0, 12.0)
    flying = Named(("seagull",), None, 1, relation=Relation("on", ("lake",)))
    assert related([lake, gull], [flying])[-1].pitch == gull.pitch
    beside = Named(("swan",), None, 1, relation=Relation("beside", ("lake",)))
    moved = next(one for one in related([lake, swan], [beside]) if one.kind == "swan")
    assert abs(yaw_difference(moved.yaw, lake.yaw)) < lake.width / 2


@pytest.mark.parametrize(
    ("text", "least"), [("three people at three desks", 3), ("three people behind desks", 2)]
)
def test_several_people_at_several_desks_are_spread_over_them(text: str, least: int):
    desks = [PlacedObject("desk", yaw % 360.0, -14.0, 18.0, 13.0) for yaw in (-30.0, 0.0, 30.0)]
    people = [PlacedObject("person", 4.0 * rank, -10.0, 9.0, 20.0) for rank in range(3)]
    placed = obeyed([*desks, *people], named_things(text, ("desk", "person")))
    there = [one for one in placed if one.kind == "desk"]
    nearest = [
        min(there, key=lambda desk: abs(right_of(one, desk))) for one in placed
        if one.kind == "person"
    ]  # fmt: skip
    assert len({desk.yaw for desk in nearest}) >= least


@pytest.mark.parametrize("kind", ["lake", "swimming pool"])
def test_behind_flat_water_is_beyond_its_far_shore_and_before_no_part_of_it(kind: str):
    water = PlacedObject(kind, 0.0, -12.0, 60.0, 8.0)
    dog = PlacedObject("dog", 20.0, -14.0, 10.0, 8.0)
    there = {one.kind: one for one in related([water, dog], named_things(
        f"a dog behind a {kind}", ("dog", kind)))}  # fmt: skip
    assert there["dog"].foot == pytest.approx(there[kind].top)
    assert abs(right_of(there["dog"], there[kind])) < water.width / 2


def test_a_barn_and_small_animals_behind_a_fence_are_close_together():
    kinds, wide = ("barn", "cow", "pig"), (24.0, 8.0, 5.0)
    own = [PlacedObject(kind, 0.0, -5.0, w, w) for kind, w in zip(kinds, wide, strict=True)]
    named = named_things("a barn, a cow and a pig behind a fence", (*kinds, "fence"))
    result = related([*own, PlacedObject("fence", 0.0, -9.0, 14.0, 4.0)], named)
    row = sorted(
        (one for one in result if one.kind in kinds), key=lambda one: right_of(one, own[0])
    )
    for one, other in pairwise(row):
        gap = right_of(other, one) - (one.width + other.width) / 2
        assert gap == pytest.approx(2.0)


def test_a_bus_in_front_of_a_tower_leaves_its_top_to_be_seen():
    tower, bus = (
        PlacedObject("tower", 0.0, 10.0, 10.0, 24.0),
        PlacedObject("bus", 9.0, 7.0, 40.0, 34.0),
    )
    named = named_things("a bus in front of a tower", ("bus", "tower"))
    behind, before = related([tower, bus], named)
    assert before.top < behind.top - behind.height / 5


def test_a_tower_behind_a_house_on_the_horizon_does_not_float_above_it():
    house = PlacedObject("cottage", 0.0, 5.0, 16.0, 12.0)
    tower = PlacedObject("skyscraper", 90.0, 9.0, 8.0, 22.0)
    behind = Named(("skyscraper",), None, relation=Relation("behind", ("cottage",)))
    things = related([tower, house], [behind, Named(("cottage",), None)])
    shown = next(one for one in things if one.kind == "skyscraper")
    assert house.foot < shown.foot < 0.0
    assert shown.height == tower.height


def test_a_bridge_is_as_long_as_the_train_on_it():
    bridge = PlacedObject("bridge", 0.0, -10.0, 20.0, 8.0)
    train = PlacedObject("train", 90.0, 4.0, 36.0, 16.0)
    on_bridge = Named(("train",), None, relation=Relation("on", ("bridge",)))
    things = related([train, bridge], [on_bridge, Named(("bridge",), None)])
    longer, shown = (
        next(one for one in things if one.kind == kind) for kind in ("bridge", "train")
    )
    assert longer.width > shown.width
    assert shown.foot == pytest.approx(longer.top)
    assert abs(yaw_difference(shown.yaw, longer.yaw)) < 1.0


def test_an_owl_on_a_gate_is_on_its_post():
    gate = PlacedObject("gate", 0.0, 0.0, 20.0, 16.0)
    owl = PlacedObject("owl", 90.0, 0.0, 6.0, 6.0)
    on_gate = Named(("owl",), None, relation=Relation("on", ("gate",)))
    things = related([gate, owl], [on_gate, Named(("gate",), None)])
    shown = next(one for one in things if one.kind == "owl")
    assert yaw_difference(shown.yaw, 0.0) == pytest.approx(8.0)
    assert shown.foot == pytest.approx(gate.top)


def test_a_cat_in_the_window_of_a_house_is_before_the_house():
    in_window = Named(("cat",), None, relation=Relation("under", ("square window",)))
    house = Named(("cottage",), None)
    cat, _ = at_houses([in_window, house])
    assert cat.relation == Relation("front", ("cottage",))
    assert at_houses([in_window]) == [in_window]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("a person reading a book on a bench", "on"),
        ("a person eating a sandwich on a bench", "on"),
        ("a person with a book on a bench", "on"),
        ("a person holding a book next to a bench", "beside"),
        ("a person drinking from a river in front of a bench", "front"),
    ],
)
def test_who_does_something_is_where_that_is_done(text, where):
    kinds = ("person", "book", "bench", "river")
    (person,) = [one for one in named_things(text, kinds) if one.kinds == ("person",)]
    assert person.relation == Relation(where, ("bench",))


def test_a_baker_with_bread_on_a_table_is_not_on_it():
    text = "a person with bread on a table"
    (person, *_) = [one for one in named_things(text, ("person", "bread", "table"))
                    if one.kinds == ("person",)]  # fmt: skip
    assert person.relation is None


def test_birds_on_a_fence_are_over_it():
    fence = PlacedObject("fence", 0.0, -15.0, 38.0, 7.0)
    birds = [PlacedObject("bird", yaw, 10.0, 12.0, 4.0) for yaw in (-20.0, 0.0, 20.0)]
    named = named_things("three birds on a fence", ("bird", "fence"))
    there, *found = related([fence, *birds], named)
    assert all(abs(right_of(one, there)) + one.width / 2 <= there.width / 2 for one in found)


def test_a_barn_behind_a_person_on_a_tractor_is_behind_the_tractor():
    named = named_things("a person on a tractor with a barn behind", ("person", "tractor", "barn"))
    (barn,) = [one for one in mounted(named) if one.kinds == ("barn",)]
    assert barn.relation == Relation("behind", ("tractor",))


def test_a_blanket_that_bears_things_is_near():
    blanket = PlacedObject("picnic blanket", 0.0, -9.0, 22.0, 5.0)
    cake = PlacedObject("cake", 30.0, -20.0, 9.0, 9.0)
    named = named_things("a cake on a picnic blanket", ("cake", "picnic blanket"))
    mat, borne = related([blanket, cake], named)
    assert mat.foot < -20.0
    assert mat.foot < borne.foot < mat.top


def test_animals_in_a_row_are_as_large_and_as_far_as_each_other():
    elephants = [
        PlacedObject("elephant", yaw, foot + size / 2, size, size)
        for yaw, foot, size in ((-30, -18, 49), (-5, -4, 9), (10, -18, 48), (35, -18, 47))
    ]
    named = named_things("four elephants in a row", ("elephant",))
    found = related(elephants, named)
    assert len({(round(one.foot, 3), one.width) for one in found}) == 1
    assert all(abs(yaw_difference(one.yaw, 0.0)) + one.width / 2 < 45.0 for one in found)


def test_ducks_swim_on_a_pond_that_words_name():
    lake = PlacedObject("lake", 10.0, -14.0, 40.0, 9.0)
    duck = PlacedObject("duck", -20.0, -22.0, 8.0, 7.0)
    for text, swims in (("a lake and a duck", True), ("a duck", False)):
        *_, found = related([lake, duck], named_things(text, ("lake", "duck")))
        assert (lake.foot < found.foot < lake.top) == swims, text


def test_what_is_put_into_a_bowl_is_heaped_up_in_it():
    bowl = PlacedObject("bowl", 8.0, -14.0, 10.0, 6.0, away=3.0)
    apples = [PlacedObject("apple", yaw, -18.0, 3.0, 3.0) for yaw in (0.0, 4.0, 8.0, 12.0, 16.0)]
    named = [Named(("apple",), None, least=5, relation=Relation("on", ("bowl",)))]
    *heap, last = heaped([bowl, *apples], named)
    assert last == bowl, "its rim is before them"
    assert len({(one.yaw, one.foot) for one in heap}) == 5
    for one in heap:
        assert abs(one.yaw - bowl.yaw) + one.width / 2 <= bowl.width / 2
        assert one.away == bowl.away and bowl.pitch < one.foot < bowl.top + one.height
    assert heaped([bowl, *apples], [named[0]._replace(relation=None)]) == [bowl, *apples]


def test_on_a_hill_a_dog_is_smaller_than_a_house():
    ground = PlacedObject("far ground", 0.0, -10.0, 360.0, 20.0, (90, 160, 90), (90, 160, 90))
    house = PlacedObject("cottage", 0.0, 0.0, 16.0, 12.0)
    dog = PlacedObject("dog", 20.0, -5.0, 16.0, 10.0)
    on_hill = Relation("on", ("hills",))
    named = [Named((kind,), None, relation=on_hill) for kind in ("cottage", "dog")]
    *_, larger, smaller = related([ground, house, dog], named)
    assert larger.foot == smaller.foot > 0.0
    assert (larger.height, smaller.height) == (12.0, 4.5)
