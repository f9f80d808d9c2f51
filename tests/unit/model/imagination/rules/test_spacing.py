"""Things stand free of each other, and the ground around a picture is as full as the picture."""

from dataclasses import replace
from itertools import combinations

import pytest

from mag_sandbox.controls.camera import yaw_difference
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.rules.spacing import (
    as_full,
    beside_view,
    in_no_row,
    with_creatures_in_front,
    with_fields_behind,
    with_houses_apart,
    with_room,
)
from mag_sandbox.scenes.naming import named_things

GROUND = PlacedObject("near ground", 0.0, -30.0, 360.0, 60.0)
LAKE = PlacedObject("lake", 110.0, -12.0, 40.0, 10.0)


def camel(yaw: float) -> PlacedObject:
    return PlacedObject("camel", yaw, -6.0, 20.0, 16.0)


def apart(thing: PlacedObject, other: PlacedObject) -> float:
    gap = abs(yaw_difference(thing.yaw, other.yaw))
    return gap - (thing.width + other.width) / 2


def test_several_equally_far_away_stand_in_no_row():
    row = [PlacedObject("pumpkin", 12.0 * at, -12.0, 10.0, 8.0) for at in range(5)]
    _, *scattered = in_no_row([GROUND, *row], [range(1, 6)])
    feet = [one.foot for one in scattered]
    assert feet == sorted(feet, reverse=True), "from far to near"
    assert len(set(feet)) >= 4
    assert {one.yaw for one in scattered} == {one.yaw for one in row}
    assert all(one.height >= 6.5 for one in scattered)
    assert in_no_row([GROUND, *row[:2]], [range(1, 3)]) == [GROUND, *row[:2]]
    castles = [PlacedObject("castle", 40.0 * at, 4.0, 30.0, 26.0) for at in range(3)]
    assert in_no_row([GROUND, *castles], [range(1, 4)]) == [GROUND, *castles]


def test_animals_that_touch_step_aside():
    herd = with_room([camel(yaw) for yaw in (90.0, 98.0, 104.0)], ())
    assert len(herd) == 3
    assert all(apart(*pair) >= 1.0 for pair in combinations(herd, 2))


def test_what_is_kept_stays_and_the_other_makes_way():
    kept, other = with_room([camel(0.0), camel(5.0)], {0})
    assert kept == camel(0.0)
    assert apart(kept, other) >= 1.0


def test_an_animal_without_room_is_left_out():
    wall = [PlacedObject("bush", yaw, -6.0, 12.0, 30.0) for yaw in range(0, 360, 10)]
    assert with_room([camel(90.0), *wall], ()) == wall


def test_nothing_steps_aside_into_water():
    first, second = with_room([LAKE, camel(80.0), camel(82.0)], ())[1:]
    assert second == camel(82.0)
    assert first.yaw < 82.0


def test_lanterns_before_a_snowman_are_not_painted_as_part_of_it():
    snowman = PlacedObject("snowman", 156.0, -5.0, 13.0, 18.0)
    lantern = PlacedObject("lantern", 156.0, -11.0, 3.0, 6.0)
    aside, same = with_room([snowman, lantern], ())
    assert same == lantern
    assert apart(aside, lantern) >= 1.0


def test_one_of_two_sleds_steps_aside_and_stays_where_there_is_no_room():
    sleds = [PlacedObject("sled", yaw, -18.0, 27.0, 6.0) for yaw in (190.0, 200.0)]
    assert apart(*with_room(sleds, ())) >= 1.0
    around = [PlacedObject("sled", float(yaw), -18.0, 27.0, 6.0) for yaw in range(0, 360, 10)]
    assert len(with_room(around, ())) == len(around)


def test_exhibits_stay_on_their_stands():
    backdrop = PlacedObject("backdrop", 90.0, 0.0, 90.0, 40.0)
    stand = replace(backdrop, kind="pedestal", pitch=-20.0, width=10.0, height=10.0)
    stage = [backdrop, stand, camel(90.0), camel(92.0)]
    assert with_room(stage, ()) == stage


def test_flowers_of_a_picture_grow_all_around_and_houses_do_not():
    flowers = [PlacedObject("wild flower", yaw, -20.0, 4.0, 5.0) for yaw in (-30.0, 0.0, 30.0)]
    house = PlacedObject("cottage", 10.0, 0.0, 20.0, 16.0)
    added = as_full([GROUND, house, *flowers], [])
    assert len(added) == 9
    assert {thing.kind for thing in added} == {"wild flower"}
    assert all(abs(yaw_difference(thing.yaw, 0.0)) >= 45.0 for thing in added)
    assert max(thing.yaw for thing in added) - min(thing.yaw for thing in added) > 90.0
    assert as_full([GROUND, house, *flowers], flowers * 3) == flowers * 3


def test_clouds_of_a_picture_go_on_as_high_as_there():
    clouds = [PlacedObject("cloud", yaw, 19.0, 21.0, 8.0) for yaw in (350.0, 30.0)]
    added = as_full([GROUND, *clouds], [camel(90.0)])
    assert [thing.yaw for thing in added[:-1]] == [80.0, 120.0, 190.0, 150.0, 260.0, 300.0]
    assert {(thing.kind, thing.pitch) for thing in added[:-1]} == {("cloud", 19.0)}


