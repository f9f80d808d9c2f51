"""Several memories play the same tape: a table, and pictures side by side."""

import csv
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from mag_sandbox.model.world import MIB
from mag_sandbox.sandbox.demo import compare as demo_compare
from mag_sandbox.sandbox.demo.compare import (
    GAP,
    STRIP,
    Contender,
    FrameSpool,
    SideBySide,
    check_room,
    comparison_rows,
    comparison_text,
    lead_of,
    write_beside,
    write_comparison,
)
from mag_sandbox.sandbox.demo.run import Extras, play_demo
from mag_sandbox.sandbox.demo.watch import DemoWatch
from mag_sandbox.scenes.demo.demo import DemoError
from mag_sandbox.scenes.demo.script import MemoryAsk
from tests.doubles import FakeWorld
from tests.unit.sandbox.demo.test_demo_result import probe, result_of
from tests.unit.sandbox.demo.test_demo_run import FAST, SETTING, demo_of

MAG = result_of(probe(recall=90.0))
WATCH = DemoWatch(FAST)
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


@pytest.fixture(scope="module")
def spools(tmp_path_factory):
    """Two runs of one tape: of three blocks, and of two."""
    folder, made = tmp_path_factory.mktemp("frames"), []
    for script in ("anchor a; hold 0.4s; probe a", "hold 0.2s"):
        spool = FrameSpool(folder / str(len(made)), script[:6])
        world = FakeWorld(SETTING, spec=FAST)
        play_demo(demo_of(script), world, SETTING, extras=Extras(on_block=spool.add))
        spool.close()
        spool.close()
        made.append(spool)
    return made


def test_frames_come_back_from_the_disk_and_the_last_one_stays(spools):
    frames = [frame for frame, _ in spools[0]]
    assert len(frames) == 9 + 2 * 16
    first = FakeWorld(spec=FAST).reset(demo_of("home").scene, 7).frames
    assert np.array_equal(frames[0], first[0])
    assert np.array_equal(frames[-1], frames[8])


def test_too_little_room_is_said_before_frames_are_kept(tmp_path, monkeypatch):
    check_room(tmp_path, 1, FAST)
    monkeypatch.setattr(demo_compare, "disk_usage", lambda folder: SimpleNamespace(free=2**20))
    with pytest.raises(DemoError, match="take 5 MiB, 1 MiB are free; make room"):
        check_room(tmp_path, 10, FAST)


def test_a_video_that_cannot_be_written_is_one_sentence(spools, tmp_path, monkeypatch):
    def full(path, frames, fps):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(demo_compare, "write_video", full)
    with pytest.raises(DemoError, match=r"compare.mp4: cannot be written \(No space left"):
        write_beside(tmp_path / "compare.mp4", spools)


def test_pictures_stand_side_by_side_over_their_memory(spools):
    pictures = list(SideBySide(tuple(spools)))
    assert len(pictures) == 9 + 2 * 16
    assert {picture.shape for picture in pictures} == {(192 + STRIP, 640 + GAP, 3)}
    assert np.array_equal(pictures[0][2:192, 2:320], pictures[0][2:192, 322 + GAP :])
    bars = pictures[8][192 + STRIP - 12]  # a row through the memory bars
    full = (bars == (96, 190, 255)).all(1)
    assert full[:320].sum() > full[320:].sum() > 0


def test_videos_get_even_sizes(tmp_path):
    block = FakeWorld(spec=FAST).reset(demo_of("home").scene, 7)
    small = replace(FAST, frame_width=101, frame_height=57)
    odd = FrameSpool(tmp_path / "odd", "odd")
    odd.add(replace(block, frames=block.frames[:, :57, :101]), DemoWatch(small))
    odd.close()
    assert {picture.shape for picture in SideBySide((odd,))} == {(100, 100, 3)}


def test_bars_of_equal_bytes_are_equally_long_beside_each_other(tmp_path):
    made = []
    for place, kept in enumerate((9, 10)):  # whose sizes in words are not equally wide
        block = FakeWorld(spec=FAST).reset(demo_of("home").scene, 7)
        spool = FrameSpool(tmp_path / str(place), "a long name of a memory with all its limits")
        for size in (kept, 10):
            spool.add(replace(block, memory=replace(block.memory, bytes=size * MIB)), WATCH)
        spool.close()
        made.append(spool)
    lengths = []
    for picture in SideBySide(tuple(made)):
        bars = (picture[192 + STRIP - 12] == (96, 190, 255)).all(1)
        lengths.append((bars[:320].sum(), bars[320:].sum()))
    assert lengths[0][0] == pytest.approx(0.9 * lengths[0][1], abs=1)
    assert lengths[-1][0] == lengths[-1][1]


def test_what_was_compared_but_not_counted_is_said(tmp_path):
    watch = DemoWatch(FAST)
    assert watch.outcome == ""
    watch.probes.append(probe(recall=None))
    assert watch.outcome == "recall not counted"
    watch.probes.append(probe(recall=52.6))
    assert watch.outcome == "recall 53%"
