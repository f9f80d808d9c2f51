"""Refines the pictures of rings, tile by tile, and remembers the tiles that it made last."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache, partial
from typing import NamedTuple

import numpy as np
import torch
from torch.nn import functional

from mag_sandbox.controls.camera import Position
from mag_sandbox.model.cancelling import check_cancelled
from mag_sandbox.model.imagination.drawing.last_made import LastMade, digest_of
from mag_sandbox.model.imagination.drawing.refiner import FINER, Refine, smooth
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.surroundings import Place, in_pixels

TILE = 6, 10  # rows and columns of cells that are refined at once; a level view is two tiles high
BESIDE = 1  # cells around a tile that the network is given, too
SEEN = TILE[0] + 2 * BESIDE, TILE[1] + 2 * BESIDE
KEPT, SKETCHES = 96, 3  # tiles and sketches: those of three rings
_START = 0.0, 0.0
# see `Imagination.drawn_sketch`
Draw = Callable[[Sequence[PlacedObject], Place, Position], np.ndarray]
Each = Callable[[Callable[[Place], np.ndarray], Iterable[Place]], Iterable[np.ndarray]]


class RefinedRing(NamedTuple):
    """A ring whose known cells are refined."""

    picture: np.ndarray  # float32 [3, H, W] in [-1, 1]
    # known cells as they were made, float16 [3, FINER * H, FINER * W]; None: there is no network
    finer: np.ndarray | None


class RefinedRings:
    """Refines rings; threads may share it.

    rings = RefinedRings(imagination.refine, imagination.drawn_sketch)
    crisp = rings.refined(picture, known, things)
    """

    def __init__(self, refine: Callable[[], Refine | None], draw: Draw, each: Each = map) -> None:
        """Begin with no tiles.

        Args:
            refine: returns the network as it runs; None: there is none.
            draw: draws the sketch of a plan.
            each: `map`, or like it on several threads.
        """
        self._refine, self._draw, self._each = refine, draw, each
        self._made, self._means = (LastMade[np.ndarray](KEPT) for _ in range(2))
        self._sketch = lru_cache(SKETCHES)(self._sketched)

    def crisp(
        self, picture: np.ndarray, known: np.ndarray, things: Sequence[PlacedObject]
    ) -> np.ndarray | None:
        """Return the picture of `refined` where a scene begins."""
        refine = self._refine()
        if refine is None:
            return None
        stride = picture.shape[1] // len(known)

        def refined(around: np.ndarray) -> np.ndarray:
            digest, make = digest_of(around), partial(_refined, around, refine, BESIDE * stride)
            return self._means.found(digest, lambda: _means(self._made.found(digest, make)))

        small = picture.copy()
        for tile, means in self._tiles(picture, known, things, _START, refined):
            small[:, *tile.pixels(stride)] = means
        return np.where(in_pixels(known, picture.shape[1]), small, picture)

    def refined(
        self,
        picture: np.ndarray,
        known: np.ndarray,
        things: Sequence[PlacedObject],
        viewpoint: Position = _START,
    ) -> RefinedRing:
        """Return a ring whose known cells are refined, or as it is if there is no network.

        Args:
            picture: of the ring, float32 [3, H, W] in [-1, 1].
            known: cells, bool [rows, columns].
            things: of the plan, from far to near.
            viewpoint: of the ring, x and z [m].
        """
        refine = self._refine()
        if refine is None:
            return RefinedRing(picture, None)
        height, width = picture.shape[1:]
        stride = height // len(known)

        def refined(around: np.ndarray) -> np.ndarray:
            make = partial(_refined, around, refine, BESIDE * stride)
            return self._made.found(digest_of(around), make)

        small = picture.copy()
        finer = np.zeros((3, FINER * height, FINER * width), np.float16)
        for tile, made in self._tiles(picture, known, things, viewpoint, refined):
            finer[:, *tile.pixels(FINER * stride)] = made
            small[:, *tile.pixels(stride)] = _means(made)
        return RefinedRing(np.where(in_pixels(known, height), small, picture), finer)

    def _tiles(
        self,
        picture: np.ndarray,
        known: np.ndarray,
        things: Sequence[PlacedObject],
        viewpoint: Position,
        refined: Callable[[np.ndarray], np.ndarray],
    ) -> Iterator[tuple[Place, np.ndarray]]:
        """Yield the tiles that show known cells, and what a function makes of each.

        It is given a tile and what is around it, [GIVEN, h, w].
        """
        height, width = picture.shape[1:]
        stride = height // len(known)
        tiles = [one for one in _tiles(known.shape) if known[one.pixels(1)].any()]
        sketch = self._sketch(tuple(things), viewpoint, *known.shape)

        def made(tile: Place) -> np.ndarray:
            check_cancelled()
            rows, columns = (
                np.arange(stride * (first - BESIDE), stride * (first + count + BESIDE))
                for first, count in ((tile.top, tile.rows), (tile.left, tile.columns))
            )
            colors = picture[:, rows.clip(0, height - 1)[:, None], columns % width]
            return refined(
                np.concatenate(((colors + 1) / 2, sketch[:, *_around(tile).pixels(stride)]))
            )

        return zip(tiles, self._each(made, tiles), strict=True)

    def _sketched(
        self, things: Sequence[PlacedObject], viewpoint: Position, rows: int, columns: int
    ) -> np.ndarray:
        """Return the sketch of a ring and of `BESIDE` cells around it, float32 [4, H, W]."""
        wide = Place(-BESIDE, -BESIDE, rows + 2 * BESIDE, columns + 2 * BESIDE)
        return self._draw(things, wide, viewpoint)


def settled(known: np.ndarray) -> np.ndarray:
    """Return which known cells stay as they are refined whatever is painted beside them.

    A tile looks a little different once more of it, or of what is beside it, is known.

    Args:
        known: cells, bool [rows, columns].
    """
    count, width = known.shape[1], TILE[1]
    wide = np.pad(known, ((0, 0), (BESIDE, BESIDE)), mode="wrap")
    rows = [
        wide[:, left : left + width + 2 * BESIDE].all(axis=1) for left in range(0, count, width)
    ]
    return np.repeat(np.stack(rows, axis=1), width, axis=1)[:, :count]


def _refined(around: np.ndarray, refine: Refine, edge: int) -> np.ndarray:
    """Return what a network makes of a tile and what is around it, [GIVEN, h, w].

    The tile alone, float16 [3, FINER * h, FINER * w] in [-1, 1].
    """
    given, edge = torch.from_numpy(around)[None], FINER * edge
    with torch.inference_mode():
        made = (smooth(given[:, :3]) + refine(given))[0, :, edge:-edge, edge:-edge]
    tile: np.ndarray = (2 * made.clamp(0, 1) - 1).half().numpy()
    return tile


def _means(tile: np.ndarray) -> np.ndarray:
    """Return a refined tile as large as it was painted, float32 [3, h, w]."""
    means: np.ndarray = functional.avg_pool2d(torch.from_numpy(tile)[None].float(), FINER)[
        0
    ].numpy()
    return means


def _tiles(shape: tuple[int, ...]) -> list[Place]:
    """Return the tiles of a ring of rows and columns of cells."""
    (height, width), (rows, columns) = shape, TILE
    return [
        Place(top, left, min(rows, height - top), min(columns, width - left))
        for top in range(0, height, rows)
        for left in range(0, width, columns)
    ]


def _around(tile: Place) -> Place:
    """Return a tile and what is around it, in a ring with a margin of `BESIDE` cells."""
    return Place(tile.top, tile.left, tile.rows + 2 * BESIDE, tile.columns + 2 * BESIDE)
