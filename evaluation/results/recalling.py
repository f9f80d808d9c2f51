"""How recall falls with the time a view was away, over many clips."""

from collections.abc import Sequence

import numpy as np

from mag_sandbox.evaluation.probe.probe import MIN_POINTS, recalled_after

STEP = 1.5  # s away that one point of the curve stands for
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
    """Return the mean recall of every STEP of time away in which any view came back."""
    steps: dict[int, list[tuple[float, float]]] = {}
    for away, value in points:
        steps.setdefault(int(away // STEP), []).append((away, value))
    rows = []
    for _, within in sorted(steps.items()):
        at, mean = np.mean(within, axis=0)
        rows.append({"at_s": float(at), "recall_percent": float(mean), "n": len(within)})
    return rows
