"""Jump-and-run worlds all around the viewer: samples attributes, draws the panorama, captions it.

The only module a trainer needs for game scenes.
"""

from functools import partial

import numpy as np

from mag_sandbox.renderer import phrasing
from mag_sandbox.renderer.canvas import RING_HEIGHT, RING_WIDTH, Canvas, Motion, MovingLayer, Rgb
from mag_sandbox.renderer.game_themes import HAZARDS, PLATFORMS, SKIES, STRUCTURE_COLORS, THEMES
from mag_sandbox.renderer.painters import nature
from mag_sandbox.renderer.painters.buildings import castle, tower
from mag_sandbox.renderer.painters.game_pieces import (
    BLOCKS,
    COLLECTIBLES,
    CREATURES,
    DECORATIONS,
    STRUCTURES,
)
from mag_sandbox.renderer.painters.plants import PLANT_HEIGHT, PLANTS, mushroom
from mag_sandbox.renderer.painters.stamp import (
    Painting,
    Stamp,
    dome,
    lightened,
    mix,
    shaded,
    tinted,
)
from mag_sandbox.renderer.version2.classes import UNNAMED

WORDS = phrasing.phrases_of_category("video game")
THING_WORDS = {name: WORDS[name] for name in WORDS if name not in ("theme", "sky", "structure")}
ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "theme": tuple(THEMES), "sky": tuple(SKIES),
    "backdrop": tuple(WORDS["backdrop"]), "platform": tuple(PLATFORMS),
    "block": ("none", *BLOCKS), "collectible": ("none", *COLLECTIBLES),
    "creature": ("none", *CREATURES), "structure": ("none", *WORDS["structure"]),
    "structure_color": ("none", *STRUCTURE_COLORS), "hazard": ("none", *HAZARDS),
    "plant": ("none", *WORDS["plant"]),
    "sky_object": ("none", *WORDS["sky_object"]),
}  # fmt: skip

FLOOR = 262  # row of the ground's top
SECTIONS = 4  # each 90 degrees wide, repeats the same ingredients differently placed
SECTION_WIDTH = RING_WIDTH / SECTIONS
FLYING = ("bat", "ghost")
PLANET_COLORS: tuple[Rgb, ...] = ((236, 148, 96), (132, 176, 226), (206, 128, 196), (150, 206, 156))


def sample(rng: np.random.Generator) -> dict[str, str]:
    """Attribute values that make a plausible game world."""
    one_of = partial(phrasing.pick, rng)
    name = one_of(tuple(THEMES))
    theme = THEMES[name]
    structure = one_of(theme.structures)
    return {
        "theme": name,
        "sky": one_of(theme.skies),
        "backdrop": one_of(theme.backdrops),
        "platform": one_of(theme.platforms),
        "block": one_of(ATTRIBUTES["block"]),
        "collectible": one_of(ATTRIBUTES["collectible"]),
        "creature": one_of(ATTRIBUTES["creature"]),
        "structure": structure,
        "structure_color": "none" if structure == "none" else one_of(tuple(STRUCTURE_COLORS)),
        "hazard": one_of(theme.hazards),
        "plant": one_of(theme.plants),
        "sky_object": one_of(theme.sky_objects),
    }


class _Level(Painting):
    def __init__(
        self, attributes: dict[str, str], rng: np.random.Generator, canvas: Canvas
    ) -> None:
        super().__init__(attributes, rng, canvas, SKIES[attributes["sky"]])
        self.theme = THEMES[attributes["theme"]]


def draw(attributes: dict[str, str], rng: np.random.Generator, canvas: Canvas) -> None:
    """Paint the level; the same for the same attributes and generator."""
    level = _Level(attributes, rng, canvas)
    with level.canvas.moving(Motion.SKY):
        _paint_sky(level)
    _paint_backdrop(level)
    _paint_floor(level)
    for section in rng.permutation(SECTIONS):
        _paint_section(level, level.offset + section * SECTION_WIDTH)


