"""A ring-shaped drawing surface: what leaves at the right edge comes back at the left.

Shapes are given in final pixels (floats allowed), drawn `SUPERSAMPLE` times larger with Pillow and
box-filtered once at the end, which is the antialiasing. Knows nothing of scenes.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import Enum, IntEnum

import numpy as np
from PIL import Image, ImageDraw

from mag_sandbox.renderer.lighting import Glow, Triple, relight

RING_WIDTH = 1280  # px for 360 degrees of yaw
RING_HEIGHT = 384  # px for 108 degrees of pitch
HORIZON = RING_HEIGHT // 2  # row of pitch 0
SUPERSAMPLE = 2

Color = tuple[int, int, int] | tuple[int, int, int, int]
Point = tuple[float, float]
Box = tuple[float, float, float, float]  # left, top, right, bottom


class Motion(IntEnum):
    """How what is drawn moves where it is."""

    SKY = 0  # clouds may drift before it
    SHIMMER = 1  # water and lava
    FLICKER = 2  # flames and lamps


class MovingLayer(Enum):
    """What moves as a whole."""

    CLOUDS = "clouds"
    WALKERS = "walkers"


class Canvas:
    """A 360 degree picture, [RING_HEIGHT, RING_WIDTH, 3]; x wraps around, y grows downwards.

    Colours may carry alpha (0 to 255), which blends with what is below. Painters say what moves
    (`moving`, `apart`) and what things they paint (`thing`, `part`); a plain picture ignores it, a
    `LayeredCanvas` keeps the first, a `LoggedCanvas` the second.

    >>> canvas = Canvas()
    >>> canvas.gradient(0, 192, (90, 150, 240), (200, 225, 250))
    >>> canvas.ellipse(1270, 40, 1310, 80, (255, 240, 180))  # crosses the seam
    >>> canvas.pixels().shape
    (384, 1280, 3)
    """

    def __init__(self) -> None:
        self._image = Image.new("RGB", (RING_WIDTH * SUPERSAMPLE, RING_HEIGHT * SUPERSAMPLE))
        self._draw = ImageDraw.Draw(self._image, "RGBA")
        self._light: tuple[Sequence[Triple], Sequence[Glow]] | None = None
        self._turn = 0

    @contextmanager
    def moving(self, _motion: Motion | None, /) -> Iterator[None]:
        """Say that what is drawn within moves in this way; None: it stands still."""
        yield

    @contextmanager
    def apart(self, _layer: MovingLayer | None, /) -> Iterator[None]:
        """Say that what is drawn within moves as a whole; None: it stands still."""
        yield

    @contextmanager
    def thing(
        self, _attribute: str, _value: str, /, color: str | None = None, variant: int = 0
    ) -> Iterator[None]:
        """Say that what is drawn within is one thing: what a scene's attribute of this value shows.

        Attribute and value tell its class, see `classes.LOOKS`; `classes.UNNAMED` is of what no
        caption names. `color` is the name that captions give its colour, `variant` which of its
        class's shapes it has.
        """
        del color, variant
        yield

    @contextmanager
    def part(self) -> Iterator[None]:
        """Say that what is drawn within stands by itself, as one of the things drawn now.

        What runs around the whole ring is logged peak by peak, or nobody could say where they are.
        """
        yield

    def relight(self, ambient: Sequence[Triple], glows: Sequence[Glow]) -> None:
        """Put the finished picture under light; see `lighting.relight`."""
        self._light = ambient, glows

    def turn(self, columns: int) -> None:
        """Turn the finished picture to the right."""
        self._turn = columns

    def _targets(self, fill: Color, _box: Box) -> Iterator[tuple[ImageDraw.ImageDraw, Color]]:
        """What a shape inside a box is drawn on, and in which colour."""
        yield self._draw, fill

    def gradient(self, top: float, bottom: float, top_color: Color, bottom_color: Color) -> None:
        """Fill whole rows `top` to `bottom` with a vertical blend of two opaque colours."""
        first, last = round(top * SUPERSAMPLE), round(bottom * SUPERSAMPLE)
        if last <= first:
            return
        weight = np.linspace(0, 1, last - first)[:, None]
        rows = (1 - weight) * np.array(top_color[:3]) + weight * np.array(bottom_color[:3])
        strip = Image.fromarray(rows.round().astype(np.uint8)[:, None, :])
        self._image.paste(strip.resize((self._image.width, last - first)), (0, first))

    def polygon(self, points: Sequence[Point] | np.ndarray, fill: Color) -> None:
        """Fill a polygon; points may lie anywhere, also beyond the seam."""
        xs = [x for x, _ in points]
        ys = [y for _, y in points]
        for draw, color in self._targets(fill, (min(xs), min(ys), max(xs), max(ys))):
            for shift in wraps(min(xs), max(xs)):
                draw.polygon([_scaled(x + shift, y) for x, y in points], fill=color)

    def ellipse(self, left: float, top: float, right: float, bottom: float, fill: Color) -> None:
        """Fill the ellipse inside a box."""
        for draw, color in self._targets(fill, (left, top, right, bottom)):
            for shift in wraps(left, right):
                box = [_scaled(left + shift, top), _scaled(right + shift, bottom)]
                draw.ellipse(box, fill=color)

    def rectangle(
        self, left: float, top: float, right: float, bottom: float, fill: Color, radius: float = 0.0
    ) -> None:
        """Fill a box, with rounded corners if `radius` [px] is given."""
        for draw, color in self._targets(fill, (left, top, right, bottom)):
            for shift in wraps(left, right):
                box = [*_scaled(left + shift, top), *_scaled(right + shift, bottom)]
                box[2], box[3] = max(box[0], box[2] - 1), max(box[1], box[3] - 1)
                if radius > 0:
                    draw.rounded_rectangle(box, radius * SUPERSAMPLE, fill=color)
                else:
                    draw.rectangle(box, fill=color)

    def line(self, points: Sequence[Point], fill: Color, width: float) -> None:
        """Draw a connected line, `width` [px] wide, with rounded joints."""
        xs = [x for x, _ in points]
        ys = [y for _, y in points]
        box = (min(xs) - width, min(ys) - width, max(xs) + width, max(ys) + width)
        thick = max(1, round(width * SUPERSAMPLE))
        for draw, color in self._targets(fill, box):
            for shift in wraps(box[0], box[2]):
                path = [_scaled(x + shift, y) for x, y in points]
                draw.line(path, fill=color, width=thick, joint="curve")

    def pixels(self) -> np.ndarray:
        """Return the finished picture, uint8 [RING_HEIGHT, RING_WIDTH, 3]."""
        picture = np.asarray(self._image.reduce(SUPERSAMPLE))
        if self._light is not None:
            picture = relight(picture, *self._light)
        return np.roll(picture, self._turn, axis=1)


def _scaled(x: float, y: float) -> Point:
    return x * SUPERSAMPLE, y * SUPERSAMPLE


def wraps(left: float, right: float) -> list[float]:
    """Shifts by whole turns at which an extent [left, right] touches the picture."""
    first = int(np.floor(-right / RING_WIDTH)) + 1
    last = int(np.ceil((RING_WIDTH - left) / RING_WIDTH)) - 1
    return [turn * float(RING_WIDTH) for turn in range(first, last + 1)]
