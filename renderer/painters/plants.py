"""Plants and rocks as flat two-tone stamps, light from the left.

Every function draws one thing of height 1 standing at the stamp's foot; `snow` says how much of it
is covered.
"""

from collections.abc import Callable

import numpy as np

from mag_sandbox.renderer.canvas import Rgb
from mag_sandbox.renderer.painters.stamp import WHITE, Stamp, dome, lightened, mix, shaded

TRUNK: Rgb = (122, 84, 62)
SNOW_SHADE: Rgb = (206, 220, 240)

PlantDrawer = Callable[[Stamp, np.random.Generator, float], None]


def varied(color: Rgb, rng: np.random.Generator) -> Rgb:
    """The colour, a touch lighter or darker, so that neighbours differ."""
    weight = float(rng.uniform(-0.12, 0.14))
    return lightened(color, weight) if weight > 0 else shaded(color, -weight)


def pine(stamp: Stamp, rng: np.random.Generator, snow: float) -> None:
    """A conifer of three tiers."""
    color = varied((56, 128, 98), rng)
    stamp.shadow(0.3)
    stamp.box(-0.045, 0, 0.045, 0.2, TRUNK)
    for low, high, half in ((0.12, 0.52, 0.31), (0.34, 0.76, 0.25), (0.56, 1.0, 0.18)):
        stamp.poly([(-half, low), (0, high), (half, low)], color)
        stamp.poly([(0.03, low), (0, high), (half, low)], shaded(color))
        if snow > 0:
            cap = low + (high - low) * 0.42
            reach = half * 0.58
            stamp.poly([(-reach, cap), (0, high), (reach, cap), (0, cap + 0.06)], WHITE)
            stamp.poly([(0, cap + 0.06), (0, high), (reach, cap)], SNOW_SHADE)


def _crown(stamp: Stamp, color: Rgb, snow: float) -> None:
    lobes = ((-0.2, 0.56, 0.2), (0.2, 0.56, 0.2), (0.0, 0.74, 0.26), (0.0, 0.52, 0.24))
    for x, y, radius in lobes:
        stamp.oval(x, y, radius, radius, shaded(color))
    for x, y, radius in ((-0.22, 0.59, 0.165), (-0.05, 0.77, 0.2), (-0.04, 0.58, 0.17)):
        stamp.oval(x, y, radius, radius, color)
    if snow > 0:
        stamp.poly(dome(-0.01, 0.8, 0.24, 0.21), WHITE)
        stamp.poly(dome(-0.2, 0.64, 0.16, 0.13), WHITE)
        stamp.poly(dome(0.22, 0.64, 0.16, 0.12), SNOW_SHADE)
    else:
        stamp.oval(-0.11, 0.82, 0.08, 0.07, lightened(color))


def _round_tree(color: Rgb, trunk: Rgb = TRUNK) -> PlantDrawer:
    def draw(stamp: Stamp, rng: np.random.Generator, snow: float) -> None:
        stamp.shadow(0.34)
        stamp.poly([(-0.06, 0), (-0.035, 0.5), (0.035, 0.5), (0.07, 0)], trunk)
        stamp.poly([(0.01, 0), (0.005, 0.5), (0.035, 0.5), (0.07, 0)], shaded(trunk))
        _crown(stamp, varied(color, rng), snow)

    return draw


def cypress(stamp: Stamp, rng: np.random.Generator, snow: float) -> None:
    """A tall slender tree."""
    color = varied((74, 134, 84), rng)
    stamp.shadow(0.2)
    stamp.box(-0.03, 0, 0.03, 0.2, TRUNK)
    stamp.oval(0, 0.55, 0.15, 0.45, shaded(color))
    stamp.oval(-0.03, 0.55, 0.105, 0.41, color)
    if snow > 0:
        stamp.poly(dome(0, 0.78, 0.12, 0.22), WHITE)


def palm(stamp: Stamp, rng: np.random.Generator, snow: float) -> None:
    """A palm with a bent trunk and six drooping leaves."""
    del snow  # palms stand in warm places
    color = varied((70, 158, 96), rng)
    lean = float(rng.choice([-0.14, -0.08, 0.1, 0.16]))
    trunk: Rgb = (164, 120, 82)
    stamp.shadow(0.26)
    bend = [(0, 0), (lean * 0.25, 0.3), (lean * 0.6, 0.55), (lean, 0.76)]
    stamp.poly([(x - 0.045, y) for x, y in bend] + [(x + 0.035, y) for x, y in bend[::-1]], trunk)
    stamp.poly(
        [(x + 0.005, y) for x, y in bend] + [(x + 0.035, y) for x, y in bend[::-1]], shaded(trunk)
    )
    leaves = ((-0.4, 0.62), (-0.34, 0.84), (-0.16, 0.99), (0.18, 0.98), (0.36, 0.82), (0.4, 0.6))
    for x, y in leaves:
        leaf = color if x < 0 else shaded(color)
        top, under = (lean + x * 0.55, y + 0.1), (lean + x * 0.5, y - 0.03)
        stamp.poly([(lean, 0.79), top, (lean + x, y - 0.08), under, (lean, 0.73)], leaf)
    stamp.oval(lean, 0.75, 0.05, 0.05, (128, 82, 58))


