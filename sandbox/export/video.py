"""Writes frames and sound as an MP4 (H.264 and AAC), or frames as a GIF that loops.

Enlarged pixels stay sharp squares. Every file says what it shows.
"""

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import TypeAlias, TypeVar

import av
import numpy as np
from av.video.frame import PictureType
from av.video.reformatter import VideoReformatter
from PIL import Image

from mag_sandbox.model.world import Frames
from mag_sandbox.sandbox.audio.ambiences import RATE
from mag_sandbox.sandbox.export.options import ExportError
from mag_sandbox.sandbox.recording.frames_file import FRAMES_FILE

PRESET = "ultrafast"  # of x264: what keeps an export 20 times as fast as play
QP = 20  # of x264: lower is better and larger; from here on no difference is seen
BT601, LIMITED = 5, 1  # how colours are coded: as players assume it for small pictures
SOUND_BITS = 128_000  # a second
PIECES = 8  # of sound that are encoded at once
SOUND_AHEAD = 16  # encoded ones that wait
SOUND_BEHIND = 0.5  # seconds that sound is written after its pictures
GOP_SECONDS = 4  # between two frames to which a player can jump

Packet: TypeAlias = "av.Packet[av.AudioStream] | av.Packet[av.VideoStream]"
Result = TypeVar("Result")
Item = TypeVar("Item")
SAMPLES = 24  # frames that the palette is chosen from
COLOURS = 256
GIF_CLOCK = 100  # ticks a second that the format knows
_COMMENT, _END = b"\x21\xfe", b"\x3b"  # of a GIF


@contextmanager
def ahead(items: Iterator[Item], most: int) -> Iterator[Iterator[Item]]:
    """Give the same items, made by another thread, of which at most `most` wait.

    What making them raises is raised where they are taken.

    >>> with ahead(iter("abc"), most=16) as waiting:
    ...     list(waiting)
    ['a', 'b', 'c']
    """
    thread = ThreadPoolExecutor(1, "ahead")

    def following() -> tuple[Item, ...]:
        return tuple(islice(items, 1))  # empty: there are no more

    def taken() -> Iterator[Item]:
        waiting = deque(thread.submit(following) for _ in range(most))
        while item := waiting.popleft().result():
            yield from item
            waiting.append(thread.submit(following))

    try:
        yield taken()
    finally:
        thread.shutdown(cancel_futures=True)


class Mp4Writer:
    """Writes one video.

    with Mp4Writer(path, (640, 384), 16.0, metadata, sound=pieces) as writer:
        for frame in frames:
            writer.add(frame)

    Raises:
        OSError: the file cannot be written.
    """

    def __init__(
        self,
        path: Path,
        size: tuple[int, int],
        fps: float,
        metadata: dict[str, str],
        *,
        sound: Iterator[np.ndarray] | None = None,
        qp: int = QP,
        sound_bits: int = SOUND_BITS,
    ) -> None:
        """Begin a file.

        `size` is made even [px]; metadata have any keys; sound comes in pieces, float32 [n, 2].
        """
        self._fps = Fraction(fps).limit_denominator(1001)
        self._frames = 0
        self._heard: float = 0  # samples of sound written
        self._threads = ExitStack()
        options = {"movflags": "use_metadata_tags+faststart"}
        self._file = _or_os_error(lambda: av.open(str(path), "w", format="mp4", options=options))
        self._file.metadata.update(metadata)
        self._video = self._file.add_stream(
            "libx264", rate=self._fps, options={"preset": PRESET, "qp": str(qp)}
        )
        self._video.width, self._video.height = (side + side % 2 for side in size)
        self._pictures = PictureFiles((self._video.width, self._video.height))
        self._video.pix_fmt = "yuv420p"
        codec = self._video.codec_context
        codec.gop_size = round(GOP_SECONDS * fps)
        codec.thread_count = 0  # as many as there are processors
        codec.colorspace, codec.color_range = BT601, LIMITED
        packets: Iterator[_Heard] = iter(())
        if sound is not None:
            audio = self._file.add_stream(
                "aac", rate=RATE, layout="stereo", options={"aac_coder": "fast"}
            )
            audio.bit_rate = sound_bits
            packets = _encoded(sound, audio)
        _or_os_error(self._file.start_encoding)  # before a second thread encodes
        self._sound = self._threads.enter_context(ahead(packets, SOUND_AHEAD))

    def add(self, frame: Frames | bytes) -> None:
        """Add a frame, uint8 [H, W, 3] or a JPEG, enlarged to the size of the video."""
        picture = self._pictures.picture(frame)
        picture.pts, picture.time_base = self._frames, 1 / self._fps
        self._frames += 1
        for packet in self._video.encode(picture):
            self._mux(packet)
        self._add_sound_until(float(self._frames / self._fps) - SOUND_BEHIND)

    def close(self) -> None:
        """Write the rest."""
        for packet in self._video.encode(None):
            self._mux(packet)
        self._add_sound_until(math.inf)
        _or_os_error(self._file.close)

    def __enter__(self) -> "Mp4Writer":
        return self

    def __exit__(self, kind: type | None, error: object, trace: object) -> None:
        with self._threads:
            if kind is None:
                self.close()
                return
        self._discard()

    def _discard(self) -> None:
        try:
            self._file.close()
        except (av.FFmpegError, OSError):
            return  # this output is thrown away

    def _add_sound_until(self, second: float) -> None:
        while self._heard < second * RATE:
            self._heard, packets = next(self._sound, (math.inf, []))
            for packet in packets:
                self._mux(packet)

    def _mux(self, packet: Packet) -> None:
        _or_os_error(lambda: self._file.mux(packet))


