"""Things in a player's words: edits read from text, suggestions, and edits told in words."""

import difflib
import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache

from mag_sandbox.controls.edits import EVERYTHING, HIGHEST, LARGEST, SPOT_ACTS, Act, Edit
from mag_sandbox.files.validation import of_type
from mag_sandbox.scenes.color_names import COLORS, SAME_COLORS, color_name, color_word
from mag_sandbox.scenes.kinds import ALSO, THINGS, shape_of
from mag_sandbox.scenes.looks import painted_colors
from mag_sandbox.scenes.naming import (
    GARMENTS,
    NUMBERS,
    SIZES,
    WHERE,
    in_said_colors,
    is_color_of_next,
    takes_color,
    with_article,
)
from mag_sandbox.scenes.places import read_places
from mag_sandbox.scenes.relations import DIRECTIONS
from mag_sandbox.scenes.rewordings import REPLACED
from mag_sandbox.scenes.synonyms import as_many_as
from mag_sandbox.scenes.vocabulary import (
    APOSTROPHES,
    FUNCTION_WORDS,
    MOST_NAMED,
    Vocabulary,
    Word,
    WordGroup,
    any_case,
    rewritten,
    split_words,
    stem,
    text_stems,
)

MOST_TRIED = 5  # things suggested if no known name is near
NEAREST = 3  # known things named in place of an unknown one
SMALLEST = 4.5  # degrees: a cell of the ring
_HEX = re.compile(r"#[0-9a-fA-F]{6}\b")
COUNTS = frozenset(NUMBERS)
_FILLERS = FUNCTION_WORDS | {"one", "some", "my", "please", "new", "put", "place", "add", "draw"}
_TRY = {  # suggested first where no place is known, by the category of the scene
    "outdoor": ("tent", "castle", "horse", "hot air balloon", "cat"),
    "indoor": ("sofa", "fireplace", "piano", "potted plant", "cat"),
    "object": ("robot", "teapot", "teddy bear", "dragon", "harp"),
    "video game": ("castle", "portal", "ghost", "question block", "flag"),
}


class ThingError(ValueError):
    """Words that name no thing that can be drawn; the message names the nearest."""


def parse_edit(
    text: str, yaw: float, pitch: float | None, kinds: Collection[str], category: str | None = None
) -> Edit:
    """Return the edit in a player's words: "a red tent", "remove", "another one", "undo".

    A word with a known synonym means that one: "a lamb" places a sheep, for lack of lambs.

    Args:
        text: the words.
        yaw: of the spot, as of a camera pose.
        pitch: likewise; None: where such a thing usually stands.
        kinds: that the world can draw.
        category: of the scene, or the name of its place, whose things are suggested for unknown
            words; None: outdoor.

    Raises:
        ThingError: it names no thing, or more than one, or a word is not known.
    """
    yaw, pitch = of_type("yaw", yaw, float), of_type("pitch", pitch, float | None)
    text = thing_vocabulary(kinds).in_known_words(of_type("text", text, str))
    words = [word.text.lower() for word in split_words(text)]
    for name, size in GROUND.items():
        if name in words and set(words) <= _FILLERS | _ACTS["repaint"] | {name, "change"}:
            return Edit("renew", yaw, pitch or 0.0, *size)
    for act, said in _ACTS.items():
        rest = [word for word in words if word not in said | _FILLERS | {"it", "change"}]
        if len(rest) == len([word for word in words if word not in _FILLERS | {"it", "change"}]):
            continue  # nothing of it is said
        if not rest:
            return Edit(act, yaw, pitch or 0.0)
        thing = parse_thing(" ".join(rest), kinds, category)
        keeps = act in SPOT_ACTS and SPOT_ACTS[act].keeps_things
        return _moved(thing, yaw, pitch) if keeps else Edit(act, yaw, pitch or 0.0)
    return _moved(parse_thing(text, kinds, category), yaw, pitch)


def parse_known(
    text: str, yaw: float, pitch: float | None, kinds: Collection[str], category: str | None = None
) -> Edit:
    """Return the edit in a player's words, if need be without those that have no effect on it.

    "Two foxes by a ruin" places a fox. Arguments and errors are those of `parse_edit`.
    """
    try:
        return parse_edit(text, yaw, pitch, kinds, category)
    except ThingError:
        others = text
        for word in reversed(thing_vocabulary(kinds).without_effect(text)):
            others = others[: word.start] + others[word.end :]
        with suppress(ThingError):
            return parse_edit(others, yaw, pitch, kinds, category)
        raise


