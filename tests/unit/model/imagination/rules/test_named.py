"""A plan shows what words name: as often as they say, large enough, and in level views."""

from dataclasses import replace
from itertools import combinations, pairwise
from math import radians, tan

import pytest

from mag_sandbox.controls.camera import yaw_difference
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.rules.filling import quarter_of
from mag_sandbox.model.imagination.rules.mats import with_mats_laid
from mag_sandbox.model.imagination.rules.named import far_first, obeyed, wooded
from mag_sandbox.model.imagination.rules.plans import away, colored, shown_shares
from mag_sandbox.model.imagination.rules.spacing import covered
from mag_sandbox.scenes.color_names import COLORS, color_name
from mag_sandbox.scenes.kinds import THINGS
from mag_sandbox.scenes.naming import Named, named_things
from mag_sandbox.scenes.relations import Relation

GREEN, BLUE = (90, 140, 90), (30, 60, 140)
GROUND = [
    PlacedObject("low sky", 0.0, 9.0, 360.0, 20.0, BLUE, BLUE),
    PlacedObject("far ground", 0.0, -10.0, 360.0, 20.0, GREEN, GREEN),
    PlacedObject("near ground", 0.0, -35.0, 360.0, 36.0, GREEN, GREEN),
]
WALL = PlacedObject("wall", 0.0, -1.0, 89.0, 38.0)
BACKDROP = PlacedObject("backdrop", 0.0, 6.0, 89.0, 48.0)
HORSE = PlacedObject("horse", 20.0, -5.0, 21.0, 19.0)
BARN = PlacedObject("barn", 20.0, 0.0, 40.0, 30.0)
KINDS = ("horse", "barn", "car", "tent", "star", "starry sky", "hills", "far hill", "teddy bear")


def of(things: list[PlacedObject], kind: str) -> list[PlacedObject]:
    return [thing for thing in things if thing.kind == kind]


def test_a_boat_on_a_coast_without_a_sea_gets_one_rather_than_a_lake():
    boat, sea = PlacedObject("boat", 0.0, -4.0, 20.0, 20.0), Named(("sea",), None)
    result = obeyed([*GROUND, boat], [Named(("boat",), None)], [sea])
    assert of(result, "sea")
    assert not of(result, "lake")
    assert of(obeyed([*GROUND, boat], [Named(("boat",), None)]), "lake")


def test_palms_behind_a_boat_at_the_sea_stand_on_the_sand_with_it():
    sea = PlacedObject("sea", 0.0, -5.3, 89.0, 11.0)
    palms = [PlacedObject("palm", yaw, 0.0, 12.0, 16.0) for yaw in (-100.0, 100.0, 140.0)]
    boat = PlacedObject("boat", 20.0, 2.0, 20.0, 20.0)
    named = named_things("three palms behind a boat", ("palm", "boat"))
    result = obeyed([*GROUND, sea, *palms, boat], named, [Named(("sea",), None)])
    (boat,), palms = of(result, "boat"), of(result, "palm")
    assert [one for one in result if one.kind == "sea"] == [sea]
    assert all(boat.foot < palm.foot <= sea.foot for palm in palms)
    assert all(away(one) + one.width / 2 <= 45.0 for one in (boat, *palms))


def test_far_things_are_in_the_first_view():
    tents = [PlacedObject("tent", yaw, -6.0, 20.0, 15.0) for yaw in (-15.0, 10.0)]
    pyramids = [PlacedObject("pyramid", yaw, 8.0, 33.0, 20.0) for yaw in (64.0, 143.0)]
    named = named_things("tents and pyramids far away", ("tent", "pyramid"))
    result = obeyed([*GROUND, *pyramids, *tents], named)
    assert all(away(one) < 45.0 for one in of(result, "pyramid")[:2])


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("there", [1, 3, 7])
def test_there_are_as_many_as_words_say(count: int, there: int):
    horses = [PlacedObject("horse", 50.0 * index, -5.0, 21.0, 19.0) for index in range(there)]
    result = obeyed([*GROUND, *horses], [Named(("horse",), None, count, count)])
    assert len(of(result, "horse")) == count
    shares = shown_shares(result)
    assert all(shares[place] >= 0.5 for place, one in enumerate(result) if one.kind == "horse")


def test_counted_flowers_are_no_rose_bushes():
    flowers = [PlacedObject("wild flower", yaw, -20.0, 8.0, 7.0) for yaw in (0.0, 20.0)]
    bush = PlacedObject("rose bush", 340.0, -8.0, 8.0, 5.0)
    kinds = ("wild flower", "rose bush")
    kept = obeyed([*GROUND, *flowers, bush], [Named(kinds, None, 3, 3)])
    assert (len(of(kept, "wild flower")), of(kept, "rose bush")) == (3, [])
    assert of(obeyed([*GROUND, *flowers, bush], [Named(kinds, None, 2)]), "rose bush")


def test_several_are_more_than_one_and_others_stay():
    result = obeyed([*GROUND, HORSE, BARN], [Named(("horse",), None, 2)])
    assert len(of(result, "horse")) == 2
    assert of(result, "barn") == [BARN]


def test_the_only_house_is_not_right_behind_a_named_train():
    barn = PlacedObject("barn", 352.0, 8.0, 49.1, 32.9)
    train = PlacedObject("train", 0.0, -0.4, 40.0, 16.0)
    result = obeyed([*GROUND, barn, train], [Named(("train",), None, 1, 1)])
    (moved,) = of(result, "barn")
    assert abs(yaw_difference(moved.yaw, 0.0)) > 40.0


def test_one_that_is_called_tall_is_taller_than_others_of_its_kind():
    row = [PlacedObject("skyscraper", 60.0 * at, 9.4, 9.0, 22.0 + at) for at in range(5)]
    tall = Named(("skyscraper",), None, 1, scale=1.6, one_of_many=True)
    heights = sorted(one.height for one in of(obeyed([*GROUND, *row], [tall]), "skyscraper"))
    assert heights[-2] < 0.7 * heights[-1]


def test_a_rider_stays_on_its_horse_under_a_starry_sky():
    stars = PlacedObject("starry sky", 0.0, 15.0, 360.0, 30.0, BLUE, BLUE)
    horse = PlacedObject("horse", 20.0, -5.0, 20.0, 18.0)
    knight, cow = PlacedObject("knight", 60.0, -6.0, 9.0, 20.0), replace(horse, kind="cow")
    named = named_things("a knight on a horse at night", ("horse", "knight"))
    result = obeyed([*GROUND[:1], stars, *GROUND[1:], cow, horse, knight], named)
    assert of(result, "knight")[0].yaw == of(result, "horse")[0].yaw


def test_the_palm_that_something_is_under_stays():
    palm = PlacedObject("palm", 0.0, 8.0, 22.0, 30.0)
    far = [PlacedObject("palm", yaw, 1.0, 4.0, 6.0) for yaw in (330.0, 335.0)]
    chest = PlacedObject("treasure chest", 28.0, -13.6, 18.0, 12.0)
    named = named_things("a treasure chest under a palm", ("treasure chest", "palm"))
    result = obeyed([*GROUND, *far, palm, chest], named)
    (below,) = of(result, "treasure chest")
    above = max(of(result, "palm"), key=lambda one: one.height)
    assert above.height > 15.0
    assert abs(yaw_difference(above.yaw, below.yaw)) < 1.0


def test_whales_are_larger_than_fish():
    whales = [PlacedObject("whale", 90.0 * at, -1.0, 12.0, 5.0) for at in range(3)]
    result = obeyed([*GROUND, *whales], [Named(("whale",), None, 3)])
    assert min(one.width for one in of(result, "whale")) > 20.0


