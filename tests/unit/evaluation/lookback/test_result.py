"""What follows from clips, and what of a file is believed."""

from dataclasses import asdict, replace

import pytest

from mag_sandbox.evaluation.lookback.result import (
    BENCHMARK,
    MOST_CLIPS,
    ClipRow,
    Participant,
    RunSettings,
    clips_of,
    half_life,
    read_result,
    result_of,
    summary_of,
    write_result,
)

ROW = ClipRow(
    key="given-000", task="given", clip="indoor 0", category="indoor", scene=1_007_000,
    tape="static@1", fps=16.0, frames=1, away_s=6.5, digest="0" * 16, refused=None, gates={},
    scores={"score": 80.0, "psnr_db": 30.0}, points=((2.0, 80.0), (4.0, 64.0)), seconds=1.0,
)  # fmt: skip


PARTICIPANT = asdict(Participant("mine", "class", None, "mine", None, {}))


def scored(task: str, clip: str, psnr: float, score: float = 50.0) -> ClipRow:
    return replace(ROW, task=task, clip=clip, scores={"score": score, "psnr_db": psnr})


def written(path, *clips: ClipRow, **more) -> dict:
    participant = Participant("mine", "class", None, "mine", None, {})
    settings = RunSettings("quick", 0, 0, ())
    result = result_of(participant, settings, clips, {"commit": None}) | more
    write_result(path, result)
    return result


def test_a_refused_clip_counts_as_nothing_and_only_there():
    summary = summary_of([ROW, replace(ROW, clip="indoor 4", refused="it stood still")])
    assert summary["score"]["mean"] == 40.0
    assert summary["tasks"]["given"]["refused"] == 1
    assert summary["tasks"]["given"]["scores"]["psnr_db"]["mean"] == 30.0
    assert summary["half_life_s"]["clips"] == 1


def test_the_score_rests_on_what_was_shown_alone():
    own = replace(ROW, task="return", scores={"score": 0.0})
    both, alone = summary_of([ROW, own]), summary_of([ROW])
    assert both["score"] == alone["score"]
    assert both["half_life_s"] == alone["half_life_s"]
    assert summary_of([own])["score"] is None


def test_forgetting_by_time_and_by_places_is_told_apart_on_the_same_scenes():
    clips = [
        *(scored("given", f"indoor {n}", 34.0 + n) for n in range(3)),
        *(scored("hold", f"indoor {n}", 33.0 + n) for n in range(1, 3)),
        *(scored("tour", f"indoor {n}", 28.0 + n) for n in range(3)),
    ]
    lost = summary_of(clips)["forgetting"]
    assert (lost["time_db"]["mean"], lost["time_db"]["clips"]) == (-1.0, 2)
    assert lost["places_db"]["mean"] == -5.0


def test_half_life_is_found_with_its_interval():
    found = half_life([[(away, 100 / 2 ** (away / 8)) for away in (1.0, 5.0, 20.0)]] * 6)
    assert found["mean"] == pytest.approx(8.0, rel=0.02)
    assert found["low"] <= found["mean"] <= found["high"]
    assert half_life([[(1.0, 100.0), (30.0, 99.0)]])["mean"] is None  # longer than it was away


def test_a_result_is_read_as_it_was_written(tmp_path):
    result = written(tmp_path / "a.json", ROW)
    assert read_result(tmp_path / "a.json") == result
    assert clips_of(result) == [ROW]
    assert len((tmp_path / "a.json").read_text().splitlines()) > 20  # changes can be seen in it
    assert asdict(ROW)["points"] == ROW.points


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"schema": 2}, "schema"),
        ({"benchmark": "lookback 0"}, "lookback 0"),
        ({"clips": [{}]}, "lacks"),
        ({"made": None}, "digest"),
        ({"benchmark": BENCHMARK, "digest": "0"}, "digest"),
        ({"clips": [asdict(ROW)] * (MOST_CLIPS + 1)}, "at most 4096"),
        ({"clips": [asdict(replace(ROW, points=((1.0, 1.0),) * 65))]}, "has 65 points"),
        ({"clips": [asdict(replace(ROW, away_s=1e308))]}, "away_s"),
        ({"clips": [asdict(replace(ROW, points=((1e308, 1e308),) * 9))]}, "points"),
        ({"clips": [asdict(replace(ROW, scores={"score": -1e308}))]}, "scores"),
        ({"clips": [asdict(replace(ROW, scores={"state_mib": -2.0}))]}, "a size below 0"),
        ({"participant": {**PARTICIPANT, "provenance": [1]}}, '"provenance": expected'),
        ({"participant": {**PARTICIPANT, "provenance": None}}, '"provenance": expected'),
    ],
)
def test_what_is_no_result_is_refused_in_a_sentence(tmp_path, more, problem):
    written(tmp_path / "a.json", ROW, **more)
    with pytest.raises(ValueError, match=problem):
        read_result(tmp_path / "a.json")
