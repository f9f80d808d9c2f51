"""How far a change of the world is, for players."""

from collections.abc import Callable

import pygame

from mag_sandbox.model.world import Stage, StageShare
from mag_sandbox.sandbox.ui.layout import CustomPart, Part, Text, column
from mag_sandbox.sandbox.ui.theme import ACCENT, INK, MUTED, TRACK, Theme

STAGES: dict[Stage, tuple[str, float]] = {  # words, and usual seconds
    "waiting": ("finishing the previous view first", 0.5),
    "planning": ("planning the place", 2.5),
    "painting": ("painting it", 1.5),
    "remembering": ("remembering it", 1.3),
}
MOVES_S = 1 / 15  # between two pictures of the light that runs along a bar
RUN_S, LIGHT = 1.6, 0.22  # the time it takes, and its share of the bar


class ChangeProgress:
    """The share of a change that is done; it never shrinks.

    progress = ChangeProgress(lambda: worker.under_way())
    progress.begin()
    progress.part(240)  # None: nothing is known of it yet
    """

    def __init__(self, source: Callable[[], StageShare | None]) -> None:
        """Set a function that returns how far the newest change is."""
        self._source, self._moved_at = source, 0.0
        self.begin()

    @property
    def wake_at(self) -> float:
        """When the light on the bar moves on."""
        return self._moved_at + MOVES_S

    def update(self, now: float) -> bool:
        """Move the light; tell whether it moved."""
        moves = now >= self.wake_at
        self._moved_at = now if moves else self._moved_at
        return moves

    def begin(self) -> None:
        """Begin with another change: what is reported now is of the one before."""
        self._old, self._stage, self._share = self._source(), "", 0.0

    def share(self) -> float:
        """Return the share that is done."""
        now = self._source()
        if now is not None and now is not self._old and (share := _share(now)) >= self._share:
            self._stage, self._share = STAGES[now.stage][0], share
        return self._share

    def part(self, width: float) -> Part | None:
        """Return the stage in words above a bar."""
        share = self.share()
        if not self._stage:
            return None
        return column(
            Text(self._stage, 13, MUTED),
            progress_bar(width, share, self._moved_at),
            gap=8,
            align=0.5,
        )


def _share(done: StageShare) -> float:
    """Return the share of a whole change: its stages weigh as much as they usually take."""
    seconds = {stage: usual for stage, (_, usual) in STAGES.items()}
    stages = list(seconds)
    over = sum(seconds[one] for one in stages[: stages.index(done.stage)])
    return (over + done.share * seconds[done.stage]) / sum(seconds.values())


def progress_bar(width: float, done: float | None, now: float) -> CustomPart:
    """Return a bar with a share of work, None: unknown, and a light that runs along [s]."""
    return CustomPart(width, 6, _draw_bar, (done, now % RUN_S / RUN_S))


def _draw_bar(
    theme: Theme, surface: pygame.Surface, area: pygame.Rect, done: float | None, light: float
) -> None:
    surface.blit(theme.rounded(area.size, TRACK, 3), area)
    if done is not None:
        length = max(area.height, round(area.width * done))
        surface.blit(theme.rounded((length, area.height), ACCENT, 3), area)
    spot = pygame.Rect(0, area.top, round(area.width * LIGHT), area.height)
    spot.right = area.left + round(light * (area.width + spot.width))
    if (seen := spot.clip(area)).width:
        surface.blit(theme.rounded(seen.size, (*INK, 110), 3), seen)
