"""What has no room on the device waits in compact form, comes back, and nothing is forgotten."""

import functools
from dataclasses import replace

import pytest
import torch

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.catalogue.recipes import BLOCK_LENGTH, Recipe
from mag_sandbox.model.catalogue.worlds import VIDEO
from mag_sandbox.model.config import FULL
from mag_sandbox.model.dit import DiT
from mag_sandbox.model.full import frame_tiers
from mag_sandbox.model.full.compact_frames import compact, compact_bytes, layer_inputs
from mag_sandbox.model.full.frame_tiers import FrameTiers, WaitingRoom
from mag_sandbox.model.full.rollout import Engine, ParkedRollout, TieredRollout
from mag_sandbox.model.generator import BlockGenerator, block_noises
from mag_sandbox.model.kv_cache import CacheShape, KVCache
from mag_sandbox.model.rope import GridCoordinates
from mag_sandbox.model.slots import SlotWrite
from mag_sandbox.model.world import MemorySetting, WorldFailed
from tests.tiny import randomise
from tests.unit.model.full import test_long_sessions
from tests.unit.model.full.test_long_sessions import GRID, ONE_STEP, SHAPE

CONFIG = replace(test_long_sessions.CONFIG, num_layers=2)
CACHE = CacheShape(CONFIG.num_layers, 2, CONFIG.num_heads, CONFIG.head_dim, BLOCK_LENGTH)
EACH = compact_bytes(CONFIG.num_layers, 1, CACHE.tokens, CONFIG.dim)
ON_HOST, ON_DISK = 3, 200  # frames
RETRIEVING = MemorySetting("mag-retrieve", attended_frames=4)
STEP = 15.0  # degrees that a block turns at full speed


def tiers_of(slots: int, each: int = EACH) -> FrameTiers:
    room = WaitingRoom(ON_HOST * each, ON_DISK * each)
    return FrameTiers(KVCache(CACHE, slots, torch.bfloat16), room)


def load(kept: FrameTiers, numbers: torch.Tensor) -> None:
    """Keep frames, [layers, n, ...], as keys and, with the other sign, as values."""
    for slot, frame in enumerate(numbers.split(1, dim=1)):
        kept.load_state(slot, {"keys": frame, "values": -frame})


def never(*told: object) -> None:
    """Refuse to compute a frame again."""
    raise AssertionError(told)


@functools.cache
def network_in_bf16() -> DiT:
    return randomise(DiT(CONFIG), seed=0).eval().requires_grad_(False).bfloat16()


def rollout(slots: int, memory: MemorySetting = RETRIEVING) -> TieredRollout:
    kept, dit = tiers_of(slots), network_in_bf16()
    text = dit.text_keys(torch.ones(1, CONFIG.text_len, CONFIG.text_dim).bfloat16())
    waiting = kept.waiting if memory is RETRIEVING else 0
    recipe = Recipe(memory, slots + waiting, ONE_STEP)
    generator = BlockGenerator(dit, dit, kept.cache, 1.0, text, kept.record_input)
    return TieredRollout(generator, GridCoordinates(*GRID, CONFIG.head_dim), recipe, kept)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_what_entered_the_layers_is_decoded_nearly_and_errors_do_not_add_up(dtype):
    generator = torch.Generator().manual_seed(0)
    spread = 10 ** torch.linspace(-2, 2, 8)
    entered = [(torch.randn(1, 52, 8, generator=generator) + 3.0) * spread]
    for _ in range(11):
        entered.append(entered[-1] + 0.2 * torch.randn(1, 52, 8, generator=generator) * spread)
    entered = [x.to(dtype) * (torch.arange(8) < 7) for x in entered]  # one channel is empty
    errors = []
    for decoded, x in zip(layer_inputs(compact(entered), dtype), entered, strict=True):
        assert decoded.dtype == dtype
        errors.append(((decoded.float() - x.float()).square().mean(1).sqrt() / spread).max())
    assert max(errors) <= 0.05  # measured: 0.01 in the first layer, then 0.03
    assert errors[-2] < 1.5 * errors[1]


def test_a_minute_in_which_every_block_shows_new_ground_takes_three_and_a_half_gigabytes():
    """At full size."""
    blocks = 80  # of 0.75 s
    each = compact_bytes(FULL.num_layers, 1, VIDEO.tokens(FULL), FULL.dim)
    assert blocks * each <= 3.5e9
    for processes in (2, 3, 4, 6, 12):
        tokens = VIDEO.tokens(FULL) // processes
        assert processes * compact_bytes(FULL.num_layers, 1, tokens, FULL.dim) == each


def test_keys_and_values_alone_come_back_from_host_and_disk_as_they_left():
    kept = tiers_of(2, CACHE.slot_bytes(torch.bfloat16))
    numbers = torch.randn(2, 7, 1, 2, 1, 16, generator=torch.Generator().manual_seed(1)).bfloat16()
    load(kept, numbers)
    assert len(kept._store._frames) == 5
    assert len(kept._store._on_host) == ON_HOST
    exported = []
    for _ in range(2):
        for pair in ((0, 1), (6, 2), (3, 4), (5, 0)):
            kept.prefetch(pair)
            kept.attend(pair, never)
            assert set(kept._places) == set(pair)
        exported.append(torch.cat([kept.state_of(slot)["keys"] for slot in range(7)], dim=1))
    assert torch.equal(*exported)
    assert torch.equal(exported[0], numbers)
    kept.write([SlotWrite(0, 3)])  # what is written anew is not what waits
    assert 3 in kept._places and 3 not in kept._store.slots()
    kept.attend((0, 1, 2), never)
    assert set(kept._places) == {0, 1}  # no more are read than there is room for
    folder = kept._store._folder
    kept.close()
    assert not folder.exists()


