"""Groups of things, and room for them: none overlaps or hides another.

Captions name groups by kind, number, size and colour. No thing is cut by an edge of the first view.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from mag_sandbox.controls.parallax import EYE
from mag_sandbox.renderer.kinds import KINDS
from mag_sandbox.renderer.paint import VARIANTS, paint
from mag_sandbox.renderer.palettes import LIGHTS
from mag_sandbox.renderer.phrasing import pick
from mag_sandbox.renderer.scene import Item

SIZES = {"tiny": 0.6, "small": 0.78, "": 1.0, "big": 1.3, "giant": 1.7}
SIZE_SHARES = (0.03, 0.05, 0.82, 0.06, 0.04)
COUNT_SHARES = {1: 0.55, 2: 0.22, 3: 0.13, 4: 0.06, 5: 0.04}
COUNT_WORDS = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five"}
MANY = 6  # from here on captions do not count
REACH = 1.3  # metres around the player's first place that stay free
MOST_HIDDEN = 0.3  # of a thing's box, by any other
MOST_HIDDEN_ON_WALL = 0.08  # of windows, doors and pictures
VIEW_EDGE = 45.0  # degrees from the middle of the first view
TRIES = 40
FLAT_SIZE = 2.4, 0.05  # metres; width and height of rugs, ponds and the like


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
        """Its name, unique in its scene."""
        return group_name(self.kind, self.color, self.size)

    @property
    def scale(self) -> float:
        """Times the real size of its kind."""
        return SIZES[self.size]


def sample_group(
    rng: np.random.Generator, kind: str, *, most: int = 5, sized: bool = True
) -> ThingGroup:
    """Return a random group of a kind."""
    size = str(rng.choice(list(SIZES), p=SIZE_SHARES)) if sized else ""
    count = int(rng.choice(list(COUNT_SHARES), p=list(COUNT_SHARES.values())))
    return ThingGroup(kind, color_of(rng, kind), size, min(count, most))


def color_of(rng: np.random.Generator, kind: str) -> str | None:
    """Return a random one of a kind's colours; None: it has its own."""
    colors = KINDS[kind].colors
    return pick(rng, colors) if colors else None


def variant_of(rng: np.random.Generator) -> int:
    """Return a random shape of a kind."""
    return int(rng.integers(VARIANTS))


@cache
def size_of(kind: str) -> tuple[float, float]:
    """Return width and height of a kind [m]."""
    if KINDS[kind].where == "flat":
        return FLAT_SIZE
    colors = KINDS[kind].colors
    left, top, right, bottom = paint(kind, colors[0] if colors else None, 0, LIGHTS["noon"]).box
    return right - left, bottom - top


def footprint(kind: str, scale: float = 1.0) -> float:
    """Return the radius of the ground that a thing takes [m]."""
    return max(0.4 * size_of(kind)[0] * scale, 0.3)


@dataclass
class _Extent:
    """The box of a thing as it appears from the player's first place [degrees]."""

    distance: float
    left: float
    right: float
    low: float
    high: float
    hidden: float = MOST_HIDDEN  # share of it that others may hide

    def hides(self, other: "_Extent") -> bool:
        middle = (other.left + other.right) / 2
        turn = round((middle - (self.left + self.right) / 2) / 360) * 360
        wide = min(self.right + turn, other.right) - max(self.left + turn, other.left)
        tall = min(self.high, other.high) - max(self.low, other.low)
        area = (other.right - other.left) * (other.high - other.low)
        return wide > 0 and tall > 0 and wide * tall > other.hidden * area


def _extent_of(item: Item) -> _Extent:
    wide, tall = (extent * item.scale for extent in size_of(item.kind))
    distance = float(np.hypot(item.x, item.z))
    yaw = float(np.degrees(np.arctan2(item.x, item.z)))
    half = float(np.degrees(np.arctan(wide / 2 / distance)))
    low, high = (
        float(np.degrees(np.arctan2(height - EYE, distance)))
        for height in (item.foot, item.foot + tall)
    )
    hidden = MOST_HIDDEN_ON_WALL if item.entry.where == "wall" else MOST_HIDDEN
    return _Extent(distance, yaw - half, yaw + half, low, high, hidden)


@dataclass
class Site:
    """The things of a scene while it is laid out."""

    rng: np.random.Generator
    items: list[Item] = field(default_factory=list)
    blocked: list[Callable[[float, float, float], bool]] = field(default_factory=list)
    _extents: list[_Extent] = field(default_factory=list)
    _circles: list[tuple[float, float, float]] = field(default_factory=list)

    def near(self, low: float, high: float) -> float:
        """Return a random number in a range."""
        return float(self.rng.uniform(low, high))

    def fits(self, item: Item, *, anywhere: bool = False) -> bool:
        """Tell whether a thing can stand there; `anywhere`: also in water or on a road."""
        seen, radius = _extent_of(item), footprint(item.kind, item.scale)
        if seen.distance - radius < REACH or _is_cut(seen):
            return False
        if not anywhere and any(covers(item.x, item.z, radius) for covers in self.blocked):
            return False
        for x, z, other in self._circles:
            if np.hypot(item.x - x, item.z - z) < radius + other and item.foot < 2:
                return False
        return not any(
            seen.hides(other) if seen.distance < other.distance else other.hides(seen)
            for other in self._extents
        )

    def hides_wall(self, item: Item) -> bool:
        """Tell whether a thing hides too much of a window, a door or a picture."""
        seen = _extent_of(item)
        walls = (other for other in self._extents if other.hidden < MOST_HIDDEN)
        return any(seen.hides(other) for other in walls)

    def put(self, item: Item, *, solid: bool = True) -> int:
        """Add a thing, and return its number."""
        self.items.append(item)
        if solid:
            self._extents.append(_extent_of(item))
        if solid and item.entry.where not in ("wall", "sky"):
            self._circles.append((item.x, item.z, footprint(item.kind, item.scale)))
        return len(self.items) - 1

    def place(
        self, draw: Callable[[], Item], *, anywhere: bool = False, tries: int = TRIES
    ) -> int | None:
        """Add the first of some drawn things that fits; return its number, None if none does."""
        for _ in range(tries):
            item = draw()
            if self.fits(item, anywhere=anywhere):
                return self.put(item)
        return None


def is_cut(item: Item) -> bool:
    """Tell whether an edge of the first view cuts a thing."""
    return _is_cut(_extent_of(item))


def _is_cut(seen: _Extent) -> bool:
    return any(
        seen.left < edge + turn < seen.right
        for edge in (-VIEW_EDGE, VIEW_EDGE)
        for turn in (-360, 0, 360)
    )


def polar(yaw: float, distance: float) -> tuple[float, float]:
    """Return x and z of a point in a direction [degrees], at a distance [m]."""
    return distance * float(np.sin(np.radians(yaw))), distance * float(np.cos(np.radians(yaw)))
