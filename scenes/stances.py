"""Where things of each kind usually are, and how tall, read from `stances.txt`. Only data."""

from pathlib import Path
from typing import NamedTuple


class Stance(NamedTuple):
    """Where things of a kind usually are, and how tall."""

    # floor, small (on floor or thing), water, wall, ceiling, flat, course (of plans), sky or far
    where: str
    tall: float | None = None  # metres; None: as tall as it is drawn


def _read() -> dict[str, Stance]:
    lines = Path(__file__).with_name("stances.txt").read_text(encoding="utf-8").splitlines()
    rows = (line.split(" | ") for line in lines if line and not line.startswith("#"))
    return {
        name: Stance(where, float(tall[0]) / 100 if tall else None) for name, where, *tall in rows
    }


STANCES = _read()


def where_of(kind: str) -> str:
    """Return where things of a kind are, as `Stance.where` says; kinds without a stance are far."""
    return STANCES[kind].where if kind in STANCES else "far"
