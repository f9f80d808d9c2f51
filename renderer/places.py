"""Places and levels: what they contain, and the words for them. Only data."""

from mag_sandbox.renderer.game_themes import THEMES
from mag_sandbox.scenes.places import PlaceKind, read_places

NOTHING = "none"
LEVEL_WORDS = {
    "grassland": (
        "platform game on grassland", "grassy game world", "green jump and run level",
        "platform level", "platform game",
    ),
    "dungeon": (
        "dungeon level", "dark dungeon", "stone dungeon game",
        "boss arena", "dungeon with torches",
    ),
    "candy land": ("candy land", "sweet candy world", "candy game level"),
    "space station": ("space station", "space game level", "station in outer space"),
    "neon city": ("neon city", "neon city game", "glowing night city", "neon city at night"),
    "ice cave": ("ice world", "ice cave level", "frozen game world"),
    "desert ruins": ("desert ruins level", "game world of desert ruins", "sandy ruin level"),
    "haunted forest": (
        "haunted forest", "spooky forest level",
        "haunted game world", "haunted wood",
    ),
    "lava world": ("lava world", "volcano game level", "hot lava level", "lava cave"),
    "mushroom kingdom": ("mushroom kingdom", "mushroom world", "mushroom game level"),
    "sky islands": (
        "world in the sky", "sky island level", "game level above the clouds",
        "floating islands", "islands in the sky",
    ),
    "jungle": ("jungle level", "jungle game world", "green jungle platform game"),
}  # fmt: skip


def _levels() -> dict[str, PlaceKind]:
    names = {
        "oak": "oak", "cherry": "cherry tree", "bare": "bare tree", "crystal": "crystal cluster",
        "crystals": "crystal cluster", "mushrooms": "mushroom", "skyscrapers": "skyscraper",
        "columns": "ruin", "clouds": NOTHING, "hills": "hills", "mountains": "mountains",
        "lava": "lava pit", "water": "water pit",
    }  # fmt: skip
    levels = {}
    for name, theme in THEMES.items():
        fields = {
            "plants": theme.plants, "flat": theme.hazards, "far": theme.structures,
            "backdrop": theme.backdrops, "platforms": theme.platforms, "sky": theme.skies,
            "sky object": theme.sky_objects,
        }  # fmt: skip
        options = {
            field: tuple(names.get(value, value) for value in values)
            for field, values in fields.items()
        }
        levels[name] = PlaceKind(name, "video game", LEVEL_WORDS[name], options)
    return levels


# places that were added since the scenes of training and of the bars were drawn: a seed has to
# draw the same scene as then
NOT_RENDERED = frozenset(("rocky coast",))
PLACES: dict[str, PlaceKind] = {
    **{name: place for name, place in read_places().items() if name not in NOT_RENDERED},
    "stage": PlaceKind("stage", "object", ("stage", "studio", "show stage", "exhibition"), {}),
    **{f"{name} level": place for name, place in _levels().items()},
}
