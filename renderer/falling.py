"""Rain and snow, which fall between the viewer and everything else, in ring pixels.

They fall around the viewer, wherever he walks. Time is counted in frames of 1/16 s.
"""

import numpy as np

from mag_sandbox.renderer.canvas import RING_HEIGHT, RING_WIDTH, Canvas
from mag_sandbox.renderer.drawing import Drawing, drawing_of
from mag_sandbox.renderer.motion import PERIOD
from mag_sandbox.renderer.painters.stamp import Light, tinted

FALLING = {"rainy": "falling rain", "stormy": "falling rain", "snowy": "falling snow"}
FLAKES, DROPS = 110, 120
SWAY, SWAY_PERIOD = 6.0, 64  # px to either side, frames
DROP_LENGTH, SLANT = 24.0, 0.14  # px; sideways for each pixel down
ABOVE = 40.0  # px above the ring where things begin to fall
# px a frame; whole falls in a period
FLAKE_SPEED, DROP_SPEED = ((RING_HEIGHT + ABOVE) * falls / PERIOD for falls in (1, 9))


def falling(kind: str, seed: int, light: Light, time: float = 0.0) -> Drawing:
    """Return the drops or flakes at a time, in ring pixels.

    Args:
        kind: "falling rain" or "falling snow".
        seed: of the scene.
        light: of the scene.
        time: in frames since the still picture.
    """
    rng, canvas = np.random.default_rng([seed, 6]), Canvas()
    tall = RING_HEIGHT + ABOVE
    if kind == "falling snow":
        flake = (*tinted((255, 255, 255), light, 0.15), 225)
        x, y = rng.uniform(0, RING_WIDTH, FLAKES), rng.uniform(0, tall, FLAKES)
        half, phase = rng.uniform(2.4, 4.2, FLAKES), rng.uniform(0, 2 * np.pi, FLAKES)
        x = x + SWAY * (np.sin(2 * np.pi * time / SWAY_PERIOD + phase) - np.sin(phase))
        y = (y + FLAKE_SPEED * time) % tall - ABOVE
        for middle, row, reach in zip(x, y, half, strict=True):
            canvas.ellipse(middle - reach, row - reach, middle + reach, row + reach, flake)
        return drawing_of(canvas.shapes)
    drop = (*tinted((214, 232, 248), light, 0.1), 150)
    x, y = rng.uniform(0, RING_WIDTH, DROPS), rng.uniform(0, tall, DROPS)
    fallen = (y + DROP_SPEED * time) % tall
    x = x - SLANT * (fallen - y)
    for middle, row in zip(x, fallen - ABOVE, strict=True):
        foot = middle - SLANT * DROP_LENGTH, row + DROP_LENGTH
        canvas.line([(middle, row), foot], drop, 3.0)
    return drawing_of(canvas.shapes)
