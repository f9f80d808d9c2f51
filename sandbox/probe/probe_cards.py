"""How a comparison of then and now looks: the card shown in play, and what pages share with it."""

import numpy as np
import pygame

from mag_sandbox.evaluation.probe.probe import REMEMBERED, VAGUE, ProbeResult, Word
from mag_sandbox.sandbox.hud.hud_state import duration_text
from mag_sandbox.sandbox.ui.display import flat_picture
from mag_sandbox.sandbox.ui.theme import ACCENT, BAD, FAINT, GOOD, INK, MUTED, TRACK, Theme

CARD_WIDTH = 436  # px of the reference window
PICTURES = (("then", "then"), ("now", "now"), ("difference", "difference"))
WORD_COLOURS: dict[Word, tuple[int, ...]] = {
    "remembered": GOOD,
    "vaguely": ACCENT,
    "forgotten": BAD,
    "not counted": MUTED,
}
WORD_TEXTS: dict[Word, str] = {
    "remembered": "remembered",
    "vaguely": "vaguely remembered",
    "forgotten": "forgotten",
    "not counted": "not counted",
}
TITLES = {"postcard": "Postcard found"}
ASPECT = 0.6  # of the places for pictures
WIPE_SHARE = 0.62  # of the window's width or height that a wipe takes
SHADOW = (0, 0, 0, 90)
LABEL = (13, 17, 30, 170)


def probe_card(theme: Theme, result: ProbeResult, width: int | None = None) -> pygame.Surface:
    """Draw a result: both pictures and their difference, the recall, and why."""
    width = width or theme.px(CARD_WIDTH)
    pad, gap = theme.px(16), theme.px(8)
    cell = (width - 2 * pad - 2 * gap) // 3
    pictures_top = theme.px(46)
    numbers_top = pictures_top + round(cell * ASPECT) + theme.line_height(12) + theme.px(8)
    lines = theme.wrap(result.reason, width - 2 * pad, lines=2, size=13)
    reason_top = numbers_top + theme.px(72)
    height = reason_top + len(lines) * theme.line_height(13) + theme.px(12)
    card = theme.card((width, height), dense=True)
    _draw_title(card, theme, result, pad, theme.px(24))
    for place, (name, label) in enumerate(PICTURES):
        rect = pygame.Rect(pad + place * (cell + gap), pictures_top, cell, round(cell * ASPECT))
        draw_picture(card, theme, getattr(result, name), rect)
        theme.write(card, label, 12, MUTED, topleft=(rect.left, rect.bottom + theme.px(3)))
    _draw_numbers(card, theme, result, pygame.Rect(pad, numbers_top, width - 2 * pad, theme.px(64)))
    theme.write_lines(card, lines, (pad, reason_top), 13, MUTED)
    return card


