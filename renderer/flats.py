"""Roads, water, rugs and the shells of rooms, as polygons in metres."""

from collections.abc import Sequence

import numpy as np

from mag_sandbox.renderer import palettes
from mag_sandbox.renderer.canvas import RING_WIDTH, Motion, Rgb
from mag_sandbox.renderer.drawing import Drawing, PolygonList
from mag_sandbox.renderer.kinds import COURSES
from mag_sandbox.renderer.painters.sketch import PAINTS, WOOD, darker, lighter
from mag_sandbox.renderer.painters.stamp import mix
from mag_sandbox.renderer.projection import NEAREST, PIXELS_PER_RADIAN, Viewpoint, rows_of
from mag_sandbox.renderer.scene import Item, RoomBox

STEP = 0.5  # metres; longer straight edges are drawn in several pieces
FARTHEST = 160.0  # metres to which roads and rivers run
SEA_REACH = 4000.0
SHADE = (40, 36, 70)
POND_COLORS: dict[str, tuple[Rgb, Rgb, Rgb]] = {  # rim, body, shine
    "lake": ((74, 128, 156), *palettes.WATERS["lake"]),
    "frozen lake": ((138, 178, 206), *palettes.WATERS["ice"]),
    "lava lake": ((150, 60, 50), *palettes.WATERS["lava"]),
    "lava pit": ((90, 50, 56), (246, 96, 40), (255, 206, 84)),
    "water pit": ((60, 70, 110), (54, 140, 214), (142, 214, 246)),
    "swimming pool": ((240, 240, 236), (72, 178, 222), (150, 218, 240)),
    "puddle": ((120, 136, 160), (140, 160, 190), (196, 210, 228)),
    "sandpit": ((172, 118, 76), (236, 208, 150), (246, 224, 176)),
}
MOVING = frozenset(("lake", "lava lake", "lava pit", "water pit", "swimming pool", "puddle"))


class Surfaces(PolygonList):
    """Polygons in space while they are collected; points x, height, z [m]."""

    def __init__(self) -> None:
        super().__init__(dimensions=3)

    def ground(
        self, outline: np.ndarray, color: Sequence[int], motion: Motion | None = None
    ) -> None:
        """Add a polygon on the ground; outline x, z [m], [P, 2]."""
        x, z = subdivided(outline).T
        self.add(np.stack((x, np.zeros_like(x), z), axis=1), color, motion)


def subdivided(outline: np.ndarray, step: float = STEP) -> np.ndarray:
    """Return a closed outline, [P, D], with points at most `step` apart, but 40 an edge."""
    edges = np.roll(outline, -1, axis=0) - outline
    counts = np.clip(np.ceil(np.linalg.norm(edges, axis=1) / step), 1, 40).astype(int)
    number = np.repeat(np.arange(len(outline)), counts)
    within = np.arange(len(number)) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.asarray(outline[number] + edges[number] * (within / counts[number])[:, None])


def _turned(points: np.ndarray, item: Item) -> np.ndarray:
    """Bring points (right, ahead) of a flat thing to the ground, [P, 2]."""
    turn = np.radians(item.facing)
    right = np.array((np.cos(turn), -np.sin(turn)))
    ahead = np.array((np.sin(turn), np.cos(turn)))
    return np.asarray(points[:, :1] * right + points[:, 1:] * ahead + (item.x, item.z))


def disc(half: float, deep: float | None = None, wobble: float = 0.0) -> np.ndarray:
    """Return an outline around the origin, [P, 2]."""
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    away = 1 + wobble * (np.sin(2 * turn + 1) + 0.6 * np.sin(3 * turn))
    return np.stack((np.cos(turn) * half, np.sin(turn) * (deep or half)), axis=1) * away[:, None]


def square(half: float, deep: float) -> np.ndarray:
    """Return a rectangle around the origin, [4, 2]."""
    return np.array([(-half, -deep), (half, -deep), (half, deep), (-half, deep)])


def flat(item: Item, ground: palettes.Ground) -> Drawing:
    """Return the polygons of a thing that lies on the ground, in metres."""
    surfaces = Surfaces()
    _FLATS[item.entry.painter](surfaces, item, ground)
    return surfaces.drawing()


