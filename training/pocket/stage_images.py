"""Stage A: single frames from captions, no memory: imagination, which is the hard part."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from mag_sandbox.model.autoencoder import Autoencoder
from mag_sandbox.model.dit import TextKeys, own_block_attention
from mag_sandbox.model.flow import euler_levels, euler_step
from mag_sandbox.model.frames import to_frames
from mag_sandbox.model.pocket.networks import PocketNetworks
from mag_sandbox.model.prompts import tokenise
from mag_sandbox.model.rope import PLACES, RayCoordinates
from mag_sandbox.renderer.sheets import write_sheet
from mag_sandbox.training.devices import TrainingDevice
from mag_sandbox.training.losses import flow_loss, flow_target, guided_target, sample_noise_levels
from mag_sandbox.training.optimisers import muon_and_adamw
from mag_sandbox.training.pocket.data import PanoramaSet
from mag_sandbox.training.pocket.latents import LatentPool, places_to_poses

BATCH = 64  # frames; per step 160 learn no more, at twice the cost
CAPTION_DROPOUT = 0.1
SHEET_STEPS = 8


def world_optimisers(module: PocketNetworks) -> list[torch.optim.Optimizer]:
    """Return Muon over the layers' matrices and AdamW over everything else."""
    matrices = [p for p in module.dit.blocks.parameters() if p.ndim == 2]
    return muon_and_adamw(module, matrices, 0.012, 1.5e-3)


class Captions:
    """Token ids of every caption, drawn at random, sometimes empty."""

    def __init__(self, data: PanoramaSet, tokenizer: Tokenizer, text_len: int) -> None:
        self._each = len(data.captions[0])
        flat = [caption for captions in data.captions for caption in captions]
        self._ids, self._mask = tokenise(tokenizer, flat, text_len)
        self._empty = tokenise(tokenizer, [""], text_len)

    def draw(
        self, panoramas: np.ndarray, rng: np.random.Generator, dropout: float = CAPTION_DROPOUT
    ) -> tuple[Tensor, Tensor]:
        """Return ids and mask, [B, text_len], of one caption for each panorama."""
        rows = torch.from_numpy(
            panoramas * self._each + rng.integers(self._each, size=len(panoramas))
        )
        dropped = torch.from_numpy(rng.random(len(panoramas)) < dropout)[:, None]
        return (
            torch.where(dropped, self._empty[0], self._ids[rows]),
            torch.where(dropped, self._empty[1], self._mask[rows]),
        )

    def empty(self, count: int) -> tuple[Tensor, Tensor]:
        """Return ids and mask of the empty prompt, [count, text_len]."""
        return self._empty[0].expand(count, -1), self._empty[1].expand(count, -1)


@dataclass(eq=False)
class ImageStage:
    """Trains `PocketNetworks` on single frames."""

    module: PocketNetworks  # what is trained
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
        rng = np.random.default_rng([self.seed, 1, step])
        draw = torch.Generator().manual_seed(int(rng.integers(2**62)))
        rows = np.sort(rng.integers(len(self.pool), size=BATCH * self.device.scale))
        panoramas, *places = self.pool.places[rows].T
        latents = torch.from_numpy(self.pool.latents[rows].astype(np.float32))[:, None]
        sigma = sample_noise_levels((len(rows), 1), draw)
        noisy, target = flow_target(latents, sigma, draw)
        poses = places_to_poses(*places)[:, None]
        order = int(rng.integers(PLACES))
        noisy, target, sigma = self._upload((noisy, target, sigma))
        prompts = self.captions.draw(panoramas.astype(int), rng)
        with self.device.autocast():
            flow = self._flow(noisy, sigma, self._text(prompts), poses, order)
            if self.guidance != 1.0:
                with torch.no_grad():
                    empty = self._text(self.captions.empty(len(rows)))
                    free = self._flow(noisy, sigma, empty, poses, order)
                target = guided_target(target, flow, free, sigma, self.guidance)
        return flow_loss(flow, target)

    def _text(self, prompts: tuple[Tensor, Tensor]) -> TextKeys:
        return self.module.text_keys(*self._upload(prompts))

    def _flow(self, noisy, sigma, text, poses, order: int) -> Tensor:
        dit = self.module.dit
        rotary = self.device.upload(self.rays.rotary(poses, torch.zeros(len(poses), 1)))
        features = self.rays.features(poses, torch.tensor([order]))
        time = dit.embed_time(sigma * 1000)
        attend = own_block_attention(dit.kernel)
        return dit(noisy, time, text, rotary, attend, self.device.upload(features))

    def _upload(self, tensors: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return tuple(self.device.upload(tensor) for tensor in tensors)

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
