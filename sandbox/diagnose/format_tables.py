"""The tables of `docs/formats.md`: every field of a file, from the dataclass that reads it.

A table stands below a line `<!-- table: NAME -->`; `filled` writes them anew. What a field is comes
from the comment beside it in the code. Knows nothing of how files are read.
"""

import inspect
import re
from dataclasses import MISSING, Field, fields
from typing import get_args

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.world import MemorySegment, MemorySetting
from mag_sandbox.sandbox.demo.result import Checked, DemoResult, MarkRow, MemoryRow, ProbeRow
from mag_sandbox.sandbox.play.events import (
    BlockEvent,
    LookAheadEvent,
    MemoryEvent,
    SessionEnd,
    SessionStart,
)
from mag_sandbox.sandbox.recording.frame_records import BlockHead, FramesHead, KeptUsage, ProbeHead
from mag_sandbox.sandbox.saves.parked_scene import FileCheck, KeptMemory, StateHeader
from mag_sandbox.sandbox.settings import SandboxConfig
from mag_sandbox.scenes import Scene

RECORDS = (
    *(SessionStart, BlockEvent, LookAheadEvent, MemoryEvent, SessionEnd, MemorySetting),
    *(FramesHead, BlockHead, KeptUsage, MemorySegment, ProbeHead, CameraPose),
    *(StateHeader, FileCheck, KeptMemory, Scene, SandboxConfig),
    *(DemoResult, ProbeRow, MarkRow, MemoryRow, Checked),
)
_PLACE = re.compile(r"(?m)^<!-- table: (\w+) -->\n(?:\|.*\n)*")
_COMMENT = re.compile(r"^\s+(\w+): [^#\n]*?(?:  # (.*))?$", re.M)


def filled(page: str) -> str:
    """Return a page with every table as it is now.

    Raises:
        KeyError: a table is of something that is in no file.
    """
    records = {record.__name__: record for record in RECORDS}
    return _PLACE.sub(lambda place: _text(place[1], table_of(records[place[1]])), page)


def tables_in(page: str) -> set[str]:
    """Return the names of the tables that a page holds."""
    return set(_PLACE.findall(page))


def table_of(record: type) -> str:
    """Return the fields of a dataclass as a Markdown table."""
    comments = dict(_COMMENT.findall(inspect.getsource(record)))
    rows = [
        f"| `{field.name}` | {_type(field.type)} | {_default(field)} | "
        f"{_escaped(comments.get(field.name, ''))} |\n"
        for field in fields(record)
    ]
    return "| field | type | default | what it is |\n|---|---|---|---|\n" + "".join(rows)


def _text(name: str, table: str) -> str:
    return f"<!-- table: {name} -->\n{table}"


def _type(kind: object) -> str:
    """Return a type as it is written in code, without the modules it comes from."""
    if isinstance(kind, type) and not get_args(kind):
        return kind.__name__
    return _escaped(re.sub(r"(?:\w+\.)+(\w+)", r"\1", str(kind)))


def _default(field: Field) -> str:
    if field.default is not MISSING:
        return f"`{field.default}`" if field.default != "" else "empty"
    if field.default_factory is not MISSING:
        return f"`{field.default_factory()}`"
    return ""


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")
