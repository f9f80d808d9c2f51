"""Both phases of MemoryPack: videos clip by clip, each clip reading what was packed before it.

Teacher forcing trains the whole network; Direct Forcing, and student forcing beside it, only the
output layer and the final modulation. All draws follow from the number of a step.
"""

from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass
from typing import Protocol

import torch
from torch import Tensor

from mag_sandbox.model.flow import add_noise, euler_levels
from mag_sandbox.model.memorypack.memory import PackMemory
from mag_sandbox.model.memorypack.networks import (
    BlockDenoiser,
    PackedNetworks,
    context_attention,
    read_context,
)
from mag_sandbox.model.memorypack.parts import is_new
from mag_sandbox.model.memorypack.places import LatentFrames, Places, coordinates
from mag_sandbox.training.losses import flow_loss, sample_noise_levels
from mag_sandbox.training.memory_saving import accumulate_gradients
from mag_sandbox.training.memorypack.direct_forcing import CONDITIONS, ClipPass, clips_at
from mag_sandbox.training.memorypack.presets import PackTraining, Tuned
from mag_sandbox.training.processes import ALONE, Processes
from mag_sandbox.training.recipe.stages import RecipeStage
from mag_sandbox.training.seeded_random import SeededRandom

_DRAWS = 40
_LAST = ("dit.head.modulation", "dit.head.head.weight", "dit.head.head.bias")


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
    """Trains a transformer with MemoryPack; what is not tuned is frozen here."""

    _: KW_ONLY
    shift: float  # of the noise levels of sampling
    batches: int = 1  # of a step, which processes deal out among themselves
    processes: Processes = ALONE

    def __post_init__(self) -> None:
        self.name = f"memorypack-{self.config.forcing}"
        for name, value in self.module.named_parameters():
            value.requires_grad_(is_tuned(name, self.config.tuned))

    def optimisers(self) -> list[torch.optim.Optimizer]:
        """Return AdamW over what is tuned; new parts have a rate of their own."""
        numbers, groups = self.config.optimisation, []
        for part, rate in ((self.module.dit, 1.0), (self.module.pack, self.config.new_rate)):
            tuned = [value for value in part.parameters() if value.requires_grad]
            if tuned:
                groups.append({"params": tuned, "lr": rate * numbers.rate})
        return [torch.optim.AdamW(groups, betas=numbers.betas, weight_decay=numbers.weight_decay)]

    def kind(self, step: int) -> str:
        """Return what a step learns from."""
        return f"{self.config.forcing} {self._clips(step)} clips"

    def loss(self, step: int) -> Tensor:
        """Return this process's share of the clips' mean loss; all but the last are differentiated.

        Step s has batches s * `batches` to (s + 1) * `batches` - 1.
        """
        first, known = step * self.batches, torch.zeros(())
        *before, last = range(
            first + self.processes.rank, first + self.batches, self.processes.count
        )
        for number in before:
            for loss in self._shares(number, step)[0]:
                loss.backward()
                known = known + loss.detach().to(known)
        losses, count = self._shares(last, step)
        found = accumulate_gradients(losses, count)
        return found + known.to(found)

    def _shares(self, number: int, step: int) -> tuple[Iterator[Tensor], int]:
        """Return what the clips of a batch add to a step's loss, and how many they are."""
        random = SeededRandom(self.seed, _DRAWS, number)
        batch = self.source.videos(number, self._clips(step))
        learned = self._learned(batch.frames.length // self.source.length, random)
        share = len(learned) * self.batches
        return (loss / share for loss in self.losses(batch, learned, random)), len(learned)

    def losses(
        self, batch: VideoBatch, learned: frozenset[int], random: SeededRandom
    ) -> Iterator[Tensor]:
        """Go through videos clip by clip; give a loss, with a graph of its own, for each learned.

        The other clips are only remembered, as they are.
        """
        length, upload = self.source.length, self.device.upload
        frames = batch.frames.with_latents(upload(batch.frames.latents))
        prompt, empty = upload(batch.prompt), upload(batch.empty)
        image, clips = frames.part(0, 1), frames.part(1, frames.length).windows(length)
        memory = PackMemory(
            self.module.pack, self.source.places, image, prompt, self.config.differentiated
        )
        shown = []
        for index, clip in enumerate(clips[: max(learned) + 1]):
            if index not in learned:
                memory.push(clip)
                continue
            made = self._pass(memory, clip, prompt, empty, random)
            yield flow_loss(made.flow, made.target)
            own = random.happens(self.config.own_share)
            kept = CONDITIONS[self.config.forcing if own else "teacher"](made)
            memory.push(clip.with_latents(kept.to(clip.latents)))
            shown.append(made.predicted)
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
    ) -> "LearnedClip":
        """Predict the flow of a noised clip that reads what was packed before it."""
        sigma = self._sigma(clip, random)
        noise = self.device.upload(random.noise(clip.latents.shape))
        noisy = add_noise(clip.latents, noise, sigma)
        with self.device.autocast():
            reading = self._reading(memory, clip, prompt, empty)
            flow = reading.flow(noisy, sigma)
        start = random.noise(clip.latents.shape)  # drawn whatever the forcing: the rest stays alike

        def sample() -> Tensor:
            with torch.no_grad(), self.device.autocast():
                levels = euler_levels(self.config.sample_steps, self.shift)
                return reading.sample(self.device.upload(start), levels)

        return LearnedClip(clip.latents, noisy, sigma, flow, sample, noise - clip.latents)

    def _reading(
        self, memory: PackMemory, clip: LatentFrames, prompt: Tensor, empty: Tensor
    ) -> BlockDenoiser:
        dit = self.module.dit
        pairs = read_context(dit, memory.tokens(dit), dit.text_keys(empty))
        place = coordinates(memory.places.grid(clip))
        return BlockDenoiser(
            dit, context_attention(pairs, dit.kernel), dit.text_keys(prompt), place
        )

    def _sigma(self, clip: LatentFrames, random: SeededRandom) -> Tensor:
        """Return a noise level for each video, alike over the clip, [B, F]."""
        count = len(clip.latents)
        sigma = sample_noise_levels((count, 1), random.torch).clamp(max=self.config.largest_sigma)
        pure = torch.rand(count, 1, generator=random.torch) < self.config.from_noise
        sigma = torch.where(pure, torch.ones_like(sigma), sigma)
        return self.device.upload(sigma.expand(-1, clip.length).contiguous())


@dataclass(frozen=True, slots=True)
class LearnedClip(ClipPass):
    """One clip's training pass and what it should have predicted."""

    target: Tensor  # noise - clean

    @property
    def predicted(self) -> Tensor:
        """The clean clip in one step, for a picture."""
        return (self.noisy - self.sigma[..., None, None, None] * self.flow).detach()


def is_tuned(name: str, tuned: Tuned) -> bool:
    """Tell whether a tensor of `PackedNetworks` is trained.

    "memory" is the long-term memory, and low-rank changes of the transformer; "last" output layer
    and final modulation (the norm there has no weights); "modulations" those of all layers, too.
    """
    if tuned == "all":
        return True
    if tuned == "memory":
        return is_new(name)
    return name in _LAST or (tuned == "modulations" and name.endswith(".modulation"))
