"""The pocket world with MemoryPack: the same protocol, a memory of constant size."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.catalogue.worlds import WORLDS
from mag_sandbox.model.loading import policies_of
from mag_sandbox.model.memorypack import world
from mag_sandbox.model.memorypack.config import VARIANT_OF_WORLD, VARIANTS, WORLD_OF_VARIANT
from mag_sandbox.model.memorypack.parts import (
    PartsInfo,
    base_hash,
    load_parts,
    parts_file,
    save_parts,
    untrained,
)
from mag_sandbox.model.memorypack.world import MemoryPackWorld
from mag_sandbox.model.pocket.loading import load_networks
from mag_sandbox.model.world import Control, MemorySetting, MissingWeights, WorldFailed
from mag_sandbox.scenes import Scene
from tests.tiny import FP32, LEFT, PLACE, RIGHT, STILL, TINY, randomise, tiny_weights

NOWHERE = Path("no such folder")
each_variant = pytest.mark.parametrize("variant", VARIANTS)


def pack_world(variant: str = "A", parts: Path = NOWHERE) -> MemoryPackWorld:
    return world.load(
        variant, on_progress=lambda stage, fraction: None,
        weights=tiny_weights(), parts=parts, execution=FP32,
    )  # fmt: skip


def base_dit():
    """Return the transformer of the tiny weights as they are stored."""
    return load_networks(TINY, tiny_weights())[1]


def write_parts(folder: Path, variant: str = "A", base: str | None = None, **info) -> Path:
    """Write trained-looking parts: random memory, one changed layer."""
    dit = base_dit()
    networks = untrained(dit, VARIANTS[variant])
    before = {name: value.clone() for name, value in networks.state_dict().items()}
    randomise(networks.pack, 7)
    dit.head.head.bias.data += 0.5
    said = {"config": VARIANTS[variant], "base": base or base_hash(tiny_weights())} | info
    path = parts_file(variant, folder)
    save_parts(
        path, networks.state_dict(), PartsInfo(phases=(("teacher forcing", 3),), **said), before
    )
    return path


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Return a function that gives a folder with trained-looking parts of a variant."""

    @cache
    def folder(variant: str = "A") -> Path:
        place = tmp_path_factory.mktemp("parts")
        write_parts(place, variant)
        return place

    return folder


def play(world: MemoryPackWorld, controls: list[Control], seed: int = 1):
    return [world.reset(PLACE, seed), *(world.step(control) for control in controls)]


@each_variant
def test_a_block_is_what_its_spec_says(variant):
    world = pack_world(variant)
    assert world.spec.name == WORLD_OF_VARIANT[variant]
    assert policies_of(world.spec.name) == world.spec.policies == (world.spec.name,)
    blocks = play(world, [RIGHT] * 3)
    for index, block in enumerate(blocks):
        assert block.frames.shape == (3, TINY.frame_height, TINY.frame_width, 3)
        assert block.block_index == index
    assert blocks[0].poses == (CameraPose(),) * 3
    assert [pose.yaw for pose in blocks[1].poses] == [2.5, 5.0, 7.5]


def test_what_is_held_never_grows():
    world = pack_world()
    blocks = play(world, [RIGHT] * 12)
    full = [block.memory for block in blocks if block.memory.evicted]
    assert len(full) >= 4
    assert len({usage.bytes for usage in full}) == 1
    assert full[0].bytes == full[0].budget < full[-1].full_history_bytes
    assert [usage.evicted for usage in full] == list(range(full[0].evicted, 99, 3))[: len(full)]


def test_the_bar_shows_image_scales_and_psi():
    usage = play(pack_world(), [RIGHT] * 12)[-1].memory
    frames = {segment.kind: segment.frames for segment in usage.segments}
    expected = {"sink": 1, "packed-4x": 16, "packed-2x": 2, "raw": 1, "psi": 0, "current": 3}
    assert frames == expected
    assert next(s.bytes for s in usage.segments if s.kind == "psi") > 0
    indices = [entry.frame_index for entry in usage.entries]
    assert indices == [2, *range(20, 39)]
    assert sum(s.bytes for s in usage.segments if s.kind != "current") == usage.bytes
    alone = play(pack_world("framepack"), [RIGHT])[-1].memory
    assert "psi" not in {segment.kind for segment in alone.segments}


def test_untrained_parts_say_so(tmp_path):
    said = []
    untold = world.load(
        "A", on_progress=lambda stage, fraction: said.append(stage),
        weights=tiny_weights(), parts=NOWHERE, execution=FP32,
    )  # fmt: skip
    assert any("untrained" in stage for stage in said)
    assert "untrained" in untold.reset(PLACE, 1).memory.policy
    assert "untrained" in untold.provenance()["memorypack"]["trained"]
    write_parts(tmp_path)
    trained = pack_world(parts=tmp_path)
    assert trained.reset(PLACE, 1).memory.policy == "memorypack-a"
    assert trained.provenance()["memorypack"]["trained"] == "3 steps of teacher forcing"
    assert trained.provenance()["weights"] != untold.provenance()["weights"]


