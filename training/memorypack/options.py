"""Options of `python -m training memorypack` and `memorypack-oracle`; imports nothing heavy."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mag_sandbox.command_line import option

PHASES = ("teacher", "direct", "student", "teacher-last", "direct-modulations")
VARIANTS = ("A", "B", "C", "zero", "framepack")
READS = ("psi", "frames", "nothing")
TOKENS = (18, 64, 96, 256)  # of psi, that the oracle compares


@dataclass(frozen=True, slots=True)
class MemoryPackOptions:
    """One phase of one variant, to be trained."""

    phase: str = option("teacher", "(%(default)s)", choices=PHASES)
    variant: str = option("A", "(%(default)s)", choices=VARIANTS)
    size: Literal["pocket", "full"] = option("pocket")
    folder: Path = option(Path("runs/memorypack"), "state, logs, sheets and results")
    data: Path = option(Path("runs/pocket"), "pocket: where the panoramas are drawn")
    weights: Path = option(Path("assets/weights/pocket"), "pocket: the world to start from")
    # parts to start from; None: the teacher phase's, or untrained ones
    init: Path | None = option(None, "parts to start from")
    steps: int | None = option(None, "else the preset's")
    batch: int | None = option(None, "videos a step; else the preset's")
    seed: int = option(0, "seed of data and noise", type=int)
    panoramas: int = option(4800, "pocket: scenes to learn from")
    wan: Path | None = option(None, "full: folder of Wan2.1-T2V-1.3B")
    videos: Path | None = option(None, "full: folder made by `precompute`")
    height: int = option(480, "full: px of the videos")
    width: int = option(832, "full: px")

    @property
    def run(self) -> Path:
        """Folder of this phase and variant."""
        return self.folder / f"{self.variant}-{self.phase}"


@dataclass(frozen=True, slots=True)
class OracleOptions:
    """A row of the oracle's table, to be trained."""

    folder: Path = option(Path("runs/memorypack/oracle"), "state, logs and figures")
    data: Path = option(Path("runs/imagination/rings"), "latents of rings")
    rings: int = option(2000, "scenes; the last 400 are held out")
    tokens: int = option(96, "of psi", type=int, choices=TOKENS)
    unplaced: bool = option(False, "tokens have no place on the ring")
    # all frames are the ceiling, and what needs no memory is told from nothing
    reads: str = option("psi", "what the reader knows", choices=READS)
    steps: int = option(600, "of training")
    batch: int = option(8, "turns a step")
    seed: int = option(0, "seed of weights and turns", type=int)

    @property
    def name(self) -> str:
        """Which row of the table this is."""
        if self.reads != "psi":
            return self.reads
        return f"{self.tokens}-{'unplaced' if self.unplaced else 'placed'}"
