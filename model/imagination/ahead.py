"""Which of several plans is best, and turned which way: what a first view shows of a caption.

Things cover each other as in a picture. Knows nothing of networks.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from mag_sandbox.controls.camera import WIDEST_FOV
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.scenes.things import THINGS, Named

_CELL = 2.25  # degrees
_COLUMNS, _ROWS = 160, 24  # of such cells: around the ring, and down a level view
_VIEW = round(WIDEST_FOV / _CELL)
_STEP = 2  # cells by which a plan is turned
_EDGE = 2  # cells at either side of a view that show too little to count
_PLAIN = 0.012  # of a view: of what shows less the eye is not sure
_MISSED = 0.3  # what is worth less is as good as not there
_SINGLE = frozenset({"sun", "moon", "door"})
_LEVEL = 27.0  # degrees above and below the horizon that a level view shows
_LIKELY = 0.02  # what a nat is worth, where a thing that is named is worth 1


def ahead_best(
    things: Sequence[PlacedObject], said: np.ndarray, named: Sequence[Named] = ()
) -> tuple[float, float]:
    """Return how much the view is worth that shows most of a caption, and its yaw.

    Args:
        things: of a plan, from far to near.
        said: how much likelier the caption makes each [nats].
        named: what the caption names in words.
    """
    plain = _plain(things)
    worth = np.zeros(plain.shape[1])
    for one in named:
        worth += plain[_of(things, one.kinds)].max(axis=0, initial=0.0)
    for kind in dict.fromkeys(thing.kind for thing in things):
        own = _of(things, (kind,))
        worth += _LIKELY * np.maximum(plain[own] * said[own, None], 0.0).max(axis=0)
    best = int(worth.argmax())
    return float(worth[best]), float((best * _STEP + _VIEW / 2) * _CELL % 360.0)


def missing(things: Sequence[PlacedObject], yaw: float, named: Sequence[Named]) -> list[Named]:
    """Return what words name and the view at a yaw does not plainly show, if it could stand there.

    Of what there is but one, or what lies above or below a level view, one anywhere will do.
    """
    start = round((yaw / _CELL - _VIEW / 2) / _STEP) % (_COLUMNS // _STEP)
    plain = _plain(things)[:, start]
    gone = []
    for one in named:
        own = _of(things, one.kinds)
        there = any(_is_aside(things[index].kind) for index in own)
        if one.kinds[0] in THINGS and not there and plain[own].max(initial=0.0) < _MISSED:
            gone.append(one)
    return gone


def _is_aside(kind: str) -> bool:
    return kind in _SINGLE or (kind in THINGS and abs(THINGS[kind].pitch) > _LEVEL)


def _of(things: Sequence[PlacedObject], kinds: Collection[str]) -> list[int]:
    return [index for index, thing in enumerate(things) if thing.kind in kinds]


def _plain(things: Sequence[PlacedObject]) -> np.ndarray:
    """Return how plainly each view shows each thing, 0 to 1, [things, views]."""
    if not things:
        return np.zeros((0, _COLUMNS // _STEP))
    seen, sizes = _seen(things)
    sums = np.pad(np.concatenate((seen, seen[:, :_VIEW]), axis=1), ((0, 0), (1, 0))).cumsum(axis=1)
    starts = np.arange(0, _COLUMNS, _STEP)
    within = sums[:, starts + _VIEW - _EDGE] - sums[:, starts + _EDGE]
    plain = np.minimum(within / (_PLAIN * _ROWS * (_VIEW - 2 * _EDGE)), 1.0)
    return plain * (1.0 + within / sizes[:, None]) / 2  # half of it: whether all of it shows


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
