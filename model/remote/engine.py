"""The engine of a server: one thread that owns the worlds, on which sessions take turns.

A turn is one block, or less. Where nobody waits, views ahead are remembered for those who play,
which changes nothing of what follows. Knows nothing of connections; whoever calls it gets futures.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from mag_sandbox.files.border import Refusal
from mag_sandbox.model.world import MemorySetting, World, WorldFailed

logger = logging.getLogger(__name__)
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Wish:
    """Which world a session wants, and how; equal wishes share a world, one after the other."""

    world: str
    memory: MemorySetting
    look_ahead: bool = True
    execution: str | None = None  # JSON, as a recording says; None: what suits this machine


class Seat:
    """A session's place in the round, and the world that it plays.

    seat = engine.seat(wish)
    world = engine.call(seat, lambda: engine.world(seat)).result()
    block = engine.call(seat, lambda: world.reset(scene, seed)).result()
    engine.call(seat, lambda: engine.leave(seat))
    """

    def __init__(self, wish: Wish) -> None:
        self.wish = wish
        self.world: World | None = None  # None: not loaded
        self.begun = False  # what is played in it is this session's own
        self.work_left = False  # views ahead may be remembered
        self.calls: deque[tuple[Callable[[], object], Future]] = deque()

    @property
    def playing(self) -> World:
        """The world, with what this session began in it.

        Raises:
            WorldFailed: it began nothing; what others left there is not its own.
        """
        if self.world is None or not self.begun:
            raise WorldFailed("the world has no scene yet; call reset first")
        return self.world

    def stand_up(self) -> World | None:
        """Let go of the world and return it."""
        world, self.world, self.begun, self.work_left = self.world, None, False, False
        return world


class WorldEngine:
    """Runs what sessions ask for, one after the other, in turn.

    engine = WorldEngine(load, worlds=2)
    engine.start()
    ...
    engine.close()
    """

    def __init__(self, load: Callable[[Wish], World], worlds: int, name: str = "engine") -> None:
        """Set how worlds are loaded, how many are kept at most, and what the thread is called."""
        self._load, self._most = load, worlds
        self._idle: deque[tuple[Wish, World]] = deque()  # left by sessions, the oldest first
        self._seats: deque[Seat] = deque()  # the last one had the newest turn
        self._changed = threading.Condition()  # guards seats, their calls, and the end
        self._ends = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin to take turns."""
        self._thread.start()

    def seat(self, wish: Wish) -> Seat:
        """Return a place in the round, without a world yet."""
        seat = Seat(wish)
        with self._changed:
            self._seats.appendleft(seat)
        return seat

    def call(self, seat: Seat, function: Callable[[], Result]) -> "Future[Result]":
        """Run a function when it is this seat's turn; calls of one seat stay in order."""
        future: Future[Result] = Future()
        with self._changed:
            if self._ends:
                future.cancel()
            else:
                seat.calls.append((function, future))
                self._changed.notify()
        return future

    def world(self, seat: Seat) -> World:
        """Return the world of a seat: one that nobody plays any more, or a new one; on the thread.

        Raises:
            WorldFailed: it cannot run here.
        """
        if seat.world is None:
            seat.world = self._taken(seat.wish) or self._loaded(seat.wish)
        return seat.world

    def warm(self, wish: Wish) -> dict:
        """Load a world before anybody wants it, and return what it says of itself.

        Raises:
            WorldFailed: it cannot run here.
        """
        seat = self.seat(wish)
        try:
            return self.call(seat, lambda: self.world(seat).provenance()).result()
        finally:
            self.call(seat, lambda: self.leave(seat)).result()

    def leave(self, seat: Seat) -> None:
        """Take a seat out of the round and keep its world for another session; on the thread."""
        with self._changed:
            if seat in self._seats:
                self._seats.remove(seat)
        if (world := seat.stand_up()) is not None:
            self._idle.append((seat.wish, world))

    def discard(self, seat: Seat) -> None:
        """Close a world that failed in a way that nobody expected; on the thread."""
        if (world := seat.stand_up()) is not None:
            world.close()

    def close(self, timeout: float = 30.0) -> bool:
        """End after the turn that is under way, and close all worlds; True if it ended in time."""
        with self._changed:
            self._ends = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (turn := self._next_turn()) is not None:
            turn()
        for seat in self._seats:
            self.discard(seat)
            for _, future in seat.calls:
                future.cancel()
        for _, world in self._idle:
            world.close()

    def _taken(self, wish: Wish) -> World | None:
        found = next((one for one in self._idle if one[0] == wish), None)
        if found is None:
            return None
        self._idle.remove(found)
        return found[1]

    def _loaded(self, wish: Wish) -> World:
        in_use = sum(seat.world is not None for seat in self._seats)
        while self._idle and in_use + len(self._idle) >= self._most:
            self._idle.popleft()[1].close()
        return self._load(wish)

    def _next_turn(self) -> Callable[[], None] | None:
        """Return what the next seat in the round asks for, or work ahead; None: it is over."""
        with self._changed:
            while not self._ends:
                for wanted, turn in ((_calls, _answer), (_could_look_ahead, _look_ahead)):
                    for _ in range(len(self._seats)):
                        self._seats.rotate(-1)
                        seat = self._seats[-1]
                        if wanted(seat):
                            return partial(turn, seat)
                self._changed.wait()
        return None


def _calls(seat: Seat) -> bool:
    return bool(seat.calls)


def _answer(seat: Seat) -> None:
    function, future = seat.calls.popleft()
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = function()
    except BaseException as error:  # belongs to whoever called
        future.set_exception(error)
    else:
        future.set_result(result)


def _could_look_ahead(seat: Seat) -> bool:
    return seat.work_left and seat.begun


def _look_ahead(seat: Seat) -> None:
    try:
        seat.work_left = seat.playing.prepare()
    except Exception as error:  # the next block meets it again, and somebody hears of it
        seat.work_left = False
        if not isinstance(error, Refusal):
            logger.exception("no view ahead could be remembered")
