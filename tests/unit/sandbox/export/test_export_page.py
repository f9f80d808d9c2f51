"""An exported page is one file that plays offline in a browser and holds what was promised."""

import base64
import hashlib
import json
import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from mag_sandbox.evaluation.similarity.metrics import psnr
from mag_sandbox.sandbox.export import held
from mag_sandbox.sandbox.export import page as exported_page
from mag_sandbox.sandbox.export.exporter import export
from mag_sandbox.sandbox.export.footage import Footage
from mag_sandbox.sandbox.export.options import ExportOptions
from mag_sandbox.sandbox.export.page_charts import (
    MemoryPoint,
    ReturnMark,
    latency_chart,
    likeness_chart,
    memory_chart,
    nice_ticks,
    recall_chart,
)
from mag_sandbox.sandbox.recording.frames_file import FramesWriter, StoredFrames
from mag_sandbox.sandbox.recording.reader import EVENTS_FILE, load_recording
from tests.chromium import Chromium, needs_chromium
from tests.recorded import AWAY_AND_BACK, BLOCKS, FRAMES, HOLD, SCENE, SEED, record

VOID = {"meta", "img", "input"}
CHECKED = {"kind", "created", "image", "digest", "policy", "ambience", "category", "sha256"}
EVIL = "A meadow </script><script>document.title='evil'</script><b>with</b> flowers & bees."


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("page") / "monday"
    record(folder, scene=replace(SCENE, prompt=EVIL))
    return export(folder, ExportOptions(format="page")).path


@pytest.fixture(scope="module")
def text(written) -> str:
    return written.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def data(text) -> dict:
    (found,) = re.findall(r'(?s)<script type="application/json" id="data">(.*?)</script>', text)
    return json.loads(found)


