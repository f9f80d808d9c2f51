"""Pure losses and noise levels of training; no networks, no data."""

import torch
from torch import Tensor

from model.flow import add_noise, shift_noise_level

TRAIN_SHIFT = 2.0  # noise levels lean towards noise, where the layout of a picture is decided


def sample_noise_levels(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Return noise levels in (0, 1): logit-normal (mean 0.3, deviation 1.2), shifted by 2."""
    u = torch.sigmoid(1.2 * torch.randn(shape, generator=generator) + 0.3)
    return shift_noise_level(u, TRAIN_SHIFT)


def flow_target(x0: Tensor, sigma: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return noisy latents and the flow to be predicted, noise - x0.

    Args:
        x0: clean latents, [B, F, C, H, W].
        sigma: noise level of each latent frame, [B, F].
        generator: draws the noise, on the CPU, so that every device sees the same.
    """
    noise = torch.randn(x0.shape, generator=generator).to(x0)
    return add_noise(x0, noise, sigma), noise - x0


def flow_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """Return the mean square error of the flow, in fp32."""
    return (predicted.float() - target.float()).square().mean()
