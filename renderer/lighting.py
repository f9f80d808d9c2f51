"""Light on finished pictures: an ambient, pools of light, and which of them flicker."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

Triple = tuple[float, float, float]  # red, green, blue


_LEVELS = np.arange(4096)
# brightness bends above 200, so that pools of light do not clip to flat patches
SHOULDER = np.asarray(
    np.minimum(_LEVELS, 200) + 55 * (1 - np.exp(-np.maximum(_LEVELS - 200, 0) / 55)), np.uint8
)
FLICKER_EDGE = 0.55  # share of a pool's middle below which nothing flickers


class Glow(NamedTuple):
    """A soft pool of light: centre and spread in px, colour times strength (1 doubles)."""

    x: float
    y: float
    spread_x: float
    spread_y: float
    color: Triple
    flickers: bool = False


def dimmed(color: Triple, share: float) -> Triple:
    """Return a share of a light's strength."""
    red, green, blue = color
    return share * red, share * green, share * blue


def relight(pixels: np.ndarray, ambient: Sequence[Triple], glows: Sequence[Glow]) -> np.ndarray:
    """Return the picture under ambient light (top, horizon, bottom factors) plus pools of light."""
    height, width = pixels.shape[:2]
    rows = np.arange(height, dtype=np.float32)
    stops = [0, height / 2, height]
    factors = np.array(ambient, dtype=np.float32)
    base = np.stack([np.interp(rows, stops, factors[:, c]) for c in range(3)], -1)
    base = base.astype(np.float32)
    across = np.empty((len(glows), width), np.float32)
    down = np.empty((height, 3, len(glows)), np.float32)
    for index, glow in enumerate(glows):
        across[index], fall = _falls(glow, height, width)
        down[:, :, index] = fall[:, None] * np.array(glow.color, np.float32)
    result = np.empty_like(pixels)
    for channel in range(3):
        light = down[:, channel] @ across
        values = light + base[:, channel, None]
        values *= pixels[:, :, channel]
        light *= 24
        values += light
        result[:, :, channel] = SHOULDER[values.astype(np.uint16)]
    return result


def flickering(glows: Sequence[Glow], height: int, width: int) -> np.ndarray:
    """Return how much of each pixel's light flickers, float32 [height, width], 0 to 1.

    Only the inner pool counts; farther out the change is invisible.
    """
    share = np.zeros((height, width), np.float32)
    for glow in glows:
        if glow.flickers:
            across, fall = _falls(glow, height, width)
            np.maximum(share, fall[:, None] * across, out=share)
    return np.asarray(np.clip((share - FLICKER_EDGE) / (1 - FLICKER_EDGE), 0, 1))


def _falls(glow: Glow, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """How a pool of light falls off along the ring and from row to row."""
    columns, rows = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    offset = (columns - glow.x + width / 2) % width - width / 2
    across = np.exp(-0.5 * (offset / glow.spread_x) ** 2)
    return across, np.exp(-0.5 * ((rows - glow.y) / glow.spread_y) ** 2)
