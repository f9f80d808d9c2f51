"""The network that shows a thing from nearer than it was painted."""

import numpy as np
import pytest

from mag_sandbox.model.attention import matmul_attention
from mag_sandbox.model.imagination.close_up import FINER, CloseUps, CutOutPicture
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.weights import IMAGINATION_WEIGHTS, load_networks

MUSHROOM = PlacedObject("mushroom", 0.0, -10.0, 8.0, 8.0, (200, 40, 40), (200, 60, 60), 1)


@pytest.fixture(scope="module")
def close_ups() -> CloseUps:
    networks = load_networks(IMAGINATION_WEIGHTS, matmul_attention)
    return CloseUps(lambda: networks.close_up, networks.config.kinds)


def soft_disc(height: int, width: int, color: float = 0.6) -> CutOutPicture:
    """Return the cut-out of a soft red disc in the middle of a box."""
    down, across = np.mgrid[:height, :width]
    radius = np.hypot(down - height / 2 + 0.5, across - width / 2 + 0.5)
    alpha = ((min(height, width) * 0.35 - radius) / 6 + 0.5).clip(0, 1)
    colors = np.stack((color * alpha, -color * alpha, -color * alpha))
    layer = np.concatenate((colors, alpha[None])).astype(np.float32)
    return CutOutPicture(layer, (0.15 * width, 0.15 * height, 0.7 * width, 0.7 * height))


@pytest.mark.parametrize(("height", "width"), [(40, 40), (37, 42), (9, 63)])
def test_a_close_up_is_as_many_times_as_large_and_no_colour_exceeds_its_alpha(
    close_ups: CloseUps, height: int, width: int
):
    given = soft_disc(height, width)
    layer, box = close_ups.enlarged(given, MUSHROOM)
    assert layer.shape == (4, FINER * height, FINER * width)
    assert box == tuple(FINER * end for end in given.box)
    assert (layer[3] >= 0).all() and (layer[3] <= 1).all()
    assert (np.abs(layer[:3]) <= layer[3:] + 1e-6).all()
    assert np.array_equal(layer, close_ups.enlarged(given, MUSHROOM).layer)


def test_outlines_are_crisper_and_stay_where_they_are(close_ups: CloseUps):
    given = soft_disc(48, 48)
    alpha = close_ups.enlarged(given, MUSHROOM).layer[3]
    soft = given.layer[3].repeat(FINER, 0).repeat(FINER, 1)
    between = [((one > 0.1) & (one < 0.9)).sum() for one in (alpha, soft)]
    assert between[0] < 0.6 * between[1]
    assert ((alpha > 0.5) != (soft > 0.5)).sum() < 0.15 * (soft > 0.5).sum()


def test_only_kinds_that_it_was_taught_are_known(close_ups: CloseUps):
    assert close_ups.knows(MUSHROOM)
    assert not close_ups.knows(PlacedObject("gramophone of glass", 0.0, 0.0, 1.0, 1.0))
    assert not CloseUps(lambda: None, [MUSHROOM.kind]).knows(MUSHROOM), "weights may lack it"
