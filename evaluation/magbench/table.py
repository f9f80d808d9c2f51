"""The table of MAG-Bench: one row a clip, in the columns that the official evaluation reads.

A row that cannot be used becomes a `Fault`: it is named and counted, never left out in silence.
"""

import csv
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from mag_sandbox.files.whole import replacing

VIDEO, CAPTION, DURATION = COLUMNS = ("video_path", "raw_caption", "duration(sec)")
LONGEST = 3600.0  # s a clip may last; more is a mistake in the table


@dataclass(frozen=True, slots=True)
class BenchClip:
    """One row of the table."""

    name: str  # path of the video below the folder of videos, with slashes
    caption: str
    duration: float  # s, as the table says; where the clip is divided follows from it


@dataclass(frozen=True, slots=True)
class Fault:
    """A clip that was not counted, and why."""

    name: str
    problem: str


def read_table(path: Path) -> tuple[list[BenchClip], list[Fault]]:
    """Return the usable rows of a table, and the others with what is wrong with them.

    Raises:
        ValueError: the file is no table, or lacks a column.
        OSError: it cannot be read.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise ValueError(
                    f"{path} lacks the column {', '.join(missing)}; expected {', '.join(COLUMNS)}"
                )
            rows = [(reader.line_num, row) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path} is not a table of comma-separated text ({error})") from error
    clips: dict[str, BenchClip] = {}
    faults = []
    for line, row in rows:
        name = (row[VIDEO] or "").strip()
        problem = _problem(name, row[DURATION]) or ("named twice" if name in clips else "")
        if problem:
            faults.append(Fault(name or f"line {line}", f"line {line}: {problem}"))
        else:
            clips[name] = BenchClip(name, (row[CAPTION] or "").strip(), float(row[DURATION]))
    return list(clips.values()), faults


def write_table(path: Path, clips: Iterable[BenchClip]) -> None:
    """Write a table that `read_table` reads; it appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows((clip.name, clip.caption, f"{clip.duration:g}") for clip in clips)


def videos_folder(table: Path, videos: Sequence[Path]) -> Path:
    """Return the folder below which a table's videos lie, of files that were found.

    Raises:
        ValueError: the table names none of them, or is none.
        OSError: it cannot be read.
    """
    places = {path.as_posix() for path in videos}
    folders = Counter(
        place.removesuffix(f"/{clip.name}")
        for clip in read_table(table)[0]
        for place in places
        if place.endswith(f"/{clip.name}")
    )
    if not folders:
        raise ValueError(
            f"{table} names none of the {len(places)} videos that lie beside it; name --table and "
            "--videos"
        )
    return Path(folders.most_common(1)[0][0])


def fault_lines(faults: Sequence[Fault], total: int) -> list[str]:
    """Return a sentence on the clips that do not count."""
    if not faults:
        return []
    head = f"{len(faults)} of {total} clips cannot be used:"
    return [head, *(f"  {fault.name}: {fault.problem}" for fault in faults)]


def _problem(name: str, duration: str | None) -> str:
    if not name:
        return "no video is named"
    windows = PureWindowsPath(name)
    if windows.drive or windows.root or ".." in (*windows.parts, *PurePosixPath(name).parts):
        return "the path leaves the folder of videos"
    try:
        seconds = float(duration or "")
    except ValueError:
        return f'duration "{duration}" is not a number'
    if not (math.isfinite(seconds) and 0 < seconds <= LONGEST):
        return f"duration {seconds:g} s is not between 0 and {LONGEST:g}"
    return ""
