"""Drawings: coloured polygons, recorded from painters, that can be projected anywhere.

A `ShapeRecorder` takes the place of a canvas, so the painters of version 2 serve both versions.
Points are the painter's own: x to the right, y downwards, the foot at (0, 0). Knows nothing of
scenes.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from mag_sandbox.renderer.canvas import RING_WIDTH, Canvas, Color, Motion, MovingLayer, Point

OPAQUE = 128  # least alpha of a thing's body; shadows and halos have less
ROUND = 32  # corners of an ellipse
CORNER = 4  # points of a rounded corner


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


@dataclass
class _PolygonList:
    """The polygons of one thing while it is drawn."""

    polygons: list[np.ndarray] = field(default_factory=list)
    colors: list[Sequence[int]] = field(default_factory=list)
    motions: list[Motion | None] = field(default_factory=list)
    swings: list[float] = field(default_factory=list)

    def drawing(self) -> Drawing:
        points = np.concatenate(self.polygons) if self.polygons else np.zeros((0, 2))
        ends = np.cumsum([len(one) for one in self.polygons], dtype=np.int64)
        colors = np.array(self.colors, dtype=float).reshape(-1, 4)
        return Drawing(points, ends, colors, tuple(self.motions), np.array(self.swings))


class ShapeRecorder(Canvas):
    """Records shapes instead of drawing them.

    >>> recorder = ShapeRecorder()
    >>> recorder.rectangle(-5, -20, 5, 0, (200, 60, 60))
    >>> recorder.drawing().box
    (-5.0, -20.0, 5.0, 0.0)
    """

    def __init__(self) -> None:
        self._motion: Motion | None = None
        self._layer: MovingLayer | None = None
        self.swing = 0.0  # of the next shapes; see `Drawing.swings`
        self._sheet = _PolygonList()
        self._named = ("", "")
        self._parts: list[tuple[str, str, Drawing]] = []

    def drawing(self) -> Drawing:
        """Return the shapes that were drawn outside `thing`."""
        return self._sheet.drawing()

    def finished(self) -> list[tuple[str, str, Drawing]]:
        """Return all drawings in order, with attribute and value of their `thing`, "" outside."""
        self._flush()
        return self._parts

    @contextmanager
    def moving(self, motion: Motion | None, /) -> Iterator[None]:
        """See `Canvas.moving`."""
        before, self._motion = self._motion, motion
        try:
            yield
        finally:
            self._motion = before

    @contextmanager
    def thing(
        self, attribute: str, value: str, /, color: str | None = None, variant: int = 0
    ) -> Iterator[None]:
        """See `Canvas.thing`; shapes within become a drawing of their own."""
        del color, variant
        self._flush()
        before, self._named = self._named, (attribute, value)
        yield
        self._flush()
        self._named = before

    @contextmanager
    def part(self) -> Iterator[None]:
        """See `Canvas.part`."""
        self._flush()
        yield
        self._flush()

    def _flush(self) -> None:
        if self._sheet.polygons:
            self._parts.append((*self._named, self._sheet.drawing()))
            self._sheet = _PolygonList()

    def polygon(self, points: Sequence[Point] | np.ndarray, fill: Color) -> None:
        """See `Canvas.polygon`."""
        self._sheet.polygons.append(np.asarray(points, dtype=float).reshape(-1, 2))
        self._sheet.colors.append((*fill[:3], fill[3] if len(fill) == 4 else 255))
        self._sheet.motions.append(self._motion)
        self._sheet.swings.append(self.swing)

    def ellipse(self, left: float, top: float, right: float, bottom: float, fill: Color) -> None:
        """See `Canvas.ellipse`."""
        turn = np.linspace(0, 2 * np.pi, ROUND, endpoint=False)
        x = (left + right) / 2 + np.cos(turn) * (right - left) / 2
        y = (top + bottom) / 2 + np.sin(turn) * (bottom - top) / 2
        self.polygon(np.stack((x, y), axis=1), fill)

    def rectangle(
        self, left: float, top: float, right: float, bottom: float, fill: Color, radius: float = 0.0
    ) -> None:
        """See `Canvas.rectangle`."""
        radius = min(radius, (right - left) / 2, (bottom - top) / 2)
        if radius <= 0:
            self.polygon([(left, top), (right, top), (right, bottom), (left, bottom)], fill)
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
        self.polygon(np.concatenate(outline), fill)

    def line(self, points: Sequence[Point], fill: Color, width: float) -> None:
        """See `Canvas.line`."""
        path = np.asarray(points, dtype=float)
        for start, end in pairwise(path):
            along = end - start
            aside = np.array((-along[1], along[0])) * (width / 2 / max(np.hypot(*along), 1e-6))
            self.polygon([start + aside, end + aside, end - aside, start - aside], fill)
        for x, y in path[1:-1]:
            self.ellipse(x - width / 2, y - width / 2, x + width / 2, y + width / 2, fill)

    def gradient(self, top: float, bottom: float, top_color: Color, bottom_color: Color) -> None:
        """See `Canvas.gradient`; drawn as rows all around the ring."""
        steps = 64
        edges = np.linspace(top, bottom, steps + 1)
        first, last = np.array(top_color[:3], float), np.array(bottom_color[:3], float)
        for index, (high, low) in enumerate(pairwise(edges)):
            weight = index / (steps - 1)
            color = np.rint(first + (last - first) * weight).astype(int)
            self.rectangle(0, high, RING_WIDTH, low + 0.5, tuple(color.tolist()))
