"""Worlds of public checkpoints play end to end, on tiny random weights."""

import itertools
import json
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from PIL import Image

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.controls.phrase_compiler import HOLD
from mag_sandbox.controls.sources import ScriptSource
from mag_sandbox.model.catalogue.memory_plan import MemoryPlan
from mag_sandbox.model.catalogue.worlds import WORLDS
from mag_sandbox.model.full import loading as full
from mag_sandbox.model.full import offload
from mag_sandbox.model.full.offload import SideStream
from mag_sandbox.model.full.rollout import Rollout
from mag_sandbox.model.full.splits import Distant
from mag_sandbox.model.full.video_stream import VideoStream
from mag_sandbox.model.full.world import StreamWorld
from mag_sandbox.model.generator import BlockGenerator
from mag_sandbox.model.world import Control, FrameBlock, MemorySetting, WorldFailed
from mag_sandbox.sandbox.play.parked_scene import read_state, write_state
from mag_sandbox.sandbox.play.session import Playthrough, Session
from mag_sandbox.scenes import Scene
from tests import tiny_full

PLACE = Scene("a red tower by the sea")
STILL, RIGHT, UP = (Control(CameraCommand(**axes)) for axes in ({}, {"yaw": 1.0}, {"pitch": 0.2}))
OTHER = replace(RIGHT, prompt="a green hill under a grey sky")
FULL_SIZE = [name for name, row in WORLDS.items() if row.kind == "stream" and row.recipe]
PATH = [RIGHT, RIGHT, UP, OTHER, STILL]


@pytest.fixture
def tiny(repos, texts):
    """Return a function that makes tiny worlds, with the tiny decoder if nothing else is said."""

    def make(name: str = "mag", *, decoder: str = "tiny", plan=None, **how) -> StreamWorld:
        plan = plan or MemoryPlan(WORLDS[name].recipe.slots, decoder=decoder)
        return tiny_full.tiny_stream(name, repos, texts, plan=plan, **how)

    return make


@pytest.fixture(scope="module")
def shared(repos, texts):
    """Return a function that gives tiny worlds which tests share: they reset them, and no more."""

    @cache
    def made(name: str, decoder: str) -> StreamWorld:
        plan = MemoryPlan(WORLDS[name].recipe.slots, decoder=decoder)
        return tiny_full.tiny_stream(name, repos, texts, plan=plan)

    return lambda name="mag", decoder="tiny": made(name, decoder)


def play(world: StreamWorld, controls, seed: int = 3, scene: Scene = PLACE) -> list[FrameBlock]:
    return [world.reset(scene, seed), *(world.step(control) for control in controls)]


def same(blocks, others) -> bool:
    pairs = zip(blocks, others, strict=True)
    return all(np.array_equal(a.frames, b.frames) and a.poses == b.poses for a, b in pairs)


def raising(times: int, work):
    """Return `work` with the device's memory full the first few times."""
    left = itertools.count()

    def act(*arguments, **named):
        if next(left) < times:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")
        return work(*arguments, **named)

    return act


@pytest.mark.parametrize("name", FULL_SIZE)
def test_every_stream_of_the_table_plays(tiny, name):
    world = tiny(name, decoder="exact" if name == "mag" else "tiny")
    blocks = play(world, [RIGHT, UP])
    assert [block.frames.shape for block in blocks] == [(n, 32, 32, 3) for n in (9, 12, 12)]
    assert [len(block.poses) for block in blocks] == [9, 12, 12]
    assert [block.block_index for block in blocks] == [0, 1, 2]
    assert all(block.frames.std() > 5 for block in blocks)
    spec = world.spec
    assert [spec.frames_before(index) for index in range(3)] == [0, 9, 21]
    assert not spec.exact_pose
    assert {"denoise", "decode", "remember", "pose"} <= set(blocks[1].stage_ms)
    kept = {"mag": 5, "window": 9, "full": 9}[WORLDS[name].policy]
    assert blocks[2].memory.kept_frames == kept
    world.close()
    world.close()


@pytest.mark.parametrize("name", ["mag", "wan-memorypack"])
def test_denoising_is_timed_until_the_device_is_done(tiny, repos, texts, monkeypatch, name):
    """A card returns at once; the check of its numbers waits for it."""
    world = tiny() if name == "mag" else tiny_full.tiny_pack(repos, texts)
    world.reset(PLACE, 3)
    under_way: list[str] = []
    measure, checked = world._times.measure, []

    @contextmanager
    def noted(stage):
        under_way.append(stage)
        with measure(stage):
            yield
        under_way.remove(stage)

    monkeypatch.setattr(world._times, "measure", noted)
    monkeypatch.setattr(world, "_require_numbers", lambda latents: checked.append(list(under_way)))
    world.step(RIGHT)
    assert checked == [["denoise"]]


