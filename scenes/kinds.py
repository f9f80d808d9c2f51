"""Kinds of things that worlds can draw: usual sizes, and which are animals, people, waters...

Sizes are medians of the renderer's log (480 scenes); the number of a kind is the most in a scene
(of 6,800). The painter was trained on such things.
"""

from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from mag_sandbox.scenes.color_names import COLORS


def _read_nouns() -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    text = Path(__file__).with_name("nouns.txt").read_text(encoding="utf-8")
    kinds, others = (
        dict(line.split(": ") for line in block.splitlines()[1:]) for block in text.split("\n\n")
    )
    return kinds, {word: tuple(several.split(", ")) for word, several in others.items()}


# a player's word -> the kind; what else a kind's name, or a player's word, can mean
ALSO, LIKEWISE = _read_nouns()
ANIMALS = frozenset((
    "bird", "sheep", "deer", "camel", "penguin", "snail", "bat", "cat", "dog", "horse", "cow",
    "pig", "goat", "rabbit", "duck", "chicken", "swan", "lion", "elephant", "giraffe", "bear",
    "fox", "monkey", "crocodile", "snake", "frog", "turtle", "fish", "shark", "owl", "parrot",
    "butterfly", "bee", "seagull", "dinosaur", "dragon", "whale", "starfish", "crab",
    "jellyfish", "squirrel", "hedgehog", "mouse", "unicorn",
))  # fmt: skip
PEOPLE = frozenset((
    "person", "child", "princess", "king", "knight", "astronaut", "zombie", "snowman", "scarecrow",
))  # fmt: skip
RIDDEN = frozenset((  # which bear one each
    "horse", "camel", "elephant", "unicorn", "dragon", "bicycle", "motorcycle", "rocking horse",
    "swing", "chair", "armchair", "throne",
))  # fmt: skip
ANYBODY = frozenset(("person", "child"))  # of whom crowds are
OF_OWN_COLORS = frozenset(("penguin",))  # that are painted in the same colours, whatever words say
DRESSED = frozenset(("person", "child", "princess", "king"))  # whose colour is that of clothes
SHAPES = dict.fromkeys(("woman", "women", "girl", "girls"), 6)  # variants of people, by names
_LONG_LEGGED = "swan", (COLORS["pink"], COLORS["grey"]), 6  # flamingos and herons: their shape
EXHIBITS = frozenset((
    "vase", "teapot", "globe", "bust", "crystal", "guitar", "robot", "toy car", "cake", "sneaker",
    "table lamp", "alarm clock", "trophy", "rocket", "camera", "chess piece", "mug", "teddy bear",
    "apple", "potted cactus", "cactus", "sheep", "deer", "camel", "penguin", "cat", "dog", "horse",
    "cow", "pig", "goat", "rabbit", "duck", "chicken", "lion", "elephant", "giraffe", "bear", "fox",
    "monkey", "frog", "turtle", "owl", "parrot", "dinosaur", "dragon", "child", "princess", "king",
    "zombie", "astronaut", "snowman", "scarecrow", "bicycle", "motorcycle", "tram", "tractor",
    "shop", "igloo", "bench", "fountain", "statue", "well", "market stall", "bus stop", "mailbox",
    "signpost", "gravestone", "hay bale", "barrel", "treasure chest", "camp fire",
    "beach umbrella", "sunbed", "sand castle", "beach ball", "ball", "slide", "swing",
    "picnic basket", "tulip", "rose", "rose bush", "reed", "wheat", "pumpkin", "stump",
    "stalagmite", "cave mouth", "ruin", "arch", "gate", "torii", "hut", "chair", "television",
    "computer", "laptop", "refrigerator", "stove", "sink", "toilet", "shower", "washing machine",
    "workbench", "cardboard box", "suitcase", "rocking horse", "toy blocks", "crib", "school desk",
    "altar", "organ", "counter", "shop shelf", "fruit crate", "bowl", "book", "basket", "drum",
    "harp", "violin", "easel", "telescope", "fish tank", "bird cage", "christmas tree", "present",
    "control panel", "locker", "bunk bed", "coat rack", "throne", "cauldron", "anvil", "banana",
    "orange", "melon", "lantern", "stone lantern", "anchor", "fishing net", "coral", "starfish",
    "shell", "crab", "squirrel", "mouse", "unicorn", "satellite dish",
))  # fmt: skip  # of which a stage has as many kinds as the planner's configuration says
FALLING = frozenset(("falling rain", "falling snow"))  # kinds all around, which hide nothing
STANDS = frozenset(("box", "pedestal", "podium", "steps", "table with a cloth"))  # of one exhibit
DRAWN_AS = {"violin": "guitar"}  # kinds whose own drawing is no good
HILLS = "hills"  # on which things stand, one hill for each kind
TREES = frozenset(("oak", *LIKEWISE["tree"]))
MATS = frozenset(("round rug", "square rug", "picnic blanket", "sandpit"))  # lie under others
DISCS = frozenset(("sun", "moon"))
CLOUD = "cloud"
DEEP = frozenset((  # kinds that stop a walker
    "lake", "sea", "swimming pool", "canal", "lava lake", "lava pit", "water pit",
))  # fmt: skip
SHALLOW = frozenset(("river",))  # kinds that are waded through: they have no end to go round
WATERS = DEEP | SHALLOW | {"frozen lake"}
RANGES = frozenset((  # kinds of land far away that are never told apart: there are "mountains"
    "mountains", "snowy peaks", "hills", "far hill", "mesas", "dunes",
))  # fmt: skip
LANDSCAPE = RANGES | {"path", "road", "railway track"}
# which a place that always has one is known by
COURSES = frozenset(("sea", "road", "canal", "river", "railway track", "runway"))
FEW = 16  # things of a kind in a scene at most, of which each one counts


