"""Distribution matching on what the generator itself makes: Self Forcing, MAG, and others by data.

Videos are made clip by clip with carried memory. Every clip is learned from: by the generator, or
by the critic that learns what the generator makes. MAG's history loss is a clip made under the
empty prompt and judged under the real one.
"""

import torch
from torch import Tensor, nn

from mag_sandbox.model.dit import DiT
from mag_sandbox.training.devices import Device
from mag_sandbox.training.draws import Draws
from mag_sandbox.training.recipe.clips import PromptSource, Show
from mag_sandbox.training.recipe.presets import Distillation
from mag_sandbox.training.recipe.scores import Guidance, NoisedClip, Scores
from mag_sandbox.training.recipe.stage import RecipeStage, adamw
from mag_sandbox.training.recipe.videos import Clip, Lanes, TeacherForced, Videos

_DRAWS = 16


class Distilled(nn.Module):
    """What learns: the generator and the critic of what it makes, under one state dict."""

    def __init__(self, generator: DiT, critic: DiT) -> None:
        super().__init__()
        self.generator, self.critic = generator, critic


class DistillationStage(RecipeStage):
    """Trains a generator, and its critic, by distribution matching on its own rollouts.

    One step of the loop is one clip; `accumulate` clips in a row share a role, see `Accumulated`.

    Args:
        module: generator and critic.
        teacher: the real score, frozen.
        videos: makes clips with the generator.
        source: gives the negative prompt.
        negative: prompt the teacher is guided away from.
        config: the numbers.
        device: where to compute.
        seed: of all draws.
        show: writes a picture of latents.
        accumulate: clips of one update.

    Source: DMD, arXiv 2311.18828 and 2405.14867; Self Forcing, arXiv 2506.08009; MAG, arXiv
    2512.18741.
    """

    name = "generator"

    def __init__(
        self,
        module: Distilled,
        teacher: DiT,
        videos: Videos | Lanes | TeacherForced,
        source: PromptSource,
        negative: str,
        config: Distillation,
        device: Device,
        seed: int,
        show: Show,
        accumulate: int = 1,
    ) -> None:
        super().__init__(module, config.optimisation, device, seed, show)
        self.videos, self.source, self.config = videos, source, config
        self.accumulate, self._negative = accumulate, negative
        teacher.requires_grad_(False)
        self._scores = Scores(teacher, module.critic, Guidance(real=config.guidance), config.shift)

    def optimisers(self) -> list[torch.optim.Optimizer]:
        """Return AdamW over the generator and, at a rate of its own, over the critic."""
        return [
            adamw(self.module.generator, self.numbers, self.numbers.rate),
            adamw(self.module.critic, self.numbers, self.numbers.critic_rate),
        ]

    def kind(self, step: int) -> str:
        """Return who learns from a clip: `generator` or `critic`."""
        update = step // self.accumulate
        return "generator" if update % self.config.period == 0 else "critic"

    def loss(self, step: int) -> Tensor:
        """Return the loss of one clip; it has a gradient for one of the two only."""
        learns = self.kind(step)
        draws = Draws(self.seed, _DRAWS, step)
        with self.device.autocast():
            with torch.set_grad_enabled(learns == "generator"):
                clip = self.videos.clip(step)
            noised = self._noised(clip, draws)
            text = self.device.upload(clip.text)
            self.latest = clip.latents.detach()
            if learns == "critic":
                return self._scores.critic_loss(noised, text, clip.at)
            negative = self.device.upload(self.source.text(self._negative, len(text)))
            return self._scores.generator_loss(clip.latents, noised, text, negative, clip.at)

    def _noised(self, clip: Clip, draws: Draws) -> NoisedClip:
        raw = draws.integers(1000, (len(clip.latents),))
        noise = self.device.upload(draws.noise(clip.latents.shape))
        return self._scores.noise(clip.latents, raw, noise)
