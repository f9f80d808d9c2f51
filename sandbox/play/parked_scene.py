"""A parked scene, everything needed to continue it later, and its folder of plain data.

Nothing in a folder is executed, and no path leads outside. `state.json` describes it and holds the
SHA-256 of the other files: `state.safetensors` (the world's arrays and the last frame),
`world.json` (the world's own data) and the scene's picture, if it has one; `thumbnail.png` is for
people. Knows nothing of worlds; `parking.py` says where such folders lie.
"""

import hashlib
import json
import logging
import math
import re
import secrets
import shutil
import stat
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import numpy as np
import safetensors.numpy
from PIL import Image

from mag_sandbox.files.border import read_plain, refusing
from mag_sandbox.files.pictures import encode_png
from mag_sandbox.files.validation import decode, parse_json, shortened
from mag_sandbox.files.whole import FULL, replacing, sha256_of, write_synced
from mag_sandbox.model.world import MIB, MemoryUsage, World, WorldFailed, WorldState
from mag_sandbox.scenes import Scene
from mag_sandbox.scenes.scene import MAX_SEED

logger = logging.getLogger(__name__)

SCHEMA_VERSION = 1
ARRAYS, DATA = "state.safetensors", "world.json"
FILES = {ARRAYS, DATA}  # that every state has, with its header
MAX_ID = 80  # characters
DAMAGED = "delete it, or put back a copy of its folder"  # the remedy
# Fields that a parked scene and its header share.
_PLAIN = (
    "name",
    "slot",
    "seed",
    "world",
    "prompt",
    "frames_shown",
    "fps",
    "kept",
    "provenance",
    "rooms",
)
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_IMAGE = re.compile(r"image(\.[a-z0-9]{1,5})?")
HEADER, THUMBNAIL = "state.json", "thumbnail.png"
THUMBNAIL_SIZE = (320, 192)  # px, at most
MAX_HEADER = 2**20  # bytes
MAX_DATA = 2**26  # bytes
MAX_SIDE = 8192  # px of a frame
ROOM_TO_SPARE = 2**21  # bytes for the other files
_WORLD, _PARTS, _LAST_FRAME = "world/", "parts/", "last_frame"  # names of arrays in the file


class StateError(WorldFailed):
    """A parked scene that cannot be written or read; one sentence with the remedy."""


class DiskFull(StateError):
    """There is no room for a parked scene; the older one is intact."""


@dataclass(frozen=True, slots=True)
class KeptMemory:
    """The memory of a parked scene in three figures."""

    policy: str
    frames: int
    bytes: int

    @classmethod
    def of(cls, usage: MemoryUsage) -> "KeptMemory":
        """Return the figures of a block's memory."""
        return cls(usage.policy, usage.kept_frames, usage.bytes)


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, eq=False)
class ParkedScene:
    """Everything needed to continue a scene later, exactly."""

    scene: Scene
    seed: int
    state: WorldState
    last_frame: np.ndarray  # uint8 [H, W, 3], to show until the world continues
    frames_shown: int  # since the scene began
    fps: float
    world: str  # WorldSpec.name
    prompt: str = ""  # from which the picture on show was painted; empty: the scene's
    kept: KeptMemory | None = None
    id: str = ""  # of the playthrough, which parking again replaces; empty: a new one
    name: str = ""  # on the disk, with a number for a copy; empty: the scene's
    slot: str = ""  # of a save; empty: parked
    created: datetime = field(default_factory=_now)  # when the playthrough began
    left: datetime = field(default_factory=_now)
    rooms: tuple[str, ...] = ()  # names of those behind doors and before, by number; "": unknown
    provenance: dict[str, Any] = field(default_factory=dict[str, Any])  # of the world
    parts: dict[str, WorldState] = field(default_factory=dict)  # of others: map, anchors
    # what it is recognised by, uint8 [H, W, 3]; None: by the last frame. Only its thumbnail is kept
    picture: np.ndarray | None = None

    def __post_init__(self) -> None:
        self._fill("prompt", self.scene.prompt)
        self._fill("name", self.scene.name)
        self._fill("id", new_id(self.scene))
        check_slug(self.id)
        for part in self.parts:
            check_slug(part)

    def _fill(self, name: str, value: str) -> None:
        object.__setattr__(self, name, getattr(self, name) or value)

    def enter(self, world: World) -> "ParkedScene":
        """Continue it in a world; see `restore_world`."""
        restore_world(world, self)
        return self

    @property
    def shown(self) -> np.ndarray:
        """The picture that it is recognised by."""
        return self.last_frame if self.picture is None else self.picture

    @property
    def bytes(self) -> int:
        """Its approximate size on the disk."""
        states = (self.state, *self.parts.values())
        return sum(state.bytes for state in states) + self.last_frame.nbytes


