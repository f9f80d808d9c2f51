"""The generator: denoise a block while reading memory, then remember it with one clean pass.

Both networks may be the same. Noise is a function of (seed, block), never of a running generator,
so parking, comparing and replaying are exact.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from mag_sandbox.model.dit import Attend, DiT, Note, TextKeys, TimeEmbedding, unnoted
from mag_sandbox.model.flow import AdamsBashforthSampler, Draw, Sampler, euler_levels
from mag_sandbox.model.kv_cache import KVCache


@dataclass(frozen=True, slots=True)
class Coordinates:
    """Where and when a block's tokens lie."""

    rotary: Tensor
    features: Tensor | None = None


class Passes(Protocol):
    """A network's passes over frames, [1, F, C, H, W]; they read frames that a cache attends."""

    def flow(
        self, latents: Tensor, timestep: float, coordinates: Coordinates, text: TextKeys
    ) -> Tensor:
        """Return the flow, fp32 [1, F, C, H, W], of noisy latents, fp32 likewise."""

    def remember(self, latents: Tensor, coordinates: Coordinates, text: TextKeys) -> None:
        """Leave keys and values of clean latents in the cache."""


class NetworkPasses:
    """Passes of a network as it is, with its embeddings of noise levels."""

    def __init__(self, dit: DiT, cache: KVCache, note: Note = unnoted) -> None:
        """Run over a cache; `note` is given the input of every layer when a block is remembered."""
        self.dit, self._cache, self._attend = dit, cache, cache.reader(dit.kernel)
        self._note = note
        self._times: dict[tuple[float, int], TimeEmbedding] = {}

    def flow(
        self, latents: Tensor, timestep: float, coordinates: Coordinates, text: TextKeys
    ) -> Tensor:
        """Return the flow; see `Passes`."""
        time = self.time(timestep, latents.shape[1])
        result: Tensor = self.dit(
            latents.to(self._cache.dtype), time, text, coordinates.rotary, self._attend,
            coordinates.features,
        ).float()  # fmt: skip
        return result

    def remember(self, latents: Tensor, coordinates: Coordinates, text: TextKeys) -> None:
        """Leave keys and values in the cache; see `Passes`."""
        time = self.time(0.0, latents.shape[1])
        tokens = self.dit.embed(latents.to(self._cache.dtype), coordinates.features)
        self.dit.remember(tokens, time, text, coordinates.rotary, self._attend, self._note)

    def time(self, timestep: float, frames: int) -> TimeEmbedding:
        """Return the embedding of a noise level, repeated for a number of frames."""
        level = timestep, frames
        if level not in self._times:
            timesteps = torch.full((self._cache.shape.batch, frames), timestep)
            with torch.inference_mode():
                self._times[level] = self.dit.embed_time(timesteps)
        return self._times[level]


def no_noise(step: int) -> Tensor:
    """Refuse to draw: for samplers that add no noise."""
    raise RuntimeError(f"step {step} of the sampler adds noise, and none was given")


