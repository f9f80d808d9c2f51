"""Hints for the first minutes: one thing to try at a time, each until it was done once."""

import math
from collections.abc import Callable, Collection
from enum import Enum

import pygame

from mag_sandbox.controls.bindings import Action, Move
from mag_sandbox.controls.camera import CameraPose, view_overlap, yaw_difference
from mag_sandbox.controls.edits import SPOT_ACTS, Act
from mag_sandbox.sandbox.hud.cards import draw_arrow
from mag_sandbox.sandbox.ui.layout import Card, CustomPart, Text, bar, row
from mag_sandbox.sandbox.ui.theme import ACCENT, GOOD, MUTED, Theme

TURNED = 25.0  # degrees: the player looks around
GONE = 0.2  # overlap with the first view below which it is out of sight
BACK = 0.8  # overlap from which on it is back
SKIP_S = 45.0  # of moving on, until a hint makes way for the next [s]
RESTING = 1 / 3  # share of the time at rest that counts for this, too
ANSWER_S = 6.0  # after the return, for a comparison to answer the question [s]
WALKED_S = 10.0  # after the first steps, for more of them and the way back [s]
PULSE_S = 1.2  # of the arrow that is to be pressed
CAP, MARGIN = 60, 40  # px of the reference window: its side, and how far it is from the edge


class Step(Enum):
    """The lessons, in this order: what to do, and why. `{}` is replaced by a key."""

    LOOK = ("Look around", "hold an arrow key or drag the picture: the world appears as you turn")
    LEAVE = ("Turn away", "until the place where you began is out of sight")
    RETURN = ("Turn back", "as the arrow shows: is everything where it was?")
    WALK = ("Hold {}", "to walk ahead")
    prompt = ("Press {}", "and describe what comes next")
    change = ("Press {}", "to put something where the mouse points")
    postcards = ("Press {}", "to play: find the places on the postcards again")
    split = ("Press {}", "to see this world beside one that forgets")
    help = ("Press {}", "to see all keys")


STEPS = tuple(Step)
AT_START = ("You are back", "is everything where it was?")  # in place of those of RETURN
WAY_BACK = ("Click the start on the map", "to walk back to where you began")  # of a walker
BESIDE_A_MEMORY = "to see this world beside one that remembers"
ACTIONS: dict[Action, Step] = {
    "prompt": Step.prompt,
    "change": Step.change,
    "postcards": Step.postcards,
    "split": Step.split,
    "help": Step.help,
}
CHANGES: dict[Act, Action] = {  # their keys open a box; what was asked for there is a lesson done
    **dict.fromkeys(("place", *SPOT_ACTS), "change"),
    **dict.fromkeys(("forget", "renew", "relight"), "prompt"),
}
KEYS: dict[Step, Action | Move] = {  # that a step teaches
    Step.WALK: "walk_forward",
    **{step: action for action, step in ACTIONS.items()},
}
SKIPPED = tuple(KEYS)  # after a while: later sessions teach no more of them
PUT_OFF = (Step.LEAVE, Step.RETURN)  # likewise, but to a later session


