"""Decides which optional work to leave out while blocks take too long, so that none is late.

Items are left out one at a time, what players notice least first, and tried again when blocks take
little time. Enlarging affects the display only, and its time is known, so it is tried again as soon
as it fits. All other items change pictures, so they are part of a block's control, recorded and
replayed with it. Knows nothing of threads or clocks.
"""

from collections import deque
from collections.abc import Sequence
from statistics import mean

ENLARGING = "enlarging"
STRAINED = 0.85  # share of a block's time; where blocks take more, something is left out
FITTING = 0.8  # where they take less even with enlarging, frames are enlarged again
EASY = 0.5  # where they take less, another item that was left out last is tried again
LATE_BLOCKS, STRAINED_BLOCKS, EASY_BLOCKS = 2, 8, 16  # number of blocks over which that is measured
UNHURRIED = 4  # blocks' times that two still pictures side by side may take
STILL_BLOCKS = 8  # likewise, until a still picture is sharp again
MOST_EASY_BLOCKS = 640  # at most, doubled after each failed attempt


class OptionalWork:
    """Leaves out work while blocks take most of the time that they are shown.

    work = OptionalWork(spec.block_seconds, spec.optional)
    work.add(seconds, enlarging)  # that a block took, and that enlarging it takes
    work.enlarges       # whether its frames are to be enlarged
    work.enlarges_still(seconds, has_moved=False)  # likewise, while the camera rests
    work.left_out       # for the control of the next block
    """

    def __init__(self, block_seconds: float, optional: Sequence[str]) -> None:
        self._block_seconds, self._optional = block_seconds, tuple(optional)
        self._count = 0  # of items left out: enlarging, then the first of `optional`, and so on
        self._shares: deque[float] = deque(maxlen=EASY_BLOCKS)  # of blocks' times since a change
        self._blocks = 0  # since a change
        self._easy_blocks = EASY_BLOCKS
        self._tries = False  # whether the last change was to try work again
        self._is_sharp, self._fitting = True, 0  # a still picture; blocks in turn that had time

    @property
    def enlarges(self) -> bool:
        """Whether frames are enlarged."""
        return self._count == 0

    def enlarges_still(self, seconds: float, *, has_moved: bool, is_compared: bool = False) -> bool:
        """Decide whether the frames of a camera at rest are to be enlarged.

        Such blocks take little, and a still picture that is blurred is noticed: they do not wait
        until blocks of moving cameras are easy, too. It is noticed more if it is sharp and blurred
        by turns: one that is sharp stays so while there is time at all, others wait.

        Args:
            seconds: that the block and enlarging all its frames take; inf: it would be late.
            has_moved: whether the camera moved in the block before.
            is_compared: two pictures are compared, for which clouds and water may move slower.
        """
        share = seconds / self._block_seconds / (UNHURRIED if is_compared else 1)
        self._fitting = self._fitting + 1 if share < FITTING and not has_moved else 0
        if has_moved:
            self._is_sharp = share < FITTING
        elif self._is_sharp:
            self._is_sharp = share < 1.0
        else:
            self._is_sharp = self._fitting >= STILL_BLOCKS
        return self._is_sharp

    @property
    def left_out(self) -> tuple[str, ...]:
        """The work that the world leaves out of the next block."""
        return self._optional[: max(0, self._count - 1)]

    @property
    def all_left_out(self) -> tuple[str, ...]:
        """The items left out, by name."""
        return () if self.enlarges else (ENLARGING, *self.left_out)

    def add(self, seconds: float, enlarging: float = 0.0) -> None:
        """Note how long a block took, and decide what the next one leaves out.

        Args:
            seconds: that the block took.
            enlarging: that enlarging all its frames takes, whether it was done or not.
        """
        enlarging /= self._block_seconds
        self._shares.append(seconds / self._block_seconds + enlarging * self.enlarges)
        self._blocks += 1
        is_late = self._takes_over(1.0, LATE_BLOCKS)
        if is_late or self._takes_over(STRAINED, STRAINED_BLOCKS):
            if self._tries:
                self._easy_blocks = min(2 * self._easy_blocks, MOST_EASY_BLOCKS)
            step = 2 if is_late and self.enlarges else 1  # late frames were not enlarged anyway
            self._change(min(step, 1 + len(self._optional) - self._count))
        elif self._count and self._blocks >= self._easy_blocks:
            most = max(EASY, FITTING - enlarging) if self._count == 1 else EASY
            self._change(-1 if mean(self._shares) < most else 0)

    def _takes_over(self, share: float, blocks: int) -> bool:
        """Tell whether the newest blocks since a change took more than a share of their time."""
        return self._blocks >= blocks and mean(list(self._shares)[-blocks:]) > share

    def _change(self, step: int) -> None:
        if step == 0:
            return
        self._count += step
        self._tries = step < 0
        self._blocks = 0
        self._shares.clear()
