"""What `python -m training memorypack` can be told; plain data, imports nothing heavy."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

PHASES = ("teacher", "direct", "student", "teacher-last", "direct-modulations")
VARIANTS = ("A", "B", "C", "zero", "framepack")


@dataclass(frozen=True, slots=True)
class PackOrder:
    """One phase of one variant, to be trained."""

    phase: str = "teacher"  # of PHASES
    variant: str = "A"  # of VARIANTS
    size: Literal["pocket", "full"] = "pocket"
    folder: Path = Path("runs/memorypack")  # state, logs, sheets and results
    data: Path = Path("runs/pocket")  # pocket: where the panoramas are drawn
    weights: Path = Path("assets/weights/pocket")  # pocket: the world to start from
    init: Path | None = None  # parts to start from; None: the teacher phase's, or untrained ones
    steps: int | None = None  # None: the preset's
    batch: int | None = None  # videos a step; None: the preset's
    seed: int = 0
    panoramas: int = 4800  # pocket: scenes to learn from
    wan: Path | None = None  # full: the folder of Wan2.1-T2V-1.3B
    videos: Path | None = None  # full: folder of .pt files made by `precompute`
    height: int = 480  # full: px of the videos
    width: int = 832  # full: px

    @property
    def run(self) -> Path:
        """Folder of this phase and variant."""
        return self.folder / f"{self.variant}-{self.phase}"


def add_options(command: argparse.ArgumentParser, positive: Callable[[str], int]) -> None:
    """Add the options of `memorypack`.

    Args:
        command: its parser.
        positive: reads a positive number.
    """
    usual = PackOrder()
    command.add_argument("--phase", choices=PHASES, default=usual.phase, help="(%(default)s)")
    command.add_argument("--variant", choices=VARIANTS, default=usual.variant, help="(%(default)s)")
    command.add_argument("--size", choices=("pocket", "full"), default=usual.size)
    command.add_argument("--folder", type=Path, default=usual.folder, help="logs and results")
    command.add_argument("--data", type=Path, default=usual.data, help="pocket: of the panoramas")
    command.add_argument("--weights", type=Path, default=usual.weights, help="pocket: the base")
    command.add_argument("--init", type=Path, help="parts to start from")
    command.add_argument("--steps", type=positive, help="else the preset's")
    command.add_argument("--batch", type=positive, help="videos a step; else the preset's")
    command.add_argument("--seed", type=int, default=usual.seed, help="seed of data and noise")
    command.add_argument("--panoramas", type=positive, default=usual.panoramas, help="pocket")
    command.add_argument("--wan", type=Path, help="full: folder of Wan2.1-T2V-1.3B")
    command.add_argument("--videos", type=Path, help="full: folder made by `precompute`")
    command.add_argument("--height", type=positive, default=usual.height, help="full: px")
    command.add_argument("--width", type=positive, default=usual.width, help="full: px")


def order_of(options: argparse.Namespace) -> PackOrder:
    """Return the order that a command line gives."""
    told = vars(options)
    return PackOrder(**{name: told[name] for name in PackOrder.__dataclass_fields__})
