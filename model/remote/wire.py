"""The messages between a game and a server: their schema, version, encoding and limits.

Messages are msgpack. A message that arrives is measured, then checked against the types below and
the checks of the dataclasses in them; nothing in it is executed. A message travels in parts, so
that neither side holds more than a part that it has not agreed to. Knows nothing of connections.
"""

import json
import zlib
from collections.abc import Callable, Iterator
from math import prod
from typing import Annotated, Any, Literal, TypeVar

import msgspec
import numpy as np
from msgspec import Meta

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.files.border import Refusal, refusing
from mag_sandbox.files.pictures import check_exactly, decode_picture, encode_jpeg
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

VERSION = 17  # of the messages; every change of the types below raises it
PROTOCOL = f"mag-sandbox.{VERSION}"  # name of the WebSocket subprotocol
PART = MIB  # bytes of a part of a message
MOST_OPENING = 64 * 1024  # bytes of a message before there is a session
MOST_CONTROLS = 256  # of one message
MOST_FETCHED = 32  # pieces of one message
MOST_PICTURE = 2**26  # bytes of a scene's picture file
MOST_PAST = 512  # blocks that are handed over
MOST_PICTURES = 2**28  # bytes of decompressed pictures
FINE = 90  # from this quality on, JPEG keeps colours at full size
_LAST, _MORE = b"\0", b"\1"  # first byte of a part

Coding = Literal["raw", "packed", "jpeg"]
Message = TypeVar("Message")


class WireError(Refusal, ValueError):
    """A message that breaks the protocol; the text says how."""


