"""The frames of the newest blocks and when each is shown; tells the worker when it needs the next.

Knows nothing of windows: a screen draws `frame` whenever `update` says that it changed.
"""

from collections import deque
from collections.abc import Callable

import numpy as np

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.sandbox.play.late_warp import WHOLE
from mag_sandbox.sandbox.play.pacing import MAX_TIMES, FrameGrid
from mag_sandbox.sandbox.play.worker import GenerationWorker, ReadyBlock

AT_ONCE = 0.0  # a moment that has passed on any clock


class Reel:
    """Shows blocks frame by frame on an even grid.

    reel = Reel(worker, first_block, time.perf_counter)
    if reel.update(now):
        draw(reel.frame)
    """

    def __init__(
        self, worker: GenerationWorker, first: ReadyBlock, clock: Callable[[], float]
    ) -> None:
        self.grid = FrameGrid(first.spec.fps)
        self.shown_at: deque[float] = deque(maxlen=MAX_TIMES)
        self.frames = 0  # shown in all
        self.blocks = 0  # shown in all
        self.current = first
        self.frame: np.ndarray = first.picture(0)  # uint8 [H, W, 3]
        self.crop = WHOLE  # part of the frame that the window shows: left, top, width, height
        self.shown_at_rest = 1.0  # share of a frame's width and height in the window
        self.place = -1  # of the frame shown, in the current block
        self.paused = False
        self.starting_over = False  # no block of the new beginning is there yet
        self._worker, self._clock = worker, clock
        self._next: ReadyBlock | None = first
        self.late_since: float | None = None  # when the next block was due that is not there [s]
        self._steps = 0  # blocks still to be shown although paused, at most
        self._until: Callable[[ReadyBlock], object] = lambda ready: True  # what ends them
        self._hurries_to = -1  # index of the block up to which one frame of each is shown

    @property
    def wake_at(self) -> float | None:
        """When the next frame is due; None while the worker is late or the player pauses."""
        if self._stopped or self._is_late:
            return None
        return AT_ONCE if self.grid.due is None else self.grid.due

    @property
    def pose(self) -> CameraPose:
        """The pose of the frame shown."""
        return self.current.block.poses[max(0, self.place)]

    @property
    def seconds(self) -> float:
        """World time that was shown since the scene began [s]."""
        block, spec = self.current.block, self.current.spec
        return (spec.frames_before(block.block_index) + self.place + 1) / spec.fps

    @property
    def is_over(self) -> bool:
        """Whether a script has ended and its last frame was shown."""
        return self._is_late and self._worker.status.ended and not self.starting_over

    def update(self, now: float) -> bool:
        """Show the next frame if it is due and there is one; True if the frame changed."""
        if self._stopped or not self.grid.is_due(now):
            return False
        if self._next is None and self._frames_left == 0:  # the worker announces the next
            self._next = self._worker.take()
            if self._next is None:
                self.late_since = now if self.late_since is None else self.late_since
                return False
            self.late_since = None
        if self._next is not None:
            self.current, self._next, self.place = self._next, None, 0
            self.starting_over = False
            self.blocks += 1
            if self.is_hurrying:
                self.place = len(self.current.block.frames) - 1
        else:
            self.place += 1
        self._show(now)
        return True

    def restart(self, *, paused: bool = False, hurry_to: int = -1) -> None:
        """Drop the present blocks: another beginning was requested.

        If it is paused, one block is shown. If it hurries, blocks are shown as fast as they are
        made, up to the given index.
        """
        self._next, self.place = None, len(self.current.block.frames) - 1
        self.starting_over, self.paused, self._hurries_to = True, paused, hurry_to
        self._steps, self._until = int(paused), lambda ready: True
        self.grid.restart()

    def hurry_to(self, block_index: int) -> None:
        """Play as fast as blocks are made until one is reached; a pause holds from there on."""
        self._hurries_to, self._steps = block_index, 0
        if self.is_hurrying:
            self.place = len(self.current.block.frames) - 1
            self.grid.restart()
            self._worker.needed_at(self._clock())

    @property
    def is_hurrying(self) -> bool:
        """Whether blocks are shown as fast as they are made."""
        return self.current.block.block_index < self._hurries_to

    def pause(self) -> None:
        """Hold the frame and the generation, or go on."""
        self.paused, self._steps = not self.paused, 0
        if self.paused:
            self._hurries_to = -1
            self._worker.needed_at(None)
        elif not self.starting_over:
            self.grid.restart()
            self._worker.needed_at(self._clock() + self._frames_left * self.grid.interval)

    def step(
        self, until: Callable[[ReadyBlock], object] = lambda ready: True, most: int = 1
    ) -> None:
        """While paused, show one more block, or as many as it takes until one meets a condition."""
        if self.paused and not self._steps:
            self._steps, self._until = most, until
            self.grid.restart()
            if not self._frames_left:
                self._worker.needed_at(self._clock())

    @property
    def _is_late(self) -> bool:
        return self.late_since is not None

    @property
    def _stopped(self) -> bool:
        return self.paused and not (self._steps or self.is_hurrying or self.starting_over)

    @property
    def _frames_left(self) -> int:
        return len(self.current.block.frames) - 1 - self.place

    def _show(self, now: float) -> None:
        self.frame = self.current.picture(self.place)
        due = self.grid.show(now)
        self.shown_at.append(now)
        self.frames += 1
        if self.is_hurrying:
            self.grid.restart()
            self._worker.needed_at(now)
        elif self._steps and not self._frames_left:
            self._steps = 0 if self._until(self.current) else self._steps - 1
            self._worker.needed_at(due if self._steps else None)
        elif self.place == 0 and not self._steps and not self.paused:
            self._worker.needed_at(due + self._frames_left * self.grid.interval)
