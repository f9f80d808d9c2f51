"""Low-rank changes of a frozen transformer: few numbers to train and to ship.

    generator = adapt(copy.deepcopy(dit), rank=32)
    save_file(adapter(generator), path)  # PEFT's names; `model.lora.Adapter` merges it

Source: LoRA, arXiv 2106.09685.
"""

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import (
    is_parametrized,
    register_parametrization,
    remove_parametrizations,
)

from mag_sandbox.model.dit import DiT
from mag_sandbox.model.lora import BASE, DOWN, TARGETS, UP


class LowRank(nn.Module):
    """A weight and what is added to it, up @ down; nothing at first.

    Args:
        weight: that stays as it is, [out, in].
        rank: of the change.
    """

    def __init__(self, weight: Tensor, rank: int) -> None:
        super().__init__()
        rows, columns = weight.shape
        self.down = nn.Parameter(torch.randn(rank, columns) / columns**0.5)
        self.up = nn.Parameter(torch.zeros(rows, rank))

    def forward(self, weight: Tensor) -> Tensor:
        """Return the changed weight, [out, in]."""
        return weight + self.up @ self.down


def adapt(dit: DiT, rank: int) -> DiT:
    """Freeze a transformer and let the Linears of its layers change by a low rank."""
    dit.requires_grad_(False)
    for layer in dit.blocks:
        for target in TARGETS:
            linear = layer.get_submodule(target)
            register_parametrization(linear, "weight", LowRank(linear.weight, rank))
    return dit


def is_factor(name: str) -> bool:
    """Tell whether a tensor in the state dict of an adapted transformer is part of a change."""
    return name.endswith((".parametrizations.weight.0.down", ".parametrizations.weight.0.up"))


def merge(dit: DiT) -> DiT:
    """Make the changes of an adapted transformer part of its weights; others stay as they are."""
    for layer in dit.blocks:
        for target in TARGETS:
            linear = layer.get_submodule(target)
            if is_parametrized(linear, "weight"):
                remove_parametrizations(linear, "weight")
    return dit


def adapter(dit: DiT) -> dict[str, Tensor]:
    """Return the factors of an adapted transformer under PEFT's names, fp32."""
    state = {}
    for index, layer in enumerate(dit.blocks):
        for target in TARGETS:
            change = layer.get_submodule(target).parametrizations.weight[0]
            name = f"{BASE}blocks.{index}.{target}"
            state[name + DOWN] = change.down.detach().float().contiguous()
            state[name + UP] = change.up.detach().float().contiguous()
    return state
