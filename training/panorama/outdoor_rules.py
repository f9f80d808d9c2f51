"""Which outdoor attributes go together: the kinds of plants, buildings and animals of a biome.

Only the rules and the sampler. Knows nothing of drawing or words.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from mag_sandbox.training.panorama.buildings import BUILDING_COLORS
from mag_sandbox.training.panorama.outdoor_palettes import FLOWERS, LIGHTS, WEATHERS

Picker = Callable[[tuple[str, ...]], str]


class Biome(NamedTuple):
    """What a biome may contain; a value named twice is twice as likely."""

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

    def pick(options: tuple[str, ...]) -> str:
        return str(options[int(rng.integers(len(options)))])

    name = pick(tuple(BIOMES))
    biome = BIOMES[name]
    time, weather = pick(tuple(LIGHTS)), pick(biome.weather)
    vegetation = pick(biome.vegetation)
    building = pick(biome.buildings) if rng.random() < 0.68 else "none"
    snowed = weather == "snowy"
    relief = pick(biome.relief)
    # a white fence would vanish in the snow
    fences = ("none", "wooden") if snowed else ("none", "wooden", "white")
    water = pick(biome.water)
    return {
        "biome": name,
        "time_of_day": time,
        "weather": weather,
        "relief": "snowy peaks" if relief == "mountains" and snowed else relief,
        "vegetation": vegetation,
        "density": "none" if vegetation == "none" else pick(("sparse", "groups", "dense")),
        "building": building,
        "building_color": "none" if building == "none" else pick(tuple(BUILDING_COLORS)),
        "water": "ice" if snowed and water == "lake" else water,
        "path": pick(("none", "path", "road")) if name != "beach" else pick(("none", "path")),
        "rocks": pick(("none", "few", "many")),
        "flowers": pick(tuple(FLOWERS)) if not snowed and rng.random() < biome.flowery else "none",
        "celestial": _celestial(time, weather, pick),
        "sky_objects": _in_the_air(time, weather, pick),
        "animals": pick(biome.animals),
        "fence": pick(fences) if name in FENCED else "none",
    }


def _celestial(time: str, weather: str, pick: Picker) -> str:
    if weather in SUNLESS_WEATHER or weather == "snowy":
        return "none"
    return "moon" if time in ("dusk", "night") else pick(("sun", "sun", "none"))


def _in_the_air(time: str, weather: str, pick: Picker) -> str:
    if time == "night" and weather == "clear":
        return "stars"
    return pick(FLYERS.get(weather, ("none", "birds"))) if time != "night" else "none"
