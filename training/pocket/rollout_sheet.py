"""Sheets of real play: the weights of the moment, loaded as the game loads them, out and back."""

from collections.abc import Sequence
from pathlib import Path

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.model.execution import Execution
from mag_sandbox.model.pocket import loading as pocket
from mag_sandbox.model.world import Control, MemorySetting, World
from mag_sandbox.scenes import Scene
from mag_sandbox.training.panorama.sheets import write_sheet

BLOCKS_OUT = 22  # at full speed: 165 degrees
EVERY = 4  # blocks between pictures


def write_rollout_sheet(
    path: Path, weights: Path, prompts: Sequence[str], execution: Execution
) -> None:
    """Write a row for each prompt: the way out, then the way back, at full speed."""
    world = pocket.load(
        MemorySetting(kept_mib=64),
        look_ahead=True,
        on_progress=lambda stage, fraction: None,
        weights=weights,
        execution=execution,
    )
    write_sheet(path, [_out_and_back(world, prompt) for prompt in prompts])


def _out_and_back(world: World, prompt: str) -> list:
    first = world.reset(Scene(prompt=prompt), seed=1)
    shown = [first.frames[-1]]
    for index in range(2 * BLOCKS_OUT):
        yaw = 1.0 if index < BLOCKS_OUT else -1.0
        block = world.step(Control(CameraCommand(yaw=yaw)))
        if index % EVERY == EVERY - 1:
            shown.append(block.frames[-1])
    return shown
