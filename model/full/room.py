"""The layout of a world on its device, and what happens when the device has no room any more."""

import logging
from collections.abc import Callable
from typing import TypeVar

import torch

from mag_sandbox.model.catalogue.memory_prediction import MemoryPlan, next_smaller
from mag_sandbox.model.catalogue.worlds import WorldRow
from mag_sandbox.model.world import WorldFailed

Result = TypeVar("Result")
logger = logging.getLogger(__name__)


class Room:
    """Does work, in ever less room.

    room = Room(row, plan, has_tiny=True, change=world.lay_out, tell=say)
    latents = room.run(lambda: denoise(noise))
    room.plan  # the present layout
    """

    def __init__(
        self,
        row: WorldRow,
        plan: MemoryPlan,
        *,
        has_tiny: bool,
        change: Callable[[MemoryPlan, MemoryPlan], None],
        tell: Callable[[str], None],
    ) -> None:
        """Say how it begins.

        Args:
            row: the world, which says what can be given up.
            plan: the first layout.
            has_tiny: whether there is a tiny decoder.
            change: goes from one layout to a smaller one.
            tell: told of it in a sentence, for the player.
        """
        self.plan = plan
        self._row, self._has_tiny = row, has_tiny
        self._change, self._tell = change, tell

    def run(self, work: Callable[[], Result]) -> Result:
        """Return what `work` returns, which leaves everything as it was where it fails.

        Raises:
            WorldFailed: there is no room, and nothing is left to give up.
        """
        while True:
            try:
                return work()
            except torch.cuda.OutOfMemoryError as error:
                plan = next_smaller(self._row, self.plan, tiny_decoder=self._has_tiny)
                if plan is None:
                    raise WorldFailed(
                        "the device's memory is full and nothing more can be offloaded; "
                        "close other "
                        "programs or play the pocket world"
                    ) from error
            self._give_up(plan)  # out of `except`, whose traceback holds tensors

    def _give_up(self, plan: MemoryPlan) -> None:
        sentence = f"the device's memory is full; continuing with {plan.words()}"
        logger.warning(sentence)
        self._tell(sentence)
        if torch.cuda.is_initialized():
            torch.cuda.empty_cache()
        before, self.plan = self.plan, plan
        self._change(before, plan)
