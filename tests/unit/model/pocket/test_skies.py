"""Skies alone, and shares that end where things do."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mag_sandbox.model.pocket.pictures.animator import PARTS, Animator, Moments
from mag_sandbox.model.pocket.pictures.cells import cells_of, pixels_of
from mag_sandbox.model.pocket.pictures.skies import EdgeFollowing, sky_alone
from tests.tiny import TINY_ANIMATOR

HEIGHT, WIDTH = 32, 64
ANIMATOR = Animator(TINY_ANIMATOR)  # untrained it shows the wind where parts say sky
SKY, BIRD = 0.4, -0.9  # brightness at the horizon, and of a bird
NOW = Moments(torch.tensor([[0.0, 0.0, 90.0]], dtype=torch.float64), torch.tensor([40.0]).double())


def open_sky() -> torch.Tensor:
    """Return a sky that darkens upwards, [1, 3, H, W]."""
    return SKY - torch.linspace(0.4, 0, HEIGHT)[:, None].expand(1, 3, HEIGHT, WIDTH)


def sky_share(share: torch.Tensor) -> torch.Tensor:
    """Return shares of all parts, [1, 4, H, W], of which there is only sky, [1, 1, H, W]."""
    parts = torch.zeros(1, len(PARTS), HEIGHT, WIDTH)
    parts[:, PARTS.index("sky")] = share[:, 0]
    return parts


@settings(max_examples=20)
@given(
    st.integers(0, HEIGHT - 4), st.integers(0, WIDTH - 4), st.integers(4, 20), st.integers(4, 30)
)
def test_a_bird_upwind_never_shows_up_in_the_sky_of_the_present(top, left, height, width):
    upwind, share = open_sky().clone(), torch.ones(1, 1, HEIGHT, WIDTH)
    box = slice(None), slice(None), slice(top, top + height), slice(left, left + width)
    upwind[box], share[box] = BIRD, 0.0
    alone = sky_alone(upwind, share)
    here = sky_share(torch.ones(1, 1, HEIGHT, WIDTH))
    with torch.inference_mode():
        now = ANIMATOR(open_sky(), alone, here, NOW)
    assert (now - open_sky()).abs().max() < 0.3  # of 1.3 that the bird differs by


def test_clouds_stay_as_they_are_and_go_on_behind_what_is_taken_out():
    sky, share = open_sky().clone(), torch.ones(1, 1, HEIGHT, WIDTH)
    sky[..., 8:26, 16:48] = 1.0
    cloudy = sky.clone()
    bird = slice(None), slice(None), slice(15, 19), slice(30, 34)
    sky[bird], share[bird] = BIRD, 0.0
    alone = sky_alone(sky, share)
    torch.testing.assert_close(alone, cloudy, atol=1e-3, rtol=0)


def test_a_cloud_over_a_tower_leaves_no_streak_where_that_was():
    sky, share = open_sky().clone(), torch.ones(1, 1, HEIGHT, WIDTH)
    sky[..., 2:8, 20:44] = 1.0
    tower = slice(None), slice(None), slice(8, 30), slice(24, 40)
    sky[tower], share[tower] = BIRD, 0.0
    alone = sky_alone(sky, share)
    assert (alone - open_sky())[..., 14:30, :].abs().max() < 0.03


def test_where_nothing_is_sky_something_of_the_picture_is_left():
    picture = torch.rand(1, 3, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(3)) + 1
    alone = sky_alone(picture, torch.zeros(1, 1, HEIGHT, WIDTH))
    assert 1 <= alone.min() <= alone.max() <= 2


def test_a_share_ends_where_the_picture_has_an_edge_not_at_the_corners_of_cells():
    picture = torch.full((1, 3, HEIGHT, WIDTH), -0.5)
    picture[..., :18, :] = 0.5  # amid cells
    ragged = torch.zeros(1, 1, HEIGHT, WIDTH)
    ragged[..., :16, :] = 1.0
    for cell in range(0, WIDTH, 8):
        ragged[..., 16:20, cell : cell + 4] = 1.0
    followed = pixels_of(EdgeFollowing()(cells_of(ragged), cells_of(picture)))
    assert (followed[..., 17, :] - followed[..., 18, :]).min() > 0.4
    assert (followed[..., 1:] - followed[..., :-1]).abs().max() < 0.05


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_share_that_is_the_same_all_over_stays(share):
    picture = torch.rand(1, 3, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(4)) * 2 - 1
    followed = EdgeFollowing()(torch.full((1, 16, 8, 16), share), cells_of(picture))
    torch.testing.assert_close(followed, torch.full_like(followed, share))


def test_cells_are_the_same_pixels_in_another_order():
    shown = torch.rand(2, 3, 32, 64).contiguous(memory_format=torch.channels_last)
    cells = cells_of(shown)
    assert cells.shape == (2, 48, 8, 16)
    assert torch.equal(pixels_of(cells), shown)
    assert torch.equal(cells[0, :, 2, 5].view(4, 4, 3), shown[0, :, 8:12, 20:24].permute(1, 2, 0))
