"""A line that says how far a long measurement is and when it will be done."""

import sys
import time
from collections.abc import Callable
from typing import TextIO

WIDTH = 24  # characters of the bar


class ProgressBar:
    """Counts clips; on a terminal one line changes, elsewhere each clip has its own.

    >>> bar = ProgressBar(176)
    >>> bar.done("indoor 3, mag")
    """

    def __init__(
        self, total: int, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._total, self._stream, self._clock = total, stream or sys.stderr, clock
        self._begun, self._count, self._measured = clock(), 0, 0

    def skip(self) -> None:
        """Count a clip that was measured before, or that another program measures."""
        self._count += 1

    def done(self, what: str) -> None:
        """Count a clip that was just measured."""
        self._count += 1
        self._measured += 1
        self._say(what)

    def close(self) -> None:
        """End the line."""
        if self._measured and self._stream.isatty():
            self._stream.write("\n")

    def _say(self, what: str) -> None:
        full = round(WIDTH * self._count / max(1, self._total))
        each = (self._clock() - self._begun) / self._measured
        left = each * (self._total - self._count)
        line = f"[{'#' * full}{'.' * (WIDTH - full)}] {self._count}/{self._total} | {what} | "
        line += f"{each:.1f} s a clip | {left / 60:.0f} min left"
        on_terminal = self._stream.isatty()
        self._stream.write(f"\r\033[K{line}" if on_terminal else f"{line}\n")
        self._stream.flush()
