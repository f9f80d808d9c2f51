"""Animals, and things that words name, stand out from what is behind them."""

from dataclasses import replace
from math import dist

from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.rules.contrast import seen_before, standing_out, varied
from mag_sandbox.model.imagination.rules.plans import light_of, looks_of
from mag_sandbox.scenes.color_names import COLORS
from mag_sandbox.scenes.naming import Named, named_things

WHITE, GREEN = (230, 228, 224), (101, 161, 99)
FLOOR = PlacedObject("floor", 0.0, -26.0, 360.0, 54.0, WHITE, WHITE)
CAT = PlacedObject("cat", 20.0, -18.0, 10.0, 9.0, (218, 215, 210), (208, 205, 200), 2)
CATS = [Named(("cat",), None, 1, 1)]


def test_a_white_cat_on_a_white_floor_is_another_one():
    floor, cat = standing_out([FLOOR, CAT], CATS)
    assert floor == FLOOR
    assert dist(cat.color, WHITE) > 70
    assert replace(cat, color=CAT.color, mean_color=CAT.mean_color, variant=2) == CAT


def test_animals_stand_out_unnamed():
    assert standing_out([FLOOR, CAT], []) == standing_out([FLOOR, CAT], CATS)


def test_where_no_look_stands_out_a_thing_is_darker_or_lighter():
    grass = replace(FLOOR, color=GREEN, mean_color=GREEN)
    frog = PlacedObject("frog", 20.0, -18.0, 10.0, 9.0, GREEN, GREEN, 1)
    _, other = standing_out([grass, frog], [Named(("frog",), None, 1, 1)])
    assert dist(other.color, GREEN) > 60


def test_a_placed_thing_takes_the_look_that_is_least_like_all_that_is_behind_it():
    fence, grass = [(230, 226, 220)] * 4, [(130, 175, 90)] * 6
    horse = PlacedObject("horse", 0.0, -6.0, 11.0, 10.0, (242, 214, 207), (229, 197, 190), 1)
    other = seen_before(horse, fence + grass, 1.0)
    assert max(other.color) < 180, "a pale one would be lost before the fence"
    assert seen_before(other, fence + grass, 1.0) == other
    penguin = replace(horse, kind="penguin", color=fence[0])
    assert seen_before(penguin, fence, 1.0) == penguin, "its colour says what it is"


def test_a_whale_in_a_night_sky_is_as_light_as_a_whale():
    night = PlacedObject("low sky", 0.0, 10.0, 360.0, 54.0, (38, 64, 140), (38, 64, 140))
    stars = replace(night, kind="starry sky", pitch=34.0, color=WHITE, mean_color=WHITE)
    whale = PlacedObject("whale", 0.0, 17.0, 28.0, 11.0, (38, 64, 115), (38, 64, 115), 1)
    *_, seen = standing_out([FLOOR, night, stars, whale], [Named(("whale",), None, 1, 1)])
    assert sum(seen.color) > 1.5 * sum(night.color)
    assert seen.variant == looks_of("whale")[0].variant, "of the usual shape if little is gained"


def people(count: int) -> list[PlacedObject]:
    blue = PlacedObject("person", 0.0, -6.0, 8.0, 18.0, (71, 115, 178), (94, 115, 142), 0)
    return [replace(blue, yaw=30.0 * place) for place in range(count)]


def test_people_look_different_from_each_other():
    crowd = varied(people(4))
    assert crowd[0] == people(1)[0]
    assert len({one.color for one in crowd}) == 4
    assert varied(people(4), kept=4) == people(4)
    barrels = [replace(one, kind="barrel") for one in people(4)]
    assert varied(barrels) == barrels


def test_people_who_stand_out_do_so_in_different_looks():
    sea = replace(FLOOR, color=(71, 115, 178), mean_color=(71, 115, 178))
    named = [Named(("person",), None, 3, 3)]
    crowd = standing_out([sea, *people(3)], named)[1:]
    assert len({one.color for one in crowd}) == 3


def test_gulls_are_white_before_any_sky():
    sky = PlacedObject("low sky", 0.0, 10.0, 360.0, 40.0, (238, 226, 214), (238, 226, 214))
    gull = PlacedObject("seagull", 20.0, 12.0, 12.0, 4.0, WHITE, WHITE, 1)
    assert standing_out([sky, gull], [Named(("seagull",), None)])[1] == gull


