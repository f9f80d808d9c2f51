"""Tensors as the bytes of a parked world and back, bit for bit, whatever they mean."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.model.catalogue.memory_plan import free_host_bytes
from mag_sandbox.model.world import GIB, MIB, PARKED_MIB, WorldState

_NUMBERS = {
    "float32": torch.float32,
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
    "uint8": torch.uint8,
    "int64": torch.int64,
}
_TYPES, _PARTS = "types", "parts"  # tensors' types by name; data of joined states
MOST_BYTES = 8 * GIB  # of keys and values in main memory; beyond, latents are parked instead


def host_room() -> int:
    """Return the bytes that a parked world's memory may take on the host.

    That is half of the free memory, and at most 8 GiB or `PARKED_MIB` MiB.
    """
    setting = os.environ.get(PARKED_MIB, "")
    most = int(setting) * MIB if setting.isdecimal() else MOST_BYTES
    return min(most, free_host_bytes() // 2)


def packed(tensors: Mapping[str, Tensor], data: dict[str, Any]) -> WorldState:
    """Return a state of named tensors, whatever their number types, and plain data."""
    arrays = {name: bytes_of(tensor) for name, tensor in tensors.items()}
    types = {name: str(tensor.dtype).removeprefix("torch.") for name, tensor in tensors.items()}
    return WorldState(arrays, {**data, _TYPES: types})


def unpacked(state: WorldState) -> dict[str, Tensor]:
    """Return the tensors of a state that `packed` made, on the host."""
    types = state.data[_TYPES]
    return {name: tensor_of(name, state.arrays[name], types[name]) for name in types}


def numbers_of(tensors: Mapping[str, Tensor], name: str, shape: Sequence[int]) -> Tensor:
    """Return a tensor of a state, fp32 on the host, or raise ValueError if it is another."""
    tensor = tensors[name]
    if tensor.shape != tuple(shape) or not tensor.is_floating_point():
        raise ValueError(f'"{name}" is {tuple(tensor.shape)}, expected {tuple(shape)}')
    return tensor.float()


def plain(state: WorldState) -> dict[str, Any]:
    """Return the plain data of a state without the keys that `packed` and `joined` add."""
    return {key: value for key, value in state.data.items() if key not in (_TYPES, _PARTS)}


def bytes_of(tensor: Tensor) -> np.ndarray:
    """Return the bytes of a tensor: its last axis is multiplied by the size of a number."""
    *shape, last = tensor.shape
    flat = tensor.cpu().contiguous().flatten().view(torch.uint8).numpy()
    return flat.reshape(*shape, last * tensor.itemsize)  # an empty tensor has no strides


def tensor_of(name: str, array: np.ndarray, kind: str = "float32") -> Tensor:
    """Return the tensor of some bytes, or raise ValueError if it is not finite."""
    if kind not in _NUMBERS or array.dtype != np.uint8:
        raise ValueError(f'"{name}" holds numbers of an unknown type')
    dtype = _NUMBERS[kind]
    if not array.size:  # an empty array has no strides
        return torch.empty((*array.shape[:-1], array.shape[-1] // dtype.itemsize), dtype=dtype)
    tensor = torch.from_numpy(array).view(dtype)
    if tensor.is_floating_point() and not torch.isfinite(tensor).all():
        raise ValueError(f'"{name}" holds values that are not finite')
    return tensor


def joined(
    parts: Mapping[str, WorldState],
    data: dict[str, Any],
    arrays: Mapping[str, np.ndarray] | None = None,
) -> WorldState:
    """Return one state of several, and of plain data and arrays of its own."""
    theirs = {
        f"{part}/{name}": array
        for part, state in parts.items()
        for name, array in state.arrays.items()
    }
    joined_data = {**data, _PARTS: {part: state.data for part, state in parts.items()}}
    return WorldState({**(arrays or {}), **theirs}, joined_data)


def parts_of(state: WorldState) -> tuple[str, ...]:
    """Return the names of the states that `joined` put together."""
    return tuple(_parts(state))


def part_of(state: WorldState, part: str) -> WorldState:
    """Return one of the states that `joined` put together."""
    prefix = f"{part}/"
    arrays = {
        name.removeprefix(prefix): array
        for name, array in state.arrays.items()
        if name.startswith(prefix)
    }
    return WorldState(arrays, _parts(state)[part])


def _parts(state: WorldState) -> dict[str, Any]:
    result: dict[str, Any] = state.data.get(
        _PARTS, state.data
    )  # older states have them beside their own data
    return result
