"""Pictures twice as large: in place, no new colours, and sharper edges than scaling leaves."""

import numpy as np
from PIL import Image

from mag_sandbox.evaluation.similarity.metrics import psnr, sharpness
from mag_sandbox.model.loading import enlarged


def soft_disc(size: int, scale: int) -> np.ndarray:
    """A disc whose edge is a ramp of some pixels at scale 1, uint8 [1, H, W, 3]."""
    y, x = (np.mgrid[: size * scale, : size * scale] + 0.5) / scale
    inside = np.clip((size / 3 - np.hypot(x - size / 2, y - size / 2)) * scale / 3 + 0.5, 0, 1)
    return (60 + 140 * inside[..., None] * (1.0, 0.5, 0.2)).round().astype(np.uint8)[None]


def test_an_enlarged_picture_is_nearer_to_one_drawn_at_that_size_than_a_scaled_one():
    small, drawn = soft_disc(96, 1), soft_disc(96, 2)[0]
    scaled = np.asarray(Image.fromarray(small[0]).resize((192, 192), Image.Resampling.BILINEAR))
    (large,) = enlarged(small)
    assert large.shape == (192, 192, 3)
    assert psnr(large, drawn) > psnr(scaled, drawn) + 1.5
    assert sharpness(scaled) < 0.9 * sharpness(large)
    assert sharpness(large) < 1.1 * sharpness(drawn)


def test_plain_pictures_stay_plain_and_nothing_moves():
    plain = np.full((2, 24, 40, 3), 90, np.uint8)
    assert np.array_equal(enlarged(plain), np.full((2, 48, 80, 3), 90, np.uint8))
    frames = soft_disc(48, 1).repeat(2, axis=0)
    large = enlarged(frames)
    assert np.array_equal(large[0], large[1])
    assert np.array_equal(large[0], large[0, :, ::-1])
    assert psnr(large[0, ::2, ::2], frames[0]) > 25
    assert large.min() >= 55
    assert large.max() <= 206
