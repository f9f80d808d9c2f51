"""In which order tiles are sketched: first what is known around, then outwards from it.

A tile is a few cells, one above the other. Tiles are given as (row, column) on the ring's grid of
tiles; columns are unwrapped, so that both sides of the seam lie where they are seen from the view.
"""

from typing import NamedTuple

import numpy as np

REACH = (3, 20)  # rows and columns of tiles around a view that are still looked at
PREFIX = 160  # known tiles that are looked at, the nearest ones


class SketchOrder(NamedTuple):
    """What a sketch is made from and in which order; each int64 [tiles, 2]: row, column."""

    known: np.ndarray
    unknown: np.ndarray

    @property
    def tiles(self) -> np.ndarray:
        """All of them, int64 [tiles, 2]."""
        return np.concatenate((self.known, self.unknown))


def sketch_order(known: np.ndarray, box: tuple[int, int, int, int], aspect: int) -> SketchOrder:
    """Return the order for a box of tiles.

    What is known goes column by column. What is not grows from it: the nearest tiles first, and
    column by column where nothing is known.

    Args:
        known: which tiles are, bool [rows, columns] of the whole ring.
        box: top, left, rows and columns of what is to be sketched; left is any whole number.
        aspect: cells down in a tile, which is one cell wide.
    """
    top, left, height, width = box
    rows, columns = known.shape
    beyond = min(REACH[1], (columns - width) // 2)
    r, c = np.meshgrid(
        np.arange(max(0, top - REACH[0]), min(rows, top + height + REACH[0])),
        np.arange(left - beyond, left + width + beyond),
        indexing="ij",
    )
    tiles = np.stack((r.ravel(), c.ravel()), axis=1)
    there = known[tiles[:, 0], tiles[:, 1] % columns]
    inside = (
        (tiles[:, 0] >= top) & (tiles[:, 0] < top + height)
        & (tiles[:, 1] >= left) & (tiles[:, 1] < left + width)
    )  # fmt: skip
    unknown, around = tiles[inside & ~there], tiles[there]
    if len(around) == 0 or len(unknown) == 0:
        return SketchOrder(_by_column(around[:0]), _by_column(unknown))
    distance = _distance(unknown, around, aspect)
    nearest = np.argsort(distance.min(axis=0), kind="stable")[:PREFIX]
    by_distance = np.lexsort((unknown[:, 0], unknown[:, 1], distance.min(axis=1)))
    return SketchOrder(_by_column(around[nearest]), unknown[by_distance])


def _by_column(tiles: np.ndarray) -> np.ndarray:
    return tiles[np.lexsort((tiles[:, 0], tiles[:, 1]))]


def _distance(tiles: np.ndarray, others: np.ndarray, aspect: int) -> np.ndarray:
    """Return how far tiles are from others, in cells, [tiles, others]."""
    apart = np.abs(tiles[:, None] - others[None])
    return np.maximum(apart[..., 0] * aspect, apart[..., 1])
