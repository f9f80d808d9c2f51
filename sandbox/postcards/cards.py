"""How postcards look: the card in the corner with its heat, the stamp that slams down, the end."""

from collections.abc import Sequence

import numpy as np
import pygame

from mag_sandbox.files.validation import counted
from mag_sandbox.model.loading import policy_look
from mag_sandbox.sandbox.hud.cards import ARROWS, draw_arrow
from mag_sandbox.sandbox.postcards.postcards import (
    HEATS,
    SLAM_S,
    WOBBLE_S,
    PostcardStamp,
    PostcardView,
    Tour,
    stamp_motion,
)
from mag_sandbox.sandbox.postcards.scores import Score
from mag_sandbox.sandbox.ui.layout import (
    SPRING,
    CachedCard,
    Card,
    CustomPart,
    NamedPart,
    Part,
    PicturePart,
    Plate,
    Text,
    bar,
    column,
    row,
)
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
TURN = "Turn away from this view until it is out of sight. Esc leaves."
WAIT = "In {} s, a view that you turned away from becomes a postcard to find. Esc leaves."
STAMP_SIZE = 92  # px of the reference window
STAMP_AT = 40, 26  # px of the reference window from the picture's lower right corner
LEFT = {1: "one left", 2: "two left"}
TRENDS = {"warmer": ("up", HEAT_COLOURS[1]), "colder": ("down", HEAT_COLOURS[5])}


class PostcardCard:
    """Draws the card of a tour, from caches unless it changed.

    card = PostcardCard()
    rect = card.draw(surface, theme, tour.view(now), topright=(1266, 96), age=now - tour.since)
    """

    def __init__(self) -> None:
        self._card, self._stamp = CachedCard(), CachedPicture()
        # the newest frame, the share of it that was cut out, and that middle
        self._cut: tuple[np.ndarray, float, np.ndarray] | None = None

    def draw(
        self,
        surface: pygame.Surface,
        theme: Theme,
        view: PostcardView,
        topright: tuple[int, int],
        age: float,
        claim_key: str = "C",
        shown: float = 1.0,
    ) -> pygame.Rect:
        """Draw it with this corner [px] and return where it is; `age` [s] moves the stamp.

        `shown` is the share of a frame's width and height that the window shows.
        """
        picture = None if view.card is None else self._cut_out(view.card.frame, shown)
        card = self._card(theme, postcard(view, claim_key, picture))
        rect = surface.blit(card, card.get_rect(topright=topright))
        if view.stamp is not None and view.card is not None:
            stamp, motion = view.stamp, stamp_motion(age)
            flat = self._stamp((theme, stamp), lambda: draw_stamp(theme, stamp))
            turned = pygame.transform.rotozoom(flat, motion.angle, motion.scale)
            turned.set_alpha(motion.alpha)
            corner = self._card.places["picture"].move(rect.topleft).bottomright
            centre = corner[0] - theme.px(STAMP_AT[0]), corner[1] - theme.px(STAMP_AT[1])
            surface.blit(turned, turned.get_rect(center=centre))
        return rect

    def _cut_out(self, frame: np.ndarray, shown: float) -> np.ndarray:
        """Return the middle of a frame, uint8 [H, W, 3]; of the same frame the same array."""
        if self._cut is None or self._cut[0] is not frame or self._cut[1] != shown:
            down, across = (round(size * (1 - shown) / 2) for size in frame.shape[:2])
            middle = frame[down : frame.shape[0] - down, across : frame.shape[1] - across]
            self._cut = frame, shown, middle
        return self._cut[2]

    def is_moving(self, view: PostcardView, age: float) -> bool:
        """Return whether it looks different a moment later, without the tour changing."""
        return view.stamp is not None and age <= SLAM_S + WOBBLE_S