def test_seven_whales_in_the_sea_are_all_ahead():
    sea = PlacedObject("sea", 10.0, -5.7, 89.0, 10.0)
    whale = PlacedObject("whale", 90.0, -1.0, 22.0, 9.0)
    named = named_things("seven whales in the sea", ("whale", "sea"))
    ahead = [away(one) for one in of(obeyed([*GROUND, sea, whale], named), "whale")]
    assert len(ahead) == 7
    assert max(ahead) < 42.0


def test_what_something_hides_is_moved_beside_it():
    result = obeyed([*GROUND, HORSE, BARN], [Named(("horse",), None)])
    assert shown_shares(result)[3] > 0.9
    assert result[:3] == GROUND


def test_what_stands_before_a_named_thing_is_left_out_unless_it_is_named_too():
    car = PlacedObject("car", 26.0, -8.0, 16.0, 9.0)
    named = Named(("horse",), None, 1, 1)
    assert of(obeyed([*GROUND, HORSE, car], [named]), "car") == []
    both = obeyed([*GROUND, HORSE, car], [named, Named(("car",), None, 1, 1)])
    assert len(of(both, "car")) == len(of(both, "horse")) == 1
    beside = PlacedObject("car", 60.0, -8.0, 16.0, 9.0)
    assert of(obeyed([*GROUND, HORSE, beside], [named]), "car") == [beside]


def test_what_is_right_behind_a_named_thing_is_left_out_unless_it_is_far_or_a_door():
    mountains = PlacedObject("mountains", 20.0, 0.0, 66.0, 22.0)
    door = PlacedObject("door", 20.0, -5.0, 12.0, 27.0)
    things = [*GROUND, mountains, door, BARN, HORSE]
    assert obeyed(things, [Named(("horse",), None, 1, 1)]) == [*GROUND, mountains, door, HORSE]


def test_named_things_do_not_stand_before_each_other():
    named = [Named((kind,), None, 1, 1) for kind in ("horse", "barn")]
    result = obeyed([*GROUND, BARN, HORSE], named)
    assert shown_shares(result)[3] > 0.9
    assert len(result) == 5


@pytest.mark.parametrize("kind", ["road", "river", "path"])
def test_a_way_that_words_name_is_added_where_a_view_shows_it(kind: str):
    (way,) = of(obeyed([*GROUND, HORSE], [Named((kind,), None)]), kind)
    assert -27.0 < way.pitch < 0.0
    assert obeyed([*GROUND, way], [Named((kind,), None)]) == [*GROUND, way]
    assert obeyed([HORSE], [Named((kind,), None)]) == [HORSE]


def test_boats_have_a_lake_where_there_is_no_water():
    boat = PlacedObject("boat", 200.0, 0.0, 12.0, 14.0)
    result = obeyed([*GROUND, boat], [Named(("boat",), None, 1, 1)])
    (lake,) = of(result, "lake")
    (afloat,) = of(result, "boat")
    assert abs(afloat.yaw - lake.yaw) < lake.width / 2
    coral = PlacedObject("coral", 90.0, -10.0, 8.0, 8.0)
    assert of(obeyed([*GROUND, coral, boat], [Named(("boat",), None, 1, 1)]), "lake") == []


def test_a_village_by_the_sea_has_a_sea():
    (sea,) = of(obeyed([*GROUND, BARN], [Named(("sea",), None)]), "sea")
    assert sea.yaw == -24.0, "the barn at 20 stays"
    assert sea.foot < 0.0 < sea.pitch + sea.height / 2


def test_windows_and_curtains_stay_on_walls_that_words_name_and_behind_furniture():
    walls = [PlacedObject("wall", 90.0 * side, 0.0, 90.0, 40.0) for side in range(4)]
    floor = PlacedObject("floor", 0.0, -35.0, 360.0, 36.0)
    window, curtains = (
        PlacedObject(kind, 20.0, pitch, width, height)
        for kind, pitch, width, height in (
            ("tall window", 3.0, 16.0, 22.0),
            ("curtains", 0.0, 30.0, 27.0),
        )
    )
    sofa = PlacedObject("sofa", 12.0, -12.0, 30.0, 14.0)
    named = [Named(("wall",), None), Named(("sofa",), None, 1, 1)]
    result = obeyed([*walls, floor, window, curtains, sofa], named)
    assert of(result, "tall window") + of(result, "curtains") == [window, curtains]
    assert result.index(curtains) < result.index(*of(result, "sofa"))


