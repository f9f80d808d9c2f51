"""Rings as the networks know them: codes and latents of each, made once and kept on disk.

A ring is encoded whole; every view whose pose is a multiple of a cell is then a cut out of it.
"""

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.files.whole import replacing
from mag_sandbox.model.frames import to_pictures
from mag_sandbox.model.imagination.codes import CodeEncoder
from mag_sandbox.model.pocket.autoencoder import Autoencoder
from mag_sandbox.training.devices import TrainingDevice
from mag_sandbox.training.imagination.rings import RINGS_EACH, RingSet

logger = logging.getLogger(__name__)

RING_MARGIN = 64  # px beyond either end of a ring that its latents may depend on
Encode = Callable[[Tensor], Tensor]  # pictures [B, 3, H, W] -> [B, ...]


def ring_codes(
    folder: Path, encoder: CodeEncoder, rings: RingSet, device: TrainingDevice
) -> np.ndarray:
    """Return the codes of all rings, uint16 [N, rows, columns, codes]."""
    files = _encoded(folder, "codes", encoder.ring, np.uint16, rings, device)
    return np.concatenate(files)


def ring_latents(
    folder: Path, autoencoder: Autoencoder, rings: RingSet, device: TrainingDevice
) -> list[np.ndarray]:
    """Return the latents of all rings, on disk, float16 [RINGS_EACH, C, rows, columns] each."""

    def encode(pictures: Tensor) -> Tensor:
        margin = RING_MARGIN
        around = torch.cat((pictures[..., -margin:], pictures, pictures[..., :margin]), dim=-1)
        cells = margin // autoencoder.config.stride
        return autoencoder.encode(around)[..., cells:-cells]

    return _encoded(folder, "latents", encode, np.float16, rings, device)


@torch.no_grad()
def _encoded(
    folder: Path,
    name: str,
    encode: Encode,
    dtype: type,
    rings: RingSet,
    device: TrainingDevice,
) -> list[np.ndarray]:
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for number, pixels in enumerate(rings.files):
        path = folder / f"{name}-{number * RINGS_EACH}.npy"
        if not path.exists():
            with device.autocast():
                encoded = [
                    encode(device.upload(to_pictures(ring[None])))[0].float().cpu().numpy()
                    for ring in pixels
                ]
            with replacing(path) as part, part.open("wb") as file:
                np.save(file, np.stack(encoded).astype(dtype))
            logger.info("encoded %s of rings up to %d", name, (number + 1) * RINGS_EACH)
        files.append(np.load(path, mmap_mode="r"))
    return files
