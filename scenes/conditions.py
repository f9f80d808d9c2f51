"""The light, the weather and the season that a description gives its place."""

from itertools import chain
from math import prod
from typing import NamedTuple

from mag_sandbox.scenes.color_names import COLORS, SAME_COLORS, color_word
from mag_sandbox.scenes.kinds import FALLING, KINDS
from mag_sandbox.scenes.naming import named_things, naming_words, silent_words
from mag_sandbox.scenes.places import WINDOWLESS, PlaceKind, built_of, known_place, place_of
from mag_sandbox.scenes.rewordings import COLORED_SKY, COLORED_WALLS
from mag_sandbox.scenes.vocabulary import (
    WEATHER,
    Vocabulary,
    any_case,
    phrase_stems,
    split_words,
    stem,
    text_stems,
)

FITTINGS = any_case(
    r"\b(?:walls?|floor|ceiling|curtains?|carpets?|rugs?|shel(?:f|ves)|paintings?|counters?)\b"
)
_DARK_FITTINGS = any_case(rf"\bdark (?=(?:\w+ )?{FITTINGS.pattern})")  # by day, too
BY_DAY = {"outdoor": ("by day", "under a clear sky"), "indoor": ("in bright daylight", "")}
SPOKEN = {
    what: frozenset(map(stem, words.split()))
    for what, words in {
        "day": "day noon midday daylight sunny",
        "afternoon": "afternoon",
        "night": "night midnight moonlight",
        "fog": "fog foggy mist misty",
        "rain": "rain rainy raining",
        "snow": "snow snowy snowfield snowstorm snowfall winter",
        "storm": "storm stormy thunder thunderstorm lightning",
        "thunder": "thunder thunderstorm lightning",
    }.items()
}
_NOON = any_case(r",? ?\b(at|around|in the) ((high )?noon|midday)\b")
_EVENING_LIGHT = any_case(r"\bevening light\b")  # of lamps
OUTSIDE_ROOMS = {  # skies in windows, and stems that say so
    "sunset": frozenset(map(stem, ("sunset", "sundown", "sunrise", "dawn", "evening"))),
    "dusk": frozenset(map(stem, ("dusk", "twilight"))),
    "night": SPOKEN["night"],
}
_IN_SPACE = "spaceship"  # a place
_MATERIALS = {"dungeon room": "stone", "cave": "rock", _IN_SPACE: "metal"}  # of the walls of places
_COLORS_OF = {"stone": COLORS["grey"], "rock": COLORS["grey"], "metal": (196, 202, 210)}
_LIGHTS = {  # red, green and blue of lights, as shares of a clear day's; source: the renderer's
    "outdoor": (
        ({"dawn", "sunrise", "morning"}, (1.0, 0.9, 0.9)),
        ({"afternoon"}, (1.04, 0.98, 0.84)),
        ({"sunset", "sundown", "evening"}, (1.0, 0.73, 0.66)),
        ({"dusk", "twilight"}, (0.78, 0.67, 0.86)),
        ({"night", "midnight", "moonlight", "dark"}, (0.6, 0.66, 0.92)),
        ({"rain", "snow"}, (0.92, 0.92, 0.92)),
        ({"storm", "thunderstorm"}, (0.8, 0.82, 0.86)),
    ),
    "indoor": (
        ({"sunset", "sundown", "evening", "dusk", "twilight", "dawn"}, (0.91, 0.77, 0.72)),
        ({"lamplight", "candlelight"}, (0.78, 0.66, 0.58)),
        ({"night", "midnight", "moonlight", "dark", "dim"}, (0.59, 0.59, 0.74)),
    ),
}
_STAGE_LIGHTS = {"pink": (1.0, 0.83, 0.94), "blue": (0.77, 0.84, 1.0), "warm": (1.0, 0.86, 0.7)}
STAGE_LIGHT = any_case(rf"\b(?P<color>{'|'.join(_STAGE_LIGHTS)}) (?:stage |spot)?lights?\b")
_COLORED_BACKDROP = any_case(
    rf"\b(?P<color>{'|'.join((*COLORS, *SAME_COLORS))}) (?:background|backdrop|walls?)\b"
)
_TIMES = frozenset(map(stem, chain(*(names for names, _ in _LIGHTS["outdoor"][:5]))))
DUSK = "under a purple sky"
GAME_SKIES = (  # times of day in games, and how the planner knows these; at dawn skies differ
    (any_case(r"\b(at|in the) (sunset|sundown|evening)\b"), "under an orange sky"),
    (any_case(r"\b(at|in the) (dusk|twilight)\b"), DUSK),
)
STAGE_TIMES = (  # which lamps show on stages, where no day is seen
    (
        any_case(
            r"\b((by|in|at|under) (the )?(candle|lamp|fire|torch)light"
            r"|(at|in the) (sunset|sundown|evening))\b"
        ),
        "in warm light",
    ),
    (
        any_case(r"\b(at (night|midnight|dusk)|(by|in|under) (the )?(moonlight|twilight|night))\b"),
        "in blue light",
    ),
)
_SKY_TIMES = {"orange": "sunset", "purple": "dusk", "violet": "dusk"}  # that colours of it show
_SNOW = any_case(
    r",? ?\b(covered in snow|(and|in|with) (the )?((falling|deep|much|lots of) )?snow|snowy)\b"
    r"|, (much|lots of) snow\b"
    r"|\b(the )?((first|fresh|falling|deep|new|white) )*snow (falls |falling |lies )?(on|over) "
    r"(?=(a|the|an|all)\b)|,? ?\b((and|with) )?(fresh|deep|falling|the first) snow\b"
)
_SEASON = any_case(r"\b(in (the )?)?(autumn|spring)\b( (in|of)\b)?")
COSY, _COSY_LIGHT = stem("cosy"), "in the evening"
_ON_PEAKS = any_case(
    r"\bsnow(y|( |-)(capped|topped|covered))? (peaks?|mountains?|mountain tops?)\b"
    r"(?! (valley|meadow|village|town|pass|path|road|forest|wood|hut|lodge|landscape|station)s?\b)"
    r"|\b(peaks?|mountains?) (with|covered in|under) snow\b"
)
_FROZEN_LAND = any_case(  # under snow; neither a frozen lake nor an icy wind is
    r"\bfrozen\b(?! ((\w+ )?(lake|pond|river|sea|ocean|water|waterfall|stream|fountain|canal|wind"
    r"|look|eye|pizza|drink|ice)s?|in (time|fear))\b)"
)
OWN_LIGHT = frozenset(("moon", "coral reef", *WINDOWLESS))
_SHADE = {"jungle": 0.7}  # share of the light that reaches the ground
TURNING = frozenset(("oak", "birch", "willow", "cherry tree"))  # trees that show the season
SEASONS = ("autumn", "spring")  # that trees show
OWN_SEASON = {"autumn woods": "autumn", "cherry valley": "spring"}  # which places always show
SEA = "sea"
_NIGHTLY = frozenset(("moon", "starry sky"))
IN_NIGHT_SKY = _NIGHTLY | {"star", "hanging star"}
_DARK = frozenset(map(stem, ("dark", "haunted", "spooky")))
BLACK_SKY = any_case(r"\bblack (sky|skies)\b")
# Words of known phrases that change nothing by themselves: eight plans with and without each differ
# no more than by a word that means nothing.
SILENT = (
    "many few two giant small big huge tall wide bright weather view lit winding pools flying"
    " rolling early full sailing panels circles stream old pot pots"
)


