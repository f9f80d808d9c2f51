"""A studio stage with big objects on stands, seen from the middle of the ring.

Samples coherent attributes, draws the picture and describes it.
"""

import numpy as np

from mag_sandbox.renderer import palettes
from mag_sandbox.renderer.canvas import RING_HEIGHT, RING_WIDTH, Canvas, Motion, Rgb
from mag_sandbox.renderer.lighting import Glow, dimmed
from mag_sandbox.renderer.painters.decor import PLANTS
from mag_sandbox.renderer.painters.sketch import (
    BRASS,
    PAINTS,
    WOOD,
    Pen,
    contrast,
    darker,
    lighter,
    pick_apart,
)
from mag_sandbox.renderer.painters.stamp import mix
from mag_sandbox.renderer.painters.things import OBJECTS
from mag_sandbox.renderer.phrasing import Phrase, article, compose, pick, plural
from mag_sandbox.renderer.version2.classes import UNNAMED

FLOOR_TOP = 250.0
STAND_BASE = 280.0

BACKDROP_KINDS = ("plain", "curtains", "arches", "columns", "panels", "rings", "circles")
LIGHTS = ("spotlights", "soft light", "warm light", "pink light", "blue light")
SUPPORTS = ("pedestals", "round tables", "steps", "boxes", "podiums")
OBJECT_COLORS = tuple(name for name in PAINTS if name not in ("cream", "brown", "grey"))
EXTRAS = (
    "none", "potted plants", "palms", "flowers", "balloons", "rope barriers", "hanging lamps",
    "picture frames", "stars",
)  # fmt: skip
RIG: Rgb = (64, 62, 80)
LAMP_FACES: dict[str, Rgb] = {
    "soft light": (255, 250, 238),
    "warm light": (255, 222, 150),
    "pink light": (255, 176, 214),
    "blue light": (160, 210, 255),
}

ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "backdrop_color": tuple(palettes.BACKDROPS), "backdrop": BACKDROP_KINDS,
    "floor": tuple(palettes.STAGE_FLOORS), "light": LIGHTS, "support": SUPPORTS,
    "support_color": ("white", "grey", "black", "gold", "wooden", "red", "teal", "purple"),
    "main": tuple(OBJECTS), "main_color": OBJECT_COLORS, "second": tuple(OBJECTS),
    "second_color": OBJECT_COLORS, "extra": EXTRAS,
}  # fmt: skip


def _apart(rng: np.random.Generator, names: tuple[str, ...], others: list[Rgb]) -> str:
    return pick_apart(rng, {name: _paint(name) for name in names}, others, 95)


def _paint(name: str) -> Rgb:
    return WOOD if name == "wooden" else PAINTS[name]


def sample(rng: np.random.Generator) -> dict[str, str]:
    """Draw coherent attribute values for a stage."""
    backdrop = pick(rng, tuple(palettes.BACKDROPS))
    back = palettes.BACKDROPS[backdrop]
    floor = pick(
        rng,
        tuple(n for n in palettes.STAGE_FLOORS if contrast(palettes.STAGE_FLOORS[n], back) > 50),
    )
    main, second = (str(kind) for kind in rng.choice(tuple(OBJECTS), 2, replace=False))
    support = _apart(rng, ATTRIBUTES["support_color"], [back, palettes.STAGE_FLOORS[floor]])
    main_color = _apart(rng, OBJECT_COLORS, [back])
    return {
        "backdrop_color": backdrop,
        "backdrop": pick(rng, BACKDROP_KINDS),
        "floor": floor,
        "light": pick(rng, LIGHTS),
        "support": pick(rng, SUPPORTS),
        "support_color": support,
        "main": main,
        "main_color": main_color,
        "second": second,
        "second_color": _apart(rng, OBJECT_COLORS, [back, PAINTS[main_color]]),
        "extra": pick(rng, EXTRAS),
    }


def _arches(canvas: Canvas, color: Rgb, turn: float) -> None:
    for index in range(8):
        x = turn + index * 160
        with canvas.part():
            for half, top, paint in ((62, 66, lighter(color, 0.28)), (50, 78, darker(color, 0.2))):
                canvas.ellipse(x - half, top, x + half, top + 2 * half, paint)
                canvas.rectangle(x - half, top + half, x + half, FLOOR_TOP, paint)


def _columns(canvas: Canvas, color: Rgb, turn: float) -> None:
    stone = mix(PAINTS["white"], color, 0.3)
    for index in range(8):
        pen = Pen(canvas, turn + index * 160 + 80, FLOOR_TOP)
        with canvas.part():
            pen.lathe([(20, 8), (18, 90), (16, 186)], stone, 0)
            pen.block(-28, 0, 28, 12, stone, 2)
            pen.block(-28, 182, 28, 196, stone, 2)


