"""Frames are kept while playing, whatever the disk does, and read back after a kill at any byte."""

import errno
import random
import threading
import time
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mag_sandbox.evaluation.similarity.metrics import psnr
from mag_sandbox.files.pictures import encode_jpeg
from mag_sandbox.files.validation import decode
from mag_sandbox.sandbox.recording import frame_writer, frames_file, recorder
from mag_sandbox.sandbox.recording.frame_writer import FrameWriter
from mag_sandbox.sandbox.recording.frames_file import (
    FRAMES_FILE,
    FramesHead,
    FramesWriter,
    ProbeHead,
    StoredFrames,
    decode_jpeg,
)
from mag_sandbox.sandbox.recording.reader import RecordingError, load_recording
from tests.patience import PATIENCE
from tests.recorded import AWAY_AND_BACK, BLOCKS, FRAMES, played, record


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A recording with frames that no test changes."""
    return record(tmp_path_factory.mktemp("kept") / "session")


@pytest.fixture
def folder(kept, tmp_path):
    """A folder with the same frames, to be damaged."""
    (tmp_path / FRAMES_FILE).write_bytes((kept / FRAMES_FILE).read_bytes())
    return tmp_path


def test_comparisons_of_earlier_recordings_are_read_without_their_limits(kept):
    with StoredFrames.open(kept) as stored:
        (head, _), *_ = stored._probes
    before = asdict(head) | {"floor": 12.0, "ceiling": 36.0, "measured_limits": False}
    assert decode(ProbeHead, before) == head


def read_all(folder: Path) -> list:
    with StoredFrames.open(folder) as stored:
        return [stored.frame_block(one) for one in stored.blocks]


def test_blocks_are_read_back_with_their_figures(kept):
    for before, after in zip(played(), read_all(kept), strict=True):
        assert after.poses == before.poses
        assert after.memory == before.memory
        assert (after.phrase, after.prompt) == (before.phrase, before.prompt)
        assert (after.block_index, after.stage_ms) == (before.block_index, before.stage_ms)
        assert psnr(after.frames, before.frames) > 38


def test_the_size_and_the_rate_of_the_world_are_kept(kept):
    start = load_recording(kept).start
    with StoredFrames.open(kept, start.created) as stored:
        assert (stored.head.width, stored.head.height, stored.head.fps) == (320, 192, 16.0)
        assert stored.frame_count == FRAMES
        assert (stored.lost, stored.damage) == (0, None)


def test_comparisons_are_kept_as_they_were_made(kept):
    with StoredFrames.open(kept) as stored:
        first, *_ = stored.probes()
    assert first.number == 1
    assert first.word == "remembered"
    assert first.then.shape == first.now.shape == first.difference.shape


def test_frames_of_another_session_are_refused(kept):
    with pytest.raises(RecordingError, match="belongs to another session; delete"):
        StoredFrames.open(kept, "2001-01-01T00:00:00+00:00")


def test_frames_of_another_version_are_refused_in_a_sentence(folder, monkeypatch):
    monkeypatch.setattr(frames_file, "VERSION", 2)
    with pytest.raises(RecordingError, match="its version is 1, this game reads 2; delete"):
        StoredFrames.open(folder)


def test_a_recording_without_frames_has_none(tmp_path):
    assert StoredFrames.open(record(tmp_path / "session", with_frames=False)) is None


def test_a_second_session_gets_frames_of_its_own(tmp_path):
    record(tmp_path / "a")
    record(tmp_path / "b")
    assert len(read_all(tmp_path / "a")) == len(read_all(tmp_path / "b")) == BLOCKS


@pytest.mark.parametrize("seed", range(4))
def test_a_file_cut_anywhere_gives_the_blocks_before(folder, seed):
    path = folder / FRAMES_FILE
    data, cut = path.read_bytes(), random.Random(seed)
    found = []
    for end in sorted(cut.randrange(len(data)) for _ in range(15)):
        path.write_bytes(data[:end])
        stored = StoredFrames.open(folder)
        found.append(0 if stored is None else len(stored.blocks))
        if stored is not None:
            assert stored.damage is None
            assert stored.frame_block(stored.blocks[-1]).frames.shape == (3, 192, 320, 3)
            stored.close()
    assert found == sorted(found)
    assert found[-1] > 1


def test_a_changed_byte_is_found_and_said(folder):
    path = folder / FRAMES_FILE
    data, choice = path.read_bytes(), random.Random(0)
    said = 0
    for _ in range(25):
        place = choice.randrange(len(data))
        path.write_bytes(data[:place] + bytes([data[place] ^ 0x41]) + data[place + 1 :])
        try:
            with StoredFrames.open(folder) as stored:
                list(stored.probes())
                blocks = [stored.frame_block(one) for one in stored.blocks]
                assert stored.damage is not None
                assert len(blocks) < BLOCKS
                said += 1
        except RecordingError as error:
            assert "frames.bin" in str(error)
            assert "delete" in str(error)
            said += 1
    assert said == 25


def rewrite(folder: Path, change) -> None:
    """Write all records again, each as `change` returns its head and data."""
    file = folder / FRAMES_FILE
    with file.open("rb") as opened:
        records = [(head, span.read()) for head, span in frames_file._records(opened)]
    with file.open("wb") as opened:
        writer = FramesWriter(opened, records[0][0])
        for head, data in records[1:]:
            tag = b"PROB" if isinstance(head, ProbeHead) else b"BLCK"
            writer._write(tag, *change(head, data))


def test_a_block_of_more_frames_than_memory_holds_is_damage(folder):
    def swollen(head, data):
        if getattr(head, "block_index", 0) != 3:
            return head, data
        poses, pictures = head.poses[:1] * 20_000, head.pictures[:1] * 20_000
        return replace(head, poses=poses, pictures=pictures), data

    rewrite(folder, swollen)
    with StoredFrames.open(folder) as stored:
        assert [one.head.block_index for one in stored.blocks] == [0, 1, 2]
        assert stored.damage == "block 3 has 20000 frames, too many to show"


def test_pictures_of_a_comparison_are_no_larger_than_frames(folder):
    large = encode_jpeg(np.zeros((192, 2048, 3), np.uint8), 92)

    def enlarged(head, data):
        if isinstance(head, ProbeHead):
            return replace(head, pictures=(len(large), len(large))), large * 2
        return head, data

    rewrite(folder, enlarged)
    with StoredFrames.open(folder) as stored, pytest.raises(RecordingError, match="at most 320 px"):
        list(stored.probes())


def test_frames_of_gigantic_size_are_refused():
    values = {"fps": 16.0, "created": "", "exact_pose": True, "probed": False}
    with pytest.raises(ValueError, match="frames are 8192 x 8192"):
        FramesHead(width=8192, height=8192, **values)
    FramesHead(width=3840, height=2160, **values)


def test_pictures_are_encoded_into_files_which_lets_other_threads_run(monkeypatch):
    frame = np.random.default_rng(0).integers(0, 256, (24, 40, 3), dtype=np.uint8)
    save, files = Image.Image.save, []

    def noting(self, file, *given, **options):
        files.append(file.fileno())
        save(self, file, *given, **options)

    monkeypatch.setattr(Image.Image, "save", noting)
    assert decode_jpeg(encode_jpeg(frame, 92)).shape == frame.shape
    assert len(files) == 1


def test_what_comes_too_fast_is_kept_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr(frame_writer, "MOST_ENCODED", 2)
    write, all_there = FramesWriter.write_block, threading.Event()

    def slow(*given):
        assert all_there.wait(PATIENCE)
        return write(*given)

    monkeypatch.setattr(FramesWriter, "write_block", slow)
    blocks, recorded = played(), load_recording(record(tmp_path / "recorded", with_frames=False))
    writer = FrameWriter(lambda: tmp_path)
    writer.on_start(recorded.start, blocks[0])
    for event, block in zip(recorded.blocks[1:], blocks[1:], strict=True):
        writer.on_block(event, block)
    all_there.set()
    writer.on_end(None)
    assert writer.problem is None
    after = read_all(tmp_path)
    assert [block.block_index for block in after] == list(range(BLOCKS))
    exact = [np.array_equal(a.frames, b.frames) for a, b in zip(blocks, after, strict=True)]
    assert not exact[-1]  # by then few enough waited to be encoded
    assert exact.count(True) >= BLOCKS - 4


def test_a_block_without_room_anywhere_is_left_out_and_counted(tmp_path, monkeypatch):
    blocks, recorded = played(), load_recording(record(tmp_path / "recorded", with_frames=False))
    writer = FrameWriter(lambda: tmp_path)
    writer.on_start(recorded.start, blocks[0])
    for event, block in zip(recorded.blocks[1:5], blocks[1:5], strict=True):
        most = 0 if event.block_index == 2 else 200
        monkeypatch.setattr(frame_writer, "MOST_WAITING", most)
        writer.on_block(event, block)
    writer.on_end(None)
    with StoredFrames.open(tmp_path) as stored:
        assert [one.head.block_index for one in stored.blocks] == [0, 1, 3, 4]
        assert stored.lost == 1


def test_a_full_disk_ends_the_frames_but_not_the_recording(tmp_path, monkeypatch):
    write = FramesWriter.write_block

    def full_after_three(self, block, latency, coding):
        if block.block_index == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(self, block, latency, coding)

    monkeypatch.setattr(FramesWriter, "write_block", full_after_three)
    problems = []
    record(tmp_path / "session", on_problem=problems.append)
    assert len(load_recording(tmp_path / "session").blocks) == BLOCKS
    assert len(read_all(tmp_path / "session")) == 3
    (problem,) = problems
    assert problem.startswith("frames are no longer kept: No space left on device")


def test_nothing_is_kept_where_there_is_no_folder(kept):
    writer = FrameWriter(lambda: None)
    blocks = played(AWAY_AND_BACK[:2])
    writer.on_start(load_recording(kept).start, blocks[0])
    writer.on_end(None)
    assert writer.problem is None


def test_frames_wait_for_the_recording_and_where_it_fails_nothing_is_left(tmp_path, monkeypatch):
    there = []

    def slow_and_full(event):
        time.sleep(0.2)  # enough for whoever does not wait
        there.append([path.name for path in (tmp_path / "session").iterdir()])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(recorder, "to_line", slow_and_full)
    problems = []
    record(tmp_path / "session", on_problem=problems.append)
    assert there == [["session.jsonl"]]
    assert list(tmp_path.iterdir()) == []
    assert problems == [], "the recorder says it"