@dataclass(frozen=True, slots=True)
class Usual:
    """How things of a kind usually are, in degrees, and how many there are."""

    width: float
    height: float
    pitch: float  # of the middle
    most: int  # in a scene

    @property
    def are_few(self) -> bool:
        """Whether each one counts, unlike trees."""
        return self.most <= FEW


def _read_things() -> tuple[dict[str, Usual], list[frozenset[str]]]:
    text = Path(__file__).with_name("things.txt").read_text(encoding="utf-8")
    usual, groups = (block.splitlines()[1:] for block in text.split("\n\n"))
    things = {}
    for line in usual:
        kind, _, numbers = line.partition(":")
        width, height, pitch, most = map(float, numbers.split())
        things[kind] = Usual(width, height, pitch, int(most))
    return things, [frozenset(line.split(", ")) for line in groups]


THINGS, _GROUPS = _read_things()  # usual sizes; kinds that exclude each other


def shape_of(name: str, kind: str, color: tuple[int, int, int] | None) -> int | None:
    """Return the variant of a kind that a name in a colour means; None: any usual one."""
    legged, colors, shape = _LONG_LEGGED
    return shape if kind == legged and color in colors else SHAPES.get(name)


def rivals(kind: str) -> frozenset[str]:
    """Return the kinds that the renderer never puts into one scene with this kind."""
    return frozenset[str]().union(*(group for group in _GROUPS if kind in group)) - {kind}


# Kinds that no player places, but words can name, by the category whose plans have them then: at
# least three of four seeds.
GROUND_KINDS = {
    "outdoor": (
        "sea", "river", "path", "road", "mountains", "hills", "starry sky", "falling rain",
        "falling snow",
    ),
    "object": ("columns", "arches", "rings", "steps", "stage curtains", "spotlight"),
    "video game": ("starry sky",),
}  # fmt: skip
OVERHEAD = frozenset(("sun", "moon", "cloud", "star", "planet", "starry sky", *FALLING))
KINDS = (*THINGS, *chain(*GROUND_KINDS.values()))
