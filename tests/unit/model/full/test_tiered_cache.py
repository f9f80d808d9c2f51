"""What has no room on the device waits in compact form, comes back, and nothing is forgotten."""

import copy
import functools
from dataclasses import replace

import pytest
import torch

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.catalogue.worlds import BLOCK_LENGTH, tokens_per_frame
from mag_sandbox.model.config import FULL
from mag_sandbox.model.dit import DiT
from mag_sandbox.model.full import tiered_cache
from mag_sandbox.model.full.recipes import Recipe
from mag_sandbox.model.full.rollout import Engine, ParkedRollout, Rollout
from mag_sandbox.model.full.tiered_cache import (
    TieredCache,
    WaitingRoom,
    compact,
    compact_bytes,
    widened,
)
from mag_sandbox.model.generator import BlockGenerator, block_noises
from mag_sandbox.model.kv_cache import CacheShape
from mag_sandbox.model.memory import make_policy
from mag_sandbox.model.rope import GridCoordinates
from mag_sandbox.model.slots import BlockInfo, SlotWrite
from mag_sandbox.model.world import MemorySetting, WorldFailed
from tests.unit.model.full.test_long_sessions import CONFIG, GRID, ONE_STEP, SHAPE, network

CACHE = CacheShape(CONFIG.num_layers, 2, CONFIG.num_heads, CONFIG.head_dim, BLOCK_LENGTH)
EACH = compact_bytes(CACHE)
ON_HOST, ON_DISK = 3, 200  # frames
RETRIEVING = MemorySetting("mag-retrieve", attended_frames=4)
STEP = 15.0  # degrees that a block turns at full speed


def cache(slots: int) -> TieredCache:
    room = WaitingRoom(ON_HOST * EACH, ON_DISK * EACH)
    return TieredCache(CACHE, slots, torch.bfloat16, room=room)


@functools.cache
def network_in_bf16() -> DiT:
    return copy.deepcopy(network()).bfloat16()


def rollout(slots: int) -> Rollout:
    kept, dit = cache(slots), network_in_bf16()
    text = dit.text_keys(torch.ones(1, CONFIG.text_len, CONFIG.text_dim).bfloat16())
    recipe = Recipe(RETRIEVING, slots + kept.waiting, ONE_STEP)
    generator = BlockGenerator(dit, dit, kept, 1.0, text)
    return Rollout(generator, GridCoordinates(*GRID, CONFIG.head_dim), recipe)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_compact_frame_is_near_and_survives_any_number_of_trips(dtype):
    spread = 10 ** torch.linspace(-3, 3, 8)
    frame = (torch.randn(2, 3, 50, 8, generator=torch.Generator().manual_seed(0)) * spread).to(
        dtype
    )
    frame[..., 7] = 0.0
    once = widened(compact(frame), dtype)
    assert torch.equal(widened(compact(once), dtype), once)
    error = (once.float() - frame.float()).square().mean(dim=-2).sqrt()
    size = frame.float().square().mean(dim=-2).sqrt()
    assert (error <= 0.018 * size).all()  # of normal numbers; measured: 0.6 to 1.5 %


def test_a_minute_at_full_speed_takes_three_and_a_half_gigabytes():
    """At full size: a ring of new views, then none."""
    policy = make_policy(RETRIEVING, 300)
    for block in range(80):  # of 0.75 s
        yaw = (block + 1) * STEP
        policy.admit(BlockInfo(3 * block, (CameraPose(yaw, 0.0),) * 3))
    tokens = tokens_per_frame(FULL)
    shape = CacheShape(FULL.num_layers, tokens, FULL.num_heads, FULL.head_dim, BLOCK_LENGTH)
    assert policy.table.evicted == 0
    assert len(policy.table.frames) * compact_bytes(shape) <= 3.7e9


