"""Muon orthogonalises what it applies, and the average follows the weights."""

import pytest
import torch
from torch import nn

from mag_sandbox.training.optimisers import EMA, Muon, orthogonalise


@pytest.mark.parametrize("shape", [(3, 16, 16), (2, 8, 40), (2, 40, 8)])
def test_singular_values_become_near_one(shape):
    matrices = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    values = torch.linalg.svdvals(orthogonalise(matrices))
    assert values.min() > 0.3  # the quintic trades exactness for speed
    assert values.max() < 1.3


def test_orthogonalising_keeps_the_singular_vectors():
    matrix = torch.randn(12, 8, generator=torch.Generator().manual_seed(1))
    u, _, vh = torch.linalg.svd(matrix, full_matrices=False)
    turned = u.T @ orthogonalise(matrix[None])[0] @ vh.T
    assert (turned - turned.diag().diag()).abs().max() < 0.15
    assert turned.diag().min() > 0.3


def test_muon_moves_every_direction_alike_and_skips_what_has_no_gradient():
    weight, idle = nn.Parameter(torch.zeros(8, 8)), nn.Parameter(torch.ones(8, 8))
    optimiser = Muon([weight, idle], lr=0.5)
    draw = torch.Generator().manual_seed(2)
    weight.grad = torch.randn(8, 8, generator=draw) * torch.logspace(-3, 3, 8)
    optimiser.step()
    assert torch.linalg.svdvals(weight.detach()).max() < 0.5 * 1.3
    assert torch.equal(idle.detach(), torch.ones(8, 8))


def test_muon_takes_convolutions_as_flat_matrices():
    kernel = nn.Parameter(torch.zeros(4, 6, 3, 3))
    kernel.grad = torch.randn(4, 6, 3, 3, generator=torch.Generator().manual_seed(3))
    Muon([kernel], lr=1.0).step()
    values = torch.linalg.svdvals(kernel.detach().flatten(1))
    assert values.min() > 0.3
    assert values.max() < 1.3


def test_muon_solves_a_least_squares_problem():
    draw = torch.Generator().manual_seed(4)
    goal = torch.randn(6, 6, generator=draw)
    weight = nn.Parameter(torch.zeros(6, 6))
    optimiser = Muon([weight], lr=0.1)
    for step in range(200):
        optimiser.param_groups[0]["lr"] = 0.1 * (1 - step / 200)
        optimiser.zero_grad()
        (weight - goal).square().sum().backward()
        optimiser.step()
    assert (weight - goal).abs().max() < 0.1


def test_the_average_forgets_its_start_and_follows_slowly():
    module = nn.Linear(1, 1, bias=False)
    nn.init.constant_(module.weight, 100.0)
    average = EMA(module, decay=0.9)
    nn.init.constant_(module.weight, 1.0)
    average.update(module, step=0)
    assert average.state["weight"].item() == pytest.approx(10.9)  # (1 + 0) / (10 + 0) of the old
    for step in range(1, 200):
        average.update(module, step)
    assert average.state["weight"].item() == pytest.approx(1.0, abs=1e-3)
    nn.init.constant_(module.weight, 2.0)
    average.update(module, step=1000)
    assert average.state["weight"].item() == pytest.approx(1.1, abs=1e-3)


def test_the_average_does_not_share_memory_with_the_weights():
    module = nn.Linear(2, 2)
    average = EMA(module, decay=0.9)
    before = average.state["weight"].clone()
    nn.init.zeros_(module.weight)
    assert torch.equal(average.state["weight"], before)