def is_windowless(place: PlaceKind | None) -> bool:
    """Tell whether a place is a room without windows, if it is known at all."""
    return place is not None and place.name in WINDOWLESS


def season_in(text: str, words: Vocabulary) -> str:
    """Return the season that the trees of a description in known words show; "": none.

    Where grass and trees are few, as in deserts and harbours, none is seen, nor spring in snow.
    """
    place = known_place(text, words)
    if place is None or place.name in OWN_SEASON or TURNING.isdisjoint(place.some("plants")):
        return ""
    season = next((season for season in SEASONS if stem(season) in text_stems(text)), "")
    return "" if season == "spring" and is_under_snow(text) else season


def own_season_in(text: str, words: Vocabulary) -> str:
    """Return the season that a description's place has of itself, as autumn woods do; "": none."""
    place = known_place(text, words)
    return OWN_SEASON.get(place.name, "") if place else ""


def sky_outside(text: str, words: Vocabulary) -> str:
    """Return the sky that windows of a description's room show, "night", "sunset" or "dusk".

    It is "" by day, outdoors and in rooms without windows.
    """
    read = words.reading(text)
    place = known_place(read, words)
    if words.place(read) != "indoor" or is_windowless(place):
        return ""
    said = _EVENING_LIGHT.sub("", text)
    stems = text_stems(said)
    if place is not None and place.name == _IN_SPACE:
        return "night"
    return next((sky for sky, words in OUTSIDE_ROOMS.items() if stems & words), "")


