"""Reads the frames kept beside a recording; checks everything, decodes only what is asked for."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

from mag_sandbox.evaluation.probe.probe import ProbeResult
from mag_sandbox.model.world import FrameBlock, Frames
from mag_sandbox.sandbox.recording.frame_records import (
    BlockHead,
    DamagedRecord,
    FramesHead,
    ProbeHead,
    RecordSpan,
    head_of,
    parts_of,
    pictures_of,
    probe_of,
    scan,
    usage_of,
)
from mag_sandbox.sandbox.recording.frame_store import FRAMES_FILE, WAITING_FILE
from mag_sandbox.sandbox.recording.reader import RecordingError

_REMEDY = f"delete {FRAMES_FILE}, and the export will replay the session"


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
                    if one.is_file():
                        files.append(opened.enter_context(one.open("rb")))
                if not files or not path.is_file():
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
    """Return the size of an open file."""
    size = file.seek(0, 2)
    file.seek(0)
    return size
