"""Things have the colours that words give them."""

from dataclasses import replace

import numpy as np
import pytest

from mag_sandbox.model.imagination.objects import PlacedObject, rgb
from mag_sandbox.model.imagination.patterns import ROCK
from mag_sandbox.model.imagination.rules.plans import (
    colored,
    in_natural_colors,
    in_shade,
    light_of,
    painted_whole,
    vividness,
    with_bare_walls,
    with_colored_shell,
    with_colored_waters,
    with_even_ground,
    with_few_uninvited,
    with_grey_streets,
    with_joined_bands,
    with_plain_ways,
    with_told_hues,
)
from mag_sandbox.scenes.color_names import COLORS, color_name
from mag_sandbox.scenes.conditions import Walls
from mag_sandbox.scenes.naming import Named

PURPLE = [Named(("castle",), COLORS["purple"])]
PALE = PlacedObject("castle", 0.0, 0.0, 30.0, 20.0, (230, 225, 240), (210, 205, 220))


def test_a_thing_of_another_colour_gets_that_of_the_words():
    (castle,) = colored([PALE], PURPLE)
    assert castle.color == COLORS["purple"]
    assert castle.mean_color is not None


def test_a_thing_in_a_shade_of_the_colour_stays_as_it_was_planned():
    dark = replace(PALE, color=(80, 55, 100))
    assert colored([dark], PURPLE) == [dark]


def test_an_orange_train_is_bright_enough_for_an_orange_engine():
    train = PlacedObject("train", 0.0, 5.0, 60.0, 27.0, (200, 112, 60), (150, 110, 90), 0)
    orange = [Named(("train",), COLORS["orange"])]
    (seen,) = with_told_hues(colored([train], orange), orange)
    assert seen.color == seen.mean_color
    assert np.array(seen.color).max() > max(COLORS["orange"])  # its engine is painted darker
    assert seen.variant == 4


def test_a_white_horse_at_dusk_is_white_in_lilac_light():
    horse = PlacedObject("horse", 20.0, -10.0, 30.0, 24.0, (192, 166, 192), (180, 160, 185))
    (seen,) = colored([horse], [Named(("horse",), COLORS["white"])])
    assert vividness(np.array(seen.color)) < 0.07
    assert min(seen.color) > 170


def test_a_right_colour_in_the_light_of_lamps_stays_though_another_name_is_nearer():
    blue = PlacedObject("trophy", 0.0, 0.0, 36.0, 36.0, (75, 100, 122), (91, 104, 115))
    assert colored([blue], [Named(("trophy",), COLORS["blue"])]) == [blue]


def test_a_stage_is_as_light_as_day_however_dark_its_backdrop():
    dark = PlacedObject("backdrop", 0.0, 8.0, 89.0, 49.0, (120, 30, 40), (120, 30, 40))
    grey = PlacedObject("bench", 0.0, -10.0, 22.0, 11.0, (154, 153, 148), (118, 117, 115))
    salmon = replace(grey, kind="guitar", color=(243, 166, 140), mean_color=(217, 140, 140))
    named = [Named(("bench",), COLORS["white"]), Named(("guitar",), COLORS["gold"])]
    _, bench, guitar = colored([dark, grey, salmon], named)
    assert min(bench.color) > 200
    assert color_name(guitar.color) == "gold"


def test_yellow_taxis_are_no_olive_ones_at_night():
    ground = PlacedObject("near ground", 0.0, -35.0, 360.0, 36.0, (118, 118, 140), (118, 118, 140))
    car = PlacedObject("car", 0.0, -4.0, 18.0, 6.5, (115, 89, 64), (64, 89, 89))
    _, taxi = colored([ground, car], [Named(("car",), COLORS["yellow"])])
    red, green, _ = taxi.color
    assert light_of([ground]) < 0.75
    assert red > 180
    assert green > 140


@pytest.mark.parametrize(
    ("name", "lit"),
    [
        ("yellow", (96, 96, 58)),  # in moonlight
        ("green", (40, 76, 79)),
        ("purple", (56, 46, 134)),
        ("red", (94, 40, 62)),
        ("white", (104, 128, 194)),
        ("grey", (89, 115, 89)),
    ],
)
def test_light_bends_no_colour_that_words_give_out_of_its_name(name, lit):
    tent = PlacedObject("tent", 0.0, -4.0, 18.0, 12.0, lit, lit)
    (seen,) = with_told_hues([tent], [Named(("tent",), COLORS[name])])
    by_day = rgb(np.array(seen.color) * max(COLORS[name]) / max(seen.color))
    assert color_name(by_day) == name
    assert max(seen.color) <= max(max(lit), max(COLORS[name]))
    assert with_told_hues([seen], [Named(("tent",), COLORS[name])]) == [seen]


