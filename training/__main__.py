"""Command line of training: `python -m training pocket|base|self-forcing|memory|generator|...`."""

import argparse
import logging
import sys
from pathlib import Path
from typing import NoReturn

from mag_sandbox.model.world import WorldFailed
from mag_sandbox.training.curve import LogError, write_curves
from mag_sandbox.training.imagination.config import ImaginationTraining
from mag_sandbox.training.memorypack.order import add_options as add_memorypack
from mag_sandbox.training.memorypack.order import order_of
from mag_sandbox.training.pocket.config import PocketTraining
from mag_sandbox.training.recipe.order import STAGES, PrecomputeOrder, RecipeOrder
from mag_sandbox.training.tables.order import add_options as add_tables
from mag_sandbox.training.tables.order import order_of as tables_order_of

CURVES = ("images", "guided images", "views", "guided views", "blocks")  # kinds of steps


class _Parser(argparse.ArgumentParser):
    """Says in one line what is wrong."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {message}; see `{self.prog} --help`\n")


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    top = _Parser(prog="python -m training", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    pocket = commands.add_parser(
        "pocket",
        help="train the pocket world from nothing; resumes exactly where it was stopped",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    _add_pocket(pocket)
    imagination = commands.add_parser(
        "imagination",
        help="train what invents views: codes, sketcher, painter; resumes where it was stopped",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    _add_imagination(imagination)
    for name, text in STAGES.items():
        _add_recipe(commands.add_parser(name, help=text))
    _add_precompute(
        commands.add_parser("precompute", help="videos and prompts, read once for full size")
    )
    add_memorypack(
        commands.add_parser("memorypack", help="MemoryPack's parts: teacher, then Direct Forcing"),
        _positive,
    )
    cost = commands.add_parser("memorypack-cost", help="what a block costs as a session gets long")
    cost.add_argument("--folder", type=Path, required=True, help="where table and picture go")
    add_tables(
        commands.add_parser(
            "tables", help="the paper's tables 3 and 4 in small, a row after another"
        ),
        _positive,
    )
    export = commands.add_parser("export", help="a stage's averaged weights as safetensors")
    export.add_argument("state", type=Path, help="NAME.pt, or NAME.shards of several processes")
    export.add_argument("weights", type=Path, help="file to write")
    texts = commands.add_parser("texts", help="read the library scenes' prompts once, for the game")
    texts.add_argument("folder", type=Path, help="of the weights, where the file is written")
    curve = commands.add_parser("curve", help="draw the loss curves of a run as SVG")
    curve.add_argument("--folder", type=Path, default=PocketTraining().folder, help="of the run")
    curve.add_argument("--picture", type=Path, required=True, help="SVG file to write")
    return top


def _add_pocket(pocket: argparse.ArgumentParser) -> None:
    usual = PocketTraining()
    pocket.add_argument("--folder", type=Path, default=usual.folder, help="state, logs and sheets")
    for name, text in (
        ("panoramas", "scenes to learn from"),
        ("views", "encoded views of each scene"),
        ("autoencoder_steps", "steps of the autoencoder"),
        ("reading_steps", "steps of the text encoder, on captions alone"),
        ("world_steps", "steps of transformer and text encoder"),
        ("image_steps", "how many of these, at first, learn from single frames only"),
        ("guide_from", "world step from which views learn to follow their prompt without guidance"),
        ("generator_steps", "steps of the generator and its critic, by distribution matching"),
        ("decoder_steps", "steps that polish the decoder alone"),
        ("animator_steps", "last steps, of the network that moves pictures"),
    ):
        flag = "--" + name.replace("_", "-")
        pocket.add_argument(flag, type=_positive, default=getattr(usual, name), help=text)
    pocket.add_argument(
        "--generator-rank", type=int, choices=range(193), metavar="RANK",
        default=usual.generator_rank,
        help="of a generator that is distilled from the world; 0: the world invents by itself",
    )  # fmt: skip
    pocket.add_argument("--seed", type=int, default=usual.seed, help="seed of data and noise")
    pocket.add_argument(
        "--init-from", type=Path, help="weights folder to start from, with fresh optimisers"
    )


def _add_imagination(command: argparse.ArgumentParser) -> None:
    usual = ImaginationTraining()
    command.add_argument("--folder", type=Path, default=usual.folder, help="state, logs and sheets")
    command.add_argument("--data", type=Path, default=usual.data, help="drawn rings, 1.5 MB each")
    for name, text in (
        ("rings", "scenes to learn from"),
        ("codes_steps", "steps of the autoencoder of codes"),
        ("sketcher_steps", "steps of the transformer that sketches"),
        ("painter_steps", "steps of the transformer that paints"),
    ):
        flag = "--" + name.replace("_", "-")
        command.add_argument(flag, type=_positive, default=getattr(usual, name), help=text)
    command.add_argument("--seed", type=int, default=usual.seed, help="seed of data and noise")
    command.add_argument(
        "--weights", type=Path, default=usual.weights,
        help="folder of the world, whose latents are painted and whose text encoder reads",
    )  # fmt: skip
    command.add_argument(
        "--init-from", type=Path,
        help="weights folder to start from, with fresh optimisers; its codes stay",
    )  # fmt: skip


def _add_recipe(stage: argparse.ArgumentParser) -> None:
    usual = RecipeOrder("")
    stage.add_argument("--size", choices=("pocket", "full"), default=usual.size)
    stage.add_argument("--folder", type=Path, default=usual.folder, help="state, logs and results")
    stage.add_argument("--preset", help="numbers of another recipe, see docs/training.md")
    stage.add_argument("--steps", type=_positive, help="else the preset's")
    stage.add_argument("--batch", type=_positive, help="videos a step; else the preset's")
    stage.add_argument("--parts", type=_positive, help="in which videos are made, else processes")
    stage.add_argument("--seed", type=int, default=usual.seed, help="seed of data and noise")
    stage.add_argument("--init", type=Path, help="weights to start from, else the stage before's")
    stage.add_argument("--memory", type=Path, help="memory model, else the result of `memory`")
    stage.add_argument("--weights", type=Path, default=usual.weights, help="pocket: the world")
    stage.add_argument("--panoramas", type=_positive, default=usual.panoramas, help="pocket")
    stage.add_argument("--data", type=Path, help="pocket: where panoramas are, else --folder")
    stage.add_argument("--wan", type=Path, help="full: folder of Wan2.1-T2V-1.3B")
    stage.add_argument("--videos", type=Path, help="full: folder made by `precompute`")
    stage.add_argument("--prompts", type=Path, help="full: text file, a prompt a line")
    stage.add_argument("--negative", default=usual.negative, help="full: the teacher's")
    _add_picture_size(stage, usual.height, usual.width)


def _add_precompute(command: argparse.ArgumentParser) -> None:
    command.add_argument("--wan", type=Path, required=True, help="folder of Wan2.1-T2V-1.3B")
    command.add_argument("--folder", type=Path, required=True, help="where the results go")
    command.add_argument("--videos", type=Path, help="folder of videos, captions beside as .txt")
    command.add_argument("--prompts", type=Path, help="text file, a prompt a line")
    command.add_argument("--negative", default="", help="prompt the teacher is guided away from")
    usual = PrecomputeOrder(Path(), Path())
    command.add_argument(
        "--longest", type=_positive, default=usual.longest, help="latent frames of a video"
    )
    _add_picture_size(command, usual.height, usual.width)


def _add_picture_size(command: argparse.ArgumentParser, height: int, width: int) -> None:
    command.add_argument("--height", type=_sixteenths, default=height, help="full: px")
    command.add_argument("--width", type=_sixteenths, default=width, help="full: px")


def _sixteenths(text: str) -> int:
    value = _positive(text)
    if value % 16:
        raise argparse.ArgumentTypeError(f"{value} is not a multiple of 16")
    return value


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is not a positive number")
    return value


def main(arguments: list[str] | None = None) -> int:
    """Run a training command; returns the exit code."""
    options = parser().parse_args(arguments)
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
        commands[options.command](options)
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


def _train(options: argparse.Namespace) -> None:
    from mag_sandbox.model.pocket.weights import read_config  # both import torch
    from mag_sandbox.training.pocket.pipeline import train

    if options.init_from:
        read_config(options.init_from)  # before hours of drawing
    settings = vars(options)
    train(PocketTraining(**{name: settings[name] for name in PocketTraining.__dataclass_fields__}))


def _train_imagination(options: argparse.Namespace) -> None:
    from mag_sandbox.model.imagination.weights import read_imagination_config  # import torch
    from mag_sandbox.model.pocket.weights import read_config
    from mag_sandbox.training.imagination.pipeline import train

    read_config(options.weights)  # before hours of drawing
    if options.init_from:
        read_imagination_config(options.init_from)
    told, names = vars(options), ImaginationTraining.__dataclass_fields__
    train(ImaginationTraining(**{name: told[name] for name in names}))


def _train_stage(options: argparse.Namespace) -> None:
    from mag_sandbox.training.recipe.run import train as train_recipe  # all import torch
    from mag_sandbox.training.sharded import launched

    if options.size == "pocket":
        from mag_sandbox.training.pocket.size import pocket_size as sized
    else:
        from mag_sandbox.training.recipe.full_size import full_size as sized
    told = vars(options)
    names = [name for name in RecipeOrder.__dataclass_fields__ if name not in ("stage", "parts")]
    with launched() as processes:
        order = RecipeOrder(
            options.command,
            parts=options.parts or processes.count,
            **{name: told[name] for name in names},
        )
        with processes.in_turn():  # the first one draws what the others read
            size = sized(order)
        train_recipe(order, size, processes)


def _train_memorypack(options: argparse.Namespace) -> None:
    from mag_sandbox.training.memorypack import run as memorypack  # imports torch

    order = order_of(options)
    sized = memorypack.pocket_size if order.size == "pocket" else memorypack.full_size
    memorypack.train(order, sized(order))


def _train_table(options: argparse.Namespace) -> None:
    from mag_sandbox.training.tables.run import train_table  # imports torch

    train_table(tables_order_of(options))


def _measure_memorypack(options: argparse.Namespace) -> None:
    from mag_sandbox.training.memorypack import cost as memorypack_cost  # imports torch

    rows = memorypack_cost.measure()
    memorypack_cost.write(options.folder, rows)
    sys.stdout.write(memorypack_cost.table(rows) + "\n")


def _export(options: argparse.Namespace) -> None:
    from mag_sandbox.training.export import export  # imports torch

    export(options.state, options.weights)


def _precompute(options: argparse.Namespace) -> None:
    from mag_sandbox.training.recipe.precompute import precompute  # imports torch and diffusers

    told = vars(options)
    precompute(
        PrecomputeOrder(**{name: told[name] for name in PrecomputeOrder.__dataclass_fields__})
    )


def _read_prompts(options: argparse.Namespace) -> None:
    from mag_sandbox.training.pocket.texts import write_scene_texts  # imports torch

    write_scene_texts(options.folder)


def _draw(options: argparse.Namespace) -> None:
    write_curves(options.folder / "log.jsonl", options.picture, CURVES)


if __name__ == "__main__":
    sys.exit(main())
