"""Nothing of a plan is where it cannot be, or is there far too often."""

from dataclasses import replace

import pytest

from mag_sandbox.controls.camera import yaw_difference
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.rules.plans import LEVEL, TOP
from mag_sandbox.model.imagination.rules.plausible import (
    below_ceiling,
    hung,
    lying_first,
    none_too_large,
    plausible,
    with_one_relief,
    with_whole_clouds,
)
from mag_sandbox.model.imagination.rules.relations import related
from mag_sandbox.scenes.naming import Named, named_things

WALL = PlacedObject("wall", 0.0, 0.0, 89.0, 40.0)
GROUND = PlacedObject("near ground", 0.0, -35.0, 360.0, 36.0)
STOOL = PlacedObject("stool", 10.0, -18.0, 15.0, 14.0)
BENCHES = [PlacedObject("bench", 40.0 * place, -10.0, 20.0, 10.0) for place in range(8)]


def kinds(things: list[PlacedObject]) -> list[str]:
    return [thing.kind for thing in things]


def test_nothing_is_on_a_bare_wall():
    mug = PlacedObject("mug", 10.0, -8.0, 6.0, 6.0)
    assert plausible([WALL, STOOL, mug], []) == [WALL, STOOL, mug]
    assert kinds(plausible([WALL, mug], [])) == ["wall"]
    round_one = PlacedObject("round table", 10.0, -15.0, 20.0, 20.0)
    assert kinds(plausible([WALL, round_one, replace(mug, pitch=-3.0)], []))[1:] == ["round table"]
    inside = PlacedObject("bread", 10.0, -10.0, 6.0, 6.0)
    washer = PlacedObject("washing machine", 10.0, -10.0, 12.0, 20.0)
    assert kinds(plausible([WALL, washer, inside], [])) == ["wall", "washing machine"]


def test_what_stands_on_something_stands_right_on_it_and_is_no_wider():
    table = PlacedObject("table", 10.0, -18.0, 30.0, 14.0)
    top = table.foot + 0.96 * table.height
    vase, mug = (PlacedObject(kind, 10.0, top + 4.8, 6.0, 6.0) for kind in ("vase", "mug"))
    for small in (vase, replace(mug, pitch=top + 1.2)):
        assert plausible([WALL, table, small], [])[-1].foot == pytest.approx(top, abs=0.6)
    *_, bowl = plausible([WALL, STOOL, PlacedObject("bowl", 10.0, -8.0, 20.0, 6.0)], [])
    assert bowl.width < STOOL.width
    assert bowl.foot == pytest.approx(STOOL.foot + STOOL.height, abs=0.8)
    fireplace = PlacedObject("fireplace", 10.0, -8.0, 27.0, 22.0)
    teapot = PlacedObject("teapot", 14.0, fireplace.top + 2.0, 6.0, 4.0)  # over what is drawn there
    *_, teapot = plausible([WALL, fireplace, teapot], [])
    assert teapot.foot == pytest.approx(fireplace.foot + 0.81 * fireplace.height, abs=0.8)


def test_wheat_is_not_so_far_away_that_it_is_a_smear():
    wheat = PlacedObject("wheat", 10.0, -3.0, 3.0, 3.0)
    near = replace(wheat, pitch=-10.0, width=10.0, height=11.0)
    assert plausible([GROUND, wheat, near], []) == [GROUND, near]


def test_stars_are_whole_unless_words_count_them():
    sky = PlacedObject("high sky", 0.0, 37.0, 360.0, 33.0)
    cloud = PlacedObject("cloud", 10.0, 33.0, 40.0, 12.0)
    apart, cut = (PlacedObject("star", yaw, 34.0, 6.0, 6.0) for yaw in (60.0, 32.0))
    assert plausible([sky, apart, cut, cloud, GROUND], []) == [sky, apart, cloud, GROUND]
    assert plausible([sky, cloud, cut, GROUND], []) == [sky, cloud, GROUND], "nor before a cloud"
    counted = named_things("a lake under two stars", ("lake", "star"))
    assert cut in plausible([sky, apart, cut, cloud, GROUND], counted)


