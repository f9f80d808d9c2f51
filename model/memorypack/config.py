"""Sizes of a MemoryPack: scales of packing, and structure of the long-term memory.

Source: MemoryPack and Direct Forcing, arXiv 2510.01784; FramePack, arXiv 2504.12626.
"""

from dataclasses import dataclass
from typing import Any, Literal

# of the long-term memory: see `model.memorypack.ring`; or of `Squeeze`, see its `semantic`
Structure = Literal["ring", "A", "B", "C"]

_OF_OLDER_FILES = "index", "width"


@dataclass(frozen=True, slots=True)
class Scale:
    """One group of history frames and how much smaller it becomes."""

    factor: int  # in time, down and across
    frames: int  # most history frames of the group

    def __post_init__(self) -> None:
        if self.factor < 1 or self.frames < self.factor:
            raise ValueError(f"{self.frames} frames cannot be packed by {self.factor}")


@dataclass(frozen=True, slots=True)
class PackConfig:
    """Everything that MemoryPack adds to a transformer; the rest follows from its `DiTConfig`."""

    structure: Structure | None = "A"  # of the long-term memory; None: FramePack alone
    guided: bool = True  # psi_0 from prompt and image; False: zero, as in the paper's ablation
    depth: int = 1  # layers each of Memorize and Squeeze
    widening: int = 1  # of their feed-forward networks
    window: int = 3  # latent frames that Memorize looks at together: one block
    cell: int = 4  # tokens down and across in one embedding of Memorize
    scales: tuple[Scale, ...] = (Scale(4, 16), Scale(2, 2), Scale(1, 1))  # oldest frames first

    def __post_init__(self) -> None:
        if self.structure not in (None, "ring", "A", "B", "C"):
            raise ValueError(f'structure "{self.structure}" not found; available: ring, A, B, C')
        factors = [scale.factor for scale in self.scales]
        if factors != sorted(set(factors), reverse=True) or factors[-1:] != [1]:
            raise ValueError(f"scales {factors} must fall to 1, the oldest frames first")

    @property
    def history(self) -> int:
        """Latent frames that packing holds; older ones are in the long-term memory only."""
        return sum(scale.frames for scale in self.scales)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "PackConfig":
        """Read plain JSON data, checked."""
        known = {key: value for key, value in data.items() if key not in _OF_OLDER_FILES}
        return cls(**{**known, "scales": tuple(Scale(**scale) for scale in data["scales"])})


FRAMEPACK = PackConfig(structure=None)
MEMORYPACK = PackConfig()
VARIANTS: dict[str, PackConfig] = {
    "framepack": FRAMEPACK,
    "ring": PackConfig(structure="ring"),
    "A": MEMORYPACK,
    "B": PackConfig(structure="B"),
    "C": PackConfig(structure="C"),
    "zero": PackConfig(guided=False),
}
WORLD_OF_VARIANT = {
    "ring": "memorypack",
    "A": "memorypack-a",
    "B": "memorypack-b",
    "C": "memorypack-c",
    "zero": "memorypack-zero",
    "framepack": "pocket-framepack",
}
VARIANT_OF_WORLD = {world: variant for variant, world in WORLD_OF_VARIANT.items()}
