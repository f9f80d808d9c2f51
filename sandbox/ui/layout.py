"""Rows, columns and cards that measure themselves: screens state contents, places follow.

    card = Card(column(row(Text("Memory"), SPRING, Text("3 MiB")), NamedPart("bar", ...)))
    drawn = CachedCard()
    surface = drawn(theme, card)  # drawn again only when the theme or the card differs
    drawn.places["bar"]  # px of the card

Parts are values, compared by their contents. Their lengths are px of the reference window;
functions take and return px of the window.
"""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
import pygame

from mag_sandbox.sandbox.ui.display import flat_picture
from mag_sandbox.sandbox.ui.theme import INK, Theme

SHADOW = (0, 0, 0, 90)  # beside a picture
FILLS = 1_000_000  # px: greatest width of a part that takes all there is
Colour = tuple[int, ...]
Places = dict[str, pygame.Rect]


@dataclass(frozen=True, slots=True)
class Text:
    """Words on one line, or on as many as `lines` says; what does not fit becomes "..."."""

    words: str
    size: int = 15
    colour: Colour = INK
    bold: bool = False
    lines: int = 0  # at most; 0: one line that is never cut
    width: float = 0  # of its column; 0: as wide as the words
    centred: bool = False  # lines that are shorter than others


@dataclass(frozen=True, slots=True)
class CustomPart:
    """Something drawn by a function of values: `how(theme, surface, area, *values)`."""

    width: float = 0  # 0: all there is
    height: float = 0  # 0: that of its row
    how: Callable[..., object] = lambda theme, surface, area: None
    values: tuple[Any, ...] = ()


SPRING = CustomPart()  # takes the room that the others in a row leave


@dataclass(frozen=True, slots=True, eq=False)
class PicturePart:
    """Pixels, uint8 [H, W, 3], as large as fits without stretching them; compared by identity."""

    pixels: np.ndarray
    width: float = 0  # of its place; 0: all there is
    aspect: float = 0.6  # height of its place over the width

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PicturePart) or self.pixels is not other.pixels:
            return False
        return (self.width, self.aspect) == (other.width, other.aspect)

    def __hash__(self) -> int:
        return hash((id(self.pixels), self.width, self.aspect))


@dataclass(frozen=True, slots=True)
class RowPart:
    """Parts from left to right; see `row`."""

    content: "tuple[Part, ...]"
    gap: float
    align: float
    drops: bool


@dataclass(frozen=True, slots=True)
class ColumnPart:
    """Parts below each other; see `column`."""

    content: "tuple[Part, ...]"
    gap: float
    align: float


@dataclass(frozen=True, slots=True)
class Flow:
    """Parts from left to right, on as many rows as they need."""

    content: "tuple[Part, ...]"
    gap: float = 8


@dataclass(frozen=True, slots=True)
class NamedPart:
    """A part whose place is reported, to be pointed at."""

    name: str
    part: "Part"


@dataclass(frozen=True, slots=True)
class Plate:
    """A part on a rounded plate."""

    part: "Part"
    pad: tuple[float, float] = (11, 6)
    fill: Colour | None = None
    edge: tuple[Colour, float] | None = None  # colour, width of the line
    radius: float = 8


Part = Text | CustomPart | PicturePart | RowPart | ColumnPart | Flow | NamedPart | Plate


def row(*content: Part | None, gap: float = 10, align: float = 0.5, drops: bool = False) -> RowPart:
    """Return parts from left to right.

    Args:
        content: the parts; None is left out.
        gap: between two of them.
        align: where lower parts lie: 0 at the top, 1 at the bottom.
        drops: leave out the last parts where they do not fit.
    """
    return RowPart(tuple(part for part in content if part), gap, align, drops)


def column(*content: Part | None, gap: float = 2, align: float = 0.0) -> ColumnPart:
    """Return parts below each other; `align` is where narrower ones lie: 0 left, 1 right."""
    return ColumnPart(tuple(part for part in content if part), gap, align)


def bar(width: float, height: float, colour: Colour, radius: float = 3) -> CustomPart:
    """Return a rounded rectangle of a colour."""
    return CustomPart(width, height, _draw_rounded, (colour, radius))


