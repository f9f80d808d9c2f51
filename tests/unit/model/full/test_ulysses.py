"""Two processes make of a block what one makes: attention, memory, re-caching, parking.

Real processes over loopback (gloo), forked once for all tests.
"""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.model.catalogue.memory_plan import MemoryPlan, predict
from mag_sandbox.model.catalogue.worlds import WORLDS
from mag_sandbox.model.full import leading
from mag_sandbox.model.full.world import StreamWorld
from mag_sandbox.model.world import Control, MemorySetting, World, WorldFailed
from mag_sandbox.scenes import Scene
from tests import tiny_full
from tests.unit.training import together

SIZES = tiny_full.Sizes(dit=replace(tiny_full.TINY_FULL, dim=256, num_heads=2))
PLACE = Scene("a red tower by the sea")
RIGHT = Control(CameraCommand(yaw=1.0))
OTHER = Control(CameraCommand(yaw=-1.0), prompt="a green hill under a grey sky")
CASES = {  # world, memory and slots; enough blocks for frames to be dropped
    "ring": ("mag", None, 4),
    "waiting": ("mag", MemorySetting("mag-retrieve", attended_frames=2), 3),
    "re-cached": ("longlive", None, 9),
}
LED = "re-cached"  # also played by one process that tells the other


def tiny(case: str, folder: Path, devices: int) -> StreamWorld:
    name, memory, slots = CASES[case]
    plan = MemoryPlan(slots, decoder="tiny", devices=devices)
    return tiny_full.tiny_stream(name, folder / "repos", folder / "texts", memory, plan=plan)


def latents_of(world: World, stream: StreamWorld) -> tuple[list[np.ndarray], int]:
    """Return the latents of four blocks, the last after parking, and how many frames are kept."""
    made = []

    def note(block) -> None:
        made.append(stream._running().rollout.newest.numpy().copy())

    note(world.reset(PLACE, 3))
    for control in (RIGHT, OTHER):
        note(world.step(control))
    state = world.snapshot()
    world.step(OTHER)
    world.restore(state)
    note(world.step(RIGHT))
    kept = len(stream._running().rollout.policy.table.frames)
    world.close()
    return made, kept


def share(folder: Path) -> None:
    """Do all cases as one of several processes, in step; then as the first one says."""
    torch.set_num_threads(1)
    rank = os.environ["RANK"]
    for case in CASES:
        world = tiny(case, folder, devices=2)
        heads = world._engine.cache.shape.heads
        made, kept = latents_of(world, world)
        np.savez(folder / f"{case}-{rank}.npz", *made, heads=heads, kept=kept)
    if rank != "0":
        leading.follow(lambda case: tiny(case, folder, devices=2))
        return
    leading.tell(leading.LOAD, LED)
    stream = tiny(LED, folder, devices=2)
    world = leading.LeadingWorld(stream)
    with pytest.raises(WorldFailed):  # which the other one meets, too
        world.step(RIGHT)
    np.savez(folder / "led.npz", *latents_of(world, stream)[0])
    leading.end()


@pytest.fixture(scope="module")
def shared(tmp_path_factory) -> Path:
    """Return a folder with what two processes made."""
    folder = tmp_path_factory.mktemp("shared")
    tiny_full.write_repos(folder / "repos", SIZES)
    (folder / "texts").mkdir()
    world = tiny("ring", folder, devices=1)  # which imports for all forks
    world.reset(PLACE, 3)
    world.close()
    both = together.forked(lambda: together.ended(together.started(folder, 2, share), 0))
    assert os.waitpid(both, 0)[1] == 0, "see what they wrote"
    return folder


def assert_same(alone: list[np.ndarray], made: np.lib.npyio.NpzFile, most: float = 1e-5) -> None:
    for place, latents in enumerate(alone):
        assert np.abs(made[f"arr_{place}"] - latents).max() < most, place


@pytest.mark.parametrize("case", CASES)
def test_two_processes_make_the_latents_of_one(shared, case):
    world = tiny(case, shared, devices=1)
    heads = world._engine.cache.shape.heads
    alone, kept = latents_of(world, world)
    assert (kept > CASES[case][2]) == (case == "waiting")
    for rank in range(2):
        made = np.load(shared / f"{case}-{rank}.npz")
        assert made["heads"] == heads / 2
        assert made["kept"] == kept
        # what is nearly half-way between two levels is rounded one way here, the other way there
        assert_same(alone, made, 1e-2 if case == "waiting" else 1e-5)
    if case == LED:
        assert_same(alone, np.load(shared / "led.npz"))


def test_each_device_holds_its_share_of_memory():
    row = WORLDS["mag"]
    one, two = (predict(row, MemoryPlan(20, devices=devices)).parts for devices in (1, 2))
    assert two["slots"] == one["slots"] // 2
    assert two["generator"] == one["generator"]
