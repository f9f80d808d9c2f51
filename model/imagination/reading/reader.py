"""The reader: a small convolutional network that lists the things that a level view shows.

For every place of the view and each kind the network says whether the middle of the visible part of
such a thing lies there, then how far away its edges are, also those beyond the picture. Knows
nothing of plans.

Source: objects as points, arXiv 1904.07850.
"""

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from mag_sandbox.controls.camera import yaw_difference
from mag_sandbox.controls.parallax import Box
from mag_sandbox.model.imagination.config import ReaderConfig
from mag_sandbox.model.imagination.objects import VARIANTS, PlacedObject, rgb
from mag_sandbox.scenes.kinds import rivals

FINER = 2  # places along a side of a cell
UNIT = 2.25  # degrees; distances are logarithmic from about here on
MIDDLE = 0.25  # of a box, at each side, where the middle of its thing is not looked for
PARTS, REACH = 5, 1.2  # points along a side of a box at which it is looked at; share of it spanned
FARTHEST = 60.0  # metres; things farther away are named as if this far
_SURE = 0.42  # how likely a thing is that is listed
_SAME = 0.5  # share of the smaller box that two things of a kind may have in common
_ALIKE = 0.75  # share of both boxes that any two may


class Details(NamedTuple):
    """The details of things whose middles lie in given places."""

    edges: Tensor  # distances to left, right, top and bottom, as `log_distance`, [N, 4]
    colors: Tensor  # main and mean, from 0 to 1, [N, 6]
    nearness: Tensor  # share of the things in sight that are farther, [N]
    variants: Tensor  # logits, [N, VARIANTS]


def log_distance(degrees: Tensor) -> Tensor:
    """Return distances [degrees] as the network gives them."""
    return torch.log2(1 + degrees.clamp(min=0) / UNIT)


