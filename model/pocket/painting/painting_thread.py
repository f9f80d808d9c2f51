"""The thread that plans and paints beside blocks."""

import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

import torch

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.cancelling import Report, cancellable, check_cancelled
from mag_sandbox.model.world import StageShare

Item = TypeVar("Item")
Result = TypeVar("Result")
_NICE = 5  # of the thread: it has a third of the time of one that makes a block


def _begin_thread() -> None:
    """Start a painting thread of low priority, where the system allows it: blocks go first."""
    torch.set_num_threads(1)
    if sys.platform == "linux":  # elsewhere all threads of a process are alike
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + _NICE)


class PaintingThread:
    """Makes plans and views one after the other, while no block needs the cores."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "painting", _begin_thread)
        self._urgent = ThreadPoolExecutor(1, "painting-now", partial(torch.set_num_threads, 1))
        self._beside = ThreadPoolExecutor(1, "painting-beside", _begin_thread)
        self._is_awaited = False
        # of work that is begun now; see `background`
        self._background: threading.Event | None = None
        self._begun: deque[Callable[[], object]] = deque()  # next for the thread
        self._later: deque[Callable[[], object]] = deque()  # next after these
        self._is_later = False  # whether later work runs, which leaves the thread beside to blocks
        self._is_waited_for = False  # whether the world waits, and no block needs a core
        self._held: deque[Callable[[], object]] | None = None  # work that waits; None: none does
        self._cancelled = 0  # how often everything was
        # how far the newest work is that a player may wait for: changes, and views of other rooms
        self.under_way: StageShare | None = None
        self._is_closed = False

    def hold(self) -> None:
        """Queue plans and views that are requested from now on: a block needs the cores.

        They may take several blocks, a block only its own time.
        """
        if self._held is None:
            self._held = deque()

    def release(self) -> None:
        """Begin plans and views, waiting ones first."""
        for work in self._held or ():
            self._submit(work, self._begun)
        self._held = None

    @contextmanager
    def awaited(self) -> Iterator[None]:
        """Within the block, run requested work at full priority: the world waits for it.

        Beside other programs a thread of low priority takes several times as long.
        """
        self._is_awaited = True
        try:
            yield
        finally:
            self._is_awaited = False

    @contextmanager
    def background(self) -> Iterator[threading.Event]:
        """Within the block, run requested work only when the thread is otherwise idle.

        It gives way to all other work wherever it checks whether it is cancelled, which it is by
        the event alone: it belongs to no place that is left.
        """
        self._background = threading.Event()
        try:
            yield self._background
        finally:
            self._background = None

    def begin(self, make: Callable[[], Result]) -> "Future[Result]":
        """Make a plan or a view, unless they wait: then later."""
        if self._background is not None:
            given_up = self._background
            return self._thread.submit(
                _cancellable(make, lambda: self._give_way() or given_up.is_set(), self._report)
            )
        return self._begin(make, self._report if self._is_awaited else None)

    def _begin(self, make: Callable[[], Result], report: Report | None) -> "Future[Result]":
        before = self._cancelled
        make = _cancellable(make, lambda: self._cancelled != before, report)
        if self._is_awaited:
            return self._urgent.submit(make)
        made, work = _promised(make)
        if self._held is None:
            self._submit(work, self._begun)
        else:
            self._held.append(work)
        return made

    def begin_later(self, make: Callable[[], Result]) -> "Future[Result]":
        """Make something when no plan or view waits; it gives way to them wherever it checks."""
        before = self._cancelled

        def is_cancelled() -> bool:
            self._do_all((self._begun,))
            return self._is_closed or self._cancelled != before

        made, work = _promised(_cancellable(make, is_cancelled, None))
        self._submit(work, self._later)
        return made

    def result_of(self, made: "Future[Result]") -> Result:
        """Return the result of work; until it is made, later work has the thread beside, too."""
        self._is_waited_for = True
        try:
            return made.result()
        finally:
            self._is_waited_for = False

    def after_all(self, function: Callable[[], Result]) -> "Future[Result]":
        """Call a function after all that was begun, which waits no longer, and tell how far it is.

        It belongs to a change of the world, for which the player waits.
        """
        self.release()
        self._report(StageShare("waiting", 0.0))
        return self._begin(function, self._report)

    def _report(self, done: StageShare) -> None:
        self.under_way = done

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """Return the results of a function on items, computed on this thread and one beside it.

        Later work leaves that one to blocks unless the world waits for it; see `begin_later`.
        """
        todo = deque(enumerate(items))
        made: list[tuple[int, Result]] = []

        def make_next() -> None:
            try:
                place, item = todo.popleft()
            except IndexError:  # the other thread took the last one
                return
            made.append((place, function(item)))

        def make_all() -> None:
            with torch.inference_mode():
                while todo:
                    make_next()

        beside: Future[None] | None = None
        try:
            with torch.inference_mode():
                while todo:
                    if beside is None and (self._is_waited_for or not self._is_later):
                        beside = self._beside.submit(make_all)
                    make_next()
        finally:
            todo.clear()  # cancelled, or nothing is left
        if beside is not None and not beside.cancel():
            beside.result()
        return [result for _, result in sorted(made, key=lambda one: one[0])]

    def cancel(self) -> None:
        """End all work soon and without a result, because its place was left."""
        if self._background is None:
            self._cancelled += 1

    def _submit(self, work: Callable[[], object], queue: deque[Callable[[], object]]) -> None:
        queue.append(work)
        self._thread.submit(self._work)

    def _work(self) -> None:
        """Do what was begun first, unless other work gave way to it."""
        for queue in (self._begun, self._later):
            if queue:
                before, self._is_later = self._is_later, queue is self._later
                queue.popleft()()
                self._is_later = before
                return

    def _give_way(self) -> bool:
        """Do all that was begun, in the midst of background work; tell whether to end that."""
        self._do_all((self._begun, self._later))
        return self._is_closed

    def _do_all(self, queues: tuple[deque[Callable[[], object]], ...]) -> None:
        with torch.inference_mode(mode=False):  # as at the beginning of the thread
            while any(queues):
                self._work()

    def close(self) -> None:
        """End the thread."""
        self._is_closed = True
        self.cancel()
        for thread in (self._thread, self._urgent, self._beside):
            thread.shutdown()


def _promised(make: Callable[[], Result]) -> "tuple[Future[Result], Callable[[], None]]":
    """Return the future result of a function, and what calls it."""
    made: Future[Result] = Future()

    def work() -> None:
        if made.set_running_or_notify_cancel():
            try:
                made.set_result(make())
            except BaseException as error:  # raised again by `made.result`
                made.set_exception(error)

    return made, work


def _cancellable(
    make: Callable[[], Result], is_cancelled: Callable[[], bool], report: Report | None
) -> Callable[[], Result]:
    def work() -> Result:
        with cancellable(is_cancelled, report):
            check_cancelled()
            return make()

    return work


@dataclass(frozen=True, slots=True)
class BegunView(Generic[Result]):
    """A view that is being painted."""

    pose: CameraPose
    prompt: str
    made: "Future[Result]"


class ViewPainter(Generic[Result]):
    """Paints views on a thread, one at a time."""

    def __init__(self, thread: PaintingThread) -> None:
        self.thread = thread
        self._view: BegunView[Result] | None = None

    @property
    def has_view(self) -> bool:
        """Whether a view was begun and not taken."""
        return self._view is not None

    @property
    def coming_prompt(self) -> str | None:
        """The prompt of the view that was begun; None: there is none."""
        return None if self._view is None else self._view.prompt

    @property
    def is_ready(self) -> bool:
        """Whether the view that was begun can be taken without a wait."""
        return self._view is None or self._view.made.done()

    def drop_view(self) -> None:
        """Forget the view that was begun."""
        if self._view is not None:
            self._view.made.cancel()
            self._view = None

    def _begin(self, pose: CameraPose, prompt: str, make: Callable[[], Result]) -> None:
        self._view = BegunView(pose, prompt, self.thread.begin(make))

    def _take(self) -> Result:
        assert self._view is not None
        self.thread.release()
        view, self._view = self._view, None
        return self.thread.result_of(view.made)
