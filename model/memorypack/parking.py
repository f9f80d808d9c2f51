"""A session's MemoryPack as bytes and plain JSON, and back."""

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.model.memorypack.memory import PackMemory
from mag_sandbox.model.memorypack.networks import MemoryPack
from mag_sandbox.model.memorypack.packing import Tokens
from mag_sandbox.model.memorypack.places import Frames, Places
from mag_sandbox.model.memorypack.semantic import SemanticState


def saved_memory(memory: PackMemory) -> tuple[dict[str, np.ndarray], dict]:
    """Return arrays of bytes, and what they mean."""
    arrays = {"image": _bytes(memory.image.latents), "history": _bytes(memory.history.latents)}
    data = {"image": _places(memory.image), "history": _places(memory.history), "updates": 0}
    state = memory.state()
    if state is not None and state.updates:
        arrays["psi"] = _bytes(state.psi.values.float())
        arrays["turns"] = _bytes(torch.view_as_real(state.psi.rotary))
        data |= {"updates": state.updates, "type": str(state.psi.values.dtype)}
    return arrays, data


def load_memory(
    arrays: dict[str, np.ndarray], data: dict, pack: MemoryPack, places: Places, prompt: Tensor
) -> PackMemory:
    """Return what `saved_memory` was given.

    Args:
        arrays: its arrays.
        data: what they mean.
        pack: the trained parts.
        places: of tokens.
        prompt: features of the prompt in force.
    """
    image, history = (_frames(arrays[name], data[name]) for name in ("image", "history"))
    memory = PackMemory(pack, places, image, prompt)
    state = memory.state()
    if data["updates"]:
        values = _numbers(arrays["psi"]).to(getattr(torch, data["type"].removeprefix("torch.")))
        psi = Tokens(values, torch.view_as_complex(_numbers(arrays["turns"])))
        state = SemanticState(psi, state.guide, state.start, data["updates"])
    memory.load(history, state if data["updates"] else None)
    return memory


def _places(frames: Frames) -> dict:
    return {
        "times": frames.times.tolist(),
        "poses": None if frames.poses is None else frames.poses.tolist(),
    }


def _frames(array: np.ndarray, data: dict) -> Frames:
    poses = data["poses"]
    turned = None if poses is None else torch.tensor(poses, dtype=torch.float64)
    return Frames(_numbers(array), torch.tensor(data["times"]), turned)


def _bytes(tensor: Tensor) -> np.ndarray:
    return tensor.float().cpu().contiguous().view(torch.uint8).numpy()


def _numbers(array: np.ndarray) -> Tensor:
    return torch.from_numpy(array).view(torch.float32)