def widths(theme: Theme, part: Part) -> tuple[int, int]:
    """Return the least width of a part, and the greatest that it makes use of."""
    return _Layout(theme).widths(part)


def height_of(theme: Theme, part: Part, width: int) -> int:
    """Return the height that a part needs in a width; 0: that of its row."""
    return _Layout(theme).height(part, width)


def width_of(theme: Theme, part: Part) -> int:
    """Return the width that a part needs at least."""
    return _Layout(theme).widths(part)[0]


def draw(theme: Theme, surface: pygame.Surface, part: Part, area: pygame.Rect) -> Places:
    """Draw a part into an area; return the places of those with names."""
    return _Layout(theme).draw(surface, part, area)


@dataclass(frozen=True, slots=True)
class Card:
    """The contents of a card."""

    content: Part
    width: float = 0  # 0: as wide as its content
    pad: tuple[float, float] = (16, 12)
    dense: bool = True  # it hides the picture

    def drawn(
        self, theme: Theme, width: int = 0, at_most: int = FILLS
    ) -> tuple[pygame.Surface, Places]:
        """Return the card, freshly drawn, and the places of its named parts on it."""
        layout = _Layout(theme)
        card = theme.card(self._measured(layout, width, at_most), dense=self.dense)
        beside, above = (-2 * _px(theme, pad) for pad in self.pad)
        return card, layout.draw(card, self.content, card.get_rect().inflate(beside, above))

    def size(self, theme: Theme, width: int = 0, at_most: int = FILLS) -> tuple[int, int]:
        """Return how large the card is drawn."""
        return self._measured(_Layout(theme), width, at_most)

    def _measured(self, layout: "_Layout", width: int, at_most: int) -> tuple[int, int]:
        beside, above = (2 * _px(layout.theme, pad) for pad in self.pad)
        own = _px(layout.theme, self.width) or layout.widths(self.content)[1] + beside
        width = min(width or own, at_most)
        return width, layout.height(self.content, width - beside) + above


class CachedCard:
    """A card that is drawn again only when its contents change."""

    def __init__(self) -> None:
        self.places: Places = {}  # of its named parts [px of the card]
        self._drawn: tuple[object, pygame.Surface] | None = None

    def __call__(
        self, theme: Theme, card: Card, width: int = 0, at_most: int = FILLS
    ) -> pygame.Surface:
        """Return the card as it is drawn; see `Card.drawn`."""
        key = theme, card, width, at_most
        if self._drawn is None or self._drawn[0] != key:
            surface, self.places = card.drawn(theme, width, at_most)
            self._drawn = key, surface
        return self._drawn[1]


