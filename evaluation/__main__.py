"""`python -m evaluation pocket` measures the pocket world, `pose` how well poses are estimated.

`magbench` continues the clips of MAG-Bench, `report` makes a page of saved results, `tables` the
paper's tables 3 and 4 in small, `vbench` writes and reads the files of that suite,
`imagination` judges what is invented, `walks` whether pictures last, `train-classifier` makes the
judge of prompts. docs/evaluation.md says what every number means.
"""

import argparse
import json
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

from mag_sandbox.command_line import OneLineParser
from mag_sandbox.evaluation.bench.memory_command import PARTS, add_bench_options, run_bench
from mag_sandbox.evaluation.bench.packs import DEFAULT_POLICIES, POLICIES, is_pack, open_pack
from mag_sandbox.evaluation.bench.pocket import DRIFT_CLIPS, PocketEvaluation, PocketSettings
from mag_sandbox.evaluation.bench.pose import PoseSettings, evaluate_poses, pose_table
from mag_sandbox.evaluation.bench.tables import add_tables
from mag_sandbox.evaluation.bench.thresholds import table
from mag_sandbox.evaluation.bench.walks import WalkSettings, lines_of, run_walks
from mag_sandbox.evaluation.imagination.command import add_imagination
from mag_sandbox.evaluation.judge.classifier import CLASSIFIER_WEIGHTS, Classifier
from mag_sandbox.evaluation.judge.classifier_training import FITTING, train_classifier
from mag_sandbox.evaluation.judge.judge import Judge
from mag_sandbox.evaluation.magbench.command import add_magbench
from mag_sandbox.evaluation.report.page import add_report
from mag_sandbox.evaluation.vbench.command import add_vbench
from mag_sandbox.files.whole import replace_file
from mag_sandbox.model.loading import load_world
from mag_sandbox.model.world import MemorySetting, World, WorldFailed

