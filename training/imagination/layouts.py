"""What is known and what is to be sketched, as it comes up in play: drawn at random."""

import numpy as np

from mag_sandbox.model.imagination.config import SketcherConfig
from mag_sandbox.model.imagination.order import SketchOrder, sketch_order

VIEW = (6, 20)  # rows and columns of tiles
Box = tuple[int, int, int, int]  # top, left, rows, columns


def random_layout(rng: np.random.Generator, config: SketcherConfig) -> SketchOrder:
    """Return one situation of play: what is known around a box, and the order of tiles.

    The first view, wider than in play; a view beside, above or below known ones; the gap that
    closes the ring; a hole in what is known. Columns count from any column of the ring.
    """
    rows = config.tile_grid[0]
    height, width = VIEW
    level = (rows - height) // 2  # of a view that looks at the horizon
    top = level if rng.random() < 0.5 else int(rng.integers(rows - height + 1))
    kind = rng.choice(5, p=(0.35, 0.25, 0.1, 0.15, 0.15))
    known: list[Box] = []
    if kind == 0:
        box = (top, 0, height, int(rng.integers(width, 33)))
    elif kind == 1:
        known = [(top, 0, height, int(rng.integers(8, width + 1)))]
        box = (top, *_beside(rng, known[0][3]))
    elif kind == 2:
        left, gap, right = (int(n) for n in rng.integers((3, 2, 3), (15, width + 1, 15)))
        known = [(top, 0, height, left), (top, left + gap, height, right)]
        box = (top, left, height, gap)
    elif kind == 3:
        known = [(top, 0, height, int(rng.integers(10, width + 8)))]
        aside = int(rng.integers(-8, 9))
        box = (_moved(rng, top, rows - height), aside, height, width)
    else:
        known = [(top, 0, height, int(rng.integers(14, width + 6)))]
        hole = int(rng.integers(1, 5)), int(rng.integers(2, 10))
        box = (
            top + int(rng.integers(height - hole[0] + 1)),
            int(rng.integers(known[0][3] - hole[1] + 1)),
            *hole,
        )
    return sketch_order(_mask(known, box if kind == 4 else None, config), box, config.tile_rows)


def _beside(rng: np.random.Generator, known: int) -> tuple[int, int, int]:
    """Return left, rows and columns of a view that shows new columns on one side of known ones."""
    height, width = VIEW
    new = int(rng.integers(4, width + 1))
    left = known + new - width if rng.random() < 0.4 else -new
    return left, height, width


def _moved(rng: np.random.Generator, top: int, lowest: int) -> int:
    others = [row for row in range(lowest + 1) if row != top and abs(row - top) <= 4]
    return int(rng.choice(others))


def _mask(known: list[Box], hole: Box | None, config: SketcherConfig) -> np.ndarray:
    mask = np.zeros(config.tile_grid, bool)
    for box, value in [(box, True) for box in known] + ([(hole, False)] if hole else []):
        top, left, height, width = box
        mask[top : top + height, np.arange(left, left + width) % config.ring_columns] = value
    return mask
