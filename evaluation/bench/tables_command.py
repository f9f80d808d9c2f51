"""The command line of the paper's tables in small: weights of `training tables` in, tables out."""

import argparse
import json
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from mag_sandbox.evaluation.bench.memory_bench import MemoryBench, MemoryBenchSettings
from mag_sandbox.evaluation.bench.memory_clips import CLIPS
from mag_sandbox.evaluation.bench.reconstruction import MemoryModel, measure_reconstruction
from mag_sandbox.evaluation.bench.tables import (
    RECONSTRUCTION,
    Table,
    TableRow,
    markdown,
    read_table,
    summary,
)
from mag_sandbox.evaluation.judge.classifier import Classifier
from mag_sandbox.evaluation.magbench.evaluate import Matching
from mag_sandbox.evaluation.results.environment import environment
from mag_sandbox.evaluation.results.store import ClipStore, read_runs
from mag_sandbox.files.whole import replace_file
from mag_sandbox.model.pocket import loading as pocket
from mag_sandbox.model.pocket.weights import weights_hash
from mag_sandbox.model.pocket.world import DiffusionWorld
from mag_sandbox.model.world import MemorySetting

MODES = ("history", "truth")  # of table 3, as in the paper
CLIPS_BY_DEFAULT = 8  # two a category


def add_tables(commands: argparse._SubParsersAction, say: Callable[[str], None]) -> None:
    """Add `tables` to the command line."""
    parser = commands.add_parser("tables", help="measure what `training tables` has trained")
    parser.add_argument("folder", type=Path, metavar="DIR", help="the --folder of the training")
    parser.add_argument("--table", type=int, choices=(3, 4), required=True)
    parser.add_argument(
        "--clips", type=int, default=CLIPS_BY_DEFAULT, help=f"clips a row ({CLIPS_BY_DEFAULT})"
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of scenes and noise (0)")
    parser.add_argument(
        "--mode", nargs="+", default=list(MODES), choices=MODES,
        help=f"of table 3, see `pocket` ({' '.join(MODES)})",
    )  # fmt: skip
    parser.set_defaults(run=lambda options: run_tables(options, say))


def run_tables(options: argparse.Namespace, say: Callable[[str], None]) -> int:
    """Measure what is not measured yet, and write the table as text and as JSON.

    Raises:
        ValueError: the options make no sense, or the table is not trained.
    """
    if not 1 <= options.clips <= CLIPS:
        raise ValueError(f"clips is {options.clips}, expected 1 to {CLIPS}")
    table = read_table(options.folder, options.table)
    if table.number == 3:
        modes: Sequence[str] = options.mode
        _play(table, modes, options.clips, options.seed, say)
    else:
        modes = (RECONSTRUCTION,)
        _rebuild(table, options.clips, options.seed, say)
    data = summary(table, modes)
    lines = list(markdown(data))
    for name, text in (
        ("results.json", json.dumps(data, indent=1)),
        ("results.md", "\n".join(lines)),
    ):
        replace_file(table.folder / name, text + "\n")
    for line in lines:
        say(line)
    return 0


def _play(
    table: Table, modes: Sequence[str], clips: int, seed: int, say: Callable[[str], None]
) -> None:
    """Put every row through the memory bench, all in one number type."""
    noted = [run for row in table.rows for run in read_runs(row.results)]
    execution = noted[0]["world"]["execution"] if noted else None
    for row in table.rows:
        say(f"{row.name}: {row.memory.policy}")
        world = open_row(row, execution)
        provenance, moves = world.provenance(), world.spec.moves
        world.close()
        execution = provenance["execution"]
        matching = Matching()
        store = ClipStore(row.results, {
            "bench": "pocket", "seed": seed, "distance": matching.name, "away": None,
            "weights": provenance["weights"],
        })  # fmt: skip
        store.note(environment(world=provenance))
        settings = MemoryBenchSettings(
            row.name, (row.memory.policy,), tuple(modes), clips, seed=seed, moves=moves
        )
        # the bench knows policies by name; what else belongs to a row's memory is the row's own
        opened = partial(_as_trained, row, execution)
        MemoryBench(settings, opened, store, matching, Classifier.load()).run()


def _as_trained(row: TableRow, execution: dict, setting: MemorySetting) -> DiffusionWorld:  # noqa: ARG001
    return open_row(row, execution)


def open_row(row: TableRow, execution: dict | None) -> DiffusionWorld:
    """Return the world of a row with the row's memory; no method looks ahead."""
    return pocket.load(
        row.memory,
        look_ahead=False,
        on_progress=lambda stage, fraction: None,
        weights=row.weights,
        execution=pocket.recorded_execution(execution) if execution else None,
    )


def _rebuild(table: Table, clips: int, seed: int, say: Callable[[str], None]) -> None:
    """Rebuild clips from the memory of every row."""
    with tempfile.TemporaryDirectory() as folder:
        for row in table.rows:
            say(f"{row.name}: one frame is kept")
            store = ClipStore(row.results, {
                "bench": RECONSTRUCTION, "seed": seed, "weights": weights_hash(row.weights),
            })  # fmt: skip
            store.note(environment())
            model = MemoryModel(row.weights)
            measure_reconstruction(model, row.name, store, clips, seed, Path(folder))
