"""Anchors: places worth coming back to, and the tracker that notices when the view comes back.

Knows poses, frames and what memory says it holds; `recall.py` compares the pictures. A view has
come back when it was really left in between: its overlap fell under GONE and rose over SEEN.
"""

from collections import deque
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal

import numpy as np

from mag_sandbox.controls.camera import (
    ASPECT,
    CameraPose,
    mutual_overlap,
    view_overlap,
    yaw_difference,
)
from mag_sandbox.controls.edits import Edit
from mag_sandbox.evaluation.similarity.motion import (
    MotionLog,
    MotionVerdict,
    both_ways,
    expected_shift,
)
from mag_sandbox.evaluation.similarity.pictures import PictureStore, Sight
from mag_sandbox.model.world import SEEN_FROM, FrameBlock, MemoryUsage, SegmentKind

SEEN = 0.6  # share of an anchor's view above which it is in sight
GONE = 0.2  # share below which it was really left
NEW_PLACE = 0.4  # overlap with every anchor below which a view is a new place
KEPT = 0.6  # share of an anchor's view that a remembered frame must show to count as its memory
AGAIN = 0.95  # overlap at which an anchor dropped by key is an old one, dropped anew
SAME = 0.02  # overlaps that differ by no more count as equally good sights
EXACT = 0.999
MISFIT_COST = 0.1  # overlap that a misfit of one pixel is worth when choosing the frame to compare
MAX_ANCHORS = 48  # each holds up to three frames, 27 MiB of frames of 320 x 192 in all
PAINTED = 12  # blocks at rest from which on a painted view from elsewhere is a place
RECENT = 12  # newest frames, among which an anchor dropped by key finds what the player saw

AnchorKind = Literal["auto", "key", "script"]
ProbeKind = Literal["auto", "key", "script", "postcard", "seen"]  # seen: it was never left
Fate = Literal["raw", "compressed", "sink", "look-ahead", "parked", "evicted", "never kept"]
FATES: dict[SegmentKind, Fate] = {
    "raw": "raw",
    "current": "raw",
    "compressed": "compressed",
    "sink": "sink",
    "look-ahead": "look-ahead",
    "packed-4x": "compressed",
    "packed-2x": "compressed",
    "psi": "compressed",
}


@dataclass(frozen=True, slots=True)
class AnchorMark:
    """An anchor as a map shows it."""

    pose: CameraPose
    label: str
    kind: AnchorKind
    in_memory: bool  # False: its frames were forgotten


@dataclass(frozen=True, slots=True, eq=False)
class Return:
    """A view that came back after it was really left, not yet compared."""

    label: str
    kind: ProbeKind
    pose: CameraPose  # of the anchor
    first: Sight
    then: Sight  # the last sight before leaving
    now: Sight
    overlap: float  # share of `then` that `now` shows
    seconds_away: float
    fate: Fate
    attended: bool  # a block of the way back read what memory held of it
    motion: MotionVerdict
    policy: str


class MemoryView:
    """The contents of memory after one block, as arrays."""

    def __init__(self, usage: MemoryUsage) -> None:
        entries = usage.entries
        self.policy = usage.policy
        self.newest = max((entry.frame_index for entry in entries), default=-1)
        self._kinds = [entry.kind for entry in entries]
        self._indices = np.array([entry.frame_index for entry in entries], int)
        self._attended = np.array([entry.attended for entry in entries], bool)
        poses = [(*entry.pose.angles, *entry.pose.position) for entry in entries]
        self._poses = np.array(poses, float).reshape(-1, 5)

    def best(self, pose: CameraPose, horizon: int) -> tuple[Fate, bool] | None:
        """Return how a view is remembered and whether it was read; None if it is not.

        Frames after the horizon do not count: they are of the way back.
        """
        shown = self._overlaps(pose)
        shown[self._indices > horizon] = 0.0
        if not len(shown) or shown.max() < KEPT:
            return None
        read = self._attended & (shown >= KEPT)
        if read.any():
            shown[~read] = 0.0
        return FATES[self._kinds[int(shown.argmax())]], bool(read.any())

    def _overlaps(self, pose: CameraPose) -> np.ndarray:
        offset = yaw_difference(self._poses[:, 0], pose.yaw)
        half, others = pose.fov / 2, self._poses[:, 2] / 2
        across = np.minimum(half, offset + others) - np.maximum(-half, offset - others)
        rise = self._poses[:, 1] - pose.pitch
        down = np.minimum(half * ASPECT, rise + others * ASPECT)
        down -= np.maximum(-half * ASPECT, rise - others * ASPECT)
        shares: np.ndarray = across.clip(0) * down.clip(0) / (pose.fov * pose.fov * ASPECT)
        apart = np.hypot(self._poses[:, 3] - pose.x, self._poses[:, 4] - pose.z)
        return np.where(apart <= (SEEN_FROM if pose.is_away else 0.0), shares, 0.0)


