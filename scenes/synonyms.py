"""Words and phrases that mean other ones, read from `synonyms.txt`. Only data."""

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

# Words and phrases ("fire_truck") that people write, and known ones: with the same meaning (":"),
# just near in it ("~"), or a place that is like it, for texts that name no other ("@").
SYNONYMS = Path(__file__).with_name("synonyms.txt")


class Synonyms(NamedTuple):
    """Known words for one that is not."""

    same: tuple[str, ...] = ()  # which mean the same, near enough to be drawn for it
    near: tuple[str, ...] = ()  # which are suggested
    place: str | None = None  # that is like it, in a text that names no other
    is_plural: bool = False  # of the words that it is about


def synonyms_of(phrase: str) -> Synonyms | None:
    """Return what `synonyms.txt` says of a word, a phrase or its singular; None: nothing."""
    known = read_synonyms()
    if found := known.get(phrase):
        return found
    ends = (("s", ""), ("es", ""), ("ies", "y"), ("ves", "f"), ("men", "man"))
    forms = (phrase.removesuffix(end) + one for end, one in ends if phrase.endswith(end))
    found = next((known[form] for form in forms if form in known), None)
    return found and found._replace(is_plural=True)


def plural(phrase: str) -> str:
    """Return a phrase in its plural: "red cars", "people"."""
    irregular = {"person": "people", "child": "children", "mouse": "mice"}
    *first, last = phrase.split()
    if last not in irregular and last.endswith("s"):
        return phrase
    return " ".join((*first, irregular.get(last, f"{last}s")))


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
