"""A recording is written while playing and read back exactly, or refused in one sentence."""

import errno
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from functools import reduce
from pathlib import Path
from threading import Event

import pytest

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.controls.sources import ScriptSource
from mag_sandbox.model.world import Control, MemorySetting
from mag_sandbox.sandbox.play.session import Session
from mag_sandbox.sandbox.recording import reader
from mag_sandbox.sandbox.recording import recorder as recorder_module
from mag_sandbox.sandbox.recording.frame_writer import FrameWriter
from mag_sandbox.sandbox.recording.frames_file import StoredFrames
from mag_sandbox.sandbox.recording.reader import (
    EVENTS_FILE,
    RecordingError,
    load_recording,
)
from mag_sandbox.sandbox.recording.recorder import Recorder, to_line
from mag_sandbox.sandbox.recording.replay import verify
from mag_sandbox.scenes import Scene
from tests.doubles import WALKING, FakeWorld
from tests.unit.sandbox.play.test_session import Notes

SCENE = Scene(prompt="A meadow — with flowers.", name="meadow", seed=3)
COMMANDS = (CameraCommand(yaw=1.0), CameraCommand(pitch=-0.5), CameraCommand())


def play(folder: Path, scene: Scene = SCENE, observers=(), **options) -> None:
    recorder = Recorder(folder, **options)
    session = Session(FakeWorld(), ScriptSource(COMMANDS), observers=[recorder, *observers])
    session.start(scene, seed=7)
    session.change(memory=MemorySetting(policy="none"))
    while session.advance() is not None:
        pass
    session.end("script over")


@pytest.fixture
def folder(tmp_path):
    play(tmp_path / "session")
    return tmp_path / "session"


def edit(folder: Path, line: int, **changes) -> None:
    """Change keys of one line."""
    path = folder / EVENTS_FILE
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[line - 1] = json.dumps(json.loads(lines[line - 1]) | changes)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_what_was_told_is_read_back(tmp_path):
    notes = Notes()
    setting = MemorySetting(policy="window", kept_mib=8)
    play(tmp_path / "a", observers=[notes], memory=setting, look_ahead=False)
    recording = load_recording(tmp_path / "a")
    assert recording.blocks[1:] == tuple(notes.blocks)
    assert replace(recording.end, sha256="") == notes.ends[0]
    assert not recording.cut_off
    expected = replace(notes.starts[0], memory=setting, look_ahead=False)
    assert replace(recording.start, provenance={}) == replace(expected, provenance={})
    assert recording.controls[0].memory == MemorySetting(policy="none")


def test_no_event_is_dropped_however_long_the_disk_takes(tmp_path, monkeypatch):
    may_write = Event()
    monkeypatch.setattr(
        recorder_module, "to_line", lambda event: may_write.wait() and to_line(event)
    )
    recorder = Recorder(tmp_path / "session")
    source = ScriptSource([CameraCommand(yaw=1.0)] * 400)
    session = Session(FakeWorld(), source, observers=[recorder])
    session.start(SCENE, seed=7)
    while session.advance() is not None:
        pass  # play is over before anything is written
    may_write.set()
    session.end("script over")
    blocks = load_recording(tmp_path / "session").blocks
    assert [event.block_index for event in blocks] == list(range(401))


def test_each_line_is_one_event_with_its_kind(folder):
    lines = (folder / EVENTS_FILE).read_text(encoding="utf-8").splitlines()
    kinds = [json.loads(line)["kind"] for line in lines]
    assert kinds == ["session_start", "block", "block", "block", "session_end"]


def test_controls_are_flat_in_the_file(folder):
    block = json.loads((folder / EVENTS_FILE).read_text(encoding="utf-8").splitlines()[1])
    assert set(block["control"]) == {"yaw", "pitch", "zoom", "prompt", "memory"}


