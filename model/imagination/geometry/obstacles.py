"""Where a walker can go: around things, beside water, and within the walls of a room."""

from collections.abc import Callable, Collection, Sequence
from functools import partial
from itertools import pairwise
from math import atan2, cos, degrees, hypot, inf, radians, sin, tan
from typing import NamedTuple

import numpy as np

from mag_sandbox.controls.camera import FARTHEST, POSITION_RESOLUTION, Position
from mag_sandbox.model.imagination.geometry.bodies import (
    FROM_THINGS,
    NEAREST,
    PlacedBody,
    Side,
    ends_of,
    ground_distance,
)
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.world import FROM_WALLS, FROM_WATER, SEEN_FROM, SQUEEZE, WADING, GroundWater

FARTHEST_WALK = SEEN_FROM  # from the viewpoint of the plan: beyond, its pixels are too large
SMALL = 1.5  # metres: half as wide things are are walked round if met head-on
NARROW = 0.7  # cosine between the directions in which two things push a walker who is between them
LEAST_GAIN = 0.2  # share of a step; a walker who gains less is stuck
OUT_STEP, FARTHEST_OUT, OUT_WAYS = 0.1, 8.0, 32  # places beside things: metres, and around
_ANGLES = np.linspace(0.0, 2 * np.pi, 24, endpoint=False)
_ROUND = np.stack((np.cos(_ANGLES), np.sin(_ANGLES)), axis=1)  # a circle
_BAND = np.array(((-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)))
_TICK = 1 / POSITION_RESOLUTION  # metres
_SLIDES = 4  # along the things in the way, one after the other


