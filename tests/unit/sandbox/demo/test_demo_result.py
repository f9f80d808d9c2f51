"""Results are checked against what was expected, and written as JSON and CSV."""

import csv
import json
from dataclasses import replace

import pytest

from mag_sandbox.sandbox.demo.result import (
    DemoResult,
    MemoryRow,
    ProbeRow,
    csv_text,
    interval_of,
    summary_text,
    table_of,
    write_results,
)
from mag_sandbox.scenes.demo.demo import DemoError
from mag_sandbox.scenes.demo.expect import Expectation


def probe(anchor="a", recall=90.0, kind="script") -> ProbeRow:
    return ProbeRow(anchor, kind, "meadow", 30.0, 0.9, recall, 1.0, 5.0, 9.0, "raw")


def result_of(*probes: ProbeRow, seed: int = 1, fps: float = 20.0) -> DemoResult:
    memory = MemoryRow("mag", bytes=2**20, peak_bytes=3 * 2**20)
    return DemoResult(
        "demo", "meadow", "pocket", "abc", "mag", seed, 30, 1.875, fps, probes, memory
    )


def checked(result: DemoResult, measure: str, comparison: str, bound: float, anchor=None):
    (one,) = result.check([Expectation(measure, anchor, comparison, bound)]).expectations
    return one.value, one.met


def test_every_probe_must_be_as_expected():
    result = result_of(probe(recall=90.0), probe(recall=70.0))
    assert checked(result, "recall", ">=", 80.0) == (70.0, False)
    assert checked(result, "recall", ">=", 60.0) == (70.0, True)
    assert checked(result, "recall", "<", 80.0) == (90.0, False)


def test_an_anchor_may_be_expected_alone():
    result = result_of(probe("a", 90.0), probe("b", 10.0))
    assert checked(result, "recall", ">=", 80.0, "a") == (90.0, True)
    assert checked(result, "recall", "<", 40.0, "b") == (10.0, True)


def test_what_was_not_counted_is_not_as_expected():
    assert checked(result_of(probe(recall=None)), "recall", "<", 40.0) == (None, False)
    assert checked(result_of(probe(), probe(recall=None)), "recall", ">", 40.0) == (90.0, False)


def test_probes_by_the_way_are_not_what_was_expected():
    result = result_of(probe(recall=90.0), probe("place 1", 5.0, "auto"))
    assert checked(result, "recall", ">=", 80.0) == (90.0, True)


def test_memory_frames_rate_and_lead_can_be_expected():
    result = result_of(probe())
    assert checked(result, "memory_mib", "<=", 3.0) == (3.0, True)
    assert checked(result, "frames", ">", 30) == (30.0, False)
    assert checked(result, "fps", ">", 19) == (20.0, True)
    lead = [Expectation("lead", None, ">=", 20.0)]
    assert result.check(lead, 25.0).expect_met
    assert not result.check(lead).expect_met


def test_an_interval_is_that_of_student():
    mean, low, high = interval_of([1.0, 2.0, 3.0])
    assert mean == 2.0
    assert high - mean == mean - low == pytest.approx(4.303 / 3**0.5, rel=1e-3)
    assert interval_of([4.0]) == (4.0, None, None)
    low, high = interval_of([0.0, 1.0] * 50)[1:]
    assert (low + high) / 2 == pytest.approx(0.5)


def test_several_runs_end_in_mean_and_interval():
    rows = table_of([result_of(probe(recall=80.0), seed=1), result_of(probe(recall=90.0), seed=2)])
    assert [row["run"] for row in rows] == [1, 2, "mean", "low 95%", "high 95%"]
    assert rows[2]["recall"] == rows[2]["recall a"] == 85.0
    assert rows[3]["recall"] < 80.0 < 90.0 < rows[4]["recall"]
    assert rows[2]["world"] == "pocket"
    assert "seed" not in rows[2]


def test_a_table_is_csv_that_leaves_unknown_cells_empty():
    rows = table_of([result_of(probe(recall=None)), result_of(probe(recall=None))])
    read = list(csv.DictReader(csv_text(rows).splitlines()))
    assert read[0]["recall"] == read[2]["recall"] == ""
    assert read[0]["expect_met"] == "yes"


def test_one_run_is_written_as_itself_and_several_with_a_summary(tmp_path):
    write_results(tmp_path, [result_of(probe())])
    data = json.loads((tmp_path / "result.json").read_text())
    expected = "world weights memory seed frames fps probes memory_usage expect_met"
    assert set(expected.split()) <= set(data)
    names = "anchor kind psnr ssim recall overlap seconds_away anchor_memory"
    assert set(names.split()) <= set(data["probes"][0])
    failed = replace(result_of(probe(), fps=30.0), expect_met=False)
    write_results(tmp_path, [result_of(probe()), failed])
    data = json.loads((tmp_path / "result.json").read_text())
    assert data["expect_met"] is False
    assert [run["fps"] for run in data["runs"]] == [20.0, 30.0]
    assert data["summary"]["fps"]["mean"] == 25.0


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DemoError, match=r"cannot be written .*; name another folder"):
        write_results(tmp_path / "file", [result_of(probe())])


def test_people_read_what_was_found():
    result = result_of(probe(), probe("b", None))
    text = summary_text(result.check([Expectation("recall", "a", ">=", 95.0)]))
    assert "probe a after 5.0 s away: recall 90%" in text
    assert "probe b after 5.0 s away: recall not counted" in text
    assert "NOT as expected: recall a >= 95 (it is 90)" in text
