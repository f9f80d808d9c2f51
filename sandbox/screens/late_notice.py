"""Says why the camera stands still although a key is held."""

from collections.abc import Callable

from mag_sandbox.controls.sources import PlayerSource
from mag_sandbox.sandbox.play.reel import Reel
from mag_sandbox.sandbox.screens import Overlay

LATE_S = 1.5  # for which nothing new is shown, until that is said
LATE = "the next view is still being painted: keep the key held, it counts once that is there"
TOPIC = "late"


class LateNotice(Overlay):
    """Follows whether the next block is late while the player steers.

    notice = LateNotice(reel, pilot, notices.say, notices.drop, is_explained=lambda: False)
    notice.update(now)
    """

    def __init__(
        self,
        reel: Reel,
        player: PlayerSource,
        say: Callable[..., None],
        drop: Callable[[str], None],
        is_explained: Callable[[], bool],
    ) -> None:
        self._reel, self._player = reel, player
        self._say, self._drop, self._is_explained = say, drop, is_explained
        self._said, self._now = False, 0.0

    @property
    def wake_at(self) -> float | None:
        """When it is to be said."""
        since = self._reel.late_since
        return since + LATE_S if since is not None and self._now < since + LATE_S else None

    def update(self, now: float) -> bool:
        """Say it, or no longer."""
        since, self._now = self._reel.late_since, now
        if since is None and self._said:
            self._drop(TOPIC)
            self._said = False
        is_late = since is not None and now - since >= LATE_S and not self._said
        if is_late and self._player.is_steering and not self._is_explained():
            self._said = True
            self._say(LATE, topic=TOPIC)
        return False
