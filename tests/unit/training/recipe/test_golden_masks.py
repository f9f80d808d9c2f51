"""Training masks are those of the official code, and both ways to compute with them agree."""

import re

import pytest
import torch

from mag_sandbox.model.attention import KERNELS
from mag_sandbox.training.recipe.masks import (
    block_attention,
    block_causal,
    compress,
    history_compress,
    teacher_forcing,
)
from tests.golden_vectors import assert_matches, vectors
from tests.unit.training.recipe.golden_parts import by_token, dense_attention

PATTERNS = {
    "mag_history_compress": history_compress,
    "mag_compress": compress,
    "sf_teacher_forcing": teacher_forcing,
}
CASES = re.compile(r"(.+?)(?:_local(\d+))?/F(\d+)_nb(\d+)")


def mask_of(key: str) -> torch.Tensor:
    """Return our mask of frames for an official one's name."""
    name, window, frames, length = CASES.fullmatch(key).groups()
    if name == "sf_block_causal":
        return block_causal(int(frames), int(length), int(window) if window else None)
    return PATTERNS[name](int(frames), int(length))


@pytest.mark.parametrize("key", sorted(vectors("train_masks")))
def test_every_mask_is_exact(key):
    mask, expected = mask_of(key), vectors("train_masks")[key]
    assert_matches(by_token(mask, len(expected) // len(mask)), expected)


@pytest.mark.parametrize("key", sorted(vectors("train_masks")))
def test_attention_block_by_block_equals_attention_under_the_mask(key):
    mask, tokens = mask_of(key), 2
    q, k, v = torch.randn(
        3, 2, len(mask) * tokens, 2, 4, generator=torch.Generator().manual_seed(1)
    )
    dense = dense_attention(mask, tokens, KERNELS["sdpa"])(0, q, k, v)
    for kernel in KERNELS.values():
        blockwise = block_attention(mask, tokens, kernel)(0, q, k, v)
        assert torch.allclose(blockwise, dense, atol=1e-5)


@pytest.mark.parametrize("pattern", [history_compress, compress, teacher_forcing])
def test_clean_frames_never_read_noise(pattern):
    assert not pattern(12, 3)[:12, 12:].any()


@pytest.mark.parametrize("length", [1, 3, 4, 5])
def test_of_other_blocks_only_the_last_clean_frame_is_read(length):
    frames = 3 * length
    noisy_to_clean = history_compress(frames, length)[frames:, :frames]
    read = noisy_to_clean.any(dim=0).nonzero()[:, 0]
    assert read.tolist() == list(range(length - 1, frames, length))
