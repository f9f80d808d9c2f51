"""Command line of training: `python -m training pocket|base|self-forcing|memory|generator|...`."""

import argparse
import logging
import sys
from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from importlib.metadata import version

from mag_sandbox.command_line import OneLineParser, Subcommand, add_commands
from mag_sandbox.files.border import Refusal, reason_of
from mag_sandbox.model.launch import process_count
from mag_sandbox.process import configure_logging, run_command
from mag_sandbox.training import options

OLDEST_TORCH = (2, 11)  # that trains; play needs less, see pyproject.toml
_DO_NOT_TRAIN = ("precompute", "export", "texts", "ranges", "scenes", "colors", "curve")
_SHOW_DEFAULTS = ("pocket", "imagination", "enlarger", "close-ups", "refiner", "relief", "walls")
_TOGETHER = "training.__main__:train_together"

COMMANDS: Mapping[str, Subcommand] = {
    "pocket": Subcommand(
        "train the pocket world from nothing; resumes exactly where it was stopped",
        options.PocketTraining, "training.pocket.pipeline:train",
    ),
    "imagination": Subcommand(
        "train planner, reader and painter; resumes where it was stopped",
        options.ImaginationTraining, "training.imagination.pipeline:train",
    ),
    "enlarger": Subcommand(
        "train the network that enlarges pictures; resumes where it was stopped",
        options.EnlargerTraining, "training.pictures.enlarger:train",
    ),
    "close-ups": Subcommand(
        "train the network that shows things from near; resumes where it was stopped",
        options.CloseUpTraining, "training.pictures.close_ups:train",
    ),
    "refiner": Subcommand(
        "train the network that makes painted pictures crisp; resumes where it was stopped",
        options.RefinerTraining, "training.pictures.refiner:train",
    ),
    "relief": Subcommand(
        "train the network that tells what stands out of a picture; resumes where it was stopped",
        options.ReliefTraining, "training.pictures.relief:train",
    ),
    "walls": Subcommand(
        "train the network that tells how far away walls are; resumes where it was stopped",
        options.WallsTraining, "training.pictures.walls:train",
    ),
    **{
        name: Subcommand(text, options.RecipeOptions, _TOGETHER)
        for name, text in options.STAGES.items()
    },
    "precompute": Subcommand(
        "videos and prompts, read once for full size",
        options.PrecomputeOptions, "training.recipe.precompute:precompute",
    ),
    "memorypack": Subcommand(
        "MemoryPack's parts: teacher, then Direct Forcing", options.MemoryPackOptions, _TOGETHER
    ),
    "export": Subcommand(
        "a stage's averaged weights as safetensors",
        options.StateExport, "training.export:export",
    ),
    "texts": Subcommand(
        "read the library scenes' prompts once, for the game",
        options.TextOptions, "training.pocket.words:write_scene_texts",
    ),
    "colors": Subcommand(
        "measure in which colours things are painted",
        options.ColorOptions, "training.imagination.painted_colors:write_colors",
    ),
    "ranges": Subcommand(
        "calibrate int8 for weights, by playing scenes",
        options.RangeOptions, "training.pocket.ranges:write_calibrated",
    ),
    "scenes": Subcommand(
        "draw pictures of scenes that list their things",
        options.ScenePictureOptions, "training.pictures.scene_pictures:draw_scenes",
    ),
    "curve": Subcommand(
        "draw the loss curves of a run as SVG", options.CurveOptions, "training.curve:write_curves"
    ),
}  # fmt: skip


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    top = OneLineParser(prog="python -m training", description=__doc__)
    commands = add_commands(top, COMMANDS)
    for name in _SHOW_DEFAULTS:
        commands[name].formatter_class = argparse.ArgumentDefaultsHelpFormatter
    return top


def main(arguments: list[str] | None = None) -> int:
    """Run a training command and return its exit code: what stops it is one line and 2."""

    def run() -> int:
        parsed = parser().parse_args(arguments)
        parsed.stage = parsed.command  # of the recipe
        if parsed.command not in _DO_NOT_TRAIN:
            _refuse_old_torch(version("torch"))
        if COMMANDS[parsed.command].function != _TOGETHER:
            _refuse_several(parsed.command)
        try:
            parsed.run(parsed)
        except OSError as error:
            where = error.filename or "a file"
            raise Refusal(f"{where}: {reason_of(error)}; check the path and its disk") from error
        return 0

    return run_command(run)


def train_together(chosen: options.RecipeOptions | options.MemoryPackOptions) -> None:
    """Train a stage of the recipe or of MemoryPack by all processes that `torchrun` started."""
    from mag_sandbox.training.sharded import process_group  # imports torch

    module = "memorypack.train"
    sizes = {"pocket": module, "full": module}
    if isinstance(chosen, options.RecipeOptions):
        module = "recipe.train"
        sizes = {"pocket": "pocket.size", "full": "recipe.full_size"}
    train = import_module(f"mag_sandbox.training.{module}").train
    size_of = import_module(f"mag_sandbox.training.{sizes[chosen.size]}")
    with process_group() as processes:
        if isinstance(chosen, options.RecipeOptions):
            chosen = replace(chosen, parts=chosen.parts or processes.count)
        with processes.in_turn():  # the first one draws data for the others
            size = getattr(size_of, f"{chosen.size}_size")(chosen)
        train(chosen, size, processes)


def _refuse_old_torch(installed: str) -> None:
    """Make sure that gradients are not lost: torch before 2.11 hands out weights that have none.

    Autocast's cache keeps such weights of passes without a gradient (pytorch issue 158232).
    """
    if tuple(map(int, installed.split(".")[:2])) < OLDEST_TORCH:
        oldest = ".".join(map(str, OLDEST_TORCH))
        raise Refusal(
            f"training needs torch {oldest} or newer, and {installed} is installed: before that "
            f"gradients are lost without a word; run `pip install 'torch>={oldest}'`"
        )


def _refuse_several(command: str) -> None:
    if (count := process_count()) > 1:
        raise Refusal(
            f"torchrun has started {count} processes, and `{command}` is the work of one: they "
            f"would overwrite each other's files; start `python -m training {command}` by itself"
        )


if __name__ == "__main__":
    configure_logging(logging.INFO)
    sys.exit(main())
