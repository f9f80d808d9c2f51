"""Rules that give a plan the named light and weather, where the planner did not.

Data, and numbers made of it; nothing here runs a network. Things are listed from far to near.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from math import dist

import numpy as np

from mag_sandbox.controls.camera import WIDEST_FOV, yaw_difference
from mag_sandbox.controls.parallax import EYE
from mag_sandbox.model.imagination.objects import PlacedObject, in_other_light, rgb
from mag_sandbox.model.imagination.patterns import TURF
from mag_sandbox.model.imagination.rounded_colors import steady_color
from mag_sandbox.model.imagination.rules.joining import with_joined
from mag_sandbox.model.imagination.rules.plans import (
    AROUND,
    GOLDEN,
    colored,
    few_of,
    light_of,
    looks_of,
    places_of,
    turned,
    vividness,
    with_colored_waters,
    with_look,
    with_told_hues,
)
from mag_sandbox.model.imagination.rules.plausible import with_whole_stars
from mag_sandbox.model.imagination.rules.spacing import covered
from mag_sandbox.model.imagination.rules.wanted import Wanted
from mag_sandbox.scenes.changes import new_colors, new_in
from mag_sandbox.scenes.color_names import COLORS
from mag_sandbox.scenes.conditions import TURNING
from mag_sandbox.scenes.descriptions import WINDOWS
from mag_sandbox.scenes.kinds import ANIMALS, DISCS, FALLING, PEOPLE, SHAPES, THINGS
from mag_sandbox.scenes.looks import Rgb
from mag_sandbox.scenes.naming import Named, kinds_named
from mag_sandbox.scenes.stances import STANCES, where_of

_DARK_SKY = 170  # brightest channel of the sky by day, at least
# share of a warm light that vivid colours have themselves, and how vivid those are, and others
_OWN_TINT, _VIVID = 0.8, (0.35, 0.65)
_DARK_PANE = 170  # likewise, of windows by day
_STORMY_SKY = 165  # likewise, in a storm at most
_YELLOW = 0.5  # share of a sky's brightness: if red exceeds blue by more, it is no storm's
_NIGHT = np.array((0.44, 0.55, 0.86))  # red, green and blue of light, as shares of a clear day's
_STORM = np.array((0.8, 0.82, 0.86))  # likewise
_NIGHT_SKY: Mapping[str, Rgb] = {"low sky": (64, 64, 89), "high sky": (38, 38, 64)}
_STORM_SKY: Mapping[str, Rgb] = {
    "low sky": (128, 138, 156), "high sky": (92, 102, 122), "cloud": (84, 90, 108),
}  # fmt: skip
_SKIES = {"low sky": 0.4, "high sky": 0.0}  # shares of white in the colour that words give a sky
_BLACK_SKY = 0.2  # times as much white in a black one
_UNDER_RAIN = 0.5  # share of that colour where rain falls: it is not seen before bright orange
_PURPLE_GAME: tuple[Rgb, Rgb] = (156, 104, 188), (92, 62, 148)  # low and high sky of games
_GAME_SKIES = (  # source: the renderer's
    _PURPLE_GAME, ((58, 61, 117), (30, 33, 75)), ((156, 211, 247), (100, 176, 238)),
    ((137, 215, 208), (83, 180, 186)), ((252, 192, 210), (232, 151, 197)),
    ((252, 182, 118), (239, 136, 98)),
)  # fmt: skip
_PANES: Mapping[str, tuple[Rgb | None, Rgb]] = {  # colours of windows, None: as planned, and mean
    "night": ((64, 89, 140), (89, 115, 166)),
    "sunset": (None, (220, 130, 100)),
    "dusk": (None, (150, 110, 140)),
}
_DIM = 0.65  # share of light on ground that is no darker in a storm
LIGHTNING, _STRIKES = "lightning", (11.0, 26.0)  # degrees of its middle and height: a level view
SHINING = frozenset((
    "moon", "star", "street lamp", "lantern", "stone lantern", "lighthouse", "camp fire", "torch",
    "candle", LIGHTNING, *FALLING,
))  # fmt: skip
_TURNS = (0.0, *(side * turn for turn in range(4, 61, 4) for side in (1.0, -1.0)))  # degrees
_HIGH = 20.0  # degrees: a level view shows all of a disc, in wide windows too
_CORNER = 24.0, 12.0  # degrees to the right and above the middle of a view: games show cards there
_CARDS = 0.1  # share of a disc that may be hidden rather than under these cards
AIR = frozenset(("sun", "moon", "star", "starry sky", "cloud", LIGHTNING, *FALLING))
_RISEN = 0.3  # share of a named disc's height, below its middle, to which far things reach
_LEAST_FAR = 3.0  # degrees that such things are high, at least
_GAME = "video game"
_STARRY = frozenset(("star", "starry sky"))
_STAGED = (_GAME, "object")  # categories of scenes with lights of their own
_SNOW = np.array((236, 243, 250))  # colour on a clear day
_SNOWED = {
    "near ground": 1.0, "far ground": 1.0, "far hill": 0.8, "hills": 0.8, "flat land": 0.8,
    "road": 0.4, "bush": 0.5, "hedge": 0.5, "puddle": 0.6,
}  # fmt: skip
_SHINES = 1.15  # times as bright as other white in dim light
_PATH: Rgb = (243, 217, 166)  # its colour
_TRODDEN: Rgb = (178, 186, 202)  # and that of the snow on it
_SNOWED_TREE: tuple[Rgb, Rgb] = (166, 166, 89), (192, 166, 140)
_UNDER_SNOW = frozenset(("wild flower", "tulip", "sunflower", "rose bush", "wheat"))
_GREEN = TURNING | {"bush", "hedge"}
_TURNED = {  # kinds and colours of trees in a season, one after the other
    "autumn": (
        ("orange tree", (227, 145, 85)), ("red tree", (206, 86, 80)),
        ("orange tree", (228, 168, 82)),
    ),
    "spring": (("cherry tree", (244, 167, 181)), ("cherry tree", (245, 172, 191))),
}  # fmt: skip
_IN_AUTUMN, _GREEN_TREE = frozenset(("orange tree", "red tree")), "oak"
_EVERGREEN, _MIXED = frozenset(("pine", "cypress")), 0.5  # and the share that others take
_FALLEN = ((222, 120, 54), (196, 72, 52), (232, 176, 74))  # colours of leaves on the ground
_WITHERED, _SHARE = np.array((184, 168, 86)), 0.6  # colour of grass in autumn, and its share
_SPROUTING = 0.35  # share of trees without blossom in spring
_GRASS = frozenset(("near ground", "far ground", "far hill", "hills", "flat land"))
_LEAF, _LEAF_SHAPE = "wild flower", 0.6  # the kind drawn for leaves on the ground, and its height
_TREE = 3.0  # metres
_DAYLIT = 0.8  # least channel of the light of a day
_SAME_TINT = 2.5  # steps of RGB
_WHITE, _WHITER = 0.15, 0.75  # vividness of white and grey; share of a tint that beings lack
_FOG, _HAZY = np.array((206, 212, 216)), 0.08  # colour, and vividness of skies that show it
_FOG_AT_NIGHT = np.array((110, 121, 152.0))  # brighter than the sky, or it would not be seen
_HALF_SEEN, _NEAREST_FOOT = 6.0, 1.0  # metres; degrees
_PALEST, _PALEST_SKY = 0.78, 0.85  # share of fog at most: in things, which are still known, and sky
_PALEST_COLOR = 0.25  # likewise, in things whose colour words give
_PALEST_NAMED = 0.5  # likewise, in others that words name
_RELIEF = frozenset(("mountains", "snowy peaks", "mesas"))
_BEFORE_SKY = (28, 0.88), (20, 1.15)  # of mountains, of rain: least difference; light of others
_HILL, _PALEST_HILL = "far hill", 0.35  # with their feet in sight, and named relief


def in_weather(things: Sequence[PlacedObject], wanted: Wanted) -> list[PlacedObject]:
    """Return a plan in the named season, light and weather."""
    things = list(things)
    if wanted.season:
        # "trees" may become others, oaks stay oaks
        own = {one.kinds[0] for one in wanted.named if "red tree" not in one.kinds}
        things = in_season(things, wanted.season, own)
    if wanted.sky:
        share = _UNDER_RAIN if "falling rain" in kinds_named(wanted.named) else 1.0
        things = under_colored_sky(things, wanted.sky, wanted.light, share)
    things = under_game_sky(things)
    things = with_bright_lightning(in_storm(things)) if wanted.in_storm else things
    things = at_night(things) if wanted.by_night else things
    named = kinds_named(wanted.named)
    colored = {one.kinds[0] for one in wanted.named if one.color}
    falls = named | ({"falling snow"} if wanted.in_snow else set())  # not for "snowy mountains"
    things = [one for one in things if one.kind not in FALLING or one.kind in falls]
    things = under_snow(things, wanted.light, named, colored) if wanted.in_snow else things
    things = before_sky(in_tinted_light(things, wanted.light), named)
    things = with_told_hues(things, wanted.named)
    return with_colored_waters(things, wanted.named, wanted.light)


def in_tinted_light(
    things: Sequence[PlacedObject], light: Sequence[float]
) -> list[PlacedObject]:  # fmt: skip
    """Return a plan in which things have the tint of the scene's light, white beings little.

    Those in a usual look, which rules gave them, lack it, and would be turquoise once the light of
    a sunset changes to that of a night. White goats with all of it pass for pink, white shirts for
    skin.
    """
    shares = np.array(light)
    added, left = shares / light_of(things), 1.0 + _WHITER * (shares.mean() / shares - 1.0)

    def lit(thing: PlacedObject) -> PlacedObject:
        if thing.kind in SHINING | AIR:
            return thing
        shown, by_day = _tint_of_being(thing), _tint_of_being(thing, shares)
        if min(shown, by_day) < _WHITE:
            return in_other_light(thing, left) if by_day < shown else thing
        return in_other_light(thing, added) if _is_untinted(thing) else thing

    return [lit(one) for one in things]


def _tint_of_being(thing: PlacedObject, light: float | np.ndarray = 1.0) -> float:
    """Return the vividness of an animal, or of a person's clothes, by day; 1: of other things."""
    if thing.color is None or thing.kind not in ANIMALS | PEOPLE:
        return 1.0
    return vividness(np.array(thing.color) / light)


