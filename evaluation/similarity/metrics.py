"""Measures of frames: likeness, detail, motion, and how far two sets of features lie apart.

Needs numpy only, so that the game may show some of them while playing. Frames are uint8 [H, W, 3].
"""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from mag_sandbox.model.full.image_shift import luma, reduced

Mask = npt.NDArray[np.bool_]  # [H, W]
Combine = Callable[[np.ndarray], np.ndarray]  # means [resamples, D] -> [resamples]
MAX_PSNR = 60.0  # dB; equal frames, too, score this and not infinity
LEAST_PIXELS = 256  # of a frame that a score of a part needs
RESAMPLES = 2000  # of a bootstrap
SEEN_WIDTH = 320  # px, about: width at which pictures are compared
SEEN_WINDOW = 9  # px across that a difference is averaged over
SEEN_FROM, ANOTHER_FROM = 5.0, 23.0  # of CIELAB: a difference is seen, another thing is there
EDGES = 2.0, 8.0  # of CIELAB: spread along rows of plain ground, and at a thing's edge
PLAIN_WEIGHT = 0.03  # of ground without edges; a thing's edge has 1
ASTRAY, ASTRAY_COST = 2, 0.5  # px that a thing may be out of place, and what each costs
_TO_XYZ = np.array(  # linear sRGB to XYZ, white being 1
    [(0.43394, 0.37620, 0.18983), (0.21267, 0.71516, 0.07217), (0.01776, 0.10947, 0.87277)],
    np.float32,
)


def psnr(frame: np.ndarray, reference: np.ndarray) -> float:
    """Return the peak signal-to-noise ratio of two frames, or stacks of them, in dB."""
    _check_equal_shapes(frame, reference)
    error = frame.astype(np.float32) - reference.astype(np.float32)
    mean_square = float(np.mean(np.square(error), dtype=np.float64))
    if mean_square == 0.0:
        return MAX_PSNR
    return min(MAX_PSNR, float(10 * np.log10(255.0**2 / mean_square)))


def masked_psnr(frame: np.ndarray, reference: np.ndarray, mask: np.ndarray) -> float | None:
    """Return the PSNR over some pixels of two frames, in dB; None: there are too few.

    Frames are uint8 [H, W, 3]; the mask is bool [H, W].
    """
    _check_equal_shapes(frame, reference)
    if mask.shape != frame.shape[:2]:
        raise ValueError(f"a mask is {mask.shape}, its frame {frame.shape}")
    if np.count_nonzero(mask) < LEAST_PIXELS:
        return None
    return psnr(frame[mask], reference[mask])


def ssim(frame: np.ndarray, reference: np.ndarray, window: int = 7) -> float:
    """Return the structural similarity of the brightness of two frames, in [-1, 1].

    Source: Wang et al. 2004, with a box window.
    """
    _check_equal_shapes(frame, reference)
    a, b = luma(frame), luma(reference)
    mean_a, mean_b = _box_mean(a, window), _box_mean(b, window)
    spread = window * window / (window * window - 1)
    means, squares = mean_a * mean_b, mean_a * mean_a + mean_b * mean_b
    variances = spread * (_box_mean(a * a + b * b, window) - squares)
    covariance = spread * (_box_mean(a * b, window) - means)
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    likeness = (2 * means + c1) * (2 * covariance + c2)
    likeness /= (squares + c1) * (variances + c2)
    return float(likeness.mean())


def visible_change(frame: np.ndarray, reference: np.ndarray) -> float:
    """Return which share of what two pictures show is seen to change between them, from 0 to 1.

    Frames are compared at about the size of a pocket world's, where a window shows every pixel.
    A shift of a pixel or two does not count; averaged over a few pixels, differences
    below `SEEN_FROM` are not seen, and from `ANOTHER_FROM` on another thing is there.
    Things count: where either picture has upright edges, or where both differ. Ground that stays
    counts next to nothing, or all places would be alike: `docs/lab/verdict.md` has the figures.
    """
    _check_equal_shapes(frame, reference)
    factor = max(1, round(frame.shape[1] / SEEN_WIDTH))
    one, other = (  # colours first: sums over a short last axis take several times as long
        np.ascontiguousarray(np.moveaxis(lab_colors(reduced(picture, factor)), -1, 0))
        for picture in (frame, reference)
    )
    height, width = one.shape[1:]
    inner, before = (
        each[:, ASTRAY : height - ASTRAY, ASTRAY : width - ASTRAY] for each in (one, other)
    )
    steps = range(2 * ASTRAY + 1)
    apart = np.full(_box_mean(inner[0], SEEN_WINDOW).shape, np.inf, np.float32)
    for down in steps:
        for right in steps:
            there = other[:, down : down + inner.shape[1], right : right + inner.shape[2]]
            far = float(np.hypot(down - ASTRAY, right - ASTRAY)) * ASTRAY_COST
            distance = _box_mean(np.sqrt(np.square(inner - there).sum(0)), SEEN_WINDOW) + far
            np.minimum(apart, distance, out=apart)
    changed = _share_between(apart, SEEN_FROM, ANOTHER_FROM)
    edges = (_share_between(_spread_across(each), *EDGES) for each in (inner, before))
    weights = np.maximum(np.maximum(*edges), np.maximum(changed, PLAIN_WEIGHT))
    return float((weights * changed).sum() / weights.sum())


