"""Big single objects to be shown on a stand, each about 70 to 130 px wide and 80 to 125 tall.

Every function takes a pen at the object's foot, its colour and a variant number.
"""

from collections.abc import Callable

from mag_sandbox.renderer.canvas import Motion, Rgb
from mag_sandbox.renderer.painters.sketch import (
    BRASS,
    DARK_WOOD,
    LEAF,
    PAINTS,
    Pen,
    contrast,
    darker,
    lighter,
)
from mag_sandbox.renderer.painters.stamp import mix

DARK: Rgb = (58, 56, 72)
GLASS: Rgb = (196, 226, 238)


def trim_of(color: Rgb) -> Rgb:
    """Return the colour of details that stands out most from a main colour."""
    return max((PAINTS["white"], PAINTS["yellow"], DARK), key=lambda other: contrast(other, color))


def _vase(pen: Pen, color: Rgb, variant: int) -> None:
    belly, neck = ((40, 14), (34, 18), (44, 11))[variant % 3]
    pen.lathe(
        [(22, 0), (belly, 38), (belly * 0.86, 68), (neck, 92), (neck, 102), (neck + 9, 114)], color
    )
    pen.oval(-neck - 9, 110, neck + 9, 118, darker(color, 0.35))
    stripe = lighter(color, 0.5)
    pen.lathe([(belly * 0.985, 44), (belly * 0.98, 56)], stripe, 0)


def _teapot(pen: Pen, color: Rgb, variant: int) -> None:
    pen.curve([(36, 64), (64, 66), (62, 30), (32, 22)], darker(color, 0.2), 10)
    spout = [(-30, 22), (-58, 52), (-70, 78), (-56, 80), (-44, 60), (-26, 54)]
    pen.poly(spout, darker(color, 0.06))
    pen.lathe([(26, 0), (46, 22), (46, 48), (30, 72), (14, 80)], color)
    pen.lathe([(30, 70), (24, 80), (8, 87), (0, 88)], lighter(color, 0.15))
    pen.ball(0, 93, 8, trim_of(color))
    pen.oval(-24, 20, 6, 50, lighter(color, 0.5) if variant % 2 else trim_of(color))


def _globe(pen: Pen, color: Rgb, variant: int) -> None:
    pen.lathe([(32, 0), (28, 7), (7, 14), (6, 24)], DARK_WOOD)
    pen.ball(0, 68, 45, color)
    land = mix(LEAF, PAINTS["yellow"], 0.3 * (variant % 3))
    if contrast(land, color) < 90:
        land = PAINTS["cream"]
    pen.blob([(-30, 84), (-12, 100), (2, 88), (-8, 72), (-16, 60), (-28, 66)], land)
    pen.blob([(4, 62), (22, 70), (28, 54), (14, 34), (4, 46)], darker(land, 0.12))
    pen.curve([(-2, 118), (36, 106), (51, 68), (36, 30), (-2, 18)], BRASS, 5)


def _bust(pen: Pen, color: Rgb, variant: int) -> None:
    pale = lighter(color, 0.25)
    pen.lathe([(24, 0), (22, 8), (12, 14), (12, 24)], darker(color, 0.1), 0)
    pen.blob([(-46, 24), (-42, 46), (-14, 56), (14, 56), (42, 46), (46, 24), (0, 18)], pale)
    pen.blob([(12, 22), (14, 56), (42, 46), (46, 24)], darker(pale))
    pen.box(-12, 46, 12, 72, darker(pale, 0.3))
    pen.oval(-25, 60, 25, 122, pale)
    pen.blob([(2, 64), (14, 90), (8, 120), (24, 104), (22, 72)], darker(pale, 0.18))
    pen.blob(
        [(-27, 92), (-26, 116), (0, 128), (26, 116), (27, 90), (14, 108), (-12, 108)],
        darker(color, 0.3),
    )
    pen.oval(-15, 89, -7, 95, darker(color, 0.45))
    pen.oval(5, 89, 13, 95, darker(color, 0.5))
    pen.poly([(-2, 92), (-7, 80), (1, 79)], darker(pale, 0.2))
    pen.box(-8, 70, 5, 74, darker(color, 0.4), 2)
    if variant % 2:
        pen.box(-26, 104, 26, 111, BRASS, 3)


