"""Measures of a video without a ground truth: consistency, flicker, sharpness.

Frames are uint8 [T, H, W, 3]. The names follow VBench (arXiv 2311.17982), the numbers do not: its
own come from networks that are not here, and only its suite gives them. What tells subjects apart
is a plug: any function from frames to features.
"""

from collections.abc import Callable

import numpy as np

from mag_sandbox.evaluation.similarity.metrics import sharpness
from mag_sandbox.model.full.image_shift import luma

ENDS = 0.15  # share of a video that is its beginning, and its end
Features = Callable[[np.ndarray], np.ndarray]
"""From frames, uint8 [T, H, W, 3], to features [T, D]."""


def consistency(frames: np.ndarray, features: Features) -> float:
    """Return how like the first frame and the frame before every frame is, in [-1, 1].

    With features of a subject it is subject consistency, with those of a whole picture background
    consistency.

    Source: VBench's formula, the mean of both cosines; the features are the caller's.
    """
    _need(frames, 2)
    found = np.asarray(features(frames), np.float64)
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    units = found / np.maximum(lengths, 1e-12)
    to_first, to_last = units[1:] @ units[0], (units[1:] * units[:-1]).sum(1)
    return float((to_first + to_last).mean() / 2)


def flicker(frames: np.ndarray) -> float:
    """Return 1 less the mean change of a pixel from frame to frame, in [0, 1]; 1 stands still.

    Camera motion counts as flicker, too: compare only videos of equal motion.

    Source: VBench's temporal flickering.
    """
    _need(frames, 2)
    apart = np.abs(np.diff(frames.astype(np.int16), axis=0)).mean()
    return float(1.0 - apart / 255.0)


def smoothness(frames: np.ndarray) -> float:
    """Return 1 less the error of every second frame against the mean of its neighbours, in [0, 1].

    VBench asks a network for the frame in between; the mean stands in for it here, so quick but
    even motion costs something, too.
    """
    _need(frames, 3)
    whole = frames.astype(np.float32)
    between = (whole[:-2:2] + whole[2::2]) / 2
    apart = np.abs(whole[1:-1:2] - between).mean()
    return float(1.0 - apart / 255.0)


def mean_sharpness(frames: np.ndarray) -> float:
    """Return the mean sharpness of frames [grey levels]; see `metrics.sharpness`."""
    return float(np.mean([sharpness(frame) for frame in frames]))


def ends(count: int) -> tuple[slice, slice]:
    """Return the first and the last 15% of some frames, at least one each."""
    some = max(1, round(ENDS * count))
    return slice(0, some), slice(count - some, count)


def layout_features(frames: np.ndarray) -> np.ndarray:
    """Return brightness and colour on a grid of 8 x 8, less their mean: features without weights.

    They know where light and colours lie and nothing of things; name another extractor for that.
    """
    height, width = (side // 8 * 8 for side in frames.shape[1:3])
    cut = frames[:, :height, :width].astype(np.float32)
    grid = cut.reshape(len(cut), 8, height // 8, 8, width // 8, 3).mean(axis=(2, 4))
    bright = np.stack([luma(frame).mean() for frame in frames])
    centred: np.ndarray = grid - bright[:, None, None, None]
    return centred.reshape(len(frames), -1)


def _need(frames: np.ndarray, fewest: int) -> None:
    if len(frames) < fewest:
        raise ValueError(f"the video has {len(frames)} frames; at least {fewest} are needed")
