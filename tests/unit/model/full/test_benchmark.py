"""The benchmark of full-size worlds, on tiny random weights."""

import pytest

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.model.catalogue.memory_plan import MemoryPlan
from mag_sandbox.model.catalogue.worlds import WORLDS
from mag_sandbox.model.dit import DiT
from mag_sandbox.model.full import benchmark, compiling, random_world
from mag_sandbox.model.full import loading as loading
from mag_sandbox.model.full.compiling import CompiledLayer
from mag_sandbox.model.world import Control, WorldFailed
from tests.tiny_full import PROCESSOR, SMALL, TINY_FULL


@pytest.fixture(scope="module", autouse=True)
def small_decoder():
    """Make the random decoder narrow, like all other networks here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(random_world, "TINY_WIDTHS", (32, 16, 8, 8))
        patch.setattr(random_world, "TINY_ENCODER_WIDTH", 8)
        yield


@pytest.fixture(scope="module")
def measured() -> dict[str, tuple[dict, list[str]]]:
    """Return the numbers of two worlds, and what was said."""
    found, plan = {}, MemoryPlan(8, decoder="tiny")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(benchmark, "ROUNDS", 1)
        patch.setattr(benchmark, "CLIP_BLOCKS", 2)
        for name in ("mag", "causvid"):
            said: list[str] = []
            numbers = benchmark.measure(
                WORLDS[name], PROCESSOR, said.append, TINY_FULL, SMALL, plan
            )
            found[name] = numbers, said
    return found


@pytest.mark.parametrize("name", ["mag", "causvid"])
def test_speed_is_measured_with_empty_and_with_full_memory(name, measured):
    numbers, said = measured[name]
    for part in ("dit_fps", "fps"):
        assert set(numbers[part]) == {"empty", "full"}
        assert all(value > 0 for value in numbers[part].values())
    assert numbers["clip_fps"] > 0
    if name == "causvid":  # whose rollouts end
        assert numbers["late_over_early"] is None
    else:
        assert numbers["late_over_early"] > 0
    assert numbers["memory_frames"] == 8
    assert numbers["peak_bytes"] is None  # which only devices know
    assert numbers["provenance"]["weights"] == "random"
    assert {"denoise", "decode", "remember", "pose"} <= set(numbers["stage_ms"]["full"])
    assert "8 frames of memory, tiny decoder" in said[0]


def test_layers_are_compiled_where_the_device_compiles(monkeypatch):
    monkeypatch.setattr(loading, "compiles", lambda device: True)
    monkeypatch.setattr(compiling, "BACKEND", "aot_eager")
    plan = MemoryPlan(8, decoder="tiny")
    world = random_world.random_world(WORLDS["mag"], "cpu", plan, TINY_FULL, SMALL)
    engine, _, _ = world._world.parts()
    for layer in (*engine.dit.blocks, *engine.memory_dit.blocks):
        assert isinstance(layer, CompiledLayer)
    assert world.provenance()["execution"]["compiled"]
    assert "layers compiled" in benchmark._way(world)


@pytest.mark.parametrize(("name", "passes"), [("mag", 5), ("causvid", 4)])
def test_on_a_processor_one_block_proves_that_all_of_it_runs(monkeypatch, name, passes):
    monkeypatch.setenv("MAG_SANDBOX_DEVICE", "cpu")
    monkeypatch.setenv("MAG_SANDBOX_FRAME_SIZE", "64x32")
    monkeypatch.setattr(benchmark, "FULL", TINY_FULL)
    ran, forward = [], DiT.forward
    monkeypatch.setattr(DiT, "forward", lambda *how: ran.append(how) or forward(*how))
    numbers = benchmark.random_weights(name, lambda text: None)
    assert numbers["tokens"] == 3 * 4 * 2
    assert numbers["frames"] == 9
    assert numbers["passes"] == passes == len(ran) + 1  # and one that remembers
    assert {"denoise", "remember", "decode"} <= set(numbers["stage_ms"])
    assert numbers["block_seconds"] >= numbers["stage_ms"]["denoise"] / 1000 > 0
    assert numbers["provenance"]["execution"]["dtype"] == "bfloat16"


def test_memory_is_full_where_it_is_said_to_be():
    plan = MemoryPlan(8, decoder="tiny")
    world = random_world.random_world(WORLDS["mag"], "cpu", plan, TINY_FULL, SMALL)
    for full, kept in ((False, 3), (True, 8)):
        world.begin_measuring(full=full)
        assert len(world._world._session.rollout.policy.table.frames) == kept


def test_a_late_block_is_one_of_a_session_that_has_gone_on_so_long():
    plan = MemoryPlan(8, decoder="tiny")
    world = random_world.random_world(WORLDS["mag"], "cpu", plan, TINY_FULL, SMALL)
    world.begin_measuring(full=True, played=600.0)
    world.step(Control(CameraCommand()))
    kept = world._world._session.rollout.policy.table.frames.values()
    newest = max(frame.frame_index for frame in kept)
    assert newest == 600 * 16 / 4 + 2  # the last frame of the block that followed


def test_the_video_that_papers_measure_has_81_frames(monkeypatch):
    monkeypatch.setattr(benchmark, "_clocked", lambda play: play() or 1.0)
    plan = MemoryPlan(23, decoder="tiny")
    world = random_world.random_world(WORLDS["mag"], "cpu", plan, TINY_FULL, SMALL)
    assert benchmark._clip_fps(world) == 81


@pytest.mark.parametrize("name", ["pocket", "wan2.1"])
def test_only_full_size_streams_are_measured(name):
    with pytest.raises(WorldFailed, match="not a full-size stream"):
        benchmark.random_weights(name, lambda text: None)
