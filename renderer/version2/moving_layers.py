"""The compact form of a moving ring: one array of eight bytes a pixel.

    0 to 2   the bare ring, red, green, blue: no clouds, no walkers
    3        label: kind in the upper two bits, how much of the pixel is of that kind in the lower
             six (0 to FULL); 0 stands still
    4 to 7   overlay, red, green, blue premultiplied by alpha, and alpha: clouds in the rows above
             the split, walkers below

Nothing walks in the last row: its overlay has no alpha, and holds the colour of the open sky of
row y in column y, and the split in column SPLIT_COLUMN.

All masks are blended like colours: a shape covers those below it by its alpha, so edges and haze
are soft. Layers are not put under light: a picture that is relit may hold none.
"""

import numpy as np

from mag_sandbox.renderer.canvas import (
    RING_HEIGHT,
    RING_WIDTH,
    SUPERSAMPLE,
    Canvas,
    Color,
    Motion,
    MovingLayer,
    Shape,
    Sheet,
)
from mag_sandbox.renderer.lighting import flickering

SKY, SHIMMER, FLICKER = Motion
FRONT = 3  # kind of pixels that lie before walkers
FULL = 63
CHANNELS = 8
LAST = RING_HEIGHT - 1
SPLIT = 152  # first row below all clouds
SPLIT_COLUMN = RING_HEIGHT
WALK_REACH = 14  # px that walkers go to either side
HOP_HEIGHT = 2  # px that walkers rise
OPAQUE = 255


class _Layers:
    """The sheets of a moving ring while its shapes are drawn."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self.bare, self._labels = Sheet(), Sheet()  # of labels, a channel for each motion
        self._front: Sheet | None = None  # shapes drawn after the walkers
        self._colors: dict[MovingLayer, Sheet] = {}  # premultiplied by their alpha
        self._alphas: dict[MovingLayer, Sheet] = {}
        self._sky = np.zeros((RING_HEIGHT * SUPERSAMPLE, 3))
        for shape in canvas.shapes:
            if shape.context.layer is None:
                self._draw(shape)
            else:
                self._draw_apart(shape, shape.context.layer)

    def _draw(self, shape: Shape) -> None:
        motion = shape.context.motion
        self.bare.add(shape)
        red, green, blue = (OPAQUE * (one is motion) for one in Motion)
        self._labels.add(shape, (red, green, blue, shape.alpha))
        if self._front is not None:
            self._front.add(shape, _white(shape.alpha))
        if shape.kind == "gradient" and motion is Motion.SKY:
            first, last = shape.rows
            self._sky[first:last] = shape.row_colors()[: len(self._sky) - first]

    def _draw_apart(self, shape: Shape, layer: MovingLayer) -> None:
        self._colors.setdefault(layer, Sheet()).add(shape)
        self._alphas.setdefault(layer, Sheet()).add(shape, _white(shape.alpha))
        if layer is MovingLayer.WALKERS:
            self._front = self._front or Sheet()
            left, top, right, bottom = shape.box  # walkers go before all that was drawn until now
            left, right = left - WALK_REACH - 1, right + WALK_REACH + 1
            self._front.clear((left, top - HOP_HEIGHT - 1, right, bottom + 1))

    def labels(self) -> np.ndarray:
        """Return how much of each pixel moves in each way, uint8 [RING_HEIGHT, RING_WIDTH, 3]."""
        labels = self._labels.pixels().copy()
        if self._canvas.light is not None:
            lights = flickering(self._canvas.light[1], RING_HEIGHT, RING_WIDTH)
            lights = (lights * OPAQUE).round().astype(np.uint8)
            np.maximum(labels[..., FLICKER], lights, out=labels[..., FLICKER])
        return np.roll(labels, self._canvas.turned, axis=1)

    def layer(self, layer: MovingLayer) -> np.ndarray | None:
        """Return a layer, uint8 [RING_HEIGHT, RING_WIDTH, 4], or None if nothing is on it.

        Red, green and blue are premultiplied by alpha.
        """
        if layer not in self._colors:
            return None
        colors, alphas = self._colors[layer].pixels(), self._alphas[layer].pixels()
        return np.roll(np.dstack((colors, alphas[..., :1])), self._canvas.turned, axis=1)

    def front(self) -> np.ndarray | None:
        """Return how much of each pixel lies before walkers, uint8 [RING_HEIGHT, RING_WIDTH].

        None if nothing walks.
        """
        if self._front is None:
            return None
        return np.roll(self._front.pixels()[..., 0], self._canvas.turned, axis=1)

    def sky(self) -> np.ndarray:
        """Return the colour of the open sky in each row, uint8 [RING_HEIGHT, 3]."""
        rows = self._sky.reshape(RING_HEIGHT, SUPERSAMPLE, 3).mean(axis=1)
        return np.asarray(rows.round(), np.uint8)


def _white(alpha: int) -> Color:
    return OPAQUE, OPAQUE, OPAQUE, alpha


def pack(canvas: Canvas) -> np.ndarray:
    """Return a painted ring as layers, uint8 [RING_HEIGHT, RING_WIDTH, CHANNELS]."""
    painted = _Layers(canvas)
    layers = np.zeros((RING_HEIGHT, RING_WIDTH, CHANNELS), np.uint8)
    layers[..., :3] = canvas.finished(painted.bare.pixels())
    clouds, walkers = painted.layer(MovingLayer.CLOUDS), painted.layer(MovingLayer.WALKERS)
    split = 0
    if clouds is not None:
        split = SPLIT
        layers[:split, :, 4:] = clouds[:split]
    if walkers is not None:
        layers[split:LAST, :, 4:] = walkers[split:LAST]
    layers[..., 3] = _labels(painted, swept(layers[..., 7], split))
    layers[LAST, :RING_HEIGHT, 4:7] = painted.sky()
    layers[LAST, SPLIT_COLUMN, 4] = split
    return layers


def split_row(layers: np.ndarray) -> int:
    """Return the first row in which the overlay holds walkers; 0 if there are no clouds."""
    return int(layers[LAST, SPLIT_COLUMN, 4])


def sky_rows(layers: np.ndarray) -> np.ndarray:
    """Return the colour of the open sky in each row, uint8 [RING_HEIGHT, 3]."""
    return layers[LAST, :RING_HEIGHT, 4:7]


def swept(alpha: np.ndarray, split: int) -> np.ndarray:
    """Return where walkers ever get, bool like the overlay's alpha of a whole ring."""
    there = alpha > 0
    there[:split] = False
    for _ in range(HOP_HEIGHT):
        there[:-1] |= there[1:]
    for _ in range(WALK_REACH):
        there = there | np.roll(there, 1, axis=1) | np.roll(there, -1, axis=1)
    return there


def _labels(painted: _Layers, walked: np.ndarray) -> np.ndarray:
    amounts = painted.labels()
    kind, amount = amounts.argmax(axis=2), amounts.max(axis=2)
    front = painted.front()
    if front is not None:
        before = walked & (front > 0)
        kind, amount = np.where(before, FRONT, kind), np.where(before, front, amount)
    level = (amount * (FULL / 255)).round().astype(np.uint8)
    return np.where(level > 0, kind * (FULL + 1) + level, 0).astype(np.uint8)
