"""Things by name: what a player's words mean, how large a thing is, and where it usually stands.

Sizes and colours are medians of the renderer's log (480 scenes), how many there are is the most in
a scene (of 6,800): the painter learned things of these. Knows nothing of worlds; which kinds one
can draw is given.
"""

import difflib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from mag_sandbox.controls.edits import EVERYTHING, HIGHEST, LARGEST, SPOT_ACTS, Act, Edit
from mag_sandbox.files.validation import of_type
from mag_sandbox.scenes.vocabulary import (
    FUNCTION_WORDS,
    MOST_NAMED,
    Vocabulary,
    WordGroup,
    split_words,
    stem,
)

NEAREST = 3  # known things that are named for one that is not
SMALLEST = 4.5  # degrees: a cell of the ring
COLORS: dict[str, tuple[int, int, int]] = {
    "black": (71, 59, 75),
    "blue": (73, 97, 180),
    "brown": (135, 86, 68),
    "cream": (242, 228, 198),
    "gold": (228, 180, 91),
    "green": (92, 138, 92),
    "grey": (147, 130, 125),
    "orange": (230, 133, 69),
    "pink": (232, 143, 154),
    "purple": (133, 87, 163),
    "red": (214, 73, 72),
    "teal": (51, 135, 139),
    "white": (227, 207, 202),
    "wooden": (176, 108, 82),
    "yellow": (227, 182, 70),
}
_HEX = re.compile(r"#[0-9a-fA-F]{6}\b")
SAME_COLORS = {"gray": "grey", "golden": "gold", "violet": "purple", "silver": "grey"}
_SIZES = {
    "tiny": 0.5, "small": 0.7, "little": 0.7,
    "big": 1.4, "large": 1.4, "tall": 1.4, "huge": 1.8, "giant": 1.8,
}  # fmt: skip
_NUMBERS = frozenset(("two", "three", "four", "five", "several", "many"))
_FILLERS = FUNCTION_WORDS | {"one", "some", "my", "please", "new", "put", "place", "add", "draw"}
_TRY = {  # suggested first, by the category of the scene
    "outdoor": ("tent", "castle", "windmill", "hot air balloon", "sheep"),
    "indoor": ("sofa", "fireplace", "piano", "potted plant", "round window"),
    "object": ("robot", "teapot", "teddy bear", "toy balloons", "potted palm"),
    "video game": ("castle", "portal", "ghost", "question block", "flag"),
}
_ALSO = {  # a player's word -> the kind
    "couch": "sofa", "settee": "sofa", "tree": "oak", "car": "toy car", "lamp": "floor lamp",
    "window": "square window", "painting": "landscape painting", "picture": "landscape painting",
    "mirror": "round mirror", "clock": "wall clock", "rug": "round rug", "carpet": "round rug",
    "table": "round table", "chair": "armchair", "plant": "potted plant", "shelf": "bookshelf",
    "flower": "bunch of flowers", "house": "cottage", "hut": "cottage", "cabin": "cottage",
    "teddy": "teddy bear", "bear": "teddy bear", "balloon": "hot air balloon", "fir": "pine",
    "block": "brick block", "statue": "bust", "shoe": "sneaker", "cup": "mug", "stone": "rock",
    "boulder": "rock", "shrub": "bush", "jewel": "gem", "diamond": "gem", "ship": "boat",
    "sailboat": "boat", "pond": "lake", "fortress": "castle", "fire": "fireplace", "tub": "bathtub",
    "counter": "kitchen counter", "sky": "low sky", "temple tower": "pagoda",
    "lighthouse with lamp": "lighthouse",
    "apple tree": "orange tree", "fruit tree": "orange tree", "cacti": "cactus",
    "maple": "red tree", "hill": "hills", "mountain": "mountains",
    "castle with tower": "castle", "table mountain": "mesas", "cloud platform": "platform",
    "cloud ledge": "platform", "city tower": "skyscraper",
}  # fmt: skip
_STUFFS = frozenset({"stone", "rock", "carpet"})  # that something is made of, in a description
_LIKEWISE = {  # what else a kind's name, or a player's word, can mean
    "palm": ("potted palm",), "cactus": ("potted cactus",), "robot": ("small robot",),
    "crystal": ("crystal cluster", "crystal block"), "cloud": ("sea of clouds",),
    "star": ("hanging star", "starry sky"), "round table": ("table with a cloth",),
    "hanging lamp": ("ball lamp",), "mountains": ("snowy peaks",), "hills": ("far hill",),
    "curtains": ("stage curtains",), "lake": ("frozen lake", "lava lake"),
    "pond": ("frozen lake", "lava lake"), "box": ("crate",),
    "lamp": ("hanging lamp", "wall lamp", "table lamp", "ball lamp"),
    "window": ("arched window", "round window", "tall window"), "rug": ("square rug",),
    "carpet": ("square rug",), "painting": ("abstract painting", "portrait"),
    "picture": ("abstract painting", "portrait", "picture frame"),
    "table": ("table with a cloth", "dining table"), "chair": ("stool",),
    "tree": ("cherry tree", "birch", "pine", "palm", "acacia", "cypress", "red tree", "orange tree",
             "bare tree"),
    "sky": ("high sky",), "flower": ("wild flower",), "balloon": ("toy balloons",),
    "clock": ("alarm clock",),
    "block": ("question block", "crystal block", "crate"), "plant": ("potted palm", "bush"),
}  # fmt: skip
_ONE_COLORED = frozenset(("small robot", "cloud", "crystal block", "potted palm", "potted cactus"))
_TABLE = """
sofa: 51 24 -12 1
bed: 56 31 -9 1
bookshelf: 40 45 -2 2
desk: 46 35 -8 1
kitchen counter: 53 42 -3 1
piano: 46 37 -6 1
dining table: 54 26 -12 1
wardrobe: 34 44 -3 1
bathtub: 55 33 -9 1
square window: 33 33 11 3
arched window: 33 33 10 3
round window: 32 32 11 3
tall window: 27 40 11 3
curtains: 43 48 4 3
landscape painting: 22 15 16 7
portrait: 22 15 15 7
abstract painting: 22 15 15 7
round mirror: 15 15 14 7
wall clock: 15 15 17 7
floor lamp: 15 41 -6 4
hanging lamp: 20 27 38 4
wall lamp: 13 14 11 4
round rug: 66 14 -37 2
square rug: 68 14 -37 2
door: 20 42 2 1
armchair: 25 27 -11 2
cabinet: 31 26 -11 2
fireplace: 34 30 -10 1
round table: 25 29 -10 2
stool: 19 19 -17 2
vase: 21 33 8 4
teapot: 40 27 5 4
globe: 28 34 7 4
bust: 25 34 9 4
crystal: 26 34 7 4
guitar: 25 40 11 4
robot: 26 36 9 4
toy car: 37 22 1 4
cake: 31 29 6 4
sneaker: 40 22 3 4
table lamp: 22 30 7 4
alarm clock: 27 33 8 4
trophy: 36 33 8 4
rocket: 24 36 10 4
camera: 32 24 4 4
chess piece: 18 33 9 4
mug: 30 24 4 4
teddy bear: 30 36 9 4
apple: 28 30 7 4
potted plant: 17 26 -15 8
potted palm: 22 33 -11 8
potted cactus: 19 33 -12 4
bunch of flowers: 19 24 -16 8
bush: 13 7 -12 47
oak: 16 20 0 46
cherry tree: 16 19 2 43
mushroom: 18 21 -1 44
lollipop: 10 17 -12 8
crystal cluster: 18 21 -7 28
pine: 13 21 2 45
cactus: 13 19 -1 48
palm: 15 20 -6 48
bare tree: 13 20 2 45
birch: 17 21 2 41
orange tree: 16 20 3 41
red tree: 18 23 2 45
cypress: 6 22 2 42
acacia: 21 19 1 46
cottage: 28 19 -1 4
tower: 13 31 -5 4
windmill: 22 31 6 4
barn: 31 20 0 4
castle: 37 25 -8 4
lighthouse: 12 36 1 4
tent: 22 13 -3 4
pyramid: 47 22 2 4
pagoda: 32 33 6 4
temple: 35 20 -1 4
lake: 55 11 -19 4
frozen lake: 53 10 -19 4
lava lake: 52 10 -19 4
rock: 13 8 -20 18
wild flower: 5 5 -33 56
sun: 16 16 31 1
moon: 16 16 32 1
hot air balloon: 12 17 35 6
bird: 9 3 25 16
sheep: 16 13 -18 8
deer: 16 18 -14 8
boat: 9 11 -4 8
camel: 18 14 -16 8
penguin: 9 14 -16 8
fence: 36 8 -28 4
cloud: 39 14 37 16
pedestal: 26 16 -17 8
table with a cloth: 39 18 -15 8
box: 34 15 -17 8
podium: 38 17 -16 8
toy balloons: 20 42 10 8
rope barrier: 51 16 -24 8
ball lamp: 11 30 39 8
picture frame: 17 21 16 8
hanging star: 12 11 24 8
skyscraper: 16 33 -1 20
platform: 28 10 7 8
brick block: 10 10 14 8
question block: 10 10 13 8
crate: 10 10 14 8
crystal block: 10 10 13 8
coin: 7 8 20 24
gem: 8 8 20 24
star: 8 8 20 24
heart: 8 8 20 24
key: 5 8 20 24
slime: 15 10 -15 4
small robot: 10 12 -14 4
ghost: 10 12 12 4
bat: 24 10 13 4
snail: 15 10 -15 4
pipe: 18 22 -9 4
flag: 14 23 -9 4
portal: 16 23 -9 4
lava pit: 26 24 -32 4
water pit: 25 24 -32 4
spikes: 26 24 -31 4
planet: 19 14 35 6
"""  # kind: width, height, pitch of the middle [degrees], most in a scene