def test_a_full_disk_keeps_frames_in_memory_and_a_lost_file_says_so(monkeypatch, tmp_path, caplog):
    monkeypatch.setattr(frame_tiers.tempfile, "tempdir", str(tmp_path))
    left = tmp_path / f"{frame_tiers.FOLDER}99999999-killed"
    left.mkdir()
    numbers = torch.ones(2, 6, 1, 2, 1, 16).bfloat16()

    def full(*told: object) -> None:
        raise OSError(28, "No space left on device")

    each = CACHE.slot_bytes(torch.bfloat16)
    with monkeypatch.context() as disk:
        disk.setattr(frame_tiers, "save_file", full)
        kept = tiers_of(2, each)
        load(kept, numbers)
        kept.attend((0, 1), never)
    assert "No space left" in caplog.text
    assert torch.equal(kept.state_of(1)["keys"], numbers[:, 1:2])
    assert not left.exists()
    kept.close()
    kept = tiers_of(2, each)
    load(kept, numbers)
    kept._store._frames[0].result().unlink()
    with pytest.raises(WorldFailed, match="start the scene again"):
        kept.attend((0,), never)
    kept.close()


@torch.inference_mode()
def play(video: TieredRollout, blocks: range) -> list[torch.Tensor]:
    """Turn on and on; return the latents."""
    made, text = [], video._generator.empty_text
    for index in blocks:
        pose = CameraPose((index + 1) * STEP % 360, 0.0)
        noises = block_noises(3, index, SHAPE, steps=1)
        made.append(video.denoise(noises[0], text, noises[1:].__getitem__, pose))
        video.compute_keys(made[-1], text, pose)
        video.admit(made[-1], (pose,) * BLOCK_LENGTH)
        video.prefetch(CameraPose((index + 2) * STEP % 360, 0.0))
    return made


def test_a_long_session_forgets_nothing_and_goes_on_nearly_as_with_all_on_the_device():
    small, large = rollout(6), rollout(60)
    made, expected = play(small, range(40)), play(large, range(40))
    assert small.policy.table.evicted == 0
    assert small.policy.table.as_dict() == large.policy.table.as_dict()
    assert len(small.tiers._places) == 6
    apart = [float((a - b).norm() / b.norm()) for a, b in zip(made, expected, strict=True)]
    assert max(apart[:6]) == 0.0
    assert 0.0 < max(apart) < 0.05


def test_a_parked_session_goes_on_bit_for_bit_wherever_its_frames_waited():
    video = rollout(6)
    play(video, range(30))
    assert_goes_on_as_parked(video)


def assert_goes_on_as_parked(video: TieredRollout) -> None:
    state = video.snapshot(video.policy.table.slots())
    bytes_of_slots = sum(state.arrays[name].nbytes for name in state.arrays if "recent" not in name)
    assert bytes_of_slots == video.tiers.state_bytes(video.policy.table.slots())
    expected = play(video, range(30, 45))
    again = rollout(6)
    engine = Engine(
        network_in_bf16(), network_in_bf16(), again.tiers, again._grid, again._recipe, SHAPE[2:]
    )
    again.restore(ParkedRollout.read(state, engine))
    made = play(again, range(30, 45))
    assert all(torch.equal(a, b) for a, b in zip(made, expected, strict=True))


def test_what_was_remembered_to_be_read_whole_waits_as_it_is():
    """And is parked so: nothing else is known of it."""
    video = rollout(6, replace(RETRIEVING, policy="mag"))
    play(video, range(10))
    assert video.tiers._store.slots() == ()
    before = {slot: video.tiers.state_of(slot) for slot in video.policy.table.slots()}
    with torch.inference_mode():
        video.change_memory(RETRIEVING, 6 + video.tiers.waiting)
    play(video, range(10, 30))
    waiting = video.tiers._store.wide
    assert waiting
    for slot in waiting:
        state = video.tiers.state_of(slot)
        assert all(torch.equal(state[name], before[slot][name]) for name in ("keys", "values"))
    assert_goes_on_as_parked(video)


def test_a_frame_from_outside_that_makes_no_sense_is_refused():
    video = rollout(6)
    play(video, range(12))
    waiting = video.tiers.by_last_use(video.policy.table.slots())[0]
    state = video.tiers.state_of(waiting)
    assert state.keys() == {"levels", "ranges"}
    video.tiers.check_state(state)
    for name in state:
        with pytest.raises(KeyError):
            video.tiers.check_state({one: state[one] for one in state if one != name})
        for wrong in (state[name][1:], state[name].float(), state[name][..., :-1]):
            with pytest.raises(ValueError, match="a kept frame is"):
                video.tiers.check_state({**state, name: wrong})
    with pytest.raises(ValueError, match="not finite"):
        video.tiers.check_state({**state, "ranges": torch.full_like(state["ranges"], 0x7C)})


def test_policies_that_read_all_find_it_in_its_place_and_fewer_places_forget_nothing():
    video = rollout(6)
    play(video, range(30))
    kept = len(video.policy.table.frames)
    with torch.inference_mode():
        video.keep_fewer(5)
        assert len(video.policy.table.frames) == kept
        play(video, range(30, 33))
        video.change_memory(replace(RETRIEVING, policy="mag"), 5)
    assert all(slot == place for slot, place in video.tiers._places.items())
    play(video, range(33, 36))
