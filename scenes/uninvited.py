"""Kinds of things that a place lacks unless words name them, though the renderer's has them."""

from collections.abc import Collection, Sequence

from mag_sandbox.scenes.descriptions import BUILDINGS, WINDOWS, added_place, is_mars, named_in
from mag_sandbox.scenes.fullness import empty_words, has_only, is_alone, is_lonely
from mag_sandbox.scenes.kinds import ANIMALS, EXHIBITS, OVERHEAD, PEOPLE, THINGS, WATERS
from mag_sandbox.scenes.naming import Named, kinds_named, named_things
from mag_sandbox.scenes.places import (
    PlaceKind,
    built_of,
    kinds_elsewhere,
    known_place,
    loose_kinds,
    read_places,
)
from mag_sandbox.scenes.suggestions import WOODED
from mag_sandbox.scenes.vocabulary import Vocabulary, any_case, stem, text_stems

_LIVED_IN = frozenset(("outdoor", "indoor"))  # categories whose places can be empty
_GROWN = frozenset((  # places that are made of what grows or lies there
    "forest", "autumn woods", "cherry valley", "jungle", "swamp", "park", "garden", "tulip field",
    "wheat field", "moon", "coral reef", "graveyard",
))  # fmt: skip
_LAID = frozenset(("path", "road", "puddle"))
_FITTED = WINDOWS | frozenset((  # parts of rooms that stay in empty ones
    "door", "curtains", "stained glass window", "kitchen counter", "bathtub", "blackboard", "altar",
    "control panel", "shop shelf",
))  # fmt: skip
_ON_CONCERT_STAGES = frozenset(("guitar", "violin", "drum", "harp", "child", "princess", "king"))
_ON_CIRCUS_STAGES = frozenset((
    "lion", "elephant", "horse", "monkey", "bear", "dog", "cat", "rabbit", "goat", "camel",
    "unicorn", "parrot", "child", "ball", "beach ball", "bicycle", "drum",
))  # fmt: skip
_CIRCUS = stem("circus")
_CONCERT = frozenset(map(stem, ("concert", "band", "orchestra")))
_OF_WARM_DAYS = frozenset(
    ("palm", "cactus", "camel", "hot air balloon", "sunbed", "butterfly", "bee")
)
_OF_OLD = any_case(
    r"\b(?:medieval|ancient|prehistoric|vikings?|romans?|(?:wizard|witch|alchemist)(?:'s|s)?)\b"
)
_MODERN = frozenset((
    "bicycle", "bus", "bus stop", "camera", "car", "computer", "crane", "factory", "helicopter",
    "laptop", "locker", "motorcycle", "plane", "radiator", "refrigerator", "rocket",
    "satellite dish", "skyscraper", "station", "television", "toy car", "tractor", "traffic light",
    "train", "tram", "truck", "washing machine",
))  # fmt: skip
_COLD = frozenset(map(stem, ("christmas", "snow", "winter")))
_RARE = {
    "park": frozenset(("church", "hot air balloon")), "airport": frozenset(("traffic light",)),
    **dict.fromkeys(("harbour", "swimming pool"), frozenset(("apartment house",))),
    "workshop": frozenset(("toy car",)),  # a car in a garage is a real one
}  # fmt: skip  # though places of the renderer have some
_STRANGE = frozenset((  # in landscapes, unless they are among its main or usual things
    "bench", "castle", "dog", "hot air balloon", "knight", "pagoda", "temple", "tower",
    "treasure chest",
))  # fmt: skip
_COSY = frozenset(("floor lamp", "potted palm", "potted plant", "round rug", "square rug"))
_STRANGE_IN = {  # likewise, in single places
    "swamp": frozenset(("cottage", "hut")),
    "savanna": frozenset(("deer", "tent")),
    "forest": frozenset(("bicycle", "person", "child")),  # who would stare at the player
    **dict.fromkeys(("autumn woods", "jungle"), frozenset(("person", "child"))),
    "volcano": frozenset(("dragon", "mushroom", "ruin")),
    "market": frozenset(("palm",)),
    "beach": frozenset(("shark", "whale")),
    "bathroom": frozenset(("duck", "floor lamp", "table")),  # ducks as large as the bathtub
    "kitchen": frozenset(("floor lamp", "shop shelf")),
    **dict.fromkeys(("gym", "laundry", "shop room", "workshop"), _COSY),
    "cave": frozenset(("hanging lamp", "wall lamp")),
    "spaceship": frozenset(("curtains", "fireplace", "chandelier", "floor lamp")),
    "moon": ANIMALS | WATERS | {"moon", "puddle", "wild flower", "tulip", "bush", "path"},
}
_USUAL = {  # which are expected there
    "fairy land": _STRANGE, "jungle": frozenset(("temple",)),
    "cherry valley": frozenset(("bench", "pagoda", "temple")),
    "snowfield": frozenset(("dog", "tower")),
    "coral reef": frozenset(("treasure chest",)), "airport": frozenset(("tower",)),
    "canal town": frozenset(("bench", "tower")),
    **dict.fromkeys(
        ("village", "city", "market", "park", "playground", "garden"), frozenset(("bench", "dog"))
    ),
    **dict.fromkeys(("railway station", "football field", "harbour"), frozenset(("bench",))),
    **dict.fromkeys(("farmland", "camp site"), frozenset(("dog",))),
}  # fmt: skip
_FIGURES = frozenset(("scarecrow", "snowman", "zombie"))  # which are not counted with people
_PETS = frozenset(("cat", "dog"))
_OF_HOLIDAYS = frozenset(("beach ball", "beach umbrella", "sand castle", "sunbed"))
_WILD = frozenset((  # what is in places without people, beside plants and animals
    "cave mouth", "cliff", "coral", "crater", "crystal cluster", "log", "pumpkin", "reed", "rock",
    "rose", "rose bush", "seaweed", "shell", "stalagmite", "stump", "sunflower", "tulip",
    "waterfall", "wheat",
))  # fmt: skip
_ON_MARS = frozenset(("rock", "crater"))
_OF_PEOPLE = ("near", "far", "water")  # fields of a place whose things a lonely one lacks
_KEPT = ("main", "skyline", "plants", "flat")  # likewise, of what stays


