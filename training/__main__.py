"""Command line of training: `python -m training pocket|curve`."""

import argparse
import logging
import sys
from pathlib import Path
from typing import NoReturn

from model.world import WorldFailed
from training.config import PocketTraining
from training.curve import LogError, write_curves

CURVES = ("images", "views", "guided views", "blocks")  # kinds of steps


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
    usual = PocketTraining()
    pocket.add_argument("--folder", type=Path, default=usual.folder, help="state, logs and sheets")
    for name, text in (
        ("panoramas", "scenes to learn from"),
        ("views", "encoded views of each scene"),
        ("autoencoder_steps", "steps of the autoencoder"),
        ("world_steps", "steps of transformer and text encoder"),
        ("image_steps", "how many of these, at first, learn from single frames only"),
        ("guide_from", "world step from which views learn to follow their prompt without guidance"),
        ("decoder_steps", "last steps, which polish the decoder alone"),
    ):
        flag = "--" + name.replace("_", "-")
        pocket.add_argument(flag, type=_positive, default=getattr(usual, name), help=text)
    pocket.add_argument("--seed", type=int, default=usual.seed, help="of data and noise")
    pocket.add_argument(
        "--init-from", type=Path, help="weights folder to start from, with fresh optimisers"
    )
    texts = commands.add_parser("texts", help="read the library scenes' prompts once, for the game")
    texts.add_argument("folder", type=Path, help="of the weights, where the file is written")
    curve = commands.add_parser("curve", help="draw the loss curves of a run as SVG")
    curve.add_argument("--folder", type=Path, default=usual.folder, help="of the run")
    curve.add_argument("--picture", type=Path, required=True, help="SVG file to write")
    return top


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is not a positive number")
    return value


def main(arguments: list[str] | None = None) -> int:
    """Run a training command; returns the exit code."""
    options = parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    commands = {"pocket": _train, "curve": _draw, "texts": _read_prompts}
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
    from model.weights import read_config  # both import torch
    from training.pocket import train

    if options.init_from:
        read_config(options.init_from)  # before hours of drawing
    settings = vars(options)
    train(PocketTraining(**{name: settings[name] for name in PocketTraining.__dataclass_fields__}))


def _read_prompts(options: argparse.Namespace) -> None:
    from training.texts import write_scene_texts  # imports torch

    write_scene_texts(options.folder)


def _draw(options: argparse.Namespace) -> None:
    write_curves(options.folder / "log.jsonl", options.picture, CURVES)


if __name__ == "__main__":
    sys.exit(main())
