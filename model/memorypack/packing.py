"""FramePack's short-term memory: the older a frame, the fewer tokens it gets.

History frames are cut into cells of growing size (1, 2 and 4 times a token in time, down and
across). Each cell becomes one token, whose rotary coordinates are the mean of those of its place:
a coarse token sits at the centre of its cell, and its fast pairs are damped. The number of tokens
does not depend on the length of the video. Frames lie in a video by their indices (full size), or
by their rays (pocket world).

Source: FramePack, arXiv 2504.12626, as released (Apache-2.0); own words.
"""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from mag_sandbox.model.config import DiTConfig
from mag_sandbox.model.generator import Coordinates
from mag_sandbox.model.rope import RayCoordinates, grid_rotary

Kernel = tuple[int, int, int]  # frames, rows, columns of a cell


def cells(x: Tensor, kernel: Kernel) -> Tensor:
    """Cut a video, [B, F, H, W, K], into cells, repeating its last frames, rows and columns.

    Returns:
        [B, f, h, w, frames * rows * columns of a cell, K].
    """
    for axis, size in enumerate(kernel, start=1):
        length = x.shape[axis]
        if length % size:
            places = torch.arange(-(-length // size) * size, device=x.device)
            x = x.index_select(axis, places.clamp(max=length - 1))
    batch, channels = x.shape[0], x.shape[-1]
    (f, h, w), (t, r, c) = (n // k for n, k in zip(x.shape[1:4], kernel, strict=True)), kernel
    x = x.reshape(batch, f, t, h, r, w, c, channels).permute(0, 1, 3, 5, 2, 4, 6, 7)
    return x.reshape(batch, f, h, w, t * r * c, channels)


def pooled(x: Tensor, kernel: Kernel) -> Tensor:
    """Return the mean of each cell; of complex turns, cosines and sines are averaged apart."""
    return cells(x, kernel).mean(dim=-2)


class CellEmbedding(nn.Conv3d):
    """One token of each cell: a convolution whose stride is its kernel."""

    def __init__(self, dit: DiTConfig, cell: Kernel) -> None:
        super().__init__(dit.channels, dit.dim, cell, cell)
        self.cell = cell

    def forward(self, latents: Tensor) -> Tensor:
        """Return tokens, [B, f, h, w, dim], of latents, [B, F, C, H, W]."""
        cut = cells(latents.movedim(2, -1), self.cell).flatten(-2)
        weight = self.weight.permute(0, 2, 3, 4, 1).flatten(1)
        return functional.linear(cut.to(weight.dtype), weight, self.bias)

    @torch.no_grad()
    def initialise(self, patches: nn.Conv3d) -> None:
        """Start from the patch embedding of the latents averaged over the cell."""
        stretch = [n // m for n, m in zip(self.cell, patches.kernel_size, strict=True)]
        weight = patches.weight
        for axis, times in enumerate(stretch, start=2):
            weight = weight.repeat_interleave(times, dim=axis) / times
        self.weight.copy_(weight)
        self.get_parameter("bias").copy_(patches.get_parameter("bias"))


class Tokens(NamedTuple):
    """Tokens of packed frames, and where they lie."""

    values: Tensor  # [B, M, dim]
    rotary: Tensor  # complex [B or 1, M, D/2]
    absent: Tensor | None = None  # which of them a video lacks, bool [B, M]; None: all are there

    def joined(self, other: "Tokens") -> "Tokens":
        """Return these tokens and then others."""
        turns = (some.expand(len(self.values), -1, -1) for some in (self.rotary, other.rotary))
        absent = None
        if self.absent is not None or other.absent is not None:
            absent = torch.cat([_absent(some) for some in (self, other)], dim=1)
        values = torch.cat((self.values, other.values), dim=1)
        return Tokens(values, torch.cat(tuple(turns), dim=1), absent)


def _absent(tokens: Tokens) -> Tensor:
    if tokens.absent is not None:
        return tokens.absent
    return torch.zeros(tokens.values.shape[:2], dtype=torch.bool, device=tokens.values.device)


class Grid(NamedTuple):
    """Coordinates of the tokens of whole frames."""

    rotary: Tensor  # complex [B or 1, F, h, w, D/2]
    features: Tensor | None = None  # of rays, [B or 1, F, h, w, K]

    def frames(self, start: int, stop: int) -> "Grid":
        """Return the coordinates of some of the frames."""
        some = slice(start, stop)
        return Grid(self.rotary[:, some], None if self.features is None else self.features[:, some])

    def pooled(self, kernel: Kernel) -> "Grid":
        """Return the coordinates of cells of tokens."""
        features = None if self.features is None else pooled(self.features, kernel)
        return Grid(pooled(self.rotary, kernel), features)


class PackEmbedder(nn.Module):
    """The patch embeddings of packed frames, one for each scale; names as released."""

    def __init__(self, dit: DiTConfig, factors: Iterable[int] = (1, 2, 4)) -> None:
        super().__init__()
        self.patch = dit.patch
        for factor in factors:
            kernel = (factor, factor * dit.patch, factor * dit.patch)
            self.add_module(_name(factor), CellEmbedding(dit, kernel))

    def initialise(self, patches: nn.Conv3d) -> "PackEmbedder":
        """Start from the transformer's patch embedding: a packed token is that of averages."""
        for layer in self.children():
            if isinstance(layer, CellEmbedding):
                layer.initialise(patches)
        return self

    def forward(self, latents: Tensor, factor: int) -> Tensor:
        """Return the tokens of latents, [B, F, C, H, W], at a scale, [B, f, h, w, dim]."""
        result: Tensor = self.get_submodule(_name(factor))(latents)
        return result


def _name(factor: int) -> str:
    return "proj" if factor == 1 else f"proj_{factor}x"


class Group(NamedTuple):
    """Frames that are packed together."""

    factor: int
    latents: Tensor  # [B, F, C, H, W]
    places: Grid  # of their tokens at full size


def pack(embedder: PackEmbedder, groups: Sequence[Group], rays: nn.Linear | None = None) -> Tokens:
    """Return the tokens of all groups, in their order; `rays` embeds the places' ray features."""
    values, turns = [], []
    for factor, latents, places in groups:
        tokens = embedder(latents, factor)
        cell = places.pooled((factor, factor, factor))
        if rays is not None and cell.features is not None:
            tokens = tokens + rays(cell.features.to(tokens.dtype))
        values.append(tokens.flatten(1, 3))
        turns.append(cell.rotary.flatten(1, 3).expand(len(latents), -1, -1))
    return Tokens(torch.cat(values, dim=1), torch.cat(turns, dim=1))


class LatentFrames(NamedTuple):
    """Latent frames of B videos, and where and when they were."""

    latents: Tensor  # [B, F, C, H, W]
    times: Tensor  # index since the start of the video, [F]
    poses: Tensor | None = None  # yaw, pitch, fov [degrees], [B, F, 3]

    @property
    def length(self) -> int:
        """The number of frames."""
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


PER_TOKEN = 5  # slots across and down in a token


class Slots(NamedTuple):
    """Places on the ring around a camera, in rows from the top."""

    yaw: Tensor  # of their centres [degrees], [S]
    pitch: Tensor
    side: float  # degrees across and down

    @classmethod
    def of(cls, rays: RayCoordinates) -> "Slots":
        """Return slots a fifth as wide and high as a token of a view that is not zoomed.

        So a place is held by tokens of several frames, cut at different edges: between them lie
        details that a single one has lost.
        """
        side, rows = rays.token / PER_TOKEN, PER_TOKEN * rays.rows
        pitch, yaw = torch.meshgrid(
            (rows / 2 - 0.5 - torch.arange(rows).double()) * side,
            (torch.arange(round(360 / side)).double() + 0.5) * side,
            indexing="ij",
        )
        return cls(yaw.flatten().to(rays.device), pitch.flatten().to(rays.device), side)


SIGHT = 4  # numbers that say where a token was seen: yaw, pitch, field of view, place in its frame


class RayPlaces:
    """The rays of posed frames: the pocket world. A frame's time says its place in its block."""

    def __init__(self, rays: RayCoordinates) -> None:
        self._rays, self.slots = rays, Slots.of(rays)
        self.token = rays.token  # degrees across and down, not zoomed

    def grid(self, frames: LatentFrames) -> Grid:
        """Return the coordinates of each frame's tokens."""
        size, device = (frames.length, *self._rays.grid), frames.latents.device
        assert frames.poses is not None  # of the pocket world, where every frame has one
        times = frames.times.expand(len(frames.poses), -1)
        rotary = self._rays.rotary(frames.poses, times)[:, :, 0]
        features = self._rays.features(frames.poses, frames.times.long() % self._rays.block_length)
        return Grid(
            rotary.unflatten(1, size).to(device),
            features.unflatten(1, size).to(device, frames.latents.dtype),
        )

    def directions(self, frames: LatentFrames) -> tuple[Tensor, Tensor]:
        """Return yaw and pitch of all tokens [degrees], float64 [B, F * L] each."""
        assert frames.poses is not None
        yaw, pitch = self._rays.directions(frames.poses)
        return yaw.flatten(1), pitch.flatten(1)

    def sights(self, frame: LatentFrames) -> Tensor:
        """Return where the tokens of one frame look, fp32 [B, L, SIGHT]."""
        assert frame.poses is not None
        yaw, pitch = self.directions(frame)
        fov = frame.poses[:, 0, 2:3].to(yaw).expand_as(yaw)
        token = torch.arange(yaw.shape[1], device=yaw.device).expand_as(yaw)
        return torch.stack((yaw % 360, pitch, fov, token), dim=-1).float()

    def poses(self, sights: Tensor) -> Tensor:
        """Return the poses of the frames of tokens, [M, SIGHT] -> [M, 3], to 0.001 degrees."""
        yaw, pitch, fov, token = sights.double().unbind(-1)
        across, down = self._rays.directions(torch.tensor([[(0.0, 0.0, 1.0)]]))
        place = token.long()
        yaw, pitch = yaw - across[0, 0, place] * fov, pitch - down[0, 0, place] * fov
        poses = torch.stack(((yaw * 1000).round() % 360_000, (pitch * 1000).round(), fov * 1000))
        return poses.mT / 1000

    def are_sights(self, sights: Tensor) -> bool:
        """Tell whether numbers, [..., SIGHT], can be those of tokens of frames."""
        *_, fov, token = sights.unbind(-1)
        within = (token >= 0) & (token < math.prod(self._rays.grid)) & (fov > 0)
        return bool((within & sights.isfinite().all(dim=-1)).all())

    def seen_at(self, sights: Tensor, time: Tensor) -> tuple[Tensor, Tensor]:
        """Return turns and features of tokens of kept frames, [B, M, ...], as of a time, [1]."""
        yaw, pitch, fov, token = sights.to(self._rays.device).double().unbind(-1)
        turns = self._rays.turns(yaw, pitch, time)
        return turns, self._rays.kept_features(yaw, pitch, fov, token.long())


def coordinates(grid: Grid) -> Coordinates:
    """Return the coordinates of whole frames as the transformer takes them."""
    features = None if grid.features is None else grid.features.flatten(1, 3)
    return Coordinates(grid.rotary.flatten(1, 3)[:, :, None], features)
