"""Less memory in training: accumulated gradients, checkpointed activations, frozen bf16 weights."""

from collections.abc import Iterable
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.distributed.algorithms._checkpoint.checkpoint_wrapper import (
    CheckpointImpl,
    apply_activation_checkpointing,
    checkpoint_wrapper,
)

from mag_sandbox.model.dit import DiT, Layer
from mag_sandbox.training.loop import Stage
from mag_sandbox.training.processes import ALONE, Processes


def accumulate_gradients(losses: Iterable[Tensor], count: int) -> Tensor:
    """Return the sum of `count` losses; all but the last are differentiated here, one by one.

    Each has a graph of its own, made when it is asked for: only one graph is in memory, and the
    gradient of what is returned is what is still missing.
    """
    known = 0.0
    for number, loss in enumerate(losses, 1):
        if number == count:
            return loss + known
        loss.backward()
        known = known + loss.detach()
    raise ValueError(f"fewer losses than {count}")


class GradientAccumulation(Stage):
    """A stage whose every step learns from `count` batches of another.

    Loop(GradientAccumulation(MemoryStage(...), 64), ...)  # batches of one video, 64 a step

    Step s has batches s * count to (s + 1) * count - 1. Several processes, of whose number the
    count is a multiple, deal them out among themselves: together they make the batches of one.
    """

    def __init__(self, stage: Stage, count: int, processes: Processes = ALONE) -> None:
        self._stage, self._count, self._processes = stage, count, processes
        self.name, self.module = stage.name, stage.module

    def optimisers(self) -> list[torch.optim.Optimizer]:
        """Return the stage's optimisers."""
        return self._stage.optimisers()

    def kind(self, step: int) -> str:
        """Return what a step learns from."""
        return self._stage.kind(step * self._count)

    def loss(self, step: int) -> Tensor:
        """Return this process's share of the mean loss; see `accumulate_gradients`."""
        first, count = step * self._count, self._count
        mine = range(first + self._processes.rank, first + count, self._processes.count)
        return accumulate_gradients((self._stage.loss(one) / count for one in mine), len(mine))

    def sheet(self, path: Path, step: int) -> None:
        """Write the stage's picture."""
        self._stage.sheet(path, step * self._count)


def checkpoint_activations(dit: DiT) -> DiT:
    """Make every layer keep only its input between forward and backward; names of weights stay.

    Attention strategies are called twice then, so they must read the same both times: `GraphCache`
    readers do. Passes without gradients cost nothing more.
    """
    wrap = partial(checkpoint_wrapper, checkpoint_impl=CheckpointImpl.NO_REENTRANT)
    apply_activation_checkpointing(
        dit, checkpoint_wrapper_fn=wrap, check_fn=lambda module: isinstance(module, Layer)
    )
    return dit


def freeze(network: DiT) -> DiT:
    """Make a network read-only and keep its weights in bf16; it is changed in place.

    Under autocast these weights are rounded to bf16 wherever they are used, so nothing changes.
    Layer norms are left: autocast has them in fp32.
    """
    for module in network.modules():
        if not isinstance(module, nn.LayerNorm):
            for parameter in module.parameters(recurse=False):
                parameter.data = parameter.data.to(torch.bfloat16)
    return network.requires_grad_(False)
