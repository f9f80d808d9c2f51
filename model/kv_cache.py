"""Preallocated keys and values of remembered frames, and how a block reads them.

Storage is one tensor of slots for keys and one for values, with room in front for the block's own
tokens. A block attends one view: its own tokens, then the attended frames. On a GPU, where these
are the first slots in order (policies that attend all they keep), the view lies in the storage
itself; otherwise they are gathered once a block into a second place, tightly, because matrix
products on a CPU copy what has gaps, in every layer and step. Nothing is ever concatenated, and the
denoising steps only rewrite the block's own part. Heads are an outer axis, so that a head's keys
lie together.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Protocol

import torch
from torch import Tensor

from mag_sandbox.model.attention import AttentionKernel
from mag_sandbox.model.config import PocketConfig
from mag_sandbox.model.dit import Attend
from mag_sandbox.model.slots import SlotWrite, copy_room, frame_bytes

Pairs = list[tuple[Tensor, Tensor]]  # keys and values, a pair a layer


@dataclass(frozen=True, slots=True)
class CacheShape:
    """Sizes of a cache."""

    layers: int
    tokens: int  # of one frame
    heads: int
    head_dim: int
    block_length: int  # frames
    batch: int = 1

    @classmethod
    def of(cls, config: PocketConfig) -> "CacheShape":
        """Return the sizes of a pocket world's cache."""
        dit = config.dit
        return cls(
            dit.num_layers, config.tokens_per_frame, dit.num_heads, dit.head_dim,
            config.block_length,
        )  # fmt: skip

    def slot_bytes(self, dtype: torch.dtype) -> int:
        """Bytes of one kept frame over all layers, keys and values."""
        width = self.heads * self.head_dim
        return frame_bytes(self.layers, self.batch * self.tokens, width, dtype.itemsize)


class BlockCache(Protocol):
    """The slots of a rollout."""

    def attend(self, slots: Sequence[int], frames: int | None = None) -> None:
        """Make `slots` readable for the next passes, of a block or of `frames`."""

    def write(self, writes: Sequence[SlotWrite]) -> None:
        """Keep frames of the last pass in slots."""


