"""Records a session while it is played: one JSON line per event, flushed at once.

A thread of its own writes, so that neither the world nor the window waits for a disk. If the disk
fails, play continues without a recording, and `problem` has the reason.
"""

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

from mag_sandbox.files.border import read_plain, reason_of
from mag_sandbox.files.pictures import MAX_BYTES
from mag_sandbox.files.whole import OccupiedError, claim, new_folder
from mag_sandbox.model.world import FrameBlock, MemorySetting
from mag_sandbox.sandbox.freed_memory import give_back_freed
from mag_sandbox.sandbox.play.events import (
    BlockEvent,
    SessionEnd,
    SessionObserver,
    SessionStart,
    event_to_json,
)
from mag_sandbox.sandbox.play.parked_scene import ParkedScene, StateError, write_state
from mag_sandbox.sandbox.recording.reader import (
    EVENTS_FILE,
    STATE_FOLDER,
    RecordingError,
    with_machine,
)

logger = logging.getLogger(__name__)

Event = SessionStart | BlockEvent | SessionEnd


class Recorder(SessionObserver):
    """Session observer that writes `FOLDER/session.jsonl`; later sessions go to FOLDER-2, ...

    >>> recorder = Recorder(folder / "monday", look_ahead=True)
    >>> from mag_sandbox.sandbox.play.session import Session
    >>> session = Session(world, source, observers=[recorder])
    """

    def __init__(
        self,
        folder: Path,
        *,
        memory: MemorySetting | None = None,
        look_ahead: bool = True,
        on_problem: Callable[[str], None] = logger.warning,
    ) -> None:
        """Claim the folder, so that nothing else writes into it, or raise RecordingError."""
        self.folders: list[Path] = []  # one a session
        self.problem: str | None = None  # why recording stopped
        self._folder = folder
        self._memory = memory
        self._look_ahead = look_ahead
        self._parked: ParkedScene | None = None
        self.on_problem = on_problem
        self._is_over = False  # the session whose recording began late has ended
        self._queue: SimpleQueue[Event | None] = SimpleQueue()
        self._begun: Future[bool] = Future()  # True: the first line is written
        self._begun.set_result(False)
        self._thread: Thread | None = None
        try:
            claim(folder, EVENTS_FILE)
        except OccupiedError as problem:
            raise RecordingError(f"cannot record to {problem}") from None

    @property
    def is_recording(self) -> bool:
        """Whether the session is recorded, or will be from the next block on."""
        return self.problem is None and not self._is_over

    def begun_folder(self) -> Path | None:
        """Return the newest session's folder once its first line is written; None: it never is."""
        return self.folders[-1] if self._begun.result() else None

    def loaded_with(self, memory: MemorySetting, *, look_ahead: bool) -> None:
        """Set how the world of the next session was loaded."""
        self._memory, self._look_ahead = memory, look_ahead

    def begin_from(self, parked: ParkedScene) -> None:
        """Set the parked scene that the next session continues, if no folder holds it."""
        self._parked = parked

    def cancel(self) -> None:
        """Give up the folder if nothing was recorded yet."""
        self._is_over = True
        if not self.folders:
            _discard(self._folder)

    def on_start(self, event: SessionStart, block: FrameBlock) -> None:  # noqa: ARG002 - observer
        """Begin a recording."""
        if self.problem is not None or event.first_block.block_index == 0:
            self._parked = None  # it could not be continued
        self._begun = Future()
        if self.problem is not None:
            self._begun.set_result(False)
            return
        self._is_over = False
        try:
            self.folders.append(new_folder(self._folder) if self.folders else self._folder)
        except OSError as error:
            self._begun.set_result(False)
            self._give_up(f"{reason_of(error)} ({self._folder})")
            return
        self._queue = SimpleQueue()
        self._queue.put(replace(event, memory=self._memory, look_ahead=self._look_ahead))
        arguments = self.folders[-1], self._queue, self._begun
        self._thread = Thread(target=self._write, args=arguments, name="recorder", daemon=True)
        self._thread.start()

    def on_block(self, event: BlockEvent, block: FrameBlock) -> None:  # noqa: ARG002 - observer
        """Queue one more block."""
        if self.problem is None:
            self._queue.put(event)

    def on_end(self, event: SessionEnd) -> None:
        """Write the rest and close the file."""
        self._is_over = True
        if self._thread is None:
            self.cancel()
            return
        self._queue.put(event)
        self._queue.put(None)
        self._thread.join()
        self._thread = None

    def _write(
        self, folder: Path, queue: "SimpleQueue[Event | None]", begun: "Future[bool]"
    ) -> None:
        parked, self._parked = self._parked, None
        why, written = None, hashlib.sha256()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with (folder / EVENTS_FILE).open("w", encoding="utf-8") as file:
                while (event := queue.get()) is not None:
                    if isinstance(event, SessionStart):
                        event = replace(event, provenance=with_machine(event.provenance))
                        event = _with_own_image(event, folder)
                        event = _with_own_state(event, folder, parked)
                        if parked is not None:
                            parked = None  # large, and written now
                            give_back_freed()  # interrupts play for a moment
                    if isinstance(event, SessionEnd):
                        event = replace(event, sha256=written.hexdigest())
                    line = to_line(event)
                    written.update(line.encode())
                    file.write(line)
                    file.flush()  # a killed game leaves a readable recording
                    if not begun.done():
                        begun.set_result(True)
                there = (folder / EVENTS_FILE).stat()
                if not os.path.samestat(there, os.fstat(file.fileno())):
                    raise FileNotFoundError
        except (StateError, RecordingError) as error:
            why = str(error)
        except FileNotFoundError:
            why = f"{folder / EVENTS_FILE} was removed meanwhile"
        except OSError as error:  # copytree's is a list of what went wrong
            why = f"{error.strerror or error} ({folder})"
        finally:
            if not begun.done():
                _discard(folder)  # before the name can be used again
                begun.set_result(False)
        if why is not None:
            self._give_up(why)

    def _give_up(self, why: str) -> None:
        self.problem = f"recording stopped: {why}; play goes on"
        self.on_problem(self.problem)


def _discard(folder: Path) -> None:
    shutil.rmtree(folder / STATE_FOLDER, ignore_errors=True)
    with suppress(OSError):
        for path in (folder / EVENTS_FILE, *folder.glob("image.*")):
            path.unlink(missing_ok=True)
        folder.rmdir()


def _with_own_state(event: SessionStart, folder: Path, parked: ParkedScene | None) -> SessionStart:
    """Copy the continued scene; a state is large, and so linked where possible."""
    kept = folder / STATE_FOLDER
    if parked is not None:
        write_state(kept, parked)
    elif event.state is not None:
        shutil.copytree(event.state, kept, copy_function=_link)
    else:
        return event
    return replace(event, state=kept.name)


def _with_own_image(event: SessionStart, folder: Path) -> SessionStart:
    if event.scene.image is None:
        return event
    source = Path(event.scene.image)
    kept = folder / f"image{source.suffix}"
    try:
        data = read_plain(source, MAX_BYTES)
    except OSError as error:
        raise RecordingError(
            f"the scene's picture {source} cannot be read ({reason_of(error)})"
        ) from None
    kept.write_bytes(data)
    return replace(event, scene=replace(event.scene, image=kept.name))


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)  # files of a state are only ever replaced
    except OSError:
        shutil.copyfile(source, target)


def to_line(event: Event) -> str:
    """Return an event as one line of a recording."""
    return json.dumps(event_to_json(event), default=str) + "\n"
