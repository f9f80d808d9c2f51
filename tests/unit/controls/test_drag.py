"""A dragged picture follows the hand, as fast as the camera can."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mag_sandbox.controls.camera import CameraSpeed
from mag_sandbox.controls.sources import MouseDrag, full_drag

pixels = st.floats(-5000, 5000, allow_nan=False)


def test_a_full_command_moves_the_picture_as_far_as_the_hand():
    speed = CameraSpeed(yaw=40.0, pitch=20.0)
    assert full_drag(1280, speed, block_seconds=0.1875) == pytest.approx((106.67, 53.33), abs=0.01)


def test_a_zoomed_picture_follows_the_hand_as_closely():
    speed = CameraSpeed(yaw=40.0, pitch=20.0)
    wide, close = (full_drag(1280, speed, 0.1875, fov)[0] for fov in (90.0, 60.0))
    assert close == pytest.approx(1.5 * wide)


def test_a_notch_of_the_wheel_zooms_for_a_block():
    drag = MouseDrag()
    drag.wheel(1)
    assert [drag.take()[2] for _ in range(2)] == [1.0, 0.0]
    drag.wheel(-1)
    drag.move(1.0, 0.0)
    assert drag.take()[2] == -1.0
    for notch in (1, 1, 1, 1, 1):
        drag.wheel(notch)
    assert [drag.take()[2] for _ in range(3)] == [1.0, 1.0, 0.0], "one block more and no longer"


def test_dragging_right_looks_left_and_dragging_down_looks_up():
    drag = MouseDrag((100.0, 50.0))
    drag.move(30.0, 10.0)
    assert drag.take() == pytest.approx((-0.3, 0.2, 0.0))
    assert drag.take() == (0.0, 0.0, 0.0)


def test_movements_between_two_blocks_add_up():
    drag = MouseDrag((100.0, 50.0))
    for _ in range(5):
        drag.move(-4.0, 0.0)
    assert drag.take()[0] == pytest.approx(0.2)


def test_a_quick_hand_is_followed_for_one_block_more_and_no_longer():
    drag = MouseDrag((100.0, 50.0))
    drag.move(-1000.0, 0.0)
    assert [drag.take()[0] for _ in range(3)] == [1.0, 1.0, 0.0]


def test_turning_back_is_felt_at_once():
    drag = MouseDrag((100.0, 50.0))
    drag.move(-1000.0, 0.0)
    drag.move(210.0, 0.0)
    assert drag.take()[0] == pytest.approx(-0.1)


@given(st.lists(st.tuples(pixels, pixels), max_size=8))
def test_no_drag_asks_for_more_than_full_speed(moves):
    drag = MouseDrag((100.0, 50.0))
    for across, along in moves:
        drag.move(across, along)
    for _ in range(3):
        assert all(-1.0 <= value <= 1.0 for value in drag.take())
    assert drag.take() == (0.0, 0.0, 0.0)
