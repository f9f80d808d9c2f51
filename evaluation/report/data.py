"""Makes a report's numbers of saved records: rows, intervals, differences, curves. Draws nothing.

The result is plain JSON:

    schema, made {time, commit, ...}
    folders [{folder, settings, runs}]
    rows [{folder, bench, label, row, clips, refused, distances,
           scores {name: {mean, low, high, clips}},
           against {label, name: {mean, low, high, clips, verdict}} (null for the first of a mode),
           curve [...], half_life_s, pictures [{clip, psnr_db, path}] (the best and the worst),
           seconds, renders {name: mean} (scores of the renderer's pictures)}]
    cited {source, mag_bench, compression, vbench}
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from mag_sandbox.evaluation.results.cited import COMPRESSION, MAG_BENCH, SOURCE, VBENCH
from mag_sandbox.evaluation.results.environment import environment
from mag_sandbox.evaluation.results.intervals import difference, mean_scores
from mag_sandbox.evaluation.results.store import read_records, read_runs, read_settings
from mag_sandbox.evaluation.similarity.recall import MIN_POINTS, recalled_after

SCHEMA = 1
PICTURES = 2  # best, and as many worst, of a row
LOWER_IS_BETTER = frozenset({"lpips", "distance"})
COMPARED = (
    "psnr_db", "ssim", "lpips", "pose_psnr_db", "pose_ssim", "recall_percent",
    "still_psnr_db", "moving_psnr_db", "motion_gain_db",
)  # fmt: skip


def report_data(folders: Sequence[Path]) -> dict:
    """Return the report of some result folders.

    Raises:
        ValueError: a folder holds no results, or none of them a record.
    """
    rows, parts = [], []
    for folder in folders:
        parts.append(
            {"folder": folder.name, "settings": read_settings(folder), "runs": read_runs(folder)}
        )
        rows += _rows(folder, read_records(folder))
    if not rows:
        names = ", ".join(str(folder) for folder in folders)
        raise ValueError(f"{names} hold no measured clip; run an evaluation first")
    return {
        "schema": SCHEMA,
        "made": environment(),
        "folders": parts,
        "rows": rows,
        "cited": {
            "source": SOURCE,
            "mag_bench": [asdict(one) for one in MAG_BENCH],
            "compression": [asdict(one) for one in COMPRESSION],
            "vbench": [asdict(one) for one in VBENCH],
        },
    }


def label_of(row: Mapping[str, object]) -> str:
    """Return a row's settings in words, the mode left out."""
    return ", ".join(str(value) for name, value in row.items() if name != "mode" and value)


def _rows(folder: Path, records: list[dict]) -> list[dict]:
    groups: dict[str, list[dict]] = {}
    for record in records:
        name = json.dumps([record["bench"], record["row"]], sort_keys=True)
        groups.setdefault(name, []).append(record)
    first_of_mode: dict[tuple[str, str], list[dict]] = {}
    rows = []
    for group in groups.values():
        mode = group[0]["bench"], str(group[0]["row"].get("mode"))
        first = first_of_mode.setdefault(mode, group)
        rows.append(_row(folder, group, None if first is group else first))
    return rows


def _row(folder: Path, records: list[dict], other: list[dict] | None) -> dict:
    counted = [record for record in records if record["refused"] is None]
    points = [tuple(point) for record in counted for point in record.get("recall_points", ())]
    return {
        "folder": folder.name,
        "bench": records[0]["bench"],
        "label": label_of(records[0]["row"]),
        "row": records[0]["row"],
        "clips": len(records),
        "refused": len(records) - len(counted),
        "distances": sorted({record["distance"] for record in records}),
        "scores": mean_scores([record["scores"] for record in counted]),
        "against": other and _against(counted, other),
        "curve": curve(points),
        "half_life_s": half_life_of(points),
        "pictures": _pictures(folder, counted),
        "renders": _renders(counted),
        "seconds": sum(record["seconds"] for record in records),
    }


def _renders(records: list[dict]) -> dict:
    known = [record["renders"] for record in records if "renders" in record]
    names = dict.fromkeys(name for one in known for name in one)
    return {name: float(np.mean([one[name] for one in known if name in one])) for name in names}


def _against(records: list[dict], others: list[dict]) -> dict:
    found: dict = {"label": label_of(others[0]["row"])}
    for name in COMPARED:
        ours, theirs = ({r["clip"]: _score(r, name) for r in part} for part in (records, others))
        apart = difference(ours, theirs, higher_is_better=name not in LOWER_IS_BETTER)
        found[name] = apart and {**asdict(apart.interval), "verdict": apart.verdict}
    return found


def _score(record: dict, name: str) -> float | None:
    return None if record["refused"] else record["scores"].get(name)


def _likeness(record: dict) -> float:
    """Return the PSNR of a clip, by best match unless the camera stands still [dB]."""
    scores = record["scores"]
    return scores["psnr_db"] if "psnr_db" in scores else scores["pose_psnr_db"]


def _pictures(folder: Path, records: list[dict]) -> dict:
    shown = [record for record in records if record.get("picture")]
    shown = [record for record in shown if (folder / record["picture"]).is_file()]
    ordered = sorted(shown, key=lambda record: -_likeness(record))
    some = [
        {
            "clip": record["clip"],
            "psnr_db": _likeness(record),
            "path": str(folder / record["picture"]),
        }
        for record in ordered
    ]
    best = some[: min(PICTURES, (len(some) + 1) // 2)]
    return {"best": best, "worst": some[len(best) :][-PICTURES:][::-1]}


STEP = 1.5  # s away that one point of the curve stands for
LIVES = np.geomspace(0.1, 10_000.0, 600)  # s that are tried


def half_life_of(points: Sequence[tuple[float, float]]) -> float | None:
    """Return the time away at which recall falls to one half [s]; None if it is not reached.

    Fits 100 / 2 ** (time away / half-life) by least squares over a fixed grid of half-lives to
    (seconds away, recall in percent) of every view that came back.
    """
    if len(points) < MIN_POINTS:
        return None
    away, recalls = np.array(points, float).T
    errors = np.square(recalled_after(away, LIVES[:, None]) - recalls).sum(axis=1)
    best = float(LIVES[errors.argmin()])
    return best if best <= away.max() else None


def curve(points: Sequence[tuple[float, float]]) -> list[dict]:
    """Return the mean recall of every STEP of time away in which any view came back."""
    steps: dict[int, list[tuple[float, float]]] = {}
    for away, value in points:
        steps.setdefault(int(away // STEP), []).append((away, value))
    rows = []
    for _, within in sorted(steps.items()):
        at, mean = np.mean(within, axis=0)
        rows.append({"at_s": float(at), "recall_percent": float(mean), "n": len(within)})
    return rows
