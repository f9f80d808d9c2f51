"""Camera scripts for play without a person: headless runs and measurements."""

import random
from itertools import cycle, islice

from mag_sandbox.controls.camera import CameraCommand

LEG_BLOCKS = 12  # blocks of one way out


def pan_out_and_back(blocks: int) -> tuple[CameraCommand, ...]:
    """Turn right, pause, come back to the first view, pause; again and again."""
    right, left, hold = CameraCommand(yaw=1.0), CameraCommand(yaw=-1.0), CameraCommand()
    leg = [right] * LEG_BLOCKS + [hold] + [left] * LEG_BLOCKS + [hold]
    return tuple(islice(cycle(leg), blocks))


def wander(blocks: int, seed: int = 0) -> tuple[CameraCommand, ...]:
    """Look around as a person does: long pans either way, glances up and down, pauses."""
    choice = random.Random(seed)
    commands: list[CameraCommand] = []
    while len(commands) < blocks:
        yaw = choice.choice((-1.0, -0.5, 0.0, 0.5, 1.0, 1.0))
        pitch = choice.choice((-0.5, 0.0, 0.0, 0.0, 0.5))
        commands += [CameraCommand(yaw=yaw, pitch=pitch)] * choice.randint(3, 16)
    return tuple(commands[:blocks])
