"""The page of all comparisons: what came back, how well, and how long memory lasts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pygame

from mag_sandbox.evaluation.probe.probe import (
    HALF,
    MIN_POINTS,
    REMEMBERED,
    VAGUE,
    ProbeResult,
    half_life,
    recalled_after,
)
from mag_sandbox.sandbox.hud.hud_state import duration_text
from mag_sandbox.sandbox.hud.policies import policy_row
from mag_sandbox.sandbox.probe.probe_cards import (
    CARD_WIDTH,
    WORD_COLOURS,
    WORD_TEXTS,
    draw_picture,
    probe_card,
    recall_text,
)
from mag_sandbox.sandbox.screens import Outcome, Way
from mag_sandbox.sandbox.settings import SandboxConfig
from mag_sandbox.sandbox.ui.theme import ACCENT, BACKDROP, FAINT, INK, MUTED, TRACK, Theme
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
ROW = 92  # px of the reference window
FOCUS = (255, 255, 255, 28)  # not EDGE, which high contrast makes bright
PLATE = (255, 255, 255, 12)
STEPS = (5, 10, 15, 30, 60, 120, 300, 600, 1200, 3600)  # seconds between two lines of the chart
MOST_LINES = 6
CURVE_POINTS = 60


@dataclass(frozen=True, slots=True)
class PolicySummary:
    """What one policy gave back."""

    policy: str
    returns: int  # that count
    recall: float | None  # mean, percent
    half_life: float | None  # s; None: not reached, or too few
    enough: bool  # for a half-life


def summaries(results: Sequence[ProbeResult]) -> tuple[PolicySummary, ...]:
    """Return one summary a policy, in the order in which they were first used."""
    found = []
    for policy in dict.fromkeys(result.policy for result in results):
        own = [one for one in results if one.policy == policy and one.recall is not None]
        mean = float(np.mean([one.recall for one in own])) if own else None
        enough = len(own) >= MIN_POINTS
        found.append(PolicySummary(policy, len(own), mean, half_life(own), enough))
    return tuple(found)


def half_life_text(summary: PolicySummary) -> str:
    """Say how long it takes to forget one half."""
    if not summary.enough:
        return "too few yet"
    if summary.half_life is None:
        return "not reached"
    return "under 1 s" if summary.half_life < 1 else duration_text(summary.half_life)


def draw_row(
    theme: Theme, result: ProbeResult, size: tuple[int, int], *, focused: bool
) -> pygame.Surface:
    """Draw one result of the list."""
    row = pygame.Surface(size, pygame.SRCALPHA)
    row.blit(theme.rounded(size, FOCUS if focused else PLATE, 10), (0, 0))
    if focused:
        row.blit(theme.rounded(size, ACCENT, 10, line=2), (0, 0))
    width, height = size
    pad = theme.px(10)
    tall = height - 2 * pad
    wide = round(tall / 0.6)
    names = ("then", "now", "difference") if width > theme.px(600) else ("then", "now")
    left = pad
    for name in names:
        draw_picture(row, theme, getattr(result, name), pygame.Rect(left, pad, wide, tall))
        left += wide + theme.px(6)
    left += theme.px(8)
    colour = WORD_COLOURS[result.word]
    room = width - left - pad
    corner = left, pad - theme.px(2)
    number = theme.write(row, recall_text(result), 26, colour, bold=True, topleft=corner)
    beside, middle = number.right + theme.px(8), number.centery
    word = theme.text(WORD_TEXTS[result.word], 14, colour, bold=True)
    if beside + word.get_width() < width:  # else the number's colour says it
        row.blit(word, word.get_rect(midleft=(beside, middle)))
    away = f"after {duration_text(result.seconds_away)}"
    text, policy = theme.text(away, 13), policy_row(result.policy).label
    about = [f"{policy} · {result.label}"]
    if beside + word.get_width() + text.get_width() + theme.px(12) < width - pad:
        row.blit(text, text.get_rect(midright=(width - pad, middle)))
    else:
        about = [away, policy]
    top, line = pad + number.height, theme.line_height(12)
    fits = max(len(about), min(3, (height - top) // line))
    if len(about) < 2:
        about += theme.wrap(result.reason, room, lines=fits - 1, size=12)
    for place, words in enumerate(about):
        ink, corner = MUTED if place else INK, (left, top + place * line)
        theme.write(row, words, 12, ink, within=room, topleft=corner)
    return row


def draw_chart(
    surface: pygame.Surface, theme: Theme, rect: pygame.Rect, results: Sequence[ProbeResult]
) -> None:
    """Draw recall against time away, with the curve that each policy's half-life gives."""
    surface.blit(theme.rounded(rect.size, PLATE, 12), rect)
    corner = rect.left + theme.px(16), rect.top + theme.px(12)
    theme.write(surface, "How much came back, by time away", 15, bold=True, topleft=corner)
    area = pygame.Rect(
        rect.left + theme.px(48),
        rect.top + theme.px(48),
        rect.width - theme.px(70),
        rect.height - theme.px(48 + 44),
    )
    counted = [one for one in results if one.recall is not None]
    longest = max((one.seconds_away for one in counted), default=0.0)
    reach = _draw_axes(surface, theme, area, longest)
    for summary in summaries(counted):
        own = [
            (one.seconds_away, one.recall)
            for one in results
            if one.recall is not None and one.policy == summary.policy
        ]
        _draw_curve(surface, theme, area, reach, summary, max(seconds for seconds, _ in own))
        for seconds, recall in own:
            x = area.left + seconds / reach * area.width
            y = area.bottom - recall / 100 * area.height
            draw_marker(surface, theme, (x, y), summary.policy)
    if not counted:
        theme.write(surface, "nothing has come back yet", 14, MUTED, center=area.center)


