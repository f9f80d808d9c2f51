"""A session as one page that needs nothing else: video, comparisons, charts, and how to repeat it.

`report.html` is its template, which escapes every word; the page has no scripts and loads nothing.
"""

import base64
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from io import BytesIO
from pathlib import Path

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from PIL import Image

from mag_sandbox.evaluation.probe.probe import ProbeResult
from mag_sandbox.model.world import MIB, SegmentKind
from mag_sandbox.sandbox.export.footage import Footage
from mag_sandbox.sandbox.export.stills import MOST_CARDS, summary_text
from mag_sandbox.sandbox.hud.hud_state import LEGEND, duration_text
from mag_sandbox.sandbox.play.pacing import percentile
from mag_sandbox.sandbox.ui.theme import SEGMENT_COLOURS

QPS = (24, 30, 36, 42)  # of the video, until it is small enough
SOUND_BITS = 64_000  # a second
MOST_VIDEO = 16 * 2**20  # bytes
JPEG_QUALITY = 88
WORDS = {"remembered": "remembered", "vaguely": "vaguely remembered", "forgotten": "forgotten"}
NEVER_SHOWN = ("current",)  # the block being made is not kept
WIDTH, HEIGHT = 760, 240  # px
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 14, 34  # px around the plot
MOST_POINTS = 600  # of a curve: more cannot be seen


def page(footage: Footage, probes: list[ProbeResult], facts: dict, video: bytes | None) -> str:
    """Return the page as HTML text; without a video it says that it is too long for a page."""
    folder = FileSystemLoader(Path(__file__).parent)
    pages = Environment(loader=folder, autoescape=True, trim_blocks=True, undefined=StrictUndefined)
    pages.filters |= {"picture": _picture, "duration": duration_text, "plain": _value}
    end = footage.recording.end
    return pages.get_template("report.html").render(
        facts=facts,
        colours=SEGMENT_COLOURS,
        words=WORDS,
        size=footage.size,
        video=video and f"data:video/mp4;base64,{base64.b64encode(video).decode()}",
        poster=_picture(next(footage.samples(1)).frame),
        tiles=_tiles(footage, probes),
        pairs=probes[:MOST_CARDS],
        summary=summary_text(probes),
        charts=list(_charts(footage, probes)),
        configuration=_configuration(footage, facts),
        ending="was interrupted" if end is None else f"ended: {end.reason}",
    )


def _tiles(footage: Footage, probes: list[ProbeResult]) -> Iterator[tuple[str, str]]:
    counted = [one.recall for one in probes if one.recall is not None]
    latencies = _latencies(footage)
    kept = max((stored.head.memory.bytes for _, stored, _ in footage.figures()), default=0)
    yield "views came back", str(len(probes))
    yield "recall on average", f"{np.mean(counted):.0f} %" if counted else "none counted"
    yield "most kept in memory", f"{kept / MIB:.1f} MiB"
    if latencies:
        yield "ms per block, median", f"{percentile(latencies, 0.5):.0f}"
        yield "95 of 100 blocks within", f"{percentile(latencies, 0.95):.0f} ms"


def _charts(footage: Footage, probes: list[ProbeResult]) -> Iterator[tuple[str, list, str]]:
    """Yield the title of each chart, its legend and the chart."""
    seconds, first = footage.seconds, footage.first / footage.fps
    marks = [
        RecallPoint(one.seconds, one.recall, one.word, _mark_text(one))
        for one in probes
        if one.recall is not None
    ]
    if marks:
        legend = [(f"dot {word}", words) for word, words in WORDS.items()]
        yield "Recall over time", legend, recall_chart(marks, seconds, first)
    moments: list[MemoryPoint] = []
    kinds: dict[SegmentKind, None] = {}  # in the order they came
    for second, stored, _ in footage.figures():
        usage = stored.head.memory
        kept = {one.kind: one.bytes for one in usage.segments if one.kind not in NEVER_SHOWN}
        kinds |= dict.fromkeys(kept)
        moments.append(MemoryPoint(second, kept, usage.budget))
    legend = [(f"dot area {kind}", LEGEND.get(kind, kind)) for kind in kinds]
    yield "Memory over time", legend, memory_chart(moments, seconds, first)
    if latencies := _latencies(footage):
        block_ms = 1000 * len(footage.stored.blocks[0].head.poses) / footage.fps
        yield "Time per block", [], latency_chart(latencies, block_ms)


