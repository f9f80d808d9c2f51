"""`python -m evaluation magbench`: a world on MAG-Bench, or on any clips in its layout.

Every clip's history is remembered, its end predicted and compared by best match. The records are
JSON lines (see `evaluation.results.store`) that `python -m evaluation report` makes a page of:

    key, bench "magbench", row {world, mode}, clip, category, distance (what
    found the matches), picture (of its worst pair),
    scores {psnr_db, ssim, lpips (null without its weights), distance, motion_ratio}, seconds

`motion_ratio` is how much the prediction changes from frame to frame, of how much the truth does:
best match forgives a wrong speed, and with it a picture that stands still, which has 0 here.
The command line looks at all files first and loads the world last.
"""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from mag_sandbox.command_line import Say
from mag_sandbox.evaluation.magbench.best_match import (
    BestMatch,
    Distance,
    absolute_difference,
    best_match,
)
from mag_sandbox.evaluation.magbench.continuation import (
    FPS,
    Continuation,
    Continuer,
    Split,
    as_frames,
    continue_clip,
    split_clip,
)
from mag_sandbox.evaluation.magbench.lpips import NAME as LPIPS
from mag_sandbox.evaluation.magbench.lpips import LpipsDistance, load_lpips
from mag_sandbox.evaluation.magbench.table import (
    BenchClip,
    Fault,
    fault_lines,
    read_table,
    videos_folder,
)
from mag_sandbox.evaluation.options import MODES, STAND_IN, MagBenchOptions, Mode
from mag_sandbox.evaluation.results import cited
from mag_sandbox.evaluation.results.environment import environment
from mag_sandbox.evaluation.results.intervals import mean_scores
from mag_sandbox.evaluation.results.store import ClipStore, clip_record, file_key
from mag_sandbox.evaluation.results.sweep import ClipAnswer, sweep
from mag_sandbox.evaluation.results.videos import VideoFault, VideoFormat, read_video
from mag_sandbox.model.catalogue.memory_plan import find_video
from mag_sandbox.model.catalogue.weight_files import require
from mag_sandbox.model.catalogue.worlds import MAG_BENCH
from mag_sandbox.workers.work import Workplace

OFFICIAL = VideoFormat(832, 480, FPS)
CLIPS = 176  # of MAG-Bench
METHODS = {  # world -> row of the paper's table 3
    "mag": "MAG", "self-forcing": "Self Forcing", "causvid": "CausVid", "longlive": "LongLive",
}  # fmt: skip
PICTURES = "pairs"  # folder of pictures beside the records


@dataclass(frozen=True, slots=True)
class Row:
    """A measurement: one line of the table."""

    world: str
    mode: Mode = "history"


@dataclass(frozen=True, slots=True)
class Matching:
    """A way to find the match of a frame."""

    name: str = STAND_IN
    distance: Distance = absolute_difference


def matching_of(files: Sequence[Path], say: Callable[[str], None]) -> Matching:
    """Return LPIPS of the weights that were named, else the stand-in, and say so."""
    if files:
        return Matching(LPIPS, LpipsDistance(load_lpips(files)))
    say(f"LPIPS is not measured: no weights were named; {STAND_IN} finds the matches")
    return Matching()


@dataclass(frozen=True, slots=True, eq=False)
class ReadyClip:
    """A clip whose file can be read and divided."""

    clip: BenchClip
    path: Path
    split: Split


def find_clips(
    table: Path, videos: Path, wanted: VideoFormat, limit: int | None = None
) -> tuple[list[ReadyClip], list[Fault]]:
    """Return the clips that can be measured, and all others with what is wrong with them.

    Every video is decoded once, so that damage shows before hours of work and not after. Only the
    first `limit` rows of the table are looked at.

    Raises:
        ValueError: the table cannot be used at all.
    """
    clips, faults = read_table(table)
    ready = []
    for clip in clips[:limit]:
        path = videos.absolute() / clip.name
        try:
            frames = read_video(path, wanted)
            ready.append(ReadyClip(clip, path, split_clip(clip.duration, len(frames))))
        except ValueError as error:  # of the video, or of a switch outside the clip
            faults.append(Fault(clip.name, str(error)))
    return ready, faults


