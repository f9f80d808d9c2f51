"""The tables of the manuals in `docs/`, made from the code that they describe.

Of a file format, every field of the dataclass that reads it: a table stands below a line
`<!-- table: NAME -->`, and `filled` writes them anew.
"""

import inspect
import re
from dataclasses import MISSING, Field, fields
from typing import get_args

from mag_sandbox.controls.bindings import Bindings, keys_text, pad_text
from mag_sandbox.sandbox.keyed_screens import PLAYER_BINDINGS
from mag_sandbox.sandbox.play.events import BlockEvent, SessionStart
from mag_sandbox.scenes import Scene
from mag_sandbox.scenes.demo.script import COMMANDS

RECORDS = (SessionStart, BlockEvent, Scene)
_PLACE = re.compile(r"(?m)^<!-- table: (\w+) -->\n(?:```python\n(?:.+\n)*?```\n)?")
_COMMENT = re.compile(r"^\s+(\w+): [^#\n]*?(?:  # (.*))?$", re.M)


def controls_table(bindings: Bindings = PLAYER_BINDINGS, known: str = "") -> str:
    """Return the controls as a table in Markdown, without the lines of a `known` table."""
    lines = ["| | keyboard and mouse; gamepad |", "|---|---|"]
    for group, rows in bindings.groups():
        added = [_line(row.help, keys_text(row), pad_text(row)) for row in rows]
        own = [one for one in bindings.pointing if one.group == group]
        added += [_line(one.help, one.mouse, one.pad) for one in own]
        added = [line for line in added if line not in known]
        lines += [f"| **{group}** | |", *added] if added else []
    return "\n".join(lines) + "\n"


def script_table() -> str:
    """Return the commands as a Markdown table, for the manual."""
    rows = ["| write | effect | for example |", "|---|---|---|"]
    for command in COMMANDS.values():
        form = command.form.replace("|", "\\|")
        rows.append(f"| `{form}` | {command.meaning} | `{command.example}` |")
    return "\n".join(rows) + "\n"


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
    """Return the fields of a dataclass, one a line, with their comments."""
    comments = dict(_COMMENT.findall(inspect.getsource(record)))
    lines = []
    for field in fields(record):
        limits = re.findall(r"Meta\(ge=(.+?), le=(.+?)\)", str(field.type))
        parts = (comments.get(field.name), *(f"{least} to {most}" for least, most in limits))
        comment = ", ".join(filter(None, parts))
        line = f"{field.name}: {_type(field.type)}{_default(field)}"
        lines.append(f"{line}  # {comment}\n" if comment else f"{line}\n")
    return "".join(lines)


def _text(name: str, table: str) -> str:
    return f"<!-- table: {name} -->\n```python\n{table}```\n"


def _type(kind: object) -> str:
    """Return a type as it is written in code, without the modules it comes from."""
    if isinstance(kind, type) and not get_args(kind):
        return kind.__name__
    text = re.sub(r"(?:\w+\.)+(\w+)", r"\1", str(kind))
    text = re.sub(r"Annotated\[(\w+), Meta\(ge=(.+?), le=(.+?)\)\]", r"\1", text)
    return re.sub(r"Optional\[(.+)\]", r"\1 | None", text)


def _default(field: Field) -> str:
    if field.default is not MISSING:
        return f" = {field.default!r}"
    if field.default_factory is not MISSING:
        return f" = {field.default_factory()!r}"
    return ""


def _line(what: str, *inputs: str) -> str:
    cells = what, "; ".join(filter(None, inputs))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
