"""Which things words name: how many, in which colours and sizes, and where."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache, lru_cache
from itertools import chain, pairwise
from typing import NamedTuple

from mag_sandbox.scenes.color_names import COLORS, SAME_COLORS, color_name, color_word
from mag_sandbox.scenes.kinds import (
    ALSO,
    ANIMALS,
    ANYBODY,
    DEEP,
    DISCS,
    DRESSED,
    HILLS,
    LIKEWISE,
    MATS,
    OVERHEAD,
    PEOPLE,
    RIDDEN,
    SHAPES,
    STANDS,
    THINGS,
    TREES,
    WATERS,
    shape_of,
)
from mag_sandbox.scenes.looks import painted_colors, usual_looks
from mag_sandbox.scenes.relations import (
    IN_SKY,
    OF,
    RELATIONS,
    WITH,
    Clause,
    NamingWords,
    Relation,
    clauses_of,
)
from mag_sandbox.scenes.stances import STANCES, where_of
from mag_sandbox.scenes.synonyms import plural
from mag_sandbox.scenes.vocabulary import FUNCTION_WORDS, VERB_ENDINGS, Phrase, split_words

SIZES = {
    "tiny": 0.25, "small": 0.6, "little": 0.6, "short": 0.6,
    "big": 1.5, "large": 1.5, "tall": 1.5, "long": 1.5,
    "huge": 2.5, "giant": 2.5, "enormous": 2.5, "gigantic": 2.5,
}  # fmt: skip
NUMBERS = {  # how many at least and at most
    "one": (1, 1), "single": (1, 1), "two": (2, 2), "three": (3, 3), "four": (4, 4),
    "five": (5, 5), "few": (3, 4), "six": (6, 6), "seven": (7, 7), "eight": (8, 8),
    "2": (2, 2), "3": (3, 3), "4": (4, 4), "5": (5, 5), "6": (6, 6), "7": (7, 7), "8": (8, 8),
    "several": (3, None), "many": (5, None),
}  # fmt: skip
_LARGE = (  # numbers that are drawn as they are, in words
    "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen",
)  # fmt: skip
_EIGHT = 8  # the most of kinds that are wider than `_CROWDED_WIDE`
_CROWDED_WIDE = 18.0  # degrees
MOST_COUNTED = _EIGHT + len(_LARGE)
LARGE_NUMBERS = {  # numbers that may be drawn as smaller ones
    **{word: number for number, word in enumerate(_LARGE, _EIGHT + 1)},
    **{str(number): number for number in range(_EIGHT + 1, 101)},
    "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40,
    "fifty": 50, "dozen": 12, "hundred": 100, "thousand": 1000, "1000": 1000,
}  # fmt: skip
NUMBERS |= {word: (number, number) for word, number in LARGE_NUMBERS.items()}
_AMOUNTS = {  # likewise, before "of"
    "lots": (5, None), "lot": (5, None), "pair": (2, 2), "couple": (2, 2), "dozens": (8, None),
    "full": (6, None), "hundreds": (8, None), "thousands": (8, None), "herd": (5, None),
    "flock": (5, None), "crowd": (5, None), "swarm": (5, None), "group": (3, None),
    "pack": (3, None), "pile": (3, None), "stack": (3, None), "row": (3, None),
}  # fmt: skip
_CROWDS = {  # words for many, and how many people these are at least
    "many": 10, "lots": 10, "lot": 10, "full": 10, "crowd": 12, "dozens": 14, "hundreds": 16,
    "thousands": 16,
}  # fmt: skip
_PLURALS = frozenset((
    "people", "children", "men", "women", "mice", "cattle", "cacti", "toys", "cloudy",
))  # fmt: skip
_DOING = {"flying": IN_SKY, "swimming": Relation("water")}  # said before a thing
_IN_ROW = Relation("row")
_FEW_WIDE = 25.0  # degrees: of narrower things three are several, of wider ones two
_COUNTED = 16  # of kinds with more in a scene, like trees, "a" does not mean only one
BUNCHED, _IN_A_BUNCH = "toy balloons", 3  # which are drawn in bunches, and how many are in one
_CONTAINED = 3  # of things that something is full of: more would be too small to tell apart
_ALIKE = frozenset((  # with a plural like the singular, or that are many plants
    "sheep", "deer", "fish", "wheat", "bamboo", "seaweed", "coral", "reed",
))  # fmt: skip
UNCOUNTED = frozenset(
    ("wheat", "corn", "hay", "bamboo", "seaweed", "coral", "bread", "rain", "snow", "ice")
)
_ADJECTIVES = 2  # words that may stand between a number, size or colour and its thing
_STANDING = frozenset(("floor", "small", "water", "wall", "ceiling", "sky"))  # somewhere
_WHO = frozenset(("who", "which"))
_WEARING = frozenset(("in", "dressed", "wearing", "wears", "clad", "with", "has", "have"))
_IS_COLORED = frozenset(("is", "are", "all", "painted", "coloured", "colored"))
_PRONOUNS = frozenset(("it", "they", "which", "that"))
_JOINING = frozenset((
    "and", "or", "with", "on", "at", "who", "in", "under", "by", "near", "beside", "behind",
))  # fmt: skip
GARMENTS = frozenset((
    "dress", "coat", "jacket", "shirt", "robe", "gown", "clothes", "suit", "uniform",
    "trousers", "skirt", "sweater", "raincoat", "cloak", "jumper", "tshirt", "blouse", "scarf",
    "cloth", "swimsuit", "bikini", "apron", "costume", "pyjamas", "overalls", "kimono", "sari",
))  # fmt: skip
GARMENTS |= {f"{one}{'es' if one.endswith('ss') else 's'}" for one in GARMENTS}
_DRESSES = frozenset(("dress", "dresses", "gown", "gowns"))  # which women are painted in
_HUNG = frozenset(("wall", "ceiling"))
_FURNITURE = frozenset((
    "table", "round table", "dining table", "coffee table", "desk", "chair", "stool", "armchair",
    "sofa", "bed", "bench", "cabinet",
))  # fmt: skip
_TABLE, _BUILT_IN = "table", frozenset(("fireplace", "stove", "bathtub", "bed", "wardrobe"))
_SHARING, _LIGHT = 1.3, 0.9  # times another thing's height, or metres, of one there, too
_HIGH = 2.0  # metres, likewise: on them nothing light is
_AT_SIDE = 2.5  # metres, of what the living have at their side: a beach umbrella
_CARRIED = 1.3  # metres, of what each of some people has
# shown instead of a colour that a kind is not painted in: a golden temple is yellow
_NEAR_COLORS = {"yellow": "gold", "gold": "yellow", "brown": "wooden"}
_TOLD = frozenset(("yellow", "gold"))  # of these: wood is brown
_ARTICLES = frozenset(("a", "an", "the", "my", "its", "one"))
_OWNERS = frozenset(("my", "his", "her", "its", "our", "your", "their"))
_NEGATIONS = frozenset(("no", "without"))
STOPS = frozenset(",.;:")  # after which others are meant
_PLACES = ("space station", "school room", "castle hall", "hall of a castle", "pool of lava")
_STUFFS = frozenset({"stone", "rock", "carpet"})  # that something is made of, in a description
_PERCHES = frozenset((  # with room for little more than an animal
    "bench", "hay bale", "stump", "log", "rock", "barrel", "fence", "gravestone", "mailbox",
    "signpost",
))  # fmt: skip
_HOLDING = frozenset((  # kinds that contain others
    "boat", "rowing boat", "gondola", "ship", "sailing ship", "bowl", "basket", "box", "crate",
    "cardboard box", "fruit crate", "picnic basket", "vase", "barrel", "treasure chest", "bed",
    "armchair", "chair", "crib", "bathtub", "sled", "cauldron", "suitcase", "sink", "throne",
    *TREES, "bush", "hedge", "sandpit", "bird cage", "market stall",
))  # fmt: skip
_FLYING = frozenset(("dragon", "plane", "helicopter", "rocket"))  # which stand elsewhere
_PLACE_WORDS = 4  # of "above a burning village"
_MATS_LIE = frozenset(("front", "under"))  # of others
_WALL_WORDS = 7  # of the longest such phrase
ON_WALL = r"(?:(?:is |are )?hang(?:ing|s)? )?on (?:an?|the) (?:\w+ )?walls?\b"
_IS_ON_WALL = re.compile(rf"(?:and (?:an?|the) \w+ )?{ON_WALL}")
_BOARDS = frozenset(
    ("table", *LIKEWISE["table"], "desk", "workbench", "kitchen counter", "counter")
)
_SEATS = frozenset(("chair", "stool", "armchair"))
_HOUSED = frozenset(("bird cage",))  # that only contain animals
_ALIVE = ANIMALS | PEOPLE
_WINDOW = "window"
_HEAVENLY = frozenset(("sun", "moon", "star", "cloud", "starry sky"))
_ENTERED, _GROWING = 1.4, frozenset(("sunflower", "bamboo", "reed", "wheat", "cactus", "mushroom"))
_SITES = frozenset(("lake", "sea", "cliff", "waterfall", "palm", "sun", "moon", "cloud"))
_PARTS = frozenset(("door", "gate", "arch", "tower", "bench"))  # that buildings have
_BUILDINGS = frozenset(("castle", "church", "cottage", "barn", "school", "temple", "station"))
WHERE = frozenset((
    "on", "in", "at", "of", "by", "under", "above", "beside", "near", "next", "behind", "over",
    "to",
))  # fmt: skip


class Named(NamedTuple):
    """A thing that a description names."""

    kinds: tuple[str, ...]  # that the words can mean, the likeliest first
    color: tuple[int, int, int] | None  # that they give it
    least: int = 1  # how many there are at least
    most: int | None = None  # and at most; None: any number
    scale: float = 1.0  # how much larger than usual it is
    relation: Relation | None = None
    uncolored: tuple[str, ...] = ()  # kinds that the words could mean but for their colour
    one_of_many: bool = False  # there are others like it that the words do not mean
    parts: "tuple[Named, ...]" = ()  # that differ: "a red car on the left and a blue car"
    shape: int | None = None  # variant of its kind that the words mean; None: any usual one


class _Naming(NamedTuple):
    """The things that a description names, and its words, counted from 0, that do so."""

    named: tuple[Named, ...]  # one of each kind, the longest names first
    absent: frozenset[str]  # kinds that it says are not there
    names: frozenset[int]
    telling: frozenset[int]  # which say where things are, or that they are absent
    silent: frozenset[int]  # which give things colours that they do not take
    modifiers: frozenset[int]  # which only modify the next name: "a bird house"
    said: Mapping[str, str]  # kinds, and the names that it has for them
    counted: Mapping[int, int]  # words for many, counted from 0, and how many are drawn


def _grown(one: Named) -> Named:
    """Return a name with people alone: children are not counted with them."""
    if one.kinds[0] != "person":
        return one
    return one._replace(kinds=one.kinds[:1], uncolored=(*one.uncolored, *one.kinds[1:]))


def _told_apart(named: Sequence[Named]) -> tuple[Named, ...]:
    """Return names without kinds that other names mean first: people without children."""
    firsts = {one.kinds[0] for one in named}
    return tuple(
        one._replace(kinds=(one.kinds[0], *(kind for kind in one.kinds[1:] if kind not in firsts)))
        for one in named
    )


def named_things(text: str, kinds: Collection[str]) -> tuple[Named, ...]:
    """Return the things that a description names, one of each kind, the longest names first."""
    return _naming(text, tuple(kinds)).named


def kinds_named(named: Iterable[Named]) -> set[str]:
    """Return all kinds that some words name."""
    return {kind for one in named for kind in one.kinds}


def absent_kinds(text: str, kinds: Collection[str]) -> frozenset[str]:
    """Return the kinds of things that a description says are not there: "no people"."""
    return _naming(text, tuple(kinds)).absent


def naming_words(text: str, kinds: Collection[str]) -> frozenset[int]:
    """Return the words of a description, counted from 0, that name things; see `named_things`."""
    return _naming(text, tuple(kinds)).names


def names_said(text: str, kinds: Collection[str]) -> Mapping[str, str]:
    """Return the names that a description has for kinds of things."""
    return _naming(text, tuple(kinds)).said


def telling_words(text: str, kinds: Collection[str]) -> frozenset[int]:
    """Return the words that give named things a number, size or place, or deny them."""
    naming = _naming(text, tuple(kinds))
    said = enumerate(word.text.lower() for word in split_words(text))
    words = [None if place in naming.names else word for place, word in said]
    told = NUMBERS.keys() | _AMOUNTS.keys() | SIZES.keys() | SAME_COLORS.keys() | COLORS.keys()
    told |= _DOING.keys()
    after_stops = _after_stops(text)
    return naming.telling | frozenset(
        before
        for place in naming.names
        for before in words_before(words, place, after_stops)
        if words[before] in told and before not in naming.silent
    )


def garments_in(text: str) -> tuple[str, ...]:
    """Return the clothes of people whose colour is painted, but for dresses of women."""
    naming = _naming(text, tuple(THINGS))
    said = [word.text.lower() for word in split_words(text)]
    return tuple(
        word
        for place, word in enumerate(said)
        if word in GARMENTS
        and place in naming.telling
        and not (word in _DRESSES and SHAPES.keys() & said[:place])
    )


def numbers_drawn(text: str, kinds: Collection[str]) -> tuple[tuple[str, str], ...]:
    """Return the words for many in a description, and the numbers drawn, where they differ."""
    words = [word.text for word in split_words(text)]
    return tuple(
        (words[place], _LARGE[drawn - _EIGHT - 1] if drawn > _EIGHT else "eight")
        for place, drawn in sorted(_naming(text, tuple(kinds)).counted.items())
        if LARGE_NUMBERS.get(words[place].lower()) != drawn
    )


def near_colors(text: str, kinds: Collection[str]) -> tuple[tuple[str, str], ...]:
    """Return the words for colours in a description that are drawn as near ones, and these.

    >>> near_colors("a yellow cat and a yellow car", ("cat", "car"))
    (('yellow', 'gold'),)
    """
    words = [word.text.lower() for word in split_words(text)]
    _, mentions, _ = _mentions_in(words, tuple(kinds), _after_stops(text))
    told = (
        (words[place], _near_color(span.kinds, color))
        for span in mentions
        for place in words_before(words, span.start)
        if (color := color_word(words[place]))
    )
    return tuple(
        dict.fromkeys(
            (said, near) for said, near in told if near in _TOLD and near != color_word(said)
        )
    )


def with_article(name: str) -> str:
    """Return a name as that of one thing: "an alien", "the moon", "curtains", "on a car"."""
    first, last = name.split()[0], _counted_word(name)
    if last in (OVERHEAD | {"sea"}) - {"planet", "cloud", "star"}:
        return f"the {name}"
    if is_plural(name) or last in UNCOUNTED or first in {*NUMBERS, *RELATIONS}:
        return name
    return f"{article(name)} {name}"


def is_plural(name: str) -> bool:
    """Tell whether a name takes a verb in the plural: "red curtains", "people with drums"."""
    last = _counted_word(name)
    return last in _PLURALS or (last.endswith("s") and plural(last) == last)


def _counted_word(name: str) -> str:
    return re.split(" (?:of|with|in) ", name)[0].split()[-1]


def article(name: str) -> str:
    """Return "a" or "an", as it is spoken: "a unicorn", "an owl"."""
    return "an" if name[0] in "aeiou" and not name.startswith(("uni", "ufo")) else "a"


def silent_words(text: str, kinds: Collection[str]) -> frozenset[int]:
    """Return the words that give things colours they do not take, or only modify other names."""
    naming = _naming(text, tuple(kinds))
    return naming.silent | naming.modifiers


class _Mentions(NamedTuple):
    """The names that a text has for things."""

    left: list[str | None]  # its words; None: they name things
    spans: list[NamingWords]  # also of kinds that were named before
    called: dict[str, str]  # kinds, and the names that it has for them


def _mentions_in(
    words: Sequence[str | None], kinds: tuple[str, ...], after_stops: Collection[int]
) -> _Mentions:
    """Return the names that words have for things of some kinds, longer names first."""
    left = list(words)
    owners: dict[int, str] = {}  # the kind that each word names
    mentions: list[NamingWords] = []
    called: dict[str, str] = {}
    for name, own, kind in _names_begun(words, kinds):
        for start in range(len(left) - len(own) + 1):
            said = left[start : start + len(own)]
            if not all(map(is_word, said, own)):
                continue
            if len(own) == 1 and (
                _is_stuff(words, start, after_stops) or is_color_of_next(words, start)
            ):
                continue
            left[start : start + len(own)] = [None] * len(own)  # each word names one thing
            alike = LIKEWISE.get(kind, ()) if name == kind else LIKEWISE.get(name, ())
            if not kind or (name in ALSO and owners.get(start - 1) in (kind, *alike)):
                last = next((one for one in mentions if one.end == start), None)
                if last and kind:  # the trees of "palm trees"
                    mentions[mentions.index(last)] = last._replace(
                        end=start + len(own), plural=last.plural or said[-1] != own[-1]
                    )
                continue
            owners.update(dict.fromkeys(range(start, start + len(own)), kind))
            meant = kind, *(one for one in alike if one in kinds)
            plural = said[-1] != own[-1] or said[-1] in _PLURALS
            mentions.append(NamingWords(start, start + len(own), meant, plural, start))
            if name not in _PLURALS:
                called.setdefault(kind, name)
    return _Mentions(left, mentions, called)


@lru_cache(maxsize=64)  # several questions are asked of each text
def _naming(text: str, kinds: tuple[str, ...]) -> _Naming:
    """Return the things that words name, and those words."""
    words: list[str | None] = [word.text.lower() for word in split_words(text)]
    after_stops = _after_stops(text)
    left, mentions, called = _mentions_in(words, kinds, after_stops)
    heads = {span.start: span for span in mentions if span.start not in after_stops}
    for span in mentions.copy():  # fir trees are pines
        head = heads.get(span.end)
        if head and head.kinds[0] != span.kinds[0] in head.kinds and head in mentions:
            mentions.remove(head)
            mentions[mentions.index(span)] = span._replace(end=head.end, plural=head.plural)
    modifiers = [span for span in mentions if _is_modifier(words, span, heads.get(span.end))]
    for span in modifiers:
        mentions.remove(span)
        left[span.start : span.end] = words[span.start : span.end]
    mentions = _as_before(left, mentions)
    found: dict[str, NamingWords] = {}  # the first mention of each kind
    for span in mentions:
        found[span.kinds[0]] = min(found.get(span.kinds[0], span), span)
    absent = {span: no for span in mentions if (no := _negation(left, span)) is not None}
    worn, dressing, ends = _colors_told_later(left, mentions, after_stops)
    of_all = {one.kinds: worn[one.start] for one in mentions
              if one.start in worn and not _is_another(left, one.start, after_stops)}  # fmt: skip
    for place in dressing:
        left[place] = "in"  # which says nothing about the next word
    spans = sorted(
        _with_told(left, span, after_stops)._replace(end=ends.get(span.start, span.end))
        for span in mentions if _can_be_told_where(span)
    )  # fmt: skip
    clauses = _on_one_board([*clauses_of(left, spans, after_stops, _shares, _bears, _has)], spans)
    clauses = _owned(left, spans, clauses)
    contained = {clause.owner.start for clause in clauses if clause.relation.where == OF}
    beside = {
        clause.owner.start: clause for clause in clauses
        if clause.relation.kinds == clause.owner.kinds
    }  # fmt: skip
    where = {
        clause.owner.start: held for clause in clauses
        if (clause.owner.kinds[0] not in MATS or clause.relation.where in _MATS_LIE)
        and clause not in beside.values()
        and (held := _around(clause.owner, _held(clause.owner, clause.relation)))
        and (clause.owner.kinds[0] not in DISCS or _is_in_sky(held))
    }  # fmt: skip

    def called_by(span: NamingWords) -> Named:
        one = _told_before(left, span.start, span.kinds, after_stops, plural=span.plural)
        one = one._replace(shape=shape_of(words[span.end - 1] or "", one.kinds[0], one.color))
        clothes = worn.get(span.start) or of_all.get(span.kinds)
        one = one._replace(color=COLORS[clothes]) if clothes and one.color is None else one
        if span.start in contained:
            one = one._replace(least=min(one.least, _CONTAINED))
        one = _on_or_above(one._replace(relation=where.get(span.start, one.relation)))
        if span.kinds[0] in _FLYING and one.relation is None and _is_over_place(left, span.end):
            one = one._replace(relation=IN_SKY)
        one = _hanging(one) if _is_on_wall(words, span.end) else one
        if one.relation and one.relation.where == WITH:
            owner = spans[max(rank for rank, other in enumerate(spans) if other.start < span.start)]
            count = called_by(owner).least  # two guitars of three people
            return _in_hands(one, span.kinds)._replace(least=count, most=count)
        return _on_sides(one) if one.relation and one.relation.where == "sides" else one

    def all_of(span: NamingWords) -> Named:
        spans = [
            one for one in sorted(mentions)
            if one.kinds[0] == span.kinds[0] and one not in absent
            and (one == span or _is_another(left, one.start, after_stops))
        ]  # fmt: skip
        ones = [called_by(one) for one in spans]
        told = [not _is_where(left, one, after_stops) for one in spans]
        others = [
            one for one, is_told in zip(ones, told, strict=True)
            if is_told or one.color or one.scale != 1.0 or one.shape != ones[0].shape
        ]  # fmt: skip
        if told[0] or all(one.most is None for one in others):
            others = [ones[0], *(one for one in others if one is not ones[0])]
        return _in_order(_together(others), [beside.get(one.start) for one in spans])

    named = _told_apart([_grown(all_of(span)) for span in found.values() if span not in absent])
    spoken = (place for place, word in enumerate(left) if word is None)
    telling = [*absent.values(), *dressing, *chain(*(clause.said for clause in clauses))]
    telling += chain(*(_behind_all(left, span) for span in mentions))
    gone = frozenset(kind for span in absent for kind in span.kinds)
    return _Naming(
        named, gone, frozenset(spoken), frozenset(telling), _colors_not_taken(left, mentions),
        frozenset(chain(*(range(span.start, span.end) for span in modifiers))), called,
        _counted_words(left, mentions, after_stops),
    )  # fmt: skip


def _as_before(words: Sequence[str | None], mentions: Sequence[NamingWords]) -> list[NamingWords]:
    """Return mentions; those of a thing named before have its kinds: "the" round table."""
    starts, result = [one.start for one in mentions], list[NamingWords]()
    for span in sorted(mentions):
        is_the = span.start > 0 and words[span.start - 1] == "the"
        before = [one for one in result if one.plural == span.plural]
        alike = [one.kinds for one in before if one.kinds[0] in span.kinds]
        if is_the and alike and span.kinds not in alike:
            span = span._replace(kinds=alike[-1])
        result.append(span)
    return sorted(result, key=lambda one: starts.index(one.start))


def _counted_words(
    words: Sequence[str | None], mentions: Sequence[NamingWords], after_stops: Collection[int]
) -> dict[int, int]:
    """Return the words for many, counted from 0, and how many things are drawn for each."""
    return {
        before: least
        for span in mentions
        for before in words_before(words, span.start, after_stops)
        if (word := words[before] or "") in LARGE_NUMBERS or word in _CROWDS
        if (least := _drawn(word, span.kinds[0]))
    }


def _drawn(word: str, kind: str) -> int:
    """Return how many things of a kind are drawn for a word for many; 0: as usual."""
    if word in LARGE_NUMBERS:
        is_wide = kind not in THINGS or THINGS[kind].width > _CROWDED_WIDE
        return min(LARGE_NUMBERS[word], _EIGHT if is_wide else MOST_COUNTED)
    return _CROWDS.get(word, 0) if kind in ANYBODY else 0


def _colors_told_later(
    words: Sequence[str | None], mentions: Sequence[NamingWords], after_stops: Collection[int]
) -> tuple[dict[int, str], list[int], dict[int, int]]:
    """Return the colours given to things after their names, and the words that give them.

    Returns:
        The colours, by where names begin; the words, counted from 0; and where the words that
        belong to a thing end, of the places at which these begin: "a man in a red coat by a tree".
    """
    worn, dressing, ends = dict[int, str](), list[int](), dict[int, int]()
    for span in mentions:
        clothes = _clothes(words, span, after_stops) if span.kinds[0] in PEOPLE else None
        if given := clothes or _said_later(words, span):
            worn[span.start], dress = given
            dressing += dress
            ends[span.start] = dress.stop
    return worn, dressing, ends


def _colors_not_taken(
    words: Sequence[str | None], mentions: Sequence[NamingWords]
) -> frozenset[int]:
    """Return the words, counted from 0, for colours that their things are not painted in."""
    return frozenset(
        before
        for span in mentions
        for before in words_before(words, span.start)
        if (color := color_word(words[before])) and _near_color(span.kinds, color) is None
    )


def _is_modifier(words: Sequence[str | None], span: NamingWords, head: NamingWords | None) -> bool:
    """Tell whether a name only modifies the next one: "a bird house".

    Lists without articles, "castle dragon knight", name things; so does "a lake house".
    """
    kind = span.kinds[0]
    if head is None or span.plural or kind in _SITES or not {kind, head.kinds[0]} <= THINGS.keys():
        return False
    if kind in _BUILDINGS and head.kinds[0] in _PARTS:
        return False
    return head.plural or _with_told(words, span).told < words_before(words, span.start).start


def _said_later(words: Sequence[str | None], span: NamingWords) -> tuple[str, range] | None:
    """Return the colour in "the cat is black", "painted red", and its words; None: there is none.

    It may be of a pronoun: "a car, it is red".
    """
    place = span.end + (span.end < len(words) and words[span.end] in _PRONOUNS)
    first = place
    while place < len(words) and words[place] in _IS_COLORED:
        place += 1
    color = color_word(words[place]) if first < place < len(words) else None
    follows = words[place + 1] if place + 1 < len(words) else ""
    is_own = follows is not None and (follows in FUNCTION_WORDS or place + 1 == len(words))
    return (color, range(span.end, place + 1)) if color and is_own else None


def _is_another(words: Sequence[str | None], place: int, after_stops: Collection[int]) -> bool:
    """Tell whether words name one more thing, and not one that was named before."""
    told = words_before(words, place, after_stops)
    article = words[told.start - 1] if told.start else None
    return article in ("a", "an", "another", "and") or any(
        words[one] in NUMBERS or words[one] in _AMOUNTS or color_word(words[one]) for one in told
    )


def _behind_all(words: Sequence[str | None], span: NamingWords) -> range:
    """Return the words that put a far thing behind all others: "mountains behind"."""
    end = span.end + (words[span.end : span.end + 1] == ["far"])
    is_said = words[end : end + 1] == ["behind"] and _stance(span) == "far"
    is_said = is_said and (*words, "")[end + 1] not in ("me", "you", "us")
    return range(span.end, end + 1 if is_said else span.end)


def _is_where(words: Sequence[str | None], span: NamingWords, after_stops: Collection[int]) -> bool:
    """Tell whether words name no more things: "and a cat on a sofa", "a horse race"."""
    told = words_before(words, span.start, after_stops).start
    follows = words[span.end] if span.end < len(words) else None
    says = follows and (follows in FUNCTION_WORDS | WHERE | _WHO or follows.endswith(VERB_ENDINGS))
    is_modifier = follows and not says and span.end not in after_stops and not span.plural
    is_list = told - 1 in after_stops
    return bool(is_modifier) or (told > 1 and words[told - 2] in WHERE and not is_list)


def _together(ones: Sequence[Named]) -> Named:
    """Join the names of one kind in a description into one.

    If their colours, sizes, directions or shapes differ they are its parts.
    """
    counted = [one for one in ones if one.most is not None]
    if counted and all(one in counted or one.least == _CROWDS["many"] for one in ones):
        ones = counted  # "many people ... three players" are three
    first, *others = ones
    placed = [one for one in ones if one.relation is not None]
    relation = placed[-1].relation if placed else None
    alike = {(one.color, one.scale, one.relation, one.shape) for one in ones}
    if not others or (len(alike) == 1 and first.most is None):
        are_people = first.kinds[0] in PEOPLE  # mum and dad are two, three dancers and a drummer 4
        least = sum(one.least for one in ones) if are_people else first.least
        return first._replace(relation=relation, least=least)
    directions = [one for one in placed if one.relation and not one.relation.kinds]
    most = [one.most for one in ones if one.most is not None]
    return first._replace(
        color=first.color if len({one.color for one in ones}) == 1 else None,
        scale=first.scale if len({one.scale for one in ones}) == 1 else 1.0,
        least=sum(one.least for one in ones),
        most=sum(most) if len(most) == len(ones) else None,
        relation=None if directions and len(alike) > 1 else relation,
        one_of_many=all(one.one_of_many for one in ones),
        shape=first.shape if len({one.shape for one in ones}) == 1 else None,
        parts=tuple(ones) if len(alike) > 1 else (),
    )


def _in_order(one: Named, beside: Sequence[Clause | None]) -> Named:
    """Return a name whose two parts are in their order from left to right, where words say it.

    "A red house between two blue ones" has one blue house on either side.

    Args:
        one: with parts in the order in which words mention them.
        beside: what says where each is, seen from the other one.
    """
    owner = next((rank for rank, clause in enumerate(beside) if clause), None)
    if owner is None or len(one.parts) != 2 or len(beside) != 2:
        return one
    clause, own, other = beside[owner], one.parts[owner], one.parts[1 - owner]
    assert clause is not None
    if clause.relation.where == "between":
        half = other.least // 2
        left = other._replace(least=half, most=other.most and half)
        right = other._replace(least=other.least - half, most=other.most and other.most - half)
        return one._replace(parts=(left, own, right))
    is_left = clause.relation.where == "left"
    return one._replace(parts=(own, other) if is_left else (other, own))


def _with_told(
    words: Sequence[str | None], span: NamingWords, after_stops: Collection[int] = ()
) -> NamingWords:
    """Return words that name a thing with where all that belongs to them begins."""
    told = words_before(words, span.start, after_stops).start
    while told and words[told - 1] in _ARTICLES | _OWNERS:
        told -= 1
    is_counted = any(NUMBERS.get(word or "", (1, 1))[0] > 1 for word in words[told : span.start])
    return span._replace(told=told, plural=span.plural or is_counted)


def _negation(words: Sequence[str | None], span: NamingWords) -> int | None:
    """Return the place of the word that says that a thing is not there; None: no word does."""
    first = words_before(words, span.start).start - 1
    while first > 0 and words[first] in _ARTICLES | {"any"}:  # "without the trees"
        first -= 1
    return next((place for place in range(max(first, 0), span.start)
                 if words[place] in _NEGATIONS), None)  # fmt: skip


def _after_stops(text: str) -> frozenset[int]:
    """Return the words of a text, counted from 0, that follow a comma or the like."""
    words = split_words(text)
    gaps = enumerate(pairwise(words), 1)
    return frozenset(
        place for place, (one, other) in gaps if STOPS.intersection(text[one.end : other.start])
    )


def _is_in_sky(relation: Relation) -> bool:
    """Tell whether the sun or moon is on some side, or above a thing: over a sea it is anyway."""
    if not relation.kinds:
        return relation.where in ("left", "right")
    return relation.where == "above" and "sea" not in relation.kinds


def _can_be_told_where(span: NamingWords) -> bool:
    is_water = span.kinds[0] in DEEP | {"frozen lake"}
    lies = is_water or span.kinds[0] in MATS | DISCS
    return _stance(span) in _STANDING or lies or HILLS in span.kinds


def _stance(span: NamingWords) -> str:
    stance = STANCES.get(span.kinds[0])
    return stance.where if stance else "far"


def _held(owner: NamingWords, relation: Relation) -> Relation | None:
    """Return the relation of a thing "in" another one: on a thing that holds it, or before a house.

    None: it has none, like a spaceship in the corn, or bread in a window, which is on a table.
    """
    if relation.where == "under" and not _HEAVENLY.isdisjoint(relation.kinds):
        return None  # everything is
    if relation.where == "far" or (relation.where == "behind" and HILLS in relation.kinds):
        return Relation("far")
    kind = relation.kinds[0] if relation.kinds else ""
    if kind in MATS and relation.where not in ("on", "in"):
        return None  # beside all of it would be out of view
    if relation.where not in ("in", OF):
        return relation
    if _WINDOW in kind:
        is_under = relation.where == "in" and _stance(owner) != "small"
        return relation._replace(where="under") if is_under else None
    if kind in _HOLDING | WATERS:
        return relation._replace(where="on")
    if relation.where == OF:  # a statue of a horse
        return None
    usual = usual_looks().get(kind)
    is_entered = usual is not None and usual.tall >= _ENTERED and kind not in _GROWING
    return relation._replace(where="front") if is_entered else None


def _on_or_above(one: Named) -> Named:
    """Return a name that on a table means only small things: a table lamp, no hanging one.

    Above one it means only what hangs or is in the sky: a wall clock, no alarm clock.
    """
    where, others = (one.relation.where, one.relation.kinds) if one.relation else ("", ())
    if where != "above" and (where != "on" or _BOARDS.isdisjoint(others)):
        return one
    stances = ("small",) if where == "on" else ("wall", "ceiling", "sky", "far")
    kinds = tuple(kind for kind in one.kinds if where_of(kind) in stances)
    return one._replace(kinds=kinds or one.kinds)


def _is_over_place(words: Sequence[str | None], end: int) -> bool:
    """Tell whether words after a thing put it over a place without a thing: "above a village"."""
    over, *others = words[end : end + _PLACE_WORDS] or (None,)
    return over in ("above", "over") and others[:1] != [None] and None not in others[1:3]


def _is_on_wall(words: Sequence[str | None], end: int) -> bool:
    """Tell whether words after a thing put it on a wall: "a clock and a lamp on the wall"."""
    said = " ".join(word or "" for word in words[end : end + _WALL_WORDS])
    return _IS_ON_WALL.match(said) is not None


def _hanging(one: Named) -> Named:
    """Return a name without kinds that hang on no wall, if any does: no alarm clock."""
    kinds = tuple(kind for kind in one.kinds if where_of(kind) == "wall")
    return one._replace(kinds=kinds or one.kinds)


def _on_one_board(clauses: Sequence[Clause], spans: Sequence[NamingWords]) -> list[Clause]:
    """Return clauses with small things beside a laid table on it, too: "a cup on a table by a jug".

    Args:
        clauses: what a description says about where things are.
        spans: the words that name these.
    """
    laid = {one.relation.kinds for one in clauses if one.relation.where == "on"}

    def meant(clause: Clause) -> Clause:
        table, relation = clause.owner, clause.relation
        other = next((one for one in spans if one.kinds == relation.kinds), table)
        is_small = any(STANCES[kind].where == "small" for kind in other.kinds if kind in STANCES)
        is_board = table.kinds in laid and not _BOARDS.isdisjoint(table.kinds)
        if relation.where == "beside" and is_small and is_board:
            return Clause(other, Relation("on", table.kinds), clause.said)
        return clause

    return [meant(clause) for clause in clauses]


def _owned(
    words: Sequence[str | None], spans: Sequence[NamingWords], clauses: Sequence[Clause]
) -> list[Clause]:
    """Return clauses, some by which people and tables have things: "four people with drums".

    Args:
        words: of a description; None: they name things.
        spans: those that name things.
        clauses: what else words say about where things are; those in them stay there, unless they
            are said to be beside their owners anyway.
    """
    beside = {(one.owner.start, one.relation.kinds) for one in clauses
              if one.relation.where == "beside"}  # fmt: skip
    placed = {clause.owner.kinds for clause in clauses
              if (clause.owner.start, clause.relation.kinds) not in beside}  # fmt: skip
    placed |= {clause.relation.kinds for clause in clauses if clause.relation.where != "beside"}
    owned = [
        Clause(other, Relation(WITH, one.kinds), range(one.end, other.told))
        for one, other in pairwise(spans)
        if list(words[one.end : other.told]) == ["with"] and other.kinds not in placed
        and (_is_laid(other.kinds, one.kinds) if one.kinds[0] not in PEOPLE
             else one.plural == other.plural and _carried(other.kinds))
    ]  # fmt: skip
    starts = {clause.owner.start for clause in owned}
    clauses = [*(one for one in clauses if one.owner.start not in starts), *owned]
    told = {clause.owner.start for clause in clauses}
    return [
        *clauses,
        *(_with_it(one, other) for one, other in pairwise(spans)
          if list(words[one.end : other.told]) == ["with"] and not {one.start, other.start} & told
          and _has(one, other)),
    ]  # fmt: skip


def _with_it(one: NamingWords, other: NamingWords) -> Clause:
    """Return where a thing is that the living have: beside them."""
    said = range(one.end, other.told)
    if one.plural and not other.plural:  # several are at the one thing
        return Clause(one, Relation("beside", other.kinds), said)
    return Clause(other, Relation("beside", one.kinds), said)


def _is_laid(seats: Sequence[str], table: Sequence[str]) -> bool:
    """Tell whether things are seats, and another one is a table."""
    return seats[0] in _SEATS and not _BOARDS.isdisjoint(table)


def _around(owner: NamingWords, relation: Relation | None) -> Relation | None:
    """Return where a thing is; seats at a table, or that it has, are around it."""
    if relation is None or not _is_laid(owner.kinds, relation.kinds or ("",)):
        return relation
    is_there = relation.where in (WITH, "beside") or (owner.plural and relation.where == "front")
    return relation._replace(where="around") if is_there else relation


def _carried(kinds: Sequence[str]) -> tuple[str, ...]:
    """Return those of some kinds that people can have with them: toy balloons."""
    looks = usual_looks()
    return tuple(
        kind for kind in kinds
        if kind == BUNCHED or (kind in looks and looks[kind].tall <= _CARRIED)
    )  # fmt: skip


def _in_hands(one: Named, kinds: Sequence[str]) -> Named:
    """Return a name with those of some kinds that people can have."""
    if colored := _carried(one.kinds):
        return one._replace(kinds=colored)
    return one._replace(kinds=_carried(kinds), color=None, uncolored=())


def _on_sides(one: Named) -> Named:
    """Return a name with at least one thing on each side: a single one becomes two."""
    least = max(one.least + one.least % 2, 2)
    return one._replace(least=least, most=one.most and max(one.most + one.most % 2, least))


def _shares(one: NamingWords, other: NamingWords, relation: Relation) -> bool:
    """Tell whether a thing can share the place of another one that is listed with it.

    A cat on a sofa shares it with no fireplace, and the moon over a pool with nothing in the pool.
    """
    if other.kinds[0] in DISCS and not _is_in_sky(relation):
        return False
    if relation.where == "in" and not _HOUSED.isdisjoint(relation.kinds):
        return one.kinds[0] in ANIMALS  # no seller is in the cage with the parrot
    if relation.where not in ("on", "under") or HILLS in relation.kinds:
        return relation.where == "on" or (_stance(one) == "wall") == (_stance(other) == "wall")
    is_alive, is_other_alive = (span.kinds[0] in _ALIVE for span in (one, other))
    if relation.where == "on" and _stance(one) in _HUNG and _stance(other) not in _HUNG:
        return False  # no window is on the table with the lamps
    if _TABLE in relation.kinds and one.kinds[0] in _BUILT_IN:
        return False
    if one.kinds[0] in _FURNITURE and not _FURNITURE.isdisjoint(relation.kinds):
        return False  # no table with a lamp is on the bed with the teddy bear
    if is_alive != is_other_alive and not (RIDDEN | _PERCHES | STANDS).isdisjoint(relation.kinds):
        return False  # a car is not on the bicycle of a person
    if is_other_alive and not MATS.isdisjoint(relation.kinds):
        return is_alive or _stance(one) == "small"  # a sofa is not on the rug of a cat
    if relation.kinds[0] in WATERS:  # no bench is on the pond with the ducks
        return _stance(one) == _stance(other) and (
            len(ANIMALS.intersection((one.kinds[0], other.kinds[0]))) != 1
        )
    tall, most = (usual_looks().get(span.kinds[0]) for span in (one, other))
    return tall is not None and most is not None and tall.tall <= max(_SHARING * most.tall, _LIGHT)


def _bears(one: NamingWords, other: NamingWords) -> bool:
    """Tell whether a thing bears another one: lakes only swimmers, and houses no cakes.

    People bear nothing and stand on no tables, and ships are on water alone.
    """
    if one.kinds[0] in PEOPLE:
        return False
    if one.kinds[0] in WATERS - {"frozen lake"}:
        return _stance(other) == "water" or other.kinds[0] == "duck"
    if _stance(other) == "water" and other.kinds[0] not in ANIMALS:
        return False
    if other.kinds[0] in PEOPLE and not _BOARDS.isdisjoint(one.kinds):
        return False
    below, above = (usual_looks().get(span.kinds[0]) for span in (one, other))
    is_high = below is not None and below.tall > _HIGH and one.kinds[0] not in _HOLDING
    return not is_high or not above or above.tall > _LIGHT or other.kinds[0] in _ALIVE


def _has(one: NamingWords, other: NamingWords) -> bool:
    """Tell whether a living thing can carry another one, or have it at its side."""
    usual = usual_looks().get(other.kinds[0])
    return one.kinds[0] in _ALIVE and usual is not None and usual.tall <= _AT_SIDE


def _clothes(
    words: Sequence[str | None], span: NamingWords, after_stops: Collection[int]
) -> tuple[str, range] | None:
    """Return the colour of people's clothes, by the words after them, and these words."""
    place = span.end
    while place < len(words) and words[place] in _WEARING | _ARTICLES | _WHO:
        place += 1
    said = color_word(words[place]) if place < len(words) else None
    if said is None or not _WEARING.intersection(words[span.end : place]):
        return None
    after = words[place + 1] if place + 1 < len(words) else "and"
    is_dress = after in GARMENTS
    is_color = after in _JOINING or place + 1 in after_stops  # "in red", and not "in a red car"
    if not is_dress and not (is_color and words[place - 1] in _WEARING):
        return None
    name = _near_color(span.kinds[:1], said)
    return (name, range(span.end, place + 1 + is_dress)) if name else None


