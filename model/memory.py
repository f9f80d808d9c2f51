"""Memory policies: which frames stay in slots, and which of them the next block attends.

Bookkeeping only: no tensors, no network. Two limits are never confused: what is *kept* (slots, set
by the byte budget) and what is *attended* by a block. Overwriting a slot is how a frame is evicted.
A new policy is one class and one line in `MEMORY_POLICIES`.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Protocol

from controls.camera import CameraPose, view_overlap
from model.coverage import choose_views
from model.world import MemoryEntry, MemorySetting, SegmentKind

NEAR_DUPLICATE = 0.88  # overlap with a kept view above which a new one says nothing new


@dataclass(frozen=True, slots=True)
class BlockInfo:
    """What a policy may know of a block."""

    first_frame: int  # index of its first frame since reset, look-ahead frames counted
    poses: tuple[CameraPose, ...]  # one a frame
    prompt_index: int = 0  # how often the prompt has changed
    look_ahead: bool = False  # imagined before the view got there, not shown


@dataclass(frozen=True, slots=True)
class KeptFrame:
    """One remembered frame."""

    frame_index: int
    kind: SegmentKind
    pose: CameraPose
    prompt_index: int = 0


@dataclass(frozen=True, slots=True)
class SlotWrite:
    """Keep frame `frame` of the block just made in slot `slot`."""

    frame: int
    slot: int


class MemoryPolicy(Protocol):
    """Decides what is kept and attended; reads and writes only its own table of slots."""

    table: "SlotTable"
    looks_ahead: bool  # whether a block imagined ahead would still be kept when it is needed

    def attend(self, view: CameraPose) -> tuple[int, ...]:
        """Return the slots that a block ending at `view` reads."""

    def admit(self, block: BlockInfo) -> tuple[SlotWrite, ...]:
        """Return which frames of a new block go into which slots, and note them as kept."""


class SlotTable:
    """Which frame lies in which slot; slots are filled from the front."""

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise ValueError(f"memory has room for {capacity} frames, at least 1 is needed")
        self.capacity = capacity
        self.frames: dict[int, KeptFrame] = {}  # slot → frame
        self.evicted = 0  # frames dropped for lack of room

    def put(self, slot: int, frame: KeptFrame) -> None:
        """Note a frame in a slot, dropping what was there."""
        self.evicted += slot in self.frames
        self.frames[slot] = frame

    def place(self, protected: int = 0) -> int:
        """Return a free slot, or else that of the oldest frame behind `protected` first slots."""
        if len(self.frames) < self.capacity:
            return next(slot for slot in range(self.capacity) if slot not in self.frames)
        old = [slot for slot in self.frames if slot >= protected] or list(self.frames)
        return min(old, key=lambda slot: self.frames[slot].frame_index)

    def slots(self) -> tuple[int, ...]:
        """Return all filled slots in order."""
        return tuple(sorted(self.frames))

    def entries(self, attended: Collection[int]) -> tuple[MemoryEntry, ...]:
        """Return the kept frames, oldest first; `attended` are frame indices."""
        return tuple(
            MemoryEntry(f.frame_index, f.kind, f.pose, f.frame_index in attended)
            for f in sorted(self.frames.values(), key=lambda frame: frame.frame_index)
        )

    def as_dict(self) -> dict:
        """Return plain JSON data for a snapshot."""
        frames = [
            [slot, f.frame_index, f.kind, f.pose.yaw, f.pose.pitch, f.pose.fov, f.prompt_index]
            for slot, f in self.frames.items()
        ]
        return {"frames": frames, "evicted": self.evicted}

    def load_dict(self, data: dict) -> None:
        """Take over `as_dict`'s data, as far as slots exist here."""
        kept = [row for row in data["frames"] if row[0] < self.capacity]
        self.frames = {
            slot: KeptFrame(index, kind, CameraPose(yaw, pitch, fov), prompt)
            for slot, index, kind, yaw, pitch, fov, prompt in kept
        }
        self.evicted = data["evicted"] + len(data["frames"]) - len(kept)


def _frame(block: BlockInfo, frame: int, kind: SegmentKind) -> KeptFrame:
    kind = "look-ahead" if block.look_ahead else kind
    index = block.first_frame + frame
    return KeptFrame(index, kind, block.poses[frame], block.prompt_index)


class _Policy:
    """What most policies share: a table, everything attended, look-ahead worth its while."""

    looks_ahead = True

    def __init__(self, setting: MemorySetting, capacity: int) -> None:
        self.setting = setting
        self.table = SlotTable(capacity)

    def attend(self, view: CameraPose) -> tuple[int, ...]:
        """Attend everything that is kept."""
        return self.table.slots()

    def _put(self, block: BlockInfo, frame: int, kind: SegmentKind, slot: int) -> SlotWrite:
        self.table.put(slot, _frame(block, frame, kind))
        return SlotWrite(frame, slot)


class Mag(_Policy):
    """MAG as released: sink frames, then the last frame of every block in a ring; attends all.

    Source: arXiv 2512.18741, section 3; the ring is in the released code, not in the paper.
    """

    def admit(self, block: BlockInfo) -> tuple[SlotWrite, ...]:
        """Keep the block's last frame, and of the first block also the sink frames."""
        writes = []
        last = len(block.poses) - 1
        if block.first_frame == 0:
            for frame in range(min(self.setting.sink_frames, last, self.table.capacity - 1)):
                writes.append(self._put(block, frame, "sink", frame))
        slot = self.table.place(protected=self.setting.sink_frames)
        writes.append(self._put(block, last, "compressed", slot))
        return tuple(writes)


