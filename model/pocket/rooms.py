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
from math import atan2, degrees, hypot, inf
from threading import Event
from typing import NamedTuple

from torch import Tensor

from mag_sandbox.controls.camera import CameraPose, check_pose, yaw_difference
from mag_sandbox.files.validation import decode
from mag_sandbox.model.imagination.geometry.obstacles import FARTHEST_WALK
from mag_sandbox.model.imagination.objects import PlacedObject, check_objects
from mag_sandbox.model.imagination.rules.doors import BACK, NO_DOORS, RoomDoors
from mag_sandbox.model.memory import keeps_places
from mag_sandbox.model.parking import joined, part_of, parts_of, plain
from mag_sandbox.model.pocket.block_memory import BlockMemory
from mag_sandbox.model.pocket.editing import Editor
from mag_sandbox.model.pocket.painting.painting import PaintingInventor
from mag_sandbox.model.pocket.walks.viewpoints import Viewpoints
from mag_sandbox.model.pocket.walks.walking import WalkableGround
from mag_sandbox.model.world import MIB, Door, GroundPlan, WorldState
from mag_sandbox.scenes.rooms import caption_behind, place_name
from mag_sandbox.scenes.scene import MAX_SEED, check_prompt

AROUND, EDITS, ELSEWHERE = "around", "edits", "viewpoints"  # parts of a room
BUDGET = 32 * MIB  # of the viewpoints of all parked rooms
MOST_ROOMS = 100
NEAR = 2.6  # metres from a door, within which the player can go through: one in a corner, too
REACH = 6.0  # metres, likewise, of doors that the way does not lead up to
SPARE = 0.5  # metres from the end of the way to a door
BESIDE = 1.0  # metres from a wide door: 0.5 that a walker keeps, and where no viewpoint fits in
IN_SIGHT = 6.0  # metres from a door, within which a walker has the room behind it begun
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

    def __post_init__(self) -> None:
        check_pose(CameraPose(x=self.x, z=self.z))


@dataclass(frozen=True, slots=True)
class _Room:
    """A room without its painted views."""

    prompt: str  # in force when it was left
    seed: int
    before: int | None = None  # number of the room behind the door back; None: the first room
    # where the player was last, before the rooms behind it
    left: CameraPose = field(default_factory=CameraPose)
    passages: tuple[_Passage, ...] = ()
    back: PlacedObject | None = None  # the door back, as it looks from the other side

    def __post_init__(self) -> None:
        check_prompt(self.prompt)
        check_pose(self.left)
        if not 0 <= self.seed <= MAX_SEED:
            raise ValueError(f"seed {self.seed}")


@dataclass(frozen=True, slots=True)
class _ParkedRooms:
    """Parked rooms without their painted views."""

    here: int
    rooms: tuple[_Room, ...]

    def __post_init__(self) -> None:
        numbers = range(min(len(self.rooms), MOST_ROOMS))
        leads = [door.room for room in self.rooms for door in room.passages]
        if len(numbers) < len(self.rooms) or len(leads) >= len(self.rooms):  # one opens each
            raise ValueError(f"{len(leads)} doors lead to {len(self.rooms)} rooms")
        if self.here not in numbers or not all(one in numbers for one in leads):
            raise ValueError(f"doors lead to rooms {leads} of {len(self.rooms)}")
        first, *before = (room.before for room in self.rooms)
        fits = all(one is not None and 0 <= one < n for n, one in enumerate(before, 1))
        if first is not None or not fits:  # the way back ends in the first room
            raise ValueError(f"doors lead back to rooms {(first, *before)}")


@dataclass(frozen=True, slots=True)
class _RoomAhead:
    """A new room that is begun before the player enters it."""

    door: Door
    inside: str  # description of the room where the door is
    room: _Room
    painting: PaintingInventor
    given_up: Event


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

    def read_snapshot(self, state: WorldState) -> list[Callable[[], None]]:
        """Check the parts of a state; return functions that restore them. Old states lack some."""
        there = parts_of(state)
        restores: list[Callable[[], None]] = []
        if AROUND in there:
            restores.append(self.painting.read_snapshot(part_of(state, AROUND)))
        if self.editor and EDITS in there:
            restores.append(self.editor.read_snapshot(part_of(state, EDITS), self.memory.cache))
        if ELSEWHERE in there:
            restores.append(self.viewpoints.read_snapshot(part_of(state, ELSEWHERE)))
        return restores


