"""Full disks and places that cannot be written: one sentence, nothing half-written, play goes on.

Child processes may write so many bytes a file and no more, which the system enforces; `/dev/full`
refuses every byte; a file where a folder is meant refuses even the administrator.
"""

import ctypes
import errno
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from mag_sandbox.controls.bindings import load_bindings
from mag_sandbox.controls.sources import ScriptSource
from mag_sandbox.files.border import Refusal
from mag_sandbox.files.whole import folder_bytes
from mag_sandbox.model.catalogue.weight_files import read_files
from mag_sandbox.sandbox import choice
from mag_sandbox.sandbox.commands import cli
from mag_sandbox.sandbox.play.parked_scene import StateError, write_state
from mag_sandbox.sandbox.play.session import Session
from mag_sandbox.sandbox.postcards.scores import read_scores
from mag_sandbox.sandbox.recording.frame_writer import frames_beside
from mag_sandbox.sandbox.recording.frames_file import StoredFrames
from mag_sandbox.sandbox.recording.reader import EVENTS_FILE, RecordingError, load_recording
from mag_sandbox.sandbox.recording.recorder import Recorder
from mag_sandbox.sandbox.recordings import Recordings
from mag_sandbox.sandbox.returns.prober import Prober
from mag_sandbox.sandbox.saves.own_scenes import keep_prompted
from mag_sandbox.sandbox.saves.parking import ParkedScenes
from mag_sandbox.sandbox.settings import SandboxConfig, SettingsError, load_settings, save_settings
from mag_sandbox.sandbox.title.library import delete_recording, read_title_model
from mag_sandbox.scenes import load_scene
from mag_sandbox.scenes.demo.demo import load_demo
from tests import ROOT
from tests.doubles import FakeWorld
from tests.faults import work
from tests.recorded import AWAY_AND_BACK, QUICK, SCENE, SEED, record
from tests.unit.sandbox.saves.test_state_files import left_after

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX systems")


class Done(NamedTuple):
    """What a process said, and its exit code."""

    code: int
    out: str
    err: str


@pytest.fixture
def full(forks, tmp_path) -> Callable[..., Done]:
    """Return what does a job in a process that may write only so much."""

    def full(job: Callable, *arguments: str) -> Done:
        pipes = [forks.Pipe(duplex=False) for _ in range(2)]
        ends = [writer for _, writer in pipes]
        process = forks.Process(target=work.tell, args=(job, *ends, tmp_path, *arguments))
        process.start()
        for end in ends:
            end.close()
        said = []
        for reader, _ in pipes:
            with reader, os.fdopen(os.dup(reader.fileno())) as text:
                said.append(text.read())
        process.join()
        return Done(process.exitcode, *said)

    return full


