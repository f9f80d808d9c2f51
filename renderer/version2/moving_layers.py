"""The compact form of a moving ring: one array of eight bytes a pixel.

    0 to 2   the bare ring, red, green, blue: no clouds, no walkers
    3        label: kind in the upper two bits, how much of the pixel is of that kind in the lower
             six (0 to FULL); 0 stands still
    4 to 7   overlay, red, green, blue premultiplied by alpha, and alpha: clouds in the rows above
             the split, walkers below

Nothing walks in the last row: its overlay has no alpha, and holds the colour of the open sky of
row y in column y, and the split in column SPLIT_COLUMN. Knows nothing of how anything moves.
"""

import numpy as np

from mag_sandbox.renderer.canvas import RING_HEIGHT, RING_WIDTH, Motion, MovingLayer
from mag_sandbox.renderer.version2.layered_canvas import HOP_HEIGHT, WALK_REACH, LayeredCanvas

SKY, SHIMMER, FLICKER = Motion
FRONT = 3  # the kind of what lies before walkers
FULL = 63
CHANNELS = 8
LAST = RING_HEIGHT - 1
SPLIT = 152  # first row below all clouds
SPLIT_COLUMN = RING_HEIGHT


def pack(canvas: LayeredCanvas, bare: np.ndarray) -> np.ndarray:
    """Return a painted ring as layers, uint8 [RING_HEIGHT, RING_WIDTH, CHANNELS].

    `bare` is the canvas's finished picture.
    """
    layers = np.zeros((RING_HEIGHT, RING_WIDTH, CHANNELS), np.uint8)
    layers[..., :3] = bare
    clouds, walkers = canvas.layer(MovingLayer.CLOUDS), canvas.layer(MovingLayer.WALKERS)
    split = 0
    if clouds is not None:
        split = SPLIT
        layers[:split, :, 4:] = clouds[:split]
    if walkers is not None:
        layers[split:LAST, :, 4:] = walkers[split:LAST]
    layers[..., 3] = _labels(canvas, swept(layers[..., 7], split))
    layers[LAST, :RING_HEIGHT, 4:7] = canvas.sky()
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


def _labels(canvas: LayeredCanvas, walked: np.ndarray) -> np.ndarray:
    amounts = canvas.labels()
    kind, amount = amounts.argmax(axis=2), amounts.max(axis=2)
    front = canvas.front()
    if front is not None:
        before = walked & (front > 0)
        kind, amount = np.where(before, FRONT, kind), np.where(before, front, amount)
    level = (amount * (FULL / 255)).round().astype(np.uint8)
    return np.where(level > 0, kind * (FULL + 1) + level, 0).astype(np.uint8)
