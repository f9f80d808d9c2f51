"""The camera finds its way back by itself: the short way round, and exactly there."""

from dataclasses import replace

import numpy as np
import pytest

from mag_sandbox.controls.camera import (
    HALF_PIXEL,
    MAX_PITCH,
    CameraPose,
    CameraSpeed,
    command_towards,
    move,
    yaw_difference,
)

SPEED = CameraSpeed(yaw=40.0, pitch=20.0, zoom=30.0, narrowest_fov=60.0)
FPS, LENGTH = 16.0, 3


def fly(pose: CameraPose, target: CameraPose) -> list[CameraPose]:
    """The poses of a flight, block ends only."""
    poses = [pose]
    while (command := command_towards(poses[-1], target, SPEED, FPS, LENGTH)) is not None:
        poses.append(move(poses[-1], command, SPEED, FPS, LENGTH)[-1])
        assert len(poses) < 100, "never arrives"
    return poses


@pytest.mark.parametrize("yaw", [0.3, 7.5, 100.0, 179.0, 181.0, 300.0, 359.9])
@pytest.mark.parametrize("pitch", [-27.0, 0.0, 11.1])
def test_it_ends_within_half_a_pixel(yaw, pitch):
    end = fly(CameraPose(), CameraPose(yaw, pitch))[-1]
    assert abs(yaw_difference(end.yaw, yaw)) <= HALF_PIXEL
    assert abs(end.pitch - pitch) <= HALF_PIXEL


@pytest.mark.parametrize(("start", "target", "sign"), [(350.0, 20.0, 1), (10.0, 200.0, -1)])
def test_it_takes_the_short_way_round(start, target, sign):
    pose, goal = CameraPose(start), CameraPose(target)
    assert command_towards(pose, goal, SPEED, FPS, LENGTH).yaw == sign
    blocks = len(fly(pose, goal)) - 1
    assert blocks == -(-abs(yaw_difference(target, start)) // (SPEED.yaw * LENGTH / FPS))


def test_any_way_on_foot_is_a_command():
    speed, rng = replace(SPEED, walk=2.8), np.random.default_rng(1)
    for yaw, *ends in rng.uniform(0.0, 360.0, size=(4000, 5)):
        x, z, *there = (end / 90.0 for end in ends)
        straight = yaw if rng.random() < 0.5 else np.degrees(np.arctan2(there[0] - x, there[1] - z))
        pose = CameraPose(float(straight) % 360.0, x=x, z=z)
        command = command_towards(pose, CameraPose(x=there[0], z=there[1]), speed, FPS, LENGTH)
        assert command is not None
        assert 0.0 < np.hypot(command.forward, command.right) <= 1.0 + 1e-9


def test_it_never_overshoots():
    target = CameraPose(100.0)
    left = [yaw_difference(target.yaw, pose.yaw) for pose in fly(CameraPose(), target)]
    assert left == sorted(left, reverse=True)
    assert left[-1] >= -HALF_PIXEL


def test_there_is_no_command_once_it_is_there():
    assert command_towards(CameraPose(5.0), CameraPose(5.1), SPEED, FPS, LENGTH) is None


def test_a_pitch_beyond_the_limit_is_reached_as_far_as_it_goes():
    assert fly(CameraPose(), CameraPose(0.0, 40.0))[-1].pitch == pytest.approx(MAX_PITCH, abs=0.01)


@pytest.mark.parametrize("fov", [60.0, 66.6, 89.0, 90.0])
@pytest.mark.parametrize("start", [60.0, 75.5, 90.0])
def test_it_zooms_back_too(start, fov):
    end = fly(CameraPose(fov=start), CameraPose(20.0, 5.0, fov))[-1]
    assert abs(end.fov - fov) <= HALF_PIXEL
    assert abs(end.yaw - 20.0) <= HALF_PIXEL


def test_a_zoom_beyond_the_limit_is_reached_as_far_as_it_goes():
    assert fly(CameraPose(), CameraPose(fov=20.0))[-1].fov == pytest.approx(60.0, abs=HALF_PIXEL)
    turning = CameraSpeed(40.0, 20.0)
    assert command_towards(CameraPose(), CameraPose(fov=60.0), turning, FPS, LENGTH) is None


def test_a_world_that_cannot_tilt_still_turns():
    flat = CameraSpeed(40.0, 0.0)
    command = command_towards(CameraPose(), CameraPose(9.0, 9.0), flat, FPS, LENGTH)
    assert (command.yaw, command.pitch) == (1.0, 0.0)
    assert command_towards(CameraPose(9.0), CameraPose(9.0, 9.0), flat, FPS, LENGTH) is None
