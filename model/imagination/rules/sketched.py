"""Sketches that are shown: their gradients, and what is painted as a sketch has it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mag_sandbox.model.imagination.objects import PlacedObject, is_outdoors
from mag_sandbox.model.imagination.pixels import widened
from mag_sandbox.model.imagination.rules.shores import is_odd_sea
from mag_sandbox.model.imagination.rules.weather import LIGHTNING

_STAR = "star"
_GRADIENTS = ("high sky", "low sky"), ("far ground", "near ground")  # upper and lower band
_STEP = 1.2  # degrees, at most about which a band is high
_SKY_AROUND = 10  # px around a star: in games, something would hang there that it stands on


def kept_as_sketched(things: Sequence[PlacedObject], owners: np.ndarray) -> np.ndarray:
    """Return which pixels of a sketch are painted as they are, bool [H, W].

    Seas of odd colours, lightning, of which the painter's training had little, and the stars of a
    night outdoors with the sky around them.

    Args:
        things: of the plan.
        owners: numbers of the things that the pixels show, -1: behind all; int [H, W].
    """
    odd = [at for at, one in enumerate(things) if is_odd_sea(one) or one.kind == LIGHTNING]
    kept = np.isin(owners, odd)
    if is_outdoors(things):
        stars = [at for at, one in enumerate(things) if one.kind == _STAR]
        if (shown := np.isin(owners, stars)).any():
            kept |= widened(shown, _SKY_AROUND) & (shown | (owners < 0))
    return kept


def with_gradients(things: Sequence[PlacedObject]) -> list[PlacedObject]:
    """Return things whose two bands of sky, and of ground, blend into each other as in renders.

    A plan has each in two even bands.
    """
    bands = {one.kind: one for one in things if one.mean_color or one.color}
    blended = dict[str, list[PlacedObject]]()
    for upper, lower in _GRADIENTS:
        if upper in bands and lower in bands:
            blended |= {upper: _blended(bands[upper], bands[lower]), lower: []}
    return [band for one in things for band in blended.get(one.kind, [one])]


def _blended(upper: PlacedObject, lower: PlacedObject) -> list[PlacedObject]:
    """Return narrow bands in place of two, from the colour of one's middle to the other's."""
    above, below = (np.array(one.mean_color or one.color, float) for one in (upper, lower))
    top = upper.top
    count = max(round((top - lower.foot) / _STEP), 1)
    pitches = top - (np.arange(count) + 0.5) * (top - lower.foot) / count
    shares = (pitches - lower.pitch)[:, None] / max(upper.pitch - lower.pitch, _STEP)
    blends = np.rint(below + shares * (above - below)).clip(0, 255).astype(int)
    band = replace(upper, height=(top - lower.foot) / count)
    return [
        replace(band, pitch=pitch, color=tuple(color), mean_color=tuple(color))
        for pitch, color in zip(pitches.tolist(), blends.tolist(), strict=True)
    ]
