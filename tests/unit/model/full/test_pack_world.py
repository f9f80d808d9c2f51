"""MemoryPack over Wan's own transformer plays end to end, on tiny random weights."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.controls.phrase_compiler import HOLD
from mag_sandbox.controls.sources import ScriptSource
from mag_sandbox.model.catalogue.memory_plan import (
    PACK_PARAMETERS,
    MemoryPlan,
    predict,
    smaller_plans,
    wanted_plan,
)
from mag_sandbox.model.catalogue.worlds import WORLDS
from mag_sandbox.model.config import FULL
from mag_sandbox.model.dit import DiT, SelfAttention
from mag_sandbox.model.full import benchmark, random_world
from mag_sandbox.model.full.text_cache import weights_identity
from mag_sandbox.model.full.video_stream import VideoStream
from mag_sandbox.model.memorypack.config import MEMORYPACK, VARIANTS
from mag_sandbox.model.memorypack.networks import MemoryPack
from mag_sandbox.model.memorypack.parts import PartsInfo, save_parts, untrained
from mag_sandbox.model.world import Control, FrameBlock, MemorySetting, MissingWeights, WorldFailed
from mag_sandbox.sandbox.play.parked_scene import read_state, write_state
from mag_sandbox.sandbox.play.session import Playthrough, Session
from mag_sandbox.scenes import Scene
from tests import tiny_full
from tests.tiny import randomise

NAME = "wan-memorypack"
PLACE = Scene("a red tower by the sea")
STILL, RIGHT = Control(), Control(CameraCommand(yaw=1.0))
OTHER = replace(RIGHT, prompt="a green hill under a grey sky")


@pytest.fixture(scope="module")
def parts(repos, tmp_path_factory):
    """Return a function that writes trained-looking parts of a variant."""
    generator = repos / tiny_full.PATHS[NAME]["generator"]

    def write(variant: str = "A", base: str = "") -> str:
        dit = randomise(DiT(tiny_full.TINY_FULL), 1)
        networks = untrained(dit, VARIANTS[variant])
        before = {name: value.clone() for name, value in networks.state_dict().items()}
        randomise(networks.pack, 7)
        dit.head.head.bias.data += 0.5
        info = PartsInfo(
            VARIANTS[variant], base or weights_identity(generator), (("direct forcing", 3),)
        )
        path = tmp_path_factory.mktemp("parts") / f"{variant}.safetensors"
        save_parts(path, networks.state_dict(), info, before)
        return path

    return write


@pytest.fixture(scope="module")
def world(repos, texts, parts):
    """Return a world with trained-looking parts that tests share: they reset it, and no more."""
    return tiny_full.tiny_pack(repos, texts, parts())


def play(world, controls, seed: int = 3, scene: Scene = PLACE) -> list[FrameBlock]:
    return [world.reset(scene, seed), *(world.step(control) for control in controls)]


def same(blocks, others) -> bool:
    pairs = zip(blocks, others, strict=True)
    return all(np.array_equal(a.frames, b.frames) and a.poses == b.poses for a, b in pairs)


def test_a_scene_begins_with_its_picture_at_rest_and_goes_on_in_blocks(world):
    blocks = play(world, [RIGHT, STILL])
    assert [block.frames.shape for block in blocks] == [(n, 32, 32, 3) for n in (9, 12, 12)]
    assert [len(block.poses) for block in blocks] == [9, 12, 12]
    assert [block.block_index for block in blocks] == [0, 1, 2]
    assert blocks[0].phrase == HOLD
    assert blocks[1].phrase == "The camera quickly pans to the right."
    assert all(block.frames.std() > 5 for block in blocks)
    assert {"pack", "denoise", "decode", "remember", "pose"} <= set(blocks[1].stage_ms)
    assert not world.spec.exact_pose
    assert world.round_trip(blocks[0].frames[:2]).shape == (2, 32, 32, 3)


def test_what_is_held_never_grows_and_the_bar_shows_it(world):
    usage = [block.memory for block in play(world, [RIGHT] * 8)]
    frames = {segment.kind: segment.frames for segment in usage[-1].segments}
    expected = {"sink": 1, "packed-4x": 16, "packed-2x": 2, "raw": 1, "psi": 0, "current": 3}
    assert frames == expected
    assert [entry.frame_index for entry in usage[-1].entries] == [0, *range(6, 25)]
    assert usage[-1].bytes == usage[-2].bytes == usage[-1].budget
    assert usage[-1].evicted == 5
    assert usage[-1].oldest_seconds == pytest.approx(25 * 4 / 16)
    assert usage[0].policy == NAME


def test_seed_commands_prompt_and_picture_are_all_that_pictures_depend_on(world, tmp_path):
    path = [RIGHT, OTHER, STILL]
    blocks = play(world, path)
    assert not same(blocks[:1], play(world, [STILL], seed=9)[:1])
    assert same(blocks, play(world, path))
    turned = play(world, [RIGHT, RIGHT])
    assert same(blocks[:2], turned[:2])
    assert not np.array_equal(blocks[2].frames, turned[2].frames)
    Image.new("RGB", (96, 64), (200, 40, 40)).save(tmp_path / "red.png")
    given = play(world, [], scene=replace(PLACE, image=str(tmp_path / "red.png")))
    assert not same(blocks[:1], given)
    assert len(given[0].frames) == 9


def test_parked_and_gone_on_with_equals_uninterrupted(world, repos, texts, parts, tmp_path):
    path = [RIGHT.camera] * 3
    session = Session(world, ScriptSource(path))
    session.start(replace(PLACE), 3)
    session.advance()
    write_state(tmp_path / "state", session.park())
    rest = [session.advance().block, session.advance().block]
    later = Session(tiny_full.tiny_pack(repos, texts, parts()), ScriptSource(path[:2]))
    parked = Playthrough(PLACE, 3, parked=lambda: read_state(tmp_path / "state"))
    again = [later.begin(parked).block, later.advance().block]
    assert same(rest, again)
    assert [one.memory for one in rest] == [one.memory for one in again]


def test_untrained_parts_say_so_and_trained_ones_what_trained_them(world, repos, texts):
    said = []
    untold = tiny_full.tiny_pack(
        repos, texts, on_progress=lambda stage, fraction: said.append(stage)
    )
    assert any("untrained" in stage for stage in said)
    assert untold.reset(PLACE, 1).memory.policy == f"{NAME} (untrained)"
    about = json.loads(json.dumps(world.provenance()))
    assert about["memorypack"]["trained"] == "3 steps of direct forcing"
    assert about["weights"] != untold.provenance()["weights"]
    with pytest.raises(WorldFailed, match="was saved with weights"):
        play(world, [])
        untold.restore(world.snapshot())
    untold.close()
    untold.close()


@pytest.mark.parametrize(("variant", "psi"), [("framepack", False), ("B", True)])
def test_which_variant_it_is_stands_in_the_parts(repos, texts, parts, variant, psi):
    blocks = play(tiny_full.tiny_pack(repos, texts, parts(variant)), [RIGHT])
    kinds = {segment.kind for segment in blocks[-1].memory.segments}
    assert ("psi" in kinds) == psi


def test_parts_of_other_weights_are_refused(repos, texts, parts):
    with pytest.raises(MissingWeights, match="belongs to weights 0123456789abcdef"):
        tiny_full.tiny_pack(repos, texts, parts(base="0123456789abcdef"))


def test_a_state_that_is_refused_changes_nothing(world):
    play(world, [OTHER])
    other = world.snapshot()
    expected = play(world, [STILL, RIGHT])[-1]
    play(world, [STILL])
    damaged = {**other.data, "memory": {**other.data["memory"], "updates": 9}}
    arrays = {name: array for name, array in other.arrays.items() if name != "memory/psi"}
    with pytest.raises((ValueError, KeyError)):
        world.restore(replace(other, arrays=arrays, data=damaged))
    assert np.array_equal(world.step(RIGHT).frames, expected.frames)  # under words that are new


def test_a_state_whose_camera_is_steered_harder_than_any_is_refused(world):
    world.reset(PLACE, seed=3)
    state = world.snapshot()
    state.data["session"]["smoother"]["drives"][0] = 9.0
    with pytest.raises(ValueError, match=r"drives are \(9"):
        world.restore(state)


def test_other_policies_are_refused(world):
    with pytest.raises(WorldFailed, match=f'"mag" not found; available: {NAME}'):
        world.reset(replace(PLACE, memory="mag"), 1)
    play(world, [])
    with pytest.raises(WorldFailed, match='"full" not found'):
        world.step(Control(memory=MemorySetting("full")))


def test_a_block_that_found_no_room_is_made_again_as_if_nothing_had_been(
    repos, texts, parts, world, monkeypatch
):
    expected = play(world, [RIGHT, RIGHT])
    short = tiny_full.tiny_pack(repos, texts, parts())
    blocks, decode, failed = play(short, [RIGHT]), VideoStream.decode, []

    def full_once(stream, latents):
        if not failed:
            failed.append(1)
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")
        return decode(stream, latents)

    monkeypatch.setattr(VideoStream, "decode", full_once)
    blocks.append(short.step(RIGHT))
    assert "text encoder on the processor" in blocks[-1].notice
    assert short.provenance()["plan"]["text_encoder"] == "cpu"
    assert same(blocks, expected)


def test_latents_that_are_no_numbers_end_the_scene_in_one_sentence(repos, texts):
    world = tiny_full.tiny_pack(repos, texts)
    play(world, [RIGHT])
    with torch.no_grad():
        world._networks.dit.head.head.bias.fill_(float("nan"))
    with pytest.raises(WorldFailed, match="block 2 holds NaN or infinity"):
        world.step(RIGHT)


def test_its_memory_is_predicted_from_its_real_size():
    with torch.device("meta"):
        pack = MemoryPack(FULL, MEMORYPACK)
    assert sum(one.numel() for one in pack.parameters()) == PACK_PARAMETERS
    row = WORLDS[NAME]
    plans = list(smaller_plans(row, wanted_plan(row), tiny_decoder=True))
    assert [plan.words() for plan in plans] == [
        "all on the device",
        "text encoder on the processor",
        "text encoder on the processor, tiny decoder",
    ]
    assert predict(row, plans[0]).parts["packed frames"] > 2 * PACK_PARAMETERS


@pytest.fixture
def small_decoder(monkeypatch):
    """Make the random decoder narrow, like all other networks here."""
    monkeypatch.setattr(random_world, "TINY_WIDTHS", (32, 16, 8, 8))
    monkeypatch.setattr(random_world, "TINY_ENCODER_WIDTH", 8)


@pytest.mark.usefixtures("small_decoder")
def test_its_speed_is_measured_like_any_streams(monkeypatch):
    monkeypatch.setattr(benchmark, "ROUNDS", 1)
    monkeypatch.setattr(benchmark, "CLIP_BLOCKS", 2)
    row = WORLDS[NAME]
    row = replace(row, packs=replace(row.packs, steps=1))
    numbers = benchmark.measure(
        row, tiny_full.PROCESSOR, lambda text: None, tiny_full.TINY_FULL, tiny_full.SMALL,
        MemoryPlan(0, decoder="tiny"),
    )  # fmt: skip
    for part in ("dit_fps", "fps"):
        assert set(numbers[part]) == {"empty", "full"}
        assert all(value > 0 for value in numbers[part].values())
    assert numbers["late_over_early"] > 0
    assert numbers["provenance"]["weights"] == "random"


@pytest.mark.usefixtures("small_decoder")
def test_full_memory_is_as_many_frames_as_packing_reaches():
    plan, sizes = MemoryPlan(0, decoder="tiny"), (tiny_full.TINY_FULL, tiny_full.SMALL)
    world = random_world.random_world(WORLDS[NAME], "cpu", plan, *sizes)
    assert type(world._world._networks.dit.layers[0].self_attn) is SelfAttention
    world._world._recipe = replace(world._world._recipe, steps=1)
    for full, held in ((False, 1), (True, 19)):
        world.begin_measuring(full=full)
        assert world._world._session.memory.frames == held
    world.begin_measuring(full=True, played=600.0)
    assert world.step(RIGHT).memory.entries[-1].frame_index == 3 * 800
