"""Optimisers of all stages: Muon for matrices, AdamW for other weights and for pairs, an EMA."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from mag_sandbox.model.dit import DiT

_STEPS = 5
_NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)


def orthogonalise(matrices: Tensor) -> Tensor:
    """Return the nearest matrices with singular values around 1, [n, rows, columns].

    Source: Muon, K. Jordan et al. 2024: a quintic Newton-Schulz iteration, stable in bf16.
    """
    a, b, c = _NEWTON_SCHULZ
    x = matrices.bfloat16()
    tall = x.shape[-2] > x.shape[-1]
    if tall:
        x = x.mT
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(_STEPS):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    nearest: Tensor = (x.mT if tall else x).to(matrices.dtype)
    return nearest


class Muon(torch.optim.Optimizer):
    """Momentum with orthogonalised updates, for matrices and convolutions (as flat matrices).

    Parameters of equal shape are updated together.
    """

    def __init__(self, parameters: Iterable[Tensor], lr: float, momentum: float = 0.95) -> None:
        super().__init__(list(parameters), {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:  # noqa: ARG002
        """Update every matrix that has a gradient; the closure is not called."""
        for group in self.param_groups:
            by_shape = defaultdict(list)
            for parameter in group["params"]:
                if parameter.grad is not None:
                    by_shape[parameter.shape].append(parameter)
            for shape, parameters in by_shape.items():
                updates = torch.stack([self._momentum(p, group["momentum"]) for p in parameters])
                updates = orthogonalise(updates.flatten(2))
                stretch = max(1.0, updates.shape[1] / updates.shape[2]) ** 0.5
                for parameter, update in zip(parameters, updates, strict=True):
                    parameter.sub_(update.view(shape), alpha=group["lr"] * stretch)

    def _momentum(self, parameter: Tensor, momentum: float) -> Tensor:
        state, gradient = self.state[parameter], parameter.grad
        assert gradient is not None
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(parameter)
        buffer = state["momentum"].lerp_(gradient, 1 - momentum)
        return gradient.lerp(buffer, momentum)


def muon_and_adamw(
    module: nn.Module, matrices: Iterable[nn.Parameter], muon_rate: float, adamw_rate: float
) -> list[torch.optim.Optimizer]:
    """Return Muon over some matrices or convolutions, and AdamW over the rest of a module."""
    chosen = list(matrices)
    ids = set(map(id, chosen))
    rest = [weight for weight in module.parameters() if id(weight) not in ids]
    return [Muon(chosen, muon_rate), torch.optim.AdamW(rest, adamw_rate, betas=(0.9, 0.95))]


class GeneratorAndCritic(nn.Module):
    """A generator, and the critic that learns the distribution of its samples (DMD).

    Source: DMD, arXiv 2311.18828 and 2405.14867.
    """

    def __init__(self, generator: DiT, critic: DiT) -> None:
        super().__init__()
        self.generator, self.critic = generator, critic

    def optimisers(
        self,
        rate: float,
        critic_rate: float,
        betas: tuple[float, float],
        weight_decay: float = 0.01,
        generator_decay: float | None = None,
    ) -> list[torch.optim.Optimizer]:
        """Return AdamW over each network's trained weights; the generator's decay may differ."""
        decay = weight_decay if generator_decay is None else generator_decay
        return [
            torch.optim.AdamW(
                [weight for weight in network.parameters() if weight.requires_grad],
                network_rate, betas, weight_decay=network_decay,
            )
            for network, network_rate, network_decay in (
                (self.generator, rate, decay), (self.critic, critic_rate, weight_decay),
            )
        ]  # fmt: skip


class EMA:
    """An exponential moving average of a module's state, kept in fp32."""

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.decay = decay
        self.state = {k: v.detach().clone() for k, v in module.state_dict().items()}

    @torch.no_grad()
    def update(self, module: nn.Module, step: int) -> None:
        """Move towards the module; early steps move faster, so that the start is forgotten."""
        decay = min(self.decay, (1 + step) / (10 + step))
        for key, value in module.state_dict().items():
            if value.is_floating_point():
                self.state[key].lerp_(value, 1 - decay)
            else:
                self.state[key].copy_(value)