def lab_colors(frame: np.ndarray) -> np.ndarray:
    """Return CIELAB colours of sRGB ones, [..., 3] of 0 to 255: distances are visible differences.

    Source: CIE 15:2004; matrix of IEC 61966-2-1.
    """
    share = np.asarray(frame, np.float32) / 255.0
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    cubes = linear @ _TO_XYZ.T
    roots = np.where(cubes > 216 / 24389, np.cbrt(cubes), (24389 / 27 * cubes + 16) / 116)
    x, y, z = np.moveaxis(roots, -1, 0)
    return np.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), -1)


def gradient_energy(frame: np.ndarray) -> float:
    """Return the mean absolute difference of neighbouring brightnesses: how much there is to see.

    An empty frame has 0, a busy one 3 and more [grey levels]. Softening edges hardly changes it:
    see `sharpness`.
    """
    bright = luma(frame)
    across = np.abs(np.diff(bright, axis=-1)).mean()
    down = np.abs(np.diff(bright, axis=-2)).mean()
    return float(across + down) / 2


def saturation(frame: np.ndarray) -> float:
    """Return the mean difference of the strongest and the weakest colour channel, 0 to 255."""
    red, green, blue = np.moveaxis(frame.astype(np.int16), -1, 0)  # along the last axis it is slow
    strongest = np.maximum(np.maximum(red, green), blue)
    return float((strongest - np.minimum(np.minimum(red, green), blue)).mean())


def sharpness(frame: np.ndarray) -> float:
    """Return the root mean square difference of neighbouring brightnesses [grey levels].

    Falls when edges soften, even where as much is to be seen.
    """
    bright = luma(frame)
    across = np.square(np.diff(bright, axis=-1)).mean()
    down = np.square(np.diff(bright, axis=-2)).mean()
    return float(np.sqrt((across + down) / 2))


def frechet_distance(features: np.ndarray, others: np.ndarray) -> float:
    """Return the Frechet distance between two sets of features, [N, D] and [M, D].

    Depends on the sample sizes: compare only distances of equal ones.
    """
    if features.ndim != 2 or features.shape[1:] != others.shape[1:]:
        raise ValueError(f"features are {features.shape} and {others.shape}, expected [N, D] twice")
    if min(len(features), len(others)) < 2:
        raise ValueError(f"{len(features)} and {len(others)} samples, expected at least 2 each")
    gap = features.mean(0) - others.mean(0)
    spread, other_spread = np.cov(features, rowvar=False), np.cov(others, rowvar=False)
    root = _matrix_root(np.atleast_2d(spread))
    shared = np.linalg.eigvalsh(root @ np.atleast_2d(other_spread) @ root)
    overlap = np.sqrt(np.clip(shared, 0, None)).sum()
    distance = gap @ gap + np.trace(np.atleast_2d(spread + other_spread)) - 2 * overlap
    return max(0.0, float(distance))


def bootstrap_interval(
    values: Sequence[object] | np.ndarray, combine: Combine = lambda means: means
) -> tuple[float, float]:
    """Return the 95% interval of a mean by resampling the values with replacement.

    Values are one number a clip, or a row of numbers a clip: then `combine` makes one number of
    their means, [resamples, ...].
    """
    data = np.asarray(values, np.float64)
    if not len(data):
        raise ValueError("no values to resample")
    picks = np.random.default_rng(0).integers(len(data), size=(RESAMPLES, len(data)))
    low, high = np.percentile(combine(data[picks].mean(1)), [2.5, 97.5])
    return float(low), float(high)


def _check_equal_shapes(frame: np.ndarray, reference: np.ndarray) -> None:
    if frame.shape != reference.shape:
        raise ValueError(f"frames differ in shape: {frame.shape} and {reference.shape}")


def _share_between(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return how far values are from a low to a high one, from 0 to 1."""
    share: np.ndarray = ((values - low) / (high - low)).clip(0.0, 1.0)
    return share


def _spread_across(colors: np.ndarray) -> np.ndarray:
    """Return the standard deviation of colours [3, H, W] along rows, around each pixel.

    A horizon has none: it is no thing, and looks alike from everywhere.
    """
    variances = sum(
        _means_down(np.square(rows), SEEN_WINDOW) - np.square(_means_down(rows, SEEN_WINDOW))
        for rows in colors.transpose(0, 2, 1)
    )
    spread: np.ndarray = np.sqrt(_means_down(variances.T, SEEN_WINDOW).clip(0.0))
    return spread


def _box_mean(picture: np.ndarray, window: int) -> np.ndarray:
    return _means_down(_means_down(picture, window).T, window).T


def _means_down(picture: np.ndarray, window: int) -> np.ndarray:
    places = len(picture) - window + 1
    total = picture[:places].copy("K")
    for shift in range(1, window):
        total += picture[shift : shift + places]
    return total / window


def _matrix_root(matrix: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(matrix)
    root: np.ndarray = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    return root
