"""Compiled graphs on disk: read again to the bit, and compiled anew whatever happened to them."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("openvino")

from mag_sandbox.model.compiled.graphs import Core, Model, graph_input, op
from mag_sandbox.model.compiled.kept_graphs import VERSIONS, KeptGraphs

OPTIONS = {"INFERENCE_NUM_THREADS": 1}
CORE = Core()


class Builder:
    """Compiles a small graph and counts how often."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self):
        self.count += 1
        x = graph_input(2, 3)
        return CORE.compile_model(Model([op.swish(op.add(x, x))], [x], "small"), "CPU", OPTIONS)


def run(model) -> np.ndarray:
    request = model.create_infer_request()
    request.infer([np.arange(6, dtype=np.float32).reshape(2, 3)])
    return request.get_output_tensor(0).data.copy()


def kept_once(folder: Path) -> tuple[np.ndarray, list[Path]]:
    """Keep a graph; return what it computes, and its files."""
    first = KeptGraphs(CORE, folder)
    made = run(first.compiled("small", OPTIONS, Builder()))
    first.write()
    return made, sorted(folder.rglob("*.graph"))


def test_a_later_run_reads_a_graph_and_computes_the_same_bits(tmp_path):
    made, files = kept_once(tmp_path)
    assert len(files) == 1
    build = Builder()
    assert np.array_equal(run(KeptGraphs(CORE, tmp_path).compiled("small", OPTIONS, build)), made)
    assert build.count == 0
    KeptGraphs(CORE, tmp_path).compiled("another", OPTIONS, build)
    assert build.count == 1


@pytest.mark.parametrize("content", [b"", b"foreign", None])
def test_a_damaged_graph_is_compiled_and_written_anew(tmp_path, content):
    made, (file,) = kept_once(tmp_path)
    whole = file.read_bytes()
    file.write_bytes(whole[:-9] + b"damage!!!" if content is None else content)
    build, again = Builder(), KeptGraphs(CORE, tmp_path)
    assert np.array_equal(run(again.compiled("small", OPTIONS, build)), made)
    assert build.count == 1
    again.write()
    KeptGraphs(CORE, tmp_path).compiled("small", OPTIONS, build)
    assert build.count == 1


def test_where_nothing_can_be_written_graphs_are_compiled_at_each_start(tmp_path):
    (tmp_path / "graphs").write_text("a file, not a folder")
    build = Builder()
    for count in (1, 2):
        kept = KeptGraphs(CORE, tmp_path / "graphs")
        kept.compiled("small", OPTIONS, build)
        kept.write()
        assert build.count == count


def test_folders_of_older_versions_are_removed(tmp_path):
    for number in range(VERSIONS + 2):
        (tmp_path / f"version{number}").mkdir()
    kept_once(tmp_path)
    assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == VERSIONS
