"""The look of a comparison of then and now: the card in play, and parts shared with pages."""

import numpy as np
import pygame

from mag_sandbox.controls.camera import CameraPose, yaw_difference
from mag_sandbox.evaluation.similarity.recall import REMEMBERED, VAGUE, ProbeResult, Word
from mag_sandbox.sandbox.hud.hud_state import duration_text
from mag_sandbox.sandbox.play.late_warp import Crop
from mag_sandbox.sandbox.ui.display import flat_picture
from mag_sandbox.sandbox.ui.layout import (
    SPRING,
    Card,
    CustomPart,
    Part,
    PicturePart,
    Text,
    column,
    row,
)
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
SHAPE = 0.6  # height of the pictures of a result over their width
TITLES = {"postcard": "Postcard found", "seen": "Seen before"}


def probe_card(result: ProbeResult, *, figures: bool = False) -> Card:
    """Return a result: both pictures, their difference, the share that came back, and why.

    `figures` adds PSNR and SSIM, for the lab view.
    """
    colour, counts = WORD_COLOURS[result.word], result.recall is not None
    where = result.label if result.kind != "postcard" else ""
    title = row(
        Text(TITLES.get(result.kind, "You came back"), 18, bold=True),
        Text(f"after {duration_text(result.seconds_away)}", 14, MUTED),
        SPRING,
        Text(where, 13, FAINT, lines=1),
        gap=12,
    )
    pictures = captioned_pictures(result)
    word = WORD_TEXTS[result.word]
    above, below = ("as it was", word) if counts else (word, "for the reason below")
    words = column(Text(above, 16, colour, bold=True), Text(below, 13, MUTED))
    number = Text(recall_text(result), 40, colour, bold=True)
    share = Text("%", 20, colour, bold=True) if counts else None
    numbers = row(row(number, share, gap=4), words)
    level = CustomPart(0, 8, draw_recall_bar, (result.recall, colour))
    measured = f"PSNR {result.psnr:.1f} dB · SSIM {result.ssim:.2f}"
    if result.drift_psnr is not None:
        measured += f" · to first sight: PSNR {result.drift_psnr:.1f} dB"
    lab = Text(measured, 12, MUTED, lines=1) if figures else None
    reason = Text(result.reason, 13, MUTED, lines=2)
    return Card(
        column(title, row(*pictures, gap=8), numbers, level, lab, reason, gap=6), CARD_WIDTH
    )


def captioned_pictures(result: ProbeResult, width: float = 0) -> list[Part]:
    """Return then, now and their difference, each with its name below.

    Of a given width they are cut to one shape, so that those of several results are as large.
    """
    shown = (("then", result.then), ("now", result.now), ("difference", result.difference))
    return [
        column(
            PicturePart(_cut(one) if width else one, width, SHAPE),
            Text(name, 12, MUTED, lines=1),
            gap=3,
        )
        for name, one in shown
    ]


def _cut(picture: np.ndarray) -> np.ndarray:
    """Return the middle of a picture in the shape of its place."""
    height, width = picture.shape[:2]
    rows, columns = min(height, round(width * SHAPE)), min(width, round(height / SHAPE))
    top, left = (height - rows) // 2, (width - columns) // 2
    return picture[top : top + rows, left : left + columns]


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
        labels = (Card(Text(word, 13), pad=(8, 3)) for word in ("then", "now"))
        self._labels = [card.drawn(theme)[0] for card in labels]

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
        self._draw_labels(surface, edge, gap)
        low = surface.get_height() - self._theme.px(70)
        surface.blit(
            self._caption, self._caption.get_rect(midbottom=(surface.get_width() // 2, low))
        )

    def _draw_labels(self, surface: pygame.Surface, edge: int, gap: int) -> None:
        """Write on both sides of the line, as far from it as it is at least from a window's edge.

        Nearer to the edge it is hardly seen, and a word alone would tell nothing.
        """
        seen, (then, now) = self._picture.clip(surface.get_rect()), self._labels
        before, after, middle = edge - seen.left, seen.right - edge, surface.get_height() // 2
        if after > gap and before > then.get_width() + 2 * gap:
            surface.blit(then, then.get_rect(midright=(edge - gap, middle)))
        if before > gap and after > now.get_width() + 2 * gap:
            surface.blit(now, now.get_rect(midleft=(edge + gap, middle)))

    def _place(self, pose: CameraPose, crop: Crop) -> pygame.Rect:
        """Return the place of the earlier view in the window, as the camera sees it now."""
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
        word, colour = recall_words(result), WORD_COLOURS[result.word]
        words = Text(return_words(result), 16, bold=True), Text(word, 16, colour, bold=True)
        part = column(*words, align=0.5) if result.recall is None else row(*words)
        return Card(part).drawn(theme)[0]


def return_words(result: ProbeResult) -> str:
    """Return how long ago a view was seen: time in the place, not that between two visits."""
    away = f"{duration_text(result.seconds_away)} of play"
    return f"You saw this {away} ago" if result.kind == "seen" else f"You came back after {away}"


def recall_text(result: ProbeResult) -> str:
    """Return the recall as a whole number, or a dash."""
    return "-" if result.recall is None else f"{result.recall:.0f}"


def recall_words(result: ProbeResult) -> str:
    """Return the recall in words, "92% as it was", or why it is not measured."""
    if result.recall is not None:
        return f"{recall_text(result)}% as it was"
    if result.motion == "differs":
        return "not measured: it moved unlike the camera"
    return "not measured: too little moved"


def draw_recall_bar(
    theme: Theme,
    surface: pygame.Surface,
    area: pygame.Rect,
    recall: float | None,
    colour: tuple[int, ...],
) -> None:
    """Draw a recall [percent] as a bar with marks where the words change."""
    surface.blit(theme.rounded(area.size, TRACK, 4), area)
    if recall is not None:
        done = max(area.height, round(area.width * recall / 100))
        surface.blit(theme.rounded((done, area.height), colour, 4), area)
    for mark in (VAGUE, REMEMBERED):
        x = area.left + round(area.width * mark / 100)
        pygame.draw.line(surface, theme.colour(FAINT), (x, area.top), (x, area.bottom - 1))
