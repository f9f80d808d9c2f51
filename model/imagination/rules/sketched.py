"""What is painted as a plan's sketch has it: the painter was trained on others of its kind."""

from collections.abc import Sequence

import numpy as np

from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.rules.shores import is_odd_sea

_OPEN = "near ground"  # which games and rooms have not
_STAR = "star"
_SKY_AROUND = 10  # px around a star: in games, something would hang there that it stands on


def kept_as_sketched(things: Sequence[PlacedObject], owners: np.ndarray) -> np.ndarray:
    """Return which pixels of a sketch are painted as they are, bool [H, W].

    Seas of odd colours, and the stars of a night outdoors with the sky around them.

    Args:
        things: of the plan.
        owners: numbers of the things that the pixels show, -1: behind all; int [H, W].
    """
    kept = np.isin(owners, [at for at, one in enumerate(things) if is_odd_sea(one)])
    if any(one.kind == _OPEN for one in things):
        stars = [at for at, one in enumerate(things) if one.kind == _STAR]
        is_sky = np.isin(owners, [-1, *stars])
        kept |= is_sky & _grown(np.isin(owners, stars), _SKY_AROUND)
    return kept


def _grown(pixels: np.ndarray, reach: int) -> np.ndarray:
    """Return pixels and those that are near to them, bool [H, W]."""
    for axis, size in enumerate(pixels.shape):
        edge = [(0, 0), (0, 0)]
        edge[axis] = reach, reach
        padded = np.pad(pixels, edge)
        steps = range(2 * reach + 1)
        pixels = np.any([padded.take(step + np.arange(size), axis) for step in steps], axis=0)
    return pixels
