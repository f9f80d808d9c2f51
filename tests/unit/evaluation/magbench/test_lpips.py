"""LPIPS is the published formula on given weights; without weights there is none."""

import shutil
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch.nn import functional

from mag_sandbox.evaluation.magbench import lpips
from mag_sandbox.evaluation.magbench.best_match import best_match
from mag_sandbox.evaluation.magbench.lpips import (
    HEADS,
    LAYERS,
    POOLED_BEFORE,
    SCALE,
    SHIFT,
    Lpips,
    LpipsDistance,
    load_lpips,
    mean_enlarged,
)
from mag_sandbox.model.world import MissingWeights


def state(seed: int = 0) -> dict[str, torch.Tensor]:
    """Return small random weights under the names of LPIPS as a whole."""
    generator = torch.Generator().manual_seed(seed)
    tensors, channels = {}, 3
    slices = dict(zip(LAYERS, range(1, 6), strict=True))
    for index, (place, (width, kernel, _, _)) in enumerate(LAYERS.items()):
        noise = torch.randn(width, channels, kernel, kernel, generator=generator)
        tensors[f"net.slice{slices[place]}.{place}.weight"] = noise / (channels * kernel**2) ** 0.5
        tensors[f"net.slice{slices[place]}.{place}.bias"] = torch.full((width,), 0.05)
        tensors[f"lin{index}.model.1.weight"] = torch.rand(1, width, 1, 1, generator=generator)
        channels = width
    return tensors


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("lpips") / "lpips.safetensors"
    save_file(state(), path)
    return path


@pytest.fixture(scope="module")
def distance(weights):
    return LpipsDistance(load_lpips([weights]))


def pictures(count: int, seed: int = 0, height: int = 64, width: int = 96) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (count, 3, height, width)).astype(np.float32)


def spelled_out(one: np.ndarray, other: np.ndarray, tensors: dict) -> float:
    """The published formula, step by step, with maps enlarged to the picture."""
    total = torch.zeros(1, 1, *one.shape[-2:])
    first, second = (torch.from_numpy(x)[None] for x in (one, other))
    shift, scale = (torch.tensor(x).view(1, 3, 1, 1) for x in (SHIFT, SCALE))
    first, second = (first - shift) / scale, (second - shift) / scale
    for index, (place, (_, _, stride, padding)) in enumerate(LAYERS.items()):
        maps = []
        for x in (first, second):
            x = functional.max_pool2d(x, 3, 2) if place in POOLED_BEFORE else x
            weight = tensors[f"net.slice{index + 1}.{place}.weight"]
            bias = tensors[f"net.slice{index + 1}.{place}.bias"]
            maps.append(functional.conv2d(x, weight, bias, stride, padding).clamp(min=0))
        first, second = maps
        units = [x / (x.pow(2).sum(1, keepdim=True).sqrt() + 1e-10) for x in maps]
        apart = (units[0] - units[1]).pow(2)
        summed = (apart * tensors[f"lin{index}.model.1.weight"]).sum(1, keepdim=True)
        total += functional.interpolate(summed, one.shape[-2:], mode="bilinear")
    return float(total.mean())


def test_it_is_the_published_formula(distance):
    one, others = pictures(1)[0], pictures(3, seed=1)
    expected = [spelled_out(one, other, state()) for other in others]
    assert distance(one, others) == pytest.approx(expected, rel=1e-5)


def test_equal_pictures_are_not_apart_and_more_noise_is_farther(distance):
    one, noise = pictures(1)[0] * 0.5, pictures(1, seed=2)[0]
    versions = np.stack([one + amount * noise for amount in (0.0, 0.05, 0.2, 0.5)])
    found = distance(one, versions)
    assert found[0] == pytest.approx(0.0, abs=1e-9)
    assert list(found) == sorted(found)


def test_kept_features_are_those_of_the_pictures_at_hand(distance):
    one = pictures(1)[0]
    first, second = pictures(2, seed=3), pictures(2, seed=4)
    before = distance(one, first)
    assert not np.allclose(distance(one, second), before)
    assert np.array_equal(distance(one, first), before)


def test_the_mean_of_enlarged_maps_needs_no_enlarging():
    maps = torch.rand(2, 1, 7, 9, dtype=torch.float64)
    enlarged = functional.interpolate(maps, (480, 83), mode="bilinear")
    assert torch.allclose(mean_enlarged(maps, 480, 83), enlarged.mean(dim=(1, 2, 3)))


def test_it_finds_best_matches_under_its_name(distance):
    truth = pictures(3, seed=5)
    found = best_match(truth[[2, 0]], truth, distance)
    assert found.matches.tolist() == [2, 0]


def test_weights_come_in_two_files_or_their_heads_with_the_package(tmp_path, weights, monkeypatch):
    whole = state()
    alexnet = {
        f"features.{name.split('.')[2]}.{name.split('.')[3]}": value
        for name, value in whole.items()
        if name.startswith("net.")
    }
    alexnet["classifier.1.weight"] = torch.zeros(2, 2)
    heads = {name: value for name, value in whole.items() if name.startswith("lin")}
    torch.save(alexnet, tmp_path / "alexnet.pth")
    torch.save(heads, tmp_path / "alex.pth")
    both = load_lpips([tmp_path / "alexnet.pth", tmp_path / "alex.pth"]).state_dict()
    one = load_lpips([weights]).state_dict()
    assert all(torch.equal(both[name], one[name]) for name in one)
    monkeypatch.setattr(lpips, "find_spec", lambda name: None)
    with pytest.raises(MissingWeights, match=r"pip install lpips"):
        load_lpips([tmp_path / "alexnet.pth"])
    package = tmp_path / "lpips"
    (package / HEADS).parent.mkdir(parents=True)
    shutil.copy(tmp_path / "alex.pth", package / HEADS)
    found = SimpleNamespace(submodule_search_locations=[str(package)])
    monkeypatch.setattr(lpips, "find_spec", lambda name: found)
    packaged = load_lpips([tmp_path / "alexnet.pth"]).state_dict()
    assert all(torch.equal(packaged[name], one[name]) for name in one)


def test_weights_of_another_network_and_absent_ones_are_refused(tmp_path):
    save_file({"features.0.weight": torch.zeros(2, 2)}, tmp_path / "other.safetensors")
    with pytest.raises(MissingWeights, match="another network"):
        load_lpips([tmp_path / "other.safetensors"])
    with pytest.raises(MissingWeights, match="not found"):
        load_lpips([tmp_path / "absent.safetensors"])


def test_small_pictures_are_refused():
    with pytest.raises(ValueError, match="LPIPS needs"):
        LpipsDistance(Lpips())(pictures(1, height=32)[0], pictures(1, height=32))
