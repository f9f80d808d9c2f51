"""One tape and seed under several memories or worlds: a table, and a picture side by side.

Each plays alone, one after the other, so that its frame rate is its own; the frames are those that
its recording keeps.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest
from math import inf
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from mag_sandbox.model.world import MIB, Frames
from mag_sandbox.sandbox.demo.result import (
    DemoResult,
    Value,
    csv_text,
    outcome_of,
    table_of,
    write_text,
)
from mag_sandbox.sandbox.recording.frames_file import USUAL_FPS, StoredFrames, frames_per_second
from mag_sandbox.scenes.demo.demo import DemoError
from mag_sandbox.scenes.demo.script import MemoryAsk

CSV_FILE, TEXT_FILE, VIDEO_NAME = "compare.csv", "compare.txt", "compare"
COLUMNS = ("world", "memory", "recall", "psnr", "ssim", "memory_mib", "fps", "frames")
STRIP = 44  # px below each picture
GAP = 4  # px between two pictures
MARGIN, BAR, TEXT = 8, 6, 14  # px
SCALE = 2  # sharp enlargement of a video
GIF_FPS = 3.2  # at most, so that a page loads it
GIF_COLOURS = 64
PALETTE_FRAMES = 24
END_SECONDS = 2.0  # that the last picture stays, with the outcome
TO_THE_MS = 0.0005  # s: times in results are rounded
DARK, DIM, BRIGHT, FULL = (16, 17, 24), (52, 55, 68), (235, 236, 240), (96, 190, 255)


@dataclass(frozen=True, slots=True)
class Contender:
    """One of the compared memories or worlds."""

    world: str
    memory: MemoryAsk | None  # None: the demo's, or the player's

    @property
    def title(self) -> str:
        """The name beside others."""
        return self.world if self.memory is None else str(self.memory)


@dataclass(frozen=True, slots=True)
class _Moment:
    bytes: int
    outcome: str  # of the newest comparison


@dataclass(frozen=True, slots=True)
class ComparedRun:
    """A run that was recorded, and what memory held meanwhile."""

    title: str
    result: DemoResult
    folders: tuple[Path, ...]  # recordings with kept frames, in the order of play

    @property
    def fps(self) -> float:
        """Frames a second."""
        return frames_per_second(self.folders[0]) or USUAL_FPS

    def shots(self) -> Iterator[tuple[Frames, _Moment]]:
        """Yield every frame; the last one stays, with the outcome below it.

        Raises:
            DemoError: frames were not kept.
        """
        count, frame, held = 0, np.zeros((0, 0, 3), np.uint8), 0
        for folder in self.folders:
            with _kept_frames(folder) as stored:
                for one in stored.blocks:
                    block = stored.frame_block(one, with_memory=False)
                    count, held = count + len(block.frames), one.head.memory.bytes
                    moment = _Moment(held, self._outcome(count / self.fps))
                    yield from ((frame, moment) for frame in block.frames)
                    frame = block.frames[-1]
        last = _Moment(held, self._outcome(inf))
        yield from ((frame, last) for _ in range(round(END_SECONDS * self.fps)))

    def _outcome(self, now: float) -> str:
        """Return the outcome of the newest comparison until then; "": nothing was compared yet."""
        known = [row for row in self.result.probes if row.seconds <= now + TO_THE_MS]
        return outcome_of(known[-1]) if known else ""


def _kept_frames(folder: Path) -> StoredFrames:
    stored = StoredFrames.open(folder)
    if stored is None:
        raise DemoError(f"{folder} keeps no frames to compare; {_ROOM}")
    return stored


_ROOM = "make room, or name a folder elsewhere with --out"


def write_beside(path: Path, runs: Sequence[ComparedRun]) -> None:
    """Write the video of all runs, or raise DemoError if it cannot be written."""
    try:
        write_video(path, SideBySide(tuple(runs)), runs[0].fps)
    except OSError as error:
        raise DemoError(f"{path}: cannot be written ({error.strerror}); {_ROOM}") from None


def write_video(path: Path, frames: Iterable[Frames], fps: float) -> None:
    """Write pictures, uint8 [H, W, 3] each, as an MP4, or as a small GIF if the path says so.

    They are iterated several times. The writers are slow to import.
    """
    if path.suffix == ".gif":
        _write_gif(path, frames, fps)
        return
    from mag_sandbox.sandbox.export.video import Mp4Writer

    size = _size_of(frames, SCALE)
    with Mp4Writer(path, size, fps, {}) as writer:
        for frame in frames:
            writer.add(frame)


def _write_gif(path: Path, frames: Iterable[Frames], fps: float) -> None:
    from mag_sandbox.sandbox.export.video import write_gif

    step = max(1, round(fps / GIF_FPS))
    count = sum(1 for _ in frames)
    samples = list(islice(frames, 0, None, max(1, count // PALETTE_FRAMES)))
    chosen = islice(frames, 0, None, step)
    size = _size_of(frames, 1)
    write_gif(path, chosen, samples, size, fps / step, "", colours=GIF_COLOURS)


def _size_of(frames: Iterable[Frames], scale: int) -> tuple[int, int]:
    height, width = next(iter(frames)).shape[:2]
    return scale * width, scale * height


def lead_of(results: Sequence[DemoResult]) -> float | None:
    """Return how far the first is ahead of the best other, percent points of recall.

    Probes that did not count are nan; None if the first did not count.
    """
    first, *others = [result.mean("recall") for result in results]
    if first is None or not others:
        return None
    return first - max(other or 0.0 for other in others)


def comparison_rows(results: Sequence[DemoResult]) -> list[dict[str, Value]]:
    """Return one row for each, with every anchor's recall."""
    rows = []
    for result in results:
        row = table_of([result])[0]
        anchors = [name for name in row if name.startswith("recall ")]
        rows.append({name: row[name] for name in (*COLUMNS, *anchors)})
    names = list(dict.fromkeys(name for row in rows for name in row))
    return [{name: row.get(name) for name in names} for row in rows]


