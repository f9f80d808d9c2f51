"""The consistency probe: compares then and now of a view, and says why they differ, for people.

Recall is what a player sees: which share of the things is as it was, where it was. Sky and ground
alike in both count next to nothing. It depends on the two pictures alone, so every comparison gives
the same result. Knows nothing of windows and threads.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.evaluation.similarity import metrics
from mag_sandbox.evaluation.similarity.anchors import Fate, ProbeKind, Return
from mag_sandbox.evaluation.similarity.motion import MotionVerdict, expected_shift
from mag_sandbox.evaluation.similarity.pictures import Sight
from mag_sandbox.model.full.image_shift import enlarged, image_shift, reduced
from mag_sandbox.model.loading import keeps_places
from mag_sandbox.model.world import Frames

SAME, REMEMBERED, VAGUE = 92.0, 80.0, 40.0  # percent of recall from which each word is used
WANDER = 1 / 40  # of the width: the most by which an estimated pose is off; 2.25 degrees of 90
MIN_COMMON = 16  # px each way that two pictures must share
HALF = 50.0  # percent: recall after one half-life
MIN_POINTS = 2  # returns that a half-life needs
THUMBNAIL = 4  # factor by which pictures of old results are reduced
HEAT = np.array(  # colours of a difference of 0, 1/3, 2/3, 1 of DIFFERENCE_FULL; told apart by all
    [(12, 10, 28), (122, 38, 110), (240, 140, 40), (255, 250, 220)], float
)
DIFFERENCE_FULL = 96.0  # grey levels that are shown brightest

Word = Literal["remembered", "vaguely", "forgotten", "not counted"]


@dataclass(frozen=True, slots=True, eq=False)
class ProbeFigures:
    """One comparison of then and now, without its pictures."""

    number: int  # 1-based, in the session
    kind: ProbeKind
    label: str  # of the anchor
    policy: str
    pose: CameraPose  # of the anchor
    psnr: float  # dB
    ssim: float
    drift_psnr: float | None  # now against the first sight [dB]; None: they share too little
    recall: float | None  # percent; None: not counted, `reason` says why
    seconds_away: float
    seconds: float  # of the session, when it came back
    overlap: float  # share of then that now shows
    fate: Fate
    attended: bool
    motion: MotionVerdict
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class ProbeResult(ProbeFigures):
    """One comparison with its pictures, of the part that both show."""

    then: Frames  # uint8 [h, w, 3]
    now: Frames
    difference: Frames  # brighter where they differ more
    sight: Sight | None = None  # the whole of then; None: not kept

    @property
    def word(self) -> Word:
        """The recall in a word."""
        return recall_word(self.recall)


def seen_recall(now: Frames, then: Frames) -> float:
    """Return how much of what a picture shows is as it was, as people see it [percent]."""
    return 100.0 * (1.0 - metrics.visible_change(now, then))


def compare(back: Return, number: int, *, exact_pose: bool = True) -> ProbeResult:
    """Compare the pictures of a view that came back.

    Where poses are estimates the best match nearby counts.
    """
    then, now = common_view(back.then, back.now, exact_pose=exact_pose)
    recall = seen_recall(now, then) if back.motion == "agrees" else None
    return ProbeResult(
        number=number,
        kind=back.kind,
        label=back.label,
        policy=back.policy,
        pose=back.pose,
        then=then.copy(),
        now=now.copy(),
        difference=difference_picture(then, now),
        sight=back.then,
        psnr=metrics.psnr(now, then),
        ssim=metrics.ssim(now, then),
        drift_psnr=_drift(back, exact_pose=exact_pose),
        recall=recall,
        seconds_away=back.seconds_away,
        seconds=back.now.seconds,
        overlap=back.overlap,
        fate=back.fate,
        attended=back.attended,
        motion=back.motion,
        reason=reason_text(back.fate, recall, back.motion, back.policy, attended=back.attended),
    )


def recall_word(recall: float | None) -> Word:
    """Return a word for a recall."""
    if recall is None:
        return "not counted"
    if recall >= REMEMBERED:
        return "remembered"
    return "vaguely" if recall >= VAGUE else "forgotten"


def reason_text(
    fate: Fate, recall: float | None, motion: MotionVerdict, policy: str, *, attended: bool
) -> str:
    """Say in a sentence for people what memory had to do with it."""
    if motion == "differs":
        return "The picture did not move as the camera did, so this does not count."
    if recall is None or motion == "unmeasurable":
        return (
            "Too little moved on the way: a picture that stood still would look alike. Not counted."
        )
    word = recall_word(recall)
    if fate in ("evicted", "never kept"):
        gone = "It was never kept in memory"
        if fate == "evicted":
            crowded = keeps_places(policy)
            gone = f"It had {'been forgotten to make room' if crowded else 'left the short memory'}"
        luck = {"remembered": ", yet it looks the same", "vaguely": ", yet some of it is alike"}
        return f"{gone}{luck.get(word, ': made up anew')}."
    if fate == "parked":
        ends = {"remembered": "came back", "vaguely": "came back in part"}
        return f"It was kept with its room and {ends.get(word, 'yet came back changed')}."
    ends = {"remembered": " and brought it back", "vaguely": " and brought part of it back"}
    if not attended:
        unused = " but did not use it; "
        ends = {"remembered": f"{unused}it looks the same", "vaguely": f"{unused}some is alike"}
    return f"Memory held this view{ends.get(word, ', yet it came back changed')}."


def common_view(then: Sight, now: Sight, *, exact_pose: bool = True) -> tuple[Frames, Frames]:
    """Return the part of two sights that both show, shifted over each other by whole pixels."""
    frame, other = _by_pose(then, now)
    reach = math.ceil(WANDER * then.frame.shape[1])
    if not exact_pose and min(frame.shape[:2]) > 2 * (reach + MIN_COMMON):
        shift = image_shift(frame, other, reach)
        if shift is not None:
            right, down = (round(float(value)) for value in shift)
            frame, other = _shifted(frame, other, right, down)
    return frame, other


def difference_picture(then: Frames, now: Frames) -> Frames:
    """Return where two pictures differ: dark where they are alike, glowing where they are not."""
    apart = np.abs(then.astype(np.int16) - now.astype(np.int16)).max(axis=2)
    levels = np.minimum(np.arange(256) / DIFFERENCE_FULL, 1.0) * (len(HEAT) - 1)
    colours = [np.interp(levels, np.arange(len(HEAT)), HEAT[:, one]) for one in range(3)]
    shades: Frames = np.stack(colours, axis=1).round().astype(np.uint8)[apart]
    return shades


def shrunk(result: ProbeResult) -> ProbeResult:
    """Return a result whose pictures are thumbnails, to keep many."""
    pictures = result.then, result.now, result.difference
    then, now, difference = (reduced(one, THUMBNAIL).round().astype(np.uint8) for one in pictures)
    return replace(result, then=then, now=now, difference=difference, sight=None)


def half_life(results: Sequence[ProbeResult]) -> float | None:
    """Return the time away at which recall falls to one half [s]; None if it is not reached.

    Fits recall = 100 / 2 ** (time away / half-life) by least squares over a grid of half-lives.
    """
    counted = [(one.seconds_away, one.recall) for one in results if one.recall is not None]
    if len(counted) < MIN_POINTS:
        return None
    away, recalls = np.array(counted).T
    lives = np.geomspace(0.1, 100 * away.max() + 1.0, 400)
    errors = np.square(recalled_after(away, lives[:, None]) - recalls).sum(axis=1)
    best = float(lives[errors.argmin()])
    return best if best <= away.max() else None


def recalled_after(seconds: np.ndarray, life: np.ndarray | float) -> np.ndarray:
    """Return the recall that a half-life gives after a time away [s], percent."""
    return 100.0 * np.exp2(-seconds / life)


def _drift(back: Return, *, exact_pose: bool) -> float | None:
    try:
        first, now = common_view(back.first, back.now, exact_pose=exact_pose)
    except ValueError:
        return None
    return metrics.psnr(now, first)


def _by_pose(then: Sight, now: Sight) -> tuple[Frames, Frames]:
    if then.frame.shape != now.frame.shape:
        raise ValueError(
            f"frames are {then.frame.shape} and {now.frame.shape}; compare frames of one world"
        )
    closer = min(then.pose.fov, now.pose.fov)
    before, after = (enlarged(one.frame, one.pose.fov / closer) for one in (then, now))
    right, down = expected_shift(then.pose, now.pose, before.shape[1])
    return _shifted(before, after, math.floor(right + 0.5), math.floor(down + 0.5))


def _shifted(frame: Frames, other: Frames, right: int, down: int) -> tuple[Frames, Frames]:
    """Cut two pictures to what both show if the content moved (right, down) px."""
    height, width = frame.shape[:2]
    if min(height - abs(down), width - abs(right)) < MIN_COMMON:
        raise ValueError(f"pictures {width} x {height} px shifted by {right}, {down} share nothing")
    before = frame[max(0, -down) : height - max(0, down), max(0, -right) : width - max(0, right)]
    after = other[max(0, down) : height - max(0, -down), max(0, right) : width - max(0, -right)]
    return before, after
