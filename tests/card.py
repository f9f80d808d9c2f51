"""A card that is not there: tensors lie on a device of its own, and their numbers on the host.

Every operation checks that all its tensors lie on one device, as those of a real card do, on any
computer. Nothing but `cpu()` gets numbers back to the host.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import cache
from unittest.mock import patch

import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only

CARD = "card:0"  # a device of no make: CUDA's asks for the card itself in many places
CPU = torch.device("cpu")
ATEN = torch.ops.aten
MOVING = {ATEN.copy_.default, ATEN._to_copy.default}  # between devices
INDEXED = {ATEN.index.Tensor, ATEN.index_put_.default, ATEN.index_put.default}  # also by the host's


class OnCard(Tensor):
    """A tensor on a card, with what it holds."""

    @staticmethod
    def __new__(cls, held: Tensor, device: torch.device) -> "OnCard":
        """Return a tensor of the same shape and strides."""
        shape = held.size(), held.stride(), held.storage_offset()
        with torch.inference_mode(False):  # a view of what is no tensor of that mode is none
            made = Tensor._make_wrapper_subclass(cls, *shape, dtype=held.dtype, device=device)
        made.held = held
        return made

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        """Do an operation on what its tensors hold."""
        return operate(function, args, kwargs or {})


class CardMode(TorchDispatchMode):
    """Sees the operations that have no tensor on a card yet, but may make one."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        """Do an operation."""
        return operate(function, args, kwargs or {})


def operate(function: Callable, args: tuple, kwargs: dict) -> object:
    """Do an operation on the host; what it makes lies where a real one would have made it."""
    if _is_composite(function):  # in inference mode, PyTorch leaves it to the device
        with CardMode():
            return function.decompose(*args, **kwargs)
    tensors = [one for one in tree_leaves((args, kwargs)) if isinstance(one, Tensor)]
    devices = {one.device for one in tensors if isinstance(one, OnCard)}
    if not devices and (kwargs.get("device") or CPU).type == "cpu":
        return function(*args, **kwargs)
    if function not in MOVING:
        strangers = tensors[:1] if function in INDEXED else tensors
        devices |= {one.device for one in strangers if one.dim()}
        if len(devices) > 1:
            raise RuntimeError(f"{function} of tensors on {', '.join(map(str, devices))}")
    made_on = args[0].device if function in MOVING else next(iter(devices), CPU)
    to = kwargs.get("device") or made_on
    if kwargs.get("device"):
        kwargs = {**kwargs, "device": CPU}
    made = function(*tree_map_only(OnCard, _held, args), **tree_map_only(OnCard, _held, kwargs))
    if function._schema.name.endswith("_"):
        return args[0]
    return made if to.type == "cpu" else tree_map_only(Tensor, lambda one: OnCard(one, to), made)


@cache
def _is_composite(function: Callable) -> bool:
    return torch._C._dispatch_has_kernel_for_dispatch_key(
        function.name(), "CompositeImplicitAutograd"
    )


def _held(tensor: OnCard) -> Tensor:
    return tensor.held


@contextmanager
def fake_card() -> Iterator[None]:
    """Let tensors be made on a card that is not there."""
    _set_up()
    with ExitStack() as stack:
        stack.enter_context(CardMode())
        stack.enter_context(patch.object(nn.Module, "_apply", _applied))
        for name in ("tensor", "from_numpy"):
            made = _made(getattr(torch, name))
            stack.enter_context(patch.object(torch, name, made))
        stack.enter_context(patch.object(ThreadPoolExecutor, "submit", _done_at_once))
        yield


def _done_at_once(executor: object, task: Callable, *args: object) -> Future:
    """Do what a thread would: the card is known in one thread alone."""
    future: Future = Future()
    future.set_result(task(*args))
    return future


@cache
def _set_up() -> None:
    setup = pytest.importorskip(
        "torch.utils.backend_registration", reason="this PyTorch is too old"
    )
    setup._setup_privateuseone_for_python_backend(CARD.partition(":")[0])


def _applied(module: nn.Module, function: Callable[[Tensor], Tensor]) -> nn.Module:
    """Move or convert a network: parameters cannot change their class in place."""
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


def _made(tensor: Callable) -> Callable:
    """Return what makes tensors of numbers on the host and moves them, as the card has no maker."""

    def made(numbers: object, *, device: str | torch.device = "cpu", **options) -> Tensor:
        return tensor(numbers, **options).to(device)

    return made
