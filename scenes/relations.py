"""Reads where a description says that things are: on, beside or behind others, or to a side.

Knows which words name things, and nothing of what they name.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import permutations
from typing import NamedTuple

SIDES = (  # half of the things stand on the left of the other one, half on the right
    "on each side", "on both sides", "on either side", "at each side", "at both sides",
    "to each side", "to both sides", "to either side",
)  # fmt: skip
RELATIONS = {  # words between two things -> where the first one is
    **{f"{leans} {at}": "beside" for leans in ("leaning", "leans", "lean")
       for at in ("on", "against", "at")},
    "riding on": "on", "riding": "on", "rides on": "on", "rides": "on",
    "flying over": "above", "flying above": "above",
    "on top of": "on", "on topped of": "on", "on": "on", "upon": "on",
    "atop": "on",
    "left of": "left", "right of": "right", "behind": "behind", "beyond": "behind",
    "far behind": "far", "far beyond": "far", "in front of": "front",
    "before": "front", "at": "front", "against": "front", "between": "between",
    "beside": "beside", "next to": "beside", "close to": "beside", "near": "beside",
    "by": "beside", "around": "beside", "in": "in", "inside": "in", "from": "in",
    "above": "above", "over": "above", "overhead": "above",
    "under": "under", "below": "under", "beneath": "under", "underneath": "under",
    **{f"{said} of": "sides" for said in SIDES},
}  # fmt: skip
IN_ORDER = frozenset(("left", "right", "between"))  # said of things of one kind, too
_TOGETHER = (  # things of one kind, or one and the one before
    "next to each other", "beside each other", "near each other", "side by side", "in a row",
    "in a line", "close together",
)  # fmt: skip
DIRECTIONS = {  # words of a thing -> where it is, seen from where the scene begins
    "on the left": "left", "to the left": "left", "on the right": "right", "to the right": "right",
    "in the middle": "ahead", "in the center": "ahead", "in the centre": "ahead",
    "on my left": "left", "to my left": "left", "on my right": "right", "to my right": "right",
    "in the left corner": "left", "in the right corner": "right",
    "behind me": "behind", "behind you": "behind",
    "in front of me": "ahead", "in front of you": "ahead", "straight ahead": "ahead",
    "left of me": "left", "right of me": "right",
    "ahead of me": "ahead", "before me": "ahead",
    "in the distance": "far", "in the far distance": "far", "in the background": "far",
    "far away": "far", "far off": "far", "on the horizon": "far", "at the horizon": "far",
    **dict.fromkeys(SIDES, "sides"), **dict.fromkeys(_TOGETHER, "row"),
    **dict.fromkeys(("in the sky", "in the air", "flying"), "sky"),
    **{f"{over} {us}": "sky" for over in ("above", "over", "high above", "high over")
       for us in ("me", "us", "you", "my head", "our heads", "your head")},
    **dict.fromkeys(("in the water", "in water", "swimming", "floating"), "water"),
}  # fmt: skip
_BEFORE_THINGS = frozenset(("left", "right", "ahead"))  # directions, at the start of a clause
_OWN_SIDES = {  # likewise, of the thing that a pronoun stands for
    f"{to} {whose} {side}": (side, whose != "their")
    for to in ("to", "on") for whose in ("its", "his", "her", "their") for side in ("left", "right")
}  # fmt: skip
_SINGULAR = {"it": True, "him": True, "her": True, "them": False}  # pronouns
_POSTURES = frozenset(("sitting", "standing", "lying", "sleeping", "reading", "playing"))
_BEING = frozenset(("is", "are", "there", "stands", "stand", "sits", "sit", "lies"))
_RELATIVE = frozenset(("it", "he", "she", "which", "that", "who"))  # whose verbs end in s, too
_SHARED = frozenset(("on", "in", "under", "behind", "front"))  # by all of "A, B and C on D"
_ALONE = {  # words that may stand without "it"
    "above": "above", "overhead": "above", "in front": "front", "behind": "behind",
    "beyond": "behind", "far behind": "far", "far beyond": "far",
    "below": "under", "underneath": "under", **dict.fromkeys(SIDES, "sides"),
}  # fmt: skip
_BEGINNINGS = frozenset(
    said.split()[0] for said in (*RELATIONS, *DIRECTIONS, *_OWN_SIDES, *_ALONE)
)  # first words of what says where something is
_RIDING = "riding"
_FLYING, _ARTICLES = "flying", frozenset(("a", "an", "the", "his", "her", "their"))
_MIDDLE = frozenset(("ahead", "sides"))  # of a place, too: "in the middle of the park"
_AT_END = frozenset(("behind", "far"))  # likewise: "a meadow and behind it a house"
_ENDS = frozenset(("", "and", "or", "with", "in", "at"))  # words, "": none, that follow them then
_OPPOSITE = frozenset(permutations(("front", "behind"), 2)) | {*permutations(("left", "right"), 2)}
_FACING = frozenset(("front", "behind"))  # a thing, and none after a comma: "a saloon, horses"
_JOINERS = frozenset(("and", "or", "with"))
_ADJECTIVES = 2  # words that may stand between a thing and what says where it is
_BEARING = frozenset(("on", "under"))  # of whatever was named last
_ASIDE = frozenset(("left", "right", "behind"))  # which nothing "in front" is seen before
# where both are: at the other's side
_WITH_OWNER = frozenset(("left", "right", "ahead", "behind", "far", "front", "beside"))
_DOING, _OBJECT = "ing", 5  # ends a word of what is done; words of that, with what it is done to
_GROUNDS = frozenset(("field", "fields"))  # after what grows there: a corn field
_BETWEEN = "between"  # two of one kind, or one and another
_CONTAINED = frozenset(("full", "of", "a", "an", "the"))  # words between "basket" and "apples"
OF, WITH = "of", "with"  # where the contents of a thing are, and what each of some people has


class Relation(NamedTuple):
    """Where a thing that a description names is: "on", "left", "right", "behind", and so on."""

    where: str  # a value of `RELATIONS` or `DIRECTIONS`
    kinds: tuple[str, ...] = ()  # of the other thing; (): from where the scene begins
    second: tuple[str, ...] = ()  # of one more, "between" which and the other it is


IN_SKY = Relation("sky")


class NamingWords(NamedTuple):
    """Words that name a thing."""

    start: int
    end: int
    kinds: tuple[str, ...]
    plural: bool
    told: int  # where the words that belong to it begin: "a", "two", "red"


class Clause(NamedTuple):
    """Words that say where a thing is."""

    owner: NamingWords
    relation: Relation
    said: range  # the words


class _Phrase(NamedTuple):
    start: int
    end: int
    where: str
    singular: bool | None = None  # of the thing that a pronoun stands for; None: there is none
    other: int | None = None  # rank of the thing that is named


class _Reader(NamedTuple):
    words: Sequence[str | None]  # None: they name things
    spans: Sequence[NamingWords]
    after_stops: frozenset[int]
    shares: Callable[[NamingWords, NamingWords, Relation], bool]
    bears: Callable[[NamingWords, NamingWords], bool]
    has: Callable[[NamingWords, NamingWords], bool]


def clauses_of(
    words: Sequence[str | None],
    spans: Sequence[NamingWords],
    after_stops: frozenset[int],
    shares: Callable[[NamingWords, NamingWords, Relation], bool],
    bears: Callable[[NamingWords, NamingWords], bool],
    has: Callable[[NamingWords, NamingWords], bool],
) -> Iterator[Clause]:
    """Yield what says where things are.

    That follows a thing ("a tent on the left"), or comes first, before it ("on the left a tent").

    Args:
        words: of a description; None: they name things.
        spans: those that name things, from left to right.
        after_stops: words that follow a comma: "a windmill, on a tulip field" tells where both are.
        shares: whether the first of two things can be where the second one is said to be.
        bears: whether the second of two things can be on the first one.
        has: whether the first of two things can have the second one with it.
    """
    text = _Reader(words, spans, after_stops, shares, bears, has)
    owners: dict[int, _Phrase] = {}  # by rank
    contents = {rank for rank in range(1, len(spans)) if _is_of(text, rank)}
    minor: set[int] = set()  # ranks of things that "it" hardly means
    referents: set[int] = set()  # likewise: they only tell where others are
    for rank in range(-1, len(spans)):
        for phrase in _phrases(text, rank):
            owner = _owner(text, rank, phrase, owners.get(rank))
            owner = rank - 1 if rank in contents and owner == rank else owner
            if owner == rank and rank - 1 not in owners and _is_had(text, rank):
                if phrase.where in _WITH_OWNER:
                    owners.setdefault(rank, phrase._replace(where="beside", other=rank - 1))
                    owner = rank - 1  # "a knight with a shield on the left"
                elif _can_be_both(text, rank, phrase):  # "a girl reading a book on a bench"
                    owners[rank - 1] = phrase
            if owner is None or (owner in owners and owners[owner].other is not None):
                continue
            other = phrase.other
            if phrase.singular is not None:
                other = _meant(text, owner, phrase, minor, referents)
                told = owners.get(-1 if other is None else other)
                if told and (told.where, phrase.where) in _OPPOSITE and told.other is not None:
                    other = (
                        told.other
                    )  # "a fox behind a bush, a rabbit in front of it", or on its other side
                if other is None and phrase.where in _AT_END:
                    phrase = phrase._replace(where="far")
                elif other is None and phrase.where not in _MIDDLE:
                    continue
                if _is_before_all(text, phrase, owners.get(other if other is not None else -1)):
                    phrase, other = phrase._replace(where="ahead"), None
                minor.add(owner)
            elif other is not None:
                referents.add(other)
            elif phrase.where == "row" and not spans[owner].plural:
                if not _is_linked(text, owner):
                    continue
                phrase, other = phrase._replace(where="beside"), owner - 1
            owners[owner] = phrase._replace(other=other)
        following = spans[max(rank, 0) + 1 : rank + 2]
        minor.update(  # "a house with a door"
            rank + 1 for part in following if list(words[spans[rank].end : part.told]) == ["with"]
        )
    for rank in contents - owners.keys():
        said = range(spans[rank - 1].end, spans[rank].start)
        yield Clause(spans[rank], Relation(OF, spans[rank - 1].kinds), said)
    for rank, phrase in sorted(owners.items()):
        other = phrase.other
        relation = Relation(phrase.where, () if other is None else spans[other].kinds)
        if phrase.where == _BETWEEN and other is not None and _are_two(text, other):
            relation = relation._replace(second=spans[other + 1].kinds)
        if relation.kinds == spans[rank].kinds and phrase.where not in IN_ORDER:
            continue
        said = range(phrase.start, phrase.end)
        yield Clause(spans[rank], relation, said)
        if phrase.other is not None and phrase.singular is None and phrase.where in _SHARED:
            for sharing in _listed_before(text, rank, owners, relation):
                if sharing not in contents:
                    yield Clause(spans[sharing], relation, said)


def _phrases(text: _Reader, rank: int) -> Iterator[_Phrase]:
    """Yield what says where something is between a thing, -1: the beginning, and the next one."""
    place = text.spans[rank].end if rank >= 0 else 0
    is_last = rank + 1 == len(text.spans)
    end = len(text.words) if is_last else text.spans[rank + 1].start
    while place < end:
        phrase = _phrase_at(text, rank, place)
        if phrase is not None:
            yield phrase
            place = phrase.end
        else:
            place += 1


def _phrase_at(text: _Reader, rank: int, place: int) -> _Phrase | None:
    if text.words[place] not in _BEGINNINGS:
        return None
    following = text.spans[rank + 1].told if rank + 1 < len(text.spans) else -1
    told = range(following + 1, text.spans[rank + 1].start + 1) if following >= 0 else range(0)
    is_apart = not text.after_stops.isdisjoint(told)
    is_side = any(_said(text, said, place) for said in DIRECTIONS if DIRECTIONS[said] in _ASIDE)
    for said, (where, singular) in _OWN_SIDES.items():
        if end := _said(text, said, place):
            return _Phrase(place, end, where, singular)
    for said, where in RELATIONS.items():
        if not (end := _said(text, said, place)):
            continue
        pronoun = text.words[end] if end < len(text.words) else ""
        if pronoun in _SINGULAR:
            return _Phrase(place, end + 1, where, _SINGULAR[pronoun])
        is_next = following == end or (said == _RIDING and following == place)  # "riding horses"
        if is_next and not (is_apart and (where in _FACING or is_side)):
            return _Phrase(place, end, where, other=rank + 1)
    for said, where in _ALONE.items():
        end = _said(text, said, place)
        if end and (end in text.after_stops or (*text.words, "")[end] in _ENDS):
            return _Phrase(place, end, where, singular=True)
    word = text.words[place]
    if word in _BEFORE_THINGS and following == place + 1 and _begins(text, place):
        return _Phrase(place, place + 1, word)  # "left a castle, right a mill"
    for said, where in DIRECTIONS.items():
        end = _said(text, said, place)
        follows = text.words[end : end + 1]
        is_of = bool(end) and follows == ["of"]
        if said == _FLYING and follows and follows[0] in _ARTICLES:  # "a boy flying a kite"
            continue
        if said == _FLYING and 0 <= following <= place:  # "a city with flying cars"
            continue
        if end and not (is_of and (where not in _MIDDLE or following == end + 1)):
            return _Phrase(place, end, where)
    return None


def _said(text: _Reader, said: str, place: int) -> int:
    """Return where words end that begin at a place; 0: others begin there."""
    own = said.split()
    return place + len(own) if list(text.words[place : place + len(own)]) == own else 0


def _owner(text: _Reader, rank: int, phrase: _Phrase, told: _Phrase | None) -> int | None:
    """Return the rank of the thing of which a phrase says where it is.

    Args:
        text: all of it.
        rank: of the thing before the phrase; -1: there is none.
        phrase: see above.
        told: what was said before of where that thing is: "six cows in a row on a hill".
    """
    if _begins(text, phrase.start):
        others = 0 if phrase.other is None else 1
        if others and phrase.where == _BETWEEN and _are_two(text, rank + 1):
            others = 2
        following = rank + 1 + others
        end = text.spans[rank + others].end if others else phrase.end
        while end < len(text.words) and text.words[end] in _BEING:
            end += 1
        is_there = following < len(text.spans) and text.spans[following].told == end
        if is_there and not any(at in text.after_stops for at in range(phrase.start + 1, end + 1)):
            return following
    if rank < 0:
        return None
    end = told.end if told and told.where == "row" else text.spans[rank].end
    between = text.words[end : phrase.start]
    is_doing = _is_doing(between)
    if None in between and (not is_doing or "over" in between):
        return None  # but horses that drink "from a river under a tree"
    if _names_another(text, range(end, phrase.start)):  # "a boy and a kite on a hill"
        is_shared = phrase.other is not None and phrase.where in _BEARING | {"in"}
        return rank if is_shared and list(between[:1]) == ["and"] else None
    is_direction = phrase.other is None and phrase.singular is None
    if not is_direction and not _GROUNDS.isdisjoint(between):  # "a wheat field, smoke over a house"
        return None
    has_object = is_doing and not _ARTICLES.isdisjoint(between[1:3])
    is_posture = (between or [""])[-1] in _POSTURES  # "a boy in pyjamas sitting on a bed"
    most = _OBJECT if has_object or is_posture else _ADJECTIVES
    is_near = len(between) <= most + 2 * (phrase.where in ("left", "right"))
    if is_direction or (is_near and _JOINERS.isdisjoint(between)):
        is_apart = phrase.other is not None and _first(text, phrase) in text.after_stops
        return None if is_apart else rank
    return None


def _is_had(text: _Reader, rank: int) -> bool:
    """Tell whether the thing before has a thing, or does something with it: "reading a book"."""
    if rank < 1:
        return False
    owner, own = text.spans[rank - 1 : rank + 1]
    return _are_joined(text.words[owner.end : own.told]) and text.has(owner, own)


def _are_joined(between: Sequence[str | None]) -> bool:
    """Tell whether words between two things say that one has the other: "with", "reading"."""
    return len(between) == 1 and (between[0] == "with" or _is_doing(between))


def _is_doing(words: Sequence[str | None]) -> bool:
    """Tell whether words after a thing say what it does: "flying a kite"."""
    return (words[0] or "").endswith(_DOING) if words else False


def _can_be_both(text: _Reader, rank: int, phrase: _Phrase) -> bool:
    """Tell whether what has a thing can be where that is: a baker with a cake is on no table."""
    if phrase.other is None or phrase.singular is not None:
        return False
    return phrase.where == "under" or text.bears(text.spans[phrase.other], text.spans[rank - 1])


def _names_another(text: _Reader, between: range) -> bool:
    """Tell whether words after a thing name another one, which is not known: "and a brass band"."""
    words = [text.words[place] or "" for place in between]
    firsts = [
        word if word not in _JOINERS else follows
        for place, word, follows in zip(between, words, words[1:], strict=False)
        if place in text.after_stops or word in _JOINERS
    ]
    is_plural = bool(words) and words[-1].endswith("s")
    return any(first in _ARTICLES or (is_plural and first not in _RELATIVE) for first in firsts)


def _first(text: _Reader, phrase: _Phrase) -> int:
    """Return where a phrase begins: "to the" of "to the left of it" belongs to it."""
    before = list(text.words[max(phrase.start - 2, 0) : phrase.start])
    return phrase.start - 2 * (before in (["to", "the"], ["on", "the"]))


def _begins(text: _Reader, place: int) -> bool:
    """Tell whether a word is the first of a clause."""
    return place == 0 or place in text.after_stops or text.words[place - 1] in _JOINERS


def _meant(
    text: _Reader, owner: int, phrase: _Phrase, minor: Collection[int], referents: Collection[int]
) -> int | None:
    """Return the rank of the thing that a pronoun stands for.

    That is the last one that can be it: one or several, and rather what the description is of than
    a part of that.
    """
    before = [*range(owner)]
    if owner and phrase.where == "sides":  # "in front of a house, with a tree on each side"
        one, other = text.spans[owner - 1], text.spans[owner]
        if list(text.words[one.end : other.told]) == ["with"]:
            return owner - 1
    before = [rank for rank in before if text.words[text.spans[rank].end] not in _GROUNDS]
    fitting = [rank for rank in before if text.spans[rank].plural != phrase.singular] or before
    if phrase.where == "on":
        bearing = [rank for rank in fitting if text.bears(text.spans[rank], text.spans[owner])]
        fitting = [rank for rank in bearing if rank not in referents] or bearing or fitting
    elif phrase.where not in _BEARING:
        own = (rank for rank in fitting if rank not in minor and rank not in referents)
        fitting = list(own) or fitting
    return max(fitting, default=None)


def _is_of(text: _Reader, rank: int) -> bool:
    """Tell whether a thing is the contents of the one before: "a bowl of oranges"."""
    between = text.words[text.spans[rank - 1].end : text.spans[rank].start]
    return "of" in between and _CONTAINED.issuperset(between)


def _is_before_all(text: _Reader, phrase: _Phrase, others: _Phrase | None) -> bool:
    """Tell whether "in front" is ahead of the player: what was named before is not there."""
    is_alone = text.words[phrase.end - 1] not in _SINGULAR and phrase.where == "front"
    return is_alone and others is not None and others.other is None and others.where in _ASIDE


def _is_linked(text: _Reader, rank: int) -> bool:
    """Tell whether "and" is between a thing and the one before it."""
    one, other = text.spans[rank - 1], text.spans[rank]
    return rank > 0 and list(text.words[one.end : other.told]) == ["and"]


def _are_two(text: _Reader, rank: int) -> bool:
    """Tell whether one thing, alone of its kind, is linked to the next: "a cat and a dog"."""
    is_last = rank + 1 == len(text.spans)
    return not is_last and not text.spans[rank].plural and _is_linked(text, rank + 1)


def _listed_before(
    text: _Reader, rank: int, owners: Collection[int], relation: Relation
) -> Iterator[int]:
    """Yield the ranks of things that are where one is: "A, B and C on D", "A with B on D"."""
    owner, links = text.spans[rank], 0
    while rank and rank - 1 not in owners:
        one, other = text.spans[rank - 1], text.spans[rank]
        is_listed = one.end == other.told and other.told in text.after_stops
        is_listed |= _is_of(text, rank)
        joint = list(text.words[one.end : other.told])
        is_linked = joint == ["and"] or (relation.where == "on" and _are_joined(joint))
        if not is_linked and not (links and is_listed):
            return
        links, rank = links + 1, rank - 1
        is_crowd = one.kinds[0] == owner.kinds[0] and one.plural and relation.where == "behind"
        if is_crowd or not text.shares(one, owner, relation):
            return  # "customers and a baker behind the counter"
        if one.kinds != relation.kinds:
            yield rank
