"""Pure losses and noise levels of training; no networks, no data."""

import torch
from torch import Tensor

from mag_sandbox.model.flow import add_noise, shift_noise_level

GUIDED_BETWEEN = (0.35, 0.55)  # noise levels between which guidance sets in
TRAIN_SHIFT = 2.0  # noise levels lean towards noise, where the layout of a picture is decided


def sample_noise_levels(
    shape: tuple[int, ...], generator: torch.Generator, shift: float = TRAIN_SHIFT
) -> Tensor:
    """Return noise levels in (0, 1): logit-normal (mean 0.3, deviation 1.2), shifted."""
    u = torch.sigmoid(1.2 * torch.randn(shape, generator=generator) + 0.3)
    return shift_noise_level(u, shift)


def flow_target(x0: Tensor, sigma: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return noisy latents, [B, F, C, H, W], and the flow to be predicted, noise - x0.

    Noise levels are [B, F]. The noise is drawn on the CPU, so that every device sees the same.
    """
    noise = torch.randn(x0.shape, generator=generator).to(x0)
    return add_noise(x0, noise, sigma), noise - x0


def guided_target(
    target: Tensor, prompted: Tensor, free: Tensor, sigma: Tensor, guidance: float
) -> Tensor:
    """Return the target of a network that learns to follow its prompt without a second pass.

    A prediction that meets it on average is p = free + guidance * (flow - free), as guidance by a
    second pass in every step would give. Details (low noise) stay as learned.

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


def x0_loss(predicted: Tensor, x0: Tensor, counted: Tensor | None = None) -> Tensor:
    """Return the mean square error of clean latents, in fp64, without any weight of the level.

    It is the loss of MAG's memory model (arXiv 2512.18741) and of the regression on a teacher's
    trajectories that few-step students start from (CausVid, arXiv 2412.07772).

    Args:
        predicted: [B, F, C, H, W].
        x0: clean latents, likewise.
        counted: which latent frames count, bool [B, F]; None: all. Frames given clean do not.
    """
    square = (predicted.double() - x0.double()).square()
    return square.mean() if counted is None else square[counted].mean()


def guide(prompted: Tensor, free: Tensor, guidance: float) -> Tensor:
    """Return prompted + guidance * (prompted - free).

    DMD code counts this way: its guidance g is what samplers call 1 + g.
    """
    return prompted + guidance * (prompted - free)


def dmd_gradient(x: Tensor, fake_x0: Tensor, real_x0: Tensor) -> Tensor:
    """Return the direction away from the teacher, [B, F, C, H, W], scaled alike at all levels.

    Args:
        x: generated clean latents.
        fake_x0: their reconstruction by the score of generated samples, once they are noised.
        real_x0: the teacher's reconstruction.

    Source: DMD, arXiv 2311.18828, equations 7 and 8; the mean is over one sample.
    """
    size = (x - real_x0).abs().mean(dim=(1, 2, 3, 4), keepdim=True)
    return torch.nan_to_num((fake_x0 - real_x0) / size, posinf=0.0, neginf=0.0).detach()


def dmd_loss(x: Tensor, gradient: Tensor) -> Tensor:
    """Return a loss, fp64, whose gradient in `x` is `gradient` over the number of elements."""
    target = (x.double() - gradient.double()).detach()
    return 0.5 * (x.double() - target).square().mean()


def moments_loss(made: Tensor, clean: Tensor) -> Tensor:
    """Return how far the spread of latents is from that of clean ones, and that of their edges.

    For each channel, over the whole batch: the squared logarithm of the ratio of root mean squares,
    of values about their mean and of steps to the neighbours on the right and below; fp32 scalar.
    Both are [..., C, H, W] of the same scenes, not necessarily of the same views.
    """
    ratios = torch.stack([torch.log(_spread(x.float())) for x in (made, clean)])
    return (ratios[0] - ratios[1]).square().mean()


def _spread(x: Tensor) -> Tensor:
    """Return the mean squares of values about their mean and of steps across and down, [3, C]."""
    x = x.flatten(0, -4)  # [N, C, H, W]
    steps = x.diff(dim=-1), x.diff(dim=-2)
    centred = x - x.mean(dim=(0, 2, 3), keepdim=True)
    return torch.stack([one.square().mean(dim=(0, 2, 3)) for one in (centred, *steps)]).sqrt()
