"""A transformer whose passes are compiled graphs: memory is given and taken as tensors.

Keys and values are those of `DiT`, so each can read the other's. One product makes queries, keys
and values. Attention to the text is two products, whose matrices are computed once a prompt. Pairs
of channels are rotated by a product, too, because taking every other number is slow.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from mag_sandbox.model.compiled.graphs import (
    CompiledGraph,
    Graph,
    GraphCompiler,
    Node,
    constant,
    graph_input,
    linear,
    linear_layer,
    number,
    op,
    product,
    reshaped,
    split,
)
from mag_sandbox.model.config import DiTConfig
from mag_sandbox.model.dit import CrossAttention, DiT, Layer, SelfAttention, TextKeys, TextPair

ANY = -1  # size of an axis that differs from call to call


class KeysAndValues(NamedTuple):
    """Keys and values of all layers, [layers, N, M, D] each."""

    keys: Tensor
    values: Tensor


class Sizes(NamedTuple):
    """The numbers of tokens that a pass makes and that it reads from memory."""

    own: int = ANY
    kept: int = ANY


class GraphDiT:
    """The passes of a `DiT` over one item, all of it at one noise level and under one text.

    text = dit.text_keys(features)  # once a prompt
    flow = dit.flow(latents, 1000.0, text, rotary, kept, features)
    made = dit.remember(latents, 0.0, text, rotary, kept, features)

    Args:
        source: the network, in fp32.
        name: of the network, one of `NETWORKS`.
        compiler: of the graphs; keys and values are of its execution's dtype.
    """

    def __init__(self, source: DiT, name: str, compiler: GraphCompiler) -> None:
        self._source, self._name, self._compiler = source, name, compiler
        self.head, self._dtype = source.head, compiler.execution.dtype
        self._times: dict[float, tuple[Tensor, Tensor]] = {}
        self._graphs: dict[tuple[bool, Sizes], CompiledGraph] = {}

    def text_keys(self, features: Tensor) -> TextKeys:
        """Return the folded matrices of a text, [layers, ...] each; see `folded_text`."""
        text = self._source.text_embedding(features)
        folded = (folded_text(layer.cross_attn, text) for layer in self._source.layers)
        scores, mixes = zip(*folded, strict=True)
        return ((torch.stack(scores).to(self._dtype), torch.stack(mixes).to(self._dtype)),)

    def nothing(self) -> KeysAndValues:
        """Return an empty memory."""
        config = self._source.config
        shape = config.num_layers, config.num_heads, 0, config.head_dim
        return KeysAndValues(*(torch.empty(shape, dtype=self._dtype) for _ in range(2)))

    def prepare(self, *, remembers: bool, exact: Sequence[Sizes] = ()) -> None:
        """Begin to compile the graphs of `remember`, or those of `flow`.

        Graphs for exact sizes take less time a call, most of all those that read no memory. The
        last bits of a result depend on which sizes are compiled. Without `exact`, one graph for all
        sizes is compiled, which otherwise happens when another size comes up.
        """
        for sizes in exact or [Sizes()]:
            self._begun(remembers, sizes)

    def flow(
        self,
        latents: Tensor,
        timestep: float,
        text: TextKeys,
        rotary: Tensor,
        kept: KeysAndValues,
        features: Tensor | None = None,
    ) -> Tensor:
        """Return the flow, fp32 [1, F, C, H, W]; see `DiT`, with frames of one noise level."""
        tokens = self._tokens(latents, features)
        return self.flow_of_tokens(tokens, latents.shape, timestep, text, rotary, kept)

    def flow_of_tokens(
        self,
        tokens: Tensor,
        shape: torch.Size,
        timestep: float,
        text: TextKeys,
        rotary: Tensor,
        kept: KeysAndValues,
    ) -> Tensor:
        """Do as `flow` does for tokens that were embedded elsewhere, of latents of a shape."""
        made = torch.empty(1, tokens.shape[1], self._source.config.token_dim, dtype=self._dtype)
        _, head = self._time(timestep)
        given = self._given(tokens, timestep, text, rotary, kept)
        self._graph(False, tokens, kept)([*given, head], [made])
        return self._source.unpatchify(made.float(), shape)

    def remember(
        self,
        latents: Tensor,
        timestep: float,
        text: TextKeys,
        rotary: Tensor,
        kept: KeysAndValues,
        features: Tensor | None = None,
    ) -> KeysAndValues:
        """Return keys and values of frames, [layers, N, F * L, D] each; see `DiT`."""
        tokens = self._tokens(latents, features)
        layers, heads, _, size = kept.keys.shape
        made = KeysAndValues(
            *(kept.keys.new_empty(layers, heads, tokens.shape[1], size) for _ in range(2))
        )
        graph = self._graph(True, tokens, kept)
        graph(self._given(tokens, timestep, text, rotary, kept), made)
        return made

    def _tokens(self, latents: Tensor, features: Tensor | None) -> Tensor:
        """Return the first layer's input, fp32 [1, F * L, dim]."""
        return self._source.embed(latents, None if features is None else features.float())

    def _given(
        self, tokens: Tensor, timestep: float, text: TextKeys, rotary: Tensor, kept: KeysAndValues
    ) -> list[Tensor]:
        """Return a graph's inputs in the order of `_compiled`."""
        turned = rotary.expand(1, tokens.shape[1], 1, -1).transpose(1, 2)  # [1, 1, L, D / 2]
        both = (part.repeat_interleave(2, dim=-1) for part in (turned.real, turned.imag))
        layers, _ = self._time(timestep)
        given = (tokens, *both, layers, *text[0], *kept)
        return [x.to(self._dtype).contiguous() for x in given]

    def _time(self, timestep: float) -> tuple[Tensor, Tensor]:
        """Return the modulation by a noise level: layers [layers, 6, dim], head [2, dim]."""
        if timestep not in self._times:
            time = self._source.embed_time(torch.full((1, 1), timestep))
            layers = torch.stack([torch.cat(one, dim=2)[0, 0] for one in time.modulations])
            head = (time.head + self.head.modulation)[0, 0] + torch.tensor([[0.0], [1.0]])
            self._times[timestep] = layers.to(self._dtype), head[None].to(self._dtype)
        return self._times[timestep]

    def _graph(self, remembers: bool, tokens: Tensor, kept: KeysAndValues) -> CompiledGraph:
        """Return the graph that runs a pass of such sizes."""
        own, others = tokens.shape[1], kept.keys.shape[2]
        known = (self._graphs.get((remembers, exact)) for exact in (Sizes(own, others), Sizes(own)))
        return next(filter(None, known), None) or self._begun(remembers, Sizes())

    def _begun(self, remembers: bool, sizes: Sizes) -> CompiledGraph:
        """Return the graph for passes of some sizes, which is compiled but once."""
        which = remembers, sizes
        if which not in self._graphs:
            write = partial(_written, self._source, sizes, remembers)
            self._graphs[which] = self._compiler.compile(self._name, write, which)
        return self._graphs[which]


