"""A demo in the window: captions, then and now, and the verdict before it closes."""

import time
from collections.abc import Sequence

import pygame

from mag_sandbox.evaluation.similarity.recall import ProbeResult
from mag_sandbox.files.validation import capitalized
from mag_sandbox.sandbox.demo.result import ProbeRow
from mag_sandbox.sandbox.demo.run import DemoRun, view_name
from mag_sandbox.sandbox.hud.hud import Hud
from mag_sandbox.sandbox.hud.hud_state import duration_text
from mag_sandbox.sandbox.play.reel import Reel
from mag_sandbox.sandbox.returns.probe_cards import probe_card
from mag_sandbox.sandbox.screens import Overlay
from mag_sandbox.sandbox.screens.play import PlaySession
from mag_sandbox.sandbox.ui.layout import SPRING, CachedCard, Card, Part, Text, column, row
from mag_sandbox.sandbox.ui.theme import ACCENT, GOOD, MUTED

RESULT_S = 6.0  # how long a comparison stays
CAPTION_S = 6.0  # how long a caption stays, before the camera's motion is told
END_S = 8.0  # how long the verdict stays before the window closes
LOOK_S = 0.2  # between two looks for new comparisons
MOST_ROWS = 6
VERDICT = "What came back"
NOTHING = "Nothing was compared"
BY_THE_WAY = "a view on the way"  # that the script does not name


class DemoOverlay(Overlay):
    """A caption at the bottom, the newest comparison on the left, the verdict in the middle.

    overlay = DemoOverlay(reel, hud, run)
    """

    def __init__(self, reel: Reel, hud: Hud, demo: DemoRun) -> None:
        self._reel, self._hud, self._demo = reel, hud, demo
        self._shown: ProbeResult | None = None
        self._until = 0.0  # when the comparison goes
        self._looked_at = 0.0
        self._ended_at: float | None = None
        self._caption_shown, self._caption_until = "", 0.0  # the newest caption
        self._caption, self._card, self._verdict = (CachedCard() for _ in range(3))

    @property
    def wake_at(self) -> float | None:
        """When to look again."""
        return self._looked_at + LOOK_S

    def lingers(self, now: float) -> bool:
        """Return whether the verdict is still to be read, once the script is over."""
        self._ended_at = now if self._ended_at is None else self._ended_at
        return now < self._ended_at + END_S

    def update(self, now: float) -> bool:
        """Take the comparisons made since."""
        if now < self._looked_at + LOOK_S:
            return False
        self._looked_at = now
        if self._demo.caption != self._caption_shown:
            self._caption_shown, self._caption_until = self._demo.caption, now + CAPTION_S
        newest = self._demo.watch.results[-1] if self._demo.watch.results else None
        if newest is not None and newest is not self._shown:
            self._shown, self._until = newest, now + RESULT_S
        return True

    def draw(self, surface: pygame.Surface) -> None:
        """Draw the current message."""
        theme, (width, height) = self._hud.theme(surface), surface.get_size()
        margin = theme.px(14)
        if self._ended_at is not None:
            card = self._verdict(theme, verdict_card(self._demo.watch.probes))
            surface.blit(card, card.get_rect(center=surface.get_rect().center))
            return
        caption = self._caption_shown if self._looked_at < self._caption_until else ""
        if words := caption or self._reel.current.block.phrase:
            content = Card(Text(capitalized(words), 17, bold=True, lines=1))
            card = self._caption(theme, content, at_most=width - 2 * margin)
            below = (self._hud.places.get(name) for name in ("memory", "keys", "tools"))
            bottom = min((one.top for one in below if one), default=height - margin)
            surface.blit(card, card.get_rect(midbottom=(width // 2, bottom - theme.px(10))))
        if self._shown is not None and self._looked_at < self._until:
            surface.blit(self._card(theme, probe_card(self._shown)), (margin, margin))


def verdict_card(rows: Sequence[ProbeRow]) -> Card:
    """Return the outcomes of the newest comparisons."""
    lines: list[Part] = [Text(VERDICT if rows else NOTHING, 20, bold=True)]
    for one in rows[-MOST_ROWS:]:
        view = view_name(one.anchor) if one.kind == "script" else BY_THE_WAY
        place = f"{capitalized(view)}, after {duration_text(one.seconds_away)}"
        same = "not counted" if one.recall is None else f"{one.recall:.0f}% as it was"
        colour = MUTED if one.recall is None else GOOD if one.recall >= 80 else ACCENT
        lines.append(row(Text(place, 16), SPRING, Text(same, 16, colour, bold=True), gap=24))
    return Card(column(*lines, gap=6), pad=(24, 18))


class DemoSession(PlaySession):
    """A demo that is watched in the window."""

    def __init__(self, reel: Reel, hud: Hud, demo: DemoRun) -> None:
        self._overlay = DemoOverlay(reel, hud, demo)
        self.overlays = (self._overlay,)

    def lingers(self) -> bool:
        """Keep the window open until the verdict was read."""
        return self._overlay.lingers(time.perf_counter())
