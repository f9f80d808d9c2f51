"""What goes over the line: messages, their schema and version, and how they become bytes and back.

Messages are msgpack. What arrives is measured, then checked against the types below and the checks
of the dataclasses in them; nothing in it is ever executed. A message is cut into parts, so that
neither side takes more at once than a part. Knows nothing of connections.
"""

import json
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from math import prod
from typing import Any, Literal, TypeVar

import msgspec
import numpy as np
from PIL import Image

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.files.border import Refusal, refusing
from mag_sandbox.files.pictures import check_exactly, decode_picture
from mag_sandbox.model.world import (
    MIB,
    Control,
    FrameBlock,
    Frames,
    MemoryOrigin,
    MemorySetting,
    WorldSpec,
)
from mag_sandbox.scenes import Scene

VERSION = 4  # of the messages; another for every change of what they are made of
PROTOCOL = f"mag-sandbox.{VERSION}"  # name of a WebSocket's subprotocol
PART = MIB  # bytes of a message that travel at once
MOST_OPENING = 64 * 1024  # bytes of what is said before there is a world
MOST_CONTROLS = 256  # of one message
MOST_FETCHED = 32  # pieces of one message
MOST_PICTURE = 2**26  # bytes of a scene's picture, as its file is
MOST_PAST = 512  # blocks that are handed over
MOST_PICTURES = 2**28  # bytes of pictures that are unpacked
FINE = 90  # quality from which on JPEG keeps colours at full size
_LAST, _MORE = b"\0", b"\1"  # what a part begins with

Coding = Literal["raw", "packed", "jpeg"]
Message = TypeVar("Message")


class WireError(Refusal, ValueError):
    """A message that is not what was agreed on; the text says what is wrong with it."""


