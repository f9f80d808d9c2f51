"""The file of kept frames beside a recording: its format, its writer and its reader.

A record is a JSON text and bytes, both with checksums. Writing only appends, so a killed program
leaves whole records and perhaps the beginning of one, which the reader ignores. Frames are a
convenience: where they are missing, a replay makes them again. Only requested frames are decoded.
"""

import json
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, fields
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, BinaryIO, Literal, Self

import numpy as np

from mag_sandbox.controls.camera import CameraPose, check_pose
from mag_sandbox.evaluation.similarity.recall import ProbeFigures, ProbeResult, difference_picture
from mag_sandbox.files.border import Refusal, open_plain, reason_of, refusing
from mag_sandbox.files.pictures import check_exactly, check_side, decode_picture, encode_jpeg
from mag_sandbox.files.validation import decode, parse_json
from mag_sandbox.model.world import (
    FrameBlock,
    Frames,
    MemoryEntry,
    MemoryFigures,
    MemoryUsage,
    SegmentKind,
)
from mag_sandbox.sandbox.recording.reader import RecordingError

FRAMES_FILE = "frames.bin"
VERSION = 1
USUAL_FPS = 16.0  # where the world's rate is unknown
FRAME_QUALITY = 92  # of JPEG: 40 dB and 18 kB for a frame of 320 x 192
PROBE_QUALITY = 95
MAX_JSON, MAX_DATA = 2**22, 2**28  # bytes of a record, and of its frames: more is damage
MAX_FRAME = 2**25  # bytes of a frame: 3840 x 2160 px and more
MAX_ENTRIES = 2**20  # frames in memory
Coding = Literal["jpeg", "raw"]  # raw takes no time, jpeg a twentieth of the room

_HEADER = struct.Struct("<4sIIII")  # tag, bytes of text, bytes of data, their checksums
_KINDS: tuple[SegmentKind, ...] = (  # files store their index: new ones go to the end
    "sink", "compressed", "raw", "look-ahead", "current", "packed-4x", "packed-2x", "psi",
)  # fmt: skip
_ENTRY = np.dtype(
    [
        ("frame", "<i8"),
        ("kind", "u1"),
        ("attended", "u1"),
        *((axis, "<f8") for axis in ("yaw", "pitch", "fov")),
    ]
)
_REMEDY = f"delete {FRAMES_FILE}, and the export will replay the session"


class DamagedRecord(Refusal, ValueError):
    """A record that is not as it was written; the message says how."""


@dataclass(frozen=True, slots=True)
class FramesHead:
    """The first record of a file."""

    width: int  # px of a frame
    height: int
    fps: float
    created: str  # of the session, as its recording says
    exact_pose: bool
    probed: bool  # comparisons were kept as they came
    version: int = VERSION

    def __post_init__(self) -> None:
        if self.version != VERSION:
            raise ValueError(f"its version is {self.version}, this game reads {VERSION}")
        fits = min(self.width, self.height) >= 1 and self.frame_bytes <= MAX_FRAME
        if not fits or not 0.1 <= self.fps <= 1000:
            raise ValueError(f"frames are {self.width} x {self.height} at {self.fps} a second")

    @property
    def frame_bytes(self) -> int:
        """Size of a frame in memory."""
        return self.width * self.height * 3


@dataclass(frozen=True, slots=True)
class BlockHead:
    """A block without its pictures and the entries of its memory."""

    block_index: int
    poses: tuple[CameraPose, ...]
    phrase: str
    prompt: str
    stage_ms: dict[str, float]
    latency_ms: float
    memory: MemoryFigures
    coding: Coding
    entries: int  # bytes of the memory's entries, which come first in the data
    pictures: tuple[int, ...]  # bytes of each picture, which follow; none: they were lost

    def __post_init__(self) -> None:
        if not self.poses or (self.pictures and len(self.pictures) != len(self.poses)):
            raise ValueError(f"{len(self.poses)} poses, {len(self.pictures)} pictures")
        if min(self.entries, *self.pictures, 0) < 0:
            raise ValueError("a length is below 0")
        if min(self.latency_ms, *self.stage_ms.values(), 0.0) < 0:
            raise ValueError("a time is below 0")
        for pose in self.poses:
            check_pose(pose)


@dataclass(frozen=True, slots=True)
class ProbeHead(ProbeFigures):
    """A comparison without its pictures."""

    pictures: tuple[int, int]  # bytes of then, of now

    def __post_init__(self) -> None:
        check_pose(self.pose)
        if min(self.seconds, self.seconds_away) < 0:
            raise ValueError("a time is below 0")


Head = FramesHead | BlockHead | ProbeHead
_HEADS: dict[bytes, type[Head]] = {b"HEAD": FramesHead, b"BLCK": BlockHead, b"PROB": ProbeHead}


