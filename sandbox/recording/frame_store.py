"""Keeps the frames of a session beside its recording, so that an export need not play it again.

The generation thread only hands blocks over; a thread of its own encodes and writes them. What
comes faster than it can encode is kept as it is, which takes a twentieth of the time. Frames are a
convenience: where they are missing, a replay makes them again, so a full disk ends them and nothing
else. What is read is checked, and only what is asked for is decoded.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import BinaryIO, Protocol, Self

from mag_sandbox.evaluation.probe.probe import ProbeResult
from mag_sandbox.files.border import open_plain
from mag_sandbox.model.world import FrameBlock, Frames, WorldSpec
from mag_sandbox.sandbox.play.events import BlockEvent, SessionEnd, SessionObserver, SessionStart
from mag_sandbox.sandbox.recording.frame_records import (
    BlockHead,
    Coding,
    DamagedRecord,
    FramesHead,
    ProbeHead,
    RecordSpan,
    head_of,
    pack,
    pack_block,
    pack_probe,
    parts_of,
    pictures_of,
    probe_of,
    scan,
    usage_of,
)
from mag_sandbox.sandbox.recording.reader import RecordingError
from mag_sandbox.sandbox.recording.recorder import Recorder

logger = logging.getLogger(__name__)

FRAMES_FILE = "frames.bin"
WAITING_FILE = "frames-waiting.bin"  # more records, of recordings made before: read, not written
MOST_ENCODED = 24  # blocks that wait to be encoded: 13 MB; where more wait, they are kept raw
MOST_WAITING = 200  # blocks while even that is slow; further ones lose their pictures
SETTLE_S = 5.0  # most time at the end for the last comparisons
USUAL_FPS = 16.0  # where nobody says the world's

_REMEDY = f"delete {FRAMES_FILE}, and the export will replay the session"


def frames_per_second(folder: Path) -> float | None:
    """Return the rate of the frames beside a recording; None: there are none to be read."""
    try:
        with open_plain(folder / FRAMES_FILE) as file:
            tag, value, _ = next(scan(file, _size_of(file)))
            head = head_of(tag, value)
    except (OSError, DamagedRecord, StopIteration):
        return None
    return head.fps if isinstance(head, FramesHead) else None


class Comparing(Protocol):
    """Who compares what comes back while frames are written: a prober, or the watch of a demo."""

    @property
    def spec(self) -> WorldSpec | FramesHead | None:
        """Constants of the world; None: nobody said them yet."""

    @property
    def results(self) -> tuple[ProbeResult, ...]:
        """The newest comparisons, oldest first."""

    def settle(self, timeout: float) -> bool:
        """Wait until everything told so far was looked at; False if that took too long."""


def frames_beside(recorder: Recorder, prober: Comparing | None = None) -> "FrameWriter":
    """Return what keeps the frames of a recording; to be told of a session after the recorder."""
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

        `where` is asked at every start, when the recorder has heard of it, and may let the thread
        that writes wait for an existing folder; None: this session's frames are not kept. The
        prober, whose comparisons are kept as they come, must be told of the end before.
        """
        self.spec = spec
        self.on_problem = on_problem
        self.problem: str | None = None  # why the newest session's frames are kept no more
        self._where = where
        self._prober = prober
        self._take: _Take | None = None

    def follow(self, prober: Comparing) -> None:
        """Keep the comparisons of another one from the next start on."""
        self._prober, self.spec = prober, prober.spec

    def on_start(self, event: SessionStart, block: FrameBlock) -> None:
        """Begin a file."""
        self.problem = None
        height, width = block.frames.shape[1:3]
        head = FramesHead(
            width=width,
            height=height,
            fps=self.spec.fps if self.spec else USUAL_FPS,
            created=event.created,
            exact_pose=self.spec.exact_pose if self.spec else True,
            probed=self._prober is not None,
        )
        self._take = _Take(self._where, head, self._prober, self._give_up)
        self._take.add(block, event.first_block.latency_ms)

    def on_block(self, event: BlockEvent, block: FrameBlock) -> None:
        """Hand over one more block."""
        if self._take is not None:
            self._take.add(block, event.latency_ms)

    def on_end(self, event: SessionEnd) -> None:  # noqa: ARG002 -- observer
        """Write what is left and close the file."""
        take, self._take = self._take, None
        if take is not None:
            take.finish()

    def _give_up(self, why: str) -> None:
        self.problem = f"frames are no longer kept: {why}; an export will replay the session"
        self.on_problem(self.problem)


