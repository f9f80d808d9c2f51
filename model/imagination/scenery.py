"""The things of a plan in metres, and the plan as it is seen from elsewhere.

A plan tells where things appear. What stands on the ground is as far away as its foot is below the
horizon, what hangs on a wall as far as the wall, and the sides of a room say where walls are. So a
plan can be told again for every viewpoint, and pixels of one view can be found in another.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, partial
from itertools import pairwise
from math import atan, atan2, cos, degrees, hypot, inf, isclose, radians, sin, tan
from typing import NamedTuple

import numpy as np

from mag_sandbox.controls.camera import FARTHEST, POSITION_RESOLUTION, Position, yaw_difference
from mag_sandbox.controls.parallax import EYE, Box, RingGeometry
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.world import (
    FROM_WALLS,
    FROM_WATER,
    SEEN_FROM,
    SQUEEZE,
    WADING,
    Door,
    GroundPlan,
    GroundThing,
    GroundWater,
)
from mag_sandbox.scenes.stances import STANCES, Stance
from mag_sandbox.scenes.things import ANIMALS, DEEP, SHALLOW, STANDS, WATERS

HORIZON_FOOT = 1.2  # degrees; what stands nearer to the horizon is at infinity
WIDEST = 120.0  # degrees; wider things lie all around
STEEPEST = 85.0  # degrees
FLATTEST = 0.1  # degrees that a thing is tall at least
NEAREST = 0.3  # metres; boards are never seen from nearer, and nearer things are not seen
SUPPORTED = 3.0  # degrees between the foot of a thing and the top of what it stands on, at most
BEFORE = 0.01  # metres by which a thing stands before what supports it
FARTHEST_WALK = SEEN_FROM  # from the viewpoint of the plan: beyond, its pixels are too large
PARALLEL = 1e-3  # sine of the angle between walls, below which they do not meet
FROM_THINGS = 0.6  # metres that a walker keeps
FROM_FACES = 0.45  # likewise, beside things as wide: nearer, they fill the view
SMALL = 1.5  # metres: half as wide things are walked round that are met head-on
NARROW = 0.7  # cosine between the directions in which two things push a walker who is between them
LEAST_GAIN = 0.2  # share of a step; a walker who gains less is stuck
OUT_STEP, FARTHEST_OUT, OUT_WAYS = 0.1, 8.0, 32  # places beside things: metres, and around
_ANGLES = np.linspace(0.0, 2 * np.pi, 24, endpoint=False)
_ROUND = np.stack((np.cos(_ANGLES), np.sin(_ANGLES)), axis=1)  # a circle
_BAND = np.array(((-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)))
_TICK = 1 / POSITION_RESOLUTION  # metres
_SLIDES = 4  # along the things in the way, one after the other
WIDEST_TRUNK = 0.3  # metres; half as wide things without a crown are to a walker at least
OVERHEAD = 0.9  # metres above the eyes that a thing reaches whose crown is around a walker's head
CROWN = 0.8  # share of half the width of others
SMALL_ANIMAL = 1.1  # metres, in height and width: such animals make way
FLUTTERING = frozenset(  # birds, bats and ghosts, which do, too; balloons do not
    kind for kind, stance in STANCES.items()
    if stance.where == "sky" and stance.tall and stance.tall < 2.0
)  # fmt: skip
LOWEST = 0.6  # metres; things of lower kinds are stepped over, flowers for one
SIGHT = 24.0  # metres from which on things shrink, and are out of sight within `FADE` metres
FADE = 12.0
LARGE_SIGHT, LEAST_LARGE = 90.0, 6.0  # metres to which large things are seen, and degrees
LEAST_SEEN = 3.0  # degrees; smaller things shrink, too
LEAST_PAINTED = 2.0  # degrees; what shrinks to less is hidden, since it would be painted as a blot
OVER = 1.1  # times as far something is that was drawn over a thing by mistake
FINEST = 5.0  # metres; nearer, things are not painted again
SHOWN_WELL = 20.0  # degrees; nor are planned things that were painted as large as this
NEW_FINEST, LARGE = 2.5, 40.0  # likewise of new things, which come into sight small; degrees
NEW_STEPS = 2  # times that they are painted again until they are twice as near
FIRST_SIGHT = 8.0  # metres to which they are seen from where the scene begins, and farther on


@dataclass(frozen=True, slots=True)
class Side:
    """A side of a room."""

    told: PlacedObject
    away: float  # metres straight ahead of it
    tall: float  # height of the ceiling [m]

    def at(self, yaw: float) -> float:
        """Return the distance at which a ray meets it [m]; inf: it does not."""
        straight = cos(radians(yaw - self.told.yaw))
        return self.away / straight if straight > 1e-3 else inf

    def seen_from(self, x: float, z: float) -> "Side":
        """Return it from another viewpoint [m]."""
        facing = radians(self.told.yaw)
        away = max(self.away - x * sin(facing) - z * cos(facing), NEAREST)
        return self.moved(away, self.tall)

    def moved(self, away: float, tall: float) -> "Side":
        """Return it as far away and as tall as said [m]."""
        low, high = (degrees(atan((one - EYE) / away)) for one in (0.0, tall))
        told = replace(self.told, pitch=(low + high) / 2, height=high - low)
        return Side(told, away, tall)


@dataclass(frozen=True, slots=True)
class _Body:
    """A thing somewhere."""

    told: PlacedObject
    where: str  # wall, flat, course or upright
    distance: float  # metres; inf: it is seen alike from everywhere
    x: float = 0.0  # of the viewpoint from which it is told [m]
    z: float = 0.0
    sight: float = inf  # metres from which on it shrinks
    is_new: bool = False  # whether the plan of the first viewpoint lacks it
    usually: float = 0.0  # how tall things of its kind are that stand on the floor [m]; inf: any

    @property
    def is_solid(self) -> bool:
        """Whether it stands on the ground in a walker's way, and makes none for the walker."""
        low, _ = _ends(self.told)
        stands = low < (0.0 if self.usually else -HORIZON_FOOT)
        if not stands or self.where != "upright" or self.distance == inf:
            return False
        kind, tall = self.told.kind, self.distance * _tangents(self.told)
        if kind in FLUTTERING or (kind in ANIMALS and max(tall, 2 * self.half) < SMALL_ANIMAL):
            return False
        return max(tall, self.usually if self.usually < inf else 0.0) > LOWEST

    @property
    def longer(self) -> float:
        """Its height or width, whichever is more [m]."""
        half = tan(radians(min(self.told.width, WIDEST)) / 2)
        return self.distance * max(_tangents(self.told), 2 * half)

    @property
    def in_sight(self) -> float:
        """How far away it is large enough to be painted [m]."""
        return min(SIGHT, self.longer / tan(radians(LEAST_SEEN)))

    @property
    def large_from(self) -> float:
        """How far away it still appears large [m]."""
        return min(LARGE_SIGHT, self.longer / tan(radians(LEAST_LARGE)))

    @property
    def in_the_way(self) -> float:
        """How near to its middle a walker may come [m]: crowns are as high as heads."""
        top = self.distance * tan(radians(_ends(self.told)[1]))
        trunk = CROWN * self.half if top > OVERHEAD else min(self.half, WIDEST_TRUNK)
        return max(trunk, self.half + FROM_FACES - FROM_THINGS)

    @property
    def clearance(self) -> float:
        """How far from its middle a walker stays who has room [m]; 0: it stops none."""
        return self.in_the_way + FROM_THINGS if self.is_solid else 0.0

    @property
    def half(self) -> float:
        """Half its width [m]."""
        return self.distance * tan(radians(self.told.width) / 2)

    @property
    def place(self) -> tuple[float, float]:
        """Position of its middle [m]."""
        x, z = place_at(self.told.yaw, self.distance)
        return x + self.x, z + self.z

    @property
    def as_door(self) -> Door:
        """It as what leads to another room."""
        half, top = min(self.told.width, WIDEST) / 2, _ends(self.told)[1]
        width, height = 2 * tan(radians(half)), tan(radians(top))
        x, z = self.place
        kind, away = self.told.kind, self.distance
        return Door(kind, x, z, width=away * width, height=EYE + away * height)

    def seen_from(self, x: float, z: float, size: float | None = None) -> "_Body | None":
        """Return it from another viewpoint [m]; None: it is at the viewer's feet, or out of sight.

        Its size there, see `_size`, is computed unless given.
        """
        if self.distance == inf:
            return self
        if self.where == "course":
            return self._course_from(x, z)
        yaw = radians(self.told.yaw)
        ahead_x = self.distance * sin(yaw) - (x - self.x)
        ahead_z = self.distance * cos(yaw) - (z - self.z)
        now = hypot(ahead_x, ahead_z)
        if size is None:
            size = float(_size(now, self.sight, self.longer, self.is_new, hypot(x, z)))
        if now < NEAREST or not size:
            return None
        half = self.distance * tan(radians(min(self.told.width, WIDEST)) / 2) * size
        low, high = _ends(self.told)
        if self.where == "flat":
            far, near = (EYE / tan(radians(-one)) for one in (high, low))
            deep = (far - near) / 2 * size
            ends = [-degrees(atan(EYE / max(one, NEAREST))) for one in (now - deep, now + deep)]
        else:
            foot, top = (self.distance * tan(radians(one)) for one in (low, high))
            top = foot + (top - foot) * size if size < 1 else top
            ends = [degrees(atan(one / now)) for one in (foot, top)]
        told = PlacedObject(  # of hundreds, for every view: replacing fields takes twice as long
            self.told.kind, degrees(atan2(ahead_x, ahead_z)) % 360, sum(ends) / 2,
            2 * degrees(atan(half / now)), max(ends[1] - ends[0], FLATTEST),
            self.told.color, self.told.mean_color, self.told.variant,
            None if self.told.away is None else now,
        )  # fmt: skip
        return _Body(told, self.where, now, x, z, self.sight, self.is_new, self.usually)

    def _course_from(self, x: float, z: float) -> "_Body":
        """Return an endless thing as seen from another viewpoint [m]."""
        facing = radians(self.told.yaw)
        passed = (x - self.x) * sin(facing) + (z - self.z) * cos(facing)
        near, far = (ground_distance(end) - passed for end in _ends(self.told))
        yaw = self.told.yaw
        if near + far < 0:  # it is behind the viewer now
            near, far, yaw = -far, -near, (yaw + 180) % 360
        low, high = (-degrees(atan(EYE / max(each, NEAREST))) for each in (near, far))
        tall = max(high - low, FLATTEST)
        told = replace(self.told, yaw=yaw, pitch=(low + high) / 2, height=tall)
        return replace(self, told=told, distance=max(near, NEAREST), x=x, z=z)


