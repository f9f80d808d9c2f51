"""Big pieces of furniture, each drawn around its foot point in about 100 to 190 px width.

Every function takes a pen, the furniture's colour and a variant number that changes details.
"""

from collections.abc import Callable

from mag_sandbox.renderer.canvas import Rgb
from mag_sandbox.renderer.painters.sketch import (
    BRASS,
    CLAY,
    DARK_WOOD,
    LEAF,
    PAINTS,
    WOOD,
    Pen,
    contrast,
    darker,
    lighter,
)
from mag_sandbox.renderer.painters.stamp import mix

BOOKS = ((196, 84, 72), (238, 190, 98), (78, 128, 146), (120, 156, 112), (232, 222, 200))
DARK: Rgb = (58, 56, 72)


def _accent(color: Rgb) -> Rgb:
    options = (PAINTS["cream"], PAINTS["yellow"], PAINTS["teal"])
    return max(options, key=lambda option: contrast(option, color))


def _sofa(pen: Pen, color: Rgb, variant: int) -> None:
    pen.shadow(-88, 88)
    for x in (-70, 64):
        pen.box(x, 0, x + 7, 14, DARK_WOOD)
    pen.block(-78, 22, 78, 86, darker(color, 0.12), 16)
    for x in (-66, 2):
        pen.block(x, 40, x + 64, 82, color, 10)
    pen.block(-72, 12, 72, 34, darker(color, 0.1), 6)
    pen.box(-66, 30, -1, 46, lighter(color, 0.22), 7)
    pen.box(1, 30, 66, 46, lighter(color, 0.12), 7)
    pen.block(-90, 10, -64, 60, lighter(color, 0.08), 12)
    pen.block(64, 10, 90, 60, color, 12)
    accent = _accent(color)
    pen.poly([(-58, 46), (-28, 44), (-24, 74), (-54, 76)], accent)
    if variant % 2:
        pen.poly([(26, 44), (56, 46), (52, 76), (22, 74)], darker(accent, 0.15))


def _armchair(pen: Pen, color: Rgb, variant: int) -> None:
    pen.shadow(-44, 44)
    for x in (-34, 28):
        pen.box(x, 0, x + 6, 14, DARK_WOOD)
    pen.block(-32, 20, 32, 92 + 6 * (variant % 2), darker(color, 0.1), 18)
    pen.block(-40, 12, 40, 34, darker(color, 0.1), 6)
    pen.box(-30, 32, 30, 48, lighter(color, 0.22), 8)
    pen.block(-46, 10, -26, 62, lighter(color, 0.06), 10)
    pen.block(26, 10, 46, 62, color, 10)
    pen.poly([(-16, 48), (14, 46), (17, 72), (-13, 74)], _accent(color))


def _bed(pen: Pen, color: Rgb, variant: int) -> None:
    pen.shadow(-94, 94)
    head = 96 + 10 * (variant % 2)
    pen.block(-98, 0, -80, head + 4, color, 8)
    pen.block(80, 0, 96, 70, darker(color, 0.08), 7)
    pen.box(-86, 12, 86, 26, darker(WOOD, 0.2))
    pen.box(-84, 24, 84, 46, PAINTS["white"], 6)
    pen.blob([(-84, 44), (-84, 78), (-58, 86), (-34, 72), (-36, 48), (-60, 42)], PAINTS["cream"])
    pen.blob([(-66, 44), (-66, 70), (-44, 76), (-24, 64), (-26, 46)], lighter(color, 0.45))
    pen.poly([(-38, 16), (-30, 56), (40, 62), (84, 54), (86, 16)], color)
    pen.poly([(30, 16), (40, 62), (84, 54), (86, 16)], darker(color, 0.16))
    pen.poly([(-38, 16), (-30, 56), (-8, 58), (-14, 16)], lighter(color, 0.4))


def _shelf_row(pen: Pen, left: float, right: float, y: float, seed: int) -> None:
    """Books as a few broad blocks between two sides, with a gap filled by a pot or a globe."""
    x, index = left, seed
    while x < right - 9:
        width = 9 + 3 * (index * 7 % 3)
        if (index + seed) % 6 == 5 and right - x > 26:
            pen.ball(x + 13, y + 11, 11, (CLAY, LEAF, BRASS)[seed % 3])
            x += 27
        else:
            top = y + 20 + 4 * (index * 5 % 3)
            pen.box(x, y, min(x + width, right), top, BOOKS[index * 3 % 5])
            x += width
        index += 1


