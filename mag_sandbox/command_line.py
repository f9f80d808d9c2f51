"""Command lines made of dataclasses: every field is an option, told about where it is declared.

@dataclass(frozen=True)
class Options:
    state: Path = argument("the run's state")
    folder: Path = option(Path("runs"), "state and logs")
    steps: int | None = option(None, "else the preset's")

add_options(parser, Options)
options = options_of(Options, parser.parse_args())
"""

import argparse
from collections.abc import Callable
from dataclasses import MISSING, field, fields
from types import NoneType
from typing import Any, Literal, NoReturn, TypeVar, get_args, get_origin, get_type_hints

Options = TypeVar("Options")


class OneLineParser(argparse.ArgumentParser):
    """Says in one line what is wrong, with exit code 2."""

    def error(self, message: str) -> NoReturn:
        """End the program."""
        self.exit(2, f"error: {message}; see `{self.prog} --help`\n")


def option(value: Any = MISSING, help: str | None = None, **told: Any) -> Any:
    """Return a field of a dataclass that is an option.

    Args:
        value: where nothing is told; left out: the option is required.
        help: what people read.
        told: anything else that `add_argument` takes, and `name` where the option's differs from
            the field's. Without a `type`, whole numbers are positive.
    """
    return field(default=value, metadata={"help": help, **told})


def argument(help: str) -> Any:
    """Return a field of a dataclass that is an argument without a name: required, in its place."""
    return field(metadata={"help": help, "named": False})


def add_options(parser: argparse.ArgumentParser, kind: type) -> None:
    """Add an option for every field of a dataclass that was made by `option` or `argument`."""
    types = get_type_hints(kind)
    for one in fields(kind):
        if "help" not in one.metadata:
            continue
        told = dict(one.metadata)
        if get_origin(types[one.name]) is Literal:
            told["choices"] = get_args(types[one.name])
        elif types[one.name] is bool:
            told["action"] = argparse.BooleanOptionalAction if one.default else "store_true"
        else:
            told.setdefault("type", _reader(types[one.name]))
        if not told.pop("named", True):
            parser.add_argument(one.name, **told)
            continue
        if one.default is MISSING:
            told["required"] = True
        else:
            told.setdefault("default", one.default)
        name = told.pop("name", one.name)
        parser.add_argument(f"--{name.replace('_', '-')}", dest=one.name, **told)


def options_of(kind: type[Options], told: argparse.Namespace, **more: Any) -> Options:
    """Return the dataclass of what a command line says, `more` in place of it."""
    names = [one.name for one in fields(kind)]  # type: ignore[arg-type]  # it is a dataclass
    return kind(**{name: getattr(told, name, None) for name in names} | more)


def _reader(kind: Any) -> Callable[[str], Any]:
    kinds = [one for one in get_args(kind) if one is not NoneType] or [kind]
    return positive if kinds[0] is int else kinds[0]


def positive(text: str) -> int:
    """Return a whole number above 0."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f'"{text}" is not a whole number above 0')
    return int(text)


def multiple_of_16(text: str) -> int:
    """Return a multiple of 16, as pictures of full size are wide and high."""
    value = positive(text)
    if value % 16:
        raise argparse.ArgumentTypeError(f"{value} is not a multiple of 16")
    return value