def _moved(edit: Edit, yaw: float, pitch: float | None) -> Edit:
    height = edit.pitch if pitch is None else pitch
    yaw = (yaw + edit.yaw) % 360.0 if edit.yaw else yaw
    return replace(edit, yaw=yaw, pitch=min(max(height, -HIGHEST), HIGHEST))


_RECOLORING = frozenset((
    "it", "make", "paint", "turn", "color", "colour", "this", "that", "one", "a", "an", "the", "in",
    "to", "be", "please", "into", "should",
))  # fmt: skip


def said_color(text: str) -> str | None:
    """Return the colour of words that name nothing else: "make it blue"; None: others are said."""
    words = [word.text.lower() for word in split_words(text)]
    left = [word for word in words if word not in _RECOLORING]
    return color_word(left[0]) if len(left) == 1 else None


def recolored(thing: Edit, color: str) -> Edit:
    """Return the edit that puts a thing like one that stands there, in a named colour, over it.

    Raises:
        ThingError: things of its kind do not take the colour.
    """
    if not takes_color(thing.kind, color):
        raise ThingError(other_colors(thing.kind, color))
    return replace(thing, act="place", color=COLORS[color])


ASKING = (  # before a change: "now", "can you please"
    r"^\W*(?:(?:now|then|also|and|please|(?:can|could|would) you) )*"
)
_COLOR, _MAKING = "|".join((*COLORS, *SAME_COLORS)), "make|paint|colou?r|turn|change|dye"
_BECOMING = r"(?:(?:is|are|should be|must be|becomes?|turns?|in|into|to|now) )*"
CLOTHES = any_case(  # "make her dress blue", "give the man a red coat", "her dress is blue now"
    rf"{ASKING}(?:(?:{_MAKING}|give|put|dress) )?"
    rf"(?P<who>her|his|him|their|them|(?:the|my) \w+?)(?:[{''.join(APOSTROPHES)}]s)? "
    rf"(?:in )?(?:an? )?(?:(?P<color>{_COLOR}) )?(?:{'|'.join(sorted(GARMENTS))})"
    rf"(?: {_BECOMING}(?P<other>{_COLOR}))?(?: now)?\W*$"
)
_RESIZED = {"bigger": 1.5, "larger": 1.5, "taller": 1.5, "smaller": 0.67}
ALTERED = any_case(  # "paint the boat blue", "make one boat blue", "the boat should be blue"
    rf"{ASKING}(?:(?:{_MAKING}) )?(?P<what>(?:the|my|this|that|one) .+?) {_BECOMING}"
    rf"(?P<look>{_COLOR}|{'|'.join(_RESIZED)})(?: now)?\W*$"
)


def alteration_in(text: str) -> tuple[str, str] | None:
    """Return words for a thing that is to change, and for what it becomes; None: none is.

    >>> alteration_in("turn the horse into a dragon"), alteration_in("make her dress blue")
    (('horse', 'a dragon'), ('person', 'blue'))
    """
    if (found := CLOTHES.search(text)) and (color := found["color"] or found["other"]):
        return found["who"] if " " in found["who"] else "person", color
    if found := ALTERED.search(text):
        return found["what"], found["look"]
    found = REPLACED.search(text)
    return (found["gone"], text[found.end() :]) if found else None


def altered(thing: Edit, look: str, kinds: Collection[str]) -> Edit:
    """Return the edit that puts in a thing's place what it becomes: a colour, size or thing.

    Raises:
        ThingError: it does not take the colour, or the words name nothing that can be drawn.
    """
    if (scale := _RESIZED.get(look.lower())) is not None:
        width, height = (
            round(min(max(side * scale, SMALLEST), most), 1)
            for side, most in zip((thing.width, thing.height), LARGEST, strict=True)
        )
        edit = replace(thing, act="place", width=width, height=height)
    elif color := said_color(look):
        return recolored(thing, color)
    else:
        edit = parse_known(look, thing.yaw, None, kinds)
    return _moved(replace(edit, yaw=0.0), thing.yaw, thing.pitch + (edit.height - thing.height) / 2)


