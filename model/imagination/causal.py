"""Parts of a causal transformer that reads text and draws several numbers a step."""

import math
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from mag_sandbox.model.attention import AttentionKernel
from mag_sandbox.model.imagination.config import PlannerConfig
from mag_sandbox.model.rope import rotate

Attend = Callable[[int, Tensor, Tensor, Tensor], Tensor]  # layer, q, k, v -> [B, L, N, D]
TextKeys = tuple[tuple[Tensor, Tensor], ...]  # of each layer

EPS = 1e-6
_HEADS, _WIDTH = 4, 32  # of `PlaceHead`


class CausalLayer(nn.Module):
    """Attention to the steps so far and to the text, and a feed-forward."""

    def __init__(self, config: PlannerConfig) -> None:
        super().__init__()
        dim = config.dim
        self.heads = (config.num_heads, config.head_dim)
        self.norm_self = nn.LayerNorm(dim)
        self.qkv = nn.Linear(dim, 3 * dim, bias=False)
        self.out = nn.Linear(dim, dim, bias=False)
        self.norm_text = nn.LayerNorm(dim)
        self.text_query = nn.Linear(dim, dim, bias=False)
        self.text_pairs = nn.Linear(dim, 2 * dim, bias=False)  # keys and values
        self.text_out = nn.Linear(dim, dim, bias=False)
        self.norm_inner = nn.LayerNorm(dim)
        self.inner = nn.Linear(dim, config.ffn_dim)
        self.outer = nn.Linear(config.ffn_dim, dim)

    def text_keys(self, text: Tensor) -> tuple[Tensor, Tensor]:
        """Return keys and values of embedded text, each [B, M, N, D]."""
        keys, values = self.text_pairs(text).unflatten(-1, (2, *self.heads)).unbind(2)
        return unit(keys), values

    def forward(
        self,
        x: Tensor,
        rotary: Tensor,
        text: tuple[Tensor, Tensor],
        attend: Attend,
        kernel: AttentionKernel,
        layer_index: int,
    ) -> Tensor:
        """Return the layer's output, [B, L, dim].

        `text` is [T, M, N, D] each; where T is less than B, runs of B / T sequences read the same.
        """
        q, k, v = self.qkv(self.norm_self(x)).unflatten(-1, (3, *self.heads)).unbind(2)
        q, k = rotate(unit(q), rotary), rotate(unit(k), rotary)
        x = x + self.out(attend(layer_index, q, k, v).flatten(2))
        q = unit(self.text_query(self.norm_text(x)).unflatten(-1, self.heads))
        q = q.reshape(
            len(text[0]), -1, *self.heads
        )  # those that read the same text as one sequence
        x = x + self.text_out(kernel(q, *text).reshape(x.shape))
        result: Tensor = x + self.outer(functional.gelu(self.inner(self.norm_inner(x))))
        return result


def unit(x: Tensor) -> Tensor:
    """Return vectors of length sqrt(2 D): as long as the softmax needs to be able to decide."""
    scale = torch.linalg.vector_norm(x, dim=-1, keepdim=True, dtype=torch.float32)
    result: Tensor = x * (math.sqrt(2 * x.shape[-1]) / (scale + EPS)).to(x.dtype)
    return result


class DifferenceReference(NamedTuple):
    """The numbers of an earlier step, from which differences are counted."""

    numbers: Tensor  # int64 [..., fields]
    there: Tensor  # whether there is such a step, bool [...]


class StepHistory(NamedTuple):
    """Content and relative position of earlier steps."""

    content: Tensor  # of all steps, [B, J, dim]
    apart: Tensor  # places from where a step begins to each of those before, int64 [B, L, J]
    alike: Tensor  # whether both are of a kind, bool [B, L, J]
    before: Tensor  # whether it is before the step, bool [L, J]


