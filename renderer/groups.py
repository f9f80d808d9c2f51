"""Groups of things that captions name: kind, number, size and colour."""

from dataclasses import dataclass

import numpy as np

from mag_sandbox.renderer.kinds import KINDS
from mag_sandbox.renderer.paint import VARIANTS
from mag_sandbox.renderer.phrasing import pick

SIZES = {"tiny": 0.6, "small": 0.78, "": 1.0, "big": 1.3, "giant": 1.7}
SIZE_SHARES = (0.03, 0.05, 0.82, 0.06, 0.04)
COUNT_SHARES = {1: 0.55, 2: 0.22, 3: 0.13, 4: 0.06, 5: 0.04}
COUNT_WORDS = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five"}
MANY = 6  # from here on captions do not count


def group_name(kind: str, color: str | None = None, size: str = "") -> str:
    """Return the name of a group, unique in its scene, such as "big red car"."""
    return " ".join(word for word in (size, color, kind) if word)


@dataclass(frozen=True, slots=True)
class ThingGroup:
    """Things of one kind, size and colour."""

    kind: str
    color: str | None
    size: str  # word; "": as usual
    wanted: int  # how many are to be placed

    @property
    def name(self) -> str:
        """Return its name, unique in its scene."""
        return group_name(self.kind, self.color, self.size)

    @property
    def scale(self) -> float:
        """Times the real size of its kind."""
        return SIZES[self.size]


def sample_group(
    rng: np.random.Generator, kind: str, *, most: int = 5, sized: bool = True
) -> ThingGroup:
    """Return a random group of a kind."""
    colors = KINDS[kind].colors
    size = str(rng.choice(list(SIZES), p=SIZE_SHARES)) if sized else ""
    count = int(rng.choice(list(COUNT_SHARES), p=list(COUNT_SHARES.values())))
    return ThingGroup(kind, pick(rng, colors) if colors else None, size, min(count, most))


def variant_of(rng: np.random.Generator) -> int:
    """Return a random shape of a kind."""
    return int(rng.integers(VARIANTS))
