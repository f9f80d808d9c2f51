"""The generation thread: it alone owns the world, and is always at most one block ahead.

A block is started as late as it can be and still be ready in time, so that the newest input counts;
the time before is used for look-ahead. Knows nothing of windows.
"""

import gc
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from math import inf
from typing import Any, NamedTuple, TypeVar

import numpy as np

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.controls.sources import Recorded
from mag_sandbox.files.border import Refusal
from mag_sandbox.model.world import FrameBlock, Frames, Progress, StageShare, World, WorldSpec
from mag_sandbox.process import WORLD_THREAD, describe_unexpected
from mag_sandbox.sandbox.play.events import SessionObserver
from mag_sandbox.sandbox.play.optional_work import OptionalWork
from mag_sandbox.sandbox.play.pacing import DurationEstimate
from mag_sandbox.sandbox.play.session import RESET, CommandSource, Playthrough, Session, SessionStep

SETTLING = 16  # first blocks, beside which views are painted and graphs compiled: no measure
SMALL = 240  # px of height; taller frames are not enlarged
RESTING = 0.4  # of a frame: how late one may be shown to be sharp, while the camera rests
logger = logging.getLogger(__name__)
Clock = Callable[[], float]
Result = TypeVar("Result")


class FrameEnlarging:
    """Enlarges the frames of a block one after another, and knows how long one takes."""

    def __init__(self, enlarge: Callable[[Frames], Frames | None], clock: Clock) -> None:
        self._enlarge, self._clock = enlarge, clock
        self._time = DurationEstimate(percentile=0.5, window=8)
        self.is_on = True  # blocks begin earlier for their first frame's

    @property
    def seconds(self) -> float:
        """The time of a frame [s], 0 before any was enlarged."""
        return self._time.seconds

    def add_next(self, frames: Frames, large: list[np.ndarray]) -> bool:
        """Add the next of some frames to those that are enlarged; False: it is not to be."""
        begun = self._clock()
        made = self._enlarge(frames[len(large) : len(large) + 1])
        if made is None:
            return False
        large.append(made[0])
        self._time.add(self._clock() - begun)
        return True

    def finish(self, frames: Frames, large: list[np.ndarray]) -> None:
        """Add the frames after the first one, if that was added."""
        while 0 < len(large) < len(frames) and self.add_next(frames, large):
            pass


@dataclass(frozen=True, slots=True)
class ReadyBlock:
    """A finished block on its way to the window."""

    generation: int  # counts resets; an older one is never shown
    block: FrameBlock
    command: CameraCommand  # that the block was generated from
    sampled_at: float  # when the command was read [s of the worker's clock]
    spec: WorldSpec
    large: list[np.ndarray] = field(default_factory=list)  # its first frames enlarged, so far

    def picture(self, place: int) -> np.ndarray:
        """Return a frame to show, uint8 [H, W, 3]; enlarged, if that is done."""
        frames = self.large if place < len(self.large) else self.block.frames
        frame: np.ndarray = frames[place]
        return frame


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    """The progress of the thread, to be shown in the window."""

    stage: str = "Starting"
    fraction: float = 0.0  # of loading
    error: str | None = None  # one sentence
    ended: bool = False  # the script is over

    @property
    def busy(self) -> str:
        """The work of a world in play that delays the next block; "": none."""
        still = self.error or self.ended or self.stage in ("Starting", "ready")
        return "" if still or self.fraction >= 1.0 else f"{self.stage} {self.fraction:.0%}"


@dataclass(frozen=True, slots=True)
class WorkerSpec:
    """The task of a worker: a world to load and the source of its commands."""

    load: Callable[[Progress], World]
    source: CommandSource | None = None  # None: the player


class _Call(NamedTuple):
    """A function to run on the world's thread."""

    generation: int  # the newest one when the call was made
    function: Callable[[Session], object]
    future: Future[Any]


