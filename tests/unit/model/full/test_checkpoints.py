"""Public checkpoints load strictly, however they are wrapped; nothing in them is executed."""

import json
import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from mag_sandbox.model.catalogue.worlds import WORLDS
from mag_sandbox.model.checkpoints import load_checkpoint, open_checkpoint
from mag_sandbox.model.world import MissingWeights

STEM = "diffusion_pytorch_model"


def network() -> nn.Module:
    """Return two layers, one of them in a list as in the transformer."""
    module = nn.Module()
    module.blocks = nn.ModuleList([nn.Linear(3, 2)])
    module.head = nn.Linear(2, 1)
    return module


def state() -> dict[str, torch.Tensor]:
    return network().state_dict()


def loaded(
    path: Path, dtype: torch.dtype = torch.float32, *, averaged: bool = True
) -> dict[str, torch.Tensor]:
    with torch.device("meta"):
        module = network()
    load_checkpoint(module, path, dtype, averaged=averaged)
    return module.state_dict()


def assert_same(actual: dict, expected: dict) -> None:
    assert set(actual) == set(expected)
    for name, value in expected.items():
        assert torch.equal(actual[name], value), name


def prefixed(tensors: dict, prefix: str) -> dict:
    return {prefix + name: value for name, value in tensors.items()}


