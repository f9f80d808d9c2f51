"""The reader, on latents of rings and the renderer's log of the things in them."""

from collections.abc import Sequence
from dataclasses import InitVar, dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from mag_sandbox.controls.camera import yaw_difference
from mag_sandbox.model.imagination.objects import VARIANTS
from mag_sandbox.model.imagination.reading.reader import (
    FARTHEST,
    FINER,
    UNIT,
    Reader,
    log_distance,
)
from mag_sandbox.renderer.plan import Thing
from mag_sandbox.renderer.views import DEGREES_PER_PIXEL
from mag_sandbox.training.devices import TrainingDevice
from mag_sandbox.training.imagination.rings import latents_of, view_of
from mag_sandbox.training.loop import Stage
from mag_sandbox.training.optimisers import muon_and_adamw

BATCH = 32  # views
NOISE = 0.05  # standard deviation of the noise added to latents
LEAST = 1.5  # degrees of a thing that a view must show
# by how much boxes that are to be named are off [degrees], also as a share, and logs of distances
OFF, OFF_SHARE, OFF_AWAY = 0.4, 0.06, 0.15
_SPREAD = 0.1  # of a thing's visible size: standard deviation of the target for its middle


@dataclass(eq=False)
class ReaderStage(Stage):
    """Trains `Reader`."""

    name = "reader"

    module: Reader
    latents: Sequence[np.ndarray]  # of the rings, float16 [RINGS_EACH, C, rows, columns] each
    things: InitVar[Sequence[Sequence[Thing]]]  # of the rings
    kinds: InitVar[Sequence[str]]  # that the reader is to tell, in the order of its table
    device: TrainingDevice
    seed: int

    def __post_init__(self, things: Sequence[Sequence[Thing]], kinds: Sequence[str]) -> None:
        self.module.to(self.device.device)
        number = {kind: row for row, kind in enumerate(kinds)}
        self._things = [labels(each, number) for each in things]

    def optimisers(self) -> list[torch.optim.Optimizer]:
        """Return Muon over the convolutions and AdamW over everything else."""
        convolutions = [p for p in self.module.blocks.parameters() if p.ndim == 4]
        return muon_and_adamw(self.module, convolutions, 0.01, 2e-3)

    def loss(self, step: int) -> Tensor:
        """Return the loss of places, names and details for one batch of views."""
        rng = np.random.default_rng([self.seed, 50, step])
        rows, columns = self.module.config.view
        height, width = rows * FINER, columns * FINER
        count, views, found = BATCH * self.device.scale, [], []
        heat = np.zeros((count, self.module.config.kinds, height, width), np.float32)
        for index in range(count):
            ring = int(rng.integers(len(self._things)))
            latents = latents_of(self.latents, ring)
            _, ring_rows, around = latents.shape
            top, left = (ring_rows - rows) // 2, int(rng.integers(around))
            across = (left + np.arange(columns)) % around
            views.append(view_of(latents, top + np.arange(rows), across))
            middle = (left + columns / 2) * 360 / around
            seen = in_sight(self._things[ring], middle, (height, width))
            warm(heat[index], seen)
            found.append(np.concatenate((np.full((len(seen), 1), index), seen), axis=1))
        noise = NOISE * rng.standard_normal(np.shape(views), np.float32)
        upload = self.device.upload
        wanted = upload(torch.from_numpy(heat))
        truth = upload(torch.from_numpy(np.concatenate(found)))
        view, kind, row, column = truth[:, :4].long().unbind(-1)
        with self.device.autocast():
            logits, looks = self.module(upload(torch.from_numpy(np.stack(views) + noise)))
            details = self.module.details(looks[view, :, row, column], kind)
            names = self.module.names(looks, *measured(truth, rng), view)
        places = focal_loss(logits.float(), wanted)
        edges = (details.edges.float() - log_distance(truth[:, 4:8])).abs().sum()
        colors = (details.colors.float() - truth[:, 8:14]).abs().sum()
        shapes = functional.cross_entropy(
            details.variants.float(), truth[:, 14].long(), reduction="sum"
        )
        called = functional.cross_entropy(names.float(), kind, reduction="sum")
        order = (details.nearness.float() - truth[:, 16]).abs().sum()
        return (places + edges + 2 * colors + 0.3 * shapes + order + called) / max(len(truth), 1)


