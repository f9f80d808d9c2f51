"""A ring-shaped drawing surface: what leaves at the right edge comes back at the left.

A canvas records shapes, in final pixels (floats allowed), and facts that their painters state.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Literal, NamedTuple

import numpy as np

RING_WIDTH = 1280  # px for 360 degrees of yaw
RING_HEIGHT = 384  # px for 108 degrees of pitch
HORIZON = RING_HEIGHT // 2  # row of pitch 0
SUPERSAMPLE = 2

Rgb = tuple[int, int, int]
Color = Rgb | tuple[int, int, int, int]
Point = tuple[float, float]


class Motion(IntEnum):
    """How a shape moves in place."""

    SKY = 0  # clouds may drift before it
    SHIMMER = 1  # water and lava
    FLICKER = 2  # flames and lamps


class Context(NamedTuple):
    """The facts that painters state of the shapes they draw."""

    motion: Motion | None = None
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


class Canvas:
    """Records a 360 degree picture; x wraps around, y grows downwards.

    Colours may carry alpha (0 to 255), which blends with the colours below. Painters say what moves
    (`moving`) and which things they paint (`thing`, `part`).

    >>> canvas = Canvas()
    >>> canvas.gradient(0, 192, (90, 150, 240), (200, 225, 250))
    >>> canvas.ellipse(1270, 40, 1310, 80, (255, 240, 180))  # crosses the seam
    >>> len(canvas.shapes)
    2
    """

    def __init__(self) -> None:
        self.shapes: list[Shape] = []
        self.things: list[tuple[str, str]] = []  # attribute of the scene, and its value
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
    def swinging(self, swing: float, /) -> Iterator[None]:
        """State that the shapes drawn within are legs; see `Context.swing`."""
        with self._within(swing=swing):
            yield

    @contextmanager
    def thing(self, attribute: str, value: str, /) -> Iterator[None]:
        """State that the shapes drawn within are one thing, which shows an attribute's value."""
        with self._new_thing((attribute, value)):
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
    def _new_thing(self, thing: tuple[str, str] | None) -> Iterator[None]:
        if thing is not None:
            self.things.append(thing)
        self._groups += 1
        number = self._context.thing if thing is None else len(self.things)
        with self._within(thing=number, group=self._groups):
            yield

    def gradient(self, top: float, bottom: float, top_color: Color, bottom_color: Color) -> None:
        """Fill whole rows `top` to `bottom` with a vertical blend of two opaque colours."""
        corners = (0.0, top), (float(RING_WIDTH), bottom)
        self.shapes.append(Shape("gradient", corners, top_color, self._context, below=bottom_color))

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
