"""When to show a frame and when to begin a block: arithmetic on times, with no clock of its own."""

import math
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise

LATE = 0.5  # a frame later than this share of its interval moves the grid
MARGIN_S = 0.004  # spare time before a block is needed [s]
SPARE = 0.05  # share by which a block may take longer than recent ones
REGAIN = 0.03  # share by which intervals are shortened to regain time: too little to see
MAX_BEHIND_S = 0.5  # most time that is regained [s]
MAX_TIMES = 20_000  # newest times kept for statistics


class FrameGrid:
    """A grid of due times, one a frame; a late frame shifts it, and nothing jumps to catch up.

    The time lost is regained in steps too small to see, so that the rate holds in the long run.

    >>> grid = FrameGrid(fps=16)
    >>> grid.show(now=0.0)
    0.0625
    """

    def __init__(self, fps: float) -> None:
        self.interval = 1.0 / fps  # s
        self.due: float | None = None  # when the next frame is to be shown; None: at once [s]
        self.late_frames = 0
        self._behind = 0.0  # time lost to late frames and not yet regained [s]

    def is_due(self, now: float) -> bool:
        """Return whether the next frame is to be shown."""
        return self.due is None or now >= self.due

    def show(self, now: float) -> float:
        """Note that a frame is shown; set and return when the next is due."""
        if self.due is None:
            self.due = now
        elif now - self.due > LATE * self.interval:
            self.late_frames += 1
            self._behind = min(MAX_BEHIND_S, self._behind + now - self.due)
            self.due = now
        regained = min(self._behind, REGAIN * self.interval)
        self._behind -= regained
        self.due += self.interval - regained
        return self.due

    def restart(self) -> None:
        """Begin a new grid with the next frame, as after a pause."""
        self.due = None
        self._behind = 0.0


class DurationEstimate:
    """How long something takes, on the safe side: a high percentile of the newest samples."""

    def __init__(self, percentile: float = 0.95, window: int = 40) -> None:
        self._percentile = percentile
        self._samples: deque[float] = deque(maxlen=window)

    def add(self, seconds: float) -> None:
        """Note how long it took once."""
        self._samples.append(seconds)

    @property
    def seconds(self) -> float:
        """The estimate [s], 0 before the first sample."""
        return percentile(self._samples, self._percentile) if self._samples else 0.0

    def latest_start(self, needed_at: float) -> float:
        """Return when to begin to be done at `needed_at`: at once before the first sample."""
        if not self._samples:
            return -math.inf
        return needed_at - (1 + SPARE) * self.seconds - MARGIN_S


@dataclass(frozen=True, slots=True)
class PacingStats:
    """The evenness of the frames shown."""

    frames: int = 0
    fps: float = 0.0  # achieved
    interval_p50_ms: float = 0.0
    interval_p95_ms: float = 0.0
    interval_max_ms: float = 0.0
    late_frames: int = 0  # frames that moved the grid


def pacing_stats(shown_at: list[float], grid: FrameGrid) -> PacingStats:
    """Summarise the times at which frames were shown [s]."""
    if len(shown_at) < 2:
        return PacingStats(frames=len(shown_at), late_frames=grid.late_frames)
    intervals = [later - earlier for earlier, later in pairwise(shown_at)]
    return PacingStats(
        frames=len(shown_at),
        fps=len(intervals) / (shown_at[-1] - shown_at[0]),
        interval_p50_ms=percentile(intervals, 0.5) * 1000,
        interval_p95_ms=percentile(intervals, 0.95) * 1000,
        interval_max_ms=max(intervals) * 1000,
        late_frames=grid.late_frames,
    )


def percentile(values: Collection[float], share: float) -> float:
    """Return the smallest value that at least `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
