"""Which pixels of a view stand still and which move: what the renderer knows of a moving scene.

The rim between the two is neither: what a blended or zoomed view mixes of both. Scores say what
stays, what moves as it should, and how smoothly. Knows nothing of clips and worlds.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.evaluation.probe.metrics import LEAST_PIXELS, masked_psnr, psnr
from mag_sandbox.model.world import Frames
from mag_sandbox.renderer.canvas import RING_HEIGHT, RING_WIDTH
from mag_sandbox.renderer.version2.moving import still
from mag_sandbox.renderer.views import FOV, HEIGHT, WIDTH, view_corner

RIM = 2  # px of a ring on each side that reach into a pixel of a zoomed view; one does otherwise


@dataclass(frozen=True, slots=True, eq=False)
class RingParts:
    """What stands still of a ring and what moves, as far as it is known."""

    still: np.ndarray  # bool [RING_HEIGHT, RING_WIDTH]; nothing that moves lies within RIM
    moving: np.ndarray  # the same of what changes at some time

    def still_at(self, pose: CameraPose) -> np.ndarray:
        """Return which pixels of the view at a pose stand still, bool [HEIGHT, WIDTH]."""
        return self.still[_places(pose)]

    def moving_at(self, pose: CameraPose) -> np.ndarray:
        """Return which pixels of the view at a pose move, bool [HEIGHT, WIDTH]."""
        return self.moving[_places(pose)]

    def within(self, pose: CameraPose) -> "RingParts":
        """Return the same of what the view at a pose shows; the rest is not known."""
        shown = np.zeros_like(self.still)
        shown[_places(pose)] = True
        inside = ~_grown(~shown)
        return RingParts(self.still & inside, self.moving & inside)


def ring_parts(layers: np.ndarray) -> RingParts:
    """Return the parts of a moving ring of layers, see `renderer.version2.moving_layers`."""
    moving = ~still(layers)
    return RingParts(still=~_grown(moving), moving=moving)


def likenesses(
    frames: Sequence[np.ndarray],
    references: Sequence[np.ndarray],
    masks: Sequence[np.ndarray] | None,
) -> list[float | None]:
    """Return the PSNR of each frame over its masked pixels [dB]; None where those are too few.

    Frames are uint8 [H, W, 3], masks bool [H, W]; without masks whole frames count.
    """
    if masks is None:
        return [psnr(*pair) for pair in zip(frames, references, strict=True)]
    return [masked_psnr(*triple) for triple in zip(frames, references, masks, strict=True)]


def mean_of(scores: Sequence[float | None]) -> float | None:
    """Return the mean of what was measured; None if nothing was."""
    known = [score for score in scores if score is not None]
    return float(np.mean(known)) if known else None


def _places(pose: CameraPose) -> tuple[np.ndarray, np.ndarray]:
    """Return the nearest row and column of a ring of each pixel of a view."""
    left, top = view_corner(pose.yaw, pose.pitch)
    part = pose.fov / FOV  # of a view that is not zoomed
    across = (np.arange(WIDTH) + 0.5 - WIDTH / 2) * part + left + WIDTH / 2
    down = (np.arange(HEIGHT) + 0.5 - HEIGHT / 2) * part + top + HEIGHT / 2
    rows = np.clip(np.floor(down).astype(int), 0, RING_HEIGHT - 1)
    return rows[:, None], np.floor(across).astype(int) % RING_WIDTH


def _grown(mask: np.ndarray) -> np.ndarray:
    """Return a mask of a ring with all that lies within RIM of it; columns wrap around."""
    grown = mask.copy()
    for shift in range(1, RIM + 1):
        grown |= np.roll(mask, shift, axis=1) | np.roll(mask, -shift, axis=1)
    wide = grown.copy()
    for shift in range(1, RIM + 1):
        grown[shift:] |= wide[:-shift]
        grown[:-shift] |= wide[shift:]
    return grown


MOST_SEAM = 100.0  # ratio that is told where nothing moves but at seams


def part_scores(
    frames: Frames, truth: Frames, frozen: Frames, parts: RingParts, poses: Sequence[CameraPose]
) -> dict[str, float | None]:
    """Return PSNR over still and over moving pixels, and what moving as the truth does gains [dB].

    A picture that stops at the last given frame gains nothing; None where a part is too small.

    Args:
        frames: uint8 [T, H, W, 3], of some poses of a scene with these parts.
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

    The camera is at rest, and only the pixels of the mask, bool [H, W], count. `seams` are the
    indices of the first frames of blocks. 1: no seam can be seen; None: nothing changes, or the
    mask holds too few pixels.

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