def _bookshelf(pen: Pen, color: Rgb, variant: int) -> None:
    pen.shadow(-66, 66)
    pen.block(-66, 0, 66, 156, color, 3)
    pen.box(-58, 10, 58, 148, darker(color, 0.5))
    for row in range(4):
        y = 12 + row * 34.5
        _shelf_row(pen, -58, 58, y, variant + row * 2 + 1)
        pen.box(-60, y - 5, 60, y, lighter(color, 0.12))
    pen.box(-70, 150, 70, 160, lighter(color, 0.15), 3)


def _desk(pen: Pen, color: Rgb, variant: int) -> None:
    pen.shadow(-80, 80)
    pen.block(26, 0, 74, 62, darker(color, 0.1), 3)
    for y in (8, 26, 44):
        pen.box(32, y, 68, y + 13, lighter(color, 0.12), 2)
        pen.box(45, y + 5, 55, y + 9, BRASS)
    pen.block(-74, 0, -64, 62, darker(color, 0.15))
    pen.block(-82, 60, 82, 70, lighter(color, 0.1), 3)
    if variant % 2:
        pen.box(-8, 70, 10, 82, DARK)
        pen.box(-38, 78, 40, 124, DARK, 5)
        pen.box(-33, 84, 35, 119, (132, 190, 214), 2)
        pen.poly([(-33, 84), (-33, 100), (-8, 112), (14, 96), (35, 106), (35, 84)], (84, 148, 164))
    else:
        pen.poly([(-36, 70), (28, 70), (34, 112), (-42, 112)], DARK)
        pen.poly([(-31, 75), (23, 75), (28, 107), (-36, 107)], (240, 214, 160))
        pen.oval(-14, 82, 6, 102, PAINTS["orange"])
    for index, width in enumerate((34, 28, 22)):
        pen.box(48 - width / 2, 70 + index * 9, 48 + width / 2, 79 + index * 9, BOOKS[index])
    # the chair in front
    pen.block(-46, 36, -8, 78, PAINTS["cream"], 10)
    pen.block(-50, 26, -4, 38, darker(PAINTS["cream"], 0.15), 6)
    pen.box(-30, 4, -23, 28, DARK)
    pen.box(-46, 0, -8, 7, DARK, 3)


def _counter(pen: Pen, color: Rgb, variant: int) -> None:
    pen.shadow(-92, 92)
    pen.box(-90, 0, 90, 8, darker(color, 0.45))
    pen.block(-92, 6, 92, 68, color)
    for index, x in enumerate((-86, -26, 34)):
        if index == variant % 3:
            pen.box(x, 10, x + 52, 62, (84, 88, 100), 4)
            pen.box(x + 7, 16, x + 45, 46, (240, 170, 90), 3)
            pen.box(x + 7, 16, x + 45, 26, (196, 108, 64), 3)
        else:
            pen.box(x, 12, x + 52, 62, lighter(color, 0.16), 4)
            pen.box(x + 18, 50, x + 34, 55, BRASS, 2)
    pen.box(-96, 66, 96, 75, (240, 228, 208), 2)
    pen.box(-96, 66, 96, 69, (202, 186, 166))
    # upper shelf with crockery, kettle on the counter
    pen.box(-80, 122, 80, 129, WOOD, 2)
    for index, x in enumerate((-64, -34, -4, 26, 54)):
        paint = (PAINTS["white"], PAINTS["orange"], PAINTS["teal"], PAINTS["cream"], PAINTS["red"])
        pen.block(x - 10, 129, x + 10, 144 + 7 * ((index + variant) % 2), paint[index], 5)
    x = -46 + 40 * (variant % 3)
    pen.at(58, 0).lathe([(17, 75), (20, 82), (15, 96), (7, 102), (0, 104)], PAINTS["red"])
    pen.at(x, 75).lathe([(12, 0), (14, 10), (10, 22), (6, 26)], CLAY)
    for lean in (-9, 0, 9):
        pen.oval(x + lean - 6, 96, x + lean + 6, 118, LEAF)


