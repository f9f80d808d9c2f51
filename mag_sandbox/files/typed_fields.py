"""The border of the Python API: values that a program makes are of the types that they declare.

Python itself asks nobody. Whole numbers and numbers of numpy count as such and become Python's own,
so that whoever writes or computes with them later need not ask either.
"""

from collections.abc import Callable
from dataclasses import fields
from functools import cache
from numbers import Integral, Real
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from mag_sandbox.files.yaml_files import TYPE_NAMES, FieldError

MOST_SHOWN = 40  # characters of a value
NUMBERS: dict[Any, tuple[Any, Callable]] = {int: (Integral, int), float: (Real, float)}


def check_fields(value: object) -> None:
    """Check what the fields of a dataclass were given; call it in `__post_init__`.

    Raises:
        FieldError: something is of another type; the message is one sentence.
    """
    kind: Any = type(value)
    for name, expected in _types_of(kind).items():
        given = getattr(value, name)
        checked = of_type(name, given, expected)
        if checked is not given:
            object.__setattr__(value, name, checked)


def of_type(name: str, value: Any, expected: Any) -> Any:
    """Return a value, a number of numpy as Python's own.

    Raises:
        FieldError: it is of another type; `name` is what the message calls it.
    """
    kinds = get_args(expected) if isinstance(expected, UnionType) else (expected,)
    for kind in kinds:
        kind = get_origin(kind) or kind  # of a tuple, what is in it is its owner's business
        if type(value) is kind or kind is Literal:
            return value
        if kind in NUMBERS and not isinstance(value, bool):
            number, own = NUMBERS[kind]
            if isinstance(value, number):
                return value if type(value) is int else own(value)
        elif isinstance(value, kind) and kind is not int:
            return value
    shown = repr(value)
    shown = shown if len(shown) <= MOST_SHOWN else f"{shown[: MOST_SHOWN - 3]}..."
    words = " or ".join(map(_words, kinds))
    raise FieldError(name, f"{name} is {' '.join(shown.split())}, expected {words}")


@cache  # hints are worked out from text: every block has a control
def _types_of(cls: Any) -> dict[str, Any]:
    hints = get_type_hints(cls)
    return {field.name: hints[field.name] for field in fields(cls)}


def _words(kind: Any) -> str:
    kind = get_origin(kind) or kind
    return "None" if kind is NoneType else TYPE_NAMES.get(kind, kind.__name__)
