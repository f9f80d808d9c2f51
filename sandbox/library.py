"""What there is to play and to watch: the player's scenes and recordings, and all the title lists.

Reads only what a card shows, so that a title screen with hundreds of them opens at once. What is
damaged is listed with a sentence. Knows no windows.
"""

import hashlib
import json
import logging
import os
import re
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from PIL import Image

from sandbox.parked_scene import ParkedScene, StateHeader
from sandbox.parking import ParkedEntry, ParkedScenes
from sandbox.recording import EVENTS_FILE
from sandbox.title_model import (
    ParkedCard,
    RecordingCard,
    SceneCard,
    TitleModel,
    library_cards,
)
from sandbox.whole_files import remove_folder, replace_file
from scenes import Scene, SceneError, load_scene
from scenes.characters import clean

logger = logging.getLogger(__name__)
PARKED, SCENES, RECORDINGS = "parked", "scenes", "recordings"  # folders of the player's data
WAITING = "not on the disk yet"
TITLE_WORDS = 5  # of a prompt, where a scene has no name
TITLE_LENGTH = 40  # characters
THUMBNAIL = "thumbnail.png"
MAX_LINE = 2**20  # bytes of a recording's first line
MAX_TAIL = 2**16  # bytes of a recording's end that are looked at
MAX_SECONDS = 1e7  # of play
KIB, MIB, GIB = 2**10, 2**20, 2**30
_AGAIN = "delete it or record it again"


class LibraryError(ValueError):
    """Something of the player's own cannot be written or deleted; one sentence with the remedy."""


@dataclass(frozen=True, slots=True)
class OwnScene:
    """A scene that the player wrote."""

    path: Path
    scene: Scene | None  # None: damaged
    thumbnail: Path | None = None
    problem: str | None = None  # one sentence