_Heard = tuple[int, list[Packet]]  # the samples up to which packets reach, and the packets


def _encoded(sound: Iterator[np.ndarray], stream: av.AudioStream) -> Iterator[_Heard]:
    count = 0
    while pieces := list(islice(sound, PIECES)):
        samples = np.ascontiguousarray(np.concatenate(pieces).T)
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
        frame.sample_rate, frame.pts = RATE, count
        count += samples.shape[1]
        yield count, stream.encode(frame)
    yield count, stream.encode(None)


class PictureFiles:
    """Makes pictures of a video's size and colours.

    Colours are made before enlarging, a fraction of the work. A JPEG is taken as it is coded,
    which saves making red, green and blue of it and undoing that again.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self._size = size
        self._colours, self._enlarge = VideoReformatter(), VideoReformatter()
        self._jpeg = av.CodecContext.create("mjpeg", "r")
        self._jpeg.thread_count = 1  # a picture goes in, the same comes out
        self._jpeg.options = {"max_pixels": str(size[0] * size[1])}

    def picture(self, frame: Frames | bytes) -> av.VideoFrame:
        """Return a picture of a frame, uint8 [H, W, 3] or a JPEG, or raise ExportError."""
        exact = self._decoded(frame) if isinstance(frame, bytes) else self._coloured(frame)
        is_small = (exact.width, exact.height) != self._size
        return self._enlarge.reformat(
            exact,
            *self._size,
            "yuv420p",
            dst_colorspace=BT601,
            dst_color_range=LIMITED,
            interpolation="POINT" if is_small else None,
        )

    def _coloured(self, frame: Frames) -> av.VideoFrame:
        return self._colours.reformat(
            av.VideoFrame.from_ndarray(frame, format="rgb24"),
            format="yuv444p",
            dst_colorspace=BT601,
            dst_color_range=LIMITED,
        )

    def _decoded(self, data: bytes) -> av.VideoFrame:
        try:
            (picture,) = self._jpeg.decode(av.Packet(data))
        except (av.FFmpegError, ValueError):
            raise ExportError(
                f"a kept picture cannot be read; delete {FRAMES_FILE}, and the export will "
                "replay the session"
            ) from None
        picture.pict_type = PictureType.NONE  # else each would be coded without the one before
        return picture


def _or_os_error(do: Callable[[], Result]) -> Result:
    try:
        return do()
    except av.FFmpegError as error:
        if isinstance(error, OSError):
            raise
        raise OSError(error.errno, error.strerror or str(error)) from None


def write_gif(
    path: Path,
    frames: Iterable[Frames],
    samples: list[Frames],
    size: tuple[int, int],
    fps: float,
    comment: str,
    *,
    colours: int = COLOURS,
) -> None:
    """Write a GIF.

    Its palette, of at most 256 colours, is chosen from `samples`; fewer take less room. The size is
    a whole multiple of the frames' [px]; the comment is kept inside.
    """
    palette = Image.fromarray(np.vstack(samples)).quantize(colours, Image.Quantize.MEDIANCUT)
    rows = np.array(palette.getpalette("RGB"), np.uint8).reshape(-1, 3)
    table = np.full((256, 4), 255, np.uint8)  # alpha, red, green, blue
    table[: len(rows), 1:] = rows

    def pictures() -> Iterator[av.VideoFrame]:
        for frame in frames:
            flat = Image.fromarray(frame).quantize(palette=palette, dither=Image.Dither.NONE)
            indices = np.asarray(flat)
            rows = np.arange(size[1]) * indices.shape[0] // size[1]
            columns = np.arange(size[0]) * indices.shape[1] // size[0]
            large = np.ascontiguousarray(indices[rows][:, columns])
            # PyAV takes a picture and its palette; its types do not say so
            yield av.VideoFrame.from_ndarray((large, table), format="pal8")  # type: ignore[arg-type]

    def encode() -> None:
        clock = Fraction(1, GIF_CLOCK)
        with av.open(str(path), "w", format="gif", options={"loop": "0"}) as file:
            stream = file.add_stream("gif", rate=GIF_CLOCK)
            assert isinstance(stream, av.VideoStream)
            stream.width, stream.height = size
            stream.pix_fmt = "pal8"
            stream.codec_context.time_base = clock
            for number, picture in enumerate(pictures()):
                picture.pts, picture.time_base = round(number * GIF_CLOCK / fps), clock
                file.mux(stream.encode(picture))
            file.mux(stream.encode(None))

    _or_os_error(encode)
    with path.open("r+b") as file:
        file.seek(-1, 2)
        if comment and file.read(1) == _END:
            file.seek(-1, 2)
            file.write(_comment(comment) + _END)


def _comment(text: str) -> bytes:
    data = text.encode()
    parts = [data[place : place + 255] for place in range(0, len(data), 255)]
    return _COMMENT + b"".join(bytes([len(part)]) + part for part in parts) + b"\0"