FAR = Stance("far")


class ToldFrom(NamedTuple):
    """A thing as a viewpoint shows it."""

    told: PlacedObject
    x: float  # of the viewpoint [m]
    z: float


class _Standing(NamedTuple):
    """The things that stand upright at some distance, a row each."""

    numbers: np.ndarray  # int64
    places: np.ndarray  # float64 [things, 2]: x and z of their middles [m]
    halves: np.ndarray  # half as wide as they are [m]
    ends: np.ndarray  # float64 [things, 2]: how high foot and top are above the eyes [m]
    sights: np.ndarray  # see `_Body`
    are_new: np.ndarray  # bool
    firsts: np.ndarray  # how far away they are where they are painted first [m]

    @property
    def longer(self) -> np.ndarray:
        """Their heights or widths, whichever are more [m]."""
        longer: np.ndarray = np.maximum(2 * self.halves, self.ends[:, 1] - self.ends[:, 0])
        return longer

    def only(self, rows: np.ndarray) -> "_Standing":
        """Return some of the rows."""
        return _Standing(*(one[rows] for one in self))

    @classmethod
    def of(cls, bodies: Sequence[_Body]) -> "_Standing":
        """Return those of some bodies, which are numbered from 1 on."""
        there = [
            (number, body)
            for number, body in enumerate(bodies, 1)
            if body.where == "upright" and body.distance < inf
        ]
        away = np.array([body.distance for _, body in there])
        told = [body.told for _, body in there]
        yaws = np.radians([thing.yaw for thing in told])
        widths = np.radians([min(thing.width, WIDEST) for thing in told])
        ends = np.radians([_ends(thing) for thing in told]).reshape(-1, 2)
        viewpoints = np.array([(body.x, body.z) for _, body in there]).reshape(-1, 2)
        return cls(
            np.array([number for number, _ in there], int),
            np.stack((away * np.sin(yaws), away * np.cos(yaws)), axis=1) + viewpoints,
            away * np.tan(widths / 2),
            away[:, None] * np.tan(ends),
            np.array([body.sight for _, body in there]),
            np.array([body.is_new for _, body in there], bool),
            np.array(
                [
                    body.sight * (1 + FADE / SIGHT) if body.is_new else body.distance
                    for _, body in there
                ]
            ),
        )


