"""The opener of every picture from outside, and the coder of JPEG and PNG.

A file is read by its content, whatever its name says, with a decoder that only decodes: Pillow
itself would hand PostScript to Ghostscript, which runs it. Header and size are checked first, so a
few bytes cannot ask for gigabytes.
"""

from base64 import b64encode
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np
from PIL import Image
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile, PngInfo
from PIL.WebPImagePlugin import WebPImageFile

from mag_sandbox.files.border import read_plain

MAX_BYTES = 2**26  # of a file
MAX_PIXELS = 2**26  # 200 MB decoded
MAX_SCANS = 64  # of a progressive JPEG: each passes over the whole picture, and may have few bytes
FORMATS = ("PNG", "JPEG")
SCENE_FORMATS = (*FORMATS, "WEBP", "GIF", "BMP")  # a player's own picture may be any of these
_DECODERS: dict[str, tuple[bytes, type[ImageFile]]] = {  # format -> its first bytes, its decoder
    "PNG": (b"\x89PNG\r\n\x1a\n", PngImageFile),
    "JPEG": (b"\xff\xd8\xff", JpegImageFile),
    "WEBP": (b"RIFF", WebPImageFile),
    "GIF": (b"GIF8", GifImageFile),
    "BMP": (b"BM", BmpImageFile),
}
_SCAN = b"\xff\xda"


def read_picture(
    path: Path,
    check_size: Callable[[int, int], None] | None = None,
    *,
    formats: tuple[str, ...] = FORMATS,
    most: int = MAX_BYTES,
) -> np.ndarray:
    """Return the picture in a file of at most `most` bytes, uint8 [H, W, 3].

    Raises:
        OSError: the file cannot be read; see `read_plain`.
        ValueError: see `decode_picture`.
    """
    return decode_picture(read_plain(path, most), check_size, formats=formats)


def decode_picture(
    data: bytes,
    check_size: Callable[[int, int], None] | None = None,
    *,
    formats: tuple[str, ...] = FORMATS,
) -> np.ndarray:
    """Return an encoded picture, uint8 [H, W, 3].

    Args:
        data: the content of a picture file.
        check_size: gets width and height [px] before anything is decoded; raises ValueError if
            that size is not expected.
        formats: some of SCENE_FORMATS.

    Raises:
        ValueError: it is of no such format, too large, or damaged.
        Exception: whatever else Pillow raises for damaged data; wrap the call in `refusing`.
    """
    found = [name for name in formats if data.startswith(_DECODERS[name][0])]
    if not found:
        raise ValueError(f"it is not {' or '.join(formats)}")
    decoder = _DECODERS[found[0]][1]
    if decoder is JpegImageFile and data.count(_SCAN) > MAX_SCANS:
        raise ValueError(f"it has more than {MAX_SCANS} scans")
    with decoder(BytesIO(data)) as image:  # reads the header only
        width, height = image.size
        if check_size is not None:
            check_size(width, height)
        if width * height > MAX_PIXELS:
            raise ValueError(f"it is {width} x {height} px")
        return np.array(image if image.mode == "RGB" else image.convert("RGB"))


def encode_jpeg(picture: np.ndarray, quality: int, subsampling: int = 0) -> bytes:
    """Return a picture, uint8 [H, W, 3], as JPEG; subsampling 0 keeps colours at full size."""
    with TemporaryFile(buffering=0) as file:  # into memory, Pillow would let no other thread run
        Image.fromarray(picture).save(file, "JPEG", quality=quality, subsampling=subsampling)
        file.seek(0)
        return file.read()


def encode_png(picture: np.ndarray, texts: Mapping[str, str] | None = None) -> bytes:
    """Return a picture, uint8 [H, W, 3], as a PNG that holds texts by their names."""
    file, notes = BytesIO(), PngInfo()
    for name, text in (texts or {}).items():
        notes.add_itxt(name, text)
    Image.fromarray(picture).save(file, "PNG", pnginfo=notes)
    return file.getvalue()


def jpeg_address(picture: np.ndarray, quality: int, subsampling: int = 0) -> str:
    """Return a picture as a data address for pages; arguments as of `encode_jpeg`."""
    data = encode_jpeg(picture, quality, subsampling)
    return f"data:image/jpeg;base64,{b64encode(data).decode()}"


def read_note(
    path: Path, name: str, check_size: Callable[[int, int], None] | None = None
) -> str | None:
    """Return the text that a PNG holds under a name; None: it holds none, or is no PNG.

    `check_size` is as of `decode_picture`, and is asked only if there is a text.

    Raises:
        OSError: the file cannot be read; see `read_plain`.
        Exception: whatever Pillow raises for damaged data; wrap the call in `refusing`.
    """
    data = read_plain(path, MAX_BYTES)
    first, decoder = _DECODERS["PNG"]
    if not data.startswith(first):
        return None
    with decoder(BytesIO(data)) as image:
        note = image.info.get(name)
        if isinstance(note, str) and check_size is not None:
            check_size(*image.size)
    return note if isinstance(note, str) else None


def check_side(most: int) -> Callable[[int, int], None]:
    """Return a `check_size` that accepts pictures of at most `most` px a side."""

    def check(width: int, height: int) -> None:
        if max(width, height) > most:
            raise ValueError(f"it is {width} x {height} px, at most {most} px a side")

    return check


def check_exactly(size: tuple[int, int]) -> Callable[[int, int], None]:
    """Return a `check_size` that accepts pictures of one width and height [px]."""

    def check(width: int, height: int) -> None:
        if (width, height) != size:
            raise ValueError(f"it is {width} x {height} px, expected {size[0]} x {size[1]}")

    return check
