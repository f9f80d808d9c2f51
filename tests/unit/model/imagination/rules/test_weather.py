"""A plan has the light and the weather that words name."""

from dataclasses import replace

import numpy as np
import pytest

from mag_sandbox.controls.camera import ASPECT, WIDEST_FOV, yaw_difference
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.rules.plans import looks_of, vividness
from mag_sandbox.model.imagination.rules.spacing import covered
from mag_sandbox.model.imagination.rules.wanted import Wanted
from mag_sandbox.model.imagination.rules.weather import (
    at_night,
    has_dark_sky,
    in_fog,
    in_season,
    in_storm,
    in_tinted_light,
    in_weather,
    relit,
    under_colored_sky,
    under_game_sky,
    under_snow,
    with_bright_lightning,
    with_discs_shown,
    with_sky_in_windows,
)
from mag_sandbox.scenes.color_names import COLORS
from mag_sandbox.scenes.naming import Named

VIEW_TOP = WIDEST_FOV * ASPECT / 2  # degrees
SKY = PlacedObject("low sky", 0.0, 9.0, 360.0, 20.0, (140, 192, 243), (140, 192, 243))
DARK = replace(SKY, color=(38, 64, 140), mean_color=(38, 64, 140))
GROUND = PlacedObject("near ground", 0.0, -30.0, 360.0, 60.0, (120, 180, 90), (120, 180, 90))
BARN = PlacedObject("barn", 0.0, 0.0, 30.0, 40.0, (200, 30, 30), (190, 40, 40))
SUN = PlacedObject("sun", 20.0, 20.0, 8.0, 8.0, (255, 240, 200), (255, 240, 200))
LANTERN = PlacedObject("lantern", 30.0, -9.0, 5.0, 10.0, (255, 220, 120), (240, 200, 120))


def test_a_sky_whose_colour_words_give_has_it_in_fog():
    red = replace(SKY, color=(220, 60, 50), mean_color=(220, 60, 50))
    pale, told = (in_fog([red], one)[0] for one in (BY_DAY, BY_DAY._replace(sky=(200, 40, 40))))
    assert vividness(np.array(told.color)) > 0.5 > vividness(np.array(pale.color))


def test_in_fog_things_are_paler_the_farther_they_are():
    sky = PlacedObject("low sky", 0.0, 9.0, 360.0, 20.0, (140, 192, 243), (140, 192, 243))
    near = PlacedObject("barn", 0.0, 0.0, 30.0, 40.0, (200, 30, 30), (190, 40, 40))
    far = replace(near, height=9.0)
    pale_sky, pale_far, pale_near = in_fog([sky, far, near], BY_DAY)
    assert max(pale_sky.color) - min(pale_sky.color) < 40
    assert near.color[1] < pale_near.color[1] < pale_far.color[1] < pale_sky.color[1]
    grey = replace(sky, color=(200, 204, 212))
    assert in_fog([grey, near], BY_DAY) == [grey, near], "the planner has seen to it"


def test_in_fog_near_and_far_ground_meet_in_one_colour():
    far = PlacedObject("far ground", 0.0, -10.0, 360.0, 20.0, *[(120, 180, 90)] * 2)
    pale, near = in_fog([SKY, far, GROUND], BY_DAY)[1:]
    assert pale.mean_color == near.mean_color != far.mean_color


def test_a_river_that_comes_near_pales_in_fog_as_its_middle_does():
    river = PlacedObject("river", 0.0, -14.0, 89.0, 16.0, (89, 166, 192), (89, 166, 192))
    barn = replace(river, kind="barn", width=10.0)
    flat, standing = in_fog([SKY, river, barn], BY_DAY)[1:]
    assert flat.color[0] > standing.color[0] > river.color[0]


def test_half_of_a_barn_six_metres_away_is_fog():
    barn = PlacedObject("barn", 0.0, 0.0, 10.0, 30.0, (20, 20, 20), (20, 20, 20))
    assert in_fog([SKY, barn], BY_DAY)[1].color[0] > 110


def test_a_statue_that_words_name_is_seen_in_fog():
    statue = PlacedObject("statue", 0.0, 0.0, 4.0, 8.0, (80, 70, 70), (90, 80, 80))
    named = BY_DAY._replace(named=[Named(("statue",), None)])
    plain, told = (in_fog([SKY, statue], one)[1] for one in (BY_DAY, named))
    assert statue.color < told.color < plain.color


