"""A parked scene as a folder of plain data: nothing in it is executed, no path leads outside.

`state.json` says what it is and the SHA-256 of the rest: `state.safetensors` (the world's arrays
and the last frame), `world.json` (the world's own data) and the scene's picture, if it has one.
`thumbnail.png` is for people. Knows nothing of worlds; `parking.py` says where such folders lie.
"""

import hashlib
import json
import logging
import math
import shutil
import stat
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from PIL import Image
from safetensors import SafetensorError

from mag_sandbox.files.typed_json import decode, parse_json, shortened
from mag_sandbox.files.whole import FULL, replacing, write_synced
from mag_sandbox.model.world import MIB, WorldState
from mag_sandbox.sandbox.saves.parked_scene import (
    ARRAYS,
    DAMAGED,
    DATA,
    SCHEMA_VERSION,
    DiskFull,
    FileCheck,
    ParkedScene,
    StateError,
    StateHeader,
    image_name,
    is_slug,
)
from mag_sandbox.scenes import Scene

logger = logging.getLogger(__name__)

HEADER, THUMBNAIL = "state.json", "thumbnail.png"
THUMBNAIL_SIZE = (320, 192)  # px, at most
MAX_HEADER = 2**20  # bytes
MAX_DATA = 2**26  # bytes
MAX_SIDE = 8192  # px of a frame
ROOM_TO_SPARE = 2**21  # bytes for what is written besides the arrays
_WORLD, _PARTS, _LAST_FRAME = "world/", "parts/", "last_frame"  # names of arrays in the file


def write_state(folder: Path, parked: ParkedScene) -> None:
    """Write a scene as a folder, whole or not at all: what the folder held before stays till then.

    Raises:
        DiskFull: there is no room.
        StateError: it cannot be written for another reason.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _check_room(folder.parent, parked)
        with replacing(folder) as part:
            part.mkdir()
            _write_files(part, parked)
    except OSError as error:
        if error.errno in FULL:
            raise DiskFull(_full(folder.parent, parked)) from None
        why = error.strerror or error
        raise StateError(f"cannot write {folder} ({why}); check the folder's permissions") from None


def read_header(folder: Path) -> StateHeader:
    """Read what a card shows; the other files are only measured.

    Raises:
        StateError: the folder is missing, damaged, or no folder of a parked scene.
    """
    if not stat.S_ISDIR(_mode(folder)):
        raise StateError(f"{folder} is not the folder of a parked scene; {DAMAGED}")
    data = _parse_file(folder / HEADER, MAX_HEADER)
    schema = data.get("schema") if isinstance(data, dict) else None
    if type(schema) is int and schema > SCHEMA_VERSION:
        raise StateError(
            f"{folder} was saved by a newer version of the game (schema {schema}, this one reads "
            f"{SCHEMA_VERSION}); update the game"
        )
    try:
        header = decode(StateHeader, _with_newer_fields(data), HEADER)
    except (ValueError, OverflowError) as error:
        raise _damaged(folder / HEADER, str(error)) from None
    for name, check in header.files.items():
        _check_size(folder / name, check)
    return header


def read_state(folder: Path) -> ParkedScene:
    """Read and check everything; the folder's name becomes the id.

    Raises:
        StateError: it is missing, damaged, cut short or changed.
    """
    header = read_header(folder)
    for name, check in header.files.items():
        if _sha256(folder / name) != check.sha256:
            raise _damaged(folder / name, "its contents were changed")
    world, parts, last_frame = _read_arrays(folder / ARRAYS)
    data = _parse_file(folder / DATA, MAX_DATA)
    if not _fits(data, parts):
        raise _damaged(folder / DATA, "it does not belong to the arrays")
    return ParkedScene(
        scene=scene_in(folder, header),
        seed=header.seed,
        state=WorldState(world, data["world"]),
        last_frame=last_frame,
        frames_shown=header.frames_shown,
        fps=header.fps,
        world=header.world,
        prompt=header.prompt,
        kept=header.kept,
        id=folder.name,
        name=header.name,
        slot=header.slot,
        created=header.created_at,
        left=header.left_at,
        provenance=header.provenance,
        parts={
            name: WorldState(parts.get(name, {}), data["parts"][name]) for name in data["parts"]
        },
    )


def scene_in(folder: Path, header: StateHeader) -> Scene:
    """Return the scene that a folder's header names, with the place of its picture."""
    image = header.scene.image
    return replace(header.scene, image=image and str((folder / image).resolve()))


def _write_files(folder: Path, parked: ParkedScene) -> None:
    checks = {}

    def write(name: str, data: bytes) -> None:
        write_synced(folder / name, data)
        checks[name] = FileCheck(len(data), hashlib.sha256(data).hexdigest())

    write(ARRAYS, _packed(parked))
    data = {"world": parked.state.data, "parts": {n: s.data for n, s in parked.parts.items()}}
    write(DATA, json.dumps(data, allow_nan=False).encode())
    write_synced(folder / THUMBNAIL, _thumbnail(parked.last_frame))
    header = StateHeader(
        name=parked.name,
        slot=parked.slot,
        scene=replace(parked.scene, image=_keep_image(parked.scene, write)),
        seed=parked.seed,
        world=parked.world,
        prompt=parked.prompt,
        frames_shown=parked.frames_shown,
        fps=parked.fps,
        kept=parked.kept,
        created=parked.created.astimezone(UTC).isoformat(timespec="milliseconds"),
        left=parked.left.astimezone(UTC).isoformat(timespec="milliseconds"),
        provenance=parked.provenance,
        files=checks,
    )
    text = json.dumps(asdict(header), indent=1, default=str)  # as in recordings
    write_synced(folder / HEADER, text.encode())
    read_header(folder)  # what cannot be read back is not kept in place of what can


