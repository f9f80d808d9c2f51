"""Pieces of a jump-and-run world as bold two-tone stamps: blocks, treasures, creatures, buildings.

Every function draws one thing about 1 unit tall, foot at (0, 0).
"""

from collections.abc import Callable

import numpy as np

from mag_sandbox.renderer.canvas import Motion, Rgb
from mag_sandbox.renderer.painters.stamp import Stamp, dome, lightened, shaded

Drawer = Callable[[Stamp], None]
ColoredDrawer = Callable[[Stamp, Rgb], None]
INK: Rgb = (44, 40, 66)
GOLD: Rgb = (255, 204, 64)
EYE: Rgb = (255, 255, 255)


def _eyes(stamp: Stamp, x: float, y: float, apart: float, size: float) -> None:
    for side in (-1, 1):
        stamp.oval(x + side * apart, y, size, size * 1.2, EYE)
        stamp.oval(x + side * apart - size * 0.3, y, size * 0.5, size * 0.65, INK)


def _brick(stamp: Stamp) -> None:
    color: Rgb = (206, 112, 78)
    stamp.box(-0.5, 0, 0.5, 1, shaded(color, 0.3), 0.08)
    for low, left, right in ((0.56, -0.44, 0.08), (0.56, 0.16, 0.44), (0.08, -0.44, -0.14)):
        stamp.box(left, low, right, low + 0.36, color, 0.05)
    stamp.box(-0.06, 0.08, 0.44, 0.44, color, 0.05)


def _question(stamp: Stamp) -> None:
    stamp.box(-0.5, 0, 0.5, 1, shaded(GOLD, 0.3), 0.12)
    stamp.box(-0.5, 0.08, 0.42, 1, GOLD, 0.12)
    hook = [(-0.2, 0.66), (-0.04, 0.82), (0.14, 0.66), (-0.02, 0.46), (-0.02, 0.38)]
    stamp.stroke(hook, EYE, 0.13)
    stamp.oval(-0.02, 0.2, 0.08, 0.08, EYE)


def _crate(stamp: Stamp) -> None:
    wood: Rgb = (200, 142, 88)
    stamp.box(-0.5, 0, 0.5, 1, shaded(wood, 0.35), 0.06)
    stamp.box(-0.36, 0.14, 0.36, 0.86, wood)
    stamp.poly(
        [(-0.36, 0.14), (-0.2, 0.14), (0.36, 0.7), (0.36, 0.86), (0.2, 0.86), (-0.36, 0.3)],
        shaded(wood, 0.25),
    )


def _crystal_block(stamp: Stamp) -> None:
    glass: Rgb = (128, 226, 236)
    stamp.box(-0.5, 0, 0.5, 1, shaded(glass, 0.25), 0.1)
    stamp.poly([(-0.42, 0.5), (-0.42, 0.92), (0.42, 0.92), (-0.42, 0.08)], glass)
    stamp.poly([(-0.34, 0.62), (-0.34, 0.84), (-0.08, 0.84)], EYE)


def _coin(stamp: Stamp) -> None:
    stamp.oval(0.04, 0.5, 0.42, 0.5, shaded(GOLD, 0.3))
    stamp.oval(-0.03, 0.5, 0.4, 0.48, GOLD)
    stamp.box(-0.11, 0.26, 0.06, 0.74, (255, 240, 170), 0.06)


def _gem(stamp: Stamp) -> None:
    gem: Rgb = (232, 66, 130)
    stamp.poly([(-0.5, 0.62), (-0.26, 1), (0.26, 1), (0.5, 0.62), (0, 0)], gem)
    stamp.poly([(0.1, 0.62), (0.26, 1), (0.5, 0.62), (0, 0)], shaded(gem, 0.3))
    stamp.poly([(-0.5, 0.62), (-0.26, 1), (0.1, 1), (-0.1, 0.62)], lightened(gem, 0.5))


