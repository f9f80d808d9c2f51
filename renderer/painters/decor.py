"""Things on walls, ceilings and in corners: windows, curtains, pictures, doors, plants and lamps.

Positions are canvas pixels of the unrolled room.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from mag_sandbox.renderer.canvas import Canvas, Point, Rgb
from mag_sandbox.renderer.painters.sketch import (
    BRASS,
    CLAY,
    DARK_WOOD,
    LEAF,
    PAINTS,
    WOOD,
    Pen,
    darker,
    lighter,
    smooth,
)
from mag_sandbox.renderer.painters.stamp import mix

# view from the window by light: sky top, sky bottom, far shape, near shape
SKIES: dict[str, tuple[Rgb, Rgb]] = {
    "daylight": ((120, 188, 236), (214, 236, 246)),
    "lamplight": ((52, 62, 116), (112, 108, 160)),
}
VIEWS: dict[str, tuple[Rgb, Rgb]] = {
    "garden": ((128, 182, 120), (84, 148, 92)),
    "city": ((150, 160, 190), (104, 114, 152)),
    "sea": ((64, 140, 186), (238, 214, 160)),
    "mountains": ((142, 154, 196), (96, 136, 120)),
}
# heights of the far and the near layer over the pane's foot, in half pane heights
RIDGES: dict[str, tuple[list[float], list[float]]] = {
    "garden": ([0.7, 0.92, 1.0, 0.85, 0.7, 0.95, 1.1, 0.9], [0.5, 0.4, 0.42, 0.55, 0.7, 0.6, 0.45]),
    "city": ([0.8, 0.8, 1.3, 1.3, 0.6, 1.1, 1.1], [0.9, 0.5, 0.5, 0.75, 0.75, 0.4, 0.7]),
    "sea": ([0.75, 0.75], [0.12, 0.2, 0.32, 0.46, 0.5]),
    "mountains": ([0.6, 1.0, 1.35, 0.9, 1.15, 0.7, 0.5], [0.5, 0.6, 0.55, 0.45, 0.4, 0.5]),
}
LIT_ROOMS = ((-0.85, 0.3), (-0.3, -0.1), (0.3, 0.45), (0.66, 0.1))
LIT_PANE: Rgb = (255, 220, 130)


class Pane(NamedTuple):
    """The glass of a window: centre, half width, half height, and whether it is a disc."""

    x: float
    y: float
    half: float
    tall: float
    round: bool


def _outline(kind: str, x: float, y: float, half: float, tall: float) -> list[Point]:
    if kind == "round windows":
        angles = np.linspace(0, 2 * np.pi, 48, endpoint=False)
        return [(x + tall * float(np.cos(t)), y + tall * float(np.sin(t))) for t in angles]
    if kind == "arched windows":
        angles = np.linspace(np.pi, 2 * np.pi, 24)
        spring = y - tall + half
        arch = [(x + half * float(np.cos(t)), spring + half * float(np.sin(t))) for t in angles]
        return [*arch, (x + half, y + tall), (x - half, y + tall)]
    return [(x - half, y - tall), (x + half, y - tall), (x + half, y + tall), (x - half, y + tall)]


def window(
    canvas: Canvas, kind: str, view: str, light: str, x: float, y: float, half: float, tall: float
) -> None:
    """Draw a window with its frame and the view outside."""
    if kind == "round windows":
        half = tall
    frame = _outline(kind, x, y, half + 7, tall + 7)
    canvas.polygon([(px + 4, py + 5) for px, py in frame], (40, 36, 70, 36))
    canvas.polygon(frame, PAINTS["white"])
    pane = _outline(kind, x, y, half, tall)
    high, low = SKIES[light]
    for step in range(14):
        top = y - tall + step * tall / 8
        # a disc gets narrower again below, so that its upper points must go, not move down
        below = [(px, max(py, top)) for px, py in pane if py >= top or kind != "round windows"]
        if len(below) > 2:
            canvas.polygon(below, mix(high, low, step / 13))
    far, near = (mix(color, low, 0.2) for color in VIEWS[view])
    if light != "daylight":
        far, near = mix(far, high, 0.5), mix(near, high, 0.55)
    glass = Pane(x, y, half, tall, kind == "round windows")
    _view(canvas, view, glass, far, near, light != "daylight")
    canvas.rectangle(x - 2.5, y - tall, x + 2.5, y + tall, PAINTS["white"])
    if kind != "tall windows":
        canvas.rectangle(x - half, y - 2.5, x + half, y + 2.5, PAINTS["white"])
    if kind != "round windows":
        canvas.rectangle(x - half - 14, y + tall + 3, x + half + 14, y + tall + 11, PAINTS["white"])
        bottom = y + tall + 11
        canvas.rectangle(x - half - 14, bottom, x + half + 14, bottom + 4, (40, 36, 70, 40))


def _view(canvas: Canvas, view: str, pane: Pane, far: Rgb, near: Rgb, lit: bool) -> None:
    parts = np.linspace(-1, 1, 41)
    bulge = np.sqrt(1 - parts**2) if pane.round else np.ones_like(parts)
    low = pane.y + pane.tall * bulge
    for heights, color in zip(RIDGES[view], (far, near), strict=True):
        knots = np.linspace(-1, 1, len(heights))
        if view == "city":
            rise = np.array(heights)[np.searchsorted(knots[1:-1], parts)]
        else:
            rise = np.interp(parts, knots, heights)
        ridge = np.maximum(pane.y + pane.tall * (1 - rise), pane.y - pane.tall * bulge)
        ridge = np.minimum(ridge, low)
        xs = pane.x + pane.half * parts
        top = list(zip(xs.tolist(), ridge.tolist(), strict=True))
        bottom = list(zip(xs.tolist()[::-1], low.tolist()[::-1], strict=True))
        canvas.polygon(top + bottom, color)
    if lit and view == "city":
        for dx, dy in LIT_ROOMS:
            x, y = pane.x + pane.half * dx, pane.y + pane.tall * dy
            canvas.rectangle(x - 3.5, y - 4, x + 3.5, y + 4, LIT_PANE)


def curtains(canvas: Canvas, color: Rgb, x: float, top: float, bottom: float, half: float) -> None:
    """Draw two tied-back curtains and their rod."""
    canvas.rectangle(x - half - 32, top - 9, x + half + 32, top - 4, DARK_WOOD, 2)
    for side in (-1, 1):
        outer, inner, tie = x + side * (half + 26), x + side * (half - 12), x + side * (half + 8)
        waist = top + (bottom - top) * 0.62
        edge = smooth(
            [(inner, top - 6), (inner + side * 3, top + 20), (tie, waist), (tie - side * 4, bottom)]
        )
        canvas.polygon([*edge, (outer, bottom), (outer, top - 6)], color)
        fold = smooth(
            [
                (x + side * (half + 6), top - 6),
                (x + side * (half + 15), waist),
                (x + side * (half + 12), bottom),
            ]
        )
        canvas.polygon([*fold, (outer, bottom), (outer, top - 6)], darker(color, 0.15))
        canvas.rectangle(
            min(tie - side * 2, outer), waist - 3, max(tie - side * 2, outer), waist + 4, BRASS, 2
        )


def _disc_on_wall(canvas: Canvas, kind: str, x: float, y: float, size: float) -> None:
    pen = Pen(canvas, x, y)
    pen.oval(-size + 3, -size - 5, size + 5, size - 3, (40, 36, 70, 40))
    pen.oval(-size, -size, size, size, BRASS if kind == "round mirrors" else DARK_WOOD)
    inner = size - 5
    face = (206, 226, 232) if kind == "round mirrors" else (250, 244, 230)
    pen.oval(-inner, -inner, inner, inner, face)
    if kind == "clocks":
        pen.line([(0, inner * 0.7), (0, 0), (inner * 0.5, -inner * 0.3)], (58, 56, 72), 3.5)
    else:
        pen.poly(
            [
                (-inner * 0.7, -inner * 0.4),
                (inner * 0.3, inner * 0.85),
                (inner * 0.7, inner * 0.5),
                (-inner * 0.3, -inner * 0.8),
            ],
            (228, 240, 242),
        )


def picture(
    canvas: Canvas, kind: str, x: float, y: float, half: float, tall: float, variant: int
) -> None:
    """Hang a picture, mirror or clock on the wall around its centre."""
    if kind in ("round mirrors", "clocks"):
        _disc_on_wall(canvas, kind, x, y, min(half, tall))
        return
    canvas.rectangle(x - half + 3, y - tall + 4, x + half + 5, y + tall + 6, (40, 36, 70, 40))
    canvas.rectangle(x - half, y - tall, x + half, y + tall, (WOOD, PAINTS["white"])[variant % 2])
    pen = Pen(canvas, x, y + tall - 5)
    wide, high = half - 5, tall * 2 - 10
    if kind == "landscape paintings":
        pen.box(-wide, 0, wide, high, (250, 214, 160))
        pen.ball(wide * 0.4, high * 0.66, high * 0.15, PAINTS["red"])
        pen.poly(
            [(-wide, 0), (-wide, high * 0.4), (-wide * 0.4, high * 0.75), (wide * 0.3, 0)],
            PAINTS["teal"],
        )
        pen.poly(
            [(-wide * 0.4, 0), (wide * 0.35, high * 0.45), (wide, high * 0.25), (wide, 0)],
            darker(PAINTS["teal"], 0.3),
        )
    elif kind == "portraits":
        pen.box(-wide, 0, wide, high, (PAINTS["teal"], PAINTS["orange"])[variant // 2 % 2])
        body = min(wide, high * 0.5) * 0.8
        pen.poly(
            smooth(
                [
                    (-body, 0), (-body * 0.7, high * 0.3), (0, high * 0.4),
                    (body * 0.7, high * 0.3), (body, 0),
                ]
            ),
            (74, 66, 94),
        )  # fmt: skip
        pen.oval(-body * 0.46, high * 0.3, body * 0.46, high * 0.88, (66, 48, 48))
        pen.oval(-body * 0.36, high * 0.32, body * 0.36, high * 0.78, (244, 204, 170))
    else:
        pen.box(-wide, 0, wide, high, PAINTS["cream"])
        disc = min(wide * 0.9, high * 0.62)
        pen.oval(-wide * 0.8, high * 0.32, disc - wide * 0.8, high * 0.32 + disc, PAINTS["red"])
        pen.box(-wide * 0.1, high * 0.14, wide * 0.75, high * 0.6, (54, 88, 130))
        pen.box(-wide * 0.6, high * 0.08, wide * 0.3, high * 0.3, PAINTS["yellow"])


def door(canvas: Canvas, color: Rgb, x: float, floor: float, top: float) -> None:
    """Draw a closed panelled door with its frame."""
    pen = Pen(canvas, x, floor)
    tall = floor - top
    pen.box(-36, 0, 36, tall + 8, lighter(color, 0.5))
    pen.block(-29, 0, 29, tall, color)
    for low, high in ((0.08, 0.4), (0.5, 0.92)):
        for left in (-22, 3):
            pen.box(left, tall * low, left + 19, tall * high, darker(color, 0.13), 2)
    pen.ball(21, tall * 0.46, 4.5, BRASS)


def _leaf(pen: Pen, tip: Point, width: float, color: Rgb) -> None:
    x, y = tip
    length = max((x * x + y * y) ** 0.5, 1)
    nx, ny = -y / length * width, x / length * width
    left, right = (x * 0.55 + nx, y * 0.55 + ny), (x * 0.55 - nx, y * 0.55 - ny)
    pen.poly(smooth([(0, 0), left, tip]), color)
    pen.poly(smooth([(0, 0), right, tip]), darker(color, 0.16))


def _pot(pen: Pen, color: Rgb) -> None:
    pen.shadow(-16, 16, 5)
    pen.lathe([(13, 0), (18, 26)], color, 0)
    pen.block(-20, 23, 20, 31, lighter(color, 0.1), 3)


def _potted(pen: Pen, variant: int) -> None:
    for x, y in ((-30, 26), (30, 24), (-22, 48), (24, 46), (-8, 62), (10, 58)):
        _leaf(pen.at(0, 28), (x, y), 9, LEAF if (x + variant) % 4 else lighter(LEAF, 0.2))
    _pot(pen, (PAINTS["white"], CLAY)[variant % 2])


def _palm(pen: Pen, variant: int) -> None:
    pen.curve([(0, 26), (3, 56), (-1, 82)], WOOD, 7)
    for x, y in ((-38, -4), (38, -8), (-34, 22), (34, 20), (-12, 36), (15, 35)):
        _leaf(pen.at(0, 80), (x, y), 8, (74, 150, 104))
    _pot(pen, (CLAY, PAINTS["cream"])[variant % 2])


def _cactus(pen: Pen, variant: int) -> None:
    color = (88, 152, 110)
    for side, y in ((-1, 46), (1, 58)):
        pen.curve([(0, y), (side * 20, y), (side * 23, y + 22)], darker(color, 0.1), 11)
        pen.ball(side * 23, y + 22, 5.5, color)
    pen.box(-13, 20, 13, 98 + 6 * (variant % 2), darker(color, 0.18), 13)
    pen.box(-13, 20, 5, 98 + 6 * (variant % 2), color, 9)
    pen.ball(-2, 104 + 6 * (variant % 2), 7, PAINTS["pink"])
    _pot(pen, CLAY)


def _flowers(pen: Pen, variant: int) -> None:
    pen.shadow(-16, 16, 5)
    for x, y in ((-20, 50), (20, 48), (0, 58)):
        _leaf(pen.at(0, 24), (x, y - 22), 7, LEAF)
    petals = (PAINTS["red"], PAINTS["yellow"], PAINTS["pink"])
    for index, (x, y) in enumerate(((-22, 60), (22, 58), (0, 74), (-8, 50), (12, 46))):
        pen.ball(x, y, 11, petals[(variant + index) % 3])
    pen.lathe([(10, 0), (18, 14), (10, 30), (13, 36)], PAINTS["white"])


PLANTS: dict[str, Callable[[Pen, int], None]] = {
    "potted plants": _potted, "palms": _palm, "cactuses": _cactus, "flowers": _flowers,
}  # fmt: skip


def floor_lamp(canvas: Canvas, color: Rgb) -> None:
    """Draw a standing lamp."""
    pen = Pen(canvas, 0, 0)
    pen.shadow(-18, 18, 5)
    pen.oval(-18, -3, 18, 7, DARK_WOOD)
    pen.box(-2.5, 2, 2.5, 112, DARK_WOOD)
    pen.poly([(-26, 104), (26, 104), (16, 142), (-16, 142)], darker(color, 0.14))
    pen.poly([(-26, 104), (8, 104), (5, 142), (-16, 142)], color)


def hanging_lamp(canvas: Canvas, color: Rgb) -> None:
    """Draw a pendant lamp on its cable."""
    pen = Pen(canvas, 0, 70)
    pen.box(-2, 26, 2, 62, (58, 56, 72))
    pen.oval(-17, -6, 17, 14, (255, 240, 190))
    pen.poly(smooth([(-36, 2), (-30, 20), (-10, 34), (10, 34), (30, 20), (36, 2)]), color)
    pen.poly(smooth([(10, 2), (10, 22), (8, 34), (30, 20), (36, 2)]), darker(color, 0.16))


def wall_lamp(canvas: Canvas, color: Rgb) -> None:
    """Draw a sconce."""
    pen = Pen(canvas, 0, 0)
    pen.box(-6, -26, 6, -6, BRASS, 4)
    pen.poly([(-15, -10), (15, -10), (23, 22), (-23, 22)], color)
    pen.poly([(5, -10), (15, -10), (23, 22), (8, 22)], darker(color, 0.14))
