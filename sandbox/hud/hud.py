"""Places the cards of the display over the picture, for windows of any size."""

import operator
from collections import defaultdict
from collections.abc import Mapping

import pygame

from mag_sandbox.controls.bindings import DEFAULTS, Bindings
from mag_sandbox.sandbox.hud import cards
from mag_sandbox.sandbox.hud.cards import ARROWS, help_pages
from mag_sandbox.sandbox.hud.hud_state import HudState
from mag_sandbox.sandbox.play.feedback import KeyLight
from mag_sandbox.sandbox.settings import HudLevel, SandboxConfig
from mag_sandbox.sandbox.ui.layout import CachedCard, Card, Part
from mag_sandbox.sandbox.ui.theme import Theme

MIN_FULL = (480, 300)  # px: smaller windows show the small form
Place = tuple[int, int]  # of a top left corner [px]
LEVELS: tuple[HudLevel, ...] = ("small", "full", "off")


def next_level(level: HudLevel) -> HudLevel:
    """Return the level that follows when the player asks for another."""
    return LEVELS[(LEVELS.index(level) + 1) % len(LEVELS)]


class Hud:
    """Draws `HudState`; a card is drawn again only when its contents change.

    >>> Hud().draw(surface, HudState("A meadow", 0.0, block), "full")
    """

    def __init__(self, settings: SandboxConfig = SandboxConfig()) -> None:  # noqa: B008 -- frozen
        self.places: dict[str, pygame.Rect] = {}  # where each card was drawn last
        self.is_off = False  # as drawn last
        self.room_below = 0  # px at the lower edge that are reserved for others
        self.opacity = 1.0  # of permanent cards; see `show`
        self._settings = settings
        self._help: tuple[Bindings, Place, list[Card]] | None = None
        self._size = (0, 0)
        self._theme: Theme | None = None
        self._cards: defaultdict[str, CachedCard] = defaultdict(CachedCard)

    def theme(self, surface: pygame.Surface) -> Theme:
        """Return the theme for a surface of this size."""
        if self._theme is None or surface.get_size() != self._size:
            self._size = surface.get_size()
            self._theme = Theme.of(self._settings, self._size)
            self._cards.clear()
            self._help = None
        return self._theme

    def draw(self, surface: pygame.Surface, state: HudState, level: HudLevel) -> None:
        """Draw the display in the level of detail asked for."""
        self.places.clear()
        self.is_off = level == "off"
        theme, (width, height) = self.theme(surface), surface.get_size()
        margin = theme.px(14)
        right = width - margin
        if level == "full" and all(map(operator.ge, surface.get_size(), MIN_FULL)):
            low = height - margin - self.room_below
            memory = self._cards["memory"](theme, cards.memory_card(state), right - margin)
            self._show(surface, "memory", memory, bottomleft=(margin, low))
            keys = self._cards["keys"](theme, cards.keys_card(state))
            low -= memory.get_height() + theme.px(10)
            self._show(surface, "keys", keys, bottomleft=(margin, low))
            speed = self._cards["speed"](theme, cards.speed_card(state))
            self._show(surface, "speed", speed, topleft=(margin, margin))
            scene = self._cards["scene"](theme, cards.scene_card(state))
            self._show(surface, "scene", scene, topright=(right, margin))
        elif level != "off":
            slim = self._cards["slim"](theme, cards.slim_card(state))
            self._show(surface, "slim", slim, topright=(right, margin))

    @property
    def head(self) -> pygame.Rect | None:
        """Where the card of the scene was drawn last; None: the display is off.

        Buttons have places even then, once the mouse moves.
        """
        return self.places.get("scene") or self.places.get("slim")

    @property
    def upper_right(self) -> pygame.Rect | None:
        """Where that card and the map below it were drawn last; None: the display is off."""
        maps = [self.places[one] for one in ("map", "map from above") if one in self.places]
        return self.head.unionall(maps) if self.head else None

    def parts(self, card: str) -> dict[str, pygame.Rect]:
        """Return where the named parts of a card were drawn last [px of the window]."""
        if card not in self.places:
            return {}
        corner = self.places[card].topleft
        return {name: place.move(corner) for name, place in self._cards[card].places.items()}

    def key_at(self, place: Place) -> str | None:
        """Return the camera key that is drawn at a place of the window, if any."""
        hints = {key: self.places[f"key {key}"] for key in ARROWS if f"key {key}" in self.places}
        shown = (*hints.items(), *self.parts("keys").items(), *self.parts("steps").items())
        return next((key for key, rect in shown if rect.collidepoint(place)), None)

    def show(self, surface: pygame.Surface, card: pygame.Surface, place: Place) -> pygame.Rect:
        """Draw a permanent card with the present opacity, and return where it is."""
        card.set_alpha(round(255 * self.opacity))
        return surface.blit(card, place)

    def draw_steps(self, surface: pygame.Surface, lights: Mapping[str, KeyLight]) -> None:
        """Draw the keys of a walker in the lower right corner."""
        theme, (width, height) = self.theme(surface), surface.get_size()
        card, margin = self._cards["steps"](theme, cards.steps_card(lights)), theme.px(14)
        self._show(surface, "steps", card, bottomright=(width - margin, height - margin))

    def draw_help(
        self, surface: pygame.Surface, bindings: Bindings = DEFAULTS, page: int = 0
    ) -> None:
        """Draw a page of all controls in the middle, at most the last one."""
        theme, size = self.theme(surface), surface.get_size()
        if self._help is None or self._help[:2] != (bindings, size):
            self._help = bindings, size, help_pages(theme, bindings, size)
        pages = self._help[2]
        card = self._centre(surface, "help", pages[min(page, len(pages) - 1)])
        surface.blit(*card)  # on top of itself: nothing shines through

    def has_help(self, page: int) -> bool:
        """Return whether the help, as drawn last, has this page."""
        return page == 0 or (self._help is not None and page < len(self._help[2]))

    def draw_message(self, surface: pygame.Surface, title: str, text: str, hint: str) -> None:
        """Draw a banner in the middle."""
        self._centre(surface, "message", cards.message_card(title, text, hint))

    def draw_notice(self, surface: pygame.Surface, text: str, below: Part | None = None) -> None:
        """Draw a short word in the middle, perhaps with something below it."""
        self._centre(surface, "notice", cards.notice_card(text, below))

    def _show(
        self, surface: pygame.Surface, name: str, card: pygame.Surface, **place: Place
    ) -> None:
        self.places[name] = self.show(surface, card, card.get_rect(**place).topleft)

    def _centre(
        self, surface: pygame.Surface, name: str, card: Card
    ) -> tuple[pygame.Surface, pygame.Rect]:
        drawn = self._cards[name](self.theme(surface), card, at_most=surface.get_width())
        place = drawn.get_rect(center=surface.get_rect().center)
        surface.blit(drawn, place)
        return drawn, place
