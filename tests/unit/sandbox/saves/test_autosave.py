"""What is played is saved by itself, often enough and not too often, and survives a crash."""

import subprocess
import sys

import pytest

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.sandbox.saves.saves import AUTOSAVE_S, LEAST_S, Autosave
from mag_sandbox.sandbox.screens import Continue, Way
from mag_sandbox.sandbox.title.screen import TitleScreen
from tests.games import games

STILL, TURNING = CameraCommand(), CameraCommand(yaw=1.0)


class Saves:
    def __init__(self):
        self.now, self.times = 0.0, []
        self.autosave = Autosave(lambda: self.times.append(self.now), lambda: self.now)

    def play(self, command, seconds):
        for _ in range(round(seconds * 5)):
            self.now += 0.2
            self.autosave.block_shown(command)


@pytest.mark.parametrize("command", [STILL, TURNING])
def test_a_crash_costs_half_a_minute_at_most(command):
    saves = Saves()
    saves.play(command, 3 * AUTOSAVE_S + 1)
    assert len(saves.times) == 3


def test_coming_to_rest_saves_but_fidgeting_does_not():
    saves = Saves()
    saves.play(TURNING, LEAST_S + 1)
    saves.play(STILL, 1)
    assert len(saves.times) == 1
    for _ in range(4):
        saves.play(TURNING, 0.2)
        saves.play(STILL, 0.2)
    assert len(saves.times) == 1


PLAYING = """
import sys, time
from pathlib import Path
from tests.games import games
with games(Path(sys.argv[1])) as start:
    game = start()
    game.play()
    game.see_blocks(20)
    saved_at = game.block
    game.services.saves.autosave(game.navigator.worker)
    game.parked()
    print(saved_at, flush=True)
    time.sleep(600)
"""


def test_after_a_kill_the_title_offers_the_place(tmp_path):
    playing = [sys.executable, "-c", PLAYING, str(tmp_path)]
    with subprocess.Popen(playing, stdout=subprocess.PIPE, text=True) as killed:
        saved_at = int(killed.stdout.readline())
        with games(tmp_path) as start:
            game = start()
            (entry,) = game.parked()
            assert entry.played_elsewhere, "as long as the other game lives"
            killed.kill()
            killed.wait()
            (entry,) = game.parked()
            assert not entry.played_elsewhere
            game.play(Continue(entry.id))
            assert saved_at < game.block <= saved_at + 12


def test_leaving_after_an_autosave_keeps_one_place_that_can_be_continued(tmp_path):
    with games(tmp_path) as start:
        game = start()
        game.play()
        game.see_blocks(20)
        game.services.saves.autosave(game.navigator.worker)
        game.see_blocks(20)
        left_at = game.block
        game.go(Way.TITLE, TitleScreen)
        game.said("is saved as you left it")
        (entry,) = game.parked()
        assert not entry.played_elsewhere
        game.play(Continue(entry.id))
        assert left_at < game.block
