"""`python -m training relief`: the network that tells what stands out, and how far away it is.

It sees level views from where scenes begin, most of them straight ahead, as given pictures are, and
as the renderer draws them. Some of the rings come out of the autoencoder, as pictures are that were
changed. It learns which pixels are of things that stand upright, their distance and their box.
"""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from mag_sandbox.controls.parallax import EYE
from mag_sandbox.model.autoencoder import Autoencoder
from mag_sandbox.model.frames import to_frames
from mag_sandbox.model.imagination.reading.relief import FINE, FOOT_UNIT, ReliefReader, log_edges
from mag_sandbox.model.imagination.weights import RELIEF
from mag_sandbox.renderer.canvas import HORIZON, RING_HEIGHT, RING_WIDTH
from mag_sandbox.renderer.projection import PIXELS_PER_RADIAN
from mag_sandbox.renderer.render import PLANES, SceneRenderer, category_of, lay_out
from mag_sandbox.renderer.sheets import write_sheet
from mag_sandbox.renderer.views import HEIGHT, WIDTH
from mag_sandbox.training.loop import LoopConfig, Stage
from mag_sandbox.training.optimisers import muon_and_adamw
from mag_sandbox.training.options import ReliefTraining
from mag_sandbox.training.pictures.shown import as_shown, begun, random_views, train_and_write

logger = logging.getLogger(__name__)

FIRST_SEED = 700_000  # of the scenes
BATCH = 8  # views
RATE = 0.006  # of convolutions; a quarter of it elsewhere
CODED = 0.25  # share of the rings that come out of the autoencoder
AHEAD, ASIDE = 0.8, 20.0  # share of the views ahead; their spread [px]
LEVEL = 0.95  # share of the views that are level
TALLER, APART = 25, 8  # other views begin at so many rows, so many px apart
EDGE, EDGES = 5, 3.0  # px around outlines that count more, and how much
OUTLINES, FEET, SIDES = 1.5, 6.0, 0.3  # weights of outlines, distances and boxes


@dataclass(frozen=True, slots=True)
class DrawnRing:
    """A ring around where a scene begins, and where its upright things are."""

    pixels: np.ndarray  # uint8 [RING_HEIGHT, RING_WIDTH, 3]
    ids: np.ndarray  # number of the thing in each pixel, [RING_HEIGHT, RING_WIDTH]
    away: np.ndarray  # by numbers [m]; 0: it does not stand upright, below 0: it falls
    boxes: np.ndarray  # by numbers: left, top, width, height [px], [things, 4]


@torch.no_grad()
def drawn_ring(seed: int, autoencoder: Autoencoder) -> DrawnRing:
    """Draw the ring of a seed."""
    layout = lay_out(category_of(seed), seed)
    scene = SceneRenderer(layout)
    ring = scene.ring()
    first, last = len(scene.far) + 1, len(scene.far) + 1 + len(layout.items)
    away, boxes = np.zeros(last + 1, np.float32), np.zeros((last + 1, 4), np.float32)
    for thing in ring.things:
        if first <= thing.index < last:
            item = layout.items[thing.index - first]
            if item.entry.where not in PLANES:
                away[thing.index] = ring.viewer.distance(item.x, item.z)
                boxes[thing.index] = thing.left, thing.top, thing.width, thing.height
    away[last] = -1.0
    is_coded = np.random.default_rng([seed, 77]).random() < CODED
    pixels = as_shown(ring.pixels, autoencoder) if is_coded else ring.pixels
    return DrawnRing(pixels, ring.ids, away, boxes)


@dataclass(frozen=True, slots=True)
class Views:
    """Views, and their reliefs."""

    pictures: Tensor  # fp32 [B, 3, HEIGHT, WIDTH] in [-1, 1]
    pitches: Tensor  # of their rows [radians], [B, HEIGHT]
    stands: Tensor  # whether a pixel shows a thing that stands upright, bool [B, HEIGHT, WIDTH]
    counts: Tensor  # whether a pixel counts: rain and snow do not
    feet: Tensor  # how far below the horizon a thing has its foot [radians]
    edges: Tensor  # see `Relief`, [B, 4, HEIGHT, WIDTH]


