"""Choices and English that layouts and captions share."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

Choice = TypeVar("Choice")


def pick(rng: np.random.Generator, options: Sequence[Choice]) -> Choice:
    """One of some phrases or names."""
    return options[int(rng.integers(len(options)))]


def listed(parts: Sequence[str]) -> str:
    """'a', 'a and b', 'a, b and c'."""
    if len(parts) < 2:
        return "".join(parts)
    return ", ".join(parts[:-1]) + " and " + parts[-1]


def plural(kind: str) -> str:
    """The plural of a noun."""
    return f"{kind[:-1]}ies" if kind.endswith("phy") else f"{kind}s"


def article(noun: str) -> str:
    """The noun phrase with a or an, unless it already has an article."""
    if noun.split()[0] in {"a", "an", "the"}:
        return noun
    return ("an " if noun[0] in "aeiou" else "a ") + noun
