"""Draws one thing of any kind: finds its painter and scales the drawing to metres.

Shapes are drawn by the functions in `painters`, or read from `shapes.txt`.
"""

from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path

import numpy as np

from mag_sandbox.renderer.canvas import Canvas, Motion, Rgb
from mag_sandbox.renderer.drawing import Drawing, drawing_of
from mag_sandbox.renderer.game_themes import PLATFORMS, STRUCTURE_COLORS
from mag_sandbox.renderer.kinds import KINDS
from mag_sandbox.renderer.painters import buildings, decor, game_pieces, nature, plants
from mag_sandbox.renderer.painters.furniture import FURNITURE
from mag_sandbox.renderer.painters.sketch import BRASS, LEAF, PAINTS, WOOD, Pen, darker, lighter
from mag_sandbox.renderer.painters.stamp import Light, Stamp
from mag_sandbox.renderer.painters.things import OBJECTS, trim_of
from mag_sandbox.renderer.palettes import DAY_WINDOW, FLOWERS

VARIANTS = 6  # shapes of a kind
SIZE = 100.0  # px at which painters draw; some have least widths in px
LAMP: Rgb = (255, 224, 136)
INKS: dict[str, Rgb] = {
    **PAINTS, "wooden": WOOD, "wood": WOOD, "leaf": LEAF, "brass": BRASS, "dark": (58, 56, 72),
    "skin": (240, 196, 160), "hair": (104, 70, 54), "glass": (184, 220, 236),
    "steel": (164, 174, 190), "stone": (166, 162, 160), "straw": (232, 192, 112),
    "sand": (236, 208, 150), "water": (112, 182, 222), "flame": (246, 140, 56), "lamp": LAMP,
    "roof": (150, 78, 70), "navy": (66, 80, 122), "steam": (236, 238, 244),
}  # fmt: skip
SWING = 0.28  # of its length that a leg's foot swings forward
_SHADES = {"+": lambda ink: lighter(ink, 0.28), "-": lambda ink: darker(ink, 0.2),
           "=": lambda ink: darker(ink, 0.42)}  # fmt: skip
Painter = Callable[[Canvas, Light, str, str | None, int], None]


@lru_cache(maxsize=2048)  # scenes have many things alike
def paint(
    kind: str, color: str | None, variant: int, light: Light, *, snow: bool = False
) -> Drawing:
    """Return the drawing of a thing in metres, its foot at (0, 0).

    Args:
        kind: of `KINDS`.
        color: one of its kind's colours; None if it has its own.
        variant: 0 to VARIANTS - 1; odd ones are mirrored where sides are alike.
        light: of the scene; only windows and shadows depend on it.
        snow: covers plants and roofs.
    """
    entry, canvas = KINDS[kind], Canvas()
    if entry.painter == "plant":
        _plant(canvas, light, entry.shape, variant, snow)
    else:
        PAINTERS[entry.painter](canvas, light, entry.shape or kind, color, variant)
    drawing = drawing_of(canvas.shapes)
    left, top, right, bottom = drawing.box
    scale = 0.01 if entry.tall is None else entry.tall / (bottom - top)
    foot = 0.0 if entry.painter in _STAND else -bottom
    middle = -(left + right) / 2 if entry.painter in _CENTRED else 0.0
    mirrored = bool(variant % 2) and entry.painter in ("shape", "plant", "rock")
    return drawing.moved(middle, foot, scale, mirrored)


def _plant(canvas: Canvas, light: Light, shape: str, variant: int, snow: bool) -> None:
    plants.PLANTS[shape](_stamp(canvas, light), np.random.default_rng(variant), float(snow))


def _stamp(canvas: Canvas, light: Light) -> Stamp:
    return Stamp(canvas, light, 0.0, 0.0, SIZE)


def _ink(color: str | None) -> Rgb:
    return INKS[color or "white"]


def _furniture(canvas: Canvas, _: Light, shape: str, color: str | None, variant: int) -> None:
    FURNITURE[shape](Pen(canvas, 0, 0), _ink(color), variant)


def _object(canvas: Canvas, _: Light, shape: str, color: str | None, variant: int) -> None:
    OBJECTS[shape](Pen(canvas, 0, 0), _ink(color), variant)


def _potted(canvas: Canvas, _: Light, shape: str, __: str | None, variant: int) -> None:
    decor.PLANTS[shape](Pen(canvas, 0, 0), variant)


def _building(canvas: Canvas, light: Light, shape: str, color: str | None, _: int) -> None:
    wall, roof = buildings.BUILDING_COLORS[color or "white"]
    buildings.BUILDINGS[shape](_stamp(canvas, light), wall, roof)


def _window(canvas: Canvas, light: Light, shape: str, _: str | None, variant: int) -> None:
    view = tuple(decor.VIEWS)[variant % len(decor.VIEWS)]
    half, tall = (34, 62) if shape == "tall windows" else (44, 50)
    sky = "lamplight" if light.has_lamps else "daylight"
    decor.window(canvas, shape, view, sky, 0, -tall, half, tall)


def _picture(canvas: Canvas, _: Light, shape: str, __: str | None, variant: int) -> None:
    half, tall = ((34, 27), (44, 30), (27, 30), (50, 27))[variant % 4]
    if shape in ("round mirrors", "clocks"):
        half = tall = 30
    decor.picture(canvas, shape, 0, -tall, half, tall, variant)


def _simple(draw: Callable[[Canvas, Rgb], object]) -> Painter:
    def painter(canvas: Canvas, _: Light, __: str, color: str | None, ___: int) -> None:
        draw(canvas, _ink(color))

    return painter


