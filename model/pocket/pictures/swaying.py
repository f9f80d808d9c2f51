"""Creatures that sway where they stand: pictures bent smoothly around them, feet planted.

The animator tells which pixels are creatures, by cells whose corners show when they are cut out
and carried along; what they hid would have to be invented, too. Bending a picture cuts nothing:
a creature leans by a few pixels, most at its head, and the ground around it gives way.
Knows nothing of networks.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from mag_sandbox.controls.camera import WIDEST_FOV
from mag_sandbox.model.pocket.pictures.animator import FULL_WIDTH, Moments
from mag_sandbox.model.pocket.pictures.cells import CELL, cells_of, pixels_of

LIKELY = 0.4  # share of creatures in a cell from which it is part of one
SIDEWAYS, UP = 3.0, 1.5  # px at zoom 1 that a head leans to each side and rises
SIDEWAYS_PERIOD, UP_PERIOD = 64, 32  # frames
SMALL, LARGE = 2, 10  # cells in height: still up to the first, lively from the second on
TALLEST = 24  # cells; of a taller creature the upper part leans alike
MARGIN = 5  # cells around a creature in which the ground gives way


def swaying(shares: Tensor) -> Tensor:
    """Return how much each cell sways, of 1, [B, 1, h, w]: 0 at feet and away from creatures.

    Args:
        shares: of creatures in each pixel, cells [B, 16, h, w].
    """
    there = shares.float().mean(dim=1, keepdim=True) > LIKELY
    amount = torch.zeros_like(there, dtype=torch.float32)
    if not there.any():
        return amount
    box = _box(there)
    amount[box] = _swaying(there[box])
    return amount


def swayed(pictures: Sequence[Tensor], amount: Tensor, moments: Moments) -> list[Tensor]:
    """Return pictures bent alike at their moments; at time 0 as they are.

    Cells that do not sway stay the same to the bit.

    Args:
        pictures: cells, [B, 16 C, h, w] each.
        amount: `swaying`, [B, 1, h, w].
        moments: of the pictures.
    """
    if not amount.any():
        return list(pictures)
    box = _box(amount > 0)
    each = [pixels_of(cells[box]) for cells in pictures]
    still = torch.cat(each, dim=1).float()
    grown = functional.interpolate(amount[box], scale_factor=CELL, mode="bilinear")
    grid = _bent(grown[:, 0], moments, amount.shape[3] * CELL)
    bent = functional.grid_sample(still, grid, padding_mode="border", align_corners=False)
    bent = torch.where(grown > 0, bent, still)
    results = [cells.clone() for cells in pictures]
    for result, part in zip(results, bent.split([x.shape[1] for x in each], dim=1), strict=True):
        result[box] = cells_of(part.to(result))
    return results


def _bent(amount: Tensor, moments: Moments, width: int) -> Tensor:
    """Return where each pixel comes from, [B, h, w, 2] in [-1, 1], of a part of pictures.

    `amount` is of the pixels, [B, h, w]; `width` [px] that of the whole pictures.
    """
    turn = 2 * math.pi * moments.times
    zoom = width / moments.poses[:, 2] * (WIDEST_FOV / FULL_WIDTH)
    right = SIDEWAYS * zoom * (turn / SIDEWAYS_PERIOD).sin()
    up = UP * zoom * (1 - (turn / UP_PERIOD).cos()) / 2
    rows, columns = (torch.arange(size).to(amount) + 0.5 for size in amount.shape[1:])
    x = columns - right.to(amount)[:, None, None] * amount
    y = rows[:, None] + up.to(amount)[:, None, None] * amount
    return torch.stack((2 * x / len(columns) - 1, 2 * y / len(rows) - 1), dim=-1)


Box = tuple[slice, slice, slice, slice]


def _box(there: Tensor) -> Box:
    """Return the part of pictures, [B, 1, h, w], that holds all that is there, and a margin."""
    rows, columns = (there.any(dim=others).nonzero() for others in ((0, 1, 3), (0, 1, 2)))
    top, left = (max(int(places[0]) - MARGIN, 0) for places in (rows, columns))
    bottom, right = (int(places[-1]) + MARGIN + 1 for places in (rows, columns))
    return slice(None), slice(None), slice(top, bottom), slice(left, right)


def _swaying(there: Tensor) -> Tensor:
    known = there.float()
    rows = torch.arange(there.shape[2]).to(known)[:, None].expand(there.shape)
    foot, head = _reach(there, rows)
    height = foot - head + 1
    lively = ((height - SMALL) / (LARGE - SMALL)).clamp(0, 1)
    foot, height, lively = (_spread(x, known) for x in (foot, height, lively))
    leaning = ((foot - rows + 0.5) / height.clamp(min=1)).clamp(0, 1)
    inside = functional.max_pool2d(known, 3, 1, 1)
    for _ in range(2):
        inside = _blurred(inside)
    return inside * lively * leaning


def _reach(there: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
    """Return the last and the first row of the creature that each place is part of."""
    ends = torch.cat((rows, -rows), dim=1)
    nowhere = torch.full_like(ends, -math.inf)
    ends = torch.where(there, ends, nowhere)
    for _ in range(TALLEST // 2):
        ends = torch.where(there, functional.max_pool2d(ends, 5, 1, 2), nowhere)
    last, first = ends.where(there, 0.0).split(1, dim=1)
    return last, -first


def _spread(x: Tensor, known: Tensor) -> Tensor:
    """Return numbers that are known somewhere, continued to `MARGIN` cells around."""
    for _ in range(MARGIN):
        weight = _blurred(known)
        x = torch.where(known > 0, x, _blurred(x * known) / weight.clamp(min=1e-6))
        known = (weight > 0).float()
    return x


def _blurred(x: Tensor) -> Tensor:
    return functional.avg_pool2d(x, 3, 1, 1)
