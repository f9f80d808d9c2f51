"""How public checkpoints turn noise into latents: few steps that noise again, or many that do not.

Few-step students predict clean latents, noise them to the next level and go on; which levels, is
data. Their teacher follows the flow instead. All tables are made when a sampler is, in fp32; its
steps use plain numbers, so no device is ever waited for.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from mag_sandbox.model.flow import Draw, EulerSampler, FlowSchedule, euler_levels


@dataclass(frozen=True, slots=True)
class FewSteps:
    """The noise levels of a few-step checkpoint."""

    steps: tuple[int, ...] = (1000, 750, 500, 250)
    warped: bool = True  # steps count evenly and are shifted; False: they are timesteps themselves
    shift: float = 5.0

    @property
    def timesteps(self) -> Tensor:
        """What the network is told, fp32 [steps]."""
        if self.warped:
            return FlowSchedule(self.shift).warp(self.steps)
        return torch.tensor(self.steps, dtype=torch.float32)

    @property
    def sigmas(self) -> Tensor:
        """The noise level of each step, that of the nearest entry in the table, fp32 [steps]."""
        return FlowSchedule(self.shift).sigma(self.timesteps)


FOUR_STEPS = FewSteps()  # of MAG, Self Forcing and LongLive


class RenoisingSampler:
    """Predicts clean latents at every step and noises them again to the next step's level.

        sampler = RenoisingSampler(FewSteps())
        latents = generator.sample(noise, coordinates, text, sampler, draw)

    Source: consistency sampling, arXiv 2303.01469, as in Self Forcing, arXiv 2506.08009.
    """

    def __init__(self, levels: FewSteps) -> None:
        self.timesteps: tuple[float, ...] = tuple(levels.timesteps.tolist())
        self._sigmas: tuple[float, ...] = tuple(levels.sigmas.tolist())

    def advance(self, x: Tensor, flow: Tensor, step: int, draw: Draw) -> Tensor:
        """Return the latents after a step; the last one's are clean."""
        x0 = x - self._sigmas[step] * flow
        if step + 1 == len(self._sigmas):
            return x0
        following = self._sigmas[step + 1]
        return (1 - following) * x0 + following * draw(step)


def euler_sampler(steps: int, shift: float) -> EulerSampler:
    """Return the teacher's Euler solver, as distillation code uses it."""
    return EulerSampler(euler_levels(steps, shift))
