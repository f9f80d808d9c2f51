"""The future never changes the past, and only seed and commands decide what is seen."""

from functools import cache

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.model.memory import MEMORY_POLICIES
from mag_sandbox.model.world import Control, MemorySetting
from tests.tiny import LEFT, PLACE, RIGHT, STILL, UP, assert_same_pictures, play, tiny_world

axis = st.sampled_from((-1.0, -0.5, 0.0, 0.25, 1.0))
commands = st.builds(lambda yaw, pitch: Control(CameraCommand(yaw=yaw, pitch=pitch)), axis, axis)
prompts = st.sampled_from((None, None, "a green hill", "a grey sea"))
controls = st.builds(
    lambda control, prompt: Control(control.camera, prompt=prompt), commands, prompts
)
few = settings(  # a failure is not simplified: that would take minutes
    max_examples=5, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate)
)
policies = pytest.mark.parametrize("policy", list(MEMORY_POLICIES))
shared_world = cache(tiny_world)  # which tests reset, and no more


@policies
@few
@given(
    past=st.lists(controls, min_size=1, max_size=4),
    one=st.lists(controls, min_size=1, max_size=3),
    other=st.lists(controls, min_size=1, max_size=3),
)
def test_the_future_never_changes_the_past(policy, past, one, other):
    shown = 1 + len(past)
    first = play(shared_world(policy), past + one)[:shown]
    second = play(shared_world(policy), past + other)[:shown]
    assert_same_pictures(first, second)


@policies
def test_the_same_seed_and_commands_give_the_same_pictures_in_one_world(policy):
    world = shared_world(policy)
    tour = [RIGHT] * 5 + [UP] * 2 + [LEFT] * 5
    first = play(world, tour)
    assert_same_pictures(first, play(world, tour))


def test_another_seed_gives_other_pictures():
    world = shared_world()
    first, second = play(world, [RIGHT], seed=1), play(world, [RIGHT], seed=2)
    for block, other in zip(first, second, strict=True):
        assert block.poses == other.poses
        assert not np.array_equal(block.frames, other.frames)


@few
@given(
    tour=st.lists(controls, min_size=6, max_size=10),
    early=st.lists(st.integers(0, 2), min_size=10, max_size=10),
)
def test_looking_ahead_early_late_or_never_gives_the_same_pictures(tour, early):
    tour = [RIGHT] * 3 + tour
    late = play(shared_world(), tour)
    world = tiny_world()
    blocks = [world.reset(PLACE, 1)]
    for index, control in enumerate(tour):
        for _ in range(early[index % len(early)]):
            world.prepare()
        blocks.append(world.step(control))
    assert_same_pictures(late, blocks)


@pytest.mark.parametrize("change", [{"prompt": "a green hill"}, {"memory": MemorySetting("full")}])
def test_looking_ahead_early_or_never_is_the_same_when_prompt_or_memory_change(change):
    early, never = tiny_world(), tiny_world()
    worked = 0
    for blocks in range(9, 12):  # the second view ahead falls due in here
        tour = [RIGHT] * blocks
        play(early, tour), play(never, tour)
        worked += early.prepare()
        control = Control(RIGHT.camera, **change)
        assert_same_pictures([early.step(control)], [never.step(control)])
    assert worked


def test_preparing_twice_looks_ahead_once():
    world = tiny_world()
    world.reset(PLACE, 1)
    for _ in range(30):
        world.step(RIGHT)
        if world.prepare():
            assert not world.prepare()
            return
    pytest.fail("nothing was imagined ahead in 30 blocks")


def test_a_view_imagined_ahead_is_reported_and_kept():
    blocks = play(tiny_world(), [RIGHT] * 14)
    imagined = [ahead for block in blocks for ahead in block.look_ahead]
    assert len(imagined) >= 2
    assert len({ahead.digest for ahead in imagined}) == len(imagined)
    ahead_of = next(block for block in blocks if block.look_ahead)
    target = ahead_of.look_ahead[0].pose
    assert 40 < target.yaw < 90
    kept = [e for e in ahead_of.memory.entries if e.kind == "look-ahead"]
    assert [entry.pose for entry in kept] == [target]
    assert "look-ahead" in {segment.kind for segment in ahead_of.memory.segments}


def test_without_look_ahead_nothing_is_imagined_ahead():
    world = tiny_world(look_ahead=False)
    blocks = play(world, [RIGHT] * 14)
    assert not world.prepare()
    assert not any(block.look_ahead for block in blocks)
    assert all(e.kind != "look-ahead" for b in blocks for e in b.memory.entries)


@pytest.mark.parametrize("policy", ["window", "none"])
def test_policies_that_forget_do_not_look_ahead(policy):
    assert not any(block.look_ahead for block in play(tiny_world(policy), [RIGHT] * 8))


def test_a_new_prompt_acts_from_the_next_block_on_and_memory_stays():
    world = tiny_world()
    same, changed = [STILL] * 4, [STILL, STILL, Control(prompt="a green hill"), STILL]
    before, after = play(world, same), play(world, changed)
    assert_same_pictures(before[:3], after[:3])
    for block, other in zip(before[3:], after[3:], strict=True):
        assert not np.array_equal(block.frames, other.frames)
    assert [b.prompt for b in after[2:]] == [before[0].prompt, "a green hill", "a green hill"]
    kept = {entry.frame_index for entry in after[2].memory.entries if entry.kind == "sink"}
    assert kept <= {entry.frame_index for entry in after[4].memory.entries}
    assert after[4].memory.evicted == 0


def test_repeating_the_prompt_changes_nothing():
    world = tiny_world()
    plain = play(world, [RIGHT] * 3)
    again = play(world, [Control(RIGHT.camera, prompt=plain[0].prompt)] * 3)
    assert_same_pictures(plain, again)


def test_memory_acts_on_pictures():
    remembering = play(tiny_world("full", look_ahead=False), [STILL] * 2)
    forgetting = play(tiny_world("none", look_ahead=False), [STILL] * 2)
    assert np.array_equal(remembering[0].frames, forgetting[0].frames)
    assert not np.array_equal(remembering[1].frames, forgetting[1].frames)
