"""Weights folders of the imagination, with and without the networks that measure given pictures."""

import shutil

import pytest

from mag_sandbox.model.attention import matmul_attention
from mag_sandbox.model.checkpoints import stored, write_tensors
from mag_sandbox.model.imagination.reading.relief import ReliefReader
from mag_sandbox.model.imagination.reading.walls import WallReader
from mag_sandbox.model.imagination.weights import (
    IMAGINATION_WEIGHTS,
    RELIEF,
    TEXT,
    TOKENIZER,
    WALLS,
    digest_of,
    load_networks,
    save_networks,
)
from tests.unit.model.imagination.tiny import networks


@pytest.mark.parametrize(
    ("name", "file", "network"), [("relief", RELIEF, ReliefReader), ("walls", WALLS, WallReader)]
)
def test_older_folders_have_no_such_network(tmp_path, name, file, network):
    save_networks(tmp_path, networks())
    for beside in (TEXT, TOKENIZER):
        shutil.copyfile(IMAGINATION_WEIGHTS / beside, tmp_path / beside)
    assert getattr(load_networks(tmp_path, matmul_attention), name) is None
    digest = digest_of(tmp_path)
    state = {key: stored(one) for key, one in network().state_dict().items()}
    write_tensors(tmp_path / file, state)
    assert getattr(load_networks(tmp_path, matmul_attention), name) is not None
    assert digest_of(tmp_path) != digest
