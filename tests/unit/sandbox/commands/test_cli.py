"""The command line answers mistakes in one sentence with exit code 2, and runs each subcommand."""

import json
import signal
import socket
from dataclasses import replace
from errno import ENOSPC
from pathlib import Path

import pytest

from mag_sandbox import __main__ as program
from mag_sandbox.model.remote import serving
from mag_sandbox.sandbox import choice
from mag_sandbox.sandbox.commands import cli
from mag_sandbox.sandbox.recording.frames_file import FRAMES_FILE
from tests.doubles import SPEC, FakeWorld
from tests.unit.sandbox.recording.test_replay import tamper_file


@pytest.fixture
def fake_world(monkeypatch):
    """Let `load_world` give a test world."""
    loaded = []

    def load(name, memory, *, look_ahead, execution, precision, server, on_progress):
        loaded.append((name, memory, look_ahead))
        return FakeWorld(memory, spec=replace(SPEC, name=name))

    monkeypatch.setattr(choice, "load_world", load)
    return loaded


@pytest.fixture(autouse=True)
def own_environment(monkeypatch, tmp_path):
    for name in ("SDL_VIDEODRIVER", "SDL_AUDIODRIVER"):
        monkeypatch.setenv(name, "dummy")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path))


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    code = cli.main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_an_option_of_another_command_is_said_to_be_one(capsys):
    code, _, err = run(capsys, "demo", "look-around", "--seconds", "4")
    assert (code, "--seconds 4 (it is an option of " in err) == (2, True)


@pytest.fixture
def no_display(monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER", "SSH_CONNECTION"):
        monkeypatch.delenv(name, raising=False)


def test_a_window_without_a_display_is_refused(capsys, fake_world, no_display):
    code, _, err = run(capsys, "play", "--seconds", "3")
    assert code == 2
    assert err == "error: no display found; start it in a desktop session or use --headless\n"


@pytest.fixture
def served(monkeypatch):
    """Let a server say its port and end at once."""
    monkeypatch.setattr(serving, "serve", lambda app, address, say: say(address.port))


def test_a_game_without_a_display_is_played_in_a_browser(capsys, fake_world, no_display, served):
    code, out, _ = run(capsys, "play")
    assert (code, out) == (0, "open http://localhost:8766 in a browser; Ctrl+C ends it\n")


def test_the_way_through_ssh_is_told(capsys, fake_world, no_display, served, monkeypatch):
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.2 50000 10.0.0.1 2222")
    monkeypatch.setenv("USER", "ann")
    monkeypatch.setenv("LOGNAME", "ann")
    _, out, _ = run(capsys, "play", "--browser", "9000")
    assert "ssh -N -p 2222 -L 9000:localhost:9000 ann@10.0.0.1\n" in out


def test_pages_of_other_machines_need_a_token(capsys, fake_world, served, tmp_path):
    code, _, err = run(capsys, "play", "--browser", "--host", "0.0.0.0")
    assert (code, "give --token-file" in err) == (2, True)
    token = tmp_path / "token"
    token.write_text("x" * 20)
    options = "--host", "0.0.0.0", "--token-file", token
    code, out, _ = run(capsys, "play", "--browser", "9000", *options)
    assert (code, f"open http://{socket.gethostname()}:9000 " in out) == (0, True)
    assert "--tls-cert" in out


def test_pages_are_not_recorded_into_one_folder(capsys, fake_world, served, tmp_path):
    code, _, err = run(capsys, "play", "--browser", "--record", tmp_path / "one")
    assert (code, "press F10" in err) == (2, True)
    assert fake_world == []


def test_an_unknown_memory_policy_lists_what_exists(capsys, fake_world):
    code, _, err = run(capsys, "play", "--headless", "--seconds", "1", "--memory", "mga-retrieve")
    assert code == 2
    assert 'policy "mga-retrieve" not found (did you mean "mag-retrieve"?); available: ' in err


def test_a_folder_with_a_recording_is_not_recorded_over(capsys, fake_world, tmp_path):
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "session.jsonl").write_text("precious")
    code, _, err = run(capsys, "play", "--headless", "--record", tmp_path / "old")
    assert code == 2
    assert "already holds files" in err
    assert (tmp_path / "old" / "session.jsonl").read_text() == "precious"


def test_help_names_every_subcommand(capsys):
    assert cli.main(["--help"]) == 0
    out = capsys.readouterr().out
    for command in ("play", "replay", "bench"):
        assert f"mag-sandbox {command}" in out


