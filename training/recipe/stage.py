"""What the recipe's stages have in common; each adds its loss."""

from pathlib import Path

import torch
from torch import Tensor, nn

from mag_sandbox.training.devices import Device
from mag_sandbox.training.recipe.clips import Show
from mag_sandbox.training.recipe.presets import Optimisation


class RecipeStage:
    """A stage of one network, one kind of step, and AdamW.

    Args:
        module: what is trained.
        numbers: of the optimiser.
        device: where to compute.
        seed: of all draws.
        show: writes a picture of latents.
    """

    name = "stage"

    def __init__(
        self, module: nn.Module, numbers: Optimisation, device: Device, seed: int, show: Show
    ) -> None:
        self.module, self.numbers, self.device, self.seed = module, numbers, device, seed
        self.latest: Tensor | None = None  # latents of the latest step, for the picture
        self._show = show

    def optimisers(self) -> list[torch.optim.Optimizer]:
        """Return AdamW over the whole network."""
        return [adamw(self.module, self.numbers, self.numbers.rate)]

    def kind(self, step: int) -> str:  # noqa: ARG002 (every step is alike)
        """Return what a step learns from."""
        return self.name

    def sheet(self, path: Path, step: int) -> None:  # noqa: ARG002 (shows the latest step's)
        """Write what the latest step made, with the weights it had then."""
        if self.latest is not None:
            self._show(path, self.latest)


def adamw(module: nn.Module, numbers: Optimisation, rate: float) -> torch.optim.Optimizer:
    """Return AdamW over a network."""
    return torch.optim.AdamW(
        module.parameters(), lr=rate, betas=numbers.betas, weight_decay=numbers.weight_decay
    )