def _paint_sky(level: _Level) -> None:
    canvas, light, rng = level.canvas, level.light, level.rng
    kind = level.attributes["sky_object"]
    canvas.gradient(0, 150, light.sky_top, light.sky_mid)
    canvas.gradient(150, RING_HEIGHT, light.sky_mid, light.sky_low)
    if kind in ("stars", "planets"):
        named = ("sky_object", "stars") if kind == "stars" else (UNNAMED, "starry sky")
        with canvas.thing(*named):
            nature.stars(canvas, light, rng)
    if kind in nature.DISCS:
        with level.thing("sky_object"):
            nature.DISCS[kind](canvas, light, level.near(0, RING_WIDTH), level.near(56, 96), 30)
    elif kind == "clouds":
        nature.clouds(canvas, light, rng, 12, 1.1, ("sky_object", "clouds"))
    elif kind == "planets":
        for index in range(6):
            x, y = index * RING_WIDTH / 6 + level.near(0, 150), level.near(36, 120)
            stamp = level.stamp(x, y, level.near(34, 74), 0.15)
            with level.thing("sky_object"):
                _planet(stamp, PLANET_COLORS[index % 4], ringed=index % 2 == 1)


def _planet(stamp: Stamp, color: Rgb, *, ringed: bool) -> None:
    stamp.oval(0, 0, 0.5, 0.5, shaded(color, 0.35))
    stamp.oval(-0.08, 0.06, 0.4, 0.4, color)
    if ringed:  # the ring lies in front of the lower half only
        stamp.oval(0, -0.02, 0.92, 0.19, lightened(color, 0.5))
        stamp.poly(dome(0, -0.02, 0.49, 0.5, 24), shaded(color, 0.35))
        stamp.poly(dome(-0.08, -0.02, 0.38, 0.46, 24), color)
    stamp.oval(-0.16, 0.16, 0.16, 0.13, lightened(color))


def _paint_backdrop(level: _Level) -> None:
    canvas, light, rng, color = level.canvas, level.light, level.rng, level.theme.far
    kind = level.attributes["backdrop"]
    if kind == "mountains":
        with level.thing("backdrop"):
            nature.mountains(canvas, light, rng, color, 0.12, 0.0)
        foothills = nature.profile(rng, 206, 4, (3, 5))
        nature.fill_below(canvas, foothills, tinted(color, light, 0.5))
    for row, (fade, foot, tall) in enumerate(((0.62, 236, 120), (0.36, 250, 86))):
        if kind in _BACKDROPS:
            count = 9 + row * 2
            for index in rng.permutation(count):
                x = (index + level.near(-0.25, 0.25)) * RING_WIDTH / count
                stamp = level.stamp(x, foot, tall * level.near(0.75, 1.3), fade)
                with level.thing("backdrop"):
                    _BACKDROPS[kind](stamp, color, rng)
        nature.fill_below(
            canvas, nature.profile(rng, foot - 12, 8, (3, 7)), tinted(color, light, fade - 0.04)
        )


def _far_hill(stamp: Stamp, color: Rgb, rng: np.random.Generator) -> None:
    wide = float(rng.uniform(0.6, 0.9))
    stamp.poly(dome(0, -0.1, wide, 1.0, 24), shaded(color, 0.1))
    stamp.poly(dome(-0.07, -0.1, wide * 0.84, 0.92, 24), color)


def _far_column(stamp: Stamp, color: Rgb, rng: np.random.Generator) -> None:
    tall = float(rng.uniform(0.7, 1.3))
    stamp.box(-0.14, -0.1, 0.14, tall, color)
    stamp.box(0.03, -0.1, 0.14, tall, shaded(color))
    stamp.box(-0.22, tall - 0.02, 0.22, tall + 0.12, lightened(color))
    if rng.random() < 0.4:
        stamp.box(-0.2, tall + 0.1, 0.9, tall + 0.26, color)


def _far_skyscraper(stamp: Stamp, color: Rgb, rng: np.random.Generator) -> None:
    half, tall = float(rng.uniform(0.2, 0.36)), float(rng.uniform(0.8, 1.35))
    stamp.box(-half, -0.1, half, tall, color)
    stamp.box(half * 0.3, -0.1, half, tall, shaded(color))
    for column in (-0.62, -0.12):
        for row in range(4):
            if rng.random() < 0.65:
                low = 0.16 + row * 0.2
                stamp.window(half * column, low, half * (column + 0.3), low + 0.1)


def _far_cloud(stamp: Stamp, color: Rgb, _rng: np.random.Generator) -> None:
    for x, tall in ((-0.5, 0.5), (0.45, 0.42), (0.0, 0.75)):
        stamp.oval(x, 0.0, 0.5, tall, color)


