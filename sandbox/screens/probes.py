"""The page of all comparisons: what came back, how well, and how long memory lasts."""

from collections.abc import Callable, Sequence

import pygame

from mag_sandbox.evaluation.probe.probe import ProbeResult
from mag_sandbox.sandbox.probe.probe_cards import CARD_WIDTH, probe_card
from mag_sandbox.sandbox.probe.probe_page import (
    ROW,
    draw_chart,
    draw_row,
    draw_summaries,
    summaries,
    summaries_height,
)
from mag_sandbox.sandbox.screens import Back, Leave, Outcome
from mag_sandbox.sandbox.settings import SandboxConfig
from mag_sandbox.sandbox.ui.theme import BACKDROP, MUTED, Theme
from mag_sandbox.sandbox.ui.widgets import ENTER_KEYS, REDRAWN_BY, draw_veil, menu_key

FOOTER = "Up and Down choose    Enter enlarges    Esc goes back"
EMPTY = (
    "Nothing has come back yet.",
    "Look at something, turn away until it is out of sight, then turn back:",
    "the game compares what you saw then with what you see now.",
)
LEAST_SIZE = (560, 350)  # px: smaller windows show a smaller picture of the page
LIST_SHARE = 0.56  # of the window's width
KEY_STEPS = {"up": -1, "down": 1, "page up": -4, "page down": 4, "home": -9999, "end": 9999}