def _star(stamp: Stamp) -> None:
    angles = np.pi / 2 + np.arange(10) * np.pi / 5
    radii = np.where(np.arange(10) % 2 == 0, 0.56, 0.27)
    points = [
        (float(r * np.cos(a)), 0.5 + float(r * np.sin(a)))
        for a, r in zip(angles, radii, strict=True)
    ]
    stamp.poly(points, (255, 226, 84))
    stamp.poly([points[0], (0, 0.5), points[5], *points[6:]], (246, 178, 52))


def _heart(stamp: Stamp) -> None:
    red: Rgb = (240, 70, 84)
    stamp.oval(0.24, 0.7, 0.28, 0.28, shaded(red))
    stamp.poly([(-0.5, 0.62), (0, 0), (0.5, 0.62)], shaded(red))
    stamp.oval(-0.23, 0.7, 0.29, 0.29, red)
    stamp.poly([(-0.5, 0.6), (0, 0), (0.1, 0.7)], red)
    stamp.oval(-0.3, 0.76, 0.1, 0.1, lightened(red, 0.6))


def _key(stamp: Stamp) -> None:
    stamp.box(-0.09, 0, 0.09, 0.6, GOLD)
    stamp.box(0.05, 0.04, 0.34, 0.18, shaded(GOLD))
    stamp.box(0.05, 0.26, 0.28, 0.4, shaded(GOLD))
    stamp.oval(0, 0.74, 0.3, 0.28, GOLD)
    stamp.oval(0, 0.74, 0.13, 0.12, shaded(GOLD, 0.6))


def _slime(stamp: Stamp) -> None:
    body: Rgb = (112, 206, 96)
    stamp.poly(dome(0, 0, 0.62, 0.86), shaded(body))
    stamp.poly(dome(-0.06, 0.03, 0.52, 0.78), body)
    stamp.oval(-0.22, 0.66, 0.1, 0.07, lightened(body, 0.6))
    _eyes(stamp, -0.06, 0.4, 0.2, 0.13)


def _robot(stamp: Stamp) -> None:
    metal: Rgb = (176, 190, 210)
    stamp.box(-0.34, 0, -0.1, 0.2, INK, 0.05)
    stamp.box(0.1, 0, 0.34, 0.2, INK, 0.05)
    stamp.box(-0.42, 0.14, 0.42, 0.56, shaded(metal), 0.08)
    stamp.box(-0.42, 0.14, 0.2, 0.56, metal, 0.08)
    stamp.box(-0.36, 0.58, 0.36, 1.0, metal, 0.1)
    stamp.box(-0.28, 0.68, 0.28, 0.88, INK, 0.05)
    stamp.oval(-0.13, 0.78, 0.08, 0.08, (255, 96, 88))
    stamp.oval(0.13, 0.78, 0.08, 0.08, (255, 96, 88))


def _ghost(stamp: Stamp) -> None:
    sheet: Rgb = (240, 240, 252)
    stamp.poly(
        [
            *dome(0, 0.55, 0.42, 0.45),
            (0.42, 0.1),
            (0.2, 0.22),
            (0, 0.06),
            (-0.2, 0.22),
            (-0.42, 0.08),
        ],
        sheet,
    )
    stamp.poly(
        [(0.16, 0.2), *dome(0.16, 0.55, 0.26, 0.36)[7:], (0.42, 0.1), (0.2, 0.22)], shaded(sheet)
    )
    for x in (-0.2, 0.1):
        stamp.oval(x, 0.62, 0.08, 0.12, INK)


def _bat(stamp: Stamp) -> None:
    fur: Rgb = (112, 76, 150)
    for side in (-1, 1):
        stamp.poly(
            [
                (0, 0.62), (side * 0.5, 0.95), (side * 0.95, 0.6), (side * 0.62, 0.52),
                (side * 0.5, 0.28), (side * 0.24, 0.36),
            ],
            shaded(fur, 0.25),
        )  # fmt: skip
        stamp.poly([(side * 0.08, 0.74), (side * 0.26, 1.05), (side * 0.28, 0.7)], fur)
    stamp.oval(0, 0.52, 0.3, 0.32, fur)
    _eyes(stamp, 0, 0.58, 0.13, 0.1)


