"""Pure losses and noise levels of training; no networks, no data."""

import torch
from torch import Tensor

from model.flow import add_noise, shift_noise_level

GUIDED_BETWEEN = (0.35, 0.55)  # noise levels between which guidance sets in
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


def guided_target(
    target: Tensor, prompted: Tensor, free: Tensor, sigma: Tensor, guidance: float
) -> Tensor:
    """Return the flow to be predicted by a network that is to follow its prompt by itself.

    Where the prediction p meets it on average, p = free + guidance * (flow - free): what guiding
    by a second pass in every step would have given. Details (low noise) are left as learned.

    Args:
        target: noise - x0, [B, M, F, C, H, W].
        prompted: the network's own prediction; no gradient passes through it.
        free: its prediction under the empty prompt.
        sigma: noise level of each latent frame, [B, M, F].
        guidance: how much the prompt counts; 1: as in the data.

    Source: model guidance, arXiv 2502.12154.
    """
    start, full = GUIDED_BETWEEN
    ramp = ((sigma - start) / (full - start)).clamp(0, 1)[..., None, None, None]
    return target + (1 - 1 / guidance) * ramp * (prompted - free).float().detach()


def flow_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """Return the mean square error of the flow, in fp32."""
    return (predicted.float() - target.float()).square().mean()