_ONE_OF = """
arched window, round window, square window, tall window
floor lamp, hanging lamp, wall lamp
potted cactus, potted palm, potted plant, bunch of flowers
abstract painting, landscape painting, portrait, round mirror, wall clock
round rug, square rug
kitchen counter, bathtub, bed, piano
kitchen counter, bathtub, bed, sofa
kitchen counter, bathtub, bookshelf
kitchen counter, bathtub, desk
kitchen counter, armchair
kitchen counter, wardrobe
bathtub, fireplace
pedestal, table with a cloth, box, podium, steps
arches, circles, columns, panels, rings, stage curtains
ball lamp, hanging star, picture frame, rope barrier, toy balloons, bunch of flowers
ball lamp, hanging star, picture frame, rope barrier, toy balloons, potted palm
ball lamp, hanging star, picture frame, rope barrier, toy balloons, potted plant
brick block, question block, crate, crystal block
coin, gem, star, heart, key
slime, small robot, ghost, bat, snail
pipe, flag, portal
lava pit, water pit, spikes
"""  # kinds of which no scene (of 8,000) has more than one
EXHIBITS = frozenset((
    "vase", "teapot", "globe", "bust", "crystal", "guitar", "robot", "toy car", "cake", "sneaker",
    "table lamp", "alarm clock", "trophy", "rocket", "camera", "chess piece", "mug", "teddy bear",
    "apple",
))  # fmt: skip  # of which a stage has two kinds
STANDS = frozenset(("box", "pedestal", "podium", "table with a cloth"))  # one bears an exhibit each


