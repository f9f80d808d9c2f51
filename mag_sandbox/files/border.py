"""Opens data from outside, and turns every failure to read it into one sentence.

Only plain files of a bounded size are opened: a pipe or a device may never end. Whatever a parser
raises becomes one refusal, so that callers need not list exceptions.
"""

import logging
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from errno import EFBIG, EINVAL, EMFILE, ENFILE
from pathlib import Path
from typing import BinaryIO

logger = logging.getLogger(__name__)
TOO_MANY_FILES = "too many files are open; close other programs, or allow more (ulimit -n 4096)"
MOST_REASON = 300  # characters of a library's message about a file


class Refusal(Exception):
    """An error that people can cause or meet: one sentence with problem, place and remedy."""


@contextmanager
def refusing(refuse: Callable[[str], Exception]) -> Iterator[None]:
    """Turn any error raised inside into the one that `refuse` makes of its reason.

    A refusal raised inside passes unchanged.

    >>> with refusing(lambda why: Refusal(f"answer.txt is no number ({why}); write one")):
    ...     int("x")
    Traceback (most recent call last):
    mag_sandbox.files.border.Refusal: answer.txt is no number (invalid literal for int() with
    base 10: 'x'); write one
    """
    try:
        yield
    except Refusal:
        raise
    except Exception as error:
        logger.debug("refused", exc_info=error)
        refusal = refuse(reason_of(error))
        if is_short_of_files(error):  # its own remedy would not help
            raise type(refusal)(TOO_MANY_FILES) from error
        raise refusal from error


def is_short_of_files(error: BaseException) -> bool:
    """Return whether a process may open no more files; libraries give only the system's words."""
    is_known = isinstance(error, OSError) and error.errno in (EMFILE, ENFILE)
    return is_known or os.strerror(EMFILE) in str(error)


def reason_of(error: BaseException) -> str:
    """Return the reason of an error in a few words of one line."""
    if isinstance(error, FileNotFoundError):
        return "not found"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, MemoryError):
        return "it needs more memory than there is"
    if isinstance(error, UnicodeDecodeError):
        return "it is no text"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, TypeError | AttributeError | LookupError):  # a parser's own words
        return "its contents are not as expected"
    reason = " ".join(str(error).split())
    if "integer string conversion" in reason:  # Python's advice is for programmers
        return "it has a number of too many digits"
    return reason[:MOST_REASON] or type(error).__name__


def open_plain(path: Path, most: int | None = None) -> BinaryIO:
    """Open a plain file to read; links are followed.

    Raises:
        OSError: there is none, or it has more than `most` bytes; `strerror` says so for people.
    """
    try:
        check_plain(path)
        file = open(path, "rb", opener=_at_once)  # noqa: SIM115 -- the caller's to close
    except ValueError:  # with a character of no name
        raise OSError(EINVAL, "no file can have such a name") from None
    try:
        _refuse_other_kinds(os.fstat(file.fileno()), path, most)
    except OSError:
        file.close()
        raise
    return file


def read_plain(path: Path, most: int) -> bytes:
    """Return the bytes of a plain file, or raise OSError as `open_plain` does."""
    with open_plain(path, most) as file:
        data = file.read(most + 1) or b""  # files of the system's own: no size, or nothing yet
    if len(data) > most:
        raise _too_large(path, most)
    return data


def exists(path: Path) -> bool:
    """Return whether something is there; False in a folder that may not be read."""
    return _mode(path) is not None


def is_file(path: Path) -> bool:
    """Return whether a plain file is there; see `exists`."""
    return stat.S_ISREG(_mode(path) or 0)


def is_folder(path: Path) -> bool:
    """Return whether a folder is there; see `exists`."""
    return stat.S_ISDIR(_mode(path) or 0)


def is_missing(path: Path) -> bool:
    """Return whether certainly nothing is there; otherwise opening it raises the reason."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        pass
    return False


def check_plain(path: Path) -> None:
    """Raise OSError unless a plain file is there."""
    _refuse_other_kinds(path.stat(), path, None)


def _mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except (OSError, ValueError):  # it may also be too long, or have a character of no name
        return None


def _at_once(path: str, flags: int) -> int:
    # a pipe would otherwise wait for its writer
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _refuse_other_kinds(status: os.stat_result, path: Path, most: int | None) -> None:
    if not stat.S_ISREG(status.st_mode):
        kind = "it is a folder" if stat.S_ISDIR(status.st_mode) else "it is not a plain file"
        raise OSError(EINVAL, kind, str(path))
    if most is not None and status.st_size > most:
        raise _too_large(path, most)


def _too_large(path: Path, most: int) -> OSError:
    return OSError(EFBIG, f"it is larger than {most // 1024} KiB", str(path))