def test_a_forest_has_trees_all_around_and_behind_what_stands_there():
    tree = PlacedObject("oak", 20.0, 0.0, 16.0, 20.0)
    result = wooded([*GROUND, tree, HORSE], [Named(("oak", "pine"), None, 12)])
    trees = of(result, "oak")
    assert len(trees) == 12
    assert len({one.yaw // 90 for one in trees}) == 4
    assert all(one.pitch - one.height / 2 >= -10.0 for one in trees)
    assert result[-1] == HORSE
    assert wooded([*GROUND, tree], [Named(("oak",), None)]) == [*GROUND, tree]


def test_a_speck_at_the_horizon_is_brought_near():
    speck = PlacedObject("tent", 20.0, 7.0, 2.0, 1.0)
    (tent,) = of(obeyed([*GROUND, speck], [Named(("tent",), None, 1, 1)]), "tent")
    assert tent.width > 12.0
    assert tent.pitch - tent.height / 2 < 0.0


@pytest.mark.parametrize("yaw", [12.0, 70.0])
def test_of_trees_at_the_horizon_one_is_near_and_ahead(yaw: float):
    tree = PlacedObject("bare tree", yaw, 1.7, 3.7, 6.0)
    dead = Named(("bare tree",), None, least=1, one_of_many=True)
    (near,) = (one for one in obeyed([tree], [dead]) if one.kind == "bare tree")
    assert near.height > 2 * tree.height
    assert near.foot < tree.foot
    assert away(near) <= 12.0


def test_a_rug_lies_under_what_is_named_and_not_on_it():
    rug = PlacedObject("round rug", 20.0, -23.0, 54.0, 27.0)
    named = [Named(("horse",), None, 1, 1)]
    assert obeyed([HORSE, rug], named) == [HORSE]
    assert obeyed([rug, HORSE], named) == [rug, HORSE]


def test_a_named_rug_is_all_in_view_and_as_large_as_it_was():
    rug = PlacedObject("round rug", 0.0, -28.5, 53.0, 18.0)
    (laid,) = with_mats_laid([rug], named_things("a rug", ("round rug",)))
    assert laid.foot == pytest.approx(-24.0)
    deep, shown = (1 / tan(radians(-one.top)) - 1 / tan(radians(-one.foot)) for one in (rug, laid))
    assert shown == pytest.approx(deep)
    assert laid.width < 40.0


@pytest.mark.parametrize(
    ("text", "edge"), [("a rug in front of a bed", -20.0), ("a rug under a bed", -11.0)]
)
def test_a_rug_lies_where_words_say_under_what_stands_on_it(text: str, edge: float):
    rug = PlacedObject("round rug", 120.0, -24.0, 54.0, 18.0)
    bed = PlacedObject("bed", 340.0, -13.0, 30.0, 14.0)
    named = named_things(text, ("bed", "round rug"))
    laid, own = obeyed([WALL, bed, rug], named)[1:]
    assert (laid.kind, own.kind) == ("round rug", "bed")
    assert laid.yaw == own.yaw
    assert laid.top == pytest.approx(max(min(edge, rug.top), -25.5), abs=5.0)


def test_the_first_view_shows_a_named_rug():
    rug = PlacedObject("round rug", 120.0, -29.0, 54.0, 18.0)
    sofa = PlacedObject("sofa", 0.0, -14.0, 60.0, 22.0)
    chairs = [PlacedObject("armchair", yaw, -16.0, 24.0, 22.0) for yaw in (320.0, 40.0)]
    named = named_things("a sofa, two armchairs and a rug", tuple(THINGS))
    (laid,) = of(obeyed([WALL, sofa, *chairs, rug], named), "round rug")
    assert abs(yaw_difference(laid.yaw, 0.0)) + laid.width / 4 < 40.0


def test_the_widest_thing_that_words_name_stays_in_the_first_view_of_a_room():
    bed = PlacedObject("bunk bed", 2.0, -9.0, 27.0, 22.0)
    toys = [
        PlacedObject("toy blocks", yaw, pitch, 10.0, 9.0)
        for yaw, pitch in ((29.0, -13.0), (122.0, -17.0))
    ]
    bear = PlacedObject("teddy bear", 346.0, -19.0, 10.0, 11.0)
    horse = PlacedObject("rocking horse", 200.0, -16.0, 20.0, 15.0)
    things = [WALL, toys[0], bed, toys[1], bear, horse]
    text = "a bunk bed, a teddy bear, a rocking horse and toys"
    (shown,) = of(obeyed(things, named_things(text, tuple(THINGS))), "bunk bed")
    assert abs(yaw_difference(shown.yaw, 0.0)) < 40.0


def test_a_rug_that_words_name_takes_no_room_from_what_may_stand_on_it():
    rug = PlacedObject("round rug", 16.0, -20.0, 54.0, 24.0)
    chairs = [PlacedObject("armchair", yaw, -16.0, 18.0, 16.0) for yaw in (344.0, 36.0)]
    sofa = PlacedObject("sofa", 243.0, -15.0, 27.0, 12.0)
    named = [Named((kind,), None, 1, 1) for kind in ("sofa", "round rug")]
    two = Named(("armchair",), None, 2, 2)
    (placed,) = of(obeyed([rug, *chairs, sofa], [two, *named]), "sofa")
    assert placed.width > 25.0
    assert away(placed) < 35.0


def test_a_single_thing_is_not_much_smaller_than_usual():
    horse = PlacedObject("horse", 20.0, -4.0, 8.0, 7.0)
    one, some = Named(("horse",), None, 1, 1), Named(("horse",), None, 1)
    assert of(obeyed([*GROUND, horse], [one]), "horse")[0].width > 16.0
    assert of(obeyed([*GROUND, horse], [some]), "horse")[0].width == pytest.approx(12.0)
    trees = [PlacedObject("oak", yaw, 0.0, 8.0, tall) for yaw, tall in ((50.0, 7.0), (20.0, 16.0))]
    assert of(obeyed([*GROUND, *trees], [Named(("oak",), None, 1)]), "oak") == trees


def test_a_large_thing_alone_appears_larger_than_a_small_one():
    one = Named(("elephant",), None, 1, 1)
    elephant = PlacedObject("elephant", 20.0, -3.0, 13.0, 8.0)
    (shown,) = of(obeyed([*GROUND, elephant], [one]), "elephant")
    assert shown.width > 19.0
    (cat,) = of(
        obeyed([*GROUND, replace(elephant, kind="cat")], [Named(("cat",), None, 1, 1)]), "cat"
    )
    assert cat.width < 15.0


def test_what_has_no_room_ahead_is_farther_away():
    house = PlacedObject("cottage", 60.0, 6.0, 40.0, 30.0)
    horses = [PlacedObject("horse", yaw, -9.0, 20.0, 18.0) for yaw in (-24.0, 0.0, 24.0)]
    named = [Named(("horse",), None, 3, 3), Named(("cottage",), None, 1, 1)]
    (one,) = of(obeyed([*GROUND, *horses, house], named), "cottage")
    assert one.width < 30.0
    assert abs(yaw_difference(one.yaw, 0.0)) < 40.0


@pytest.mark.parametrize("kind", ["snowman", "windmill", "tower"])
def test_the_first_view_shows_the_top_of_what_is_named(kind: str):
    thing = PlacedObject(kind, 10.0, 8.0, 26.0, 44.0)
    (one,) = of(obeyed([*GROUND, thing], [Named((kind,), None, 1, 1)]), kind)
    assert one.pitch + one.height / 2 <= 23.51
    assert one.foot < 0.0


def test_rain_hides_nothing():
    rain = PlacedObject("falling rain", 0.0, 0.0, 360.0, 108.0)
    things = [*GROUND, HORSE, rain]
    assert obeyed(things, [Named(("horse",), None)]) == things


def test_what_is_named_shows_in_level_views():
    high = PlacedObject("moon", 200.0, 32.0, 16.0, 16.0)
    (moon,) = of(obeyed([*GROUND, high], [Named(("moon",), None)]), "moon")
    assert moon.pitch + moon.height / 2 <= 27.0
    assert min(moon.yaw, 360.0 - moon.yaw) < 38.0
    assert obeyed([*GROUND, high], []) == [*GROUND, high]


@pytest.mark.parametrize(("word", "kind"), [("a hill", "far hill"), ("bright stars", "star")])
def test_far_things_that_words_name_are_added_outdoors_alone(word: str, kind: str):
    named = named_things(word, KINDS)
    assert len(of(obeyed(GROUND, named), kind)) > 5
    assert obeyed([HORSE], named) == [HORSE]


def test_a_starry_sky_outdoors_is_of_stars_that_can_be_painted():
    band = PlacedObject("starry sky", 0.0, 34.0, 360.0, 33.0, (243, 243, 243), (217, 217, 217))
    night = obeyed([*GROUND, band], [])
    assert not of(night, "starry sky")
    assert len(of(night, "star")) > 20
    assert all(star.width >= 2.0 for star in of(night, "star"))
    assert obeyed([HORSE, band], []) == [HORSE, band], "stages and games have lights of their own"


def test_counted_things_that_would_be_painted_as_one_are_as_far_away_as_each_other():
    cars = [PlacedObject("car", yaw, -3.0, width, width / 2.7) for yaw, width in
            ((-31.0, 13.6), (-13.0, 33.0), (0.0, 13.6), (17.0, 14.8))]  # fmt: skip
    front = Relation("front", ("barn",))
    shown = of(obeyed([*GROUND, BARN, *cars], [Named(("car",), None, 4, 4, relation=front)]), "car")
    assert len({(one.width, one.pitch) for one in shown}) == 1
    assert not any(one.overlaps(other) for one, other in combinations(shown, 2))


def test_on_a_stage_named_things_stand_on_the_sides_that_words_say():
    backdrop = PlacedObject("backdrop", 0.0, 0.0, 90.0, 60.0, GREEN, GREEN)
    piano, horse = PlacedObject("piano", 358.0, -6.0, 40.0, 30.0), replace(HORSE, yaw=18.0)
    left, right = (Relation(where) for where in ("left", "right"))
    words = [Named(("teddy bear",), None, 1, 1, relation=left),
             Named(("piano",), None, 1, 1, relation=right)]  # fmt: skip
    teddy = replace(horse, kind="teddy bear")
    shown = obeyed([backdrop, piano, teddy], words)
    (bear,), (grand,) = of(shown, "teddy bear"), of(shown, "piano")
    assert yaw_difference(bear.yaw, grand.yaw) < 0.0


@pytest.mark.parametrize(
    ("words", "colors"),
    [
        ("a red car between two blue cars", ["blue", "red", "blue"]),
        ("two blue cars left of a red car", ["blue", "blue", "red"]),
        ("a blue car right of two red cars", ["red", "red", "blue"]),
        ("between two blue cars is a red car", ["blue", "red", "blue"]),
    ],
)
def test_of_one_kind_each_is_on_the_side_of_the_other_that_words_say(words: str, colors: list[str]):
    cars = [PlacedObject("car", yaw, -6.0, 12.0, 5.0) for yaw in (20.0, 0.0, 340.0)]
    named = named_things(words, ("car",))
    shown = of(colored(obeyed([*GROUND, *cars], named), named), "car")
    shown.sort(key=lambda one: yaw_difference(one.yaw, 0.0))
    assert [color_name(one.color) for one in shown if one.color] == colors


def test_nothing_named_stands_before_a_named_door():
    things = [PlacedObject("wall", 0.0, 0.0, 90.0, 60.0)]
    things += [PlacedObject("door", -30.0, -4.0, 14.0, 28.0)]
    things += [PlacedObject("piano", -30.0, -9.0, 24.0, 20.0)]
    things += [PlacedObject("sofa", -18.0, -12.0, 30.0, 14.0)]
    kinds = "piano", "door", "sofa"
    room = {one.kind: one for one in obeyed(things, [Named((kind,), None, 1, 1) for kind in kinds])}
    assert covered(room["door"], room["piano"]) < 0.1
    assert covered(room["door"], room["sofa"]) < 0.1


def test_chairs_leave_their_table_in_the_first_view():
    things = [PlacedObject("wall", 0.0, 0.0, 90.0, 60.0)]
    things += [PlacedObject("dining table", 70.0, -4.0, 36.0, 27.0)]
    things += [PlacedObject("chair", 9.0 * at, -18.0, 8.0, 14.0) for at in range(-4, 4)]
    named = [Named(("dining table",), None, 1, 1), Named(("chair",), None, 8, 8)]
    (table,) = of(obeyed(things, named), "dining table")
    assert abs(yaw_difference(table.yaw, 0.0)) < 30.0


def test_coins_of_a_game_are_not_cut_by_the_upper_edge_of_the_first_view():
    game = [PlacedObject("turf", 0.0, -30.0, 360.0, 60.0)]
    coins = [PlacedObject("coin", 11.0 * at, 26.0, 10.0, 12.0) for at in range(-3, 4)]
    for coin in of(obeyed([*game, *coins], [Named(("coin",), None, 7, 7)]), "coin"):
        assert coin.pitch + coin.height / 2 < 24.0


def test_large_birds_of_a_flock_are_whole_in_the_first_view():
    bats = [PlacedObject("bat", 90.0, 17.0, 20.0, 9.0) for _ in range(3)]
    for one in of(obeyed([*GROUND, *bats], [Named(("bat",), None, 3, 3)]), "bat"):
        assert abs(yaw_difference(one.yaw, 0.0)) + one.width / 2 < 45.0
        assert one.pitch + one.height / 2 < 27.0


def test_counted_birds_are_all_in_sight():
    birds = [PlacedObject("bird", 16.0 * at, 17.0, 12.0, 3.7) for at in range(-3, 4)]
    seven = [Named(("bird",), None, 7, 7)]
    flock = of(obeyed([*GROUND, *birds], seven), "bird")
    assert len(flock) == 7
    assert all(abs(yaw_difference(one.yaw, 0.0)) <= 38.0 for one in flock)
    assert not any(one.overlaps(other) for one, other in combinations(flock, 2))


def test_a_path_runs_on_the_near_side_of_a_river_that_lies_where_it_would():
    river = PlacedObject("river", 3.0, -16.0, 89.0, 9.0, (90, 160, 190), (90, 160, 190))
    path = PlacedObject("path", 0.0, -19.0, 89.0, 6.0, (240, 210, 160), (240, 210, 160))
    (near,) = of(obeyed([*GROUND, path, river], []), "path")
    assert near.pitch + near.height / 2 < river.foot
    assert near.foot > -31.0, "a level view shows it"
    ahead = replace(path, height=24.0)
    assert of(obeyed([*GROUND, ahead, river], []), "path") == [ahead], "it leads to the river"


def test_a_giant_thing_is_larger_and_keeps_its_foot():
    (giant,) = obeyed([HORSE], [Named(("horse",), None, scale=1.8)])
    assert giant.height == pytest.approx(1.8 * HORSE.height)
    assert giant.pitch - giant.height / 2 == pytest.approx(HORSE.pitch - HORSE.height / 2)


def test_a_tiny_thing_is_still_seen():
    (tiny,) = of(obeyed([*GROUND, HORSE], [Named(("horse",), None, 1, 1, 0.25)]), "horse")
    assert 6.5 < tiny.width < HORSE.width / 2


def test_two_things_stay_on_both_sides_of_what_is_between_them():
    barns = [replace(BARN, yaw=at, width=20.0) for at in (0.0, 90.0)]
    tent, car = (
        PlacedObject("tent", 0.0, -3.0, 20.0, 14.0),
        PlacedObject("car", 10.0, -6.0, 30.0, 12.0),
    )
    named = named_things("a horse between two barns, a car and a tent", KINDS)
    result = obeyed([*GROUND, *barns, tent, HORSE, car], named)
    (horse,) = of(result, "horse")
    one, other = (yaw_difference(barn.yaw, horse.yaw) for barn in of(result, "barn"))
    assert one * other < 0


def test_what_is_too_large_for_a_view_stands_farther_away():
    near = PlacedObject("horse", 0.0, -10.0, 30.0, 30.0)
    (giant,) = obeyed([near], [Named(("horse",), None, 1, 1, scale=2.2)])
    foot = giant.pitch - giant.height / 2
    assert (giant.width, giant.height) == pytest.approx((44.0, 44.0))
    assert foot == pytest.approx(-25.0 * 44.0 / 66.0)  # and as much farther


def test_of_many_trees_only_a_large_one_is_meant():
    trees = [PlacedObject("oak", yaw, 0.0, 13.0, 16.0) for yaw in (0.0, 120.0, 240.0)]
    (one,) = named_things("a giant oak", ("oak",))
    heights = sorted(tree.height for tree in obeyed([*GROUND, *trees], [one])[3:])
    assert heights == pytest.approx([16.0, 16.0, 29.5], abs=0.6)
    far = [replace(tree, width=5.0, height=7.0) for tree in trees]
    assert max(tree.height for tree in obeyed([*GROUND, *far], [one])[3:]) > 25.0


def test_stands_bear_as_many_exhibits_as_words_say():
    bear = PlacedObject("teddy bear", 0.0, 9.0, 30.0, 36.0)
    stage = [
        thing
        for yaw in (0.0, 90.0, 180.0, 270.0)
        for thing in (
            PlacedObject("box", yaw, -17.0, 34.0, 15.0),
            PlacedObject("mug", yaw, 3.0, 30.0, 24.0) if yaw else bear,
        )
    ]
    stage = [BACKDROP, *stage]
    for count in (1, 3):
        result = obeyed(stage, [Named(("teddy bear",), None, count, count)])
        assert len(of(result, "teddy bear")) == count
        assert len(result) == len(stage)
    floor = PlacedObject("floor", 0.0, -30.0, 360.0, 40.0, GREEN, GREEN)
    mugs = obeyed([floor, *stage], [Named(("mug",), None)])
    assert not of(mugs, "table"), "they have stands"


def test_plants_and_barriers_stay_between_the_stands_of_a_stage():
    stands = [
        thing
        for yaw in (20.0, 90.0, 180.0, 270.0)
        for thing in (
            PlacedObject("podium", yaw, -19.0, 20.0, 8.0),
            PlacedObject("mug", yaw, -7.0, 14.0, 16.0),
        )
    ]
    plants = [PlacedObject("potted plant", yaw, -12.0, 10.0, 15.0) for yaw in (0.0, 225.0)]
    stage = [BACKDROP, *stands, *plants]
    named = [Named(("potted plant",), None, 2, 2)]
    assert obeyed(stage, named) == stage
    turned = [replace(one, yaw=(one.yaw + 90.0) % 360) for one in stage]
    ahead = [
        abs(yaw_difference(one.yaw, 0.0)) < 45 for one in of(obeyed(turned, named), "potted plant")
    ]
    assert sorted(ahead) == [False, True], "one is brought into the first view"


def test_an_exhibit_that_words_name_stands_on_a_stand_and_not_between_two():
    stage = [BACKDROP]
    for yaw in (20.0, 90.0, 180.0, 270.0):
        stage += [
            PlacedObject("box", yaw, -17.0, 34.0, 15.0),
            PlacedObject("mug", yaw, 3.0, 20.0, 24.0),
        ]
    between = PlacedObject("dragon", 50.0, 0.0, 45.0, 30.0)
    (dragon,) = of(obeyed([*stage, between], [Named(("dragon",), None, 1, 1)]), "dragon")
    assert (dragon.yaw, dragon.width) == (20.0, 27.0)
    before = PlacedObject("dragon", 22.0, -20.0, 20.0, 14.0)  # a stand, on the floor
    (dragon,) = of(obeyed([*stage, before], [Named(("dragon",), None, 1, 1)]), "dragon")
    assert dragon.pitch - dragon.height / 2 == pytest.approx(-9.0)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("two red cars", (2, 2, 1.0)),
        ("a car", (1, 1, 1.0)),
        ("by the car", (1, 1, 1.0)),
        ("the cars", (3, None, 1.0)),
        ("red cars", (3, None, 1.0)),
        ("3 huge old cars", (3, 3, 2.5)),
        ("one tent, many cars", (5, None, 1.0)),
        ("five tents and a small car", (1, 1, 0.6)),
        ("my car", (1, 1, 1.0)),
        ("a camp, only cars", (3, None, 1.0)),
        ("lots of red cars", (5, None, 1.0)),
        ("a pair of cars", (2, 2, 1.0)),
    ],
)
def test_words_before_a_thing_tell_how_many_and_how_large(text: str, told: tuple[float, ...]):
    named = next(one for one in named_things(text, KINDS) if one.kinds[0] == "car")
    assert (named.least, named.most, named.scale) == told
    assert (named.color is not None) == ("red" in text)


