"""The generator: denoise a block while reading memory, then remember it with one clean pass.

Both networks may be the same. Noise is a function of (seed, block), never of a running generator,
so parking, comparing and replaying are exact.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from model.config import FlowConfig
from model.dit import DiT, TextKeys, TimeEmbedding
from model.flow import euler_levels, euler_step
from model.kv_cache import KVCache


@dataclass(frozen=True, slots=True)
class Coordinates:
    """Where and when a block's tokens lie."""

    rotary: Tensor
    features: Tensor | None = None


class BlockGenerator:
    """Denoises and remembers blocks of latent frames.

        cache.attend(policy.attend(pose))
        noise = block_noise(seed, index, shape)
        latents = generator.denoise(noise, coordinates, prompt_keys, steps=4)
        generator.remember(latents, coordinates)  # then cache.write(policy.admit(block))

    Args:
        dit: denoises.
        memory_dit: writes keys and values; MAG's memory model, or the generator itself.
        cache: what is read and written.
        shift: of the noise levels.
        empty_text: keys of the empty prompt, under which blocks are remembered.
    """

    def __init__(
        self,
        dit: DiT,
        memory_dit: DiT,
        cache: KVCache,
        shift: float,
        empty_text: TextKeys,
    ) -> None:
        self.dit, self.memory_dit, self.cache = dit, memory_dit, cache
        self.shift, self.empty_text = shift, empty_text
        self._times: dict[tuple[float, int], TimeEmbedding] = {}  # by noise level and frames
        self._clean_time = self._embed(memory_dit, 0.0, cache.shape.block_length)
        self._attend = cache.reader(dit.kernel)
        self._attend_memory = cache.reader(memory_dit.kernel)

    def denoise(
        self, noise: Tensor, coordinates: Coordinates, text: TextKeys, steps: int
    ) -> Tensor:
        """Return clean latents, fp32 [B, F, C, H, W], from standard normal noise."""
        x = noise
        for sigma, following in pairwise(euler_levels(steps, self.shift)):
            x = euler_step(x, self._flow(x, sigma, coordinates, text), sigma, following)
        return x

    def imagine(
        self, noise: Tensor, coordinates: Coordinates, text: TextKeys, flow: FlowConfig
    ) -> Tensor:
        """Denoise what is to be invented, guided by the prompt.

        Source: classifier-free guidance, arXiv 2207.12598, on an interval of noise levels,
        arXiv 2404.07724.
        """
        x = noise
        for sigma, following in pairwise(euler_levels(flow.imagine_steps, self.shift)):
            direction = self._flow(x, sigma, coordinates, text)
            if flow.guidance != 1.0 and sigma > flow.guided_above:
                free = self._flow(x, sigma, coordinates, self.empty_text)
                direction = free + flow.guidance * (direction - free)
            x = euler_step(x, direction, sigma, following)
        return x

    def remember(self, latents: Tensor, coordinates: Coordinates) -> None:
        """Leave the block's clean keys and values in the cache, ready to be written to slots."""
        self.memory_dit(
            latents.to(self.cache.dtype), self._clean_time, self.empty_text, coordinates.rotary,
            self._attend_memory, coordinates.features,
        )  # fmt: skip

    def _flow(self, x: Tensor, sigma: float, coordinates: Coordinates, text: TextKeys) -> Tensor:
        """Return the flow at one noise level, fp32."""
        level = sigma, x.shape[1]
        if level not in self._times:
            self._times[level] = self._embed(self.dit, *level)
        return self.dit(
            x.to(self.cache.dtype), self._times[level], text, coordinates.rotary, self._attend,
            coordinates.features,
        ).float()  # fmt: skip

    def _embed(self, dit: DiT, sigma: float, frames: int) -> TimeEmbedding:
        timesteps = torch.full((self.cache.shape.batch, frames), sigma * 1000)
        with torch.inference_mode():
            return dit.embed_time(timesteps.to(self.cache.device))


def block_noise(seed: int, block_index: int, shape: tuple[int, ...]) -> Tensor:
    """Return the noise of one block, drawn on the CPU so that every device sees the same."""
    generator = torch.Generator().manual_seed((seed * 1_000_003 + block_index) % 2**63)
    return torch.randn(shape, generator=generator)