def test_silver_is_no_dark_grey_at_night():
    rocket = PlacedObject("rocket", 0.0, 0.0, 9.0, 20.0, (112, 115, 120), (100, 96, 113))
    (seen,) = with_told_hues([rocket], [Named(("rocket",), COLORS["grey"])])
    assert min(seen.color) > 120


def test_a_thing_in_the_colour_of_words_has_a_shape_that_shows_it():
    """Of some mushrooms only the stem was blue."""
    named, blue = [Named(("mushroom",), COLORS["blue"])], COLORS["blue"]
    some = [PlacedObject("mushroom", 0.0, 0.0, 9.0, 9.0, blue, blue, shape) for shape in (0, 1, 4)]
    assert [one.variant for one in with_told_hues(some, named)] == [0, 0, 4]
    assert with_told_hues(some, [Named(("mushroom",), None)]) == some


@pytest.mark.parametrize(
    ("kind", "color", "stays"),
    [
        ("horse", (89, 166, 89), False),
        ("horse", (155, 103, 68), True),
        ("frog", (89, 166, 89), True),
    ],
)
def test_no_horse_is_green_unless_words_say_so(kind: str, color: tuple[int, int, int], stays: bool):
    animal = PlacedObject(kind, 0.0, -4.0, 18.0, 12.0, color, color, 0)
    (seen,) = in_natural_colors([animal], [Named((kind,), None)])
    assert (seen == animal) == stays
    assert in_natural_colors([animal], [Named((kind,), COLORS["green"])]) == [animal]


def test_light_may_darken_a_colour_and_bend_those_that_words_do_not_give():
    tent = PlacedObject("tent", 0.0, -4.0, 18.0, 12.0, (31, 51, 149), (40, 60, 140))
    (seen,) = with_told_hues([tent], [Named(("tent",), COLORS["blue"])])
    assert seen == tent
    olive = replace(tent, color=(96, 96, 58), mean_color=(96, 96, 58))
    assert with_told_hues([olive], [Named(("tent",), None)]) == [olive]


def test_dark_colours_are_told_apart():
    brown = PlacedObject("cabinet", 0.0, 0.0, 30.0, 27.0, (120, 76, 60), (118, 80, 66))
    (cabinet,) = colored([brown], [Named(("cabinet",), COLORS["green"])])
    assert cabinet.color == COLORS["green"]


def test_a_mean_of_the_right_colour_does_not_pass_for_it():
    pink = PlacedObject("cabinet", 0.0, 0.0, 30.0, 27.0, (217, 140, 166), (135, 86, 68))
    (cabinet,) = colored([pink], [Named(("cabinet",), COLORS["brown"])])
    assert cabinet.color == COLORS["brown"]


def test_things_that_no_words_colour_stay():
    house = replace(PALE, kind="house")
    assert colored([house, PALE], [Named(("castle",), None)]) == [house, PALE]


def test_a_colour_is_given_to_one_of_many_that_nothing_stands_before():
    hidden = PlacedObject("skyscraper", 350.0, 9.4, 9.0, 22.1, (50, 90, 160), (50, 90, 160))
    free = replace(hidden, yaw=30.0, height=18.0, pitch=8.0)
    truck = PlacedObject("truck", 0.0, 1.7, 27.0, 13.4, (214, 73, 72), (202, 90, 89))
    grey = Named(("skyscraper",), COLORS["grey"], one_of_many=True)
    blue, seen, _ = colored([hidden, free, truck], [grey])
    assert (blue, color_name(seen.color)) == (hidden, "grey")


def test_a_colour_of_a_hill_is_that_of_the_one_on_which_things_stand():
    green = (120, 150, 100)
    far = PlacedObject("far hill", 0.0, 5.8, 72.0, 13.6, green, green)
    near = PlacedObject("far hill", 8.0, 1.5, 87.6, 13.0, green, green)
    pink = Named(("hills", "far hill"), COLORS["pink"], one_of_many=True)
    painted = colored([far, near], [pink])
    assert [color_name(one.color) for one in painted] == ["green", "pink"]