class ThingError(ValueError):
    """Words that name no thing that can be drawn; the message says what is nearest."""


@dataclass(frozen=True, slots=True)
class Usual:
    """How things of a kind usually are, in degrees, and how many there are."""

    width: float
    height: float
    pitch: float  # of the middle
    most: int  # in a scene


def _usual(line: str) -> tuple[str, Usual]:
    kind, _, numbers = line.partition(":")
    width, height, pitch, most = numbers.split()
    return kind, Usual(float(width), float(height), float(pitch), int(most))


THINGS: dict[str, Usual] = dict(map(_usual, _TABLE.strip().splitlines()))

_GROUPS = [frozenset(line.split(", ")) for line in _ONE_OF.strip().splitlines()]


def rivals(kind: str) -> frozenset[str]:
    """Return the kinds of things that no scene of the renderer has beside one of a kind."""
    return frozenset[str]().union(*(group for group in _GROUPS if kind in group)) - {kind}


def parse_edit(text: str, yaw: float, pitch: float | None, kinds: Collection[str]) -> Edit:
    """Return what a player asks for: "a red tent", "remove", "another one", "everything", "undo".

    A word with a known synonym means that one: "a cat" places a sheep in a world without cats.

    Args:
        text: what is said.
        yaw: of the spot, as of a camera pose.
        pitch: likewise; None: where such a thing usually stands.
        kinds: that the world can draw.

    Raises:
        ThingError: it names no thing, or more than one, or a word is not known.
    """
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
        thing = parse_thing(" ".join(rest), yaw, pitch, kinds)
        keeps = act in SPOT_ACTS and SPOT_ACTS[act].keeps_things
        return thing if keeps else Edit(act, yaw, pitch or 0.0)
    return parse_thing(text, yaw, pitch, kinds)


