"""The leaderboard as a table in `docs/` and as one page that needs nothing else.

Both are made from the result files alone, so anybody can make them again; a test does.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import takewhile

from mag_sandbox.evaluation.leaderboard.board import (
    ENOUGH,
    BoardGroup,
    BoardRow,
    Curve,
    Life,
    protocol,
    read_board,
)
from mag_sandbox.evaluation.lookback.tasks import TASKS
from mag_sandbox.evaluation.options import LeaderboardOptions
from mag_sandbox.evaluation.results.cited import MAG_BENCH, SOURCE
from mag_sandbox.evaluation.results.intervals import interval_text
from mag_sandbox.evaluation.results.markdown import link, templates
from mag_sandbox.files.whole import replace_file

WIDTH, HEIGHT = 860, 360  # px
LEFT, RIGHT, TOP, BOTTOM = 56, 600, 26, 312  # edges of a plot
COLOURS = 5  # --line-0 to --line-4
SHAPES = 3  # circle, square, diamond: with the colours, fifteen rows are told apart
Tick = tuple[float, str]  # px, text
Placing = Callable[[float], float]  # value -> px


@dataclass(frozen=True, slots=True)
class Dot:
    """A row on a plot."""

    name: str
    tooltip: str  # when pointed at
    look: tuple[int, int]  # colour, shape
    points: tuple[tuple[float, float], ...]  # px
    span: tuple[float, float] | None = None  # px from top to bottom that an interval covers
    beyond: bool = False  # the value lies above the plot: an arrow says so


@dataclass(frozen=True, slots=True)
class Plot:
    """Axes and rows."""

    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    dots: tuple[Dot, ...]


def looks(rows: Sequence[BoardRow]) -> dict[str, tuple[int, int]]:
    """Return the colour and shape of each row by its file, the same on all plots."""
    return {
        row.file: (place % COLOURS, place // COLOURS % SHAPES) for place, row in enumerate(rows)
    }


def life_plot(rows: Sequence[BoardRow]) -> Plot | None:
    """Return half-life against the MiB of memory; None: no row has both.

    The axis of bytes is logarithmic, after a zero. A half-life longer than any view was away is
    drawn at that limit, with an arrow.
    """
    known = [row for row in rows if row.takes is not None and row.life.longest]
    if not known:
        return None
    look = looks(rows)
    top = max(max(row.life.longest, row.life.high or 0.0) for row in known)
    y_ticks, y = _axis(top * 1.05, BOTTOM, TOP)
    most = max(row.takes or 0.0 for row in known)
    marks = [0.0, *takewhile(lambda mib: mib < 4 * most, (4.0**power for power in range(16)))]
    marks = marks if len(marks) > 1 else [0.0, 1.0]

    def x(mib: float) -> float:
        return round(LEFT + (RIGHT - LEFT) * math.log2(1 + mib) / math.log2(1 + marks[-1]), 1)

    x_ticks = tuple((x(mib), f"{mib:g}") for mib in marks)
    dots = []
    for row in known:
        life = row.life
        at = life.longest if life.mean is None else life.mean
        low = None if life.low is None else y(life.low)
        span = None if low is None else (y(life.longest if life.high is None else life.high), low)
        tooltip = f"longer than {life.longest:.1f} s" if life.mean is None else f"{life.mean:.1f} s"
        dots.append(
            Dot(
                row.label,
                f"{row.label}: {tooltip}, {row.takes:.1f} MiB, {row.clips} clips",
                look[row.file],
                ((x(row.takes or 0.0), y(at)),),
                span,
                beyond=life.mean is None,
            )
        )
    return Plot(x_ticks, y_ticks, tuple(dots))


def likeness_plot(rows: Sequence[BoardRow]) -> Plot | None:
    """Return PSNR at equal pose against the time a view was away; None: it was the same for all."""
    curves = [(row, row.likeness) for row in rows if row.likeness]
    if all(len(curve) == 1 for _, curve in curves):
        return None
    return _curves(rows, curves, "dB")


def recall_plot(rows: Sequence[BoardRow]) -> Plot | None:
    """Return recall of frames against the time since they were seen; None: no view came back."""
    curves = [(row, row.recall) for row in rows if row.recall]
    return _curves(rows, curves, "percent") if curves else None


def _curves(rows: Sequence[BoardRow], curves: Sequence[tuple[BoardRow, Curve]], unit: str) -> Plot:
    look = looks(rows)
    x_ticks, x = _axis(max(away for _, curve in curves for away, _ in curve), LEFT, RIGHT)
    y_ticks, y = _axis(max(value for _, curve in curves for _, value in curve), BOTTOM, TOP)
    dots = []
    for row, curve in curves:
        tooltip = ", ".join(f"{value:.1f} {unit} after {away:.1f} s" for away, value in curve)
        points = tuple((x(away), y(value)) for away, value in curve)
        dots.append(Dot(row.label, f"{row.label}: {tooltip}", look[row.file], points))
    return Plot(x_ticks, y_ticks, tuple(dots))


def _axis(top: float, begin: float, end: float) -> tuple[tuple[Tick, ...], Placing]:
    """Return ticks from 0 to a round value, and the function from values to places [px]."""
    tick = round_step(max(top, 1e-6) / 5)
    whole = tick * math.ceil(max(top, 1e-6) / tick - 1e-9)

    def at(value: float) -> float:
        return round(begin + (end - begin) * value / whole, 1)

    count = round(whole / tick)
    return tuple((at(step * tick), f"{step * tick:g}") for step in range(count + 1)), at


def round_step(least: float) -> float:
    """Return the smallest of 1, 2 and 5 times a power of ten that is not below a length."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(one * power for one in (1, 2, 5, 10) if one * power >= least * (1 - 1e-9))


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
    """Write or check `DIR.md` and `DIR.html`, or raise ValueError if results do not say so."""
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
