"""`python -m evaluation pocket` measures the pocket world, `pose` how well poses are estimated.

`magbench` continues the clips of MAG-Bench, `report` makes a page of saved results, `leaderboard`
one of results of the memory benchmark, `tables` the paper's tables 3 and 4 in small,
`reconstruction` table 4 at full size, `vbench` writes and reads the files of that suite,
`imagination` judges what is invented, `walks` whether pictures last, `train-classifier` makes the
judge of prompts. docs/evaluation.md says what every number means.
"""

import argparse
import sys
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mag_sandbox.answering import answered, keep_story
from mag_sandbox.command_line import OneLineParser, add_options, option, options_of
from mag_sandbox.evaluation.bench.full_reconstruction import (
    ReconstructionOptions,
    run_reconstruction,
)
from mag_sandbox.evaluation.bench.opening import open_measured, opener_like
from mag_sandbox.evaluation.bench.pocket import DRIFT_CLIPS, PocketEvaluation, PocketSettings
from mag_sandbox.evaluation.bench.pose import PoseSettings, evaluate_poses, pose_table
from mag_sandbox.evaluation.bench.tables import MeasuredTable, run_tables
from mag_sandbox.evaluation.bench.thresholds import table
from mag_sandbox.evaluation.bench.walks import WalkSettings, WalksJob, lines_of, run_walks
from mag_sandbox.evaluation.imagination.command import (
    ImaginationOptions,
    JudgeOptions,
    run_imagination,
    run_judge_training,
)
from mag_sandbox.evaluation.judge.classifier import CLASSIFIER_WEIGHTS, Classifier
from mag_sandbox.evaluation.judge.classifier_training import FITTING, train_classifier
from mag_sandbox.evaluation.judge.judge import Judge, judge_digest
from mag_sandbox.evaluation.leaderboard.page import LeaderboardOptions, run_leaderboard
from mag_sandbox.evaluation.magbench.evaluate import MagBenchOptions, run_magbench
from mag_sandbox.evaluation.report.page import ReportOptions, run_report
from mag_sandbox.evaluation.results.environment import environment
from mag_sandbox.evaluation.results.output import JSON, PICTURES, Say, make_places, tell
from mag_sandbox.evaluation.results.store import ClipStore
from mag_sandbox.evaluation.vbench.command import VBenchOptions, run_vbench
from mag_sandbox.files.border import Refusal
from mag_sandbox.model.loading import load_world
from mag_sandbox.model.world import World
from mag_sandbox.workers.options import WorkerOptions


