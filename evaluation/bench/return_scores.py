"""Memory and motion in a clip: is a view the same on return, and did the picture really move?"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mag_sandbox.controls.camera import yaw_difference
from mag_sandbox.evaluation.bench.clips import Clip, Phase
from mag_sandbox.evaluation.bench.parts import RingParts, likenesses, mean_of
from mag_sandbox.evaluation.probe.metrics import recall, ssim
from mag_sandbox.evaluation.probe.motion import MOTION_LIMIT
from mag_sandbox.model.full.image_shift import image_shift
from mag_sandbox.model.world import Frames

TURNING_MARGIN = 10.0  # degrees around the turning point that prove no memory
SHIFT_MARGIN = 8  # px searched beyond one and a half times the commanded shift
FLOOR_PAIRS = 32  # unrelated pairs of frames a clip
CEILING_FRAMES = 12  # frames a clip that go through the autoencoder


@dataclass(frozen=True, slots=True)
class MotionErrors:
    """Commanded against measured image shift, frame by frame."""

    errors: np.ndarray  # px, frames whose shift can be measured
    unmeasurable: float  # share of moving frames that are too empty
    agrees: bool  # on the way out and on the way back


@dataclass(frozen=True, slots=True, eq=False)
class ReturnedViews:
    """Frames of a way back, what each should show, and what their likeness is measured by."""

    frames: Frames  # uint8 [T, H, W, 3]
    truth: Frames  # the same
    away: tuple[float | None, ...]  # seconds since each view was last shown; None: it never was
    floor: float  # likeness of views that share nothing [dB]
    ceiling: float  # likeness of the truth before and after the autoencoder [dB]
    # pixels of each frame that are known to stand still, bool [H, W], on which recall and drift
    # rest, like the limits; None: on whole frames
    still: tuple[np.ndarray, ...] | None = None

    def likenesses(self) -> list[float | None]:
        """Return the PSNR of each frame over what is known to stand still, if anything is [dB]."""
        return likenesses(self.frames, self.truth, self.still)

    def whole_likenesses(self) -> list[float]:
        """Return the PSNR of each whole frame [dB]."""
        return likenesses(self.frames, self.truth, None)

    def ssim(self) -> float:
        """Return the mean structural similarity."""
        pairs = zip(self.frames, self.truth, strict=True)
        return float(np.mean([ssim(*pair) for pair in pairs]))

    def recall(self, likeness: float) -> float:
        """Return where a likeness lies between floor and ceiling, in percent."""
        return recall(likeness, self.floor, self.ceiling)


def returned_views(
    clip: Clip, round_trip: Callable[[Frames], Frames], parts: RingParts | None = None
) -> ReturnedViews:
    """Return the way back of a clip beside its own way out.

    Args:
        clip: what was shown.
        round_trip: the world's autoencoder.
        parts: what is known to stand still, for floor, ceiling and recall; None: nothing, and whole
            frames count, at rest as far as the world says how they are then.

    Raises:
        ValueError: no pose of the way back was seen on the way out.
    """
    pairs = equal_pose_pairs(clip)
    outs, backs = (list(indices) for indices in zip(*pairs, strict=True))
    frames = clip.to_compare(parts)
    return ReturnedViews(
        frames[backs],
        frames[outs],
        tuple(clip.seconds_between(*pair) for pair in pairs),
        unrelated_psnr(clip, parts),
        ceiling_psnr(clip, round_trip, parts),
        None if parts is None else tuple(parts.still_at(clip.poses[index]) for index in backs),
    )


def equal_pose_pairs(clip: Clip) -> list[tuple[int, int]]:
    """Return (way out, way back) frames of bit-equal pose, not those near the turning point."""
    seen = {clip.poses[index]: index for index in (*clip.where("start"), *clip.where("out"))}
    turning = clip.poses[clip.where("out")[-1]].yaw
    pairs = [
        (seen[clip.poses[back]], back)
        for back in clip.where("back")
        if clip.poses[back] in seen
        and abs(yaw_difference(clip.poses[back].yaw, turning)) >= TURNING_MARGIN
    ]
    if not pairs:
        raise ValueError("no pose of the way back equals one of the way out; use an exact world")
    return pairs


def unrelated_psnr(clip: Clip, parts: RingParts | None = None) -> float:
    """Return the median likeness of views of the way out that do not overlap [dB].

    What is known to stand still of the first view of a pair counts; None: whole views do.
    """
    out = [*clip.where("start"), *clip.where("out")]
    fov = clip.poses[0].fov
    pairs = [
        (first, second)
        for first in _with_still_parts(clip, out, parts)
        for second in out[::3]
        if abs(yaw_difference(clip.poses[first].yaw, clip.poses[second].yaw)) >= fov
    ]
    step = max(1, len(pairs) // FLOOR_PAIRS)
    firsts, seconds = zip(*pairs[::step], strict=True)
    masks = parts and [parts.still_at(clip.poses[index]) for index in firsts]
    frames = clip.to_compare(parts)
    return float(np.median(likenesses(frames[[*firsts]], frames[[*seconds]], masks)))


def ceiling_psnr(
    clip: Clip, round_trip: Callable[[Frames], Frames], parts: RingParts | None = None
) -> float:
    """Return the likeness of a clip's own frames before and after the autoencoder [dB]."""
    out = _with_still_parts(clip, clip.where("out"), parts)
    some = out[:: max(1, len(out) // CEILING_FRAMES)]
    masks = parts and [parts.still_at(clip.poses[index]) for index in some]
    frames = clip.to_compare(parts)[some]
    return mean_of(likenesses(round_trip(frames), frames, masks))


def _with_still_parts(clip: Clip, indices: list[int], parts: RingParts | None) -> list[int]:
    if parts is None:
        return indices
    return [index for index in indices if parts.is_still_enough(clip.poses[index])]


def measure_motion(clip: Clip) -> MotionErrors:
    """Compare the shift of the picture with the command, on the way out and on the way back."""
    out, back = _shift_errors(clip, "out"), _shift_errors(clip, "back")
    both = np.concatenate((out, back))
    return MotionErrors(
        errors=both[np.isfinite(both)],
        unmeasurable=float(np.isnan(both).mean()),
        agrees=_agrees(out) and _agrees(back),
    )


def _shift_errors(clip: Clip, phase: Phase) -> np.ndarray:
    """Return the disagreement of each frame of a phase [px], nan where it cannot be measured."""
    errors = []
    for index in clip.where(phase):
        pixels = clip.turns[index] * clip.frames.shape[2] / clip.poses[index].fov
        limit = SHIFT_MARGIN + int(1.5 * abs(pixels))
        shift = image_shift(clip.frames[index - 1], clip.frames[index], limit)
        expected = np.array([-pixels, 0.0])  # turning right moves the picture left
        errors.append(np.nan if shift is None else float(np.linalg.norm(shift - expected)))
    return np.array(errors)


def _agrees(errors: np.ndarray) -> bool:
    measured = errors[np.isfinite(errors)]
    return len(measured) * 2 >= len(errors) > 0 and float(np.median(measured)) <= MOTION_LIMIT
