"""The shift of a picture, on views whose turn is known."""

import numpy as np
import pytest

from mag_sandbox.model.full.image_shift import (
    brightness_shift,
    enlarged,
    image_shift,
    likeness,
    luma,
)
from mag_sandbox.renderer.render import HELD_OUT, SceneRenderer, lay_out
from mag_sandbox.renderer.views import view_at


@pytest.fixture(scope="module")
def ring() -> np.ndarray:
    return SceneRenderer(lay_out("video game", HELD_OUT + 4)).ring().pixels


@pytest.mark.parametrize("turn", [(0.0, 0.0), (1.25, 0.0), (-1.25, 0.0), (0.3, 0.1), (3.75, -2.5)])
def test_a_turn_shifts_the_picture_by_its_pixels(ring: np.ndarray, turn: tuple[float, float]):
    yaw, pitch = turn
    shift = image_shift(view_at(ring, 40.0, 0.0), view_at(ring, 40.0 + yaw, pitch))
    expected = np.array([-yaw, pitch]) * 320 / 90
    assert np.abs(shift - expected).max() < 0.15


@pytest.mark.parametrize("contrast", [1.0, 0.05])
def test_the_shift_is_the_one_of_least_error(ring: np.ndarray, contrast: float):
    """Also among nearly equal errors, where products alone would be too coarse."""
    frame = 60 + contrast * luma(view_at(ring, 40.0, 0.0))[::4, ::4]
    after = np.roll(frame, 7, axis=1) + np.random.default_rng(0).normal(0, 0.5, frame.shape)
    errors = {
        shift: np.square(frame[:, -min(0, shift) : 80 - max(0, shift)]
                         - after[:, max(0, shift) : 80 + min(0, shift)]).mean()
        for shift in range(-24, 25)
    }  # fmt: skip
    right, down = brightness_shift(frame, after, limit=24)
    assert min(errors, key=errors.get) == round(right) == 7
    assert abs(down) < 0.5


def test_an_empty_picture_has_no_measurable_shift():
    blank = np.full((192, 320, 3), 90, np.uint8)
    assert image_shift(blank, blank) is None


def test_a_far_shift_is_found_near_where_it_is_looked_for(ring: np.ndarray):
    frame, turned = view_at(ring, 40.0, 0.0), view_at(ring, 63.0, -4.5)
    expected = np.array([-23.0, -4.5]) * 320 / 90
    assert np.abs(image_shift(frame, turned, limit=12, near=(-78, -10)) - expected).max() < 0.5
    assert np.abs(image_shift(frame, turned, limit=12) - expected).max() > 50


def test_only_the_right_shift_makes_two_views_alike(ring: np.ndarray):
    frame, turned = luma(view_at(ring, 40.0, 0.0)), luma(view_at(ring, 49.0, -4.5))
    assert likeness(frame, turned, (-32, -16)) == pytest.approx(1.0)
    assert likeness(frame, turned, (-26, -16)) < 0.9
    assert likeness(frame, luma(view_at(ring, 220.0, 0.0)), (0, 0)) < 0.4


def test_an_enlarged_picture_shows_the_middle():
    frame = np.arange(192 * 320 * 3).reshape(192, 320, 3)
    assert enlarged(frame, 1.0) is frame
    near = enlarged(frame, 1.5)
    assert near.shape == frame.shape
    assert (near[0, 0] == frame[32, 53]).all()
    assert (near[-1, -1] == frame[-33, -54]).all()


def test_empty_pictures_and_such_that_share_nothing_are_not_alike(ring: np.ndarray):
    frame = luma(view_at(ring, 40.0, 0.0))
    assert likeness(frame, np.full_like(frame, 90.0), (0, 0)) == 0.0
    assert likeness(frame, frame, (400, 0)) == 0.0
