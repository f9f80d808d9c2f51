"""The time bar at the lower edge of a recording: the moment, the length, and the returns."""

import pygame

from mag_sandbox.model.world import WorldSpec
from mag_sandbox.sandbox.hud.hud_state import clock_text
from mag_sandbox.sandbox.recording.playback import Playback
from mag_sandbox.sandbox.ui.layout import (
    CachedCard,
    Card,
    CustomPart,
    NamedPart,
    Text,
    bar,
    column,
    row,
)
from mag_sandbox.sandbox.ui.theme import ACCENT, GOOD, INK, MUTED, TRACK, Theme

TEXT = 13  # px of the reference window
RETURN = "a view came back"  # at a mark of the time bar


class TimeBar:
    """Draws a recording's time and turns clicks and drags into moments of it.

    bar = TimeBar(playback, spec)
    if (second := bar.handle(event)) is not None: ...
    """

    def __init__(self, playback: Playback, spec: WorldSpec) -> None:
        self.is_held = False  # by the mouse
        self.begin = spec.frames_before(playback.first) / spec.fps  # s since the world's reset
        self.end = spec.frames_before(playback.last + 1) / spec.fps
        self.note = playback.note  # a line above the bar
        self._playback = playback
        self._area = self._track = pygame.Rect(0, 0, 0, 0)  # of the window, as drawn last
        self._card = CachedCard()

    def height(self, theme: Theme) -> int:
        """Return its height [px]."""
        return theme.px(48 if self.note else 30)

    def hide(self) -> None:
        """Ignore clicks until it is drawn again."""
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
        share: float = (event.pos[0] - self._track.left) / max(1, self._track.width)
        return self.begin + min(1.0, max(0.0, share)) * (self.end - self.begin)

    def draw(
        self,
        surface: pygame.Surface,
        theme: Theme,
        area: pygame.Rect,
        second: float,
        sought: float | None = None,
    ) -> None:
        """Draw it into an area of the window [px].

        `second` is the moment that is shown, `sought` one that is yet to be reached [s since the
        world's reset].
        """
        self._area = area
        reached, aim = (  # whole px: finer steps are invisible
            round(self._share(one) * area.width) / area.width
            for one in (second, second if sought is None else sought)
        )
        returns = [one for one in self._playback.returns if self.begin <= one <= self.end]
        values = reached, aim, tuple(map(self._share, returns))
        note, length = self.note, clock_text(self.end - self.begin)
        line = row(
            Text(clock_text(second - self.begin), TEXT),
            NamedPart("track", CustomPart(0, 14, _draw_track, values)),
            Text(length, TEXT, MUTED),
            row(bar(2, 13, GOOD), Text(RETURN, TEXT, MUTED), gap=5) if returns else None,
            gap=12,
        )
        text = Text(note, TEXT, MUTED, lines=1) if note else None
        card = self._card(theme, Card(column(text, line), pad=(12, 5)), area.width)
        self._track = self._card.places["track"].move(area.topleft)
        surface.blit(card, card.get_rect(bottomleft=area.bottomleft))

    def _share(self, second: float) -> float:
        length = max(self.end - self.begin, 1e-6)
        return min(1.0, max(0.0, (second - self.begin) / length))


def _draw_track(
    theme: Theme,
    surface: pygame.Surface,
    area: pygame.Rect,
    reached: float,
    aim: float,
    returns: tuple[float, ...],
) -> None:
    track = pygame.Rect(area.left, 0, area.width, theme.px(6))
    track.centery = area.centery
    surface.blit(theme.rounded(track.size, TRACK, 3), track)
    end = track.left + round(reached * track.width)
    surface.fill(theme.colour(ACCENT), (*track.topleft, end - track.left, track.height))
    for share in returns:
        mark = pygame.Rect(0, area.top, max(2, theme.px(2)), area.height)
        mark.centerx = track.left + round(share * track.width)
        surface.fill(theme.colour(GOOD), mark)
    knob = track.left + round(aim * track.width)
    pygame.draw.circle(surface, theme.colour(INK), (knob, track.centery), theme.px(6))
