"""The page of all comparisons: what came back, how well, and how long memory lasts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pygame

from mag_sandbox.controls.bindings import Binding
from mag_sandbox.evaluation.similarity.recall import (
    HALF,
    MIN_POINTS,
    ProbeResult,
    half_life,
    recalled_after,
)
from mag_sandbox.files.validation import counted
from mag_sandbox.model.loading import policy_look
from mag_sandbox.sandbox.hud.hud_state import duration_text
from mag_sandbox.sandbox.returns.probe_cards import (
    CARD_WIDTH,
    WORD_COLOURS,
    WORD_TEXTS,
    captioned_pictures,
    probe_card,
    recall_text,
)
from mag_sandbox.sandbox.screens import LayOver, Outcome, Way
from mag_sandbox.sandbox.settings import SandboxConfig
from mag_sandbox.sandbox.ui.layout import (
    SPRING,
    CustomPart,
    Part,
    Plate,
    Text,
    column,
    draw,
    height_of,
    row,
)
from mag_sandbox.sandbox.ui.theme import ACCENT, BACKDROP, FAINT, MUTED, TRACK, Theme
from mag_sandbox.sandbox.ui.widgets import ENTER_KEYS, REDRAWN_BY, ScrollArea, draw_veil, menu_key

GOES_BACK = "Esc goes back"
FOOTER = f"Up and Down choose    Enter enlarges    {GOES_BACK}"
EMPTY = (
    "Nothing has come back yet.",
    "Look at something, turn away until it is out of sight, then turn back;",
    "after a walk, come back to the very spot where you looked:",
    "the game compares what you saw then with what you see now.",
)
LEAST_SIZE = (560, 350)  # px: smaller windows show a smaller picture of the page
LIST_SHARE = 0.56  # of the window's width
KEY_STEPS = {"up": -1, "down": 1, "page up": -4, "page down": 4, "home": -9999, "end": 9999}
REASON_LINES = 4  # at most
PICTURE = 90  # px of the reference window: height of a captioned picture in the list
FOCUS = (255, 255, 255, 28)  # not EDGE, which high contrast makes bright
PLATE = (255, 255, 255, 12)
STEPS = (5, 10, 15, 30, 60, 120, 300, 600, 1200, 3600)  # seconds between two lines of the chart
MOST_LINES = 6
CURVE_POINTS = 60


@dataclass(frozen=True, slots=True)
class PolicySummary:
    """The comparisons under one policy."""

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
        return f"needs {counted(MIN_POINTS - summary.returns, 'more view')}"
    if summary.half_life is None:
        return "not forgotten so far"
    return "under 1 s" if summary.half_life < 1 else duration_text(summary.half_life)


def compared_text(summary: PolicySummary) -> str:
    """Say how many views came back, and how much they were as before."""
    if summary.recall is None:
        return "no view compared yet"
    mean = f"{summary.recall:.0f}% as {'it was' if summary.returns == 1 else 'they were'}"
    return f"{counted(summary.returns, 'view')} compared, {mean}"


def result_part(theme: Theme, result: ProbeResult, width: int, *, focused: bool) -> Plate:
    """Return one result of the list, as wide as it is drawn [px]."""
    shown = captioned_pictures(result, 120)[: 3 if width > theme.px(600) else 2]
    colour = WORD_COLOURS[result.word]
    number = Text(recall_text(result), 26, colour, bold=True)
    label = WORD_TEXTS[result.word] if result.recall is None else "% as it was"
    head = row(number, Text(label, 14, colour, bold=True), gap=4, drops=True)
    policy = policy_look(result.policy).label
    about = f"after {duration_text(result.seconds_away)} · {policy}"
    reason = Text(result.reason, 12, MUTED, lines=REASON_LINES)
    words = column(head, Text(about, 12, lines=2), reason, gap=0)
    fill, edge = (FOCUS, (ACCENT, 2)) if focused else (PLATE, None)
    return Plate(row(row(*shown, gap=6), words, SPRING, gap=14), (10, 10), fill, edge, 10)


def draw_chart(
    surface: pygame.Surface, theme: Theme, rect: pygame.Rect, results: Sequence[ProbeResult]
) -> None:
    """Draw recall against time away, with the curve that each policy's half-life gives."""
    surface.blit(theme.rounded(rect.size, PLATE, 12), rect)
    corner = rect.left + theme.px(16), rect.top + theme.px(12)
    title = Text("How much came back, by time away", 15, bold=True)
    dashed = any(one.half_life is not None for one in summaries(results))
    head = row(title, SPRING, Text("dashed: estimated" * dashed, 12, MUTED), gap=12, drops=True)
    draw(theme, surface, head, pygame.Rect(corner, (rect.width - theme.px(32), theme.px(20))))
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
            x = area.left + round(seconds / reach * area.width)
            y = area.bottom - round(recall / 100 * area.height)
            draw_marker(theme, surface, pygame.Rect(x, y, 0, 0), summary.policy)
    if not counted:
        above = area.center[0], area.center[1] - theme.px(16)
        theme.write(surface, "nothing that counts has come back yet", 14, MUTED, center=above)


def summaries_part(found: Sequence[PolicySummary]) -> Plate:
    """Return the half-life of every policy's memory."""
    lines: list[Part] = [Text("How long until half is forgotten", bold=True)]
    for one in found:
        label = Text(f"{policy_look(one.policy).label}: {compared_text(one)}", 14, MUTED, lines=4)
        life = Text(half_life_text(one), 14, bold=True)
        lines.append(row(CustomPart(12, 12, draw_marker, (one.policy,)), label, SPRING, life))
    return Plate(column(*lines, gap=6), (16, 14), PLATE, radius=12)


