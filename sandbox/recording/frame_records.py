"""The file of kept frames: records that follow one another, each readable without the others.

A record is a small JSON text and bytes, both with checksums. Writing only ever appends, so a killed
program leaves whole records and perhaps the beginning of one, which is left out when reading.
Knows nothing of sessions and threads; `frame_store.py` writes such files while playing.
"""

import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from itertools import accumulate, pairwise
from tempfile import TemporaryFile
from typing import BinaryIO, Literal

import numpy as np
from PIL import Image

from mag_sandbox.controls.camera import CameraPose, check_pose
from mag_sandbox.evaluation.probe.probe import ProbeFigures, ProbeResult, difference_picture
from mag_sandbox.files.border import Refusal, refusing
from mag_sandbox.files.pictures import check_exactly, check_side, decode_picture
from mag_sandbox.files.validation import decode, parse_json
from mag_sandbox.model.world import (
    FrameBlock,
    Frames,
    MemoryEntry,
    MemoryFigures,
    MemoryUsage,
    SegmentKind,
)

VERSION = 1
FRAME_QUALITY = 92  # of JPEG: 40 dB and 18 kB for a frame of 320 x 192
PROBE_QUALITY = 95
MAX_JSON, MAX_DATA = 2**22, 2**28  # bytes of a record: more is damage
MAX_SIDE = 8192  # px of a frame
MAX_ENTRIES = 2**20  # frames in memory
Coding = Literal["jpeg", "raw"]
Tag = Literal[b"HEAD", b"BLCK", b"PROB"]

