"""Reads a recording: a folder whose `session.jsonl` has one event a line.

A killed program may leave half a line at the end, which is left out. Every other fault is a
RecordingError that names file, line and remedy.
"""

import hashlib
import os
import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.files.border import Refusal, is_file, read_plain, refusing
from mag_sandbox.files.validation import decode, parse_json, shortened
from mag_sandbox.model.world import Control, MemorySetting
from mag_sandbox.sandbox.play.events import (
    SCHEMA_VERSION,
    BlockEvent,
    MemoryEvent,
    SessionEnd,
    SessionStart,
)
from mag_sandbox.scenes import Scene
from mag_sandbox.scenes.scene import MAX_SEED

By = Literal["auto", "digest", "psnr"]  # how a replay is compared
ALIKE_DB = 25.0  # of the median frame: above, people see the same place; other seeds score 10 to 13
EVENTS_FILE = "session.jsonl"
MAX_BYTES = 2**28  # of it: an hour takes 10 MB
MOST_EVENTS = 2**19  # in it: 27 hours
STATE_FOLDER = "state"  # the parked scene that the session continued, if it did
_EVENTS = {"session_start": SessionStart, "block": BlockEvent, "session_end": SessionEnd}
_AXES = tuple(field.name for field in fields(CameraCommand))


def processor_name() -> str:
    """Return the name of the processor."""
    found = re.search(r"^model name\s*:\s*(.+)$", cpu_info(), re.M)
    return found[1].strip() if found else platform.processor() or platform.machine()


def cpu_info() -> str:
    """Return the text of /proc/cpuinfo; "" where there is none."""
    info = Path("/proc/cpuinfo")
    return info.read_text() if info.exists() else ""


class RecordingError(Refusal, ValueError):
    """A recording that cannot be written or read; the message is one sentence with the remedy."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A session as it was recorded."""

    folder: Path
    start: SessionStart
    blocks: tuple[BlockEvent, ...]  # the first block included
    end: SessionEnd | None  # None: recording was interrupted
    cut_off: bool = False  # the last line is incomplete and was left out
    is_changed: bool = False  # its lines are not those that were written

    @classmethod
    def of_controls(
        cls,
        place: tuple[Scene, int],
        loaded: tuple[str, MemorySetting, bool],
        controls: Sequence[Control],
    ) -> "Recording":
        """Return a recording of controls alone: no folder, no figures, no digests.

        Args:
            place: scene and seed, from whose reset on the controls go.
            loaded: world, memory and look-ahead, as the world was loaded.
            controls: of all blocks but the first one.
        """
        (scene, seed), (world, memory, look_ahead) = place, loaded
        blocks = tuple(
            BlockEvent(number, control, 0, 0.0, "", MemoryEvent(0, 0, 0), 0.0)
            for number, control in enumerate((Control(), *controls))
        )
        start = SessionStart(world, {}, scene, seed, blocks[0], "", 0.0, memory, look_ahead)
        return cls(Path(os.devnull), start, blocks, None)

    @property
    def is_kept(self) -> bool:
        """Whether it lies in a folder."""
        return self.folder != Path(os.devnull)

    @property
    def controls(self) -> tuple[Control, ...]:
        """The controls of all blocks but the first one of a reset."""
        asked = self.blocks if self.start.state else self.blocks[1:]
        return tuple(block.control for block in asked)


def load_recording(folder: Path, called: Path | None = None) -> Recording:
    """Read and check a recording, named `called` in messages, or raise RecordingError."""
    path = called or folder / EVENTS_FILE
    lines, cut_off = _read_lines(folder / EVENTS_FILE, path)
    events = [_parse_event(line, f"{path} line {number}") for number, line in enumerate(lines, 1)]
    start, last = events[0], events[-1]
    if not isinstance(start, SessionStart):
        raise RecordingError(f"{path} line 1: expected session_start, found {start.kind}; {_AGAIN}")
    if not 0 <= start.seed <= MAX_SEED:
        seed = shortened(start.seed)
        raise RecordingError(f"{path} line 1: seed is {seed}, expected 0 to {MAX_SEED}; {_AGAIN}")
    end = last if isinstance(last, SessionEnd) else None
    blocks = [start.first_block]
    for number, event in enumerate(events[1:-1] if end else events[1:], 2):
        if not isinstance(event, BlockEvent):
            raise RecordingError(f"{path} line {number}: {event.kind} out of place; {_AGAIN}")
        if event.block_index != start.first_block.block_index + number - 1:
            raise RecordingError(
                f"{path} line {number}: block {event.block_index} out of order; {_AGAIN}"
            )
        blocks.append(event)
    start = replace(
        start,
        scene=_with_image_path(start.scene, folder),
        state=str(folder / STATE_FOLDER) if start.state else None,  # never one from elsewhere
    )
    own_sum = hashlib.sha256(b"".join(line + b"\n" for line in lines[:-1])).hexdigest()
    is_changed = bool(end and end.sha256 and end.sha256 != own_sum)
    return Recording(folder, start, tuple(blocks), end, cut_off, is_changed)