def _crystal(pen: Pen, color: Rgb, variant: int) -> None:
    for x, tall, wide in ((-26, 66, 17), (28, 58, 16), (0, 114, 24 + 2 * (variant % 3))):
        top = tall - wide
        pen.poly([(x - wide * 0.7, 0), (x - wide, top), (x, tall), (x, 0)], lighter(color, 0.35))
        pen.poly([(x, 0), (x, tall), (x + wide, top), (x + wide * 0.7, 0)], darker(color, 0.18))
        pen.poly(
            [
                (x - wide * 0.3, 0), (x - wide * 0.35, top - 4), (x, tall),
                (x + wide * 0.35, top - 4), (x + wide * 0.3, 0),
            ],
            color,
        )  # fmt: skip


def _guitar(pen: Pen, color: Rgb, variant: int) -> None:
    pen.poly([(-26, 0), (26, 0), (8, 14), (-8, 14)], DARK)
    shape = [
        (0, 6), (-34, 14), (-36, 38), (-20, 54), (-26, 70), (-14, 82), (14, 82), (26, 70),
        (20, 54), (36, 38), (34, 14),
    ]  # fmt: skip
    pen.blob([(x * 1.1, y * 1.04 - 2) for x, y in shape], darker(color, 0.4))
    pen.blob(shape, color)
    pen.blob(
        [(8, 8), (22, 30), (14, 56), (18, 78), (26, 70), (20, 54), (36, 38), (34, 14)],
        darker(color, 0.16),
    )
    pen.oval(-13, 42, 13, 66, darker(color, 0.6))
    pen.box(-18, 22, 18, 30, DARK_WOOD, 2)
    pen.box(-6, 52, 6, 122, DARK_WOOD)
    pen.box(-10, 116, 10, 136, trim_of(color) if variant % 2 else darker(color, 0.3), 3)


def _robot(pen: Pen, color: Rgb, variant: int) -> None:
    trim = trim_of(color)
    for x in (-22, 6):
        pen.block(x, 0, x + 16, 24, darker(color, 0.3), 4)
    pen.block(-46, 30, -30, 62, darker(color, 0.2), 7)
    pen.block(30, 30, 46, 62, darker(color, 0.3), 7)
    pen.block(-32, 20, 32, 68, color, 8)
    pen.box(-18, 32, 18, 56, trim, 5)
    pen.ball(-7, 44, 6, PAINTS["red"])
    pen.ball(9, 44, 6, PAINTS["teal"])
    pen.box(-3, 108, 3, 122, DARK)
    pen.ball(0, 123, 7, PAINTS["red"])
    pen.block(-28, 72, 28, 110, lighter(color, 0.15), 10)
    pen.box(-21, 79, 21, 103, DARK, 7)
    for x in (-10, 10):
        if variant % 2:
            pen.oval(x - 6, 85, x + 6, 97, (130, 230, 230))
        else:
            pen.box(x - 6, 87, x + 6, 97, (255, 220, 110), 2)


def _car(pen: Pen, color: Rgb, variant: int) -> None:
    if variant % 2:
        pen.blob([(-40, 38), (-30, 68), (-8, 78), (22, 74), (40, 42)], darker(color, 0.08))
    else:
        pen.poly([(-42, 38), (-28, 76), (26, 76), (44, 38)], darker(color, 0.08))
    pen.poly([(-32, 44), (-23, 68), (-3, 70), (-3, 44)], GLASS)
    pen.poly([(4, 44), (4, 70), (20, 68), (32, 44)], darker(GLASS, 0.15))
    pen.box(-66, 14, 66, 46, color, 14)
    pen.box(-66, 14, 66, 26, darker(color, 0.22), 8)
    pen.box(-58, 32, 40, 37, lighter(color, 0.4), 2)
    pen.oval(54, 28, 66, 40, (255, 232, 150))
    for x in (-36, 36):
        pen.oval(x - 19, -2, x + 19, 36, DARK)
        pen.oval(x - 10, 7, x + 10, 27, (214, 216, 222))


def _cake(pen: Pen, color: Rgb, variant: int) -> None:
    pen.oval(-60, -4, 60, 12, (226, 222, 224))
    cream = lighter(color, 0.62)
    for half, low, high in ((48, 4, 40), (34, 40, 70), (20, 70, 92))[: 2 + variant % 2]:
        pen.lathe([(half, low), (half, high)], color, 0)
        for index in range(5):
            x = -half + half * 0.4 * index
            pen.box(x, high - 12 - 6 * (index % 2), x + half * 0.42, high, cream, 6)
        pen.oval(-half, high - 6, half, high + 7, cream)
        top = high
    for x in (-13, 0, 13):
        pen.box(x - 3, top, x + 3, top + 18, PAINTS["red"])
        with pen.canvas.moving(Motion.FLICKER):
            pen.oval(x - 4, top + 17, x + 4, top + 30, (255, 214, 100))