@dataclass(frozen=True, slots=True)
class FileCheck:
    """Size and checksum that a file must have."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class StateHeader:
    """The contents of `state.json`: all that a card shows, and the checksums of the other files."""

    name: str
    slot: str
    scene: Scene  # its image is the name of a file in the folder
    seed: int
    world: str
    prompt: str
    frames_shown: int
    fps: float
    kept: KeptMemory | None
    created: str  # UTC, ISO 8601
    left: str  # UTC, ISO 8601
    provenance: dict[str, Any]  # weights, execution, ...: to load a world that continues exactly
    files: dict[str, FileCheck]
    rooms: tuple[str, ...] = ()  # as in `ParkedScene`
    schema: int = SCHEMA_VERSION
    kind: Literal["parked_scene"] = "parked_scene"

    def __post_init__(self) -> None:
        _check("schema", self.schema, self.schema == SCHEMA_VERSION)
        _check("seed", self.seed, 0 <= self.seed <= MAX_SEED)
        _check("frames_shown", self.frames_shown, 0 <= self.frames_shown < 2**53)
        _check("fps", self.fps, math.isfinite(self.fps) and 0 < self.fps <= 1000)
        if self.kept is not None:
            _check("kept", self.kept.frames, min(self.kept.frames, self.kept.bytes) >= 0)
        for text in (self.created, self.left):
            _check("time", text, _moment(text) is not None)
        image = self.scene.image
        _check("image", image, image is None or _IMAGE.fullmatch(image))
        expected = FILES | ({image} if image else set())
        _check("files", sorted(self.files), set(self.files) == expected)

    @property
    def left_at(self) -> datetime:
        """When it was left."""
        return datetime.fromisoformat(self.left).astimezone(UTC)  # checked above


def new_id(scene: Scene) -> str:
    """Return an id for a playthrough that has just begun."""
    words = re.findall(r"[a-z0-9]+", scene.name.lower())
    return "-".join(["-".join(words)[:40].strip("-") or "scene", secrets.token_hex(4)])


def is_slug(text: str) -> bool:
    """Return whether a text can name a parked scene or a part: it leads to no other folder."""
    return len(text) <= MAX_ID and _SLUG.fullmatch(text) is not None


def check_slug(text: str) -> str:
    """Return an id or a part's name, or raise StateError if it could lead elsewhere."""
    if not is_slug(text):
        raise StateError(
            f"{shortened(text)} is not the name of a parked scene; choose one on the title screen"
        )
    return text


def restore_world(world: World, parked: ParkedScene) -> None:
    """Continue a parked scene in a world, or raise StateError or WorldFailed if it does not fit."""
    if parked.world != world.spec.name:
        raise StateError(
            f'"{parked.scene.name}" was left in the world "{parked.world}", this one is '
            f'"{world.spec.name}"; start the game with --world {parked.world}'
        )
    what = f'"{parked.scene.name}" cannot be continued: its state is damaged'
    with refusing(lambda why: StateError(f"{what} ({why}); {DAMAGED}")):
        world.restore(parked.state)


def _moment(text: str) -> datetime | None:
    """Return a time in UTC; None: the text is none."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.utcoffset() == timedelta(0) else None
    except (ValueError, OverflowError):
        return None


def _check(field_name: str, value: object, holds: object) -> None:
    if not holds:
        raise ValueError(f'"{field_name}" is {shortened(value)}')


def write_state(folder: Path, parked: ParkedScene) -> None:
    """Write a scene as a folder, whole or not at all, or raise DiskFull or StateError."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(folder.parent).free < parked.bytes + ROOM_TO_SPARE:
            raise DiskFull(_full(folder.parent, parked))
        with replacing(folder) as part:
            part.mkdir()
            _write_files(part, parked)
    except OSError as error:
        if error.errno in FULL:
            raise DiskFull(_full(folder.parent, parked)) from None
        why = error.strerror or error
        raise StateError(f"cannot write {folder} ({why}); check the folder's permissions") from None


