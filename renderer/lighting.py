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


class Part(NamedTuple):
    """A part of a ring: the place in it of each row and column of the part."""

    rows: np.ndarray  # float32 [H]
    columns: np.ndarray  # float32 [W]
    size: tuple[int, int]  # of the ring [px]

    @classmethod
    def whole(cls, height: int, width: int) -> "Part":
        """Return all of a ring."""
        rows, columns = (np.arange(side, dtype=np.float32) for side in (height, width))
        return cls(rows, columns, (height, width))


def relight(
    pixels: np.ndarray, ambient: Sequence[Triple], glows: Sequence[Glow], part: Part | None = None
) -> np.ndarray:
    """Return a picture under ambient light plus pools of light.

    Args:
        pixels: uint8 [H, W, 3].
        ambient: factors above, at the horizon and below.
        glows: the pools, in a ring.
        part: of that ring that the picture shows; None: the picture is the ring.
    """
    part = part or Part.whole(*pixels.shape[:2])
    rows, width, height = part.rows, len(part.columns), part.size[0]
    stops = [0, height / 2, height]
    factors = np.array(ambient, dtype=np.float32)
    base = np.stack([np.interp(rows, stops, factors[:, c]) for c in range(3)], -1)
    base = base.astype(np.float32)
    across = np.empty((len(glows), width), np.float32)
    down = np.empty((len(rows), 3, len(glows)), np.float32)
    for index, glow in enumerate(glows):
        across[index], fall = _falls(glow, part)
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
            across, fall = _falls(glow, Part.whole(height, width))
            np.maximum(share, fall[:, None] * across, out=share)
    return np.asarray(np.clip((share - FLICKER_EDGE) / (1 - FLICKER_EDGE), 0, 1))


def _falls(glow: Glow, part: Part) -> tuple[np.ndarray, np.ndarray]:
    """How a pool of light falls off along the ring and from row to row."""
    width = part.size[1]
    offset = (part.columns - glow.x + width / 2) % width - width / 2
    across = np.exp(-0.5 * (offset / glow.spread_x) ** 2)
    return across, np.exp(-0.5 * ((part.rows - glow.y) / glow.spread_y) ** 2)
