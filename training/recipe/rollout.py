"""Self-rollout for training: the engine of play, with gradients where the recipe wants them.

Steps, memory policies and prompt switches are those of `model.full.rollout`. Only the last
denoising step of a block is differentiated; what is remembered is cut off from the gradient.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from mag_sandbox.model.dit import DiT, TextKeys
from mag_sandbox.model.flow import Draw, Sampler
from mag_sandbox.model.full.recipes import BLOCK_LENGTH, Recipe
from mag_sandbox.model.full.rollout import Rollout
from mag_sandbox.model.full.samplers import FewSteps, RenoisingSampler
from mag_sandbox.model.generator import Coordinates
from mag_sandbox.model.kv_cache import GraphCache
from mag_sandbox.training.recipe.clips import FramePlaces

Renoise = Callable[[int, int], Tensor]  # block of the clip, step -> noise like a block's latents


@dataclass(eq=False)
class TrainedGenerator:
    """Denoises with a gradient through the last step and remembers without one.

    The calls are those of `BlockGenerator`, so `Rollout` plays it.
    """

    dit: DiT  # what is trained
    memory_dit: DiT  # writes what is remembered; MAG's frozen memory model, or the generator
    cache: GraphCache  # what is read and written
    empty_text: Tensor  # features of the empty prompt, [B, text_len, text_dim]

    def sample(
        self, noise: Tensor, coordinates: Coordinates, text: TextKeys, sampler: Sampler, draw: Draw
    ) -> Tensor:
        """Return clean latents, fp32 [B, F, C, H, W]; see `BlockGenerator.sample`."""
        x, last = noise, len(sampler.timesteps) - 1
        with torch.no_grad():
            for step in range(last):
                x = sampler.advance(x, self._flow(x, sampler, step, coordinates, text), step, draw)
        return sampler.advance(x, self._flow(x, sampler, last, coordinates, text), last, draw)

    @torch.no_grad()
    def remember(
        self, latents: Tensor, coordinates: Coordinates, text: TextKeys | None = None
    ) -> None:
        """Leave clean keys and values in the cache; under the empty prompt if none is given."""
        dit = self.memory_dit
        time = dit.embed_time(torch.zeros(1, latents.shape[1], device=latents.device))
        text = text or dit.text_keys(self.empty_text)
        attend = self.cache.recorder(dit.kernel)
        tokens = dit.embed(latents.detach(), coordinates.features)
        dit.memorise(tokens, time, text, coordinates.rotary, attend)

    def _flow(
        self, x: Tensor, sampler: Sampler, step: int, coordinates: Coordinates, text: TextKeys
    ) -> Tensor:
        timesteps = torch.full((1, x.shape[1]), sampler.timesteps[step], device=x.device)
        time = self.dit.embed_time(timesteps)
        attend = self.cache.reader(self.dit.kernel)
        return self.dit(x, time, text, coordinates.rotary, attend, coordinates.features).float()


class SelfRollout(Rollout):
    """A batch of videos in the making, clip by clip; memory is carried from clip to clip.

    video = SelfRollout(TrainedGenerator(...), places, recipe)  # over a `GraphCache`
    first = video.clip(noise, text, exit_step, renoise)
    more = video.clip(more_noise, text, another_exit_step, renoise)
    """

    def __init__(self, generator: TrainedGenerator, places: FramePlaces, recipe: Recipe) -> None:
        super().__init__(generator, places, recipe)
        self._places, self._levels = places, recipe.sampling

    def coordinates(self, first_frame: int, frames: int) -> Coordinates:
        """Return where and when frames lie."""
        return self._places.at(first_frame, frames)

    def clip(self, noise: Tensor, text: TextKeys, exit_step: int, renoise: Renoise) -> Tensor:
        """Return the next clip's latents; each block's gradient ends at its own last step.

        Args:
            noise: standard normal, [B, F, C, H, W], whole blocks.
            text: keys of the prompt the generator is given, with their gradient.
            exit_step: at which of the recipe's steps every block ends; 0 is the noisiest.
            renoise: what is added after the steps before it.

        Source: Self Forcing, arXiv 2506.08009, algorithm 1.
        """
        self.sampler = RenoisingSampler(until(self._levels, exit_step))
        made = []
        for index, block in enumerate(noise.split(BLOCK_LENGTH, dim=1)):
            made.append(self.denoise(block, text, lambda step, index=index: renoise(index, step)))
            self.remember(made[-1].detach(), text)
        return torch.cat(made, dim=1)


def until(levels: FewSteps, exit_step: int) -> FewSteps:
    """Return the first steps of a few-step sampler, up to the one a rollout leaves at."""
    return replace(levels, steps=levels.steps[: exit_step + 1])
