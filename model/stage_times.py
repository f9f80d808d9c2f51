"""How long the parts of a block take."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class StageTimes:
    """Adds up what each stage takes until it is asked.

    >>> times = StageTimes()
    >>> with times.of("denoise"):
    ...     pass
    >>> list(times.taken())
    ['denoise']
    """

    def __init__(self) -> None:
        self._spent: dict[str, float] = {}

    @contextmanager
    def of(self, stage: str) -> Iterator[None]:
        """Count what is done meanwhile to a stage."""
        started = time.perf_counter()
        yield
        spent = 1000 * (time.perf_counter() - started)
        self._spent[stage] = self._spent.get(stage, 0.0) + spent

    def taken(self) -> dict[str, float]:
        """Return milliseconds of each stage, and begin anew."""
        spent, self._spent = self._spent, {}
        return spent
