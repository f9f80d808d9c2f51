"""What is around as a list: what was placed, and what the world planned."""

from dataclasses import replace
from unittest.mock import Mock

import numpy as np
import pygame
import pytest

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.controls.edits import Edit
from mag_sandbox.model.world import GroundPlan, GroundThing, GroundWater
from mag_sandbox.sandbox.hud.around import Seen, around_lines, things_around, unplanned_names
from mag_sandbox.sandbox.hud.seen import SCALE, TOP, WIDTH, SeenGround, SeenRing
from mag_sandbox.sandbox.screens.around import MOST_LINES, PLANNED_LATER, SETTLED, AroundOverlay
from mag_sandbox.sandbox.ui.display import window
from mag_sandbox.scenes.color_names import COLORS
from tests.unit.sandbox.hud.test_help_card import NotingTheme

KINDS = "tent", "cake", "tree", "rock", "sofa", "lamp", "cat", "dog", "bench"
TENT = Edit("place", 350.0, -3.0, 20.0, 12.0, "tent", COLORS["red"])


def test_what_the_player_placed_is_listed_as_it_is_known():
    (tent,) = things_around(SeenRing(), Mock(placed=(TENT,), planned=None, ground=None, prompt=""))
    assert around_lines([tent], CameraPose()) == ["a red tent: ahead on the left, placed by you"]
    assert tent.direction(CameraPose(350.0, -27.0)) == "ahead, placed by you"
    assert tent.direction(CameraPose(350.0, -31.0)) == "ahead, above the view, placed by you"
    assert around_lines([], CameraPose()) == ["you have not seen anything with a name yet"]


def test_water_is_where_its_nearest_part_is_seen():
    lake = Seen("lake", "", 278.0, -45.0, 90.0, 36.0)
    assert lake.direction(CameraPose()) == "ahead on the left, below the view"
    assert lake.direction(CameraPose(315.0)) == "ahead, below the view"
    assert replace(lake, pitch=-24.0).direction(CameraPose(315.0)) == "ahead"
    assert replace(lake, kind="tent").direction(CameraPose()) == "on the left, below the view"
    assert lake.direction(CameraPose(90.0)) == "behind you"


def test_hills_whose_low_end_shows_are_beside_the_view():
    hills = Seen("hills", "", 293.0, 6.4, 90.0, 12.7)
    assert hills.direction(CameraPose()) == "on the left"
    assert hills.direction(CameraPose(330.0)) == "ahead on the left"
    ring, plan = SeenRing(), Edit("place", 293.0, 6.4, 90.0, 12.7, "hills", None)
    ring.add(Mock(frames=np.zeros((1, 192, 320, 3), np.uint8), poses=(CameraPose(),), edited=None))
    block = Mock(placed=(), planned=(plan, replace(plan, yaw=30.0)), ground=None, prompt="")
    assert [one.yaw for one in things_around(ring, block)] == [30.0]


def test_a_rug_whose_upper_half_a_level_view_shows_is_listed():
    rug = Edit("place", 0.0, -29.0, 50.0, 18.0, "round rug", COLORS["purple"])
    sofa = replace(rug, kind="sofa")
    ring = SeenRing()
    frames = np.zeros((1, 192, 320, 3), np.uint8)
    ring.add(Mock(frames=frames, poses=(CameraPose(),), edited=None))
    block = Mock(placed=(), planned=(rug, sofa), ground=None, prompt="a purple rug and a sofa")
    assert [one.kind for one in things_around(ring, block)] == ["round rug"]


def test_things_of_one_name_share_a_line():
    one = Seen("cake", "white", 0.0, 0.0, 9.0, 9.0)
    things = [replace(one, yaw=20.0), one, replace(one, color="red", yaw=5.0)]
    assert around_lines(things, CameraPose()) == [
        "two white cakes: one ahead, one ahead on the right", "a red cake: ahead"
    ]  # fmt: skip


def test_of_many_things_of_one_name_it_is_told_how_many_are_in_each_direction():
    many = [Seen("cactus", "green", 50.0 * place, 0.0, 9.0, 9.0) for place in range(6)]
    (line,) = around_lines(many, CameraPose())
    assert (
        line == "six green cactuses: one ahead, two on the right, one on the left, two behind you"
    )


def test_more_directions_are_told_roughly():
    turns = 0.0, 20.0, 90.0, 91.0, 180.0, 181.0, 270.0
    many = [Seen("bird", "", turn, 0.0, 9.0, 9.0) for turn in turns]
    (line,) = around_lines(many, CameraPose())
    assert line == "seven birds: two ahead, two on the right, one on the left, two behind you"


