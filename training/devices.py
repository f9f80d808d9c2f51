"""Where training runs, on a CPU in bf16 or a GPU, and how networks there take less memory."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.distributed.algorithms._checkpoint.checkpoint_wrapper import (
    CheckpointImpl,
    apply_activation_checkpointing,
    checkpoint_wrapper,
)

from mag_sandbox.model.attention import KERNELS, AttentionKernel, matmul_attention, sdpa_attention
from mag_sandbox.model.dit import DiT, Layer
from mag_sandbox.model.execution import Execution

Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True, slots=True)
class TrainingDevice:
    """A device and how to use it well."""

    device: str
    kernel: AttentionKernel
    scale: int = 1  # batches are this much larger than on two CPU cores

    def autocast(self) -> AbstractContextManager[object]:
        """Return the mixed-precision context: bf16 activations, fp32 weights."""
        return torch.autocast(self.device, torch.bfloat16)

    def execution(self) -> Execution:
        """Return the execution of the game here, for sheets of real play."""
        kernel = next(name for name, kernel in KERNELS.items() if kernel is self.kernel)
        return Execution(self.device, torch.bfloat16, kernel, torch.get_num_threads())

    def place(self, network: Network) -> Network:
        """Move a network of pictures to the device, its weights in channels-last order."""
        to: Callable[..., Network] = network.to  # torch's types lack the two together
        return to(self.device, memory_format=torch.channels_last)

    def upload(self, tensor: Tensor) -> Tensor:
        """Return a tensor on the device, pictures in channels-last order."""
        layout = (
            torch.channels_last
            if tensor.ndim == 4 and tensor.shape[1] == 3
            else torch.contiguous_format
        )
        return tensor.to(self.device, memory_format=layout, non_blocking=True)


def choose_device() -> TrainingDevice:
    """Return the GPU if there is one, else the CPU."""
    if torch.cuda.is_available():
        return TrainingDevice("cuda", sdpa_attention, scale=8)
    return TrainingDevice("cpu", matmul_attention)


def checkpoint_activations(dit: DiT) -> DiT:
    """Make every layer keep only its input between forward and backward; names of weights stay.

    Attention strategies are called twice then, so they must read the same both times: `GraphCache`
    readers do. Passes without gradients cost nothing more.
    """
    wrap = partial(checkpoint_wrapper, checkpoint_impl=CheckpointImpl.NO_REENTRANT)
    apply_activation_checkpointing(
        dit, checkpoint_wrapper_fn=wrap, check_fn=lambda module: isinstance(module, Layer)
    )
    return dit


def freeze(network: DiT) -> DiT:
    """Make a network read-only and keep its weights in bf16; it is changed in place.

    Under autocast these weights are rounded to bf16 wherever they are used, so nothing changes.
    Layer norms are left: autocast has them in fp32.
    """
    for module in network.modules():
        if not isinstance(module, nn.LayerNorm):
            for parameter in module.parameters(recurse=False):
                parameter.data = parameter.data.to(torch.bfloat16)
    return network.requires_grad_(False)
