"""Pictures of rings, continued where they are not known."""

from collections.abc import Sequence
from math import inf

import numpy as np
import torch
from torch import Tensor, nn

from mag_sandbox.controls.parallax import Box
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.pixels import extent, mirrored_columns, run_sums, widened_around

CLOSE = 24  # px from known pixels, beyond which usual or planned colours are shown
WIDE = 320  # px between known pixels of a landscape, from which on usual colours are shown there
BESIDE = 2  # px around things on walls that show more of them than of the wall
COLUMNS = 4  # px between the columns from which usual colours are taken
SOFT = 15  # pixels over which continued rows are blended
FRINGE = 3  # px by which what is painted may be larger or smaller than planned
LEAST_SEEN = 30  # px of a thing, from which on it is continued
HALF_TURN = 180.0  # degrees; no wall is as wide


def softened(picture: Tensor) -> Tensor:
    """Return a picture, [C, H, W], each pixel the mean of `SOFT` above each other."""
    half = SOFT // 2
    padded = nn.functional.pad(picture[None], (0, 0, half, half), mode="replicate")[0]
    return run_sums(padded, SOFT, 1).div_(SOFT)


def planned_colors(
    bands: Sequence[PlacedObject], edges: np.ndarray | None, shape: tuple[int, int]
) -> np.ndarray | None:
    """Return a ring in the planned colours of sky, ground or the sides of a room.

    Args:
        bands: the background, see `Scenery.bands`.
        edges: rows of the foot and top of the walls, float [2, W]; None: there are none all around.
        shape: rows and columns of the ring.

    Returns:
        Float32 [3, H, W]; None: the plan does not say all colours.
    """
    told = [band.mean_color for band in bands if band.mean_color is not None]
    level = np.array([band.width > HALF_TURN for band in bands], bool)
    if not level.any() or len(told) < len(bands):
        return None
    colors = np.array(told, np.float32).T / 127.5 - 1
    yaw, pitch, width, height = np.array(
        [(band.yaw, band.pitch, band.width, band.height) for band in bands]
    ).T * (shape[1] / 360)  # px
    rows, columns = np.arange(shape[0])[:, None], np.arange(shape[1])[:, None]
    below = np.abs(rows + 0.5 - shape[0] / 2 + pitch[level]) - height[level] / 2
    planned = colors[:, level][:, below.argmin(axis=1), None].repeat(shape[1], axis=2)
    if edges is not None and not level.all():
        half = shape[1] / 2
        beside = np.abs((columns + 0.5 - yaw[~level] + half) % shape[1] - half)
        walls = colors[:, ~level][:, None, (beside - width[~level] / 2).argmin(axis=1)]
        foot, top = edges
        planned = np.where((rows >= top) & (rows <= foot), walls, planned)
    return planned


