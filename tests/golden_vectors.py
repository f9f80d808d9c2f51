"""Reference vectors of the official implementations; `GOLDEN_DIR` names another set of them."""

import json
import os
from functools import cache
from pathlib import Path

import torch
from safetensors.torch import load_file

GOLDEN_DIR = Path(os.environ.get("GOLDEN_DIR", Path(__file__).parent / "golden"))


@cache
def manifest() -> dict:
    """Return the set's sizes and case parameters."""
    return json.loads((GOLDEN_DIR / "manifest.json").read_text())


@cache
def vectors(name: str) -> dict[str, torch.Tensor]:
    """Return one file's tensors."""
    return load_file(GOLDEN_DIR / f"{name}.safetensors")


def assert_matches(actual: torch.Tensor, expected: torch.Tensor, tolerance: float = 1e-4) -> None:
    """Compare as the set's README says: |a - b| <= tolerance * max|b|; integers exactly."""
    assert actual.shape == expected.shape, f"{tuple(actual.shape)} != {tuple(expected.shape)}"
    if not expected.is_floating_point():
        assert torch.equal(actual, expected)
        return
    error = (actual.double() - expected.double()).abs().max()
    limit = tolerance * expected.double().abs().max()
    assert error <= limit, f"error {error:.3g} exceeds {limit:.3g}"