class _Take:
    """The frames of one session on their way into its file."""

    def __init__(
        self,
        where: Callable[[], Path | None],
        head: FramesHead,
        prober: Comparing | None,
        give_up: Callable[[str], None],
    ) -> None:
        self._where, self._head, self._prober, self._give_up = where, head, prober, give_up
        self._given_up = False
        self._compared = _newest_number(prober)
        self._waiting: SimpleQueue[tuple[FrameBlock, float] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="frames", daemon=True)
        self._thread.start()

    def add(self, block: FrameBlock, latency_ms: float) -> None:
        """Take a block; returns at once, whatever the disk does."""
        if not self._given_up and self._waiting.qsize() < MOST_WAITING:
            self._waiting.put((block, latency_ms))

    def finish(self) -> None:
        """Wait until all is written."""
        self._waiting.put(None)
        self._thread.join()

    def _write(self) -> None:
        folder = self._where()
        if folder is None:
            self._given_up = True
            return
        path, is_begun = folder / FRAMES_FILE, False  # there is something to see
        try:
            with path.open("xb") as file:
                file.write(pack(b"HEAD", self._head))
                while (item := self._waiting.get()) is not None:
                    coding: Coding = "raw" if self._waiting.qsize() >= MOST_ENCODED else "jpeg"
                    file.write(pack_block(*item, coding))
                    self._write_probes(file)
                    file.flush()  # a killed game leaves readable frames
                    is_begun = True
                if self._prober is not None:
                    self._prober.settle(SETTLE_S)
                    self._write_probes(file)
        except (OSError, ValueError) as error:
            self._given_up = True
            why = error.strerror if isinstance(error, OSError) and error.strerror else error
            self._give_up(f"{why} ({folder})")
            if not is_begun and not isinstance(error, FileExistsError):
                with suppress(OSError):
                    path.unlink(missing_ok=True)

    def _write_probes(self, file: BinaryIO) -> None:
        for result in self._prober.results if self._prober else ():
            if result.number > self._compared:
                self._compared = result.number
                file.write(pack_probe(result))


def _newest_number(prober: Comparing | None) -> int:
    results = prober.results if prober is not None else ()
    return results[-1].number if results else 0


@dataclass(frozen=True, slots=True)
class StoredBlock:
    """A block whose pictures lie in a file."""

    head: BlockHead
    place: RecordSpan
    file: int  # of the open files