def test_the_first_view_of_a_village_shows_a_house_beside_what_is_named():
    house, other = (PlacedObject("cottage", yaw, -1.0, 40.0, 28.0) for yaw in (90.0, 200.0))
    homes, horses = Named(("cottage", "church"), None), Named(("horse",), None, 2, 2)
    plan = [*GROUND, house, other, HORSE, HORSE]
    result = obeyed(plan, [horses], [homes])
    assert other in result
    (near,) = [one for one in of(result, "cottage") if away(one) < 45.0]
    assert near.width < house.width
    assert shown_shares(result)[result.index(near)] > 0.7
    assert house in obeyed(plan, [horses]), "a meadow may have none ahead"


def test_a_named_house_is_in_view_and_before_a_hill_however_much_room_others_take():
    hill = PlacedObject("far hill", 0.0, 1.5, 100.0, 13.0, GREEN, GREEN)
    barn, horse = replace(BARN, yaw=70.0), replace(HORSE, width=36.0, height=30.0)
    horses = [replace(horse, yaw=yaw) for yaw in (-22.0, 16.0)]
    named = [Named(("barn",), None, 1, 1), Named(("horse",), None, 2, 2)]
    result = obeyed([*GROUND, barn, hill, *horses], named)
    (house,) = of(result, "barn")
    assert away(house) < 38.0
    assert house.foot < hill.foot and result.index(house) > result.index(hill)


