"""The training of the network that tells what stands out."""

import numpy as np
import pytest
import torch

from mag_sandbox.controls.parallax import EYE
from mag_sandbox.model.imagination.reading.relief import FINE, FOOT_UNIT, ReliefReader, log_edges
from mag_sandbox.renderer.canvas import RING_HEIGHT, RING_WIDTH
from mag_sandbox.renderer.render import SceneRenderer, category_of, lay_out
from mag_sandbox.training.pictures import relief
from mag_sandbox.training.pictures.relief import (
    DrawnRing,
    ReliefStage,
    Views,
    drawn_ring,
    relief_loss,
)
from tests.unit.model.imagination.tiny import codec

BOX = slice(150, 260), slice(1240, 1340)  # rows and columns, across the seam


@pytest.fixture
def stage() -> ReliefStage:
    """Return a stage with a ring that shows one thing, two metres away, and rain."""
    ids = np.zeros((RING_HEIGHT, RING_WIDTH), np.int32)
    ids[BOX[0], np.arange(BOX[1].start, BOX[1].stop) % RING_WIDTH] = 1
    ids[::16, ::16] = 2
    pixels = np.random.default_rng(0).integers(0, 255, (*ids.shape, 3), np.uint8)
    boxes = np.array([(0, 0, 0, 0), (1240, 150, 100, 110), (0, 0, 0, 0)], np.float32)
    away = np.array((0, 2, -1), np.float32)
    return ReliefStage(ReliefReader(), [DrawnRing(pixels, ids, away, boxes)], 0)


def told(views: Views) -> torch.Tensor:
    """Return the numbers of squares that say all of views."""
    logits = torch.nn.functional.pixel_unshuffle(40 * views.stands[:, None].float() - 20, FINE)
    feet = FOOT_UNIT * views.feet[:, None, ::FINE, ::FINE]
    return torch.cat((logits, feet, log_edges(views.edges[..., ::FINE, ::FINE])), dim=1)


def test_views_tell_where_a_thing_is_across_the_seam_and_mirrored(stage):
    views = stage.views(np.random.default_rng(1), 24)
    own = views.stands
    assert own.any()
    assert views.feet[own].numpy() == pytest.approx(np.arctan(EYE / 2.0))
    assert not (own & ~views.counts).any()
    assert not views.counts.all()
    wide = views.edges[:, 0] + views.edges[:, 1]
    tall = views.edges[:, 2] + views.edges[:, 3]
    assert wide[own].numpy() == pytest.approx(100.0)
    assert tall[own].numpy() == pytest.approx(110.0)
    assert (views.edges.amin(dim=1)[own] > 0).all()


def test_most_views_look_ahead(stage):
    shown = stage.views(np.random.default_rng(3), 32).stands  # of a thing that is ahead
    assert 0.7 < shown.any(dim=(1, 2)).float().mean() < 1


def test_only_a_right_answer_costs_nothing(stage, monkeypatch):
    monkeypatch.setattr(relief, "BATCH", 1)
    views = stage.views(np.random.default_rng(2), 8)
    right = told(views)
    assert float(relief_loss(right, views)) == pytest.approx(0.0, abs=1e-3)
    assert float(relief_loss(right + 0.3, views)) > 0.05
    loss = stage.loss(3)
    assert torch.isfinite(loss)
    assert torch.equal(stage.loss(3), loss)


def test_most_rings_are_as_the_renderer_draws_them():
    are_drawn = []
    for seed in range(700_001, 700_007):
        ring = drawn_ring(seed, codec())
        drawn = SceneRenderer(lay_out(category_of(seed), seed)).ring().pixels
        assert ring.pixels.shape == drawn.shape
        are_drawn.append(bool((ring.pixels == drawn).all()))
        assert len(ring.away) == len(ring.boxes) > ring.ids.max()
        assert (ring.away > 0).any()
    assert len(are_drawn) / 2 <= sum(are_drawn) < len(are_drawn)
