"""A MemoryPack of minute size with random weights, for a tiny pocket world."""

import torch

from mag_sandbox.model.dit import DiT
from mag_sandbox.model.memorypack.config import PackConfig
from mag_sandbox.model.memorypack.networks import MemoryPack, PackedNetworks
from mag_sandbox.model.memorypack.packing import LatentFrames, RayPlaces
from tests.tiny import TINY, randomise, tiny_rays

ROWS, COLUMNS = TINY.token_grid
PLACES = RayPlaces(tiny_rays())
LENGTH = TINY.block_length


def tiny_packed(config: PackConfig | None = None, seed: int = 0) -> PackedNetworks:
    """Return a transformer and its memory; every layer matters."""
    dit = randomise(DiT(TINY.dit), seed)
    pack = randomise(MemoryPack(TINY.dit, config or PackConfig()), seed + 1)
    return PackedNetworks(dit, pack)


def frames(blocks: int, seed: int = 0, batch: int = 1, scale: float = 1.0) -> LatentFrames:
    """Return a reference image and whole blocks after it, along a pan."""
    count = 1 + blocks * LENGTH
    generator = torch.Generator().manual_seed(seed)
    shape = (batch, count, TINY.dit.channels, *TINY.latent_size)
    yaw = torch.arange(count, dtype=torch.float64) * 7.0
    poses = torch.stack((yaw, yaw * 0, yaw * 0 + 90.0), dim=-1).expand(batch, -1, -1)
    times = torch.arange(count) + LENGTH - 1
    return LatentFrames(scale * torch.randn(shape, generator=generator), times, poses)


def prompt(seed: int = 5, batch: int = 1) -> torch.Tensor:
    """Return features of some prompt."""
    shape = (batch, TINY.dit.text_len, TINY.dit.text_dim)
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))
