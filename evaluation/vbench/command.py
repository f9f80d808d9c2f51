"""The command line of VBench: samples for the public suite, its results, and our own figures.

The suite looks for `<prompt>-<number>.mp4`, five numbers a prompt, and writes a JSON file in which
every dimension has its mean first. It needs packages that do not go with ours, so it is run by the
Python of an environment that the user has made for it. Its total is the weighted mean of quality
and semantic scores; both weights and ranges belong to the suite and are not repeated here: totals
are read, not made.
"""

import hashlib
import json
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from mag_sandbox.evaluation.options import PROTOCOLS, VBenchOptions
from mag_sandbox.evaluation.results.environment import environment
from mag_sandbox.evaluation.results.opening import opener_like
from mag_sandbox.evaluation.results.store import ClipStore, clip_record
from mag_sandbox.evaluation.results.videos import VideoFormat, read_video, write_video
from mag_sandbox.evaluation.vbench.consistency import (
    consistency,
    flicker,
    layout_features,
    mean_sharpness,
    smoothness,
)
from mag_sandbox.files.whole import replace_file
from mag_sandbox.model.loading import load_world
from mag_sandbox.model.world import Control, Frames, World
from mag_sandbox.scenes import Scene
from mag_sandbox.workers.work import Results

SAMPLES = 5  # videos a prompt
RATE = 16.0  # frames a second
INSIDE = Path(__file__).with_name("inside.py")  # run in the suite's environment
VIDEOS = "videos"  # folder beside the records
LONGEST_NAME = 180  # bytes of a prompt in a file's name; systems allow 255 with what follows
Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Sample:
    """One video to be made."""

    prompt: str  # as the suite knows it
    caption: str  # the world's prompt: the prompt of the file, or a longer one
    number: int

    @property
    def name(self) -> str:
        """Name of the video."""
        return f"{self.prompt}-{self.number}"

    @property
    def file(self) -> str:
        """The file that the suite looks for."""
        return f"{self.name}.mp4"


def read_prompts(path: Path, extended: Path | None = None) -> dict[str, str]:
    """Return the prompts of a file, one a line, each with the prompt for the world.

    That is the line of the same number of another file, `extended`, if there is one: few-step
    models know long prompts, and the suite finds videos by its short ones.

    Raises:
        ValueError: there is none, one cannot be the name of a file, or the files do not agree.
    """
    lines = _lines(path)
    longer = _lines(extended) if extended else lines
    if len(longer) != len(lines):
        raise ValueError(
            f"{path} has {len(lines)} prompts and {extended} {len(longer)}; give the longer ones "
            "in the same order, one a line"
        )
    prompts = dict(zip(reversed(lines), reversed(longer), strict=True))  # the first of a name
    prompts = dict(reversed(prompts.items()))
    for prompt in prompts:
        if "/" in prompt or "\0" in prompt or len(prompt.encode()) > LONGEST_NAME:
            raise ValueError(
                f'prompt "{prompt[:60]}" cannot be the name of a file, as the suite wants it; '
                f"take the short ones, without slashes and of at most {LONGEST_NAME} bytes"
            )
    if not prompts:
        raise ValueError(f"{path} holds no prompt; write one a line")
    return prompts


def _lines(path: Path) -> list[str]:
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line]


def samples_of(prompts: Mapping[str, str], count: int = SAMPLES) -> list[Sample]:
    """Return all videos that the suite wants, of prompts and the words told for them."""
    return [Sample(*prompt, number) for prompt in prompts.items() for number in range(count)]


@dataclass(frozen=True, slots=True)
class SampleTask:
    """A video to be measured, and made before if there is none."""

    sample: Sample
    video: bytes | None = None  # the file; None: to be made


@dataclass(frozen=True, slots=True)
class MeasuredSample:
    """The outcome of a sample."""

    video: bytes | None  # the file, where it was made; None: it was there
    scores: dict[str, float]  # see `own_measures`
    fault: str | None = None  # why there are none


@dataclass(frozen=True, slots=True)
class VBenchJob:
    """The job of workers; see `mag_sandbox.workers.work.Job`."""

    open_world: Callable[[], World]
    frames: int  # of a video
    seed: int  # of the first sample
    format: VideoFormat  # of the world's videos

    @contextmanager
    def ready(self) -> Iterator[Callable[[SampleTask], MeasuredSample]]:
        """Yield a function that makes and measures; the world is opened when it is needed."""
        with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
            world = cache(lambda: stack.enter_context(closing(self.open_world())))
            yield partial(self._measured, world, Path(folder) / "sample.mp4")

    def _measured(self, world: Callable[[], World], path: Path, task: SampleTask) -> MeasuredSample:
        if task.video is None:
            sample = task.sample
            frames = play_still(world(), sample.caption, self.frames, self.seed + sample.number)
            write_video(path, frames, self.format.fps)
        else:
            path.write_bytes(task.video)
        made = path.read_bytes() if task.video is None else None
        try:
            return MeasuredSample(made, own_measures(read_video(path, self.format)))
        except ValueError as error:
            return MeasuredSample(made, {}, str(error))


def play_still(world: World, prompt: str, wanted: int, seed: int) -> Frames:
    """Return a video of a prompt with a camera at rest."""
    parts = [world.reset(Scene(prompt=prompt, seed=seed, name="sample"), seed).frames]
    while sum(len(part) for part in parts) < wanted:
        parts.append(world.step(Control()).frames)
    return np.concatenate(parts)[:wanted]


