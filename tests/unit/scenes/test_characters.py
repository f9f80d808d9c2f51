"""Text is cleaned of what shows nothing, and cut only between characters as people see them."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mag_sandbox.scenes.characters import clean, cluster_end, cluster_start

PILOT, THUMB, FLAGS, FAMILY = "👩‍🚀", "👍🏽", "🇫🇷🇯🇵", "👨‍👩‍👧"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("two\nlines\tand a tab\r", "two lines and a tab "),
        ("bell\a, escape\x1b[31m and nothing\0", "bell, escape[31m and nothing"),
        ("\u202eback to front", "back to front"),
        ("half a character \ud83c", "half a character "),
        ("cafe\u0301", "café"),
        (f"{PILOT} {THUMB} {FAMILY}", f"{PILOT} {THUMB} {FAMILY}"),
        ("", ""),
    ],
)
def test_control_characters_go_and_emoji_stay(typed, kept):
    assert clean(typed) == kept


def test_of_more_than_thirty_marks_on_a_letter_the_rest_goes_at_once():
    """Python sorts them in quadratic time: a million would take hours."""
    marks = "\u0316\u0301"
    assert clean(f"e{marks * 500_000}x") == clean(f"e{marks * 15}x")
    twice = "\u0344"  # stands for two
    assert clean(twice * 500_000) == clean(twice * 15) == clean(clean(twice * 16))


@given(st.text(st.characters(), max_size=60))
def test_clean_text_can_be_stored_and_is_one_line(text):
    cleaned = clean(text)
    cleaned.encode()
    assert not any(unicodedata.category(letter) in ("Cc", "Cs") for letter in cleaned)
    assert clean(cleaned) == cleaned
    assert len(cleaned.splitlines()) <= 1


@pytest.mark.parametrize("whole", ["a", PILOT, THUMB, FAMILY, "é", "e\u0301", "🇫🇷"])
def test_a_character_of_several_parts_is_stepped_over_at_once(whole):
    text = f"x{whole}y"
    assert cluster_end(text, 1) == 1 + len(whole)
    assert cluster_start(text, 1 + len(whole)) == 1


def test_two_flags_are_two_characters():
    assert cluster_end(FLAGS, 0) == 2
    assert cluster_start(FLAGS, 4) == 2
    assert cluster_start(FLAGS, 2) == 0


@given(st.text(st.sampled_from("ae \u0301\u200d👩🚀🏽🇫🇷🇯"), min_size=1, max_size=12))
def test_steps_always_move_and_stay_inside(text):
    place = 0
    while place < len(text):
        assert place < cluster_end(text, place) <= len(text)
        place = cluster_end(text, place)
    while place > 0:
        assert 0 <= cluster_start(text, place) < place
        place = cluster_start(text, place)
