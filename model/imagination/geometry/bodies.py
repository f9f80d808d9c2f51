"""The things of a plan in metres: where each is, how large, and how it looks from elsewhere.

The pitch of its foot tells how far away a thing on the ground is. A thing on a wall is as far away
as the wall, and the sides of a room say where walls are.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import atan, atan2, cos, degrees, dist, hypot, inf, radians, sin, tan

import numpy as np

from mag_sandbox.controls.camera import Position, yaw_difference
from mag_sandbox.controls.parallax import EYE
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.world import Door
from mag_sandbox.scenes.kinds import ANIMALS, STANDS, TREES
from mag_sandbox.scenes.stances import STANCES, Stance

HORIZON_FOOT = 1.2  # degrees; ground nearer to the horizon is at infinity
NEAR_HORIZON = 0.3  # degrees; things that stand nearer to the horizon are, too
WIDEST = 120.0  # degrees; wider things lie all around
STEEPEST = 85.0  # degrees
FLATTEST = 0.1  # degrees that a thing is tall at least
NEAREST = 0.3  # metres; boards are never seen from nearer, and nearer things are not seen
TABLES: dict[str, tuple[float, ...]] = {  # on which small things stand: at these shares of height
    **dict.fromkeys((
        "table", "coffee table", "school desk", "stool", "piano", "table with a cloth", "pedestal",
        "box", "podium", "crate", "barrel", "stump",
    ), (0.96,)),
    "altar": (0.58,), "bench": (0.5,), "cabinet": (0.66,), "chair": (0.5,), "counter": (0.7,),
    "desk": (0.55,), "dining table": (0.7,), "fireplace": (0.81,), "round table": (0.45,),
    "kitchen counter": (0.46, 0.84), "workbench": (0.66,),
}  # fmt: skip
SUPPORTED = 3.0  # degrees at most between the foot of a thing and the top of what bears it
ON = 0.25  # share of its height above the foot of what bears it that something on it stands
BEFORE = 0.01  # metres by which a thing is nearer than its support
FROM_THINGS = 0.6  # metres that a walker keeps
FROM_FACES = 0.45  # likewise, beside things as wide: nearer, they fill the view
WIDEST_TRUNK = 0.3  # metres; half as wide things without a crown are to a walker at least
CROWNS: dict[str, float] = {  # trees under which one walks, where crowns begin: share of the height
    "acacia": 0.69, "palm": 0.5, "bare tree": 0.5,
    **dict.fromkeys(("oak", "birch", "orange tree", "red tree", "cherry tree"), 0.33),
}  # fmt: skip
TRUNK = 0.2  # half the width of a trunk, as a share of the crown's
BRANCHES = 0.6  # likewise, of what stops a walker of other trees, who brushes past the rest
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
LEAST_PAINTED = 2.0  # degrees; things that shrink to less would be painted as blots: hidden
WIDE, INSIDE = 1.2, 0.8  # metres; share of both half widths that they are apart at least
OVER = 1.1  # times as far away: what is drawn over a thing by mistake
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

    @property
    def line(self) -> tuple[tuple[float, float], float]:
        """The direction in which it lies, as x and z, and how far away it is [m]."""
        facing = radians(self.told.yaw)
        return (sin(facing), cos(facing)), self.away

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
class PlacedBody:
    """A thing of a plan, in metres."""

    told: PlacedObject
    where: str  # wall, flat, course or upright
    distance: float  # metres; inf: it is seen alike from everywhere
    x: float = 0.0  # of the viewpoint from which it is told [m]
    z: float = 0.0
    sight: float = inf  # metres from which on it shrinks
    is_new: bool = False  # whether the plan of the first viewpoint lacks it
    usually: float = 0.0  # how tall things of its kind are that stand on the floor [m]; inf: any
    over: PlacedObject | None = None  # the thing that it is on, or right before

    @property
    def lies(self) -> bool:
        """Whether it lies on the ground or is far land or sky, so that things stand before it."""
        is_far = self.where == "upright" and self.distance == inf
        return is_far or self.where in ("flat", "course")

    @property
    def is_solid(self) -> bool:
        """Whether it stands on the ground in a walker's way and does not step aside."""
        low, _ = ends_of(self.told)
        stands = low < (0.0 if self.usually else -HORIZON_FOOT)
        if not stands or self.where != "upright" or self.distance == inf:
            return False
        kind, tall = self.told.kind, self.distance * _tangents(self.told)
        if kind in FLUTTERING or (kind in ANIMALS and max(tall, 2 * self.half) < SMALL_ANIMAL):
            return False
        return max(tall, self.usually if self.usually < inf else 0.0) > LOWEST

    @property
    def is_wide(self) -> bool:
        """Whether it is no tree, and so wide that things as wide may be inside it."""
        return self.is_solid and self.half > WIDE and self.told.kind not in TREES

    def is_inside(self, other: "PlacedBody") -> bool:
        """Tell whether much of it and of another one, both of them wide, is at the same place."""
        return self.is_wide and dist(self.place, other.place) < INSIDE * (self.half + other.half)

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
        """How near to its middle a walker may come [m]."""
        half = self.firm_half
        return max(min(half, WIDEST_TRUNK), half + FROM_FACES - FROM_THINGS)

    @property
    def clearance(self) -> float:
        """How far from its middle a walker with room stays [m]; 0: it is no obstacle."""
        return self.in_the_way + FROM_THINGS if self.is_solid else 0.0

    @property
    def half(self) -> float:
        """Half its width [m]."""
        return self.distance * tan(radians(self.told.width) / 2)

    @property
    def firm_half(self) -> float:
        """Half its width [m], for a tree without the branches that a walker passes."""
        if self.told.kind not in TREES:
            return self.half
        top = EYE + self.distance * tan(radians(ends_of(self.told)[1]))
        is_overhead = CROWNS.get(self.told.kind, 0.0) * top > EYE
        return (TRUNK if is_overhead else BRANCHES) * self.half

    @property
    def place(self) -> tuple[float, float]:
        """Position of its middle [m]."""
        x, z = place_at(self.told.yaw, self.distance)
        return x + self.x, z + self.z

    @property
    def as_door(self) -> Door:
        """It as a door to another room."""
        half, top = min(self.told.width, WIDEST) / 2, ends_of(self.told)[1]
        width, height = 2 * tan(radians(half)), tan(radians(top))
        x, z = self.place
        kind, away = self.told.kind, self.distance
        return Door(kind, x, z, width=away * width, height=EYE + away * height)

    def seen_from(self, x: float, z: float, size: float | None = None) -> "PlacedBody | None":
        """Return it from another viewpoint [m]; None: it is at the viewer's feet, or out of sight.

        Its size there, see `seen_size`, is computed unless given.
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
            size = float(seen_size(now, self.sight, self.longer, self.is_new, hypot(x, z)))
        if now < NEAREST or not size:
            return None
        half = self.distance * tan(radians(min(self.told.width, WIDEST)) / 2) * size
        low, high = ends_of(self.told)
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
        return PlacedBody(
            told, self.where, now, x, z, self.sight, self.is_new, self.usually, self.over
        )

    @property
    def is_on_other(self) -> bool:
        """Whether it is on the thing that it is over, and not on the ground before that."""
        return self.over is not None and self.told.foot > self.over.foot + ON * self.over.height

    def _course_from(self, x: float, z: float) -> "PlacedBody":
        """Return an endless thing as seen from another viewpoint [m]."""
        facing = radians(self.told.yaw)
        passed = (x - self.x) * sin(facing) + (z - self.z) * cos(facing)
        near, far = (ground_distance(end) - passed for end in ends_of(self.told))
        yaw = self.told.yaw
        if near + far < 0:  # it is behind the viewer now
            near, far, yaw = -far, -near, (yaw + 180) % 360
        low, high = (-degrees(atan(EYE / max(each, NEAREST))) for each in (near, far))
        tall = max(high - low, FLATTEST)
        told = replace(self.told, yaw=yaw, pitch=(low + high) / 2, height=tall)
        return replace(self, told=told, distance=max(near, NEAREST), x=x, z=z)


FAR = Stance("far")


def sides_of(bands: Iterable[PlacedObject]) -> list[Side]:
    """Return the sides of a room that are among the things behind; [] outdoors."""
    return [
        Side(band, away, EYE + away * tan(radians(ends_of(band)[1])))
        for band in bands
        if band.width < WIDEST and (away := foot_distance(band)) < inf
    ]


def bodies_of_plan(
    things: Iterable[PlacedObject], stances: Mapping[str, Stance], sides: Sequence[Side]
) -> list[PlacedBody]:
    """Return things in metres; a small one may stand on a thing that is listed before or after."""
    told = [(thing, stances.get(thing.kind, FAR)) for thing in things]
    alone = [body_of(thing, stance, sides, ()) for thing, stance in told]
    bodies: list[PlacedBody] = []
    for place, (thing, stance) in enumerate(told):
        later = alone[place + 1 :] if stance.where == "small" else ()  # perhaps its support
        body = body_of(thing, stance, sides, (*bodies, *later))
        behind = (
            one for one, (_, how) in zip(bodies, told, strict=False)
            if _is_drawn_over(body, stance, one, how)
        )  # fmt: skip
        bodies.append(_right_before(body, behind))
    return bodies


def _right_before(body: PlacedBody, others: Iterable[PlacedBody]) -> PlacedBody:
    """Return a thing as near as the nearest of some others, if that is nearer."""
    nearest = min(others, key=lambda one: one.distance, default=None)
    if nearest is None or nearest.distance - BEFORE >= body.distance:
        return body
    return replace(body, distance=nearest.distance - BEFORE, over=nearest.told)


def _is_drawn_over(body: PlacedBody, stance: Stance, one: PlacedBody, how: Stance) -> bool:
    """Tell whether a plan draws a thing in front of one that it lists before it.

    In the air, as for hearts at a platform, distances are guessed from sizes. What stands on a
    seat has its foot above that of the bench, so its foot alone would put it behind. Feet are told
    in whole steps, so of things that are nearly as far away, what is listed later is in front, too,
    even where its distance is told: rules may move the seat that it was told by.
    """
    thing, other = body.told, one.told
    if stance.where == how.where == "sky":
        return thing.away is None and thing.overlaps(other)
    stand = body.where == one.where == "upright" and (stance.where, how.where) != ("floor", "small")
    if stand and body.distance < OVER * one.distance and thing.overlaps(other):
        return True
    return (
        thing.away is None
        and stance.where == "small"
        and abs(yaw_difference(thing.yaw, other.yaw)) < other.width / 2
        and any(
            abs(other.foot + share * other.height - thing.foot) < SUPPORTED
            for share in TABLES.get(other.kind, ())
        )
    )


def seen_size(
    away: "float | np.ndarray",
    sight: "float | np.ndarray",
    longer: "float | np.ndarray",
    is_new: "bool | np.ndarray",
    walked: float,
) -> np.ndarray:
    """Return the share of their size at which things are seen.

    Args:
        away: how far they are [m].
        sight: see `PlacedBody`.
        longer: likewise.
        is_new: likewise.
        walked: how far the viewpoint is from where the scene begins [m].
    """
    first = np.where(is_new, FIRST_SIGHT + walked, inf)
    fade = FADE * np.minimum(sight / SIGHT, 1.0)
    size = np.clip((np.minimum(sight, first) + fade - away) / fade, 0.0, 1.0)
    is_blot = (size < 1) & (size * longer < away * tan(radians(LEAST_PAINTED)))
    return np.where(is_blot, 0.0, size)


def is_covered(body: PlacedBody, bodies: Sequence[PlacedBody]) -> bool:
    """Tell whether a plan draws something farther away over the middle of a thing.

    Named things are drawn over all others, so the thing behind was never seen.
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