_WITH = frozenset(("with", "wearing", "holding"))
_TOY_CAR = "toy car"
_VEHICLES = frozenset((
    "train", "tram", "bus", "truck", "tractor", "car", "plane", "helicopter", _TOY_CAR
))  # fmt: skip
_WITH_REAL_ONES = frozenset(("workshop", "museum", "cave", "spaceship"))  # rooms for vehicles
_TOY = 13.0  # degrees: the width of a toy
_MANY = frozenset(word for word, (least, _) in NUMBERS.items() if least > 1)
_ASIDE, _SIDE_WORDS = {"left": -20.0, "right": 20.0}, 3  # degrees from where one points


def parse_thing(text: str, kinds: Collection[str], category: str | None = None) -> Edit:
    """Return the edit that places a thing, such as "a small red tent": ahead, at its usual height.

    Words that say where, such as "on the wall", are left out: it is put where the player points,
    or beside that, if it is to be on the left or on the right.

    Raises:
        ThingError: they name no thing, or more than one, or a word is not known.
    """
    hexes = _HEX.findall(text)
    words = [word.text.lower() for word in split_words(_HEX.sub(" ", text))]
    where = next((place for place, word in enumerate(words) if word in WHERE), None)
    side = 0.0
    if where and _find(words[:where], kinds):
        side = _side(words[where:])
        words = words[:where]
    worn = next((place for place, word in enumerate(words) if word in _WITH), len(words))
    words, first = (
        [word for word in some if word not in _FILLERS] for some in (words, words[:worn])
    )
    if _find(words[len(first) :], kinds) is None and _kind(words, kinds) == _kind(first, kinds):
        words = first  # "a snowman with a blue hat"
    found = _find(words, kinds)
    if found is None:
        raise ThingError(_unknown(words, kinds, category))
    kind, start, end = found
    color = _hex_color(hexes)
    scale = 1.0
    for word in (*words[:start], *words[end:]):
        said = SAME_COLORS.get(word, word)
        if said in COLORS and color is None:
            if not takes_color(kind, said):
                raise ThingError(other_colors(kind, said))
            color = COLORS[said]
        elif word in SIZES:
            scale *= SIZES[word]
        else:
            raise ThingError(_left_over(word, kind, kinds))
    usual = THINGS[kind]
    scale *= _TOY / usual.width if kind in _toys_in(category) else 1.0
    width, height = (
        round(min(max(side * scale, SMALLEST), most), 1)
        for side, most in zip((usual.width, usual.height), LARGEST, strict=True)
    )
    shape = shape_of(words[end - 1], kind, color)
    return Edit("place", side % 360.0, usual.pitch, width, height, kind, color, shape=shape)


def _toys_in(category: str | None) -> frozenset[str]:
    """Return the vehicles that are toys in a place, by its name, or in scenes of a category."""
    place = read_places().get(category or "")
    is_room = (place.category if place else category) == "indoor"
    return _VEHICLES if is_room and category not in _WITH_REAL_ONES else frozenset()


def _side(words: Sequence[str]) -> float:
    """Return how far to the right of where one points words put a thing [degrees]."""
    return _ASIDE.get(DIRECTIONS.get(" ".join(words[:_SIDE_WORDS]), ""), 0.0)


def other_colors(kind: str, name: str) -> str:
    """Return why a thing is not drawn in a named colour, and in which ones it is."""
    known = sorted(painted_colors()[kind])
    also = f"; try {', '.join(known[:NEAREST])}" if known else "; leave the colour out"
    return f"“{kind}” cannot be {name} in this world{also}"


