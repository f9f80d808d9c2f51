"""How the page of all comparisons looks: the list, the chart over time away, the half-lives."""

from collections.abc import Sequence
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
from mag_sandbox.sandbox.probe.probe_cards import (
    WORD_COLOURS,
    WORD_TEXTS,
    draw_picture,
    likeness_text,
    recall_text,
)
from mag_sandbox.sandbox.ui.theme import ACCENT, FAINT, INK, MUTED, TRACK, Theme

ROW = 92  # px of the reference window
POLICY_COLOURS = {  # after Okabe and Ito; each has a shape of its own, too
    "mag-retrieve": (86, 180, 233),
    "mag": (0, 178, 130),
    "full": (240, 228, 66),
    "window": (230, 159, 0),
    "none": (222, 110, 60),
}
SHAPES = {"mag-retrieve": 0, "mag": 4, "full": 5, "window": 3, "none": 2}  # corners; 2: a cross
OTHER_COLOUR, OTHER_SHAPE = (204, 121, 167), 6
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
    number = theme.text(recall_text(result), 26, colour, bold=True)
    row.blit(number, (left, pad - theme.px(2)))
    beside = left + number.get_width() + theme.px(8)
    said = theme.one_line(WORD_TEXTS[result.word], width - beside - pad, 14, bold=True)
    word = theme.text(said, 14, colour, bold=True)
    row.blit(word, word.get_rect(midleft=(beside, pad + number.get_height() // 2 - theme.px(2))))
    away = f"after {duration_text(result.seconds_away)}"
    text = theme.text(away, 13)
    about = [f"{result.policy} · {likeness_text(result)} · {result.label}"]
    if beside + word.get_width() + text.get_width() + theme.px(12) < width - pad:
        middle = pad + number.get_height() // 2 - theme.px(2)
        row.blit(text, text.get_rect(midright=(width - pad, middle)))
    else:
        about = [f"{away} · {result.policy}", likeness_text(result)]
    top, line = pad + number.get_height(), theme.line_height(12)
    fits = max(len(about), min(3, (height - top) // line))
    if len(about) < 2:
        about += theme.wrap(result.reason, room, lines=fits - 1, size=12)
    for place, words in enumerate(about):
        said = theme.one_line(words, room, 12)
        row.blit(theme.text(said, 12, INK if place == 0 else MUTED), (left, top + place * line))
    return row


def draw_chart(
    surface: pygame.Surface, theme: Theme, rect: pygame.Rect, results: Sequence[ProbeResult]
) -> None:
    """Draw recall against time away, with the curve that each policy's half-life gives."""
    surface.blit(theme.rounded(rect.size, PLATE, 12), rect)
    title = theme.text("Recall against time away", 15, bold=True)
    surface.blit(title, (rect.left + theme.px(16), rect.top + theme.px(12)))
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
    title = theme.text("How long until half is forgotten", 15, bold=True)
    surface.blit(title, title.get_rect(midleft=(rect.left + pad, middle)))
    for place, summary in enumerate(found):
        middle = rect.top + theme.px(14) + theme.line_height(15) + place * line + line // 2
        if middle + line // 2 > rect.bottom:
            return
        draw_marker(surface, theme, (rect.left + pad + theme.px(6), middle), summary.policy)
        text = theme.text(half_life_text(summary), 14, bold=True)
        surface.blit(text, text.get_rect(midright=(rect.right - pad, middle)))
        mean = "" if summary.recall is None else f" · recall {summary.recall:.0f}"
        said = f"{summary.policy} · {_times(summary.returns)}{mean}"
        left = rect.left + pad + theme.px(20)
        room = rect.right - pad - text.get_width() - theme.px(10) - left
        theme.write(surface, theme.one_line(said, room, 14), 14, MUTED, midleft=(left, middle))


def summaries_height(theme: Theme, count: int) -> int:
    """Return how tall the table of half-lives is [px]."""
    rows = max(1, count) * (theme.line_height(14) + theme.px(4))
    return theme.px(14) + theme.line_height(15) + rows + theme.px(12)


def draw_marker(
    surface: pygame.Surface, theme: Theme, centre: tuple[float, float], policy: str
) -> None:
    """Draw a policy's mark: a colour and a shape of its own."""
    colour, corners = POLICY_COLOURS.get(policy, OTHER_COLOUR), SHAPES.get(policy, OTHER_SHAPE)
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
        if percent != HALF:
            theme.write(surface, f"{percent:.0f}", 12, FAINT, midright=(area.left - theme.px(8), y))
    half = theme.text("half", 12, MUTED)
    y = area.bottom - area.height // 2
    surface.blit(half, half.get_rect(midright=(area.left - theme.px(8), y)))
    for seconds in np.arange(0, reach + 1, step):
        x = area.left + round(seconds / reach * area.width)
        line = pygame.Surface((1, area.height), pygame.SRCALPHA)
        line.fill(grid)
        surface.blit(line, (x, area.top))
        theme.write(surface, _short(seconds), 12, FAINT, midtop=(x, area.bottom + theme.px(6)))
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
    colour = POLICY_COLOURS.get(summary.policy, OTHER_COLOUR)
    seconds = np.linspace(0.0, longest, CURVE_POINTS)
    recall = recalled_after(seconds, summary.half_life)
    points = [
        (area.left + one / reach * area.width, area.bottom - percent / 100 * area.height)
        for one, percent in zip(seconds, recall, strict=True)
    ]
    for start in range(0, CURVE_POINTS - 1, 2):  # dashed: fitted, not measured
        pygame.draw.line(surface, colour, points[start], points[start + 1], max(1, theme.px(1.5)))


def _times(count: int) -> str:
    return {0: "never", 1: "once"}.get(count, f"{count} times")


def _short(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:g} min"
