"""Faster routes through the transformer give the same numbers, and every input matters."""

import pytest
import torch
from torch import nn

from mag_sandbox.model.attention import KERNELS, matmul_attention, sdpa_attention
from mag_sandbox.model.dit import DiT, own_block_attention
from tests.tiny import TINY, tiny_networks, tiny_rays

LENGTH = TINY.block_length


def inputs(frames: int = LENGTH) -> dict[str, torch.Tensor]:
    """Return one random block with its noise level, text features and coordinates."""
    draw = torch.Generator().manual_seed(2)
    rays = tiny_rays()
    poses = torch.tensor([[[10.0 * frame, 3.0, 90.0] for frame in range(frames)]])
    times = torch.arange(frames)[None]
    return {
        "latents": torch.randn(1, frames, 4, 4, 4, generator=draw),
        "timesteps": torch.full((1, frames), 600.0),
        "text": torch.randn(1, TINY.text.text_len, TINY.text.dim, generator=draw),
        "rotary": rays.rotary(poses, times),
        "features": rays.features(poses, times[0] % LENGTH),
    }


def flow(dit: DiT, given: dict) -> torch.Tensor:
    """Return the flow of a block that reads only itself."""
    return dit(
        given["latents"], dit.embed_time(given["timesteps"]), dit.text_keys(given["text"]),
        given["rotary"], own_block_attention(dit.kernel), given["features"],
    )  # fmt: skip


def test_remembering_shows_the_same_keys_and_values_as_a_whole_pass():
    dit, given = tiny_networks().dit, inputs()
    time, text = dit.embed_time(given["timesteps"]), dit.text_keys(given["text"])
    seen = {"whole": [], "remember": []}

    def attend_into(name):
        def attend(layer_index, q, k, v):
            seen[name].append((layer_index, k, v))
            return dit.kernel(q, k, v)

        return attend

    tokens = dit.embed(given["latents"], given["features"])
    dit.remember(tokens, time, text, given["rotary"], attend_into("remember"))
    dit(
        given["latents"], time, text, given["rotary"], attend_into("whole"), given["features"]
    )  # fmt: skip
    assert len(seen["whole"]) == len(seen["remember"]) == len(dit.blocks)
    for (_, k, v), (_, other_k, other_v) in zip(*seen.values(), strict=True):
        assert torch.equal(k, other_k)
        assert torch.equal(v, other_v)


def test_kernels_agree_with_and_without_bias():
    draw = torch.Generator().manual_seed(0)
    q = torch.randn(2, 5, 3, 8, generator=draw)
    k, v = torch.randn(2, 2, 7, 3, 8, generator=draw)
    bias = torch.randn(2, 1, 5, 7, generator=draw)
    for given in (None, bias, bias.masked_fill(bias > 1, float("-inf"))):
        actual = matmul_attention(q, k, v, given)
        assert actual.shape == q.shape
        assert torch.allclose(actual, sdpa_attention(q, k, v, given), atol=1e-5)


def test_the_transformer_agrees_under_every_kernel():
    dit = tiny_networks().dit
    flows = []
    for kernel in KERNELS.values():
        dit.kernel = kernel
        flows.append(flow(dit, inputs()))
    assert torch.allclose(*flows, atol=1e-5)


def test_bf16_stays_near_fp32():
    exact = flow(tiny_networks().dit, inputs())
    given = inputs()
    given |= {name: given[name].bfloat16() for name in ("latents", "text", "features")}
    rough = flow(tiny_networks().dit.bfloat16(), given)
    assert rough.dtype == torch.bfloat16
    assert (rough.float() - exact).abs().mean() < 0.05 * exact.abs().mean()


@pytest.mark.parametrize("name", ["latents", "timesteps", "text", "features", "rotary"])
def test_every_input_acts(name):
    dit, given = tiny_networks().dit, inputs()
    plain = flow(dit, given)
    if name == "rotary":
        poses = torch.tensor([[[0.0, 0.0, 90.0]] * LENGTH])
        changed = tiny_rays().rotary(poses, torch.tensor([[0, 50, 500]]))
    else:
        changed = given[name].flip(-1) if name != "timesteps" else given[name] - 300
    assert not torch.allclose(flow(dit, {**given, name: changed}), plain, atol=1e-3)


def test_patches_survive_being_tokens():
    config = TINY.dit
    dit = DiT(config)
    size = config.token_dim
    dit.patch_embedding = nn.Conv3d(config.channels, size, (1, 2, 2), (1, 2, 2))
    identity = torch.eye(size).view(2, 2, config.channels, size).permute(3, 2, 0, 1)[:, :, None]
    with torch.no_grad():
        dit.patch_embedding.weight.copy_(identity)
        dit.patch_embedding.bias.zero_()
    latents = torch.randn(2, 3, config.channels, 4, 6)
    assert torch.equal(dit.unpatchify(dit.patchify(latents), latents.shape), latents)


def test_patch_embedding_is_the_convolution_it_is_stored_as():
    dit, latents = tiny_networks().dit, inputs()["latents"]
    convolved = dit.patch_embedding(latents.transpose(1, 2)).flatten(2).transpose(1, 2)
    assert torch.allclose(dit.patchify(latents), convolved, atol=1e-5)


def test_a_fresh_transformer_predicts_nothing_yet():
    dit = DiT(TINY.dit).initialise()
    assert flow(dit, inputs()).abs().max() == 0
