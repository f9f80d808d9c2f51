"""Networks as graphs that OpenVINO compiles and runs whole.

A call is one step for the interpreter, whose lock is free meanwhile, so threads truly run beside
each other; norms and activations are part of the operations around them. Graphs are written with
the functions below, from the weights of modules, and know nothing of worlds.
"""

import queue
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor, nn

from mag_sandbox.model.execution import Execution

# It would report to its makers that it is used, unasked; so nothing else imports OpenVINO.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

from openvino import Core, InferRequest, Model, Node, Type  # noqa: E402
from openvino import Tensor as Memory  # noqa: E402
from openvino import opset15 as op  # noqa: E402
from openvino.preprocess import PrePostProcessor  # noqa: E402

_TYPES = {torch.bfloat16: Type.bf16, torch.float32: Type.f32}
_CORE = Core()
_COMPILING = ThreadPoolExecutor(1, "compiling")  # while the rest is loaded


def given(*shape: int) -> Node:
    """Return a tensor that a graph is given."""
    return op.parameter(list(shape), Type.f32)


def given_bytes(*shape: int) -> Node:
    """Return whole numbers from 0 to 255 that a graph is given."""
    return op.parameter(list(shape), Type.u8)


def from_bytes(x: Node) -> Node:
    """Return whole numbers as numbers that may be any."""
    return op.convert(x, Type.f32)


def to_bytes(x: Node) -> Node:
    """Return numbers rounded to whole ones from 0 to 255."""
    return op.convert(op.clamp(op.round(x, "half_to_even"), 0.0, 255.0), Type.u8)


def constant(values: Tensor) -> Node:
    """Return a tensor that never changes."""
    return op.constant(values.detach().float().contiguous().numpy(), shared_memory=True)


def number(value: float) -> Node:
    """Return a number that never changes."""
    return op.constant(np.float32(value))


def linear(x: Node, weight: Tensor, bias: Tensor | None = None) -> Node:
    """Return [..., in] multiplied by weights, [out, in]."""
    y = op.matmul(x, constant(weight), transpose_a=False, transpose_b=True)
    return y if bias is None else op.add(y, constant(bias))


def of_linear(x: Node, source: nn.Module) -> Node:
    """Return what a linear layer makes."""
    return linear(x, source.get_parameter("weight"), source.get_parameter("bias"))


def convolved(x: Node, weight: Tensor, bias: Tensor | None, stride: int = 1) -> Node:
    """Return [B, in, H, W] convolved; of its own size where the stride is 1."""
    sides = [side // 2 if stride == 1 else 0 for side in weight.shape[2:]]
    y = op.convolution(x, constant(weight), [stride] * 2, sides, sides, [1, 1])
    return y if bias is None else op.add(y, constant(bias[:, None, None]))


def of_convolution(x: Node, source: nn.Conv2d) -> Node:
    """Return what a convolution makes."""
    return convolved(x, source.weight, source.bias, source.stride[0])


def normed(x: Node, source: nn.GroupNorm) -> Node:
    """Return what a norm over groups of channels makes."""
    weights = constant(source.weight), constant(source.bias)
    return op.group_normalization(x, *weights, source.num_groups, source.eps)


def silu(x: Node) -> Node:
    """Return x * sigmoid(x)."""
    return op.swish(x)


def channels_last(x: Node) -> Node:
    """Return [B, H, W, C] of [B, C, H, W]."""
    return op.transpose(x, [0, 2, 3, 1])


def channels_first(x: Node) -> Node:
    """Return [B, C, H, W] of [B, H, W, C]."""
    return op.transpose(x, [0, 3, 1, 2])


def reshaped(x: Node, *shape: int) -> Node:
    """Return the same numbers in another shape; 0: as it was, -1: whatever is left."""
    return op.reshape(x, list(shape), special_zero=True)


def split(x: Node, axis: int, count: int) -> list[Node]:
    """Return as many equal parts of an axis."""
    return op.split(x, axis, count).outputs()


Graph = tuple[Sequence[Node], Sequence[Node]]  # what it is given, what it makes


class Compiled:
    """A graph, compiled; called by several threads, it runs on theirs.

    double = Compiled(lambda: ([x := given(3, 4)], [op.add(x, x)]), execution)
    double([ones], [made])  # tensors of that shape, of the execution's type; bytes are uint8

    Args:
        write: returns the graph; done by a thread, while the rest is loaded.
        execution: of what type numbers are, and how many threads a call uses.
    """

    def __init__(self, write: Callable[[], Graph], execution: Execution) -> None:
        self._execution = execution
        self._free: queue.Queue[InferRequest] = queue.LifoQueue()
        self._model = _COMPILING.submit(self._begun, write)

    def _begun(self, write: Callable[[], Graph]) -> Model:
        """Return the graph, compiled once."""
        inputs, outputs = write()
        model = _typed(Model(list(outputs), list(inputs), "network"), self._kind)
        self._free.put(self._compiled(model))
        return model

    def __call__(self, given: Sequence[Tensor], made: Sequence[Tensor]) -> None:
        """Run it on tensors that are contiguous, and whose memory it uses as it is."""
        model = self._model.result()
        try:
            request = self._free.get_nowait()
        except queue.Empty:  # what is compiled once runs once at a time
            request = self._compiled(model)
        for place, x in enumerate(given):
            request.set_input_tensor(place, _memory(x))
        for place, x in enumerate(made):
            request.set_output_tensor(place, _memory(x))
        request.infer(share_outputs=True)  # else what it made is copied once more
        self._free.put(request)

    def _compiled(self, model: Model) -> InferRequest:
        options = {
            "INFERENCE_PRECISION_HINT": self._kind,
            "INFERENCE_NUM_THREADS": self._execution.threads,
            "NUM_STREAMS": 1,  # so that it runs on the thread that calls
            "ENABLE_CPU_PINNING": False,
        }
        return _CORE.compile_model(model, "CPU", options).create_infer_request()

    @property
    def _kind(self) -> Type:
        return _TYPES[self._execution.dtype]


def _memory(x: Tensor) -> Memory:
    """Return a tensor's memory, not a copy."""
    if x.dtype == torch.bfloat16:
        return Memory(x.view(torch.int16).numpy(), list(x.shape), Type.bf16)
    return Memory(x.numpy(), shared_memory=True)


def _typed(model: Model, kind: Type) -> Model:
    """Return a model that takes and makes numbers of a type; bytes stay bytes."""
    process = PrePostProcessor(model)
    for ports, side in ((model.inputs, process.input), (model.outputs, process.output)):
        for place, port in enumerate(ports):
            if port.element_type != Type.u8:
                side(place).tensor().set_element_type(kind)
    return process.build()