def test_a_single_file_is_loaded_as_it_is(tmp_path):
    weights = state()
    save_file(weights, tmp_path / "a.safetensors")
    torch.save(weights, tmp_path / "a.pt")
    torch.save(weights, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    for name in ("a.safetensors", "a.pt", "old.pth"):
        assert_same(loaded(tmp_path / name), weights)


@pytest.mark.parametrize("suffix", ["safetensors", "bin"])
def test_a_folder_is_loaded_whole_or_in_shards(tmp_path, suffix):
    weights = state()
    whole, sharded = tmp_path / "whole", tmp_path / "sharded"
    save = save_file if suffix == "safetensors" else torch.save
    for folder in (whole, sharded):
        folder.mkdir()
        (folder / "config.json").write_text("{}")
    save(weights, whole / f"{STEM}.{suffix}")
    places = {}
    for index, name in enumerate(weights):
        places[name] = f"{STEM}-0000{index % 2 + 1}-of-00002.{suffix}"
    for file in set(places.values()):
        save({n: weights[n] for n in weights if places[n] == file}, sharded / file)
    (sharded / f"{STEM}.{suffix}.index.json").write_text(json.dumps({"weight_map": places}))
    assert_same(loaded(whole), weights)
    assert_same(loaded(sharded), weights)


@pytest.mark.parametrize("nesting", [("generator",), ("model",), ("state_dict", "generator_ema")])
@pytest.mark.parametrize(
    "prefix", ["", "model.", "module.model.", "model._fsdp_wrapped_module.", "_orig_mod.module."]
)
def test_wrappings_come_off(tmp_path, nesting, prefix):
    weights = state()
    wrapped = prefixed(weights, prefix)
    for key in reversed(nesting):
        wrapped = {key: wrapped, "step": 7}
    torch.save(wrapped, tmp_path / "a.pt")
    assert_same(loaded(tmp_path / "a.pt"), weights)


def test_wrappers_come_off_in_the_middle_of_a_name_too(tmp_path):
    weights = state()
    inner = {
        name.replace("blocks.0.", "blocks.0._checkpoint_wrapped_module._fsdp_wrapped_module."): v
        for name, v in weights.items()
    }
    torch.save(inner, tmp_path / "a.pt")
    assert_same(loaded(tmp_path / "a.pt"), weights)


def test_the_average_is_preferred(tmp_path):
    plain, average = state(), state()
    torch.save({"generator": plain, "generator_ema": average}, tmp_path / "a.pt")
    assert_same(loaded(tmp_path / "a.pt"), average)


def test_a_world_whose_release_plays_the_plain_weights_gets_them(tmp_path):
    plain, average = state(), state()
    torch.save({"generator_ema": average, "generator": plain}, tmp_path / "a.pt")
    assert_same(loaded(tmp_path / "a.pt", averaged=WORLDS["longlive"].averaged), plain)


def test_floats_are_cast_and_other_numbers_are_not(tmp_path):
    class Counting(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.full((2,), 1 / 3))
            self.register_buffer("count", torch.tensor([5]))

    torch.save(Counting().state_dict(), tmp_path / "a.pt")
    module = Counting()
    load_checkpoint(module, tmp_path / "a.pt", torch.bfloat16)
    assert torch.equal(module.weight, torch.full((2,), 1 / 3).bfloat16())
    assert module.count.dtype == torch.int64


def test_a_tensor_is_read_only_when_it_is_asked_for(tmp_path):
    save_file(state(), tmp_path / "a.safetensors")
    checkpoint = open_checkpoint(tmp_path / "a.safetensors")
    read = []
    checkpoint._readers = {
        name: lambda name=name: read.append(name) or torch.zeros(checkpoint.shapes[name])
        for name in checkpoint
    }
    assert checkpoint.shapes["blocks.0.weight"] == (2, 3)
    assert read == []
    checkpoint["head.bias"]
    assert read == ["head.bias"]


def test_what_differs_is_named_with_shapes(tmp_path):
    weights = state()
    weights["head.weight"] = torch.zeros(5, 2)
    del weights["head.bias"]
    weights.update({name: torch.zeros(1) for name in ("extra", "more")})
    save_file(weights, tmp_path / "a.safetensors")
    with pytest.raises(MissingWeights) as caught:
        loaded(tmp_path / "a.safetensors")
    message = str(caught.value)
    assert '"head.bias" is missing' in message
    assert '"head.weight" is (5, 2), expected (1, 2)' in message
    assert '"extra" is unknown and 1 more; ' in message
    assert "\n" not in message


def test_a_misfit_leaves_the_module_alone(tmp_path):
    weights = state()
    weights["head.weight"] = torch.zeros(5, 2)
    save_file(weights, tmp_path / "a.safetensors")
    module = network()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    with pytest.raises(MissingWeights):
        load_checkpoint(module, tmp_path / "a.safetensors", torch.float32)
    assert_same(module.state_dict(), before)


def test_two_names_that_become_one_are_refused(tmp_path):
    save_file({**state(), **prefixed(state(), "model.")}, tmp_path / "a.safetensors")
    with pytest.raises(MissingWeights, match=r'holds ".*" twice'):
        loaded(tmp_path / "a.safetensors")


class Harmful:
    """Would write a file if a pickle that holds it were executed."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("name", ["a.pt", "a.bin"])
def test_pickles_are_never_executed(tmp_path, name):
    trap = tmp_path / "executed"
    torch.save({"model": state(), "trap": Harmful(trap)}, tmp_path / name)
    with pytest.raises(MissingWeights, match="more than tensors and is not opened; convert"):
        loaded(tmp_path / name)
    (tmp_path / name).write_bytes(pickle.dumps(Harmful(trap)))
    with pytest.raises(MissingWeights):
        loaded(tmp_path / name)
    assert not trap.exists()


def test_missing_and_damaged_files_are_named(tmp_path):
    cases = {
        "gone.safetensors": (None, "not found"),
        "gone.pt": (None, "not found"),
        "torn.safetensors": (b"\x08\0\0\0\0\0\0\0{}", "damaged"),
        "torn.pt": (b"PK\x03\x04 not a zip", "damaged|more than tensors"),
        "list.pt": ([1, 2], "cannot be read .it holds no tensors by name"),
        "number.pt": ({"a": 3}, 'cannot be read ."a" is not a tensor'),
    }
    for name, (content, expected) in cases.items():
        path = tmp_path / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif content is not None:
            torch.save(content, path)
        with pytest.raises(MissingWeights, match=expected) as caught:
            loaded(path)
        assert name in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_folder_without_weights_is_named(tmp_path):
    with pytest.raises(MissingWeights, match=f"holds no {STEM}.safetensors"):
        loaded(tmp_path)


@pytest.mark.parametrize(
    "index", ["{", "[]", '{"weight_map": 3}', '{"weight_map": {"a": "../b.safetensors"}}']
)
def test_a_bad_index_is_refused(tmp_path, index):
    (tmp_path / f"{STEM}.safetensors.index.json").write_text(index)
    with pytest.raises(MissingWeights, match=r"index\.json cannot be read"):
        loaded(tmp_path)


def test_a_missing_shard_is_named(tmp_path):
    index = {"weight_map": {"head.bias": "second.safetensors"}}
    (tmp_path / f"{STEM}.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(MissingWeights, match=r"second\.safetensors is missing"):
        loaded(tmp_path)
