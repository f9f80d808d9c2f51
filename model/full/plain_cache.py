"""Keys and values kept as a list and put together anew in every layer of every pass.

The plain way to do what `KVCache` does, to compare with: same results, other cost.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from mag_sandbox.model.attention import AttentionKernel
from mag_sandbox.model.dit import Attend
from mag_sandbox.model.kv_cache import KVCache
from mag_sandbox.model.slots import SlotWrite

Layers = list[tuple[Tensor, Tensor]]  # keys and values of every layer, [B, tokens, N, D]


class ConcatenatedCache(KVCache):
    """A `KVCache` without room of its own; it cannot be parked."""

    def resize(self, slots: int) -> None:
        """Forget everything and keep at most so many frames."""
        self.slots = slots
        self._kept: dict[int, Layers] = {}
        self._own: dict[int, tuple[Tensor, Tensor]] = {}  # of the last pass, by layer
        self._attended: tuple[int, ...] = ()

    def attend(self, slots: Sequence[int], frames: int | None = None) -> None:  # noqa: ARG002
        """See `KVCache`; a pass may make any number of frames."""
        self._attended = tuple(slots)

    def reader(self, kernel: AttentionKernel) -> Attend:
        """See `KVCache`."""

        def attend(layer_index: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
            self._own[layer_index] = k, v
            kept = [self._kept[slot][layer_index] for slot in self._attended]
            keys = torch.cat([k, *(keys for keys, _ in kept)], dim=1)
            values = torch.cat([v, *(values for _, values in kept)], dim=1)
            return kernel(q, keys, values)

        return attend

    def write(self, writes: Sequence[SlotWrite]) -> None:
        """See `KVCache`."""
        tokens = self.shape.tokens
        for write in writes:
            rows = slice(write.frame * tokens, (write.frame + 1) * tokens)
            self._kept[write.slot] = [
                (keys[:, rows].clone(), values[:, rows].clone())
                for _, (keys, values) in sorted(self._own.items())
            ]
