"""Camera paths of training hold all that play does, in whole pixels, inside the panorama."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from model.config import POCKET
from training.latents import corners_to_poses
from training.losses import flow_loss, flow_target, sample_noise_levels
from training.panorama.canvas import RING_HEIGHT, RING_WIDTH
from training.panorama.render import view_corner
from training.paths import FASTEST, REACH, CameraPath, random_path


def path_of(seed: int, blocks: int = 6) -> CameraPath:
    """Return the path of a seed."""
    return random_path(np.random.default_rng(seed), blocks, 3)


@given(seed=st.integers(0, 2**32), blocks=st.integers(1, 12))
def test_views_stay_inside_the_panorama_on_whole_pixels(seed, blocks):
    path = path_of(seed, blocks)
    assert path.left.shape == path.top.shape == path.times.shape == (blocks, 3)
    assert (path.top >= 0).all()
    assert (path.top <= REACH).all()
    assert np.array_equal(path.left, path.left.round())
    assert np.array_equal(path.top, path.top.round())
    assert REACH + POCKET.frame_height == RING_HEIGHT


@given(seed=st.integers(0, 2**32))
def test_time_only_goes_forward_one_frame_at_a_time_within_a_block(seed):
    times = path_of(seed, 10).times
    assert (np.diff(times, axis=1) == 1).all()
    assert (np.diff(times[:, 0]) >= 3).all()


@given(seed=st.integers(0, 2**32))
def test_a_block_moves_at_one_speed(seed):
    path = path_of(seed)
    steps = np.diff(path.left, axis=1)
    assert (np.abs(steps) <= FASTEST + 1).all()
    assert (np.abs(steps[:, 0] - steps[:, 1]) <= 1).all()  # whole pixels


def test_the_same_seed_gives_the_same_path():
    one, other = path_of(3), path_of(3)
    assert np.array_equal(one.left, other.left)
    assert not np.array_equal(one.left, path_of(4).left)


def test_many_paths_hold_every_kind_of_play():
    seen = dict.fromkeys(("still", "slow", "fast", "tilt", "turn", "jump", "wait", "return"), 0)
    for seed in range(300):
        path = path_of(seed)
        across = np.diff(path.left, axis=1)[:, 0]
        along = np.diff(path.top, axis=1)[:, 0]
        between = path.left[1:, 0] - path.left[:-1, -1]
        waited = path.times[1:, 0] - path.times[:-1, -1]
        far = np.abs(path.left[:, None, -1] - path.left[None, :, -1])
        long_ago = path.times[:, None, 0] - path.times[None, :, 0] > 100
        seen["still"] += bool(((across == 0) & (along == 0)).any())
        seen["slow"] += bool(((np.abs(across) > 0) & (np.abs(across) <= 3)).any())
        seen["fast"] += bool((np.abs(across) >= 12).any())
        seen["tilt"] += bool((np.abs(along) >= 1).any())
        seen["turn"] += bool((across[1:] * across[:-1] < 0).any())
        seen["jump"] += bool(((np.abs(between) >= 150) & (waited == 1)).any())
        seen["wait"] += bool((waited > 1000).any())
        seen["return"] += bool(((far < 100) & long_ago).any())
    assert min(seen.values()) >= 20, seen


@given(yaw=st.integers(0, RING_WIDTH), pitch=st.integers(-96, 96))
def test_corners_and_poses_are_inverse(yaw, pitch):
    degrees = 360.0 / RING_WIDTH
    left, top = view_corner(yaw * degrees, pitch * degrees)
    pose = corners_to_poses(np.array([left]), np.array([top]))[0]
    assert pose.tolist() == pytest.approx([yaw * degrees, pitch * degrees, 90.0], abs=1e-9)


def test_noise_levels_lie_inside_zero_and_one():
    levels = sample_noise_levels((200_000,), torch.Generator().manual_seed(0))
    assert levels.min() > 0
    assert levels.max() < 1
    assert 0.5 < levels.mean() < 0.8  # leaning towards noise


def test_the_target_leads_from_noisy_to_clean_latents():
    draw = torch.Generator().manual_seed(1)
    x0 = torch.randn(2, 3, 4, 2, 2, generator=draw)
    sigma = sample_noise_levels((2, 3), draw)
    noisy, target = flow_target(x0, sigma, draw)
    assert torch.allclose(noisy - sigma[..., None, None, None] * target, x0, atol=1e-5)
    assert flow_loss(target, target) == 0
    assert flow_loss(target.bfloat16(), target).dtype == torch.float32
