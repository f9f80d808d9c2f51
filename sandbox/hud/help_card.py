"""Draws the help: every control by group, in as many columns as the window has room for."""

from collections.abc import Iterator

import pygame

from mag_sandbox.controls.bindings import POINTING_GROUP, Bindings
from mag_sandbox.controls.keys import is_pad, key_title
from mag_sandbox.sandbox.ui.theme import ACCENT, INK, MUTED, Theme

TITLE = "Controls"
COLUMN = 372  # px of the reference window
MAX_COLUMNS = 3
KEYS = 116  # px of the reference window for the keys
TEXT = 14  # px
MAX_KEYS = 2  # of a row; the documentation has them all
Row = tuple[str, str, str]  # keys, what they do, buttons; a group is a row with a title only


def help_card(theme: Theme, bindings: Bindings, window_size: tuple[int, int]) -> pygame.Surface:
    """Draw all controls."""
    pad, gap, head = theme.px(20), theme.px(20), theme.px(52)
    room = window_size[0] - theme.px(20) - 2 * pad + gap
    count = max(1, min(MAX_COLUMNS, round(room / theme.px(COLUMN + 20))))
    width = min(theme.px(COLUMN), room // count - gap)
    columns = _columns(list(_rows(bindings)), count)
    longest = max(len(column) for column in columns)
    line = min(
        theme.line_height(TEXT) + theme.px(3), (window_size[1] - head - pad) // max(1, longest)
    )
    size = 2 * pad + count * (width + gap) - gap, head + longest * line + theme.px(12)
    card = theme.card(size, dense=True)
    card.blit(theme.text(TITLE, 20, bold=True), (pad, theme.px(16)))
    hint = f"{bindings.title('help')}: close" if bindings.title("help") else ""
    close = theme.text(hint, TEXT, MUTED)
    card.blit(close, (size[0] - pad - close.get_width(), theme.px(20)))
    for place, column in enumerate(columns):
        for number, row in enumerate(column):
            left, top = pad + place * (width + gap), head + number * line
            _draw_row(card, theme, row, pygame.Rect(left, top, width, line))
    return card


def _rows(bindings: Bindings) -> Iterator[Row | None]:
    """All rows; None stands between two groups."""
    for group, rows in bindings.groups():
        yield (group, "", "")
        for row in rows:
            keys = [key_title(key) for key in row.keys if not is_pad(key)]
            pads = [key_title(key) for key in row.keys if is_pad(key)]
            yield " / ".join(keys[:MAX_KEYS]), row.help, " / ".join(pads[:MAX_KEYS])
        if group == POINTING_GROUP:
            yield from ((one.mouse, one.help, one.pad) for one in bindings.pointing)
        yield None


def _columns(rows: list[Row | None], count: int) -> list[list[Row | None]]:
    """Deal the rows out in order; no column begins with a gap or ends with a group's title."""
    height = -(-len(rows) // count)
    columns: list[list[Row | None]] = [[]]
    for place, row in enumerate(rows):
        following = rows[place + 1 : place + 3]
        is_title = row is not None and not row[1]
        full = len(columns[-1]) + (len(following) if is_title else 0) >= height
        if full and len(columns) < count and (is_title or row is None):
            columns.append([])
        if row is not None or columns[-1]:
            columns[-1].append(row)
    return columns


def _draw_row(card: pygame.Surface, theme: Theme, row: Row | None, rect: pygame.Rect) -> None:
    if row is None:
        return
    keys, text, pad = row
    middle = rect.centery
    if not text:
        theme.write(card, keys, TEXT, bold=True, midleft=(rect.left, middle))
        return
    left = rect.left + min(theme.px(KEYS), rect.width // 3)
    theme.write(card, keys or pad, TEXT, ACCENT, midleft=(rect.left, middle))
    said = theme.one_line(text, rect.right - left, TEXT)
    words = theme.write(card, said, TEXT, INK, midleft=(left, middle))
    button = theme.text(pad if keys else "", 12, MUTED)
    if words.right + theme.px(8) + button.get_width() <= rect.right:
        card.blit(button, button.get_rect(midright=(rect.right, middle)))
