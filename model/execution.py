"""A short probe at start: which dtype, attention kernel and thread count suit this machine.

bf16 pays only where the CPU has instructions for it, and more threads only where cores are free; so
the real pass of a block is timed in several ways. One core is left alone: it decodes while the
others remember, and it draws the window. (With OpenMP on every core, its threads wait for each
other whenever anything else runs: blocks then took up to ten times as long.) The choice is recorded
with every session. On a card there is nothing to time.
"""

import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any, TypeVar

import torch
from torch import nn

from mag_sandbox.files.validation import decode
from mag_sandbox.model.attention import named_kernel

package_version = cache(version)  # reading it takes as long as decoding a frame
Network = TypeVar("Network", bound=nn.Module)
_ROUNDS = 6
DEVICES = ("cpu", "cuda")
MOST_THREADS = 256
COMPILER = "openvino"  # of the pocket world's networks
NETWORKS = (  # of it
    "painter", "refiner", "decoder", "encoder", "denoise", "remember", "move", "parts",
)  # fmt: skip
PRECISIONS = ("fp32", "bf16", "int8")  # that a graph may run in
AUTO = "auto"  # the fastest precision of each network
CHOICES = (
    # dtype, attention kernel
    (torch.bfloat16, "matmul"),
    (torch.float32, "sdpa"),
)


@dataclass(frozen=True, slots=True)
class Execution:
    """How networks run."""

    device: str
    dtype: torch.dtype
    kernel: str
    threads: int
    pass_ms: float = 0.0  # measured time of one pass over a block
    compiled: bool = False  # whether networks are; full-size ones: layers between attentions
    paints: bool = False  # whether unseen views are planned and painted, in the pocket world
    precisions: tuple[tuple[str, str], ...] = ()  # of graphs: networks that do not run in `dtype`

    def precision(self, network: str) -> str:
        """Return the precision in which the graphs of a network run."""
        usual = "bf16" if self.dtype == torch.bfloat16 else "fp32"
        return dict(self.precisions).get(network, usual)

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON data for a recording's header."""
        return {
            "device": self.device,
            "dtype": str(self.dtype).removeprefix("torch."),
            "attention": self.kernel,
            "threads": self.threads,
            "compiled": self.compiled,
            "processor": platform.processor() or platform.machine(),
            **({"paints": True} if self.paints else {}),  # older recordings lack it
            **({"precisions": dict(self.precisions)} if self.precisions else {}),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Execution":
        """Read the execution in a recording, or raise ValueError if this machine lacks it."""
        if not isinstance(data, dict):
            raise ValueError(f"execution {data!r:.40} is unknown here")
        if data.get("sketches"):
            raise ValueError("views were sketched, as they are not any more")
        known = {one.name: data[one.name] for one in fields(_RecordedExecution) if one.name in data}
        recorded = decode(_RecordedExecution, known, "execution")
        dtypes = {str(dtype).removeprefix("torch."): dtype for dtype, _ in CHOICES}
        if recorded.device not in DEVICES or recorded.dtype not in dtypes:
            raise ValueError(f"execution on {recorded.device} in {recorded.dtype} is unknown here")
        named_kernel(recorded.attention)
        if not 1 <= recorded.threads <= MOST_THREADS:
            raise ValueError(f"execution asks for {recorded.threads} threads")
        precisions = tuple(sorted((recorded.precisions or {}).items()))
        for network, precision in precisions:
            if network not in NETWORKS or precision not in PRECISIONS:
                raise ValueError(f"{network} in {precision} is unknown here")
        return cls(
            recorded.device,
            dtypes[recorded.dtype],
            recorded.attention,
            recorded.threads,
            compiled=recorded.compiled,
            paints=recorded.paints,
            precisions=precisions,
        )


@dataclass(frozen=True, slots=True)
class _RecordedExecution:
    """The execution stored in a recording, as far as a replay needs it."""

    device: str = ""
    dtype: str = ""
    attention: str = ""
    threads: int = 0
    compiled: bool = False  # older recordings lack it and the next fields
    paints: bool = False
    precisions: dict[str, str] | None = None


def run_pictures(network: Network, execution: Execution) -> Network:
    """Lay a network of pictures out for running, channels last; return it."""
    where = execution.device, execution.dtype
    result: Network = network.to(*where, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return result


def compiles(device: str) -> bool:
    """Tell whether full-size layers are compiled on a device: on cards, where Triton is there."""
    return device.startswith("cuda") and find_spec("triton") is not None


def compiles_here() -> bool:
    """Tell whether OpenVINO can run the pocket world's networks here: it is installed and safe.

    A preloaded allocator makes it unsafe: OpenVINO's plugins free with the system's allocator what
    the other one allocated, and the process ends.
    """
    preloads = "malloc" in os.environ.get("LD_PRELOAD", "")  # tcmalloc, jemalloc, mimalloc
    return not preloads and find_spec(COMPILER) is not None


def probe(run: Callable[[torch.dtype, str], Callable[[], object]]) -> Execution:
    """Time a pass each way and return the fastest; sets the thread count while it measures.

    `run` builds a pass for a dtype and a kernel name.
    """
    everything = torch.get_num_threads()
    if torch.cuda.is_available():
        return Execution("cuda", torch.bfloat16, "sdpa", everything)
    timed = []
    for threads in sorted({1, max(1, everything // 2), max(1, everything - 1)}):
        torch.set_num_threads(threads)
        fastest = _fastest_of([run(*choice) for choice in CHOICES])
        for (dtype, kernel), pass_ms in zip(CHOICES, fastest, strict=True):
            timed.append(Execution("cpu", dtype, kernel, threads, pass_ms))
    torch.set_num_threads(everything)
    return min(timed, key=lambda execution: execution.pass_ms)


def _fastest_of(works: Sequence[Callable[[], object]]) -> list[float]:
    """Return the least time of each [ms], measured in turn, so other load affects all alike."""
    for work in works:
        work()
    rounds = [[_clocked(work) for work in works] for _ in range(_ROUNDS)]
    return [min(times) for times in zip(*rounds, strict=True)]


def _clocked(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - started)