def test_a_tower_that_a_bus_stands_in_front_of_does_not_come_ahead_alone():
    tower, bus = (
        PlacedObject("tower", -46.0, 10.0, 10.0, 24.0),
        PlacedObject("bus", -20.0, 2.0, 50.0, 20.0),
    )
    taxi, fountain = (
        PlacedObject(kind, yaw, -4.0, 30.0, 12.0)
        for kind, yaw in (("car", 25.0), ("fountain", 5.0))
    )
    named = named_things(
        "a bus in front of a tower, a car, a fountain", ("bus", "tower", "car", "fountain")
    )
    result = obeyed([*GROUND, tower, bus, taxi, fountain], named)
    (behind,), (before,) = of(result, "tower"), of(result, "bus")
    assert abs(yaw_difference(behind.yaw, before.yaw)) < (behind.width + before.width) / 2


def test_an_only_way_on_makes_way_for_a_named_thing():
    cottage = PlacedObject("cottage", 20.0, 0.0, 24.0, 20.0)
    result = obeyed([*GROUND, HORSE, cottage], [Named(("horse",), None, 1, 1)])
    (moved,) = of(result, "cottage")
    assert shown_shares(result)[3] > 0.9
    assert (moved.width, moved.pitch) == (cottage.width, cottage.pitch)


def test_uninvited_animals_stand_free():
    fox = PlacedObject("fox", 36.0, -8.0, 12.0, 9.0)  # touches the horse
    cow, dog = PlacedObject("cow", 100.0, -5.0, 20.0, 15.0), PlacedObject("dog", 108.0, -6.0, 9, 9)
    goat = PlacedObject("goat", 200.0, -6.0, 12.0, 12.0)
    given = [*GROUND, HORSE, fox, cow, dog, goat]
    result = obeyed(given, [Named(("horse",), None, 1, 1)])
    fox, horse, cow, dog, goat = result[3:]  # the fox is farther
    assert (horse, dog, goat) == (HORSE, *given[-2:])
    assert fox.yaw - horse.yaw >= (fox.width + horse.width) / 2
    assert dog.yaw - cow.yaw >= (dog.width + cow.width) / 2


def test_what_is_on_a_named_thing_moves_with_it_out_of_the_way_of_others():
    sofa, cat = PlacedObject("sofa", 20.0, -9.0, 40.0, 18.0), PlacedObject("cat", 20.0, -2, 10, 8)
    fireplace = PlacedObject("fireplace", 26.0, -8.0, 20.0, 20.0)
    words = "a cat on a sofa, a fireplace on the right"
    named = named_things(words, ("cat", "sofa", "fireplace"))
    result = obeyed([*GROUND, sofa, cat, fireplace], named)
    (sofa,), (cat,), (fireplace,) = (of(result, kind) for kind in ("sofa", "cat", "fireplace"))
    assert cat.yaw == pytest.approx(sofa.yaw)
    assert fireplace.yaw < 45.0
    assert abs((sofa.yaw - fireplace.yaw + 180) % 360 - 180) > 20.0


def test_named_things_are_ahead():
    result = obeyed(
        [*GROUND, PlacedObject("barn", 200.0, 0.0, 30.0, 25.0)], [Named(("barn",), None)]
    )
    assert abs((of(result, "barn")[0].yaw + 180) % 360 - 180) < 38.0


def test_a_black_horse_stands_on_the_left_and_a_white_one_on_the_right():
    words = "a black horse on the left and a white horse on the right, a tent in the middle"
    named = named_things(words, ("horse", "tent"))
    tent = PlacedObject("tent", 100.0, -3.0, 20.0, 12.0)
    result = colored(obeyed([*GROUND, HORSE, tent], named), named)
    left, right = sorted(of(result, "horse"), key=lambda one: yaw_difference(one.yaw, 0.0))
    assert max(left.color) * 2 < max(right.color)
    (tent,) = of(result, "tent")
    assert -45.0 < yaw_difference(left.yaw, 0.0) < yaw_difference(tent.yaw, 0.0)
    assert yaw_difference(tent.yaw, 0.0) < yaw_difference(right.yaw, 0.0) < 45.0


