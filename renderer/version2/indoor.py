"""Rooms seen from their middle: four walls unrolled into a ring, each furnished in its own way."""

from typing import NamedTuple

import numpy as np

from mag_sandbox.renderer import palettes
from mag_sandbox.renderer.canvas import RING_HEIGHT, RING_WIDTH, Canvas, Rgb
from mag_sandbox.renderer.lighting import Glow, dimmed
from mag_sandbox.renderer.painters import decor
from mag_sandbox.renderer.painters.furniture import MAIN, SECOND
from mag_sandbox.renderer.painters.sketch import (
    PAINTS,
    WOOD,
    Pen,
    contrast,
    darker,
    lighter,
    pick_apart,
)
from mag_sandbox.renderer.painters.stamp import mix
from mag_sandbox.renderer.phrasing import Phrase, article, compose, pick

WALL_TOP = 84.0
FLOOR_TOP = 258.0

WALL_PATTERNS = ("plain", "wide stripes", "panels", "two tones")
CEILINGS = ("plain", "wooden beams", "ceiling panels")


def paint_ceiling(canvas: Canvas, kind: str, wall_color: Rgb) -> None:
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


def paint_wall(canvas: Canvas, pattern: str, color: Rgb) -> None:
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


def paint_floor(canvas: Canvas, kind: str, color: Rgb) -> None:
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


FURNITURE_BASE = 276.0  # row on which furniture at the wall stands
FRONT_BASE = 286.0  # row of plants standing before the furniture
TALL = 130  # px of furniture above which no picture fits over it
VARIANTS = 6  # numbers that change details of furniture
PLANT_VARIANTS = 4
WALL_WIDTH = RING_WIDTH / 4
# where things stand at a wall, as part of its width
PLACES = {"main": 0.28, "gap": 0.56, "side": 0.73, "corner": 0.975}
SWAY = 14.0  # px that a place is missed by, either way
AHEAD = 40.0  # px that the middle of the first wall may lie beside the ring's first column


class Room(NamedTuple):
    """The furniture of a kind of room."""

    main: tuple[str, ...]  # what it is known by
    second: tuple[str, ...]  # beside that, and once more elsewhere
    others: tuple[str, ...]  # at walls of their own


ROOMS: dict[str, Room] = {
    "living room": Room(
        ("sofa",),
        ("armchair", "fireplace", "cabinet", "round table"),
        ("bookshelf", "piano", "fireplace", "cabinet", "desk", "dining table"),
    ),
    "bedroom": Room(
        ("bed", "wardrobe"),
        ("cabinet", "armchair", "stool"),
        ("wardrobe", "desk", "bookshelf", "armchair", "cabinet"),
    ),
    "library": Room(
        ("bookshelf",),
        ("armchair", "fireplace", "round table"),
        ("bookshelf", "desk", "sofa", "fireplace"),
    ),
    "kitchen": Room(
        ("kitchen counter",),
        ("round table", "stool", "cabinet"),
        ("dining table", "cabinet", "round table", "fireplace"),
    ),
    "office": Room(
        ("desk", "bookshelf"), ("cabinet", "armchair"), ("bookshelf", "sofa", "round table", "desk")
    ),
    "dining room": Room(
        ("dining table",),
        ("cabinet", "fireplace"),
        ("fireplace", "cabinet", "bookshelf", "piano", "armchair"),
    ),
    "music room": Room(
        ("piano",),
        ("armchair", "stool", "cabinet"),
        ("bookshelf", "sofa", "fireplace", "cabinet", "armchair"),
    ),
    "bathroom": Room(
        ("bathtub",), ("stool", "cabinet"), ("cabinet", "wardrobe", "armchair", "round table")
    ),
}
PIECES = MAIN | SECOND
PLACED = ("furniture", "second", "third", "fourth")  # attributes that name pieces


