"""Atomic writes: files and folders are written beside their place and then renamed.

The remains of a killed program are removed when the same file is written again, and those of a
folder by `tidy`.
"""

import errno
import glob
import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from mag_sandbox.files.border import is_folder, open_plain, reason_of

PART, OLD, GONE = ".part-", ".old-", ".gone-"  # being written, replaced, deleted
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
MOST_NAME = 200  # bytes
_PIECE = 2**22  # bytes read at once
STALE_S = 3600.0  # a part that did not change for so long is abandoned [s]


def remedy_of(error: OSError) -> str:
    """Return what lets a failed write succeed: room on the disk, or permissions."""
    return "make room" if error.errno in FULL else "check its permissions"


class OccupiedError(ValueError):
    """A folder for new files cannot be made or is not empty; says which, why, and the remedy."""


def claim(folder: Path, first: str | None = None) -> None:
    """Make a folder for new files, or take an empty one, or raise OccupiedError.

    With `first`, an empty file of that name is made in it, so that of several processes that claim
    a folder at the same moment one gets it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        occupied = any(folder.iterdir())
        if first is not None and not occupied:
            (folder / first).touch(exist_ok=False)
    except FileExistsError as error:
        occupied = folder.is_dir()
        if not occupied:
            raise _cannot_be_made(folder, error) from None
    except (OSError, ValueError) as error:  # or it has a character of no name
        raise _cannot_be_made(folder, error) from None
    if occupied:
        raise OccupiedError(f"{folder}: it already holds files; name another folder or remove it")


def _cannot_be_made(folder: Path, error: Exception) -> OccupiedError:
    why = reason_of(error)
    return OccupiedError(f"{folder}: it cannot be made ({why}); name another folder")


def new_folder(first: Path) -> Path:
    """Make a folder of that name, else NAME-2, NAME-3, ... of its own, or raise OSError."""
    first.parent.mkdir(parents=True, exist_ok=True)
    for number in count(1):
        folder = first if number == 1 else first.with_name(f"{first.name}-{number}")
        with suppress(FileExistsError):
            folder.mkdir()
            return folder
    raise AssertionError  # there is always another number


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary name for a file or folder, which replaces `path` in the end.

    >>> with replacing(folder / "words.json") as part:
    ...     _ = part.write_text("{}")
    >>> (folder / "words.json").read_text()
    '{}'
    """
    with _part_of(path) as part:
        yield part
        if part.is_dir():
            _swap(part, path)
        elif path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
        else:
            _sync(part)
            part.replace(path)


@contextmanager
def creating(path: Path) -> Iterator[Path]:
    """Give a temporary name for a file or folder, which is renamed to `path` in the end.

    Raises:
        FileExistsError: something of that name is there, perhaps since this very moment.
    """
    with _part_of(path) as part:
        yield part
        if part.is_dir():
            if os.path.lexists(path):
                raise FileExistsError
            part.rename(path)
            return
        _sync(part)
        try:
            os.link(part, path)  # replaces nothing, unlike a rename
        except FileExistsError:
            raise
        except OSError:  # a file system without links: claim the name, then take it
            path.open("xb").close()
            try:
                part.replace(path)
            except OSError:
                path.unlink()
                raise


def replace_file(path: Path, content: bytes | str) -> None:
    """Write a file, text as UTF-8, and replace the older one when it is complete."""
    with replacing(path) as part:
        part.write_bytes(content.encode() if isinstance(content, str) else content)


def write_synced(path: Path, data: bytes) -> None:
    """Write a new file and wait until it is on the disk; a full disk raises here at the latest."""
    with path.open("xb") as file:
        file.write(data)
    _sync(path)


def aside(folder: Path) -> Path:
    """Return the temporary place of a folder that another one is replacing."""
    return folder.with_name(OLD + folder.name)


def remove_folder(folder: Path) -> None:
    """Delete a folder, or a link to one, at once, or raise OSError if it cannot be moved."""
    gone = folder.with_name(f"{GONE}{secrets.token_hex(4)}-{folder.name}")
    folder.rename(gone)
    _remove(gone)


def tidy(parent: Path) -> None:
    """Repair the remains of a killed program; only while no other program writes here."""
    for path in list(parent.iterdir()):
        if path.name.startswith(OLD):
            place = path.with_name(path.name.removeprefix(OLD))
            if not os.path.lexists(place):
                path.rename(place)
                continue
        if path.name.startswith((PART, OLD, GONE)):
            _remove(path)


def sha256_of(*paths: Path) -> str:
    """Return the SHA-256 over files, one after the other, as hex digits."""
    digest = hashlib.sha256()
    for path in paths:
        with open_plain(path) as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
    return digest.hexdigest()


def visible(folder: Path, suffix: str = "") -> list[Path]:
    """Return the entries of a folder, without hidden and unfinished ones."""
    try:
        with os.scandir(folder) as found:
            return [
                Path(entry.path)
                for entry in found
                if not entry.name.startswith(".")
                and (entry.is_file() and entry.name.endswith(suffix) if suffix else entry.is_dir())
            ]
    except OSError:
        return []


def folder_bytes(folder: Path) -> int:
    """Return the bytes of the readable files in a folder."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += (Path(parent) / name).lstat().st_size
    return total


def changed(path: Path) -> datetime:
    """Return when a file was last changed, UTC."""
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError:
        return datetime.fromtimestamp(0, UTC)  # it has just been deleted


@contextmanager
def _part_of(path: Path) -> Iterator[Path]:
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path)
    # "~": a pattern such as *.json does not find it
    part = path.with_name(f"{PART}{secrets.token_hex(4)}-{short_name(path.name)}~")
    try:
        yield part
    except OSError as error:
        if error.filename is not None and Path(os.fsdecode(error.filename)) == part:
            # the name that people know; errors of some libraries have one that cannot be set
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise
    finally:
        _remove(part)


def short_name(name: str) -> str:
    """Return a name for a file: itself, or the digest of one that is too long."""
    long = os.fsencode(name)  # file systems allow 255 bytes
    return name if len(long) <= MOST_NAME else hashlib.sha256(long).hexdigest()


def _sweep(path: Path) -> None:
    for left in path.parent.glob(f"{PART}????????-{glob.escape(short_name(path.name))}~"):
        with suppress(OSError):  # it was renamed just now
            if time.time() - left.stat().st_mtime > STALE_S:
                _remove(left)


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _swap(part: Path, folder: Path) -> None:
    old = aside(folder)
    if os.path.lexists(folder):
        _remove(old)
        folder.rename(old)
    try:
        part.rename(folder)
    except OSError:
        if os.path.lexists(old):
            old.rename(folder)
        raise
    _remove(old)


def _remove(path: Path) -> None:
    if is_folder(path) and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)