def test_a_red_tree_that_words_name_is_red():
    dark = PlacedObject("red tree", 0.0, 8.0, 21.0, 26.0, (64, 38, 64), (64, 38, 64))
    (tree,) = colored([dark], [Named(("red tree",), None, one_of_many=True)])
    assert color_name(tree.color) == "red"


def test_others_of_a_kind_have_not_the_colour_of_one_among_them():
    near = PlacedObject("skyscraper", 0.0, 9.4, 9.0, 22.1, (64, 64, 89), (64, 64, 89))
    others = [replace(near, yaw=yaw, color=(50, 90, 160)) for yaw in (60.0, 90.0)]
    blue = Named(("skyscraper",), COLORS["blue"], one_of_many=True)
    painted = [color_name(one.color) for one in colored([*others, near], [blue])]
    assert painted[-1] == "blue"
    assert "blue" not in painted[:-1]


def test_animals_without_a_told_colour_have_none_that_the_painter_never_gives_them():
    golden = PlacedObject("bear", 0.0, 0.7, 18.5, 9.2, (228, 180, 91), (228, 180, 91))
    (bear,) = colored([golden], [Named(("bear",), None)])
    assert color_name(bear.color) != "gold"
    assert colored([replace(golden, kind="dog")], [Named(("dog",), None)])[0].color == golden.color


def test_black_is_neither_navy_nor_brown_in_its_other_parts():
    for color, mean in (((64, 64, 89), (89, 89, 115)), ((190, 90, 60), (180, 100, 80))):
        planned = PlacedObject("barn", 0.0, 0.0, 36.0, 24.0, color, mean)
        (barn,) = colored([planned], [Named(("barn",), COLORS["black"])])
        for shown in (barn.color, barn.mean_color):
            assert max(shown) < 60
            assert max(shown) - min(shown) < 10


def test_a_colour_that_words_give_to_another_thing_is_not_taken():
    blue = PlacedObject("car", 0.0, -5.0, 17.0, 6.0, (64, 115, 192), (80, 120, 180))
    house = PlacedObject("cottage", 20.0, 0.0, 28.0, 19.0, COLORS["blue"], COLORS["blue"])
    named = [Named(("car",), None), Named(("cottage",), COLORS["blue"])]
    car, other = colored([blue, house], named)
    assert color_name(car.color) == "grey"
    assert other == house
    assert colored([blue, house], named[:1]) == [blue, house]


def test_in_the_dark_a_colour_is_darker():
    night = PlacedObject("sky", 0.0, 20.0, 360.0, 60.0, (20, 20, 60), (20, 20, 60))
    _, castle = colored([night, PALE], PURPLE)
    assert max(castle.color) < 0.7 * max(COLORS["purple"])


def test_a_brown_bed_is_no_pink_one_in_the_light_of_lamps():
    brown = PlacedObject("bed", 0.0, 0.0, 24.0, 13.0, (140, 89, 64), (140, 89, 64))
    for plan in (brown, replace(brown, mean_color=(216, 140, 165))):
        (bed,) = colored([plan], [Named(("bed",), COLORS["pink"])])
        assert bed.color == COLORS["pink"]


def test_a_road_of_the_colour_of_the_ground_is_darker():
    ground = PlacedObject("far ground", 0.0, -10.0, 360.0, 20.0, (140, 115, 140))
    same = PlacedObject("road", 0.0, -17.0, 89.0, 13.0, (140, 115, 140), (140, 115, 140))
    other = replace(same, color=(90, 90, 100), mean_color=(90, 90, 100))
    assert [one.color for one in with_plain_ways([ground, same])][1] == (98, 80, 98)
    assert with_plain_ways([ground, other]) == [ground, other]
    like_a_river = replace(other, color=(64, 89, 140))
    assert with_plain_ways([ground, like_a_river])[1].color == (98, 80, 98)


@pytest.mark.parametrize(("kind", "is_grey"), [("road", True), ("path", False)])
def test_a_road_through_grass_is_grey(kind: str, is_grey: bool):
    grass = PlacedObject("far ground", 0.0, -9.0, 360.0, 20.0, (130, 200, 110), (130, 200, 110))
    way = PlacedObject(kind, 0.0, -16.0, 89.0, 13.0, (125, 195, 110), (125, 195, 110))
    red, green, blue = with_plain_ways([grass, way])[1].color
    assert (max(red, green, blue) - min(red, green, blue) < 12) == is_grey


