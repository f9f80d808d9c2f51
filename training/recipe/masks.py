"""Which latent frames read which in training, and attention that keeps to it.

Masks are over frames, bool [queries, keys]; sequences are clean frames, noisy frames, or all clean
frames followed by their noisy copies. `block_attention` keeps to a mask without ever making one of
tokens, which at full size would have 10^10 entries.
"""

from collections.abc import Sequence
from itertools import groupby

import torch
from torch import Tensor

from mag_sandbox.model.attention import AttentionKernel
from mag_sandbox.model.dit import Attend


def block_causal(frames: int, block_length: int, window: int | None = None) -> Tensor:
    """Return the mask of noisy frames that read their own and earlier blocks, [F, F].

    A window is frames that are read, counted back from the end of the own block; None: all.

    Source: Self Forcing, arXiv 2506.08009.
    """
    block, frame = _blocks(frames, block_length), torch.arange(frames)
    end = (block + 1) * block_length
    mask = block[None] <= block[:, None]
    if window is not None:
        mask &= frame[None] >= end[:, None] - window
        mask |= torch.eye(frames, dtype=torch.bool)
    return mask


def teacher_forcing(frames: int, block_length: int) -> Tensor:
    """Return the mask of noisy blocks that read earlier clean ones, [2F, 2F]: clean | noisy.

    Source: CausVid, arXiv 2412.07772, and Self Forcing, arXiv 2506.08009.
    """
    block = _blocks(frames, block_length)
    same, earlier = block[None] == block[:, None], block[None] < block[:, None]
    return _two_parts(clean=same | earlier, noisy_to_clean=earlier, noisy=same)


def history_compress(frames: int, block_length: int) -> Tensor:
    """Return the mask that MAG's released memory model is trained with, [2F, 2F]: clean | noisy.

    Of a clean block only the last frame is kept; clean blocks read themselves and what earlier ones
    kept, noisy blocks also the kept frame of their own clean block.

    Source: MAG, arXiv 2512.18741, as released.
    """
    block = _blocks(frames, block_length)
    kept = _kept(frames, block_length)[None]
    same, earlier = block[None] == block[:, None], block[None] < block[:, None]
    return _two_parts(
        clean=same | (kept & earlier), noisy_to_clean=kept & (same | earlier), noisy=same
    )


def compress(frames: int, block_length: int) -> Tensor:
    """Return the mask of the memory model as the paper draws it, [2F, 2F]: clean | noisy.

    Every block is alone: it reads itself, and its noisy copy also the one kept frame.

    Source: MAG, arXiv 2512.18741, figure 3.
    """
    block = _blocks(frames, block_length)
    same = block[None] == block[:, None]
    return _two_parts(
        clean=same, noisy_to_clean=same & _kept(frames, block_length)[None], noisy=same
    )


def _blocks(frames: int, block_length: int) -> Tensor:
    return torch.arange(frames) // block_length


def _kept(frames: int, block_length: int) -> Tensor:
    return torch.arange(frames) % block_length == block_length - 1


def _two_parts(clean: Tensor, noisy_to_clean: Tensor, noisy: Tensor) -> Tensor:
    """Return the mask of clean frames followed by noisy ones; clean frames never read noise."""
    above = torch.cat((clean, torch.zeros_like(noisy)), dim=1)
    return torch.cat((above, torch.cat((noisy_to_clean, noisy), dim=1)))


def block_attention(
    mask: Tensor, tokens: int, kernel: AttentionKernel, device: str = "cpu"
) -> Attend:
    """Return a strategy that asks the kernel once for each run of frames that read alike.

    The mask is of frames, bool [F, F], of so many tokens each; the kernel gets only tokens read.
    Which tokens these are is known on the device before the first layer asks.
    """
    runs = [(row, len(list(alike))) for row, alike in groupby(mask.tolist())]
    lengths = [frames * tokens for _, frames in runs]
    read = [_tokens_of(row, tokens).to(device) for row, _ in runs]

    def attend(layer_index: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:  # noqa: ARG001
        mixed = [
            kernel(some, k.index_select(1, rows), v.index_select(1, rows))
            for some, rows in zip(torch.split(q, lengths, dim=1), read, strict=True)
        ]
        return torch.cat(mixed, dim=1)

    return attend


def _tokens_of(row: Sequence[bool], tokens: int) -> Tensor:
    frames = torch.tensor([frame for frame, read in enumerate(row) if read])
    return (frames[:, None] * tokens + torch.arange(tokens)).flatten()