def _names_begun(
    words: Collection[str | None], kinds: tuple[str, ...]
) -> list[tuple[str, list[str], str]]:
    """Return the names that begin with some word of a text, as `_names_of` does."""
    names, begun = _names_of(kinds)
    return [
        names[place] for place in sorted({one for word in words for one in begun.get(word, ())})
    ]


@lru_cache(maxsize=32)  # of all kinds, and of those of each place
def _names_of(
    kinds: tuple[str, ...],
) -> tuple[list[tuple[str, list[str], str]], dict[str | None, list[int]]]:
    """Return names, their words and kinds ("": none of these), those of the most words first.

    Returns:
        The names, and the places of those that begin with a word.
    """
    names = {kind: kind for kind in kinds}
    names |= {word: kind for word, kind in ALSO.items() if kind in names and word not in names}
    names |= dict.fromkeys(_PLACES, "")
    split = ((name, name.split(), kind) for name, kind in names.items())
    ordered = sorted(split, key=lambda one: -len(one[1]))
    begun: dict[str | None, list[int]] = {}
    for place, (_, own, _) in enumerate(ordered):
        for form in _forms(own[0]):
            begun.setdefault(form, []).append(place)
    return ordered, begun


def is_color_of_next(words: Sequence[str | None], place: int) -> bool:
    """Tell whether a word is the colour of the next one: an orange sky holds no orange."""
    follows = next(iter(words[place + 1 :]), None)
    others = follows is None or follows in FUNCTION_WORDS or follows in NUMBERS.keys() | _AMOUNTS
    return words[place] in COLORS and not others


