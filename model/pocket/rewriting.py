"""Kept frames are remembered anew once a place was painted anew: which, and as what.

Every frame that shows some of the place goes. Those that policies rely on come back, as near to
where they looked as a view is known; of the others as few as show all that was shown.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from torch import Tensor

from mag_sandbox.controls.camera import CameraPose, yaw_difference
from mag_sandbox.model.imagination.imagination import Imagination
from mag_sandbox.model.imagination.surroundings import Lattice
from mag_sandbox.model.pocket.block_memory import BlockMemory
from mag_sandbox.model.pocket.painting.painting import PaintingInventor
from mag_sandbox.model.slots import KeptFrame, SlotTable

Views = Mapping[CameraPose, Tensor]  # latents [1, C, h, w]


@dataclass(frozen=True, slots=True)
class Rewriting:
    """Frames that go, and those of them that come back."""

    old: dict[int, KeptFrame]  # slot -> what lies there; all that goes
    poses: dict[int, CameraPose]  # slot -> where it looks then, on the lattice; first things first


def rewriting(
    table: SlotTable,
    lattice: Lattice,
    there: np.ndarray,
    known: np.ndarray,
    skipped: Collection[int] = (),
    *,
    renewed: bool = False,
) -> Rewriting:
    """Return which frames go, and where they come back, once a place was repainted.

    Args:
        table: which frame lies in which slot.
        lattice: of views.
        there: cells of the place, bool [rows, columns].
        known: cells that are known now, likewise.
        skipped: slots of frames that show the place as it is.
        renewed: nothing that they showed of the place is worth a frame.
    """
    old = {
        slot: frame
        for slot, frame in sorted(table.here.items(), key=lambda item: item[1].frame_index)
        if slot not in skipped and (lattice.touched(frame.pose) & there).any()
    }
    if not lattice.has_view(known):
        return Rewriting(old, {})
    near = {slot: lattice.nearest(frame.pose, known) for slot, frame in old.items()}
    lasting = lasting_slots(table)
    poses = {slot: near[slot] for slot in old if slot in lasting}
    stay = [
        frame.pose for slot, frame in table.here.items() if slot not in old and not frame.passing
    ]
    seen = lattice.shown([*stay, *poses.values()])
    free = [slot for slot in old if slot not in lasting and not old[slot].passing]
    wanted = lattice.shown([near[slot] for slot in free])
    if renewed:
        wanted &= ~there
    while free and (left := wanted & ~seen).any():
        pose = lattice.best(left, near[free[0]], known)
        slot = min(free, key=lambda slot: _distance(old[slot].pose, pose))
        free.remove(slot)
        poses[slot] = pose
        seen |= lattice.shown([pose])
    return Rewriting(old, poses)


class FrameRewriter:
    """Remembers frames of one world anew, as they are painted now."""

    def __init__(self, imagination: Imagination, inventor: PaintingInventor) -> None:
        self._imagination, self._inventor = imagination, inventor

    def rewrite(
        self,
        there: np.ndarray,
        memory: BlockMemory,
        skipped: Collection[int] = (),
        *,
        renewed: bool = False,
        views: Views = MappingProxyType({}),
    ) -> tuple[dict[int, KeptFrame], Tensor, Tensor]:
        """Remember anew frames that show some of a place; return what lay in their slots.

        Args:
            there: cells of the place, bool [rows, columns].
            memory: of the world.
            skipped: slots of frames that show it as it is.
            renewed: nothing that they show of it is to be recalled, or worth a frame.
            views: that were made already.
        """
        table, cache = memory.kept
        lattice, known = self._imagination.lattice, self._inventor.around.known
        anew = rewriting(table, lattice, there, known, skipped, renewed=renewed)
        keys, values = cache.export(list(anew.old))
        lasting = lasting_slots(table)
        for slot in anew.old:
            if not (slot in lasting and slot not in anew.poses):  # no view is known
                del table.frames[slot]
        fresh = [slot for slot in table.here if slot not in anew.old]
        for slot, pose in anew.poses.items():
            memory.rewrite(slot, pose, self._view(pose, views), fresh)
            table.frames[slot] = replace(
                anew.old[slot], pose=pose, passing=False, copied=False, focused=False
            )
            fresh.append(slot)
        return anew.old, keys, values

    def show(
        self, pose: CameraPose, there: np.ndarray, memory: BlockMemory, views: Views
    ) -> tuple[int, ...]:
        """Remember a view where no frame shows all cells of it; return the new frames' indices."""
        lattice, table = self._imagination.lattice, memory.kept[0]
        before = {frame.frame_index for frame in table.frames.values()}
        if not lattice.has_view(self._inventor.around.known):  # all was forgotten meanwhile
            return ()
        pose = lattice.nearest(pose, self._inventor.around.known)
        there = there & self._inventor.around.mask(lattice.place(pose))
        if (there & ~lattice.shown(memory.policy.lasting)).any():
            memory.remember_ahead(pose, self._view(pose, views))
        now = {frame.frame_index for frame in table.frames.values()}
        return tuple(sorted(now - before))

    def _view(self, pose: CameraPose, views: Views) -> Tensor:
        return views[pose] if pose in views else self._imagination.view(self._inventor.around, pose)


def lasting_slots(table: SlotTable) -> set[int]:
    """Return the slots whose frames policies rely on: the first ones and the newest."""
    raw = [frame.frame_index for frame in table.frames.values() if frame.kind == "raw"]
    newest = max(raw, default=None)
    return {
        slot for slot, frame in table.frames.items()
        if frame.kind == "sink" or (frame.kind == "raw" and frame.frame_index == newest)
    }  # fmt: skip


def _distance(one: CameraPose, other: CameraPose) -> float:
    return abs(yaw_difference(one.yaw, other.yaw)) + abs(one.pitch - other.pitch)
