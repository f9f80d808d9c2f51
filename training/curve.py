"""`python -m training curve`: the loss curves of a run as one SVG picture, for the model card."""

import json
from collections import defaultdict
from html import escape
from pathlib import Path

from mag_sandbox.files.border import Refusal
from mag_sandbox.files.whole import replace_file
from mag_sandbox.training.options import CurveOptions

WIDTH, HEIGHT, MARGIN = 720, 320, 48  # px
POINTS = 240  # of a curve at most
KINDS = ("images", "guided images", "views", "guided views", "blocks")  # of steps
# distinct for colour-blind people, too
COLOURS = "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"

Point = tuple[float, float]


class LogError(Refusal, ValueError):
    """A log of a run holds nothing to draw; one sentence with the remedy."""


def read_curves(log: Path) -> dict[str, list[Point]]:
    """Return (step, smoothed loss) points by kind of step; later lines replace a resumed step's.

    Raises:
        OSError: the log cannot be read.
        LogError: it is no log of a run.
    """
    steps: dict[str, dict[int, float]] = defaultdict(dict)
    for number, line in enumerate(log.read_text(errors="replace").splitlines(), 1):
        try:
            record = json.loads(line)
            kind = record.get("kind") or record["stage"]
            steps[kind][record["step"]] = float(record["loss"])
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            problem = f"{log}:{number}: is not a line of a run's log"
            raise LogError(f"{problem}; name the folder of a run") from None
    return {kind: _smooth(sorted(values.items())) for kind, values in steps.items()}


def _smooth(points: list[tuple[int, float]]) -> list[Point]:
    size = max(1, -(-len(points) // POINTS))
    groups = (points[i : i + size] for i in range(0, len(points), size))
    return [tuple(sum(axis) / len(group) for axis in zip(*group, strict=True)) for group in groups]


def draw_curves(curves: dict[str, list[Point]]) -> str:
    """Return an SVG with one line per curve, both axes from zero."""
    last = max((step for points in curves.values() for step, _ in points), default=1.0)
    top = max((loss for points in curves.values() for _, loss in points[3:]), default=1.0)

    def place(step: float, loss: float) -> str:
        x = MARGIN + step / last * (WIDTH - 2 * MARGIN)
        y = HEIGHT - MARGIN - min(1.0, loss / top) * (HEIGHT - 2 * MARGIN)
        return f"{x:.1f},{y:.1f}"

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<polyline points="{place(0, top)} {place(0, 0)} {place(last, 0)}" fill="none" '
        'stroke="#888"/>',
        f'<text x="{MARGIN}" y="{HEIGHT - 16}">0</text>',
        f'<text x="{WIDTH - MARGIN}" y="{HEIGHT - 16}" text-anchor="end">step {last:.0f}</text>',
        f'<text x="8" y="{MARGIN}">{top:.2f}</text>',
    ]
    for index, (kind, points) in enumerate(curves.items()):
        colour = COLOURS[index % len(COLOURS)]
        line = " ".join(place(*point) for point in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        label = escape(f"{kind}: {points[-1][1]:.3f} at the end")
        y = MARGIN + 18 * index
        parts.append(f'<text x="{WIDTH // 2}" y="{y}" fill="{colour}">{label}</text>')
    return "\n".join([*parts, "</svg>\n"])


def write_curves(options: CurveOptions) -> None:
    """Write the curves of a run's kinds of steps to an SVG file."""
    log = options.folder / "log.jsonl"
    curves = {kind: points for kind, points in read_curves(log).items() if kind in KINDS}
    if not curves:
        raise LogError(f"{log}: has no steps of {' or '.join(KINDS)}; name the folder of a run")
    replace_file(options.picture, draw_curves(curves))