@dataclass(frozen=True, slots=True)
class PastRecording:
    """One recording to watch."""

    folder: Path
    scene: str  # its name
    prompt: str
    seconds: float  # played
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

    Args:
        parked: scenes that were left.
        data: data_folder(); need not exist.
        waiting: scenes that were left and are not on the disk, in place of how they are there.
        now: UTC; None: the clock.
    """
    now = now or datetime.now(UTC)
    return TitleModel(
        scenes=(*_own_cards(data / SCENES), *library_cards()),
        parked=(
            *(ParkedCard(one.id, one.name, WAITING, holds_text(one)) for one in waiting),
            *(
                _parked_card(entry, now)
                for entry in parked.entries()
                if entry.id not in {one.id for one in waiting}
            ),
        ),
        recordings=tuple(_recording_card(r, now) for r in past_recordings(data / RECORDINGS)),
    )


def own_scenes(folder: Path) -> list[OwnScene]:
    """Return the player's scenes, newest first.

    Args:
        folder: data_folder() / "scenes"; need not exist.
    """
    paths = _visible(folder, ".yaml")
    paths = sorted(paths, key=lambda path: (_changed(path), path.name), reverse=True)
    return [_own_scene(path) for path in paths]


def scene_of_prompt(prompt: str, seed: int = 0) -> Scene:
    """Return the scene that a player's sentence describes, named after its first words.

    Raises:
        SceneError: nothing legible is left of the prompt, or it is too long.
    """
    text = " ".join(clean(prompt).split())
    try:
        return Scene(text, seed, _title(text))
    except ValueError as error:
        raise SceneError(str(error)) from None


def save_own_scene(folder: Path, scene: Scene, picture: np.ndarray | None = None) -> Path:
    """Write a scene as YAML that the player may edit, in place of one with the same prompt.

    Args:
        folder: data_folder() / "scenes"; is made.
        scene: what to write; a picture it begins from is copied beside it.
        picture: for its card, uint8 [H, W, 3].

    Raises:
        LibraryError: it cannot be written.
    """
    words = re.findall(r"[a-z0-9]+", scene.name.lower())
    mark = hashlib.sha256(scene.prompt.encode()).hexdigest()[:6]
    stem = "-".join(["-".join(words)[:TITLE_LENGTH].strip("-") or "scene", mark])
    path = folder / f"{stem}.yaml"
    try:
        if scene.image is not None:
            source = Path(scene.image)
            image = folder / f"{stem}-start{source.suffix}"
            replace_file(image, source.read_bytes())
            scene = replace(scene, image=image.name)
        if picture is not None:
            file = BytesIO()
            Image.fromarray(picture).save(file, "PNG")
            replace_file(path.with_suffix(".png"), file.getvalue())
        replace_file(path, _to_yaml(scene))
    except OSError as error:
        why = error.strerror or error
        raise LibraryError(f"cannot save {path} ({why}); make room or check permissions") from None
    return path


def delete_own_scene(path: Path) -> None:
    """Delete a player's scene and its pictures; path as listed.

    Raises:
        LibraryError: it cannot be deleted.
    """
    try:
        pictures = [p for p in path.parent.glob(f"{path.stem}*") if p.suffix != ".yaml"]
        path.unlink()
        for picture in pictures:
            if picture.stem in (path.stem, f"{path.stem}-start"):
                picture.unlink()
    except OSError as error:
        raise _cannot_delete(path, error) from None


def past_recordings(folder: Path) -> list[PastRecording]:
    """Return the recordings in a folder, newest first.

    Args:
        folder: data_folder() / "recordings"; need not exist.
    """
    found = [_past_recording(path) for path in _visible(folder)]
    return sorted(found, key=lambda one: (one.when, one.name), reverse=True)


def new_recording_folder(folder: Path, name: str) -> Path:
    """Return where a recording of the scene of that name goes now."""
    words = "-".join(re.findall(r"[a-z0-9]+", name.lower()))[:TITLE_LENGTH] or "scene"
    return folder / f"{words}-{time.strftime('%Y%m%d-%H%M%S')}"


def delete_recording(folder: Path) -> None:
    """Delete a recording; folder as listed.

    Raises:
        LibraryError: it is no recording, or cannot be deleted.
    """
    if not folder.is_symlink() and not (folder / EVENTS_FILE).exists() and any(folder.glob("*")):
        raise LibraryError(f"{folder} is no recording; delete it by hand if you want to")
    try:
        remove_folder(folder)
    except OSError as error:
        raise _cannot_delete(folder, error) from None


def ago_text(seconds: float) -> str:
    """Say how long ago something was: "just now", "3 h ago", "2 weeks ago"."""
    minutes = seconds / 60
    if minutes < 1:
        return "just now"
    steps = (("min", 60), ("h", 24), ("day", 7), ("week", 4.345), ("month", 12))
    amount = minutes
    for unit, length in steps:
        if amount < length:
            return _ago(int(amount), unit)
        amount /= length
    return _ago(int(amount), "year")


def bytes_text(count: int) -> str:
    """Say a size: "41 MiB", "3.2 GiB"."""
    for name, unit in (("GiB", GIB), ("MiB", MIB), ("KiB", KIB)):
        if count >= unit:
            amount = count / unit
            return f"{amount:.1f} {name}" if amount < 9.95 else f"{amount:.0f} {name}"
    return f"{count} bytes" if count != 1 else "1 byte"


def left_text(header: StateHeader, now: datetime) -> str:
    """Say when a scene was left: "left 3 h ago", or "saved 3 h ago"."""
    verb = "saved" if header.slot else "left"
    return f"{verb} {ago_text((now - header.left_at).total_seconds())}"


def holds_text(header: StateHeader | ParkedScene) -> str:
    """Say what a parked scene remembers: "holds 41 MiB, 180 frames"."""
    if header.kept is None or not header.kept.frames:
        return "holds nothing"
    frames = "1 frame" if header.kept.frames == 1 else f"{header.kept.frames} frames"
    return f"holds {bytes_text(header.kept.bytes)}, {frames}"


def _ago(amount: int, unit: str) -> str:
    plural = "s" if amount != 1 and unit not in ("min", "h") else ""
    return f"{amount} {unit}{plural} ago"


def _own_scene(path: Path) -> OwnScene:
    try:
        scene = load_scene(path)
    except SceneError as error:
        return OwnScene(path, None, problem=str(error))
    picture = path.with_suffix(".png")
    if not picture.is_file():
        picture = Path(scene.image) if scene.image else None
    return OwnScene(path, scene, picture)


def _own_cards(folder: Path) -> list[SceneCard]:
    cards = []
    for own in own_scenes(folder):
        if own.scene is None:
            logger.warning("%s", own.problem)
            continue
        scene, key = own.scene, str(own.path)  # which load_scene takes as well as a name
        cards.append(SceneCard(key, scene.name, scene.category, scene.prompt, own.thumbnail))
    return cards


def _parked_card(entry: ParkedEntry, now: datetime) -> ParkedCard:
    header, picture = entry.header, entry.thumbnail
    if header is None:
        return ParkedCard(
            entry.id, entry.name, "damaged", bytes_text(entry.bytes), picture, entry.problem
        )
    left = "being played in another game" if entry.played_elsewhere else left_text(header, now)
    return ParkedCard(entry.id, entry.name, left, holds_text(header), picture)


def _recording_card(recording: PastRecording, now: datetime) -> RecordingCard:
    ago = ago_text((now - recording.when).total_seconds())
    minutes, seconds = divmod(round(recording.seconds), 60)
    detail = f"{ago}, {minutes}:{seconds:02d} min, {bytes_text(recording.bytes)}"
    if recording.interrupted:
        detail += ", interrupted"
    return RecordingCard(
        recording.folder, recording.scene, detail, recording.thumbnail, recording.problem
    )


def _title(prompt: str) -> str:
    words = prompt.split()
    title = " ".join(words[:TITLE_WORDS])[:TITLE_LENGTH].rstrip(" ,.;:")
    return title if len(title) >= len(prompt.rstrip(" ,.;:")) else f"{title}…"


def _to_yaml(scene: Scene) -> bytes:
    defaults = {field.name: field.default for field in fields(Scene)}
    values = {key: value for key, value in asdict(scene).items() if value != defaults[key]}
    text = yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=96)
    return text.encode()


def _visible(folder: Path, suffix: str = "") -> list[Path]:
    """Return what is in a folder, without what is being written."""
    try:
        with os.scandir(folder) as found:
            return [
                Path(entry.path)
                for entry in found
                if not entry.name.startswith(".")
                and (entry.is_file() and entry.name.endswith(suffix) if suffix else entry.is_dir())
            ]
    except OSError:
        return []


def _past_recording(folder: Path) -> PastRecording:
    path = folder / EVENTS_FILE
    name, prompt, seconds, problem, complete = folder.name, "", 0.0, None, False
    when = _changed(folder)
    try:
        first, last = _first_and_last(path)
        scene = Scene(first["scene"]["prompt"], name=first["scene"]["name"])
        name, prompt = _title(scene.name), scene.prompt
        when = datetime.fromisoformat(first["created"]).astimezone(UTC)
        complete = last["kind"] == "session_end"
        seconds = min(max(0.0, float(last["seconds" if complete else "t"])), MAX_SECONDS)
    except OSError as error:
        problem = f"{path} cannot be read ({error.strerror}); {_AGAIN}"
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError):
        problem = f"{path} is damaged; {_AGAIN}"
    return PastRecording(
        folder=folder,
        scene=name,
        prompt=prompt,
        seconds=seconds,
        when=when,
        bytes=_folder_bytes(folder),
        thumbnail=_thumbnail_of(folder),
        interrupted=problem is None and not complete,
        problem=problem,
    )


def _first_and_last(path: Path) -> tuple[dict, dict]:
    """Return the first event of a recording and the last one that is complete."""
    if not path.is_file() or path.is_symlink():
        raise FileNotFoundError(2, "no such file")
    with path.open("rb") as file:
        first = json.loads(file.readline(MAX_LINE))
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - MAX_TAIL))
        tail = file.read(MAX_TAIL)
    if first["kind"] != "session_start":
        raise ValueError
    whole = tail[: tail.rindex(b"\n")]
    last = json.loads(whole[whole.rfind(b"\n") + 1 :])
    return first, first["first_block"] if last["kind"] == "session_start" else last


def _changed(path: Path) -> datetime:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError:
        return datetime.fromtimestamp(0, UTC)  # it has just been deleted


def _thumbnail_of(recording: Path) -> Path | None:
    pictures: list[Any] = [recording / THUMBNAIL, *sorted(recording.glob("image.*"))]
    return next((path for path in pictures if path.is_file() and not path.is_symlink()), None)


def _folder_bytes(folder: Path) -> int:
    return sum(
        (Path(parent) / name).lstat().st_size
        for parent, _, names in os.walk(folder)
        for name in names
    )


def _cannot_delete(path: Path, error: OSError) -> LibraryError:
    why = error.strerror or error
    return LibraryError(f"{path} cannot be deleted ({why}); check its permissions")
