"""What screens are made of: pure behaviour, and pictures that are checked before they are shown."""

import os
import struct
import zlib

import numpy as np
import pygame
import pytest

from mag_sandbox.sandbox.ui.display import window
from mag_sandbox.sandbox.ui.layout import NamedPart, draw, row
from mag_sandbox.sandbox.ui.theme import HIGH_CONTRAST, INK, MUTED, REFERENCE_SIZE, Theme, odd_rows
from mag_sandbox.sandbox.ui.thumbnails import (
    MAX_BYTES,
    FreshPicture,
    PictureError,
    Thumbnails,
    cover,
    picture_surface,
)
from mag_sandbox.sandbox.ui.widgets import (
    GLIDE_S,
    Button,
    Choice,
    Glide,
    Question,
    ScrollArea,
    Slider,
    Toggle,
    menu_key,
)


@pytest.fixture
def surface():
    with window((640, 400), "test") as surface:
        yield surface


def key(code):
    return pygame.Event(pygame.KEYDOWN, key=code, unicode="")


def test_a_glide_goes_all_the_way_and_rests():
    glide = Glide()
    glide.to(100)
    values = []
    for step in range(20):
        if not glide.update(step * GLIDE_S / 10):
            break
        values.append(glide.value)
    assert values == sorted(values)
    assert (values[0], values[-1], len(values)) == (0, 100, 11)
    assert not glide.is_moving


def test_a_glide_turns_where_it_is():
    glide = Glide()
    glide.to(100)
    glide.update(0)
    glide.update(GLIDE_S / 2)
    middle = glide.value
    glide.to(0)
    glide.update(GLIDE_S)
    assert glide.value == middle


def test_scrolling_shows_a_stretch_with_as_little_as_needed():
    area = ScrollArea()
    area.resize(100, 1000)
    area.show(0, 40)
    assert area.glide.target == 0
    area.show(150, 200)
    assert area.glide.target == 100
    area.show(120, 160)
    assert area.glide.target == 100
    area.show(90, 130)
    assert area.glide.target == 90


def test_scrolling_ends_where_the_list_ends():
    area = ScrollArea()
    area.resize(100, 150)
    area.by(500)
    assert area.glide.target == 50
    area.by(-500)
    assert area.glide.target == 0
    area.resize(200, 150)
    area.by(10)
    assert area.glide.target == 0


def test_a_stretch_that_is_too_long_shows_its_start():
    area = ScrollArea()
    area.resize(100, 1000)
    area.show(200, 500)
    assert area.glide.target == 200


def test_a_toggle_follows_direction_and_press():
    toggle = Toggle(False)
    toggle.step(1)
    toggle.step(1)
    assert toggle.value
    toggle.step(0)
    assert not toggle.value
    toggle.press(0.1)
    assert toggle.value


def test_a_choice_goes_round():
    choice = Choice("a", [("a", "A"), ("b", "B"), ("c", "C")])
    choice.step(-1)
    assert choice.value == "c"
    choice.press(0.9)
    assert choice.value == "a"


def test_a_slider_takes_the_value_where_it_is_pressed():
    slider = Slider(5, tuple(range(11)))
    start, end = slider.track(1.0)
    for share, value in ((0.0, 0), (start, 0), ((start + end) / 2, 5), (end, 10), (1.0, 10)):
        slider.press(share)
        assert slider.value == value


def test_settings_are_drawn_differently_for_every_value(surface):
    theme, rect = Theme((640, 400)), pygame.Rect(10, 10, 250, 40)
    settings = [Toggle(False), Toggle(True), Slider(1, (1, 2)), Slider(2, (1, 2))]
    settings += [Choice(one, [(1, "one"), (2, "two")]) for one in (1, 2)]
    seen = set()
    for setting in settings:
        for focused in (False, True):
            surface.fill((0, 0, 0))
            setting.draw(surface, theme, rect, focused=focused)
            seen.add(pygame.image.tobytes(surface, "RGB"))
    assert len(seen) == 2 * len(settings)


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        ([pygame.K_RETURN], 0),
        ([pygame.K_RIGHT, pygame.K_RETURN], 1),
        ([pygame.K_RIGHT, pygame.K_RIGHT, pygame.K_LEFT, pygame.K_SPACE], 0),
        ([pygame.K_RIGHT, pygame.K_ESCAPE], 0),
        ([pygame.K_LEFT], None),
    ],
)
def test_questions_are_answered_with_keys(surface, keys, answer):
    question = Question("Delete?", "It is gone then.", [Button("Keep"), Button("Delete")])
    for code in keys:
        question.handle(key(code))
    assert question.answer == answer


