"""Widgets: buttons, switches, choices, sliders, scroll areas, questions.

Widgets keep what they show and answer events; a screen places them and says which has the focus.
They do not know their purpose. Drawn with `theme.py`, on demand only.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pygame

from mag_sandbox.controls.keys import PAD_BUTTONS
from mag_sandbox.sandbox.ui.layout import Card, Flow, NamedPart, Part, Plate, Text, column, row
from mag_sandbox.sandbox.ui.theme import ACCENT, BACKDROP, BAD, FAINT, INK, MUTED, TRACK, Theme

GLIDE_S = 0.18  # seconds of a glide
REDRAWN_BY = (pygame.WINDOWSIZECHANGED, pygame.WINDOWEXPOSED, pygame.WINDOWFOCUSGAINED)
FRAME_S = 1 / 60  # between two pictures of a glide
DARK_INK = (24, 20, 8)  # on bright colours
VEIL = (6, 8, 16, 190)
PLATE = (255, 255, 255, 22)  # of a button
Kind = Literal["plain", "primary", "danger"]
EDGES: dict[Kind, tuple[int, ...]] = {
    "plain": (255, 255, 255, 44),
    "primary": ACCENT,
    "danger": (*BAD, 150),
}
ENTER_KEYS = ("return", "enter", "space")
PAD_KEYS = {  # buttons of a gamepad -> the key that does the same in menus
    "pad a": "return",
    "pad b": "escape",
    "pad x": "tab",
    "pad y": "delete",
    "pad back": "escape",
    "pad start": "return",
    "pad left": "left",
    "pad right": "right",
    "pad up": "up",
    "pad down": "down",
    "pad left shoulder": "page up",
    "pad right shoulder": "page down",
}


def menu_key(event: pygame.Event) -> str | None:
    """Return the key that an event presses in a menu: of the keyboard, or of a gamepad."""
    if event.type == pygame.KEYDOWN:
        return pygame.key.name(event.key)
    if event.type == pygame.CONTROLLERBUTTONDOWN and 0 <= event.button < len(PAD_BUTTONS):
        return PAD_KEYS.get(PAD_BUTTONS[event.button])
    return None


class Glide:
    """A number that moves smoothly to its target.

    glide.to(200)
    while glide.update(now): draw(glide.value)
    """

    def __init__(self, value: float = 0.0) -> None:
        self.value = self.target = value
        self._from = value
        self._begun: float | None = None

    def to(self, target: float) -> None:
        """Set where to go; the way begins with the next update."""
        if target != self.target:
            self._from, self.target, self._begun = self.value, target, None

    def jump(self, value: float) -> None:
        """Jump there at once."""
        self.value = self.target = self._from = value

    @property
    def is_moving(self) -> bool:
        """Whether there is way left."""
        return self.value != self.target

    def update(self, now: float) -> bool:
        """Move on; True if the value changed."""
        if not self.is_moving:
            return False
        if self._begun is None:
            self._begun = now
        part = min(1.0, (now - self._begun) / GLIDE_S)
        eased = 1 - (1 - part) ** 3
        self.value = self._from + (self.target - self._from) * eased if part < 1 else self.target
        return True


class ScrollArea:
    """Scroll position of a list that is longer than its area."""

    def __init__(self) -> None:
        self.glide = Glide()
        self.view = self.length = 0

    @property
    def offset(self) -> int:
        """The pixels scrolled past."""
        return round(self.glide.value)

    def resize(self, view: int, length: int) -> None:
        """Set how much is shown of how much [px]."""
        if (view, length) != (self.view, self.length):
            self.view, self.length = view, length
            self.glide.jump(self._limited(self.glide.target))

    def show(self, start: int, end: int) -> None:
        """Scroll as little as needed to show a stretch; its start if it is too long."""
        target = self.glide.target
        if end > target + self.view:
            target = end - self.view
        if start < target:
            target = start
        self.to(target)

    def to(self, start: float) -> None:
        """Scroll until a place is the first that is seen, as far as there is more below."""
        self.glide.to(self._limited(start))

    def by(self, amount: float) -> None:
        """Scroll on."""
        self.to(self.glide.target + amount)

    def draw_bar(self, surface: pygame.Surface, theme: Theme, rect: pygame.Rect) -> None:
        """Draw how far we are, down the right edge of `rect`; nothing if all is shown."""
        if self.length <= self.view:
            return
        width = theme.px(5)
        height = max(theme.px(24), rect.height * self.view // self.length)
        way = (rect.height - height) * self.glide.value / (self.length - self.view)
        bar = pygame.Rect(rect.right - width, rect.top + round(way), width, height)
        surface.blit(theme.rounded(bar.size, (*MUTED, 120), 3), bar)

    def _limited(self, offset: float) -> float:
        return max(0, min(offset, self.length - self.view))


@dataclass
class Toggle:
    """On or off."""

    value: bool

    def step(self, direction: int) -> None:
        """Right is on, left is off; 0 is the other."""
        self.value = not self.value if direction == 0 else direction > 0

    def press(self, share: float) -> None:  # noqa: ARG002 -- wherever it is pressed
        """Change to the other."""
        self.step(0)

    def draw(
        self, surface: pygame.Surface, theme: Theme, rect: pygame.Rect, *, focused: bool
    ) -> None:
        """Draw a switch, and the word beside it: no colour says anything alone."""
        height = theme.px(26)
        track = pygame.Rect(0, 0, theme.px(48), height)
        track.midright = rect.midright
        surface.blit(theme.rounded(track.size, ACCENT if self.value else TRACK, 13), track)
        knob = track.inflate(-theme.px(6), -theme.px(6))
        knob.width = knob.height
        if self.value:
            knob.right = track.right - theme.px(3)
        colour = DARK_INK if self.value else INK
        surface.blit(theme.rounded(knob.size, colour, 13), knob)
        word, ink = "on" if self.value else "off", INK if focused else MUTED
        theme.write(surface, word, 15, ink, midright=(track.left - theme.px(12), rect.centery))


@dataclass
class Choice:
    """One of a few values, each with its word."""

    value: Any
    options: Sequence[tuple[Any, str]]

    def step(self, direction: int) -> None:
        """Go round; 0 counts as forward."""
        values = [value for value, _ in self.options]
        self.value = values[(values.index(self.value) + (direction or 1)) % len(values)]

    def press(self, share: float) -> None:
        """Go back in the left half, forward in the right."""
        self.step(1 if share >= 0.5 else -1)

    def draw(
        self, surface: pygame.Surface, theme: Theme, rect: pygame.Rect, *, focused: bool
    ) -> None:
        """Draw the word between two arrows."""
        word = dict(self.options)[self.value]
        surface.blit(theme.rounded(rect.size, PLATE, 10), rect)
        theme.write(surface, word, within=rect.width - theme.px(56), center=rect.center)
        colour = theme.colour(ACCENT if focused else FAINT)
        for side in (-1, 1):
            x = rect.centerx + side * (rect.width // 2 - theme.px(16))
            _draw_arrow(surface, theme, (x, rect.centery), side, colour)


@dataclass
class Slider:
    """One of many values in order."""

    value: Any
    values: Sequence[Any]
    word: Callable[[Any], str] = str

    def __post_init__(self) -> None:
        if self.value not in self.values:  # a settings file may hold values between the steps
            self.values = sorted([*self.values, self.value])

    def step(self, direction: int) -> None:
        """Go to the next value, stop at the ends; 0 counts as forward."""
        place = self.values.index(self.value) + (direction or 1)
        self.value = self.values[max(0, min(len(self.values) - 1, place))]

    def press(self, share: float) -> None:
        """Take the value at that place."""
        start, end = self.track(1.0)
        part = max(0.0, min(1.0, (share - start) / (end - start)))
        self.value = self.values[round(part * (len(self.values) - 1))]

    @staticmethod
    def track(width: float) -> tuple[float, float]:
        """Return where the track begins and ends on a slider of this width."""
        return width * 0.04, width * 0.62

    def draw(
        self, surface: pygame.Surface, theme: Theme, rect: pygame.Rect, *, focused: bool
    ) -> None:
        """Draw track, knob and the value's word."""
        start, end = (rect.left + round(x) for x in self.track(rect.width))
        thick = theme.px(6)
        line = pygame.Rect(start, rect.centery - thick // 2, end - start, thick)
        surface.blit(theme.rounded(line.size, TRACK, 3), line)
        part = self.values.index(self.value) / max(1, len(self.values) - 1)
        done = max(thick, round(line.width * part))
        surface.blit(theme.rounded((done, thick), ACCENT, 3), line)
        size = theme.px(20 if focused else 16)
        knob = pygame.Rect(0, 0, size, size)
        knob.center = line.left + round(line.width * part), rect.centery
        surface.blit(theme.rounded(knob.size, ACCENT if focused else INK, 10), knob)
        room = rect.right - end - theme.px(14)
        theme.write(surface, self.word(self.value), within=room, midright=rect.midright)


Setting = Toggle | Choice | Slider  # a value that the player changes in steps or by pointing


@dataclass(frozen=True, slots=True)
class Button:
    """A button; `key` is the name of the key that does the same."""

    word: str
    key: str = ""
    kind: Kind = "plain"
    pad: int = 18  # on its left and right

    def part(self, *, focused: bool) -> Plate:
        """Return its drawing; one with the focus is filled."""
        ink, faint, edge = INK, MUTED, EDGES[self.kind]
        fill: tuple[int, ...] = PLATE
        if focused:
            ink, faint = DARK_INK, DARK_INK
            fill = edge = BAD if self.kind == "danger" else ACCENT
        word, key = Text(self.word, 15, ink, bold=True), Text(self.key, 12, faint)
        return Plate(
            row(word, key if self.key else None, gap=9), (self.pad, 10), fill, (edge, 1.5), 12
        )


class Question:
    """A dialog over everything, answered with a button.

    `answer` is the index of the button pressed; Esc presses the first, which must do no harm.
    """

    def __init__(self, title: str, text: str, buttons: Sequence[Button]) -> None:
        self.answer: int | None = None
        self._title, self._text, self._buttons = title, text, tuple(buttons)
        self._focus = 0
        self._places: list[pygame.Rect] = []

    def handle(self, event: pygame.Event) -> None:
        """Take a key or the mouse."""
        key = menu_key(event)
        if key in ("left", "up"):
            self._focus = max(0, self._focus - 1)
        elif key in ("right", "down", "tab"):
            self._focus = min(len(self._buttons) - 1, self._focus + 1)
        elif key in ENTER_KEYS:
            self.answer = self._focus
        elif key == "escape":
            self.answer = 0
        elif event.type in (pygame.MOUSEMOTION, pygame.MOUSEBUTTONDOWN):
            for place, rect in enumerate(self._places):
                if rect.collidepoint(event.pos):
                    self._focus = place
                    if event.type == pygame.MOUSEBUTTONDOWN and event.button == 1:
                        self.answer = place

    def draw(self, surface: pygame.Surface, theme: Theme) -> None:
        """Draw it in the middle, over a veil."""
        draw_veil(surface, theme)
        title = Text(self._title, 20, bold=True, lines=3)
        text = Text(self._text, 15, MUTED, lines=6)
        content = column(title, text, Flow(named_buttons(self._buttons, self._focus), 10), gap=16)
        at_most = surface.get_width() - theme.px(40)
        card, places = Card(content, 520, (28, 24)).drawn(theme, at_most=at_most)
        corner = surface.blit(card, card.get_rect(center=surface.get_rect().center)).topleft
        self._places = [places[str(place)].move(corner) for place in range(len(self._buttons))]


def named_buttons(buttons: Sequence[Button], focused: int | None) -> tuple[Part, ...]:
    """Return buttons as parts that are named by their places."""
    return tuple(
        NamedPart(str(place), button.part(focused=place == focused))
        for place, button in enumerate(buttons)
    )


def draw_veil(surface: pygame.Surface, theme: Theme) -> None:
    """Darken everything behind something more important."""
    veil = pygame.Surface(surface.get_size(), pygame.SRCALPHA)
    veil.fill((*theme.colour(BACKDROP), 235) if theme.high_contrast else VEIL)
    surface.blit(veil, (0, 0))


def draw_ring(
    surface: pygame.Surface,
    theme: Theme,
    rect: pygame.Rect,
    radius: float,
    width: float = 3,
    colour: tuple[int, ...] = ACCENT,
) -> None:
    """Draw the ring around what has the focus."""
    room = theme.px(width + 1) * 2
    ring = rect.inflate(room, room)
    surface.blit(theme.rounded(ring.size, colour, radius + width, line=width), ring)


def _draw_arrow(
    surface: pygame.Surface, theme: Theme, tip: tuple[int, int], side: int, colour: tuple[int, ...]
) -> None:
    reach = theme.px(5)
    points = [(tip[0] - side * reach, tip[1] + up * reach) for up in (-1, 1)]
    pygame.draw.polygon(surface, colour, [(tip[0] + side * reach // 2, tip[1]), *points])
