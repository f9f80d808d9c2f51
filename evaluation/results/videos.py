"""Videos as frames, read and written whole. Knows nothing of benchmarks.

What cannot be read is a `VideoFault`, one sentence that names the file and what is wrong with it.
"""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream
from PIL import Image

from mag_sandbox.files.border import reason_of
from mag_sandbox.files.videos import open_video
from mag_sandbox.files.whole import replacing
from mag_sandbox.model.world import Frames

QP = 8  # of x264: hardly lossy, since its frames are compared pixel by pixel
RATE_TOLERANCE = 0.01  # frames a second; 15.995 and 16 are the same
MAX_SIDE = 4096  # px of a frame
MAX_BYTES = 2**32  # of a video in memory: a minute of 1280 x 720 at 16 frames a second, and more


class VideoFault(ValueError):
    """A video that cannot be used."""


@dataclass(frozen=True, slots=True)
class VideoFormat:
    """The required shape of a video: no frame is scaled or dropped to make it fit."""

    width: int  # px
    height: int  # px
    fps: float


def read_video(path: Path, wanted: VideoFormat) -> Frames:
    """Return all frames of a file, uint8 [T, H, W, 3], or raise VideoFault if it is unfit."""
    with _opened(path) as (file, stream):
        _check(stream, wanted)
        most = MAX_BYTES // (wanted.width * wanted.height * 3)
        if stream.frames > most:
            raise VideoFault(f"the file has {stream.frames} frames, at most {most} fit into memory")
        frames = list(itertools.islice(_decoded(file, stream), most + 1))
        promised = stream.frames
    if not frames:
        raise VideoFault("the file holds no frame")
    if len(frames) > most:
        raise VideoFault(f"the file has more frames than the {most} that fit into memory")
    if promised > len(frames):
        raise VideoFault(f"the file ends after {len(frames)} of its {promised} frames")
    return np.stack(frames)


def video_frames(path: Path, check_size: Callable[[int, int], None]) -> Iterator[Frames]:
    """Yield the frames of a file, uint8 [H, W, 3], one by one: no more are decoded than are taken.

    Args:
        path: of the video, of any size and frame rate.
        check_size: gets width and height [px] before anything is decoded; raises ValueError if
            that size is not expected.
    """
    with _opened(path) as (file, stream):
        check_size(stream.width, stream.height)
        yield from _decoded(file, stream)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    if not path.is_file():
        raise VideoFault("the file is missing")
    try:
        with open_video(path) as file:
            if not file.streams.video:
                raise VideoFault("the file holds no video")
            stream = file.streams.video[0]
            if max(stream.width, stream.height) > MAX_SIDE:
                raise VideoFault(f"frames are {stream.width} x {stream.height} px")
            yield file, stream
    except (av.FFmpegError, OSError) as error:
        raise VideoFault(f"the file cannot be decoded ({reason_of(error)})") from error


def _decoded(file: InputContainer, stream: VideoStream) -> Iterator[Frames]:
    size = stream.width, stream.height
    for frame in file.decode(stream):
        if (frame.width, frame.height) != size:  # it may change within a stream
            raise VideoFault(f"a frame is {frame.width} x {frame.height} px, not {size}")
        yield frame.to_ndarray(format="rgb24")


def write_video(path: Path, frames: Frames, fps: float) -> None:
    """Write frames as MP4; the file appears whole or not at all. Sides must be even."""
    path.parent.mkdir(parents=True, exist_ok=True)
    height, width = frames.shape[1:3]
    with replacing(path) as part, av.open(str(part), "w", format="mp4") as file:
        rate = Fraction(fps).limit_denominator(1001)
        stream = file.add_stream("libx264", rate=rate, options={"qp": str(QP)})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for frame in frames:
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
            file.mux(stream.encode(picture))
        file.mux(stream.encode())


def enlarged(frames: Frames, wanted: VideoFormat) -> Frames:
    """Return frames in another size, cut at two sides where the shapes differ."""
    height, width = frames.shape[1:3]
    scale = max(wanted.width / width, wanted.height / height)
    cut_x, cut_y = (width - wanted.width / scale) / 2, (height - wanted.height / scale) / 2
    box = (cut_x, cut_y, width - cut_x, height - cut_y)
    size = wanted.width, wanted.height
    return np.stack(
        [np.asarray(Image.fromarray(f).resize(size, Image.Resampling.LANCZOS, box)) for f in frames]
    )


def _check(stream: VideoStream, wanted: VideoFormat) -> None:
    if (stream.width, stream.height) != (wanted.width, wanted.height):
        raise VideoFault(
            f"frames are {stream.width} x {stream.height} px, "
            f"expected {wanted.width} x {wanted.height}"
        )
    rate = float(stream.average_rate or 0)
    if abs(rate - wanted.fps) > RATE_TOLERANCE:
        raise VideoFault(f"the video has {rate:g} frames a second, expected {wanted.fps:g}")
