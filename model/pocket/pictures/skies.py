"""The parts of a moving sky: skies alone, and shares that end where things do.

What the wind carries along is the sky, never what stands before it: that is filled in from the sky
around. And the networks tell parts by cells of 4 x 4 pixels, whose corners show where a cloud goes
behind a bird; so a share of pixels follows the edges of the picture. Knows nothing of networks.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from mag_sandbox.model.pocket.pictures.cells import CELL

UNSURE, SURE = 0.45, 0.65  # shares of sky: filled in up to the first, kept from the second on
SOME = 0.05  # share of a pixel from which a cell shows sky
REACH = 2  # cells that a share spreads by, following edges
NOTHING = 1e-6  # weight of pixels without sky: it counts where there is none at all
ALIKE = 0.06  # of a level in [-1, 1], far beyond which a pixel is no bare sky, but cloud or star
CLOSE = 4  # px from what shows, a power of 2, over which clouds go on
COLUMNS = 2  # between those of a half as large picture, from which the usual sky of a row is taken
SMOOTH = 0.005  # variance of brightness, in [-1, 1], far below which nothing is an edge


def sky_alone(pictures: Tensor, shares: Tensor) -> Tensor:
    """Return pictures with all that is no sky filled in from the sky around it, [B, 3, H, W].

    Close by that is what is around, clouds too; farther away the usual sky of the row, and what
    bare sky around differs from it by. A cloud would become a streak there. Below the last row with
    sky they stay as they are: the network learned to fetch from there what walkers hid.

    Args:
        pictures: [B, 3, H, W].
        shares: of the sky in each pixel, [B, 1, H, W].
    """
    surely = (functional.avg_pool2d(shares.float(), 2) - UNSURE) / (SURE - UNSURE)
    # all neighbours must be sky, too: drawn things have soft edges
    surely = -functional.max_pool2d(-surely.clamp(NOTHING, 1.0), 3, 1, 1)
    colors, half = pictures.float(), functional.avg_pool2d(pictures.float(), 2)
    usual = _usual_rows(half, surely)
    unusual = half - usual
    is_bare = (-(unusual / ALIKE).square().mean(dim=1, keepdim=True)).exp()
    bare = usual + _filled(unusual, surely * is_bare.clamp(min=NOTHING))
    weights = functional.interpolate(surely, scale_factor=2, mode="bilinear")
    filled = _filled(colors, weights, functional.avg_pool2d(bare, CLOSE // 2, ceil_mode=True))
    rows = (shares > UNSURE).amax(dim=3, keepdim=True).flip(2).cummax(dim=2).values.flip(2)
    return torch.where(rows, filled.to(pictures), pictures)


def _usual_rows(pictures: Tensor, weights: Tensor) -> Tensor:
    """Return the median colour of the sky in each row, or in the last one above, [B, 3, H, 1]."""
    some = pictures[..., ::COLUMNS].where(weights[..., ::COLUMNS] > UNSURE, torch.nan)
    usual = some.nanmedian(dim=3, keepdim=True).values
    rows = torch.arange(usual.shape[2], device=usual.device)[:, None].expand_as(usual)
    known = torch.where(usual.isnan(), 0, rows).cummax(dim=2).values
    return usual.gather(2, known).nan_to_num()


def _filled(colors: Tensor, weights: Tensor, coarsest: Tensor | None = None) -> Tensor:
    """Return pictures, [B, C, H, W], filled in where weights tell nothing, from close by first.

    By a pyramid of ever coarser pictures, pushed up and pulled down again (Gortler et al. 1996, The
    Lumigraph, 3.4); its top may be given.
    """
    levels = [(colors * weights, weights)]
    top = (1, 1) if coarsest is None else coarsest.shape[2:]
    while min(levels[-1][1].shape[2:]) > min(top):
        colors, weights = (functional.avg_pool2d(x, 2, ceil_mode=True) for x in levels[-1])
        known = 1 / weights.clamp(min=0.25)  # a quarter that is known says it all
        levels.append((colors * known, weights * known))
    if coarsest is None:
        colors, weights = levels.pop()
        coarsest = colors / weights
    filled = coarsest
    for colors, weights in reversed(levels):
        coarse = functional.interpolate(filled, size=colors.shape[2:], mode="bilinear")
        filled = torch.addcmul(colors, 1 - weights, coarse)
    return filled


def near(sky: Tensor) -> Tensor:
    """Return which cells show some sky or are near to it, bool [B, 1, h, w].

    Shares of the sky are cells, [B, 16, h, w]. Near is one axis after the other: a square.
    """
    there = functional.pad(sky.amax(dim=1, keepdim=True) > SOME, (REACH,) * 4)
    for axis, size in ((2, sky.shape[2]), (3, sky.shape[3])):
        shifted = [there.narrow(axis, first, size) for first in range(2 * REACH + 1)]
        there = torch.stack(shifted).any(dim=0)
    return there


class EdgeFollowing(nn.Module):
    """Shares of pixels that change where the brightness of a picture does, and only there.

    A guided filter (He, Sun and Tang 2010), whose lines are fitted once a cell (arXiv 1505.00996).
    """

    brightness: Tensor  # of each pixel of a cell, [16, 48, 1, 1]
    growing: Tensor  # from lines of cells to those of pixels, [32, 2, 3, 3]

    def __init__(self) -> None:
        super().__init__()
        pixels, colors = CELL * CELL, 3
        brightness = torch.eye(pixels).repeat_interleave(colors, dim=1) / colors
        self.register_buffer("brightness", brightness[..., None, None], persistent=False)
        places = (torch.arange(CELL) + 0.5) / CELL - 0.5  # of pixels in a cell [cells]
        shares = (1 - (places[:, None] - torch.tensor([-1.0, 0.0, 1.0])).abs()).clamp(min=0)
        grown = torch.einsum("yi,xj->yxij", shares, shares).flatten(0, 1)  # bilinear, [16, 3, 3]
        growing = torch.zeros(2, pixels, 2, 3, 3)
        growing[0, :, 0], growing[1, :, 1] = grown, grown
        self.register_buffer("growing", growing.flatten(0, 1), persistent=False)

    def forward(self, shares: Tensor, pictures: Tensor) -> Tensor:
        """Return shares, [B, 16, h, w] like those given; both are cells, pictures [B, 48, h, w]."""
        light = functional.conv2d(pictures, self.brightness).float()
        wanted = shares.float()
        products = (light, wanted, light * light, light * wanted)
        means = _windows(torch.stack([_cell_means(each) for each in products], dim=1))
        of_light, of_shares, of_squares, of_both = means.unbind(dim=1)
        slope = (of_both - of_light * of_shares) / (of_squares - of_light * of_light + SMOOTH)
        lines = _windows(torch.stack((slope, of_shares - slope * of_light), dim=1))
        grown = functional.conv2d(
            functional.pad(lines, (1,) * 4, mode="replicate"), self.growing.float()
        )
        slope, start = grown.chunk(2, dim=1)
        return torch.addcmul(start, slope, light).clamp_(0, 1).to(shares)


def _cell_means(x: Tensor) -> Tensor:
    """Return the mean of each cell, [B, h, w], of [B, 16, h, w]; a product takes least time."""
    return x.permute(0, 2, 3, 1) @ x.new_full((x.shape[1],), 1 / x.shape[1])


def _windows(x: Tensor) -> Tensor:
    """Return means of the 3 x 3 around each place of [B, C, H, W]; edges are repeated."""
    x = functional.pad(x, (1,) * 4, mode="replicate")
    x = x[..., :-2, :] + x[..., 1:-1, :] + x[..., 2:, :]
    return (x[..., :-2] + x[..., 1:-1] + x[..., 2:]) / 9