class Walls(NamedTuple):
    """The walls of a place that is not plastered."""

    material: str  # "stone", "rock" or "metal"
    color: tuple[int, int, int]


def walls_in(text: str, words: Vocabulary) -> Walls | None:
    """Return the walls of a description's place, in known words; None: it has usual ones."""
    place = known_place(text, words)
    material = _MATERIALS.get(place.name) if place else None
    if material is None:
        return None
    found = COLORED_WALLS.search(text)
    name = found["color"].lower() if found else ""
    return Walls(material, COLORS.get(SAME_COLORS.get(name, name), _COLORS_OF[material]))


def shade_in(text: str, words: Vocabulary) -> float:
    """Return how much of the light reaches the ground of a description's place, 0 to 1."""
    place = known_place(text, words)
    return _SHADE.get(place.name, 1.0) if place else 1.0


def lit(text: str, words: Vocabulary) -> str:
    """Return a text in known words that also says how light it is: by day, if it does not.

    Left to chance, half of all places would be dark or grey, and named colours with them.
    """
    read = _without_colors_not_taken(words.reading(text))
    category, stems = words.place(read), [stem(word.text.lower()) for word in split_words(read)]
    place = place_of(category, stems) if category else None
    for when, seen in {"video game": GAME_SKIES, "object": STAGE_TIMES}.get(category or "", ()):
        read = when.sub(seen, read)
    if category not in BY_DAY or (place and place.name in OWN_LIGHT) or words.foreign(text):
        return read
    if place and (place.some("flat") == (SEA,) or built_of(place)) and is_under_snow(read):
        read = _SNOW.sub("", read)  # where it is said the planner knows no sea and few houses
    if place and place.category == "outdoor" and place.name not in OWN_SEASON:
        read = _SEASON.sub("", read)  # of which it knows woods and valleys; rules turn the trees
    light, clear = BY_DAY[category]
    light = _COSY_LIGHT if category == "indoor" and COSY in stems else light
    named = {kind for one in named_things(read, KINDS) for kind in one.kinds}
    at_noon = category == "outdoor" and _NOON.search(read)
    read = _NOON.sub("", read) if at_noon else read  # of which some skies are red, or dark
    if at_noon or not words.lights(text):
        is_night = not at_noon and is_night_place(read)
        read = f"{read.rstrip(' ,.')}, {'at night' if is_night else light}"
    weather = (group for group in words.groups if group.name == WEATHER)
    said = frozenset().union(*(need for group in weather for need in phrase_stems(group)))
    said -= {stem(word) for word in SILENT.split()} | {stem("day"), stem("covered")}
    dry = said.isdisjoint(text_stems(_ON_PEAKS.sub("", read))) and named.isdisjoint(FALLING)
    return f"{read} {clear}" if clear and dry else read