def parse_thing(text: str, yaw: float, pitch: float | None, kinds: Collection[str]) -> Edit:
    """Return the edit that places what words name, such as "a small red tent".

    Args:
        text: the words.
        yaw: of its middle.
        pitch: likewise; None: where such a thing usually is.
        kinds: that the world can draw.

    Raises:
        ThingError: they name no thing, or more than one, or a word is not known.
    """
    hexes = _HEX.findall(text)
    words = [word.text.lower() for word in split_words(_HEX.sub(" ", text))]
    words = [word for word in words if word not in _FILLERS]
    found = _find(words, kinds)
    if found is None:
        raise ThingError(_unknown(words, kinds))
    kind, start, end = found
    color = _hex_color(hexes)
    scale = 1.0
    for word in (*words[:start], *words[end:]):
        said = SAME_COLORS.get(word, word)
        if said in COLORS and color is None:
            color = COLORS[said]
        elif word in _SIZES:
            scale *= _SIZES[word]
        else:
            raise ThingError(_left_over(word, kind, kinds))
    usual = THINGS[kind]
    width, height = (
        round(min(max(side * scale, SMALLEST), most), 1)
        for side, most in zip((usual.width, usual.height), LARGEST, strict=True)
    )
    pitch = usual.pitch if pitch is None else pitch
    return Edit("place", yaw, min(max(pitch, -HIGHEST), HIGHEST), width, height, kind, color)


class Named(NamedTuple):
    """Something that words of a description name."""

    kinds: tuple[str, ...]  # that the words can mean, the likeliest first
    color: tuple[int, int, int] | None  # that they give it


def named_things(text: str, kinds: Collection[str]) -> tuple[Named, ...]:
    """Return what words of a description name, of each kind one, the longest names first.

    Args:
        text: the description.
        kinds: that the world can draw.
    """
    return _naming(text, kinds)[0]


def naming_words(text: str, kinds: Collection[str]) -> frozenset[int]:
    """Return which words of a description, counted from 0, name things; see `named_things`."""
    return _naming(text, kinds)[1]


def _naming(text: str, kinds: Collection[str]) -> tuple[tuple[Named, ...], frozenset[int]]:
    """Return what words name, of each kind one, and which words do."""
    words: list[str | None] = [word.text.lower() for word in split_words(text)]
    left = words.copy()
    names = {kind: kind for kind in kinds}
    names |= {word: kind for word, kind in _ALSO.items() if kind in names and word not in names}
    found: dict[str, Named] = {}
    for name in sorted(names, key=lambda name: -len(name.split())):
        own, kind = name.split(), names[name]
        for start in range(len(left) - len(own) + 1):
            said = left[start : start + len(own)]
            if not all(map(_is_word, said, own)) or said[0] in _STUFFS:
                continue
            follows = start > 0 and left[start - 1] is None
            left[start : start + len(own)] = [None] * len(own)  # each word names one thing
            if name in _ALSO and follows:
                continue  # the trees of "pine trees"
            alike = _LIKEWISE.get(kind, ()) if name == kind else _LIKEWISE.get(name, ())
            color = _color_before(words, start)
            others = (one for one in alike if one in kinds and not (color and one in _ONE_COLORED))
            found.setdefault(kind, Named(tuple(dict.fromkeys((kind, *others))), color))
    spoken = (place for place, word in enumerate(left) if word is None)
    return tuple(found.values()), frozenset(spoken)


def _is_word(word: str | None, name: str) -> bool:
    """Tell whether a word is a name or its plural."""
    if word is None or word == name:
        return word == name
    plurals = f"{name}s", f"{name}es", f"{name[:-1]}ies", f"{name[:-2]}ves", f"{name[:-1]}ves"
    return word in plurals


def _color_before(words: Sequence[str | None], place: int) -> tuple[int, int, int] | None:
    """Return the colour that stands right before a word, but for its size."""
    while place and words[place - 1] in _SIZES:
        place -= 1
    word = words[place - 1] if place else None
    return COLORS.get(SAME_COLORS.get(word or "", word or ""))


def thing_vocabulary(kinds: Collection[str], category: str | None = None) -> Vocabulary:
    """Return the words by which things of some kinds and changes of the world can be named.

    What fits scenes of a category is suggested first.
    """
    named = [kind for kind in kinds if kind in THINGS]
    also = [word for word, kind in _ALSO.items() if kind in named]
    acts = [word for said in _ACTS.values() for word in sorted(said)]
    others = *_FILLERS, *acts, *GROUND, "it", "change"
    phrases = (*named, *also, *COLORS, *SAME_COLORS, *_SIZES, *others)
    words = {word.text for phrase in phrases for word in split_words(phrase)}
    words |= {f"{word}s" for kind in (*named, *also) for word in kind.split()}
    fitting = [kind for kind in _TRY.get(category or "outdoor", ()) if kind in named]
    phrases = tuple(dict.fromkeys((*fitting, "remove", *named, "another")))
    return Vocabulary(dict.fromkeys(words, 1), [WordGroup("things", "things", phrases)])


