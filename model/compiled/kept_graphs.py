"""Compiled graphs on disk: a start reads them in a quarter of the time that compiling takes.

A graph that was read computes the same bits as one that was compiled. A folder holds those of one
version of the program and of OpenVINO on one processor; other versions have folders of their own,
of which the oldest are removed. Damaged or missing ones are compiled and written anew, and where
nothing can be written everything is compiled at each start. Imports neither torch nor OpenVINO.
"""

import hashlib
import io
import logging
import os
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import xxhash

from mag_sandbox.files.border import is_file, read_plain
from mag_sandbox.files.folders import cache_folder
from mag_sandbox.files.whole import changed, remove_folder, replace_file, visible

if TYPE_CHECKING:
    from openvino import CompiledModel, Core
logger = logging.getLogger(__name__)
MOST_BYTES = 2**28  # of a graph
VERSIONS = 3  # folders that stay
_DIGEST = xxhash.xxh3_128().digest_size
_LIMITS = ("ONEDNN_MAX_CPU_ISA", "OV_CPU_MAX_ISA")  # variables that change the compiled code


def limits() -> list[str]:
    """Return the environment's limits on compiled code."""
    return [f"{name}={os.environ[name]}" for name in _LIMITS if os.environ.get(name)]


class KeptGraphs:
    """Graphs compiled by earlier runs.

    kept = KeptGraphs(core, cache_folder() / "graphs")
    build = partial(core.compile_model, graph, "CPU", options)
    model = kept.compiled("decoder bf16 1", options, build)
    kept.write()  # once no call waits for a graph
    """

    def __init__(self, core: "Core", folder: Path) -> None:
        self._core, self._folder = core, folder
        self._unwritten: dict[Path, CompiledModel] = {}

    def compiled(
        self, name: str, options: Mapping[str, object], build: "Callable[[], CompiledModel]"
    ) -> "CompiledModel":
        """Return a graph, read where an earlier run has kept it and built otherwise.

        Args:
            name: tells the graph from all others, its weights and options included.
            options: for the processor's plugin, as `build` uses them.
            build: compiles the graph.
        """
        path = self._version / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}.graph"
        model = self._read(path, options)
        if model is None:
            self._unwritten[path] = model = build()
        return model

    def write(self) -> None:
        """Write the graphs that were built; if the disk refuses, the next start compiles again."""
        try:
            while self._unwritten:
                path, model = self._unwritten.popitem()
                exported = model.export_model().getvalue()
                replace_file(path, xxhash.xxh3_128_digest(exported) + exported)
            versions = sorted(visible(self._folder), key=changed, reverse=True)
            for old in versions[VERSIONS:]:
                remove_folder(old)
        except OSError as error:
            logger.info("compiled graphs are not kept: %s", error)

    def _read(self, path: Path, options: Mapping[str, object]) -> "CompiledModel | None":
        if not is_file(path):
            return None
        try:
            content = read_plain(path, MOST_BYTES)
            digest, exported = content[:_DIGEST], content[_DIGEST:]
            if xxhash.xxh3_128_digest(exported) != digest:
                raise ValueError("it is damaged")
            return self._core.import_model(io.BytesIO(exported), "CPU", dict(options))
        except (OSError, ValueError, RuntimeError) as error:
            logger.info("compiled anew: %s: %s", path, error)
            return None

    @cached_property
    def _version(self) -> Path:
        """The folder of graphs that this program, OpenVINO and processor would compile alike."""
        digest = hashlib.sha256(str(self._core.get_versions("CPU")).encode())
        for fact in ("FULL_DEVICE_NAME", "OPTIMIZATION_CAPABILITIES"):
            digest.update(str(self._core.get_property("CPU", fact)).encode())
        digest.update(str(limits()).encode())
        sources = Path(__file__).parents[1].rglob("*.py")  # any of `model` may write a graph
        for source in sorted(sources):
            digest.update(source.read_bytes())
        return self._folder / digest.hexdigest()[:16]


def kept_graphs(core: "Core") -> KeptGraphs:
    """Return the graphs that the user of this computer has kept."""
    return KeptGraphs(core, cache_folder() / "graphs")
