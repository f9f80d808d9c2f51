"""Losses: what they are least at."""

import math

import pytest
import torch

from mag_sandbox.training.losses import (
    flow_target,
    guided_target,
    moments_loss,
    sample_noise_levels,
)


def test_the_target_leads_from_clean_to_noise():
    x0 = torch.randn(2, 3, 4, 2, 2, generator=torch.Generator().manual_seed(1))
    sigma = torch.tensor([[0.0, 0.5, 1.0]]).expand(2, 3)
    noisy, target = flow_target(x0, sigma, torch.Generator().manual_seed(2))
    assert torch.allclose(noisy[:, 0], x0[:, 0])
    assert torch.allclose(noisy - sigma[..., None, None, None] * target, x0, atol=1e-6)


def test_a_network_that_meets_its_guided_target_predicts_what_guidance_would_give():
    flow, free = torch.randn(2, 1, 1, 1, 4, 2, 2).unbind(0)
    sigma, guidance = torch.ones(1, 1, 1), 3.0
    prediction = flow
    for _ in range(200):  # the target moves with the prediction, and both settle
        prediction = guided_target(flow[None], prediction[None], free[None], sigma, guidance)[0]
    assert torch.allclose(prediction, free + guidance * (flow - free), atol=1e-4)


def test_details_are_learned_without_guidance():
    target, prompted, free = torch.randn(3, 1, 1, 1, 4, 2, 2)
    guided = guided_target(target, prompted, free, torch.full((1, 1), 0.2), 3.0)
    assert torch.equal(guided, target)


def test_no_gradient_passes_through_the_own_prediction():
    prompted = torch.randn(1, 1, 1, 4, 2, 2, requires_grad=True)
    guided = guided_target(
        torch.zeros_like(prompted), prompted, torch.zeros_like(prompted), torch.ones(1, 1, 1), 3.0
    )
    assert not guided.requires_grad


def test_noise_levels_are_inside_zero_and_one():
    levels = sample_noise_levels((1000,), torch.Generator().manual_seed(0))
    assert levels.min() > 0 and levels.max() < 1
    assert levels.mean() > 0.5  # leaning towards noise


def test_the_spread_of_latents_is_compared_channel_by_channel():
    clean = torch.randn(4, 1, 2, 6, 8, generator=torch.Generator().manual_seed(3))
    assert moments_loss(clean, clean) == 0
    assert moments_loss(clean + 5, clean) < 1e-8  # where values lie does not count
    doubled = clean * torch.tensor([2.0, 1.0]).view(2, 1, 1)
    assert moments_loss(doubled, clean).item() == pytest.approx(math.log(2) ** 2 / 2, rel=1e-5)
    other = torch.randn(3, 1, 2, 6, 8, generator=torch.Generator().manual_seed(4))
    assert moments_loss(other, clean) < 0.01  # other views of the same kind


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_softer_and_harsher_latents_are_both_further_from_the_data(share):
    clean = torch.randn(4, 1, 2, 6, 8, generator=torch.Generator().manual_seed(3))
    soft = clean.clone()
    soft[..., 1:] = (1 - share / 2) * clean[..., 1:] + share / 2 * clean[..., :-1]
    harsh = clean * (1 + share)
    assert moments_loss(soft, clean) > 1e-3
    assert moments_loss(harsh, clean) > 1e-3
    softer = clean.mean(dim=-1, keepdim=True).expand_as(clean) * share + clean * (1 - share)
    assert moments_loss(softer, clean) > moments_loss(softer * 0.5 + clean * 0.5, clean)
