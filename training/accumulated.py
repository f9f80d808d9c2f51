"""Large batches on small machines: several batches of a stage in one step of the loop.

Several processes deal them out among themselves: together they make the batches of one.
"""

from pathlib import Path

import torch
from torch import Tensor

from mag_sandbox.training.loop import Stage
from mag_sandbox.training.processes import ALONE, Processes


class Accumulated:
    """A stage whose every step learns from `count` batches of another.

    Loop(Accumulated(MemoryStage(...), 64), ...)  # batches of one video, 64 a step

    All but the last are differentiated here, one by one, so that only one graph is in memory.

    Args:
        stage: whose batches are counted on: step s has batches s * count to (s + 1) * count - 1.
        count: batches a step, of all processes.
        processes: who deal them out; `count` must be a multiple of their number.
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
        """Return this process's share of the mean loss, whose gradient is what is still missing."""
        first, processes = step * self._count, self._processes
        *others, last = range(first + processes.rank, first + self._count, processes.count)
        known = 0.0
        for batch in others:
            loss = self._stage.loss(batch) / self._count
            loss.backward()
            known = known + loss.detach()
        return self._stage.loss(last) / self._count + known

    def sheet(self, path: Path, step: int) -> None:
        """Write the stage's picture."""
        self._stage.sheet(path, step * self._count)