def draw_summaries(
    surface: pygame.Surface, theme: Theme, rect: pygame.Rect, found: Sequence[PolicySummary]
) -> None:
    """Draw the half-life of every policy's memory."""
    surface.blit(theme.rounded(rect.size, PLATE, 12), rect)
    pad, line = theme.px(16), theme.line_height(14) + theme.px(4)
    middle = rect.top + theme.px(14) + theme.line_height(15) // 2
    title = "How long until half is forgotten"
    theme.write(surface, title, 15, bold=True, midleft=(rect.left + pad, middle))
    for place, summary in enumerate(found):
        middle = rect.top + theme.px(14) + theme.line_height(15) + place * line + line // 2
        if middle + line // 2 > rect.bottom:
            return
        draw_marker(surface, theme, (rect.left + pad + theme.px(6), middle), summary.policy)
        life, end = half_life_text(summary), (rect.right - pad, middle)
        text = theme.write(surface, life, 14, bold=True, midright=end)
        times = {0: "never", 1: "once"}.get(summary.returns, f"{summary.returns} times")
        mean = "" if summary.recall is None else f" · {summary.recall:.0f}% on average"
        said = f"{policy_row(summary.policy).label} · {times}{mean}"
        left = rect.left + pad + theme.px(20)
        room = text.left - theme.px(10) - left
        theme.write(surface, said, 14, MUTED, within=room, midleft=(left, middle))


def summaries_height(theme: Theme, count: int) -> int:
    """Return how tall the table of half-lives is [px]."""
    rows = max(1, count) * (theme.line_height(14) + theme.px(4))
    return theme.px(14) + theme.line_height(15) + rows + theme.px(12)