def _is_untinted(thing: PlacedObject) -> bool:
    """Tell whether a thing has the colour of a usual look by day, however dark."""
    color = np.array(thing.color or (0, 0, 0))
    by_day = [np.array(look.color) for look in looks_of(thing.kind)]
    return any(
        np.abs(color - look * (color.max() / look.max())).max() < _SAME_TINT for look in by_day
    )


def relit(
    things: Sequence[PlacedObject],
    under: Sequence[PlacedObject],
    before: Wanted,
    now: Wanted,
    behind: Collection[str],
    facing: float = 0.0,
) -> list[PlacedObject]:
    """Return a plan in another light, weather and season, with each thing where it stands.

    Things that are asked only of the other plan are added.

    Args:
        things: from far to near.
        under: another plan, of the place as it is now: its skies, what is in them, and what is
            named anew are taken.
        before: asked of the plan.
        now: asked of the other one.
        behind: kinds of things that are behind all others.
        facing: yaw at which the other plan shows most of what it is asked for.
    """
    air = AIR - {"star"} if now.category == _GAME else AIR
    own = [one for one in _without_air(things, before, now) if one.kind not in air]
    light = np.array(now.light) / before.light
    if _tint(before.light) > _tint(now.light):
        own = [one.recolored(lambda color: steady_color(color, light)) for one in own]
    if max(before.light) == before.light[0] and before.light != now.light:
        own = [one if one.kind in behind else _as_if_partly_lit(one, before.light) for one in own]
    lit = _under(own, _skies(under, before, now), light)
    lit = _in_other_air(lit, before, now)
    gone = {*now.denied} - {*before.denied} - kinds_named(now.named)
    left = [one for one in lit if one.kind in gone]
    lit = [one for one in lit if one.kind not in gone]
    lit = _in_given_colors(_fewer(lit, before, now, facing), before, now, facing)
    new = [*new_in(now.named, before.named), *_more(before, now)]
    lit = with_joined(lit, under, new, facing, left) if new else lit
    kept = air - FALLING - (kinds_named(now.named) - kinds_named(before.named))
    shown = (
        air if now.by_night else air - (_STARRY - kinds_named(now.named))
    )  # no stars in a pink sky by day
    above = _kept_above([one for one in under if one.kind in shown], things, kept)
    risen = DISCS - {one.kind for one in things}
    above = _discs_clear(above, lit, risen, facing)
    first = next((place for place, one in enumerate(lit) if one.kind not in behind), len(lit))
    result = [
        *lit[:first], *(one for one in above if one.kind not in FALLING), *lit[first:],
        *(one for one in above if one.kind in FALLING),
    ]  # fmt: skip
    result = with_whole_stars(result, now.named)
    return with_bright_lightning(result) if now.in_storm else result


