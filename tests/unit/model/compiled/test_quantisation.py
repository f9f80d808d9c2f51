"""int8: products are rounded to levels, run as int8, and stay near to what they were."""

from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest
import torch

from tests.vnni import needs_vnni

if find_spec("openvino") is None:
    pytest.skip("graphs do not run here", allow_module_level=True)

from mag_sandbox.model.compiled import quantisation
from mag_sandbox.model.compiled.graphs import GraphCompiler, convolution, graph_input, op
from mag_sandbox.model.compiled.quantisation import (
    Ranges,
    best_range,
    products,
    read_ranges,
    weight_levels,
    write_ranges,
)
from tests.tiny import FP32

GRAPHS = replace(FP32, compiled=True)
IN_INT8 = replace(GRAPHS, precisions=(("decoder", "int8"),))
RANGES = Ranges({"decoder": {"first": (-4.0, 4.0), "second": (-0.3125, 5.0)}})


def drawn(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def graph():
    """Two convolutions in int8, and one that stays in fp32."""
    x = graph_input(1, 16, 8, 8)
    first, second = (drawn(16, 16, 3, 3) / 12 for _ in range(2))
    y = op.swish(convolution(x, first, name="first"))
    return [x], [convolution(convolution(y, second, name="second"), first)]


def output(execution) -> torch.Tensor:
    made = torch.empty(1, 16, 8, 8)
    GraphCompiler(execution, RANGES.quantise).compile("decoder", graph)(
        [drawn(1, 16, 8, 8)], [made]
    )
    return made


@needs_vnni
def test_products_in_int8_are_near_to_those_in_fp32():
    exact, made = output(GRAPHS), output(IN_INT8)
    assert not torch.equal(exact, made)
    assert (exact - made).square().mean() < 1e-3 * exact.square().mean()


def test_only_named_products_run_in_int8():
    compiler = GraphCompiler(IN_INT8, RANGES.quantise)
    model = compiler.model("decoder", graph)
    assert set(products(model)) == {"first", "second"}
    ran = compiler.compiled("decoder", graph).get_runtime_model().get_ops()
    kinds = [
        node.get_rt_info()["runtimePrecision"].astype(str)
        for node in ran
        if node.get_rt_info()["layerType"].astype(str) == "Convolution"
    ]
    assert sorted(kinds) == ["f32", "u8", "u8"]


def test_weights_keep_the_ratio_of_each_output(monkeypatch):
    weight = drawn(5, 3, 2, 2).numpy() * np.array([1e-3, 1.0, 50.0, 1.0, 0.0])[:, None, None, None]
    levels, scale = weight_levels(weight)
    assert levels.dtype == np.int8
    error = np.square(levels * scale - weight).sum(axis=(1, 2, 3))
    assert (error <= 1e-3 * np.square(weight).sum(axis=(1, 2, 3))).all()
    monkeypatch.setattr(quantisation, "_CACHED", 24)  # two of five outputs at a time
    assert all(map(np.array_equal, weight_levels(weight), (levels, scale)))


@pytest.mark.parametrize("shift", [0.0, 3.0, -3.0])
def test_a_range_has_zero_on_a_level_and_holds_nearly_all(shift):
    values = drawn(4096).numpy() + shift
    low, high = best_range(values)
    assert low <= 0.0 <= high
    assert ((low <= values) & (values <= high)).mean() > 0.98
    step = (high - low) / 255
    assert low / step == pytest.approx(round(low / step), abs=1e-6)


def test_ranges_are_read_as_written_but_for_other_weights(tmp_path):
    path, digests = tmp_path / "ranges.safetensors", {"decoder": "a", "painter": "b"}
    both = Ranges({**RANGES.of_networks, "painter": {"layer 0 qkv": (-1.0, 0.0)}})
    write_ranges(path, both, digests)
    assert read_ranges(path, digests) == both
    assert read_ranges(path, digests | {"painter": "c"}) == RANGES
    assert read_ranges(path, {}) == Ranges({})
    assert read_ranges(tmp_path / "none", digests) == Ranges({})


@pytest.mark.parametrize("damage", [b"", b"\x00" * 64, None])
def test_damaged_ranges_count_as_none(tmp_path, damage):
    path, digests = tmp_path / "ranges.safetensors", {"decoder": "a"}
    write_ranges(path, Ranges({"decoder": {"first": (1.0, -1.0)}}), digests)
    if damage is not None:
        path.write_bytes(damage)
    assert read_ranges(path, digests) == Ranges({})