class FramesWriter:
    """Appends records to a new file.

    with path.open("xb") as file:
        writer = FramesWriter(file, head)
        writer.write_block(block, latency_ms=180.0)
    """

    def __init__(self, file: BinaryIO, head: FramesHead) -> None:
        """Write the first record; the file is the caller's to close."""
        self._file = file
        self._write(b"HEAD", head)

    def write_block(self, block: FrameBlock, latency_ms: float, coding: Coding = "jpeg") -> None:
        """Append a block."""
        pictures = [
            encode_jpeg(frame, FRAME_QUALITY) if coding == "jpeg" else frame.tobytes()
            for frame in block.frames
        ]
        entries = _encode_entries(block.memory.entries)
        head = BlockHead(
            block_index=block.block_index,
            poses=block.poses,
            phrase=block.phrase,
            prompt=block.prompt,
            stage_ms=block.stage_ms,
            latency_ms=latency_ms,
            memory=MemoryFigures(**_values(MemoryFigures, block.memory)),
            coding=coding,
            entries=len(entries),
            pictures=tuple(map(len, pictures)),
        )
        self._write(b"BLCK", head, b"".join((entries, *pictures)))

    def write_probe(self, result: ProbeResult) -> None:
        """Append a comparison; its picture of differences can be made again."""
        then, now = (encode_jpeg(one, PROBE_QUALITY) for one in (result.then, result.now))
        head = ProbeHead(**_values(ProbeFigures, result), pictures=(len(then), len(now)))
        self._write(b"PROB", head, then + now)

    def _write(self, tag: bytes, head: Head, data: bytes = b"") -> None:
        text = json.dumps(asdict(head), separators=(",", ":"), default=float).encode()
        lengths = struct.pack("<4sII", tag, len(text), len(data))
        sums = zlib.crc32(text, zlib.crc32(lengths)), zlib.crc32(data)
        self._file.write(_HEADER.pack(tag, len(text), len(data), *sums) + text + data)
        self._file.flush()  # a killed game leaves readable frames


@dataclass(frozen=True, slots=True)
class _Span:
    file: BinaryIO
    offset: int
    length: int
    checksum: int

    def read(self) -> bytes:
        self.file.seek(self.offset)
        data = self.file.read(self.length)
        if zlib.crc32(data) != self.checksum:
            raise DamagedRecord("its pictures were changed after they were written")
        return data


@dataclass(frozen=True, slots=True)
class StoredBlock:
    """A block whose pictures lie in a file."""

    head: BlockHead
    span: _Span


class StoredFrames:
    """The kept frames of a recording.

    with StoredFrames.open(folder) as stored:
        block = stored.frame_block(stored.blocks[0])
    """

    def __init__(self, path: Path, head: FramesHead, opened: ExitStack) -> None:
        self.path, self.head = path, head
        self.blocks: tuple[StoredBlock, ...] = ()  # in order; those without pictures left out
        self.lost = 0  # blocks in between whose pictures are missing
        self.damage: str | None = None  # why the file is unreadable after the last block
        self._probes: list[tuple[ProbeHead, _Span]] = []
        self._opened = opened

    @classmethod
    def open(cls, folder: Path, created: str | None = None) -> "StoredFrames | None":
        """Return the frames kept of a session `created` then, or None; raise RecordingError."""
        path = folder / FRAMES_FILE
        with ExitStack() as opened:
            try:
                if not path.exists():
                    return None
                stored = cls._read(path, opened.enter_context(open_plain(path)), opened)
            except OSError as error:
                why = reason_of(error)
                raise RecordingError(f"{path} cannot be read ({why}); check the path") from None
            if stored is None:
                return None
            if created not in (None, stored.head.created):
                raise RecordingError(f"{path} belongs to another session; {_REMEDY}")
            stored._opened = opened.pop_all()
            return stored

    @classmethod
    def _read(cls, path: Path, file: BinaryIO, opened: ExitStack) -> "StoredFrames | None":
        stored: StoredFrames | None = None
        found: dict[int, StoredBlock] = {}
        try:
            for head, span in _records(file):
                if isinstance(head, FramesHead) and stored is None:
                    stored = cls(path, head, opened)
                elif stored is None or isinstance(head, FramesHead):
                    raise DamagedRecord("its first record is not where it belongs")
                elif isinstance(head, ProbeHead):
                    stored._probes.append((head, span))
                elif len(head.pictures) * stored.head.frame_bytes > MAX_DATA:
                    index, count = head.block_index, len(head.pictures)
                    raise DamagedRecord(f"block {index} has {count} frames, too many to show")
                else:
                    found.setdefault(head.block_index, StoredBlock(head, span))
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
        """Return a block with its pictures, and if asked with the entries of its memory."""
        head = stored.head
        with self._naming(f"block {head.block_index}"):
            data = stored.span.read()
            entries = _decode_entries(data[: head.entries]) if with_memory else ()
            return FrameBlock(
                frames=self._decode(head, data),
                poses=head.poses,
                block_index=head.block_index,
                phrase=head.phrase,
                prompt=head.prompt,
                stage_ms=head.stage_ms,
                memory=MemoryUsage(**_values(MemoryFigures, head.memory), entries=entries),
            )

    def pictures(self, stored: StoredBlock) -> list[bytes] | Frames:
        """Return a block's pictures, JPEG or raw frames, or raise RecordingError."""
        with self._naming(f"block {stored.head.block_index}"):
            data = stored.span.read()
            if stored.head.coding == "jpeg":
                return _parts(stored.head, data)
            return self._decode(stored.head, data)

    def probes(self) -> Iterator[ProbeResult]:
        """Yield the comparisons made while playing, or raise RecordingError at damage."""
        for head, span in self._probes:
            with self._naming(f"comparison {head.number}"):
                data, edge = span.read(), head.pictures[0]
                check = check_side(max(self.head.width, self.head.height))
                then, now = decode_jpeg(data[:edge], check), decode_jpeg(data[edge:], check)
                if then.shape != now.shape:
                    raise DamagedRecord("the pictures of a comparison differ in size")
                difference, figures = difference_picture(then, now), _values(ProbeFigures, head)
                result = ProbeResult(**figures, then=then, now=now, difference=difference)
            yield result

    def _decode(self, head: BlockHead, data: bytes) -> Frames:
        width, height = self.head.width, self.head.height
        parts = _parts(head, data)
        if head.coding == "jpeg":
            check = check_exactly((width, height))
            return np.stack([decode_jpeg(part, check) for part in parts])
        if any(len(part) != width * height * 3 for part in parts):
            raise DamagedRecord("a picture has another size")
        return np.stack([np.frombuffer(part, np.uint8) for part in parts]).reshape(
            -1, height, width, 3
        )

    @contextmanager
    def _naming(self, what: str) -> Iterator[None]:
        try:
            yield
        except (DamagedRecord, OSError) as error:
            where = f"{what} of {self.path}"
            raise RecordingError(f"{where} cannot be read: {error}; {_REMEDY}") from None

    def close(self) -> None:
        """Close the files."""
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def frames_per_second(folder: Path) -> float | None:
    """Return the rate of the frames beside a recording; None: none can be read."""
    try:
        with open_plain(folder / FRAMES_FILE) as file:
            head, _ = next(_records(file))
    except (OSError, DamagedRecord, StopIteration):
        return None
    return head.fps if isinstance(head, FramesHead) else None