def test_no_mug_stands_on_the_floor_unless_words_name_it():
    mug = PlacedObject("mug", 40.0, -20.0, 12.0, 10.0)
    vase = replace(mug, kind="vase")
    assert plausible([WALL, STOOL, mug, vase], []) == [WALL, STOOL, vase]
    assert mug in plausible([WALL, STOOL, mug], named_things("a mug", ("mug",)))


def test_nothing_stands_on_handles_and_leaves():
    for kind in ("suitcase", "potted plant"):
        below = replace(STOOL, kind=kind)
        mug = PlacedObject("mug", 10.0, -8.0, 6.0, 6.0)
        assert kinds(plausible([WALL, below, mug], [])) == ["wall", kind]


@pytest.mark.parametrize("kind", ["duck", "vase", "sofa"])
def test_nothing_on_the_floor_stands_on_the_wall_above_it(kind: str):
    room = [PlacedObject("wall", yaw, 0.0, 89.0, 40.0) for yaw in (0.0, 90.0, 180.0, 270.0)]
    *_, lower = plausible([*room, PlacedObject(kind, 10.0, -13.0, 10.0, 8.0)], [])
    assert -22.0 < lower.foot < -20.0


def test_no_picture_hangs_over_a_door_unless_words_name_it():
    door = PlacedObject("door", 10.0, -4.0, 12.0, 24.0)
    picture = PlacedObject("portrait", 3.0, 2.0, 8.0, 10.0)
    assert plausible([WALL, door, picture], []) == [WALL, door]
    aside = replace(picture, yaw=-5.0)
    assert plausible([WALL, door, aside], []) == [WALL, door, aside]
    named = named_things("a portrait", ("portrait",))
    assert picture in plausible([WALL, door, picture], named)


def test_nothing_that_stands_in_a_room_reaches_into_its_ceiling():
    room = [PlacedObject("wall", yaw, 0.0, 89.0, 40.0) for yaw in (0.0, 90.0, 180.0, 270.0)]
    organ = PlacedObject("organ", 0.0, 4.0, 20.0, 48.0)  # its foot is that of the wall
    assert below_ceiling([*room, organ], [organ]) == [*room, organ], "as the picture shows it"
    *_, lower = below_ceiling([*room, organ])
    assert lower.foot == organ.foot
    assert 18.0 < lower.top < 20.0, "where the wall ends"
    assert lower.width / lower.height == pytest.approx(organ.width / organ.height)
    near = replace(organ, pitch=-3.0, height=54.0)
    assert below_ceiling([*room, near])[-1] == near, "nearer, the ceiling is higher up"
    assert below_ceiling([GROUND, organ]) == [GROUND, organ]


def test_no_picture_hangs_behind_furniture_unless_words_name_it():
    picture = PlacedObject("portrait", 10.0, 3.0, 10.0, 12.0)
    organ = PlacedObject("organ", 13.0, -6.0, 20.0, 30.0)
    assert kinds(plausible([WALL, picture, organ], [])) == ["wall", "organ"]
    assert len(plausible([WALL, picture, organ], [Named(("portrait",), None)])) == 3
    assert len(plausible([WALL, picture, organ.turned(40.0)], [])) == 3


def test_no_two_things_on_a_wall_overlap_unless_words_name_them():
    window = PlacedObject("round window", 12.0, 10.0, 14.0, 14.0)
    portrait = PlacedObject("portrait", 10.0, 0.0, 10.0, 11.0)
    clock = PlacedObject("wall clock", 10.0, 0.0, 8.0, 8.0)
    assert plausible([WALL, portrait, window], []) == [WALL, window]
    assert len(plausible([WALL, portrait.turned(-20.0), window], [])) == 3
    assert kinds(plausible([WALL, portrait, clock], [])) == ["wall", "wall clock"]
    assert len(plausible([WALL, portrait, window], [Named(("portrait",), None)])) == 3


def test_nothing_bars_a_door_but_what_words_name():
    door = PlacedObject("door", 10.0, -5.0, 14.0, 28.0)
    near, far = (PlacedObject("potted plant", 14.0, pitch, 8.0, 10.0) for pitch in (-16.0, -38.0))
    beside = replace(near, yaw=32.0)
    assert plausible([WALL, door, near, beside, far], []) == [WALL, door, beside, far]
    named = [Named(("potted plant",), None, 1, 1)]
    assert near in plausible([WALL, door, near], named)


