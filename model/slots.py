"""Slots of memory: blocks, their kept frames, and which frame lies in which slot.

Bookkeeping only: no tensors, no network, no policy.
"""

from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from typing import Any

from mag_sandbox.controls.camera import CameraPose, check_pose
from mag_sandbox.files.validation import decode
from mag_sandbox.model.world import MemoryEntry, SegmentKind


@dataclass(frozen=True, slots=True)
class BlockInfo:
    """A block, as policies know it."""

    first_frame: int  # index of its first frame since reset, look-ahead frames counted
    poses: tuple[CameraPose, ...]  # one a frame
    prompt_index: int = 0  # how often the prompt has changed
    look_ahead: bool = False  # imagined before the view got there, not shown
    time: int = 0  # frames shown before it
    passing: bool = False  # provisional: shown until the painted view arrives
    copied: bool = False  # generated from memory; else painted or given
    elsewhere: bool = False  # shown from a viewpoint that keeps its pixels; it has no keys


@dataclass(frozen=True, slots=True)
class KeptFrame:
    """One remembered frame."""

    frame_index: int
    kind: SegmentKind
    pose: CameraPose
    prompt_index: int = 0
    passing: bool = False
    copied: bool = False
    needed: int = 0  # index of the newest frame that was a copy of it, or lay near
    focused: bool = False  # remembered from the painting, in place of the copy that was shown
    elsewhere: bool = False  # its slot holds no keys: the viewpoint at its pose keeps its pixels

    @property
    def place(self) -> tuple[float, float] | None:
        """The viewpoint that keeps its pixels [m]; None: its slot holds it."""
        return self.pose.position if self.elsewhere else None

    @property
    def last_used(self) -> int:
        """Index of the frame itself or of its newest copy."""
        return max(self.frame_index, self.needed)


@dataclass(frozen=True, slots=True)
class SlotWrite:
    """Keep frame `frame` of the block just made in slot `slot`."""

    frame: int
    slot: int


class SlotTable:
    """Which frame lies in which slot; slots are filled from the front."""

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise ValueError(f"memory has room for {capacity} frames, at least 1 is needed")
        self.capacity = capacity
        self.frames: dict[int, KeptFrame] = {}  # slot → frame
        self.evicted = 0  # frames dropped for lack of room

    def put(self, slot: int, frame: KeptFrame) -> None:
        """Put a frame into a slot, evicting the one there."""
        self.evicted += slot in self.frames
        self.frames[slot] = frame

    def place(self, protected: tuple[SegmentKind, ...] = ()) -> int:
        """Return a free slot, or else that of the oldest frame of no `protected` kind."""
        if len(self.frames) < self.capacity:
            return next(slot for slot in range(self.capacity) if slot not in self.frames)
        return self.oldest(protected)

    def oldest(self, protected: tuple[SegmentKind, ...] = ()) -> int:
        """Return the slot of the oldest frame of no `protected` kind, if there is one."""
        old = [slot for slot, frame in self.frames.items() if frame.kind not in protected]
        return min(old or self.frames, key=lambda slot: self.frames[slot].last_used)

    def focus(self, slot: int, *, on: bool = True) -> None:
        """Mark the frame in a slot as remembered from a painting, or again as a copy."""
        self.frames[slot] = replace(self.frames[slot], copied=not on, focused=on)

    def drop(self, slot: int) -> None:
        """Forget the frame in a slot."""
        del self.frames[slot]
        self.evicted += 1

    def adopt(self, other: "SlotTable") -> None:
        """Take over another table's frames, each once, in the slots where they lie."""
        kept = {slot: frame for slot, frame in other.frames.items() if slot < self.capacity}
        lasting = {frame.frame_index for frame in kept.values() if frame.kind != "raw"}
        self.frames = {
            slot: frame
            for slot, frame in kept.items()
            if frame.kind != "raw" or frame.frame_index not in lasting
        }
        had = {frame.frame_index for frame in other.frames.values()}
        has = {frame.frame_index for frame in self.frames.values()}
        self.evicted = other.evicted + len(had - has)

    def copy(self) -> "SlotTable":
        """Return another table of the same frames."""
        copy = SlotTable(self.capacity)
        copy.frames, copy.evicted = dict(self.frames), self.evicted
        return copy

    def slots(self) -> tuple[int, ...]:
        """Return all filled slots in order."""
        return tuple(sorted(self.frames))

    @property
    def here(self) -> dict[int, KeptFrame]:
        """The frames whose keys lie in their slots, in order; blocks can read these alone."""
        frames = self.frames
        return {slot: frames[slot] for slot in sorted(frames) if not frames[slot].elsewhere}

    def entries(self, attended: Collection[int]) -> tuple[MemoryEntry, ...]:
        """Return the kept frames, oldest first; `attended` are frame indices."""
        return tuple(
            MemoryEntry(f.frame_index, f.kind, f.pose, f.frame_index in attended)
            for f in sorted(self.frames.values(), key=lambda frame: frame.frame_index)
        )

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON data for a snapshot."""
        frames = [
            [
                slot,
                f.frame_index,
                f.kind,
                *f.pose.angles,
                f.prompt_index,
                f.passing,
                f.copied,
                f.needed,
                f.focused,
                f.elsewhere,
                f.pose.x,
                f.pose.z,
            ]
            for slot, f in self.frames.items()
        ]
        return {"frames": frames, "evicted": self.evicted}

    def load_dict(self, data: dict[str, Any]) -> None:
        """Load `as_dict`'s data, as far as slots exist here, or raise ValueError."""
        evicted = decode(int, data["evicted"], "evicted")
        frames = {decode(int, slot, "slot"): _frame_of(row) for slot, *row in data["frames"]}
        if len(frames) < len(data["frames"]) or min(frames, default=0) < 0 or evicted < 0:
            raise ValueError(f"memory has frames in slots {sorted(frames)}, {evicted} were dropped")
        self.frames = {slot: frame for slot, frame in frames.items() if slot < self.capacity}
        self.evicted = evicted + len(frames) - len(self.frames)


# fewer in older states
_AFTER_POSE = (*(one.name for one in fields(KeptFrame)[3:]), "x", "z")


def _frame_of(row: list[Any]) -> KeptFrame:
    index, kind, yaw, pitch, fov, *more = row
    told = dict[str, Any](zip(_AFTER_POSE, more, strict=False))
    place: dict[str, Any] = {axis: told.pop(axis) for axis in ("x", "z") if axis in told}
    pose = {"yaw": yaw, "pitch": pitch, "fov": fov, **place}
    told |= {"frame_index": index, "kind": kind, "pose": pose}
    frame: KeptFrame = decode(KeptFrame, told, "frame")
    check_pose(frame.pose)
    if min(frame.frame_index, frame.prompt_index, frame.needed) < 0:
        raise ValueError(f"a frame is number {frame.frame_index}, needed by {frame.needed}")
    return frame


def copy_room(frames: int) -> int:
    """Return the capacity for a copy of `frames` frames, with a reserve so that it rarely grows."""
    return max(8, 2 * frames)


def frame_bytes(layers: int, tokens: int, width: int, number_bytes: int) -> int:
    """Return the bytes of a kept frame: keys and values of all layers."""
    return 2 * layers * tokens * width * number_bytes
