"""Parks, saves and forks what is played, on a thread of its own, one after the other.

Taking a picture of the world's memory is quick and happens on the world's thread; checking the disk
and writing takes seconds and happens here. What cannot be written is said and kept in memory.
"""

import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.files.border import Refusal, exists, reason_of
from mag_sandbox.model.world import FrameBlock, WorldFailed
from mag_sandbox.sandbox.freed_memory import give_back_freed
from mag_sandbox.sandbox.hud.minimap import MapStitcher
from mag_sandbox.sandbox.play.events import SessionObserver, SessionStart
from mag_sandbox.sandbox.play.parked_scene import (
    ParkedScene,
    check_slug,
    new_id,
    read_header,
    scene_in,
)
from mag_sandbox.sandbox.play.session import Playthrough, Session
from mag_sandbox.sandbox.play.worker import GenerationWorker
from mag_sandbox.sandbox.probe.prober import Prober
from mag_sandbox.sandbox.recording.recorder import Recorder
from mag_sandbox.sandbox.saves.own_scenes import LibraryError, keep_prompted, picture_own_scene
from mag_sandbox.sandbox.saves.parking import ParkedEntry, ParkedScenes
from mag_sandbox.scenes import Scene

logger = logging.getLogger(__name__)
PATIENCE_S = 60.0  # longest wait for the world's thread: longer than it is given to stop
Say = Callable[..., None]  # text, mood
Keep = Callable[[ParkedScene], None]


@dataclass(frozen=True, slots=True)
class DiskUse:
    """Disk space of scenes, and which could be deleted to fit the budget."""

    entries: tuple[ParkedEntry, ...]  # the oldest first; nothing is dropped by itself
    total_bytes: int


