"""Every setting can be changed with keys, mouse and gamepad, acts at once, and is kept."""

import os
from dataclasses import fields, replace

import pygame
import pytest

from mag_sandbox.controls.bindings import BINDINGS
from mag_sandbox.sandbox.screens import Way, settings
from mag_sandbox.sandbox.screens.settings import (
    KEYS,
    Heading,
    KeyGroup,
    SettingRow,
    SettingsScreen,
    items,
)
from mag_sandbox.sandbox.settings import SandboxConfig, SettingsError, load_settings, save_settings
from mag_sandbox.sandbox.ui.display import window
from mag_sandbox.sandbox.ui.layout import Text
from tests.steering import Steered

SIZES = [(1280, 720), (640, 400)]
ROWS = [item for item in items() if isinstance(item, SettingRow)]


class Player(Steered):
    """A screen of settings in a window, steered by keys and mouse."""

    def __init__(self, surface, config=None, save=None, *, at_keys=False):
        self.surface, self.applied, self.saved, self.now = surface, [], [], 0.0
        config = config or SandboxConfig()
        save = save or self.saved.append
        self.screen = SettingsScreen(config, self.applied.append, save, at_keys=at_keys)
        self.settle()

    def send(self, kind, **values):
        self.screen.handle(pygame.Event(kind, **values))
        self.settle()

    def go_to(self, title):
        for _ in range(60):
            if self.screen.focused == title:
                return
            self.press("down")
        raise AssertionError(f"{title} is nowhere")

    def find(self, title):
        """Return the height on which the mouse points at a row."""
        if self.screen.focused == title:
            self.press("up")
        width, height = self.surface.get_size()
        for y in range(0, height, 4):
            self.send(pygame.MOUSEMOTION, pos=(width // 2, y))
            if self.screen.focused == title:
                return y + 24
        raise AssertionError(f"{title} is nowhere")


@pytest.fixture(params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def any_surface(request):
    with window(request.param, "test") as surface:
        yield surface


@pytest.fixture
def player():
    with window((1280, 720), "test") as surface:
        yield Player(surface)


def test_every_setting_has_a_row():
    named = [name for row in ROWS for name in row.fields]
    kept = {field.name for field in fields(SandboxConfig)} - {"learned"}  # by playing
    assert sorted(named) == sorted(kept)


def test_every_binding_is_listed():
    listed = [line[0] for item in items() if isinstance(item, KeyGroup) for line in item.rows]
    assert {binding.help for binding in BINDINGS} <= set(listed)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.title)
def test_every_setting_is_changed_by_a_key_and_acts_at_once(player, row):
    player.go_to(row.title)
    player.press("right")
    if not player.applied:  # it was at its right end
        player.press("left")
    before, now = SandboxConfig(), player.applied[-1]
    changed = {f.name for f in fields(now) if getattr(now, f.name) != getattr(before, f.name)}
    assert changed
    assert changed <= set(row.fields)


def test_arrows_reach_everything_and_the_focus_is_always_seen(any_surface):
    player = Player(any_surface)
    seen = []
    for _ in range(len(items())):
        before = pygame.image.tobytes(any_surface, "RGB")
        if player.screen.focused not in seen:
            seen.append(player.screen.focused)
            player.press("down")
            if player.screen.focused != seen[-1]:
                assert pygame.image.tobytes(any_surface, "RGB") != before
    assert len(seen) == len([item for item in items() if isinstance(item, SettingRow | KeyGroup)])


def test_the_tips_say_why_they_are_off_and_how_they_come_back():
    (tips,) = (row for row in ROWS if row.fields == ("hints",))
    assert "to see them again" in tips.helps[False]
    assert all(row.help.endswith(".") for row in ROWS)


def test_page_keys_jump_to_sections(player):
    player.press("page down", "page down")
    assert player.screen.focused == "Mouse speed"
    player.press("page up")
    assert player.screen.focused == "Details"


def test_page_keys_scroll_through_the_last_section():
    with window((640, 400), "test") as surface:
        player = Player(surface)
        player.press(*["page down"] * 4)
        before = player.screen._scroll.glide.target
        player.press(*["page down"] * 9)
        assert player.screen._scroll.glide.target > before


def test_enter_switches(player):
    player.go_to("High contrast")
    player.press("return", "return", "return")
    assert [config.high_contrast for config in player.applied] == [True, False, True]


def test_sliders_stop_at_their_ends(player):
    player.go_to("Volume")
    player.press(*["right"] * 10)
    assert player.applied[-1].volume == 100
    assert len(player.applied) == 6


def test_a_value_between_our_steps_stays_until_it_is_changed():
    with window((640, 400), "test") as surface:
        player = Player(surface, SandboxConfig(kept_mib=100, window_width=1000, memory="mine"))
        player.go_to("Budget")
        player.press("right")
        assert player.applied[-1] == replace(
            SandboxConfig(), kept_mib=128, window_width=1000, memory="mine"
        )


def test_text_size_changes_the_screen_itself(player):
    before = pygame.image.tobytes(player.surface, "RGB")
    player.go_to("Text size")
    player.press("right")
    player.press("page up", *["up"] * 30)
    assert pygame.image.tobytes(player.surface, "RGB") != before


def test_a_slider_is_dragged_with_the_mouse(player):
    player.press("page down", "page down", "page down")
    y = player.find("Volume")
    for x in range(player.surface.get_width() - 1, 0, -10):
        player.send(pygame.MOUSEBUTTONDOWN, pos=(x, y), button=1)
        if player.screen.config.volume != 70:
            break
        player.send(pygame.MOUSEBUTTONUP, pos=(x, y), button=1)
    player.send(pygame.MOUSEMOTION, pos=(0, 0), buttons=(1, 0, 0), rel=(0, 0))
    assert player.screen.config.volume == 0
    player.send(pygame.MOUSEBUTTONUP, pos=(0, 0), button=1)
    player.send(pygame.MOUSEMOTION, pos=(x, y), buttons=(0, 0, 0), rel=(0, 0))
    assert player.screen.config.volume == 0


def test_the_wheel_scrolls_to_the_keys(any_surface):
    player = Player(any_surface)
    player.send(pygame.MOUSEWHEEL, x=0, y=-60)
    assert player.screen._section() == KEYS
    player.find("Sound")


def test_the_list_of_keys_begins_with_those_of_the_title():
    with window((1280, 720), "test") as surface:
        screen = SettingsScreen(SandboxConfig(), print, at_keys=True)
        screen.draw(surface)
        assert (screen.focused, screen._section()) == ("On the title", KEYS)


def test_a_gamepad_does_what_keys_do(player):
    for button in (12, 14):  # down, right
        player.send(pygame.CONTROLLERBUTTONDOWN, button=button)
    assert player.applied[-1].fullscreen
    player.send(pygame.CONTROLLERBUTTONDOWN, button=1)
    assert player.screen.outcome == Way.BACK


def test_leaving_keeps_what_was_changed(player):
    player.go_to("Mute")
    player.press("return")
    assert player.press("escape") == Way.BACK
    assert player.saved == [replace(SandboxConfig(), muted=True)]


def test_closing_the_window_keeps_it_too(player):
    player.press("down", "return")
    player.send(pygame.QUIT)
    assert player.screen.outcome == Way.LEAVE
    assert len(player.saved) == 1


@pytest.mark.parametrize("key", ["escape", "f1"])
def test_without_a_change_nothing_is_written(player, key):
    assert player.press(key) == Way.BACK
    assert player.saved == []


def test_a_failure_to_keep_is_told_before_leaving():
    def refuse(config):
        raise SettingsError("settings.yaml: cannot be written (no space left)")

    with window((640, 400), "test") as surface:
        player = Player(surface, save=refuse)
        player.press("down", "return")
        assert player.press("escape") is None
        assert player.press("return") == Way.BACK


def test_nothing_is_drawn_while_nothing_happens(player):
    assert player.screen.wake_at is None
    assert not player.screen.update(player.now + 100)


def test_written_settings_are_read_again(tmp_path):
    path = tmp_path / "new" / "settings.yaml"
    config = SandboxConfig(hud="off", text_scale=1.3, muted=True, memory="window")
    save_settings(config, path)
    assert load_settings(path) == config
    assert "volume" not in path.read_text()
    save_settings(SandboxConfig(), path)
    assert load_settings(path) == SandboxConfig()


def test_settings_that_cannot_be_written_leave_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "settings.yaml"
    save_settings(SandboxConfig(volume=10), path)

    def full(*given):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SettingsError, match=r"settings\.yaml: cannot be written \(No space"):
        save_settings(SandboxConfig(volume=20), path)
    assert load_settings(path).volume == 10
    assert [one.name for one in tmp_path.iterdir()] == ["settings.yaml"]


def test_the_screen_can_begin_at_the_keys(any_surface):
    player = Player(any_surface, at_keys=True)
    top = player.screen._tops[player.screen._items.index(Heading("Keys"))]
    assert player.screen._section() == "Keys"
    assert player.screen._scroll.glide.value == top


def test_the_first_picture_marks_the_section_it_begins_at(monkeypatch):
    marked = []
    monkeypatch.setattr(settings, "_sections_part", lambda _, here: marked.append(here) or Text(""))
    with window(SIZES[0], "test") as surface:
        Player(surface, at_keys=True)
    assert set(marked) == {"Keys"}


def test_no_window_is_offered_that_is_larger_than_the_screen(monkeypatch):
    monkeypatch.setattr(settings, "fits_screen", lambda size: size[0] <= 1280)
    choice = settings._window_sizes((1280, 720))
    assert choice.options[-1] == ((1280, 720), "1280 x 720")


def test_the_size_that_is_said_is_that_of_the_window():
    with window((1209, 680), "test"):
        choice = settings._window_sizes((1280, 720))
    assert ((1280, 720), "1209 x 680") in choice.options
    assert ((960, 540), "960 x 540") in choice.options
