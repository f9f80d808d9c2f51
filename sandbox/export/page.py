"""A session as one page that needs nothing else: video, memory, comparisons, charts.

`page.html` is its template, which escapes every word, and `page.js` the one script that the
page runs; it loads nothing.
"""

import base64
import hashlib
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from mag_sandbox.evaluation.similarity.recall import ProbeResult, half_life
from mag_sandbox.files.pictures import jpeg_address
from mag_sandbox.model.world import MIB, SegmentKind
from mag_sandbox.sandbox.export.footage import Footage
from mag_sandbox.sandbox.export.page_charts import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Chart,
    MemoryPoint,
    ReturnMark,
    latency_chart,
    likeness_chart,
    memory_chart,
    recall_chart,
)
from mag_sandbox.sandbox.hud.hud_state import LEGEND, duration_text
from mag_sandbox.sandbox.play.pacing import percentile
from mag_sandbox.sandbox.ui.theme import SEGMENT_COLOURS

QPS = (24, 30, 36, 42)  # of the video, until it is small enough
SOUND_BITS = 64_000  # a second
MOST_VIDEO = 16 * 2**20  # bytes
MOST_CARDS = 24  # comparisons that are shown
_picture = partial(jpeg_address, quality=88)
WORDS = {"remembered": "remembered", "vaguely": "vaguely remembered", "forgotten": "forgotten"}
NEVER_SHOWN = ("current",)  # the block being made is not kept
BOX = {  # of a chart [px]
    "width": WIDTH, "height": HEIGHT,
    "left": LEFT, "right": WIDTH - RIGHT, "top": TOP, "bottom": HEIGHT - BOTTOM,
}  # fmt: skip
SCRIPT = Path(__file__).with_name("page.js")


def render(
    footage: Footage,
    probes: list[ProbeResult],
    facts: dict[str, Any],
    held: dict[str, Any],
    video: bytes | None,
) -> str:
    """Return the page as HTML text; without a video it says that it is too long for a page.

    `held` is what `held_data` returns.
    """
    script = SCRIPT.read_text(encoding="utf-8")
    first = footage.first / footage.fps
    returns = [_return(one, first) for one in probes]
    folder = FileSystemLoader(Path(__file__).parent)
    pages = Environment(loader=folder, autoescape=True, trim_blocks=True, undefined=StrictUndefined)
    pages.filters |= {"picture": _picture, "duration": duration_text, "plain": _value}
    end = footage.recording.end
    return pages.get_template("page.html").render(
        facts=facts,
        data={**held, "returns": returns},
        script=script,
        script_sum=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        first=first,
        colours=SEGMENT_COLOURS,
        words=WORDS,
        size=footage.size,
        video=video and f"data:video/mp4;base64,{base64.b64encode(video).decode()}",
        poster=_picture(next(footage.samples(1)).frame),
        tiles=_tiles(footage, probes),
        pairs=probes[:MOST_CARDS],
        summary=summary_text(probes),
        charts=list(_charts(footage, probes)),
        box=BOX,
        configuration=_configuration(footage, facts),
        ending="was interrupted" if end is None else f"ended: {end.reason}",
    )


def summary_text(probes: list[ProbeResult]) -> str:
    """Say in a line what the comparisons came to."""
    counted = [one.recall for one in probes if one.recall is not None]
    text = f"{len(probes)} views came back" if len(probes) != 1 else "one view came back"
    if len(probes) > MOST_CARDS:
        text += f", the first {MOST_CARDS} shown"
    if counted:
        text += f" · recall {sum(counted) / len(counted):.0f}% on average"
    life = half_life(probes)
    return f"{text} · half forgotten after {duration_text(life)}" if life else text


def _tiles(footage: Footage, probes: list[ProbeResult]) -> Iterator[tuple[str, str]]:
    counted = [one.recall for one in probes if one.recall is not None]
    latencies = _latencies(footage)
    kept = max((stored.head.memory.bytes for _, stored, _ in footage.figures()), default=0)
    yield "views came back", str(len(probes))
    yield "recall on average", f"{np.mean(counted):.0f}%" if counted else "none counted"
    yield "most kept in memory", f"{kept / MIB:.1f} MiB"
    if latencies:
        yield "ms per block, median", f"{percentile(latencies, 0.5):.0f}"
        yield "95 of 100 blocks within", f"{percentile(latencies, 0.95):.0f} ms"


def _charts(
    footage: Footage, probes: list[ProbeResult]
) -> Iterator[tuple[str, list[tuple[str, str]], Chart]]:
    """Yield the heading of each chart, its legend (class, words) and the chart."""
    seconds, first = footage.seconds, footage.first / footage.fps
    counted = [one for one in probes if one.recall is not None]
    if counted:
        words = [(f"dot {word}", meaning) for word, meaning in WORDS.items()]
        recalls = [
            ReturnMark(one.seconds, one.recall or 0, one.word, _mark_text(one)) for one in counted
        ]
        yield "Recall over time", words, recall_chart(recalls, seconds, first)
        likes = [ReturnMark(one.seconds, one.psnr, one.word, _mark_text(one)) for one in counted]
        yield "Likeness over time", words, likeness_chart(likes, seconds, first)
    sizes: list[MemoryPoint] = []
    counts: list[MemoryPoint] = []
    kinds: dict[SegmentKind, None] = {}  # in the order they came
    for second, stored, _ in footage.figures():
        usage = stored.head.memory
        kept = [one for one in usage.segments if one.kind not in NEVER_SHOWN]
        kinds |= dict.fromkeys(one.kind for one in kept)
        in_mib = {one.kind: one.bytes / MIB for one in kept}
        sizes.append(MemoryPoint(second, in_mib, usage.budget / MIB))
        counts.append(MemoryPoint(second, {one.kind: one.frames for one in kept}))
    legend = [(f"dot area {kind}", LEGEND.get(kind, kind)) for kind in kinds]
    yield "Memory over time", legend, memory_chart(sizes, seconds, first)
    yield "Frames in memory over time", legend, memory_chart(counts, seconds, first, "frames")
    if latencies := _latencies(footage):
        block_ms = 1000 * len(footage.stored.blocks[0].head.poses) / footage.fps
        yield "Time per block", [], latency_chart(latencies, block_ms)


def _configuration(footage: Footage, facts: dict[str, Any]) -> dict[str, object]:
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
    """Return the times of blocks [ms]; a first one, which includes the reset, is left out."""
    heads = [stored.head for _, stored, _ in footage.figures()]
    return [head.latency_ms for head in heads if head.block_index > 0]


def _return(one: ProbeResult, first: float) -> dict[str, Any]:
    pose = one.pose.yaw, one.pose.pitch, one.pose.fov
    return {"t": one.seconds - first, "pose": pose, "word": one.word.split()[0]}


def _mark_text(one: ProbeResult) -> str:
    return (
        f"{one.label}: {one.recall:.0f} percent, {one.psnr:.1f} dB at {one.seconds:.1f} s, "
        f"after {duration_text(one.seconds_away)} away"
    )


def _value(value: object) -> str:
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