class Rooms:
    """Knows the rooms behind doors, and takes the player there.

    rooms.look_ahead(pose, prompt, rests=False)
    door = rooms.door_at(pose)
    prompt, pose, view = rooms.enter(door, pose, prompt)
    """

    _ahead: _RoomAhead | None = None

    def __init__(self, parts: RoomParts, ground: WalkableGround) -> None:
        self.parts, self._ground = parts, ground
        self.begin("", 0)

    def begin(self, prompt: str, seed: int) -> None:
        """Begin in the only room."""
        self._here = 0
        self._rooms = [_Room(prompt, seed)]
        self._parked: dict[int, WorldState] = {}  # by the numbers of rooms
        self._give_up_ahead()

    def door_at(self, pose: CameraPose) -> Door | None:
        """Return the door that the player looks at from near by; None: there is none."""
        doors = [door for door in self._doors if door.leads_to or self._may_open]
        found = [door for door in doors if _distance(door, pose) <= self._reach(door)]
        return min(_in_view(found, pose), key=lambda one: _aside(one, pose), default=None)

    def around(self, pose: CameraPose, prompt: str) -> GroundPlan | None:
        """Return the room as it is seen from a pose, from above; None: there is no plan yet."""
        scenery = self._ground.scenery
        if scenery is None:
            return None
        names, number = [self._name(prompt)], self._rooms[self._here].before
        while number is not None:
            names.append(self._name(self._rooms[number].prompt))
            number = self._rooms[number].before
        ground = scenery.ground_near(pose.x, pose.z)
        doors, rooms = tuple(self._doors), tuple(reversed(names))
        door = self.door_at(pose)
        return replace(ground, doors=doors, door=door, rooms=rooms, room=self._here)

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
        there, ahead = self._behind(door), self._ahead
        returns = there is not None and there == self._rooms[self._here].before
        if there is None:
            there = self._open(door, self._room_behind(door, prompt))
        self._park(prompt, self._rooms[self._here].left if returns else pose)
        self._unpark(there)
        room, arrival = self._rooms[there], CameraPose()
        if returns:  # the player turns round in the door
            arrival = replace(room.left, yaw=(room.left.yaw + 180.0) % 360.0, pitch=0.0)
        view = lattice.nearest(arrival)
        if ahead is not None and ahead.room == room:
            painting.enter(ahead.painting)
            self._ahead = None
        else:
            with painting.thread.awaited():
                painting.begin_view(view, room.prompt, self.parts.memory)
        self._give_up_ahead()
        latents = painting.take_view(self.parts.memory)
        return room.prompt, replace(view, x=arrival.x, z=arrival.z), latents

    def look_ahead(self, pose: CameraPose, prompt: str, *, rests: bool) -> None:
        """Begin the room behind the next door while there is nothing else to paint.

        Whether it is there in time makes no difference but to the wait. What is of no use any more
        is given up.

        Args:
            pose: of the player.
            prompt: in force.
            rests: whether the player does; else doors that are far away do not count.
        """
        door, ahead, painting = self._next_door(pose, rests), self._ahead, self.parts.painting
        if ahead is not None and (ahead.door, ahead.inside) == (door, prompt):
            return
        if ahead is not None and door is None and ahead.painting.is_ready:
            return
        self._give_up_ahead()
        if door is not None:
            room, view = self._room_behind(door, prompt), painting.imagination.lattice.nearest
            begun = painting.room_ahead(room.seed, _doors_of(room), view(CameraPose()), room.prompt)
            self._ahead = _RoomAhead(door, prompt, room, *begun)

    def _next_door(self, pose: CameraPose, rests: bool) -> Door | None:
        """Return the nearest door in view, if no one knows what lies behind it."""
        if not self._may_open or not keeps_places(self.parts.memory.policy.setting.policy):
            return None
        doors = _in_view(self._doors, pose)
        door = min(doors, key=lambda one: _distance(one, pose), default=None)
        if door is None or door.leads_to or not (rests or _distance(door, pose) <= IN_SIGHT):
            return None
        return door

    def _give_up_ahead(self) -> None:
        if self._ahead is not None:
            self._ahead.given_up.set()
            self._ahead = None

    @property
    def _doors(self) -> list[Door]:
        return [
            door if there is None
            else replace(door, leads_to=self._name(self._rooms[there].prompt))
            for door in self._ground.doors
            for there in [self._behind(door)]
        ]  # fmt: skip

    @property
    def _may_open(self) -> bool:
        return len(self._rooms) < MOST_ROOMS

    def _reach(self, door: Door) -> float:
        """Return how near the player must be to go through a door [m]."""
        near = max(NEAR, door.width / 2 + BESIDE)  # houses stop a walker before they are all around
        if self._ground.apart < inf:
            return near
        # the way may end before the door
        return min(max(near, hypot(door.x, door.z) - FARTHEST_WALK + SPARE), max(near, REACH))

    def _behind(self, door: Door) -> int | None:
        """Return the number of the room behind a door; None: the player was never there."""
        here = self._rooms[self._here]
        is_behind = abs(yaw_difference(degrees(atan2(door.x, door.z)), BACK)) <= BEHIND
        if is_behind and here.before is not None:
            return here.before
        far = ((hypot(one.x - door.x, one.z - door.z), one.room) for one in here.passages)
        distance, room = min(far, default=(SAME, 0))
        return room if distance < SAME else None

    def _name(self, prompt: str) -> str:
        return place_name(prompt, self.parts.painting.words)

    def _room_behind(self, door: Door, prompt: str) -> _Room:
        """Invent the room behind a door where the player never was."""
        here = self._rooms[self._here]
        drawn = f"{here.seed} {round(door.x)} {round(door.z)}"
        names = [self._name(prompt)]
        if here.before is not None:
            names.append(self._name(self._rooms[here.before].prompt))
        caption = caption_behind(door.kind, prompt, self.parts.painting.words, drawn, names)
        seed = (here.seed * 31 + len(self._rooms)) % MAX_SEED
        return _Room(caption, seed, self._here, back=self._ground.doors.get(door))

    def _open(self, door: Door, room: _Room) -> int:
        """Have a new room behind a door, and return its number."""
        here, number = self._rooms[self._here], len(self._rooms)
        passages = (*here.passages, _Passage(door.x, door.z, number))
        self._rooms[self._here] = replace(here, passages=passages)
        self._rooms.append(room)
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
        painting, editor, viewpoints, memory = self.parts
        room, state = self._rooms[number], self._parked.pop(number, None)
        self._here = number
        memory.begin(memory.policy.setting, memory.made)
        painting.begin(room.seed, _doors_of(room))
        viewpoints.begin()
        if editor is not None:
            editor.begin(anew=state is None)
        for restore in self.parts.read_snapshot(state) if state else ():
            restore()
        painting.begin_memory()
        viewpoints.walk.for_good = frozenset(viewpoints.kept)  # memory begins anew
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

    def read_snapshot(self, state: WorldState) -> Callable[[], None]:
        """Check a snapshot; return a function that restores it, or raise ValueError."""
        parked: _ParkedRooms = decode(_ParkedRooms, plain(state), "rooms")
        kinds = self.parts.painting.imagination.config.looks
        check_objects([room.back for room in parked.rooms if room.back], kinds)
        states = {int(part): part_of(state, part) for part in parts_of(state)}
        if not set(states) < set(range(len(parked.rooms))) or parked.here in states:
            raise ValueError(f"rooms {sorted(states)} of {len(parked.rooms)} are parked")
        for one in states.values():
            self.parts.read_snapshot(one)

        def restore() -> None:
            self._here, self._rooms, self._parked = parked.here, list(parked.rooms), states

        return restore


def _doors_of(room: _Room) -> RoomDoors:
    if room.before is None:
        return NO_DOORS
    return RoomDoors((BACK, SIDES[room.seed % 2]), room.back)


def _in_view(doors: Sequence[Door], pose: CameraPose) -> list[Door]:
    return [door for door in doors if _aside(door, pose) <= ASIDE]


def _aside(door: Door, pose: CameraPose) -> float:
    """Return how far a door is from the middle of a view [degrees]."""
    yaw = degrees(atan2(door.x - pose.x, door.z - pose.z))
    return abs(yaw_difference(yaw, pose.yaw))


def _distance(door: Door, pose: CameraPose) -> float:
    """Return how far away a door is [m]."""
    return hypot(door.x - pose.x, door.z - pose.z)