@dataclass(eq=False)
class ReliefStage(Stage):
    """Trains `ReliefReader`."""

    name = "relief"

    module: ReliefReader
    rings: list[DrawnRing]
    seed: int

    def optimisers(self) -> list[torch.optim.Optimizer]:
        """Return Muon over the inner convolutions and AdamW over everything else."""
        inner = [
            weight
            for name, weight in self.module.named_parameters()
            if weight.ndim == 4 and not name.startswith(("stem", "told"))
        ]
        return muon_and_adamw(self.module, inner, RATE, RATE / 4)

    def loss(self, batch: int) -> Tensor:
        """Return the loss of outlines, distances and boxes for one batch of views."""
        views = self.views(np.random.default_rng([self.seed, batch]), BATCH)
        with torch.autocast("cpu", torch.bfloat16):
            outputs = self.module(views.pictures, views.pitches)
        return relief_loss(outputs.float(), views)

    def views(self, rng: np.random.Generator, count: int) -> Views:
        """Return views of random rings, half of them mirrored."""
        return Views(*random_views(self.rings, self._view, rng, count))

    def sheet(self, path: Path, step: int) -> None:
        """Write views, what stands out in them, and what the network says of that."""
        views = self.views(np.random.default_rng([self.seed, step, 1]), 3)
        self.module.eval()
        rows = []
        for picture, pitches, stands in zip(
            views.pictures, views.pitches, views.stands, strict=True
        ):
            relief = self.module.read(picture, pitches.numpy())
            shown = (np.repeat(255 * one[..., None], 3, axis=-1).astype(np.uint8)
                     for one in (stands.numpy(), relief.stands))  # fmt: skip
            rows.append([to_frames(picture[None])[0], *shown])
        self.module.train()
        write_sheet(path, rows)

    def _view(self, ring: DrawnRing, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        left, level = int(rng.integers(RING_WIDTH)), (RING_HEIGHT - HEIGHT) // 2
        if rng.random() < AHEAD:
            left = round(rng.normal(-WIDTH / 2, ASIDE))
        top = level if rng.random() < LEVEL else int(rng.integers(TALLER)) * APART
        x, y = left + np.arange(WIDTH), top + np.arange(HEIGHT)[:, None]
        part = y, x % RING_WIDTH
        away = ring.away[ring.ids[part]]
        first, upper, wide, tall = np.moveaxis(ring.boxes[ring.ids[part]], -1, 0)
        first = first + np.round((x - first - wide / 2) / RING_WIDTH) * RING_WIDTH
        edges = np.stack((x - first, first + wide - x, y - upper, upper + tall - y))
        edges += np.array((0.5, -0.5, 0.5, -0.5), np.float32)[:, None, None]
        feet = np.where(away > 0, np.arctan2(EYE, away), 0)
        maps = [ring.pixels[part], away > 0, away >= 0, feet.astype(np.float32)]
        if rng.random() < 0.5:
            maps = [one[:, ::-1].copy() for one in maps]
            edges = edges[[1, 0, 2, 3], :, ::-1]
        pitches = (HORIZON - np.arange(top, top + HEIGHT) - 0.5) / PIXELS_PER_RADIAN
        picture, *others = maps
        return picture, pitches.astype(np.float32), *others, edges.astype(np.float32)


def relief_loss(outputs: Tensor, views: Views) -> Tensor:
    """Return the loss of numbers of squares."""
    logits = functional.pixel_shuffle(outputs[:, : FINE**2], FINE)[:, 0]
    stands = views.stands.float()
    near = functional.max_pool2d(torch.stack((stands, -stands), 1), EDGE, 1, EDGE // 2).sum(1)
    weights = (1 + (EDGES - 1) * near) * views.counts
    outlines = functional.binary_cross_entropy_with_logits(logits, stands, reduction="none")
    own = views.stands[:, ::FINE, ::FINE]
    feet = (outputs[:, FINE**2] - FOOT_UNIT * views.feet[:, ::FINE, ::FINE]).abs() * own
    sides = (outputs[:, FINE**2 + 1 :] - log_edges(views.edges[..., ::FINE, ::FINE])).abs()
    count = own.sum().clamp(min=1)
    boxes = (sides * own[:, None]).sum() / count
    shapes = OUTLINES * (outlines * weights).mean()
    return shapes + FEET * feet.sum() / count + SIDES * boxes


def train(options: ReliefTraining) -> None:
    """Train the network and write its weights; resumes where it was stopped."""
    module, autoencoder = begun(ReliefReader, options)
    logger.info("drawing %d rings", options.rings)
    seeds = range(FIRST_SEED, FIRST_SEED + options.rings)
    stage = ReliefStage(module, [drawn_ring(seed, autoencoder) for seed in seeds], options.seed)
    config = LoopConfig(options.steps, warmup=60, decay=0.6)
    train_and_write(stage, config, options.folder / RELIEF)