def postcard(view: PostcardView, claim_key: str, picture: np.ndarray | None) -> Card:
    """Return the card of a tour: paper with a picture, uint8 [H, W, 3], or how to get a card."""
    if picture is None:
        heading = Text(f"Postcard {view.number} of {view.total}", 16, bold=True)
        what = TURN if view.ready_in is None else WAIT.format(view.ready_in)
        waiting = Text(what, 13, MUTED, lines=4)
        return Card(column(heading, waiting, gap=6), CARD_WIDTH, (16, 14))
    title, note = _title_and_note(view, claim_key)
    clock = f"{view.seconds // 60}:{view.seconds % 60:02d}" if view.stamp is None else ""
    head = row(
        Text(title, 16, POSTMARK if view.miss else PENCIL, bold=True),
        SPRING,
        Text(clock, 14, FADED, bold=True),
    )
    lines = _points(view.stamp) if view.stamp else _search(view, note)
    size = column(Text("", 16), *[Text("", 12)] * 3, gap=4)  # so that the card keeps it
    words = row(size, column(head, *lines, gap=4), gap=0, align=0.0)
    tries: list[Part] = [Text("tries", 12, FADED), *[bar(7, 7, POSTMARK, 9)] * view.tries]
    streak = f" · {view.streak} in a row" if view.streak > 1 else ""
    standing = row(
        Text(f"{view.number} of {view.total}{streak}", 12, FADED),
        SPRING,
        row(*tries, gap=4) if view.phase == "searching" else None,
        SPRING,
        Text(f"{view.points} points", 12, PENCIL, bold=True),
    )
    framed = Plate(PicturePart(picture), (1, 1), edge=(PAPER_EDGE, 1), radius=0.1)
    content = column(NamedPart("picture", framed), words, bar(0, 1, PAPER_EDGE), standing, gap=5)
    paper = Plate(content, (12, 12), PAPER, (PAPER_EDGE, 2), 0.1)
    return Card(paper, CARD_WIDTH, (0, 0))


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
    tour: Tour, best: Sequence[Score], place: int | None, problem: str | None = None, key: str = "C"
) -> Card:
    """Return the end of a tour: its stamps, its points, the table of best scores.

    `place` is that of this tour among the best scores, from 1; `problem` is why none are kept;
    `key` begins another tour.
    """
    place = place if tour.found else None
    title = {None: "Tour complete", 1: "A new best tour!"}.get(place, f"Number {place} here")
    kept = [one.recall for one in tour.stamps if one.recall is not None]
    summary = found_text(tour)
    if kept:
        summary += f" · the world remembered {sum(kept) / len(kept):.0f}% of them"
    points = Text(f"{tour.points}", 34, GOOD if place == 1 else INK, bold=True)
    head = row(
        column(Text(title, 20, bold=True), Text(summary, 14, MUTED), gap=8),
        SPRING,
        column(points, Text("points", 13, MUTED), gap=0, align=1.0),
    )
    stamps: list[Part] = []
    for stamp in tour.stamps:
        stamps += [SPRING, CustomPart(STAMP_SIZE, STAMP_SIZE, _draw_stamp, (stamp,))]
    hint = Text(f"Esc closes this, {key} plays again, perhaps with another memory.", 13, MUTED)
    table = column(
        Text("Best tours here", 14, MUTED, bold=True),
        *(_score_row(number, score, place) for number, score in enumerate(best, 1)),
        Text(problem, 12, MUTED, lines=2) if problem else None,
        gap=3,
    )
    content = column(head, row(*stamps[1:]), table, row(SPRING, hint, SPRING), gap=16)
    return Card(content, max(560, len(tour.stamps) * (STAMP_SIZE + 10) + 48), (24, 16))


def found_text(tour: Tour) -> str:
    """Return how many of the cards so far were found: "2 of 3 places found"."""
    return f"{tour.found} of {counted(len(tour.stamps), 'place')} found"


def _score_row(number: int, score: Score, place: int | None) -> Part:
    colour = ACCENT if number == place else INK
    label = f"{number}.  {policy_look(score.policy).label} · {score.found} of {score.cards}"
    points = Text(f"{score.points}", 14, colour, bold=True)
    return row(Text(label, 14, colour), SPRING, points)


def _title_and_note(view: PostcardView, claim_key: str) -> tuple[str, str]:
    if view.phase == "developing":
        return "Asking the world...", "what does it still remember?"
    if view.stamp is not None:
        return ("Found it!" if view.stamp.is_found else "Lost in the mail"), ""
    title = f"Not here: {view.miss}" if view.miss else "Find this place"
    if view.is_elsewhere:
        return title, view.hint
    if view.miss:
        return title, f"a wrong {claim_key} costs a try: {LEFT[view.tries]}"
    if view.heat == 0:
        return title, f"press {claim_key} now"
    if view.hint:
        return title, f"psst: {view.hint}, then press {claim_key}"
    return title, f"press {claim_key} where it is; Esc leaves"


def _search(view: PostcardView, note: str) -> list[Part]:
    lit, heat = len(HEATS) - view.heat, HEAT_COLOURS[view.heat]
    fields = [bar(17, 12, heat if at < lit else (*FADED, 60)) for at in range(len(HEATS))]
    trend: list[Part] = []
    if view.trend:
        trend = [Text(view.trend, 12, FADED), CustomPart(10, 10, _draw_arrow, TRENDS[view.trend])]
    word = Text(view.heat_word, 14, PENCIL, bold=True)
    points = view.hint in ARROWS
    way = CustomPart(10, 10, _draw_arrow, (view.hint, POSTMARK)) if points else None
    return [
        row(row(*fields, gap=3), word, SPRING, *trend, gap=6),
        row(Text(note, 12, FADED), SPRING, way),
    ]


def _points(stamp: PostcardStamp) -> list[Part]:
    if not stamp.is_found:
        return [Text(f"It was {stamp.off:.0f}° away.", 12, FADED)]
    memory = "?" if stamp.recall is None else f"{stamp.recall:.0f}%"
    streak = f" · streak +{stamp.bonus}" if stamp.bonus else ""
    rows = (
        f"aim: {stamp.aim} points, {stamp.off:.1f}° off",
        f"time: {stamp.time} points, {stamp.seconds:.0f} s{streak}",
        f"memory: {stamp.memory} points, {memory} as it was",
    )
    return [Text(one, 12, PENCIL) for one in rows]


def _draw_stamp(
    theme: Theme, surface: pygame.Surface, area: pygame.Rect, stamp: PostcardStamp
) -> None:
    surface.blit(draw_stamp(theme, stamp), area)


def _draw_arrow(
    theme: Theme, surface: pygame.Surface, area: pygame.Rect, way: str, colour: tuple[int, ...]
) -> None:
    draw_arrow(surface, area.inflate(theme.px(15), theme.px(15)), way, colour)