@pytest.mark.parametrize("weather", [at_night, in_storm])
def test_under_a_bright_sky_everything_darkens_and_lanterns_shine(weather):
    sky, ground, barn, lantern = weather([SKY, GROUND, SUN, BARN, LANTERN])
    assert (sky.kind, ground.kind) == ("low sky", "near ground"), "the sun is gone"
    for one, before in ((sky, SKY), (ground, GROUND), (barn, BARN)):
        assert max(one.color) < max(before.color)
        assert replace(one, color=before.color, mean_color=before.mean_color) == before
    assert lantern == LANTERN
    assert has_dark_sky([sky])


@pytest.mark.parametrize("weather", [at_night, in_storm])
def test_what_the_planner_made_dark_and_rooms_stay(weather):
    assert weather([DARK, GROUND, BARN]) == [DARK, GROUND, BARN]
    room = replace(GROUND, kind="floor")
    assert weather([room, LANTERN]) == [room, LANTERN]


def test_the_sky_of_a_storm_at_sunset_is_warm():
    glow = replace(SKY, color=(240, 170, 120), mean_color=(240, 170, 120))
    (red, _, blue), (cold, _, clear) = (in_storm([one, GROUND])[0].color for one in (glow, SKY))
    assert red > blue
    assert cold < clear
    assert red < 240


def test_no_storm_has_a_yellow_sky():
    yellow = replace(SKY, color=(140, 115, 64), mean_color=(140, 115, 64))
    sky, _ = in_storm([yellow, GROUND])
    assert vividness(np.array(sky.color)) < 0.3


def test_clouds_of_a_storm_are_darker_than_its_sky():
    white = PlacedObject("cloud", 0.0, 17.0, 39.0, 13.0, (243, 243, 243), (217, 243, 243))
    sky, _, cloud = in_storm([SKY, GROUND, white])
    assert max(cloud.color) < min(sky.color)


def test_a_yellow_taxi_in_moonlight_is_no_olive_one_and_by_day_again_no_brighter_than_it_was():
    yellow = COLORS["yellow"]
    taxi = PlacedObject("car", 0.0, -4.0, 18.0, 6.5, yellow, yellow)
    by_day = BY_DAY._replace(named=[Named(("car",), yellow)])
    by_night = by_day._replace(by_day=False, by_night=True, light=(0.44, 0.55, 0.86))
    *_, lit = in_weather([SKY, GROUND, taxi], by_night)
    assert lit.color[0] > lit.color[1] > 1.5 * lit.color[2]
    under = SKY, GROUND, taxi
    *_, again = relit([DARK, GROUND, lit], under, by_night, by_day, {"low sky", "near ground"})
    assert np.abs(np.subtract(again.color, yellow)).max() < 30


def test_no_sun_shines_at_night():
    assert at_night([DARK, SUN, BARN]) == [DARK, BARN]


def test_fog_at_night_is_dark():
    sky, _ = in_fog([DARK, BARN], BY_DAY)
    by_day, _ = in_fog([SKY, BARN], BY_DAY)
    evening = BY_DAY._replace(light=(1.0, 0.7, 0.6))
    (red, _, blue), _ = (one.color for one in in_fog([SKY, BARN], evening))
    assert red > blue, "in the evening fog is warm"
    assert max(sky.color) < max(by_day.color) * 0.9


def test_fog_at_night_is_brighter_than_the_sky():
    for wanted in (BY_DAY, BY_DAY._replace(by_night=True, light=(0.6, 0.66, 0.92))):
        sky = in_fog([DARK, BARN], wanted)[0]
        assert max(DARK.color) < max(sky.color) < 170
        assert max(sky.color) - min(sky.color) < 60


def test_fog_at_dusk_is_no_bluer_than_dusk_and_none_is_brighter_than_its_sky():
    dusk = replace(SKY, color=(140, 105, 145), mean_color=(140, 105, 145))
    sky, _ = in_fog([dusk, BARN], BY_DAY._replace(light=(0.78, 0.67, 0.86)))
    assert sky.color[0] > 0.8 * sky.color[2]
    assert max(sky.color) <= 145