def test_near_ground_is_nearly_as_light_as_far_ground():
    far = PlacedObject("far ground", 0.0, -9.0, 360.0, 20.0, (150, 200, 100), (150, 200, 100))
    near = replace(far, kind="near ground", color=(50, 100, 50), mean_color=None)
    assert [one.color for one in with_even_ground([far, near])] == [far.color, (110, 160, 80)]
    assert with_even_ground([near]) == [near]


def test_by_day_roads_and_the_ground_of_a_city_are_grey_rather_than_blue():
    def band(kind, color):
        return PlacedObject(kind, 0.0, -9.0, 360.0, 20.0, color, color)

    house = PlacedObject("apartment house", 0.0, 4.0, 20.0, 14.0, (40, 60, 220), (40, 60, 220))
    grass, sky = band("far ground", (150, 200, 100)), band("low sky", (140, 192, 243))
    ground, road = (band(kind, (140, 166, 192)) for kind in ("near ground", "road"))
    grey = [band(kind, (166, 166, 166)) for kind in ("near ground", "road")]
    assert with_grey_streets([sky, grass, ground, road, house]) == [sky, grass, *grey, house]
    assert with_grey_streets([sky, ground, road]) == [sky, ground, grey[1]], "no city"
    dark = [band("low sky", (64, 64, 115)), band("near ground", (64, 70, 115)), house]
    assert with_grey_streets(dark) == dark, "it is night"


def test_bands_reach_up_to_the_next_one_and_no_line_is_left_in_the_sky():
    low = PlacedObject("low sky", 0.0, 9.4, 360.0, 20.0)
    high = PlacedObject("high sky", 0.0, 37.3, 360.0, 33.0)
    cloud = PlacedObject("cloud", 0.0, 18.0, 20.0, 2.0)
    mended, *rest = with_joined_bands([low, high, cloud])
    assert mended.pitch + mended.height / 2 == pytest.approx(high.pitch - high.height / 2)
    assert mended.pitch - mended.height / 2 == pytest.approx(low.pitch - low.height / 2)
    assert rest == [high, cloud]


def test_under_the_sky_by_day_a_colour_has_its_own_name_alone():
    sky = PlacedObject("low sky", 0.0, 9.0, 360.0, 20.0, (140, 192, 243), (140, 192, 243))
    slide = PlacedObject("slide", 0.0, -5.0, 22.0, 18.0, (140, 100, 60), (140, 100, 60))
    yellow = [Named(("slide",), COLORS["yellow"])]
    assert color_name(colored([sky, slide], yellow)[1].color) == "yellow"


def test_dungeons_have_walls_of_stone():
    wall = PlacedObject("wall", 0.0, 0.0, 89.0, 44.0, (200, 90, 90), (200, 90, 90), 2)
    floor = PlacedObject("floor", 0.0, -26.0, 360.0, 54.0, (135, 86, 68), None, 1)
    chest = PlacedObject("treasure chest", 0.0, -13.0, 16.0, 11.0, (135, 86, 68))
    stones, bare, same = with_bare_walls([wall, floor, chest], Walls("stone", COLORS["red"]))
    assert stones.variant != wall.variant
    assert [color_name(one.color) for one in (stones, bare)] == ["red", "grey"]
    assert same == chest
    assert max(stones.color) > 140, "as light as the room was"
    dark = replace(wall, color=(115, 89, 89), variant=stones.variant)
    grey = Walls("stone", COLORS["grey"])
    assert with_bare_walls([dark, floor, chest], grey) == [dark, floor, chest]


def test_caves_have_walls_of_rock_and_no_tiles():
    wall = PlacedObject("wall", 0.0, 0.0, 89.0, 44.0, (115, 89, 89), (110, 85, 85), 4)
    floor = PlacedObject("floor", 0.0, -26.0, 360.0, 54.0, (135, 86, 68), None, 1)
    rock, earth = with_bare_walls([wall, floor], Walls("rock", COLORS["grey"]))
    assert (rock.variant, rock.color) == (ROCK, wall.color)
    assert earth.variant != floor.variant


