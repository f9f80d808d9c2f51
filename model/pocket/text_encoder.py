"""The pocket world's text encoder: the encoder half of UMT5 (arXiv 2304.09151).

It equals that of `transformers` bit by bit, under the same names of weights. The library takes five
seconds to import, and an import holds up play meanwhile.
"""

import math
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from mag_sandbox.model.config import TextConfig

_BUCKETS, _FARTHEST = 32, 128  # of distances between tokens
_EPSILON = 1e-6


class TextEncoder(nn.Module):
    """Text features as Wan's transformer expects them: rows past the prompt are exactly zero.

    encoder = TextEncoder(POCKET.text)
    features = encoder(*tokenise(tokenizer, ["a red tower"], POCKET.text.text_len))
    """

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.config = config
        self.umt5 = _Umt5(config)
        for name, weights in self.named_parameters():
            if weights.ndim > 1:
                nn.init.normal_(weights, std=_spread(name, config))

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Return features, [B, text_len, dim], of token ids and their mask, [B, text_len]."""
        features: Tensor = self.umt5.encoder(ids, mask)
        return features * mask[..., None].to(features.dtype)


class _Umt5(nn.Module):
    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.shared = nn.Embedding(config.vocab_size, config.dim)
        self.encoder = _Stack(config, self.shared)


class _Stack(nn.Module):
    def __init__(self, config: TextConfig, shared: nn.Embedding) -> None:
        super().__init__()
        self.embed_tokens = shared
        self.block = nn.ModuleList(_Block(config) for _ in range(config.num_layers))
        self.final_layer_norm = _Norm(config.dim)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        x: Tensor = self.embed_tokens(ids)
        hidden = torch.zeros_like(mask, dtype=x.dtype).masked_fill(mask == 0, -math.inf)
        buckets = _buckets(ids.shape[1]).to(ids.device)
        for block in self.block:
            x = block(x, hidden[:, None, None], buckets)
        features: Tensor = self.final_layer_norm(x)
        return features


class _Block(nn.Module):
    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        parts = ({"SelfAttention": _Attention(config)}, {"DenseReluDense": _FeedForward(config)})
        self.layer = nn.ModuleList(
            nn.ModuleDict({**part, "layer_norm": _Norm(config.dim)}) for part in parts
        )

    def forward(self, x: Tensor, hidden: Tensor, buckets: Tensor) -> Tensor:
        attend, feed = (cast(nn.ModuleDict, layer) for layer in self.layer)
        x = x + attend["SelfAttention"](attend["layer_norm"](x), hidden, buckets)
        fed: Tensor = feed["DenseReluDense"](feed["layer_norm"](x))
        return x + fed


class _Attention(nn.Module):
    """Every token reads all tokens; where they stand counts by their distance alone."""

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self._heads = config.num_heads
        self.q, self.k, self.v, self.o = (
            nn.Linear(config.dim, config.dim, bias=False) for _ in range(4)
        )
        self.relative_attention_bias = nn.Embedding(_BUCKETS, config.num_heads)

    def forward(self, x: Tensor, hidden: Tensor, buckets: Tensor) -> Tensor:
        query, key, value = (
            part(x).unflatten(-1, (self._heads, -1)).transpose(1, 2)
            for part in (self.q, self.k, self.v)
        )
        bias = self.relative_attention_bias(buckets).permute(2, 0, 1)[None] + hidden
        read = functional.scaled_dot_product_attention(query, key, value, bias, scale=1.0)
        attended: Tensor = self.o(read.transpose(1, 2).flatten(2))
        return attended


class _FeedForward(nn.Module):
    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.wi_0, self.wi_1 = (nn.Linear(config.dim, config.ffn_dim, bias=False) for _ in "01")
        self.wo = nn.Linear(config.ffn_dim, config.dim, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        gate = self.wi_0(x)
        inner = math.sqrt(2.0 / math.pi) * (gate + 0.044715 * torch.pow(gate, 3.0))
        fed: Tensor = self.wo(0.5 * gate * (1.0 + torch.tanh(inner)) * self.wi_1(x))
        return fed


class _Norm(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x: Tensor) -> Tensor:
        return self.weight * (x * torch.rsqrt(x.float().pow(2).mean(-1, keepdim=True) + _EPSILON))


def _buckets(length: int) -> Tensor:
    """Return the bucket of each pair's distance, int64 [length, length]; far ones share some."""
    places = torch.arange(length)
    ahead = places[None] - places[:, None]
    half, exact = _BUCKETS // 2, _BUCKETS // 4
    far = torch.log(ahead.abs().float() / exact) / math.log(_FARTHEST / exact)
    coarse = (exact + (far * (half - exact)).long()).clamp(max=half - 1)
    return (ahead > 0) * half + torch.where(ahead.abs() < exact, ahead.abs(), coarse)


def _spread(name: str, config: TextConfig) -> float:
    """Return the standard deviation of the weights of this name before training."""
    one_head = config.dim // config.num_heads
    inputs = {"shared": 1, "q": config.dim * one_head, "wo": config.ffn_dim}  # q's scale the scores
    return float(inputs.get(name.split(".")[-2], config.dim) ** -0.5)
