"""Where training runs: the same code on a CPU in bf16 and on a GPU."""

from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch
from torch import Tensor

from mag_sandbox.model.attention import KERNELS, AttentionKernel, matmul_attention, sdpa_attention
from mag_sandbox.model.execution import Execution


@dataclass(frozen=True, slots=True)
class TrainingDevice:
    """A device and how to use it well."""

    device: str
    kernel: AttentionKernel
    scale: int = 1  # batches are this much larger than on two CPU cores

    def autocast(self) -> AbstractContextManager:
        """Return the mixed-precision context: bf16 activations, fp32 weights."""
        return torch.autocast(self.device, torch.bfloat16)

    def execution(self) -> Execution:
        """Return how the game would run here, for sheets of real play."""
        kernel = next(name for name, kernel in KERNELS.items() if kernel is self.kernel)
        return Execution(self.device, torch.bfloat16, kernel, torch.get_num_threads())

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