def _written(source: DiT, sizes: Sizes, remembers: bool) -> Graph:
    config, layers = source.config, source.config.num_layers
    tokens, times = graph_input(1, sizes.own, config.dim), graph_input(layers, 6, config.dim)
    turns = [graph_input(1, 1, sizes.own, config.head_dim) for _ in range(2)]
    scores, mixes = graph_input(layers, ANY, config.dim), graph_input(layers, config.dim, ANY)
    kept = [graph_input(layers, config.num_heads, sizes.kept, config.head_dim) for _ in range(2)]
    inputs = [tokens, *turns, times, scores, mixes, *kept]
    per_layer = zip(*(split(x, 0, layers) for x in (times, scores, mixes, *kept)), strict=True)
    x = tokens
    made: list[tuple[Node, Node]] = []
    for layer, (time, score, mix, keys, values) in zip(source.layers, per_layer, strict=True):
        graph = _LayerGraph(config, layer, f"layer {len(made)}", split(time, 1, 6), *turns)
        q, k, v = graph.project(x)
        made.append((k, v))
        if remembers and len(made) == layers:
            break
        if sizes.kept:
            k, v = op.concat([k, keys], 2), op.concat([v, values], 2)
        x = graph.attend(x, q, k, v)
        x = graph.feed(graph.read(x, score, mix))
    if remembers:
        kept = [op.concat(list(of_layers), 0) for of_layers in zip(*made, strict=True)]
        return inputs, kept
    head = graph_input(1, 2, config.dim)
    shift, scale = split(head, 1, 2)
    flow = linear_layer(_modulated(x, shift, scale, config.eps), source.head.head)
    return [*inputs, head], [flow]