@dataclass(frozen=True, slots=True, eq=False)
class MagBenchTask:
    """A clip to be continued for a row."""

    ready: ReadyClip
    row: Row

    @property
    def key(self) -> str:
        """Name of its record."""
        return file_key(self.ready.clip.name, *map(str, asdict(self.row).values()))


@dataclass(frozen=True, slots=True, eq=False)
class MagBenchJob:
    """The job of workers; see `mag_sandbox.workers.work.Job`."""

    open_world: Callable[[], Continuer]
    matching: Matching
    seed: int = 0

    @contextmanager
    def ready(self) -> Iterator[Callable[[MagBenchTask], ClipAnswer]]:
        """Load the world and give what continues a clip."""
        yield partial(self._found, self.open_world())

    def _found(self, world: Continuer, task: MagBenchTask) -> ClipAnswer:
        try:
            return _measure(world, task, self.matching, self.seed)
        except (VideoFault, ValueError) as error:
            return ClipAnswer(None, fault=str(error))


def measure_clips(
    tasks: Sequence[MagBenchTask], job: MagBenchJob, store: ClipStore, workplace: Workplace
) -> list[Fault]:
    """Measure all clips that are not measured yet; return those that failed meanwhile."""
    with workplace.workers(job) as results:
        failed = sweep(tasks, store, results)
    return [Fault(task.ready.clip.name, problem) for task, problem in failed]


def scores_of(pair: Continuation, matching: Matching) -> tuple[dict[str, Any], BestMatch]:
    """Return the scores of a prediction; `lpips` only where LPIPS found the matches."""
    found = best_match(pair.predicted, pair.truth, matching.distance)
    scores = {
        "psnr_db": found.psnr,
        "ssim": found.ssim,
        "lpips": found.distance if matching.name == LPIPS else None,
        "distance": found.distance,
        "motion_ratio": motion_ratio(pair.predicted, pair.truth),
    }
    return scores, found


def motion_ratio(predicted: np.ndarray, truth: np.ndarray) -> float | None:
    """Return the change from frame to frame, of that of the truth; None if the truth rests."""
    true, made = (float(np.abs(np.diff(one, axis=0)).mean()) for one in (truth, predicted))
    return made / true if true > 0 else None


def pair_sheet(predicted: np.ndarray, truth: np.ndarray) -> list[list[np.ndarray]]:
    """Return a sheet of two pictures side by side, the truth first."""
    return [list(as_frames(np.stack((truth, predicted))))]


def _measure(world: Continuer, task: MagBenchTask, matching: Matching, seed: int) -> ClipAnswer:
    began = time.monotonic()
    ready, row = task.ready, task.row
    frames = read_video(ready.path, world.format)
    pair = continue_clip(world, frames, ready.split, row.mode, ready.clip.caption, seed)
    if not np.isfinite(pair.predicted).all():
        raise ValueError("the prediction holds NaN or infinity")
    scores, found = scores_of(pair, matching)
    worst = worst_frame(pair, found)
    picture = f"{PICTURES}/{task.key}.png"
    sheet = pair_sheet(pair.predicted[worst], pair.truth[found.matches[worst]])
    name = ready.clip.name
    return ClipAnswer(clip_record(
        "magbench", asdict(row), name, scores, time.monotonic() - began,
        category=Path(name).parent.as_posix(), distance=matching.name, picture=picture,
    ), {picture: sheet})  # fmt: skip


def worst_frame(pair: Continuation, found: BestMatch) -> int:
    """Return the predicted frame that is least like its match."""
    matched = pair.truth[found.matches]
    return int(np.square(pair.predicted - matched).mean(axis=(1, 2, 3)).argmax())


def run_magbench(options: MagBenchOptions, say: Say) -> None:
    """Measure the usable clips and name the others; raise ValueError if none can be used."""
    table, videos = clip_files(options.table, options.videos)
    size = find_video()
    wanted = VideoFormat(*size.frame_size, size.fps)
    ready, faults = find_clips(table, videos, wanted, options.clips)
    for line in fault_lines(faults, len(ready) + len(faults)):
        say(line)
    if not ready:
        raise ValueError(f"no clip of {table} can be used; see above")
    if options.check:
        say(f"{len(ready)} clips can be measured")
        return
    _measure_all(options, ready, len(faults), say)


