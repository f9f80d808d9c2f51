"""A toy of the recipe: minute networks, and data drawn from numbers."""

from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from mag_sandbox.model.attention import matmul_attention
from mag_sandbox.model.config import DiTConfig
from mag_sandbox.model.dit import DiT
from mag_sandbox.model.rope import GridCoordinates
from mag_sandbox.training.devices import TrainingDevice
from mag_sandbox.training.recipe.clips import Clips, Conditions, GridPlaces
from mag_sandbox.training.recipe.presets import Optimisation
from mag_sandbox.training.seeded_random import SeededRandom
from tests.tiny import randomise

CONFIG = DiTConfig(
    dim=24, ffn_dim=32, num_heads=2, num_layers=2, channels=4, freq_dim=16, text_dim=8, text_len=3
)
CPU = TrainingDevice("cpu", matmul_attention)
FAST = Optimisation(steps=4, rate=3e-3, critic_rate=3e-3, betas=(0.9, 0.99), clip=1.0, batch=1)


def toy_dit(seed: int = 0) -> DiT:
    """Return a transformer with random weights."""
    return randomise(DiT(CONFIG, matmul_attention), seed, gain=1.0)


def show_nothing(path: Path, latents: Tensor) -> None:
    """Write no picture."""


class ToySource:
    """Clips that are smooth in time, with text of their own; every number its own batch.

    Args:
        batch: clips a step.
        frames: of a clip, at most.
    """

    shape = (4, 4, 4)
    tokens = 4

    def __init__(self, batch: int = 2, frames: int = 12) -> None:
        self.batch, self.frames = batch, frames
        self._places = GridPlaces(GridCoordinates(2, 2, CONFIG.head_dim))

    def conditions(self, number: int, frames: int) -> Conditions:
        """Return text."""
        text = SeededRandom(1, number).noise((self.batch, CONFIG.text_len, CONFIG.text_dim))
        return Conditions(text, self._places)

    def clips(self, number: int, frames: int) -> Clips:
        """Return clips that lie still."""
        one = SeededRandom(2, number).noise((self.batch, 1, *self.shape))
        latents = one.expand(-1, min(frames, self.frames), -1, -1, -1).contiguous()
        return Clips(latents, self.conditions(number, frames))

    def text(self, prompt: str, batch: int) -> Tensor:
        """Return zeros for the empty prompt, ones for any other."""
        return torch.full((batch, CONFIG.text_len, CONFIG.text_dim), float(bool(prompt)))


def train(stage, steps: int, batch: int | None = None) -> list[float]:
    """Step a stage's optimisers; returns the losses.

    Args:
        stage: with `loss` and `optimisers`.
        steps: how many.
        batch: number of the batch that is learned over and over; None: all in turn.
    """
    optimisers, losses = stage.optimisers(), []
    for step in range(steps):
        for optimiser in optimisers:
            optimiser.zero_grad(set_to_none=True)
        loss = stage.loss(step if batch is None else batch)
        loss.backward()
        for optimiser in optimisers:
            optimiser.step()
        losses.append(float(loss.detach()))
    return losses


def toy_sized(preset, **changes):
    """Return a preset with toy numbers."""
    return replace(preset, optimisation=FAST, **changes)
