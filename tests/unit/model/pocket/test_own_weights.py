"""A generator of the player's own, with the rest of a world that is here."""

import pytest
import torch
from safetensors.torch import save_file

from mag_sandbox.model.catalogue import weight_files
from mag_sandbox.model.catalogue.weight_files import WeightFile, WorldFiles, use_own, write_files
from mag_sandbox.model.catalogue.worlds import WORLDS
from mag_sandbox.model.world import MissingWeights

ROW = WORLDS["self-forcing-plus-plus"]


@pytest.fixture
def own(tmp_path):
    save_file({"a": torch.zeros(2)}, tmp_path / "own.safetensors")
    return tmp_path / "own.safetensors"


@pytest.fixture
def home(tmp_path):
    """Return a weights folder in which `mag` lies."""
    files = [
        WeightFile(source.role, f"{weight_files.repo_folder(source.repo)}/x", 0, "0", "x", 0)
        for source in WORLDS["mag"].sources
    ]
    write_files(WorldFiles("mag", tmp_path / "home", tuple(files)))
    return tmp_path / "home"


def test_the_rest_comes_from_any_world_with_the_same_files(own, home):
    files = use_own(ROW, own, home)
    assert files.paths("generator") == (own,)
    assert {file.role for file in files.files} >= set(ROW.roles)
    assert "memory" not in {file.role for file in files.files}
    assert weight_files.read_files(ROW.name, home) == files


def test_a_file_that_did_not_change_is_not_hashed_again(own, home, monkeypatch):
    first = use_own(ROW, own, home)
    monkeypatch.setattr(weight_files, "sha256_of", lambda path: pytest.fail("hashed again"))
    assert use_own(ROW, own, home) == first


def test_another_file_takes_the_place_of_the_one_before(own, home, tmp_path):
    use_own(ROW, own, home)
    save_file({"a": torch.ones(2)}, tmp_path / "other.safetensors")
    assert use_own(ROW, tmp_path / "other.safetensors", home).paths("generator")[0] != own


def test_what_cannot_be_is_a_sentence(own, home, tmp_path):
    with pytest.raises(MissingWeights, match=r"vae of .* is not here; run `mag-sandbox fetch"):
        use_own(ROW, own, tmp_path / "empty")
    with pytest.raises(MissingWeights, match="cannot be read"):
        use_own(ROW, tmp_path / "none.safetensors", home)
    for name in ("pocket", "wan2.1"):
        with pytest.raises(MissingWeights, match="takes no weights of your own"):
            use_own(WORLDS[name], own, home)
