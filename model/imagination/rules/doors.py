"""Doors that a plan must have: the way back stands behind the player, another way leads on."""

from collections.abc import Sequence
from dataclasses import replace
from math import atan, degrees, pi
from typing import NamedTuple

import numpy as np

from mag_sandbox.controls.parallax import EYE
from mag_sandbox.model.imagination.config import ImaginationConfig
from mag_sandbox.model.imagination.geometry.scenery import Scenery
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.rules.plausible import is_borne, is_on
from mag_sandbox.scenes.kinds import THINGS
from mag_sandbox.scenes.rooms import DOORS
from mag_sandbox.scenes.stances import STANCES

BACK = 180.0  # degrees: the yaw of the door back
TALLEST = 3.0  # metres
WALLS = 1.0, 12.0  # metres: the nearest and farthest that a door can be in
WIDE = 90.0  # degrees; wider things hide no door


class RoomDoors(NamedTuple):
    """The doors that a room must have."""

    yaws: tuple[float, ...] = ()  # degrees; the door back comes first
    back: PlacedObject | None = None  # as it looks from the other side


NO_DOORS = RoomDoors()


def with_doors(
    things: Sequence[PlacedObject], doors: RoomDoors, config: ImaginationConfig
) -> tuple[PlacedObject, ...]:
    """Return a plan with the first of some doors, and with the others if it had no door."""
    kind = _door_kind(things, config)
    if kind is None:
        return tuple(things)
    behind, usual = config.all_behind, THINGS[kind]
    tall = min(STANCES[kind].tall or TALLEST, TALLEST)
    walls = Scenery.of([one for one in things if one.kind in behind], {}, behind)
    made = tuple(things)
    yaws, back = doors.yaws, doors.back
    for place, yaw in enumerate(yaws[: 1 if any(one.kind in DOORS for one in things) else None]):
        wall = float(walls.surfaces(0.0, 0.0, np.array([yaw * pi / 180]), np.zeros(1))[0, 0])
        pitch, width, height = usual.pitch, usual.width, usual.height
        if WALLS[0] < wall < WALLS[1]:
            low, high = (degrees(atan((end - EYE) / wall)) for end in (0.0, tall))
            pitch, height = (low + high) / 2, high - low
            width = 2 * degrees(atan(tall * usual.width / usual.height / 2 / wall))
        door = PlacedObject(kind, yaw, pitch, width, height)
        if back and place == 0:
            variant = back.variant if back.kind == kind else None
            door = replace(door, color=back.color, mean_color=back.mean_color, variant=variant)
        hiding = [one for one in made if one.kind not in behind and _hides(one, door)]
        kept = [one for one in made if one not in hiding]
        made = (*(one for one in kept if is_borne(one, kept) or not is_on(one, hiding)), door)
    return made


def _hides(thing: PlacedObject, door: PlacedObject) -> bool:
    return thing.width <= WIDE and thing.overlaps(door)


def _door_kind(things: Sequence[PlacedObject], config: ImaginationConfig) -> str | None:
    """Return the kind of doors that suits what a plan has behind all things."""
    kinds = tuple(one.kind for one in things)
    among = [
        config.among[name] for name, there in config.behind.items() if kinds[: len(there)] == there
    ]
    fitting = (
        kind
        for kinds in (*among, config.looks)
        for kind in DOORS
        if kind in THINGS and kind in kinds
    )
    return next(fitting, None)