def clip_files(table: Path | None, videos: Path | None) -> tuple[Path, Path]:
    """Return the table and the folder of its videos: the named ones, or those that were fetched.

    Raises:
        ValueError: only one is named, or the fetched ones do not belong together.
        MissingWeights: none is named and none was fetched.
    """
    if table is not None and videos is not None:
        return table, videos
    if table is not None or videos is not None:
        raise ValueError("--table and --videos belong together; name both, or neither")
    fetched = require(MAG_BENCH)
    (table,) = fetched.paths("table")
    return table, videos_folder(table, fetched.paths("videos"))


def _measure_all(options: MagBenchOptions, ready: list[ReadyClip], unusable: int, say: Say) -> None:
    matching = matching_of(options.lpips, say)
    from mag_sandbox.evaluation.magbench.full_rollout import open_continuer

    prompts = [one.clip.caption for one in ready]
    job = MagBenchJob(partial(open_continuer, options.world, prompts), matching, options.seed)
    settings = {"bench": "magbench", "seed": options.seed, "distance": matching.name}
    store = ClipStore(options.out, settings)
    store.note(environment(unusable_clips=unusable, arguments=_plain(options)))
    rows = [Row(options.world, mode) for mode in options.mode]
    for row in rows:
        say(f"{len(ready)} clips | {' | '.join(str(value) for value in asdict(row).values())}")
    tasks = [MagBenchTask(clip, row) for row in rows for clip in ready]
    failed = measure_clips(tasks, job, store, options.workplace())
    for line in fault_lines(failed, len(tasks)):
        say(line)
    measured = len(store.records())
    if not measured:
        raise ValueError("no clip could be measured; see above")
    for line in score_lines(store.records().values(), rows):
        say(line)
    say(f"the official protocol{_missing(options, len(ready), matching)}")
    say(f"{measured} records in {options.out}; `python -m evaluation report {options.out}`")


def score_lines(records: Collection[dict[str, Any]], rows: Sequence[Row]) -> list[str]:
    """Return the means of each row, and beside them what the paper has for its world."""
    lines = []
    for row in rows:
        scores = [one["scores"] for one in records if one["row"] == asdict(row)]
        means = {name: score["mean"] for name, score in mean_scores(scores).items() if score}
        text = scores_in_words(means) or "nothing"
        paper = [
            one
            for one in cited.MAG_BENCH
            if (METHODS.get(row.world), row.mode) == (one.method, one.mode)
        ]
        beside = f"; the paper: {scores_in_words(asdict(paper[0]))}" if paper else ""
        lines.append(f"{row.mode}, {len(scores)} clips: {text}{beside}")
    return lines


def scores_in_words(scores: Mapping[str, Any]) -> str:
    """Return those of PSNR, SSIM and LPIPS that there are."""
    named = (("PSNR", "psnr_db", 2), ("SSIM", "ssim", 3), ("LPIPS", "lpips", 3))
    return ", ".join(
        f"{word} {scores[name]:.{digits}f}" for word, name, digits in named if name in scores
    )


def _missing(options: MagBenchOptions, ready: int, matching: Matching) -> str:
    """Return how a run differs from the paper's: clips, modes, LPIPS."""
    lacks = [
        (ready != CLIPS, f"{ready} of {CLIPS} clips"),
        (set(options.mode) != set(MODES), f"only the mode {' '.join(options.mode)}"),
        (matching.name != LPIPS, "no LPIPS"),
    ]
    exceptions = ", ".join(words for lacking, words in lacks if lacking)
    return f", except: {exceptions}" if exceptions else ": all clips, both modes, LPIPS"


def _plain(options: MagBenchOptions) -> dict[str, Any]:
    plain = {name: getattr(options, name) for name in ("world", "mode", "clips", "seed")}
    return {**plain, "lpips": [str(file) for file in options.lpips]}
