"""Plain JSON into dataclasses, every value checked against the type its field declares.

For files that a program wrote and anybody may have changed since; knows nothing of files.
"""

import json
import math
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

LARGEST = 2**63  # of whole numbers: nothing that is counted comes near


def parse_json(data: bytes) -> Any:
    """Return what JSON text says; halves of characters, which nothing can show, are "?".

    Raises:
        ValueError: it is no JSON, holds NaN or an infinity, or is nested too deeply.
    """
    try:
        value = json.loads(data, parse_constant=_refuse)
        if b"\\ud" in data or b"\\uD" in data:
            value = json.loads(json.dumps(value, ensure_ascii=False).encode(errors="replace"))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except Exception:  # its own message quotes columns, which help nobody
        raise ValueError("not JSON") from None
    return value


def decode(expected: Any, value: Any, key: str = "data") -> Any:
    """Return plain JSON data as a type.

    A type is a dataclass, `X | None`, a tuple of one type or of several, dict[str, X], Literal, or
    a plain one; `key` is what a message calls the value. Numbers are finite.

    Raises:
        ValueError: it does not fit; the message names the field.
    """
    origin, arguments = get_origin(expected), get_args(expected)
    if is_dataclass(expected):
        return _decode_dataclass(expected, value, key)
    if origin is UnionType:
        chosen = NoneType if value is None else arguments[0]  # the only unions are `X | None`
        return decode(chosen, value, key)
    if origin is tuple and isinstance(value, list | tuple):
        types = arguments[:1] * len(value) if arguments[-1] is Ellipsis else arguments
        if len(types) == len(value):
            return tuple(decode(kind, item, key) for kind, item in zip(types, value, strict=True))
    if origin is dict and isinstance(value, dict):
        return {
            name: decode(arguments[1], item, f"{key}.{shortened(name)[1:-1]}")
            for name, item in value.items()
        }
    if origin is Literal and value in arguments:
        return value
    if expected is float and type(value) is int and abs(value) < 2**53:
        return float(value)
    if expected is float and isinstance(value, float) and math.isfinite(value):
        return float(value)
    fits = expected is type(value) and expected is not float
    if fits and (expected is not int or abs(value) <= LARGEST):
        return value
    raise ValueError(f'"{key}" is {shortened(value)}, expected {_name(expected)}')


def revived(expected: Any, saved: Any, key: str = "data") -> Any:
    """Return a dataclass of what `dataclasses.asdict` made plain; what was added since may lack.

    Raises:
        ValueError: it does not fit; the message names the field.
    """
    if isinstance(saved, dict):
        had = {one.name: one.default for one in fields(expected) if one.default is not MISSING}
        saved = {**had, **saved}
    return decode(expected, saved, key)


def shortened(value: object) -> str:
    """Return a value as it is quoted in a message."""
    text = json.dumps(value, default=str)
    return text if len(text) <= 40 else text[:37] + "..."


def _decode_dataclass(expected: Any, value: Any, key: str) -> Any:
    if not isinstance(value, dict):
        raise ValueError(f'"{key}" is {shortened(value)}, expected {expected.__name__}')
    types = _types_of(expected)
    if wrong := sorted(types.keys() ^ value.keys()):
        verb = "lacks" if wrong[0] in types else "has an unknown"
        raise ValueError(f'"{key}" {verb} "{shortened(wrong[0])[1:-1]}"')
    return expected(**{name: decode(kind, value[name], name) for name, kind in types.items()})


@cache  # hints are worked out from text: a long recording asks thousands of times
def _types_of(expected: type) -> dict[str, Any]:
    hints = get_type_hints(expected)
    return {field.name: hints[field.name] for field in fields(expected)}


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a number")


def _name(expected: Any) -> str:
    return expected.__name__ if isinstance(expected, type) else str(expected)