def _rug(surfaces: Surfaces, item: Item, _: palettes.Ground) -> None:
    color = PAINTS[item.color or "red"]
    paints = color, lighter(color, 0.55), color, lighter(color, 0.2)
    for grow, paint in zip((1.0, 0.84, 0.74, 0.42), paints, strict=True):
        half = item.scale * grow
        outline = disc(half) if item.entry.painter == "round" else square(half * 1.2, half * 0.8)
        surfaces.ground(_turned(outline, item), paint)


def _pond(surfaces: Surfaces, item: Item, _: palettes.Ground) -> None:
    rim, body, shine = POND_COLORS[item.kind]
    motion = Motion.SHIMMER if item.kind in MOVING else None
    half, wobble = item.scale, 0.06
    if item.kind in ("swimming pool", "sandpit"):
        for grow, color in ((0.3, rim), (0.0, body)):
            outline = square(half * 1.25 + grow, half * 0.8 + grow)
            surfaces.ground(_turned(outline, item), color, motion if not grow else None)
        surfaces.ground(_turned(square(half * 0.8, half * 0.1), item), shine, motion)
        return
    surfaces.ground(_turned(disc(half * 1.1, half * 0.86, wobble), item), rim)
    surfaces.ground(_turned(disc(half, half * 0.76, wobble), item), body, motion)
    shift = np.array((-0.18, 0.16)) * half
    surfaces.ground(_turned(disc(half * 0.6, half * 0.3) + shift, item), shine, motion)


def bend_of(item: Item, along: np.ndarray) -> np.ndarray:
    """Return how far ahead of its straight line a river or path runs, at places along it [m]."""
    if item.kind not in ("river", "path"):
        return np.zeros_like(along)
    bends = np.sin(along / 9.0 + item.variant)
    return np.asarray(1.3 * bends * np.minimum(np.abs(along) / 6, 2.5))


def _band(surfaces: Surfaces, item: Item, ground: palettes.Ground) -> None:
    """A strip from one end of the land to the other: a river, a path, a road, rails."""
    s = np.linspace(-1, 1, 60)
    s = np.sign(s) * FARTHEST * np.abs(s) ** 1.9
    bend = bend_of(item, s)

    def strip(
        left: float, right: float, color: Sequence[int], motion: Motion | None = None
    ) -> None:
        sides = [np.stack((s, bend + away), axis=1) for away in (left, right)]
        points = _turned(np.concatenate((sides[0], sides[1][::-1])), item)
        surfaces.add(np.insert(points, 1, 0.0, axis=1), color, motion)

    def across(first: float, last: float, deep: float, color: Sequence[int]) -> None:
        outline = np.array([(first, -deep), (last, -deep), (last, deep), (first, deep)])
        surfaces.ground(_turned(outline, item), color)

    half = item.scale
    if item.kind in ("river", "canal"):
        body, shine = palettes.WATERS["river"]
        edge = ground.near if item.kind == "river" else (206, 200, 192)
        strip(-half * 1.2, half * 1.2, darker(edge, 0.1))
        strip(-half, half, body, Motion.SHIMMER)
        strip(-half * 0.3, half * 0.1, shine, Motion.SHIMMER)
    elif item.kind == "path":
        strip(-half, half, ground.path)
        strip(-half * 0.55, half * 0.45, lighter(ground.path, 0.25))
    elif item.kind == "railway track":
        strip(-half, half, (176, 164, 152))
        for at in np.arange(-30, 30, 0.9):
            across(at, at + 0.4, half * 0.8, darker(WOOD, 0.25))
        for side in (-0.55, 0.55):
            strip(half * side - 0.08, half * side + 0.08, (120, 124, 140))
    else:
        grey = (134, 134, 150) if item.kind == "road" else (120, 122, 134)
        strip(-half * 1.16, half * 1.16, (206, 202, 196))
        strip(-half, half, grey)
        for at in np.arange(-40, 40, 3.0):
            across(at, at + 1.5, 0.12 * half / 2, (246, 240, 222))


