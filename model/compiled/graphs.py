"""Graphs that OpenVINO compiles and runs whole, in fp32, bf16 or int8.

A call is one step for the interpreter, whose lock is free meanwhile, so threads truly run beside
each other; norms and activations are part of the operations around them. Graphs are written with
the functions below, from the weights of modules. Products with a name may run in int8. Knows
nothing of worlds.
"""

import queue
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from mag_sandbox.model.compiled.kept_graphs import KeptGraphs, kept_graphs
from mag_sandbox.model.execution import Execution

# It would send telemetry, unasked; so no other file imports OpenVINO.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

from openvino import CompiledModel, Core, InferRequest, opset15  # noqa: E402
from openvino import Model as Model  # noqa: E402
from openvino import Node as Node  # noqa: E402
from openvino import Tensor as Memory  # noqa: E402
from openvino import Type as Type  # noqa: E402
from openvino.preprocess import PrePostProcessor  # noqa: E402

op = opset15  # operations

BYTES = Type.u8  # of a node
_TYPES = {torch.bfloat16: Type.bf16, torch.float32: Type.f32}
_CORE = Core()
_MOST_COPIES = 2  # of a graph
_COMPILING = ThreadPoolExecutor(1, "compiling")  # while the rest is loaded


@cache
def _kept() -> KeptGraphs:
    return kept_graphs(_CORE)


def processor_name() -> str:
    """Return the name of this machine's processor."""
    return str(_CORE.get_property("CPU", "FULL_DEVICE_NAME"))


def has_bf16() -> bool:
    """Tell whether this machine's processor computes with bf16, fast or not."""
    return "BF16" in _CORE.get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def graph_input(*shape: int) -> Node:
    """Return an input of fp32 numbers."""
    return op.parameter(list(shape), Type.f32)


def byte_input(*shape: int) -> Node:
    """Return an input of whole numbers from 0 to 255."""
    return op.parameter(list(shape), Type.u8)


def from_bytes(x: Node) -> Node:
    """Return whole numbers as fp32."""
    return op.convert(x, Type.f32)


def to_bytes(x: Node) -> Node:
    """Return numbers rounded to whole ones from 0 to 255."""
    return op.convert(op.clamp(op.round(x, "half_to_even"), 0.0, 255.0), Type.u8)


def constant(values: Tensor) -> Node:
    """Return a constant tensor."""
    return op.constant(values.detach().float().contiguous().numpy(), shared_memory=True)


def number(value: float) -> Node:
    """Return a constant number."""
    return op.constant(np.float32(value))


def product(x: Node, y: Node, *, turned: bool = False, name: str = "") -> Node:
    """Return [..., n, k] times [..., k, m], or [..., m, k] if `turned`; named ones may be int8."""
    made = op.matmul(x, y, transpose_a=False, transpose_b=turned)
    if name:
        made.set_friendly_name(name)
    return made


def linear(x: Node, weight: Tensor, bias: Tensor | None = None, *, name: str = "") -> Node:
    """Return [..., in] multiplied by weights, [out, in]; see `product`."""
    y = product(x, constant(weight), turned=True, name=name)
    return y if bias is None else op.add(y, constant(bias))


def linear_layer(x: Node, source: nn.Module, *, name: str = "") -> Node:
    """Return the output of a linear layer."""
    return linear(x, source.get_parameter("weight"), source.get_parameter("bias"), name=name)


