"""Sequences to learn memory from: when views were seen, what counts, what is made of them."""

import numpy as np
import pytest
import torch

from model.attention import matmul_attention
from tests.tiny import CAPTIONS, TINY, tiny_networks, tiny_tokenizer
from training.data import PanoramaSet
from training.devices import Device
from training.latents import LatentPool
from training.panorama.moving import PERIOD
from training.sequences import MOVED_WEIGHT, PooledViews, Sequences, motion_weights
from training.stage_images import Captions
from training.stage_sequences import SequenceStage

CPU = Device("cpu", matmul_attention)


def test_latents_count_more_the_more_they_change():
    earlier = np.full((1, 32, 48, 3), 100, np.uint8)
    frames = earlier.copy()
    frames[:, :16, 16:32] += 3  # half of what counts in full
    frames[:, 16:, 32:] -= 90
    weights = motion_weights(frames, earlier, stride=16)
    half, full = 1 + MOVED_WEIGHT / 2, 1 + MOVED_WEIGHT
    assert weights.tolist() == [[[1, half, 1], [1, 1, full]]]


def test_views_are_seen_one_after_another_whatever_their_order():
    times = np.array([5.0, 300.0, 7000.0, 9000.0])
    places = np.stack((np.zeros(4), np.arange(4), np.zeros(4), times, np.full(4, 90.0)), axis=-1)
    pool = LatentPool(np.zeros((4, 1, 2, 2), np.float16), places)
    views, orders = PooledViews(pool, 3), set()
    for seed in range(20):
        drawn = views.draw(np.random.default_rng(seed), 1)
        seen = drawn.times.flatten().numpy()
        assert (np.diff(seen) > 0).all()
        left = (drawn.poses[0, :, 0, 0].numpy() / (360 / 1280) - 160).round().astype(int)
        orders.add(tuple(left))
        assert np.array_equal(seen % PERIOD, times[left] % PERIOD)  # all is where it was
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
def stage() -> SequenceStage:
    """Return a stage over random weights."""
    data = PanoramaSet(np.zeros((1, 1, 1, 8)), [list(CAPTIONS)], ["outdoor"], [{}])
    captions = Captions(data, tiny_tokenizer(), TINY.text.text_len)
    return SequenceStage(tiny_networks(), OneBlock(), captions, CPU, seed=0, own_past=1.0)


def own(stage: SequenceStage) -> tuple[torch.Tensor, torch.Tensor]:
    """Return clean blocks, and what memory is to hold of them."""
    seen = {}

    def noted(clean, *rest):
        seen["clean"], seen["past"] = clean, SequenceStage._own(stage, clean, *rest)
        return seen["past"]

    stage._own = noted
    stage.loss(0)
    return seen["clean"], seen["past"]


def test_memory_holds_the_truth_where_the_network_does_not_know_it(stage):
    clean, past = own(stage)  # random weights know nothing
    assert torch.equal(clean, past)


def test_memory_holds_what_the_network_makes_where_it_knows(stage, monkeypatch):
    monkeypatch.setattr("training.stage_sequences.KNOWN", float("inf"))
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
