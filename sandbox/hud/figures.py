"""The figures of the display, steady enough to be read."""

from collections.abc import Sequence

from mag_sandbox.sandbox.hud.hud_state import stage_rows
from mag_sandbox.sandbox.play.reel import Reel
from mag_sandbox.sandbox.play.worker import ReadyBlock

FIGURES_EVERY = 0.5  # seconds between two updates: readable, not flickering
SMOOTHING = 0.2  # weight of the newest block in the stage times
RECENT = 32  # frames that the rate is measured over


class Figures:
    """Rates and times of recent blocks."""

    def __init__(self) -> None:
        self.fps = 0.0
        self.possible_fps = 0.0
        self.stage_ms: tuple[tuple[str, int], ...] = ()
        self.latency_ms: int | None = None
        self._stages: dict[str, float] = {}
        self._block_seconds = 0.0
        self._block_frames = 0
        self._updated = float("-inf")

    def add_block(self, ready: ReadyBlock) -> None:
        """Blend in the times of a block."""
        for stage, ms in ready.block.stage_ms.items():
            before = self._stages.get(stage, ms)
            self._stages[stage] = before + SMOOTHING * (ms - before)
        if ready.block.block_index > 0:  # the first includes the reset
            before = self._block_seconds or ready.seconds
            self._block_seconds = before + SMOOTHING * (ready.seconds - before)
            self._block_frames = len(ready.block.frames)

    def update(self, now: float, reel: Reel, latencies_ms: Sequence[float]) -> None:
        """Take new figures, not too often."""
        if now - self._updated < FIGURES_EVERY:
            return
        self._updated = now
        newest = list(reel.shown_at)[-RECENT:]
        if len(newest) > 1:
            self.fps = round((len(newest) - 1) / (newest[-1] - newest[0]), 1)
        if self._block_seconds:
            self.possible_fps = round(self._block_frames / self._block_seconds)
        self.stage_ms = stage_rows(self._stages)
        if latencies_ms:
            self.latency_ms = round(latencies_ms[-1])
