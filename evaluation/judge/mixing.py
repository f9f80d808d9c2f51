"""Scenes with things of any kind, in any place: what stands there does not tell what it is.

Worlds put what descriptions name where renders never have it, a washing machine on a stage. Such
scenes teach and test a judge that must know things by their shape.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from mag_sandbox.renderer.kinds import AREAS, COURSES, KINDS, Kind
from mag_sandbox.renderer.placing import color_of, size_of, variant_of
from mag_sandbox.renderer.scene import Item, Layout, RoomBox

STANDING: Mapping[str, tuple[Kind, ...]] = {
    where: tuple(
        kind for kind in KINDS.values()
        if kind.where == where and kind.name not in AREAS and kind.name not in COURSES
    )
    for where in ("floor", "small", "sky", "water", "wall", "ceiling", "flat")
}  # fmt: skip
_UPRIGHT = tuple(kind for where, some in STANDING.items() if where != "flat" for kind in some)
FLAT = 0.06  # share of things that lie on the ground
SPREAD = 0.3  # of the logarithm of sizes
ANGLES = 4.5, 45.0  # degrees of a thing's longer side: least, most
DISTANCES = 1.3, 70.0  # metres: least, most
BEFORE_WALL = 0.4  # metres that things keep from walls


def mixed(layout: Layout, rng: np.random.Generator, least: int, most: int) -> Layout:
    """Return a scene with some more things, `least` to `most`, of any kind."""
    items = []
    for _ in range(rng.integers(least, most, endpoint=True)):
        kinds = STANDING["flat"] if rng.random() < FLAT else _UPRIGHT
        if (item := _placed(kinds[rng.integers(len(kinds))], layout.room, rng)) is not None:
            items.append(item)
    return replace(layout, items=(*layout.items, *items))


def exchanged(layout: Layout, rng: np.random.Generator, share: float) -> tuple[Layout, set[int]]:
    """Return a scene with a share of its things replaced, and the numbers of those.

    The others are as tall and stand in the same places, but are of other kinds.
    """
    items, gone = list(layout.items), set()
    for number, item in enumerate(items):
        kinds = [one for one in STANDING.get(item.entry.where, ()) if one.name != item.kind]
        if item.entry not in _UPRIGHT or rng.random() >= share:
            continue
        kind = kinds[rng.integers(len(kinds))]
        scale = item.scale * size_of(item.kind)[1] / size_of(kind.name)[1]
        color = item.color if item.color in kind.colors else color_of(rng, kind.name)
        items[number] = replace(
            item, kind=kind.name, scale=scale, color=color, variant=variant_of(rng)
        )
        gone.add(number)
    return replace(layout, items=tuple(items)), gone


def _placed(kind: Kind, room: RoomBox | None, rng: np.random.Generator) -> Item | None:
    """Return a thing of a kind somewhere around; None: it needs a wall or a ceiling."""
    yaw, scale = rng.uniform(0, 2 * np.pi), float(np.exp(rng.normal(0, SPREAD)))
    right, ahead = float(np.sin(yaw)), float(np.cos(yaw))
    color, variant = color_of(rng, kind.name), variant_of(rng)
    if kind.where == "flat":
        away, half = float(rng.uniform(1.8, 5.0)), float(rng.uniform(0.5, 1.6))
        facing = float(np.degrees(yaw))
        return Item(
            kind.name, away * right, away * ahead, 0.0, half, color, variant, facing, kind.name
        )
    wide, tall = (extent * scale for extent in size_of(kind.name))
    if kind.where in ("wall", "ceiling") and room is None:
        return None
    if kind.where == "wall":
        assert room is not None
        wall = int(rng.integers(4))
        along = float(rng.uniform(0.15, 0.85)) * room.walls()[wall][3]
        x, z, facing = room.at_wall(wall, along, 0.02)
        foot = float(rng.uniform(0.9, 1.6)) if tall < 1.5 else 0.5
        return Item(kind.name, x, z, foot, scale, color, variant, facing, kind.name)
    angle = np.radians(np.exp(rng.uniform(*np.log(ANGLES))))
    away = float(np.clip(max(wide, tall) / 2 / np.tan(angle / 2), *DISTANCES))
    foot = 0.0
    if room is not None:
        away = min(away, max(_to_wall(room, right, ahead) - BEFORE_WALL, 0.8))
        foot = room.tall - tall if kind.where == "ceiling" else 0.0
    if kind.where == "sky":
        foot = 1.6 + away * float(np.tan(np.radians(rng.uniform(-5, 18))))
    elif kind.where == "small" and rng.random() < 0.5:
        foot = float(rng.uniform(0.4, 1.0))  # as on a table
    x, z = away * right, away * ahead
    return Item(kind.name, x, z, max(foot, 0.0), scale, color, variant, 0.0, kind.name)


def _to_wall(room: RoomBox, right: float, ahead: float) -> float:
    """Return how far away a room's wall is in a direction [m]."""
    ends = ((room.left, room.right, right), (room.back, room.front, ahead))
    ways = [(high if way > 0 else low) / way for low, high, way in ends if abs(way) > 1e-6]
    return float(min(ways))
