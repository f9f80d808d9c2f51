"""The causal video transformer (DiT), one class for both sizes.

With `FULL` its state dict has the names and shapes of Wan2.1-T2V-1.3B. It knows nothing of blocks,
memory or masks: self-attention hands queries, keys and values to an `Attend` strategy, which
decides what else is read.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from mag_sandbox.model.attention import AttentionKernel, sdpa_attention
from mag_sandbox.model.config import DiTConfig
from mag_sandbox.model.rope import feature_count, rotate

Attend = Callable[[int, Tensor, Tensor, Tensor], Tensor]  # layer index, q, k, v -> [B, L, N, D]
Note = Callable[[int, Tensor], None]  # layer index, input of the layer, [B, L, dim]
TextPair = tuple[Tensor, Tensor]  # keys and values of the text
TextKeys = tuple[TextPair, ...]  # one a layer


class Modulation(NamedTuple):
    """How a noise level shifts, scales and gates one layer; each [B, F, 1, dim]."""

    shift: Tensor
    scale: Tensor  # one plus what the network says
    gate: Tensor
    ffn_shift: Tensor
    ffn_scale: Tensor  # likewise
    ffn_gate: Tensor


class TimeEmbedding(NamedTuple):
    """The embedding of a noise level; worth keeping where levels recur."""

    head: Tensor  # [B, F, 1, dim]
    layers: Tensor  # [B, F, 6, dim], the same for all layers
    modulations: tuple[Modulation, ...]  # one a layer: `layers` plus what the layer learned


def unnoted(layer_index: int, x: Tensor) -> None:
    """Note nothing."""


def sinusoidal_embedding(timesteps: Tensor, dim: int) -> Tensor:
    """Return [cos | sin] of timesteps (0 to 1000, any shape), float64, one more axis of `dim`."""
    half = dim // 2
    exponent = torch.arange(half, dtype=torch.float64, device=timesteps.device) / half
    angles = timesteps.double()[..., None] * torch.pow(10000.0, -exponent)
    return torch.cat((angles.cos(), angles.sin()), dim=-1)


def rms_scale(x: Tensor, eps: float) -> Tensor:
    """Return 1 / root mean square over the last axis, fp32 [..., 1]."""
    norm = torch.linalg.vector_norm(x, dim=-1, keepdim=True, dtype=torch.float32)
    result: Tensor = (norm * norm / x.shape[-1] + eps).rsqrt()
    return result


class RMSNorm(nn.Module):
    """Root-mean-square norm over the full width."""

    def __init__(self, dim: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """Normalise the last axis."""
        return x * rms_scale(x, self.eps).to(x.dtype) * self.weight.to(x.dtype)


class Attention(nn.Module):
    """Projections that self- and cross-attention share."""

    def __init__(self, config: DiTConfig) -> None:
        super().__init__()
        self.heads = (config.num_heads, config.head_dim)
        self.q = nn.Linear(config.dim, config.dim)
        self.k = nn.Linear(config.dim, config.dim)
        self.v = nn.Linear(config.dim, config.dim)
        self.o: nn.Module = nn.Linear(config.dim, config.dim)
        self.norm_q = RMSNorm(config.dim, config.eps)
        self.norm_k = RMSNorm(config.dim, config.eps)


class SelfAttention(Attention):
    """Projections around attention over the block's own tokens and those that `attend` adds."""

    def project(self, x: Tensor, rotary: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return rotated queries and keys, and values, each [B, L, N, D]."""
        q = self.norm_q(self.q(x)).unflatten(-1, self.heads)
        k = self.norm_k(self.k(x)).unflatten(-1, self.heads)
        return rotate(q, rotary), rotate(k, rotary), self.v(x).unflatten(-1, self.heads)


class CrossAttention(Attention):
    """Attention to the text; every row is attended, also the zero rows past the prompt."""

    def text_keys(self, text: Tensor) -> TextPair:
        """Return keys and values of embedded text, each [B, M, N, D]."""
        keys = self.norm_k(self.k(text)).unflatten(-1, self.heads)
        return keys, self.v(text).unflatten(-1, self.heads)

    def query(self, x: Tensor) -> Tensor:
        """Return queries for the text, [B, L, N, D]."""
        result: Tensor = self.norm_q(self.q(x)).unflatten(-1, self.heads)
        return result


class Layer(nn.Module):
    """One transformer layer, modulated by the noise level (adaLN).

    Its two attentions lie between three parts whose shapes depend on the block alone, not on
    memory, so that they can be compiled; see `model.full.compiling`.
    """

    def __init__(self, config: DiTConfig) -> None:
        super().__init__()
        self.dim, self.eps = config.dim, config.eps
        self.self_attn = SelfAttention(config)
        self.norm3 = nn.LayerNorm(config.dim, eps=config.eps)
        self.cross_attn = CrossAttention(config)
        self.ffn = nn.Sequential(
            nn.Linear(config.dim, config.ffn_dim),
            nn.GELU(approximate=config.gelu),
            nn.Linear(config.ffn_dim, config.dim),
        )
        self.modulation = nn.Parameter(torch.randn(1, 6, config.dim) / config.dim**0.5)

    def forward(
        self,
        x: Tensor,
        time: Modulation,
        rotary: Tensor,
        text: TextPair,
        attend: Attend,
        kernel: AttentionKernel,
        layer_index: int,
    ) -> Tensor:
        """Return the layer's output, [B, L, dim]."""
        q, k, v = self.before(x, time, rotary)
        x, q = self.between(x, attend(layer_index, q, k, v), time)
        return self.after(x, kernel(q, *text), time)

    def before(self, x: Tensor, time: Modulation, rotary: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return queries, keys and values of the tokens, each [B, L, N, D]."""
        return self.self_attn.project(self._modulated(x, time.shift, time.scale), rotary)

    def between(self, x: Tensor, mixed: Tensor, time: Modulation) -> tuple[Tensor, Tensor]:
        """Return the tokens after self-attention, [B, L, dim], and queries for the text."""
        x = _gated(x, self.self_attn.o(mixed.flatten(2)), time.gate)
        return x, self.cross_attn.query(self.norm3(x))

    def after(self, x: Tensor, read: Tensor, time: Modulation) -> Tensor:
        """Return the layer's output, [B, L, dim], given the result of attention to the text."""
        x = x + self.cross_attn.o(read.flatten(2))
        inner = self._modulated(x, time.ffn_shift, time.ffn_scale)
        return _gated(x, self.ffn(inner), time.ffn_gate)

    def modulate(self, layers: Tensor) -> Modulation:
        """Return this layer's modulation by a noise level, from `TimeEmbedding.layers`."""
        shift, scale, gate, ffn_shift, ffn_scale, ffn_gate = (
            layers + self.modulation.to(layers.dtype)
        ).split(1, dim=2)
        return Modulation(shift, 1 + scale, gate, ffn_shift, 1 + ffn_scale, ffn_gate)

    def _modulated(self, x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
        return modulate(functional.layer_norm(x, (self.dim,), eps=self.eps), shift, scale)


class TokenSplit(Protocol):
    """A network's share of every block, where several devices work on it."""

    def part(self, x: Tensor) -> Tensor:
        """Return the tokens, or their coordinates, that the network computes: axis 1 of x."""

    def across(self, attend: Attend) -> Attend:
        """Return the attention of these tokens to all that `attend` reads."""

    def whole(self, x: Tensor) -> Tensor:
        """Return all tokens of those that every network computed."""


class Head(nn.Module):
    """The last projection, from tokens to patches of flow."""

    def __init__(self, config: DiTConfig) -> None:
        super().__init__()
        self.dim, self.eps = config.dim, config.eps
        self.head = nn.Linear(config.dim, config.token_dim)
        self.modulation = nn.Parameter(torch.randn(1, 2, config.dim) / config.dim**0.5)

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        """Return patches, [B, L, token_dim]; `time` is [B, F, 1, dim]."""
        shift, scale = (time + self.modulation.to(time.dtype)).split(1, dim=2)
        x = functional.layer_norm(x, (self.dim,), eps=self.eps)
        result: Tensor = self.head(modulate(x, shift, 1 + scale))
        return result


class DiT(nn.Module):
    """Causal video transformer that predicts the flow (noise - x0) of noisy latents.

        dit = DiT(POCKET.dit)
        text = dit.text_keys(features)  # once a prompt
        time = dit.embed_time(timesteps)  # once a noise level
        flow = dit(latents, time, text, rotary, attend)

    Source: Wan2.1, arXiv 2503.20314; cached blocks as in Self Forcing, arXiv 2506.08009.
    """

    def __init__(
        self,
        config: DiTConfig,
        kernel: AttentionKernel = sdpa_attention,
        split: TokenSplit | None = None,
    ) -> None:
        """Build it with random weights; `split` says which tokens it computes, None: all."""
        super().__init__()
        self.config, self.kernel, self.split = config, kernel, split
        patch = (1, config.patch, config.patch)
        self.patch_embedding = nn.Conv3d(config.channels, config.dim, patch, patch)
        self.text_embedding = nn.Sequential(
            nn.Linear(config.text_dim, config.dim),
            nn.GELU(approximate="tanh"),
            nn.Linear(config.dim, config.dim),
        )
        self.time_embedding = nn.Sequential(
            nn.Linear(config.freq_dim, config.dim), nn.SiLU(), nn.Linear(config.dim, config.dim)
        )
        self.time_projection = nn.Sequential(nn.SiLU(), nn.Linear(config.dim, 6 * config.dim))
        self.blocks = nn.ModuleList(Layer(config) for _ in range(config.num_layers))
        self.head = Head(config)
        if config.rays is not None:
            self.ray_embedding = nn.Linear(feature_count(config.rays), config.dim)

    @property
    def layers(self) -> Sequence[Layer]:
        """The layers; checkpoints call them blocks."""
        return cast(Sequence[Layer], self.blocks)

    def initialise(self) -> "DiT":
        """Start training from layers that change nothing: output projections are zero."""
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)
        for layer in self.layers:
            for output in (layer.self_attn.o, layer.cross_attn.o, layer.ffn[2]):
                nn.init.zeros_(output.get_parameter("weight"))
        nn.init.xavier_uniform_(self.patch_embedding.weight.flatten(1))
        nn.init.zeros_(self.head.head.weight)
        return self

    def embed_time(self, timesteps: Tensor) -> TimeEmbedding:
        """Embed timesteps (0 to 1000), one a latent frame, [B, F]."""
        like = self.head.modulation
        embedded = sinusoidal_embedding(timesteps.to(like.device), self.config.freq_dim)
        embedded = embedded.to(like.dtype)
        head = self.time_embedding(embedded)
        layers = self.time_projection(head).unflatten(-1, (6, self.config.dim))
        modulations = tuple(layer.modulate(layers) for layer in self.layers)
        return TimeEmbedding(head[:, :, None], layers, modulations)

    def text_keys(self, features: Tensor) -> TextKeys:
        """Return every layer's keys and values of text features, [B, text_len, text_dim]."""
        text = self.text_embedding(features.to(self.head.modulation.device))
        return tuple(layer.cross_attn.text_keys(text) for layer in self.layers)

    def forward(
        self,
        latents: Tensor,
        time: TimeEmbedding,
        text: TextKeys,
        rotary: Tensor,
        attend: Attend,
        features: Tensor | None = None,
    ) -> Tensor:
        """Return the flow, [B, F, C, H, W].

        Args:
            latents: noisy or clean latents, [B, F, C, H, W].
            time: `embed_time` of their timesteps.
            text: `text_keys` of the prompt.
            rotary: coordinates of the F * L tokens.
            attend: what self-attention reads.
            features: `RayCoordinates.features`, where the config has rays, [B, F * L, features].
        """
        tokens = self.embed(latents, features)
        return self.flow_of_tokens(tokens, latents.shape, time, text, rotary, attend)

    def flow_of_tokens(
        self,
        tokens: Tensor,
        shape: torch.Size,
        time: TimeEmbedding,
        text: TextKeys,
        rotary: Tensor,
        attend: Attend,
    ) -> Tensor:
        """Return the flow of embedded tokens, [B, F * L, dim], of latents of a shape."""
        if self.split is not None:
            tokens = self.split.part(tokens)
        rotary, attend = self._shared(rotary, attend)
        x = self._through(len(self.blocks), tokens, time, text, rotary, attend)
        patches = self.head(x, time.head)
        if self.split is not None:
            patches = self.split.whole(patches)
        return self.unpatchify(patches, shape)

    def remember(
        self,
        tokens: Tensor,
        time: TimeEmbedding,
        text: TextKeys,
        rotary: Tensor,
        attend: Attend,
        note: Note = unnoted,
    ) -> None:
        """Give `attend` the keys and values of every layer; no flow is computed.

        Tokens are `embed` of latents, or were embedded elsewhere, [B, M, dim]. `note` is given the
        input of every layer, of this network's own tokens, for `attend_again`.
        """
        if self.split is not None:
            tokens = self.split.part(tokens)
        rotary, attend = self._shared(rotary, attend)
        last = len(self.blocks) - 1
        x = self._through(last, tokens, time, text, rotary, attend, note)
        note(last, x)
        attend(last, *self.layers[last].before(x, time.modulations[last], rotary))

    def attend_again(
        self, inputs: Iterable[Tensor], time: TimeEmbedding, rotary: Tensor, attend: Attend
    ) -> None:
        """Give `attend` the keys and values of every layer, computed again from the layers' inputs.

        Inputs are those passed to `note`, [B, M, dim]. The results of `attend` are not used.
        """
        rotary, attend = self._shared(rotary, attend)
        for index, (layer, x) in enumerate(zip(self.layers, inputs, strict=True)):
            attend(index, *layer.before(x.to(rotary.device), time.modulations[index], rotary))

    def _shared(self, rotary: Tensor, attend: Attend) -> tuple[Tensor, Attend]:
        if self.split is None:
            return rotary, attend
        return self.split.part(rotary), self.split.across(attend)

    def embed(self, latents: Tensor, features: Tensor | None = None) -> Tensor:
        """Return the input of the first layer, [B, F * L, dim], on the weights' device."""
        x = self.patchify(latents.to(self.head.modulation.device))
        return x if features is None else x + self.ray_embedding(features)

    def _through(
        self,
        layers: int,
        x: Tensor,
        time: TimeEmbedding,
        text: TextKeys,
        rotary: Tensor,
        attend: Attend,
        note: Note = unnoted,
    ) -> Tensor:
        for index, layer in enumerate(self.layers[:layers]):
            note(index, x)
            x = layer(x, time.modulations[index], rotary, text[index], attend, self.kernel, index)
        return x

    def patchify(self, latents: Tensor) -> Tensor:
        """Return embedded tokens in (frame, row, column) order, [B, F * L, dim]."""
        batch, frames, channels, height, width = latents.shape
        p = self.config.patch
        patches = latents.reshape(batch, frames, channels, height // p, p, width // p, p)
        patches = patches.permute(0, 1, 3, 5, 2, 4, 6).flatten(4)  # [B, F, H/p, W/p, C*p*p]
        weight = self.patch_embedding.weight.flatten(1)
        return functional.linear(patches.flatten(1, 3), weight, self.patch_embedding.bias)

    def unpatchify(self, patches: Tensor, shape: torch.Size) -> Tensor:
        """Return latents of `shape` from patches whose channels vary fastest."""
        batch, frames, channels, height, width = shape
        p = self.config.patch
        x = patches.reshape(batch, frames, height // p, width // p, p, p, channels)
        return x.permute(0, 1, 6, 2, 4, 3, 5).reshape(shape)


def modulate(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """Return x * scale + shift; x is [B, F * L, dim], the others [B, F, 1, dim]."""
    frames = shift.shape[1]
    return torch.addcmul(shift, x.unflatten(1, (frames, -1)), scale).flatten(1, 2)


def _gated(x: Tensor, added: Tensor, gate: Tensor) -> Tensor:
    """Return x + gate * added; x and added are [B, F * L, dim], gate is [B, F, 1, dim]."""
    frames = gate.shape[1]
    x, added = x.unflatten(1, (frames, -1)), added.unflatten(1, (frames, -1))
    return torch.addcmul(x, gate, added).flatten(1, 2)


def own_block_attention(kernel: AttentionKernel) -> Attend:
    """Return a strategy that reads the given tokens only."""
    return lambda layer_index, q, k, v: kernel(q, k, v)
