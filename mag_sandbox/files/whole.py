"""Files and folders that appear whole or not at all, whatever happens while they are written.

A folder is filled beside its place and then renamed. What a killed program leaves in between is
put right by `tidy`.
"""

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

PART, OLD, GONE = ".part-", ".old-", ".gone-"  # being written, being replaced, being deleted
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class OccupiedError(ValueError):
    """A folder for new files cannot be had; says which, why, and the remedy."""


def claim(folder: Path) -> None:
    """Make a folder for new files, or take an empty one.

    Raises:
        OccupiedError: it holds files, or cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        occupied = any(folder.iterdir())
    except OSError as error:
        raise OccupiedError(
            f"{folder}: it cannot be made ({error.strerror}); name another folder"
        ) from None
    if occupied:
        raise OccupiedError(f"{folder}: it already holds files; name another folder or remove it")


def write_synced(path: Path, data: bytes) -> None:
    """Write a new file and wait until it is on the disk, where a full disk shows at the latest."""
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def replace_file(path: Path, data: bytes) -> None:
    """Write a file that takes the place of an older one when it is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{PART}{secrets.token_hex(4)}-{path.name}")
    try:
        write_synced(part, data)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


@contextmanager
def replaced_folder(folder: Path) -> Iterator[Path]:
    """Give an empty folder to fill, which takes the place of `folder` if all goes well."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = folder.with_name(PART + folder.name)
    _remove(part)
    try:
        part.mkdir()
        yield part
        _swap(part, folder)
    except BaseException:
        _remove(part)
        raise


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


def changed(path: Path) -> datetime:
    """Return when a file was last changed, UTC."""
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError:
        return datetime.fromtimestamp(0, UTC)  # it has just been deleted


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
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