def uninvited_in(text: str, words: Vocabulary, kinds: Collection[str]) -> frozenset[str]:
    """Return the kinds that are not where a place is empty, or has "only sheep": all not named.

    Ground, sky and what the place is made of stay; stages and levels of games need their things.
    """
    read = words.reading(text)
    named = {kind for one in named_in(read, words, kinds) for kind in one.kinds}
    place = known_place(read, words)
    is_on_mars = is_mars(text, place)
    is_empty = is_on_mars or bool(empty_words(read, kinds))
    if words.place(read) not in _LIVED_IN:
        return (loose_kinds() & {*kinds}) - named if is_empty else frozenset()
    if not is_empty and not (named and has_only(text)):
        return frozenset()
    all_kinds = THINGS.keys() | WATERS | _LAID
    fabric = _ON_MARS if is_on_mars else _fabric(place)
    return frozenset((all_kinds & {*kinds}) - named - OVERHEAD - fabric)


def _fabric(place: PlaceKind | None) -> frozenset[str]:
    """Return what an empty place is made of: trees of a forest, houses of a street, the sea."""
    if place is None:
        return _FITTED
    flats = {*place.some("flat")}
    flats = flats - WATERS if len(flats) > 1 or "lake" in flats else flats
    grown = place.some("plants") if place.name in _GROWN else ()
    flowers = {"wild flower"} if place.is_flowery else set()
    return _FITTED | built_of(place) | flats | {*grown, *place.some("rows")} | flowers


def strays_in(text: str, words: Vocabulary) -> frozenset[str]:
    """Return the kinds that a description's place does not have unless words name them.

    In times of old, no tram is in a city.
    """
    strays = _strays_of_place(text, words)
    return strays | _MODERN if _OF_OLD.search(text) else strays


def _strays_of_place(text: str, words: Vocabulary) -> frozenset[str]:
    """Return the kinds that are strange in a description's place, whenever it is.

    No castle is in a swamp. Where it is lonely, or no place is named, there are no people, no
    houses and nothing of theirs but what the place is made of; a lonely house is the only one, and
    no animal is near it, nor near a lonely fox.
    """
    read = words.reading(text)
    place = known_place(read, words)
    if place is None or place.category != "outdoor":
        return _STRANGE_IN.get(place.name, frozenset()) if place else frozenset()
    main = {*place.some("main")}
    strays = _STRANGE - main - _USUAL.get(place.name, frozenset())
    strays |= _STRANGE_IN.get(place.name, frozenset())
    strays |= ANIMALS if is_alone(read) else frozenset()
    is_wild = not built_of(place) and bool(added_place(text, words))
    if not is_wild and not is_lonely(read):
        return strays
    kept = {kind for field in _KEPT for kind in place.some(field)}
    if is_lonely(read) and not built_of(place) and named_things(read, sorted(BUILDINGS)):
        kept -= BUILDINGS
    fields = _OF_PEOPLE if is_lonely(read) else _OF_PEOPLE[:2]  # ships are where it is only wild
    return strays | (_of_people(fields) - kept) | _OF_HOLIDAYS


def _of_people(fields: Sequence[str]) -> frozenset[str]:
    """Return people, their pets, and what they make, of some fields of all landscapes."""
    everything = {
        kind for place in read_places().values() if place.category == "outdoor"
        for field in fields for kind in place.some(field)
    }  # fmt: skip
    return frozenset((everything | PEOPLE) - _WILD - ANIMALS - WATERS) | _PETS


def others_than(named: Sequence[Named]) -> frozenset[str]:
    """Return what a place lacks because of what a description names in it.

    One bride is alone, and dark birds would pass for gulls.
    """
    others = (
        frozenset(("bird",)) if any(one.kinds == ("seagull",) for one in named) else frozenset()
    )
    people = [one for one in named if one.kinds[0] in PEOPLE - _FIGURES]
    if not people or any(one.most is None for one in people):
        return others
    return others | (PEOPLE - _FIGURES - kinds_named(people))


def elsewhere_in(text: str, words: Vocabulary, said: str = "") -> frozenset[str]:
    """Return the kinds that the place of a description lacks and other places have.

    In a forest, no mushroom is as tall as a tree. `said` is the description as it was written: a
    concert is read as a stage.
    """
    place, stems = known_place(text, words), text_stems(text)
    if place is None:
        if words.place(text) != "object":
            return frozenset()
        told = stems | text_stems(said)
        if _CIRCUS in told:
            return EXHIBITS - _ON_CIRCUS_STAGES
        return EXHIBITS - _ON_CONCERT_STAGES if told & _CONCERT else frozenset()
    elsewhere = kinds_elsewhere(place.name) | _RARE.get(place.name, frozenset())
    if stems & _COLD:
        return elsewhere | _OF_WARM_DAYS
    return elsewhere | {"mushroom"} if place.name in WOODED else elsewhere
