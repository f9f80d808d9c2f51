"""Spoils parts of a ring so that its things lose their shape and keep their colours.

The judge learns that such lumps are nothing: it must not take a patch of the right colour for the
thing. Knows nothing of networks.
"""

import numpy as np
from PIL import Image

from mag_sandbox.training.panorama.canvas import RING_HEIGHT, RING_WIDTH

REGIONS = (3, 6)  # in a ring: least, most
_ACROSS, _DOWN = (140, 420), (90, 260)  # px of a region
_COARSE = 20  # px that a blurred region is averaged over
_TILES = (16, 32)  # px of a side
_STRETCH, _KNOTS = 26.0, 20  # px of the spread of a warp, and between its knots


def spoiled(pixels: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return a ring with spoiled regions, and which pixels they are, bool [H, W].

    Each region is blurred, or its tiles are shuffled, or it is warped beyond recognition.
    """
    whole = [_blurred(pixels), _shuffled(pixels, rng), _warped(pixels, rng)]
    result, where = pixels.copy(), np.zeros(pixels.shape[:2], bool)
    for _ in range(rng.integers(*REGIONS, endpoint=True)):
        region = _region(rng)
        result[region] = whole[rng.integers(len(whole))][region]
        where |= region
    return result, where


def _region(rng: np.random.Generator) -> np.ndarray:
    """A box somewhere in the ring, half of the time an ellipse."""
    across, down = rng.uniform(*_ACROSS) / 2, rng.uniform(*_DOWN) / 2
    x = (np.arange(RING_WIDTH) - rng.uniform(0, RING_WIDTH)) % RING_WIDTH
    x = np.minimum(x, RING_WIDTH - x) / across
    y = np.abs(np.arange(RING_HEIGHT) - rng.uniform(60, RING_HEIGHT - 60)) / down
    if rng.random() < 0.5:
        return np.maximum(x[None], y[:, None]) < 1
    return np.hypot(x[None], y[:, None]) < 1


def _blurred(pixels: np.ndarray) -> np.ndarray:
    image, size = Image.fromarray(pixels), (RING_WIDTH, RING_HEIGHT)
    coarse = image.resize((size[0] // _COARSE, size[1] // _COARSE), Image.Resampling.BOX)
    return np.asarray(coarse.resize(size, Image.Resampling.BICUBIC))


def _shuffled(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Tiles change places with others of their row, up to four tiles away."""
    side = int(rng.choice(_TILES))
    tiles = pixels.reshape(RING_HEIGHT // side, side, RING_WIDTH // side, side, 3)
    across = tiles.shape[2]
    order = np.argsort(np.arange(across) + rng.uniform(-4, 4, (tiles.shape[0], across)), axis=1)
    moved = np.take_along_axis(tiles, order[:, None, :, None, None], axis=2)
    return moved.reshape(pixels.shape)


def _warped(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Every pixel is taken from somewhere near, neighbours from near each other."""
    size = (RING_WIDTH, RING_HEIGHT)
    knots = rng.normal(0, _STRETCH, (2, RING_HEIGHT // _KNOTS, RING_WIDTH // _KNOTS))
    across, down = (
        np.asarray(Image.fromarray(one.astype(np.float32)).resize(size, Image.Resampling.BICUBIC))
        for one in knots
    )
    rows = np.clip(np.arange(RING_HEIGHT)[:, None] + down.astype(int), 0, RING_HEIGHT - 1)
    columns = (np.arange(RING_WIDTH) + across.astype(int)) % RING_WIDTH
    return pixels[rows, columns]