def _curtains(canvas: Canvas, color: Rgb, turn: float) -> None:
    for index in range(32):
        x = turn + index * 40
        canvas.rectangle(x, 44, x + 13, FLOOR_TOP, (*lighter(color, 0.4), 90))
        canvas.rectangle(x + 26, 44, x + 40, FLOOR_TOP, (*darker(color, 0.5), 90))
    canvas.rectangle(0, 0, RING_WIDTH, 40, lighter(color, 0.06))
    for index in range(8):
        x = turn + index * 160
        with canvas.part():
            canvas.ellipse(x - 6, 4, x + 166, 92, darker(color, 0.3))
            canvas.ellipse(x + 2, -20, x + 158, 82, lighter(color, 0.06))
            canvas.ellipse(x + 22, -20, x + 138, 56, lighter(color, 0.16))


def _panels(canvas: Canvas, color: Rgb, turn: float) -> None:
    for index in range(8):
        x, top = turn + index * 160, (70, 96)[index % 2]
        paint = lighter(color, 0.22) if index % 2 else darker(color, 0.16)
        with canvas.part():
            canvas.rectangle(x - 66, top, x + 66, FLOOR_TOP, paint, 12)


def _rings(canvas: Canvas, color: Rgb, turn: float) -> None:
    for index in range(4):
        x = turn + index * 320
        with canvas.part():
            for size, amount in ((152, 0.1), (122, 0.22), (92, 0.34), (60, 0.46)):
                canvas.ellipse(x - size, 200 - size, x + size, 200 + size, lighter(color, amount))


def _circles(canvas: Canvas, color: Rgb, turn: float) -> None:
    for index in range(8):
        x, size = turn + index * 160, (74, 56)[index % 2]
        with canvas.part():
            canvas.ellipse(x - size, 158 - size, x + size, 158 + size, lighter(color, 0.3))


BACKDROP_PAINTERS = {
    "arches": _arches, "columns": _columns, "curtains": _curtains, "panels": _panels,
    "rings": _rings, "circles": _circles,
}  # fmt: skip


def _shell(canvas: Canvas, a: dict[str, str], turn: float) -> None:
    back, ground = palettes.BACKDROPS[a["backdrop_color"]], palettes.STAGE_FLOORS[a["floor"]]
    canvas.gradient(0, 60, darker(back, 0.34), darker(back, 0.1))
    canvas.gradient(60, FLOOR_TOP, darker(back, 0.1), lighter(back, 0.16))
    if a["backdrop"] in BACKDROP_PAINTERS:
        with canvas.thing("backdrop", a["backdrop"], a["backdrop_color"]):
            BACKDROP_PAINTERS[a["backdrop"]](canvas, back, turn)
    canvas.gradient(FLOOR_TOP, RING_HEIGHT, lighter(ground, 0.1), darker(ground, 0.16))
    canvas.rectangle(0, FLOOR_TOP, RING_WIDTH, FLOOR_TOP + 6, (40, 36, 70, 40))
    if a["floor"] == "checkered":
        for row, (top, bottom) in enumerate(((250, 270), (270, 298), (298, 338), (338, 384))):
            for index in range(row % 2, 32, 2):
                canvas.rectangle(index * 40, top, index * 40 + 40, bottom, (52, 48, 78, 120))
    elif a["floor"] == "wooden":
        for row, (top, bottom) in enumerate(((250, 268), (268, 292), (292, 326), (326, 384))):
            for index in range(0, 16, 2):
                x = index * 80 + row * 56
                canvas.rectangle(x, top, x + 80, bottom, (90, 50, 40, 26))
    else:
        canvas.rectangle(0, 334, RING_WIDTH, 348, (*lighter(ground, 0.5), 90))
    canvas.rectangle(0, 14, RING_WIDTH, 26, RIG)
    if a["light"] != "spotlights":
        for index in range(8):
            middle = turn + index * 160 + 80
            canvas.rectangle(middle - 34, 10, middle + 34, 42, RIG, 8)
            canvas.rectangle(middle - 27, 18, middle + 27, 38, LAMP_FACES[a["light"]], 6)


