"""The options of `demo`; what it plays with is imported when it runs."""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mag_sandbox.command_line import argument, option
from mag_sandbox.model.loading import available_policies, available_worlds
from mag_sandbox.model.world import Precision
from mag_sandbox.sandbox.option_values import PRECISION, ServerOptions, seed
from mag_sandbox.scenes import available_demos

MAX_RUNS = 1000


def _seeds(text: str) -> range:
    first, dots, last = text.partition("..")
    if not dots:
        raise argparse.ArgumentTypeError(f'"{text}" is not two seeds with .. between, as 0..4')
    seeds = range(seed(first), seed(last) + 1)
    if not seeds:
        raise argparse.ArgumentTypeError(f'"{text}" has its last seed before its first')
    if len(seeds) > MAX_RUNS:
        raise argparse.ArgumentTypeError(f'"{text}" is more than {MAX_RUNS} seeds')
    return seeds


@dataclass(frozen=True, slots=True)
class DemoOptions(ServerOptions):
    """The demos, the worlds that play them, and where the results go."""

    demo: str | None = argument(
        f"a YAML file or one of {', '.join(available_demos())}", nargs="?", metavar="NAME|FILE"
    )
    list: bool = option(False, "list the demos")
    headless: bool = option(False, "no window; as fast as possible")
    out: Path | None = option(None, "a new folder for result, table and recording", metavar="DIR")
    world: str = option(
        "pocket", f"one of {', '.join(available_worlds())}, or remote, with its --url"
    )
    memory: str | None = option(
        None,
        f"one of {', '.join(available_policies())}; with limits: 'window 8 blocks'",
        metavar="POLICY",
    )
    precision: Precision | None = option(None, PRECISION)
    seed: int | None = option(
        None, "a number; each makes another world from the same description", type=seed
    )
    seeds: range | None = option(
        None, "one run with each seed, in place of --seed", type=_seeds, metavar="A..B"
    )
    compare: str | None = option(
        None, "policies or worlds ('world mag') that play the same script", metavar="A,B"
    )
    video: Literal["mp4", "gif"] = option("mp4", "format of the comparison's video (default mp4)")
    recording: Path | None = option(
        None, "turn a recording into a demo and write it to FILE", name="from", metavar="RECORDING"
    )
