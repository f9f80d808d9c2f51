"""Outdoor scenes all around the viewer: samples attributes, draws the panorama, captions it.

The only module a trainer needs for landscapes.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from mag_sandbox.renderer import palettes, phrasing
from mag_sandbox.renderer.canvas import HORIZON, RING_WIDTH, Canvas, Motion
from mag_sandbox.renderer.painters import nature
from mag_sandbox.renderer.painters.buildings import BUILDING_COLORS, BUILDINGS
from mag_sandbox.renderer.painters.outdoor_objects import balloon, bird, creature, fence
from mag_sandbox.renderer.painters.plants import PLANT_HEIGHT, PLANTS, flower, rock
from mag_sandbox.renderer.painters.stamp import Painting, Stamp, mix, tinted
from mag_sandbox.renderer.palettes import FLOWERS, LIGHTS, WEATHERS
from mag_sandbox.renderer.phrasing import pick
from mag_sandbox.renderer.version2.classes import UNNAMED


class Biome(NamedTuple):
    """The possible contents of a biome; a value named twice is twice as likely."""

    relief: tuple[str, ...]
    vegetation: tuple[str, ...]
    buildings: tuple[str, ...]
    water: tuple[str, ...]
    animals: tuple[str, ...]
    flowery: float  # chance of flowers
    weather: tuple[str, ...] = tuple(WEATHERS)


DRY = ("clear", "clear", "cloudy", "foggy")
WARM = ("clear", "clear", "cloudy", "foggy", "rainy")

BIOMES: dict[str, Biome] = {
    "meadow": Biome(
        ("hills", "hills", "mountains", "snowy peaks", "flat"),
        ("oak", "birch", "cypress", "pine", "bush", "mushroom"),
        ("cottage", "windmill", "tower", "castle", "barn", "tent"), ("none", "river", "lake"),
        ("none", "sheep", "deer"), 0.65,
    ),
    "farmland": Biome(
        ("hills", "flat"), ("oak", "cypress", "birch", "bush"), ("barn", "windmill", "cottage"),
        ("none", "river", "lake"), ("none", "sheep", "sheep"), 0.35,
    ),
    "forest": Biome(
        ("hills", "mountains", "snowy peaks"), ("pine", "pine", "oak", "birch", "mushroom"),
        ("cottage", "tower", "castle", "tent", "pagoda"), ("none", "river", "lake"),
        ("none", "deer"), 0.3,
    ),
    "autumn woods": Biome(
        ("hills", "mountains"), ("autumn", "maple", "bare"),
        ("cottage", "castle", "pagoda", "barn", "tower"), ("none", "river", "lake"),
        ("none", "deer"), 0.1, WARM,
    ),
    "desert": Biome(
        ("dunes", "dunes", "mesas", "flat"), ("cactus", "cactus", "palm", "none"),
        ("pyramid", "tower", "temple", "tent"), ("none", "none", "lake"), ("none", "camels"),
        0.0, DRY,
    ),
    "canyon": Biome(
        ("mesas",), ("cactus", "bare", "bush", "none"), ("tower", "tent", "temple", "cottage"),
        ("none", "river"), ("none",), 0.0, DRY,
    ),
    "savanna": Biome(
        ("flat", "hills", "mesas"), ("acacia", "acacia", "bush"), ("tent", "cottage", "tower"),
        ("none", "lake", "river"), ("none", "deer"), 0.1, WARM,
    ),
    "beach": Biome(
        ("hills", "mountains", "flat"), ("palm", "palm", "bush"),
        ("lighthouse", "lighthouse", "cottage", "temple"), ("sea",), ("none", "boats", "boats"),
        0.1, WARM,
    ),
    "snowfield": Biome(
        ("snowy peaks", "hills", "flat"), ("pine", "pine", "bare"),
        ("cottage", "tower", "castle", "tent", "lighthouse"), ("none", "ice"), ("none", "penguins"),
        0.0, ("clear", "cloudy", "foggy", "snowy", "snowy"),
    ),
    "tundra": Biome(
        ("mountains", "snowy peaks", "flat"), ("pine", "bush", "bare", "none"),
        ("cottage", "tent", "tower"), ("none", "lake", "river"), ("none", "deer"), 0.3,
    ),
    "swamp": Biome(
        ("flat", "hills"), ("bare", "mushroom", "oak"), ("cottage", "tower", "castle"),
        ("lake", "lake", "river"), ("none",), 0.2, WARM,
    ),
    "volcano": Biome(
        ("mountains", "mesas"), ("bare", "none", "mushroom"), ("tower", "castle", "temple"),
        ("lava", "lava", "none"), ("none",), 0.0, WARM,
    ),
    "cherry valley": Biome(
        ("hills", "mountains", "snowy peaks"), ("cherry",),
        ("pagoda", "pagoda", "temple", "cottage"), ("none", "river", "lake"),
        ("none", "sheep", "deer"), 0.5, WARM,
    ),
}  # fmt: skip
SUNLESS_WEATHER = ("rainy", "foggy")
FENCED = ("meadow", "farmland", "cherry valley", "autumn woods")
FLYERS = {"clear": ("none", "balloons", "birds"), "cloudy": ("none", "balloons", "birds")}


def sample(rng: np.random.Generator) -> dict[str, str]:
    """Attribute values that make a plausible scene."""
    one_of = partial(pick, rng)
    name = one_of(tuple(BIOMES))
    biome = BIOMES[name]
    time, weather = one_of(tuple(LIGHTS)), one_of(biome.weather)
    vegetation = one_of(biome.vegetation)
    building = one_of(biome.buildings) if rng.random() < 0.68 else "none"
    snowed = weather == "snowy"
    relief = one_of(biome.relief)
    # a white fence would vanish in the snow
    fences = ("none", "wooden") if snowed else ("none", "wooden", "white")
    water = one_of(biome.water)
    return {
        "biome": name,
        "time_of_day": time,
        "weather": weather,
        "relief": "snowy peaks" if relief == "mountains" and snowed else relief,
        "vegetation": vegetation,
        "density": "none" if vegetation == "none" else one_of(("sparse", "groups", "dense")),
        "building": building,
        "building_color": "none" if building == "none" else one_of(tuple(BUILDING_COLORS)),
        "water": "ice" if snowed and water == "lake" else water,
        "path": one_of(("none", "path", "road")) if name != "beach" else one_of(("none", "path")),
        "rocks": one_of(("none", "few", "many")),
        "flowers": one_of(tuple(FLOWERS))
        if not snowed and rng.random() < biome.flowery
        else "none",
        "celestial": _celestial(time, weather, one_of),
        "sky_objects": _in_the_air(time, weather, one_of),
        "animals": one_of(biome.animals),
        "fence": one_of(fences) if name in FENCED else "none",
    }


def _celestial(time: str, weather: str, one_of: Callable[[Sequence[str]], str]) -> str:
    if weather in SUNLESS_WEATHER or weather == "snowy":
        return "none"
    return "moon" if time in ("dusk", "night") else one_of(("sun", "sun", "none"))


def _in_the_air(time: str, weather: str, one_of: Callable[[Sequence[str]], str]) -> str:
    if time == "night" and weather == "clear":
        return "stars"
    return one_of(FLYERS.get(weather, ("none", "birds"))) if time != "night" else "none"


WORDS = phrasing.phrases_of_category("outdoor")
_NOT_THINGS = ("biome", "time_of_day", "weather", "building", "amount")
THING_WORDS = {name: WORDS[name] for name in WORDS if name not in _NOT_THINGS}
ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "biome": tuple(BIOMES), "time_of_day": tuple(palettes.LIGHTS),
    "weather": tuple(palettes.WEATHERS),
    "relief": ("flat", "hills", "mountains", "snowy peaks", "dunes", "mesas"),
    "vegetation": ("none", *PLANTS), "density": ("none", "sparse", "groups", "dense"),
    "building": ("none", *BUILDINGS), "building_color": ("none", *BUILDING_COLORS),
    "water": ("none", *palettes.WATERS), "path": ("none", "path", "road"),
    "rocks": ("none", "few", "many"), "flowers": ("none", *palettes.FLOWERS),
    "celestial": ("none", "sun", "moon"), "sky_objects": ("none", "balloons", "birds", "stars"),
    "animals": ("none", "sheep", "deer", "boats", "camels", "penguins"),
    "fence": ("none", "wooden", "white"),
}  # fmt: skip

SUN_HEIGHT = {"dawn": 152, "noon": 62, "afternoon": 96, "sunset": 150, "dusk": 80, "night": 78}
# row of the foot, the attribute that it shows, the name of its colour, how to paint it
Items = list[tuple[float, str, str | None, Callable[[], None]]]

SLOTS = 8  # places for subjects around the ring, 45 degrees each
PLANTS_PER_SLOT = {"none": 0, "sparse": 2, "groups": 4, "dense": 6}
ROCKS_PER_RING = {"none": 0, "few": 8, "many": 18}


class _Scene(Painting):
    def __init__(
        self, attributes: dict[str, str], rng: np.random.Generator, canvas: Canvas
    ) -> None:
        self.weather = palettes.WEATHERS[attributes["weather"]]
        light = palettes.weathered(palettes.LIGHTS[attributes["time_of_day"]], self.weather)
        super().__init__(attributes, rng, canvas, light)
        self.ground = ground = palettes.GROUNDS[attributes["biome"]]
        snowed = attributes["weather"] == "snowy"
        if snowed:
            self.ground = palettes.SNOW_GROUND._replace(mountain=ground.mountain)
        self.snow = 1.0 if snowed or attributes["biome"] == "snowfield" else 0.0
        self.wet: list[Callable[[float, float], bool]] = []  # where nothing can stand

    def standing(self, x: float, y: float, size: float) -> Stamp:
        """An object of height `size` with its foot at (x, y), hazier the farther it stands."""
        far = float(np.clip(1 - (y - HORIZON) / 60, 0, 1))
        haze = min(0.75, far * (0.28 + self.weather.haze * 1.2) + self.weather.haze * 0.3)
        return self.stamp(x, y, size, haze)

    def aloft(self, x: float, y: float, size: float) -> Stamp:
        """An object in the air, at middle distance."""
        return self.stamp(x, y, size, 0.08 + self.weather.haze)

    def dry(self, x: float, y: float) -> bool:
        """Whether something can stand at (x, y): neither in water nor on a path."""
        return not any(covers(x, y) for covers in self.wet)

    def slot(self, index: float) -> float:
        return self.offset + index * RING_WIDTH / SLOTS


def draw(attributes: dict[str, str], rng: np.random.Generator, canvas: Canvas) -> None:
    """Paint the landscape; the same for the same attributes and generator."""
    scene = _Scene(attributes, rng, canvas)
    with scene.canvas.moving(Motion.SKY):
        _paint_sky(scene)
    with scene.thing("relief"):
        _paint_relief(scene)
    _paint_ground(scene)
    if attributes["weather"] == "foggy":
        nature.fog(scene.canvas, scene.light)
    _paint_subjects(scene)
    _paint_air(scene)


def _paint_sky(scene: _Scene) -> None:
    canvas, light, rng = scene.canvas, scene.light, scene.rng
    nature.sky(canvas, light)
    if scene.attributes["sky_objects"] == "stars":
        with scene.thing("sky_objects"):
            nature.stars(canvas, light, rng)
    x = scene.near(0, RING_WIDTH)
    y = SUN_HEIGHT[scene.attributes["time_of_day"]] + scene.near(-12, 8)
    disc = None
    if (celestial := scene.attributes["celestial"]) != "none":
        disc = x, y
        with scene.thing("celestial"):
            nature.DISCS[celestial](canvas, light, x, y, scene.near(22, 30))
    weather = scene.weather
    # clear weather has clouds too, but no caption names them
    cloudy = scene.attributes["weather"] == "cloudy"
    named = ("weather", "cloudy") if cloudy else (UNNAMED, "cloud")
    nature.clouds(canvas, light, rng, weather.clouds, weather.cloud_size, named, clear_of=disc)


def _paint_relief(scene: _Scene) -> None:
    canvas, light, rng, ground = scene.canvas, scene.light, scene.rng, scene.ground
    relief, haze = scene.attributes["relief"], scene.weather.haze
    if relief == "flat":
        nature.low_land(canvas, light, rng, ground.hill, haze)
    elif relief == "hills":
        nature.hills(canvas, light, rng, ground.hill, haze)
    elif relief == "dunes":
        nature.dunes(canvas, light, rng, ground.hill, haze)
    elif relief == "mesas":
        nature.mesas(canvas, light, rng, ground.mountain, haze)
    else:
        snow = 0.38 if relief == "snowy peaks" or scene.snow else 0.0
        nature.mountains(canvas, light, rng, ground.mountain, haze, snow)


def _paint_ground(scene: _Scene) -> None:
    canvas, light, rng, ground = scene.canvas, scene.light, scene.rng, scene.ground
    kind, haze = scene.attributes["water"], scene.weather.haze
    nature.ground(canvas, light, rng, ground.far, ground.near, haze)
    if kind != "sea":
        nature.patches(canvas, light, rng, ground.far, ground.near)
    if kind == "sea":
        with canvas.moving(Motion.SHIMMER), scene.thing("water"):
            nature.sea(canvas, light, rng, palettes.WATERS["sea"])
        foam = mix(ground.far, (255, 255, 255), 0.6)
        shore = nature.profile(rng, 240, 7, (3, 5, 8))
        nature.fill_below(canvas, shore, tinted(foam, light))
        nature.fill_below(canvas, [(x, y + 6) for x, y in shore], tinted(ground.far, light))
        middle = mix(ground.far, ground.near, 0.5)
        nature.fill_below(canvas, nature.profile(rng, 276, 10, (2, 5)), tinted(middle, light))
        nature.fill_below(canvas, nature.profile(rng, 328, 12, (3, 4)), tinted(ground.near, light))
    elif kind == "river":
        body, shine = (tinted(color, light) for color in palettes.WATERS["river"])
        for index in (1.5, 5.5):
            x, bend = scene.slot(index), scene.near(60, 100)
            nature.band_down(canvas, x, bend, 204, 190, tinted(ground.near, light))
            with canvas.moving(Motion.SHIMMER), scene.thing("water"):
                nature.band_down(canvas, x, bend, 204, 168, body)
                nature.band_down(canvas, x - 4, bend, 208, 60, shine)
            scene.wet.append(_band_cover(x, bend, 204, 190))
    elif kind in palettes.WATERS:
        for index in range(0, SLOTS, 2):
            x, y = scene.slot(index + 0.55) + scene.near(-14, 14), scene.near(250, 268)
            half = scene.near(70, 108)
            with canvas.moving(Motion.SHIMMER if kind != "ice" else None), scene.thing("water"):
                nature.pond(canvas, light, x, y, half, palettes.WATERS[kind])
            scene.wet.append(_pond_cover(x, y, half))
            if kind == "lava":
                scene.standing(x % RING_WIDTH, y, 100).shine(0, 0, 1.3, (255, 140, 60), 9)
    if scene.attributes["path"] != "none":
        color = ground.path if scene.attributes["path"] == "path" else (136, 136, 152)
        for index in (3.5, 7.5):
            x, bend = scene.slot(index), scene.near(-70, 70)
            top = 246 if kind == "sea" else 206
            with scene.thing("path"):
                nature.band_down(canvas, x, bend, top, 150, tinted(color, light))
                if scene.attributes["path"] == "road":
                    nature.band_down(canvas, x, bend, top + 10, 14, tinted((240, 232, 210), light))
            scene.wet.append(_band_cover(x, bend, top, 150))
    if scene.attributes["weather"] == "rainy":
        for index in range(10):
            x, y = scene.slot(index * 0.8) + scene.near(0, 60), scene.near(268, 350)
            puddle = (140, 160, 190), (196, 210, 228)
            with canvas.moving(Motion.SHIMMER), canvas.thing(UNNAMED, "puddle"):
                nature.pond(canvas, light, x, y, (y - 200) * 0.3, puddle)


def _paint_subjects(scene: _Scene) -> None:
    items: Items = []
    on_shore = 254 if scene.attributes["water"] == "sea" else 0
    blocked = _place_buildings(scene, items, on_shore)
    _place_plants(scene, items, on_shore, blocked)
    _place_small_things(scene, items, on_shore)
    for _, attribute, color, paint in sorted(items, key=lambda item: item[0]):
        with scene.thing(attribute, color):
            paint()


def _place_buildings(scene: _Scene, items: Items, on_shore: float) -> list[tuple[float, float]]:
    kind = scene.attributes["building"]
    if kind == "none":
        return []
    color = scene.attributes["building_color"]
    wall, roof = BUILDING_COLORS[color]
    drawn, height = BUILDINGS[kind]
    if scene.snow:
        roof = (244, 248, 255)
    blocked = []
    for index in range(0, SLOTS, 2):
        x = (scene.slot(index) + scene.near(-34, 34)) % RING_WIDTH
        near = scene.near(0, 1)
        y = max(on_shore, 216 + near * 22)
        size = height * (0.82 + near * 0.45)
        blocked.append((x, y))
        stamp = scene.standing(x, y, size)
        paint = partial(drawn, stamp, wall, roof)
        items.append((y, "building", color, paint))
    return blocked


def _place_plants(
    scene: _Scene, items: Items, on_shore: float, blocked: list[tuple[float, float]]
) -> None:
    kind = scene.attributes["vegetation"]
    for index in range(SLOTS):
        for _ in range(PLANTS_PER_SLOT[scene.attributes["density"]]):
            x = (scene.slot(index + 0.5) + scene.near(-74, 74)) % RING_WIDTH
            near = scene.near(0, 1) ** 1.6
            y = max(on_shore, 206 + near * 62)
            size = (56 + near * 84) * PLANT_HEIGHT.get(kind, 1.0) * scene.near(0.85, 1.15)
            hides = any(_ring_gap(x, bx) < 62 and y > by - 4 for bx, by in blocked)
            if hides or not scene.dry(x, y):
                continue
            stamp = scene.standing(x, y + scene.near(0, 3), size)
            paint = partial(PLANTS[kind], stamp, scene.rng, scene.snow)
            items.append((y, "vegetation", None, paint))


def _place_small_things(scene: _Scene, items: Items, on_shore: float) -> None:
    attributes, rng = scene.attributes, scene.rng
    count = ROCKS_PER_RING[attributes["rocks"]]
    for index in range(count):
        x, y = scene.slot(index * SLOTS / count) + scene.near(0, 70), scene.near(226, 318)
        size, y = (y - 186) * scene.near(0.22, 0.4), max(on_shore, y)
        if not scene.dry(x, y):
            continue
        stamp = scene.standing(x, y, size)
        paint = partial(rock, stamp, rng, scene.snow, scene.ground.rock)
        items.append((y, "rocks", None, paint))
    if attributes["animals"] != "none":
        afloat = attributes["animals"] == "boats"
        for index in range(SLOTS):
            x = scene.slot(index + 0.2) + scene.near(-30, 30)
            y = scene.near(214, 230) if afloat else max(on_shore, scene.near(244, 300))
            if not afloat and not scene.dry(x, y):
                continue
            stamp = scene.standing(x, y, (y - 170) * 0.48)
            items.append((y, "animals", None, partial(creature, stamp, attributes["animals"])))
    if attributes["fence"] != "none":
        for place in (0.5, 2.5, 4.5, 6.5):
            x, y = scene.slot(place) + scene.near(-12, 12), scene.near(298, 310)
            stamp = scene.standing(x, y, 28)
            kind = attributes["fence"]
            items.append((y, "fence", kind, partial(fence, stamp, kind)))
    if attributes["flowers"] != "none":
        for index in range(56):
            x, y = index * RING_WIDTH / 56 + scene.near(0, 40), scene.near(250, 374)
            if not scene.dry(x, y):
                continue
            stamp = scene.standing(x, y, 8 + (y - 240) * 0.085)
            color = attributes["flowers"]
            items.append((y, "flowers", color, partial(flower, stamp, palettes.FLOWERS[color])))


def _paint_air(scene: _Scene) -> None:
    kind = scene.attributes["sky_objects"]
    for index in range(SLOTS):
        x, y = scene.slot(index + 0.5) + scene.near(-50, 50), scene.near(60, 138)
        if kind == "balloons" and index % 4 != 3:
            with scene.thing("sky_objects"):
                balloon(scene.aloft(x, y, scene.near(44, 70)), scene.rng)
        elif kind == "birds":
            for aside, down, low, high in ((0, 0, 22, 34), (36, 16, 16, 24)):
                with scene.thing("sky_objects"):
                    bird(scene.aloft(x + aside, y + down, scene.near(low, high)))
    if scene.attributes["weather"] == "snowy":
        flake = tinted((255, 255, 255), scene.light, 0.15)
        with scene.thing("weather"):
            for index in range(64):
                x, y = index * 20 + scene.near(0, 20), scene.near(0, 300)
                reach = scene.near(2.6, 4.0)
                scene.canvas.ellipse(x - reach, y - reach, x + reach, y + reach, (*flake, 220))


def _pond_cover(pond_x: float, pond_y: float, half: float) -> Callable[[float, float], bool]:
    def covers(x: float, y: float) -> bool:
        return _ring_gap(x, pond_x) < half + 14 and abs(y - pond_y) < half * 0.17 + 8

    return covers


def _band_cover(
    band_x: float, bend: float, top: float, width: float
) -> Callable[[float, float], bool]:
    def covers(x: float, y: float) -> bool:
        middle, half = nature.band_at(band_x, bend, top, width, y)
        return y > top and _ring_gap(x, middle) < half + 10

    return covers


def _ring_gap(first: float, second: float) -> float:
    gap = abs(first - second) % RING_WIDTH
    return min(gap, RING_WIDTH - gap)


def caption(attributes: dict[str, str], rng: np.random.Generator) -> str:
    """An English description of a random subset of the things in the picture, 8 to 35 words."""
    things = []
    for name in phrasing.present(THING_WORDS, attributes):
        # one sun cannot be seen from every side, so it is named less often
        if rng.random() < (0.3 if name == "celestial" else 0.8):
            phrase = phrasing.pick(rng, THING_WORDS[name][attributes[name]])
            if name == "vegetation" and rng.random() < 0.5:
                density = WORDS["amount"][attributes["density"]]
                phrase = f"{phrasing.pick(rng, density)} {phrase}"
            things.append(phrase)
    if attributes["building"] != "none":
        noun = phrasing.pick(rng, WORDS["building"][attributes["building"]])
        if rng.random() < 0.85:
            noun = f"{attributes['building_color']} {noun}"
        plural = noun.endswith("s") or " " in noun.removeprefix(attributes["building_color"] + " ")
        things.append(noun if plural else phrasing.article(noun))
    order = rng.permutation(len(things))
    moments = [
        phrasing.pick(rng, WORDS[name][attributes[name]])
        for name in ("time_of_day", "weather")
        if rng.random() < (0.35 if attributes[name] == "clear" else 0.88)
    ]
    places = WORDS["biome"][attributes["biome"]]
    # the other names tell the ground's colour, which snow hides
    place = places[0] if attributes["weather"] == "snowy" else phrasing.pick(rng, places)
    text = phrasing.assemble(place, moments, [things[index] for index in order], rng)
    if len(text.split()) < phrasing.MIN_WORDS:
        text = f"A wide view all around, a calm landscape: {text}"
    return text
