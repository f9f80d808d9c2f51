"""Both phases of MemoryPack: videos clip by clip, each clip reading the packed clips before it.

*Teacher forcing* remembers true clips and trains the whole network. *Direct Forcing* remembers the
clean latents that the training pass itself predicts from the noised true clip: about what play
would show, at no cost. *Student forcing* remembers clips sampled in a few steps. Both train only
the output layer and the final modulation. Gradients of all clips add up before one step of the
optimiser. All draws follow from the number of a batch.

Source: arXiv 2510.01784, section 3.2; its t is 1 - sigma, its velocity the negative flow.
"""

from collections.abc import Callable, Iterator
from dataclasses import KW_ONLY, dataclass
from typing import Protocol

import torch
from torch import Tensor

from mag_sandbox.model.flow import add_noise, euler_levels, x0_from_flow
from mag_sandbox.model.memorypack.memory import PackMemory
from mag_sandbox.model.memorypack.networks import (
    BlockDenoiser,
    PackedNetworks,
    context_attention,
    read_context,
)
from mag_sandbox.model.memorypack.packing import LatentFrames, Places, coordinates
from mag_sandbox.model.memorypack.parts import is_new
from mag_sandbox.training.losses import flow_loss, sample_noise_levels
from mag_sandbox.training.memorypack.presets import Forcing, PackTraining, Tuned
from mag_sandbox.training.recipe.stages import RecipeStage
from mag_sandbox.training.seeded_random import SeededRandom

_DRAWS = 40
_LAST = ("dit.head.modulation", "dit.head.head.weight", "dit.head.head.bias")


@dataclass(frozen=True, slots=True)
class ClipPass:
    """The training pass over one clip, [B, F, C, H, W]."""

    clean: Tensor  # the true clip
    noisy: Tensor
    sigma: Tensor  # its noise level, [B, F]
    flow: Tensor  # predicted
    target: Tensor  # noise - clean
    sample: Callable[[], Tensor]  # generates the clip as play does, from pure noise

    @property
    def predicted(self) -> Tensor:
        """The clean clip predicted in one step, without a gradient; exact for straight flows."""
        return x0_from_flow(self.flow, self.noisy, self.sigma).detach()


CONDITIONS: dict[Forcing, Callable[[ClipPass], Tensor]] = {
    "teacher": lambda clip: clip.clean,
    "direct": lambda clip: clip.predicted,
    "student": lambda clip: clip.sample(),
}  # the latents remembered of a clip


