"""Pictures reach the window whole and unstretched."""

from unittest.mock import Mock

import numpy as np
import pygame
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mag_sandbox.sandbox.settings import DisplayError
from mag_sandbox.sandbox.ui import display
from mag_sandbox.sandbox.ui.display import (
    Picture,
    fit,
    fits_screen,
    name_window,
    opening_size,
    toggle_fullscreen,
    window,
)

FRAME = (320, 192)


@pytest.mark.parametrize("size", [(1280, 720), (640, 400), (500, 900), (1920, 200), (321, 193)])
def test_the_picture_keeps_its_shape_and_fills_one_side(size):
    rect = fit(FRAME, size)
    assert rect.width / rect.height == pytest.approx(320 / 192, rel=0.02)
    assert rect.width == size[0] or rect.height == size[1]
    assert pygame.Rect((0, 0), size).contains(rect)


def test_filling_cuts_a_little_but_never_much():
    assert fit(FRAME, (1280, 720), "fill").size == (1280, 768)
    assert fit(FRAME, (2560, 720), "fill") == fit(FRAME, (2560, 720), "whole")


def test_a_window_without_height_still_has_a_picture():
    assert min(fit(FRAME, (5, 1)).size) >= 1


@pytest.fixture
def screen():
    with window((640, 400), "test") as surface:
        yield surface


def test_colours_arrive_where_they_belong(screen):
    frame = np.zeros((192, 320, 3), np.uint8)
    frame[:, 160:] = (250, 120, 10)
    Picture().draw(screen, frame)
    assert screen.get_at((600, 200))[:3] == (250, 120, 10)
    assert screen.get_at((40, 200))[:3] == (0, 0, 0)


@pytest.mark.parametrize("mode", ["sharp", "smooth"])
def test_pixels_stay_visible_or_not_as_is_set(screen, mode):
    frame = np.zeros((200, 320, 3), np.uint8)
    frame[:, ::2] = 255
    Picture(scale_mode=mode).draw(screen, frame)
    row = {screen.get_at((x, 100))[:3] for x in range(640)}
    assert (row == {(0, 0, 0), (255, 255, 255)}) == (mode == "sharp")


def test_bars_glow_dimmer_than_the_picture(screen):
    frame = np.full((192, 320, 3), 200, np.uint8)
    Picture().draw(screen, frame)
    top, picture = screen.get_at((320, 2)), screen.get_at((320, 200))
    assert 0 < top.r < picture.r == 200


@pytest.mark.parametrize("mode", ["whole", "fill"])
@pytest.mark.parametrize("size", [(640, 400), (333, 777), (1280, 720)])
def test_any_window_can_be_drawn(size, mode):
    with window(size, "test") as surface:
        Picture(mode, "sharp").draw(surface, np.full((192, 320, 3), 90, np.uint8))
        assert surface.get_at((size[0] // 2, size[1] // 2))[:3] == (90, 90, 90)


def test_without_a_display_the_remedy_is_named(monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "no such driver")
    with pytest.raises(DisplayError, match="--headless"), window((640, 400), "test"):
        pass


def test_a_part_of_a_picture_is_shown_as_large_as_the_whole(screen):
    frame = np.full((192, 320, 3), (200, 100, 50), np.uint8)
    frame[:, 100:] = (250, 120, 10)
    picture = Picture(scale_mode="sharp")
    picture.draw(screen, frame, (0.1, 0.05, 0.9, 0.9))
    edge = round((100 - 32) / 0.9 * 2)
    assert screen.get_at((edge + 4, 200))[:3] == (250, 120, 10)
    assert screen.get_at((edge - 4, 200))[:3] == (200, 100, 50)
    picture.draw(screen, frame)
    assert screen.get_at((190, 200))[:3] == (200, 100, 50)


@given(st.floats(0.6, 1.0), st.floats(0, 1), st.floats(0, 1), st.sampled_from(["whole", "fill"]))
@example(0.9, 0.0, 1.0, "fill")
@example(0.9, 1.0, 0.0, "whole")
def test_no_pixel_of_the_picture_is_left_empty_or_darkened(size, across, down, mode):
    surface = pygame.Surface((427, 251))
    frame = np.full((192, 320, 3), 90, np.uint8)
    crop = (across * (1 - size), down * (1 - size), size, size)
    Picture(mode).draw(surface, frame, crop)
    shown = fit((320, 192), surface.get_size(), mode).clip(surface.get_rect())
    assert (pygame.surfarray.array3d(surface.subsurface(shown)) == 90).all()


@pytest.mark.parametrize(
    ("asked", "desktop", "opened"),
    [
        ((1280, 720), (1920, 1080), (1280, 720)),
        ((1280, 720), (3840, 2160), (2560, 1440)),
        ((1280, 720), (3440, 1440), (1707, 960)),
        ((1280, 720), (1024, 768), (1024, 576)),
        ((1280, 720), (480, 300), (462, 260)),
        ((1280, 720), (1280, 720), (1209, 680)),
        ((1600, 900), (3840, 2160), (1600, 900)),
    ],
)
def test_a_window_opens_larger_on_a_large_screen_unless_its_size_was_set(asked, desktop, opened):
    assert opening_size(asked, desktop) == opened


def test_where_there_is_no_screen_none_is_filled(screen):
    before = pygame.display.get_surface().get_size()
    toggle_fullscreen()
    assert pygame.display.get_surface().get_size() == before


def test_where_nothing_remembers_a_window_it_opens_again_in_the_size_of_the_settings(
    screen, monkeypatch
):
    filled = Mock(get_flags=lambda: pygame.NOFRAME)
    monkeypatch.setattr(pygame.display, "get_driver", lambda: "x11")
    monkeypatch.setattr(display, "window_surface", lambda: filled)
    toggle_fullscreen((960, 540))
    assert pygame.display.get_surface().get_size() == (960, 540)


def test_a_window_has_a_name_that_can_be_shown(screen):
    name_window("a\0b\u202e")
    assert pygame.display.get_caption()[0].startswith("a b ")


def test_a_window_fits_on_a_screen_that_is_as_large():
    screen = 1280, 720
    sizes = (960, 540), (1280, 720), (1600, 700), (1920, 1080)
    assert [fits_screen(size, screen) for size in sizes] == [True, True, False, False]
