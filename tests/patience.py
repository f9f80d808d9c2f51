"""How long a test waits for what another thread or process does, when the machine is busy."""

import time
from collections.abc import Callable

PATIENCE = 300.0  # s before a test gives up


def eventually(condition: Callable[[], object]) -> None:
    """Wait for what another thread or process does."""
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, "nothing happened"
        time.sleep(0.002)