def cactus(stamp: Stamp, rng: np.random.Generator, snow: float) -> None:
    """A saguaro with two arms."""
    del snow
    color = varied((92, 158, 104), rng)
    dark = shaded(color)
    low, high = (0.36, 0.46) if rng.random() < 0.5 else (0.48, 0.34)
    stamp.shadow(0.2)
    stamp.box(-0.36, low, -0.24, low + 0.32, color, 0.06)
    stamp.box(-0.36, low, 0, low + 0.11, color, 0.05)
    stamp.box(0.22, high, 0.34, high + 0.34, dark, 0.06)
    stamp.box(0, high, 0.34, high + 0.11, dark, 0.05)
    stamp.box(-0.11, -0.02, 0.11, 1.0, dark, 0.11)
    stamp.box(-0.11, -0.02, 0.04, 0.985, color, 0.075)


def acacia(stamp: Stamp, rng: np.random.Generator, snow: float) -> None:
    """A savanna tree with a flat crown."""
    del snow
    color = varied((126, 150, 74), rng)
    stamp.shadow(0.46)
    stamp.stroke([(0, 0), (0.02, 0.4), (-0.22, 0.72)], TRUNK, 0.07)
    stamp.stroke([(0.02, 0.38), (0.22, 0.68)], shaded(TRUNK), 0.06)
    for x, y, across, up in ((-0.18, 0.74, 0.38, 0.13), (0.26, 0.7, 0.3, 0.11)):
        stamp.poly(dome(x, y - 0.04, across, up * 1.9), shaded(color))
        stamp.poly(dome(x - 0.06, y + 0.02, across * 0.75, up * 1.3), color)


def bare_tree(stamp: Stamp, rng: np.random.Generator, snow: float) -> None:
    """A leafless tree with thick branches."""
    color = varied((112, 88, 84), rng)
    stamp.shadow(0.24)
    side = -1 if rng.random() < 0.5 else 1
    stamp.poly([(-0.08, 0), (-0.03, 0.6), (0.03, 0.6), (0.09, 0)], color)
    branches = (
        [(0, 0.5), (-0.02 * side, 0.78), (0.06 * side, 1.0)],
        [(0, 0.45), (-0.22 * side, 0.66), (-0.26 * side, 0.9)],
        [(0, 0.36), (0.24 * side, 0.56), (0.32 * side, 0.8)],
    )
    for branch in branches:
        stamp.stroke(branch, color, 0.05)
    if snow > 0:
        for branch in branches:
            stamp.oval(*branch[-1], 0.07, 0.045, WHITE)


def mushroom(stamp: Stamp, rng: np.random.Generator, snow: float) -> None:
    """A giant toadstool with a spotted cap."""
    del snow
    cap = varied([(222, 78, 74), (232, 140, 66), (150, 96, 190)][int(rng.integers(3))], rng)
    stem: Rgb = (246, 230, 206)
    stamp.shadow(0.36)
    stamp.poly([(-0.13, 0), (-0.09, 0.6), (0.09, 0.6), (0.15, 0)], stem)
    stamp.poly([(0.03, 0), (0.02, 0.6), (0.09, 0.6), (0.15, 0)], shaded(stem))
    stamp.poly(dome(0, 0.48, 0.44, 0.52), cap)
    stamp.poly([(0.1, 0.48), *dome(0.1, 0.48, 0.34, 0.46)[6:]], shaded(cap))
    for x, y, radius in ((-0.24, 0.64, 0.075), (-0.02, 0.82, 0.085), (0.2, 0.62, 0.075)):
        stamp.oval(x, y, radius, radius * 0.85, (255, 242, 224))


def bush(stamp: Stamp, rng: np.random.Generator, snow: float) -> None:
    """A low round shrub."""
    color = varied((98, 154, 88), rng)
    stamp.shadow(0.85)
    stamp.poly(dome(0.3, 0, 0.55, 0.72), shaded(color))
    stamp.poly(dome(-0.2, 0, 0.65, 1.0), color)
    stamp.poly(dome(-0.3, 0.35, 0.32, 0.45), WHITE if snow > 0 else lightened(color, 0.18))


def rock(stamp: Stamp, rng: np.random.Generator, color: Rgb) -> None:
    """A faceted boulder, wider than tall."""
    color = varied(color, rng)
    peak = float(rng.uniform(-0.25, 0.15))
    outline = [(-0.85, 0), (-0.68, 0.55), (peak, 1.0), (0.55, 0.68), (0.9, 0)]
    stamp.shadow(0.9)
    stamp.poly(outline, color)
    stamp.poly([(peak, 1.0), (0.55, 0.68), (0.9, 0), (0.05, 0), (peak + 0.25, 0.5)], shaded(color))
    stamp.poly([(-0.68, 0.55), (peak, 1.0), (peak + 0.25, 0.5)], lightened(color))


def flower(stamp: Stamp, color: Rgb) -> None:
    """A flower head of four petals on a little tuft."""
    stamp.oval(0, 0.16, 0.5, 0.16, mix((80, 140, 80), color, 0.1))
    for x, y in ((-0.3, 0.6), (0.3, 0.6), (0, 0.9), (0, 0.32)):
        stamp.oval(x, y, 0.3, 0.27, color)
    stamp.oval(0, 0.6, 0.2, 0.18, (255, 236, 150) if color[2] > 120 else (255, 250, 235))


PLANTS: dict[str, PlantDrawer] = {
    "pine": pine, "oak": _round_tree((96, 164, 82)),
    "birch": _round_tree((158, 190, 84), (232, 228, 218)), "autumn": _round_tree((228, 128, 58)),
    "maple": _round_tree((206, 74, 66)), "cherry": _round_tree((246, 160, 184)),
    "cypress": cypress, "palm": palm, "cactus": cactus, "acacia": acacia, "bare": bare_tree,
    "mushroom": mushroom, "bush": bush,
}  # fmt: skip
