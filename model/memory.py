"""Memory policies: which frames stay in slots, and which of them the next block attends.

Bookkeeping only: no tensors, no network. Two limits are never confused: what is *kept* (slots, set
by the byte budget) and what is *attended* by a block. Overwriting a slot is how a frame is evicted.
A new policy is one class and one line in `MEMORY_POLICIES`.
"""

from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import replace

from mag_sandbox.controls.camera import CameraPose, view_overlap
from mag_sandbox.files.yaml_files import not_found
from mag_sandbox.model.coverage import all_shown, choose_views, completing_views, covered_cells
from mag_sandbox.model.slots import BlockInfo, KeptFrame, SlotTable, SlotWrite
from mag_sandbox.model.world import (
    MemoryOrigin,
    MemorySegment,
    MemorySetting,
    MemoryUsage,
    SegmentKind,
    WorldFailed,
    WorldSpec,
)

NEAR_DUPLICATE = 0.88  # overlap with a kept view above which a new one says nothing new


class MemoryPolicy(ABC):
    """Decides what is kept and attended; reads and writes only its own table of slots."""

    looks_ahead = True  # whether a block imagined ahead would still be kept when it is needed

    def __init__(self, setting: MemorySetting, capacity: int) -> None:
        self.setting = setting
        self.table = SlotTable(capacity)

    @abstractmethod
    def admit(self, block: BlockInfo) -> tuple[SlotWrite, ...]:
        """Return which frames of a new block go into which slots, and note them as kept."""

    def attend(self, view: CameraPose) -> tuple[int, ...]:  # noqa: ARG002 (all views alike)
        """Return the slots that a block ending at `view` reads: everything that is kept."""
        return self.table.slots()

    def adopt(self, table: SlotTable, block_length: int) -> None:  # noqa: ARG002 (for windows)
        """Go on with what another policy kept; what is gone stays gone."""
        self.table.adopt(table)

    def complete(self, view: CameraPose, slots: tuple[int, ...]) -> tuple[int, ...]:
        """Return the slots with those that show what they do not show of a view, where any do."""
        frames = self.table.frames
        others = [slot for slot in self.table.slots() if slot not in slots]
        needed = completing_views(
            view, [frames[slot].pose for slot in slots], [frames[slot].pose for slot in others]
        )
        return (*slots, *sorted(others[index] for index in needed))

    @property
    def lasting(self) -> list[CameraPose]:
        """Poses of the kept frames that are not passing."""
        return [frame.pose for frame in self.table.frames.values() if not frame.passing]

    def let_pass(self) -> None:
        """Forget passing frames of which lasting ones show all."""
        frames, lasting = self.table.frames, self.lasting
        for slot, frame in list(frames.items()):
            if frame.passing and all_shown(covered_cells(frame.pose, lasting)):
                del frames[slot]  # replaced, not evicted

    def _put(self, block: BlockInfo, frame: int, kind: SegmentKind, slot: int) -> SlotWrite:
        kind = "look-ahead" if block.look_ahead else kind
        index = block.first_frame + frame
        pose, prompt_index = block.poses[frame], block.prompt_index
        self.table.put(slot, KeptFrame(index, kind, pose, prompt_index, block.passing))
        return SlotWrite(frame, slot)


class Mag(MemoryPolicy):
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
        slot = self.table.place(protected=("sink",))
        writes.append(self._put(block, last, "compressed", slot))
        return tuple(writes)


