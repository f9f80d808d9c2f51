"""Preallocated keys and values of remembered frames, and how a block reads them.

Storage is one tensor of slots for keys and one for values, with room in front for the block's own
tokens. A block attends one view: its own tokens, then the attended frames. On a GPU, where these
are the first slots in order (policies that attend all they keep), the view lies in the storage
itself; otherwise they are gathered once a block into a second place, tightly, because matrix
products on a CPU copy what has gaps, in every layer and step. Nothing is ever concatenated, and the
denoising steps only rewrite the block's own part. Heads are an outer axis, so that a head's keys
lie together.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor

from mag_sandbox.model.attention import AttentionKernel
from mag_sandbox.model.config import PocketConfig
from mag_sandbox.model.dit import Attend
from mag_sandbox.model.slots import SlotWrite, copy_room

Pairs = list[tuple[Tensor, Tensor]]  # keys and values, a pair a layer
MadeAgain = Callable[[int, Iterable[Tensor], Attend], None]  # slot, what entered the layers, attend


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
        numbers = 2 * self.layers * self.batch * self.tokens * self.heads * self.head_dim
        return numbers * dtype.itemsize


class KVCache:
    """Slots for keys and values; an `Attend` strategy for the block at hand.

    cache = KVCache(shape, slots=512, dtype=torch.bfloat16)
    cache.attend((0, 4, 7))  # once a block
    flow = dit(..., attend=cache.reader(kernel))  # each pass rewrites the block's own part
    cache.write([SlotWrite(frame=2, slot=8)])  # after the clean pass
    """

    waiting = 0  # slots beyond those on the device, see `model.full.tiered_cache`

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
        """Reserve room for another number of frames; what was kept is lost."""
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

    def agreed(self, most: int) -> int:
        """Return a limit that all keep to who share this cache: here nobody does."""
        return most

    def attend(self, slots: Sequence[int], frames: int | None = None) -> None:
        """Make `slots` what the coming passes, of a block or `frames`, read besides their own."""
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
        """Keep what lies in a slot in another one as well."""
        for all_ in (self._keys, self._values):
            all_[..., self._rows(to), :] = all_[..., self._rows(slot), :]

    def export(self, slots: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Return copies of the keys and values of slots, [layers, n, B, tokens, N, D]."""
        index = torch.tensor(list(slots), dtype=torch.long, device=self.device)
        kept = (
            all_[..., self._front :, :]
            .unflatten(-2, (-1, self.shape.tokens))
            .index_select(3, index)
            for all_ in (self._keys, self._values)  # [layers, B, N, n, tokens, D]
        )
        keys, values = (some.permute(0, 3, 1, 4, 2, 5) for some in kept)
        return keys, values

    def hold(self, slots: Sequence[int]) -> None:
        """Forget what lies in other slots; here it is overwritten some time."""

    def arrange(self, *, apart: bool) -> None:
        """Have slots lie where there is room, for policies that read some of what is kept.

        Else every slot is in its own place, as it always is here.
        """

    def note(self, layer_index: int, x: Tensor) -> None:
        """Hear what enters a layer as a block is remembered; here keys and values are enough."""

    def made_by(self, again: MadeAgain) -> None:
        """Hear by what a slot's keys and values are made again; here they stay."""

    def away(self, slots: Sequence[int]) -> bool:  # noqa: ARG002 (none is)
        """Tell whether `attend` has to make some of these slots again."""
        return False

    def prefetch(self, slots: Sequence[int]) -> None:
        """Have slots at hand that the next block is likely to read; here they are."""

    def by_use(self, slots: Sequence[int]) -> tuple[int, ...]:
        """Return slots in the order in which `load` is to get them again; here any will do."""
        return tuple(slots)

    def close(self) -> None:
        """Let go of what lies outside; here nothing does."""

    def check(self, frames: int, keys: Tensor, values: Tensor) -> None:
        """Check what `export` returned of so many frames, or of more.

        Raises:
            ValueError: it is of fewer, or not of such a cache.
        """
        layers, batch, heads, _, dim = self._keys.shape
        for some in (keys, values):
            held = max(frames, some.shape[1]) if some.ndim > 1 else frames
            kept = layers, held, batch, self.shape.tokens, heads, dim
            if some.shape != kept or not some.is_floating_point():
                raise ValueError(f"kept frames are {tuple(some.shape)}, expected {kept}")

    def load(self, slots: Sequence[int], keys: Tensor, values: Tensor) -> None:
        """Put back what `export` returned.

        Raises:
            ValueError: these are not of so many slots, or not of this cache.
        """
        self.check(len(slots), keys, values)
        for place, slot in enumerate(slots):
            self.put(slot, keys[:, place], values[:, place])

    def state_of(self, slot: int) -> dict[str, Tensor]:
        """Return what there is of a slot, on the host, by names, to be parked."""
        keys, values = self.export([slot])
        return {"keys": keys.cpu(), "values": values.cpu()}

    def state_bytes(self, slots: Sequence[int]) -> int:
        """Return how many bytes `state_of` takes for slots."""
        return len(slots) * self.slot_bytes

    def check_state(self, state: Mapping[str, Tensor]) -> None:
        """Check what `state_of` returned.

        Raises:
            KeyError: something is missing.
            ValueError: it is not of such a cache.
        """
        self.check(1, state["keys"], state["values"])

    def load_state(self, slot: int, state: Mapping[str, Tensor]) -> None:
        """Put back what `state_of` returned, and `check_state` accepts."""
        self.load([slot], state["keys"], state["values"])

    def put(self, slot: int, keys: Tensor, values: Tensor) -> None:
        """Keep a frame's keys and values, [layers, B, tokens, N, D] each."""
        self._keys[..., self._rows(slot), :] = keys.transpose(2, 3)
        self._values[..., self._rows(slot), :] = values.transpose(2, 3)

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
        # written once now, so that resident memory does not grow while slots fill
        return torch.empty(sizes, dtype=self.dtype, device=self.device).zero_()