class _Struct(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class CodedArray(_Struct, frozen=True):
    """An array of bytes: raw or packed in one piece, as JPEG in one a picture."""

    shape: tuple[int, ...]
    pieces: list[bytes]
    coding: Coding = "raw"
    dtype: Literal["uint8"] = "uint8"


class ArrayOutline(_Struct, frozen=True):
    """An array of bytes, by the names of its pieces; a name is the piece's XXH3 hash."""

    shape: tuple[int, ...]
    pieces: list[bytes]


class Outline(_Struct, frozen=True):
    """A `WorldState` without its bytes; its data is JSON text, read as that of a parked scene."""

    arrays: dict[str, ArrayOutline]
    data: bytes


# Before there is a session.


class Hello(_Struct, frozen=True, tag=True):
    """First words of a server."""

    world: str  # that it plays
    places: int  # of players
    players: int = 0  # that are there
    replicas: int = 1  # of the server, at most; another name may reach another one


class Open(_Struct, frozen=True, tag=True):
    """First words of a client: what it wants to play, or which session it goes on with."""

    session: str  # "" where there was none
    world: str
    memory: MemorySetting
    look_ahead: bool = True
    execution: bytes | None = None  # JSON: how a recording ran; None: the server's choice
    quality: int | None = None  # of JPEG frames, 1 to 100; None: lossless


class Attach(_Struct, frozen=True, tag=True):
    """First words on a line beside the one that is played on: only to fetch what was taken."""

    session: str


class Waiting(_Struct, frozen=True, tag=True):
    """All places are taken."""

    position: int  # in the line, 1: the next
    places: int


class Welcome(_Struct, frozen=True, tag=True):
    """A session, new or gone on with."""

    session: str  # secret: who knows it goes on with it; another than asked for: that one is over
    spec: WorldSpec
    provenance: bytes  # JSON


class Refused(_Struct, frozen=True, tag=True):
    """One sentence that says why not."""

    sentence: str


# What a client asks for, and what comes of it.


class Reset(_Struct, frozen=True, tag=True):
    """`World.reset`; the scene's picture comes along as its file's bytes."""

    scene: Scene
    seed: int
    picture: bytes | None = None


class NextBlock(_Struct, frozen=True, tag=True):
    """`World.step`."""

    control: Control


class Repeat(_Struct, frozen=True, tag=True):
    """Blocks that were shown before and are made again, unseen, to stand where play was cut."""

    controls: list[Control]


class Snapshot(_Struct, frozen=True, tag=True):
    """`World.snapshot`; its pieces are fetched later, on another line."""


class Fetch(_Struct, frozen=True, tag=True):
    """Pieces of one of the newest snapshots."""

    names: list[bytes]


class Offer(_Struct, frozen=True, tag=True):
    """Pieces of a state that is to be restored: which of them are missing there?"""

    names: list[bytes]


class Give(_Struct, frozen=True, tag=True):
    """Pieces for `Restore`."""

    pieces: list[bytes]


class Restore(_Struct, frozen=True, tag=True):
    """`World.restore`; all pieces are there."""

    outline: Outline


class Adopted(_Struct, frozen=True):
    """A `PastBlock`."""

    frames: np.ndarray
    poses: tuple[CameraPose, ...]
    block_index: int


class Adopt(_Struct, frozen=True, tag=True):
    """`AdoptingWorld.adopt`."""

    scene: Scene
    seed: int
    prompt: str
    blocks: list[Adopted]
    origin: MemoryOrigin


class RoundTrip(_Struct, frozen=True, tag=True):
    """`World.round_trip`."""

    frames: np.ndarray


class Painted(_Struct, frozen=True, tag=True):
    """`PaintingWorld.painted`."""

    pose: CameraPose


class ExpectPrompt(_Struct, frozen=True, tag=True):
    """`World.expect_prompt`."""


class Provenance(_Struct, frozen=True, tag=True):
    """`World.provenance`."""


class Leave(_Struct, frozen=True, tag=True):
    """The session is over; nothing comes of it."""


Begin = Reset | Restore | Adopt
Request = (
    Begin
    | NextBlock
    | Repeat
    | Snapshot
    | Fetch
    | Offer
    | Give
    | RoundTrip
    | Painted
    | ExpectPrompt
    | Provenance
    | Leave
)  # fmt: skip


class Ask(_Struct, frozen=True, tag=True):
    """A request; asked again with its number, it is answered again and not done twice."""

    number: int
    request: Request


class Made(_Struct, frozen=True, tag=True):
    """A block."""

    block: FrameBlock


class Taken(_Struct, frozen=True, tag=True):
    """A snapshot."""

    outline: Outline


class Fetched(_Struct, frozen=True, tag=True):
    """Pieces, as asked for."""

    pieces: list[bytes]


class Missing(_Struct, frozen=True, tag=True):
    """Pieces that are to be given."""

    names: list[bytes]


class Shown(_Struct, frozen=True, tag=True):
    """Frames; None: there are none."""

    frames: np.ndarray | None


class Told(_Struct, frozen=True, tag=True):
    """Provenance, JSON."""

    provenance: bytes


class Done(_Struct, frozen=True, tag=True):
    """It was done."""


Result = Made | Taken | Fetched | Missing | Shown | Told | Done | Refused


class Reply(_Struct, frozen=True, tag=True):
    """What came of a request."""

    number: int
    server_ms: float  # from the request's arrival to the answer's departure
    result: Result


FromServer = Hello | Waiting | Welcome | Refused | Reply
FromClient = Open | Attach | Ask


def encoded(message: Any, coding: Coding = "raw", quality: int = 0) -> bytes:
    """Return a message as bytes, its arrays coded.

    Args:
        message: one of `FromServer` or `FromClient`.
        coding: of frames, uint8 [T, H, W, 3].
        quality: of JPEG, 1 to 100.
    """
    return msgspec.msgpack.encode(message, enc_hook=lambda array: coded(array, coding, quality))


def server_message(data: bytes) -> Any:
    """Return what a server says, one of `FromServer`.

    Raises:
        WireError: it is not what was agreed on.
    """
    return _decoded(_FROM_SERVER, data)


def client_message(data: bytes) -> Any:
    """Return what a client says, `Open` or `Ask`; its arrays come as they are, never packed.

    Raises:
        WireError: it is not what was agreed on.
    """
    return _decoded(_FROM_CLIENT, data)


def as_json(data: dict) -> bytes:
    """Return plain data as text."""
    return json.dumps(data, default=str).encode()


def coded(array: np.ndarray, coding: Coding, quality: int) -> CodedArray:
    """Return an array as it travels."""
    if array.dtype != np.uint8:
        raise TypeError(f"an array is {array.dtype}, expected uint8")
    if coding == "jpeg":
        return CodedArray(array.shape, [_jpeg(frame, quality) for frame in array], coding)
    plain = array.tobytes()
    return CodedArray(
        array.shape, [zlib.compress(plain, 1) if coding == "packed" else plain], coding
    )


def array_of(received: CodedArray) -> np.ndarray:
    """Return the array that has arrived, the caller's own.

    Raises:
        ValueError: it is not as large as it says, or no picture.
    """
    shape, pieces = received.shape, received.pieces
    if not 1 <= len(shape) <= 8 or min(shape) < 0:
        raise ValueError(f"an array of the shape {shape}")
    size = prod(shape)
    if received.coding == "jpeg":
        return _from_jpeg(shape, pieces)
    if len(pieces) != 1:
        raise ValueError(f"{len(pieces)} pieces of one array")
    data = _unpacked(pieces[0], size) if received.coding == "packed" else pieces[0]
    if len(data) != size:
        raise ValueError(f"an array of the shape {shape} in {len(data)} bytes")
    return np.frombuffer(data, np.uint8).reshape(shape).copy()


def parts_of(message: bytes) -> Iterator[bytes]:
    """Cut a message into parts that travel one after the other."""
    view = memoryview(message)
    for start in range(0, max(1, len(view)), PART):
        mark = _MORE if start + PART < len(view) else _LAST
        yield b"".join((mark, view[start : start + PART]))


class Assembler:
    """Puts the parts of messages together.

    >>> assembler = Assembler(most=100)
    >>> [assembler.add(part) for part in parts_of(b"words")]
    [b'words']
    """

    def __init__(self, most: int) -> None:
        """`most` is how many bytes a message may have; it can be changed between messages."""
        self.most = most
        self._parts: list[memoryview] = []
        self._size = 0

    def add(self, part: bytes) -> bytes | None:
        """Return a message that is complete; None: there is more to come.

        Raises:
            WireError: it is larger than it may be, or no part.
        """
        mark, rest = part[:1], memoryview(part)[1:]
        if mark not in (_LAST, _MORE):
            raise WireError("these are no parts of messages")
        self._size += len(rest)
        if self._size > self.most:
            raise WireError(f"a message of more than {self.most / MIB:.3g} MiB")
        self._parts.append(rest)
        if mark == _MORE:
            return None
        parts, self._parts, self._size = self._parts, [], 0
        return b"".join(parts)


def _unpacked(data: bytes, size: int) -> bytes:
    """Return what was packed, as many bytes as it says and no more."""
    if size > MOST_PICTURES:
        raise ValueError(f"{size} bytes are packed")
    unpacking = zlib.decompressobj()
    return unpacking.decompress(data, size) if size else b""


def _jpeg(frame: Frames, quality: int) -> bytes:
    file = BytesIO()
    subsampling = 0 if quality >= FINE else 2  # whole colours, or a quarter of them
    Image.fromarray(frame).save(file, "JPEG", quality=quality, subsampling=subsampling)
    return file.getvalue()


def _from_jpeg(shape: tuple[int, ...], pictures: list[bytes]) -> np.ndarray:
    """Return pictures of the size that they are said to have; no other is read."""
    if len(shape) != 4 or shape[0] != len(pictures) or shape[3] != 3 or prod(shape) > MOST_PICTURES:
        raise ValueError(f"{len(pictures)} pictures of the shape {shape}")
    frames: Frames = np.empty(shape, np.uint8)
    for frame, data in zip(frames, pictures, strict=True):
        frame[:] = decode_picture(data, check_exactly((shape[2], shape[1])), formats=("JPEG",))
    return frames


def _decoded(decoder: "msgspec.msgpack.Decoder[Message]", data: bytes) -> Message:
    with refusing(lambda why: WireError(f"a message that nobody can read ({why})")):
        return decoder.decode(data)


def _received(codings: tuple[Coding, ...]) -> Callable[[type, Any], Any]:
    """Return what makes an array of what has arrived, coded in one of these ways."""

    def receive(kind: type, sent: Any) -> np.ndarray:
        received = msgspec.convert(sent, CodedArray)
        if kind is not np.ndarray or received.coding not in codings:
            raise ValueError(f"an array that is {received.coding}")
        return array_of(received)

    return receive


_FROM_SERVER = msgspec.msgpack.Decoder(FromServer, dec_hook=_received(("raw", "packed", "jpeg")))
_FROM_CLIENT = msgspec.msgpack.Decoder(FromClient, dec_hook=_received(("raw",)))
