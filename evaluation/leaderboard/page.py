"""The leaderboard as a table in `docs/` and as one page that needs nothing else.

Both are made from the result files alone, so anybody can make them again; a test does.
"""

from collections.abc import Callable
from dataclasses import asdict

from mag_sandbox.evaluation.leaderboard.board import (
    ENOUGH,
    BoardGroup,
    BoardRow,
    Life,
    protocol,
    read_board,
)
from mag_sandbox.evaluation.leaderboard.plots import life_plot, likeness_plot, looks, recall_plot
from mag_sandbox.evaluation.lookback.tasks import TASKS
from mag_sandbox.evaluation.options import LeaderboardOptions
from mag_sandbox.evaluation.results.cited import MAG_BENCH, SOURCE
from mag_sandbox.evaluation.results.intervals import interval_text
from mag_sandbox.evaluation.results.markdown import link, templates
from mag_sandbox.files.whole import replace_file

HEADING = (
    "", "score", "PSNR after a return, dB", "half-life, s", "kept, MiB", "dB per MiB", "obedience",
    "walk, loop, past", "clips",
)  # fmt: skip
WALKS = tuple(task.name for task in TASKS.values() if task.walks)


def markdown(groups: tuple[BoardGroup, ...]) -> str:
    """Return the table with its explanation."""
    return _rendered("page.md", groups)


def page(groups: tuple[BoardGroup, ...]) -> str:
    """Return the page as HTML text."""
    return _rendered("page.html", groups)


def _rendered(template: str, groups: tuple[BoardGroup, ...]) -> str:
    pages = templates("leaderboard", html=template.endswith(".html"))
    text = pages.get_template(template).render(
        groups=groups,
        protocol=protocol(),
        heading=HEADING,
        cells=cells,
        task_cells=task_cells,
        link=link,
        cited=[asdict(one) for one in MAG_BENCH if one.mode == "history"],
        source=SOURCE,
        enough=ENOUGH,
        few=any(row.is_few for group in groups for row in group.rows),
        looks=looks,
        life_plot=life_plot,
        likeness_plot=likeness_plot,
        recall_plot=recall_plot,
    )
    return text.rstrip() + "\n"


def cells(row: BoardRow) -> list[str]:
    """Return the cells of a row without its name."""
    return [
        interval_text(row.score, 1),
        interval_text(row.psnr, 1),
        life_text(row.life),
        "-" if row.mib is None else f"{row.mib:.1f}",
        interval_text(row.gain, 2),
        "-" if row.obedience is None else f"{row.obedience.mean:.2f}",
        ", ".join(task_cells(row, WALKS)) if row.tasks.keys() & WALKS else "not walked",
        f"{row.clips}{'*' if row.is_few else ''}"
        + (f", {row.refused} refused" if row.refused else ""),
    ]


def task_cells(row: BoardRow, tasks: tuple[str, ...]) -> list[str]:
    """Return the score of each task."""
    return [interval_text(row.tasks.get(task), 0) for task in tasks]


def life_text(life: Life) -> str:
    """Return a half-life with its interval."""
    if not life.longest:
        return "-"
    longer = f"> {life.longest:.1f}"
    mean, low, high = (
        longer if one is None else f"{one:.1f}" for one in (life.mean, life.low, life.high)
    )
    return mean if mean == low == high == longer else f"{mean} [{low}, {high}]"


def run_leaderboard(options: LeaderboardOptions, say: Callable[[str], None]) -> None:
    """Write `DIR.md` and `DIR.html`, or check that they are up to date.

    Raises:
        ValueError: a result cannot be read, or the written pages do not follow from them.
    """
    groups = read_board(options.folder)
    texts = {".md": markdown(groups), ".html": page(groups)}
    for suffix, text in texts.items():
        path = options.folder.with_suffix(suffix)
        if not options.check:
            replace_file(path, text)
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            again = f"python -m mag_sandbox.evaluation leaderboard {options.folder}"
            raise ValueError(f"{path} is not what the results say; make it with `{again}`")
        say(str(path))
