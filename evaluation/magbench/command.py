"""The command line of MAG-Bench: looks at all files first, loads the world last."""

import argparse
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from mag_sandbox.evaluation.magbench.continuation import MODES
from mag_sandbox.evaluation.magbench.evaluate import (
    OFFICIAL,
    STAND_IN,
    ReadyClip,
    Row,
    find_clips,
    matching_of,
    measure_clips,
)
from mag_sandbox.evaluation.magbench.table import fault_lines
from mag_sandbox.evaluation.results.environment import environment
from mag_sandbox.evaluation.results.store import ClipStore

WRITERS = ("as trained", "generator")


def add_magbench(commands: argparse._SubParsersAction, say: Callable[[str], None]) -> None:
    """Add `magbench` to the command line."""
    parser = commands.add_parser("magbench", help="continue clips of MAG-Bench and compare")
    parser.add_argument(
        "--table", type=Path, required=True, metavar="CSV", help="table of the clips"
    )
    parser.add_argument(
        "--videos", type=Path, required=True, metavar="DIR", help="folder of the videos"
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder for the results"
    )
    parser.add_argument("--world", default="mag", help="a full-size world (mag)")
    parser.add_argument(
        "--mode", nargs="+", default=list(MODES), choices=MODES,
        help="what is remembered of the predicted part: itself or the truth (both in turn)",
    )  # fmt: skip
    parser.add_argument("--prompt", default="caption", choices=("caption", "empty"))
    parser.add_argument(
        "--remembers", default=WRITERS[0], choices=WRITERS,
        help="the memory model where the world has one, or the generator by itself",
    )  # fmt: skip
    parser.add_argument(
        "--lpips", nargs="+", default=[], metavar="FILE",
        help=f"weights of AlexNet and LPIPS, or hub:OWNER/NAME/FILE; without them {STAND_IN} "
        "finds the matches, and there is no LPIPS",
    )  # fmt: skip
    parser.add_argument("--clips", type=int, metavar="N", help="only the first rows of the table")
    parser.add_argument("--seed", type=int, default=0, help="seed of the noise (0)")
    parser.add_argument("--check", action="store_true", help="only check the table and the videos")
    parser.set_defaults(run=lambda options: run_magbench(options, say))


def run_magbench(options: argparse.Namespace, say: Callable[[str], None]) -> int:
    """Measure what can be measured, name the rest; 2 if nothing is left.

    Raises:
        ValueError: no clip can be used.
    """
    if options.clips is not None and options.clips < 1:
        raise ValueError(f"clips is {options.clips}, expected at least 1")
    ready, faults = find_clips(options.table, options.videos, OFFICIAL, options.clips)
    for line in fault_lines(faults, len(ready) + len(faults)):
        say(line)
    if not ready:
        raise ValueError(f"no clip of {options.table} can be used; see above")
    if options.check:
        say(f"{len(ready)} clips can be measured")
        return 0
    return _measure(options, ready, len(faults), say)


def _measure(
    options: argparse.Namespace, ready: list[ReadyClip], unusable: int, say: Callable[[str], None]
) -> int:
    matching = matching_of(options.lpips, say)
    from mag_sandbox.evaluation.magbench.full_rollout import open_continuer

    prompts = [one.clip.caption for one in ready] if options.prompt == "caption" else []
    world = open_continuer(options.world, options.remembers, prompts)
    settings = {"bench": "magbench", "seed": options.seed, "distance": matching.name}
    store = ClipStore(options.out, settings)
    store.note(environment(unusable_clips=unusable, arguments=_plain(options)))
    failed = []
    for mode in options.mode:
        row = Row(options.world, options.remembers, mode, options.prompt)
        say(f"{len(ready)} clips | {' | '.join(str(value) for value in asdict(row).values())}")
        failed += measure_clips(world, ready, row, matching, store, options.seed)
    for line in fault_lines(failed, len(options.mode) * len(ready)):
        say(line)
    measured = len(store.records())
    if not measured:
        raise ValueError("no clip could be measured; see above")
    say(f"{measured} records in {options.out}; `python -m evaluation report {options.out}`")
    return 0


def _plain(options: argparse.Namespace) -> dict:
    names = ("world", "mode", "prompt", "remembers", "lpips", "clips", "seed")
    return {name: getattr(options, name) for name in names}