def _piece(canvas: Canvas, light: Light, shape: str, color: str | None, _: int) -> None:
    stamp = _stamp(canvas, light)
    if color is None:
        game_pieces.PIECES[shape](stamp)
    else:
        game_pieces.COLORED[shape](stamp, STRUCTURE_COLORS[color])


def _platform(canvas: Canvas, _: Light, __: str, ___: str | None, variant: int) -> None:
    body, top = tuple(PLATFORMS.values())[variant % len(PLATFORMS)]
    pen = Pen(canvas, 0, 0)
    pen.poly([(-96, 70), (96, 70), (56, 0), (-56, 0)], body)
    pen.poly([(24, 70), (96, 70), (56, 0), (16, 0)], darker(body, 0.25))
    pen.box(-110, 64, 110, 100, top, 16)


def _flower(canvas: Canvas, light: Light, _: str, color: str | None, __: int) -> None:
    plants.flower(_stamp(canvas, light), FLOWERS[color or "white"])


def _rock(canvas: Canvas, light: Light, _: str, __: str | None, variant: int) -> None:
    stone = np.random.default_rng(variant)
    plants.rock(_stamp(canvas, light), stone, INKS["stone"])


def _balloon(canvas: Canvas, light: Light, _: str, __: str | None, variant: int) -> None:
    nature.balloon(_stamp(canvas, light), np.random.default_rng(variant))


def _bird(canvas: Canvas, light: Light, _: str, __: str | None, ___: int) -> None:
    nature.bird(_stamp(canvas, light))


def _shape(canvas: Canvas, light: Light, shape: str, color: str | None, variant: int) -> None:
    pen, own = Pen(canvas, 0, 0), _ink(color)
    inks = {**INKS, "c": own, "t": trim_of(own)}
    for op, ink, numbers in shapes().get(f"{shape} {variant}", shapes()[shape]):
        base = inks[ink.rstrip("+-=")]
        fill = _SHADES[ink[-1]](base) if ink[-1] in _SHADES else base
        _primitive(pen, canvas, op, fill, numbers, light.has_lamps)


def _primitive(
    pen: Pen, canvas: Canvas, op: str, fill: Rgb, numbers: tuple[float, ...], lit: bool
) -> None:
    pairs = list(zip(numbers[::2], numbers[1::2], strict=False))
    x, y, wide, tall, radius = (*numbers, 0.0, 0.0, 0.0, 0.0)[:5]
    if op == "o":
        pen.oval(x - wide, y - tall, x + wide, y + tall, fill)
    elif op == "b":
        pen.box(x, y, wide, tall, fill, radius)
    elif op == "k":
        pen.block(x, y, wide, tall, fill, radius)
    elif op == "p":
        pen.poly(pairs, fill)
    elif op == "s":
        pen.blob(pairs, fill)
    elif op == "l":
        pen.line(list(zip(numbers[1::2], numbers[2::2], strict=True)), fill, numbers[0])
    elif op == "t":
        pen.lathe(pairs, fill, 0)
    elif op == "ball":
        pen.ball(x, y, wide, fill)
    elif op == "leg":
        with canvas.swinging(tall * SWING):
            pen.box(x - wide / 2, 0, x + wide / 2, y, fill, wide / 4)
    elif op == "f":
        with canvas.moving(Motion.FLICKER):
            pen.blob(pairs, fill)
    elif op == "w":
        with canvas.moving(Motion.FLICKER if lit else None):
            pen.box(x, y, wide, tall, LAMP if lit else DAY_WINDOW, 4)
    elif op == "sh":
        pen.shadow(-x, x, x / 8)
    elif op == "eye":
        pen.oval(x - wide, y - wide * 1.1, x + wide, y + wide * 1.1, INKS["white"])
        pen.oval(x - wide * 0.9, y - wide * 0.75, x + wide * 0.3, y + wide * 0.75, INKS["dark"])
    else:
        raise ValueError(f'shape operation "{op}" not known; shapes.txt lists the operations')


@cache
def shapes() -> dict[str, list[tuple[str, str, tuple[float, ...]]]]:
    """Return the shapes of `shapes.txt`: by name, primitives of operation, colour and numbers."""
    found = {}
    text = Path(__file__).with_name("shapes.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line.startswith("["):
            name, _, rest = line[1:].partition("]")
            found[name] = [_parsed(one.split()) for one in rest.split(" ; ")]
    return found


def _parsed(words: list[str]) -> tuple[str, str, tuple[float, ...]]:
    op = words[0]
    colorless = op in ("sh", "w", "eye")
    numbers = tuple(float(word) for word in words[1 if colorless else 2 :])
    return op, "dark" if colorless else words[1], numbers


PAINTERS: dict[str, Painter] = {
    "furniture": _furniture, "object": _object, "potted": _potted, "building": _building,
    "window": _window, "picture": _picture, "block": _piece, "collectible": _piece,
    "creature": _piece, "structure": _piece, "decoration": _piece, "platform": _platform,
    "flower": _flower, "rock": _rock, "balloon": _balloon, "bird": _bird, "shape": _shape,
    "curtains": _simple(lambda canvas, ink: decor.curtains(canvas, ink, 0, -112, 0, 44)),
    "door": _simple(lambda canvas, ink: decor.door(canvas, ink, 0, 0, -140)),
    "floor_lamp": _simple(decor.floor_lamp),
    "hanging_lamp": _simple(decor.hanging_lamp),
    "wall_lamp": _simple(decor.wall_lamp),
}  # fmt: skip
_STAND = frozenset(("plant", "building", "furniture", "object", "potted"))  # foot at 0
_CENTRED = frozenset(("window", "picture"))
