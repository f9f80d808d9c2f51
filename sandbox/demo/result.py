"""The result of a demo: one run as JSON, several as a table with mean and confidence interval.

Knows measurements and expectations; nothing of how a demo is played.
"""

import csv
import io
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, Literal

from mag_sandbox.files.whole import replace_file
from mag_sandbox.model.world import MIB, MemoryUsage
from mag_sandbox.scenes.demo.demo import DemoError
from mag_sandbox.scenes.demo.expect import Expectation

RESULT_FILE, TABLE_FILE = "result.json", "result.csv"
SCHEMA_VERSION = 1
T_95 = (  # two-sided 95% of Student's t, by degrees of freedom from 1 on
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
    *(2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
)
T_MANY = 1.96  # with more than those
Value = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class ProbeRow:
    """One comparison of then and now."""

    anchor: str
    kind: Literal["script", "auto"]  # auto: the camera came back to a place by the way
    scene: str
    psnr: float | None = None  # dB
    ssim: float | None = None
    recall: float | None = None  # percent; None: not counted, `reason` says why
    overlap: float = 0.0  # share of then that now shows
    seconds_away: float = 0.0
    seconds: float = 0.0  # of the demo
    anchor_memory: str = "never kept"  # its fate in memory
    attended: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class MarkRow:
    """A moment that the script noted."""

    text: str
    scene: str
    frame: int  # frames made before it
    seconds: float  # of the demo


@dataclass(frozen=True, slots=True)
class MemoryRow:
    """The contents of memory at the end, and its largest size."""

    policy: str = ""
    bytes: int = 0
    peak_bytes: int = 0
    budget: int = 0
    kept_frames: int = 0
    attended_frames: int = 0
    evicted: int = 0
    full_history_bytes: int = 0

    def after(self, usage: MemoryUsage) -> "MemoryRow":
        """Return the row after one more block."""
        names = {one.name for one in fields(MemoryRow)} - {"peak_bytes"}
        figures = {name: getattr(usage, name) for name in names}
        return MemoryRow(**figures, peak_bytes=max(self.peak_bytes, usage.bytes))


@dataclass(frozen=True, slots=True)
class Checked:
    """An expectation and its outcome."""

    expectation: str
    value: float | None  # the value nearest to failing; None: nothing was measured
    met: bool


@dataclass(frozen=True, slots=True)
class DemoResult:
    """One run of a demo."""

    demo: str
    scene: str
    world: str
    weights: str | None
    memory: str  # policy and limits, as in a script
    seed: int
    frames: int
    seconds: float  # of world time
    fps: float  # frames by the time that making them took
    probes: tuple[ProbeRow, ...]
    memory_usage: MemoryRow
    marks: tuple[MarkRow, ...] = ()
    digest: str = ""  # of all frames in order: equal only if every picture is
    expectations: tuple[Checked, ...] = ()
    expect_met: bool = True
    provenance: dict[str, Any] = field(default_factory=dict)

    @property
    def asked(self) -> tuple[ProbeRow, ...]:
        """The probes that the script asked for."""
        return tuple(row for row in self.probes if row.kind == "script")

    def mean(self, measure: str, anchor: str | None = None) -> float | None:
        """Return the mean of a measure over the script's probes that have it."""
        values = self._values(measure, anchor)
        known = [value for value in values if value is not None]
        return fmean(known) if known else None

    def check(self, expectations: Sequence[Expectation], lead: float | None = None) -> "DemoResult":
        """Return the result with the outcome of each expectation.

        `lead` are percentage points of recall ahead of the best other; None: nothing was compared.
        """
        checked = tuple(self._checked(one, lead) for one in expectations)
        met = all(one.met for one in checked)
        return replace(self, expectations=checked, expect_met=met)

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return {"kind": "demo_result", "schema": SCHEMA_VERSION, **asdict(self)}

    def _values(self, measure: str, anchor: str | None) -> list[float | None]:
        rows = [row for row in self.asked if anchor in (None, row.anchor)]
        return [getattr(row, measure) for row in rows]

    def _measured(self, expectation: Expectation, lead: float | None) -> list[float | None]:
        match expectation.measure:
            case "memory_mib":
                return [self.memory_usage.peak_bytes / MIB]
            case "fps" | "frames" as name:
                return [float(getattr(self, name))]
            case "lead":
                return [lead]
            case measure:
                return self._values(measure, expectation.anchor)

    def _checked(self, expectation: Expectation, lead: float | None) -> Checked:
        values = self._measured(expectation, lead)
        known = [value for value in values if value is not None]
        met = bool(known) and len(known) == len(values) and all(map(expectation.holds, known))
        worst = max if expectation.comparison.startswith("<") else min
        value = round(worst(known), 3) if known else None
        return Checked(str(expectation), value, met)


def outcome_of(row: ProbeRow) -> str:
    """Return the outcome of a comparison in two words."""
    return "recall not counted" if row.recall is None else f"recall {row.recall:.0f}%"


def summary_text(result: DemoResult) -> str:
    """Return a run for people: a line, and one for every probe of the script."""
    usage = result.memory_usage
    lines = [
        f"{result.demo}: {result.world}, memory {result.memory}, seed {result.seed}: "
        f"{result.frames} frames, {result.fps:.1f} a second, "
        f"{usage.peak_bytes / MIB:.1f} MiB kept at most"
    ]
    for row in result.asked:
        likeness = "not compared" if row.psnr is None else f"{row.psnr:.1f} dB"
        away = f"after {row.seconds_away:.1f} s away"
        lines.append(f"  probe {row.anchor} {away}: {outcome_of(row)}, {likeness}. {row.reason}")
    lines += [f"  at {row.seconds:.1f} s: {row.text}" for row in result.marks]
    for one in result.expectations:
        found = "nothing was measured" if one.value is None else f"it is {one.value:g}"
        verdict = "as expected" if one.met else "NOT as expected"
        lines.append(f"  {verdict}: {one.expectation} ({found})")
    return "\n".join(lines)


def table_of(results: Sequence[DemoResult]) -> list[dict[str, Value]]:
    """Return the runs as rows, and below them mean and 95% interval where there are several."""
    anchors = sorted({row.anchor for result in results for row in result.asked})
    rows = [_row(number, result, anchors) for number, result in enumerate(results, 1)]
    if len(rows) == 1:
        return rows
    names = [name for name, value in rows[0].items() if name not in ("run", "seed")]
    bottom: dict[str, dict[str, Value]] = {name: {} for name in ("mean", "low 95%", "high 95%")}
    for name in names:
        interval = _interval([row[name] for row in rows])
        for (label, row), value in zip(bottom.items(), interval, strict=True):
            row["run"], row[name] = label, value
    return [*rows, *bottom.values()]


def interval_of(values: Sequence[float]) -> tuple[float, float | None, float | None]:
    """Return mean and 95% confidence interval; no interval of a single value."""
    mean = fmean(values)
    if len(values) < 2:
        return mean, None, None
    freedom = len(values) - 1
    factor = T_95[freedom - 1] if freedom <= len(T_95) else T_MANY
    half = factor * stdev(values) / math.sqrt(len(values))
    return mean, mean - half, mean + half


def csv_text(rows: Sequence[dict[str, Value]]) -> str:
    """Return rows as CSV; unknown values stay empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def combined_json(results: Sequence[DemoResult]) -> dict[str, Any]:
    """Return the JSON of several runs: the first one's, every one's, and mean and interval."""
    data = results[0].as_json()
    if len(results) == 1:
        return data
    keys = ("mean", "low", "high")
    rows = table_of(results)
    names = [name for name, value in rows[-3].items() if isinstance(value, float)]
    return {
        **data,
        "expect_met": all(result.expect_met for result in results),
        "runs": [result.as_json() for result in results],
        "summary": {
            name: {key: row.get(name) for key, row in zip(keys, rows[-3:], strict=True)}
            for name in names
        },
    }


def write_results(folder: Path, results: Sequence[DemoResult]) -> tuple[Path, Path]:
    """Write `result.json` and `result.csv`, each whole or not at all."""
    data = json.dumps(combined_json(results), indent=2, default=str) + "\n"
    paths = folder / RESULT_FILE, folder / TABLE_FILE
    write_text(paths[0], data)
    write_text(paths[1], csv_text(table_of(results)))
    return paths


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all, or raise DemoError if it cannot be written."""
    try:
        replace_file(path, text)
    except OSError as error:
        raise DemoError(
            f"{path}: cannot be written ({error.strerror}); name another folder with --out"
        ) from None


def _row(number: int, result: DemoResult, anchors: Sequence[str]) -> dict[str, Value]:
    row: dict[str, Value] = {
        "run": number,
        "world": result.world,
        "weights": result.weights,
        "memory": result.memory,
        "seed": result.seed,
        "frames": result.frames,
        "fps": result.fps,
        "memory_mib": round(result.memory_usage.peak_bytes / MIB, 3),
        "probes": len(result.asked),
        "recall": result.mean("recall"),
        "psnr": result.mean("psnr"),
        "ssim": result.mean("ssim"),
    }
    for anchor in anchors:
        for measure in ("recall", "psnr"):
            row[f"{measure} {anchor}"] = result.mean(measure, anchor)
    return {**row, "expect_met": result.expect_met, "digest": result.digest}


def _interval(values: Sequence[Value]) -> tuple[Value, Value, Value]:
    known = [value for value in values if isinstance(value, int | float)]
    if any(isinstance(value, str | bool) for value in values) or not known:
        same = len(set(values)) == 1
        return (values[0] if same else None, None, None)
    return interval_of(known)


def _cell(value: Value) -> Value:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return round(value, 4) if isinstance(value, float) else value