def course_box(item: Item, viewer: Viewpoint) -> tuple[float, float, float, float] | None:
    """Return the box by which a plan tells the course of a thing that runs on and on.

    Like that of a side of a room it is a quarter of the ring wide, has its middle where the course
    is nearest, and ends above and below where the two edges are seen there. A viewer who stands on
    it sees the farther edge. None: the thing has an end.
    """
    if item.kind not in COURSES:
        return None
    turn = np.radians(item.facing)
    right, ahead = item.x - viewer.x, item.z - viewer.z
    along = float(-right * np.cos(turn) + ahead * np.sin(turn))
    middle = float(right * np.sin(turn) + ahead * np.cos(turn) + bend_of(item, np.array(along)))
    near, far = middle - item.scale, middle + item.scale
    if item.entry.painter == "sea":
        near, far = middle, np.inf
    elif middle < 0:
        turn, near, far = turn + np.pi, -far, -near
    top, bottom = rows_of(np.zeros(2), np.array((far, max(near, NEAREST))))
    column = float(turn * PIXELS_PER_RADIAN)
    return column - RING_WIDTH / 8, float(top), column + RING_WIDTH / 8, float(bottom)


def _sea(surfaces: Surfaces, item: Item, ground: palettes.Ground) -> None:
    body, shine = palettes.WATERS["sea"]
    s = np.linspace(-1, 1, 80)
    s = np.sign(s) * SEA_REACH * np.abs(s) ** 4
    shore = 0.5 * np.sin(s / 5 + item.variant)
    far = np.array([(SEA_REACH, SEA_REACH), (-SEA_REACH, SEA_REACH)])
    for back, color, motion in (
        (-1.1, darker(ground.near, 0.12), None),
        (-0.35, mix(ground.far, (255, 255, 255), 0.7), None),
        (0.2, shine, Motion.SHIMMER),
        (2.2, body, Motion.SHIMMER),
        (26.0, darker(body, 0.14), Motion.SHIMMER),
    ):
        outline = np.concatenate((np.stack((s, shore + back), axis=1), far))
        points = _turned(outline, item)
        surfaces.add(np.insert(points, 1, 0.0, axis=1), color, motion)
    waves = np.random.default_rng(item.variant)
    for _ in range(24):
        x, z = waves.uniform(-40, 40), waves.uniform(4, 45)
        outline = np.add(disc(0.8 + z * 0.07, 0.12 + z * 0.012), (x, z))
        surfaces.ground(_turned(outline, item), lighter(shine, 0.2), Motion.SHIMMER)


_FLATS = {"round": _rug, "square": _rug, "pond": _pond, "band": _band, "sea": _sea, "pit": _pond}


def patches(rng: np.random.Generator, ground: palettes.Ground, checkered: bool) -> Drawing:
    """Return pale and dark patches of bare ground, or squares."""
    surfaces = Surfaces()
    if checkered:
        for i in range(-9, 10):
            for j in range(-9, 10):
                if (i + j) % 2 and max(abs(i), abs(j)) * 1.6 < 15:
                    outline = np.add(square(0.8, 0.8), (i * 1.6, j * 1.6))
                    surfaces.ground(outline, (*darker(ground.near, 0.12), 120))
        return surfaces.drawing()
    for index in range(60):
        away, yaw = 1.5 + 34 * rng.uniform() ** 1.6, rng.uniform(0, 2 * np.pi)
        half = rng.uniform(0.5, 1.1) * (0.7 + away / 8)
        color = lighter(ground.far, 0.12) if index % 2 else darker(ground.near, 0.16)
        outline = np.add(disc(half, half * 0.7, 0.1), (away * np.sin(yaw), away * np.cos(yaw)))
        surfaces.ground(outline, (*color, 84))
    return surfaces.drawing()


def shell(room: RoomBox, light: str, windows: Sequence[Item]) -> Drawing:
    """Return floor, ceiling and walls of a room, in the order in which they are drawn."""
    surfaces = Surfaces()
    _floor(surfaces, room)
    for window in windows if light in ("daylight", "evening") else ():
        _sunlight(surfaces, window)
    _ceiling(surfaces, room)
    _walls(surfaces, room, light)
    return surfaces.drawing()


def floor_color(room: RoomBox) -> Rgb:
    """Return the colour of a room's floor."""
    if room.floor == "stage":
        return palettes.STAGE_FLOORS[room.floor_color]
    return palettes.FLOORS[room.floor][room.floor_color]


def wall_color(room: RoomBox) -> Rgb:
    """Return the colour of a room's walls."""
    return palettes.BACKDROPS[room.wall] if room.floor == "stage" else palettes.WALLS[room.wall]


def ceiling_color(room: RoomBox) -> Rgb:
    """Return the colour of a room's ceiling."""
    base = mix((246, 242, 234), wall_color(room), 0.14)
    return darker(wall_color(room), 0.4) if room.floor == "stage" else base


