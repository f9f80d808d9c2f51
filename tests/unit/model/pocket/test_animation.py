"""A world that moves: what it shows changes with time, what it remembers does not."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.frames import to_frames
from mag_sandbox.model.parking import unpacked
from mag_sandbox.model.pocket.engines.engine import PocketEngine
from mag_sandbox.model.pocket.pictures.animation import Animation, sky_of
from mag_sandbox.model.pocket.pictures.animator import PARTS
from mag_sandbox.model.pocket.pictures.cells import DrawnPictures, cells_of, pixels_of
from mag_sandbox.model.pocket.pictures.decoding import MOTION, WIND
from mag_sandbox.model.world import MissingWeights
from tests.tiny import (
    FP32,
    LEFT,
    PLACE,
    RIGHT,
    STILL,
    TINY,
    assert_same_pictures,
    play,
    tiny_animator,
    tiny_world,
    write_tiny_weights,
)

POSES = (CameraPose(yaw=10.0), CameraPose(yaw=12.0), CameraPose(yaw=14.0))


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return write_tiny_weights(tmp_path_factory.mktemp("moving"), moves=True)


@pytest.fixture
def animation() -> Animation:
    return PocketEngine(FP32).animation(tiny_animator(), TINY)


@pytest.fixture
def drawn() -> DrawnPictures:
    pictures = torch.rand(3, 3, 64, 64, generator=torch.Generator().manual_seed(2)) * 2 - 1
    return DrawnPictures(to_frames(pictures), cells_of(pictures))


def test_the_first_frame_of_all_is_at_rest(animation, drawn):
    resting = animation.at_rest(drawn, POSES)
    moved = animation.moved(resting, None, POSES, time=0)
    assert np.array_equal(moved[0], drawn.frames[0])
    assert not np.array_equal(moved[1:], drawn.frames[1:])


def test_pictures_from_elsewhere_are_moved_in_the_numbers_of_the_network(drawn):
    made = PocketEngine(replace(FP32, dtype=torch.bfloat16)).animation(tiny_animator(), TINY)
    sky = torch.zeros(3, 3, 64, 64, dtype=torch.bfloat16)
    moved = made.moved(made.at_rest(drawn, POSES), sky, POSES, time=9)
    assert moved.shape == drawn.frames.shape


def test_where_nothing_moves_pictures_stay_as_they_are(drawn):
    animator = tiny_animator()
    animator.segment.head.bias.fill_(-50.0)
    animation = PocketEngine(FP32).animation(animator, TINY)
    resting = animation.at_rest(drawn, POSES)
    assert resting.parts is None
    assert not resting.has_sky
    assert animation.moved(resting, None, POSES, time=90) is drawn.frames


def test_there_is_sky_only_where_there_is_some(drawn):
    animator = tiny_animator()
    bias = animator.segment.head.bias.view(len(PARTS), -1)
    bias[PARTS.index("sky")] = -50.0
    resting = PocketEngine(FP32).animation(animator, TINY).at_rest(drawn, POSES)
    assert resting.parts is not None
    assert not resting.has_sky


def test_where_the_plan_hides_the_sky_there_is_none(drawn):
    animator = tiny_animator()
    bias = animator.segment.head.bias.view(len(PARTS), -1)
    bias[PARTS.index("sky")] = 50.0
    animation, before = PocketEngine(FP32).animation(animator, TINY), torch.zeros(3, 1, 64, 64)
    before[..., 20:40] = 1.0
    parts = animation.at_rest(drawn._replace(before_sky=cells_of(before)), POSES).parts
    assert parts is not None
    assert pixels_of(sky_of(parts)).equal(1 - before)


def test_the_sky_of_the_plan_is_sky_in_whole(drawn):
    animator = tiny_animator()
    animator.segment.head.bias.fill_(-5.0)
    animation, before = PocketEngine(FP32).animation(animator, TINY), torch.zeros(3, 1, 64, 64)
    before[..., 20:40] = -1.0
    parts = animation.at_rest(drawn._replace(before_sky=cells_of(before)), POSES).parts
    assert parts is not None
    assert (pixels_of(sky_of(parts))[before < 0] == 1).all()
    assert (pixels_of(sky_of(parts))[before == 0] < 0.5).all()


def test_a_sea_that_fills_the_view_moves_about_half_as_much_as_the_network_learned(drawn):
    animator = tiny_animator()
    animator.segment.head.bias.view(len(PARTS), -1)[PARTS.index("waves")] = 50.0
    parts = PocketEngine(FP32).animation(animator, TINY).at_rest(drawn, POSES).parts
    assert parts is not None
    assert np.allclose(parts.unflatten(1, (len(PARTS), -1))[:, PARTS.index("waves")], 0.65)


@pytest.mark.parametrize(("level", "dimmest"), [(240, 228), (60, 0)])
def test_a_lamp_that_flickers_leaves_no_dark_spot_on_a_bright_wall(level: int, dimmest: int):
    animator = tiny_animator()
    bias = animator.segment.head.bias.view(len(PARTS), -1)
    bias.fill_(-50.0)
    bias[PARTS.index("lights")] = 50.0
    animator.move.head.bias.fill_(-5.0)  # it makes everything black
    wall = torch.full((3, 3, 64, 64), level / 127.5 - 1)
    drawn = DrawnPictures(to_frames(wall), cells_of(wall))
    animation = PocketEngine(FP32).animation(animator, TINY)
    shown = animation.moved(animation.at_rest(drawn, POSES), None, POSES, time=9)
    assert shown.min() >= dimmest
    assert shown.max() < level


def test_a_sky_alone_is_told_by_the_plan_where_there_is_one():
    animator = tiny_animator()
    animator.segment.head.bias.view(len(PARTS), -1)[PARTS.index("sky")] = 50.0
    animation, before = PocketEngine(FP32).animation(animator, TINY), torch.zeros(3, 1, 64, 64)
    bird = torch.zeros(3, 3, 64, 64)
    bird[..., 24:36, 24:36] = 1.0
    before[..., 20:40, 20:40] = 1.0
    assert animation.sky_alone(bird, POSES).max() == 1
    assert animation.sky_alone(bird, POSES, before).abs().max() < 0.1


def test_the_wind_carries_the_sky_to_the_right(animation):
    upwind = animation.upwind(POSES, time=100)
    wind = tiny_animator().config.wind
    for frame, (pose, from_there) in enumerate(zip(POSES, upwind, strict=True)):
        assert from_there.yaw == pytest.approx((pose.yaw - wind * (100 + frame)) % 360)
        assert (from_there.pitch, from_there.fov) == (pose.pitch, pose.fov)


def test_a_world_with_an_animator_moves_and_one_without_does_not(weights):
    for world, moves in ((tiny_world(weights=weights), True), (tiny_world(), False)):
        blocks = play(world, [STILL] * 3)
        assert world.spec.moves == moves
        # the same view at other times; the transformer's own noise is another for each block
        assert ("move" in blocks[-1].stage_ms) == moves
        assert ("sky" in blocks[-1].stage_ms) == moves
        world.close()


def test_memory_is_of_the_world_at_rest(weights):
    """What is remembered is bit-equal with and without motion, however long it has moved."""
    worlds = tiny_world(weights=weights, look_ahead=False), tiny_world(look_ahead=False)
    shown, calm = (play(world, [RIGHT] * 4 + [LEFT] * 4) for world in worlds)
    assert np.array_equal(shown[0].frames[0], calm[0].frames[0])  # at time 0 all is at rest
    assert not np.array_equal(shown[-1].frames, calm[-1].frames)
    kept, same = (unpacked(world.snapshot()) for world in worlds)
    assert kept.keys() == same.keys()
    assert all(torch.equal(kept[name], same[name]) for name in kept)


def test_where_clouds_come_from_is_seen_in_time(weights):
    world = tiny_world(weights=weights)
    blocks = play(world, [STILL] * 4)
    ahead = [view.pose.yaw for block in blocks for view in block.look_ahead]
    assert ahead
    assert all(180 < yaw < 360 for yaw in ahead)  # to the left
    calm = tiny_world()
    assert not [view for block in play(calm, [STILL] * 4) for view in block.look_ahead]


@pytest.mark.parametrize("left_out", [(WIND,), (WIND, MOTION)])
def test_what_blocks_leave_out_changes_what_is_shown_and_never_what_is_remembered(
    weights, left_out
):
    path = [RIGHT, RIGHT, STILL, STILL, LEFT, STILL]
    spare = [replace(control, leave_out=left_out) for control in path[:4]] + path[4:]
    whole, hurried = (tiny_world(weights=weights, look_ahead=False) for _ in range(2))
    shown, others = play(whole, path), play(hurried, spare)
    for block, other in zip(shown, others, strict=True):
        assert np.array_equal(block.at_rest, other.at_rest)
    assert not np.array_equal(shown[3].frames, others[3].frames)
    assert (others[3].rest is None) is (MOTION in left_out)
    assert np.array_equal(shown[-1].frames, others[-1].frames)
    remembered, alike = (unpacked(world.snapshot()) for world in (whole, hurried))
    assert all(torch.equal(remembered[name], alike[name]) for name in remembered)


def test_a_moving_world_goes_on_from_a_snapshot_as_if_never_left(weights):
    world = tiny_world(weights=weights)
    play(world, [RIGHT, STILL])
    state = world.snapshot()
    rest = [world.step(control) for control in (STILL, LEFT, RIGHT)]
    world.reset(PLACE, 9)
    world.restore(state)
    assert_same_pictures([world.step(control) for control in (STILL, LEFT, RIGHT)], rest)


def test_a_missing_or_foreign_animator_is_named(tmp_path):
    folder = write_tiny_weights(tmp_path, moves=True)
    path = folder / "animator.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(MissingWeights, match=r"animator.safetensors cannot be read"):
        tiny_world(weights=folder)
    path.unlink()
    with pytest.raises(MissingWeights, match=r"animator.safetensors is missing"):
        tiny_world(weights=folder)
