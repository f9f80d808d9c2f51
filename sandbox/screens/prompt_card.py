"""Draws the prompt box: text with words that change nothing in grey, what to write instead, chips.

One function draws everything onto a fresh surface and says where it can be clicked.
"""

import dataclasses
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pygame

from mag_sandbox.sandbox.ui.theme import ACCENT, FAINT, INK, MUTED, TRACK, Theme
from mag_sandbox.scenes.characters import cluster_end
from mag_sandbox.scenes.vocabulary import Word

WIDTH, MIN_WIDTH = 760, 240  # px of the reference window
ROWS = 3  # of text that are shown
TEXT, SMALL = 17, 13  # px
SELECTED = (*ACCENT, 90)
FIELD_MARGIN = (24, 12)  # px of the window around the text, both sides together
FIELD = (255, 255, 255, 16)
KEYS = "Enter: apply    Esc: close"
BUTTON = 30  # px of the reference window: height of a choice
LONGEST = 24  # characters measured and drawn at once; a longer word is broken
Measure = Callable[[str], int]  # text -> px


@dataclass(frozen=True, slots=True)
class TextPiece:
    """A stretch of the text on one row, with one look."""

    text: str
    start: int  # in the whole text
    row: int
    left: int  # px from the row's beginning
    width: int  # px

    @property
    def end(self) -> int:
        """Where it ends in the whole text."""
        return self.start + len(self.text)


def lay_out(
    text: str, marked: Sequence[tuple[int, int]], width: int, measure: Measure
) -> tuple[TextPiece, ...]:
    """Return the text in rows, broken between words where that is possible.

    Marked stretches, in order, are pieces of their own; a row is `width` wide [px].
    """
    edges = {edge for stretch in marked for edge in stretch}
    pieces: list[TextPiece] = []
    row, left = 0, 0
    for run in re.finditer(r"\s+|\S+", text):
        parts = [(place, part, measure(part)) for place, part in _parts(run, edges)]
        whole = sum(part_width for _, _, part_width in parts)
        if left and not run[0].isspace() and left + whole > width:
            row, left = row + 1, 0
        for place, part, part_width in parts:
            if left and left + part_width > width and (whole > width or left > width):
                row, left = row + 1, 0
            pieces.append(TextPiece(part, place, row, left, part_width))
            left += part_width
    return tuple(pieces)


def find_place(pieces: Sequence[TextPiece], place: int, measure: Measure) -> tuple[int, int]:
    """Return (row, px from its beginning) of the gap before a character of the text."""
    found = (0, 0)
    for piece in pieces:
        if piece.start <= place <= piece.end:
            found = piece.row, piece.left + measure(piece.text[: place - piece.start])
    return found


def find_character(pieces: Sequence[TextPiece], row: int, across: float, measure: Measure) -> int:
    """Return the gap between characters that lies nearest to a point of a row."""
    best, nearest = 0, float("inf")
    for piece in pieces:
        if piece.row != row:
            continue
        for place in _gaps(piece.text):
            distance = abs(piece.left + measure(piece.text[:place]) - across)
            if distance <= nearest:
                best, nearest = piece.start + place, distance
    return best


def _parts(run: re.Match[str], edges: set[int]) -> Iterator[tuple[int, str]]:
    """Cut a run of letters or blanks at the edges, and where it is too long."""
    text, offset, start = run[0], run.start(), 0
    end = 0
    while end < len(text):
        end = cluster_end(text, end)
        if end == len(text) or offset + end in edges or end - start >= LONGEST:
            yield offset + start, text[start:end]
            start = end


def _gaps(text: str) -> Iterator[int]:
    place = 0
    yield place
    while place < len(text):
        place = cluster_end(text, place)
        yield place


@dataclass(frozen=True, slots=True)
class PromptChoice:
    """A way to apply what is written, as a button and by Enter with a modifier."""

    keys: str  # for people: "Ctrl+Enter"
    words: str  # what it does
    mod: int  # of pygame's KMOD bits; 0: Enter alone
    apply: Callable[[str], object]


@dataclass(frozen=True, slots=True)
class PromptView:
    """What the prompt box says; equal views look the same."""

    title: str
    text: str
    cursor: int
    selection: tuple[int, int] = (0, 0)
    composition: str = ""  # shown at the cursor
    struck: tuple[Word, ...] = ()
    hints: tuple[tuple[Word, tuple[str, ...]], ...] = ()  # words, and what to write instead
    chips: tuple[str, ...] = ()
    choices: tuple[PromptChoice, ...] = ()
    notice: str = ""
    first_row: int = 0  # the first that is shown

    @property
    def shown_text(self) -> str:
        """The text as it would be with the composition."""
        return self.text[: self.cursor] + self.composition + self.text[self.cursor :]

    @property
    def shown_cursor(self) -> int:
        """The place of the cursor in it."""
        return self.cursor + len(self.composition)