class _Struct(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class _Tagged(_Struct, frozen=True, tag=True):
    pass


class CodedArray(_Struct, frozen=True):
    """An array of bytes: raw or compressed in one piece, or one JPEG a picture."""

    shape: tuple[int, ...]
    pieces: list[bytes]
    coding: Coding = "raw"
    dtype: Literal["uint8"] = "uint8"


class ArrayOutline(_Struct, frozen=True):
    """An array of bytes, as the XXH3 hashes of its pieces."""

    shape: tuple[int, ...]
    pieces: list[bytes]


class Outline(_Struct, frozen=True):
    """A `WorldState` without its bytes; its data is JSON text."""

    arrays: dict[str, ArrayOutline]
    data: bytes


# Opening a session.


class Hello(_Tagged, frozen=True):
    """First message of a server."""

    world: str  # played unless another is requested
    places: int  # players at once
    players: int = 0  # connected now
    replicas: int = 1  # of the server, at most; another session name may reach another one


class OpenSession(_Tagged, frozen=True):
    """First message of a client."""

    session: str  # to continue; "": a new one
    world: str
    memory: MemorySetting
    look_ahead: bool = True
    execution: bytes | None = None  # JSON: how a recording ran; None: the server's choice
    quality: Annotated[int, Meta(ge=1, le=100)] | None = None  # of JPEG frames; None: lossless


class AttachToSession(_Tagged, frozen=True):
    """First message on a second connection, which only fetches pieces of snapshots."""

    session: str


class Queued(_Tagged, frozen=True):
    """All places are taken."""

    position: int  # in the queue, 1: the next
    places: int


class SessionOpened(_Tagged, frozen=True):
    """A session, new or continued."""

    session: str  # secret; another one than requested: the requested one is over
    spec: WorldSpec
    provenance: bytes  # JSON


class Refused(_Tagged, frozen=True):
    """A refusal, in one sentence."""

    sentence: str


# Requests of a client.


class Reset(_Tagged, frozen=True):
    """`World.reset`; the scene's picture travels as its file's bytes."""

    scene: Scene
    seed: int
    picture: bytes | None = None


class StepRequest(_Tagged, frozen=True):
    """`World.step`."""

    control: Control


class RepeatSteps(_Tagged, frozen=True):
    """Steps made again without showing them, after a session was lost."""

    controls: list[Control]  # at most MOST_CONTROLS


class Call(_Tagged, frozen=True):
    """A request without values: a method of `World`, or the end of the session."""

    method: Literal["snapshot", "expect_prompt", "provenance", "leave"]


class FetchPieces(_Tagged, frozen=True):
    """Pieces of one of the newest snapshots."""

    names: Annotated[list[bytes], Meta(max_length=MOST_FETCHED)]


class OfferPieces(_Tagged, frozen=True):
    """Names of a state's pieces; the server answers which it lacks."""

    names: list[bytes]


class SendPieces(_Tagged, frozen=True):
    """Pieces for `Restore`."""

    pieces: list[bytes]


class Restore(_Tagged, frozen=True):
    """`World.restore` of a state whose pieces the server has."""

    outline: Outline


class AdoptedBlock(_Struct, frozen=True):
    """A `PastBlock`."""

    frames: np.ndarray
    poses: tuple[CameraPose, ...]
    block_index: int


class Adopt(_Tagged, frozen=True):
    """`World.adopt`."""

    scene: Scene
    seed: int
    prompt: str
    blocks: list[AdoptedBlock]  # at most MOST_PAST
    origin: MemoryOrigin


class RoundTrip(_Tagged, frozen=True):
    """`World.round_trip`."""

    frames: np.ndarray


class PaintedRequest(_Tagged, frozen=True):
    """`World.painted`."""

    pose: CameraPose


Beginning = Reset | Restore | Adopt
Request = (
    Beginning
    | StepRequest
    | RepeatSteps
    | Call
    | FetchPieces
    | OfferPieces
    | SendPieces
    | RoundTrip
    | PaintedRequest
)  # fmt: skip


class NumberedRequest(_Tagged, frozen=True):
    """A request; sent again with its number, it is answered again and not done twice."""

    number: int
    request: Request


# Replies of a server.


class BlockReply(_Tagged, frozen=True):
    """A block."""

    block: FrameBlock


class SnapshotReply(_Tagged, frozen=True):
    """A snapshot."""

    outline: Outline


class PiecesReply(_Tagged, frozen=True):
    """Pieces, in the order of their names."""

    pieces: list[bytes]


class MissingReply(_Tagged, frozen=True):
    """Names of pieces that the server lacks."""

    names: list[bytes]


class FramesReply(_Tagged, frozen=True):
    """Frames; None: there are none."""

    frames: np.ndarray | None


class ProvenanceReply(_Tagged, frozen=True):
    """Provenance, JSON."""

    provenance: bytes


class DoneReply(_Tagged, frozen=True):
    """The request was done."""


Result = (
    BlockReply
    | SnapshotReply
    | PiecesReply
    | MissingReply
    | FramesReply
    | ProvenanceReply
    | DoneReply
    | Refused
)


class Reply(_Tagged, frozen=True):
    """The result of a request."""

    number: int
    server_ms: float  # from the request's arrival to the reply's departure
    result: Result


FromServer = Hello | Queued | SessionOpened | Refused | Reply
FromClient = OpenSession | AttachToSession | NumberedRequest


def encode(message: FromServer | FromClient, coding: Coding = "raw", quality: int = 0) -> bytes:
    """Return a message as bytes; its frames, uint8 [T, H, W, 3], are coded as asked."""
    hook: Callable[[np.ndarray], CodedArray] = lambda array: encode_array(array, coding, quality)  # noqa: E731
    return msgspec.msgpack.encode(message, enc_hook=hook)


def decode_from_server(data: bytes) -> FromServer:
    """Return a message of a server."""
    return _decode(_FROM_SERVER, data)


def decode_from_client(data: bytes) -> FromClient:
    """Return a message of a client, whose arrays are never compressed."""
    return _decode(_FROM_CLIENT, data)


def to_json(data: dict[str, Any]) -> bytes:
    """Return plain data as JSON text."""
    return json.dumps(data, default=str).encode()


def encode_array(array: np.ndarray, coding: Coding, quality: int) -> CodedArray:
    """Return an array of bytes as it travels."""
    if array.dtype != np.uint8:
        raise TypeError(f"an array is {array.dtype}, expected uint8")
    if coding == "jpeg":
        subsampling = 0 if quality >= FINE else 2  # whole colours, or a quarter of them
        pictures = [encode_jpeg(frame, quality, subsampling) for frame in array]
        return CodedArray(array.shape, pictures, coding)
    plain = array.tobytes()
    data = zlib.compress(plain, 1) if coding == "packed" else plain
    return CodedArray(array.shape, [data], coding)


def decode_array(received: CodedArray) -> np.ndarray:
    """Return an array that has arrived, as a copy, or raise ValueError if it is damaged."""
    shape, pieces = received.shape, received.pieces
    if not 1 <= len(shape) <= 8 or min(shape) < 0:
        raise ValueError(f"an array of the shape {shape}")
    if received.coding == "jpeg":
        return _decode_jpegs(shape, pieces)
    size = prod(shape)
    if len(pieces) != 1:
        raise ValueError(f"{len(pieces)} pieces of one array")
    data = _decompress(pieces[0], size) if received.coding == "packed" else pieces[0]
    if len(data) != size:
        raise ValueError(f"an array of the shape {shape} in {len(data)} bytes")
    return np.frombuffer(data, np.uint8).reshape(shape).copy()


def split_message(message: bytes) -> Iterator[bytes]:
    """Yield the parts in which a message travels."""
    view = memoryview(message)
    for start in range(0, max(1, len(view)), PART):
        mark = _MORE if start + PART < len(view) else _LAST
        yield b"".join((mark, view[start : start + PART]))


class Assembler:
    """Joins the parts of messages.

    >>> assembler = Assembler(most=100)
    >>> [assembler.add(part) for part in split_message(b"words")]
    [b'words']
    """

    def __init__(self, most: int) -> None:
        """Set how many bytes a message may have; `most` may change between messages."""
        self.most = most
        self._parts: list[memoryview] = []
        self._size = 0

    def add(self, part: bytes) -> bytes | None:
        """Return the message that this part completes, None before, or raise WireError."""
        mark, rest = part[:1], memoryview(part)[1:]
        if mark not in (_LAST, _MORE):
            raise WireError("data that is no part of a message")
        self._size += len(rest)
        if self._size > self.most:
            raise WireError(f"a message of more than {self.most / MIB:.3g} MiB")
        self._parts.append(rest)
        if mark == _MORE:
            return None
        parts, self._parts, self._size = self._parts, [], 0
        return b"".join(parts)


def _decompress(data: bytes, size: int) -> bytes:
    if size > MOST_PICTURES:
        raise ValueError(f"{size} bytes are compressed")
    return zlib.decompressobj().decompress(data, size) if size else b""  # no more than it says


def _decode_jpegs(shape: tuple[int, ...], pictures: list[bytes]) -> np.ndarray:
    if len(shape) != 4 or shape[0] != len(pictures) or shape[3] != 3 or prod(shape) > MOST_PICTURES:
        raise ValueError(f"{len(pictures)} pictures of the shape {shape}")
    frames: Frames = np.empty(shape, np.uint8)
    for frame, data in zip(frames, pictures, strict=True):
        frame[:] = decode_picture(data, check_exactly((shape[2], shape[1])), formats=("JPEG",))
    return frames


def _decode(decoder: "msgspec.msgpack.Decoder[Message]", data: bytes) -> Message:
    with refusing(lambda why: WireError(f"an unreadable message ({why})")):
        return decoder.decode(data)


def _array_hook(codings: tuple[Coding, ...]) -> Callable[[type, Any], np.ndarray]:
    def receive(kind: type, sent: object) -> np.ndarray:
        received = msgspec.convert(sent, CodedArray)
        if kind is not np.ndarray or received.coding not in codings:
            raise ValueError(f"an array that is {received.coding}")
        return decode_array(received)

    return receive


_FROM_SERVER: msgspec.msgpack.Decoder[FromServer] = msgspec.msgpack.Decoder(
    FromServer, dec_hook=_array_hook(("raw", "packed", "jpeg"))
)
_FROM_CLIENT: msgspec.msgpack.Decoder[FromClient] = msgspec.msgpack.Decoder(
    FromClient, dec_hook=_array_hook(("raw",))
)
