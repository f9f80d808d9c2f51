"""Attention of the block stage: every block reads itself and the kept frames of clean blocks.

Clean and noisy copies of each block stand side by side in the batch, [B * 2 * M, tokens of a
block]. There is no dense mask: the kept frames of all clean blocks form one list of keys, and a
small table says which block may read which (compare MAG's `history_compress` mask).
"""

import torch
from torch import Tensor

Kept = tuple[Tensor, Tensor]  # keys and values of kept frames, [B, M * tokens, N, D]


class BlockMemoryAttention:
    """An `Attend` strategy for sequences of M clean blocks, which their M noisy copies may follow.

    Args:
        visible: bool [B, M or 2 * M, M], whether a block reads the kept frame of a clean block.
        kept: int [B, M], which frame of each clean block is kept.
        tokens_per_frame: tokens of one latent frame.
    """

    def __init__(self, visible: Tensor, kept: Tensor, tokens_per_frame: int) -> None:
        self.kept: dict[int, Kept] = {}  # by layer
        self._passes = visible.shape[:2]
        batch, blocks = kept.shape
        within = torch.arange(tokens_per_frame, device=kept.device)
        rows = torch.arange(batch, device=kept.device)[:, None, None]
        columns = torch.arange(blocks, device=kept.device)[None, :, None]
        self._at = rows, columns, kept[..., None] * tokens_per_frame + within  # [B, M, tokens]
        self._bias = visible_bias(visible, tokens_per_frame)

    def __call__(self, layer_index: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Return the mixed values, [B * 2 * M, L, N, D]."""
        keys, values = (torch.unflatten(x, 0, self._passes)[self._at].flatten(1, 2) for x in (k, v))
        self.kept[layer_index] = keys, values
        return attend_beside(q, k, v, self.kept[layer_index], self._bias)


class MemoryReadingAttention:
    """An `Attend` strategy for passes beside the kept frames of another pass.

    Args:
        kept: of `BlockMemoryAttention`, after its pass.
        visible: bool [B, R, M], which of R passes reads which kept frame.
        tokens_per_frame: tokens of one latent frame.
    """

    def __init__(self, kept: dict[int, Kept], visible: Tensor, tokens_per_frame: int) -> None:
        self._kept, self._bias = kept, visible_bias(visible, tokens_per_frame)

    def __call__(self, layer_index: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Return the mixed values, [B * R, L, N, D]."""
        return attend_beside(q, k, v, self._kept[layer_index], self._bias)


def visible_bias(visible: Tensor, tokens_per_frame: int) -> Tensor:
    """Return the bias of attention weights, [B, 1, R, 1, M * tokens]."""
    hidden = torch.zeros(visible.shape, device=visible.device)
    hidden = hidden.masked_fill(~visible, float("-inf"))
    return hidden.repeat_interleave(tokens_per_frame, dim=-1)[:, None, :, None]


def attend_beside(q: Tensor, k: Tensor, v: Tensor, kept: Kept, bias: Tensor) -> Tensor:
    """Return the attention of passes over their own values and kept ones, [B * R, L, N, D].

    Args:
        q: [B * R, L, N, D]; k and v likewise.
        k: of the pass itself.
        v: of the pass itself.
        kept: shared by the passes of a sequence.
        bias: of `visible_bias`.
    """
    batch, passes = bias.shape[0], bias.shape[2]
    tokens, width = q.shape[1], q.shape[-1]
    kept_k, kept_v = kept
    q = torch.unflatten(q * width**-0.5, 0, (batch, passes))
    q = q.permute(0, 3, 1, 2, 4)  # [B, N, R, L, D]
    k, v = (torch.unflatten(x, 0, (batch, passes)) for x in (k, v))
    own = q @ k.permute(0, 3, 1, 4, 2)  # [B, N, R, L, L]
    past = q.flatten(2, 3) @ kept_k.permute(0, 2, 3, 1)  # [B, N, R * L, M * kept]
    past = torch.unflatten(past, 2, (passes, tokens)) + bias.to(past.dtype)
    weights = torch.cat((own, past), dim=-1).softmax(dim=-1)
    mixed = weights[..., :tokens] @ v.permute(0, 3, 1, 2, 4)
    remembered = weights[..., tokens:].flatten(2, 3) @ kept_v.transpose(1, 2)
    mixed = mixed + torch.unflatten(remembered, 2, (passes, tokens))
    return torch.flatten(mixed.permute(0, 2, 3, 1, 4), 0, 1)
