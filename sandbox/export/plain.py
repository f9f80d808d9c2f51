"""A plain video of frames that are at hand, without recording or sound."""

from collections.abc import Iterable
from itertools import chain
from pathlib import Path

from model.world import Frames
from sandbox.export.video import Mp4Writer

SCALE = 2  # sharp enlargement


def write_video(path: Path, frames: Iterable[Frames], fps: float) -> None:
    """Write pictures, uint8 [H, W, 3] each, as an MP4.

    Args:
        path: the file.
        frames: at least one.
        fps: of the video.
    """
    frames = iter(frames)
    first = next(frames)
    size = SCALE * first.shape[1], SCALE * first.shape[0]
    with Mp4Writer(path, size, fps, {}) as writer:
        for frame in chain([first], frames):
            writer.add(frame)
