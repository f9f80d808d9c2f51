"""The ambience of every name: which recipe makes it, how loud it is, and a small cache.

The same name, seed and rate always give the same sounds.
"""

import functools
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from mag_sandbox.sandbox.audio import places, tunes
from mag_sandbox.sandbox.audio.places import Sources
from mag_sandbox.sandbox.audio.placing import Ambience, ear_gains
from mag_sandbox.sandbox.audio.synthesis import Synth
from mag_sandbox.scenes import Scene

RATE = 48_000  # samples a second
CACHED = 2  # ambiences kept; each takes 10 to 30 MB
DIRECTIONS = tuple(range(0, 360, 30))  # in which loudness is averaged
WORDS = (  # the first line with a word of the prompt decides
    ("rain", ("rain", "rainy", "storm", "thunderstorm")),
    ("fireplace", ("fireplace", "hearth", "campfire", "chimney")),
    ("waves", ("beach", "sea", "seashore", "coast", "ocean", "harbour", "harbor", "lighthouse")),
    ("cave", ("cave", "cavern", "caverns", "dungeon", "grotto", "mine")),
    ("crickets", ("night", "dusk", "twilight", "swamp", "marsh", "moon")),
    ("wind", ("desert", "snow", "snowfield", "snowy", "tundra", "canyon", "volcano", "volcanic")),
    ("chimes", ("temple", "temples", "pagoda", "pagodas", "cherry")),
    ("stream", ("stream", "river", "brook", "waterfall")),
    ("clock", ("kitchen", "clock")),
    ("hum", ("robot", "robots", "machine", "machines", "computer", "computers", "station")),
    ("hall", ("gallery", "museum", "hall", "showroom", "stage")),
)
BY_CATEGORY = {"indoor": "room", "outdoor": "birds", "object": "hall", "video game": "arcade"}
GAME_WORDS = ("game", "level", "platform", "platforms", "pixel")
ICE_WORDS = ("ice", "crystal", "crystals", "frozen", "cave")
INDOOR_WORDS = (
    "room",
    "kitchen",
    "bedroom",
    "bathroom",
    "library",
    "study",
    "bookshelf",
    "sofa",
    "bed",
)


@dataclass(frozen=True, slots=True)
class AmbienceRecipe:
    """How an ambience is made."""

    make: Callable[[Synth], Sources]
    level: float  # mean loudness of an ear at full volume [dBFS, RMS]


RECIPES = {
    "arcade": AmbienceRecipe(tunes.arcade, -23.0),
    "birds": AmbienceRecipe(places.birds, -24.0),
    "cave": AmbienceRecipe(places.cave, -25.0),
    "chimes": AmbienceRecipe(places.chimes, -23.0),
    "clock": AmbienceRecipe(places.clock, -26.0),
    "crickets": AmbienceRecipe(places.crickets, -25.0),
    "crystals": AmbienceRecipe(tunes.crystals, -22.0),
    "fireplace": AmbienceRecipe(places.fireplace, -23.0),
    "hall": AmbienceRecipe(places.hall, -25.0),
    "hum": AmbienceRecipe(places.hum, -24.0),
    "rain": AmbienceRecipe(places.rain, -22.0),
    "room": AmbienceRecipe(places.room, -26.0),
    "silence": AmbienceRecipe(lambda synth: (), -26.0),
    "stream": AmbienceRecipe(places.stream, -23.0),
    "waves": AmbienceRecipe(places.waves, -20.0),
    "wind": AmbienceRecipe(places.wind, -21.0),
}


@functools.lru_cache(maxsize=CACHED)
def make_ambience(name: str, seed: int, rate: int = RATE) -> Ambience:
    """Return an ambience of RECIPES; takes up to half a second, so not on the window's thread."""
    recipe = RECIPES[name]
    synth = Synth(rate, np.random.default_rng([seed, zlib.crc32(name.encode())]))
    return Ambience(name, _levelled(recipe.make(synth), recipe.level))


def _levelled(sources: Sources, level: float) -> Sources:
    if not sources:
        return sources
    power = np.array([np.mean(np.square(source.loop)) for source in sources])
    heard = np.mean([ear_gains(sources, yaw) ** 2 @ power for yaw in DIRECTIONS])
    scale = np.float32(10 ** (level / 20) / np.sqrt(heard))
    return tuple(replace(source, loop=_frozen(source.loop * scale)) for source in sources)


def _frozen(loop: np.ndarray) -> np.ndarray:
    loop = np.ascontiguousarray(loop, np.float32)
    loop.flags.writeable = False  # it is shared by the cache and the device's thread
    return loop


def suggest_ambience(scene: Scene) -> str:
    """Return the scene's ambience, or one that fits its words, or else its category."""
    if scene.ambience is not None:
        return scene.ambience
    words = set(re.findall(r"[a-z]+", scene.prompt.lower()))
    if scene.category == "video game" or words.intersection(GAME_WORDS):
        return "crystals" if words.intersection(ICE_WORDS) else "arcade"
    inside = scene.category == "indoor" or bool(words.intersection(INDOOR_WORDS))
    for name, hints in WORDS:
        outside_only = name in ("waves", "wind", "stream", "crickets", "chimes")
        if words.intersection(hints) and not (inside and outside_only):
            return name
    return "room" if inside else BY_CATEGORY[scene.category]
