"""Latents of many random views, encoded once and kept on disk: what the image stage learns from."""

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.model.autoencoder import Autoencoder
from mag_sandbox.model.frames import to_pictures
from mag_sandbox.renderer.canvas import RING_HEIGHT, RING_WIDTH
from mag_sandbox.renderer.views import DEGREES_PER_PIXEL, FOV, HEIGHT, WIDTH
from mag_sandbox.training.devices import TrainingDevice
from mag_sandbox.training.pocket.data import PanoramaSet
from mag_sandbox.training.pocket.paths import REACH, random_fov

logger = logging.getLogger(__name__)

ZOOMED = 0.3  # share of views
_BATCH = 64


@dataclass(frozen=True, slots=True)
class LatentPool:
    """Encoded views of panoramas at rest, and where each was cut; those of one side by side."""

    latents: np.ndarray  # float16 [N, C, H, W], on disk
    places: np.ndarray  # float [N, 4]: panorama, left, top [px], fov [degrees]

    def __len__(self) -> int:
        return len(self.places)


def places_to_poses(left: np.ndarray, top: np.ndarray, fov: np.ndarray) -> Tensor:
    """Return yaw, pitch, fov [degrees], [..., 3], of views cut out at ring pixels.

    Left and top are of the view that is not zoomed, whose middle a zoomed one shares.
    """
    yaw = (left + WIDTH / 2) * DEGREES_PER_PIXEL
    pitch = (RING_HEIGHT / 2 - HEIGHT / 2 - top) * DEGREES_PER_PIXEL
    return torch.from_numpy(np.stack((yaw, pitch, fov), axis=-1))


@torch.no_grad()
def encode_views(module: Autoencoder, frames: np.ndarray, device: TrainingDevice) -> Tensor:
    """Return normalised latents, fp32 [T, C, H, W], of frames, uint8 [T, H, W, 3]."""
    with device.autocast():
        return module.encode(device.upload(to_pictures(frames))).float()


def latent_pool(
    module: Autoencoder, data: PanoramaSet, per_panorama: int, folder: Path, device: TrainingDevice
) -> LatentPool:
    """Return `per_panorama` random views of every panorama, encoding what is not cached."""
    stem = folder / f"latents-v4-{_fingerprint(module)}-{len(data)}-{per_panorama}"
    values, places = stem.with_suffix(".npy"), stem.with_suffix(".places.npy")
    if not places.exists():
        _encode(module, data, per_panorama, values, places, device)
    return LatentPool(np.load(values, mmap_mode="r"), np.load(places))


def _encode(
    module: Autoencoder,
    data: PanoramaSet,
    per_panorama: int,
    values: Path,
    places: Path,
    device: TrainingDevice,
) -> None:
    rng = np.random.default_rng(len(data))
    count = len(data) * per_panorama
    where = np.stack(
        (
            np.repeat(np.arange(len(data)), per_panorama),
            rng.integers(RING_WIDTH, size=count),
            _tops(rng, count),
            np.where(rng.random(count) < ZOOMED, random_fov(rng, (count,)), FOV),
        ),
        axis=-1,
    )
    config = module.config
    shape = (count, config.channels, HEIGHT // config.stride, WIDTH // config.stride)
    partial = values.with_suffix(".partial")
    latents = np.lib.format.open_memmap(partial, mode="w+", dtype=np.float16, shape=shape)
    for start in range(0, count, _BATCH):
        rows = where[start : start + _BATCH]
        frames = np.stack([data.view_at_rest(int(i), *place) for i, *place in rows])
        latents[start : start + len(rows)] = encode_views(module, frames, device).cpu().numpy()
        if start % (_BATCH * 64) == 0:
            logger.info("encoded %d/%d views", start, count)
    latents.flush()
    partial.replace(values)
    np.save(places, where)


def _tops(rng: np.random.Generator, count: int) -> np.ndarray:
    """Tops of views: half near the horizon, where people look, half anywhere."""
    near = rng.normal(REACH / 2, REACH / 10, count).round()
    anywhere = rng.integers(REACH + 1, size=count)
    return np.where(rng.random(count) < 0.5, near.clip(0, REACH), anywhere).astype(int)


def _fingerprint(module: Autoencoder) -> str:
    """Name the latents after all that makes them: a polished decoder does not change them."""
    digest = hashlib.sha256()
    for name, value in module.state_dict().items():
        if not name.startswith("decoder"):
            digest.update(value.detach().float().cpu().numpy().tobytes())
    return digest.hexdigest()[:12]
