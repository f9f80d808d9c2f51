"""The geometry of a report's charts; the page draws them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

HEIGHT = 280  # px
LEFT, RIGHT, TOP, BOTTOM = 56, 610, 22, 240  # edges of the plot of lines
COLOURS = 5  # of lines, --line-0 to --line-4
DASHES = ("", "7 4", "2 4", "9 3 2 3", "1 0")


@dataclass(frozen=True, slots=True)
class Bar:
    """A value with its interval, beside others; a cited one has none."""

    name: str
    mean: float
    low: float | None
    high: float | None
    top: float  # the largest value beside it
    cited: bool = False

    def share(self, value: float) -> float:
        """Return how long a value is, of the largest."""
        return max(0.0, value) / self.top


def bars_of(ours: Sequence[tuple[str, Mapping]], cited: Sequence[tuple[str, float]]) -> list[Bar]:
    """Return bars of named scores {mean, low, high}, and of cited values below."""
    top = max([1e-9, *(score["high"] for _, score in ours), *(value for _, value in cited)])
    return [
        *(Bar(name, one["mean"], one["low"], one["high"], top) for name, one in ours),
        *(Bar(name, value, None, None, top, cited=True) for name, value in cited),
    ]


def line_chart(rows: Sequence[tuple[str, Sequence[Mapping]]]) -> dict | None:
    """Return named curves of {at_s, recall_percent} over common axes from 0; None: there are none.

    The result holds `x_ticks` and `y_ticks`, {at [px], text}, and `lines`, {name, colour, dash,
    path, points {x, y, said}}.
    """
    if not rows:
        return None
    largest = max([1e-9, *(point["at_s"] for _, curve in rows for point in curve)])
    tick = round_step(largest / 4)
    count = math.ceil(largest / tick)

    def x(seconds: float) -> float:
        return round(LEFT + (RIGHT - LEFT) * seconds / (count * tick), 1)

    def y(percent: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * min(1.0, percent / 100), 1)

    lines = []
    for number, (name, curve) in enumerate(rows):
        points = [
            {
                "x": x(one["at_s"]),
                "y": y(one["recall_percent"]),
                "said": f"{one['recall_percent']:.1f} at {one['at_s']:.2f}",
            }
            for one in curve
        ]
        lines.append(
            {
                "name": name,
                "colour": number % COLOURS,
                "dash": DASHES[number // COLOURS % len(DASHES)],
                "path": "M" + "L".join(f"{point['x']} {point['y']}" for point in points),
                "points": points,
            }
        )
    x_ticks = [{"at": x(step * tick), "text": f"{step * tick:g}"} for step in range(count + 1)]
    y_ticks = [{"at": y(percent), "text": str(percent)} for percent in range(0, 101, 25)]
    return {"x_ticks": x_ticks, "y_ticks": y_ticks, "lines": lines}


def round_step(least: float) -> float:
    """Return the smallest of 1, 2 and 5 times a power of ten that is not below a length."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(one * power for one in (1, 2, 5, 10) if one * power >= least * (1 - 1e-9))
