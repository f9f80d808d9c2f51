"""Places and what they contain, read from `places.txt`. Only data."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, zip_longest
from pathlib import Path

from mag_sandbox.scenes.vocabulary import FUNCTION_WORDS, Vocabulary, first_named, split_words, stem

WINDOWLESS = frozenset(("cave", "dungeon room"))
ALIASES = {  # values that stand for several kinds
    "picture": ("landscape painting", "portrait", "abstract painting", "picture frame"),
    "clock": ("wall clock",),
}
_ALSO = ALIASES | {  # values that words for them do not name
    "mirror": ("round mirror",), "foggy": ("mist",), "lava lake": ("lava",),
    "snowy peaks": ("mountains", "snowy mountains"), "frozen lake": ("ice",),
}  # fmt: skip
_THINGS = (  # fields of things that stand or hang somewhere
    "main", "skyline", "plants", "near", "far", "water", "rows", "wall", "middle", "small", "hung",
)  # fmt: skip
_TYPICAL = ("main", "near", "middle", "far", "small", "wall")  # most of a player's wishes
_LASTING = ("skyline", "plants", "far", "hung")
_LOOSE = tuple(field for field in _THINGS if field not in _LASTING)
_ANYWHERE = frozenset(("bird", "moon"))  # though only some places list them
_OF_HOMES = frozenset((
    "square window", "arched window", "round window", "tall window", "curtains", "round rug",
    "square rug", "potted plant", "potted palm", "potted cactus", "floor lamp", "chandelier",
))  # fmt: skip
_AT_HOME = 0.35  # share of the things of `_HOMES` there
_SELDOM, _ALWAYS = 0.02, 4.0  # shares of what a place may have, times those of what it always has
_SHIPS = frozenset(("ship", "sailing ship", "lighthouse"))  # what else is named is at their sea
_RARE = {  # places that are likely only if one of these is there, too
    "swimming pool": ("sunbed", "beach umbrella"),
    "volcano": ("lava", "lava lake"),
    "rocky coast": (),
    "hallway": ("coat rack", "grandfather clock"),
    "throne room": ("throne", "king", "princess", "knight", "banner"),
}
_USUAL, _PREFERRED = (  # places that come to mind first, and how much more they are worth
    frozenset(("meadow", "forest", "city", "village", "park", "living room", "bedroom", "kitchen")),
    2.0,
)
_HOMES = {  # places that come to mind for things which others list more often
    "temple": "jungle", "factory": "city", "tower": "meadow", "hut": "forest",
    "log cabin": "forest", "fence": "farmland",
    "child": "playground", "bunch of flowers": "living room", "book": "library",
    "cat": "garden", "dog": "meadow", "fireplace": "living room", "gate": "garden",
    "seagull": "beach", "oak": "meadow", "dinosaur": "jungle",
}  # fmt: skip
_MEANT = 0.05  # weight of the less likely kinds that a name can mean
_DWELLINGS = frozenset(("cottage", "apartment house", "skyscraper"))  # which towns are made of
FLOWERS = "wild flower"  # grow where a place has a chance of flowers
_FLOWERY = 40  # percent: if more places of a kind have flowers, that is usual


@dataclass(frozen=True, slots=True)
class PlaceKind:
    """One kind of place; `options` are the fields of its file."""

    name: str
    category: str
    words: tuple[str, ...]  # for it, the usual ones first
    options: Mapping[str, tuple[str, ...]]

    def some(self, field: str) -> tuple[str, ...]:
        """Return the choices of a field, () if it has none."""
        return self.options.get(field, ())

    @property
    def typical(self) -> tuple[str, ...]:
        """Names of what stands there, of all its fields in turn: large and small, near and far."""
        fields = (self.some(field) for field in _TYPICAL)
        turns = chain.from_iterable(zip_longest(*fields))
        return tuple(dict.fromkeys(one for one in turns if one is not None))

    @property
    def is_flowery(self) -> bool:
        """Tell whether flowers usually grow there."""
        return int("".join(self.some("flowers")) or 0) >= _FLOWERY

    @property
    def contents(self) -> frozenset[str]:
        """All values of its fields and what else these stand for."""
        values = {value for values in self.options.values() for value in values}
        also = {other for value in values for other in _ALSO.get(value, ())}
        return frozenset(values | also | ({FLOWERS} if "flowers" in self.options else set()))


@cache
def read_places() -> dict[str, PlaceKind]:
    """Return all places by their names, in the order of the file."""
    return places_in(Path(__file__).with_name("places.txt"))


def places_in(file: Path) -> dict[str, PlaceKind]:
    """Return the places of a file by their names, in its order."""
    places = {}
    for block in file.read_text(encoding="utf-8").split("\n[")[1:]:
        head, *lines = block.splitlines()
        name, _, category = head.partition("] ")
        rows = (line.split(": ", 1) for line in lines if line and line[0] != "#")
        options = {field: tuple(values.split(", ")) for field, values in rows}
        places[name] = PlaceKind(name, category, options.pop("words"), options)
    return places


@cache
def contents_of(category: str) -> dict[str, frozenset[str]]:
    """Return what the places of a category contain, all together, and the stems of its words."""
    values = {
        value
        for place in read_places().values()
        if place.category == category
        for value in place.contents
    }
    return {value: frozenset(map(stem, value.split())) for value in values}


@cache
def kinds_elsewhere(name: str) -> frozenset[str]:
    """Return the kinds that a place lacks and other places of its category have."""
    here, others = _things_of(name), frozenset[str]()
    for place in read_places().values():
        if place.category == read_places()[name].category:
            others |= _things_of(place.name)
    return others - here - _ANYWHERE | (_OF_HOMES if name in WINDOWLESS else frozenset())


@cache
def loose_kinds() -> frozenset[str]:
    """Return the kinds that empty places lack: what stands nearby and is no part of a place."""
    return _all_in(_LOOSE) - _all_in(_LASTING)


def _all_in(fields: Sequence[str]) -> frozenset[str]:
    return frozenset[str]().union(*(_things_of(name, fields) for name in read_places()))


@cache
def _things_of(name: str, fields: Sequence[str] = _THINGS) -> frozenset[str]:
    values = (value for field in fields for value in read_places()[name].some(field))
    return frozenset(kind for value in values for kind in ALIASES.get(value, (value,)))


def likely_places(named: Sequence[Sequence[str]], category: str | None) -> list[PlaceKind]:
    """Return the places that have some things, the one that has most of them first.

    Of several the one that is best known for them: a thing counts the more the fewer places have
    it, and the more the likelier it is there; special places need more reason than usual ones.

    Args:
        named: the kinds that each name can mean, the likeliest first.
        category: of places; None: any.
    """
    rarity = _rarity()

    def worth(place: PlaceKind) -> tuple[int, float]:
        found = [
            max(
                rarity[kind] * _share(place.name, kind) * (1.0 if kind == kinds[0] else _MEANT)
                for kind in kinds
            )
            for kinds in named
            if not place.contents.isdisjoint(kinds)
        ]
        return len(found), sum(found) * (_PREFERRED if place.name in _USUAL else 1)

    known = [[kind for kind in kinds if kind in rarity] for kinds in named]
    named = [kinds for kinds in known if kinds]
    places = [one for one in read_places().values() if category in (None, one.category)]
    for ships in [kinds for kinds in named if kinds[0] in _SHIPS]:
        places = [place for place in places if not place.contents.isdisjoint(ships)]
    first = {kinds[0] for kinds in named}
    having = [
        place for place in places
        if worth(place)[0] and (place.name not in _RARE or first.intersection(_RARE[place.name]))
    ]  # fmt: skip
    return sorted(having, key=worth, reverse=True)


@cache
def _rarity() -> dict[str, float]:
    """Return how much each kind says about a place: the fewer have it, the more."""
    having = Counter(kind for place in read_places().values() for kind in place.contents)
    return {kind: 1 / places for kind, places in having.items()}


@cache
def _share(name: str, kind: str) -> float:
    """Return how likely a kind is in a place: what it always has most, then by its lists."""
    if _HOMES.get(kind) == name:
        return _AT_HOME
    place = read_places()[name]
    shares = [
        (values.count(kind) + sum(kind in _ALSO.get(one, ()) for one in values)) / len(values)
        for field, values in place.options.items()
        if not (field == "plants" and built_of(place))  # trees are not of cities
    ]
    return max(max(shares, default=0.0), _SELDOM) * (_ALWAYS if kind in place.some("main") else 1)


def place_of(category: str, stems: Sequence[str]) -> PlaceKind | None:
    """Return the place of a category that the stems of a text name; see `first_named`."""
    return first_named(_names_of(category), stems)


@cache
def _names_of(category: str) -> list[tuple[frozenset[str], PlaceKind]]:
    """Return the places of a category, and before each the stems of a name of it."""
    return [
        (frozenset(map(stem, words.split())) - FUNCTION_WORDS, place)
        for place in read_places().values() if place.category == category
        for words in place.words
    ]  # fmt: skip


def known_place(text: str, words: Vocabulary) -> PlaceKind | None:
    """Return the place that a text in known words names."""
    category = words.place(text)
    stems = [stem(word.text.lower()) for word in split_words(text)]
    return place_of(category, stems) if category else None


def built_of(place: PlaceKind | None) -> frozenset[str]:
    """Return the houses that a place is made of."""
    return _DWELLINGS & {*place.some("skyline"), *place.some("main")} if place else frozenset()
