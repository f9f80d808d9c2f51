"""World states cut into pieces, so that of a growing memory only new pieces travel.

A state is an outline, which names its pieces by their hashes, and the pieces. Rows of arrays are
cut apart: a frame that is remembered anew changes its own pieces and no others.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from math import prod

import numpy as np
import xxhash

from mag_sandbox.files.border import refusing
from mag_sandbox.files.validation import parse_json
from mag_sandbox.model.remote.wire import PART, ArrayOutline, Outline, WireError
from mag_sandbox.model.world import MIB, WorldState

PIECE = 2**18  # bytes of a piece at most
LEAST_ROW = 2**12  # bytes: shorter rows are not cut apart
SNAPSHOTS = 3  # the newest, whose pieces a server keeps
ROW_AXES = 2  # leading axes of an array that number its rows: layers and frames
Pieces = Mapping[bytes, bytes | memoryview]


def split_state(state: WorldState) -> tuple[Outline, dict[bytes, memoryview]]:
    """Return a state as an outline and its pieces by name, without copying."""
    pieces: dict[bytes, memoryview] = {}
    arrays = {}
    for name, array in state.arrays.items():
        if array.dtype != np.uint8:
            raise TypeError(f'array "{name}" is {array.dtype}, expected uint8')
        names = []
        for piece in _split_array(np.ascontiguousarray(array)):
            names.append(xxhash.xxh3_128_digest(piece))
            pieces[names[-1]] = piece
        arrays[name] = ArrayOutline(array.shape, names)
    data = json.dumps(state.data, allow_nan=False).encode()
    return Outline(arrays, data), pieces


def piece_names(outline: Outline) -> list[bytes]:
    """Return the names of a state's pieces, each once."""
    return list(dict.fromkeys(name for one in outline.arrays.values() for name in one.pieces))


def join_state(outline: Outline, pieces: Pieces, most: int) -> WorldState:
    """Return the state of an outline, at most `most` bytes, or raise WireError."""
    with refusing(lambda why: WireError(f"an unreadable state ({why})")):
        sizes = [prod(one.shape) for one in outline.arrays.values()]
        if min(sizes, default=0) < 0 or sum(sizes) > most:  # before any piece is repeated
            raise ValueError(f"not of 0 to {most} bytes")
        arrays = {name: _join_array(one, pieces) for name, one in outline.arrays.items()}
        data = parse_json(outline.data)
        if not isinstance(data, dict):
            raise ValueError("no mapping")
    return WorldState(arrays, data)


def batches(names: Sequence[bytes], pieces: Pieces) -> Iterator[list[bytes]]:
    """Yield pieces in batches of about a message part each."""
    batch: list[bytes] = []
    size = 0
    for name in names:
        if batch and size + len(pieces[name]) > PART:
            yield batch
            batch, size = [], 0
        batch.append(bytes(pieces[name]))
        size += len(batch[-1])
    if batch:
        yield batch


class PieceStore:
    """The pieces of states that a session's server holds: of its newest snapshots, and given ones.

    store = PieceStore(most=2**28)
    store.keep(pieces)
    store.find(names)
    """

    def __init__(self, most: int) -> None:
        """Set how many bytes a client may give."""
        self._most = most
        self._snapshots: tuple[Pieces, ...] = ()  # newest first; replaced, not changed
        self._given: dict[bytes, bytes] = {}
        self._bytes = 0  # given

    def state(self, outline: Outline) -> WorldState:
        """Return a state whose pieces are all here, or raise WireError."""
        names = piece_names(outline)
        return join_state(outline, dict(zip(names, self.find(names), strict=True)), self._most)

    def keep(self, pieces: Pieces) -> None:
        """Keep the pieces of a snapshot in place of the oldest one's."""
        self._snapshots = (pieces, *self._snapshots[: SNAPSHOTS - 1])

    def missing(self, names: Sequence[bytes]) -> list[bytes]:
        """Return the names of pieces that are not here."""
        held = (self._given, *self._snapshots)
        return [name for name in names if not any(name in one for one in held)]

    def find(self, names: Sequence[bytes]) -> list[bytes]:
        """Return pieces, or raise WireError if some are not here, or no longer."""
        if self.missing(names):
            raise WireError("pieces of a state that is not kept any more")
        held = (self._given, *self._snapshots)
        return [bytes(next(one[name] for one in held if name in one)) for name in names]

    def give(self, pieces: Sequence[bytes]) -> None:
        """Keep pieces until a state is restored, or raise WireError if too large together."""
        self._bytes += sum(map(len, pieces))
        if self._bytes > self._most:
            raise WireError(f"a state of more than {self._most / MIB:.3g} MiB")
        self._given |= {xxhash.xxh3_128_digest(piece): piece for piece in pieces}

    def forget_given(self) -> None:
        """Free the given states."""
        self._given, self._bytes = {}, 0


def _split_array(array: np.ndarray) -> Iterator[memoryview]:
    plain, size = memoryview(array.reshape(-1)), array.size
    row = prod(array.shape[ROW_AXES:])
    row = row if row >= LEAST_ROW else size
    for start in range(0, size, max(1, row)):
        for place in range(start, start + row, PIECE):
            yield plain[place : min(place + PIECE, start + row)]


def _join_array(outline: ArrayOutline, pieces: Pieces) -> np.ndarray:
    if not 1 <= len(outline.shape) <= 8 or min(outline.shape) < 0:
        raise ValueError(f"an array of the shape {outline.shape}")
    if any(name not in pieces for name in outline.pieces):
        raise ValueError("a piece is missing")
    size = sum(len(pieces[name]) for name in outline.pieces)
    if size != prod(outline.shape):
        raise ValueError(f"an array of the shape {outline.shape} in {size} bytes")
    data = b"".join(pieces[name] for name in outline.pieces)
    return np.frombuffer(data, np.uint8).reshape(outline.shape).copy()
