"""A plan in metres, as it is seen from anywhere.

A plan can be told again for every viewpoint, and pixels of one view can be found in another.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from math import atan, atan2, cos, degrees, hypot, inf, isclose, radians, sin, tan
from typing import NamedTuple

import numpy as np

from mag_sandbox.controls.camera import FARTHEST, Position, yaw_difference
from mag_sandbox.controls.parallax import EYE, Box, RingGeometry
from mag_sandbox.model.imagination.geometry.bodies import (
    FADE,
    FAR,
    NEAREST,
    OVER,
    SIGHT,
    WIDEST,
    PlacedBody,
    Side,
    bodies_of_plan,
    body_of,
    ends_of,
    foot_distance,
    is_covered,
    seen_size,
    sides_of,
)
from mag_sandbox.model.imagination.geometry.obstacles import (
    FARTHEST_WALK,
    Obstacle,
    Obstacles,
    Waters,
)
from mag_sandbox.model.imagination.geometry.ties import Ties
from mag_sandbox.model.imagination.objects import PlacedObject, is_outdoors
from mag_sandbox.model.world import Door, GroundPlan, GroundThing
from mag_sandbox.scenes.kinds import DEEP, SHALLOW, WATERS
from mag_sandbox.scenes.stances import Stance

PARALLEL = 1e-3  # sine of the angle between walls, below which they do not meet
FINEST = 5.0  # metres; nearer, things are not painted again
SHOWN_WELL = 20.0  # degrees; nor are planned things that were painted as large as this
NEW_FINEST, LARGE = 2.5, 40.0  # likewise of new things, which come into sight small; degrees
NEW_STEPS = 2  # times that they are painted again until they are twice as near


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
    sights: np.ndarray  # see `PlacedBody`
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
    def of(cls, bodies: Sequence[PlacedBody]) -> "_Standing":
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
        ends = np.radians([ends_of(thing) for thing in told]).reshape(-1, 2)
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


def _is_in(body: PlacedBody, waters: Waters) -> bool:
    """Tell whether a thing stands in one of some waters."""
    return body.distance < inf and not body.lies and bool((waters.room(*body.place) <= 0).any())


class Scenery:
    """A plan in metres.

    scenery = Scenery.of(things, {"sofa": Stance("floor", 0.95)}, ("wall", "floor", "ceiling"))
    things = scenery.plan(0.5, 1.0)  # the plan half a metre to the right and one ahead
    """

    def __init__(
        self, behind: Sequence[PlacedObject], sides: Sequence[Side], bodies: Sequence[PlacedBody]
    ) -> None:
        self._behind, self._sides, self.bodies = behind, sides, bodies
        self._standing = _Standing.of(bodies)
        self._waters, self.shallows = Waters.of(bodies, DEEP), Waters.of(bodies, SHALLOW)
        self._obstacles = Obstacles(sides, bodies, self._waters)
        # the way ahead is looked along before every block, and most of it is the same
        self._ways = lru_cache(512)(self._obstacles.way)
        self._finite = np.array([body.distance < inf for body in bodies], bool)
        self._places = np.array(
            [body.place if body.distance < inf else (0.0, 0.0) for body in bodies]
        ).reshape(-1, 2)
        self._ties = Ties.of(bodies)
        self._sights = np.array([body.sight if body.where != "course" else inf for body in bodies])
        sized = (
            (body.sight, body.longer, body.is_new) if body.distance < inf else (inf, 1.0, False)
            for body in bodies
        )
        self._sized = np.array(list(sized)).reshape(-1, 3).T  # see `seen_size`
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
        if is_outdoors(things):
            stances = {**stances, "star": FAR}
        bodies = bodies_of_plan((one for one in things if one.kind not in behind), stances, sides)
        sights = (
            max(body.in_sight, body.large_from, body.distance + FARTHEST_WALK) for body in bodies
        )
        seen = [
            body if sides else replace(body, sight=sight)
            for body, sight in zip(bodies, sights, strict=True)
        ]
        return cls(bands, sides, [body for body in seen if not is_covered(body, seen)])

    @property
    def on_ground(self) -> list[tuple[PlacedObject, float]]:
        """The plan's things that stand or lie on the ground, and how far away each is [m]."""
        return [
            (body.told, body.distance)
            for body in self.bodies
            if not body.is_new
            and body.distance < inf
            and body.where in ("upright", "flat")
            and (
                body.where == "flat"
                or isclose(body.distance, foot_distance(body.told), rel_tol=0.02)
            )
        ]

    def apart(self, *where: str) -> list[tuple[PlacedObject, float]]:
        """Return things that are "upright" or on a "wall", and how far away each is [m]."""
        return [
            (body.told, body.distance)
            for body in self.bodies
            if body.where in where and body.distance < inf
        ]

    def doors(self, kinds: Collection[str]) -> dict[Door, PlacedObject]:
        """Return things of some kinds that are not too far away, and how the plan tells them."""
        return {
            body.as_door: body.told
            for body in self.bodies
            if body.told.kind in kinds and body.distance < inf
        }

    def appearing(self, things: Collection[PlacedObject], x: float, z: float) -> list[PlacedObject]:
        """Return how some of the plan's things look from another viewpoint [m]."""
        bodies = [body for body in self.bodies if not body.is_new and body.told in things]
        seen = (body.seen_from(x, z) for body in bodies)
        return [body.told for body in seen if body is not None]

    def extended(self, new: Iterable[ToldFrom], stances: Mapping[str, Stance]) -> "Scenery":
        """Return the scenery with new things on the ground, none of them in water.

        Waters that would be where things stand are left out, and of houses and the like those
        that would be inside others.
        """
        there, waters = list[PlacedBody](), [self._waters]
        wide = [one for one in self.bodies if one.is_wide]
        for thing, x, z in new:
            stance = stances.get(thing.kind, FAR)
            body = replace(body_of(thing, stance, (), ()), x=x, z=z, is_new=True)
            body = replace(body, sight=body.in_sight)
            own = Waters.of([body], DEEP)
            if body.distance == inf or any(map(body.is_inside, wide)):
                continue
            if own.told:
                if any(_is_in(one, own) for one in (*self.bodies, *there)):
                    continue
                waters.append(own)
            elif stance.where != "water" and any(_is_in(body, one) for one in waters):
                continue
            there.append(body)
            if body.is_wide:
                wide.append(body)
        return Scenery(self._behind, self._sides, [*self.bodies, *there])

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
        there = body_of(told, stance, sides, others).seen_from(-x, -z)
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
            body = self.bodies[min(there)[1] - 1]
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
        """Return the ground and the things in sight of a viewpoint [m]; old things always are."""
        if not any(body.is_new for body in self.bodies):
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
        standing, lines = self._standing, [side.line for side in self._sides]
        rows = zip(
            standing.numbers.tolist(), standing.places.tolist(), standing.halves.tolist(),
            standing.ends.tolist(), strict=True,
        )  # fmt: skip
        things = (
            (self.bodies[number - 1], x, z, half)
            for number, (x, z), half, (foot, _) in rows if foot < 0.0
        )  # fmt: skip
        pairs = list(zip(lines, (*lines[1:], *lines[:1]), strict=True))
        meet = all(abs(np.linalg.det([one[0], other[0]])) > PARALLEL for one, other in pairs)
        corners = [
            np.linalg.solve([one[0], other[0]], [one[1], other[1]]) for one, other in pairs if meet
        ]
        return GroundPlan(
            tuple(
                GroundThing(
                    body.told.kind, x, z, half, body.told.color, body.clearance, body.firm_half
                )
                for body, x, z, half in things
            ),
            tuple((float(x), float(z)) for x, z in corners),
            waters=tuple(Waters.of(self.bodies, WATERS).from_above()),
        )

    def levels(self, x: float, z: float) -> dict[int, int]:
        """Return how often things came so near that they were painted again, by number.

        A thing painted small shows little when it is large, so it is painted once a level. Near or
        large things stay: their sketch has so few pixels that it says less than their picture.
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
        everywhere = np.hypot(*(self._places - (x, z)).T)
        depths = self._ties.depths(x, z, self._places, everywhere)[all_of.numbers - 1]
        away = everywhere[all_of.numbers - 1]
        sizes = seen_size(away, all_of.sights, all_of.longer, all_of.are_new, hypot(x, z))
        shown = np.flatnonzero((away >= NEAREST) & (sizes > 0))  # of hundreds that lie behind
        shown = shown[np.argsort(-depths[shown], kind="stable")]
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
        self, start: Position, end: Position, viewpoints: Sequence[Position] = ((0.0, 0.0),)
    ) -> Position:
        """Return where a step ends [m]: walls, things and water stop it, or it slides along them.

        A walker who is too near to something already may go wherever it is no nearer, and always
        stays near to one of the viewpoints (none: goes anywhere). Obstacles push a step out to
        their side; between two things, several times, and if these leave too little room, the
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
        """Return the main obstacle to a step, seen from its start."""
        met = self._obstacles.leeway(*end, viewpoints)
        x, z = self._obstacles.direction(met, *start)
        return Obstacle(met.what, self._obstacles.top(met.number, *start), degrees(atan2(x, z)))

    def bands(self, x: float, z: float) -> list[PlacedObject]:
        """Return the sky, ground or sides of a room that a plan has behind all else."""
        moved = {id(side.told): side.seen_from(x, z).told for side in self._sides}
        return [moved.get(id(band), band) for band in self._behind]

    def _seen_from(self, x: float, z: float) -> Sequence[tuple[int, PlacedBody]]:
        """Return numbers, from 1 on, and things from a viewpoint; lying and hanging ones first.

        Things at infinity come before that.
        """
        away = np.hypot(*(self._places - (x, z)).T)
        in_sight = np.flatnonzero(~self._finite | (away < self._sights + FADE))
        sights, longer, are_new = self._sized[:, in_sight]
        sizes = seen_size(away[in_sight], sights, longer, are_new > 0, hypot(x, z))
        moved = [
            (place + 1, now)
            for place, size in zip(in_sight.tolist(), sizes.tolist(), strict=True)
            if (now := self.bodies[place].seen_from(x, z, size)) is not None
        ]
        depths = self._ties.depths(x, z, self._places, away)
        return sorted(moved, key=lambda one: _rank(one[1], depths[one[0] - 1]))

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


