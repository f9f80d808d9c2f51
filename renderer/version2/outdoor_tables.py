"""What outdoor scenes are made of: light and colours, which attributes go together, and the words.

Tables, the sampler that keeps to them, and how weather changes a light.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from mag_sandbox.renderer.painters.buildings import BUILDING_COLORS
from mag_sandbox.renderer.palettes import FLOWERS, LIGHTS, WEATHERS
from mag_sandbox.renderer.phrasing import pick


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


PLACES: dict[str, tuple[str, ...]] = {
    "meadow": ("meadow", "green meadow", "grassland", "grassy field"),
    "farmland": ("farmland", "golden farmland", "countryside of fields", "farm country"),
    "forest": ("forest", "green forest", "woodland", "forest clearing"),
    "autumn woods": ("autumn woods", "autumn forest", "orange autumn landscape"),
    "desert": ("desert", "sandy desert", "dry desert", "desert of yellow sand"),
    "canyon": ("canyon", "red canyon", "canyon land", "red rock desert"),
    "savanna": ("savanna", "dry savanna", "golden savanna"),
    "beach": ("beach", "sandy beach", "seashore", "coast"),
    "snowfield": ("snowfield", "snowy plain", "white winter landscape", "land of snow"),
    "tundra": ("tundra", "cold tundra", "barren tundra"),
    "swamp": ("swamp", "dark swamp", "marsh", "boggy swamp"),
    "volcano": ("volcanic land", "volcano land", "dark volcanic plain"),
    "cherry valley": ("cherry valley", "spring valley", "valley in spring"),
}
MOMENTS: dict[str, dict[str, tuple[str, ...]]] = {
    "time_of_day": {
        "dawn": ("at dawn", "at sunrise", "in the early morning", "in pink morning light"),
        "noon": ("at noon", "by day", "in daylight", "at midday"),
        "afternoon": ("in the afternoon", "on a warm afternoon", "in warm light"),
        "sunset": ("at sunset", "in the evening", "under an orange sky", "in evening light"),
        "dusk": ("at dusk", "at twilight", "under a purple sky"),
        "night": ("at night", "by night", "under a dark sky", "in the night"),
    },
    "weather": {
        "clear": ("in clear weather", "under a clear sky"),
        "cloudy": ("under many clouds", "in cloudy weather", "with a cloudy sky"),
        "foggy": ("in fog", "in the mist", "on a foggy day"),
        "rainy": ("in the rain", "in rainy weather", "under dark rain clouds"),
        "snowy": ("in snow", "in snowy weather", "covered in snow"),
    },
}
BUILDING_NOUNS: dict[str, tuple[str, ...]] = {
    "cottage": ("cottages", "houses", "homes", "cottage", "house"),
    "tower": ("towers", "towers with pointed roofs", "tower"),
    "windmill": ("windmills", "windmill"),
    "barn": ("barns", "barn", "farm buildings"),
    "castle": ("castles", "castle", "castles with towers"),
    "lighthouse": ("lighthouses", "lighthouse", "lighthouses with lamps"),
    "tent": ("tents", "tent", "tents for camping"),
    "pyramid": ("pyramids", "pyramid", "stone pyramids"),
    "pagoda": ("pagodas", "pagoda", "temple towers"),
    "temple": ("temples", "temple", "temples with columns"),
}
THINGS: dict[str, dict[str, tuple[str, ...]]] = {
    "vegetation": {
        "pine": ("pine trees", "pines", "fir trees", "evergreen trees"),
        "oak": ("green trees", "round trees", "oak trees", "leafy trees"),
        "birch": ("birch trees", "birches", "light green trees"),
        "autumn": ("orange trees", "autumn trees", "trees with orange leaves"),
        "maple": ("red trees", "red maples", "maple trees"),
        "cherry": ("cherry trees", "pink trees", "blossoming trees", "cherry blossoms"),
        "cypress": ("cypresses", "tall thin trees", "slender trees"),
        "palm": ("palm trees", "palms", "tall palms"),
        "cactus": ("cacti", "tall cacti", "green cactuses"),
        "acacia": ("acacia trees", "flat trees", "acacias"),
        "bare": ("bare trees", "dead trees", "leafless trees"),
        "mushroom": ("giant mushrooms", "big mushrooms", "huge toadstools"),
        "bush": ("bushes", "green bushes", "shrubs"),
    },
    "relief": {
        "flat": ("flat land", "a flat horizon"),
        "hills": ("rolling hills", "hills", "soft hills"),
        "mountains": ("mountains", "high mountains", "rocky mountains"),
        "snowy peaks": ("snowy mountains", "snowy peaks", "snow capped mountains"),
        "dunes": ("dunes", "sand dunes", "high dunes"),
        "mesas": ("mesas", "table mountains", "flat topped rocks"),
    },
    "water": {
        "river": ("a river", "a winding river", "a blue stream"),
        "lake": ("a lake", "small lakes", "ponds", "blue water"),
        "sea": ("the sea", "the ocean", "blue sea"),
        "ice": ("frozen lakes", "ice", "a frozen pond"),
        "lava": ("lava", "pools of lava", "glowing lava"),
    },
    "path": {
        "path": ("a path", "a winding path", "a trail"),
        "road": ("a road", "a grey road", "a wide road"),
    },
    "rocks": {
        "few": ("a few rocks", "some rocks", "some stones"),
        "many": ("many rocks", "boulders", "lots of stones"),
    },
    "flowers": {
        color: (f"{color} flowers", f"big {color} flowers", f"{color} blooms")
        for color in ("red", "yellow", "white", "purple", "pink", "blue")
    },
    "celestial": {
        "sun": ("the sun", "a bright sun", "the sun in the sky"),
        "moon": ("the moon", "a full moon", "a bright moon"),
    },
    "sky_objects": {
        "balloons": ("hot air balloons", "colourful balloons", "balloons in the sky"),
        "birds": ("birds", "flying birds", "birds in the sky"),
        "stars": ("stars", "bright stars", "a starry sky"),
    },
    "animals": {
        "sheep": ("sheep", "white sheep", "a flock of sheep"),
        "deer": ("deer", "brown deer", "grazing deer"),
        "boats": ("sailing boats", "boats", "white sails"),
        "camels": ("camels", "brown camels"),
        "penguins": ("penguins", "black and white penguins"),
    },
    "fence": {
        "wooden": ("a wooden fence", "wooden fences", "a brown fence"),
        "white": ("a white fence", "white fences"),
    },
}
DENSITY: dict[str, tuple[str, ...]] = {
    "sparse": ("a few", "some", "scattered"),
    "groups": ("groups of", "clusters of", "some"),
    "dense": ("many", "lots of", "plenty of"),
}
