"""What the animator learns from: the renderer's change, seen through the decoder, and no more."""

import numpy as np
import pytest
import torch

from mag_sandbox.model.attention import matmul_attention
from mag_sandbox.model.pocket.pictures.animator import Animator
from mag_sandbox.renderer.version2.moving import render_moving, still
from mag_sandbox.renderer.views import DEGREES_PER_PIXEL, view
from mag_sandbox.training.devices import TrainingDevice
from mag_sandbox.training.pocket import stage_animator
from mag_sandbox.training.pocket.data import PanoramaSet
from mag_sandbox.training.pocket.stage_animator import CROP, AnimatorStage, draw_crops
from tests.tiny import TINY_ANIMATOR, tiny_autoencoder

SCENES = (("outdoor", 3), ("indoor", 4), ("video game", 7))


@pytest.fixture(scope="module")
def data() -> PanoramaSet:
    layers = np.stack([render_moving(*scene).layers for scene in SCENES])
    count = len(SCENES)
    return PanoramaSet(layers, [["a"]] * count, [name for name, _ in SCENES], [{}] * count)


@pytest.fixture
def stage(data, monkeypatch) -> AnimatorStage:
    monkeypatch.setattr(stage_animator, "BATCH", 4)
    torch.manual_seed(0)
    device = TrainingDevice("cpu", matmul_attention)
    return AnimatorStage(Animator(TINY_ANIMATOR), tiny_autoencoder(), data, device, seed=3)


def test_what_stands_still_is_alike_and_what_moves_differs(data):
    crops = draw_crops(data, np.random.default_rng(5), 24)
    left = crops.moments.poses[:, 0] / DEGREES_PER_PIXEL - CROP / 2
    top = 192 - CROP / 2 - crops.moments.poses[:, 1] / DEGREES_PER_PIXEL
    changed = 0
    for row in range(24):
        place = int(left[row].round()), int(top[row].round()), CROP, CROP
        differs = (crops.rest[row] != crops.now[row]).any(dim=0).numpy()
        fits = [not (differs & view(still(layers), *place)).any() for layers in data.layers]
        assert any(fits)  # in the scene that it was cut from
        changed += differs.any()
    assert changed > 12


def test_the_same_step_is_the_same_loss(stage):
    assert torch.equal(stage.loss(4), stage.loss(4))
    assert not torch.equal(stage.loss(4), stage.loss(5))


def test_parts_and_change_are_learned(stage):
    optimisers = stage.optimisers()
    trained = {id(p) for o in optimisers for group in o.param_groups for p in group["params"]}
    assert trained == {id(p) for p in stage.module.parameters()}
    losses = []
    for step in range(24):
        for optimiser in optimisers:
            optimiser.zero_grad()
        loss = stage.loss(step % 4)
        loss.backward()
        losses.append(loss.item())
        for optimiser in optimisers:
            optimiser.step()
    assert np.mean(losses[-4:]) < 0.95 * np.mean(losses[:4])


def test_a_sheet_shows_truth_and_what_was_moved(stage, tmp_path):
    path = tmp_path / "sheet.png"
    stage.sheet(path, 1)
    assert path.stat().st_size > 10_000
