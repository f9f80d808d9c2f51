"""What lies behind doors: descriptions of rooms and gardens, read from `rooms.txt`. Only data."""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import dropwhile
from pathlib import Path
from random import Random
from typing import NamedTuple

from mag_sandbox.scenes.places import known_place
from mag_sandbox.scenes.scene import MAX_PROMPT
from mag_sandbox.scenes.vocabulary import FUNCTION_WORDS, Vocabulary, split_words, stem

MOST_WORDS = 3  # of the name of a room that is of no known place
_WAYS = frozenset(("gate", "arch"))  # from one place outdoors to the next
_BETWEEN_WORLDS = frozenset(("portal",))  # other doors of a level lead to levels
_GAME = "video game"
_STYLES = re.compile(r"\b(?:striped |panelled )?\w+ (?:walls|floor)\b")  # that a house shares


class _Place(NamedTuple):
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
def place_name(prompt: str, words: Vocabulary | None = None) -> str:
    """Return what a room is called by its description: the longest name of a place, or its start.

    In a world of known `words`, no street is a church because one stands there, and words without
    effect are left out of the start.

    >>> place_name("a cosy dining room in the evening")
    'dining room'
    """
    read = [stem(word.text.lower()) for word in split_words(prompt)]
    named = [
        name
        for name, place in _PLACES.items()
        if _says(read, name) or prompt.startswith(place.caption)
    ]
    if words and (category := words.place(words.reading(prompt))):
        own = {name: words.place(words.reading(_PLACES[name].caption)) for name in named}
        named = [name for name in named if own[name] in (category, None)]
    return max(named, key=len, default="") or _start_of(prompt, words)


def _start_of(prompt: str, words: Vocabulary | None) -> str:
    shown = prompt
    for grey in words.without_effect(prompt) if words else ():
        shown = shown[: grey.start] + " " * len(grey.text) + shown[grey.end :]
    parts = [split_words(part) for part in re.split(r"[,.;:]|\bwith\b", shown)]
    texts = ([*dropwhile(_is_small, (word.text for word in part))] for part in parts)
    start = next(filter(None, texts), [word.text for word in split_words(prompt)])[:MOST_WORDS]
    while start[1:] and _is_small(start[-1]):
        start.pop()
    return " ".join(start)


def _is_small(word: str) -> bool:
    return word.lower() in FUNCTION_WORDS


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
    read = words.reading(prompt)
    known = known_place(read, words)
    here = _PLACES.get(place_name(prompt, words)) or _PLACES.get(known.name if known else "")
    of_door, of_place = DOORS[door], here.leads_to if here else ()
    both = tuple(name for name in of_place if name in of_door and door in _WAYS)
    leads_to = both or of_door or of_place or _others(read, words)
    if door not in _BETWEEN_WORLDS and words.place(read) == _GAME:
        levels = (
            name for name, to in _PLACES.items() if words.place(words.reading(to.caption)) == _GAME
        )
        leads_to = tuple(levels) or leads_to
    names = [name for name in leads_to if _knows(words, name)] or [
        name for name in _PLACES if _knows(words, name)
    ]
    fresh = [name for name in names if name not in without] or names
    if not fresh:  # of a world of other words: more of the same
        return prompt
    caption = _PLACES[Random(drawn).choice(fresh)].caption
    is_indoor = words.place(words.reading(caption)) == "indoor"
    parts = [caption]
    if is_indoor and words.place(read) == "indoor":
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


def _others(read: str, words: Vocabulary) -> tuple[str, ...]:
    """Return what doors of a place in known words lead to that has no row of its own."""
    if words.place(read) == "indoor":
        return "living room", "kitchen", "library", "garden"
    return "living room", "kitchen", "garden", "meadow"