def _piano(pen: Pen, color: Rgb, variant: int) -> None:
    pen.shadow(-80, 80)
    pen.block(-76, 6, 76, 112, color, 4)
    pen.box(-80, 108, 80, 117, lighter(color, 0.18), 3)
    pen.box(-66, 76, 66, 102, darker(color, 0.25), 4)
    pen.box(-24, 76, 24, 104, PAINTS["cream"], 2)
    pen.box(-66, 14, 66, 46, darker(color, 0.25), 4)
    for x in (-74, 60):
        pen.box(x, 0, x + 14, 58, darker(color, 0.12))
    pen.box(-80, 50, 80, 60, lighter(color, 0.12), 2)
    pen.box(-70, 60, 70, 71, (250, 246, 236))
    for index in range(9):
        if index % 7 not in (2, 6):
            pen.box(-62 + index * 15, 64, -55 + index * 15, 71, DARK)
    pen.block(-26, 26, 26, 38, PAINTS["red"], 5)
    for x in (-22, 15):
        pen.box(x, 0, x + 7, 27, DARK_WOOD)
    if variant % 2:
        pen.at(50, 117).lathe([(8, 0), (12, 12), (6, 22), (9, 28)], PAINTS["teal"])


def _chair(pen: Pen, color: Rgb) -> None:
    pen.block(-18, 34, -10, 84, darker(color, 0.1), 3)
    pen.block(-18, 56, 4, 86, color, 6)
    pen.box(-18, 30, 22, 38, lighter(color, 0.1), 3)
    for x in (-17, 14):
        pen.box(x, 0, x + 6, 32, darker(color, 0.2))


def _dining_table(pen: Pen, color: Rgb, variant: int) -> None:
    pen.shadow(-92, 92)
    _chair(pen.at(-76, 4), color)
    mirrored = pen.at(76, 4)
    mirrored.side = -mirrored.side
    _chair(mirrored, color)
    for x in (-48, 38):
        pen.block(x, 0, x + 10, 58, DARK_WOOD)
    pen.box(-66, 56, 66, 66, WOOD, 3)
    pen.poly([(-34, 66), (34, 66), (28, 46), (-28, 46)], PAINTS["white"])
    pen.poly([(8, 66), (34, 66), (28, 46), (8, 46)], darker(PAINTS["white"], 0.12))
    pen.oval(-26, 64, 26, 76, darker(CLAY, 0.1))
    for index, x in enumerate((-14, 2, 14)):
        pen.ball(x, 77, 8, (PAINTS["orange"], PAINTS["red"], LEAF)[(index + variant) % 3])
    pen.at(-48, 66).lathe([(6, 0), (8, 9), (5, 18), (6, 22)], PAINTS["teal"])


def _wardrobe(pen: Pen, color: Rgb, variant: int) -> None:
    pen.shadow(-58, 58)
    for x in (-50, 40):
        pen.box(x, 0, x + 10, 12, DARK_WOOD)
    pen.block(-56, 8, 56, 152, color, 4)
    pen.box(-61, 146, 61, 156, lighter(color, 0.2), 3)
    for x in (-50, 3):
        pen.box(x, 40, x + 47, 140, lighter(color, 0.16 if x < 0 else 0.04), 4)
    pen.box(-50, 14, 50, 34, lighter(color, 0.08), 3)
    pen.box(-9, 80, -4, 98, BRASS, 2)
    pen.box(6, 80, 11, 98, BRASS, 2)
    if variant % 2:
        pen.box(-42, 50, -14, 130, (206, 226, 230), 4)
        pen.poly([(-42, 70), (-42, 92), (-14, 120), (-14, 98)], (232, 242, 242))


