"""Hand-written YAML, read into dataclasses with errors that name the line."""

from collections.abc import Iterable, Sequence
from dataclasses import MISSING, fields
from difflib import get_close_matches
from errno import EFBIG
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import yaml

from mag_sandbox.files.border import Refusal, read_plain, reason_of
from mag_sandbox.files.validation import FieldError, decode, of_type, quoted

MAX_BYTES = 64 * 1024  # a hand-written file is far smaller
LARGEST = 2**63  # of whole numbers; Python refuses to print the longest

T = TypeVar("T")


class FileError(Refusal, ValueError):
    """A hand-written file is missing or wrong; one sentence with place, problem and remedy."""


class SceneError(FileError):
    """A scene is missing or wrong."""


def read_checked_yaml(path: Path, cls: type[T], error: type[FileError] = FileError) -> T:
    """Return a dataclass of simple fields from a YAML file, or raise FileError (or `error`).

    Its `__post_init__` may raise `FieldError`, to which the line is added.
    """
    try:
        return checked(compose_yaml(read_text(path)), cls)
    except Problem as problem:
        raise error(problem.at(path)) from problem.__cause__


def read_yaml_by_name(path: Path, cls: type[T]) -> dict[str, T]:
    """Return the dataclasses that a YAML file holds by name, or raise FileError."""
    try:
        nodes = entries(compose_yaml(read_text(path)), None, "name", "name: ...")
        return {name: _nested(name, node, cls) for name, (_, node) in nodes.items()}
    except Problem as problem:
        raise FileError(problem.at(path)) from problem.__cause__


def _nested(name: str, node: yaml.Node, cls: type[T]) -> T:
    value: T
    try:
        value = decode(cls, construct(node, name), name)
    except ValueError as problem:
        raise Problem(f"{name}: {problem}", node) from None
    return value


def checked(root: yaml.Node | None, cls: type[T], name: str = "") -> T:
    """Return a dataclass from a mapping called `name`, or raise Problem if it does not fit."""
    nodes = entries(root, tuple(hints := get_type_hints(cls, include_extras=True)))
    values = {key: value_of(key, node, hints[key]) for key, (_, node) in nodes.items()}
    for field in fields(cls):  # type: ignore[arg-type]  # it is a dataclass
        required = field.default is MISSING and field.default_factory is MISSING
        if required and field.name not in values:
            problem = f'{name}has no "{field.name}"; add a line "{field.name}: ..."'
            raise Problem(problem, root if name else None)
    try:
        return cls(**values)
    except FieldError as problem:
        _, node = nodes.get(problem.field, (None, None))
        raise Problem(str(problem), node) from problem


def nearest(name: str, names: tuple[str, ...]) -> str:
    """Return ' (did you mean "..."?)' for the most similar of `names`, or nothing."""
    matches = get_close_matches(name.lower(), names, n=1, cutoff=0.5)
    return f' (did you mean "{matches[0]}"?)' if matches else ""


def not_found(what: str, name: str, known: Iterable[str]) -> str:
    """Return the message for an unknown name, with the nearest and all known ones."""
    names = tuple(known)
    guess = nearest(name, names)
    return f'{what} "{quoted(name)}" not found{guess}; available: {", ".join(names)}'


class Problem(Exception):
    """A problem in a file and its line; each reader turns it into its own error."""

    def __init__(self, message: str, where: yaml.Node | yaml.Mark | None = None) -> None:
        super().__init__(message)
        mark = where.start_mark if isinstance(where, yaml.Node) else where
        self.line = mark.line + 1 if mark else None
        self.column = mark.column + 1 if mark else None

    def at(self, path: Path, *, column: bool = False) -> str:
        """Return the problem with file and line, and its column if asked."""
        places = (self.line, self.column) if column else (self.line,)
        return ": ".join((":".join(map(str, (path, *filter(None, places)))), str(self)))


def read_text(path: Path, most: int = MAX_BYTES) -> str:
    """Return the text of a file; a larger one is refused; raise Problem if there is none."""
    try:
        return read_plain(path, most).decode("utf-8-sig")
    except FileNotFoundError:
        raise Problem("no such file") from None
    except UnicodeDecodeError:
        raise Problem("is not a text file; save it as UTF-8") from None
    except OSError as problem:
        remedy = "is this the right file?" if problem.errno == EFBIG else "check the path"
        raise Problem(f"cannot be read ({problem.strerror}); {remedy}") from None


