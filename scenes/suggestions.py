"""Which phrases may continue a description: the others contradict it, or repeat it."""

from collections.abc import Collection
from functools import lru_cache

from mag_sandbox.scenes.conditions import IN_NIGHT_SKY, OWN_LIGHT, SPOKEN
from mag_sandbox.scenes.kinds import KINDS, OVERHEAD
from mag_sandbox.scenes.naming import article, named_things
from mag_sandbox.scenes.places import WINDOWLESS, PlaceKind, contents_of, read_places
from mag_sandbox.scenes.vocabulary import stem

FITTING = {  # suggested in these levels alone; for other places see `places.txt`
    "lava": "lava volcanic dungeon", "spikes": "lava dungeon game level jump",
    "pipe": "mushroom kingdom game level jump grassland", "crystal": "ice crystal space",
    "castles": "kingdom candy grassland", "question": "mushroom kingdom game level jump grassland"
    " candy", "skyscrapers": "city space", "water": "ice jungle grassland candy island",
    "robots": "city space", "ghosts": "haunted dungeon", "bats": "haunted dungeon cave",
    "mountains": "ice desert lava jungle grassland", "hills": "mushroom candy grassland jungle",
    "columns": "ruins dungeon arena", "crystals": "ice space", "clouds": "island candy",
}  # fmt: skip
UNDERWATER = "underwater"
OF_WINDOWED_ROOMS = frozenset(
    map(stem, ["windows", "curtains", "daylight", "sunny", "day", "walls"])
)
_OF_HEAT = frozenset(("palm", "cactus", "camel", "sunbed", "beach umbrella", "swimming pool"))
_OF_OLD = frozenset(map(stem, ("knight", "medieval", "renaissance", "viking")))
_OF_TODAY = frozenset((  # kinds that nothing suggests for such words
    "apartment house", "astronaut", "bench", "bicycle", "bus", "bus stop", "camera", "car",
    "computer", "control panel", "factory", "helicopter", "hot air balloon", "laptop", "locker",
    "mailbox", "motorcycle", "plane", "radiator", "refrigerator", "robot", "rocket",
    "satellite dish", "school", "shower", "skyscraper", "small robot", "station", "street lamp",
    "telescope", "television", "toilet", "tractor", "traffic light", "train", "tram", "truck",
    "ufo", "washing machine", *_OF_HEAT,
))  # fmt: skip
_INDOORS = frozenset(map(stem, (  # in words for what rooms have, and caves have not
    "afternoon", "cactuses", "carpet", "evening", "floor", "morning", "palm", "potted", "rug",
)))  # fmt: skip
WEATHERS = frozenset(("clear", "cloudy", "foggy", "rainy", "stormy", "snowy"))
WEATHER_STEMS = frozenset(("rain", "snow", "storm", "fog", "mist", "cloud"))
ICE = frozenset(map(stem, ("ice", "icy", "frozen")))
WOODED = {  # trees at least
    "forest": 44, "jungle": 45, "autumn woods": 20, "cherry valley": 10, "park": 12,
}  # fmt: skip
_OF_WARMTH = frozenset((  # kinds that nothing suggests in snow
    "cherry tree", "orange tree", "red tree", "palm", "cactus", "wild flower", "butterfly", "bee",
    "hot air balloon", "beach umbrella", "tulip", "sunflower", "frog",
))  # fmt: skip
_MILD = frozenset(map(stem, ("summer", "spring", "hot", "warm", "sunny")))
_ON_MARS = ("a rocket", "two astronauts", "at sunset", "a robot", "at night")
_ALIKE = ("fish", "coral", "seaweed")  # names that are their own plurals
_AFLOAT = frozenset(("hot air balloon",))
_UNDER_BALLOONS = frozenset((
    "meadow", "farmland", "desert", "savanna", "canyon", "village", "riverside", "tulip field",
    "wheat field", "cherry valley", "fairy land",
))  # fmt: skip
AIRY = frozenset((stem("clear"), stem("sunny"), *WEATHER_STEMS)).union(
    *(SPOKEN[weather] for weather in ("fog", "rain", "snow", "storm"))
)
_USUAL = SPOKEN["day"] | {stem("clear")}  # light and weather where words tell of none
SEASON_STEMS = frozenset(map(stem, ("autumn", "spring", "summer", "winter")))