class _Layout:
    """Measures parts for one drawing, each of them once."""

    def __init__(self, theme: Theme) -> None:
        self.theme = theme
        # by the identity of parts, which the part that is drawn keeps, or the tuple stored here
        self._widths: dict[int, tuple[int, int]] = {}
        self._heights: dict[tuple[int, int], int] = {}
        self._rows: dict[tuple[int, int], list[tuple[Part, int]]] = {}
        self._flows: dict[tuple[int, int], ColumnPart] = {}

    def widths(self, part: Part) -> tuple[int, int]:
        """Return the least width of a part, and the greatest that it makes use of [px]."""
        if id(part) not in self._widths:
            self._widths[id(part)] = self._measured_widths(part)
        return self._widths[id(part)]

    def height(self, part: Part, width: int) -> int:
        """Return the height that a part needs in a width [px]; 0: that of its row."""
        key = id(part), width
        if key not in self._heights:
            self._heights[key] = self._measured_height(part, width)
        return self._heights[key]

    def draw(self, surface: pygame.Surface, part: Part, area: pygame.Rect) -> Places:
        """Draw a part into an area; return the places of those with names."""
        places: Places = {}
        self._draw(surface, part, area, places)
        return places

    def _measured_widths(self, part: Part) -> tuple[int, int]:
        theme = self.theme
        match part:
            case Text() if not part.width:
                width = theme.text(part.words, part.size, part.colour, bold=part.bold).get_width()
                return 0 if part.lines else width, width
            case Text():
                return _px(theme, part.width), _px(theme, part.width)
            case CustomPart() | PicturePart():
                width = _px(theme, part.width)
                return width, width or FILLS
            case RowPart():
                pairs = [self.widths(one) for one in part.content if one is not SPRING]
                least, most = (sum(pair[side] for pair in pairs) for side in (0, 1))
                gaps = _gaps(theme, part)
                return 0 if part.drops else least + gaps, most + gaps
            case ColumnPart():
                pairs = [(0, 0), *map(self.widths, part.content)]
                return max(least for least, _ in pairs), max(most for _, most in pairs)
            case Flow():
                return max((self.widths(one)[0] for one in part.content), default=0), FILLS
            case NamedPart():
                return self.widths(part.part)
            case Plate():
                least, most = self.widths(part.part)
                return least + 2 * _px(theme, part.pad[0]), most + 2 * _px(theme, part.pad[0])

    def _measured_height(self, part: Part, width: int) -> int:
        theme = self.theme
        match part:
            case Text(lines=lines) if lines > 1:
                return theme.line_height(part.size) * len(_wrapped(theme, part, width))
            case Text():
                return theme.text("", part.size, part.colour, bold=part.bold).get_height()
            case CustomPart():
                return _px(theme, part.height)
            case PicturePart():
                return round(width * part.aspect)
            case RowPart():
                shares = self._shares(part, width)
                return max((self.height(one, share) for one, share in shares), default=0)
            case ColumnPart():
                heights = [self.height(one, self._within(one, width)) for one in part.content]
                return sum(heights) + _px(theme, part.gap) * max(0, len(heights) - 1)
            case Flow():
                return self.height(self._flowed(part, width), width)
            case NamedPart():
                return self.height(part.part, width)
            case Plate():
                across, down = (2 * _px(theme, pad) for pad in part.pad)
                return self.height(part.part, width - across) + down

    def _draw(self, surface: pygame.Surface, part: Part, area: pygame.Rect, places: Places) -> None:
        theme = self.theme
        match part:
            case Text():
                _draw_text(theme, surface, area, part)
            case CustomPart():
                part.how(theme, surface, area, *part.values)
            case PicturePart():
                draw_picture(theme, surface, area, part.pixels)
            case RowPart():
                left, gap = area.left, _px(theme, part.gap)
                for one, width in self._shares(part, area.width):
                    height = self.height(one, width) or area.height
                    top = area.top + round((area.height - height) * part.align)
                    self._draw(surface, one, pygame.Rect(left, top, width, height), places)
                    left += width + (0 if one is SPRING else gap)
            case ColumnPart():
                top, gap = area.top, _px(theme, part.gap)
                for one in part.content:
                    width = self._within(one, area.width)
                    left = area.left + round((area.width - width) * part.align)
                    height = self.height(one, width)
                    self._draw(surface, one, pygame.Rect(left, top, width, height), places)
                    top += height + gap
            case Flow():
                self._draw(surface, self._flowed(part, area.width), area, places)
            case NamedPart():
                places[part.name] = area
                self._draw(surface, part.part, area, places)
            case Plate():
                _draw_plate(theme, surface, area, part)
                across, down = (-2 * _px(theme, pad) for pad in part.pad)
                self._draw(surface, part.part, area.inflate(across, down), places)

    def _shares(self, part: RowPart, width: int) -> list[tuple[Part, int]]:
        """Return the parts of a row that are shown, each with its width."""
        key = id(part), width
        if key not in self._rows:
            self._rows[key] = self._shared(part, width)
        return self._rows[key]

    def _shared(self, part: RowPart, width: int) -> list[tuple[Part, int]]:
        content = []
        for one in part.content:
            least, most = self.widths(one)
            content.append((one, least, FILLS if _stretches(one) else most))
        gaps = _gaps(self.theme, part)
        if part.drops:
            gap = _px(self.theme, part.gap)
            ends = list(accumulate(least + gap for _, least, _ in content))
            content = [one for one, end in zip(content, ends, strict=True) if end - gap <= width]
            gaps = gap * max(0, len(content) - 1)
        spare = max(0, width - gaps - sum(least for one, least, _ in content if one is not SPRING))
        shares = []
        for one, least, most in content:
            more = 0 if one is SPRING or most >= FILLS else min(spare, most - least)
            shares.append(least + more)
            spare -= more
        filling = [place for place, (one, _, most) in enumerate(content) if most >= FILLS]
        filling = [place for place in filling if content[place][0] is not SPRING] or filling
        for place in filling:
            shares[place] += spare // len(filling)
        return [(one, share) for (one, _, _), share in zip(content, shares, strict=True)]

    def _flowed(self, part: Flow, width: int) -> ColumnPart:
        """Return the rows of a flow; kept, since measuring goes by identity."""
        key = id(part), width
        if key not in self._flows:
            rows: list[list[Part]] = [[]]
            left = 0
            for one in part.content:
                across = self.widths(one)[0]
                if rows[-1] and left + across > width:
                    rows.append([])
                    left = 0
                rows[-1].append(one)
                left += across + _px(self.theme, part.gap)
            lines = (row(*content, gap=part.gap) for content in rows)
            self._flows[key] = column(*lines, gap=part.gap)
        return self._flows[key]

    def _within(self, part: Part, width: int) -> int:
        return width if _stretches(part) else min(width, self.widths(part)[1])


