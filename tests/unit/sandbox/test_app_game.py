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
    return PlayerGame(
        WorldChoice(), SETTINGS, tmp_path / "data", PLAYER_BINDINGS,
        load=lambda progress: FakeWorld(spec=FAST), notify=wake,
    )  # fmt: skip


def test_a_window_that_is_closed_keeps_what_is_played(game, monkeypatch):
    draw = MapOverlay.draw

    def close_late(self, surface):
        draw(self, surface)
        if self._reel.blocks > 20:
            pygame.event.post(pygame.Event(pygame.QUIT))

    monkeypatch.setattr(MapOverlay, "draw", close_late)
    summary = play(game, Playthrough(SCENE, 7))
    assert (summary.reason, summary.error) == ("left", None)
    assert len(game.services.saves.scenes.entries()) == 1


def test_a_bug_in_what_is_drawn_ends_the_game_and_keeps_what_is_played(game, monkeypatch):
    def fail_late(self, surface):
        if self._reel.blocks > 20:
            raise ZeroDivisionError

    monkeypatch.setattr(MapOverlay, "draw", fail_late)
    with pytest.raises(ZeroDivisionError) as caught:
        play(game, Playthrough(SCENE, 7))
    assert describe_unexpected(caught.value).endswith(KEPT)
    (entry,) = game.services.saves.scenes.entries()
    assert entry.header.frames_shown > 20 * 3
