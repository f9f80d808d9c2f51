"""The painter, trained on what its own steps make, as in play.

The flow loss shows it noisy views of the renderer's, play its own estimates. Here it paints in as
many steps as in play, and the result is held to the renderer's. Alone, that makes it paint the mean
of all that a plan allows, which is soft; so each cell is to have the renderer's edge energy, too.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from mag_sandbox.training.imagination.stage_painter import PainterStage, mean_of_unknown
from mag_sandbox.training.optimisers import muon_and_adamw
from mag_sandbox.training.seeded_random import SeededRandom

EDGES = 8.0  # weight of the difference in edge energy
MUON_RATE, ADAMW_RATE = 0.001, 2e-4


@dataclass(eq=False)
class OwnStepsStage(PainterStage):
    """Trains `Painter` end to end."""

    name = "own-steps"

    def optimisers(self) -> list[torch.optim.Optimizer]:
        """Return Muon over the layers' matrices and AdamW over everything else, at low rates."""
        matrices = [p for p in self.module.dit.blocks.parameters() if p.ndim == 2]
        return muon_and_adamw(self.module, matrices, MUON_RATE, ADAMW_RATE)

    def loss(self, step: int) -> Tensor:
        """Return the error of painted latents and of their edges, over unknown cells."""
        random = SeededRandom(self.seed, 32, step)
        views, upload = self._views(random), self.device.upload
        latents, known = upload(views.latents), upload(views.known)
        noise = upload(random.noise(views.latents.shape))
        with self.device.autocast():
            text = self.module.text_keys(views.features)
            painted = self.module.paint(
                views.objects, views.sketched, views.rows, latents, known, noise, text
            )
            edges = [self._edges(each) for each in (painted, latents)]
        error = (painted.float() - latents).square().mean(dim=1)
        return mean_of_unknown(error + EDGES * (edges[0] - edges[1]).abs(), known)

    def _edges(self, latents: Tensor) -> Tensor:
        """Return the edge energy of cells, [B, H, W]: the mean change from pixel to pixel."""
        gray = self.autoencoder.decode(latents).float().mean(dim=1, keepdim=True)
        across = functional.pad(gray.diff(dim=-1).abs(), (0, 1))
        down = functional.pad(gray.diff(dim=-2).abs(), (0, 0, 0, 1))
        return functional.avg_pool2d(across + down, self.autoencoder.config.stride)[:, 0]
