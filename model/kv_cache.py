"""Preallocated keys and values of remembered frames, and how a block reads them.

Storage is one tensor of slots for keys and one for values. A block attends one contiguous view:
its own tokens in front, attended frames behind. Attended slots are gathered once a block, never
concatenated, and the denoising steps only rewrite the front. Heads are the outer axis, so that a
head's keys lie together, as matrix products want them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from model.attention import AttentionKernel
from model.memory import SlotWrite


@dataclass(frozen=True, slots=True)
class CacheShape:
    """Sizes of a cache."""

    layers: int
    tokens: int  # of one frame
    heads: int
    head_dim: int
    block_length: int  # frames
    batch: int = 1

    def slot_bytes(self, dtype: torch.dtype) -> int:
        """Bytes of one kept frame over all layers, keys and values."""
        numbers = 2 * self.layers * self.batch * self.tokens * self.heads * self.head_dim
        return numbers * dtype.itemsize


class KVCache:
    """Slots for keys and values; an `Attend` strategy for the block at hand.

    cache = KVCache(shape, slots=512, dtype=torch.bfloat16)
    cache.attend((0, 4, 7))  # once a block
    flow = dit(..., attend=cache.reader(kernel))  # each pass rewrites the block's own part
    cache.write([SlotWrite(frame=2, slot=8)])  # after the clean pass
    """

    def __init__(
        self, shape: CacheShape, slots: int, dtype: torch.dtype, device: str = "cpu"
    ) -> None:
        self.shape, self.slots, self.dtype, self.device = shape, slots, dtype, device
        self._own = shape.block_length * shape.tokens
        self._keys = self._allocate(slots)
        self._values = self._allocate(slots)
        self._read_capacity = 0
        self._length = self._own
        self._grow(8)

    @property
    def slot_bytes(self) -> int:
        """Bytes of one kept frame."""
        return self.shape.slot_bytes(self.dtype)

    def attend(self, slots: Sequence[int], frames: int | None = None) -> None:
        """Make the frames in `slots` what the coming passes read besides their own frames.

        Args:
            slots: kept frames to read.
            frames: how many frames the passes make; None: a whole block.
        """
        tokens = self.shape.tokens
        self._own = (frames or self.shape.block_length) * tokens
        if len(slots) > self._read_capacity:
            self._grow(len(slots))
        self._length = self._own + len(slots) * tokens
        for place, slot in enumerate(slots):
            start = self._own + place * tokens
            self._read_keys[..., start : start + tokens, :] = self._keys[:, slot]
            self._read_values[..., start : start + tokens, :] = self._values[:, slot]

    def reader(self, kernel: AttentionKernel):
        """Return the strategy that self-attention calls in every layer."""

        def attend(layer_index: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
            keys = self._read_keys[layer_index].transpose(1, 2)  # [B, M, N, D]
            values = self._read_values[layer_index].transpose(1, 2)
            keys[:, : self._own] = k
            values[:, : self._own] = v
            return kernel(q, keys[:, : self._length], values[:, : self._length])

        return attend

    def write(self, writes: Sequence[SlotWrite]) -> None:
        """Keep frames of the last pass's block in slots."""
        tokens = self.shape.tokens
        for write in writes:
            rows = slice(write.frame * tokens, (write.frame + 1) * tokens)
            self._keys[:, write.slot] = self._read_keys[..., rows, :]
            self._values[:, write.slot] = self._read_values[..., rows, :]

    def export(self, slots: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Return copies of the keys and values of slots, [layers, n, B, tokens, N, D]."""
        index = torch.tensor(list(slots), dtype=torch.long, device=self.device)
        keys, values = (all_.index_select(1, index) for all_ in (self._keys, self._values))
        return keys.transpose(3, 4), values.transpose(3, 4)

    def load(self, slots: Sequence[int], keys: Tensor, values: Tensor) -> None:
        """Put back what `export` returned."""
        for place, slot in enumerate(slots):
            self._keys[:, slot] = keys[:, place].transpose(2, 3)
            self._values[:, slot] = values[:, place].transpose(2, 3)

    def _allocate(self, slots: int) -> Tensor:
        shape = self.shape
        sizes = (shape.layers, slots, shape.batch, shape.heads, shape.tokens, shape.head_dim)
        # written once now, so that resident memory does not grow while slots fill
        return torch.empty(sizes, dtype=self.dtype, device=self.device).zero_()

    def _grow(self, frames: int) -> None:
        """Make room to attend `frames`, doubling so that growing is rare."""
        self._read_capacity = max(frames, min(self.slots, 2 * self._read_capacity))
        shape = self.shape
        length = (shape.block_length + self._read_capacity) * shape.tokens
        sizes = (shape.layers, shape.batch, shape.heads, length, shape.head_dim)
        self._read_keys = torch.zeros(sizes, dtype=self.dtype, device=self.device)
        self._read_values = torch.zeros_like(self._read_keys)
