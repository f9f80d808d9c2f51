"""Distribution matching on what the generator itself makes: Self Forcing, MAG, and others by data.

Videos are made clip by clip with carried memory. Every clip is learned from: by the generator, or
by the critic that learns what the generator makes. MAG's history loss is a clip made under the
empty prompt and judged under the real one. Two scores judge it: the teacher's, and that of what the
generator makes.

Source: DMD2, arXiv 2405.14867, over whole clips as in CausVid, arXiv 2412.07772.
"""

from dataclasses import KW_ONLY, dataclass

import torch
from torch import Tensor

from mag_sandbox.model.dit import DiT, own_block_attention
from mag_sandbox.model.flow import FlowSchedule, add_noise, score_timestep, x0_from_flow
from mag_sandbox.model.generator import Coordinates
from mag_sandbox.training.distillation import GeneratorAndCritic
from mag_sandbox.training.losses import dmd_gradient, dmd_loss, guide
from mag_sandbox.training.recipe.clips import PromptSource, clip_flow
from mag_sandbox.training.recipe.presets import Distillation
from mag_sandbox.training.recipe.stage import RecipeStage
from mag_sandbox.training.recipe.videos import GeneratedClip, Lanes, TeacherForced, Videos
from mag_sandbox.training.seeded_random import SeededRandom


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
        """Noise generated clips, [B, F, C, H, W], to compare scores at; no gradient passes.

        Raw levels are integers from 0 to 999, [B]; the noise is standard normal.
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


_DRAWS = 16


@dataclass(eq=False)
class ClipDistillationStage(RecipeStage[GeneratorAndCritic, PromptSource, Distillation]):
    """Trains a generator, and its critic, by distribution matching on its own rollouts.

    One step of the loop is one clip; `accumulate` clips in a row share a role, see
    `GradientAccumulation`. The source gives the negative prompt.

    Source: DMD, arXiv 2311.18828 and 2405.14867; Self Forcing, arXiv 2506.08009; MAG, arXiv
    2512.18741.
    """

    name = "generator"

    _: KW_ONLY
    teacher: DiT  # the real score, frozen
    videos: Videos | Lanes | TeacherForced  # makes clips with the generator
    negative: str  # prompt the teacher is guided away from
    accumulate: int = 1  # clips of one update

    def __post_init__(self) -> None:
        self.teacher.requires_grad_(False)
        guidance = Guidance(real=self.config.guidance)
        self._scores = Scores(self.teacher, self.module.critic, guidance, self.config.shift)

    def optimisers(self) -> list[torch.optim.Optimizer]:
        """Return AdamW over the generator and, at a rate of its own, over the critic."""
        numbers = self.config.optimisation
        return self.module.optimisers(
            numbers.rate, numbers.critic_rate, numbers.betas, numbers.weight_decay
        )

    def kind(self, step: int) -> str:
        """Return who learns from a clip: `generator` or `critic`."""
        update = step // self.accumulate
        return "generator" if update % self.config.period == 0 else "critic"

    def loss(self, step: int) -> Tensor:
        """Return the loss of one clip; it has a gradient for one of the two only."""
        learns = self.kind(step)
        random = SeededRandom(self.seed, _DRAWS, step)
        with self.device.autocast():
            with torch.set_grad_enabled(learns == "generator"):
                clip = self.videos.clip(step)
            noised = self._noised(clip, random)
            text = self.device.upload(clip.text)
            self.latest = clip.latents.detach()
            if learns == "critic":
                return self._scores.critic_loss(noised, text, clip.at)
            negative = self.device.upload(self.source.text(self.negative, len(text)))
            return self._scores.generator_loss(clip.latents, noised, text, negative, clip.at)

    def _noised(self, clip: GeneratedClip, random: SeededRandom) -> NoisedClip:
        raw = random.integers(1000, (len(clip.latents),))
        noise = self.device.upload(random.noise(clip.latents.shape))
        return self._scores.noise(clip.latents, raw, noise)
