"""The rooms of a world: doors lead from one to another, and the player is in one of them.

A room is what a world is at its beginning: a description, a seed, a ring around the origin, a plan.
Behind a door that was never opened lies a new one, whose door back stands behind the player. A room
that the player leaves is parked as it is painted, placed and seen from elsewhere, without frames:
on return, memory remembers its painted views again. A policy that keeps no places loses the room,
and the door leads to another one.

Parked rooms take a quarter of a megabyte each, and all their viewpoints together `BUDGET`: beyond
it, the rooms that most doors lie between lose theirs. Everything follows from controls, so replays
are exact.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from math import atan2, degrees, hypot
from typing import NamedTuple

from torch import Tensor

from mag_sandbox.controls.camera import CameraPose, check_pose, yaw_difference
from mag_sandbox.files.validation import decode
from mag_sandbox.model.imagination.doors import BACK
from mag_sandbox.model.imagination.scenery import FARTHEST_WALK
from mag_sandbox.model.memory import keeps_places
from mag_sandbox.model.parking import joined, part_of, parts_of, plain
from mag_sandbox.model.pocket.block_memory import BlockMemory
from mag_sandbox.model.pocket.editing import Editor
from mag_sandbox.model.pocket.painting import PaintingInventor
from mag_sandbox.model.pocket.viewpoints import Viewpoints
from mag_sandbox.model.pocket.walking import WalkableGround
from mag_sandbox.model.world import MIB, Door, GroundPlan, WorldState
from mag_sandbox.scenes.rooms import caption_behind, place_name
from mag_sandbox.scenes.scene import MAX_SEED, check_prompt

AROUND, EDITS, ELSEWHERE = "around", "edits", "viewpoints"  # parts of a room
BUDGET = 32 * MIB  # of the viewpoints of all parked rooms
MOST_ROOMS = 100
NEAR = 1.6  # metres from a door, within which the player can go through
REACH = 6.0  # metres, likewise, of doors that the way does not lead up to
SPARE = 0.5  # metres from the end of the way to such a door
ASIDE = 45.0  # degrees from the middle of the view to a door, at most
SAME = 0.5  # metres between two doors at least
BEHIND = 1.0  # degrees from straight behind to the door back, at most
SIDES = 90.0, 270.0  # degrees: where a new room has another door if its plan lacks one


@dataclass(frozen=True, slots=True)
class _Passage:
    """A door that the player went through."""

    x: float  # of the door [m]
    z: float
    room: int  # behind it


@dataclass(frozen=True, slots=True)
class _Room:
    """A room but for what is painted."""

    prompt: str  # in force when it was left
    seed: int
    before: int | None = None  # number of the room behind the door back; None: the first room
    # where the player was last, before the rooms behind it
    left: CameraPose = field(default_factory=CameraPose)
    passages: tuple[_Passage, ...] = ()

    def __post_init__(self) -> None:
        check_prompt(self.prompt)
        check_pose(self.left)
        if not 0 <= self.seed <= MAX_SEED:
            raise ValueError(f"seed {self.seed}")


@dataclass(frozen=True, slots=True)
class _ParkedRooms:
    """Parked rooms but for what is painted in them."""

    here: int
    rooms: tuple[_Room, ...]

    def __post_init__(self) -> None:
        numbers = range(len(self.rooms))
        leads = [door.room for room in self.rooms for door in room.passages]
        before = [room.before for room in self.rooms[1:]]
        if self.here not in numbers or not all(one in numbers for one in leads):
            raise ValueError(f"doors lead to rooms {leads} of {len(self.rooms)}")
        if not all(one is not None and 0 <= one < n for n, one in enumerate(before, 1)):
            raise ValueError(f"doors lead back to rooms {before}")


class RoomParts(NamedTuple):
    """The owners of what a room is made of."""

    painting: PaintingInventor
    editor: Editor | None
    viewpoints: Viewpoints
    memory: BlockMemory

    def snapshot(self) -> dict[str, WorldState]:
        """Return the room as it is painted, placed and seen from elsewhere, part by part."""
        owners = {AROUND: self.painting, EDITS: self.editor, ELSEWHERE: self.viewpoints}
        return {part: owner.snapshot() for part, owner in owners.items() if owner is not None}

    def reading(self, state: WorldState) -> list[Callable[[], None]]:
        """Check the parts of a state; return what restores them. Old states lack some.

        Raises:
            ValueError: one is invalid.
        """
        there = parts_of(state)
        restores: list[Callable[[], None]] = []
        if AROUND in there:
            restores.append(self.painting.reading(part_of(state, AROUND)))
        if self.editor and EDITS in there:
            restores.append(self.editor.reading(part_of(state, EDITS), self.memory.cache))
        if ELSEWHERE in there:
            restores.append(self.viewpoints.reading(part_of(state, ELSEWHERE)))
        return restores


class Rooms:
    """Knows the rooms behind doors, and takes the player there.

    door = rooms.door_at(pose)
    prompt, pose, view = rooms.enter(door, pose, prompt)
    """

    def __init__(self, parts: RoomParts, ground: WalkableGround) -> None:
        self.parts, self._ground = parts, ground
        self.begin("", 0)

    def begin(self, prompt: str, seed: int) -> None:
        """Begin in the only room."""
        self._here = 0
        self._rooms = [_Room(prompt, seed)]
        self._parked: dict[int, WorldState] = {}  # by the numbers of rooms

    def door_at(self, pose: CameraPose) -> Door | None:
        """Return the door that the player looks at from near by; None: there is none."""
        is_full = len(self._rooms) >= MOST_ROOMS
        doors = (door for door in self._doors if door.leads_to or not is_full)
        found = [(aside, door) for door in doors if (aside := self._aside(door, pose)) <= ASIDE]
        return min(found, key=lambda one: one[0], default=(0.0, None))[1]

    def around(self, pose: CameraPose, prompt: str) -> GroundPlan | None:
        """Return the room as it is seen from a pose, from above; None: there is no plan yet."""
        scenery = self._ground.scenery
        if scenery is None:
            return None
        names, number = [place_name(prompt)], self._rooms[self._here].before
        while number is not None:
            names.append(place_name(self._rooms[number].prompt))
            number = self._rooms[number].before
        ground = scenery.ground_near(pose.x, pose.z)
        doors, rooms = tuple(self._doors), tuple(reversed(names))
        return replace(ground, doors=doors, door=self.door_at(pose), rooms=rooms)

    def enter(self, door: Door, pose: CameraPose, prompt: str) -> tuple[str, CameraPose, Tensor]:
        """Go through a door.

        Args:
            door: one of this room.
            pose: of the player.
            prompt: in force.

        Returns:
            Description, pose and view, latents [1, C, h, w], in the room behind it.
        """
        painting, lattice = self.parts.painting, self.parts.painting.imagination.lattice
        there = self._behind(door)
        returns = there is not None and there == self._rooms[self._here].before
        if there is None:
            there = self._new_room(door, prompt)
        self._park(prompt, self._rooms[self._here].left if returns else pose)
        self._unpark(there)
        room, arrival = self._rooms[there], CameraPose()
        if returns:  # the player turns round in the door
            arrival = replace(room.left, yaw=(room.left.yaw + 180.0) % 360.0, pitch=0.0)
        view = lattice.nearest(arrival)
        with painting.thread.awaited():
            painting.begin_view(view, room.prompt, self.parts.memory)
        latents = painting.take_view(self.parts.memory)
        return room.prompt, replace(view, x=arrival.x, z=arrival.z), latents

    @property
    def _doors(self) -> list[Door]:
        doors = [Door(*one) for one in self._ground.doors]
        return [
            replace(door, leads_to="" if there is None else place_name(self._rooms[there].prompt))
            for door, there in zip(doors, map(self._behind, doors), strict=True)
        ]

    def _aside(self, door: Door, pose: CameraPose) -> float:
        """Return how far a door is from the middle of a view [degrees]; 360: it is too far away."""
        x, z = door.x - pose.x, door.z - pose.z
        near = NEAR
        if not self._ground.is_open:  # the way may end before the door
            near = min(max(NEAR, hypot(door.x, door.z) - FARTHEST_WALK + SPARE), REACH)
        if hypot(x, z) > near:
            return 360.0
        return abs(yaw_difference(degrees(atan2(x, z)), pose.yaw))

    def _behind(self, door: Door) -> int | None:
        """Return the number of the room behind a door; None: the player was never there."""
        here = self._rooms[self._here]
        is_behind = abs(yaw_difference(degrees(atan2(door.x, door.z)), BACK)) <= BEHIND
        if is_behind and here.before is not None:
            return here.before
        far = ((hypot(one.x - door.x, one.z - door.z), one.room) for one in here.passages)
        distance, room = min(far, default=(SAME, 0))
        return room if distance < SAME else None

    def _new_room(self, door: Door, prompt: str) -> int:
        """Invent the room behind a door, and return its number."""
        here, number = self._rooms[self._here], len(self._rooms)
        drawn = f"{here.seed} {round(door.x)} {round(door.z)}"
        names = [place_name(prompt)]
        if here.before is not None:
            names.append(place_name(self._rooms[here.before].prompt))
        caption = caption_behind(door.kind, prompt, self.parts.painting.words, drawn, names)
        seed = (here.seed * 31 + number) % MAX_SEED
        passages = (*here.passages, _Passage(door.x, door.z, number))
        self._rooms[self._here] = replace(here, passages=passages)
        self._rooms.append(_Room(caption, seed, self._here))
        return number

    def _park(self, prompt: str, left: CameraPose) -> None:
        """Leave the present room."""
        painting, editor, viewpoints, memory = self.parts
        room = self._rooms[self._here]
        self._rooms[self._here] = replace(room, prompt=prompt, left=left)
        if not keeps_places(memory.policy.setting.policy):  # else seeds alone would be a memory
            self._parked = {}
            self._rooms = [
                replace(one, seed=(one.seed * 31 + MAX_SEED // 2) % MAX_SEED) for one in self._rooms
            ]
            return
        painting.drop_view()
        viewpoints.drop_view()
        painting.follow(memory, painting.imagination.lattice.nearest(left))
        if editor is not None:
            editor.drop(history=True)
        self._parked[self._here] = joined(self.parts.snapshot(), {})

    def _unpark(self, number: int) -> None:
        """Be in a room that is not the present one."""
        painting, editor, viewpoints, memory = self.parts
        room, state = self._rooms[number], self._parked.pop(number, None)
        self._here = number
        memory.begin(memory.policy.setting, memory.made)
        is_new = room.before is not None
        painting.begin(room.seed, (BACK, SIDES[room.seed % 2]) if is_new else ())
        viewpoints.begin()
        if editor is not None:
            editor.begin(anew=state is None)
        for restore in self.parts.reading(state) if state else ():
            restore()
        painting.begin_memory()
        self._keep_to_budget()

    def _keep_to_budget(self) -> None:
        """Have the farthest rooms lose their viewpoints if all take too much."""
        sizes = {number: part_of(one, ELSEWHERE).bytes for number, one in self._parked.items()}
        for number in sorted(sizes, key=self._doors_between, reverse=True):
            if sum(sizes.values()) <= BUDGET:
                break
            parked, sizes[number] = self._parked[number], 0
            parts = {part: part_of(parked, part) for part in parts_of(parked) if part != ELSEWHERE}
            self._parked[number] = joined(parts, {})

    def _doors_between(self, number: int) -> int:
        """Return how many doors lie between a room and the present one."""
        ways = [self._way_from(one) for one in (number, self._here)]
        shared = len(set(ways[0]) & set(ways[1]))
        return len(ways[0]) + len(ways[1]) - 2 * shared

    def _way_from(self, number: int) -> Sequence[int]:
        """Return a room and those on the way back to the first one."""
        way, before = [number], self._rooms[number].before
        while before is not None:
            way.append(before)
            before = self._rooms[before].before
        return way

    # Snapshots

    def snapshot(self) -> WorldState:
        """Return all rooms, but of the present one what others keep."""
        parts = {str(number): state for number, state in self._parked.items()}
        rooms = [asdict(room) for room in self._rooms]
        return joined(parts, {"here": self._here, "rooms": rooms})

    def reading(self, state: WorldState) -> Callable[[], None]:
        """Check a snapshot; return what makes this know what it says.

        Raises:
            ValueError: it is invalid.
        """
        parked: _ParkedRooms = decode(_ParkedRooms, plain(state), "rooms")
        states = {int(part): part_of(state, part) for part in parts_of(state)}
        if not set(states) < set(range(len(parked.rooms))) or parked.here in states:
            raise ValueError(f"rooms {sorted(states)} of {len(parked.rooms)} are parked")
        for one in states.values():
            self.parts.reading(one)

        def restore() -> None:
            self._here, self._rooms, self._parked = parked.here, list(parked.rooms), states

        return restore
