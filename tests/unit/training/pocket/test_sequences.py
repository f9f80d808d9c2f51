"""Sequences to learn memory from: what was seen, when, and what memory holds of it."""

import numpy as np
import pytest
import torch

from mag_sandbox.model.attention import matmul_attention
from mag_sandbox.model.autoencoder import Autoencoder
from mag_sandbox.renderer.render import render
from mag_sandbox.renderer.views import FOV
from mag_sandbox.training.devices import TrainingDevice
from mag_sandbox.training.pocket.data import (
    Captions,
    LatentPool,
    PanoramaSet,
    PathBlocks,
    PooledViews,
    Sequences,
)
from mag_sandbox.training.pocket.paths import CameraPath
from mag_sandbox.training.pocket.stage_world import SequenceTask
from tests.tiny import CAPTIONS, TINY, tiny_networks, tiny_tokenizer

CPU = TrainingDevice("cpu", matmul_attention)


def test_blocks_show_the_world_at_rest_whenever_they_are_seen():
    data = PanoramaSet(render("outdoor", 1).pixels[None], np.zeros(1), [["a"]])
    left, top = np.full((2, 3), 100.0), np.zeros((2, 3))
    times = np.array([[0.0, 1.0, 2.0], [700.0, 701.0, 702.0]])
    path = CameraPath(left, top, times, np.full((2, 3), FOV))
    blocks = PathBlocks(data, Autoencoder(TINY.autoencoder), 3, CPU, lambda *_: path)
    drawn = blocks.draw(np.random.default_rng(0), 1)
    assert torch.equal(drawn.times[0], torch.from_numpy(times))
    assert torch.allclose(drawn.latents[:, 0], drawn.latents[:, 1], atol=1e-5)
    assert drawn.latents.std() > 0.01


def test_views_are_seen_one_after_another_whatever_their_order():
    places = np.stack((np.zeros(4), np.arange(4), np.zeros(4), np.full(4, 90.0)), axis=-1)
    pool = LatentPool(np.zeros((4, 1, 2, 2), np.float16), places)
    views, orders = PooledViews(pool, 3), set()
    for seed in range(20):
        drawn = views.draw(np.random.default_rng(seed), 1)
        assert (drawn.times.flatten().diff() > 0).all()
        left = (drawn.poses[0, :, 0, 0].numpy() / (360 / 1280) - 160).round().astype(int)
        assert sorted(left) == [0, 1, 2, 3]
        orders.add(tuple(left))
    assert len(orders) > 5


class OneBlock:
    """The same sequences at every step."""

    batch, reconstruct, alone = 1, 0.0, 0.0

    def draw(self, rng: np.random.Generator, count: int) -> Sequences:
        """Return sequences of three blocks at rest."""
        draw = torch.Generator().manual_seed(1)
        block = torch.randn(count, 1, 1, TINY.dit.channels, *TINY.latent_size, generator=draw)
        poses = torch.tensor([0.0, 0.0, 90.0]).expand(count, 3, 3, 3)
        times = torch.arange(9.0).view(1, 3, 3).expand(count, -1, -1)
        latents = block.expand(-1, 3, 3, -1, -1, -1)
        return Sequences(latents, poses, times, torch.arange(3), np.zeros(count, int))


@pytest.fixture
def stage() -> SequenceTask:
    """Return a stage over random weights."""
    data = PanoramaSet(np.zeros((1, 1, 1, 3)), np.zeros(1), [list(CAPTIONS)])
    captions = Captions(data, tiny_tokenizer(), TINY.text.text_len)
    return SequenceTask(tiny_networks(), OneBlock(), captions, CPU, seed=0, own_past=1.0)


def own(stage: SequenceTask) -> tuple[torch.Tensor, torch.Tensor]:
    """Return clean blocks, and what memory is to hold of them."""
    seen = {}

    def noted(clean, *rest):
        seen["clean"], seen["past"] = clean, SequenceTask._own(stage, clean, *rest)
        return seen["past"]

    stage._own = noted
    stage.loss(0)
    return seen["clean"], seen["past"]


def test_memory_holds_the_truth_where_the_network_does_not_know_it(stage):
    clean, past = own(stage)  # random weights know nothing
    assert torch.equal(clean, past)


def test_memory_holds_what_the_network_makes_where_it_knows(stage, monkeypatch):
    monkeypatch.setattr("mag_sandbox.training.pocket.stage_world.KNOWN", float("inf"))
    clean, past = own(stage)
    assert not torch.isclose(clean, past).any(dim=3).all()
    assert past.isfinite().all()


def test_the_own_past_is_drawn_for_a_share_of_steps(stage):
    made = []
    stage._own = lambda clean, *rest: made.append(1) or clean
    for share, steps in ((0.0, range(0)), (0.5, range(1, 11)), (1.0, (12,))):
        stage.own_past = share
        made.clear()
        for step in range(12):
            stage.loss(step)
        assert len(made) in steps or (not steps and not made)
