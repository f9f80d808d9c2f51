"""The world stage: single frames first, then frames and blocks with memory, by one optimiser.

Imagination is learned from single frames: alone, and beside remembered views of the same place;
in the end guidance is learned into it, so that play needs no second pass under the empty prompt.
Memory is learned from blocks. Once memory is there, all are trained together, so that none is
forgotten, nor how to read.

In sequences of blocks, a clean copy of a block writes keys and values as `remember` does in play
(empty prompt); one frame a block is kept. A noisy copy is denoised while reading what earlier clean
blocks kept; in a share of blocks it also reads its own clean block's frame, which is the
reconstruction task of MAG's memory model (arXiv 2512.18741, section 3), and in another share it
reads nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from mag_sandbox.model.autoencoder import Autoencoder
from mag_sandbox.model.dit import TextKeys, own_block_attention
from mag_sandbox.model.flow import euler_levels, euler_step
from mag_sandbox.model.frames import to_frames
from mag_sandbox.model.pocket.networks import PocketNetworks
from mag_sandbox.model.prompts import tokenise
from mag_sandbox.model.rope import PLACES, RayCoordinates
from mag_sandbox.renderer.sheets import write_sheet
from mag_sandbox.training.devices import TrainingDevice
from mag_sandbox.training.loop import Stage
from mag_sandbox.training.losses import flow_loss, flow_target, guided_target, sample_noise_levels
from mag_sandbox.training.optimisers import muon_and_adamw
from mag_sandbox.training.pocket.data import (
    Captions,
    LatentPool,
    Sequences,
    SequenceSource,
    places_to_poses,
)
from mag_sandbox.training.seeded_random import SeededRandom

KeysAndValues = tuple[Tensor, Tensor]  # keys and values of kept frames, [B, M * tokens, N, D]


class BlockMemoryAttention:
    """An `Attend` strategy for sequences of M clean blocks, which their M noisy copies may follow.

    Args:
        visible: bool [B, M or 2 * M, M], whether a block reads the kept frame of a clean block.
        kept: int [B, M], which frame of each clean block is kept.
        tokens_per_frame: tokens of one latent frame.
    """

    def __init__(self, visible: Tensor, kept: Tensor, tokens_per_frame: int) -> None:
        self.kept: dict[int, KeysAndValues] = {}  # by layer
        self._passes = visible.shape[:2]
        batch, blocks = kept.shape
        within = torch.arange(tokens_per_frame, device=kept.device)
        rows = torch.arange(batch, device=kept.device)[:, None, None]
        columns = torch.arange(blocks, device=kept.device)[None, :, None]
        self._at = rows, columns, kept[..., None] * tokens_per_frame + within  # [B, M, tokens]
        self._bias = visible_bias(visible, tokens_per_frame)

    def __call__(self, layer_index: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Return the mixed values, [B * 2 * M, L, N, D]."""
        keys, values = (torch.unflatten(x, 0, self._passes)[self._at].flatten(1, 2) for x in (k, v))
        self.kept[layer_index] = keys, values
        return attend_beside(q, k, v, self.kept[layer_index], self._bias)