class Wall(NamedTuple):
    """The attributes of one of four walls."""

    main: str  # the piece at the large place, or the door
    side: str  # the piece at the small place; "": a picture hangs there, or there is a window
    window: bool  # at the small place
    rug: bool


WALLS = (
    Wall("furniture", "second", window=True, rug=True),
    Wall("third", "", window=False, rug=False),
    Wall("fourth", "second", window=True, rug=True),
    Wall("door", "", window=True, rug=False),
)
PICTURES = (
    "none", "landscape paintings", "portraits", "abstract paintings", "round mirrors", "clocks",
)  # fmt: skip
WINDOWS = ("none", "square windows", "arched windows", "round windows", "tall windows")
LAMPS = ("none", "floor lamps", "hanging lamps", "wall lamps")
DOORS: dict[str, Rgb] = {
    "white": (234, 230, 222), "wooden": WOOD, "red": (190, 74, 66), "green": (86, 132, 100),
    "blue": (72, 112, 164),
}  # fmt: skip
RUG_COLORS = ("red", "blue", "green", "yellow", "pink", "purple", "grey", "teal")
CURTAIN_COLORS = ("white", "red", "green", "blue", "yellow", "purple", "orange")
FURNITURE_COLORS = tuple(name for name in PAINTS if name not in ("cream", "gold"))

ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "room": tuple(ROOMS), "wall_color": tuple(palettes.WALLS),
    "wall_pattern": WALL_PATTERNS, "floor": tuple(palettes.FLOORS),
    "floor_color": tuple(dict.fromkeys(c for colors in palettes.FLOORS.values() for c in colors)),
    "ceiling": CEILINGS, "light": tuple(decor.SKIES), "window": WINDOWS,
    "view": ("none", *decor.VIEWS), "curtains": ("none", *CURTAIN_COLORS),
    "furniture": tuple(MAIN), "furniture_color": FURNITURE_COLORS, "second": tuple(SECOND),
    "second_color": FURNITURE_COLORS, "third": tuple(PIECES), "third_color": FURNITURE_COLORS,
    "fourth": tuple(PIECES), "fourth_color": FURNITURE_COLORS, "plant": ("none", *decor.PLANTS),
    "picture": PICTURES, "lamp": LAMPS,
    "lamp_color": ("none", "cream", "yellow", "orange", "red", "teal", "pink"),
    "rug": ("none", "round rugs", "square rugs"), "rug_color": ("none", *RUG_COLORS),
    "door": ("none", *DOORS),
}  # fmt: skip


def _paint_apart(rng: np.random.Generator, names: tuple[str, ...], others: list[Rgb]) -> str:
    return pick_apart(rng, {name: PAINTS[name] for name in names}, others, 75)


def sample(rng: np.random.Generator) -> dict[str, str]:
    """Draw coherent attribute values for a room."""
    room = pick(rng, tuple(ROOMS))
    wall = pick(rng, tuple(palettes.WALLS))
    floor = pick(
        rng,
        ("tiles", "wood", "tiles")
        if room in ("kitchen", "bathroom")
        else ("wood", "wood", "tiles", "carpet"),
    )
    floor_color = pick(rng, tuple(palettes.FLOORS[floor]))
    ground, back = palettes.FLOORS[floor][floor_color], palettes.WALLS[wall]
    light = pick(rng, ("daylight", "daylight", "lamplight", "evening", "dim"))
    window = pick(rng, WINDOWS if light == "lamplight" else WINDOWS[1:])
    lamps = LAMPS[1:] if light in ("lamplight", "dim") else LAMPS
    lamp = pick(rng, lamps)
    doors = tuple(name for name, paint in DOORS.items() if contrast(paint, back) > 60)
    rug = pick(rng, ATTRIBUTES["rug"])
    has_curtains = window != "none" and window != "round windows" and rng.random() < 0.65
    return {
        "room": room,
        "wall_color": wall,
        "wall_pattern": pick(rng, WALL_PATTERNS),
        "floor": floor,
        "floor_color": floor_color,
        "ceiling": pick(rng, CEILINGS),
        "light": light,
        "window": window,
        "view": "none" if window == "none" else pick(rng, tuple(decor.VIEWS)),
        "curtains": _paint_apart(rng, CURTAIN_COLORS, [back]) if has_curtains else "none",
        **_pieces(ROOMS[room], back, rng),
        "plant": pick(rng, ATTRIBUTES["plant"]),
        "picture": pick(rng, PICTURES),
        "lamp": lamp,
        "lamp_color": "none"
        if lamp == "none"
        else _paint_apart(rng, ATTRIBUTES["lamp_color"][1:], [back]),
        "rug": rug,
        "rug_color": "none" if rug == "none" else _paint_apart(rng, RUG_COLORS, [ground]),
        "door": pick(rng, ("none", *doors)),
    }


