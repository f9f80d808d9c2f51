"""Gives the map and the prober back what they knew of a scene that is returned to.

An observer of what the player steers, and the last one: the others have begun anew by then.
"""

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Protocol

from mag_sandbox.model.world import FrameBlock, WorldState
from mag_sandbox.sandbox.play.events import SessionObserver, SessionStart
from mag_sandbox.sandbox.play.session import Playthrough
from mag_sandbox.sandbox.recording.recorder import Recorder
from mag_sandbox.sandbox.saves.keeper import Keeper
from mag_sandbox.sandbox.saves.parked_scene import ParkedScene, check_slug
from mag_sandbox.sandbox.saves.state_files import read_header, scene_in

logger = logging.getLogger(__name__)


class Keeps(Protocol):
    """Something that knows a scene, and can be parked with it."""

    def snapshot(self) -> WorldState:
        """Return what `restore` needs."""

    def restore(self, state: WorldState) -> None:
        """Go on from a snapshot; ValueError where it makes no sense."""


class Returning(SessionObserver):
    """Takes scenes from the keeper, and hears when they have begun.

    returning = Returning(keeper, {"map": stitcher, "places": prober})
    playthrough = Playthrough(scene, seed, lambda: returning.take(id))
    session = Session(world, source, observers=[stitcher, prober, returning])
    """

    def __init__(
        self, keeper: Keeper, parts: Mapping[str, Keeps], recorders: Sequence[Recorder] = ()
    ) -> None:
        """Say whose.

        Args:
            keeper: has the scenes.
            parts: what is parked beside the world, by name.
            recorders: hear of every session.
        """
        self.recorders = recorders
        self._keeper, self._parts = keeper, parts
        self._coming: ParkedScene | None = None  # whose parts wait for the session to begin
        self._taken = ""  # id of the scene that other games cannot take meanwhile

    def snapshot(self) -> dict[str, WorldState]:
        """Return what is parked beside the world; a part that fails is left out."""
        states = {}
        for name, part in self._parts.items():
            try:
                states[name] = part.snapshot()
            except TimeoutError:
                logger.warning("the scene is saved without its %s", name)
        return states

    def playthrough(self, id: str) -> tuple[Playthrough, str]:
        """Return how to go on with a parked scene, and in which world.

        Raises:
            StateError: it is missing or damaged.
        """
        waiting = self._keeper.unwritten.get(id)
        if waiting:
            take = partial(self.take, id, is_on_disk=False)
            return Playthrough(waiting.scene, waiting.seed, take), waiting.world
        folder = self._keeper.scenes.folder / check_slug(id)
        header = read_header(folder)
        scene = scene_in(folder, header)
        playthrough = Playthrough(scene, header.seed, partial(self.take, id), str(folder))
        return playthrough, header.world

    def take(self, id: str, *, is_on_disk: bool = True) -> ParkedScene:
        """Return a parked scene to go on with; on the world's thread.

        Raises:
            StateError: it is missing or damaged, or played in another game.
        """
        parked = self._keeper.take(id)
        self._let_go(id)
        self._taken = id
        return self._begin_with(parked, is_on_disk=is_on_disk)

    def from_save(self, playthrough: Playthrough, save: "Future[ParkedScene]") -> Playthrough:
        """Return the same playthrough from its saved moment on."""
        load = partial(self._load, save)
        return Playthrough(playthrough.scene, playthrough.seed, load)

    def arrive(self, entered: ParkedScene) -> None:
        """Begin with a scene that another world has handed over; on the world's thread."""
        self._begin_with(entered, is_on_disk=False)

    def on_start(self, event: SessionStart, block: FrameBlock) -> None:  # noqa: ARG002 -- observer
        """Put back what was parked with the scene, as far as it makes sense."""
        parked, self._coming = self._coming, None
        if event.first_block.block_index == 0 or parked is None:
            self._let_go()
            return  # what was to be gone on with could not be, or nothing was
        for name, part in self._parts.items():
            try:
                if name in parked.parts:
                    part.restore(parked.parts[name])
            except ValueError as error:
                logger.warning("%s: %s", parked.id, error)

    def _load(self, save: "Future[ParkedScene]") -> ParkedScene:
        """Return a save to go on with; on the world's thread."""
        return self._begin_with(save.result(), is_on_disk=False)

    def _begin_with(self, parked: ParkedScene, *, is_on_disk: bool) -> ParkedScene:
        self._coming = parked
        for recorder in () if is_on_disk else self.recorders:
            recorder.begin_from(parked)
        return parked

    def _let_go(self, but: str = "") -> None:
        """Let other games play what was taken before."""
        before, self._taken = self._taken, ""
        if before and before != but:
            self._keeper.release(before)
