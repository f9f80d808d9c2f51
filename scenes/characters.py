"""Typed text, character by character: cleaned, and cut only between visible characters."""

import unicodedata

JOINER = "\u200d"  # glues emoji into one
INVISIBLE_BUT_MEANT = (JOINER, "\u200c", "\ufe0f", "\ufe0e")  # kinds of emoji and of ligatures
_SKIN = range(0x1F3FB, 0x1F400)
_FLAG_LETTERS = range(0x1F1E6, 0x1F200)
_MOST_MARKS = 30  # in a row, as in Unicode's stream-safe format: more are sorted in quadratic time


def clean(text: str) -> str:
    """Return one line of text: line breaks and tabs are spaces, control characters are gone.

    Characters that change the direction of writing, lone surrogates and private characters are
    removed, too: they are invisible, or hide other text. Emoji stay. Of more than 30 marks on one
    letter, the rest is removed.
    """
    kept, marks = [], 0
    for letter in filter(None, map(_cleaned, text)):
        for part in unicodedata.normalize("NFD", letter):
            marks = marks + 1 if unicodedata.combining(part) else 0
            if marks <= _MOST_MARKS:
                kept.append(part)
    return unicodedata.normalize("NFC", "".join(kept))


def cluster_end(text: str, start: int) -> int:
    """Return where the character that begins at `start` ends, as people count characters."""
    end = start + 1
    if end < len(text) and _is_flag(text[start]) and _is_flag(text[end]):
        end += 1
    while end < len(text) and (_extends(text[end]) or text[end - 1] == JOINER):
        end += 1
    return min(end, len(text))


def cluster_start(text: str, end: int) -> int:
    """Return where the character before `end` begins, as people count characters."""
    start = max(0, end - 1)
    while start > 0 and (_extends(text[start]) or text[start - 1] == JOINER):
        start -= 1
    flags = 0
    while flags < start + 1 and _is_flag(text[start - flags]):
        flags += 1
    return start - 1 if flags and flags % 2 == 0 else start


def _cleaned(letter: str) -> str:
    if letter in INVISIBLE_BUT_MEANT:
        return letter
    if letter in "\t\n\r\v\f\x85\u2028\u2029":
        return " "
    return "" if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co") else letter


def _extends(letter: str) -> bool:
    return (
        letter == JOINER
        or unicodedata.category(letter) in ("Mn", "Me", "Mc")
        or ord(letter) in _SKIN
    )


def _is_flag(letter: str) -> bool:
    return ord(letter) in _FLAG_LETTERS
