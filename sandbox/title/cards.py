"""How the title screen looks: where everything goes in a window, and how it is drawn.

Knows the list and the focus; the screen acts on them.
"""

import functools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import pygame

from mag_sandbox.files.validation import capitalized
from mag_sandbox.sandbox.title.model import Shelf, TitleCard
from mag_sandbox.sandbox.ui.layout import (
    SPRING,
    Card,
    ColumnPart,
    RowPart,
    Text,
    column,
    draw,
    height_of,
    row,
    width_of,
)
from mag_sandbox.sandbox.ui.theme import ACCENT, BACKDROP, BAD, FAINT, INK, MUTED, Theme
from mag_sandbox.sandbox.ui.thumbnails import PictureSource, Thumbnails
from mag_sandbox.sandbox.ui.widgets import Button, Glide, draw_ring, named_buttons

NAME = "MAG sandbox"
SAYING = "worlds that remember"
HEADER = (Button("Describe a place of your own", "T"), Button("Settings"), Button("Quit"))
WRITE, SETTINGS, QUIT = range(3)  # places in the header
ABOUT = {  # the large words while the header has the focus
    WRITE: ("A world of your own", "Write a sentence: a place, its colours, a few things in it."),
    SETTINGS: ("Settings", "Display, mouse, sound, text size, and all the keys."),
    QUIT: ("Quit", "Places you left wait here until you come back."),
}
LONG_TITLE = 40  # characters; longer ones take two lines of smaller letters
_CUT = "…, "  # between a description that was cut short and what was added to it
_PHRASE = re.compile(r"(?<=\w)(?:, | (?=(?:and|with|in|on|at|under|by|near|beside|behind) ))")
TITLE_SIZE = 14  # px of the reference window, of a title below a card's picture
TITLE_LINES = 2  # likewise
CARD_TITLE = 22 * TITLE_LINES  # characters of a title that fit there
FOOTER = 32  # height of the line about the keys
BLUR = 2  # px of the picture as read, so that the backdrop has no sharp edges
SHAPE = 0.6  # height of a card's picture, relative to its width
COMPACT = 640  # height of the window at which the words above the shelves are cut short
SHADES = (  # darkness over the picture behind, from the top down; the left, the middle, the right
    (200, 150, 120),
    (190, 110, 70),
    (205, 140, 100),
    (226, 205, 195),
    (240, 236, 234),
)


