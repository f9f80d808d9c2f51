"""The first minute: what to try, one thing at a time, until each was done. Logic and a card."""

import math
from enum import Enum

import pygame

from mag_sandbox.controls.camera import CameraPose, view_overlap, yaw_difference
from mag_sandbox.sandbox.hud.cards import draw_arrow
from mag_sandbox.sandbox.ui.theme import ACCENT, GOOD, MUTED, Theme

TURNED = 25.0  # degrees: the player looks around
GONE = 0.2  # overlap with the first view below which it is out of sight
BACK = 0.8  # overlap from which on it is back
LAST_S = 6.0  # how long the last line stays [s]
PATIENCE_S = 120.0  # after which nothing is hinted at any more in this session [s]
PULSE_S = 1.2  # of the arrow that is to be pressed
CAP, MARGIN = 60, 40  # px of the reference window: its side, and how far it is from the edge


class Step(Enum):
    """What is to be tried next, with its line: what to do, and why."""

    LOOK = ("Look around", "hold an arrow key; the world is being imagined as you turn")
    LEAVE = ("Turn away", "until the place where you began is out of sight")
    RETURN = ("Now come back", "is everything where it was?")
    BACK = ("You are back", "the memory bar shows what was kept; now go as far as you like")


class HintLine:
    """Follows the poses that are shown and says what to try next.

    >>> hints = HintLine()
    >>> hints.see(CameraPose(), now=0.0)  # every block; True if the line changed
    False
    >>> hints.see(CameraPose(yaw=60.0), now=2.0), hints.step
    (True, <Step.LEAVE: ('Turn away', 'until the place where you began is out of sight')>)
    """

    def __init__(self) -> None:
        self.step: Step | None = Step.LOOK
        self._start: CameraPose | None = None
        self._turned = 0.0  # degrees to the right of where it began
        self._begun_at: float | None = None
        self._back_at: float | None = None  # when it was reached

    @property
    def is_over(self) -> bool:
        """Whether everything was tried: not so where the player did something else for long."""
        return self.step is None and self._back_at is not None

    @property
    def key(self) -> str | None:
        """The camera key that leads on; None: none does."""
        if self.step in (None, Step.BACK):
            return None
        goes_right = (self._turned >= 0) == (self.step is not Step.RETURN)
        return "right" if goes_right else "left"

    def restart(self) -> None:
        """Begin anew from the next pose, as after a reset, with what is still to be tried."""
        self._start = None
        if self.step is Step.RETURN:
            self.step = Step.LEAVE

    def see(self, pose: CameraPose, now: float) -> bool:
        """Follow the camera at a time [s]; True if the line changed."""
        before, self._start = self.step, self._start or pose
        self._begun_at = now if self._begun_at is None else self._begun_at
        self._turned = yaw_difference(pose.yaw, self._start.yaw)
        overlap = view_overlap(self._start, pose)
        turn = max(abs(self._turned), abs(pose.pitch - self._start.pitch))
        if self.step is Step.LOOK and turn >= TURNED:
            self.step = Step.LEAVE
        if self.step is Step.LEAVE and overlap < GONE:
            self.step = Step.RETURN
        elif self.step is Step.RETURN and overlap >= BACK:
            self.step, self._back_at = Step.BACK, now
        since, most = (self._begun_at, PATIENCE_S)
        if self._back_at is not None:
            since, most = self._back_at, LAST_S
        if now - since >= most:
            self.step = None
        return self.step is not before


def arrow_card(theme: Theme, key: str) -> pygame.Surface:
    """Draw the arrow key that is to be held, large."""
    side = theme.px(CAP)
    card = theme.card((side, side), dense=True)
    draw_arrow(card, card.get_rect(), key, theme.colour(ACCENT))
    return card


def arrow_place(theme: Theme, key: str, size: tuple[int, int]) -> pygame.Rect:
    """Return where in a window of a size the arrow is drawn: on the side to which it leads."""
    side, margin = theme.px(CAP), theme.px(MARGIN)
    left = size[0] - margin - side if key == "right" else margin
    return pygame.Rect(left, (size[1] - side) // 2, side, side)


def pulse(now: float) -> int:
    """Return how opaque the arrow is at a time [s], 0 to 255."""
    return round(190 + 65 * math.cos(2 * math.pi * now / PULSE_S))


def hint_card(theme: Theme, step: Step, width: int) -> pygame.Surface:
    """Draw a line of what to try on at most `width` pixels, with a dot for every step."""
    title, why = step.value
    steps = list(Step)
    pad, gap, dot = theme.px(14), theme.px(10), theme.px(7)
    head = theme.text(title, 15, GOOD if step is Step.BACK else ACCENT, bold=True)
    dots = (len(steps) - 1) * (dot + theme.px(5))
    room = width - 2 * pad - head.get_width() - 2 * gap - dots
    words = theme.text(theme.one_line(why, room, 14), 14)
    across = 2 * pad + head.get_width() + words.get_width() + 2 * gap + dots
    card = theme.card((across, theme.px(31)), dense=True)
    middle, left = card.get_height() // 2, pad
    for part in (head, words):
        card.blit(part, (left, middle - part.get_height() // 2))
        left += part.get_width() + gap
    for place, other in enumerate(steps[:-1]):
        done = place < steps.index(step)
        colour = GOOD if done else ACCENT if other is step else (*MUTED, 70)
        card.blit(theme.rounded((dot, dot), colour, 9), (left, middle - dot // 2))
        left += dot + theme.px(5)
    return card