class Reader(nn.Module):
    """Logits of things in places, and what each is like.

    reader = Reader(ReaderConfig())
    things = reader.read(latents, kinds)  # [1, C, rows, columns] of a level view
    """

    def __init__(self, config: ReaderConfig) -> None:
        super().__init__()
        self.config, dim, fine = config, config.dim, config.fine
        self.stem = nn.Conv2d(config.channels, dim, 3, padding=1)
        self.position = nn.Parameter(torch.zeros(dim, *config.view))
        self.blocks = nn.ModuleList(_ResidualPair(dim) for _ in range(config.blocks))
        self.finer = nn.Conv2d(dim, FINER**2 * fine, 1)
        self.mixed = nn.Conv2d(fine, fine, 3, padding=1)
        self.there = nn.Conv2d(fine, config.kinds, 1)
        self.gain = nn.Embedding(config.kinds, fine)
        self.bias = nn.Embedding(config.kinds, fine)
        self.inner = nn.Linear(fine, fine)
        self.outer = nn.Linear(fine, 4 + 6 + 1 + VARIANTS)
        self.parts = nn.Linear(PARTS**2 * fine + 6, config.hidden)
        self.named = nn.Linear(config.hidden, config.kinds)
        nn.init.constant_(cast(Tensor, self.there.bias), -5.0)  # things are rare
        for table in (self.gain, self.bias):
            nn.init.normal_(table.weight, std=0.1)

    def forward(self, latents: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits of kinds in places, [B, kinds, H, W], and features of places.

        Args:
            latents: of level views, [B, C, rows, columns].
        """
        x = self.stem(latents) + self.position
        for block in self.blocks:
            x = block(x)
        x = functional.pixel_shuffle(self.finer(functional.gelu(x)), FINER)
        x = x + self.mixed(functional.gelu(x))
        return self.there(functional.gelu(x)), x

    def details(self, looks: Tensor, kinds: Tensor) -> Details:
        """Return the details of things.

        Args:
            looks: of their places, [N, fine].
            kinds: numbers, int64 [N].
        """
        x = functional.gelu(looks * (1 + self.gain(kinds)) + self.bias(kinds))
        x = self.outer(functional.gelu(self.inner(x)))
        edges, colors, nearness, variants = x.split((4, 6, 1, VARIANTS), dim=-1)
        return Details(edges, colors, nearness[..., 0], variants)

    def names(self, looks: Tensor, boxes: Tensor, away: Tensor, views: Tensor) -> Tensor:
        """Return logits of the kinds of things whose boxes are known, [N, kinds].

        Args:
            looks: of all places, [B, fine, H, W].
            boxes: left, top, width and height [degrees from the upper left], [N, 4].
            away: distances [m], [N].
            views: the view that shows each thing, int64 [N].
        """
        corner, size = boxes.split(2, dim=1)
        along = 0.5 + REACH * ((torch.arange(PARTS).to(boxes) + 0.5) / PARTS - 0.5)
        points = (corner[..., None] + size[..., None] * along) / UNIT  # [N, 2, PARTS]
        height, width = looks.shape[-2:]
        columns = points[:, 0].long().clamp(0, width - 1)[:, None]
        rows = points[:, 1].long().clamp(0, height - 1)[:, :, None]
        parts = functional.gelu(looks).permute(0, 2, 3, 1)[views[:, None, None], rows, columns]
        away = away.clamp(0.1, FARTHEST)[:, None]
        tall = 2 * away * torch.tan(torch.deg2rad(size[:, 1:].clamp(0.1, 150) / 2))
        middle = (corner + size / 2) / UNIT / torch.tensor((width, height)).to(boxes) - 0.5
        numbers = torch.cat((middle, log_distance(size), away.log2() / 2, tall.log2() / 2), dim=1)
        hidden = self.parts(torch.cat((parts.flatten(1), numbers.to(parts.dtype)), dim=1))
        return cast(Tensor, self.named(functional.gelu(hidden)))

    @torch.inference_mode()
    def read(self, latents: Tensor, kinds: Sequence[str]) -> list[PlacedObject]:
        """Return the things that a level view shows; its middle is at yaw 0.

        From far to near.

        Args:
            latents: normalised, [1, C, rows, columns].
            kinds: names of all kinds.
        """
        logits, looks = self(latents)
        peaks = functional.max_pool2d(logits, 3, stride=1, padding=1) == logits
        sure = logits[0].float().sigmoid() * peaks[0]
        kind, row, column = (sure[: len(kinds)] > _SURE).nonzero().unbind(-1)
        order = sure[kind, row, column].argsort(descending=True)
        kind, row, column = kind[order], row[order], column[order]
        details = self.details(looks[0, :, row, column].T, kind)
        height, width = logits.shape[-2:]
        edges = (2.0 ** details.edges.float() - 1) * UNIT
        things: list[tuple[float, PlacedObject]] = []
        for index, (left, right, top, bottom) in enumerate(edges.clamp(min=0.2).tolist()):
            yaw = (int(column[index]) + 0.5 - width / 2) * UNIT + (right - left) / 2
            pitch = (height / 2 - int(row[index]) - 0.5) * UNIT + (top - bottom) / 2
            main, mean = (255 * details.colors[index].float().numpy()).reshape(2, 3)
            thing = PlacedObject(
                kinds[int(kind[index])], yaw % 360, pitch,
                360.0 if left + right > _WIDE else left + right, top + bottom,
                rgb(main), rgb(mean), int(details.variants[index].argmax()),
            )  # fmt: skip
            if not any(_excludes(other, thing) for _, other in things):
                things.append((float(details.nearness[index]), thing))
        return [thing for _, thing in sorted(things, key=lambda each: each[0])]

    @torch.inference_mode()
    def namer(
        self, latents: Tensor, kinds: Sequence[str], among: Collection[str]
    ) -> Callable[[Box, float], PlacedObject]:
        """Return a function that names the likeliest thing in a part of a level view.

        Args:
            latents: see `read`.
            kinds: likewise.
            among: the kinds that come into question.

        Returns:
            A function of a box [degrees from the upper left] and the distance of its thing [m].
        """
        logits, looks = self(latents)
        there = torch.from_numpy(np.isin(kinds, list(among)))
        first_view = torch.zeros(1, dtype=torch.int64)

        @torch.inference_mode()
        def name(box: Box, away: float) -> PlacedObject:
            names = self.names(looks, torch.tensor([box]), torch.tensor([away]), first_view)
            left, top, width, height = box
            first = np.array((top + MIDDLE * height, left + MIDDLE * width)) / UNIT
            last = np.array((top + (1 - MIDDLE) * height, left + (1 - MIDDLE) * width)) / UNIT
            first = np.minimum(first.astype(int).clip(0), np.subtract(logits.shape[-2:], 1))
            last = np.maximum(last.astype(int).clip(0), first) + 1
            part = logits[0, : len(kinds), first[0] : last[0], first[1] : last[1]]
            likely = names[0, : len(kinds)] + part.amax(dim=(1, 2))
            kind = int(likely.where(there, -torch.inf).argmax())
            row, column = first + np.unravel_index(int(part[kind].argmax()), part.shape[1:])
            details = self.details(looks[0, :, row, column][None], torch.tensor([kind]))
            main, mean = (255 * details.colors[0].float().numpy()).reshape(2, 3)
            return PlacedObject(
                kinds[kind], 0.0, 0.0, 1.0, 1.0, rgb(main), rgb(mean),
                int(details.variants[0].argmax()),
            )  # fmt: skip

        return name


_WIDE = 200.0  # degrees: wider things go all around


def _excludes(one: PlacedObject, other: PlacedObject) -> bool:
    """Tell whether two things exclude each other: both are one, or they never occur together."""
    return other.kind in rivals(one.kind) or _same(one, other)


def _same(one: PlacedObject, other: PlacedObject) -> bool:
    apart = abs(yaw_difference(one.yaw, other.yaw))
    across = max((one.width + other.width) / 2 - apart, 0)
    down = max((one.height + other.height) / 2 - abs(one.pitch - other.pitch), 0)
    shared = min(across, one.width, other.width) * min(down, one.height, other.height)
    sizes = one.width * one.height, other.width * other.height
    if one.kind == other.kind:
        return shared > _SAME * min(sizes)
    return shared > _ALIKE * (sum(sizes) - shared)


class _ResidualPair(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(1, dim)
        self.inner = nn.Conv2d(dim, dim, 3, padding=1)
        self.outer = nn.Conv2d(dim, dim, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = x + self.outer(functional.gelu(self.inner(self.norm(x))))
        return result