class ProbesScreen:
    """Lists results, newest first, beside the chart and the half-lives.

    screen = ProbesScreen(lambda: prober.results, settings)
    """

    def __init__(
        self, results: Callable[[], Sequence[ProbeResult]], settings: SandboxConfig
    ) -> None:
        """Show what `results` returns, also what it returns later."""
        self.outcome: Outcome | None = None
        self.wake_at: float | None = None
        self.chosen = 0  # place in the list
        self.enlarged = False
        self._results = results
        self._settings = settings
        self._shown: tuple[ProbeResult, ...] = ()  # newest first
        self._top = 0  # first row shown
        self._fits = 1  # rows shown
        self._rows: list[pygame.Rect] = []
        self._page: pygame.Surface | None = None
        self._zoom = (1.0, 1.0)  # px of the page in a pixel of the window
        self._dirty = True

    def handle(self, event: pygame.Event) -> None:
        """Choose, enlarge, go back; by keys, gamepad or mouse."""
        key = menu_key(event)
        if event.type == pygame.QUIT:
            self.outcome = Leave()
        elif key == "tab" or (key == "escape" and not self.enlarged):
            self.outcome = Back()
        elif key == "escape" or (key in ENTER_KEYS and self.enlarged):
            self._enlarge(wanted=False)
        elif key in ENTER_KEYS:
            self._enlarge(wanted=bool(self._shown))
        elif key in KEY_STEPS:
            self._choose(self.chosen + KEY_STEPS[key])
        elif event.type == pygame.MOUSEWHEEL:
            self._choose(self.chosen - event.y)
        elif event.type == pygame.MOUSEBUTTONDOWN and event.button == 1:
            self._click(event.pos)
        elif event.type in REDRAWN_BY:
            self._dirty = True

    def update(self, now: float) -> bool:  # noqa: ARG002 -- nothing here depends on time
        """Look whether more has come back; True if the page changed."""
        found = tuple(reversed(self._results()))
        if len(found) != len(self._shown) or any(map(_differ, found[:1], self._shown[:1])):
            self._shown, self._dirty = found, True
            self.chosen = min(self.chosen, max(0, len(found) - 1))
        changed, self._dirty = self._dirty, False
        if changed:
            self._page = None
        return changed

    def draw(self, surface: pygame.Surface) -> None:
        """Draw the page, from its cache unless it changed."""
        width, height = map(max, surface.get_size(), LEAST_SIZE)
        size = width, height
        if self._page is None or self._page.get_size() != size:
            self._page = self._draw_page(size)
        self._zoom = size[0] / surface.get_width(), size[1] / surface.get_height()
        if self._page.get_size() == surface.get_size():
            surface.blit(self._page, (0, 0))
        else:
            pygame.transform.smoothscale(self._page, surface.get_size(), surface)

    def _choose(self, place: int) -> None:
        self.chosen = max(0, min(len(self._shown) - 1, place))
        self._dirty = True

    def _enlarge(self, *, wanted: bool) -> None:
        self.enlarged, self._dirty = wanted, True

    def _click(self, place: tuple[int, int]) -> None:
        if self.enlarged:
            self._enlarge(wanted=False)
            return
        point = place[0] * self._zoom[0], place[1] * self._zoom[1]
        for row, rect in enumerate(self._rows):
            if rect.collidepoint(point):
                again = self.chosen == self._top + row
                self._choose(self._top + row)
                self._enlarge(wanted=again)

    def _draw_page(self, size: tuple[int, int]) -> pygame.Surface:
        settings = self._settings
        theme = Theme(size, settings.text_scale, high_contrast=settings.high_contrast)
        page = pygame.Surface(size).convert()
        page.fill(theme.colour(BACKDROP))
        margin = theme.px(28)
        self._draw_header(page, theme, margin)
        top = margin + theme.line_height(24) + theme.line_height(14) + theme.px(8)
        bottom = size[1] - theme.px(34)
        across = round((size[0] - 2 * margin) * LIST_SHARE)
        if self._shown:
            self._draw_list(page, theme, pygame.Rect(margin, top, across, bottom - top))
            left = margin + across + theme.px(20)
            self._draw_side(
                page, theme, pygame.Rect(left, top, size[0] - margin - left, bottom - top)
            )
        else:
            _draw_empty(page, theme)
        footer = theme.text(FOOTER, 12, MUTED)
        page.blit(footer, footer.get_rect(midbottom=(size[0] // 2, size[1] - theme.px(10))))
        if self.enlarged and self._shown:
            _draw_enlarged(page, theme, self._shown[self.chosen])
        return page

    def _draw_header(self, page: pygame.Surface, theme: Theme, margin: int) -> None:
        page.blit(theme.text("What came back", 24, bold=True), (margin, theme.px(18)))
        counted = [one for one in self._shown if one.recall is not None]
        kept = sum(one.word == "remembered" for one in counted)
        returns = "return" if len(counted) == 1 else "returns"
        said = f"{len(counted)} {returns} · {kept} remembered" if counted else "no returns yet"
        top = theme.px(18) + theme.line_height(24)
        page.blit(theme.text(said, 14, MUTED), (margin, top))

    def _draw_list(self, page: pygame.Surface, theme: Theme, area: pygame.Rect) -> None:
        gap = theme.px(8)
        tall = theme.px(ROW)
        self._fits = max(1, (area.height + gap) // (tall + gap))
        first, last = self.chosen - self._fits + 1, self.chosen
        self._top = max(first, min(last, self._top))
        self._top = max(0, min(self._top, len(self._shown) - self._fits))
        self._rows = []
        for place, result in enumerate(self._shown[self._top : self._top + self._fits]):
            rect = pygame.Rect(
                area.left, area.top + place * (tall + gap), area.width - theme.px(10), tall
            )
            focused = self._top + place == self.chosen
            page.blit(draw_row(theme, result, rect.size, focused=focused), rect)
            self._rows.append(rect)
        if len(self._shown) > self._fits:
            self._draw_scroll_bar(page, theme, area)

    def _draw_scroll_bar(self, page: pygame.Surface, theme: Theme, area: pygame.Rect) -> None:
        count, width = len(self._shown), theme.px(4)
        bar = pygame.Rect(area.right - width, area.top, width, area.height * self._fits // count)
        bar.top += (area.height - bar.height) * self._top // (count - self._fits)
        page.blit(theme.rounded(bar.size, (*MUTED, 130), 2), bar)

    def _draw_side(self, page: pygame.Surface, theme: Theme, area: pygame.Rect) -> None:
        found = summaries(self._shown[::-1])
        tall = min(summaries_height(theme, len(found)), area.height // 2)
        gap = theme.px(12)
        chart = pygame.Rect(area.left, area.top, area.width, area.height - tall - gap)
        draw_chart(page, theme, chart, self._shown)
        table = pygame.Rect(area.left, chart.bottom + gap, area.width, tall)
        draw_summaries(page, theme, table, found)


def _differ(one: ProbeResult, other: ProbeResult) -> bool:
    return one.number != other.number


def _draw_enlarged(page: pygame.Surface, theme: Theme, result: ProbeResult) -> None:
    draw_veil(page, theme)
    room = page.get_width() - theme.px(60), page.get_height() - theme.px(40)
    width = min(room[0], theme.px(2.2 * CARD_WIDTH))
    card = probe_card(theme, result, width)
    while card.get_height() > room[1] and width > theme.px(CARD_WIDTH):
        width = round(width * 0.9)
        card = probe_card(theme, result, width)
    page.blit(card, card.get_rect(center=page.get_rect().center))


def _draw_empty(page: pygame.Surface, theme: Theme) -> None:
    middle = page.get_height() // 2 - theme.px(30)
    for place, words in enumerate(EMPTY):
        first = place == 0
        text = theme.text(words, 20 if first else 15, bold=first, colour=(255, 255, 255))
        if not first:
            text = theme.text(words, 15, MUTED)
        page.blit(text, text.get_rect(center=(page.get_width() // 2, middle)))
        middle += theme.line_height(22)