def clips_at(curriculum: tuple[int, ...], step: int, steps: int) -> int:
    """Return how many clips the videos of a step have: short ones first, equal steps for each."""
    return curriculum[min(step * len(curriculum) // steps, len(curriculum) - 1)]


@dataclass(frozen=True, slots=True)
class VideoBatch:
    """Videos to learn from: the reference image, then whole clips."""

    frames: LatentFrames
    prompt: Tensor  # features, [B, text_len, text_dim]
    empty: Tensor  # those of the empty prompt, likewise


class VideoSource(Protocol):
    """Where videos come from."""

    places: Places
    length: int  # latent frames of a clip

    def videos(self, number: int, clips: int) -> VideoBatch:
        """Return the batch of a number, the same at every call."""


@dataclass(eq=False)
class MemoryPackStage(RecipeStage[PackedNetworks, VideoSource, PackTraining]):
    """Trains a transformer with MemoryPack; weights that are not tuned are frozen."""

    _: KW_ONLY
    shift: float  # of the noise levels of sampling

    def __post_init__(self) -> None:
        self.name = f"memorypack-{self.config.forcing}"
        for name, value in self.module.named_parameters():
            value.requires_grad_(is_tuned(name, self.config.tuned))

    def optimisers(self) -> list[torch.optim.Optimizer]:
        """Return AdamW over the tuned weights; new parts have a rate of their own."""
        numbers, groups = self.config.optimisation, []
        for part, rate in ((self.module.dit, 1.0), (self.module.pack, self.config.new_rate)):
            tuned = [value for value in part.parameters() if value.requires_grad]
            if tuned:
                groups.append({"params": tuned, "lr": rate * numbers.rate})
        return [torch.optim.AdamW(groups, betas=numbers.betas, weight_decay=numbers.weight_decay)]

    def kind(self, step: int) -> str:
        """Return the forcing and the number of clips of a step."""
        return f"{self.config.forcing} {self._clips(step)} clips"

    def losses(self, batch: int) -> Iterator[Tensor]:
        """Yield the shares of the clips of a batch in its mean loss."""
        random = SeededRandom(self.seed, _DRAWS, batch)
        videos = self.source.videos(batch, self._clips(batch // self.batches))
        learned = self._learned(videos.frames.length // self.source.length, random)
        for loss in self.clip_losses(videos, learned, random):
            yield loss / len(learned)

    def clip_losses(
        self, batch: VideoBatch, learned: frozenset[int], random: SeededRandom
    ) -> Iterator[Tensor]:
        """Go through videos clip by clip; yield the loss of each learned one, with its own graph.

        The other clips are only remembered, as they are.
        """
        length, upload = self.source.length, self.device.upload
        frames = batch.frames.with_latents(upload(batch.frames.latents))
        prompt, empty = upload(batch.prompt), upload(batch.empty)
        image, clips = frames.part(0, 1), frames.part(1, frames.length).windows(length)
        memory = PackMemory(
            self.module.pack, self.source.places, image, prompt, self.config.differentiated
        )
        shown, last = [], max(learned)
        for index, clip in enumerate(clips[: last + 1]):
            if index not in learned:
                memory.push(clip)
                continue
            made = self._pass(memory, clip, prompt, empty, random)
            shown.append(made.predicted)
            yield flow_loss(made.flow, made.target)
            if index < last:
                own = random.happens(self.config.own_share)
                kept = CONDITIONS[self.config.forcing if own else "teacher"](made)
                memory.push(clip.with_latents(kept.to(clip.latents)))
        self.latest = torch.cat(shown, dim=1)

    def _clips(self, step: int) -> int:
        return clips_at(self.config.curriculum, step, self.config.optimisation.steps)

    def _learned(self, clips: int, random: SeededRandom) -> frozenset[int]:
        count = min(self.config.learned or clips, clips)
        return frozenset(random.numpy.permutation(clips)[:count].tolist())

    def _pass(
        self,
        memory: PackMemory,
        clip: LatentFrames,
        prompt: Tensor,
        empty: Tensor,
        random: SeededRandom,
    ) -> ClipPass:
        sigma = self._sigma(clip, random)
        noise = self.device.upload(random.noise(clip.latents.shape))
        noisy = add_noise(clip.latents, noise, sigma)
        with self.device.autocast():
            reading = self._reading(memory, clip, prompt, empty, random)
            flow = reading.flow(noisy, sigma)
        seed = random.choice(2**31)  # drawn whatever the forcing: the rest stays alike

        def sample() -> Tensor:
            start = SeededRandom(seed).noise(clip.latents.shape)
            with torch.no_grad(), self.device.autocast():
                levels = euler_levels(self.config.sample_steps, self.shift)
                return reading.sample(self.device.upload(start), levels)

        return ClipPass(clip.latents, noisy, sigma, flow, noise - clip.latents, sample)

    def _reading(
        self,
        memory: PackMemory,
        clip: LatentFrames,
        prompt: Tensor,
        empty: Tensor,
        random: SeededRandom,
    ) -> BlockDenoiser:
        dit = self.module.dit
        alone = memory.psi_tokens(clip) if random.happens(self.config.psi_alone) else None
        context = read_context(dit, alone or memory.tokens(dit, clip), dit.text_keys(empty))
        place = coordinates(memory.places.grid(clip))
        return BlockDenoiser(
            dit, context_attention(context, dit.kernel), dit.text_keys(prompt), place
        )

    def _sigma(self, clip: LatentFrames, random: SeededRandom) -> Tensor:
        """Return a noise level for each video, alike over the clip, [B, F]."""
        count = len(clip.latents)
        sigma = sample_noise_levels((count, 1), random.torch).clamp(max=self.config.largest_sigma)
        pure = torch.rand(count, 1, generator=random.torch) < self.config.from_noise
        sigma = torch.where(pure, torch.ones_like(sigma), sigma)
        return self.device.upload(sigma.expand(-1, clip.length).contiguous())


def is_tuned(name: str, tuned: Tuned) -> bool:
    """Tell whether a tensor of `PackedNetworks` is trained.

    "memory" is the long-term memory, and low-rank changes of the transformer; "last" output layer
    and final modulation (the norm there has no weights).
    """
    if tuned == "memory":
        return is_new(name)
    return tuned == "all" or name in _LAST
