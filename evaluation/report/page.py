"""A report as one HTML page that needs nothing else, and as Markdown within a page of prose.

The HTML has no script, font or file beside it. The Markdown goes between two marks of a page that
people wrote; the text outside of them stays, so one command refreshes its figures.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mag_sandbox.command_line import Say
from mag_sandbox.evaluation.options import ReportOptions
from mag_sandbox.evaluation.report import data as report
from mag_sandbox.evaluation.results.markdown import plain, templates
from mag_sandbox.files.pictures import jpeg_address, read_picture
from mag_sandbox.files.whole import replace_file

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
QUALITY = 88  # of JPEG


def run_report(options: ReportOptions, say: Say) -> None:
    """Write the page, and beside it the same as JSON."""
    data = report.report_data(options.folders)
    html = options.html or options.folders[0] / "report.html"
    html.parent.mkdir(parents=True, exist_ok=True)
    text = page(data)
    for row in data["rows"]:  # the page holds the pictures; their folders are private
        for one in (*row["pictures"]["best"], *row["pictures"]["worst"]):
            one["path"] = Path(one["path"]).name
    for path, content in ((html, text), (html.with_suffix(".json"), json.dumps(data, indent=1))):
        replace_file(path, content + "\n")
        say(str(path))
    if options.markdown is not None:
        write_markdown(options.markdown, data)
        say(str(options.markdown))


def page(data: dict[str, Any]) -> str:
    """Return the HTML page of `report_data`."""
    template = templates("report", html=True).get_template("page.html")
    return template.render(
        data=data,
        report=report,
        sections=report.sections(data),
        picture=_data_address,
        made=_made(data),
    )


def write_markdown(path: Path, data: dict[str, Any]) -> None:
    """Put the figures of `report_data` into a page; a page that is not there is begun.

    Raises:
        ValueError: the page lacks a mark, or has them in the wrong order.
    """
    text = path.read_text(encoding="utf-8") if path.exists() else f"# Results\n\n{BEGIN}\n{END}\n"
    before, mark, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not mark or not end:
        raise ValueError(f'{path} lacks the lines "{BEGIN}" and "{END}", between which figures go')
    template = templates("report", html=False).get_template("figures.md")
    figures = template.render(
        data=data, report=report, sections=report.sections(data), lines_of=_lines, values=_values
    )
    replace_file(path, f"{before}{BEGIN}\n{figures.rstrip()}\n{END}{after}")


def _lines(section: report.Section) -> tuple[list[str], list[list[str]]]:
    heading = ["", *map(report.heading, section.columns), "clips"]
    lines = [
        [
            plain(row["label"]),
            *(_cell(report.cell(row, name)) for name in section.columns),
            f"{row['clips'] - row['refused']}/{row['clips']}",
        ]
        for row in section.rows
    ]
    lines += [
        [f"*{one['method']}, cited*", *(report.cited_cell(one, n) for n in section.columns), ""]
        for one in section.cited
        if "mode" in one
    ]
    return heading, lines


def _cell(one: report.Cell) -> str:
    text = f"{one.text} [{one.interval.replace(' to ', ', ')}]" if one.interval else one.text
    return f"{text}; {one.apart}" if one.verdict else text


def _values(runs: Sequence[dict[str, Any]], *names: str) -> str:
    found = set()
    for run in runs:
        value: object = run
        for name in names:
            value = value.get(name) if isinstance(value, dict) else None
        found.add("unknown" if value is None and names == ("commit",) else plain(value))
    return ", ".join(sorted(found))


def _made(data: dict[str, Any]) -> dict[str, dict[str, Any]]:
    made = {"this report": data["made"]}
    for part in data["folders"]:
        made[f"{part['folder']}: settings"] = part["settings"]
        for number, run in enumerate(part["runs"], 1):
            made[f"{part['folder']}: run {number}"] = run
    return made


def _data_address(path: str) -> str:
    return jpeg_address(read_picture(Path(path)), QUALITY)
