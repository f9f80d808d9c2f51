"""The network that names the thing and the colour in each cell of a view, and describes the view.

A small U-Net over halved views: everything with a name is still recognisable there. From one
embedding of the whole view it tells which classes occur and what the attributes are; distances
between sets of pictures are taken in it. Knows nothing of training or of measurements.
"""

import itertools
from dataclasses import dataclass

import numpy as np
from PIL import Image
from torch import Tensor, cat, channels_last, nn
from torch.nn import functional

HALF = 2  # px of a view for each px of the network's input
CELL = 8  # px of a view on a side of a cell
FEATURES = 64  # numbers of a view's embedding


@dataclass(frozen=True, slots=True)
class SegmenterShape:
    """The size of the network and of its answers."""

    classes: int  # of things, with "nothing" as 0
    colors: int
    values: tuple[int, ...]  # how many answers each question about a view has
    widths: tuple[int, ...] = (24, 64, 128, 160)  # channels at strides 2, 4 (a cell), 8, 16
    blocks: int = 3  # at each stride from 8 on


@dataclass(frozen=True, slots=True)
class Answers:
    """The network's output for B views of H x W cells; all logits."""

    names: Tensor  # [B, classes, H, W]
    colors: Tensor  # [B, colors, H, W]; mean something only where a thing has a colour's name
    features: Tensor  # [B, FEATURES]
    cells: Tensor  # [B, C, H, W]; features behind names and colours
    shown: Tensor  # [B, classes]; whether the view shows the class anywhere
    values: list[Tensor]  # of each question, [B, answers]


def halved(pixels: np.ndarray) -> np.ndarray:
    """Return a picture at half its size, uint8 [H / 2, W / 2, 3]."""
    return np.asarray(Image.fromarray(pixels).reduce(HALF))


def to_channels_last(network: nn.Module) -> None:
    """Lay out the kernels of convolutions in the order that is fastest on a processor."""
    for kernel in network.parameters():
        if kernel.ndim == 4:
            kernel.data = kernel.data.contiguous(memory_format=channels_last)


class Segmenter(nn.Module):
    """A U-Net: down to stride 16 for context, and up again to the cells.

    answers = Segmenter(shape)(views)  # [B, 3, 96, 160] in [-1, 1]
    """

    def __init__(self, shape: SegmenterShape) -> None:
        super().__init__()
        self.shape, widths = shape, shape.widths
        self.stem = nn.Sequential(
            _convolution(3, widths[0], stride=2), nn.ReLU(),
            _convolution(widths[0], widths[1], stride=2), nn.ReLU(),
            _Bottleneck(widths[1]),
        )  # fmt: skip
        self.down = nn.ModuleList(
            nn.Sequential(
                _convolution(narrow, wide, stride=2),
                nn.ReLU(),
                *(_Bottleneck(wide) for _ in range(shape.blocks)),
            )
            for narrow, wide in itertools.pairwise(widths[1:])
        )
        self.up = nn.ModuleList(
            nn.ModuleList((_convolution(wide, narrow, kernel=1), _Bottleneck(narrow)))
            for narrow, wide in itertools.pairwise(widths[1:])
        )
        self.names = nn.Conv2d(widths[1], shape.classes, 1)
        self.colors = nn.Conv2d(widths[1], shape.colors, 1)
        self.features = nn.Linear(3 * widths[-1] + widths[1], FEATURES)
        self.shown = nn.Linear(FEATURES, shape.classes)
        self.values = nn.ModuleList(nn.Linear(FEATURES, values) for values in shape.values)

    def forward(self, views: Tensor) -> Answers:
        """Look at halved views, [B, 3, H, W] in [-1, 1]; sides are multiples of 16."""
        maps = [self.stem(views)]
        for step in self.down:
            maps.append(step(maps[-1]))
        cells = maps[-1]
        steps = [[*step.children()] for step in self.up]
        for (narrow, block), beside in zip(steps[::-1], maps[-2::-1], strict=True):
            cells = functional.interpolate(narrow(cells), size=beside.shape[-2:], mode="nearest")
            cells = block(cells + beside)
        # highs, levels and lows, and the strongest of each small thing
        bands = functional.adaptive_avg_pool2d(maps[-1], (3, 1)).flatten(1)
        features = self.features(cat((bands, cells.amax((2, 3))), 1))
        seen = features.relu()
        return Answers(
            self.names(cells),
            self.colors(cells),
            features,
            cells,
            self.shown(seen),
            [head(seen) for head in self.values],
        )


class _Bottleneck(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            _convolution(channels, channels // 2, kernel=1), nn.ReLU(),
            _convolution(channels // 2, channels // 2), nn.ReLU(),
            _convolution(channels // 2, channels, kernel=1),
        )  # fmt: skip

    def forward(self, maps: Tensor) -> Tensor:
        return functional.relu(maps + self.inner(maps))


def _convolution(width: int, wider: int, kernel: int = 3, stride: int = 1) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(width, wider, kernel, stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(wider),
    )
