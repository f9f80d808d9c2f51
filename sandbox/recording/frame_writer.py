"""Keeps the frames of a session beside its recording, so that an export need not replay it.

The generation thread only hands blocks over; a thread of its own encodes and writes them. Blocks
that come faster than it encodes are written raw. A full disk ends the frames and nothing else.
"""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Protocol

from mag_sandbox.evaluation.similarity.recall import ProbeResult
from mag_sandbox.files.border import reason_of
from mag_sandbox.files.whole import replacing
from mag_sandbox.model.world import FrameBlock, WorldSpec
from mag_sandbox.sandbox.play.events import BlockEvent, SessionEnd, SessionObserver, SessionStart
from mag_sandbox.sandbox.play.parked_scene import THUMBNAIL, thumbnail
from mag_sandbox.sandbox.recording.frames_file import (
    FRAMES_FILE,
    USUAL_FPS,
    Coding,
    FramesHead,
    FramesWriter,
)
from mag_sandbox.sandbox.recording.recorder import Recorder

logger = logging.getLogger(__name__)

MOST_ENCODED = 24  # blocks that wait to be encoded, 13 MB; where more wait, they are written raw
MOST_WAITING = 200  # blocks, if even that is slow; further ones lose their pictures
SETTLE_S = 5.0  # most time at the end for the last comparisons [s]


class Comparing(Protocol):
    """An observer that compares views while frames are written: a prober, or a demo's watch."""

    @property
    def spec(self) -> WorldSpec | FramesHead | None:
        """Constants of the world; None: not known yet."""

    @property
    def results(self) -> tuple[ProbeResult, ...]:
        """The newest comparisons, oldest first."""

    def settle(self, timeout: float) -> bool:
        """Wait until all blocks so far were compared; False if that took too long [s]."""


def frames_beside(recorder: Recorder, prober: Comparing | None = None) -> "FrameWriter":
    """Return the writer of a recording's frames; it must observe a session after the recorder."""
    return FrameWriter(
        recorder.begun_folder,
        spec=prober.spec if prober else None,
        prober=prober,
        on_problem=lambda problem: recorder.on_problem(problem),
    )


class FrameWriter(SessionObserver):
    """Session observer that writes frames into the folder of the recording.

    recorder = Recorder(Path("runs/monday"))
    frames = FrameWriter(recorder.begun_folder, prober=prober)
    session = Session(world, source, observers=[recorder, prober, frames])
    """

    def __init__(
        self,
        where: Callable[[], Path | None],
        *,
        spec: WorldSpec | FramesHead | None = None,
        prober: Comparing | None = None,
        on_problem: Callable[[str], None] = logger.warning,
    ) -> None:
        """Set where frames go.

        Args:
            where: called at every start on the writing thread, after the recorder's start; may
                wait for the folder; None: this session's frames are not kept.
            spec: of the world.
            prober: whose comparisons are kept as they come; it must observe the end before.
            on_problem: called with the sentence when frames can no longer be kept.
        """
        self.spec = spec
        self.on_problem = on_problem
        self.problem: str | None = None  # why the newest session's frames are no longer kept
        self._where = where
        self._prober = prober
        self._waiting: SimpleQueue[tuple[FrameBlock, float] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def follow(self, prober: Comparing) -> None:
        """Keep the comparisons of another prober from the next start on."""
        self._prober, self.spec = prober, prober.spec

    def on_start(self, event: SessionStart, block: FrameBlock) -> None:
        """Begin a file."""
        self.problem, self._waiting = None, SimpleQueue()
        height, width = block.frames.shape[1:3]
        head = FramesHead(
            width=width,
            height=height,
            fps=self.spec.fps if self.spec else USUAL_FPS,
            created=event.created,
            exact_pose=self.spec.exact_pose if self.spec else True,
            probed=self._prober is not None,
        )
        arguments = head, self._prober, self._waiting
        self._thread = threading.Thread(
            target=self._write, args=arguments, name="frames", daemon=True
        )
        self._waiting.put((block, event.first_block.latency_ms))
        self._thread.start()

    def on_block(self, event: BlockEvent, block: FrameBlock) -> None:
        """Queue one more block; returns at once, whatever the disk does."""
        thread = self._thread
        if thread is not None and thread.is_alive() and self._waiting.qsize() < MOST_WAITING:
            self._waiting.put((block, event.latency_ms))

    def on_end(self, event: SessionEnd) -> None:  # noqa: ARG002 -- observer
        """Write the rest and close the file."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._waiting.put(None)
            thread.join()

    def _write(
        self,
        head: FramesHead,
        prober: Comparing | None,
        waiting: "SimpleQueue[tuple[FrameBlock, float] | None]",
    ) -> None:
        compared = prober.results[-1].number if prober is not None and prober.results else 0

        def write_probes() -> None:
            nonlocal compared
            for result in prober.results if prober else ():
                if result.number > compared:
                    compared = result.number
                    writer.write_probe(result)

        folder = self._where()
        if folder is None:
            return
        path, is_readable = folder / FRAMES_FILE, False
        try:
            with path.open("xb") as file:
                writer = FramesWriter(file, head)
                while (item := waiting.get()) is not None:
                    if not is_readable:
                        with replacing(folder / THUMBNAIL) as part:
                            part.write_bytes(thumbnail(item[0].frames[0]))
                    coding: Coding = "raw" if waiting.qsize() >= MOST_ENCODED else "jpeg"
                    writer.write_block(*item, coding)
                    write_probes()
                    is_readable = True
                if prober is not None:
                    prober.settle(SETTLE_S)
                    write_probes()
        except (OSError, ValueError) as error:
            why = f"{reason_of(error)} ({folder})"
            self.problem = f"frames are no longer kept: {why}; an export will replay the session"
            self.on_problem(self.problem)
            if not is_readable and not isinstance(error, FileExistsError):
                with suppress(OSError):
                    path.unlink(missing_ok=True)
