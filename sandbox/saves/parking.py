"""Parked places: one folder each in the player's data folder, continued exactly.

Two games may share the folder: they write in turn, and a place that one of them plays cannot be
played in the other. Only `delete` removes a place.
"""

import logging
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from mag_sandbox.files.border import exists, is_file, is_folder, is_missing
from mag_sandbox.files.folders import HOME_VARIABLE
from mag_sandbox.files.whole import OLD, aside, remedy_of, remove_folder, tidy
from mag_sandbox.model.world import MIB
from mag_sandbox.sandbox.known_words import known_words
from mag_sandbox.sandbox.play.parked_scene import (
    THUMBNAIL,
    ParkedScene,
    StateError,
    StateHeader,
    check_slug,
    is_slug,
    new_id,
    read_header,
    read_state,
    write_state,
)
from mag_sandbox.sandbox.saves.own_scenes import name_with
from mag_sandbox.scenes import Scene

logger = logging.getLogger(__name__)

NONE_SAVED = "no moment of this place is saved yet"
QUICK = "quick"  # the slot of the key that saves
PATIENCE_S = 30.0  # longest wait for another game that is writing [s]
CLAIM_S = 1.0  # a game that lists places locks each for less [s]
PROBE_S = 0.05  # longest wait of a list for a place that another list has locked [s]
AGAIN_S = 0.01  # between two tries to lock [s]
_LOCK, _PLAYING = ".lock", ".playing-"


@dataclass(frozen=True, slots=True)
class ParkedEntry:
    """One parked place or save in a list."""

    id: str
    folder: Path
    left: datetime
    bytes: int  # on the disk
    header: StateHeader | None  # None: damaged
    problem: str | None = None  # one sentence
    played_elsewhere: bool = False  # in another game, now

    @property
    def name(self) -> str:
        """Its name for people."""
        return place_name(self.header) if self.header else self.id

    @property
    def thumbnail(self) -> Path | None:
        """Picture of the last frame shown, if it is there."""
        path = self.folder / THUMBNAIL
        return path if is_file(path) and not path.is_symlink() else None