@dataclass
class PromptCard:
    """A drawn prompt box; places are pixels on the card."""

    theme: Theme
    surface: pygame.Surface
    text_area: pygame.Rect
    cursor: pygame.Rect
    first_row: int
    chips: list[tuple[pygame.Rect, str]] = dataclasses.field(default_factory=list)
    hints: list[tuple[pygame.Rect, Word, str]] = dataclasses.field(default_factory=list)
    choices: list[tuple[pygame.Rect, PromptChoice]] = dataclasses.field(default_factory=list)
    pieces: tuple[TextPiece, ...] = ()
    row_height: int = 1

    @property
    def field(self) -> pygame.Rect:
        """Where a click puts the cursor."""
        return self.text_area.inflate(*FIELD_MARGIN)

    def character_at(self, place: tuple[int, int]) -> int:
        """Return the gap between two characters that is nearest to a point."""
        row = self.first_row + (place[1] - self.text_area.top) // self.row_height
        last = self.pieces[-1].row if self.pieces else 0
        across = place[0] - self.text_area.left
        return find_character(self.pieces, min(last, max(0, row)), across, _measure(self.theme))


def draw_prompt_card(theme: Theme, view: PromptView, room: int, *, hinting: bool) -> PromptCard:
    """Draw the prompt box in a window of `room` pixels; `hinting` leaves room for known words."""
    pad, measure = theme.px(20), _measure(theme)
    width = max(theme.px(MIN_WIDTH), min(theme.px(WIDTH), room - 2 * theme.px(14)))
    area = pygame.Rect(pad + theme.px(12), theme.px(54), width - 2 * pad - theme.px(24), 0)
    row_height = theme.line_height(TEXT) + (theme.line_height(SMALL) if hinting else 0)
    marks = [(word.start, word.end) for word in (*view.struck, *(w for w, _ in view.hints))]
    pieces = lay_out(view.shown_text, marks, area.width, measure)
    rows = pieces[-1].row + 1 if pieces else 1
    cursor_row, across = find_place(pieces, view.shown_cursor, measure)
    area.height = min(ROWS, rows) * row_height
    first_row = min(view.first_row, cursor_row, max(0, rows - ROWS))
    first_row = max(first_row, cursor_row - ROWS + 1)
    chip_top = area.bottom + theme.px(18)
    choice_top = chip_top + (theme.px(36) if hinting else 0)
    notice_top, buttons = _lay_choices(
        theme, view.choices, pygame.Rect(pad, choice_top, width - 2 * pad, 0)
    )
    height = notice_top + (theme.line_height(SMALL) + theme.px(10) if view.notice else 0)
    surface = theme.card((width, height + theme.px(4)), dense=True)
    cursor = pygame.Rect(
        area.left + min(across, area.width),
        area.top + (cursor_row - first_row) * row_height,
        max(2, theme.px(2)),
        theme.line_height(TEXT),
    )
    card = PromptCard(theme, surface, area, cursor, first_row, pieces=pieces, row_height=row_height)
    _draw_head(card, theme, view, pad)
    _draw_text(card, theme, view)
    if hinting:
        _draw_hints(card, theme, view.hints)
        _draw_chips(card, theme, view.chips, pad, chip_top)
    for rect, choice in buttons:
        _draw_choice(card, theme, rect, choice)
    if view.notice:
        place, room = (pad, notice_top), width - 2 * pad
        theme.write(surface, view.notice, SMALL, ACCENT, within=room, topleft=place)
    return card


def _lay_choices(
    theme: Theme, choices: Sequence[PromptChoice], area: pygame.Rect
) -> tuple[int, list[tuple[pygame.Rect, PromptChoice]]]:
    """Return where choices lie, in rows from the top of an area, and where what is below begins."""
    height, gap = theme.px(BUTTON), theme.px(8)
    left, top, buttons = area.left, area.top, []
    for choice in choices:
        across = sum(theme.text(text, SMALL).get_width() for text in (choice.keys, choice.words))
        across += theme.px(30)
        if left > area.left and left + across > area.right:
            left, top = area.left, top + height + gap
        buttons.append((pygame.Rect(left, top, across, height), choice))
        left += across + gap
    return (top + height + gap if choices else area.top), buttons


def _draw_choice(card: PromptCard, theme: Theme, rect: pygame.Rect, choice: PromptChoice) -> None:
    edge = FAINT if choice.mod else ACCENT
    card.surface.blit(theme.rounded(rect.size, FIELD, 8), rect)
    card.surface.blit(theme.rounded(rect.size, edge, 8, line=1.2), rect)
    keys = theme.write(
        card.surface, choice.keys, SMALL, MUTED, midleft=(rect.left + theme.px(11), rect.centery)
    )
    theme.write(card.surface, choice.words, SMALL, midleft=(keys.right + theme.px(8), rect.centery))
    card.choices.append((rect, choice))


