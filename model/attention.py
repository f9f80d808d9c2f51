"""Attention kernels: several implementations of the same function, one chosen when a world starts.

A kernel takes queries [B, L, N, D] and keys and values [B, M, N, D] and returns [B, L, N, D].
`bias`, where given, is added to the scores and broadcasts to [B, N, L, M]; flash-attn takes none.
"""

from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec

import torch
from torch import Tensor
from torch.nn import functional

AttentionKernel = Callable[..., Tensor]
FusedKernel = Callable[[Tensor, Tensor, Tensor], Sequence[Tensor]]  # [B, N, L, D]; result first


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
    result: Tensor = mixed.unflatten(0, (-1, heads)).transpose(1, 2)
    return result


def sdpa_attention(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None = None) -> Tensor:
    """PyTorch's fused attention: flash or cuDNN kernels on GPUs."""
    return functional.scaled_dot_product_attention(
        q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2), attn_mask=bias
    ).transpose(1, 2)


KERNELS: dict[str, AttentionKernel] = {"matmul": matmul_attention, "sdpa": sdpa_attention}

FLASH_PACKAGES = {"flash-attn 3": "flash_attn_interface", "flash-attn 2": "flash_attn"}
ATEN = torch.ops.aten


def choose_kernel(device: str, dtype: torch.dtype, head_dim: int) -> tuple[str, AttentionKernel]:
    """Return the preferred attention kernel that runs here, and its name for reports.

    Kernels are tried out only here; the chosen one is then used without further checks.
    """
    for name, kernel in candidate_kernels().items():
        if runs(kernel, device, dtype, head_dim):
            return name, kernel
    return "sdpa", sdpa_attention


def named_kernel(name: str) -> AttentionKernel:
    """Return the kernel that a recording names, or raise ValueError if it is not here."""
    known = {**KERNELS, **candidate_kernels()}
    if name not in known:
        raise ValueError(f'attention "{name}" is not installed; available: {", ".join(known)}')
    return known[name]


def candidate_kernels() -> dict[str, AttentionKernel]:
    """Return the kernels that are installed, the preferred first; not all run everywhere."""
    installed: dict[str, AttentionKernel] = {}
    for name, package in FLASH_PACKAGES.items():
        if find_spec(package) is not None:
            installed[name] = partial(_flash_attention, package)
    for name, fused in FUSED.items():
        installed[name] = partial(_sdpa_by, fused)
    return installed


def runs(kernel: AttentionKernel, device: str, dtype: torch.dtype, head_dim: int) -> bool:
    """Tell whether a kernel accepts such tensors, by trying.

    Not with zeros alone: cuDNN returned nan for other numbers in fp32 (an H200, torch 2.11).
    """
    q, k, v = torch.linspace(-4, 4, 3 * 512 * head_dim, device=device, dtype=dtype).view(
        3, 1, 256, 2, head_dim
    )
    try:
        return bool(torch.isfinite(kernel(q[:, :128], k, v)).all())
    except Exception:  # each package refuses in its own way
        return False


def _sdpa_by(fused: FusedKernel, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return fused(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2))[0].transpose(1, 2)


def _cudnn(q: Tensor, k: Tensor, v: Tensor) -> Sequence[Tensor]:
    sums = torch.is_grad_enabled()
    found: Sequence[Tensor] = ATEN._scaled_dot_product_cudnn_attention(q, k, v, None, sums)
    return found


def _flash(q: Tensor, k: Tensor, v: Tensor) -> Sequence[Tensor]:
    on_card = ATEN._scaled_dot_product_flash_attention
    kernel = on_card if q.is_cuda else ATEN._scaled_dot_product_flash_attention_for_cpu
    found: Sequence[Tensor] = kernel(q, k, v)
    return found


def _math(q: Tensor, k: Tensor, v: Tensor) -> Sequence[Tensor]:
    found: Sequence[Tensor] = ATEN._scaled_dot_product_attention_math(q, k, v)
    return found


# PyTorch's kernels are called by name: its context manager `sdpa_kernel` chooses for all threads,
# and the autoencoder's attention, in another one, would find its only kernel switched off.
FUSED: dict[str, FusedKernel] = {"sdpa cudnn": _cudnn, "sdpa flash": _flash, "sdpa math": _math}


def _flash_attention(package: str, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    mixed = import_module(package).flash_attn_func(q, k, v)
    result: Tensor = mixed[0] if isinstance(mixed, tuple) else mixed  # version 3 may add its sums
    return result