def test_what_blocks_leave_out_is_read_back_unless_the_source_decides_it(tmp_path):
    commands = [CameraCommand(yaw=1.0), Control(CameraCommand(yaw=1.0)), CameraCommand()]
    recorder = Recorder(tmp_path / "session")
    session = Session(FakeWorld(), ScriptSource(commands), observers=[recorder])
    session.start(SCENE, seed=7)
    for leave_out in (("wind",), ("wind",), ()):
        session.advance(leave_out)
    session.end("left")
    controls = load_recording(tmp_path / "session").controls
    assert [control.leave_out for control in controls] == [("wind",), (), ()]


def test_a_recording_never_overwrites(folder):
    with pytest.raises(RecordingError, match="already holds files; name another folder"):
        Recorder(folder)


def test_a_folder_has_one_recorder_before_anything_is_recorded(tmp_path):
    """The second one would delete what the first is writing."""
    first = Recorder(tmp_path / "session")
    with pytest.raises(RecordingError, match="already holds files; name another folder"):
        Recorder(tmp_path / "session")
    first.cancel()
    assert not (tmp_path / "session").exists()
    Recorder(tmp_path / "session")


def test_later_sessions_share_no_folder_with_another_process(tmp_path, monkeypatch):
    """Which takes the name just before this one does."""
    recorder = Recorder(tmp_path / "session")
    session = Session(FakeWorld(), ScriptSource(COMMANDS), observers=[recorder])
    session.start(SCENE, 1)
    mkdir = Path.mkdir

    def late(folder, *told, **more):
        if folder.name == "session-2":
            mkdir(folder, parents=True, exist_ok=True)
        return mkdir(folder, *told, **more)

    monkeypatch.setattr(Path, "mkdir", late)
    session.start(SCENE, 2)
    session.end("left")
    assert list((tmp_path / "session-2").iterdir()) == []
    assert load_recording(tmp_path / "session-3").start.seed == 2


def test_a_second_session_gets_its_own_folder(tmp_path):
    recorder = Recorder(tmp_path / "session")
    session = Session(FakeWorld(), ScriptSource(COMMANDS), observers=[recorder])
    for seed in (1, 2):
        session.start(SCENE, seed)
        session.advance()
    session.end("left")
    assert load_recording(tmp_path / "session").start.seed == 1
    assert load_recording(tmp_path / "session-2").start.seed == 2


def test_a_picture_of_the_scene_travels_with_the_recording(tmp_path):
    picture = tmp_path / "view.png"
    picture.write_bytes(b"picture")
    play(tmp_path / "session", scene=replace(SCENE, image=str(picture)))
    picture.unlink()
    (tmp_path / "session").rename(tmp_path / "moved")
    image = load_recording(tmp_path / "moved").start.scene.image
    assert Path(image).read_bytes() == b"picture"
    Path(image).unlink()
    with pytest.raises(RecordingError, match=r"image\.png is missing"):
        load_recording(tmp_path / "moved")


def test_a_recording_never_points_at_files_elsewhere(folder):
    edit(folder, 1, scene={**json_line(folder, 1)["scene"], "image": "/etc/hostname"})
    with pytest.raises(RecordingError, match="hostname is missing"):
        load_recording(folder)


def json_line(folder: Path, line: int) -> dict:
    return json.loads((folder / EVENTS_FILE).read_text(encoding="utf-8").splitlines()[line - 1])


def test_a_full_disk_stops_the_recording_but_not_the_play(tmp_path, monkeypatch):
    def full_after_two_blocks(event):
        if event.kind == "block" and event.block_index == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        return to_line(event)

    monkeypatch.setattr("mag_sandbox.sandbox.recording.recorder.to_line", full_after_two_blocks)
    problems = []
    notes = Notes()
    play(tmp_path / "session", observers=[notes], on_problem=problems.append)
    assert len(notes.blocks) == 3
    (problem,) = problems
    assert problem.startswith("recording stopped: No space left on device")
    assert len(load_recording(tmp_path / "session").blocks) == 3


