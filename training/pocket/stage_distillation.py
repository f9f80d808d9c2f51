"""The pocket world's generator: few steps, as sharp as the many that it stands for.

MAG's second stage at pocket size (arXiv 2512.18741): the trained world is memory model and teacher
and stays as it is; a low-rank change of it, the generator, learns by distribution matching (DMD,
arXiv 2311.18828 and 2405.14867) to make single frames in few steps and blocks in one. The teacher
judges one frame at a time, beside the same memory: of single frames it has learned most, and many
steps of it are as detailed as the data, where a block made in one step is the mean of all that
memory allows. With the history loss some blocks are made under the empty prompt and judged under
the real one, so that the generator must rely on memory. By itself this does not settle: contrast
and detail keep growing. So the spread of generated values, and of edges, is held to the data's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from mag_sandbox.model.dit import DiT, TextKeys
from mag_sandbox.model.flow import add_noise, euler_levels, euler_step
from mag_sandbox.model.pocket.networks import PocketNetworks
from mag_sandbox.model.rope import RayCoordinates
from mag_sandbox.training.devices import TrainingDevice
from mag_sandbox.training.loop import Stage
from mag_sandbox.training.losses import (
    dmd_gradient,
    dmd_loss,
    flow_loss,
    moments_loss,
    sample_noise_levels,
)
from mag_sandbox.training.optimisers import GeneratorAndCritic
from mag_sandbox.training.pocket.data import Captions, Sequences, SequenceSource
from mag_sandbox.training.pocket.stage_world import (
    BlockMemoryAttention,
    KeysAndValues,
    MemoryReadingAttention,
    context_noise,
    earlier,
    kept_frames,
)
from mag_sandbox.training.seeded_random import SeededRandom

RATE, CRITIC_RATE = 1e-4, 4e-4
PERIOD = 4  # updates of the critic for one of the generator, which else runs away from it
BETAS = (0.0, 0.999)
EMPTY_PROMPT = 0.5  # share of sequences of blocks that are made under the empty prompt
KNOWN = 0.3  # square error below which a token counts as remembered
ANCHOR = 0.1  # weight of the truth where memory knows it; more of it smooths
MOMENTS = 2.0  # weight of the spread of values and edges, which else grows step by step


@dataclass(frozen=True, slots=True)
class GenerationTask:
    """One thing to make: where from, how large a batch, in how many steps."""

    source: SequenceSource
    batch: int  # sequences
    steps: int  # of denoising
    empty_prompt: float = 0.0  # share made under the empty prompt


@dataclass(frozen=True, slots=True)
class ConditionedPasses:
    """Passes over noisy frames beside one memory, under given coordinates."""

    kept: dict[int, KeysAndValues]
    visible: Tensor  # bool [B, R, M]
    rotary: Tensor
    features: Tensor
    tokens: int  # of a frame

    def flow(self, dit: DiT, x: Tensor, sigma: Tensor, text: TextKeys) -> Tensor:
        """Return the flow of [B * R, F, C, H, W] at noise levels [B * R, F], fp32."""
        attend = MemoryReadingAttention(self.kept, self.visible, self.tokens)
        time = dit.embed_time(sigma * 1000)
        flow: Tensor = dit(x, time, text, self.rotary, attend, self.features)
        return flow.float()


@dataclass(eq=False)
class FrameDistillationStage(Stage):
    """Trains the critic on every batch, and the generator on every `PERIOD`th of each task."""

    name = "generator"

    module: GeneratorAndCritic  # generator and critic; both start from the world
    world: PocketNetworks  # memory model, teacher and text encoder, frozen
    tasks: Mapping[str, GenerationTask]  # by name, in turn
    captions: Captions  # of the panoramas
    device: TrainingDevice  # where to compute
    seed: int  # of all draws
    show: Callable[[Path], None]  # writes sheets with the generator

    def __post_init__(self) -> None:
        self.world.requires_grad_(False)
        self.rays = RayCoordinates.of(self.world.config)

    def optimisers(self) -> list[torch.optim.Optimizer]:
        """Return AdamW over the generator's change, and over the critic."""
        return self.module.optimisers(RATE, CRITIC_RATE, BETAS, generator_decay=0.0)

    def kind(self, step: int) -> str:
        """Return the task of a step and the network that learns."""
        task, learns = list(self.tasks)[step % len(self.tasks)], self._generator_learns(step)
        return f"{task}, generator" if learns else f"{task}, critic"

    def _generator_learns(self, step: int) -> bool:
        return step // len(self.tasks) % PERIOD == PERIOD - 1

    def sheet(self, path: Path, step: int) -> None:  # noqa: ARG002 (the name tells)
        """Write pictures made by the generator."""
        self.show(path)

    def loss(self, step: int) -> Tensor:
        """Return the sum of the losses; neither has a gradient in the other's network."""
        task = list(self.tasks.values())[step % len(self.tasks)]
        random = SeededRandom(self.seed, 4, step)
        rng, draw = random.numpy, random.torch
        drawn = task.source.draw(rng, task.batch * self.device.scale)
        clean = self.device.upload(drawn.latents)
        count, blocks, frames = clean.shape[:3]
        with self.device.autocast(), torch.no_grad():
            prompts = self._read(self.captions.draw(drawn.panoramas, rng))
            kept, visible = self._remember(drawn, clean, draw, task.source.alone)
        made_under = prompts
        if random.happens(task.empty_prompt):
            made_under = self._read(self.captions.empty(count))
        noise = self._noise((count * blocks, *clean.shape[2:]), draw)
        learns = self._generator_learns(step)
        with self.device.autocast(), torch.set_grad_enabled(learns):
            at = self._beside(drawn, kept, visible, frames)
            made = self._make(task.steps, noise, at, made_under, blocks, rng)
        single = made.reshape(-1, 1, *made.shape[2:])  # [B * M * F, 1, C, H, W]
        judged = self._beside(drawn, kept, visible.repeat_interleave(frames, dim=1), 1)
        loss = self._match(single, judged, prompts, blocks * frames, draw)
        if learns:
            loss = loss + MOMENTS * moments_loss(made, clean.flatten(0, 1))
            if frames > 1:
                loss = loss + self._anchor(made, clean.flatten(0, 1))
        return loss

    def _match(
        self,
        made: Tensor,
        at: ConditionedPasses,
        prompts: Tensor,
        passes: int,
        draw: torch.Generator,
    ) -> Tensor:
        sigma = self.device.upload(sample_noise_levels((len(made), 1), draw))
        noise, clean = self._noise(made.shape, draw), made.detach()
        noisy = add_noise(clean, noise, sigma)
        level = sigma[..., None, None, None]
        with self.device.autocast():
            text = _keys(self.module.critic, prompts, passes)
            flow = at.flow(self.module.critic, noisy, sigma, text)
            if not made.requires_grad:
                return flow_loss(flow, noise - clean)
            with torch.no_grad():
                text = _keys(self.world.dit, prompts, passes)
                real = noisy - level * at.flow(self.world.dit, noisy, sigma, text)
        gradient = dmd_gradient(clean, noisy - level * flow.detach(), real)
        return dmd_loss(made, gradient).float() + flow_loss(flow, noise - clean)

    def _anchor(self, made: Tensor, clean: Tensor) -> Tensor:
        patch = self.world.config.dit.patch
        square = (made - clean).square().mean(dim=2)  # [B * M, F, H, W]
        known = torch.exp(-nn.functional.avg_pool2d(square.detach(), patch) / KNOWN)
        known = known.repeat_interleave(patch, dim=-1).repeat_interleave(patch, dim=-2)
        return ANCHOR * (square * known).mean()

    def _make(
        self,
        steps: int,
        noise: Tensor,
        at: ConditionedPasses,
        prompts: Tensor,
        passes: int,
        rng: np.random.Generator,
    ) -> Tensor:
        dit = self.module.generator
        text = _keys(dit, prompts, passes)
        levels = list(pairwise(euler_levels(steps, self.world.config.flow.shift)))
        ends, x = int(rng.integers(steps)), noise
        with torch.no_grad():
            for sigma, following in levels[:ends]:
                x = euler_step(x, at.flow(dit, x, self._full(x, sigma), text), sigma, following)
        sigma = levels[ends][0]
        return x - sigma * at.flow(dit, x, self._full(x, sigma), text)

    def _remember(
        self, drawn: Sequences, clean: Tensor, draw: torch.Generator, alone: float
    ) -> tuple[dict[int, KeysAndValues], Tensor]:
        count, blocks, frames = clean.shape[:3]
        sigma = self.device.upload(context_noise((count, blocks, frames), draw))
        context = add_noise(clean, self._noise(clean.shape, draw), sigma).flatten(0, 1)
        kept = self.device.upload(kept_frames(count, blocks, frames, draw))
        visible = self.device.upload(earlier(blocks).expand(count, -1, -1))
        remembering = BlockMemoryAttention(visible, kept, self.world.config.tokens_per_frame)
        dit, at = self.world.dit, self._beside(drawn, {}, visible, frames)
        text = _keys(dit, self._read(self.captions.empty(count)), blocks)
        time = dit.embed_time(sigma.flatten(0, 1) * 1000)
        dit.remember(dit.embed(context, at.features), time, text, at.rotary, remembering)
        hidden = self.device.upload(torch.rand(count, blocks, 1, generator=draw) < alone)
        return remembering.kept, visible & ~hidden

    def _beside(
        self, drawn: Sequences, kept: dict[int, KeysAndValues], visible: Tensor, frames: int
    ) -> ConditionedPasses:
        poses = torch.unflatten(drawn.poses.flatten(0, 2), 0, (-1, frames))
        times = torch.unflatten(drawn.times.flatten(0, 2), 0, (-1, frames))
        order = drawn.order[-frames:]
        upload = self.device.upload
        return ConditionedPasses(
            kept, visible, upload(self.rays.rotary(poses, times)),
            upload(self.rays.features(poses, order)), self.world.config.tokens_per_frame,
        )  # fmt: skip

    @torch.no_grad()
    def _read(self, prompts: tuple[Tensor, Tensor]) -> Tensor:
        ids, mask = (self.device.upload(x) for x in prompts)
        features: Tensor = self.world.text(ids, mask)
        return features

    def _noise(self, shape: tuple[int, ...], draw: torch.Generator) -> Tensor:
        return self.device.upload(torch.randn(shape, generator=draw))

    def _full(self, x: Tensor, sigma: float) -> Tensor:
        return torch.full(x.shape[:2], sigma, device=x.device)


def _keys(dit: DiT, features: Tensor, passes: int) -> TextKeys:
    return tuple(
        (k.repeat_interleave(passes, 0), v.repeat_interleave(passes, 0))
        for k, v in dit.text_keys(features)
    )
