"""Motion: clouds drift, water shimmers, lamps flicker, animals walk, boats rock.

All motion is a function of time alone, counted in frames of 1/16 s, with the same constants in
every scene, and none at time 0. But for clouds, everything repeats after PERIOD frames.
"""

from enum import IntEnum
from typing import NamedTuple

import numpy as np

from mag_sandbox.renderer.canvas import Motion
from mag_sandbox.renderer.kinds import Kind

PERIOD = 256  # frames
CLOUD_SPEED = 0.25  # px a frame, to the right
SHIMMER_SWING = 6.0  # levels; brightness changes by up to twice as much
SHIMMER_ACROSS, SHIMMER_DOWN = 40, 24  # px of a wave; RING_WIDTH is a multiple of the first
SHIMMER_PERIOD = 32  # frames; so the others
FLICKER_DEPTH = 0.2  # share of the light that goes at most
FLICKER_PERIODS = (16, 32)
WALK = 0.9  # of an animal's height: how far it walks before it turns round
WALK_RANGE = (0.4, 1.6)  # metres that it walks at least and at most
STRIDE = 0.55  # of its height: how far it gets while its legs swing once to and fro
ROCK, ROCK_PERIOD = 0.05, 64  # metres up and down of floating and flying things, frames


class MotionLabel(IntEnum):
    """The kind of motion of a pixel."""

    STILL = 0
    SKY = 1  # clouds drift
    SHIMMER = 2
    FLICKER = 3
    WALKER = 4  # walks, floats or flies
    FALLING = 5  # rain or snow


LABELS = {None: MotionLabel.STILL, Motion.SKY: MotionLabel.SKY,
          Motion.SHIMMER: MotionLabel.SHIMMER, Motion.FLICKER: MotionLabel.FLICKER}  # fmt: skip


class Gait(NamedTuple):
    """The progress of a thing that moves by itself."""

    along: float  # metres from where it stands at time 0, in the direction that it faces
    up: float  # metres
    turned: bool  # faces the other way than at time 0
    phase: float  # of its steps [radians]


STANDING = Gait(0.0, 0.0, False, 0.0)


def gait(kind: Kind, tall: float, walks: bool, time: float) -> Gait:
    """Return the progress of a thing at a time: it walks on, turns round and comes back.

    Args:
        kind: of the thing.
        tall: its height [m].
        walks: it has legs that move.
        time: in frames since the still picture.
    """
    part = time / PERIOD % 1
    if walks:
        far = float(np.clip(WALK * tall, *WALK_RANGE))
        along = far * (1 - np.cos(2 * np.pi * part)) / 2
        return Gait(float(along), 0.0, part > 0.5, float(2 * np.pi * along / (STRIDE * tall)))
    if kind.where in ("water", "sky") and kind.painter in ("shape", "bird", "balloon", "creature"):
        return Gait(0.0, float(ROCK * np.sin(2 * np.pi * time / ROCK_PERIOD)), False, 0.0)
    return STANDING


def shimmered(pixels: np.ndarray, where: np.ndarray, time: float) -> np.ndarray:
    """Return a ring whose water shimmers: a wave of brightness travels to the lower right.

    Args:
        pixels: uint8 [H, W, 3].
        where: which pixels shimmer, bool [H, W].
        time: in frames.
    """
    places = np.flatnonzero(where)
    rows, columns = np.divmod(places, where.shape[1])
    angle = 2 * np.pi * (columns / SHIMMER_ACROSS + rows / SHIMMER_DOWN)
    wave = np.sin(angle - 2 * np.pi * time / SHIMMER_PERIOD) - np.sin(angle)
    moved = pixels.reshape(-1, 3).copy()
    brighter = moved[places] + (SHIMMER_SWING * wave)[:, None]
    moved[places] = np.clip(brighter + 0.5, 0, 255)
    return moved.reshape(pixels.shape)


def flickered(pixels: np.ndarray, share: np.ndarray, time: float) -> np.ndarray:
    """Return a ring whose lights flicker.

    Args:
        pixels: uint8 [H, W, 3].
        share: how much of each pixel's light flickers, float [H, W], 0 to 1.
        time: in frames.
    """
    waves = [(1 - np.cos(2 * np.pi * time / period)) / 2 for period in FLICKER_PERIODS]
    places = np.flatnonzero(share)
    dim = 1 - FLICKER_DEPTH * np.mean(waves) * share.ravel()[places]
    moved = pixels.reshape(-1, 3).copy()
    moved[places] = np.rint(moved[places] * dim[:, None])
    return moved.reshape(pixels.shape)