def test_the_sentence_in_force_is_the_phrase_of_the_block(shared):
    blocks = play(shared(), [RIGHT, STILL, STILL])
    assert [block.phrase for block in blocks] == [
        HOLD,
        "The camera quickly pans to the right.",
        "The camera quickly pans to the right.",
        HOLD,
    ]


def test_seed_and_commands_are_all_that_pictures_depend_on(tiny, shared):
    path = [RIGHT, OTHER]
    blocks = play(tiny(), path)
    world = shared()
    other = play(world, [STILL], seed=9)
    assert same(blocks, play(world, path))  # nothing is left of what was played before
    assert not same(blocks[:1], other[:1])
    rested = play(world, [STILL])
    assert not np.array_equal(rested[1].frames, blocks[1].frames)


@pytest.mark.parametrize(
    ("name", "decoder", "played", "length"),
    [("mag", "exact", 1, 3), ("longlive", "tiny", 4, 7), ("causvid", "tiny", 6, 8)],
)
def test_parked_and_gone_on_with_equals_uninterrupted(tiny, name, decoder, played, length):
    path = [RIGHT, STILL, UP, OTHER, RIGHT, RIGHT, STILL, RIGHT][:length]
    world, other = (tiny(name, decoder=decoder) for _ in range(2))
    play(world, path[:played])
    state = world.snapshot()
    uninterrupted = [world.step(control) for control in path[played:]]
    assert all(array.dtype == np.uint8 for array in state.arrays.values())
    state = replace(state, data=json.loads(json.dumps(state.data)))
    play(other, [UP], seed=8)
    for there in (other, world):
        there.restore(state)
        rest = [there.step(control) for control in path[played:]]
        assert same(rest, uninterrupted)
        assert [one.memory for one in rest] == [one.memory for one in uninterrupted]


def test_a_parked_scene_goes_on_from_its_files(tiny, shared, tmp_path):
    session = Session(tiny(), ScriptSource([RIGHT.camera] * 3))
    session.start(PLACE, 3)
    session.advance()
    write_state(tmp_path / "state", session.park())
    rest = [session.advance().block, session.advance().block]
    later = Session(shared(), ScriptSource([RIGHT.camera] * 2))
    parked = Playthrough(PLACE, 3, parked=lambda: read_state(tmp_path / "state"))
    assert same([later.begin(parked).block, later.advance().block], rest)


def test_a_state_of_other_weights_or_another_decoder_is_refused(tiny):
    world = tiny()
    play(world, [])
    state = world.snapshot()
    with pytest.raises(WorldFailed, match="weights"):
        tiny("mag-generator-only").restore(
            replace(state, data={**state.data, "world": "mag-generator-only"})
        )
    exact = tiny(decoder="exact")
    play(exact, [])
    with pytest.raises(WorldFailed, match="exact decoder"):
        world.restore(exact.snapshot())
    exact.restore(state)  # which changes to the tiny one
    assert exact.provenance()["plan"]["decoder"] == "tiny"
    assert same([exact.step(RIGHT)], [world.step(RIGHT)])


def test_laid_out_over_three_cards_it_makes_the_same_pictures(tiny, shared):
    plan = MemoryPlan(23, decoder="tiny", memory_card=1, decoder_card=2)
    world = tiny(plan=plan)  # a processor stands in for all of them
    assert isinstance(world._engine.memory_dit.split, Distant)
    assert world._engine.dit.split is None
    assert same(play(world, PATH), play(shared(), PATH))


def test_a_new_prompt_counts_from_the_next_block_on(shared):
    world = shared()
    blocks = play(world, [RIGHT, OTHER])
    without = play(world, [RIGHT, RIGHT])
    assert same(blocks[:2], without[:2])
    assert not np.array_equal(blocks[2].frames, without[2].frames)
    assert [block.prompt for block in blocks] == [PLACE.prompt, PLACE.prompt, OTHER.prompt]


def test_the_text_encoder_is_loaded_only_for_new_texts(tiny, monkeypatch, tmp_path, repos):
    loaded, said = [], []
    load = full.load_text_encoder
    monkeypatch.setattr(full, "load_text_encoder", lambda *how: loaded.append(how[1]) or load(*how))
    worlds = [
        tiny_full.tiny_stream(
            "mag",
            repos,
            tmp_path,
            plan=MemoryPlan(5, decoder="tiny"),
            on_progress=lambda stage, fraction: said.append(stage),
        )
        for _ in range(2)
    ]
    play(worlds[0], [RIGHT, UP])
    assert len(loaded) == 1
    assert "encoding text" in said
    play(worlds[1], [RIGHT, UP, STILL])
    assert len(loaded) == 1  # all is on disk
    worlds[1].step(OTHER)
    assert len(loaded) == 2


