"""Distribution matching distillation: a generator, and a critic that learns what it makes.

What is made, and how teacher and critic judge it, is a stage's own: single frames beside memory in
the pocket world, clips of whole rollouts in MAG's recipe.

Source: DMD, arXiv 2311.18828 and 2405.14867.
"""

import torch
from torch import nn

from mag_sandbox.model.dit import DiT


class GeneratorAndCritic(nn.Module):
    """What learns, under one state dict."""

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
        """Return AdamW over what learns of the generator and, at a rate of its own, the critic.

        Weight decay is that of both, unless the generator has one of its own.
        """
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
