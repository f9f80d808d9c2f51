"""How recall falls with the time a view was away, over many clips."""

import itertools
from collections.abc import Sequence

import numpy as np

from evaluation.probe import MIN_POINTS, recalled_after

TIMES = (0.0, 2.5, 5.0, 7.5, 10.0, 15.0, 30.0)  # s away: borders of the curve
LIVES = np.geomspace(0.1, 10_000.0, 600)  # s that are tried


def half_life_of(points: Sequence[tuple[float, float]]) -> float | None:
    """Return the time away at which recall falls to one half [s]; None if it is not reached.

    Fits 100 / 2 ** (time away / half-life) by least squares over a fixed grid of half-lives.

    Args:
        points: (seconds away, recall in percent) of every view that came back.
    """
    if len(points) < MIN_POINTS:
        return None
    away, recalls = np.array(points, float).T
    errors = np.square(recalled_after(away, LIVES[:, None]) - recalls).sum(axis=1)
    best = float(LIVES[errors.argmin()])
    return best if best <= away.max() else None


def curve(points: Sequence[tuple[float, float]]) -> list[dict]:
    """Return the mean recall between two times away, where any view came back."""
    rows = []
    for low, high in itertools.pairwise(TIMES):
        within = [value for away, value in points if low <= away < high]
        if within:
            mean = float(np.mean(within))
            rows.append({"from_s": low, "to_s": high, "recall_percent": mean, "n": len(within)})
    return rows