def _tint(light: Sequence[float]) -> float:
    return max(light) / min(light)


def _as_if_partly_lit(thing: PlacedObject, light: Sequence[float]) -> PlacedObject:
    """Return a thing whose vivid colours have some of a warm light themselves.

    Plans of sunsets have yellow things, which would be green in another light.
    """
    own = np.array(light) / max(light)

    def lit(color: Rgb) -> Rgb:
        vivid = 1 - min(color) / max(*color, 1)
        share = _OWN_TINT * min(max((vivid - _VIVID[0]) / (_VIVID[1] - _VIVID[0]), 0.0), 1.0)
        return rgb(np.array(color) * (1 - share + share * own))

    return thing.recolored(lit)


def _recounted(before: Wanted, now: Wanted) -> list[tuple[Named, Named]]:
    """Return the names that words give another number now, as they were and as they are."""
    were = {one.kinds[0]: one for one in before.named}
    both = ((were[one.kinds[0]], one) for one in now.named if one.kinds[0] in were)
    return [(was, one) for was, one in both if was.least != one.least and one.kinds[0] in THINGS]


def _more(before: Wanted, now: Wanted) -> list[Named]:
    """Return names for as many things as words name more now."""
    return [
        one._replace(least=one.least - was.least, most=None)
        for was, one in _recounted(before, now) if one.least > was.least
    ]  # fmt: skip


