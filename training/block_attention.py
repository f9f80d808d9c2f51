"""Attention of the block stage: every block reads itself and the kept frames of clean blocks.

Clean and noisy copies of each block stand side by side in the batch, [B * 2 * M, tokens of a
block]. There is no dense mask: the kept frames of all clean blocks form one list of keys, and a
small table says which block may read which (compare MAG's `history_compress` mask).
"""

import torch
from torch import Tensor


class BlockMemoryAttention:
    """An `Attend` strategy for sequences of M clean blocks followed by their M noisy copies.

    Args:
        visible: bool [B, 2 * M, M], whether a block reads the kept frame of a clean block.
        kept: int [B, M], which frame of each clean block is kept.
        tokens_per_frame: tokens of one latent frame.
    """

    def __init__(self, visible: Tensor, kept: Tensor, tokens_per_frame: int) -> None:
        self._visible, self._tokens = visible, tokens_per_frame
        batch, blocks = kept.shape
        within = torch.arange(tokens_per_frame, device=kept.device)
        self._kept = kept[..., None] * tokens_per_frame + within  # [B, M, tokens]
        self._rows = torch.arange(batch, device=kept.device)[:, None, None]
        self._columns = torch.arange(blocks, device=kept.device)[None, :, None]
        hidden = torch.zeros(visible.shape, device=visible.device)
        hidden = hidden.masked_fill(~visible, float("-inf"))
        self._bias = hidden.repeat_interleave(tokens_per_frame, dim=-1)[:, None, :, None]

    def __call__(
        self,
        layer_index: int,  # noqa: ARG002 (all layers alike)
        q: Tensor,
        k: Tensor,
        v: Tensor,
    ) -> Tensor:
        """Return the mixed values, [B * 2 * M, L, N, D]."""
        batch, doubled, _ = self._visible.shape
        tokens, (heads, width) = q.shape[1], q.shape[2:]
        q = (q * width**-0.5).view(batch, doubled, tokens, heads, width)
        k = k.view(batch, doubled, tokens, heads, width)
        v = v.view(batch, doubled, tokens, heads, width)
        kept_k = k[self._rows, self._columns, self._kept].flatten(1, 2)  # [B, M * kept, N, D]
        kept_v = v[self._rows, self._columns, self._kept].flatten(1, 2)

        q = q.permute(0, 3, 1, 2, 4)  # [B, N, 2M, L, D]
        own = q @ k.permute(0, 3, 1, 4, 2)  # [B, N, 2M, L, L]
        past = q.flatten(2, 3) @ kept_k.permute(0, 2, 3, 1)  # [B, N, 2M * L, M * kept]
        past = past.unflatten(2, (doubled, tokens)) + self._bias.to(past.dtype)
        weights = torch.cat((own, past), dim=-1).softmax(dim=-1)
        mixed = weights[..., :tokens] @ v.permute(0, 3, 1, 2, 4)
        remembered = weights[..., tokens:].flatten(2, 3) @ kept_v.transpose(1, 2)
        mixed = mixed + remembered.unflatten(2, (doubled, tokens))
        return mixed.permute(0, 2, 3, 1, 4).flatten(0, 1)
