"""The time bar at the lower edge of a recording: where it is, how long it is, what came back."""

from functools import partial

import pygame

from mag_sandbox.model.world import WorldSpec
from mag_sandbox.sandbox.hud.hud_state import clock_text
from mag_sandbox.sandbox.recording.playback import Playback
from mag_sandbox.sandbox.ui.theme import ACCENT, GOOD, INK, MUTED, TRACK, CachedPicture, Theme

TEXT = 13  # px of the reference window


class TimeBar:
    """Draws a recording's time and turns clicks and drags into moments of it.

    bar = TimeBar(playback, spec)
    if (second := bar.handle(event)) is not None: ...
    """

    def __init__(self, playback: Playback, spec: WorldSpec) -> None:
        self.is_held = False  # by the mouse
        self.begin = spec.frames_before(playback.first) / spec.fps  # s since the world's reset
        self.end = spec.frames_before(playback.last + 1) / spec.fps
        self._playback = playback
        self._area = self._track = pygame.Rect(0, 0, 0, 0)  # of the window, as drawn last
        self._card = CachedPicture()

    def height(self, theme: Theme) -> int:
        """Return how much of the window's height it takes [px]."""
        return theme.px(48 if self._playback.note else 30)

    def hide(self) -> None:
        """Take no clicks until it is drawn again."""
        self._area = pygame.Rect(0, 0, 0, 0)

    def handle(self, event: pygame.Event) -> float | None:
        """Take an event; return the moment that the mouse chooses [s since the world's reset]."""
        if event.type == pygame.MOUSEBUTTONDOWN and event.button == 1:
            self.is_held = self._area.collidepoint(event.pos)
        elif event.type == pygame.MOUSEBUTTONUP and event.button == 1:
            self.is_held = False
        elif event.type != pygame.MOUSEMOTION:
            return None
        if not self.is_held:
            return None
        share = (event.pos[0] - self._track.left) / self._track.width
        return self.begin + min(1.0, max(0.0, share)) * (self.end - self.begin)

    def draw(self, surface: pygame.Surface, theme: Theme, area: pygame.Rect, second: float) -> None:
        """Draw it at a moment [s since the world's reset], into an area of the window [px]."""
        said = theme, area.size, clock_text(second - self.begin), self._place(second, area.width)
        self._area = area
        surface.blit(self._card(said, partial(self._drawn, *said[:3], second)), area)

    def _place(self, second: float, width: int) -> int:
        length = max(self.end - self.begin, 1e-6)
        return round(min(1.0, max(0.0, (second - self.begin) / length)) * width)

    def _drawn(
        self, theme: Theme, size: tuple[int, int], clock: str, second: float
    ) -> pygame.Surface:
        card, pad = theme.card(size, dense=True), theme.px(12)
        middle = size[1] - theme.px(15)
        if self._playback.note:
            within = size[0] - 2 * pad
            note = self._playback.note
            theme.write(card, note, TEXT, MUTED, within=within, midleft=(pad, theme.px(15)))
        length = clock_text(self.end - self.begin)
        left = theme.write(card, clock, TEXT, INK, midleft=(pad, middle)).right + pad
        right = theme.write(card, length, TEXT, MUTED, midright=(size[0] - pad, middle)).left - pad
        track = pygame.Rect(left, 0, max(1, right - left), theme.px(6))
        track.centery = middle
        self._track = track.move(self._area.topleft)
        card.blit(theme.rounded(track.size, TRACK, 3), track)
        reached = track.left + self._place(second, track.width)
        pygame.draw.rect(card, theme.colour(ACCENT), (*track.topleft, reached - left, track.height))
        for moment in self._playback.returns:
            if self.begin <= moment <= self.end:
                at = track.left + self._place(moment, track.width)
                mark = pygame.Rect(0, 0, max(2, theme.px(2)), theme.px(14))
                mark.center = at, middle
                card.fill(theme.colour(GOOD), mark)
        pygame.draw.circle(card, theme.colour(INK), (reached, middle), theme.px(6))
        return card
