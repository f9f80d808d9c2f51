"""Records survive kills, and several programs never measure the same clip."""

import multiprocessing
from pathlib import Path

import pytest

from mag_sandbox.evaluation.results.store import (
    CLAIMS,
    RECORDS,
    ClipStore,
    read_records,
    read_runs,
    read_settings,
)

SETTINGS = {"bench": "test", "seed": 0}
KEYS = [f"clip-{number}" for number in range(24)]


def work(folder: Path, name: str) -> None:
    store = ClipStore(folder, SETTINGS)
    for key in KEYS:
        with store.claim(key) as mine:
            if mine:
                store.add(key, {"by": name})


def test_programs_side_by_side_measure_every_clip_once(tmp_path):
    context = multiprocessing.get_context("fork")
    programs = [context.Process(target=work, args=(tmp_path, name)) for name in "abc"]
    for program in programs:
        program.start()
    for program in programs:
        program.join()
    assert sorted(record["key"] for record in read_records(tmp_path)) == sorted(KEYS)


def test_a_claim_keeps_others_away_until_it_is_let_go(tmp_path):
    first, second = ClipStore(tmp_path, SETTINGS), ClipStore(tmp_path, SETTINGS)
    with first.claim("a") as mine:
        assert mine
        with second.claim("a") as theirs:
            assert not theirs
    with second.claim("a") as theirs:
        assert theirs  # nothing was recorded, as after a kill


def test_what_was_recorded_is_not_measured_again(tmp_path):
    store = ClipStore(tmp_path, SETTINGS)
    store.add("a", {"scores": {"psnr_db": 1.5}})
    with ClipStore(tmp_path, SETTINGS).claim("a") as mine:
        assert not mine
    assert store.records()["a"]["scores"] == {"psnr_db": 1.5}


def test_a_line_cut_by_a_kill_costs_only_itself(tmp_path):
    store = ClipStore(tmp_path, SETTINGS)
    store.add("a", {})
    with (tmp_path / RECORDS).open("a") as file:
        file.write('{"key": "b", "sco')
    store.add("c", {})
    assert list(store.records()) == ["a", "c"]


def test_results_of_other_settings_are_not_mixed(tmp_path):
    ClipStore(tmp_path, SETTINGS)
    with pytest.raises(ValueError, match="seed 0, this run has 1"):
        ClipStore(tmp_path, {**SETTINGS, "seed": 1})
    assert read_settings(tmp_path) == SETTINGS


def test_scores_that_are_not_numbers_are_not_written(tmp_path):
    store = ClipStore(tmp_path, SETTINGS)
    with pytest.raises(ValueError, match="JSON"):
        store.add("a", {"scores": float("nan")})
    assert store.records() == {}


def test_runs_are_noted_and_other_folders_refused(tmp_path):
    ClipStore(tmp_path / "a", SETTINGS).note({"commit": "abc"})
    assert read_runs(tmp_path / "a") == [{"commit": "abc"}]
    assert (tmp_path / "a" / CLAIMS).is_dir()
    with pytest.raises(ValueError, match="holds no results"):
        read_settings(tmp_path / "b")
