"""Memory policies: which frames stay in slots, and which of them the next block attends.

Bookkeeping only: no tensors, no network. Two limits are never confused: frames *kept* (slots, set
by the byte budget) and frames *attended* by a block. A frame is evicted by overwriting its slot.
A new policy is one class with its label and mark, and one line in `MEMORY_POLICIES`.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from mag_sandbox.controls.camera import ASPECT, CameraPose, Position, view_overlap, yaw_difference
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

NEAR_DUPLICATE = 0.88  # overlap with a kept view above which a new one adds nothing
NEAR = 1.25  # of two views' width: within this, one may be painted on from the other


@dataclass(frozen=True, slots=True)
class PolicyLook:
    """The label, description and colours of a memory policy."""

    label: str  # for players, in place of the name that `--memory` takes
    about: str  # one sentence: what players find when they come back
    when_full: str = "When memory is full, something older is forgotten."
    raw: str = "A recent frame, kept as it is."  # the description of a frame of the kind "raw"
    colour: tuple[int, int, int] = (204, 121, 167)  # after Okabe and Ito: told apart by all
    corners: int = 6  # of its mark in charts; 0: a disc, 2: a cross


class MemoryPolicy(ABC):
    """Decides which frames are kept and attended; knows only its own table of slots."""

    look: ClassVar[PolicyLook]
    looks_ahead = True  # whether a view remembered ahead is still kept when it is needed
    selects = False  # whether a block reads some of the kept frames, else all
    sink_frames = 0  # first frames that are never dropped, where the setting does not say

    def __init__(self, setting: MemorySetting, capacity: int) -> None:
        self.setting = setting
        self.table = SlotTable(capacity)

    @property
    def evicted(self) -> int:
        """Frames dropped for lack of room."""
        return self.table.evicted

    @property
    def sinks(self) -> int:
        """Number of first frames that are never dropped."""
        asked = self.setting.sink_frames
        return self.sink_frames if asked is None else asked

    def focused(self) -> int | None:
        """Return the slot of the newest frame that was remembered from a painting, or None."""
        frames = self.table.frames
        focused = [slot for slot, frame in frames.items() if frame.focused]
        return max(focused, key=lambda slot: frames[slot].frame_index, default=None)

    @property
    def focused_pose(self) -> CameraPose | None:
        """The pose of the newest frame that was remembered from a painting; None: there is none."""
        slot = self.focused()
        return None if slot is None else self.table.frames[slot].pose

    def blur(self) -> None:
        """Mark frames remembered from paintings as copies, since an edit changed the view."""
        for slot, frame in self.table.frames.items():
            if frame.focused:
                self.table.focus(slot, on=False)

    @abstractmethod
    def admit(self, block: BlockInfo) -> tuple[SlotWrite, ...]:
        """Put frames of a new block into slots; return which."""

    def passes(self, write: SlotWrite) -> bool:  # noqa: ARG002 (kept frames stay)
        """Return whether the next block replaces an admitted frame."""
        return False

    def attend(self, view: CameraPose) -> tuple[int, ...]:  # noqa: ARG002 (all views alike)
        """Return the slots that a block ending at `view` reads: all that have keys."""
        return tuple(self.table.here)

    def attend_painted(self, view: CameraPose) -> tuple[int, ...]:
        """Return the slots that a block reads in a world whose lasting views are painted or given.

        These are the originals that overlap the view (only the newest of the focused ones) and, if
        some of the view is missing, the newest frame and the oldest. Copies of copies grow harsher.
        """
        frames, focused = self.table.here, self.focused()
        originals = [
            slot for slot in frames
            if not frames[slot].copied and (slot == focused or not frames[slot].focused)
        ]  # fmt: skip
        cells = covered_cells(view, [frames[slot].pose for slot in originals])
        read = {slot for slot, shown in zip(originals, cells, strict=True) if shown.any()}
        if frames and not all_shown(cells):
            ages = sorted(frames, key=lambda slot: frames[slot].frame_index)
            read |= {ages[0], ages[-1]}
        return tuple(sorted(read))

    @property
    def has_room(self) -> bool:
        """Whether there is room for views that may never be looked at."""
        return 2 * len(self.table.frames) < self.table.capacity

    def adopt(self, table: SlotTable, block_length: int) -> None:  # noqa: ARG002 (for windows)
        """Continue with the frames that another policy kept."""
        self.table.adopt(table)

    @property
    def lasting(self) -> list[CameraPose]:
        """Poses of the kept frames that are not provisional, but for those of viewpoints."""
        return self.lasting_at(None)

    def lasting_at(self, place: Position | None) -> list[CameraPose]:
        """Return the poses of the lasting frames of a viewpoint [m]; None: of those in slots."""
        frames = self.table.frames.values()
        return [frame.pose for frame in frames if not frame.passing and frame.place == place]

    @property
    def lasting_elsewhere(self) -> dict[Position, list[CameraPose]]:
        """Poses of the lasting frames that viewpoints keep, by viewpoint [m]."""
        found: dict[Position, list[CameraPose]] = {}
        for frame in self.table.frames.values():
            if frame.place is not None and not frame.passing:
                found.setdefault(frame.place, []).append(frame.pose)
        return found

    def leave_out(self, places: Collection[Position]) -> None:
        """Drop the frames of all other viewpoints [m], which are gone."""
        frames, there = self.table.frames, {None, *places}
        self.table.frames = {slot: one for slot, one in frames.items() if one.place in there}

    def let_pass(self) -> None:
        """Drop provisional frames whose whole view lasting frames show."""
        frames = self.table.frames
        for slot, frame in list(frames.items()):
            if frame.passing and all_shown(covered_cells(frame.pose, self.lasting_at(frame.place))):
                del frames[slot]  # replaced, not evicted

    def _renew(self, block: BlockInfo) -> None:
        """Mark the originals of a copied block as needed, so that they are dropped after it."""
        if block.copied:
            self._need(block.poses[-1], block.first_frame)

    def _need(self, view: CameraPose, frame_index: int) -> None:
        """Mark the originals near a view as needed by a frame."""
        frames = self.table.frames
        for slot, frame in frames.items():
            lasts = not frame.copied and not frame.focused
            if lasts and _near(view, frame.pose) and view.position == frame.pose.position:
                frames[slot] = replace(frame, needed=frame_index)

    def _put(self, block: BlockInfo, frame: int, kind: SegmentKind, slot: int) -> SlotWrite:
        kind = "look-ahead" if block.look_ahead else kind
        index = block.first_frame + frame
        pose, prompt_index = block.poses[frame], block.prompt_index
        kept = KeptFrame(
            index, kind, pose, prompt_index, block.passing, block.copied, elsewhere=block.elsewhere
        )
        self.table.put(slot, kept)
        return SlotWrite(frame, slot)


def _near(view: CameraPose, other: CameraPose) -> bool:
    """Tell whether two views overlap, or nearly so."""
    reach = NEAR * (view.fov + other.fov) / 2
    across = abs(yaw_difference(view.yaw, other.yaw))
    return across < reach and abs(view.pitch - other.pitch) < reach * ASPECT


class Mag(MemoryPolicy):
    """MAG as released: sink frames, then the last frame of every block in a ring; attends all.

    Source: arXiv 2512.18741, section 3; the ring is in the released code, not in the paper.
    """

    look = PolicyLook(
        "MAG (recent moments)",
        "You find again what you saw lately; every moment takes room, so older places change.",
        "When memory is full, the oldest block is forgotten for the newest.",
        colour=(0, 178, 130),
        corners=4,
    )
    sink_frames = 2

    def admit(self, block: BlockInfo) -> tuple[SlotWrite, ...]:
        """Keep the block's last frame, and of the first block also the sink frames."""
        writes = []
        last = len(block.poses) - 1
        self._renew(block)
        if block.first_frame == 0:
            for frame in range(min(self.sinks, last, self.table.capacity - 1)):
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

    look = PolicyLook(
        "MAG (remembers places)",
        "You find every place again as it was, however long you were away, until memory is full.",
        "When memory is full, the oldest place is forgotten for the newest.",
        "The frame just before this block; the next block takes its place.",
        (86, 180, 233),
        0,
    )
    selects = True

    def adopt(self, table: SlotTable, block_length: int) -> None:
        """Continue with another policy's frames; of the raw ones only the newest stays raw."""
        super().adopt(table, block_length)
        frames = self.table.frames
        for slot in _shown(frames)[:-1]:
            if frames[slot].kind == "raw":
                frames[slot] = replace(frames[slot], kind="compressed")
        here = _shown(self.table.here)
        if here and self._slot_of("sink") is None:
            frames[here[0]] = replace(frames[here[0]], kind="sink")

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
        is_first = self._slot_of("sink") is None and not block.look_ahead and not block.elsewhere
        if table.capacity > 1 and is_first:
            writes.append(self._put(block, last, "sink", table.place(protected=("raw",))))
        elif table.capacity > 2 and self._is_new(block):
            slot = table.place(protected=("sink", "raw"))
            writes.append(self._put(block, last, "compressed", slot))
        return tuple(writes)

    def passes(self, write: SlotWrite) -> bool:
        """Return whether it is the recent frame."""
        return self.table.frames[write.slot].kind == "raw"

    def attend(self, view: CameraPose) -> tuple[int, ...]:
        """Attend the recent frame, the first one, and the views that show most of `view`.

        If frames kept for good show all of it, the recent one is left out: copies of copies grow
        harsher block by block, for example while the camera rests.
        """
        frames = self.table.here
        recent = _shown(frames)[-1:]  # the previous block's
        first = self._slot_of("sink")
        always = [] if first is not None and self._is_known(view, *recent) else recent
        seen = {frames[slot].frame_index for slot in always}
        if first is not None and frames[first].frame_index not in seen:
            always = [*always, first]
        always = always[: self.setting.attended_frames]
        seen = {frames[slot].frame_index for slot in always}
        others = [
            slot for slot in frames if slot not in recent and frames[slot].frame_index not in seen
        ]
        count = self.setting.attended_frames - len(always)
        chosen = choose_views(view, [frames[slot].pose for slot in others], count)
        return (*always, *sorted(others[index] for index in chosen))

    def attend_painted(self, view: CameraPose) -> tuple[int, ...]:
        """Return the attended slots, and the frames that show the rest of the view.

        The focused frame comes first: none shows the view better.
        """
        frames, slots, focused = self.table.here, self.attend(view), self.focused()
        if focused is not None and focused not in slots:
            slots = (focused, *slots)[: self.setting.attended_frames]
        others = [slot for slot in frames if slot not in slots]
        needed = completing_views(
            view, [frames[slot].pose for slot in slots], [frames[slot].pose for slot in others]
        )
        return (*slots, *sorted(others[index] for index in needed))

    def _is_known(self, view: CameraPose, recent: int) -> bool:
        frames = self.table.here
        poses = [
            frame.pose
            for slot, frame in frames.items()
            if slot != recent and frame.prompt_index == frames[recent].prompt_index
        ]
        return all_shown(covered_cells(view, poses))

    def _slot_of(self, kind: SegmentKind) -> int | None:
        frames = self.table.frames
        return next((slot for slot in frames if frames[slot].kind == kind), None)

    def _is_new(self, block: BlockInfo) -> bool:
        pose = block.poses[-1]
        place = pose.position if block.elsewhere else None
        kept = [frame for frame in self.table.frames.values() if frame.place == place]
        if block.look_ahead and not all_shown(covered_cells(pose, [frame.pose for frame in kept])):
            return True
        return not any(
            frame.kind != "raw"
            and frame.prompt_index == block.prompt_index
            and view_overlap(pose, frame.pose) > NEAR_DUPLICATE
            for frame in kept
        )


