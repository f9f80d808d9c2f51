"""The exported stretch of a recording, frame by frame, with its figures and comparisons.

Frames come from those kept beside the recording, else the session is played again once and its
frames are kept in a temporary folder.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.evaluation.similarity.recall import ProbeResult
from mag_sandbox.model.world import FrameBlock, Frames, Progress
from mag_sandbox.sandbox.export.options import ExportError
from mag_sandbox.sandbox.play.events import BlockEvent
from mag_sandbox.sandbox.recording.frames_file import (
    FRAMES_FILE,
    USUAL_FPS,
    FramesHead,
    FramesWriter,
    StoredBlock,
    StoredFrames,
)
from mag_sandbox.sandbox.recording.reader import Recording
from mag_sandbox.sandbox.returns.prober import Prober

FramesFrom = Callable[[Recording], Iterator[FrameBlock]]
COMPARED_AT_ONCE = 16  # blocks: the prober skips what comes faster than it can look


@dataclass(frozen=True, slots=True)
class Shot:
    """One frame of an export."""

    number: int  # of the export, from 0
    second: float  # of the recording
    frame: Frames  # uint8 [H, W, 3]
    pose: CameraPose
    block: FrameBlock
    event: BlockEvent | None  # what the recording says of the block; None: it was cut off before


class Footage:
    """A stretch of a recording.

    footage = Footage(recording, StoredFrames.open(folder), start=2.0)
    for shot in footage.shots():
        ...
    """

    def __init__(
        self,
        recording: Recording,
        stored: StoredFrames,
        start: float = 0.0,
        end: float | None = None,
    ) -> None:
        """Choose a stretch, or raise ExportError if nothing is in between.

        The stretch goes from second `start` to `end`; None, or one after the end: to the end.
        """
        self.recording, self.stored = recording, stored
        self.fps, self.size = stored.head.fps, (stored.head.width, stored.head.height)
        self._events = {event.block_index: event for event in recording.blocks}
        total = stored.frame_count
        self.first = round(start * self.fps)
        self.last = total if end is None else min(total, round(end * self.fps))
        if self.first >= self.last:
            length = f"the recording lasts {total / self.fps:.1f} s"
            if stored.damage:
                length = f"what can be read of the frames lasts {total / self.fps:.1f} s"
            until = "its end" if end is None else f"{end:g} s"
            raise ExportError(f"nothing lies between {start:g} s and {until}: {length}")
        if stored.damage and (end is None or round(end * self.fps) > total):
            raise ExportError(
                f"{stored.path} is damaged after {total / self.fps:.1f} s ({stored.damage}); "
                f"export what can be read with --to {int(total / self.fps * 10) / 10}, or delete "
                f"{FRAMES_FILE}, and the session will be replayed"
            )

    @property
    def frame_count(self) -> int:
        """Frames of the export."""
        return self.last - self.first

    @property
    def seconds(self) -> float:
        """The length of the export."""
        return self.frame_count / self.fps

    def shots(self, *, with_memory: bool = True) -> Iterator[Shot]:
        """Yield the frames; without `with_memory` memory is not read, which saves time."""
        for begin, stored in self._stored(self.first):
            block = self.stored.frame_block(stored, with_memory=with_memory)
            event = self._events.get(block.block_index)
            for place, pose in enumerate(block.poses):
                frame = begin + place
                if self.first <= frame < self.last:
                    number, second = frame - self.first, frame / self.fps
                    yield Shot(number, second, block.frames[place], pose, block, event)

    def pictures(self) -> Iterator[bytes | Frames]:
        """Yield the frames, as JPEG where kept so, or raise RecordingError at damage."""
        for begin, stored in self._stored(self.first):
            first, last = max(0, self.first - begin), self.last - begin
            yield from self.stored.pictures(stored)[first:last]

    def samples(self, count: int) -> Iterator[Shot]:
        """Yield `count` frames, spread over the stretch."""
        blocks = list(self._stored(self.first))
        for begin, stored in blocks[:: max(1, len(blocks) // count)]:
            block = self.stored.frame_block(stored)
            event = self._events.get(block.block_index)
            yield Shot(0, begin / self.fps, block.frames[-1], block.poses[-1], block, event)

    def poses(self) -> list[CameraPose]:
        """Return where the camera looks in each frame, without decoding any."""
        poses = [pose for stored in self.stored.blocks for pose in stored.head.poses]
        return poses[self.first : self.last]

    def figures(self) -> Iterator[tuple[float, StoredBlock, BlockEvent | None]]:
        """Yield second, block and event, without decoding any picture."""
        for begin, stored in self._stored(self.first):
            yield begin / self.fps, stored, self._events.get(stored.head.block_index)

    def probes(self, on_progress: Progress = lambda stage, share: None) -> list[ProbeResult]:
        """Return this stretch's comparisons, made now if need be, or raise RecordingError."""
        found = list(self.stored.probes())
        if not found and not self.stored.head.probed:
            found = self._compared_now(on_progress)
        begin, end = self.first / self.fps, self.last / self.fps
        return [one for one in found if begin <= one.seconds <= end]

    def _stored(self, first: int) -> Iterator[tuple[int, StoredBlock]]:
        """Yield blocks that reach into the stretch, with the number of their first frame."""
        begin = 0
        for stored in self.stored.blocks:
            length = len(stored.head.poses)
            if begin >= self.last:
                return
            if begin + length > first:
                yield begin, stored
            begin += length

    def _compared_now(self, on_progress: Progress) -> list[ProbeResult]:
        with closing(Prober(spec=self.stored.head)) as prober:
            for count, (begin, stored) in enumerate(self._stored(0)):
                block = self.stored.frame_block(stored)
                if count == 0:
                    prober.on_start(self.recording.start, block)
                else:
                    prober.on_block(self.recording.start.first_block, block)
                if count % COMPARED_AT_ONCE == 0:
                    prober.settle()
                    on_progress("comparing views", begin / self.last)
            prober.finish()
            prober.settle()
            return list(prober.results)


def played_again(
    recording: Recording,
    frames_from: FramesFrom,
    folder: Path,
    end: float | None,
    on_progress: Progress = lambda stage, share: None,
) -> StoredFrames:
    """Play a session again, keep its frames in a folder, return them, or raise ExportError.

    After second `end` there is no need to go on.
    """
    path, events, total = folder / FRAMES_FILE, recording.blocks, 0
    writer: FramesWriter | None = None
    try:
        with path.open("xb") as file:
            for number, block in enumerate(frames_from(recording)):
                if writer is None:
                    height, width = block.frames.shape[1:3]
                    created = recording.start.created
                    head = FramesHead(width, height, USUAL_FPS, created, True, probed=False)
                    writer = FramesWriter(file, head)
                writer.write_block(block, events[min(number, len(events) - 1)].latency_ms)
                total += len(block.frames)
                on_progress("replaying the session", min(1.0, (number + 1) / len(events)))
                if end is not None and total >= end * USUAL_FPS:
                    break
    except OSError as error:
        raise ExportError(
            f"the replayed frames cannot be stored in {folder} ({error.strerror or error}); "
            "make room or name another place with --out"
        ) from None
    stored = StoredFrames.open(folder)
    if stored is None:
        raise ExportError(f"{recording.folder} gives no frames; record the session again")
    return stored
