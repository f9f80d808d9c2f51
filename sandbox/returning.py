"""Gives the map and the prober back what they knew of a scene that is returned to.

An observer of what the player steers, and the last one: the others have begun anew by then.
"""

import logging
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Protocol

from model.world import FrameBlock, WorldState
from sandbox.events import BlockEvent, SessionEnd, SessionStart
from sandbox.keeper import Keeper
from sandbox.parked_scene import ParkedScene
from sandbox.recorder import Recorder

logger = logging.getLogger(__name__)


class Keeps(Protocol):
    """Something that knows a scene, and can be parked with it."""

    def snapshot(self) -> WorldState:
        """Return what `restore` needs."""

    def restore(self, state: WorldState) -> None:
        """Go on from a snapshot; ValueError where it makes no sense."""


class Returning:
    """Takes scenes from the keeper, and hears when they have begun.

    returning = Returning(keeper, {"map": stitcher, "places": prober})
    playthrough = Playthrough(scene, seed, lambda: returning.take(id))
    session = Session(world, source, observers=[stitcher, prober, returning])
    """

    def __init__(self, keeper: Keeper, parts: Mapping[str, Keeps]) -> None:
        """Say whose.

        Args:
            keeper: has the scenes.
            parts: what is parked beside the world, by name.
        """
        self.recorders: tuple[Recorder, ...] = ()  # that hear of every session
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
                logger.warning("the scene is kept without its %s", name)
        return states

    def take(self, id: str, *, is_on_disk: bool = True) -> ParkedScene:
        """Return a parked scene to go on with; on the world's thread.

        Raises:
            StateError: it is missing or damaged, or played in another game.
        """
        parked = self._keeper.take(id)
        self._let_go(id)
        self._taken = id
        return self._begin_with(parked, is_on_disk=is_on_disk)

    def load(self, save: "Future[ParkedScene]") -> ParkedScene:
        """Return a save to go on with; on the world's thread."""
        return self._begin_with(save.result(), is_on_disk=False)

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

    def on_block(self, event: BlockEvent, block: FrameBlock) -> None:
        """Nothing to do."""

    def on_end(self, event: SessionEnd) -> None:
        """Nothing to do."""

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