def test_slots_come_back_from_host_and_disk_as_they_left():
    kept = cache(2)
    numbers = torch.randn(1, 7, 1, 2, 1, 16, generator=torch.Generator().manual_seed(1)).bfloat16()
    kept.load(range(7), numbers, -numbers)
    assert len(kept._store._frames) == 5
    assert sum(not isinstance(one, tuple) for one in kept._store._frames.values()) == 5 - ON_HOST
    exported = []
    for _ in range(2):
        for pair in ((0, 1), (6, 2), (3, 4), (5, 0)):
            kept.prefetch(pair)
            kept.attend(pair)
            assert set(kept._places) == set(pair)
        exported.append(torch.stack(kept.export(range(7))))
    assert torch.equal(*exported)
    assert torch.allclose(exported[0][0].float(), numbers.float(), atol=0.03)
    kept.write([SlotWrite(0, 3)])  # what is written anew is not what waits
    assert 3 in kept._places and 3 not in kept._store.slots()
    kept.attend((0, 1, 2))
    assert set(kept._places) == {0, 1}  # no more are read than there is room for
    folder = kept._store._folder
    kept.close()
    assert not folder.exists()


def test_a_full_disk_keeps_frames_in_memory_and_a_lost_file_says_so(monkeypatch, tmp_path, caplog):
    monkeypatch.setattr(tiered_cache.tempfile, "tempdir", str(tmp_path))
    left = tmp_path / f"{tiered_cache.FOLDER}99999999-killed"
    left.mkdir()
    numbers = torch.ones(1, 6, 1, 2, 1, 16).bfloat16()

    def full(*told: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(tiered_cache, "save_file", full)
        kept = cache(2)
        kept.load(range(6), numbers, numbers)
        kept.attend((0, 1))
    assert "No space left" in caplog.text
    assert torch.equal(kept.export([0, 1])[0], numbers[:, :2])
    assert not left.exists()
    kept.close()
    kept = cache(2)
    kept.load(range(6), numbers, numbers)
    kept._store._frames[0].result().unlink()
    with pytest.raises(WorldFailed, match="start the scene again"):
        kept.attend((0,))
    kept.close()


@torch.inference_mode()
def play(video: Rollout, blocks: range) -> list[torch.Tensor]:
    """Turn on and on; return the latents."""
    made, text = [], video._generator.empty_text
    for index in blocks:
        pose = CameraPose((index + 1) * STEP % 360, 0.0)
        noises = block_noises(3, index, SHAPE, steps=1)
        made.append(video.denoise(noises[0], text, noises[1:].__getitem__, pose))
        video.memorise(made[-1], text, pose)
        video.admit(made[-1], (pose,) * BLOCK_LENGTH)
        video.prefetch(CameraPose((index + 2) * STEP % 360, 0.0))
    return made


def test_a_long_session_forgets_nothing_and_goes_on_nearly_as_with_all_on_the_device():
    small, large = rollout(6), rollout(60)
    made, expected = play(small, range(60)), play(large, range(60))
    assert small.policy.table.evicted == 0
    assert small.policy.table.as_dict() == large.policy.table.as_dict()
    assert len(small.cache._places) == 6
    apart = [float((a - b).norm() / b.norm()) for a, b in zip(made, expected, strict=True)]
    assert max(apart[:6]) == 0.0
    assert 0.0 < max(apart) < 0.05


def test_a_parked_session_goes_on_bit_for_bit_wherever_its_frames_waited():
    video = rollout(6)
    play(video, range(30))
    state = video.snapshot(video.policy.table.slots())
    expected = play(video, range(30, 45))
    again = rollout(6)
    engine = Engine(
        network_in_bf16(), network_in_bf16(), again.cache, again._grid, again._recipe, SHAPE[2:]
    )
    again.restore(ParkedRollout.read(state, engine))
    made = play(again, range(30, 45))
    assert all(torch.equal(a, b) for a, b in zip(made, expected, strict=True))


def test_policies_that_read_all_find_it_in_its_place_and_fewer_places_forget_nothing():
    video = rollout(6)
    play(video, range(30))
    kept = len(video.policy.table.frames)
    with torch.inference_mode():
        video.keep_fewer(5)
        assert len(video.policy.table.frames) == kept
        play(video, range(30, 33))
        video.change_memory(replace(RETRIEVING, policy="mag"), 5)
    assert all(slot == place for slot, place in video.cache._places.items())
    play(video, range(33, 36))
