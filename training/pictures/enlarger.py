"""`python -m training enlarger`: the network that enlarges pictures, on views drawn at both sizes.

It sees views as the game shows them, after the autoencoder, and learns the renderer's at `SCALE`
times the size. An edge that lies a little beside the renderer's costs little, so that the network
need not soften what it cannot place.
"""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from mag_sandbox.model.autoencoder import Autoencoder
from mag_sandbox.model.enlarger import ENLARGER, SCALE, Enlarger
from mag_sandbox.model.frames import to_frames, to_pictures
from mag_sandbox.renderer.canvas import RING_HEIGHT, RING_WIDTH
from mag_sandbox.renderer.render import SceneRenderer, category_of, lay_out
from mag_sandbox.renderer.sheets import write_sheet
from mag_sandbox.renderer.views import HEIGHT, WIDTH, large_view, reduced
from mag_sandbox.training.loop import LoopConfig, Stage
from mag_sandbox.training.options import EnlargerTraining
from mag_sandbox.training.pictures.shown import begun, train_and_write

logger = logging.getLogger(__name__)

VIEWS = 3  # of each scene
CROP, BATCH = 32, 12  # px, crops of a step
RATE = 1.5e-3
SHIFTS = (-3, 0, 3)  # px of the large picture by which an edge may lie beside the renderer's
PATCH, APART = 24, 8  # px of the large picture: patches shifted as one, and their distance
EXACT = 0.1  # weight of the difference without shifts
FARTHER = 7e-4  # cost of a shift, for each of its steps across or down
FAINT = 8.0  # grey levels: crops that vary less are mostly passed over


@dataclass(frozen=True, slots=True)
class ViewPairs:
    """Views after the autoencoder, and as drawn at `SCALE` times their size."""

    small: np.ndarray  # uint8 [N, HEIGHT, WIDTH, 3]
    large: np.ndarray  # uint8 [N, SCALE * HEIGHT, SCALE * WIDTH, 3]


@dataclass(eq=False)
class EnlargerStage(Stage):
    """Trains `Enlarger` on crops of pairs of views."""

    name = "enlarger"

    module: Enlarger
    pairs: ViewPairs
    seed: int

    def optimisers(self) -> list[torch.optim.Optimizer]:
        """Return Adam over all weights."""
        return [torch.optim.Adam(self.module.parameters(), RATE, betas=(0.9, 0.99))]

    def loss(self, batch: int) -> Tensor:
        """Return the difference from the renderer's crops, edges allowed a little beside."""
        rng = np.random.default_rng([self.seed, batch])
        small, large = zip(*(self._crop(rng) for _ in range(BATCH)), strict=True)
        given, drawn = (_colours(np.stack(crops)) for crops in (small, large))
        if rng.random() < 0.5:
            given, drawn = given.flip(-1), drawn.flip(-1)
        return shifted_difference(self.module(given), drawn)

    def sheet(self, path: Path, step: int) -> None:  # noqa: ARG002 (the sheet needs no step)
        """Write a part of views: interpolated, enlarged, drawn."""
        rows = []
        with torch.no_grad():
            for small, large in zip(self.pairs.small[:3], self.pairs.large[:3], strict=True):
                given = _colours(small[None])
                smooth = functional.interpolate(given, scale_factor=SCALE, mode="bilinear")
                made = (to_frames(2 * x - 1)[0] for x in (smooth, self.module(given)))
                rows.append([one[200:500, 300:700] for one in (*made, large)])
        write_sheet(path, rows)

    def _crop(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        while True:
            view = int(rng.integers(len(self.pairs.small)))
            top, left = (int(rng.integers(side - CROP)) for side in (HEIGHT, WIDTH))
            large = self.pairs.large[view][
                top * SCALE : (top + CROP) * SCALE, left * SCALE : (left + CROP) * SCALE
            ]
            if large.std() >= FAINT or rng.random() < 0.3:
                return self.pairs.small[view][top : top + CROP, left : left + CROP], large


def shifted_difference(made: Tensor, drawn: Tensor) -> Tensor:
    """Return the mean absolute difference of pictures, [B, 3, H, W], each patch shifted to fit."""
    edge = SCALE * SCALE - SCALE  # px that depend on what lies beyond the crop
    inner = made[..., edge:-edge, edge:-edge]
    height, width = inner.shape[-2:]

    def beside(down: int, across: int) -> Tensor:
        top, left = edge + down, edge + across
        return (inner - drawn[..., top : top + height, left : left + width]).abs()

    costs = [
        functional.avg_pool2d(beside(down, across).mean(1, keepdim=True), PATCH, APART)
        + FARTHER * (abs(down) + abs(across)) / max(SHIFTS)
        for down in SHIFTS
        for across in SHIFTS
    ]
    return torch.stack(costs).amin(0).mean() + EXACT * beside(0, 0).mean()


def view_pairs(autoencoder: Autoencoder, seeds: range) -> ViewPairs:
    """Draw views of scenes at both sizes, `VIEWS` of each, in directions that follow from seeds."""
    small, large = [], []
    for seed in seeds:
        category = category_of(seed)
        ring = SceneRenderer(lay_out(category, seed)).picture(scale=SCALE)
        rng = np.random.default_rng([seed, SCALE])
        for _ in range(VIEWS):
            left, top = int(rng.integers(RING_WIDTH)), int(rng.integers(RING_HEIGHT - HEIGHT))
            drawn = large_view(ring, left, top, SCALE)
            given = to_pictures(reduced(drawn, SCALE)[None])
            with torch.no_grad():
                decoded = autoencoder.decode(autoencoder.encode(given))
            small.append(to_frames(decoded)[0])
            large.append(drawn)
    return ViewPairs(np.stack(small), np.stack(large))


def train(options: EnlargerTraining) -> None:
    """Train the network and write its weights; resumes where it was stopped."""
    module, autoencoder = begun(Enlarger, options)
    logger.info("drawing %d scenes at %d times the size", options.scenes, SCALE)
    stage = EnlargerStage(module, view_pairs(autoencoder, range(options.scenes)), options.seed)
    config = LoopConfig(options.steps, warmup=100, decay=0.5)
    train_and_write(stage, config, options.folder / ENLARGER.name)


def _colours(frames: np.ndarray) -> Tensor:
    return (to_pictures(frames) + 1) / 2