class GenerationWorker:
    """Plays a world on its own thread.

    worker = GenerationWorker(load, source, observers)
    worker.start()
    worker.begin(Playthrough(scene, seed))
    while (ready := worker.take()) is None: ...  # the window draws worker.status meanwhile
    worker.needed_at(ready_to_show_next)         # sets when the next block is begun
    parked = worker.call(lambda session: session.park()).result()
    worker.rest("parked")                        # keeps the world for the next scene
    worker.close("left")
    """

    def __init__(
        self,
        load: Callable[[Progress], World],
        source: CommandSource,
        observers: Sequence[SessionObserver],
        *,
        clock: Clock = time.perf_counter,
        notify: Callable[[], None] = lambda: None,
        enlarge: Callable[[Frames], Frames | None] = lambda frames: None,
    ) -> None:
        self.status = WorkerStatus()
        self._source = source
        self._observers = observers
        self._clock = clock
        self._notify = notify
        self._enlarging = FrameEnlarging(enlarge, clock)
        self._has_moved = False  # the camera, in the newest block
        self._changed = threading.Condition()  # guards what follows
        self._stop_reason = ""  # not empty: the thread is to end
        self.under_way: Callable[[], StageShare | None] = lambda: None  # of the world
        self._answers = True  # accepts calls; False once the world is gone
        self._rest_reason = RESET
        self._playthrough: Playthrough | None = None
        self._generation = 0
        self._playing = 0  # the generation that is being played
        self._ready: ReadyBlock | None = None
        self._needed_at: float | None = None
        self._is_paced = False  # the next block has its time; else it may wait for painted views
        self._calls: deque[_Call] = deque()
        self._block_time = DurationEstimate(percentile=0.975)  # of 40, all but the slowest
        self._prepare_time = DurationEstimate()
        # the thread drops the loader at its end: it may hold the previous worker, and so on
        self._thread = threading.Thread(
            target=self._run, args=(load,), name=WORLD_THREAD, daemon=True
        )

    def start(self) -> None:
        """Begin to load the world."""
        self._thread.start()

    def begin(self, playthrough: Playthrough) -> None:
        """Play this from now on; earlier blocks are discarded."""
        self._turn_to(playthrough, RESET)

    def rest(self, reason: str) -> None:
        """End the session and make no more blocks until `begin`."""
        self._turn_to(None, reason)

    def call(self, function: Callable[[Session], Result]) -> "Future[Result]":
        """Run a function between two blocks, on the thread that owns the world.

        Calls and `begin`, `rest` and `close` take effect in the order in which they were made. A
        call is cancelled if there is no world.
        """
        future: Future[Result] = Future()
        with self._changed:
            if self._thread.is_alive() and self._answers and not self._stop_reason:
                self._calls.append(_Call(self._generation, function, future))
            else:
                future.cancel()
            self._changed.notify()
        return future

    def take(self) -> ReadyBlock | None:
        """Return the finished block, if there is one, and make room for the next."""
        with self._changed:
            ready, self._ready = self._ready, None
            if ready is None or ready.generation != self._generation:
                return None
            self._needed_at = None
            self._changed.notify()
            return ready

    def needed_at(self, moment: float | None) -> None:
        """Set when the next block is to be shown; None: not before another call (paused)."""
        with self._changed:
            self._needed_at = moment
            self._is_paced = moment is not None and self._clock() < moment
            self._changed.notify()

    def close(self, reason: str, timeout: float = 30.0) -> bool:
        """End the session, free the world and the thread; True if it ended in time."""
        with self._changed:
            self._stop_reason = self._stop_reason or reason
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _turn_to(self, playthrough: Playthrough | None, reason: str) -> None:
        with self._changed:
            self._playthrough = playthrough
            if self._generation == self._playing:
                self._rest_reason = reason  # a later turn finds the session ended
            self._generation += 1
            self._ready = None
            self._needed_at = None
            self._changed.notify()

    def _run(self, load: Callable[[Progress], World]) -> None:
        world = None
        try:
            world = load(self._on_progress)
            self.under_way = world.under_way
            gc.freeze()  # else a garbage collection stops all threads for a tenth of a second
            self._serve(Session(world, self._source, self._observers))
        except _ClosedWhileLoadingError:
            logger.info("closed while loading")
        except Exception as error:  # like the one in `_serve`: a crash becomes a banner
            self._report(error)
        finally:
            self._cancel_calls()
            self.under_way = lambda: None  # else it keeps the world
            if world:
                world.close()
            gc.unfreeze()
            gc.collect()  # a failure keeps a reference cycle around the world, which is large

    def _serve(self, alone: Session) -> None:
        """Play requested sessions until closed; a crash ends one playthrough only."""
        while not self._stop_reason:
            with self._changed:
                generation, playthrough = self._generation, self._playthrough
                self._playing = generation
            session = alone
            try:
                if playthrough and playthrough.stage:
                    go_on = partial(_go_on_loading, partial(self._interrupted, generation))
                    session = self._staged(playthrough.stage(alone.world, go_on))
                reason = self._play(session, playthrough, generation)
            except _ClosedWhileLoadingError:  # a world may load more while it is played
                reason = self._interrupted(generation)
            except Exception as error:
                session.end(self._report(error))
                reason = self._wait(session, generation, for_turn=False)
            session.end(reason)
            if session is not alone:
                session.world.close()
        self._answer_calls(alone)

    def _staged(self, world: World) -> Session:
        """Return a session over another world with the same source of commands and no observers."""
        source: object = self._source
        observers = [one for one in self._observers if one is source]
        return Session(world, self._source, observers)

    def _report(self, error: Exception) -> str:
        """Show an error, and return it as a sentence."""
        is_told = isinstance(error, Refusal)
        sentence = str(error) if is_told else describe_unexpected(error, in_play=True)
        sentence = " ".join(sentence.split())
        self._set_status(WorkerStatus(self.status.stage, error=sentence))
        return sentence

    def _play(self, session: Session, playthrough: Playthrough | None, generation: int) -> str:
        """Play a playthrough and return why it ended."""
        spec = session.world.spec
        if playthrough is None:
            return self._wait(session, generation, for_turn=False)
        self._set_status(WorkerStatus(stage="ready", fraction=1.0))
        work = OptionalWork(spec.block_seconds, spec.optional)
        begun = self._clock()
        step = session.begin(playthrough)
        while step is not None:
            large: list[np.ndarray] = []
            if self._may_enlarge(step, spec, work, begun):
                self._enlarging.add_next(step.block.frames, large)
            self._hand_over(generation, step, begun, spec, large)
            self._enlarging.finish(step.block.frames, large)
            if step.block.block_index >= SETTLING:
                count, of_frame = len(step.block.frames), self._enlarging.seconds
                seconds = self._clock() - begun - len(large) * of_frame
                work.add(seconds, count * of_frame)
            reason = self._wait(session, generation, for_turn=True)
            if reason:
                return reason
            begun = self._clock()
            waits = session.world.waits() if self._is_paced else ()
            step = session.advance((*waits, *work.left_out))
            self._block_time.add(self._clock() - begun)
        session.end("script over")
        self._set_status(WorkerStatus(ended=True))
        return self._wait(session, generation, for_turn=False)

    def _may_enlarge(
        self, step: SessionStep, spec: WorldSpec, work: OptionalWork, begun: float
    ) -> bool:
        """Return whether frames are small and there is time to enlarge the first one."""
        rests, seconds = step.control.camera == CameraCommand(), self._clock() - begun
        # where nothing moves, a frame may come a little later
        done = self._clock() + self._enlarging.seconds - rests * RESTING / spec.fps
        # late anyway, or not for it
        is_in_time = self._is_due_after(done) or not self._is_due_after(begun)
        is_compared = rests and step.block.beside is not None
        is_in_time |= is_compared
        enlarges = work.enlarges
        if rests:
            seconds += len(step.block.frames) * self._enlarging.seconds
            enlarges = work.enlarges_still(
                seconds if is_in_time else inf, has_moved=self._has_moved, is_compared=is_compared
            )
        self._has_moved = not rests
        self._enlarging.is_on = spec.frame_height <= SMALL and enlarges
        return self._enlarging.is_on and is_in_time

    def _is_due_after(self, moment: float) -> bool:
        needed_at = self._needed_at
        return needed_at is not None and moment < needed_at

    def _hand_over(
        self,
        generation: int,
        step: SessionStep,
        begun: float,
        spec: WorldSpec,
        large: list[np.ndarray],
    ) -> None:
        ready = ReadyBlock(generation, step.block, step.control.camera, begun, spec, large)
        with self._changed:
            if generation == self._generation:
                self._ready = ready
        self._notify()

    def _wait(self, session: Session, generation: int, *, for_turn: bool) -> str:
        """Answer calls and look ahead until the session ends or a block is due; return why."""
        work_left = for_turn and not isinstance(self._source, Recorded)
        while True:
            self._answer_calls(session)
            with self._changed:
                if self._has_call:
                    continue
                reason = self._interrupted(generation)
                if reason:
                    return reason
                wait = self._seconds_until_turn() if for_turn else None
                if wait is not None and wait <= 0:
                    return ""
                has_time = wait is None or wait > self._prepare_time.seconds
                if not (work_left and has_time):
                    self._changed.wait(wait)
                    continue
            begun = self._clock()
            work_left = session.world.prepare()
            if work_left:
                self._prepare_time.add(self._clock() - begun)

    @property
    def _has_call(self) -> bool:
        """Whether there is a call for the session in play; later ones wait for theirs."""
        return bool(self._calls) and self._calls[0].generation <= self._playing

    def _answer_calls(self, session: Session) -> None:
        while self._has_call:
            _, function, future = self._calls.popleft()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(function(session))
            except Exception as error:  # raised where the caller asks for the result
                future.set_exception(error)
            self._notify()

    def _cancel_calls(self) -> None:
        with self._changed:
            self._answers = False
            while self._calls:
                self._calls.popleft().future.cancel()

    def _interrupted(self, generation: int) -> str:
        if self._stop_reason:
            return self._stop_reason
        return self._rest_reason if generation != self._generation else ""

    def _seconds_until_turn(self) -> float | None:
        if self._ready is not None or self._needed_at is None:
            return None
        of_frame = self._enlarging.seconds if self._enlarging.is_on else 0.0  # the first one's
        return self._block_time.latest_start(self._needed_at - of_frame) - self._clock()

    def _on_progress(self, stage: str, fraction: float) -> None:
        if self._stop_reason:
            raise _ClosedWhileLoadingError
        self._set_status(WorkerStatus(stage=stage, fraction=fraction))

    def _set_status(self, status: WorkerStatus) -> None:
        self.status = status
        self._notify()


class _ClosedWhileLoadingError(Exception):
    """Leaves a loader from within its progress report."""


def _go_on_loading(interrupted: Callable[[], str], *report: object) -> None:  # noqa: ARG001
    """Leave the loader that reports progress once something else is to be played."""
    if interrupted():
        raise _ClosedWhileLoadingError
