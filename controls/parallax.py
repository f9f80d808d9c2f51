"""The picture of one viewpoint as another one shows it.

What stands upright is cut out of the first picture and put where it appears now; ground, walls and
ceiling are looked up where their points appeared; points at infinity stay. Nothing is known of
what was hidden.

Pictures are rings: 360 degrees of yaw wide, linear in pixels in both directions, the horizon in
the middle row. x is to the right and z ahead of yaw 0, along the ground [m].
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

EYE = 1.6  # metres from the ground to the viewer's eyes
DISTANT = 75.0  # metres; farther away everything stays where it is
UNLIKE = 0.1  # of logarithms of distances: then a point was hidden
KNOWN = 250.0  # of 255: how much of what lies between pixels is known at least
Box = tuple[float, float, float, float]  # left, top, width, height [px]


@dataclass(frozen=True, slots=True)
class RingGeometry:
    """Where everything is that a ring shows."""

    depth: np.ndarray  # float32 [H, W]; metres along the ground, inf: sky
    ids: np.ndarray  # int32 [H, W]; number of the thing in each pixel, 0: none
    upright: Mapping[int, Box]  # boxes of the things that stand upright, by their numbers
    loose: frozenset[int] = field(default=frozenset())  # other things that belong to no surface


def carried(
    before: RingGeometry,
    now: RingGeometry,
    picture: np.ndarray,
    move: tuple[float, float],
    shown: np.ndarray | None = None,
    part: tuple[np.ndarray, np.ndarray] | None = None,
) -> np.ndarray:
    """Return another viewpoint's picture as a ring around here shows it.

    Args:
        before: from the first viewpoint.
        now: from the second one.
        picture: how the first one was seen, uint8 [H, W, 3].
        move: from the first viewpoint to the second, along x and z [m].
        shown: where the picture counts, bool [H, W]; None: everywhere.
        part: rows [h] and columns [w] of the ring that are wanted; None: all.

    Returns:
        Colours, and 255 where they are known, uint8 [H, W, 4], or [h, w, 4] of a part.
    """
    height, width = before.ids.shape
    shown = np.ones((height, width), bool) if shown is None else shown
    source = np.dstack((picture, np.where(shown, 255, 0).astype(np.uint8)))
    rows, columns = part or (np.arange(height), np.arange(width))
    ids = now.ids[np.ix_(rows, columns)]
    found = np.zeros((*ids.shape, 4), np.float32)
    found[..., :3], found[..., 3] = _surroundings(before, now, source, move, rows, columns)
    for number in np.unique(ids).tolist():
        if number in now.upright and number in before.upright:
            down, across = np.nonzero(ids == number)
            box = now.upright[number]
            colors, known = _cut_out(before, source, number, box, rows[down], columns[across])
            found[down, across, :3], found[down, across, 3] = colors, known
    found[..., 3] *= 255
    return np.rint(found).clip(0, 255).astype(np.uint8)


def _surroundings(
    before: RingGeometry, now: RingGeometry, picture: np.ndarray, move: tuple[float, float],
    some_rows: np.ndarray, some_columns: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Return colours of all that does not stand upright, and where they are known."""
    height, width = now.ids.shape
    radian, horizon = width / (2 * np.pi), height / 2
    part = np.ix_(some_rows, some_columns)
    rows, columns = np.meshgrid(some_rows + 0.5, some_columns + 0.5, indexing="ij")
    yaw, pitch = columns / radian, (horizon - rows) / radian
    depth, ids = now.depth[part], now.ids[part]
    away = np.where(depth > DISTANT, np.inf, depth)
    finite = np.isfinite(away)
    away = np.where(finite, away, DISTANT)
    x, z = away * np.sin(yaw) + move[0], away * np.cos(yaw) + move[1]
    distance = np.hypot(x, z)
    row = np.where(finite, horizon - np.arctan2(away * np.tan(pitch), distance) * radian, rows)
    column = np.where(finite, np.arctan2(x, z) % (2 * np.pi) * radian, columns)
    place = _pixels(row, column, before.ids.shape)
    standing = [*before.upright, *before.loose]
    hidden = np.isin(before.ids, standing)
    beside = hidden.copy()  # pixels there are mixed with what stands upright
    for axis in (0, 1):
        for step in (1, -1):
            beside |= np.roll(hidden, step, axis)
    earlier = before.depth[place].clip(0.01, 1e6)
    same = np.abs(np.log(distance.clip(0.01) / earlier))
    free = ~np.isin(ids, [*now.upright, *now.loose])
    known = free & (row >= 0) & (row < height) & ~beside[place]
    sampled = _sampled(picture, row, column)
    return sampled[..., :3], known & (~finite | (same < UNLIKE)) & (sampled[..., 3] > KNOWN)


def _cut_out(
    before: RingGeometry, picture: np.ndarray, number: int, box: Box, row: np.ndarray,
    column: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Return colours of some pixels of a thing that stands upright, and where they are known."""
    height, wide = before.ids.shape
    was_left, was_top, was_width, was_height = before.upright[number]
    left, top, width, tall = box
    across = (column + 0.5 - left + wide / 2) % wide - wide / 2
    there = was_left + across * (was_width / width)
    down = was_top + (row + 0.5 - top) * (was_height / tall)
    place = _pixels(down, there, before.ids.shape)
    known = (before.ids[place] == number) & (down >= 0) & (down < height)
    sampled = _sampled(picture, down, there)
    return sampled[..., :3], known & (sampled[..., 3] > KNOWN)


def _pixels(
    row: np.ndarray, column: np.ndarray, shape: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray]:
    rows = np.floor(row).astype(int).clip(0, shape[0] - 1)
    return rows, np.floor(column).astype(int) % shape[1]


def _sampled(picture: np.ndarray, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Return colours between pixels, float64 [..., channels]; columns wrap around."""
    height, width = picture.shape[:2]
    top, left = np.floor(row - 0.5).astype(int), np.floor(column - 0.5).astype(int)
    down, across = (row - 0.5 - top)[..., None], (column - 0.5 - left)[..., None]
    rows = [(top + step).clip(0, height - 1) for step in (0, 1)]
    columns = [(left + step) % width for step in (0, 1)]
    upper, lower = (
        picture[each, columns[0]] * (1 - across) + picture[each, columns[1]] * across
        for each in rows
    )
    return np.asarray(upper * (1 - down) + lower * down)