def _pieces(room: Room, back: Rgb, rng: np.random.Generator) -> dict[str, str]:
    furniture, second = pick(rng, room.main), pick(rng, room.second)
    # white bedding would hide a white bed
    near = [back, PAINTS["white"]] if furniture == "bed" else [back]
    color = _paint_apart(rng, FURNITURE_COLORS, near)
    second_color = _paint_apart(rng, FURNITURE_COLORS, [back, PAINTS[color]])
    others = [one for one in room.others if one not in {furniture, second} - {"bookshelf"}]
    third, fourth = (str(one) for one in rng.permutation(others)[:2])
    colors = {furniture: color, second: second_color}
    for one in (third, fourth):
        if one not in colors:
            colors[one] = (
                second_color if rng.random() < 0.3 else _paint_apart(rng, FURNITURE_COLORS, [back])
            )
    named = dict(zip(PLACED, (furniture, second, third, fourth), strict=True))
    return named | {f"{name}_color": colors[piece] for name, piece in named.items()}


def _at_side(
    canvas: Canvas, a: dict[str, str], wall: Wall, x: float, hung: int, rng: np.random.Generator
) -> list[Glow]:
    """Window or picture at the small place and what stands below; returns its light."""
    glows = []
    tall, half = (62, 34) if a["window"] == "tall windows" else (50, 44)
    middle = 152 + rng.uniform(-5, 5)
    if wall.window and a["window"] != "none":
        with canvas.thing("window", a["window"]):
            decor.window(canvas, a["window"], a["view"], a["light"], x, middle, half, tall)
        if a["curtains"] != "none":
            with canvas.thing("curtains", a["curtains"], a["curtains"]):
                decor.curtains(canvas, PAINTS[a["curtains"]], x, middle - tall, 262, half)
        strength = 0.42 if a["light"] in ("daylight", "evening") else 0.5
        sun = palettes.SUN[a["light"]]
        glows.append(Glow(x, middle, 60, 60, dimmed(sun, strength)))
        if a["light"] in ("daylight", "evening"):
            sunbeam(canvas, x, half)
            glows.append(Glow(x + 30, 320, 80, 34, dimmed(sun, 0.3)))
    elif a["picture"] != "none":
        with canvas.thing("picture", a["picture"]):
            decor.picture(canvas, a["picture"], x, 142, 40, 30, hung + 1)
    if wall.side and not (hung and a[wall.side] == "fireplace"):  # of these a room has one
        pen = Pen(canvas, x + rng.uniform(-10, 10), FURNITURE_BASE + rng.uniform(0, 5), 0.98)
        glows += _piece(pen, a, wall.side, rng)
    return glows