def own_things(place: PlaceKind | None, *, is_bare: bool) -> tuple[str, ...]:
    """Return things as suggested for a place with a sky of its own, or for bare Mars; (): others.

    No house stands on the moon, and no hills are seen under water.
    """
    if is_bare:
        return _ON_MARS
    if place is None or place.category != "outdoor" or place.name not in OWN_LIGHT:
        return ()
    kinds = dict.fromkeys((*place.some("main"), *place.some("near")))
    return tuple(kind if kind.endswith(_ALIKE) else f"{article(kind)} {kind}" for kind in kinds)


def is_unfit(
    phrase: str, said: frozenset[str], named: Collection[str], place: PlaceKind | None
) -> bool:
    """Tell whether a description, or its place, has or excludes a phrase, or all places have it.

    Args:
        phrase: that might be suggested.
        said: stems of the description.
        named: kinds that its words can mean.
        place: of the description.
    """
    stems = [stem(word) for word in phrase.split()]
    kinds = {kind for one in named_things(phrase, KINDS) for kind in one.kinds}
    if not kinds.isdisjoint(named) or (stems[-1] in said and stems[-1] != stem("light")):
        return True
    if not kinds and not _USUAL.isdisjoint(stems) and (AIRY - _USUAL).isdisjoint(stems):
        return True
    is_airy = not AIRY.isdisjoint(stems)
    if is_airy and said & (AIRY | SEASON_STEMS):
        return True
    is_cold = not said.isdisjoint(SPOKEN["snow"] | ICE)
    is_warm = not said.isdisjoint(_MILD) or not _OF_HEAT.isdisjoint(named)
    if (is_cold and kinds & _OF_WARMTH) or (is_warm and stem("snow") in stems[-1:]):
        return True
    is_night = not said.isdisjoint(SPOKEN["night"])
    if kinds & IN_NIGHT_SKY and not is_night:
        return True
    if "sun" in kinds and (is_night or said & AIRY):
        return True
    if kinds & _AFLOAT and (said & (SPOKEN["night"] | AIRY) or place is None):
        return True
    if place is None:
        return False
    if place.name in OWN_LIGHT and (not kinds or kinds & OVERHEAD):
        return place.category == "outdoor"
    always = {*place.some("flat")} if len(place.some("flat")) == 1 else set()
    always |= {*place.some("plants")} if place.name in WOODED else set()
    return bool(kinds & always) or bool(kinds & _AFLOAT and place.name not in _UNDER_BALLOONS)


@lru_cache(maxsize=4096)
def place_rank(phrase: str, name: str) -> int | None:
    """Return how far a phrase is from a place: 0 for what it always has; None: it does not fit.

    Things that no place of its category lists, like hot air balloons, fit all but those under
    water; any weather fits places that name none. Rooms without windows have stone walls and no
    daylight.
    """
    place, stems = read_places()[name], {stem(word) for word in phrase.split()}
    if place.name in WINDOWLESS and stems & OF_WINDOWED_ROOMS:
        return None
    if place.name == "cave" and stems & _INDOORS:
        return None
    known = contents_of(place.category)
    kinds = {kind for one in named_things(phrase, KINDS) for kind in one.kinds}
    named = {value for value, need in known.items() if need == stems} or kinds & known.keys()
    named = named or {value for value, need in known.items() if need <= stems}
    if not named:
        return 2 if not kinds or UNDERWATER not in place.contents else None
    if named & {*place.some("main"), *place.some("skyline")}:
        return 0
    always = not place.some("weather") and named <= WEATHERS
    return 1 if always or named & place.contents else None


def is_out_of_time(phrase: str, said: Collection[str]) -> bool:
    """Tell whether a phrase is of other days, or a warmer land, than a description's stems."""
    kinds = {kind for one in named_things(phrase, KINDS) for kind in one.kinds}
    return not _OF_OLD.isdisjoint(said) and not _OF_TODAY.isdisjoint(kinds)


def fits_level(phrase: str, said: frozenset[str]) -> bool:
    """Tell whether a phrase fits the level of a game with these stems in its description."""
    return not any(
        said.isdisjoint(map(stem, FITTING[word].split()))
        for word in phrase.split()
        if word in FITTING
    )
