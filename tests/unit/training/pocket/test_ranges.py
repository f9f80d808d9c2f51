"""Calibration finds the range of every product that int8 may run, by playing."""

from importlib.util import find_spec
from shutil import copy2

import pytest

if find_spec("openvino") is None:
    pytest.skip("graphs do not run here", allow_module_level=True)

from mag_sandbox.files.whole import sha256_of
from mag_sandbox.model.compiled import quantisation
from mag_sandbox.model.enlarging import ENLARGER, NETWORK
from mag_sandbox.model.execution import NETWORKS
from mag_sandbox.model.pocket.loading import read_ranges
from mag_sandbox.model.pocket.weights import RANGES, weights_hash
from mag_sandbox.training.options import RangeOptions
from mag_sandbox.training.pocket import ranges
from tests.tiny import TINY, tiny_world, write_tiny_weights


def test_every_network_that_plays_is_calibrated(tmp_path, monkeypatch):
    monkeypatch.setattr(ranges, "SCENES", ("meadow",))
    monkeypatch.setattr(ranges, "BLOCKS", 2)
    weights = write_tiny_weights(tmp_path, generator_rank=2, moves=True)
    ranges.write_calibrated(RangeOptions(weights))
    found = read_ranges(weights, weights_hash(weights), "").of_networks
    assert set(found) == set(NETWORKS) - {"painter", "refiner"}
    layers = {name.rpartition(" ")[0] for name in found["denoise"]}
    assert {f"layer {number}" for number in range(TINY.dit.num_layers)} <= layers
    assert all(low <= 0 <= high for of in found.values() for low, high in of.values())
    other = write_tiny_weights(tmp_path, seed=1, moves=True)
    assert not read_ranges(other, weights_hash(other), "").of_networks


def test_the_network_that_enlarges_is_calibrated(tmp_path, monkeypatch):
    monkeypatch.setattr(ranges, "SCENES", ("meadow",))
    monkeypatch.setattr(ranges, "BLOCKS", 1)
    monkeypatch.setattr(ranges, "load_world", lambda name: tiny_world())
    copy2(ENLARGER, tmp_path)
    ranges.write_calibrated(RangeOptions(tmp_path))
    found = quantisation.read_ranges(tmp_path / RANGES, {NETWORK: sha256_of(ENLARGER)})
    assert set(found.of_networks[NETWORK]) == {"base", "head", "layer 0", "layer 1", "layer 2"}