def _at_main(
    canvas: Canvas, a: dict[str, str], wall: Wall, x: float, hung: int, rng: np.random.Generator
) -> list[Glow]:
    """The large piece of a wall with a picture above it, or the door; returns its light."""
    if wall.main == "door":
        if a["door"] != "none":
            with canvas.thing("door", a["door"], a["door"]):
                decor.door(canvas, DOORS[a["door"]], x, FLOOR_TOP, 118)
        return []
    piece = PIECES[a[wall.main]]
    size = rng.uniform(0.94, 1.06) if piece.height >= TALL else rng.uniform(0.96, 1.08)
    if a["picture"] != "none" and piece.height < TALL:
        top = FURNITURE_BASE - piece.height * size
        half, most = ((34, 27), (44, 30), (27, 30), (50, 27))[hung]
        tall = min(most, (top - WALL_TOP - 16) / 2)
        middle = min(142.0, top - tall - 8)
        with canvas.thing("picture", a["picture"]):
            decor.picture(canvas, a["picture"], x + rng.uniform(-14, 14), middle, half, tall, hung)
    return _piece(Pen(canvas, x, FURNITURE_BASE + rng.uniform(0, 6), size), a, wall.main, rng)


def _piece(pen: Pen, a: dict[str, str], name: str, rng: np.random.Generator) -> list[Glow]:
    piece, color, variant = a[name], a[f"{name}_color"], int(rng.integers(VARIANTS))
    with pen.canvas.thing(name, piece, color, variant):
        PIECES[piece].draw(pen, PAINTS[color], variant)
    if piece == "fireplace":
        return [Glow(pen.x, 250, 40, 34, (0.5, 0.3, 0.1), flickers=True)]
    return []


def _lamp(canvas: Canvas, a: dict[str, str], x: float, rng: np.random.Generator) -> list[Glow]:
    if a["lamp"] == "none":
        return []
    color = PAINTS[a["lamp_color"]]
    with canvas.thing("lamp", a["lamp"], a["lamp_color"]):
        if a["lamp"] == "hanging lamps":
            light = decor.hanging_lamp(canvas, color, x, 98 + rng.uniform(-8, 10))
        elif a["lamp"] == "floor lamps":
            light = decor.floor_lamp(canvas, color, x, FURNITURE_BASE + 8)
        else:
            light = decor.wall_lamp(canvas, color, x, 150 + rng.uniform(-6, 6))
    power = {"daylight": 0.1, "evening": 0.32, "lamplight": 0.5, "dim": 0.46}[a["light"]]
    warm = (power, power * 0.8, power * 0.48)
    is_lit = a["light"] != "daylight"
    return [
        Glow(light[0], light[1] + 14, 74, 60, warm, flickers=is_lit),
        Glow(light[0], 305, 90, 38, dimmed(warm, 0.55)),
    ]


def draw(attributes: dict[str, str], rng: np.random.Generator, canvas: Canvas) -> None:
    """Paint the room."""
    a = attributes
    paint_ceiling(canvas, a["ceiling"], palettes.WALLS[a["wall_color"]])
    paint_wall(canvas, a["wall_pattern"], palettes.WALLS[a["wall_color"]])
    paint_floor(canvas, a["floor"], palettes.FLOORS[a["floor"]][a["floor_color"]])
    glows: list[Glow] = []
    turn = rng.uniform(0, RING_WIDTH)
    edges = turn + WALL_WIDTH * (np.arange(4) + rng.uniform(-0.025, 0.025, 4))
    direction = 1 if rng.random() < 0.5 else -1
    order = (0, 1, 2, 3) if rng.random() < 0.5 else (0, 3, 2, 1)
    walls = [
        (
            WALLS[which],
            {
                name: edge + direction * WALL_WIDTH * part + rng.uniform(-SWAY, SWAY)
                for name, part in PLACES.items()
            },
        )
        for which, edge in zip(order, edges.tolist(), strict=True)
    ]
    for hung, (wall, places) in enumerate(walls):
        if wall.rug and a["rug"] != "none":
            half = 118 + rng.uniform(-14, 14)
            with canvas.thing("rug", a["rug"], a["rug_color"]):
                decor.rug(canvas, a["rug"], PAINTS[a["rug_color"]], places["main"], 322, half)
        glows += _at_side(canvas, a, wall, places["side"], hung, rng)
        glows += _at_main(canvas, a, wall, places["main"], hung, rng)
    for _, places in walls:  # in front of all furniture, also the next wall's
        if rng.random() < 0.8:
            glows += _lamp(canvas, a, places["corner"], rng)
        if a["plant"] != "none" and rng.random() < 0.8:
            pen = Pen(canvas, places["gap"], FRONT_BASE + rng.uniform(0, 8), rng.uniform(0.9, 1.1))
            variant = int(rng.integers(PLANT_VARIANTS))
            with canvas.thing("plant", a["plant"], variant=variant):
                decor.PLANTS[a["plant"]](pen, variant)
    canvas.relight(palettes.AMBIENT[a["light"]], glows)
    # beams, tiles and stripes all begin at column 0: turn them with the rest
    first = edges[0] + direction * WALL_WIDTH / 2
    canvas.turn(round(rng.uniform(-AHEAD, AHEAD) - first) % RING_WIDTH)


