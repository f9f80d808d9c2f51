"""How postcards look: the card in the corner with its heat, the stamp that slams down, the end.

Paper and pictures are drawn once a card, words when they change, the stamp while it moves.
"""

from collections.abc import Sequence

import pygame

from mag_sandbox.evaluation.probe.anchors import Sight
from mag_sandbox.sandbox.hud.policies import policy_row
from mag_sandbox.sandbox.postcards.postcards import (
    HEATS,
    MIN_AGE,
    SLAM_S,
    WOBBLE_S,
    PostcardStamp,
    PostcardView,
    StampMotion,
    Tour,
    stamp_motion,
)
from mag_sandbox.sandbox.postcards.scores import Score
from mag_sandbox.sandbox.probe.probe_cards import draw_picture
from mag_sandbox.sandbox.ui.theme import ACCENT, GOOD, INK, MUTED, CachedPicture, Theme

CARD_WIDTH = 316  # px of the reference window
PAPER, PAPER_EDGE = (247, 240, 224), (216, 204, 178)
PENCIL, FADED = (58, 48, 44), (128, 114, 100)
POSTMARK = (176, 44, 52)
LOST_INK = (104, 104, 112)
HEAT_COLOURS = (  # hottest first, after the blue-to-red of maps, told apart by brightness too
    (214, 62, 40),
    (240, 110, 50),
    (250, 166, 70),
    (246, 206, 120),
    (150, 198, 224),
    (92, 152, 206),
    (58, 100, 170),
)
WAITING = (
    "Look around, then turn away: a view becomes a postcard once it has been out of sight for"
    f" {MIN_AGE:.0f} seconds. {{}} or Esc stops the postcards."
)
STAMP_SIZE = 92  # px of the reference window
ARROWS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
TREND_ARROWS = {"warmer": (0, -1), "colder": (0, 1)}


class PostcardCard:
    """Draws the card of a tour, from caches unless it changed.

    card = PostcardCard()
    rect = card.draw(surface, theme, tour.view(now), topright=(1266, 96), age=now - tour.since)
    """

    def __init__(self) -> None:
        self._paper, self._card, self._stamp, self._pressed = (CachedPicture() for _ in range(4))

    def draw(
        self,
        surface: pygame.Surface,
        theme: Theme,
        view: PostcardView,
        topright: tuple[int, int],
        age: float,
        claim_key: str = "C",
    ) -> pygame.Rect:
        """Draw it with this corner [px] and return where it is; `age` [s] moves the stamp."""
        said = (theme, view, claim_key)
        card = self._card(said, lambda: self._drawn(*said))
        rect = card.get_rect(topright=topright)
        surface.blit(card, rect)
        if view.stamp is not None:
            centre = _stamp_centre(theme).move(rect.topleft).center
            stamp = self._moving_stamp(theme, view.stamp, age)
            surface.blit(stamp, stamp.get_rect(center=centre))
        return rect

    def is_moving(self, view: PostcardView, age: float) -> bool:
        """Return whether it looks different a moment later, without the tour changing."""
        return view.stamp is not None and age <= SLAM_S + WOBBLE_S

    def _drawn(self, theme: Theme, view: PostcardView, claim_key: str) -> pygame.Surface:
        card = view.card
        if card is None:
            return _waiting_card(theme, view, claim_key)
        drawn = self._paper((theme, card), lambda: _paper(theme, card)).copy()
        _draw_words(drawn, theme, view, claim_key)
        return drawn

    def _moving_stamp(self, theme: Theme, stamp: PostcardStamp, age: float) -> pygame.Surface:
        flat = self._stamp((theme, stamp), lambda: draw_stamp(theme, stamp))
        motion = stamp_motion(age)
        return self._pressed((theme, stamp, motion), lambda: _turned(flat, motion))