def _fewer(
    things: list[PlacedObject], before: Wanted, now: Wanted, facing: float
) -> list[PlacedObject]:
    """Return a plan with the fewer things that words name now; of uncounted ones half are left."""
    for was, one in _recounted(before, now):
        own = places_of(things, one.kinds)
        own.sort(key=lambda place: abs(yaw_difference(things[place].yaw, facing)))
        left = set(own[: one.least] if was.most else own[::2])
        if one.least < was.least:
            things = [
                it for place, it in enumerate(things) if place in left or it.kind not in one.kinds
            ]
    return things


def _may_be(thing: PlacedObject, part: Named) -> bool:
    """Tell whether words can mean a thing: those for a woman no man."""
    women = SHAPES.values()
    return thing.kind not in PEOPLE or (thing.variant in women) == (part.shape in women)


def _in_given_colors(
    things: list[PlacedObject], before: Wanted, now: Wanted, facing: float
) -> list[PlacedObject]:
    """Return a plan in the colours that words now give; of several, those ahead have them."""
    were = {one.kinds[0]: one for one in before.named}
    for one in now.named:
        for part in new_colors(one, were[one.kinds[0]]) if one.kinds[0] in were else (one,):
            recolored = colored(things, [part]) if part.color else things
            own = places_of(things, one.kinds)
            if one.parts:
                there = few_of(turned(things, facing), one)
                own = [at for at in there if _may_be(things[at], part)][: part.least]
            things = [recolored[at] if at in own else it for at, it in enumerate(things)]
    return things


def _kept_above(
    above: Sequence[PlacedObject], before: Sequence[PlacedObject], kinds: Collection[str]
) -> list[PlacedObject]:
    """Return the things in the sky, where they were before if some of their kinds were there.

    They have the colours that they have now.
    """
    result: list[PlacedObject] = []
    for kind in dict.fromkeys(one.kind for one in above):
        now = [one for one in above if one.kind == kind]
        there = [one for one in before if one.kind == kind] if kind in kinds else []
        result += (replace(one, color=now[0].color, mean_color=now[0].mean_color) for one in there)
        result += [] if there else now
    return result


def with_discs_shown(things: Sequence[PlacedObject], named: Sequence[Named]) -> list[PlacedObject]:
    """Return a plan whose named sun or moon nothing hides: it moves aside, far things are lower."""
    said = DISCS & {kind for one in named if one.relation is None for kind in one.kinds}
    kinds = kinds_named(named)
    far = [
        one for one in things
        if where_of(one.kind) == "far" and one.width < AROUND and one.kind not in kinds
    ]  # fmt: skip
    discs = [one for one in things if one.kind in said]
    shown = iter(_discs_clear(discs, things, said, 0.0))
    result = [next(shown) if one.kind in said else one for one in things]
    for disc in (one for one in result if one.kind in said):
        top = disc.pitch - _RISEN * disc.height
        result = [
            _lowered(one, top) if one in far and covered(disc, one) > _CARDS else one
            for one in result
        ]
    return result


def _lowered(thing: PlacedObject, top: float) -> PlacedObject:
    """Return a far thing that reaches up to a pitch at most."""
    height = max(min(thing.height, top - thing.foot), _LEAST_FAR)
    return replace(thing, height=height).standing_at(thing.foot)


