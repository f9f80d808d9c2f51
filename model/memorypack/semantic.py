"""SemanticPack's long-term memory: psi, a handful of tokens that every block rewrites.

psi_0 is the prompt's and the reference image's features. *Memorize* looks at the frames of one
block together and makes them compact; *Squeeze* brings psi and these together by cross-attention:
psi_(n+1) = Squeeze(psi_n, Memorize(x^n)). Cost is linear in the length of the video, and psi never
grows: the output of Squeeze is normalised.

Source: arXiv 2510.01784, equation 1 and figure 6; depth, norms and places are ours.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from mag_sandbox.model.attention import AttentionKernel
from mag_sandbox.model.config import DiTConfig
from mag_sandbox.model.dit import Attention, RMSNorm
from mag_sandbox.model.memorypack.config import PackConfig
from mag_sandbox.model.memorypack.packing import CellEmbedding, Grid, LatentFrames, Places, Tokens
from mag_sandbox.model.rope import feature_count, rotate


class SemanticState(NamedTuple):
    """The long-term memory of B videos."""

    psi: Tokens
    guide: Tokens  # psi_0, which stays readable: otherwise prompt and image fade with n
    start: Tensor  # time of the video's start, [1]
    updates: int = 0

    def arrays(self) -> dict[str, Tensor]:
        """Return the tensors of the state, by the names under which they are saved."""
        return {"psi": self.psi.values, "turns": torch.view_as_real(self.psi.rotary)}

    def loaded(self, arrays: dict[str, Tensor], updates: int, places: Places) -> "SemanticState":  # noqa: ARG002
        """Return the state with saved tensors of `arrays`; raise ValueError if they do not fit."""
        values, turns = arrays["psi"], torch.view_as_complex(arrays["turns"])
        if values.shape[:2] != turns.shape[:2] or not values.numel():
            raise ValueError(f"psi is {tuple(values.shape)}, it lies at {tuple(turns.shape)}")
        return self._replace(psi=Tokens(values, turns), updates=updates)

    def detached(self) -> "SemanticState":
        """Return the same state, cut off from its gradient."""
        psi = Tokens(self.psi.values.detach(), self.psi.rotary)
        return self._replace(psi=psi, guide=Tokens(self.guide.values.detach(), self.guide.rotary))


Roles = Callable[[SemanticState, Tokens], tuple[Tokens, Tokens]]  # -> queries, keys


def _frames_ask(state: SemanticState, frames: Tokens) -> tuple[Tokens, Tokens]:
    """A: the newest block asks psi; psi has the block's length afterwards."""
    known = state.psi.joined(state.guide) if state.updates else state.guide
    return frames, known


def _psi_asks(state: SemanticState, frames: Tokens) -> tuple[Tokens, Tokens]:
    """B: prompt and image ask the newest block; psi keeps their length."""
    return state.psi, frames


def _enriched_psi_asks(state: SemanticState, frames: Tokens) -> tuple[Tokens, Tokens]:
    """C: as B, but psi also has the tokens of the first block."""
    return (state.psi if state.updates else state.psi.joined(frames)), frames


STRUCTURES: dict[str | None, Roles] = {"A": _frames_ask, "B": _psi_asks, "C": _enriched_psi_asks}


class _Attending(nn.Module):
    """A pre-norm layer: attention to some tokens, then a feed-forward network, both added."""

    def __init__(self, config: DiTConfig, widening: int) -> None:
        super().__init__()
        self.attention = Attention(config)
        self.ffn = nn.Sequential(
            nn.Linear(config.dim, widening * config.dim),
            nn.GELU(approximate=config.gelu),
            nn.Linear(widening * config.dim, config.dim),
        )

    def forward(self, asking: Tokens, asked: Tokens | None, kernel: AttentionKernel) -> Tokens:
        """Return the asking tokens, changed; they ask each other where `asked` is None."""
        part, x = self.attention, asking.values
        own = _normed(x)
        other = own if asked is None else _normed(asked.values)
        turns = (asked or asking).rotary
        q = rotate(part.norm_q(part.q(own)).unflatten(-1, part.heads), asking.rotary[:, :, None])
        k = rotate(part.norm_k(part.k(other)).unflatten(-1, part.heads), turns[:, :, None])
        v = part.v(other).unflatten(-1, part.heads)
        x = x + part.o(kernel(q, k, v).flatten(2))
        return Tokens(x + self.ffn(_normed(x)), asking.rotary)

    def initialise(self) -> None:
        for layer in (self.attention.q, self.attention.k, self.attention.v, self.ffn[0]):
            nn.init.xavier_uniform_(layer.get_parameter("weight"))
            nn.init.zeros_(layer.get_parameter("bias"))
        for layer in (self.attention.o, self.ffn[2]):
            for values in layer.parameters():
                nn.init.zeros_(values)