class Page(HTMLParser):
    """Collects what a page refers to and checks that its tags are closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.sources: list[str] = []
        self.headings: list[str] = []
        self.tags: list[str] = []
        self.attributes: set[str] = set()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
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
        "What memory held",
        "Where they look",
        "What was seen, and the way of the camera",
        "Then and now",
        "Recall over time",
        "Likeness over time",
        "Memory over time",
        "Frames in memory over time",
        "Time per block",
        "Configuration",
        "Play it again",
    ]
    assert page.tags.count("svg") == 5


def test_the_page_loads_nothing_and_runs_only_its_own_script(page, text):
    assert page.sources
    assert all(source.startswith("data:") for source in page.sources)
    assert page.tags.count("script") == 2  # one of them data
    script = text.rpartition("<script>")[2].partition("</script>")[0]
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
    assert f"script-src 'sha256-{allowed}'" in policy
    assert policy.startswith("default-src 'none'; img-src data:; media-src data:;")
    assert "http://" not in text
    assert "https://" not in text
    assert "url(" not in text
    assert re.search(r"innerHTML|fetch\(|eval\(|import\(|XMLHttp|WebSocket", script) is None


def test_every_word_of_a_recording_is_only_a_word(written, tmp_path):
    """Names, reasons and what the machine was called come from outside, too."""

    def replaced(value, key=""):
        if isinstance(value, dict):
            return {name: replaced(one, name) for name, one in value.items()}
        if isinstance(value, list):
            return [replaced(one, key) for one in value]
        return EVIL if isinstance(value, str) and key not in CHECKED else value

    shutil.copytree(written.parent / "monday", tmp_path / "evil")
    events = tmp_path / "evil" / EVENTS_FILE
    start, *blocks, end = map(json.loads, events.read_text().splitlines())
    told = (replaced(start), *blocks, replaced(end))
    events.write_text("".join(f"{json.dumps(one)}\n" for one in told))
    text = export(tmp_path / "evil", ExportOptions(format="page")).path.read_text()
    assert text.count("&lt;/script&gt;&lt;script&gt;document") >= 4, "scene, world, machine, end"
    assert text.count("<script") == text.count("</script") == 2
    assert "<b>with" not in text


def test_words_of_the_recording_are_only_words(text, data):
    assert "<b>with</b>" not in text
    assert "<script>document" not in text
    assert "&lt;b&gt;with&lt;/b&gt; flowers &amp; bees." in text
    assert data["moments"][0]["prompt"] == EVIL


def with_evil_texts(folder: Path, target: Path) -> Path:
    """Copy a recording, every text that is free replaced by one with tags."""
    fixed = {"kind", "digest", "created", "schema", "category", "ambience", "image", "state"}

    def evil(value: object, key: str = "") -> object:
        if isinstance(value, dict):
            return {name: evil(one, name) for name, one in value.items()}
        if isinstance(value, list):
            return [evil(one) for one in value]
        return f"{EVIL}{key}" if isinstance(value, str) and key not in fixed else value

    target.mkdir()
    lines = (folder / "session.jsonl").read_text(encoding="utf-8").splitlines()
    text = "".join(json.dumps(evil(json.loads(line))) + "\n" for line in lines)
    (target / "session.jsonl").write_text(text, encoding="utf-8")
    with StoredFrames.open(folder) as stored, (target / "frames.bin").open("xb") as file:
        writer = FramesWriter(file, stored.head)
        for one in stored.blocks:
            block = stored.frame_block(one)
            texts = {"phrase": EVIL, "prompt": EVIL, "stage_ms": {EVIL: 1.0, "decode": 2.0}}
            memory = replace(block.memory, policy=EVIL)
            writer.write_block(replace(block, memory=memory, **texts), 100.0)
        for result in stored.probes():
            writer.write_probe(replace(result, label=EVIL, policy=EVIL, reason=EVIL))
    return target


def test_tags_in_any_text_of_a_recording_stay_words(tmp_path, text):
    folder = record(tmp_path / "plain")
    evil = with_evil_texts(folder, tmp_path / "<img src=x onerror=alert(1)>")
    page, done = Page(), export(evil, ExportOptions(format="page"))
    exported = done.path.read_text(encoding="utf-8")
    assert exported.count(EVIL.partition("<")[0]) > 20, "the texts are shown"
    page.feed(exported)
    whole = Page()
    whole.feed(text)
    assert set(page.tags) == set(whole.tags)
    assert page.tags.count("script") == 2
    assert not any(name.startswith("on") for name in page.attributes)
    assert all(source.startswith("data:") for source in page.sources)


def test_every_moment_says_what_the_display_says(data):
    assert len(data["moments"]) == BLOCKS
    for moment in data["moments"]:
        assert moment["policy"] == "mag-retrieve"
        assert sum(size for _, size in moment["bar"]) <= moment["whole"]
        assert moment["words"][2].startswith(f"{moment['kept']} frames kept")
    assert [moment["t"] for moment in data["moments"]] == sorted(m["t"] for m in data["moments"])
    assert any(moment["ms"] for moment in data["moments"])


def test_kept_frames_are_there_as_long_as_memory_held_them(data, written):
    with StoredFrames.open(written.with_name("monday")) as stored:
        for moment, block in enumerate(stored.blocks):
            entries = stored.frame_block(block).memory.entries
            there = [row for row in data["kept"] if row[4] <= moment <= row[5]]
            assert len(there) == len(entries)
            assert sum(was_read(row, moment) for row in there) == sum(e.attended for e in entries)


def was_read(row: list, moment: int) -> bool:
    return any(a <= moment <= b for a, b in zip(row[8][::2], row[8][1::2], strict=True))


def test_a_kept_frame_has_the_picture_of_what_was_shown_there(data, written):
    sheet = np.asarray(Image.open(BytesIO(base64.b64decode(data["sheet"].partition(",")[2]))))
    size = data["picture"]
    with StoredFrames.open(written.with_name("monday")) as stored:
        frames = {
            (pose.yaw, pose.pitch): frame
            for block in stored.blocks
            for pose, frame in zip(block.head.poses, stored.frame_block(block).frames, strict=True)
        }
    with_picture = [row for row in data["kept"] if row[6] >= 0]
    assert with_picture
    for row in with_picture:
        down, right = divmod(row[6], size["columns"])
        top, left = down * size["height"], right * size["width"]
        picture = sheet[top : top + size["height"], left : left + size["width"]]
        shown = Image.fromarray(frames[row[1], row[2]]).resize((size["width"], size["height"]))
        assert psnr(picture, np.asarray(shown)) > 25


def test_a_long_session_has_a_page_of_bounded_size(written, monkeypatch, tmp_path):
    monkeypatch.setattr(held, "MOST_MOMENTS", 4)
    monkeypatch.setattr(held, "MOST_KEPT", 3)
    monkeypatch.setattr(held, "MOST_PICTURES", 2)
    folder = written.with_name("monday")
    with StoredFrames.open(folder) as stored:
        data = held.held_data(Footage(load_recording(folder), stored), lambda stage, share: None)
    assert len(data["moments"]) <= 4
    assert len(data["kept"]) == 3 < data["all_kept"]
    assert {row[6] for row in data["kept"]} <= {-1, 0, 1}


@pytest.fixture
def phone(written, tmp_path):
    """The page on a phone held upright."""
    with Chromium(tmp_path) as chromium:
        yield chromium.open(f"{written.as_uri()}#t=1.2", (390, 844), phone=True, ratio=2.0)


@needs_chromium
def test_the_page_plays_in_a_browser(phone):
    phone.wait("document.documentElement.dataset.moment === '6'")  # of 3 frames, 16 a s
    assert phone.ask("document.documentElement.classList.contains('live')")
    assert re.search(
        r"At 1\.1 s: \d+ frames kept, \d+ read",
        phone.ask("document.querySelector('#said').textContent"),
    )
    assert phone.ask("document.querySelector('#hud-phrase').textContent").startswith("camera")
    assert phone.ask("document.title") != "evil"
    assert phone.ask("document.querySelector('#unplayable').hidden")


@needs_chromium
def test_a_phone_shows_all_of_the_page_and_takes_fingers(phone):
    phone.wait("document.documentElement.dataset.moment")
    assert phone.ask("document.documentElement.scrollWidth") == 390
    small = (
        "[...document.querySelectorAll('svg text')].map(one => one.getBoundingClientRect().height)"
    )
    assert phone.ask(f"Math.min(...{small})") > 9  # px: can be read
    phone.ask("document.querySelector('.wipe').scrollIntoView()")
    box = phone.ask("document.querySelector('.wipe').getBoundingClientRect().toJSON()")
    spot = {"x": box["x"] + 0.9 * box["width"], "y": box["y"] + box["height"] / 2}
    phone.tell("Input.dispatchTouchEvent", type="touchStart", touchPoints=[spot])
    phone.tell("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
    phone.wait("parseFloat(document.querySelector('.wipe').style.getPropertyValue('--at')) > 80")


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
    assert text.count('class="wipe"') == pairs
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
    done = export(folder, ExportOptions(format="page", sound=False))
    text = done.path.read_text(encoding="utf-8")
    assert "No view was left and came back" in text
    assert "Recall over time" not in text
    assert "Memory over time" in text


def test_a_video_that_is_too_long_leaves_the_rest_of_the_page(tmp_path, monkeypatch):
    monkeypatch.setattr(exported_page, "MOST_VIDEO", 0)
    folder = record(tmp_path / "long", (HOLD,))
    text = export(folder, ExportOptions(format="page", sound=False)).path.read_text("utf-8")
    assert "<video" not in text
    assert "too long for a page" in text
    assert 'id="slots"' in text


def test_a_page_of_a_killed_session_says_so(tmp_path):
    folder = record(tmp_path / "cut", AWAY_AND_BACK[:2])
    events = folder / "session.jsonl"
    lines = events.read_bytes().splitlines(keepends=True)
    events.write_bytes(b"".join(lines[:-1]) + lines[-1][:10])
    done = export(folder, ExportOptions(format="page", sound=False, out=tmp_path / "page.html"))
    assert "was interrupted" in done.path.read_text(encoding="utf-8")
    assert any("is incomplete" in note for note in done.notes)


def test_a_view_that_was_forgotten_is_marked_so():
    marks = [
        ReturnMark(2.0, 95.0, "remembered", "place 1"),
        ReturnMark(8.0, 10.0, "forgotten", "a < b"),
    ]
    for chart in (recall_chart(marks, 10.0), likeness_chart(marks, 10.0)):
        assert [(word, said) for word, _, _, said in chart.dots] == [
            ("remembered", "place 1"),
            ("forgotten", "a < b"),
        ]


def test_memory_is_drawn_kind_upon_kind_with_its_budget_if_near():
    moments = [MemoryPoint(second, {"sink": 1.0, "raw": float(second)}, 8.0) for second in range(9)]
    chart = memory_chart(moments, 8.0)
    assert [kind for kind, _ in chart.areas] == ["sink", "raw"]
    assert "budget, 8 MiB" in [label.text for label in chart.labels]
    far = [MemoryPoint(moment.second, moment.kept, 1024.0) for moment in moments]
    assert memory_chart(far, 8.0).levels == []


def test_every_block_is_in_the_histogram():
    chart = latency_chart([10.0] * 500 + [50.0] * 3 + [9000.0], 187.5)
    said = [column[-1] for column in chart.columns]
    assert sum(int(one.split()[0]) for one in said) == 504
    assert "or more" in said[-1]
    assert "a block lasts 188 ms" in [label.text for label in chart.labels]


@pytest.mark.parametrize("top", [0.0, 0.3, 1.0, 7.0, 59.9, 3600.0])
def test_ticks_are_few_and_reach_no_further_than_the_axis(top):
    ticks = nice_ticks(top, 8)
    assert 1 <= len(ticks) <= 10
    assert ticks[-1] <= max(top, 1e-6) * 1.001


def test_pages_go_beside_the_recording(tmp_path):
    folder = record(tmp_path / "monday", (HOLD,))
    done = export(folder, ExportOptions(format="page", sound=False))
    assert done.path == Path(tmp_path / "monday-page.html")
