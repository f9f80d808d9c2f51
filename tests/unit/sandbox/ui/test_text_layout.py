"""Text is broken into rows without losing a character, and clicks find their character."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mag_sandbox.sandbox.screens.prompt_card import find_character, find_place, lay_out

WIDTH = 100  # px, 10 a character


def measure(text):
    return 10 * len(text)


def rows(text, marked=()):
    pieces = lay_out(text, marked, WIDTH, measure)
    return [
        "".join(piece.text for piece in pieces if piece.row == row)
        for row in range(pieces[-1].row + 1)
    ]


def test_rows_are_broken_between_words():
    assert rows("one two three four") == ["one two ", "three four"]


def test_a_word_that_is_too_long_is_broken():
    assert len(rows("x" * 60)) > 1
    assert rows("ab " + "x" * 60)[0] == "ab "


def test_marked_words_are_pieces_of_their_own():
    pieces = lay_out("a zeppelin, red", [(2, 10)], 1000, measure)
    assert [piece.text for piece in pieces] == ["a", " ", "zeppelin", ",", " ", "red"]


def test_the_cursor_is_found_on_its_row():
    pieces = lay_out("one two three four", (), WIDTH, measure)
    assert find_place(pieces, 4, measure) == (0, 40)
    assert find_place(pieces, 8, measure) == (1, 0)
    assert find_place(pieces, 18, measure) == (1, 100)
    assert find_place((), 0, measure) == (0, 0)


@pytest.mark.parametrize(("across", "place"), [(-5, 8), (12, 9), (500, 18)])
def test_a_click_finds_the_nearest_gap(across, place):
    pieces = lay_out("one two three four", (), WIDTH, measure)
    assert find_character(pieces, 1, across, measure) == place


@given(st.text(st.sampled_from("ab 🌵👩\u200d🚀"), max_size=200))
def test_no_character_is_lost_and_no_letter_leaves_its_row(text):
    pieces = lay_out(text, (), 400, measure)
    assert "".join(piece.text for piece in pieces) == text
    for piece in pieces:
        if not piece.text.isspace() and len(piece.text) <= 24:
            assert piece.left + piece.width <= 400
