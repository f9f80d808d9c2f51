"""The plan of a ring: its visible things with position, size, distance and colours."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mag_sandbox.renderer.canvas import HORIZON, RING_HEIGHT, RING_WIDTH, Rgb
from mag_sandbox.renderer.kinds import AREAS
from mag_sandbox.renderer.scene import Item
from mag_sandbox.renderer.views import DEGREES_PER_PIXEL

MAIN_COLOR_BITS = 4  # of each channel; pixels that agree in them have about the same colour
FEW = 400  # pixels of a thing up to which all are looked at for its colours
UNNAMED = ""  # attribute of things that no caption names
# its number, kind, item (None: at infinity), distance [m], box in ring pixels
Placed = tuple[int, str, Item | None, float, tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that a ring shows, as it stands in the finished picture.

    Lengths are in ring pixels, angles in degrees. The box is that of the whole body, hidden
    parts included; shadows and halos lie outside it.
    """

    index: int  # its number in the map of things
    name: str  # kind
    attribute: str  # of the scene, whose words name it in captions; "" if no caption does
    variant: int  # which of its kind's shapes; 0 where there is only one
    color_name: str | None  # the colour that captions give it
    main_color: Rgb  # of the largest part of its visible pixels
    mean_color: Rgb  # of its visible pixels
    left: float  # 0 to RING_WIDTH; `left + width` is more than RING_WIDTH across the seam
    top: float  # may lie above the ring
    width: float  # at most RING_WIDTH
    height: float
    area: int  # pixels that show it; at least 1
    distance: float = float("inf")  # metres along the ground; inf: at the horizon or in the sky

    @property
    def shown(self) -> bool:
        """Whether enough of it is visible to be noticed."""
        return self.area >= max(60.0, 0.08 * self.width * self.height)

    @property
    def is_area(self) -> bool:
        """Whether it is land, water or backdrop, which have no single place."""
        return self.name in AREAS

    @property
    def yaw(self) -> float:
        """The yaw of its middle, to the right of the ring's left edge, 0 to 360."""
        return (self.left + self.width / 2) * DEGREES_PER_PIXEL % 360

    @property
    def pitch(self) -> float:
        """The pitch of its middle, above the horizon."""
        return (HORIZON - self.top - self.height / 2) * DEGREES_PER_PIXEL

    @property
    def degrees(self) -> tuple[float, float]:
        """Its width and height."""
        return self.width * DEGREES_PER_PIXEL, self.height * DEGREES_PER_PIXEL

    @property
    def plan_entry(self) -> tuple[str, float, float, float, float, Rgb, Rgb, int]:
        """Kind, yaw, pitch, width, height, main and mean colour, variant: its fields in a plan."""
        box = self.yaw, self.pitch, *self.degrees
        return self.name, *box, self.main_color, self.mean_color, self.variant


def things_of(pixels: np.ndarray, ids: np.ndarray, placed: Sequence[Placed]) -> tuple[Thing, ...]:
    """Return all things with at least a pixel in sight, in the order of their placement.

    Args:
        pixels: finished ring, uint8 [RING_HEIGHT, RING_WIDTH, 3].
        ids: number of the thing that each pixel shows, [RING_HEIGHT, RING_WIDTH].
        placed: all things.
    """
    count = max((number for number, *_ in placed), default=0) + 1
    areas = np.bincount(ids.ravel(), minlength=count)
    # a quarter of the pixels gives the same colours; small things keep all
    few = (areas < FEW)[ids]
    few[::2, ::2] = True
    seen = np.flatnonzero(few & (ids > 0))
    ids, pixels = ids.ravel()[seen], pixels.reshape(-1, 3)[seen]
    means = mean_colors(ids, pixels, count)
    mains = mean_colors(*of_main_color(ids, pixels, count), count)
    things = []
    for number, kind, item, distance, box in placed:
        if not areas[number]:
            continue
        left, top, right, bottom = box
        width, height = right - left, min(bottom, RING_HEIGHT) - top
        left = 0.0 if width >= RING_WIDTH else left % RING_WIDTH
        group, variant, color = (item.group, item.variant, item.color) if item else (kind, 0, None)
        things.append(
            Thing(
                number, kind, group, variant, color, mains[number], means[number],
                left, top, min(width, float(RING_WIDTH)), height, int(areas[number]), distance,
            )
        )  # fmt: skip
    return tuple(things)


def mean_colors(ids: np.ndarray, pixels: np.ndarray, count: int) -> list[Rgb]:
    """Return the mean colour of the pixels of each number, 0 to `count` - 1."""
    areas = np.maximum(np.bincount(ids, minlength=count), 1)
    sums = [np.bincount(ids, pixels[:, channel], count) for channel in range(3)]
    means = np.rint(np.stack(sums, axis=1) / areas[:, None]).astype(int)
    return [(red, green, blue) for red, green, blue in means.tolist()]


def of_main_color(ids: np.ndarray, pixels: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the pixels that have their thing's most frequent colour, and their numbers."""
    red, green, blue = (pixels >> (8 - MAIN_COLOR_BITS)).astype(np.int64).T
    colors = 1 << 3 * MAIN_COLOR_BITS
    rough = ids.astype(np.int64)
    for channel in (red, green, blue):
        rough = rough << MAIN_COLOR_BITS | channel
    most = np.bincount(rough, minlength=count * colors).reshape(count, colors).argmax(axis=1)
    where = np.flatnonzero(rough % colors == most[ids])
    return ids[where], pixels[where]
