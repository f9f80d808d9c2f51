"""What is painted as a plan's sketch has it: the painter was trained on others of its kind."""

from collections.abc import Sequence

import numpy as np

from mag_sandbox.model.imagination.objects import PlacedObject, is_outdoors
from mag_sandbox.model.imagination.pixels import widened
from mag_sandbox.model.imagination.rules.shores import is_odd_sea
from mag_sandbox.model.imagination.rules.weather import LIGHTNING

_STAR = "star"
_SKY_AROUND = 10  # px around a star: in games, something would hang there that it stands on


def kept_as_sketched(things: Sequence[PlacedObject], owners: np.ndarray) -> np.ndarray:
    """Return which pixels of a sketch are painted as they are, bool [H, W].

    Seas of odd colours, lightning, of which training had little, and the stars of a night outdoors
    with the sky around them.

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