class SemanticPack(nn.Module):
    """Long-term memory of fixed size.

    state = semantic.begin(prompt, image, places)
    state = semantic.advance(state, frames, places)  # once a block, or for many at once
    tokens = semantic.tokens(state, coming, places)  # what the transformer reads for a block
    """

    def __init__(self, dit: DiTConfig, config: PackConfig, kernel: AttentionKernel) -> None:
        super().__init__()
        self.config, self.kernel = config, kernel
        cell = (1, config.cell * dit.patch, config.cell * dit.patch)
        self.embedding = CellEmbedding(dit, cell)
        self.prompt = nn.Linear(dit.text_dim, dit.dim)
        if dit.rays is not None:
            self.ray_embedding = nn.Linear(feature_count(dit.rays), dit.dim)
        self.memorize, self.squeeze = (
            nn.ModuleList(_Attending(dit, config.widening) for _ in range(config.depth))
            for _ in range(2)
        )
        self.norm = RMSNorm(dit.dim, dit.eps)
        self.output = nn.Linear(dit.dim, dit.dim)
        self._rays = dit.rays is not None
        self._roles = STRUCTURES[config.structure]

    def initialise(self, patches: nn.Conv3d) -> "SemanticPack":
        """Start from pooled patch embeddings, with layers and an output that add nothing."""
        self.embedding.initialise(patches)
        for layer in (*self.memorize, *self.squeeze):
            layer.initialise()
        nn.init.xavier_uniform_(self.prompt.weight)
        nn.init.zeros_(self.prompt.bias)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)
        if self._rays:
            nn.init.zeros_(self.ray_embedding.weight)
            nn.init.zeros_(self.ray_embedding.bias)
        return self

    def begin(self, prompt: Tensor, image: LatentFrames, places: Places) -> SemanticState:
        """Return psi_0: features, [B, text_len, text_dim], and image, or zeros of their shape.

        The reference image is one frame, at the time at which the whole video starts.
        """
        seen = self._cells(image, places.grid(image))
        words = self.prompt(prompt.to(self.prompt.weight.dtype))
        anywhere = seen.rotary.mean(dim=1, keepdim=True)  # words get the place of the whole image
        text = Tokens(words, anywhere.expand(-1, words.shape[1], -1))
        guide = text.joined(seen)
        if not self.config.guided:
            guide = Tokens(torch.zeros_like(guide.values), guide.rotary)
        return SemanticState(guide, guide, image.times[:1])

    def advance(self, state: SemanticState, frames: LatentFrames, places: Places) -> SemanticState:
        """Return the state after more frames, whole windows of them, in order."""
        for window in frames.windows(self.config.window):
            state = self._squeezed(state, self._memorized(state, window, places))
        return state

    def tokens(self, state: SemanticState, coming: LatentFrames, places: Places) -> Tokens:  # noqa: ARG002
        """Return the tokens that the transformer reads, at the time at which the video starts."""
        return Tokens(self.output(state.psi.values), state.psi.rotary)

    def _memorized(self, state: SemanticState, window: LatentFrames, places: Places) -> Tokens:
        tokens = self._cells(window, places.grid(window))
        for layer in self.memorize:
            tokens = layer(tokens, None, self.kernel)
        start = places.grid(window.at(state.start)).pooled(self._cell)
        return Tokens(tokens.values, start.rotary.flatten(1, 3))

    def _squeezed(self, state: SemanticState, frames: Tokens) -> SemanticState:
        asking, asked = self._roles(state, frames)
        for layer in self.squeeze:
            asking = layer(asking, asked, self.kernel)
        psi = Tokens(self.norm(asking.values), asking.rotary)
        return state._replace(psi=psi, updates=state.updates + 1)

    def _cells(self, frames: LatentFrames, grid: Grid) -> Tokens:
        values = self.embedding(frames.latents)
        grid = grid.pooled(self._cell)
        if grid.features is not None:
            values = values + self.ray_embedding(grid.features.to(values.dtype))
        return Tokens(values.flatten(1, 3), grid.rotary.flatten(1, 3))

    @property
    def _cell(self) -> tuple[int, int, int]:
        return 1, self.config.cell, self.config.cell


def _normed(x: Tensor) -> Tensor:
    return functional.layer_norm(x, x.shape[-1:])
