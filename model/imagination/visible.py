"""Which things of a plan show, and which are hidden by nearer ones.

Rules of plans weigh what level views show (`rules.plans.shown_shares`), in coarse cells. A list for
the player also has things above and below, and parts that show beside a nearer thing.
"""

from collections.abc import Sequence

import numpy as np

from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.scenes.kinds import FALLING

_AROUND, _HIGHEST = 360, 60  # degrees, a cell each
_CORE = 0.7  # share of a thing's width that hides the things behind it
_SHOWN = 0.25  # share of a thing that shows of what counts as visible


def visible(things: Sequence[PlacedObject]) -> list[PlacedObject]:
    """Return the things that show for the most part, behind falling rain and snow as well.

    Args:
        things: as a viewpoint shows them, from far to near.
    """
    owners = np.full((2 * _HIGHEST, _AROUND), -1)
    cells = [_cells(thing) for thing in things]
    for number, (rows, columns) in enumerate(cells):
        if things[number].kind not in FALLING:
            owners[rows, columns] = number
    return [
        thing
        for number, (thing, (rows, columns)) in enumerate(zip(things, cells, strict=True))
        if (owners[rows, columns] == number).mean() >= _SHOWN
    ]


def _cells(thing: PlacedObject) -> tuple[slice, np.ndarray]:
    """Return rows, from the top, and columns of the cells in the core of a thing's box."""
    top = round(_HIGHEST - thing.pitch - thing.height / 2)
    top = min(max(top, 0), 2 * _HIGHEST - 1)
    rows = slice(top, min(max(round(_HIGHEST - thing.foot), top + 1), 2 * _HIGHEST))
    wide = max(round(_CORE * min(thing.width, _AROUND)), 1)
    return rows, (round(thing.yaw - wide / 2) + np.arange(wide)) % _AROUND
