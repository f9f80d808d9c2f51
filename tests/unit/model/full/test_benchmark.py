"""The benchmark of full-size worlds, on tiny random weights."""

import pytest

from model import benchmark
from model.memory_prediction import MemoryPlan
from model.world import WorldFailed
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


def test_memory_is_full_where_it_is_said_to_be():
    from model.full.random_world import random_world

    plan = MemoryPlan(8, decoder="tiny")
    world = random_world(WORLDS["mag"], "cpu", plan, TINY_FULL, SMALL)
    for full, kept in ((False, 3), (True, 8)):
        world.begin_measuring(full=full)
        assert len(world._world._rollout.policy.table.frames) == kept


@pytest.mark.parametrize("name", ["pocket", "wan2.1"])
def test_only_full_size_streams_are_measured(name):
    with pytest.raises(WorldFailed, match="no full-size stream"):
        benchmark.random_weights(name, lambda text: None)
