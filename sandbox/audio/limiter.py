"""Keeps sound under a ceiling without distorting it. Knows nothing of where sound comes from."""

import numpy as np

CEILING = 0.9  # largest value of a sample that leaves
RELEASE = 0.04  # how much louder it may get from one quantum to the next


class Limiter:
    """Turns down before a peak arrives: it holds back one quantum and so knows what comes.

    Within a quantum the gain goes straight from one end to the other, and neither is above what
    the quantum's peak allows: so nothing ever clips, and nothing clicks.

    >>> limiter = Limiter(960)
    >>> mix, out = np.zeros((2, 2, 960), np.float32)
    >>> limiter.push(mix, out)  # out is the quantum pushed before, at most CEILING
    """

    def __init__(self, quantum: int) -> None:
        self._ramp = np.arange(1, quantum + 1, dtype=np.float32) / np.float32(quantum)
        self._held = np.zeros((2, quantum), np.float32)
        self._allowed = 1.0  # by the peak of what is held
        self._gain = 1.0  # at the end of what left last

    def push(self, mix: np.ndarray, out: np.ndarray) -> None:
        """Take the next quantum, [2, samples], and write the previous one to `out`."""
        peak = max(float(mix.max()), -float(mix.min()))
        allowed = CEILING / peak if peak > CEILING else 1.0
        end = min(self._allowed, allowed, self._gain + RELEASE)
        if end == self._gain == 1.0:
            np.copyto(out, self._held)
        else:
            np.multiply(self._held, self._gain + (end - self._gain) * self._ramp, out=out)
        np.copyto(self._held, mix)
        self._allowed, self._gain = allowed, end
