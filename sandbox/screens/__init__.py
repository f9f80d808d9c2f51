"""What fills the window at one time: loading, play, replay."""

from typing import Literal, Protocol

import pygame

Outcome = Literal["leave", "retry", "script over", "failed"]


class Screen(Protocol):
    """One screen; the app shows one at a time, on one thread."""

    outcome: Outcome | None  # why to leave this screen; None: stay
    wake_at: float | None  # when `update` has something to do, without events [s]; None: no hurry

    def handle(self, event: pygame.Event) -> None:
        """Take one event."""

    def update(self, now: float) -> bool:
        """Move on to `now`; True if what is shown changed."""

    def draw(self, surface: pygame.Surface) -> None:
        """Draw everything."""
