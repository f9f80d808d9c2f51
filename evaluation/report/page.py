"""A report as one HTML page that needs nothing else, or as Markdown within a page of prose.

The HTML has no script, no font and no file beside it. The Markdown goes between two marks of a page
that people wrote: what stands outside of them stays, so one command refreshes its figures.
"""

import base64
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path

from jinja2 import Environment, PackageLoader
from PIL import Image

from mag_sandbox.evaluation.options import ReportOptions
from mag_sandbox.evaluation.report import tables
from mag_sandbox.evaluation.report.charts import Bar, bars_of, line_chart
from mag_sandbox.evaluation.report.data import report_data
from mag_sandbox.evaluation.results.markdown import plain
from mag_sandbox.files.pictures import read_picture
from mag_sandbox.files.whole import replace_file

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


def write_markdown(path: Path, data: dict) -> None:
    """Put the figures of `report_data` into a page; a page that is not there is begun.

    Raises:
        ValueError: the page lacks a mark, or has them in the wrong order.
    """
    text = path.read_text(encoding="utf-8") if path.exists() else f"# Results\n\n{BEGIN}\n{END}\n"
    before, mark, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not mark or not end:
        raise ValueError(f'{path} lacks the lines "{BEGIN}" and "{END}", between which figures go')
    figures = figures_of(data).rstrip()
    replace_file(path, f"{before}{BEGIN}\n{figures}\n{END}{after}")


def figures_of(data: dict) -> str:
    """Return all tables as text."""
    sections = tables.sections(data)
    return (
        templates(html=False)
        .get_template("figures.md")
        .render(
            data=data,
            tables=tables,
            sections=sections,
            notes=tables.notes(tables.compared(data)),
            curves=tables.curved(data["rows"]),
            lines_of=_lines,
            told=_told,
        )
    )


def _lines(section: tables.Section) -> tuple[list[str], list[list[str]]]:
    heading = ["", *(tables.COLUMNS[name][0] for name in section.columns), "clips"]
    ours = [
        [
            plain(row["label"]),
            *(_cell(row, name) for name in section.columns),
            f"{row['clips'] - row['refused']}/{row['clips']}",
        ]
        for row in section.rows
    ]
    cited = [
        [
            f"*{one['method']}, cited*",
            *(tables.cited_cell(one, name) for name in section.columns),
            "176",
        ]
        for one in section.cited
    ]
    return heading, [*ours, *cited]


def _cell(row: dict, name: str) -> str:
    one = tables.cell(row, name)
    said = f"{one.said} [{one.interval.replace(' to ', ', ')}]" if one.interval else one.said
    said += f" {one.note}" if one.note else ""
    return f"{said}; {one.apart}" if one.verdict else said


def _told(runs: Sequence[dict], *names: str) -> str:
    """Return what runs say under a name, each once."""
    found = set()
    for run in runs:
        value: object = run
        for name in names:
            value = value.get(name) if isinstance(value, dict) else None
        found.add("unknown" if value is None and names == ("commit",) else plain(value))
    return ", ".join(sorted(found))


QUALITY = 88  # of JPEG


def templates(*, html: bool) -> Environment:
    """Return the templates of reports; those of HTML escape every word by themselves."""
    loader = PackageLoader("mag_sandbox.evaluation", "report")
    pages = Environment(loader=loader, autoescape=html, trim_blocks=True, lstrip_blocks=True)
    pages.filters["plain"] = plain
    return pages


def page(data: dict) -> str:
    """Return the page of `report_data`."""
    return (
        templates(html=True)
        .get_template("page.html")
        .render(
            data=data,
            tables=tables,
            sections=tables.sections(data),
            curves=line_chart(
                [(_line_name(row), row["curve"]) for row in tables.curved(data["rows"])]
            ),
            compression=_compression(data),
            picture=_data_address,
            made=_made(data),
        )
    )


def _line_name(row: dict) -> str:
    of = row["row"]
    return ", ".join(filter(None, (of.get("memory", row["label"]), of.get("mode"), of.get("away"))))


def _compression(data: dict) -> list[Bar]:
    """Return how well was remembered what the truth was fed into, by how much was kept of it."""
    scored = [
        (row, row["scores"]["compression"]["mean"])
        for row in tables.rows_of(data, "truth")
        if row["scores"].get("compression") and row["scores"].get("pose_psnr_db")
    ]
    values = [
        (f"{row['label']}: {times:.1f} times", row["scores"]["pose_psnr_db"])
        for row, times in sorted(scored, key=lambda one: one[1])
    ]
    cited = [
        (f"memory model, blocks of {one['ratio']}", one["psnr_db"])
        for one in data["cited"]["compression"]
    ]
    return bars_of(values, cited if values else [])


def _made(data: dict) -> dict[str, dict]:
    """Return what is known of how the results were made, by what it is."""
    made = {"this report": data["made"]}
    for part in data["folders"]:
        made[f"{part['folder']}: settings"] = part["settings"]
        for number, run in enumerate(part["runs"], 1):
            made[f"{part['folder']}: run {number}"] = run
    return made


def _data_address(path: str) -> str:
    """Return a picture as JPEG, good enough for eyes and a fifth of the bytes."""
    kept = io.BytesIO()
    picture = Image.fromarray(read_picture(Path(path)))
    picture.save(kept, "JPEG", quality=QUALITY, subsampling=0)
    return f"data:image/jpeg;base64,{base64.b64encode(kept.getvalue()).decode()}"


def run_report(options: ReportOptions, say: Callable[[str], None]) -> None:
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
