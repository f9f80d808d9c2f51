"""What the recipe's stages have in common; each adds its loss."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

from mag_sandbox.training.devices import TrainingDevice
from mag_sandbox.training.loop import Stage
from mag_sandbox.training.recipe.clips import Show

Module = TypeVar("Module", bound=nn.Module)
Source = TypeVar("Source")
Config = TypeVar("Config")  # a preset, whose `optimisation` says how AdamW steps


@dataclass(eq=False)
class RecipeStage(Stage, Generic[Module, Source, Config]):
    """A stage of one network, one kind of step, and AdamW."""

    name = "stage"

    module: Module  # what is trained
    source: Source  # what it learns from
    config: Config  # the numbers
    device: TrainingDevice  # where to compute
    seed: int  # of all draws
    show: Show  # writes a picture of latents
    latest: Tensor | None = field(default=None, init=False)  # latents of the latest step

    def optimisers(self) -> list[torch.optim.Optimizer]:
        """Return AdamW over the whole network."""
        numbers = self.config.optimisation
        return [
            torch.optim.AdamW(
                self.module.parameters(), numbers.rate, numbers.betas,
                weight_decay=numbers.weight_decay,
            )
        ]  # fmt: skip

    def sheet(self, path: Path, step: int) -> None:  # noqa: ARG002 (shows the latest step's)
        """Write what the latest step made, with the weights it had then."""
        if self.latest is not None:
            self.show(path, self.latest)
