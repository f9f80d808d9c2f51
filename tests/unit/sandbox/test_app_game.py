"""The whole game in the real main loop: what closes it, and what it keeps then."""

import pygame
import pytest

from mag_sandbox.files.folders import HOME_VARIABLE
from mag_sandbox.process import describe_unexpected
from mag_sandbox.sandbox.app import KEPT, play, wake
from mag_sandbox.sandbox.choice import WorldChoice
from mag_sandbox.sandbox.game import PlayerGame
from mag_sandbox.sandbox.keyed_screens import PLAYER_BINDINGS
from mag_sandbox.sandbox.play.session import Playthrough
from mag_sandbox.sandbox.screens.overlays import MapOverlay
from tests.doubles import FakeWorld
from tests.games import FAST, SCENE, SETTINGS


@pytest.fixture
def game(tmp_path, monkeypatch):
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    world = FakeWorld(spec=FAST)

    def make(load=lambda progress: world):
        return PlayerGame(
            WorldChoice(), SETTINGS, tmp_path / "data", PLAYER_BINDINGS, load=load, notify=wake
        )

    return make


def test_a_window_that_is_closed_keeps_what_is_played(game, monkeypatch):
    one = game()
    draw = MapOverlay.draw

    def close_late(self, surface):
        draw(self, surface)
        if self._reel.blocks > 20:
            pygame.event.post(pygame.Event(pygame.QUIT))

    monkeypatch.setattr(MapOverlay, "draw", close_late)
    summary = play(one, Playthrough(SCENE, 7))
    assert (summary.reason, summary.error) == ("left", None)
    assert len(one.services.saves.scenes.entries()) == 1


def test_a_bug_in_what_is_drawn_ends_the_game_and_keeps_what_is_played(game, monkeypatch):
    one = game()

    def fail_late(self, surface):
        if self._reel.blocks > 20:
            raise ZeroDivisionError

    monkeypatch.setattr(MapOverlay, "draw", fail_late)
    with pytest.raises(ZeroDivisionError) as caught:
        play(one, Playthrough(SCENE, 7))
    assert describe_unexpected(caught.value).endswith(KEPT)
    (entry,) = one.services.saves.scenes.entries()
    assert entry.header.frames_shown > 20 * 3


def test_a_window_that_is_closed_while_loading_ends_the_loading(game):
    told = []

    def load(progress):
        pygame.event.post(pygame.Event(pygame.QUIT))
        while True:
            told.append(progress("weights", 0.5))

    summary = play(game(load), Playthrough(SCENE, 7))
    assert (summary.reason, summary.frames, summary.error) == ("left", 0, None)