def test_spaceships_have_metal_walls_no_beams_and_round_windows():
    wall = PlacedObject("wall", 0.0, 0.0, 89.0, 44.0, (140, 50, 60), (140, 50, 60), 0)
    beams = PlacedObject("ceiling", 0.0, 30.0, 360.0, 20.0, (217, 217, 217), None, 1)
    window = PlacedObject("arched window", 9.0, 4.0, 16.0, 24.0, (240,) * 3, (60, 70, 110), 1)
    of_metal = Walls("metal", (196, 202, 210))
    metal, ceiling, porthole = with_bare_walls([wall, beams, window], of_metal)
    assert metal.color == of_metal.color
    assert ceiling.variant != beams.variant
    assert (porthole.kind, porthole.width, porthole.height) == ("round window", 16.0, 16.0)
    assert porthole.mean_color == window.mean_color, "it shows the same sky"


def test_a_tan_camel_is_no_white_one():
    tan = PlacedObject("camel", 0.0, -5.0, 22.0, 18.0, (192, 166, 115), (192, 166, 115))
    (camel,) = colored([tan], [Named(("camel",), COLORS["white"])])
    assert min(camel.color) > 220
    pale = replace(tan, color=(230, 215, 190), mean_color=None)
    assert colored([pale], [Named(("camel",), COLORS["white"])]) == [pale]


def test_a_grey_horse_is_no_white_one():
    grey = PlacedObject("horse", 0.0, 0.0, 20.0, 20.0, (170, 155, 150), (160, 150, 145))
    (horse,) = colored([grey], [Named(("horse",), COLORS["white"])])
    assert color_name(horse.color) == "white"


def test_of_several_houses_only_the_one_ahead_is_red():
    houses = [replace(PALE, kind="cottage", yaw=yaw) for yaw in (90.0, 5.0, 200.0)]
    red = colored(houses, [Named(("cottage",), COLORS["red"], one_of_many=True)])
    assert [color_name(one.color) == "red" for one in red] == [False, True, False]


def test_ground_in_the_shade_is_darker_and_what_stands_there_is_not():
    ground = PlacedObject("near ground", 0.0, -35.0, 360.0, 36.0, (100, 150, 100), (100, 150, 100))
    assert in_shade([ground, PALE], 0.5) == [
        replace(ground, color=(50, 75, 50), mean_color=(50, 75, 50)), PALE
    ]  # fmt: skip


def test_of_many_bushes_the_small_ones_stay_unless_words_name_them():
    bushes = [PlacedObject("bush", 9.0 * size, -5.0, size, size) for size in range(1, 25)]
    assert with_few_uninvited([PALE, *bushes]) == [PALE, *bushes[:6]]
    balloons = [replace(bush, kind="hot air balloon") for bush in bushes]
    assert with_few_uninvited(balloons) == balloons[:3]
    assert with_few_uninvited(balloons, shown=balloons[-4:]) == [*balloons[:3], *balloons[-4:]]
    assert with_few_uninvited([PALE, replace(PALE, kind="mouse")]) == [PALE]
    assert len(with_few_uninvited([replace(PALE, kind="turtle")] * 5)) == 2
    named = [Named(("bush",), None)]
    assert with_few_uninvited([PALE, *bushes], named) == [PALE, *bushes]


def test_a_pale_red_wall_of_a_white_room_is_painted_white():
    walls = [PlacedObject("wall", yaw, 0.0, 89.0, 40.0, color, color)
             for yaw, color in ((0.0, (232, 228, 224)), (90.0, (226, 204, 204)))]  # fmt: skip
    named = [Named(("wall",), (240, 240, 240), 2)]
    told = with_colored_shell(walls, named, (1.0, 1.0, 1.0))
    assert len({wall.color for wall in told}) == 1, "all walls alike"
    assert max(told[1].color) - min(told[1].color) < 16
    assert with_colored_shell(told[:1], named, (1.0, 1.0, 1.0)) == told[:1]


@pytest.mark.parametrize("light", [(1.0, 1.0, 1.0), (0.91, 0.77, 0.72)])
def test_a_floor_has_the_colour_of_words_in_the_light_of_its_room(light):
    brown = PlacedObject("floor", 0.0, -27.0, 360.0, 54.0, (115, 64, 38), (115, 64, 38))
    (floor,) = with_colored_shell([brown], [Named(("floor",), COLORS["grey"], 1)], light)
    grey = np.array(floor.color) / light
    assert max(grey) - min(grey) < 20 < min(grey)


