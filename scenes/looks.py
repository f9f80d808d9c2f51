"""How things of each kind usually look, how large they are, and which colours they take."""

from functools import cache
from pathlib import Path
from typing import NamedTuple

Rgb = tuple[int, int, int]
PAINTED_COLORS = Path(__file__).with_name("colors.txt")  # by `python -m training colors`


class Look(NamedTuple):
    """One usual shape of a kind, and its colours."""

    variant: int
    color: Rgb  # of its largest part
    mean_color: Rgb  # of all that is seen of it


class UsualLook(NamedTuple):
    """How large things of a kind are, how far away they usually are, and how they look."""

    tall: float  # metres
    wide: float
    away: float  # 0: at infinity
    looks: tuple[Look, ...]


@cache
def usual_looks() -> dict[str, UsualLook]:
    """Return the usual looks of all kinds that scenes have."""
    lines = Path(__file__).with_name("looks.txt").read_text(encoding="utf-8").splitlines()
    rows = (line.split(": ") for line in lines if line and not line.startswith("#"))
    return {kind: _usual(*told.split(" | ")) for kind, told in rows}


@cache
def painted_colors() -> dict[str, frozenset[str]]:
    """Return the names of the colours that the painter gives to things of each measured kind."""
    lines = PAINTED_COLORS.read_text(encoding="utf-8").splitlines()
    rows = (line.partition(":") for line in lines if line and not line.startswith("#"))
    return {kind: frozenset(names.split()) for kind, _, names in rows}


def _usual(size: str, *looks: str) -> UsualLook:
    tall, wide, away = (int(each) / 100 for each in size.split())
    return UsualLook(tall, wide, away, tuple(map(_look, looks)))


def _look(told: str) -> Look:
    variant, color, mean = told.split()
    return Look(int(variant), _rgb(color), _rgb(mean))


def _rgb(told: str) -> Rgb:
    red, green, blue = bytes.fromhex(told)
    return red, green, blue
