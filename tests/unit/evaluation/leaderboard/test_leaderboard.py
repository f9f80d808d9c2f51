"""The leaderboard says what the result files say, and nothing that a file could put into it."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from mag_sandbox.evaluation.__main__ import main as evaluate
from mag_sandbox.evaluation.leaderboard.board import curve_of, read_board
from mag_sandbox.evaluation.leaderboard.page import (
    life_plot,
    life_text,
    likeness_plot,
    markdown,
    page,
    recall_plot,
)
from mag_sandbox.evaluation.lookback.result import (
    ClipRow,
    Participant,
    RunSettings,
    digest_of,
    result_of,
    write_result,
)
from mag_sandbox.evaluation.lookback.tasks import VERSIONS
from tests import ROOT

MADE = {"time": "2026-11-22T14:00:00+00:00", "commit": "0123456789ab"}
EVIL = "</script><script>alert(1)</script>| [x](javascript:y) & <b>"


def clip(number: int, score: float, *, task: str = "given", away: float = 4.5) -> ClipRow:
    """Return a clip whose recall is its score."""
    return ClipRow(
        key=f"{task}-{number:03d}",
        task=task,
        clip=f"outdoor {number}",
        category="outdoor",
        scene=number,
        tape="yaw:right:90@48",
        fps=16.0,
        frames=131,
        away_s=away,
        digest="0" * 16,
        refused=None,
        gates={"obeys": True},
        scores={
            "score": score, "psnr_db": 10 + score / 5, "obedience": 0.9,
            "memory_mib": 12.0 if score > 50 else 0.0,
        },
        points=((away, score), (away / 2, score)),
        seconds=1.0,
    )  # fmt: skip


def put(
    folder: Path, name: str, clips: Sequence[ClipRow], label: str | None = None, **asked: object
) -> Path:
    """Write a result."""
    folder.mkdir(parents=True, exist_ok=True)
    who = Participant(name, "world", "mag", label or name, "f" * 64, {})
    settings = replace(RunSettings("quick", 0, 4, ()), **asked)
    path = folder / f"{name}.json"
    write_result(path, result_of(who, settings, clips, MADE))
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("board") / "results"
    many = [clip(n, 90 + n / 8, away=4.5 if n % 2 else 20.0) for n in range(40)]
    put(folder, "keeps", many)
    put(folder, "loses", [clip(n, 5.0 + n) for n in range(4)], EVIL)
    refused = replace(clip(0, 50.0), refused="the picture does not move", points=())
    put(folder, "stands", [refused, replace(refused, key="given-001")])
    put(folder, "elsewhere", [clip(0, 50.0)], preset="full", tasks=("given",), private="a" * 64)
    return folder


def test_rows_of_the_same_clips_stand_together_the_best_first(folder):
    groups = read_board(folder)
    assert [group.title for group in groups] == ["quick, seed 0", "full: given, split aaaaaaaaaaaa"]
    assert [row.file for row in groups[0].rows] == ["keeps.json", "loses.json", "stands.json"]
    keeps, loses, stands = groups[0].rows
    assert keeps.score.mean == pytest.approx(92.44, abs=0.01)
    assert keeps.score.low < keeps.score.mean < keeps.score.high
    assert not keeps.is_few
    assert loses.is_few
    assert stands.score.mean == 0
    assert stands.refused == 2
    assert stands.likeness == stands.recall == ()


def test_the_table_says_which_rows_rest_on_few_clips(folder):
    text = markdown(read_board(folder))
    row = next(
        line for line in text.splitlines() if line.startswith("| [keeps](leaderboard/keeps.json) |")
    )
    assert "| 40 |" in row
    assert "| 4* |" in text
    assert "2*, 2 refused" in text
    # of one clip, so there is no interval
    assert "| [elsewhere](leaderboard/elsewhere.json) | 50.0 | 20.0 |" in text
    assert "fewer than 32 clips" in text
    assert "MAG, cited" in page(read_board(folder))


def test_rows_say_how_they_walked_and_earlier_versions_are_on_the_page_alone(tmp_path):
    put(tmp_path, "walks", [clip(0, 50.0), clip(0, 40.0, task="walk"), clip(0, 30.0, task="past")])
    put(tmp_path, "stays", [clip(0, 60.0)])
    old = json.loads(put(tmp_path, "old", [clip(0, 70.0)]).read_text()) | {"benchmark": VERSIONS[0]}
    write_result(tmp_path / "old.json", old | {"digest": digest_of(old)})
    board = read_board(tmp_path)
    rows = [line for line in markdown(board).splitlines() if ".json" in line]
    assert [("40, -, 30" in line, "not walked" in line) for line in sorted(rows)] == [
        (False, True), (True, False),
    ]  # fmt: skip
    assert f"({VERSIONS[0]}, on other scenes)" in page(board)


def test_words_of_a_result_are_only_words(folder):
    groups = read_board(folder)
    table, html = markdown(groups), page(groups)
    assert "<script" not in html
    assert "<script" not in table
    assert (
        r"&lt;script&gt;alert(1)&lt;/script&gt;\| \[x\](javascript:y) &amp; &lt;b&gt;](lead"
        in table
    )
    assert "&lt;/script&gt;" in html


def test_every_word_of_a_result_is_only_a_word(tmp_path):
    """Preset, tasks and the name of the file come from outside, too."""
    evil, name = "<img src=x onerror=alert(1)>](x) | <script>", "a]<script>(b) | `c` 100%?#.json"
    who = Participant(evil, evil, evil, evil, evil, {"imagination": evil})
    settings = RunSettings(evil, 0, 4, (evil, "return"), evil)
    result = result_of(who, settings, [clip(0, 50.0), clip(1, 60.0)], {"commit": evil})
    write_result(tmp_path / name, result)
    groups = read_board(tmp_path)
    table, html = markdown(groups), page(groups)
    for text in (table, html):
        assert "<script" not in text
        assert "<img" not in text
    assert "leaderboard/a%5D%3Cscript%3E%28b%29%20%7C%20%60c%60%20100%25%3F%23.json)" in table
    rows = [line for line in table.splitlines() if line.startswith("|") and "img" in line]
    assert [len(re.findall(r"(?<!\\)\|", line)) for line in rows] == [10]


def test_the_page_needs_nothing_else_and_is_whole(folder):
    html = page(read_board(folder))
    for word in ("http://", "https://", "url(", "src=", "@import", "<link"):
        assert word not in html
    open_tags: list[str] = []

    class Page(HTMLParser):
        def handle_starttag(self, tag, attrs):
            if tag not in ("meta",):
                open_tags.append(tag)

        def handle_endtag(self, tag):
            assert open_tags.pop() == tag

    Page().feed(html)
    assert open_tags == []
    assert html.count("<svg") == 5  # one clip has no curve of likeness


def test_what_was_never_lost_stands_above_with_an_arrow(folder):
    keeps, loses, _ = read_board(folder)[0].rows
    plot = life_plot((keeps, loses))
    assert [dot.beyond for dot in plot.dots] == [keeps.life.mean is None, loses.life.mean is None]
    assert life_text(keeps.life).startswith("> 20.0")
    (x_keeps, _), (x_loses, _) = (dot.points[0] for dot in plot.dots)
    assert x_loses < x_keeps  # it takes no bytes
    assert len(likeness_plot((keeps,)).dots[0].points) == 2
    assert likeness_plot((loses,)) is None  # all its views were away as long
    assert len(recall_plot((keeps, loses)).dots) == 2


def test_a_curve_has_a_point_for_every_few_seconds():
    assert curve_of([(1.0, 30.0), (2.0, 20.0), (9.0, 12.0)]) == ((1.5, 25.0), (9.0, 12.0))


def test_the_command_writes_both_and_sees_when_they_are_old(folder, tmp_path, capsys):
    place = tmp_path / "board"
    put(place, "one", [clip(0, 50.0)])
    assert evaluate(["leaderboard", str(place)]) == 0
    assert evaluate(["leaderboard", str(place), "--check"]) == 0
    assert place.with_suffix(".html").exists()
    put(place, "two", [clip(0, 40.0)])
    assert evaluate(["leaderboard", str(place), "--check"]) == 2
    assert "is not what the results say" in capsys.readouterr().err


def test_a_result_that_was_touched_is_refused_by_name(tmp_path, capsys):
    path = put(tmp_path / "board", "mine", [clip(0, 50.0)])
    result = json.loads(path.read_text())
    result["clips"][0]["scores"]["score"] = 99.0
    path.write_text(json.dumps(result))
    assert evaluate(["leaderboard", str(path.parent)]) == 2
    assert "mine.json" in capsys.readouterr().err


def test_the_manual_has_the_table_and_the_page_of_the_results():
    """Sent results are checked here, and the table is derived again from them."""
    assert evaluate(["leaderboard", str(ROOT / "docs/leaderboard"), "--check"]) == 0
