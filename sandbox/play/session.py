"""One playthrough: a World driven by a source of commands, with observers; no window, no thread.

The calling thread owns the world; other threads use `GenerationWorker.call`.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

import numpy as np
import xxhash

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.controls.edits import Edit
from mag_sandbox.model.world import (
    Control,
    FrameBlock,
    MemorySetting,
    Progress,
    World,
    WorldFailed,
    no_edits,
)
from mag_sandbox.sandbox.play.events import (
    BlockEvent,
    LookAheadEvent,
    MemoryEvent,
    SessionEnd,
    SessionObserver,
    SessionStart,
)
from mag_sandbox.sandbox.play.parked_scene import KeptMemory, ParkedScene, new_id
from mag_sandbox.sandbox.play.shown_prompt import ShownPrompt
from mag_sandbox.scenes import Scene

RESET = "reset"  # why a session ends that another one follows at once
STEP = 8  # px between pixels that are compared
PLAIN = 16.0  # of 255: deviation of the colours of a wall that fills the view
LEVEL = 12.0  # degrees up or down, of a picture that tells where it was taken


class Resumable(Protocol):
    """A scene that was left: a `ParkedScene`, or a `Handover` from another world."""

    def enter(self, world: World) -> ParkedScene:
        """Restore the scene in a world; return it as a scene of it, or raise WorldFailed."""


@dataclass(frozen=True, slots=True)
class Playthrough:
    """A scene to play, from its beginning or from where it was left."""

    scene: Scene
    seed: int
    parked: Callable[[], Resumable] | None = None  # reads the scene to continue; None: begin
    state: str | None = None  # folder of that scene
    # wraps the world before it is played, and reports progress; None: no wrapper
    stage: Callable[[World, Progress], World] | None = None
    place: Scene | None = None  # the scene that was left, named while it loads; None: `scene`

    @property
    def anew(self) -> "Playthrough":
        """The same scene from its beginning."""
        return replace(self, parked=None, state=None, place=None)


@dataclass(frozen=True, slots=True)
class SessionStep:
    """One block of a session: the command, and the world's answer."""

    control: Control
    block: FrameBlock


SceneChange = Callable[["Session"], SessionStep | None]  # begins another scene in the session


def telling(block: FrameBlock, before: np.ndarray | None) -> np.ndarray | None:
    """Return the last frame of a block, or the one before if this one tells less of the place.

    That is one that looks up or down, shows hardly more than a wall, or is not painted yet.
    """
    frame, is_level = block.frames[-1], abs(block.poses[-1].pitch) <= LEVEL
    varies = frame[::STEP, ::STEP].reshape(-1, 3).std(axis=0).max()
    return frame if varies >= PLAIN and is_level and not block.provisional else before


