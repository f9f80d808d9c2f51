"""The subcommand: options in, one file out, one sentence about it or about what is wrong."""

import io
import sys
from pathlib import Path

import pytest

from mag_sandbox.command_line import options_of
from mag_sandbox.sandbox.commands import cli
from mag_sandbox.sandbox.export.command import progress_line, run_export
from mag_sandbox.sandbox.export.options import RecordingExport
from tests.doubles import FakeWorld
from tests.recorded import AWAY_AND_BACK, QUICK, played, record


def parse(*words: str) -> RecordingExport:
    return options_of(RecordingExport, cli.parse(["export", *words]))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return record(tmp_path_factory.mktemp("command") / "monday", AWAY_AND_BACK[:3])


def test_it_says_where_the_file_is(folder, tmp_path):
    out, said = tmp_path / "out.mp4", []
    options = parse(str(folder), "--scale", "1", "--no-sound", "--out", str(out))
    assert run_export(options, said.append) == 0
    (line,) = said
    assert line.startswith(f"exported 0.8 s to {out} (")
    assert "times as fast as play" in line
    assert out.stat().st_size > 1000


def test_all_options_arrive():
    words = ("runs/a", "--format", "gif", "--hud", "--from", "1.5", "--to", "3", "--scale", "4")
    options = parse(*words, "--no-sound", "--out", "b.gif", "--overwrite")
    told = (options.format, options.hud, options.start, options.end, options.scale)
    assert told == ("gif", True, 1.5, 3.0, 4)
    assert (options.sound, options.out, options.overwrite) == (False, Path("b.gif"), True)


def test_without_options_it_is_a_video_with_sound():
    options = parse("runs/a")
    assert (options.format, options.sound, options.hud) == ("mp4", True, False)
    assert (options.start, options.end, options.scale, options.out) == (0.0, None, None, None)


def test_a_session_is_played_again_by_what_it_is_given(tmp_path):
    bare = record(tmp_path / "bare", AWAY_AND_BACK[:3], with_frames=False)
    options, said = parse(str(bare), "--format", "frames"), []
    run_export(options, said.append, lambda recording: iter(played(AWAY_AND_BACK[:3])))
    assert len(list((tmp_path / "bare-frames").glob("*.png"))) == 12


def test_without_being_told_how_the_recorded_world_plays_it_again(tmp_path, monkeypatch):
    bare = record(tmp_path / "bare", AWAY_AND_BACK[:3], with_frames=False)
    worlds = []

    def load(choice, *args):
        worlds.append(FakeWorld(spec=QUICK))
        return worlds[-1]

    monkeypatch.setattr("mag_sandbox.sandbox.choice.available_worlds", lambda: ("fake",))
    monkeypatch.setattr("mag_sandbox.sandbox.choice.WorldChoice.load", load)
    run_export(parse(str(bare), "--format", "frames"), lambda line: None)
    assert len(list((tmp_path / "bare-frames").glob("*.png"))) == 12
    assert [world.closed for world in worlds] == [True]


def test_progress_is_one_line_on_a_terminal(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stderr", Terminal())
    with progress_line() as show:
        show("writing the video", 0.5)
        show("writing the video", 1.0)
    written = sys.stderr.getvalue()
    assert "\n" not in written
    assert " 50% writing the video" in written
    assert written.endswith("\r")


def test_nothing_is_drawn_where_there_is_no_terminal(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with progress_line() as show:
        show("writing the video", 0.5)
    assert sys.stderr.getvalue() == ""