def test_two_exhibits_have_two_stands():
    stands = [PlacedObject("pedestal", yaw, -20.0, 14.0, 12.0) for yaw in (-21.0, 24.0, 66.0)]
    guitars = [PlacedObject("guitar", -21.0, pitch, 15.0, 24.0) for pitch in (-1.0, 11.0)]
    cake = PlacedObject("cake", 24.0, -4.0, 20.0, 20.0)
    result = obeyed([BACKDROP, *stands, *guitars, cake], [Named(("guitar",), None, 2, 2)])
    assert sorted(one.yaw for one in of(result, "guitar")) == [-21.0, 24.0]


def test_who_stands_before_a_bridge_steps_aside_and_the_bridge_does_not():
    river = PlacedObject("river", 5.0, -19.0, 89.0, 12.0)
    bridge = PlacedObject("bridge", 0.0, -14.0, 54.0, 20.0)
    man = PlacedObject("person", 5.0, -11.0, 13.0, 27.0)
    named = [
        Named(("river",), None),
        *(Named((kind,), None, 1, 1) for kind in ("bridge", "person")),
    ]
    result = obeyed([*GROUND, river, bridge, man], named)
    (over,), (beside,) = of(result, "bridge"), of(result, "person")
    assert abs(yaw_difference(over.yaw, river.yaw)) < 20.0
    assert abs(yaw_difference(beside.yaw, over.yaw)) > 25.0


def test_the_only_bed_of_a_bedroom_that_hides_what_words_name_stands_elsewhere():
    telescope = PlacedObject("telescope", 10.0, -5.0, 12.0, 16.0)
    bed = PlacedObject("bed", 10.0, -7.0, 100.0, 20.0)
    floor = PlacedObject("floor", 0.0, -20.0, 360.0, 20.0)
    named, typical = [Named(("telescope",), None, 1, 1)], [Named(("bed",), None)]
    assert of(obeyed([floor, telescope, bed], named), "bed") == []
    (moved,) = of(obeyed([floor, telescope, bed], named, typical), "bed")
    assert abs(yaw_difference(moved.yaw, 0.0)) > 55.0  # the telescope is ahead


def test_a_bridge_has_a_river():
    bridge = PlacedObject("bridge", 10.0, -3.0, 36.0, 12.0)
    result = obeyed([*GROUND, bridge], [Named(("bridge",), None, 1, 1)])
    (river,), (over,) = of(result, "river"), of(result, "bridge")
    assert river.foot < over.foot < river.pitch


def test_counted_things_of_one_kind_do_not_touch():
    """Else they are painted as one long one."""
    cars = [PlacedObject("car", yaw, -6.0, 18.0, 9.0) for yaw in (-18.0, 0.0, 18.0)]
    result = of(obeyed([*GROUND, *cars], [Named(("car",), None, 3, 3)]), "car")
    yaws = sorted(yaw_difference(car.yaw, 0.0) for car in result)
    assert all(other - one > 19.0 for one, other in pairwise(yaws))


@pytest.mark.parametrize(
    ("kind", "boxes", "count"),
    [
        ("car", [(-98, 15, 6, -12), (-80, 18, 7, -12), (-51, 38, 14, -12), (-17, 38, 14, -12)], 4),
        (
            "penguin",
            [(75, 11, 13, -16), (-42, 13, 11, -12), (18, 11, 13, -12), (66, 12, 12, -12)],
            6,
        ),
    ],
)
def test_counted_things_of_different_sizes_have_room_beside_each_other(kind, boxes, count):
    """Large ones alone are made smaller."""
    there = [PlacedObject(kind, yaw, pitch, wide, tall) for yaw, wide, tall, pitch in boxes]
    found = of(obeyed([*GROUND, *there], [Named((kind,), None, count, count)]), kind)
    assert len(found) == count
    assert all(away(one) < 45.0 for one in found)
    assert not any(one.overlaps(other) for one, other in combinations(found, 2))


def test_a_house_farther_away_is_not_painted_before_a_tent():
    tents = [PlacedObject("tent", yaw, -3.0, 24.0, 13.0) for yaw in (32.0, 328.0, 4.0)]
    house = PlacedObject("cottage", 330.0, 6.0, 27.0, 22.0)  # its foot 5 degrees down, theirs 9.5
    named = [Named(("tent",), None, 3, 3), Named(("cottage",), None, relation=Relation("left"))]
    result = obeyed([*GROUND, *tents, house], named)
    assert [one.kind for one in result[3:]] == ["cottage", "tent", "tent", "tent"]


def test_trees_on_the_horizon_do_not_stand_in_the_door_of_a_house():
    cabin = PlacedObject("log cabin", 0.0, 7.7, 38.6, 31.6)  # its foot 8 degrees down
    far = [PlacedObject("pine", yaw, 2.0, 6.0, 8.0) for yaw in (350.0, 4.0)]  # theirs 2
    result = obeyed([*GROUND, cabin, *far], [Named(("log cabin",), None, 1, 1)])
    assert [one.kind for one in result[3:]] == ["pine", "pine", "log cabin"]


def test_a_shark_is_not_hidden_by_fish_that_are_named_too():
    fish = PlacedObject("fish", 25.0, 2.0, 13.4, 9.0)
    shark = PlacedObject("shark", 20.0, 0.7, 18.5, 9.2)
    named = [Named(("fish",), None, 1, 1), Named(("shark",), None, 1, 1)]
    one, other = obeyed([*GROUND, shark, fish], named)[-2:]
    assert not one.overlaps(other)


def test_a_ship_that_went_to_its_lake_is_not_painted_before_nearer_penguins():
    lake = PlacedObject("lake", 322.0, -11.5, 49.0, 9.0)
    penguins = [PlacedObject("penguin", yaw, -9.0, 11.0, 12.0) for yaw in (330.0, 355.0)]
    ship = PlacedObject("ship", 320.0, 0.0, 16.0, 6.5)
    far = Relation("far")
    named = [Named(("penguin",), None, 2, 2), Named(("ship",), None, 1, 1, relation=far)]
    result = obeyed([*GROUND, lake, *penguins, ship], named)
    assert [one.kind for one in result[-3:]] == ["ship", "penguin", "penguin"]


def test_cars_farther_than_a_bus_do_not_hang_before_it_and_are_not_hidden_by_it():
    tower = PlacedObject("skyscraper", 352.0, 18.0, 16.0, 40.0)
    bus = PlacedObject("bus", 352.0, -0.7, 60.0, 20.0)
    cars = [PlacedObject("car", yaw % 360.0, -1.0, 17.6, 6.5) for yaw in (-20.0, 0.0)]
    named = named_things(
        "two cars and a bus in front of a skyscraper", ("car", "bus", "skyscraper")
    )
    result = obeyed([*GROUND, tower, bus, *cars], named)
    feet = [one.foot for one in result if one.kind in ("car", "bus")]
    assert feet == sorted(feet, reverse=True)
    shares = shown_shares(result)
    assert all(shares[at] > 0.5 for at, one in enumerate(result) if one.kind == "car")


def test_a_lighthouse_far_away_that_a_ship_would_hide_steps_aside_and_comes_no_nearer():
    lighthouse = PlacedObject("lighthouse", 12.0, 6.4, 5.0, 16.0)
    ship = PlacedObject("ship", 12.0, 3.0, 24.0, 30.0)
    named = named_things("a ship and a lighthouse far away", ("ship", "lighthouse"))
    there, _ = far_first([*GROUND, lighthouse, ship], named)[-2:]
    assert there.foot == lighthouse.foot
    assert covered(there, ship) == 0


