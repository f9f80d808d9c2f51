"""One world goes on where another of the same base was, from its pictures and their poses."""

import numpy as np
import pytest

from mag_sandbox.model.loading import available_policies, next_policy, next_world, worlds_beside
from mag_sandbox.model.world import Control, MemoryOrigin, Past, PastBlock
from tests.tiny import LEFT, PLACE, RIGHT, UP, play, tiny_world
from tests.unit.model.memorypack.test_pack_world import pack_world

GREEN = Control(RIGHT.camera, prompt="a green hill")
ORIGIN = MemoryOrigin("pocket", 9)


def pocket_world():
    return tiny_world("full", look_ahead=False)


each_world = pytest.mark.parametrize("make", [pocket_world, pack_world])


def past_of(blocks, origin=ORIGIN) -> Past:
    past = tuple(PastBlock(block.frames, block.poses, block.block_index) for block in blocks)
    return Past(PLACE, 1, blocks[-1].prompt, past, origin)


@each_world
def test_pose_prompt_clock_and_origin_are_taken_over(make):
    blocks, world = play(pocket_world(), [RIGHT, UP, GREEN]), make()
    world.adopt(past_of(blocks))
    block = world.step(LEFT)
    assert block.block_index == 4
    assert block.prompt == "a green hill"
    assert block.poses[-1] == blocks[-2].poses[-1], "one block back to the left"
    assert block.memory.origin == ORIGIN
    assert world.provenance()["re_encoded"] == "re-encoded from 9 pictures of pocket"
    assert make().reset(PLACE, 1).memory.origin is None


@each_world
def test_adopting_blocks_equals_showing_them_one_after_another(make):
    blocks, at_once, in_turn = play(pocket_world(), [RIGHT, RIGHT, UP]), make(), make()
    at_once.adopt(past_of(blocks))
    in_turn.adopt(past_of(blocks[:2]))
    in_turn.show(RIGHT, blocks[2].frames)
    in_turn.show(UP, blocks[3].frames)
    one, other = at_once.step(LEFT), in_turn.step(LEFT)
    assert one.poses == other.poses
    assert np.array_equal(one.frames, other.frames)
    assert one.memory == other.memory


@each_world
def test_the_pictures_matter(make):
    blocks, world, other = play(pocket_world(), [RIGHT, RIGHT]), make(), make()
    world.adopt(past_of(blocks))
    past = past_of(blocks)
    grey = [
        PastBlock(np.full_like(one.frames, 9), one.poses, one.block_index) for one in past.blocks
    ]
    other.adopt(Past(PLACE, 1, past.prompt, tuple(grey), ORIGIN))
    assert not np.array_equal(world.step(LEFT).frames, other.step(LEFT).frames)


@each_world
def test_an_adopted_session_is_parked_and_gone_on_with(make):
    world, again = make(), make()
    world.adopt(past_of(play(pocket_world(), [RIGHT, UP])))
    again.restore(world.snapshot())
    one, other = world.step(RIGHT), again.step(RIGHT)
    assert np.array_equal(one.frames, other.frames)
    assert one.memory == other.memory
    assert other.memory.origin == ORIGIN


@each_world
def test_gaps_between_pictures_are_time_that_passed(make):
    blocks, world = play(pocket_world(), [RIGHT] * 5), make()
    world.adopt(past_of([blocks[0], blocks[3], blocks[5]]))
    kept = {entry.frame_index for entry in world.step(LEFT).memory.entries}
    assert {2, 11, 17} <= kept, "the last frames of the blocks that were handed over"
    assert kept.isdisjoint({5, 8, 14}), "and none of those that were not"


def test_there_and_back_the_camera_stands_where_it_stood():
    pocket, pack = pocket_world(), pack_world()
    blocks = play(pocket, [RIGHT, UP])
    pack.adopt(past_of(blocks))
    away = [pack.step(RIGHT), pack.step(LEFT)]
    pocket.adopt(past_of([*blocks, *away], MemoryOrigin("memorypack", 15)))
    block = pocket.step(Control())
    assert block.poses == (blocks[-1].poses[-1],) * 3
    assert block.block_index == 5
    assert block.memory.origin.world == "memorypack"


@each_world
def test_pictures_of_another_size_are_refused(make):
    past = past_of(play(pocket_world(), []))
    small = PastBlock(past.blocks[0].frames[:, :32], past.blocks[0].poses, 0)
    with pytest.raises(ValueError, match="a block's frames are"):
        make().adopt(Past(PLACE, 1, past.prompt, (small,), ORIGIN))


def test_worlds_of_one_base_are_told_from_others():
    assert worlds_beside("memorypack") == worlds_beside("pocket")
    assert worlds_beside("pocket") == ("pocket", "memorypack", "pocket-framepack")
    assert worlds_beside("mag") == worlds_beside("no such world") == ()


def test_the_key_leads_to_no_world_that_cannot_hold_a_picture():
    assert [next_world(name) for name in ("memorypack", "pocket-framepack")] == ["pocket"] * 2
    assert next_world("pocket") == "memorypack"
    assert next_world("mag") is None


def test_the_key_leads_through_every_memory_and_back():
    policies, seen = available_policies(), ["mag-retrieve"]
    for _ in policies:
        seen.append(next_policy(seen[-1], policies))
    assert sorted(seen[1:]) == sorted(policies)
    assert seen[-1] == "mag-retrieve"
    assert next_policy("memorypack", ("memorypack",)) == "memorypack"


def test_an_origin_is_said_in_words():
    assert MemoryOrigin("pocket", 1).words() == "re-encoded from 1 picture of pocket"
