"""Adapters are merged while a checkpoint is loaded, exactly and before any cast."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from mag_sandbox.model.checkpoints import load_checkpoint
from mag_sandbox.model.dit import DiT, own_block_attention
from mag_sandbox.model.lora import Adapter
from mag_sandbox.model.world import MissingWeights
from tests.golden_vectors import assert_matches, manifest, vectors
from tests.unit.model.test_golden_dit import golden_dit, rotary_of

CASES = manifest()["files"]["lora"]["cases"]
LAYERS = manifest()["config"]["layers"]


def factors() -> dict[str, torch.Tensor]:
    golden = vectors("lora")
    return {k.removeprefix("adapter/"): v for k, v in golden.items() if k.startswith("adapter/")}


def write_adapter(folder: Path, state: dict, name: str = "lora.pt") -> Path:
    path = folder / name
    if name.endswith(".pt"):
        torch.save({"generator_lora": state}, path)
    else:
        save_file(state, path)
    return path


def merged(path: Path, alpha: float, dtype: torch.dtype = torch.float32) -> DiT:
    config = golden_dit("dit_generator").config
    with torch.device("meta"):
        dit = DiT(config).eval()
    base = path.with_name("base.safetensors")
    save_file(vectors("dit_generator"), base)
    load_checkpoint(dit, base, dtype, change=Adapter(path, alpha, LAYERS).merged)
    return dit


@pytest.mark.parametrize("name", ["lora.pt", "lora.safetensors"])
@pytest.mark.parametrize("case", list(CASES))
def test_merged_weights_match_and_all_others_are_unchanged(tmp_path, case, name):
    golden, base = vectors("lora"), vectors("dit_generator")
    state = merged(write_adapter(tmp_path, factors(), name), CASES[case]["alpha"]).state_dict()
    prefix = f"merged_{case}/"
    expected = {k.removeprefix(prefix): v for k, v in golden.items() if k.startswith(prefix)}
    assert expected
    for key, value in expected.items():
        assert_matches(state[key], value)
    changed = {key for key in state if not torch.equal(state[key], base[key])}
    linears = {key.removeprefix("base_model.model.").partition(".lora_")[0] for key in factors()}
    assert changed == {f"{linear}.weight" for linear in linears}
    assert len(changed) == 10 * LAYERS


@torch.no_grad()
@pytest.mark.parametrize("case", list(CASES))
def test_forwards_with_the_merged_weights_match(tmp_path, case):
    golden, inputs = vectors("lora"), vectors("inputs")
    dit = merged(write_adapter(tmp_path, factors()), CASES[case]["alpha"])
    frames = golden["t"].shape[1]
    flow = dit(
        inputs["noise"][:, :frames],
        dit.embed_time(golden["t"]),
        dit.text_keys(inputs["context"]),
        rotary_of(dit, torch.arange(frames)),
        own_block_attention(dit.kernel),
    )
    assert_matches(flow, golden[f"flow_{case}"])


def test_merging_comes_before_the_cast(tmp_path):
    path = write_adapter(tmp_path, factors())
    exact, cast = merged(path, 4), merged(path, 4, torch.bfloat16)
    name = "blocks.0.self_attn.q.weight"
    assert torch.equal(cast.state_dict()[name], exact.state_dict()[name].bfloat16())


def test_an_adapter_that_lacks_a_linear_is_refused(tmp_path):
    state = factors()
    del state["base_model.model.blocks.0.ffn.2.lora_B.weight"]
    state["base_model.model.head.lora_A.weight"] = torch.zeros(4, 4)
    path = write_adapter(tmp_path, state)
    expected = r'blocks\.0\.ffn\.2\.lora_B\.weight" is missing, .*head\.lora_A\.weight" is unknown'
    with pytest.raises(MissingWeights, match=expected):
        Adapter(path, 4, LAYERS)


def test_an_adapter_of_another_width_is_refused(tmp_path):
    state = {key: value[..., :-1].contiguous() for key, value in factors().items()}
    with pytest.raises(MissingWeights, match=r'does not fit "blocks\.\d+\.'):
        merged(write_adapter(tmp_path, state), 4)