class _Waters(NamedTuple):
    """Lakes, the sea and the like, a row each: ellipses; what runs on and on is endless across."""

    told: list[PlacedObject]
    middles: np.ndarray  # float64 [waters, 2]: x and z [m]
    yaws: np.ndarray  # in which direction they lie [radians]
    halves: np.ndarray  # float64 [waters, 2]: half their size across and along that direction [m]

    @classmethod
    def of(cls, bodies: Sequence[_Body], kinds: Collection[str]) -> "_Waters":
        """Return those of some bodies that are of some kinds."""
        wet = [
            body for body in bodies
            if body.told.kind in kinds and body.where in ("flat", "course") and body.distance < inf
        ]  # fmt: skip
        yaws = np.radians([body.told.yaw for body in wet])
        ends = np.array(
            [[min(ground_distance(end), FARTHEST) for end in _ends(body.told)] for body in wet]
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
        """Return how much room each of them leaves a walker [m]."""
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
        """Return their shores; those of what runs on and on end far away."""
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


class _Obstacles:
    """The things in a walker's way."""

    def __init__(self, sides: Sequence[Side], bodies: Sequence[_Body], waters: _Waters) -> None:
        self._sides, self._waters = sides, waters
        solid = [body for body in bodies if body.is_solid]
        self._places = np.array([body.place for body in solid]).reshape(-1, 2)
        self._radii = np.array([body.half for body in solid])
        self._halves = np.array([body.in_the_way for body in solid])
        self._spares = np.clip(self._halves + FROM_THINGS - self._radii, 0.0, SQUEEZE)
        self._kinds = [body.told.kind for body in solid]
        self._tops = [body.distance * tan(radians(_ends(body.told)[1])) for body in solid]

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
        """Return what tells how much room there is, for a walker who comes from a place [m].

        What has less room there than it must have, keeps at least that.
        """
        room_at = partial(self._room, viewpoints=viewpoints, squeezes=squeezes)
        least = np.minimum(room_at(*start), 0.0)
        return lambda x, z: self.leeway(x, z, viewpoints, room_at(x, z) - least)

    def _room(
        self, x: float, z: float, viewpoints: Sequence[Position], *, squeezes: bool = False
    ) -> np.ndarray:
        """Return how much room a walker has beside everything [m].

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
        self,
        x: float,
        z: float,
        viewpoints: Sequence[Position],
        room: np.ndarray | None = None,
    ) -> _Leeway:
        """Return the least room of all; see `_room`, which None stands for."""
        room = self._room(x, z, viewpoints) if room is None else room
        least = int(room.argmin())
        what, away, small = "", np.array((-x, -z)), False
        number = max(least - 2 - len(self._sides), -1)
        if least == 0 and viewpoints:
            nearest = min(viewpoints, key=lambda one: hypot(one[0] - x, one[1] - z))
            away = np.subtract(nearest, (x, z))
        elif least > 1 and number < 0:
            what, away = "wall", -np.array(_line(self._sides[number])[0])
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
        """Return the direction in which what takes a walker's room lies from a place."""
        if not 0 <= met.number < len(self._kinds):
            water = met.number - len(self._kinds)
            return -(met.away if met.number < 0 else self._waters.away(x, z, water))
        direction: np.ndarray = self._places[met.number] - (x, z)
        return direction


class Scenery:
    """A plan in metres.

    scenery = Scenery.of(things, {"sofa": Stance("floor", 0.95)}, ("wall", "floor", "ceiling"))
    things = scenery.plan(0.5, 1.0)  # the plan half a metre to the right and one ahead
    """

    def __init__(
        self, behind: Sequence[PlacedObject], sides: Sequence[Side], bodies: Sequence[_Body]
    ) -> None:
        self._behind, self._sides, self._bodies = behind, sides, bodies
        self._standing = _Standing.of(bodies)
        self._waters, self.shallows = _Waters.of(bodies, DEEP), _Waters.of(bodies, SHALLOW)
        self._obstacles = _Obstacles(sides, bodies, self._waters)
        # the way ahead is looked along before every block, and most of it is the same
        self._ways = lru_cache(512)(self._obstacles.way)
        self._finite = np.array([body.distance < inf for body in bodies], bool)
        self._places = np.array(
            [body.place if body.distance < inf else (0.0, 0.0) for body in bodies]
        ).reshape(-1, 2)
        self._sights = np.array([body.sight if body.where != "course" else inf for body in bodies])
        sized = (
            (body.sight, body.longer, body.is_new) if body.distance < inf else (inf, 1.0, False)
            for body in bodies
        )
        self._sized = np.array(list(sized)).reshape(-1, 3).T  # see `_size`
        self._seen = lru_cache(2)(self._seen_from)  # a viewpoint is asked about several times

    @classmethod
    def of(
        cls, things: Sequence[PlacedObject], stances: Mapping[str, Stance], behind: Collection[str]
    ) -> "Scenery":
        """Return the scenery of a plan.

        Args:
            things: from far to near.
            stances: of kinds; others are at infinity.
            behind: kinds of bands all around and of the sides of rooms.
        """
        bands = [thing for thing in things if thing.kind in behind]
        sides = sides_of(bands)
        if any(thing.kind == "near ground" for thing in things):
            stances = {**stances, "star": FAR}
        bodies = _bodies_of((one for one in things if one.kind not in behind), stances, sides)
        sights = (
            max(body.in_sight, body.large_from, body.distance + FARTHEST_WALK) for body in bodies
        )
        seen = [
            body if sides else replace(body, sight=sight)
            for body, sight in zip(bodies, sights, strict=True)
        ]
        return cls(bands, sides, [body for body in seen if not _is_covered(body, seen)])

    @property
    def on_ground(self) -> list[tuple[PlacedObject, float]]:
        """The plan's things that stand or lie on the ground, and how far away each is [m]."""
        return [
            (body.told, body.distance)
            for body in self._bodies
            if not body.is_new
            and body.distance < inf
            and body.where in ("upright", "flat")
            and (
                body.where == "flat" or isclose(body.distance, _on_ground(body.told), rel_tol=0.02)
            )
        ]

    def apart(self, *where: str) -> list[tuple[PlacedObject, float]]:
        """Return things that are "upright" or on a "wall", and how far away each is [m]."""
        return [
            (body.told, body.distance)
            for body in self._bodies
            if body.where in where and body.distance < inf
        ]

    def doors(self, kinds: Collection[str]) -> dict[Door, PlacedObject]:
        """Return things of some kinds that are not too far away, and how the plan tells them."""
        return {
            body.as_door: body.told
            for body in self._bodies
            if body.told.kind in kinds and body.distance < inf
        }

    def appearing(self, things: Collection[PlacedObject], x: float, z: float) -> list[PlacedObject]:
        """Return how some of the plan's things look from another viewpoint [m]."""
        bodies = [body for body in self._bodies if not body.is_new and body.told in things]
        seen = (body.seen_from(x, z) for body in bodies)
        return [body.told for body in seen if body is not None]

    def extended(self, new: Iterable[ToldFrom], stances: Mapping[str, Stance]) -> "Scenery":
        """Return the scenery with new things on the ground, none of them in the plan's water."""
        there = []
        for thing, x, z in new:
            stance = stances.get(thing.kind, FAR)
            body = replace(_body(thing, stance, (), ()), x=x, z=z, is_new=True)
            body = replace(body, sight=body.in_sight)
            dry = stance.where == "water" or (self._waters.room(*body.place) > 0).all()
            if body.distance < inf and dry:
                there.append(body)
        return Scenery(self._behind, self._sides, [*self._bodies, *there])

    def plan(self, x: float, z: float) -> list[PlacedObject]:
        """Return the plan as it is seen from a viewpoint [m], from far to near."""
        return [*self.bands(x, z), *(body.told for _, body in self._seen(x, z))]

    def numbers(self, x: float, z: float, owners: np.ndarray) -> np.ndarray:
        """Return the number of each pixel's thing from a viewpoint [m], 0: none, int32 [H, W].

        Args:
            x: of the viewpoint, to the right.
            z: of the viewpoint, ahead.
            owners: place of each pixel's thing in `plan(x, z)`, -1 where none is,
                int32 [H, W].
        """
        behind = [0] * len(self.bands(x, z))
        numbers = [*behind, *(number for number, _ in self._seen(x, z)), 0]  # last: of owner -1
        shown: np.ndarray = np.array(numbers, np.int32)[owners]
        return shown

    def geometry(self, x: float, z: float, owners: np.ndarray) -> RingGeometry:
        """Return where everything is that a ring shows from a viewpoint [m]; see `numbers`."""
        numbers = self.numbers(x, z, owners)
        distant = [
            number for number, body in self._seen(x, z)
            if body.where == "upright" and body.distance == inf
        ]  # fmt: skip
        away = self.ring_surfaces(x, z, numbers.shape)
        depth = np.where(np.isin(numbers, distant), np.float32(inf), away)
        return RingGeometry(depth, numbers, self.boxes(x, z, owners.shape))

    def at_start(
        self, told: PlacedObject, stance: Stance, x: float, z: float
    ) -> PlacedObject | None:
        """Return a thing as the plan tells it that is told from another viewpoint [m].

        None: it is at the viewer's feet where the plan is seen from.
        """
        sides = [side.seen_from(x, z) for side in self._sides]
        others = [body for _, body in self._seen(x, z)]
        there = _body(told, stance, sides, others).seen_from(-x, -z)
        return there.told if there else None

    def spot_at_start(
        self, told: PlacedObject, x: float, z: float, kind: str | None = None
    ) -> PlacedObject:
        """Return the smallest thing that covers the middle of a box told from a viewpoint [m].

        Where none does, the same box of ground or wall; both as the plan tells them. If a kind is
        given, other things count for nothing.
        """
        there = [
            (body.told.width * body.told.height, number)
            for number, body in self._seen(x, z)
            if kind in (None, body.told.kind)
            and abs(yaw_difference(body.told.yaw, told.yaw)) <= body.told.width / 2
            and abs(body.told.pitch - told.pitch) <= body.told.height / 2
        ]
        if there:
            body = self._bodies[min(there)[1] - 1]
            return (body.seen_from(0.0, 0.0) or body).told if body.is_new else body.told
        yaw, pitch = radians(told.yaw), radians(told.pitch)
        far = float(self.surfaces(x, z, np.array([yaw]), np.array([pitch]))[0, 0])
        if far == inf:
            return told
        x, z = x + far * sin(yaw), z + far * cos(yaw)
        now = max(hypot(x, z), NEAREST)
        return replace(
            told, yaw=degrees(atan2(x, z)) % 360, pitch=degrees(atan(far * tan(pitch) / now)),
            width=told.width * far / now, height=told.height * far / now,
        )  # fmt: skip

    def ground_near(self, x: float, z: float) -> GroundPlan:
        """Return what stands in sight of a viewpoint [m], from above; all that is not new does."""
        if not any(body.is_new for body in self._bodies):
            return self.ground
        standing = self._standing
        are_new = standing.are_new[standing.ends[:, 0] < 0.0].tolist()  # as `ground` has them
        things = (
            one
            for one, is_new in zip(self.ground.things, are_new, strict=True)
            if not is_new or hypot(one.x - x, one.z - z) < SIGHT
        )
        return replace(self.ground, things=tuple(things))

    @cached_property
    def ground(self) -> GroundPlan:
        """The things on the ground, and walls that meet, from above."""
        standing, lines = self._standing, [_line(side) for side in self._sides]
        rows = zip(
            standing.numbers.tolist(), standing.places.tolist(), standing.halves.tolist(),
            standing.ends.tolist(), strict=True,
        )  # fmt: skip
        things = (
            (self._bodies[number - 1], x, z, half)
            for number, (x, z), half, (foot, _) in rows if foot < 0.0
        )  # fmt: skip
        pairs = list(zip(lines, (*lines[1:], *lines[:1]), strict=True))
        meet = all(abs(np.linalg.det([one[0], other[0]])) > PARALLEL for one, other in pairs)
        corners = [
            np.linalg.solve([one[0], other[0]], [one[1], other[1]]) for one, other in pairs if meet
        ]
        return GroundPlan(
            tuple(
                GroundThing(body.told.kind, x, z, half, body.told.color, body.clearance)
                for body, x, z, half in things
            ),
            tuple((float(x), float(z)) for x, z in corners),
            waters=tuple(_Waters.of(self._bodies, WATERS).from_above()),
        )

    def levels(self, x: float, z: float) -> dict[int, int]:
        """Return how often things came so near that they were painted again, by number.

        What is painted small shows little when it is large, so it is painted once a level. What is
        near or large stays: a sketch of it has so few pixels that it says less than its picture.
        """
        standing = self._standing
        finest = np.where(
            standing.are_new,
            (standing.longer / tan(radians(LARGE))).clip(NEW_FINEST, FINEST),
            (standing.longer / tan(radians(SHOWN_WELL))).clip(FINEST),
        )
        away = np.hypot(*(standing.places - (x, z)).T).clip(finest)
        steps = np.where(standing.are_new, NEW_STEPS, 1)
        levels = np.floor(steps * np.log2(standing.firsts / away)).clip(0).astype(int)
        return dict(zip(standing.numbers.tolist(), levels.tolist(), strict=True))

    def boxes(self, x: float, z: float, shape: tuple[int, int]) -> dict[int, Box]:
        """Return where things stand in a ring of H, W pixels that a viewpoint [m] shows.

        Things at infinity and on surfaces are left out.

        Returns:
            By their numbers, from far to near.
        """
        height, width = shape
        radian, all_of = width / (2 * np.pi), self._standing
        away = np.hypot(*(all_of.places - (x, z)).T)
        sizes = _size(away, all_of.sights, all_of.longer, all_of.are_new, hypot(x, z))
        shown = np.flatnonzero((away >= NEAREST) & (sizes > 0))  # of hundreds that lie behind
        shown = shown[np.argsort(-away[shown], kind="stable")]
        standing, now, size = all_of.only(shown), away[shown], sizes[shown]
        yaw = np.arctan2(*(standing.places - (x, z)).T)
        half = np.arctan(standing.halves * size / now)
        foot, top = standing.ends.T
        top = np.where(size < 1, foot + (top - foot) * size, top)
        low, high = np.arctan(foot / now), np.arctan(top / now)
        boxes = np.stack(
            ((yaw - half) % (2 * np.pi), height / 2 / radian - high, 2 * half, high - low), axis=1
        )
        rows = (boxes * radian).tolist()
        return {
            number: (left, top, wide, tall)
            for number, (left, top, wide, tall)
            in zip(standing.numbers.tolist(), rows, strict=True)
        }  # fmt: skip

    def measured(self, shape: tuple[int, int]) -> dict[int, tuple[Box, float]]:
        """Return boxes and distances [m] of things whose distance was seen, not planned.

        As the first viewpoint shows them, by their places in `plan(0.0, 0.0)`; see `boxes`.
        """
        first, boxes = len(self.bands(0.0, 0.0)), self.boxes(0.0, 0.0, shape)
        return {
            place: (boxes[number], body.distance)
            for place, (number, body) in enumerate(self._seen(0.0, 0.0), first)
            if number in boxes and body.told.away is not None and not body.is_new
        }

    def way(
        self,
        start: Position,
        end: Position,
        viewpoints: Sequence[Position] = ((0.0, 0.0),),
    ) -> Position:
        """Return where a step ends [m]: walls, things and water stop it, or it slides along them.

        A walker who is too near to something already may go wherever it is no nearer, and always
        stays near to one of the viewpoints (none: goes anywhere). What is in the way pushes a step
        out to its side; between two things, several times, and if these leave too little room, the
        walker squeezes through. A small thing straight ahead is walked round.
        """
        return self._ways(start, end, tuple(viewpoints))

    def way_out(self, x: float, z: float, viewpoints: Sequence[Position]) -> Position:
        """Return the nearest place [m] for a walker where things have appeared since.

        It is the walker's unless that is inside a thing or in water now.
        """
        return self._obstacles.way_out(x, z, viewpoints)

    def in_the_way(
        self, start: Position, end: Position, viewpoints: Sequence[Position]
    ) -> Obstacle:
        """Return what keeps a walker from the end of a step most, seen from the step's start."""
        met = self._obstacles.leeway(*end, viewpoints)
        x, z = self._obstacles.direction(met, *start)
        return Obstacle(met.what, self._obstacles.top(met.number, *start), degrees(atan2(x, z)))

    def bands(self, x: float, z: float) -> list[PlacedObject]:
        """Return the sky, ground or sides of a room that a plan has behind all else."""
        moved = {id(side.told): side.seen_from(x, z).told for side in self._sides}
        return [moved.get(id(band), band) for band in self._behind]

    def _seen_from(self, x: float, z: float) -> Sequence[tuple[int, _Body]]:
        """Return numbers, from 1 on, and things from a viewpoint; what lies or hangs comes first.

        Things at infinity come before that.
        """
        away = np.hypot(*(self._places - (x, z)).T)
        in_sight = np.flatnonzero(~self._finite | (away < self._sights + FADE))
        sights, longer, are_new = self._sized[:, in_sight]
        sizes = _size(away[in_sight], sights, longer, are_new > 0, hypot(x, z))
        moved = [
            (place + 1, now)
            for place, size in zip(in_sight.tolist(), sizes.tolist(), strict=True)
            if (now := self._bodies[place].seen_from(x, z, size)) is not None
        ]
        return sorted(moved, key=lambda one: _rank(one[1]))

    def edges(self, x: float, z: float, yaw: np.ndarray) -> np.ndarray | None:
        """Return the pitches of the foot and top of walls in some directions from a viewpoint [m].

        Float [2, directions], radians; None: there are no walls all around.
        """
        sides = [side.seen_from(x, z) for side in self._sides]
        straight = (np.cos(yaw - radians(side.told.yaw)).clip(1e-9) for side in sides)
        ways = [side.away / one for side, one in zip(sides, straight, strict=True)]
        away = np.min(ways, axis=0) if ways else np.array(inf)
        if away.max() > FARTHEST:
            return None
        tall = float(np.mean([side.tall for side in sides]))
        pitches: np.ndarray = np.arctan(np.array(((-EYE,), (tall - EYE,))) / away)
        return pitches

    def ring_surfaces(self, x: float, z: float, shape: tuple[int, ...]) -> np.ndarray:
        """Return `surfaces` in each pixel of a ring of H, W around a viewpoint, [H, W]."""
        height, width = shape
        radian = width / (2 * np.pi)
        yaw = (np.arange(width) + 0.5) / radian
        return self.surfaces(x, z, yaw, (height / 2 - np.arange(height) - 0.5) / radian)

    def surfaces(self, x: float, z: float, yaw: np.ndarray, pitch: np.ndarray) -> np.ndarray:
        """Return how far away ground, walls and ceiling are from a viewpoint [m]; inf: sky.

        Args:
            x: of the viewpoint, to the right [m].
            z: of the viewpoint, ahead [m].
            yaw: of the columns of a picture [radians].
            pitch: of its rows [radians].

        Returns:
            float32 [rows, columns]
        """
        slope = np.tan(np.where(pitch == 0, 1e-9, pitch))[:, None]
        sides = [side.seen_from(x, z) for side in self._sides]
        tall = float(np.mean([side.tall for side in sides])) if sides else inf
        ends = np.where(slope < 0, -EYE, tall - EYE) / slope
        depth = np.broadcast_to(ends, (len(pitch), len(yaw)))
        for side in sides:
            straight = np.cos(yaw - radians(side.told.yaw))
            depth = np.minimum(
                depth, np.where(straight > 1e-3, side.away, inf) / straight.clip(1e-3)
            )
        return np.asarray(depth, np.float32)


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


def with_placed(
    things: Sequence[PlacedObject],
    placed: Sequence[PlacedObject],
    stances: Mapping[str, Stance],
    behind: Collection[str],
) -> tuple[PlacedObject, ...]:
    """Return a plan with placed things, each behind the things that are nearer and beside it.

    Args:
        things: of the plan, from far to near.
        placed: what a player placed, one after the other.
        stances: see `Scenery.of`.
        behind: likewise.
    """
    if not placed:
        return tuple(things)
    sides = sides_of([one for one in things if one.kind in behind])
    told = [one for one in (*things, *placed) if one.kind not in behind]
    bodies = _bodies_of(told, stances, sides)
    bands = [one for one in things if one.kind in behind]
    own = len(bodies) - len(placed)
    order = bodies[:own]
    for body in bodies[own:]:
        hiding = (place for place, other in enumerate(order) if _hides(other, body))
        order.insert(next(hiding, len(order)), body)
    return (*bands, *(body.told for body in order))


def _hides(body: _Body, other: _Body) -> bool:
    """Tell whether something stands before another thing, at least in part."""
    nearer = body.where == "upright" and body.distance * OVER < other.distance
    return nearer and body.told.overlaps(other.told)


def sides_of(bands: Iterable[PlacedObject]) -> list[Side]:
    """Return the sides of a room that are among the things behind; [] outdoors."""
    return [
        Side(band, away, EYE + away * tan(radians(_ends(band)[1])))
        for band in bands
        if band.width < WIDEST and (away := _on_ground(band)) < inf
    ]


def _bodies_of(
    things: Iterable[PlacedObject], stances: Mapping[str, Stance], sides: Sequence[Side]
) -> list[_Body]:
    told = [(thing, stances.get(thing.kind, FAR)) for thing in things]
    alone = [_body(thing, stance, sides, ()) for thing, stance in told]
    bodies: list[_Body] = []
    for place, (thing, stance) in enumerate(told):
        later = alone[place + 1 :] if stance.where == "small" else ()  # what bears it, perhaps
        bodies.append(_body(thing, stance, sides, (*bodies, *later)))
    return bodies


def _size(
    away: "float | np.ndarray",
    sight: "float | np.ndarray",
    longer: "float | np.ndarray",
    is_new: "bool | np.ndarray",
    walked: float,
) -> np.ndarray:
    """Return the share of their size at which things are seen.

    Args:
        away: how far they are [m].
        sight: see `_Body`.
        longer: likewise.
        is_new: likewise.
        walked: how far the viewpoint is from where the scene begins [m].
    """
    first = np.where(is_new, FIRST_SIGHT + walked, inf)
    fade = FADE * np.minimum(sight / SIGHT, 1.0)
    size = np.clip((np.minimum(sight, first) + fade - away) / fade, 0.0, 1.0)
    is_blot = (size < 1) & (size * longer < away * tan(radians(LEAST_PAINTED)))
    return np.where(is_blot, 0.0, size)


def _rank(body: _Body) -> tuple[bool, bool, float]:
    standing = body.where == "upright"
    return body.distance < inf, standing, -body.distance if standing else 0.0


def _is_covered(body: _Body, bodies: Sequence[_Body]) -> bool:
    """Tell whether a plan draws something farther away over the middle of a thing.

    It draws what a description names over all else, so the thing behind it was never seen.
    """
    if body.where != "upright" or body.distance == inf:
        return False
    place, told = bodies.index(body), body.told
    return any(
        other.where == "upright"
        and body.distance * OVER < other.distance < inf
        and abs(yaw_difference(told.yaw, other.told.yaw)) < other.told.width / 2
        and abs(told.pitch - other.told.pitch) < other.told.height / 2
        for other in bodies[place + 1 :]
    )


def _body(
    thing: PlacedObject, stance: Stance, sides: Sequence[Side], others: Sequence[_Body]
) -> _Body:
    wall = min((side.at(thing.yaw) for side in sides), default=inf)
    low, high = _ends(thing)
    if stance.where == "course":
        return _Body(thing, "course", ground_distance(low))
    if stance.where == "flat":  # a thing nearly all around stays, but its points are the ground's
        middle = (ground_distance(low) + ground_distance(high)) / 2
        return _Body(thing, "flat", inf if thing.width > WIDEST else middle)
    if thing.width > WIDEST or stance.where == "far":
        return _Body(thing, "upright", inf)
    usually = (inf if stance.tall is None else stance.tall) if stance.where == "floor" else 0.0
    if thing.away is not None:
        return _Body(thing, "upright", thing.away, usually=usually)
    if stance.where == "wall" and sides:
        return _Body(thing, "wall", wall)
    if stance.where == "ceiling" and sides:
        above = float(np.mean([side.tall for side in sides])) - EYE
        distance = above / tan(radians(high)) if high > HORIZON_FOOT else inf
    elif stance.where == "sky":
        distance = stance.tall / _tangents(thing) if stance.tall else inf
    else:
        supports = (
            other.distance - BEFORE
            for other in others
            if other.where == "upright"
            and (stance.where == "small" or other.told.kind in STANDS)
            and abs(yaw_difference(thing.yaw, other.told.yaw)) < other.told.width / 2
            and abs(_ends(other.told)[1] - low) < SUPPORTED
        )
        distance = min((_on_ground(thing), *supports))
    return _Body(thing, "upright", min(distance, wall), usually=usually)


def _line(side: Side) -> tuple[tuple[float, float], float]:
    """Return the direction in which a side lies, as x and z, and how far away it is [m]."""
    facing = radians(side.told.yaw)
    return (sin(facing), cos(facing)), side.away


def _tangents(thing: PlacedObject) -> float:
    """Return a thing's height over its distance."""
    low, high = (tan(radians(end)) for end in _ends(thing))
    return max(high - low, 1e-3)


def _ends(thing: PlacedObject) -> tuple[float, float]:
    """Return the pitches of a thing's foot and top, neither of them overhead [degrees]."""
    low, high = thing.foot, thing.pitch + thing.height / 2
    return max(low, -STEEPEST), min(high, STEEPEST)


def _on_ground(thing: PlacedObject) -> float:
    """Return how far away a thing is that stands on the ground [m]."""
    return ground_distance(_ends(thing)[0])


def place_at(yaw: float, away: float) -> Position:
    """Return the place in a direction from where the scene begins [degrees, m]."""
    return away * sin(radians(yaw)), away * cos(radians(yaw))


def ground_distance(foot: float, horizon: float = HORIZON_FOOT) -> float:
    """Return how far away the ground is at a pitch [degrees, m]; inf: near the horizon.

    Args:
        foot: of what stands there [degrees].
        horizon: degrees below which the ground is not at infinity.
    """
    return EYE / tan(radians(-foot)) if foot < -horizon else inf
