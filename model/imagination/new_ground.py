"""The ground beyond a plan: things like those of the plan, in new arrangements, without end.

The ground is divided into squares. Around the middle of each, the things of the plan stand once
more, turned, some mirrored, some left out: a function of plan, seed and square, so a square looks
the same from everywhere and whenever a walker comes back to it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from math import cos, hypot, radians, sin

import numpy as np

from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.scenery import FADE, SIGHT, ToldFrom

SQUARE = 24.0  # metres
PLANNED = 20.0  # metres from where the scene begins, within which its plan says what there is
COMMON, RARE = 0.85, 0.25  # how often a thing stands in a square; rare: the only one of its kind
_SPARE = 4.0  # metres; a square is there before anything of it comes into sight
_FIRST = 2**20  # no square has so low a number
Square = tuple[int, int]


def squares_near(x: float, z: float) -> list[Square]:
    """Return the squares that are in sight from a viewpoint [m], but for the first one."""
    sight = SIGHT + FADE + _SPARE
    middle = [round(at / SQUARE) for at in (x, z)]
    reach = range(-int(sight // SQUARE) - 1, int(sight // SQUARE) + 2)
    squares = [(middle[0] + i, middle[1] + j) for i, j in product(reach, reach)]
    return [one for one in squares if one != (0, 0) and _away(one, x, z) < sight]


def _away(square: Square, x: float, z: float) -> float:
    return hypot(
        *(max(abs(at - SQUARE * one) - SQUARE / 2, 0.0)
          for at, one in zip((x, z), square, strict=True))
    )  # fmt: skip


def things_in(
    square: Square, ground: Sequence[tuple[PlacedObject, float]], seed: int
) -> list[ToldFrom]:
    """Return the things in a square, told from its middle.

    Args:
        square: its number.
        ground: things on the ground of a plan, and how far away each is [m].
        seed: of the arrangement.
    """
    drawn = np.random.default_rng([seed, 6, *(_FIRST + one for one in square)])
    turn, side = drawn.uniform(0.0, 360.0), drawn.choice((-1.0, 1.0))
    count = Counter(told.kind for told, _ in ground)
    middle_x, middle_z = SQUARE * square[0], SQUARE * square[1]
    found = []
    for (told, away), chance in zip(ground, drawn.uniform(size=len(ground)), strict=True):
        yaw = (side * told.yaw + turn) % 360.0
        x, z = away * sin(radians(yaw)), away * cos(radians(yaw))
        is_new = hypot(x + middle_x, z + middle_z) > PLANNED
        stays = chance < (COMMON if count[told.kind] > 1 else RARE)
        if is_new and stays and max(abs(x), abs(z)) < SQUARE / 2:
            found.append(ToldFrom(replace(told, yaw=yaw), middle_x, middle_z))
    return found
