"""In which precision the pocket world's graphs run on this machine: the fastest that is right.

Flags of processors mislead: some have bf16 that is slower than fp32, and without VNNI int8
saturates. So graphs are compiled in each precision, timed in turn and compared with fp32: a layer
of tokens and one of pictures where nothing is known of the machine, which takes a fifth of a
second, or all networks by `measure`. The result lies beside the settings, for one machine, version
and set of weights.
"""

import json
import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from importlib.metadata import version
from itertools import count
from math import inf, prod
from typing import TypeVar

import torch
from torch import Tensor

from mag_sandbox.files.border import read_plain
from mag_sandbox.files.folders import config_folder
from mag_sandbox.files.validation import decode, parse_json
from mag_sandbox.files.whole import replace_file
from mag_sandbox.model.compiled.graphs import (
    BYTES,
    CompiledGraph,
    Graph,
    GraphCompiler,
    Node,
    convolution,
    graph_input,
    has_bf16,
    linear,
    op,
    processor_name,
)
from mag_sandbox.model.compiled.kept_graphs import limits
from mag_sandbox.model.compiled.quantisation import Ranges
from mag_sandbox.model.config import PocketConfig
from mag_sandbox.model.execution import AUTO, COMPILER, NETWORKS, PRECISIONS, Execution
from mag_sandbox.model.pocket.pictures.cells import CELL
from mag_sandbox.model.world import WorldFailed

Key = TypeVar("Key")
logger = logging.getLogger(__name__)
FILE = "precision.json"  # beside the settings
_MOST_BYTES = 2**16
_GAIN = 0.93  # a precision with fewer bits is taken if it needs at most this share of the time
_LEAST_PSNR = 42.0  # of a layer in int8 [dB]; it has 48 to 54, and 23 to 36 if it saturates
_CORES = torch.get_num_threads()  # a world that is loaded sets another number
_ROUNDS, _SECONDS = 3, 0.02  # least ones of a comparison
_TYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
FP32 = Execution("cpu", torch.float32, "sdpa", 1, compiled=True)
_BF16 = replace(FP32, dtype=torch.bfloat16)
_OF_TOKENS = ("painter", "denoise", "remember")  # the others are of pictures
_LAYER = "layer"  # the network that a layer is compiled as
_ROWS = 144  # of folded matrices: rows of a text, by heads


@dataclass(frozen=True, slots=True)
class MachineChoice:
    """How graphs run best on a machine."""

    machine: str  # processor, cores, versions and weights, see `machine_of`
    dtype: str  # between graphs, and of all but products in those of int8
    threads: int
    precisions: dict[str, str]  # by network
    ms: dict[str, dict[str, float]] = field(default_factory=dict)  # measured, by network

    def __post_init__(self) -> None:
        known = self.dtype in _TYPES and set(self.precisions) == set(NETWORKS)
        if not known or not set(self.precisions.values()) <= set(PRECISIONS) or self.threads < 1:
            raise ValueError(f"{self.dtype} and {self.precisions} are unknown here")

    def execution(self, quantised: Collection[str]) -> Execution:
        """Return how to run, if these networks have ranges for int8."""
        dtype = _TYPES[self.dtype]
        precisions = tuple(
            (network, precision)
            for network, precision in sorted(self.precisions.items())
            if precision != self.dtype and (precision != "int8" or network in quantised)
        )
        return replace(FP32, dtype=dtype, threads=self.threads, precisions=precisions)


def machine_of(weights: Sequence[str]) -> str:
    """Return the facts that a choice depends on, weights by their digests."""
    versions = [f"{name} {version(name)}" for name in (COMPILER, "torch")]
    cores = f"{_CORES} cores"
    return ", ".join((processor_name(), *limits(), cores, *versions, *weights))


def read_choice(machine: str) -> MachineChoice | None:
    """Return the findings on a machine; None: nothing yet, or the file is damaged."""
    path = config_folder() / FILE
    with suppress(OSError, ValueError):
        data = parse_json(read_plain(path, _MOST_BYTES))
        choice = decode(MachineChoice, data if isinstance(data, dict) else {}, FILE)
        return choice if choice.machine == machine else None
    return None


def write_choice(choice: MachineChoice) -> None:
    """Keep a choice; a disk that refuses costs the next start a fifth of a second."""
    try:
        replace_file(config_folder() / FILE, json.dumps(asdict(choice), indent=1))
    except OSError as error:
        logger.info("the choice of precisions is not kept: %s", error)