class ThingWords(Vocabulary):
    """The words for things and changes; half a name, such as "pirate", names nothing."""

    def __init__(
        self,
        counts: Mapping[str, int],
        groups: Sequence[WordGroup],
        names: Collection[str],
        things: Collection[str],
        kinds: Collection[str],
        toys: frozenset[str],
    ) -> None:
        """Know words; `names` are all that need to be complete, `things` those of kinds."""
        super().__init__(counts, groups)
        self._kinds, self._toys = kinds, toys
        self._names = [frozenset(map(stem, name.split())) for name in names]
        self._things = [frozenset(map(stem, name.split())) for name in things]
        self._parts = frozenset().union(*self._names)

    def in_known_words(self, text: str) -> str:
        """Return a text with each unknown word replaced by its meaning, where it has one."""
        return rewritten(text, in_said_colors(self.phrases(text)))

    def without_effect(self, text: str) -> tuple[Word, ...]:
        """Return the words that name nothing, those of incomplete names, and all that say where.

        One thing is put where the player points, or to the left or right of that. A colour that it
        cannot have is none of it.
        """
        if said_color(text):
            return ()
        unknown = super().without_effect(text)
        if asked := alteration_in(text):
            named = {*" ".join(asked).lower().split()} - _RESIZED.keys()
            return tuple(word for word in unknown if word.text.lower() in named)
        stems = {word: _own_stems(word.text) for word in split_words(text)}
        read = frozenset().union(*stems.values())
        said = frozenset().union(*(name for name in self._names if name <= read))
        last, side = self._where(stems)
        kind = _kind([word.text.lower() for word in stems], self._kinds)
        others = {name for name in COLORS if kind and not takes_color(kind, name)}
        return tuple(
            word
            for place, (word, own) in enumerate(stems.items())
            if place not in side
            and (
                place > last
                or word in unknown
                or word.text.lower() in _MANY
                or SAME_COLORS.get(word.text.lower(), word.text.lower()) in others
                or (own & self._parts and not own & said)
            )
            and word.text.lower() not in _FILLERS
        )

    def substitutes(self, text: str) -> tuple[tuple[str, str], ...]:
        """Return words that are drawn as something else: balloons as a hot air balloon."""
        words = [word.text.lower() for word in split_words(self.in_known_words(text))]
        if not _ACTS["remove"].isdisjoint(words):  # nothing is drawn
            return ()
        found = _find(words, self._kinds)
        known = dict(super().substitutes(text))
        if found is not None:
            kind, start, end = found
            read = " ".join(words[start:end])
            said = next((one for one, other in known.items() if other in (read, kind)), read)
            drawn = f"toy {kind}" if kind in self._toys - {_TOY_CAR} else kind
            if text_stems(said) != text_stems(drawn):
                known[said] = as_many_as(said, drawn)
        return tuple(known.items())

    @staticmethod
    def names_several(text: str, struck: Sequence[Word]) -> bool:
        """Tell whether struck words of a text say how many there should be: one alone is placed.

        Those after "with" count the parts of one: "a piano with seven legs".
        """
        parts = (word.start for word in split_words(text) if word.text.lower() in _WITH)
        things = min(parts, default=len(text))
        return any(word.text.lower() in _MANY for word in struck if word.start < things)

    def _where(self, stems: Mapping[Word, frozenset[str]]) -> tuple[int, range]:
        """Return the place of the last word that is read, and those that say on which side."""
        read, words = frozenset[str](), [word.text.lower() for word in stems]
        for place, (word, own) in enumerate(zip(words, stems.values(), strict=True)):
            rest = frozenset().union(*[*stems.values()][place:])
            new = (name for name in self._things if not name <= read)
            is_worn = word in _WITH and not any(name <= read | rest for name in new)
            is_told = word in WHERE or word == "and" or is_worn
            if is_told and any(name <= read for name in self._things):
                side = range(place, place + _SIDE_WORDS)
                return place, side if _side(words[place:]) else range(0)
            read |= own
        return len(words), range(0)


def _own_stems(word: str) -> frozenset[str]:
    """Return the stems of a word, as it is and without an s: those of "balls" and "ball" differ."""
    return frozenset(map(stem, (word.lower(), word.lower().removesuffix("s"))))


def thing_vocabulary(kinds: Collection[str], category: str | None = None) -> ThingWords:
    """Return the vocabulary of things of some kinds and of changes of the world.

    Things that fit scenes of a category, or a place by its name, are suggested first.
    """
    return _thing_words(tuple(kinds), category)


@lru_cache(maxsize=8)  # asked for at every key
def _thing_words(kinds: tuple[str, ...], category: str | None) -> ThingWords:
    named = [kind for kind in kinds if kind in THINGS]
    also = [word for word, kind in ALSO.items() if kind in named]
    acts = [word for said in _ACTS.values() for word in sorted(said)]
    others = *_FILLERS, *NUMBERS, *acts, *GROUND, "it", "change"
    phrases = (*named, *also, *COLORS, *SAME_COLORS, *SIZES, *others)
    words = {word.text for phrase in phrases for word in split_words(phrase)}
    words |= {f"{word}s" for kind in (*named, *also) for word in kind.split()}
    place = read_places().get(category or "")
    tried = place.typical if place else _TRY.get(category or "outdoor", ())
    fitting = [kind for kind in tried if kind in named][:MOST_TRIED]
    suggested = tuple(dict.fromkeys((*fitting, "remove", *named, "another")))
    groups = [WordGroup("things", "things", suggested)]
    return ThingWords(
        dict.fromkeys(words, 1), groups, phrases, (*named, *also), kinds, _toys_in(category)
    )


