"""The command line of VBench: samples for the public suite, its results, and our own figures.

The suite looks for `<prompt>-<number>.mp4`, five numbers a prompt, and writes a JSON file in which
every dimension has its mean first. It needs packages that do not go with ours, so it is run by the
Python of an environment that the user has made for it. Its total is the weighted mean of quality
and semantic scores; both weights and ranges belong to the suite and are not repeated here: totals
are read, not made.
"""

import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from mag_sandbox.command_line import Say
from mag_sandbox.evaluation.options import PROTOCOLS, VBenchOptions
from mag_sandbox.evaluation.results.environment import environment
from mag_sandbox.evaluation.results.opening import opener_like
from mag_sandbox.evaluation.results.store import ClipStore, clip_record, file_key
from mag_sandbox.evaluation.results.sweep import ClipAnswer, sweep
from mag_sandbox.evaluation.results.videos import VideoFormat, read_video, write_video
from mag_sandbox.evaluation.vbench.consistency import (
    consistency,
    flicker,
    layout_features,
    mean_sharpness,
    smoothness,
)
from mag_sandbox.model.loading import load_world
from mag_sandbox.model.world import Control, Frames, World
from mag_sandbox.scenes import Scene

RATE = 16.0  # frames a second
INSIDE = Path(__file__).with_name("inside.py")  # run in the suite's environment
VIDEOS = "videos"  # folder beside the records
LONGEST_NAME = 180  # bytes of a prompt in a file's name; systems allow 255 with what follows


@dataclass(frozen=True, slots=True)
class Sample:
    """One video to be made."""

    prompt: str
    number: int

    @property
    def name(self) -> str:
        """Name of the video."""
        return f"{self.prompt}-{self.number}"

    @property
    def file(self) -> str:
        """The file that the suite looks for."""
        return f"{self.name}.mp4"

    @property
    def key(self) -> str:
        """Name of its record."""
        return file_key(self.name)


def read_prompts(path: Path) -> list[str]:
    """Return the prompts of a file, one a line, each once.

    Raises:
        ValueError: there is none, or one cannot be the name of a file.
    """
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    prompts = list(dict.fromkeys(line for line in lines if line))
    for prompt in prompts:
        if "/" in prompt or "\0" in prompt or len(prompt.encode()) > LONGEST_NAME:
            raise ValueError(
                f'prompt "{prompt[:60]}" cannot be the name of a file, as the suite wants it; '
                f"take the short ones, without slashes and of at most {LONGEST_NAME} bytes"
            )
    if not prompts:
        raise ValueError(f"{path} holds no prompt; write one a line")
    return prompts


def samples_of(prompts: Sequence[str], count: int) -> list[Sample]:
    """Return all videos that the suite wants of prompts."""
    return [Sample(prompt, number) for prompt in prompts for number in range(count)]


@dataclass(frozen=True, slots=True)
class VBenchJob:
    """The job of workers; see `mag_sandbox.workers.work.Job`."""

    open_world: Callable[[], World]
    frames: int  # of a video
    seed: int  # of the first sample
    format: VideoFormat  # of the world's videos
    row: dict[str, str]  # of the records

    @contextmanager
    def ready(self) -> Iterator[Callable[[Sample], ClipAnswer]]:
        """Open the world and yield a function that makes and measures a video."""
        with tempfile.TemporaryDirectory() as folder, closing(self.open_world()) as world:
            yield partial(self._measured, world, Path(folder) / "sample.mp4")

    def _measured(self, world: World, path: Path, sample: Sample) -> ClipAnswer:
        began = time.monotonic()
        frames = play_still(world, sample.prompt, self.frames, self.seed + sample.number)
        write_video(path, frames, self.format.fps)
        scores = own_measures(read_video(path, self.format))
        seconds = time.monotonic() - began
        record = clip_record("vbench", self.row, sample.file, scores, seconds)
        return ClipAnswer(record, files={f"{VIDEOS}/{sample.file}": path.read_bytes()})


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


def run_suite(python: Path, videos: Path, out: Path) -> Path:
    """Measure a folder by the suite, return its file of results, or raise ValueError."""
    out.mkdir(parents=True, exist_ok=True)
    command = [str(part) for part in (python, INSIDE, videos.resolve(), out.resolve())]
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


def run_vbench(options: VBenchOptions, say: Say) -> None:
    """Make samples and measure them.

    Raises:
        ValueError: a prompt cannot be the name of a file.
    """
    samples = samples_of(read_prompts(options.prompts), options.samples)
    settings = {"bench": "vbench", "protocol": options.protocol, "world": options.world}
    row = {"world": options.world, "protocol": options.protocol}
    with closing(load_world(options.world)) as world:
        store = ClipStore(options.out, settings)
        store.note(environment(world=world.provenance()))
        spec, open_world = world.spec, opener_like(world, options.world)
    job = VBenchJob(
        open_world, round(PROTOCOLS[options.protocol] * spec.fps / RATE),
        options.seed, VideoFormat(spec.frame_width, spec.frame_height, spec.fps),
        {**row, "features": LAYOUT},
    )  # fmt: skip
    with options.workplace().workers(job) as results:
        sweep(samples, store, results)
    videos = options.out / VIDEOS
    if options.vbench_python is None:
        say(f"give {videos} to VBench for its scores, or name its Python with --vbench-python")
        return
    results_file = run_suite(options.vbench_python, videos, options.out / "suite")
    keep_official(store, row, read_results(results_file), say)


def keep_official(
    store: ClipStore, row: dict[str, Any], results: dict[str, float], say: Say
) -> None:
    """Add what the suite has measured, and say it."""
    with store.claim("official") as mine:
        if mine:
            record = clip_record("vbench", {**row, "by": "VBench"}, "all", results, 0.0)
            store.add("official", record)
    for name, value in results.items():
        say(f"{name:28}{value:8.4f}")
