"""What an export is asked for, and how it refuses."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from mag_sandbox.sandbox.recording.reader import RecordingError

Format = Literal["mp4", "gif", "webp", "frames", "sheet", "report"]
FORMATS: tuple[Format, ...] = get_args(Format)
Progress = Callable[[str, float], None]  # stage, fraction in [0, 1]

SMALL = 640  # px: worlds narrower than this are enlarged
SCALES: dict[Format, int] = {"mp4": 2, "gif": 2, "webp": 2}  # of small worlds; others stay
HUD_SCALE = 3  # where words are to be read
MAX_SCALE = 8
MAX_SIDE = 8192  # px of an enlarged frame


class ExportError(RecordingError):
    """An export that cannot be made; the message is one sentence with the remedy."""


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What to make of a recording."""

    format: Format = "mp4"
    hud: bool = False  # draw the HUD over the frames, as in play
    start: float = 0.0  # s of the recording
    end: float | None = None  # s; None: to the end
    scale: int | None = None  # whole factor of enlargement; None: what suits the format
    fps: float | None = None  # most frames a second of a gif or webp; None: the world's
    sound: bool = True
    out: Path | None = None  # None: beside the recording, under a name that is free
    overwrite: bool = False  # replace what is there

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            raise ExportError(f'format "{self.format}" is not one of {", ".join(FORMATS)}')
        if not 0.0 <= self.start < float("inf"):
            raise ExportError(f"--from is {self.start:g}, expected seconds from 0 on")
        if self.end is not None and not self.start < self.end < float("inf"):
            raise ExportError(f"--to is {self.end:g}, expected more than --from ({self.start:g})")
        if self.scale is not None and not 1 <= self.scale <= MAX_SCALE:
            raise ExportError(f"--scale is {self.scale}, expected 1 to {MAX_SCALE}")
        if self.fps is not None and self.fps <= 0:
            raise ExportError(f"--fps is {self.fps:g}, expected more than 0")

    def step_for(self, fps: float) -> int:
        """Return n, where every n-th frame of so many a second is shown."""
        return 1 if self.fps is None else max(1, math.ceil(fps / self.fps))

    def scale_for(self, size: tuple[int, int]) -> int:
        """Return the factor for frames of this size.

        Raises:
            ExportError: the result would be too large.
        """
        usual = SCALES.get(self.format, 1)
        if self.hud and self.format == "mp4":
            usual = HUD_SCALE
        scale = self.scale or (usual if size[0] < SMALL else 1)
        if max(size) * scale > MAX_SIDE:
            large = f"{size[0] * scale} x {size[1] * scale}"
            raise ExportError(f"--scale {scale} would make frames of {large}; choose a smaller one")
        return scale