def read_header(folder: Path) -> StateHeader:
    """Read what a card shows, or raise StateError; the other files are only measured."""
    if not stat.S_ISDIR(_mode(folder)):
        raise StateError(f"{folder} is not the folder of a parked scene; {DAMAGED}")
    data = _parse_file(folder / HEADER, MAX_HEADER)
    schema = data.get("schema") if isinstance(data, dict) else None
    if type(schema) is int and schema > SCHEMA_VERSION:
        raise StateError(
            f"{folder} was saved by a newer version of the game (schema {schema}, this one reads "
            f"{SCHEMA_VERSION}); update the game"
        )
    with refusing(lambda why: _damaged(folder / HEADER, why)):
        header: StateHeader = decode(StateHeader, data, HEADER)
    for name, check in header.files.items():
        _check_size(folder / name, check)
    return header


def read_state(folder: Path) -> ParkedScene:
    """Read and check everything, or raise StateError; the folder's name becomes the id."""
    from mag_sandbox.model.catalogue.memory_plan import free_host_bytes  # not for the title

    header = read_header(folder)
    needed, free = header.files[ARRAYS].bytes, free_host_bytes()
    if needed > free:
        raise StateError(
            f"{folder / ARRAYS} needs {needed // MIB} MiB of memory, {free // MIB} MiB are free; "
            f"close other programs, or {DAMAGED}"
        )
    for name, check in header.files.items():
        try:
            found = sha256_of(folder / name)
        except OSError as error:
            raise _unreadable(folder / name, error) from None
        if found != check.sha256:
            raise _damaged(folder / name, "its contents were changed")
    world, parts, last_frame = _read_arrays(folder / ARRAYS)
    data = _parse_file(folder / DATA, MAX_DATA)
    if not _fits(data, parts):
        raise _damaged(folder / DATA, "it does not belong to the arrays")
    return ParkedScene(
        **{name: getattr(header, name) for name in _PLAIN},
        scene=scene_in(folder, header),
        state=WorldState(world, data["world"]),
        last_frame=last_frame,
        id=folder.name,
        created=datetime.fromisoformat(header.created).astimezone(UTC),
        left=header.left_at,
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
    write_synced(folder / THUMBNAIL, thumbnail(parked.shown))
    header = StateHeader(
        **{name: getattr(parked, name) for name in _PLAIN},
        scene=replace(parked.scene, image=_keep_image(parked.scene, write)),
        created=parked.created.astimezone(UTC).isoformat(timespec="milliseconds"),
        left=parked.left.astimezone(UTC).isoformat(timespec="milliseconds"),
        files=checks,
    )
    text = json.dumps(asdict(header), indent=1, default=str)  # as in recordings
    write_synced(folder / HEADER, text.encode())
    read_header(folder)  # an unreadable version must not replace a readable one


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
    """Write the scene's picture, from which the scene begins when it starts over."""
    if scene.image is None:
        return None
    source = Path(scene.image)
    name = f"image{source.suffix.lower()}"
    name = name if _IMAGE.fullmatch(name) else "image"
    try:
        data = source.read_bytes()
    except OSError as error:
        logger.warning("%s is parked without its picture (%s)", scene.name, error)
        return None
    write(name, data)
    return name


def thumbnail(frame: np.ndarray) -> bytes:
    """Return a small picture of a frame, for title cards: a PNG file."""
    picture = Image.fromarray(frame)
    picture.thumbnail(THUMBNAIL_SIZE)
    return encode_png(np.asarray(picture))


def _read_arrays(path: Path) -> tuple[dict[str, Any], dict[str, dict[str, Any]], np.ndarray]:
    """Return the world's arrays, those of each part, and the last frame."""
    with refusing(lambda why: _damaged(path, why)):
        arrays = safetensors.numpy.load_file(path)
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


def _fits(data: Any, parts: dict[str, dict[str, Any]]) -> bool:
    if not isinstance(data, dict) or set(data) != {"world", "parts"}:
        return False
    if not isinstance(data["world"], dict) or not isinstance(data["parts"], dict):
        return False
    if not set(parts) <= set(data["parts"]):
        return False
    return all(isinstance(d, dict) and is_slug(name) for name, d in data["parts"].items())


def _parse_file(path: Path, most: int) -> Any:
    """Return the contents of a plain JSON file, or raise StateError."""
    _plain_size(path)
    with refusing(lambda why: _damaged(path, why)):
        return parse_json(read_plain(path, most))


def _full(place: Path, parked: ParkedScene) -> str:
    size = math.ceil(parked.bytes / MIB)
    return (
        f'the disk has no room for "{parked.scene.name}": it needs {size} MiB '
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


def _damaged(path: Path, what: str) -> StateError:
    return StateError(f"{path} is damaged ({what}); {DAMAGED}")


def _unreadable(path: Path, error: OSError) -> StateError:
    return StateError(f"{path} cannot be read ({error.strerror}); check its permissions")
