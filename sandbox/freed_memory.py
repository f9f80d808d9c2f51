"""Gives memory that was freed back to the system.

The C library of Linux keeps freed memory for its own later use, apart for every thread: after a
few places were written, that was 180 MiB of a game of 1,070 MiB, and after half an hour of playing,
saving and exporting, 1 GiB of 2. Elsewhere there is nothing to do.
"""

import ctypes
from collections.abc import Callable
from functools import cache

_ARENA_MAX = -8  # of mallopt
ARENAS = 3  # one each for the window, the world and all others


def share_freed() -> bool:
    """Make threads share freed memory; call it before any start. False where it is unknown."""
    try:
        return bool(ctypes.CDLL(None).mallopt(_ARENA_MAX, ARENAS))
    except (AttributeError, OSError, TypeError):  # of other C libraries, and of Windows
        return False


def give_back_freed() -> bool:
    """Give back whole pages that nothing uses; True if there were some. Takes milliseconds."""
    trim = _trim()
    return trim is not None and bool(trim(0))


@cache
def _trim() -> Callable[[int], int] | None:
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # of other C libraries, and of Windows
        return None
    trim.argtypes, trim.restype = (ctypes.c_size_t,), ctypes.c_int
    return trim
