"""A parked scene: everything needed to continue it later. Knows nothing of files and folders."""

import logging
import math
import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

import numpy as np

from mag_sandbox.files.typed_json import shortened
from mag_sandbox.model.world import MemoryUsage, World, WorldFailed, WorldState
from mag_sandbox.scenes import Scene
from mag_sandbox.scenes.scene import MAX_SEED

logger = logging.getLogger(__name__)

SCHEMA_VERSION = 1
ARRAYS, DATA = "state.safetensors", "world.json"
FILES = {ARRAYS, DATA}  # that every state has, besides its header
MAX_ID = 80  # characters
DAMAGED = "delete it, or put back a copy of its folder"  # the remedy
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_IMAGE = re.compile(r"image(\.[a-z0-9]{1,5})?")


class StateError(WorldFailed):
    """A parked scene that cannot be written or read; one sentence with the remedy."""


class DiskFull(StateError):
    """No room for a parked scene; what was parked before is whole."""


@dataclass(frozen=True, slots=True)
class KeptMemory:
    """What a parked scene remembers, in three figures."""

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
    last_frame: np.ndarray  # uint8 [H, W, 3], to show until the world goes on
    frames_shown: int  # since the scene began
    fps: float
    world: str  # WorldSpec.name
    prompt: str = ""  # in force; empty: the scene's
    kept: KeptMemory | None = None
    id: str = ""  # of the playthrough, which parking again replaces; empty: a new one
    name: str = ""  # for people; empty: the scene's
    slot: str = ""  # of a save; empty: parked
    created: datetime = field(default_factory=_now)  # when the playthrough began
    left: datetime = field(default_factory=_now)
    provenance: dict = field(default_factory=dict)  # what World.provenance() said
    parts: dict[str, WorldState] = field(default_factory=dict)  # what others keep: map, anchors

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
        """Let a world go on with it; see `restore_world`."""
        restore_world(world, self)
        return self

    @property
    def bytes(self) -> int:
        """About what it takes on the disk."""
        states = (self.state, *self.parts.values())
        arrays = sum(array.nbytes for state in states for array in state.arrays.values())
        return arrays + self.last_frame.nbytes


@dataclass(frozen=True, slots=True)
class FileCheck:
    """Size and checksum that a file must have."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class StateHeader:
    """What `state.json` says: all that a card shows, and the checks of the other files."""

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
    provenance: dict  # weights, execution, ...: to load a world that goes on exactly
    files: dict[str, FileCheck]
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

    @property
    def created_at(self) -> datetime:
        """When the playthrough began."""
        return datetime.fromisoformat(self.created).astimezone(UTC)

    @property
    def seconds(self) -> float:
        """World time that was played."""
        return self.frames_shown / self.fps


def new_id(scene: Scene) -> str:
    """Return an id for a playthrough that has just begun."""
    words = re.findall(r"[a-z0-9]+", scene.name.lower())
    return "-".join(["-".join(words)[:40].strip("-") or "scene", secrets.token_hex(4)])


def image_name(suffix: str) -> str:
    """Return what a scene's picture is called in the folder of a state."""
    name = f"image{suffix.lower()}"
    return name if _IMAGE.fullmatch(name) else "image"


def is_slug(text: str) -> bool:
    """Return whether a text can name a parked scene or a part: it leads to no other folder."""
    return len(text) <= MAX_ID and _SLUG.fullmatch(text) is not None


def check_slug(text: str) -> str:
    """Return an id or a part's name, which can lead to no other folder.

    Raises:
        StateError: it holds anything but small letters, digits and single hyphens.
    """
    if not is_slug(text):
        raise StateError(
            f"{shortened(text)} is not the name of a parked scene; choose one on the title screen"
        )
    return text


def restore_world(world: World, parked: ParkedScene) -> None:
    """Let a world go on with a parked scene.

    Raises:
        StateError: the state is of another world, or its data make no sense to this one.
        WorldFailed: the world refuses it, for example because of other weights.
    """
    if parked.world != world.spec.name:
        raise StateError(
            f'"{parked.name}" was left in the world "{parked.world}", this one is '
            f'"{world.spec.name}"; start the game with --world {parked.world}'
        )
    try:
        world.restore(parked.state)
    except WorldFailed:
        raise
    except (AttributeError, LookupError, TypeError, ValueError, RuntimeError) as error:
        logger.info("refused parked scene %s", parked.id, exc_info=error)
        raise StateError(
            f'"{parked.name}" cannot be continued: its state is damaged; {DAMAGED}'
        ) from None


def _moment(text: str) -> datetime | None:
    """Return a time that says its offset from UTC, or None."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.utcoffset() == timedelta(0) else None
    except (ValueError, OverflowError):
        return None


def _check(field_name: str, value: object, holds: object) -> None:
    if not holds:
        raise ValueError(f'"{field_name}" is {shortened(value)}')