class SaveQueue:
    """Writes scenes in the order in which they were left.

    queue = SaveQueue(ParkedScenes(folder, budget_mib), notices.say)
    queue.park(worker.call(lambda session: session.park()))
    queue.take("meadow-1f00d5ab")  # waits until it is written
    queue.close()                  # waits for all
    """

    def __init__(
        self, scenes: ParkedScenes, say: Say, on_change: Callable[[], None] = lambda: None
    ) -> None:
        """Say where.

        `say` is told what was done, from any thread: a sentence, and "good" or "bad"; `on_change`,
        that there is something else to list.
        """
        self.scenes = scenes
        self.unwritten: dict[str, ParkedScene] = {}  # by id: what is not on the disk yet
        self._say, self._on_change = say, on_change
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="saves")
        self._autosaved: Future[None] | None = None
        self._late: deque[tuple[Future[ParkedScene], Keep]] = deque()  # what came after all

    @property
    def unwritten_bytes(self) -> int:
        """About what waits for room on the disk takes in memory."""
        return sum(parked.bytes for parked in tuple(self.unwritten.values()))

    def park(self, future: "Future[ParkedScene]", then: Keep = lambda parked: None) -> None:
        """Park a scene that is left, then do something else with it; problems are said."""

        def keep(parked: ParkedScene) -> None:
            self._park(parked)
            then(parked)
            self._write_unwritten()

        self._write(future, keep)

    def save(self, future: "Future[ParkedScene]") -> None:
        """Save a scene that goes on, in place of its last save."""
        self._write(future, self._save)

    def autosave(self, future: "Future[ParkedScene]") -> None:
        """Park a scene that goes on, unless the last time is still under way; says nothing."""
        if self._autosaved is None or self._autosaved.done():
            self._autosaved = self._thread.submit(self._autosave, future)

    def fork(self, future: "Future[ParkedScene]") -> None:
        """Park a copy of a scene that goes on."""
        self._write(future, self._fork)

    def take(self, id: str) -> ParkedScene:
        """Return a parked scene to go on with, when all that was left before is written.

        Raises:
            StateError: it is missing or damaged, or played in another game.
        """
        self._thread.submit(lambda: None).result()
        return self.unwritten.get(id) or self.scenes.take(id)

    def release(self, id: str) -> None:
        """Let other games play a scene that was taken, when what was left before is written."""
        self._thread.submit(self.scenes.release, id)

    def saved(self, id: "Future[str]") -> "Future[ParkedScene]":
        """Return, later, the save of a playthrough; or StateError: there is none, or damaged."""
        future = self._thread.submit(lambda: self.scenes.load_slot(id.result(PATIENCE_S)))
        future.add_done_callback(lambda future: self._on_change())
        return future

    def copy(self, id: str) -> None:
        """Copy a parked scene; what comes of it is said."""
        self.do(lambda: self._copy(id), "it was not copied")

    def delete(self, id: str) -> None:
        """Drop a parked scene for good; a problem is said."""
        self.do(lambda: self._delete(id), "it was not deleted")

    def disk_use(self) -> "Future[DiskUse]":
        """Return, when all that was left before is written, what is too much."""
        scenes = self.scenes
        return self._thread.submit(lambda: DiskUse(scenes.over_budget(), scenes.total_bytes()))

    def do(self, change: Callable[[], object], failed: str) -> None:
        """Change something else on the disk, after all that was asked for before.

        Its LibraryError or WorldFailed is said, or `failed` of any other error.
        """
        self._thread.submit(self._try, failed, change)

    def close(self) -> None:
        """Write everything and let other games play it."""
        self._thread.shutdown()
        self._keep_late()
        self._write_unwritten()
        self.scenes.close()

    def _write(self, future: "Future[ParkedScene]", keep: Keep) -> None:
        self._thread.submit(self._guarded, future, keep)
        self._thread.submit(give_back_freed)  # the scene is let go of by then, and large

    def _guarded(self, future: "Future[ParkedScene]", keep: Keep) -> None:
        if not wait([future], PATIENCE_S).done:
            self._say("the world does not answer; this place will be saved when it does", "bad")
            future.add_done_callback(lambda answered: self._answered_late(answered, keep))
            return
        self._keep_late()  # was asked for before
        self._keep(future, keep)

    def _answered_late(self, future: "Future[ParkedScene]", keep: Keep) -> None:
        """Take note of what a world says after all; on its thread, before its next answer."""
        self._late.append((future, keep))
        with suppress(RuntimeError):  # closed: nobody waits any more
            self._thread.submit(self._keep_late)

    def _keep_late(self) -> None:
        """Keep what came after all, in the order in which it was asked for."""
        while self._late:
            self._keep(*self._late.popleft())

    def _keep(self, future: "Future[ParkedScene]", keep: Keep) -> None:
        try:
            parked = future.result()
        except CancelledError:
            return
        except Exception as error:  # whatever stopped the world: nothing can be kept of it
            known = isinstance(error, Refusal | TimeoutError)
            logger.log(logging.WARNING if known else logging.ERROR, "not saved", exc_info=error)
            self._say(f"this place could not be saved: {str(error) or 'it took too long'}", "bad")
            return
        self._try("this place could not be saved", lambda: keep(parked))

    def _try(self, failed: str, change: Callable[[], object]) -> None:
        try:
            change()
        except (WorldFailed, LibraryError) as error:
            self._say(str(error), "bad")
        except Exception:
            logger.exception(failed)
            self._say(f"{failed}; see the log", "bad")
        self._on_change()

    def _park(self, parked: ParkedScene) -> None:
        self.unwritten[parked.id] = parked  # until it is on the disk
        self.scenes.park(parked)
        self.unwritten.pop(parked.id)
        self._say(f"{parked.name} is saved as you left it")

    def _autosave(self, future: "Future[ParkedScene]") -> None:
        try:
            parked = future.result(PATIENCE_S)
            self.scenes.keep_going(parked)
            self.unwritten.pop(parked.id, None)  # as it was before
            self._write_unwritten()
        except (CancelledError, TimeoutError, WorldFailed) as problem:
            logger.warning("not saved by itself: %s", problem)
        except Exception:
            logger.exception("not saved by itself")

    def _save(self, parked: ParkedScene) -> None:
        self.scenes.save_slot(parked)
        self._say("saved")

    def _fork(self, parked: ParkedScene) -> None:
        copy = replace(parked, id=new_id(parked.scene), name=f"{parked.name}, a copy")
        self.scenes.park(copy)
        self._say(f"saved as “{copy.name}”")

    def _copy(self, id: str) -> None:
        if id in self.unwritten:
            self._fork(self.unwritten[id])
        else:
            self.scenes.fork(id)

    def _delete(self, id: str) -> None:
        if self.unwritten.pop(id, None) is None or exists(self.scenes.folder / id):
            self.scenes.delete(id)
        self.scenes.release(id)
        self._write_unwritten()

    def _write_unwritten(self) -> None:
        """Write what found no room before, as far as there is some now."""
        for parked in tuple(self.unwritten.values()):
            try:
                self._park(parked)
            except WorldFailed as error:
                logger.warning("%s", error)


