"""Things in the colours that words give them. Knows nothing of networks."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mag_sandbox.model.imagination.objects import PlacedObject, rgb
from mag_sandbox.scenes.things import COLORS, Named

_LIGHTS = np.array((0.55, 0.75, 1.0))  # that a colour may be seen in
_ALL = np.multiply.outer(_LIGHTS, np.array(list(COLORS.values())))  # [lights, names, 3]
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
    """Return how light a scene is, as a share of day."""
    around = (thing.mean_color for thing in things if thing.width >= _AROUND)
    levels = [max(color) for color in around if color is not None]
    return float(np.clip(max(levels) / _BRIGHT, _LIGHTS[0], 1.0)) if levels else 1.0


def _colored(thing: PlacedObject, wanted: np.ndarray, light: float) -> PlacedObject:
    if thing.color is not None:
        near = np.abs(_ALL - thing.color).max(axis=-1).min()
        own = np.abs(np.multiply.outer(_LIGHTS, wanted) - thing.color).max(axis=-1).min()
        if own <= near:
            return thing
    shade = wanted * light
    mean = thing.mean_color and rgb(_OWN * shade + (1 - _OWN) * np.array(thing.mean_color))
    return replace(thing, color=rgb(shade), mean_color=mean)
