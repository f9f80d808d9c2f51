"""Buttons for the mouse over the picture: they appear when it moves and disappear when it rests."""

from collections.abc import Callable, Sequence

import pygame

from mag_sandbox.controls.bindings import Action
from mag_sandbox.sandbox.ui.layout import CachedCard, Card, Text, row
from mag_sandbox.sandbox.ui.theme import ACCENT, MUTED, Theme

STAYS_S = 3.0  # after the mouse moved
GAP = 4  # px of the reference window
Buttons = Sequence[tuple[Action, str]]  # actions, with their labels


class Toolbar:
    """A row of buttons; those of `always` stay while the mouse rests, `hidden` ones never show.

    toolbar = Toolbar((("help", "Keys"), ("leave", "Leave")), bindings.title)
    if action := toolbar.handle(event, now): ...
    """

    def __init__(self, buttons: Buttons, key_of: Callable[[Action], str]) -> None:
        self.always: frozenset[Action] = frozenset()
        self.places: dict[Action, pygame.Rect] = {}  # as drawn last
        self.hidden: frozenset[Action] = frozenset()
        self._buttons, self._key_of = tuple(buttons), key_of
        self._until = float("-inf")  # when the buttons outside `always` disappear
        self._pointer = (-1, -1)
        self._cards = {action: CachedCard() for action, _ in self._buttons}

    def wake_at(self, now: float) -> float | None:
        """When the buttons disappear [s]; None: they stay."""
        return self._until if now < self._until else None

    def handle(self, event: pygame.Event, now: float) -> Action | None:
        """Take an event; return the action of a clicked button."""
        if event.type not in (pygame.MOUSEMOTION, pygame.MOUSEBUTTONDOWN):
            return None
        self._pointer, self._until = event.pos, now + STAYS_S
        if event.type == pygame.MOUSEBUTTONDOWN and event.button == 1:
            return self._under(event.pos)
        return None

    def draw(
        self, surface: pygame.Surface, theme: Theme, corner: tuple[int, int], now: float
    ) -> None:
        """Draw the buttons that are shown now with their lower left corner at a place [px]."""
        pointed, self.places = self._under(self._pointer), {}
        left, bottom = corner
        for action, word in self._buttons:
            is_due = now < self._until or action in self.always
            if is_due and action not in self.hidden:
                lit = action == pointed
                words = Text(word, 13, ACCENT if lit else MUTED, bold=lit)
                key = Text(self._key_of(action), 13, ACCENT, bold=True)
                button = self._cards[action](theme, Card(row(key, words, gap=6), pad=(10, 5)))
                place = surface.blit(button, button.get_rect(bottomleft=(left, bottom)))
                self.places[action] = place
                left = place.right + theme.px(GAP)

    def _under(self, place: tuple[int, int]) -> Action | None:
        return next((one for one, rect in self.places.items() if rect.collidepoint(place)), None)
