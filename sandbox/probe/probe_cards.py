"""How a comparison of then and now looks: the card shown in play, and what pages share with it."""

import numpy as np
import pygame

from mag_sandbox.controls.camera import CameraPose, yaw_difference
from mag_sandbox.evaluation.probe.probe import REMEMBERED, VAGUE, ProbeResult, Word
from mag_sandbox.sandbox.hud.hud_state import duration_text
from mag_sandbox.sandbox.play.late_warp import Crop
from mag_sandbox.sandbox.ui.display import flat_picture
from mag_sandbox.sandbox.ui.layout import draw_card
from mag_sandbox.sandbox.ui.theme import (
    ACCENT,
    BAD,
    FAINT,
    GOOD,
    INK,
    MUTED,
    TRACK,
    CachedPicture,
    Theme,
)

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
SHADOW = (0, 0, 0, 90)


def probe_card(
    theme: Theme, result: ProbeResult, width: int | None = None, *, figures: bool = False
) -> pygame.Surface:
    """Draw a result: both pictures, their difference, the share that came back, and why.

    `figures` adds PSNR and SSIM, for the lab view.
    """
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
    numbers = pygame.Rect(pad, numbers_top, width - 2 * pad, theme.px(64))
    _draw_numbers(card, theme, result, numbers)
    if figures:
        _draw_figures(card, theme, result, numbers)
    theme.write_lines(card, lines, (pad, reason_top), 13, MUTED)
    return card


class Wipe:
    """Then over now, on the picture itself, with a line that moves from one to the other.

    wipe = Wipe(theme, result, picture_rect)
    wipe.draw(surface, pose, crop, 0.5)  # then on the left half, now on the right
    """

    def __init__(self, theme: Theme, result: ProbeResult, picture: pygame.Rect) -> None:
        """`picture` is where the window shows the picture [px]."""
        self._theme, self._picture, self._result = theme, picture, result
        self._scaled = CachedPicture()
        self._caption = self._draw_caption()
        self._labels = [
            draw_card(theme, [[theme.text(word, 13)]], pad=(8, 3)) for word in ("then", "now")
        ]

    def draw(self, surface: pygame.Surface, pose: CameraPose, crop: Crop, share: float) -> None:
        """Draw then over the left share of a picture that shows a crop of the view at a pose."""
        picture, gap = self._picture, self._theme.px(14)
        edge = picture.left + round(picture.width * share)
        clip = surface.get_clip()
        surface.set_clip(
            clip.clip((picture.left, picture.top, edge - picture.left, picture.height))
        )
        place = self._place(pose, crop)
        surface.blit(self._scaled(place.size, lambda: self._then(place.size)), place)
        surface.set_clip(clip)
        line = pygame.Rect(edge - self._theme.px(1), picture.top, self._theme.px(3), picture.height)
        pygame.draw.rect(surface, INK, line)
        then, now = self._labels
        middle = surface.get_height() // 2
        if edge - picture.left > then.get_width() + 2 * gap:
            surface.blit(then, then.get_rect(midright=(edge - gap, middle)))
        if picture.right - edge > now.get_width() + 2 * gap:
            surface.blit(now, now.get_rect(midleft=(edge + gap, middle)))
        low = surface.get_height() - self._theme.px(70)
        surface.blit(
            self._caption, self._caption.get_rect(midbottom=(surface.get_width() // 2, low))
        )

    def _place(self, pose: CameraPose, crop: Crop) -> pygame.Rect:
        """Return where then lies in the window, as the camera sees it now."""
        left, top, width, height = crop
        across, along = self._picture.width / width, self._picture.height / height  # px of a view
        place = pygame.Rect(0, 0, round(across), round(along))
        place.left = self._picture.left - round(left * across)
        place.top = self._picture.top - round(top * along)
        then = self._result.sight
        if then is not None:
            middle, aspect = place.center, then.frame.shape[0] / then.frame.shape[1]
            place.size = tuple(round(side * then.pose.fov / pose.fov) for side in place.size)
            aside = yaw_difference(then.pose.yaw, pose.yaw) / pose.fov
            above = (then.pose.pitch - pose.pitch) / (pose.fov * aspect)
            place.center = middle[0] + round(aside * across), middle[1] - round(above * along)
        return place

    def _then(self, size: tuple[int, int]) -> pygame.Surface:
        then = self._result.then if self._result.sight is None else self._result.sight.frame
        return pygame.transform.smoothscale(flat_picture(then), size)

    def _draw_caption(self) -> pygame.Surface:
        result, theme = self._result, self._theme
        same = result.looks_the_same
        recall = "" if result.recall is None else f"{recall_text(result)}% "
        word = "looks the same" if same else f"{recall}{WORD_TEXTS[result.word]}"
        colour = GOOD if same else WORD_COLOURS[result.word]
        said = f"You came back after {duration_text(result.seconds_away)}"
        return draw_card(
            theme, [[theme.text(said, 16, bold=True), theme.text(word, 16, colour, bold=True)]]
        )


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
    same = "looks the same" if result.looks_the_same else "is as it was"
    below = same if result.recall is not None else "for the reason below"
    theme.write(card, below, 13, MUTED, topleft=(left, middle + theme.px(1)))
    bar = pygame.Rect(rect.left, rect.top + theme.px(50), rect.width, theme.px(8))
    draw_recall_bar(card, theme, bar, result)


def _draw_figures(
    card: pygame.Surface, theme: Theme, result: ProbeResult, rect: pygame.Rect
) -> None:
    said = [f"PSNR {result.psnr:.1f} dB · SSIM {result.ssim:.2f}"]
    if result.drift_psnr is not None:
        said.append(f"to first sight: PSNR {result.drift_psnr:.1f} dB")
    for row, text in enumerate(said):
        place = rect.right, rect.top + theme.px(15) + row * theme.px(18)
        theme.write(card, text, 13, MUTED if row else INK, midright=place)