@dataclass(slots=True, eq=False, kw_only=True)
class AnchorFacts:
    """A place and what became of it since it was seen, without its pictures."""

    label: str
    kind: AnchorKind
    pose: CameraPose
    best: float = 1.0  # overlap of the last sight
    left_at: float = 0.0  # when it was last in sight [s]
    horizon: int = -1  # newest frame in memory when it was last in sight
    had_memory: bool = False  # memory held it when it was last in sight
    in_memory: bool = False  # memory holds it now
    read: bool = False  # memory of it was read on the way back
    away: bool = False  # it was left
    outside: int = 0  # newest frame that did not show it
    changed: bool = False  # by the player, and not in sight since
    parked: bool = False  # what memory held of it, with its room, since it was last in sight
    motion_out: MotionVerdict | None = None  # of the way out; None: not measured yet


@dataclass(slots=True, eq=False, kw_only=True)
class Anchor(AnchorFacts):
    """A place with what it looked like, and how it comes back."""

    first: Sight
    last: Sight  # the best sight of the newest visit, the newest of equally good ones
    now: Sight | None = None  # best frame of the return so far
    now_overlap: float = 0.0  # greatest of the return so far
    now_score: float = 0.0  # overlap less misfit, of `now`
    is_settling: bool = False  # the camera rests there since the first sight, which gets sharper

    def settle(self, sight: Sight) -> None:
        """Take its first look from the newest frame, as long as the camera has not moved."""
        self.is_settling &= sight.pose == self.pose
        if self.is_settling:
            self.first = replace(sight, frame=sight.frame.copy())

    def renew(self, sight: Sight, overlap: float) -> None:
        """Take what it looks like from now on: the player has changed it."""
        self.first = self.last = replace(sight, frame=sight.frame.copy())
        self.best, self.changed = overlap, False
        self.arrive(sight)

    def see(self, sight: Sight, overlap: float) -> None:
        """Note that it is in sight and was not left."""
        self.left_at, self.horizon = sight.seconds, sight.memory_index
        if overlap >= self.best - SAME:
            self.last, self.best = sight, max(self.best, overlap)

    def leave(self, sight: Sight, motion: MotionVerdict | None = None) -> None:
        """Note that it is out of sight."""
        self.away, self.outside, self.motion_out, self.read = True, sight.number, motion, False
        self.last = replace(self.last, frame=self.last.frame.copy())  # does not keep its block

    def approach(self, sight: Sight) -> Sight | None:
        """Note a frame of the return; return the best one when no better is to be expected."""
        overlap = mutual_overlap(self.last.pose, sight.pose)
        shift = expected_shift(self.last.pose, sight.pose, sight.frame.shape[1])
        score = overlap - MISFIT_COST * float(np.abs(shift - np.rint(shift)).max())
        stands = self.now is not None and overlap == self.now_overlap
        passed = overlap < self.now_overlap
        if self.now is None or score >= self.now_score:
            self.now, self.now_score = sight, score
        self.now_overlap = max(self.now_overlap, overlap)
        return self.now if stands or passed or overlap >= EXACT else None

    def arrive(self, sight: Sight) -> None:
        """Begin a new visit."""
        self.away, self.now, self.now_overlap, self.now_score = False, None, 0.0, 0.0
        self.best, self.had_memory, self.parked = 0.0, False, False
        overlap = mutual_overlap(self.pose, sight.pose)
        self.see(sight, overlap)


