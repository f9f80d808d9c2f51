"""The same layers in fewer, larger operations; made at load time, for inference.

Projections that read the same input are joined; on a processor weights are laid out once as its
matrix products want them; what depends on the prompt only can be multiplied out once a prompt.
"""

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from mag_sandbox.model.attention import AttentionKernel
from mag_sandbox.model.dit import CrossAttention, DiT, SelfAttention, TextPair, rms_scale
from mag_sandbox.model.rope import rotate

Projection = Callable[[Tensor], Tensor]

PACKED_ROWS = 180  # tokens that packed weights are laid out for; other numbers work as well


def fuse(dit: DiT, *, stays: bool = True) -> DiT:
    """Exchange projections for their fused forms, layer by layer, so that memory is not doubled.

    The network is changed in place. Packed weights cannot be moved, so they are used only if it
    stays where it is.
    """
    for layer in dit.layers:
        packs = stays and packs_here(layer.self_attn.q.weight)
        layer.self_attn = FusedSelfAttention(layer.self_attn, packs=packs)
        layer.ffn = FusedFeedForward(layer.ffn) if packs else layer.ffn
    return dit


def fold_text(dit: DiT) -> DiT:
    """Multiply out once a prompt what attention to it needs; `text_keys` then takes one prompt.

    Pays where heads times rows of text are no more than the width, as in the pocket world.
    """
    for layer in dit.layers:
        layer.cross_attn = FoldedCrossAttention(layer.cross_attn)
    return dit


class PackedLinear(nn.Module):
    """A linear layer whose weights oneDNN has laid out beforehand; the same numbers, sooner."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self._packed = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), PACKED_ROWS)
        self._bias = bias

    def forward(self, x: Tensor) -> Tensor:
        """Return x projected, [..., out]."""
        return torch.ops.mkldnn._linear_pointwise(x, self._packed, self._bias, "none", [], "")


def linear(weight: Tensor, bias: Tensor | None) -> Projection:
    """Return the fastest way to multiply by these weights, [out, in], and add a bias, [out]."""
    weight, bias = weight.detach(), None if bias is None else bias.detach()
    if packs_here(weight):
        return PackedLinear(weight, bias)
    return partial(functional.linear, weight=weight, bias=bias)


def packs_here(weight: Tensor) -> bool:
    """Tell whether there is a packed form of such weights here."""
    if weight.device.type != "cpu" or weight.dtype != torch.bfloat16:
        return False
    there = torch.backends.mkldnn.is_available()  # builds without oneDNN lack its operations
    return there and torch.ops.mkldnn._is_mkldnn_bf16_supported()


def packed(source: nn.Module) -> PackedLinear:
    """Return the packed form of a projection."""
    weight, bias = (source.get_parameter(name).detach() for name in ("weight", "bias"))
    return PackedLinear(weight, bias)


def joined(sources: Sequence[nn.Linear]) -> nn.Linear:
    """Return one projection whose outputs are those of several, one after the other."""
    outputs = sum(source.out_features for source in sources)
    with torch.device("meta"):
        whole = nn.Linear(sources[0].in_features, outputs).requires_grad_(False)
    for name in ("weight", "bias"):
        values = torch.cat([getattr(source, name).detach() for source in sources])
        setattr(whole, name, nn.Parameter(values, requires_grad=False))
    return whole


class FusedSelfAttention(SelfAttention):
    """Queries, keys and values by one projection."""

    norm_weight: Tensor  # of queries and keys, [2, dim]

    def __init__(self, source: SelfAttention, *, packs: bool) -> None:
        nn.Module.__init__(self)
        self.heads, self.eps = source.heads, source.norm_q.eps
        qkv = joined((source.q, source.k, source.v))
        self.qkv: nn.Module = packed(qkv) if packs else qkv
        self.o = packed(source.o) if packs else source.o
        weights = torch.stack((source.norm_q.weight, source.norm_k.weight)).detach()
        self.register_buffer("norm_weight", weights)

    def project(self, x: Tensor, rotary: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return rotated queries and keys, and values, each [B, L, N, D]."""
        heads, dim = self.heads[0], self.norm_weight.shape[-1]
        both, v = self.qkv(x).split((2 * dim, dim), dim=-1)
        both = both.unflatten(-1, (2, dim))  # queries and keys, [B, L, 2, dim]
        both = both * self.norm_weight * rms_scale(both, self.eps).to(both.dtype)
        q, k = rotate(both.flatten(2).unflatten(-1, (2 * heads, -1)), rotary).chunk(2, dim=2)
        return q, k, v.unflatten(-1, self.heads)


class FoldedCrossAttention(CrossAttention):
    """Attention to one prompt as two matrix products over all heads at once.

    The prompt's keys become one block-diagonal matrix, with the norm of the queries and the softmax
    scale multiplied in; its values are projected beforehand. The root mean square of a query is one
    number and scales its scores.
    """

    def __init__(self, source: CrossAttention) -> None:
        nn.Module.__init__(self)
        self.heads, self.eps = source.heads, source.norm_q.eps
        self.project_query = linear(source.q.weight, source.q.bias)
        self.k, self.v, self.norm_k = source.k, source.v, source.norm_k
        self.output, self.o = source.o, nn.Identity()  # multiplied into what is read
        self.norm_weight = source.norm_q.weight.detach()

    def text_keys(self, text: Tensor) -> tuple[Projection, Projection]:
        """Return what scores and what mixes one embedded text: dim -> N * M -> dim.

        Raises:
            ValueError: there is more than one text.
        """
        scores, mixed = (matrix.to(text.dtype) for matrix in self.matrices(text))
        return linear(scores, None), linear(mixed, self.output.get_parameter("bias"))

    def matrices(self, text: Tensor) -> tuple[Tensor, Tensor]:
        """Return the matrices of `text_keys` in fp32, [N * M, dim] and [dim, N * M].

        Raises:
            ValueError: there is more than one text.
        """
        if len(text) != 1:
            raise ValueError(f"{len(text)} prompts at once; folded text takes one")
        keys, values = (x[0].float() for x in super().text_keys(text))  # [M, N, D]
        heads, size = self.heads
        apart = torch.eye(heads, device=keys.device)
        scores = torch.einsum("mnd,np->nmpd", keys, apart).reshape(-1, heads * size)
        scores = scores * self.norm_weight.float() * size**-0.5
        output = self.output.get_parameter("weight").float().unflatten(1, (heads, size))
        return scores, torch.einsum("mnd,ond->onm", values, output).flatten(1)

    def query(self, x: Tensor) -> Tensor:
        """Return what asks the text, [B, L, dim]; its norm is in the scores."""
        return self.project_query(x)

    def read(
        self,
        q: Tensor,
        text: TextPair,
        kernel: AttentionKernel,  # noqa: ARG002 (there is no other route)
    ) -> Tensor:
        """Return what is found in the text, projected already, [B, L, dim]."""
        score, mix = text
        scores = score(q) * rms_scale(q, self.eps).to(q.dtype)
        return mix(scores.unflatten(-1, (self.heads[0], -1)).softmax(dim=-1).flatten(-2))


class FusedFeedForward(nn.Sequential):
    """The same two projections, packed."""

    def __init__(self, source: nn.Sequential) -> None:
        super().__init__(*(packed(x) if isinstance(x, nn.Linear) else x for x in source))