_HEADER = struct.Struct("<4sIIII")  # tag, bytes of text, bytes of data, their checksums
_TAGS = (b"HEAD", b"BLCK", b"PROB")
_KINDS: tuple[SegmentKind, ...] = (  # files hold their places: new ones go to the end
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


class DamagedRecord(Refusal, ValueError):
    """A record that is not what was written; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class FramesHead:
    """What the whole file says first."""

    width: int  # px of a frame
    height: int
    fps: float
    created: str  # of the session, as its recording says it
    exact_pose: bool
    probed: bool  # whether comparisons were kept as they came
    version: int = VERSION

    def __post_init__(self) -> None:
        fits = 1 <= min(self.width, self.height) <= max(self.width, self.height) <= MAX_SIDE
        if not fits or not 0.1 <= self.fps <= 1000:
            raise ValueError(f"frames are {self.width} x {self.height} at {self.fps} a second")


@dataclass(frozen=True, slots=True)
class BlockHead:
    """All of a block but its pictures and what its memory held."""

    block_index: int
    poses: tuple[CameraPose, ...]
    phrase: str
    prompt: str
    stage_ms: dict[str, float]
    latency_ms: float
    memory: MemoryFigures
    coding: Coding
    entries: int  # bytes of what memory held, the first of the data
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
    """All of a comparison but its pictures."""

    pictures: tuple[int, ...]  # bytes of then, of now

    def __post_init__(self) -> None:
        check_pose(self.pose)
        if min(self.seconds, self.seconds_away) < 0:
            raise ValueError("a time is below 0")


@dataclass(frozen=True, slots=True)
class RecordSpan:
    """Where the data of a record lie in their file."""

    offset: int
    length: int
    checksum: int

    def read(self, file: BinaryIO) -> bytes:
        """Return the data.

        Raises:
            DamagedRecord: they are not what was written.
        """
        file.seek(self.offset)
        data = file.read(self.length)
        if zlib.crc32(data) != self.checksum:
            raise DamagedRecord("its pictures are not what was written")
        return data


def pack(tag: Tag, head: FramesHead | BlockHead | ProbeHead, data: bytes = b"") -> bytes:
    """Return a record as it is written."""
    text = json.dumps(asdict(head), separators=(",", ":"), default=float).encode()
    lengths = struct.pack("<4sII", tag, len(text), len(data))
    return _HEADER.pack(tag, len(text), len(data), zlib.crc32(text, zlib.crc32(lengths)),
                        zlib.crc32(data)) + text + data  # fmt: skip


def scan(file: BinaryIO, size: int) -> Iterator[tuple[bytes, object, RecordSpan]]:
    """Yield tag, JSON and place of every whole record; stops quietly where the file is cut off.

    Of the file, at its beginning, `size` bytes are read: not what is appended meanwhile.

    Raises:
        DamagedRecord: a record that is all there is not what was written.
    """
    offset = 0
    while offset + _HEADER.size <= size:
        file.seek(offset)
        header = file.read(_HEADER.size)
        tag, text_length, data_length, text_sum, data_sum = _HEADER.unpack(header)
        if tag not in _TAGS or text_length > MAX_JSON or data_length > MAX_DATA:
            raise DamagedRecord(f"byte {offset} begins no record")
        data_at = offset + _HEADER.size + text_length
        if data_at > size:
            return
        text = file.read(text_length)
        if zlib.crc32(text, zlib.crc32(header[:12])) != text_sum:
            raise DamagedRecord(f"the record at byte {offset} is not what was written")
        if data_at + data_length > size:
            return
        try:
            value = parse_json(text)
        except ValueError as error:
            raise DamagedRecord(f"the record at byte {offset}: {error}") from None
        yield tag, value, RecordSpan(data_at, data_length, data_sum)
        offset = data_at + data_length


def pack_block(
    block: FrameBlock, latency_ms: float, coding: Coding, *, with_pictures: bool = True
) -> bytes:
    """Return the record of a block; pictures are left out where there is no room for them.

    Coding raw takes no time, jpeg a twentieth of the room.
    """
    encode = _jpeg if coding == "jpeg" else Frames.tobytes
    pictures = [encode(frame) for frame in block.frames] if with_pictures else []
    entries, usage = _packed_entries(block.memory.entries), block.memory
    head = BlockHead(
        block_index=block.block_index,
        poses=block.poses,
        phrase=block.phrase,
        prompt=block.prompt,
        stage_ms=block.stage_ms,
        latency_ms=latency_ms,
        memory=MemoryFigures(**_values(MemoryFigures, usage)),
        coding=coding,
        entries=len(entries),
        pictures=tuple(map(len, pictures)),
    )
    return pack(b"BLCK", head, b"".join((entries, *pictures)))


def usage_of(head: BlockHead, data: bytes | None) -> MemoryUsage:
    """Return what the memory held after a block; without its entries where there are no data.

    Raises:
        DamagedRecord: it cannot be read.
    """
    entries = () if data is None else _unpacked_entries(data[: head.entries])
    return MemoryUsage(**_values(MemoryFigures, head.memory), entries=entries)


def pictures_of(head: BlockHead, data: bytes, frames_head: FramesHead) -> Frames:
    """Return the pictures of a block, uint8 [T, H, W, 3].

    Raises:
        DamagedRecord: they cannot be read.
    """
    size = frames_head.width, frames_head.height
    read = _from_jpeg if head.coding == "jpeg" else _from_raw
    return np.stack([read(part, size) for part in parts_of(head, data)])


def parts_of(head: BlockHead, data: bytes) -> list[bytes]:
    """Return the pictures of a block as they lie in its record, coded as its head says."""
    ends = list(accumulate(head.pictures, initial=head.entries))
    return [data[begin:end] for begin, end in pairwise(ends)]


def as_kept(frame: Frames, coding: Coding) -> Frames:
    """Return a frame as it comes back from a file, uint8 [H, W, 3]."""
    return _from_jpeg(_jpeg(frame)) if coding == "jpeg" else frame


def pack_probe(result: ProbeResult) -> bytes:
    """Return the record of a comparison; the difference can be made again."""
    pictures = [_jpeg(one, PROBE_QUALITY) for one in (result.then, result.now)]
    values = _values(ProbeFigures, result)
    head = ProbeHead(**values, pictures=tuple(map(len, pictures)))
    return pack(b"PROB", head, b"".join(pictures))


def probe_of(head: ProbeHead, data: bytes) -> ProbeResult:
    """Return a comparison as it was made.

    Raises:
        DamagedRecord: its pictures cannot be read.
    """
    if len(head.pictures) != 2:
        raise DamagedRecord(f"a comparison has {len(head.pictures)} pictures")
    edge = head.pictures[0]
    then, now = _from_jpeg(data[:edge]), _from_jpeg(data[edge:])
    if then.shape != now.shape:
        raise DamagedRecord("the pictures of a comparison differ in size")
    values = _values(ProbeFigures, head)
    return ProbeResult(**values, then=then, now=now, difference=difference_picture(then, now))


def _values(kind: type, record: object) -> dict:
    """Return the fields of a record that a dataclass has."""
    return {field.name: getattr(record, field.name) for field in fields(kind)}


def head_of(tag: bytes, value: object) -> FramesHead | BlockHead | ProbeHead:
    """Return the JSON of a record as what its tag says.

    Raises:
        DamagedRecord: it does not fit.
    """
    version = value.get("version") if tag == b"HEAD" and isinstance(value, dict) else VERSION
    if version != VERSION:
        raise DamagedRecord(f"its version is {version!r:.20}, this game reads {VERSION}")
    kinds = {b"HEAD": FramesHead, b"BLCK": BlockHead, b"PROB": ProbeHead}
    if tag == b"PROB" and isinstance(value, dict):
        value = {name: one for name, one in value.items() if name not in _NO_MORE}
    with refusing(DamagedRecord):
        return decode(kinds[tag], value, "record")


_NO_MORE = ("floor", "ceiling", "measured_limits")  # of comparisons in recordings of before


def _jpeg(frame: Frames, quality: int = FRAME_QUALITY) -> bytes:
    with TemporaryFile(buffering=0) as file:  # into memory, Pillow would let no other thread run
        Image.fromarray(frame).save(file, "JPEG", quality=quality, subsampling=0)
        file.seek(0)
        return file.read()


def _from_jpeg(data: bytes, size: tuple[int, int] | None = None) -> Frames:
    check = check_exactly(size) if size else check_side(MAX_SIDE)
    with refusing(lambda why: DamagedRecord(f"a picture cannot be read ({why})")):
        return decode_picture(data, check, formats=("JPEG",))


def _from_raw(data: bytes, size: tuple[int, int]) -> Frames:
    width, height = size
    if len(data) != width * height * 3:
        raise DamagedRecord(f"a picture has {len(data)} bytes")
    return np.frombuffer(data, np.uint8).reshape(height, width, 3)


def _packed_entries(entries: tuple[MemoryEntry, ...]) -> bytes:
    rows = [
        (one.frame_index, _KINDS.index(one.kind), one.attended,
         one.pose.yaw, one.pose.pitch, one.pose.fov)
        for one in entries
    ]  # fmt: skip
    return zlib.compress(np.array(rows, _ENTRY).tobytes(), 1)


def _unpacked_entries(data: bytes) -> tuple[MemoryEntry, ...]:
    most = MAX_ENTRIES * _ENTRY.itemsize
    with refusing(lambda why: DamagedRecord(f"what its memory held cannot be read ({why})")):
        rows = np.frombuffer(zlib.decompressobj().decompress(data, most), _ENTRY)
        return tuple(
            MemoryEntry(
                frame, _KINDS[kind], check_pose(CameraPose(yaw, pitch, fov)), bool(attended)
            )
            for frame, kind, attended, yaw, pitch, fov in rows.tolist()
        )
