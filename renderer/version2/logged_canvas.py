"""A canvas that remembers which thing each pixel shows, and with it a log of all things.

The picture is that of a plain `Canvas`, to the bit. Knows nothing of scenes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageDraw

from mag_sandbox.renderer.canvas import (
    RING_HEIGHT,
    RING_WIDTH,
    SUPERSAMPLE,
    Box,
    Canvas,
    Color,
)
from mag_sandbox.renderer.plan import Thing, mean_colors, of_main_color
from mag_sandbox.renderer.version2.classes import look

OPAQUE = 128  # least alpha of what counts as a thing's body; shadows and halos have less


@dataclass(slots=True)
class _Placed:
    """A thing while the picture is painted, before it is turned and lit."""

    attribute: str
    name: str
    color_name: str | None
    variant: int
    box: Box | None = None

    def grow(self, box: Box) -> None:
        if self.box is None:
            self.box = box
        else:
            left, top, right, bottom = self.box
            self.box = (
                min(left, box[0]),
                min(top, box[1]),
                max(right, box[2]),
                max(bottom, box[3]),
            )


class LoggedCanvas(Canvas):
    """Draws the ring (`pixels`), and beside it which thing is seen where (`ids`, `things`)."""

    def __init__(self) -> None:
        super().__init__()
        self._ids = Image.new("I", self._image.size)  # 0: no thing
        self._ids_draw = ImageDraw.Draw(self._ids)
        self._placed: list[_Placed] = []
        self._current = 0

    @contextmanager
    def thing(
        self, attribute: str, value: str, /, color: str | None = None, variant: int = 0
    ) -> Iterator[None]:
        """See `Canvas.thing`."""
        with self._placing(_Placed(attribute, look(attribute, value), color, variant)):
            yield

    @contextmanager
    def part(self) -> Iterator[None]:
        """See `Canvas.part`."""
        if self._current:
            with self._placing(replace(self._placed[self._current - 1], box=None)):
                yield
        else:
            yield

    @contextmanager
    def _placing(self, placed: _Placed) -> Iterator[None]:
        """What is drawn within shows a new thing."""
        before = self._current
        self._placed.append(placed)
        self._current = len(self._placed)
        try:
            yield
        finally:
            self._current = before

    def gradient(self, top: float, bottom: float, top_color: Color, bottom_color: Color) -> None:
        """See `Canvas.gradient`."""
        super().gradient(top, bottom, top_color, bottom_color)
        first, last = round(top * SUPERSAMPLE), round(bottom * SUPERSAMPLE)
        if last > first:
            self._ids.paste(self._current, (0, first, self._ids.width, last))
            self._grow((0.0, top, float(RING_WIDTH), bottom))

    def _targets(self, fill: Color, box: Box) -> Iterator[tuple[ImageDraw.ImageDraw, Color | int]]:
        yield self._draw, fill
        if len(fill) == 3 or fill[3] >= OPAQUE:
            self._grow(box)
            yield self._ids_draw, self._current

    def _grow(self, box: Box) -> None:
        if self._current:
            self._placed[self._current - 1].grow(box)

    def ids(self) -> np.ndarray:
        """Return the `index` of the thing that each pixel shows, int32; 0 where there is none.

        [RING_HEIGHT, RING_WIDTH]; a pixel shows what its lower right quarter shows.
        """
        ids = np.asarray(self._ids)[SUPERSAMPLE - 1 :: SUPERSAMPLE, SUPERSAMPLE - 1 :: SUPERSAMPLE]
        return np.roll(ids, self._turn, axis=1)

    def things(self, pixels: np.ndarray) -> tuple[Thing, ...]:
        """Return all things of which a pixel of the finished picture is seen, from far to near."""
        ids, pixels = self.ids().ravel(), pixels.reshape(-1, 3)
        seen = np.flatnonzero(ids)
        ids, pixels = ids[seen], pixels[seen]
        count = len(self._placed) + 1
        areas = np.bincount(ids, minlength=count)
        means = mean_colors(ids, pixels, count)
        mains = mean_colors(*of_main_color(ids, pixels, count), count)
        return tuple(
            Thing(
                index,
                placed.name,
                placed.attribute,
                placed.variant,
                placed.color_name,
                mains[index],
                means[index],
                *self._extent(placed.box),
                int(areas[index]),
            )
            for index, placed in enumerate(self._placed, 1)
            if areas[index]
        )

    def _extent(self, box: Box) -> tuple[float, float, float, float]:
        """Return left, top, width and height of a box in the finished picture."""
        left, top, right, bottom = (float(edge) for edge in box)
        height = min(bottom, RING_HEIGHT) - top
        if right - left >= RING_WIDTH:
            return 0.0, top, float(RING_WIDTH), height
        return (left + self._turn) % RING_WIDTH, top, right - left, height