def _stretches(part: Part) -> bool:
    """Return whether a part contains a spring, and so takes all the width."""
    match part:
        case RowPart():
            return any(one is SPRING for one in part.content) or any(map(_stretches, part.content))
        case ColumnPart():
            return any(map(_stretches, part.content))
        case NamedPart() | Plate():
            return _stretches(part.part)
        case _:
            return False


def _gaps(theme: Theme, part: RowPart) -> int:
    count = len(part.content) - part.content.count(SPRING)
    return _px(theme, part.gap) * max(0, count - 1)


def _draw_text(theme: Theme, surface: pygame.Surface, place: pygame.Rect, part: Text) -> None:
    if part.lines <= 1:
        within = place.width if part.lines or part.width else None
        theme.write(
            surface, part.words, part.size, part.colour,
            bold=part.bold, within=within, midleft=place.midleft,
        )  # fmt: skip
        return
    for number, line in enumerate(_wrapped(theme, part, place.width)):
        words = theme.text(line, part.size, part.colour, bold=part.bold)
        left = place.left + ((place.width - words.get_width()) // 2 if part.centred else 0)
        surface.blit(words, (left, place.top + number * theme.line_height(part.size)))


def _wrapped(theme: Theme, part: Text, width: int) -> list[str]:
    """Break words into lines; centred ones are about equally long, none is left with one word."""
    lines = theme.wrap(part.words, width, part.lines, part.size, bold=part.bold)
    if not part.centred or len(lines) == 1:
        return lines

    def breaks_alike(narrower: int) -> bool:
        found = theme.wrap(part.words, narrower, part.lines, part.size, bold=part.bold)
        return len(found) == len(lines) and " ".join(found) == " ".join(lines)

    return theme.wrap(
        part.words,
        bisect_left(range(width), True, key=breaks_alike),
        part.lines, part.size, bold=part.bold,
    )  # fmt: skip


def _px(theme: Theme, length: float) -> int:
    return theme.px(length) if length else 0


def draw_picture(
    theme: Theme, surface: pygame.Surface, area: pygame.Rect, pixels: np.ndarray
) -> None:
    """Draw pixels, uint8 [H, W, 3], as large as fits into an area without stretching them."""
    height, width = pixels.shape[:2]
    ratio = min(area.width / width, area.height / height)
    inside = pygame.Rect(0, 0, max(1, round(width * ratio)), max(1, round(height * ratio)))
    inside.center = area.center
    if inside.size != area.size:
        surface.blit(theme.rounded(area.size, SHADOW, 4), area)
    surface.blit(pygame.transform.smoothscale(flat_picture(pixels), inside.size), inside)


def _draw_plate(theme: Theme, surface: pygame.Surface, area: pygame.Rect, plate: Plate) -> None:
    if plate.fill is not None:
        surface.blit(theme.rounded(area.size, plate.fill, plate.radius), area)
    if plate.edge is not None:
        colour, line = plate.edge
        surface.blit(theme.rounded(area.size, colour, plate.radius, line=line), area)


def _draw_rounded(
    theme: Theme, surface: pygame.Surface, area: pygame.Rect, colour: Colour, radius: float
) -> None:
    surface.blit(theme.rounded(area.size, colour, radius), area)
