"""Animated pictures that loop: GIF with one palette for all frames, and WebP; both with words."""

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

from mag_sandbox.model.world import Frames
from mag_sandbox.sandbox.export.metadata import KEY

SAMPLES = 24  # frames that the palette is chosen from
COLOURS = 256
GIF_CLOCK = 100  # ticks a second that the format knows
WEBP_QUALITY = 80
_COMMENT, _END = b"\x21\xfe", b"\x3b"  # of a GIF
_HAS_XMP = 0x04  # flag of a WebP's first chunk


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

    Raises:
        OSError: it cannot be written.
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

    _write(path, "gif", "gif", pictures(), "pal8", size, lambda n: round(n * GIF_CLOCK / fps), {})
    with path.open("r+b") as file:
        file.seek(-1, 2)
        if comment and file.read(1) == _END:
            file.seek(-1, 2)
            file.write(_comment(comment) + _END)


def write_webp(
    path: Path, frames: Iterable[Frames], size: tuple[int, int], fps: float, comment: str
) -> None:
    """Write an animated WebP; arguments as for `write_gif`."""
    from av.video.reformatter import VideoReformatter

    enlarge = VideoReformatter()

    def pictures() -> Iterator[av.VideoFrame]:
        for frame in frames:
            small = av.VideoFrame.from_ndarray(frame, format="rgb24")
            yield enlarge.reformat(small, *size, "yuv420p", interpolation="POINT")

    options = {"quality": str(WEBP_QUALITY), "compression_level": "1"}
    ticks = lambda n: round(n * 1000 / fps)  # noqa: E731 -- one expression
    _write(path, "webp", "libwebp_anim", pictures(), "yuv420p", size, ticks, options)
    _add_xmp(path, comment)


def _write(
    path: Path,
    kind: str,
    codec: str,
    pictures: Iterator[av.VideoFrame],
    pixels: str,
    size: tuple[int, int],
    ticks: Callable[[int], int],
    options: dict[str, str],
) -> None:
    clock = Fraction(1, GIF_CLOCK if kind == "gif" else 1000)
    try:
        with av.open(str(path), "w", format=kind, options={"loop": "0"}) as file:
            stream = file.add_stream(codec, rate=1 / clock, options=options)
            assert isinstance(stream, av.VideoStream)
            stream.width, stream.height = size
            stream.pix_fmt = pixels
            stream.codec_context.time_base = clock
            for number, picture in enumerate(pictures):
                picture.pts, picture.time_base = ticks(number), clock
                file.mux(stream.encode(picture))
            file.mux(stream.encode(None))
    except av.FFmpegError as error:
        if isinstance(error, OSError):
            raise
        raise OSError(error.errno, error.strerror or str(error)) from None


def _comment(text: str) -> bytes:
    data = text.encode()
    parts = [data[place : place + 255] for place in range(0, len(data), 255)]
    return _COMMENT + b"".join(bytes([len(part)]) + part for part in parts) + b"\0"


def _add_xmp(path: Path, text: str) -> None:
    """Put words into a WebP: a chunk at its end, and a flag at its beginning."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    xmp = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:description>{KEY} {escaped}'
        "</dc:description></rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()
    with path.open("r+b") as file:
        head = file.read(30)
        if head[12:16] != b"VP8X":  # a single frame is no animation and has no place for words
            return
        file.seek(20)
        file.write(bytes([head[20] | _HAS_XMP]))
        end = file.seek(0, 2)
        file.write(b"XMP " + len(xmp).to_bytes(4, "little") + xmp + b"\0" * (len(xmp) % 2))
        end = file.tell()
        file.seek(4)
        file.write((end - 8).to_bytes(4, "little"))
