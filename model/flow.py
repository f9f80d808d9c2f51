"""Flow matching on straight paths: noise levels, the path itself, and how a step is taken.

Knows nothing of networks. sigma is the noise level in [0, 1]; a timestep is sigma * 1000 and
exists only at the network's boundary.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor

TRAIN_STEPS = 1000  # entries of the schedule's table
SCORE_TIMESTEP_RANGE = (20.0, 980.0)

Draw = Callable[[int], Tensor]  # index of a step -> the fresh noise it may add


class Sampler(Protocol):
    """How noise becomes latents: the noise levels of the steps, and the effect of each step."""

    timesteps: tuple[float, ...]  # one a step, 1000 to 0: the network's input

    def advance(self, x: Tensor, flow: Tensor, step: int, draw: Draw) -> Tensor:
        """Return the latents after a step, given the network's flow."""


def shift_noise_level(u: Tensor, shift: float) -> Tensor:
    """Return shift * u / (1 + (shift - 1) * u), which moves levels towards noise for shift > 1."""
    return shift * u / (1 + (shift - 1) * u)


def _level(sigma: Tensor, like: Tensor) -> Tensor:
    if sigma.shape != like.shape[: sigma.ndim]:
        raise ValueError(
            f"sigma {tuple(sigma.shape)} does not match the first axes of {tuple(like.shape)}"
        )
    return sigma.reshape(sigma.shape + (1,) * (like.ndim - sigma.ndim))


def add_noise(x0: Tensor, noise: Tensor, sigma: Tensor) -> Tensor:
    """Move clean latents along the straight path to noise: (1 - sigma) * x0 + sigma * noise.

    Args:
        x0: clean latents, [B, F, C, H, W].
        noise: standard normal, same shape.
        sigma: noise level per latent frame, [B, F], in [0, 1].

    Source: flow matching on straight paths, arXiv 2210.02747 and 2209.03003.
    """
    level = _level(sigma, x0)
    return ((1 - level) * x0 + level * noise).type_as(noise)


def x0_from_flow(flow: Tensor, xt: Tensor, sigma: Tensor) -> Tensor:
    """Return clean latents from noisy ones and their flow (noise - x0), in fp32 or more."""
    level = _level(sigma, xt)
    exact = torch.promote_types(torch.float32, xt.dtype)
    return (xt.to(exact) - level.to(exact) * flow.to(exact)).type_as(flow)


def euler_step(xt: Tensor, flow: Tensor, sigma: float, next_sigma: float) -> Tensor:
    """Follow the flow from one noise level to the next (the deterministic sampler)."""
    return xt + (next_sigma - sigma) * flow


def euler_levels(steps: int, shift: float) -> tuple[float, ...]:
    """Return the steps + 1 noise levels of an Euler sampler, from 1 to 0."""
    return tuple(shift_noise_level(torch.linspace(1, 0, steps + 1).double(), shift).tolist())


class EulerSampler:
    """Follows the flow along given noise levels; adds no noise of its own."""

    def __init__(self, levels: Sequence[float]) -> None:
        self.levels = tuple(levels)  # one more than steps
        self.timesteps = tuple(sigma * TRAIN_STEPS for sigma in self.levels[:-1])

    def advance(self, x: Tensor, flow: Tensor, step: int, draw: Draw) -> Tensor:  # noqa: ARG002
        """Return the latents after a step; see `Sampler`."""
        return euler_step(x, flow, self.levels[step], self.levels[step + 1])


class AdamsBashforthSampler(EulerSampler):
    """Follows the flow along given noise levels, with a second-order rule.

    Each step after the first uses the flow in its middle, extrapolated from this step and the one
    before (Adams and Bashforth's second-order rule for uneven steps). Good for one sample.
    """

    def __init__(self, levels: Sequence[float]) -> None:
        super().__init__(levels)
        self._before: Tensor | None = None  # the flow of the step before

    def advance(self, x: Tensor, flow: Tensor, step: int, draw: Draw) -> Tensor:  # noqa: ARG002
        """Return the latents after a step; see `Sampler`."""
        sigma, following = self.levels[step : step + 2]
        middle = flow
        if self._before is not None:
            ahead = (following - sigma) / (2 * (sigma - self.levels[step - 1]))
            middle = flow + ahead * (flow - self._before)
        self._before = flow
        return euler_step(x, middle, sigma, following)


class RenoisingSampler:
    """Predicts clean latents at every step and adds noise again up to the next step's level.

        sampler = FOUR_STEPS.sampler()
        latents = generator.sample(noise, coordinates, text, sampler, draw)

    Source: consistency sampling, arXiv 2303.01469, as in Self Forcing, arXiv 2506.08009.
    """

    def __init__(self, timesteps: Tensor, sigmas: Tensor) -> None:
        """Take the network's timestep and the noise level of each step, [steps] each."""
        self.timesteps: tuple[float, ...] = tuple(timesteps.tolist())
        self._sigmas: tuple[float, ...] = tuple(sigmas.tolist())

    def advance(self, x: Tensor, flow: Tensor, step: int, draw: Draw) -> Tensor:
        """Return the latents after a step; the last one's are clean."""
        x0 = x - self._sigmas[step] * flow
        if step + 1 == len(self._sigmas):
            return x0
        following = self._sigmas[step + 1]
        return (1 - following) * x0 + following * draw(step)


class FlowSchedule:
    """The table of noise levels behind public few-step checkpoints.

    >>> schedule = FlowSchedule(shift=5.0)
    >>> timesteps = schedule.warp([1000, 750, 500, 250])
    >>> timesteps.round().tolist()
    [1000.0, 938.0, 833.0, 625.0]
    >>> schedule.sigma(timesteps).shape
    torch.Size([4])

    Source: Self Forcing, arXiv 2506.08009, and MAG, arXiv 2512.18741 (shift 5, sigma_min 0).
    """

    def __init__(self, shift: float = 5.0) -> None:
        u = torch.linspace(1.0, 0.0, TRAIN_STEPS + 1)[:-1]
        self.sigmas = shift_noise_level(u, shift)
        self.timesteps = self.sigmas * TRAIN_STEPS
        self.shift = shift

    def warp(self, steps: Sequence[int]) -> Tensor:
        """Return the table's timesteps for steps counted evenly from 1000 down to 0."""
        table = torch.cat((self.timesteps, torch.zeros(1)))
        return table[[TRAIN_STEPS - step for step in steps]]

    def sigma(self, timesteps: Tensor) -> Tensor:
        """Return the noise level of the nearest table entry, the first one at a tie."""
        distance = (self.timesteps.to(timesteps.device) - timesteps.float()[..., None]).abs()
        return self.sigmas.to(timesteps.device)[distance.argmin(dim=-1)]


def score_timestep(raw: Tensor, shift: float = 5.0) -> Tensor:
    """Return the timestep at which scores are compared in DMD, of integers drawn from 0 to 999."""
    timesteps = TRAIN_STEPS * shift_noise_level(raw / TRAIN_STEPS, shift)
    return timesteps.clamp(*SCORE_TIMESTEP_RANGE)
