"""The network that moves pictures: what it is told is the renderer's, and nothing is moved by it
that it was not trained to move."""

import numpy as np
import pytest
import torch

from mag_sandbox.model.config import AnimatorConfig
from mag_sandbox.model.pocket.pictures.animator import PARTS, Animator, Moments
from mag_sandbox.renderer.canvas import RING_HEIGHT, RING_WIDTH
from mag_sandbox.renderer.version2 import moving
from mag_sandbox.renderer.version2.moving import HOP_HEIGHT, WALK_REACH
from mag_sandbox.renderer.views import DEGREES_PER_PIXEL
from tests.tiny import TINY_ANIMATOR, randomise

CONFIG = AnimatorConfig()


def moments(*places: tuple[float, float, float, float]) -> Moments:
    """Return moments of (yaw, pitch, fov, time)."""
    table = torch.tensor(places, dtype=torch.float64)
    return Moments(table[:, :3], table[:, 3])


@pytest.fixture
def pictures() -> torch.Tensor:
    return torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(1)) * 2 - 1


def test_it_is_told_the_numbers_of_the_renderer():
    assert CONFIG.wind == moving.CLOUD_SPEED * DEGREES_PER_PIXEL
    assert CONFIG.walk_reach == WALK_REACH * DEGREES_PER_PIXEL
    assert CONFIG.hop_height == HOP_HEIGHT * DEGREES_PER_PIXEL
    assert (CONFIG.walk_period, CONFIG.hop_period) == (moving.WALK_PERIOD, moving.HOP_PERIOD)
    across, down = (length / DEGREES_PER_PIXEL for length in CONFIG.wave_lengths)
    assert (across, down) == (moving.SHIMMER_ACROSS, moving.SHIMMER_DOWN)
    assert CONFIG.wave_period == moving.SHIMMER_PERIOD
    periods = {*moving.FLICKER_PERIODS, moving.WALK_PERIOD, moving.HOP_PERIOD}
    assert set(CONFIG.clock_periods) == periods
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


@pytest.mark.parametrize("time", [3, 17, 40, 111])
def test_walkers_are_where_the_renderer_has_them(time):
    """A spot walks as far as the renderer's walkers, zoomed in twice as many pixels."""
    picture = torch.full((1, 3, 96, 160), -1.0)
    picture[:, :, 40:48, 72:80] = 1.0
    across, up = moving.walk_offset(time)
    for fov, zoom in ((160 * DEGREES_PER_PIXEL, 1), (80 * DEGREES_PER_PIXEL, 2)):
        walked = Animator(TINY_ANIMATOR).walked(picture, moments((0, 0, fov, time)))
        light = (walked[0, 0] + 1).double()
        rows, columns = torch.meshgrid(torch.arange(96.0), torch.arange(160.0), indexing="ij")
        place = (light * columns).sum() / light.sum(), (light * rows).sum() / light.sum()
        assert place[0] == pytest.approx(75.5 + zoom * across, abs=0.05)
        assert place[1] == pytest.approx(43.5 - zoom * up, abs=0.05)


def test_waves_have_the_renderers_phases():
    animator = Animator(CONFIG)
    left, top, time, size = 200, 150, 11, 64
    place = left + size / 2, RING_HEIGHT / 2 - top - size / 2, size
    at = moments((*(px * DEGREES_PER_PIXEL for px in place), time))
    maps, _ = animator.told(at, size, size)
    rows, columns = np.mgrid[top : top + size : 4, left : left + size : 4] + 1.5
    phase = columns / moving.SHIMMER_ACROSS + rows / moving.SHIMMER_DOWN
    for found, expected in ((maps[0, 0], phase), (maps[0, 2], phase - time / 32)):
        np.testing.assert_allclose(found, np.sin(2 * np.pi * expected), atol=1e-6)


def test_a_crop_is_told_what_the_whole_picture_is_told_there():
    animator = Animator(CONFIG)
    whole, _ = animator.told(moments((30, 5, 90, 9)), 192, 320)
    # 64 px from the left and 32 from the top, 128 wide
    yaw, pitch = 30 + (64 + 64 - 160) * 90 / 320, 5 - (32 + 64 - 96) * 90 / 320
    crop, _ = animator.told(moments((yaw, pitch, 128 * 90 / 320, 9)), 128, 128)
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
    layers = moving.render_moving("outdoor", 7).layers
    time, width, height = 160, 320, 60
    sky = moving.parts(layers, 100, 30, width, height)[0] == 1.0
    upwind = int(100 - time * CONFIG.wind / DEGREES_PER_PIXEL) % RING_WIDTH
    sky &= moving.parts(layers, upwind, 30, width, height)[0] == 1.0
    now = moving.moment(layers, 100, 30, time, width, height)
    before = moving.moment(layers, upwind, 30, 0, width, height)
    still = moving.moment(layers, 100, 30, 0, width, height)
    assert sky.mean() > 0.2
    away = np.abs(now.astype(int) - before)[sky].mean()
    assert away < 0.2 * np.abs(now.astype(int) - still)[sky].mean()