def test_the_moon_and_bread_have_no_article_of_one_of_many():
    names = "the moon", "bread", "an owl", "a unicorn", "a ufo", "a bus", "a sheep", "a cypress"
    one = [Seen(name.split()[-1], "", 0.0, 0.0, 9.0, 9.0) for name in names]
    assert [line.partition(":")[0] for line in around_lines(one, CameraPose())] == [*names]
    two = [Seen(kind, "", 0.0, 0.0, 9.0, 9.0) for kind in ("bus", "bread") for _ in range(2)]
    assert around_lines(two, CameraPose()) == ["two buses: both ahead", "bread: both ahead"]


def test_what_is_counted_stands_before_of_and_with():
    names = "bunch of flowers", "table with a cloth", "starfish", "sea", "cloud"
    one = [Seen(name, "", 0.0, 0.0, 9.0, 9.0) for name in names]
    said = [line.partition(":")[0] for line in around_lines(one, CameraPose())]
    assert said == [
        "a bunch of flowers", "a table with a cloth", "a starfish", "the sea", "clouds"
    ]  # fmt: skip
    two = [Seen(name, "", 0.0, 0.0, 9.0, 9.0) for name in names[:3] for _ in range(2)]
    said = [line.partition(":")[0] for line in around_lines(two, CameraPose())]
    assert said == ["two bunches of flowers", "two tables with a cloth", "two starfish"]


@pytest.mark.parametrize(
    ("kind", "color", "word", "line"),
    [
        ("spikes", "", "", "two rows of spikes"),
        ("bunch of flowers", "", "flower", "two bunches of flowers"),
        ("bunch of flowers", "", "bouquet", "two bouquets"),
        ("toy balloons", "", "balloon", "two bunches of balloons"),
        ("wheat", "", "corn", "two patches of corn"),
        ("curtains", "orange", "", "two pairs of orange curtains"),
        ("frozen lake", "", "pond", "two frozen ponds"),
        ("log cabin", "wooden", "", "two log cabins"),
        ("penguin", "white", "", "two penguins"),
        ("log cabin", "wooden", "hut", "two wooden huts"),
    ],
)
def test_names_say_what_stands_in_bunches_and_no_material_twice(
    kind: str, color: str, word: str, line: str
):
    two = [Seen(kind, color, 0.0, 0.0, 9.0, 9.0, word=word) for _ in range(2)]
    assert around_lines(two, CameraPose()) == [f"{line}: both ahead"]


def test_clouds_which_drift_have_neither_number_nor_direction():
    clouds = [Seen("cloud", "", turn, 30.0, 20.0, 9.0) for turn in (10.0, 100.0)]
    cow = Seen("cow", "", 170.0, 0.0, 9.0, 9.0)
    assert around_lines((*clouds, cow), CameraPose()) == ["a cow: behind you", "clouds: in the sky"]
    assert around_lines(clouds[:1], CameraPose()) == ["clouds: in the sky"], "and small ones"
    own = replace(clouds[0], placed=True)
    assert around_lines([own], CameraPose()) == ["a cloud: in the sky"]


def test_stars_of_the_night_are_listed_however_small_they_are():
    stars = [Edit("place", turn, 20.0, 2.4, 2.4, "star") for turn in (0.0, 90.0)]
    assert listed("a meadow at night", *stars) == ["stars: in the sky"]
    collected = [replace(one, width=8.0, height=8.0) for one in stars]
    assert listed("a level", *collected) == ["two stars: one ahead, one on the right"]


def test_curtains_of_a_stage_and_what_hangs_behind_it_are_listed_but_bare_land_is_not():
    curtains = [Edit("place", turn, 0.0, 22.0, 25.0, "stage curtains", COLORS["blue"])
                for turn in range(0, 360, 24)]  # fmt: skip
    assert listed("blue curtains", *curtains) == ["blue curtains: all around"]
    shapes = [replace(curtains[0], kind=kind, color=None, width=16.0)
              for kind in ("arches", "rings", "steps")]  # fmt: skip
    assert listed("a stage", *shapes) == ["an arch: ahead", "a ring: ahead",
                                          "a flight of steps: ahead"]  # fmt: skip
    land = replace(curtains[0], kind="flat land")
    assert listed("a city", land) == ["you have not seen anything with a name yet"]


def test_there_is_one_sea_however_many_parts_of_it_show():
    seas = [Seen("sea", "", yaw, 0.0, 60.0, 9.0) for yaw in (0.0, 50.0)]
    assert around_lines(seas, CameraPose()) == ["the sea: ahead"]


def test_directions_with_commas_are_set_apart():
    cats = [Seen("cat", "", 40.0, -30.0, 9.0, 9.0), Seen("cat", "", 300.0, 0.0, 9.0, 9.0)]
    assert around_lines(cats, CameraPose()) == [
        "two cats: one ahead on the right, below the view; one on the left"
    ]
    cats += [replace(cats[0], yaw=46.0), replace(cats[0], yaw=60.0), replace(cats[1], yaw=90.0)]
    named = around_lines(cats, CameraPose())[0].partition(": ")[2]
    assert named == "one ahead, three on the right, one on the left", "details are left out"


