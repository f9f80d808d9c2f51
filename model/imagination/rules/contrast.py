"""Rules that make animals and named things stand out from their background.

A white cat on a white floor, or a crocodile in green grass, is hardly seen. Data, and numbers made
of it; nothing here runs a network. Things are listed from far to near.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from math import dist, inf

import numpy as np

from mag_sandbox.controls.camera import yaw_difference
from mag_sandbox.model.imagination.objects import PlacedObject, rgb
from mag_sandbox.model.imagination.rules.plans import (
    AROUND,
    in_light,
    light_of,
    looks_of,
    with_look,
)
from mag_sandbox.model.imagination.rules.relations import ON_FLOOR
from mag_sandbox.model.imagination.rules.spacing import stands
from mag_sandbox.scenes.color_names import COLORS, lab_of
from mag_sandbox.scenes.kinds import ANIMALS, PEOPLE, THINGS, WATERS
from mag_sandbox.scenes.looks import Rgb
from mag_sandbox.scenes.naming import Named, kinds_named
from mag_sandbox.scenes.stances import STANCES

_VARIED = (PEOPLE - {"zombie", "snowman", "scarecrow"}) | {"dog", "cat", "horse"}
_SAME, _LOOKS = 40.0, 3  # steps of RGB between colours of one look; usual looks but one
_ALIKE = 90.0  # steps of RGB between colours that are hardly told apart
_SEEN = ON_FLOOR | {"flat", "sky"}
_OWN = frozenset((  # kinds whose colour says what they are
    "penguin", "snowman", "igloo", "sheep", "swan", "cow", "fish", "bear", "seagull", "pig",
))  # fmt: skip
_LACQUERED = frozenset(("plane", "helicopter", "car", "truck", "tram", "rocket"))  # in any colour
_PAINTS = ("red", "blue", "green")  # which the painter knows best
_STARS = "starry sky"  # has another sky behind it
_FOOT = 0.4  # of a thing's height below its middle
_DARK = 0.75  # share of day
# of the usual looks by day: a plan's own colours may be those of water
_AT_NIGHT = (0.75, 1.0, 1.3)
_SHADES = (0.5, 1.5)  # of its colour, where no usual look of a thing stands out
_NEARLY = 20.0  # steps of RGB: of shades that differ less, the one of the most usual look is taken
_UNLIKE = 50.0  # steps of L*a*b* from which on colours are nothing alike
_MERGED = 0.2, 0.35  # how like its background a thing may be, in its own and in a usual look


def standing_out(
    things: Sequence[PlacedObject], named: Sequence[Named], tint: Sequence[float] = (1.0, 1.0, 1.0)
) -> list[PlacedObject]:
    """Return a plan in which animals and named things differ from their background.

    Those whose colour words give keep it; others are bluer at night, as all is.

    Args:
        things: from far to near.
        named: by words.
        tint: light of the scene, red, green and blue.
    """
    shares = np.array(tint)
    light = light_of(things) * shares / shares.mean()
    plain = (one for one in named if not any(part.color for part in (one, *one.parts)))
    free = kinds_named(plain)
    free |= ANIMALS - kinds_named(named)
    few = {kind for kind in free if _may_change(kind)}
    skies = [max(one.color) for one in things if one.kind == "low sky" and one.color]
    is_night = any(light_of(things) < _DARK or sky < 255 * _DARK for sky in skies)
    scales = _AT_NIGHT if is_night else _SHADES
    result: list[PlacedObject] = []
    for thing in things:
        behind = colors_behind(thing, result) if thing.kind in few else []
        is_merged = behind and thing.color and _apart(thing.color, behind) < _ALIKE
        alike = [one.color for one in result if one.kind == thing.kind and one.color]
        taken = alike[-_LOOKS:] if thing.kind in _VARIED else []
        result.append(_changed(thing, behind, taken, light, scales) if is_merged else thing)
    given = {kind for one in named if one.color or one.parts for kind in one.kinds}
    return _behind_given(result, given, light_of(things))


def _behind_given(
    things: Sequence[PlacedObject], given: Collection[str], light: float
) -> list[PlacedObject]:
    """Return a plan with other colours behind things whose colours are named.

    A red chair before a red door is hardly seen.
    """
    result = list(things)
    for place, thing in enumerate(things):
        if thing.kind not in given or thing.color is None or not stands(thing):
            continue
        other = _nearest(thing.yaw, thing.pitch, result[:place])
        if other is None or other.color is None or other.kind in given or not looks_of(other.kind):
            continue
        if _apart(other.color, [thing.color]) < _ALIKE and other.kind in THINGS:
            at = next(at for at, one in enumerate(result) if one is other)
            result[at] = _changed(other, [thing.color], [], light)
    return result


def seen_before(thing: PlacedObject, behind: Sequence[Rgb], light: float) -> PlacedObject:
    """Return a thing in the usual look, or the shade of one, that is least like its background.

    It keeps its own if little is like that, or if its colour says what it is.

    Args:
        thing: with a colour.
        behind: colours of places that it hides, or that are right beside it.
        light: see `light_of`.
    """
    assert thing.color is not None
    seen = [lab_of(color) for color in behind]

    def merged(one: PlacedObject) -> float:
        assert one.color is not None
        far = np.linalg.norm(np.array(seen) - lab_of(one.color), axis=1)
        return float(np.maximum(1 - far / _UNLIKE, 0.0).mean())

    if not seen or not _may_change(thing.kind) or merged(thing) <= _MERGED[0]:
        return thing
    looks = [with_look(thing, in_light(look, light)) for look in looks_of(thing.kind)]
    best = min((thing, *looks), key=merged)
    if merged(best) <= _MERGED[1]:
        return best
    return min((best, *(_shaded(one, shade) for one in looks for shade in _SHADES)), key=merged)


def varied(things: Sequence[PlacedObject], kept: int = 0) -> list[PlacedObject]:
    """Return a plan in which people and pets look different from each other.

    Of those that look alike all but the first take another usual look; the first `kept` things
    stay as they are.
    """
    light, seen = light_of(things), defaultdict[str, list[Rgb]](list)
    result = []
    for place, thing in enumerate(things):
        color = thing.color
        if thing.kind in _VARIED and looks_of(thing.kind) and color is not None:
            others = seen[thing.kind]
            if place >= kept and others and _apart(color, others) < _SAME:
                looks = (in_light(look, light) for look in looks_of(thing.kind))
                look = max(looks, key=lambda one: _apart(one.color, others[-_LOOKS:]))
                thing, color = with_look(thing, look), look.color
            others.append(color)
        result.append(thing)
    return result


def _may_change(kind: str) -> bool:
    are_few = kind in THINGS and THINGS[kind].are_few
    return are_few and kind not in _OWN | WATERS and STANCES[kind].where in _SEEN


def _apart(color: Rgb, others: Sequence[Rgb]) -> float:
    return min(dist(color, other) for other in others)


def colors_behind(thing: PlacedObject, others: Sequence[PlacedObject]) -> list[Rgb]:
    """Return the colours of the nearest of others behind a thing's middle and its foot."""
    pitches = thing.pitch, thing.pitch - _FOOT * thing.height
    seen = (_nearest(thing.yaw, pitch, others) for pitch in pitches)
    return [color for one in seen if one and (color := one.mean_color or one.color)]


