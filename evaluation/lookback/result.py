"""The result file: what a participant showed, clip by clip, and what follows from it.

Everything in it but `made` and `seconds` is the same whenever the same is measured. `summary` is
arithmetic on `clips`, and `digest` is over all of the file; `read_result` does both again, so that
a row of a leaderboard cannot be edited by hand. Whether the pictures were what it says only a
replay can tell (`verify.py`).

    schema, benchmark, participant {name, kind, memory, label, weights, provenance},
    settings {preset, seed, clips, tasks, private, lpips, secret}, made (of `results.environment`),
    clips [{key, task, clip, category, scene, tape, fps, frames, away_s, digest, refused, seconds,
            gates {name: bool}, scores {name: number or null}, points [[away s, recall %]]}],
    summary {score, tasks {task: {clips, refused, scores}}, half_life_s, forgetting}, digest

docs/benchmark.md says what every number means.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from msgspec import Meta

from mag_sandbox.evaluation.lookback.tasks import (
    BENCHMARK,
    RECALLED,
    SCORED,
    STRAIGHT,
    TASKS,
    VERSIONS,
)
from mag_sandbox.evaluation.results.intervals import mean_interval, mean_scores
from mag_sandbox.evaluation.similarity.metrics import RESAMPLES
from mag_sandbox.evaluation.similarity.recall import MIN_POINTS, recalled_after
from mag_sandbox.files.border import Refusal, read_plain, refusing
from mag_sandbox.files.validation import decode, parse_json
from mag_sandbox.files.whole import replace_file
from mag_sandbox.files.yaml_files import not_found

SCHEMA = 1
MOST_BYTES = 2**23  # of a file; the longest preset takes half a megabyte
MOST_CLIPS = 4096
MOST_POINTS = 64  # of a clip
MOST = 1e9  # of any number
SCORE = "score"
SIZES = ("memory_mib", "state_mib")  # scores that are no less than 0
LIVES = np.geomspace(0.1, 10_000.0, 600)  # s, half-lives that are tried
CLOSE = 1e-6  # relative: sums of another machine


Number = Annotated[float, Meta(ge=-MOST, le=MOST)]
Seconds = Annotated[float, Meta(ge=0, le=MOST)]


class NotAResult(Refusal, ValueError):
    """A file that is no result, or not as it was written; one sentence with the remedy."""


@dataclass(frozen=True, slots=True)
class Participant:
    """A participant."""

    name: str
    kind: str  # world, class, folder, remote
    memory: str | None  # policy
    label: str  # what tables call it
    weights: str | None  # hash
    provenance: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RunSettings:
    """The settings of a run."""

    preset: str
    seed: int
    clips: int  # of each task, at most; 0: as many as the preset has
    tasks: tuple[str, ...]  # of the preset; (): all
    private: str | None = None  # SHA-256 of the secret of a private split
    lpips: str | None = None  # what its weights are; None: it was not measured
    secret: str | None = None  # of a split that is not private


@dataclass(frozen=True, slots=True)
class ClipRow:
    """One clip: its frames, and their score."""

    key: str
    task: str
    clip: str  # its scene, in words: tasks are compared on clips of equal names
    category: str
    scene: int | None  # seed of the renderer; None: it is private
    tape: str  # camera path, see `camera_paths`
    fps: Annotated[float, Meta(ge=0, le=MOST)]  # 0: a clip without frames
    frames: int
    away_s: Seconds  # from leaving the first view to being back, at most
    digest: str  # of all frames shown, 16 hex digits
    refused: str | None  # the gate that was not passed: counts as a score of 0, nowhere else
    gates: dict[str, bool]
    scores: dict[str, Number | None]
    points: tuple[tuple[Seconds, Number], ...]  # (away, recall in percent) of compared frames
    seconds: Seconds


def result_of(
    participant: Participant, settings: RunSettings, clips: Sequence[ClipRow], made: dict[str, Any]
) -> dict[str, Any]:
    """Return a result, plain JSON."""
    rows = [asdict(clip) for clip in clips]
    result = {
        "schema": SCHEMA, "benchmark": BENCHMARK, "participant": asdict(participant),
        "settings": asdict(settings), "made": made, "clips": rows, "summary": summary_of(clips),
    }  # fmt: skip
    plain: dict[str, Any] = json.loads(json.dumps(result, allow_nan=False))
    return plain | {"digest": digest_of(plain)}


def write_result(path: Path, result: Mapping[str, Any]) -> None:
    """Write a result; a clip a line, so that changes can be read."""
    clips = ",\n".join(f"  {json.dumps(one)}" for one in result["clips"])
    rest = {name: value for name, value in result.items() if name != "clips"}
    text = json.dumps({**rest, "clips": []}, indent=1)
    replace_file(path, text.replace('"clips": []\n}', f'"clips": [\n{clips}\n ]\n}}') + "\n")


def read_result(path: Path) -> dict[str, Any]:
    """Return a result, checked but for pictures, or raise NotAResult if it was changed."""

    def refuse(why: str) -> NotAResult:
        return NotAResult(f"{path}: {why}; take a file as bench-memory wrote it")

    with refusing(refuse):
        result = parse_json(read_plain(path, MOST_BYTES))
        if not isinstance(result, dict) or result.get("schema") != SCHEMA:
            raise ValueError(f"it is no result of schema {SCHEMA}")
        version = result.get("benchmark")
        if version not in VERSIONS:
            raise ValueError(f"it is of {version!r}, known are {', '.join(VERSIONS)}")
        decode(Participant, result["participant"], "participant")
        decode(RunSettings, {"secret": None} | result["settings"], "settings")
        clips = clips_of(result)
        if not isinstance(result["made"], dict) or result["digest"] != digest_of(result):
            raise ValueError("its digest is not that of its contents")
        if not _alike(result["summary"], json.loads(json.dumps(summary_of(clips)))):
            raise ValueError("its summary does not follow from its clips")
    return result


def clips_of(result: Mapping[str, Any]) -> list[ClipRow]:
    """Return the clips of a result that was read, or raise ValueError if one is incomplete."""
    rows = result["clips"]
    if not isinstance(rows, list) or len(rows) > MOST_CLIPS:
        raise ValueError(f'"clips" is no list of at most {MOST_CLIPS}')
    return [_clip(row, place) for place, row in enumerate(rows)]


def digest_of(result: Mapping[str, Any]) -> str:
    """Return the SHA-256 over a result without its digest: sorted keys, no blanks."""
    rest = {name: value for name, value in result.items() if name != "digest"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def summary_of(clips: Sequence[ClipRow]) -> dict[str, Any]:
    """Return the summary of clips."""
    tasks: dict[str, list[ClipRow]] = {}
    for clip in clips:
        tasks.setdefault(clip.task, []).append(clip)
    return {
        SCORE: _interval([_score(clip) for clip in clips if clip.task in SCORED]),
        "tasks": {task: _task(rows) for task, rows in tasks.items()},
        "half_life_s": half_life(
            [clip.points for clip in clips if clip.refused is None and clip.task in RECALLED]
        ),
        "forgetting": {  # dB at equal pose
            "time_db": _lost(tasks.get(STRAIGHT, []), tasks.get("hold", [])),
            "places_db": _lost(tasks.get("hold", []), tasks.get("tour", [])),
        },
    }


def half_life(clips: Sequence[Sequence[tuple[float, float]]]) -> dict[str, Any]:
    """Return the time away at which recall falls to one half [s], with its interval.

    Fits recall = 100 / 2 ** (time away / half-life) by least squares, by bootstrap over clips.
    None: it is longer than anything was away.
    """
    known = [np.array(points, float) for points in clips if len(points)]
    if sum(map(len, known)) < MIN_POINTS:
        return {"mean": None, "low": None, "high": None, "clips": len(known)}
    longest = max(float(points[:, 0].max()) for points in known)
    errors = np.stack([
        np.square(recalled_after(points[:, 0], LIVES[:, None]) - points[:, 1]).sum(1)
        for points in known
    ])  # fmt: skip  # [clips, LIVES]
    picks = np.random.default_rng(0).integers(len(known), size=(RESAMPLES, len(known)))
    counts = np.stack([np.bincount(pick, minlength=len(known)) for pick in picks])
    lives = LIVES[(counts @ errors).argmin(1)]
    low, high = np.percentile(lives, [2.5, 97.5])
    ends = (float(LIVES[errors.sum(0).argmin()]), float(low), float(high))
    mean, low, high = (one if one <= longest else None for one in ends)
    return {"mean": mean, "low": low, "high": high, "clips": len(known)}


def _score(clip: ClipRow) -> float | None:
    return 0.0 if clip.refused is not None else clip.scores.get(SCORE)


def _task(clips: Sequence[ClipRow]) -> dict[str, Any]:
    counted = [clip.scores for clip in clips if clip.refused is None]
    scores = mean_scores(counted)
    scores[SCORE] = _interval([_score(clip) for clip in clips])
    refused = sum(clip.refused is not None for clip in clips)
    return {"clips": len(clips), "refused": refused, "scores": scores}


def _lost(before: Sequence[ClipRow], after: Sequence[ClipRow]) -> dict[str, Any] | None:
    """Return the loss of PSNR from the first task to the second, on clips of both [dB]."""
    ours, others = (
        {clip.clip: clip.scores.get("psnr_db") for clip in clips if clip.refused is None}
        for clips in (after, before)
    )
    pairs = [(ours[name], others[name]) for name in sorted(ours.keys() & others.keys())]
    return _interval([a - b for a, b in pairs if a is not None and b is not None])


def _interval(values: Sequence[float | None]) -> dict[str, Any] | None:
    found = mean_interval(values)
    return asdict(found) if found else None


def _clip(row: object, place: int) -> ClipRow:
    clip: ClipRow = decode(ClipRow, row, f"clips[{place}]")
    if clip.task not in TASKS:
        raise ValueError(not_found("task", clip.task, tuple(TASKS)))
    if len(clip.points) > MOST_POINTS:
        raise ValueError(f"clips[{place}] has {len(clip.points)} points, at most {MOST_POINTS}")
    if min(clip.scores.get(size) or 0.0 for size in SIZES) < 0:
        raise ValueError(f"clips[{place}] has a size below 0")
    return clip


def _alike(one: object, other: object) -> bool:
    """Tell whether plain data is the same but for rounding."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(one[key], other[key]) for key in one)
    if isinstance(one, int | float) and isinstance(other, int | float):
        return bool(np.isclose(one, other, rtol=CLOSE, atol=CLOSE))
    return one == other
