"""The sketcher: a causal transformer that draws the codes of a view, one tile after the other.

Each step knows what was drawn so far, and where, and where it draws next; tiles may come in any
order. Keys are turned by the place of the tile they tell of, queries by the place of the tile to be
drawn, so that what is seen depends on how far things are from there. Knows nothing of pictures.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from mag_sandbox.model.attention import AttentionKernel
from mag_sandbox.model.imagination.config import CausalConfig, SketcherConfig
from mag_sandbox.model.imagination.objects import NUMBERS, VARIANTS, ToldObjects
from mag_sandbox.model.rope import rotate

Attend = Callable[[int, Tensor, Tensor, Tensor], Tensor]  # layer, q, k, v -> [B, L, N, D]
TextKeys = tuple[tuple[Tensor, Tensor] | None, ...]  # of each layer, where it reads the text

EPS = 1e-6


class Turns(NamedTuple):
    """Rotary coordinates of steps, complex64 [1, L, 1, D / 2]."""

    queries: Tensor  # of the tiles to be drawn
    keys: Tensor  # of the tiles drawn before them


class SketcherLayer(nn.Module):
    """Attention to the steps so far, to the text where this layer reads it, and a feed-forward."""

    def __init__(self, config: CausalConfig, *, reads_text: bool) -> None:
        super().__init__()
        dim = config.dim
        self.heads = (config.num_heads, config.head_dim)
        self.norm_self = nn.LayerNorm(dim)
        self.qkv = nn.Linear(dim, 3 * dim, bias=False)
        self.out = nn.Linear(dim, dim, bias=False)
        self.reads_text = reads_text
        if reads_text:
            self.norm_text = nn.LayerNorm(dim)
            self.text_query = nn.Linear(dim, dim, bias=False)
            self.text_pairs = nn.Linear(dim, 2 * dim, bias=False)  # keys and values
            self.text_out = nn.Linear(dim, dim, bias=False)
        self.norm_inner = nn.LayerNorm(dim)
        self.inner = nn.Linear(dim, config.ffn_dim)
        self.outer = nn.Linear(config.ffn_dim, dim)

    def text_keys(self, text: Tensor) -> tuple[Tensor, Tensor] | None:
        """Return keys and values of embedded text, each [B, M, N, D]."""
        if not self.reads_text:
            return None
        keys, values = self.text_pairs(text).unflatten(-1, (2, *self.heads)).unbind(2)
        return unit(keys), values

    def forward(
        self,
        x: Tensor,
        turns: Turns,
        text: tuple[Tensor, Tensor] | None,
        attend: Attend,
        kernel: AttentionKernel,
        layer_index: int,
    ) -> Tensor:
        """Return the layer's output, [B, L, dim]."""
        q, k, v = self.qkv(self.norm_self(x)).unflatten(-1, (3, *self.heads)).unbind(2)
        q, k = rotate(unit(q), turns.queries), rotate(unit(k), turns.keys)
        x = x + self.out(attend(layer_index, q, k, v).flatten(2))
        if text is not None:
            q = unit(self.text_query(self.norm_text(x)).unflatten(-1, self.heads))
            x = x + self.text_out(kernel(q, *text).flatten(2))
        return x + self.outer(functional.gelu(self.inner(self.norm_inner(x))))


def unit(x: Tensor) -> Tensor:
    """Return vectors of length sqrt(2 D): as long as the softmax needs to be able to decide."""
    scale = torch.linalg.vector_norm(x, dim=-1, keepdim=True, dtype=torch.float32)
    return x * (math.sqrt(2 * x.shape[-1]) / (scale + EPS)).to(x.dtype)


class FieldHead(nn.Module):
    """Draws several numbers, one after the other, from what a transformer makes of a step.

    Args:
        dim: of the transformer.
        sizes: how many values each number can have.
    """

    def __init__(self, dim: int, sizes: Sequence[int]) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.inner = nn.ModuleList(nn.Linear(dim, dim) for _ in sizes)
        self.outer = nn.ModuleList(nn.Linear(dim, size) for size in sizes)
        self.drawn = nn.ModuleList(nn.Embedding(size, dim) for size in sizes[:-1])

    def forward(self, x: Tensor, codes: Tensor) -> list[Tensor]:
        """Return the logits of all numbers, each knowing those before it.

        Args:
            x: from the transformer, [B, L, dim].
            codes: the numbers that are to be drawn, int64 [B, L, numbers].
        """
        state = self.norm(x)
        logits = [self.logits(state, 0)]
        for index in range(1, len(self.inner)):
            state = self.follow(state, codes[..., index - 1], index - 1)
            logits.append(self.logits(state, index))
        return logits

    def logits(self, state: Tensor, index: int) -> Tensor:
        """Return the logits of a number, [..., values]."""
        return self.outer[index](functional.gelu(self.inner[index](state)))

    def follow(self, state: Tensor, code: Tensor, index: int) -> Tensor:
        """Return the state once a number is drawn."""
        return state + self.drawn[index](code)


