"""How drawings of things lie to the marks of their kinds, and what is missed where these are."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from mag_sandbox.controls.parallax import Box
from mag_sandbox.model.imagination.drawing.close_up import MARKED, crisp, places_in
from mag_sandbox.model.imagination.pixels import sums_around
from mag_sandbox.training.pictures.marks import AROUND

FARTHEST = 5  # half px of the drawing by which it is shifted
SURE = 0.5  # correlation of colours; below it, parts stand out in other colours than marks tell
HEAD = 7  # px of marks across which stand out most together: a face, keys or a lock


class Lie(NamedTuple):
    """How a drawing lies to the marks of its kind."""

    agreement: float  # of outlines: what both cover of what one of them covers
    down: int  # px of the drawing by which it lies lower than its marks
    across: int  # likewise, farther right


def lie_of(drawn: np.ndarray, box: Box, marks: Tensor) -> Lie:
    """Return how a drawing lies to marks.

    Args:
        drawn: colours times alpha, and alpha, uint8 [H, W, 4].
        box: where the plan has the thing, in the drawing [px].
        marks: of its kind, [4, MARKED, MARKED]; see `CloseUp.forward`.
    """
    picture = torch.from_numpy(drawn).permute(2, 0, 1)[None].float() / 255
    half = functional.avg_pool2d(picture, 2)
    box = (box[0] / 2, box[1] / 2, box[2] / 2, box[3] / 2)
    sampled = torch.linspace(-1, 1, MARKED)
    rows, columns = (
        (start + (sampled + 1) / 2 * size) / side * 2 - 1
        for start, size, side in zip(box[1::-1], box[:1:-1], half.shape[2:], strict=True)
    )
    cells = torch.stack(torch.meshgrid(rows, columns, indexing="ij")[::-1], -1)[None]
    inside = functional.grid_sample(half[:, 3:], cells, align_corners=False)[0, 0]
    outline = (marks[3] + 1) / 2
    both, either = torch.minimum(inside, outline).sum(), torch.maximum(inside, outline).sum()
    return Lie(float(both / either.clamp(min=1e-3)), *_shift(half, box, marks))


def _shift(half: Tensor, box: Box, marks: Tensor) -> tuple[int, int]:
    """Return by how many px of the drawing, which is twice as large, it lies beside its marks."""
    height, width = half.shape[2:]
    places = torch.from_numpy(places_in(box, (height, width))).permute(1, 2, 0)[None]
    told = functional.grid_sample(marks[None, :3], places, align_corners=True)
    reach = max(1, round(max(box[2:]) * AROUND / MARKED) // 2)
    nearby, there = (sums_around(one, reach) for one in (half[:, :3], half[:, 3:]))
    shown = half[:, :3] - nearby / there.clamp(min=1) * half[:, 3:]
    best, at = _correlation(told, shown)
    if best < SURE:
        strengths = (one.abs().mean(1, keepdim=True) for one in (told, shown))
        at = _correlation(*(one - one.mean() for one in strengths))[1]
    row, column = divmod(at, 2 * FARTHEST + 1)
    return 2 * (row - FARTHEST), 2 * (column - FARTHEST)


def _correlation(told: Tensor, shown: Tensor) -> tuple[float, int]:
    """Return the highest correlation of pictures, one of them shifted, and the shift's number."""
    waves = (torch.fft.rfft2(functional.pad(one, [FARTHEST] * 4)) for one in (shown, told))
    size = [side + 2 * FARTHEST for side in shown.shape[2:]]
    shifted = torch.fft.irfft2(next(waves) * next(waves).conj(), size).sum((0, 1))
    each = shifted.roll((FARTHEST, FARTHEST), (0, 1))[: 2 * FARTHEST + 1, : 2 * FARTHEST + 1]
    scale = (told.square().sum() * shown.square().sum()).sqrt().clamp(min=1e-6)
    return float(each.max() / scale), int(each.argmax())


def head_of(marks: Tensor, box: Box) -> tuple[float, float]:
    """Return row and column of what stands out most of a thing in a box [px], as its face."""
    strength = marks[:3].abs().mean(0)[None, None] ** 2
    most = functional.avg_pool2d(strength, HEAD, 1, HEAD // 2)[0, 0].argmax()
    row, column = divmod(int(most), MARKED)
    return box[1] + row / (MARKED - 1) * box[3], box[0] + column / (MARKED - 1) * box[2]


def missed_marks(made: Tensor, drawn: Tensor, marks: Tensor, places: Tensor, edge: int) -> Tensor:
    """Return how far pictures are from drawn ones where marks are strong, [B], at half the size.

    Half of it is of the crisp pictures.

    Args:
        made: by the network, [B, 4, 4 * H, 4 * W].
        drawn: what lies on the marks, likewise.
        marks: [B, 4, MARKED, MARKED].
        places: [B, 2, H, W]; see `CloseUp.forward`.
        edge: px of `made` that depend on what lies beyond it.
    """
    with torch.no_grad():
        twice = functional.interpolate(places, scale_factor=2, mode="bilinear")
        told = functional.grid_sample(marks[:, :3], twice.permute(0, 2, 3, 1), align_corners=True)
        is_within = (twice.abs().amax(1, keepdim=True) <= 1).float()
        weights = told.abs().mean(1, keepdim=True)
        weights = weights * (1 + weights) * is_within
        inner = torch.zeros_like(weights)
        inner[..., edge // 2 : -edge // 2, edge // 2 : -edge // 2] = 1
    soft, goal = (functional.avg_pool2d(one, 2) for one in (made, drawn))
    off = torch.stack((soft, crisp(soft))) - goal
    each = (off.abs() + 2 * off.square()) * weights * inner
    return each.mean((0, 2, 3, 4))
