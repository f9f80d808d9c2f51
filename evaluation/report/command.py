"""The command line of reports: folders of results in, one page and its numbers out."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

from mag_sandbox.evaluation.report.data import report_data
from mag_sandbox.evaluation.report.page import page, write_markdown
from mag_sandbox.files.whole import replace_file


def add_report(commands: argparse._SubParsersAction, say: Callable[[str], None]) -> None:
    """Add `report` to the command line."""
    parser = commands.add_parser("report", help="make a page of results")
    parser.add_argument(
        "folders", nargs="+", type=Path, metavar="DIR", help="a folder given as --out"
    )
    parser.add_argument("--html", type=Path, metavar="FILE", help="(report.html in the first DIR)")
    parser.add_argument(
        "--markdown",
        type=Path,
        metavar="FILE",
        help="also write the tables into this Markdown page",
    )
    parser.set_defaults(run=lambda options: run_report(options, say))


def run_report(options: argparse.Namespace, say: Callable[[str], None]) -> int:
    """Write the page, and beside it the same as JSON.

    Raises:
        ValueError: there is nothing to report.
    """
    data = report_data(options.folders)
    html = options.html or options.folders[0] / "report.html"
    html.parent.mkdir(parents=True, exist_ok=True)
    text = page(data)
    for row in data["rows"]:  # pictures are in the page; where they lay is nobody's affair
        for one in (*row["pictures"]["best"], *row["pictures"]["worst"]):
            one["path"] = Path(one["path"]).name
    for path, content in ((html, text), (html.with_suffix(".json"), json.dumps(data, indent=1))):
        replace_file(path, content + "\n")
        say(str(path))
    if options.markdown is not None:
        write_markdown(options.markdown, data)
        say(str(options.markdown))
    return 0
