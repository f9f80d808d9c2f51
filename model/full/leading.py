"""A full-size world of several devices: one process plays, the others do the same beside it.

`torchrun` starts the program once for each device. The first process runs the command as if it were
alone; it sends every call of its world to the others first, which repeat it on theirs. They have no
window and write nothing. Calls are pickled: these processes are one program on machines of one
owner, out of reach of others.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from torch import distributed as dist

from mag_sandbox.files.border import Refusal
from mag_sandbox.model.full.splits import meet as meet  # before any call is sent
from mag_sandbox.model.world import Control, FrameBlock, Frames, World, WorldState
from mag_sandbox.scenes import Scene

logger = logging.getLogger(__name__)
LOAD, END = "load", "end"


def tell(what: str, *arguments: object) -> None:
    """Send a call to the other processes."""
    dist.broadcast_object_list([(what, arguments)], src=0)


class LeadingWorld(World):
    """A world that several processes share.

    world = LeadingWorld(load(...))  # in the first process; the others are in `follow`
    """

    def __init__(self, world: World) -> None:
        self._world, self.spec = world, world.spec
        self._is_closed = False

    def reset(self, scene: Scene, seed: int) -> FrameBlock:
        """See `World`."""
        tell("reset", scene, seed)
        return self._world.reset(scene, seed)

    def step(self, control: Control) -> FrameBlock:
        """See `World`."""
        tell("step", control)
        return self._world.step(control)

    def prepare(self) -> bool:
        """See `World`."""
        tell("prepare")
        return self._world.prepare()

    def snapshot(self) -> WorldState:
        """See `World`."""
        tell("snapshot")
        return self._world.snapshot()

    def restore(self, state: WorldState) -> None:
        """See `World`."""
        tell("restore", state)
        self._world.restore(state)

    def expect_prompt(self) -> None:
        """See `World`."""
        tell("expect_prompt")
        self._world.expect_prompt()

    def round_trip(self, frames: Frames) -> Frames:
        """See `World`; the others are not needed for it."""
        return self._world.round_trip(frames)

    def provenance(self) -> dict[str, Any]:
        """See `World`."""
        return self._world.provenance()

    def close(self) -> None:
        """See `World`."""
        if not self._is_closed:
            tell("close")
        self._is_closed = True
        self._world.close()


def end() -> None:
    """End the other processes; the first one calls it last."""
    tell(END)
    dist.destroy_process_group()


def follow(load: Callable[..., World]) -> None:
    """Repeat the leading process's calls until it ends."""
    world: World | None = None
    while (message := _heard())[0] != END:
        what, arguments = message
        logger.debug("the first process says: %s", what)
        with suppress(Refusal):  # which the first one meets and answers, too
            if what == LOAD:
                world = load(*arguments)
            elif world is not None:
                getattr(world, what)(*arguments)
    dist.destroy_process_group()


def _heard() -> tuple[str, tuple[Any, ...]]:
    heard: list[Any] = [None]
    dist.broadcast_object_list(heard, src=0)
    what, arguments = heard[0]
    return what, arguments