def _is_stuff(words: Sequence[str | None], place: int, after_stops: Collection[int]) -> bool:
    """Tell whether a word is a material: a stone house, a house of stone."""
    is_last = place + 1 in after_stops  # "a carpet, a bed"
    before, after = words[max(place - 1, 0)], next(iter(words[place + 1 :]), None)
    after = None if is_last else after
    has_noun = after is not None and after not in FUNCTION_WORDS | NUMBERS.keys() | WHERE
    return words[place] in _STUFFS and (has_noun or before == "of")


def is_word(word: str | None, name: str) -> bool:
    """Tell whether a word is one of a name, or its plural."""
    return word in _forms(name)


@cache
def _forms(name: str) -> frozenset[str]:
    """Return a word of a name and its plurals: "fires" are no "firs", and "ponies" no "ponds"."""
    forms = {name, f"{name}s"}
    ends = {
        "y": "ies", "f": "ves", "fe": "ves", "s": "ses", "x": "xes", "z": "zes", "o": "oes",
        "ch": "ches", "sh": "shes",
    }  # fmt: skip
    forms |= {name.removesuffix(end) + many for end, many in ends.items() if name.endswith(end)}
    if name.endswith("man"):
        forms.add(f"{name[:-2]}en")
    return frozenset(forms)


