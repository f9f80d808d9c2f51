"""Small inhabitants of outdoor scenes as two-tone stamps: animals, boats, balloons, birds.

Every function draws one thing about 1 unit tall.
"""

import numpy as np

from mag_sandbox.renderer.canvas import Rgb
from mag_sandbox.renderer.painters.stamp import Stamp, dome, shaded

BALLOON_COLORS: tuple[tuple[Rgb, Rgb], ...] = (
    ((232, 92, 84), (255, 226, 170)),
    ((88, 140, 206), (250, 240, 224)),
    ((246, 190, 80), (222, 100, 92)),
    ((120, 178, 130), (252, 238, 200)),
)


def creature(stamp: Stamp, kind: str) -> None:
    """One animal or boat of the named kind."""
    stamp.shadow(0.5)
    _CREATURES[kind](stamp)


def _sheep(stamp: Stamp) -> None:
    wool: Rgb = (252, 246, 236)
    for x in (-0.28, 0.2):
        stamp.box(x, 0, x + 0.1, 0.3, (84, 74, 84))
    stamp.oval(0.02, 0.48, 0.46, 0.3, shaded(wool, 0.16))
    stamp.oval(-0.04, 0.53, 0.4, 0.25, wool)
    stamp.oval(-0.42, 0.62, 0.16, 0.19, (84, 74, 84))
    stamp.oval(-0.36, 0.76, 0.16, 0.1, wool)


def _deer(stamp: Stamp) -> None:
    coat: Rgb = (190, 124, 78)
    for x in (-0.3, -0.14, 0.18, 0.3):
        stamp.box(x, 0, x + 0.08, 0.4, shaded(coat))
    stamp.oval(0.02, 0.5, 0.4, 0.19, coat)
    stamp.poly([(-0.36, 0.48), (-0.48, 0.86), (-0.32, 0.88), (-0.1, 0.58)], coat)
    stamp.oval(-0.47, 0.86, 0.17, 0.09, coat)
    stamp.stroke([(-0.36, 0.92), (-0.28, 1.12), (-0.42, 1.24)], (122, 84, 62), 0.06)
    stamp.oval(0.4, 0.56, 0.08, 0.07, (255, 244, 230))


def _camel(stamp: Stamp) -> None:
    coat: Rgb = (206, 148, 92)
    for x in (-0.32, -0.16, 0.2, 0.34):
        stamp.box(x, 0, x + 0.09, 0.44, shaded(coat))
    stamp.oval(0.04, 0.54, 0.44, 0.18, coat)
    stamp.poly(dome(-0.1, 0.58, 0.17, 0.32), coat)
    stamp.poly(dome(0.22, 0.58, 0.17, 0.3), shaded(coat, 0.12))
    stamp.poly([(-0.34, 0.46), (-0.6, 0.9), (-0.46, 0.94), (-0.2, 0.62)], coat)
    stamp.oval(-0.6, 0.92, 0.18, 0.09, coat)


def _penguin(stamp: Stamp) -> None:
    coat: Rgb = (58, 66, 92)
    stamp.oval(0.0, 0.46, 0.3, 0.46, coat)
    stamp.oval(-0.05, 0.4, 0.2, 0.34, (252, 250, 246))
    stamp.oval(0, 0.84, 0.2, 0.17, coat)
    stamp.poly([(-0.16, 0.88), (-0.36, 0.8), (-0.14, 0.76)], (250, 170, 70))
    stamp.box(-0.2, -0.02, 0.2, 0.07, (250, 170, 70), 0.03)


def _boat(stamp: Stamp) -> None:
    sail: Rgb = (255, 248, 236)
    stamp.poly([(-0.62, 0.2), (0.66, 0.2), (0.44, -0.06), (-0.42, -0.06)], (196, 84, 72))
    stamp.poly([(-0.02, 0.28), (-0.02, 1.5), (-0.6, 0.28)], sail)
    stamp.poly([(0.06, 0.28), (0.06, 1.34), (0.52, 0.28)], shaded(sail, 0.16))


_CREATURES = {
    "sheep": _sheep, "deer": _deer, "camels": _camel, "penguins": _penguin, "boats": _boat,
}  # fmt: skip


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
