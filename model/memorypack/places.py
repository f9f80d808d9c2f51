"""Where frames lie in a video: by their indices (full size), or by their rays (pocket world)."""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from mag_sandbox.model.generator import Coordinates
from mag_sandbox.model.memorypack.packing import Grid
from mag_sandbox.model.rope import RayCoordinates, grid_rotary


class LatentFrames(NamedTuple):
    """Latent frames of B videos, and where and when they were."""

    latents: Tensor  # [B, F, C, H, W]
    times: Tensor  # index since the start of the video, [F]
    poses: Tensor | None = None  # yaw, pitch, fov [degrees], [B, F, 3]

    @property
    def length(self) -> int:
        """How many frames these are."""
        return self.latents.shape[1]

    def part(self, start: int, stop: int) -> "LatentFrames":
        """Return some of the frames."""
        some = slice(start, stop)
        poses = None if self.poses is None else self.poses[:, some]
        return LatentFrames(self.latents[:, some], self.times[some], poses)

    def at(self, times: Tensor) -> "LatentFrames":
        """Return the same frames at other times, [F] or [1]."""
        return self._replace(times=times.expand(self.length))

    def with_latents(self, latents: Tensor) -> "LatentFrames":
        """Return other latents at the same places."""
        return self._replace(latents=latents)

    def windows(self, length: int) -> list["LatentFrames"]:
        """Return the frames in windows of `length`, the last of which may be shorter."""
        return [
            self.part(first, min(first + length, self.length))
            for first in range(0, self.length, length)
        ]


def joined(frames: Iterable[LatentFrames]) -> LatentFrames:
    """Return frames one after another."""
    latents, times, poses = zip(*frames, strict=True)
    known = None if poses[0] is None else torch.cat(poses, dim=1)
    return LatentFrames(torch.cat(latents, dim=1), torch.cat(times), known)


class Places(Protocol):
    """Turns frames into coordinates of their tokens."""

    def grid(self, frames: LatentFrames) -> Grid:
        """Return the coordinates of each frame's tokens."""


class IndexPlaces:
    """Frame, row and column indices of tokens, by `model.rope.axis_frequencies`."""

    def __init__(self, rows: int, columns: int, frequencies: tuple[Tensor, Tensor, Tensor]) -> None:
        self._size, self._frequencies = (rows, columns), frequencies

    def grid(self, frames: LatentFrames) -> Grid:
        """Return the coordinates of each frame's tokens."""
        rotary = grid_rotary(frames.times, *self._size, self._frequencies)[None]
        return Grid(rotary.to(frames.latents.device))


class RayPlaces:
    """The rays of posed frames: the pocket world. A frame's time says its place in its block."""

    def __init__(self, rays: RayCoordinates) -> None:
        self._rays = rays

    def grid(self, frames: LatentFrames) -> Grid:
        """Return the coordinates of each frame's tokens."""
        size, device = (frames.length, *self._rays.grid), frames.latents.device
        assert frames.poses is not None  # of the pocket world, where every frame has one
        poses, times = frames.poses.cpu(), frames.times.cpu()
        rotary = self._rays.rotary(poses, times.expand(len(poses), -1))[:, :, 0]
        features = self._rays.features(poses, times.long() % self._rays.block_length)
        return Grid(
            rotary.unflatten(1, size).to(device),
            features.unflatten(1, size).to(device, frames.latents.dtype),
        )


def coordinates(grid: Grid) -> Coordinates:
    """Return the coordinates of whole frames as the transformer takes them."""
    features = None if grid.features is None else grid.features.flatten(1, 3)
    return Coordinates(grid.rotary.flatten(1, 3)[:, :, None], features)
