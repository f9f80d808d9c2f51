"""Sequence parallelism within a block: one world on several devices, a process for each.

Every process has a part of each latent frame's tokens, which is all that projections, norms and
the text need. Self-attention needs all tokens, but of one head at a time: before it, processes
exchange tokens for heads, and back after it. So each keeps keys and values of its own heads alone,
and memory has as many times more room.

Source: DeepSpeed-Ulysses, arXiv 2309.14509.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

import torch
from torch import Tensor
from torch import distributed as dist

from mag_sandbox.model.attention import AttentionKernel
from mag_sandbox.model.config import DiTConfig
from mag_sandbox.model.dit import Attend, DiT, Note, TextKeys, TimeEmbedding, unnoted
from mag_sandbox.model.full.compact_frames import CompactFrame
from mag_sandbox.model.full.tiered_cache import TieredCache, WaitingRoom
from mag_sandbox.model.kv_cache import CacheShape
from mag_sandbox.model.world import WorldFailed

PATIENCE = timedelta(hours=12)  # for a process that waits for a player


class Ulysses:
    """A process's share of every frame's tokens, and of the heads.

    ulysses = Ulysses(tokens=1560, heads=12)  # in each process of a group
    x = ulysses.part(tokens)  # [B, F * L / P, dim] of [B, F * L, dim]
    attend = ulysses.across(cache.reader(kernel))
    tokens = ulysses.whole(x)
    """

    def __init__(self, tokens: int, heads: int, group: dist.ProcessGroup | None = None) -> None:
        """Share tokens of a frame, and heads, among a group of processes; None: all of them.

        Raises:
            WorldFailed: they do not share evenly.
        """
        self.rank, self.count = dist.get_rank(group), dist.get_world_size(group)
        self._group = group
        if tokens % self.count or heads % self.count:
            raise WorldFailed(
                f"{tokens} tokens a frame and {heads} heads cannot be shared evenly by "
                f"{self.count} processes; start as many as divide both"
            )
        self.tokens = tokens // self.count  # of a frame, in this process
        self.heads = heads // self.count

    def part(self, x: Tensor) -> Tensor:
        """Return this process's tokens, [B, F * L / P, ...] of [B, F * L, ...]."""
        of_frames = x.unflatten(1, (-1, self.count, self.tokens))
        return of_frames[:, :, self.rank].flatten(1, 2).contiguous()

    def whole(self, x: Tensor) -> Tensor:
        """Return all tokens, [B, F * L, ...] of [B, F * L / P, ...]; the same in each process."""
        return self._in_order(self._gathered(x))

    def side_by_side(self, x: Tensor, axis: int) -> Tensor:
        """Return what all processes have, heads or tokens of a frame, in order on their axis."""
        return torch.cat(tuple(self._gathered(x)), dim=axis)

    def own(self, x: Tensor, axis: int) -> Tensor:
        """Return this process's share of all that lie on an axis."""
        return x.unflatten(axis, (self.count, -1)).select(axis, self.rank)

    def agreed(self, most: int) -> int:
        """Return the least of what all processes say."""
        number = torch.tensor([most])
        if dist.get_backend(self._group) == "nccl":
            number = number.cuda()
        dist.all_reduce(number, dist.ReduceOp.MIN, self._group)
        return int(number)

    def across(self, attend: Attend) -> Attend:
        """Return an attention that is given some tokens, and sees some heads of all of them."""

        def exchanging(layer_index: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
            q, k, v = self._to_heads(torch.cat((q, k, v))).chunk(3)  # in one exchange
            return self._to_tokens(attend(layer_index, q, k, v))

        return exchanging

    def _to_heads(self, x: Tensor) -> Tensor:
        """Return [B, F * L, N / P, D] of [B, F * L / P, N, D]."""
        by_heads = x.unflatten(2, (self.count, self.heads)).movedim(2, 0)
        return self._in_order(self._exchanged(by_heads))

    def _to_tokens(self, x: Tensor) -> Tensor:
        """Return [B, F * L / P, N, D] of [B, F * L, N / P, D]."""
        of_frames = x.unflatten(1, (-1, self.count, self.tokens))
        by_tokens = of_frames.movedim(2, 0).flatten(2, 3)
        return self._exchanged(by_tokens).movedim(0, 2).flatten(2, 3)

    def _gathered(self, x: Tensor) -> Tensor:
        """Return what all processes have, [P, ...]."""
        parts = x.new_empty(self.count * x.shape[0], *x.shape[1:])
        dist.all_gather_into_tensor(parts, x.contiguous(), self._group)
        return parts.unflatten(0, (self.count, -1))

    def _exchanged(self, parts: Tensor) -> Tensor:
        """Send each process its part, [P, ...], and return what all have for this one."""
        received = torch.empty_like(parts, memory_format=torch.contiguous_format)
        dist.all_to_all_single(received, parts.contiguous(), group=self._group)
        return received

    def _in_order(self, parts: Tensor) -> Tensor:
        """Return all tokens in (frame, row, column) order of those of each process."""
        of_frames = parts.unflatten(2, (-1, self.tokens))  # [P, B, F, L / P, ...]
        return of_frames.movedim(0, 2).flatten(1, 3)


def meet(device: str) -> None:
    """Wait until all processes are there that `torchrun` started."""
    if not dist.is_initialized():
        backend = "cpu:gloo,cuda:nccl" if device == "cuda" else "gloo"
        dist.init_process_group(backend, timeout=PATIENCE)


def joined(devices: int, device: str, tokens: int, heads: int) -> Ulysses | None:
    """Meet the other processes that share a world, and return this one's share; None: it is alone.

    Args:
        devices: how many there are, this one included.
        device: of this process, as torch names it.
        tokens: of a frame.
        heads: of a layer.

    Raises:
        WorldFailed: these cannot be shared evenly.
    """
    if devices == 1:
        return None
    meet(device)
    return Ulysses(tokens, heads)


def empty_dit(config: DiTConfig, kernel: AttentionKernel, ulysses: Ulysses | None) -> DiT:
    """Return a network, for one process or for its share."""
    return DiT(config, kernel) if ulysses is None else SharedDiT(config, kernel, ulysses)


class SharedDiT(DiT):
    """A `DiT` that goes through its layers with some of the tokens; all processes call it alike."""

    def __init__(self, config: DiTConfig, kernel: AttentionKernel, ulysses: Ulysses) -> None:
        super().__init__(config, kernel)
        self._ulysses = ulysses

    def flow_of_tokens(
        self,
        tokens: Tensor,
        shape: torch.Size,
        time: TimeEmbedding,
        text: TextKeys,
        rotary: Tensor,
        attend: Attend,
    ) -> Tensor:
        """See `DiT`."""
        share = self._ulysses
        own, places = share.part(tokens), share.part(rotary)
        x = self._through(len(self.blocks), own, time, text, places, share.across(attend))
        return self.unpatchify(share.whole(self.head(x, time.head)), shape)

    def memorise(
        self,
        tokens: Tensor,
        time: TimeEmbedding,
        text: TextKeys,
        rotary: Tensor,
        attend: Attend,
        note: Note = unnoted,
    ) -> None:
        """See `DiT`; what is noted are this process's tokens."""
        share = self._ulysses
        own, places = share.part(tokens), share.part(rotary)
        super().memorise(own, time, text, places, share.across(attend), note)

    def attend_again(
        self, inputs: Iterable[Tensor], time: TimeEmbedding, rotary: Tensor, attend: Attend
    ) -> None:
        """See `DiT`; the tokens are this process's."""
        share = self._ulysses
        super().attend_again(inputs, time, share.part(rotary), share.across(attend))


class SharedCache(TieredCache):
    """Keys and values of a process's own heads; what is exported and loaded has all heads.

    Of frames that wait each process has its own tokens; there are as many as all have room for.
    """

    def __init__(
        self,
        ulysses: Ulysses,
        shape: CacheShape,
        slots: int,
        dtype: torch.dtype,
        device: str = "cpu",
        most_frames: int | None = None,
        room: WaitingRoom | None = None,
    ) -> None:
        """Reserve room; the shape is that of the whole cache, `room` of this process."""
        self._ulysses = ulysses
        own, count = replace(shape, heads=ulysses.heads), ulysses.count
        room = room or WaitingRoom.here(None, count)
        super().__init__(own, slots, dtype, device, most_frames, room, count)
        self.waiting = ulysses.agreed(self.waiting)

    def agreed(self, most: int) -> int:
        """See `KVCache`."""
        return self._ulysses.agreed(most)

    def export(self, slots: Sequence[int]) -> tuple[Tensor, Tensor]:
        """See `KVCache`; every process gets all."""
        keys, values = super().export(slots)
        return self._ulysses.side_by_side(keys, 4), self._ulysses.side_by_side(values, 4)

    def check(self, frames: int, keys: Tensor, values: Tensor) -> None:
        """See `KVCache`."""
        everyone = self._ulysses.count * self._ulysses.heads
        for some in (keys, values):
            if some.ndim > 4 and some.shape[4] != everyone:
                raise ValueError(f"kept frames have {some.shape[4]} heads, expected {everyone}")
        share = self._ulysses
        own = (share.own(some, 4) if some.ndim > 4 else some for some in (keys, values))
        super().check(frames, *own)

    def put(self, slot: int, keys: Tensor, values: Tensor) -> None:
        """See `KVCache`; of all heads, this process keeps its own."""
        share = self._ulysses
        super().put(slot, share.own(keys, 3), share.own(values, 3))

    def whole(self, frame: CompactFrame) -> CompactFrame:
        """See `TieredCache`."""
        levels, ranges = (part.to(self.device) for part in frame)
        share = self._ulysses
        return CompactFrame(
            share.side_by_side(levels, 2).cpu(), share.side_by_side(ranges, 3).cpu()
        )

    def own(self, frame: CompactFrame) -> CompactFrame:
        """See `TieredCache`.

        Raises:
            ValueError: its tokens cannot be shared.
        """
        parts = []
        for part, axis in zip(frame, (2, 3), strict=True):
            if part.ndim <= axis or part.shape[axis] % self._ulysses.count:
                raise ValueError(f"a kept frame is {tuple(part.shape)}, which cannot be shared")
            parts.append(self._ulysses.own(part, axis).contiguous())
        return CompactFrame(*parts)