def draw_marker(
    surface: pygame.Surface, theme: Theme, centre: tuple[float, float], policy: str
) -> None:
    """Draw a policy's mark: a colour and a shape of its own."""
    row = policy_row(policy)
    colour, corners = row.colour, row.corners
    radius = max(3.0, 5.5 * theme.scale)
    x, y = centre
    if corners == 0:
        pygame.draw.aacircle(surface, colour, centre, radius)
        return
    if corners == 2:
        for way in (-1, 1):
            ends = (x - radius, y - way * radius), (x + radius, y + way * radius)
            pygame.draw.line(surface, colour, *ends, max(2, round(radius / 2)))
        return
    turn = np.pi / 4 if corners == 4 else 0.0
    angles = np.arange(corners) * 2 * np.pi / corners - np.pi / 2 + turn
    points = [(x + radius * 1.15 * np.cos(a), y + radius * 1.15 * np.sin(a)) for a in angles]
    pygame.draw.polygon(surface, colour, points)


def _draw_axes(surface: pygame.Surface, theme: Theme, area: pygame.Rect, longest: float) -> float:
    """Draw lines and their numbers; return the seconds of the whole width."""
    step = next((step for step in STEPS if longest <= step * MOST_LINES), STEPS[-1])
    reach = max(step, -(-longest * 1.02 // step) * step)
    grid = theme.colour(TRACK)
    for percent in (0, VAGUE, HALF, REMEMBERED, 100):
        y = area.bottom - round(area.height * percent / 100)
        colour = FAINT if percent == HALF else TRACK
        veil = pygame.Surface((area.width, 1), pygame.SRCALPHA)
        veil.fill(theme.colour(colour))
        surface.blit(veil, (area.left, y))
        ink = MUTED if percent == HALF else FAINT
        theme.write(surface, f"{percent:.0f} %", 12, ink, midright=(area.left - theme.px(8), y))
    for seconds in np.arange(0, reach + 1, step):
        x = area.left + round(seconds / reach * area.width)
        line = pygame.Surface((1, area.height), pygame.SRCALPHA)
        line.fill(grid)
        surface.blit(line, (x, area.top))
        said = f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:g} min"
        theme.write(surface, said, 12, FAINT, midtop=(x, area.bottom + theme.px(6)))
    return float(reach)


def _draw_curve(
    surface: pygame.Surface,
    theme: Theme,
    area: pygame.Rect,
    reach: float,
    summary: PolicySummary,
    longest: float,
) -> None:
    if summary.half_life is None:
        return
    colour = policy_row(summary.policy).colour
    seconds = np.linspace(0.0, longest, CURVE_POINTS)
    recall = recalled_after(seconds, summary.half_life)
    points = [
        (area.left + one / reach * area.width, area.bottom - percent / 100 * area.height)
        for one, percent in zip(seconds, recall, strict=True)
    ]
    for start in range(0, CURVE_POINTS - 1, 2):  # dashed: fitted, not measured
        pygame.draw.line(surface, colour, points[start], points[start + 1], max(1, theme.px(1.5)))


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
            self.outcome = Way.LEAVE
        elif key == "tab" or (key == "escape" and not self.enlarged):
            self.outcome = Way.BACK
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
        if [one.number for one in found] != [one.number for one in self._shown]:
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
        theme = Theme.of(settings, size)
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
        place = size[0] // 2, size[1] - theme.px(10)
        theme.write(page, FOOTER, 12, MUTED, midbottom=place)
        if self.enlarged and self._shown:
            _draw_enlarged(page, theme, self._shown[self.chosen])
        return page

    def _draw_header(self, page: pygame.Surface, theme: Theme, margin: int) -> None:
        theme.write(page, "What came back", 24, bold=True, topleft=(margin, theme.px(18)))
        counted = [one for one in self._shown if one.recall is not None]
        kept = sum(one.word == "remembered" for one in counted)
        returns = "return" if len(counted) == 1 else "returns"
        said = f"{len(counted)} {returns} · {kept} remembered" if counted else "no returns yet"
        top = theme.px(18) + theme.line_height(24)
        theme.write(page, said, 14, MUTED, topleft=(margin, top))

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
        first, where = place == 0, (page.get_width() // 2, middle)
        size, ink = (20, (255, 255, 255)) if first else (15, MUTED)
        theme.write(page, words, size, ink, bold=first, center=where)
        middle += theme.line_height(22)