def chosen_execution(
    config: PocketConfig, weights: Sequence[str], quantised: Collection[str], asked: str = AUTO
) -> Execution:
    """Return how graphs run on this machine.

    Args:
        config: of the world, whose sizes are timed where nothing is known of the machine.
        weights: digests of the weights.
        quantised: networks that have ranges for int8.
        asked: for all networks, one of `PRECISIONS`, or "auto".

    Raises:
        WorldFailed: the precision asked for is not available here.
    """
    machine = machine_of(weights)
    choice = read_choice(machine)
    if choice is None:
        choice = sampled_choice(config, machine)
        write_choice(choice)
    if asked == AUTO:
        return choice.execution(quantised)
    possible = available(config, bool(quantised))
    if asked not in possible:
        others = ", ".join((AUTO, *possible))
        raise WorldFailed(f'precision "{asked}" is not available on this machine; take {others}')
    if asked == "int8":
        return replace(choice, precisions=dict.fromkeys(NETWORKS, asked)).execution(quantised)
    return replace(choice, dtype=asked, precisions=dict.fromkeys(NETWORKS, asked)).execution(())


@cache
def available(config: PocketConfig, quantised: bool) -> tuple[str, ...]:
    """Return the precisions that are right on this machine, fast or not."""
    layers = _layers(config)
    possible = {
        "fp32": True,
        "bf16": has_bf16() and _runs_right(layers["denoise"], _BF16),
        "int8": quantised and all(_runs_right(layer, _in_int8(FP32)) for layer in layers.values()),
    }
    return tuple(name for name in PRECISIONS if possible[name])


def sampled_choice(config: PocketConfig, machine: str) -> MachineChoice:
    """Return the best precision for layers of tokens and for layers of pictures."""
    layers = _layers(config)
    runs = {"fp32": _TimedLayer(layers["denoise"], FP32)}
    if has_bf16():
        runs["bf16"] = _TimedLayer(layers["denoise"], _BF16)
    dtype = _best(_times(runs))
    rest = {"fp32": FP32, "bf16": _BF16}[dtype]
    precisions: dict[str, str] = {}
    for network, layer in layers.items():
        wide = runs[dtype] if network == "denoise" else _TimedLayer(layer, rest)
        both = {dtype: wide, "int8": _TimedLayer(layer, _in_int8(rest))}
        best = _best(_times(both))
        best = best if _alike(*both.values()) else dtype
        kind = [name for name in NETWORKS if (name in _OF_TOKENS) == (network in _OF_TOKENS)]
        precisions |= dict.fromkeys(kind, best)
    fastest = _in_int8(rest) if precisions["denoise"] == "int8" else rest
    return MachineChoice(machine, dtype, _threads(layers["denoise"], fastest), precisions)


@dataclass(frozen=True)
class GraphCollector(GraphCompiler):
    """Compiles nothing, and notes the graph of each network that is asked for first."""

    graphs: dict[str, Callable[[], Graph]] = field(default_factory=dict)

    def compile(
        self,
        network: str,
        write: Callable[[], Graph],
        which: object = "",  # noqa: ARG002
    ) -> CompiledGraph:
        """Note a graph; the result cannot be called."""
        self.graphs.setdefault(network, write)
        return CompiledGraph.__new__(CompiledGraph)


def measured_choice(
    graphs: Mapping[str, Callable[[], Graph]], ranges: Ranges, sampled: MachineChoice
) -> MachineChoice:
    """Return the best precision for each network, all of them timed.

    Args:
        graphs: by network.
        ranges: for int8.
        sampled: what layers say; networks are in int8 only if a layer of theirs was right in it.
    """
    rest = replace(FP32, dtype=_TYPES[sampled.dtype], threads=sampled.threads)
    precisions, ms = dict(sampled.precisions), {}
    for network, write in graphs.items():
        tried = [name for name in PRECISIONS if name in ("fp32", sampled.dtype)]
        if network in ranges.of_networks and "int8" in sampled.precisions.values():
            tried.append("int8")
        runs = {}
        for name in tried:
            execution = replace(rest, precisions=((network, name),))
            runs[name] = _TimedRun(GraphCompiler(execution, ranges.quantise), network, write)
        ms[network] = _times(runs)
        precisions[network] = _best(ms[network])
    return replace(sampled, precisions=precisions, ms=ms)


def _best(times: Mapping[str, float]) -> str:
    """Return the fastest precision, from more to fewer bits, that is worth what it loses."""
    best, *others = times
    for name in others:
        if times[name] < _GAIN * times[best]:
            best = name
    return best


