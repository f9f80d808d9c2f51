"""The refiner: a network that makes pictures of painted ground crisp.

A painter has few numbers for a cell, so the outlines of what it paints are ragged, and small parts
are smears. The sketch of the plan says where each part is; the painting says how it is lit and how
it joins what is beside it. From both, a U-Net draws the picture as the renderer would.

Source: U-Net, arXiv 1505.04597; sub-pixel convolution, arXiv 1609.05158.
"""

from collections.abc import Callable
from typing import cast

from torch import Tensor, nn
from torch.nn import functional

FINER = 2  # times as many pixels across as it is given, in training
WIDTHS = 16, 48, 64  # channels of pixels, and of halves and quarters of them
DEPTHS = 1, 3  # blocks on the way down, likewise from halves on
GIVEN = 7  # channels: colours of the painting, those of the sketch, and where things stand
STEP = 4  # px; rows and columns are a multiple of it
# [1, GIVEN, H, W] -> what it adds to a smooth picture, [1, 3, FINER * H, FINER * W]
Refine = Callable[[Tensor], Tensor]


class RefinerBlock(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Return features, [B, C, H, W]."""
        return x + cast(Tensor, self.second(functional.relu(self.first(x))))


class Refiner(nn.Module):
    """Adds to smooth pictures what makes them crisp; see the module."""

    def __init__(self) -> None:
        super().__init__()
        fine, half, quarter = WIDTHS
        self.stem = nn.Conv2d(GIVEN, fine, 3, padding=1)
        self.to_half = nn.Conv2d(fine, half, 4, 2, 1)
        self.to_quarter = nn.Conv2d(half, quarter, 4, 2, 1)
        self.halves, self.quarters = (
            nn.ModuleList(RefinerBlock(width) for _ in range(depth))
            for width, depth in zip(WIDTHS[1:], DEPTHS, strict=True)
        )
        self.quarter_again = RefinerBlock(quarter)
        self.from_quarter = nn.Conv2d(quarter, 4 * half, 1)
        self.half_again = RefinerBlock(half)
        self.from_half = nn.Conv2d(half, 4 * fine, 1)
        self.fine_again = RefinerBlock(fine)
        self.head = nn.Conv2d(fine, 3 * FINER**2, 3, padding=1)

    def forward(self, given: Tensor) -> Tensor:
        """Return what is to be added to smooth pictures, [B, 3, FINER * H, FINER * W].

        Args:
            given: pictures and sketches, colours in [0, 1], and 1 where things stand,
                [B, GIVEN, H, W]; H and W are multiples of `STEP`.
        """
        fine = functional.relu(self.stem(given))
        half = functional.relu(self.to_half(fine))
        for block in self.halves:
            half = block(half)
        quarter = functional.relu(self.to_quarter(half))
        for block in self.quarters:
            quarter = block(quarter)
        quarter = self.quarter_again(functional.relu(quarter))
        half = self.half_again(_joined(half, self.from_quarter(quarter)))
        fine = self.fine_again(_joined(fine, self.from_half(half)))
        return functional.pixel_shuffle(self.head(fine), FINER)


def smooth(pictures: Tensor) -> Tensor:
    """Return pictures, [B, 3, H, W], enlarged, to which the refiner adds."""
    return functional.interpolate(pictures, scale_factor=FINER, mode="bilinear")


def _joined(wide: Tensor, deep: Tensor) -> Tensor:
    return functional.relu(wide + functional.pixel_shuffle(deep, 2))
