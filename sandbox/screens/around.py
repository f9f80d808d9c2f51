"""What is around, as a card of lines over the picture; it is found on a thread of its own."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pygame

from mag_sandbox.sandbox.hud.around import Seen, around_lines, things_around
from mag_sandbox.sandbox.hud.hud import Hud
from mag_sandbox.sandbox.hud.minimap import MapStitcher
from mag_sandbox.sandbox.play.reel import Reel
from mag_sandbox.sandbox.screens import Overlay
from mag_sandbox.sandbox.ui.theme import INK, MUTED, CachedPicture, Theme

WIDTH = 400  # px of the reference window
MOST_LINES = 14
TITLE = "Around you"
LOOKING = "looking ..."


class AroundOverlay(Overlay):
    """A card with what is around, the nearest to the middle of the view first; a key shows it.

    overlay = AroundOverlay(reel, hud, stitcher, notify=wake_window)
    overlay.press()
    """

    def __init__(
        self, reel: Reel, hud: Hud, stitcher: MapStitcher, notify: Callable[[], None]
    ) -> None:
        self._reel, self._hud, self._stitcher, self._notify = reel, hud, stitcher, notify
        self._found: Future[tuple[Seen, ...]] | None = None  # None: hidden
        self._lines: tuple[str, ...] = ()
        self._card = CachedPicture()

    @property
    def lines(self) -> tuple[str, ...]:
        """What the card says; nothing while it is hidden."""
        return self._lines

    def press(self) -> None:
        """Look around, or put the card away."""
        if self._found is not None:
            self._found, self._lines = None, ()
            return
        ring = self._stitcher.ring
        pixels, seen = ring.pixels.copy(), ring.is_seen
        block = self._reel.current.block
        with_one = ThreadPoolExecutor(1, "looking around")
        self._found = with_one.submit(things_around, pixels, seen, block)
        self._found.add_done_callback(lambda found: self._notify())
        with_one.shutdown(wait=False)

    def dismiss(self) -> bool:
        """Put the card away, if it is there."""
        if is_shown := self._found is not None:
            self.press()
        return is_shown

    def update(self, now: float) -> bool:  # noqa: ARG002 -- Overlay
        """Say where things are as seen from here; True if that changed."""
        before, self._lines = self._lines, self._said()
        return self._lines != before

    def draw(self, surface: pygame.Surface) -> None:
        """Draw the card on the left, below the figures."""
        if not self._lines:
            return
        theme = self._hud.theme(surface)
        card = self._card((self._lines, theme), lambda: _drawn(theme, self._lines))
        above = self._hud.places.get("speed")
        top = above.bottom + theme.px(10) if above else theme.px(14)
        surface.blit(card, (theme.px(14), top))

    def _said(self) -> tuple[str, ...]:
        if self._found is None:
            return ()
        if not self._found.done():
            return (LOOKING,)
        problem = self._found.exception()
        if problem is not None:
            return (str(problem),)
        lines = around_lines(self._found.result(), self._reel.pose)
        more = len(lines) - MOST_LINES
        return (*lines[:MOST_LINES], *([f"and {more} more"] if more > 0 else []))


def _drawn(theme: Theme, lines: Sequence[str]) -> pygame.Surface:
    pad, line, width = theme.px(16), theme.line_height(13), theme.px(WIDTH)
    top = pad + theme.line_height(16)
    card = theme.card((width, top + len(lines) * line + pad), dense=True)
    theme.write(card, TITLE, 16, bold=True, topleft=(pad, theme.px(12)))
    ink = MUTED if LOOKING in lines else INK
    cut = [theme.one_line(words, width - 2 * pad, 13) for words in lines]
    theme.write_lines(card, cut, (pad, top), 13, ink)
    return card
