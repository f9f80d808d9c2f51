"""Two worlds under the same controls, side by side."""

from dataclasses import replace

import numpy as np
import pytest

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.model.world import Control, MemorySetting, WorldFailed
from mag_sandbox.sandbox.play.split import SplitWorld, middle
from mag_sandbox.scenes import Scene
from tests.doubles import FakeWorld, block_number

SCENE = Scene(prompt="A place.", memory="full")
WINDOW = MemorySetting(policy="window")
RIGHT = Control(CameraCommand(yaw=1.0))


class Clock:
    def __init__(self, seconds):
        self.now, self.seconds = 0.0, seconds

    def __call__(self):
        self.now += self.seconds / 2  # asked twice a block
        return self.now


def split(seconds_a_block=0.0):
    worlds = [FakeWorld(MemorySetting(policy=policy)) for policy in ("mag-retrieve", "window")]
    world = SplitWorld(*worlds, WINDOW, clock=Clock(2 * seconds_a_block))
    world.reset(SCENE, 7)
    return world


def halves(block):
    width = block.at_rest.shape[2] // 2
    return block.at_rest[:, :, :width], block.at_rest[:, :, width:]


def test_both_are_shown_at_the_same_place_under_their_own_policies():
    world = split()
    block = world.step(RIGHT)
    assert block.frames.shape[2] == world.spec.frame_width == 448
    assert (block.memory.policy, block.beside.memory.policy) == ("mag-retrieve", "window")
    assert block.poses == block.beside.poses
    assert [block_number(half[0]) for half in halves(block)] == [1, 1]


def test_pictures_at_rest_stand_side_by_side_like_the_frames():
    class Moved(FakeWorld):
        def step(self, control):
            block = super().step(control)
            return replace(block, rest=block.frames, frames=255 - block.frames)

    world = SplitWorld(Moved(), FakeWorld(), WINDOW)
    world.reset(SCENE, 7)
    block = world.step(RIGHT)
    moved, still = np.split(block.frames, 2, axis=2)
    rested, same = halves(block)
    assert np.array_equal(middle(rested), 255 - moved)
    assert np.array_equal(middle(same), still)


def test_a_slow_machine_moves_them_in_turn_by_the_same_controls():
    world = split(seconds_a_block=0.15)
    world.step(RIGHT)  # shows how slow it is
    shown = [world.step(Control(CameraCommand(yaw=yaw))) for yaw in (1.0, -1.0, -1.0, 1.0)]
    assert world.takes_turns
    numbers = [tuple(block_number(half[0]) for half in halves(block)) for block in shown]
    assert numbers == [(2, 1), (2, 2), (3, 2), (3, 3)]
    assert shown[1].poses == shown[1].beside.poses
    assert shown[3].poses == shown[3].beside.poses


class ShortStart(FakeWorld):
    """A world whose first block is one frame shorter."""

    def reset(self, scene, seed):
        block = super().reset(scene, seed)
        return replace(block, frames=block.frames[1:], poses=block.poses[1:])


def test_the_last_frame_of_a_shorter_first_block_is_held_beside_a_longer_one():
    world = SplitWorld(ShortStart(), ShortStart(), WINDOW, clock=Clock(0.3))
    world.reset(SCENE, 7)
    world.step(RIGHT)
    world.reset(SCENE, 7)
    block = world.step(RIGHT)
    assert world.takes_turns
    assert len(block.frames) == len(block.poses) == 3
    left, right = halves(block)
    assert (block_number(left[0]), block_number(right[0])) == (1, 0)
    assert (right[2] == right[1]).all()


def test_a_split_screen_is_not_kept():
    with pytest.raises(WorldFailed, match="cannot be saved"):
        split().snapshot()


def test_closing_frees_the_second_world_and_leaves_the_first_to_its_owner():
    first, second = FakeWorld(), FakeWorld()
    SplitWorld(first, second, WINDOW).close()
    assert not first.closed
    assert second.closed


def test_both_go_on_from_where_the_first_is_and_remember_it_in_their_own_ways():
    alone = FakeWorld()
    alone.reset(SCENE, seed=7)
    for _ in range(10):
        alone.step(Control(CameraCommand(yaw=1.0)))
    first = FakeWorld()
    first.restore(alone.snapshot())
    world = SplitWorld(first, FakeWorld(), WINDOW)
    world.follow()
    for number in range(3):
        block = world.step(Control(CameraCommand(yaw=-1.0)))
        expected = alone.step(Control(CameraCommand(yaw=-1.0)))
        left, right = halves(block)
        assert (left == expected.frames).all()
        assert (right == expected.frames).all()
        assert (block.memory.policy, block.beside.memory.policy) == ("full", "window")
        assert block.block_index == 11 + number
