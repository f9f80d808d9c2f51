"""Draws the things of painted ground again, beside blocks, after the ground is shown.

Drawing them takes longer than painting a view. A view that waited for them would come too late for
a turning camera. So views are shown as they are painted and refined, and their things drawn again a
known number of blocks later: at the same block in a replay.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.imagination.objects import Things
from mag_sandbox.model.imagination.surroundings import Surroundings
from mag_sandbox.model.pocket.painting.painting_thread import PaintingThread

BLOCKS_TO_DRAW = 3  # that are shown meanwhile, with time to spare


def drawn_name(number: int) -> str:
    """Return how the names of parked ground begin."""
    return f"drawn {number} "


class GroundThings(NamedTuple):
    """Painted ground and the things that stand there."""

    around: Surroundings
    things: Things  # from far to near
    first: CameraPose = CameraPose()  # of the view that was painted first

    def equals(self, other: "GroundThings | None") -> bool:
        """Tell whether another is of the same ground and things."""
        if other is None or self.things != other.things:
            return False
        return self.around is other.around or self.around.equals(other.around)


@dataclass(frozen=True, slots=True)
class _BegunDrawing:
    """Things that are being drawn again."""

    ground: GroundThings
    due: int  # index of the block that shows them first
    made: "Future[object]"


class DrawingAgain:
    """Knows which ground shows its things drawn again.

    drawing = DrawingAgain(thread, details.drawn_again)
    drawing.follow(ground, next_block)
    ...  # blocks later
    drawing.take(next_block)
    """

    def __init__(self, thread: PaintingThread, draw: Callable[[GroundThings], object]) -> None:
        """Begin where nothing is drawn again.

        Args:
            thread: draws when no view waits.
            draw: draws the things of ground again, and remembers them.
        """
        self._thread, self._draw = thread, draw
        self.shown: GroundThings | None = None
        self._begun: _BegunDrawing | None = None

    def anew(self) -> "DrawingAgain":
        """Return the drawing of another place."""
        return DrawingAgain(self._thread, self._draw)

    def show(self, ground: GroundThings) -> None:
        """Show ground with its things drawn again from now on, as when it is first seen."""
        self.shown, self._begun = ground, None

    def follow(self, ground: GroundThings, next_block: int) -> None:
        """Begin to draw the things of ground again, unless others are being drawn or it is done."""
        if self._begun is None and not ground.equals(self.shown):
            self._begin(ground, next_block + BLOCKS_TO_DRAW)

    def is_late(self, block: int) -> bool:
        """Tell whether things are due before a block and still being drawn."""
        due = self._due(block)
        return due is not None and not due.made.done()

    def take(self, block: int) -> bool:
        """Show the things that are due before a block; tell whether there were any."""
        due = self._due(block)
        if due is None:
            return False
        self._thread.result_of(due.made)
        self.show(due.ground)
        return True

    def snapshot(self, now: GroundThings) -> tuple[dict[str, Tensor], list[dict[str, Any]]]:
        """Return the ground that is shown and that being drawn as arrays and plain data.

        What they have in common with present ground is left out.
        """
        grounds = [(self.shown, 0)] if self.shown else []
        grounds += [(self._begun.ground, self._begun.due)] if self._begun else []
        tensors, told = dict[str, Tensor](), list[dict[str, Any]]()
        for number, (ground, due) in enumerate(grounds):
            things = None if ground.things == now.things else ground.things
            told.append({"due": due, "things": things and [asdict(one) for one in things]})
            around, name = ground.around, drawn_name(number)
            if not np.array_equal(around.states, now.around.states):
                tensors[f"{name}known"] = torch.from_numpy(around.states)
            if not np.array_equal(around.latents, now.around.only(around.known).latents):
                tensors[f"{name}latents"] = torch.from_numpy(around.latents)
        return tensors, told

    def restore(self, grounds: Sequence[tuple[GroundThings, int]]) -> None:
        """Continue with grounds and the blocks before which they are due, 0: it is shown."""
        self.shown, self._begun = None, None
        for ground, due in grounds:
            if due:
                self._begin(ground, due)
            else:
                self.shown = ground

    def _due(self, block: int) -> _BegunDrawing | None:
        begun = self._begun
        return begun if begun is not None and block >= begun.due else None

    def _begin(self, ground: GroundThings, due: int) -> None:
        made = self._thread.begin_later(lambda: self._draw(ground))
        self._begun = _BegunDrawing(ground, due, made)