class _TimedRun:
    """A graph that is called with random inputs."""

    def __init__(self, compiler: GraphCompiler, network: str, write: Callable[[], Graph]) -> None:
        self._graph, dtype = compiler.compile(network, write), compiler.execution.dtype
        inputs, outputs = write()
        draw = torch.Generator().manual_seed(0)
        self._given = [_tensor(node, dtype) for node in inputs]
        for x in self._given:
            if x.is_floating_point():
                x.copy_(torch.randn(x.shape, generator=draw))
        self.made = [_tensor(node, dtype) for node in outputs]

    def __call__(self) -> None:
        self._graph(self._given, self.made)


def _tensor(node: Node, dtype: torch.dtype) -> Tensor:
    """Return zeros of a node's shape; of a text, whose length may be any, `_ROWS`."""
    sizes = (
        _ROWS if size.is_dynamic else size.get_length() for size in node.get_output_partial_shape(0)
    )
    return torch.zeros(
        *sizes, dtype=torch.uint8 if node.get_output_element_type(0) == BYTES else dtype
    )


def _times(runs: Mapping[Key, Callable[[], object]]) -> dict[Key, float]:
    """Return the least time of each [ms], taken in turn: other programs slow all alike.

    What cannot be compiled takes for ever.
    """
    least, begun = dict.fromkeys(runs, inf), time.perf_counter()
    for done in count():
        if done > _ROUNDS and time.perf_counter() - begun > _SECONDS * len(runs):
            break
        for key, run in runs.items():
            started = time.perf_counter()
            with suppress(RuntimeError):  # of OpenVINO
                run()
                least[key] = min(least[key], 1000 * (time.perf_counter() - started))
    return least


def _layers(config: PocketConfig) -> dict[str, Callable[[], Graph]]:
    """Return a layer of tokens and one of pictures, by the network that each is taken from."""
    dit, width = config.dit, config.autoencoder.widths[0]
    tokens = config.block_length * config.tokens_per_frame
    size = config.frame_height // CELL // 2, config.frame_width // CELL
    draw = torch.Generator().manual_seed(0)

    def weight(*shape: int) -> Tensor:  # of large numbers of one sign, too: these saturate
        values = torch.rand(shape, generator=draw)
        largest: float = (3 / prod(shape[1:])) ** 0.5
        return (2 * values - 1) * largest

    inner, outer = weight(dit.ffn_dim, dit.dim), weight(dit.dim, dit.ffn_dim)
    first, second = (weight(width, width, 3, 3) for _ in range(2))

    def of_tokens() -> Graph:
        x = graph_input(1, tokens, dit.dim)
        y = op.gelu(linear(x, inner, name="first"), "ERF")
        return [x], [linear(y, outer, name="second")]

    def of_pictures() -> Graph:
        x = graph_input(1, width, *size)
        y = op.swish(convolution(x, first, name="first"))
        return [x], [convolution(y, second, name="second")]

    return {"denoise": of_tokens, "decoder": of_pictures}


class _TimedLayer(_TimedRun):
    """A layer, which may run in int8."""

    def __init__(self, layer: Callable[[], Graph], execution: Execution) -> None:
        ranges = Ranges({_LAYER: dict.fromkeys(("first", "second"), (-4.0, 4.0))})
        super().__init__(GraphCompiler(execution, ranges.quantise), _LAYER, layer)


def _in_int8(execution: Execution) -> Execution:
    return replace(execution, precisions=((_LAYER, "int8"),))


def _runs_right(layer: Callable[[], Graph], execution: Execution) -> bool:
    """Tell whether a layer makes what it makes in fp32."""
    runs = _TimedLayer(layer, FP32), _TimedLayer(layer, execution)
    try:
        for run in runs:
            run()
    except RuntimeError:  # of OpenVINO, where a variable keeps it from what the processor can do
        return False
    return _alike(*runs)


def _alike(wide: _TimedRun, narrow: _TimedRun) -> bool:
    """Tell whether two runs, done, have made the same but for rounding."""
    exact, made = (run.made[0].double() for run in (wide, narrow))
    error = (made - exact).square().mean().clamp(min=1e-30)
    extent = exact.amax() - exact.amin()
    return float(10 * (extent.square() / error).log10()) > _LEAST_PSNR


def _threads(layer: Callable[[], Graph], execution: Execution) -> int:
    """Return the fastest number of threads; one core is left to what runs beside."""
    counts = sorted({1, max(1, _CORES // 2), max(1, _CORES - 1)})
    if len(counts) == 1:
        return counts[0]
    runs = {each: _TimedLayer(layer, replace(execution, threads=each)) for each in counts}
    times = _times(runs)
    return min(times, key=times.__getitem__)
