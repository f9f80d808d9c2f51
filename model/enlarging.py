"""Pictures four times as large, with crisp edges.

The network runs as a graph where OpenVINO is there, in int8 where the pocket world's decoder does;
else as a module.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache, partial
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.files.whole import sha256_of
from mag_sandbox.model.enlarger import BORDER, ENLARGER, SCALE, Enlarger, load_enlarger
from mag_sandbox.model.execution import Execution, compiles_here
from mag_sandbox.model.pocket.loading import picture_precision
from mag_sandbox.model.pocket.weights import RANGES

if TYPE_CHECKING:
    from openvino import CompiledModel

    from mag_sandbox.model.compiled.graphs import CompiledGraph, Graph

NETWORK = "enlarger"  # its name among graphs and ranges
SQUARE = 3 * SCALE**2  # bytes that a pixel becomes
_WHITE = 255.0
_STRETCH = np.dtype((np.void, 3 * SCALE))  # a pixel's part of an enlarged row, copied at once


def is_ready(height: int, width: int) -> bool:
    """Return whether frames of a size are enlarged at once; else the network is being compiled."""
    if not compiles_here():
        return True
    return _precision().done() and _compiled(height, width).is_ready


def enlarged(frames: np.ndarray) -> np.ndarray:
    """Return frames, uint8 [T, H, W, 3], as uint8 [T, SCALE * H, SCALE * W, 3]."""
    count, height, width, _ = frames.shape
    made = np.empty((count, height * SCALE, width * SCALE, 3), np.uint8)
    for frame, into in zip(frames, made, strict=True):
        if compiles_here():
            _enlarge(_compiled(height, width), frame, into)
            continue
        with torch.inference_mode():
            pictures = torch.from_numpy(np.ascontiguousarray(frame)).permute(2, 0, 1)[None]
            large = load_enlarger()(pictures / _WHITE)[0].mul_(_WHITE).round_().clamp_(0, _WHITE)
            into[:] = large.permute(1, 2, 0).to(torch.uint8).numpy()
    return made


def graph_of(network: Enlarger, height: int, width: int) -> "Graph":
    """Return the graph that makes a square of colours, [SCALE, SCALE, 3], of each pixel.

    Its input is a frame of a size with its border, uint8 [1, H, W, 3]; see `with_border`.
    """
    from mag_sandbox.model.compiled import graphs  # imports its compiler

    op, border = graphs.op, 2 * BORDER
    frames = graphs.byte_input(1, height + border, width + border, 3)
    levels = graphs.channels_first(graphs.from_bytes(frames))
    x = around = op.multiply(levels, graphs.number(1 / _WHITE))
    for place, layer in enumerate((network.stem, *network.middle)):
        x = op.relu(graphs.convolution_layer(x, layer, name=f"layer {place}"))
    head, bias = (_colours_last(each) for each in network.head.parameters())
    base = graphs.convolution(around, _colours_last(network.base.weight), name="base")
    large = op.add(base, graphs.convolution(x, head, bias, name="head"))
    made = graphs.to_bytes(op.multiply(large, graphs.number(_WHITE)))
    return [frames], [graphs.channels_last(made)]  # turned as bytes, a quarter of the memory


def with_border(frame: np.ndarray) -> np.ndarray:
    """Return a frame, [H, W, 3], with its edge repeated around it as far as the network looks."""
    return np.pad(frame, ((BORDER, BORDER), (BORDER, BORDER), (0, 0)), mode="edge")


def _enlarge(graph: "CompiledGraph", frame: np.ndarray, into: np.ndarray) -> None:
    height, width, _ = frame.shape
    around = with_border(frame)
    squares = torch.empty(1, *around.shape[:2], SQUARE, dtype=torch.uint8)
    graph([torch.from_numpy(around)[None]], [squares])
    stretches = squares.numpy()[0].view(_STRETCH)[BORDER:-BORDER, BORDER:-BORDER]
    rows = into.reshape(height, SCALE, width * SCALE * 3)
    rows.view(_STRETCH)[:] = stretches.transpose(0, 2, 1)
    near = around[BORDER - 1 : 1 - BORDER, BORDER - 1 : 1 - BORDER]
    for limit, most in ((np.minimum, np.maximum), (np.maximum, np.minimum)):
        of_rows = most(most(near[:-2], near[1:-1]), near[2:])
        extremes = most(most(of_rows[:, :-2], of_rows[:, 1:-1]), of_rows[:, 2:])
        limit(rows, extremes.repeat(SCALE, axis=1).reshape(height, 1, -1), out=rows)


@cache
def _compiled(height: int, width: int) -> "CompiledGraph":
    from mag_sandbox.model.compiled.graphs import CompiledGraph  # imports its compiler

    return CompiledGraph(partial(_compile, height, width, _precision().result()))


@cache
def _precision() -> "Future[str]":
    """Return the precision of networks of pictures, once it is chosen.

    Choosing compiles graphs and times them: it cannot happen on the thread that compiles.
    """
    return ThreadPoolExecutor(1, "choosing").submit(picture_precision)


def _compile(height: int, width: int, precision: str) -> "CompiledModel":
    from mag_sandbox.model.compiled import graphs, quantisation  # import their compiler

    path, digest = ENLARGER.parent / RANGES, sha256_of(ENLARGER)
    ranges = quantisation.read_ranges(path, {NETWORK: digest})
    narrow = NETWORK in ranges.of_networks and precision == "int8"
    precisions = ((NETWORK, "int8"),) if narrow else ()
    execution = Execution("cpu", torch.float32, "sdpa", 1, compiled=True, precisions=precisions)
    weights = f"{digest} {sha256_of(path)}" if narrow else digest
    compiler = graphs.GraphCompiler(execution, ranges.quantise, weights)
    compiler.keep()  # after this, on the same thread
    size = height, width
    return compiler.compiled(NETWORK, partial(graph_of, load_enlarger(), *size), size)


def _colours_last(weight: Tensor) -> Tensor:
    """Return weights of [3, SCALE^2, ...] outputs in the order [SCALE^2, 3, ...]."""
    turned: Tensor = weight.unflatten(0, (3, SCALE**2)).transpose(0, 1).flatten(0, 1)
    return turned
