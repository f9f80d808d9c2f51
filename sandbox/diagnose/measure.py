"""Meters for the bench: what blocks cost, how the process grows, and a player who presses keys."""

import random
import sys
import threading
import time
from pathlib import Path
from statistics import median
from types import ModuleType

from mag_sandbox.model.world import MIB, FrameBlock
from mag_sandbox.sandbox.play.events import BlockEvent, SessionObserver

SETTLED = 1 / 3  # share of a run after which the process should not grow any more


class PlayMeter(SessionObserver):
    """A session observer that notes stage times, latencies and the size of the process."""

    def __init__(self) -> None:
        self.block_latency_ms: list[float] = []  # controls sampled -> frames ready
        self._stages: dict[str, list[float]] = {}
        self._resident: list[int] = []  # bytes, one a block

    def on_block(self, event: BlockEvent, block: FrameBlock) -> None:  # noqa: ARG002 - observer
        """Note one block; the first, which `on_start` hears of, is start-up."""
        self.block_latency_ms.append(event.latency_ms)
        self._resident.append(resident_bytes())
        for stage, ms in event.stage_ms.items():
            self._stages.setdefault(stage, []).append(ms)

    def stage_ms(self) -> dict[str, float]:
        """Return the median of each stage over the blocks that had it."""
        return {stage: round(median(values), 3) for stage, values in self._stages.items()}

    def rss_growth_mb(self) -> float:
        """Return how much the process grew since it had settled [MiB]."""
        settled = self._resident[int(len(self._resident) * SETTLED) :]
        if not settled:
            return 0.0
        return round((settled[-1] - settled[0]) / MIB, 2)


class KeyPresser:
    """A player for measurements: posts arrow keys to the window at uneven times.

    with KeyPresser():
        app.run(...)
    """

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._press, name="key presser", daemon=True)

    def __enter__(self) -> "KeyPresser":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()

    def _press(self) -> None:
        import pygame  # only the bench's thread needs it, after the app chose a display

        while not self._stop.wait(self._random.uniform(0.25, 0.9)):
            key = self._random.choice((pygame.K_LEFT, pygame.K_RIGHT))
            if not pygame.display.get_init():
                continue
            _post(pygame, pygame.KEYDOWN, key)
            self._stop.wait(self._random.uniform(0.1, 0.8))
            _post(pygame, pygame.KEYUP, key)


def _post(pygame: ModuleType, kind: int, key: int) -> None:
    try:
        pygame.event.post(pygame.event.Event(kind, key=key, mod=0, unicode=""))
    except pygame.error:  # the window has just been closed
        return


def core_gflops(seconds: float = 0.3) -> float:
    """Return how fast one core multiplies matrices of the size of the pocket world's, right now.

    On a shared machine this varies from minute to minute, and all other times with it: figures
    of two runs compare only where this one is alike.

    Args:
        seconds: how long to look; the median counts.
    """
    import torch  # the world has imported it anyway

    rows, inner, columns = 180, 192, 768
    x, weight = torch.ones(rows, inner).bfloat16(), torch.ones(columns, inner).bfloat16()
    threads, times = torch.get_num_threads(), []
    torch.set_num_threads(1)
    latest = time.perf_counter() + seconds
    while time.perf_counter() < latest:
        begun = time.perf_counter()
        torch.nn.functional.linear(x, weight)
        times.append(time.perf_counter() - begun)
    torch.set_num_threads(threads)
    return round(2e-9 * rows * inner * columns / median(times), 1)


def resident_bytes() -> int:
    """Return the resident memory of this process; its peak where the system tells no more."""
    import resource  # absent on Windows, which has no bench yet

    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * resource.getpagesize()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
