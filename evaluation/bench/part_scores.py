"""Scores of still and of moving parts: what stays, what moves as it should, and how smoothly."""

import itertools
from collections.abc import Sequence

import numpy as np

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.evaluation.bench.still_parts import RingParts, likenesses, mean_of
from mag_sandbox.evaluation.probe.metrics import LEAST_PIXELS
from mag_sandbox.model.world import Frames

MOST_SEAM = 100.0  # ratio that is told where nothing moves but at seams


def part_scores(
    frames: Frames, truth: Frames, frozen: Frames, parts: RingParts, poses: Sequence[CameraPose]
) -> dict[str, float | None]:
    """Return PSNR over still and over moving pixels, and what moving as the truth does gains [dB].

    A picture that stops at the last given frame gains nothing; None where a part is too small.

    Args:
        frames: uint8 [T, H, W, 3].
        truth: the same at the right times.
        frozen: the same of the scene at the time of the last given frame.
        parts: of the scene.
        poses: of the frames.
    """
    moving = [parts.moving_at(pose) for pose in poses]
    right = mean_of(likenesses(frames, truth, moving))
    stopped = mean_of(likenesses(frames, frozen, moving))
    return {
        "still_psnr_db": mean_of(likenesses(frames, truth, [parts.still_at(p) for p in poses])),
        "moving_psnr_db": right,
        "motion_gain_db": None if right is None or stopped is None else right - stopped,
    }


def seam_ratio(frames: Frames, seams: Sequence[int], mask: np.ndarray) -> float | None:
    """Return the change from frame to frame where blocks meet, of that within blocks.

    1: no seam can be seen; None: nothing changes, or the mask holds too few pixels.

    Args:
        frames: of a camera at rest, uint8 [T, H, W, 3].
        seams: indices of the first frames of blocks.
        mask: pixels that count, bool [H, W].

    Raises:
        ValueError: all changes or none are at seams.
    """
    places = [seam for seam in seams if 0 < seam < len(frames)]
    if not 0 < len(places) < len(frames) - 1:
        raise ValueError(f"{len(places)} seams in {len(frames)} frames; give blocks of several")
    if mask.sum() < LEAST_PIXELS:
        return None
    pixels = frames[:, mask].astype(np.int16)
    changes = np.array([np.abs(now - before).mean() for before, now in itertools.pairwise(pixels)])
    at_seams = np.isin(np.arange(1, len(frames)), places)
    seam, within = changes[at_seams].mean(), changes[~at_seams].mean()
    if within == 0.0:
        return MOST_SEAM if seam else None
    return min(MOST_SEAM, float(seam / within))
