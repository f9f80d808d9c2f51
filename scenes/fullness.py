"""Words that say how full a place is: busy, empty, lonely, with nothing but what is named."""

from collections.abc import Collection, Sequence

from mag_sandbox.scenes.color_names import COLORS, SAME_COLORS
from mag_sandbox.scenes.naming import SIZES, named_things, naming_words
from mag_sandbox.scenes.vocabulary import DETERMINERS, Word, any_case, split_words, stem, text_stems

_BUSY = "busy"
_BUSY_PLACE = any_case(rf"\b{_BUSY}( \w+){{1,2}}")  # words for a place follow
_STREET = any_case(rf"\b{_BUSY} ((?!city|market)\w+ )?street\b")
CROWD = "dozens of people"  # who are in a busy place
_PEOPLE = any_case(r"(?P<before>^|[,.;:] |\b(?:and|has|have|of|where|with) )people\b")
_EMPTY = "empty"
_SPACES = frozenset(("corridor", "hallway", "hall", "room", "lobby", "street", "square"))
_ONLY = any_case(  # that nothing is there but what is named
    r"\b((?<!the )only|just|nothing (but|except))\b"
    r"(?! (after|as|before|behind|like|now|outside)\b)"
)
_LONELY = frozenset(map(stem, (  # no people; a quiet meadow may have sheep
    "lonely", "lonesome", "solitary", "quiet", "silent", "secluded", "remote", "abandoned",
    "desolate", "forgotten", "isolated",
)))  # fmt: skip
_ALONE = frozenset(map(stem, ("lonely", "lonesome", "solitary")))  # of these, no animals either
_SINGLE = "single"
_NEAR, _BEFORE = 2, 4  # words after one of these, which it may belong to; before it, if not
_PLACED = frozenset(("in", "on", "upon", "under", "by", "beside", "at", "near", "among", "behind"))


def busy_place(text: str) -> str:
    """Return the words of a description in known words that call something busy; "": none."""
    found = _BUSY_PLACE.search(text)
    return found[0] if found else ""


def with_crowd(text: str) -> str:
    """Return a description of a busy place that says how many people are in it.

    A busy street is in a city.

    >>> with_crowd("a busy street, people and a cat")
    'a busy city street, dozens of people and a cat'
    >>> with_crowd("a busy market.")
    'a busy market, and dozens of people'
    """
    text = _STREET.sub(rf"{_BUSY} \1city street", text)
    told, found = _PEOPLE.subn(rf"\g<before>{CROWD}", text, count=1)
    return told if found else f"{text.rstrip(' ,.')}, and {CROWD}"


def told_crowd(meant: Sequence[tuple[str, str]], number: str) -> list[tuple[str, str]]:
    """Return words and what they are drawn as, with how many people are in a busy place.

    >>> told_crowd([("crowded", "busy")], "ten")
    [('crowded', 'ten people')]
    """
    people = f"{number} people"
    told = [(said, people if known == _BUSY else known) for said, known in meant]
    return told if people in dict(told).values() else [*told, (_BUSY, people)]


def empty_words(text: str, kinds: Collection[str]) -> frozenset[int]:
    """Return which words of a description, counted from 0, say that a place is empty.

    Empty green chairs are chairs, and an empty school hallway is a place.
    """
    names, words = naming_words(text, kinds), [word.text.lower() for word in split_words(text)]
    return frozenset(
        place
        for place, word in enumerate(words)
        if word == _EMPTY
        and (
            _described_by(words, place) not in names
            or _SPACES.intersection(words[place + 2 : place + 3])
        )
    )


def _described_by(words: Sequence[str], place: int) -> int:
    """Return the word after an adjective, counted from 0, and after colours and sizes."""
    colored = (*COLORS, *SAME_COLORS, *SIZES)
    return next((at for at in range(place + 1, len(words)) if words[at] not in colored), 0)


def has_only(text: str) -> bool:
    """Tell whether a description says that nothing is there but what it names."""
    return _ONLY.search(text) is not None


def only_words(text: str, *, is_obeyed: bool) -> set[int]:
    """Return which words of a description, counted from 0, leave all else out, or say nothing."""
    alone = {text[: said.start()].count(" ") for said in _ONLY.finditer(text)}
    small = {place for place, word in enumerate(text.split()) if word in ("only", "just")}
    return small | alone if is_obeyed else small - alone


def is_lonely(text: str) -> bool:
    """Tell whether a description in known words calls its place lonely: without other people."""
    return not _LONELY.isdisjoint(text_stems(text))


def is_alone(text: str) -> bool:
    """Tell whether a description in known words has nothing alive but what it names."""
    return not _ALONE.isdisjoint(text_stems(text))


def lonely_words(text: str) -> set[int]:
    """Return the indices of the words of a description that call its place lonely."""
    stems = [stem(word.text.lower()) for word in split_words(text)]
    return {place for place, one in enumerate(stems) if one in _LONELY}


def kinds_alone(text: str, kinds: Collection[str]) -> frozenset[str]:
    """Return the kinds that a description calls lonely or single: no tree is beside such a tree."""
    words = split_words(text)
    single = {at for at, word in enumerate(words) if word.text.lower() == _SINGLE}
    alone = set[str]()
    for at in lonely_words(text) | single:
        part, comes_first = _described(words, at, text)
        found = named_things(text[part[0].start : part[-1].end], kinds) if part else []
        belongs = found[:1] if comes_first else found[-1:]  # "a tree stands lonely on a hill"
        alone.update(*(one.kinds for one in belongs))
    return frozenset(alone)


def places_described(text: str, at: int) -> range:
    """Return the indices of the words of a description one of which such a word may describe."""
    words = split_words(text)
    part, _ = _described(words, at, text)
    return range(words.index(part[0]), words.index(part[-1]) + 1) if part else range(0)


def _described(words: Sequence[Word], at: int, text: str) -> tuple[Sequence[Word], bool]:
    """Return the words that a word for a lonely place may describe, and whether they follow it."""
    after = words[at + 1 : at + 1 + _NEAR]
    if after and after[0].text.lower() not in _PLACED:
        begins = at == 0 or words[at - 1].text.lower() in DETERMINERS
        is_paired = after[0].text.lower() == "and"  # "a lonely and dark castle"
        if begins or (text[words[at].end : after[0].start].isspace() and not is_paired):
            return words[at + 1 : at + 1 + _NEAR + is_paired], True
    return words[max(0, at - _BEFORE) : at], False
