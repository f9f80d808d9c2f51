"""Tensors as the bytes of a parked world and back, bit for bit; knows nothing of what they mean."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.model.catalogue.preflight import free_host_bytes
from mag_sandbox.model.world import GIB, WorldState

MOST_BYTES = 8 * GIB  # of keys and values in main memory; beyond, latents are parked instead


def host_room() -> int:
    """Return the bytes that a parked world's memory may take on the host.

    That is half of what is free, and 8 GiB at most.
    """
    return min(MOST_BYTES, free_host_bytes() // 2)


def packed(tensors: Mapping[str, Tensor], data: dict) -> WorldState:
    """Return a state of named tensors, whatever their number types, and plain data."""
    arrays = {
        name: tensor.cpu().contiguous().view(torch.uint8).numpy()
        for name, tensor in tensors.items()
    }
    types = {name: str(tensor.dtype).removeprefix("torch.") for name, tensor in tensors.items()}
    return WorldState(arrays, {**data, "types": types})


def unpacked(state: WorldState) -> dict[str, Tensor]:
    """Return the tensors of a state that `packed` made, on the host."""
    return {
        name: torch.from_numpy(state.arrays[name]).view(getattr(torch, kind))
        for name, kind in state.data["types"].items()
    }


def joined(
    parts: Mapping[str, WorldState], data: dict, arrays: Mapping[str, np.ndarray] | None = None
) -> WorldState:
    """Return one state of several, and of plain data and arrays of its own."""
    theirs = {
        f"{part}/{name}": array
        for part, state in parts.items()
        for name, array in state.arrays.items()
    }
    told = {**data, "parts": {part: state.data for part, state in parts.items()}}
    return WorldState({**(arrays or {}), **theirs}, told)


def has_part(state: WorldState, part: str) -> bool:
    """Tell whether a state has a part of this name."""
    return part in _parts(state)


def part_of(state: WorldState, part: str) -> WorldState:
    """Return one of the states that `joined` put together."""
    prefix = f"{part}/"
    arrays = {
        name.removeprefix(prefix): array
        for name, array in state.arrays.items()
        if name.startswith(prefix)
    }
    return WorldState(arrays, _parts(state)[part])


def _parts(state: WorldState) -> dict:
    return state.data.get("parts", state.data)  # states of before have them beside their own data
