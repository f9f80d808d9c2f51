"""What the pointer is on in the memory card, and the card that says what it means.

The words come from `explain.py`. Costs nothing while the pointer is elsewhere, and little while it
rests: words and card are made again only when the memory or the pointer moved.
"""

import pygame

from mag_sandbox.model.world import MemoryUsage
from mag_sandbox.sandbox.hud.cards import memory_parts
from mag_sandbox.sandbox.hud.explain import Explanation, explain, hint
from mag_sandbox.sandbox.ui.theme import INK, MUTED, SEGMENT_COLOURS, Drawn, Theme

TIP_WIDTH = 430  # px of the reference window
GAP = 8  # px of the reference window: between a tip and what it explains
SLACK = 8  # px of the reference window: above and below the bar still counts as on it


class MemoryTip:
    """Explains the part of the memory card under the pointer.

    tip = MemoryTip()
    tip.draw(surface, theme, memory, memory_card_rect, pygame.mouse.get_pos())
    """

    def __init__(self) -> None:
        self.explanation: Explanation | None = None  # what is said now; None: nothing
        self._asked: tuple[object, ...] = ()
        self._tip = Drawn()

    def draw(
        self,
        surface: pygame.Surface,
        theme: Theme,
        memory: MemoryUsage,
        card: pygame.Rect,
        pointer: tuple[int, int],
    ) -> None:
        """Draw a tip over the window if the pointer is on something.

        Args:
            surface: the window.
            theme: sizes and fonts.
            memory: what the card shows.
            card: where the memory card is drawn in the window.
            pointer: where the mouse is in the window.
        """
        if not card.collidepoint(pointer):
            self.explanation, self._asked = None, ()
            return
        asked = (memory, theme, tuple(card), pointer)
        if len(self._asked) != len(asked) or not _same(asked, self._asked):
            self._asked = asked
            place = pointer[0] - card.left, pointer[1] - card.top
            self.explanation = explanation_at(theme, memory, card.width, place)
        explanation = self.explanation
        if explanation is None:
            return
        bar = memory_parts(theme, memory, card.width)["bar"].move(card.topleft)
        _draw_span(surface, theme, explanation, bar)
        said = (theme, explanation.title, explanation.lines, explanation.kind)
        tip = self._tip(said, lambda: tip_card(theme, explanation))
        surface.blit(tip, tip_place(theme, tip.get_size(), surface.get_rect(), card, pointer))


def explanation_at(
    theme: Theme, memory: MemoryUsage, width: int, place: tuple[int, int]
) -> Explanation | None:
    """Return what a place of a memory card means, if anything.

    Args:
        theme: sizes and fonts.
        memory: what the card shows.
        width: of the card [px].
        place: in the card [px].
    """
    parts = memory_parts(theme, memory, width)
    bar = parts.pop("bar")
    if bar.inflate(0, 2 * theme.px(SLACK)).collidepoint(place):
        return explain(memory, (place[0] - bar.left) / bar.width, bar.width)
    part = next((name for name, rect in parts.items() if rect.collidepoint(place)), None)
    return hint(part, memory) if part else None


def tip_card(theme: Theme, explanation: Explanation) -> pygame.Surface:
    """Draw what an explanation says."""
    pad, width = theme.px(14), theme.px(TIP_WIDTH)
    line, title_height = theme.line_height(14), theme.line_height(15)
    lines = [
        part for text in explanation.lines for part in theme.wrap(text, width - 2 * pad, 4, 14)
    ]
    card = theme.card((width, 2 * pad + title_height + line * len(lines)), dense=True)
    left = pad
    if explanation.kind is not None:
        square = pygame.Rect(pad, pad + (title_height - theme.px(12)) // 2, *(theme.px(12),) * 2)
        card.blit(theme.rounded(square.size, SEGMENT_COLOURS[explanation.kind], 3), square)
        left = square.right + theme.px(8)
    card.blit(theme.text(explanation.title, 15, bold=True), (left, pad))
    for row, text in enumerate(lines):
        place = (pad, pad + title_height + theme.px(2) + row * line)
        card.blit(theme.text(text, 14, MUTED), place)
    return card


def tip_place(
    theme: Theme,
    size: tuple[int, int],
    window: pygame.Rect,
    card: pygame.Rect,
    pointer: tuple[int, int],
) -> pygame.Rect:
    """Return where a tip lies: over the pointer, beside the card it explains, in the window."""
    gap = theme.px(GAP)
    rect = pygame.Rect((0, 0), size)
    rect.midbottom = pointer[0], card.top - gap
    if rect.top < window.top:
        rect.top = card.bottom + gap
    margin = theme.px(14)
    room = window.inflate(-2 * margin, -2 * margin)
    return (
        rect.clamp(room) if room.contains(pygame.Rect(room.topleft, size)) else rect.clamp(window)
    )


def _draw_span(
    surface: pygame.Surface, theme: Theme, explanation: Explanation, bar: pygame.Rect
) -> None:
    """Point out the part of the bar that is meant."""
    if explanation.span is None:
        return
    start, end = (bar.left + round(share * bar.width) for share in explanation.span)
    rect = pygame.Rect(start, bar.top, max(end - start, theme.px(3)), bar.height)
    line = max(1, theme.px(1.5))
    pygame.draw.rect(surface, theme.colour(INK), rect.inflate(2 * line, theme.px(10)), line)


def _same(asked: tuple, before: tuple) -> bool:
    memory, theme = asked[:2]
    return memory is before[0] and theme is before[1] and asked[2:] == before[2:]
