"""Lets long work be cancelled while it runs, and tells how far it is, wherever it checks."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager

from mag_sandbox.model.world import Stage, StageShare

Report = Callable[[StageShare], object]
_running = threading.local()


@contextmanager
def cancellable(is_cancelled: Callable[[], bool], report: Report | None = None) -> Iterator[None]:
    """Within the block, checks on this thread ask and tell these functions, not those before."""
    before = getattr(_running, "hooks", None)
    _running.hooks = is_cancelled, report
    try:
        yield
    finally:
        _running.hooks = before


def check_cancelled(stage: Stage | None = None, share: float = 0.0) -> None:
    """Raise CancelledError if the work on this thread is cancelled; else report its stage."""
    is_cancelled, report = getattr(_running, "hooks", None) or (None, None)
    if is_cancelled is not None and is_cancelled():
        raise CancelledError
    if stage is not None and report is not None:
        report(StageShare(stage, share))
