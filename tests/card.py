"""A card that is not there: networks run on fake tensors of its own device, which hold no numbers.

PyTorch then checks of every operation that all its tensors lie on one device, on any computer. What
leaves a tensor for Python falls from 1 to 0, and must have come back from the card before.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import cache, wraps
from unittest.mock import patch

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load, load_file
from torch import Tensor, nn
from torch._subclasses.fake_impls import op_implementations_dict
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode, unset_fake_temporarily

from mag_sandbox.model import checkpoints, prompts
from mag_sandbox.model.checkpoints import Checkpoint
from mag_sandbox.model.full import text_cache

CARD = "card:0"  # a device of no make: CUDA's asks for the card itself in many places


@contextmanager
def fake_card() -> Iterator[None]:
    """Let tensors be made on a card that is not there, and read from the host alone."""
    _set_up()
    with ExitStack() as stack:
        mode = stack.enter_context(FakeTensorMode(allow_non_fake_inputs=True))
        read = Checkpoint.__getitem__
        stack.enter_context(
            patch.object(
                Checkpoint, "__getitem__", lambda *told: mode.from_tensor(_real(read)(*told))
            )
        )
        for name, reader in (("load", load), ("load_file", load_file)):
            stack.enter_context(patch.object(checkpoints, name, _real(reader)))
        stack.enter_context(patch.object(checkpoints, "check_finite", lambda *told: None))
        for module in (checkpoints, prompts, text_cache):
            stack.enter_context(patch.object(module, "safe_open", _OpenFile))
        told = {
            "numpy": _numbers,
            "tolist": lambda tensor: _falling(tensor).tolist(),
            "item": lambda tensor: np.zeros(1, _numpy_kind(tensor)).item(),
            "__int__": lambda tensor: 0,
            "__float__": lambda tensor: 0.0,
            "__bool__": lambda tensor: True,
        }
        for name, function in told.items():
            for kind in (Tensor, FakeTensor):
                stack.enter_context(patch.object(kind, name, function))
        stack.enter_context(
            patch.dict(op_implementations_dict, {torch.ops.aten.nonzero.default: _all})
        )
        stack.enter_context(patch.object(nn.Module, "_apply", _applied))
        for name in ("tensor", "from_numpy"):
            made = _made(getattr(torch, name), mode)
            stack.enter_context(patch.object(torch, name, made))
        stack.enter_context(patch.object(ThreadPoolExecutor, "submit", _done_at_once))
        yield


def _done_at_once(executor: object, task: Callable, *args: object) -> Future:
    """Do what a thread would: fake tensors know one thread alone."""
    future: Future = Future()
    future.set_result(task(*args))
    return future


def _all(mode: FakeTensorMode, function: Callable, mask: Tensor) -> Tensor:
    """Return the places of a mask as if it were all true: what it is, is not known."""
    return mask.new_empty((mask.numel(), mask.dim()), dtype=torch.int64)


@cache
def _set_up() -> None:
    setup = pytest.importorskip(
        "torch.utils.backend_registration", reason="this PyTorch is too old"
    )
    setup._setup_privateuseone_for_python_backend(CARD.partition(":")[0])


def _applied(module: nn.Module, function: Callable[[Tensor], Tensor]) -> nn.Module:
    """Move or convert a network: fake parameters cannot be changed in place as real ones are."""
    for child in module.children():
        child._apply(function)
    for name, parameter in module._parameters.items():
        if parameter is not None:
            changed = function(parameter.detach())
            module._parameters[name] = nn.Parameter(changed, parameter.requires_grad)
    for name, buffer in module._buffers.items():
        if buffer is not None:
            module._buffers[name] = function(buffer.detach())
    return module


def _made(tensor: Callable, mode: FakeTensorMode) -> Callable:
    """Return what makes tensors of numbers on the host and moves them, as the card has no maker."""

    def made(numbers: object, *, device: str | torch.device = "cpu", **options) -> Tensor:
        return mode.from_tensor(_real(tensor)(numbers, **options)).to(device)

    return made


def _real(function: Callable) -> Callable:
    """Return a function that gives real tensors."""

    @wraps(function)
    def called(*args, **options):
        with unset_fake_temporarily():
            return function(*args, **options)

    return called


class _OpenFile:
    """What `safe_open` returns, which gives real tensors."""

    def __init__(self, *args, **options) -> None:
        self._file = safe_open(*args, **options)

    def __enter__(self) -> "_OpenFile":
        return self

    def __exit__(self, *told: object) -> None:
        self._file.__exit__(*told)

    def __getattr__(self, name: str) -> Callable:
        return _real(getattr(self._file, name))


_NUMPY = Tensor.numpy


def _numpy_kind(tensor: Tensor) -> np.dtype:
    with unset_fake_temporarily():
        return _NUMPY(torch.empty(0, dtype=tensor.dtype)).dtype


def _numbers(tensor: Tensor) -> np.ndarray:
    if tensor.device.type != "cpu":
        raise TypeError(f"a tensor on {tensor.device} was read as if it lay on the host")
    return _falling(tensor)


def _falling(tensor: Tensor) -> np.ndarray:
    return np.linspace(1, 0, tensor.numel()).astype(_numpy_kind(tensor)).reshape(tensor.shape)
