"""Is a ring one round place? Opposite walls differ, four walls are four, and no seam shows."""

from itertools import combinations

import numpy as np

from mag_sandbox.evaluation.probe.metrics import psnr

CLOSING = 3  # the joint at which the last wall meets the first


def opposite_likeness(walls: np.ndarray) -> float:
    """Return how alike views half a turn apart are [dB]; walls are uint8 [4, H, W, 3]."""
    return float(np.mean([psnr(walls[0], walls[2]), psnr(walls[1], walls[3])]))


def seams(walls: np.ndarray) -> np.ndarray:
    """Return how much the picture changes at each joint of two walls, of what it does within, [4].

    About 1 shows no seam. Within is meant the median of all neighbouring columns.
    """
    ring = np.concatenate(list(walls), axis=1).astype(np.float32)
    steps = np.abs(ring - np.roll(ring, 1, axis=1)).mean((0, 2))  # from the column before
    width = walls.shape[2]
    joints = steps[[width, 2 * width, 3 * width, 0]]
    return joints / max(float(np.median(steps)), 0.1)


def variety(features: np.ndarray) -> float:
    """Return how different four walls are: the mean distance of their features, [4, D]."""
    return float(np.mean([np.linalg.norm(a - b) for a, b in combinations(features, 2)]))
