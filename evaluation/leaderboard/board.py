"""The rows of a leaderboard from result files, in groups that can be compared. Draws nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mag_sandbox.evaluation.lookback.result import read_result
from mag_sandbox.evaluation.lookback.tasks import BENCHMARK, RECALLED, STRAIGHT
from mag_sandbox.evaluation.results.intervals import Interval, mean_interval, mean_of

ENOUGH = 32  # clips; rows with fewer are marked
BAND, FINE = 4.0, 0.5  # s of time away per point of a curve: over clips, over frames
Curve = tuple[tuple[float, float], ...]  # (s away, value)


@dataclass(frozen=True, slots=True)
class Life:
    """The time away at which recall falls to one half [s]; None: longer than any view was away."""

    mean: float | None
    low: float | None
    high: float | None
    longest: float  # s that any view was away; 0: nothing came back


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One result file."""

    file: str  # name
    label: str
    clips: int
    refused: int
    score: Interval | None  # 0 to 100
    psnr: Interval | None  # dB at equal pose, in the task that goes straight back
    obedience: Interval | None  # 0 to 1
    life: Life
    mib: float | None  # most memory of a clip, on average; None: not reported
    state_mib: float | None  # size of the snapshot that the task `moved` continued from
    gain: Interval | None  # dB per MiB of that snapshot
    tasks: Mapping[str, Interval]  # score of each
    likeness: Curve  # (s away, dB at equal pose), of returns
    recall: Curve  # (s away, percent), of their frames

    @property
    def is_few(self) -> bool:
        """Whether it has too few clips to be read without its interval."""
        return self.clips < ENOUGH

    @property
    def takes(self) -> float | None:
        """MiB at which the row is plotted: of its snapshot if there is one, else as reported."""
        return self.mib if self.state_mib is None else self.state_mib


@dataclass(frozen=True, slots=True)
class BoardGroup:
    """Rows with the same clips, the highest score first."""

    version: str  # of the benchmark
    preset: str
    seed: int
    asked: tuple[str, ...]  # tasks of the preset; (): all
    split: str | None  # the secret of its scenes, or the hash of a private one
    rows: tuple[BoardRow, ...]

    @property
    def is_current(self) -> bool:
        """Whether it was played in this version."""
        return self.version == BENCHMARK

    @property
    def title(self) -> str:
        """The question, in words."""
        split = f"split {self.split[:12]}" if self.split else f"seed {self.seed}"
        only = f": {', '.join(self.asked)}" if self.asked else ""
        old = "" if self.is_current else f" ({self.version}, on other scenes)"
        return f"{self.preset}{only}, {split}{old}"

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks of all rows, in the order of the first."""
        return tuple(dict.fromkeys(task for row in self.rows for task in row.tasks))


def read_board(folder: Path) -> tuple[BoardGroup, ...]:
    """Return the results in a folder, those of this version first, then the largest groups."""
    groups: dict[tuple[str, str, int, tuple[str, ...], str | None], list[BoardRow]] = {}
    for path in sorted(folder.glob("*.json")):
        result = read_result(path)
        asked = result["settings"]
        split = asked["private"] or asked.get("secret")
        key = result["benchmark"], asked["preset"], asked["seed"], tuple(asked["tasks"]), split
        groups.setdefault(key, []).append(row_of(result, path.name))
    found = [BoardGroup(*key, tuple(sorted(rows, key=_place))) for key, rows in groups.items()]
    newest = sorted(found, key=lambda group: (-len(group.rows), group.title))
    return tuple(sorted(newest, key=lambda group: not group.is_current))


def row_of(result: Mapping[str, Any], file: str) -> BoardRow:
    """Return the row of a result."""
    who, summary, clips = result["participant"], result["summary"], result["clips"]
    counted = [clip for clip in clips if clip["refused"] is None]
    tasks = {task: _interval(one["scores"].get("score")) for task, one in summary["tasks"].items()}
    straight = summary["tasks"].get(STRAIGHT, {"scores": {}})["scores"]
    life = summary["half_life_s"]
    back = [clip for clip in counted if clip["task"] in RECALLED]
    longest = max((away for clip in back for away, _ in clip["points"]), default=0.0)
    return BoardRow(
        file=file,
        label=who["label"],
        clips=len(clips),
        refused=len(clips) - len(counted),
        score=_interval(summary["score"]),
        psnr=_interval(straight.get("psnr_db")),
        obedience=mean_interval(_scores(clips, "obedience")),
        life=Life(life["mean"], life["low"], life["high"], longest),
        mib=mean_of(_scores(counted, "memory_mib")),
        state_mib=mean_of(_scores(counted, "state_mib")),
        gain=mean_interval(_scores(counted, "db_per_mib")),
        tasks={task: one for task, one in tasks.items() if one is not None},
        likeness=curve_of(
            (clip["away_s"], clip["scores"]["psnr_db"])
            for clip in back
            if clip["scores"].get("psnr_db") is not None
        ),
        recall=curve_of(((away, one) for clip in back for away, one in clip["points"]), FINE),
    )


def curve_of(points: Iterable[tuple[float, float]], band: float = BAND) -> Curve:
    """Return the mean of values in every band of time away [s] that has any."""
    bands: dict[int, list[tuple[float, float]]] = {}
    for away, value in points:
        bands.setdefault(int(away // band), []).append((away, value))
    means = (np.mean(within, axis=0) for _, within in sorted(bands.items()))
    return tuple((float(away), float(value)) for away, value in means)


def protocol() -> str:
    """Return the name and version of the benchmark of all rows."""
    return BENCHMARK


def _place(row: BoardRow) -> tuple[float, str]:
    return -(row.score.mean if row.score else -1.0), row.label


def _scores(clips: Sequence[Mapping[str, Any]], name: str) -> list[float | None]:
    return [clip["scores"].get(name) for clip in clips]


def _interval(found: Mapping[str, Any] | None) -> Interval | None:
    return Interval(**found) if found else None