def test_a_door_moves_from_behind_what_words_name():
    door = PlacedObject("door", 10.0, -5.0, 14.0, 28.0)
    desk = PlacedObject("desk", 8.0, -14.0, 30.0, 14.0)
    window = PlacedObject("square window", 350.0, 4.0, 14.0, 14.0)
    named = [Named(("desk",), None, 1, 1)]
    moved, *rest = plausible([WALL, door, window, desk], named)[1:]
    assert rest == [window, desk]
    assert not any(moved.overlaps(one) for one in rest)
    assert abs(yaw_difference(moved.yaw, 0.0)) < 40.0, "not in a corner"
    asked = plausible([WALL, door, desk], [*named, Named(("door",), None, 1, 1)])
    assert door in asked


def test_no_mountain_is_a_small_cone_unless_words_name_it():
    row = PlacedObject("snowy peaks", 10.0, 7.0, 66.0, 22.0)
    cone = PlacedObject("snowy peaks", 340.0, 1.0, 9.0, 7.0)
    assert plausible([GROUND, row, cone], []) == [GROUND, row]
    assert cone in plausible([GROUND, row, cone], [Named(("snowy peaks",), None)])


def test_what_is_named_is_on_the_floor_instead():
    car = PlacedObject("toy car", 10.0, 11.0, 24.0, 15.0)
    *_, down = plausible([WALL, car], [Named(("car", "toy car"), None, 1, 1)])
    assert down.foot < -15.0
    assert down.width == car.width


@pytest.mark.parametrize("kind", ["bed", "sofa", "armchair", "rocking horse"])
def test_a_teddy_stays_on_the_seat_that_words_put_it_on(kind):
    seat, teddy = PlacedObject(kind, 10.0, -6.0, 44.0, 24.0), PlacedObject("teddy bear", 0, 0, 9, 9)
    named = named_things(f"a teddy bear on a {kind}", ("teddy bear", kind))
    put = related([WALL, seat, teddy], named)
    assert put != [WALL, seat, teddy]
    assert plausible(put, named)[-1] == put[-1]


def test_no_window_stands_in_a_meadow_and_no_picture_is_at_the_ceiling():
    window = PlacedObject("arched window", 0.0, -10.0, 16.0, 18.0)
    door = PlacedObject("door", 40.0, -5.0, 12.0, 27.0)
    assert hung([GROUND, window, door], []) == [GROUND, door]
    assert hung([WALL, window], []) == [WALL, window]
    picture = PlacedObject("portrait", 0.0, 15.0, 13.0, 10.0)
    assert hung([WALL, picture], []) == [WALL, picture]
    _, lower = hung([WALL, picture], [Named(("portrait",), None, 1, 1)])
    assert lower.pitch + lower.height / 2 <= 15.0
    high, plain = replace(window, pitch=20.0, width=32.0, height=36.0), Named((window.kind,), None)
    sizes = [hung([WALL, high], [plain._replace(scale=scale)])[1] for scale in (1.0, 1.4)]
    assert all(one.pitch + one.height / 2 <= 15.0 for one in sizes)
    assert sizes[0].width < sizes[1].width < high.width


def test_what_hangs_near_a_corner_is_below_the_top_of_its_wall():
    wall = replace(WALL, pitch=-1.5, height=36.4)  # its top is at 14 degrees there
    mirror = PlacedObject("round mirror", 27.0, 9.0, 12.0, 12.0)
    _, lower = hung([wall, mirror], [Named(("round mirror",), None)])
    assert 13.0 < lower.top < 14.0


def test_benches_that_no_words_ask_for_are_few_and_all_around():
    few = plausible([GROUND, *BENCHES], [])[1:]
    assert len(few) == 3
    assert max(one.yaw for one in few) - min(one.yaw for one in few) > 180.0
    named = [Named(("bench",), None)]
    assert len(plausible([GROUND, *BENCHES], named)) == 9


@pytest.mark.parametrize("kind", ["bee", "bird", "mouse"])
def test_small_animals_that_no_words_ask_for_are_small(kind: str):
    large = PlacedObject(kind, 0.0, -6.0, 36.0, 24.0)
    _, small = plausible([GROUND, large], [])
    assert small.width <= 10.0
    assert plausible([GROUND, large], [Named((kind,), None)]) == [GROUND, large]


