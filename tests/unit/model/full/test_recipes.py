"""What a recipe keeps, frame by frame, and what it costs."""

import pytest
import torch

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.catalogue.recipes import BLOCK_LENGTH, history, ring, window
from mag_sandbox.model.catalogue.worlds import RECIPES
from mag_sandbox.model.config import FULL
from mag_sandbox.model.full.rollout import full_cache
from mag_sandbox.model.memory import make_policy
from mag_sandbox.model.slots import BlockInfo
from mag_sandbox.model.world import MemorySetting

AHEAD = CameraPose()
BLOCKS = 12


def kept_after(memory: MemorySetting, slots: int) -> list[dict[int, int]]:
    """Return which frame lies in which slot after each block, as the cache would have it."""
    policy = make_policy(memory, slots)
    stored: dict[int, int] = {}
    after = []
    for index in range(BLOCKS):
        first = index * BLOCK_LENGTH
        for write in policy.admit(BlockInfo(first, (AHEAD,) * BLOCK_LENGTH)):
            stored[write.slot] = first + write.frame
        after.append({slot: stored[slot] for slot in policy.attend(AHEAD)})
        assert all(
            policy.table.frames[slot].frame_index == frame for slot, frame in after[-1].items()
        )
    return after


@pytest.mark.parametrize("sinks", [0, 2, 3, 4])
@pytest.mark.parametrize("past", [1, 3, 4, 6, 8])
def test_a_window_keeps_the_sinks_and_the_newest_frames_exactly(past, sinks):
    for index, kept in enumerate(kept_after(*window(past, sinks))):
        made = (index + 1) * BLOCK_LENGTH
        newest = range(max(0, made - past), made)
        assert set(kept.values()) == {*newest, *range(min(sinks, made))} or (
            made < past + sinks and set(kept.values()) == set(range(made))
        )


@pytest.mark.parametrize("sinks", [0, 1, 2])
def test_a_ring_keeps_the_sinks_and_the_last_frame_of_the_newest_blocks(sinks):
    slots = 4
    for index, kept in enumerate(kept_after(*ring(slots, sinks))):
        newest = range(max(0, index + 1 - slots), index + 1)
        last_frames = {block * BLOCK_LENGTH + BLOCK_LENGTH - 1 for block in newest}
        assert set(kept.values()) == {*range(sinks), *last_frames}


def test_history_keeps_every_frame_until_it_is_full():
    for index, kept in enumerate(kept_after(*history(18))):
        made = (index + 1) * BLOCK_LENGTH
        assert set(kept.values()) == set(range(max(0, made - 18), made))


@pytest.mark.parametrize("name", list(RECIPES))
def test_no_recipe_holds_its_memory_twice(name):
    """All attend what they keep in slots from the first on, which needs no gathering."""
    recipe = RECIPES[name]
    for kept in kept_after(recipe.memory, recipe.slots):
        assert list(kept) == list(range(len(kept)))


def test_recipes_say_what_the_public_checkpoints_need():
    longlive = RECIPES["longlive"]
    assert longlive.slots + BLOCK_LENGTH == 12  # sink and window, the block at hand included
    assert longlive.pass_frames == 12
    assert RECIPES["self-forcing"].slots + BLOCK_LENGTH == 21
    assert RECIPES["mag"].slots == 21 + 2
    writers = {name for name, recipe in RECIPES.items() if recipe.remembers == "memory"}
    assert writers == {"mag"}


def test_a_slot_of_the_full_size_costs_288_megabytes():
    cache = full_cache(FULL, RECIPES["mag"], 1560, torch.bfloat16, device="meta")
    assert cache.slot_bytes == 2 * 1560 * 1536 * 2 * 30