def _stand(canvas: Canvas, kind: str, color: Rgb, x: float, tall: float) -> Pen:
    pen = Pen(canvas, x, STAND_BASE)
    if kind == "pedestals":
        pen.shadow(-42, 42, 9)
        pen.lathe([(32, 0), (32, tall)], color, 0)
        pen.block(-44, 0, 44, 13, color, 2)
        pen.block(-46, tall - 12, 46, tall, lighter(color, 0.1), 2)
    elif kind == "round tables":
        pen.shadow(-56, 56, 9)
        pen.poly([(-58, tall - 6), (58, tall - 6), (68, 2), (-68, 2)], color)
        for left in (-40, 8, 52):
            pen.poly(
                [(left, tall - 6), (left + 14, tall - 6), (left + 18, 2), (left - 6, 2)],
                darker(color, 0.15),
            )
        pen.oval(-64, tall - 16, 64, tall + 8, lighter(color, 0.18))
    elif kind == "boxes":
        pen.shadow(-58, 58, 9)
        pen.block(-56, 0, 56, tall, color, 4)
        pen.box(-60, tall - 10, 60, tall, lighter(color, 0.25), 3)
    elif kind == "podiums":
        pen.shadow(-66, 66, 9)
        for half, low, high in ((68, 0, tall * 0.45), (52, tall * 0.4, tall)):
            pen.lathe([(half, low), (half, high - 4)], color, 0)
            pen.oval(-half, high - 13, half, high + 5, lighter(color, 0.28))
    else:
        pen.oval(-56, tall - 8, 56, tall + 6, (40, 36, 70, 46))
    return pen.at(0, tall - (3 if kind in ("round tables", "podiums") else 0))


def _steps(canvas: Canvas, color: Rgb) -> None:
    for top, tint in ((216, 0.06), (246, 0.2)):
        canvas.rectangle(0, top, RING_WIDTH, top + 9, lighter(color, tint + 0.25))
        canvas.gradient(top + 9, top + 31, lighter(color, tint), darker(color, 0.14))
    canvas.rectangle(0, 277, RING_WIDTH, 284, (40, 36, 70, 60))


def _balloons(canvas: Canvas, x: float, colors: tuple[Rgb, ...]) -> None:
    pen = Pen(canvas, x, 270)
    for index, (dx, y) in enumerate(((-17, 128), (17, 140), (0, 166))):
        pen.line([(dx, y - 16), (0, 40)], (120, 116, 134), 3)
        color = colors[index % len(colors)]
        pen.oval(dx - 18, y - 22, dx + 18, y + 22, darker(color, 0.16))
        pen.oval(dx - 17, y - 18, dx + 11, y + 20, color)
        pen.oval(dx - 11, y + 2, dx - 3, y + 13, lighter(color, 0.5))


def _visible(names: tuple[str, ...], background: Rgb) -> Rgb:
    return max((PAINTS[name] for name in names), key=lambda paint: contrast(paint, background))


def _extra(canvas: Canvas, a: dict[str, str], x: float, index: int) -> None:
    kind = a["extra"]
    if kind in PLANTS:
        PLANTS[kind](Pen(canvas, x, 296 + 4 * (index % 2), (1.15, 1.0)[index % 2]), index)
    elif kind == "balloons":
        _balloons(canvas, x, (PAINTS[a["main_color"]], PAINTS["yellow"], PAINTS["pink"]))
    elif kind == "rope barriers":
        pen = Pen(canvas, x, 306)
        rope = _visible(("red", "white"), palettes.STAGE_FLOORS[a["floor"]])
        pen.curve([(-80, 44), (-50, 22), (0, 12), (50, 22), (80, 44)], rope, 7)
        pen.at(-80, 0).lathe([(15, 0), (12, 5), (4, 8), (4, 46)], BRASS, 0)
        pen.ball(-80, 50, 7, BRASS)
    elif kind == "hanging lamps":
        pen = Pen(canvas, x, 92)
        pen.box(-2, 20, 2, 92, (50, 48, 62))
        with canvas.moving(Motion.FLICKER):
            pen.ball(0, 4, 20, (255, 236, 184))
    elif kind == "picture frames":
        canvas.rectangle(x - 30, 96, x + 30, 172, BRASS, 3)
        canvas.rectangle(x - 22, 104, x + 22, 164, PAINTS["cream"])
        canvas.ellipse(x - 16, 116, x + 16, 148, PAINTS[a["second_color"]])
    elif kind == "stars":
        size = (26, 18)[index % 2]
        spokes = [(size * (1, 0.45)[k % 2], np.pi * (0.5 + k / 5)) for k in range(10)]
        center = Pen(canvas, x, 96 + 22 * (index % 2))
        center.poly(
            [(r * np.cos(t), r * np.sin(t)) for r, t in spokes],
            _visible(("yellow", "white"), palettes.BACKDROPS[a["backdrop_color"]]),
        )


