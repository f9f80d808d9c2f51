"""The training of the network that tells how far away walls are."""

import numpy as np
import pytest
import torch

from mag_sandbox.controls.parallax import EYE
from mag_sandbox.model.imagination.reading.walls import WallReader
from mag_sandbox.renderer.views import HEIGHT
from mag_sandbox.training.pictures import walls
from mag_sandbox.training.pictures.walls import DrawnRoom, WallsStage, drawn_room, walls_loss
from tests.unit.model.imagination.tiny import codec


@pytest.fixture
def stage() -> WallsStage:
    pixels = np.random.default_rng(0).integers(0, 255, (HEIGHT, 1280, 3), np.uint8)
    return WallsStage(WallReader(), [DrawnRoom(pixels, np.full(4, 4.0, np.float32), 2.6)], 0)


def test_slopes_are_those_of_the_nearest_side(stage):
    _, slopes = stage.views(np.random.default_rng(1), 24)
    floor, ceiling = slopes[:, 0].numpy(), slopes[:, 1].numpy()
    assert floor.max() == pytest.approx(EYE / 4, rel=1e-2), "straight at a side"
    assert floor.min() == pytest.approx(EYE / 4 * np.sqrt(0.5), rel=3e-2), "at a corner"
    assert ceiling / floor == pytest.approx(np.full_like(floor, 1.0 / EYE), rel=1e-4)


def test_only_a_right_and_sure_answer_costs_least(stage, monkeypatch):
    monkeypatch.setattr(walls, "BATCH", 1)
    _, slopes = stage.views(np.random.default_rng(2), 4)
    sure, unsure = (torch.cat((slopes, torch.full_like(slopes, spread)), 1) for spread in (-6, 0))
    assert walls_loss(sure, slopes) < walls_loss(unsure, slopes)
    wrong = sure + torch.tensor([0.3, 0.3, 0.0, 0.0])[:, None]
    assert walls_loss(wrong, slopes) > walls_loss(unsure, slopes)
    assert torch.equal(stage.loss(3), stage.loss(3))


def test_a_room_is_drawn_as_the_game_shows_it():
    room = drawn_room(900_001, codec())
    assert room.pixels.shape == (HEIGHT, 1280, 3)
    assert (room.away > 0.5).all() and 2 < room.tall < 7
