"""A player's own keys: `bindings.yaml`, lines of the form `anchor: [g, pad a]`, checked when read.

What the file does not name keeps its default. Values are taken as they are written, so that `0`
and `=` are keys and not numbers.
"""

from pathlib import Path

import yaml

from mag_sandbox.controls.bindings import DEFAULTS, BindingError, Bindings
from mag_sandbox.controls.keys import KEYS_BY_TITLE, find_key
from mag_sandbox.files.yaml_files import (
    FileError,
    Problem,
    compose_yaml,
    nearest,
    quoted,
    read_text,
)

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
        return DEFAULTS.with_keys(_changes(compose_yaml(read_text(path)), lines))
    except BindingError as error:
        line = max(lines.get(name, 0) for name in error.names)
        raise BindingsError(f"{path}:{line}: {error}") from None
    except Problem as problem:
        raise BindingsError(problem.at(path)) from None


def _changes(root: yaml.Node | None, lines: dict[str, int]) -> dict[str, list[str]]:
    """Return the keys by row and note the line of each."""
    if root is None:
        return {}
    if not isinstance(root, yaml.MappingNode):
        problem = 'expected lines of the form "anchor: [g]"'
        raise Problem(problem, root.start_mark.line + 1)
    names = tuple(row.name for row in DEFAULTS.rows)
    changes: dict[str, list[str]] = {}
    for name_node, keys_node in root.value:
        name, line = str(name_node.value), name_node.start_mark.line + 1
        if name not in names:
            guess = nearest(name, names) or f"; known: {', '.join(names)}"
            raise Problem(f'unknown action "{quoted(name)}"{guess}', line)
        if name in changes:
            raise Problem(f'"{name}" is given twice, first in line {lines[name]}', line)
        changes[name], lines[name] = _keys(name, keys_node, line), line
    return changes


def _keys(name: str, node: yaml.Node, line: int) -> list[str]:
    texts = node.value if isinstance(node, yaml.SequenceNode) else [node]
    if not all(isinstance(text, yaml.ScalarNode) and text.value for text in texts):
        raise Problem(f"{name} needs a list of keys, such as [g, pad a]; [] for none", line)
    return [_key(name, text) for text in texts]


def _key(name: str, node: yaml.ScalarNode) -> str:
    key = find_key(node.value)
    if key is None:
        guess = nearest(node.value, tuple(KEYS_BY_TITLE))
        remedy = "write a letter or a name as the help shows it"
        raise Problem(
            f'{name} has the unknown key "{quoted(node.value)}"{guess}; {remedy}',
            node.start_mark.line + 1,
        )
    return key
