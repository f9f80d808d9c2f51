"""Everything random in a step follows from its number: resumed runs draw what unbroken ones did."""

import numpy as np
import torch
from torch import Tensor


class SeededRandom:
    """The random choices of one batch; its key are non-negative numbers: seed, purpose, batch, ...

    >>> random = SeededRandom(7, 5, 120)  # the same numbers, the same choices
    >>> step = random.choice(4)
    >>> random.noise((1, 3, 16, 8, 8)).shape
    torch.Size([1, 3, 16, 8, 8])

    `numpy` and `torch` are its generators, for whatever else is drawn.
    """

    def __init__(self, *key: int) -> None:
        self.numpy = np.random.default_rng(key)
        self.torch = torch.Generator().manual_seed(int(self.numpy.integers(2**62)))

    def noise(self, shape: tuple[int, ...]) -> Tensor:
        """Return standard normal numbers, on the CPU, so that every device sees the same."""
        return torch.randn(shape, generator=self.torch)

    def integers(self, below: int, shape: tuple[int, ...]) -> Tensor:
        """Return integers from 0 to below - 1."""
        return torch.randint(below, shape, generator=self.torch)

    def steps(self, below: int, batch: int, frames: int, block_length: int) -> Tensor:
        """Return an integer from 0 to below - 1 for each block, the same over it, [B, F]."""
        blocks = self.integers(below, (batch, -(-frames // block_length)))
        return blocks.repeat_interleave(block_length, dim=1)[:, :frames]

    def choice(self, below: int) -> int:
        """Return one integer from 0 to below - 1."""
        return int(self.numpy.integers(below))

    def happens(self, probability: float) -> bool:
        """Return whether something of a probability happens."""
        return bool(self.numpy.random() < probability)