_BACKDROPS = {
    "hills": _far_hill,
    "columns": _far_column,
    "skyscrapers": _far_skyscraper,
    "mushrooms": lambda stamp, _color, rng: mushroom(stamp, rng, 0.0),
    "crystals": lambda stamp, color, _rng: DECORATIONS["crystal"](stamp, color),
    "clouds": _far_cloud,
}


def _paint_floor(level: _Level) -> None:
    canvas, light, theme = level.canvas, level.light, level.theme
    deep = tinted(shaded(theme.soil, 0.4), light)
    canvas.gradient(FLOOR, RING_HEIGHT, tinted(theme.soil, light), deep)
    stone = lightened(theme.soil, 0.12)
    for index in range(16):
        x, y = index * 80 + level.near(0, 40), 304 + (index % 2) * 38
        canvas.rectangle(x, y, x + level.near(34, 54), y + 18, (*tinted(stone, light), 110), 8)
    canvas.rectangle(0, FLOOR, RING_WIDTH, FLOOR + 20, tinted(shaded(theme.turf), light))
    canvas.rectangle(0, FLOOR, RING_WIDTH, FLOOR + 12, tinted(theme.turf, light))
    for index in range(32):
        canvas.ellipse(
            index * 40, FLOOR + 8, index * 40 + 28, FLOOR + 30, tinted(shaded(theme.turf), light)
        )


def _paint_section(level: _Level, left: float) -> None:
    attributes, rng = level.attributes, level.rng
    # pits and structures never stand in the last slot, so they cannot touch the next section's
    structure = int(rng.integers(2))
    low = structure + 2  # the low platform hangs over the pit where it can
    pit = low if low < 3 else int(rng.choice([0, 2]))
    free = 3 - pit - structure
    plants, walker = (3, free) if low < 3 and rng.random() < 0.5 else (free, 3)
    places = [left + 40 + slot * 80 + level.near(-4, 4) for slot in range(4)]
    if attributes["hazard"] != "none":
        with level.thing("hazard"):
            _pit(level, places[pit], level.near(72, 86))
    if attributes["structure"] != "none":
        with level.thing("structure", attributes["structure_color"]):
            _structure(level, places[structure])
    if attributes["plant"] != "none":
        for aside, least, most in ((-22, 56, 84), (16, 40, 60)):
            with level.thing("plant"):
                _plant(level, places[plants] + aside, level.near(least, most))
    creature = attributes["creature"]
    if creature != "none" and creature not in FLYING:
        with level.canvas.apart(MovingLayer.WALKERS), level.thing("creature"):
            CREATURES[creature](level.stamp(places[walker], FLOOR + 2, 42))
    # the structure must not be hidden: only the high platform is above it
    for x, least, most in ((places[structure], 114, 124), (places[low], 182, 192)):
        y = level.near(least, most)
        with level.thing("platform"):
            _platform(level, x, y)
        _collectibles(level, x, y)
    beside = (structure + (1 if rng.random() < 0.5 else 3)) % 4
    _blocks(level, places[beside], level.near(154, 168))
    if creature in FLYING:
        # in the clouds' rows nothing else can move
        clear = attributes["sky_object"] != "clouds"
        with level.canvas.apart(MovingLayer.WALKERS if clear else None), level.thing("creature"):
            CREATURES[creature](level.stamp(places[(beside + 2) % 4], 172, 44))


def _structure(level: _Level, x: float) -> None:
    kind = level.attributes["structure"]
    color = STRUCTURE_COLORS[level.attributes["structure_color"]]
    roof = mix(shaded(color, 0.35), (120, 60, 90), 0.3)
    if kind == "castle":
        castle(level.stamp(x, FLOOR + 2, level.near(74, 88)), color, roof)
    elif kind == "tower":
        tower(level.stamp(x, FLOOR + 2, level.near(92, 108)), color, roof)
    else:
        STRUCTURES[kind](level.stamp(x, FLOOR + 2, level.near(64, 92)), color)


def _plant(level: _Level, x: float, tall: float) -> None:
    kind = level.attributes["plant"]
    stamp = level.stamp(x, FLOOR + 3, tall * max(0.5, PLANT_HEIGHT.get(kind, 1.0)))
    if kind in DECORATIONS:
        tints = list(STRUCTURE_COLORS.values())[:5]
        color = tints[int(level.rng.integers(5))]
        DECORATIONS[kind](stamp, color if kind == "lollipop" else (126, 206, 240))
    else:
        PLANTS[kind](stamp, level.rng, 1.0 if kind == "pine" else 0.0)


