"""Measures worlds: `python -m evaluation pocket|imagination|walks|magbench|...`."""

import sys
from collections.abc import Mapping
from functools import partial

from mag_sandbox.command_line import OneLineParser, Subcommand, add_commands
from mag_sandbox.evaluation import options
from mag_sandbox.files.border import Refusal
from mag_sandbox.process import configure_logging, run_command

COMMANDS: Mapping[str, Subcommand] = {
    "pocket": Subcommand(
        "measure what a world paints and how it moves",
        options.PocketOptions, "evaluation.quality.pocket:run_pocket",
    ),
    "walks": Subcommand(
        "does a picture last, wherever a player goes",
        options.WalkOptions, "evaluation.imagination.walks:run_walks",
    ),
    "imagination": Subcommand(
        "score how recognisable invented objects are",
        options.ImaginationOptions, "evaluation.imagination.bar:run_imagination",
    ),
    "viewpoints": Subcommand(
        "do scenes keep their look while a player walks",
        options.ViewpointOptions, "evaluation.imagination.viewpoints:run_viewpoints",
    ),
    "enlarging": Subcommand(
        "how crisp are pictures in a window",
        options.EnlargingOptions, "evaluation.quality.enlarging:run_enlarging",
    ),
    "magbench": Subcommand(
        "continue clips of MAG-Bench and compare",
        options.MagBenchOptions, "evaluation.magbench.evaluate:run_magbench",
    ),
    "reconstruction": Subcommand(
        "measure what full-size memory models rebuild",
        options.ReconstructionOptions, "evaluation.magbench.reconstruction:run_reconstruction",
    ),
    "vbench": Subcommand(
        "write samples for VBench, and measure them",
        options.VBenchOptions, "evaluation.vbench.command:run_vbench",
    ),
    "report": Subcommand(
        "make a page of results", options.ReportOptions, "evaluation.report.page:run_report"
    ),
    "leaderboard": Subcommand(
        "make a table of benchmark results",
        options.LeaderboardOptions, "evaluation.leaderboard.page:run_leaderboard",
    ),
    "train-judge": Subcommand(
        "train the judge on renderer views",
        options.JudgeOptions, "evaluation.judge.training:run_judge_training",
    ),
    "train-close-look": Subcommand(
        "train the judge's close look on things of renders",
        options.CloseLookOptions, "evaluation.judge.close_training:run_close_training",
    ),
}  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Run a command: 0 when it measured, whatever it found, 2 when it could not."""

    def run() -> int:
        parser = OneLineParser(prog="python -m evaluation", description=__doc__)
        add_commands(parser, COMMANDS)
        parsed = parser.parse_args(arguments)
        try:
            parsed.run(parsed, partial(print, flush=True))
        except (ValueError, OSError) as error:
            raise Refusal(str(error)) from error
        return 0

    return run_command(run)


if __name__ == "__main__":
    configure_logging()
    sys.exit(main())
