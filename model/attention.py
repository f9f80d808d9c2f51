"""Attention kernels: the same mathematics by different routes, chosen once when a world starts.

A kernel takes queries [B, L, N, D] and keys and values [B, M, N, D] and returns [B, L, N, D].
`bias`, where given, is added to the scores and broadcasts to [B, N, L, M].
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

AttentionKernel = Callable[..., Tensor]


def matmul_attention(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None = None) -> Tensor:
    """Two matrix products around a softmax: the fastest route for bf16 on CPUs."""
    heads = q.shape[2]
    q, v = q.transpose(1, 2).flatten(0, 1), v.transpose(1, 2).flatten(0, 1)  # [B * N, L or M, D]
    k = k.permute(0, 2, 3, 1).flatten(0, 1)  # [B * N, D, M]
    unused = q.new_empty(1)
    scores = torch.baddbmm(unused, q, k, beta=0, alpha=q.shape[-1] ** -0.5)  # [B * N, L, M]
    if bias is not None:
        scores = (scores.unflatten(0, (-1, heads)) + bias).flatten(0, 1)
    mixed = torch.bmm(scores.softmax(dim=-1), v)
    return mixed.unflatten(0, (-1, heads)).transpose(1, 2)


def sdpa_attention(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None = None) -> Tensor:
    """PyTorch's fused attention: flash or cuDNN kernels on GPUs."""
    return functional.scaled_dot_product_attention(
        q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2), attn_mask=bias
    ).transpose(1, 2)


KERNELS: dict[str, AttentionKernel] = {"matmul": matmul_attention, "sdpa": sdpa_attention}
