"""Parts measure themselves and share the room there is; a card is drawn again when it differs."""

import numpy as np
import pygame
import pytest

from mag_sandbox.sandbox.ui.display import window
from mag_sandbox.sandbox.ui.layout import (
    SPRING,
    CachedCard,
    Card,
    CustomPart,
    Flow,
    NamedPart,
    PicturePart,
    Plate,
    Text,
    column,
    draw,
    height_of,
    row,
    widths,
)
from mag_sandbox.sandbox.ui.theme import Theme

SIZE = (1280, 720)  # one px of the reference window is one of this one


@pytest.fixture
def surface():
    with window(SIZE, "test") as surface:
        yield surface


@pytest.fixture
def theme(surface):
    return Theme(surface.get_size())


def box(name, width, height=10):
    return NamedPart(name, CustomPart(width, height))


def test_a_spring_pushes_what_follows_to_the_right_and_lower_parts_are_centred(theme, surface):
    area = pygame.Rect(10, 20, 200, 30)
    places = draw(theme, surface, row(box("a", 30, 30), SPRING, box("b", 50, 10)), area)
    assert places["a"] == (10, 20, 30, 30)
    assert places["b"] == (160, 30, 50, 10)


def test_what_takes_all_there_is_shares_it_evenly(theme, surface):
    area = pygame.Rect(0, 0, 110, 10)
    places = draw(theme, surface, row(box("a", 0), box("b", 10), box("c", 0), gap=0), area)
    assert [place.width for place in places.values()] == [50, 10, 50]


def test_a_row_leaves_out_the_last_parts_that_do_not_fit(theme, surface):
    parts = row(box("a", 40), box("b", 40), box("c", 40), drops=True)
    assert list(draw(theme, surface, parts, pygame.Rect(0, 0, 95, 10))) == ["a", "b"]
    assert widths(theme, parts) == (0, 140)


def test_a_flow_goes_on_below(theme, surface):
    parts = Flow((box("a", 60), box("b", 60), box("c", 60)))
    places = draw(theme, surface, parts, pygame.Rect(0, 0, 130, 100))
    assert [place.topleft for place in places.values()] == [(0, 0), (68, 0), (0, 18)]
    assert height_of(theme, parts, 130) == 28


def test_a_column_is_as_wide_as_its_widest_part_and_may_be_centred(theme, surface):
    parts = column(box("a", 40), box("b", 80), gap=5, align=0.5)
    places = draw(theme, surface, parts, pygame.Rect(0, 0, 100, 100))
    assert (places["a"].left, places["b"].left, places["b"].top) == (30, 10, 15)
    assert widths(theme, parts) == (80, 80)
    assert height_of(theme, parts, 100) == 25


def test_words_are_cut_or_wrapped_to_their_room(theme):
    words = "many words that do not fit into a narrow place"
    whole = widths(theme, Text(words))[0]
    assert widths(theme, Text(words, lines=1)) == (0, whole)
    line = height_of(theme, Text(words, lines=3), whole)
    assert height_of(theme, Text(words, lines=3), whole // 2 + 30) == 2 * line
    assert height_of(theme, Text(words, lines=3), 60) == 3 * line


def test_centred_lines_are_about_equally_long(theme, monkeypatch, surface):
    words = "A library with a red armchair and a globe"
    width = widths(theme, Text(words))[0] - 3
    assert theme.wrap(words, width, 2) == ["A library with a red armchair and a", "globe"]
    drawn, text = [], type(theme).text
    monkeypatch.setattr(
        type(theme), "text", lambda self, line, *how, **more: (
            drawn.append(line), text(self, line, *how, **more)
        )[1],
    )  # fmt: skip
    draw(theme, surface, Text(words, lines=2, centred=True), pygame.Rect(0, 0, width, 90))
    assert " ".join(drawn) == words
    first, second = (len(line) for line in drawn)
    assert abs(first - second) < 8


def test_bold_words_are_bold_on_several_lines_too(theme, surface):
    words, width = "some words that are long " * 3, 200
    bold, thin = Text(words, lines=9, bold=True), Text(words, lines=9)
    assert max(theme.text(line, bold=True).get_width() for line in
               theme.wrap(words, width, 9, bold=True)) <= width  # fmt: skip
    ink = []
    for one in (bold, thin):
        surface.fill((0, 0, 0))
        draw(theme, surface, one, pygame.Rect(0, 0, width, 300))
        ink.append(pygame.surfarray.array3d(surface).mean())
    assert ink[0] > ink[1]


def test_a_plate_has_room_around_its_part(theme, surface):
    plate = NamedPart("plate", Plate(box("inside", 40), (6, 4)))
    places = draw(theme, surface, row(plate), pygame.Rect(0, 0, 100, 18))
    assert places["plate"] == (0, 0, 52, 18)
    assert places["inside"] == (6, 4, 40, 10)


def test_a_card_is_drawn_again_only_when_it_says_something_else(theme):
    cached = CachedCard()
    card = cached(theme, Card(row(Text("one"), box("mark", 9))))
    assert cached(theme, Card(row(Text("one"), box("mark", 9)))) is card
    assert cached.places["mark"].width == 9
    for other in (
        Card(row(Text("two"), box("mark", 9))),
        Card(row(Text("one", bold=True), box("mark", 9))),
        Card(row(Text("one"), box("mark", 9)), width=300),
    ):
        assert cached(theme, other) is not card
    assert cached(Theme((640, 400)), other).get_width() < 300


def test_pictures_are_compared_as_objects(theme):
    pixels = np.zeros((6, 10, 3), np.uint8)
    cached = CachedCard()
    card = cached(theme, Card(PicturePart(pixels, 50)))
    assert cached(theme, Card(PicturePart(pixels, 50))) is card
    assert cached(theme, Card(PicturePart(pixels.copy(), 50))) is not card


def test_nested_parts_are_measured_once(theme, monkeypatch):
    measured = []
    text = type(theme).text
    monkeypatch.setattr(
        type(theme),
        "text",
        lambda self, words, *a, **k: measured.append(words) or text(self, words, *a, **k),
    )
    part = Text("word")
    for _ in range(6):
        part = row(column(part), gap=0)
    Card(part).drawn(theme)
    assert measured.count("word") <= 2, "its width, and its picture"
