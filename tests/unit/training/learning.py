"""Stages whose weights learn."""

import torch

from mag_sandbox.training.loop import Stage


def unchanged_weights(stage: Stage, batches: int) -> list[str]:
    """Return the names of weights that are the same after some batches."""
    (optimiser,) = stage.optimisers()
    before = {name: weight.clone() for name, weight in stage.module.named_parameters()}
    for batch in range(batches):
        optimiser.zero_grad()
        stage.loss(batch).backward()
        optimiser.step()
    after = dict(stage.module.named_parameters())
    return [name for name in before if torch.equal(before[name], after[name])]
