"""How views cover each other, on a coarse grid: which kept frames show most of a coming view."""

from collections.abc import Sequence

import numpy as np

from controls.camera import ASPECT, CameraPose

GRID_ACROSS, GRID_DOWN = 20, 12  # cells of a view
WORTH = 1  # fewest new cells for which a frame is attended


def covered_cells(view: CameraPose, others: Sequence[CameraPose]) -> np.ndarray:
    """Return which cells of `view` each other view shows, bool [n, GRID_DOWN, GRID_ACROSS].

    Rows run from the top down, columns from left to right.
    """
    table = np.array([(pose.yaw, pose.pitch, pose.fov) for pose in others]).reshape(-1, 3)
    across = ((np.arange(GRID_ACROSS) + 0.5) / GRID_ACROSS - 0.5) * view.fov
    down = ((np.arange(GRID_DOWN) + 0.5) / GRID_DOWN - 0.5) * view.fov * ASPECT
    offset = (view.yaw - table[:, :1] + 180.0) % 360.0 - 180.0
    half = table[:, 2:] / 2
    columns = np.abs(offset + across) <= half  # [n, across]
    rows = np.abs(view.pitch - table[:, 1:2] - down) <= half * ASPECT  # [n, down]
    return rows[:, :, None] & columns[:, None, :]


def all_shown(cells: np.ndarray) -> bool:
    """Tell whether every cell is shown by some view, of `covered_cells`."""
    return bool(cells.any(axis=0).all())


def choose_views(aims: Sequence[np.ndarray], count: int) -> list[int]:
    """Return up to `count` indices of views that together show most of what is to be seen.

    Greedy: each choice adds most cells; of equals the earliest in the list, which is the earliest
    sighting. One aim comes after the other: what a later one needs is chosen when all is shown that
    can be shown of those before. After the last, further choices show everything a second time.

    Args:
        aims: which cells each view shows, one or more arrays of bool [n, ...].
        count: of choices.
    """
    chosen: list[int] = []
    while len(chosen) < min(count, len(aims[0])):
        before, shown = len(chosen), []  # in this round
        for cells in aims:
            _choose(cells.reshape(len(cells), -1), chosen, shown, count)
        if len(chosen) == before:
            break  # nothing that is left shows any of it
    return chosen


def _choose(cells: np.ndarray, chosen: list[int], shown: list[int], count: int) -> None:
    """Add to `chosen`, and to what this round has `shown`, until it shows all it can."""
    while len(chosen) < count:
        gain = (cells & ~cells[shown].any(axis=0)).sum(axis=1)
        gain[chosen] = 0
        best = int(gain.argmax())
        if gain[best] < WORTH:
            break
        chosen.append(best)
        shown.append(best)