def test_a_line_cut_off_by_a_kill_is_left_out_and_said(folder):
    path = folder / EVENTS_FILE
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:3]) + lines[3][:40])
    recording = load_recording(folder)
    assert recording.cut_off
    assert len(recording.blocks) == 3


def test_every_way_to_cut_a_recording_is_read_or_refused(folder):
    path = folder / EVENTS_FILE
    data = path.read_bytes()
    header = data.index(b"\n")
    for end in range(0, len(data), 7):
        path.write_bytes(data[:end])
        if end < header:
            with pytest.raises(RecordingError):
                load_recording(folder)
        else:
            assert load_recording(folder).start.seed == 7


def test_a_recording_of_nothing_but_lines_is_refused_before_they_are_split(folder, monkeypatch):
    monkeypatch.setattr(reader, "MOST_EVENTS", 4)
    (folder / EVENTS_FILE).write_bytes(b"\n" * 5)
    with pytest.raises(RecordingError, match="it has more than 4 lines"):
        load_recording(folder)


def test_a_key_with_a_line_break_is_refused_in_one_line(folder):
    edit(folder, 2, stage_ms={"\n": None})
    with pytest.raises(RecordingError, match="stage_ms") as error:
        load_recording(folder)
    assert "\n" not in str(error.value)


def test_a_camera_out_of_range_is_refused(folder):
    control = json_line(folder, 2)["control"] | {"yaw": 3.0}
    edit(folder, 2, control=control)
    with pytest.raises(RecordingError, match="camera yaw is 3"):
        load_recording(folder)


def numbers_in(value: object, path: tuple = ()) -> Iterator[tuple]:
    """Yield the path to every number in JSON data."""
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, one in items:
            yield from numbers_in(one, (*path, key))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path


@pytest.mark.parametrize("change", [float, str, lambda number: number == 0])
def test_a_number_whose_type_was_changed_is_noticed(folder, change):
    path = folder / EVENTS_FILE
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for number in (0, 1):  # the session's start and a block
        for keys in numbers_in(lines[number]):
            edited = json.loads(json.dumps(lines))
            *before, last = keys
            holder = reduce(lambda value, key: value[key], before, edited[number])
            if type(holder[last]) is type(changed := change(holder[last])):
                continue
            holder[last] = changed
            path.write_text("".join(json.dumps(line) + "\n" for line in edited), encoding="utf-8")
            try:
                assert not verify(load_recording(folder), FakeWorld()).matches, keys
            except RecordingError as error:
                assert f"line {number + 1}" in str(error)


def test_walks_are_recorded_with_their_poses(tmp_path):
    ways = (CameraCommand(yaw=0.5, forward=1.0), CameraCommand(right=-0.5))
    recorder = Recorder(tmp_path / "walk")
    frames = FrameWriter(recorder.begun_folder, spec=WALKING)
    notes = Notes()
    session = Session(FakeWorld(spec=WALKING), ScriptSource(ways), [recorder, frames, notes])
    session.start(SCENE, 7)
    while session.advance() is not None:
        pass
    session.end("script over")
    recording = load_recording(tmp_path / "walk")
    assert [control.camera for control in recording.controls] == list(ways)
    with StoredFrames.open(tmp_path / "walk") as stored:
        poses = [one.head.poses[-1] for one in stored.blocks]
    assert [pose.is_away for pose in poses] == [False, True, True]
    assert poses[-1].x != poses[-2].x


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: None])
def test_a_recording_whose_picture_is_gone_names_the_picture(tmp_path, make):
    picture, said = tmp_path / "there.png", []
    make(picture)
    recorder = Recorder(tmp_path / "run", on_problem=said.append)
    scene = Scene("a meadow", image=str(picture))
    session = Session(FakeWorld(), ScriptSource([]), [recorder])
    session.start(scene, 1)
    session.end("over")
    assert len(said) == 1
    assert f"the scene's picture {picture} cannot be read" in said[0]
    assert not (tmp_path / "run").exists()
