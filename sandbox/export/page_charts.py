"""The geometry of the charts of a session's page, in px; the page draws them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mag_sandbox.model.world import SegmentKind
from mag_sandbox.sandbox.play.pacing import percentile

WIDTH, HEIGHT = 760, 250  # px
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 14, 44  # px around the plot
MOST_POINTS = 600  # of a curve: more cannot be seen


@dataclass(frozen=True, slots=True)
class ReturnMark:
    """One comparison on a chart."""

    second: float
    value: float  # recall [percent], or likeness [dB]
    word: str  # of `Word`
    text: str  # shown when pointed at


@dataclass(frozen=True, slots=True)
class MemoryPoint:
    """The memory after one block."""

    second: float
    kept: Mapping[SegmentKind, float]  # by kind [MiB or frames]
    budget: float = 0.0  # in the same unit; 0: unknown, or far


@dataclass(frozen=True, slots=True)
class Label:
    """A text on a chart."""

    x: float
    y: float
    text: str
    anchor: str = "end"  # which end of the text lies at x: start, middle or end


@dataclass(slots=True)
class Chart:
    """A chart: what the page draws, and how values become px."""

    title: str
    seconds: float  # greatest value of the x axis
    top: float  # greatest value of the y axis
    unit: str
    x_label: str = "seconds of play"
    is_over_time: bool = True  # clicking it leads to that second
    grid: list[float] = field(default_factory=list)  # y of horizontal lines
    labels: list[Label] = field(default_factory=list)
    levels: list[tuple[float, float, float, float]] = field(default_factory=list)  # x1, y1, x2, y2
    dots: list[tuple[str, float, float, str]] = field(default_factory=list)  # class, x, y, text
    areas: list[tuple[str, str]] = field(default_factory=list)  # class, points
    columns: list[tuple[float, float, float, float, str]] = field(default_factory=list)

    def x(self, value: float) -> float:
        """Return the place of a value of the x axis [px]."""
        return round(LEFT + (WIDTH - LEFT - RIGHT) * value / max(self.seconds, 1e-6), 1)

    def y(self, value: float) -> float:
        """Return the place of a value of the y axis [px]."""
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / max(self.top, 1e-6), 1)

    def add_axes(self, ticks: Sequence[float]) -> None:
        """Add the grid with its labels."""
        for value in ticks:
            self.grid.append(self.y(value))
            self.labels.append(Label(LEFT - 8, self.y(value) + 4, f"{value:g}"))
        for value in nice_ticks(self.seconds, 8):
            self.labels.append(Label(self.x(value), HEIGHT - BOTTOM + 17, f"{value:g}", "middle"))
        self.labels.append(Label(WIDTH - RIGHT, HEIGHT - 3, self.x_label))
        self.labels.append(Label(LEFT, TOP - 3, self.unit, "start"))

    def add_level(self, value: float, text: str) -> None:
        """Add a horizontal line with a label."""
        y = self.y(value)
        self.levels.append((LEFT, y, WIDTH - RIGHT, y))
        self.labels.append(Label(WIDTH - RIGHT, y - 6, text))


def recall_chart(marks: Sequence[ReturnMark], seconds: float, first: float = 0.0) -> Chart:
    """Return recall [percent] over the time at which views came back."""
    chart = Chart("Recall over time", seconds, 100, "recall, percent")
    chart.add_axes((0, 20, 40, 60, 80, 100))
    chart.add_level(80, "remembered")
    chart.add_level(40, "vaguely")
    return _with_dots(chart, marks, first)


def likeness_chart(marks: Sequence[ReturnMark], seconds: float, first: float = 0.0) -> Chart:
    """Return the PSNR of now against then [dB] over the time at which views came back."""
    top = 1.1 * max(mark.value for mark in marks)
    chart = Chart("Likeness over time", seconds, top, "PSNR, dB")
    chart.add_axes(nice_ticks(top, 5))
    return _with_dots(chart, marks, first)


def _with_dots(chart: Chart, marks: Sequence[ReturnMark], first: float) -> Chart:
    for mark in marks:
        place = chart.x(mark.second - first), chart.y(mark.value)
        chart.dots.append((mark.word.split()[0], *place, mark.text))
    return chart


def memory_chart(
    moments: Sequence[MemoryPoint], seconds: float, first: float = 0.0, unit: str = "MiB"
) -> Chart:
    """Draw the contents of memory, stacked by kind, and its budget if that is near."""
    moments = thinned(moments)
    most = max((sum(moment.kept.values()) for moment in moments), default=0)
    budget = max((moment.budget for moment in moments), default=0)
    near = budget if 0 < budget <= 1.6 * most else 0
    ticks = nice_ticks(max(most, near) * 1.08 or 1.0, 5)
    top = max(max(ticks), most * 1.08, near * 1.08)
    chart = Chart(f"Memory over time, {unit}", seconds, top, f"{unit} kept")
    chart.add_axes(ticks)
    xs = [chart.x(moment.second - first) for moment in moments]
    below = [0.0] * len(moments)
    for kind in dict.fromkeys(kind for moment in moments for kind in moment.kept):
        above = [low + moment.kept.get(kind, 0) for low, moment in zip(below, moments, strict=True)]
        edge = [*zip(xs, above, strict=True), *reversed(list(zip(xs, below, strict=True)))]
        points = " ".join(f"{x:.1f},{chart.y(value):.1f}" for x, value in edge)
        chart.areas.append((kind, points))
        below = above
    if near:
        chart.add_level(near, f"budget, {near:.0f} {unit}")
    return chart


def latency_chart(latencies: Sequence[float], block_ms: float) -> Chart:
    """Return a histogram of the times of blocks [ms], and how long a block lasts on screen."""
    worst = max(latencies)
    usual = max(2 * block_ms, 1.5 * percentile(latencies, 0.99), 1.0)
    step = nice_step(min(max(worst, 1.05 * block_ms), usual) / 24)
    bins = max(1, math.ceil(min(max(worst, 1.05 * block_ms), usual) / step))
    counts = [0] * bins
    for value in latencies:
        counts[min(bins - 1, int(value / step))] += 1
    ticks = nice_ticks(max(counts), 4)
    top, label = max(max(ticks), max(counts)) * 1.05, "ms from the controls to the frames"
    chart = Chart("Time per block", bins * step, top, "blocks", label, is_over_time=False)
    chart.add_axes(ticks)
    for place, count in enumerate(counts):
        if not count:
            continue
        x, right, y = chart.x(place * step), chart.x((place + 1) * step), chart.y(count)
        more = " or more" if place == bins - 1 and worst > bins * step else ""
        tooltip = f"{count} blocks: {place * step:g} to {(place + 1) * step:g} ms{more}"
        chart.columns.append((x + 1, y, round(right - x - 2, 1), round(chart.y(0) - y, 1), tooltip))
    if block_ms < bins * step:
        x = chart.x(block_ms)
        chart.levels.append((x, TOP, x, HEIGHT - BOTTOM))
        on_left, y = x > WIDTH * 0.7, TOP - 3 if x > LEFT + 60 else TOP + 12
        words = f"a block lasts {block_ms:.0f} ms"
        chart.labels.append(
            Label(x - 6 if on_left else x + 6, y, words, "end" if on_left else "start")
        )
    return chart


def nice_step(least: float) -> float:
    """Return the next of 1, 2, 5, 10, 20, ..."""
    power = 10.0 ** math.floor(math.log10(max(least, 1e-9)))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= least * 0.999)


def nice_ticks(top: float, most: int) -> list[float]:
    """Return round values from 0 to `top`, about `most` of them at most."""
    step = nice_step(max(top, 1e-6) / most)
    return [round(number * step, 9) for number in range(int(top / step + 1e-9) + 1)]


def thinned(items: Sequence[MemoryPoint]) -> list[MemoryPoint]:
    """Return no more moments than can be seen, the first and the last among them."""
    every = max(1, math.ceil(len(items) / MOST_POINTS))
    kept = list(items[::every])
    return kept if not items or kept[-1] is items[-1] else [*kept, items[-1]]