def with_placed(
    things: Sequence[PlacedObject],
    placed: Sequence[PlacedObject],
    stances: Mapping[str, Stance],
    behind: Collection[str],
) -> tuple[PlacedObject, ...]:
    """Return a plan with placed things, each behind the things that are nearer and beside it.

    Args:
        things: of the plan, from far to near.
        placed: by a player, one after the other.
        stances: see `Scenery.of`.
        behind: likewise.
    """
    if not placed:
        return tuple(things)
    sides = sides_of([one for one in things if one.kind in behind])
    told = [one for one in (*things, *placed) if one.kind not in behind]
    bodies = bodies_of_plan(told, stances, sides)
    bands = [one for one in things if one.kind in behind]
    own = len(bodies) - len(placed)
    order = bodies[:own]
    for body in bodies[own:]:
        hiding = (place for place, other in enumerate(order) if _hides(other, body))
        order.insert(next(hiding, len(order)), body)
    return (*bands, *(body.told for body in order))


def _hides(body: PlacedBody, other: PlacedBody) -> bool:
    """Tell whether something stands before another thing, at least in part."""
    nearer = body.where == "upright" and body.distance * OVER < other.distance
    return nearer and body.told.overlaps(other.told)


def _rank(body: PlacedBody, depth: float) -> tuple[bool, bool, float]:
    standing = body.where == "upright"
    return body.distance < inf, standing, -depth if standing and body.distance < inf else 0.0
