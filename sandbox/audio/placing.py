"""Where sounds are in the panorama, and how loud each ear hears them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mag_sandbox.sandbox.audio.synthesis import Wave, shifted

FOV = 90.0  # degrees across a view that is not zoomed
WIDTH = 0.85  # how far to one ear a sound can go: 1 would leave the other ear silent
BEHIND = 0.3  # loudness of a sound straight behind, as a share of ahead
JITTER = 18.0  # degrees, at most, from evenly spread directions


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A loop, and where it is heard."""

    loop: Wave
    yaw: float | None = None  # degrees in the panorama; None: it is all around
    side: float = 0.0  # of a sound all around: -1 left ear, 0 both, 1 right ear


@dataclass(frozen=True, slots=True, eq=False)
class Ambience:
    """All that is heard in a place; loops may differ in length, so the whole hardly repeats."""

    name: str
    sources: tuple[Source, ...] = ()


def ear_gains(sources: Sequence[Source], yaw: float, fov: float = FOV) -> np.ndarray:
    """Return how loud each ear hears each source, [2, sources], left first.

    Sounds ahead are balanced by equal power, those behind are softer. A narrower view is like
    listening more closely: sounds outside fade further.
    """
    gains = np.empty((2, len(sources)), np.float32)
    for index, source in enumerate(sources):
        if source.yaw is None:
            gains[:, index] = _balance(source.side)
        else:
            angle = np.deg2rad(source.yaw - yaw)
            ahead = ((1 + np.cos(angle)) / 2) ** (FOV / max(fov, 1.0))
            loudness = BEHIND + (1 - BEHIND) * ahead
            gains[:, index] = loudness * _balance(WIDTH * np.sin(angle))
    return gains


def around(rng: np.random.Generator, count: int) -> tuple[float, ...]:
    """Return `count` directions spread over the panorama, none next to another [degrees]."""
    first = rng.uniform(0, 360)
    return tuple(
        (first + place * 360 / count + rng.uniform(-JITTER, JITTER)) % 360 for place in range(count)
    )


def all_around(loop: Wave) -> tuple[Source, Source]:
    """Return a loop as a wide sound without a place: the ears hear unrelated parts of it."""
    return Source(loop, side=-1.0), Source(shifted(loop, 0.5), side=1.0)


def _balance(pan: float) -> np.ndarray:
    turn = (pan + 1) * np.pi / 4
    return np.array((np.cos(turn), np.sin(turn)))
