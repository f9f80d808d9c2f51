"""A lock between programs, held until it is released or its program ends.

The system keeps the lock, so none is left behind by a program that was killed.
"""

import errno
import os
import sys
import time
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

POLL_S = 0.02
_BUSY = (errno.EAGAIN, errno.EACCES, errno.EWOULDBLOCK, errno.EDEADLK)


class FileLock:
    """Keeps other programs, and other locks of this program, away from what a file stands for.

    >>> lock = FileLock(folder / ".lock")
    >>> if lock.acquire(timeout=5):
    ...     lock.release()
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: int | None = None

    def acquire(self, timeout: float = 0.0) -> bool:
        """Try to become the holder within `timeout` seconds; False if another one stays it.

        Raises:
            OSError: the file cannot be made, or the place knows no locks.
        """
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        file: int | None = os.open(self.path, flags, 0o644)
        deadline = time.monotonic() + timeout
        try:
            while file is not None and not _try_lock(file):
                if time.monotonic() >= deadline:
                    return False
                time.sleep(POLL_S)
            self._file, file = file, None
            return True
        finally:
            if file is not None:
                os.close(file)

    def release(self) -> None:
        """Let go; does nothing where it is not held."""
        if self._file is not None:
            os.close(self._file)  # which unlocks it
            self._file = None


def _try_lock(file: int) -> bool:
    try:
        if sys.platform == "win32":
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _BUSY:
            return False
        raise
    return True
