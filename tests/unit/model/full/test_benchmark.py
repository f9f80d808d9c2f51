"""The benchmark of full-size worlds, on tiny random weights."""

import numpy as np
import pytest
import torch

from controls.camera import CameraCommand
from model import benchmark
from model.full import random_world
from model.full.random_world import FAST, PLAIN, bare_pass
from model.memory_prediction import MemoryPlan
from model.world import Control, WorldFailed
from model.worlds import WORLDS
from tests.tiny_full import PROCESSOR, SMALL, TINY_FULL


@pytest.mark.parametrize("name", ["mag", "causvid"])
def test_speed_is_measured_with_empty_and_with_full_memory(name, monkeypatch):
    monkeypatch.setattr(benchmark, "ROUNDS", 1)
    said = []
    plan = MemoryPlan(8, decoder="tiny")
    numbers = benchmark.measure(WORLDS[name], PROCESSOR, said.append, TINY_FULL, SMALL, plan)
    for part in ("dit_fps", "fps"):
        assert set(numbers[part]) == {"empty", "full"}
        assert all(value > 0 for value in numbers[part].values())
    assert numbers["memory_frames"] == 8
    assert numbers["peak_bytes"] is None  # which only devices know
    assert numbers["provenance"]["weights"] == "random"
    assert "8 frames of memory, tiny decoder" in said[0]


def test_the_plain_path_is_measured_in_the_same_run(monkeypatch):
    monkeypatch.setattr(benchmark, "ROUNDS", 1)
    row, plan = WORLDS["mag"], MemoryPlan(8, decoder="tiny")
    numbers = benchmark.measure(
        row, PROCESSOR, lambda text: None, TINY_FULL, SMALL, plan, reference=True
    )
    plain = numbers["reference"]
    for part in ("dit_fps", "fps"):
        for state in ("empty", "full"):
            ratio = numbers[part][state] / plain[part][state]
            assert plain["times_as_fast"][part][state] == pytest.approx(ratio, rel=0.01)
    for stages in (numbers["stage_ms"], plain["stage_ms"]):
        assert {"denoise", "decode", "remember", "pose"} <= set(stages["full"])


@pytest.mark.parametrize("name", ["mag", "longlive", "causvid"])
def test_the_plain_path_makes_the_same_pictures(name):
    def frames(way) -> np.ndarray:
        torch.manual_seed(0)
        plan = MemoryPlan(8, decoder="tiny")
        world = random_world.random_world(WORLDS[name], "cpu", plan, TINY_FULL, SMALL, way)
        world.begin_measuring(full=False)
        steps = [world.step(Control(CameraCommand(yaw=1.0))) for _ in range(5)]
        return np.concatenate([block.frames for block in steps])

    ours, plain = frames(FAST), frames(PLAIN)
    assert ours.std() > 1
    assert np.abs(ours.astype(int) - plain).max() <= 1  # of 255: sums in another order


def test_on_a_processor_one_pass_proves_that_the_transformer_runs(monkeypatch):
    monkeypatch.setenv("MAG_SANDBOX_DEVICE", "cpu")
    monkeypatch.setenv("MAG_SANDBOX_FRAME_SIZE", "64x32")
    monkeypatch.setattr(benchmark, "FULL", TINY_FULL)
    numbers = benchmark.random_weights("mag", lambda text: None)
    assert numbers["tokens"] == 3 * 4 * 2
    assert numbers["finite"]
    assert numbers["pass_seconds"] > 0
    assert bare_pass(TINY_FULL, SMALL)().shape == (1, 3, 16, 4, 4)


def test_memory_is_full_where_it_is_said_to_be():
    plan = MemoryPlan(8, decoder="tiny")
    world = random_world.random_world(WORLDS["mag"], "cpu", plan, TINY_FULL, SMALL)
    for full, kept in ((False, 3), (True, 8)):
        world.begin_measuring(full=full)
        assert len(world._world._rollout.policy.table.frames) == kept


@pytest.mark.parametrize("name", ["pocket", "wan2.1"])
def test_only_full_size_streams_are_measured(name):
    with pytest.raises(WorldFailed, match="no full-size stream"):
        benchmark.random_weights(name, lambda text: None)