def listed(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_recording_on_a_full_disk_is_readable_and_play_goes_on(full, tmp_path):
    done = full(work.record_on_a_full_disk)
    assert done.code == 0, done.err
    assert "recording stopped: File too large" in done.err or "no longer kept" in done.err
    assert "Traceback" not in done.err
    recording = load_recording(tmp_path / "rec")
    assert 1 <= len(recording.blocks) <= len(AWAY_AND_BACK) + 1


def test_a_recording_of_which_nothing_fits_leaves_nothing(full, tmp_path):
    done = full(work.record_where_nothing_fits)
    assert done.code == 0, done.err
    assert "recording stopped: File too large" in done.err
    assert listed(tmp_path) == []


@pytest.mark.parametrize("spare", range(4))
@pytest.mark.parametrize("job", [work.record_with_few_files, work.record_without_inodes])
def test_few_files_to_open_or_to_make_are_said_once(full, tmp_path, job, spare):
    done = full(job, str(spare))
    assert done.code in (0, 2), done.err
    lines = done.err.splitlines()
    assert len(lines) <= 1, "one cause, one sentence"
    assert "Traceback" not in done.err
    if (tmp_path / "rec" / EVENTS_FILE).exists():
        assert len(load_recording(tmp_path / "rec").blocks) == len(AWAY_AND_BACK) + 1
    else:
        assert lines


def test_parking_on_a_full_disk_keeps_how_it_was_left_before(full, tmp_path):
    done = full(work.park_on_a_full_disk)
    assert done.code == 0, done.err
    assert done.out.startswith("DiskFull the disk has no room")
    assert done.out.count("\n") == 1
    scenes = ParkedScenes(tmp_path / "parked", 64)
    assert scenes.load("meadow").frames_shown == 6, "as it was left before"
    assert listed(tmp_path / "parked") == [".lock", "meadow"]


@pytest.mark.parametrize("kind", ["mp4", "gif", "frames", "page"])
def test_an_export_on_a_full_disk_is_one_sentence_and_leaves_nothing(full, tmp_path, kind):
    record(tmp_path / "rec", AWAY_AND_BACK[:3])
    before = {path.name: path.read_bytes() for path in (tmp_path / "rec").iterdir()}
    done = full(work.export_on_a_full_disk, kind)
    assert done.code == 2, done.err
    assert done.err.startswith("error: no room for ")
    assert done.err.count("\n") == 1
    assert listed(tmp_path) == ["rec"]
    assert {path.name: path.read_bytes() for path in (tmp_path / "rec").iterdir()} == before


def test_a_gallery_on_a_full_disk_is_one_sentence_and_leaves_no_half_picture(full, tmp_path):
    done = full(work.draw_on_a_full_disk)
    assert done.code == 2, done.err
    assert done.err.startswith("error: cannot write ")
    assert done.err.count("\n") == 1
    assert listed(tmp_path / "pictures") == ["480x300"]
    assert listed(tmp_path / "pictures" / "480x300") == []


def test_settings_on_a_full_disk_stay_as_they_were(full, tmp_path):
    done = full(work.set_on_a_full_disk)
    assert done.code == 0, done.err
    assert "cannot be written" in done.out
    assert load_settings(tmp_path / "settings.yaml") == SandboxConfig(volume=30)
    assert listed(tmp_path) == ["settings.yaml"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
def test_a_device_that_is_full_ends_the_recording_and_nothing_else(tmp_path, monkeypatch):
    told = []
    folder = tmp_path / "rec"
    recorder = Recorder(folder, on_problem=told.append)
    plain = Path.open

    def open_full(path, mode="r", *args, **more):
        if path.parent != folder:
            return plain(path, mode, *args, **more)
        return plain(Path("/dev/full"), mode.replace("x", "w"), *args, **more)

    monkeypatch.setattr(Path, "open", open_full)
    source = ScriptSource(AWAY_AND_BACK)
    session = Session(FakeWorld(spec=QUICK), source, [recorder, frames_beside(recorder)])
    session.start(SCENE, SEED)
    blocks = sum(1 for _ in iter(session.advance, None))
    session.end("script over")
    assert blocks == len(AWAY_AND_BACK), "play goes on"
    assert any("No space left on device" in one for one in told)


@pytest.fixture
def blocked(tmp_path) -> Path:
    """A path below a file: nobody can make anything there."""
    (tmp_path / "file").write_text("precious")
    yield tmp_path / "file" / "below"
    assert (tmp_path / "file").read_text() == "precious"
    assert listed(tmp_path) == ["file"]


def test_nothing_is_recorded_where_nothing_can_be_written(blocked):
    with pytest.raises(RecordingError, match=r"cannot record to .*; name another folder"):
        Recorder(blocked)


def test_nothing_is_parked_where_nothing_can_be_written(blocked):
    with pytest.raises(StateError, match=r"cannot write .* \(Not a directory\)"):
        write_state(blocked / "meadow", left_after(1))
    with pytest.raises(StateError, match=r"cannot use .* check its permissions"):
        ParkedScenes(blocked, 64).park(left_after(1))


def test_a_disk_too_full_for_a_folder_asks_for_room(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "mkdir", full)
    with pytest.raises(StateError, match=r"cannot use .* \(No space .*\); make room, or set"):
        ParkedScenes(tmp_path / "parked", 64).park(left_after(1))
    recordings = Recordings(tmp_path / "recordings", (), choice.WorldChoice(), Prober(), print)
    with pytest.raises(RecordingError, match=r"cannot record to .* \(No space .*\); make room$"):
        recordings.start(None, "Meadow")


def test_settings_that_cannot_be_written_are_said(blocked):
    with pytest.raises(SettingsError, match=r"cannot be written \(Not a directory\)"):
        save_settings(SandboxConfig(volume=3), blocked / "settings.yaml")


def test_a_folder_that_vanishes_while_recording_ends_the_recording_only(tmp_path):
    told = []
    recorder = Recorder(tmp_path / "a" / "rec", on_problem=told.append)
    (tmp_path / "a" / "rec" / "session.jsonl").unlink()
    (tmp_path / "a" / "rec").rmdir()
    (tmp_path / "a").rmdir()
    (tmp_path / "a").write_text("a file now")
    session = Session(FakeWorld(spec=QUICK), ScriptSource(AWAY_AND_BACK[:2]), [recorder])
    session.start(SCENE, SEED)
    assert sum(1 for _ in iter(session.advance, None)) == 2
    session.end("script over")
    (problem,) = told
    assert problem.startswith("recording stopped: ")
    assert not (tmp_path / "a" / EVENTS_FILE).exists()


def test_a_recording_that_is_taken_away_meanwhile_is_not_called_recorded(
    tmp_path, monkeypatch, capsys
):
    world = FakeWorld(spec=QUICK, on_step=lambda control: shutil.rmtree(tmp_path / "rec", True))
    monkeypatch.setattr(choice, "load_world", lambda *told, **options: world)
    code = cli.main(["play", "--headless", "--seconds", "0.5", "--record", str(tmp_path / "rec")])
    said = capsys.readouterr()
    assert code == 2
    assert "recorded in" not in said.out
    assert said.err.count("session.jsonl was removed meanwhile") == 1


NOBODY = 65534  # a user who owns nothing
ASKED: dict[str, Callable[[Path], object]] = {
    "the title": lambda home: read_title_model(ParkedScenes(home / "parked", 64), home),
    "settings": lambda home: load_settings(home / "settings.yaml"),
    "saving settings": lambda home: save_settings(SandboxConfig(), home / "settings.yaml"),
    "keys": lambda home: load_bindings(home / "keys.yaml"),
    "a scene": lambda home: load_scene(home / "scenes" / "own.yaml"),
    "a new scene": lambda home: keep_prompted(home / "scenes", SCENE),
    "a demo": lambda home: load_demo(home / "demo.yaml"),
    "a recording": lambda home: load_recording(home / "recordings" / "a"),
    "its pictures": lambda home: StoredFrames.open(home / "recordings" / "a"),
    "deleting it": lambda home: delete_recording(home / "recordings" / "a"),
    "a place": lambda home: ParkedScenes(home / "parked", 64).load("meadow"),
    "parking": lambda home: ParkedScenes(home / "parked", 64).park(left_after(1)),
    "scores": lambda home: read_scores(home / "scores.json"),
    "weights": lambda home: read_files("mag", home),
    "room": lambda home: folder_bytes(home),
}


@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED)
def test_a_folder_that_nobody_may_search_is_empty_or_refused_in_a_sentence(tmp_path, ask):
    def asked(home: Path) -> None:
        try:
            ask(home)
        except Refusal as refusal:
            assert "\n" not in str(refusal)

    asked(tmp_path / "nothing")  # which imports what it needs
    closed = tmp_path / "closed"
    (closed / "home").mkdir(parents=True)
    closed.chmod(0)
    before = os.geteuid()
    if not before:  # nothing is closed to the administrator
        _open_files_as(NOBODY)
    try:
        lists_library = ask is ASKED["the title"] and not before
        if lists_library and not os.access(ROOT / "scenes", os.R_OK, effective_ids=True):
            pytest.skip("others may not read the game's own scenes")
        asked(closed / "home")
    finally:
        if not before:
            _open_files_as(before)
        closed.chmod(0o700)


def _open_files_as(user: int) -> None:
    """Let this thread alone open files as a user: other threads may be reading weights."""
    ctypes.CDLL(None).setfsuid(user)
