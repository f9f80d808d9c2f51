"""The command line of VBench's files."""

import argparse
import hashlib
from collections.abc import Callable
from pathlib import Path

from mag_sandbox.evaluation.results.environment import environment
from mag_sandbox.evaluation.results.store import ClipStore, clip_record
from mag_sandbox.evaluation.results.videos import VideoFormat
from mag_sandbox.evaluation.vbench.samples import (
    PROTOCOLS,
    SAMPLES,
    measure_folder,
    read_prompts,
    read_results,
    samples_of,
    write_samples,
)
from mag_sandbox.model.loading import load_world

LAYOUT = "colours on a grid"  # what tells subjects apart when nothing better is plugged in


def add_vbench(commands: argparse._SubParsersAction, say: Callable[[str], None]) -> None:
    """Add `vbench` to the command line."""
    parser = commands.add_parser("vbench", help="write samples for VBench, read its results")
    parser.add_argument("--prompts", type=Path, required=True, metavar="FILE", help="one a line")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder for the results"
    )
    parser.add_argument("--world", default="pocket", help="(pocket)")
    parser.add_argument("--protocol", default="5s", choices=tuple(PROTOCOLS), help="(5s)")
    parser.add_argument("--samples", type=int, default=SAMPLES, help=f"a prompt ({SAMPLES})")
    parser.add_argument("--seed", type=int, default=0, help="of the first sample (0)")
    parser.add_argument("--results", type=Path, metavar="JSON", help="only read what VBench wrote")
    parser.set_defaults(run=lambda options: run_vbench(options, say))


def run_vbench(options: argparse.Namespace, say: Callable[[str], None]) -> int:
    """Make samples and measure them, or read the suite's results.

    Raises:
        ValueError: the options make no sense, or no video can be read.
    """
    if options.samples < 1:
        raise ValueError(f"samples is {options.samples}, expected at least 1")
    samples = samples_of(read_prompts(options.prompts), options.samples)
    settings = {"bench": "vbench", "protocol": options.protocol, "world": options.world}
    row = {"world": options.world, "protocol": options.protocol}
    if options.results is not None:
        results = read_results(options.results)
        store = ClipStore(options.out, settings)
        keep(store, "official", {**row, "by": "VBench"}, "all", results)
        for name, value in results.items():
            say(f"{name:28}{value:8.4f}")
        return 0
    videos = options.out / "videos"
    world = load_world(options.world)
    try:
        store = ClipStore(options.out, settings)
        store.note(environment(world=world.provenance()))
        seconds = PROTOCOLS[options.protocol]
        write_samples(world, samples, seconds, videos, options.seed, say)
        spec = world.spec
    finally:
        world.close()
    wanted = VideoFormat(spec.frame_width, spec.frame_height, spec.fps)
    found, faults = measure_folder(videos, samples, wanted)
    for name, problem in faults.items():
        say(f"{name}: {problem}")
    if not found:
        raise ValueError(f"no video in {videos} can be read; see above")
    for name, scores in found.items():
        keep(store, name.removesuffix(".mp4"), {**row, "features": LAYOUT}, name, scores)
    say(f"{len(found)} of {len(samples)} videos measured; give {videos} to VBench for its scores")
    return 0


def keep(store: ClipStore, name: str, row: dict, clip: str, scores: dict[str, float]) -> None:
    """Add the scores of a video under a name that no other has, unless they are there."""
    readable = "".join(letter if letter.isalnum() else "-" for letter in name)[:60]
    key = f"{readable}-{hashlib.sha256(name.encode()).hexdigest()[:12]}"  # "a b" is not "a-b"
    with store.claim(key) as mine:
        if mine:
            store.add(key, clip_record("vbench", row, clip, scores, 0.0))
