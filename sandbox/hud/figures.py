"""The figures of the lab view: rates and times of recent blocks. A new figure is a row here."""

from collections.abc import Mapping

from mag_sandbox.model.world import NETWORK, SERVER

EVERY_S = 0.5  # between two updates: readable, not flickering
SMOOTHING = 0.2  # weight of the newest block
STAGES = {  # shown first, in this order, in words
    "denoise": "imagining the view",
    "remember": "remembering it",
    "decode": "drawing it",
    "look_ahead": "working ahead",
    "sky": "drawing the sky",
    "move": "moving things",
}
ELSEWHERE = {SERVER: "on the server", NETWORK: "in the network"}  # stages of a remote world
MAX_STAGES = 5
LONG_MS = 1000.0  # from which on a time is told in seconds
RATE, LATENCY = "shown", "from key to picture"
Row = tuple[str, str]  # name, value


class Figures:
    """Averages the times of blocks, and updates its rows twice a second.

    figures = Figures()
    figures.add_block({"denoise": 31.0})
    figures.update(now, fps=16.0, latency_ms=80.0)
    figures.rows
    """

    def __init__(self, smoothing: float = SMOOTHING) -> None:
        self.rows: tuple[Row, ...] = ()  # the first is the rate
        self._smoothing = smoothing
        self._stages: dict[str, float] = {}
        self._updated = float("-inf")

    def add_block(self, stage_ms: Mapping[str, float]) -> None:
        """Blend in the times of a block's stages."""
        for stage, ms in stage_ms.items():
            before = self._stages.get(stage, ms)
            self._stages[stage] = before + self._smoothing * (ms - before)

    def update(self, now: float, fps: float, latency_ms: float | None) -> None:
        """Update the figures, at most twice a second.

        Args:
            now: a time [s].
            fps: frames a second that are shown; 0: not known.
            latency_ms: from a key to the first frame that answers it; None: not known.
        """
        if now - self._updated < EVERY_S:
            return
        self._updated = now
        latency = "..." if latency_ms is None else time_text(latency_ms)
        here, elsewhere = stage_rows(self._stages), elsewhere_rows(self._stages)
        self.rows = (
            (RATE, f"{fps:.1f} fps"),
            *((name, time_text(ms)) for name, ms in here),
            (LATENCY, latency),
            *((name, time_text(ms)) for name, ms in elsewhere),
        )


def time_text(ms: float) -> str:
    """Return a time for people: "31 ms", from a second on "1.6 s".

    >>> time_text(31.4), time_text(1580), time_text(15673)
    ('31 ms', '1.6 s', '15.7 s')
    """
    return f"{ms:.0f} ms" if ms < LONG_MS else f"{ms / 1000:.1f} s"


def stage_rows(stage_ms: Mapping[str, float]) -> tuple[tuple[str, int], ...]:
    """Return stages in words with whole milliseconds, the well-known ones first."""
    known = [stage for stage in STAGES if stage in stage_ms]
    others = [stage for stage in stage_ms if stage not in (*STAGES, *ELSEWHERE)]
    shown = (known + others)[:MAX_STAGES]
    return tuple(
        (STAGES.get(stage, stage.replace("_", " ")), round(stage_ms[stage])) for stage in shown
    )


def elsewhere_rows(stage_ms: Mapping[str, float]) -> tuple[tuple[str, int], ...]:
    """Return the times of server and network in words; nothing where the block was made here."""
    return tuple((ELSEWHERE[one], round(stage_ms[one])) for one in ELSEWHERE if one in stage_ms)
