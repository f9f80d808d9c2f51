"""The engine of a server: one thread that owns the worlds and runs the sessions in turn.

A turn is at most one block. While no session waits, views ahead of playing sessions are remembered;
later pictures stay the same. Callers get futures. Knows nothing of connections.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from mag_sandbox.files.border import Refusal, refusing
from mag_sandbox.model.remote import wire
from mag_sandbox.model.remote.states import PieceStore, split_state
from mag_sandbox.model.world import (
    FrameBlock,
    Frames,
    MemorySetting,
    Past,
    PastBlock,
    World,
    WorldFailed,
    WorldSpec,
    checked_seed,
)
from mag_sandbox.scenes import Scene

logger = logging.getLogger(__name__)
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class WorldRequest:
    """Which world a session plays, and how; sessions with equal requests share a world in turn."""

    world: str
    memory: MemorySetting
    look_ahead: bool = True
    execution: str | None = None  # JSON, as a recording says; None: chosen for this machine


class EngineSlot:
    """A session's place among the turns, and its world.

    slot = engine.add_slot(request)
    world = engine.call(slot, lambda: engine.world(slot)).result()
    block = engine.call(slot, lambda: world.reset(scene, seed)).result()
    engine.call(slot, lambda: engine.remove(slot))
    """

    def __init__(self, request: WorldRequest) -> None:
        self.request = request
        self.world: World | None = None  # None: not loaded
        self.begun = False  # the world's state is this session's own
        self.can_prepare = False  # views ahead may be left to remember
        self.calls: deque[tuple[Callable[[], object], Future[Any]]] = deque()

    @property
    def playing(self) -> World:
        """The world, in the state that this session began.

        Raises:
            WorldFailed: the session began nothing; a state that another left is not its own.
        """
        if self.world is None or not self.begun:
            raise WorldFailed("the world has no scene yet; call reset first")
        return self.world

    def detach_world(self) -> World | None:
        """Return the world and forget it."""
        world, self.world, self.begun, self.can_prepare = self.world, None, False, False
        return world


class WorldEngine:
    """Runs the calls of sessions one after the other, in turn.

    engine = WorldEngine(load, worlds=2)
    engine.start()
    ...
    engine.close()
    """

    def __init__(
        self, load: Callable[[WorldRequest], World], worlds: int, name: str = "engine"
    ) -> None:
        """Set how worlds are loaded, how many are kept at most, and the thread's name."""
        self._load, self._most = load, worlds
        self._idle: deque[tuple[WorldRequest, World]] = deque()  # oldest first
        self._slots: deque[EngineSlot] = deque()  # the last one had the newest turn
        self._changed = threading.Condition()  # guards slots, their calls, and the end
        self._ends = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def add_slot(self, request: WorldRequest) -> EngineSlot:
        """Return a place among the turns, without a world yet."""
        slot = EngineSlot(request)
        with self._changed:
            self._slots.appendleft(slot)
        return slot

    def call(self, slot: EngineSlot, function: Callable[[], Result]) -> "Future[Result]":
        """Run a function in this slot's turn; calls of one slot stay in order."""
        future: Future[Result] = Future()
        with self._changed:
            if self._ends:
                future.cancel()
            else:
                slot.calls.append((function, future))
                self._changed.notify()
        return future

    def world(self, slot: EngineSlot) -> World:
        """Return the slot's world, idle or new, on the engine's thread, or raise WorldFailed."""
        if slot.world is None:
            slot.world = self._take_idle(slot.request) or self._load_world(slot.request)
        return slot.world

    def warm_up(self, request: WorldRequest) -> dict[str, Any]:
        """Load a world before a session requests it, and return its provenance."""
        slot = self.add_slot(request)
        try:
            return self.call(slot, lambda: self.world(slot).provenance()).result()
        finally:
            self.call(slot, lambda: self.remove(slot)).result()

    def remove(self, slot: EngineSlot) -> None:
        """Remove a slot and keep its world for another session; on the engine's thread."""
        with self._changed:
            if slot in self._slots:
                self._slots.remove(slot)
        if (world := slot.detach_world()) is not None:
            self._idle.append((slot.request, world))

    def discard_world(self, slot: EngineSlot) -> None:
        """Close a world that failed unexpectedly; on the engine's thread."""
        if (world := slot.detach_world()) is not None:
            world.close()

    def close(self, timeout: float = 30.0) -> bool:
        """Stop after the current turn and close all worlds; True if it stopped in time [s]."""
        with self._changed:
            self._ends = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (turn := self._next_turn()) is not None:
            turn()
        for slot in self._slots:
            self.discard_world(slot)
            for _, future in slot.calls:
                future.cancel()
        for _, world in self._idle:
            world.close()

    def _take_idle(self, request: WorldRequest) -> World | None:
        found = next((one for one in self._idle if one[0] == request), None)
        if found is None:
            return None
        self._idle.remove(found)
        return found[1]

    def _load_world(self, request: WorldRequest) -> World:
        in_use = sum(slot.world is not None for slot in self._slots)
        while self._idle and in_use + len(self._idle) >= self._most:
            self._idle.popleft()[1].close()
        return self._load(request)

    def _next_turn(self) -> Callable[[], None] | None:
        with self._changed:
            while not self._ends:
                for _ in range(len(self._slots)):
                    self._slots.rotate(-1)
                    if self._slots[-1].calls:
                        return partial(_run_call, self._slots[-1])
                for _ in range(len(self._slots)):
                    self._slots.rotate(-1)
                    if self._slots[-1].can_prepare and self._slots[-1].begun:
                        return partial(_prepare, self._slots[-1])
                self._changed.wait()
        return None