def _shown(frames: Mapping[int, KeptFrame]) -> list[int]:
    """Return the slots of frames that were shown, oldest first, a raw one after its equal."""
    shown = [(f.frame_index, f.kind == "raw", slot) for slot, f in frames.items()
             if f.kind != "look-ahead"]  # fmt: skip
    return [slot for _, _, slot in sorted(shown)]


class Full(MemoryPolicy):
    """Every frame, raw; when the budget ends, the oldest are dropped."""

    look = PolicyLook(
        "Every frame (until full)",
        "You find all as it was at first, but memory is soon full; then the oldest views change.",
        "When memory is full, the oldest frame is forgotten for the newest.",
        "This policy keeps every frame as it is.",
        (240, 228, 66),
        5,
    )

    def admit(self, block: BlockInfo) -> tuple[SlotWrite, ...]:
        """Keep all frames of the block."""
        self._renew(block)
        return tuple(
            self._put(block, frame, "raw", self.table.place()) for frame in range(len(block.poses))
        )


class Window(MemoryPolicy):
    """The frames of the most recent blocks, raw; forgets the rest.

    No first frames are pinned, as in the windows that the paper compares with. A setting may ask
    for some, as LongLive does and as older recordings do.
    """

    look = PolicyLook(
        "Window (last seconds)",
        "You find again what you saw seconds ago; whatever you left longer has changed.",
        "The size does not matter here: only the newest blocks are kept.",
        "Kept until its block is no longer one of the newest.",
        (230, 159, 0),
        3,
    )
    looks_ahead = False

    def adopt(self, table: SlotTable, block_length: int) -> None:
        """Keep another policy's frames within the window."""
        super().adopt(table, block_length)
        self._unpin()
        self._forget_old(self.table, block_length)

    def _unpin(self) -> None:
        """Unpin the first frames of another policy.

        If the setting counts first frames, those of the previous policy stay, as in recordings.
        """
        if self.setting.sink_frames is None:
            frames = self.table.frames
            for slot, frame in frames.items():
                if frame.kind == "sink":
                    frames[slot] = replace(frame, kind="raw")

    def _forget_old(self, table: SlotTable, block_length: int) -> None:
        newest = max((frame.frame_index for frame in table.frames.values()), default=-1)
        self._forget_before(newest + 1 - self.setting.window_blocks * block_length)

    def admit(self, block: BlockInfo) -> tuple[SlotWrite, ...]:
        """Keep all frames of the block in place of those that left the window."""
        length = len(block.poses)
        self._forget_before(block.first_frame - (self.setting.window_blocks - 1) * length)
        writes = []
        for frame in range(length):
            is_sink = block.first_frame + frame < self.sinks
            slot = self.table.place(protected=("sink",))
            writes.append(self._put(block, frame, "sink" if is_sink else "raw", slot))
        return tuple(writes)

    def _forget_before(self, frame_index: int) -> None:
        for slot, frame in list(self.table.frames.items()):
            if frame.kind != "sink" and frame.last_used < frame_index:
                self.table.drop(slot)