def _discs_clear(
    above: Sequence[PlacedObject],
    things: Sequence[PlacedObject],
    risen: Collection[str],
    facing: float,
) -> list[PlacedObject]:
    """Return the things in the sky, with a sun or moon that nothing hides, nor a card of the game.

    If it is in the view at a yaw, it stays in it, as near as possible to its old place.

    Args:
        above: the things in the sky.
        things: all else.
        risen: kinds of those that may move.
        facing: yaw of the view [degrees].
    """
    hiding = [one for one in (*things, *above) if one.width < AROUND and one.kind not in DISCS]

    def hidden(disc: PlacedObject) -> float:
        right, top = yaw_difference(disc.yaw, facing) + disc.width / 2, disc.top
        in_corner = right > _CORNER[0] and top > _CORNER[1]
        return max(_CARDS * in_corner, *(covered(disc, one) for one in hiding), 0.0)

    def clear(disc: PlacedObject) -> PlacedObject:
        places = [
            replace(disc, yaw=(disc.yaw + turn) % 360.0, pitch=pitch)
            for pitch in (disc.pitch, max(disc.pitch, _HIGH)) for turn in _TURNS
        ]  # fmt: skip
        aside = [abs(yaw_difference(one.yaw, facing)) + disc.width / 2 for one in places]
        most = max(aside[0], WIDEST_FOV / 2)
        seen = [one for one, away in zip(places, aside, strict=True) if away <= most]
        return min(seen, key=hidden)

    return [clear(one) if one.kind in risen else one for one in above]


def _without_air(
    things: Sequence[PlacedObject], before: Wanted, now: Wanted
) -> Sequence[PlacedObject]:
    """Return a plan without the fog, snow, autumn and dark windows that are over."""
    if before.in_fog and not now.in_fog:
        things = _fogged(things, before, lifts=True)
    if before.outside and not now.outside:
        things = _by_day(things)
    if before.in_snow:  # else it would lie twice as thick in other light
        things = [_thawed(one, before.light) for one in things]
    was_autumn, is_autumn = (_season(one) == "autumn" for one in (before, now))
    return [_green(one, now) for one in things] if was_autumn and not is_autumn else things


def _in_other_air(
    things: Sequence[PlacedObject], before: Wanted, now: Wanted
) -> list[PlacedObject]:
    """Return a plan in the season, weather and fog that have come."""
    season = _season(now)
    lit = in_weather(things, now._replace(season="" if season == _season(before) else season))
    lit = _fogged(lit, now) if now.in_fog and not before.in_fog else lit
    return [_with_pane(one, now.outside) if now.outside else one for one in lit]


def _season(wanted: Wanted) -> str:
    return wanted.season or wanted.own_season


def _skies(under: Sequence[PlacedObject], before: Wanted, now: Wanted) -> dict[str, Rgb]:
    """Return a plan's colours of skies, and of ground that was under snow or withered.

    Games and stages have lights of their own, which colour their whole background.
    """
    kinds = frozenset(_NIGHT_SKY)
    if before.in_snow or before.season or before.own_season:
        kinds |= _GRASS
    return {
        one.kind: one.color for one in under
        if one.color and (one.kind in kinds or (one.width >= AROUND and now.category in _STAGED))
    }  # fmt: skip


def _green(thing: PlacedObject, now: Wanted) -> PlacedObject:
    """Return a tree with green leaves, in place of one that turned, unless words name it."""
    named = {kind for one in now.named for kind in one.kinds[:1]}
    if thing.kind not in _IN_AUTUMN or thing.kind in named:
        return thing
    return with_look(replace(thing, kind=_GREEN_TREE), looks_of(_GREEN_TREE)[0])


def _thawed(thing: PlacedObject, light: Sequence[float]) -> PlacedObject:
    """Return a thing without snow on it, in the named light."""
    if thing.kind == "path":
        return _in_colors(thing, (_PATH, _PATH), light)
    looks = looks_of(thing.kind) if thing.kind in TURNING else ()
    if looks:
        return _in_colors(thing, (looks[0].color, looks[0].mean_color), light)
    share = 0.0 if thing.kind in _GRASS else _SNOWED.get(thing.kind, 0.0)  # the coming plan's
    if not share or thing.color is None:
        return thing
    color = rgb((np.array(thing.color) - share * _lit_snow(light)) / (1 - share))
    return thing.in_color(color)


