"""The networks of pictures in fewer, faster operations; made at load time, for inference.

What takes time in them are not convolutions but all that touches every pixel on its own. So the
pixels of a cell of 4 x 4 become its channels: a picture, [B, C, H, W], is held as *cells*,
[B, 16 C, H / 4, W / 4], pixel after pixel. Whole vectors are then worked on at once, and cells
become pixels again in runs of a dozen numbers. Everything lies channels last.
"""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from mag_sandbox.model.fused import packs_here
from mag_sandbox.model.pocket.animator import (
    PARTS,
    Animator,
    ClockedBlock,
    Moments,
    PictureNetwork,
)
from mag_sandbox.model.pocket.autoencoder import Autoencoder, ResidualBlock
from mag_sandbox.model.pocket.skies import CELL, near, pixels_of

COLORS = (0, 1, 2)
SKY = PARTS.index("sky")
PACKED_SIZE = (2, 48, 80)  # pictures, rows, columns that weights are laid out for; others work


class PackedConvolution(nn.Module):
    """A convolution of stride 1 over pictures of its size, its weights laid out beforehand."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self._weight = weight.detach().contiguous(memory_format=torch.channels_last)
        self._bias = None if bias is None else bias.detach()
        self._padding = [side // 2 for side in weight.shape[2:]]
        self._packed = packs_here(weight)
        if self._packed:
            batch, *size = PACKED_SIZE
            self._weight = torch.ops.mkldnn._reorder_convolution_weight(
                self._weight, self._padding, [1, 1], [1, 1], 1, [batch, weight.shape[1], *size]
            )

    @classmethod
    def of(cls, source: nn.Conv2d) -> "PackedConvolution":
        """Return the same convolution, packed."""
        return cls(source.weight, source.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Return x, [B, in, H, W], convolved."""
        if not self._packed:
            return functional.conv2d(x, self._weight, self._bias, padding=self._padding)
        return torch.ops.mkldnn._convolution_pointwise(
            x, self._weight, self._bias, self._padding, [1, 1], [1, 1], 1, "none", [], ""
        )

    def add_to(self, total: Tensor, x: Tensor) -> Tensor:
        """Return `total` with x convolved added in place."""
        if not self._packed:
            return total.add_(self(x))
        return torch.ops.mkldnn._convolution_pointwise_.binary(
            total, x, self._weight, self._bias, self._padding, [1, 1], [1, 1], 1,
            "add", 1.0, None, [], None,
        )  # fmt: skip


def shuffled(source: nn.Conv2d, factor: int) -> PackedConvolution:
    """Return a convolution before `nn.PixelShuffle` with its outputs pixel after pixel."""
    return PackedConvolution(
        _by_pixel(source.weight, factor),
        None if source.bias is None else _by_pixel(source.bias, factor),
    )


def _by_pixel(outputs: Tensor, factor: int) -> Tensor:
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
    """`PictureNetwork` from cells to cells.

    Args:
        source: the network.
        taken: channels of each of the pictures that it is given, one after the other.
        given: for each of the pictures that it returns, which of its channels they are.
    """

    def __init__(
        self, source: PictureNetwork, taken: tuple[int, ...], given: tuple[tuple[int, ...], ...]
    ) -> None:
        super().__init__()
        stem = [
            one.permute(0, 2, 3, 1).flatten(1) for one in source.stem.weight.split(taken, dim=1)
        ]
        self.stem = PackedConvolution(torch.cat(stem, dim=1)[..., None, None], source.stem.bias)
        self.stem_maps, self.down = source.stem_maps, source.down
        self.before, self.after = (
            _FusedClockedBlock(source.before),
            _FusedClockedBlock(source.after),
        )
        blocks = cast(Sequence[ClockedBlock], source.blocks)
        self.blocks = nn.ModuleList(_FusedClockedBlock(block) for block in blocks)
        self.up = _Growing(source.up, 2)
        self.norm = source.norm
        rows = torch.tensor(
            [
                channel * CELL * CELL + pixel
                for channels in given
                for pixel in range(CELL * CELL)
                for channel in channels
            ]
        )
        assert source.head.bias is not None
        self.head = PackedConvolution(source.head.weight[rows], source.head.bias[rows])

    def forward(self, cells: Tensor, maps: Tensor, clock: Tensor | None = None) -> Tensor:
        """Return cells, [B, .., H / 4, W / 4], of cells and maps of that size."""
        x = self.before(self.stem(cells).add_(self.stem_maps(maps)), clock)
        coarse = self.down(x)
        for block in self.blocks:
            coarse = block(coarse, clock)
        x = self.after(self.up(coarse).add_(x), clock)
        return self.head(functional.silu(self.norm(x), inplace=True))


class FusedAnimator(nn.Module):
    """`Animator` from cells to cells."""

    def __init__(self, source: Animator) -> None:
        super().__init__()
        self.source = source
        parts = tuple(range(len(PARTS)))
        self.segment = FusedPictureNetwork(source.segment, (len(COLORS),), (parts,))
        self.move = FusedPictureNetwork(
            source.move, (len(COLORS),) * 3 + (len(PARTS),), ((0,), (1, 1, 1), (2, 3, 4))
        )

    def parts(self, rest: Tensor, moments: Moments) -> Tensor:
        """Return how likely each pixel is part of each of `PARTS`, logits, cells [B, 64, h, w]."""
        height, width = (CELL * size for size in rest.shape[-2:])
        return self.segment(rest, self.source.elevation(moments, height, width).to(rest))

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
            parts: shares, from the logits of `parts`.
            moments: of the pictures.
        """
        height, width = (CELL * size for size in rest.shape[-2:])
        maps, clock = (x.to(rest) for x in self.source.told(moments, height, width))
        seen = (rest, rest if wind is None else wind, rest if walk is None else walk, parts)
        change = self.move(torch.cat(seen, dim=1), maps, clock)
        of_wind, of_walk, added = change.split((CELL * CELL, rest.shape[1], rest.shape[1]), dim=1)
        moved = rest + added
        if walk is not None:
            moved.addcmul_(of_walk, walk - rest)
        if wind is None:
            return moved
        sky = sky_of(parts)
        of_wind += sky
        share = torch.where(near(sky), self.source.follow(of_wind, rest), of_wind)
        return moved.addcmul_(share.repeat_interleave(len(COLORS), dim=1), wind - rest)


def sky_of(parts: Tensor) -> Tensor:
    """Return the share of sky, cells [B, 16, h, w], of those of `PARTS`, [B, 64, h, w]."""
    return parts[:, SKY :: len(PARTS)]
