"""Parks, saves and forks what is played, on a thread of its own, one after the other.

Taking a picture of the world's memory is quick and happens on the world's thread; checking the disk
and writing takes seconds and happens here. What cannot be written is said and kept in memory.
"""

import logging
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import replace

from model.world import WorldFailed
from sandbox.parked_scene import ParkedScene, new_id
from sandbox.parking import ParkedEntry, ParkedScenes

logger = logging.getLogger(__name__)
MIN_FRAMES = 48  # shown, three seconds of play: less is a glance and not kept
Say = Callable[..., None]  # text, mood


class Keeper:
    """Writes scenes in the order in which they were left.

    keeper = Keeper(ParkedScenes(folder, budget_mib), notices.say)
    keeper.park(worker.call(lambda session: session.park()))
    keeper.take("meadow-1f00d5ab")  # waits until it is written
    keeper.close()                  # waits for all
    """

    def __init__(
        self, scenes: ParkedScenes, say: Say, on_change: Callable[[], None] = lambda: None
    ) -> None:
        """Say where.

        Args:
            scenes: the player's.
            say: told what was done, from any thread: a sentence, and "good" or "bad".
            on_change: called when there is something else to list.
        """
        self.scenes = scenes
        self.unwritten: dict[str, ParkedScene] = {}  # by id: what found no room on the disk
        self._say, self._on_change = say, on_change
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="keeper")

    def park(self, future: "Future[ParkedScene]") -> None:
        """Park a scene that is left."""
        self._thread.submit(self._guarded, future, self._park)

    def save(self, future: "Future[ParkedScene]") -> None:
        """Save a scene that goes on, in place of its last save."""
        self._thread.submit(self._guarded, future, self._save)

    def fork(self, future: "Future[ParkedScene]") -> None:
        """Park a copy of a scene that goes on."""
        self._thread.submit(self._guarded, future, self._fork)

    def take(self, id: str) -> ParkedScene:
        """Return a parked scene to go on with, when all that was left before is written.

        Raises:
            StateError: it is missing or damaged, or played in another game.
        """
        self._thread.submit(lambda: None).result()
        return self.unwritten.pop(id, None) or self.scenes.take(id)

    def saved(self, id: str) -> ParkedScene:
        """Return the save of a playthrough.

        Raises:
            StateError: there is none, or it is damaged.
        """
        self._thread.submit(lambda: None).result()
        return self.scenes.load_slot(id)

    def crowding(self) -> tuple[ParkedEntry, ...]:
        """Return what might be dropped to fit the budget, the oldest first; nothing is dropped."""
        return self.scenes.over_budget(0)

    def close(self) -> None:
        """Write everything and let other games play it."""
        self._thread.shutdown()
        self.scenes.close()

    def _guarded(self, future: "Future[ParkedScene]", keep: Callable[[ParkedScene], None]) -> None:
        try:
            parked = future.result()
        except CancelledError:
            return
        except Exception as error:  # whatever stopped the world: nothing can be kept of it
            logger.warning("nothing could be kept: %s", error)
            self._say(f"this place could not be kept: {error}", "bad")
            return
        try:
            keep(parked)
        except WorldFailed as error:
            self.unwritten[parked.id] = parked
            self._say(str(error), "bad")
        except Exception:
            logger.exception("%s could not be kept", parked.id)
            self._say("this place could not be kept; see the log", "bad")
        self._on_change()

    def _park(self, parked: ParkedScene) -> None:
        if parked.frames_shown < MIN_FRAMES:
            self.scenes.release(parked.id)
            return
        self.scenes.park(parked)
        self.unwritten.pop(parked.id, None)
        self._say(f"{parked.name} is kept as you left it")

    def _save(self, parked: ParkedScene) -> None:
        self.scenes.save_slot(parked)
        self._say("saved")

    def _fork(self, parked: ParkedScene) -> None:
        copy = replace(parked, id=new_id(parked.scene), name=f"{parked.name}, a fork")
        self.scenes.park(copy)
        self._say(f"a copy is kept: {copy.name}")
