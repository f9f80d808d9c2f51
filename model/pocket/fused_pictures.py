"""The networks of pictures in fewer, faster operations; made at load time, for inference.

What takes time in them are not convolutions but all that touches every pixel on its own. So the
pixels of a cell of 4 x 4 become its channels: a picture, [B, C, H, W], is held as *cells*,
[B, 16 C, H / 4, W / 4], pixel after pixel. Whole vectors are then worked on at once, and cells
become pixels again in runs of a dozen numbers. Everything lies channels last.
"""

from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from mag_sandbox.model.frames import to_levels
from mag_sandbox.model.fused import packs_here
from mag_sandbox.model.pocket.animator import (
    PARTS,
    Animator,
    ClockedBlock,
    Moments,
    PictureNetwork,
)
from mag_sandbox.model.pocket.autoencoder import Autoencoder, ResidualBlock
from mag_sandbox.model.pocket.cells import CELL, pixels_of
from mag_sandbox.model.pocket.skies import near

COLORS = (0, 1, 2)
COLORED = len(COLORS) * CELL * CELL  # numbers of a cell of a picture
SKY = PARTS.index("sky")
PACKED_SIZE = (2, 48, 80)  # pictures, rows, columns that weights are laid out for; others work


class PackedConvolution(nn.Module):
    """A convolution over pictures of its size, or a part of it, its weights laid out beforehand."""

    def __init__(self, weight: Tensor, bias: Tensor | None, stride: int = 1) -> None:
        super().__init__()
        self._stride = [stride, stride]
        self._weight = weight.detach().contiguous(memory_format=torch.channels_last)
        self._bias = None if bias is None else bias.detach()
        self._padding = [side // 2 if stride == 1 else 0 for side in weight.shape[2:]]
        self._packed = packs_here(weight)
        if self._packed:
            batch, *size = PACKED_SIZE
            self._weight = torch.ops.mkldnn._reorder_convolution_weight(
                self._weight, self._padding, self._stride, [1, 1], 1,
                [batch, weight.shape[1], *size],
            )  # fmt: skip

    @classmethod
    def of(cls, source: nn.Conv2d) -> "PackedConvolution":
        """Return the same convolution, packed."""
        return cls(source.weight, source.bias, source.stride[0])

    def forward(self, x: Tensor) -> Tensor:
        """Return x, [B, in, H, W], convolved."""
        if not self._packed:
            return functional.conv2d(x, self._weight, self._bias, self._stride, self._padding)
        return torch.ops.mkldnn._convolution_pointwise(
            x, self._weight, self._bias, self._padding, self._stride, [1, 1], 1, "none", [], ""
        )

    def add_to(self, total: Tensor, x: Tensor) -> Tensor:
        """Return `total` with x convolved added in place."""
        if not self._packed:
            return total.add_(self(x))
        return torch.ops.mkldnn._convolution_pointwise_.binary(
            total, x, self._weight, self._bias, self._padding, self._stride, [1, 1], 1,
            "add", 1.0, None, [], None,
        )  # fmt: skip


def shuffled(source: nn.Conv2d, factor: int) -> PackedConvolution:
    """Return a convolution before `nn.PixelShuffle` with its outputs pixel after pixel."""
    return PackedConvolution(
        by_pixel(source.weight, factor),
        None if source.bias is None else by_pixel(source.bias, factor),
    )


def by_pixel(outputs: Tensor, factor: int) -> Tensor:
    """Return outputs, [C * factor^2, ...], in the order pixel, channel in place of the other."""
    return outputs.unflatten(0, (-1, factor * factor)).transpose(0, 1).flatten(0, 1)


class FusedDecoder(nn.Module):
    """`Autoencoder.decode`."""

    def __init__(self, source: Autoencoder) -> None:
        super().__init__()
        self.scale, self.offset = source.scale, source.offset
        steps: list[nn.Module] = []
        layers = list(source.decoder)
        for layer, following in zip(layers, [*layers[1:], None], strict=True):
            if isinstance(layer, ResidualBlock):
                steps.append(_FusedResidualBlock(layer))
            elif isinstance(layer, nn.Conv2d) and isinstance(following, nn.PixelShuffle):
                steps.append(_Growing(layer, following.upscale_factor))
            elif isinstance(layer, nn.Conv2d):
                steps.append(PackedConvolution.of(layer))
            elif not isinstance(layer, nn.PixelShuffle):
                steps.append(layer)
        self.steps = nn.Sequential(*steps)

    def forward(self, latents: Tensor) -> Tensor:
        """Return pictures, [B, 3, 16 h, 16 w], of normalised latents, [B, C, h, w]."""
        return self.steps(latents * self.scale + self.offset)


class _Growing(nn.Module):
    """A convolution whose channels become pixels."""

    def __init__(self, source: nn.Conv2d, factor: int) -> None:
        super().__init__()
        self.convolve, self.factor = shuffled(source, factor), factor

    def forward(self, x: Tensor) -> Tensor:
        return pixels_of(self.convolve(x), self.factor)

    def add_to(self, total: Tensor, x: Tensor) -> Tensor:
        """Return `total` with what x becomes added in place."""
        pixels = total.permute(0, 2, 3, 1)  # a view, whose order is that of the cells below
        for axis in (2, 1):
            pixels = pixels.unflatten(axis, (-1, self.factor))
        cells = self.convolve(x).permute(0, 2, 3, 1).unflatten(3, (self.factor, self.factor, -1))
        pixels.transpose(2, 3).add_(cells)
        return total


class _FusedResidualBlock(nn.Module):
    """`ResidualBlock`; what it is given is overwritten."""

    def __init__(self, source: ResidualBlock) -> None:
        super().__init__()
        self.first, self.second = (
            PackedConvolution.of(source.first),
            PackedConvolution.of(source.second),
        )

    def forward(self, x: Tensor) -> Tensor:
        y = functional.silu(self.first(functional.silu(x)), inplace=True)
        return self.second.add_to(x, y)


class _FusedClockedBlock(nn.Module):
    """`ClockedBlock`; what it is given is overwritten."""

    def __init__(self, source: ClockedBlock) -> None:
        super().__init__()
        self.norm, self.film = source.norm, source.film
        self.first, self.second = (
            PackedConvolution.of(source.first),
            PackedConvolution.of(source.second),
        )

    def forward(self, x: Tensor, clock: Tensor | None) -> Tensor:
        y = self.first(functional.silu(self.norm(x), inplace=True))
        if self.film is not None:
            scale, shift = self.film(clock)[..., None, None].chunk(2, dim=1)
            y = torch.addcmul(shift, y, 1 + scale)
        return self.second.add_to(x, functional.silu(y, inplace=True))


class FusedPictureNetwork(nn.Module):
    """`PictureNetwork` from cells to what its head sees, of which `head_of` makes cells.

    Args:
        source: the network.
        taken: channels of each of the pictures that it is given, one after the other.
    """

    def __init__(self, source: PictureNetwork, taken: tuple[int, ...]) -> None:
        super().__init__()
        stem = torch.cat(stem_weights(source, taken), dim=1)
        self.stem = PackedConvolution(stem[..., None, None], source.stem.bias)
        self.stem_maps, self.down = source.stem_maps, PackedConvolution.of(source.down)
        self.before, self.after = (
            _FusedClockedBlock(source.before),
            _FusedClockedBlock(source.after),
        )
        blocks = cast(Sequence[ClockedBlock], source.blocks)
        self.blocks = nn.ModuleList(_FusedClockedBlock(block) for block in blocks)
        self.up = _Growing(source.up, 2)
        self.norm = source.norm

    def forward(self, cells: Tensor, maps: Tensor, clock: Tensor | None = None) -> Tensor:
        """Return what the head sees, [B, fine, H / 4, W / 4], of cells and maps of that size."""
        x = self.before(self.stem(cells).add_(self.stem_maps(maps)), clock)
        coarse = self.down(x)
        for block in self.blocks:
            coarse = block(coarse, clock)
        x = self.after(self.up.add_to(x, coarse), clock)
        return functional.silu(self.norm(x), inplace=True)


def stem_weights(source: PictureNetwork, taken: tuple[int, ...]) -> list[Tensor]:
    """Return what the stem makes of cells of each picture, [fine, 16 C] each.

    `taken` are channels of the pictures, one after the other.
    """
    parts = source.stem.weight.split(taken, dim=1)
    return [part.permute(0, 2, 3, 1).flatten(1) for part in parts]


def head_of(source: PictureNetwork, *pictures: tuple[int, ...]) -> PackedConvolution:
    """Return what makes cells of some pictures, one after the other, each of some channels."""
    return PackedConvolution(*head_weights(source, *pictures))


def head_weights(source: PictureNetwork, *pictures: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Return weights, [out, fine, 1, 1], and biases, [out], of `head_of`."""
    weight, bias = source.head.weight, source.head.bias
    assert bias is not None
    rows = torch.tensor(
        [
            channel * CELL * CELL + pixel
            for channels in pictures
            for pixel in range(CELL * CELL)
            for channel in channels
        ],
        device=weight.device,
    )
    return weight.index_select(0, rows), bias.index_select(0, rows)


class FusedAnimator(nn.Module):
    """`Animator` from cells to cells."""

    def __init__(self, source: Animator) -> None:
        super().__init__()
        self.source = source
        one_each = (1,) * len(PARTS)
        self.segment = FusedPictureNetwork(source.segment, (len(COLORS),))
        self.tell = head_of(source.segment, *((part,) for part in range(len(PARTS))))
        self.move = FusedPictureNetwork(source.move, (len(COLORS),) * 3 + one_each)
        # apart, since what takes some channels of many is slow
        self.of_wind, self.of_walk, self.added = (
            head_of(source.move, channels) for channels in ((0,), (1, 1, 1), (2, 3, 4))
        )
        self.colored: Tensor  # which pixel a number of a cell is of, [48, 16]
        pixels = torch.eye(CELL * CELL).repeat_interleave(len(COLORS), dim=0)
        self.register_buffer("colored", pixels.to(source.move.head.weight), persistent=False)

    def parts(self, rest: Tensor, moments: Moments) -> Tensor:
        """Return how likely each pixel is part of each of `PARTS`, [B, 4 * 16, h, w].

        Cells of one part after the other.
        """
        height, width = (CELL * size for size in rest.shape[-2:])
        elevation = self.source.elevation(moments, height, width).to(rest)
        return self.tell(self.segment(rest, elevation)).sigmoid_()

    def moved(
        self,
        rest: Tensor,
        wind: Tensor | None,
        walk: Tensor | None,
        parts: Tensor,
        moments: Moments,
    ) -> np.ndarray:
        """Return levels of the pictures of these moments; see `forward`."""
        cells = self(rest, wind, walk, parts, moments)
        return to_levels(cells.permute(0, 2, 3, 1)).contiguous().cpu().numpy()

    def forward(
        self,
        rest: Tensor,
        wind: Tensor | None,
        walk: Tensor | None,
        parts: Tensor,
        moments: Moments,
    ) -> Tensor:
        """Return the pictures of these moments, cells [B, 48, h, w], as all that is given.

        Args:
            rest: pictures at rest.
            wind: the sky alone of where the wind has carried it from; None: it stands still.
            walk: `Animator.walked`; None: nobody walks.
            parts: shares, as `parts` returns them.
            moments: of the pictures.
        """
        height, width = (CELL * size for size in rest.shape[-2:])
        maps, clock = (x.to(rest) for x in self.source.told(moments, height, width))
        seen = (rest, rest if wind is None else wind, rest if walk is None else walk, parts)
        change = self.move(torch.cat(seen, dim=1), maps, clock)
        moved = rest.clone() if wind is None else self._blown(rest, wind, parts, change)
        if walk is not None:
            moved.add_((walk - rest).mul_(self.of_walk(change)))
        return self.added.add_to(moved, change)

    def _blown(self, rest: Tensor, wind: Tensor, parts: Tensor, change: Tensor) -> Tensor:
        """Return pictures with the sky of elsewhere, cells as those given."""
        sky = sky_of(parts)
        of_wind = self.of_wind.add_to(sky.contiguous(memory_format=torch.channels_last), change)
        share = torch.where(near(sky), self.source.follow(of_wind, rest), of_wind)
        # the share of a pixel for each of its colours: a product, since copies are slow
        shares = functional.linear(share.permute(0, 2, 3, 1), self.colored).permute(0, 3, 1, 2)
        return torch.lerp(rest, wind, shares)


def sky_of(parts: Tensor) -> Tensor:
    """Return the share of sky, cells [B, 16, h, w], of those of `PARTS`, [B, 64, h, w]."""
    return parts.unflatten(1, (len(PARTS), -1))[:, SKY]