def test_what_a_given_picture_shows_stays_as_large_as_it_is():
    shown = PlacedObject("bee", 0.0, 6.0, 36.0, 24.0)
    around = replace(shown, yaw=90.0)
    ground, same, small = none_too_large([GROUND, shown, around], (), [shown])
    assert (ground, same) == (GROUND, shown)
    assert small.width <= 10.0


def test_exhibits_are_of_any_size():
    stand = PlacedObject("pedestal", 0.0, -15.0, 16.0, 20.0)
    squirrel = PlacedObject("squirrel", 0.0, 5.0, 20.0, 22.0)
    backdrop = replace(stand, kind="backdrop")
    stage = [backdrop, stand, squirrel]
    assert none_too_large(stage, ()) == stage


def test_waters_hide_nothing_that_stands():
    lake = PlacedObject("lake", 0.0, -10.0, 44.0, 6.0)
    assert lying_first([GROUND, *BENCHES, lake]) == [GROUND, lake, *BENCHES]


def test_a_boat_beside_the_way_is_no_larger_than_a_house():
    boat = PlacedObject("boat", 0.0, 7.0, 38.0, 46.0)
    lake = PlacedObject("lake", 0.0, -12.0, 60.0, 8.0)
    smaller = plausible([GROUND, lake, boat], [])[2]
    assert smaller.height < 40.0
    assert smaller.foot == pytest.approx(boat.foot)


def test_no_portrait_is_as_wide_as_the_ring():
    wide = PlacedObject("portrait", 0.0, 5.0, 360.0, 12.0)
    made = next(one for one in plausible([WALL, wide], []) if one.kind == "portrait")
    assert (made.yaw, made.pitch) == (wide.yaw, wide.pitch)
    assert made.width < 30


def test_no_flower_is_as_wide_as_the_view():
    flower = PlacedObject("wild flower", 0.0, -17.0, 89.0, 7.0)
    assert plausible([GROUND, flower], [])[1].width < 30.0


def test_named_things_on_walls_hang_beside_each_other_and_beside_windows():
    painting = PlacedObject("landscape painting", 0.0, 6.0, 20.0, 12.0)
    shield = PlacedObject("shield", 4.0, 6.0, 12.0, 12.0)
    curtains = PlacedObject("curtains", 12.0, 1.0, 34.0, 28.0)
    window = PlacedObject("square window", 12.0, 2.0, 17.0, 20.0)
    kinds = ("landscape painting", "shield", "curtains", "square window")
    named = [Named((kind,), None) for kind in kinds]
    apart = hung([painting, shield], named)
    assert apart[0] == painting
    assert not apart[1].overlaps(painting)
    assert apart[1].yaw != 4.0
    beside = hung([window, curtains, shield], named)
    assert beside[:2] == [window, curtains]
    assert not beside[2].overlaps(curtains)
    assert hung([painting, shield], named[:1]) == [painting, shield]


@pytest.mark.parametrize(("kind", "most"), [("fountain", 2), ("bird cage", 2), ("castle", 1)])
def test_large_things_that_words_leave_out_are_once_or_twice_around(kind: str, most: int):
    own = [replace(bench, kind=kind) for bench in BENCHES]
    assert kinds(plausible([GROUND, *own], [])) == ["near ground", *[kind] * most]
    assert plausible([GROUND, *own], [Named((kind,), None)]) == [GROUND, *own]


def test_level_views_show_clouds_whole_or_not_at_all():
    clouds = [PlacedObject("cloud", 0.0, pitch, 30.0, 12.0) for pitch in (15.0, 24.0, 30.0, 45.0)]
    ends = [(one.foot, one.top) for one in with_whole_clouds(clouds)]
    assert ends == [(9.0, 21.0), (TOP - 12.0, TOP), (LEVEL, LEVEL + 12.0), (39.0, 51.0)]


def test_mountains_are_of_one_kind_and_no_mesas():
    kinds_there = ("mesas", "mesas", "snowy peaks", "mesas", "lake")
    land = [PlacedObject(kind, 0.0, 5.0, 50.0, 18.0) for kind in kinds_there]
    assert kinds(with_one_relief(land, ())) == ["snowy peaks"] * 4 + ["lake"]
    assert kinds(with_one_relief(land, ("mesas",))) == ["mesas"] * 4 + ["lake"]
    assert with_one_relief(land[:2], ()) == land[:2]