def draw_marker(theme: Theme, surface: pygame.Surface, area: pygame.Rect, policy: str) -> None:
    """Draw a policy's mark in the middle of an area: a colour and a shape of its own."""
    look = policy_look(policy)
    colour, corners = look.colour, look.corners
    radius = max(3.0, 5.5 * theme.scale)
    x, y = centre = area.center
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
    for percent in range(0, 101, 25):
        y = area.bottom - round(area.height * percent / 100)
        colour = FAINT if percent == HALF else TRACK
        veil = pygame.Surface((area.width, 1), pygame.SRCALPHA)
        veil.fill(theme.colour(colour))
        surface.blit(veil, (area.left, y))
        ink = MUTED if percent == HALF else FAINT
        theme.write(surface, f"{percent}%", 12, ink, midright=(area.left - theme.px(8), y))
    for seconds in np.arange(0, reach + 1, step):
        x = area.left + round(seconds / reach * area.width)
        line = pygame.Surface((1, area.height), pygame.SRCALPHA)
        line.fill(grid)
        surface.blit(line, (x, area.top))
        label = f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:g} min"
        theme.write(surface, label, 12, FAINT, midtop=(x, area.bottom + theme.px(6)))
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
    colour = policy_look(summary.policy).colour
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
        self._scroll = ScrollArea()  # in results
        self._places: dict[int, pygame.Rect] = {}  # of the results that are shown
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
        for number, rect in self._places.items():
            if rect.collidepoint(point):
                again = self.chosen == number
                self._choose(number)
                self._enlarge(wanted=again)

    def _draw_page(self, size: tuple[int, int]) -> pygame.Surface:
        theme, (width, height) = Theme.of(self._settings, size), size
        page = pygame.Surface(size).convert()
        page.fill(theme.colour(BACKDROP))
        scored = [one.word for one in self._shown if one.recall is not None]
        returns = f"{counted(len(scored), 'return')} · {scored.count('remembered')} remembered"
        summary = returns if scored else "no returns yet"
        header = column(Text("What came back", 24, bold=True), Text(summary, 14, MUTED))
        area = page.get_rect().inflate(-2 * theme.px(28), -2 * theme.px(18))
        draw(theme, page, header, area)
        keys, place = FOOTER if self._shown else GOES_BACK, (width // 2, height - theme.px(10))
        theme.write(page, keys, 12, MUTED, midbottom=place)
        top = area.top + height_of(theme, header, area.width) + theme.px(14)
        area = pygame.Rect(area.left, top, area.width, height - theme.px(34) - top)
        if not self._shown:
            first, *others = EMPTY
            lines = (Text(words, 15, MUTED) for words in others)
            words = column(Text(first, 20, bold=True), *lines, gap=10, align=0.5)
            draw(theme, page, words, area.inflate(0, -area.height * 2 // 3))
            return page
        across = round(area.width * LIST_SHARE)
        self._draw_list(page, theme, pygame.Rect(area.topleft, (across, area.height)))
        side = pygame.Rect(area.left + across + theme.px(20), area.top, 0, area.height)
        side.width = area.right - side.left
        table = summaries_part(summaries(self._shown[::-1]))
        tall = min(height_of(theme, table, side.width), side.height // 2)
        chart = pygame.Rect(side.topleft, (side.width, side.height - tall - theme.px(12)))
        draw_chart(page, theme, chart, self._shown)
        draw(theme, page, table, pygame.Rect(side.left, side.bottom - tall, side.width, tall))
        if self.enlarged:
            _draw_enlarged(page, theme, self._shown[self.chosen])
        return page

    def _draw_list(self, page: pygame.Surface, theme: Theme, area: pygame.Rect) -> None:
        gap, count, width = theme.px(8), len(self._shown), area.width - theme.px(10)
        distinct = {one.reason: one for one in self._shown}.values()
        parts = (result_part(theme, one, width, focused=False) for one in distinct)
        tall = max(theme.px(PICTURE + 20), *(height_of(theme, part, width) for part in parts))
        fits = max(1, (area.height + gap) // (tall + gap))
        self._scroll.resize(fits, count)
        self._scroll.show(self.chosen, self.chosen + 1)
        self._scroll.glide.jump(self._scroll.glide.target)
        self._places = {}
        place = pygame.Rect(area.topleft, (width, tall))
        for number in range(self._scroll.offset, min(count, self._scroll.offset + fits)):
            focused = number == self.chosen
            part = result_part(theme, self._shown[number], place.width, focused=focused)
            draw(theme, page, part, place)
            self._places[number] = place.copy()
            place.top += tall + gap
        self._scroll.draw_bar(page, theme, area)


def _draw_enlarged(page: pygame.Surface, theme: Theme, result: ProbeResult) -> None:
    draw_veil(page, theme)
    card, least = probe_card(result), theme.px(CARD_WIDTH)
    across, down = page.get_width() - theme.px(60), page.get_height() - theme.px(40)
    width = min(across, round(2.2 * least))
    while width > least and card.size(theme, width)[1] > down:
        width = round(width * 0.9)
    drawn, _ = card.drawn(theme, width)
    page.blit(drawn, drawn.get_rect(center=page.get_rect().center))


OPEN_PROBES = LayOver(
    lambda services: ProbesScreen(lambda: services.prober.results, services.settings.now),
    Binding("probes", ("tab", "pad left stick"), "list what came back", "Come back"),
)
