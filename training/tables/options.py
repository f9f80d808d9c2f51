"""The paper's tables in small: their rows, and what the command can be told. Nothing heavy."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from mag_sandbox.command_line import option, positive
from mag_sandbox.model.world import WEIGHTS, MemorySetting

FILE = "table.json"  # in each table's folder: what was trained, for `python -m evaluation tables`
WHOLE = MemorySetting("full")
COMPRESSED = MemorySetting("mag")


@dataclass(frozen=True, slots=True)
class MethodRow:
    """A row of table 3: a method and the memory it plays with."""

    name: str  # as the paper's row is cited in `evaluation.results.cited`
    preset: str  # of `training.recipe.presets`: how its generator learns
    memory: MemorySetting
    memory_model: bool = False  # whether half of the steps train one first: MAG's stage 1

    @property
    def folder(self) -> str:
        """Name of the row's folder."""
        return self.name.lower().replace(" ", "-")


@dataclass(frozen=True, slots=True)
class RateRow:
    """A row of table 4: a memory model that keeps one frame of so many."""

    block_length: int  # latent frames

    @property
    def name(self) -> str:
        """What the row is called."""
        return f"block of {self.block_length}"

    @property
    def folder(self) -> str:
        """Name of the row's folder."""
        return f"block-{self.block_length}"


METHODS = (
    MethodRow("Self Forcing", "self-forcing", WHOLE),
    MethodRow("CausVid", "causvid", WHOLE),
    MethodRow("LongLive", "longlive", MemorySetting("window", window_blocks=2, sink_frames=3)),
    MethodRow("MAG without stage 1", "generator", COMPRESSED),
    MethodRow("MAG", "generator", COMPRESSED, memory_model=True),
)
RATES = tuple(RateRow(length) for length in (1, 3, 4, 5))
TABLES = {3: METHODS, 4: RATES}


def _shared_steps(text: str) -> int:
    value = positive(text)
    if value < 2:
        raise argparse.ArgumentTypeError("1 step cannot be shared by MAG's two networks")
    return value


@dataclass(frozen=True, slots=True)
class TablesOptions:
    """A table to be trained."""

    table: int = option(help="which of the paper's", choices=tuple(TABLES))
    folder: Path = option(Path("runs/tables"), "a folder a table, in it one a row")
    weights: Path = option(WEIGHTS / "pocket", "world that all rows start from")
    data: Path | None = option(None, "where panoramas are, or are drawn to, if not in --folder")
    panoramas: int = option(4800, "scenes to learn from")
    steps: int = option(150, "of every row", type=_shared_steps)
    base_steps: int = option(150, "table 3: of teacher and student, that all rows start from")
    batch: int = option(4, "videos a step")
    seed: int = option(0, "seed of data and noise", type=int)
