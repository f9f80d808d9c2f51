"""`python -m training refiner`: the network that makes the pictures of rings crisp.

It sees rings as the game has them, most of them painted, some from a second viewpoint, with the
sketches of their plans, and learns the renderer's pictures, `FINER` times as large. A part that
lies a little beside the renderer's costs little, so that the network need not soften what it
cannot place.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.model.frames import to_frames
from mag_sandbox.model.imagination.drawing.refiner import FINER, Refiner, smooth
from mag_sandbox.model.imagination.weights import REFINER
from mag_sandbox.renderer.sheets import write_sheet
from mag_sandbox.training.loop import LoopConfig, Stage
from mag_sandbox.training.options import RefinerTraining
from mag_sandbox.training.pictures.close_ups import fitted_parts
from mag_sandbox.training.pictures.scene_rings import SceneRings
from mag_sandbox.training.pictures.shown import begun, train_and_write

logger = logging.getLogger(__name__)

CROP, BATCH = 96, 6  # px, crops of a step
RATE = 1e-3
PAINTED, WALKED = 0.85, 0.35  # shares of scenes
FALLING = ("rainy", "snowy")  # weather that the game draws over its pictures
EXACT = 0.15  # weight of the difference without shifts
STANDING = 2.0  # how much more pixels of things count


class RingPair(NamedTuple):
    """The level views of a ring, and as they are drawn."""

    given: np.ndarray  # uint8 [H, W, GIVEN]: see `Refiner.forward`
    drawn: np.ndarray  # uint8 [FINER * H, FINER * W, 3]


@dataclass(eq=False)
class RefinerStage(Stage):
    """Trains `Refiner` on crops of pairs."""

    name = "refiner"

    module: Refiner
    pairs: Sequence[RingPair]
    seed: int

    def optimisers(self) -> list[torch.optim.Optimizer]:
        """Return Adam over all weights."""
        return [torch.optim.AdamW(self.module.parameters(), RATE, betas=(0.9, 0.98))]

    def loss(self, batch: int) -> Tensor:
        """Return the difference from the renderer's crops, parts allowed a little beside."""
        rng = np.random.default_rng([self.seed, batch])
        given, drawn = self._batch(rng, BATCH)
        with torch.autocast("cpu", torch.bfloat16):
            change = self.module(given).float()
        made = smooth(given[:, :3]) + change
        inner, exact, fitted = fitted_parts(made, drawn, *rng.integers(0, 4, 2).tolist())
        each = ((inner - fitted).abs() + EXACT * (inner - exact).abs()).mean((1, 2, 3))
        weights = 1 + STANDING * given[:, -1].mean((1, 2))
        return (each * weights).mean() / weights.mean()

    def sheet(self, path: Path, step: int) -> None:
        """Write crops: as painted, refined, drawn."""
        given, drawn = self._batch(np.random.default_rng([self.seed, step, 1]), 4)
        painted = smooth(given[:, :3])
        with torch.no_grad():
            made = painted + self.module(given)
        each = (to_frames(2 * one - 1) for one in (painted, made, drawn))
        write_sheet(path, list(zip(*each, strict=True)))

    def _batch(self, rng: np.random.Generator, count: int) -> tuple[Tensor, Tensor]:
        crops = [self._crop(rng) for _ in range(count)]
        given, drawn = (
            torch.from_numpy(np.stack(one)).permute(0, 3, 1, 2).float() / 255
            for one in zip(*crops, strict=True)
        )
        if rng.random() < 0.5:
            given, drawn = given.flip(-1), drawn.flip(-1)
        return given, drawn

    def _crop(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        pair = self.pairs[int(rng.integers(len(self.pairs)))]
        top, left = (int(rng.integers(side - CROP + 1)) for side in pair.given.shape[:2])
        return pair.given[top : top + CROP, left : left + CROP], pair.drawn[
            FINER * top : FINER * (top + CROP), FINER * left : FINER * (left + CROP)
        ]


@torch.inference_mode()
def pairs_of(rings: SceneRings, seed: int) -> list[RingPair]:
    """Return the pair of a scene; none if something falls in it."""
    rng = np.random.default_rng([seed, FINER])
    painted, walked = rng.random(2) < (PAINTED, WALKED)
    scene, shown = rings.of_scene(seed, rng, is_painted=painted, is_walked=walked)
    if scene.layout.attributes.get("weather") in FALLING:
        return []
    whole = rings.imagination.lattice.whole
    sketch = rings.imagination.drawn_sketch(shown.scenery.plan(*shown.place), whole, shown.place)
    levels = np.rint(255 * sketch).astype(np.uint8).transpose(1, 2, 0)
    rows = np.flatnonzero(shown.known.all(axis=1))
    level = slice(rows[0], rows[-1] + 1)
    given = np.concatenate((shown.picture, levels), axis=2)[level]
    drawn = scene.picture(*shown.place, scale=FINER)
    return [RingPair(given, drawn[FINER * level.start : FINER * level.stop])]


def train(options: RefinerTraining) -> None:
    """Train the network and write its weights; resumes where it was stopped."""
    module, autoencoder = begun(Refiner, options)
    rings = SceneRings.load(autoencoder.eval(), options)
    logger.info("painting %d scenes", options.scenes)
    pairs = [pair for seed in range(options.scenes) for pair in pairs_of(rings, seed)]
    stage = RefinerStage(module, pairs, options.seed)
    train_and_write(stage, LoopConfig(options.steps, decay=0.7), options.folder / REFINER)