def test_what_words_color_or_do_not_name_or_what_stands_out_stays():
    black = replace(CAT, color=(30, 30, 30))
    assert standing_out([FLOOR, black], CATS) == [FLOOR, black]
    mug = replace(CAT, kind="mug")
    assert standing_out([FLOOR, mug], []) == [FLOOR, mug]
    white = [Named(("cat",), COLORS["white"], 1, 1)]
    assert standing_out([FLOOR, CAT], white) == [FLOOR, CAT]
    pond = PlacedObject("lake", 0.0, -11.0, 60.0, 8.0, FLOOR.color, FLOOR.color)
    assert standing_out([FLOOR, pond], [Named(("lake",), None)])[1] == pond, "water is blue"


def test_a_penguin_is_black_and_white_and_a_mirror_shows_the_wall():
    for kind in ("penguin", "mirror"):
        thing = replace(CAT, kind=kind)
        assert standing_out([FLOOR, thing], [Named((kind,), None)]) == [FLOOR, thing]


def test_hills_are_behind_the_ground():
    grass = replace(FLOOR, kind="far ground", color=GREEN, mean_color=GREEN)
    hills = PlacedObject("hills", 0.0, -20.0, 360.0, 66.0, WHITE, WHITE)
    assert standing_out([grass, hills, CAT], CATS) == [grass, hills, CAT]


def test_things_before_nothing_stay():
    assert standing_out([CAT], CATS) == [CAT]


def test_a_door_behind_a_red_chair_has_another_colour():
    wall = PlacedObject("wall", 0.0, 5.0, 90.0, 60.0, (240, 230, 210), (240, 230, 210))
    door = PlacedObject("door", 0.0, 0.0, 20.0, 40.0, (206, 80, 76), (200, 80, 76), 0)
    chair = PlacedObject("chair", 0.0, -10.0, 12.0, 24.0, (214, 73, 72), (210, 73, 72), 0)
    named = named_things("a red chair", ("chair",))
    _, behind, before = standing_out([wall, door, chair], named)
    assert before == chair
    assert behind.color is not None
    assert dist(behind.color, chair.color) > dist(door.color, chair.color)
    _, behind, _ = standing_out(
        [wall, door, chair], named_things("a red chair, a red door", ("chair", "door"))
    )
    assert behind == door


def test_a_plane_no_usual_look_of_which_is_seen_is_painted_in_a_plain_colour():
    cream, blue = (236, 214, 184), (140, 150, 200)
    ground = PlacedObject("near ground", 0.0, -27.0, 360.0, 54.0, cream, cream)
    sky = PlacedObject("low sky", 0.0, 14.0, 360.0, 28.0, blue, blue)
    plane = PlacedObject("plane", 20.0, 4.0, 49.0, 18.0, (224, 212, 184), (197, 166, 150), 0)
    seen = standing_out([sky, ground, plane], [Named(("plane",), None, 1, 1)])[-1]
    assert seen.color in {COLORS[name] for name in ("red", "blue", "green")}


def test_at_night_what_is_lost_on_the_ground_is_lighter():
    dark = replace(FLOOR, color=(64, 89, 105), mean_color=(64, 89, 105))
    sky = replace(dark, kind="low sky", pitch=20.0)
    crocodile = PlacedObject("crocodile", 20.0, -18.0, 18.0, 4.0, (64, 89, 89), (64, 89, 89), 1)
    *_, other = standing_out([sky, dark, crocodile], [Named(("crocodile",), None, 1, 1)])
    assert sum(other.color) > sum(dark.color) + 80


def test_stars_and_rain_make_no_day_and_animals_at_night_have_usual_colours():
    blue, grey = (38, 64, 140), (64, 89, 115)
    night = [
        PlacedObject("low sky", 0.0, 9.0, 360.0, 20.0, blue, blue),
        PlacedObject("near ground", 0.0, -35.0, 360.0, 60.0, grey, grey),
    ]
    stars = PlacedObject("starry sky", 0.0, 20.0, 360.0, 30.0, (217, 217, 217), (217, 217, 217))
    assert light_of([*night, stars]) == light_of(night) < 0.75
    dark = (32, 44, 44)
    beast = PlacedObject("crocodile", 0.0, -10.0, 40.0, 8.0, dark, dark, 3)
    *_, seen = standing_out([*night, stars, beast], [Named(("crocodile",), None, 1, 1)])
    red, green, blue = seen.color
    assert green > 120
    assert green > max(red, blue)
    house = PlacedObject("cottage", 0.0, 4.0, 30.0, 20.0, grey, grey, 3)
    own = [Named(("cottage",), None, 1, 1)]
    by_night, by_lamp = (
        standing_out([*night, stars, house], own, tint)[-1].color
        for tint in ((0.6, 0.66, 0.92), (1.0, 1.0, 1.0))
    )  # a house is as blue as its night
    assert by_night[0] - by_night[2] < by_lamp[0] - by_lamp[2]