@dataclass(frozen=True, slots=True)
class TitleLayout:
    """Where everything is in a window of one size [px]."""

    size: tuple[int, int]
    compact: bool
    margin: int
    header: pygame.Rect
    words: pygame.Rect  # the large words about the focused item
    choices: pygame.Rect
    shelves: pygame.Rect
    picture: tuple[int, int]
    gap: int  # between cards
    shelf_height: int

    @classmethod
    def of(cls, theme: Theme, size: tuple[int, int]) -> "TitleLayout":
        """Lay out a window."""
        width, height = size
        compact = height / theme.scale < COMPACT
        margin, top = theme.px(40 if compact else 56), theme.px(16 if compact else 24)
        header = pygame.Rect(margin, top, width - 2 * margin, theme.px(38))
        words = pygame.Rect(margin, header.bottom + theme.px(12 if compact else 24), 0, 0)
        words.width = min(header.width, theme.px(1000))
        longest = words_part(("X", "X", "X " * 1000, False), compact=compact)
        words.height = height_of(theme, longest, words.width)
        choices = header.copy()
        choices.top = words.bottom + theme.px(6 if compact else 8)
        shelves_top = choices.bottom + theme.px(12 if compact else 24)
        area = pygame.Rect(0, shelves_top, width, height - shelves_top - theme.px(FOOTER))
        gap = theme.px(20)
        across = max(theme.px(80), min(theme.px(195), (width - 2 * margin - 3 * gap) // 4))
        words_height = theme.line_height(14) + theme.line_height(TITLE_SIZE) + theme.line_height(12)
        words_height += theme.px(26)
        # whole shelves: pictures are lower where that makes room for one more
        rows = max(1, round(area.height / (words_height + across * SHAPE)))
        shelf_height = area.height // rows
        high = max(theme.px(48), min(round(across * SHAPE), shelf_height - words_height))
        picture = min(across, 2 * high), high
        return cls(
            size=size,
            compact=compact,
            margin=margin,
            header=header,
            words=words,
            choices=choices,
            shelves=area,
            picture=picture,
            gap=gap,
            shelf_height=shelf_height,
        )

    @property
    def across(self) -> pygame.Rect:
        """The area of a shelf's cards: all that fit, and no part of the next."""
        step = self.picture[0] + self.gap
        return pygame.Rect(0, 0, self.margin + self.columns * step - self.gap // 2, self.size[1])

    @property
    def columns(self) -> int:
        """The number of a shelf's cards that are wholly visible."""
        room = self.size[0] - 2 * self.margin + self.gap
        return max(1, room // (self.picture[0] + self.gap))

    @property
    def rows(self) -> int:
        """The number of shelves that are wholly visible."""
        return max(1, self.shelves.height // self.shelf_height)

    def card(self, theme: Theme, row_top: int, column: int, first: float) -> pygame.Rect:
        """Return the place of a card's picture on a shelf whose first shown card is `first`."""
        step = self.picture[0] + self.gap
        top = row_top + theme.line_height(14) + theme.px(7)
        return pygame.Rect((self.margin + round((column - first) * step), top), self.picture)

    def cards(
        self, theme: Theme, row_top: int, count: int, first: float
    ) -> Iterator[tuple[int, pygame.Rect]]:
        """Give the cards of a shelf that are seen, at least in part."""
        window = self.across
        for place in range(count):
            rect = self.card(theme, row_top, place, first)
            if rect.colliderect(window) and (first == 0 or rect.right > self.margin):
                yield place, rect


def _backdrop(
    theme: Theme, thumbnails: Thumbnails, source: PictureSource | None, size: tuple[int, int]
) -> pygame.Surface:
    """Return the picture of the focused card, large and dimmed so that words can be read."""
    behind = thumbnails.cover(source, size, blur=BLUR)
    shades = pygame.Surface((len(SHADES[0]), len(SHADES)), pygame.SRCALPHA)
    for y, levels in enumerate(SHADES):
        for x, shade in enumerate(levels):
            dark = 244 if theme.high_contrast else shade
            shades.set_at((x, y), (*theme.colour(BACKDROP), dark))
    behind.blit(pygame.transform.smoothscale(shades, size), (0, 0))
    return behind


class TitleBackdrop:
    """Draws the picture behind everything.

    backdrop = TitleBackdrop(Thumbnails())
    backdrop.draw(surface, theme, card.picture)
    """

    def __init__(self, thumbnails: Thumbnails) -> None:
        self._thumbnails = thumbnails
        self._shown: tuple[PictureSource | None, pygame.Surface] | None = None
        self._before: pygame.Surface | None = None  # the picture that the newest one replaces
        self._fade = Glide(1.0)

    @property
    def is_moving(self) -> bool:
        """Whether one picture fades into another."""
        return self._fade.is_moving

    def update(self, now: float) -> bool:
        """Fade on; True if it looks different."""
        return self._fade.update(now)

    def forget(self) -> None:
        """Draw anew: the window has another size, or the look has changed."""
        self._shown, self._before = None, None

    def draw(self, surface: pygame.Surface, theme: Theme, source: PictureSource | None) -> None:
        """Draw a picture, at first faintly over the one before."""
        if self._shown is None or self._shown[0] != source:
            self._before = self._shown[1] if self._shown else None
            self._shown = source, _backdrop(theme, self._thumbnails, source, surface.get_size())
            self._fade.jump(0.0 if self._before else 1.0)
            self._fade.to(1.0)
        picture = self._shown[1]
        if self._fade.is_moving and self._before:
            surface.blit(self._before, (0, 0))
            picture.set_alpha(round(255 * self._fade.value))
        else:
            picture.set_alpha(None)
        surface.blit(picture, (0, 0))


def header_part(theme: Theme, focused: int | None, width: int, saying: str = SAYING) -> RowPart:
    """Return the name of the game, its saying and the buttons, as far as there is room."""
    name = row(Text(NAME, 22, bold=True), Text(saying, 14, MUTED), gap=14, drops=True)
    return row(name, SPRING, fitting_buttons(theme, HEADER, focused, width))


def fitting_buttons(
    theme: Theme, buttons: Sequence[Button], focused: int | None, width: int
) -> RowPart:
    """Return buttons in a row, named by their places; too many lose their keys, then get narrow."""
    plain = [replace(one, key="") for one in buttons]
    for gap, pad, some in ((10, 18, buttons), (10, 18, plain), (6, 8, plain), (3, 4, plain)):
        fitted = row(*named_buttons([replace(one, pad=pad) for one in some], focused), gap=gap)
        if width_of(theme, fitted) <= width:
            break
    return fitted


def words_part(words: tuple[str, str, str, bool], *, compact: bool) -> ColumnPart:
    """Return the large words: kind, name, a remark, and whether that is bad.

    A long name is never cut: it takes a line of the remark.
    """
    kind, title, text, is_bad = words
    is_long = len(title) > LONG_TITLE
    large, long = (28, 14) if compact else (40, 28)
    return column(
        Text(kind.upper(), 13, ACCENT, bold=True),
        Text(title, long if is_long else large, bold=True, lines=2 if is_long else 1),
        Text(text, 16, BAD if is_bad else INK, lines=1 if compact else 3 - is_long),
        gap=5,
    )


def draw_shelf(
    surface: pygame.Surface,
    theme: Theme,
    thumbnails: Thumbnails,
    layout: TitleLayout,
    shelf: Shelf,
    row_top: int,
    first: float,
    chosen: int | None,
    *,
    focused: bool,
    pages: tuple[int, int, int] | None = None,
) -> dict[int, pygame.Rect]:
    """Draw a row: its title and the cards that are seen.

    `first` is the card at the left edge, in between while it glides; `chosen` the one that all is
    about; `focused`, whether it has the focus itself; `pages` the first and last card that are
    seen, and how many there are. Returns where to click for the page before, -1, and after, 1.
    """
    ink = INK if chosen is not None else MUTED
    title = theme.write(surface, shelf.title, 14, ink, bold=True, topleft=(layout.margin, row_top))
    turns = _draw_pages(surface, theme, pages, title.right + theme.px(16), title.centery)
    clip = surface.get_clip()
    surface.set_clip(clip.clip(layout.across))
    for place, rect in layout.cards(theme, row_top, len(shelf.cards), first):
        card = shelf.cards[place]
        _draw_card(surface, theme, thumbnails, rect, card, focused=focused and place == chosen)
        if place == chosen and not focused:
            draw_ring(surface, theme, rect, 12, 2, (*INK, 150))
    surface.set_clip(clip)
    return turns


def _draw_pages(
    surface: pygame.Surface,
    theme: Theme,
    pages: tuple[int, int, int] | None,
    left: int,
    middle: int,
) -> dict[int, pygame.Rect]:
    """Draw the range of visible cards between two arrows; return the arrows' places."""
    if pages is None:
        return {}
    first, last, count = pages
    turns = {}
    for way, words in ((-1, "<"), (0, f"{first} to {last} of {count}"), (1, ">")):
        ends = not way or (first == 1 if way < 0 else last == count)
        look, bold = (FAINT if way and ends else MUTED if ends else ACCENT), bool(way)
        size = 20 if way else 13
        place = theme.write(surface, words, size, look, bold=bold, midleft=(left, middle))
        if way:
            turns[way] = place.inflate(theme.px(14), theme.px(6))
        left = place.right + theme.px(8)
    return turns


def _draw_card(
    surface: pygame.Surface,
    theme: Theme,
    thumbnails: Thumbnails,
    rect: pygame.Rect,
    card: TitleCard,
    *,
    focused: bool,
) -> None:
    picture = None if card.is_damaged else card.picture
    surface.blit(thumbnails.rounded(theme, picture, rect.size), rect)
    if card.is_damaged:
        theme.write(surface, "!", 40, BAD, bold=True, center=rect.center)
    if focused:
        draw_ring(surface, theme, rect, 12)
    below = rect.move(0, rect.height + theme.px(7))

    def fits(words: str, lines: int) -> bool:
        wrapped = theme.wrap(words, rect.width, lines, TITLE_SIZE, bold=True)
        return " ".join(wrapped) == " ".join(words.split())

    draw(theme, surface, card_title(card, fits, focused=focused), below)
    if card.line:
        inside = rect.inflate(-theme.px(12), -theme.px(12))
        line = Text(card.line, 12, BAD if card.is_damaged else INK, lines=1)
        plate, _ = Card(line, pad=(8, 3)).drawn(theme, at_most=inside.width)
        surface.blit(plate, plate.get_rect(bottomleft=inside.bottomleft))


def card_title(
    card: TitleCard, fits: Callable[[str, int], bool] = lambda words, lines: True, *, focused: bool
) -> Text:
    """Return what stands below a card.

    Of a title that does not fit into its lines, the last phrases are left out, if that helps.
    """
    title = short_title(card.title)
    ends = [len(title), *(end.start() for end in reversed([*_PHRASE.finditer(title)]))]
    title = next((title[:end] for end in ends if fits(title[:end], TITLE_LINES)), title)
    return Text(title, TITLE_SIZE, ACCENT if focused else INK, bold=True, lines=TITLE_LINES)


def short_title(title: str) -> str:
    """Return the end of a long title that differs from others: its last description.

    What was added to a description stays, with as much of that as there is room for.

    >>> short_title("A library with a red armchair and a globe, then a dragon")
    'A dragon'
    >>> short_title("A beach with two green umbrellas on the left…, at night")
    'A beach with two green umbrellas, at night'
    """
    if len(title) <= CARD_TITLE:
        return title
    last = title.rpartition(", then ")[2]
    start, _, added = last.rpartition(_CUT)
    if start:
        room = max(CARD_TITLE - len(", ") - len(added), CARD_TITLE // 2)
        ends = *(end.start() for end in _PHRASE.finditer(start)), len(start)
        begun = start[: max((end for end in ends if end <= room), default=0)]
        last = ", ".join(filter(None, (begun, added)))
    return capitalized(last)


def draw_footer(surface: pygame.Surface, theme: Theme, layout: TitleLayout, text: str) -> None:
    """Draw a line about the keys, over a shade into which the last shelf sinks."""
    width, height = layout.size
    sunk, line = theme.px(26 if layout.compact else 6), theme.px(FOOTER)
    shade = _sinking((width, sunk + line), sunk, theme.colour(BACKDROP))
    surface.blit(shade, (0, height - sunk - line))
    place, room = (layout.margin, height - line // 2), width - 2 * layout.margin
    theme.write(surface, text, 13, MUTED, within=room, midleft=place)


def draw_dots(
    surface: pygame.Surface, theme: Theme, layout: TitleLayout, count: int, top: int
) -> list[pygame.Rect]:
    """Draw a dot for every shelf down the right edge, bright for those that are seen.

    Returns where to click for each.
    """
    places: list[pygame.Rect] = []
    if count <= layout.rows:
        return places
    size, step = theme.px(6), theme.px(16)
    left = layout.size[0] - layout.margin // 2 - size // 2
    start = layout.shelves.centery - (count - 1) * step // 2
    for place in range(count):
        seen = top <= place < top + layout.rows
        colour = ACCENT if seen else (*MUTED, 110)
        dot = surface.blit(theme.rounded((size, size), colour, 9), (left, start + place * step))
        places.append(dot.inflate(step, step - size))
    return places


@functools.lru_cache(maxsize=2)
def _sinking(size: tuple[int, int], sunk: int, colour: tuple[int, ...]) -> pygame.Surface:
    """Return a shade that grows over its first `sunk` lines."""
    shade = pygame.Surface(size, pygame.SRCALPHA)
    for line in range(size[1]):
        shade.fill((*colour, round(236 * min(1.0, line / sunk))), (0, line, size[0], 1))
    return shade