class MagRetrieve(_Policy):
    """MAG with retrieval: keeps one frame of every new place, attends the few that matter.

    The previous block's frame is always kept and read (slot 0), as is the first frame ever
    (slot 1). Another frame is kept only if no kept view of the same prompt shows nearly the same:
    the earliest sighting stays, so nothing drifts, and a whole sphere of views fits the budget.
    """

    RECENT, SINK = 0, 1  # slots

    def admit(self, block: BlockInfo) -> tuple[SlotWrite, ...]:
        """Keep the block's last frame as the recent one, and for good if it is new."""
        last = len(block.poses) - 1
        table = self.table
        writes = []
        if not block.look_ahead or self.RECENT not in table.frames:
            table.frames.pop(self.RECENT, None)  # replaced every block, not evicted
            writes.append(self._put(block, last, "raw", self.RECENT))
        if table.capacity > 1 and self.SINK not in table.frames:
            writes.append(self._put(block, last, "sink", self.SINK))
        elif table.capacity > 2 and self._is_new(block):
            slot = table.place(protected=2)
            writes.append(self._put(block, last, "compressed", slot))
        return tuple(writes)

    def attend(self, view: CameraPose) -> tuple[int, ...]:
        """Attend the recent frame, the first one, and the views that show most of `view`."""
        frames = self.table.frames
        always = tuple(slot for slot in (self.RECENT, self.SINK) if slot in frames)
        seen = {frames[slot].frame_index for slot in always}
        others = [slot for slot in self.table.slots() if frames[slot].frame_index not in seen]
        count = max(0, self.setting.attended_frames - len(seen))
        chosen = choose_views(view, [frames[slot].pose for slot in others], count)
        return always[: len(seen)] + tuple(sorted(others[index] for index in chosen))

    def _is_new(self, block: BlockInfo) -> bool:
        pose = block.poses[-1]
        return not any(
            slot != self.RECENT
            and frame.prompt_index == block.prompt_index
            and view_overlap(pose, frame.pose) > NEAR_DUPLICATE
            for slot, frame in self.table.frames.items()
        )


class Full(_Policy):
    """Every frame, raw; when the budget ends, the oldest are dropped."""

    def admit(self, block: BlockInfo) -> tuple[SlotWrite, ...]:
        """Keep all frames of the block."""
        return tuple(
            self._put(block, frame, "raw", self.table.place())
            for frame in range(len(block.poses))
        )


class Window(_Policy):
    """The frames of the most recent blocks, raw, and optional sink frames; forgets the rest."""

    looks_ahead = False

    def __init__(self, setting: MemorySetting, capacity: int) -> None:
        super().__init__(setting, capacity)
        self._sinks = 0  # filled with the first block

    def admit(self, block: BlockInfo) -> tuple[SlotWrite, ...]:
        """Keep all frames of the block, in place of those that left the window."""
        length = len(block.poses)
        sinks = min(self.setting.sink_frames, length)
        room = min(self.table.capacity, self.setting.window_blocks * length + sinks)
        writes = []
        for frame in range(length):
            is_sink = block.first_frame == 0 and frame < sinks
            slot = self._slot(room, sinks)
            writes.append(self._put(block, frame, "sink" if is_sink else "raw", slot))
        return tuple(writes)

    def _slot(self, room: int, sinks: int) -> int:
        if len(self.table.frames) < room:
            return self.table.place()
        recent = [slot for slot, frame in self.table.frames.items() if frame.kind != "sink"]
        candidates = recent or list(self.table.frames)
        return min(candidates, key=lambda slot: self.table.frames[slot].frame_index)


class Nothing(_Policy):
    """Keeps nothing: every block is invented anew."""

    looks_ahead = False

    def admit(self, block: BlockInfo) -> tuple[SlotWrite, ...]:
        """Keep no frame."""
        return ()


MEMORY_POLICIES: dict[str, type[_Policy]] = {
    "mag-retrieve": MagRetrieve,
    "mag": Mag,
    "full": Full,
    "window": Window,
    "none": Nothing,
}


def make_policy(setting: MemorySetting, capacity: int) -> MemoryPolicy:
    """Return the policy that a setting names.

    Raises:
        ValueError: there is no such policy; the message lists those that exist.
    """
    if setting.policy not in MEMORY_POLICIES:
        known = ", ".join(MEMORY_POLICIES)
        raise ValueError(f'memory policy "{setting.policy}" not found; available: {known}')
    return MEMORY_POLICIES[setting.policy](setting, capacity)


def change_policy(old: MemoryPolicy, setting: MemorySetting, capacity: int) -> MemoryPolicy:
    """Return another policy over the same slots: what is gone stays gone."""
    new = make_policy(setting, capacity)
    new.table.frames = {
        slot: replace(frame) for slot, frame in old.table.frames.items() if slot < capacity
    }
    dropped = len(old.table.frames) - len(new.table.frames)
    new.table.evicted = old.table.evicted + dropped
    return new
