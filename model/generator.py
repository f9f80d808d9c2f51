"""The generator: denoise a block while reading memory, then remember it with one clean pass.

Both networks may be the same. Noise is a function of (seed, block), never of a running generator,
so parking, comparing and replaying are exact.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from mag_sandbox.model.dit import Attend, DiT, TextKeys, TimeEmbedding
from mag_sandbox.model.flow import AdamsBashforthSampler, Draw, Sampler, euler_levels
from mag_sandbox.model.kv_cache import KVCache

_Embed = Callable[[DiT, float, int], TimeEmbedding]  # network, timestep, frames


@dataclass(frozen=True, slots=True)
class Coordinates:
    """Where and when a block's tokens lie."""

    rotary: Tensor
    features: Tensor | None = None


@dataclass(slots=True)
class _Denoiser:
    """A network, what its self-attention reads, and what it was told of noise levels."""

    dit: DiT
    attend: Attend
    times: dict[tuple[float, int], TimeEmbedding] = field(default_factory=dict)

    def time(self, timestep: float, frames: int, embed: _Embed) -> TimeEmbedding:
        """Return the embedding of a noise level for so many frames, embedding it once."""
        level = timestep, frames
        if level not in self.times:
            self.times[level] = embed(self.dit, timestep, frames)
        return self.times[level]


def no_noise(step: int) -> Tensor:
    """Refuse to draw: for samplers that add no noise."""
    raise RuntimeError(f"step {step} of the sampler adds noise, and none was given")


class BlockGenerator:
    """Denoises and remembers blocks of latent frames.

        cache.attend(policy.attend(pose))
        noise = block_noise(seed, index, shape)
        latents = generator.denoise(noise, coordinates, prompt_keys, steps=4)  # or sample(...)
        generator.remember(latents, coordinates)  # then cache.write(policy.admit(block))

    `dit` denoises; `memory_dit`, MAG's memory model or `dit` itself, writes keys and values under
    the empty prompt, and imagines.
    """

    def __init__(
        self, dit: DiT, memory_dit: DiT, cache: KVCache, shift: float, empty_text: TextKeys
    ) -> None:
        self.dit, self.memory_dit, self.cache = dit, memory_dit, cache
        self.shift, self.empty_text = shift, empty_text
        self._making = _Denoiser(dit, cache.reader(dit.kernel))
        self._remembering = _Denoiser(memory_dit, cache.reader(memory_dit.kernel))

    def denoise(
        self, noise: Tensor, coordinates: Coordinates, text: TextKeys, steps: int
    ) -> Tensor:
        """Return clean latents, fp32 [B, F, C, H, W], from standard normal noise."""
        sampler = AdamsBashforthSampler(euler_levels(steps, self.shift))
        return self.sample(noise, coordinates, text, sampler)

    def imagine(
        self, noise: Tensor, coordinates: Coordinates, text: TextKeys, levels: Sequence[float]
    ) -> Tensor:
        """Return what `denoise` does, made by the memory model under its own keys of the prompt.

        Levels of noise go from 1 to 0, one more than steps.
        """
        sampler = AdamsBashforthSampler(levels)
        return self._sample(self._remembering, noise, coordinates, text, sampler, no_noise)

    def sample(
        self,
        noise: Tensor,
        coordinates: Coordinates,
        text: TextKeys,
        sampler: Sampler,
        draw: Draw = no_noise,
    ) -> Tensor:
        """Return clean latents, fp32 [B, F, C, H, W], as a sampler makes them of normal noise.

        `draw` gives the noise that is added after a step, where the sampler adds some.
        """
        return self._sample(self._making, noise, coordinates, text, sampler, draw)

    def remember(
        self, latents: Tensor, coordinates: Coordinates, text: TextKeys | None = None
    ) -> None:
        """Leave keys and values of clean frames, [B, F, C, H, W], in the cache, to be written.

        They are remembered under the text; None: under the empty prompt, as by MAG's memory model.
        """
        time = self._remembering.time(0.0, latents.shape[1], self._embed)
        tokens = self.memory_dit.embed(latents.to(self.cache.dtype), coordinates.features)
        self.memory_dit.memorise(
            tokens, time, text or self.empty_text, coordinates.rotary, self._remembering.attend,
            self.cache.note,
        )  # fmt: skip

    def remember_again(
        self, inputs: Iterable[Tensor], coordinates: Coordinates, attend: Attend
    ) -> None:
        """Make keys and values of a clean frame again, of what entered the layers, [B, L, dim]."""
        time = self._remembering.time(0.0, 1, self._embed)
        self.memory_dit.attend_again(inputs, time, coordinates.rotary, attend)

    def _sample(
        self,
        denoiser: _Denoiser,
        noise: Tensor,
        coordinates: Coordinates,
        text: TextKeys,
        sampler: Sampler,
        draw: Draw,
    ) -> Tensor:
        x = noise
        for step, timestep in enumerate(sampler.timesteps):
            time = denoiser.time(timestep, x.shape[1], self._embed)
            flow = denoiser.dit(
                x.to(self.cache.dtype), time, text, coordinates.rotary, denoiser.attend,
                coordinates.features,
            ).float()  # fmt: skip
            x = sampler.advance(x, flow, step, draw)
        return x

    def _embed(self, dit: DiT, timestep: float, frames: int) -> TimeEmbedding:
        timesteps = torch.full((self.cache.shape.batch, frames), timestep)
        with torch.inference_mode():
            return dit.embed_time(timesteps.to(self.cache.device))


def block_noise(seed: int, block_index: int, shape: tuple[int, ...], step: int = 0) -> Tensor:
    """Return the noise of one block, drawn on the CPU so that every device sees the same.

    Step 0 is what denoising starts from, n (below 16) what is added after the nth step.
    """
    # only the lowest 32 bits count, so a step's numbers begin 2**28 blocks after another's
    number = seed * 1_000_003 + block_index + step * 2**28
    return torch.randn(shape, generator=torch.Generator().manual_seed(number % 2**63))


def block_noises(
    seed: int, block_index: int, shape: tuple[int, ...], steps: int, device: str = "cpu"
) -> Tensor:
    """Return all noise of a block, [steps, *shape], in one transfer before its first step.

    The first is what denoising starts from, the others what is added after each step but the last:
    `generator.sample(noises[0], ..., draw=noises[1:].__getitem__)`. Nothing is copied between
    steps, where a device would have to be waited for.
    """
    noises = [block_noise(seed, block_index, shape, step) for step in range(steps)]
    return torch.stack(noises).to(device)