@dataclass(slots=True)
class ReturnTracker:
    """Follows the view, sets anchors at new places and says when it came back to one.

    >>> tracker = ReturnTracker(fps=16)
    >>> returns = tracker.add(block)  # every shown block in order
    """

    fps: float
    store: PictureStore = field(default_factory=PictureStore)
    motion: MotionLog = field(default_factory=partial(MotionLog, walks=True))
    anchors: list[Anchor] = field(default_factory=list)
    recent: deque[Sight] = field(default_factory=lambda: deque(maxlen=RECENT))
    named: dict[AnchorKind, int] = field(default_factory=dict)  # how many anchors had a name
    _memory: MemoryView | None = None  # after the newest block
    _rested: int = 0  # blocks for which the camera has been at rest
    _rests_since: int = 0  # number of the first frame of that rest

    def add(self, block: FrameBlock) -> list[Return]:
        """Take a block and return the views that came back in it."""
        if block.edited is not None and block.edited.act != "forget":  # that is of unseen places
            self._forget(block.edited)
        memory, returns = MemoryView(block.memory), []
        before = self.recent[-1].pose if self.recent else None
        self._memory = memory
        first = block.block_index * len(block.frames)  # also right when blocks were skipped
        for number, (frame, pose) in enumerate(zip(block.at_rest, block.poses, strict=True), first):
            sight = Sight(frame, pose, number, number / self.fps, memory.newest)
            self.motion.add(frame, pose, number)
            self.recent.append(sight)
            returns += self._look(sight, memory)
        # places are kept as they look from where all begins, once they are painted
        newest = self.recent[-1]
        if not (newest.pose.is_away or block.provisional):
            self.store.add(newest)
        self._rested = self._rested + 1 if block.poses[0] == newest.pose == before else 0
        if not self._rested:
            self._rests_since = newest.number
        rests = self._rested >= PAINTED or not newest.pose.is_away
        if rests and not block.provisional:
            self._place_anchor(newest)
        for anchor in self.anchors:
            anchor.settle(newest)
            self._follow_memory(anchor, memory)
        return returns

    def finish(self) -> list[Return]:
        """Return the views that were still coming back when the session ended."""
        if self._memory is None:
            return []
        coming = [(a, a.now) for a in self.anchors if a.now is not None and not a.changed]
        return [self._returned(one, now, self._memory) for one, now in coming]

    def leave(self) -> None:
        """Note that the player leaves the room: all places are out of sight, as memory held them.

        It is to be called after `finish`.
        """
        if not self.recent:
            return
        newest = self.recent[-1]
        for anchor in self.anchors:
            if not anchor.away:  # the way through a door is not measured, the way back is
                anchor.leave(newest, "agrees")
            anchor.now, anchor.now_overlap, anchor.now_score = None, 0.0, 0.0
            anchor.parked |= anchor.in_memory

    def revisit(self, pose: CameraPose, since: int) -> Return | None:
        """Return how the place at a pose looks now, although it may not have been left.

        None: the newest frame shows little of it, there is no such place, or the player changed it
        and it was not seen so before the frame with the number `since`.
        """
        anchor = next((one for one in self.anchors if one.pose == pose), None)
        if anchor is None or anchor.changed or anchor.first.number >= since:
            return None
        return self.find(anchor.first, label=anchor.label, kind="seen")

    def find(
        self,
        then: Sight,
        pose: CameraPose | None = None,
        label: str = "postcard",
        kind: ProbeKind = "postcard",
    ) -> Return | None:
        """Return how a picture came back at a pose; None: the view shows little of it.

        Without a pose, that of the newest frame is meant.
        """
        if self._memory is None:
            return None
        now = self.recent[-1] if pose is None else self.sight_near(pose)
        overlap = mutual_overlap(then.pose, now.pose)
        if overlap < SEEN:
            return None
        held = self._memory.best(then.pose, then.memory_index)
        gone: Fate = "never kept" if then.memory_index < 0 else "evicted"
        return Return(
            label=label,
            kind=kind,
            pose=then.pose,
            first=self.store.first_sight(then.pose, SEEN) or then,
            then=then,
            now=now,
            overlap=overlap,
            seconds_away=now.seconds - then.seconds,
            fate=gone if held is None else held[0],
            attended=held is not None and held[1],
            motion=self.motion.verdict(then.number, now.number),
            policy=self._memory.policy,
        )

    def drop(self, kind: AnchorKind, pose: CameraPose | None = None) -> Anchor | None:
        """Set an anchor where the camera is; None before the first frame.

        The pose may be that of a frame a little older than the newest one.
        """
        if not self.recent:
            return None
        sight = self.recent[-1] if pose is None else self.sight_near(pose)
        for anchor in self.anchors:
            if anchor.kind != "auto" and mutual_overlap(anchor.pose, sight.pose) >= AGAIN:
                self.anchors.remove(anchor)
                self.anchors.append(anchor)  # the newest again
                return anchor
        self.anchors[:] = [
            anchor
            for anchor in self.anchors
            if anchor.kind != "auto" or mutual_overlap(anchor.pose, sight.pose) < SEEN
        ]
        first = self.store.first_sight(sight.pose, SEEN)
        anchor = self._set(kind, sight, first)
        anchor.is_settling = first is None or first.number >= self._rests_since
        return anchor

    def sight_near(self, pose: CameraPose) -> Sight:
        """Return the newest of the recent frames that look most like a pose."""
        return max(self.recent, key=lambda one: (mutual_overlap(pose, one.pose), one.number))

    def _forget(self, edit: Edit) -> None:
        """Drop pictures of a changed place; the player's anchors wait for its new look.

        In another room there are no anchors yet.
        """

        def shows(pose: CameraPose) -> bool:
            if pose.is_away:  # an edit is told from where the scene begins
                return True
            across = abs(yaw_difference(edit.yaw, pose.yaw)) < (pose.fov + edit.width) / 2
            return across and abs(edit.pitch - pose.pitch) < (pose.fov * ASPECT + edit.height) / 2

        self.store.forget(shows)
        self.anchors[:] = [
            one for one in self.anchors
            if edit.act != "enter" and (one.kind != "auto" or not shows(one.pose))
        ]  # fmt: skip
        for anchor in self.anchors:
            anchor.changed |= shows(anchor.pose)

    def _look(self, sight: Sight, memory: MemoryView) -> list[Return]:
        returns = []
        for anchor in self.anchors:
            overlap = mutual_overlap(anchor.pose, sight.pose)
            if anchor.changed:
                if overlap >= SEEN:
                    anchor.renew(sight, overlap)
            elif not anchor.away:
                if overlap >= SEEN:
                    anchor.see(sight, overlap)
                elif overlap < GONE:
                    anchor.leave(sight)
            elif overlap >= SEEN:
                best = anchor.approach(sight)
                if best is not None:
                    returns.append(self._returned(anchor, best, memory))
                    anchor.arrive(sight)
            elif anchor.now is not None:  # turned round before it was quite there
                returns.append(self._returned(anchor, anchor.now, memory))
                anchor.arrive(anchor.now)
            elif overlap < GONE:
                anchor.outside = sight.number
            if anchor.away and anchor.motion_out is None:  # a step may hide a whole view
                seen = anchor.last.number
                if self.motion.has_measured(seen):
                    anchor.motion_out = self.motion.verdict(seen, sight.number)
        return returns

    def _returned(self, anchor: Anchor, now: Sight, memory: MemoryView) -> Return:
        held = memory.best(anchor.pose, anchor.horizon)
        fate: Fate = "evicted" if anchor.had_memory else "never kept"
        if anchor.parked:
            fate = "parked"
        elif held is not None:
            fate = held[0]
        back = self.motion.verdict(anchor.outside, now.number, since=anchor.last.number)
        return Return(
            label=anchor.label,
            kind=anchor.kind,
            pose=anchor.pose,
            first=anchor.first,
            then=anchor.last,
            now=now,
            overlap=mutual_overlap(anchor.last.pose, now.pose),
            seconds_away=now.seconds - anchor.left_at,
            fate=fate,
            attended=anchor.read or (held is not None and held[1]),
            motion=both_ways(anchor.motion_out or "unmeasurable", back),
            policy=memory.policy,
        )

    def _follow_memory(self, anchor: Anchor, memory: MemoryView) -> None:
        held = memory.best(anchor.pose, anchor.horizon)
        anchor.in_memory = held is not None
        if not anchor.away:
            anchor.had_memory |= anchor.in_memory
        elif held is not None and held[1] and view_overlap(anchor.pose, self.recent[-1].pose):
            anchor.read = True

    def _place_anchor(self, sight: Sight) -> None:
        shared = (view_overlap(sight.pose, anchor.pose) for anchor in self.anchors)
        if max(shared, default=0.0) < NEW_PLACE:
            self._set("auto", sight)

    def _set(self, kind: AnchorKind, sight: Sight, first: Sight | None = None) -> Anchor:
        self.named[kind] = self.named.get(kind, 0) + 1
        name = "place" if kind == "auto" else "anchor"
        sight = replace(sight, frame=sight.frame.copy())
        label = f"{name} {self.named[kind]}"
        anchor = Anchor(label=label, kind=kind, pose=sight.pose, first=first or sight, last=sight)
        anchor.left_at, anchor.horizon = sight.seconds, sight.memory_index
        self.anchors.append(anchor)
        if len(self.anchors) > MAX_ANCHORS:
            least = min(self.anchors, key=lambda one: (one.kind != "auto", not one.pose.is_away))
            self.anchors.remove(least)
        return anchor
