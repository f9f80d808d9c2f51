"""What lies behind doors: descriptions of rooms and gardens, read from `rooms.txt`. Only data."""

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import NamedTuple

from mag_sandbox.scenes.places import known_place
from mag_sandbox.scenes.scene import MAX_PROMPT
from mag_sandbox.scenes.vocabulary import FUNCTION_WORDS, Vocabulary, split_words, stem

MOST_WORDS = 3  # of the name of a room that is of no known place
_WAYS = frozenset(("gate", "arch"))  # from one place outdoors to the next
_STYLES = re.compile(r"\b(?:striped |panelled )?\w+ (?:walls|floor)\b")  # that a house shares


class _Place(NamedTuple):
    """A place with doors."""

    caption: str
    leads_to: tuple[str, ...]  # places


def _read() -> tuple[dict[str, tuple[str, ...]], dict[str, _Place], list[list[str]]]:
    text = Path(__file__).with_name("rooms.txt").read_text(encoding="utf-8")
    doors, places, lights = (
        [
            [part.strip() for part in line.split("|")]
            for line in block.splitlines()
            if not line.startswith("#")
        ]
        for block in text.split("\n\n")
    )
    return (
        {kind: tuple(filter(None, to.split(", "))) for kind, to in doors},
        {name: _Place(caption, tuple(to.split(", "))) for name, caption, to in places},
        lights,
    )


DOORS, _PLACES, _LIGHTS = _read()  # DOORS: what each kind of doors leads to, (): that depends


@lru_cache(maxsize=256)  # every block asks
def place_name(prompt: str) -> str:
    """Return what a room is called by its description: the longest name of a place, or its start.

    >>> place_name("a cosy dining room in the evening")
    'dining room'
    """
    read = [stem(word.text.lower()) for word in split_words(prompt)]
    named = [
        name
        for name, place in _PLACES.items()
        if _says(read, name) or prompt.startswith(place.caption)
    ]
    words = [word.text for word in split_words(re.split(r"[,.;:]", prompt, maxsplit=1)[0])]
    words = words[" ".join(words[:1]).lower() in ("a", "an", "the") :][:MOST_WORDS]
    while words[1:] and words[-1].lower() in FUNCTION_WORDS:
        words.pop()
    return max(named, key=len, default=" ".join(words))


def caption_behind(
    door: str, prompt: str, words: Vocabulary, drawn: str, without: Sequence[str] = ()
) -> str:
    """Return the description of the room behind a door.

    It keeps the light of the room where the door is, and walls and floor within a house.

    Args:
        door: its kind, one of `DOORS`.
        prompt: of the room where it is.
        words: that descriptions are read in; places that they do not know are left out.
        drawn: decides among several, the same for the same text.
        without: names of rooms that it is not to be, if there are others.
    """
    known = known_place(words.reading(prompt), words)
    here = _PLACES.get(place_name(prompt)) or _PLACES.get(known.name if known else "")
    of_door, of_place = DOORS[door], here.leads_to if here else ()
    both = tuple(name for name in of_place if name in of_door and door in _WAYS)
    leads_to = both or of_door or of_place or _others(prompt, words)
    names = [name for name in leads_to if _knows(words, name)] or [
        name for name in _PLACES if _knows(words, name)
    ]
    fresh = [name for name in names if name not in without] or names
    if not fresh:  # of a world of other words: more of the same
        return prompt
    caption = _PLACES[Random(drawn).choice(fresh)].caption
    is_indoor = words.place(words.reading(caption)) == "indoor"
    parts = [caption]
    if is_indoor and words.place(words.reading(prompt)) == "indoor":
        parts += _STYLES.findall(prompt)
    told = ", ".join(parts)
    said = {stem(word.text.lower()) for word in split_words(prompt)}
    lights = (
        row[1 if is_indoor else 2] for row in _LIGHTS if said & set(map(stem, row[0].split()))
    )
    told = " ".join((told, *list(lights)[:1]))
    return told if len(told) <= MAX_PROMPT and not words.problem(told) else caption


def _says(read: Sequence[str], name: str) -> bool:
    need = [stem(word) for word in name.split()]
    return any(read[start : start + len(need)] == need for start in range(len(read)))


def _knows(words: Vocabulary, name: str) -> bool:
    caption = _PLACES[name].caption
    return words.place(words.reading(caption)) is not None and not words.without_effect(caption)


def _others(prompt: str, words: Vocabulary) -> tuple[str, ...]:
    """Return what doors of a place lead to that has no row of its own."""
    if words.place(words.reading(prompt)) == "indoor":
        return "living room", "kitchen", "library", "garden"
    return "living room", "kitchen", "garden", "meadow"
