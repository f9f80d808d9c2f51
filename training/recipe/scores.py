"""The two scores of distribution matching: the teacher's, and that of what the generator makes.

Source: DMD2, arXiv 2405.14867, over whole clips as in CausVid, arXiv 2412.07772.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from mag_sandbox.model.dit import DiT, own_block_attention
from mag_sandbox.model.flow import FlowSchedule, add_noise, score_timestep, x0_from_flow
from mag_sandbox.model.generator import Coordinates
from mag_sandbox.training.losses import dmd_gradient, dmd_loss, guide
from mag_sandbox.training.recipe.clips import clip_flow


@dataclass(frozen=True, slots=True)
class Guidance:
    """How much the prompt counts in each score; 0: no negative prompt is asked."""

    real: float = 3.0
    fake: float = 0.0


@dataclass(frozen=True, slots=True)
class NoisedClip:
    """A clip at one noise level, [B, F, C, H, W], and what made it."""

    clean: Tensor
    noise: Tensor
    timesteps: Tensor  # 20 to 980, [B]
    sigma: Tensor  # [B, F]
    noisy: Tensor


@dataclass(eq=False)
class Scores:
    """Compares both scores on generated clips.

    scores = Scores(teacher, fake, Guidance())
    noised = scores.noise(clip.detach(), raw_timesteps, noise)
    loss = scores.generator_loss(clip, noised, text, negative, coordinates)
    loss = scores.critic_loss(noised, text, coordinates)
    """

    real: DiT  # the teacher, frozen
    fake: DiT  # the critic; it learns what the generator makes
    guidance: Guidance  # of each
    shift: float = 5.0  # of the noise levels

    def __post_init__(self) -> None:
        self._schedule = FlowSchedule(self.shift)

    def noise(self, clean: Tensor, raw: Tensor, noise: Tensor) -> NoisedClip:
        """Noise clips to compare scores at.

        Args:
            clean: generated, [B, F, C, H, W]; no gradient passes.
            raw: integers from 0 to 999, [B].
            noise: standard normal, like the clips.
        """
        timesteps = score_timestep(raw.float(), self._schedule.shift).to(clean.device)
        sigma = self._schedule.sigma(timesteps)[:, None].expand(clean.shape[:2])
        clean = clean.detach()
        return NoisedClip(clean, noise, timesteps, sigma, add_noise(clean, noise, sigma))

    def generator_loss(
        self, clip: Tensor, noised: NoisedClip, text: Tensor, negative: Tensor, at: Coordinates
    ) -> Tensor:
        """Return the loss that moves generated clips towards the teacher's, fp64.

        Args:
            clip: as generated, with its gradient.
            noised: the same clip at the level of comparison.
            text: features of the real prompts, whatever the generator was given.
            negative: features that the teacher is guided away from.
            at: coordinates of the clip's frames.
        """
        with torch.no_grad():
            fake = self._x0(self.fake, noised, text, negative, at, self.guidance.fake)
            real = self._x0(self.real, noised, text, negative, at, self.guidance.real)
            gradient = dmd_gradient(noised.clean, fake, real)
        return dmd_loss(clip, gradient)

    def critic_loss(self, noised: NoisedClip, text: Tensor, at: Coordinates) -> Tensor:
        """Return the flow-matching loss of the critic on a generated clip, fp64."""
        flow = self._flow(self.fake, noised, text, at)
        return (flow.double() - (noised.noise - noised.clean).double()).square().mean()

    def _x0(
        self,
        dit: DiT,
        noised: NoisedClip,
        text: Tensor,
        negative: Tensor,
        at: Coordinates,
        guidance: float,
    ) -> Tensor:
        prompted = x0_from_flow(self._flow(dit, noised, text, at), noised.noisy, noised.sigma)
        if guidance == 0:
            return prompted
        free = x0_from_flow(self._flow(dit, noised, negative, at), noised.noisy, noised.sigma)
        return guide(prompted, free, guidance)

    def _flow(self, dit: DiT, noised: NoisedClip, text: Tensor, at: Coordinates) -> Tensor:
        attend = own_block_attention(dit.kernel)  # every frame reads every other
        keys = dit.text_keys(text)
        return clip_flow(dit, noised.noisy, noised.timesteps[:, None], keys, at, attend)
