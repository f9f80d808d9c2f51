"""The paper's tables in small: their rows, and what the command can be told. Nothing heavy."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

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


@dataclass(frozen=True, slots=True)
class TablesOrder:
    """A table to be trained."""

    table: int  # of TABLES
    folder: Path = Path("runs/tables")  # a folder a table, in it one a row
    weights: Path = WEIGHTS / "pocket"  # the world that all rows start from
    data: Path | None = None  # where panoramas are, or are drawn to; None: `folder`
    panoramas: int = 4800  # scenes to learn from
    steps: int = 150  # of every row
    base_steps: int = 150  # of the teacher and of the student that table 3 starts from
    batch: int = 4  # videos a step
    seed: int = 0


def add_options(command: argparse.ArgumentParser, positive: Callable[[str], int]) -> None:
    """Add what the command can be told."""

    def steps(text: str) -> int:
        value = positive(text)
        if value < 2:
            raise argparse.ArgumentTypeError("1 step cannot be shared by MAG's two networks")
        return value

    usual = TablesOrder(3)
    command.formatter_class = argparse.ArgumentDefaultsHelpFormatter
    command.add_argument("--table", type=int, choices=tuple(TABLES), required=True)
    command.add_argument("--folder", type=Path, default=usual.folder, help="folder of the results")
    command.add_argument("--weights", type=Path, default=usual.weights, help="world to start from")
    command.add_argument("--data", type=Path, help="folder of panoramas, if not --folder")
    command.add_argument(
        "--panoramas", type=positive, default=usual.panoramas, help="to learn from"
    )
    command.add_argument("--steps", type=steps, default=usual.steps, help="of every row")
    command.add_argument(
        "--base-steps", type=positive, default=usual.base_steps,
        help="table 3: of teacher and student, that all rows start from",
    )  # fmt: skip
    command.add_argument("--batch", type=positive, default=usual.batch, help="videos in a step")
    command.add_argument("--seed", type=int, default=usual.seed, help="seed of data and noise")


def order_of(options: argparse.Namespace) -> TablesOrder:
    """Return what a command line says."""
    told = vars(options)
    return TablesOrder(**{name: told[name] for name in TablesOrder.__dataclass_fields__})