def test_palms_step_aside_for_a_single_temple_which_stays_in_the_middle():
    temple = PlacedObject("temple", 0.0, 8.0, 48.0, 28.0)
    palms = [PlacedObject("palm", yaw, 6.6, 12.0, 16.0) for yaw in (355.0, 5.0)]
    named = named_things("palm trees and a temple", ("palm", "temple"))
    (result,) = of(obeyed([*GROUND, temple, *palms], named), "temple")
    assert away(result) < 1.0


def test_counted_things_in_the_middle_stand_in_a_row_between_others():
    horses = [PlacedObject("horse", yaw % 360.0, -5.0, 22.0, 20.0) for yaw in (-34.0, -12.0)]
    tractors = [
        PlacedObject("tractor", yaw % 360.0, -1.4, 22.0, 16.0) for yaw in (-36, -12, 12, 36)
    ]
    text = "two horses on the left, four tractors in the middle"
    named = named_things(text, ("horse", "tractor"))
    things = obeyed([*GROUND, *horses, *tractors], named)
    yaws = sorted(yaw_difference(one.yaw, 0.0) for one in things if one.kind == "tractor")
    assert len(yaws) == 4
    assert min(b - a for a, b in pairwise(yaws)) > 8.0


def test_a_single_fish_tank_is_large_enough_to_show_its_fish():
    tank = PlacedObject("fish tank", 5.0, -14.0, 10.0, 6.0)
    (shown,) = of(obeyed([tank], [Named(("fish tank",), None, 1, 1)]), "fish tank")
    assert shown.width > 20.0


def test_counted_things_are_no_thin_lines_at_the_horizon():
    cars = [PlacedObject("car", 20.0 * at, -1.2, 13.6, 5.5) for at in range(4)]
    taller = of(obeyed([*GROUND, *cars], [Named(("car",), None, 4, 4)]), "car")
    assert [car.height for car in taller] == [pytest.approx(6.5)] * 4


def test_counted_things_that_are_too_wide_for_a_view_are_farther_away():
    car = PlacedObject("car", 0.0, -16.0, 54.0, 20.0)
    result = of(obeyed([*GROUND, car], [Named(("car",), None, 4, 4)]), "car")
    assert len(result) == 4
    assert all(abs(yaw_difference(car.yaw, 0.0)) < 45.0 for car in result)


def test_a_stool_on_a_stand_is_smaller_than_a_piano_on_one():
    boxes = [PlacedObject("box", yaw, -20.0, 18.0, 9.0) for yaw in (0.0, 90.0, 180.0, 270.0)]
    vases = [PlacedObject("vase", yaw, -8.0, 10.0, 15.0) for yaw in (0.0, 90.0, 180.0, 270.0)]
    own = [PlacedObject(kind, 10.0, 4.0, 44.0, 36.0) for kind in ("piano", "stool")]
    backdrop = PlacedObject("backdrop", 0.0, 6.0, 89.0, 48.0)
    named = [Named((kind,), None, 1, 1) for kind in ("piano", "stool")]
    result = obeyed([backdrop, *boxes, *vases, *own], named)
    (piano,), (stool,) = (of(result, kind) for kind in ("piano", "stool"))
    assert stool.height < 0.7 * piano.height
    assert stool.foot == pytest.approx(piano.foot)


def test_no_towel_hangs_before_a_window_that_words_put_on_a_side():
    room = [
        PlacedObject("wall ahead", 0.0, 5.0, 90.0, 50.0),
        PlacedObject("wall left", 270.0, 5.0, 90.0, 50.0),
        PlacedObject("round window", 20.0, 8.0, 16.0, 16.0),
        *(PlacedObject("towel rail", yaw, 6.0, 14.0, 14.0) for yaw in (-28.0, -10.0)),
    ]
    window = Named(("round window",), None, 1, 1, relation=Relation("left"))
    result = obeyed(room, [window, Named(("towel rail",), None, 2, 2)])
    (seen,) = of(result, "round window")
    for towel in of(result, "towel rail"):
        assert not towel.overlaps(seen)


def test_a_piano_stands_on_a_stand_as_large_as_other_exhibits():
    boxes = [PlacedObject("box", yaw, -20.0, 18.0, 9.0) for yaw in (0.0, 120.0, 240.0)]
    vases = [PlacedObject("vase", yaw, -8.0, 10.0, 15.0) for yaw in (0.0, 120.0, 240.0)]
    piano = PlacedObject("piano", 10.0, 4.0, 44.0, 36.0)
    backdrop = PlacedObject("backdrop", 0.0, 6.0, 89.0, 48.0)
    named = [Named(("piano",), None, 1, 1)]
    (shown,) = of(obeyed([backdrop, *boxes, *vases, piano], named), "piano")
    assert shown.yaw == 0.0
    assert shown.foot == pytest.approx(-15.5)
    assert shown.width <= 27.0


def test_a_named_stand_is_one_of_many_on_a_stage_and_the_only_one_in_a_room():
    boxes = [PlacedObject("box", yaw, -20.0, 16.0, 9.0) for yaw in (0.0, 120.0, 240.0)]
    backdrop = PlacedObject("backdrop", 0.0, 6.0, 89.0, 48.0)
    one = [Named(("box",), None, 1, 1)]
    assert len(obeyed([backdrop, *boxes], one)) == 4
    assert len(obeyed(boxes, one)) == 1


def test_a_crowd_is_ahead_and_all_around():
    person = PlacedObject("person", 10.0, -7.0, 9.0, 21.0)
    crowd = of(obeyed([*GROUND, person], [Named(("person",), None, 14)]), "person")
    assert len(crowd) == 14
    turns = [(one.yaw + 180.0) % 360.0 - 180.0 for one in crowd]
    assert 5 <= sum(abs(turn) < 45.0 for turn in turns) <= 10
    assert any(turn > 90.0 for turn in turns)
    assert any(turn < -90.0 for turn in turns)
    assert len({one.height for one in crowd}) > 5


def test_a_portal_is_not_behind_a_platform_in_the_air():
    portal = PlacedObject("portal", 0.0, -1.0, 13.0, 20.0)
    platforms = [PlacedObject("platform", yaw, 9.0, 22.0, 11.0) for yaw in (0.0, 150.0)]
    named = [Named(("portal",), None, most=1), Named(("platform",), None, 2)]
    result = obeyed([*GROUND, portal, *platforms], named)
    shares = dict(zip((one.kind for one in result), shown_shares(result), strict=True))
    assert shares["portal"] > 0.9


def test_no_road_runs_through_a_named_pond():
    road = PlacedObject("road", 32.0, -16.0, 89.0, 13.0, (140, 140, 140), (140, 140, 140))
    pond = PlacedObject("lake", 0.0, -10.3, 44.0, 6.0, BLUE, BLUE)
    named = [Named(("lake",), None, 1, 1)]
    (moved,) = of(obeyed([*GROUND, road, pond], named), "road")
    assert moved.pitch + moved.height / 2 < pond.foot
    (kept,) = of(obeyed([*GROUND, road, pond], []), "road")
    assert kept == road


def test_games_have_the_stars_that_words_name():
    level = [
        PlacedObject("turf", 0.0, -19.0, 360.0, 16.0, (90, 90, 140), (90, 90, 140)),
        PlacedObject("bare tree", 40.0, 1.0, 4.0, 6.0),
    ]
    named = named_things("a starry sky at night", KINDS)
    seen = [one for one in obeyed(level, named) if one.kind == "star" and one.pitch < 26.0]
    assert all(any(quarter_of(one) == number for one in seen) for number in range(4))


def test_coins_in_the_air_hide_no_flag_on_a_castle():
    level = [
        PlacedObject("castle", 0.0, 6.0, 28.0, 18.0),
        PlacedObject("flag", 60.0, -4.0, 5.0, 9.0),
        *(PlacedObject("coin", yaw, 20.0, 5.0, 4.5) for yaw in (-8.0, 0.0, 8.0)),
    ]
    named = named_things("a flag on a castle, coins", ("flag", "castle", "coin"))
    result = obeyed(level, named)
    (flag,) = [one for one in result if one.kind == "flag"]
    assert not any(covered(flag, one) > 0.2 for one in result if one.kind == "coin")