def words_before(
    words: Sequence[str | None], place: int, after_stops: Collection[int] = ()
) -> range:
    """Return the places of words before a thing that can give its number, size and colour.

    That is up to a stop, any word that only joins others or names a thing (None), or a few others.
    """
    first, others = place, 0
    while first and (word := words[first - 1]) and word not in FUNCTION_WORDS:
        tells = word in SIZES or word in NUMBERS or SAME_COLORS.get(word, word) in COLORS
        others += not tells
        if others > _ADJECTIVES or (first in after_stops and not tells):
            break
        first -= 1
        if word in NUMBERS:
            break
    if first > 1 and words[first - 1] == "of" and words[first - 2] in _AMOUNTS:
        first -= 2
    return range(first, place)


def _told_before(
    words: Sequence[str | None],
    place: int,
    kinds: tuple[str, ...],
    after_stops: Collection[int],
    *,
    plural: bool,
) -> Named:
    """Return the colour, number and size that words before a thing give it."""
    color, scale, told = None, 1.0, words_before(words, place, after_stops)
    does: Relation | None = None
    article = words[told.start - 1] if told.start else None
    is_owned = not _OWNERS.isdisjoint((article, words[told.start]))
    the_one = (article == "the" or is_owned) and not plural and kinds[0] not in _ALIKE
    countable = kinds[0] in THINGS and THINGS[kinds[0]].most <= _COUNTED
    is_person = kinds[0] in DRESSED and not plural  # also "man in a boat"
    is_one = article in ("a", "an") or the_one or is_person  # though a plural may be: "a camels"
    several = plural or (kinds[0] in _ALIKE and not is_one)
    are_wide = kinds[0] not in THINGS or THINGS[kinds[0]].width >= _FEW_WIDE
    least, most = (2 if are_wide else 3) if several else 1, None
    if is_one:
        least, most = 1, 1 if countable else None
    for before in told:
        word = words[before] or ""
        if color is None or word != "wooden":  # a red wooden chair is red
            color = COLORS.get(SAME_COLORS.get(word, word), color)
        scale *= SIZES.get(word, 1.0)
        does = _DOING.get(word, does)
        follows = words[before + 1] if before + 1 < len(words) else None
        counts = _AMOUNTS if follows == "of" else NUMBERS  # a full moon is one
        least, most = counts.get(word, (least, most))
        does = _IN_ROW if plural and (word, follows) == ("row", "of") else does
        if word in counts and (drawn := _drawn(word, kinds[0])):
            least, most = drawn, most and drawn
    if kinds[0] == BUNCHED and most:
        least, most = (-(-number // _IN_A_BUNCH) for number in (least, most))
    near = _near_color(kinds, color_name(color)) if color else None
    color = COLORS[near] if near else None
    colored = tuple(one for one in kinds if near and takes_color(one, near))
    return Named(
        colored or kinds, color if colored else None, least, most, scale, does,
        uncolored=tuple(kind for kind in kinds if colored and kind not in colored),
        one_of_many=is_one and least == 1 and most is None,
    )  # fmt: skip


def _near_color(kinds: Sequence[str], name: str) -> str | None:
    """Return the colour nearest to a named one in which things of some kinds are painted."""
    near = (name, _NEAR_COLORS.get(name, name))
    return next((one for one in near if any(takes_color(kind, one) for kind in kinds)), None)


def takes_color(kind: str, name: str) -> bool:
    """Tell whether things of a kind are painted in a named colour; those not measured are.

    A dining table is not: its chairs are.
    """
    known = painted_colors().get(kind)
    return kind != "dining table" and (known is None or name in known)


def in_said_colors(phrases: Sequence[Phrase]) -> tuple[Phrase, ...]:
    """Return phrases as read, without the colours of their readings where words give others.

    A taxi is a yellow car, and a black taxi a black one.
    """

    def known(before: Phrase, phrase: Phrase) -> str | None:
        own = (phrase.known or "").split()
        rest = [word for word in own[:-1] if not color_word(word)] + own[-1:]
        return " ".join(rest) if phrase.known and color_word(before.written) else phrase.known

    others = (two._replace(known=known(one, two)) for one, two in pairwise(phrases))
    return (*phrases[:1], *others)
