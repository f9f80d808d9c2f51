"""The lists of the title: scenes, parked scenes and recordings, read from the disk.

Reads only the contents of cards, so that a title screen with hundreds of them opens at once.
Damaged files are listed with a sentence. Knows no windows.
"""

import logging
import os
import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mag_sandbox.files.border import is_file, is_missing, open_plain, refusing
from mag_sandbox.files.validation import capitalized, parse_json
from mag_sandbox.files.whole import changed, folder_bytes, remove_folder, visible
from mag_sandbox.model.loading import available_worlds
from mag_sandbox.process import describe_unexpected
from mag_sandbox.sandbox.hud.hud_state import clock_text
from mag_sandbox.sandbox.known_words import known_words
from mag_sandbox.sandbox.play.parked_scene import ParkedScene, StateError, StateHeader, read_header
from mag_sandbox.sandbox.recording.frames_file import frames_per_second
from mag_sandbox.sandbox.recording.reader import EVENTS_FILE, RecordingError
from mag_sandbox.sandbox.saves.own_scenes import (
    CUT_OFF,
    TITLE_LENGTH,
    LibraryError,
    cannot_delete,
    own_scenes,
    told,
)
from mag_sandbox.sandbox.saves.parking import ParkedEntry, ParkedScenes, described, place_name
from mag_sandbox.sandbox.title.model import (
    CONTINUE,
    DELETE,
    EXPORT,
    FORK,
    OWN,
    WATCH,
    TitleCard,
    TitleModel,
    damaged,
    library_cards,
    scene_card,
)
from mag_sandbox.sandbox.ui.amounts import bytes_text, when_text
from mag_sandbox.sandbox.ui.thumbnails import FreshPicture, PictureSource
from mag_sandbox.scenes import Scene
from mag_sandbox.scenes.characters import clean

logger = logging.getLogger(__name__)
PARKED, SCENES, RECORDINGS = "parked", "scenes", "recordings"  # folders of the player's data
WAITING = "not on the disk yet"
LEFT = "A place you left"
THUMBNAIL, BEGUN = "thumbnail.png", "state"  # of a recording: its picture, how it began
MAX_LINE = 2**20  # bytes of a recording's first line
MAX_TAIL = 2**16  # bytes of a recording's end that are looked at
MAX_SECONDS = 1e7  # of play
MAX_NAME = 120  # characters of a recording's name: two titles, joined
_AGAIN = "delete it or record it again"


@dataclass(frozen=True, slots=True)
class PastRecording:
    """One recording to watch."""

    folder: Path
    scene: str  # its name
    seconds: float  # of its video
    when: datetime  # UTC
    bytes: int  # on the disk
    thumbnail: Path | None
    interrupted: bool = False  # it has no end, but can be watched
    problem: str | None = None  # one sentence

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name


def read_title_model(
    parked: ParkedScenes,
    data: Path,
    waiting: Sequence[ParkedScene] = (),
    now: datetime | None = None,
) -> TitleModel:
    """Return everything that the title screen lists.

    `waiting` are scenes that are not written yet; they replace the versions on the disk.
    """
    now = now or datetime.now(UTC)
    return TitleModel(
        scenes=(*_own_cards(data / SCENES, now), *library_cards()),
        parked=(
            *(_parked_card(one.id, WAITING, FreshPicture(one.shown), one) for one in waiting),
            *(
                _card_of(entry, now)
                for entry in parked.entries()
                if entry.id not in {one.id for one in waiting}
            ),
        ),
        recordings=_recording_cards(past_recordings(data / RECORDINGS), now),
    )


