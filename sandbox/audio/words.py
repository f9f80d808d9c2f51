"""Which ambience suits a scene that names none, as one written by the player does."""

import re

from mag_sandbox.scenes import Scene

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