def known_rooms(block: FrameBlock, before: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of rooms by number, with that of the room that a block shows."""
    if block.ground is None or not block.ground.rooms:
        return before
    number = block.ground.room
    unknown = ("",) * (number - len(before))  # in a place saved before there were names
    return (*before[:number], *unknown, block.ground.rooms[-1], *before[number + 1 :])


class CommandSource(Protocol):
    """Gives a session its commands; a script gives whole controls and scene changes."""

    def next_command(self) -> CameraCommand | Control | SceneChange | None:
        """Return the next command; None when the script is over."""


class Session:
    """One playthrough of a world.

    >>> session = Session(world, source)
    >>> step = session.start(scene, seed=7)
    >>> while step is not None and step.block.block_index < 3:
    ...     step = session.advance()
    >>> session.end("left")
    """

    def __init__(
        self, world: World, source: CommandSource, observers: Sequence[SessionObserver] = ()
    ) -> None:
        self.world = world
        self._source = source
        self._observers = list(observers)
        self._attached: list[SessionObserver] = []  # until they are detached, or the player leaves
        self._joining: list[tuple[SessionObserver, str]] = []  # observers and the state they had
        self._asked = Control()  # prompt and memory asked for, for the next block
        self._edits: deque[Edit] = deque()  # asked for, one a block
        self._running = False
        self.id = ""  # of the playthrough; saves and the parked scene go by it
        self._last: FrameBlock | None = None  # None: the fields below are unset, too
        self._telling: np.ndarray | None  # the newest frame by which the place is recognised
        self._rooms: tuple[str, ...]  # as in `ParkedScene`
        self._playthrough: Playthrough
        self._shown_prompt: ShownPrompt
        self._created: datetime
        self._blocks = 0
        self._frames = 0  # of this session
        self._frames_before = 0  # of the sessions that this one continues
        self._name = ""  # of the playthrough; empty: the scene's
        self._started = 0.0

    def begin(self, playthrough: Playthrough) -> SessionStep | None:
        """Start or resume; a running session ends first ("reset")."""
        if playthrough.parked is None:
            return self.start(playthrough.scene, playthrough.seed)
        return self._resume(playthrough, playthrough.parked)

    def start(self, scene: Scene, seed: int) -> SessionStep:
        """Reset the world and make the first block; a running session ends first ("reset")."""
        self.end(RESET)
        self._forget()
        asked = time.monotonic()
        first = SessionStep(Control(), self.world.reset(scene, seed))
        self._open(Playthrough(scene, seed), first, asked)
        return first

    def _resume(
        self, playthrough: Playthrough, read: Callable[[], Resumable]
    ) -> SessionStep | None:
        """Go on where a scene was left with the next block; None when the script is over."""
        self.end(RESET)
        left = read()
        self._forget()
        parked = left.enter(self.world)
        command = self._source.next_command()
        assert not callable(command)  # scripts do not change scenes here
        control = self._control(command)
        if control is None:
            return None
        asked = time.monotonic()
        first = SessionStep(control, self.world.step(control))
        self._open(playthrough, first, asked, parked)
        return first

    def advance(self, leave_out: tuple[str, ...] = ()) -> SessionStep | None:
        """Take the next command and make one more block; None when the script is over.

        Args:
            leave_out: optional work that the block leaves out, unless the source decides it.
        """
        command = self._source.next_command()
        if callable(command):
            return command(self)
        control = self._control(command, leave_out)
        if control is None:
            return None
        asked = time.monotonic()
        block = self.world.step(control)
        self._last, self._telling = block, telling(block, self._telling)
        self._rooms = known_rooms(block, self._rooms)
        self._shown_prompt.see(control, block)
        event = self._event(block, control, asked)
        for observer in (*self._observers, *self._attached):
            observer.on_block(event, block)
        self._let_join(event, block)
        return SessionStep(control, block)

    def attach(self, observer: SessionObserver, state: str) -> None:
        """Attach an observer from the next block on, until this session ends other than by a reset.

        Args:
            observer: gets a start whose first block is the next one.
            state: folder that holds what `park` returns now.

        Raises:
            WorldFailed: nothing is being played.
        """
        if not self._running:
            raise WorldFailed("nothing is being played; begin a scene first")
        self._joining.append((observer, state))

    def detach(self, observer: SessionObserver, reason: str) -> None:
        """End an attached observer's session and detach it; the others are not affected."""
        if observer in self._attached or any(one is observer for one, _ in self._joining):
            self._let_go([observer], self._end_event(reason))

    def park(self) -> ParkedScene:
        """Return the session to be continued later, or raise WorldFailed if nothing was played."""
        if self._last is None:
            raise WorldFailed("nothing was played yet, so there is nothing to save")
        playthrough, spec = self._playthrough, self.world.spec
        return ParkedScene(
            scene=playthrough.scene,
            seed=playthrough.seed,
            state=self.world.snapshot(),
            last_frame=self._last.frames[-1],
            picture=self._telling,
            frames_shown=self._frames_before + self._frames,
            fps=spec.fps,
            world=spec.name,
            prompt=self._shown_prompt.text,
            kept=KeptMemory.of(self._last.memory),
            provenance=self.world.provenance(),
            id=self.id,
            name=self._name,
            created=self._created,
            rooms=self._rooms,
        )

    def change(self, *, prompt: str | None = None, memory: MemorySetting | None = None) -> None:
        """Ask for another prompt or memory setting from the next block on."""
        self._asked = _changed(self._asked, prompt, memory)

    def edit(self, edit: Edit) -> None:
        """Ask for a change with the next block that has none, or raise WorldFailed."""
        if not self.world.spec.kinds:
            raise WorldFailed(no_edits(self.world.spec.name))
        self._edits.append(edit)

    def end(self, reason: str) -> None:
        """Tell the observers that it is over, if it runs; attached ones stay after a reset."""
        if self._running:
            self._running = False
            event = self._end_event(reason)
            for observer in (*self._observers, *self._attached):
                observer.on_end(event)
            self._let_go([observer for observer, _ in self._joining], event)
        if reason != RESET:
            self._attached.clear()

    def _let_go(self, observers: Sequence[SessionObserver], event: SessionEnd) -> None:
        """Detach observers and tell them of the end."""
        self._attached = [one for one in self._attached if one not in observers]
        self._joining = [place for place in self._joining if place[0] not in observers]
        for observer in observers:
            observer.on_end(event)

    def _forget(self) -> None:
        """Discard the state of the previous session: the world leaves it now."""
        self._last, self._asked = None, Control()
        self._edits.clear()

    def _open(
        self,
        playthrough: Playthrough,
        first: SessionStep,
        asked: float,
        parked: ParkedScene | None = None,
    ) -> None:
        self._playthrough, self._last = playthrough, first.block
        self._telling = telling(first.block, parked.picture if parked else None)
        self._rooms = known_rooms(first.block, parked.rooms if parked else ())
        asks = first.control.prompt is not None
        prompt = first.block.prompt if parked is None or asks else parked.prompt
        self._shown_prompt = ShownPrompt(prompt, first.block)
        self._frames_before = parked.frames_shown if parked else 0
        self._name = parked.name if parked else ""
        self.id = parked.id if parked else new_id(playthrough.scene)
        self._created = parked.created if parked else datetime.now(UTC)
        self._blocks = self._frames = 0
        self._started = asked
        event = self._event(first.block, first.control, asked)
        start = self._start_event(event, playthrough.state)
        self._running = True
        for observer in (*self._observers, *self._attached):
            observer.on_start(start, first.block)

    def _let_join(self, event: BlockEvent, block: FrameBlock) -> None:
        if not self._joining:
            return
        start = self._start_event(event, None)  # one: files of a session go by when it began
        for observer, state in self._joining:
            observer.on_start(replace(start, state=state), block)
            self._attached.append(observer)
        self._joining.clear()

    def _start_event(self, first_block: BlockEvent, state: str | None) -> SessionStart:
        return SessionStart(
            world=self.world.spec.name,
            provenance=self.world.provenance(),
            scene=self._playthrough.scene,
            seed=self._playthrough.seed,
            first_block=first_block,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            monotonic=time.monotonic(),
            state=state,
        )

    def _end_event(self, reason: str) -> SessionEnd:
        seconds = time.monotonic() - self._started
        return SessionEnd(reason, self._blocks, self._frames, round(seconds, 3))

    def _control(
        self, command: CameraCommand | Control | None, leave_out: tuple[str, ...] = ()
    ) -> Control | None:
        """Return the control of a block: a command with the pending requests."""
        if command is None:
            return None
        if isinstance(command, CameraCommand):
            command = Control(command.along(self.world.spec.axes), leave_out=leave_out)
        asked, self._asked = self._asked, Control()
        if self._edits and command.edit is None:
            command = replace(command, edit=self._edits.popleft())
        return _changed(command, asked.prompt, asked.memory)

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


def _changed(control: Control, prompt: str | None, memory: MemorySetting | None) -> Control:
    prompt = control.prompt if prompt is None else prompt
    return replace(control, prompt=prompt, memory=memory or control.memory)


def digest_of(frames: np.ndarray) -> str:
    """Return the XXH3 hash of the frames' bytes, 16 hex digits; a tenth of the time of SHA-256."""
    return xxhash.xxh3_64_hexdigest(np.ascontiguousarray(frames))