def color_name(color: Sequence[int]) -> str:
    """Return the name of the nearest colour; "wooden" is only what is just that."""

    def far(name: str) -> int:
        return sum((a - b) ** 2 for a, b in zip(COLORS[name], color, strict=True))

    return min(COLORS, key=lambda name: (far(name) > 0 and name == "wooden", far(name)))


def words_of(edit: Edit) -> str:
    """Return what an edit is about, for people: "a red tent"."""
    if edit.act != "place":
        return _DONE[edit.act]
    words = f"{color_name(edit.color)} {edit.kind}" if edit.color else edit.kind
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def thing_words(edit: Edit) -> str:
    """Return words that `parse_thing` reads as this very kind and colour: "#d64948 tent"."""
    color = edit.color
    if color is None:
        return edit.kind
    name = next((name for name, value in COLORS.items() if value == tuple(color)), "")
    return f"{name or '#{:02x}{:02x}{:02x}'.format(*color)} {edit.kind}"


GROUND = {"view": LARGEST, "everything": EVERYTHING}  # what is painted anew, by name [degrees]
_DONE: dict[Act, str] = {
    "renew": "repainted", "forget": "new areas follow the description", "undo": "taken back",
    **{act: row.done for act, row in SPOT_ACTS.items()},
}  # fmt: skip
_ACTS: dict[Act, frozenset[str]] = {
    "undo": frozenset(("undo", "back", "take")),
    **{act: row.words for act, row in SPOT_ACTS.items()},
}


def _hex_color(found: Sequence[str]) -> tuple[int, int, int] | None:
    if len(found) > 1:
        raise ThingError(f'one colour at a time; "{found[1]}" is one too many')
    red, green, blue = bytes.fromhex(found[0][1:]) if found else (0, 0, 0)
    return (red, green, blue) if found else None


def _find(words: Sequence[str], kinds: Collection[str]) -> tuple[str, int, int] | None:
    """Return the kind that the most words name, and which ones they are."""
    stems = [stem(word) for word in words]
    names = {kind: kind for kind in kinds if kind in THINGS}
    names |= {word: kind for word, kind in _ALSO.items() if kind in names and word not in names}
    best: tuple[int, str, int] | None = None
    for name, kind in names.items():
        own = [stem(word) for word in name.split() if word not in _FILLERS]
        for start in range(len(stems) - len(own) + 1):
            if stems[start : start + len(own)] == own and (best is None or len(own) > best[0]):
                best = len(own), kind, start
    return best and (best[1], best[2], best[2] + best[0])


def _unknown(words: Sequence[str], kinds: Collection[str]) -> str:
    if not words:
        return 'name a thing, such as "a red tent"'
    words = [w for w in words if w not in COLORS and w not in _SIZES] or list(words)
    near = _near(words, kinds)
    hint = f"try {', '.join(near)}" if near else _some(kinds)
    quoted = ", ".join(f'"{word}"' for word in words[:MOST_NAMED])
    return f"this world cannot draw {quoted}; {hint}"


def _left_over(word: str, kind: str, kinds: Collection[str]) -> str:
    if word in _NUMBERS:
        return f'one thing at a time; "{word}" is too many'
    if _find([word], kinds):
        return f'one thing at a time: "{kind}" or "{word}"'
    if SAME_COLORS.get(word, word) in COLORS:
        return f'one colour at a time; "{word}" is one too many'
    near = difflib.get_close_matches(word, [*COLORS, *_SIZES], NEAREST)
    known = ", ".join(near or [*COLORS, "small", "large"])
    return f'this world does not know "{word}"; try {known} with "{kind}"'


def _near(words: Sequence[str], kinds: Collection[str]) -> list[str]:
    """Return kinds that words might mean, the likeliest first."""
    vocabulary = thing_vocabulary(kinds)
    meant = [
        near
        for word in words
        for near in vocabulary.nearest(word, 3 * NEAREST)
        if not near.startswith(word) or len(near) < 2 * len(word)  # sky means no skyscraper
    ]
    found = [_named(near, kinds) for near in meant]
    return list(dict.fromkeys(kind for kind in found if kind))[:NEAREST]


def _named(word: str, kinds: Collection[str]) -> str:
    """Return the kind that a word names, or is part of the name of; "" if there is none."""
    found = _find([word], kinds)
    parts = (kind for kind in kinds if kind in THINGS and word in kind.split())
    return found[0] if found else next(parts, "")


def _some(kinds: Collection[str]) -> str:
    known = [kind for kind in kinds if kind in THINGS]
    return f"try {', '.join(known[:: max(1, len(known) // 6)][:6])}"