def decode_jpeg(data: bytes, check_size: Callable[[int, int], None] | None = None) -> Frames:
    """Return a stored picture, uint8 [H, W, 3], or raise DamagedRecord; see `decode_picture`."""
    with refusing(lambda why: DamagedRecord(f"a picture cannot be read ({why})")):
        return decode_picture(data, check_size, formats=("JPEG",))


def _records(file: BinaryIO) -> Iterator[tuple[Head, _Span]]:
    size, offset = file.seek(0, 2), 0
    while offset + _HEADER.size <= size:
        file.seek(offset)
        header = file.read(_HEADER.size)
        tag, text_length, data_length, text_sum, data_sum = _HEADER.unpack(header)
        if tag not in _HEADS or text_length > MAX_JSON or data_length > MAX_DATA:
            raise DamagedRecord(f"byte {offset} begins no record")
        data_at = offset + _HEADER.size + text_length
        if data_at > size:
            return
        text = file.read(text_length)
        if zlib.crc32(text, zlib.crc32(header[:12])) != text_sum:
            raise DamagedRecord(f"the record at byte {offset} was changed after it was written")
        if data_at + data_length > size:
            return
        with refusing(lambda why: DamagedRecord(f"the record at byte {offset}: {why}")):  # noqa: B023 -- raised at once
            head: Head = decode(_HEADS[tag], parse_json(text), "record")
        yield head, _Span(file, data_at, data_length, data_sum)
        offset = data_at + data_length


def _parts(head: BlockHead, data: bytes) -> list[bytes]:
    ends = list(accumulate(head.pictures, initial=head.entries))
    return [data[begin:end] for begin, end in pairwise(ends)]


def _values(kind: type, record: object) -> dict[str, Any]:
    return {field.name: getattr(record, field.name) for field in fields(kind)}


def _encode_entries(entries: tuple[MemoryEntry, ...]) -> bytes:
    rows = [
        (one.frame_index, _KINDS.index(one.kind), one.attended,
         one.pose.yaw, one.pose.pitch, one.pose.fov)
        for one in entries
    ]  # fmt: skip
    return zlib.compress(np.array(rows, _ENTRY).tobytes(), 1)


def _decode_entries(data: bytes) -> tuple[MemoryEntry, ...]:
    most = MAX_ENTRIES * _ENTRY.itemsize
    with refusing(lambda why: DamagedRecord(f"its memory cannot be read ({why})")):
        rows = np.frombuffer(zlib.decompressobj().decompress(data, most), _ENTRY)
        return tuple(
            MemoryEntry(frame, _KINDS[kind], check_pose(CameraPose(*pose)), bool(attended))
            for frame, kind, attended, *pose in rows.tolist()
        )
