"""Files and folders that appear whole or not at all, whatever happens while they are written.

They are written beside their place and then renamed. What a killed program leaves of a file is
removed when that file is written again; of a folder, `tidy` puts it right.
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

PART, OLD, GONE = ".part-", ".old-", ".gone-"  # being written, being replaced, being deleted
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
MOST_NAME = 200  # bytes
_PIECE = 2**22  # bytes read at once
STALE_S = 3600.0  # after so long without a change, nobody writes a part any more


class OccupiedError(ValueError):
    """A folder for new files cannot be made or is not empty; says which, why, and the remedy."""


def claim(folder: Path, first: str | None = None) -> None:
    """Make a folder for new files, or take an empty one.

    With `first`, an empty file of that name is made in it, so that of several processes that claim
    a folder at the same moment one gets it.

    Raises:
        OccupiedError: it holds files, or cannot be made.
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
    """Make a folder of that name, or else NAME-2, NAME-3, ...; no other process gets the same.

    Raises:
        OSError: it cannot be made.
    """
    first.parent.mkdir(parents=True, exist_ok=True)
    for number in count(1):
        folder = first if number == 1 else first.with_name(f"{first.name}-{number}")
        with suppress(FileExistsError):
            folder.mkdir()
            return folder
    raise AssertionError  # there is always another number


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a name to write a file or a folder under, which takes the place of `path` in the end.

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
    """Give a name to write a file or a folder under, which in the end gets the name `path`.

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
            os.link(part, path)  # unlike a renaming, this replaces nothing
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
    """Write a file, text as UTF-8, that takes the place of an older one when it is complete."""
    with replacing(path) as part:
        part.write_bytes(content.encode() if isinstance(content, str) else content)


def write_synced(path: Path, data: bytes) -> None:
    """Write a new file and wait until it is on the disk, where a full disk shows at the latest."""
    with path.open("xb") as file:
        file.write(data)
    _sync(path)


def remove_folder(folder: Path) -> None:
    """Delete a folder, or the link that stands in its place; it vanishes at once.

    Raises:
        OSError: it cannot be moved out of the way.
    """
    gone = folder.with_name(f"{GONE}{secrets.token_hex(4)}-{folder.name}")
    folder.rename(gone)
    _remove(gone)


def tidy(parent: Path) -> None:
    """Put right what a killed program left; only while nobody else writes here."""
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
    """Return what is in a folder, without what is being written."""
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
    """Return the bytes of the files in a folder, of those that are there and can be asked."""
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
    """Give a name beside `path`; removes what was written there if that was not moved away."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path)
    # "~": a pattern such as *.json does not find it
    part = path.with_name(f"{PART}{secrets.token_hex(4)}-{_short(path.name)}~")
    try:
        yield part
    except OSError as error:
        if error.filename is not None and Path(os.fsdecode(error.filename)) == part:
            # the name that people know; errors of some libraries have one that cannot be set
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise
    finally:
        _remove(part)


def _short(name: str) -> str:
    """Return a name to which something can be added: file systems end at 255 bytes."""
    long = os.fsencode(name)
    return name if len(long) <= MOST_NAME else hashlib.sha256(long).hexdigest()


def _sweep(path: Path) -> None:
    """Remove what a killed program left of the same file."""
    for left in path.parent.glob(f"{PART}????????-{glob.escape(_short(path.name))}~"):
        with suppress(OSError):  # it was renamed just now
            if time.time() - left.stat().st_mtime > STALE_S:
                _remove(left)


def _sync(path: Path) -> None:
    """Wait until a file is on the disk, where a full disk shows at the latest."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _swap(part: Path, folder: Path) -> None:
    old = folder.with_name(OLD + folder.name)
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
    """Delete what can be deleted; the rest is left to the next `tidy`."""
    if is_folder(path) and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)
