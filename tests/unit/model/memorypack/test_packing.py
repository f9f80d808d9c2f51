"""FramePack's packing: official tokens and coordinates, and what follows from them."""

from dataclasses import asdict

import pytest
import torch
from torch import nn

from mag_sandbox.model.config import DiTConfig
from mag_sandbox.model.memorypack.config import FRAMEPACK, PackConfig, Scale
from mag_sandbox.model.memorypack.packing import (
    Group,
    IndexPlaces,
    LatentFrames,
    PackEmbedder,
    Tokens,
    cells,
    pack,
    pooled,
)
from mag_sandbox.model.rope import axis_frequencies
from tests.golden_vectors import assert_matches, manifest, vectors

GOLDEN = vectors("framepack_packing")
CASES = manifest()["files"]["framepack_packing"]["cases"]
DIM, CHANNELS, _, PATCH, _ = GOLDEN["patch_embedding/weight"].shape
DIT = DiTConfig(dim=DIM, ffn_dim=DIM, num_heads=2, num_layers=1, channels=CHANNELS, patch=PATCH)
FREQUENCIES = axis_frequencies((4, 6, 6), 256.0)  # as the set's info says


def golden_patches() -> nn.Conv3d:
    kernel = (1, PATCH, PATCH)
    layer = nn.Conv3d(CHANNELS, DIM, kernel, kernel)
    layer.load_state_dict({name: GOLDEN[f"patch_embedding/{name}"] for name in ("weight", "bias")})
    return layer


def golden_embedder() -> PackEmbedder:
    embedder = PackEmbedder(DIT)
    prefix = "clean_embedder/"
    embedder.load_state_dict(
        {name.removeprefix(prefix): value for name, value in GOLDEN.items() if prefix in name}
    )
    return embedder


def golden_tokens(case: str) -> Tokens:
    """Pack the golden history: coarse to fine, then the new frames by the patch embedding."""
    latents, start, history = (
        GOLDEN[name].movedim(1, 2) for name in ("latents", "start_latent", "history")
    )  # [B, F, C, H, W]
    counts = [scale.frames for scale in FRAMEPACK.scales]  # 16, 2, 1
    if case != "f1":  # there the newest-in-time frame comes first
        parts = list(reversed(history.split(counts[::-1], dim=1)))
    else:
        parts = list(history.split(counts, dim=1))
    places = IndexPlaces(*(side // PATCH for side in latents.shape[-2:]), FREQUENCIES)

    def group(factor: int, frames: torch.Tensor, indices: str) -> Group:
        times = GOLDEN[f"{case}/{indices}_indices"]
        return Group(factor, frames, places.grid(LatentFrames(frames, times)))

    groups = [
        group(4, parts[0], "clean_4x"),
        group(2, parts[1], "clean_2x"),
        group(1, torch.cat((start, parts[2]), dim=1), "clean"),
    ]
    packed = pack(golden_embedder(), groups)
    own = PackEmbedder(DIT, (1,)).initialise(golden_patches())
    return packed.joined(pack(own, [group(1, latents, "latent")]))


@torch.no_grad()
@pytest.mark.parametrize("case", CASES)
def test_packed_tokens_and_their_coordinates_are_the_official_ones(case: str):
    tokens = golden_tokens(case)
    source = "inverted_padding0" if case == "inverted_padding2" else case  # the README says so
    assert tokens.values.shape[1] == CASES[case]["tokens"]
    assert_matches(tokens.values, GOLDEN[f"{source}/tokens"])
    assert_matches(tokens.rotary.real, GOLDEN[f"{case}/rope_cos"])
    assert_matches(tokens.rotary.imag, GOLDEN[f"{case}/rope_sin"])


def test_embedders_begin_as_the_official_ones():
    embedder = PackEmbedder(DIT).initialise(golden_patches())
    for name, value in embedder.state_dict().items():
        assert_matches(value, GOLDEN[f"clean_embedder/{name}"])


@torch.no_grad()
@pytest.mark.parametrize("factor", [1, 2, 4])
def test_at_first_a_packed_token_is_the_patch_embedding_of_averages(factor: int):
    latents = torch.randn(2, 8, CHANNELS, 16, 24, generator=torch.Generator().manual_seed(1))
    embedder = PackEmbedder(DIT).initialise(golden_patches())
    small = pooled(latents.movedim(2, -1), (factor, factor, factor)).movedim(-1, 2)
    torch.testing.assert_close(embedder(latents, factor), embedder(small, 1))


def test_what_does_not_fill_a_cell_is_repeated():
    line = torch.arange(5.0).reshape(1, 5, 1, 1, 1)
    assert cells(line, (2, 1, 1)).flatten().tolist() == [0, 1, 2, 3, 4, 4]
    assert cells(line.movedim(1, 2), (1, 4, 1)).flatten().tolist() == [0, 1, 2, 3, 4, 4, 4, 4]


def test_coarse_tokens_turn_less():
    steps = torch.polar(torch.ones(4), torch.arange(4.0)).reshape(1, 4, 1, 1, 1)
    lengths = [pooled(steps, (n, 1, 1))[0, 0].abs().item() for n in (1, 2, 4)]
    assert lengths == pytest.approx([1.0, 0.88, 0.47], abs=0.01)  # 1 rad a step


def test_scales_must_fall_to_one():
    with pytest.raises(ValueError, match="must fall to 1"):
        PackConfig(scales=(Scale(1, 1), Scale(2, 2)))
    with pytest.raises(ValueError, match="cannot be packed by 4"):
        Scale(4, 2)
    with pytest.raises(ValueError, match='structure "D" not found'):
        PackConfig(structure="D")


def test_a_config_survives_being_written():
    config = PackConfig(structure="C", guided=False)
    assert PackConfig.from_dict(asdict(config)) == config
    assert PackConfig.from_dict({**asdict(config), "index": "video"}) == config  # once there
