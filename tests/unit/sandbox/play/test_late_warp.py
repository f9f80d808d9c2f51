"""The picture follows the keys at once, and ends where the frames are."""

import pytest

from mag_sandbox.controls.camera import MAX_PITCH, CameraCommand, CameraPose, CameraSpeed
from mag_sandbox.sandbox.play.late_warp import MAX_SHIFT, LateWarp

SPEED = CameraSpeed(yaw=40.0, pitch=20.0)
RIGHT, STILL = CameraCommand(yaw=1.0), CameraCommand()


@pytest.fixture
def warp():
    warp = LateWarp(SPEED)
    warp.frame_shown(CameraPose(350.0), STILL)
    return warp


def test_nothing_moves_without_keys(warp):
    warp.move(STILL, 0.1)
    assert warp.is_still


def test_the_picture_moves_within_one_display_frame_of_the_key(warp):
    warp.move(RIGHT, 1 / 60)
    assert warp.offset == (pytest.approx(40 / 60), 0.0)


def test_a_frame_that_moved_by_itself_is_shifted_less(warp):
    warp.move(RIGHT, 0.1)
    warp.frame_shown(CameraPose(352.5), RIGHT)
    assert warp.offset[0] == pytest.approx(1.5)


def test_the_seam_of_the_ring_is_no_jump(warp):
    warp.frame_shown(CameraPose(359.0), RIGHT)
    warp.restart()
    warp.frame_shown(CameraPose(359.0), RIGHT)
    warp.move(RIGHT, 0.1)
    warp.frame_shown(CameraPose(1.0), RIGHT)
    assert warp.offset[0] == pytest.approx(2.0)


def test_what_keys_and_frames_disagree_about_fades_once_nothing_moves(warp):
    warp.move(RIGHT, 0.05)
    for _ in range(200):
        warp.move(STILL, 1 / 60)
    assert warp.is_still


def test_a_released_key_does_not_fade_while_its_frames_still_arrive(warp):
    warp.move(RIGHT, 0.1)
    warp.frame_shown(CameraPose(351.0), RIGHT)
    before = warp.offset
    warp.move(STILL, 0.05)
    assert warp.offset == before


def test_the_shift_is_bounded_and_never_leaves_the_sphere(warp):
    warp.frame_shown(CameraPose(350.0, MAX_PITCH - 1.0), STILL)
    warp.move(CameraCommand(yaw=1.0, pitch=1.0), 5.0)
    assert warp.offset == (MAX_SHIFT, pytest.approx(1.0))
