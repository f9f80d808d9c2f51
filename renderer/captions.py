"""Writes captions of scenes as people would, and reads which facts a caption states.

Captions name things as the player first sees them: how many, in which colour, how large, and where
they are in relation to each other.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence, Sized
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from mag_sandbox.files.validation import capitalized
from mag_sandbox.renderer.kinds import KINDS
from mag_sandbox.renderer.phrasing import article, listed, pick, plural
from mag_sandbox.renderer.places import PLACES
from mag_sandbox.renderer.placing import COUNT_WORDS, MANY, SIZES
from mag_sandbox.renderer.scene import Item, Layout

MOST_WORDS = 34
TRIED = 24  # captions, of which the richest one is taken
MOSTLY_AHEAD = 0.5  # share of a group
IN_VIEW = 44.0  # degrees from the middle of the first view
SIDE = (9.0, 40.0)  # degrees between things that are left and right of each other
BEHIND = 6.0, 1.2  # degrees at most, and metres at least, between things behind each other
BESIDE = 2.5  # metres at most
NEXT_TO = "beside", "beside", "next to", "near"
EMPTY = "empty", "bare", "lonely"
MOODS = ("quiet", "cosy", "beautiful", "little", "old", "peaceful", "strange")  # unseen
ON = frozenset((  # places that things are on, not in
    "beach", "farmland", "savanna", "snowfield", "playground", "football field", "airport", "moon",
    "stage", "market", "camp site", "meadow",
))  # fmt: skip
NAMES = frozenset(("Venice",))  # words without an article
SIZE_WORDS = {"tiny": ("tiny", "very small"), "small": ("small", "little"),
              "big": ("big", "large", "tall"), "giant": ("giant", "huge", "enormous")}  # fmt: skip
THING_COUNTS = (0.03, 0.2, 0.24, 0.22, 0.16, 0.1, 0.05)  # how often captions name 0, 1, 2, ...


def _words_of_attributes() -> dict[str, dict[str, tuple[str, ...]]]:
    words: dict[str, dict[str, tuple[str, ...]]] = {}
    text = Path(__file__).with_name("attributes.txt").read_text(encoding="utf-8")
    for block in text.split("\n[")[1:]:
        attribute, *lines = block.splitlines()
        rows = (line.split(": ", 1) for line in lines)
        words[attribute.removesuffix("]")] = {
            value: tuple("" if one == "-" else one for one in several.split(", "))
            for value, several in rows
        }
    return words


WORDS = _words_of_attributes()
_COLORED = {"wall_color": ("{} walls",), "floor_color": ("{} {floor} floor", "{} floor"),
            "backdrop_color": ("{} background", "{} backdrop")}  # fmt: skip


@dataclass(frozen=True, slots=True)
class NamedGroup:
    """A group of things as captions speak of it."""

    group: str
    kind: str
    color: str | None
    size: str
    count: int  # in the whole ring
    ahead: int  # in the first view
    first: Item  # the one nearest to the middle of the first view


@cache
def nouns(kind: str) -> tuple[tuple[str, str], ...]:
    """Return singular and plural of all words for a kind, its name first."""
    own = (kind, KINDS[kind].plural)
    return (own, *(pair for pair in _words().get(kind, ()) if pair != own))


@cache
def _words() -> dict[str, tuple[tuple[str, str], ...]]:
    found = {}
    text = Path(__file__).with_name("words.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            kind, _, several = line.partition(": ")
            pairs = (one.partition("/") for one in several.split(", "))
            found[kind] = tuple((one, many or plural(one)) for one, _, many in pairs)
    return found


def named_groups(layout: Layout) -> list[NamedGroup]:
    """Return the groups that captions can name, those in the first view first."""
    counts: Counter[str] = Counter()
    ahead: Counter[str] = Counter()
    first: dict[str, Item] = {}
    for item in layout.items:
        if not item.group:
            continue
        counts[item.group] += 1
        if _yaw(item) <= IN_VIEW:
            ahead[item.group] += 1
        if item.group not in first or _yaw(item) < _yaw(first[item.group]):
            first[item.group] = item
    named = [
        NamedGroup(group, one.kind, one.color if one.color and one.color in group else None,
              next((size for size in SIZES if size and group.startswith(f"{size} ")), ""),
              counts[group], ahead[group], one)
        for group, one in first.items()
    ]  # fmt: skip
    return sorted(named, key=lambda one: (not one.ahead, one.group))


def _yaw(item: Item) -> float:
    return abs(float(np.degrees(np.arctan2(item.x, item.z))))


def caption(layout: Layout, index: int = 0, *, ahead: bool = False) -> str:
    """Return one of endlessly many captions of a scene.

    With `ahead`, it names only things most of whose group stand in the first view.
    """
    rng = np.random.default_rng([layout.seed, sum(map(ord, layout.category)), 1, index])
    groups = [
        one for one in named_groups(layout) if not ahead or one.ahead > MOSTLY_AHEAD * one.count
    ]
    weights = np.array([6.0 if one.ahead else 1.0 for one in groups])
    count = min(int(rng.choice(len(THING_COUNTS), p=THING_COUNTS)), len(groups))
    chosen = []
    if count:
        numbers = rng.choice(len(groups), count, replace=False, p=weights / weights.sum())
        chosen = [groups[int(number)] for number in numbers]
    things = [_phrase(rng, one, groups) for one in chosen]
    relation = _relation(rng, layout, groups)
    if relation and rng.random() < 0.3:
        things = [relation, *things[:3]]
    things += _scenery(rng, layout)
    return _sentence(rng, layout.place, _place(rng, layout), things)


def _phrase(rng: np.random.Generator, named: NamedGroup, groups: Sequence[NamedGroup]) -> str:
    alike = sum(one.kind == named.kind for one in groups) > 1
    noun, many = nouns(named.kind)[0]
    if rng.random() < 0.4:
        noun, many = pick(rng, nouns(named.kind))
    words = []
    if named.size and (alike or rng.random() < 0.8):
        words.append(pick(rng, SIZE_WORDS[named.size]))
    if named.color and (alike or rng.random() < 0.75):
        words.append(named.color)
    if named.count == 1:
        single = " ".join((*words, noun))
        if noun == many:
            return single
        return f"one {single}" if rng.random() < 0.1 else article(single)
    words.append(many)
    if named.count < MANY:
        number = str(named.count) if rng.random() < 0.1 else COUNT_WORDS[named.count]
        return " ".join((number, *words)) if rng.random() < 0.85 else " ".join(words)
    number = pick(rng, ("many", "some", "lots of", "", ""))
    return " ".join(word for word in (number, *words) if word)


def _relation(rng: np.random.Generator, layout: Layout, groups: Sequence[NamedGroup]) -> str:
    """Return the relation of two things of the first view in words; "" if there is none."""
    known = {one.group: one for one in groups}
    carried = [item for item in layout.items if item.support >= 0 and item.group in known]
    single = {one.group: one for one in groups if one.count == 1 and one.ahead}
    found = []
    for item in carried:
        base = layout.items[item.support]
        if _yaw(item) <= IN_VIEW and base.group in known:
            above, below = known[item.group], replace(known[base.group], count=1)
            found.append(f"{_phrase(rng, above, groups)} on {_phrase(rng, below, groups)}")
    alone = [
        one for one in single.values() if one.first.foot == 0 and one.first.entry.where == "floor"
    ]
    for one in alone:
        for other in alone:
            word = _where(one.first, other.first) if one is not other else ""
            if word:
                word = pick(rng, NEXT_TO) if word == "beside" else word
                found.append(f"{_phrase(rng, one, groups)} {word} {_phrase(rng, other, groups)}")
    return pick(rng, found) if found else ""


def _where(one: Item, other: Item) -> str:
    """Return the direction of a thing from another in words; "" if there is no word."""
    turn = float(np.degrees(np.arctan2(one.x, one.z) - np.arctan2(other.x, other.z)))
    away, far = (float(np.hypot(item.x, item.z)) for item in (one, other))
    if abs(turn) < BEHIND[0]:
        return ("behind" if away > far else "in front of") if abs(away - far) > BEHIND[1] else ""
    if np.hypot(one.x - other.x, one.z - other.z) < BESIDE and abs(turn) < SIDE[1]:
        return "beside"
    if SIDE[0] < abs(turn) < SIDE[1]:
        return "to the left of" if turn < 0 else "to the right of"
    return ""


def _place(rng: np.random.Generator, layout: Layout) -> str:
    attributes = layout.attributes
    word = pick(rng, PLACES[layout.place].words)
    if attributes.get("weather") == "snowy" and layout.place in ("meadow", "farmland", "desert"):
        word = PLACES[layout.place].words[0]
    if "empty" in attributes:
        word = f"{pick(rng, EMPTY)} {word}"
    elif rng.random() < 0.08:
        word = f"{pick(rng, MOODS)} {word}"
    moments = []
    for name in ("time_of_day", "weather", "light", "sky_color"):
        phrases = WORDS[name].get(attributes.get(name, ""), ())
        rare = attributes.get(name) in ("clear", "noon", "daylight", "soft light")
        if phrases and rng.random() < (0.15 if rare else 0.6):
            moments.append(pick(rng, phrases))
    return " ".join(one for one in (word, *moments) if one)


def _scenery(rng: np.random.Generator, layout: Layout) -> list[str]:
    found = []
    for attribute, value in layout.attributes.items():
        if rng.random() < 0.12:
            if attribute in ("relief", "celestial", "sky") and value in WORDS[attribute]:
                found.append(pick(rng, WORDS[attribute][value]))
            elif attribute in _COLORED:
                indoors = layout.category == "indoor"
                floor = layout.attributes["floor"].removesuffix("s") if indoors else ""
                template = pick(rng, _COLORED[attribute])
                phrase = " ".join(template.format(value, floor=floor).split())
                found.append(phrase if phrase.endswith("s") else article(phrase))
    return found


def _sentence(rng: np.random.Generator, name: str, place: str, things: list[str]) -> str:
    while things and len(f"{place} {' '.join(things)}".split()) > MOST_WORDS - 6:
        things = things[:-1]
    where = place if place.split()[0] in NAMES else article(place)
    if not things:
        return pick(rng, (place, where, capitalized(where) + "."))
    within = "on" if name in ON else "in"
    choices = (
        f"{where} with {listed(things)}", f"{capitalized(where)} with {listed(things)}.",
        ", ".join((place, *things)), f"{listed(things)} {within} {where}",
        f"{capitalized(listed(things))} {within} {where}.", f"{', '.join(things)}, {place}",
        f"{capitalized(where)}: {listed(things)}.",
    )  # fmt: skip
    if len(things) > 2 and rng.random() < 0.2:
        half = len(things) // 2
        first, others = listed(things[:half]), capitalized(listed(things[half:]))
        return f"{capitalized(where)} with {first}. {others}."
    return pick(rng, choices)


def phrases_of(layout: Layout, attribute: str) -> tuple[str, ...]:
    """Return the phrases by which captions can name an attribute's value; () if they never do.

    `attribute` is one of the layout's, or the name of a group of things.
    """
    value = layout.attributes.get(attribute)
    if attribute == "place":
        return PLACES[layout.place].words
    if attribute == "empty":
        return EMPTY if value else ()
    if value is not None:
        if attribute in _COLORED:
            return (_COLORED[attribute][-1].format(value),)
        return tuple(one for one in WORDS.get(attribute, {}).get(value, ()) if one)
    return _group_phrases(named_groups(layout), attribute)


def _group_phrases(groups: Sequence[NamedGroup], group: str) -> tuple[str, ...]:
    named = next((one for one in groups if one.group == group), None)
    if named is None:
        return ()
    words = [word for pair in nouns(named.kind) for word in pair]
    if sum(one.kind == named.kind for one in groups) > 1:
        if named.color:
            return tuple(f"{named.color} {word}" for word in words)
        return tuple(f"{size} {word}" for size in SIZE_WORDS.get(named.size, ()) for word in words)
    return tuple(words)


def named_in(text: str, layout: Layout) -> set[str]:
    """Return the attributes of a scene, and the groups of things, that a caption names.

    The longest phrase counts: "street lamp" names no lamp.
    """
    groups = named_groups(layout)
    phrases = {name: phrases_of(layout, name) for name in layout.attributes}
    phrases |= {one.group: _group_phrases(groups, one.group) for one in groups}
    meanings: dict[str, set[str]] = {}
    for attribute, several in phrases.items():
        for phrase in several:
            meanings.setdefault(phrase.lower(), set()).add(attribute)
    longest = sorted(meanings, key=len, reverse=True)
    found = re.findall(rf"\b(?:{'|'.join(map(re.escape, longest))})\b", text.lower())
    return {attribute for phrase in found for attribute in meanings[phrase]}


def _questions() -> dict[str, tuple[str, ...]]:
    scenes = {name: tuple(values) for name, values in WORDS.items()}
    counts = (*(str(count) for count in COUNT_WORDS), "many")
    things = dict.fromkeys(KINDS, counts)
    colors = {f"{name} color": kind.colors for name, kind in KINDS.items() if kind.colors}
    return {"place": tuple(PLACES), **scenes, **things, **colors}


# facts that captions can state, and their values: place, light, counts and colours of all kinds
QUESTIONS: dict[str, tuple[str, ...]] = _questions()


def answers_of(text: str, layout: Layout) -> dict[str, str]:
    """Return the facts that a caption states of its scene: a value for some of QUESTIONS."""
    spoken = named_in(text, layout)
    answers = {
        name: layout.attributes[name]
        for name in QUESTIONS
        if name in spoken and layout.attributes.get(name) in QUESTIONS[name]
    }
    lowered = text.lower()
    for named in named_groups(layout):
        if named.group in spoken:
            answers[named.kind] = str(named.count) if named.count < MANY else "many"
            if named.color and named.color in lowered:
                answers[f"{named.kind} color"] = named.color
    return answers


def richest_caption(
    layout: Layout, facts: Callable[[str, Layout], Sized], *, ahead: bool = False
) -> str:
    """Return the caption of `TRIED` ones that states most of a scene, by the facts read in each.

    For `ahead` see `caption`.
    """
    captions = (caption(layout, index, ahead=ahead) for index in range(TRIED))
    return max(captions, key=lambda text: len(facts(text, layout)))
