"""What memory holds of a walk, and what it has lost.

Frames of a walk take slots as all others do, but hold no keys: the ring around their viewpoint
keeps their pixels, for as long as memory keeps one of its frames.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.coverage import all_shown, covered_cells
from mag_sandbox.model.imagination.new_ground import Square, squares_seen
from mag_sandbox.model.imagination.surroundings import Lattice
from mag_sandbox.model.memory import MemoryPolicy
from mag_sandbox.model.pocket.block_memory import BlockMemory
from mag_sandbox.model.pocket.painted_ring import PaintedRing
from mag_sandbox.model.pocket.walking import Position
from mag_sandbox.model.slots import BlockInfo

_HeldViews = frozenset[CameraPose]


def remember(memory: BlockMemory, poses: tuple[CameraPose, ...]) -> None:
    """Remember a block that a viewpoint shows, at the poses of its frames there."""
    policy, place = memory.policy, poses[-1].position
    known = covered_cells(poses[-1], policy.lasting_at(place))
    memory.admit(replace(_block(memory, poses), passing=not all_shown(known), copied=True))
    kept = [one for one in policy.table.frames.values() if one.place == place and not one.copied]
    shown = covered_cells(poses[-1], [one.pose for one in kept])
    read = (one.frame_index for one, cells in zip(kept, shown, strict=True) if cells.any())
    memory.attended = frozenset(read)


def remember_view(memory: BlockMemory, pose: CameraPose, frames: int) -> None:
    """Remember a view that was painted at a viewpoint, as so many frames of a block."""
    memory.admit(replace(_block(memory, (pose,) * frames), look_ahead=True))
    memory.policy.let_pass()


def _block(memory: BlockMemory, poses: tuple[CameraPose, ...]) -> BlockInfo:
    inputs = memory.passes.inputs()
    index = memory.made * len(poses)
    return BlockInfo(index, poses, inputs.prompt_index, time=inputs.time, elsewhere=True)


@dataclass(frozen=True, slots=True)
class WalkLosses:
    """What memory has lost since it was last looked at."""

    rings: Mapping[Position, np.ndarray]  # cells that stay of those that lost some, bool
    squares: frozenset[Square]  # of which no held view shows anything any more


@dataclass(slots=True)
class WalkMemory:
    """The views that memory holds of a walk.

    walk = WalkMemory(lattice)
    lost = walk.follow(policy, rings, pose, near)
    """

    lattice: Lattice
    squares: frozenset[Square] = frozenset()  # of which held views show something
    for_good: frozenset[Position] = frozenset()  # viewpoints of saves that held no views of them
    _squares: dict[CameraPose, set[Square]] = field(default_factory=dict)  # by held view
    _settled: dict[Position, tuple[_HeldViews, PaintedRing]] = field(
        default_factory=dict
    )  # views and rings that lost nothing

    def follow(
        self,
        policy: MemoryPolicy,
        rings: Mapping[Position, PaintedRing],
        pose: CameraPose,
        near: Collection[Position],
    ) -> WalkLosses:
        """Return what memory has lost.

        Args:
            policy: knows what memory holds.
            rings: around viewpoints.
            pose: of what is shown now, which is not lost.
            near: the viewpoints that show it.
        """
        elsewhere = policy.lasting_elsewhere
        held = {place: frozenset(views) for place, views in elsewhere.items()}
        here = self.lattice.touched(pose.at_origin)
        lost: dict[Position, np.ndarray] = {}
        settled: dict[Position, tuple[_HeldViews, PaintedRing]] = {}
        for place in rings.keys() - self.for_good:
            ring, views = rings[place], held.get(place, frozenset())
            if place in near or self._settled.get(place) != (views, ring):
                stays = self.lattice.shown(list(views))
                stays = stays | here if place in near else stays
                if (ring.painted & ~stays).any():
                    lost[place] = stays
            if place not in near:
                settled[place] = views, ring
        self._settled = settled
        return WalkLosses(lost, self._lost_squares({*policy.lasting}.union(*held.values()), pose))

    def seen(self, policy: MemoryPolicy) -> np.ndarray:
        """Return the cells of a ring that any held view shows, bool [rows, columns]."""
        views = [*policy.lasting]
        for there in policy.lasting_elsewhere.values():
            views += there
        return self.lattice.shown([view.at_origin for view in views])

    def _lost_squares(self, views: Collection[CameraPose], pose: CameraPose) -> frozenset[Square]:
        before, known = self.squares, self._squares
        self._squares = {view: known.get(view) or squares_seen([view]) for view in views}
        self.squares = frozenset().union(*self._squares.values())
        lost = before - self.squares
        return lost - squares_seen([pose]) if lost else lost
