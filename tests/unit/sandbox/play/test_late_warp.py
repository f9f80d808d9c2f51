"""The picture follows the keys at once, and never shows more than there is."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mag_sandbox.controls.bindings import DEFAULTS
from mag_sandbox.controls.camera import MAX_PITCH, CameraCommand, CameraPose, CameraSpeed, move
from mag_sandbox.controls.sources import PlayerSource
from mag_sandbox.sandbox.play.late_warp import OVERSCAN, SHOWN, LateWarp

SPEED = CameraSpeed(yaw=40.0, pitch=20.0, zoom=30.0, narrowest_fov=60.0)
RIGHT, STILL = CameraCommand(yaw=1.0), CameraCommand()
DISPLAY_S = 1 / 60
pushes = st.sampled_from((-1.0, 0.0, 0.5, 1.0))
commands = st.builds(CameraCommand, pushes, pushes, pushes)


@pytest.fixture
def warp():
    warp = LateWarp(SPEED)
    warp.frame_shown(CameraPose(350.0))
    return warp


def test_nothing_moves_without_keys(warp):
    warp.move(STILL, 0.1)
    assert warp.is_still
    assert warp.crop == (pytest.approx(OVERSCAN), pytest.approx(OVERSCAN), SHOWN, SHOWN)


@pytest.mark.parametrize(
    ("command", "grows"),
    [
        (CameraCommand(yaw=1.0), (1, 0, 0)),
        (CameraCommand(yaw=-1.0), (-1, 0, 0)),
        (CameraCommand(pitch=1.0), (0, -1, 0)),
        (CameraCommand(zoom=1.0), (1, 1, -1)),
    ],
)
def test_the_picture_moves_within_one_display_frame_of_the_key(warp, command, grows):
    before = warp.crop
    warp.move(command, DISPLAY_S)
    change = [after - was for after, was in zip(warp.crop, before, strict=True)]
    assert [round(each / 1e-3) and each / abs(each) for each in change[:3]] == list(grows)


def test_a_frame_that_moved_by_itself_is_shifted_less(warp):
    warp.move(RIGHT, 0.05)
    before = warp.offset[0]
    warp.frame_shown(CameraPose(351.5))
    assert warp.offset[0] == pytest.approx(before - 1.5)


def test_the_seam_of_the_ring_is_no_jump(warp):
    warp.frame_shown(CameraPose(359.0))
    warp.restart()
    warp.frame_shown(CameraPose(359.0))
    warp.move(RIGHT, 0.05)
    before = warp.offset[0]
    warp.frame_shown(CameraPose(1.0))
    assert warp.offset[0] == pytest.approx(before - 2.0)


def test_what_keys_and_frames_disagree_about_fades(warp):
    warp.move(RIGHT, 0.05)
    for _ in range(200):
        warp.move(STILL, DISPLAY_S)
    assert warp.is_still


def test_the_camera_never_leaves_the_sphere(warp):
    warp.frame_shown(CameraPose(350.0, MAX_PITCH - 1.0))
    for _ in range(100):
        warp.move(CameraCommand(pitch=1.0), DISPLAY_S)
        assert warp.offset[1] <= 1.0 + 1e-9


@pytest.mark.parametrize(("fps", "delay"), [(16, 3), (16, 6), (8, 3)])
def test_a_steady_pan_moves_evenly_between_frames(fps, delay):
    """Seen from the world, the camera moves a little in every picture of the display."""
    warp, pose, seen, ticks = LateWarp(SPEED), CameraPose(), [], 60 // fps
    for tick in range(6 * ticks * delay):
        if tick % ticks == 0:
            frame = tick // ticks
            pose = move(pose, RIGHT if frame >= delay else STILL, SPEED, fps, 1)[0]
            warp.frame_shown(pose)
        warp.move(RIGHT, DISPLAY_S)
        left, _, width, _ = warp.crop
        seen.append(pose.yaw + (left + width / 2 - 0.5) * pose.fov)
    steps = [after - before for before, after in pairwise(seen)]
    steady = steps[len(steps) // 2 :]
    full = SPEED.yaw * DISPLAY_S
    assert min(steps) >= -1e-9
    assert min(steady) > 0.4 * full
    assert max(steady) < 1.8 * full


@given(st.lists(st.tuples(commands, commands, st.integers(1, 9)), max_size=30))
def test_no_more_is_shown_than_there_is(play):
    """Whatever keys and blocks do, at any speed and however they disagree, zoomed or not."""
    warp, pose = LateWarp(SPEED), CameraPose()
    for held, made, ticks in play:
        pose = move(pose, made, SPEED, 8, 1)[0]
        warp.frame_shown(pose)
        for _ in range(ticks):
            warp.move(held, DISPLAY_S)
            left, top, width, height = warp.crop
            assert min(left, top) >= 0.0
            assert max(left + width, top + height) <= 1.0 + 1e-9
            assert width == height > 0.5


def test_a_picture_that_a_page_shifts_stays_where_it_is():
    warp, player = LateWarp(SPEED, shifter="page"), PlayerSource()
    middle = warp.crop
    player.press("right", DEFAULTS.moves["right"])
    warp.frame_shown(CameraPose(350.0))
    warp.update(0.0, player, rests=False)
    assert not warp.update(0.05, player, rests=False)
    warp.frame_shown(CameraPose(351.5))
    assert warp.crop == middle
    assert warp.wake_at(player) is None