def _pit(level: _Level, x: float, wide: float) -> None:
    kind = level.attributes["hazard"]
    body, surface = HAZARDS[kind]
    canvas, light = level.canvas, level.light
    wall = tinted(shaded(level.theme.soil, 0.55), light)
    left, right = x - wide / 2, x + wide / 2
    bottom = FLOOR + 78
    canvas.rectangle(left - 6, FLOOR + 8, right + 6, bottom + 6, wall, 16)
    canvas.rectangle(left - 6, FLOOR, right + 6, FLOOR + 40, wall)
    if kind == "spikes":
        for spike in range(4):
            foot, tip = left + spike * wide / 4, (left + (spike + 0.5) * wide / 4, FLOOR - 2)
            middle, end = (tip[0], bottom - 18), (foot + wide / 4, bottom - 18)
            canvas.polygon([(foot, bottom - 18), tip, end], tinted(surface, light))
            canvas.polygon([middle, tip, end], tinted(shaded(surface, 0.35), light))
        canvas.rectangle(left, bottom - 20, right, bottom, tinted(body, light), 6)
        return
    glow = light if kind == "water" else light._replace(tint=(1.0, 1.0, 1.0))
    with canvas.moving(Motion.SHIMMER):
        canvas.rectangle(left, FLOOR + 16, right, bottom, tinted(body, glow), 12)
        canvas.rectangle(left, FLOOR + 10, right, FLOOR + 22, tinted(surface, glow))
    if kind == "lava":
        level.stamp(x, FLOOR + 12, 60).shine(0, 0, 1.0, (255, 150, 60), 8)


def _platform(level: _Level, x: float, y: float) -> None:
    attributes, canvas, light = level.attributes, level.canvas, level.light
    body, top = (tinted(color, light) for color in PLATFORMS[attributes["platform"]])
    half = level.near(44, 56)
    if attributes["platform"] == "cloud":
        for dx, radius in ((-half * 0.6, 20), (half * 0.6, 20), (0, 26)):
            canvas.ellipse(x + dx - radius * 1.2, y - 6, x + dx + radius * 1.2, y + radius, body)
        canvas.rectangle(x - half, y - 3, x + half, y + 13, top, 8)
    else:
        under = mix(body, (40, 38, 84), 0.25)
        canvas.polygon(
            [
                (x - half + 4, y + 12),
                (x + half - 4, y + 12),
                (x + half * 0.55, y + 34),
                (x - half * 0.55, y + 34),
            ],
            body,
        )
        canvas.polygon(
            [
                (x + half * 0.2, y + 12),
                (x + half - 4, y + 12),
                (x + half * 0.55, y + 34),
                (x + half * 0.1, y + 34),
            ],
            under,
        )
        canvas.rectangle(x - half, y, x + half, y + 15, top, 6)


def _collectibles(level: _Level, x: float, y: float) -> None:
    kind = level.attributes["collectible"]
    if kind == "none":
        return
    for step in (-1, 0, 1):
        with level.thing("collectible"):
            COLLECTIBLES[kind](level.stamp(x + step * 36, y - (26 if step == 0 else 10), 28))


def _blocks(level: _Level, x: float, foot: float) -> None:
    if level.attributes["block"] == "none":
        return
    for step in range(2):
        with level.thing("block"):
            BLOCKS[level.attributes["block"]](level.stamp(x - 17 + step * 35, foot, 34))


def caption(attributes: dict[str, str], rng: np.random.Generator) -> str:
    """An English description of a random subset of the things in the picture, 8 to 35 words."""
    things = []
    for name in phrasing.present(THING_WORDS, attributes):
        single = attributes[name] in ("sun", "moon")  # seen from one side only
        if rng.random() < (0.3 if single else 0.8):
            things.append(phrasing.pick(rng, THING_WORDS[name][attributes[name]]))
    if attributes["structure"] != "none":
        noun = phrasing.pick(rng, WORDS["structure"][attributes["structure"]])
        things.append(f"{attributes['structure_color']} {noun}")
    order = rng.permutation(len(things))
    moments = []
    if rng.random() < 0.7:
        moments.append(phrasing.pick(rng, WORDS["sky"][attributes["sky"]]))
    place = phrasing.pick(rng, WORDS["theme"][attributes["theme"]])
    text = phrasing.assemble(place, moments, [things[index] for index in order], rng)
    if len(text.split()) < phrasing.MIN_WORDS:
        text = f"A scene from a video game, all around: {text}"
    return text
