"""Things in the colours that words give them. Knows nothing of networks."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mag_sandbox.model.imagination.objects import PlacedObject, rgb
from mag_sandbox.scenes.things import COLORS, Named

_COLORS = np.array(list(COLORS.values()))
_SHADES = np.array((0.7, 0.85, 1.0, 1.15, 1.3))  # of a scene's light, that things are seen in
_DARKEST = 0.55  # share of day
# of its brightness, by which what plainly has another colour differs from what it should be. Of
# 8,000 coloured things of the renderer's own log 10% do, told another colour 70% (of those that are
# nearer to another name, in whatever light, 43 and 97)
_PLAIN = 0.25
_AROUND = 330.0  # degrees; what is wider shows how light a scene is
_BRIGHT = 200.0  # level of the brightest channel of what is brightest around, by day
_OWN = 0.75  # of a thing's mean colour: that of its largest part


def colored(things: Sequence[PlacedObject], named: Sequence[Named]) -> list[PlacedObject]:
    """Return things of which none has plainly another colour than words give its kind."""
    wanted = {kind: np.array(one.color) for one in named if one.color for kind in one.kinds}
    light = _light(things)
    return [
        _colored(thing, wanted[thing.kind], light) if thing.kind in wanted else thing
        for thing in things
    ]


def _light(things: Sequence[PlacedObject]) -> float:
    around = (thing.mean_color for thing in things if thing.width >= _AROUND)
    levels = [max(color) for color in around if color is not None]
    return float(np.clip(max(levels) / _BRIGHT, _DARKEST, 1.0)) if levels else 1.0


def _colored(thing: PlacedObject, wanted: np.ndarray, light: float) -> PlacedObject:
    if thing.color is not None:
        seen = np.array([thing.color, thing.mean_color or thing.color])
        own, nearest = (_apart(seen, colors, light) for colors in (wanted[None], _COLORS))
        if own <= max(nearest, _PLAIN):
            return thing
    shade = wanted * light
    mean = thing.mean_color and rgb(_OWN * shade + (1 - _OWN) * np.array(thing.mean_color))
    return replace(thing, color=rgb(shade), mean_color=mean)


def _apart(seen: np.ndarray, colors: np.ndarray, light: float) -> float:
    """Return by what share of its brightness what is seen differs from what comes nearest to it.

    Args:
        seen: colours of a thing, [N, 3].
        colors: that it may have by day, [M, 3].
        light: of the scene, as a share of day.
    """
    shades = np.multiply.outer(light * _SHADES, colors)[..., None, :]
    bright = np.maximum(shades.max(axis=-1), seen.max(axis=-1))
    return float((np.abs(shades - seen).max(axis=-1) / bright).min())