def labels(things: Sequence[Thing], number: dict[str, int]) -> np.ndarray:
    """Return things that can be noticed, from far to near, float32 [things, 14].

    Kind, middle, half of the width, top and bottom in degrees, colours, variant, distance [m], and
    whether it goes all around.
    """
    rows = [
        (
            number[thing.name], thing.yaw, thing.degrees[0] / 2,
            thing.pitch + thing.degrees[1] / 2, thing.pitch - thing.degrees[1] / 2,
            *(channel / 255 for channel in (*thing.main_color, *thing.mean_color)),
            min(thing.variant, VARIANTS - 1), min(thing.distance, FARTHEST),
            thing.width * DEGREES_PER_PIXEL >= 330,
        )
        for thing in things
        if thing.name in number and thing.shown
    ]  # fmt: skip
    return np.array(rows, np.float32).reshape(-1, 14)


def in_sight(things: np.ndarray, middle: float, places: tuple[int, int]) -> np.ndarray:
    """Return the things that a level view shows, float32 [things, 16].

    Kind, row and column of the middle of the visible part, distances from there to left, right,
    top and bottom in degrees, colours, variant, distance [m], and share of these things that are
    farther.
    """
    height, width = places
    half_height, half_width = height * UNIT / 2, width * UNIT / 2
    across = yaw_difference(things[:, 1], middle)
    across = np.where(things[:, 13] > 0, 0, across)
    half = np.where(things[:, 13] > 0, 180, things[:, 2])
    left, right = across - half, across + half
    seen_left, seen_right = left.clip(-half_width), right.clip(max=half_width)
    top, bottom = things[:, 3], things[:, 4]
    seen_top, seen_bottom = top.clip(max=half_height), bottom.clip(-half_height)
    column = ((seen_left + seen_right) / 2 + half_width) / UNIT
    row = (half_height - (seen_top + seen_bottom) / 2) / UNIT
    column, row = np.floor(column).clip(0, width - 1), np.floor(row).clip(0, height - 1)
    x, y = (column + 0.5) * UNIT - half_width, half_height - (row + 0.5) * UNIT
    boxes = np.stack((things[:, 0], row, column, x - left, right - x, top - y, y - bottom), axis=1)
    sizes = np.stack((seen_right - seen_left, seen_top - seen_bottom), axis=1)
    whole = np.stack((2 * half, top - bottom), axis=1)
    seen = (sizes > np.minimum(LEAST, 0.6 * whole)).all(axis=1)
    found = np.concatenate((boxes, things[:, 5:13]), axis=1)[seen]
    order = np.arange(len(found)) / max(len(found), 1)
    return np.concatenate((found, order[:, None]), axis=1).astype(np.float32)


def warm(heat: np.ndarray, seen: np.ndarray) -> None:
    """Write how near each place is to the middle of a thing of each kind, 1 at the middle."""
    rows, columns = np.arange(heat.shape[1])[:, None], np.arange(heat.shape[2])
    for kind, row, column, left, right, top, bottom in seen[:, :7].tolist():
        wide = _SPREAD * min(left + right, 40) / UNIT + 0.5
        tall = _SPREAD * min(top + bottom, 40) / UNIT + 0.5
        away = ((rows - row) / tall) ** 2 + ((columns - column) / wide) ** 2
        own = heat[int(kind)]
        np.maximum(own, np.exp(-away / 2), out=own)


def measured(truth: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Return boxes and distances of things, off by about as much as a relief is.

    Args:
        truth: see `in_sight`, after the number of the view, [N, 17].
        rng: random numbers.

    Returns:
        Left, top, width and height [degrees from the upper left], [N, 4]; distances [m], [N].
    """
    left, right, top, bottom = truth[:, 4:8].unbind(1)
    y, x = ((truth[:, 2:4] + 0.5) * UNIT).unbind(1)
    size = torch.stack((left + right, top + bottom), dim=1)
    corners = torch.stack((x - left, y - top, x + right, y + bottom), dim=1)
    drawn = torch.from_numpy(rng.standard_normal((len(truth), 5), np.float32)).to(truth)
    corners = corners + drawn[:, :4] * (OFF + OFF_SHARE * size).repeat(1, 2)
    boxes = torch.cat((corners[:, :2], (corners[:, 2:] - corners[:, :2]).clamp(min=0.2)), dim=1)
    return boxes, truth[:, 15] * torch.exp(OFF_AWAY * drawn[:, 4])


def focal_loss(logits: Tensor, wanted: Tensor) -> Tensor:
    """Return the summed focal loss of places, less near a middle (CornerNet, arXiv 1808.01244)."""
    places = wanted.nonzero(as_tuple=True)  # few: everywhere else nothing is near
    near, near_logits = wanted[places], logits[places]
    yes = near_logits.sigmoid()
    far = logits.sigmoid().square() * functional.softplus(logits)
    missed = yes.square() * functional.softplus(near_logits)
    hit = (1 - yes).square() * functional.softplus(-near_logits)
    near_loss = torch.where(near == 1, hit, (1 - near).pow(4) * missed)
    return far.sum() - missed.sum() + near_loss.sum()
