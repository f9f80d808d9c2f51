"""The paper's tables 3 and 4 in small: what `python -m training tables` left, beside the paper.

What is compared is the order. For every pair of rows the paper says which one is better; here the
difference of PSNR on equal clips says whether that holds ("as in the paper"), the opposite does
("differs"), or neither can be told ("noise", see `evaluation.results.intervals`).

    table, settings (of training), source
    modes {mode: {rows [{name, psnr_db, ssim, ... {mean, low, high, clips}, clips, refused,
                         paper {psnr_db, ssim}}],
                  pairs [{above, below (in the paper), psnr_db {mean, low, high, clips}, verdict}]}}
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path

from mag_sandbox.evaluation.results.cited import COMPRESSION, MAG_BENCH, SOURCE
from mag_sandbox.evaluation.results.intervals import difference, mean_interval
from mag_sandbox.evaluation.results.store import read_records
from mag_sandbox.model.pocket.weights import CONFIG
from mag_sandbox.model.world import MemorySetting

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


def read_table(folder: Path, number: int) -> Table:
    """Return what training left.

    Args:
        folder: as given to training.
        number: 3 or 4.

    Raises:
        ValueError: there is no such table, or a row of it is not trained yet.
    """
    place = folder / f"table-{number}"
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
    counted = [record["scores"] for record in records if record["refused"] is None]
    found = {}
    for name in COLUMNS:
        interval = mean_interval([scores.get(name) for scores in counted])
        found[name] = interval and asdict(interval)
    return found


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


def markdown(data: dict) -> Iterator[str]:
    """Yield the lines of a table in words."""
    settings = ", ".join(f"{name} {value}" for name, value in data["settings"].items())
    yield f"# Table {data['table']} in small"
    yield f"\nEvery row: {settings}. Paper: {data['source']}, a full-size world on other clips."
    for mode, part in data["modes"].items():
        yield f"\n## {mode}\n"
        names = [name for name in COLUMNS if any(row[name] for row in part["rows"])]
        yield from _rows(part["rows"], names)
        yield "\nThe paper's order, pair by pair, by the difference of PSNR on equal clips:\n"
        yield from (f"- {_said(pair)}" for pair in part["pairs"])


def _rows(rows: Sequence[dict], names: Sequence[str]) -> Iterator[str]:
    heading = ["", *(COLUMNS[name][0] for name in names), "clips", "paper: PSNR", "paper: SSIM"]
    yield f"| {' | '.join(heading)} |"
    yield f"|{'---|' * len(heading)}"
    for row in rows:
        paper = row["paper"] or {}
        cells = [
            row["name"],
            *(_cell(row[name], COLUMNS[name][1]) for name in names),
            f"{row['clips'] - row['refused']}/{row['clips']}",
            *(f"{paper[name]:.2f}" if paper else "-" for name in ("psnr_db", "ssim")),
        ]
        yield f"| {' | '.join(cells)} |"


def _cell(score: dict | None, digits: int) -> str:
    if not score:
        return "-"
    low, high = (f"{score[end]:.{digits}f}" for end in ("low", "high"))
    return f"{score['mean']:.{digits}f} [{low}, {high}]"


def _said(pair: dict) -> str:
    said = f"{pair['above']} over {pair['below']}: {pair['verdict']}"
    score = pair["psnr_db"]
    if not score:
        return f"{said}, no equal clips"
    return f"{said}, {score['mean']:+.2f} dB [{score['low']:+.2f}, {score['high']:+.2f}]"
