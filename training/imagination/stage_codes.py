"""The first stage: the autoencoder of codes, on crops of rings, for crisp edges."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from mag_sandbox.model.frames import to_frames, to_pictures
from mag_sandbox.model.imagination.codes import CodeEncoder, rounded, to_values
from mag_sandbox.model.pocket.autoencoder import Autoencoder
from mag_sandbox.training.devices import TrainingDevice
from mag_sandbox.training.imagination.rings import RingSet
from mag_sandbox.training.loop import Stage
from mag_sandbox.training.optimisers import muon_and_adamw
from mag_sandbox.training.panorama.sheets import write_sheet

CROP = 128  # px
BATCH = 16
EDGE_SCALES = 3  # edges are compared in the picture, in its half and in its quarter


class CodeAutoencoder(nn.Module):
    """An encoder of codes with a decoder to learn by; play needs the encoder alone."""

    def __init__(self, encoder: CodeEncoder) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = Autoencoder(encoder.config.autoencoder).decoder

    def forward(self, pictures: Tensor) -> Tensor:
        """Return pictures in [-1, 1] through their codes."""
        return self.decoder(rounded(self.encoder.values(pictures), self.encoder.config))

    def decode(self, codes: Tensor) -> Tensor:
        """Return the pictures of codes, [B, H, W, codes]; values may leave [-1, 1] a little."""
        return self.decoder(to_values(codes, self.encoder.config).permute(0, 3, 1, 2))


class CodesStage(Stage):
    """Trains `CodeAutoencoder`.

    Args:
        module: what is trained.
        rings: to cut crops from.
        device: where to compute.
        seed: of all draws.
    """

    name = "codes"

    def __init__(
        self, module: CodeAutoencoder, rings: RingSet, device: TrainingDevice, seed: int
    ) -> None:
        self.module = module.to(device.device, memory_format=torch.channels_last)
        self.rings, self.device, self.seed = rings, device, seed

    def optimisers(self) -> list[torch.optim.Optimizer]:
        """Return Muon over the convolutions and AdamW over the biases."""
        kernels = [p for p in self.module.parameters() if p.ndim == 4]
        return muon_and_adamw(self.module, kernels, 0.02, 1.5e-3)

    def loss(self, step: int) -> Tensor:
        """Return the error of one batch of crops that went through their codes."""
        rng = np.random.default_rng([self.seed, 0, step])
        crops = ring_crops(self.rings, rng, BATCH * self.device.scale, CROP, CROP)
        pictures = self.device.upload(to_pictures(crops))
        with self.device.autocast():
            decoded = self.module(pictures)
        return crisp_loss(decoded.float(), pictures)

    @torch.no_grad()
    def sheet(self, path: Path, step: int) -> None:  # noqa: ARG002 (the sheet needs no step)
        """Write views beside what their codes say."""
        views = ring_crops(self.rings, np.random.default_rng([self.seed, 99]), 8, 192, 320)
        with self.device.autocast():
            decoded = to_frames(self.module(self.device.upload(to_pictures(views))))
        write_sheet(path, [list(views[:4]), list(decoded[:4]), list(views[4:]), list(decoded[4:])])


def ring_crops(
    rings: RingSet, rng: np.random.Generator, count: int, height: int, width: int
) -> np.ndarray:
    """Return crops of random rings, uint8 [count, height, width, 3]."""
    crops = np.empty((count, height, width, 3), np.uint8)
    for crop in crops:
        ring = rings[int(rng.integers(len(rings)))]
        top = int(rng.integers(ring.shape[0] - height + 1))
        columns = (int(rng.integers(ring.shape[1])) + np.arange(width)) % ring.shape[1]
        crop[:] = ring[top : top + height, columns]
    return crops


def crisp_loss(decoded: Tensor, pictures: Tensor) -> Tensor:
    """Return L1 + MSE + L1 of edges at several scales, of pictures in [-1, 1]."""
    difference = decoded - pictures
    loss = difference.abs().mean() + difference.square().mean()
    for scale in range(EDGE_SCALES):
        error = functional.avg_pool2d(difference, 2**scale)
        loss = loss + sum(slope.abs().mean() for slope in _slopes(error))
    return loss


def _slopes(x: Tensor) -> Iterator[Tensor]:
    yield x[..., 1:] - x[..., :-1]
    yield x[..., 1:, :] - x[..., :-1, :]
