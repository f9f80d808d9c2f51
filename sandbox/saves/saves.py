"""The player's saves: places are parked, saved, copied and continued, on a thread of their own.

A snapshot of the world is quick, and taken on the world's thread. Checking the disk and writing
take seconds, and happen here in the order of the requests. A place that cannot be written stays in
memory, and the player is told.
"""

import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.files.border import Refusal, exists, reason_of
from mag_sandbox.model.world import FrameBlock, WorldFailed, WorldState
from mag_sandbox.sandbox.freed_memory import give_back_freed
from mag_sandbox.sandbox.play.events import SessionObserver, SessionStart
from mag_sandbox.sandbox.play.parked_scene import ParkedScene, StateError, check_slug, scene_in
from mag_sandbox.sandbox.play.session import Playthrough, Session
from mag_sandbox.sandbox.play.worker import GenerationWorker
from mag_sandbox.sandbox.recording.recorder import Recorder
from mag_sandbox.sandbox.saves.own_scenes import LibraryError, keep_prompted, picture_own_scene
from mag_sandbox.sandbox.saves.parking import ParkedEntry, ParkedScenes, described, place_name
from mag_sandbox.scenes import Scene

logger = logging.getLogger(__name__)
PATIENCE_S = 60.0  # longest wait for the world's thread [s]: longer than it is given to stop
AUTOSAVE_S = 30.0  # of play that a crash may cost
LEFT = "left"  # topic of the notice about the place that was left
LEAST_S = 5.0  # between two automatic saves, however often the camera comes to rest
Write = Callable[[ParkedScene], None]


class SavedPart(Protocol):
    """A service whose state is saved with a place, such as the map."""

    def snapshot(self) -> WorldState:
        """Return its state."""

    def restore(self, state: WorldState) -> None:
        """Continue from a state."""


@dataclass(frozen=True, slots=True)
class DiskUse:
    """Disk space of the places, and which could be deleted to fit the budget."""

    entries: tuple[ParkedEntry, ...]  # oldest first; only the player deletes
    total_bytes: int


class SaveThread:
    """Writes places on a thread of its own, in the order of the requests."""

    def __init__(self, say: Callable[..., None], on_change: Callable[[], None]) -> None:
        self._say, self._on_change = say, on_change
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="saves")
        self.submit = self._thread.submit
        self._late: deque[tuple[Future[ParkedScene], Write]] = deque()  # answered after all

    def write(self, future: "Future[ParkedScene]", write: Write) -> "Future[bool]":
        """Write the answer of the world's thread; a problem is shown to the player.

        The returned future tells whether it was written.
        """
        written = self.submit(self._write_answer, future, write)
        self.submit(give_back_freed)  # the place is freed by then, and large
        return written

    def attempt(self, failed: str, change: Callable[[], object]) -> bool:
        """Do something now; a problem is shown to the player. Return whether it was done."""
        is_done = False
        try:
            change()
            is_done = True
        except (WorldFailed, LibraryError) as error:
            self._say(str(error), "bad")
        except Exception:
            logger.exception(failed)
            self._say(f"{failed}; see the log", "bad")
        self._on_change()
        return is_done

    def close(self) -> None:
        """Finish all requests."""
        self._thread.shutdown()
        self._write_late()

    def _write_answer(self, future: "Future[ParkedScene]", write: Write) -> bool:
        if not wait([future], PATIENCE_S).done:
            self._say("the world does not answer; this place will be saved when it does", "bad")
            future.add_done_callback(lambda answered: self._note_late(answered, write))
            return False
        self._write_late()  # was requested before
        return self._write_result(future, write)

    def _note_late(self, future: "Future[ParkedScene]", write: Write) -> None:
        # on the world's thread, before its next answer
        self._late.append((future, write))
        with suppress(RuntimeError):  # closed
            self.submit(self._write_late)

    def _write_late(self) -> None:
        while self._late:
            self._write_result(*self._late.popleft())

    def _write_result(self, future: "Future[ParkedScene]", write: Write) -> bool:
        try:
            parked = future.result()
        except CancelledError:
            return False
        except Exception as error:  # the world has stopped: nothing can be kept of it
            known = isinstance(error, Refusal | TimeoutError)
            logger.log(logging.WARNING if known else logging.ERROR, "not saved", exc_info=error)
            self._say(f"this place could not be saved: {str(error) or 'it took too long'}", "bad")
            return False
        return self.attempt("this place could not be saved", lambda: write(parked))