class MemoryReadingAttention:
    """An `Attend` strategy for passes beside the kept frames of another pass.

    Args:
        kept: of `BlockMemoryAttention`, after its pass.
        visible: bool [B, R, M], which of R passes reads which kept frame.
        tokens_per_frame: tokens of one latent frame.
    """

    def __init__(
        self, kept: dict[int, KeysAndValues], visible: Tensor, tokens_per_frame: int
    ) -> None:
        self._kept, self._bias = kept, visible_bias(visible, tokens_per_frame)

    def __call__(self, layer_index: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Return the mixed values, [B * R, L, N, D]."""
        return attend_beside(q, k, v, self._kept[layer_index], self._bias)


def visible_bias(visible: Tensor, tokens_per_frame: int) -> Tensor:
    """Return the bias of attention weights, [B, 1, R, 1, M * tokens]."""
    hidden = torch.zeros(visible.shape, device=visible.device)
    hidden = hidden.masked_fill(~visible, float("-inf"))
    return hidden.repeat_interleave(tokens_per_frame, dim=-1)[:, None, :, None]


def attend_beside(q: Tensor, k: Tensor, v: Tensor, kept: KeysAndValues, bias: Tensor) -> Tensor:
    """Return the attention of passes over their own values and kept ones, [B * R, L, N, D].

    Args:
        q: [B * R, L, N, D]; k and v likewise.
        k: of the pass itself.
        v: of the pass itself.
        kept: shared by the passes of a sequence.
        bias: of `visible_bias`.
    """
    batch, passes = bias.shape[0], bias.shape[2]
    tokens, width = q.shape[1], q.shape[-1]
    kept_k, kept_v = kept
    q = torch.unflatten(q * width**-0.5, 0, (batch, passes))
    q = q.permute(0, 3, 1, 2, 4)  # [B, N, R, L, D]
    k, v = (torch.unflatten(x, 0, (batch, passes)) for x in (k, v))
    own = q @ k.permute(0, 3, 1, 4, 2)  # [B, N, R, L, L]
    past = q.flatten(2, 3) @ kept_k.permute(0, 2, 3, 1)  # [B, N, R * L, M * kept]
    past = torch.unflatten(past, 2, (passes, tokens)) + bias.to(past.dtype)
    weights = torch.cat((own, past), dim=-1).softmax(dim=-1)
    mixed = weights[..., :tokens] @ v.permute(0, 3, 1, 2, 4)
    remembered = weights[..., tokens:].flatten(2, 3) @ kept_v.transpose(1, 2)
    mixed = mixed + torch.unflatten(remembered, 2, (passes, tokens))
    return torch.flatten(mixed.permute(0, 2, 3, 1, 4), 0, 1)


BATCH = 64  # frames; per step 160 learn no more, at twice the cost
SHEET_STEPS = 8
SHARES = {"images": 0.4, "views": 0.2, "blocks": 0.4}  # of steps after the first `image_steps`
CAPTION_WEIGHT = 0.1  # of the caption loss
NOISY_CONTEXT = 0.5  # share of clean blocks that get a little noise, so that rollouts do not drift
CONTEXT_NOISE = 0.15  # largest noise level of these
KNOWN = 0.2  # mean squared error of a latent token below which the network knew it
OTHER_FRAME = 0.2  # share of sequences in which any frame of a block may be the kept one

Prompts = tuple[Tensor, Tensor]  # ids and mask, [B, text_len]


@dataclass(eq=False)
class ImageTask:
    """Trains `PocketNetworks` on single frames."""

    module: PocketNetworks
    autoencoder: Autoencoder  # decodes the sheets
    pool: LatentPool  # frames, and where they were cut
    captions: Captions  # of the panoramas
    held_out: list[str]  # captions for the sheets
    tokenizer: Tokenizer  # of the prompts
    device: TrainingDevice  # where to compute
    seed: int  # of all draws
    # how much the prompt is to count without a second pass; 1: as in the data
    guidance: float = 1.0

    def __post_init__(self) -> None:
        self._prompts = tokenise(self.tokenizer, self.held_out, self.module.config.text.text_len)
        self.rays = RayCoordinates.of(self.module.config, PLACES)

    def loss(self, step: int) -> Tensor:
        """Return the flow loss of one batch of frames."""
        random = SeededRandom(self.seed, 1, step)
        rows = np.sort(random.numpy.integers(len(self.pool), size=BATCH * self.device.scale))
        panoramas, *places = self.pool.places[rows].T
        latents = torch.from_numpy(self.pool.latents[rows].astype(np.float32))[:, None]
        sigma = sample_noise_levels((len(rows), 1), random.torch)
        noisy, target = flow_target(latents, sigma, random.torch)
        poses, order = places_to_poses(*places)[:, None], random.choice(PLACES)
        noisy, target, sigma = (self.device.upload(x) for x in (noisy, target, sigma))
        prompts = self.captions.draw(panoramas.astype(int), random.numpy)
        with self.device.autocast():
            flow = self._flow(noisy, sigma, self._text(prompts), poses, order)
            if self.guidance != 1.0:
                with torch.no_grad():
                    empty = self._text(self.captions.empty(len(rows)))
                    free = self._flow(noisy, sigma, empty, poses, order)
                target = guided_target(target, flow, free, sigma, self.guidance)
        return flow_loss(flow, target)

    def _text(self, prompts: Prompts) -> TextKeys:
        ids, mask = prompts
        return self.module.text_keys(self.device.upload(ids), self.device.upload(mask))

    def _flow(
        self, noisy: Tensor, sigma: Tensor, text: TextKeys, poses: Tensor, order: int
    ) -> Tensor:
        dit = self.module.dit
        rotary = self.device.upload(self.rays.rotary(poses, torch.zeros(len(poses), 1)))
        features = self.device.upload(self.rays.features(poses, torch.tensor([order])))
        time, attend = dit.embed_time(sigma * 1000), own_block_attention(dit.kernel)
        flow: Tensor = dit(noisy, time, text, rotary, attend, features)
        return flow

    @torch.no_grad()
    def sheet(self, path: Path) -> None:
        """Write frames sampled from held-out captions at the horizon."""
        count = len(self._prompts[0])
        noise = torch.Generator().manual_seed(7)
        height, width = self.module.config.latent_size
        channels = self.module.config.dit.channels
        x = self.device.upload(torch.randn(count, 1, channels, height, width, generator=noise))
        poses = torch.tensor([[[0.0, 0.0, 90.0]]]).expand(count, 1, 3)
        levels = euler_levels(SHEET_STEPS, self.module.config.flow.shift)
        with self.device.autocast():
            text = self._text(self._prompts)
            for sigma, following in pairwise(levels):
                now = torch.full((count, 1), sigma, device=x.device)
                x = euler_step(x, self._flow(x, now, text, poses, 2).float(), sigma, following)
            frames = to_frames(self.autoencoder.decode(x[:, 0]))
        write_sheet(path, [list(frames[i : i + 6]) for i in range(0, count, 6)])


@dataclass(eq=False)
class SequenceTask:
    """Trains `PocketNetworks` to continue from memory."""

    module: PocketNetworks
    source: SequenceSource  # where sequences come from
    captions: Captions  # of the panoramas
    device: TrainingDevice  # where to compute
    seed: int  # of all draws
    # how much the prompt is to count without a second pass; 1: as in the data
    guidance: float = 1.0
    # share of noisy blocks that are pure noise, as blocks made in one step are
    from_noise: float = 0.0
    # share of steps in which memory holds the network's own version of clean blocks, where it knows
    # them: as in play, where copies of copies must not grow harsher
    own_past: float = 0.0

    def __post_init__(self) -> None:
        self.rays = RayCoordinates.of(self.module.config)

    def loss(self, step: int) -> Tensor:
        """Return the flow loss of the noisy copies of one batch of sequences."""
        random = SeededRandom(self.seed, 2, step)
        rng, draw = random.numpy, random.torch
        drawn = self.source.draw(rng, self.source.batch * self.device.scale)
        count, blocks, frames = drawn.latents.shape[:3]
        clean = self.device.upload(drawn.latents)
        sigma = sample_noise_levels((count, blocks, 1), draw)
        sigma[torch.rand(sigma.shape, generator=draw) < self.from_noise] = 1.0
        sigma = sigma.expand(-1, -1, frames)
        noisy, target = flow_target(clean, self.device.upload(sigma), draw)
        context_sigma = context_noise(sigma.shape, draw)
        attend = BlockMemoryAttention(
            self.device.upload(self._visible(count, blocks, draw)),
            self.device.upload(kept_frames(count, blocks, frames, draw)),
            self.module.config.tokens_per_frame,
        )
        prompts = self.captions.draw(drawn.panoramas, rng)
        past = clean
        if float(torch.rand((), generator=draw)) < self.own_past:
            past = self._own(clean, drawn, prompts, attend, draw)
        context, _ = flow_target(past, self.device.upload(context_sigma), draw)
        latents = torch.cat((context, noisy), dim=1)
        levels = torch.cat((context_sigma, sigma), dim=1)
        with self.device.autocast():
            flow = self._flow(latents, levels, drawn, prompts, attend)[:, blocks:]
            if self.guidance != 1.0:
                with torch.no_grad():
                    empty = self.captions.empty(count)
                    free = self._flow(latents, levels, drawn, empty, attend)[:, blocks:]
                target = guided_target(target, flow, free, sigma.to(target), self.guidance)
        return flow_loss(flow, target)

    @torch.no_grad()
    def _own(
        self,
        clean: Tensor,
        drawn: Sequences,
        prompts: Prompts,
        attend: BlockMemoryAttention,
        draw: torch.Generator,
    ) -> Tensor:
        """Return clean blocks as the network makes them in one step, where it knows them."""
        noise = self.device.upload(torch.randn(clean.shape, generator=draw))
        ones = torch.ones(clean.shape[:3])
        levels = torch.cat((torch.zeros_like(ones), ones), dim=1)
        with self.device.autocast():
            flow = self._flow(torch.cat((clean, noise), dim=1), levels, drawn, prompts, attend)
        made = noise - flow[:, clean.shape[1] :].float()
        error = (made - clean).square().mean(dim=3).flatten(0, 2)  # [B * M * F, H, W]
        patch = self.module.config.dit.patch
        known = functional.avg_pool2d(error[:, None], patch) < KNOWN
        known = known.repeat_interleave(patch, -1).repeat_interleave(patch, -2)
        return torch.where(torch.unflatten(known, 0, clean.shape[:3]), made, clean)

    def _flow(
        self,
        latents: Tensor,
        sigma: Tensor,
        drawn: Sequences,
        prompts: Prompts,
        attend: BlockMemoryAttention,
    ) -> Tensor:
        """Return the flow, [B, 2 * M, F, C, H, W]: clean copies first, then noisy ones."""
        dit = self.module.dit
        poses, times = (
            torch.cat((x, x), dim=1).flatten(0, 1) for x in (drawn.poses, drawn.times)
        )  # [B * 2 * M, F, ...]
        rotary = self.device.upload(self.rays.rotary(poses, times))
        features = self.device.upload(self.rays.features(poses, drawn.order))
        time = dit.embed_time(self.device.upload(sigma.flatten(0, 1)) * 1000)
        text = self._text(prompts, blocks=drawn.latents.shape[1])
        flow = dit(latents.flatten(0, 1), time, text, rotary, attend, features)
        return torch.unflatten(flow, 0, latents.shape[:2])

    def _text(self, prompts: Prompts, blocks: int) -> TextKeys:
        """Return text keys of clean copies (empty prompt) and noisy ones, [B * 2 * M, ...]."""
        ids, mask = (torch.cat(pair) for pair in zip(self.captions.empty(1), prompts, strict=True))
        noisy = torch.arange(1, len(prompts[0]) + 1)[:, None].expand(-1, blocks)
        rows = torch.cat((torch.zeros_like(noisy), noisy), dim=1).flatten()
        rows = self.device.upload(rows)
        keys = self.module.text_keys(self.device.upload(ids), self.device.upload(mask))
        return tuple((k[rows], v[rows]) for k, v in keys)

    def _visible(self, count: int, blocks: int, draw: torch.Generator) -> Tensor:
        """Return which block reads which kept frame, bool [B, 2 * M, M]."""
        before = earlier(blocks).expand(count, -1, -1)
        own = torch.eye(blocks, dtype=torch.bool)
        shares = torch.rand(2, count, blocks, 1, generator=draw)
        reconstruct, alone = shares[0] < self.source.reconstruct, shares[1] < self.source.alone
        return torch.cat((before, (before & ~alone) | (own & reconstruct)), dim=1)


def earlier(blocks: int) -> Tensor:
    """Return which block comes before which, bool [M, M]."""
    return torch.ones(blocks, blocks, dtype=torch.bool).tril(-1)


def context_noise(shape: tuple[int, ...], draw: torch.Generator) -> Tensor:
    """Return noise levels of clean copies, [B, M, F], alike over a block."""
    level = CONTEXT_NOISE * torch.rand(*shape[:2], 1, generator=draw)
    noisy = torch.rand(*shape[:2], 1, generator=draw) < NOISY_CONTEXT
    return (level * noisy).expand(shape)


def kept_frames(count: int, blocks: int, frames: int, draw: torch.Generator) -> Tensor:
    """Return which frame of each clean block is kept, mostly the last, int [B, M]."""
    any_frame = torch.randint(frames, (count, blocks), generator=draw)
    other = torch.rand(count, 1, generator=draw) < OTHER_FRAME
    return torch.where(other, any_frame, torch.full((count, blocks), frames - 1))


@dataclass(eq=False)
class WorldStage(Stage):
    """Trains `PocketNetworks` on all tasks in turn."""

    name = "world"

    module: PocketNetworks
    images: ImageTask  # the task of the first `image_steps`; also draws the sheets of samples
    # the tasks that follow: "views", "blocks", "guided images" and "guided views"
    others: Mapping[str, ImageTask | SequenceTask]
    # caption loss of the text encoder, of a step
    caption_loss: Callable[[int], Tensor]
    rollouts: Callable[[Path], None]  # draws a sheet of real play
    image_steps: int  # steps on single frames only
    guide_from: int  # step from which guided images and views take the place of the others

    def optimisers(self) -> list[torch.optim.Optimizer]:
        """Return Muon over the layers' matrices and AdamW over everything else."""
        matrices = [p for p in self.module.dit.blocks.parameters() if p.ndim == 2]
        return muon_and_adamw(self.module, matrices, 0.012, 1.5e-3)

    def kind(self, step: int) -> str:
        """Return the task of a step: `images`, or a name of the other tasks."""
        if step < self.image_steps:
            return "images"
        draw = np.random.default_rng([self.images.seed, 3, step])
        kind = str(draw.choice(list(SHARES), p=list(SHARES.values())))
        return f"guided {kind}" if kind != "blocks" and step >= self.guide_from else kind

    def loss(self, step: int) -> Tensor:
        """Return the loss of one step's batch."""
        kind = self.kind(step)
        task = self.images if kind == "images" else self.others[kind]
        return task.loss(step) + CAPTION_WEIGHT * self.caption_loss(step)

    def sheet(self, path: Path, step: int) -> None:
        """Write sampled frames, and rollouts once blocks are trained."""
        self.images.sheet(path)
        if step > self.image_steps:
            self.rollouts(path.with_stem(path.stem + "-rollout"))
