"""Directions that the rules leave bare get what another plan has, where there is room."""

from dataclasses import replace

from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.rules.filling import (
    farther_first,
    filled,
    filling,
    quarter_of,
    with_houses_around,
    with_nearer_feet,
)
from mag_sandbox.scenes.descriptions import BUILDINGS
from mag_sandbox.scenes.naming import Named
from mag_sandbox.scenes.relations import Relation

GROUND = PlacedObject("near ground", 0.0, -30.0, 360.0, 60.0, (200, 200, 200))
MOST = {"oak": 40, "well": 4, "barn": 1}
ONE, ALL = 168.0, 9999.0  # square degrees: as large as an oak, more than there is


def thing(kind: str, yaw: float, pitch: float = -6.0, width: float = 12.0) -> PlacedObject:
    return PlacedObject(kind, yaw, pitch, width, 14.0, (100, 50, 50), (100, 50, 50))


def counts_of(things: list[PlacedObject]) -> list[int]:
    quarters = [quarter_of(one) for one in filling(things)]
    return [quarters.count(number) for number in range(4)]


CROWDED = [GROUND, *(thing("oak", yaw) for yaw in (340.0, 0.0, 20.0)), thing("well", 180.0)]


def test_bare_quarters_get_what_another_plan_has_and_the_first_view_stays():
    spare = [GROUND, *(thing("oak", yaw) for yaw in (10.0, 350.0)), thing("well", 30.0)]
    full = filled(CROWDED, spare, 2 * ONE, MOST)
    assert counts_of(full) == [3, 2, 2, 0], "no more is left"
    assert [one for one in full if quarter_of(one) == 0] == CROWDED[:4]
    assert counts_of(filled(CROWDED, spare, ONE, MOST)) == [3, 1, 1, 1]


def test_what_the_plan_has_none_of_comes_first_and_no_kind_is_too_frequent():
    spare = [GROUND, thing("oak", 10.0, width=30.0), thing("barn", 90.0), thing("barn", 200.0)]
    full = filled(CROWDED, spare, ONE, MOST)
    assert [one.kind for one in full if one not in CROWDED] == ["barn", "oak"]
    assert filled(CROWDED, spare, ONE, {}) == CROWDED


def test_a_second_well_is_added_and_no_third():
    spare = [GROUND, *(thing("well", yaw) for yaw in (0.0, 30.0, 60.0, 200.0))]
    full = filled(CROWDED, spare, ALL, MOST)
    assert [one.kind for one in full if one not in CROWDED] == ["well"]


def test_animals_and_pictures_on_a_wall_touch_nothing():
    hen, picture = thing("chicken", 90.0), thing("portrait", 90.0, 6.0)
    for other, added in ((thing("oak", 90.0), hen), (replace(picture, kind="map"), picture)):
        (free,) = (one for one in filled([other], [added], ALL, {added.kind: 1}) if one != other)
        assert not replace(free, width=free.width + 2.0).overlaps(other)


def test_nothing_is_added_onto_other_things_or_to_stages():
    hedge = [thing("hedge", float(yaw), width=20.0) for yaw in range(50, 311, 20)]
    assert filled([GROUND, *hedge], CROWDED, ALL, MOST) == [GROUND, *hedge]
    stage = [*CROWDED, thing("backdrop", 0.0)]
    assert filled(stage, CROWDED, ALL, MOST) == stage


def test_what_is_added_is_in_the_light_of_the_plan():
    spare = [replace(GROUND, color=(120, 120, 120)), thing("barn", 90.0)]
    (added,) = (one for one in filled(CROWDED, spare, ONE, MOST) if one.kind == "barn")
    assert added.color == (100, 50, 50), "without a light of its own no plan is relit"
    dark = [replace(one, mean_color=(160, 160, 160)) if one is GROUND else one for one in CROWDED]
    night = [replace(spare[0], mean_color=(120, 120, 120)), spare[1]]
    (added,) = (one for one in filled(dark, night, ONE, MOST) if one.kind == "barn")
    assert added.color == (133, 67, 67)


def test_a_given_picture_stays_and_counts():
    shown = [GROUND, thing("barn", 0.0)]
    around = [thing("oak", 180.0)]
    full = filled(around, [*shown, thing("barn", 90.0), thing("well", 90.0)], ONE, MOST, shown)
    assert [one.kind for one in full] == ["oak", "well"]


def test_each_thing_of_a_picture_may_come_once_more():
    shown = [GROUND, *(thing("well", yaw) for yaw in (0.0, 20.0, 40.0)), thing("barn", 330.0)]
    around = filled([], shown, 3 * ONE, {"well": 8, "barn": 1}, shown)
    assert [one.kind for one in around] == ["well"] * 3, "no second barn, and a well each"
    assert counts_of(around) == [0, 3, 0, 0]


