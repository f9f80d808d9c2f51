"""The test world keeps what the World protocol promises."""

import numpy as np
import pytest

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.model.world import Control, WorldFailed
from mag_sandbox.scenes import Scene
from tests.doubles import FakeWorld, block_number

SCENE = Scene(prompt="A place.")
RIGHT, LEFT = (Control(CameraCommand(yaw=yaw)) for yaw in (1.0, -1.0))


def test_the_same_seed_and_commands_give_the_same_frames():
    blocks = []
    for _ in range(2):
        world = FakeWorld()
        blocks.append([world.reset(SCENE, 7), world.step(RIGHT)])
    for one, other in zip(*blocks, strict=True):
        assert (one.frames == other.frames).all()
        assert one.memory == other.memory


def test_frames_have_the_shape_the_spec_says_and_name_their_block():
    world = FakeWorld()
    world.reset(SCENE, 7)
    block = world.step(RIGHT)
    spec = world.spec
    assert block.frames.shape == (spec.block_length, spec.frame_height, spec.frame_width, 3)
    assert block.frames.dtype == np.uint8
    assert [block_number(frame) for frame in block.frames] == [1, 1, 1]


def test_out_and_back_returns_to_the_same_pose():
    world = FakeWorld()
    start = world.reset(SCENE, 7).poses[-1]
    for control in (RIGHT, RIGHT, LEFT, LEFT):
        end = world.step(control).poses[-1]
    assert end == start


def test_restore_and_continue_equals_uninterrupted():
    world, other = FakeWorld(), FakeWorld()
    world.reset(SCENE, 7)
    world.step(RIGHT)
    other.restore(world.snapshot())
    for _ in range(5):
        one, same = world.step(RIGHT), other.step(RIGHT)
        assert (one.frames == same.frames).all()
        assert one.memory == same.memory


def test_preparing_never_changes_what_follows():
    eager, lazy = FakeWorld(), FakeWorld()
    for world in (eager, lazy):
        world.reset(SCENE, 7)
    for _ in range(12):
        while eager.prepare():
            pass
        one, other = eager.step(RIGHT), lazy.step(RIGHT)
        assert one.memory == other.memory
        assert one.look_ahead == other.look_ahead


def test_it_fails_on_demand():
    world = FakeWorld(fail_at=1)
    world.reset(SCENE, 7)
    with pytest.raises(WorldFailed):
        world.step(RIGHT)
