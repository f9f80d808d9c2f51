"""A scene's picture is opened by what it holds, never by its name, and only where it is small."""

import os
import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image

from mag_sandbox.model.frames import FORMATS, MAX_PIXELS, open_image
from mag_sandbox.model.world import WorldFailed

POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\nshowpage\n%%EOF\n"


def picture(kind: str, size: tuple[int, int] = (8, 6)) -> bytes:
    file = BytesIO()
    Image.new("RGB", size, (200, 100, 50)).save(file, kind)
    return file.getvalue()


def huge_png() -> bytes:
    """One that says it is as large as a picture can be, in a few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + checksum

    side = int(MAX_PIXELS**0.5) + 1
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", FORMATS)
def test_pictures_of_known_formats_are_opened_whatever_they_are_called(tmp_path, kind):
    path = tmp_path / "picture.eps"
    path.write_bytes(picture(kind))
    frames = open_image(str(path), 4, 2)
    assert frames.shape == (1, 2, 4, 3)
    assert abs(frames.astype(int) - (200, 100, 50)).max() <= 6


OTHERS = {
    "PostScript": POSTSCRIPT,
    **{kind: picture(kind) for kind in ("TIFF", "PPM", "ICO")},
    "nothing": b"",
    "half a picture": picture("PNG")[:40],
    "too many pixels": huge_png(),
}


@pytest.mark.parametrize("data", OTHERS.values(), ids=OTHERS)
def test_what_is_no_such_picture_is_refused_in_one_line(tmp_path, data, monkeypatch):
    monkeypatch.setattr("subprocess.Popen", None)  # nothing is run
    path = tmp_path / "picture.png"
    path.write_bytes(data)
    with pytest.raises(WorldFailed, match=r"picture.png cannot be read \(.+\); give a picture"):
        open_image(str(path), 4, 2)


def test_a_pipe_is_no_picture(tmp_path):
    os.mkfifo(tmp_path / "picture.png")
    with pytest.raises(WorldFailed, match="not a plain file"):
        open_image(str(tmp_path / "picture.png"), 4, 2)
