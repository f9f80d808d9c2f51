"""Draws the prompt box: text with ineffective words in grey, replacements, chips.

One function draws everything onto a fresh surface and says where it can be clicked.
"""

import dataclasses
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pygame

from mag_sandbox.files.validation import capitalized
from mag_sandbox.sandbox.ui.layout import (
    SPRING,
    Card,
    CustomPart,
    Flow,
    NamedPart,
    Part,
    Places,
    Plate,
    Text,
    column,
    row,
)
from mag_sandbox.sandbox.ui.theme import ACCENT, FAINT, INK, MUTED, TRACK, Theme
from mag_sandbox.sandbox.ui.widgets import ScrollArea
from mag_sandbox.scenes.characters import cluster_end
from mag_sandbox.scenes.vocabulary import Word

WIDTH, MIN_WIDTH = 760, 240  # px of the reference window
ROWS = 6  # of text that are shown at once
TEXT, SMALL = 17, 13  # px
SELECTED = (*ACCENT, 90)
PAD, FIELD_PAD = 20, (12, 6)  # px of the reference window: of the card, around the text
FIELD = (255, 255, 255, 16)
NOTICE_LINES = 6  # the longest notice is read whole in a window of the usual size
BUTTON = 24  # px of the reference window: height of a button
NEW_AREAS = "new areas only; this view stays"  # the choice by which these follow the text
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
        """The end of the piece in the whole text."""
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


def sentences(notice: str) -> str:
    """Return the parts of a notice, which semicolons divide, as whole sentences.

    >>> sentences("it is set in a snowfield; crossed-out words have no effect here")
    'It is set in a snowfield. Crossed-out words have no effect here.'
    """
    parts = (part.strip().rstrip(".") for part in notice.split("; "))
    return " ".join(f"{capitalized(part)}." for part in parts if part)


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
    """A way to apply the text, as a button and by Enter with a modifier."""

    keys: str  # for people: "Ctrl+Enter"
    words: str  # its effect; "": it has none, and no button
    mod: int  # of pygame's KMOD bits; 0: Enter alone
    apply: Callable[[str], object]
    title: str = ""  # of the box, if this is what Enter does; "": its usual one
    puts: bool = False  # whether it puts one thing where the player looks, and describes nothing


@dataclass(frozen=True, slots=True)
class PromptView:
    """The contents of the prompt box; equal views look the same."""

    title: str
    text: str
    cursor: int
    selection: tuple[int, int] = (0, 0)
    composition: str = ""  # shown at the cursor
    struck: tuple[Word, ...] = ()
    hints: tuple[tuple[Word, tuple[str, ...]], ...] = ()  # words, and replacements for them
    chips: tuple[str, ...] = ()
    choices: tuple[PromptChoice, ...] = ()
    notice: str = ""
    first_row: int = 0  # the first that is shown
    follows: bool = True  # the cursor stays in sight
    enter: str = "apply"  # what Enter does if there are no choices

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
    places: Places  # "field", "text", "apply", "close"; chips and choices by their number
    view: PromptView
    first_row: int
    cursor_row: int
    across: int  # px of the cursor from its row's beginning
    pieces: tuple[TextPiece, ...]
    row_height: int
    hints: list[tuple[pygame.Rect, Word, str]] = dataclasses.field(default_factory=list)

    @property
    def text_area(self) -> pygame.Rect:
        """The area of the rows of text."""
        return self.places["text"]

    @property
    def cursor(self) -> pygame.Rect:
        """The area of the cursor; empty: it is scrolled away."""
        area, theme = self.text_area, self.theme
        top = area.top + (self.cursor_row - self.first_row) * self.row_height
        left = area.left + min(self.across, area.width)
        cursor = pygame.Rect(left, top, max(2, theme.px(2)), theme.line_height(TEXT))
        return cursor if area.top <= top < area.bottom else pygame.Rect(cursor.topleft, (0, 0))

    def pointed(self, place: tuple[int, int]) -> str | None:
        """Return the name of the item at a place: a chip, a choice, or the field."""
        found = (name for name, area in self.places.items() if area.collidepoint(place))
        return next((name for name in found if name != "text"), None)

    def character_at(self, place: tuple[int, int]) -> int:
        """Return the gap between two characters that is nearest to a point."""
        row = self.first_row + (place[1] - self.text_area.top) // self.row_height
        last = self.pieces[-1].row if self.pieces else 0
        across = place[0] - self.text_area.left
        return find_character(self.pieces, min(last, max(0, row)), across, _measure(self.theme))

    def line(self, piece: TextPiece) -> pygame.Rect | None:
        """Return where a piece of text is shown; None: it is scrolled away."""
        row = piece.row - self.first_row
        if not 0 <= row < ROWS:
            return None
        corner = self.text_area.left + piece.left, self.text_area.top + row * self.row_height
        return pygame.Rect(corner, (piece.width, self.theme.line_height(TEXT)))


