"""The options of `demo`; what it plays with is imported when it runs."""

import argparse
from pathlib import Path

from mag_sandbox.model.loading import available_policies, available_worlds
from mag_sandbox.sandbox.option_values import seed, whole
from mag_sandbox.scenes import available_demos

VIDEOS = ("mp4", "gif")  # what the video of a comparison may be
MAX_RUNS = 1000


def add_demo(commands: argparse._SubParsersAction) -> argparse.ArgumentParser:
    """Add the subcommand to the command line; what it runs is for the caller to say."""
    demo = commands.add_parser(
        "demo", help="play a camera script and measure what is remembered", allow_abbrev=False
    )
    demo.add_argument(
        "demo",
        nargs="?",
        metavar="NAME|FILE",
        help=f"a YAML file or one of {', '.join(available_demos())}",
    )
    demo.add_argument("--list", action="store_true", help="list the demos")
    demo.add_argument("--headless", action="store_true", help="no window; as fast as possible")
    demo.add_argument(
        "--out", type=Path, metavar="DIR", help="a new folder for result, table and recording"
    )
    demo.add_argument("--world", default="pocket", help=f"one of {', '.join(available_worlds())}")
    demo.add_argument(
        "--memory",
        metavar="POLICY",
        help=f"one of {', '.join(available_policies())}; with limits: 'window 8 blocks'",
    )
    many = demo.add_mutually_exclusive_group()
    many.add_argument(
        "--seed", type=seed, help="a number; each makes another world from the same description"
    )
    many.add_argument("--seeds", type=_seeds, metavar="A..B", help="one run with each seed")
    demo.add_argument(
        "--repeat", type=whole(1, MAX_RUNS), metavar="N", help="repeat each run N times"
    )
    demo.add_argument(
        "--compare",
        metavar="A,B",
        help="policies or worlds ('world mag') that play the same script",
    )
    demo.add_argument(
        "--video",
        choices=VIDEOS,
        default="mp4",
        help="format of the comparison's video (default mp4)",
    )
    demo.add_argument(
        "--from",
        dest="recording",
        type=Path,
        metavar="RECORDING",
        help="turn a recording into a demo and write it to FILE",
    )
    return demo


def _seeds(text: str) -> range:
    first, dots, last = text.partition("..")
    if not dots:
        raise argparse.ArgumentTypeError(f'"{text}" is not two seeds with .. between, as 0..4')
    seeds = range(seed(first), seed(last) + 1)
    if not seeds:
        raise argparse.ArgumentTypeError(f'"{text}" has its last seed before its first')
    if len(seeds) > MAX_RUNS:
        raise argparse.ArgumentTypeError(f'"{text}" is more than {MAX_RUNS} seeds')
    return seeds