def continued(
    picture: np.ndarray,
    known: np.ndarray,
    wanted: np.ndarray | None = None,
    wide: float = inf,
    planned: np.ndarray | None = None,
) -> np.ndarray:
    """Return a ring, [3, H, W], whose unknown pixels are mixed from the known ones on both sides.

    Points of the ground beside each other are equally far away, so its texture is continued. Rows
    in which nothing is known are those nearest to them. In gaps that are `wide` [px] the usual
    colour of their row is shown far from all that is known. Only pixels that are `wanted` need be
    right. Far above or below all that is known, and where nothing is known of a part that has one
    colour in the `planned` ring, as the sky has, the planned colours are shown.
    """
    there = np.flatnonzero(known.any(axis=1))
    if not len(there):
        return picture if planned is None else planned
    apart = np.abs(np.arange(len(known))[:, None] - there)
    if planned is not None:
        column = planned[:, :, 0]
        parts = np.append(0, (column[:, 1:] != column[:, :-1]).any(axis=0).cumsum())
        apart += len(known) * (parts[:, None] != parts[there])
    nearest, beyond = there[apart.argmin(axis=1)], apart.min(axis=1)
    picture, known = picture.take(nearest, axis=1), known[nearest]
    count = known.shape[1]
    place = np.arange(count, dtype=np.int32)
    before = np.maximum.accumulate(np.where(known, place, np.int32(-1)), axis=1)
    before = np.where(before < 0, before[:, -1:] - count, before)  # columns go on around
    after = np.where(known, place, np.int32(count))[:, ::-1]
    after = np.minimum.accumulate(after, axis=1)[:, ::-1]
    after = np.where(after == count, after[:, :1] + count, after)
    missing = np.flatnonzero(~known if wanted is None else wanted & ~known)
    rows, columns = np.divmod(missing, count)
    left_of, right_of = before.ravel()[missing], after.ravel()[missing]
    to_left, to_right = columns - left_of, right_of - columns
    gaps = to_left + to_right
    share = (to_left / gaps).astype(np.float32)
    flat = picture.reshape(len(picture), -1)
    left, right = (
        flat.take(rows * count + beside % count, axis=1) for beside in (left_of, right_of)
    )
    mixed = left + share * (right - left)
    if (is_wide := gaps >= wide).any():
        shown = np.where(known, picture, np.nan)[..., ::COLUMNS]
        some = ~np.isnan(shown[0]).all(axis=1)
        usual = np.zeros(shown.shape[:2], np.float32)
        usual[:, some] = np.nanmedian(shown[:, some], axis=2)
        far = (np.minimum(to_left, to_right) / CLOSE - 1).clip(0, 1) * (some[rows] & is_wide)
        colors = usual[:, rows]
        if planned is not None:  # the usual colour of the row at the edge may be that of a window
            colors = np.where(beyond[rows] > 0, planned[:, rows, columns], colors)
        mixed += far.astype(np.float32) * (colors - mixed)
    flat[:, missing] = mixed
    if planned is not None:
        far = (beyond[:, None] / CLOSE - 1).clip(0, 1).astype(np.float32)
        picture += far * (planned - picture)
    return picture


def apart(parts: np.ndarray) -> np.ndarray:
    """Return which pixels show their own part alone, not what lies beside it, bool [H, W].

    Args:
        parts: numbers of what lies in each pixel of a ring, int32 [H, W].
    """
    edges = parts != np.roll(parts, 1, axis=1)
    edges[1:] |= parts[1:] != parts[:-1]
    return ~widened_around(edges, FRINGE)


def with_parts(
    behind: Tensor,
    picture: np.ndarray,
    known: np.ndarray,
    parts: np.ndarray,
    sketch: np.ndarray | None = None,
) -> Tensor:
    """Return a continued ring in which lakes, paths and hills continue themselves alone.

    Those of which hardly anything is known are sketched.

    Args:
        behind: the ring as the ground beside them continues it, float32 [3, H, W].
        picture: the ring, likewise.
        known: which of its pixels are, bool [H, W].
        parts: numbers of what lies there, 0: ground or sky alone, int32 [H, W].
        sketch: of the parts, like the ring; None: they are as the ground beside them.
    """
    own, whole = known & apart(parts), np.asarray(behind)
    for number in np.unique(parts[~known & (parts > 0)]):
        lies = parts == number
        seen = own & lies
        rows = extent(lies.any(axis=1), 0)
        if np.count_nonzero(seen) >= LEAST_SEEN:
            filled = continued(picture[:, rows], seen[rows], wanted=lies[rows])
        elif sketch is not None:
            filled = sketch[:, rows]
        else:
            continue
        whole[:, rows] = np.where((lies & ~known)[rows], filled, whole[:, rows])
    return torch.from_numpy(whole)


