"""Which kept frames are remembered anew once a place was painted anew: bookkeeping, no tensors.

Every frame that shows some of the place goes. Those that policies rely on come back, as near to
where they looked as a view is known; of the others as few as show all that was shown.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from mag_sandbox.controls.camera import CameraPose, yaw_difference
from mag_sandbox.model.imagination.surroundings import Lattice
from mag_sandbox.model.slots import KeptFrame, SlotTable


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
    """Return what becomes of frames once a place was painted anew.

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
        for slot, frame in sorted(table.frames.items(), key=lambda item: item[1].frame_index)
        if slot not in skipped and (lattice.touched(frame.pose) & there).any()
    }
    if not lattice.has_view(known):
        return Rewriting(old, {})
    near = {slot: lattice.nearest(frame.pose, known) for slot, frame in old.items()}
    lasting = lasting_slots(table)
    poses = {slot: near[slot] for slot in old if slot in lasting}
    stay = [
        frame.pose for slot, frame in table.frames.items() if slot not in old and not frame.passing
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
