"""The background of a ring: bands of sky and ground all around, or the sides of a room.

Captions seldom describe it, and a painter that knew only the things would guess its colours anew in
every view. So it is listed as things, too, with numbers below 0, which no map of pixels shows.

A side of a room has the box of the line straight ahead of it: its yaw is where one looks straight
at it, and top and bottom are where it meets ceiling and floor there. That says how far away it is
and how tall, and so where its edges are everywhere; floor and ceiling lie beyond them.
"""

from typing import NamedTuple

import numpy as np

from mag_sandbox.renderer import palettes
from mag_sandbox.renderer.canvas import HORIZON, RING_HEIGHT, RING_WIDTH, Rgb
from mag_sandbox.renderer.indoors import CEILINGS, PATTERNS
from mag_sandbox.renderer.kinds import BEHIND
from mag_sandbox.renderer.plan import UNNAMED, Thing
from mag_sandbox.renderer.projection import PIXELS_PER_RADIAN, box_depth, rows_of
from mag_sandbox.renderer.render import Ring
from mag_sandbox.renderer.scene import RoomBox

LAST_VARIANT = 6
_FLOORS = (*palettes.FLOORS, "white", "checkered", "wooden")
FEWEST = 500  # pixels in which nothing stands, of which a colour is taken
SIDES = 4  # of a room


class _Band(NamedTuple):
    top: int
    bottom: int
    attribute: str = ""
    values: tuple[str, ...] = ()
    first: int = 0  # variant where no attribute says it


_SKY = "weather", tuple(palettes.WEATHERS)
_CEILING = _Band(0, HORIZON, "ceiling", CEILINGS)
# rows of a room's floor and ceiling count only where its sides are not seen
BANDS: dict[str, dict[str, _Band]] = {
    "indoor": {
        "wall": _Band(0, RING_HEIGHT, "wall_pattern", (*PATTERNS, "stones")),
        "floor": _Band(HORIZON, RING_HEIGHT, "floor", _FLOORS),
        "ceiling": _CEILING,
    },
    "object": {
        "backdrop": _Band(0, RING_HEIGHT, "light", tuple(palettes.STAGE_AMBIENT)),
        "floor": _Band(HORIZON, RING_HEIGHT, "floor", _FLOORS, 3),
        "ceiling": _CEILING,
    },
    "outdoor": {
        "low sky": _Band(118, HORIZON, *_SKY),
        "far ground": _Band(HORIZON, 260),
        "near ground": _Band(260, RING_HEIGHT),
        "high sky": _Band(0, 118, *_SKY),
    },
    "video game": {
        "low sky": _Band(118, HORIZON, first=5),
        "far ground": _Band(HORIZON, 230, first=1),
        "turf": _Band(230, 290),
        "soil": _Band(290, RING_HEIGHT),
        "high sky": _Band(0, 118, first=5),
    },
}


def bands_of(ring: Ring) -> tuple[Thing, ...]:
    """Return the background of a ring, in the order of `BEHIND`."""
    names, room = BEHIND[ring.category], ring.layout.room
    shell = None if room is None else _Shell.of(room, ring)
    found, side = [], 0
    for index, name in enumerate(names, -len(names)):
        band = BANDS[ring.category][name]
        rows = np.arange(RING_HEIGHT)[:, None]
        where = np.broadcast_to((rows >= band.top) & (rows < band.bottom), ring.ids.shape)
        left, top, width, bottom = 0.0, float(band.top), float(RING_WIDTH), float(band.bottom)
        if shell is not None:
            if name in ("floor", "ceiling"):
                where = where & (shell.sides < 0)
            else:
                where = shell.sides == side
                left, top, width, bottom = shell.boxes[side]
                side += 1
        main, mean = _colors(ring, where)
        height = bottom - top
        found.append(
            Thing(
                index, name, UNNAMED, _variant(band, ring.attributes), None, main, mean,
                left, top, width, height, round(width * height),
            )
        )  # fmt: skip
    return tuple(found)


class _Shell(NamedTuple):
    sides: np.ndarray  # number of the side in each pixel, -1: floor or ceiling, [H, W]
    boxes: list[tuple[float, float, float, float]]  # left, top, width, bottom of each

    @classmethod
    def of(cls, room: RoomBox, ring: Ring) -> "_Shell":
        x, z = ring.viewer
        away = np.array((room.front - z, room.right - x, z - room.back, x - room.left))
        yaw = (np.arange(RING_WIDTH) + 0.5) / PIXELS_PER_RADIAN
        facing = np.arange(SIDES) * np.pi / 2
        nearness = np.cos(yaw - facing[:, None]) / away[:, None]
        depth = box_depth(room.left, room.right, room.back, room.front, ring.viewer)
        rows = np.arange(RING_HEIGHT)[:, None] + 0.5
        heights = np.array((room.tall, 0.0))
        top, bottom = rows_of(heights[:, None], depth)
        sides = np.where((rows >= top) & (rows < bottom), nearness.argmax(axis=0), -1)
        wide = RING_WIDTH / SIDES
        boxes = []
        for number, distance in enumerate(away):
            highest, lowest = rows_of(heights, float(distance)).tolist()
            boxes.append(((number - 0.5) * wide % RING_WIDTH, highest, wide, lowest))
        return cls(sides, boxes)


def _colors(ring: Ring, where: np.ndarray) -> tuple[Rgb, Rgb]:
    """Return the main and the mean colour of some pixels, of those without things if any."""
    bare = where & (ring.ids == 0)
    pixels = ring.pixels[bare if bare.sum() > FEWEST else where].reshape(-1, 3)
    if not len(pixels):  # all floor or ceiling lies beyond the ring
        pixels = ring.pixels.reshape(-1, 3)
    main, mean = (
        (int(red), int(green), int(blue))
        for red, green, blue in np.rint([np.median(pixels, axis=0), pixels.mean(axis=0)])
    )
    return main, mean


def _variant(band: _Band, attributes: dict[str, str]) -> int:
    value = attributes.get(band.attribute, "")
    return min(band.values.index(value), LAST_VARIANT) if value in band.values else band.first
