"""int8 for the named products of graphs, after training.

Inputs of products become u8 by ranges that were calibrated in play, one a tensor; weights become
int8 with a scale for each output. OpenVINO then finds pairs of both and runs int8 products. Knows
nothing of networks.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open

from mag_sandbox.model.checkpoints import reading, write_tensors
from mag_sandbox.model.compiled.graphs import Model, Node, Type, op
from mag_sandbox.model.world import MissingWeights

logger = logging.getLogger(__name__)
LEVELS = 256  # of an input
_CLIPS = np.linspace(1.0, 0.3, 15)  # shares of a range that are tried
_MOST = 127  # of a weight
_CACHED = 1 << 15  # numbers that a processor's cache holds in float64
_PRODUCTS = ("Convolution", "MatMul")


@dataclass(frozen=True)
class Ranges:
    """Ranges of the inputs of named products.

    ranges = read_ranges(path)
    ranges.quantise(model, "decoder")

    Args:
        of_networks: lowest and highest number, by network and by product.
    """

    of_networks: Mapping[str, Mapping[str, tuple[float, float]]]

    def quantise(self, model: Model, network: str) -> None:
        """Convert the products of a network that have a range to int8, in place."""
        ranges, narrow = self.of_networks[network], {}
        for name, node in products(model).items():
            if name not in ranges:
                continue
            source, weight = node.input_value(0), node.input_value(1).get_node()
            place = source.get_node().get_friendly_name(), source.get_index()
            if place not in narrow:  # products with one input share it
                narrow[place] = _levelled(source, *ranges[name])
            node.input(0).replace_source_output(narrow[place].output(0))
            node.input(1).replace_source_output(_narrow_weight(weight.data).output(0))
        model.validate_nodes_and_infer_types()


def products(model: Model) -> dict[str, Node]:
    """Return the products of a model that have a name, by it."""
    nodes = (node for node in model.get_ordered_ops() if node.get_type_name() in _PRODUCTS)
    pairs = ((node.get_friendly_name(), node) for node in nodes)
    return {name: node for name, node in pairs if name != node.get_name()}  # OpenVINO's own name


def _levelled(x: Node, low: float, high: float) -> Node:
    """Return numbers rounded to one of `LEVELS` between two."""
    bounds = [op.constant(np.float32(each)) for each in (low, high, low, high)]
    return op.fake_quantize(x, *bounds, LEVELS)


def _narrow_weight(weight: np.ndarray) -> Node:
    """Return weights, [out, ...], as int8 levels times a scale for each output."""
    levels, scale = weight_levels(weight)
    return op.multiply(op.convert(op.constant(levels), Type.f32), op.constant(scale))


def weight_levels(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return int8 levels and the scale of each output that leaves the least square error.

    Args:
        weight: [out, ...].

    Returns:
        Levels, int8 [out, ...], and scales, fp32 [out, 1, ...].
    """
    rows = weight.reshape(len(weight), -1)
    few = max(1, _CACHED // rows.shape[1])
    parts = [_levels(rows[first : first + few]) for first in range(0, len(rows), few)]
    levels, scales = (np.concatenate(each) for each in zip(*parts, strict=True))
    return levels.reshape(weight.shape), scales.reshape(-1, *[1] * (weight.ndim - 1))


def _levels(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return int8 levels and scales of the rows of a matrix."""
    widest = np.abs(rows).max(axis=1, keepdims=True).clip(1e-12) / _MOST
    scale, least = widest, np.full(widest.shape, np.inf)
    memory = np.empty(rows.shape)  # new memory would take longer than all that is done in it
    for clip in _CLIPS:
        tried = widest * clip
        off = _rounded(rows, tried, memory)
        off *= tried
        off -= rows
        error = np.square(off, out=off).mean(axis=1, keepdims=True)
        scale, least = np.where(error < least, tried, scale), np.minimum(error, least)
    return _rounded(rows, scale, memory).astype(np.int8), scale.astype(np.float32)


def _rounded(rows: np.ndarray, scale: np.ndarray, memory: np.ndarray) -> np.ndarray:
    np.divide(rows, scale, out=memory)
    np.round(memory, out=memory)
    return np.clip(memory, -_MOST, _MOST, out=memory)


def best_range(values: np.ndarray) -> tuple[float, float]:
    """Return the range in which `LEVELS` steps leave the least square error; 0 is one of them.

    Args:
        values: a sample of a tensor, of any shape.
    """
    low, high = min(float(values.min()), 0.0), max(float(values.max()), 1e-6)
    tried = [(one, both) for both in _CLIPS for one in (1.0, both)]
    bounds = [_with_zero(low * below, high * above) for below, above in tried]
    errors = [np.square(_on_levels(values, *each) - values).mean() for each in bounds]
    low, high = bounds[int(np.argmin(errors))]
    return float(low), float(high)


def _with_zero(low: float, high: float) -> tuple[float, float]:
    """Return a range moved by less than a step, so that one of its levels is 0."""
    step = (high - low) / (LEVELS - 1)
    below = round(-low / step)
    return -below * step, (LEVELS - 1 - below) * step


def _on_levels(values: np.ndarray, low: float, high: float) -> np.ndarray:
    step = (high - low) / (LEVELS - 1)
    return np.round((values.clip(low, high) - low) / step) * step + low


def read_ranges(path: Path, weights: Mapping[str, str]) -> Ranges:
    """Return the ranges of a file that were calibrated with these weights.

    They only save time: a file that is absent or damaged counts as empty.
    """
    found: dict[str, dict[str, tuple[float, float]]] = {}
    if not path.exists():
        return Ranges(found)
    remedy = "networks run in other precisions than int8"
    try:
        with reading(path, remedy), safe_open(path, framework="np") as file:
            calibrated = file.metadata() or {}
            for key in file.keys():  # noqa: SIM118 (it is no mapping)
                network, _, name = key.partition("/")
                if weights.get(network, "") and calibrated.get(network) == weights[network]:
                    low, high = (float(each) for each in file.get_tensor(key))
                    if not (low <= 0.0 <= high and low < high):
                        raise ValueError(f"the range of {key} is {low} to {high}")
                    found.setdefault(network, {})[name] = low, high
    except MissingWeights as problem:
        logger.warning("%s", problem)
        return Ranges({})
    if not found:
        logger.warning("%s belongs to other weights; %s", path, remedy)
    return Ranges(found)


def write_ranges(path: Path, ranges: Ranges, weights: Mapping[str, str]) -> None:
    """Write a file that `read_ranges` reads; digests of weights are by network."""
    tensors = {
        f"{network}/{name}": torch.tensor(bounds)
        for network, of_products in ranges.of_networks.items()
        for name, bounds in of_products.items()
    }
    write_tensors(path, tensors, {name: weights[name] for name in ranges.of_networks})
