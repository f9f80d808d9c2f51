"""What the window shows of a demo: captions, then and now, and the verdict before it closes."""

import time
from collections.abc import Sequence
from typing import Protocol

import pygame

from mag_sandbox.evaluation.probe.probe import ProbeResult
from mag_sandbox.sandbox.demo.result import ProbeRow
from mag_sandbox.sandbox.hud.hud import Hud
from mag_sandbox.sandbox.hud.hud_state import duration_text
from mag_sandbox.sandbox.play.reel import Reel
from mag_sandbox.sandbox.probe.probe_cards import probe_card
from mag_sandbox.sandbox.screens import Overlay
from mag_sandbox.sandbox.screens.play import PlaySession
from mag_sandbox.sandbox.ui.layout import SPRING, Row, draw_card
from mag_sandbox.sandbox.ui.theme import ACCENT, GOOD, MUTED, CachedPicture, Theme

RESULT_S = 6.0  # how long a comparison stays
END_S = 8.0  # how long the verdict stays before the window closes
LOOK_S = 0.2  # between two looks at what was compared meanwhile
MOST_ROWS = 6
VERDICT = "What came back"
NOTHING = "Nothing was compared"


class DemoProgress(Protocol):
    """What a demo tells while it is played."""

    caption: str

    @property
    def rows(self) -> Sequence[ProbeRow]:
        """What was compared so far."""

    @property
    def results(self) -> Sequence[ProbeResult]:
        """The newest of these, with their pictures."""


class DemoOverlay(Overlay):
    """A caption at the bottom, the newest comparison on the left, the verdict in the middle.

    overlay = DemoOverlay(reel, hud, source)
    """

    def __init__(self, reel: Reel, hud: Hud, demo: DemoProgress) -> None:
        self._reel, self._hud, self._demo = reel, hud, demo
        self._shown: ProbeResult | None = None
        self._until = 0.0  # when the comparison goes
        self._looked_at = 0.0
        self._ended_at: float | None = None
        self._caption, self._card, self._verdict = (CachedPicture() for _ in range(3))

    @property
    def wake_at(self) -> float | None:
        """When to look again."""
        return self._looked_at + LOOK_S

    def lingers(self, now: float) -> bool:
        """Return whether the verdict is still to be read, once the script is over."""
        self._ended_at = now if self._ended_at is None else self._ended_at
        return now < self._ended_at + END_S

    def update(self, now: float) -> bool:
        """Take what was compared since."""
        if now < self._looked_at + LOOK_S:
            return False
        self._looked_at = now
        newest = self._demo.results[-1] if self._demo.results else None
        if newest is not None and newest is not self._shown:
            self._shown, self._until = newest, now + RESULT_S
        return True

    def draw(self, surface: pygame.Surface) -> None:
        """Draw what is to be said now."""
        theme, (width, height) = self._hud.theme(surface), surface.get_size()
        margin = theme.px(14)
        if self._ended_at is not None:
            rows = tuple(self._demo.rows)
            card = self._verdict((rows, theme), lambda: self._draw_verdict(theme, rows))
            surface.blit(card, card.get_rect(center=(width // 2, height // 2)))
            return
        if words := self._demo.caption or self._reel.current.block.phrase:
            said = theme.one_line(words, width - 5 * margin, 17)
            card = self._caption(
                (said, theme), lambda: draw_card(theme, [[theme.text(said, 17, bold=True)]])
            )
            surface.blit(card, card.get_rect(midbottom=(width // 2, height - theme.px(60))))
        result = self._shown
        if result is not None and self._looked_at < self._until:
            card = self._card((result.number, theme), lambda: probe_card(theme, result))
            surface.blit(card, (margin, margin))

    def _draw_verdict(self, theme: Theme, rows: Sequence[ProbeRow]) -> pygame.Surface:
        lines: list[Row] = [[theme.text(VERDICT if rows else NOTHING, 20, bold=True)]]
        for row in rows[-MOST_ROWS:]:
            place = f"“{row.anchor}”, after {duration_text(row.seconds_away)}"
            same = "not counted" if row.recall is None else f"{row.recall:.0f}% as it was"
            colour = MUTED if row.recall is None else GOOD if row.recall >= 80 else ACCENT
            lines.append([theme.text(place, 16), SPRING, theme.text(same, 16, colour, bold=True)])
        return draw_card(theme, lines, pad=(24, 18), gaps=(24, 6))


class DemoSession(PlaySession):
    """A demo that is watched in the window."""

    def __init__(self, reel: Reel, hud: Hud, demo: DemoProgress) -> None:
        self._overlay = DemoOverlay(reel, hud, demo)
        self.overlays = (self._overlay,)

    def lingers(self) -> bool:
        """Keep the window open until the verdict was read."""
        return self._overlay.lingers(time.perf_counter())