class WipeCard:
    """Then and now in one picture, with a line that moves from one to the other.

    card = WipeCard(theme, result, window_size)
    surface = card.at(0.5)  # then on the left half, now on the right
    """

    def __init__(self, theme: Theme, result: ProbeResult, window_size: tuple[int, int]) -> None:
        self._theme = theme
        height, width = result.now.shape[:2]
        ratio = WIPE_SHARE * min(window_size[0] / width, window_size[1] / height)
        size = max(1, round(width * ratio)), max(1, round(height * ratio))
        said = theme.text(
            f"You came back after {duration_text(result.seconds_away)}", 16, bold=True
        )
        same = result.looks_the_same
        recall = "" if result.recall is None else f"{recall_text(result)}% "
        word = "looks the same" if same else f"{recall}{WORD_TEXTS[result.word]}"
        verdict = theme.text(word, 16, GOOD if same else WORD_COLOURS[result.word], bold=True)
        pad = theme.px(14)
        across = max(size[0], said.get_width() + verdict.get_width() + pad)
        self._area = pygame.Rect((pad + (across - size[0]) // 2, pad), size)
        self._card = theme.card((across + 2 * pad, self._area.bottom + theme.px(48)), dense=True)
        self._then, self._now = (self._scaled(each) for each in (result.then, result.now))
        middle = self._area.bottom + theme.px(24)
        self._card.blit(said, said.get_rect(midleft=(pad, middle)))
        self._card.blit(verdict, verdict.get_rect(midright=(pad + across, middle)))

    def at(self, share: float) -> pygame.Surface:
        """Return the card, always the same one, with then on the left share of the picture."""
        theme, area = self._theme, self._area
        edge = round(area.width * share)
        self._card.blit(self._now, area)
        self._card.blit(self._then, area, (0, 0, edge, area.height))
        for label, place in (
            ("then", {"topleft": area.topleft}),
            ("now", {"topright": area.topright}),
        ):
            words = theme.text(label, 13)
            rect = words.get_rect(**place).inflate(theme.px(14), theme.px(6)).clamp(area)
            self._card.blit(theme.rounded(rect.size, LABEL, 4), rect)
            self._card.blit(words, words.get_rect(center=rect.center))
        line = pygame.Rect(area.left + edge - theme.px(1), area.top, theme.px(3), area.height)
        pygame.draw.rect(self._card, INK, line.clamp(area))
        return self._card

    def _scaled(self, pixels: np.ndarray) -> pygame.Surface:
        return pygame.transform.smoothscale(flat_picture(pixels), self._area.size)


def draw_picture(
    card: pygame.Surface, theme: Theme, pixels: np.ndarray, rect: pygame.Rect
) -> pygame.Rect:
    """Draw a picture as large as it fits into `rect` without stretching; return where it is."""
    height, width = pixels.shape[:2]
    ratio = min(rect.width / width, rect.height / height)
    inside = pygame.Rect(0, 0, max(1, round(width * ratio)), max(1, round(height * ratio)))
    inside.center = rect.center
    if inside.size != rect.size:
        card.blit(theme.rounded(rect.size, SHADOW, 4), rect)
    card.blit(pygame.transform.smoothscale(flat_picture(pixels), inside.size), inside)
    return inside


def recall_text(result: ProbeResult) -> str:
    """Return the recall as a whole number, or a dash."""
    return "-" if result.recall is None else f"{result.recall:.0f}"


def likeness_text(result: ProbeResult) -> str:
    """Say how alike the pictures are, in numbers."""
    return f"{result.psnr:.1f} dB · SSIM {result.ssim:.2f}"


def draw_recall_bar(
    card: pygame.Surface, theme: Theme, rect: pygame.Rect, result: ProbeResult
) -> None:
    """Draw the recall as a bar with marks where the words change."""
    card.blit(theme.rounded(rect.size, TRACK, 4), rect)
    if result.recall is not None:
        done = max(rect.height, round(rect.width * result.recall / 100))
        card.blit(theme.rounded((done, rect.height), WORD_COLOURS[result.word], 4), rect)
    for mark in (VAGUE, REMEMBERED):
        x = rect.left + round(rect.width * mark / 100)
        pygame.draw.line(card, theme.colour(FAINT), (x, rect.top), (x, rect.bottom - 1))


def _draw_title(
    card: pygame.Surface, theme: Theme, result: ProbeResult, left: int, middle: int
) -> None:
    title = TITLES.get(result.kind, "You came back")
    right = theme.write(card, title, 18, bold=True, midleft=(left, middle)).right
    away, place = f"after {duration_text(result.seconds_away)}", (right + theme.px(12), middle)
    theme.write(card, away, 14, MUTED, midleft=place)
    where = result.label if result.kind != "postcard" else ""
    theme.write(card, where, 13, FAINT, midright=(card.get_width() - left, middle))


def _draw_numbers(
    card: pygame.Surface, theme: Theme, result: ProbeResult, rect: pygame.Rect
) -> None:
    colour = WORD_COLOURS[result.word]
    middle = rect.top + theme.px(24)
    place = rect.left, middle
    number = theme.write(card, recall_text(result), 40, colour, bold=True, midleft=place)
    left = number.right + theme.px(4)
    if result.recall is not None:
        place = left, middle + theme.px(14)
        left = theme.write(card, "%", 20, colour, bold=True, bottomleft=place).right
    left += theme.px(10)
    theme.write(card, WORD_TEXTS[result.word], 16, colour, bold=True, bottomleft=(left, middle))
    same = "looks the same" if result.looks_the_same else "recall"
    below = same if result.recall is not None else "see below"
    theme.write(card, below, 13, MUTED, topleft=(left, middle + theme.px(1)))
    said = [likeness_text(result)]
    if result.drift_psnr is not None:
        said.append(f"against first sight: {result.drift_psnr:.1f} dB")
    for row, text in enumerate(said):
        place = rect.right, middle - theme.px(9) + row * theme.px(18)
        theme.write(card, text, 13, MUTED if row else INK, midright=place)
    bar = pygame.Rect(rect.left, rect.top + theme.px(50), rect.width, theme.px(8))
    draw_recall_bar(card, theme, bar, result)
