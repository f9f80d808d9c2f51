"""Command line of training: `python -m training pocket|base|self-forcing|memory|generator|...`."""

import argparse
import logging
import sys
from pathlib import Path

from mag_sandbox.command_line import OneLineParser, add_options, options_of
from mag_sandbox.model.world import WorldFailed
from mag_sandbox.training.curve import LogError, write_curves
from mag_sandbox.training.imagination.config import ImaginationTraining
from mag_sandbox.training.memorypack.options import MemoryPackOptions
from mag_sandbox.training.pocket.config import PocketTraining
from mag_sandbox.training.recipe.options import STAGES, PrecomputeOptions, RecipeOptions
from mag_sandbox.training.tables.options import TablesOptions

CURVES = ("images", "guided images", "views", "guided views", "blocks")  # kinds of steps


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    top = OneLineParser(prog="python -m training", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    with_defaults = argparse.ArgumentDefaultsHelpFormatter
    pocket = commands.add_parser(
        "pocket",
        help="train the pocket world from nothing; resumes exactly where it was stopped",
        formatter_class=with_defaults,
    )
    add_options(pocket, PocketTraining)
    imagination = commands.add_parser(
        "imagination",
        help="train what invents views: codes, painter, sketcher; resumes where it was stopped",
        formatter_class=with_defaults,
    )
    add_options(imagination, ImaginationTraining)
    for name, text in STAGES.items():
        add_options(commands.add_parser(name, help=text), RecipeOptions)
    add_options(
        commands.add_parser("precompute", help="videos and prompts, read once for full size"),
        PrecomputeOptions,
    )
    add_options(
        commands.add_parser("memorypack", help="MemoryPack's parts: teacher, then Direct Forcing"),
        MemoryPackOptions,
    )
    cost = commands.add_parser("memorypack-cost", help="what a block costs as a session gets long")
    cost.add_argument("--folder", type=Path, required=True, help="where table and picture go")
    add_options(
        commands.add_parser(
            "tables",
            help="the paper's tables 3 and 4 in small, a row after another",
            formatter_class=with_defaults,
        ),
        TablesOptions,
    )
    export = commands.add_parser("export", help="a stage's averaged weights as safetensors")
    export.add_argument("state", type=Path, help="NAME.pt, or NAME.shards of several processes")
    export.add_argument("weights", type=Path, help="file to write")
    texts = commands.add_parser("texts", help="read the library scenes' prompts once, for the game")
    texts.add_argument("folder", type=Path, help="of the weights, where the file is written")
    curve = commands.add_parser("curve", help="draw the loss curves of a run as SVG")
    curve.add_argument("--folder", type=Path, default=Path("runs/pocket"), help="of the run")
    curve.add_argument("--picture", type=Path, required=True, help="SVG file to write")
    return top


def main(arguments: list[str] | None = None) -> int:
    """Run a training command; returns the exit code."""
    told = parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    commands = {
        "pocket": _train,
        "imagination": _train_imagination,
        "curve": _draw,
        "texts": _read_prompts,
        "precompute": _precompute,
        "export": _export,
        "memorypack": _train_memorypack,
        "memorypack-cost": _measure_memorypack,
        "tables": _train_table,
        **dict.fromkeys(STAGES, _train_stage),
    }
    try:
        commands[told.command](told)
    except (WorldFailed, LogError) as error:
        sys.stderr.write(f"error: {' '.join(str(error).split())}\n")
        return 2
    except OSError as error:
        where = error.filename or "a file"
        sys.stderr.write(
            f"error: {where}: {error.strerror or error}; check the path and its disk\n"
        )
        return 2
    return 0


def _train(told: argparse.Namespace) -> None:
    from mag_sandbox.model.pocket.weights import read_config  # both import torch
    from mag_sandbox.training.pocket.pipeline import train

    if told.init_from:
        read_config(told.init_from)  # before hours of drawing
    train(options_of(PocketTraining, told))


def _train_imagination(told: argparse.Namespace) -> None:
    from mag_sandbox.model.imagination.weights import read_imagination_config  # import torch
    from mag_sandbox.model.pocket.weights import read_config
    from mag_sandbox.training.imagination.pipeline import train

    read_config(told.weights)  # before hours of drawing
    if told.init_from:
        read_imagination_config(told.init_from)
    train(options_of(ImaginationTraining, told))


def _train_stage(told: argparse.Namespace) -> None:
    from mag_sandbox.training.recipe.train import train as train_recipe  # all import torch
    from mag_sandbox.training.sharded import launched

    if told.size == "pocket":
        from mag_sandbox.training.pocket.size import pocket_size as sized
    else:
        from mag_sandbox.training.recipe.full_size import full_size as sized
    with launched() as processes:
        parts = told.parts or processes.count
        options = options_of(RecipeOptions, told, stage=told.command, parts=parts)
        with processes.in_turn():  # the first one draws what the others read
            size = sized(options)
        train_recipe(options, size, processes)


def _train_memorypack(told: argparse.Namespace) -> None:
    from mag_sandbox.training.memorypack import train as memorypack  # imports torch

    options = options_of(MemoryPackOptions, told)
    sized = memorypack.pocket_size if options.size == "pocket" else memorypack.full_size
    memorypack.train(options, sized(options))


def _train_table(told: argparse.Namespace) -> None:
    from mag_sandbox.training.tables.train import train_table  # imports torch

    train_table(options_of(TablesOptions, told))


def _measure_memorypack(told: argparse.Namespace) -> None:
    from mag_sandbox.training.memorypack import cost  # imports torch

    rows = cost.measure()
    cost.write(told.folder, rows)
    sys.stdout.write(cost.table(rows) + "\n")


def _export(told: argparse.Namespace) -> None:
    from mag_sandbox.training.export import export  # imports torch

    export(told.state, told.weights)


def _precompute(told: argparse.Namespace) -> None:
    from mag_sandbox.training.recipe.precompute import precompute  # imports torch and diffusers

    precompute(options_of(PrecomputeOptions, told))


def _read_prompts(told: argparse.Namespace) -> None:
    from mag_sandbox.training.pocket.texts import write_scene_texts  # imports torch

    write_scene_texts(told.folder)


def _draw(told: argparse.Namespace) -> None:
    write_curves(told.folder / "log.jsonl", told.picture, CURVES)


if __name__ == "__main__":
    sys.exit(main())