LIGHT_WORDS = {
    "daylight": ("in bright daylight", "on a sunny day", "by day"),
    "lamplight": ("by warm lamplight", "lit by warm light at night"),
    "evening": ("in the evening", "at sunset", "in warm evening light"),
    "dim": ("in dim light", "at night", "in a dim blue night"),
}
ROOM_WORDS = {"living room": ("living room", "lounge"), "office": ("office", "study")}
VIEW_WORDS = {"garden": "a garden", "city": "the city", "sea": "the sea", "mountains": "mountains"}
PATTERN_WORDS = {
    "plain": "", "wide stripes": "striped ", "panels": "panelled ", "two tones": "two-tone ",
}  # fmt: skip
FLOOR_WORDS = {"wood": "wooden floor", "tiles": "tiled floor", "carpet": "carpet"}
MOODS = ("", "", "", "cosy ", "tidy ", "pleasant ", "quiet ")


def caption(attributes: dict[str, str], rng: np.random.Generator) -> str:
    """Describe the room in 8 to 35 words."""
    a = attributes
    details = [
        Phrase(f"{PATTERN_WORDS[a['wall_pattern']]}{a['wall_color']} walls", 4),
        Phrase(f"{article(a['furniture_color'])} {a['furniture']}", 4),
        Phrase(f"{article(a['second_color'])} {a['second']}", 3),
        *(
            Phrase(f"{article(a[f'{name}_color'])} {a[name]}", 1)
            for name in ("third", "fourth")
            if a[name] != a["furniture"]
        ),
        Phrase(f"{article(a['floor_color'])} {FLOOR_WORDS[a['floor']]}", 2),
    ]
    if a["window"] != "none":
        outside = f" with a view of {VIEW_WORDS[a['view']]}" if rng.random() < 0.5 else ""
        details.append(Phrase(a["window"] + outside, 2))
    if a["curtains"] != "none":
        details.append(Phrase(f"{a['curtains']} curtains", 2))
    if a["plant"] != "none":
        details.append(Phrase(a["plant"], 2))
    if a["picture"] != "none":
        details.append(Phrase(a["picture"], 2))
    if a["lamp"] != "none":
        details.append(Phrase(f"{a['lamp_color']} {a['lamp']}", 2))
    if a["rug"] != "none":
        details.append(Phrase(f"{a['rug_color']} {a['rug']}", 2))
    if a["door"] != "none":
        details.append(Phrase(f"{article(a['door'])} door", 1))
    if a["ceiling"] != "plain":
        details.append(Phrase(f"{a['ceiling']} above", 1))
    room = pick(rng, ROOM_WORDS.get(a["room"], (a["room"],)))
    subject = f"{pick(rng, MOODS)}{room}"
    return compose(subject, details, pick(rng, LIGHT_WORDS[a["light"]]), rng)