def test_equal_directions_are_told_once():
    ahead = [Seen("palm", "", turn, 0.0, 9.0, 9.0) for turn in (0.0, 1.0, 2.0)]
    assert around_lines(ahead, CameraPose()) == ["three palms: all ahead"]


def test_what_the_world_planned_is_listed_where_it_was_seen():
    sofa = replace(TENT, kind="sofa", color=None, yaw=90.0)
    behind = replace(sofa, kind="bed", yaw=180.0)
    itself = replace(sofa, kind="tent", yaw=351.0, width=4.9, height=4.9)
    lake = replace(sofa, kind="lake", yaw=352.0, width=40.0)  # shows on both sides of the tent
    coin = replace(sofa, kind="coin", pitch=20.0, width=2.0)
    ring = SeenRing()
    ring.seen[:, 9:] = 1
    block = Mock(placed=(TENT,), planned=(behind, coin, sofa, itself, lake), ground=None, prompt="")
    listed = things_around(ring, block)
    assert [(one.kind, one.color, one.yaw, one.placed) for one in listed] == [
        ("tent", "red", 350.0, True),
        ("lake", "", 352.0, False),
        ("sofa", "", 90.0, False),
    ]


def test_water_is_listed_where_a_part_of_it_was_seen():
    ring = SeenRing()
    ring.seen[:, WIDTH // 2 - 80 : WIDTH // 2 + 80] = 1  # a view ahead
    lake = replace(TENT, kind="lake", yaw=300.0, width=60.0, color=None)
    there = (lake, replace(lake, kind="tent"), replace(lake, yaw=200.0))
    block = Mock(placed=(), planned=there, ground=None, prompt="")
    assert around_lines(things_around(ring, block), CameraPose()) == ["a lake: ahead on the left"]


def test_what_words_name_is_listed_however_small():
    ring = SeenRing()
    ring.seen[:] = 1
    sheep = [replace(TENT, kind="sheep", yaw=6.0 * place, width=2.5, height=1.7, color=None)
             for place in range(5)]  # fmt: skip

    def lines(prompt):
        block = Mock(placed=(), planned=tuple(sheep), ground=None, prompt=prompt)
        return around_lines(things_around(ring, block), CameraPose(12.0))

    (line,) = lines("five sheep behind a tent")
    assert line == "five sheep: all ahead"
    assert lines("a tent") == ["you have not seen anything with a name yet"]


def test_colours_that_words_give_are_told_in_any_light():
    ring = SeenRing()
    ring.seen[:] = 1

    def names(prompt, *colors):
        planned = tuple(replace(TENT, color=color) for color in colors)
        block = Mock(placed=(), planned=planned, ground=None, prompt=prompt)
        return {one.name for one in things_around(ring, block)}

    red, blue, black = (COLORS[color] for color in ("red", "blue", "black"))
    at_night, in_fog = (108, 32, 32), (212, 102, 103)
    assert names("a camp", red) == names("a camp with blue tents", red) == {"tent"}
    assert names("a camp with red tents", red, in_fog, at_night) == {"red tent"}
    assert names("a camp with red tents", red, blue) == {"red tent", "tent"}
    assert names("a Black tent", black) == {"black tent"}
    assert names("a white tent", (140, 150, 190)) == {"white tent"}, "in moonlight"
    assert names("a red tent and a blue tent", at_night, (60, 70, 130)) == {"red tent", "blue tent"}


def test_what_is_drawn_as_something_else_has_the_name_that_words_give_it():
    ring = SeenRing()
    ring.seen[:] = 1
    slime = replace(TENT, kind="slime", color=None)
    block = Mock(placed=(), planned=(slime,), ground=None, prompt="Three aliens on an alien planet")
    assert [one.name for one in things_around(ring, block)] == ["alien"]


def test_the_list_has_the_player_s_words_for_what_is_drawn_as_something_else():
    ring = SeenRing()
    ring.seen[:] = 1
    dancer = replace(TENT, kind="person", color=None)
    for prompt, line in (
        ("a stage with a ballerina", "a ballerina: ahead"),
        ("a meadow with a person", "a person: ahead"),
    ):
        block = Mock(placed=(), planned=(dancer,), ground=None, prompt=prompt)
        assert around_lines(things_around(ring, block), CameraPose(dancer.yaw)) == [line]
    two = Mock(placed=(), planned=(dancer, replace(dancer, yaw=20.0)), ground=None,
               prompt="a stage with two ballerinas")  # fmt: skip
    (line,) = around_lines(things_around(ring, two), CameraPose(dancer.yaw))
    assert line.startswith("two ballerinas: ")


def test_a_colour_is_told_of_whatever_the_words_can_mean():
    ring = SeenRing()
    ring.seen[:] = 1
    lamp = replace(TENT, kind="table lamp", color=COLORS["purple"])
    block = Mock(placed=(), planned=(lamp,), ground=None, prompt="a bedroom with a purple lamp")
    assert [one.name for one in things_around(ring, block)] == ["purple table lamp"]


def test_what_a_place_has_or_someone_plays_is_called_what_it_is():
    for prompt, names in (
        ("a moonbase with astronauts", {"satellite dish": "satellite dish", "moon": "moon"}),
        ("a stage with a drummer", {"person": "drummer", "drum": "drum"}),
        ("a stage with a dancer and a drummer", {"person": "person"}),
        ("a traffic jam", {"car": "car"}),
        ("a watch on a table", {"wall clock": "watch"}),
        ("glass blocks in a game", {"crystal block": "glass block"}),
    ):
        planned = tuple(replace(TENT, kind=kind, color=None) for kind in names)
        ring = SeenRing()
        ring.seen[:] = 1
        block = Mock(placed=(), planned=planned, ground=None, prompt=prompt)
        assert {one.kind: one.name for one in things_around(ring, block)} == names


def test_people_wear_the_colours_that_words_give_them():
    ring = SeenRing()
    ring.seen[:] = 1
    girl = replace(TENT, kind="child", color=COLORS["red"])
    block = Mock(placed=(), planned=(girl,), ground=None, prompt="a girl in a red coat")
    assert [one.name for one in things_around(ring, block)] == ["girl in red"]


def test_of_things_that_words_name_narrow_ones_are_listed_too():
    ring = SeenRing()
    ring.seen[:] = 1
    tulip = replace(TENT, kind="tulip", width=2.5, height=5.5, color=None)
    chicken = replace(TENT, kind="chicken", yaw=90.0, width=5.1, height=2.8, color=None)
    names = {
        prompt: [
            one.name
            for one in things_around(
                ring, Mock(placed=(), planned=(tulip, chicken), ground=None, prompt=prompt)
            )
        ]
        for prompt in ("a garden with tulips", "a garden")
    }
    assert [*names.values()] == [["tulip", "chicken"], ["chicken"]]


@pytest.mark.parametrize(("count", "lines"), [(2, "anything"), (4, "four bushes")])
def test_several_small_things_that_no_words_name_are_listed(count, lines):
    ring = SeenRing()
    ring.seen[:] = 1
    bush = replace(TENT, kind="bush", width=4.2, height=2.5, color=None)
    bushes = tuple(replace(bush, yaw=20.0 * place) for place in range(count))
    block = Mock(placed=(), planned=bushes, ground=None, prompt="a harbour with a crane")
    (line,) = around_lines(things_around(ring, block), CameraPose())
    assert lines in line


def test_after_a_walk_colours_are_told_that_words_give():
    tent, car = (replace(TENT, yaw=90.0, color=COLORS["red"]), replace(TENT, yaw=270.0, kind="car"))
    block = Mock(
        placed=(), planned=(tent, car), poses=(CameraPose(z=4.0),), ground=GroundPlan(),
        prompt="a meadow with a red tent",
    )  # fmt: skip
    listed = things_around(SeenRing(), block)
    assert [(one.name, one.yaw) for one in listed] == [("car", 270), ("red tent", 90)]


def test_things_have_the_names_that_the_description_has_for_them():
    ring = SeenRing()
    ring.seen[:] = 1
    pine, rock = (replace(TENT, kind=kind, color=None) for kind in ("pine", "rock"))
    rock = replace(rock, yaw=90.0)
    names = {
        prompt: [
            one.name
            for one in things_around(
                ring, Mock(placed=(), planned=(pine, rock), ground=None, prompt=prompt)
            )
        ]
        for prompt in ("fir trees and boulders", "a forest")
    }
    assert [*names.values()] == [["fir", "boulder"], ["pine", "rock"]]


def test_away_from_where_the_scene_begins_things_are_listed_as_they_are_seen_there():
    sky = replace(TENT, yaw=40.0, pitch=30.0, kind="hot air balloon")
    sofa = replace(TENT, yaw=90.0, kind="sofa", color=None)
    pose = CameraPose(0.0, 0.0, x=0.0, z=4.0)
    block = Mock(
        placed=(TENT, sky), planned=(sofa,), poses=(pose,), prompt="",
        ground=GroundPlan((GroundThing("tent", -1.0, 5.0, 1.0, COLORS["red"]),)),
    )  # fmt: skip
    listed = things_around(SeenRing(), block)
    assert [(one.name, round(one.yaw), one.placed) for one in listed] == [
        ("red tent", 315, True),
        ("red hot air balloon", 40, True),
        ("sofa", 90, False),
    ]


def test_away_from_there_things_are_listed_that_came_into_view():
    pose = CameraPose(x=0.0, z=4.0)
    ahead, behind = (replace(TENT, kind="cow", yaw=yaw, color=None) for yaw in (0.0, 180.0))
    ground = GroundPlan(tuple(GroundThing("cow", 0.0, z, 1.0) for z in (9.0, -9.0)))
    block = Mock(placed=(), planned=(ahead, behind), poses=(pose,), prompt="a cow", ground=ground)
    walked = SeenGround()
    walked.add(block)
    assert [one.yaw for one in things_around(SeenRing(), block, walked)] == [0.0]
    block.poses = (replace(pose, yaw=180.0),)
    walked.add(block)
    assert len(things_around(SeenRing(), block, walked)) == 2


def test_away_from_there_birds_and_paths_are_listed_only_in_directions_that_were_seen():
    ring, pose = SeenRing(), CameraPose(z=1.0)
    ring.add(
        Mock(frames=np.zeros((1, 192, 320, 3), np.uint8), poses=(CameraPose(90.0),), edited=None)
    )
    bird, path = (replace(TENT, kind=kind, color=None) for kind in ("bird", "path"))
    planned = [replace(bird, yaw=yaw) for yaw in (0.0, 90.0, 180.0)] + [replace(path, yaw=270.0)]
    block = Mock(placed=(), planned=planned, poses=(pose,), prompt="birds", ground=GroundPlan(()))
    listed = things_around(ring, block, SeenGround())
    assert [(one.kind, one.yaw) for one in listed] == [("bird", 0.0), ("bird", 90.0)]


def test_away_from_there_a_placed_thing_that_the_view_is_planned_with_is_listed_once():
    placed = Edit("place", 0.0, -8.0, 6.0, 9.0, "penguin")
    shown = replace(placed, pitch=-18.5, width=9.5, height=16.0)  # its foot is at -26.5 degrees
    block = Mock(
        placed=(placed,), planned=(shown,), poses=(CameraPose(z=2.0),), prompt="",
        ground=GroundPlan((GroundThing("penguin", 0.0, 5.0, 0.25),)),
    )  # fmt: skip
    assert [one.kind for one in things_around(SeenRing(), block)] == ["penguin"]


def test_away_from_there_what_words_name_and_nothing_shows_is_listed_as_hidden():
    cat = GroundThing("cat", 0.0, 2.0, 0.3, COLORS["red"])
    dog = GroundThing("dog", 0.0, 3.0, 0.3)
    lake = GroundWater("lake", ((3.0, 10.0), (5.0, 10.0), (3.0, 12.0)))
    block = Mock(
        placed=(), planned=(), poses=(CameraPose(z=10.0),), prompt="a red cat by a lake",
        ground=GroundPlan((cat, dog), waters=(lake,)),
    )  # fmt: skip
    lines = around_lines(things_around(SeenRing(), block), CameraPose(z=10.0))
    assert lines == [
        "a lake: on the right, behind something",
        "a red cat: behind you, behind something",
        "a dog: behind you, behind something",
    ]


def test_what_the_map_may_name_is_listed_however_small_or_hidden():
    pose = CameraPose(z=4.0)
    well, shelf = GroundThing("well", 0.0, 24.0, 0.5), GroundThing("shop shelf", 3.0, 4.0, 0.5)
    more = replace(shelf, x=5.0), replace(well, z=60.0, kind="barn")
    small = replace(TENT, kind="well", yaw=0.0, width=1.8, height=2.0, color=None)
    block = Mock(
        placed=(), planned=(small,), poses=(pose,), prompt="a desert",
        ground=GroundPlan((well, shelf, *more)),
    )  # fmt: skip
    assert around_lines(things_around(SeenRing(), block), pose) == [
        "a well: ahead",
        "a shelf: on the right, behind something",
    ]


def test_away_from_there_clouds_are_listed_that_were_seen():
    seen, above = (replace(TENT, kind="cloud", color=None, yaw=0.0, pitch=pitch)
                   for pitch in (10.0, 40.0))  # fmt: skip
    ring = SeenRing()
    ring.seen[round((TOP - 20.0) * SCALE) :] = 1
    block = Mock(
        placed=(), planned=(seen, above, TENT), poses=(CameraPose(z=1.0),), prompt="clouds",
        ground=GroundPlan(()),
    )  # fmt: skip
    kinds = [one.kind for one in things_around(ring, block)]
    assert sorted(kinds) == ["cloud", TENT.kind]


def test_small_things_are_counted_with_a_large_one_of_their_kind():
    large, small, tiny = (
        replace(TENT, kind="bush", color=None, yaw=yaw, width=1.7 * high, height=high)
        for yaw, high in ((0.0, 3.0), (5.0, 2.0), (9.0, 1.0))
    )
    assert listed("a city", large, small, tiny) == ["two bushes: both ahead"]
    assert listed("a city", small) == ["you have not seen anything with a name yet"]


def test_away_from_there_as_many_are_listed_as_words_count():
    bears = (GroundThing("teddy bear", x, 4.0, 0.2) for x in (-1.0, 0.0, 1.0))
    shown = replace(TENT, kind="teddy bear", color=None, yaw=1.0)
    block = Mock(
        placed=(), planned=(shown,), poses=(CameraPose(z=1.0),), ground=GroundPlan((*bears,)),
        prompt="two teddy bears",
    )  # fmt: skip
    listed = things_around(SeenRing(), block)
    assert [round(one.yaw) for one in listed] in ([342, 1], [1, 18])
    assert "behind something" not in str(around_lines(listed, CameraPose(z=1.0))), "perhaps small"
    block.prompt = "a teddy bear"
    assert len(things_around(SeenRing(), block)) == 1


def test_a_changed_place_is_unseen_until_it_is_looked_at_again():
    ring = SeenRing()
    ring.seen[:] = 1
    ring._forget(TENT)
    rows, columns = np.nonzero(~ring.is_seen)
    assert (columns.min() / SCALE, columns.max() / SCALE) == pytest.approx((160, 180), abs=1)
    assert ((TOP - rows.max() / SCALE), TOP - rows.min() / SCALE) == pytest.approx((-9, 3), abs=1)


def _overlay_of(things, theme, **places):
    ready = Mock(block=Mock(placed=things, planned=(), ground=None, prompt="", block_index=0))
    hud = Mock(places=places, theme=lambda surface: theme)
    reel = Mock(current=ready, pose=CameraPose())
    stitcher = Mock(ring=SeenRing(), picture=Mock(explored=1.0))
    return AroundOverlay(reel, hud, stitcher, "Y")


def test_the_key_shows_the_list_and_puts_it_away():
    overlay, lines = _overlay_of((TENT,), NotingTheme((640, 400))), []
    for _ in range(2):
        overlay.press()
        overlay.update(0.0)
        lines.append(overlay.lines)
    assert lines == [("a red tent: ahead on the left, placed by you",), ()]


def test_the_list_is_hidden_while_a_box_would_cover_it():
    overlay, shown = _overlay_of((TENT,), NotingTheme((640, 400))), []
    closed, box = Mock(is_open=False), Mock()
    overlay._boxes = closed, box
    overlay.press()
    for is_open in (False, True, False):
        box.is_open = is_open
        overlay.update(0.0)
        shown.append(bool(overlay.lines))
    assert shown == [True, False, True]


@pytest.mark.parametrize(
    ("planned", "kinds", "policy", "waits"),
    [
        (None, ("tent",), "mag-retrieve", True), ((), ("tent",), "mag-retrieve", False),
        (None, (), "mag-retrieve", False), (None, ("tent",), "window", False),
    ],
)  # fmt: skip
def test_before_there_is_a_plan_the_list_says_so(planned, kinds, policy, waits):
    overlay = _overlay_of((), NotingTheme((640, 400)))
    ready = overlay._reel.current
    ready.block.planned, ready.spec.kinds, ready.block.memory.policy = planned, kinds, policy
    overlay.press()
    for _ in range(2):  # also while the same block is shown
        overlay.update(0.0)
        assert (overlay.lines == (PLANNED_LATER,)) is waits


def test_the_list_says_which_named_things_the_plan_lacks():
    overlay = _overlay_of((TENT,), NotingTheme((640, 400)))
    ready, overlay._change = overlay._reel.current, "I"
    ready.spec.kinds, ready.block.prompt = ("tent", "dog", "cat"), "a tent, a dog and a black cat"
    overlay.press()
    lacking = []
    cat, dog = (replace(TENT, kind=kind) for kind in ("cat", "dog"))
    for ready.block.planned in ((), (cat,), (cat, dog)):
        overlay.update(0.0)
        lacking.append([line for line in overlay.lines if "has no" in line])
    one = "this place has no {}; to put one where you point, press I and write “{}”"
    assert lacking == [[one.format("cat or dog", "a dog")], [one.format("dog", "a dog")], []]
    ready.spec.kinds, ready.block.prompt = ("castle", "door"), "a castle with a red door"
    for kind, lacks in (("castle", False), ("tent", True)):  # castles have doors
        ready.block.planned = (replace(TENT, kind=kind),)
        overlay.update(0.0)
        assert any("door" in line for line in overlay.lines if "has no" in line) == lacks


def test_what_new_areas_may_have_is_not_said_to_be_missing():
    overlay = _overlay_of((TENT,), NotingTheme((640, 400)))
    ready, overlay._change = overlay._reel.current, "I"
    ready.spec.kinds, ready.block.block_index = ("tent", "dog"), 9
    ready.block.prompt = "a tent and a dog"
    overlay.press()
    told = []
    for overlay._stitcher.picture.explored in (0.6, 1.0):
        overlay.update(0.0)
        told.append("has no dog" in overlay.lines[-1])
    assert told == [False, True]


def test_on_a_walk_nothing_that_stands_on_the_ground_is_said_to_be_missing():
    block, kinds = Mock(prompt="a forest, a dog and a fox", planned=(), placed=()), ("fox", "dog")
    block.ground = None
    assert unplanned_names(block, kinds) == ("dog", "fox")
    block.ground = GroundPlan((GroundThing("fox", 0.0, -38.0, 1.0),))
    assert unplanned_names(block, kinds) == ("dog",)


def test_what_a_settled_plan_lacks_is_said_once_for_each_description_begun_here():
    overlay = _overlay_of((TENT,), NotingTheme((640, 400)))
    block, overlay._change, said = overlay._reel.current.block, "I", []
    overlay._reel.current.spec.kinds = "tent", "dog", "cat"
    overlay._say = lambda text, topic: said.append((block.block_index, text))
    dog, planned = (replace(TENT, kind="dog"),), block.planned
    for block.block_index in range(4 * SETTLED):
        block.planned = None if block.block_index < 3 else planned if block.block_index < 9 else dog
        block.prompt = "a tent, a dog and a cat"
        if block.block_index >= 2 * SETTLED:
            block.prompt, block.planned = "a tent, a dog and a cat at night", planned
        overlay.update(0.0)
    told = "this place has no cat; to put one where you point, press I and write “a cat”"
    assert said == [(3 + SETTLED, told)], "a dog was here: the player may have taken it away"
    again = _overlay_of((), NotingTheme((640, 400)))  # the place is gone on with
    again._change, again._say = "I", overlay._say
    again._reel.current.spec.kinds, again._reel.current.block.prompt = ("cat",), "a cat"
    for block.block_index in range(100, 140):
        again._reel.current.block.block_index = block.block_index
        again.update(0.0)
    assert len(said) == 1


def test_of_a_place_with_curtains_of_a_stage_no_curtains_are_said_to_be_missing():
    overlay = _overlay_of((), NotingTheme((640, 400)))
    ready, overlay._change = overlay._reel.current, "I"
    ready.spec.kinds, ready.block.prompt = ("curtains",), "a gallery with blue curtains"
    overlay.press()
    last = []
    for ready.block.planned in ((), (replace(TENT, kind="stage curtains"),)):
        overlay.update(0.0)
        last.append(overlay.lines[-1])
    assert (
        last[0]
        == "this place has no curtains; to put them where you point, press I and write “curtains”"
    )
    assert "has no" not in last[1]


def test_of_a_long_list_the_farthest_are_told_in_one_line_by_direction():
    turns = [7.0 * place for place in range(MOST_LINES + 3)]
    tents = tuple(replace(TENT, kind=f"tent {turn:.0f}", yaw=turn) for turn in turns)
    overlay = _overlay_of(tents, NotingTheme((640, 400)))
    overlay.press()
    overlay.update(0.0)
    assert len(overlay.lines) == MOST_LINES
    assert (
        overlay.lines[-1]
        == "also: a red tent 91, a red tent 98, a red tent 105 and a red tent 112 on the right"
    )
    many = [Seen(kind, "", turn, 0.0, 9.0, 9.0) for turn, kind in ((0, "cat"), (90, "dog"))]
    many += [Seen("log", "", turn, 0.0, 9.0, 9.0) for turn in (100, 110, 180)]
    lines = around_lines(many, CameraPose(), most=2)
    assert lines == ["a cat: ahead", "also: a dog and two logs on the right; a log behind you"]
    hills = [Seen("hills", "", turn, 0.0, 90.0, 9.0) for turn in range(0, 360, 90)]
    lines = around_lines(many + hills, CameraPose(), most=2)
    assert lines[1].endswith("a log behind you; hills all around")


def test_directions_stand_in_a_column_of_their_own():
    overlay = _overlay_of((TENT, replace(TENT, kind="very large boulder")), NotingTheme((640, 400)))
    overlay.press()
    overlay.update(0.0)
    _, *lines = overlay._listing().content.content
    assert [[part.words for part in line.content] for line in lines] == [
        ["a red tent", "ahead on the left, placed by you"],
        ["a red very large boulder", "ahead on the left, placed by you"],
    ]
    assert len({line.content[0].width for line in lines}) == 1


def test_the_list_ends_above_the_cards_below_it():
    many = tuple(replace(TENT, kind=kind, yaw=20.0 * place) for place, kind in enumerate(KINDS))
    below = {"keys": pygame.Rect(10, 200, 300, 30), "memory": pygame.Rect(10, 240, 600, 100)}
    with window((640, 400), "test") as surface:
        overlay = _overlay_of(many, NotingTheme((640, 400)), **below)
        overlay.press()
        overlay.update(0.0)
        surface.fill("white")
        overlay.draw(surface)
        assert surface.get_at((20, 195))[:3] == (255, 255, 255)
    assert all(any(kind in line for line in overlay.lines) for kind in KINDS)


def listed(prompt: str, *planned: Edit) -> list[str]:
    ring = SeenRing()
    ring.seen[:] = 1
    block = Mock(placed=(), planned=planned, ground=None, prompt=prompt)
    return around_lines(things_around(ring, block), CameraPose())


@pytest.mark.parametrize(
    ("kind", "count", "name"),
    [
        ("lightning", 1, "a flash of lightning"), ("lightning", 2, "two flashes of lightning"),
        ("christmas tree", 1, "a Christmas tree"), ("wild flower", 29, "twenty-nine wildflowers"),
        ("wild flower", 40, "forty wildflowers"), ("columns", 1, "a column"),
        ("columns", 4, "four columns"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("named", [True, False])
def test_things_are_listed_as_english_writes_them(kind: str, count: int, name: str, named: bool):
    things = [replace(TENT, kind=kind, color=None, yaw=float(yaw), width=20.0, height=20.0)
              for yaw in range(count)]  # fmt: skip
    (line,) = listed(f"a {kind}" if named else "a place", *things)
    assert line.startswith(f"{name}: ")


def test_a_synonym_keeps_its_name_and_the_colour_that_words_give_it():
    cars = [replace(TENT, kind="car", yaw=yaw, color=COLORS[color])
            for yaw, color in ((0.0, "yellow"), (180.0, "blue"))]  # fmt: skip
    assert listed("a yellow taxi", *cars) == [
        "a yellow taxi: ahead", "a car: behind you",
    ]  # fmt: skip
    assert listed("a taxi", cars[0]) == ["a taxi: ahead"]
    houses = [replace(TENT, kind="apartment house", yaw=yaw, color=None) for yaw in (90.0, 5.0)]
    assert listed("a city with a hospital", *houses) == [
        "a hospital: ahead", "an apartment house: on the right",
    ]  # fmt: skip
    singer = replace(TENT, kind="person", yaw=0.0, color=COLORS["red"])
    assert listed("a singer in a red dress", singer) == ["a singer in red: ahead"]


@pytest.mark.parametrize(
    ("prompt", "kind", "name"),
    [
        ("a polar bear", "bear", "a polar bear"),
        ("a polar bear and a brown bear", "bear", "a bear"),
        ("a blue carpet", "square rug", "a carpet"),
        ("a picture", "portrait", "a picture"),
        ("a trail", "path", "a trail"),
        ("a football match with a goalkeeper", "person", "a person"),
        ("a singer and three people", "person", "a person"),
    ],
)
def test_the_list_has_the_nouns_of_the_description(prompt, kind, name):
    assert listed(prompt, replace(TENT, kind=kind, yaw=0.0, color=None)) == [f"{name}: ahead"]


def test_land_is_listed_last_and_without_a_number():
    hills = [replace(TENT, kind="far hill", yaw=45.0 * turn, color=None) for turn in range(8)]
    peaks = [replace(TENT, kind="snowy peaks", yaw=yaw, color=None) for yaw in (0.0, 3.0, 120.0)]
    path = replace(TENT, kind="path", yaw=30.0, pitch=0.0, width=89.0, color=None)
    assert listed("a valley", *hills, *peaks, path, replace(TENT, yaw=0.0)) == [
        "a tent: ahead", "a path: ahead", "hills: all around",
        "snowy mountains: ahead, on the right",
    ]  # fmt: skip


def test_a_pond_that_freezes_is_there():
    text = "a snowfield with a frozen pond, a dragon skating on the frozen lake"
    block = Mock(prompt=text, planned=(replace(TENT, kind="frozen lake"),), ground=None, placed=())
    assert unplanned_names(block, ("lake", "frozen lake", "dragon")) == ("dragon",)


def test_a_dragon_fly_is_no_missing_dragon():
    block = Mock(prompt="a pond, a dragon fly", planned=(), ground=None, placed=())
    assert unplanned_names(block, ("dragon",)) == ()
    block.prompt = "a pond, a dragon"
    assert unplanned_names(block, ("dragon",)) == ("dragon",)


def test_no_part_of_a_name_is_said_to_be_missing():
    block = Mock(prompt="a desert with table mountains and a table", planned=(), ground=None)
    block.placed, block.planned = (), (replace(TENT, kind="mesas"),)
    assert unplanned_names(block, ("table", "mesas")) == ("table",)
    block.prompt = "a desert with table mountains"
    assert unplanned_names(block, ("table", "mesas")) == ()
