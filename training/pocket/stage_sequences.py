"""Sequences of blocks with memory, clean and noisy copies side by side.

A clean copy writes keys and values as `remember` does in play (empty prompt); of these only one
frame a block stays. A noisy copy is denoised while reading what earlier clean blocks kept; in a
share of blocks it also reads its own clean block's frame, which is the reconstruction task of
MAG's memory model (arXiv 2512.18741, section 3), and in another share it reads nothing.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from mag_sandbox.model.pocket.networks import PocketNetworks
from mag_sandbox.model.rope import RayCoordinates
from mag_sandbox.training.devices import TrainingDevice
from mag_sandbox.training.losses import flow_loss, flow_target, guided_target, sample_noise_levels
from mag_sandbox.training.pocket.block_attention import BlockMemoryAttention
from mag_sandbox.training.pocket.sequences import Sequences, SequenceSource
from mag_sandbox.training.pocket.stage_images import Captions

NOISY_CONTEXT = 0.5  # share of clean blocks that get a little noise, so that rollouts do not drift
CONTEXT_NOISE = 0.15  # largest noise level of these
KNOWN = 0.2  # mean squared error of a latent token below which the network knew what was there
OTHER_FRAME = 0.2  # share of sequences in which any frame of a block may be the kept one


@dataclass(eq=False)
class SequenceStage:
    """Trains `PocketNetworks` to continue from memory."""

    module: PocketNetworks  # what is trained
    source: SequenceSource  # where sequences come from
    captions: Captions  # of the panoramas
    device: TrainingDevice  # where to compute
    seed: int  # of all draws
    # how much the prompt is to count without a second pass; 1: as in the data
    guidance: float = 1.0
    # share of noisy blocks that are pure noise, as blocks made in one step are
    from_noise: float = 0.0
    # share of steps in which memory holds what the network makes of clean blocks, where it knows
    # them: as in play, where copies of copies must not grow harsher
    own_past: float = 0.0

    def __post_init__(self) -> None:
        self.rays = RayCoordinates.of(self.module.config)

    def loss(self, step: int) -> Tensor:
        """Return the flow loss of the noisy copies of one batch of sequences."""
        rng = np.random.default_rng([self.seed, 2, step])
        draw = torch.Generator().manual_seed(int(rng.integers(2**62)))
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
        prompts: tuple[Tensor, Tensor],
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
        return torch.where(known.unflatten(0, clean.shape[:3]), made, clean)

    def _flow(
        self,
        latents: Tensor,
        sigma: Tensor,
        drawn: Sequences,
        prompts: tuple[Tensor, Tensor],
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
        return flow.unflatten(0, latents.shape[:2])

    def _text(self, prompts: tuple[Tensor, Tensor], blocks: int) -> tuple:
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
