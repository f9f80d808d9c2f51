"""Estimated poses, on pictures whose poses are known and withheld."""

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from mag_sandbox.controls.camera import CameraCommand, CameraPose, CameraSpeed, move, yaw_difference
from mag_sandbox.model.coverage import NEARBY
from mag_sandbox.model.full import pose_estimate
from mag_sandbox.model.full.pose_estimate import PoseEstimator
from mag_sandbox.model.world import WorldState
from mag_sandbox.renderer.render import HELD_OUT
from mag_sandbox.renderer.views import view_at
from tests import rendered_worlds
from tests.rendered_worlds import ring

SPEC = replace(rendered_worlds.SPEC, fps=8.0)
RIGHT, LEFT, REST = CameraCommand(yaw=0.5), CameraCommand(yaw=-0.5), CameraCommand()
OUT_AND_BACK = [REST, *[RIGHT] * 12, *[LEFT] * 12]
AROUND = [REST, *[RIGHT] * 48]  # 360 degrees
SECONDS = SPEC.block_seconds


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    return ring("video game", HELD_OUT + 3)


def truth(commands: Sequence[CameraCommand]) -> list[tuple[CameraPose, ...]]:
    """Return the real poses, block by block; the estimator never sees them."""
    pose, blocks = CameraPose(), []
    for command in commands:
        blocks.append(move(pose, command, SPEC.full_speed, SPEC.fps, SPEC.block_length))
        pose = blocks[-1][-1]
    return blocks


def views(picture: np.ndarray, poses: Sequence[CameraPose], noise: float = 0.0) -> np.ndarray:
    frames = np.stack([view_at(picture, pose.yaw, pose.pitch) for pose in poses])
    if not noise:
        return frames
    rng = np.random.default_rng(0)
    return np.clip(frames + rng.normal(0, noise, frames.shape), 0, 255).round().astype(np.uint8)


def estimator(factor: float = 1.0) -> PoseEstimator:
    """Return one that believes in a speed that is wrong by a factor."""
    speed = CameraSpeed(SPEC.full_speed.yaw * factor, SPEC.full_speed.pitch * factor)
    return PoseEstimator(speed)


def follow(
    one: PoseEstimator, picture: np.ndarray, commands: Sequence[CameraCommand], noise: float = 0.0
) -> list[tuple[CameraPose, ...]]:
    return [
        one.update(views(picture, poses, noise), command, SECONDS)
        for poses, command in zip(truth(commands), commands, strict=True)
    ]


def yaw_errors(
    estimates: Sequence[tuple[CameraPose, ...]], commands: Sequence[CameraCommand]
) -> np.ndarray:
    pairs = [
        (guess.yaw, real.yaw)
        for estimate, poses in zip(estimates, truth(commands), strict=True)
        for guess, real in zip(estimate, poses, strict=True)
    ]
    return np.abs([yaw_difference(*pair) for pair in pairs])


@pytest.mark.parametrize("factor", [0.6, 1.0, 1.6])
def test_pictures_put_wrong_speeds_right(picture, factor):
    estimates = follow(estimator(factor), picture, OUT_AND_BACK, noise=4.0)
    errors = yaw_errors(estimates, OUT_AND_BACK)
    assert errors.max() < 0.5
    assert errors[-1] < 0.1  # back at the first key frame


def test_tilts_are_followed_too(picture):
    commands = [REST, *[CameraCommand(0.3, 0.5)] * 4, *[CameraCommand(0.2, -0.8)] * 4]
    one = estimator(1.5)
    last = follow(one, picture, commands)[-1][-1]
    assert last.pitch == pytest.approx(truth(commands)[-1][-1].pitch, abs=0.3)
    assert last.yaw == pytest.approx(truth(commands)[-1][-1].yaw, abs=0.4)


def test_a_full_turn_is_closed_by_the_first_key_frame(picture):
    estimates = follow(estimator(1.3), picture, AROUND)
    errors = yaw_errors(estimates, AROUND)
    assert errors.max() < 1.5
    assert errors[-1] < 0.5 * errors.max()


def test_drift_does_not_grow_with_time(picture):
    way = [*[RIGHT] * 8, *[LEFT] * 8]
    commands = [REST, *way * 4]
    errors = yaw_errors(follow(estimator(1.3), picture, commands, noise=4.0), commands)
    block = len(way) * SPEC.block_length
    assert errors[-block:].max() <= errors[: block + 3].max() + 0.05