def main(arguments: list[str] | None = None) -> int:
    """Run a subcommand: 0 when it measured, whatever it found, 2 when it could not."""

    def run() -> int:
        told = _parser().parse_args(arguments)
        try:
            told.run(options_of(told.kind, told), partial(print, flush=True))
        except (ValueError, OSError) as error:
            raise Refusal(str(error)) from error
        return 0

    return answered(run)


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(prog="python -m evaluation", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, (text, kind, run) in COMMANDS.items():
        command = commands.add_parser(name, help=text, description=kind.__doc__)
        add_options(command, kind)
        command.set_defaults(kind=kind, run=run)
    return parser


USUAL = PocketSettings()


@dataclass(frozen=True, slots=True)
class PocketOptions(WorkerOptions):
    """What a world paints and obeys: the bars of the model card."""

    clips: int = option(USUAL.clips, "held-out scenes for each kind (%(default)s)", type=int)
    world: str = option("pocket", "a world with exact poses (%(default)s)")
    prompts: int = option(USUAL.prompts, "captions of the prompt test (%(default)s)", type=int)
    seed: int = option(0, "seed of scenes and noise (%(default)s)", type=int)
    drift: float = option(
        USUAL.drift_minutes, f"length of the clips that show drift, at most {DRIFT_CLIPS}; 0: none "
        "(%(default)g)", metavar="MINUTES",
    )  # fmt: skip
    json: Path | None = option(None, JSON, metavar="FILE")
    weights: Path | None = option(None, "the folder of weights in training", metavar="DIR")


def _pocket(options: PocketOptions, say: Say) -> None:
    settings = PocketSettings(options.clips, options.prompts, options.seed, options.drift)
    make_places(options.json)
    open_world, workplace = _opener(options.weights, options.world), options.workplace()
    result = PocketEvaluation(settings, open_world, Classifier.load(), say, workplace).run()
    tell(table(result), result, options.json, say)


@dataclass(frozen=True, slots=True)
class PoseOptions(PoseSettings, WorkerOptions):
    """How well poses are estimated, where they are known."""

    json: Path | None = option(None, JSON, metavar="FILE")
    weights: Path | None = option(None, "the folder of weights in training", metavar="DIR")


def _pose(options: PoseOptions, say: Say) -> None:
    make_places(options.json)
    with closing(_opener(options.weights)()) as world:
        provenance = world.provenance()
    open_world = _opener(options.weights, execution=provenance.get("execution"))
    settings = options_of(PoseSettings, options)
    result = evaluate_poses(settings, open_world, options.workplace())
    tell(pose_table(result), {**result, "world": provenance}, options.json, say)


@dataclass(frozen=True, slots=True)
class WalkOptions(WalkSettings, WorkerOptions):
    """Random walks, and whether their pictures last."""

    world: str = option("pocket", "one with exact poses (%(default)s)")
    out: Path | None = option(
        None, "keep walks one by one in this folder, or go on there", metavar="DIR"
    )
    json: Path | None = option(None, JSON, metavar="FILE")
    sheet: Path | None = option(None, PICTURES, metavar="PNG")


def _walks(options: WalkOptions, say: Say) -> None:
    make_places(options.json, options.sheet)
    settings = options_of(WalkSettings, options)
    with closing(load_world(options.world)) as world:
        provenance, open_world = world.provenance(), opener_like(world, options.world)
    common = {
        "bench": "walks", "seconds": options.seconds, "seed": options.seed,
        "weights": provenance.get("weights"), "judge": judge_digest(),
    }  # fmt: skip
    with ExitStack() as stack:
        folder = options.out or Path(stack.enter_context(TemporaryDirectory()))
        store = ClipStore(folder, common)
        store.note(environment(world=provenance))
        job = WalksJob(settings, open_world, Judge.load())
        result = run_walks(job, store, options.workplace(), options.sheet)
    tell(lines_of(result), {**result, "world": provenance}, options.json, say)


def _opener(
    weights: Path | None, world: str = "pocket", execution: dict | None = None
) -> Callable[[], World]:
    if weights is not None and world != "pocket":
        raise ValueError(f'--weights is a folder of the pocket world, not of "{world}"')
    # workers may stand elsewhere
    return partial(open_measured, world, weights and weights.absolute(), execution)


@dataclass(frozen=True, slots=True)
class ClassifierOptions:
    """The judge of attributes, to be trained on renderer views."""

    out: Path = option(CLASSIFIER_WEIGHTS, metavar="DIR")
    steps: int = option(FITTING.steps, "(%(default)s)")


def _train_classifier(options: ClassifierOptions, say: Say) -> None:
    train_classifier(options.out, replace(FITTING, steps=options.steps), say)


# name: what it does, its options, what takes them
COMMANDS: dict[str, tuple[str, type, Callable[[Any, Say], object]]] = {
    "pocket": ("measure what a world paints and obeys", PocketOptions, _pocket),
    "pose": ("compare estimated poses with known ones", PoseOptions, _pose),
    "walks": ("does a picture last, wherever a player goes", WalkOptions, _walks),
    "imagination": (
        "does what a world invents have shapes", ImaginationOptions, run_imagination,
    ),
    "train-judge": ("draw renders and train the bar's judge", JudgeOptions, run_judge_training),
    "magbench": ("continue clips of MAG-Bench and compare", MagBenchOptions, run_magbench),
    "report": ("make a page of results", ReportOptions, run_report),
    "leaderboard": ("make a table of benchmark results", LeaderboardOptions, run_leaderboard),
    "tables": ("measure what `training tables` has trained", MeasuredTable, run_tables),
    "reconstruction": (
        "measure what full-size memory models rebuild", ReconstructionOptions, run_reconstruction,
    ),
    "vbench": ("write samples for VBench, read its results", VBenchOptions, run_vbench),
    "train-classifier": (
        "train the judge of attributes on renderer views", ClassifierOptions, _train_classifier,
    ),
}  # fmt: skip


if __name__ == "__main__":
    keep_story()
    sys.exit(main())
