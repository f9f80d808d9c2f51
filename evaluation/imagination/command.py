"""The command lines of the bar for imagination and of its judge."""

from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from mag_sandbox.command_line import option
from mag_sandbox.evaluation.bench.opening import opener_like
from mag_sandbox.evaluation.imagination.bar import ImaginationBar, ImaginationSettings
from mag_sandbox.evaluation.imagination.compared import Eyes
from mag_sandbox.evaluation.imagination.kept_views import KeptViews
from mag_sandbox.evaluation.imagination.table import lines_of
from mag_sandbox.evaluation.judge.classifier import Classifier
from mag_sandbox.evaluation.judge.judge import JUDGE_WEIGHTS, Judge, judge_digest
from mag_sandbox.evaluation.judge.training import FITTING, train_judge
from mag_sandbox.evaluation.results.output import JSON, PICTURES, Say, make_places, tell
from mag_sandbox.model.loading import load_world
from mag_sandbox.model.world import World
from mag_sandbox.renderer.views import HEIGHT, WIDTH
from mag_sandbox.workers.options import WorkerOptions

USUAL = ImaginationSettings()


@dataclass(frozen=True, slots=True)
class ImaginationOptions(WorkerOptions):
    """Whether what a world invents has shapes."""

    world: str = option("pocket", "one that turns (%(default)s)")
    prompts: int = option(USUAL.prompts, "captions (%(default)s)", type=int)
    rings: int = option(USUAL.rings, "of them turned around in (%(default)s)", type=int)
    seed: int = option(0, "chooses scenes and noise (%(default)s)", type=int)
    out: Path | None = option(
        None, "keep views one by one in this folder, or go on there", metavar="DIR"
    )
    json: Path | None = option(None, JSON, metavar="FILE")
    sheet: Path | None = option(None, PICTURES, metavar="PNG")


@dataclass(frozen=True, slots=True)
class JudgeOptions:
    """The bar's judge, to be trained."""

    out: Path = option(JUDGE_WEIGHTS, metavar="DIR")
    steps: int = option(FITTING.steps, "(%(default)s)")
    rings: int = option(FITTING.rings, "(%(default)s)")


def run_imagination(options: ImaginationOptions, say: Say) -> None:
    """Measure, and say what was found."""
    rings = min(options.rings, options.prompts)
    settings = ImaginationSettings(options.prompts, rings, options.seed)
    make_places(options.json, options.sheet)
    with closing(load_world(options.world)) as world:
        open_world = opener_like(world, options.world)
        kept = options.out and KeptViews(options.out, _shared(options, world))
    eyes = Eyes(Judge.load(), Classifier.load())
    bar = ImaginationBar(settings, open_world, eyes, say, options.sheet, options.workplace(), kept)
    result = bar.run()
    result["judge"] = judge_digest()
    tell(lines_of(result), result, options.json, say)


def _shared(options: ImaginationOptions, world: World) -> dict:
    """Return what all views of a folder have in common, however many are asked for."""
    provenance = world.provenance()
    return {
        "bench": "imagination", "world": options.world, "seed": options.seed,
        "weights": provenance.get("weights"), "imagination": provenance.get("imagination"),
        "dtype": provenance.get("execution", {}).get("dtype"),
    }  # fmt: skip


def run_judge_training(options: JudgeOptions, say: Say) -> None:
    """Train the judge, and say how sure it is."""
    with closing(load_world("pocket")) as world:
        measured = train_judge(
            options.out,
            replace(FITTING, rings=options.rings, steps=options.steps),
            partial(_round_trip_of_ring, world),
            say,
        )
    say(f"cells right: {measured['cells_right']:.1%}, sure ones {measured['sure_cells_right']:.1%}")


def _round_trip_of_ring(world: World, ring: np.ndarray) -> np.ndarray:
    """Return a ring after the autoencoder, view by view."""
    rows, columns = ring.shape[0] // HEIGHT, ring.shape[1] // WIDTH
    tiles = ring.reshape(rows, HEIGHT, columns, WIDTH, 3).swapaxes(1, 2)
    coded = world.round_trip(tiles.reshape(-1, HEIGHT, WIDTH, 3))
    return coded.reshape(tiles.shape).swapaxes(1, 2).reshape(ring.shape)