class HintLine:
    """Follows what the player does and says what to try next.

    Only the time in which the line can be read counts. While the camera rests, a hint stays longer.

    >>> hints = HintLine()
    >>> hints.see(CameraPose(), now=0.0)  # every block; True if the line changed
    False
    >>> hints.see(CameraPose(yaw=60.0), now=2.0), hints.step.name
    (True, 'LEAVE')
    """

    def __init__(self, learned: Collection[str] = (), offered: Collection[Step] = STEPS) -> None:
        """`learned` names the steps that were done before, `offered` are those possible here."""
        done = {step for step in STEPS if step.name in learned}
        self.learned = set() if done == set(STEPS) else done
        self._open = [step for step in offered if step not in self.learned]  # still to be shown
        self._skipped = set[Step]()
        self._start: CameraPose | None = None
        self._turned = 0.0  # degrees to the right since the first view was in view
        self._back_at: float | None = None  # when the first view came back, while it is in view
        self._walked_at: float | None = None  # when the first steps were taken
        self._is_far = False  # from the start, which the map names then
        # when the present step was first shown, less the time for which the camera rested since
        self._shown_at: float | None = None
        self._newest: tuple[CameraPose, float] | None = None  # pose and time seen last

    @property
    def step(self) -> Step | None:
        """The present hint; None: there is none left in this session."""
        return self._open[0] if self._open else None

    @property
    def words(self) -> tuple[str, str] | None:
        """What to do, and why; None: there is no hint left."""
        is_back = self.step is Step.RETURN and self._back_at is not None
        return AT_START if is_back else self.step and self.step.value

    @property
    def is_on_the_way(self) -> bool:
        """Whether the player walks, and far enough to be led back."""
        return self.step is Step.WALK and self._is_far

    @property
    def settled(self) -> set[Step]:
        """The steps that were done, or could be read long enough: later sessions teach no more."""
        return self.learned | self._skipped.intersection(SKIPPED)

    @property
    def is_over(self) -> bool:
        """Whether everything was done once, or could be read long enough."""
        return self.settled == set(STEPS)

    @property
    def key(self) -> str | None:
        """The camera key to press next; None: none."""
        if self.step not in (Step.LOOK, Step.LEAVE, Step.RETURN) or self._back_at is not None:
            return None
        goes_right = (self._turned >= 0) == (self.step is not Step.RETURN)
        return "right" if goes_right else "left"

    def restart(self) -> None:
        """Begin anew from the next pose, as after a reset, with the lessons that are left."""
        self._start = self._back_at = self._walked_at = None
        self._open = [step for step in self._open if step not in self.learned]
        if self.step is Step.RETURN:
            self._open.insert(0, Step.LEAVE)
            self.learned.discard(Step.LEAVE)

    def did(self, action: Action) -> None:
        """Note that the player has done something."""
        if (step := ACTIONS.get(action)) is not None:
            self._learn(step)

    def answer(self) -> None:
        """Note that a view came back and is being compared."""
        if self.step is Step.RETURN:
            self._learn(Step.RETURN)

    def see(self, pose: CameraPose, now: float) -> bool:
        """Follow the camera at a time [s]; True if the line changed."""
        rested = now - self._newest[1] if self._newest and self._newest[0] == pose else 0.0
        self._newest = pose, now
        walks, self._is_far, pose = pose.is_away, pose.is_far, pose.at_origin
        before = self.words
        self._follow_turn(pose, now)
        self._follow_walk(now, walks=walks)
        if self._shown_at is None:
            self._shown_at = now
            return self.words != before
        self._shown_at += rested * (1 - RESTING if self.step in SKIPPED else 1)
        if self.step in (*SKIPPED, *PUT_OFF) and now - self._shown_at >= SKIP_S:
            skipped, self._shown_at = self._open.pop(0), now
            self._skipped.add(skipped)
            if skipped is Step.LEAVE and self.step is Step.RETURN:
                del self._open[0]  # from where the player never was
        return self.words != before

    def _follow_turn(self, pose: CameraPose, now: float) -> None:
        """Note where the camera looks; the way back is the way that it came."""
        if self._start is None:
            self._start, self._turned = pose, 0.0
        overlap = view_overlap(self._start, pose)
        aside = yaw_difference(pose.yaw, self._start.yaw)
        since = yaw_difference(aside, self._turned)
        self._turned = aside if overlap >= BACK else self._turned + since
        if max(abs(self._turned), abs(pose.pitch - self._start.pitch)) >= TURNED:
            self._learn(Step.LOOK)
        if overlap < GONE:
            self._learn(Step.LEAVE)
        if self.step is not Step.RETURN or overlap < BACK:
            self._back_at = None
            return
        self._back_at = now if self._back_at is None else self._back_at
        self.learned.add(Step.RETURN)  # the hint stays until the question is answered
        if now - self._back_at >= ANSWER_S:
            self._learn(Step.RETURN)

    def _follow_walk(self, now: float, *, walks: bool) -> None:
        """Note that the player walks; the hint stays for the way back, but not for long."""
        if walks and self._walked_at is None:
            self._walked_at = now
            self.learned.add(Step.WALK)
        if self._walked_at is not None and (not walks or now - self._walked_at >= WALKED_S):
            self._learn(Step.WALK)

    def _learn(self, step: Step) -> None:
        """Note that a step was done, whether or not its hint was shown."""
        self.learned.add(step)
        if step in self._open:
            self._open.remove(step)
            self._shown_at = None


def arrow_card(key: str) -> Card:
    """Return the arrow key that is to be held, large."""
    return Card(CustomPart(CAP, CAP, _draw_arrow, (key,)), pad=(0, 0))


def _draw_arrow(theme: Theme, surface: pygame.Surface, area: pygame.Rect, key: str) -> None:
    draw_arrow(surface, area, key, theme.colour(ACCENT))


def arrow_place(theme: Theme, key: str, size: tuple[int, int]) -> pygame.Rect:
    """Return where in a window of a size the arrow is drawn: on the side to which it leads."""
    side, margin = theme.px(CAP), theme.px(MARGIN)
    left = size[0] - margin - side if key == "right" else margin
    return pygame.Rect(left, (size[1] - side) // 2, side, side)


def pulse(now: float) -> int:
    """Return how opaque the arrow is at a time [s], 0 to 255."""
    return round(190 + 65 * math.cos(2 * math.pi * now / PULSE_S))


def hint_card(
    step: Step,
    key_of: Callable[[Action | Move], str] = str.upper,
    *,
    learned: Collection[Step] = (),
    forgets: bool = False,
    words: tuple[str, str] | None = None,
) -> Card:
    """Return the next hint, with a dot for every step: those done, this one, those to come.

    `forgets`: a comparison shows the world beside one that remembers, because it loses views out of
    sight or has a single memory. `words` replace those of the step.
    """
    title, why = words or step.value
    if step is Step.split and forgets:
        why = BESIDE_A_MEMORY
    done = len({*learned} - {step})
    colours = [*[GOOD] * done, ACCENT, *[(*MUTED, 70)] * (len(STEPS) - done - 1)]
    dots = (bar(6, 6, colour, 9) for colour in colours)
    key = KEYS.get(step)
    named = Text(title.format(key_of(key)) if key else title, 15, ACCENT, bold=True)
    return Card(row(named, Text(why, 14, lines=1), *dots, gap=6), pad=(14, 6))
