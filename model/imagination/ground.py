"""Pictures of known ground, kept as long as they are up to date, and views cut out of them.

Decoded pictures lie on the ring in tiles, so that a turning camera adds the few that it newly sees.
Skies and other whole pictures are made of larger pieces at once.

Views are cuts of the ring: yaw runs along its columns and pitch along its rows. So a view between
the cells of the lattice, or a zoomed one, is two small matrix products away from decoded cells.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from threading import Lock
from typing import NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.controls.camera import WIDEST_FOV, CameraPose
from mag_sandbox.model.imagination.surroundings import Lattice, Place, Surroundings

TILE = (6, 8)  # rows and columns that are decoded at once; a level view is two tiles high
KEPT = 6  # pieces that were made last
_TAPS = 4  # pixels of which one between them is made


class RingPiece(NamedTuple):
    """A picture of a part of the ring."""

    place: Place
    picture: Tensor  # [1, C, H, W] in [-1, 1]


class RingGround(Protocol):
    """Pictures of the ring."""

    def piece(self, around: Surroundings, place: Place) -> RingPiece:
        """Return a piece that shows a place; unknown cells continue their neighbours."""


class DecodedGround:
    """Decoded pictures of known ground; threads may share it.

    ground = DecodedGround(imagination.picture, beside=2)
    picture = ground.piece(around, place).picture
    """

    def __init__(
        self,
        decode: Callable[[Surroundings, Place], Tensor],
        beside: int,
        tile: tuple[int, int] = TILE,
    ) -> None:
        """Begin with no tiles.

        Args:
            decode: returns the picture of a place, [1, C, H, W].
            beside: cells around a tile on which its picture depends.
            tile: rows and columns of cells.
        """
        self._decode, self._beside, self._tile = decode, beside, tile
        self._around: Surroundings | None = None  # that the tiles show
        self._tiles: set[Place] = set()
        self._pictures: Tensor | None = None  # of the ring, twice: no place ends at its seam
        self._lock = Lock()

    @torch.inference_mode()  # whichever thread was first: tiles of others are added to it
    def piece(self, around: Surroundings, place: Place) -> RingPiece:
        """Return a picture of the place alone; see `RingGround`."""
        height, width = around.known.shape
        with self._lock:
            self._follow(around)
            for tile in _tiles(place, height, width, self._tile):
                if tile not in self._tiles:
                    self._keep(tile, self._decode(around, tile), height, width)
            assert self._pictures is not None
            shown = _cut(self._pictures, place, place.left % width, height)
            return RingPiece(place, shown.clone())

    def known(self, around: Surroundings, place: Place) -> Tensor | None:
        """Return a picture of whole tiles, [1, C, H, W]; unknown ones are 0.

        None: nothing at all is known there.
        """
        height, width = around.known.shape
        known = [one for one in _tiles(place, height, width, self._tile)
                 if around.at(one).known.any()]  # fmt: skip
        if not known:
            return None
        pieces = [self.piece(around, one) for one in known]
        first = pieces[0].picture
        stride = first.shape[-1] // known[0].columns
        size = first.shape[1], stride * place.rows, stride * place.columns
        whole = first.new_zeros(1, *size)
        for one, picture in pieces:
            inside = replace(one, top=one.top - place.top)
            _cut(whole, inside, (one.left - place.left) % width, place.rows).copy_(picture)
        return whole

    def forget(self, cells: np.ndarray) -> None:
        """Forget the pictures of some cells, bool [rows, columns]: they have changed."""
        with self._lock:
            self._forget(cells)

    def _follow(self, around: Surroundings) -> None:
        before, self._around = self._around, around
        if before is None or around is before:
            return
        self._forget(around.differing(before))

    def _forget(self, cells: np.ndarray) -> None:
        if cells.any():
            self._tiles = {tile for tile in self._tiles if not self._depends(tile, cells)}

    def _depends(self, tile: Place, cells: np.ndarray) -> bool:
        """Tell whether a tile depends on any of some cells of the ring, bool [rows, columns]."""
        first, last = max(tile.top - self._beside, 0), tile.top + tile.rows + self._beside
        columns = np.arange(tile.left - self._beside, tile.left + tile.columns + self._beside)
        return bool(cells[first:last].take(columns, axis=1, mode="wrap").any())

    def _keep(self, tile: Place, picture: Tensor, height: int, width: int) -> None:
        if self._pictures is None:
            stride = picture.shape[2] // tile.rows
            size = picture.shape[1], stride * height, stride * 2 * width
            self._pictures = picture.new_zeros(1, *size)
        for left in (tile.left, tile.left + width):
            _cut(self._pictures, tile, left, height).copy_(picture)
        self._tiles.add(tile)


def _tiles(place: Place, height: int, width: int, tile: tuple[int, int]) -> Iterator[Place]:
    """Yield the tiles of a ring, of rows and columns of cells, that a place touches."""
    rows, columns = tile
    across = {column % width // columns for column in range(place.left, place.left + place.columns)}
    for top in range(place.top // rows * rows, place.top + place.rows, rows):
        for left in sorted(columns * one for one in across):
            yield Place(top, left, min(rows, height - top), min(columns, width - left))


def _cut(pictures: Tensor, place: Place, left: int, height: int) -> Tensor:
    stride = pictures.shape[2] // height
    rows = slice(stride * place.top, stride * (place.top + place.rows))
    return pictures[..., rows, stride * left : stride * (left + place.columns)]


class RemadeGround:
    """Pictures computed from larger pieces of a ground, each of which serves many views.

    skies = RemadeGround(decoded, without_things, steps=(6, 8))
    """

    def __init__(
        self, ground: RingGround, remake: Callable[[RingPiece], Tensor], steps: tuple[int, int]
    ) -> None:
        self._ground, self._remake, self._steps = ground, remake, steps
        self._last: list[tuple[RingPiece, Tensor]] = []

    def piece(self, around: Surroundings, place: Place) -> RingPiece:
        """Return a picture of the place and the known ground around it; see `RingGround`."""
        piece = self._ground.piece(around, around.widened(place, self._steps))
        for before, made in self._last:
            if before.place == piece.place and torch.equal(before.picture, piece.picture):
                return RingPiece(piece.place, made)
        made = self._remake(piece)
        self._last = [(piece, made), *self._last[: KEPT - 1]]
        return RingPiece(piece.place, made)


class ViewCutter:
    """Cuts views out of a ground.

    cutter = ViewCutter(lattice, ground, size=(192, 320))
    pictures = cutter.views(around, poses)
    """

    def __init__(self, lattice: Lattice, ground: RingGround, size: tuple[int, int]) -> None:
        self._lattice, self._ground, self._size = lattice, ground, size

    def views(
        self, around: Surroundings, poses: Sequence[CameraPose], unknown: int = 0
    ) -> Tensor | None:
        """Return pictures at some poses, [F, 3, H, W]; None: too little of them is known.

        Args:
            around: the known part of the ring.
            poses: near to each other, as those of a block are.
            unknown: columns of cells that may be; their neighbours continue there.
        """
        touched = self._lattice.around_all(poses)
        if np.count_nonzero(~around.at(touched).known.all(axis=0)) > unknown:
            return None
        return self._cut(around, touched, poses)

    def continued(
        self, around: Surroundings, poses: Sequence[CameraPose], unknown: int
    ) -> Tensor | None:
        """Return pictures at some poses; an unknown side shows the colours at its edge.

        None: more columns of cells are unknown than may be, or some between others are.
        """
        touched = self._lattice.around_all(poses)
        known = np.flatnonzero(around.at(touched).known.all(axis=0))
        is_one = bool(len(known)) and known[-1] - known[0] < len(known)
        if not is_one or touched.columns - len(known) > unknown:
            return None
        part = replace(touched, left=touched.left + int(known[0]), columns=len(known))
        return self._cut(around, part, poses)

    def nearest(
        self, around: Surroundings, pose: CameraPose, others: Iterable[CameraPose]
    ) -> tuple[CameraPose, Tensor] | None:
        """Return the first of some poses with enough known ground in view, and its picture.

        Enough is the part that the view at `pose` shows as well; an unknown edge is extended.

        Returns:
            The pose and [1, 3, H, W]; None: there is none.
        """
        for other in others:
            shared = self._lattice.shared(pose, other)
            if around.known[around.cells(shared)].all():
                whole = self._lattice.around_all((other,))
                known = around.known[around.cells(whole)].all()
                place, picture = self._ground.piece(around, whole if known else shared)
                return other, self._view(picture[0], place, other)[None]
        return None

    def _cut(self, around: Surroundings, place: Place, poses: Sequence[CameraPose]) -> Tensor:
        """Return pictures at some poses, [F, 3, H, W], of a place that they show."""
        shown, picture = self._ground.piece(around, place)
        return torch.stack([self._view(picture[0], shown, pose) for pose in poses])

    def _view(self, picture: Tensor, place: Place, pose: CameraPose) -> Tensor:
        """Return the picture at a pose, [3, H, W], of that of a place."""
        stride = picture.shape[-1] / place.columns  # px of a cell
        cell, (height, width) = self._lattice.cell, self._size
        column, row = self._lattice.position(pose)
        middle, half = place.left + place.columns / 2, 180.0 / cell  # it may lie beside the place
        across = ((column - middle + half) % (2 * half) - half + place.columns / 2) * stride
        step = pose.fov / WIDEST_FOV
        down, rows = _resampling((row - place.top) * stride, step, height, picture.shape[-2])
        along, columns = _resampling(across, step, width, picture.shape[-1])
        shown = picture[:, down, along]
        return _resampled(_resampled(shown, rows, 1, step), columns, 2, step)


def _resampled(picture: Tensor, shares: Tensor, axis: int, step: float) -> Tensor:
    """Return a picture, [C, H, W], resampled along an axis as `_resampling` says."""
    count, size = shares.shape
    if step == 1 and size == count + _TAPS - 1:  # not zoomed, nor at an edge
        return _shifted(picture.float(), shares[0, :_TAPS].tolist(), axis).to(picture)
    if size == count and bool((shares.diagonal() == 1).all()):  # on whole pixels
        return picture
    return shares.to(picture) @ picture if axis == 1 else picture @ shares.to(picture).T


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
    """Return the pixels of a line that others are made of by cubic interpolation, and how.

    That is the share that each of `count` pixels has of each of those, fp32 [count, those].

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