@dataclass(frozen=True, slots=True)
class _LayerGraph:
    """The computation of a `Layer` on tokens, [1, L, dim]."""

    config: DiTConfig
    layer: Layer
    name: str
    time: list[Node]  # `Modulation`, [1, 1, dim] each
    cos: Node  # [1, 1, L, D], each number twice
    sin: Node

    def project(self, x: Node) -> tuple[Node, Node, Node]:
        """Return queries, keys and values, [1, N, L, D] each."""
        own, (shift, scale, *_) = self.layer.self_attn, self.time
        seen = _modulated(x, shift, scale, self.config.eps)
        qkv = linear(seen, *joined_projections(own), name=f"{self.name} qkv")
        q, k, v = split(qkv, 2, 3)
        of_queries = own.norm_q.weight * self.config.head_dim**-0.5  # so scores are scaled
        return self._turned(q, of_queries), self._turned(k, own.norm_k.weight), self._heads(v)

    def attend(self, x: Node, q: Node, keys: Node, values: Node) -> Node:
        """Return the tokens after self-attention."""
        mixed = product(op.softmax(product(q, keys, turned=True), 3), values)
        mixed = reshaped(op.transpose(mixed, [0, 2, 1, 3]), 0, 0, self.config.dim)
        made = linear_layer(mixed, self.layer.self_attn.o, name=f"{self.name} o")
        return op.add(x, op.multiply(self.time[2], made))

    def read(self, x: Node, score: Node, mix: Node) -> Node:
        """Return the tokens after attention to the text; see `folded_text`."""
        cross, norm = self.layer.cross_attn, self.layer.norm3
        normed = op.add(
            op.multiply(_normed(x, self.config.eps), constant(norm.weight)), constant(norm.bias)
        )
        asked = linear_layer(normed, cross.q, name=f"{self.name} text q")
        scores = product(asked, score, turned=True)
        scores = reshaped(op.divide(scores, self._root(asked)), 0, 0, self.config.num_heads, -1)
        shares = reshaped(op.softmax(scores, 3), 0, 0, -1)
        found = product(shares, mix, turned=True)
        return op.add(x, op.add(found, constant(cross.o.get_parameter("bias"))))

    def feed(self, x: Node) -> Node:
        """Return the layer's output."""
        inner, _, outer = self.layer.ffn
        *_, shift, scale, gate = self.time
        how = "ERF" if self.config.gelu == "none" else "TANH"
        seen = _modulated(x, shift, scale, self.config.eps)
        y = op.gelu(linear_layer(seen, inner, name=f"{self.name} in"), how)
        return op.add(x, op.multiply(gate, linear_layer(y, outer, name=f"{self.name} out")))

    def _heads(self, x: Node) -> Node:
        """Return [1, N, L, D] of [1, L, dim]."""
        return op.transpose(reshaped(x, 0, 0, self.config.num_heads, -1), [0, 2, 1, 3])

    def _turned(self, x: Node, weight: Tensor) -> Node:
        """Return queries or keys, normed, weighted and rotated, [1, N, L, D], of [1, L, dim]."""
        x = self._heads(op.multiply(op.divide(x, self._root(x)), constant(weight)))
        swap = torch.zeros(self.config.head_dim, self.config.head_dim)
        for even in range(0, self.config.head_dim, 2):
            swap[even, even + 1], swap[even + 1, even] = -1.0, 1.0
        return op.add(op.multiply(x, self.cos), op.multiply(linear(x, swap), self.sin))

    def _root(self, x: Node) -> Node:
        """Return the root mean square of tokens, [1, L, 1]."""
        mean = op.reduce_mean(op.multiply(x, x), [2], keep_dims=True)
        return op.sqrt(op.add(mean, number(self.config.eps)))


def _modulated(x: Node, shift: Node, scale: Node, eps: float) -> Node:
    """Return rows of the last axis normed, scaled and shifted."""
    return op.add(op.multiply(_normed(x, eps), scale), shift)


def _normed(x: Node, eps: float) -> Node:
    """Return rows of the last axis, normed, [1, L, dim]."""
    return op.mvn(x, op.constant([2]), normalize_variance=True, eps=eps, eps_mode="INSIDE_SQRT")


def joined_projections(source: SelfAttention) -> tuple[Tensor, Tensor]:
    """Return weights, [3 * dim, dim], and biases, [3 * dim], of queries, keys and values."""
    parts = source.q, source.k, source.v
    weight, bias = (
        torch.cat([part.get_parameter(name) for part in parts]) for name in ("weight", "bias")
    )
    return weight, bias


def folded_text(source: CrossAttention, text: Tensor) -> TextPair:
    """Return attention to a text as two matrices over all heads at once.

    The text's keys become one block-diagonal matrix, with the norm of the queries and the softmax
    scale multiplied in; its values are projected beforehand. The root mean square of a query is one
    number and scales its scores. Pays where heads times rows of text are no more than the width.

    Args:
        source: attention to texts.
        text: one embedded text, [1, M, dim].

    Returns:
        fp32, from queries to scores, [N * M, dim], and from weights to the output, [dim, N * M].

    Raises:
        ValueError: there is more than one text.
    """
    if len(text) != 1:
        raise ValueError(f"{len(text)} texts at once; folded text takes one")
    keys, values = (x[0].float() for x in source.text_keys(text))  # [M, N, D]
    heads, size = source.heads
    apart = torch.eye(heads, device=keys.device)
    scores = torch.einsum("mnd,np->nmpd", keys, apart).reshape(-1, heads * size)
    scores = scores * source.norm_q.weight.float() * size**-0.5
    output = source.o.get_parameter("weight").float().unflatten(1, (heads, size))
    return scores, torch.einsum("mnd,ond->onm", values, output).flatten(1)
