"""The ground beyond a plan: things like those of the plan, in new arrangements, without end.

The ground is divided into squares. Around the middle of each, the things of the plan stand once
more, turned, some mirrored, some left out. Those farther away than a square is wide stand in it,
too, where there is room. In towns houses stand in rows, with streets between them. All is a
function of plan, seed and square, so a square looks the same from everywhere and whenever a walker
comes back to it. Only what memory has forgotten is arranged otherwise: a square, or some patches.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from math import atan, atan2, cos, degrees, hypot, radians, sin, tan

import numpy as np

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.controls.parallax import EYE
from mag_sandbox.model.coverage import directions
from mag_sandbox.model.imagination.geometry.bodies import FADE, SIGHT, WIDEST
from mag_sandbox.model.imagination.geometry.scenery import ToldFrom
from mag_sandbox.model.imagination.objects import PlacedObject

SQUARE = 24.0  # metres
PLANNED = 20.0  # metres from where the scene begins, within which its plan says what there is
BESIDE = 0.5  # metres between a thing from farther away and others at least
COMMON, RARE = 0.85, 0.25  # how often a thing stands in a square; rare: the only one of its kind
_SPARE = 4.0  # metres; a square is there before anything of it comes into sight
_FIRST = 2**20  # no square has so low a number
_HOUSES, _FEWEST_HOUSES = frozenset(("apartment house", "skyscraper", "cottage")), 4  # of a town
_ROAD = "road"
_ROW, _PLOTS = SQUARE / 2, (-5.0, 5.0)  # metres from the middle of a street, and along it
_WIDEST_HOUSE, _TALLEST_HOUSE = 9.2, 11.0  # metres, of which a street shows the top
PATCH = 3.0  # metres: the side of a patch in which new ground is remembered
_HALF_SQUARE = round(SQUARE / PATCH / 2)  # patches
_FARTHEST = range(-int((SIGHT + FADE) / PATCH) - 1, int((SIGHT + FADE) / PATCH) + 2)
_AROUND = np.array(list(product(_FARTHEST, _FARTHEST)))  # patches that may be in sight
_LANE, _KERB, _SPREAD = 3.0, 6.0, 11.0  # metres from the middle of a street, and along it
_VEHICLES = frozenset(("car", "bus", "tram", "truck", "motorcycle", "bicycle"))
Square = tuple[int, int]
Patch = tuple[int, int]


def squares_near(x: float, z: float) -> list[Square]:
    """Return the squares that are in sight from a viewpoint [m], but for the first one."""
    sight = SIGHT + FADE + _SPARE
    middle = [round(at / SQUARE) for at in (x, z)]
    reach = range(-int(sight // SQUARE) - 1, int(sight // SQUARE) + 2)
    squares = [(middle[0] + i, middle[1] + j) for i, j in product(reach, reach)]
    return [one for one in squares if one != (0, 0) and _away(one, x, z) < sight]


def patch_at(x: float, z: float) -> Patch:
    """Return the patch of ground at a place [m]."""
    return round(x / PATCH), round(z / PATCH)


def square_of(patch: Patch) -> Square:
    """Return the square in which the middle of a patch lies."""
    return round(patch[0] * PATCH / SQUARE), round(patch[1] * PATCH / SQUARE)


def patches_of(square: Square) -> list[Patch]:
    """Return the patches that lie at least partly in a square."""
    beside = range(-_HALF_SQUARE, _HALF_SQUARE + 1)
    return [
        (2 * _HALF_SQUARE * square[0] + i, 2 * _HALF_SQUARE * square[1] + j)
        for i, j in product(beside, beside)
    ]


def patches_near(pose: CameraPose) -> frozenset[Patch]:
    """Return the patch of ground where a walker stands and those around it."""
    here_x, here_z = patch_at(pose.x, pose.z)
    return frozenset((here_x + i, here_z + j) for i, j in product((-1, 0, 1), repeat=2))


def patches_seen(pose: CameraPose, beside: float = PATCH / 2) -> frozenset[Patch]:
    """Return the patches of ground that a view would show, were nothing in the way.

    Args:
        pose: of the view.
        beside: how far beside it the middle of a patch may lie [m].
    """
    near = np.array(patch_at(pose.x, pose.z)) + _AROUND
    (off,), (away,) = directions([pose], PATCH * near)
    shown = (off < pose.fov / 2 + np.degrees(np.arctan2(beside, away))) & (away < SIGHT + FADE)
    return frozenset((int(i), int(j)) for i, j in near[shown])


def _away(square: Square, x: float, z: float) -> float:
    return hypot(
        *(max(abs(at - SQUARE * one) - SQUARE / 2, 0.0)
          for at, one in zip((x, z), square, strict=True))
    )  # fmt: skip


def things_in(
    square: Square, ground: Sequence[tuple[PlacedObject, float]], seed: int, *, is_full: bool = True
) -> list[ToldFrom]:
    """Return the things in a square, told from its middle or from that of another one.

    Args:
        square: its number.
        ground: things on the ground of a plan, and how far away each is [m].
        seed: of the arrangement.
        is_full: whether things from farther away than it is wide stand there, too.
    """
    drawn = np.random.default_rng([seed, 6, *(_FIRST + one for one in square)])
    turn, side = drawn.uniform(0.0, 360.0), drawn.choice((-1.0, 1.0))
    count = Counter(told.kind for told, _ in ground)
    middle_x, middle_z = SQUARE * square[0], SQUARE * square[1]
    found, later = [], []
    taken: list[tuple[float, float, float]] = []  # x, z and half the width of things [m]
    for (told, away), chance in zip(ground, drawn.uniform(size=len(ground)), strict=True):
        yaw = (side * told.yaw + turn) % 360.0
        x, z = away * sin(radians(yaw)), away * cos(radians(yaw))
        from_x, from_z = (SQUARE * round(one / SQUARE) for one in (x, z))
        x, z, half = x - from_x, z - from_z, _half_of(told, away)
        is_new = hypot(x + middle_x, z + middle_z) > PLANNED
        stays = chance < (COMMON if count[told.kind] > 1 else RARE)
        if is_new and stays:
            one = ToldFrom(replace(told, yaw=yaw), middle_x - from_x, middle_z - from_z)
            if from_x or from_z:
                later.append((one, x, z, half))
            else:
                found.append(one)
                taken.append((x, z, half))
    for one, x, z, half in later if is_full else ():
        if all(hypot(x - a, z - b) > half + other + BESIDE for a, b, other in taken):
            found.append(one)
            taken.append((x, z, half))
    return found


def is_town(things: Sequence[PlacedObject]) -> bool:
    """Tell whether a plan has a road with houses, so that its new ground is streets."""
    houses = sum(thing.kind in _HOUSES for thing in things)
    return houses >= _FEWEST_HOUSES and any(thing.kind == _ROAD for thing in things)


def street_in(
    square: Square, ground: Sequence[tuple[PlacedObject, float]], seed: int
) -> list[ToldFrom]:
    """Return the things in a square of a town, told from its middle.

    Houses stand along its right edge, and other things along the street in its middle, which is
    free for walkers. See `things_in`.
    """
    drawn = np.random.default_rng([seed, 7, *(_FIRST + one for one in square)])
    houses = [_as_house(*one) for one in ground if one[0].kind in _HOUSES]
    count = Counter(told.kind for told, _ in ground)
    middle_x, middle_z = SQUARE * square[0], SQUARE * square[1]
    found: list[ToldFrom] = []
    taken: list[tuple[float, float, float]] = []  # x, z and half the width of things [m]

    def put(thing: PlacedObject, away: float, x: float, z: float) -> None:
        half = _half_of(thing, away)
        is_free = all(hypot(x - a, z - b) > half + other + BESIDE for a, b, other in taken)
        if is_free and hypot(x + middle_x, z + middle_z) > PLANNED + half:
            found.append(ToldFrom(_moved(thing, away, x, z), middle_x, middle_z))
            taken.append((x, z, half))

    for plot in _PLOTS:
        if drawn.uniform() < COMMON:
            put(*houses[drawn.integers(len(houses))], _ROW, plot)
    for told, away in ground:
        side, along, chance = drawn.choice((-1.0, 1.0)), drawn.uniform(-1, 1), drawn.uniform()
        stays = chance < (COMMON if count[told.kind] > 1 else RARE)
        if told.kind not in _HOUSES and stays:
            across = _LANE if told.kind in _VEHICLES else _KERB
            put(told, away, side * across, _SPREAD * along)
    return found


def _as_house(thing: PlacedObject, away: float) -> tuple[PlacedObject, float]:
    """Return a house, and how far away it is [m], so small that a street shows all of it."""
    wide, tall = _size_of(thing, away)
    fits = min(_WIDEST_HOUSE / wide, _TALLEST_HOUSE / tall, 1.0)
    return _sized(thing, away, fits * wide, fits * tall), away


def _moved(thing: PlacedObject, away: float, x: float, z: float) -> PlacedObject:
    """Return a thing at another place [m], as large as it is."""
    yaw = degrees(atan2(x, z)) % 360.0
    return replace(_sized(thing, hypot(x, z), *_size_of(thing, away)), yaw=yaw)


def _size_of(thing: PlacedObject, away: float) -> tuple[float, float]:
    """Return the width and height of a thing on the ground so far away [m]."""
    return 2 * _half_of(thing, away), EYE + away * tan(radians(thing.foot + thing.height))


def _half_of(thing: PlacedObject, away: float) -> float:
    """Return half the width of a thing that is so far away [m]."""
    return away * tan(radians(min(thing.width, WIDEST)) / 2)


def _sized(thing: PlacedObject, away: float, wide: float, tall: float) -> PlacedObject:
    """Return a thing on the ground that is so far away and so large [m]."""
    foot, top = degrees(atan(-EYE / away)), degrees(atan((tall - EYE) / away))
    width = 2 * degrees(atan(wide / (2 * away)))
    return replace(thing, pitch=(foot + top) / 2, width=width, height=top - foot, away=None)
