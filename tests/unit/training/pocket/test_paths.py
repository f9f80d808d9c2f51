"""Camera paths of training hold all that play does, in whole pixels, inside the panorama."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mag_sandbox.model.attention import matmul_attention
from mag_sandbox.model.autoencoder import Autoencoder
from mag_sandbox.model.config import POCKET
from mag_sandbox.renderer.canvas import RING_HEIGHT, RING_WIDTH
from mag_sandbox.renderer.views import FOV, view, view_at, view_corner, zoomed_view
from mag_sandbox.training.devices import TrainingDevice
from mag_sandbox.training.losses import flow_loss, flow_target, sample_noise_levels
from mag_sandbox.training.pocket.data import PanoramaSet, RestingViews, places_to_poses
from mag_sandbox.training.pocket.paths import (
    FASTEST,
    FASTEST_ZOOM,
    NARROWEST,
    REACH,
    CameraPath,
    random_path,
)


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
def test_time_goes_forward_and_stands_still_only_for_what_is_imagined_ahead(seed):
    path = path_of(seed, 10)
    assert (np.diff(path.times, axis=1) == 1).all()
    passed = np.diff(path.times[:, 0])
    ahead = np.append(passed == 0, False)
    assert (passed[passed != 0] >= 3).all()
    assert (np.ptp(path.left[ahead], axis=1) == 0).all()
    assert not (ahead[1:] & ahead[:-1]).any()


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
def test_places_and_poses_are_inverse(yaw, pitch):
    degrees = 360.0 / RING_WIDTH
    left, top = view_corner(yaw * degrees, pitch * degrees)
    pose = places_to_poses(np.array([left]), np.array([top]), np.array([75.0]))[0]
    assert pose.tolist() == pytest.approx([yaw * degrees, pitch * degrees, 75.0], abs=1e-9)


@given(seed=st.integers(0, 2**32))
def test_zoom_stays_in_its_limits_and_changes_evenly(seed):
    fov = path_of(seed, 10).fov
    assert (fov >= NARROWEST).all()
    assert (fov <= FOV).all()
    steps = np.diff(fov, axis=1)
    assert (np.abs(steps) <= FASTEST_ZOOM + 1e-9).all()
    free = (fov > NARROWEST).all(axis=1) & (fov < FOV).all(axis=1)
    assert steps[free, 0] == pytest.approx(steps[free, 1])


def test_some_paths_zoom_and_most_do_not():
    narrow = np.array([(path_of(seed).fov < FOV).any() for seed in range(300)])
    assert 0.25 < narrow.mean() < 0.55


@given(left=st.integers(-40, 1400), top=st.integers(0, REACH), fov=st.floats(NARROWEST, FOV))
def test_a_zoomed_view_is_the_middle_of_the_view_enlarged(left, top, fov):
    y, x = np.mgrid[:RING_HEIGHT, :RING_WIDTH]
    around = np.abs((x - left - 160 + RING_WIDTH / 2) % RING_WIDTH - RING_WIDTH / 2)
    ring = np.stack((around, np.abs(y - top - 96), np.zeros_like(x)), axis=-1).clip(0, 255)
    zoomed = zoomed_view(ring.astype(np.uint8), left, top, fov)
    assert zoomed.shape == (192, 320, 3)
    edges = zoomed[[0, -1]][:, [0, -1]].reshape(4, 3)[:, :2]
    expected = np.array([160, 96]) * fov / FOV
    assert np.abs(edges - expected).max() <= 2  # distances from the middle, in ring pixels


def test_a_view_that_is_not_zoomed_is_cut_out_as_it_is():
    ring = np.random.default_rng(0).integers(0, 256, (RING_HEIGHT, RING_WIDTH, 3), dtype=np.uint8)
    data = PanoramaSet(ring[None], np.zeros(1), [["a"]])
    assert np.array_equal(data.view_at_rest(0, 1200.0, 30.0, FOV), view(ring, 1200, 30))
    close = view_at(ring, 20.0, 3.0, FOV - 1e-6).astype(int)
    assert np.abs(close - view_at(ring, 20.0, 3.0)).mean() < 12  # other weights, same place


def test_views_are_cut_alike_one_by_one_and_together():
    waves = np.indices((RING_HEIGHT, RING_WIDTH)) * 2 * np.pi / RING_HEIGHT * 3
    ring = (np.stack((*np.sin(waves), np.cos(waves[1])), axis=-1) * 120 + 128).astype(np.uint8)
    data = PanoramaSet(ring[None], np.zeros(1), [["a"]])
    places = np.array([[-30.0, 3.0, FOV], [1200.0, 50.0, FOV], [17.0, 100.0, 55.0]])
    device = TrainingDevice("cpu", matmul_attention)
    views = RestingViews(data, Autoencoder(POCKET.autoencoder), device)
    for some in (places[:2], places):
        together = views.pixels(0, *some.T).numpy()
        for one, place in zip(together, some, strict=True):
            blended = np.abs(one - data.view_at_rest(0, *place)).max()
            assert blended <= (0 if place[2] == FOV else 1)


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