def _configuration(footage: Footage, facts: dict) -> dict[str, object]:
    start = footage.recording.start
    return {
        **{name: facts[name] for name in ("scene", "prompt")},
        **{f"prompt from {one['second']} s": one["prompt"] for one in facts["prompts"]},
        **{name: facts[name] for name in ("seed", "world", "weights")},
        "memory": facts["policy"],
        "look-ahead": "on" if start.look_ahead else "off",
        "frames": f"{footage.size[0]} x {footage.size[1]}, {footage.fps:g} a second",
        "recorded": facts["created"],
        **{f"world: {key}": value for key, value in sorted(start.provenance.items())},
    }


def _latencies(footage: Footage) -> list[float]:
    """Return what blocks took [ms]; a first one, which includes the reset, is left out."""
    heads = [stored.head for _, stored, _ in footage.figures()]
    return [head.latency_ms for head in heads if head.block_index > 0]


def _mark_text(one: ProbeResult) -> str:
    return (
        f"{one.label}: {one.recall:.0f} percent at {one.seconds:.1f} s, "
        f"after {duration_text(one.seconds_away)} away"
    )


def _value(value: object) -> str:
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _picture(pixels: np.ndarray) -> str:
    file = BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"


@dataclass(frozen=True, slots=True)
class RecallPoint:
    """One comparison on the chart of recall."""

    second: float
    recall: float
    word: str  # of `Word`
    text: str  # said when pointed at


@dataclass(frozen=True, slots=True)
class MemoryPoint:
    """The memory after one block."""

    second: float
    kept: Mapping[SegmentKind, int]  # bytes by kind
    budget: int  # bytes; 0: unknown


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


def recall_chart(marks: Sequence[RecallPoint], seconds: float, first: float = 0.0) -> str:
    """Draw recall over the time at which views came back."""
    plot = _Plot(seconds, 100)
    parts = [plot.frame((0, 20, 40, 60, 80, 100), "recall, percent", "seconds of play")]
    for level, words in ((80, "remembered"), (40, "vaguely")):
        y = plot.y(level)
        parts.append(_across("level", y))
        parts.append(_text(WIDTH - RIGHT, y - 6, words, "end"))
    for mark in marks:
        x, y = plot.x(mark.second - first), plot.y(mark.recall)
        parts.append(
            f'<circle class="mark {mark.word.split()[0]}" cx="{x:.1f}" cy="{y:.1f}" r="5.5">'
            f"<title>{escape(mark.text)}</title></circle>"
        )
    return _svg("Recall over time", parts)


def memory_chart(moments: Sequence[MemoryPoint], seconds: float, first: float = 0.0) -> str:
    """Draw what memory held, kind upon kind, and its budget if that is near."""
    moments = thinned(moments)
    kinds = list(dict.fromkeys(kind for moment in moments for kind in moment.kept))
    most = max((sum(moment.kept.values()) for moment in moments), default=0) / MIB
    budget = max((moment.budget for moment in moments), default=0) / MIB
    near = 0 < budget <= 1.6 * most
    ticks = nice_ticks(max(most, budget if near else 0) * 1.08 or 1.0, 5)
    plot = _Plot(seconds, max(max(ticks), most * 1.08, budget * 1.08 if near else 0))
    parts = [plot.frame(ticks, "MiB kept", "seconds of play")]
    below = [0.0] * len(moments)
    for kind in kinds:
        above = [
            low + moment.kept.get(kind, 0) / MIB for low, moment in zip(below, moments, strict=True)
        ]
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
        parts.append(_text(WIDTH - RIGHT, y - 6, f"budget, {budget:.0f} MiB", "end"))
    return _svg("Memory over time", parts)


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


def _svg(title: str, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">'
        f"{''.join(parts)}</svg>"
    )