class WindowOfViews(Window):
    """A window over painted views, which also keeps the originals that recent blocks show."""

    looks_ahead = True

    @property
    def has_room(self) -> bool:
        """Return False: views that are not shown would leave the window at once."""
        return False

    def adopt(self, table: SlotTable, block_length: int) -> None:
        """Keep another policy's frames within the window, and the originals that it shows."""
        self.table.adopt(table)
        self._unpin()
        shown = [frame for frame in self.table.frames.values() if frame.kind != "look-ahead"]
        if shown:
            newest = max(shown, key=lambda frame: frame.frame_index)
            self._need(newest.pose, newest.frame_index)
        self._forget_old(self.table, block_length)

    def admit(self, block: BlockInfo) -> tuple[SlotWrite, ...]:
        """Keep all frames of a block, and one of a view ahead."""
        if block.look_ahead:
            slot = self.table.place(protected=("sink",))
            return (self._put(block, len(block.poses) - 1, "look-ahead", slot),)
        self._renew(block)
        return super().admit(block)


class Nothing(MemoryPolicy):
    """Keeps nothing: every block is invented anew."""

    look = PolicyLook(
        "Nothing",
        "You find nothing again: whatever leaves the view comes back changed.",
        "The size does not matter here: nothing is kept.",
        colour=(222, 110, 60),
        corners=2,
    )
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