def _run_call(slot: EngineSlot) -> None:
    function, future = slot.calls.popleft()
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = function()
    except BaseException as error:  # raised again by the future's owner
        future.set_exception(error)
    else:
        future.set_result(result)


def _prepare(slot: EngineSlot) -> None:
    try:
        slot.can_prepare = slot.playing.prepare()
    except Exception as error:  # the next block meets it again and reports it
        slot.can_prepare = False
        if not isinstance(error, Refusal):
            logger.exception("a view ahead could not be remembered")


MOST_FRAMES = 64  # of one block or round trip
PICTURE = "picture"  # name of the file with a scene's picture


def run_request(
    slot: EngineSlot, world: World, store: PieceStore, folder: Path, request: wire.Request
) -> wire.Result:
    """Run a request and return its result, or raise Refusal."""
    match request:
        case wire.Reset() | wire.Restore() | wire.Adopt():
            return _begin(slot, world, store, folder, request)
        case wire.StepRequest():
            return _block_reply(slot, slot.playing.step(request.control))
        case wire.RepeatSteps():
            for control in request.controls:
                slot.playing.step(control)
            return wire.DoneReply()
        case wire.Call(method="snapshot"):
            outline, pieces = split_state(slot.playing.snapshot())
            store.keep(pieces)
            return wire.SnapshotReply(outline)
        case wire.RoundTrip():
            _check_frames(request.frames, world.spec)
            return wire.FramesReply(world.round_trip(request.frames))
        case wire.PaintedRequest():
            return wire.FramesReply(slot.playing.painted(request.pose))
        case wire.Call(method="expect_prompt"):
            world.expect_prompt()
            return wire.DoneReply()
        case wire.Call(method="provenance"):
            return wire.ProvenanceReply(wire.to_json(slot.playing.provenance()))
    raise wire.WireError("an unknown request")


def _begin(
    slot: EngineSlot, world: World, store: PieceStore, folder: Path, request: wire.Beginning
) -> wire.Result:
    slot.begun = False  # until it is done
    match request:
        case wire.Reset():
            _check_origin(request)
            first = world.reset(_scene_with_picture(request, folder), request.seed)
            slot.begun = True
            return _block_reply(slot, first)
        case wire.Restore():
            state = store.state(request.outline)
            with refusing(lambda why: WorldFailed(f"the state is damaged ({why}); use another")):
                world.restore(state)
            store.forget_given()
        case wire.Adopt():
            with refusing(lambda why: WorldFailed(f"the pictures cannot be remembered ({why})")):
                world.adopt(_past(request, world.spec))
    slot.begun = True
    return wire.DoneReply()


def _block_reply(slot: EngineSlot, block: FrameBlock) -> wire.BlockReply:
    slot.can_prepare = True
    return wire.BlockReply(block)


def _scene_with_picture(request: wire.Reset, folder: Path) -> Scene:
    if request.picture is None:
        return request.scene
    path = folder / PICTURE
    path.write_bytes(request.picture)
    return replace(request.scene, image=str(path))


def _past(request: wire.Adopt, spec: WorldSpec) -> Past:
    if not 1 <= len(request.blocks) <= wire.MOST_PAST:
        raise wire.WireError(f"{len(request.blocks)} blocks of the past")
    for block in request.blocks:
        _check_frames(block.frames, spec)
    _check_origin(request)
    blocks = tuple(PastBlock(one.frames, one.poses, one.block_index) for one in request.blocks)
    return Past(request.scene, request.seed, request.prompt, blocks, request.origin)


def _check_origin(request: wire.Reset | wire.Adopt) -> None:
    with refusing(wire.WireError):
        checked_seed(request.scene, request.seed)
    if request.scene.image is not None:  # a path would be read on the server
        raise wire.WireError("a path to a picture, where the picture is expected")


def _check_frames(frames: Frames, spec: WorldSpec) -> None:
    size = (spec.frame_height, spec.frame_width, 3)
    if frames.ndim != 4 or frames.shape[1:] != size or not 1 <= len(frames) <= MOST_FRAMES:
        raise wire.WireError(f"frames of the shape {frames.shape}, expected {size}")
