"""The best-match metric of MAG-Bench: a predicted frame is compared with the likest true one.

A camera a little too fast or too slow is then not taken for forgetting. Which distance finds the
match is the caller's choice, and its name goes with every score. Knows nothing of files, networks
and worlds. Pictures are float [T, 3, H, W] in [-1, 1].
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

EQUAL_PSNR = 100.0  # dB; what equal videos score instead of infinity
SSIM_WINDOW, SSIM_SIGMA = 11, 1.5  # px
SSIM_CONSTANTS = (0.01**2, 0.03**2)

Distance = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""From one picture [3, H, W] to many [T, 3, H, W], both in [-1, 1]: their distances [T]."""


@dataclass(frozen=True, slots=True, eq=False)
class BestMatch:
    """How one prediction fares against the truth."""

    matches: np.ndarray  # of every predicted frame, the index of its true one, int64 [T]
    distance: float  # mean of predicted frames and their matches
    psnr: float  # dB, mean of frames
    ssim: float


def absolute_difference(picture: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return mean absolute differences, a `Distance` without weights; it knows no perception."""
    return np.array([np.abs(other - picture).mean(dtype=np.float64) for other in others])


def best_match(predicted: np.ndarray, truth: np.ndarray, distance: Distance) -> BestMatch:
    """Match every predicted frame with the nearest true one and compare the pairs.

    Matches are independent of each other: order is not kept and a true frame may serve twice. Both
    are pictures, [T, 3, H, W] in [-1, 1], as many or others.

    Raises:
        ValueError: the pictures differ in size, or there are none.

    Source: arXiv 2512.18741, section 4, "Best Match LPIPS" when the distance is LPIPS.
    """
    if predicted.shape[1:] != truth.shape[1:] or not len(predicted) or not len(truth):
        raise ValueError(
            f"videos are {predicted.shape} and {truth.shape}; give frames of one size, [T, 3, H, W]"
        )
    matches, mean = match(distance_matrix(predicted, truth, distance))
    likest = truth[matches]
    return BestMatch(matches, mean, video_psnr(predicted, likest), video_ssim(predicted, likest))


def distance_matrix(predicted: np.ndarray, truth: np.ndarray, distance: Distance) -> np.ndarray:
    """Return the distance of every predicted frame to every true one, [predicted, truth]."""
    return np.stack([distance(frame, truth) for frame in predicted])


def match(distances: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the nearest true frame of every row, the first of equal ones, and their mean."""
    matches = distances.argmin(axis=1)
    return matches, float(distances.min(axis=1).mean(dtype=np.float64))


def video_psnr(video: np.ndarray, reference: np.ndarray) -> float:
    """Return the mean over frames of the peak signal-to-noise ratio, brightness in [0, 1], in dB.

    Unlike `metrics.psnr` not limited frame by frame: one equal frame makes the mean infinite, for
    which EQUAL_PSNR stands, as in the official metric.
    """
    pairs = zip(video, reference, strict=True)
    errors = np.array([np.square((a.astype(np.float64) - b) / 2).mean() for a, b in pairs])
    with np.errstate(divide="ignore"):
        mean = float((-10 * np.log10(errors)).mean())
    return EQUAL_PSNR if np.isinf(mean) else mean


def video_ssim(video: np.ndarray, reference: np.ndarray) -> float:
    """Return the mean structural similarity of frames and colours, in [-1, 1].

    Raises:
        ValueError: the pictures are smaller than the window.

    Source: Wang et al. 2004, with their Gaussian window of 11 px, whole windows only.
    """
    if min(video.shape[-2:]) < SSIM_WINDOW:
        raise ValueError(
            f"pictures are {video.shape[-1]} x {video.shape[-2]} px; "
            f"give some of at least {SSIM_WINDOW} px each way"
        )
    # one colour at a time fits the processor's cache: several times as fast as all at once
    likenesses = [
        _plane_ssim(*planes)
        for pair in zip(video, reference, strict=True)
        for planes in zip(*pair, strict=True)
    ]
    return float(np.mean(likenesses))


def _plane_ssim(plane: np.ndarray, reference: np.ndarray) -> float:
    """Return the likeness of one colour of a picture, [H, W]."""
    a, b = ((one.astype(np.float64) + 1) / 2 for one in (plane, reference))
    mean_a, mean_b = _blurred(a), _blurred(b)
    means, squares = mean_a * mean_b, mean_a**2 + mean_b**2
    variances = _blurred(a * a + b * b) - squares
    covariance = _blurred(a * b) - means
    c1, c2 = SSIM_CONSTANTS
    likeness = (2 * covariance + c2) / (variances + c2)
    likeness *= (2 * means + c1) / (squares + c1)
    return float(likeness.mean())


def _blurred(picture: np.ndarray) -> np.ndarray:
    """Return a picture blurred where the window is whole, [H - 10, W - 10]."""
    places = np.arange(SSIM_WINDOW) - SSIM_WINDOW // 2
    weights = np.exp(-(places**2) / (2 * SSIM_SIGMA**2))
    weights /= weights.sum()
    for axis in (0, 1):
        picture = sliding_window_view(picture, SSIM_WINDOW, axis) @ weights
    return picture
