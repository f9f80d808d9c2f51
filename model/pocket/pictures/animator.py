"""The animator: from the world at rest to the world at a time.

Transformer and memory know the world at rest only, so memories never age. A small network moves
pictures: it sees the picture at rest and the sky that the wind has carried here, chooses between
these for every pixel, and adds shimmer and flicker.

Nothing walks: cut out by cells, creatures left torn edges behind; see `swaying`.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from mag_sandbox.controls.camera import WIDEST_FOV
from mag_sandbox.model.config import AnimatorConfig
from mag_sandbox.model.pocket.pictures.cells import CELL, cells_of, pixels_of
from mag_sandbox.model.pocket.pictures.skies import EdgeFollowing, near

PARTS = ("sky", "waves", "lights", "walkers")  # the parts that the network tells apart
FULL_WIDTH = 320  # px of a view of `WIDEST_FOV`: zoom 1 for the network


@dataclass(frozen=True, slots=True)
class Moments:
    """Where pictures look, and when; a crop of a picture is one of a narrower view."""

    poses: Tensor  # yaw, pitch, fov of the whole width [degrees], float64 [B, 3]
    times: Tensor  # frames since the world was at rest, float64 [B]


class ClockedBlock(nn.Module):
    """A residual block; the clock scales and shifts what its first convolution makes.

    Its activations follow convolutions and sums directly, so compiled they cost nothing.

    Args:
        first: a convolution that keeps width and size.
        clock: numbers that tell the time; 0: it is told none.
    """

    def __init__(self, first: nn.Conv2d, clock: int = 0) -> None:
        super().__init__()
        width = first.out_channels
        self.first, self.second = first, nn.Conv2d(width, width, 1)
        self.film = nn.Linear(clock, 2 * width) if clock else None
        _zero(self.second, self.film)

    def forward(self, x: Tensor, clock: Tensor | None) -> Tensor:
        """Return pictures that are not negative, [B, C, H, W], of such pictures."""
        y = _told_time(self.first(x), self.film, clock)
        return functional.relu(x + self.second(functional.relu(y)))


class PictureNetwork(nn.Module):
    """Convolutions at a quarter and an eighth of a picture's size, without norms; begins as zero.

    Args:
        channels: of the pictures, in and out.
        maps: channels given at a quarter of the size.
        widths: channels at a quarter and at an eighth.
        dilations: of the blocks at an eighth.
        clock: numbers that tell the time; 0: it is told none.
    """

    def __init__(
        self,
        channels: tuple[int, int],
        maps: int,
        widths: tuple[int, int],
        dilations: tuple[int, ...],
        clock: int = 0,
    ) -> None:
        super().__init__()
        fine, coarse = widths
        taken, given = channels
        self.stem = nn.Conv2d(taken, fine, CELL, stride=CELL)
        self.stem_maps = nn.Conv2d(maps, fine, 1, bias=False)
        self.film = nn.Linear(clock, 2 * fine) if clock else None
        self.down = nn.Conv2d(fine, coarse, 2, stride=2)
        self.blocks = nn.ModuleList(
            ClockedBlock(nn.Conv2d(coarse, coarse, 3, padding=apart, dilation=apart), clock)
            for apart in dilations
        )
        self.overall = nn.Linear(coarse, coarse)  # of the mean of all places
        self.up = nn.Conv2d(coarse, 4 * fine, 1)
        self.after = ClockedBlock(nn.Conv2d(fine, fine, 5, padding=2, groups=fine))
        self.head = nn.Conv2d(fine, given * CELL * CELL, 1)
        _zero(self.film, self.overall, self.head)

    def forward(self, pictures: Tensor, maps: Tensor, clock: Tensor | None = None) -> Tensor:
        """Return [B, channels, H, W]; H and W are multiples of 8.

        Pictures are of that shape, maps [B, maps, H / 4, W / 4], the clock [B, clock].
        """
        x = self.stem(pictures) + self.stem_maps(maps)
        x = functional.relu(_told_time(x, self.film, clock))
        first, *others = self.blocks
        coarse = first(functional.relu(self.down(x)), clock)
        coarse = coarse + self.overall(coarse.mean(dim=(2, 3)))[..., None, None]
        for block in others:
            coarse = block(coarse, clock)
        x = functional.relu(x + functional.pixel_shuffle(self.up(coarse), 2))
        return functional.pixel_shuffle(self.head(self.after(x, None)), CELL)


def _told_time(x: Tensor, film: nn.Module | None, clock: Tensor | None) -> Tensor:
    """Return channels scaled and shifted by the clock."""
    if film is None:
        return x
    scale, shift = film(clock)[..., None, None].chunk(2, dim=1)
    return torch.addcmul(shift, x, 1 + scale)


def _zero(*layers: nn.Module | None) -> None:
    for layer in layers:
        if layer is not None:
            for values in layer.parameters():
                nn.init.zeros_(values)


class Animator(nn.Module):
    """Pictures at a time from pictures at rest; all in [-1, 1], [B, 3, H, W].

    logits = animator.parts(rest, moments)
    pictures = animator(rest, wind, logits.sigmoid(), moments)
    """

    def __init__(self, config: AnimatorConfig) -> None:
        super().__init__()
        self.config = config
        clock = 2 * len(config.clock_periods)
        self.segment = PictureNetwork(
            (3, len(PARTS)), 1, config.parts_widths, config.parts_dilations
        )
        self.move = PictureNetwork(
            (9 + len(PARTS), 5), 6, config.move_widths, config.move_dilations, clock
        )
        self.follow = EdgeFollowing()

    def parts(self, rest: Tensor, moments: Moments) -> Tensor:
        """Return how likely each pixel at rest is part of each of `PARTS`, logits [B, 4, H, W]."""
        logits: Tensor = self.segment(rest, self.elevation(moments, *rest.shape[-2:]).to(rest))
        return logits

    def elevation(self, moments: Moments, height: int, width: int) -> Tensor:
        """Return how far up the rows of cells of pictures of a size lie, [B, 1, H / 4, 1]."""
        _, down, _ = _grid(moments.poses, height, width)
        return (down * _SCALE / ELEVATION)[:, None]

    def forward(self, rest: Tensor, wind: Tensor | None, parts: Tensor, moments: Moments) -> Tensor:
        """Return the pictures of these moments.

        `wind` is the sky, at rest, too, of where the wind has carried it from by then: as much to
        the left as `AnimatorConfig.wind` says; None: it stands still. What else is there is best
        taken out (`sky_alone`). Parts are shares of `PARTS`, [B, 4, H, W].
        """
        maps, clock = (x.to(rest) for x in self.conditions(moments, *rest.shape[-2:]))
        carried = rest if wind is None else wind
        # the third picture was of walkers at their places
        change: Tensor = self.move(torch.cat((rest, carried, rest, parts), dim=1), maps, clock)
        of_wind, added = change[:, :1] + parts[:, :1], change[:, 2:]
        moved = rest + added
        if wind is None:
            return moved
        sky = cells_of(parts[:, :1])
        share = torch.where(
            near(sky), self.follow(cells_of(of_wind), cells_of(rest)), cells_of(of_wind)
        )
        return moved + pixels_of(share) * (wind - rest)

    def conditions(self, moments: Moments, height: int, width: int) -> tuple[Tensor, Tensor]:
        """Return maps of waves, elevation and zoom [B, 6, H / 4, W / 4], and the clock [B, K]."""
        config = self.config
        across, down, zoom = _grid(moments.poses, height, width)
        wave = across / config.wave_lengths[0] + down / config.wave_lengths[1]
        now = wave - moments.times[:, None, None] / config.wave_period
        angles = 2 * math.pi * torch.stack((wave, now), dim=1).remainder(1.0).float()
        waves = torch.stack((angles.sin(), angles.cos()), dim=2).flatten(1, 2)
        size = -1, height // CELL, width // CELL
        flat = torch.stack(((down * _SCALE / ELEVATION).expand(size), zoom.expand(size)), dim=1)
        turns = (
            2
            * math.pi
            * moments.times[:, None]
            / torch.tensor(config.clock_periods, dtype=torch.float64)
        )
        return torch.cat((waves, flat.float()), dim=1), torch.cat((turns.sin(), turns.cos()), dim=1)


_SCALE = FULL_WIDTH / WIDEST_FOV  # px a degree at zoom 1
ELEVATION = 96.0  # px at zoom 1 that count as 1


def _grid(poses: Tensor, height: int, width: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return where cells lie, and how large a pixel is.

    To the right [degrees], [B, 1, W / 4]; down [degrees], [B, H / 4, 1]; of a pixel at zoom 1,
    [B, 1, 1].
    """
    pixel = poses[:, 2, None] / width
    columns = torch.arange(width // CELL, dtype=torch.float64) * CELL + (CELL - 1) / 2
    rows = torch.arange(height // CELL, dtype=torch.float64) * CELL + (CELL - 1) / 2
    across = poses[:, 0, None] + (columns - width / 2) * pixel
    down = -poses[:, 1, None] + (rows - height / 2) * pixel
    return across[:, None, :], down[:, :, None], (pixel * _SCALE)[..., None]