class GraphCache:
    """Kept keys and values as tensors of their own: a pass that reads them can be differentiated.

    The calls are those of `KVCache`; `tokens` are those of a latent frame.
    """

    def __init__(self, tokens: int) -> None:
        self._tokens = tokens
        self._kept: dict[int, Pairs] = {}
        self._on_host: dict[int, Pairs] = {}  # of slots that have not changed since they rested
        self._read: tuple[int, ...] = ()
        self._own: Pairs = []

    def attend(self, slots: Sequence[int], frames: int | None = None) -> None:  # noqa: ARG002
        """Make the frames in `slots` what coming passes read besides their own."""
        self._read = tuple(slots)

    def reader(self, kernel: AttentionKernel) -> Attend:
        """Return the strategy of one pass; what is kept later does not change it."""
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

    def arrange(self, *, apart: bool) -> None:
        """See `KVCache`: slots have no places."""

    def made_by(self, again: MadeAgain) -> None:
        """See `KVCache`: slots stay."""

    def hold(self, slots: Sequence[int]) -> None:
        """Forget what lies in other slots."""
        for slot in self._kept.keys() - set(slots):
            del self._kept[slot]
        for slot in self._on_host.keys() - set(slots):
            del self._on_host[slot]

    def write(self, writes: Sequence[SlotWrite]) -> None:
        """Keep frames of the last recorded pass in slots."""
        for write in writes:
            rows = slice(write.frame * self._tokens, (write.frame + 1) * self._tokens)
            self._on_host.pop(write.slot, None)
            self._kept[write.slot] = [
                (k[:, rows].clone(), v[:, rows].clone()) for k, v in self._own
            ]

    def rest(self) -> None:
        """Leave the device until `wake`; only what changed since the last time is copied."""
        for slot, pairs in self._kept.items():
            if slot not in self._on_host:
                self._on_host[slot] = [
                    (to_host(k, k.device), to_host(v, v.device)) for k, v in pairs
                ]
        self._kept, self._own = {}, []

    def wake(self, device: str) -> None:
        """Come back to the device."""
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
