"""The world stage: single frames first, then frames and blocks with memory, by one optimiser.

Imagination is learned from single frames: alone, and beside remembered views of the same place;
in the end guidance is learned into it, so that play needs no second pass under the empty prompt.
Memory is learned from blocks. Once memory is there, all go on together, so that none is forgotten,
nor how to read.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.model.pocket.networks import PocketNetworks
from mag_sandbox.training.loop import Stage
from mag_sandbox.training.pocket.stage_images import ImageStage, world_optimisers

SHARES = {"images": 0.4, "views": 0.2, "blocks": 0.4}  # of steps after the first `image_steps`
CAPTION_WEIGHT = 0.1  # of telling what captions say


class Objective(Protocol):
    """One thing to learn."""

    def loss(self, step: int) -> Tensor:
        """Return the loss of one step's batch."""


@dataclass(eq=False)
class WorldStage(Stage):
    """Trains `PocketNetworks` on all tasks in turn."""

    name = "world"

    module: PocketNetworks  # what is trained
    images: ImageStage  # the task of the first `image_steps`; also draws the sheets of samples
    # the tasks that follow: "views", "blocks", "guided images" and "guided views"
    others: Mapping[str, Objective]
    # how wrong the text encoder tells what captions say, of a step
    caption_loss: Callable[[int], Tensor]
    rollouts: Callable[[Path], None]  # draws a sheet of real play
    image_steps: int  # steps on single frames only
    guide_from: int  # step from which guided images and views take the place of the others

    def optimisers(self) -> list[torch.optim.Optimizer]:
        """Return Muon and AdamW."""
        return world_optimisers(self.module)

    def kind(self, step: int) -> str:
        """Return what a step learns from: `images`, or a name of the other tasks."""
        if step < self.image_steps:
            return "images"
        draw = np.random.default_rng([self.images.seed, 3, step])
        kind = str(draw.choice(list(SHARES), p=list(SHARES.values())))
        return f"guided {kind}" if kind != "blocks" and step >= self.guide_from else kind

    def loss(self, step: int) -> Tensor:
        """Return the loss of one step's batch."""
        kind = self.kind(step)
        task = self.images if kind == "images" else self.others[kind]
        return task.loss(step) + CAPTION_WEIGHT * self.caption_loss(step)

    def sheet(self, path: Path, step: int) -> None:
        """Write sampled frames, and rollouts once blocks are trained."""
        self.images.sheet(path)
        if step > self.image_steps:
            self.rollouts(path.with_stem(path.stem + "-rollout"))
