"""The options of an export, and its error."""

import math
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from mag_sandbox.command_line import argument, option
from mag_sandbox.files.border import is_folder
from mag_sandbox.files.whole import FULL, creating, replacing
from mag_sandbox.model.world import MIB
from mag_sandbox.sandbox.export.metadata import is_ours
from mag_sandbox.sandbox.recording.reader import RecordingError

Format = Literal["mp4", "gif", "frames", "page"]
MOST_SECONDS = 1e9  # of a recording
LEAST_FPS = 0.001  # of an animation
FORMATS: tuple[Format, ...] = get_args(Format)

SMALL = 640  # px: worlds narrower than this are enlarged
SCALES: dict[Format, int] = {"mp4": 2, "gif": 2}  # of small worlds; others stay
HUD_SCALE = 3  # where words are to be read
MAX_SCALE = 8
MAX_SIDE = 8192  # px of an enlarged frame
SUFFIXES: dict[Format, str] = {
    "mp4": ".mp4",
    "gif": ".gif",
    "frames": "-frames",
    "page": "-page.html",
}
SPARE = 32 * 2**20  # bytes that stay free
MOST_NAMES = 10_000


class ExportError(RecordingError):
    """An export that cannot be made; the message is one sentence with the remedy."""


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """The export to make of a recording."""

    format: Format = option("mp4", "(default %(default)s)")
    hud: bool = option(False, "draw the HUD over the frames, as in play")
    start: float = option(0.0, "first second", name="from")
    end: float | None = option(None, "last second; else to the end", name="to")
    scale: int | None = option(
        None, f"enlarge every pixel N times, 1 to {MAX_SCALE}; else as suits", metavar="N"
    )
    fps: float | None = option(None, "most frames a second of a gif", metavar="N")
    sound: bool = option(True, "sound in videos")
    out: Path | None = option(None, "where to write; else beside the recording", metavar="PATH")
    overwrite: bool = option(False, "replace an existing export")

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            raise ExportError(f'format "{self.format}" is not one of {", ".join(FORMATS)}')
        if not 0.0 <= self.start < MOST_SECONDS:
            raise ExportError(f"--from is {self.start:g}, expected seconds from 0 on")
        if self.end is not None and not self.start < self.end < MOST_SECONDS:
            raise ExportError(f"--to is {self.end:g}, expected more than --from ({self.start:g})")
        if self.scale is not None and not 1 <= self.scale <= MAX_SCALE:
            raise ExportError(f"--scale is {self.scale}, expected 1 to {MAX_SCALE}")
        if self.fps is not None and not self.fps >= LEAST_FPS:
            raise ExportError(f"--fps is {self.fps:g}, expected {LEAST_FPS} or more")

    def step_for(self, fps: float) -> int:
        """Return n, where every n-th frame of `fps` a second is shown."""
        return 1 if self.fps is None else max(1, math.ceil(fps / self.fps))

    def scale_for(self, size: tuple[int, int]) -> int:
        """Return the factor for frames of this size, or raise ExportError if too large."""
        usual = SCALES.get(self.format, 1)
        if self.hud and self.format == "mp4":
            usual = HUD_SCALE
        scale = self.scale or (usual if size[0] < SMALL else 1)
        if max(size) * scale > MAX_SIDE:
            large = f"{size[0] * scale} x {size[1] * scale}"
            raise ExportError(f"--scale {scale} would make frames of {large}; choose a smaller one")
        return scale


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingExport(ExportOptions):
    """The same, and of which recording."""

    folder: Path = argument("folder of the recording", metavar="DIR")


def target_of(folder: Path, options: ExportOptions) -> Path:
    """Return where the export goes, or raise ExportError if something else is there."""
    if not folder.resolve().name:
        raise ExportError(f"{folder} is no recording; name the folder given to `play --record`")
    if options.out is None:
        return _free(folder.resolve(), SUFFIXES[options.format], options)
    target, as_folder = options.out, options.format == "frames"
    if not target.name:
        raise ExportError(f"--out {target} names no file; give it a name")
    if os.path.lexists(target):
        if is_folder(target) != as_folder:
            kind = "a folder" if is_folder(target) else "a file"
            raise ExportError(f"--out {target} is {kind}; give another name")
        if not options.overwrite:
            raise ExportError(f"{target} exists; give another name or --overwrite")
        if folder.resolve() in target.resolve().parents:
            raise ExportError(f"{target} belongs to the recording; give another name")
        if not is_ours(target):
            raise ExportError(f"{target} is no export, or holds other files; give another name")
    return target


def _free(folder: Path, suffix: str, options: ExportOptions) -> Path:
    for number in range(1, MOST_NAMES):
        name = folder.name if number == 1 else f"{folder.name}-{number}"
        path = folder.with_name(name + suffix)
        if not os.path.lexists(path):
            return path
        same_kind = is_folder(path) == (options.format == "frames")
        if options.overwrite and same_kind and is_ours(path):
            return path
    raise ExportError(f"{folder.parent} holds too many exports; name another place with --out")


def check_room(target: Path, needed: int) -> None:
    """Raise ExportError if there is no room for the bytes that will probably be needed."""
    folder = target.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise _cannot(target, error) from None
    if free < needed + SPARE:
        raise ExportError(
            f"{target.name} needs about {max(1, needed // MIB)} MiB, and {folder} has "
            f"{free // MIB} MiB free; make room or name another place with --out"
        )


@contextmanager
def whole(target: Path, *, overwrite: bool) -> Iterator[Path]:
    """Give a path to write at, which takes its name when all went well, or raise ExportError."""
    try:
        with (replacing if overwrite else creating)(target) as part:
            yield part
    except OSError as error:
        raise _cannot(target, error) from None


def _cannot(target: Path, error: OSError) -> ExportError:
    if isinstance(error, FileExistsError) and is_folder(target.parent):
        return ExportError(f"{target} exists; give another name or --overwrite")
    if error.errno in FULL:
        return ExportError(f"no room for {target}; make room or name another place with --out")
    why = error.strerror or str(error)
    return ExportError(f"{target} cannot be written ({why}); name another place with --out")
