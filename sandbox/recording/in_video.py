"""A recording inside the video that was exported from it, as tags of the video's container.

It is unpacked into a folder and read there, so that it is checked as every recording is.
"""

import re
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from mag_sandbox.files.border import is_file, read_plain, refusing
from mag_sandbox.files.videos import open_video
from mag_sandbox.sandbox.recording.reader import (
    EVENTS_FILE,
    MAX_BYTES,
    Recording,
    RecordingError,
    load_recording,
)
from mag_sandbox.sandbox.recording.recorder import to_line

EVENTS_TAG = "mag-sandbox-session"  # session.jsonl, compressed; an hour takes a megabyte
IMAGE_TAG = "mag-sandbox-image"  # name and bytes of the scene's picture
MOST_TAG = 2**25  # characters
_IMAGE_NAME = re.compile(r"image\.[A-Za-z0-9]{1,8}", re.ASCII)
_REMEDY = "name the folder of a recording, or an mp4 that was exported from one"


class NotEnclosed(RecordingError):
    """A recording that a video cannot hold; the message says why."""


def tags_of(recording: Recording) -> dict[str, str]:
    """Return the tags from which `opened` restores the recording, without the times of stages.

    Raises:
        NotEnclosed: it needs more than a video can hold.
    """
    start = recording.start
    if start.state is not None:
        raise NotEnclosed("it goes on from a saved place, which only the recording has")
    blocks = [
        replace(event, stage_ms={}, latency_ms=round(event.latency_ms), t=round(event.t, 2))
        for event in recording.blocks
    ]
    start, tags = replace(start, first_block=blocks[0]), {}
    if start.scene.image is not None:
        image = Path(start.scene.image)
        with refusing(lambda why: NotEnclosed(f"{image} cannot be read ({why})")):
            tags[IMAGE_TAG] = f"{image.name} {_packed(read_plain(image, MOST_TAG))}"
        start = replace(start, scene=replace(start.scene, image=image.name))
    lines = [to_line(start), *map(to_line, blocks[1:])]
    if recording.end is not None:
        lines.append(to_line(replace(recording.end, sha256="")))
    tags[EVENTS_TAG] = _packed("".join(lines).encode())
    if max(map(len, tags.values())) > MOST_TAG:
        raise NotEnclosed(
            "it is too long for a video file to hold all of it, or its picture too large"
        )
    return tags


@contextmanager
def opened(path: Path) -> Iterator[Recording]:
    """Give the recording in a folder, or the one in a video as long as this is open."""
    if not is_file(path):
        yield load_recording(path)
        return
    with TemporaryDirectory(prefix="mag-sandbox-", ignore_cleanup_errors=True) as folder:
        _unpack(_tags_in(path), Path(folder), path)
        yield load_recording(Path(folder), called=path)


def _tags_in(path: Path) -> dict[str, str]:
    import av  # slow to import

    with refusing(lambda why: RecordingError(f"{path} cannot be read ({why}); {_REMEDY}")):
        try:
            with open_video(path) as video:
                return dict(video.metadata)
        except av.FFmpegError:
            raise ValueError("it is no MP4, or a damaged one") from None


def _unpack(tags: dict[str, str], folder: Path, path: Path) -> None:
    if EVENTS_TAG not in tags:
        raise RecordingError(
            f"{path} holds no recording: another program made it, or an older version of this "
            f"one, or its session goes on from a saved place; {_REMEDY}"
        )
    damaged = f"{path} holds a damaged recording"
    with refusing(lambda why: RecordingError(f"{damaged} ({why}); {_REMEDY}")):
        (folder / EVENTS_FILE).write_bytes(_unpacked(tags[EVENTS_TAG], MAX_BYTES))
        if IMAGE_TAG in tags:
            name, _, data = tags[IMAGE_TAG].partition(" ")
            if not _IMAGE_NAME.fullmatch(name):
                raise ValueError("its picture has no name of ours")
            (folder / name).write_bytes(_unpacked(data, MOST_TAG))


def _packed(data: bytes) -> str:
    return b64encode(zlib.compress(data, 9)).decode()


def _unpacked(text: str, most: int) -> bytes:
    if len(text) > MOST_TAG:
        raise ValueError(f"it is longer than {MOST_TAG} characters")
    unpacking = zlib.decompressobj()
    with refusing(lambda why: ValueError("it was changed after it was written")):
        data = unpacking.decompress(b64decode(text, validate=True), most)
    if not unpacking.eof:
        raise ValueError(f"it is cut off, or more than {most // 2**20} MiB")
    return data
