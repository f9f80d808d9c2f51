"""Says that the next view is being painted, where a held key moves nothing for a while."""

from collections.abc import Callable

from mag_sandbox.controls.camera import Position
from mag_sandbox.controls.sources import PlayerSource
from mag_sandbox.model.world import UNPAINTED_AHEAD, UNPLANNED, FrameBlock
from mag_sandbox.sandbox.play.reel import Reel
from mag_sandbox.sandbox.screens import Overlay

LATE_S = 1.2  # for which a held key moves nothing, until that is explained
LEAST_S = 1.5  # for which the explanation stays, so that it can be read
RENEW_S = 2.0  # after which it is shown for longer, if that is still so
LATE = "painting the next view: keep the key held"
TOPIC = "late"


class LateNotice(Overlay):
    """Follows whether the player steers while nothing moves, since a view is not painted yet.

    The next block is late, or a walker is stopped before ground that is not there yet.

    notice = LateNotice(reel, pilot, notices.say, notices.drop, is_explained=lambda: False)
    notice.block_shown(block)
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
        self._stopped_at: Position | None = None  # before what is not painted; None: it walks
        self._held_since: float | None = None  # None: keys move the camera, or none is held
        self._said_at, self._renewed_at = float("-inf"), float("-inf")
        self._is_said = False

    @property
    def wake_at(self) -> float | None:
        """When it is to be said; its light then wakes the window often enough."""
        if self._held_since is None or self._is_said:
            return None
        return self._held_since + LATE_S

    def block_shown(self, block: FrameBlock) -> None:
        """Follow whether the player has to wait to walk on."""
        place = block.poses[-1].position
        if any(words in block.notice for words in (UNPAINTED_AHEAD, UNPLANNED)):
            self._stopped_at = place
        elif block.notice or place != self._stopped_at:
            self._stopped_at = None

    def update(self, now: float) -> bool:
        """Say it, or no longer."""
        waits = self._reel.late_since is not None or self._stopped_at is not None
        if not waits or not self._player.is_steering or self._is_explained():
            self._held_since = None
        elif self._held_since is None:
            self._held_since = now
        held = self._held_since is not None and now >= self._held_since + LATE_S
        if held and now >= self._renewed_at + RENEW_S:
            self._said_at = self._said_at if self._is_said else now
            self._is_said, self._renewed_at = True, now
            self._say(LATE, "busy", TOPIC)
        elif self._is_said and not held and now >= self._said_at + LEAST_S:
            self._is_said, self._renewed_at = False, float("-inf")
            self._drop(TOPIC)
        return False
