"""A parked world whose keys and values found no room remembers again, from latents."""

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from mag_sandbox.controls.camera import CameraCommand, CameraPose
from mag_sandbox.model.catalogue.memory_plan import MemoryPlan
from mag_sandbox.model.catalogue.recipes import BLOCK_LENGTH
from mag_sandbox.model.catalogue.worlds import WORLDS
from mag_sandbox.model.full import memory_restore, world
from mag_sandbox.model.full.memory_restore import LatentHistory, RememberedBlock
from mag_sandbox.model.full.rollout import Rollout
from mag_sandbox.model.parking import MOST_BYTES, host_room
from mag_sandbox.model.slots import KeptFrame
from mag_sandbox.model.world import MIB, PARKED_MIB, Control, MemorySetting, WorldFailed, WorldState
from mag_sandbox.sandbox.play.parked_scene import ParkedScene, restore_world
from mag_sandbox.scenes import Scene
from tests import tiny_full

PLACE = Scene("a red tower by the sea")
STILL, RIGHT, LEFT = (Control(CameraCommand(yaw=yaw)) for yaw in (0.0, 1.0, -1.0))
OTHER = replace(RIGHT, prompt="a green hill under a grey sky")
WINDOW = replace(STILL, memory=MemorySetting("window", window_blocks=2))
PATH = (RIGHT, LEFT, OTHER, RIGHT, STILL, LEFT, RIGHT, RIGHT, LEFT)
PLAYED = 7  # steps before it is parked
BLOCK_BYTES = BLOCK_LENGTH * 16 * 4 * 4 * 4  # of a tiny block's latents


@pytest.fixture(scope="module")
def tiny(repos, texts):
    """Return a function that makes worlds of few slots."""

    def make(name="mag", slots=5, policy=None, **how):
        memory = WORLDS[name].memory_setting(policy)
        slots = min(slots, WORLDS[name].recipe.slots)
        plan = MemoryPlan(slots, decoder="tiny")
        return tiny_full.tiny_stream(name, repos, texts, memory, plan=plan, **how)

    return make


@pytest.fixture(scope="module")
def played(tiny):
    """Return a world in the middle of the path, which tests park, and no more."""
    there = tiny()
    play(there, PATH[:PLAYED])
    return there


def play(there, controls):
    return [there.reset(PLACE, 3), *(there.step(control) for control in controls)]


def parked(there, monkeypatch, room: int) -> WorldState:
    """Return a state as a file gives it back, taken with so many bytes of room on the host."""
    monkeypatch.setattr(world, "host_room", lambda: room)
    state = there.snapshot()
    return replace(state, data=json.loads(json.dumps(state.data)))


def kind(state: WorldState) -> str:
    return state.data["parts"]["memory"]["kind"]


@pytest.mark.parametrize(
    ("name", "policy", "path"),
    [
        ("mag", None, PATH),
        ("mag", "mag-retrieve", PATH),
        ("mag", None, (RIGHT, OTHER, WINDOW, *PATH[3:])),
        ("longlive", None, PATH),
    ],
)
def test_memory_made_again_from_the_first_block_on_is_as_it_was(
    tiny, monkeypatch, name, policy, path
):
    there = tiny(name, 9, policy)
    play(there, path[:PLAYED])
    state = parked(there, monkeypatch, room=9 * BLOCK_BYTES)
    assert kind(state) == "latents"
    assert not any("keys" in array for array in state.arrays)
    uninterrupted = [there.step(control) for control in path[PLAYED:]]
    for one in (there, tiny(name, 9, policy)):
        one.restore(state)
        rest = [one.step(control) for control in path[PLAYED:]]
        for block, expected in zip(rest, uninterrupted, strict=True):
            assert np.array_equal(block.frames, expected.frames)
            assert block.memory == expected.memory
            assert not block.notice
        assert one.provenance()["rebuilt_frames"] == 0


