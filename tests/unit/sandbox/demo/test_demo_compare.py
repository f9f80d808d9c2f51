"""Several memories play the same tape: a table, and pictures side by side."""

import csv
from dataclasses import replace

import numpy as np
import pytest

from mag_sandbox.evaluation.similarity.metrics import psnr
from mag_sandbox.model.world import MIB
from mag_sandbox.sandbox.demo import compare as demo_compare
from mag_sandbox.sandbox.demo.compare import (
    GAP,
    STRIP,
    ComparedRun,
    Contender,
    SideBySide,
    comparison_rows,
    comparison_text,
    lead_of,
    write_beside,
    write_comparison,
)
from mag_sandbox.sandbox.demo.run import Extras, play_demo
from mag_sandbox.sandbox.recording.frame_writer import frames_beside
from mag_sandbox.sandbox.recording.frames_file import FRAMES_FILE, FramesHead, FramesWriter
from mag_sandbox.sandbox.recording.recorder import Recorder
from mag_sandbox.scenes.demo.demo import DemoError
from mag_sandbox.scenes.demo.script import MemoryAsk
from tests.doubles import FakeWorld
from tests.unit.sandbox.demo.test_demo_result import probe, result_of
from tests.unit.sandbox.demo.test_demo_run import FAST, SETTING, demo_of

MAG = result_of(probe(recall=90.0))
WINDOW = replace(result_of(probe(recall=30.0)), memory="window")


def test_the_lead_is_over_the_best_other():
    assert lead_of([MAG, WINDOW, replace(WINDOW, probes=(probe(recall=50.0),))]) == 40.0
    assert lead_of([WINDOW, MAG]) == -60.0


def test_what_was_not_counted_came_back_as_nothing():
    blank = result_of(probe(recall=None))
    assert lead_of([MAG, blank]) == 90.0
    assert lead_of([blank, MAG]) is None
    assert lead_of([MAG]) is None


def test_the_table_has_a_row_for_each_and_every_anchor(tmp_path):
    other = replace(WINDOW, probes=(probe("b", 30.0),))
    rows = comparison_rows([MAG, other])
    assert [row["recall a"] for row in rows] == [90.0, None]
    assert comparison_text([MAG, other]).splitlines()[0].split()[:3] == [
        "world",
        "memory",
        "recall",
    ]
    table, text = write_comparison(tmp_path, [MAG, other])
    assert [row["memory"] for row in csv.DictReader(table.open())] == ["mag", "window"]
    assert "window" in text.read_text()


def test_a_contender_is_called_by_its_memory_or_its_world():
    assert Contender("pocket", MemoryAsk("window", window_blocks=4)).title == "window 4 blocks"
    assert Contender("pocket", None).title == "pocket"


