"""The generator: denoise a block while reading memory, then remember it with one clean pass.

Both networks may be the same. Noise is a function of (seed, block), never of a running generator,
so parking, comparing and replaying are exact.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

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
        self._times: dict[float, TimeEmbedding] = {}  # by noise level
        self._clean_time = self._embed(memory_dit, 0.0)
        self._attend = cache.reader(dit.kernel)
        self._attend_memory = cache.reader(memory_dit.kernel)

    def denoise(
        self, noise: Tensor, coordinates: Coordinates, text: TextKeys, steps: int
    ) -> Tensor:
        """Return clean latents, fp32 [B, F, C, H, W], from standard normal noise."""
        x = noise
        levels = euler_levels(steps, self.shift)
        for sigma, following in pairwise(levels):
            if sigma not in self._times:
                self._times[sigma] = self._embed(self.dit, sigma)
            flow = self.dit(
                x.to(self.cache.dtype), self._times[sigma], text, coordinates.rotary, self._attend,
                coordinates.features,
            )  # fmt: skip
            x = euler_step(x, flow.float(), sigma, following)
        return x

    def remember(self, latents: Tensor, coordinates: Coordinates) -> None:
        """Leave the block's clean keys and values in the cache, ready to be written to slots."""
        self.memory_dit(
            latents.to(self.cache.dtype), self._clean_time, self.empty_text, coordinates.rotary,
            self._attend_memory, coordinates.features,
        )  # fmt: skip

    def _embed(self, dit: DiT, sigma: float) -> TimeEmbedding:
        shape = (self.cache.shape.batch, self.cache.shape.block_length)
        with torch.inference_mode():
            return dit.embed_time(torch.full(shape, sigma * 1000, device=self.cache.device))


def block_noise(seed: int, block_index: int, shape: tuple[int, ...]) -> Tensor:
    """Return the noise of one block, drawn on the CPU so that every device sees the same."""
    generator = torch.Generator().manual_seed((seed * 1_000_003 + block_index) % 2**63)
    return torch.randn(shape, generator=generator)
