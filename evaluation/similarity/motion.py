"""The motion guard: does the picture move as the camera does? A frozen one always "comes back".

Works on reduced pictures while playing, a frame at a time. Poses of worlds with exact poses follow
from the commands alone, so agreeing with the poses is agreeing with the commands.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from math import dist
from typing import Literal

import numpy as np

from mag_sandbox.controls.camera import CameraPose, yaw_difference
from mag_sandbox.model.full.image_shift import enlarged, image_shift, reduced, reduction

MOTION_LIMIT = 1.0  # px a measure that command and picture may disagree, the median of a way
MIN_GAIN = 0.5  # share of the commanded way that the picture must have moved
MIN_SHIFT = 6.0  # px: shorter ways are added up before they are measured
MAX_SHIFT = 0.25  # of the width: longer ones are jumps, which cannot be measured
SHIFT_MARGIN = 2  # reduced px searched beyond one and a half times the commanded shift
MAX_MEASURES = 4096
STRIDE, MOST_STRIDES = 0.25, 4  # metres between frames of a walk; more of them are a jump
CHANGED = 1.0  # levels by which such frames differ at least, on average

MotionVerdict = Literal["agrees", "differs", "unmeasurable"]


@dataclass(frozen=True, slots=True)
class Measure:
    """Commanded against measured image shift of one frame, (right, down) in px."""

    number: int  # of the frame
    expected: np.ndarray
    measured: np.ndarray | None  # None: the picture is too empty to say


class MotionLog:
    """Compares each frame with one before it and remembers how well the shift fits the poses.

    >>> log = MotionLog()
    >>> for number, (frame, pose) in enumerate(zip(block.frames, block.poses)):
    ...     log.add(frame, pose, number)  # every shown frame in order
    >>> log.verdict(after=0, until=2)
    'unmeasurable'
    """

    def __init__(self, *, walks: bool = False) -> None:
        """`walks`: any change agrees where the camera walks, since each point moves its own way."""
        self._walks = walks
        self._step: tuple[np.ndarray, CameraPose] | None = None  # a reduced frame of a walk
        self._measures: deque[Measure] = deque(maxlen=MAX_MEASURES)
        self._frame: np.ndarray | None = None  # what the next shift is measured against
        self._small: np.ndarray | None = None  # the same, reduced, once it was needed
        self._pose = CameraPose()

    def add(self, frame: np.ndarray, pose: CameraPose, number: int) -> None:
        """Measure a frame against the last measured one, once the camera turned far enough."""
        if self._walks:
            self._add_step(frame, pose, number)
        if pose.position != self._pose.position:  # each point moved its own way
            self._frame = self._small = None
        small = None
        if self._frame is not None:
            width = frame.shape[1]
            expected = expected_shift(self._pose, pose, width)
            length = float(np.abs(expected).max())
            if 0.0 < length < MIN_SHIFT:
                return
            if MIN_SHIFT <= length <= MAX_SHIFT * width:
                factor, fov = reduction(frame), min(pose.fov, self._pose.fov)
                before = self._small if self._pose.fov == fov else None
                if before is None:
                    before = reduced(enlarged(self._frame, self._pose.fov / fov), factor)
                after = reduced(enlarged(frame, pose.fov / fov), factor)
                small = after if pose.fov == fov else None
                measured = _measured_shift(before, after, factor, length)
                self._measures.append(Measure(number, expected, measured))
        self._frame, self._small, self._pose = frame, small, pose

    def _add_step(self, frame: np.ndarray, pose: CameraPose, number: int) -> None:
        """Measure whether a frame differs from the one a stride before."""
        before, there = self._step or (None, pose)
        walked = dist((pose.x, pose.z), (there.x, there.z))
        if before is not None and walked < STRIDE:
            return
        small = reduced(frame, reduction(frame))
        self._step = small, pose
        if before is not None and walked <= MOST_STRIDES * STRIDE:
            moves = float(np.abs(small - before).mean()) >= CHANGED
            expected = np.array((MIN_SHIFT, 0.0))
            self._measures.append(Measure(number, expected, expected * moves))

    def has_measured(self, after: int) -> bool:
        """Tell whether a frame after one was measured."""
        return bool(self._measures) and self._measures[-1].number > after

    def verdict(self, after: int, until: int, *, since: int | None = None) -> MotionVerdict:
        """Return whether the picture moved as the poses say, in frames after < number <= until.

        If none of these was measured, the newest measured frame before them counts, provided that
        it comes after `since`: a short way may lie within one stride.
        """
        before = self.between(after if since is None else since, after)[-1:]
        return motion_verdict(self.between(after, until) or before)

    def between(self, after: int, until: int) -> list[Measure]:
        """Return the measurements in frames after < number <= until."""
        return [one for one in self._measures if after < one.number <= until]


def motion_verdict(measures: Sequence[Measure]) -> MotionVerdict:
    """Return whether measured and commanded shifts agree; most of them must be measurable."""
    known = [one for one in measures if one.measured is not None]
    if not known or 2 * len(known) < len(measures):
        return "unmeasurable"
    gain, error = motion_fit(known)
    return "agrees" if error <= MOTION_LIMIT and gain >= MIN_GAIN else "differs"


def motion_fit(known: Sequence[Measure]) -> tuple[float, float]:
    """Return the share of the commanded way that pictures moved, and the median error [px]."""
    expected = np.array([one.expected for one in known])
    measured = np.array([one.measured for one in known])
    error = float(np.median(np.linalg.norm(measured - expected, axis=1)))
    return float((measured * expected).sum() / (expected * expected).sum()), error


def both_ways(out: MotionVerdict, back: MotionVerdict) -> MotionVerdict:
    """Return the worse of two verdicts: both ways must agree."""
    order: tuple[MotionVerdict, ...] = ("agrees", "unmeasurable", "differs")
    return max(out, back, key=order.index)


def expected_shift(before: CameraPose, after: CameraPose, width: int) -> np.ndarray:
    """Return how far the content of a picture `width` px wide moves, (right, down) in px.

    Where one of them is zoomed in further, in px of that one.
    """
    pixels = width / min(before.fov, after.fov)  # a degree
    across = -yaw_difference(after.yaw, before.yaw)  # turning right moves the picture left
    return np.array([across, after.pitch - before.pitch]) * pixels


def _measured_shift(
    before: np.ndarray, after: np.ndarray, factor: int, length: float
) -> np.ndarray | None:
    """Return the shift of two reduced pictures in px of whole ones; None if they are too empty."""
    limit = SHIFT_MARGIN + math.ceil(1.5 * length / factor)
    shift = image_shift(before, after, limit)
    return None if shift is None else shift * factor
