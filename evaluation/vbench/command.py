"""The command line of VBench: samples for the public suite, its results, what is computed here.

The suite looks for `<prompt>-<number>.mp4`, five numbers a prompt, and writes a JSON file in which
every dimension has its mean first. It needs packages that do not go with ours, so it is run by the
Python of an environment that the user has made for it. Its total is the weighted mean of quality
and semantic scores; both weights and ranges belong to the suite and are not repeated here: totals
are read, not made.
"""

import hashlib
import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mag_sandbox.command_line import option
from mag_sandbox.evaluation.results.environment import environment
from mag_sandbox.evaluation.results.store import ClipStore, clip_record
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

SAMPLES = 5  # videos a prompt
PROTOCOLS = {"5s": 81, "30s": 477}  # frames at 16 a second: 21 and 120 latent ones
RATE = 16.0  # frames a second
INSIDE = Path(__file__).with_name("inside.py")  # run in the suite's environment
LONGEST_NAME = 180  # bytes of a prompt in a file's name; systems allow 255 with what follows
Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Sample:
    """One video to be made."""

    prompt: str  # as the suite knows it
    told: str  # what the world is told: the prompt, or a longer one
    number: int

    @property
    def file(self) -> str:
        """The name that the suite looks for."""
        return f"{self.prompt}-{self.number}.mp4"


def read_prompts(path: Path, extended: Path | None = None) -> dict[str, str]:
    """Return the prompts of a file, one a line, and what the world is told for each.

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
    """Return all videos that the suite wants, of prompts and what is told for them."""
    return [Sample(*prompt, number) for prompt in prompts.items() for number in range(count)]


def write_samples(
    world: World, samples: Sequence[Sample], frames: int, folder: Path, seed: int, say: Report
) -> int:
    """Make the videos that are not there yet; return how many were made."""
    made = 0
    for place, sample in enumerate(samples, 1):
        path = folder / sample.file
        if path.exists():
            continue
        shown = play_still(world, sample.told, frames, seed + sample.number)
        write_video(path, shown, world.spec.fps)
        made += 1
        say(f"{place}/{len(samples)} | {sample.file}")
    return made


def play_still(world: World, prompt: str, wanted: int, seed: int) -> Frames:
    """Return a video of a prompt, the camera left alone, of so many frames."""
    parts = [world.reset(Scene(prompt=prompt, seed=seed, name="sample"), seed).frames]
    while sum(len(part) for part in parts) < wanted:
        parts.append(world.step(Control()).frames)
    return np.concatenate(parts)[:wanted]


def own_measures(frames: Frames) -> dict[str, float]:
    """Return what is computed here of one video; see `evaluation.vbench.consistency`."""
    alike = consistency(frames, layout_features)  # they tell no subject from its background
    return {
        "subject_consistency": alike,
        "background_consistency": alike,
        "motion_smoothness": smoothness(frames),
        "temporal_flickering": flicker(frames),
        "sharpness": mean_sharpness(frames),
    }


def measure_folder(
    folder: Path, samples: Sequence[Sample], wanted: VideoFormat
) -> tuple[dict[str, dict[str, float]], dict[str, str]]:
    """Return the measures of each video, and what is wrong with those that cannot be read."""
    found, faults = {}, {}
    for sample in samples:
        try:
            found[sample.file] = own_measures(read_video(folder / sample.file, wanted).frames)
        except ValueError as error:
            faults[sample.file] = str(error)
    return found, faults


def run_suite(python: Path, videos: Path, out: Path, dimensions: Sequence[str]) -> Path:
    """Measure a folder by the suite in an environment of its own; return its file of results.

    Raises:
        ValueError: it does not run; the reason is its own.
    """
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
        said = run.stderr.strip().splitlines() or [f"exit code {run.returncode}"]
        raise ValueError(f"VBench did not measure {videos}: {said[-1]}")
    return out / "suite_eval_results.json"


def read_results(path: Path) -> dict[str, float]:
    """Return the mean of every dimension that the suite has measured, in [0, 1].

    Raises:
        ValueError: it is no file of results.
    """
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


@dataclass(frozen=True, slots=True)
class VBenchOptions:
    """Samples to be made and measured."""

    prompts: Path = option(help="one a line", metavar="FILE")
    out: Path = option(help="folder for the results", metavar="DIR")
    world: str = option("pocket", "(%(default)s)")
    protocol: str = option("5s", "(%(default)s)", choices=tuple(PROTOCOLS))
    samples: int = option(SAMPLES, "a prompt (%(default)s)")
    seed: int = option(0, "of the first sample (%(default)s)", type=int)
    extended: Path | None = option(None, "longer ones for these, line by line", metavar="FILE")
    vbench_python: Path | None = option(
        None, "of an environment with VBench, which then measures, too", metavar="PYTHON"
    )
    dimensions: tuple[str, ...] = option((), "that VBench measures (all)", metavar="NAME")
    results: Path | None = option(None, "only read what VBench wrote", metavar="JSON")


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
    videos = options.out / "videos"
    with closing(load_world(options.world)) as world:
        store = ClipStore(options.out, settings)
        store.note(environment(world=world.provenance()))
        spec = world.spec
        frames = round(PROTOCOLS[options.protocol] * spec.fps / RATE)
        write_samples(world, samples, frames, videos, options.seed, say)
    wanted = VideoFormat(spec.frame_width, spec.frame_height, spec.fps)
    found, faults = measure_folder(videos, samples, wanted)
    for name, problem in faults.items():
        say(f"{name}: {problem}")
    if not found:
        raise ValueError(f"no video in {videos} can be read; see above")
    for name, scores in found.items():
        keep(store, name.removesuffix(".mp4"), {**row, "features": LAYOUT}, name, scores)
    say(f"{len(found)} of {len(samples)} videos measured")
    if options.vbench_python is None:
        say(f"give {videos} to VBench for its scores, or name its Python with --vbench-python")
        return
    results = run_suite(options.vbench_python, videos, options.out / "suite", options.dimensions)
    keep_official(store, row, read_results(results), say)


def keep_official(store: ClipStore, row: dict, results: dict[str, float], say: Report) -> None:
    """Add what the suite has measured, and say it."""
    keep(store, "official", {**row, "by": "VBench"}, "all", results)
    for name, value in results.items():
        say(f"{name:28}{value:8.4f}")


def keep(store: ClipStore, name: str, row: dict, clip: str, scores: dict[str, float]) -> None:
    """Add the scores of a video under a name that no other has, unless they are there."""
    readable = "".join(letter if letter.isalnum() else "-" for letter in name)[:60]
    key = f"{readable}-{hashlib.sha256(name.encode()).hexdigest()[:12]}"  # "a b" is not "a-b"
    with store.claim(key) as mine:
        if mine:
            store.add(key, clip_record("vbench", row, clip, scores, 0.0))
