"""What a screen held is let go of with it: fonts and pictures are memory."""

import gc
import weakref

import pygame
import pytest

from mag_sandbox.files.folders import HOME_VARIABLE
from mag_sandbox.sandbox.screens import Way
from mag_sandbox.sandbox.title.screen import TitleScreen
from mag_sandbox.sandbox.ui.display import window
from mag_sandbox.sandbox.ui.theme import Theme
from tests.games import games


@pytest.fixture
def by_itself():
    """Without the collector of circles."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def test_a_theme_goes_at_once_with_its_fonts_and_texts(by_itself):
    with window((640, 400), "test"):
        theme = Theme((640, 400))
        theme.text("some words")
        theme.line_height(20)
        left = weakref.ref(theme)
        fonts = [weakref.ref(font) for font in (theme._font(15), theme._font(20))]
        del theme
        assert left() is None
        assert [font() for font in fonts] == [None, None]


def test_nothing_of_a_play_session_is_left_when_another_scene_begins(
    by_itself, tmp_path, monkeypatch
):
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    with games(tmp_path / "data") as start:
        game = start()
        game.play()
        game.see_blocks(4)
        for key in (pygame.K_e, pygame.K_c, pygame.K_k, pygame.K_F5, pygame.K_F10, pygame.K_F12):
            game.press(key)
            game.draw()
        game.see_blocks(17)
        game.press(pygame.K_F9)
        game.wait(lambda: game.screen.reel.starting_over)
        game.see_blocks(3)
        screen = game.screen
        held = [screen, screen.reel, screen.hud, screen.session, *screen.session.overlays]
        left = {
            type(one).__name__: weakref.ref(one) for one in held if one is not game.services.notices
        }
        del screen, held
        game.go(Way.TITLE, TitleScreen)
        game.play()
        assert [name for name, one in left.items() if one() is not None] == []
