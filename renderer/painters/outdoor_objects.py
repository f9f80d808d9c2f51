"""Small things outdoors as two-tone stamps, about 1 unit tall: balloons and birds."""

import numpy as np

from mag_sandbox.renderer.canvas import Rgb
from mag_sandbox.renderer.painters.stamp import Stamp, dome, shaded

BALLOON_COLORS: tuple[tuple[Rgb, Rgb], ...] = (
    ((232, 92, 84), (255, 226, 170)),
    ((88, 140, 206), (250, 240, 224)),
    ((246, 190, 80), (222, 100, 92)),
    ((120, 178, 130), (252, 238, 200)),
)


def balloon(stamp: Stamp, rng: np.random.Generator) -> None:
    """A hot air balloon with one contrasting gore, its basket's foot at (0, 0)."""
    main, gore = BALLOON_COLORS[int(rng.integers(len(BALLOON_COLORS)))]
    stamp.poly([(-0.26, 0.42), (0.26, 0.42), (0.1, 0.2), (-0.1, 0.2)], shaded(main))
    stamp.oval(0, 0.66, 0.38, 0.38, main)
    stamp.poly([(0.12, 0.3), *dome(0.05, 0.66, 0.33, 0.36)[8:], (0.25, 0.42)], shaded(main))
    stamp.oval(-0.03, 0.66, 0.15, 0.38, gore)
    stamp.box(-0.1, 0, 0.1, 0.16, (136, 92, 66), 0.03)


def bird(stamp: Stamp) -> None:
    """A bird as two broad wings."""
    color: Rgb = (70, 74, 104)
    stamp.poly([(-0.7, 0.42), (-0.3, 0.4), (0.05, 0.1), (-0.05, -0.06)], color)
    stamp.poly([(0.7, 0.42), (0.3, 0.4), (-0.05, 0.1), (0.05, -0.06)], shaded(color))