def mirrored(picture: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return a ring, [C, H, W], whose widest gap is filled with mirror images of both its sides.

    They look like a sky with clouds, as a mixture of both sides does not.

    Args:
        picture: the ring.
        known: which of its columns are, bool [W].
    """
    count, there = len(known), np.flatnonzero(known)
    if len(there) in (0, count):
        return picture
    gaps = (np.roll(there, -1) - there) % count
    widest = int(gaps.argmax())
    gap, end = int(gaps[widest]) - 1, int(there[widest])
    own = (end - np.arange(count - gap)) % count  # columns beside the gap, from its left side on
    after = np.arange(gap)
    there_and_back, other = np.append(own, own[::-1]), np.append(own[::-1], own)
    left = there_and_back[after % len(other)]
    right = other[after[::-1] % len(other)]
    share = ((after + 0.5 - gap / 2) / CLOSE / 2 + 0.5).clip(0, 1).astype(np.float32)
    whole = picture.copy()
    whole[..., (end + 1 + after) % count] = picture[..., left] + share * (
        picture[..., right] - picture[..., left]
    )
    return whole


def continued_in_room(
    picture: np.ndarray,
    known: np.ndarray,
    edges: np.ndarray,
    planned: np.ndarray | None,
    hanging: Sequence[Box] = (),
) -> np.ndarray:
    """Return a ring likewise in which floor continues floor, walls walls and the ceiling itself.

    Args:
        picture: the ring, [3, H, W].
        known: which pixels are, bool [H, W].
        edges: rows of the foot and top of the walls, float [2, W].
        planned: colours of the plan, see `continued`.
        hanging: boxes of doors, pictures and windows [px], which continue only themselves.
    """
    parts = [_part_of(box, known.shape) for box in hanging]
    bare = known.copy()
    for rows, columns, _ in parts:
        bare[rows, columns] = False
    whole = _room_continued(picture, bare, edges, planned)
    for rows, columns, opposite in parts:
        there, other = (rows, columns), (rows, opposite)
        is_known = known[there] | known[other]
        if is_known.any():
            colors = np.where(known[there], picture[:, *there], picture[:, *other])
            whole[:, *there] = continued(colors, is_known)
    return np.where(known, picture, whole)


def _part_of(box: Box, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the rows, [h, 1], and columns, [w], of a box and `BESIDE` around it.

    And the columns as far from its other side: doors and windows have two alike halves.
    """
    left, top, wide, tall = box
    first = max(int(np.floor(top)) - BESIDE, 0)
    last = min(int(np.ceil(top + tall)) + BESIDE, shape[0])
    columns = np.arange(int(np.floor(left)) - BESIDE, int(np.ceil(left + wide)) + BESIDE)
    others = mirrored_columns(columns, left, wide)
    return np.arange(first, last)[:, None], columns % shape[1], others % shape[1]


def _room_continued(
    picture: np.ndarray, known: np.ndarray, edges: np.ndarray, planned: np.ndarray | None
) -> np.ndarray:
    rows, columns = np.arange(len(known))[:, None], np.arange(known.shape[1])
    foot, top = edges
    straight = np.full_like(foot, foot.mean()), np.full_like(top, top.mean())
    there = _moved(rows, (foot, top), straight)
    inside = (there >= 0) & (there < len(known))
    there = there.clip(0, len(known) - 1)
    planned = planned if planned is None else _at(planned, there)
    filled = continued(_at(picture, there), known[there, columns] & inside, wide=0, planned=planned)
    return _at(filled, _moved(rows, straight, (foot, top)).clip(0, len(known) - 1))


def _at(picture: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return a picture, [C, H, W], whose columns show other rows, int [H, W]."""
    flat = rows * picture.shape[2] + np.arange(picture.shape[2])
    shown: np.ndarray = picture.reshape(len(picture), -1).take(flat, axis=1)
    return shown


def _moved(
    rows: np.ndarray, edges: tuple[np.ndarray, np.ndarray], straight: tuple[np.ndarray, np.ndarray]
) -> np.ndarray:
    """Return where rows between and beyond one foot and top are between and beyond others."""
    (foot, top), (new_foot, new_top) = edges, straight
    wall = top + (rows - new_top) * (foot - top) / (new_foot - new_top)
    beyond = np.where(rows < new_top, rows - new_top + top, rows - new_foot + foot)
    moved = np.where((rows >= new_top) & (rows <= new_foot), wall, beyond)
    return np.asarray(np.rint(moved), int)
