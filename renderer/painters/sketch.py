"""Local drawing coordinates and two-tone shading for indoor and stage pictures.

A `Pen` draws around one foot point with heights counted upwards, so that a thing is designed once
and placed anywhere at any size.
"""

from collections.abc import Sequence

import numpy as np

from mag_sandbox.renderer.canvas import Canvas, Color, Point, Rgb
from mag_sandbox.renderer.painters.stamp import mix, named_colors

STEPS = 6  # points of a curve between two knots
PAINTS = named_colors(
    "white f2eee6, cream f4e2c0, yellow f3c454, orange ea8a46, red ce4642, pink ee9ca6, "
    "purple 8664b0, blue 4274be, teal 2a8e92, green 5e9a60, brown 926242, grey 989ca6, "
    "black 3e3e4a, gold e0b252"
)
WOOD: Rgb = (172, 118, 76)
DARK_WOOD: Rgb = (112, 74, 54)
LEAF: Rgb = (84, 146, 92)
CLAY: Rgb = (206, 122, 86)
BRASS: Rgb = (214, 170, 90)
SHADE_BLUE: Rgb = (40, 36, 70)  # shadows lean to violet, which keeps them from looking dirty


def darker(color: Color, amount: float = 0.24) -> Rgb:
    """Return the shade side of a colour."""
    return mix(color, SHADE_BLUE, amount)


def lighter(color: Color, amount: float = 0.3) -> Rgb:
    """Return the lit side of a colour."""
    return mix(color, (255, 250, 236), amount)


def contrast(color: Rgb, other: Rgb) -> float:
    """Return how far two colours are apart, 0 to 441."""
    return float(np.linalg.norm(np.subtract(color, other)))


def smooth(points: Sequence[Point]) -> list[Point]:
    """Return an open Catmull-Rom curve through the points."""
    knots = np.array([points[0], *points, points[-1]], dtype=float)
    t = np.linspace(0, 1, STEPS, endpoint=False)[:, None]
    curve = []
    for a, b, c, d in zip(knots, knots[1:], knots[2:], knots[3:], strict=False):
        square, cube = 2 * a - 5 * b + 4 * c - d, 3 * b - a - 3 * c + d
        curve.append(0.5 * (2 * b + (c - a) * t + square * t**2 + cube * t**3))
    return [tuple(point) for point in np.vstack([*curve, knots[-1:]]).tolist()]


class Pen:
    """Draws around a foot point: x to the right (or left if mirrored), y up, in scaled pixels.

    Light comes from the left of the thing, so `block` and `lathe` shade the right part.
    """

    def __init__(
        self, canvas: Canvas, x: float, base: float, scale: float = 1.0, side: int = 1
    ) -> None:
        self.canvas, self.x, self.base, self.scale, self.side = canvas, x, base, scale, side

    def at(self, x: float, y: float, scale: float = 1.0) -> "Pen":
        """Return a pen whose foot point is a local point of this one."""
        foot_x, foot_y = self.point(x, y)
        return Pen(self.canvas, foot_x, foot_y, self.scale * scale, self.side)

    def point(self, x: float, y: float) -> Point:
        """Convert a local point to canvas pixels."""
        return self.x + x * self.scale * self.side, self.base - y * self.scale

    def _box(self, x0: float, y0: float, x1: float, y1: float) -> tuple[float, float, float, float]:
        (left, bottom), (right, top) = self.point(x0, y0), self.point(x1, y1)
        return min(left, right), min(top, bottom), max(left, right), max(top, bottom)

    def box(
        self, x0: float, y0: float, x1: float, y1: float, fill: Color, radius: float = 0.0
    ) -> None:
        """Fill a box in one colour."""
        self.canvas.rectangle(*self._box(x0, y0, x1, y1), fill, radius * self.scale)

    def block(
        self, x0: float, y0: float, x1: float, y1: float, fill: Color, radius: float = 0.0
    ) -> None:
        """Fill a box with a lit left part and a shaded right part."""
        self.box(x0, y0, x1, y1, darker(fill, 0.17), radius)
        edge = x0 + (x1 - x0) * 0.7
        self.box(x0, y0, edge, y1, fill, radius)
        if radius < 8:  # cushions keep a round inner edge, boards get a straight one
            self.box(x0 + radius, y0, edge, y1, fill)

    def oval(self, x0: float, y0: float, x1: float, y1: float, fill: Color) -> None:
        """Fill the ellipse inside a box."""
        self.canvas.ellipse(*self._box(x0, y0, x1, y1), fill)

    def ball(self, x: float, y: float, radius: float, fill: Color) -> None:
        """Draw a sphere: shade, lit part, highlight."""
        self.oval(x - radius, y - radius, x + radius, y + radius, darker(fill, 0.2))
        inner, shift = radius * 0.84, radius * 0.13
        left, top = x - shift, y + shift
        self.oval(left - inner, top - inner, left + inner, top + inner, fill)
        spot, left, top = radius * 0.26, x - radius * 0.42, y + radius * 0.44
        self.oval(left - spot, top - spot, left + spot, top + spot, lighter(fill, 0.5))

    def poly(self, points: Sequence[Point], fill: Color) -> None:
        """Fill a polygon."""
        self.canvas.polygon([self.point(x, y) for x, y in points], fill)

    def blob(self, points: Sequence[Point], fill: Color) -> None:
        """Fill a soft outline through the points."""
        self.poly(smooth([*points, points[0]]), fill)

    def line(self, points: Sequence[Point], fill: Color, width: float) -> None:
        """Draw a connected line."""
        path = [self.point(x, y) for x, y in points]
        self.canvas.line(path, fill, max(3.0, width * self.scale))

    def curve(self, points: Sequence[Point], fill: Color, width: float) -> None:
        """Draw a smooth line through the points."""
        self.line(smooth(points), fill, width)

    def lathe(self, profile: Sequence[Point], fill: Color, curved: int = 1) -> None:
        """Fill a turned shape given as (half width, height) pairs, lit from the left."""
        edge = smooth(profile) if curved else list(profile)
        for left, right, color in (
            (-1.0, 1.0, fill),
            (0.3, 1.0, darker(fill, 0.2)),
            (-0.72, -0.42, lighter(fill, 0.24)),
        ):
            outline = [(r * left, y) for r, y in edge] + [(r * right, y) for r, y in edge[::-1]]
            self.poly(outline, color)

    def shadow(self, x0: float, x1: float, depth: float = 7.0) -> None:
        """Lay a soft contact shadow on the floor under a thing."""
        for grow, part in ((1.0, 0.5), (0.55, 0.6)):
            color = (*SHADE_BLUE, round(46 * part))
            pad = 8 * grow
            self.oval(x0 - pad, -depth * grow, x1 + pad, depth * grow, color)