def _bathtub(pen: Pen, color: Rgb, variant: int) -> None:
    pen.shadow(-80, 80)
    for x in (-54, 44):
        pen.ball(x + 5, 7, 9, BRASS)
    pen.blob(
        [(-86, 60), (-78, 24), (-56, 10), (56, 10), (78, 24), (86, 60), (0, 62)],
        darker(color, 0.14),
    )
    pen.blob([(-86, 60), (-78, 26), (-56, 13), (30, 14), (48, 30), (52, 60)], color)
    pen.box(-94, 56, 94, 67, PAINTS["white"], 5)
    for x, radius in ((-56, 13), (-36, 17), (-12, 14), (10, 12)):
        pen.ball(x, 70, radius, (226, 240, 248))
    pen.curve([(66, 62), (66, 96), (54, 104), (44, 92)], BRASS, 7)
    if variant % 2:
        pen.poly([(-84, 62), (-62, 64), (-62, 26), (-84, 24)], PAINTS["orange"])


def _cabinet(pen: Pen, color: Rgb, variant: int) -> None:
    pen.shadow(-52, 52)
    for x in (-44, 36):
        pen.box(x, 0, x + 8, 14, DARK_WOOD)
    pen.block(-52, 12, 52, 64, color, 4)
    pen.box(-47, 18, -2, 58, lighter(color, 0.18), 3)
    pen.box(2, 18, 47, 58, lighter(color, 0.06), 3)
    pen.ball(-9, 38, 4, BRASS)
    pen.ball(9, 38, 4, BRASS)
    pen.box(-56, 62, 56, 69, lighter(color, 0.25), 2)
    pen.at(-30, 69).lathe([(7, 0), (11, 10), (5, 22), (8, 27)], (CLAY, PAINTS["teal"])[variant % 2])
    for index, width in enumerate((34, 28)):
        pen.box(26 - width / 2, 69 + index * 8, 26 + width / 2, 77 + index * 8, BOOKS[index])


def _fireplace(pen: Pen, color: Rgb, variant: int) -> None:
    pen.shadow(-60, 60)
    stone = mix(PAINTS["white"], color, 0.25)
    pen.block(-54, 0, 54, 78, stone, 2)
    pen.box(-62, 74, 62, 85, lighter(stone, 0.4), 3)
    pen.box(-62, 74, 62, 77, darker(stone, 0.2))
    pen.box(-34, 0, 34, 58, (62, 44, 50), 10)
    pen.blob([(-24, 6), (-20, 26), (-8, 36), (0, 54), (8, 34), (20, 28), (24, 6)], (238, 112, 52))
    pen.blob([(-14, 6), (-10, 20), (0, 34), (10, 20), (14, 6)], (255, 206, 96))
    pen.box(-26, 0, 26, 9, DARK_WOOD, 4)
    pen.at(-40 + 80 * (variant % 2), 85).lathe([(7, 0), (9, 8), (4, 18), (6, 22)], PAINTS["teal"])


def _round_table(pen: Pen, color: Rgb, variant: int) -> None:
    pen.shadow(-36, 36)
    pen.lathe([(24, 0), (20, 5), (6, 10), (6, 48)], darker(color, 0.1))
    pen.oval(-46, 42, 46, 60, darker(color, 0.2))
    pen.oval(-46, 46, 46, 63, lighter(color, 0.15))
    pen.at(-8, 54).lathe([(9, 0), (13, 10), (7, 20), (8, 26)], PAINTS["white"])
    for x, y in ((-18, 86), (0, 90), (-9, 96)):
        pen.ball(x, y, 10, (PAINTS["pink"], PAINTS["yellow"])[variant % 2])
    pen.box(14, 54, 32, 68, PAINTS["orange"], 4)


def _stool(pen: Pen, color: Rgb, variant: int) -> None:
    pen.shadow(-30, 30)
    pen.line([(-18, 44), (-27, 0)], DARK_WOOD, 7)
    pen.line([(18, 44), (27, 0)], DARK_WOOD, 7)
    pen.box(-24, 16, 24, 22, darker(WOOD))
    pen.block(-30, 40, 30, 56 + 6 * (variant % 2), color, 9)


FURNITURE: dict[str, Callable[[Pen, Rgb, int], None]] = {
    "sofa": _sofa, "bed": _bed, "bookshelf": _bookshelf, "desk": _desk, "kitchen counter": _counter,
    "piano": _piano, "dining table": _dining_table, "wardrobe": _wardrobe, "bathtub": _bathtub,
    "armchair": _armchair, "cabinet": _cabinet, "fireplace": _fireplace,
    "round table": _round_table, "stool": _stool,
}  # fmt: skip
