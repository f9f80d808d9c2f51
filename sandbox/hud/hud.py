"""Draws `HudState` over the picture. Cards are drawn again only when what they say changed."""

import operator
from collections import defaultdict
from collections.abc import Callable

import pygame

from mag_sandbox.controls.bindings import DEFAULTS, Bindings
from mag_sandbox.sandbox.hud import cards
from mag_sandbox.sandbox.hud.cards import ARROWS, help_pages
from mag_sandbox.sandbox.hud.hud_state import HudState
from mag_sandbox.sandbox.settings import HudLevel, SandboxConfig
from mag_sandbox.sandbox.ui.theme import CachedPicture, Theme

MIN_FULL = (480, 300)  # px: smaller windows show the small form
Place = tuple[int, int]  # of a top left corner [px]
LEVELS: tuple[HudLevel, ...] = ("small", "full", "off")


def next_level(level: HudLevel) -> HudLevel:
    """Return the level that follows when the player asks for another."""
    return LEVELS[(LEVELS.index(level) + 1) % len(LEVELS)]


class Hud:
    """Places the cards on a window of any size.

    >>> state = HudState("A meadow.", "", 7, 0.0, block.phrase, block.poses[-1], block.memory)
    >>> Hud().draw(surface, state, "full")
    """

    def __init__(self, settings: SandboxConfig = SandboxConfig()) -> None:  # noqa: B008 -- frozen
        self.places: dict[str, pygame.Rect] = {}  # where each card was drawn last
        self.room_below = 0  # px at the lower edge that are for others
        self.opacity = 1.0  # of the cards that stay; see `show`
        self._keys: tuple[str, ...] = ()  # for the camera, as drawn last
        self._settings = settings
        self._help: tuple[Bindings, Place, list[pygame.Surface]] | None = None
        self._size = (0, 0)
        self._theme: Theme | None = None
        self._cards: defaultdict[str, CachedPicture] = defaultdict(CachedPicture)

    def theme(self, surface: pygame.Surface) -> Theme:
        """Return the theme for a surface of this size."""
        if self._theme is None or surface.get_size() != self._size:
            self._size = surface.get_size()
            settings = self._settings
            self._theme = Theme.of(settings, self._size)
            self._cards.clear()
            self._help = None
        return self._theme

    def draw(self, surface: pygame.Surface, state: HudState, level: HudLevel) -> None:
        """Draw the display in the level of detail asked for."""
        self.places.clear()
        fits = all(map(operator.ge, surface.get_size(), MIN_FULL))
        if level == "full" and fits:
            self._draw_full(surface, state)
        elif level != "off":
            self._draw_small(surface, state)

    def key_at(self, place: Place) -> str | None:
        """Return the camera key that is drawn at a place of the window, if any."""
        for key in ARROWS:
            if (hint := self.places.get(f"key {key}")) and hint.collidepoint(place):
                return key
        card = self.places.get("keys")
        if card is None or self._theme is None:
            return None
        inside = place[0] - card.left, place[1] - card.top
        caps = cards.key_caps(self._theme, len(self._keys))
        return next(
            (k for k, cap in zip(self._keys, caps, strict=True) if cap.collidepoint(inside)), None
        )

    def show(self, surface: pygame.Surface, card: pygame.Surface, place: Place) -> pygame.Rect:
        """Draw a card that stays, as opaque as such cards are now, and return where it is."""
        card.set_alpha(round(255 * self.opacity))
        return surface.blit(card, place)

    def draw_help(
        self, surface: pygame.Surface, bindings: Bindings = DEFAULTS, page: int = 0
    ) -> None:
        """Draw a page of all controls in the middle, the last one if there are not so many."""
        theme, size = self.theme(surface), surface.get_size()
        said = bindings, size
        if self._help is None or self._help[:2] != said:
            self._help = *said, help_pages(theme, bindings, size)
        pages = self._help[2]
        _centre(surface, pages[min(page, len(pages) - 1)])

    def has_help(self, page: int) -> bool:
        """Return whether all controls, as they were drawn last, have such a page."""
        return page == 0 or (self._help is not None and page < len(self._help[2]))

    def draw_message(self, surface: pygame.Surface, title: str, text: str, hint: str) -> None:
        """Draw a banner in the middle."""
        theme = self.theme(surface)
        said = (title, text, hint)
        _centre(surface, self._card("message", said, lambda: cards.message_card(theme, *said)))

    def draw_notice(self, surface: pygame.Surface, text: str) -> None:
        """Draw a short word in the middle."""
        theme = self.theme(surface)
        _centre(surface, self._card("notice", text, lambda: cards.notice_card(theme, text)))

    def _draw_full(self, surface: pygame.Surface, state: HudState) -> None:
        theme = self.theme(surface)
        width, height = surface.get_size()
        margin = theme.px(14)
        memory = self._card(
            "memory", state.memory, lambda: cards.memory_card(theme, state, width - 2 * margin)
        )
        times = state.stage_ms, state.latency_ms, state.elsewhere_ms
        said = (state.fps, state.possible_fps, *times)
        speed = self._card("speed", said, lambda: cards.speed_card(theme, state))
        told = (
            *(state.scene, state.prompt, state.seed, state.phrase, state.mode, state.recording),
            *(int(state.seconds), state.pose, state.memory),
        )
        scene = self._card("scene", told, lambda: cards.scene_card(theme, state))
        lights, self._keys = tuple(state.lights.items()), tuple(state.lights)
        keys = self._card("keys", lights, lambda: cards.keys_card(theme, state))
        bottom = height - margin - self.room_below - memory.get_height()
        above = bottom - theme.px(10) - keys.get_height()
        self.places = {
            "memory": self.show(surface, memory, (margin, bottom)),
            "keys": self.show(surface, keys, (margin, above)),
            "speed": self.show(surface, speed, (margin, margin)),
            "scene": self.show(surface, scene, (width - margin - scene.get_width(), margin)),
        }

    def _draw_small(self, surface: pygame.Surface, state: HudState) -> None:
        theme = self.theme(surface)
        margin = theme.px(14)
        said = (state.mode, state.recording, int(state.seconds), state.memory)
        card = self._card("slim", said, lambda: cards.slim_card(theme, state))
        place = surface.get_size()[0] - margin - card.get_width(), margin
        self.places = {"slim": self.show(surface, card, place)}

    def _card(self, name: str, said: object, draw: Callable[[], pygame.Surface]) -> pygame.Surface:
        return self._cards[name](said, draw)


def _centre(surface: pygame.Surface, card: pygame.Surface) -> None:
    surface.blit(card, card.get_rect(center=surface.get_rect().center))
