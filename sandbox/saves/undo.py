"""The moments before each change of the world, so that changes can be undone.

A change that the world itself can undo is only marked; before any other, the whole session is kept
in memory. The oldest moments are dropped first.
"""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from operator import is_

from mag_sandbox.model.world import MIB
from mag_sandbox.sandbox.play.parked_scene import ParkedScene

CHANGE = "change"  # topic of notices about the newest change
MOST = 8  # changes that can be undone
MOST_BYTES = 512 * MIB  # that kept moments may take, the newest apart


@dataclass(frozen=True, slots=True)
class Moment:
    """The moment before a change."""

    back: str  # shown after undoing: "this spot is as it was"
    left: "Future[ParkedScene] | None"  # None: the world itself can undo the change
    topic: str = CHANGE  # of the notice after undoing


class UndoStack:
    """The newest changes of the session, one on top of the other.

    stack.push("this spot is as it was", worker.call(saves.collect))  # before it is changed
    moment = stack.pop()
    """

    def __init__(self) -> None:
        self._moments: list[Moment] = []

    def push(
        self, back: str, left: "Future[ParkedScene] | None" = None, topic: str = CHANGE
    ) -> Moment:
        """Keep the moment before a change, and return it; see `Moment`."""
        moment = Moment(back, left, topic)
        self._moments.append(moment)
        del self._moments[:-MOST]
        while self.bytes - _bytes(self._moments[-1]) > MOST_BYTES:
            del self._moments[0]
        return moment

    def __len__(self) -> int:
        return len(self._moments)

    @property
    def bytes(self) -> int:
        """Bytes of all kept moments."""
        return sum(map(_bytes, self._moments))

    def pop(self) -> Moment | None:
        """Return the moment before the newest change, and forget it; None: nothing was changed.

        A moment that could not be kept is skipped: nothing was being played then.
        """
        while self._moments:
            moment = self._moments.pop()
            if moment.left is None or not _failed(moment.left):
                return moment
        return None

    def drop(self, moment: Moment) -> None:
        """Forget the moment before a change that the world refused."""
        self._moments = [one for one in self._moments if one is not moment]

    def has_on_top(self, moments: Sequence[Moment]) -> bool:
        """Tell whether these moments, the oldest first, are the newest ones."""
        newest = self._moments[len(self._moments) - len(moments) :]
        return len(newest) == len(moments) and all(map(is_, newest, moments))

    def clear(self) -> None:
        """Forget everything, as when something else is played."""
        self._moments.clear()


def _failed(left: "Future[ParkedScene]") -> bool:
    return left.cancelled() or (left.done() and left.exception() is not None)


def _bytes(moment: Moment) -> int:
    left = moment.left
    if left is None or not left.done() or _failed(left):
        return 0
    return left.result().bytes
