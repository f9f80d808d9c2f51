"""Losses: what they are least at."""

import torch

from training.losses import flow_target, guided_target, sample_noise_levels


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