def test_no_globe_floats_before_a_wall():
    wall = PlacedObject("wall", 90.0, 0.0, 89.0, 40.0)
    globe, table = thing("globe", 90.0), PlacedObject("table", 90.0, -14.0, 20.0, 8.0)
    globe = replace(globe, pitch=-4.0, width=8.0, height=8.0)
    most = {"globe": 1, "table": 1}
    assert filled([wall], [globe], ALL, most) == [wall]
    full = filled([wall], [table, replace(globe, pitch=-7.0)], ALL, most)
    assert {one.kind for one in full} == {"wall", "table", "globe"}


def test_coins_are_added_with_their_platform_and_never_without():
    platform, coin = thing("platform", 90.0, 10.0, 24.0), thing("coin", 90.0, 20.5, 5.0)
    coin = replace(coin, height=5.0)
    most = {"platform": 4, "coin": 4}
    assert filled([GROUND], [coin], ALL, most) == [GROUND]
    kinds = [one.kind for one in filled([GROUND], [platform, coin], ALL, most)]
    assert sorted(kinds) == ["coin", "near ground", "platform"]


def test_in_a_harbour_are_houses_in_every_quarter_behind():
    things = [
        PlacedObject("low sky", 0.0, 9.0, 360.0, 20.0, (140, 192, 243), (140, 192, 243)),
        PlacedObject("near ground", 0.0, -35.0, 360.0, 36.0, (140, 140, 115), (140, 140, 115)),
    ]
    harbour = with_houses_around(things, [Named(("jetty",), None)], [])
    assert {quarter_of(one) for one in harbour if one.kind in BUILDINGS} == {1, 2, 3}
    assert with_houses_around(things, [Named(("camel",), None)], []) == things
    one_cottage = [Named(("cottage",), None, 1, 1)]
    counted = with_houses_around(things, [Named(("cottage",), None)], one_cottage)
    assert counted == things, "there is one cottage alone"


def test_nothing_is_drawn_over_what_is_nearer_unless_words_place_it_there():
    near = PlacedObject("apartment house", 80.0, 7.0, 30.0, 30.0)  # its foot is at -8 degrees
    school = replace(near, kind="school", yaw=90.0, pitch=11.0)
    person = replace(school, kind="person", yaw=60.0)
    tree, aside = replace(school, kind="oak"), replace(school, yaw=200.0)
    assert farther_first([near, person, aside, school], []) == [person, aside, school, near]
    assert farther_first([near, aside, tree], []) == [aside, tree, near]
    on_it = Named(("school",), None, relation=Relation("on", ("apartment house",)))
    assert farther_first([near, school], [on_it]) == [near, school]
    bird, hung = replace(person, kind="bird"), replace(person, away=9.0)
    assert farther_first([near, bird, hung], []) == [near, bird, hung], "their feet say nothing"
    little = replace(near, kind="barrel", pitch=7.5)
    assert farther_first([near, little], []) == [near, little], "nearly as far away"


def test_an_animal_that_a_nearer_thing_would_hide_comes_before_that():
    barrel = PlacedObject("barrel", 80.0, -10.0, 10.0, 10.0)
    monkey = PlacedObject("monkey", 82.0, -6.0, 8.0, 8.0)
    behind, before = farther_first([barrel, monkey], [])
    assert behind == barrel
    assert (before.kind, before.height) == ("monkey", 8.0)
    assert before.foot < barrel.foot
    frog = Named(("frog",), None, relation=Relation("on", ("monkey",)))
    assert farther_first([barrel, monkey], [frog]) == [barrel, monkey], "a frog is on it"


def test_a_cabinet_drawn_before_a_shelf_of_a_room_stands_before_it():
    wall = PlacedObject("wall", 180.0, -1.5, 90.0, 37.0)
    shelf = PlacedObject("bookshelf", 161.0, -7.3, 26.0, 28.9)
    cabinet = PlacedObject("cabinet", 156.0, -13.4, 18.1, 14.8)
    vase = PlacedObject("vase", 156.0, -3.5, 4.0, 5.0)
    things = [wall, shelf, cabinet, vase]
    *_, moved, same = with_nearer_feet(things, [])
    assert shelf.foot - 1.0 < moved.foot < shelf.foot
    assert same == vase, "what is on it stays as high"
    assert with_nearer_feet(things, [cabinet]) == things, "a picture shows it"
    assert with_nearer_feet([wall, cabinet, shelf], []) == [wall, cabinet, shelf]
    assert with_nearer_feet(things[1:], []) == things[1:], "only rooms are that small"


def test_a_tram_behind_a_pedestal_hides_no_statue_on_it():
    statue = PlacedObject("statue", 0.0, -1.6, 10.7, 23.8, away=3.7)
    tram = PlacedObject("tram", 354.0, -6.9, 27.0, 12.2)
    assert farther_first([statue, tram], ()) == [tram, statue]
