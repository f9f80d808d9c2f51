"""A plain video or animation of frames that are at hand, without recording or sound."""

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from mag_sandbox.model.world import Frames

SCALE = 2  # sharp enlargement of a video
GIF_FPS = 4.0  # at most, so that a page loads it
GIF_COLOURS = 64
PALETTE_FRAMES = 24


def write_video(path: Path, frames: Iterable[Frames], fps: float) -> None:
    """Write pictures, uint8 [H, W, 3] each, as an MP4, or as a small GIF if the path says so.

    They are gone through several times.
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
    from mag_sandbox.sandbox.export.animations import write_gif

    step = max(1, round(fps / GIF_FPS))
    count = sum(1 for _ in frames)
    samples = list(islice(frames, 0, None, max(1, count // PALETTE_FRAMES)))
    chosen = islice(frames, 0, None, step)
    size = _size_of(frames, 1)
    write_gif(path, chosen, samples, size, fps / step, "", colours=GIF_COLOURS)


def _size_of(frames: Iterable[Frames], scale: int) -> tuple[int, int]:
    height, width = next(iter(frames)).shape[:2]
    return scale * width, scale * height
