"""Stage 0: the per-frame autoencoder, on crops of panoramas."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from mag_sandbox.model.autoencoder import Autoencoder
from mag_sandbox.model.frames import to_frames, to_pictures
from mag_sandbox.renderer.sheets import write_sheet
from mag_sandbox.training.devices import TrainingDevice
from mag_sandbox.training.loop import Stage
from mag_sandbox.training.optimisers import muon_and_adamw
from mag_sandbox.training.pocket.data import PanoramaSet, random_crops

CROP = 128  # px
BATCH = 12
BATCHES = 16  # that mean and deviation are measured by
DECODER_BATCH = 4  # whole views
LATENT_NOISE = 0.05  # before normalisation: makes nearby latents decode alike


@dataclass(eq=False)
class AutoencoderStage(Stage):
    """Trains `Autoencoder`; afterwards `normalise` measures its latents."""

    name = "autoencoder"

    module: Autoencoder
    data: PanoramaSet
    device: TrainingDevice
    seed: int

    def optimisers(self) -> list[torch.optim.Optimizer]:
        """Return Muon over the convolutions and AdamW over the biases."""
        return _optimisers(self.module, 0.02, 1.5e-3)

    def loss(self, step: int) -> Tensor:
        """Return L1 + 0.5 gradient L1 + 0.3 MSE of the round trip."""
        rng = np.random.default_rng([self.seed, 0, step])
        crops = random_crops(self.data, rng, BATCH * self.device.scale, CROP, CROP)
        pictures = self.device.upload(to_pictures(crops))
        draw = torch.Generator().manual_seed(step)
        with self.device.autocast():
            latents = self.module.bounded(pictures)
            noise = torch.randn(latents.shape, generator=draw).to(latents)
            decoded = self.module.decoder(latents + LATENT_NOISE * noise)
        return reconstruction_loss(decoded.float(), pictures)

    def sheet(self, path: Path, step: int) -> None:  # noqa: ARG002 (the sheet needs no step)
        """Write views beside their round trip."""
        rng = np.random.default_rng([self.seed, 99])
        views = random_crops(self.data, rng, 6, 192, 320)
        write_sheet(path, [list(views), list(round_trip(self.module, views, self.device))])

    @torch.no_grad()
    def normalise(self) -> None:
        """Measure mean and deviation of each latent channel and store them in the module."""
        rng = np.random.default_rng([self.seed, 98])
        latents = torch.cat([self._bounded(rng) for _ in range(BATCHES)])
        self.module.offset.copy_(latents.mean(dim=(0, 2, 3))[:, None, None])
        self.module.scale.copy_(latents.std(dim=(0, 2, 3))[:, None, None])

    def _bounded(self, rng: np.random.Generator) -> Tensor:
        views = random_crops(self.data, rng, 16, 192, 320)
        with self.device.autocast():
            return self.module.bounded(self.device.upload(to_pictures(views))).float()


class DecoderStage(AutoencoderStage):
    """Polishes the decoder on whole views; latents, and all that was learned on them, stay."""

    name = "decoder"

    def optimisers(self) -> list[torch.optim.Optimizer]:
        """Return Muon and AdamW over the decoder, at a fifth of the first stage's rates."""
        return _optimisers(self.module.decoder, 0.004, 3e-4)

    def loss(self, step: int) -> Tensor:
        """Return the loss of decoding views whose latents are as exact as the game's."""
        rng = np.random.default_rng([self.seed, 4, step])
        views = random_crops(self.data, rng, DECODER_BATCH * self.device.scale, 192, 320)
        pictures = self.device.upload(to_pictures(views))
        with self.device.autocast():
            with torch.no_grad():
                latents = self.module.bounded(pictures)
            decoded = self.module.decoder(latents)
        return reconstruction_loss(decoded.float(), pictures)


def _optimisers(module: nn.Module, muon: float, adamw: float) -> list[torch.optim.Optimizer]:
    kernels = [weight for weight in module.parameters() if weight.ndim == 4]
    return muon_and_adamw(module, kernels, muon, adamw)


def reconstruction_loss(decoded: Tensor, pictures: Tensor) -> Tensor:
    """Return the autoencoder's loss for pictures in [-1, 1]."""
    slopes = sum(
        functional.l1_loss(a, b) for a, b in zip(_slopes(decoded), _slopes(pictures), strict=True)
    )
    difference: Tensor = decoded - pictures
    return difference.abs().mean() + 0.5 * slopes + 0.3 * difference.square().mean()


def _slopes(x: Tensor) -> Iterator[Tensor]:
    yield x[..., 1:] - x[..., :-1]
    yield x[..., 1:, :] - x[..., :-1, :]


@torch.no_grad()
def round_trip(module: Autoencoder, frames: np.ndarray, device: TrainingDevice) -> np.ndarray:
    """Return frames after encoding and decoding, uint8 [T, H, W, 3]."""
    with device.autocast():
        return to_frames(module.decode(module.encode(device.upload(to_pictures(frames)))))
