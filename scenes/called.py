"""What a description calls the kinds of things that are drawn for its words."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from mag_sandbox.scenes.color_names import color_name, color_word
from mag_sandbox.scenes.kinds import ALSO, KINDS, LIKEWISE, THINGS
from mag_sandbox.scenes.naming import is_word, named_things, names_said
from mag_sandbox.scenes.synonyms import as_many_as, meant_in
from mag_sandbox.scenes.vocabulary import Phrase, rewritten, split_words


@lru_cache(maxsize=64)
def names_in(text: str) -> Mapping[str, str]:
    """Return the names that a description has for kinds of things: fir, drawn as a pine.

    A name also holds for other kinds that it can mean: a picture may be a portrait.

    >>> names_in("two firs and a polar bear near an alien")
    {'bear': 'polar bear', 'slime': 'alien', 'pine': 'fir'}
    """
    own = _own_names(text)
    alike = {
        kind: name
        for name in own.values() if name in ALSO
        for kind in LIKEWISE.get(name, ())
        if name not in kind.split() and (kind not in THINGS or THINGS[kind].are_few)
    }  # fmt: skip
    return {**alike, **_likenesses(text), **own}


@lru_cache(maxsize=64)
def likenesses_in(text: str) -> frozenset[str]:
    """Return the kinds of things that a description has only for what is drawn as they are.

    >>> likenesses_in("two ballerinas and a house")
    frozenset({'person'})
    """
    found = _likenesses(text)
    own = {kind for kind, phrase in found.items() if kind.split()[-1] in phrase.split()}
    return frozenset(found.keys() - _own_names(text).keys() - own)


@lru_cache(maxsize=64)
def colors_in(text: str) -> Mapping[str, frozenset[str]]:
    """Return the names of the colours that a description gives kinds of things.

    >>> colors_in("a yellow taxi")["car"]
    frozenset({'yellow'})
    """
    colors: dict[str, frozenset[str]] = {}
    for one in named_things(_as_drawn(text), KINDS):
        told = frozenset(color_name(part.color) for part in (one, *one.parts) if part.color)
        for kind in one.kinds if told else ():
            colors.setdefault(kind, told)
    return colors


@lru_cache(maxsize=64)
def counts_in(text: str) -> Mapping[str, int]:
    """Return how many of each kind there are at least, by a description."""
    return {one.kinds[0]: one.least for one in named_things(_as_drawn(text), KINDS)}


@lru_cache(maxsize=64)
def _own_names(text: str) -> Mapping[str, str]:
    """Return the names that a description has for kinds, apart from phrases read as others."""
    for phrase in _read_as_things(text):
        start, end = phrase.words[0].start, phrase.words[-1].end
        text = text[:start] + "_" * (end - start) + text[end:]
    return {**{kind: kind for kind in _kinds_named(text)}, **names_said(text, KINDS)}


def _as_drawn(text: str) -> str:
    """Return a text with phrases read as the things that are drawn, without colours of these.

    A taxi is drawn as a yellow car, but words that say "a black taxi" mean another colour.
    """
    phrases = (
        one._replace(
            known=as_many_as(" ".join(word.text.lower() for word in one.words), one.known or "")
        )
        for one in _read_as_things(text)
    )
    return rewritten(text, tuple(phrases))


def _read_as_things(text: str) -> Iterator[Phrase]:
    """Yield the listed phrases that are read as things, in the singular."""
    words = split_words(text)
    for start, end, phrase, meant in meant_in([word.text.lower() for word in words]):
        if meant and named_things(meant[0], KINDS):
            *others, last = meant[0].split()
            plain = (*(one for one in others if not color_word(one)), last)
            yield Phrase(words[start:end], phrase, " ".join(plain))


def _kinds_named(text: str) -> Iterator[str]:
    return (one.kinds[0] for one in named_things(text, KINDS))


def _likenesses(text: str) -> dict[str, str]:
    """Return the phrases of a description that are read as others, by the kinds that these name.

    A drummer is a person with a drum, and no drum; a moon base is a place with satellite dishes,
    and a crowd is many people. Dancers and a drummer are people: which is which is unknown, and so
    it is of a football match and a goalkeeper.
    """
    names: dict[str, str] = {}
    for phrase in _read_as_things(text):
        head, *others = re.split(" (?:with|in|on|at) ", phrase.known or "")
        for kind, name in names_said(head, KINDS).items():
            if not is_word(head.split()[-1], name.split()[-1]):
                continue  # a moon landscape is no moon
            is_one = kind not in names and not head.startswith("many ")
            is_one &= not is_word(phrase.written, kind)  # "snowmen"
            names[kind] = phrase.written.removeprefix("a ") if is_one else kind
        names |= {kind: kind for other in others for kind in _kinds_named(other)}
    return names
