"""Pictures of views at any pose, cut out of what is known around.

Views are cuts of a ring: yaw runs along its columns and pitch along its rows. So a view that lies
between the cells of the lattice, or is zoomed, is two small matrix products away from the decoded
cells that it touches.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.controls.camera import WIDEST_FOV, CameraPose
from mag_sandbox.model.imagination.surroundings import Lattice, Place, Surroundings

KEPT = 10  # places that were decoded last: half a turn at one height, 5 MiB
STEP = 4  # columns: how much wider than need be is decoded, for views to come


class ViewCutter:
    """Cuts views; what it decoded last it keeps, for clouds that drift slowly.

    cutter = ViewCutter(lattice, decode, size=(192, 320), beside=2)
    pictures = cutter.views(around, poses)
    """

    def __init__(
        self,
        lattice: Lattice,
        decode: Callable[[Surroundings, Place], Tensor],
        size: tuple[int, int],
        beside: int,
    ) -> None:
        """Say where views lie and what they are made of.

        Args:
            lattice: of the ring.
            decode: pictures of a known place, [1, 3, H, W], in [-1, 1].
            size: height and width of a view [px].
            beside: cells on every side of a place that its pictures depend on, too.
        """
        self._lattice, self._decode, self._size = lattice, decode, size
        self._beside = beside
        self._last: list[tuple[Place, np.ndarray, Tensor]] = []

    def views(self, around: Surroundings, poses: Sequence[CameraPose]) -> Tensor | None:
        """Return pictures at some poses, [F, 3, H, W]; None: not all that they show is known.

        The poses are near to each other, as those of a block are.
        """
        touched = self._lattice.around_all(poses)
        for place in (touched.widened(STEP), touched):  # the first is the same for many poses
            if around.at(place).known.all():
                pictures = self._decoded(around, place)
                return torch.stack([self._cut(pictures[0], place, pose) for pose in poses])
        return None

    def _decoded(self, around: Surroundings, place: Place) -> Tensor:
        """Return pictures of a place, [1, 3, H, W], that are what they were if nothing changed."""
        latents = around.beside(place, self._beside)
        for where, of, pictures in self._last:
            if where == place and np.array_equal(of, latents):
                return pictures
        pictures = self._decode(around, place)
        self._last = [(place, latents, pictures), *self._last[: KEPT - 1]]
        return pictures

    def _cut(self, pictures: Tensor, place: Place, pose: CameraPose) -> Tensor:
        """Return the picture at a pose, [3, H, W], of those of a place."""
        stride = pictures.shape[-1] / place.columns  # px of a cell
        cell, (height, width) = self._lattice.cell, self._size
        column, row = self._lattice.position(pose)
        across = (column - place.left) % (360.0 / cell) * stride
        step = pose.fov / WIDEST_FOV
        rows = _resampling((row - place.top) * stride, step, height, pictures.shape[-2])
        columns = _resampling(across, step, width, pictures.shape[-1])
        return rows.to(pictures) @ pictures @ columns.to(pictures).T


def _resampling(middle: float, step: float, count: int, size: int) -> Tensor:
    """Return what each of `count` pixels is made of, fp32 [count, size], by cubic interpolation.

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
    table = np.zeros((count, size), np.float32)
    taken = (first[:, None] + np.arange(-1, 3)).clip(0, size - 1)
    np.add.at(table, (np.arange(count)[:, None], taken), shares.astype(np.float32))
    return torch.from_numpy(table)
