"""Drawings: coloured polygons, made of recorded shapes, that can be projected anywhere.

Points are the painter's own: x to the right, y downwards, the foot at (0, 0).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

import numpy as np

from mag_sandbox.renderer.canvas import RING_WIDTH, Canvas, Color, Motion, Point, Shape

OPAQUE = 128  # least alpha of a thing's body; shadows and halos have less
ROUND = 32  # corners of an ellipse
CORNER = 4  # points of a rounded corner
STEPS = 64  # rows of a gradient


@dataclass(frozen=True, slots=True)
class Drawing:
    """Filled polygons, in the order in which they are drawn."""

    points: np.ndarray  # float64 [P, 2]
    ends: np.ndarray  # int64 [S]; where in `points` each polygon ends
    colors: np.ndarray  # float64 [S, 4]; red, green, blue, alpha, 0 to 255
    motions: tuple[Motion | None, ...]  # of each polygon
    swings: np.ndarray  # float64 [S]; how far its foot goes forward while walking, -1 to 1

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of the body."""
        body = np.repeat(self.colors[:, 3] >= OPAQUE, np.diff(self.ends, prepend=0))
        points = self.points[body] if body.any() else self.points
        (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
        return float(left), float(top), float(right), float(bottom)

    def moved(self, x: float, y: float, scale: float, mirrored: bool = False) -> "Drawing":
        """Return the drawing in other units: (point + (x, y)) * scale, x negated if mirrored."""
        points = np.add(self.points, (x, y)) * scale
        if mirrored:
            points = points * (-1.0, 1.0)
        return replace(self, points=points)

    def tinted(self, tint: Sequence[float]) -> "Drawing":
        """Return the drawing under a coloured light; flames and lit windows keep their colour."""
        gain = np.where(
            np.array([one is Motion.FLICKER for one in self.motions])[:, None], 1.0, tint
        )
        colors = self.colors.copy()
        colors[:, :3] = np.minimum(colors[:, :3] * gain, 255)
        return replace(self, colors=colors)

    def walking(self, phase: float) -> "Drawing":
        """Return the drawing with its limbs swung; `phase` [radians] is that of a step."""
        if not self.swings.any():
            return self
        points, first = self.points.copy(), 0
        for end, swing in zip(self.ends, self.swings, strict=True):
            if swing:
                limb = points[first:end]
                top = limb[:, 1].min()
                limb[:, 0] += swing * np.sin(phase) * (limb[:, 1] - top)
            first = end
        return replace(self, points=points)


class PolygonList:
    """Polygons while they are collected."""

    def __init__(self, dimensions: int = 2) -> None:
        self._dimensions = dimensions  # of points
        self._points: list[np.ndarray] = []
        self._colors: list[tuple[int, ...]] = []
        self._motions: list[Motion | None] = []
        self._swings: list[float] = []

    def add(
        self,
        points: Sequence[Point] | np.ndarray,
        color: Sequence[int],
        motion: Motion | None = None,
        swing: float = 0.0,
    ) -> None:
        """Add a polygon, [P, dimensions]."""
        self._points.append(np.asarray(points, dtype=float).reshape(-1, self._dimensions))
        self._colors.append((*color[:3], color[3] if len(color) == 4 else 255))
        self._motions.append(motion)
        self._swings.append(swing)

    def drawing(self) -> Drawing:
        """Return all polygons."""
        points = np.concatenate([np.zeros((0, self._dimensions)), *self._points])
        ends = np.cumsum([len(one) for one in self._points], dtype=np.int64)
        colors = np.array(self._colors, dtype=float).reshape(-1, 4)
        return Drawing(points, ends, colors, tuple(self._motions), np.array(self._swings))


def drawing_of(shapes: Iterable[Shape]) -> Drawing:
    """Return recorded shapes as polygons.

    >>> canvas = Canvas()
    >>> canvas.rectangle(-5, -20, 5, 0, (200, 60, 60))
    >>> drawing_of(canvas.shapes).box
    (-5.0, -20.0, 5.0, 0.0)
    """
    polygons = PolygonList()
    for shape in shapes:
        for points, color in _POLYGONS[shape.kind](shape):
            polygons.add(points, color, shape.context.motion, shape.context.swing)
    return polygons.drawing()


def drawings_of(canvas: Canvas) -> list[tuple[str, str, Drawing]]:
    """Return attribute, value and drawing of all things in order; "" and "" between things."""
    found = []
    for _, group in groupby(canvas.shapes, lambda shape: shape.context.group):
        shapes = list(group)
        number = shapes[0].context.thing
        attribute, value = canvas.things[number - 1] if number else ("", "")
        found.append((attribute, value, drawing_of(shapes)))
    return found


Polygons = Iterator[tuple[Sequence[Point] | np.ndarray, Color]]


def _polygon(shape: Shape) -> Polygons:
    yield shape.points, shape.fill


def _ellipse(shape: Shape) -> Polygons:
    (left, top), (right, bottom) = shape.points
    yield _round((left + right) / 2, (top + bottom) / 2, right - left, bottom - top), shape.fill


def _round(x: float, y: float, wide: float, tall: float) -> np.ndarray:
    turn = np.linspace(0, 2 * np.pi, ROUND, endpoint=False)
    return np.stack((x + np.cos(turn) * wide / 2, y + np.sin(turn) * tall / 2), axis=1)


def _rectangle(shape: Shape) -> Polygons:
    (left, top), (right, bottom) = shape.points
    radius = min(shape.size, (right - left) / 2, (bottom - top) / 2)
    if radius <= 0:
        yield [(left, top), (right, top), (right, bottom), (left, bottom)], shape.fill
        return
    corners = (
        (right, top, -1, 1, 1.5), (right, bottom, -1, -1, 0.0),
        (left, bottom, 1, -1, 0.5), (left, top, 1, 1, 1.0),
    )  # fmt: skip
    outline = []
    for x, y, inward, down, start in corners:
        turn = np.pi * np.linspace(start, start + 0.5, CORNER)
        middle = x + inward * radius, y + down * radius
        outline.append(np.stack((np.cos(turn), np.sin(turn)), axis=1) * radius + middle)
    yield np.concatenate(outline), shape.fill


def _line(shape: Shape) -> Polygons:
    path, width = np.asarray(shape.points, dtype=float), shape.size
    for start, end in pairwise(path):
        along = end - start
        aside = np.array((-along[1], along[0])) * (width / 2 / max(np.hypot(*along), 1e-6))
        yield np.stack((start + aside, end + aside, end - aside, start - aside)), shape.fill
    for x, y in path[1:-1]:
        left, top, right, bottom = x - width / 2, y - width / 2, x + width / 2, y + width / 2
        yield _round((left + right) / 2, (top + bottom) / 2, right - left, bottom - top), shape.fill


def _gradient(shape: Shape) -> Polygons:
    (_, top), (_, bottom) = shape.points
    first, last = np.array(shape.fill[:3], float), np.array(shape.below[:3], float)
    for index, (high, low) in enumerate(pairwise(np.linspace(top, bottom, STEPS + 1))):
        color = np.rint(first + (last - first) * (index / (STEPS - 1))).astype(int)
        red, green, blue = color.tolist()
        edges = (0, high), (RING_WIDTH, high), (RING_WIDTH, low + 0.5), (0, low + 0.5)
        yield edges, (red, green, blue)


_POLYGONS: dict[str, Callable[[Shape], Polygons]] = {
    "polygon": _polygon, "ellipse": _ellipse, "rectangle": _rectangle, "line": _line,
    "gradient": _gradient,
}  # fmt: skip