def compose_yaml(text: str) -> yaml.Node | None:
    """Return YAML as nodes; None: it is empty; raise Problem if it is no YAML."""
    try:
        root = yaml.compose(text, yaml.SafeLoader)
    except yaml.reader.ReaderError:
        problem = "is not valid YAML: it holds control characters; is this the right file?"
        raise Problem(problem) from None
    except yaml.MarkedYAMLError as problem:
        raise _marked(problem) from None
    except Exception:
        raise Problem("is not valid YAML; is this the right file?") from None
    if root is not None and "\\" in text:
        _refuse_halves(root)
    return root


def _refuse_halves(root: yaml.Node) -> None:
    """Refuse lone surrogates, which escapes can write and files cannot store."""
    waiting, seen = [root], {id(root)}
    while waiting:
        node = waiting.pop()
        if isinstance(node, yaml.ScalarNode):
            if any("\ud800" <= letter <= "\udfff" for letter in node.value):
                raise Problem("holds half a character; write the whole one", node)
            continue
        inside = node.value
        if isinstance(node, yaml.MappingNode):
            inside = [one for pair in inside for one in pair]
        waiting += [one for one in inside if id(one) not in seen]
        seen.update(map(id, inside))


def entries(
    root: yaml.Node | None, known: Sequence[str] | None, noun: str = "key", form: str = "key: value"
) -> dict[str, tuple[yaml.Node, yaml.Node]]:
    """Return the nodes of a mapping's keys and values, by key; None: there are none.

    Args:
        root: the mapping.
        known: keys that it may have; None: any.
        noun: what messages call a key.
        form: how they say a line is written.

    Raises:
        Problem: it is no mapping, or a key is unknown or given twice.
    """
    if root is None:
        return {}
    if not isinstance(root, yaml.MappingNode):
        raise Problem(f'expected lines of the form "{form}"', root)
    found: dict[str, tuple[yaml.Node, yaml.Node]] = {}
    for key_node, value_node in root.value:
        key = str(key_node.value)
        if known is not None and key not in known:
            guess = f"{nearest(key, tuple(known))}; known {noun}s: {', '.join(known)}"
            raise Problem(f'unknown {noun} "{quoted(key)}"{guess}', key_node)
        if key in found:
            line = found[key][0].start_mark.line + 1
            raise Problem(f'"{key}" is given twice, first in line {line}', key_node)
        found[key] = key_node, value_node
    return found


def construct(node: yaml.Node, name: str) -> Any:
    """Return the plain value of a node called `name`, or raise Problem if it has none."""
    loader = yaml.SafeLoader("")
    try:
        value = loader.construct_object(node, deep=True)
    except yaml.MarkedYAMLError as problem:
        raise _marked(problem) from None
    except Exception as problem:
        why = reason_of(problem)
        raise Problem(f"{name} holds a value that cannot be read: {why}", node) from None
    finally:
        loader.dispose()
    if isinstance(value, int) and abs(value) > LARGEST:
        raise Problem(f"{name} is a number of {value.bit_length()} bits; write a smaller one", node)
    return value


def _marked(problem: yaml.MarkedYAMLError) -> Problem:
    return Problem(f"is not valid YAML: {problem.problem}", problem.problem_mark)


def value_of(key: str, node: yaml.Node, hint: Any) -> Any:
    """Return the value of a key as its type, or raise Problem if it is of another."""
    value = construct(node, key)
    choices = get_args(hint) if get_origin(hint) is Literal else ()
    if choices:
        if isinstance(node, yaml.ScalarNode):
            value = node.value  # YAML reads a bare off as false
        if value not in choices:
            allowed = tuple(map(str, choices))
            guess, known = nearest(str(value), allowed), ", ".join(allowed)
            raise Problem(f'{key} is "{quoted(str(value))}"{guess}; expected one of {known}', node)
        return value
    try:
        return of_type(key, value, hint)
    except FieldError as problem:
        why = str(problem) if value is not None else str(problem).replace("is None", "is empty")
        raise Problem(why, node) from None


def shown(value: object) -> str:
    """Return a value for a message."""
    if value is None:
        return "empty"
    if isinstance(value, dict | list):
        return "a list" if isinstance(value, list) else "a group of keys"
    return f'"{quoted(str(value))}"'
