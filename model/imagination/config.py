"""Sizes of the networks that invent views: frozen dataclasses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mag_sandbox.model.config import DiTConfig, check_numbers, tuples


@dataclass(frozen=True, slots=True)
class PlannerConfig:
    """Geometry of the transformer that lists the things of a ring, and how freely it does."""

    dim: int = 160
    ffn_dim: int = 640
    num_heads: int = 5
    num_layers: int = 5
    text_dim: int = 128
    text_len: int = 48
    kinds: int = 384  # rows of the table of kinds; more than there are
    most: int = 84  # things of a ring, the largest ones
    plans: int = 2  # that are drawn, to take the one that shows most of the caption
    guidance: float = 2.0  # how much the caption counts
    top_p: float = 0.85  # share of the likeliest values that may be chosen
    exhibits: int = 8  # kinds on a stage, each on a stand

    def __post_init__(self) -> None:
        if self.num_heads < 1 or self.dim % self.num_heads or self.head_dim % 2:
            raise ValueError(f"dim {self.dim} does not split into {self.num_heads} even heads")

    @property
    def head_dim(self) -> int:
        """Channels of one attention head."""
        return self.dim // self.num_heads


_PAINTER = DiTConfig(
    dim=256, ffn_dim=1024, num_heads=4, num_layers=6, channels=32, patch=1, text_dim=128,
    text_len=48, gelu="none",
)  # fmt: skip


FITTED = 6  # numbers of a place: share covered, parts of main and mean colour, rest (RGB)


@dataclass(frozen=True, slots=True)
class SpriteConfig:
    """Geometry of the small picture of each look, fitted to what it looks like beforehand."""

    places: int = 32  # across it
    points: int = 4  # across a cell, at which it is seen


@dataclass(frozen=True, slots=True)
class PainterConfig:
    """Geometry of the transformer that paints, and in how many steps it does."""

    dit: DiTConfig = _PAINTER
    kinds: int = 384  # of objects, in the table of looks; more than there are
    look_dim: int = 96  # of an object's embedding
    object_hidden: int = 256
    sprite: SpriteConfig = SpriteConfig()
    ring: tuple[int, int] = (24, 80)  # rows and columns of cells of 16 px
    view: tuple[int, int] = (12, 20)  # likewise, of one painting
    shift: float = 2.0  # sigma = shift * u / (1 + (shift - 1) * u)
    steps: int = 3  # in which a view is painted


@dataclass(frozen=True, slots=True)
class ReaderConfig:
    """Geometry of the network that lists what a given picture shows."""

    channels: int = 32  # of latents
    view: tuple[int, int] = (12, 20)  # rows and columns of cells of a level view
    dim: int = 144
    blocks: int = 3
    fine: int = 96
    hidden: int = 256  # numbers that name the thing in a box
    kinds: int = 384  # rows of the tables of kinds; more than there are


@dataclass(frozen=True, slots=True)
class ImaginationConfig:
    """The architecture of the networks that invent views; written beside their weights."""

    kinds: tuple[str, ...]  # of objects, by name
    # of each category of scenes the things behind all objects (sky, walls, ground), in this order
    behind: Mapping[str, tuple[str, ...]]
    among: Mapping[str, tuple[str, ...]]  # of each category the kinds that its scenes can have
    planner: PlannerConfig = PlannerConfig()
    painter: PainterConfig = PainterConfig()
    reader: ReaderConfig = ReaderConfig()
    # kinds that run on and on, whose boxes tell where they are nearest; see `renderer.flats`
    courses: tuple[str, ...] = ()
    # how many of some kinds a scene has at most; of others `scenes.things` says it
    most: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rows = min(self.planner.kinds, self.painter.kinds)
        if len(self.looks) >= rows:
            raise ValueError(f"{len(self.looks)} kinds do not fit a table of {rows} rows")
        if set(self.behind) != set(self.among):
            raise ValueError("behind and among are not of the same categories")

    @property
    def looks(self) -> tuple[str, ...]:
        """Names of all planned and painted things, in the order of the tables."""
        return self.kinds + tuple(self.all_behind)

    @property
    def all_behind(self) -> dict[str, None]:
        """Names of the things behind all objects in some category, in order."""
        return dict.fromkeys(name for names in self.behind.values() for name in names)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "ImaginationConfig":
        """Read plain JSON data, checked."""
        parts = {
            "kinds": tuple(data["kinds"]),
            "behind": {name: tuple(kinds) for name, kinds in data["behind"].items()},
            "among": {name: tuple(kinds) for name, kinds in data["among"].items()},
            "planner": PlannerConfig(**data["planner"]),
            "painter": _painter(data["painter"]),
            "reader": ReaderConfig(**tuples(data["reader"])),
            "courses": tuple(data.get("courses", ())),
        }
        config = cls(**{**data, **parts})
        check_numbers(config)
        return config


def _painter(data: dict[str, Any]) -> PainterConfig:
    """Read a painter's data; files from before name sprites of several kinds, and guidance."""
    others = dict(data)
    if "guidance" in others:
        guidance, (sprite, *more) = others.pop("guidance"), others.pop("sprites")
        if set(guidance) != {1} or more or not sprite["fitted"]:
            raise ValueError("it paints with guidance or learned sprites, as none does any more")
        others["steps"] = len(guidance)
        others["sprite"] = {name: sprite[name] for name in ("places", "points")}
    others["dit"] = DiTConfig(**data["dit"])
    others["sprite"] = SpriteConfig(**others["sprite"])
    return PainterConfig(**tuples(others))
