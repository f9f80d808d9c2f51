"""A report is one page that needs nothing else and holds what was promised."""

import base64
import re
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import av
import pytest

from mag_sandbox.sandbox.export import ExportOptions
from mag_sandbox.sandbox.export.exporter import export
from mag_sandbox.sandbox.export.report import (
    MemoryPoint,
    RecallPoint,
    latency_chart,
    memory_chart,
    nice_ticks,
    recall_chart,
)
from tests.recorded import AWAY_AND_BACK, FRAMES, HOLD, SEED, record

VOID = {"meta", "img"}


@pytest.fixture(scope="module")
def text(tmp_path_factory) -> str:
    folder = record(tmp_path_factory.mktemp("report") / "monday")
    done = export(folder, ExportOptions(format="report"))
    return done.path.read_text(encoding="utf-8")


class Page(HTMLParser):
    """Collects what a page refers to and checks that its tags are closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.sources: list[str] = []
        self.headings: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.sources += [value for name, value in attrs if name in ("src", "href", "poster")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "h2":
            self.headings.append(data)


@pytest.fixture(scope="module")
def page(text) -> Page:
    page = Page()
    page.feed(text)
    return page


def test_the_page_is_whole_and_has_all_its_parts(page):
    assert page.open == []
    assert page.headings == [
        "Then and now",
        "Recall over time",
        "Memory over time",
        "Time per block",
        "Configuration",
        "Play it again",
    ]
    assert page.tags.count("svg") == 3


def test_the_page_loads_nothing_and_runs_nothing(page, text):
    assert page.sources
    assert all(source.startswith("data:") for source in page.sources)
    assert "script" not in page.tags
    assert "http://" not in text
    assert "url(" not in text
    assert "default-src 'none'" in text


def test_words_of_the_recording_are_only_words(text):
    assert "<b>with</b>" not in text
    assert "A meadow &lt;b&gt;with&lt;/b&gt; flowers &amp; bees." in text


def test_the_video_in_the_page_can_be_played(page):
    (source,) = [one for one in page.sources if one.startswith("data:video/mp4")]
    with av.open(BytesIO(base64.b64decode(source.partition(",")[2]))) as file:
        assert file.streams.video[0].frames == FRAMES
        assert file.streams.audio[0].codec_context.name == "aac"
        assert len([True for _ in file.decode(video=0)]) == FRAMES


def test_every_comparison_has_its_three_pictures_and_its_recall(page, text):
    pictures = [one for one in page.sources if one.startswith("data:image/jpeg")]
    pairs = text.count("<article>")
    assert pairs >= 1
    assert len(pictures) == 3 * pairs + 1  # and the video's first frame
    assert re.search(r"<b>\d+ %</b> remembered", text)


def test_configuration_and_replay_are_told(text):
    assert f"<th>seed</th><td>{SEED}</td>" in text
    assert "<th>weights</th><td>0000000000000000</td>" in text
    assert "<th>memory</th><td>mag-retrieve</td>" in text
    assert "mag-sandbox replay monday --verify" in text


def test_light_and_dark_are_both_drawn(text):
    assert "prefers-color-scheme:dark" in text


def test_a_session_in_which_nothing_came_back_has_a_page_too(tmp_path):
    folder = record(tmp_path / "quiet", (HOLD,) * 3)
    done = export(folder, ExportOptions(format="report", sound=False))
    text = done.path.read_text(encoding="utf-8")
    assert "No view was left and came back" in text
    assert "Recall over time" not in text
    assert "Memory over time" in text


def test_a_page_of_a_killed_session_says_so(tmp_path):
    folder = record(tmp_path / "cut", AWAY_AND_BACK[:2])
    events = folder / "session.jsonl"
    lines = events.read_bytes().splitlines(keepends=True)
    events.write_bytes(b"".join(lines[:-1]) + lines[-1][:10])
    done = export(folder, ExportOptions(format="report", sound=False, out=tmp_path / "page.html"))
    assert "was interrupted" in done.path.read_text(encoding="utf-8")
    assert any("is incomplete" in note for note in done.notes)


def test_a_view_that_was_forgotten_is_marked_so():
    marks = [
        RecallPoint(2.0, 95.0, "remembered", "place 1"),
        RecallPoint(8.0, 10.0, "forgotten", "a < b"),
    ]
    svg = recall_chart(marks, 10.0)
    assert svg.count('class="mark') == 2
    assert 'class="mark forgotten"' in svg
    assert "a &lt; b" in svg


def test_memory_is_drawn_kind_upon_kind_with_its_budget_if_near():
    moments = [
        MemoryPoint(second, {"sink": 2**20, "raw": 2**20 * second}, 2**23) for second in range(9)
    ]
    svg = memory_chart(moments, 8.0)
    assert svg.count("<polygon") == 2
    assert "budget, 8 MiB" in svg
    far = [MemoryPoint(moment.second, moment.kept, 2**30) for moment in moments]
    assert "budget" not in memory_chart(far, 8.0)


def test_every_block_is_in_the_histogram():
    svg = latency_chart([10.0] * 500 + [50.0] * 3 + [9000.0], 187.5)
    counts = [int(count) for count in re.findall(r"<title>(\d+) blocks", svg)]
    assert sum(counts) == 504
    assert "or more" in svg
    assert "a block lasts 188 ms" in svg


@pytest.mark.parametrize("top", [0.0, 0.3, 1.0, 7.0, 59.9, 3600.0])
def test_ticks_are_few_and_reach_no_further_than_the_axis(top):
    ticks = nice_ticks(top, 8)
    assert 1 <= len(ticks) <= 10
    assert ticks[-1] <= max(top, 1e-6) * 1.001


def test_reports_go_beside_the_recording(tmp_path):
    folder = record(tmp_path / "monday", (HOLD,))
    done = export(folder, ExportOptions(format="report", sound=False))
    assert done.path == Path(tmp_path / "monday-report.html")