def policy_look(policy: str) -> PolicyLook:
    """Return the look of a policy; one of another world goes by its own name."""
    kind = MEMORY_POLICIES.get(policy)
    return kind.look if kind else PolicyLook(policy, "It decides which frames are kept and read.")


def keeps_places(policy: str) -> bool:
    """Return whether a policy keeps places that are out of view."""
    kind = MEMORY_POLICIES.get(policy)
    return kind is None or kind.looks_ahead


def no_places(policy: str) -> str:
    """Return why no edit is possible under a policy; "": edits are possible."""
    lasting = [name for name, kind in MEMORY_POLICIES.items() if kind.looks_ahead]
    if policy in lasting:
        return ""
    problem = f"the memory policy {policy} keeps no places, so nothing can be changed"
    return f"{problem}; choose {', '.join(lasting)}"


_PAINTED: dict[str, type[MemoryPolicy]] = {"window": WindowOfViews}


def make_policy(setting: MemorySetting, capacity: int, *, painted: bool = False) -> MemoryPolicy:
    """Return the policy that a setting names, or raise WorldFailed that lists them."""
    if setting.policy not in MEMORY_POLICIES:
        raise WorldFailed(not_found("memory policy", setting.policy, MEMORY_POLICIES))
    kinds = MEMORY_POLICIES | (_PAINTED if painted else {})
    return kinds[setting.policy](setting, capacity)


def change_policy(
    old: MemoryPolicy,
    setting: MemorySetting,
    capacity: int,
    block_length: int,
    *,
    painted: bool = False,
) -> MemoryPolicy:
    """Return another policy over the same slots; see `make_policy`."""
    new = make_policy(setting, capacity, painted=painted)
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
    """Return which frames are kept and attended."""
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
        evicted=policy.evicted,
        oldest_seconds=min(clock, (frames_made - oldest) * spec.latent_stride / spec.fps),
        attended_frames=len(attended),
        entries=entries,
        origin=origin,
    )
