import hashlib

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from mag_sandbox.model import packing
from mag_sandbox.model.catalogue.shipped import changed, write_sums
from mag_sandbox.model.checkpoints import load_into, open_checkpoint, read_tensors
from mag_sandbox.model.packing import (
    free_plain_bytes,
    is_packed,
    pack,
    pack_file,
    plain_bytes,
    plain_digest,
    unpack,
)
from mag_sandbox.model.world import MissingWeights


def tensors() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return {
        "weight": torch.randn(64, 48).bfloat16(),
        "bias": torch.randn(64).bfloat16(),
        "extremes": torch.tensor([0.0, -0.0, 3e38, -1e-38]).bfloat16(),
        "levels": torch.randint(-128, 128, (33, 5)).to(torch.int8),
        "scale": torch.randn(3),
        "count": torch.tensor(7),
        "none": torch.zeros(0, dtype=torch.bfloat16),
    }


@pytest.fixture
def plain(tmp_path):
    path = tmp_path / "plain.safetensors"
    save_file(tensors(), path, {"made by": "a test"})
    return path


@pytest.fixture
def packed(plain):
    path = plain.with_name("packed.safetensors")
    path.write_bytes(pack(plain.read_bytes()))
    return path


def test_unpacked_files_are_the_plain_ones_byte_for_byte(plain, packed):
    assert unpack(packed.read_bytes()) == plain.read_bytes()
    assert is_packed(packed) and not is_packed(plain)


def test_bf16_takes_at_least_a_quarter_less(tmp_path):
    path = tmp_path / "normal.safetensors"
    save_file({"weight": 0.02 * torch.randn(256, 256).bfloat16()}, path)
    before = path.stat().st_size
    pack_file(path)
    assert path.stat().st_size < 0.75 * before


def test_tensors_and_metadata_are_read_alike(plain, packed):
    expected, about = read_tensors(plain)
    found, also = read_tensors(packed)
    assert about == also == {"made by": "a test"}
    assert expected.keys() == found.keys()
    assert all(found[name].dtype == value.dtype for name, value in expected.items())
    assert all(torch.equal(found[name], value) for name, value in expected.items())
    assert dict(open_checkpoint(packed).shapes) == dict(open_checkpoint(plain).shapes)


def test_digests_are_those_of_plain_files(plain, packed):
    other = plain.with_name("config.json")
    other.write_text("{}")
    expected = hashlib.sha256(plain.read_bytes() + b"{}").hexdigest()
    assert plain_digest(packed, other) == plain_digest(plain, other) == expected


def test_a_file_is_unpacked_once_until_it_is_freed(packed):
    first = plain_bytes(packed)
    assert plain_bytes(packed) is first
    free_plain_bytes()
    assert plain_bytes(packed) is not first


def test_all_weights_of_a_start_are_unpacked_once(packed, monkeypatch):
    files = [packed.with_name(f"{number}.safetensors") for number in range(14)]
    for file in files:
        file.write_bytes(packed.read_bytes())
    free_plain_bytes()
    unpacked = list[bytes]()
    monkeypatch.setattr(packing, "unpack", lambda data: unpacked.append(data) or unpack(data))
    first = plain_digest(*files)
    for file in files:
        read_tensors(file)
    free_plain_bytes()
    assert plain_digest(*files) == first
    assert len(unpacked) == len(files), "nor again for a digest that is known"
    files[0].write_bytes(packed.read_bytes()[:-1])
    assert plain_digest(*files) != first


def test_modules_load_packed_weights(tmp_path):
    linear = nn.Linear(3, 2)
    path = tmp_path / "linear.safetensors"
    save_file({name: value.bfloat16() for name, value in linear.state_dict().items()}, path)
    pack_file(path)
    assert is_packed(path)
    loaded = nn.Linear(3, 2)
    load_into(loaded, path)
    assert torch.equal(loaded.weight, linear.weight.bfloat16().float())


def test_files_without_bf16_and_packed_ones_stay_as_they_are(tmp_path, packed):
    path = tmp_path / "ranges.safetensors"
    save_file({"range": torch.tensor([0.0, 1.0])}, path, {"network": "0"})
    for each in (path, packed):
        before = each.read_bytes()
        pack_file(each)
        assert each.read_bytes() == before


def test_sums_pack_weights_first(tmp_path):
    folder = tmp_path / "pocket"
    folder.mkdir()
    save_file({"weight": torch.randn(8, 8).bfloat16()}, folder / "world.safetensors")
    write_sums(tmp_path)
    assert is_packed(folder / "world.safetensors")
    assert changed(tmp_path) == []


def test_damaged_numbers_are_refused_in_one_sentence(tmp_path):
    path = tmp_path / "linear.safetensors"
    save_file({name: v.bfloat16() for name, v in nn.Linear(64, 64).state_dict().items()}, path)
    pack_file(path)
    planes = load_file(path)
    planes["0.1"] = planes["0.1"].flip(0)
    save_file(planes, path, {"packed": "1"})
    with pytest.raises(MissingWeights, match="its packed numbers are damaged"):
        load_into(nn.Linear(64, 64), path)


def test_planes_of_another_length_are_refused(plain):
    save_file({"weight": torch.zeros(4, dtype=torch.bfloat16)}, plain)
    short = load_file_of(pack(plain.read_bytes()), plain)
    save_file({"weight": torch.zeros(9, dtype=torch.bfloat16)}, plain)
    long = load_file_of(pack(plain.read_bytes()), plain)
    save_file({**short, "0.0": long["0.0"]}, plain, {"packed": "1"})
    with pytest.raises(ValueError, match="its packed numbers are damaged"):
        unpack(plain.read_bytes())


def load_file_of(content: bytes, path) -> dict[str, torch.Tensor]:
    path.write_bytes(content)
    return load_file(path)
