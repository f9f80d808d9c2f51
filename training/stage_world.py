"""The world stage: images first, then images and blocks in turn, by the same optimisers.

Imagination is learned from single frames and memory from blocks; once memory is there, both go on
together, so that neither forgets.
"""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from model.networks import PocketNetworks
from training.stage_blocks import BlockStage
from training.stage_images import ImageStage, world_optimisers

BLOCK_SHARE = 0.4  # of the steps after the first `image_steps`


class WorldStage:
    """Trains `PocketNetworks` on both."""

    name = "world"

    def __init__(
        self, module: PocketNetworks, images: ImageStage, blocks: BlockStage, image_steps: int
    ) -> None:
        self.module, self.images, self.blocks = module, images, blocks
        self.image_steps = image_steps

    def optimisers(self) -> list[torch.optim.Optimizer]:
        """Return Muon and AdamW."""
        return world_optimisers(self.module)

    def kind(self, step: int) -> str:
        """Return what a step learns from: `images` or `blocks`."""
        draw = np.random.default_rng([self.images.seed, 3, step]).random()
        return "blocks" if step >= self.image_steps and draw < BLOCK_SHARE else "images"

    def loss(self, step: int) -> Tensor:
        """Return the loss of one step's batch."""
        return (self.blocks if self.kind(step) == "blocks" else self.images).loss(step)

    def sheet(self, path: Path, step: int) -> None:
        """Write sampled frames, and rollouts once blocks are trained."""
        self.images.sheet(path)
        if step > self.image_steps:
            self.blocks.sheet(path.with_stem(path.stem + "-rollout"))