def _floor(surfaces: Surfaces, room: RoomBox) -> None:
    kind = room.floor_color if room.floor == "stage" else room.floor
    if kind in ("tiles", "checkered"):
        size = 0.9
        for i in range(int((room.right - room.left) / size)):
            for j in range(int((room.front - room.back) / size)):
                if (i + j) % 2:
                    middle = room.left + (i + 0.5) * size, room.back + (j + 0.5) * size
                    shade = (*SHADE, 44) if kind == "tiles" else (52, 48, 78, 120)
                    surfaces.ground(np.add(square(size / 2, size / 2), middle), shade)
    elif kind in ("wood", "wooden"):
        wide = 0.55
        for i in range(int((room.right - room.left) / wide)):
            x, deep = room.left + (i + 0.5) * wide, (room.front - room.back) / 2
            if i % 2:
                middle = x, room.back + deep
                surfaces.ground(np.add(square(wide / 2, deep), middle), (*SHADE, 26))


def _sunlight(surfaces: Surfaces, window: Item) -> None:
    for first, last in ((-0.6, -0.05), (0.05, 0.6)):
        corners = (first, -0.8), (last, -0.8), (last * 1.2 + 0.5, -2.4), (first * 1.2 + 0.5, -2.4)
        surfaces.ground(_turned(np.array(corners), window), (255, 246, 214, 70))


def _ceiling(surfaces: Surfaces, room: RoomBox) -> None:
    if room.ceiling == "plain":
        return
    middle = (room.back + room.front) / 2
    deep = (room.front - room.back) / 2
    for x in np.arange(room.left + 0.5, room.right - 0.2, 1.5):
        half = 0.16 if room.ceiling == "wooden beams" else 0.55
        color = WOOD if room.ceiling == "wooden beams" else lighter(ceiling_color(room), 0.5)
        outline = subdivided(np.add(square(half, deep), (x, middle)))
        surfaces.add(np.insert(outline, 1, room.tall, axis=1), color)


def _walls(surfaces: Surfaces, room: RoomBox, light: str) -> None:
    color = wall_color(room)
    for number, (x, z, facing, length) in enumerate(room.walls()):
        shade = (0.0, 0.06, 0.1, 0.03)[number] * (1.4 if light in ("daylight", "evening") else 1.0)
        tone = darker(color, shade)
        turn = np.radians(facing)
        along = np.array((np.cos(turn), -np.sin(turn)))

        def panel(
            first: float, last: float, low: float, high: float, fill: Sequence[int],
            start: tuple[float, float] = (x, z), along: np.ndarray = along,
        ) -> None:  # fmt: skip
            outline = subdivided(np.array([(first, low), (last, low), (last, high), (first, high)]))
            ground = np.array(start) + outline[:, :1] * along
            surfaces.add(np.stack((ground[:, 0], outline[:, 1], ground[:, 1]), axis=1), fill)

        panel(0, length, 0, room.tall, tone)
        if room.pattern == "wide stripes":
            for at in np.arange(0, length - 0.4, 0.9):
                panel(at, at + 0.45, 0, room.tall, (255, 250, 240, 46))
        elif room.pattern == "panels":
            panel(0, length, 0, 1.0, lighter(tone, 0.22))
            panel(0, length, 0.96, 1.06, lighter(tone, 0.5))
            for at in np.arange(0.2, length - 0.9, 1.1):
                panel(at, at + 0.9, 0.25, 0.85, darker(tone, 0.1))
        elif room.pattern == "two tones":
            panel(0, length, 0, 1.1, darker(tone, 0.26))
            panel(0, length, 1.08, 1.16, lighter(tone, 0.5))
        elif room.pattern == "stones":
            for row in range(int(room.tall / 0.6) + 1):
                for at in np.arange(0.45 * (row % 2), length - 0.8, 0.9):
                    shade = 0.1 + 0.06 * ((row * 3 + int(at * 7)) % 4)
                    panel(
                        at + 0.03, at + 0.87, row * 0.6 + 0.03, row * 0.6 + 0.57,
                        darker(tone, shade),
                    )  # fmt: skip
        if room.pattern == "stones":
            continue
        if room.floor != "stage":
            panel(0, length, 0, 0.14, mix(PAINTS["white"], tone, 0.2))
            panel(0, length, room.tall - 0.12, room.tall, lighter(ceiling_color(room), 0.5))
        else:
            panel(0, length, room.tall - 0.5, room.tall, (64, 62, 80))