def _nearest(yaw: float, pitch: float, things: Sequence[PlacedObject]) -> PlacedObject | None:
    for one in reversed(things):
        if one.kind == _STARS:
            continue
        stance = STANCES.get(one.kind)
        if pitch < 0.0 and stance is not None and stance.where == "far":
            continue  # ground hides the foot of hills
        across = 0.0 if one.width >= AROUND else abs(yaw_difference(yaw, one.yaw))
        if across < one.width / 2 and abs(pitch - one.pitch) < one.height / 2:
            return one
    return None


def _changed(
    thing: PlacedObject,
    behind: Sequence[Rgb],
    taken: Sequence[Rgb],
    light: float | np.ndarray,
    scales: Sequence[float] = _SHADES,
) -> PlacedObject:
    """Return a thing in the usual look, or else the shade of its own, that differs most.

    Of looks that differ enough from the background, it takes the one farthest from those `taken`.
    """
    looks = [in_light(look, light) for look in looks_of(thing.kind)]
    looks = [look for look in looks if _apart(look.color, behind) >= _ALIKE]
    if looks:
        return with_look(thing, max(looks, key=lambda one: _apart(one.color, taken or behind)))
    assert thing.color is not None
    if thing.kind in _LACQUERED:
        named = [rgb(light * np.array(COLORS[name])) for name in _PAINTS]
        color = max(named, key=lambda one: _apart(one, taken or behind))
        return thing.in_color(color)
    is_night = scales == _AT_NIGHT  # when a thing is no brighter than it must be
    alike = [with_look(thing, look) for look in looks_of(thing.kind)] if is_night else []
    every = (_shaded(one, shade) for one in alike or [thing] for shade in scales)
    shades = [(one, one.color) for one in every if one.color]
    enough = _ALIKE if is_night else inf
    return max(shades, key=lambda pair: min(_apart(pair[1], behind), enough) // _NEARLY)[0]


def _shaded(thing: PlacedObject, shade: float) -> PlacedObject:
    """Return a thing in a darker or lighter shade of its colours."""
    color, mean = thing.color, thing.mean_color or thing.color
    if color is None or mean is None:
        return thing
    return replace(
        thing, color=rgb(shade * np.array(color)), mean_color=rgb(shade * np.array(mean))
    )
