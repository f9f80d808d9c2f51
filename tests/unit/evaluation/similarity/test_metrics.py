"""The measures themselves, on pictures whose answer is known."""

import numpy as np
import pytest

from mag_sandbox.evaluation.magbench.best_match import video_psnr, video_ssim
from mag_sandbox.evaluation.similarity.metrics import (
    MAX_PSNR,
    bootstrap_interval,
    frechet_distance,
    gradient_energy,
    psnr,
    sharpness,
    ssim,
)
from mag_sandbox.model.full.image_shift import luma
from mag_sandbox.renderer.render import HELD_OUT, SceneRenderer, lay_out
from mag_sandbox.renderer.views import view_at


@pytest.fixture(scope="module")
def ring() -> np.ndarray:
    return SceneRenderer(lay_out("video game", HELD_OUT + 3)).ring().pixels


def noisy(frame: np.ndarray, amount: float) -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, amount, frame.shape)
    return np.clip(frame + noise, 0, 255).round().astype(np.uint8)


def test_psnr_of_a_known_error():
    black, grey = np.zeros((4, 4, 3), np.uint8), np.full((4, 4, 3), 51, np.uint8)
    assert psnr(black, grey) == pytest.approx(20 * np.log10(5))
    assert psnr(black, black) == MAX_PSNR


def test_frames_of_different_sizes_are_refused():
    with pytest.raises(ValueError, match="differ in shape"):
        psnr(np.zeros((4, 4, 3)), np.zeros((4, 5, 3)))


def test_likeness_falls_with_noise(ring: np.ndarray):
    frame = view_at(ring, 0.0, 0.0)
    versions = [frame, noisy(frame, 4), noisy(frame, 20)]
    for measure in (psnr, ssim):
        scores = [measure(frame, version) for version in versions]
        assert scores == sorted(scores, reverse=True)
    assert ssim(frame, frame) == pytest.approx(1.0)


def test_a_half_empty_picture_has_half_the_detail(ring: np.ndarray):
    frame = view_at(ring, 0.0, 0.0)
    half = np.full((192, 640, 3), frame[0, -1], np.uint8)
    half[:, :320] = frame
    assert gradient_energy(np.full((192, 320, 3), 90, np.uint8)) == 0.0
    assert gradient_energy(half) == pytest.approx(gradient_energy(frame) / 2, rel=0.1)


def test_a_soft_picture_is_less_sharp_but_has_as_much_to_see(ring: np.ndarray):
    frame = view_at(ring, 0.0, 0.0)
    soft = ((frame.astype(int) + np.roll(frame, 1, 1) + np.roll(frame, 2, 1)) // 3).astype(np.uint8)
    assert sharpness(soft) < 0.9 * sharpness(frame)
    assert gradient_energy(soft) > 0.9 * gradient_energy(frame)


def test_frechet_distance_of_known_distributions():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(4000, 5))
    others = 2 * rng.normal(size=(4000, 5)) + 3
    assert frechet_distance(features, features) == pytest.approx(0.0, abs=1e-6)
    # squared distance of the means, and (2 - 1) squared, in each of 5 directions
    assert frechet_distance(features, others) == pytest.approx(5 * (9 + 1), rel=0.05)
    assert frechet_distance(features, others) == pytest.approx(frechet_distance(others, features))


def test_the_interval_holds_the_mean_and_repeats():
    values = [28.0, 31.0, 30.0, 33.0, 27.0]
    low, high = bootstrap_interval(values)
    assert low < np.mean(values) < high
    assert bootstrap_interval(values) == (low, high)
    assert bootstrap_interval([5.0]) == (5.0, 5.0)


def test_likeness_agrees_with_a_well_kept_library(ring: np.ndarray):
    import skimage.metrics as skimage  # slow to import, like scipy below

    frame = view_at(ring, 0.0, 0.0)
    for other in (noisy(frame, 6), view_at(ring, 3.0, 0.0), 255 - frame):
        theirs = skimage.peak_signal_noise_ratio(frame, other)
        assert psnr(other, frame) == pytest.approx(theirs, abs=1e-4)
        theirs = skimage.structural_similarity(luma(frame), luma(other), data_range=255)
        # theirs leaves out the windows at the edge, ours has whole windows only: the same pixels
        assert ssim(other, frame) == pytest.approx(theirs, abs=2e-4)


def test_the_official_likeness_agrees_with_a_well_kept_library(ring: np.ndarray):
    import skimage.metrics as skimage

    frame = view_at(ring, 0.0, 0.0)
    for other in (noisy(frame, 6), view_at(ring, 3.0, 0.0)):
        a, b = (
            one.transpose(2, 0, 1)[None].astype(np.float64) / 127.5 - 1 for one in (frame, other)
        )
        theirs = skimage.structural_similarity(
            frame, other, data_range=255, channel_axis=2, gaussian_weights=True, sigma=1.5,
            win_size=11, use_sample_covariance=False,
        )  # fmt: skip
        assert video_ssim(a, b) == pytest.approx(theirs, abs=1e-4)
        theirs = skimage.peak_signal_noise_ratio(frame, other)
        assert video_psnr(a, b) == pytest.approx(theirs, abs=1e-6)


def test_frechet_distance_agrees_with_a_well_kept_matrix_root():
    from scipy.linalg import sqrtm

    rng = np.random.default_rng(2)
    features, others = rng.normal(size=(90, 6)), rng.normal(size=(70, 6)) @ rng.normal(size=(6, 6))
    gap = features.mean(0) - others.mean(0)
    a, b = np.cov(features, rowvar=False), np.cov(others, rowvar=False)
    theirs = gap @ gap + np.trace(a + b - 2 * sqrtm(a @ b).real)
    assert frechet_distance(features, others) == pytest.approx(theirs, rel=1e-6)