class SceneSaves(SessionObserver):
    """Parks, saves and forks what a worker plays, and goes on with it.

    saves = SceneSaves(queue, {"map": stitcher, "places": prober}, own_scenes_folder)
    session = Session(world, source, observers=[stitcher, prober, saves])
    saves.park(worker)
    playthrough, world = saves.playthrough("meadow-1f00d5ab")
    """

    def __init__(
        self,
        queue: SaveQueue,
        parts: Mapping[str, MapStitcher | Prober],
        own_scenes: Path,
        recorders: Sequence[Recorder] = (),
    ) -> None:
        """`parts` are parked beside the world, by name."""
        self.queue = queue
        self._parts, self._own_scenes, self._recorders = parts, own_scenes, recorders
        self._coming: ParkedScene | None = None  # whose parts wait for the session to begin
        self._taken = ""  # id of the scene that other games cannot take meanwhile

    def park(self, worker: GenerationWorker) -> None:
        """Keep what is being played, to be continued later; returns before it is written."""
        self.queue.park(worker.call(self.collect), self._picture)

    def autosave(self, worker: GenerationWorker) -> None:
        """Keep what is being played against a crash; returns before it is written."""
        self.queue.autosave(worker.call(self._collect_again))

    def save(self, worker: GenerationWorker) -> None:
        """Save this moment."""
        self.queue.save(worker.call(self.collect))

    def fork(self, worker: GenerationWorker) -> None:
        """Keep a copy of this moment as a scene of its own."""
        self.queue.fork(worker.call(self.collect))

    def saved(self, worker: GenerationWorker) -> "Future[ParkedScene]":
        """Return, later, the saved moment of what is being played."""
        return self.queue.saved(worker.call(lambda session: session.id))

    def keep_written(self, scene: Scene) -> None:
        """List a scene that the player has described among the player's own."""
        self.queue.do(lambda: keep_prompted(self._own_scenes, scene), "it was not saved")

    def collect(self, session: Session) -> ParkedScene:
        """Return the session with its parts, without those that fail; on the world's thread."""
        parked, parts = session.park(), {}
        for name, part in self._parts.items():
            try:
                parts[name] = part.snapshot()
            except TimeoutError:
                logger.warning("the scene is saved without its %s", name)
        return replace(parked, parts=parts)

    def _collect_again(self, session: Session) -> ParkedScene:
        parked = self.collect(session)
        self._taken = parked.id  # until something else is played
        return parked

    def playthrough(self, id: str) -> tuple[Playthrough, str]:
        """Return how to go on with a parked scene, and in which world.

        Raises:
            StateError: it is missing or damaged.
        """
        waiting = self.queue.unwritten.get(id)
        if waiting:
            take = partial(self.take, id, is_on_disk=False)
            return Playthrough(waiting.scene, waiting.seed, take), waiting.world
        folder = self.queue.scenes.folder / check_slug(id)
        header = read_header(folder)
        scene = scene_in(folder, header)
        playthrough = Playthrough(scene, header.seed, partial(self.take, id), str(folder))
        return playthrough, header.world

    def take(self, id: str, *, is_on_disk: bool = True) -> ParkedScene:
        """Return a parked scene to go on with; on the world's thread.

        Raises:
            StateError: it is missing or damaged, or played in another game.
        """
        parked = self.queue.take(id)
        self._release(but=id)
        self._taken = id
        return self.enter(parked, is_on_disk=is_on_disk)

    def enter(self, parked: ParkedScene, *, is_on_disk: bool = False) -> ParkedScene:
        """Begin the next session with this; on the world's thread."""
        self._coming = parked
        for recorder in () if is_on_disk else self._recorders:
            recorder.begin_from(parked)
        return parked

    def on_start(self, event: SessionStart, block: FrameBlock) -> None:  # noqa: ARG002 -- observer
        """Put back what was parked with the scene, as far as it makes sense."""
        parked, self._coming = self._coming, None
        if event.first_block.block_index == 0 or parked is None:
            self._release()
            return  # what was to be gone on with could not be, or nothing was
        for name, part in self._parts.items():
            try:
                if name in parked.parts:
                    part.restore(parked.parts[name])
            except Exception as error:  # whatever it holds: the place goes on without
                logger.warning("%s goes on without its %s: %s", parked.id, name, reason_of(error))

    def _picture(self, parked: ParkedScene) -> None:
        picture_own_scene(self._own_scenes, parked.scene, parked.last_frame)

    def _release(self, but: str = "") -> None:
        """Let other games play what was taken before."""
        before, self._taken = self._taken, ""
        if before and before != but:
            self.queue.release(before)


EVERY_S = 30.0  # of play that a crash may cost
LEAST_S = 5.0  # between two saves, however often the camera comes to rest


class Autosave:
    """Follows what is played and asks for it to be saved.

    >>> autosave = Autosave(save=lambda: None, clock=lambda: 0.0)
    >>> autosave.block_shown(CameraCommand(yaw=1.0))
    """

    def __init__(self, save: Callable[[], object], clock: Callable[[], float]) -> None:
        self._save, self._clock = save, clock
        self._saved_at = clock()
        self._moved = False  # since then

    def block_shown(self, command: CameraCommand) -> None:
        """Take what a block answers; save if it is time."""
        since, rests = self._clock() - self._saved_at, command == CameraCommand()
        came_to_rest = self._moved and rests and since >= LEAST_S
        if since >= EVERY_S or came_to_rest:
            self._saved_at, self._moved = self._clock(), False
            self._save()
        self._moved |= not rests
