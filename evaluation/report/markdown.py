"""A report's tables as Markdown, written into a page that people wrote: between two marks.

What stands outside of the marks stays, so one command refreshes the figures of a page of prose.
"""

from collections.abc import Sequence
from pathlib import Path

from mag_sandbox.evaluation.report import tables
from mag_sandbox.evaluation.report.page import templates
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
            row["label"],
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
        found.add("unknown" if value is None and names == ("commit",) else str(value))
    return ", ".join(sorted(found))
