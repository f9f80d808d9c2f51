"""Rows and cards that measure themselves: what is said comes first, rectangles follow from it.

    card = draw_card(theme, [[title, SPRING, clock], *paragraph(theme, text, 300)])

A row is a sequence of surfaces, drawn from left to right and centred on each other; a `SPRING`
takes the room that is left.
"""

from collections.abc import Sequence
from itertools import accumulate

import pygame

from mag_sandbox.sandbox.ui.theme import INK, Theme

SPRING = None
Row = Sequence[pygame.Surface | None]


def draw_card(
    theme: Theme,
    rows: Sequence[Row],
    *,
    width: int = 0,
    pad: tuple[float, float] = (16, 12),
    gaps: tuple[float, float] = (10, 2),
    dense: bool = True,
) -> pygame.Surface:
    """Draw rows below each other onto a fresh card.

    Args:
        theme: of the window.
        rows: what is drawn.
        width: of the card [px]; 0: as wide as the widest row.
        pad: room beside and above what is drawn [px of the reference window].
        gaps: between the parts of a row and between rows [px of the reference window].
        dense: whether the card hides the picture.
    """
    beside, above = map(theme.px, pad)
    width = width or 2 * beside + max((_least(theme, row, gaps[0]) for row in rows), default=0)
    heights = [max((part.get_height() for part in row if part), default=0) for row in rows]
    tops = [0, *accumulate(height + theme.px(gaps[1]) for height in heights)]
    card = theme.card(
        (width, 2 * above + tops[-1] - (theme.px(gaps[1]) if rows else 0)), dense=dense
    )
    for row, top, height in zip(rows, tops, heights, strict=False):
        area = pygame.Rect(beside, above + top, width - 2 * beside, height)
        for part, place in zip(
            filter(None, row), row_places(theme, row, area, gaps[0]), strict=True
        ):
            card.blit(part, place)
    return card


def row_places(theme: Theme, row: Row, area: pygame.Rect, gap: float = 10) -> list[pygame.Rect]:
    """Return where the parts of a row lie in an area, centred on its height."""
    springs = sum(part is SPRING for part in row)
    spare = max(0, area.width - _least(theme, row, gap)) // max(1, springs)
    places, left = [], area.left
    for part in row:
        if part is SPRING:
            left += spare
            continue
        places.append(part.get_rect(midleft=(left, area.centery)))
        left = places[-1].right + theme.px(gap)
    return places


def paragraph(
    theme: Theme,
    text: str,
    width: int,
    lines: int = 3,
    size: int = 15,
    colour: tuple[int, ...] = INK,
) -> list[Row]:
    """Return text as rows of at most `width` pixels, at most so many."""
    return [[theme.text(words, size, colour)] for words in theme.wrap(text, width, lines, size)]


def _least(theme: Theme, row: Row, gap: float) -> int:
    parts = [part for part in row if part]
    return sum(part.get_width() for part in parts) + max(0, len(parts) - 1) * theme.px(gap)
