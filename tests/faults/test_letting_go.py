"""What a screen held is let go of with it: its fonts are open files, its pictures are memory."""

import gc
import weakref

import pytest

from mag_sandbox.sandbox.screens import ToTitle
from mag_sandbox.sandbox.settings import HOME_VARIABLE
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


def test_a_screen_of_play_is_gone_when_another_scene_begins(by_itself, tmp_path, monkeypatch):
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    with games(tmp_path / "data") as start:
        game = start()
        game.play()
        game.see_blocks(17)
        game.draw()
        left = weakref.ref(game.screen)
        game.go(ToTitle(), TitleScreen)
        game.play()
        assert left() is None
