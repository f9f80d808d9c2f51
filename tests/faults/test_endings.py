"""Whoever or whatever ends the game, and however often, what is played is kept."""

import os
import signal
import sys

import pytest

from mag_sandbox.process import LOG
from mag_sandbox.sandbox.saves.parking import ParkedScenes
from tests.faults import work

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX systems")


@pytest.mark.parametrize(
    ("name", "times", "blocks"),
    [("SIGINT", 1, 20), ("SIGINT", 3, 20), ("SIGTERM", 2, 20), ("SIGHUP", 1, 20)]
    + [(name, 1, 1) for name in ("SIGINT", "SIGTERM", "SIGHUP")],
)
def test_a_signal_ends_the_game_and_keeps_the_place(forks, tmp_path, name, times, blocks):
    """However few blocks a busy machine has made by then."""
    number = getattr(signal, name)
    reader, writer = forks.Pipe()
    told = {"blocks": blocks}
    game = forks.Process(target=work.play_until_told, args=(tmp_path, writer), kwargs=told)
    game.start()
    writer.close()
    assert reader.recv() == "played"
    os.kill(game.pid, number)
    assert reader.recv() == "writing"
    for _ in range(times - 1):
        os.kill(game.pid, number)
    reader.send("all")
    game.join()
    assert game.exitcode == 128 + number
    (entry,) = ParkedScenes(tmp_path / "parked", 64).entries()
    assert entry.header.frames_shown >= 3 * blocks


def test_a_bug_in_a_screen_keeps_the_place_and_is_told_in_the_log(forks, tmp_path):
    reader, writer = forks.Pipe()
    game = forks.Process(target=work.play_until_told, args=(tmp_path, writer), kwargs={"bug": True})
    game.start()
    writer.close()
    reader.send("all")
    game.join()
    assert game.exitcode == 2
    assert len(ParkedScenes(tmp_path / "parked", 64).entries()) == 1
    assert "a bug in a screen" in (tmp_path / "data" / LOG).read_text()
    reader.close()
