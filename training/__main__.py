"""Command line of training: `python -m training pocket`."""

import argparse
import logging
import sys
from pathlib import Path

from model.world import WorldFailed
from training.loop import TrainingDiverged


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    top = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True)
    pocket = commands.add_parser(
        "pocket",
        help="train the pocket world from nothing; resumes exactly where it was stopped",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    pocket.add_argument("--folder", type=Path, default=Path("runs/pocket"), help="state and logs")
    pocket.add_argument("--stages", default="autoencoder,images,blocks", help="which, in order")
    pocket.add_argument("--panoramas", type=_positive, default=4800, help="scenes to learn from")
    pocket.add_argument("--views", type=_positive, default=10, help="encoded views of each scene")
    pocket.add_argument("--autoencoder-steps", type=_positive, default=5000)
    pocket.add_argument("--image-steps", type=_positive, default=6000)
    pocket.add_argument("--block-steps", type=_positive, default=4000)
    pocket.add_argument("--seed", type=int, default=0)
    pocket.add_argument(
        "--init-from", type=Path, help="weights folder to start from, with fresh optimisers"
    )
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
    from training.pocket import STAGES, PocketTraining, train  # imports torch

    stages = tuple(options.stages.split(","))
    unknown = [stage for stage in stages if stage not in STAGES]
    if unknown:
        sys.stderr.write(f'stage "{unknown[0]}" not found; available: {", ".join(STAGES)}\n')
        return 2
    settings = vars(options)
    training = PocketTraining(
        **{name: settings[name] for name in PocketTraining.__dataclass_fields__}
    )
    try:
        train(training, stages)
    except (WorldFailed, TrainingDiverged, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
