"""Phases of MemoryPack as rows of the memory bench."""

from pathlib import Path

import pytest

from mag_sandbox.evaluation.bench.memory_bench import MemoryBenchSettings
from mag_sandbox.evaluation.bench.packs import check_policies, is_pack, open_pack
from mag_sandbox.model.memorypack.config import VARIANTS
from mag_sandbox.model.memorypack.parts import (
    PartsInfo,
    base_hash,
    parts_file,
    save_parts,
    untrained,
)
from mag_sandbox.model.world import MissingWeights
from tests.tiny import randomise, tiny_weights
from tests.unit.model.memorypack.test_pack_world import base_dit


def leave(folder: Path, variant: str, phase: str, steps: int) -> Path:
    """Leave the result of a phase as training does, with low-rank changes."""
    networks = untrained(base_dit(), VARIANTS[variant], rank=2)
    before = {name: value.clone() for name, value in networks.state_dict().items()}
    randomise(networks.pack, steps)
    path = parts_file(variant, folder, phase)
    info = PartsInfo(VARIANTS[variant], base_hash(tiny_weights()), ((phase, steps),), rank=2)
    save_parts(path, networks.state_dict(), info, before)
    return path


def test_a_phase_plays_the_parts_that_it_left(tmp_path: Path):
    leave(tmp_path, "A", "teacher", 3)
    leave(tmp_path, "A", "direct", 5)
    told = {
        policy: open_pack(policy, tiny_weights(), tmp_path, None).provenance()["memorypack"]
        for policy in ("memorypack@teacher", "memorypack@direct")
    }
    assert told["memorypack@teacher"]["trained"] == "3 steps of teacher"
    assert told["memorypack@direct"]["trained"] == "5 steps of direct"


def test_a_phase_that_left_nothing_is_no_untrained_world(tmp_path: Path):
    with pytest.raises(MissingWeights, match=r"A-student\.safetensors is missing"):
        open_pack("memorypack@student", tiny_weights(), tmp_path, None)


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ("mag@direct", "names no phase"),
        ("memorypack@", "names no phase"),
        ("memorypak@direct", 'policy "memorypak" not found'),
    ],
)
def test_names_that_mean_nothing_are_refused(policy: str, said: str):
    with pytest.raises(ValueError, match=said):
        MemoryBenchSettings(memory=(policy,))


def test_names_of_the_bench():
    check_policies(("mag", "pocket-framepack", "memorypack-zero@teacher"))
    assert is_pack("memorypack-zero@teacher")
    assert not is_pack("mag-retrieve")
