"""Distribution matching on what the generator itself makes: Self Forcing, MAG, and others by data.

Videos are made clip by clip with carried memory. Every clip is learned from: by the generator, or
by the critic that learns what the generator makes. MAG's history loss is a clip made under the
empty prompt and judged under the real one.
"""

from dataclasses import KW_ONLY, dataclass

import torch
from torch import Tensor

from mag_sandbox.model.dit import DiT
from mag_sandbox.training.distillation import GeneratorAndCritic
from mag_sandbox.training.recipe.clips import PromptSource
from mag_sandbox.training.recipe.presets import Distillation
from mag_sandbox.training.recipe.scores import Guidance, NoisedClip, Scores
from mag_sandbox.training.recipe.stage import RecipeStage
from mag_sandbox.training.recipe.videos import GeneratedClip, Lanes, TeacherForced, Videos
from mag_sandbox.training.seeded_random import SeededRandom

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
