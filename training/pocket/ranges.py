"""Calibrates int8: the ranges of the inputs of products while scenes are played.

The pocket world is played in fp32 and calls of its graphs are kept; then the graphs run again on
the recorded inputs, with the inputs of their products as outputs (`model.compiled.quantisation`).
The network that enlarges pictures is given the frames of such play.
"""

import logging
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.files.whole import sha256_of
from mag_sandbox.model.checkpoints import load_into
from mag_sandbox.model.compiled.graphs import CompiledGraph, Graph, GraphCompiler, Model
from mag_sandbox.model.compiled.quantisation import Ranges, best_range, products, write_ranges
from mag_sandbox.model.enlarger import ENLARGER, Enlarger
from mag_sandbox.model.enlarging import NETWORK, SQUARE, graph_of, with_border
from mag_sandbox.model.imagination.weights import IMAGINATION_WEIGHTS, digest_of, fits
from mag_sandbox.model.loading import load_world
from mag_sandbox.model.pocket.engines.graph_engine import GraphEngine
from mag_sandbox.model.pocket.engines.precision import FP32
from mag_sandbox.model.pocket.loading import load, network_digests
from mag_sandbox.model.pocket.weights import RANGES, weights_hash
from mag_sandbox.model.world import Control, Frames, MemorySetting, World
from mag_sandbox.scenes.scene import load_scene
from mag_sandbox.training.options import RangeOptions

logger = logging.getLogger(__name__)
SCENES = (  # of the library; the others are left for tests of what ranges are worth
    "meadow", "kitchen", "teddies", "robots", "village", "library", "candyland", "caverns",
    "musicroom", "toadstools",
)  # fmt: skip
BLOCKS = 24  # of each scene, twice: from its picture, and from its words alone
_CALLS = 32  # that are kept of each graph
_VALUES = 16_384  # of each tensor of a call
_HELD = 5  # blocks for which a command holds


def write_calibrated(options: RangeOptions) -> None:
    """Play scenes with the weights of a folder, and write their ranges there."""
    weights = options.weights.resolve()  # as the imagination's are compared with
    enlarger = weights / ENLARGER.name
    if enlarger.exists():
        digests = {NETWORK: sha256_of(enlarger)}
        ranges = calibrated_enlarger(enlarger, SCENES, BLOCKS)
    else:
        known = digest_of(IMAGINATION_WEIGHTS) if fits(IMAGINATION_WEIGHTS, weights) else ""
        digests = network_digests(weights_hash(weights), known)
        ranges = calibrated(weights, SCENES, BLOCKS)
    write_ranges(weights / RANGES, ranges, digests)


def calibrated(weights: Path, scenes: Sequence[str], blocks: int) -> Ranges:
    """Return ranges of all products, from blocks of scenes with and without pictures."""
    paints = fits(IMAGINATION_WEIGHTS, weights)
    compiler = RecordingCompiler(replace(FP32, paints=paints))
    world = load(
        MemorySetting(), look_ahead=True, on_progress=lambda stage, fraction: None, weights=weights,
        execution=compiler.execution, engine=GraphEngine(compiler),
    )  # fmt: skip
    for _ in _played(world, scenes, blocks):
        pass
    return compiler.ranges()


def calibrated_enlarger(weights: Path, scenes: Sequence[str], blocks: int) -> Ranges:
    """Return ranges of the network that enlarges, from blocks of the shipped world."""
    network = Enlarger().requires_grad_(False)
    load_into(network, weights)
    world, compiler = load_world("pocket"), RecordingCompiler(FP32)
    size = world.spec.frame_height, world.spec.frame_width
    graph = compiler.compile(NETWORK, partial(graph_of, network, *size))
    for frames in _played(world, scenes, blocks):
        around = torch.from_numpy(with_border(frames[0]))[None]
        squares = torch.empty(*around.shape[:3], SQUARE, dtype=torch.uint8)
        graph([around], [squares])
    return compiler.ranges()


def _played(world: World, scenes: Sequence[str], blocks: int) -> Iterator[Frames]:
    """Play scenes, with their picture and without, and close the world; yields each block."""
    for number, name in enumerate(scenes):
        for scene in (load_scene(name), replace(load_scene(name), image=None)):
            yield world.reset(scene, seed=number).frames
            for command in _walk(number, blocks):
                yield world.step(Control(command)).frames
        logger.info("scene %d/%d | %s", number + 1, len(scenes), name)
    world.close()


def _walk(seed: int, blocks: int) -> list[CameraCommand]:
    draw = random.Random(seed)
    commands: list[CameraCommand] = []
    while len(commands) < blocks:
        turn = draw.choice((-1.0, -0.5, 0.0, 0.5, 1.0, 1.0))
        tilt, zoom = (draw.choice((-1.0, 0.0, 0.0, 0.0, 1.0)) for _ in range(2))
        commands += [CameraCommand(yaw=turn, pitch=tilt, zoom=zoom)] * _HELD
    return commands[:blocks]


class RecordedGraph(CompiledGraph):
    """A graph that keeps some of its calls, each as likely as any other."""

    def __init__(self, compiler: GraphCompiler, network: str, write: Callable[[], Graph]) -> None:
        self.network, self._compiler, self._write = network, compiler, write
        self._draw, self._seen = random.Random(0), 0
        self._calls: list[list[Tensor]] = []
        super().__init__(partial(compiler.compiled, network, write))

    def __call__(self, given: Sequence[Tensor], made: Sequence[Tensor]) -> None:
        """Run the graph, and perhaps keep its inputs."""
        super().__call__(given, made)
        self._seen += 1
        place = self._draw.randrange(self._seen)  # reservoir sampling
        if len(self._calls) < _CALLS:
            self._calls.append([x.clone() for x in given])
        elif place < _CALLS:
            self._calls[place] = [x.clone() for x in given]

    def inputs_of_products(self) -> dict[str, list[np.ndarray]]:
        """Return samples of the inputs of each named product, from the kept calls."""
        inputs, outputs = self._write()
        found = products(Model(list(outputs), list(inputs), self.network))
        sources = [node.input_value(0) for node in found.values()]
        observed = self._compiler.compiled(self.network, lambda: (inputs, sources))
        request = observed.create_infer_request()
        draw, samples = np.random.default_rng(0), defaultdict(list)
        for call in self._calls:
            request.infer([x.numpy() for x in call])
            for place, name in enumerate(found):
                values = request.get_output_tensor(place).data
                samples[name].append(draw.choice(values.ravel(), _VALUES))
        return samples


@dataclass(frozen=True)
class RecordingCompiler(GraphCompiler):
    """Compiles graphs that keep their inputs."""

    graphs: list[RecordedGraph] = field(default_factory=list)

    def compile(
        self,
        network: str,
        write: Callable[[], Graph],
        which: object = "",  # noqa: ARG002
    ) -> CompiledGraph:
        """Begin to compile a graph; see `GraphCompiler`."""
        self.graphs.append(RecordedGraph(self, network, write))
        return self.graphs[-1]

    def ranges(self) -> Ranges:
        """Return the best range of each product over the kept calls."""
        samples: dict[str, dict[str, list[np.ndarray]]] = defaultdict(lambda: defaultdict(list))
        for graph in self.graphs:
            for name, values in graph.inputs_of_products().items():
                samples[graph.network][name] += values
        return Ranges(
            {
                network: {name: best_range(np.concatenate(of)) for name, of in of_names.items()}
                for network, of_names in samples.items()
            }
        )