_say = partial(print, flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Run a subcommand: 0 when it measured, whatever it found, 2 when it could not."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except (WorldFailed, ValueError, OSError) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(prog="python -m evaluation", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    pocket = commands.add_parser("pocket", help="measure memory, motion and prompts")
    pocket.add_argument(
        "--clips", type=int, help=f"held-out scenes for each kind ({PocketSettings().clips})"
    )
    pocket.add_argument("--world", default="pocket", help="a world with exact poses (pocket)")
    pocket.add_argument("--prompts", type=int, help="captions of the prompt test (64)")
    pocket.add_argument("--seed", type=int, default=0, help="seed of scenes and noise (0)")
    pocket.add_argument(
        "--drift", type=float, default=PocketSettings().drift_minutes, metavar="MINUTES",
        help=f"length of the clips that show drift, at most {DRIFT_CLIPS}; 0: none (%(default)g)",
    )  # fmt: skip
    pocket.add_argument(
        "--memory", nargs="+", metavar="POLICY",
        help=f"the first is tested: {', '.join(POLICIES)} ({' '.join(DEFAULT_POLICIES)})",
    )  # fmt: skip
    pocket.add_argument("--json", type=Path, metavar="FILE", help="also write all numbers here")
    pocket.add_argument("--sheets", type=Path, metavar="DIR", help="also write pictures here")
    pocket.add_argument(
        "--weights", type=Path, metavar="DIR", help="the folder of weights in training"
    )
    add_bench_options(pocket)
    pocket.set_defaults(run=_pocket)
    pose = commands.add_parser("pose", help="compare estimated poses with known ones")
    pose.add_argument("--seconds", type=float, default=16.0, help="length of a session (16)")
    pose.add_argument("--clips", type=int, default=2, help="held-out scenes, two paths each (2)")
    pose.add_argument("--seed", type=int, default=0, help="seed of scenes, noise and walks (0)")
    pose.add_argument("--json", type=Path, metavar="FILE", help="also write all numbers here")
    pose.add_argument(
        "--weights", type=Path, metavar="DIR", help="the folder of weights in training"
    )
    pose.set_defaults(run=_pose)
    walks = commands.add_parser("walks", help="does a picture last, wherever a player goes")
    usual = WalkSettings()
    walks.add_argument("--world", default="pocket", help="one with exact poses (pocket)")
    walks.add_argument("--walks", type=int, default=usual.walks, help="(%(default)s)")
    walks.add_argument("--seconds", type=float, default=usual.seconds, help="each (%(default)g)")
    walks.add_argument("--seed", type=int, default=usual.seed, help="(%(default)s)")
    walks.add_argument("--json", type=Path, metavar="FILE", help="also write all numbers here")
    walks.add_argument("--sheet", type=Path, metavar="PNG", help="also write pictures here")
    walks.set_defaults(run=_walks)
    add_imagination(commands, _say)
    add_magbench(commands, _say)
    add_report(commands, _say)
    add_tables(commands, _say)
    add_vbench(commands, _say)
    judge = commands.add_parser(
        "train-classifier", help="train the judge of attributes on renderer views"
    )
    judge.add_argument("--out", type=Path, default=CLASSIFIER_WEIGHTS, metavar="DIR")
    judge.add_argument("--steps", type=int, default=FITTING.steps, help="(%(default)s)")
    judge.set_defaults(run=_train_classifier)
    return parser


def _pocket(options: argparse.Namespace) -> int:
    if options.out or options.write:
        return run_bench(
            options, partial(_opener, options.weights, options.world, options.parts), _say
        )
    open_world = _opener(options.weights, options.world)
    usual = PocketSettings()
    settings = PocketSettings(
        usual.clips if options.clips is None else options.clips,
        usual.prompts if options.prompts is None else options.prompts,
        options.seed,
        tuple(options.memory or DEFAULT_POLICIES),
        options.drift,
        options.sheets,
    )
    for folder in (options.sheets, options.json and options.json.parent):
        if folder:
            folder.mkdir(parents=True, exist_ok=True)  # fails now and not after all the work
    result = PocketEvaluation(settings, open_world, Classifier.load(), _say).run()
    for line in table(result):
        _say(line)
    _write_json(options.json, result)
    return 0


def _pose(options: argparse.Namespace) -> int:
    settings = PoseSettings(options.seconds, options.clips, options.seed)
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
    result = evaluate_poses(settings, _opener(options.weights), _say)
    for line in pose_table(result):
        _say(line)
    _write_json(options.json, result)
    return 0


def _walks(options: argparse.Namespace) -> int:
    settings = WalkSettings(options.walks, options.seconds, options.seed)
    for file in (options.json, options.sheet):
        if file:
            file.parent.mkdir(parents=True, exist_ok=True)
    with closing(load_world(options.world)) as world:
        result = run_walks(settings, world, Judge.load(), _say, options.sheet)
    for line in lines_of(result):
        _say(line)
    _write_json(options.json, result)
    return 0


def _write_json(path: Path | None, result: dict) -> None:
    if path is None:
        return
    replace_file(path, json.dumps(result, indent=1) + "\n")


def _opener(
    weights: Path | None, world: str = "pocket", parts: Path = PARTS, execution: dict | None = None
) -> Callable[[MemorySetting], World]:
    if weights is not None and world != "pocket":
        raise ValueError(f'--weights is a folder of the pocket world, not of "{world}"')

    def open_world(setting: MemorySetting) -> World:
        if is_pack(setting.policy):  # some memories are worlds of their own
            return open_pack(setting.policy, weights, parts, execution)
        if weights is None:
            return load_world(world, setting, execution=execution)
        from mag_sandbox.model.pocket import loading as pocket

        return pocket.load(
            setting,
            look_ahead=True,
            on_progress=lambda stage, fraction: None,
            weights=weights,
            execution=pocket.recorded_execution(execution) if execution else None,
        )

    return open_world


def _train_classifier(options: argparse.Namespace) -> int:
    if options.steps < 1:
        raise ValueError(f"steps is {options.steps}, expected at least 1")
    train_classifier(options.out, replace(FITTING, steps=options.steps), _say)
    return 0


if __name__ == "__main__":
    sys.exit(main())
