"""The network that enlarges pictures, with crisp edges.

It adds to a smoothly enlarged picture what makes its edges steps. No colour goes beyond those of
the pixels around it, so nothing overshoots.

Source: sub-pixel convolution, arXiv 1609.05158.
"""

from functools import cache

import torch
from torch import Tensor, nn
from torch.nn import functional

from mag_sandbox.model.checkpoints import load_into
from mag_sandbox.model.world import WEIGHTS

SCALE = 4  # at which it was trained
ENLARGER = WEIGHTS / "enlarger" / "enlarger.safetensors"
BORDER = 4  # px around a picture, repeated from its edge: as far as an enlarged pixel depends
_WIDTH = 16  # channels


class Enlarger(nn.Module):
    """Enlarges pictures; see the module."""

    def __init__(self) -> None:
        super().__init__()
        square = 3 * SCALE**2
        self.stem = nn.Conv2d(3, _WIDTH, 3, padding=1)
        self.middle = nn.ModuleList(nn.Conv2d(_WIDTH, _WIDTH, 3, padding=1) for _ in range(2))
        self.head = nn.Conv2d(_WIDTH, square, 1)
        self.base = nn.Conv2d(3, square, 3, padding=1, bias=False)
        with torch.no_grad():
            for weights in self.head.parameters():
                weights.zero_()
            self.base.weight.copy_(_smooth_kernel())

    def forward(self, pictures: Tensor) -> Tensor:
        """Return pictures, [B, 3, H, W], as [B, 3, SCALE * H, SCALE * W]; colours in [0, 1]."""
        around = functional.pad(pictures, [BORDER] * 4, mode="replicate")
        x = functional.relu(self.stem(around))
        for layer in self.middle:
            x = functional.relu(layer(x))
        large = (self.base(around) + self.head(x)).unflatten(1, (3, SCALE**2))
        brightest = functional.max_pool2d(around, 3, 1, 1)[:, :, None]
        darkest = -functional.max_pool2d(-around, 3, 1, 1)[:, :, None]
        large = torch.minimum(torch.maximum(large, darkest), brightest).flatten(1, 2)
        inner = large[..., BORDER:-BORDER, BORDER:-BORDER]
        return functional.pixel_shuffle(inner, SCALE)


@cache
def load_enlarger() -> Enlarger:
    """Return the network with its shipped weights."""
    network = Enlarger()
    load_into(network, ENLARGER)
    return network.eval().requires_grad_(False)


def _smooth_kernel() -> Tensor:
    """Return the kernel that interpolates linearly, [3 * SCALE^2, 3, 3, 3]."""
    places = (torch.arange(SCALE) + 0.5) / SCALE - 0.5  # of new pixels, from the old one's middle
    shares = (1 - (places[:, None] - torch.arange(-1, 2)).abs()).clamp(min=0)  # [SCALE, 3]
    kernel = torch.einsum("ay,bx->abyx", shares, shares).reshape(SCALE**2, 3, 3)
    colours = torch.einsum("cd,kyx->ckdyx", torch.eye(3), kernel)
    return colours.reshape(3 * SCALE**2, 3, 3, 3)