def test_memory_made_again_from_what_is_left_is_marked_and_not_far_off(tiny, played, monkeypatch):
    there = tiny()
    kept = play(there, PATH[:PLAYED])[-1].memory.entries
    state = parked(there, monkeypatch, room=7 * BLOCK_BYTES)
    expected = there.step(PATH[PLAYED])
    blocks = state.data["parts"]["memory"]["parts"]["journal"]["blocks"]
    assert [block["first_frame"] for block in blocks] == [0, 15, 18, 21]  # sinks and the ring
    there.restore(state)
    assert there.provenance()["rebuilt_frames"] == 24
    block = there.step(PATH[PLAYED])
    assert "rebuilt" in block.notice
    assert block.memory.rebuilt == 4  # of 5: the newest was made here
    assert replace(block.memory, rebuilt=0) == expected.memory
    assert [entry.frame_index for entry in kept] == [0, 1, 17, 20, 23]
    assert not np.array_equal(block.frames, expected.frames)
    forgetful = tiny()
    forgetful.restore(parked(played, monkeypatch, room=0))
    lost = forgetful.step(PATH[PLAYED])
    assert lost.memory.kept_frames == 1
    assert difference(block, expected) < difference(lost, expected)
    blocks = [there.step(RIGHT) for _ in range(2)]
    assert not blocks[0].notice
    assert blocks[-1].memory.rebuilt == 2  # the sinks


def difference(block, other) -> float:
    return float(np.abs(block.frames.astype(float) - other.frames.astype(float)).mean())


def test_what_was_parked_with_its_keys_and_values_can_be_parked_with_latents_later(
    tiny, played, monkeypatch
):
    there = tiny()
    state = parked(played, monkeypatch, room=10**9)
    assert kind(state) == "keys and values"
    there.restore(state)
    state = parked(there, monkeypatch, room=7 * BLOCK_BYTES)
    there.restore(state)
    assert there.step(RIGHT).memory.kept_frames == 5
    assert there.provenance()["rebuilt_frames"] == 24
    again = parked(there, monkeypatch, room=10**9)  # which keeps the mark
    there.restore(again)
    assert there.provenance()["rebuilt_frames"] == 24
    there.reset(PLACE, 3)
    assert there.provenance()["rebuilt_frames"] == 0


def test_where_there_is_less_room_than_then_memory_is_marked_too(tiny, played, monkeypatch):
    state = parked(played, monkeypatch, room=9 * BLOCK_BYTES)
    smaller = tiny(slots=4)
    smaller.restore(state)
    block = smaller.step(RIGHT)
    assert block.memory.kept_frames == 4
    assert block.memory.rebuilt == 3


def test_while_memory_is_made_again_the_device_may_run_out_of_it(tiny, played, monkeypatch):
    for room in (9, 7):
        state = parked(played, monkeypatch, room=room * BLOCK_BYTES)
        there = tiny()
        monkeypatch.setattr(Rollout, "compute_keys", failing_third_time(Rollout.compute_keys))
        there.restore(state)
        block = there.step(PATH[PLAYED])
        assert "device's memory is full" in block.notice
        assert block.frames.shape == (12, 32, 32, 3)
        monkeypatch.undo()


def failing_third_time(work):
    calls = []

    def act(*arguments):
        calls.append(arguments)
        if len(calls) == 3:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")
        return work(*arguments)

    return act


def block_of(number: int) -> RememberedBlock:
    view, setting = CameraPose(float(number)), MemorySetting("mag")
    latents = torch.full((1, BLOCK_LENGTH, 1, 1, 1), float(number))
    poses = (view,) * BLOCK_LENGTH
    return RememberedBlock(
        BLOCK_LENGTH * number, latents, view, poses, "a place", "a place.", 0, setting
    )