def body_of(
    thing: PlacedObject, stance: Stance, sides: Sequence[Side], others: Sequence[PlacedBody]
) -> PlacedBody:
    """Return a thing in metres; others may bear it."""
    wall = min((side.at(thing.yaw) for side in sides), default=inf)
    low, high = ends_of(thing)
    over = None
    if stance.where == "course":
        return PlacedBody(thing, "course", ground_distance(low))
    if stance.where == "flat":  # a thing nearly all around stays, but its points are the ground's
        middle = (ground_distance(low) + ground_distance(high)) / 2
        return PlacedBody(thing, "flat", inf if thing.width > WIDEST else middle)
    if thing.width > WIDEST or stance.where == "far":
        return PlacedBody(thing, "upright", inf)
    usually = (inf if stance.tall is None else stance.tall) if stance.where == "floor" else 0.0
    if thing.away is not None:
        return PlacedBody(thing, "upright", thing.away, usually=usually)
    if stance.where == "wall" and sides:
        return PlacedBody(thing, "wall", wall)
    if stance.where == "ceiling" and sides:
        above = float(np.mean([side.tall for side in sides])) - EYE
        distance = above / tan(radians(high)) if high > HORIZON_FOOT else inf
    elif stance.where == "sky":
        distance = stance.tall / _tangents(thing) if stance.tall else inf
    else:
        supports = (
            other for other in others
            if other.where == "upright"
            and (stance.where == "small" or other.told.kind in STANDS)
            and abs(yaw_difference(thing.yaw, other.told.yaw)) < other.told.width / 2
            and abs(ends_of(other.told)[1] - low) < SUPPORTED
        )  # fmt: skip
        alone = PlacedBody(thing, "upright", foot_distance(thing), usually=usually)
        placed = _right_before(alone, supports)
        distance, over = placed.distance, placed.over
        if stance.where == "floor" and low < -NEAR_HORIZON:  # else no walk would lead to it
            distance = min(distance, EYE / tan(radians(HORIZON_FOOT)))
    return PlacedBody(thing, "upright", min(distance, wall), usually=usually, over=over)


def _tangents(thing: PlacedObject) -> float:
    """Return a thing's height over its distance."""
    low, high = (tan(radians(end)) for end in ends_of(thing))
    return max(high - low, 1e-3)


def ends_of(thing: PlacedObject) -> tuple[float, float]:
    """Return the pitches of a thing's foot and top, neither of them overhead [degrees]."""
    low, high = thing.foot, thing.top
    return max(low, -STEEPEST), min(high, STEEPEST)


def foot_distance(thing: PlacedObject) -> float:
    """Return how far away a thing on the ground is [m]."""
    return ground_distance(ends_of(thing)[0])


def place_at(yaw: float, away: float) -> Position:
    """Return the place in a direction from where the scene begins [degrees, m]."""
    return away * sin(radians(yaw)), away * cos(radians(yaw))


def ground_distance(foot: float, horizon: float = HORIZON_FOOT) -> float:
    """Return how far away the ground is at a pitch [degrees, m]; inf: near the horizon.

    Args:
        foot: that pitch [degrees].
        horizon: degrees below which the ground is not at infinity.
    """
    return EYE / tan(radians(-foot)) if foot < -horizon else inf