class Saves(SessionObserver):
    """Saves and continues the places that a worker plays.

    saves = Saves(ParkedScenes(folder, budget_mib), notices.say, {"map": stitcher}, own_scenes)
    session = Session(world, source, observers=[stitcher, saves])
    saves.park(worker)
    playthrough, world = saves.playthrough("meadow-1f00d5ab")
    saves.close()  # waits until all is written
    """

    def __init__(
        self,
        scenes: ParkedScenes,
        say: Callable[..., None],
        parts: Mapping[str, SavedPart],
        own_scenes: Path,
        recorders: Sequence[Recorder] = (),
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        """Start the thread that writes.

        Args:
            scenes: the places on the disk.
            say: called from any thread with a sentence for the player, and "good" or "bad".
            parts: saved with the world, by name.
            own_scenes: folder of the player's own scenes.
            recorders: informed where a session begins.
            on_change: called from any thread when the list of places has changed.
        """
        self.scenes = scenes
        self.unwritten: dict[str, ParkedScene] = {}  # by id: not on the disk yet
        self._saved: dict[tuple[str, int], str] = {}  # scene and seed: the playthrough saved last
        self._say, self._on_change = say, on_change
        self._parts, self._own_scenes, self._recorders = parts, own_scenes, recorders
        self._thread = SaveThread(say, on_change)
        self._autosaved: Future[None] | None = None
        self._first_view: tuple[Scene, np.ndarray] | None = None  # of the scene that was begun last
        self._entered: ParkedScene | None = None  # its parts wait for the session to begin
        self._claimed = ""  # id of the place that other games cannot take meanwhile

    def park(self, worker: GenerationWorker, *, says: bool = True) -> "Future[bool]":
        """Keep a place that is left, and perhaps say so; returns before it is written."""

        def write(parked: ParkedScene) -> None:
            self._park(parked, says=says)
            self._write_unwritten()

        return self._thread.write(worker.call(self.collect), write)

    def save(self, worker: GenerationWorker) -> None:
        """Save this moment in place of the last one."""

        def write(parked: ParkedScene) -> None:
            self.scenes.save_slot(parked)
            self._saved[parked.scene.name, parked.seed] = parked.id
            self._say("saved")

        self._thread.write(worker.call(self.collect), write)

    def fork(self, worker: GenerationWorker) -> None:
        """Keep a copy of this moment as a place of its own."""
        self._thread.write(worker.call(self.collect), self._copy)

    def autosave(self, worker: GenerationWorker) -> None:
        """Save a place in play in case of a crash, unless the last autosave is still under way."""
        if self._autosaved is None or self._autosaved.done():
            collected = worker.call(self._collect_claimed)
            self._autosaved = self._thread.submit(self._autosave, collected)

    def saved(self, worker: GenerationWorker, scene: str, seed: int) -> "Future[ParkedScene]":
        """Return the saved moment of the session, in a future; StateError: there is none.

        If the place was started over since, the moment saved before counts.
        """
        id = worker.call(lambda session: session.id)

        def load() -> ParkedScene:
            try:
                return self.scenes.load_slot(id.result(PATIENCE_S))
            except StateError:
                if (scene, seed) not in self._saved:
                    raise
                return self.scenes.load_slot(self._saved[scene, seed])

        future = self._thread.submit(load)
        future.add_done_callback(lambda future: self._on_change())
        return future

    def copy(self, id: str) -> None:
        """Copy a place; the result is shown to the player."""

        def change() -> None:
            if id in self.unwritten:
                self._copy(self.unwritten[id])
            else:
                self.scenes.fork(id)

        self._thread.submit(self._thread.attempt, "it was not copied", change)

    def delete(self, id: str) -> None:
        """Delete a place; a problem is shown to the player."""

        def change() -> None:
            if self.unwritten.pop(id, None) is None or exists(self.scenes.folder / id):
                self.scenes.delete(id)
            self.scenes.release(id)
            self._write_unwritten()

        self._thread.submit(self._thread.attempt, "it was not deleted", change)

    def keep_written(self, scene: Scene) -> None:
        """List a scene that the player has described among the player's own."""

        def keep() -> None:
            keep_prompted(self._own_scenes, scene)
            self._show_first_view()  # if it began before

        self._thread.submit(self._thread.attempt, "it was not saved", keep)

    def _show_first_view(self) -> None:
        """Show how play began on the scene's card, if the player wrote the scene."""
        if self._first_view is not None:
            picture_own_scene(self._own_scenes, *self._first_view)

    def disk_use(self) -> "Future[DiskUse]":
        """Return the use of the disk once all earlier requests are written."""
        scenes = self.scenes
        return self._thread.submit(lambda: DiskUse(scenes.over_budget(), scenes.total_bytes()))

    def collect(self, session: Session) -> ParkedScene:
        """Return the session with its parts, without those that fail; on the world's thread."""
        parked, parts = session.park(), {}
        for name, part in self._parts.items():
            try:
                parts[name] = part.snapshot()
            except TimeoutError:
                logger.warning("the scene is saved without its %s", name)
        return replace(parked, parts=parts)

    def playthrough(self, id: str) -> tuple[Playthrough, str]:
        """Return how to continue a place, and its world, or raise StateError."""
        waiting = self.unwritten.get(id)
        if waiting:
            take = partial(self.take, id, is_on_disk=False)
            place = described(waiting)
            return Playthrough(waiting.scene, waiting.seed, take, place=place), waiting.world
        folder = self.scenes.folder / check_slug(id)
        header = self.scenes.header(id)
        take = partial(self.take, id)
        scene, seed, place = scene_in(folder, header), header.seed, described(header)
        return Playthrough(scene, seed, take, str(folder), place=place), header.world

    def take(self, id: str, *, is_on_disk: bool = True) -> ParkedScene:
        """Take a place once all others are written, on the world's thread, or raise StateError."""
        self._thread.submit(lambda: None).result()
        parked = self.unwritten.get(id) or self.scenes.take(id)
        self._release_claimed(but=id)
        self._claimed = id
        return self.enter(parked, is_on_disk=is_on_disk)

    def enter(self, parked: ParkedScene, *, is_on_disk: bool = False) -> ParkedScene:
        """Begin the next session with this; on the world's thread."""
        self._entered = parked
        for recorder in () if is_on_disk else self._recorders:
            recorder.begin_from(parked)
        return parked

    def on_start(self, event: SessionStart, block: FrameBlock) -> None:
        """Restore the parts of the place; the card of a written scene shows its first view."""
        parked, self._entered = self._entered, None
        if event.first_block.block_index == 0 and event.seed == event.scene.seed:
            self._first_view = event.scene, block.frames[-1]
            failed = "the picture of this place could not be saved"
            self._thread.submit(self._thread.attempt, failed, self._show_first_view)
        if event.first_block.block_index == 0 or parked is None:
            self._release_claimed()  # the place could not be continued, or none was
            return
        for name, part in self._parts.items():
            try:
                if name in parked.parts:
                    part.restore(parked.parts[name])
            except Exception as error:  # the place continues without it
                logger.warning("%s goes on without its %s: %s", parked.id, name, reason_of(error))

    def close(self) -> None:
        """Write everything and release it for other games."""
        self._thread.close()
        self._write_unwritten()
        self.scenes.close()

    def _collect_claimed(self, session: Session) -> ParkedScene:
        parked = self.collect(session)
        self._claimed = parked.id  # until something else is played
        return parked

    def _release_claimed(self, but: str = "") -> None:
        before, self._claimed = self._claimed, ""
        if before and before != but:
            self._thread.submit(self.scenes.release, before)

    def _autosave(self, future: "Future[ParkedScene]") -> None:
        try:
            parked = future.result(PATIENCE_S)
            self.scenes.park(parked, goes_on=True)
            self.unwritten.pop(parked.id, None)  # older
            self._write_unwritten()
        except (CancelledError, TimeoutError, WorldFailed) as problem:
            logger.warning("not saved by itself: %s", problem)
        except Exception:
            logger.exception("not saved by itself")

    def _park(self, parked: ParkedScene, *, says: bool = True) -> None:
        self.unwritten[parked.id] = parked  # until it is on the disk
        self.scenes.park(parked)
        self.unwritten.pop(parked.id)
        if says:
            self._say(
                f"“{place_name(parked)}” is saved as you left it, first under Continue", topic=LEFT
            )

    def _copy(self, parked: ParkedScene) -> None:
        name = place_name(self.scenes.park_copy(parked))
        self._say(f"a copy of “{name}” as it is now is kept under Continue")

    def _write_unwritten(self) -> None:
        for parked in tuple(self.unwritten.values()):
            try:
                self._park(parked)
            except WorldFailed as error:
                logger.warning("%s", error)


class Autosave:
    """Calls `save` from time to time while a place is played.

    >>> autosave = Autosave(save=lambda: None, clock=lambda: 0.0)
    >>> autosave.block_shown(CameraCommand(yaw=1.0))
    """

    def __init__(self, save: Callable[[], object], clock: Callable[[], float]) -> None:
        self._save, self._clock = save, clock
        self._saved_at = clock()
        self._moved = False  # since then

    def block_shown(self, command: CameraCommand) -> None:
        """Save if it is time, after a block that answers a command."""
        since, rests = self._clock() - self._saved_at, command == CameraCommand()
        came_to_rest = self._moved and rests and since >= LEAST_S
        if since >= AUTOSAVE_S or came_to_rest:
            self._saved_at, self._moved = self._clock(), False
            self._save()
        self._moved |= not rests