@pytest.mark.parametrize(("name", "told"), [("longlive", 3), ("mag", 0)])
def test_longlive_remembers_anew_under_every_new_text(shared, monkeypatch, name, told):
    again = []
    recache = Rollout._recache
    monkeypatch.setattr(Rollout, "_recache", lambda *how: again.append(how[1]) or recache(*how))
    play(shared(name), [RIGHT, RIGHT, OTHER, STILL, STILL])
    assert len(again) == told  # a sentence, a prompt, and the sentence after letting go


def test_causvid_goes_on_after_21_frames_with_another_rollout(shared):
    blocks = play(shared("causvid"), [RIGHT] * 8)
    kept = [block.memory.kept_frames for block in blocks]
    assert kept == [3, 6, 9, 12, 15, 18, 18, 6, 9]  # the overlap and the block
    assert blocks[8].frames.shape[0] == 12


def test_estimated_poses_decide_what_retrieval_keeps(tiny):
    memory = MemorySetting("mag-retrieve", kept_mib=10_000)
    world = tiny(memory=memory)
    blocks = play(world, [RIGHT] * 3)
    assert blocks[-1].poses[-1].yaw > 0
    entries = blocks[-1].memory.entries
    assert len({entry.pose for entry in entries}) > 1
    assert entries[-1].pose == blocks[-1].poses[-1]


def test_the_policy_may_change_while_playing(tiny):
    world = tiny()
    play(world, [RIGHT, RIGHT])
    block = world.step(replace(STILL, memory=MemorySetting("window", window_blocks=1)))
    assert block.memory.policy == "window"
    assert block.memory.kept_frames == 3, "a window pins no first frames"
    assert block.memory.budget == WORLDS["mag"].recipe.slots * world._engine.cache.slot_bytes
    state = world.snapshot()
    assert state.data["setting"]["policy"] == "window"
    assert world.reset(replace(PLACE, memory="none"), 1).memory.kept_frames == 0


def test_a_scene_may_begin_from_a_picture(shared, tmp_path):
    Image.new("RGB", (96, 64), (200, 40, 40)).save(tmp_path / "red.png")
    scene = replace(PLACE, image=str(tmp_path / "red.png"))
    world = shared(decoder="exact")
    first, second = play(world, [RIGHT], scene=scene), play(world, [RIGHT])
    assert not same(first, second)
    assert len(first[0].frames) == 9


@pytest.mark.parametrize("decoder", ["exact", "tiny"])
@pytest.mark.parametrize("frames", [1, 9, 12])
def test_a_round_trip_gives_as_many_frames(shared, decoder, frames):
    pictures = np.full((frames, 32, 32, 3), 90, np.uint8)
    assert shared(decoder=decoder).round_trip(pictures).shape == pictures.shape


def test_latents_that_are_no_numbers_end_the_scene_in_one_sentence(tiny, monkeypatch):
    world = tiny()
    play(world, [RIGHT])
    monkeypatch.setattr(
        Rollout, "denoise", lambda self, noise, *rest: torch.full_like(noise, torch.nan)
    )
    with pytest.raises(WorldFailed, match="block 2 holds NaN or infinity"):
        world.step(RIGHT)


def test_where_memory_is_full_the_tiny_decoder_goes_on(tiny, monkeypatch, caplog):
    world = tiny(decoder="exact")
    play(world, [RIGHT])
    monkeypatch.setattr(VideoStream, "decode", raising(2, VideoStream.decode))
    block = world.step(RIGHT)
    assert block.frames.shape == (12, 32, 32, 3)
    assert world.provenance()["plan"]["decoder"] == "tiny"
    assert world.provenance()["plan"]["slots"] == 23
    assert "tiny decoder" in caplog.text
    assert "memory is full; continuing with" in block.notice
    after = world.step(RIGHT)
    assert len(after.frames) == 12
    assert not after.notice  # it is said once


def test_pictures_made_beside_remembering_are_those_made_before_it(shared, monkeypatch):
    def at_once(_stream, work) -> Future:
        done = Future()
        done.set_result(work())
        return done

    blocks = play(shared(), PATH)
    monkeypatch.setattr(SideStream, "start", at_once)
    serial = play(shared(), PATH)
    assert same(blocks, serial)
    assert [one.memory for one in blocks] == [one.memory for one in serial]


@pytest.mark.parametrize("failing", [(VideoStream, "decode"), (Rollout, "compute_keys")])
def test_a_block_that_found_no_room_is_made_again_as_if_nothing_had_been(
    tiny, monkeypatch, failing
):
    plan = MemoryPlan(
        8, "device", "tiny"
    )  # with a text encoder to be given up, which plays no part
    expected = play(tiny(plan=plan), [RIGHT] * 3)
    world = tiny(plan=plan)
    blocks = play(world, [RIGHT])
    monkeypatch.setattr(*failing, raising(1, getattr(*failing)))
    blocks += [world.step(RIGHT), world.step(RIGHT)]
    assert blocks[2].notice
    assert world.provenance()["plan"]["text_encoder"] == "cpu"
    assert same(blocks, expected)


