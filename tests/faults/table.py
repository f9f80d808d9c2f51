"""Bad inputs: what is done, with which file, and what the one sentence about it must say.

A row's command is written as a person types it; `here` in it is the folder in which its file lies.
"""

import json
import os
import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

Maker = Callable[[Path], object]  # puts the bad file into a folder
PLAY = "play --headless --seconds 1 --scene here/bad.yaml"
DEMO = "demo here/bad.yaml --headless --out here/out"
REPLAY = "replay here/rec --verify --headless"
EXPORT = "export here/rec --format frames --out here/out"
SHORT = "play --headless --seconds 0.2 --scene meadow"


@dataclass(frozen=True, slots=True)
class Row:
    """One bad input."""

    name: str
    command: str
    says: Sequence[str]  # words of the sentence: where, what, remedy
    make: Maker = lambda here: None


def text(content: str | bytes, name: str = "bad.yaml") -> Maker:
    """Return what makes a file of these contents."""
    data = content.encode() if isinstance(content, str) else content

    def make(here: Path) -> None:
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_bytes(data)

    return make


def folder(name: str = "bad.yaml") -> Maker:
    """Return what makes a folder where a file is expected."""
    return lambda here: (here / name).mkdir(parents=True)


def pipe(name: str = "bad.yaml") -> Maker:
    """Return what makes a pipe, into which nobody writes, in the place of a file."""

    def make(here: Path) -> None:
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).unlink(missing_ok=True)
        os.mkfifo(here / name)

    return make


def endless(name: str) -> Maker:
    """Return what makes a file that never ends."""

    def make(here: Path) -> None:
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).unlink(missing_ok=True)
        (here / name).symlink_to("/dev/zero")

    return make


def both(*makers: Maker) -> Maker:
    """Return what makes several things."""
    return lambda here: [make(here) for make in makers]


def bomb() -> str:
    """Return YAML that grows to a billion words when its references are followed."""
    rows = ["a0: &a0 [lol,lol,lol,lol,lol,lol,lol,lol,lol,lol]"]
    rows += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    return "\n".join(rows) + "\nprompt: *a9\n"


def bomb_in(key: str, start: str) -> str:
    """Return a file whose known key holds references upon references."""
    rows = ["&a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    rows += [f"&a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    return f"{start}{key}: [{', '.join(rows)}]\n"


def lines(path: Path) -> list[dict]:
    """Return the events of a recording."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def recording(change: Callable[[list[dict]], object], **options: object) -> Maker:
    """Return what makes a recording whose events are changed."""

    def make(here: Path) -> None:
        _record(here, **options)
        path = here / "rec" / "session.jsonl"
        events = lines(path)
        change(events)
        path.write_text("".join(json.dumps(event) + "\n" for event in events))

    return make


def recording_bytes(change: Callable[[bytes], bytes], name: str = "session.jsonl") -> Maker:
    """Return what makes a recording with the bytes of a file changed."""

    def make(here: Path) -> None:
        _record(here, with_frames=name != "session.jsonl")
        path = here / "rec" / name
        path.write_bytes(change(path.read_bytes()))

    return make


def kept_frames(tag: bytes, change: Callable[[dict], object]) -> Maker:
    """Return what makes a recording whose kept frames have one record's words changed."""

    def make(here: Path) -> None:
        from mag_sandbox.sandbox.recording.frames_file import _HEADER

        _record(here, with_frames=True, with_prober=True)
        path = here / "rec" / "frames.bin"
        data = path.read_bytes()
        at = data.index(tag)
        _, words, pictures, _, sum_of_pictures = _HEADER.unpack_from(data, at)
        begin = at + _HEADER.size
        said = json.loads(data[begin : begin + words])
        change(said)
        now = json.dumps(said).encode()
        lengths = struct.pack("<4sII", tag, len(now), pictures)
        head = (tag, len(now), pictures, zlib.crc32(now, zlib.crc32(lengths)), sum_of_pictures)
        path.write_bytes(data[:at] + _HEADER.pack(*head) + now + data[begin + words :])

    return make


def _record(here: Path, **options: object) -> None:
    from tests.recorded import AWAY_AND_BACK, record

    options = {"with_frames": False, "with_prober": False} | options
    record(here / "rec", AWAY_AND_BACK[:3], **options)


def state(change: Callable[[Path], object]) -> Maker:
    """Return what makes a recording that goes on from a state, and changes the state's folder."""

    def make(here: Path) -> None:
        from mag_sandbox.sandbox.play.parked_scene import write_state
        from tests.unit.sandbox.saves.test_state_files import left_after

        def goes_on(events: list[dict]) -> None:
            events[0] |= {"state": "state", "world": "pocket"}

        recording(goes_on)(here)
        write_state(here / "rec" / "state", left_after(2, world="pocket"))
        change(here / "rec" / "state")

    return make


def header(**changes: object) -> Callable[[Path], object]:
    """Return what changes fields of a state's header."""

    def change(folder: Path) -> None:
        path = folder / "state.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return change


def weights(change: Callable[[Path], object]) -> Maker:
    """Return what makes a folder of weights of a very small world, and changes it."""

    def make(here: Path) -> None:
        from tests.tiny import write_tiny_weights  # imports torch

        change(write_tiny_weights(here / "weights"))

    return make


def edited(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    """Return what changes the bytes of a file in a folder."""
    return lambda folder: (folder / name).write_bytes(change((folder / name).read_bytes()))
