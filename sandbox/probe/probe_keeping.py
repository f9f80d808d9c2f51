"""What the prober knows of places, as data for a parked scene, and back again, checked.

Knows nothing of files: a parked scene keeps arrays and plain JSON.
"""

import math
from dataclasses import asdict, dataclass, replace

import numpy as np

from mag_sandbox.controls.camera import MAX_PITCH, CameraPose
from mag_sandbox.evaluation.probe.anchors import (
    MAX_ANCHORS,
    Anchor,
    AnchorKind,
    MotionVerdict,
    PictureStore,
    ReturnTracker,
    Sight,
)
from mag_sandbox.files.typed_json import decode
from mag_sandbox.model.world import WorldState

PICTURES = "pictures"  # the one array: uint8 [N, H, W, 3]
MAX_PICTURES = 1000
MAX_SIDE = 4096  # px
MAX_LABEL = 40  # letters
MAX_NUMBER = 2**40


@dataclass(frozen=True, slots=True)
class KeptSight:
    """A sight whose frame lies among the pictures."""

    pose: CameraPose
    number: int
    seconds: float
    memory_index: int
    picture: int

    def __post_init__(self) -> None:
        pose, checks = self.pose, (self.number, self.seconds, self.memory_index)
        fits = 0 <= pose.yaw < 360 and abs(pose.pitch) <= MAX_PITCH and 1 <= pose.fov <= 180
        if not fits or not all(math.isfinite(one) and abs(one) < MAX_NUMBER for one in checks):
            raise ValueError(f"a picture lies at {pose}, number {self.number}")


@dataclass(frozen=True, slots=True)
class KeptAnchor:
    """An anchor and what became of it."""

    label: str
    kind: AnchorKind
    pose: CameraPose
    first: KeptSight
    last: KeptSight
    best: float
    left_at: float
    horizon: int
    had_memory: bool
    in_memory: bool
    read: bool
    away: bool
    outside: int
    motion_out: MotionVerdict


@dataclass(frozen=True, slots=True)
class KeptTracker:
    """All that is kept besides the pictures."""

    anchors: tuple[KeptAnchor, ...]
    pictures: tuple[KeptSight, ...]
    named: dict[AnchorKind, int]


@dataclass(frozen=True, slots=True, eq=False)
class TrackerState:
    """What a tracker goes on with."""

    anchors: list[Anchor]
    store: PictureStore
    named: dict[AnchorKind, int]


def keep_tracker(tracker: ReturnTracker) -> WorldState:
    """Return the anchors and the newest pictures of a tracker as arrays and plain JSON."""
    frames: list[np.ndarray] = []

    def kept(sight: Sight) -> KeptSight:
        frames.append(sight.frame)
        return KeptSight(
            sight.pose, sight.number, sight.seconds, sight.memory_index, len(frames) - 1
        )

    anchors = tuple(
        KeptAnchor(
            first=kept(one.first),
            last=kept(one.last),
            **{name: getattr(one, name) for name in _PLAIN},
        )
        for one in tracker.anchors
    )
    pictures = tuple(kept(sight) for sight in tracker.store.newest())
    data = asdict(KeptTracker(anchors, pictures, dict(tracker.named)))
    return WorldState({PICTURES: np.stack(frames)} if frames else {}, data)


def kept_tracker(state: WorldState) -> TrackerState:
    """Return what a tracker goes on with.

    Raises:
        ValueError: the data are damaged, or of another version.
    """
    try:
        kept = decode(KeptTracker, _as_json(state.data))
        frames = _frames(state, kept)
        anchors = [_anchor(one, frames) for one in kept.anchors]
        store = PictureStore()
        for sight in sorted(kept.pictures, key=lambda one: one.number):
            store.add(_sight(sight, frames))
    except (ValueError, IndexError) as error:
        raise ValueError(f"the saved places are damaged ({error}); they start over") from None
    return TrackerState(anchors, store, dict(kept.named))


_PLAIN = tuple(name for name in KeptAnchor.__slots__ if name not in ("first", "last"))


def _frames(state: WorldState, kept: KeptTracker) -> np.ndarray:
    sights = [*kept.pictures, *(one.first for one in kept.anchors)]
    if len(kept.anchors) > MAX_ANCHORS or len(kept.pictures) > MAX_PICTURES:
        raise ValueError(f"{len(kept.anchors)} anchors, {len(kept.pictures)} pictures")
    frames = state.arrays.get(PICTURES)
    if frames is None:
        if sights:
            raise ValueError("there are no pictures")
        return np.empty((0, 1, 1, 3), np.uint8)
    wrong = frames.ndim != 4 or frames.shape[-1] != 3 or frames.dtype != np.uint8
    if wrong or not 32 <= min(frames.shape[1:3]) <= max(frames.shape[1:3]) <= MAX_SIDE:
        raise ValueError(f"pictures are {frames.dtype} {frames.shape}")
    return frames


def _anchor(kept: KeptAnchor, frames: np.ndarray) -> Anchor:
    if len(kept.label) > MAX_LABEL:
        raise ValueError(f"a name has {len(kept.label)} letters")
    plain = {name: getattr(kept, name) for name in _PLAIN}
    replace(kept.last, pose=kept.pose)  # checks the anchor's own pose as it checks a sight's
    return Anchor(first=_sight(kept.first, frames), last=_sight(kept.last, frames), **plain)


def _sight(kept: KeptSight, frames: np.ndarray) -> Sight:
    if not 0 <= kept.picture < len(frames):
        raise ValueError(f"picture {kept.picture} of {len(frames)}")
    frame = frames[kept.picture].copy()
    return Sight(frame, kept.pose, kept.number, kept.seconds, kept.memory_index)


def _as_json(value: object) -> object:
    """Return data as a file gives it back: tuples are lists there."""
    if isinstance(value, dict):
        return {name: _as_json(one) for name, one in value.items()}
    return [_as_json(one) for one in value] if isinstance(value, tuple | list) else value
