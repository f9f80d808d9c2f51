"""A parked world goes on as if it had never been parked."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from mag_sandbox.controls.sources import ScriptSource
from mag_sandbox.evaluation.similarity.metrics import psnr
from mag_sandbox.model.memory import MEMORY_POLICIES
from mag_sandbox.model.parking import packed, unpacked
from mag_sandbox.model.world import Control, MemorySetting, WorldFailed, WorldState
from mag_sandbox.sandbox.play.parked_scene import ParkedScene, write_state
from mag_sandbox.sandbox.play.session import Playthrough, Session
from mag_sandbox.sandbox.recording.reader import STATE_FOLDER, load_recording
from mag_sandbox.sandbox.recording.recorder import Recorder
from mag_sandbox.sandbox.recording.replay import verify
from mag_sandbox.sandbox.saves.parking import ParkedScenes
from tests.tiny import (
    FP32,
    LEFT,
    PLACE,
    RIGHT,
    STILL,
    UP,
    assert_same_pictures,
    play,
    tiny_world,
    write_tiny_weights,
)

BF16 = replace(FP32, dtype=torch.bfloat16)
PAST = [RIGHT] * 8 + [UP, LEFT]
FUTURE = [LEFT, LEFT, Control(RIGHT.camera, prompt="a green hill"), RIGHT, RIGHT, STILL]


def on_disk(state: WorldState) -> WorldState:
    """Return a snapshot as it comes back from a file."""
    arrays = {name: np.array(array) for name, array in state.arrays.items()}
    return WorldState(arrays, json.loads(json.dumps(state.data)))


@pytest.mark.parametrize(
    ("policy", "slots"), [*((policy, 4) for policy in MEMORY_POLICIES), ("mag-retrieve", 24)]
)
def test_restore_and_continue_equals_uninterrupted(policy, slots):
    world = tiny_world(policy, slots=slots)
    play(world, PAST)
    state = on_disk(world.snapshot())
    uninterrupted = [world.step(control) for control in FUTURE]
    other = tiny_world("full", slots=slots)
    play(other, [LEFT] * 3, seed=9)  # another history, to be forgotten
    other.restore(state)
    resumed = [other.step(control) for control in FUTURE]
    assert_same_pictures(uninterrupted, resumed)
    for block, again in zip(uninterrupted, resumed, strict=True):
        assert block.memory == again.memory
        assert (block.block_index, block.prompt) == (again.block_index, again.prompt)


def test_tensors_of_no_frames_come_back():
    """As of a change that no remembered frame showed."""
    (nothing,) = unpacked(on_disk(packed({"keys": torch.empty(2, 0, 4)}, {}))).values()
    assert (nothing.shape, nothing.dtype) == ((2, 0, 4), torch.float32)


@pytest.mark.parametrize(
    "wrong", [{"keys": "float8_e4m3fn"}, {"keys": "load"}, {"values": None}, {"more": "float32"}]
)
def test_tensors_of_types_that_nobody_writes_are_refused(wrong):
    state = packed({"keys": torch.ones(2, 4)}, {})
    with pytest.raises((ValueError, KeyError)):
        unpacked(replace(state, data={"types": {**state.data["types"], **wrong}}))


def test_tensors_of_no_numbers_are_refused():
    with pytest.raises(ValueError, match="not finite"):
        unpacked(packed({"keys": torch.tensor([1.0, torch.nan])}, {}))


def test_a_view_imagined_before_parking_is_still_reported_after():
    world = tiny_world()
    world.reset(PLACE, 1)
    for _ in range(20):
        world.step(RIGHT)
        if world.prepare():
            break
    state = on_disk(world.snapshot())
    expected = world.step(RIGHT).look_ahead
    assert expected
    world.restore(state)
    assert world.step(RIGHT).look_ahead == expected


def test_a_view_still_to_be_imagined_is_imagined_after_parking():
    world, early = tiny_world(), tiny_world()
    for blocks in range(9, 12):
        play(world, [RIGHT] * blocks), play(early, [RIGHT] * blocks)
        state = on_disk(world.snapshot())
        early.prepare()
        world.restore(state)
        assert_same_pictures([world.step(LEFT)], [early.step(LEFT)])


def test_a_fork_leaves_the_original_alone():
    world = tiny_world()
    play(world, PAST)
    state = world.snapshot()
    left = [world.step(LEFT) for _ in range(3)]
    world.restore(state)
    world.step(RIGHT)
    world.restore(state)
    assert_same_pictures(left, [world.step(LEFT) for _ in range(3)])


def test_a_policy_chosen_in_play_survives_parking():
    world = tiny_world("full")
    play(world, PAST)
    world.step(Control(memory=MemorySetting("window", kept_mib=1, window_blocks=1)))
    state = on_disk(world.snapshot())
    expected = world.step(STILL)
    other = tiny_world()
    other.restore(state)
    block = other.step(STILL)
    assert block.memory == expected.memory
    assert block.memory.policy == "window"


def test_a_smaller_budget_takes_what_fits():
    world = tiny_world("full", slots=20)
    play(world, PAST)
    state = on_disk(world.snapshot())
    small = tiny_world("full", slots=5)
    small.restore(state)
    memory = small.step(STILL).memory
    assert memory.kept_frames == 5
    assert memory.evicted > world.step(STILL).memory.evicted


def test_a_state_of_other_weights_is_refused():
    world = tiny_world()
    play(world, [RIGHT])
    state = world.snapshot()
    with pytest.raises(WorldFailed, match="weights another"):
        world.restore(replace(state, data={**state.data, "weights": "another"}))
    world.step(RIGHT)  # goes on undisturbed


@pytest.mark.parametrize("changed", ["its word", "its numbers"])
def test_a_state_of_other_numbers_than_it_says_is_refused(changed):
    """It would go on, and a recording of it be verified, as if nothing had been changed."""
    world = tiny_world(execution=FP32)
    play(world, PAST)
    state = on_disk(world.snapshot())
    data, arrays = dict(state.data), dict(state.arrays)
    if changed == "its word":
        data["dtype"] = "bfloat16"
    else:
        data["types"] = dict.fromkeys(data["types"], "float16")
        arrays = {name: np.zeros_like(array[..., ::2]) for name, array in arrays.items()}
    with pytest.raises(ValueError, match="although it says"):
        world.restore(WorldState(arrays, data))
    world.step(RIGHT)  # goes on undisturbed


@pytest.mark.parametrize("numbers", [(FP32, BF16), (BF16, FP32)], ids=["to bf16", "to fp32"])
def test_a_place_goes_on_in_other_numbers_and_says_so_once(numbers):
    """Computers differ in which numbers are fastest, and so does one from day to day."""
    there, here = (tiny_world(execution=execution) for execution in numbers)
    play(there, PAST)
    here.restore(on_disk(there.snapshot()))
    block, same = here.step(STILL), there.step(STILL)
    assert "nothing is lost" in block.notice
    assert not here.step(STILL).notice
    assert block.poses == same.poses
    assert block.memory.kept_frames == same.memory.kept_frames
    assert psnr(block.frames[-1], same.frames[-1]) > 25.0


def test_a_fork_of_a_place_in_other_numbers_goes_on_is_recorded_and_replayed(tmp_path):
    """The fork keeps its numbers, play converts them and says so, a replay converts them alike."""
    there = tiny_world(execution=BF16)
    play(there, [RIGHT] * 4)
    frame, name = np.zeros((64, 64, 3), np.uint8), there.spec.name
    scenes = ParkedScenes(tmp_path / "parked", 64)
    left = scenes.park(ParkedScene(PLACE, 1, there.snapshot(), frame, 15, 16.0, name))
    fork = scenes.load(scenes.fork(left).id)
    assert (fork.name, fork.state.data["dtype"]) == ("untitled (2)", "bfloat16")
    recorder, told = Recorder(tmp_path / "rec"), []
    steps = ScriptSource([RIGHT.camera, LEFT.camera, LEFT.camera])
    session = Session(tiny_world(), steps, [recorder])
    recorder.begin_from(fork)
    step = session.begin(Playthrough(PLACE, 1, lambda: fork))
    while step is not None:
        told.append(step.block.notice)
        step = session.advance()
    assert "saved with bfloat16 numbers and continues with float32" in told[0]
    assert told[1:] == [""] * len(told[1:])
    assert session.park().state.data["dtype"] == "float32"
    session.end("script over")
    recording = load_recording(tmp_path / "rec")
    assert recording.start.provenance["execution"]["dtype"] == "float32"
    assert "match the recording" in verify(recording, tiny_world()).summary()


def test_a_recording_whose_state_was_written_anew_in_other_numbers_does_not_verify(tmp_path):
    """All of the state agrees with itself: only what is played from it shows that it changed."""
    world, rounding = tiny_world(execution=FP32), tiny_world(execution=BF16)
    play(world, [RIGHT] * 4)
    frame = np.zeros((64, 64, 3), np.uint8)
    left = ParkedScene(PLACE, 1, world.snapshot(), frame, 15, 16.0, world.spec.name)
    recorder = Recorder(tmp_path / "rec")
    session = Session(world, ScriptSource([LEFT.camera] * 3), [recorder])
    recorder.begin_from(left)
    session.begin(Playthrough(PLACE, 1, lambda: left))
    while session.advance() is not None:
        pass
    session.end("script over")
    assert verify(load_recording(tmp_path / "rec"), world).matches
    rounding.restore(left.state)
    write_state(tmp_path / "rec" / STATE_FOLDER, replace(left, state=rounding.snapshot()))
    found = verify(load_recording(tmp_path / "rec"), world)
    assert not found.matches
    assert "differ" in found.summary()


def test_other_weights_are_told_apart(tmp_path):
    state = tiny_world()
    play(state, [])
    other = tiny_world(weights=write_tiny_weights(tmp_path, seed=5))
    with pytest.raises(WorldFailed, match="saved with weights"):
        other.restore(state.snapshot())


def test_a_world_without_a_scene_says_what_to_do():
    world = tiny_world()
    for call in (world.prepare, world.snapshot, lambda: world.step(STILL)):
        with pytest.raises(WorldFailed, match="call reset first"):
            call()
    play(world, [])
    world.close()
    world.close()
    with pytest.raises(WorldFailed, match="call reset first"):
        world.step(STILL)
