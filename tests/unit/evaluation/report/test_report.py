"""The report keeps ours and the paper's numbers apart, and lets nothing through as HTML."""

import numpy as np
import pytest

from mag_sandbox.evaluation.magbench.evaluate import pair_sheet
from mag_sandbox.evaluation.report.data import COLUMNS, cell, report_data
from mag_sandbox.evaluation.report.page import page
from mag_sandbox.evaluation.results.cited import MAG_BENCH, VBENCH
from mag_sandbox.evaluation.results.store import ClipStore
from mag_sandbox.renderer.sheets import write_sheet


def add(store: ClipStore, memory: str, clip: int, psnr: float) -> None:
    key = f"{clip}-{memory}"
    picture = f"pairs/{key}.png"
    noise = np.random.default_rng(clip).uniform(-1, 1, (3, 12, 16)).astype(np.float32)
    write_sheet(store.folder / picture, pair_sheet(noise, noise))
    store.add(key, {
        "bench": "magbench",
        "row": {"world": "mag", "memory": memory, "mode": "history"},
        "clip": f"<b>clip</b> {clip}", "category": "indoor", "picture": picture,
        "distance": "mean absolute difference", "seconds": 1.0,
        "scores": {"psnr_db": psnr, "lpips": None},
    })  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    store = ClipStore(folder, {"bench": "magbench", "seed": 3})
    store.note({"commit": "abc"})
    for clip in range(8):
        add(store, "mag", clip, 20.0 + clip)
        add(store, "window", clip, 12.0 + clip)
        add(store, "alike", clip, 20.0 + clip + (0.1 if clip % 2 else -0.1))
    return report_data([folder])


def test_scores_are_averaged_where_they_were_measured(data):
    row = data["rows"][0]
    assert row["clips"] == 8
    assert row["scores"]["psnr_db"]["mean"] == 23.5
    assert row["scores"]["lpips"] is None


def test_rows_are_compared_on_equal_clips_and_noise_is_called_noise(data):
    _, window, alike = data["rows"]
    assert window["against"]["psnr_db"]["mean"] == -8.0
    assert window["against"]["psnr_db"]["verdict"] == "worse"
    assert alike["against"]["psnr_db"]["verdict"] == "noise"
    assert ">noise<" in page(data)


def test_the_best_and_the_worst_pairs_are_shown(data):
    pictures = data["rows"][0]["pictures"]
    assert [one["psnr_db"] for one in pictures["best"]] == [27.0, 26.0]
    assert [one["psnr_db"] for one in pictures["worst"]] == [20.0, 21.0]


def test_the_page_stands_alone_and_says_how_it_was_made(data):
    text = page(data)
    assert "<b>clip" not in text  # names are not taken for HTML
    assert "http" not in text
    assert "<script" not in text
    assert "seed" in text
    assert "abc" in text


def test_the_papers_numbers_are_marked(data):
    text = page(data)
    assert text.count("cited, arXiv 2512.18741") == len(MAG_BENCH) // 2  # one mode was measured
    assert "18.99" in text


def test_folders_without_results_are_refused(tmp_path):
    ClipStore(tmp_path, {})
    with pytest.raises(ValueError, match="run an evaluation first"):
        report_data([tmp_path])


def test_other_benches_have_a_table_of_their_own_scores(tmp_path):
    store = ClipStore(tmp_path, {"bench": "vbench", "seed": 3})
    store.add("a", {
        "bench": "vbench", "row": {"world": "mag", "protocol": "5s"}, "clip": "a", "picture": None,
        "distance": "none", "seconds": 1.0, "scores": {"motion_smoothness": 0.5},
    })  # fmt: skip
    text = page(report_data([tmp_path]))
    assert "<th>motion smoothness</th>" in text
    assert "0.5000" in text
    assert text.count("cited, arXiv 2512.18741") == len(VBENCH)


def test_one_clip_has_no_interval():
    score = {"mean": 1.0, "low": 1.0, "high": 1.0, "clips": 1}
    row = {"scores": {"psnr_db": score}, "against": None}
    assert cell(row, "psnr_db").interval == ""
    assert cell({**row, "scores": {"psnr_db": {**score, "clips": 2}}}, "psnr_db").interval


def test_every_column_is_explained_on_the_page(data):
    text = page(data)
    assert "What the columns mean" in text
    assert f'<th title="{COLUMNS["psnr_db"][2]}">PSNR</th>' in text


def test_of_two_clips_one_is_the_worst(tmp_path):
    store = ClipStore(tmp_path / "two", {"bench": "magbench"})
    for clip, psnr in enumerate((20.0, 30.0)):
        add(store, "mag", clip, psnr)
    (row,) = report_data([tmp_path / "two"])["rows"]
    shown = {word: [one["psnr_db"] for one in row["pictures"][word]] for word in ("best", "worst")}
    assert shown == {"best": [30.0], "worst": [20.0]}


def test_rows_of_several_folders_say_which(tmp_path):
    for name in ("blocks of 4", "blocks of 5"):
        add(ClipStore(tmp_path / name, {"bench": "magbench"}), "mag", 0, 20.0)
    text = page(report_data([tmp_path / "blocks of 4", tmp_path / "blocks of 5"]))
    assert "<small>blocks of 4</small>" in text
    assert "<small>blocks of 4</small>" not in page(report_data([tmp_path / "blocks of 4"]))
