"""Networks that share a block among devices: one world on several cards; see `TokenSplit`.

`Ulysses` is sequence parallelism, a process for each device. Every process has a part of each
latent frame's tokens, which is all that projections, norms and the text need. Self-attention needs
all tokens, but of one head at a time: before it, processes exchange tokens for heads, and back
after it. So each keeps keys and values of its own heads alone, and memory has as many times more
room.

`Distant` is for a network whose weights lie on another card than memory, in one process. Queries,
keys and values of a block go to the memory, layer by layer, and the result of attention comes back.

Source: DeepSpeed-Ulysses, arXiv 2309.14509.
"""

from datetime import timedelta

import torch
from torch import Tensor
from torch import distributed as dist

from mag_sandbox.model.dit import Attend
from mag_sandbox.model.world import WorldFailed

PATIENCE = timedelta(hours=12)  # for a process that waits for a player


class Ulysses:
    """A process's share of every frame's tokens, and of the heads.

    ulysses = Ulysses(tokens=1560, heads=12)  # in each process of a group
    x = ulysses.part(tokens)  # [B, F * L / P, dim] of [B, F * L, dim]
    attend = ulysses.across(cache.reader(kernel))
    tokens = ulysses.whole(x)
    """

    def __init__(self, tokens: int, heads: int) -> None:
        """Share tokens of a frame, and heads, evenly among all processes, or raise WorldFailed."""
        self.rank, self.count = dist.get_rank(), dist.get_world_size()
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
        result: Tensor = of_frames[:, :, self.rank].flatten(1, 2).contiguous()
        return result

    def whole(self, x: Tensor) -> Tensor:
        """Return all tokens, [B, F * L, ...] of [B, F * L / P, ...]; the same in each process."""
        return self._in_order(self._gathered(x))

    def side_by_side(self, x: Tensor, axis: int) -> Tensor:
        """Return all processes' heads, or tokens of a frame, in order on their axis."""
        return torch.cat(tuple(self._gathered(x)), dim=axis)

    def own(self, x: Tensor, axis: int) -> Tensor:
        """Return this process's share of all that lie on an axis."""
        result: Tensor = x.unflatten(axis, (self.count, -1)).select(axis, self.rank)
        return result

    def agreed(self, most: int) -> int:
        """Return the least of all processes' numbers."""
        number = torch.tensor([most])
        if dist.get_backend() == "nccl":
            number = number.cuda()
        dist.all_reduce(number, dist.ReduceOp.MIN)
        return int(number)

    def across(self, attend: Attend) -> Attend:
        """Return the attention of this process's tokens, computed for its heads of all tokens."""

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
        """Return all processes' tensors, [P, ...]."""
        parts = x.new_empty(self.count * x.shape[0], *x.shape[1:])
        dist.all_gather_into_tensor(parts, x.contiguous())
        result: Tensor = parts.unflatten(0, (self.count, -1))
        return result

    def _exchanged(self, parts: Tensor) -> Tensor:
        """Send each process its part, [P, ...], and return the parts for this one."""
        received = torch.empty_like(parts, memory_format=torch.contiguous_format)
        dist.all_to_all_single(received, parts.contiguous())
        return received

    def _in_order(self, parts: Tensor) -> Tensor:
        of_frames = parts.unflatten(2, (-1, self.tokens))  # [P, B, F, L / P, ...]
        result: Tensor = of_frames.movedim(0, 2).flatten(1, 3)
        return result


def meet(device: str) -> None:
    """Wait until all processes are there that `torchrun` started."""
    if not dist.is_initialized():
        backend = "cpu:gloo,cuda:nccl" if device == "cuda" else "gloo"
        dist.init_process_group(backend, timeout=PATIENCE)


def joined(devices: int, device: str, tokens: int, heads: int) -> Ulysses | None:
    """Meet the processes that share a world; return this one's share, None if it is alone."""
    if devices == 1:
        return None
    meet(device)
    return Ulysses(tokens, heads)


def card(device: str, number: int) -> str:
    """Return torch's name of a further card of this process; 0 is the device itself.

    >>> card("cuda", 2), card("cuda", 0), card("cpu", 1)
    ('cuda:2', 'cuda', 'cpu')
    """
    kind = device.partition(":")[0]
    return device if not number or kind == "cpu" else f"{kind}:{number}"


class Distant:
    """The `TokenSplit` of a network whose weights lie on another card than memory."""

    def __init__(self, own: str, home: str) -> None:
        self._own, self._home = own, home

    def part(self, x: Tensor) -> Tensor:
        """Return all tokens, on the weights' card."""
        return x.to(self._own)

    def across(self, attend: Attend) -> Attend:
        """Return the attention that is computed where memory lies."""

        def there_and_back(layer_index: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
            sent = (x.to(self._home, non_blocking=True) for x in (q, k, v))
            return attend(layer_index, *sent).to(q.device)

        return there_and_back

    def whole(self, x: Tensor) -> Tensor:
        """Return all tokens, where memory lies."""
        return x.to(self._home)
