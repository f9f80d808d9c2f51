"""Remembers what was made last, by digests of what it is made of."""

from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

import numpy as np
import xxhash

Made = TypeVar("Made")


class LastMade(Generic[Made]):
    """Some values that were asked for last; threads may share it.

    pictures = LastMade[Tensor](most=64)
    picture = pictures.found(digest, lambda: decode(latents))
    """

    def __init__(self, most: int) -> None:
        """Begin with none.

        Args:
            most: values that are kept.
        """
        self._found: dict[bytes, Made] = {}
        self._most, self._lock = most, Lock()

    def found(self, digest: bytes, make: Callable[[], Made]) -> Made:
        """Return the value of a digest; it is made unless it is kept. Not to be changed."""
        with self._lock:
            kept = [self._found.pop(digest)] if digest in self._found else []
        made = kept[0] if kept else make()  # None is a value, too
        with self._lock:
            self._found[digest] = made
            for old in list(self._found)[: -self._most]:
                del self._found[old]
        return made


def digest_of(*inputs: object) -> bytes:
    """Return a digest of arrays, and of other values as they are written."""
    digest = xxhash.xxh3_128()
    for one in inputs:
        is_array = isinstance(one, np.ndarray)
        digest.update(np.ascontiguousarray(one) if is_array else f"{one};".encode())
    return digest.digest()