@pytest.mark.parametrize(
    ("low", "high", "sky"),
    [
        ((140, 217, 217), (89, 166, 192), ((137, 215, 208), (83, 180, 186))),
        ((38, 38, 115), (38, 38, 64), ((58, 61, 117), (30, 33, 75))),
        ((166, 115, 192), (89, 64, 140), ((156, 104, 188), (92, 62, 148))),
    ],
)
def test_a_game_has_just_the_colours_of_one_sky_and_a_purple_one_at_night(low, high, sky):
    skies = [replace(SKY, color=low), replace(SKY, kind="high sky", color=high)]
    turf = replace(GROUND, kind="turf")
    wanted = Wanted(category="video game", by_night=max(low) < 200)
    assert tuple(one.color for one in in_weather([*skies, turf], wanted)[:2]) == sky
    assert under_game_sky([*skies, GROUND]) == [*skies, GROUND], "no game"


def test_named_mountains_are_seen_before_the_sky_also_in_fog():
    peak = PlacedObject("mountains", 0.0, 8.0, 66.0, 24.0, SKY.color, SKY.mean_color)
    wanted = BY_DAY._replace(named=[Named(("mountains",), None)], in_fog=True)
    sky, shown = in_fog(in_weather([SKY, peak], wanted), wanted)
    assert np.abs(np.subtract(sky.color, shown.color)).max() > 20
    sky, hidden = in_fog(in_weather([SKY, peak], BY_DAY), BY_DAY)
    assert np.abs(np.subtract(sky.color, hidden.color)).max() < 20


def test_rain_is_seen_before_a_coloured_sky():
    grey = replace(SKY, color=(166, 140, 140))
    dry = Wanted(sky=COLORS["orange"])
    wet = dry._replace(named=[Named(("falling rain",), None)])
    (bright,), (dull,) = (in_weather([grey], one) for one in (dry, wet))
    assert vividness(np.array(dull.color)) < 0.8 * vividness(np.array(bright.color))
    rain = replace(grey, kind="falling rain", color=(172, 140, 130))
    drops = in_weather([grey, rain], Wanted(named=wet.named))[1]
    assert min(drops.color) > 145, "it was planned in the sky's colour"
    seen = replace(rain, color=(214, 232, 248))
    assert in_weather([grey, seen], Wanted(named=wet.named)) == [grey, seen]


def test_a_red_sky_has_no_sun_and_is_darker_at_dusk():
    red = (200, 60, 60)
    sky, barn = under_colored_sky([SKY, SUN, BARN], red, (1.0, 1.0, 1.0))
    dusk, _ = under_colored_sky([SKY, BARN], red, (0.7, 0.7, 0.7))
    assert barn == BARN
    assert sky.color[0] > sky.color[1] + 60
    assert dusk.color[0] < sky.color[0] - 40


def test_a_black_sky_is_black_by_day():
    sky, _ = under_colored_sky([SKY, BARN], COLORS["black"], (1.0, 1.0, 1.0))
    assert max(sky.color) < 100


def test_coloured_water_stays_so_in_the_light_that_comes():
    lake = PlacedObject("river", 0.0, -9.0, 40.0, 8.0, (64, 115, 192), (64, 115, 192))
    red = Named(("river",), COLORS["red"])
    wanted = Wanted(named=[red], by_night=True, light=(0.6, 0.66, 0.92))
    color = in_weather([SKY, GROUND, lake], wanted)[-1].color
    assert color == pytest.approx(np.multiply(COLORS["red"], wanted.light), abs=1)


def test_the_hill_that_something_stands_on_is_seen_before_others_in_fog():
    far = PlacedObject("far hill", 0.0, 5.8, 72.0, 13.6, (90, 120, 80), (90, 120, 80))
    near = replace(far, pitch=1.5, height=13.0)
    _, _, pale_far, pale_near = in_fog([SKY, GROUND, far, near], BY_DAY)
    assert pale_near.color[0] < pale_far.color[0] - 30


def test_what_words_call_black_is_black_in_fog():
    church = PlacedObject("church", 0.0, 2.0, 12.0, 8.0, (60, 55, 62), (60, 55, 62))
    told = BY_DAY._replace(named=[Named(("church",), (60, 55, 62))])
    pale, dark = (in_fog([SKY, GROUND, church], one)[2].color for one in (BY_DAY, told))
    assert max(pale) > 130
    assert max(dark) < 110


