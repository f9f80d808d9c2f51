"""Noise levels run from 1 to 0, and straight paths lead where they say."""

import math
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mag_sandbox.model.flow import (
    AdamsBashforthSampler,
    EulerSampler,
    add_noise,
    euler_levels,
    euler_step,
    shift_noise_level,
    x0_from_flow,
)
from mag_sandbox.model.generator import block_noise, no_noise


@given(steps=st.integers(1, 50), shift=st.floats(0.2, 10))
def test_levels_fall_from_one_to_zero(steps, shift):
    levels = euler_levels(steps, shift)
    assert len(levels) == steps + 1
    assert levels[0] == pytest.approx(1.0)
    assert levels[-1] == 0.0
    assert all(a > b for a, b in pairwise(levels))


def test_a_shift_moves_levels_towards_noise():
    middle = torch.tensor(0.5)
    assert shift_noise_level(middle, 1.0) == 0.5
    assert shift_noise_level(middle, 2.0) > 0.5


@pytest.mark.parametrize("steps", [1, 4, 8])
def test_the_sampler_follows_a_true_flow_to_the_clean_latents(steps):
    x0, noise = torch.randn(2, 1, 3, 2, 2, 2, generator=torch.Generator().manual_seed(0))
    x, levels = noise, euler_levels(steps, 2.0)
    for sigma, following in pairwise(levels):
        x = euler_step(x, noise - x0, sigma, following)
    assert torch.allclose(x, x0, atol=1e-5)


def follow(sampler, flow_at) -> float:
    """Return where a flow that depends on the noise level alone leads from 0."""
    x = torch.zeros(1, dtype=torch.float64)
    for step, sigma in enumerate(sampler.levels[:-1]):
        x = sampler.advance(x, torch.full_like(x, flow_at(sigma)), step, no_noise)
    return float(x)


def test_one_step_of_either_sampler_is_the_same():
    levels = euler_levels(1, 2.0)
    ends = {follow(kind(levels), math.cos) for kind in (EulerSampler, AdamsBashforthSampler)}
    assert len(ends) == 1


@pytest.mark.parametrize("shift", [1.0, 3.0])
def test_looking_back_a_step_is_exact_sooner(shift):
    errors = {
        kind: [
            abs(follow(kind(euler_levels(steps, shift)), math.cos) + math.sin(1.0))
            for steps in (4, 8, 16, 32)
        ]
        for kind in (EulerSampler, AdamsBashforthSampler)
    }
    ours, euler = errors[AdamsBashforthSampler], errors[EulerSampler]
    assert all(a < b for a, b in zip(ours, euler, strict=True))
    gains = [a / b for a, b in pairwise(ours)]
    assert min(gains) > 2.8  # second order: nears four; Euler's nears two


def test_a_flow_that_bends_evenly_is_followed_exactly_after_the_first_step():
    levels = (1.0, 0.7, 0.45, 0.0)
    sampler = AdamsBashforthSampler(levels)
    first = -0.3 * 2.0  # as Euler's, at flow 2 sigma
    assert follow(sampler, lambda sigma: 2 * sigma) == pytest.approx(first - 0.7**2)


def test_noisy_latents_and_their_flow_lead_back_to_clean_ones():
    draw = torch.Generator().manual_seed(1)
    x0, noise = torch.randn(2, 2, 3, 4, 2, 2, generator=draw)
    sigma = torch.rand(2, 3, generator=draw) * 0.9 + 0.05
    xt = add_noise(x0, noise, sigma)
    assert torch.allclose(x0_from_flow(noise - x0, xt, sigma), x0, atol=1e-5)


def test_the_ends_of_the_path_are_the_latents_and_the_noise():
    x0, noise = torch.randn(2, 1, 1, 2, 2, 2)
    assert torch.equal(add_noise(x0, noise, torch.zeros(1, 1)), x0)
    assert torch.equal(add_noise(x0, noise, torch.ones(1, 1)), noise)


def test_levels_that_do_not_match_are_refused():
    latents = torch.zeros(1, 3, 2, 2, 2)
    with pytest.raises(ValueError, match=r"sigma \(1, 2\) does not match .*\(1, 3, 2, 2, 2\)"):
        add_noise(latents, latents, torch.zeros(1, 2))


def test_noise_is_a_function_of_seed_and_block():
    shape = (1, 3, 2, 2, 2)
    assert torch.equal(block_noise(4, 2, shape), block_noise(4, 2, shape))
    assert not torch.equal(block_noise(4, 2, shape), block_noise(4, 3, shape))
    assert not torch.equal(block_noise(4, 2, shape), block_noise(5, 2, shape))
    torch.manual_seed(0)
    before = torch.get_rng_state()
    block_noise(2**31 - 1, 10**6, shape)
    assert torch.equal(torch.get_rng_state(), before)
