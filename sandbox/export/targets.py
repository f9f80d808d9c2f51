"""Where an export goes: a free name, room for it, and a file that appears whole or not at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mag_sandbox.files.whole import FULL, creating, replacing
from mag_sandbox.model.world import MIB
from mag_sandbox.sandbox.export.options import ExportError, ExportOptions, Format

SUFFIXES: dict[Format, str] = {
    "mp4": ".mp4",
    "gif": ".gif",
    "webp": ".webp",
    "frames": "-frames",
    "sheet": "-sheet.png",
    "report": "-report.html",
}
SPARE = 32 * 2**20  # bytes that stay free
MOST_NAMES = 10_000


def target_of(folder: Path, options: ExportOptions) -> Path:
    """Return where the export goes.

    Args:
        folder: of the recording.
        options: may name the place.

    Raises:
        ExportError: the place named is taken or is of the wrong kind.
    """
    if options.out is None:
        return _free(folder.resolve(), SUFFIXES[options.format], options)
    target, as_folder = options.out, options.format == "frames"
    if not target.name:
        raise ExportError(f"--out {target} names no file; give it a name")
    if os.path.lexists(target):
        if target.is_dir() != as_folder:
            kind = "a folder" if target.is_dir() else "a file"
            raise ExportError(f"--out {target} is {kind}; give another name")
        if not options.overwrite:
            raise ExportError(f"{target} exists; give another name or --overwrite")
        if as_folder and not _is_ours(target):
            raise ExportError(f"{target} holds other files; give another name")
    return target


def _free(folder: Path, suffix: str, options: ExportOptions) -> Path:
    """Return the first free name beside a recording; the first of all if that may be replaced."""
    for number in range(1, MOST_NAMES):
        name = folder.name if number == 1 else f"{folder.name}-{number}"
        path = folder.with_name(name + suffix)
        if not os.path.lexists(path):
            return path
        if options.overwrite and path.is_dir() == (options.format == "frames"):
            return path
    raise ExportError(f"{folder.parent} holds too many exports; name another place with --out")


def check_room(target: Path, needed: int) -> None:
    """Refuse where there is no room.

    Args:
        target: what will be written.
        needed: bytes that it will probably take.

    Raises:
        ExportError: the folder cannot be made, or has too little room.
    """
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
    """Give a path to write a file or a folder at, which takes its name when all went well.

    Raises:
        ExportError: the disk is full, or cannot be written; or the name was taken meanwhile.
    """
    try:
        with (replacing if overwrite else creating)(target) as part:
            yield part
    except OSError as error:
        raise _cannot(target, error) from None


def _is_ours(folder: Path) -> bool:
    """Whether a folder holds nothing but what an export of frames writes."""
    names = [path.name for path in folder.iterdir()]
    return all(name == "frames.json" or name.endswith(".png") for name in names)


def _cannot(target: Path, error: OSError) -> ExportError:
    if isinstance(error, FileExistsError) and target.parent.is_dir():
        return ExportError(f"{target} exists; give another name or --overwrite")
    if error.errno in FULL:
        return ExportError(f"no room for {target}; make room or name another place with --out")
    why = error.strerror or str(error)
    return ExportError(f"{target} cannot be written ({why}); name another place with --out")