@pytest.mark.parametrize("ground", [(90, 150, 60), (140, 140, 148), (105, 130, 105)])
def test_snow_lies_on_any_ground_in_the_light_of_words_and_no_flowers_grow_in_it(ground):
    flower = PlacedObject("wild flower", 0.0, -20.0, 4.0, 5.0, (200, 30, 30))
    plan = [SKY, replace(GROUND, color=ground), flower, BARN]
    sky, white, barn = under_snow(plan, (1.0, 1.0, 1.0))
    assert (sky, barn) == (SKY, BARN)
    assert min(white.color) > 220
    assert flower in under_snow(plan, (1.0, 1.0, 1.0), {"wild flower"}), "words name it"
    dusk, night = (under_snow(plan, one)[1].color for one in ((0.78, 0.67, 0.86), (0.6, 0.66, 0.9)))
    assert min(white.color) > max(dusk) > max(night) - 20
    assert night[2] > night[0] + 25


def test_rain_and_snow_fall_only_where_words_speak_of_them():
    snow, rain = (
        PlacedObject(kind, 0.0, 0.0, 360.0, 108.0, (214, 232, 248), (214, 232, 248))
        for kind in ("falling snow", "falling rain")
    )
    rainy = BY_DAY._replace(named=(Named(("falling rain",), None),))
    assert in_weather([SKY, snow, rain], BY_DAY) == [SKY]
    assert in_weather([SKY, snow, rain], rainy) == [SKY, rain]
    assert in_weather([SKY, snow], BY_DAY._replace(in_snow=True)) == [SKY, snow]


def test_snow_lies_on_trees_until_it_melts_unless_words_give_them_a_color():
    oak = PlacedObject("oak", 30.0, 9.0, 20.0, 25.0, (166, 115, 38), (166, 89, 38))
    snowy = BY_DAY._replace(in_snow=True)
    *_, white = under_snow([SKY, GROUND, oak], BY_DAY.light)
    assert white.mean_color[2] > 1.5 * oak.mean_color[2]
    assert under_snow([SKY, GROUND, oak], BY_DAY.light, colored={"oak"})[-1] == oak
    *_, green = relit([SKY, GROUND, white], [SKY, GROUND], snowy, BY_DAY, BEHIND)
    assert green.color[1] == max(green.color)
    assert green.mean_color[2] < white.mean_color[2]


def test_lightning_is_bright_and_before_clouds_and_hills():
    bolt = PlacedObject("lightning", 9.0, 24.0, 15.0, 33.0, (90, 60, 40), (90, 60, 40))
    cloud = PlacedObject("cloud", 9.0, 30.0, 30.0, 10.0, (90, 90, 99), (90, 90, 99))
    hill = PlacedObject("mountains", 9.0, 8.0, 60.0, 22.0, (90, 90, 90), (90, 90, 90))
    plan = at_night(with_bright_lightning(in_storm([SKY, GROUND, bolt, cloud, hill, BARN])))
    assert [one.kind for one in plan[2:]] == ["cloud", "mountains", "lightning", "barn"]
    assert min(plan[4].color) > 150
    assert plan[4].pitch + plan[4].height / 2 < VIEW_TOP


def test_trees_turn_in_autumn_and_bloom_in_spring():
    trees = [PlacedObject("oak", 30.0 * one, 2.0, 20.0, 20.0, (92, 138, 92)) for one in range(9)]
    things = [*trees, PlacedObject("pine", 300.0, 2.0, 12.0, 20.0, (60, 110, 80))]
    autumn, spring = (in_season(things, season) for season in ("autumn", "spring"))
    assert {one.kind for one in autumn} == {"orange tree", "red tree", "pine"}
    assert {one.kind for one in spring} == {"oak", "cherry tree", "pine"}
    named = in_season(things, "autumn", {"oak"})
    assert {one.kind for one in named} == {"oak", "pine"}
    assert all(one.color and one.color[0] > one.color[1] for one in named[:9])


def test_a_wood_of_pines_alone_shows_the_season_too_unless_words_name_pines():
    pines = [PlacedObject("pine", 30.0 * one, 2.0, 12.0, 20.0, (60, 110, 80)) for one in range(9)]
    autumn = in_season(pines, "autumn")
    turned = [one for one in autumn if one.kind in ("orange tree", "red tree")]
    assert 3 <= len(turned) <= 6
    assert [(one.yaw, one.height) for one in autumn] == [(one.yaw, one.height) for one in pines]
    assert in_season(pines, "autumn", {"pine"}) == pines


