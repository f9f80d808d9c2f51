"""One playthrough: a World driven by a source of commands, told to observers; no window, no thread.

Whoever calls `start` and `advance` owns the world; only `change` may be called from another thread.
"""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from typing import Protocol

import numpy as np

from controls.camera import CameraCommand
from model.world import Control, FrameBlock, MemorySetting, World
from sandbox.events import (
    BlockEvent,
    LookAheadEvent,
    MemoryEvent,
    SessionEnd,
    SessionObserver,
    SessionStart,
)
from scenes import Scene


class CommandSource(Protocol):
    """What a session asks of its source; a replay answers with whole controls."""

    def next_command(self) -> CameraCommand | Control | None:
        """Return what the player wants now; None when the script is over."""


class Session:
    """One playthrough of a world.

    session = Session(world, source, observers=[recorder])
    block = session.start(scene, seed=7)
    while (block := session.advance()) is not None:
        show(block.frames)
    session.end("left")
    """

    def __init__(
        self, world: World, source: CommandSource, observers: Sequence[SessionObserver] = ()
    ) -> None:
        self.world = world
        self._source = source
        self._observers = tuple(observers)
        self._changes: SimpleQueue[Control] = SimpleQueue()
        self._running = False
        self._blocks = 0
        self._frames = 0
        self._started = 0.0

    def start(self, scene: Scene, seed: int) -> FrameBlock:
        """Reset the world and return the first block; a running session ends first ("reset")."""
        self.end("reset")
        self._started = asked = time.monotonic()
        block = self.world.reset(scene, seed)
        self._blocks = self._frames = 0
        event = SessionStart(
            world=self.world.spec.name,
            provenance=self.world.provenance(),
            scene=scene,
            seed=seed,
            first_block=self._event(block, Control(), asked),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            monotonic=time.monotonic(),
        )
        self._running = True
        for observer in self._observers:
            observer.on_start(event, block)
        return block

    def advance(self) -> FrameBlock | None:
        """Sample the source, make one more block and return it; None when the script is over."""
        control = self._next_control()
        if control is None:
            return None
        asked = time.monotonic()
        block = self.world.step(control)
        event = self._event(block, control, asked)
        for observer in self._observers:
            observer.on_block(event, block)
        return block

    def change(self, *, prompt: str | None = None, memory: MemorySetting | None = None) -> None:
        """Ask for another prompt or memory setting from the next block on; from any thread."""
        self._changes.put(Control(prompt=prompt, memory=memory))

    def prepare(self) -> bool:
        """Let the world look ahead while nothing else waits; True if there was work."""
        return self.world.prepare()

    def end(self, reason: str) -> None:
        """Tell the observers that it is over; does nothing when it already is."""
        if not self._running:
            return
        self._running = False
        seconds = time.monotonic() - self._started
        event = SessionEnd(reason, self._blocks, self._frames, round(seconds, 3))
        for observer in self._observers:
            observer.on_end(event)

    def _next_control(self) -> Control | None:
        command = self._source.next_command()
        if command is None:
            return None
        control = command if isinstance(command, Control) else Control(camera=command)
        while True:
            try:
                change = self._changes.get_nowait()
            except Empty:
                return control
            control = replace(
                control,
                prompt=control.prompt if change.prompt is None else change.prompt,
                memory=change.memory or control.memory,
            )

    def _event(self, block: FrameBlock, control: Control, asked: float) -> BlockEvent:
        ready = time.monotonic()
        self._blocks += 1
        self._frames += len(block.frames)
        usage = block.memory
        return BlockEvent(
            block_index=block.block_index,
            control=control,
            frame_count=len(block.frames),
            latency_ms=round((ready - asked) * 1000, 3),
            digest=digest_of(block.frames),
            memory=MemoryEvent(usage.bytes, usage.kept_frames, usage.attended_frames),
            t=round(ready - self._started, 4),
            stage_ms={stage: round(ms, 3) for stage, ms in block.stage_ms.items()},
            look_ahead=tuple(
                LookAheadEvent(ahead.block_index, ahead.pose.yaw, ahead.pose.pitch, ahead.digest)
                for ahead in block.look_ahead
            ),
        )


def digest_of(frames: np.ndarray) -> str:
    """Return the SHA-256 of the frames' bytes, first 16 hex digits."""
    return hashlib.sha256(np.ascontiguousarray(frames)).hexdigest()[:16]