def _sneaker(pen: Pen, color: Rgb, variant: int) -> None:
    trim = trim_of(color)
    pen.blob(
        [
            (-58, 10), (-62, 50), (-56, 68), (-26, 64), (-8, 58), (26, 44), (58, 34), (66, 14),
            (0, 8),
        ],
        color,
    )  # fmt: skip
    pen.blob([(34, 14), (30, 40), (58, 34), (66, 14)], lighter(color, 0.35))
    pen.poly([(-60, 14), (-62, 50), (-44, 48), (-34, 14)], darker(color, 0.2))
    pen.curve([(-30, 24), (-6, 30), (18, 48)], trim, 9)
    for x, y in ((-12, 60), (3, 53), (18, 46)):
        pen.line([(x - 8, y - 9), (x + 4, y + 3)], PAINTS["white"], 5)
    pen.oval(-58, 58, -20, 74, darker(color, 0.45))
    pen.box(-66, 0, 72, 17, PAINTS["white"], 8)
    pen.box(-66, 0, 72, 7, trim if variant % 2 else darker(PAINTS["white"], 0.2), 4)


def _lamp(pen: Pen, color: Rgb, variant: int) -> None:
    pen.lathe(
        [(24, 0), (22, 8), (8, 14), (16, 34), (8, 54), (5, 62)],
        (BRASS, PAINTS["white"], PAINTS["teal"])[variant % 3],
    )
    with pen.canvas.moving(Motion.FLICKER):
        pen.oval(-40, 56, 40, 72, (255, 240, 190))
        pen.poly([(-42, 64), (42, 64), (24, 116), (-24, 116)], darker(color, 0.16))
        pen.poly([(-42, 64), (16, 64), (10, 116), (-24, 116)], color)
        pen.poly([(-30, 64), (-18, 64), (-12, 116), (-18, 116)], lighter(color, 0.45))


def _clock(pen: Pen, color: Rgb, variant: int) -> None:
    for x in (-30, 16):
        pen.box(x, 0, x + 14, 18, darker(color, 0.35), 4)
    for x in (-24, 24):
        pen.ball(x, 104, 15, darker(color, 0.1))
    pen.box(-5, 102, 5, 122, DARK, 3)
    pen.ball(0, 60, 50, color)
    pen.oval(-38, 22, 38, 98, PAINTS["white"])
    for x, y in ((0, 90), (0, 30), (-30, 60), (30, 60)):
        pen.oval(x - 4, y - 4, x + 4, y + 4, DARK)
    tip = ((18, 74), (-16, 72), (20, 46))[variant % 3]
    pen.line([(0, 86), (0, 60), tip], DARK, 6)


def _trophy(pen: Pen, color: Rgb, variant: int) -> None:
    pen.block(-28, 0, 28, 20, DARK_WOOD, 3)
    for side in (-1, 1):
        pen.curve(
            [(side * 30, 102), (side * 56, 96), (side * 48, 68), (side * 22, 60)],
            darker(color, 0.12),
            8,
        )
    pen.lathe([(22, 20), (8, 28), (7, 44), (28, 58), (38, 84), (40, 114)], color)
    pen.oval(-40, 108, 40, 120, darker(color, 0.3))
    if variant % 2:
        pen.poly([(-6, 76), (-14, 92), (0, 104), (14, 92), (6, 76), (0, 82)], PAINTS["white"])


def _rocket(pen: Pen, color: Rgb, variant: int) -> None:
    fin = trim_of(color) if variant % 2 else PAINTS["red"]
    if contrast(fin, color) < 60:
        fin = PAINTS["teal"]
    pen.poly([(-20, 48), (-44, 20), (-44, 0), (-16, 16)], fin)
    pen.poly([(20, 48), (44, 20), (44, 0), (16, 16)], darker(fin, 0.2))
    pen.lathe([(16, 8), (29, 44), (26, 82), (12, 112), (0, 130)], color)
    pen.lathe([(21, 94), (12, 112), (0, 131)], fin)
    pen.box(-18, 2, 18, 14, DARK, 3)
    pen.oval(-16, 54, 16, 86, PAINTS["white"])
    pen.oval(-11, 59, 11, 81, (96, 172, 206))