def test_questions_are_answered_with_the_mouse(surface):
    question = Question("Delete?", "It is gone then. " * 20, [Button("Keep"), Button("Delete")])
    question.draw(surface, Theme((640, 400)))
    answers = set()
    for x in range(0, 640, 10):
        for y in range(0, 400, 10):
            question.answer = None
            event = pygame.Event(pygame.MOUSEBUTTONDOWN, pos=(x, y), button=1)
            question.handle(event)
            answers.add(question.answer)
    assert answers == {None, 0, 1}


def test_the_name_in_a_question_is_not_cut(surface, monkeypatch):
    written = []
    text = Theme.text
    monkeypatch.setattr(Theme, "text", lambda self, words, *a, **k: (
        written.append(words) or text(self, words, *a, **k)
    ))  # fmt: skip
    title = "Delete “A greenhouse with red flowers, a wooden bench and a blue watering can”?"
    Question(title, "It is gone then.", [Button("Keep")]).draw(surface, Theme((640, 400)))
    assert not any(one.endswith("...") for one in written)


def test_buttons_stand_side_by_side(surface):
    theme = Theme((640, 400))
    buttons = (Button("One", "Enter").part(focused=False), Button("Two").part(focused=True))
    content = row(*(NamedPart(str(place), one) for place, one in enumerate(buttons)))
    first, second = draw(theme, surface, content, pygame.Rect(10, 10, 400, 40)).values()
    assert first.right < second.left
    assert first.width > second.width


def test_a_gamepad_presses_the_keys_of_menus(surface):
    names = [menu_key(pygame.Event(pygame.CONTROLLERBUTTONDOWN, button=i)) for i in (0, 1, 12, 99)]
    assert names == ["return", "escape", "down", None]
    assert menu_key(key(pygame.K_KP_ENTER)) == "enter"
    assert menu_key(pygame.Event(pygame.KEYUP, key=pygame.K_RETURN)) is None


def test_text_grows_but_never_beyond_what_fits_into_a_small_window():
    assert Theme(REFERENCE_SIZE).scale == 1.0
    assert Theme(REFERENCE_SIZE, 1.15).scale == pytest.approx(1.15)
    small = Theme((640, 400))
    for size in ((640, 400), (1280, 720), (1920, 1080), (900, 1600)):
        scale = Theme(size, 2.0).scale
        assert scale >= Theme(size).scale
        assert size[0] / scale >= 640 / small.scale - 1e-6
        assert size[1] / scale >= 400 / small.scale - 1e-6


def test_high_contrast_draws_other_colours(surface):
    plain, clear = Theme((640, 400)), Theme((640, 400), high_contrast=True)
    assert plain.colour(MUTED) == MUTED
    assert clear.colour(MUTED) == HIGH_CONTRAST[MUTED]
    assert clear.colour((1, 2, 3)) == (1, 2, 3)
    drawn = [pygame.image.tobytes(t.text("words", 15, MUTED), "RGBA") for t in (plain, clear)]
    assert drawn[0] != drawn[1]


@pytest.mark.parametrize("flags", [0, pygame.SRCALPHA])
def test_rows_of_surfaces_that_are_copied_often_never_line_up(surface, flags):
    for width in range(636, 645):
        made = odd_rows((width, 3), pygame.Surface((9, 9), flags))
        assert made.get_size() == (width, 3)
        assert made.get_pitch() % 16
        assert made.get_at((5, 1)) == (0, 0, 0, 0 if flags else 255)