class MagRetrieve(MemoryPolicy):
    """MAG with retrieval: keeps one frame of every new place, attends the few that matter.

    The previous block's frame is always kept and read (kind `raw`), as is the first frame ever
    (kind `sink`). Another frame is kept only if no kept view of the same prompt shows nearly the
    same: the earliest sighting stays, so nothing drifts, and a whole sphere of views fits the
    budget.
    """

    def adopt(self, table: SlotTable, block_length: int) -> None:
        """Go on with what another policy kept; of raw frames only the newest stays the recent."""
        super().adopt(table, block_length)
        frames, shown = self.table.frames, self._shown()
        for slot in shown[:-1]:
            if frames[slot].kind == "raw":
                frames[slot] = replace(frames[slot], kind="compressed")
        if shown and self._slot_of("sink") is None:
            frames[shown[0]] = replace(frames[shown[0]], kind="sink")

    def admit(self, block: BlockInfo) -> tuple[SlotWrite, ...]:
        """Keep the block's last frame as the recent one, and for good if it is new."""
        last = len(block.poses) - 1
        table = self.table
        writes = []
        recent = self._slot_of("raw")
        if not block.look_ahead:
            if recent is None:
                recent = table.place(protected=("sink",))
            else:
                del table.frames[recent]  # replaced every block, not evicted
            writes.append(self._put(block, last, "raw", recent))
        if block.passing:
            return tuple(writes)
        if table.capacity > 1 and self._slot_of("sink") is None and not block.look_ahead:
            writes.append(self._put(block, last, "sink", table.place(protected=("raw",))))
        elif table.capacity > 2 and self._is_new(block):
            slot = table.place(protected=("sink", "raw"))
            writes.append(self._put(block, last, "compressed", slot))
        return tuple(writes)

    def attend(self, view: CameraPose) -> tuple[int, ...]:
        """Attend the recent frame, the first one, and the views that show most of `view`.

        Where frames kept for good show all of it, the recent one is left out: a copy of a copy of a
        copy grows harsher block by block, while the camera stands still, say.
        """
        frames = self.table.frames
        recent = self._shown()[-1:]  # the previous block's
        first = self._slot_of("sink")
        always = [] if first is not None and self._is_known(view, *recent) else recent
        seen = {frames[slot].frame_index for slot in always}
        if first is not None and frames[first].frame_index not in seen:
            always = [*always, first]
        always = always[: self.setting.attended_frames]
        seen = {frames[slot].frame_index for slot in always}
        others = [
            slot
            for slot in self.table.slots()
            if slot not in recent and frames[slot].frame_index not in seen
        ]
        count = self.setting.attended_frames - len(always)
        chosen = choose_views(view, [frames[slot].pose for slot in others], count)
        return (*always, *sorted(others[index] for index in chosen))

    def _is_known(self, view: CameraPose, recent: int) -> bool:
        """Tell whether frames kept for good show all of a view, under the prompt in force."""
        frames = self.table.frames
        poses = [
            frame.pose
            for slot, frame in frames.items()
            if slot != recent and frame.prompt_index == frames[recent].prompt_index
        ]
        return all_shown(covered_cells(view, poses))

    def _slot_of(self, kind: SegmentKind) -> int | None:
        frames = self.table.frames
        return next((slot for slot in frames if frames[slot].kind == kind), None)

    def _shown(self) -> list[int]:
        """Return the slots of frames that were shown, oldest first, the recent one last."""
        shown = [
            (f.frame_index, f.kind == "raw", slot)
            for slot, f in self.table.frames.items()
            if f.kind != "look-ahead"
        ]
        return [slot for _, _, slot in sorted(shown)]

    def _is_new(self, block: BlockInfo) -> bool:
        pose, kept = block.poses[-1], list(self.table.frames.values())
        if block.look_ahead and not all_shown(covered_cells(pose, [frame.pose for frame in kept])):
            return True
        return not any(
            frame.kind != "raw"
            and frame.prompt_index == block.prompt_index
            and view_overlap(pose, frame.pose) > NEAR_DUPLICATE
            for frame in kept
        )


class Full(MemoryPolicy):
    """Every frame, raw; when the budget ends, the oldest are dropped."""

    def admit(self, block: BlockInfo) -> tuple[SlotWrite, ...]:
        """Keep all frames of the block."""
        return tuple(
            self._put(block, frame, "raw", self.table.place()) for frame in range(len(block.poses))
        )