def convolution(
    x: Node, weight: Tensor, bias: Tensor | None = None, stride: int = 1, *, name: str = ""
) -> Node:
    """Return [B, in, H, W] convolved; of its own size where the stride is 1; see `product`."""
    sides = [side // 2 if stride == 1 else 0 for side in weight.shape[2:]]
    y = op.convolution(x, constant(weight), [stride] * 2, sides, sides, [1, 1])
    if name:
        y.set_friendly_name(name)
    return y if bias is None else op.add(y, constant(bias[:, None, None]))


def convolution_layer(x: Node, source: nn.Conv2d, *, name: str = "") -> Node:
    """Return the output of a convolution: plain, dilated, or of each channel on its own."""
    stride, sides, apart = list(source.stride), list(source.padding), list(source.dilation)
    weight, bias = source.weight, source.bias
    if source.groups == 1:
        y = op.convolution(x, constant(weight), stride, sides, sides, apart)
        if name:
            y.set_friendly_name(name)
    else:  # cheap enough to need no name, by which products run in int8
        y = op.group_convolution(x, constant(weight[:, None]), stride, sides, sides, apart)
    return y if bias is None else op.add(y, constant(bias[:, None, None]))


def channels_last(x: Node) -> Node:
    """Return [B, H, W, C] of [B, C, H, W]."""
    return op.transpose(x, [0, 2, 3, 1])


def channels_first(x: Node) -> Node:
    """Return [B, C, H, W] of [B, H, W, C]."""
    return op.transpose(x, [0, 3, 1, 2])


def reshaped(x: Node, *shape: int) -> Node:
    """Return the same numbers in another shape; 0: as it was, -1: the remaining size."""
    return op.reshape(x, list(shape), special_zero=True)


def split(x: Node, axis: int, count: int) -> list[Node]:
    """Return equal parts of an axis."""
    parts: list[Node] = op.split(x, axis, count).outputs()
    return parts


Graph = tuple[Sequence[Node], Sequence[Node]]  # inputs, outputs


class Quantise(Protocol):
    """Prepares the named products of a network for int8; see `quantisation.Ranges`."""

    def __call__(self, model: Model, network: str) -> None:
        """Change the model in place."""


@dataclass(frozen=True)
class GraphCompiler:
    """Compiles each network's graphs in the precision that an execution gives to it.

    compiler = GraphCompiler(execution, read_ranges(path, digest))
    double = compiler.compile("decoder", lambda: ([x := graph_input(3, 4)], [op.add(x, x)]))
    double([ones], [made])  # tensors of that shape, of the execution's dtype; bytes are uint8

    Args:
        execution: precisions, the dtype of inputs and outputs, and how many threads a call uses.
        quantise: prepares networks for int8; None: there is no such network.
        weights: tells the networks' weights and ranges from others; "": no graph is kept on disk.
    """

    execution: Execution
    quantise: Quantise | None = None
    weights: str = ""

    def compile(
        self, network: str, write: Callable[[], Graph], which: object = ""
    ) -> "CompiledGraph":
        """Begin to compile a graph of a network, on a thread, while the rest is loaded.

        Args:
            network: whose precision it runs in.
            write: returns the graph.
            which: tells it from other graphs of the network, by its `repr`.
        """
        return CompiledGraph(partial(self.compiled, network, write, which))

    def keep(self) -> None:
        """Write graphs to disk for the next start, once all that was begun is compiled."""
        if self.weights:
            _COMPILING.submit(_kept().write)

    def model(self, network: str, write: Callable[[], Graph]) -> Model:
        """Return a graph of a network, ready to be compiled."""
        inputs, outputs = write()
        model = Model(list(outputs), list(inputs), network)
        if self.execution.precision(network) == "int8":
            assert self.quantise is not None  # else the execution has no such network
            self.quantise(model, network)
        return _typed(model, _TYPES[self.execution.dtype])

    def compiled(
        self, network: str, write: Callable[[], Graph], which: object = ""
    ) -> CompiledModel:
        """Return a graph of a network, compiled now or by an earlier run; see `compile`."""
        kinds = {"fp32": Type.f32, "bf16": Type.bf16}
        rest = _TYPES[self.execution.dtype]  # of all but products when those are int8
        options = {
            "INFERENCE_PRECISION_HINT": kinds.get(self.execution.precision(network), rest),
            "INFERENCE_NUM_THREADS": self.execution.threads,
            "NUM_STREAMS": 1,  # so that it runs on the thread that calls
            "ENABLE_CPU_PINNING": False,
        }

        def build() -> CompiledModel:
            return _CORE.compile_model(self.model(network, write), "CPU", options)

        if not self.weights:
            return build()
        how = self.execution.precision(network), self.execution.dtype, self.execution.threads
        return _kept().compiled(f"{self.weights} {network} {which!r} {how}", options, build)


class CompiledGraph:
    """A graph of a `GraphCompiler`; called by several threads, it runs on theirs.

    A compiled model runs one call at a time. The first call that meets another one has a second
    copy compiled; until then, calls take turns.

    Args:
        compiled: returns a compiled model of the graph, each time another one.
    """

    def __init__(self, compiled: Callable[[], CompiledModel]) -> None:
        self._compiled = compiled
        self._free: queue.Queue[InferRequest] = queue.LifoQueue()
        self._copies = [self._compile_copy()]

    def _compile_copy(self) -> "Future[None]":
        return _COMPILING.submit(lambda: self._free.put(self._compiled().create_infer_request()))

    @property
    def is_ready(self) -> bool:
        """Whether it is compiled."""
        return self._copies[0].done()

    def __call__(self, given: Sequence[Tensor], made: Sequence[Tensor]) -> None:
        """Run it on contiguous tensors, whose memory it uses as it is."""
        self._copies[0].result()
        if self._free.empty() and len(self._copies) < _MOST_COPIES:
            self._copies.append(self._compile_copy())
        request = self._free.get()
        try:
            for place, x in enumerate(given):
                request.set_input_tensor(place, _memory(x))
            for place, x in enumerate(made):
                request.set_output_tensor(place, _memory(x))
            request.infer(share_outputs=True)  # else outputs are copied once more
        finally:
            self._free.put(request)


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
