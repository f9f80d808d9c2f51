"""Camera scripts for play without a person: headless runs and measurements."""

import math
import random
from collections.abc import Iterator
from itertools import cycle, islice

from mag_sandbox.controls.camera import MAX_PITCH, CameraCommand
from mag_sandbox.model.world import WorldSpec

LEG_BLOCKS = 12  # blocks of one way out
HEIGHTS = (0.0, 1.0, -1.0, 0.5, -0.5, 0.75, -0.75, 0.25, -0.25)  # of the highest view


def pan_out_and_back() -> Iterator[CameraCommand]:
    """Turn right, pause, come back to the first view, pause; for ever."""
    right, left, hold = CameraCommand(yaw=1.0), CameraCommand(yaw=-1.0), CameraCommand()
    return cycle([right] * LEG_BLOCKS + [hold] + [left] * LEG_BLOCKS + [hold])


def wander(blocks: int, seed: int = 0) -> tuple[CameraCommand, ...]:
    """Look around as a person does: long pans either way, glances up and down, pauses."""
    choice = random.Random(seed)
    commands: list[CameraCommand] = []
    while len(commands) < blocks:
        yaw = choice.choice((-1.0, -0.5, 0.0, 0.5, 1.0, 1.0))
        pitch = choice.choice((-0.5, 0.0, 0.0, 0.0, 0.5))
        commands += [CameraCommand(yaw=yaw, pitch=pitch)] * choice.randint(3, 16)
    return tuple(commands[:blocks])


def walk_on(blocks: int, pace: float) -> tuple[CameraCommand, ...]:
    """Walk ahead at a share of full speed, turning now and then, always onto new ground."""
    ahead, aside = CameraCommand(forward=pace), CameraCommand(forward=pace, yaw=0.25)
    return tuple(islice(cycle([ahead] * LEG_BLOCKS + [aside] * (LEG_BLOCKS // 3)), blocks))


def survey(spec: WorldSpec, seconds: float) -> tuple[CameraCommand, ...]:
    """Turn all the way around at one height after the other, at full speed, again and again.

    A memory of places is then as full in 100 seconds as after ten minutes of wandering: it keeps
    232 frames of the pocket world.
    """
    speed, height = spec.full_speed, 0.0
    turn = round(360.0 / (speed.yaw * spec.block_seconds))
    commands: list[CameraCommand] = []
    for wanted in cycle(HEIGHTS):
        climb = (wanted - height) * MAX_PITCH / (speed.pitch * spec.block_seconds)
        height = wanted
        commands += [CameraCommand(yaw=1.0, pitch=math.copysign(1.0, climb))] * round(abs(climb))
        commands += [CameraCommand(yaw=1.0)] * turn
        if len(commands) * spec.block_seconds >= seconds:
            return tuple(commands[: max(1, round(seconds / spec.block_seconds))])
    raise AssertionError  # a cycle has no end
