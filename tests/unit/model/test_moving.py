"""How time enters a moving world: the numbers are the renderer's, clouds keep their coordinates."""

from dataclasses import replace

import pytest
import torch

from model.config import POCKET, MotionConfig, moving
from model.moving import MotionCoordinates
from model.rope import RayCoordinates
from training.panorama.canvas import RING_WIDTH
from training.panorama.moving import (
    CLOUD_SPEED,
    FLICKER_PERIODS,
    HOP_PERIOD,
    PERIOD,
    SHIMMER_ACROSS,
    SHIMMER_DOWN,
    SHIMMER_PERIOD,
    WALK_PERIOD,
)
from training.panorama.render import DEGREES_PER_PIXEL

RAYS = moving(POCKET).dit.rays
ORDER = torch.zeros(1, dtype=torch.long)


def rotary(yaw: float, time: float) -> torch.Tensor:
    """Return the turns of the tokens of a frame, [60, N, D/2]."""
    pose = torch.tensor([[[yaw, 0.0, 90.0]]], dtype=torch.float64)
    return RayCoordinates(RAYS, 6, 10).rotary(pose, torch.tensor([[time]]))[0]


def told(yaw: float, time: float) -> torch.Tensor:
    """Return what the tokens of a frame are told of the clock, [60, features of motion]."""
    pose = torch.tensor([[[yaw, 0.0, 90.0]]], dtype=torch.float64)
    features = RayCoordinates(RAYS, 6, 10).features(pose, torch.tensor([[time]]), ORDER)
    return features[0, :, -RAYS.motion.features :]


def test_the_network_is_told_the_numbers_of_the_renderer():
    motion = MotionConfig()
    assert motion.wind == CLOUD_SPEED * DEGREES_PER_PIXEL
    assert motion.wave_period == SHIMMER_PERIOD
    pixels = SHIMMER_ACROSS, SHIMMER_DOWN
    assert motion.wave_lengths == tuple(n * DEGREES_PER_PIXEL for n in pixels)
    assert set(motion.clock_periods) == {*FLICKER_PERIODS, HOP_PERIOD, WALK_PERIOD}
    periods = {*motion.clock_periods, motion.wave_period, RING_WIDTH / CLOUD_SPEED}
    assert all(PERIOD % period == 0 for period in periods)


def test_clouds_keep_their_coordinates_and_all_else_keeps_its_own():
    first = len(RAYS.yaw_harmonics) + RAYS.pitch_channels
    wind = slice(first, first + len(RAYS.motion.wind_harmonics))
    windy = RAYS.motion.windy_heads.index(True)
    time = 640.0
    then, drifted = rotary(30.0, 0.0), rotary(30.0 + RAYS.motion.wind * time, time)
    assert torch.allclose(then[:, windy, wind], drifted[:, windy, wind], atol=1e-5)
    assert not torch.allclose(then[..., :first], drifted[..., :first], atol=0.5)
    later = rotary(30.0, time)
    assert torch.allclose(then[..., :first], later[..., :first], atol=1e-5)
    assert not torch.allclose(then[:, windy, wind], later[:, windy, wind], atol=0.5)


def test_heads_that_see_no_wind_turn_as_in_a_world_that_stands_still():
    still = RayCoordinates(replace(RAYS, motion=None), 6, 10)
    pose, time = torch.tensor([[[30.0, 5.0, 90.0]]]), torch.tensor([[77.0]])
    expected, turns = still.rotary(pose, time), RayCoordinates(RAYS, 6, 10).rotary(pose, time)
    for head, windy in enumerate(RAYS.motion.windy_heads):
        assert torch.equal(turns[:, :, head], expected[:, :, 0]) != windy


@pytest.mark.parametrize("wrong", [{"windy_heads": (True,)}, {"wind_harmonics": tuple(range(9))}])
def test_motion_that_does_not_fit_the_heads_is_refused(wrong):
    with pytest.raises(ValueError, match=r"heads|do not fit"):
        replace(POCKET.dit, rays=replace(RAYS, motion=replace(RAYS.motion, **wrong)))


def test_after_a_period_the_clock_tells_the_same():
    assert torch.allclose(told(77.0, 5.0), told(77.0, 5.0 + PERIOD), atol=1e-4)
    assert not torch.allclose(told(77.0, 5.0), told(77.0, 21.0), atol=0.1)


@pytest.mark.parametrize("turns", [-1, 2])
def test_a_full_turn_changes_nothing_of_the_clock(turns):
    assert torch.allclose(told(12.0, 9.0), told(12.0 + 360 * turns, 9.0), atol=1e-4)


def test_at_time_zero_the_wave_is_at_rest():
    yaw, pitch = torch.rand(2, 1, 1, 8, dtype=torch.float64) * 90
    features = MotionCoordinates(RAYS.motion, 9.0).features(yaw, pitch, torch.zeros_like(yaw))
    rest, now = (features[..., len(RAYS.motion.clock_periods) + i] for i in (0, 1))
    assert torch.equal(rest, now)
