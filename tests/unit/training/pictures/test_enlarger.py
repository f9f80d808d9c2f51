"""Training of the network that enlarges: pairs in place, a loss that forgives small shifts."""

import numpy as np
import torch
from torch.nn import functional

from mag_sandbox.model.autoencoder import Autoencoder
from mag_sandbox.model.config import POCKET
from mag_sandbox.model.enlarger import SCALE, Enlarger
from mag_sandbox.renderer.views import reduced
from mag_sandbox.training.pictures.enlarger import (
    CROP,
    EnlargerStage,
    ViewPairs,
    shifted_difference,
    view_pairs,
)
from tests.unit.training.learning import unchanged_weights


def test_a_new_network_interpolates():
    pictures = torch.rand(1, 3, 12, 20, generator=torch.Generator().manual_seed(0))
    smooth = functional.interpolate(pictures, scale_factor=SCALE, mode="bilinear")
    inner = (..., slice(SCALE, -SCALE), slice(SCALE, -SCALE))
    with torch.no_grad():
        made = Enlarger().eval()(pictures)
    assert torch.allclose(made[inner], smooth[inner], atol=1e-5)


def test_an_edge_beside_the_drawn_one_costs_less_than_a_soft_one():
    across = torch.arange(CROP * SCALE).float()
    step = (across >= 64).float().expand(1, 3, CROP * SCALE, -1)
    beside = (across >= 67).float().expand(1, 3, CROP * SCALE, -1)
    soft = ((across - 58) / 13).clamp(0, 1).expand(1, 3, CROP * SCALE, -1)
    exact, near, wide = (float(shifted_difference(one, step)) for one in (step, beside, soft))
    assert exact == 0.0
    assert near < 0.5 * wide


def test_pairs_show_the_same_place_and_all_weights_learn_from_them(tmp_path):
    pairs = view_pairs(Autoencoder(POCKET.autoencoder), range(1))
    assert pairs.large.shape == (3, 768, 1280, 3)
    small = np.stack([reduced(one, SCALE) for one in pairs.large])
    stage = EnlargerStage(Enlarger(), ViewPairs(small, pairs.large), seed=0)
    assert not unchanged_weights(stage, batches=3)
    stage.sheet(tmp_path / "sheet.png", 0)
    assert (tmp_path / "sheet.png").exists()