class Window(MemoryPolicy):
    """The frames of the most recent blocks, raw, and optional sink frames; forgets the rest."""

    looks_ahead = False

    def adopt(self, table: SlotTable, block_length: int) -> None:
        """Keep what another policy had of the window; the rest is forgotten."""
        super().adopt(table, block_length)
        newest = max((frame.frame_index for frame in table.frames.values()), default=-1)
        self._forget_before(newest + 1 - self.setting.window_blocks * block_length)

    def admit(self, block: BlockInfo) -> tuple[SlotWrite, ...]:
        """Keep all frames of the block, in place of those that left the window."""
        length = len(block.poses)
        self._forget_before(block.first_frame - (self.setting.window_blocks - 1) * length)
        writes = []
        for frame in range(length):
            is_sink = block.first_frame + frame < self.setting.sink_frames
            slot = self.table.place(protected=("sink",))
            writes.append(self._put(block, frame, "sink" if is_sink else "raw", slot))
        return tuple(writes)

    def _forget_before(self, frame_index: int) -> None:
        for slot, frame in list(self.table.frames.items()):
            if frame.kind != "sink" and frame.frame_index < frame_index:
                self.table.drop(slot)


class Nothing(MemoryPolicy):
    """Keeps nothing: every block is invented anew."""

    looks_ahead = False

    def adopt(self, table: SlotTable, block_length: int) -> None:
        """Forget everything."""
        super().adopt(table, block_length)
        for slot in self.table.slots():
            self.table.drop(slot)

    def admit(self, block: BlockInfo) -> tuple[SlotWrite, ...]:  # noqa: ARG002 (kept: none)
        """Keep no frame."""
        return ()


MEMORY_POLICIES: dict[str, type[MemoryPolicy]] = {
    "mag-retrieve": MagRetrieve,
    "mag": Mag,
    "full": Full,
    "window": Window,
    "none": Nothing,
}


def make_policy(setting: MemorySetting, capacity: int) -> MemoryPolicy:
    """Return the policy that a setting names.

    Raises:
        WorldFailed: there is no such policy; the message lists those that exist.
    """
    if setting.policy not in MEMORY_POLICIES:
        raise WorldFailed(not_found("memory policy", setting.policy, MEMORY_POLICIES))
    return MEMORY_POLICIES[setting.policy](setting, capacity)


def change_policy(
    old: MemoryPolicy, setting: MemorySetting, capacity: int, block_length: int
) -> MemoryPolicy:
    """Return another policy over the same slots: what is gone stays gone."""
    new = make_policy(setting, capacity)
    new.adopt(old.table, block_length)
    return new


_ORDER: tuple[SegmentKind, ...] = ("sink", "compressed", "look-ahead", "raw")


def memory_usage(
    policy: MemoryPolicy,
    attended: frozenset[int],
    slot_bytes: int,
    capacity: int,
    frames_made: int,
    blocks_shown: int,
    spec: WorldSpec,
    origin: MemoryOrigin | None = None,
) -> MemoryUsage:
    """Return what is kept and attended.

    Args:
        policy: whose table is shown.
        attended: indices of the frames that the last shown block read.
        slot_bytes: bytes of one kept frame.
        capacity: frames that the budget pays for.
        frames_made: since reset, look-ahead ones counted.
        blocks_shown: since reset, look-ahead ones not counted.
        spec: for seconds.
        origin: of the memory.
    """
    entries = policy.table.entries(attended)
    counts = Counter(entry.kind for entry in entries)
    segments = [
        MemorySegment(kind, counts[kind], counts[kind] * slot_bytes)
        for kind in _ORDER
        if counts[kind]
    ]
    length = spec.block_length // spec.latent_stride
    segments.append(MemorySegment("current", length, length * slot_bytes))
    oldest = entries[0].frame_index if entries else frames_made
    clock = blocks_shown * spec.block_seconds  # look-ahead frames take no time on it
    return MemoryUsage(
        policy=policy.setting.policy,
        segments=tuple(segments),
        bytes=len(entries) * slot_bytes,
        budget=capacity * slot_bytes,
        full_history_bytes=frames_made * slot_bytes,
        evicted=policy.table.evicted,
        oldest_seconds=min(clock, (frames_made - oldest) * spec.latent_stride / spec.fps),
        attended_frames=len(attended),
        entries=entries,
        origin=origin,
    )