class PlaceHead(nn.Module):
    """How likely each place around is by its distances from what stands there already.

    Every head chooses among the steps before, and says at which distances from the chosen the next
    one likely stands: a quarter on, beside it, or nowhere near.

    Args:
        dim: of the transformer.
        places: around the ring.
    """

    def __init__(self, dim: int, places: int) -> None:
        super().__init__()
        self._places = places
        self.query = nn.Linear(dim, _HEADS * _WIDTH)
        self.key = nn.Linear(dim, _HEADS * _WIDTH, bias=False)
        self.alike = nn.Parameter(torch.tensor([4.0, 0.0] * (_HEADS // 2)))
        self.inner = nn.Linear(dim, dim)
        self.likely = nn.Linear(dim, _HEADS * places)
        nn.init.zeros_(self.likely.weight)
        nn.init.zeros_(self.likely.bias)

    def forward(self, state: Tensor, history: StepHistory) -> Tensor:
        """Return logits of places, from where a step begins, [B, L, places].

        Args:
            state: of each step once its kind is known, [B, L, dim].
            history: the earlier steps.
        """
        shape = _HEADS, -1
        queries = self.query(state).unflatten(-1, shape).transpose(1, 2)  # [B, N, L, D]
        keys = self.key(history.content).unflatten(-1, shape).transpose(1, 2)
        scores = (queries @ keys.mT).float() / math.sqrt(keys.shape[-1])
        scores = scores + self.alike[:, None, None] * history.alike[:, None]
        scores = scores.masked_fill(~history.before, -torch.inf)
        none = scores.new_zeros(*scores.shape[:-1], 1)  # a head may choose nothing
        shares = torch.cat((scores, none), dim=-1).softmax(dim=-1)[..., :-1]
        there = shares.new_zeros(*shares.shape[:-1], self._places)
        there = there.scatter_add(-1, history.apart[:, None].expand_as(shares), shares)
        likely = self.likely(functional.gelu(self.inner(state))).float()
        likely = likely.unflatten(-1, shape).transpose(1, 2)
        # places that are chosen, times distances from them, added up: a circular convolution
        spectra = torch.fft.rfft(there) * torch.fft.rfft(likely)
        result: Tensor = torch.fft.irfft(spectra.sum(dim=1), n=self._places)
        return result


class FieldHead(nn.Module):
    """Draws several numbers, one after the other, from what a transformer makes of a step.

    Each but the first is told by how likely it is, and by how likely its distance is from the
    number it is likened to, digit by digit: so what repeats itself need not be learned by heart.

    Args:
        dim: of the transformer.
        digits: of each number: how many values each of its digits has, the highest digit first.
        around: which numbers go around: their last value is followed by the first.
    """

    def __init__(
        self, dim: int, digits: Sequence[tuple[int, ...]], around: Collection[int]
    ) -> None:
        super().__init__()
        self._digits, self._around = tuple(digits), frozenset(around)
        sizes = [math.prod(each) for each in digits]
        self.norm = nn.LayerNorm(dim)
        self.inner = nn.ModuleList(nn.Linear(dim, dim) for _ in sizes)
        self.outer = nn.ModuleList(nn.Linear(dim, size) for size in sizes)
        self.drawn = nn.ModuleList(nn.Embedding(size, dim) for size in sizes[:-1])
        self.like = nn.ModuleList(nn.Embedding(sum(each), dim) for each in digits[1:])
        self.apart = nn.ModuleList(
            nn.Linear(dim, sum(self._steps(index)), bias=False) for index in range(1, len(sizes))
        )
        for layer in (*self.like, *self.apart):
            nn.init.zeros_(layer.weight)

    def logits(self, state: Tensor, index: int, reference: DifferenceReference) -> Tensor:
        """Return the logits of a number, [..., values]."""
        hidden = functional.gelu(self.inner[index](state))
        logits: Tensor = self.outer[index](hidden)
        if index == 0:
            return logits
        apart = self.apart[index - 1](hidden) * reference.there[..., None]
        total = logits.new_zeros(*logits.shape[:-1], 1)
        parts = apart.split(self._steps(index), dim=-1)
        each = zip(parts, self._split(reference.numbers[..., index], index), strict=True)
        for size, (part, like) in zip(self._digits[index], each, strict=True):
            steps = torch.arange(size, device=like.device) - like[..., None]
            steps = steps % size if index in self._around else steps + size - 1
            total = (total[..., None] + part.gather(-1, steps)[..., None, :]).flatten(-2)
        result: Tensor = logits + total
        return result

    def follow(self, state: Tensor, number: Tensor, index: int) -> Tensor:
        """Return the state once a number is drawn."""
        result: Tensor = state + self.drawn[index](number)
        return result

    def refer(self, state: Tensor, reference: DifferenceReference) -> Tensor:
        """Return the state once it is known what all but the first number are likened to."""
        for index, table in enumerate(self.like, 1):
            first, told = 0, torch.zeros_like(state)
            digits = self._split(reference.numbers[..., index], index)
            for size, digit in zip(self._digits[index], digits, strict=True):
                told = told + table(first + digit)
                first += size
            state = state + told * reference.there[..., None]
        return state

    def _steps(self, index: int) -> list[int]:
        """Return the number of distances of each digit."""
        around = index in self._around
        return [size if around else 2 * size - 1 for size in self._digits[index]]

    def _split(self, number: Tensor, index: int) -> list[Tensor]:
        digits = []
        for size in reversed(self._digits[index]):
            digits.append(number % size)
            number = number // size
        return digits[::-1]


class KeyCache:
    """Keys and values of the steps so far, [layers, B * N, steps, D] each."""

    def __init__(self, config: PlannerConfig, batch: int, steps: int) -> None:
        self._heads, self._scale = config.num_heads, config.head_dim**-0.5
        shape = (config.num_layers, batch * self._heads, steps, config.head_dim)
        self._keys, self._values = torch.empty(2, *shape)
        self.steps = 0  # that all layers have added

    def attend(self, layer: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Add the keys and values of new steps; return what each finds in itself and before.

        Args:
            layer: index of the layer.
            q: queries, [B, L, N, D]; keys and values likewise.
            k: keys.
            v: values.
        """
        count, dtype = q.shape[1], q.dtype
        q, k, v = (x.float().transpose(1, 2).flatten(0, 1) for x in (q, k, v))  # [B * N, L, D]
        later = torch.full((count, self.steps + count), -torch.inf).triu(self.steps + 1)
        end = self.steps + count
        self._keys[layer, :, self.steps : end] = k
        self._values[layer, :, self.steps : end] = v
        scores = torch.bmm(q, self._keys[layer, :, :end].transpose(1, 2)) * self._scale + later
        mixed = torch.bmm(scores.softmax(dim=-1), self._values[layer, :, :end])
        result: Tensor = mixed.unflatten(0, (-1, self._heads)).transpose(1, 2).to(dtype)
        return result


def choose(logits: Tensor, shares: Tensor, top_p: float) -> Tensor:
    """Return values by their probability, each among the likeliest that make up `top_p`.

    Args:
        logits: of each value, [B, values].
        shares: in [0, 1): which of them, by the share of the probability that comes before, [B].
        top_p: in (0, 1].

    Source: nucleus sampling, arXiv 1904.09751.
    """
    likely, values = torch.softmax(logits, dim=-1).sort(descending=True)
    below = likely.cumsum(dim=-1)
    last = (below < top_p).sum(dim=-1, keepdim=True).clamp(max=below.shape[-1] - 1)
    before = (below <= shares[:, None] * below.gather(-1, last)).sum(dim=-1, keepdim=True)
    return values.gather(-1, torch.minimum(before, last))[:, 0]