class Waters(NamedTuple):
    """Lakes, the sea and the like, a row each: ellipses; rivers and the like are endless across."""

    told: list[PlacedObject]
    middles: np.ndarray  # float64 [waters, 2]: x and z [m]
    yaws: np.ndarray  # in which direction they lie [radians]
    halves: np.ndarray  # float64 [waters, 2]: half their size across and along that direction [m]

    @classmethod
    def of(cls, bodies: Sequence[PlacedBody], kinds: Collection[str]) -> "Waters":
        """Return those of some bodies that are of some kinds."""
        wet = [
            body for body in bodies
            if body.told.kind in kinds and body.where in ("flat", "course") and body.distance < inf
        ]  # fmt: skip
        yaws = np.radians([body.told.yaw for body in wet])
        ends = np.array(
            [[min(ground_distance(end), FARTHEST) for end in ends_of(body.told)] for body in wet]
        ).reshape(-1, 2)
        away, deep = ends.mean(1), np.ptp(ends, axis=1) / 2
        wide = [
            inf if body.where == "course" else body.distance * tan(radians(body.told.width) / 2)
            for body in wet
        ]
        viewpoints = np.array([(body.x, body.z) for body in wet]).reshape(-1, 2)
        return cls(
            [body.told for body in wet],
            np.stack((away * np.sin(yaws), away * np.cos(yaws)), axis=1) + viewpoints,
            yaws,
            np.stack((wide, deep.clip(NEAREST)), axis=1),
        )

    def room(self, x: float, z: float) -> np.ndarray:
        """Return the room that each of them leaves a walker [m]."""
        share, slope = self._shores(x, z)
        room: np.ndarray = (share - 1) / np.hypot(*slope.T).clip(1e-6) - FROM_WATER
        return room  # to first order

    def kind_at(self, x: float, z: float) -> str:
        """Return the kind of water in which a walker stands, or ""."""
        rooms = zip(self.told, self.room(x, z), strict=True)
        return next((told.kind for told, room in rooms if room < -FROM_WATER), "")

    def away(self, x: float, z: float, number: int) -> np.ndarray:
        """Return the direction in which one of them leaves a walker more room."""
        across, along = self._shores(x, z)[1][number]
        sine, cosine = np.sin(self.yaws[number]), np.cos(self.yaws[number])
        return np.array((across * cosine + along * sine, along * cosine - across * sine))

    def from_above(self) -> list[GroundWater]:
        """Return their shores; those of endless ones end far away."""
        found = []
        for told, middle, yaw, (wide, deep) in zip(
            self.told, self.middles, self.yaws, self.halves, strict=True
        ):
            own = _ROUND * (wide, deep) if wide < inf else _BAND * (FARTHEST, deep)
            sine, cosine = np.sin(yaw), np.cos(yaw)
            turned = own @ ((cosine, -sine), (sine, cosine)) + middle
            shore = tuple((x, z) for x, z in turned.round(2).tolist())
            found.append(GroundWater(told.kind, shore, told.color))
        return found

    def _shores(self, x: float, z: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the share of the way from middle to shore, and its slope, as they lie [1/m]."""
        right, ahead = ((x, z) - self.middles).T
        sine, cosine = np.sin(self.yaws), np.cos(self.yaws)
        own = np.stack((right * cosine - ahead * sine, right * sine + ahead * cosine), axis=1)
        share = np.hypot(*(own / self.halves).T).clip(1e-6)
        return share, own / self.halves**2 / share[:, None]


class _Leeway(NamedTuple):
    """How much room a walker has somewhere."""

    free: float  # metres, more than there must be
    away: np.ndarray  # the direction in which there is more
    what: str = ""  # takes the rest: a kind of thing, or "wall"; "": it is too far from viewpoints
    is_small: bool = False  # whether that can be walked round in a few steps
    number: int = -1  # of the obstacle among things, then waters; -1: it is none of these


class Obstacle(NamedTuple):
    """The obstacle that keeps a walker from the end of a step."""

    what: str  # "wall", a kind, or "" without a thing
    top: float  # pitch at which it ends [degrees]: walls, no viewpoint near by 90, waters -90
    yaw: float  # at which it is [degrees]


class Obstacles:
    """The things in a walker's way."""

    def __init__(self, sides: Sequence[Side], bodies: Sequence[PlacedBody], waters: Waters) -> None:
        self._sides, self._waters = sides, waters
        solid = [body for body in bodies if body.is_solid]
        self._places = np.array([body.place for body in solid]).reshape(-1, 2)
        self._radii = np.array([body.firm_half for body in solid])
        self._halves = np.array([body.in_the_way for body in solid])
        self._spares = np.clip(self._halves + FROM_THINGS - self._radii, 0.0, SQUEEZE)
        self._kinds = [body.told.kind for body in solid]
        self._tops = [body.distance * tan(radians(ends_of(body.told)[1])) for body in solid]

    def way(self, start: Position, end: Position, viewpoints: Sequence[Position]) -> Position:
        """Return where a step ends [m]; see `Scenery.way`."""
        room_at = self._leeway_from(start, viewpoints)
        there, met = _slide(room_at, start, end)
        step, got = np.subtract(end, start), np.subtract(there, start)
        if got @ step > LEAST_GAIN * (step @ step) or {"", "wall"} & {one.what for one in met}:
            return there
        between = any(one.away @ other.away < NARROW for one, other in pairwise(met))
        if between:
            room_at = self._leeway_from(start, viewpoints, squeezes=True)
            there, _ = _slide(room_at, start, end)
        elif met and met[0].is_small:
            there, _ = _slide(room_at, start, _aside(start, end, met[0].away))
        return there

    def way_out(self, x: float, z: float, viewpoints: Sequence[Position]) -> Position:
        """Return the nearest place [m] beside things and waters; see `Scenery.way_out`."""
        if not self._is_inside(x, z):
            return x, z
        around = np.array([
            (x + far * sin(yaw), z + far * cos(yaw))
            for far in np.arange(OUT_STEP, FARTHEST_OUT, OUT_STEP).tolist()
            for yaw in np.linspace(0.0, 2 * np.pi, OUT_WAYS, endpoint=False).tolist()
        ])  # fmt: skip
        places: list[Position] = [(x, z) for x, z in (np.rint(around / _TICK) * _TICK).tolist()]
        outside = [one for one in places if not self._is_inside(*one)]
        free = (one for one in outside if self._room(*one, viewpoints).min() >= 0.0)
        return next(free, outside[0] if outside else (x, z))

    def _is_inside(self, x: float, z: float) -> bool:
        apart = np.hypot(*((x, z) - self._places).T)
        wet = self._waters.room(x, z) < -WADING
        return bool((apart < self._radii).any() or wet.any())

    def _leeway_from(
        self, start: Position, viewpoints: Sequence[Position], *, squeezes: bool = False
    ) -> Callable[[float, float], _Leeway]:
        """Return the function that measures the room for a walker who comes from a place [m].

        Where there is too little room already, the walker must keep only that.
        """
        room_at = partial(self._room, viewpoints=viewpoints, squeezes=squeezes)
        least = np.minimum(room_at(*start), 0.0)
        return lambda x, z: self.leeway(x, z, viewpoints, room_at(x, z) - least)

    def _room(
        self, x: float, z: float, viewpoints: Sequence[Position], *, squeezes: bool = False
    ) -> np.ndarray:
        """Return the room of a walker beside everything [m].

        In this order: to the nearest viewpoint and to the end of the world, sides, things, waters.
        """
        apart = [hypot(at_x - x, at_z - z) for at_x, at_z in viewpoints]
        walls = [
            side.away
            - FROM_WALLS
            - x * sin(radians(side.told.yaw))
            - z * cos(radians(side.told.yaw))
            for side in self._sides
        ]
        near = FARTHEST_WALK - min(apart, default=0.0), FARTHEST - FARTHEST_WALK - hypot(x, z)
        things = np.hypot(*((x, z) - self._places).T) - FROM_THINGS - self._halves
        waters = self._waters.room(x, z)
        if squeezes:
            things, waters = things + self._spares, waters + WADING
        return np.concatenate((near, walls, things, waters))

    def leeway(
        self, x: float, z: float, viewpoints: Sequence[Position], room: np.ndarray | None = None
    ) -> _Leeway:
        """Return the least room of all; see `_room`, which is used if None is given."""
        room = self._room(x, z, viewpoints) if room is None else room
        least = int(room.argmin())
        what, away, small = "", np.array((-x, -z)), False
        number = max(least - 2 - len(self._sides), -1)
        if least == 0 and viewpoints:
            nearest = min(viewpoints, key=lambda one: hypot(one[0] - x, one[1] - z))
            away = np.subtract(nearest, (x, z))
        elif least > 1 and number < 0:
            what, away = "wall", -np.array(self._sides[number].line[0])
        elif 0 <= number < len(self._kinds):
            what, away = self._kinds[number], (x, z) - self._places[number]
            small = bool(self._halves[number] <= SMALL)
        elif number >= 0:
            water = number - len(self._kinds)
            what, away = self._waters.told[water].kind, self._waters.away(x, z, water)
        away = away / max(hypot(*away), 1e-9)
        return _Leeway(float(room[least]), away, what, is_small=small, number=number)

    def top(self, number: int, x: float, z: float) -> float:
        """Return the pitch at which the top of an obstacle is seen [degrees]; walls: 90."""
        if not 0 <= number < len(self._kinds):
            return 90.0 if number < 0 else -90.0  # waters are below
        away = hypot(*((x, z) - self._places[number]))
        return degrees(atan2(self._tops[number], away))

    def direction(self, met: _Leeway, x: float, z: float) -> np.ndarray:
        """Return the direction from a place to the obstacle that leaves a walker least room."""
        if not 0 <= met.number < len(self._kinds):
            water = met.number - len(self._kinds)
            return -(met.away if met.number < 0 else self._waters.away(x, z, water))
        direction: np.ndarray = self._places[met.number] - (x, z)
        return direction


def _slide(
    room_at: Callable[[float, float], _Leeway], start: Position, end: Position
) -> tuple[Position, list[_Leeway]]:
    """Return where a step that leaves room ends [m], and what was in its way."""
    met: list[_Leeway] = []
    for _ in range(_SLIDES):
        room = room_at(*end)
        if room.free >= 0.0:
            far = hypot(end[0] - start[0], end[1] - start[1])
            return (end if far > 2 * _TICK else start), met
        met.append(room)
        pushed = end + (_TICK - room.free) * room.away
        x, z = (np.rint(pushed / _TICK) * _TICK).tolist()
        end = x, z
    return start, met


def _aside(start: Position, end: Position, away: np.ndarray) -> Position:
    """Return where a step ends that goes round what it meets, on the side on which it is already.

    `away` points from its middle to the walker; straight ahead, the walker goes round to the right.
    """
    x, z = end[0] - start[0], end[1] - start[1]
    side = -1.0 if x * away[1] - z * away[0] > 0.0 else 1.0
    far = side * hypot(x, z)
    across, along = (np.rint(far * np.array((-away[1], away[0])) / _TICK) * _TICK).tolist()
    return start[0] + across, start[1] + along
