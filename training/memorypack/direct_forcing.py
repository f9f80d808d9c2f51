"""What later clips of a training video are conditioned on: truth, or what the network makes of it.

A video is learned from clip by clip, in order. *Teacher forcing* remembers the true clip. *Direct
Forcing* remembers the clean latents that the training pass itself has predicted from the noised
true clip: what play would show, at no cost. *Student forcing* remembers a clip that was really
sampled, in a few steps. Gradients of all clips add up before one step of the optimiser.

Source: arXiv 2510.01784, section 3.2; its t is 1 - sigma, its velocity the negative flow.
"""

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter, methodcaller
from typing import Literal

from torch import Tensor

from mag_sandbox.model.flow import x0_from_flow

Forcing = Literal["teacher", "direct", "student"]


@dataclass(frozen=True, slots=True)
class ClipPass:
    """One clip's training pass."""

    clean: Tensor  # the true clip, [B, F, C, H, W]
    noisy: Tensor
    sigma: Tensor  # its noise level, [B, F]
    flow: Tensor  # predicted
    sample: Callable[[], Tensor]  # makes the clip as play does, from pure noise


Condition = Callable[[ClipPass], Tensor]  # -> what is remembered of the clip, without a gradient


def one_step(made: ClipPass) -> Tensor:
    """Return noisy - sigma * flow: exact where the flow is straight."""
    return x0_from_flow(made.flow, made.noisy, made.sigma).detach()


CONDITIONS: dict[Forcing, Condition] = {
    "teacher": attrgetter("clean"),
    "direct": one_step,
    "student": methodcaller("sample"),
}


def clips_at(curriculum: tuple[int, ...], step: int, steps: int) -> int:
    """Return how many clips the videos of a step have: short ones first, equal steps for each."""
    return curriculum[min(step * len(curriculum) // steps, len(curriculum) - 1)]
