"""A ring-shaped drawing surface: what leaves at the right edge comes back at the left.

A canvas records shapes, and facts that their painters state. Shapes are given in final pixels
(floats allowed), drawn `SUPERSAMPLE` times larger with Pillow and box-filtered once at the end,
which is the antialiasing.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Any, Literal, NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from mag_sandbox.renderer.lighting import Glow, Triple, relight

RING_WIDTH = 1280  # px for 360 degrees of yaw
RING_HEIGHT = 384  # px for 108 degrees of pitch
HORIZON = RING_HEIGHT // 2  # row of pitch 0
SUPERSAMPLE = 2

Rgb = tuple[int, int, int]
Color = Rgb | tuple[int, int, int, int]
Point = tuple[float, float]
Box = tuple[float, float, float, float]  # left, top, right, bottom


class Motion(IntEnum):
    """How a shape moves in place."""

    SKY = 0  # clouds may drift before it
    SHIMMER = 1  # water and lava
    FLICKER = 2  # flames and lamps


class MovingLayer(Enum):
    """Shapes that move as a whole."""

    CLOUDS = "clouds"
    WALKERS = "walkers"


class PaintedThing(NamedTuple):
    """A thing as its painter names it."""

    attribute: str  # of the scene; "" if no caption names it
    value: str
    color: str | None  # name
    variant: int


class Context(NamedTuple):
    """The facts that painters state of the shapes they draw."""

    motion: Motion | None = None
    layer: MovingLayer | None = None
    thing: int = 0  # number n is `Canvas.things[n - 1]`; 0: none
    group: int = 0  # shapes in a row of the same group are one drawing
    swing: float = 0.0  # how far the foot of a leg goes forward while walking, -1 to 1


@dataclass(frozen=True, slots=True)
class Shape:
    """One recorded shape."""

    kind: Literal["gradient", "polygon", "ellipse", "rectangle", "line"]
    points: Sequence[Point] | np.ndarray  # of a box its left top and right bottom corners
    fill: Color
    context: Context
    size: float = 0.0  # radius of a rectangle's corners, width of a line [px]
    below: Color = (0, 0, 0)  # lower colour of a gradient

    @property
    def alpha(self) -> int:
        """Opacity, 0 to 255."""
        return self.fill[3] if len(self.fill) == 4 else 255

    @property
    def box(self) -> Box:
        """The extent of the shape [px]."""
        xs, ys = [x for x, _ in self.points], [y for _, y in self.points]
        grow = self.size if self.kind == "line" else 0.0
        return min(xs) - grow, min(ys) - grow, max(xs) + grow, max(ys) + grow

    @property
    def rows(self) -> tuple[int, int]:
        """First row of a gradient, and the one after its last, on the enlarged picture."""
        return round(self.points[0][1] * SUPERSAMPLE), round(self.points[1][1] * SUPERSAMPLE)

    def row_colors(self) -> np.ndarray:
        """Return the colours of a gradient's rows, uint8 [rows, 3]."""
        first, last = self.rows
        weight = np.linspace(0, 1, last - first)[:, None]
        colors = (1 - weight) * np.array(self.fill[:3]) + weight * np.array(self.below[:3])
        return np.asarray(colors.round(), np.uint8)