def _draw_head(card: PromptCard, theme: Theme, view: PromptView, pad: int) -> None:
    title = theme.write(card.surface, view.title, 16, bold=True, topleft=(pad, theme.px(13)))
    keys = theme.text("Esc: close" if view.choices else KEYS, SMALL, MUTED)
    left = card.surface.get_width() - pad - keys.get_width()
    if left > title.right + theme.px(10):
        card.surface.blit(keys, (left, theme.px(15)))
    frame = card.field
    card.surface.blit(theme.rounded(frame.size, FIELD, 8), frame)
    card.surface.blit(theme.rounded(frame.size, TRACK, 8, line=1), frame)


def _draw_text(card: PromptCard, theme: Theme, view: PromptView) -> None:
    measure, line = _measure(theme), theme.line_height(TEXT)
    struck = {word.start for word in view.struck}
    ends = {word.start: word.end for word in view.struck}
    composed = range(view.cursor, view.shown_cursor)
    inside = 0  # the end of the struck word that is being drawn
    for piece in card.pieces:
        if piece.start in struck:
            inside = ends[piece.start]
        if not 0 <= piece.row - card.first_row < ROWS:
            continue
        rect = pygame.Rect(
            card.text_area.left + piece.left,
            card.text_area.top + (piece.row - card.first_row) * card.row_height,
            piece.width,
            line,
        )
        _draw_selection(card, theme, rect, piece, view.selection)
        is_struck = piece.start < inside and not piece.text.isspace()
        ink = FAINT if is_struck else INK
        theme.write(card.surface, piece.text, TEXT, ink, topleft=rect.topleft)
        if is_struck:
            bar = pygame.Rect(rect.left, rect.centery, rect.width, max(2, theme.px(2)))
            card.surface.fill(theme.colour(FAINT), bar.clip(card.text_area))
        if piece.start < composed.stop and piece.end > composed.start:
            start, end = (
                measure(piece.text[: max(0, edge - piece.start)])
                for edge in (composed.start, composed.stop)
            )
            under = pygame.Rect(rect.left + start, rect.bottom - 2, end - start, theme.px(1.5))
            card.surface.fill(theme.colour(ACCENT), under)


def _draw_selection(
    card: PromptCard, theme: Theme, rect: pygame.Rect, piece: TextPiece, selection: tuple[int, int]
) -> None:
    start, end = max(piece.start, selection[0]), min(piece.end, selection[1])
    if start >= end:
        return
    measure = _measure(theme)
    left = rect.left + measure(piece.text[: start - piece.start])
    width = measure(piece.text[start - piece.start : end - piece.start])
    veil = pygame.Surface((max(1, width), rect.height), pygame.SRCALPHA)
    veil.fill(SELECTED)
    card.surface.blit(veil, (left, rect.top), rect.clip(card.text_area).move(-left, -rect.top))


def _draw_hints(
    card: PromptCard, theme: Theme, hints: Sequence[tuple[Word, tuple[str, ...]]]
) -> None:
    """Write known words under unknown ones, as many as have room."""
    firsts = {piece.start: piece for piece in card.pieces}
    taken: dict[int, int] = {}  # row -> px that are used
    gap = theme.px(10)
    for word, instead in hints:
        piece = firsts.get(word.start)
        if piece is None or not 0 <= piece.row - card.first_row < ROWS:
            continue
        left = max(piece.left, taken.get(piece.row, 0))
        row_top = card.text_area.top + (piece.row - card.first_row) * card.row_height
        top = row_top + theme.line_height(TEXT) - theme.px(2)
        for place, known in enumerate(instead):
            text = theme.text(known, SMALL, ACCENT if place == 0 else MUTED)
            if left + text.get_width() > card.text_area.width:
                break
            rect = pygame.Rect((card.text_area.left + left, top), text.get_size())
            card.surface.blit(text, rect)
            card.hints.append((rect.inflate(theme.px(4), theme.px(4)), word, known))
            left += text.get_width() + gap
        taken[piece.row] = left + gap


def _draw_chips(card: PromptCard, theme: Theme, chips: Sequence[str], pad: int, top: int) -> None:
    height, gap = theme.px(26), theme.px(8)
    middle = top + height // 2
    told = "Tab: try" if chips else ""
    left = theme.write(card.surface, told, SMALL, MUTED, midleft=(pad, middle)).right + gap
    for place, phrase in enumerate(chips):
        text = theme.text(phrase, SMALL)
        rect = pygame.Rect(left, top, text.get_width() + theme.px(22), height)
        if rect.right > card.surface.get_width() - pad:
            continue
        card.surface.blit(theme.rounded(rect.size, FIELD, 13), rect)
        edge = ACCENT if place == 0 else FAINT
        card.surface.blit(theme.rounded(rect.size, edge, 13, line=1.2), rect)
        card.surface.blit(text, text.get_rect(center=rect.center))
        card.chips.append((rect, phrase))
        left = rect.right + gap


def _measure(theme: Theme) -> Measure:
    return lambda text: theme.text(text, TEXT).get_width() if text else 0
