"""Pictures four times as large, with crisp edges.

A small network adds to a smoothly enlarged picture what makes its edges steps. No colour goes
beyond those around it, so nothing overshoots. It runs as a graph where OpenVINO is there, else as
a module. Knows nothing of worlds.

Source: sub-pixel convolution, arXiv 1609.05158.
"""

from functools import cache, partial
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from mag_sandbox.files.whole import sha256_of
from mag_sandbox.model.checkpoints import load_into
from mag_sandbox.model.execution import Execution, compiles_here
from mag_sandbox.model.world import WEIGHTS

if TYPE_CHECKING:
    from mag_sandbox.model.graphs import CompiledGraph, Graph

SCALE = 4
ENLARGER = WEIGHTS / "enlarger" / "enlarger.safetensors"
_WIDTH = 16  # channels
_BORDER = 4  # px around a picture, repeated from its edge: as far as an enlarged pixel depends
_WHITE = 255.0


class Enlarger(nn.Module):
    """Enlarges pictures; see the module."""

    smooth_kernel: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, _WIDTH, 3, padding=1)
        self.middle = nn.ModuleList(nn.Conv2d(_WIDTH, _WIDTH, 3, padding=1) for _ in range(2))
        self.head = nn.Conv2d(_WIDTH, 3 * SCALE**2, 1)
        self.base = nn.Conv2d(3, 3 * SCALE**2, 3, padding=1, bias=False)
        self.register_buffer("smooth_kernel", _smooth_kernel(), persistent=False)
        with torch.no_grad():
            for weights in self.head.parameters():
                weights.zero_()
            self.base.weight.copy_(self.smooth_kernel)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return pictures, [B, 3, H, W], as [B, 3, SCALE * H, SCALE * W]; colours in [0, 1]."""
        around = functional.pad(pictures, [_BORDER] * 4, mode="replicate")
        x = functional.relu(self.stem(around))
        for layer in self.middle:
            x = functional.relu(layer(x))
        large = self.base(around) + self.head(x)
        brightest = self._smooth(functional.max_pool2d(around, 3, 1, 1))
        darkest = self._smooth(-functional.max_pool2d(-around, 3, 1, 1))
        large = torch.minimum(torch.maximum(large, darkest), brightest)
        inner = large[..., _BORDER:-_BORDER, _BORDER:-_BORDER]
        return functional.pixel_shuffle(inner, SCALE)

    def _smooth(self, pictures: Tensor) -> Tensor:
        return functional.conv2d(pictures, self.smooth_kernel, padding=1)


def is_ready(height: int, width: int) -> bool:
    """Return whether frames of a size are enlarged at once; else the network is being compiled."""
    return not compiles_here() or _graph(height + 2 * _BORDER, width + 2 * _BORDER).is_ready


def enlarged(frames: np.ndarray) -> np.ndarray:
    """Return frames, uint8 [T, H, W, 3], as uint8 [T, SCALE * H, SCALE * W, 3].

    Raises:
        MissingWeights: the network's weights are absent or damaged.
    """
    count, height, width, _ = frames.shape
    made = np.empty((count, height * SCALE, width * SCALE, 3), np.uint8)
    if not compiles_here():
        with torch.inference_mode():
            for one, into in zip(frames, made, strict=True):
                pictures = torch.from_numpy(np.ascontiguousarray(one)).permute(2, 0, 1)[None]
                large = _network()(pictures / _WHITE)[0].mul_(_WHITE).round_().clamp_(0, _WHITE)
                into[:] = large.permute(1, 2, 0).to(torch.uint8).numpy()
        return made
    sides = ((0, 0), (_BORDER, _BORDER), (_BORDER, _BORDER), (0, 0))
    around = torch.from_numpy(np.pad(frames, sides, mode="edge"))
    squares = torch.empty(1, *around.shape[1:3], SCALE * SCALE * 3, dtype=torch.uint8)
    inner = squares.numpy()[0, _BORDER:-_BORDER, _BORDER:-_BORDER]
    inner = inner.reshape(height, width, SCALE, SCALE, 3)
    graph = _graph(*around.shape[1:3])
    for place, into in enumerate(made):
        graph([around[place : place + 1]], [squares])
        into.reshape(height, SCALE, width, SCALE, 3)[:] = inner.transpose(0, 2, 1, 3, 4)
    return made


def _smooth_kernel() -> Tensor:
    """Return the kernel that interpolates linearly, [3 * SCALE^2, 3, 3, 3]."""
    places = (torch.arange(SCALE) + 0.5) / SCALE - 0.5  # of new pixels, from the old one's middle
    shares = (1 - (places[:, None] - torch.arange(-1, 2)).abs()).clamp(min=0)  # [SCALE, 3]
    kernel = torch.einsum("ay,bx->abyx", shares, shares).reshape(SCALE**2, 3, 3)
    colours = torch.einsum("cd,kyx->ckdyx", torch.eye(3), kernel)
    return colours.reshape(3 * SCALE**2, 3, 3, 3)


@cache
def _network() -> Enlarger:
    network = Enlarger()
    load_into(network, ENLARGER)
    return network.eval().requires_grad_(False)


@cache
def _graph(height: int, width: int) -> "CompiledGraph":
    """Return the graph that makes a square of colours, [SCALE, SCALE, 3], of each pixel."""
    from mag_sandbox.model import graphs  # imports its compiler

    def write() -> "Graph":
        network, op = _network(), graphs.op
        smooth = partial(graphs.convolution, weight=_colours_last(network.smooth_kernel))
        frames = graphs.byte_input(1, height, width, 3)
        levels = graphs.channels_first(graphs.from_bytes(frames))
        x = around = op.multiply(levels, graphs.number(1 / _WHITE))
        for layer in (network.stem, *network.middle):
            x = graphs.relu(graphs.convolution_layer(x, layer))
        head, bias = _colours_last(network.head.weight), _colours_last(network.head.bias)
        base = graphs.convolution(around, _colours_last(network.base.weight))
        large = op.add(base, graphs.convolution(x, head, bias))
        brightest = smooth(graphs.most_around(around))
        darkest = op.negative(smooth(graphs.most_around(op.negative(around))))
        large = op.minimum(op.maximum(large, darkest), brightest)
        made = graphs.channels_last(op.multiply(large, graphs.number(_WHITE)))
        return [frames], [graphs.to_bytes(made)]

    execution = Execution("cpu", torch.float32, "sdpa", 1, compiled=True)
    compiler = graphs.GraphCompiler(execution, weights=sha256_of(ENLARGER))
    graph = compiler.compile("enlarger", write, (height, width))
    compiler.keep()
    return graph


def _colours_last(weight: Tensor | None) -> Tensor:
    """Return weights of [3, SCALE^2, ...] outputs in the order [SCALE^2, 3, ...]."""
    assert weight is not None
    turned: Tensor = weight.unflatten(0, (3, SCALE**2)).transpose(0, 1).flatten(0, 1)
    return turned