def _snail(stamp: Stamp) -> None:
    body, shell = (244, 196, 130), (206, 104, 84)
    stamp.box(-0.62, 0, 0.56, 0.22, body, 0.1)
    stamp.box(-0.62, 0.06, -0.36, 0.7, body, 0.12)
    stamp.oval(0.14, 0.46, 0.42, 0.4, shaded(shell))
    stamp.oval(0.1, 0.5, 0.34, 0.33, shell)
    stamp.oval(0.1, 0.48, 0.15, 0.15, lightened(shell, 0.5))
    _eyes(stamp, -0.5, 0.72, 0.1, 0.1)


def _pipe(stamp: Stamp, color: Rgb) -> None:
    stamp.box(-0.3, 0, 0.3, 0.76, color)
    stamp.box(-0.2, 0, -0.08, 0.76, lightened(color, 0.35))
    stamp.box(0.1, 0, 0.3, 0.76, shaded(color))
    stamp.box(-0.4, 0.72, 0.4, 1.0, color, 0.04)
    stamp.box(-0.28, 0.72, -0.12, 1.0, lightened(color, 0.35))
    stamp.box(0.14, 0.72, 0.4, 1.0, shaded(color), 0.04)


def _flag(stamp: Stamp, color: Rgb) -> None:
    stamp.box(-0.16, 0, 0.16, 0.08, (150, 140, 160), 0.02)
    stamp.box(-0.03, 0, 0.03, 0.98, (236, 232, 240))
    stamp.oval(0, 0.99, 0.06, 0.06, GOLD)
    stamp.poly([(0.03, 0.94), (0.46, 0.78), (0.03, 0.6)], color)
    stamp.poly([(0.03, 0.77), (0.46, 0.78), (0.03, 0.6)], shaded(color))


def _portal(stamp: Stamp, color: Rgb) -> None:
    stamp.shine(0, 0.5, 0.9, (150, 240, 255), 10)
    stamp.box(-0.34, -0.02, 0.34, 0.1, (112, 106, 140), 0.03)
    stamp.oval(0, 0.54, 0.36, 0.5, (112, 106, 140))
    with stamp.canvas.moving(Motion.FLICKER):
        stamp.oval(0, 0.54, 0.28, 0.42, color)
        stamp.oval(-0.02, 0.54, 0.18, 0.29, lightened(color, 0.45))
        stamp.oval(-0.03, 0.54, 0.09, 0.15, EYE)


def _lollipop(stamp: Stamp, color: Rgb) -> None:
    stamp.box(-0.04, 0, 0.04, 0.6, (252, 246, 240))
    stamp.oval(0, 0.72, 0.3, 0.29, shaded(color))
    stamp.oval(-0.03, 0.73, 0.26, 0.26, color)
    stamp.oval(-0.03, 0.73, 0.16, 0.16, (255, 244, 246))
    stamp.oval(-0.03, 0.73, 0.08, 0.08, color)


def _crystal(stamp: Stamp, color: Rgb) -> None:
    for x, wide, tall in ((-0.26, 0.14, 0.6), (0.28, 0.15, 0.7), (0.0, 0.2, 1.0)):
        foot = [(x - wide * 0.7, 0), (x - wide, tall * 0.66), (x, tall)]
        stamp.poly([*foot, (x + wide, tall * 0.66), (x + wide * 0.7, 0)], color)
        stamp.poly([*foot, (x - wide * 0.1, 0)], lightened(color, 0.4))


PIECES: dict[str, Drawer] = {
    "brick": _brick, "question": _question, "crate": _crate, "crystal": _crystal_block,
    "coins": _coin, "gems": _gem, "stars": _star, "hearts": _heart, "keys": _key,
    "slime": _slime, "robot": _robot, "ghost": _ghost, "bat": _bat, "snail": _snail,
}  # fmt: skip
COLORED: dict[str, ColoredDrawer] = {
    "pipe": _pipe, "flag": _flag, "portal": _portal, "lollipop": _lollipop, "crystal": _crystal,
}  # fmt: skip
