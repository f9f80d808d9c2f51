"""Buttons for the mouse over the picture: they appear when it moves and go when it rests."""

from collections.abc import Callable, Sequence

import pygame

from mag_sandbox.controls.bindings import Action
from mag_sandbox.sandbox.ui.layout import draw_card, row_places
from mag_sandbox.sandbox.ui.theme import ACCENT, MUTED, CachedPicture, Theme

STAYS_S = 3.0  # after the mouse moved
GAP = 4  # px of the reference window
Buttons = Sequence[tuple[Action, str]]  # what they do, with a word


class Toolbar:
    """A row of buttons; those of `always` stay while the mouse rests.

    toolbar = Toolbar((("leave", "Leave"), ("help", "Keys")), bindings.title)
    if action := toolbar.handle(event, now): ...
    """

    def __init__(self, buttons: Buttons, key_of: Callable[[Action], str]) -> None:
        self.always: frozenset[Action] = frozenset()
        self._buttons, self._key_of = tuple(buttons), key_of
        self._until = float("-inf")  # when all but those of `always` go
        self._pointer = (-1, -1)
        self._places: dict[Action, pygame.Rect] = {}  # as drawn last
        self._picture = CachedPicture()

    def wake_at(self, now: float) -> float | None:
        """When the buttons go [s]; None: they do not."""
        return self._until if now < self._until else None

    @property
    def area(self) -> pygame.Rect:
        """What it covered of the window when it was drawn last."""
        places = list(self._places.values())
        return places[0].unionall(places[1:]) if places else pygame.Rect(0, 0, 0, 0)

    def handle(self, event: pygame.Event, now: float) -> Action | None:
        """Take an event; return what a click on a button asks for."""
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
        shown = [one for one in self._buttons if now < self._until or one[0] in self.always]
        if not shown:
            self._places = {}
            return
        pointed = self._under(self._pointer)
        said = theme, tuple(shown), pointed
        cards = [self._button(theme, action, word, lit=action == pointed) for action, word in shown]
        area = cards[0].get_rect(bottomleft=corner)
        area.width = surface.get_width()
        places = row_places(theme, cards, area, GAP)
        self._places = dict(zip([action for action, _ in shown], places, strict=True))
        row = self._picture(said, lambda: _joined(cards, places, self.area))
        surface.blit(row, self.area)

    def _button(self, theme: Theme, action: Action, word: str, *, lit: bool) -> pygame.Surface:
        words = theme.text(word, 13, ACCENT if lit else MUTED, bold=lit)
        key = theme.text(self._key_of(action), 13, ACCENT, bold=True)
        return draw_card(theme, [[key, words]], pad=(10, 5), gaps=(6, 0))

    def _under(self, place: tuple[int, int]) -> Action | None:
        return next((one for one, rect in self._places.items() if rect.collidepoint(place)), None)


def _joined(
    cards: Sequence[pygame.Surface], places: Sequence[pygame.Rect], area: pygame.Rect
) -> pygame.Surface:
    row = pygame.Surface(area.size, pygame.SRCALPHA)
    for card, place in zip(cards, places, strict=True):
        row.blit(card, place.move(-area.left, -area.top))
    return row