def test_a_bug_is_one_line_and_its_traceback_is_logged(monkeypatch, capsys, caplog):
    def broken(arguments):
        raise KeyError("bug")

    monkeypatch.setattr(cli, "parse", broken)
    assert cli.main(["play"]) == 2
    assert capsys.readouterr().err.startswith("error: unexpected error (KeyError: ")
    assert "raise KeyError" in caplog.text


def test_headless_play_says_that_frames_are_not_kept(capsys, fake_world, monkeypatch, tmp_path):
    plain = Path.open

    def open_all_but_frames(path, *args, **more):
        if path.name == FRAMES_FILE:
            raise OSError(ENOSPC, "No space left on device", str(path))
        return plain(path, *args, **more)

    monkeypatch.setattr(Path, "open", open_all_but_frames)
    words = "play", "--headless", "--seconds", "0.3", "--record", tmp_path / "rec"
    code, out, _ = run(capsys, *words)
    assert code == 0
    assert "frames are no longer kept: No space left on device" in out
    assert f"recorded in {tmp_path / 'rec'}" in out


def test_a_headless_session_is_recorded_and_its_replay_verified(capsys, fake_world, tmp_path):
    folder = tmp_path / "session"
    code, out, _ = run(
        capsys, "play", "--headless", "--seconds", "0.7", "--no-look-ahead", "--record", folder
    )
    assert code == 0
    assert "frames shown" in out
    code, out, _ = run(capsys, "replay", folder, "--verify", "--headless")
    assert code == 0
    assert out.splitlines()[1].startswith("verified: ")
    assert [look_ahead for _, _, look_ahead in fake_world] == [False, False]
    tamper_file(folder, 2)
    code, out, _ = run(capsys, "replay", folder, "--verify", "--headless")
    assert code == 1
    assert "first at block 1: the shown block differs" in out


def test_a_replay_is_shown_and_verified_in_the_window(capsys, fake_world, tmp_path):
    folder = tmp_path / "session"
    run(capsys, "play", "--headless", "--seconds", "0.5", "--record", folder)
    code, out, _ = run(capsys, "replay", folder, "--verify")
    assert code == 0
    assert out.splitlines()[1].startswith("verified: ")


def test_the_bench_reports_every_number(capsys, fake_world, monkeypatch, tmp_path):
    from mag_sandbox.sandbox.diagnose import speed

    times = {"title_s": 0.5, "first_frame_s": 1.5}
    monkeypatch.setattr(speed, "time_start", lambda plan: times)
    monkeypatch.setattr(speed, "LOOK_FIRST_S", 0.0)
    monkeypatch.setattr(speed, "core_gflops", lambda: 50.0)
    file = tmp_path / "bench.json"
    code, _, _ = run(capsys, "bench", "--seconds", "0.6", "--prefill", "2", "--json", file)
    assert code == 0
    numbers = json.loads(file.read_text())
    expected = "fps fps_unpaced fps_in_window stage_ms latency_ms block_time_ratio overhead_ms"
    expected += " fps_walking fps_walking_unpaced fps_running"
    expected += " title_s first_frame_s rss_growth_mb memory_bytes full_history_bytes"
    assert set(expected.split()) <= set(numbers)
    assert {"p50", "p95"} <= set(numbers["latency_ms"])
    assert numbers["fps"] > 0
    assert numbers["block_time_ratio"] > 0
    assert numbers["provenance"] == FakeWorld().provenance()


def test_a_window_closed_before_anything_was_played_leaves_no_recording(
    capsys, fake_world, monkeypatch, tmp_path
):
    from mag_sandbox.sandbox import app

    folder, seen = tmp_path / "recording", []

    def close_at_once(game, playthrough):
        seen.append((folder.is_dir(), playthrough))
        return app.RunSummary("left")

    monkeypatch.setattr(app, "play", close_at_once)
    assert run(capsys, "play", "--record", folder)[0] == 0
    assert seen == [(True, None)], "it begins with the title"
    assert not folder.exists()


def test_the_memory_of_a_scene_that_was_named_is_not_that_of_others(
    capsys, fake_world, monkeypatch
):
    from mag_sandbox.sandbox import app

    seen = []

    def close_at_once(game, playthrough):
        seen.append((game.choice.memory.policy, playthrough and playthrough.scene.memory))
        return app.RunSummary("left")

    monkeypatch.setattr(app, "play", close_at_once)
    assert run(capsys, "play", "--scene", "meadow", "--memory", "window")[0] == 0
    assert run(capsys, "play", "--memory", "window")[0] == 0
    assert seen == [("mag-retrieve", "window"), ("window", None)]


def test_ctrl_c_is_the_exit_code_of_shells_and_a_second_one_ends_at_once(monkeypatch):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "main", interrupted)
    before = signal.getsignal(signal.SIGINT)
    try:
        assert program.main() == 130
        assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGINT, before)