def kept(folder, blocks, result=MAG, title="a long name of a memory with all its limits"):
    """Return a run of which a folder keeps these blocks."""
    folder.mkdir()
    height, width = blocks[0].frames.shape[1:3]
    head = FramesHead(width, height, FAST.fps, "", True, probed=False)
    with (folder / FRAMES_FILE).open("xb") as file:
        writer = FramesWriter(file, head)
        for block in blocks:
            writer.write_block(block, latency_ms=1.0)
    most = max(block.memory.bytes for block in blocks)
    usage = replace(result.memory_usage, peak_bytes=most)
    return ComparedRun(title, replace(result, memory_usage=usage), (folder,))


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two runs of one tape: of three blocks, and of two."""
    made = []
    for script in ("anchor a; hold 0.4s; probe a", "hold 0.2s"):
        recorder = Recorder(tmp_path_factory.mktemp("run") / "recording")
        extras = Extras(recorder, frames=frames_beside(recorder))
        result = play_demo(demo_of(script), FakeWorld(SETTING, spec=FAST), SETTING, extras=extras)
        made.append(ComparedRun(script[:6], result, tuple(recorder.folders)))
    return made


def test_frames_come_from_the_recording_and_the_last_one_stays(runs):
    frames = [frame for frame, _ in runs[0].shots()]
    assert len(frames) == 9 + 2 * 16
    first = FakeWorld(spec=FAST).reset(demo_of("home").scene, 7).frames
    assert psnr(frames[0], first[0]) > 35, "a JPEG of it"
    assert np.array_equal(frames[-1], frames[8])


def test_the_scenes_of_a_run_follow_each_other(tmp_path):
    recorder = Recorder(tmp_path / "recording")
    extras = Extras(recorder, frames=frames_beside(recorder))
    script = "hold 0.2s; scene kitchen; hold 0.2s; scene meadow; hold 0.2s"
    result = play_demo(demo_of(script), FakeWorld(SETTING, spec=FAST), SETTING, extras=extras)
    run = ComparedRun("all", result, tuple(recorder.folders))
    assert len(run.folders) == 3
    assert len(list(run.shots())) == result.frames + 2 * 16


def test_a_run_whose_frames_were_not_kept_is_one_sentence(tmp_path):
    with pytest.raises(DemoError, match="keeps no frames to compare; make room"):
        next(ComparedRun("none", MAG, (tmp_path,)).shots())


def test_a_video_that_cannot_be_written_is_one_sentence(runs, tmp_path, monkeypatch):
    def full(path, frames, fps):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(demo_compare, "write_video", full)
    with pytest.raises(DemoError, match=r"compare.mp4: cannot be written \(No space left"):
        write_beside(tmp_path / "compare.mp4", runs)


def test_pictures_stand_side_by_side_over_their_memory(runs):
    pictures = list(SideBySide(tuple(runs)))
    assert len(pictures) == 9 + 2 * 16
    assert {picture.shape for picture in pictures} == {(192 + STRIP, 640 + GAP, 3)}
    assert np.array_equal(pictures[0][2:192, 2:320], pictures[0][2:192, 322 + GAP :])
    bars = pictures[8][192 + STRIP - 12]  # a row through the memory bars
    full = (bars == (96, 190, 255)).all(1)
    assert full[:320].sum() > full[320:].sum() > 0


def test_videos_get_even_sizes(tmp_path):
    block = FakeWorld(spec=FAST).reset(demo_of("home").scene, 7)
    odd = kept(tmp_path / "odd", [replace(block, frames=block.frames[:, :57, :101])])
    assert {picture.shape for picture in SideBySide((odd,))} == {(100, 100, 3)}


def test_bars_of_equal_bytes_are_equally_long_beside_each_other(tmp_path):
    made = []
    block = FakeWorld(spec=FAST).reset(demo_of("home").scene, 7)
    for size in (9, 10):  # whose sizes in words are not equally wide
        memories = [replace(block.memory, bytes=one * MIB) for one in (size, 10)]
        blocks = [replace(block, memory=one, block_index=n) for n, one in enumerate(memories)]
        made.append(kept(tmp_path / str(size), blocks))
    lengths = []
    for picture in SideBySide(tuple(made)):
        bars = (picture[192 + STRIP - 12] == (96, 190, 255)).all(1)
        lengths.append((bars[:320].sum(), bars[320:].sum()))
    assert lengths[0][0] == pytest.approx(0.9 * lengths[0][1], abs=1)
    assert lengths[-1][0] == lengths[-1][1]


def test_what_came_back_is_said_from_then_on(tmp_path):
    block = FakeWorld(spec=FAST).reset(demo_of("home").scene, 7)
    length = len(block.frames) / FAST.fps
    rows = [replace(probe(recall=None), seconds=round(2 * length, 3))]
    rows.append(replace(probe(recall=52.6), seconds=round(3 * length, 3)))
    blocks = [replace(block, block_index=number) for number in range(3)]
    run = kept(tmp_path / "run", blocks, replace(MAG, probes=tuple(rows)))
    said = [moment.outcome for _, moment in run.shots()]
    assert list(dict.fromkeys(said)) == ["", "recall not counted", "recall 53%"]
    assert said[len(block.frames)] == "recall not counted"
