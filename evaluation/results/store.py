"""Results that grow clip by clip: one JSON line each, shared by several programs at once.

A process that measures a clip holds its claim: a lock that the system drops when it ends, however
it ends. So nothing is measured twice, and a killed run can be continued.
"""

import hashlib
import io
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from mag_sandbox.files.whole import replace_file

RECORDS, RUNS = "clips.jsonl", "runs.jsonl"
CLAIMS, LOCK, SETTINGS = "claims", ".lock", "settings.json"
KEY, PLACE = "key", "place"  # of a record; its place in the plan of the run that made it


class ClipStore:
    """A folder of records by key.

    >>> store = ClipStore(folder, {"seed": 0})
    >>> with store.claim("indoor-3") as mine:
    ...     if mine:
    ...         store.add("indoor-3", {"psnr_db": 28.0})
    """

    def __init__(self, folder: Path, settings: dict[str, Any]) -> None:
        """Open a folder of records with settings, plain JSON, in common, or begin one.

        Raises:
            ValueError: the folder holds records of other settings.
            OSError: it cannot be written.
        """
        self.folder = folder
        (folder / CLAIMS).mkdir(parents=True, exist_ok=True)
        with FileLock(folder / LOCK):
            _agree(folder / SETTINGS, settings)

    def records(self) -> dict[str, dict[str, Any]]:
        """Return the measurements so far, by key; a line that a killed program cut is left out."""
        return {record[KEY]: record for record in read_records(self.folder)}

    @contextmanager
    def claim(self, key: str) -> Iterator[bool]:
        """Say whether to measure a clip here: no process has, and none does so now."""
        claim = FileLock(self.folder / CLAIMS / f"{key}.claim", timeout=0)
        with suppress(Timeout), claim:
            yield key not in self.records()
            return
        yield False

    def add(self, key: str, record: dict[str, Any]) -> None:
        """Append a record of a claimed clip."""
        self._append(RECORDS, {KEY: key, **record})

    def note(self, run: dict[str, Any]) -> None:
        """Append the circumstances of a run: machine, commit, arguments."""
        self._append(RUNS, run)

    def read_array(self, name: str) -> np.ndarray | None:
        """Return uint8 pictures that were kept under a name; None: there are none, or damaged."""
        try:
            kept = np.load(self.folder / f"{name}.npy", allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None
        return kept if isinstance(kept, np.ndarray) and kept.dtype == np.uint8 else None

    def write_array(self, name: str, pictures: np.ndarray) -> None:
        """Keep uint8 pictures; the file appears whole or not at all."""
        data, path = io.BytesIO(), self.folder / f"{name}.npy"
        np.save(data, pictures, allow_pickle=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, data.getvalue())

    def _append(self, name: str, data: dict[str, Any]) -> None:
        line = json.dumps(data, allow_nan=False) + "\n"
        with FileLock(self.folder / LOCK), (self.folder / name).open("ab+") as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":  # what a killed program was writing
                    file.write(b"\n")
            file.write(line.encode())
            file.flush()
            os.fsync(file.fileno())


def file_key(name: str, *more: str) -> str:
    """Return a readable name for files that no other path has, nor the same with other words."""
    whole = "|".join((name, *more))
    readable = re.sub(r"[^A-Za-z0-9]+", "-", Path(name).stem)[:40]
    return f"{readable}-{hashlib.sha256(whole.encode()).hexdigest()[:12]}"


def clip_record(
    bench: str,
    row: dict[str, Any],
    clip: str,
    scores: dict[str, Any],
    seconds: float,
    *,
    category: str = "",
    distance: str = "none",
    picture: str | None = None,
    **more: object,
) -> dict[str, Any]:
    """Return a record, as reports read it.

    Args:
        bench: that measured it.
        row: name of the measurement: clips of equal rows are averaged.
        clip: what reports call it; rows are compared on clips of equal names.
        scores: by name, None where one could not be measured.
        seconds: it took to measure.
        category: of the scene.
        distance: what found best matches.
        picture: of the worst frame, relative to the folder.
        more: of the bench's own.
    """
    return {
        "bench": bench, "row": row, "clip": clip, "category": category, "distance": distance,
        "picture": picture, "scores": scores, "seconds": round(seconds, 3), **more,
    }  # fmt: skip


def read_records(folder: Path) -> list[dict[str, Any]]:
    """Return the records of a folder in the planned order."""
    records = [one for one in _lines(folder / RECORDS) if isinstance(one.get(KEY), str)]
    return sorted(records, key=_place)


def _place(record: dict[str, Any]) -> int:
    place = record.get(PLACE)
    return place if isinstance(place, int) else 0


def read_runs(folder: Path) -> list[dict[str, Any]]:
    """Return the noted circumstances of their runs."""
    return _lines(folder / RUNS)


def _lines(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    found = []
    for line in path.read_bytes().splitlines():
        try:
            data = json.loads(line)
        except ValueError:
            continue  # cut by the end of a program
        if isinstance(data, dict):
            found.append(data)
    return found


def read_settings(folder: Path) -> dict[str, Any]:
    """Return the settings that a folder's records share, or raise ValueError if it has none."""
    path = folder / SETTINGS
    try:
        settings: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return settings
    except (OSError, ValueError) as error:
        raise ValueError(
            f"{folder} holds no results ({error}); name a folder that was given as --out"
        ) from None


def _agree(path: Path, settings: dict[str, Any]) -> None:
    wanted = json.loads(json.dumps(settings))
    if not path.exists():
        replace_file(path, json.dumps(settings, indent=1) + "\n")
        return
    kept = json.loads(path.read_text(encoding="utf-8"))
    for name in sorted({*kept, *wanted}):
        if kept.get(name) != wanted.get(name):
            raise ValueError(
                f"{path.parent} holds results with {name} {kept.get(name)!r}, this run has "
                f"{wanted.get(name)!r}; name another folder"
            )
