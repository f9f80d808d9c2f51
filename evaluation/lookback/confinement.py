"""Keeps a participant's process to itself, as far as the system can.

On Linux it uses Landlock: files can be written in the process's own folder only, the benchmark's
folders cannot be read, TCP is closed, and other processes can be neither read nor signalled.
Where there is no Landlock, `confine` says so and only the fresh folder and environment remain.

Source: the kernel's user-space API, linux/landlock.h, ABI 1 to 6.
"""

import ctypes
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # system calls, the same on all processors
_PATH_BENEATH, _VERSION = 1, 1
_NO_NEW_PRIVS, _DEATH_SIGNAL, _KILL = 38, 1, 9  # of prctl; what a parent's death sends
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _TRUNCATE = 1, 2, 4, 8, 1 << 14
_CHANGES = sum(1 << bit for bit in range(4, 13))  # remove and make, of any kind of file
_DEVICES = ("/dev", "/proc/self")  # written by drivers and by Python's own libraries


class _Ruleset(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("files", "net", "scoped")]


class _PathRule(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("place", ctypes.c_int32)]


def confine(own: Path, hidden: Sequence[Path]) -> bool:
    """Confine this process and all that it starts; return False where the system cannot.

    Args:
        own: the folder that it may write.
        hidden: files and folders that it must not read.
    """
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_DEATH_SIGNAL, _KILL, 0, 0, 0)
    version = libc.syscall(_CREATE, None, ctypes.c_size_t(0), _VERSION)
    if version < 1:
        return False
    writes = _WRITE_FILE | _CHANGES | (_TRUNCATE if version >= 3 else 0)
    rules = _Ruleset(
        _EXECUTE | _READ_FILE | _READ_DIR | writes, 3 if version >= 4 else 0,
        3 if version >= 6 else 0,
    )  # fmt: skip
    known = 8 if version < 4 else 16 if version < 6 else 24  # bytes of the structure
    handle = libc.syscall(_CREATE, ctypes.byref(rules), ctypes.c_size_t(known), 0)
    if handle < 0:
        return False

    def allow(path: Path, rights: int) -> None:
        try:
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:  # it is gone, or was never there
            return
        if not path.is_dir():
            rights &= _EXECUTE | _READ_FILE | _WRITE_FILE | _TRUNCATE
        rule = _PathRule(rights & rules.files, place)
        libc.syscall(_ADD, handle, _PATH_BENEATH, ctypes.byref(rule), 0)
        os.close(place)

    allow(Path("/"), _EXECUTE | _READ_DIR)
    for path in beside(hidden):
        allow(path, _READ_FILE)
    for device in map(Path, _DEVICES):
        allow(device, _READ_FILE | _WRITE_FILE | _TRUNCATE)
    allow(own, _READ_FILE | _READ_DIR | _EXECUTE | writes)
    libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0)
    confined: bool = libc.syscall(_RESTRICT, handle, 0) == 0
    os.close(handle)
    return confined


def beside(hidden: Sequence[Path], folder: Path = Path("/")) -> Iterator[Path]:
    """Yield files and folders that hold everything but the hidden ones."""
    inside = [path for path in hidden if folder in (path, *path.parents)]
    if folder in inside:
        return
    if not inside:
        yield folder
        return
    try:
        children = list(folder.iterdir())
    except OSError:  # not ours to list, so not ours to read
        return
    for child in children:
        if not child.is_symlink():
            yield from beside(inside, child)