def test_what_words_recolour_or_take_away_changes_and_all_else_stays():
    lake = [SKY, GROUND, BARN, replace(BARN, kind="tent", yaw=60.0), LANTERN]
    red, blue = COLORS["red"], COLORS["blue"]
    before = Wanted((Named(("barn",), red),), category="outdoor")
    now = Wanted((Named(("barn",), blue),), category="outdoor", denied={"tent"})
    sky, ground, barn, lantern = relit(lake, [SKY, GROUND], before, now, BEHIND)
    assert (sky, ground, lantern) == (SKY, GROUND, LANTERN)
    assert (barn.kind, barn.yaw) == ("barn", BARN.yaw)
    assert barn.mean_color and barn.mean_color[2] > barn.mean_color[0]


@pytest.mark.parametrize("sky", ["night", "sunset", "dusk"])
def test_windows_by_day_show_another_sky_and_others_stay(sky: str):
    day, *dark = (
        PlacedObject("tall window", yaw, 10.0, 12.0, 20.0, (243, 217, 192), mean)
        for yaw, mean in ((0.0, (192, 192, 166)), (90.0, (89, 115, 166)))
    )
    changed, *others = with_sky_in_windows([day, *dark, BARN], sky)
    assert changed.mean_color != day.mean_color
    assert replace(changed, color=day.color, mean_color=day.mean_color) == day
    assert others == [*dark, BARN]


BEHIND = frozenset(("low sky", "near ground"))
BY_DAY = Wanted(category="outdoor", by_day=True)
BY_NIGHT = Wanted(category="outdoor", by_night=True, light=(0.5, 0.6, 0.9))
MOON = PlacedObject("moon", 20.0, 20.0, 8.0, 8.0, (250, 250, 220), (250, 250, 220))
FLOWER = PlacedObject("tulip", 10.0, -9.0, 2.0, 4.0, (220, 60, 60), (200, 80, 60))


def boxes(things):
    return [(one.kind, one.yaw, one.pitch, one.width, one.height) for one in things]


def test_in_another_light_all_stands_where_it_stood_under_the_sky_of_that_light():
    things = [SKY, GROUND, SUN, BARN, LANTERN]
    lit = relit(things, [DARK, GROUND, MOON, replace(BARN, yaw=90.0)], BY_DAY, BY_NIGHT, BEHIND)
    assert boxes(lit) == boxes([SKY, GROUND, MOON, BARN, LANTERN])
    sky, _, _, barn, lantern = lit
    assert (sky.color, barn.color, lantern) == (DARK.color, (100, 18, 27), LANTERN)
    back = relit(lit, things, BY_NIGHT, BY_DAY, BEHIND)
    assert boxes(back) == boxes(things)
    assert back[3].color == pytest.approx(BARN.color, abs=2)


def test_a_moon_that_rises_stands_clear_of_hills_things_and_clouds():
    mesa = PlacedObject("mesas", 20.0, 10.0, 60.0, 26.0, (124, 102, 110), (123, 105, 115))
    cloud = PlacedObject("cloud", MOON.yaw - 40.0, 20.0, 30.0, 11.0, (89, 115, 166), (89, 115, 166))
    under = [DARK, GROUND, replace(MOON, yaw=20.0, pitch=17.0), cloud]
    lit = relit([SKY, GROUND, mesa, BARN], under, BY_DAY, BY_NIGHT, BEHIND)
    moon = next(one for one in lit if one.kind == "moon")
    assert not any(covered(moon, one) for one in lit if one.kind in ("mesas", "cloud", "barn"))
    assert moon.pitch + moon.height / 2 <= 27.0, "a level view shows it"
    assert abs(yaw_difference(moon.yaw, 0.0)) < 45.0, "in the view"
    under = [DARK, GROUND, replace(MOON, yaw=34.0)]
    (moon,) = (
        one for one in relit([SKY, GROUND], under, BY_DAY, BY_NIGHT, BEHIND) if one.kind == "moon"
    )
    assert moon.yaw + moon.width / 2 <= 24.0, "not where the map is shown"


