"""Sequences of blocks from one panorama: what memory, and imagination beside it, learn from.

Two sources: blocks of frames along camera paths, encoded on the spot, as they are shown in play;
and single frames at random places out of the latent pool, as they are imagined ahead of play.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.model.autoencoder import Autoencoder
from mag_sandbox.training.devices import TrainingDevice
from mag_sandbox.training.pocket.data import PanoramaSet
from mag_sandbox.training.pocket.latents import LatentPool, encode_views, places_to_poses
from mag_sandbox.training.pocket.paths import MakePath, log_uniform, random_path, stacked

PATH_BLOCKS = 6  # blocks a sequence along a path
LONGEST_PAUSE = 4000.0  # frames between two imagined views (about four minutes)


@dataclass(frozen=True, slots=True)
class Sequences:
    """Clean blocks, their coordinates, and where they come from; B sequences of M blocks."""

    latents: Tensor  # fp32 [B, M, F, C, H, W]
    poses: Tensor  # yaw, pitch, fov [degrees], [B, M, F, 3]
    times: Tensor  # frame numbers, [B, M, F]
    order: Tensor  # place of each frame in its block, int [F]
    panoramas: np.ndarray  # int [B]


class SequenceSource(Protocol):
    """Where sequences come from."""

    batch: int  # sequences a step
    reconstruct: float  # share of noisy blocks that also read their own kept frame
    alone: float  # share of noisy blocks that read no other block

    def draw(self, rng: np.random.Generator, count: int) -> Sequences:
        """Return `count` sequences that follow from the generator alone."""


@dataclass(eq=False)
class PathBlocks:
    """Blocks of consecutive frames along random camera paths."""

    batch = 3
    reconstruct = 0.2
    alone = 0.0

    data: PanoramaSet
    autoencoder: Autoencoder
    block_length: int
    device: TrainingDevice
    path: MakePath = random_path

    def draw(self, rng: np.random.Generator, count: int) -> Sequences:
        """Return sequences along new paths."""
        panoramas = rng.integers(len(self.data), size=count)
        paths = [self.path(rng, PATH_BLOCKS, self.block_length) for _ in panoramas]
        frames = np.stack(
            [
                self.data.view_at_rest(panorama, *place)
                for panorama, path in zip(panoramas, paths, strict=True)
                for place in path.places()
            ]
        )
        latents, path = encode_views(self.autoencoder, frames, self.device), stacked(paths)
        return Sequences(
            latents.unflatten(0, path.left.shape),
            places_to_poses(path.left, path.top, path.fov),
            torch.from_numpy(path.times),
            torch.arange(self.block_length),
            panoramas,
        )


class PooledViews:
    """Single frames of one panorama at random places."""

    batch = 10
    reconstruct = 0.0
    alone = 0.15

    def __init__(self, pool: LatentPool, block_length: int) -> None:
        self._pool = pool
        self._order = torch.tensor([block_length - 1])  # the place of a frame that is kept
        self._views = int((pool.places[:, 0] == 0).sum())  # of each panorama, side by side

    def draw(self, rng: np.random.Generator, count: int) -> Sequences:
        """Return all pooled views of random panoramas, in random order."""
        panoramas = np.sort(rng.integers(len(self._pool) // self._views, size=count))
        places = np.argsort(rng.random((count, self._views)), axis=1)
        rows = panoramas[:, None] * self._views + places
        _, left, top, fov = np.moveaxis(self._pool.places[rows], -1, 0)
        pauses = log_uniform(rng, 1.0, LONGEST_PAUSE, rows.shape).round()
        return Sequences(
            torch.from_numpy(self._pool.latents[rows].astype(np.float32))[:, :, None],
            places_to_poses(left, top, fov)[:, :, None],
            torch.from_numpy(pauses.cumsum(axis=1))[:, :, None],
            self._order,
            panoramas,
        )