def night_words(text: str, words: Vocabulary) -> str:
    """Return the words of a description, "full moon", for which alone it is night; "": none."""
    read = words.reading(text)
    place = known_place(read, words)
    is_own = words.place(read) not in BY_DAY or (place and place.name in OWN_LIGHT)
    said = _DARK & text_stems(read)
    is_night = is_night_place(read) and not said
    if is_own or words.lights(text) or words.foreign(text) or not is_night:
        return ""
    parts = split_words(text)
    if black := BLACK_SKY.search(text):
        return black[0]
    names = sorted(naming_words(text, sorted(IN_NIGHT_SKY)))
    return parts[names[0]].text if names else ""


def _without_colors_not_taken(read: str) -> str:
    """Return a text without colours that its things do not take.

    A pink camel is brown, and makes no pink ground.
    """
    parts = split_words(read)
    silent, names = silent_words(read, KINDS), naming_words(read, KINDS)
    for place in sorted(silent, reverse=True):
        word = parts[place]
        if color_word(word.text.lower()) and place + 1 in names:
            read = read[: word.start].rstrip() + read[word.end :]
    return read


def light_in(text: str, words: Vocabulary) -> tuple[float, float, float]:
    """Return the light of a description: red, green and blue, as shares of a clear day's.

    Plans are in the light of sunset under an orange sky, and of dusk under a purple one.
    """
    read = lit(text, words)
    category = words.place(read) or ""
    if category == "object":
        lamps = STAGE_LIGHT.search(read)
        return _STAGE_LIGHTS[lamps["color"].lower()] if lamps else (1.0, 1.0, 1.0)
    stems = text_stems(_DARK_FITTINGS.sub("", read))
    said = _LIGHTS.get(category, ())
    sky = COLORED_SKY.search(read)
    if sky and stems.isdisjoint(_TIMES):
        stems |= {stem(_SKY_TIMES.get(sky["color"].lower(), ""))}
    tints = [tint for names, tint in said if not stems.isdisjoint(map(stem, names))]
    red, green, blue = (prod(channel) for channel in zip((1.0, 1.0, 1.0), *tints, strict=True))
    return red, green, blue


def backdrop_in(text: str, words: Vocabulary) -> tuple[int, int, int] | None:
    """Return the colour of the backdrop of a description's stage; None: any.

    It is that of its lamps, unless words give it its own: a pink backdrop in blue light would only
    be a darker pink.
    """
    read = lit(text, words)
    if words.place(read) != "object":
        return None
    said = _COLORED_BACKDROP.search(read) or STAGE_LIGHT.search(read)
    color = color_word(said["color"].lower()) if said else None
    return COLORS[color] if color else None


def speaks_of(what: str, text: str) -> bool:
    """Tell whether a description in known words is of a place by "day", by "night", in "fog"..."""
    return not SPOKEN[what].isdisjoint(text_stems(text))


def is_under_snow(text: str) -> bool:
    """Tell whether a description in known words is of a place where snow lies, not on peaks alone.

    >>> is_under_snow("a forest in the snow"), is_under_snow("a meadow with snowy peaks")
    (True, False)
    """
    return speaks_of("snow", _ON_PEAKS.sub("", text)) or bool(_FROZEN_LAND.search(text))


def is_night_place(read: str) -> bool:
    """Tell whether a description in known words names darkness, or things of the night."""
    named = {kind for one in named_things(read, KINDS) for kind in one.kinds}
    is_black = BLACK_SKY.search(read) is not None
    said = text_stems(_DARK_FITTINGS.sub("", read))
    return bool(named & _NIGHTLY) or is_black or not _DARK.isdisjoint(said)
