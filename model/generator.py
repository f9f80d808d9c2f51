"""The generator: denoise a block while reading memory, then remember it with one clean pass.

Both networks may be the same. Noise is a function of (seed, block), never of a running generator,
so parking, comparing and replaying are exact.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from model.dit import DiT, TextKeys, TimeEmbedding
from model.flow import euler_step
from model.kv_cache import KVCache
from model.rope import Rotary


@dataclass(frozen=True, slots=True)
class Coordinates:
    """Where and when a block's tokens lie."""

    rotary: Rotary
    features: Tensor | None = None


class BlockGenerator:
    """Denoises and remembers blocks of latent frames.

        cache.attend(policy.attend(pose))
        latents = generator.denoise(block_noise(seed, index, shape), coordinates, prompt_keys)
        generator.remember(latents, coordinates)  # then cache.write(policy.admit(block))

    Args:
        dit: denoises.
        memory_dit: writes keys and values; MAG's memory model, or the generator itself.
        cache: what is read and written.
        levels: noise levels from 1 to 0, one more than denoising steps.
        empty_text: keys of the empty prompt, under which blocks are remembered.
    """

    def __init__(
        self,
        dit: DiT,
        memory_dit: DiT,
        cache: KVCache,
        levels: tuple[float, ...],
        empty_text: TextKeys,
    ) -> None:
        self.dit, self.memory_dit, self.cache = dit, memory_dit, cache
        self.levels, self.empty_text = levels, empty_text
        frames = cache.shape.block_length
        self._times = [_embed(dit, level, frames, cache) for level in levels[:-1]]
        self._clean_time = _embed(memory_dit, 0.0, frames, cache)
        self._attend = cache.reader(dit.kernel)
        self._attend_memory = cache.reader(memory_dit.kernel)

    def denoise(self, noise: Tensor, coordinates: Coordinates, text: TextKeys) -> Tensor:
        """Return clean latents, fp32 [B, F, C, H, W], from standard normal noise."""
        x = noise
        steps = zip(self.levels, self.levels[1:], self._times, strict=False)
        for sigma, following, time in steps:
            flow = self.dit(
                x.to(self.cache.dtype), time, text, coordinates.rotary, self._attend,
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


def _embed(dit: DiT, sigma: float, frames: int, cache: KVCache) -> TimeEmbedding:
    with torch.inference_mode():
        timesteps = torch.full((cache.shape.batch, frames), sigma * 1000, device=cache.device)
        return dit.embed_time(timesteps)


def block_noise(seed: int, block_index: int, shape: tuple[int, ...]) -> Tensor:
    """Return the noise of one block, drawn on the CPU so that every device sees the same."""
    generator = torch.Generator().manual_seed((seed * 1_000_003 + block_index) % 2**63)
    return torch.randn(shape, generator=generator)
