"""All kinds of things that scenes can have, read from `kinds.txt`: painters and colours.

A kind is a look, not a word. Kinds keep their order, which is their number in networks; the first
149 are those of version 2. Only data.
"""

from dataclasses import dataclass
from pathlib import Path

from mag_sandbox.renderer.painters.buildings import BUILDING_COLORS
from mag_sandbox.renderer.painters.sketch import PAINTS
from mag_sandbox.renderer.phrasing import plural
from mag_sandbox.scenes.stances import STANCES

COLOR_SETS = {"any": tuple(PAINTS), "wall": tuple(BUILDING_COLORS)}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of thing."""

    name: str
    tall: float | None  # metres; None: as tall as it is drawn
    where: str  # floor, wall, ceiling, small, water, flat, sky or far; see `scenes/stances.txt`
    painter: str  # family of painters that draws it, and its name there
    shape: str
    colors: tuple[str, ...]  # that it may have; (): its own
    plural: str


def _kind(line: str) -> Kind:
    name, painter, colors, many = (
        one.strip() for one in (line + "|" * (3 - line.count("|"))).split("|")
    )
    family, _, shape = painter.partition(" ")
    where, tall = STANCES[name]
    return Kind(
        name, tall, where, family, shape,
        COLOR_SETS.get(colors) or tuple(colors.split()), many or plural(name),
    )  # fmt: skip


def _read() -> dict[str, Kind]:
    lines = Path(__file__).with_name("kinds.txt").read_text(encoding="utf-8").splitlines()
    kinds = [_kind(line) for line in lines if line and not line.startswith("#")]
    return {kind.name: kind for kind in kinds}


KINDS = _read()
CLASSES = tuple(KINDS)
# the background of each category, the largest part of a level view first; no map of pixels shows it
BEHIND: dict[str, tuple[str, ...]] = {
    "indoor": (*["wall"] * 4, "floor", "ceiling"),
    "object": (*["backdrop"] * 4, "floor", "ceiling"),
    "outdoor": ("low sky", "far ground", "near ground", "high sky"),
    "video game": ("low sky", "far ground", "turf", "soil", "high sky"),
}
# kinds that run from one end of the land to the other; a plan tells their course
COURSES = frozenset(name for name, kind in KINDS.items() if kind.painter in ("band", "sea"))
# kinds that extend all around or along the ground
AREAS = frozenset((
    "flat land", "hills", "mountains", "snowy peaks", "dunes", "mesas", "river", "sea", "path",
    "road", "starry sky", "falling snow", "steps", "stage curtains", "arches", "columns", "panels",
    "rings", "circles", "railway track", "canal", "runway", "falling rain", "far hill",
))  # fmt: skip