def test_ten_trees_are_no_line_of_bushes_and_are_ten():
    pines = [PlacedObject("pine", 36.0 * place, 4.0, 14.0, 22.0) for place in range(12)]
    result = obeyed([*GROUND, *pines], [Named(("pine",), None, 10, 10)])
    assert len(of(result, "pine")) == 10
    assert min(one.width for one in of(result, "pine")) >= 9.0


def test_a_huge_tree_in_the_middle_is_the_one_that_was_made_huge():
    small, tall = (
        PlacedObject("oak", 0.0, 1.0, 4.0, 6.0),
        PlacedObject("oak", 28.0, 3.0, 9.0, 12.0),
    )
    result = obeyed([*GROUND, small, tall], named_things("a huge tree in the middle", ("oak",)))
    assert away(max(of(result, "oak"), key=lambda one: one.height)) < 10.0


def test_a_tall_tower_far_away_is_behind_the_other_houses_and_taller():
    houses = [PlacedObject("lighthouse", yaw, 9.0, 5.0, 20.0) for yaw in (-10.0, 10.0)]
    tower = PlacedObject("tower", 30.0, 2.0, 12.0, 24.0)
    kinds = ("tower", "lighthouse")
    named = named_things("two lighthouses, a tall tower far away", kinds)
    result = obeyed([*GROUND, *houses, tower], named)
    (far,) = of(result, "tower")
    assert all(result.index(far) < result.index(one) for one in of(result, "lighthouse"))
    tops = [one.foot + one.height for one in (far, *of(result, "lighthouse"))]
    assert tops[0] == max(tops)


@pytest.mark.parametrize("kind", ["round rug", "square rug"])
@pytest.mark.parametrize("scale", [1.0, 1.6])
def test_a_rug_lies_before_the_wall(kind, scale):
    room = [
        PlacedObject("wall", 0.0, -1.0, 89.0, 38.0, GREEN, GREEN),
        PlacedObject("floor", 0.0, -26.0, 360.0, 54.0, BLUE, BLUE),
        PlacedObject(kind, 120.0, -37.0, 66.0, 14.0),
    ]
    (rug,) = of(obeyed(room, [Named((kind,), None, 1, 1, scale=scale)]), kind)
    assert rug.pitch + rug.height / 2 <= -19.0
    assert rug.pitch + rug.height / 2 >= -22.0, "a level view shows it"


def test_all_of_a_white_mill_is_white():
    mill = PlacedObject("windmill", 0.0, 10.0, 20.0, 27.0, (243, 243, 217), (166, 140, 140), 0)
    white = [Named(("windmill",), COLORS["white"], 1, 1)]
    bright = [replace(one, color=(120, 210, 150), mean_color=(120, 210, 150)) for one in GROUND]
    (shown,) = of(colored([*bright, mill], white), "windmill")
    assert min(shown.mean_color) > 180


def test_a_purple_rug_passes_for_no_blue_one_in_a_bright_room():
    pale = (217, 217, 200)
    room = [
        PlacedObject("wall", 0.0, -1.0, 360.0, 38.0, pale, pale),
        PlacedObject("floor", 0.0, -26.0, 360.0, 54.0, pale, pale),
        PlacedObject("round rug", 0.0, -28.0, 53.0, 18.0, (115, 89, 166), (140, 115, 166), 0),
    ]
    (rug,) = of(colored(room, [Named(("round rug",), COLORS["blue"], 1, 1)]), "round rug")
    assert color_name(rug.color) == "blue"


def test_a_station_behind_a_train_steps_aside_instead_of_in_front_of_it():
    ground = PlacedObject("near ground", 0.0, -20.0, 360.0, 14.0)
    station = PlacedObject("station", 341.0, 4.0, 33.0, 16.0)
    train = PlacedObject("train", 350.0, 5.0, 66.0, 30.0)
    named = [
        Named(("train",), None, 1, 1, relation=Relation("front", ("station",))),
        Named(("station",), None),
    ]
    _, seen, nearer = far_first([ground, station, train], named)
    assert nearer == train
    assert seen.foot == station.foot
    assert abs(yaw_difference(seen.yaw, train.yaw)) > train.width / 2


def test_a_river_that_a_plan_has_as_a_wall_lies_on_the_ground():
    wall = PlacedObject("river", 230.0, 0.4, 60.0, 40.0)
    *_, river = obeyed([*GROUND, wall], named_things("a river", ("river",)))
    assert river.top < 0.0
    assert abs(yaw_difference(river.yaw, 0.0)) < 20.0


def test_no_hay_bale_stands_right_before_a_named_truck():
    ground = PlacedObject("near ground", 0.0, -27.0, 360.0, 54.0, (90, 160, 90))
    truck = PlacedObject("truck", 0.0, -6.0, 24.0, 12.0)
    bale = PlacedObject("hay bale", 6.0, -18.0, 12.0, 9.0)
    aside = replace(bale, yaw=40.0)
    result = obeyed([ground, truck, bale, aside], named_things("a truck", ("truck",)))
    assert [round(one.yaw) for one in result if one.kind == "hay bale"] == [40]
    room = replace(ground, kind="floor")
    inside = obeyed([room, truck, bale], named_things("a truck", ("truck",)))
    assert any(one.kind == "hay bale" for one in inside)


def test_a_crowd_makes_room_for_a_bus_and_a_taxi_behind_it():
    person = PlacedObject("person", 10.0, -8.0, 9.0, 20.0)
    bus = PlacedObject("bus", -18.0, 0.0, 54.0, 22.0)
    car = PlacedObject("car", 27.0, -4.0, 20.0, 7.6)
    bench = PlacedObject("bench", 28.0, -18.0, 30.0, 15.0)
    behind = Named(("car",), None, 1, 1, relation=Relation("behind", ("bus",)))
    named = [Named(("person",), None, 14), behind, Named(("bus",), None, 1, 1)]
    named.append(Named(("bench",), None, 1, 1))
    result = obeyed([*GROUND, car, bus, person, bench], named)
    assert all(away(one) < 45.0 for kind in ("bus", "car", "bench") for one in of(result, kind))


def test_the_river_below_a_named_bridge_is_ahead():
    behind = PlacedObject("river", 200.0, -16.0, 89.0, 9.0, (90, 160, 190), (90, 160, 190))
    bridge = PlacedObject("bridge", 180.0, -10.0, 30.0, 10.0, (140, 100, 60), (140, 100, 60))
    result = obeyed([*GROUND, behind, bridge], [Named(("bridge",), None)])
    assert [abs(yaw_difference(one.yaw, 0.0)) for one in of(result, "river")] == [0.0]
    (across,) = of(result, "bridge")
    assert abs(yaw_difference(across.yaw, 0.0)) < 30.0


def test_the_widest_thing_of_a_room_comes_into_the_first_view_though_there_is_no_room():
    walls = [PlacedObject("wall", yaw, 0.0, 89.0, 40.0) for yaw in (0.0, 90.0, 180.0, 270.0)]
    torches = [PlacedObject("torch", yaw % 360, -5.0, 14.0, 30.0) for yaw in range(-36, 37, 18)]
    dragon = PlacedObject("dragon", 68.0, -3.0, 66.0, 36.0)
    named = [Named(("torch",), None, 5, 5), Named(("dragon",), None, 1, 1)]
    (dragon,) = of(obeyed([*walls, *torches, dragon], named), "dragon")
    assert away(dragon) <= 38.0
