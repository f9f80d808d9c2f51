"""A report's tables as Markdown, written into a page that people wrote: between two marks.

What stands outside of the marks stays, so one command refreshes the figures of a page of prose.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from mag_sandbox.evaluation.report import tables
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
    figures = "\n".join(figures_of(data))
    replace_file(path, f"{before}{BEGIN}\n{figures}\n{END}{after}")


def figures_of(data: dict) -> Iterator[str]:
    """Yield the lines of all tables."""
    yield f"\n{tables.headline(data)}"
    yield from _made(data)
    compared = [row for row in data["rows"] if row["row"].get("mode") in tables.MODES]
    yield from (f"\n{note}" for note in (tables.notes(compared) if compared else ()))
    for mode, title in tables.MODES.items():
        rows = tables.rows_of(data, mode)
        if rows:
            cited = [one for one in data["cited"]["mag_bench"] if one["mode"] == mode]
            yield f"\n## Return: {title}\n\n{tables.MEANS[mode]}\n"
            yield from _mode(rows, tables.column_names(rows), cited)
    if rested := tables.rest_rows(data):
        yield f"\n## {tables.REST.capitalize()}\n\n{tables.REST_MEANS}\n"
        yield from _mode(rested, tables.rest_columns(rested), ())
    yield from _curve(data["rows"])
    yield from _imagination(data["rows"])


def _made(data: dict) -> Iterator[str]:
    for part in data["folders"]:
        runs = part["runs"]
        commits = ", ".join(sorted({run.get("commit") or "unknown" for run in runs}))
        cores = ", ".join(sorted({str(run.get("cores")) for run in runs}))
        weights = ", ".join(sorted({str(run.get("world", {}).get("weights")) for run in runs}))
        seed = part["settings"].get("seed")
        yield f"Seed {seed}; commit {commits}; weights {weights}; processor cores {cores}."


def _mode(rows: Sequence[dict], names: Sequence[str], cited: Sequence[dict]) -> Iterator[str]:
    yield from _table(
        ["", *(tables.COLUMNS[name][0] for name in names), "clips"],
        [
            *(
                [
                    row["label"],
                    *(_cell(row, name) for name in names),
                    f"{row['clips'] - row['refused']}/{row['clips']}",
                ]
                for row in rows
            ),
            *(
                [
                    f"*{one['method']}, cited*",
                    *(f"{one[n]:.{tables.COLUMNS[n][1]}f}" if n in one else "" for n in names),
                    "176",
                ]
                for one in cited
            ),
        ],
    )


def _cell(row: dict, name: str) -> str:
    one = tables.cell(row, name)
    said = f"{one.said} [{one.interval.replace(' to ', ', ')}]" if one.interval else one.said
    said += f" {one.note}" if one.note else ""
    return f"{said}; {one.apart}" if one.verdict else said


def _curve(rows: Sequence[dict]) -> Iterator[str]:
    known = [row for row in rows if len(row["curve"]) > 1]
    if known:
        yield "\n## Recall against time away\n"
        for row in known:
            points = ", ".join(
                f"{one['recall_percent']:.0f}% after {one['at_s']:.1f} s" for one in row["curve"]
            )
            yield f"- {row['label']}, {tables.MODES[row['row']['mode']]}: {points}."


def _imagination(rows: Sequence[dict]) -> Iterator[str]:
    distances = tables.frechet_lines(rows)
    if distances:
        yield "\n## Frechet distance of what is invented\n"
        yield from (f"- {name}: {said}." for name, said in distances)
    for row in rows:
        if row["objects"]:
            yield f"\n## {tables.object_title(row)}\n"
            yield from _table(tables.OBJECT_HEADING, tables.object_rows(row))
    for row in rows:
        if row["bench"] == "prompts":
            yield f"\n## What captions ask for: {row['label']}\n"
            heading = ["named", "found", "found in the renderer's", "pictures"]
            yield from _table(heading, tables.prompt_rows(row))


def _table(heading: Sequence[str], lines: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heading)} |"
    yield f"|{'---|' * len(heading)}"
    yield from (f"| {' | '.join(line)} |" for line in lines)
