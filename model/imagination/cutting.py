"""Pictures of views at any pose, cut out of what is known around.

Views are cuts of a ring: yaw runs along its columns and pitch along its rows. So a view that lies
between the cells of the lattice, or is zoomed, is two small matrix products away from the decoded
cells that it touches.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.controls.camera import WIDEST_FOV, CameraPose
from mag_sandbox.model.imagination.ground import RingGround
from mag_sandbox.model.imagination.surroundings import Lattice, Place, Surroundings


class ViewCutter:
    """Cuts views out of a ground.

    cutter = ViewCutter(lattice, ground, size=(192, 320))
    pictures = cutter.views(around, poses)
    """

    def __init__(self, lattice: Lattice, ground: RingGround, size: tuple[int, int]) -> None:
        """Say where views lie and what they are cut out of.

        Args:
            lattice: of the ring.
            ground: has pictures of it.
            size: height and width of a view [px].
        """
        self._lattice, self._ground, self._size = lattice, ground, size

    def views(self, around: Surroundings, poses: Sequence[CameraPose]) -> Tensor | None:
        """Return pictures at some poses, [F, 3, H, W]; None: not all that they show is known.

        The poses are near to each other, as those of a block are.
        """
        touched = self._lattice.around_all(poses)
        if not around.at(touched).known.all():
            return None
        place, picture = self._ground.piece(around, touched)
        return torch.stack([self._cut(picture[0], place, pose) for pose in poses])

    def nearest(
        self, around: Surroundings, pose: CameraPose, others: Iterable[CameraPose]
    ) -> tuple[CameraPose, Tensor] | None:
        """Return the first of some poses of whose view enough is known, and its picture.

        Enough is all that the view at `pose` shows as well; where less is known its edge goes on.

        Args:
            around: what is known.
            pose: of the view that matters.
            others: near to it, the best first.

        Returns:
            The pose and [1, 3, H, W]; None: there is none.
        """
        for other in others:
            shared = self._lattice.shared(pose, other)
            if around.known[around.cells(shared)].all():
                whole = self._lattice.around_all((other,))
                known = around.known[around.cells(whole)].all()
                place, picture = self._ground.piece(around, whole if known else shared)
                return other, self._cut(picture[0], place, other)[None]
        return None

    def _cut(self, picture: Tensor, place: Place, pose: CameraPose) -> Tensor:
        """Return the picture at a pose, [3, H, W], of that of a place."""
        stride = picture.shape[-1] / place.columns  # px of a cell
        cell, (height, width) = self._lattice.cell, self._size
        column, row = self._lattice.position(pose)
        across = (column - place.left) % (360.0 / cell) * stride
        step = pose.fov / WIDEST_FOV
        down, rows = _resampling((row - place.top) * stride, step, height, picture.shape[-2])
        along, columns = _resampling(across, step, width, picture.shape[-1])
        shown = picture[:, down, along]
        if step == 1 and shown.shape[1:] == (height + 3, width + 3):  # not zoomed, nor at an edge
            taps = rows[0, :4].tolist(), columns[0, :4].tolist()
            return _shifted(_shifted(shown.float(), taps[0], 1), taps[1], 2).to(picture)
        return rows.to(picture) @ shown @ columns.to(picture).T


def _shifted(picture: Tensor, taps: Sequence[float], axis: int) -> Tensor:
    """Return a picture moved by a part of a pixel along an axis: a fifth of the time of a product.

    It is as many pixels smaller as there are taps but one.
    """
    count = picture.shape[axis] - len(taps) + 1
    moved = taps[0] * picture.narrow(axis, 0, count)
    for first, share in enumerate(taps[1:], 1):
        moved.add_(picture.narrow(axis, first, count), alpha=share)
    return moved


def _resampling(middle: float, step: float, count: int, size: int) -> tuple[slice, Tensor]:
    """Return which pixels of a line others are made of, by cubic interpolation, and how.

    That is the share that each of `count` pixels has of each of those, fp32 [count, those].

    Args:
        middle: of the pixels, in a line of `size` pixels [px].
        step: from one to the next [px].
        count: of pixels.
        size: of the line; beyond its ends its last pixels go on.

    Source: Catmull-Rom splines (Keys 1981, a = -0.5).
    """
    places = middle + (np.arange(count) + 0.5 - count / 2) * step - 0.5
    first = np.floor(places).astype(int)
    t = places - first
    shares = np.stack(
        (
            ((-0.5 * t + 1.0) * t - 0.5) * t,
            (1.5 * t - 2.5) * t * t + 1.0,
            ((-1.5 * t + 2.0) * t + 0.5) * t,
            (0.5 * t - 0.5) * t * t,
        ),
        axis=1,
    )
    taken = (first[:, None] + np.arange(-1, 3)).clip(0, size - 1)
    start, end = taken[0, 0], taken[-1, -1] + 1
    table = np.zeros((count, end - start), np.float32)
    np.add.at(table, (np.arange(count)[:, None], taken - start), shares.astype(np.float32))
    return slice(start, end), torch.from_numpy(table)
