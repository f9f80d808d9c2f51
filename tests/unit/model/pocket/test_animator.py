"""The network that moves pictures: what it is told is the renderer's, and nothing is moved by it
that it was not trained to move."""

import numpy as np
import pytest
import torch

from mag_sandbox.model.config import AnimatorConfig
from mag_sandbox.model.pocket.pictures.animator import PARTS, Animator, Moments
from mag_sandbox.renderer import motion
from mag_sandbox.renderer.canvas import RING_HEIGHT
from mag_sandbox.renderer.render import SceneRenderer, lay_out
from mag_sandbox.renderer.views import DEGREES_PER_PIXEL
from tests.tiny import TINY_ANIMATOR, randomise

CONFIG, SKY = AnimatorConfig(), motion.MotionLabel.SKY


def moments(*places: tuple[float, float, float, float]) -> Moments:
    """Return moments of (yaw, pitch, fov, time)."""
    table = torch.tensor(places, dtype=torch.float64)
    return Moments(table[:, :3], table[:, 3])


@pytest.fixture
def pictures() -> torch.Tensor:
    return torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(1)) * 2 - 1


def test_it_is_told_the_numbers_of_the_renderer():
    assert CONFIG.wind == motion.CLOUD_SPEED * DEGREES_PER_PIXEL
    across, down = (length / DEGREES_PER_PIXEL for length in CONFIG.wave_lengths)
    assert (across, down) == (motion.SHIMMER_ACROSS, motion.SHIMMER_DOWN)
    assert CONFIG.wave_period == motion.SHIMMER_PERIOD
    assert set(CONFIG.clock_periods) >= {*motion.FLICKER_PERIODS, motion.SHIMMER_PERIOD}
    assert len(PARTS) == 4


def test_untrained_it_leaves_pictures_alone(pictures):
    animator = Animator(TINY_ANIMATOR)
    parts = torch.zeros(2, 4, 64, 64)
    at = moments((0, 0, 90, 5), (80, 10, 60, 700))
    assert torch.equal(animator(pictures, pictures.flip(0), parts, at), pictures)


def test_where_all_is_sky_the_wind_brings_the_picture(pictures):
    animator = Animator(TINY_ANIMATOR)
    parts = torch.zeros(2, 4, 64, 64)
    parts[:, PARTS.index("sky"), :32] = 1.0
    moved = animator(pictures, pictures.flip(0), parts, moments(*[(0, 0, 90, 5)] * 2))
    # what follows edges looks two cells far
    torch.testing.assert_close(moved[:, :, :20], pictures.flip(0)[:, :, :20])
    torch.testing.assert_close(moved[:, :, 44:], pictures[:, :, 44:])


def test_waves_have_the_renderers_phases():
    animator = Animator(CONFIG)
    left, top, time, size = 200, 150, 11, 64
    place = left + size / 2, RING_HEIGHT / 2 - top - size / 2, size
    at = moments((*(px * DEGREES_PER_PIXEL for px in place), time))
    maps, _ = animator.conditions(at, size, size)
    rows, columns = np.mgrid[top : top + size : 4, left : left + size : 4] + 1.5
    phase = columns / motion.SHIMMER_ACROSS + rows / motion.SHIMMER_DOWN
    for found, expected in ((maps[0, 0], phase), (maps[0, 2], phase - time / 32)):
        np.testing.assert_allclose(found, np.sin(2 * np.pi * expected), atol=1e-6)


def test_a_crop_is_told_what_the_whole_picture_is_told_there():
    animator = Animator(CONFIG)
    whole, _ = animator.conditions(moments((30, 5, 90, 9)), 192, 320)
    # 64 px from the left and 32 from the top, 128 wide
    yaw, pitch = 30 + (64 + 64 - 160) * 90 / 320, 5 - (32 + 64 - 96) * 90 / 320
    crop, _ = animator.conditions(moments((yaw, pitch, 128 * 90 / 320, 9)), 128, 128)
    torch.testing.assert_close(crop, whole[:, :, 8:40, 16:48])


def test_time_goes_round_with_the_clock(pictures):
    """All that comes and goes has come back after the longest period, the wind apart."""
    animator = randomise(Animator(TINY_ANIMATOR), 3, gain=0.5).eval()
    parts = torch.rand(2, 4, 64, 64)
    now, later, between = (
        animator(pictures, pictures, parts, moments(*[(0, 0, 90, 5 + more)] * 2))
        for more in (0, 128, 40)
    )
    torch.testing.assert_close(now, later, atol=1e-4, rtol=0)
    assert (now - between).abs().max() > 0.01


def test_a_moment_shifted_by_the_wind_shows_the_same_open_sky():
    """What `wind` is given: the renderer's sky at a time is that of upwind at rest."""
    scene, time = SceneRenderer(lay_out("video game", 0)), 160
    rest, later = scene.ring(), scene.ring(time=time)
    shift = round(time * CONFIG.wind / DEGREES_PER_PIXEL)
    carried = np.roll(rest.pixels, shift, axis=1)
    sky = (rest.motions == SKY) & (np.roll(rest.motions, shift, axis=1) == SKY)
    now, before, still = later.pixels, carried, rest.pixels
    assert sky.mean() > 0.2
    away = np.abs(now.astype(int) - before)[sky].mean()
    assert away < 0.2 * np.abs(now.astype(int) - still)[sky].mean()
