"""A line of text is written as people expect, whatever they type, paste or compose."""

import pygame
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mag_sandbox.sandbox.ui import text_entry
from mag_sandbox.sandbox.ui.text_entry import MAX_HISTORY, History, TextEntry

PILOT = "👩‍🚀"
CTRL, SHIFT = pygame.KMOD_CTRL, pygame.KMOD_SHIFT
KEYS = [pygame.K_LEFT, pygame.K_RIGHT, pygame.K_HOME, pygame.K_END, pygame.K_BACKSPACE]
KEYS += [pygame.K_DELETE, pygame.K_UP, pygame.K_DOWN, pygame.K_a, pygame.K_v, pygame.K_x]


class PaperClip:
    """A clipboard of its own."""

    def __init__(self, text=""):
        self.text = text

    def read(self):
        return self.text

    def write(self, text):
        self.text = text


def press(entry, key, mod=0):
    return entry.handle(pygame.Event(pygame.KEYDOWN, key=key, mod=mod))


def type_in(entry, text):
    entry.handle(pygame.Event(pygame.TEXTINPUT, text=text))


@pytest.fixture
def entry():
    return TextEntry("a red tower", clipboard=PaperClip())


def test_typing_writes_at_the_cursor(entry):
    press(entry, pygame.K_HOME)
    type_in(entry, "near ")
    assert (entry.text, entry.cursor) == ("near a red tower", 5)


def test_the_cursor_jumps_over_words(entry):
    press(entry, pygame.K_LEFT, CTRL)
    assert entry.cursor == 6
    press(entry, pygame.K_LEFT, CTRL)
    assert entry.cursor == 2
    press(entry, pygame.K_RIGHT, CTRL)
    assert entry.cursor == 5
    press(entry, pygame.K_END)
    assert entry.cursor == 11


def test_erasing_takes_characters_words_or_the_selection(entry):
    press(entry, pygame.K_BACKSPACE)
    assert entry.text == "a red towe"
    press(entry, pygame.K_BACKSPACE, CTRL)
    assert entry.text == "a red "
    press(entry, pygame.K_HOME)
    press(entry, pygame.K_DELETE)
    assert entry.text == " red "
    press(entry, pygame.K_END, SHIFT)
    press(entry, pygame.K_DELETE)
    assert entry.text == ""
    press(entry, pygame.K_BACKSPACE)
    assert entry.text == ""


def test_emoji_of_several_characters_are_one_step(entry):
    entry.replace_all(f"a {PILOT}")
    press(entry, pygame.K_LEFT)
    assert entry.cursor == 2
    press(entry, pygame.K_DELETE)
    assert entry.text == "a "


def test_everything_can_be_selected_and_replaced(entry):
    press(entry, pygame.K_a, CTRL)
    assert entry.selection == (0, 11)
    type_in(entry, "snow")
    assert (entry.text, entry.cursor, entry.selection) == ("snow", 4, (4, 4))


def test_a_selection_collapses_to_the_side_one_goes(entry):
    press(entry, pygame.K_LEFT, SHIFT | CTRL)
    assert entry.selection == (6, 11)
    press(entry, pygame.K_LEFT)
    assert (entry.cursor, entry.selection) == (6, (6, 6))


def test_cut_copy_and_paste():
    clip = PaperClip()
    entry = TextEntry("a red tower", clipboard=clip)
    press(entry, pygame.K_LEFT, SHIFT | CTRL)
    press(entry, pygame.K_x, CTRL)
    assert (entry.text, clip.text) == ("a red ", "tower")
    press(entry, pygame.K_v, CTRL)
    press(entry, pygame.K_v, pygame.KMOD_META)
    assert entry.text == "a red towertower"


def test_what_is_pasted_is_cleaned():
    entry = TextEntry(clipboard=PaperClip("two\nlines\x00\x1b\u202e 🌵"))
    press(entry, pygame.K_v, CTRL)
    assert entry.text == "two lines 🌵"


def test_ten_thousand_characters_are_cut_and_that_is_said():
    entry = TextEntry("ab", most=1000, clipboard=PaperClip("x" * 10_000))
    press(entry, pygame.K_v, CTRL)
    assert len(entry.text) == 1000
    assert entry.notice == "too long by 9,002 characters; the rest is left out"
    press(entry, pygame.K_BACKSPACE)
    assert entry.notice == ""


def test_of_a_pasted_book_only_the_beginning_is_cleaned(monkeypatch):
    cleaned = []
    monkeypatch.setattr(text_entry, "clean", lambda text: cleaned.append(text) or text)
    entry = TextEntry(clipboard=PaperClip("x" * 10_000_000))
    press(entry, pygame.K_v, CTRL)
    assert max(map(len, cleaned)) <= 100_000
    assert entry.notice == "too long by 9,999,000 characters; the rest is left out"


def test_no_emoji_is_cut_in_two():
    assert TextEntry("x" * 8 + PILOT, most=10).text == "x" * 8


def test_a_composition_is_shown_and_then_settled(entry):
    entry.handle(pygame.Event(pygame.TEXTEDITING, text="ね", start=0, length=1))
    assert (entry.text, entry.composition) == ("a red tower", "ね")
    assert press(entry, pygame.K_BACKSPACE), "the key is the input method's"
    assert entry.text == "a red tower"
    type_in(entry, "猫")
    assert (entry.text, entry.composition) == ("a red tower猫", "")


def test_a_letter_of_alt_gr_is_no_shortcut(entry):
    assert not press(entry, pygame.K_a, CTRL | pygame.KMOD_ALT)
    assert entry.selection == (11, 11)


def test_keys_that_mean_nothing_here_are_left_to_others(entry):
    for key in (pygame.K_F5, pygame.K_ESCAPE, pygame.K_RETURN, pygame.K_TAB):
        assert not press(entry, key)
    assert not entry.handle(pygame.Event(pygame.KEYUP, key=pygame.K_a, mod=0))


def test_history_goes_back_and_returns_to_what_was_being_written():
    entry = TextEntry("dra", history=History(["a meadow", "a desert"]))
    type_in(entry, "ft")
    for expected in ("a desert", "a meadow", "a meadow"):
        press(entry, pygame.K_UP)
        assert entry.text == expected
    for expected in ("a desert", "draft", "draft"):
        press(entry, pygame.K_DOWN)
        assert entry.text == expected


def test_history_keeps_each_line_once_and_not_too_many():
    history = History(["a", "b"])
    history.add("a")
    assert history.lines == ["b", "a"]
    for number in range(2 * MAX_HISTORY):
        history.add(str(number))
    assert len(history.lines) == MAX_HISTORY
    assert history.lines[-1] == str(2 * MAX_HISTORY - 1)


@given(
    st.lists(
        st.one_of(
            st.text(st.characters(), max_size=12),
            st.tuples(st.sampled_from(KEYS), st.sampled_from([0, CTRL, SHIFT, CTRL | SHIFT])),
        ),
        max_size=20,
    )
)
def test_whatever_is_typed_the_text_stays_in_its_limits(actions):
    entry = TextEntry(most=30, history=History(["older 🌵", "x" * 90]), clipboard=PaperClip("p\0"))
    for action in actions:
        if isinstance(action, str):
            type_in(entry, action)
        else:
            press(entry, *action)
        assert len(entry.text) <= 30
        assert 0 <= entry.selection[0] <= entry.selection[1] <= len(entry.text)
        assert entry.cursor in entry.selection
        entry.text.encode()
        assert "\0" not in entry.text
