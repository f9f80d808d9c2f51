"""What stands out in a level view: colours that its rows do not show all along.

The reader's boxes may be off by two degrees, which at the foot of a thing is a tenth of its
distance. But floor, walls and sky have the same colours all along a row, in whatever pattern, and
things have not. So the ends of things are looked for in the picture. Data, and numbers made of it;
nothing here runs a network.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from mag_sandbox.controls.camera import WIDEST_FOV, yaw_difference
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.scenes.stances import STANCES, Stance

ALIKE = 14  # levels of a channel by which the same colour may differ
BLOCK = 20  # columns that are looked at together
IN_A_BLOCK, IN_A_ROW = 0.15, 0.35  # share of its columns, and of all blocks, that show a colour
ROWS = (-2, 0, 2)  # beside a row, whose colours count as its own
EVERY = 4  # columns of those rows are compared
STANDING = frozenset({"floor", "small"})  # stances of what has its foot on the ground
WIDEST = 45.0  # degrees of a thing whose ends are looked for
MIDDLE = 0.15  # of a thing's width, at either side, where feet are not looked for
EMPTY = 0.1  # share of such a row that stands out, below which a thing ends
MOVED = 0.12  # of a thing's height, by which an end is mended at most
SURE = 3.0  # px by which the reader errs as a rule: less is a shadow, or the edge of a codec
PLAIN = 3  # rows of a thing, and rows below it, by which its foot is plain to see


def standing_out(picture: np.ndarray) -> np.ndarray:
    """Return which pixels of a level view, uint8 [H, W, 3], stand out, bool [H, W]."""
    height, width = picture.shape[:2]
    levels = picture.astype(np.int16)
    blocks = np.arange(0, width, EVERY) // BLOCK
    starts = np.flatnonzero(np.diff(blocks, prepend=-1))
    counts = np.diff(np.append(starts, len(blocks)))
    found = np.zeros((height, width), bool)
    for row in range(height):
        beside = [levels[min(max(row + step, 0), height - 1), ::EVERY] for step in ROWS]
        alike = np.zeros((width, len(blocks)), bool)
        for other in beside:
            same = np.ones_like(alike)
            for channel in range(3):
                apart = levels[row, :, None, channel] - other[None, :, channel]
                same &= np.abs(apart) < ALIKE
            alike |= same
        shares = np.add.reduceat(alike, starts, axis=1, dtype=int) / counts
        found[row] = (shares >= IN_A_BLOCK).mean(axis=1) < IN_A_ROW
    return found


def mended(
    things: Sequence[PlacedObject],
    out: np.ndarray,
    owners: np.ndarray,
    stances: Mapping[str, Stance] = STANCES,
) -> list[PlacedObject]:
    """Return the things of a level view, with feet and tops where the picture shows them.

    Args:
        things: from far to near; the view's middle is at yaw 0.
        out: which pixels stand out, bool [H, W].
        owners: place of each pixel's thing, -1 where none is, int32 [H, W].
        stances: of kinds.
    """
    return [
        _mended(thing, out, (owners >= 0) & (owners != place))
        if stances.get(thing.kind, Stance("far")).where in STANDING and thing.width < WIDEST
        else thing
        for place, thing in enumerate(things)
    ]


def _mended(thing: PlacedObject, out: np.ndarray, others: np.ndarray) -> PlacedObject:
    height, width = out.shape
    pixels = width / WIDEST_FOV
    middle = width / 2 + yaw_difference(thing.yaw, 0.0) * pixels
    half = thing.width / 2 * pixels
    sides = middle - half * (1 - 2 * MIDDLE), middle + half * (1 - 2 * MIDDLE)
    columns = np.arange(max(int(sides[0]), 0), min(int(np.ceil(sides[1])) + 1, width))
    if len(columns) < 2:
        return thing
    ends = thing.pitch + thing.height / 2, thing.pitch - thing.height / 2
    top, foot = (height / 2 - end * pixels for end in ends)
    filled = out[:, columns].mean(axis=1) >= EMPTY
    free = others[:, columns].mean(axis=1) < EMPTY
    found = (_end(filled, free, *end, MOVED * (foot - top)) for end in ((foot, 1), (top, -1)))
    low, high = ((height / 2 - end) / pixels for end in found)
    return replace(thing, pitch=(low + high) / 2, height=high - low)


def _end(filled: np.ndarray, free: np.ndarray, told: float, way: int, most: float) -> float:
    """Return where a thing ends near a row, up or down; there, if that is not plain to see."""
    within = filled if way > 0 else filled[::-1]
    wanted = told if way > 0 else len(filled) - told
    ends = [
        row
        for row in range(PLAIN, len(within) - PLAIN)
        if within[row - PLAIN : row].all() and not within[row : row + PLAIN].any()
        and abs(row - wanted) <= most
    ]  # fmt: skip
    if not ends:
        return told
    end = min(ends, key=lambda row: abs(row - wanted))
    found = end if way > 0 else len(filled) - end
    rows = sorted((round(told), found))
    is_free = free[max(rows[0] - 1, 0) : rows[1] + 1].all()
    return float(found) if is_free and abs(found - told) > SURE else told
