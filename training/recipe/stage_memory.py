"""The memory model: reconstructs every block from the one frame that memory keeps of it."""

import torch
from torch import Tensor

from mag_sandbox.model.dit import Attend, DiT, TextKeys
from mag_sandbox.model.flow import FlowSchedule, add_noise, x0_from_flow
from mag_sandbox.model.full.samplers import FOUR_STEPS, FewSteps, RenoisingSampler
from mag_sandbox.model.generator import Coordinates
from mag_sandbox.training.devices import Device
from mag_sandbox.training.draws import Draws
from mag_sandbox.training.losses import x0_loss
from mag_sandbox.training.recipe.clips import ClipSource, Show, flow_beside_clean
from mag_sandbox.training.recipe.masks import block_attention, compress, history_compress
from mag_sandbox.training.recipe.presets import MemoryTraining
from mag_sandbox.training.recipe.stage import RecipeStage

MASKS = {"history_compress": history_compress, "compress": compress}
_DRAWS = 11  # keeps this stage's draws apart from others'


class MemoryStage(RecipeStage):
    """Trains a transformer to write, and to read, compressed memory.

    Args:
        module: starts from a few-step student.
        source: of videos.
        config: the numbers.
        device: where to compute.
        seed: of all draws.
        show: writes a picture of latents.
    """

    name = "memory"

    def __init__(
        self,
        module: DiT,
        source: ClipSource,
        config: MemoryTraining,
        device: Device,
        seed: int,
        show: Show,
    ) -> None:
        super().__init__(module, config.optimisation, device, seed, show)
        self.source, self.config = source, config

    def loss(self, step: int) -> Tensor:
        """Return the error of clean latents predicted in one step from one noise level."""
        config, draws = self.config, Draws(self.seed, _DRAWS, step)
        length = config.block_lengths[draws.choice(len(config.block_lengths))]
        drawn = self.source.clips(step, config.frames)
        frames = drawn.latents.shape[1] // length * length
        clean = self.device.upload(drawn.latents[:, :frames])
        noise = self.device.upload(draws.noise(clean.shape))
        timesteps = config.levels.timesteps
        timestep = float(timesteps[draws.choice(len(timesteps))])
        noisy, sigma = noised(clean, noise, timestep, config.levels.shift)
        first = first_index(draws, frames, length, config.longest)
        attend = block_attention(
            MASKS[config.mask](frames, length), self.source.tokens, self.module.kernel
        )
        text = drawn.conditions.text
        if draws.happens(config.empty_share):
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


def first_index(draws: Draws, frames: int, block_length: int, longest: int) -> int:
    """Return a random index of a clip's first frame, whole blocks into a video of `longest` frames.

    All frames of a pass are moved alike and rotary scores know differences only, so it changes
    nothing but rounding; it is here because the recipe has it.
    """
    return draws.choice(max(0, longest - frames) + 1) // block_length * block_length


def noised(
    clean: Tensor, noise: Tensor, timestep: float, shift: float = 5.0
) -> tuple[Tensor, Tensor]:
    """Return clips [B, F, C, H, W] at one noise level, and that level, [B, F]."""
    level = FlowSchedule(shift).sigma(torch.tensor(timestep))
    sigma = level.to(clean.device).expand(clean.shape[:2])
    return add_noise(clean, noise, sigma), sigma


@torch.no_grad()
def reconstruct(
    dit: DiT,
    clean: Tensor,
    noise: Tensor,
    text: TextKeys,
    coordinates: Coordinates,
    attend: Attend,
    levels: FewSteps = FOUR_STEPS,
) -> Tensor:
    """Return whole clips rebuilt in parallel from what memory keeps of them, [B, F, C, H, W].

    Args:
        dit: the memory model.
        clean: what is remembered, [B, F, C, H, W].
        noise: to start from, then what is added after each step but the last, [steps, B, F, ...].
        text: keys of the empty prompt.
        coordinates: of the frames.
        attend: of 2F frames, clean | noisy.
        levels: the steps.
    """
    sampler, x = RenoisingSampler(levels), noise[0]
    for step, timestep in enumerate(sampler.timesteps):
        timesteps = torch.full(x.shape[:2], timestep)
        flow = flow_beside_clean(dit, clean, x, timesteps, text, coordinates, attend)
        x = sampler.advance(x, flow, step, lambda index: noise[index + 1])
    return x
