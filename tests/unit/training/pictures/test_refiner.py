"""Training of the refiner: pairs in place, weights that learn."""

import numpy as np
import pytest

from mag_sandbox.model.imagination.drawing.refiner import FINER, GIVEN, Refiner
from mag_sandbox.renderer.render import category_of, lay_out
from mag_sandbox.renderer.views import reduced
from mag_sandbox.training.pictures import refiner
from mag_sandbox.training.pictures.refiner import RefinerStage, pairs_of
from tests.unit.training.learning import unchanged_weights
from tests.unit.training.pictures.test_close_ups import scene_rings


@pytest.mark.parametrize(("painted", "walked"), [(0.0, 0.0), (1.0, 1.0)])
def test_rings_and_sketches_lie_where_they_are_drawn(monkeypatch, painted, walked):
    monkeypatch.setattr(refiner, "PAINTED", painted)
    monkeypatch.setattr(refiner, "WALKED", walked)
    (pair,) = pairs_of(scene_rings(), 705)
    height, width = pair.given.shape[:2]
    assert pair.given.shape == (height, width, GIVEN)
    assert pair.drawn.shape == (FINER * height, FINER * width, 3)
    small, stands = reduced(pair.drawn, FINER).astype(float), pair.given[..., 6] == 255
    for shown in (pair.given[..., :3], pair.given[..., 3:6]):
        there, beside = (
            np.abs(np.roll(shown, shift, axis=(0, 1)) - small)[stands].mean() for shift in (0, 6)
        )
        assert there < 0.8 * beside


def test_where_rain_falls_nothing_is_learned(monkeypatch):
    monkeypatch.setattr(refiner, "PAINTED", 0.0)
    monkeypatch.setattr(refiner, "WALKED", 0.0)
    weather = lay_out(category_of(705), 705).attributes.get("weather")
    monkeypatch.setattr(refiner, "FALLING", (weather,))
    assert pairs_of(scene_rings(), 705) == []


def test_all_weights_learn_from_pairs(monkeypatch, tmp_path):
    monkeypatch.setattr(refiner, "PAINTED", 0.0)
    monkeypatch.setattr(refiner, "WALKED", 0.0)
    monkeypatch.setattr(refiner, "BATCH", 1)
    stage = RefinerStage(Refiner(), pairs_of(scene_rings(), 705), seed=0)
    assert not unchanged_weights(stage, batches=3)
    stage.sheet(tmp_path / "sheet.png", 0)
    assert (tmp_path / "sheet.png").exists()
