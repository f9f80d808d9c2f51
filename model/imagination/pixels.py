"""Pixels of pictures and rings: resampled along an axis, averaged, cut out, and shapes widened."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional


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
    """Return the mean colour of some pixels near each one, and their number, float32 [4, h, w].

    Args:
        colored: colours, and 1, float [4, h, w].
        where: which pixels count, bool [h, w].
        reach: how far rows and columns of such pixels may be away [px].
    """
    counted = torch.from_numpy((colored * where).astype(np.float32, copy=False))
    sums = sums_around(counted, reach).numpy()
    sums[:3] /= np.maximum(sums[3], 0.5)
    return sums


def sums_around(pictures: Tensor, reach: int) -> Tensor:
    """Return the sums of the pixels near each one, [..., H, W]; beyond the edge is nothing."""
    wide = functional.pad(pictures, (reach, reach, reach, reach))
    return run_sums(run_sums(wide, 2 * reach + 1, -1), 2 * reach + 1, -2)


def run_sums(pictures: Tensor, length: int, axis: int) -> Tensor:
    """Return the sums of so many pixels after each other, for as many as are followed by enough.

    Those of runs twice as long are sums of two, and any run is made of such ones.
    """
    runs, size, first = pictures, 1, 0
    count, sums = pictures.shape[axis] - length + 1, torch.zeros(())
    while first < length:
        if length & size:
            sums = sums + runs.narrow(axis, first, count)
            first += size
        if first < length:
            further = runs.shape[axis] - size
            runs = runs.narrow(axis, 0, further) + runs.narrow(axis, size, further)
            size *= 2
    return sums


def window(ring: np.ndarray, rows: slice, first: int, last: int) -> np.ndarray:
    """Return rows of a ring, [..., H, W], from a column to before another; it goes on around."""
    start, count = first % ring.shape[-1], last - first
    if start + count <= ring.shape[-1]:
        return ring[..., rows, start : start + count]
    return ring[..., rows, np.arange(first, last) % ring.shape[-1]]


def mirrored_columns(columns: np.ndarray, left: float, width: float) -> np.ndarray:
    """Return the columns that lie as far from the other side of a box [px], int like `columns`."""
    return np.rint(2 * left + width - 1 - columns).astype(int)


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
