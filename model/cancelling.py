"""Lets long work be cancelled while it runs, wherever it checks."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager

_running = threading.local()


@contextmanager
def cancellable(is_cancelled: Callable[[], bool]) -> Iterator[None]:
    """Within the block, checks on this thread ask a function in place of the previous one."""
    before = getattr(_running, "is_cancelled", None)
    _running.is_cancelled = is_cancelled
    try:
        yield
    finally:
        _running.is_cancelled = before


def check_cancelled() -> None:
    """Raise CancelledError if the work on this thread is cancelled."""
    is_cancelled = getattr(_running, "is_cancelled", None)
    if is_cancelled is not None and is_cancelled():
        raise CancelledError
