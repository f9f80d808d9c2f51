"""Packed weights: files of safetensors that take a third less, without loss.

The exponents of bf16 weights are nearly equal, their signs and fractions are not: stored as two
planes, the exponents deflate to a third. A packed file is one of safetensors, too: the header of
the plain file and the planes of its numbers, each deflated. Unpacked, it is the plain file byte for
byte, so digests of weights are those of plain files, however they are stored.
"""

import hashlib
import json
import zlib
from contextlib import suppress
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from mag_sandbox.files.border import open_plain, read_plain
from mag_sandbox.files.whole import replace_file

MOST_BYTES = 2**32  # of a file of the project's own weights
MOST_HEADER = 2**24
_MARK, _HEADER = "packed", "header"
_BEGIN = b'{"__metadata__":{"packed":'  # of a packed file, after the length of its header
_BEGINNING = 8 + len(_BEGIN)
_BF16 = "BF16"
_WORTH = 0.97  # of a plane's length; planes that deflate less are kept as they are


class _Run(NamedTuple):
    """Neighbouring tensors of one type."""

    kind: str
    start: int  # bytes after the header
    end: int

    @property
    def planes(self) -> int:
        """The number of planes of its bytes."""
        return 2 if self.kind == _BF16 else 1


def is_packed(path: Path) -> bool:
    """Tell whether a file is one of packed weights, whole or damaged."""
    with open_plain(path) as file:
        return _is_packed(file.read(_BEGINNING))


class _File(NamedTuple):
    """A file in its present state; once changed, it is a different one."""

    path: Path
    size: int
    changed_ns: int

    @classmethod
    def at(cls, path: Path) -> "_File":
        """Return the one at a path, or raise OSError."""
        status = path.stat()
        return cls(path, status.st_size, status.st_mtime_ns)


def plain_bytes(path: Path) -> bytes:
    """Return the bytes of a file, unpacked if it is packed."""
    return _plain_bytes(_File.at(path))


def free_plain_bytes() -> None:
    """Free the unpacked files, once they are loaded: those of the shipped weights take 60 MB."""
    _plain_bytes.cache_clear()


@lru_cache(maxsize=16)  # a start takes digests of all weights, then loads them: fourteen files
def _plain_bytes(file: _File) -> bytes:
    data = read_plain(file.path, MOST_BYTES)
    return unpack(data) if _is_packed(data) else data


def plain_digest(*paths: Path) -> str:
    """Return the SHA-256 over files, one after the other, as hex digits.

    Packed files count as unpacked, unless they are damaged: then reading them fails.
    """
    return _plain_digest(*map(_File.at, paths))


@lru_cache(maxsize=16)
def _plain_digest(*files: _File) -> str:
    digest = hashlib.sha256()
    for file in files:
        try:
            packed = is_packed(file.path)
            digest.update(_plain_bytes(file) if packed else read_plain(file.path, MOST_BYTES))
        except ValueError:
            digest.update(read_plain(file.path, MOST_BYTES))
    return digest.hexdigest()


def _is_packed(data: bytes) -> bool:
    return data[8 : 8 + len(_BEGIN)] == _BEGIN


def metadata_of(plain: bytes) -> dict[str, str]:
    """Return the metadata of a plain file of safetensors."""
    found: dict[str, str] = json.loads(plain[8 : _header_end(plain)]).get("__metadata__", {})
    return found


def pack_file(path: Path) -> None:
    """Pack a file of safetensors if it has numbers in bf16; all others stay as they are."""
    plain = read_plain(path, MOST_BYTES)
    with suppress(ValueError):
        if any(run.kind == _BF16 for run in _runs(_split(plain)[0])):
            replace_file(path, pack(plain))


def pack(plain: bytes) -> bytes:
    """Return a plain file of safetensors, packed."""
    header, body = _split(plain)
    arrays = {_HEADER: np.frombuffer(zlib.compress(header, 9), np.uint8)}
    for number, run in enumerate(_runs(header)):
        own = np.frombuffer(body[run.start : run.end], np.uint8)
        if run.kind == _BF16:  # sign and fraction, exponent
            words = own.view("<u2")
            own = (words << 1 | words >> 15).astype("<u2").view(np.uint8)
        for plane in range(run.planes):
            arrays[f"{number}.{plane}"] = _deflated(own[plane :: run.planes])
    return save(arrays, {_MARK: "1"})


def unpack(packed: bytes) -> bytes:
    """Return the plain file of a packed one, or raise ValueError if it is damaged."""
    try:
        arrays = load(packed)
        header = zlib.decompressobj().decompress(arrays[_HEADER].data, MOST_HEADER)
        parts: list[bytes | memoryview] = [header]
        for number, run in enumerate(_runs(header)):
            own = np.empty(run.end - run.start, np.uint8)
            for plane in range(run.planes):
                size = len(own) // run.planes
                numbers = _inflated(arrays[f"{number}.{plane}"], size)
                if len(numbers) != size:
                    raise ValueError(f"{len(numbers)} numbers where {size} belong")
                own[plane :: run.planes] = numbers
            if run.kind == _BF16:
                words = own.view("<u2")
                own = (words >> 1 | words << 15).view(np.uint8)
            parts.append(own.data)
    except (SafetensorError, LookupError, ValueError, zlib.error) as error:
        raise ValueError(f"its packed numbers are damaged: {error}") from None
    return b"".join(parts)


def _split(plain: bytes) -> tuple[bytes, bytes]:
    """Return header, with its length before it, and body of a file of safetensors."""
    end = _header_end(plain)
    return plain[:end], plain[end:]


def _header_end(plain: bytes) -> int:
    return 8 + int.from_bytes(plain[:8], "little")


def _runs(header: bytes) -> list[_Run]:
    """Return which bytes of the body are of which type, one run after the other."""
    tensors = {key: value for key, value in json.loads(header[8:]).items() if key[:2] != "__"}
    placed = sorted((*value["data_offsets"], value["dtype"]) for value in tensors.values())
    runs = []
    for kind, alike in groupby(placed, key=lambda one: one[2]):
        ends = list(alike)
        runs.append(_Run(kind, ends[0][0], ends[-1][1]))
    return runs


def _deflated(plane: np.ndarray) -> np.ndarray:
    """Return a plane deflated, or as it is where that is hardly longer."""
    data = zlib.compress(plane.tobytes(), 9)
    return np.frombuffer(data, np.uint8) if len(data) < _WORTH * len(plane) else plane.copy()


def _inflated(plane: np.ndarray, size: int) -> np.ndarray:
    """Return the numbers of a plane, [size]; fewer or more if it is damaged."""
    if len(plane) == size:
        return plane
    return np.frombuffer(zlib.decompressobj().decompress(plane.data, size + 1), np.uint8)