def _packed(parked: ParkedScene) -> bytes:
    arrays = {_WORLD + name: array for name, array in parked.state.arrays.items()}
    for part, state in parked.parts.items():
        arrays |= {f"{_PARTS}{part}/{name}": array for name, array in state.arrays.items()}
    arrays[_LAST_FRAME] = parked.last_frame
    for name, array in arrays.items():
        if array.dtype != np.uint8:
            raise TypeError(f'array "{name}" is {array.dtype}, expected uint8')
    return safetensors.numpy.save({name: np.ascontiguousarray(a) for name, a in arrays.items()})


def _keep_image(scene: Scene, write: Callable[[str, bytes], None]) -> str | None:
    """Keep the scene's picture, which it begins with when it is played from the beginning."""
    if scene.image is None:
        return None
    source = Path(scene.image)
    name = image_name(source.suffix)
    try:
        data = source.read_bytes()
    except OSError as error:
        logger.warning("%s is parked without its picture (%s)", scene.name, error)
        return None
    write(name, data)
    return name


def _thumbnail(frame: np.ndarray) -> bytes:
    picture = Image.fromarray(frame)
    picture.thumbnail(THUMBNAIL_SIZE)
    file = BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def _read_arrays(path: Path) -> tuple[dict, dict[str, dict], np.ndarray]:
    """Return the world's arrays, those of each part, and the last frame."""
    try:
        arrays = safetensors.numpy.load_file(path)
    except (SafetensorError, ValueError, KeyError, OSError) as error:
        raise _damaged(path, " ".join(str(error).split())) from None
    except MemoryError:
        raise StateError(f"{path} does not fit into memory; close other programs") from None
    if wrong := [name for name, array in arrays.items() if array.dtype != np.uint8]:
        raise _damaged(path, f"{shortened(wrong[0])} holds no bytes")
    frame = arrays.pop(_LAST_FRAME, None)
    if frame is None or frame.ndim != 3 or frame.shape[2] != 3:
        raise _damaged(path, "it holds no last frame")
    if not 1 <= min(frame.shape[:2]) <= max(frame.shape[:2]) <= MAX_SIDE:
        raise _damaged(path, f"its last frame is {frame.shape[1]} x {frame.shape[0]} px")
    world: dict[str, np.ndarray] = {}
    parts: dict[str, dict[str, np.ndarray]] = {}
    for name, array in arrays.items():
        if name.startswith(_WORLD):
            world[name.removeprefix(_WORLD)] = array
        else:
            part, _, own_name = name.removeprefix(_PARTS).partition("/")
            parts.setdefault(part, {})[own_name] = array
    return world, parts, frame


def _fits(data: Any, parts: dict[str, dict]) -> bool:
    if not isinstance(data, dict) or set(data) != {"world", "parts"}:
        return False
    if not isinstance(data["world"], dict) or not isinstance(data["parts"], dict):
        return False
    if not set(parts) <= set(data["parts"]):
        return False
    return all(isinstance(d, dict) and is_slug(name) for name, d in data["parts"].items())


def _parse_file(path: Path, most: int) -> Any:
    """Return what a plain JSON file says.

    Raises:
        StateError: it is missing, no plain file, too large, or no JSON.
    """
    size = _plain_size(path)
    if size > most:
        raise _damaged(path, f"it has {size} bytes, at most {most} are read")
    try:
        return parse_json(path.read_bytes())
    except OSError as error:
        raise _unreadable(path, error) from None
    except ValueError as error:
        raise _damaged(path, str(error)) from None


def _with_newer_fields(data: Any) -> Any:
    """Give a scene saved by an older version the fields that were added since."""
    if not isinstance(data, dict) or not isinstance(data.get("scene"), dict):
        return data
    return {**data, "scene": {**asdict(Scene("-")), **data["scene"]}}


def _check_room(place: Path, parked: ParkedScene) -> None:
    if shutil.disk_usage(place).free < parked.bytes + ROOM_TO_SPARE:
        raise DiskFull(_full(place, parked))


def _full(place: Path, parked: ParkedScene) -> str:
    return (
        f'the disk has no room for "{parked.name}": it needs {math.ceil(parked.bytes / MIB)} MiB '
        f"in {place}; delete parked scenes or other files and try again"
    )


def _check_size(path: Path, check: FileCheck) -> None:
    size = _plain_size(path)
    if size != check.bytes:
        raise _damaged(path, f"it has {size} bytes, {check.bytes} were written")


def _plain_size(path: Path) -> int:
    if not stat.S_ISREG(_mode(path)):  # a link could lead anywhere, a pipe would never end
        raise _damaged(path, "it is not a plain file")
    return path.lstat().st_size


def _mode(path: Path) -> int:
    try:
        return path.lstat().st_mode
    except FileNotFoundError:
        raise StateError(f"{path} is missing; {DAMAGED}") from None
    except OSError as error:
        raise _unreadable(path, error) from None


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise _unreadable(path, error) from None


def _damaged(path: Path, what: str) -> StateError:
    return StateError(f"{path} is damaged ({what}); {DAMAGED}")


def _unreadable(path: Path, error: OSError) -> StateError:
    return StateError(f"{path} cannot be read ({error.strerror}); check its permissions")
