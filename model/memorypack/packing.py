"""FramePack's short-term memory: the older a frame, the fewer tokens it is worth.

History frames are cut into cells of growing size (1, 2 and 4 times a token in time, down and
across). Each cell becomes one token, whose rotary coordinates are the mean of those of its place:
a coarse token sits at the centre of its cell, and its fast pairs are damped. The number of tokens
does not depend on the length of the video.

Source: FramePack, arXiv 2504.12626, as released (Apache-2.0); own words.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from mag_sandbox.model.config import DiTConfig

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
        """Make a cell's token the patch embedding of the latents averaged over the cell."""
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

    def joined(self, other: "Tokens") -> "Tokens":
        """Return these tokens and then others."""
        turns = (some.expand(len(self.values), -1, -1) for some in (self.rotary, other.rotary))
        return Tokens(torch.cat((self.values, other.values), dim=1), torch.cat(tuple(turns), dim=1))


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
