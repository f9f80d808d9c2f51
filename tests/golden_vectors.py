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
    """Return one file's tensors: exact ones, ones in steps, and ones drawn by the set's recipes."""
    path = GOLDEN_DIR / f"{name}.safetensors"
    stored = load_file(path) if path.exists() else {}
    steps = {key: stored.pop(key) for key in list(stored) if key.endswith("@step")}
    tensors = {
        key: value * steps[f"{key}@step"] if f"{key}@step" in steps else value
        for key, value in stored.items()
    }
    for stream in manifest()["files"][name].get("drawn", ()):
        generator = torch.Generator().manual_seed(stream["seed"])
        for key, (draw, shape, mean, scale) in stream["tensors"].items():
            tensors[key] = mean + scale * getattr(torch, draw)(shape, generator=generator)
    return tensors


def assert_matches(actual: torch.Tensor, expected: torch.Tensor, tolerance: float = 1e-4) -> None:
    """Compare as the set's README says: |a - b| <= tolerance * max|b|; integers exactly."""
    assert actual.shape == expected.shape, f"{tuple(actual.shape)} != {tuple(expected.shape)}"
    if not expected.is_floating_point():
        assert torch.equal(actual, expected)
        return
    error = (actual.double() - expected.double()).abs().max()
    limit = tolerance * expected.double().abs().max()
    assert error <= limit, f"error {error:.3g} exceeds {limit:.3g}"