class ParkedScenes:
    """The parked places, and saves of places that are still played.

    >>> scenes = ParkedScenes(folder, 1024)
    >>> scenes.entries()
    []
    """

    def __init__(
        self,
        folder: Path,
        budget_mib: int,
        *,
        patience: float = PATIENCE_S,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.folder = folder
        self.budget_bytes = budget_mib * MIB
        self._patience = patience
        self.now = now
        self._playing: dict[str, BaseFileLock] = {}  # by id
        if is_folder(folder):
            with suppress(StateError), self._alone(0.0):  # finishes what a killed game began
                pass

    def park(self, parked: ParkedScene, *, goes_on: bool = False) -> str:
        """Write a place over the same playthrough's last one, whatever the budget; return its id.

        A place that `goes_on` stays claimed, so that other games cannot take it.

        Raises:
            DiskFull: there is no room; the last one is whole.
            StateError: it cannot be written, or another game plays it.
        """
        with self._alone():
            if self._is_played_elsewhere(parked.id, CLAIM_S):
                raise _played_elsewhere(place_name(parked))
            if goes_on:
                self._claim(parked.id, place_name(parked))
            write_state(self._path(parked.id), replace(parked, slot="", left=self.now()))
            if not goes_on:  # a game that waits for its turn to write finds it free
                self.release(parked.id)
        return parked.id

    def save_slot(self, parked: ParkedScene) -> str:
        """Keep a moment of a playthrough beside it, in place of the last one."""
        save = check_slug(f"{parked.id}-{QUICK}")
        with self._alone():
            write_state(self._path(save), replace(parked, slot=QUICK, left=self.now()))
        return save

    def load_slot(self, id: str) -> ParkedScene:
        """Return the saved moment of the playthrough `id`, to continue it, or raise StateError."""
        save = check_slug(f"{id}-{QUICK}")
        if is_missing(self._path(save)):
            raise StateError(NONE_SAVED)
        return replace(self.load(save), id=id, slot="")

    def header(self, id: str) -> StateHeader:
        """Return a place's header, even while a game replaces it, or raise StateError."""
        folder = self._path(id)
        for place in (folder, aside(folder)):
            with suppress(StateError):
                return read_header(place)
        return read_header(folder)

    def load(self, id: str) -> ParkedScene:
        """Return a parked place or save without claiming it."""
        with self._alone():
            return read_state(self._path(id))

    def take(self, id: str) -> ParkedScene:
        """Return a place to continue and claim it until `park` or `release`.

        A save becomes a new playthrough, so that parking it overwrites nothing.

        Raises:
            StateError: it is missing or damaged, or another game plays it.
        """
        with self._alone():
            parked = read_state(self._path(id))
            if parked.slot:
                return replace(parked, id=new_id(parked.scene), slot="")
            self._claim(id, place_name(parked))
            return parked

    def release(self, id: str) -> None:
        """Release a place for other games, if this game plays it."""
        lock = self._playing.pop(id, None)
        if lock:
            lock.release()

    def close(self) -> None:
        """Release all places for other games."""
        for id in tuple(self._playing):
            self.release(id)

    def delete(self, id: str) -> None:
        """Delete a place or save, damaged or not, or raise StateError if it is gone or played."""
        path = self._path(id)
        with self._alone():
            if self._is_played_elsewhere(id, CLAIM_S):
                raise _played_elsewhere(id)
            if not os.path.lexists(path):
                raise StateError(f'the saved place "{id}" is gone; choose another')
            try:
                remove_folder(path)
            except OSError as error:
                why = error.strerror or error
                raise StateError(
                    f"{path} cannot be deleted ({why}); check its permissions"
                ) from None

    def fork(self, id: str) -> ParkedScene:
        """Copy a place under a new id, and on the disk the name "... (2)"; return the copy."""
        return self.park_copy(self.load(id))

    def park_copy(self, parked: ParkedScene) -> ParkedScene:
        """Keep a place as a new one; see `fork`."""
        with self._alone():
            taken = {entry.header.name for entry in self.entries() if entry.header}
            name = _next_name(parked.name, taken)
            copy = replace(parked, id=new_id(parked.scene), name=name, slot="")
            write_state(self._path(copy.id), copy)
        return copy

    def entries(self) -> list[ParkedEntry]:
        """Return all places and saves, last left first; cheap, and never fails."""
        try:
            names = {path.name.removeprefix(OLD) for path in self.folder.iterdir()}
        except OSError:
            return []
        found = [self._entry(name) for name in names if is_slug(name)]
        entries = [entry for entry in found if entry is not None]
        return sorted(entries, key=lambda entry: (entry.left, entry.id), reverse=True)

    def total_bytes(self) -> int:
        """Return the bytes of all places on the disk."""
        return sum(entry.bytes for entry in self.entries())

    def over_budget(self) -> tuple[ParkedEntry, ...]:
        """Return the oldest places whose deletion would make the rest fit into the budget.

        All that can be deleted may be too little.
        """
        entries = self.entries()
        excess = sum(entry.bytes for entry in entries) - self.budget_bytes
        proposed = []
        for entry in reversed(entries):
            if excess <= 0:
                break
            if not entry.played_elsewhere and entry.id not in self._playing:
                proposed.append(entry)
                excess -= entry.bytes
        return tuple(proposed)

    def _entry(self, id: str) -> ParkedEntry | None:
        folder, header, problem = self._path(id), None, None
        try:
            header = self.header(id)
        except StateError as error:
            problem = str(error)
        places = (folder, aside(folder), folder)  # another game may be replacing it
        measured = next(filter(None, map(_measure, places)), None)
        if measured is None:
            return None
        size, changed = measured
        left = header.left_at if header else changed
        return ParkedEntry(id, folder, left, size, header, problem, self._is_played_elsewhere(id))

    def _path(self, id: str) -> Path:
        return self.folder / check_slug(id)

    def _playing_file(self, id: str) -> Path:
        return self.folder / (_PLAYING + id)

    def _claim(self, id: str, name: str) -> None:
        if id in self._playing:
            return
        lock = _lock(self._playing_file(id))
        try:
            lock.acquire(CLAIM_S, poll_interval=AGAIN_S)
        except Timeout:
            raise _played_elsewhere(name) from None
        except OSError as error:
            raise _unusable(self._playing_file(id), error) from None
        self._playing[id] = lock

    def _is_played_elsewhere(self, id: str, patience: float = PROBE_S) -> bool:
        file = self._playing_file(id)
        if id in self._playing or not exists(file):
            return False
        try:
            with _lock(file).acquire(patience, poll_interval=AGAIN_S):
                return False
        except Timeout:
            return True
        except OSError:
            return False  # a file that no game can lock

    @contextmanager
    def _alone(self, patience: float | None = None) -> Iterator[None]:
        """Keep other games from writing, and from reading a place that is being replaced."""
        lock = _lock(self.folder / _LOCK)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            seconds = self._patience if patience is None else patience
            held = lock.acquire(seconds, poll_interval=AGAIN_S)
        except Timeout:
            problem = f"another game is writing to {self.folder}; try again in a moment"
            raise StateError(problem) from None
        except OSError as error:
            raise _unusable(self.folder, error) from None
        with held:
            self._tidy()
            yield

    def _tidy(self) -> None:
        try:
            tidy(self.folder)
            for file in self.folder.glob(_PLAYING + "*"):
                id = file.name.removeprefix(_PLAYING)
                if id not in self._playing and not self._is_played_elsewhere(id):
                    file.unlink(missing_ok=True)
        except OSError as error:
            logger.warning("%s cannot be tidied: %s", self.folder, error)


def _lock(file: Path) -> BaseFileLock:
    return FileLock(file, thread_local=False)  # any thread may release it


def _played_elsewhere(name: str) -> StateError:
    return StateError(
        f'"{name}" is open in another window of the game; leave it there first, or play a copy'
    )


def _unusable(path: Path, error: OSError) -> StateError:
    return StateError(
        f"cannot use {path} ({error.strerror or error}); {remedy_of(error)}, or set "
        f"{HOME_VARIABLE} to a folder on a local disk"
    )


def _measure(folder: Path) -> tuple[int, datetime] | None:
    try:
        status = folder.lstat()
        size = 0
        if is_folder(folder) and not folder.is_symlink():
            with os.scandir(folder) as files:
                size = sum(file.stat(follow_symlinks=False).st_size for file in files)
    except OSError:
        return None
    return size, datetime.fromtimestamp(status.st_mtime, UTC)


def place_name(place: StateHeader | ParkedScene) -> str:
    """Return the name of a place for people, with what it was described as last.

    A place with several rooms has that of the first one, where the player looks for it.
    """
    if len(place.rooms) > 1:
        return place.scene.name
    return name_with(place.scene, place.prompt, known_words(place.world))


def described(place: StateHeader | ParkedScene) -> Scene:
    """Return the scene of a place with the name and the description that hold there."""
    return replace(place.scene, name=place_name(place), prompt=place.prompt)


def _next_name(name: str, taken: set[str]) -> str:
    stem = re.sub(r" \(\d+\)$", "", name)
    number = 2
    while f"{stem} ({number})" in taken:
        number += 1
    return f"{stem} ({number})"
