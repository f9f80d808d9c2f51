"""Whole scenes: a category and a seed give a panorama, its attributes and its captions.

Version 1 of the renderer. Seeds below HELD_OUT are for training, the others for evaluation only.
"""

from dataclasses import dataclass

import numpy as np

from training.panorama import game, indoor, outdoor, stage
from training.panorama.canvas import RING_HEIGHT, RING_WIDTH

RENDERER_VERSION = 1
HELD_OUT = 1_000_000  # first seed that training never sees
CATEGORIES = {"indoor": indoor, "outdoor": outdoor, "object": stage, "video game": game}
DEGREES_PER_PIXEL = 360.0 / RING_WIDTH


@dataclass(frozen=True, slots=True)
class Panorama:
    """A drawn ring and what is in it."""

    category: str
    seed: int
    attributes: dict[str, str]
    pixels: np.ndarray  # uint8 [RING_HEIGHT, RING_WIDTH, 3]

    def caption(self, index: int = 0) -> str:
        """Return one of endlessly many captions."""
        rng = np.random.default_rng([self.seed, _order(self.category), 1, index])
        return CATEGORIES[self.category].caption(self.attributes, rng)


def render(category: str, seed: int) -> Panorama:
    """Draw the panorama of a seed; the same in every process."""
    rng = np.random.default_rng([seed, _order(category), 0])
    painter = CATEGORIES[category]
    attributes = painter.sample(rng)
    return Panorama(category, seed, attributes, painter.draw(attributes, rng))


def view(
    pixels: np.ndarray, left: int, top: int, width: int = 320, height: int = 192
) -> np.ndarray:
    """Cut a view of whole pixels out of a ring, uint8 [height, width, 3]; x wraps around."""
    left %= RING_WIDTH
    rows = pixels[top : top + height]
    if left + width <= RING_WIDTH:
        return rows[:, left : left + width]
    return np.concatenate((rows[:, left:], rows[:, : left + width - RING_WIDTH]), axis=1)


def view_corner(
    yaw: float, pitch: float, width: int = 320, height: int = 192
) -> tuple[float, float]:
    """Return (left, top) in ring pixels of the view at a pose of 90 degrees across."""
    return (
        yaw / DEGREES_PER_PIXEL - width / 2,
        RING_HEIGHT / 2 - pitch / DEGREES_PER_PIXEL - height / 2,
    )


def view_at(pixels: np.ndarray, yaw: float, pitch: float) -> np.ndarray:
    """Return the view at any pose, uint8 [192, 320, 3], blending neighbouring pixels."""
    left, top = view_corner(yaw, pitch)
    x, y = int(np.floor(left)), int(np.floor(top))
    fx, fy = left - x, top - y
    if fx == 0 and fy == 0:
        return view(pixels, x, y)
    tall = np.minimum(np.arange(y, y + 193), RING_HEIGHT - 1)
    patch = pixels[tall][:, np.arange(x, x + 321) % RING_WIDTH].astype(np.float32)
    rows = patch[:-1] * (1 - fy) + patch[1:] * fy
    return (rows[:, :-1] * (1 - fx) + rows[:, 1:] * fx).round().astype(np.uint8)


def _order(category: str) -> int:
    return list(CATEGORIES).index(category)
