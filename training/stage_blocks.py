"""Stage B: blocks of frames with memory, clean and noisy copies side by side.

A clean copy writes keys and values as `remember` does in play (empty prompt); of these only one
frame a block stays. A noisy copy is denoised while reading what earlier clean blocks kept; in a
share of blocks it also reads its own clean block's frame, which is the reconstruction task of
MAG's memory model (arXiv 2512.18741, section 3).
"""

from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from model.autoencoder import Autoencoder
from model.networks import PocketNetworks
from model.rope import RayCoordinates
from model.weights import save_pocket
from training.block_attention import BlockMemoryAttention
from training.data import PanoramaSet
from training.devices import Device
from training.latents import corners_to_poses, encode_views
from training.losses import flow_loss, flow_target, sample_noise_levels
from training.panorama.render import view
from training.paths import CameraPath, random_path
from training.rollout_sheet import write_rollout_sheet
from training.stage_images import Captions

BATCH = 3  # sequences
BLOCKS = 6  # blocks a sequence
RECONSTRUCT = 0.2  # share of noisy blocks that also read their own kept frame
NOISY_CONTEXT = 0.5  # share of clean blocks that get a little noise, so that rollouts do not drift
CONTEXT_NOISE = 0.15  # largest noise level of these
OTHER_FRAME = 0.2  # share of sequences in which any frame of a block may be the kept one


class BlockStage:
    """Trains `PocketNetworks` to continue from memory."""

    def __init__(
        self,
        module: PocketNetworks,
        autoencoder: Autoencoder,
        data: PanoramaSet,
        captions: Captions,
        tokenizer: Tokenizer,
        held_out: list[str],
        device: Device,
        seed: int,
    ) -> None:
        self.module, self.autoencoder, self.data = module, autoencoder, data
        self.captions, self.tokenizer, self.held_out = captions, tokenizer, held_out
        self.device, self.seed = device, seed
        self.block_length = module.config.block_length
        rows, columns = (n // module.config.dit.patch for n in module.config.latent_size)
        self.rays = RayCoordinates(module.config.dit.rays, rows, columns)

    def loss(self, step: int) -> Tensor:
        """Return the flow loss of the noisy copies of one batch of sequences."""
        rng = np.random.default_rng([self.seed, 2, step])
        draw = torch.Generator().manual_seed(int(rng.integers(2**62)))
        count = BATCH * self.device.scale
        panoramas = rng.integers(len(self.data), size=count)
        paths = [random_path(rng, BLOCKS, self.block_length) for _ in panoramas]
        clean = self._encode(panoramas, paths)  # [B, M, 3, C, H, W]
        sigma = sample_noise_levels((count, BLOCKS, 1), draw).expand(-1, -1, self.block_length)
        noisy, target = flow_target(clean, self.device.upload(sigma), draw)
        context_sigma = self._context_noise(count, draw)
        context, _ = flow_target(clean, self.device.upload(context_sigma), draw)
        with self.device.autocast():
            flow = self._flow(
                torch.cat((context, noisy), dim=1),
                torch.cat((context_sigma, sigma), dim=1),
                paths,
                self.captions.draw(panoramas, rng),
                BlockMemoryAttention(
                    self.device.upload(_visible(count, draw)),
                    self.device.upload(self._kept(count, draw)),
                    self.module.config.tokens_per_frame,
                ),
            )
        return flow_loss(flow[:, BLOCKS:], target)

    def sheet(self, path: Path) -> None:
        """Write rollouts of held-out captions as the game would play them."""
        weights = path.parent / "preview"
        save_pocket(weights, self.module.config, self.module, self.autoencoder, self.tokenizer)
        write_rollout_sheet(path, weights, self.held_out, self.device.execution())

    def _encode(self, panoramas: np.ndarray, paths: list[CameraPath]) -> Tensor:
        frames = np.stack(
            [
                view(self.data.pixels[panorama], int(left), int(top))
                for panorama, path in zip(panoramas, paths, strict=True)
                for left, top in zip(path.left.flat, path.top.flat, strict=True)
            ]
        )
        latents = encode_views(self.autoencoder, frames, self.device)
        return latents.unflatten(0, (len(paths), BLOCKS, self.block_length))

    def _flow(
        self,
        latents: Tensor,
        sigma: Tensor,
        paths: list[CameraPath],
        prompts: tuple[Tensor, Tensor],
        attend: BlockMemoryAttention,
    ) -> Tensor:
        """Return the flow, [B, 2 * M, 3, C, H, W]: clean copies first, then noisy ones."""
        rotary, features = self._coordinates(paths)
        dit = self.module.dit
        time = dit.embed_time(self.device.upload(sigma.flatten(0, 1)) * 1000)
        flow = dit(latents.flatten(0, 1), time, self._text(prompts), rotary, attend, features)
        return flow.unflatten(0, latents.shape[:2])

    def _coordinates(self, paths: list[CameraPath]) -> tuple[Tensor, Tensor]:
        left, top, times = (
            np.stack([getattr(path, name) for path in paths]) for name in ("left", "top", "times")
        )
        poses = corners_to_poses(left, top).repeat(1, 2, 1, 1).flatten(0, 1)  # [B*2M, 3, 3]
        times = torch.from_numpy(times).repeat(1, 2, 1).flatten(0, 1)
        rotary = self.device.upload(self.rays.rotary(poses, times))
        order = torch.arange(self.block_length)
        features = self.rays.features(poses, order)
        return rotary, self.device.upload(features)

    def _text(self, prompts: tuple[Tensor, Tensor]) -> tuple:
        """Return text keys of clean copies (empty prompt) and noisy ones, [B * 2 * M, ...]."""
        ids, mask = (torch.cat(pair) for pair in zip(self.captions.empty(1), prompts, strict=True))
        count = len(prompts[0])
        noisy = torch.arange(1, count + 1)[:, None].expand(-1, BLOCKS)
        rows = torch.cat((torch.zeros_like(noisy), noisy), dim=1).flatten()
        rows = self.device.upload(rows)
        keys = self.module.text_keys(self.device.upload(ids), self.device.upload(mask))
        return tuple((k[rows], v[rows]) for k, v in keys)

    def _context_noise(self, count: int, draw: torch.Generator) -> Tensor:
        level = CONTEXT_NOISE * torch.rand(count, BLOCKS, 1, generator=draw)
        noisy = torch.rand(count, BLOCKS, 1, generator=draw) < NOISY_CONTEXT
        return (level * noisy).expand(-1, -1, self.block_length)

    def _kept(self, count: int, draw: torch.Generator) -> Tensor:
        last = torch.full((count, BLOCKS), self.block_length - 1)
        any_frame = torch.randint(self.block_length, (count, BLOCKS), generator=draw)
        other = torch.rand(count, 1, generator=draw) < OTHER_FRAME
        return torch.where(other, any_frame, last)


def _visible(count: int, draw: torch.Generator) -> Tensor:
    """Return which block reads which kept frame, bool [B, 2 * M, M]."""
    earlier = torch.ones(BLOCKS, BLOCKS, dtype=torch.bool).tril(-1).expand(count, -1, -1)
    own = torch.eye(BLOCKS, dtype=torch.bool)
    reconstruct = torch.rand(count, BLOCKS, 1, generator=draw) < RECONSTRUCT
    return torch.cat((earlier, earlier | (own & reconstruct)), dim=1)
