"""Training of the network that shows things from near: pairs in place, a loss that forgives."""

from functools import cache

import numpy as np
import pytest
import torch

from mag_sandbox.model.attention import matmul_attention
from mag_sandbox.model.autoencoder import Autoencoder
from mag_sandbox.model.checkpoints import load_into
from mag_sandbox.model.imagination.drawing.close_up import MOST, SCALE, CloseUp
from mag_sandbox.model.imagination.imagination import Coder, load_imagination
from mag_sandbox.model.imagination.weights import IMAGINATION_WEIGHTS
from mag_sandbox.model.pocket.weights import AUTOENCODER, POCKET_WEIGHTS, read_config
from mag_sandbox.training.pictures import close_ups
from mag_sandbox.training.pictures.close_ups import (
    CloseUpStage,
    CutOuts,
    TaughtCloseUpStage,
    ThingPair,
    fitted_differences,
)
from mag_sandbox.training.pictures.scene_rings import SceneRings
from tests.unit.training.learning import unchanged_weights

SIDE = 128


@cache
def scene_rings() -> SceneRings:
    config = read_config(POCKET_WEIGHTS)
    autoencoder = Autoencoder(config.autoencoder).eval().requires_grad_(False)
    load_into(autoencoder, POCKET_WEIGHTS / AUTOENCODER)
    imagination = load_imagination(IMAGINATION_WEIGHTS, Coder.of(autoencoder), matmul_attention)
    reads = imagination.config.planner
    text = torch.zeros(1, reads.text_len, reads.text_dim)
    return SceneRings(imagination, autoencoder, lambda _caption: text)


@cache
def pairs_of(painted: float, walked: float) -> list[ThingPair]:
    """Return the pairs of a scene, shares of scenes being all or nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(close_ups, "PAINTED", painted)
        patch.setattr(close_ups, "WALKED", walked)
        return CutOuts(scene_rings()).of_scene(705)


def test_an_edge_beside_the_drawn_one_costs_less_than_a_soft_one():
    across = torch.arange(SIDE).float()
    step = (across >= 64).float().expand(1, 4, SIDE, -1)
    beside = (across >= 68).float().expand(1, 4, SIDE, -1)
    soft = ((across - 58) / 13).clamp(0, 1).expand(1, 4, SIDE, -1)
    exact, near, wide = (float(fitted_differences(one, step)) for one in (step, beside, soft))
    assert exact == 0.0
    assert near < 0.5 * wide


def test_patches_are_shifted_on_their_own_and_may_lie_anywhere():
    drawn = (torch.arange(SIDE) % 24 >= 12).float().expand(1, 4, SIDE, -1)
    made = drawn.clone()
    made[..., 64:, :] = drawn[..., 64:, :].roll(4, -1)
    for down, across in ((0, 0), (3, 1)):
        assert float(fitted_differences(made, drawn, down, across)) < 0.6 * float(
            (made - drawn).abs().mean()
        )


@pytest.mark.parametrize(("painted", "walked"), [(0.0, 0.0), (1.0, 1.0)])
def test_things_of_a_ring_lie_where_they_are_drawn_alone(painted: float, walked: float):
    pairs = pairs_of(painted, walked)
    assert len(pairs) >= 5
    off, shifted = [], []
    for pair in pairs:
        height, width = pair.layer.shape[:2]
        assert pair.drawn.shape == (SCALE * height, SCALE * width, 4)
        small = pair.drawn.reshape(height, SCALE, width, SCALE, 4).mean(axis=(1, 3))
        off.append(float(np.abs(small - pair.layer).mean()))
        shifted.append(float(np.abs(np.roll(small, 3, axis=(0, 1)) - pair.layer).mean()))
    assert np.median(off) < (18 if not painted else 30)
    assert np.median(np.array(shifted) / off) > 1.3


def test_large_things_are_seen_at_their_own_size_and_reduced(monkeypatch):
    monkeypatch.setattr(close_ups, "PAINTED", 0.0)
    monkeypatch.setattr(close_ups, "WALKED", 0.0)
    largest = []
    for share in (0.0, 1.0):
        monkeypatch.setattr(close_ups, "REDUCED", share)
        largest.append(
            max(pair.layer[..., 0].size for pair in CutOuts(scene_rings()).of_scene(705))
        )
    own, reduced = largest
    assert own > 1.2 * MOST
    assert reduced == pytest.approx(MOST, rel=0.05)


def test_all_weights_learn_from_pairs(monkeypatch, tmp_path):
    pairs = pairs_of(0.0, 0.0)
    stage = CloseUpStage(CloseUp(), pairs, scene_rings().imagination, seed=0)
    monkeypatch.setattr(close_ups, "BATCH", 4)
    assert not unchanged_weights(stage, batches=2)
    stage.sheet(tmp_path / "sheet.png", 0)
    assert (tmp_path / "sheet.png").exists()


def test_all_weights_learn_from_a_teacher_which_learns_nothing(monkeypatch):
    teacher = CloseUp((20, 40, 56, 20)).requires_grad_(False)
    parts = pairs_of(0.0, 0.0), scene_rings().imagination
    stage = TaughtCloseUpStage(CloseUp(), *parts, seed=0, teacher=teacher)
    monkeypatch.setattr(close_ups, "BATCH", 4)
    assert not unchanged_weights(stage, batches=2)
    assert all(weight.grad is None for weight in teacher.parameters())
