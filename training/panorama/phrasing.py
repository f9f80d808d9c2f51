"""Captions from phrase tables: picks phrases for a scene's attributes and joins them to English.

Works on any table of the shape attribute -> value -> phrases. Knows nothing of what they describe.
"""

from collections.abc import Mapping, Sequence

import numpy as np

Phrases = Mapping[str, Mapping[str, Sequence[str]]]

MIN_WORDS = 8
MAX_WORDS = 35


def choose(options: Sequence[str], rng: np.random.Generator) -> str:
    """One of the phrases."""
    return options[int(rng.integers(len(options)))]


def present(phrases: Phrases, attributes: Mapping[str, str]) -> list[str]:
    """The attributes that have something to say in this scene."""
    return [name for name, by_value in phrases.items() if by_value.get(attributes[name])]


def listed(parts: Sequence[str]) -> str:
    """'a', 'a and b', 'a, b and c'."""
    if len(parts) < 2:
        return "".join(parts)
    return ", ".join(parts[:-1]) + " and " + parts[-1]


def with_article(noun: str) -> str:
    """The noun phrase with a or an, unless it is plural or already has an article."""
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
        return _sentence(f"a wide view all around over {with_article(scene)}")
    if template == 0:
        return _sentence(f"{with_article(scene)} with {listed(things)}")
    if template == 1:
        return ", ".join([scene, *things])
    if template == 2:
        return _sentence(f"{listed(things)} in {with_article(scene)}")
    if template == 3:
        return _sentence(", ".join([*things, with_article(scene)]))
    half = max(1, len(things) // 2)
    first = _sentence(f"{with_article(scene)} with {listed(things[:half])}")
    if template == 4 and things[half:]:
        return f"{first} {_sentence('we also see ' + listed(things[half:]))}"
    if things[half:]:
        return f"{first} {_sentence(listed(things[half:]))}"
    return _sentence(f"we see {listed(things)} in {with_article(scene)}")


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."