def draw_stamp(theme: Theme, stamp: PostcardStamp) -> pygame.Surface:
    """Draw a round postmark with the grade and the points."""
    size = theme.px(STAMP_SIZE)
    ink = POSTMARK if stamp.is_found else LOST_INK
    mark = pygame.Surface((size, size), pygame.SRCALPHA)
    mark.fill((*PAPER, 0))
    middle = size / 2
    line = max(2, theme.px(3))
    pygame.draw.aacircle(mark, (*PAPER, 235), (middle, middle), middle - 1)
    pygame.draw.aacircle(mark, ink, (middle, middle), middle - 1, line)
    pygame.draw.aacircle(mark, ink, (middle, middle), middle - 1 - 2 * line, max(1, line // 2))
    grade = stamp.grade.upper()
    theme.write(mark, grade, 12, ink, bold=True, center=(middle, middle - theme.px(17)))
    theme.write(mark, str(stamp.points), 24, ink, bold=True, center=(middle, middle + theme.px(3)))
    theme.write(mark, "points", 11, ink, center=(middle, middle + theme.px(23)))
    return mark


def tour_card(
    theme: Theme, tour: Tour, best: Sequence[Score], place: int | None, problem: str | None = None
) -> pygame.Surface:
    """Draw the end of a tour: its stamps, its points, the table of best scores.

    `place` is that of this tour among the best scores, from 1; `problem` is why none are kept.
    """
    pad, line = theme.px(24), theme.line_height(14)
    stamp = theme.px(STAMP_SIZE)
    width = max(theme.px(560), len(tour.stamps) * (stamp + theme.px(10)) + 2 * pad)
    table_top = theme.px(104) + stamp + theme.px(22)
    note = theme.wrap(problem, width - 2 * pad, lines=2, size=12) if problem else []
    rows = max(1, len(best))
    height = table_top + line * (rows + 1 + len(note)) + theme.px(46)
    card = theme.card((width, height), dense=True)
    _draw_result(card, theme, tour, place, pad)
    gap = (width - 2 * pad - stamp * len(tour.stamps)) // max(1, len(tour.stamps) - 1)
    for number, one in enumerate(tour.stamps):
        card.blit(draw_stamp(theme, one), (pad + number * (stamp + gap), theme.px(98)))
    theme.write(card, "Best tours here", 14, MUTED, bold=True, topleft=(pad, table_top))
    for row, score in enumerate(best, 1):
        top, colour = table_top + row * line, ACCENT if row == place else INK
        said = f"{row}.  {policy_row(score.policy).label} · {score.found} of {score.cards}"
        theme.write(card, said, 14, colour, topleft=(pad, top))
        theme.write(card, f"{score.points}", 14, colour, bold=True, topright=(width - pad, top))
    theme.write_lines(card, note, (pad, table_top + (rows + 1) * line), 12, MUTED)
    hint = "Play again with another kind of memory and compare."
    theme.write(card, hint, 13, MUTED, midbottom=(width // 2, height - theme.px(12)))
    return card


def _draw_result(
    card: pygame.Surface, theme: Theme, tour: Tour, place: int | None, pad: int
) -> None:
    title = {None: "Tour complete", 1: "A new best tour!"}.get(place, f"Number {place} here")
    theme.write(card, title, 20, bold=True, topleft=(pad, theme.px(18)))
    colour = GOOD if place == 1 else INK
    corner = card.get_width() - pad, theme.px(14)
    points = theme.write(card, f"{tour.points}", 34, colour, bold=True, topright=corner)
    theme.write(card, "points", 13, MUTED, topright=points.bottomright)
    kept = [one.recall for one in tour.stamps if one.recall is not None]
    said = f"{tour.found} of {len(tour.stamps)} places found"
    if kept:
        said += f" · the world remembered {sum(kept) / len(kept):.0f} % of them"
    theme.write(card, said, 14, MUTED, topleft=(pad, theme.px(54)))


def _waiting_card(theme: Theme, view: PostcardView, key: str) -> pygame.Surface:
    width, pad = theme.px(CARD_WIDTH), theme.px(16)
    lines = theme.wrap(WAITING.format(key), width - 2 * pad, lines=4, size=13)
    card = theme.card((width, theme.px(50) + len(lines) * theme.line_height(13)), dense=True)
    title = f"Postcard {view.number} of {view.total}"
    theme.write(card, title, 16, bold=True, topleft=(pad, pad))
    theme.write_lines(card, lines, (pad, theme.px(42)), 13, MUTED)
    return card


def _paper(theme: Theme, card: Sight) -> pygame.Surface:
    """Draw what stays: paper and picture."""
    width, pad = theme.px(CARD_WIDTH), theme.px(12)
    picture = _picture_rect(theme)
    line = _ruler(theme)
    height = line + theme.line_height(12) + theme.px(12)
    paper = pygame.Surface((width, height)).convert()  # opaque: faster
    paper.fill(PAPER)
    pygame.draw.rect(paper, PAPER_EDGE, paper.get_rect(), theme.px(2))
    draw_picture(paper, theme, card.frame, picture)
    pygame.draw.rect(paper, PAPER_EDGE, picture, 1)
    pygame.draw.line(paper, PAPER_EDGE, (pad, line), (width - pad, line))
    return paper


def _draw_words(card: pygame.Surface, theme: Theme, view: PostcardView, claim_key: str) -> None:
    width, pad = card.get_width(), theme.px(12)
    picture = _picture_rect(theme)
    title, note = _title_and_note(view, claim_key)
    top = picture.bottom + theme.px(6)
    theme.write(card, title, 16, PENCIL, bold=True, topleft=(pad, top))
    below = top + theme.line_height(16)
    if view.stamp is not None:
        _draw_points(card, theme, view.stamp, below)
    else:
        clock = f"{view.seconds // 60}:{view.seconds % 60:02d}"
        corner = width - pad, top + theme.px(1)
        theme.write(card, clock, 14, FADED, bold=True, topright=corner)
        _draw_heat(card, theme, view, below + theme.px(4))
        theme.write(card, note, 12, FADED, topleft=(pad, below + theme.px(26)))
    _draw_standing(card, theme, view, _ruler(theme) + theme.px(5))


def _title_and_note(view: PostcardView, claim_key: str) -> tuple[str, str]:
    if view.phase == "developing":
        return "Asking the world...", "what does it still remember?"
    if view.stamp is not None:
        return ("Found it!" if view.stamp.is_found else "Lost in the mail"), ""
    if view.missed:
        left = "last try" if view.tries == 1 else f"{view.tries} tries left"
        return "Not here...", left
    if view.hint:
        return "Find this place", f"psst: {view.hint}"
    return "Find this place", f"then press {claim_key}"


def _draw_heat(card: pygame.Surface, theme: Theme, view: PostcardView, top: int) -> None:
    """Draw the thermometer: as many lit fields as it is warm, the word, and the trend."""
    pad, count = theme.px(12), len(HEATS)
    field, gap = theme.px(17), theme.px(3)
    lit = count - view.heat
    for place in range(count):
        rect = pygame.Rect(pad + place * (field + gap), top, field, theme.px(12))
        colour = HEAT_COLOURS[view.heat] if place < lit else (*FADED, 60)
        card.blit(theme.rounded(rect.size, colour, 3), rect)
    left = pad + count * (field + gap) + theme.px(6)
    middle = top + theme.px(6)
    theme.write(card, view.heat_word, 14, PENCIL, bold=True, midleft=(left, middle))
    if view.trend:
        end = card.get_width() - pad - theme.px(14), middle
        theme.write(card, view.trend, 12, FADED, midright=end)
        warm = view.trend == "warmer"
        colour = HEAT_COLOURS[1] if warm else HEAT_COLOURS[5]
        centre = (card.get_width() - pad - theme.px(5), middle)
        _draw_arrow(card, theme, centre, TREND_ARROWS[view.trend], colour)
    if view.hint in ARROWS:
        centre = (card.get_width() - pad - theme.px(8), middle + theme.px(22))
        _draw_arrow(card, theme, centre, ARROWS[view.hint], POSTMARK)


def _draw_points(card: pygame.Surface, theme: Theme, stamp: PostcardStamp, top: int) -> None:
    pad, line = theme.px(12), theme.line_height(12)
    if not stamp.is_found:
        said = f"It was {stamp.off:.0f}° away."
        theme.write(card, said, 12, FADED, topleft=(pad, top + line // 2))
        return
    memory = "?" if stamp.recall is None else f"{stamp.recall:.0f} %"
    rows = [
        f"aim {stamp.aim} · {stamp.off:.1f}° off",
        f"time {stamp.time} · {stamp.seconds:.0f} s",
        f"memory {stamp.memory} · {memory} remembered",
    ]
    if stamp.bonus:
        rows[1] += f" · streak +{stamp.bonus}"
    theme.write_lines(card, rows, (pad, top), 12, PENCIL)


def _draw_standing(card: pygame.Surface, theme: Theme, view: PostcardView, top: int) -> None:
    pad = theme.px(12)
    said = f"{view.number} of {view.total}"
    if view.streak > 1:
        said += f" · {view.streak} in a row"
    theme.write(card, said, 12, FADED, topleft=(pad, top))
    corner = card.get_width() - pad, top
    theme.write(card, f"{view.points} points", 12, PENCIL, bold=True, topright=corner)
    if view.phase == "searching":
        radius = max(2.0, 3.5 * theme.scale)
        for place in range(view.tries):
            x = card.get_width() // 2 + (place - 1) * theme.px(12)
            pygame.draw.aacircle(card, POSTMARK, (x, top + theme.px(8)), radius)


def _draw_arrow(
    card: pygame.Surface,
    theme: Theme,
    centre: tuple[float, float],
    way: tuple[int, int],
    colour: tuple[int, ...],
) -> None:
    size = theme.px(5)
    (x, y), (across, down) = centre, way
    tip = (x + across * size, y + down * size)
    base = (x - across * size * 0.6, y - down * size * 0.6)
    sides = [(base[0] + down * size * side, base[1] + across * size * side) for side in (-1, 1)]
    pygame.draw.polygon(card, colour, [tip, *sides])


def _picture_rect(theme: Theme) -> pygame.Rect:
    pad, across = theme.px(12), theme.px(CARD_WIDTH) - 2 * theme.px(12)
    return pygame.Rect(pad, pad, across, round(across * 0.6))


def _ruler(theme: Theme) -> int:
    """Return the height of the line above how the tour stands."""
    words = theme.line_height(16) + 3 * theme.line_height(12)
    return _picture_rect(theme).bottom + theme.px(6) + words + theme.px(2)


def _stamp_centre(theme: Theme) -> pygame.Rect:
    rect = pygame.Rect(0, 0, 0, 0)
    picture = _picture_rect(theme)
    rect.center = picture.right - theme.px(40), picture.bottom - theme.px(26)
    return rect


def _turned(stamp: pygame.Surface, motion: StampMotion) -> pygame.Surface:
    turned = pygame.transform.rotozoom(stamp, motion.angle, motion.scale)
    turned.set_alpha(motion.alpha)
    return turned