class Canvas:
    """Records a 360 degree picture; x wraps around, y grows downwards.

    Colours may carry alpha (0 to 255), which blends with the colours below. Painters say what moves
    (`moving`, `apart`) and which things they paint (`thing`, `part`).

    >>> canvas = Canvas()
    >>> canvas.gradient(0, 192, (90, 150, 240), (200, 225, 250))
    >>> canvas.ellipse(1270, 40, 1310, 80, (255, 240, 180))  # crosses the seam
    >>> canvas.pixels().shape
    (384, 1280, 3)
    """

    def __init__(self) -> None:
        self.shapes: list[Shape] = []
        self.things: list[PaintedThing] = []
        self.light: tuple[Sequence[Triple], Sequence[Glow]] | None = None
        self.turned = 0  # columns
        self._context, self._groups = Context(), 0

    @contextmanager
    def _within(self, **changes: Any) -> Iterator[None]:
        before, self._context = self._context, self._context._replace(**changes)
        try:
            yield
        finally:
            self._context = before

    @contextmanager
    def moving(self, motion: Motion | None, /) -> Iterator[None]:
        """State how the shapes drawn within move; None: they stand still."""
        with self._within(motion=motion):
            yield

    @contextmanager
    def apart(self, layer: MovingLayer | None, /) -> Iterator[None]:
        """Put the shapes drawn within on a layer that moves as a whole; None: on none."""
        with self._within(layer=layer):
            yield

    @contextmanager
    def swinging(self, swing: float, /) -> Iterator[None]:
        """State that the shapes drawn within are legs; see `Context.swing`."""
        with self._within(swing=swing):
            yield

    @contextmanager
    def thing(
        self, attribute: str, value: str, /, color: str | None = None, variant: int = 0
    ) -> Iterator[None]:
        """State that the shapes drawn within are one thing, which shows an attribute's value.

        Attribute and value give its class (`version2.classes.LOOKS`), `color` is the name that
        captions give its colour, `variant` which of its class's shapes it has.
        """
        with self._new_thing(PaintedThing(attribute, value, color, variant)):
            yield

    @contextmanager
    def part(self) -> Iterator[None]:
        """State that the shapes drawn within stand by themselves, as one more of the thing.

        A range that runs around the whole ring is logged peak by peak, so that each has a place.
        """
        number = self._context.thing
        with self._new_thing(self.things[number - 1] if number else None):
            yield

    @contextmanager
    def _new_thing(self, thing: PaintedThing | None) -> Iterator[None]:
        if thing is not None:
            self.things.append(thing)
        self._groups += 1
        number = self._context.thing if thing is None else len(self.things)
        with self._within(thing=number, group=self._groups):
            yield

    def gradient(self, top: float, bottom: float, top_color: Color, bottom_color: Color) -> None:
        """Fill whole rows `top` to `bottom` with a vertical blend of two opaque colours."""
        corners = (0.0, top), (float(RING_WIDTH), bottom)
        context = self._context._replace(layer=None)
        self.shapes.append(Shape("gradient", corners, top_color, context, below=bottom_color))

    def polygon(self, points: Sequence[Point] | np.ndarray, fill: Color) -> None:
        """Fill a polygon; points may lie anywhere, also beyond the seam."""
        self.shapes.append(Shape("polygon", points, fill, self._context))

    def ellipse(self, left: float, top: float, right: float, bottom: float, fill: Color) -> None:
        """Fill the ellipse inside a box."""
        corners = (left, top), (right, bottom)
        self.shapes.append(Shape("ellipse", corners, fill, self._context))

    def rectangle(
        self, left: float, top: float, right: float, bottom: float, fill: Color, radius: float = 0.0
    ) -> None:
        """Fill a box, with rounded corners if `radius` [px] is given."""
        corners = (left, top), (right, bottom)
        self.shapes.append(Shape("rectangle", corners, fill, self._context, radius))

    def line(self, points: Sequence[Point], fill: Color, width: float) -> None:
        """Draw a connected line, `width` [px] wide, with rounded joints."""
        self.shapes.append(Shape("line", points, fill, self._context, width))

    def relight(self, ambient: Sequence[Triple], glows: Sequence[Glow]) -> None:
        """Put the finished picture under light; see `lighting.relight`."""
        self.light = ambient, glows

    def turn(self, columns: int) -> None:
        """Turn the finished picture to the right."""
        self.turned = columns

    def pixels(self) -> np.ndarray:
        """Return the finished picture, uint8 [RING_HEIGHT, RING_WIDTH, 3]."""
        sheet = Sheet()
        for shape in self.shapes:
            sheet.add(shape)
        return self.finished(sheet.pixels())

    def finished(self, picture: np.ndarray) -> np.ndarray:
        """Return a picture of the shapes under the canvas's light, and turned."""
        if self.light is not None:
            picture = relight(picture, *self.light)
        return np.roll(picture, self.turned, axis=1)


class Sheet:
    """An enlarged image of a ring, black at first, on which shapes are drawn."""

    def __init__(self, mode: Literal["RGB", "I"] = "RGB") -> None:
        self.image = Image.new(mode, (RING_WIDTH * SUPERSAMPLE, RING_HEIGHT * SUPERSAMPLE))
        self._draw = ImageDraw.Draw(self.image, "RGBA" if mode == "RGB" else None)

    def pixels(self) -> np.ndarray:
        """Return the image at its final size, uint8 [RING_HEIGHT, RING_WIDTH, 3]."""
        return np.asarray(self.image.reduce(SUPERSAMPLE))

    def add(self, shape: Shape, ink: Color | int | None = None) -> None:
        """Draw a shape, in another colour if one is given."""
        if shape.kind == "gradient":
            self._gradient(shape, ink)
            return
        fill = shape.fill if ink is None else ink
        left, _, right, _ = shape.box
        for shift in wraps(left, right):
            points = [((x + shift) * SUPERSAMPLE, y * SUPERSAMPLE) for x, y in shape.points]
            if shape.kind == "polygon":
                self._draw.polygon(points, fill=fill)
            elif shape.kind == "line":
                width = max(1, round(shape.size * SUPERSAMPLE))
                self._draw.line(points, fill=fill, width=width, joint="curve")
            elif shape.kind == "ellipse":
                self._draw.ellipse(points, fill=fill)
            else:
                (x0, y0), (x1, y1) = points
                box = [x0, y0, max(x0, x1 - 1), max(y0, y1 - 1)]
                if shape.size > 0:
                    self._draw.rounded_rectangle(box, shape.size * SUPERSAMPLE, fill=fill)
                else:
                    self._draw.rectangle(box, fill=fill)

    def clear(self, box: Box) -> None:
        """Make a box black."""
        left, top, right, bottom = box
        for shift in wraps(left, right):
            corners = left + shift, top, right + shift, bottom
            self._draw.rectangle([x * SUPERSAMPLE for x in corners], fill=(0, 0, 0))

    def _gradient(self, shape: Shape, ink: Color | int | None) -> None:
        first, last = shape.rows
        if last <= first:
            return
        if ink is None:
            strip = Image.fromarray(shape.row_colors()[:, None, :])
            self.image.paste(strip.resize((self.image.width, last - first)), (0, first))
        else:
            self._draw.rectangle((0, first, self.image.width, last - 1), fill=ink)


def wraps(left: float, right: float) -> list[float]:
    """Return the shifts by whole turns at which an extent [left, right] touches the picture."""
    first = int(np.floor(-right / RING_WIDTH)) + 1
    last = int(np.ceil((RING_WIDTH - left) / RING_WIDTH)) - 1
    return [turn * float(RING_WIDTH) for turn in range(first, last + 1)]
