"""Single steps of the sketcher in few, large operations, and the keys and values of steps so far.

The numbers that `Sketcher.through` gives, sooner: queries and keys are normalised and turned
together, weights are rounded to eight bits, and attention reads keys and values in fp32: for one
query that is several times as fast as in bf16.
"""

import math
from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from mag_sandbox.model.fused import Projection, linear, packs_here
from mag_sandbox.model.imagination.config import CausalConfig
from mag_sandbox.model.imagination.sketcher import EPS, Sketcher, SketcherLayer, TextKeys, Turns


class KeyCache:
    """Keys and values of the steps so far, [layers, B * N, steps, D] each."""

    def __init__(self, config: CausalConfig, batch: int, steps: int) -> None:
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
        mixed = self.read(layer, q, k, v, later)
        return mixed.unflatten(0, (-1, self._heads)).transpose(1, 2).to(dtype)

    def read(
        self, layer: int, q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None = None
    ) -> Tensor:
        """Do as `attend` does, in fp32 [B * N, L, D]; `bias` is added to the scores."""
        end = self.steps + q.shape[1]
        self._keys[layer, :, self.steps : end] = k
        self._values[layer, :, self.steps : end] = v
        keys = self._keys[layer, :, :end].transpose(1, 2)
        scores = torch.bmm(q, keys) * self._scale
        if bias is not None:
            scores = scores + bias
        return torch.bmm(scores.softmax(dim=-1), self._values[layer, :, :end])


class Stepper:
    """Takes steps of a sketcher.

    stepper = Stepper(sketcher)
    text = stepper.text(sketcher.text_keys(features))
    state = stepper(x, turn, text, cache)
    """

    def __init__(self, sketcher: Sketcher) -> None:
        self._layers = [_Layer(layer) for layer in sketcher.stack]
        self._head = sketcher.head
        self._code = [
            (_projection(cast(nn.Linear, inner)), _projection(cast(nn.Linear, outer)))
            for inner, outer in zip(sketcher.head.inner, sketcher.head.outer, strict=True)
        ]

    def text(self, keys: TextKeys) -> list[tuple[Tensor, Tensor] | None]:
        """Return the text's keys [B * N, D, M] and values [B * N, M, D] of each layer."""
        return [
            None if pair is None else (
                pair[0].float().permute(0, 2, 3, 1).flatten(0, 1).contiguous(),
                pair[1].float().transpose(1, 2).flatten(0, 1).contiguous(),
            )
            for pair in keys
        ]  # fmt: skip

    def turns(self, turns: Turns, heads: int) -> Tensor:
        """Return turns of queries and keys together, complex64 [L, 2 N, D / 2]."""
        both = torch.cat(
            (turns.queries.expand(-1, -1, heads, -1), turns.keys.expand(-1, -1, heads, -1)), dim=2
        )
        return both[0].contiguous()

    def __call__(
        self, x: Tensor, turn: Tensor, text: list[tuple[Tensor, Tensor] | None], cache: KeyCache
    ) -> Tensor:
        """Return one step after all layers, [B, dim].

        Args:
            x: what enters the first layer, [B, dim].
            turn: of this step, [2 N, D / 2].
            text: of each layer.
            cache: of the steps before; this one is added.
        """
        for index, layer in enumerate(self._layers):
            x = layer(x, turn, text[index], cache, index)
        cache.steps += 1
        return x

    def tile(self, state: Tensor, choose: Callable[[int, Tensor], int]) -> list[int]:
        """Return the codes of one tile, each chosen from its logits, [B, code_count] in fp32.

        Args:
            state: after all layers, [B, dim].
            choose: takes a code's index and its logits.
        """
        codes: list[int] = []
        state = self._head.norm(state)
        for index, (inner, outer) in enumerate(self._code):
            if index:
                state = self._head.follow(state, torch.tensor(codes[-1]), index - 1)
            logits = outer(functional.gelu(inner(state)))
            codes.append(choose(index, logits.float()))
        return codes


class _Layer:
    def __init__(self, layer: SketcherLayer) -> None:
        self._layer, (self._heads, self._size) = layer, layer.heads
        self._scale = math.sqrt(2 * self._size)
        self._qkv, self._out = _projection(layer.qkv), _projection(layer.out)
        self._inner, self._outer = _projection(layer.inner), _projection(layer.outer)
        if layer.reads_text:
            self._query = _projection(layer.text_query)
            self._text_out = _projection(layer.text_out)

    def __call__(
        self,
        x: Tensor,
        turn: Tensor,
        text: tuple[Tensor, Tensor] | None,
        cache: KeyCache,
        index: int,
    ) -> Tensor:
        batch, dim = x.shape
        layer, heads, size = self._layer, self._heads, self._size
        joint = self._qkv(layer.norm_self(x)).float().view(batch, 3 * heads, size)
        both = joint[:, : 2 * heads].unflatten(-1, (size // 2, 2))
        turned = torch.view_as_real(torch.view_as_complex(both) * turn).flatten(2)
        both = self._unit(turned)  # turning changes no length
        q, k, v = (
            part.reshape(-1, 1, size)
            for part in (both[:, :heads], both[:, heads:], joint[:, 2 * heads :])
        )
        x = x + self._out(cache.read(index, q, k, v).view(batch, dim).to(x.dtype))
        if text is not None:
            keys, values = text
            q = self._unit(self._query(layer.norm_text(x)).float().view(-1, 1, size))
            scores = torch.bmm(q, keys) * size**-0.5
            read = torch.bmm(scores.softmax(dim=-1), values).view(batch, dim)
            x = x + self._text_out(read.to(x.dtype))
        return x + self._outer(functional.gelu(self._inner(layer.norm_inner(x))))

    def _unit(self, x: Tensor) -> Tensor:
        return x * (self._scale / (torch.linalg.vector_norm(x, dim=-1, keepdim=True) + EPS))


def _projection(source: nn.Linear) -> Projection:
    """Return a projection of single steps, as fast as there is one here.

    A step reads every weight for two rows of numbers, so its time is that of their bytes: in bf16
    on a processor they are rounded to eight bits, with a scale for each output.
    """
    weight, bias = source.weight.detach(), source.bias
    if not packs_here(weight):
        return linear(weight, bias)
    levels, scale = eight_bits(weight)
    offset = torch.zeros_like(scale) if bias is None else bias.detach()
    return lambda x: torch._weight_int8pack_mm(x, levels, scale) + offset


def eight_bits(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return a matrix as int8 levels and a bf16 scale for each of its rows."""
    scale = (weight.float().abs().amax(dim=1) / 127).bfloat16()
    levels = weight.float() / scale.float().clamp(min=1e-12)[:, None]
    return levels.round().clamp(-127, 127).to(torch.int8), scale
