"""The memory model: reconstructs every block from the one frame that memory keeps of it."""

from dataclasses import dataclass

import torch
from torch import Tensor

from mag_sandbox.model.dit import DiT
from mag_sandbox.model.flow import FlowSchedule, add_noise, x0_from_flow
from mag_sandbox.training.losses import x0_loss
from mag_sandbox.training.recipe.clips import ClipSource, flow_beside_clean
from mag_sandbox.training.recipe.masks import block_attention, compress, history_compress
from mag_sandbox.training.recipe.presets import MemoryTraining
from mag_sandbox.training.recipe.stage import RecipeStage
from mag_sandbox.training.seeded_random import SeededRandom

MASKS = {"history_compress": history_compress, "compress": compress}
_DRAWS = 11  # keeps this stage's draws apart from others'


@dataclass(eq=False)
class MemoryStage(RecipeStage[DiT, ClipSource, MemoryTraining]):
    """Trains a transformer, first a few-step student, to write and to read compressed memory."""

    name = "memory"

    def loss(self, step: int) -> Tensor:
        """Return the error of clean latents predicted in one step from one noise level."""
        config, random = self.config, SeededRandom(self.seed, _DRAWS, step)
        length = config.block_lengths[random.choice(len(config.block_lengths))]
        drawn = self.source.clips(step, config.frames)
        frames = drawn.latents.shape[1] // length * length
        clean = self.device.upload(drawn.latents[:, :frames])
        noise = self.device.upload(random.noise(clean.shape))
        timesteps = config.levels.timesteps
        timestep = float(timesteps[random.choice(len(timesteps))])
        noisy, sigma = noised(clean, noise, timestep, config.levels.shift)
        first = first_index(random, frames, length, config.longest)
        attend = block_attention(
            MASKS[config.mask](frames, length), self.source.tokens, self.module.kernel
        )
        text = drawn.conditions.text
        if random.happens(config.empty_share):
            text = self.source.text("", len(clean))
        with self.device.autocast():
            flow = flow_beside_clean(
                self.module, clean, noisy, torch.full(sigma.shape, timestep),
                self.module.text_keys(self.device.upload(text)),
                drawn.conditions.places.at(first, frames), attend,
            )  # fmt: skip
        predicted = x0_from_flow(flow, noisy, sigma)
        self.latest = predicted.detach()
        return x0_loss(predicted, clean)


def first_index(random: SeededRandom, frames: int, block_length: int, longest: int) -> int:
    """Return a random index of a clip's first frame, whole blocks into a video of `longest` frames.

    All frames of a pass are moved alike and rotary scores know differences only, so it changes
    nothing but rounding; it is here because the recipe has it.
    """
    return random.choice(max(0, longest - frames) + 1) // block_length * block_length


def noised(
    clean: Tensor, noise: Tensor, timestep: float, shift: float = 5.0
) -> tuple[Tensor, Tensor]:
    """Return clips [B, F, C, H, W] at one noise level, and that level, [B, F]."""
    level = FlowSchedule(shift).sigma(torch.tensor(timestep))
    sigma = level.to(clean.device).expand(clean.shape[:2])
    return add_noise(clean, noise, sigma), sigma
