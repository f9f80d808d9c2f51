"""The paper's tables 3 and 4 in small: what `python -m training tables` left, beside the paper.

What is compared is the order. For every pair of rows the paper says which one is better; here the
difference of PSNR on equal clips says whether that holds ("as in the paper"), the opposite does
("differs"), or neither can be told ("noise", see `evaluation.results.intervals`).

    table, scale, settings (of training), source
    modes {mode: {rows [{name, psnr_db, ssim, ... {mean, low, high, clips}, clips, refused,
                         paper {psnr_db, ssim}}],
                  pairs [{above, below (in the paper), psnr_db {mean, low, high, clips}, verdict}]}}
"""

import json
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import partial
from itertools import combinations
from pathlib import Path

from mag_sandbox.command_line import argument, option
from mag_sandbox.evaluation.bench.continuations import ContinuationJob, ContinuationTask
from mag_sandbox.evaluation.bench.opening import fitting
from mag_sandbox.evaluation.bench.reconstruction import RebuiltClip, ReconstructionJob
from mag_sandbox.evaluation.magbench.continuation import MODES, Mode
from mag_sandbox.evaluation.magbench.evaluate import CLIPS, Matching
from mag_sandbox.evaluation.report.page import templates
from mag_sandbox.evaluation.results.cited import COMPRESSION, MAG_BENCH, SOURCE
from mag_sandbox.evaluation.results.environment import environment
from mag_sandbox.evaluation.results.intervals import difference, mean_scores
from mag_sandbox.evaluation.results.store import ClipStore, read_records, read_runs
from mag_sandbox.evaluation.results.sweep import sweep
from mag_sandbox.files.whole import replace_file
from mag_sandbox.model.pocket import loading as pocket
from mag_sandbox.model.pocket.weights import CONFIG, weights_hash
from mag_sandbox.model.pocket.world import DiffusionWorld
from mag_sandbox.model.world import MemorySetting
from mag_sandbox.workers.options import WorkerOptions

