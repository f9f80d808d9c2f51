"""The opener of every video from outside.

FFmpeg guesses a format from the content, and some formats are lists of other files and addresses,
which it would open. So the format is given, and FFmpeg gets an open file instead of a path.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mag_sandbox.files.border import open_plain

if TYPE_CHECKING:
    from av.container import InputContainer

FORMATS = {".mp4": "mp4", ".mov": "mp4", ".mkv": "matroska", ".webm": "matroska", ".avi": "avi"}


@contextmanager
def open_video(path: Path) -> Iterator["InputContainer"]:
    """Open a video by its ending; any other ending is read as MP4.

    Raises:
        OSError: the file cannot be opened.
        av.FFmpegError: it is not of that format, or damaged.
    """
    import av  # slow to import

    format = FORMATS.get(path.suffix.lower(), "mp4")
    with open_plain(path) as file, av.open(file, "r", format=format) as video:
        yield video
