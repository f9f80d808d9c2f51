"""Words and phrases that mean other ones, read from `synonyms.txt`. Only data."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

# Words and phrases ("fire_truck") that people write, and known ones: with the same meaning (":"),
# just near in it ("~"), or a place that is like it, for texts that name no other ("@").
SYNONYMS = Path(__file__).with_name("synonyms.txt")
_IRREGULAR = {
    "person": "people", "child": "children", "mouse": "mice", "sheep": "sheep", "deer": "deer",
    "bread": "bread",
    "fish": "fish", "starfish": "starfish", "bus": "buses", "cactus": "cactuses",
    "bookshelf": "bookshelves", "volcano": "volcanoes",
    "shelf": "shelves", "wolf": "wolves",
}  # fmt: skip
_MAN, _HUMANS = "man", ("human", "german", "roman")
_JOINT = re.compile("( in | of | with )")  # after the thing that is counted
_PLAYER = "person with a "  # and an instrument: each has one
LONGEST_PHRASE = 4  # words of one that is listed


class Synonyms(NamedTuple):
    """Known words for one that is not."""

    same: tuple[str, ...] = ()  # which mean the same, near enough to be drawn for it
    near: tuple[str, ...] = ()  # which are suggested
    place: str | None = None  # that is like it, in a text that names no other
    is_plural: bool = False  # of the words that it is about


def synonyms_of(phrase: str) -> Synonyms | None:
    """Return what `synonyms.txt` says of a word, a phrase or its singular; None: nothing."""
    form = _listed_form(phrase)
    return read_synonyms()[form]._replace(is_plural=form != phrase) if form else None


def meant_in(words: Sequence[str]) -> Iterator[tuple[int, int, str, tuple[str, ...]]]:
    """Yield where listed phrases begin and end, their singular, and what means the same."""
    start = 0
    while start < len(words):
        phrases = (
            (end, _listed_form(" ".join(words[start:end])))
            for end in range(min(start + LONGEST_PHRASE, len(words)), start, -1)
        )
        end, form = next(((end, one) for end, one in phrases if one), (start + 1, None))
        if form:
            yield start, end, form, read_synonyms()[form].same
        start = end


def _listed_form(phrase: str) -> str | None:
    """Return a phrase, or else its singular, if it is listed."""
    known = read_synonyms()
    ends = (("", ""), ("s", ""), ("es", ""), ("ies", "y"), ("ves", "f"), ("men", "man"))
    forms = (
        phrase.removesuffix(end) + one for end, one in ends
        if phrase.endswith(end) and (end, phrase[-3:]) != ("es", "ees")  # of trees, "tre" is none
    )  # fmt: skip
    return next((form for form in forms if form in known), None)


def plural(phrase: str) -> str:
    """Return a phrase in its plural: "people with drums", "white bears in a snowfield"."""
    if phrase.startswith(_PLAYER):
        return f"people with {plural(phrase.removeprefix(_PLAYER))}"
    named, joint, rest = _JOINT.split(phrase, 1) if _JOINT.search(phrase) else (phrase, "", "")
    if joint:
        return f"{plural(named)}{joint}{rest}"
    *first, last = phrase.split()
    is_plural = last.endswith("s") and not last.endswith("ss")
    if (
        last in _IRREGULAR.values()
        or last.endswith("men")
        or (last not in _IRREGULAR and is_plural)
    ):
        return phrase
    if last.endswith(_MAN) and last not in _HUMANS:  # "snowmen"
        return " ".join((*first, f"{last.removesuffix(_MAN)}men"))
    ending = "es" if last.endswith(("x", "ch", "sh", "ss")) else "s"
    return " ".join((*first, _IRREGULAR.get(last, f"{last}{ending}")))


def singular(word: str) -> str:
    """Return a noun in its singular: "box" for "boxes"; one that has no other form stays."""
    known = [one for one, several in _IRREGULAR.items() if several == word]
    men = [f"{word.removesuffix('men')}man"] if word.endswith("men") else []
    tried = (*known, *men, word[:-2], word[:-1])
    return next((one for one in tried if one and plural(one) == word), word)


def as_many_as(word: str, phrase: str) -> str:
    """Return a phrase in its plural if a listed word is in its own: "lions" for "tigers"."""
    listed = synonyms_of(word)
    return plural(phrase) if listed and listed.is_plural else phrase


@cache
def read_synonyms() -> dict[str, Synonyms]:
    """Return the words and phrases that are listed, in small letters, and phrases as one word."""
    found: dict[str, Synonyms] = {}
    lines = SYNONYMS.read_text(encoding="utf-8").splitlines()
    for line in (line for line in lines if not line.startswith("#")):
        words, sign, known = re.split("([:~@])", line)
        meant = tuple(one.replace("_", " ") for one in known.split())
        for word in (one.replace("_", " ") for one in words.split()):
            own = found.get(word, Synonyms())
            found[word] = {
                ":": own._replace(same=meant), "~": own._replace(near=meant),
                "@": own._replace(place=next(iter(meant), None)),
            }[sign]  # fmt: skip
    joined = ((phrase.replace(" ", ""), meant) for phrase, meant in found.items())
    return {phrase: meant for phrase, meant in joined if phrase not in meant.same} | found