def _by_day(things: Sequence[PlacedObject]) -> list[PlacedObject]:
    looks = {kind: looks_of(kind)[0] for kind in WINDOWS if looks_of(kind)}
    return [
        replace(one, color=looks[one.kind].color, mean_color=looks[one.kind].mean_color)
        if one.kind in looks
        else one
        for one in things
    ]


def has_dark_sky(things: Sequence[PlacedObject]) -> bool:
    """Tell whether it is night in a plan, or in its room."""
    above = _first(things, "low sky") or _first(things, "ceiling")
    return above is not None and max(above) < _DARK_SKY


def at_night(things: Sequence[PlacedObject]) -> list[PlacedObject]:
    """Return an outdoor plan without a sun, in moonlight if its sky is a day's."""
    sky = _first(things, "low sky")
    if sky is None or max(sky) < _DARK_SKY or sky == _PURPLE_GAME[0]:  # as of a neon city
        return [thing for thing in things if thing.kind != "sun"]
    return _under(things, _NIGHT_SKY, _NIGHT)


def with_sky_in_windows(things: Sequence[PlacedObject], sky: str) -> list[PlacedObject]:
    """Return the plan of a room with "night", "sunset" or "dusk" in windows that show a day."""
    return [
        _with_pane(thing, sky) if thing.mean_color and max(thing.mean_color) > _DARK_PANE else thing
        for thing in things
    ]


def _with_pane(thing: PlacedObject, sky: str) -> PlacedObject:
    """Return a thing; if it is a window, with another sky in it."""
    frame, mean = _PANES[sky]
    is_window = thing.kind in WINDOWS and thing.mean_color
    return replace(thing, color=frame or thing.color, mean_color=mean) if is_window else thing


def in_storm(things: Sequence[PlacedObject]) -> list[PlacedObject]:
    """Return an outdoor plan under dark clouds, if its sky is bright."""
    sky = _first(things, "low sky")
    if sky is None or (max(sky) <= _STORMY_SKY and sky[0] - sky[2] < _YELLOW * max(sky)):
        return list(things)
    is_dim = light_of([one for one in things if one.kind == "near ground"]) < _DIM
    light = np.ones(3) if is_dim else _STORM
    red, _, blue = sky
    if red <= blue:
        return _under(things, _STORM_SKY, light)
    evening = {  # the clouds of a storm at sunset glow
        thing.kind: rgb((np.array(thing.color) + _STORM_SKY[thing.kind]) / 2)
        for thing in things if thing.kind in _STORM_SKY and thing.color is not None
    }  # fmt: skip
    return _under(things, evening, light)


def under_colored_sky(
    things: Sequence[PlacedObject], color: Rgb, light: Sequence[float], share: float = 1.0
) -> list[PlacedObject]:
    """Return an outdoor plan under a sky of some colour in the named light, without a sun.

    `share` is that of the named colour in the sky's; the rest is planned.
    """
    pale = _BLACK_SKY if color == COLORS["black"] else 1.0

    def under(thing: PlacedObject) -> PlacedObject:
        if thing.kind not in _SKIES or thing.color is None:
            return thing
        white = pale * _SKIES[thing.kind]
        told = (white * 255.0 + (1 - white) * np.array(color)) * light
        sky = rgb(share * told + (1 - share) * np.array(thing.color))
        return thing.in_color(sky)

    return [under(one) for one in things if one.kind != "sun"]


def under_game_sky(things: Sequence[PlacedObject]) -> list[PlacedObject]:
    """Return a game's plan with the nearest of the skies that games have.

    Colours of plans are rounded, which makes a teal sky blue.
    """
    seen = [one.color for kind in _SKIES for one in things if one.kind == kind and one.color]
    if len(seen) != len(_SKIES) or all(one.kind != TURF for one in things):
        return list(things)
    sky = min(_GAME_SKIES, key=lambda own: dist([*own[0], *own[1]], [*seen[0], *seen[1]]))
    colors = dict(zip(_SKIES, sky, strict=True))
    return [one.in_color(colors[one.kind]) if one.kind in colors else one for one in things]