class Sketcher(nn.Module):
    """Logits of the codes of tiles in any order.

    sketcher = Sketcher(SketcherConfig(), matmul_attention)
    text = sketcher.text_keys(features)  # once a prompt
    logits = sketcher(codes, order, text, told)
    """

    def __init__(self, config: SketcherConfig, kernel: AttentionKernel) -> None:
        super().__init__()
        self.config, self.kernel = config, kernel
        dim, codes = config.dim, config.codes_per_tile
        self.start = nn.Parameter(torch.zeros(dim))
        self.content = nn.ModuleList(nn.Embedding(config.code_count, dim) for _ in range(codes))
        self.row = nn.Embedding(config.tile_grid[0], dim)  # of the tile to be drawn: the horizon
        self.kind = nn.Embedding(config.object_kinds, config.object_dim)
        self.variant = nn.Embedding(VARIANTS, config.object_dim)
        self.object_inner = nn.Linear(config.object_dim + NUMBERS, dim)
        self.object_outer = nn.Linear(dim, dim, bias=False)
        self.text_embedding = nn.Linear(config.text_dim, dim)
        self.layers = nn.ModuleList(
            SketcherLayer(config, reads_text=index % config.text_every == 0)
            for index in range(config.num_layers)
        )
        self.head = FieldHead(dim, [config.code_count] * codes)
        self._initialise()

    def _initialise(self) -> None:
        for table in (*self.content, *self.head.drawn):
            nn.init.normal_(table.weight, std=0.5)
        nn.init.normal_(self.row.weight, std=0.1)
        nn.init.zeros_(self.object_outer.weight)
        for layer in self.stack:
            for output in (layer.out, layer.outer, *([layer.text_out] if layer.reads_text else [])):
                nn.init.zeros_(output.weight)

    @property
    def stack(self) -> Sequence[SketcherLayer]:
        """The layers, for those who ask more of them than to be called."""
        return cast(Sequence[SketcherLayer], self.layers)

    def text_keys(self, features: Tensor) -> TextKeys:
        """Return every layer's keys and values of text features, [B, text_len, text_dim]."""
        text = self.text_embedding(features)
        return tuple(layer.text_keys(text) for layer in self.stack)

    def forward(
        self, codes: Tensor, rows: Tensor, turns: Turns, text: TextKeys, told: ToldObjects
    ) -> list[Tensor]:
        """Return the logits of each code of each tile, [B, L, code_count] each.

        Every tile knows those before it.

        Args:
            codes: of the tiles, int64 [B, L, codes].
            rows: of the tiles, int64 [B, L].
            turns: of the tiles.
            text: `text_keys` of the prompts.
            told: what tiles are told of objects, as tensors, [B, L, ...].
        """
        before = torch.cat((self.start.expand(len(codes), 1, -1), self.embed(codes[:, :-1])), dim=1)
        steps = codes.shape[1]
        later = torch.full((steps, steps), -torch.inf, device=codes.device).triu(1)

        def attend(_layer: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
            return self.kernel(q, k, v, later.to(q.dtype))

        x = before + self.place(rows, told)
        return self.head(self.through(x, turns, text, attend), codes)

    def embed(self, codes: Tensor) -> Tensor:
        """Return tiles as vectors, [..., codes] -> [..., dim]."""
        return sum(table(codes[..., index]) for index, table in enumerate(self.content))

    def place(self, rows: Tensor, told: ToldObjects) -> Tensor:
        """Return what is known of tiles before they are drawn, [..., dim]."""
        looks = self.kind(told.kinds) + self.variant(told.variants)
        inner = self.object_inner(torch.cat((looks, told.numbers.to(looks.dtype)), dim=-1))
        objects = self.object_outer(functional.gelu(inner))
        there = (told.kinds > 0)[..., None].to(objects.dtype)
        return self.row(rows) + (objects * there).sum(dim=-2)

    def through(self, x: Tensor, turns: Turns, text: TextKeys, attend: Attend) -> Tensor:
        """Return steps after all layers, [B, L, dim]."""
        for index, layer in enumerate(self.layers):
            x = layer(x, turns, text[index], attend, self.kernel, index)
        return x


def tile_turns(tiles: np.ndarray, config: SketcherConfig) -> Turns:
    """Return the rotary coordinates of tiles in the order in which they are drawn.

    Args:
        tiles: int64 [tiles, 2]: row and (unwrapped) column.
        config: of the sketcher.
    """
    return turns_between(tiles * np.array([config.tile_rows, 1]), config)


def turns_between(places: np.ndarray, config: CausalConfig) -> Turns:
    """Return the rotary coordinates of steps that draw what is at places [steps, 2]."""
    shortest, longest = config.rotary_periods
    pairs = config.head_dim // 4  # an axis
    periods = shortest * (longest / shortest) ** (np.arange(pairs) / (pairs - 1))
    angles = (places[:, :, None] * (2 * math.pi / periods)).reshape(len(places), -1)
    queries = torch.polar(torch.ones(angles.shape), torch.from_numpy(angles).float())
    queries = queries[None, :, None]  # [1, L, 1, D / 2]
    return Turns(queries, torch.cat((queries[:, :1], queries[:, :-1]), dim=1))
