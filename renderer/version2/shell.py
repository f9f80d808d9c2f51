"""The shell of a room: wall, floor and ceiling bands around the ring, and its ambient light."""

import numpy as np

from mag_sandbox.renderer.canvas import RING_HEIGHT, RING_WIDTH, Canvas, Rgb
from mag_sandbox.renderer.painters.sketch import PAINTS, WOOD, darker, lighter
from mag_sandbox.renderer.painters.stamp import mix

WALL_TOP = 84.0
FLOOR_TOP = 258.0

WALL_PATTERNS = ("plain", "wide stripes", "panels", "two tones")
CEILINGS = ("plain", "wooden beams", "ceiling panels")


def ceiling(canvas: Canvas, kind: str, wall_color: Rgb) -> None:
    """Paint the ceiling and its cornice."""
    base = mix((246, 242, 234), wall_color, 0.14)
    canvas.gradient(0, WALL_TOP, darker(base, 0.12), base)
    if kind == "wooden beams":
        for index in range(16):
            x = index * RING_WIDTH / 16
            canvas.rectangle(x, 0, x + 26, WALL_TOP, WOOD)
            canvas.rectangle(x + 17, 0, x + 26, WALL_TOP, darker(WOOD, 0.2))
        canvas.rectangle(0, 0, RING_WIDTH, 22, darker(WOOD, 0.12))
    elif kind == "ceiling panels":
        for top, bottom, count in ((44, 74, 16), (6, 34, 8)):
            step = RING_WIDTH / count
            for index in range(count):
                x = index * step
                canvas.rectangle(x + 8, top, x + step - 8, bottom, darker(base, 0.16), 4)
                canvas.rectangle(x + 8, top + 5, x + step - 8, bottom, lighter(base, 0.3), 4)
    canvas.rectangle(0, WALL_TOP - 9, RING_WIDTH, WALL_TOP, lighter(base, 0.5))
    canvas.rectangle(0, WALL_TOP, RING_WIDTH, WALL_TOP + 4, (40, 36, 70, 40))


def wall(canvas: Canvas, pattern: str, color: Rgb) -> None:
    """Paint the wall, its pattern and the skirting."""
    canvas.gradient(WALL_TOP, FLOOR_TOP, lighter(color, 0.1), darker(color, 0.06))
    canvas.rectangle(0, WALL_TOP, RING_WIDTH, WALL_TOP + 4, (40, 36, 70, 40))
    if pattern == "wide stripes":
        for index in range(20):
            x = index * 64
            canvas.rectangle(x, WALL_TOP + 4, x + 32, FLOOR_TOP, (255, 250, 240, 46))
    elif pattern == "panels":
        canvas.rectangle(0, 200, RING_WIDTH, FLOOR_TOP, lighter(color, 0.22))
        canvas.rectangle(0, 196, RING_WIDTH, 203, lighter(color, 0.5))
        for index in range(20):
            x = index * 64
            canvas.rectangle(x + 7, 210, x + 57, 246, darker(color, 0.1), 2)
            canvas.rectangle(x + 10, 213, x + 57, 246, lighter(color, 0.12), 2)
    elif pattern == "two tones":
        canvas.rectangle(0, 190, RING_WIDTH, FLOOR_TOP, darker(color, 0.26))
        canvas.rectangle(0, 187, RING_WIDTH, 193, lighter(color, 0.5))
    canvas.rectangle(0, FLOOR_TOP - 10, RING_WIDTH, FLOOR_TOP, mix(PAINTS["white"], color, 0.2))
    canvas.rectangle(0, FLOOR_TOP - 3, RING_WIDTH, FLOOR_TOP, darker(color, 0.3))


def floor(canvas: Canvas, kind: str, color: Rgb) -> None:
    """Paint the floor in broad low-contrast bands."""
    canvas.gradient(FLOOR_TOP, RING_HEIGHT, color, darker(color, 0.14))
    rows = np.array([FLOOR_TOP, 270, 288, 314, 346, RING_HEIGHT])
    counts = (20, 20, 10, 10, 10) if kind == "wood" else (40, 40, 40, 20, 20)
    if kind == "carpet":
        canvas.rectangle(0, 362, RING_WIDTH, 372, (*lighter(color, 0.5), 120))
        return
    for row, (top, bottom, count) in enumerate(zip(rows, rows[1:], counts, strict=False)):
        step = RING_WIDTH / count
        tones = (
            ((255, 244, 220, 30), (40, 36, 70, 20))
            if kind == "wood"
            else ((255, 250, 240, 70), (40, 36, 70, 22))
        )
        for index in range(count):
            if kind == "wood":
                x = index * step + (row % 3) * step * 0.36
                tone = tones[(index * 2 + row) % 3 % 2]
            else:
                x, tone = index * step, tones[(index + row) % 2]
            canvas.rectangle(x, top, x + step, bottom, tone)


def sunbeam(canvas: Canvas, x: float, half: float) -> None:
    """Lay the slanted light of a window on the floor."""
    for start, end in ((-0.95, -0.06), (0.06, 0.95)):
        points = [
            (x + 14 + half * start, 292),
            (x + 14 + half * end, 292),
            (x + 44 + half * end * 1.3, 346),
            (x + 44 + half * start * 1.3, 346),
        ]
        canvas.polygon(points, (255, 246, 214, 70))