def words_of(edit: Edit) -> str:
    """Return the object of an edit for people: "a red tent"."""
    if edit.act != "place":
        return _DONE[edit.act]
    words = f"{color_name(edit.color)} {edit.kind}" if edit.color else edit.kind
    return with_article(words)


def thing_words(edit: Edit) -> str:
    """Return words that `parse_thing` reads as this very kind and colour: "#d64948 tent"."""
    color = edit.color
    if color is None:
        return edit.kind
    name = next((name for name, value in COLORS.items() if value == tuple(color)), "")
    return f"{name or '#{:02x}{:02x}{:02x}'.format(*color)} {edit.kind}"


GROUND = {"view": LARGEST, "everything": EVERYTHING}  # ground to repaint, by name [degrees]
_DONE: dict[Act, str] = {
    "renew": "repainted", "forget": "new areas follow the description", "undo": "undone",
    "enter": "through the door", "relight": "changed as described",
    **{act: row.done for act, row in SPOT_ACTS.items()},
}  # fmt: skip
_ACTS: dict[Act, frozenset[str]] = {
    "undo": frozenset(("undo", "back", "take")),
    **{act: row.words for act, row in SPOT_ACTS.items()},
}


def _hex_color(found: Sequence[str]) -> tuple[int, int, int] | None:
    if len(found) > 1:
        raise ThingError(f"one colour at a time; “{found[1]}” is one too many")
    red, green, blue = bytes.fromhex(found[0][1:]) if found else (0, 0, 0)
    return (red, green, blue) if found else None


def _find(words: Sequence[str], kinds: Collection[str]) -> tuple[str, int, int] | None:
    """Return the kind that the most words name, and those words."""
    stems = [stem(word) for word in words]
    names = {kind: kind for kind in kinds if kind in THINGS}
    names |= {word: kind for word, kind in ALSO.items() if kind in names and word not in names}
    best: tuple[int, str, int] | None = None
    for name, kind in names.items():
        own = [stem(word) for word in name.split() if word not in _FILLERS]
        for start in range(len(stems) - len(own) + 1):
            if stems[start : start + len(own)] != own or (
                len(own) == 1 and is_color_of_next(words, start)
            ):
                continue
            if best is None or len(own) > best[0]:
                best = len(own), kind, start
    return best and (best[1], best[2], best[2] + best[0])


def _kind(words: Sequence[str], kinds: Collection[str]) -> str | None:
    found = _find(words, kinds)
    return found and found[0]


def _unknown(words: Sequence[str], kinds: Collection[str], category: str | None) -> str:
    if not words:
        return "name a thing, such as “a red tent”"
    known = COLORS.keys() | SIZES.keys() | NUMBERS.keys()
    words = [word for word in words if word not in known] or list(words)
    near = _near(words, kinds) or thing_vocabulary(kinds, category).suggestions("", MOST_TRIED)
    quoted = ", ".join(f"“{word}”" for word in words[:MOST_NAMED])
    return f"this world cannot draw {quoted}; try {', '.join(near)}"


def _left_over(word: str, kind: str, kinds: Collection[str]) -> str:
    if word in NUMBERS:
        return f"one thing at a time: a {kind} here, then another"
    if _find([word], kinds):
        return f"one thing at a time: “{kind}” or “{word}”"
    if SAME_COLORS.get(word, word) in COLORS:
        return f"one colour at a time; “{word}” is one too many"
    near = difflib.get_close_matches(word, [*COLORS, *SIZES], NEAREST)
    known = ", ".join(near or [*COLORS, "small", "large"])
    return f"this world does not know “{word}”; try {known} with “{kind}”"


def _near(words: Sequence[str], kinds: Collection[str]) -> list[str]:
    vocabulary = thing_vocabulary(kinds)
    meant = [
        near
        for word in words
        for near in vocabulary.nearest(word, 3 * NEAREST, is_begun=True)
        if not near.startswith(word) or len(near) < 2 * len(word)  # sky means no skyscraper
    ]
    found = [_named(near, kinds) for near in meant]
    return list(dict.fromkeys(kind for kind in found if kind))[:NEAREST]


def _named(word: str, kinds: Collection[str]) -> str:
    found = _find([word], kinds)
    parts = (kind for kind in kinds if kind in THINGS and word in kind.split())
    return found[0] if found else next(parts, "")
