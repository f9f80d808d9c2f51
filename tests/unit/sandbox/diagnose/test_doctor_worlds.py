"""What the doctor says of full-size worlds, on cards and with memory that are not there."""

import pytest

from mag_sandbox.model.catalogue import memory_plan, weight_files
from mag_sandbox.model.catalogue.memory_plan import GIB, Device
from mag_sandbox.model.catalogue.weight_files import WeightFile, WorldFiles
from mag_sandbox.sandbox.diagnose.doctor_checks import check_worlds
from tests import tiny_full


@pytest.fixture
def said(monkeypatch, tmp_path):
    """Return a function that says what is found of `mag` on a card of some size."""
    tiny_full.write_repos(tmp_path / "repos")
    paths = {**tiny_full.PATHS[""], **tiny_full.PATHS["mag"]}
    files = [(role, tmp_path / "repos" / path) for role, path in paths.items()]
    kept = tuple(
        WeightFile(role, str(path), path.stat().st_size, "", "tests", path.stat().st_mtime_ns)
        for role, path in files
    )
    here = WorldFiles("mag", tmp_path, kept)
    monkeypatch.setattr(weight_files, "read_files", lambda name: here if name == "mag" else None)
    monkeypatch.setattr(weight_files, "check", lambda row, files: (files, []))

    def find(card_gib: float | None, main_gib: float = 64.0):
        monkeypatch.setattr(memory_plan, "free_host_bytes", lambda: int(main_gib * GIB))
        card = card_gib and Device("cuda", "a card", int(card_gib * GIB))
        monkeypatch.setattr(memory_plan, "find_device", lambda: card)
        return check_worlds()[0]

    return find


def test_a_world_that_fits_says_what_it_takes(said):
    found = said(80)
    assert found.level == "ok"
    assert "mag: fits, takes 27.7 GiB at most" in found.text


def test_a_smaller_card_gets_the_layout_that_fits(said):
    found = said(24)
    assert found.level == "ok"
    assert "would take 27.7 GiB; fits with 23 frames of memory, text encoder on the" in found.text


def test_too_little_main_memory_for_what_waits_there_is_a_note(said):
    found = said(24, main_gib=4)
    assert found.level == "note"
    assert "takes 10.6 GiB of main memory, and 4.0 GiB is free" in found.text


def test_a_card_that_is_too_small_is_a_note_with_the_way_out(said):
    found = said(4)
    assert found.level == "note"
    assert "a card has 4.0 GiB free" in found.text


def test_without_a_card_it_says_what_would_be_needed(said):
    found = said(None)
    assert "takes 27.7 GiB, no card for it" in found.text