def before_sky(things: Sequence[PlacedObject], named: Collection[str]) -> list[PlacedObject]:
    """Return a plan whose named mountains, rain and snow stand out from the sky.

    Colours of plans are rounded, and these may have exactly the sky's.
    """
    sky = _first(things, "low sky")

    def shown(thing: PlacedObject) -> PlacedObject:
        level, light = _BEFORE_SKY[thing.kind in FALLING]
        may_merge = thing.kind in FALLING or thing.kind in _RELIEF.intersection(named)
        if sky is None or thing.color is None or not may_merge:
            return thing
        is_seen = np.abs(np.subtract(thing.color, sky)).max() >= level
        return thing if is_seen else in_other_light(thing, light)

    return [shown(one) for one in things]


def with_bright_lightning(things: Sequence[PlacedObject]) -> list[PlacedObject]:
    """Return a plan with lightning in the colour of light, in view, before clouds and hills.

    Hills would hide all but a blot of it.
    """
    pitch, height = _STRIKES
    lit = [
        replace(with_look(one, looks_of(one.kind)[0]), pitch=pitch, height=height)
        if one.kind == LIGHTNING
        else one
        for one in things
    ]
    far = (
        place for place, one in enumerate(lit)
        if one.width < AROUND and where_of(one.kind) == "far"
    )  # fmt: skip
    near = 1 + max(far, default=-1)
    ranked = sorted(lit[:near], key=lambda one: one.kind == LIGHTNING)
    return [*ranked, *lit[near:]]


def under_snow(
    things: Sequence[PlacedObject],
    light: Sequence[float],
    named: Collection[str] = (),
    colored: Collection[str] = (),
) -> list[PlacedObject]:
    """Return an outdoor plan with white ground and trees, in the named light.

    The ground's colour does not tell whether it is snow: at dusk grass is almost grey. Flowers of
    named kinds stay, and kinds of trees with named colours keep these.
    """
    if _first(things, "low sky") is None:
        return list(things)
    snow = _lit_snow(light)
    trees, gone = TURNING.difference(colored), _UNDER_SNOW.difference(named)
    return [
        _in_colors(thing, _SNOWED_TREE, snow / _SNOW)
        if thing.kind in trees
        else _under_white(thing, snow)
        for thing in things
        if thing.kind not in gone
    ]


def _lit_snow(light: Sequence[float]) -> np.ndarray:
    """Return the colour of snow, which is known as such in any light."""
    white = (np.array(light) + np.mean(light)) / 2
    lit: np.ndarray = np.minimum(_SHINES * white, 1.0) * _SNOW
    return lit


def _in_colors(
    thing: PlacedObject, colors: tuple[Rgb, Rgb], light: Sequence[float] | np.ndarray
) -> PlacedObject:
    """Return a thing with these colours by day, its own and its mean, in some light."""
    color, mean = (rgb(np.array(one) * light) for one in colors)
    return replace(thing, color=color, mean_color=mean)


def _under_white(thing: PlacedObject, snow: np.ndarray) -> PlacedObject:
    if thing.kind == "path":
        return _in_colors(thing, (_TRODDEN, _TRODDEN), snow / _SNOW)
    share = _SNOWED.get(thing.kind, 0.0)
    if not share or thing.color is None:
        return thing
    color = rgb(share * snow + (1 - share) * np.array(thing.color))
    return thing.in_color(color)


def in_season(
    things: Sequence[PlacedObject], season: str, named: Collection[str] = ()
) -> list[PlacedObject]:
    """Return an outdoor plan with a season's trees: orange in autumn, some in blossom in spring.

    Trees of named kinds only take the colour. Among pines alone some are others, which turn.
    """
    light = light_of(things)
    if not any(one.kind in TURNING for one in things):
        things = _mixed(things, named)
    return [_in_season(one, season, place, light, named) for place, one in enumerate(things)]


def _mixed(things: Sequence[PlacedObject], named: Collection[str]) -> list[PlacedObject]:
    """Return a plan with green trees that turn in place of some evergreen ones."""
    return [
        replace(one, kind=_GREEN_TREE)
        if one.kind in _EVERGREEN.difference(named) and place * GOLDEN % 1 < _MIXED
        else one
        for place, one in enumerate(things)
    ]


