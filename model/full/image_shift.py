"""How far the content of a picture moved from one frame to another, and how sure that is.

Needs numpy only and knows nothing of commands: the motion guard, the probe and estimated poses
all measure with it. Frames are [H, W, 3] in [0, 255].
"""

import numpy as np

MIN_TEXTURE = 0.3  # grey levels a pixel: below, a picture is too empty to measure its shift
REDUCED_WIDTH = 80  # px, about
ROUNDING = 1e-6  # of the squares of all columns: far more than a sum of products is off
Shift = tuple[int, int]  # whole pixels right and down


def luma(frame: np.ndarray) -> np.ndarray:
    """Return the brightness of frames, float64 [..., H, W] in [0, 255]."""
    result: np.ndarray = frame @ np.array([0.299, 0.587, 0.114])
    return result


def image_shift(
    frame: np.ndarray, following: np.ndarray, limit: int = 24, near: Shift = (0, 0)
) -> np.ndarray | None:
    """Return how far the picture's content moved from one frame to the next, (right, down) in px.

    Searches whole shifts across, then down, up to `limit` px around a near one, then refines both
    to a fraction of a pixel by a parabola. None if the picture is too empty to say. Knows nothing
    of the command.
    """
    return brightness_shift(luma(frame), luma(following), limit, near)


def brightness_shift(
    bright: np.ndarray, after: np.ndarray, limit: int, near: Shift = (0, 0)
) -> np.ndarray | None:
    """Return the same as `image_shift` of two brightnesses, [H, W]."""
    if _across_texture(bright) < MIN_TEXTURE or _across_texture(after) < MIN_TEXTURE:
        return None
    (right, down), reach = map(float, near), limit
    for _ in range(2):  # the second time nearby, with the other axis right
        right = _best_shift(_aligned_rows(bright, after, round(down)), round(right), reach)
        down = _best_shift(_aligned_rows(bright.T, after.T, round(right)), round(down), reach)
        reach = 2
    return np.array([right, down])


def likeness(bright: np.ndarray, after: np.ndarray, shift: Shift) -> float:
    """Return how well two brightnesses agree once one is shifted, in [-1, 1].

    It is the correlation along rows (that the sky is brighter than the ground does not count): 1
    for the same picture, about 0 for unrelated and for empty ones.
    """
    right, down = shift
    before, later = _aligned_rows(bright, after, down)
    before, later = _aligned_rows(before.T, later.T, right)
    if not before.size:
        return 0.0
    before, later = (one - one.mean(axis=0) for one in (before, later))  # rows lie along axis 0
    scale = float(np.sqrt(np.square(before).sum() * np.square(later).sum()))
    return float((before * later).sum()) / scale if scale > 0 else 0.0


def reduction(frame: np.ndarray) -> int:
    """Return the factor that makes a frame about REDUCED_WIDTH wide."""
    result: int = max(1, frame.shape[1] // REDUCED_WIDTH)
    return result


def reduced(frame: np.ndarray, factor: int) -> np.ndarray:
    """Return the means of squares of `factor` px, float32; adds slices, which is fastest."""
    height, width = (length // factor * factor for length in frame.shape[:2])
    rows = np.zeros((height, width // factor, *frame.shape[2:]), np.uint16)
    for start in range(factor):
        rows += frame[:height, start:width:factor]
    whole = np.zeros((height // factor, *rows.shape[1:]), np.float32)
    for start in range(factor):
        whole += rows[start::factor]
    return whole / np.float32(factor * factor)


def enlarged(frame: np.ndarray, factor: float) -> np.ndarray:
    """Return the middle of a frame at its whole size: a view that is zoomed in, `factor` >= 1."""
    if factor == 1.0:
        return frame
    rows, columns = (
        np.floor((np.arange(length) + 0.5 - length / 2) / factor + length / 2).astype(int)
        for length in frame.shape[:2]
    )
    result: np.ndarray = frame[rows[:, None], columns]
    return result


def _across_texture(bright: np.ndarray) -> float:
    return float(np.abs(np.diff(bright, axis=1)).mean())


def _aligned_rows(
    bright: np.ndarray, after: np.ndarray, down: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows that both pictures show if the content moved `down` px."""
    height = len(bright)
    before = bright[max(0, -down) : max(0, height - max(0, down))]
    return before, after[max(0, down) : max(0, height - max(0, -down))]


def _best_shift(pictures: tuple[np.ndarray, np.ndarray], centre: int, reach: int) -> float:
    before, after = (picture.astype(np.float32) for picture in pictures)
    width = before.shape[1]
    shifts = [one for one in range(centre - reach, centre + reach + 1) if abs(one) < width]
    best = _least(before, after, shifts)
    if best in (0, len(shifts) - 1):
        return float(shifts[best])
    left, middle, right = (
        _shift_error(before, after, shift) for shift in shifts[best - 1 : best + 2]
    )
    curve = left - 2 * middle + right
    return shifts[best] + (0.5 * float((left - right) / curve) if curve > 0 else 0.0)


def _least(before: np.ndarray, after: np.ndarray, shifts: list[int]) -> int:
    """Return which shift has the least error.

    All are estimated from products, as (a - b)² = a² + b² - 2ab; `_shift_error` decides among
    those that rounding could have put first.
    """
    middle = before.mean()
    columns, others = (np.ascontiguousarray((one - middle).T) for one in (before, after))
    own, other = (_sums_up_to(np.square(one)) for one in (columns, others))
    all_shifts = np.array(shifts)
    here, there = np.maximum(0, -all_shifts), np.maximum(0, all_shifts)
    shared = len(columns) - here - there  # columns
    squares = own[here + shared] - own[here] + other[there + shared] - other[there]
    parts = zip(here.tolist(), there.tolist(), shared.tolist(), strict=True)
    products = [np.vdot(columns[one : one + n], others[two : two + n]) for one, two, n in parts]
    rough = (squares - 2.0 * np.array(products)) / shared
    few = np.flatnonzero(rough <= rough.min() + ROUNDING * (own[-1] + other[-1]))
    return int(few[np.argmin([_shift_error(before, after, shifts[one]) for one in few])])


def _sums_up_to(values: np.ndarray) -> np.ndarray:
    return np.concatenate(([0.0], np.cumsum(values.sum(axis=1), dtype=np.float64)))


def _shift_error(before: np.ndarray, after: np.ndarray, shift: int) -> float:
    here, there = max(0, -shift), max(0, shift)
    width = before.shape[1]
    difference = before[:, here : width - there] - after[:, there : width - here]
    return float(np.mean(np.square(difference)))
