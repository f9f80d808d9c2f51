"""Networks of pictures as they run: the same numbers as those that were trained."""

import pytest
import torch

from mag_sandbox.model.execution import run_pictures
from mag_sandbox.model.pocket.animator import PARTS, Animator, Moments
from mag_sandbox.model.pocket.cells import cells_of, pixels_of
from mag_sandbox.model.pocket.fused_pictures import FusedAnimator, FusedDecoder, sky_of
from tests.tiny import FP32, TINY_ANIMATOR, randomise, tiny_autoencoder

MOMENTS = Moments(
    torch.tensor([[10.0, 0.0, 90.0], [40.0, 9.0, 90.0]], dtype=torch.float64),
    torch.tensor([3.0, 70.0], dtype=torch.float64),
)


def pictures(seed: int) -> torch.Tensor:
    drawn = torch.rand(2, 3, 32, 64, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    return drawn.contiguous(memory_format=torch.channels_last)


def test_the_fused_decoder_shows_what_the_autoencoder_decodes():
    autoencoder = run_pictures(tiny_autoencoder(), FP32)
    autoencoder.offset.fill_(0.3)
    latents = torch.randn(2, autoencoder.config.channels, 4, 6)
    with torch.inference_mode():
        shown = FusedDecoder(autoencoder)(latents)
        assert torch.allclose(shown, autoencoder.decode(latents), atol=1e-5)


@pytest.fixture(scope="module")
def animator() -> Animator:
    animator = randomise(Animator(TINY_ANIMATOR), 3, gain=0.5).eval().requires_grad_(False)
    return run_pictures(animator, FP32)


@pytest.mark.parametrize(("blows", "walks"), [(True, True), (True, False), (False, True)])
def test_the_fused_animator_moves_as_the_trained_one(animator, blows, walks, monkeypatch):
    """Nobody who walks is the picture at rest, where it was given as those who do."""
    rest, upwind = pictures(1), pictures(2)
    fused = FusedAnimator(animator)
    if not walks:
        monkeypatch.setattr(animator, "walked", lambda rest, moments: rest)
    with torch.inference_mode():
        shares = animator.parts(rest, MOMENTS).sigmoid()
        told = fused.parts(cells_of(rest), MOMENTS)
        each = [pixels_of(cells) for cells in told.chunk(len(PARTS), dim=1)]
        assert torch.allclose(torch.cat(each, dim=1), shares, atol=1e-5)
        assert torch.equal(pixels_of(sky_of(told)), each[PARTS.index("sky")])

        wind, walk = upwind if blows else None, animator.walked(rest, MOMENTS)
        expected = animator(rest, wind, shares, MOMENTS)
        moved = fused(
            cells_of(rest), None if wind is None else cells_of(wind),
            cells_of(walk) if walks else None, told, MOMENTS,
        )  # fmt: skip
        assert not torch.allclose(expected, rest, atol=1e-2)
        assert torch.allclose(pixels_of(moved), expected, atol=1e-5)
