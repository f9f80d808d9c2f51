"""The charts of a session's page, as SVG."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from mag_sandbox.model.world import SegmentKind
from mag_sandbox.sandbox.play.pacing import percentile

WIDTH, HEIGHT = 760, 240  # px
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 14, 34  # px around the plot
MOST_POINTS = 600  # of a curve: more cannot be seen


@dataclass(frozen=True, slots=True)
class ReturnMark:
    """One comparison on a chart."""

    second: float
    value: float  # recall [percent], or likeness [dB]
    word: str  # of `Word`
    text: str  # said when pointed at


@dataclass(frozen=True, slots=True)
class MemoryPoint:
    """The memory after one block."""

    second: float
    kept: Mapping[SegmentKind, float]  # by kind [MiB or frames]
    budget: float = 0.0  # in the same unit; 0: unknown, or far


class _Plot:
    """Places values of two axes on the picture."""

    def __init__(self, seconds: float, top: float) -> None:
        self.seconds, self.top = max(seconds, 1e-6), max(top, 1e-6)

    def x(self, second: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * second / self.seconds

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / self.top

    def frame(self, ticks: Sequence[float], unit: str, x_label: str) -> str:
        """Return grid, ticks and their words."""
        parts = []
        for value in ticks:
            y = self.y(value)
            parts.append(_across("grid", y))
            parts.append(_text(LEFT - 8, y + 4, f"{value:g}", "end"))
        for value in nice_ticks(self.seconds, 8):
            parts.append(_text(self.x(value), HEIGHT - BOTTOM + 17, f"{value:g}", "middle"))
        parts.append(_text(WIDTH - RIGHT, HEIGHT - 3, x_label, "end"))
        parts.append(_text(LEFT, TOP - 3, unit, "start"))
        return "".join(parts)


def recall_chart(marks: Sequence[ReturnMark], seconds: float, first: float = 0.0) -> str:
    """Draw recall [percent] over the time at which views came back."""
    plot = _Plot(seconds, 100)
    parts = [plot.frame((0, 20, 40, 60, 80, 100), "recall, percent", "seconds of play")]
    for level, words in ((80, "remembered"), (40, "vaguely")):
        y = plot.y(level)
        parts.append(_across("level", y))
        parts.append(_text(WIDTH - RIGHT, y - 6, words, "end"))
    parts += _dots(plot, marks, first)
    return _over_time("Recall over time", parts)


def likeness_chart(marks: Sequence[ReturnMark], seconds: float, first: float = 0.0) -> str:
    """Draw the PSNR of now against then [dB] over the time at which views came back."""
    ticks = nice_ticks(1.1 * max(mark.value for mark in marks), 5)
    plot = _Plot(seconds, 1.1 * max(mark.value for mark in marks))
    parts = [plot.frame(ticks, "PSNR, dB", "seconds of play"), *_dots(plot, marks, first)]
    return _over_time("Likeness over time", parts)


def _dots(plot: _Plot, marks: Sequence[ReturnMark], first: float) -> Iterator[str]:
    for mark in marks:
        x, y = plot.x(mark.second - first), plot.y(mark.value)
        yield (
            f'<circle class="mark {mark.word.split()[0]}" cx="{x:.1f}" cy="{y:.1f}" r="5.5">'
            f"<title>{escape(mark.text)}</title></circle>"
        )


def memory_chart(
    moments: Sequence[MemoryPoint], seconds: float, first: float = 0.0, unit: str = "MiB"
) -> str:
    """Draw what memory held, kind upon kind, and its budget if that is near."""
    moments = thinned(moments)
    kinds = list(dict.fromkeys(kind for moment in moments for kind in moment.kept))
    most = max((sum(moment.kept.values()) for moment in moments), default=0)
    budget = max((moment.budget for moment in moments), default=0)
    near = 0 < budget <= 1.6 * most
    ticks = nice_ticks(max(most, budget if near else 0) * 1.08 or 1.0, 5)
    plot = _Plot(seconds, max(max(ticks), most * 1.08, budget * 1.08 if near else 0))
    parts = [plot.frame(ticks, f"{unit} kept", "seconds of play")]
    below = [0.0] * len(moments)
    for kind in kinds:
        above = [low + moment.kept.get(kind, 0) for low, moment in zip(below, moments, strict=True)]
        xs = [plot.x(moment.second - first) for moment in moments]
        there = [f"{x:.1f},{plot.y(value):.1f}" for x, value in zip(xs, above, strict=True)]
        back = [f"{x:.1f},{plot.y(value):.1f}" for x, value in zip(xs, below, strict=True)][::-1]
        parts.append(
            f'<polygon class="area {kind}" points="{" ".join(there + back)}">'
            f"<title>{escape(kind)}</title></polygon>"
        )
        below = above
    if near:
        y = plot.y(budget)
        parts.append(_across("level", y))
        parts.append(_text(WIDTH - RIGHT, y - 6, f"budget, {budget:.0f} {unit}", "end"))
    return _over_time(f"Memory over time, {unit}", parts)


def latency_chart(latencies: Sequence[float], block_ms: float) -> str:
    """Draw how long blocks took, as a histogram, and how long one lasts on screen."""
    worst = max(latencies)
    usual = max(2 * block_ms, 1.5 * percentile(latencies, 0.99), 1.0)
    shown = min(max(worst, 1.05 * block_ms), usual)
    step = nice_step(shown / 24)
    bins = max(1, math.ceil(shown / step))
    counts = [0] * bins
    for value in latencies:
        counts[min(bins - 1, int(value / step))] += 1
    ticks = nice_ticks(max(counts), 4)
    plot = _Plot(bins * step, max(max(ticks), max(counts)) * 1.05)
    parts = [plot.frame(ticks, "blocks", "ms from the controls to the frames")]
    for place, count in enumerate(counts):
        if not count:
            continue
        x, right, y = plot.x(place * step), plot.x((place + 1) * step), plot.y(count)
        more = " or more" if place == bins - 1 and worst > bins * step else ""
        said = f"{count} blocks: {place * step:g} to {(place + 1) * step:g} ms{more}"
        parts.append(
            f'<rect class="column" x="{x + 1:.1f}" y="{y:.1f}" width="{right - x - 2:.1f}" '
            f'height="{plot.y(0) - y:.1f}" rx="2"><title>{said}</title></rect>'
        )
    if block_ms < bins * step:
        x = plot.x(block_ms)
        parts.append(f'<line class="level" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" '
                     f'y2="{HEIGHT - BOTTOM}"/>')  # fmt: skip
        on_left = x > WIDTH * 0.7
        words = f"a block lasts {block_ms:.0f} ms"
        y = TOP - 3 if x > LEFT + 60 else TOP + 12  # above the columns, beside the unit
        parts.append(_text(x + (-6 if on_left else 6), y, words,
                           "end" if on_left else "start"))  # fmt: skip
    return _svg("Time per block", parts)


def nice_step(least: float) -> float:
    """Return the next of 1, 2, 5, 10, 20, ..."""
    power = 10.0 ** math.floor(math.log10(max(least, 1e-9)))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= least * 0.999)


def nice_ticks(top: float, most: int) -> list[float]:
    """Return round values from 0 to `top`, at most about so many."""
    step = nice_step(max(top, 1e-6) / most)
    return [round(number * step, 9) for number in range(int(top / step + 1e-9) + 1)]


def thinned(items: Sequence[MemoryPoint]) -> list[MemoryPoint]:
    """Return no more moments than can be seen, the first and the last among them."""
    every = max(1, math.ceil(len(items) / MOST_POINTS))
    kept = list(items[::every])
    return kept if not items or kept[-1] is items[-1] else [*kept, items[-1]]


def _across(kind: str, y: float) -> str:
    return f'<line class="{kind}" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _over_time(title: str, parts: Sequence[str]) -> str:
    """Return a chart whose axis is the time that is played: a line shows where one is."""
    line = f'<line class="playhead" x1="{LEFT}" x2="{LEFT}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'
    edges = f'data-left="{LEFT}" data-right="{WIDTH - RIGHT}"'
    return _svg(title, [*parts, line], edges)


def _svg(title: str, parts: Sequence[str], more: str = "") -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}" {more}>'
        f"{''.join(parts)}</svg>"
    )
