"""Which of several plans is best, and turned which way: what a first view shows of a caption.

Things cover each other as in a picture. Knows nothing of networks.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from mag_sandbox.controls.camera import WIDEST_FOV
from mag_sandbox.model.imagination.objects import PlacedObject

_CELL = 2.25  # degrees
_COLUMNS, _ROWS = 160, 24  # of such cells: around the ring, and down a level view
_VIEW = round(WIDEST_FOV / _CELL)
_STEP = 2  # cells by which a plan is turned
_EDGE = 2  # cells at either side of a view that show too little to count
_PLAIN = 0.012  # of a view: of what shows less the eye is not sure
_LIKELY = 0.02  # what a nat is worth, where a thing that is named is worth 1


def ahead_best(
    things: Sequence[PlacedObject], said: np.ndarray, named: Collection[str] = ()
) -> tuple[float, float]:
    """Return how much the view is worth that shows most of a caption, and its yaw.

    Args:
        things: of a plan, from far to near.
        said: how much likelier the caption makes each [nats].
        named: kinds that the caption names in words.
    """
    if not things:
        return 0.0, 0.0
    seen, sizes = _seen(things)
    sums = np.pad(np.concatenate((seen, seen[:, :_VIEW]), axis=1), ((0, 0), (1, 0))).cumsum(axis=1)
    starts = np.arange(0, _COLUMNS, _STEP)
    within = sums[:, starts + _VIEW - _EDGE] - sums[:, starts + _EDGE]
    plain = np.minimum(within / (_PLAIN * _ROWS * (_VIEW - 2 * _EDGE)), 1.0)
    plain *= (1.0 + within / sizes[:, None]) / 2  # half of it: whether all of it shows
    worth = np.zeros(len(starts))
    for kind in dict.fromkeys(thing.kind for thing in things):
        own = [index for index, thing in enumerate(things) if thing.kind == kind]
        worth += (kind in named) * plain[own].max(axis=0)
        worth += _LIKELY * np.maximum(plain[own] * said[own, None], 0.0).max(axis=0)
    best = int(worth.argmax())
    return float(worth[best]), float((starts[best] + _VIEW / 2) * _CELL % 360.0)


def turned(things: Sequence[PlacedObject], yaw: float) -> list[PlacedObject]:
    """Return things as they stand when one has turned right."""
    return [replace(thing, yaw=(thing.yaw - yaw) % 360.0) for thing in things]


def _seen(things: Sequence[PlacedObject]) -> tuple[np.ndarray, np.ndarray]:
    """Return how many cells of each column show each thing, [things, columns], and could at most.

    The latter is of a view, [things].
    """
    yaws = (np.arange(_COLUMNS) + 0.5) * _CELL
    pitches = (_ROWS / 2 - np.arange(_ROWS) - 0.5) * _CELL
    nearest = np.full((_ROWS, _COLUMNS), -1)
    sizes = np.ones(len(things))
    for index, thing in enumerate(things):
        across = np.abs((yaws - thing.yaw + 180.0) % 360.0 - 180.0) <= thing.width / 2
        down = np.abs(pitches - thing.pitch) <= thing.height / 2
        nearest[np.ix_(down, across)] = index
        sizes[index] = max(down.sum() * min(across.sum(), _VIEW - 2 * _EDGE), 1)
    return np.stack([(nearest == index).sum(axis=0) for index in range(len(things))]), sizes
