"""Captions: picks phrases for a scene's attributes and joins them to English.

`assemble` makes sentences of a place and things, `compose` of a subject and weighted details. Works
on any table of the shape attribute -> value -> phrases.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np

Choice = TypeVar("Choice")
Phrases = Mapping[str, Mapping[str, Sequence[str]]]

MIN_WORDS = 8
MAX_WORDS = 35
COMPOSED_WORDS = 34
TEMPLATES = (
    "{subject} {light} with {details}.",
    "{subject} with {details}, {light}.",
    "{subject} {light}. There are {details}.",
    "{subject} {light}: {details}.",
    "{light}, {subject} with {details}.",
)


@cache
def phrases_of_category(category: str) -> Phrases:
    """Return the phrases of `phrases.txt` for the attributes of a category of scenes."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    text = Path(__file__).with_name("phrases.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line.startswith(f"{category} | "):
            _, attribute, value, phrases = line.split(" | ")
            found.setdefault(attribute, {})[value] = tuple(phrases.split(", "))
    return found


class Phrase(NamedTuple):
    """A noun phrase and how important it is (a higher weight is mentioned more often)."""

    text: str
    weight: int


def pick(rng: np.random.Generator, options: Sequence[Choice]) -> Choice:
    """One of some phrases or names."""
    return options[int(rng.integers(len(options)))]


def present(phrases: Phrases, attributes: Mapping[str, str]) -> list[str]:
    """The attributes that have something to say in this scene."""
    return [name for name, by_value in phrases.items() if by_value.get(attributes[name])]


def listed(parts: Sequence[str]) -> str:
    """'a', 'a and b', 'a, b and c'."""
    if len(parts) < 2:
        return "".join(parts)
    return ", ".join(parts[:-1]) + " and " + parts[-1]


def plural(kind: str) -> str:
    """The plural of a noun."""
    return f"{kind[:-1]}ies" if kind.endswith("phy") else f"{kind}s"


def article(noun: str) -> str:
    """The noun phrase with a or an, unless it already has an article."""
    if noun.split()[0] in {"a", "an", "the"}:
        return noun
    return ("an " if noun[0] in "aeiou" else "a ") + noun


def assemble(
    place: str, moments: Sequence[str], things: Sequence[str], rng: np.random.Generator
) -> str:
    """Join a place ('snowy meadow'), moments ('at night') and things into a caption.

    Things are dropped from the end when the caption would grow beyond MAX_WORDS.
    """
    kept = list(things)
    template = int(rng.integers(6))
    while True:
        text = _fill(template, place, " ".join(moments), kept)
        if len(text.split()) <= MAX_WORDS or not kept:
            return text
        kept.pop()


def _fill(template: int, place: str, moment: str, things: list[str]) -> str:
    scene = f"{place} {moment}".strip()
    if not things:
        return _sentence(f"a wide view all around over {article(scene)}")
    if template == 0:
        return _sentence(f"{article(scene)} with {listed(things)}")
    if template == 1:
        return ", ".join([scene, *things])
    if template == 2:
        return _sentence(f"{listed(things)} in {article(scene)}")
    if template == 3:
        return _sentence(", ".join([*things, article(scene)]))
    half = max(1, len(things) // 2)
    first = _sentence(f"{article(scene)} with {listed(things[:half])}")
    if template == 4 and things[half:]:
        return f"{first} {_sentence('we also see ' + listed(things[half:]))}"
    if things[half:]:
        return f"{first} {_sentence(listed(things[half:]))}"
    return _sentence(f"we see {listed(things)} in {article(scene)}")


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."


def compose(subject: str, details: list[Phrase], light: str, rng: np.random.Generator) -> str:
    """A caption of 8 to 35 words about the subject."""
    weights = np.array([phrase.weight for phrase in details], dtype=float)
    order = rng.choice(len(details), len(details), replace=False, p=weights / weights.sum())
    wanted = int(rng.integers(3, 8))
    chosen: list[str] = []
    words = len(f"a {subject} {light} there are and".split())
    for index in order[:wanted]:
        text = details[index].text
        if words + len(text.split()) <= COMPOSED_WORDS:
            chosen.append(text)
            words += len(text.split())
    if rng.random() < 0.2:
        return ", ".join([subject, *chosen, light])
    sentence = pick(rng, TEMPLATES).format(
        subject=article(subject), light=light, details=listed(chosen)
    )
    return sentence[0].upper() + sentence[1:]