def test_all_sides_of_a_backdrop_have_its_colour_as_dark_as_they_were_planned():
    sides = [PlacedObject("backdrop", yaw, 8.0, 89.0, 49.0, color, color)
             for yaw, color in ((0.0, (166, 140, 140)), (90.0, (220, 140, 150)))]  # fmt: skip
    pink = Named(("backdrop",), COLORS["pink"], 1, one_of_many=True)
    dark, bright = with_colored_shell(sides, [pink], (1.0, 1.0, 1.0))
    assert max(dark.color) == 166 < max(bright.color)
    assert with_colored_shell(sides, [pink], (0.7, 0.8, 1.0))[0].color[0] < dark.color[0]
    assert all(color_name(rgb(240.0 / max(one.color) * np.array(one.color))) == "pink"
               for one in (dark, bright))  # fmt: skip


def test_beds_and_ships_have_shapes_and_colours_that_agree():
    sky = PlacedObject("low sky", 0.0, 9.0, 360.0, 20.0, (240, 240, 240), (240, 240, 240))
    bed = PlacedObject("bed", 0.0, -9.0, 44.0, 24.0, (200, 40, 40), (40, 40, 200), 0)
    ship = PlacedObject("sailing ship", 0.0, 5.0, 24.0, 22.0, (90, 90, 90), (90, 90, 90), 5)
    _, red, brown = painted_whole([sky, bed, ship], [])
    assert (red.color, red.variant) == (bed.color, 3)
    assert red.mean_color is not None
    assert red.mean_color[0] > red.mean_color[2]
    assert brown.color is not None
    assert brown.color[0] > 1.5 * brown.color[2]
    named = [Named(("sailing ship",), (90, 90, 90), 1, 1)]
    assert painted_whole([sky, ship], named)[1].color == ship.color


def test_a_bus_in_a_colour_has_windows_of_another_one():
    red = (214, 73, 72)
    bus = PlacedObject("bus", 0.0, 0.0, 44.0, 20.0, red, red, 3)
    (whole,) = painted_whole([bus], [])
    assert whole.color == red
    assert whole.mean_color[2] - red[2] > 15


def test_a_stage_is_as_light_as_its_walls():
    floor = PlacedObject("floor", 0.0, -26.0, 360.0, 54.0, (64, 64, 89), (64, 64, 89))
    backdrop = PlacedObject("backdrop", 0.0, 6.0, 89.0, 48.0, (190, 190, 186), (190, 190, 186))
    assert light_of([floor]) < 0.6
    podium = PlacedObject("podium", 0.0, -20.0, 16.0, 10.0)
    assert light_of([floor, backdrop, podium]) > 0.9
    assert light_of([floor, replace(backdrop, kind="wall")]) < 0.6, "a room in lamplight"


@pytest.mark.parametrize(
    ("kind", "name", "light"),
    [
        *((kind, name, light) for kind in ("sea", "river") for name in ("teal", "grey", "black")
          for light in ((1.0, 1.0, 1.0), (0.78, 0.67, 0.86))),
        *(("lake", name, (1.0, 1.0, 1.0)) for name in ("teal", "red", "black", "green")),
    ],
)  # fmt: skip
def test_waters_have_the_colours_of_words_in_any_light(kind, name, light):
    blue = PlacedObject(kind, 0.0, -5.0, 89.0, 11.0, (64, 115, 192), (64, 115, 192))
    of_oasis, told = Named((kind,), None), Named((kind,), COLORS[name], one_of_many=True)
    named = [told._replace(color=None, parts=(of_oasis, told))]
    first, second = with_colored_waters([blue, replace(blue, yaw=180.0)], named, light)
    assert first.color == second.color, "two lakes are seen as one"
    assert (
        color_name([part / share for part, share in zip(first.color, light, strict=True)]) == name
    )
    assert sum(first.mean_color) > sum(first.color), "water shines"


def test_grey_has_no_tint():
    sky = PlacedObject("low sky", 0.0, 9.0, 360.0, 20.0, (140, 192, 243), (140, 192, 243))
    red = PlacedObject("rocket", 90.0, -5.0, 10.0, 5.0, (200, 60, 30))
    _, grey = colored([sky, red], [Named(("rocket",), COLORS["grey"])])
    assert np.ptp(grey.color) < 15


def test_ice_is_pale_and_bluer_than_snow_whatever_the_planner_guessed():
    green = PlacedObject("frozen lake", 0.0, -10.0, 40.0, 6.0, (89, 166, 89), (89, 166, 89))
    (ice,) = with_colored_waters([green], [], (1.0, 1.0, 1.0))
    assert min(ice.color) > 160
    assert ice.color[2] > ice.color[0] + 30
