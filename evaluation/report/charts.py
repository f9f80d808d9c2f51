"""Charts of a report as SVG text. Colours are CSS variables, so the page decides about them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, ROW_HEIGHT, HEIGHT = 860, 30, 280  # px
LEFT, RIGHT, TOP, BOTTOM = 56, 250, 22, 40  # px around a plot
NAMES, VALUES = 300, 140  # px for the names of bars, and for what they say
COLOURS = 5  # of lines, --line-0 to --line-4
DASHES = ("", "7 4", "2 4", "9 3 2 3", "1 0")


@dataclass(frozen=True, slots=True)
class Bar:
    """A value with its interval; a cited one has none."""

    name: str
    mean: float
    low: float | None
    high: float | None
    cited: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A row of points (x, y)."""

    name: str
    points: tuple[tuple[float, float], ...]


def bars(values: Sequence[Bar], unit: str) -> str:
    """Return bars under each other, from 0 to the largest value."""
    top = max([1e-9, *(bar.high or bar.mean for bar in values)])
    room = WIDTH - NAMES - VALUES
    parts = []
    for place, bar in enumerate(values):
        y = TOP + place * ROW_HEIGHT
        length = max(0.0, room * bar.mean / top)
        kind = "bar cited" if bar.cited else "bar"
        parts.append(_text(NAMES - 10, y + 15, bar.name, "end"))
        parts.append(
            f'<rect class="{kind}" x="{NAMES}" y="{y}" width="{length:.1f}" height="20" rx="3"/>'
        )
        end = NAMES + length
        if bar.low is not None and bar.high is not None:
            low, high = (NAMES + room * max(0.0, value) / top for value in (bar.low, bar.high))
            parts.append(
                f'<path class="whisker" d="M{low:.1f} {y + 10}H{high:.1f}M{low:.1f} {y + 5}v10'
                f'M{high:.1f} {y + 5}v10"/>'
            )
            end = max(end, high)
        said = f"{bar.mean:.2f} {unit}".strip()
        parts.append(_text(end + 8, y + 15, f"{said} (cited)" if bar.cited else said, "start"))
    return _svg(WIDTH, TOP + len(values) * ROW_HEIGHT + 4, parts)


def lines(rows: Sequence[Line], x_label: str, y_label: str, y_top: float) -> str:
    """Return lines over a common axis that begins at 0."""
    largest = max([1e-9, *(x for row in rows for x, _ in row.points)])
    tick = _round_step(largest / 4)
    right = tick * math.ceil(largest / tick)
    parts = []
    for step in range(5):
        value, y = y_top * step / 4, _y(step / 4)
        parts.append(f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>')
        parts.append(_text(LEFT - 8, y + 4, f"{value:g}", "end"))
    for step in range(round(right / tick) + 1):
        at = _x(step * tick / right)
        parts.append(_text(at, HEIGHT - BOTTOM + 16, f"{step * tick:g}", "middle"))
    parts.append(_text(LEFT, TOP - 9, y_label, "start"))
    parts.append(_text(WIDTH - RIGHT, HEIGHT - 6, x_label, "end"))
    for number, row in enumerate(rows):
        parts += _line(number, row, right, y_top)
    return _svg(WIDTH, max(HEIGHT, TOP + 18 * len(rows) + 10), parts)


def _round_step(least: float) -> float:
    """Return the smallest of 1, 2 and 5 times a power of ten that is not below a length."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(one * power for one in (1, 2, 5, 10) if one * power >= least * (1 - 1e-9))


def _line(number: int, row: Line, right: float, top: float) -> list[str]:
    colour, dash = f"var(--line-{number % COLOURS})", DASHES[number // COLOURS % len(DASHES)]
    places = [(_x(x / right), _y(min(1.0, y / top))) for x, y in row.points]
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    parts = [
        f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2" '
        f'stroke-dasharray="{dash}"/>'
    ]
    for (x, y), (at, value) in zip(places, row.points, strict=True):
        told = escape(f"{row.name}: {value:.1f} at {at:.2f}")
        parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"><title>{told}</title>'
            "</circle>"
        )
    y = TOP + 8 + 18 * number
    x = WIDTH - RIGHT + 12
    parts.append(
        f'<path d="M{x} {y}h18" stroke="{colour}" stroke-width="3" stroke-dasharray="{dash}"/>'
    )
    parts.append(_text(x + 24, y + 4, row.name, "start"))
    return parts


def _x(share: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * share


def _y(share: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _svg(width: int, height: int, parts: Sequence[str]) -> str:
    return f'<svg viewBox="0 0 {width} {height}" role="img">{"".join(parts)}</svg>'