def _in_season(
    thing: PlacedObject, season: str, place: int, light: float, named: Collection[str]
) -> PlacedObject:
    at = place * GOLDEN % 1
    is_autumn = season == "autumn"
    if thing.kind in _GREEN and (is_autumn or (_is_tall(thing.kind) and at > _SPROUTING)):
        kind, color = _TURNED[season][int(at * len(_TURNED[season]))]
        if thing.kind in named or not _is_tall(thing.kind):
            return _in_color(thing, color, light)
        looks = looks_of(kind)
        look = min(looks, key=lambda one: dist(one.color, color))
        return _in_color(replace(thing, kind=kind, variant=look.variant), color, light)
    if is_autumn and thing.kind == _LEAF and _LEAF not in named:
        fallen = replace(
            thing, height=_LEAF_SHAPE * thing.height,
            pitch=thing.foot + _LEAF_SHAPE * thing.height / 2,
        )  # fmt: skip
        return _in_color(fallen, _FALLEN[int(at * len(_FALLEN))], light)
    if is_autumn and thing.kind in _GRASS and thing.color:
        color = rgb(_SHARE * light * _WITHERED + (1 - _SHARE) * np.array(thing.color))
        return thing.in_color(color)
    return thing


def _is_tall(kind: str) -> bool:
    return (STANCES[kind].tall or 0.0) > _TREE


def _in_color(thing: PlacedObject, color: Rgb, light: float) -> PlacedObject:
    shade = rgb(light * np.array(color))
    return thing.in_color(shade)


def in_fog(things: Sequence[PlacedObject], wanted: Wanted) -> list[PlacedObject]:
    """Return a plan whose things pale with their distance, if its sky is a clear day's."""
    sky = _first(things, "low sky")
    is_clear = sky is not None and vividness(np.array(sky)) >= _HAZY
    return _fogged(things, wanted) if is_clear else list(things)


_GROUNDS, _MEET = frozenset(("near ground", "far ground")), 20.0  # degrees down, where they meet


def _fogged(
    things: Sequence[PlacedObject], wanted: Wanted, *, lifts: bool = False
) -> list[PlacedObject]:
    """Return things that pale with their distance, or, if fog lifts, as they look without it.

    Fog has the colour of the light: it is warm in the evening. A black church is still black in it.
    """
    fog = _fog_over(things, wanted)
    told = [one for one in wanted.named if one.color or any(part.color for part in one.parts)]
    colored = kinds_named(told)
    named = kinds_named(wanted.named)
    relief = _RELIEF & named

    def paled(thing: PlacedObject) -> PlacedObject:
        is_flat = where_of(thing.kind) == "flat"  # rivers come near from far away
        foot = (0.0 if is_flat else thing.height / 2) - thing.pitch  # degrees below the horizon
        foot = _MEET if thing.kind in _GROUNDS else foot  # else the painter draws a line there
        away = EYE / np.tan(np.radians(foot)) if foot > _NEAREST_FOOT else np.inf
        most = _PALEST_NAMED if thing.kind in named else _PALEST
        most = _PALEST_SKY if thing.width >= AROUND else most
        is_told = thing.kind in (_SKIES if wanted.sky and thing.width >= AROUND else colored)
        most = _PALEST_COLOR if is_told else most
        is_hill = thing.kind == _HILL and foot > _NEAREST_FOOT
        most = _PALEST_HILL if is_hill or thing.kind in relief else most
        share = min(1 - 0.5 ** (away / _HALF_SEEN), most)
        share = -share / (1 - share) if lifts else share
        return thing.recolored(lambda color: rgb(share * fog + (1 - share) * np.array(color)))

    return [paled(thing) for thing in things]


def _fog_over(things: Sequence[PlacedObject], wanted: Wanted) -> np.ndarray:
    """Return the colour of fog, which by day is no brighter than the sky."""
    light = np.array(wanted.light)
    if has_dark_sky(things) and (wanted.by_night or light.min() > _DAYLIT):
        return _FOG_AT_NIGHT
    fog = light * _FOG
    sky = _first(things, "low sky") or (255, 255, 255)
    colored: np.ndarray = fog * min(max(sky) / fog.max(), 1.0)
    return colored


def _first(things: Sequence[PlacedObject], kind: str) -> Rgb | None:
    return next((thing.color for thing in things if thing.kind == kind), None)


def _under(
    things: Sequence[PlacedObject], skies: Mapping[str, Rgb], light: np.ndarray
) -> list[PlacedObject]:
    """Return things under a sunless sky and in a light, a share of red, green and blue."""
    lit = []
    for thing in things:
        if thing.kind == "sun":
            continue
        sky = skies.get(thing.kind)
        if sky is not None:
            lit.append(thing.in_color(sky))
        elif thing.kind in SHINING:
            lit.append(thing)
        else:
            tint = 1.0 - _WHITER * (thing.kind in ANIMALS | PEOPLE)
            lit.append(in_other_light(thing, light.mean() + tint * (light - light.mean())))
    return lit