def test_high_contrast_is_readable():
    def brightness(colour):
        parts = [
            (c / 255 / 12.92 if c < 11 else ((c / 255 + 0.055) / 1.055) ** 2.4) for c in colour
        ]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    for colour, drawn in HIGH_CONTRAST.items():
        if len(colour) == 3 and sum(drawn):  # words; the others are grounds
            assert (brightness(drawn) + 0.05) / 0.05 >= 7, colour
    assert INK in HIGH_CONTRAST


def test_a_long_last_word_is_cut_rather_than_left_out(surface):
    theme, text = Theme((640, 400)), "Three white lighthouses"
    narrow = theme.text(text).get_width() - 1
    assert theme.wrap(text, narrow + 1, 1) == [text]
    assert theme.wrap(text, narrow, 1)[0].startswith("Three white light")


def test_one_line_fits_and_ends_in_dots(surface):
    theme = Theme((640, 400))
    for text in ("word " * 50, "w" * 5000, "\x00\n" * 50):
        line = theme.one_line(text, 200)
        assert theme.text(line).get_width() <= 200
    assert theme.one_line("word " * 50, 200).endswith("...")
    assert theme.one_line("short", 200) == "short"
    wide = theme.text("an orange booksh", 15).get_width()
    assert theme.one_line("an orange bookshelf, a wonderful one", wide) == "an orange..."


def checksum(chunk):
    return struct.pack(">I", zlib.crc32(chunk))


def png(width, height, extra=b""):
    head = struct.pack(">4sIIBBBBB", b"IHDR", width, height, 8, 2, 0, 0, 0)
    data = struct.pack(">I4s", len(extra), b"IDAT") + extra
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + checksum(head) + data


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "it is not PNG"),
        (b"GIF89a" + bytes(40), "it is not PNG"),
        (png(100_000, 100_000), "at most 4096 px a side"),
        (png(10, 10, bytes(MAX_BYTES)), "larger than 4096 KiB"),
        (png(10, 10, bytes(40)), "cannot be read"),
    ],
)
def test_pictures_that_should_not_be_read_are_refused(surface, tmp_path, data, said):
    path = tmp_path / "picture.png"
    path.write_bytes(data)
    with pytest.raises(PictureError) as caught:
        picture_surface(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_missing_picture_is_named(tmp_path):
    with pytest.raises(PictureError, match=r"absent\.png: cannot be read"):
        picture_surface(tmp_path / "absent.png")


def test_pictures_are_cut_not_stretched(surface):
    picture = pygame.Surface((320, 192))
    picture.fill((255, 0, 0), (0, 0, 160, 192))
    picture.fill((0, 0, 255), (160, 0, 160, 192))
    tall = cover(picture, (50, 100))
    assert tall.get_size() == (50, 100)
    assert tall.get_at((2, 50))[0] > 250
    assert tall.get_at((47, 50))[2] > 250


def test_thumbnails_are_cut_once_and_round(surface, tmp_path):
    path = tmp_path / "picture.png"
    picture = pygame.Surface((320, 192))
    picture.fill((10, 200, 30))
    pygame.image.save(picture, path)
    thumbnails, theme = Thumbnails(), Theme((640, 400))
    cut = thumbnails.rounded(theme, path, (100, 60))
    assert cut.get_at((0, 0))[3] == 0
    assert cut.get_at((50, 30))[1] > 190
    assert cut.get_at((50, 30))[3] > 250
    assert thumbnails.rounded(theme, path, (100, 60)) is cut
    assert not thumbnails.refresh()
    picture.fill((200, 10, 30))
    pygame.image.save(picture, path)
    os.utime(path, ns=(1, 1))
    assert thumbnails.refresh()
    assert thumbnails.rounded(theme, path, (100, 60)).get_at((50, 30))[0] > 190, "the newest"
    shot = FreshPicture(np.full((192, 320, 3), 250, np.uint8))
    assert thumbnails.rounded(theme, shot, (100, 60)).get_at((50, 30))[2] > 240
    assert thumbnails.rounded(theme, None, (100, 60)) is not cut
