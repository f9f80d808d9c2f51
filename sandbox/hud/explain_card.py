"""What the pointer is on in the memory card, and the card that says what it means.

The words come from `explain.py`. Costs nothing while the pointer is elsewhere, and little while it
rests: words and card are made again only when the memory or the pointer moved.
"""

import pygame

from mag_sandbox.model.world import MemoryUsage
from mag_sandbox.sandbox.hud.explain import Explanation, explain, hint
from mag_sandbox.sandbox.hud.hud_state import LEGEND, kept_text, ratio_text, reach_text, size_text
from mag_sandbox.sandbox.ui.theme import INK, MUTED, SEGMENT_COLOURS, Theme

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
        self._card: tuple[object, pygame.Surface] | None = None

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
        if self.explanation is None:
            return
        bar = memory_parts(theme, memory, card.width)["bar"].move(card.topleft)
        _draw_span(surface, theme, self.explanation, bar)
        tip = self._tip(theme, self.explanation)
        surface.blit(tip, tip_place(theme, tip.get_size(), surface.get_rect(), card, pointer))

    def _tip(self, theme: Theme, explanation: Explanation) -> pygame.Surface:
        said = (theme, explanation.title, explanation.lines, explanation.kind)
        if self._card is None or self._card[0] != said:
            self._card = said, tip_card(theme, explanation)
        return self._card[1]


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


def memory_parts(theme: Theme, memory: MemoryUsage, width: int) -> dict[str, pygame.Rect]:
    """Return where the parts of a memory card of this width lie: "bar" and what `hint` knows."""
    pad, middle = theme.px(16), theme.px(24)
    bar = pygame.Rect(pad, theme.px(44), width - 2 * pad, theme.px(24))
    title = _text_rect(theme.text("Memory", 18, bold=True), pad, middle)
    reach = theme.text(f"{memory.policy} · {reach_text(memory)}", 14, MUTED)
    title.width += theme.px(14) + reach.get_width()
    size = _text_rect(theme.text(size_text(memory), 14), 0, middle)
    size.right = bar.right
    ratio = _text_rect(theme.text(ratio_text(memory), 14), 0, middle)
    ratio.right = size.left - theme.px(14)
    kept = _text_rect(theme.text(kept_text(memory), 13, MUTED), 0, bar.bottom + theme.px(20))
    kept.right = bar.right
    rects = {"bar": bar, "title": title, "size": size, "ratio": ratio, "kept": kept}
    return rects | _legend_parts(theme, memory, pad, kept)


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


def _legend_parts(
    theme: Theme, memory: MemoryUsage, left: int, kept: pygame.Rect
) -> dict[str, pygame.Rect]:
    square, middle, end = theme.px(11), kept.centery, kept.left - theme.px(24)
    shown = {segment.kind for segment in memory.segments if segment.bytes}
    rects = {}
    for kind, word in LEGEND.items():
        text = theme.text(word, 13, MUTED)
        if kind not in shown or left + square + text.get_width() > end:
            continue
        rect = _text_rect(text, left, middle)
        rect.width += square + theme.px(6)
        rects[kind] = rect
        left = rect.right + theme.px(18)
    text = theme.text("attended", 13, MUTED)
    if left + square + text.get_width() <= end:
        rects["attended"] = _text_rect(text, left, middle)
        rects["attended"].width += square + theme.px(4)
    return rects


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


def _text_rect(text: pygame.Surface, left: int, middle: int) -> pygame.Rect:
    return text.get_rect(left=left, centery=middle)


def _same(asked: tuple, before: tuple) -> bool:
    memory, theme = asked[:2]
    return memory is before[0] and theme is before[1] and asked[2:] == before[2:]
