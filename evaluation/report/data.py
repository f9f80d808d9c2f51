"""The numbers of a report, made of saved records: rows, intervals, differences, cells of tables.

`report_data` returns plain JSON:

    schema, made {time, commit, ...}
    folders [{folder, settings, runs}]
    rows [{folder, bench, label, row, clips, distances,
           scores {name: {mean, low, high, clips}},
           against {label, name: {mean, low, high, clips, verdict}} (null for the first of a mode),
           pictures {best, worst: [{clip, psnr_db, path}]}, seconds}]
    cited {source, mag_bench, vbench}
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mag_sandbox.evaluation.results.cited import MAG_BENCH, SOURCE, VBENCH
from mag_sandbox.evaluation.results.environment import environment
from mag_sandbox.evaluation.results.intervals import FEWEST, difference, mean_scores
from mag_sandbox.evaluation.results.store import read_records, read_runs, read_settings

SCHEMA = 3
PICTURES = 2  # best, and as many worst, of a row
LOWER_IS_BETTER = frozenset({"lpips", "distance"})
MODES = {  # of MAG-Bench -> title, meaning
    "history": ("Return: history context", "Three quarters of a clip are given; memory takes what "
                "the world makes of the rest."),
    "truth": ("Return: ground truth", "The same, but after every block memory takes the truth."),
}  # fmt: skip
COLUMNS = {  # score -> heading, digits, meaning; others are shown under their own names
    "psnr_db": ("PSNR", 2, "of every made frame and its best match among the true ones"),
    "ssim": ("SSIM", 2, "of the same pairs; 1 is equal"),
    "lpips": ("LPIPS", 2, "of the same pairs, lower is better; only with its weights"),
    "motion_ratio": ("motion", 2, "change from frame to frame, of the truth's: 0 stands still"),
}
PAPER = ("psnr_db", "ssim", "lpips")  # columns that are there even where ours are empty
HIDDEN = ("distance", "mse")  # scores that are no column


def report_data(folders: Sequence[Path]) -> dict[str, Any]:
    """Return the report of result folders, or raise ValueError if one holds no results."""
    rows, parts = [], []
    for folder in folders:
        parts.append(
            {"folder": folder.name, "settings": read_settings(folder), "runs": read_runs(folder)}
        )
        rows += _rows(folder, read_records(folder))
    if not rows:
        names = ", ".join(str(folder) for folder in folders)
        raise ValueError(f"{names} hold no measured clip; run an evaluation first")
    cited = {"mag_bench": [asdict(one) for one in MAG_BENCH], "vbench": [asdict(v) for v in VBENCH]}
    return {
        "schema": SCHEMA,
        "made": environment(),
        "folders": parts,
        "rows": rows,
        "cited": {"source": SOURCE, **cited},
    }


def _rows(folder: Path, records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        name = json.dumps([record["bench"], record["row"]], sort_keys=True)
        groups.setdefault(name, []).append(record)
    first_of_mode: dict[tuple[str, str], list[dict[str, Any]]] = {}
    rows = []
    for group in groups.values():
        mode = group[0]["bench"], str(group[0]["row"].get("mode"))
        first = first_of_mode.setdefault(mode, group)
        rows.append(_row(folder, group, None if first is group else first))
    return rows


def _row(
    folder: Path, records: Sequence[dict[str, Any]], other: Sequence[dict[str, Any]] | None
) -> dict[str, Any]:
    scores = mean_scores([record["scores"] for record in records])
    return {
        "folder": folder.name,
        "bench": records[0]["bench"],
        "label": label_of(records[0]["row"]),
        "row": records[0]["row"],
        "clips": len(records),
        "distances": sorted({record["distance"] for record in records}),
        "scores": scores,
        "against": other and _against(records, other, list(scores)),
        "pictures": _pictures(folder, records),
        "seconds": sum(record["seconds"] for record in records),
    }


def label_of(row: Mapping[str, object]) -> str:
    """Return a row's settings in words, without the mode."""
    return ", ".join(str(value) for name, value in row.items() if name != "mode" and value)


def _against(
    records: Sequence[dict[str, Any]], others: Sequence[dict[str, Any]], names: Sequence[str]
) -> dict[str, Any]:
    found: dict[str, Any] = {"label": label_of(others[0]["row"])}
    for name in names:
        ours, theirs = (
            {one["clip"]: one["scores"].get(name) for one in part} for part in (records, others)
        )
        apart = difference(ours, theirs, higher_is_better=name not in LOWER_IS_BETTER)
        found[name] = apart and {**asdict(apart.interval), "verdict": apart.verdict}
    return found


