"""The help shows every control, in any window."""

import pytest

from mag_sandbox.controls.bindings import pad_text
from mag_sandbox.controls.keys import is_pad, key_title
from mag_sandbox.sandbox.hud.cards import MOST_PAGES, help_pages
from mag_sandbox.sandbox.hud.hud import Hud
from mag_sandbox.sandbox.keyed_screens import PLAYER_BINDINGS
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


def written(theme, bindings, size):
    for card in help_pages(theme, bindings, size):
        card.drawn(theme)
    return theme.written


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_help_fits(size):
    with window(size, "test") as surface:
        hud, page = Hud(), 0
        while hud.has_help(page):
            surface.fill((255, 255, 255))
            hud.draw_help(surface, page=page)
            page += 1
            if size[0] >= 480:
                edge = {tuple(surface.get_at((0, y)))[:3] for y in range(size[1])}
                assert edge == {(255, 255, 255)}, "within the window"
                across, down = surface.get_rect().center
                middle = [surface.get_at((across + away, down))[:3] for away in range(-9, 10)]
                assert min(map(max, middle)) < 40, "between letters nothing shines through"


@pytest.mark.parametrize("size", SIZES[:5], ids=lambda size: f"{size[0]}x{size[1]}")
def test_no_control_is_missing_and_no_help_is_cut(size):
    with window(size, "test"):
        found = written(NotingTheme(size), PLAYER_BINDINGS, size)
        for row in PLAYER_BINDINGS.rows:
            assert row.help in found
        for group, _ in PLAYER_BINDINGS.groups():
            assert group in found
        for one in PLAYER_BINDINGS.pointing:
            assert one.help in found
        if size[0] >= 1280:
            for row in PLAYER_BINDINGS.rows:
                assert pad_text(row) in ("", *found), row.name


def test_no_key_is_cut_where_there_is_room():
    with window((1280, 720), "test"):
        found = written(NotingTheme((1280, 720)), PLAYER_BINDINGS, (1280, 720))
        assert "Click on map or door" in found
        assert "Left shift / Right shift" in found


def test_where_there_is_room_every_button_of_a_gamepad_is_shown():
    size = (1280, 720)
    with window(size, "test"):
        found = written(NotingTheme(size), PLAYER_BINDINGS, size)
    pads = [key_title(key) for row in PLAYER_BINDINGS.rows for key in row.keys if is_pad(key)]
    assert not [pad for pad in pads if pad not in found]


def test_a_players_own_keys_are_shown():
    with window((1280, 720), "test"):
        bindings = PLAYER_BINDINGS.with_keys({"anchor": ["g"], "help": []})
        found = written(NotingTheme((1280, 720)), bindings, (1280, 720))
        assert "G" in found
        assert not any("close" in text for text in found)


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
            assert page <= MOST_PAGES


def test_what_keys_do_is_written_below_each_other():
    size = (1280, 720)
    with window(size, "test"):
        theme = Theme(size)
        (card,) = help_pages(theme, PLAYER_BINDINGS, size)
        _, columns = card.content.content
        for part in columns.content:
            rooms = {line.content[1].width for line in part.content[1:] if len(line.content) > 2}
            assert len(rooms) == 1