def own_measures(frames: Frames) -> dict[str, float]:
    """Return our own figures of one video; see `evaluation.vbench.consistency`."""
    alike = consistency(frames, layout_features)  # they tell no subject from its background
    return {
        "subject_consistency": alike,
        "background_consistency": alike,
        "motion_smoothness": smoothness(frames),
        "temporal_flickering": flicker(frames),
        "sharpness": mean_sharpness(frames),
    }


def run_suite(python: Path, videos: Path, out: Path, dimensions: Sequence[str]) -> Path:
    """Measure a folder by the suite, return its file of results, or raise ValueError."""
    out.mkdir(parents=True, exist_ok=True)
    command = [str(part) for part in (python, INSIDE, videos.resolve(), out.resolve(), *dimensions)]
    try:
        run = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    except OSError as error:
        raise ValueError(
            f"{python} cannot be run ({error.strerror}); name the Python of the environment that "
            "has VBench"
        ) from error
    if run.returncode:
        output = run.stderr.strip().splitlines() or [f"exit code {run.returncode}"]
        raise ValueError(f"VBench did not measure {videos}: {output[-1]}")
    return out / "suite_eval_results.json"


def read_results(path: Path) -> dict[str, float]:
    """Return the means of all measured dimensions, in [0, 1], or raise ValueError if none."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        means = {name: value[0] if isinstance(value, list) else value
                 for name, value in data.items()}  # fmt: skip
        numbers = {name: float(value) for name, value in means.items()}
    except (ValueError, TypeError, AttributeError, IndexError) as error:
        raise ValueError(
            f"{path} holds no results of VBench ({error}); name its *_eval_results.json"
        ) from error
    wrong = [name for name, value in numbers.items() if not np.isfinite(value)]
    if wrong or not numbers:
        raise ValueError(f"{path} has no number for {', '.join(wrong) or 'any dimension'}")
    return numbers


LAYOUT = "colours on a grid"  # `layout_features`


def run_vbench(options: VBenchOptions, say: Report) -> None:
    """Make samples and measure them, or read the suite's results.

    Raises:
        ValueError: a prompt cannot be the name of a file, or no video can be read.
    """
    samples = samples_of(read_prompts(options.prompts, options.extended), options.samples)
    settings = {"bench": "vbench", "protocol": options.protocol, "world": options.world}
    row = {"world": options.world, "protocol": options.protocol}
    if options.results is not None:
        keep_official(ClipStore(options.out, settings), row, read_results(options.results), say)
        return
    with closing(load_world(options.world)) as world:
        store = ClipStore(options.out, settings)
        store.note(environment(world=world.provenance()))
        spec, open_world = world.spec, opener_like(world, options.world)
    job = VBenchJob(
        open_world, round(PROTOCOLS[options.protocol] * spec.fps / RATE),
        options.seed, VideoFormat(spec.frame_width, spec.frame_height, spec.fps),
    )  # fmt: skip
    videos = options.out / VIDEOS
    with options.workplace().workers(job) as results:
        measured = measure_samples(samples, store, {**row, "features": LAYOUT}, results, say)
    if not measured:
        raise ValueError(f"no video in {videos} can be read; see above")
    say(f"{measured} of {len(samples)} videos measured")
    if options.vbench_python is None:
        say(f"give {videos} to VBench for its scores, or name its Python with --vbench-python")
        return
    results_file = run_suite(
        options.vbench_python, videos, options.out / "suite", options.dimensions
    )
    keep_official(store, row, read_results(results_file), say)


def keep_official(
    store: ClipStore, row: dict[str, Any], results: dict[str, float], say: Report
) -> None:
    """Add what the suite has measured, and say it."""
    keep(store, "official", {**row, "by": "VBench"}, "all", results)
    for name, value in results.items():
        say(f"{name:28}{value:8.4f}")


def measure_samples(
    samples: Sequence[Sample], store: ClipStore, row: dict[str, Any], results: Results, say: Report
) -> int:
    """Generate missing samples and measure all of them; return how many were measured.

    Videos appear in the store's folder one by one, whole.
    """
    videos, known = store.folder / VIDEOS, store.records().keys()
    done = [one for one in samples if key_of(one.name) in known and (videos / one.file).exists()]
    measured, faults = len(done), []

    def tasks() -> Iterator[SampleTask]:
        for sample in samples:
            path = videos / sample.file
            if sample not in done:
                yield SampleTask(sample, path.read_bytes() if path.exists() else None)

    with tqdm(total=len(samples), initial=len(done), unit="video") as bar:
        for task, found in results(tasks()):
            if found.video is not None:
                replace_file(videos / task.sample.file, found.video)
            if found.fault is None:
                keep(store, task.sample.name, row, task.sample.file, found.scores)
                measured += 1
            else:
                faults.append(f"{task.sample.file}: {found.fault}")
            bar.update()
    for fault in faults:
        say(fault)
    return measured


def keep(
    store: ClipStore, name: str, row: dict[str, Any], clip: str, scores: dict[str, float]
) -> None:
    """Add the scores of a video under a name that no other has, unless they are there."""
    key = key_of(name)
    with store.claim(key) as mine:
        if mine:
            store.add(key, clip_record("vbench", row, clip, scores, 0.0))


def key_of(name: str) -> str:
    """Return a name for files that no other has: "a b" is not "a-b"."""
    readable = "".join(letter if letter.isalnum() else "-" for letter in name)[:60]
    return f"{readable}-{hashlib.sha256(name.encode()).hexdigest()[:12]}"
