"""Viewpoints that a scene can be seen from, and where everything is from there."""

import numpy as np

from mag_sandbox.controls.parallax import RingGeometry
from mag_sandbox.renderer.render import Ring, SceneRenderer
from mag_sandbox.renderer.scene import Layout

NEAREST, FARTHEST = 0.15, 2.5  # metres from the first viewpoint
FROM_WALLS, FROM_THINGS = 0.6, 0.7  # metres, at least
TRIES = 20  # viewpoints looked at until one is free
NEAR_SHARE = 0.5  # of viewpoints; these are as near to something as a walker gets, or a little less
LONGEST_WAY, STRIDE = 9.0, 0.1  # metres to the thing walked up to, and between places tried
BEFORE = 0.0, 0.0, 0.5, 1.2, 2.5  # metres from there, one at random


def viewpoint(layout: Layout, rng: np.random.Generator) -> tuple[float, float]:
    """Return x and z [m] of a viewpoint near the first one: within walls, and beside all things."""
    for _ in range(TRIES):
        away = np.exp(rng.uniform(np.log(NEAREST), np.log(FARTHEST)))
        angle = rng.uniform(0, 2 * np.pi)
        x, z = float(away * np.sin(angle)), float(away * np.cos(angle))
        if is_free(layout, x, z):
            return x, z
    return 0.0, NEAREST


def near_viewpoint(layout: Layout, rng: np.random.Generator) -> tuple[float, float]:
    """Return x and z [m] of a viewpoint on a straight way to something, most often at its end.

    Where no way is blocked, it is as `viewpoint` has it.
    """
    for angle in rng.permutation(np.arange(16)) * np.pi / 8:
        ways = np.arange(STRIDE, LONGEST_WAY, STRIDE)[:, None] * (np.sin(angle), np.cos(angle))
        blocked = (at for at, (x, z) in enumerate(ways.tolist()) if not is_free(layout, x, z))
        if (end := next(blocked, 0)) * STRIDE > NEAREST:
            last = end - 1 - round(float(rng.choice(BEFORE)) / STRIDE)
            x, z = ways[max(last, 0)].tolist()
            return x, z
    return viewpoint(layout, rng)


def is_free(layout: Layout, x: float, z: float) -> bool:
    """Tell whether a viewer can stand at x, z [m]: within walls, and beside all things."""
    room = layout.room
    inside = room is None or (
        room.left + FROM_WALLS < x < room.right - FROM_WALLS
        and room.back + FROM_WALLS < z < room.front - FROM_WALLS
    )
    return inside and all(
        np.hypot(item.x - x, item.z - z) > FROM_THINGS
        for item in layout.items
        if item.entry.where == "floor"
    )


def geometry(scene: SceneRenderer, ring: Ring) -> RingGeometry:
    """Return where everything is that a ring of a scene shows."""
    items, first = scene.layout.items, len(scene.far) + 1
    boards = {
        first + index
        for index, item in enumerate(items)
        if item.entry.where not in ("flat", "wall")
    }
    boxes = {
        thing.index: (thing.left, thing.top, thing.width, thing.height)
        for thing in ring.things
        if thing.index in boards
    }
    hidden = boards.difference(boxes)
    return RingGeometry(ring.depth, ring.ids, boxes, frozenset({*hidden, first + len(items)}))
