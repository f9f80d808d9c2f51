"""A canvas that keeps apart what moves: labels of each pixel, and layers that move as a whole.

All masks are blended like colours: what is drawn over something covers it by its alpha, so edges
and haze are soft. Knows nothing of how anything moves.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PIL import Image, ImageDraw

from mag_sandbox.renderer.canvas import (
    RING_HEIGHT,
    RING_WIDTH,
    SUPERSAMPLE,
    Box,
    Canvas,
    Color,
    Motion,
    MovingLayer,
    wraps,
)
from mag_sandbox.renderer.lighting import flickering

WALK_REACH = 14  # px that walkers go to either side
HOP_HEIGHT = 2  # px that walkers rise
OPAQUE = 255


class _Sheet:
    """An RGB image of the canvas's size, black at first."""

    def __init__(self) -> None:
        self._image = Image.new("RGB", (RING_WIDTH * SUPERSAMPLE, RING_HEIGHT * SUPERSAMPLE))
        self.draw = ImageDraw.Draw(self._image, "RGBA")

    def pixels(self) -> np.ndarray:
        return np.asarray(self._image.reduce(SUPERSAMPLE))


class LayeredCanvas(Canvas):
    """Draws the bare ring (`pixels`), and beside it what moves.

    Layers are not put under light: a picture that is relit may hold none.
    """

    def __init__(self) -> None:
        super().__init__()
        self._motion: Motion | None = None
        self._layer: MovingLayer | None = None
        self._labels = _Sheet()  # one channel for each motion
        self._front: _Sheet | None = None  # what was drawn after the walkers
        self._colors: dict[MovingLayer, _Sheet] = {}  # premultiplied by their alpha
        self._alphas: dict[MovingLayer, _Sheet] = {}
        self._sky = np.zeros((RING_HEIGHT * SUPERSAMPLE, 3))

    @contextmanager
    def moving(self, motion: Motion | None, /) -> Iterator[None]:
        """See `Canvas.moving`."""
        before, self._motion = self._motion, motion
        try:
            yield
        finally:
            self._motion = before

    @contextmanager
    def apart(self, layer: MovingLayer | None, /) -> Iterator[None]:
        """See `Canvas.apart`; what is drawn within is not part of the bare ring."""
        before, self._layer = self._layer, layer
        if layer is not None and layer not in self._colors:
            self._colors[layer], self._alphas[layer] = _Sheet(), _Sheet()
        if layer is MovingLayer.WALKERS and self._front is None:
            self._front = _Sheet()
        try:
            yield
        finally:
            self._layer = before

    def gradient(self, top: float, bottom: float, top_color: Color, bottom_color: Color) -> None:
        """See `Canvas.gradient`; never part of a layer."""
        super().gradient(top, bottom, top_color, bottom_color)
        first, last = round(top * SUPERSAMPLE), round(bottom * SUPERSAMPLE)
        if last <= first:
            return
        for draw, color in self._masks(OPAQUE):
            draw.rectangle((0, first, RING_WIDTH * SUPERSAMPLE, last - 1), fill=color)
        if self._motion is Motion.SKY:
            column = self._image.crop((0, first, 1, min(last, self._image.height)))
            self._sky[first:last] = np.asarray(column)[:, 0]

    def _targets(self, fill: Color, box: Box) -> Iterator[tuple[ImageDraw.ImageDraw, Color]]:
        alpha = fill[3] if len(fill) == 4 else OPAQUE
        if self._layer is None:
            yield self._draw, fill
            yield from self._masks(alpha)
            return
        yield self._colors[self._layer].draw, fill
        yield self._alphas[self._layer].draw, (OPAQUE, OPAQUE, OPAQUE, alpha)
        if self._layer is MovingLayer.WALKERS:
            self._step_before(box)

    def _masks(self, alpha: int) -> Iterator[tuple[ImageDraw.ImageDraw, Color]]:
        """What follows every shape of the bare ring: its label, and what it hides."""
        red, green, blue = (OPAQUE * (motion is self._motion) for motion in Motion)
        yield self._labels.draw, (red, green, blue, alpha)
        if self._front is not None:
            yield self._front.draw, (OPAQUE, OPAQUE, OPAQUE, alpha)

    def _step_before(self, box: Box) -> None:
        """A walker goes before all that was drawn until now, wherever it gets."""
        left, top, right, bottom = box
        left, right = left - WALK_REACH - 1, right + WALK_REACH + 1
        for shift in wraps(left, right):
            corners = [left + shift, top - HOP_HEIGHT - 1, right + shift, bottom + 1]
            self._front.draw.rectangle([x * SUPERSAMPLE for x in corners], fill=(0, 0, 0))

    def labels(self) -> np.ndarray:
        """Return how much of each pixel moves in each way, uint8 [RING_HEIGHT, RING_WIDTH, 3]."""
        labels = self._labels.pixels().copy()
        if self._light is not None:
            lights = flickering(self._light[1], RING_HEIGHT, RING_WIDTH)
            lights = (lights * OPAQUE).round().astype(np.uint8)
            np.maximum(labels[..., Motion.FLICKER], lights, out=labels[..., Motion.FLICKER])
        return np.roll(labels, self._turn, axis=1)

    def layer(self, layer: MovingLayer) -> np.ndarray | None:
        """Return a layer, uint8 [RING_HEIGHT, RING_WIDTH, 4], or None if nothing is on it.

        Red, green and blue are premultiplied by alpha.
        """
        if layer not in self._colors:
            return None
        colors, alphas = self._colors[layer].pixels(), self._alphas[layer].pixels()
        return np.roll(np.dstack((colors, alphas[..., :1])), self._turn, axis=1)

    def front(self) -> np.ndarray | None:
        """Return how much of each pixel lies before walkers, uint8 [RING_HEIGHT, RING_WIDTH].

        None if nothing walks.
        """
        if self._front is None:
            return None
        return np.roll(self._front.pixels()[..., 0], self._turn, axis=1)

    def sky(self) -> np.ndarray:
        """Return the colour of the open sky in each row, uint8 [RING_HEIGHT, 3]."""
        rows = self._sky.reshape(RING_HEIGHT, SUPERSAMPLE, 3).mean(axis=1)
        return rows.round().astype(np.uint8)