class KVCache:
    """Slots for keys and values; an `Attend` strategy for the block at hand.

    cache = KVCache(shape, slots=512, dtype=torch.bfloat16)
    cache.attend((0, 4, 7))  # once a block
    flow = dit(..., attend=cache.reader(kernel))  # each pass rewrites the block's own part
    cache.write([SlotWrite(frame=2, slot=8)])  # after the clean pass
    """

    def __init__(
        self,
        shape: CacheShape,
        slots: int,
        dtype: torch.dtype,
        device: str = "cpu",
        most_frames: int | None = None,
        spare: int = 0,
    ) -> None:
        """Reserve room for kept frames; one pass makes a block, or at most `most_frames`.

        Behind the slots lie `spare` more, for frames that are read and not kept.
        """
        self.shape, self.dtype, self.device, self._spare = shape, dtype, device, spare
        self._reads_in_place = torch.device(device).type != "cpu"
        self._front = (most_frames or shape.block_length) * shape.tokens
        self.resize(slots)

    def resize(self, slots: int) -> None:
        """Reserve room for another number of frames; all kept frames are lost."""
        nothing = torch.empty(0, dtype=self.dtype, device=self.device)
        self._keys = self._values = self._read_keys = self._read_values = nothing  # freed first
        self._gathered = nothing, nothing  # flat
        self.slots = self.spare = slots
        room = slots + self._spare
        self._keys, self._values = self._allocate(room), self._allocate(room)
        self._read_keys, self._read_values = self._keys, self._values
        self._own = slice(self._front - self.shape.block_length * self.shape.tokens, self._front)
        self._seen = self._own

    @property
    def slot_bytes(self) -> int:
        """Bytes of one kept frame."""
        return self.shape.slot_bytes(self.dtype)

    def attend(self, slots: Sequence[int], frames: int | None = None) -> None:
        """Make `slots` readable for passes of a block or `frames`, or raise ValueError."""
        tokens = self.shape.tokens
        own = (frames or self.shape.block_length) * tokens
        if own > self._front:
            raise ValueError(f"{frames} frames in a pass, room for {self._front // tokens}")
        in_order = all(place == slot for place, slot in enumerate(slots))
        if in_order and self._reads_in_place:
            self._read_keys, self._read_values = self._keys, self._values
            self._own = slice(self._front - own, self._front)
            self._seen = slice(self._front - own, self._front + len(slots) * tokens)
        else:
            self._own = slice(0, own)
            self._seen = slice(0, own + len(slots) * tokens)
            self._gather(slots)

    def reader(self, kernel: AttentionKernel) -> Attend:
        """Return the strategy that self-attention calls in every layer."""

        def attend(layer_index: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
            keys = self._read_keys[layer_index].transpose(1, 2)  # [B, M, N, D]
            values = self._read_values[layer_index].transpose(1, 2)
            keys[:, self._own] = k
            values[:, self._own] = v
            return kernel(q, keys[:, self._seen], values[:, self._seen])

        return attend

    def write(self, writes: Sequence[SlotWrite]) -> None:
        """Keep frames of the last pass in slots."""
        tokens = self.shape.tokens
        for write in writes:
            first = self._own.start + write.frame * tokens
            rows = slice(first, first + tokens)
            self._keys[..., self._rows(write.slot), :] = self._read_keys[..., rows, :]
            self._values[..., self._rows(write.slot), :] = self._read_values[..., rows, :]

    def copy(self, slot: int, to: int) -> None:
        """Copy the frame in a slot to another slot."""
        for stored in (self._keys, self._values):
            stored[..., self._rows(to), :] = stored[..., self._rows(slot), :]

    def export(self, slots: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Return copies of the keys and values of slots, [layers, n, B, tokens, N, D]."""
        index = torch.tensor(list(slots), dtype=torch.long, device=self.device)
        kept = (
            stored[..., self._front :, :]
            .unflatten(-2, (-1, self.shape.tokens))
            .index_select(3, index)
            for stored in (self._keys, self._values)  # [layers, B, N, n, tokens, D]
        )
        keys, values = (some.permute(0, 3, 1, 4, 2, 5) for some in kept)
        return keys, values

    def check(self, frames: int, keys: Tensor, values: Tensor) -> None:
        """Raise ValueError unless `export` of such a cache gave at least `frames` frames."""
        layers, batch, heads, _, dim = self._keys.shape
        for some in (keys, values):
            held = max(frames, some.shape[1]) if some.ndim > 1 else frames
            kept = layers, held, batch, self.shape.tokens, heads, dim
            if some.shape != kept or not some.is_floating_point():
                raise ValueError(f"kept frames are {tuple(some.shape)}, expected {kept}")

    def load(self, slots: Sequence[int], keys: Tensor, values: Tensor) -> None:
        """Restore the result of `export`."""
        self.check(len(slots), keys, values)
        for place, slot in enumerate(slots):
            rows = self._rows(slot)
            self._keys[..., rows, :] = keys[:, place].transpose(2, 3)
            self._values[..., rows, :] = values[:, place].transpose(2, 3)

    def layers_of(self, slot: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Give views of a slot's keys and values layer by layer, [B, tokens, N, D] each."""
        rows = self._rows(slot)
        for keys, values in zip(self._keys, self._values, strict=True):
            yield keys[..., rows, :].transpose(1, 2), values[..., rows, :].transpose(1, 2)

    def _rows(self, slot: int) -> slice:
        first = self._front + slot * self.shape.tokens
        return slice(first, first + self.shape.tokens)

    def _gather(self, slots: Sequence[int]) -> None:
        sizes = (*self._keys.shape[:3], self._seen.stop, self.shape.head_dim)
        numbers = prod(sizes)
        if numbers > self._gathered[0].numel():  # doubling, so that growing is rare
            room = copy_room(len(slots))
            self._gathered = self._allocate(room).flatten(), self._allocate(room).flatten()
        self._read_keys, self._read_values = (flat[:numbers].view(sizes) for flat in self._gathered)
        for place, slot in enumerate(slots):
            first = self._own.stop + place * self.shape.tokens
            rows = slice(first, first + self.shape.tokens)
            self._read_keys[..., rows, :] = self._keys[..., self._rows(slot), :]
            self._read_values[..., rows, :] = self._values[..., self._rows(slot), :]

    def _allocate(self, slots: int) -> Tensor:
        shape = self.shape
        length = self._front + slots * shape.tokens
        sizes = (shape.layers, shape.batch, shape.heads, length, shape.head_dim)
        # not written: slots that stay empty take no memory
        return torch.empty(sizes, dtype=self.dtype, device=self.device)


class GraphCache:
    """Keys and values as separate tensors, so that a pass that reads them can be differentiated.

    `tokens` are those of a latent frame.
    """

    def __init__(self, tokens: int) -> None:
        self._tokens = tokens
        self._kept: dict[int, Pairs] = {}
        self._on_host: dict[int, Pairs] = {}  # slots unchanged since they were copied there
        self._read: tuple[int, ...] = ()
        self._own: Pairs = []

    def attend(self, slots: Sequence[int], frames: int | None = None) -> None:  # noqa: ARG002
        """Make `slots` readable for the next passes."""
        self._read = tuple(slots)

    def reader(self, kernel: AttentionKernel) -> Attend:
        """Return the strategy of one pass; later writes do not change it."""
        past = [self._kept[slot] for slot in self._read]

        def attend(layer_index: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
            keys = [pairs[layer_index][0].to(k) for pairs in past]
            values = [pairs[layer_index][1].to(v) for pairs in past]
            return kernel(q, torch.cat((k, *keys), dim=1), torch.cat((v, *values), dim=1))

        return attend

    def recorder(self, kernel: AttentionKernel) -> Attend:
        """Return the strategy of a pass whose own frames may be kept."""
        read, self._own = self.reader(kernel), []

        def attend(layer_index: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
            self._own.append((k.detach(), v.detach()))
            return read(layer_index, q, k, v)

        return attend

    def write(self, writes: Sequence[SlotWrite]) -> None:
        """Keep frames of the last recorded pass in slots."""
        for write in writes:
            rows = slice(write.frame * self._tokens, (write.frame + 1) * self._tokens)
            self._on_host.pop(write.slot, None)
            self._kept[write.slot] = [
                (k[:, rows].clone(), v[:, rows].clone()) for k, v in self._own
            ]

    def rest(self) -> None:
        """Move to main memory until `wake`; only slots that changed since then are copied."""
        for slot, pairs in self._kept.items():
            if slot not in self._on_host:
                self._on_host[slot] = [
                    (to_host(k, k.device), to_host(v, v.device)) for k, v in pairs
                ]
        self._kept, self._own = {}, []

    def wake(self, device: str) -> None:
        """Move back to the device."""
        for slot in self._on_host.keys() - self._kept.keys():
            self._kept[slot] = [
                (k.to(device, non_blocking=True), v.to(device, non_blocking=True))
                for k, v in self._on_host[slot]
            ]


def to_host(tensor: Tensor, device: str | torch.device) -> Tensor:
    """Return a copy in main memory: pinned if it is to go to a CUDA device, which copies it itself.

    Memory that is not pinned is copied by the processor, at a fraction of the speed.
    """
    pinned = torch.device(device).type == "cuda"
    return torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=pinned).copy_(tensor)
