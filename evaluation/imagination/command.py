"""The command lines of the bar for imagination and of its judge."""

import argparse
import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from mag_sandbox.evaluation.imagination.bar import ImaginationBar, ImaginationSettings
from mag_sandbox.evaluation.imagination.compared import Eyes
from mag_sandbox.evaluation.imagination.table import lines_of
from mag_sandbox.evaluation.judge.classifier import Classifier
from mag_sandbox.evaluation.judge.judge import JUDGE_WEIGHTS, Judge, judge_digest
from mag_sandbox.evaluation.judge.training import FITTING, train_judge
from mag_sandbox.files.whole import replace_file
from mag_sandbox.model.loading import load_world
from mag_sandbox.model.world import World
from mag_sandbox.training.panorama.render import HEIGHT, WIDTH


def add_imagination(commands: argparse._SubParsersAction, say: Callable[[str], None]) -> None:
    """Add `imagination` and `train-judge` to the command line."""
    usual = ImaginationSettings()
    bar = commands.add_parser("imagination", help="does what a world invents have shapes")
    bar.add_argument("--world", default="pocket", help="one that turns (pocket)")
    bar.add_argument("--prompts", type=int, default=usual.prompts, help="captions (%(default)s)")
    bar.add_argument(
        "--rings", type=int, default=usual.rings, help="of them turned around in (%(default)s)"
    )
    bar.add_argument("--seed", type=int, default=0, help="chooses scenes and noise (0)")
    bar.add_argument("--json", type=Path, metavar="FILE", help="also write all numbers here")
    bar.add_argument("--sheet", type=Path, metavar="PNG", help="also write pictures here")
    bar.set_defaults(run=lambda options: _measure(options, say))
    judge = commands.add_parser("train-judge", help="draw renders and train the bar's judge")
    judge.add_argument("--out", type=Path, default=JUDGE_WEIGHTS, metavar="DIR")
    judge.add_argument("--steps", type=int, default=FITTING.steps, help="(%(default)s)")
    judge.add_argument("--rings", type=int, default=FITTING.rings, help="(%(default)s)")
    judge.set_defaults(run=lambda options: _train(options, say))


def _measure(options: argparse.Namespace, say: Callable[[str], None]) -> int:
    settings = ImaginationSettings(
        options.prompts, min(options.rings, options.prompts), options.seed
    )
    for file in (options.json, options.sheet):
        if file:
            file.parent.mkdir(parents=True, exist_ok=True)  # fails now and not after all the work
    eyes, world = Eyes(Judge.load(), Classifier.load()), load_world(options.world)
    with closing(world):
        result = ImaginationBar(settings, world, eyes, say, options.sheet).run()
    result["judge"] = judge_digest()
    for line in lines_of(result):
        say(line)
    if options.json:
        replace_file(options.json, json.dumps(result, indent=1) + "\n")
    return 0


def _train(options: argparse.Namespace, say: Callable[[str], None]) -> int:
    for name in ("steps", "rings"):
        if getattr(options, name) < 1:
            raise ValueError(f"{name} is {getattr(options, name)}, expected at least 1")
    with closing(load_world("pocket")) as world:
        measured = train_judge(
            options.out,
            replace(FITTING, rings=options.rings, steps=options.steps),
            partial(_round_trip_of_ring, world),
            say,
        )
    say(f"cells right: {measured['cells_right']:.1%}, sure ones {measured['sure_cells_right']:.1%}")
    return 0


def _round_trip_of_ring(world: World, ring: np.ndarray) -> np.ndarray:
    """Return a ring after the autoencoder, view by view."""
    rows, columns = ring.shape[0] // HEIGHT, ring.shape[1] // WIDTH
    tiles = ring.reshape(rows, HEIGHT, columns, WIDTH, 3).swapaxes(1, 2)
    coded = world.round_trip(tiles.reshape(-1, HEIGHT, WIDTH, 3))
    return coded.reshape(tiles.shape).swapaxes(1, 2).reshape(ring.shape)
