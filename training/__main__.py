"""Command line of training: `python -m training pocket|base|self-forcing|memory|generator|...`."""

import argparse
import logging
import sys
from collections.abc import Callable
from dataclasses import make_dataclass, replace
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from mag_sandbox.command_line import OneLineParser, add_options, argument, option, options_of
from mag_sandbox.files.border import Refusal, reason_of
from mag_sandbox.model.launch import process_count
from mag_sandbox.process import configure_logging, run_command
from mag_sandbox.training.curve import LogError, write_curves
from mag_sandbox.training.options import (
    STAGES,
    EnlargerTraining,
    ImaginationTraining,
    MemoryPackOptions,
    OracleOptions,
    PocketTraining,
    PrecomputeOptions,
    RecipeOptions,
    ReliefTraining,
    WallsTraining,
)

OLDEST_TORCH = (2, 11)  # that trains; play needs less, see pyproject.toml
_DO_NOT_TRAIN = ("precompute", "export", "texts", "ranges", "scenes", "curve")
CURVES = ("images", "guided images", "views", "guided views", "blocks")  # kinds of steps


def _paths(**fields: Any) -> type:
    return make_dataclass(
        "Paths", [(name, Path, one) for name, one in fields.items()], kw_only=True
    )


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    top = OneLineParser(prog="python -m training", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (text, kind, run) in COMMANDS.items():
        shows_defaults = kind in (
            PocketTraining, ImaginationTraining, EnlargerTraining, ReliefTraining, WallsTraining,
            OracleOptions,
        )  # fmt: skip
        formatter = (
            argparse.ArgumentDefaultsHelpFormatter if shows_defaults else argparse.HelpFormatter
        )
        command = commands.add_parser(name, help=text, formatter_class=formatter)
        add_options(command, kind)
        command.set_defaults(kind=kind, run=run, stage=name)
    return top


def main(arguments: list[str] | None = None) -> int:
    """Run a training command and return its exit code: what stops it is one line and 2."""

    def run() -> int:
        parsed = parser().parse_args(arguments)
        if parsed.stage not in _DO_NOT_TRAIN:
            _refuse_old_torch(version("torch"))
        if parsed.kind not in (RecipeOptions, MemoryPackOptions):
            _refuse_several(parsed.stage)
        try:
            parsed.run(options_of(parsed.kind, parsed))
        except LogError as error:
            raise Refusal(str(error)) from error
        except OSError as error:
            where = error.filename or "a file"
            raise Refusal(f"{where}: {reason_of(error)}; check the path and its disk") from error
        return 0

    return run_command(run)


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


def _later(module: str, name: str) -> Callable[[Any], object]:
    return lambda options: _imported(module, name)(options)


def _given_paths(module: str, name: str) -> Callable[[Any], object]:
    return lambda options: _imported(module, name)(**vars(options))


def _imported(module: str, name: str) -> Callable[..., object]:
    function: Callable[..., object] = getattr(import_module(f"mag_sandbox.training.{module}"), name)
    return function


def _train_together(options: RecipeOptions | MemoryPackOptions) -> None:
    from mag_sandbox.training.sharded import process_group  # imports torch

    if isinstance(options, RecipeOptions):
        size_module = "pocket.size" if options.size == "pocket" else "recipe.full_size"
        train = _imported("recipe.train", "train")
    else:
        size_module = "memorypack.train"
        train = _imported(size_module, "train")
    with process_group() as processes:
        if isinstance(options, RecipeOptions):
            options = replace(options, parts=options.parts or processes.count)
        with processes.in_turn():  # the first one draws data for the others
            size = _imported(size_module, f"{options.size}_size")(options)
        train(options, size, processes)


# name: help, options, function
COMMANDS: dict[str, tuple[str, type, Callable[[Any], object]]] = {
    "pocket": (
        "train the pocket world from nothing; resumes exactly where it was stopped",
        PocketTraining, _later("pocket.pipeline", "train"),
    ),
    "imagination": (
        "train planner, reader and painter; resumes where it was stopped",
        ImaginationTraining, _later("imagination.pipeline", "train"),
    ),
    "enlarger": (
        "train the network that enlarges pictures; resumes where it was stopped",
        EnlargerTraining, _later("enlarger", "train"),
    ),
    "relief": (
        "train the network that tells what stands out of a picture; resumes where it was stopped",
        ReliefTraining, _later("relief", "train"),
    ),
    "walls": (
        "train the network that tells how far away walls are; resumes where it was stopped",
        WallsTraining, _later("walls", "train"),
    ),
    **{name: (text, RecipeOptions, _train_together) for name, text in STAGES.items()},
    "precompute": (
        "videos and prompts, read once for full size",
        PrecomputeOptions, _later("recipe.precompute", "precompute"),
    ),
    "memorypack": (
        "MemoryPack's parts: teacher, then Direct Forcing", MemoryPackOptions, _train_together,
    ),
    "memorypack-oracle": (
        "how much of a ring a few tokens can hold",
        OracleOptions, _later("memorypack.oracle", "train"),
    ),
    "export": (
        "a stage's averaged weights as safetensors",
        _paths(
            state=argument("NAME.pt, or NAME.shards of several processes"),
            weights=argument("file to write"),
        ),
        _given_paths("export", "export"),
    ),
    "texts": (
        "read the library scenes' prompts once, for the game",
        _paths(folder=argument("of the weights, where the file is written")),
        _given_paths("pocket.words", "write_scene_texts"),
    ),
    "ranges": (
        "calibrate int8 for weights, by playing scenes",
        _paths(weights=argument("folder, where the file is written")),
        _given_paths("pocket.ranges", "write_calibrated"),
    ),
    "scenes": (
        "draw pictures of scenes that list their things",
        _paths(
            layouts=argument("YAML of layouts by name, like scenes/layouts.yaml"),
            folder=argument("where NAME.png of each is written"),
        ),
        _given_paths("scene_pictures", "draw_scenes"),
    ),
    "curve": (
        "draw the loss curves of a run as SVG",
        _paths(
            folder=option(Path("runs/pocket"), "of the run"),
            picture=option(help="SVG file to write"),
        ),
        lambda options: write_curves(options.folder / "log.jsonl", options.picture, CURVES),
    ),
}  # fmt: skip


if __name__ == "__main__":
    configure_logging(logging.INFO)
    sys.exit(main())
