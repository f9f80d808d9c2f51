"""Says that the next view is being painted, where the camera is to move and stands for a while."""

from collections.abc import Callable

from mag_sandbox.controls.camera import is_stopped
from mag_sandbox.model.world import UNPAINTED_AHEAD, UNPLANNED
from mag_sandbox.sandbox.play.pilot import Pilot
from mag_sandbox.sandbox.play.reel import Reel
from mag_sandbox.sandbox.play.worker import ReadyBlock
from mag_sandbox.sandbox.screens import Overlay

LATE_S = 0.4  # for which nothing moves, until that is explained
GUESS_S = 1.5  # for which a view at rest is a guess, until that is explained
LINGERS_S = 1.2  # for which it stays after the last wait: more waits may follow
RENEW_S = 2.0  # after which it is shown for longer, if that is still so
A_VIEW, A_CHANGE = "the next view", "the change first"  # that the camera waits for
LATE = "painting {}"
GUESS = "painting this view"
LATE_BY_ITSELF = "painting {}: the camera goes on by itself"
TOPIC = "late"
EXPLAINED = UNPAINTED_AHEAD, UNPLANNED  # notices of worlds whose wait it explains


class LateNotice(Overlay):
    """Explains what a player sees of a view that is not painted yet.

    Player or pilot steer and nothing moves: the next block is late, or a walker is stopped before
    ground that is not there yet. Or the camera rests on a view that is still a guess.

    notice = LateNotice(reel, pilot, notices.say, notices.drop, awaited=lambda: A_VIEW)
    notice.block_shown(ready)
    notice.update(now)
    """

    def __init__(
        self,
        reel: Reel,
        pilot: Pilot,
        say: Callable[..., None],
        drop: Callable[[str], None],
        awaited: Callable[[], str],
    ) -> None:
        """`awaited` returns what is being painted; "": the wait is explained already."""
        self._reel, self._pilot = reel, pilot
        self._say, self._drop, self._awaited = say, drop, awaited
        self._is_stopped = False  # whether a walker has to wait until a view is painted
        self._is_guess = False  # whether the camera rests on a view that is not painted yet
        self._delay = LATE_S  # from then on, until it is said
        self._held_since: float | None = None  # None: there is nothing to explain
        self._held_at = float("-inf")  # when there was last
        self._said_at: float | None = None  # last; None: it is not shown

    @property
    def wake_at(self) -> float | None:
        """When it is to be said; its light then wakes the window often enough."""
        if self._held_since is None or self._said_at is not None:
            return None
        return self._held_since + self._delay

    def block_shown(self, ready: ReadyBlock) -> None:
        """Follow whether the player has to wait to walk on, or looks at a guess."""
        block, spec = ready.block, ready.spec
        pose = block.poses[-1]
        self._is_guess = block.provisional and block.poses[0] == pose and not pose.is_away
        if any(words in block.notice for words in EXPLAINED):
            self._is_stopped = True
        elif block.notice:  # something else is in the way
            self._is_stopped, self._held_at = False, float("-inf")
        else:  # the world tells it once; until the view is there, a walker may still creep on
            stopped = is_stopped(block.poses, ready.command, spec.full_speed, spec.fps)
            self._is_stopped &= stopped

    def update(self, now: float) -> bool:
        """Say it, or no longer."""
        waits = self._reel.late_since is not None or self._is_stopped
        is_steered = self._pilot.is_steering or self._pilot.is_flying
        awaited, words = self._awaited(), ""
        if waits and is_steered and awaited:
            words = (LATE_BY_ITSELF if self._pilot.is_flying else LATE).format(awaited)
        elif self._is_guess and awaited == A_VIEW:
            words = GUESS
        self._delay = GUESS_S if words == GUESS else LATE_S
        if words:
            self._held_at = now
            self._held_since = now if self._held_since is None else self._held_since
        else:
            self._held_since = None
        if self._said_at is not None and now >= self._held_at + LINGERS_S:
            self._said_at = None
            self._drop(TOPIC)
        elif self._held_since is not None and self._is_due(self._held_since, now):
            self._said_at = now
            self._say(words, "busy", TOPIC)
        return False

    def _is_due(self, held_since: float, now: float) -> bool:
        """Return whether it is time to say it, or to show it for longer."""
        if self._said_at is None:
            return now >= held_since + self._delay
        return now >= self._said_at + RENEW_S
