"""Cameras return exactly, the ring closes, and views overlap as pictures do."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mag_sandbox.controls.camera import (
    AXES,
    FARTHEST,
    MAX_PITCH,
    WALKING,
    CameraCommand,
    CameraPose,
    CameraSpeed,
    check_pose,
    command_towards,
    move,
    mutual_overlap,
    view_overlap,
    yaw_difference,
)
from mag_sandbox.model.config import POCKET
from mag_sandbox.model.coverage import NEARBY, choose_views, covered_cells, views_beside
from mag_sandbox.model.pocket.loading import FULL_SPEED
from mag_sandbox.model.rope import RayCoordinates, rotate

fraction = st.floats(0.0, 1.0)
pose = st.builds(CameraPose, st.floats(0, 359.99), st.floats(-MAX_PITCH, MAX_PITCH))
poses = st.lists(pose, max_size=12)
speed = CameraSpeed(yaw=40.0, pitch=20.0, zoom=30.0, narrowest_fov=60.0)
turning = CameraSpeed(yaw=40.0, pitch=20.0)
walking = CameraSpeed(yaw=40.0, pitch=20.0, walk=2.8)
push = st.floats(-1.0, 1.0)
steps = st.builds(CameraCommand, yaw=push, forward=push, right=push)


def walk(start: CameraPose, commands: list[CameraCommand]) -> CameraPose:
    """Return where commands lead, a block each."""
    for command in commands:
        start = move(start, command, walking, 16.0, 3)[-1]
    return start


@given(st.lists(steps, max_size=6), st.integers(0, 360 * 1024 - 1))
def test_whoever_walks_and_turns_and_does_all_of_it_backwards_ends_at_the_bit_equal_pose(way, yaw):
    start = CameraPose(yaw=yaw / 1024)
    back = [CameraCommand(-one.yaw, forward=-one.forward, right=-one.right) for one in way]
    assert walk(walk(start, way), back[::-1]) == start


@given(steps, st.floats(0, 359))
def test_nobody_walks_faster_than_full_speed(command, yaw):
    end = walk(CameraPose(yaw), [command])
    assert np.hypot(end.x, end.z) <= 2.8 * 3 / 16 + 0.001


def test_forward_leads_to_where_the_camera_looks():
    end = walk(CameraPose(90.0), [CameraCommand(forward=1.0)] * 4)
    assert (end.x, end.z) == (pytest.approx(2.8 * 12 / 16, abs=0.01), 0.0)
    end = walk(CameraPose(90.0), [CameraCommand(right=1.0)] * 4)
    assert (end.x, end.z) == (0.0, pytest.approx(-2.8 * 12 / 16, abs=0.01))


def test_a_walk_is_half_a_run_and_returns_to_the_bit():
    ahead, across = (CameraCommand(forward=WALKING), CameraCommand(right=WALKING))
    assert walk(CameraPose(), [ahead] * 4).z == pytest.approx(1.4 * 12 / 16, abs=0.01)
    back = [CameraCommand(right=-WALKING), CameraCommand(forward=-WALKING)] * 5
    assert walk(walk(CameraPose(33.3), [ahead, across] * 5), back) == CameraPose(33.3)


def test_a_world_without_walking_stays_where_it_is():
    assert move(CameraPose(), CameraCommand(forward=1.0), turning, 16.0, 3)[-1] == CameraPose()


def test_something_in_the_way_stops_a_step():
    poses = move(
        CameraPose(), CameraCommand(0.5, forward=1.0), walking, 16.0, 3, way=lambda start, _: start
    )
    assert not any(one.is_away for one in poses)
    assert poses[-1].yaw > 0


@given(st.lists(steps, min_size=1, max_size=6))
def test_the_way_home_ends_exactly_where_the_scene_begins(way):
    here = walk(CameraPose(), way)
    for _ in range(60):
        command = command_towards(here, CameraPose(), walking, 16.0, 3)
        if command is None:
            break
        here = walk(here, [command])
    assert (here.x, here.z) == (0.0, 0.0)
    assert view_overlap(here, CameraPose()) > 0.99


def test_views_from_two_places_share_nothing():
    assert view_overlap(CameraPose(), CameraPose(x=0.5)) == 0.0
    assert view_overlap(CameraPose(z=2.0), CameraPose(z=2.0)) == 1.0


@pytest.mark.parametrize("x", [float("nan"), float("inf"), FARTHEST + 1])
def test_a_position_that_cannot_be_is_refused(x):
    with pytest.raises(ValueError, match="position out of range"):
        check_pose(CameraPose(x=x))


def pan(start: CameraPose, blocks: int, yaw: float, pitch: float = 0.0) -> CameraPose:
    """Return where a number of blocks under one command end."""
    for _ in range(blocks):
        start = move(start, CameraCommand(yaw, pitch), speed, 16.0, 3)[-1]
    return start


@given(blocks=st.integers(0, 40), yaw=fraction, begin=st.integers(0, 360 * 1024 - 1))
def test_right_and_back_left_ends_at_the_bit_equal_pose(blocks, yaw, begin):
    start = CameraPose(yaw=begin / 1024)
    assert pan(pan(start, blocks, yaw), blocks, -yaw) == start


@given(blocks=st.integers(0, 6), yaw=fraction, pitch=fraction)
def test_up_and_back_down_ends_at_the_bit_equal_pose(blocks, yaw, pitch):
    top = pan(CameraPose(), blocks, yaw, pitch)
    assume(top.pitch < MAX_PITCH)
    assert pan(top, blocks, -yaw, -pitch) == CameraPose()


@given(
    st.integers(0, 12), fraction, st.integers(61 * 1024, 90 * 1024), st.sampled_from((8.0, 16.0))
)
def test_in_and_back_out_ends_at_the_bit_equal_pose(blocks, zoom, begin, fps):
    start = CameraPose(yaw=12.5, fov=begin / 1024)
    closer = start
    for _ in range(blocks):
        closer = move(closer, CameraCommand(yaw=0.3, zoom=zoom), speed, fps, 3)[-1]
    assert closer.fov <= start.fov
    assume(closer.fov > speed.narrowest_fov)
    for _ in range(blocks):
        closer = move(closer, CameraCommand(yaw=-0.3, zoom=-zoom), speed, fps, 3)[-1]
    assert closer == start


def test_zoom_is_linear_and_ends_at_the_limits():
    poses = move(CameraPose(), CameraCommand(zoom=1.0), speed, 16.0, 20)
    assert [pose.fov for pose in poses[:3]] == [90 - 1.875, 90 - 3.75, 90 - 5.625]
    assert [pose.fov for pose in poses[15:]] == [60.0] * 5
    assert poses[-1].zoom == 1.5
    assert move(poses[-1], CameraCommand(zoom=-1.0), speed, 16.0, 20)[-1] == CameraPose()


@given(zoom=st.floats(-1.0, 1.0), begin=pose, yaw=fraction)
def test_a_world_without_zoom_ignores_the_command(zoom, begin, yaw):
    shown = move(begin, CameraCommand(yaw, zoom=zoom), turning, 16.0, 3)
    assert shown == move(begin, CameraCommand(yaw), turning, 16.0, 3)
    assert CameraCommand(yaw, 0.5, zoom).along(("yaw", "pitch")) == CameraCommand(yaw, 0.5)
    assert CameraCommand(yaw, 0.5, zoom).along(AXES) == CameraCommand(yaw, 0.5, zoom)


@given(one=pose, other=pose, closer=st.floats(30.0, 90.0))
def test_views_show_as_much_of_each_other_as_the_lesser_share(one, other, closer):
    zoomed = replace(other, fov=closer)
    share = mutual_overlap(one, zoomed)
    assert share == mutual_overlap(zoomed, one)
    assert share == pytest.approx(min(view_overlap(one, zoomed), view_overlap(zoomed, one)))
    assert mutual_overlap(other, zoomed) == pytest.approx((closer / 90.0) ** 2)


@given(commands=st.lists(st.tuples(fraction, fraction), max_size=30), begin=pose)
def test_poses_stay_on_the_ring_and_between_the_limits(commands, begin):
    for yaw, pitch in commands:
        begin = pan(begin, 1, yaw, -pitch)
        assert 0.0 <= begin.yaw < 360.0
        assert -MAX_PITCH <= begin.pitch <= MAX_PITCH


def test_a_full_turn_ends_where_it_began():
    turn = CameraSpeed(yaw=360.0, pitch=0.0)
    last = move(CameraPose(), CameraCommand(yaw=1.0), turn, fps=16.0, frame_count=16)[-1]
    assert last == CameraPose()


def test_the_game_moves_at_full_speed():
    last = move(CameraPose(), CameraCommand(yaw=1.0, pitch=1.0), FULL_SPEED, 16.0, 16)[-1]
    assert last == CameraPose(FULL_SPEED.yaw, FULL_SPEED.pitch)


@given(one=pose, other=pose, turn=st.integers(-3, 3))
def test_view_overlap_is_a_symmetric_share(one, other, turn):
    share = view_overlap(one, other)
    assert 0.0 <= share <= 1.0
    assert share == pytest.approx(view_overlap(other, one))
    turned = CameraPose(other.yaw + 360.0 * turn, other.pitch)
    assert share == pytest.approx(view_overlap(one, turned))
    mirrored = CameraPose(-one.yaw, -one.pitch), CameraPose(-other.yaw, -other.pitch)
    assert share == pytest.approx(view_overlap(*mirrored))
    assert view_overlap(one, one) == pytest.approx(1.0)


@given(begin=pose, near=st.floats(0, 90), further=st.floats(0, 90))
def test_view_overlap_falls_with_distance(begin, near, further):
    def overlap(turn):
        return view_overlap(begin, CameraPose(begin.yaw + turn, begin.pitch))

    assert overlap(near) >= overlap(near + further) - 1e-9
    assert overlap(90.0) == pytest.approx(0.0, abs=1e-9)


@given(one=pose, other=pose)
def test_the_coarse_grid_agrees_with_the_exact_overlap(one, other):
    assert covered_cells(one, [other]).mean() == pytest.approx(view_overlap(one, other), abs=0.1)


@given(yaw=st.floats(0, 360), other=st.floats(0, 360))
def test_the_shortest_turn_leads_there(yaw, other):
    turn = yaw_difference(yaw, other)
    assert -180.0 <= turn < 180.0
    assert (other + turn - yaw + 180.0) % 360.0 == pytest.approx(180.0)


@given(view=pose, others=poses, count=st.integers(0, 6))
def test_chosen_views_are_few_different_and_useful(view, others, count):
    chosen = choose_views(view, others, count)
    assert len(chosen) == len(set(chosen)) <= count
    cells = covered_cells(view, others)
    assert all(cells[index].any() for index in chosen)
    useful = int(cells.any(axis=(1, 2)).sum()) if others else 0
    assert len(chosen) == min(count, useful)
    if chosen:
        sizes = cells.sum(axis=(1, 2))
        assert chosen[0] == int(sizes.argmax())  # of equals the earliest sighting
    for fewer in range(count):
        assert choose_views(view, others, fewer) == chosen[:fewer]


@given(view=pose, others=poses)
def test_with_room_enough_all_that_can_be_shown_is_shown(view, others):
    chosen = choose_views(view, others, len(others))
    cells = covered_cells(view, others)
    if others:
        assert np.array_equal(cells[chosen].any(axis=0), cells.any(axis=0))


@given(one=pose, x=st.floats(-9, 9), z=st.floats(-9, 9))
def test_views_from_farther_away_show_nothing_of_a_view(one, x, z):
    shown = covered_cells(one, [replace(one, x=x, z=z)])
    assert shown.all() if math.hypot(x, z) <= NEARBY else not shown.any()


def test_cells_run_from_the_top_left():
    view = CameraPose(100.0, 0.0)
    above, right = covered_cells(view, [CameraPose(100.0, 20.0), CameraPose(130.0, 0.0)])
    assert above[0].all()
    assert not above[-1].any()
    assert right[:, -1].all()
    assert not right[:, 0].any()


def scores(query_yaw: float, key_yaw: float, times: tuple[int, int] = (0, 0)) -> torch.Tensor:
    """Return attention scores between the tokens of two frames with equal contents."""
    rays = RayCoordinates(POCKET.dit.rays, 6, 10)
    draw = torch.Generator().manual_seed(0)
    turned = []
    for yaw, time in zip((query_yaw, key_yaw), times, strict=True):
        pose = torch.tensor([[[yaw, 0.0, 90.0]]])
        x = torch.randn(1, 60, 1, POCKET.dit.head_dim, generator=draw)
        turned.append(rotate(x, rays.rotary(pose, torch.tensor([[time]])))[0, :, 0])
    return turned[0] @ turned[1].T


@pytest.mark.parametrize("turns", [-1, 1, 5])
def test_a_full_turn_gives_equal_coordinates(turns):
    rays = RayCoordinates(POCKET.dit.rays, 6, 10)
    begin, turned = (
        torch.tensor([[[yaw, 9.0, 90.0]]], dtype=torch.float64)
        for yaw in (33.0, 33.0 + 360 * turns)
    )
    times, order = torch.zeros(1, 1), torch.zeros(1, dtype=torch.long)
    assert torch.allclose(rays.rotary(begin, times), rays.rotary(turned, times), atol=1e-6)
    assert torch.allclose(rays.features(begin, order), rays.features(turned, order), atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(query=st.integers(0, 359), key=st.integers(0, 359), turn=st.integers(-400, 400))
def test_attention_sees_differences_of_yaw_only(query, key, turn):
    near = scores(query, key)
    assert torch.allclose(near, scores(query + turn, key + turn), atol=1e-4)


def test_attention_sees_differences_of_time_only():
    near = scores(10, 40, (3, 0))
    assert torch.allclose(near, scores(10, 40, (9603, 9600)), atol=1e-4)
    assert not torch.allclose(near, scores(10, 40, (300, 0)), atol=1e-1)
    assert not torch.allclose(near, scores(10, 80, (3, 0)), atol=1e-1)


@given(view=pose)
def test_views_beside_one_are_whole_cells_away_the_nearest_first(view):
    beside = list(views_beside(view, (6, 10)))
    assert view_overlap(view, beside[0]) == pytest.approx(1.0)
    assert 1 < len(beside) <= 5 * 9
    cell = view.fov / 10
    for other in beside:
        across, up = yaw_difference(other.yaw, view.yaw) / cell, (other.pitch - view.pitch) / cell
        assert across == pytest.approx(round(across), abs=1e-6)
        assert up == pytest.approx(round(up), abs=1e-6)
    overlaps = [view_overlap(view, other) for other in beside]
    assert all(one >= other - 1e-9 for one, other in pairwise(overlaps))
    assert overlaps[-1] > 0.25


@pytest.mark.parametrize("axis", ["x", "z", "yaw", "pitch", "fov"])
@pytest.mark.parametrize("number", [float("nan"), float("inf"), -1e300])
def test_a_pose_from_outside_without_a_place_is_refused(axis, number):
    with pytest.raises(ValueError, match="out of range"):
        check_pose(replace(CameraPose(), **{axis: number}))
