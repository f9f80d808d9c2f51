"""Pictures of what is known around, kept as long as they are what would be made.

What is decoded lies on the ring in tiles, so that a camera that turns adds the few that come into
view. What is made of pictures as a whole, as skies are, is made of larger pieces at once.
"""

from collections.abc import Callable, Iterator
from threading import Lock
from typing import NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.model.imagination.surroundings import Place, Surroundings

TILE = (6, 8)  # rows and columns that are decoded at once; a level view is two tiles high
KEPT = 6  # pieces that were made last


class RingPiece(NamedTuple):
    """A picture of a part of the ring."""

    place: Place
    picture: Tensor  # [1, 3, H, W] in [-1, 1]


class RingGround(Protocol):
    """Pictures of the ring."""

    def piece(self, around: Surroundings, place: Place) -> RingPiece:
        """Return one that shows a place, all of which is known."""


class DecodedGround:
    """What is known as it is decoded; threads may share it.

    ground = DecodedGround(imagination.picture, beside=2)
    picture = ground.piece(around, place).picture
    """

    def __init__(self, decode: Callable[[Surroundings, Place], Tensor], beside: int) -> None:
        """Say how it is decoded.

        Args:
            decode: a picture of a place, [1, 3, H, W], some of which is known.
            beside: cells on every side of a place that its picture depends on, too.
        """
        self._decode, self._beside = decode, beside
        self._around: Surroundings | None = None  # that the tiles show
        self._tiles: set[Place] = set()
        self._pictures: Tensor | None = None  # of the ring, twice: no place ends at its seam
        self._lock = Lock()

    def piece(self, around: Surroundings, place: Place) -> RingPiece:
        """Return a picture of the place alone; see `RingGround`."""
        height, width = around.known.shape
        with self._lock:
            self._follow(around)
            for tile in _tiles(place, height, width):
                if tile not in self._tiles:
                    self._keep(tile, self._decode(around, tile), height, width)
            assert self._pictures is not None
            shown = _cut(self._pictures, place, place.left % width, height)
            return RingPiece(place, shown.clone())

    def _follow(self, around: Surroundings) -> None:
        before, self._around = self._around, around
        if before is None or around is before:
            return
        changed = (around.latents != before.latents).any(axis=0) | (around.known != before.known)
        if changed.any():
            self._tiles = {tile for tile in self._tiles if not self._depends(tile, changed)}

    def _depends(self, tile: Place, cells: np.ndarray) -> bool:
        """Tell whether a tile depends on any of some cells of the ring, bool [rows, columns]."""
        first, last = max(tile.top - self._beside, 0), tile.top + tile.rows + self._beside
        columns = np.arange(tile.left - self._beside, tile.left + tile.columns + self._beside)
        return bool(cells[first:last].take(columns, axis=1, mode="wrap").any())

    def _keep(self, tile: Place, picture: Tensor, height: int, width: int) -> None:
        if self._pictures is None:
            stride = picture.shape[2] // tile.rows
            self._pictures = picture.new_zeros(1, 3, stride * height, stride * 2 * width)
        for left in (tile.left, tile.left + width):
            _cut(self._pictures, tile, left, height).copy_(picture)
        self._tiles.add(tile)


def _tiles(place: Place, height: int, width: int) -> Iterator[Place]:
    """Yield the tiles of a ring, of rows and columns of cells, that a place touches."""
    rows, columns = TILE
    across = {column % width // columns for column in range(place.left, place.left + place.columns)}
    for top in range(place.top // rows * rows, place.top + place.rows, rows):
        for left in sorted(columns * one for one in across):
            yield Place(top, left, min(rows, height - top), min(columns, width - left))


def _cut(pictures: Tensor, place: Place, left: int, height: int) -> Tensor:
    stride = pictures.shape[2] // height
    rows = slice(stride * place.top, stride * (place.top + place.rows))
    return pictures[..., rows, stride * left : stride * (left + place.columns)]


class RemadeGround:
    """What is made of pictures of a ground, of larger pieces of it, which serve many views.

    skies = RemadeGround(decoded, without_things, steps=(6, 8))
    """

    def __init__(
        self,
        ground: RingGround,
        remake: Callable[[RingPiece], Tensor],
        steps: tuple[int, int],
    ) -> None:
        """Say what is made.

        Args:
            ground: of which it is made.
            remake: makes the picture of a piece.
            steps: rows and columns on whole numbers of which pieces end, where all is known.
        """
        self._ground, self._remake, self._steps = ground, remake, steps
        self._last: list[tuple[RingPiece, Tensor]] = []

    def piece(self, around: Surroundings, place: Place) -> RingPiece:
        """Return a picture of the place and as much around it as is known; see `RingGround`."""
        piece = self._ground.piece(around, around.widened(place, self._steps))
        for before, made in self._last:
            if before.place == piece.place and torch.equal(before.picture, piece.picture):
                return RingPiece(piece.place, made)
        made = self._remake(piece)
        self._last = [(piece, made), *self._last[: KEPT - 1]]
        return RingPiece(piece.place, made)