def next_part(folder: Path) -> Path | None:
    """Return the recording that went on after a restart, see `Recorder`; None: there is none."""
    stem, _, number = folder.name.rpartition("-")
    names = [f"{stem}-{int(number) + 1}"] if number.isdecimal() and len(number) < 5 else []
    parts = [folder.with_name(name) for name in (*names, f"{folder.name}-2")]
    return next((part for part in parts if is_file(part / EVENTS_FILE)), None)


def next_part_text(folder: Path) -> str:
    """Return a sentence about the recording that went on after a restart; "" if there is none."""
    part = next_part(folder)
    return f"what was played next is in {part}; `replay {part}` plays it" if part else ""


def with_machine(provenance: dict[str, Any]) -> dict[str, Any]:
    """Return a provenance with this machine's processor, unless it names one: bits depend on it."""
    return {"machine": processor_name(), **provenance}


_PICTURES = "or export the pictures that were kept"
_AGAIN = f"the file was changed or damaged: record the session again, {_PICTURES}"


def _with_image_path(scene: Scene, folder: Path) -> Scene:
    if scene.image is None:
        return scene
    image = folder / Path(scene.image).name  # never a file from elsewhere
    if not is_file(image):
        raise RecordingError(f"{image} is missing; copy the whole folder of the recording")
    return replace(scene, image=str(image.resolve()))


def _read_lines(file: Path, path: Path) -> tuple[list[bytes], bool]:
    remedy = f"name the folder given to `play --record`, {_PICTURES}"
    with refusing(lambda why: RecordingError(f"{path} cannot be read ({why}); {remedy}")):
        data = read_plain(file, MAX_BYTES)
        if data.count(b"\n") > MOST_EVENTS:  # each becomes an object
            raise ValueError(f"it has more than {MOST_EVENTS} lines")
    lines = data.split(b"\n")
    tail, cut_off = lines.pop(), False
    if tail:
        try:
            parse_json(tail)
            lines.append(tail)
        except ValueError:
            cut_off = True
    if not lines:
        raise RecordingError(f"{path} holds no complete event; {_AGAIN}")
    return lines, cut_off


def _with_cameras(event: dict[str, Any]) -> dict[str, Any]:
    if isinstance(event.get("first_block"), dict):
        event = {**event, "first_block": _with_cameras(event["first_block"])}
    if isinstance(event.get("control"), dict):
        control = {**event["control"]}
        control["camera"] = {axis: control.pop(axis) for axis in _AXES if axis in control}
        event = {**event, "control": control}
    return event


def _parse_event(line: bytes, where: str) -> SessionStart | BlockEvent | SessionEnd:
    with refusing(lambda why: RecordingError(f"{where}: {why}; {_AGAIN}")):
        return _event(parse_json(line), where)


def _event(data: object, where: str) -> SessionStart | BlockEvent | SessionEnd:
    if not isinstance(data, dict):
        raise RecordingError(f"{where}: expected an event, found {shortened(data)}; {_AGAIN}")
    kind = data.get("kind")
    if not isinstance(kind, str) or kind not in _EVENTS:
        known = ", ".join(_EVENTS)
        raise RecordingError(
            f"{where}: kind is {shortened(kind)}, expected one of {known}; {_AGAIN}"
        )
    if kind == "session_start" and data.get("schema") != SCHEMA_VERSION:
        raise RecordingError(
            f"{where}: schema is {shortened(data.get('schema'))}, this version reads "
            f"{SCHEMA_VERSION}; use the version of the game that recorded it"
        )
    event: SessionStart | BlockEvent | SessionEnd
    event = decode(_EVENTS[kind], _with_cameras(data), "event")
    return event
