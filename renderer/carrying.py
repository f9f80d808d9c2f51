"""What one viewpoint shows of the picture of another one.

What stands upright is cut out of the first picture and put where it appears now; ground, walls and
ceiling are looked up where their points appeared; what is at infinity stays. Nothing is known of
what was hidden.
"""

import numpy as np

from mag_sandbox.renderer.canvas import HORIZON, RING_HEIGHT, RING_WIDTH
from mag_sandbox.renderer.plan import Thing
from mag_sandbox.renderer.projection import EYE, PIXELS_PER_RADIAN, rows_of
from mag_sandbox.renderer.render import Ring, SceneRenderer
from mag_sandbox.renderer.scene import Layout

NEAREST, FARTHEST = 0.15, 2.5  # metres from the first viewpoint
FROM_WALLS, FROM_THINGS = 0.6, 0.7  # metres, at least
TRIES = 20  # viewpoints looked at until one is free
DISTANT = 300.0  # metres; farther away everything stays where it is
UNLIKE = 0.1  # of logarithms of distances: then a point was hidden
KNOWN = 250.0  # of 255: how much of what lies between pixels is known at least


def viewpoint(layout: Layout, rng: np.random.Generator) -> tuple[float, float]:
    """Return x and z [m] of a viewpoint near the first one: within walls, and beside all things."""
    for _ in range(TRIES):
        away = np.exp(rng.uniform(np.log(NEAREST), np.log(FARTHEST)))
        angle = rng.uniform(0, 2 * np.pi)
        x, z = float(away * np.sin(angle)), float(away * np.cos(angle))
        if is_free(layout, x, z):
            return x, z
    return 0.0, NEAREST


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


def carried(
    scene: SceneRenderer,
    before: Ring,
    now: Ring,
    picture: np.ndarray,
    move: tuple[float, float],
    shown: np.ndarray | None = None,
) -> np.ndarray:
    """Return what a ring shows of the picture of another viewpoint.

    Args:
        scene: of both rings.
        before: from the first viewpoint.
        now: from the second one.
        picture: how the first one was seen, uint8 [RING_HEIGHT, RING_WIDTH, 3].
        move: from the first viewpoint to the second, along x and z [m].
        shown: where the picture counts, bool [RING_HEIGHT, RING_WIDTH]; None: everywhere.

    Returns:
        Colours, and 255 where they are known, uint8 [RING_HEIGHT, RING_WIDTH, 4].
    """
    shown = np.ones((RING_HEIGHT, RING_WIDTH), bool) if shown is None else shown
    first = len(scene.far) + 1
    items = scene.layout.items
    boards = {
        first + index
        for index, item in enumerate(items)
        if item.entry.where not in ("flat", "wall")
    }
    upright = [*boards, first + len(items)]  # the last is what falls
    source = np.dstack((picture, np.where(shown, 255, 0).astype(np.uint8)))
    found = np.zeros((RING_HEIGHT, RING_WIDTH, 4), np.float32)
    found[..., :3], found[..., 3] = _surroundings(before, now, source, move, upright)
    earlier = {thing.index: thing for thing in before.things}
    for thing in now.things:
        if thing.index in boards and thing.index in earlier:
            row, column = np.nonzero(now.ids == thing.index)
            colors, known = _cut_out(before, source, earlier[thing.index], thing, row, column)
            found[row, column, :3], found[row, column, 3] = colors, known
    found[..., 3] *= 255
    return np.rint(found).clip(0, 255).astype(np.uint8)


def _surroundings(
    before: Ring, now: Ring, picture: np.ndarray, move: tuple[float, float], upright: list[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Return colours of all that does not stand upright, and where they are known."""
    rows, columns = np.mgrid[0:RING_HEIGHT, 0:RING_WIDTH] + 0.5
    yaw, pitch = columns / PIXELS_PER_RADIAN, (HORIZON - rows) / PIXELS_PER_RADIAN
    away = np.where(now.depth > DISTANT, np.inf, now.depth)
    finite = np.isfinite(away)
    away = np.where(finite, away, DISTANT)
    x, z = away * np.sin(yaw) + move[0], away * np.cos(yaw) + move[1]
    distance = np.hypot(x, z)
    row = np.where(finite, rows_of(EYE + away * np.tan(pitch), distance), rows)
    column = np.where(finite, np.arctan2(x, z) % (2 * np.pi) * PIXELS_PER_RADIAN, columns)
    place = _pixels(row, column)
    hidden = np.isin(before.ids, upright)
    beside = hidden.copy()  # pixels there are mixed with what stands upright
    for axis in (0, 1):
        for step in (1, -1):
            beside |= np.roll(hidden, step, axis)
    earlier = before.depth[place].clip(0.01, 1e6)
    same = np.abs(np.log(distance.clip(0.01) / earlier))
    known = ~np.isin(now.ids, upright) & (row >= 0) & (row < RING_HEIGHT) & ~beside[place]
    sampled = _sampled(picture, row, column)
    return sampled[..., :3], known & (~finite | (same < UNLIKE)) & (sampled[..., 3] > KNOWN)


def _cut_out(
    before: Ring, picture: np.ndarray, was: Thing, thing: Thing, row: np.ndarray, column: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return colours of some pixels of a thing that stands upright, and where they are known."""
    across = (column + 0.5 - thing.left + RING_WIDTH / 2) % RING_WIDTH - RING_WIDTH / 2
    there = was.left + across * (was.width / thing.width)
    down = was.top + (row + 0.5 - thing.top) * (was.height / thing.height)
    known = (before.ids[_pixels(down, there)] == was.index) & (down >= 0) & (down < RING_HEIGHT)
    sampled = _sampled(picture, down, there)
    return sampled[..., :3], known & (sampled[..., 3] > KNOWN)


def _pixels(row: np.ndarray, column: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    rows = np.floor(row).astype(int).clip(0, RING_HEIGHT - 1)
    return rows, np.floor(column).astype(int) % RING_WIDTH


def _sampled(picture: np.ndarray, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Return colours between pixels, float64 [..., 3]; columns wrap around."""
    top, left = np.floor(row - 0.5).astype(int), np.floor(column - 0.5).astype(int)
    down, across = (row - 0.5 - top)[..., None], (column - 0.5 - left)[..., None]
    rows = [(top + step).clip(0, RING_HEIGHT - 1) for step in (0, 1)]
    columns = [(left + step) % RING_WIDTH for step in (0, 1)]
    upper, lower = (
        picture[each, columns[0]] * (1 - across) + picture[each, columns[1]] * across
        for each in rows
    )
    return np.asarray(upper * (1 - down) + lower * down)