def comparison_text(results: Sequence[DemoResult]) -> str:
    """Return a table for people."""
    rows = comparison_rows(results)
    cells = [list(rows[0]), *([_words(name, row[name]) for name in row] for row in rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(cells[0]))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]
    return "\n".join(lines) + "\n"


def write_comparison(folder: Path, results: Sequence[DemoResult]) -> tuple[Path, Path]:
    """Write the table as CSV and as text."""
    paths = folder / CSV_FILE, folder / TEXT_FILE
    write_text(paths[0], csv_text(comparison_rows(results)))
    write_text(paths[1], comparison_text(results))
    return paths


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Pictures of all runs beside one another, each above its memory bar and recall.

    All bars have one scale: the most that any of them kept.
    """

    runs: tuple[ComparedRun, ...]

    def __iter__(self) -> Iterator[Frames]:
        most = max(1, *(run.result.memory_usage.peak_bytes for run in self.runs))
        height = max(len(next(run.shots())[0]) for run in self.runs)
        columns = [_column(run, height, most) for run in self.runs]
        newest: list[Frames] = [np.zeros(0)] * len(columns)
        for pictures in zip_longest(*columns):
            pairs = zip(pictures, newest, strict=True)
            newest = [old if picture is None else picture for picture, old in pairs]
            gap = np.full((height + STRIP, GAP, 3), DARK, np.uint8)
            joined = np.concatenate([part for one in newest for part in (gap, one)][1:], axis=1)
            yield joined[: len(joined) // 2 * 2, : joined.shape[1] // 2 * 2]  # even, for videos


def _column(run: ComparedRun, height: int, most: int) -> Iterator[Frames]:
    drawn: tuple[_Moment, Frames] | None = None
    for frame, moment in run.shots():
        width = frame.shape[1]
        if drawn is None or drawn[0] != moment:
            drawn = moment, _strip(run.title, moment, width, most)
        picture = np.zeros((height + STRIP, width, 3), np.uint8)
        picture[: len(frame)] = frame
        picture[height:] = drawn[1]
        yield picture


def _strip(title: str, moment: _Moment, width: int, most: int) -> Frames:
    """Draw the strip below a picture: title and recall, the memory bar and its size.

    `most` are the bytes of a full bar, equal for all pictures so that bars can be compared.
    """
    image = Image.new("RGB", (width, STRIP), DARK)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(TEXT)
    room = width - 3 * MARGIN - draw.textlength(moment.outcome, font)
    while title and draw.textlength(title, font) > room:
        title = f"{title[:-2]}…" if len(title) > 2 else ""
    draw.text((MARGIN, 4), title, BRIGHT, font)
    draw.text((width - MARGIN, 4), moment.outcome, BRIGHT, font, anchor="ra")
    right = width - 2 * MARGIN - int(draw.textlength(_size(most), font))
    top = STRIP - 2 * MARGIN
    draw.rectangle((MARGIN, top, right, top + BAR), DIM)
    if filled := round(moment.bytes / most * (right - MARGIN)):
        draw.rectangle((MARGIN, top, MARGIN + filled, top + BAR), FULL)
    draw.text((width - MARGIN, top + BAR // 2), _size(moment.bytes), BRIGHT, font, anchor="rm")
    return np.asarray(image)


def _size(held: int) -> str:
    return f"{held / MIB:.1f} MiB"


def _words(name: str, value: Value) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.3f}" if name == "ssim" else f"{value:.1f}"
    return str(value)