class TitleListing:
    """Reads the lists on a thread of its own; only the newest request is answered.

    listing = TitleListing(lambda: read_title_model(parked, data))
    listing.ask()
    while (model := listing.news()) is None: ...
    """

    def __init__(self, read: Callable[[], TitleModel]) -> None:
        self.newest: TitleModel | None = None
        self._read = read
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="listing")
        self._asked: Future[TitleModel] | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether a newer answer is still to come."""
        return self._asked is not None

    def ask(self) -> None:
        """List everything again; a list that is being read may miss new entries."""
        if self._asked is not None:
            self._asked.cancel()
        self._asked = self._thread.submit(self._read)

    def news(self) -> TitleModel | None:
        """Return the newest answer, once it is known; only once."""
        if self._asked is None or not self._asked.done():
            return None
        asked, self._asked = self._asked, None
        try:
            self.newest = asked.result()
        except Exception as error:  # whatever lies there: the title keeps its present lists
            logger.error(describe_unexpected(error))
            self.newest = self.newest or TitleModel(library_cards())
        return self.newest

    def close(self) -> None:
        """Read no more."""
        self._thread.shutdown(cancel_futures=True)


def past_recordings(folder: Path) -> list[PastRecording]:
    """Return the recordings in a folder, which need not exist, newest first."""
    found = [_past_recording(path) for path in visible(folder)]
    return sorted(found, key=lambda one: (one.when, one.name), reverse=True)


def new_recording_folder(folder: Path, name: str) -> Path:
    """Return where a recording of the scene of that name goes now."""
    words = "-".join(re.findall(r"[a-z0-9]+", name.lower()))[:TITLE_LENGTH] or "scene"
    return folder / f"{words}-{time.strftime('%Y%m%d-%H%M%S')}"


def part_number(folder: Path) -> int:
    """Return which part of a recording lies in a folder: "meadow-20261129-184117-2" is the second.

    >>> part_number(Path("meadow-20261129-184117"))
    1
    """
    return _part_of(folder)[1]


def _part_of(folder: Path) -> tuple[str, int]:
    """Return the name of a recording's first folder, and which part lies in a folder."""
    later = re.fullmatch(r"(.*-\d{8}-\d{6})-(\d{1,4})", folder.name)
    return (later[1], int(later[2])) if later else (folder.name, 1)


def delete_recording(folder: Path) -> None:
    """Delete a listed recording, or raise LibraryError if it is none or stays."""
    try:
        if not folder.is_symlink() and is_missing(folder / EVENTS_FILE) and any(folder.iterdir()):
            raise LibraryError(f"{folder} is not a recording; delete it by hand if you want to")
        remove_folder(folder)
    except OSError as error:
        raise cannot_delete(folder, error) from None


def left_text(header: StateHeader, now: datetime) -> str:
    """Say when a scene was left: "left today 18:20", or "saved just now"."""
    return f"{'saved' if header.slot else 'left'} {when_text(header.left_at, now)}"


def _own_cards(folder: Path, now: datetime) -> list[TitleCard]:
    words, cards = known_words(available_worlds()[0]), []
    for own in own_scenes(folder):
        key = str(own.path)  # load_scene takes a path as well as a name
        if own.scene is None:
            name = own.path.stem
            card = TitleCard("scene", key, name, "", "", (), label=OWN)
            cards.append(damaged(card, own.problem or "It cannot be read."))
        else:
            about = told(own.scene, own.scene.prompt, words)
            written = f"written {when_text(changed(own.path), now)}"
            card = scene_card(key, own.scene, own.thumbnail, written=written)
            cards.append(replace(card, about=about))
    return cards


def _card_of(entry: ParkedEntry, now: datetime) -> TitleCard:
    header, played_elsewhere = entry.header, entry.played_elsewhere
    if header is None:
        card = TitleCard("parked", entry.id, entry.name, "", "", (), entry.thumbnail, label=LEFT)
        return damaged(card, entry.problem or "It cannot be read.")
    left = "open in another window" if played_elsewhere else left_text(header, now)
    return _parked_card(entry.id, left, entry.thumbnail, header)


def _parked_card(
    id: str, left: str, picture: PictureSource | None, place: StateHeader | ParkedScene
) -> TitleCard:
    name = place_name(place)
    where = "" if place.world == available_worlds()[0] else f" in {place.world}"
    left = f"a copy, {left}" if place.name != place.scene.name else left
    if len(place.rooms) > 1:
        left = f"{left}, {len(place.rooms)} places"
        names = ", ".join(filter(None, place.rooms))
        where += f": {names}" if names else ""
    elif not name.startswith(place.scene.name.rstrip(CUT_OFF)):
        where += f" · begun as “{place.scene.name}”"
    if CUT_OFF in name:
        where += f" · {told(place.scene, place.prompt, known_words(place.world))}"
    return TitleCard(
        "parked",
        id,
        name,
        f"{capitalized(left)}{where}",
        left,
        (CONTINUE, FORK, DELETE),
        picture,
        label=LEFT,
        place=(name, place.seed),
        shared=(name, place.prompt, place.scene.name, place.name),
        begun=(place.scene.name, place.scene.prompt),
    )