FILE = "table.json"  # written by `python -m training tables`
RECONSTRUCTION = "reconstruction"  # the one mode of table 4
VERDICTS = {"better": "as in the paper", "worse": "differs", "noise": "noise"}
COLUMNS = {  # score -> heading, digits
    "psnr_db": ("PSNR", 2),
    "ssim": ("SSIM", 3),
    "pose_psnr_db": ("PSNR at equal pose", 2),
    "still_psnr_db": ("of still parts", 2),
    "moving_psnr_db": ("of moving parts", 2),
    "motion_gain_db": ("gained by moving, dB", 2),
    "memory_mib": ("memory, MiB", 1),
    "lpips": ("LPIPS", 3),
    "ceiling_db": ("PSNR of the autoencoder alone", 2),
}


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row that was trained."""

    name: str
    weights: Path
    memory: MemorySetting  # that it plays with
    results: Path  # folder of its records


@dataclass(frozen=True, slots=True)
class Table:
    """A table that was trained."""

    number: int
    folder: Path
    settings: dict  # of the training, the same for all rows
    rows: tuple[TableRow, ...]
    scale: str = "in small"  # beside the paper's


def read_table(folder: Path, number: int) -> Table:
    """Return what training left of table 3 or 4 in its folder.

    Raises:
        ValueError: there is no such table, or a row of it is not trained yet.
    """
    place = folder.absolute() / f"table-{number}"
    again = f"`python -m training tables --table {number} --folder {folder}`"
    try:
        data = json.loads((place / FILE).read_text(encoding="utf-8"))
        rows = tuple(
            TableRow(
                row["name"],
                place / row["weights"],
                MemorySetting(**row["memory"]),
                (place / row["weights"]).parent / "results",
            )
            for row in data["rows"]
        )
        table = Table(number, place, data["settings"], rows)
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise ValueError(
            f"{place / FILE} cannot be read ({error}); train it with {again}"
        ) from None
    for row in rows:
        if not (row.weights / CONFIG).exists():
            raise ValueError(
                f"{row.weights} is missing: {row.name} is not trained; continue with {again}"
            )
    return table


def summary(table: Table, modes: Sequence[str]) -> dict:
    """Return what was measured of a table, as JSON data.

    Raises:
        ValueError: a row has no record of a mode.
    """
    return {
        "table": table.number,
        "scale": table.scale,
        "settings": table.settings,
        "source": SOURCE,
        "modes": {mode: _mode(table, mode) for mode in modes},
    }


def _mode(table: Table, mode: str) -> dict:
    records = {row.name: _records(row, mode) for row in table.rows}
    rows = [
        {
            "name": row.name,
            **_means(records[row.name]),
            "clips": len(records[row.name]),
            "refused": sum(one["refused"] is not None for one in records[row.name]),
            "paper": cited(row.name, mode),
        }
        for row in table.rows
    ]
    ranked = sorted((row for row in rows if row["paper"]), key=lambda row: -row["paper"]["psnr_db"])
    return {
        "rows": rows,
        "pairs": [
            _pair(above["name"], below["name"], records) for above, below in combinations(ranked, 2)
        ],
    }


def cited(name: str, mode: str) -> dict[str, float] | None:
    """Return what the paper has for a row; None: nothing."""
    if mode == RECONSTRUCTION:
        found = [one for one in COMPRESSION if name == f"block of {one.ratio}"]
    else:
        found = [one for one in MAG_BENCH if (one.method, one.mode) == (name, mode)]
    return {"psnr_db": found[0].psnr_db, "ssim": found[0].ssim} if found else None


def _records(row: TableRow, mode: str) -> list[dict]:
    every = read_records(row.results)
    found = [one for one in every if one["row"].get("mode", RECONSTRUCTION) == mode]
    if not found:
        raise ValueError(f"{row.results} holds no clip of mode {mode}; measure it first")
    return found


def _means(records: list[dict]) -> dict:
    means = mean_scores([one["scores"] for one in records if one["refused"] is None])
    return {name: means.get(name) for name in COLUMNS}


def _pair(above: str, below: str, records: dict[str, list[dict]]) -> dict:
    ours, theirs = (
        {one["clip"]: None if one["refused"] else one["scores"]["psnr_db"] for one in records[name]}
        for name in (above, below)
    )
    apart = difference(ours, theirs)
    return {
        "above": above,
        "below": below,
        "psnr_db": apart and asdict(apart.interval),
        "verdict": VERDICTS[apart.verdict] if apart else "noise",
    }


def markdown(data: dict) -> str:
    """Return a table in words."""
    template = templates(html=False).get_template("order.md")
    return template.render(data=data, lines_of=_lines, score=_score)


def _lines(rows: Sequence[dict]) -> tuple[list[str], list[list[str]]]:
    columns = {name: one for name, one in COLUMNS.items() if any(row[name] for row in rows)}
    headings = (heading for heading, _ in columns.values())
    lines = [
        [
            row["name"],
            *(
                _score(f"%.{digits}f [%.{digits}f, %.{digits}f]", row[name])
                for name, (_, digits) in columns.items()
            ),
            f"{row['clips'] - row['refused']}/{row['clips']}",
            *(f"{row['paper'][name]:.2f}" if row["paper"] else "-" for name in ("psnr_db", "ssim")),
        ]
        for row in rows
    ]
    return ["", *headings, "clips", "paper: PSNR", "paper: SSIM"], lines


def _score(form: str, score: dict | None, nothing: str = "-") -> str:
    return form % (score["mean"], score["low"], score["high"]) if score else nothing


CLIPS_BY_DEFAULT = 8  # two a category


@dataclass(frozen=True, slots=True)
class MeasuredTable(WorkerOptions):
    """A table of `training tables`, to be measured."""

    folder: Path = argument("the --folder of the training", metavar="DIR")
    table: int = option(help="which of the paper's", choices=(3, 4))
    clips: int = option(CLIPS_BY_DEFAULT, "clips a row (%(default)s)", type=int)
    seed: int = option(0, "seed of scenes and noise (%(default)s)", type=int)
    mode: tuple[Mode, ...] = option(
        MODES, "of table 3: memory takes what is made of the last quarter, or the truth "
        f"({' '.join(MODES)})",
    )  # fmt: skip


def run_tables(options: MeasuredTable, say: Callable[[str], None]) -> None:
    """Measure what is not measured yet, and write the table as text and as JSON.

    Raises:
        ValueError: the options make no sense, or the table is not trained.
    """
    if not 1 <= options.clips <= CLIPS:
        raise ValueError(f"clips is {options.clips}, expected 1 to {CLIPS}")
    table = read_table(options.folder, options.table)
    if table.number == 3:
        modes: Sequence[str] = options.mode
        _play(table, options, say)
    else:
        modes = (RECONSTRUCTION,)
        _rebuild(table, options, say)
    write_summary(table, modes, say)


def write_summary(table: Table, modes: Sequence[str], say: Callable[[str], None]) -> None:
    """Write what was measured of a table as text and as JSON, and say it.

    Raises:
        ValueError: a row has no record of a mode.
    """
    data = summary(table, modes)
    text = markdown(data)
    for name, content in (("results.json", json.dumps(data, indent=1)), ("results.md", text)):
        replace_file(table.folder / name, content + "\n")
    say(text)


def _play(table: Table, options: MeasuredTable, say: Callable[[str], None]) -> None:
    """Continue clips with every row, all in one number type."""
    noted = [run for row in table.rows for run in read_runs(row.results)]
    execution = noted[0]["world"]["execution"] if noted else None
    for row in table.rows:
        say(f"{row.name}: {row.memory.policy}")
        with closing(open_row(row, execution)) as world:
            provenance = world.provenance()
        execution = provenance["execution"]
        store = ClipStore(row.results, {
            "bench": "pocket", "seed": options.seed, "distance": Matching().name, "away": None,
            "weights": provenance["weights"],
        })  # fmt: skip
        store.note(environment(world=provenance))
        tasks = [ContinuationTask(at, mode) for at in range(options.clips) for mode in options.mode]
        job = ContinuationJob(partial(open_row, row, execution), row.name, options.seed)
        with options.workplace().workers(job) as results:
            sweep(tasks, store, results)


def open_row(row: TableRow, execution: dict | None) -> DiffusionWorld:
    """Return the world of a row with the row's memory; no method looks ahead."""
    return pocket.load(
        row.memory,
        look_ahead=False,
        on_progress=lambda stage, fraction: None,
        weights=row.weights,
        execution=pocket.recorded_execution(fitting(execution)) if execution else None,
    )


def _rebuild(table: Table, options: MeasuredTable, say: Callable[[str], None]) -> None:
    """Rebuild clips from the memory of every row."""
    for row in table.rows:
        say(f"{row.name}: one frame is kept")
        store = ClipStore(row.results, {
            "bench": RECONSTRUCTION, "seed": options.seed, "weights": weights_hash(row.weights),
        })  # fmt: skip
        store.note(environment())
        job = ReconstructionJob(row.weights, row.name, options.seed)
        with options.workplace().workers(job) as results:
            sweep([RebuiltClip(index) for index in range(options.clips)], store, results)