def test_rooms_are_not_filled():
    chairs = [PlacedObject("tulip", yaw, -20.0, 4.0, 5.0) for yaw in (-30.0, 0.0, 30.0)]
    assert as_full([PlacedObject("floor", 0.0, -30.0, 360.0, 60.0), *chairs], []) == []


@pytest.mark.parametrize("yaw", [60.0, 180.0, 300.0])
def test_what_is_added_is_farther_than_what_stands_nearer(yaw: float):
    near = PlacedObject("cottage", yaw, -20.0, 20.0, 30.0)
    flower = PlacedObject("wild flower", 0.0, -20.0, 4.0, 5.0)
    assert as_full([GROUND, flower], [near])[-1] == near


def test_in_a_room_no_stool_is_within_a_wardrobe_and_what_is_on_a_chest_stays():
    wall = PlacedObject("wall ahead", 0.0, 5.0, 90.0, 50.0)
    wardrobe = PlacedObject("wardrobe", 0.0, -7.3, 20.0, 27.0)
    stool = PlacedObject("stool", 4.0, -15.1, 8.0, 7.0)
    aside = with_room([wall, stool, wardrobe], ())
    assert aside[2] == wardrobe
    assert not aside[1].overlaps(wardrobe)
    bear = PlacedObject("teddy bear", 0.0, -4.0, 9.0, 10.0)
    chest = PlacedObject("treasure chest", 0.0, -14.0, 18.0, 12.0)
    assert with_room([wall, chest, bear], ()) == [wall, chest, bear]
    table, chair = (
        PlacedObject("table", 0.0, -14.0, 30.0, 12.0),
        PlacedObject("chair", 4.0, -15.1, 8.0, 7.0),
    )
    assert with_room([wall, table, chair], ()) == [wall, table, chair]


def test_a_named_dog_beside_a_sofa_is_not_behind_the_piano_there():
    sofa = PlacedObject("sofa", 0.0, -14.0, 24.0, 14.0)
    dog = PlacedObject("dog", 15.0, -18.0, 9.0, 6.0)
    piano = PlacedObject("piano", 19.0, -12.0, 18.0, 18.0)
    kinds = ("dog", "sofa", "piano")
    named = named_things("a dog beside a sofa, a piano", kinds)
    *first, last = with_creatures_in_front([sofa, dog, piano], named)
    assert first == [sofa, piano]
    assert (last.kind, last.yaw) == ("dog", dog.yaw)
    assert last.foot < piano.foot
    behind = named_things("a dog behind a piano, a sofa", kinds)
    assert with_creatures_in_front([sofa, dog, piano], behind) == [sofa, dog, piano]
    assert with_creatures_in_front([sofa, dog, piano], []) == [sofa, dog, piano], "not named"


def test_people_do_not_hide_what_they_have_with_them():
    woman = PlacedObject("person", 5.0, -8.0, 10.0, 22.0)
    suitcase = PlacedObject("suitcase", 5.0, -15.0, 11.0, 9.0)
    named = named_things("a woman with a suitcase", ("person", "suitcase"))
    assert with_creatures_in_front([woman, suitcase], named) == [woman, suitcase]
    apart = named_things("a woman, a suitcase", ("person", "suitcase"))
    assert with_creatures_in_front([woman, suitcase], apart)[0] == suitcase


def test_the_edge_of_a_picture_cuts_none_of_the_things_beside_it():
    house = PlacedObject("cottage", 307.0, 4.0, 30.0, 20.0)
    lake = replace(house, kind="lake")
    assert [one.yaw for one in beside_view([house, lake])] == [300.0, 307.0]


def test_no_house_stands_in_another_one_and_those_that_words_name_stay():
    fountain = PlacedObject("fountain", 20.0, -12.0, 20.0, 12.0)
    near = PlacedObject("cottage", 5.0, 3.0, 18.0, 14.0)
    within = replace(near, yaw=9.0, pitch=4.0, height=16.0)
    named = replace(near, yaw=60.0)
    plan = [within, near, named, replace(named, yaw=63.0), fountain]
    apart = with_houses_apart(plan, [3])
    assert [one.kind for one in apart] == [one.kind for one in plan]
    assert (apart[1], apart[3:]) == (near, plan[3:]), "the nearest one and what words name stay"
    for one, other in ((apart[0], near), (apart[2], plan[3])):
        assert abs(yaw_difference(one.yaw, other.yaw)) > 0.7 * near.width
    crowd = [replace(near, yaw=float(yaw)) for yaw in range(-60, 61, 2)]
    assert len(with_houses_apart(crowd, [])) < len(crowd) / 3, "there is no room for them all"


def test_of_a_field_behind_a_fence_nothing_in_view_stands_before_it():
    fence = PlacedObject("fence", 0.0, -8.0, 50.0, 8.0)
    near = [PlacedObject("sunflower", yaw, -6.0, 7.0, 17.0) for yaw in (-20.0, 0.0, 25.0)]
    aside = replace(near[0], yaw=120.0)
    named = named_things("sunflowers behind a fence", ("sunflower", "fence"))
    *field, last, other = with_fields_behind([fence, *near, aside], named)
    assert (last, other) == (fence, aside)
    assert len(field) == 3
    for one in field:
        assert fence.foot < one.foot < 0.0
        assert one.height < near[0].height
    beside = named_things("sunflowers beside a fence", ("sunflower", "fence"))
    assert with_fields_behind([fence, *near], beside) == [fence, *near]
