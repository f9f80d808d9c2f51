"""Pixels of pictures and rings: resampled along an axis, averaged, cut out, and shapes widened."""

import numpy as np


def linear_shares(at: np.ndarray, samples: np.ndarray, reach: float) -> np.ndarray:
    """Return the share of each sample in each pixel, float32 [pixels, samples], in [0, 1].

    Resampling is a product with it. A share falls linearly with the distance, to 0 at `reach`; the
    shares of a pixel may sum up to anything.

    Args:
        at: where the pixels lie among the samples, float [pixels].
        samples: where these lie, float32 [samples].
        reach: of a sample, in the same units.
    """
    shares: np.ndarray = np.subtract.outer(at.astype(np.float32), samples)
    np.abs(shares, out=shares)  # in place: hundreds of them are made for every picture
    np.subtract(1, np.divide(shares, np.float32(reach), out=shares), out=shares)
    np.maximum(shares, 0, out=shares)
    return shares


def nearby(colored: np.ndarray, where: np.ndarray, reach: int) -> np.ndarray:
    """Return the mean colour of some pixels near each one, and their number, [4, h, w]."""
    sums = np.pad(colored * where, ((0, 0), (reach + 1, reach), (reach + 1, reach)))
    sums = sums.cumsum(axis=1, dtype=np.float64).cumsum(axis=2)
    size = 2 * reach + 1
    sums = sums[:, size:] - sums[:, :-size]
    sums = sums[:, :, size:] - sums[:, :, :-size]
    sums[:3] /= np.maximum(sums[3], 0.5)
    means: np.ndarray = sums.astype(np.float32)
    return means


def window(ring: np.ndarray, rows: slice, first: int, last: int) -> np.ndarray:
    """Return rows of a ring, [..., H, W], from a column to before another; it goes on around."""
    start, count = first % ring.shape[-1], last - first
    if start + count <= ring.shape[-1]:
        return ring[..., rows, start : start + count]
    return ring[..., rows, np.arange(first, last) % ring.shape[-1]]


def extent(line: np.ndarray, margin: int) -> slice:
    """Return from where to where a line is so, bool [N], with a margin within it."""
    there = np.flatnonzero(line)
    return slice(max(int(there[0]) - margin, 0), int(there[-1]) + 1 + margin)


def widened_around(shape: np.ndarray, margin: int) -> np.ndarray:
    """Return a shape of a ring, bool [H, W], with a margin above 0; columns go on around."""
    wide = np.pad(shape, ((0, 0), (margin, margin)), mode="wrap")
    return widened(wide, margin)[:, margin:-margin]


def widened(shape: np.ndarray, margin: int) -> np.ndarray:
    """Return a shape, bool [h, w], with a margin within its rows and columns."""
    (height, width), size, reach = shape.shape, 2 * margin + 1, 1
    wide = np.zeros((height + 2 * margin, width + 2 * margin), bool)
    wide[margin : margin + height, margin : margin + width] = shape
    while reach < size:  # each pixel knows as many to the right of and below it
        step = min(reach, size - reach)
        wide = wide[step:] | wide[:-step]
        wide = wide[:, step:] | wide[:, :-step]
        reach += step
    return wide


def shares_of(numbers: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Return the share of each thing's pixels in which something is so, by its number.

    Args:
        numbers: of each pixel's thing, int32 [H, W].
        where: it is so, bool [H, W].
    """
    counts = np.bincount(numbers.ravel())
    so = np.bincount(numbers[where], minlength=len(counts))
    shares: np.ndarray = so / np.maximum(counts, 1)
    return shares