def test_where_memory_stays_full_frames_are_forgotten_and_play_goes_on(tiny, monkeypatch):
    plan = MemoryPlan(8, "cpu", "tiny", "offloaded")
    world = tiny(plan=plan)
    blocks = play(world, [RIGHT] * 6)
    assert blocks[-1].memory.kept_frames == 8
    monkeypatch.setattr(Rollout, "denoise", raising(1, Rollout.denoise))
    usage = world.step(RIGHT).memory
    assert world.provenance()["plan"]["slots"] < 8
    assert usage.kept_frames == world.provenance()["plan"]["slots"] == world._engine.cache.slots
    assert [entry.kind for entry in usage.entries[:2]] == ["sink", "sink"]
    assert usage.entries[-1].frame_index == 7 * 3 + 2
    monkeypatch.setattr(Rollout, "denoise", raising(99, Rollout.denoise))
    with pytest.raises(WorldFailed, match="nothing more can be offloaded"):
        world.step(RIGHT)


def test_fewer_frames_leave_those_that_stay_bit_for_bit(tiny):
    world = tiny(plan=MemoryPlan(8, decoder="tiny"))
    play(world, [RIGHT] * 6)
    rollout, kept = world._session.rollout, {}
    before = rollout.snapshot(rollout.policy.table.slots())
    for slot, frame in rollout.policy.table.frames.items():
        kept[frame.frame_index] = before.arrays[f"keys_{slot}"]
    with torch.inference_mode():
        rollout.keep_fewer(5)
    after = rollout.snapshot(rollout.policy.table.slots())
    assert len(rollout.policy.table.frames) == 5
    for slot, frame in rollout.policy.table.frames.items():
        assert np.array_equal(after.arrays[f"keys_{slot}"], kept[frame.frame_index])


def test_an_offloaded_memory_model_writes_the_same_and_is_copied_to_the_host_once(
    tiny, shared, monkeypatch
):
    copied, to_host = [], offload.to_host
    monkeypatch.setattr(offload, "to_host", lambda *told: copied.append(told) or to_host(*told))
    plan = MemoryPlan(23, decoder="tiny")
    blocks = play(shared(), [RIGHT, UP])
    world = tiny(plan=replace(plan, memory_model="offloaded"))
    assert same(blocks, play(world, [RIGHT, UP]))
    assert len(copied) == len(world._writer._waiting)


def test_frames_come_back_with_the_memory_model_on_the_device(tiny, monkeypatch):
    plan = MemoryPlan(5, decoder="tiny", memory_model="offloaded")
    world = tiny(plan=plan, memory=MemorySetting("mag-retrieve", attended_frames=2))
    play(world, [RIGHT])
    with torch.inference_mode():
        world._running().rollout.keep_fewer(3)
    done = []
    for owner, name in (
        (offload.OffloadedNetwork, "__enter__"),
        (offload.OffloadedNetwork, "__exit__"),
        (BlockGenerator, "remember_again"),
    ):
        real = getattr(owner, name)
        noting = lambda *told, name=name, real=real: done.append(name) or real(*told)  # noqa: E731
        monkeypatch.setattr(owner, name, noting)
    world.step(RIGHT)
    away = done.count("remember_again")
    assert away
    assert done[: away + 2] == ["__enter__", *["remember_again"] * away, "__exit__"]


def test_a_recording_says_what_made_it_and_can_be_run_so_again(tiny):
    world = tiny()
    said = json.loads(json.dumps(world.provenance()))
    assert len(said["weights"]) == 16
    assert said["execution"]["dtype"] == "float32"
    assert said["plan"] == {
        "slots": 23, "text_encoder": "device", "decoder": "tiny", "memory_model": "device",
        "memory_card": 0, "decoder_card": 0, "apart": 0, "devices": 1, "host_bytes": None,
    }  # fmt: skip
    again = tiny(execution=said["execution"])
    assert again.provenance() == said
    with pytest.raises(WorldFailed, match="ran with device cuda, "):
        tiny(execution={**said["execution"], "device": "cuda"})
    with pytest.raises(WorldFailed, match="flash-attn 9"):
        tiny(execution={**said["execution"], "attention": "flash-attn 9"})


def test_nothing_can_be_done_before_a_scene(tiny):
    world = tiny()
    for act in (world.snapshot, world.prepare, lambda: world.step(STILL)):
        with pytest.raises(WorldFailed, match="call reset first"):
            act()
