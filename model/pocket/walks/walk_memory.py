"""The parts of a walk that memory holds, and those it has lost.

Frames of a walk take slots as all others do, but hold no keys: the ring around their viewpoint
keeps their pixels, for as long as memory keeps one of its frames.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from math import dist, hypot, radians, tan

import numpy as np

from mag_sandbox.controls.camera import CameraPose, Position
from mag_sandbox.model.coverage import all_shown, covered_cells, directions
from mag_sandbox.model.imagination.geometry.bodies import place_at
from mag_sandbox.model.imagination.geometry.new_ground import (
    Patch,
    patches_near,
    patches_seen,
    square_of,
)
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.rules.doors import with_doors
from mag_sandbox.model.imagination.surroundings import Lattice
from mag_sandbox.model.memory import MemoryPolicy, keeps_places
from mag_sandbox.model.pocket.block_memory import BlockMemory
from mag_sandbox.model.pocket.painting.painting import PaintingInventor
from mag_sandbox.model.pocket.walks.painted_ring import PaintedRing
from mag_sandbox.model.pocket.walks.walking import WalkableGround
from mag_sandbox.model.slots import BlockInfo

_HeldViews = frozenset[CameraPose]
_SOON = 60.0, 30.0  # degrees beside and above a view that may be seen soon
_MOST_LOST = 4000  # patches
_MARGIN = 5.0  # degrees beside a view where the middle of what it shows may lie
_BESIDE = 1.0  # metres between a walker and moved things, at least


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


def _things_seen(
    views: Collection[CameraPose], places: Mapping[PlacedObject, Position], beside: float = _MARGIN
) -> frozenset[PlacedObject]:
    """Return the things that views show some of, were nothing in the way.

    Args:
        views: poses of them.
        places: where things stand [m].
        beside: how far beside a view the middle of a thing may lie [degrees].
    """
    off, _ = directions(views, np.array(list(places.values())).reshape(-1, 2))
    widths = np.array([one.fov for one in views])[:, None]
    shown = np.any(off < widths / 2 + beside, axis=0)
    return frozenset(one for one, is_shown in zip(places, shown, strict=True) if is_shown)


@dataclass(slots=True)
class WalkMemory:
    """The views that memory holds of a walk.

    walk = WalkMemory(lattice)
    stays = walk.follow(policy, rings, pose, near, places)
    """

    lattice: Lattice
    patches: frozenset[Patch] = frozenset()  # of ground, of which held views show something
    lost_patches: frozenset[Patch] = frozenset()  # of which they did
    things: frozenset[PlacedObject] = frozenset()  # of the plan that held views show
    lost: frozenset[PlacedObject] = frozenset()  # that they showed, and show no more
    # viewpoints that stay although memory holds no views of them, as long as it keeps places: of
    # older saves, and of rooms entered again
    for_good: frozenset[Position] = frozenset()
    _views: list[CameraPose] = field(default_factory=list)  # held ones; last, the one on screen
    _patches: dict[CameraPose, frozenset[Patch]] = field(default_factory=dict)  # by held view
    _settled: dict[Position, tuple[_HeldViews, PaintedRing]] = field(
        default_factory=dict
    )  # views and rings that lost nothing

    def follow(
        self,
        policy: MemoryPolicy,
        rings: Mapping[Position, PaintedRing],
        pose: CameraPose,
        near: Collection[Position],
        places: Mapping[PlacedObject, Position],
    ) -> dict[Position, np.ndarray]:
        """Note what memory has lost; return the cells that stay of rings that lost some, bool.

        Of a ring that is shown, what is well out of sight counts for nothing yet: it takes time to
        show a ring that is another one.

        Args:
            policy: knows what memory holds.
            rings: around viewpoints.
            pose: of the view on the screen, which is never lost.
            near: the viewpoints that show it.
            places: where the plan's things stand [m].
        """
        if not keeps_places(policy.setting.policy):
            self.for_good = frozenset()
        elsewhere = policy.lasting_elsewhere
        held = {place: frozenset(views) for place, views in elsewhere.items()}
        self._views = [*frozenset(policy.lasting).union(*held.values()), pose]
        self._note(policy, places)
        return self._staying_cells(rings, held, pose, near) if policy.evicted else {}

    def _note(self, policy: MemoryPolicy, places: Mapping[PlacedObject, Position]) -> None:
        """Note which things and which ground held views show, and what they showed."""
        shown, things = _things_seen(self._views, places), self.things
        patches, known = self.patches, self._patches
        self._patches = {view: known.get(view) or patches_seen(view) for view in self._views}
        here = patches_near(self._views[-1])  # nothing appears at the walker's feet
        self.patches = here.union(*self._patches.values())
        self.things = shown
        if policy.evicted:  # else the newest frame alone was replaced
            self.lost = ((self.lost | things) & places.keys()) - shown
            self.lost_patches = (self.lost_patches | patches) - self.patches

    def _staying_cells(
        self,
        rings: Mapping[Position, PaintedRing],
        held: Mapping[Position, _HeldViews],
        pose: CameraPose,
        near: Collection[Position],
    ) -> dict[Position, np.ndarray]:
        """Return the cells that stay of rings that lost some; see `follow`."""
        here, (wide, high) = pose.at_origin, _SOON
        now, right, left = (
            self.lattice.touched(here, beyond)
            for beyond in ((0.0, 0.0), (wide, high), (-wide, -high))
        )
        staying: dict[Position, np.ndarray] = {}
        settled: dict[Position, tuple[_HeldViews, PaintedRing]] = {}
        for place in rings.keys() - self.for_good:
            ring, views = rings[place], held.get(place, frozenset())
            if place in near or self._settled.get(place) != (views, ring):
                stays = self.lattice.shown(list(views))
                gone = ring.painted & ~stays
                if place in near:
                    stays, gone = stays | now, gone & (right | left) & ~now
                if gone.any():
                    staying[place] = stays
            if place not in near:
                settled[place] = views, ring
        self._settled = settled
        return staying

    def rearrange(
        self, painting: PaintingInventor, ground: WalkableGround, pose: CameraPose
    ) -> bool:
        """Move what was lost if a view to be painted shows some of it.

        Args:
            painting: with the plan.
            ground: beyond the plan.
            pose: of the view.

        Returns:
            Whether anything stands elsewhere now.
        """
        places = ground.places
        moves = bool(painting.plan and self.lost & _things_seen([pose], places, beside=0.0))
        if moves:
            self._turn(painting, places)
        lost = self.lost_patches
        if lost & patches_seen(pose, beside=0.0) or len(lost) > _MOST_LOST:
            squares = {*map(square_of, lost)}.difference(map(square_of, self.patches))
            ground.forget(squares)
            ground.draw_again([patch for patch in lost if square_of(patch) not in squares])
            self.lost_patches, moves = frozenset(), True
        return moves

    def _turn(self, painting: PaintingInventor, places: Mapping[PlacedObject, Position]) -> None:
        """Turn a plan, but for the things that held views show."""
        plan, config = painting.plan, painting.imagination.config
        assert plan is not None
        self.lost = frozenset()
        painting.losses += 1
        turned = plan.turned(painting.noise, config.all_behind)
        things = [
            old if old in self.things else self._unseen(new, places.get(old))
            for old, new in zip(plan.things, turned.things, strict=True)
        ]
        known, lattice = painting.around.known, painting.imagination.lattice
        moved = replace(turned, things=tuple(things)).after(plan, known, lattice)
        doors = with_doors(moved.things, painting.doors, config)
        painting.plan = replace(moved, things=doors)

    def _unseen(self, thing: PlacedObject, place: Position | None) -> PlacedObject:
        """Return a thing of a plan, turned further until it is away from all held views.

        No held view shows it there, and it does not stand at the walker's place.

        Args:
            thing: as the plan has it now.
            place: where it stood [m]; None: at infinity.
        """
        if place is None:
            return thing
        turns = [thing.turned(turn) for turn in range(0, 360, 40)]
        away, walker = hypot(*place), self._views[-1].position
        there = {one: place_at(one.yaw, away) for one in turns}
        seen = _things_seen(self._views, there)
        least = away * tan(radians(thing.width / 2)) + _BESIDE
        free = (one for one, at in there.items() if dist(at, walker) > least and one not in seen)
        return next(free, thing)

    @property
    def seen(self) -> np.ndarray:
        """The cells of a ring that any held view shows, bool [rows, columns]."""
        return self.lattice.shown(self._views[:-1])