def test_no_mesas_hide_a_named_moon():
    mesas = [
        PlacedObject("mesas", yaw, 8.0, 60.0, 22.0, (124, 102, 110), (123, 105, 115))
        for yaw in range(0, 360, 40)
    ]
    big = replace(MOON, pitch=13.75, width=19.5, height=19.5)
    things = [SKY, GROUND, big, *mesas, BARN]
    shown = with_discs_shown(things, [Named(("moon",), None)])
    moon = next(one for one in shown if one.kind == "moon")
    rest = [one for one in shown if one.kind == "mesas"]
    assert max(covered(moon, one) for one in rest) < 0.25
    assert all(one.foot == pytest.approx(mesas[0].foot) for one in rest)
    assert any(one in mesas for one in rest), "elsewhere they stay"
    assert with_discs_shown(things, []) == things, "only for words"
    tower = PlacedObject("skyscraper", MOON.yaw, 9.0, 8.0, 22.0, (80, 90, 140), (80, 90, 140))
    *_, moon = with_discs_shown([SKY, GROUND, tower, big], [Named(("moon",), None)])
    assert not covered(moon, tower)


def test_a_moon_and_clouds_stay_where_they_were_when_a_storm_comes():
    cloud = PlacedObject("cloud", 80.0, 20.0, 30.0, 11.0, (240, 240, 240), (240, 240, 240))
    dark = replace(cloud, yaw=200.0, color=(90, 90, 96), mean_color=(90, 90, 96))
    stormy = BY_NIGHT._replace(in_storm=True)
    before, under = [DARK, GROUND, MOON, cloud], [DARK, GROUND, replace(MOON, yaw=250.0), dark]
    lit = relit(before, under, BY_NIGHT, stormy, BEHIND)
    assert boxes(lit) == boxes(before)
    assert lit[-1].color == dark.color
    named = stormy._replace(named=(Named(("moon",), None),))
    moon = next(one for one in relit(before, under, BY_NIGHT, named, BEHIND) if one.kind == "moon")
    assert moon.yaw == 250.0, "words name another one"


def test_when_snow_falls_the_ground_turns_white_and_flowers_go_also_on_grey_ground():
    snowy, grey = BY_DAY._replace(in_snow=True), replace(GROUND, color=(90, 90, 92))
    sky, ground, barn = relit([SKY, grey, FLOWER, BARN], [SKY], BY_DAY, snowy, BEHIND)
    assert min(ground.color) > 180
    assert barn == BARN
    thawed = relit([sky, ground, barn], [SKY, GROUND], snowy, BY_DAY, BEHIND)
    assert thawed == [SKY, GROUND, BARN]


def test_a_path_is_seen_in_the_snow_and_has_its_colour_when_that_melts():
    path = replace(BARN, kind="path", color=(243, 217, 166), mean_color=(243, 217, 166))
    snowy = BY_DAY._replace(in_snow=True)
    _, ground, trodden = relit([SKY, GROUND, path], [SKY], BY_DAY, snowy, BEHIND)
    assert min(ground.color) - max(trodden.color) > 20
    thawed = relit([SKY, ground, trodden], [SKY, GROUND], snowy, BY_DAY, BEHIND)[-1]
    assert thawed.color[0] - thawed.color[2] > 40


def test_when_fog_lifts_things_have_the_colours_that_they_had():
    foggy, grey = BY_DAY._replace(in_fog=True), replace(SKY, color=(200, 204, 212))
    far = replace(BARN, height=6.0)
    pale = relit([SKY, GROUND, far, BARN], [grey], BY_DAY, foggy, BEHIND)
    assert min(pale[2].color) > min(pale[3].color) > 40
    clear = relit(pale, [SKY], foggy, BY_DAY, BEHIND)
    for one, before in zip(clear[2:], (far, BARN), strict=True):
        assert one.color == pytest.approx(before.color, abs=4)


def test_windows_that_showed_a_night_show_a_day_again():
    window = PlacedObject("square window", 0.0, 5.0, 20.0, 25.0, (200, 220, 240), (180, 210, 235))
    day, night = Wanted(category="indoor"), Wanted(category="indoor", outside="night")
    dark = relit([window], [], day, night, BEHIND)
    assert max(dark[0].mean_color) < 170
    assert max(relit(dark, [], night, day, BEHIND)[0].mean_color) > 170


def test_a_yellow_thing_of_a_sunset_is_not_green_at_night_and_a_white_one_is_white_by_day():
    sunset = BY_DAY._replace(light=(1.0, 0.73, 0.66))
    night = BY_DAY._replace(light=(0.6, 0.66, 0.92))
    yellow = replace(BARN, color=(255, 192, 80), mean_color=(255, 192, 80))
    red, green, blue = relit([SKY, GROUND, yellow], [SKY], sunset, night, BEHIND)[-1].color
    assert red >= green > blue + 20
    white = replace(BARN, color=(250, 184, 166), mean_color=(250, 184, 166))
    assert min(relit([SKY, GROUND, white], [SKY], sunset, BY_DAY, BEHIND)[-1].color) > 240


