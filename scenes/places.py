"""Places and what they contain, read from `places.txt`. Only data."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from mag_sandbox.scenes.vocabulary import FUNCTION_WORDS, stem

WINDOWLESS = frozenset(("cave", "dungeon room"))
_ALSO = {  # values of fields that words for them do not name
    "picture": ("landscape painting", "portrait", "abstract painting", "picture frame"),
    "mirror": ("round mirror",), "clock": ("wall clock",), "foggy": ("mist",),
    "snowy peaks": ("mountains", "snowy mountains"), "lava lake": ("lava",),
    "frozen lake": ("ice",),
}  # fmt: skip
_FLOWERS = "wild flower"  # grow where a place has a chance of flowers


class PlaceContents(NamedTuple):
    """One kind of place."""

    name: str
    category: str  # outdoor or indoor
    words: tuple[str, ...]  # for it, the usual ones first
    fields: Mapping[str, tuple[str, ...]]  # of `places.txt`

    @property
    def contents(self) -> frozenset[str]:
        """All values of its fields and what else these stand for."""
        values = {value for values in self.fields.values() for value in values}
        also = {other for value in values for other in _ALSO.get(value, ())}
        return frozenset(values | also | ({_FLOWERS} if "flowers" in self.fields else set()))


@cache
def read_places() -> dict[str, PlaceContents]:
    """Return all places by their names, in the order of the file."""
    places = {}
    text = Path(__file__).with_name("places.txt").read_text(encoding="utf-8")
    for block in text.split("\n[")[1:]:
        head, *lines = block.splitlines()
        name, _, category = head.partition("] ")
        rows = (line.split(": ", 1) for line in lines if line and line[0] != "#")
        fields = {field: tuple(values.split(", ")) for field, values in rows}
        places[name] = PlaceContents(name, category, fields.pop("words"), fields)
    return places


@cache
def contents_of(category: str) -> frozenset[str]:
    """Return what the places of a category contain, all of them together."""
    return frozenset().union(
        *(place.contents for place in read_places().values() if place.category == category)
    )


def place_of(stems: frozenset[str]) -> PlaceContents | None:
    """Return the place that the stems of a text name: the one with the longest name."""
    said = [
        (len(need), place)
        for place in read_places().values()
        for words in place.words
        if (need := frozenset(map(stem, words.split())) - FUNCTION_WORDS) <= stems
    ]
    return max(said, key=lambda one: one[0])[1] if said else None
