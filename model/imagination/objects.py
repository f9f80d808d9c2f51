"""Objects that a sketch is to show: what, in which colour, and where; told to the tiles they cover.

Data, and numbers made of it; knows nothing of networks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.model.imagination.config import SketcherConfig

COVERING = 3  # objects that a tile is told of: the smallest ones that cover it
NUMBERS = 12  # that a tile is told of each, besides kind and variant
VARIANTS = 16  # rows of the table of variants: 0 is "any"
_MARGIN = 0.25  # cells beyond its box that an object still covers
_FAR = 8.0  # cells; distances are told in these


@dataclass(frozen=True, slots=True)
class PlacedObject:
    """Something that is to be seen somewhere around the viewer.

    Angles are in degrees: yaw to the right of the ring's left edge, pitch above the horizon.
    """

    kind: str  # one of the kinds the weights were trained with
    yaw: float  # of its middle
    pitch: float
    width: float
    height: float
    color: tuple[int, int, int] | None = None  # of its largest part, 0 to 255; None: any
    variant: int | None = None  # which shape of its kind; None: any


class ObjectTable(NamedTuple):
    """Objects as numbers; each field has a row an object."""

    kinds: np.ndarray  # int64; 1 and up
    variants: np.ndarray  # int64; 0: any
    boxes: np.ndarray  # float32 [objects, 4]: column and row of the middle, width, height [cells]
    colors: np.ndarray  # float32 [objects, 4]: red, green, blue and whether given, in [-1, 1]

    def chosen(self, rows: np.ndarray) -> "ObjectTable":
        """Return some of the objects."""
        return ObjectTable(*(field[rows] for field in self))


class ToldObjects(NamedTuple):
    """What tiles are told of the objects that cover them; 0 in `kinds` says that there is none."""

    kinds: Tensor  # int64 [tiles, COVERING], or for each of a batch
    variants: Tensor  # int64 [tiles, COVERING]
    numbers: Tensor  # fp32 [tiles, COVERING, NUMBERS]


def object_table(
    objects: Sequence[PlacedObject], kinds: Sequence[str], config: SketcherConfig
) -> ObjectTable:
    """Return objects as numbers.

    Raises:
        ValueError: an object is of a kind that is not among `kinds`.
    """
    number = {kind: row for row, kind in enumerate(kinds, 1)}
    for each in objects:
        if each.kind not in number:
            raise ValueError(f'no object "{each.kind}" is known; available: {", ".join(kinds)}')
    cell = 360.0 / config.ring_columns
    horizon = config.ring_rows / 2
    boxes = [
        (o.yaw / cell, horizon - o.pitch / cell, o.width / cell, o.height / cell) for o in objects
    ]
    variants = [0 if o.variant is None else min(o.variant + 1, VARIANTS - 1) for o in objects]
    colors = [(127.5, 127.5, 127.5, 0) if o.color is None else (*o.color, 255) for o in objects]
    return ObjectTable(
        np.array([number[o.kind] for o in objects], np.int64),
        np.array(variants, np.int64),
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(colors, np.float32).reshape(-1, 4) / 127.5 - 1,
    )


def tell(table: ObjectTable, tiles: np.ndarray, config: SketcherConfig) -> ToldObjects:
    """Return what tiles are told of the objects that cover them.

    Args:
        table: of the objects.
        tiles: int64 [tiles, 2]: row and column; columns may be unwrapped.
        config: of the ring.
    """
    count = len(tiles)
    kinds, variants = np.zeros((2, count, COVERING), np.int64)
    numbers = np.zeros((count, COVERING, NUMBERS), np.float32)
    told = ToldObjects(*(torch.from_numpy(each) for each in (kinds, variants, numbers)))
    if len(table.kinds) == 0:
        return told
    half_tile = np.array([0.5, config.tile_rows / 2], np.float32)
    middles = tiles[:, ::-1] * (2 * half_tile) + half_tile  # [tiles, 2]: across, down
    apart = middles[:, None] - table.boxes[None, :, :2]  # [tiles, objects, 2]
    ring = config.ring_columns
    apart[..., 0] = (apart[..., 0] + ring / 2) % ring - ring / 2
    half = table.boxes[:, 2:] / 2
    covers = (np.abs(apart) < half + half_tile + _MARGIN).all(axis=-1)
    size = np.where(covers, table.boxes[:, 2] * table.boxes[:, 3], np.inf)
    smallest = np.argsort(size, axis=1, kind="stable")[:, :COVERING]
    tile, place = np.nonzero(np.take_along_axis(covers, smallest, axis=1))
    which = smallest[tile, place]
    away, reach = apart[tile, which], half[which]
    kinds[tile, place] = table.kinds[which]
    variants[tile, place] = table.variants[which]
    numbers[tile, place] = np.concatenate(
        (
            away / np.maximum(reach, 0.5),
            np.log2(np.maximum(reach, 0.25)) / 2,
            np.clip((away + reach) / _FAR, -2, 2),
            np.clip((reach - away) / _FAR, -2, 2),
            table.colors[which],
        ),
        axis=1,
    )
    return told