def test_a_picture_that_stands_still_keeps_its_pose_whatever_is_commanded(picture):
    one, still = estimator(), views(picture, [CameraPose()] * 3)
    for _ in range(10):
        estimate = one.update(still, RIGHT, SECONDS)
    assert estimate[-1].yaw == pytest.approx(0.0, abs=0.1)
    assert one.gain[0] < 0.2


def test_empty_pictures_follow_the_commands_and_say_so():
    one, blank = estimator(), np.full((3, 192, 320, 3), 180, np.uint8)
    estimates = [one.update(blank, command, SECONDS) for command in (REST, *[RIGHT] * 8)]
    assert estimates[-1][-1].yaw == pytest.approx(8 * 20.0 * SECONDS)


def test_what_commands_were_worth_is_remembered_where_there_is_nothing_to_see(picture):
    one = estimator(0.5)  # really twice as fast
    follow(one, picture, [REST, *[RIGHT] * 10])
    assert one.gain[0] == pytest.approx(2.0, rel=0.1)
    before = one.pose.yaw
    one.update(np.full((3, 192, 320, 3), 180, np.uint8), RIGHT, SECONDS)
    assert one.pose.yaw - before == pytest.approx(20.0 * SECONDS, rel=0.1)


def test_a_scene_that_changes_is_followed_on(picture):
    other, commands = ring("indoor", HELD_OUT + 5), [REST, *[RIGHT] * 6]
    one = estimator()
    follow(one, picture, commands)
    start = one.pose.yaw
    changed = [CameraPose(yaw) for yaw in np.arange(start, start + 60.0, 2.5)]
    for place in range(0, len(changed), 3):
        block = changed[place : place + 3]
        estimate = one.update(views(other, block), RIGHT, len(block) / SPEC.fps)
    assert estimate[-1].yaw == pytest.approx(changed[-1].yaw, abs=6.0)


def test_a_parked_estimate_goes_on_as_if_it_had_never_stopped(picture):
    uninterrupted, parked = estimator(1.2), estimator(1.2)
    commands = OUT_AND_BACK
    blocks = [views(picture, poses, noise=4.0) for poses in truth(commands)]
    expected = [
        uninterrupted.update(frames, command, SECONDS)
        for frames, command in zip(blocks, commands, strict=True)
    ]
    for place, (frames, command) in enumerate(zip(blocks, commands, strict=True)):
        state = parked.snapshot()
        parked = estimator(1.2)
        plain = WorldState(state.arrays, json.loads(json.dumps(state.data)))
        parked.restore(plain, SPEC.frame_size)
        assert parked.update(frames, command, SECONDS) == expected[place]


def test_what_is_parked_stays_small(picture, monkeypatch):
    monkeypatch.setattr(pose_estimate, "MAX_KEYS", 5)
    one = estimator()
    errors = yaw_errors(follow(one, picture, OUT_AND_BACK), OUT_AND_BACK)
    pictures = one.snapshot().arrays["pose_pictures"]
    assert pictures.shape == (5 + 1, 48, 80)  # and the newest frame
    assert pictures.dtype == np.uint8
    assert errors[-1] < 0.1  # the first one is kept


def test_a_walk_is_followed_by_commands_and_leads_back(picture):
    speed = replace(SPEC.full_speed, walk=2.8)
    one, still = PoseEstimator(speed), views(picture, truth([REST])[0])
    ways = [CameraCommand(), *[CameraCommand(forward=0.5)] * 3, *[CameraCommand(forward=-0.5)] * 3]
    ends = [one.update(still, command, SECONDS)[-1] for command in ways]
    assert ends[3].z == pytest.approx(1.4 * 3 * SECONDS, abs=0.01)
    assert (ends[-1].x, ends[-1].z) == (ends[0].x, ends[0].z)


def test_key_frames_from_elsewhere_are_not_matched(picture):
    speed = replace(SPEC.full_speed, walk=2.8)
    before, frames = PoseEstimator(speed), views(picture, truth([REST])[0])
    before.update(frames, REST, SECONDS)
    for _ in range(6):
        before.update(frames, CameraCommand(forward=1.0), SECONDS)
    assert before.pose.z > NEARBY
    assert not [key for key in before._around(before.pose) if key.pose.z == 0.0]