def test_all_windows_of_a_room_show_the_sky_that_has_come():
    by_day = [PlacedObject("square window", yaw, 5.0, 20.0, 25.0, (240, 238, 234), mean)
              for yaw, mean in ((0.0, (186, 221, 207)), (90.0, (189, 222, 208)))]  # fmt: skip
    day = Wanted(category="indoor")
    evening = day._replace(outside="sunset", light=(0.9, 0.77, 0.72))
    night = day._replace(outside="night", light=(0.5, 0.5, 0.7))
    lit = relit(by_day, [], day, evening, BEHIND)
    assert lit[0].mean_color == lit[1].mean_color != by_day[0].mean_color
    dark = relit(lit, [], evening, night, BEHIND)
    assert relit(dark, [], night, evening, BEHIND)[0].mean_color == lit[0].mean_color


def test_trees_turn_with_the_season_of_words_and_of_a_place():
    oak = PlacedObject("oak", 0.0, 5.0, 12.0, 20.0, (80, 150, 70), (80, 150, 70))
    for autumn in (BY_DAY._replace(season="autumn"), BY_DAY._replace(own_season="autumn")):
        turned = relit([SKY, GROUND, oak], [SKY, GROUND], BY_DAY, autumn, BEHIND)[-1]
        assert turned.color[0] > turned.color[1]
        assert relit([SKY, oak], [SKY], autumn, autumn, BEHIND)[-1] == oak, "it turns once"
        green = relit([SKY, turned], [SKY], autumn, BY_DAY, BEHIND)[-1]
        assert green.color[1] > green.color[0]


def test_a_planned_grey_house_is_not_green_when_the_purple_of_dusk_is_gone():
    dusk = BY_DAY._replace(light=(0.78, 0.67, 0.86))
    house = replace(BARN, color=(140, 140, 140), mean_color=(140, 140, 140))
    lit = relit([SKY, GROUND, house], [SKY, GROUND], dusk, BY_DAY, BEHIND)[-1]
    assert min(lit.color) > 150
    assert max(lit.color) - min(lit.color) < 20


def test_what_rules_gave_a_look_by_day_has_the_tint_of_sunset_and_a_white_goat_little():
    look = looks_of("palm")[0]
    palm = PlacedObject("palm", 0.0, 0.0, 10.0, 20.0, look.color, look.mean_color, look.variant)
    goat = replace(palm, kind="goat", color=(243, 166, 140), mean_color=(217, 166, 140))
    palm, goat = in_tinted_light([palm, goat], (1.0, 0.73, 0.66))
    assert palm.color[2] < 0.7 * look.color[2]
    assert max(goat.color) - min(goat.color) < 50


def test_snow_lies_on_bushes_once_and_melts():
    bush = PlacedObject("bush", 60.0, -5.0, 8.0, 6.0, *[(90, 120, 80)] * 2)
    snowy = BY_DAY._replace(in_snow=True)
    white = relit([SKY, GROUND, bush], [SKY], BY_DAY, snowy, BEHIND)[-1]
    assert min(white.color) > max(bush.color)
    assert relit([SKY, GROUND, white], [SKY], snowy, snowy, BEHIND)[-1] == white
    green = relit([SKY, GROUND, white], [SKY, GROUND], snowy, BY_DAY, BEHIND)[-1]
    assert np.abs(np.subtract(green.color, bush.color)).max() <= 2


def test_at_night_no_star_is_before_a_barn_unless_words_count_the_stars():
    stars = [
        PlacedObject("star", yaw, 15.0, 4.0, 4.0, (255, 240, 190), (255, 240, 190))
        for yaw in (5.0, 60.0)
    ]
    under = [DARK, GROUND, *stars]
    lit = relit([SKY, GROUND, BARN], under, BY_DAY, BY_NIGHT, BEHIND)
    assert [one.yaw for one in lit if one.kind == "star"] == [60.0]
    counted = BY_NIGHT._replace(named=(Named(("star",), None, 2, 2),))
    lit = relit([SKY, GROUND, BARN], under, BY_DAY, counted, BEHIND)
    assert sum(one.kind == "star" for one in lit) >= 2
