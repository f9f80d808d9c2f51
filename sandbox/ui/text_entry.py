"""One line of text being written: cursor, selection, composition, history. Draws nothing.

Takes pygame's key and text events, but knows no window; others draw it.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

import pygame

from mag_sandbox.scenes.characters import clean, cluster_end, cluster_start
from mag_sandbox.scenes.scene import MAX_PROMPT

MAX_HISTORY = 50  # lines
_MOST_READ = 50_000  # characters of one insertion: cleaning all of a pasted book stops the picture
SHORTCUT = pygame.KMOD_CTRL | pygame.KMOD_META
WORD_STEP = pygame.KMOD_CTRL | pygame.KMOD_ALT
MOVES = {pygame.K_LEFT: "left", pygame.K_RIGHT: "right", pygame.K_HOME: "home", pygame.K_END: "end"}


class History:
    """Lines written before; going back keeps the line that is being written.

    >>> history = History(["a meadow", "a desert"])
    >>> history.older("draft")
    'a desert'
    >>> history.newer()
    'draft'
    """

    def __init__(self, lines: Sequence[str] = ()) -> None:
        self.lines = list(lines)[-MAX_HISTORY:]  # oldest first
        self._back = 0  # how many lines back we are
        self._draft = ""

    def add(self, line: str) -> None:
        """Keep a line as the newest; the same line is kept once."""
        self.lines = [*(kept for kept in self.lines if kept != line), line][-MAX_HISTORY:]
        self.rest()

    def rest(self) -> None:
        """Return to the newest line."""
        self._back, self._draft = 0, ""

    def older(self, current: str) -> str | None:
        """Return the line before, None at the oldest."""
        if self._back == len(self.lines):
            return None
        if self._back == 0:
            self._draft = current
        self._back += 1
        return self.lines[-self._back]

    def newer(self) -> str | None:
        """Return the line after, at last the one being written; None when that is shown."""
        if self._back == 0:
            return None
        self._back -= 1
        return self.lines[-self._back] if self._back else self._draft


class TextEntry:
    """A line of text and a cursor in it.

    >>> entry = TextEntry("a meadow")
    >>> entry.text, entry.cursor, entry.notice
    ('a meadow', 8, '')
    """

    def __init__(
        self,
        text: str = "",
        *,
        most: int = MAX_PROMPT,
        history: History | None = None,
        clipboard: "Clipboard | None" = None,
    ) -> None:
        self.text = ""
        self.cursor = 0  # before this character
        self.mark = 0  # where the selection began; the cursor if there is none
        self.composition = ""  # unfinished text of an input method; shown at the cursor
        self.notice = ""  # a sentence about the last input, or nothing
        self.most = most  # characters
        self.history = history or History()
        self._clipboard = clipboard or Clipboard()
        self.replace_all(text)

    @property
    def selection(self) -> tuple[int, int]:
        """The selected stretch; empty at the cursor if nothing is selected."""
        return min(self.mark, self.cursor), max(self.mark, self.cursor)

    def handle(self, event: pygame.Event) -> bool:
        """Take an event; True if it was for the text."""
        if event.type == pygame.TEXTINPUT:
            self.composition = ""
            self.insert(event.text)
        elif event.type == pygame.TEXTEDITING:
            self.composition = clean(event.text)
        elif event.type == pygame.KEYDOWN:
            return self._key(event.key, event.mod)
        else:
            return False
        return True

    def insert(self, text: str) -> None:
        """Write at the cursor, in place of the selection; too much is cut, with a notice."""
        start, end = self.selection
        self.replace(start, end, text)

    def replace(self, start: int, end: int, text: str) -> None:
        """Put text in place of a stretch; the cursor follows it."""
        unread = max(0, len(text) - _MOST_READ)
        text, room = clean(text[:_MOST_READ]), self.most - (len(self.text) - (end - start))
        kept = text[: _whole(text, room)]
        self.notice = ""
        if over := len(text) + unread - len(kept):
            self.notice = f"too long by {over:,} characters; the rest is left out"
        self.text = self.text[:start] + kept + self.text[end:]
        self.cursor = self.mark = start + len(kept)

    def replace_all(self, text: str) -> None:
        """Write something else instead."""
        self.replace(0, len(self.text), text)

    def select_all(self) -> None:
        """Select the whole text."""
        self.mark, self.cursor = 0, len(self.text)

    def place_cursor(self, place: int, *, selecting: bool = False) -> None:
        """Move the cursor to a character, taking a selection along if asked."""
        self.cursor = min(len(self.text), max(0, place))
        if not selecting:
            self.mark = self.cursor

    def move(self, where: str, *, by_word: bool = False, selecting: bool = False) -> None:
        """Move the cursor left, right, home or end."""
        start, end = self.selection
        if start != end and not selecting and where in ("left", "right") and not by_word:
            self.place_cursor(start if where == "left" else end)
        else:
            self.place_cursor(self._target(where, by_word), selecting=selecting)

    def erase(self, where: str, *, by_word: bool = False) -> None:
        """Erase the selection, or else the character or word to the left or right."""
        start, end = self.selection
        if start == end:
            start, end = sorted((self.cursor, self._target(where, by_word)))
        self.replace(start, end, "")

    def _key(self, key: int, mod: int) -> bool:
        if self.composition:
            return key != pygame.K_ESCAPE  # the input method's
        shift, by_word = bool(mod & pygame.KMOD_SHIFT), bool(mod & WORD_STEP)
        if key in MOVES:
            self.move(MOVES[key], by_word=by_word, selecting=shift)
        elif key == pygame.K_BACKSPACE:
            self.erase("left", by_word=by_word)
        elif key == pygame.K_DELETE:
            self.erase("right", by_word=by_word)
        elif key == pygame.K_UP:
            self._recall(self.history.older(self.text))
        elif key == pygame.K_DOWN:
            self._recall(self.history.newer())
        elif mod & SHORTCUT and not mod & pygame.KMOD_ALT:  # with Alt it is a letter: AltGr
            return self._shortcut(key)
        else:
            return False
        return True

    def _shortcut(self, key: int) -> bool:
        start, end = self.selection
        if key == pygame.K_a:
            self.select_all()
        elif key == pygame.K_v:
            self.insert(self._clipboard.read())
        elif key in (pygame.K_c, pygame.K_x) and start != end:
            self._clipboard.write(self.text[start:end])
            if key == pygame.K_x:
                self.insert("")
        else:
            return False
        return True

    def _recall(self, line: str | None) -> None:
        if line is not None:
            self.replace_all(line)

    def _target(self, where: str, by_word: bool) -> int:
        if where == "home":
            return 0
        if where == "end":
            return len(self.text)
        if by_word:
            return self._word_target(where)
        if where == "left":
            return cluster_start(self.text, self.cursor) if self.cursor else 0
        at_end = self.cursor == len(self.text)
        return self.cursor if at_end else cluster_end(self.text, self.cursor)

    def _word_target(self, where: str) -> int:
        if where == "left":
            before = self.text[: self.cursor].rstrip()
            return before.rfind(" ") + 1
        after = self.text[self.cursor :]
        blank = after.lstrip().find(" ")
        skipped = len(after) - len(after.lstrip())
        return len(self.text) if blank < 0 else self.cursor + skipped + blank


class Clipboard:
    """The system's clipboard; where there is none, text copied in this program."""

    def __init__(self) -> None:
        self._own = ""

    def read(self) -> str:
        """Return the text on it, "" if there is none."""
        return _or_else(pygame.scrap.get_text, self._own) or self._own

    def write(self, text: str) -> None:
        """Put text on it."""
        self._own = text
        _or_else(lambda: pygame.scrap.put_text(text), None)


Value = TypeVar("Value")


def _or_else(call: Callable[[], Value], otherwise: Value) -> Value:
    try:
        return call()
    except (pygame.error, UnicodeError):  # no clipboard here, or no text on it
        return otherwise


def _whole(text: str, room: int) -> int:
    """Return how many code points fit without splitting a visible character."""
    if len(text) <= room:
        return len(text)
    place = 0
    while place < room and cluster_end(text, place) <= room:
        place = cluster_end(text, place)
    return place
