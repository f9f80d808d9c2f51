"""Command lines from dataclasses: every field is an option and declares its help.

@dataclass(frozen=True)
class Options:
    state: Path = argument("the run's state")
    folder: Path = option(Path("runs"), "state and logs")
    steps: int | None = option(None, "else the preset's")

add_options(parser, Options)
options = options_of(Options, parser.parse_args())
"""

import argparse
import sys
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from importlib import import_module
from pathlib import Path
from types import NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Any,
    Literal,
    NoReturn,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from mag_sandbox.files.border import Refusal

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

Options = TypeVar("Options")
Say = Callable[[str], None]  # shows a person a line


class UsageError(Refusal, ValueError):
    """The command line is wrong; the message is one sentence with the remedy."""


class OneLineParser(argparse.ArgumentParser):
    """A parser that raises usage errors as one sentence."""

    def error(self, message: str) -> NoReturn:
        """Refuse the command line."""
        raise UsageError(f"{message}; see `{self.prog} --help`")

    def print_help(self, file: "SupportsWrite[str] | None" = None) -> None:
        """Print the help; argparse itself would ignore a full disk."""
        (file or sys.stdout).write(self.format_help())


def option(value: Any = MISSING, help: str | None = None, **keywords: Any) -> Any:
    """Return a field of a dataclass that is an option.

    Args:
        value: the default; left out: the option is required.
        help: the help text.
        keywords: other arguments of `add_argument`, and `name` if the option's differs from the
            field's. Without a `type`, whole numbers are positive. A tuple takes several values.
    """
    return field(default=value, metadata={"help": help, **keywords})


def argument(help: str, **keywords: Any) -> Any:
    """Return a field of a dataclass that is a required positional argument."""
    return field(metadata={"help": help, "named": False, **keywords})


def add_options(parser: argparse.ArgumentParser, kind: type) -> None:
    """Add an option for every field of a dataclass that was made by `option` or `argument`."""
    types = get_type_hints(kind)
    for one in fields(kind):
        if "help" not in one.metadata:
            continue
        keywords, expected = dict(one.metadata), _without_none(types[one.name])
        if get_origin(expected) is tuple:
            expected = get_args(expected)[0]
            if keywords.get("action") == "append":
                keywords["default"] = []  # that argparse adds to
            else:
                keywords["nargs"] = "+"
        if get_origin(expected) is Literal:
            keywords["choices"] = get_args(expected)
        elif expected is bool:
            keywords["action"] = argparse.BooleanOptionalAction if one.default else "store_true"
        else:
            keywords.setdefault("type", _READERS.get(expected, expected))
        if not keywords.pop("named", True):
            parser.add_argument(one.name, **keywords)
            continue
        if one.default is MISSING:
            keywords["required"] = True
        else:
            keywords.setdefault("default", one.default)
        name = keywords.pop("name", one.name)
        parser.add_argument(f"--{name.replace('_', '-')}", dest=one.name, **keywords)


def options_of(kind: type[Options], source: object, **more: Any) -> Options:
    """Return a dataclass from parsed arguments or other options; `more` overrides them."""
    names = [one.name for one in fields(kind)]  # type: ignore[arg-type]  # it is a dataclass
    given = {name: getattr(source, name) for name in names if hasattr(source, name)}
    lists = {name: tuple(value) for name, value in given.items() if isinstance(value, list)}
    return kind(**given | lists | more)


@dataclass(frozen=True, slots=True)
class Subcommand:
    """A row of a program's table of commands."""

    help: str
    options: type  # a dataclass made of `option` and `argument`
    function: str  # MODULE:NAME in this package; imported when called, for `--help` needs none

    def run(self, arguments: object, *more: object) -> Any:
        """Call the function with its options and `more`; return what it returns."""
        module, _, name = self.function.partition(":")
        called = getattr(import_module(f"mag_sandbox.{module}"), name)
        return called(options_of(self.options, arguments), *more)


def add_commands(
    parser: argparse.ArgumentParser, table: Mapping[str, Subcommand]
) -> Mapping[str, argparse.ArgumentParser]:
    """Add a subcommand for every row; the result holds its name as `command` and its `run`."""
    commands = parser.add_subparsers(
        title="commands", dest="command", metavar="COMMAND", required=True
    )
    for name, row in table.items():
        one = commands.add_parser(name, help=row.help, allow_abbrev=False)
        add_options(one, row.options)
        one.set_defaults(run=row.run)
    return commands.choices


def _without_none(kind: Any) -> Any:
    if get_origin(kind) not in (Union, UnionType):
        return kind
    return next(one for one in get_args(kind) if one is not NoneType)


def positive(text: str) -> int:
    """Return a whole number above 0."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f'"{text}" is not a whole number above 0')
    return int(text)


def path(text: str) -> Path:
    """Return a valid path."""
    if not text or "\0" in text:
        raise argparse.ArgumentTypeError(f'no file can be called "{text}"')
    return Path(text)


_READERS: dict[Any, Callable[[str], Any]] = {int: positive, Path: path}


def multiple_of_16(text: str) -> int:
    """Return a multiple of 16, as pictures of full size are wide and high."""
    value = positive(text)
    if value % 16:
        raise argparse.ArgumentTypeError(f"{value} is not a multiple of 16")
    return value