def numbers(blocks) -> list[int]:
    return [block.first_frame // BLOCK_LENGTH for block in blocks]


def test_the_latent_history_keeps_all_blocks_until_they_are_too_many_then_those_remembered():
    some = LatentHistory(most_bytes=5 * block_of(0).latents.nbytes)
    kept = [KeptFrame(index, "raw", CameraPose()) for index in (1, 11)]
    for number in range(5):
        some.add(block_of(number), kept)
    assert some.whole
    assert numbers(some.blocks) == [0, 1, 2, 3, 4]
    assert numbers(some.within(10**6, kept)) == [0, 1, 2, 3, 4]
    assert numbers(some.within(4 * block_of(0).latents.nbytes, kept)) == [0, 3]
    assert numbers(some.within(block_of(0).latents.nbytes, kept)) == [3]
    assert numbers(some.within(0, kept)) == []
    some.add(block_of(5), kept)
    assert not some.whole
    assert numbers(some.blocks) == [0, 3]


def test_a_parked_latent_history_is_the_same_again():
    some = LatentHistory()
    for number in range(3):
        some.add(block_of(number), [])
    state = some.snapshot(some.blocks)
    read = partial(LatentHistory.read, latent_shape=(1, 1, 1), dtype=torch.float32)
    other = read(replace(state, data=json.loads(json.dumps(state.data))))
    assert other.whole
    for block, same in zip(some.blocks, other.blocks, strict=True):
        assert torch.equal(block.latents, same.latents)
        names = "first_frame", "view", "poses", "prompt", "text", "prompt_index", "setting"
        assert all(getattr(block, name) == getattr(same, name) for name in names)
    nothing = read(some.snapshot(()))
    assert not nothing.whole
    assert nothing.blocks == ()
    assert memory_restore.LATENT_BYTES > 1000 * BLOCK_LENGTH * 16 * 60 * 104 * 2


def test_the_room_on_the_host_is_half_of_what_is_free_and_8_gib_at_most(monkeypatch):
    for free, room in ((2**21, 2**20), (2**40, MOST_BYTES)):
        monkeypatch.setattr("mag_sandbox.model.parking.free_host_bytes", lambda free=free: free)
        assert host_room() == room
    monkeypatch.setenv(PARKED_MIB, "512")
    assert host_room() == min(512 * MIB, room)


def at(data: dict, path: str, value: object) -> None:
    """Change a value of plain data, which lies at a path of keys."""
    *parts, last = (int(key) if key.isdecimal() else key for key in path.split("/"))
    for part in parts:
        data = data[part]
    data[last] = value


MEMORY = "parts/memory/parts"
WRONG_DATA = [  # path, value
    ("session/seed", -1),
    ("session/block_index", 2**60),
    ("setting/policy", "magic"),
    ("parts/film/decoder", "exact"),
    ("parts/poses/gain", ["a", "b"]),
    ("parts/memory/kind", "dreams"),
    ("parts/memory/rebuilt_frames", None),
    (f"{MEMORY}/rollout/made", 2**60),
    (f"{MEMORY}/rollout/made", 4),
    (f"{MEMORY}/rollout/recent", 0),
    (f"{MEMORY}/rollout/slots", [9]),
    (f"{MEMORY}/rollout/attended", "all"),
    (f"{MEMORY}/rollout/table/frames/0/0", -1),
    (f"{MEMORY}/rollout/types/recent_0", "float8"),
    (f"{MEMORY}/journal/blocks/0/text", "a word nobody said"),
    (f"{MEMORY}/journal/blocks/0/setting/policy", "magic"),
    (f"{MEMORY}/journal/blocks/0/first_frame", 2**60),
    (f"{MEMORY}/journal/blocks/0/view", [0.0, 0.0, 0.0]),
    (f"{MEMORY}/journal/whole", 1),
]
WRONG_ARRAYS = ["overlap", "newest/latents", "film/size", "film/0", "memory/rollout/recent_0"]
WRONG_ARRAYS += ["memory/rollout/keys_0", "memory/journal/latents", "poses/pose_pictures"]


def damaged(state: WorldState) -> Iterator[tuple[str, WorldState]]:
    """Yield states in which one thing makes no sense, with its name."""
    for path, value in WRONG_DATA:
        data = json.loads(json.dumps(state.data))
        at(data, path, value)
        yield path, WorldState(state.arrays, data)
    for name in {*WRONG_ARRAYS} & {*state.arrays}:
        array = state.arrays[name]
        for other in (array[..., : array.shape[-1] // 2], array[None]):
            yield name, WorldState({**state.arrays, name: other}, state.data)
        without = {one: kept for one, kept in state.arrays.items() if one != name}
        yield name, WorldState(without, state.data)


@pytest.mark.parametrize("room", [10**9, 9 * BLOCK_BYTES], ids=["keys and values", "latents"])
def test_a_place_that_makes_no_sense_is_refused_before_anything_changes(played, monkeypatch, room):
    state = parked(played, monkeypatch, room)
    frame = np.zeros((32, 32, 3), np.uint8)
    gone_on_with = []
    for what, other in damaged(state):
        place = ParkedScene(PLACE, 3, other, frame, 93, 16.0, played.spec.name)
        try:
            restore_world(played, place)
        except WorldFailed:
            continue
        gone_on_with.append(what)
    now = parked(played, monkeypatch, room)
    assert gone_on_with == []
    assert now.data == state.data
    assert all(np.array_equal(now.arrays[name], state.arrays[name]) for name in state.arrays)
