"""Lets long work be cancelled while it runs, wherever it checks."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager

_running = threading.local()


@contextmanager
def cancellable(is_cancelled: Callable[[], bool]) -> Iterator[None]:
    """Have checks on this thread ask a function meanwhile."""
    _running.is_cancelled = is_cancelled
    try:
        yield
    finally:
        del _running.is_cancelled


def check_cancelled() -> None:
    """Return, unless the work on this thread is cancelled.

    Raises:
        CancelledError: it is.
    """
    if getattr(_running, "is_cancelled", lambda: False)():
        raise CancelledError