def draw_prompt_card(theme: Theme, view: PromptView, room: int, *, hinting: bool) -> PromptCard:
    """Draw the prompt box in a window of `room` pixels; `hinting`: with phrases to try.

    Lines of text stand apart only where known words are written below some.
    """
    measure = _measure(theme)
    width = max(theme.px(MIN_WIDTH), min(theme.px(WIDTH), room - 2 * theme.px(14)))
    text_width = width - 2 * theme.px(PAD) - 2 * theme.px(FIELD_PAD[0])
    has_hints = any(instead for _, instead in view.hints)
    row_height = theme.line_height(TEXT) + (theme.line_height(SMALL) if has_hints else 0)
    marks = [(word.start, word.end) for word in (*view.struck, *(w for w, _ in view.hints))]
    pieces = lay_out(view.shown_text, marks, text_width, measure)
    rows = pieces[-1].row + 1 if pieces else 1
    cursor_row, across = find_place(pieces, view.shown_cursor, measure)
    first_row = max(0, min(view.first_row, rows - ROWS))
    if view.follows:
        first_row = min(max(first_row, cursor_row - ROWS + 1), cursor_row)
    text = NamedPart("text", CustomPart(0, min(ROWS, rows) * row_height / theme.scale))
    card = Card(_content(view, text, hinting=hinting), pad=(PAD, 13))
    surface, places = card.drawn(theme, width)
    drawn = PromptCard(
        theme, surface, places, view, first_row, cursor_row, across, pieces, row_height
    )
    _draw_text(drawn)
    way = ScrollArea()
    way.resize(ROWS, rows)
    way.glide.jump(first_row)
    way.draw_bar(surface, theme, places["field"])
    if hinting:
        _draw_hints(drawn)
    return drawn


def _content(view: PromptView, text: Part, *, hinting: bool) -> Part:
    close = NamedPart("close", _chip(_key_words("Esc", "close"), FAINT, 8))
    apply = NamedPart("apply", _chip(_key_words("Enter", view.enter), ACCENT, 8))
    keys = (close,) if view.choices else (apply, close)
    field = NamedPart("field", Plate(text, FIELD_PAD, FIELD, (TRACK, 1)))
    chips = [
        NamedPart(f"chip {place}", _chip(Text(phrase, SMALL), FAINT if place else ACCENT, 13))
        for place, phrase in enumerate(view.chips)
    ]
    tries = [Text("Tab: try", SMALL, MUTED), *chips] if chips else [Text("", SMALL)]
    edges = (FAINT if one.mod else ACCENT for one in view.choices)
    choices = tuple(
        NamedPart(f"choice {place}", _chip(_key_words(one.keys, one.words), edge, 8))
        for place, (one, edge) in enumerate(zip(view.choices, edges, strict=True))
        if one.words
    )
    return column(
        row(Text(view.title, 16, bold=True), SPRING, row(*keys, gap=8, drops=True)),
        field,
        # the parts below stay where they are: the box grows upwards
        Text(sentences(view.notice), SMALL, ACCENT, lines=NOTICE_LINES) if view.notice else None,
        row(CustomPart(0.1, 26), row(*tries, gap=8, drops=True), gap=0) if hinting else None,
        Flow(choices) if choices else CustomPart(0.1, BUTTON) if view.choices else None,
        gap=12,
    )


def _chip(words: Part, edge: tuple[int, ...], radius: float) -> Plate:
    return Plate(words, (11, 5), FIELD, (edge, 1.2), radius)


def _key_words(keys: str, words: str) -> Part:
    return row(Text(keys, SMALL, MUTED), Text(words, SMALL), gap=8)


def _draw_text(card: PromptCard) -> None:
    theme, view, measure = card.theme, card.view, _measure(card.theme)
    ends = {word.start: word.end for word in view.struck}
    composed = range(view.cursor, view.shown_cursor)
    inside = 0  # the end of the struck word that is being drawn
    for piece in card.pieces:
        inside = ends.get(piece.start, inside)
        line = card.line(piece)
        if line is None:
            continue
        if selected := _stretch(line, piece, *view.selection, measure):
            veil = pygame.Surface(selected.size, pygame.SRCALPHA)
            veil.fill(SELECTED)
            seen = selected.clip(card.text_area)
            card.surface.blit(veil, seen, seen.move(-selected.left, -selected.top))
        is_struck = piece.start < inside and not piece.text.isspace()
        ink = FAINT if is_struck else INK
        theme.write(card.surface, piece.text, TEXT, ink, topleft=line.topleft)
        if is_struck:
            bar = pygame.Rect(line.left, line.centery, line.width, max(2, theme.px(2)))
            card.surface.fill(theme.colour(FAINT), bar.clip(card.text_area))
        if under := _stretch(line, piece, composed.start, composed.stop, measure):
            under.top, under.height = line.bottom - 2, theme.px(1.5)
            card.surface.fill(theme.colour(ACCENT), under)


def _stretch(
    line: pygame.Rect, piece: TextPiece, start: int, end: int, measure: Measure
) -> pygame.Rect | None:
    """Return where a stretch of the whole text lies on the line of a piece, if it does."""
    start, end = max(piece.start, start), min(piece.end, end)
    if start >= end:
        return None
    left, right = (measure(piece.text[: edge - piece.start]) for edge in (start, end))
    return pygame.Rect(line.left + left, line.top, max(1, right - left), line.height)


def _draw_hints(card: PromptCard) -> None:
    """Write known words under unknown ones, as many as have room."""
    theme, area = card.theme, card.text_area
    firsts = {piece.start: piece for piece in card.pieces}
    taken: dict[int, int] = {}  # top of a line -> px that are used
    for word, instead in card.view.hints:
        piece = firsts.get(word.start)
        line = card.line(piece) if piece else None
        if line is None:
            continue
        left = max(line.left, taken.get(line.top, 0))
        for place, known in enumerate(instead):
            text = theme.text(known, SMALL, MUTED if place else ACCENT)
            if left + text.get_width() > area.right:
                break
            rect = card.surface.blit(text, (left, line.bottom - theme.px(2)))
            card.hints.append((rect.inflate(theme.px(4), theme.px(4)), word, known))
            left = rect.right + theme.px(10)
        taken[line.top] = left + theme.px(10)


def _measure(theme: Theme) -> Measure:
    return lambda text: theme.text(text, TEXT).get_width() if text else 0