class StoredFrames:
    """The kept frames of a recording.

    with StoredFrames.open(folder) as stored:
        block = stored.frame_block(stored.blocks[0])
    """

    def __init__(self, path: Path, head: FramesHead, files: list[BinaryIO]) -> None:
        self.path, self.head = path, head
        self.blocks: tuple[StoredBlock, ...] = ()  # in order; those without pictures left out
        self.lost = 0  # blocks in between whose pictures are missing
        self.damage: str | None = None  # why nothing is known of what follows the last block
        self._files = files
        self._probes: list[tuple[ProbeHead, RecordSpan]] = []

    @classmethod
    def open(cls, folder: Path, created: str | None = None) -> "StoredFrames | None":
        """Return the frames of a recording, of the session `created` then; None if none were kept.

        Raises:
            RecordingError: they cannot be read, or are those of another session.
        """
        path = folder / FRAMES_FILE
        with ExitStack() as opened:
            files: list[BinaryIO] = []
            try:
                for one in (path, folder / WAITING_FILE):
                    if one.exists():
                        files.append(opened.enter_context(open_plain(one)))
                if not path.exists():
                    return None
                stored = cls._read(path, files)
            except OSError as error:
                why = error.strerror or error
                raise RecordingError(f"{path} cannot be read ({why}); check the path") from None
            if stored is None:
                return None
            if created not in (None, stored.head.created):
                raise RecordingError(f"{path} belongs to another session; {_REMEDY}")
            opened.pop_all()
            return stored

    @classmethod
    def _read(cls, path: Path, files: list[BinaryIO]) -> "StoredFrames | None":
        stored: StoredFrames | None = None
        found: dict[int, StoredBlock] = {}
        for number, file in enumerate(files):
            try:
                for tag, value, place in scan(file, _size_of(file)):
                    head = head_of(tag, value)
                    if isinstance(head, FramesHead) and stored is None:
                        stored = cls(path, head, files)
                    elif stored is None or isinstance(head, FramesHead):
                        raise DamagedRecord("its first record is not where it belongs")
                    elif isinstance(head, ProbeHead):
                        stored._probes.append((head, place))
                    else:
                        found.setdefault(head.block_index, StoredBlock(head, place, number))
            except DamagedRecord as error:
                if stored is None:
                    raise RecordingError(f"{path} cannot be read: {error}; {_REMEDY}") from None
                stored.damage = str(error)
        if stored is not None and stored.damage and not found:
            raise RecordingError(f"{path} is damaged: {stored.damage}; {_REMEDY}")
        if stored is None or not found:
            return None
        stored.blocks = tuple(found[index] for index in sorted(found) if found[index].head.pictures)
        stored.lost = max(found) - min(found) + 1 - len(stored.blocks)
        return stored if stored.blocks else None

    @property
    def frame_count(self) -> int:
        """Frames in all."""
        return sum(len(stored.head.poses) for stored in self.blocks)

    @property
    def return_times(self) -> tuple[float, ...]:
        """When views came back that were compared while playing [s since the world's reset]."""
        return tuple(head.seconds for head, _ in self._probes)

    def frame_block(self, stored: StoredBlock, *, with_memory: bool = True) -> FrameBlock:
        """Return a block with its pictures, and where asked with what memory held.

        Raises:
            RecordingError: they are damaged.
        """
        head = stored.head
        with self._said(f"block {head.block_index}"):
            data = stored.place.read(self._files[stored.file])
            return FrameBlock(
                frames=pictures_of(head, data, self.head),
                poses=head.poses,
                block_index=head.block_index,
                phrase=head.phrase,
                prompt=head.prompt,
                stage_ms=head.stage_ms,
                memory=usage_of(head, data if with_memory else None),
            )

    def pictures(self, stored: StoredBlock) -> list[bytes] | Frames:
        """Return the pictures of a block as JPEG, or as frames where they are kept raw.

        Raises:
            RecordingError: they are damaged.
        """
        head = stored.head
        with self._said(f"block {head.block_index}"):
            data = stored.place.read(self._files[stored.file])
            is_jpeg = head.coding == "jpeg"
            return parts_of(head, data) if is_jpeg else pictures_of(head, data, self.head)

    def probes(self) -> Iterator[ProbeResult]:
        """Yield the comparisons that were made while playing.

        Raises:
            RecordingError: one is damaged.
        """
        for head, place in self._probes:
            with self._said(f"comparison {head.number}"):
                result = probe_of(head, place.read(self._files[0]))
            yield result

    @contextmanager
    def _said(self, what: str) -> Iterator[None]:
        """Say what cannot be read, and what to do about it."""
        try:
            yield
        except (DamagedRecord, OSError) as error:
            where = f"{what} of {self.path}"
            raise RecordingError(f"{where} cannot be read: {error}; {_REMEDY}") from None

    def close(self) -> None:
        """Let go of the files."""
        for file in self._files:
            file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _size_of(file: BinaryIO) -> int:
    size = file.seek(0, 2)
    file.seek(0)
    return size