def _recording_cards(recordings: Sequence[PastRecording], now: datetime) -> tuple[TitleCard, ...]:
    """Return the cards of recordings; parts have their number, and what the first one shows."""
    scenes = {one.name: one.scene for one in recordings}
    in_parts = {first for first, part in (_part_of(one.folder) for one in recordings) if part > 1}

    def named(one: PastRecording) -> PastRecording:
        first, part = _part_of(one.folder)
        if first not in in_parts:
            return one
        begun = scenes.get(first, one.scene)
        whole = "" if begun == one.scene else f" of “{begun}”"
        return replace(one, scene=f"{one.scene}, part {part}{whole}")

    return tuple(_recording_card(named(one), now) for one in recordings)


def _recording_card(recording: PastRecording, now: datetime) -> TitleCard:
    size, length = bytes_text(recording.bytes), "less than a second"
    if recording.seconds >= 1.0:
        length = clock_text(recording.seconds)
    detail = f"{capitalized(when_text(recording.when, now))} · {length} · {size}"
    if recording.interrupted:
        detail += " · interrupted"
    name, id, choices = recording.scene, str(recording.folder), (WATCH, EXPORT, DELETE)
    label = "A recording"
    card = TitleCard(
        "recording", id, name, detail, detail, choices, recording.thumbnail, label=label
    )
    return damaged(card, recording.problem) if recording.problem else card


def _past_recording(folder: Path) -> PastRecording:
    path = folder / EVENTS_FILE
    name, seconds, problem, complete = folder.name, 0.0, None, False
    when = changed(folder)
    try:
        with refusing(lambda why: RecordingError(f"{path} cannot be read ({why}); {_AGAIN}")):
            first, newest, last = _first_and_last(path)
            scene = Scene(first["scene"]["prompt"], name=first["scene"]["name"])
            with suppress(StateError):  # it began in the middle of a session
                scene = described(read_header(folder / BEGUN))
            name = " ".join(clean(scene.name).split())[:MAX_NAME]
            when = datetime.fromisoformat(first["created"]).astimezone(UTC)
            complete = last["kind"] == "session_end"
            seconds = _shown_seconds(first["first_block"], newest, frames_per_second(folder))
    except RecordingError as error:
        problem = str(error)
    return PastRecording(
        folder=folder,
        scene=name,
        seconds=seconds,
        when=when,
        bytes=folder_bytes(folder),
        thumbnail=_thumbnail_of(folder),
        interrupted=problem is None and not complete,
        problem=problem,
    )


def _shown_seconds(first: dict[str, Any], last: dict[str, Any], fps: float | None) -> float:
    """Return the length of the blocks' video; without a rate, the time they took."""
    blocks = last["block_index"] - first["block_index"]
    frames = first["frame_count"] + blocks * last["frame_count"]
    seconds = frames / fps if fps else last["t"] - first["t"]
    return min(max(0.0, float(seconds)), MAX_SECONDS)


def _first_and_last(path: Path) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Return the first line, the last block, and the last line."""
    if path.is_symlink():
        raise FileNotFoundError
    with open_plain(path) as file:
        first = parse_json(file.readline(MAX_LINE))
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - MAX_TAIL))
        tail = file.read(MAX_TAIL)
    if first["kind"] != "session_start":
        raise ValueError
    *_, before, last = [b"", b"", *tail[: tail.rindex(b"\n")].split(b"\n")]
    last = parse_json(last)
    newest = parse_json(before) if last["kind"] == "session_end" else last
    return first, newest.get("first_block", newest), last


def _thumbnail_of(recording: Path) -> Path | None:
    try:
        begun = recording / BEGUN / THUMBNAIL  # of the session when it began
        pictures = [recording / THUMBNAIL, begun, *sorted(recording.glob("image.*"))]
    except OSError:  # a closed folder
        return None
    return next((path for path in pictures if is_file(path) and not path.is_symlink()), None)
