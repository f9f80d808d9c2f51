"""Keeps what is played together with what others know of it, the map and the prober's places.

An observer of what the player steers, and the last one: when a scene that was left begins again,
the others have begun anew by then, and are given back what they knew.
"""

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Protocol

from mag_sandbox.model.world import FrameBlock, WorldState
from mag_sandbox.sandbox.play.events import SessionObserver, SessionStart
from mag_sandbox.sandbox.play.session import Playthrough, Session
from mag_sandbox.sandbox.play.worker import GenerationWorker
from mag_sandbox.sandbox.recording.recorder import Recorder
from mag_sandbox.sandbox.saves.own_scenes import keep_prompted, picture_own_scene
from mag_sandbox.sandbox.saves.parked_scene import ParkedScene, check_slug, read_header, scene_in
from mag_sandbox.sandbox.saves.save_queue import SaveQueue
from mag_sandbox.scenes import Scene

logger = logging.getLogger(__name__)


class Parkable(Protocol):
    """Something that knows a scene, and can be parked with it."""

    def snapshot(self) -> WorldState:
        """Return what `restore` needs."""

    def restore(self, state: WorldState) -> None:
        """Go on from a snapshot; ValueError where it makes no sense."""


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
        parts: Mapping[str, Parkable],
        own_scenes: Path,
        recorders: Sequence[Recorder] = (),
    ) -> None:
        """Say what is kept.

        `parts` are parked beside the world, by name.
        """
        self.queue = queue
        self._parts, self._own_scenes, self._recorders = parts, own_scenes, recorders
        self._coming: ParkedScene | None = None  # whose parts wait for the session to begin
        self._taken = ""  # id of the scene that other games cannot take meanwhile

    def park(self, worker: GenerationWorker) -> None:
        """Keep what is being played, to be continued later; returns before it is written."""
        self.queue.park(worker.call(self.collect), self._picture)

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
            except ValueError as error:
                logger.warning("%s: %s", parked.id, error)

    def _picture(self, parked: ParkedScene) -> None:
        picture_own_scene(self._own_scenes, parked.scene, parked.last_frame)

    def _release(self, but: str = "") -> None:
        """Let other games play what was taken before."""
        before, self._taken = self._taken, ""
        if before and before != but:
            self.queue.release(before)