def _extras(canvas: Canvas, a: dict[str, str], turn: float) -> None:
    if a["extra"] == "none":
        return
    for index in range(8):
        with canvas.thing("extra", a["extra"], variant=index % 2):
            _extra(canvas, a, turn + index * 160 + 80, index)


def _spotlight(canvas: Canvas, x: float) -> None:
    canvas.polygon([(x - 8, 34), (x + 8, 34), (x + 70, 284), (x - 70, 284)], (255, 246, 214, 26))
    canvas.polygon([(x - 5, 34), (x + 5, 34), (x + 46, 284), (x - 46, 284)], (255, 246, 214, 26))
    canvas.rectangle(x - 12, 10, x + 12, 36, (50, 48, 62), 5)
    canvas.ellipse(x - 9, 30, x + 9, 40, (255, 246, 214))


def draw(attributes: dict[str, str], rng: np.random.Generator, canvas: Canvas) -> None:
    """Paint the stage."""
    a = attributes
    turn = float(rng.uniform(0, RING_WIDTH))
    _shell(canvas, a, turn)
    if a["support"] == "steps":
        with canvas.thing("support", "steps", a["support_color"]):
            _steps(canvas, _paint(a["support_color"]))
    glows: list[Glow] = []
    places = [turn + index * 160 + float(rng.uniform(-12, 12)) for index in range(8)]
    if a["extra"] not in PLANTS and a["extra"] != "rope barriers":
        _extras(canvas, a, turn)
    for index, x in enumerate(places):
        tall = 40 + float(rng.uniform(0, 30)) + 4 * (index % 2)
        if a["support"] == "steps":
            tall = STAND_BASE - 219
        if a["light"] == "spotlights" and index % 2 == 0:
            with canvas.thing(UNNAMED, "spotlight"):
                _spotlight(canvas, x)
        with canvas.thing("support", a["support"], a["support_color"]):
            top = _stand(canvas, a["support"], _paint(a["support_color"]), x, tall)
        role = ("main", "second")[index % 2]
        top.scale = float(rng.uniform(0.96, 1.2) if role == "main" else rng.uniform(0.78, 1.0))
        color, variant = a[f"{role}_color"], int(rng.integers(6))
        with canvas.thing(role, a[role], color, variant):
            OBJECTS[a[role]](top, PAINTS[color], variant)
        strength = (1.0, 0.7)[index % 2]
        pool = dimmed(palettes.POOLS[a["light"]], strength)
        glows += [Glow(x, top.base - 50, 56, 74, pool), Glow(x, 308, 76, 26, pool)]
    if a["extra"] in PLANTS or a["extra"] == "rope barriers":
        _extras(canvas, a, turn)
    canvas.relight(palettes.STAGE_AMBIENT[a["light"]], glows)
    # checks and boards begin at column 0: turn them with the rest
    canvas.turn(int(rng.integers(RING_WIDTH)))


LIGHT_WORDS: dict[str, tuple[str, ...]] = {
    "spotlights": ("under bright spotlights", "lit by spotlights"),
    "soft light": ("in soft light", "in even studio light"),
    "warm light": ("in warm light", "in golden light"),
    "pink light": ("in pink light", "under pink stage lights"),
    "blue light": ("in blue light", "under cool blue light"),
}
BACKDROP_WORDS: dict[str, str] = {
    "plain": "plain {} backdrop", "curtains": "{} curtains", "arches": "{} wall with arches",
    "columns": "{} wall with columns", "panels": "{} wall panels",
    "rings": "{} backdrop with big rings", "circles": "{} wall with big circles",
}  # fmt: skip
SUBJECTS = ("stage", "studio", "gallery", "showroom", "exhibition")


def caption(attributes: dict[str, str], rng: np.random.Generator) -> str:
    """Describe the stage in 8 to 35 words."""
    a = attributes
    back = BACKDROP_WORDS[a["backdrop"]].format(a["backdrop_color"])
    stand = f" on {a['support_color']} {a['support']}" if rng.random() < 0.6 else ""
    details = [
        Phrase(f"{a['main_color']} {plural(a['main'])}{stand}", 9),
        Phrase(f"{a['second_color']} {plural(a['second'])}", 6),
        Phrase(back if a["backdrop"] in ("curtains", "panels") else article(back), 4),
        Phrase(article(f"{a['floor']} floor"), 2),
    ]
    if not stand:
        details.append(Phrase(f"{a['support_color']} {a['support']}", 2))
    if a["extra"] != "none":
        details.append(Phrase(a["extra"], 3))
    return compose(pick(rng, SUBJECTS), details, pick(rng, LIGHT_WORDS[a["light"]]), rng)