def _pictures(folder: Path, records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    shown = [one for one in records if one.get("picture") and (folder / one["picture"]).is_file()]
    some = [
        {
            "clip": one["clip"],
            "psnr_db": one["scores"]["psnr_db"],
            "path": str(folder / one["picture"]),
        }
        for one in sorted(shown, key=lambda one: -one["scores"]["psnr_db"])
    ]
    best = some[: min(PICTURES, (len(some) + 1) // 2)]
    return {"best": best, "worst": some[len(best) :][-PICTURES:][::-1]}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table."""

    text: str
    interval: str = ""
    verdict: str = ""  # "better", "worse", "noise": against the first row
    apart: str = ""  # by how much, or "noise"
    basis: str = ""  # what the verdict rests on


@dataclass(frozen=True, slots=True)
class Section:
    """A table with the words around it."""

    title: str
    meaning: str
    rows: Sequence[dict[str, Any]]
    columns: Sequence[str]
    cited: Sequence[dict[str, Any]] = ()
    notes: Sequence[str] = ()

    @property
    def folders(self) -> int:
        """Number of folders that the rows are from."""
        return len({row["folder"] for row in self.rows})


def headline(data: dict[str, Any]) -> str:
    """Return the subject of a report in a sentence or two."""
    clips, seconds = (sum(row[name] for row in data["rows"]) for name in ("clips", "seconds"))
    return (
        f"{clips} records in {len(data['rows'])} rows. Measuring took "
        f"{seconds / 60:.0f} minutes. Intervals are 95%, by bootstrap over clips; under them the "
        "difference between a row and the first one on equal clips: noise if the interval holds 0 "
        f"or rests on fewer than {FEWEST} clips."
    )


def sections(data: dict[str, Any]) -> list[Section]:
    """Return a table for each mode of MAG-Bench, and one for each other bench."""
    found = []
    for mode, (title, meaning) in MODES.items():
        rows = [row for row in data["rows"] if row["row"].get("mode") == mode]
        if rows:
            cited = [one for one in data["cited"]["mag_bench"] if one["mode"] == mode]
            columns = [name for name in COLUMNS if name in PAPER or _is_known(rows, name)]
            found.append(Section(title, meaning, rows, columns, cited, notes(rows)))
    others = [row for row in data["rows"] if row["row"].get("mode") not in MODES]
    for bench in dict.fromkeys(row["bench"] for row in others):
        rows = [row for row in others if row["bench"] == bench]
        names = dict.fromkeys(name for row in rows for name in row["scores"])
        columns = [name for name in names if name not in HIDDEN and _is_known(rows, name)]
        cited = data["cited"]["vbench"] if bench == "vbench" else []
        found.append(Section(bench, "", rows, columns, cited))
    return found


def _is_known(rows: Sequence[dict[str, Any]], name: str) -> bool:
    return any(row["scores"].get(name) for row in rows)


def notes(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Return the notes below a table with cited rows."""
    hints = [
        "Cited rows are the paper's own, of a full-size world on the 176 clips of MAG-Bench: to be "
        "read beside ours, not against them, unless the clips are the same."
    ]
    distances = sorted({name for row in rows for name in row["distances"]})
    if not any("LPIPS" in name for name in distances):
        used = ", ".join(distances).capitalize()
        hints.append(
            f"LPIPS is not measured: its weights were not given. {used} found the matches."
        )
    return hints


def heading(name: str) -> str:
    """Return the heading of a column."""
    return COLUMNS[name][0] if name in COLUMNS else name.replace("_", " ")


def _digits(name: str) -> int:
    return COLUMNS[name][1] if name in COLUMNS else 4


def cited_cell(one: dict[str, Any], name: str) -> str:
    """Return the cell of a cited row."""
    return f"{one[name]:.{_digits(name)}f}" if isinstance(one.get(name), float) else ""


def cell(row: dict[str, Any], name: str) -> Cell:
    """Return the cell of a row in a column."""
    digits, score = _digits(name), row["scores"].get(name)
    if not score:
        return Cell("-")
    text = f"{score['mean']:.{digits}f}"
    interval = f"{score['low']:.{digits}f} to {score['high']:.{digits}f}"
    interval = interval if score["clips"] > 1 else ""
    apart = (row["against"] or {}).get(name)
    if not apart:
        return Cell(text, interval)
    verdict = apart["verdict"]
    by = verdict if verdict == "noise" else f"{apart['mean']:+.{digits}f}"
    basis = f"against {row['against']['label']}, {apart['clips']} equal clips"
    return Cell(text, interval, verdict, by, basis)
