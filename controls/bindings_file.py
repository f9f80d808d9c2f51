"""A player's own keys: `bindings.yaml`, lines of the form `anchor: [g, pad a]`, checked when read.

What the file does not name keeps its default. Values are taken as they are written, so that `0`
and `=` are keys and not numbers.
"""

from pathlib import Path

import yaml

from mag_sandbox.controls.bindings import DEFAULTS, BindingError, Bindings
from mag_sandbox.controls.keys import KEYS_BY_TITLE, find_key
from mag_sandbox.files.yaml_files import MAX_BYTES, FileError, nearest, quoted

BINDINGS_FILE = "bindings.yaml"  # in the folder of the settings


class BindingsError(FileError):
    """The player's own keys are wrong."""


def load_bindings(path: Path) -> Bindings:
    """Return a player's own bindings, the defaults where there is no file.

    Raises:
        BindingsError: the file is wrong; one sentence with its line.
    """
    if not path.exists():
        return DEFAULTS
    lines: dict[str, int] = {}
    try:
        return DEFAULTS.with_keys(_changes(_compose(path), lines))
    except BindingError as error:
        line = max(lines.get(name, 0) for name in error.names)
        raise BindingsError(f"{path}:{line}: {error}") from None
    except _Problem as problem:
        where = f"{path}:{problem.line}" if problem.line else str(path)
        raise BindingsError(f"{where}: {problem}") from None


class _Problem(Exception):  # never leaves this file
    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line  # 1-based


def _compose(path: Path) -> yaml.Node | None:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise _Problem(f"is larger than {MAX_BYTES // 1024} KiB; is this the right file?")
        return yaml.compose(data.decode("utf-8-sig"), yaml.SafeLoader)
    except OSError as problem:
        raise _Problem(f"cannot be read ({problem.strerror})") from None
    except UnicodeDecodeError:
        raise _Problem("is not a text file; save it as UTF-8") from None
    except yaml.MarkedYAMLError as problem:
        line = problem.problem_mark.line + 1 if problem.problem_mark else None
        hint = "write keys such as [ in quotes"
        raise _Problem(f"is not valid YAML: {problem.problem}; {hint}", line) from None
    except (yaml.YAMLError, RecursionError):
        raise _Problem("is not valid YAML; is this the right file?") from None


def _changes(root: yaml.Node | None, lines: dict[str, int]) -> dict[str, list[str]]:
    """Return the keys by row and note the line of each."""
    if root is None:
        return {}
    if not isinstance(root, yaml.MappingNode):
        problem = 'expected lines of the form "anchor: [g]"'
        raise _Problem(problem, root.start_mark.line + 1)
    names = tuple(row.name for row in DEFAULTS.rows)
    changes: dict[str, list[str]] = {}
    for name_node, keys_node in root.value:
        name, line = str(name_node.value), name_node.start_mark.line + 1
        if name not in names:
            guess = nearest(name, names) or f"; known: {', '.join(names)}"
            raise _Problem(f'unknown action "{quoted(name)}"{guess}', line)
        if name in changes:
            raise _Problem(f'"{name}" is given twice, first in line {lines[name]}', line)
        changes[name], lines[name] = _keys(name, keys_node, line), line
    return changes


def _keys(name: str, node: yaml.Node, line: int) -> list[str]:
    texts = node.value if isinstance(node, yaml.SequenceNode) else [node]
    if not all(isinstance(text, yaml.ScalarNode) and text.value for text in texts):
        raise _Problem(f"{name} needs a list of keys, such as [g, pad a]; [] for none", line)
    return [_key(name, text) for text in texts]


def _key(name: str, node: yaml.ScalarNode) -> str:
    key = find_key(node.value)
    if key is None:
        guess = nearest(node.value, tuple(KEYS_BY_TITLE))
        remedy = "write a letter or a name as the help shows it"
        raise _Problem(
            f'{name} has the unknown key "{quoted(node.value)}"{guess}; {remedy}',
            node.start_mark.line + 1,
        )
    return key
