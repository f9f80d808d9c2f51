"""Sticks and triggers do nothing at rest, and from there on smoothly more."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mag_sandbox.controls.keys import DEAD_ZONE, GamepadAxes, shape

raw = st.floats(-1.0, 1.0)


def test_a_stick_at_rest_does_nothing():
    assert shape(0.0, 0.0) == shape(0.1, -0.1) == (0.0, 0.0)
    assert shape(DEAD_ZONE, 0.0) == (0.0, 0.0)


def test_nothing_jumps_at_the_edge_of_the_dead_zone():
    yaw, _ = shape(DEAD_ZONE + 0.01, 0.0)
    assert 0.0 < yaw < 0.01


def test_more_tilt_is_more_speed_up_to_full_speed():
    speeds = [shape(tilt / 100, 0.0)[0] for tilt in range(101)]
    assert speeds == sorted(speeds)
    assert speeds[-1] == 1.0
    assert shape(0.96, 0.0)[0] == 1.0, "not every stick reaches its end"


def test_right_turns_right_and_forward_looks_up():
    assert shape(1.0, 0.0) == (1.0, 0.0)
    assert shape(0.0, -1.0) == (0.0, 1.0)


def test_a_slightly_slanted_push_is_straight():
    assert shape(1.0, 0.15)[1] == 0.0
    assert shape(1.0, 0.5)[1] < 0.0


@given(raw, raw)
def test_no_stick_asks_for_more_than_full_speed(across, along):
    yaw, pitch = shape(across, along)
    assert max(abs(yaw), abs(pitch)) <= 1.0
    assert yaw * across >= 0.0
    assert pitch * along <= 0.0


def test_the_stick_that_is_pushed_further_counts():
    stick = GamepadAxes()
    stick.move("left x", 0.4)
    stick.move("right x", -1.0)
    assert stick.value == (-1.0, 0.0, 0.0, 0.0, 0.0)
    stick.move("right x", 0.0)
    assert stick.value[0] == pytest.approx(shape(0.4, 0.0)[0])


def test_a_broken_axis_counts_as_its_middle():
    stick = GamepadAxes()
    for value in (math.nan, math.inf, 9.0):
        stick.move("left x", value)
        assert -1.0 <= stick.value[0] <= 1.0


def test_triggers_zoom_by_how_far_they_are_pulled():
    pad = GamepadAxes()
    pulls = []
    for raw_pull in (0.0, 0.3, 0.6, 1.0):
        pad.move("right trigger", raw_pull)
        pulls.append(pad.value[2])
    assert pulls == sorted(set(pulls))
    assert (pulls[0], pulls[-1]) == (0.0, 1.0)
    pad.move("left trigger", 1.0)
    assert pad.value == (0.0,) * 5, "both cancel"
    pad.move("right trigger", 0.0)
    assert pad.value[:3] == (0.0, 0.0, -1.0)


def test_in_a_world_to_walk_in_the_left_stick_walks_while_the_right_one_looks():
    pad = GamepadAxes()
    for axis, raw in (("left x", -1.0), ("left y", -0.5), ("right x", 1.0)):
        pad.move(axis, raw)
    yaw, _, _, forward, right = pad.value
    assert yaw < 0, "both look; the left one is pushed further"
    assert (forward, right) == (0.0, 0.0)
    pad.walks = True
    pad.move("left y", -1.0)
    yaw, pitch, zoom, forward, right = pad.value
    assert (yaw, pitch, zoom) == (1.0, 0.0, 0.0)
    assert right == -forward == -1.0
