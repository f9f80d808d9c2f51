"""The help shows every control, in any window."""

import pytest

from mag_sandbox.controls.bindings import DEFAULTS
from mag_sandbox.sandbox.hud.cards import help_pages
from mag_sandbox.sandbox.hud.hud import Hud
from mag_sandbox.sandbox.ui.display import window
from mag_sandbox.sandbox.ui.theme import Theme

SIZES = [(1280, 720), (640, 400), (1920, 1080), (480, 300), (3840, 2160), (320, 200), (1, 1)]


class NotingTheme(Theme):
    """Remembers what was written."""

    def __init__(self, size):
        super().__init__(size)
        self.written = []

    def text(self, text, *args, **more):
        self.written.append(text)
        return super().text(text, *args, **more)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_help_fits(size):
    with window(size, "test") as surface:
        for card in help_pages(Theme(size), DEFAULTS, size):
            if size[0] >= 480:
                assert surface.get_rect().contains(card.get_rect(center=surface.get_rect().center))
                assert card.get_at(card.get_rect().center)[3] > 250, "nothing shines through"


@pytest.mark.parametrize("size", SIZES[:5], ids=lambda size: f"{size[0]}x{size[1]}")
def test_no_control_is_missing_and_no_help_is_cut(size):
    with window(size, "test"):
        theme = NotingTheme(size)
        help_pages(theme, DEFAULTS, size)
        for row in DEFAULTS.rows:
            assert row.help in theme.written
        for group, _ in DEFAULTS.groups():
            assert group in theme.written
        for one in DEFAULTS.pointing:
            assert one.help in theme.written


def test_a_players_own_keys_are_shown():
    with window((1280, 720), "test"):
        theme = NotingTheme((1280, 720))
        bindings = DEFAULTS.with_keys({"anchor": ["g"], "help": []})
        help_pages(theme, bindings, (1280, 720))
        assert "G" in theme.written
        assert not any("close" in text for text in theme.written)


def test_small_windows_turn_pages_and_large_ones_need_one():
    for size, several in (((480, 300), True), ((1280, 720), False)):
        with window(size, "test") as surface:
            hud = Hud()
            hud.draw_help(surface)
            assert hud.has_help(1) == several
            page = 0
            while hud.has_help(page):
                hud.draw_help(surface, page=page)
                page += 1
            assert page < 6
