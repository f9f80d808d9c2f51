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
from mag_sandbox.model.catalogue.memory_prediction import MemoryPlan, predict
from mag_sandbox.model.catalogue.worlds import WORLDS
from mag_sandbox.model.full.ulysses import SharedCache
from mag_sandbox.model.world import Control, MemorySetting
from mag_sandbox.scenes import Scene
from tests import tiny_full
from tests.unit.training import together

SIZES = tiny_full.Sizes(dit=replace(tiny_full.TINY_FULL, dim=256, num_heads=2))
PLACE = Scene("a red tower by the sea")
RIGHT = Control(CameraCommand(yaw=1.0))
OTHER = Control(CameraCommand(yaw=-1.0), prompt="a green hill under a grey sky")
CASES = {  # world, memory and slots; enough blocks for frames to be dropped
    "ring": ("mag", None, 4),
    "retrieval": ("mag", MemorySetting("mag-retrieve", attended_frames=2), 6),
    "re-cached": ("longlive", None, 9),
}


def latents_of(case: str, repos: Path, texts: Path, devices: int) -> tuple[list, int]:
    """Return the latents of six blocks, the last two after parking, and the heads of the cache."""
    name, memory, slots = CASES[case]
    plan = MemoryPlan(slots, decoder="tiny", devices=devices)
    world = tiny_full.tiny_stream(name, repos, texts, memory, plan=plan)
    made = []

    def note(block) -> None:
        made.append(world._running().rollout.newest.numpy().copy())

    note(world.reset(PLACE, 3))
    for control in (RIGHT, RIGHT, OTHER):
        note(world.step(control))
    state = world.snapshot()
    world.step(RIGHT)
    world.restore(state)
    note(world.step(RIGHT))
    note(world.step(OTHER))
    heads = world._engine.cache.shape.heads
    assert devices == 1 or isinstance(world._engine.cache, SharedCache)
    world.close()
    return made, heads


def share(folder: Path) -> None:
    """Do all cases as one of several processes."""
    torch.set_num_threads(1)
    for case in CASES:
        made, heads = latents_of(case, folder / "repos", folder / "texts", devices=2)
        np.savez(folder / f"{case}-{os.environ['RANK']}.npz", *made, heads=heads)


@pytest.fixture(scope="module")
def shared(tmp_path_factory) -> Path:
    """Return a folder with what two processes made."""
    folder = tmp_path_factory.mktemp("shared")
    tiny_full.write_repos(folder / "repos", SIZES)
    (folder / "texts").mkdir()
    both = together.forked(lambda: together.ended(together.started(folder, 2, share), 0))
    assert os.waitpid(both, 0)[1] == 0, "see what they wrote"
    return folder


@pytest.mark.parametrize("case", CASES)
def test_two_processes_make_the_latents_of_one(shared, case):
    alone, heads = latents_of(case, shared / "repos", shared / "texts", devices=1)
    for rank in range(2):
        together_made = np.load(shared / f"{case}-{rank}.npz")
        assert together_made["heads"] == heads / 2
        for place, latents in enumerate(alone):
            other = together_made[f"arr_{place}"]
            assert np.abs(other - latents).max() < 1e-5, (case, rank, place)


def test_each_device_holds_its_share_of_memory():
    row = WORLDS["mag"]
    one, two = (predict(row, MemoryPlan(20, devices=devices)).parts for devices in (1, 2))
    assert two["slots"] == one["slots"] // 2
    assert two["generator"] == one["generator"]
