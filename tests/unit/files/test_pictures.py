"""Pictures from outside are opened by content, never by name, and checked before decoding."""

import os
import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from mag_sandbox.evaluation.lookback.folders import FramesFolder
from mag_sandbox.evaluation.report.page import _data_address
from mag_sandbox.evaluation.results import videos
from mag_sandbox.evaluation.results.videos import VideoFault, VideoFormat, read_video, write_video
from mag_sandbox.files.border import Refusal
from mag_sandbox.files.pictures import (
    FORMATS,
    MAX_PIXELS,
    MAX_SCANS,
    SCENE_FORMATS,
    decode_picture,
    read_picture,
)
from mag_sandbox.model.frames import open_image
from mag_sandbox.model.world import WorldFailed

POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\nshowpage\n%%EOF\n"
BINARY_EPS = b"\xc5\xd0\xd3\xc6" + struct.pack("<6IH", 32, len(POSTSCRIPT), 0, 0, 0, 0, 0xFFFF)


def picture(kind: str, size: tuple[int, int] = (8, 6)) -> bytes:
    file = BytesIO()
    Image.new("RGB", size, (200, 100, 50)).save(file, kind)
    return file.getvalue()


def header_only(width: int, height: int) -> bytes:
    """A PNG whose header promises a size, in a few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + checksum

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", SCENE_FORMATS)
def test_pictures_of_known_formats_are_opened_whatever_they_are_called(tmp_path, kind):
    path = tmp_path / "picture.eps"
    path.write_bytes(picture(kind))
    frames = open_image(str(path), 4, 2)
    assert frames.shape == (1, 2, 4, 3)
    assert abs(frames.astype(int) - (200, 100, 50)).max() <= 6


OTHERS = {
    "PostScript": POSTSCRIPT,
    "PostScript with a preview": BINARY_EPS + b"\0\0" + POSTSCRIPT,
    **{kind: picture(kind) for kind in ("TIFF", "PPM", "ICO")},
    "nothing": b"",
    "half a picture": picture("PNG")[:40],
    "too many pixels": header_only(int(MAX_PIXELS**0.5) + 1, int(MAX_PIXELS**0.5) + 1),
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


def folder_of(tmp_path, data: bytes, name: str = "00000.png") -> FramesFolder:
    place = tmp_path / "made" / "return-000" / "frames"
    place.mkdir(parents=True)
    (place / name).write_bytes(data)
    return FramesFolder(tmp_path / "made")


@pytest.mark.parametrize("name", ["00000.png", "00000.jpg"])
@pytest.mark.parametrize("data", OTHERS.values(), ids=OTHERS)
def test_a_folder_of_frames_runs_nothing(tmp_path, monkeypatch, data, name):
    monkeypatch.setattr("subprocess.Popen", None)
    monkeypatch.setattr("subprocess.check_call", None)
    with pytest.raises(Refusal, match=r"frames/00000.* cannot be read \(.+\); write a PNG or JPEG"):
        next(folder_of(tmp_path, data, name).frames("return-000"))


@pytest.mark.parametrize("kind", FORMATS)
def test_a_folder_of_frames_is_read_by_content(tmp_path, kind):
    frame = next(folder_of(tmp_path, picture(kind), "00000.jpeg").frames("return-000"))
    assert frame.shape == (6, 8, 3)


@pytest.mark.parametrize("size", [(1, 4096), (65535, 1), (1, 65535), (8192, 4915), (4096, 1)])
def test_the_size_of_a_frame_is_checked_before_it_is_decoded(tmp_path, size):
    """There is nothing to decode: only the header says how large it would be."""
    with pytest.raises(Refusal, match=f"frames are {size[0]} x {size[1]} px; make some of about"):
        next(folder_of(tmp_path, header_only(*size)).frames("return-000"))


def test_a_report_runs_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("subprocess.check_call", None)
    (tmp_path / "best.png").write_bytes(POSTSCRIPT)
    with pytest.raises(ValueError, match="it is not PNG or JPEG"):
        _data_address(str(tmp_path / "best.png"))


def test_a_jpeg_of_endless_scans_is_refused():
    file = BytesIO()
    Image.new("RGB", (64, 64)).save(file, "JPEG", progressive=True)
    data = file.getvalue()
    assert decode_picture(data).shape == (64, 64, 3)
    scan = data[data.rindex(b"\xff\xda") : -2]
    with pytest.raises(ValueError, match=f"more than {MAX_SCANS} scans"):
        decode_picture(data[:-2] + scan * MAX_SCANS + data[-2:])


def test_other_modes_become_rgb(tmp_path):
    for mode in ("L", "P", "1", "RGBA", "LA", "I;16"):
        Image.new(mode, (5, 4)).save(tmp_path / "a.png")
        assert read_picture(tmp_path / "a.png").shape == (4, 5, 3)


def test_no_more_of_a_video_is_decoded_than_is_asked_for(tmp_path, monkeypatch):
    """One of twenty thousand frames would fill the memory."""
    write_video(tmp_path / "return-000.mp4", np.zeros((90, 192, 320, 3), np.uint8), 16.0)
    decoded = []
    real = videos._decoded
    monkeypatch.setattr(
        videos, "_decoded", lambda *told: (decoded.append(1) or one for one in real(*told))
    )
    frames = FramesFolder(tmp_path).frames("return-000")
    assert next(frames).shape == next(frames).shape == (192, 320, 3)
    assert len(decoded) == 2


def test_the_size_of_a_video_is_checked_before_it_is_decoded(tmp_path, monkeypatch):
    monkeypatch.setattr(videos, "_decoded", lambda *told: pytest.fail("it was decoded"))
    write_video(tmp_path / "return-000.mp4", np.zeros((2, 16, 320, 3), np.uint8), 16.0)
    with pytest.raises(Refusal, match=r"return-000.mp4: frames are 320 x 16 px; make some"):
        next(FramesFolder(tmp_path).frames("return-000"))
    monkeypatch.setattr(videos, "MAX_BYTES", 320 * 16 * 3)
    with pytest.raises(VideoFault, match="has 2 frames, at most 1 fit into memory"):
        read_video(tmp_path / "return-000.mp4", VideoFormat(320, 16, 16))


@pytest.mark.parametrize("text", ["#EXTM3U\n#EXTINF:1,\n{}\n", "ffconcat version 1.0\nfile {}\n"])
def test_a_list_of_other_files_is_no_video(tmp_path, text):
    """FFmpeg would open what it names, addresses too."""
    write_video(tmp_path / "other.mp4", np.zeros((2, 192, 320, 3), np.uint8), 16.0)
    (tmp_path / "return-000.mp4").write_text(text.format("other.mp4"))
    with pytest.raises(Refusal, match="cannot be decoded"):
        next(FramesFolder(tmp_path).frames("return-000"))
