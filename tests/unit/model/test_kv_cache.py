"""What a block attends is read where it lies, or gathered once; never joined."""

import pytest
import torch

from mag_sandbox.model.kv_cache import CacheShape, KVCache
from mag_sandbox.model.slots import SlotWrite

SHAPE = CacheShape(layers=1, tokens=1, heads=1, head_dim=2, block_length=3)


def filled(
    slots: int = 6, most_frames: int | None = None, *, reads_in_place: bool = False
) -> KVCache:
    """Return a cache whose slot n holds the number n."""
    cache = KVCache(SHAPE, slots, torch.float32, most_frames=most_frames)
    cache._reads_in_place = reads_in_place  # as on a GPU
    kept = torch.arange(float(slots)).reshape(1, slots, 1, 1, 1, 1).expand(-1, -1, -1, -1, -1, 2)
    cache.load(range(slots), kept, kept)
    return cache


def seen(cache: KVCache, own: list[float]) -> torch.Tensor:
    """Return the keys that a pass over frames of these numbers reads."""
    x = torch.tensor(own).reshape(1, -1, 1, 1).expand(-1, -1, -1, 2)
    found = []
    cache.reader(lambda q, keys, values: found.append(keys) or q)(0, x, x, x)
    return found[0]


@pytest.mark.parametrize("slots", [(), (0,), (0, 1, 2, 3), (4, 1), (1, 2)])
@pytest.mark.parametrize("frames", [1, 3, 5])
@pytest.mark.parametrize("in_place", [False, True])
def test_a_pass_reads_its_own_frames_and_then_the_attended_ones(slots, frames, in_place):
    cache = filled(most_frames=5, reads_in_place=in_place)
    own = [-1.0 - frame for frame in range(frames)]
    cache.attend(slots, frames)
    assert seen(cache, own)[0, :, 0, 0].tolist() == [*own, *map(float, slots)]


@pytest.mark.parametrize("slots", [(0, 1, 2), (2, 0)])
@pytest.mark.parametrize("in_place", [False, True])
def test_frames_of_a_pass_are_kept_wherever_it_read(slots, in_place):
    cache = filled(most_frames=5, reads_in_place=in_place)
    cache.attend(slots, 5)
    seen(cache, [-1.0, -2.0, -3.0, -4.0, -5.0])
    cache.write([SlotWrite(frame=4, slot=1), SlotWrite(frame=0, slot=5)])
    keys, values = cache.export(range(6))
    assert keys[0, :, 0, 0, 0, 0].tolist() == [0, -5, 2, 3, 4, -1]
    assert torch.equal(keys, values)


def test_what_is_gathered_has_no_gaps():
    cache = filled()
    for slots in ((0, 1, 2, 3, 4), (2, 1), (), (0,)):
        cache.attend(slots)
        assert seen(cache, [-1.0, -2.0, -3.0]).transpose(1, 2).is_contiguous()


def test_first_slots_in_order_are_read_where_they_lie():
    cache = filled(reads_in_place=True)
    storage = cache._keys.untyped_storage().data_ptr()
    for slots, in_place in (((0, 1, 2), True), ((2, 1), False), ((0,), True), ((1, 2), False)):
        cache.attend(slots)
        keys = seen(cache, [-1.0, -2.0, -3.0])
        assert (keys.untyped_storage().data_ptr() == storage) == in_place


def test_passes_of_more_frames_than_there_is_room_for_are_refused():
    with pytest.raises(ValueError, match="4 frames in a pass, room for 3"):
        filled().attend((), frames=4)


def test_exported_frames_can_be_loaded_elsewhere():
    draw = torch.Generator().manual_seed(0)
    shape = CacheShape(layers=2, tokens=3, heads=2, head_dim=4, block_length=1, batch=2)
    keys, values = torch.randn(2, 2, 4, 2, 3, 2, 4, generator=draw)  # [layers, n, B, tokens, N, D]
    cache = KVCache(shape, 8, torch.float32)
    cache.load((5, 0, 7, 2), keys, values)
    for actual, expected in zip(cache.export((7, 5)), (keys, values), strict=True):
        assert torch.equal(actual, expected[:, [2, 0]])
