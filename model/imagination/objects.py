"""Objects of a picture, their kinds and places, and the numbers that covered cells are given.

Data, and numbers made of it; knows nothing of networks.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.controls.camera import yaw_difference
from mag_sandbox.files.validation import shortened
from mag_sandbox.scenes.looks import Rgb

COVERING = 6  # objects given to a cell: the nearest ones that cover it
VARIANTS = 8  # rows of a kind in the table of looks: 0 is "any"
MOST_OBJECTS = 4096  # of a plan; far fewer are ever drawn
NEAR_GROUND = "near ground"  # a kind; behind all things outdoors, and nowhere else
NUMBERS = 28  # given to a cell for each object, besides its look
INSIDE, HALF = slice(0, 2), slice(18, 20)  # of those: where in its box, and how large that is
LEAST_HALF = 0.5  # cells; half of an object's box counts as no less
BEYOND = 1.25  # of half a box: how far from its middle a sprite reaches
_WAVES = (1.0, 2.0, 4.0)  # half turns from an object's middle to its edge
_MARGIN = 0.5  # cells beyond its box that an object still covers
_AROUND = 0.9  # of the ring; wider objects are the same in all directions
_LARGE = 8.0  # cells, 36 degrees, of the longer side: the painter saw few larger things
_EDGE = 1.5  # cells; edges farther away are all the same


@dataclass(frozen=True, slots=True)
class PlacedObject:
    """A thing somewhere around the viewer.

    Angles are in degrees: yaw to the right of the ring's left edge, pitch above the horizon.
    """

    kind: str  # one of the kinds the weights were trained with
    yaw: float  # of its middle
    pitch: float
    width: float
    height: float
    color: Rgb | None = None  # of its largest part, 0 to 255; None: any
    mean_color: Rgb | None = None  # of all that is seen of it; None: any
    variant: int | None = None  # which shape of its kind; None: any
    away: float | None = None  # metres; None: as far as its foot says

    @property
    def foot(self) -> float:
        """Pitch of its lower edge."""
        return self.pitch - self.height / 2

    @property
    def top(self) -> float:
        """Pitch of its upper edge."""
        return self.pitch + self.height / 2

    def scaled(self, scale: float) -> "PlacedObject":
        """Return it so many times as large; its foot stays."""
        width, height = scale * self.width, scale * self.height
        return replace(self, width=width, height=height, pitch=self.foot + height / 2)

    def turned(self, angle: float) -> "PlacedObject":
        """Return it so many degrees further to the right."""
        return replace(self, yaw=(self.yaw + angle) % 360.0)

    def standing_at(self, foot: float) -> "PlacedObject":
        """Return it as large as it is, with its foot at a pitch, as far away as that says."""
        return replace(self, pitch=foot + self.height / 2, away=None)

    def in_color(self, color: Rgb) -> "PlacedObject":
        """Return it in one colour all over."""
        return replace(self, color=color, mean_color=color)

    def recolored(self, change: Callable[[Rgb], Rgb]) -> "PlacedObject":
        """Return it with each colour that it has changed."""
        color, mean = (one and change(one) for one in (self.color, self.mean_color))
        return replace(self, color=color, mean_color=mean)

    def overlaps(self, other: "PlacedObject") -> bool:
        """Tell whether its box and another one have a part in common."""
        across = abs(yaw_difference(self.yaw, other.yaw)) < (self.width + other.width) / 2
        return across and abs(self.pitch - other.pitch) < (self.height + other.height) / 2


def is_outdoors(things: Iterable[PlacedObject]) -> bool:
    """Tell whether a plan is of an outdoor place: only these have near ground."""
    return any(thing.kind == NEAR_GROUND for thing in things)


Things = tuple[PlacedObject, ...]


def check_objects(objects: Sequence[PlacedObject], kinds: Collection[str]) -> None:
    """Raise ValueError if an object from outside is of no known kind, or cannot be anywhere."""
    if len(objects) > MOST_OBJECTS:
        raise ValueError(f"there are {len(objects)} things")
    for one in objects:
        if one.kind not in kinds:
            raise ValueError(f"no kind of thing is called {shortened(one.kind)}")
        channels = (*(one.color or ()), *(one.mean_color or ()))
        fits = abs(one.yaw) <= 720 and abs(one.pitch) <= 180
        fits = fits and 0 < one.width <= 720 and 0 < one.height <= 720
        fits = fits and all(0 <= channel <= 255 for channel in channels)
        fits = fits and (one.away is None or 0 < one.away <= 1e4)
        if not fits or (one.variant or 0) < 0:
            raise ValueError(f"a number is out of range in {one}")


class ObjectTable(NamedTuple):
    """Objects as numbers, from far to near; each field has a row an object."""

    looks: np.ndarray  # int64; of kind and variant, 1 and up
    boxes: np.ndarray  # float32 [objects, 4]: column and row of the middle, width, height [cells]
    colors: np.ndarray  # float32 [objects, 8]: twice red, green, blue, and 1 if given

    def chosen(self, rows: np.ndarray) -> "ObjectTable":
        """Return some of the objects."""
        return ObjectTable(*(field[rows] for field in self))


class CoveringObjects(NamedTuple):
    """The objects that cover each cell as numbers, the nearest first."""

    looks: Tensor  # int64 [rows, columns, COVERING], or for each of a batch; 0: there is none
    numbers: Tensor  # fp32 [rows, columns, COVERING, NUMBERS]

    def batch(self) -> "CoveringObjects":
        """Return them as a batch of one."""
        return CoveringObjects(self.looks[None], self.numbers[None])


def together(some: Sequence[PlacedObject], others: Sequence[PlacedObject]) -> list[PlacedObject]:
    """Return the things of two lists as one; all are from far to near."""
    ranked = [
        ((rank + 0.5) / len(each), one) for each in (some, others) for rank, one in enumerate(each)
    ]
    return [one for _, one in sorted(ranked, key=lambda pair: pair[0])]


def rgb(color: np.ndarray) -> Rgb:
    """Return a colour of numbers, [3], in whole levels from 0 to 255."""
    red, green, blue = np.rint(color).clip(0, 255).astype(int).tolist()
    return red, green, blue


def in_other_light(thing: PlacedObject, light: float | np.ndarray) -> PlacedObject:
    """Return a thing whose colours are multiplied by a light, as a whole or [3] shares.

    Those that would be brighter than a channel can be keep their hue, and become no darker.
    """

    def lit(color: Rgb) -> Rgb:
        exact = light * np.array(color)
        return rgb(np.maximum(exact / max(exact.max() / 255, 1.0), np.minimum(exact, color)))

    return thing.recolored(lit)


def look_number(kind: int, variant: int | None) -> int:
    """Return the row of a look in tables of looks; None: of a kind in any shape."""
    return 1 + kind * VARIANTS + (0 if variant is None else min(variant + 1, VARIANTS - 1))


def object_table(
    objects: Sequence[PlacedObject], kinds: Sequence[str], ring: tuple[int, int]
) -> ObjectTable:
    """Return objects as numbers, or raise ValueError if one is of no kind of `kinds`."""
    row = {kind: row for row, kind in enumerate(kinds)}
    for each in objects:
        if each.kind not in row:
            raise ValueError(f'no object "{each.kind}" is known; available: {", ".join(kinds)}')
    rows, columns = ring
    cell = 360.0 / columns
    boxes = [
        (o.yaw / cell, rows / 2 - o.pitch / cell, o.width / cell, o.height / cell) for o in objects
    ]
    looks = [look_number(row[o.kind], o.variant) for o in objects]
    colors = [(*_color_numbers(o.color), *_color_numbers(o.mean_color)) for o in objects]
    return ObjectTable(
        np.array(looks, np.int64),
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(colors, np.float32).reshape(-1, 8),
    )


def covering_objects(
    table: ObjectTable,
    rows: np.ndarray,
    columns: np.ndarray,
    ring_columns: int,
    owners: np.ndarray | None = None,
) -> CoveringObjects:
    """Return the objects that cover each of a box of cells.

    Args:
        table: of the objects.
        rows: of the cells.
        columns: of the cells; any whole numbers.
        ring_columns: of the whole ring.
        owners: which object each pixel of the cells shows, int32 [H, W], -1: one behind all. With
            them, cells that a large object fills are not covered by what it hides: the painter
            saw few of them, and mixes what it hides into it.
    """
    shape = len(rows), len(columns), COVERING
    looks, numbers = np.zeros(shape, np.int64), np.zeros((*shape, NUMBERS), np.float32)
    covering = CoveringObjects(torch.from_numpy(looks), torch.from_numpy(numbers))
    count = len(table.looks)
    if count == 0:
        return covering
    across = columns[:, None] + 0.5 - table.boxes[:, 0]
    across = (across + ring_columns / 2) % ring_columns - ring_columns / 2
    across[:, table.boxes[:, 2] >= _AROUND * ring_columns] = 0.0  # it has no middle
    down = rows[:, None] + 0.5 - table.boxes[:, 1]
    half = np.maximum(table.boxes[:, 2:] / 2, 0.05)
    reach = half + 0.5 + _MARGIN
    covers = (np.abs(down) < reach[:, 1])[:, None] & (np.abs(across) < reach[:, 0])
    if owners is not None:
        covers &= ~_hidden(table, owners, (len(rows), len(columns)))
    nearest = np.sort(np.where(covers, np.arange(1, count + 1), 0), axis=-1)[..., ::-1]
    nearest = nearest[..., :COVERING]  # the last of the table stand before the others
    row, column, place = np.nonzero(nearest)
    which = nearest[row, column, place] - 1
    away = np.stack((across[column, which], down[row, which]), axis=1)
    half = half[which]
    inside = np.clip(away / np.maximum(half, LEAST_HALF), -2, 2)
    waves = np.concatenate([np.pi * wave * inside for wave in _WAVES], axis=1)
    looks[row, column, place] = table.looks[which]
    numbers[row, column, place] = np.concatenate(
        (
            inside,
            np.sin(waves),
            np.cos(waves),
            np.clip(half + away, -_EDGE, _EDGE),
            np.clip(half - away, -_EDGE, _EDGE),
            np.log2(half) / 2,
            table.colors[which],
        ),
        axis=1,
    )
    return covering


def _hidden(table: ObjectTable, owners: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return the objects behind a large one that fills a cell, bool [rows, columns, objects]."""
    rows, columns = shape
    cells = owners.reshape(rows, len(owners) // rows, columns, -1).swapaxes(1, 2)
    owner = cells[:, :, 0, 0]
    are_large = np.append(table.boxes[:, 2:].max(axis=1) > _LARGE, False)  # the last: of none
    are_filled = are_large[owner] & (cells == owner[..., None, None]).all(axis=(2, 3))
    return np.asarray(are_filled[..., None] & (np.arange(len(table.looks)) < owner[..., None]))


def half_cells(numbers: Tensor) -> Tensor:
    """Return half the size of boxes [cells], of the numbers in `HALF`."""
    return (2 * numbers).exp2().clamp(min=LEAST_HALF)


def _color_numbers(color: Rgb | None) -> tuple[float, ...]:
    """Return a colour in [-1, 1] and whether it is given."""
    return (0.0, 0.0, 0.0, 0.0) if color is None else (*(x / 127.5 - 1 for x in color), 1.0)
