"""Reads a recording: a folder whose `session.jsonl` holds one typed event a line; trusts nothing.

A recording cut short by a kill ends in the middle of a line; that line is left out and said so.
Every other fault is a RecordingError that names file, line and remedy.
"""

import json
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from controls.camera import CameraCommand
from model.world import Control
from sandbox.events import SCHEMA_VERSION, BlockEvent, SessionEnd, SessionStart
from scenes import Scene

EVENTS_FILE = "session.jsonl"
_EVENTS = {"session_start": SessionStart, "block": BlockEvent, "session_end": SessionEnd}
_AXES = tuple(field.name for field in fields(CameraCommand))


class RecordingError(ValueError):
    """A recording that cannot be written or read; the message is one sentence with the remedy."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A session as it was recorded."""

    folder: Path
    start: SessionStart
    blocks: tuple[BlockEvent, ...]  # the first block included
    end: SessionEnd | None  # None: recording was interrupted
    cut_off: bool = False  # the last line is incomplete and was left out

    @property
    def controls(self) -> tuple[Control, ...]:
        """What was asked, block by block; the first block is not asked for anything."""
        return tuple(block.control for block in self.blocks[1:])


def load_recording(folder: Path) -> Recording:
    """Read and check a recording.

    Raises:
        RecordingError: it is missing, empty, damaged, or of another schema version.
    """
    path = folder / EVENTS_FILE
    lines, cut_off = _read_lines(path)
    events = [_parse_event(line, f"{path} line {number}") for number, line in enumerate(lines, 1)]
    start, rest = events[0], events[1:]
    if not isinstance(start, SessionStart):
        raise RecordingError(f"{path} line 1: expected session_start, found {start.kind}; {_AGAIN}")
    end = rest.pop() if rest and isinstance(rest[-1], SessionEnd) else None
    for number, event in enumerate(rest, 2):
        if not isinstance(event, BlockEvent):
            raise RecordingError(f"{path} line {number}: {event.kind} out of place; {_AGAIN}")
        if event.block_index != start.first_block.block_index + number - 1:
            raise RecordingError(
                f"{path} line {number}: block {event.block_index} out of order; {_AGAIN}"
            )
    start = replace(start, scene=_with_image_path(start.scene, folder))
    return Recording(folder, start, (start.first_block, *rest), end, cut_off)


_AGAIN = "the file was changed or damaged: record the session again"


def _with_image_path(scene: Scene, folder: Path) -> Scene:
    if scene.image is None:
        return scene
    image = folder / Path(scene.image).name  # never a file from elsewhere
    if not image.is_file():
        raise RecordingError(f"{image} is missing; copy the whole folder of the recording")
    return replace(scene, image=str(image.resolve()))


def _read_lines(path: Path) -> tuple[list[bytes], bool]:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise RecordingError(
            f"{path} not found; name the folder given to `play --record`"
        ) from None
    except OSError as error:
        raise RecordingError(f"{path} cannot be read ({error.strerror}); check the path") from None
    lines = data.split(b"\n")
    tail = lines.pop()
    cut_off = bool(tail) and not _is_json(tail)
    if tail and not cut_off:
        lines.append(tail)
    if not lines:
        raise RecordingError(f"{path} holds no complete event; {_AGAIN}")
    return lines, cut_off


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _parse_event(line: bytes, where: str) -> SessionStart | BlockEvent | SessionEnd:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        raise RecordingError(f"{where}: not JSON; {_AGAIN}") from None
    if not isinstance(data, dict):
        raise RecordingError(f"{where}: expected an event, found {_short(data)}; {_AGAIN}")
    kind = data.get("kind")
    if not isinstance(kind, str) or kind not in _EVENTS:
        known = ", ".join(_EVENTS)
        raise RecordingError(f"{where}: kind is {_short(kind)}, expected one of {known}; {_AGAIN}")
    if kind == "session_start" and data.get("schema") != SCHEMA_VERSION:
        raise RecordingError(
            f"{where}: schema is {_short(data.get('schema'))}, this version reads "
            f"{SCHEMA_VERSION}; use the version of the game that recorded it"
        )
    try:
        return _decode(_EVENTS[kind], data)
    except (ValueError, OverflowError) as error:
        raise RecordingError(f"{where}: {error}; {_AGAIN}") from None


def _decode(expected: Any, value: Any, key: str = "event") -> Any:
    """Return plain JSON data as the type that an event's field declares."""
    origin, arguments = get_origin(expected), get_args(expected)
    if is_dataclass(expected):
        return _decode_dataclass(expected, value, key)
    if origin is UnionType:
        chosen = NoneType if value is None else arguments[0]  # the only unions are `X | None`
        return _decode(chosen, value, key)
    if origin is tuple and isinstance(value, list):
        return tuple(_decode(arguments[0], item, key) for item in value)
    if origin is dict and isinstance(value, dict):
        return {name: _decode(arguments[1], item, f"{key}.{name}") for name, item in value.items()}
    if origin is Literal and value in arguments:
        return value
    if expected is float and type(value) is int:
        return float(value)
    if expected is type(value):
        return value
    raise ValueError(f'"{key}" is {_short(value)}, expected {_name(expected)}')


def _decode_dataclass(expected: type, value: Any, key: str) -> Any:
    if not isinstance(value, dict):
        raise ValueError(f'"{key}" is {_short(value)}, expected {expected.__name__}')
    if expected is Control:
        value = dict(value)
        value["camera"] = {axis: value.pop(axis) for axis in _AXES if axis in value}
    names = [field.name for field in fields(expected)]
    if wrong := sorted(set(names) ^ set(value)):
        verb = "lacks" if wrong[0] in names else "has an unknown"
        raise ValueError(f'"{key}" {verb} "{wrong[0]}"')
    hints = get_type_hints(expected)
    return expected(**{name: _decode(hints[name], value[name], name) for name in names})


def _name(expected: Any) -> str:
    return expected.__name__ if isinstance(expected, type) else str(expected)


def _short(value: object) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 40 else text[:37] + "..."
