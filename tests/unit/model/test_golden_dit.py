"""The transformer, its rotary coordinates and its schedule reproduce the official numbers."""

import json
import re

import pytest
import torch

from mag_sandbox.model.attention import KERNELS
from mag_sandbox.model.config import FULL, DiTConfig
from mag_sandbox.model.dit import DiT, modulate, own_block_attention, sinusoidal_embedding
from mag_sandbox.model.flow import FlowSchedule, add_noise, score_timestep, x0_from_flow
from mag_sandbox.model.rope import grid_rotary, index_frequencies, rotate
from tests.golden_vectors import GOLDEN_DIR, assert_matches, manifest, vectors


def golden_dit(name: str, kernel: str = "sdpa") -> DiT:
    """Build a tiny DiT of the set's sizes with one of its state dicts."""
    sizes = manifest()["config"]
    config = DiTConfig(
        dim=sizes["dim"],
        ffn_dim=sizes["ffn"],
        num_heads=sizes["heads"],
        num_layers=sizes["layers"],
        freq_dim=sizes["freq_dim"],
        text_dim=sizes["text_dim"],
        text_len=sizes["text_len"],
    )
    dit = DiT(config, KERNELS[kernel]).eval()
    dit.load_state_dict(vectors(name), strict=True)
    return dit


def index_rotary(frames: torch.Tensor, rows: int, columns: int, head_dim: int) -> torch.Tensor:
    """Return the coordinates of the tokens of whole latent frames."""
    grid = grid_rotary(frames, rows, columns, index_frequencies(head_dim))
    return grid.flatten(0, 2)[None, :, None]


def rotary_of(dit: DiT, frames: torch.Tensor) -> torch.Tensor:
    """Return coordinates of whole latent frames of the set's size."""
    sizes = manifest()["config"]
    return index_rotary(frames, sizes["H"] // 2, sizes["W"] // 2, dit.config.head_dim)


def test_full_size_has_the_official_names_and_shapes():
    with torch.device("meta"):
        actual = {k: list(v.shape) for k, v in DiT(FULL).state_dict().items()}
    shapes = json.loads((GOLDEN_DIR / "real_key_shapes.json").read_text())
    assert actual == {k: list(v) for k, v in shapes["dit_wan2.1_t2v_1.3b"].items()}


@pytest.mark.parametrize("numbers", ["complex", "real"])
@pytest.mark.parametrize("case", ["tiny", "hd128"])
def test_rotary_coordinates_match(case, numbers):
    golden = vectors("rope_time")
    x = golden[f"{case}/x"]
    rows = golden[f"{case}/freq_rows"]
    angles = torch.cat([torch.outer(rows.double(), f) for f in index_frequencies(x.shape[-1])], 1)
    assert_matches(angles.cos(), golden[f"{case}/freq_cos"])
    assert_matches(angles.sin(), golden[f"{case}/freq_sin"])
    info = manifest()["files"]["rope_time"]["info"]
    frames, height, width = map(int, re.search(r"grid \((\d+),(\d+),(\d+)\)", info).groups())
    starts = [key for key in golden if key.startswith(f"{case}/rope_start")]
    assert starts
    for key in starts:
        start = int(key.removeprefix(f"{case}/rope_start"))
        rotary = index_rotary(torch.arange(start, start + frames), height, width, x.shape[-1])
        if numbers == "real":
            rotary = torch.view_as_real(rotary)
        assert_matches(rotate(x, rotary), golden[key])


def test_time_embedding_matches():
    golden = vectors("rope_time")
    for key in ("time/emb256", "time/emb_tiny"):
        dim = golden[key].shape[-1]
        assert_matches(sinusoidal_embedding(golden["time/t"], dim), golden[key])


@pytest.mark.parametrize("kernel", list(KERNELS))
def test_every_activation_of_one_forward_matches(kernel):
    golden = vectors("dit_trace")
    dit = golden_dit("dit_generator", kernel)
    seen = {}

    def keep(name):
        return lambda module, inputs, output: seen.__setitem__(name, output)

    for index, layer in enumerate(dit.blocks):
        layer.register_forward_hook(keep(f"block{index}.out"))
    first = dit.blocks[0]
    first.self_attn.o.register_forward_hook(keep("block0.self_attn_out"))
    first.cross_attn.o.register_forward_hook(keep("block0.cross_attn_out"))
    first.ffn.register_forward_hook(keep("block0.ffn_out"))
    dit.head.register_forward_hook(keep("head_out"))
    dit.text_embedding.register_forward_hook(keep("text_embedding"))

    latents = golden["input_x"]
    time = dit.embed_time(golden["t"])
    with torch.no_grad():
        text = dit.text_keys(vectors("inputs")["context"])
        rotary = rotary_of(dit, torch.arange(latents.shape[1]))
        flow = dit(latents, time, text, rotary, own_block_attention(dit.kernel))
        norm = torch.nn.functional.layer_norm(dit.patchify(latents), (dit.config.dim,), eps=1e-6)

    patches = golden["patch_embed"].flatten(2).transpose(1, 2)
    assert_matches(dit.patchify(latents), patches)
    assert_matches(time.head.reshape(golden["time_embedding_e"].shape), golden["time_embedding_e"])
    assert_matches(time.layers.reshape(golden["time_projection"].shape), golden["time_projection"])
    assert_matches(seen["text_embedding"], golden["text_embedding"])
    plain = modulate(norm, torch.zeros(1, 1, 1, 1), torch.ones(1, 1, 1, 1))
    assert_matches(plain, golden["block0.norm1"])
    names = [key for key in golden if key.startswith("block") and not key.endswith("norm1")]
    for name in names:
        assert_matches(seen[name], golden[name])
    assert_matches(seen["head_out"].reshape(golden["head_out"].shape), golden["head_out"])
    assert_matches(flow, golden["flow"])


@pytest.mark.parametrize("shift", [5, 8, 3])
def test_schedule_tables_match(shift):
    golden = vectors("scheduler")
    schedule = FlowSchedule(float(shift))
    assert_matches(schedule.sigmas, golden[f"shift{shift}/sigmas"])
    assert_matches(schedule.timesteps, golden[f"shift{shift}/timesteps"])
    steps = schedule.warp([1000, 750, 500, 250])
    assert_matches(steps, golden[f"shift{shift}/warped_steps"])


def test_noise_and_flow_conversions_match():
    golden = vectors("scheduler")
    sigma = FlowSchedule(5.0).sigma(golden["convert/t"])
    x0, noise = golden["convert/x0"], golden["convert/eps"]
    xt = golden["convert/xt"]
    assert_matches(add_noise(x0, noise, sigma), xt)
    assert_matches(x0_from_flow(golden["convert/v"], xt, sigma), golden["convert/x0_from_v"])
    raw = golden["score_timestep/raw"]
    assert_matches(score_timestep(raw), golden["score_timestep/shifted_clamped"])