def _camera(pen: Pen, color: Rgb, variant: int) -> None:
    pen.poly([(-22, 70), (-14, 90), (16, 90), (24, 70)], darker(color, 0.2))
    pen.box(-50, 72, -30, 82, DARK, 3)
    pen.block(-58, 4, 58, 76, color, 10)
    pen.box(-58, 18, 58, 56, darker(color, 0.45))
    pen.ball(2, 38, 36, (206, 206, 212))
    pen.ball(2, 38, 28, DARK)
    pen.oval(-12, 24, 16, 52, (84, 126, 176))
    pen.oval(-8, 38, 2, 48, (220, 238, 246))
    pen.box(34, 60, 50, 70, (255, 236, 170) if variant % 2 else GLASS, 3)


def _chess(pen: Pen, color: Rgb, variant: int) -> None:
    pen.lathe([(36, 0), (36, 12), (26, 20), (14, 44), (13, 72), (24, 80)], color, 0)
    pen.lathe([(27, 76), (29, 84), (12, 88)], lighter(color, 0.15))
    if variant % 2:
        pen.lathe([(13, 86), (24, 108), (0, 112)], color, 0)
        pen.box(-4, 108, 4, 132, color)
        pen.box(-12, 117, 12, 125, color)
    else:
        pen.ball(0, 104, 23, color)


def _mug(pen: Pen, color: Rgb, variant: int) -> None:
    pen.curve([(30, 70), (62, 66), (60, 28), (30, 22)], darker(color, 0.22), 12)
    pen.lathe([(36, 0), (40, 6), (42, 86)], color, 0)
    pen.oval(-42, 78, 42, 95, lighter(color, 0.3))
    pen.oval(-35, 81, 35, 93, (110, 70, 54))
    if variant % 2:
        pen.poly([(-4, 24), (-24, 44), (-18, 58), (-4, 52), (10, 58), (16, 44)], trim_of(color))
    else:
        pen.oval(-22, 26, 10, 58, trim_of(color))


def _teddy(pen: Pen, color: Rgb, variant: int) -> None:
    for x in (-27, 27):
        pen.ball(x, 114, 14, darker(color, 0.1))
        pen.ball(x * 1.5, 48, 16, darker(color, 0.1))
    pen.ball(0, 42, 37, color)
    pen.oval(-20, 18, 16, 60, lighter(color, 0.45))
    pen.ball(0, 92, 33, color)
    pen.oval(-15, 70, 13, 92, lighter(color, 0.5))
    pen.oval(-6, 82, 5, 91, DARK)
    for x in (-13, 13):
        pen.oval(x - 5, 94, x + 4, 103, DARK)
    for x in (-28, 28):
        pen.ball(x, 15, 19, darker(color, 0.05))
    bow = (PAINTS["red"], PAINTS["teal"])[variant % 2]
    pen.poly([(-20, 66), (-20, 54), (20, 66), (20, 54)], bow)


def _apple(pen: Pen, color: Rgb, variant: int) -> None:
    shape = [(0, 2), (-34, 6), (-50, 44), (-36, 80), (0, 76), (36, 80), (50, 44), (34, 6)]
    pen.blob(shape, color)
    pen.blob([(10, 3), (30, 40), (18, 78), (36, 80), (50, 44), (34, 6)], darker(color, 0.2))
    pen.oval(-38, 46, -22, 68, lighter(color, 0.5))
    pen.curve([(0, 72), (2, 90), (8, 102)], DARK_WOOD, 7)
    side = (1, -1)[variant % 2]
    pen.blob([(side * x, y) for x, y in ((6, 90), (20, 104), (42, 100), (26, 86))], LEAF)


OBJECTS: dict[str, Callable[[Pen, Rgb, int], None]] = {
    "vase": _vase, "teapot": _teapot, "globe": _globe, "bust": _bust, "crystal": _crystal,
    "guitar": _guitar, "robot": _robot, "toy car": _car, "cake": _cake, "sneaker": _sneaker,
    "lamp": _lamp, "alarm clock": _clock, "trophy": _trophy, "rocket": _rocket, "camera": _camera,
    "chess piece": _chess, "mug": _mug, "teddy bear": _teddy, "apple": _apple,
}  # fmt: skip
