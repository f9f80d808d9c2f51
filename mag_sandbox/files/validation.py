"""The check of every value from outside against the type that its field declares.

JSON and messages are converted by msgspec. A field may limit a number in its type, as
`Annotated[int, Meta(ge=1, le=9)]`, and every reader then applies the same limits.
"""

import json
from dataclasses import fields
from functools import cache
from numbers import Integral, Real
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

MOST_SHOWN = 40  # characters of a value in a message
TYPE_NAMES = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
PLAIN = (str, int, float, bool, NoneType)
LARGEST = 2**63  # of whole numbers
_MISSING = "Object missing required field "


class FieldError(ValueError):
    """A value that its dataclass refuses; a reader of files adds file and line."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(problem)
        self.field = field


def parse_json(data: bytes) -> Any:
    """Return the value of a JSON text, or raise ValueError; half a surrogate pair is "?"."""
    try:
        if b"\\ud" in data or b"\\uD" in data:
            data = json.dumps(json.loads(data), ensure_ascii=False).encode(errors="replace")
        return msgspec.json.decode(data)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except ValueError:  # msgspec's message counts bytes, which help no reader
        raise ValueError("not JSON") from None


def decode(expected: Any, value: Any, key: str = "data") -> Any:
    """Return JSON data as a type, with its defaults, or raise ValueError naming the field."""
    try:
        return msgspec.convert(value, expected)
    except msgspec.ValidationError as error:
        problem, _, path = str(error).replace("`", "").partition(" - at $")
        field = path.lstrip(".") or key
        if problem.startswith(_MISSING):
            raise ValueError(f'"{field}" lacks "{problem.removeprefix(_MISSING)}"') from None
        raise ValueError(f'"{field}": {problem[:1].lower()}{problem[1:]}') from None


def check_fields(value: object) -> None:
    """Check types and limits of a dataclass's fields in `__post_init__`, or raise FieldError.

    Numbers of numpy become Python's own.
    """
    cls: Any = type(value)
    for name, expected in _types_of(cls).items():
        given = getattr(value, name)
        checked = of_type(name, given, expected)
        if checked is not given:
            object.__setattr__(value, name, checked)


def of_type(name: str, value: Any, expected: Any) -> Any:
    """Return a value of the expected type; a number of numpy becomes Python's own.

    Of containers only the outer type is checked, and no choice of a Literal.

    Raises:
        FieldError: the value is of another type or beyond its limits; `name` is its name.
    """
    if type(value) is expected and expected in (float, str, bool):  # most are: saves the rest
        return value
    kinds, plain = _kinds(expected)
    own = _python_number(value)
    if plain is not None and isinstance(own, PLAIN):
        try:
            converted = msgspec.convert(own, plain)
        except msgspec.ValidationError:
            pass
        else:
            if not isinstance(converted, int) or abs(converted) <= LARGEST:
                return value if isinstance(value, PLAIN) else converted
    if any(_base(kind) is Literal or isinstance(value, _base(kind)) for kind in kinds
           if _base(kind) not in PLAIN):  # fmt: skip
        return value
    words = " or ".join(_words(kind, own) for kind in kinds)
    raise FieldError(name, f"{name} is {_shown(value)}, expected {words}")


def limits(expected: Any) -> tuple[Any, Any]:
    """Return the least and the greatest number that an annotated type allows.

    >>> limits(Annotated[int, msgspec.Meta(ge=1, le=9)])
    (1, 9)
    """
    meta = next(one for one in expected.__metadata__ if isinstance(one, msgspec.Meta))
    return meta.ge, meta.le


def shortened(value: object) -> str:
    """Return a value as a message quotes it."""
    return quoted(json.dumps(value, default=str))


def _shown(value: Any) -> str:
    if not isinstance(value, PLAIN):
        return f"a {type(value).__name__}"  # its text may be endless
    return f'"{quoted(value)}"' if isinstance(value, str) else quoted(repr(value))


def counted(number: int, what: str) -> str:
    """Return a number of things in words: "1 picture", "3 pictures"."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def capitalized(text: str) -> str:
    """Return a text with a capital first letter; others stay, unlike those of `str.capitalize`."""
    return text[:1].upper() + text[1:]


def quoted(text: str) -> str:
    """Return a text shortened to one line for a message."""
    text = " ".join(text.split())
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 3]}..."


def _python_number(value: Any) -> Any:
    if isinstance(value, bool) or type(value) in (int, float):
        return value
    if isinstance(value, Integral):
        return int(value)
    return float(value) if isinstance(value, Real) else value


@cache  # hints are evaluated from text, and every block has a control
def _types_of(cls: Any) -> dict[str, Any]:
    hints = get_type_hints(cls, include_extras=True)
    return {field.name: hints[field.name] for field in fields(cls)}


@cache
def _kinds(expected: Any) -> tuple[tuple[Any, ...], Any]:
    """Return the types of a union, and the union of the plain ones; None: there are none."""
    kinds = get_args(expected) if get_origin(expected) in (UnionType, Union) else (expected,)
    plain = tuple(kind for kind in kinds if _base(kind) in PLAIN)
    return kinds, Union[plain] if plain else None  # noqa: UP007 -- of a tuple


@cache
def _base(kind: Any) -> Any:
    if get_origin(kind) is Annotated:
        return get_args(kind)[0]
    return get_origin(kind) or kind


def _words(kind: Any, given: Any) -> str:
    base = _base(kind)
    if base is NoneType:
        return "None"
    words = str(TYPE_NAMES.get(base, base.__name__))
    if get_origin(kind) is not Annotated:
        return words
    least, most = limits(kind)
    between = f"{least} to {most}"
    return between if type(given) in (int, base) else f"{words}, {between}"
