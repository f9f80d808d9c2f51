"""How views cover each other, on a coarse grid: which kept frames show most of a coming view."""

from collections.abc import Collection, Iterator, Sequence

import numpy as np

from mag_sandbox.controls.camera import ASPECT, MAX_PITCH, CameraPose, yaw_difference

GRID_ACROSS, GRID_DOWN = 20, 12  # cells of a view
WORTH = 1  # least number of new cells for a frame to be attended
NEARBY = 1.0  # metres; a view from farther away shows other sides of things and counts for nothing


def directions(views: Collection[CameraPose], places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where places lie as views see them, [views, places] each.

    Args:
        views: poses of them.
        places: x and z [m], [places, 2].

    Returns:
        How far aside of the middle of the view [degrees], and how far away [m].
    """
    table = np.array([(*one.position, one.yaw) for one in views]).reshape(-1, 3, 1)
    x, z, yaw = table.swapaxes(0, 1)  # [views, 1] each
    right, ahead = places[:, 0] - x, places[:, 1] - z
    turned = yaw_difference(np.degrees(np.arctan2(right, ahead)), yaw)
    return np.abs(turned), np.hypot(right, ahead)


def covered_cells(view: CameraPose, others: Sequence[CameraPose]) -> np.ndarray:
    """Return which cells of `view` each other view shows, bool [n, GRID_DOWN, GRID_ACROSS].

    Rows run from the top down, columns from left to right.
    """
    numbers = [(pose.yaw, pose.pitch, pose.fov, pose.x, pose.z) for pose in others]
    table = np.array(numbers).reshape(-1, 5)
    near = np.hypot(table[:, 3] - view.x, table[:, 4] - view.z) <= NEARBY
    across = ((np.arange(GRID_ACROSS) + 0.5) / GRID_ACROSS - 0.5) * view.fov
    down = ((np.arange(GRID_DOWN) + 0.5) / GRID_DOWN - 0.5) * view.fov * ASPECT
    offset = (view.yaw - table[:, :1] + 180.0) % 360.0 - 180.0
    half = table[:, 2:3] / 2
    columns = np.abs(offset + across) <= half  # [n, across]
    rows = np.abs(view.pitch - table[:, 1:2] - down) <= half * ASPECT  # [n, down]
    shown: np.ndarray = rows[:, :, None] & columns[:, None, :] & near[:, None, None]
    return shown


def all_shown(cells: np.ndarray) -> bool:
    """Return whether every cell of `covered_cells` is shown by some view."""
    return bool(cells.any(axis=0).all())


def completing_views(
    view: CameraPose, chosen: Sequence[CameraPose], others: Sequence[CameraPose]
) -> list[int]:
    """Return the indices of further views that show the missing cells of `view`.

    Greedy: each adds the most cells; among equals, the earliest in the list.
    """
    if not others:
        return []
    missing = ~covered_cells(view, chosen).any(axis=0)
    cells = covered_cells(view, others)
    needed: list[int] = []
    while (gain := (cells & missing).sum(axis=(1, 2))).any():
        needed.append(int(gain.argmax()))
        missing &= ~cells[needed[-1]]
    return needed


def choose_views(view: CameraPose, others: Sequence[CameraPose], count: int) -> list[int]:
    """Return up to `count` indices of others that together show most of `view`.

    Greedy: each choice adds the most cells; among equals, the earliest in the list, which is the
    earliest sighting. Once no choice adds a cell, further choices cover cells a second time.
    """
    if not others or count < 1:
        return []
    cells = covered_cells(view, others).reshape(len(others), -1)
    chosen: list[int] = []
    open_cells = np.ones(cells.shape[1], bool)
    while len(chosen) < count:
        gain = (cells & open_cells).sum(axis=1)
        gain[chosen] = 0
        best = int(gain.argmax())
        if gain[best] >= WORTH:
            chosen.append(best)
            open_cells &= ~cells[best]
        elif open_cells.all():
            break  # nothing that is left shows any of it
        else:
            open_cells[:] = True
    return chosen


def views_beside(view: CameraPose, grid: tuple[int, int]) -> Iterator[CameraPose]:
    """Yield a view and the views whole cells of a grid away, the largest overlap first.

    Their cells coincide with the view's. All show more than half of it along both axes.
    """
    rows, columns = grid
    high, wide = (rows - 1) // 2, (columns - 1) // 2
    steps = [(x, y) for x in range(-wide, wide + 1) for y in range(-high, high + 1)]
    for right, up in sorted(steps, key=lambda one: -(columns - abs(one[0])) * (rows - abs(one[1]))):
        yaw, pitch = view.yaw + right * view.fov / columns, view.pitch + up * view.fov / columns
        if abs(pitch) <= MAX_PITCH:
            yield CameraPose(yaw % 360.0, pitch, view.fov)
