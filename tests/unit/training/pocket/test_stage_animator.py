"""What the animator learns from: the renderer's change, seen through the decoder, and no more."""

import numpy as np
import pytest
import torch

from mag_sandbox.model.attention import matmul_attention
from mag_sandbox.model.pocket.pictures.animator import Animator
from mag_sandbox.training.devices import TrainingDevice
from mag_sandbox.training.pocket import stage_animator
from mag_sandbox.training.pocket.data import PanoramaSet, panorama_set
from mag_sandbox.training.pocket.stage_animator import AnimatorStage, draw_crops
from tests.tiny import TINY_ANIMATOR, tiny_autoencoder
from tests.unit.training.together import PANORAMAS


@pytest.fixture(scope="module")
def data(drawn) -> PanoramaSet:
    return panorama_set(drawn, PANORAMAS)


@pytest.fixture
def stage(data, monkeypatch) -> AnimatorStage:
    monkeypatch.setattr(stage_animator, "BATCH", 4)
    torch.manual_seed(0)
    device = TrainingDevice("cpu", matmul_attention)
    return AnimatorStage(Animator(TINY_ANIMATOR), tiny_autoencoder(), data, device, seed=3)


def test_what_stands_still_is_alike_and_what_moves_differs(data):
    crops = draw_crops(data, np.random.default_rng(5), 24)
    differs = (crops.rest != crops.now).any(dim=1)
    moves = crops.parts[:, :3].any(dim=1)  # sky, waves and lights; walkers stay
    assert differs.flatten(1).any(dim=1).sum() > 12
    assert differs[~moves].float().mean() < 0.02


def test_the_same_step_is_the_same_loss(stage):
    assert torch.equal(stage.loss(4), stage.loss(4))
    assert not torch.equal(stage.loss(4), stage.loss(5))


def test_parts_and_change_are_learned(stage):
    optimisers = stage.optimisers()
    trained = {id(p) for o in optimisers for group in o.param_groups for p in group["params"]}
    assert trained == {id(p) for p in stage.module.parameters()}
    losses = []
    for step in range(16):
        for optimiser in optimisers:
            optimiser.zero_grad()
        loss = stage.loss(step % 4)
        loss.backward()
        losses.append(loss.item())
        for optimiser in optimisers:
            optimiser.step()
    assert np.mean(losses[-4:]) < 0.99 * np.mean(losses[:4])


def test_a_sheet_shows_truth_and_what_was_moved(stage, tmp_path):
    path = tmp_path / "sheet.png"
    stage.sheet(path, 1)
    assert path.stat().st_size > 10_000