class Generator:
    """Denoises and remembers blocks of latent frames.

        cache.attend(policy.attend(pose))
        noise = block_noise(seed, index, shape)
        latents = generator.denoise(noise, coordinates, prompt_keys, steps=4)  # or sample(...)
        generator.remember(latents, coordinates)  # then cache.write(policy.admit(block))

    Passes of one network denoise; those of another, MAG's memory model, or of the same write keys
    and values under the empty prompt, and imagine.
    """

    def __init__(
        self,
        making: Passes,
        remembering: Passes,
        cache: KVCache,
        shift: float,
        empty_text: TextKeys,
    ) -> None:
        self._making, self._remembering = making, remembering
        self.cache, self.shift, self.empty_text = cache, shift, empty_text

    def denoise(
        self, noise: Tensor, coordinates: Coordinates, text: TextKeys, steps: int
    ) -> Tensor:
        """Return clean latents, fp32 [B, F, C, H, W], from standard normal noise."""
        sampler = AdamsBashforthSampler(euler_levels(steps, self.shift))
        return self.sample(noise, coordinates, text, sampler)

    def imagine(
        self, noise: Tensor, coordinates: Coordinates, text: TextKeys, levels: Sequence[float]
    ) -> Tensor:
        """Denoise with the memory model, under its own keys of the prompt; see `denoise`.

        Levels of noise go from 1 to 0, one more than steps.
        """
        sampler = AdamsBashforthSampler(levels)
        return _sampled(self._remembering, noise, coordinates, text, sampler, no_noise)

    def sample(
        self,
        noise: Tensor,
        coordinates: Coordinates,
        text: TextKeys,
        sampler: Sampler,
        draw: Draw = no_noise,
    ) -> Tensor:
        """Return clean latents, fp32 [B, F, C, H, W], sampled from normal noise.

        `draw` gives the noise that is added after a step, where the sampler adds some.
        """
        return _sampled(self._making, noise, coordinates, text, sampler, draw)

    def remember(
        self, latents: Tensor, coordinates: Coordinates, text: TextKeys | None = None
    ) -> None:
        """Leave keys and values of clean frames, [B, F, C, H, W], in the cache, to be written.

        The text is that of the clean pass; None: the empty prompt, as in MAG's memory model.
        """
        self._remembering.remember(latents, coordinates, text or self.empty_text)


def _sampled(
    passes: Passes,
    noise: Tensor,
    coordinates: Coordinates,
    text: TextKeys,
    sampler: Sampler,
    draw: Draw,
) -> Tensor:
    x = noise
    for step, timestep in enumerate(sampler.timesteps):
        x = sampler.advance(x, passes.flow(x, timestep, coordinates, text), step, draw)
    return x


class BlockGenerator(Generator):
    """A generator over two networks, as they are, and a cache.

    `dit` denoises; `memory_dit`, MAG's memory model or `dit` itself, remembers and imagines.
    """

    def __init__(
        self,
        dit: DiT,
        memory_dit: DiT,
        cache: KVCache,
        shift: float,
        empty_text: TextKeys,
        note: Note = unnoted,
    ) -> None:
        """Play over a cache; see `Generator`, and `NetworkPasses` for `note`."""
        self.memory_dit = memory_dit
        self._again = NetworkPasses(memory_dit, cache, note)
        super().__init__(NetworkPasses(dit, cache), self._again, cache, shift, empty_text)

    def remember_again(
        self, inputs: Iterable[Tensor], coordinates: Coordinates, attend: Attend
    ) -> None:
        """Compute a clean frame's keys and values again from the layers' inputs, [B, L, dim]."""
        time = self._again.time(0.0, 1)
        self.memory_dit.attend_again(inputs, time, coordinates.rotary, attend)


def block_noise(seed: int, block_index: int, shape: tuple[int, ...], step: int = 0) -> Tensor:
    """Return the noise of one block, drawn on the CPU so that every device sees the same.

    Step 0 is the start of denoising; n, below 16, is added after the nth step.
    """
    # only the lowest 32 bits count, so a step's numbers begin 2**28 blocks after another's
    number = seed * 1_000_003 + block_index + step * 2**28
    return torch.randn(shape, generator=torch.Generator().manual_seed(number % 2**63))


def block_noises(
    seed: int, block_index: int, shape: tuple[int, ...], steps: int, device: str = "cpu"
) -> Tensor:
    """Return all noise of a block, [steps, *shape], in one transfer before its first step.

    Denoising starts from the first; each of the others is added after a step:
    `generator.sample(noises[0], ..., draw=noises[1:].__getitem__)`. Nothing is copied between
    steps, where a device would have to be waited for.
    """
    noises = [block_noise(seed, block_index, shape, step) for step in range(steps)]
    return torch.stack(noises).to(device)