@each_variant
def test_the_same_seed_and_controls_give_the_same_pictures_and_others_do_not(variant, trained):
    controls, world = [RIGHT, STILL, LEFT], pack_world(variant, trained(variant))
    one = play(pack_world(variant, trained(variant)), controls)
    other, two = (play(world, controls, seed=seed) for seed in (2, 1))
    assert all(np.array_equal(a.frames, b.frames) for a, b in zip(one, two, strict=True))
    assert not np.array_equal(one[-1].frames, other[-1].frames)


@each_variant
def test_restoring_and_going_on_equals_uninterrupted(variant, trained):
    world, again = (pack_world(variant, trained(variant)) for _ in range(2))
    for before in (0, 9):
        play(world, [RIGHT] * before)
        state = world.snapshot()
        expected = [world.step(control) for control in (LEFT, STILL)]
        again.restore(state)
        for block in expected:
            restored = again.step((LEFT, STILL)[block.block_index - 1 - before])
            assert np.array_equal(restored.frames, block.frames)
            assert restored.memory == block.memory
            assert restored.poses == block.poses


def test_memory_matters(trained):
    """After the same command another past gives another picture."""
    world = pack_world(parts=trained())
    there_and_back = play(world, [RIGHT, RIGHT, LEFT, LEFT])[-1]
    stayed = play(world, [STILL] * 4)[-1]
    assert there_and_back.poses[-1] == stayed.poses[-1]
    assert not np.array_equal(there_and_back.frames, stayed.frames)


def test_given_frames_are_remembered_as_if_made_here(trained):
    world = pack_world(parts=trained())
    play(world, [RIGHT])
    shape = (3, TINY.frame_height, TINY.frame_width, 3)
    grey = np.full(shape, 128, np.uint8)
    block = world.show(RIGHT, grey)
    assert np.array_equal(block.frames, world.round_trip(grey))
    with pytest.raises(ValueError, match="a block's frames are"):
        world.show(RIGHT, grey[:2])


def test_a_prompt_reaches_the_block_after_it(trained):
    told, untold = pack_world(parts=trained()), pack_world(parts=trained())
    play(told, [RIGHT])
    play(untold, [RIGHT])
    block = told.step(Control(prompt="a green hill"))
    assert block.prompt == "a green hill"
    assert not np.array_equal(block.frames, untold.step(STILL).frames)


def test_other_policies_are_refused():
    world = pack_world()
    with pytest.raises(WorldFailed, match='"mag" not found; available: memorypack'):
        world.reset(Scene(prompt="a grey sea", memory="mag"), 1)
    with pytest.raises(WorldFailed, match="call reset first"):
        world.step(STILL)
    world.reset(PLACE, 1)
    with pytest.raises(WorldFailed, match='"full" not found'):
        world.step(Control(memory=MemorySetting("full")))


def test_a_state_of_other_parts_is_refused(trained):
    world = pack_world(parts=trained())
    play(world, [])
    with pytest.raises(WorldFailed, match="was saved with weights"):
        pack_world().restore(world.snapshot())


def test_parts_hold_what_is_new_or_changed_and_no_more(tmp_path):
    path = write_parts(tmp_path)
    networks, info = load_parts(base_dit(), path)
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        names = set(file.keys())
    assert {name for name in names if name.startswith("dit.")} == {"dit.head.head.bias"}
    pack = {f"pack.{name}" for name in networks.pack.state_dict()}
    assert names == pack | {"dit.head.head.bias"}
    assert info.phases == (("teacher forcing", 3),)
    assert len(info.digest) == 16


def test_parts_of_another_base_or_architecture_are_refused(tmp_path):
    write_parts(tmp_path, base="0123456789abcdef")
    with pytest.raises(MissingWeights, match="belongs to weights 0123456789abcdef"):
        pack_world(parts=tmp_path)
    write_parts(tmp_path, "B").rename(parts_file("A", tmp_path))
    with pytest.raises(MissingWeights, match='another variant than "A"'):
        pack_world(parts=tmp_path)
    parts_file("A", tmp_path).write_bytes(b"nothing")
    with pytest.raises(MissingWeights, match="cannot be read"):
        pack_world(parts=tmp_path)
    with pytest.raises(MissingWeights, match="is missing"):
        load_parts(base_dit(), tmp_path / "none.safetensors")


def test_worlds_of_the_table_are_variants():
    rows = [name for name in WORLDS if name in VARIANT_OF_WORLD]
    assert rows == ["memorypack", "pocket-framepack"]
    assert all(WORLDS[name].policy == name for name in rows)
