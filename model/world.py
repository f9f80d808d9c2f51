"""The World protocol: everything that the game, the bench and the evaluation know of a world.

Imports no torch: `load_world` imports a backend only when it is called, so a window opens at once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import atan, atan2, degrees, hypot
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np

from mag_sandbox.controls.camera import CameraCommand, CameraPose, CameraSpeed, yaw_difference
from mag_sandbox.controls.edits import Edit
from mag_sandbox.controls.parallax import EYE
from mag_sandbox.files.border import Refusal
from mag_sandbox.files.validation import check_fields, counted, of_type
from mag_sandbox.scenes import Scene
from mag_sandbox.scenes.memory_limits import AttendedFrames, KeptMib, SinkFrames, WindowBlocks
from mag_sandbox.scenes.scene import Seed, check_prompt

KIB, MIB, GIB = 2**10, 2**20, 2**30  # bytes
WEIGHTS = Path(__file__).parents[1] / "assets" / "weights"  # that come with the game
Frames = np.ndarray  # uint8 [T, H, W, 3]
Precision = Literal["auto", "fp32", "bf16", "int8"]  # of networks; auto: the fastest of each
Progress = Callable[[str, float], None]  # stage, fraction in [0, 1]
Stage = Literal["waiting", "planning", "painting", "remembering"]  # in this order
SegmentKind = Literal[
    "sink", "compressed", "raw", "look-ahead", "current", "packed-4x", "packed-2x", "psi"
]


PARKED_MIB = "MAG_SANDBOX_PARKED_MIB"  # variable: most MiB of keys and values of a parked world
NO_DOOR = "there is no door nearby"
UNPLANNED = "one moment: this place is still being planned"
UNPAINTED_AHEAD = "the view ahead is still being painted"
SERVER, NETWORK = "server", "network"  # stages of a remote world: its side, the way there and back


class WorldFailed(Refusal, RuntimeError):
    """A world that cannot be loaded or continue; the message is one sentence with the remedy."""


class MissingWeights(WorldFailed):
    """Weights are absent, damaged, or of another architecture."""


@dataclass(frozen=True, slots=True)
class MemorySetting:
    """The two limits of memory, never confused: kept bytes, and frames that a block attends."""

    policy: str = "mag-retrieve"  # one of WorldSpec.policies
    kept_mib: KeptMib = 256  # budget of kept keys and values [MiB]
    attended_frames: AttendedFrames = 4  # most remembered frames a block reads
    window_blocks: WindowBlocks = 2  # recent blocks that `window` keeps
    sink_frames: SinkFrames | None = None  # never dropped; None: the policy's own

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True)
class Control:
    """The player's input for a block: everything that can change pictures."""

    camera: CameraCommand = field(default_factory=CameraCommand)
    prompt: str | None = None  # None: as before
    memory: MemorySetting | None = None  # None: as before
    edit: Edit | None = None  # begun before the block is made
    leave_out: tuple[str, ...] = ()  # of `WorldSpec.optional` and `World.waits`, to save time
    no_collision: bool = False  # the camera goes where its command leads, whatever is in the way

    def __post_init__(self) -> None:
        check_fields(self)
        if self.prompt is not None:
            check_prompt(self.prompt)


@dataclass(frozen=True, slots=True)
class WorldSpec:
    """Constants of a world."""

    name: str
    frame_width: int  # px
    frame_height: int  # px
    fps: float  # frames a second when paced
    block_length: int  # frames a block; the first one counts in `frames_before`
    full_speed: CameraSpeed
    policies: tuple[str, ...]
    axes: tuple[str, ...] = ("yaw", "pitch")  # axes of CameraCommand that act
    exact_pose: bool = True  # False: poses are estimates
    latent_stride: int = 1  # frames of a remembered frame; a scene's very first one gives one
    moves: bool = False  # scenes change with time: clouds drift, creatures walk
    kinds: tuple[str, ...] = ()  # of things that an edit can place; none: there are no edits
    optional: tuple[str, ...] = ()  # work that blocks may leave out, the least noticeable first

    @property
    def frame_size(self) -> tuple[int, int]:
        """Height and width of frames [px]."""
        return self.frame_height, self.frame_width

    @property
    def block_seconds(self) -> float:
        """Seconds of play that one block lasts."""
        return self.block_length / self.fps

    def frames_before(self, block_index: int) -> int:
        """Return the frames shown before a block: a scene's first block may be shorter."""
        return max(0, block_index * self.block_length - (self.latent_stride - 1))

    def block_at(self, frame: int) -> int:
        """Return the block that shows a frame, counted since the reset."""
        return (frame + self.latent_stride - 1) // self.block_length


def no_edits(world: str) -> str:
    """Return the refusal of an edit in a world that does not paint its views."""
    return f"nothing can be changed in the world {world}; play pocket, which paints its views"


@dataclass(frozen=True, slots=True)
class MemoryEntry:
    """One kept frame."""

    frame_index: int  # since reset, counting shown and look-ahead frames
    kind: SegmentKind
    pose: CameraPose
    attended: bool  # by the last shown block


@dataclass(frozen=True, slots=True)
class MemorySegment:
    """One stretch of the memory bar."""

    kind: SegmentKind
    frames: int
    bytes: int


@dataclass(frozen=True, slots=True)
class MemoryOrigin:
    """The origin of a memory that was re-encoded from another world's pictures."""

    world: str  # whose pictures they were
    pictures: int

    def words(self) -> str:
        """Return it in words."""
        return f"re-encoded from {counted(self.pictures, 'picture')} of {self.world}"


@dataclass(frozen=True, slots=True)
class MemoryFigures:
    """The contents of memory in figures."""

    policy: str
    segments: tuple[MemorySegment, ...]
    bytes: int  # kept now
    budget: int  # bytes that may be kept
    full_history_bytes: int  # the cost of keeping every frame
    evicted: int  # frames dropped for lack of room since reset
    oldest_seconds: float  # age of the oldest kept frame [s of world time]
    attended_frames: int  # frames the last block read


SEEN_FROM = 2.0  # metres; a viewpoint shows views from places no farther away


@dataclass(frozen=True, slots=True)
class MemoryUsage(MemoryFigures):
    """The data of the memory bar."""

    entries: tuple[MemoryEntry, ...]
    origin: MemoryOrigin | None = None  # None: this world made all of it
    rebuilt: int = 0  # kept frames whose keys and values were recomputed from latents, inexactly

    @property
    def kept_frames(self) -> int:
        """Frames kept, the current block's own not counted."""
        return len(self.entries)

    @property
    def at_start(self) -> tuple[MemoryEntry, ...]:
        """The frames from where the scene begins."""
        return tuple(entry for entry in self.entries if not entry.pose.is_away)

    def near(self, pose: CameraPose) -> list[MemoryEntry]:
        """Return the frames from viewpoints that may show the view at a pose."""
        return [
            entry for entry in self.entries
            if hypot(entry.pose.x - pose.x, entry.pose.z - pose.z) <= SEEN_FROM
        ]  # fmt: skip

    @property
    def remembers_everything(self) -> bool:
        """Whether nothing was dropped for lack of room."""
        return self.evicted == 0


@dataclass(frozen=True, slots=True)
class LookAheadBlock:
    """A block imagined and remembered before the view got there, and not shown."""

    block_index: int
    pose: CameraPose
    latency_ms: float
    digest: str  # SHA-256 of its latents, first 16 hex digits


FROM_WALLS, FROM_WATER = 1.6, 0.2  # metres that a walker keeps; nearer, a wall is all one sees
SQUEEZE = 0.5  # metres of a clearance that narrow things leave to a walker between two
WADING = 0.4  # likewise, of water


@dataclass(frozen=True, slots=True)
class GroundThing:
    """A thing that stands somewhere, from above."""

    kind: str
    x: float  # of its middle, as of a camera pose [m]
    z: float
    radius: float  # half as wide as it is [m]
    color: tuple[int, int, int] | None = None  # 0 to 255; None: any
    clearance: float = 0.0  # metres that a walker keeps from its middle; 0: it stops none
    firm: float = 0.0  # half as wide as what stops a walker [m]: of a tree, the trunk


@dataclass(frozen=True, slots=True)
class GroundWater:
    """Water on the ground, from above."""

    kind: str
    shore: tuple[tuple[float, float], ...]  # x and z of points around it [m]
    color: tuple[int, int, int] | None = None  # 0 to 255; None: any

    @property
    def middle(self) -> tuple[float, float]:
        """The mean of its shore, x and z [m]."""
        x, z = (sum(ends) / len(self.shore) for ends in zip(*self.shore, strict=True))
        return x, z


@dataclass(frozen=True, slots=True)
class Door:
    """A thing that leads to another room."""

    kind: str
    x: float  # as of a camera pose [m]
    z: float
    leads_to: str = ""  # name of the room behind it; "": the player was never there
    width: float = 1.0  # metres
    height: float = 2.0  # of its top above the ground [m]

    def covers(self, pose: CameraPose, yaw: float, pitch: float) -> bool:
        """Tell whether it lies in a direction from a pose [degrees]."""
        middle, foot, top = self.seen_from(pose)
        away = max(hypot(self.x - pose.x, self.z - pose.z), 0.1)
        aside = abs(yaw_difference(yaw, middle))
        return aside <= degrees(atan(self.width / 2 / away)) and foot <= pitch <= top

    def seen_from(self, pose: CameraPose) -> tuple[float, float, float]:
        """Return the yaw of its middle, the pitches of its foot and its top [degrees]."""
        x, z = self.x - pose.x, self.z - pose.z
        away = max(hypot(x, z), 0.1)
        foot, top = (degrees(atan((end - EYE) / away)) for end in (0.0, self.height))
        return degrees(atan2(x, z)) % 360.0, foot, top


@dataclass(frozen=True, slots=True)
class GroundPlan:
    """The room from above."""

    things: tuple[GroundThing, ...] = ()
    walls: tuple[tuple[float, float], ...] = ()  # corners of a room, x and z [m]; (): outdoors
    doors: tuple[Door, ...] = ()
    door: Door | None = None  # of those the one that `ENTER` leads through now
    rooms: tuple[str, ...] = ()  # names of the rooms on the way here, the first one first
    room: int = 0  # number of the present one
    waters: tuple[GroundWater, ...] = ()


@dataclass(frozen=True, slots=True)
class FrameBlock:
    """The output for one control."""

    frames: Frames  # uint8 [T, H, W, 3]
    poses: tuple[CameraPose, ...]  # one a frame
    block_index: int  # 0-based since reset, shown blocks only
    phrase: str  # camera phrase in force
    prompt: str  # prompt in force
    stage_ms: dict[str, float]  # "denoise", "remember", "decode", "look_ahead", ...
    memory: MemoryUsage
    look_ahead: tuple[LookAheadBlock, ...] = ()  # imagined since the previous shown block
    beside: "FrameBlock | None" = None  # of another world, in the right half of the frames
    notice: str = ""  # for the player, once
    rest: Frames | None = None  # the frames before animation; None: nothing moves
    edited: Edit | None = None  # the change that this block shows first
    placed: tuple[Edit, ...] = ()  # things that the player placed
    awaited: tuple[Edit, ...] = ()  # changes that were asked for and that no block shows yet
    undoable: int = 0  # newest changes of single spots, each of which one "undo" takes back
    # other things that show around the camera, as it sees them; None: no plan yet
    planned: tuple[Edit, ...] | None = None
    ground: GroundPlan | None = None  # what stands around; None: it is not known in metres
    provisional: bool = False  # some of it is a guess until it is painted

    @property
    def at_rest(self) -> Frames:
        """The frames without animation, by which views that return are compared."""
        return self.frames if self.rest is None else self.rest


@dataclass(frozen=True, slots=True)
class WorldState:
    """A parked world: tensors as arrays and plain JSON, nothing executable."""

    arrays: Mapping[str, np.ndarray]
    data: dict[str, Any]

    @property
    def bytes(self) -> int:
        """Size of the arrays."""
        return sum(array.nbytes for array in self.arrays.values())


@dataclass(frozen=True, slots=True, eq=False)
class PastBlock:
    """A block that another world showed."""

    frames: Frames  # uint8 [block_length, H, W, 3]
    poses: tuple[CameraPose, ...]  # one a frame
    block_index: int  # 0-based since reset


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """A session of another world: its pictures and poses."""

    scene: Scene
    seed: int
    prompt: str  # in force
    blocks: tuple[PastBlock, ...]  # at least one, by index; play continues after the last
    origin: MemoryOrigin

    @property
    def pose(self) -> CameraPose:
        """The present camera pose."""
        return self.blocks[-1].poses[-1]

    @property
    def next_block(self) -> int:
        """Index of the next block, counted on."""
        return self.blocks[-1].block_index + 1


class StageShare(NamedTuple):
    """A stage of long work, and the share of its steps that are done."""

    stage: Stage
    share: float


def checked_seed(scene: Scene, seed: int) -> int:
    """Return the seed of `World.reset` as a Python integer."""
    of_type("scene", scene, Scene)
    result: int = of_type("seed", seed, Seed)
    return result


class World(Protocol):
    """A playable world. Full-size, pocket and test worlds differ only behind this.

    A class that names it as its base inherits the refusals of `show` and `adopt`.

    >>> block = world.reset(scene, seed=7)
    >>> block = world.step(Control(CameraCommand(yaw=1.0)))
    >>> block.frames.shape, block.frames.dtype
    ((3, 192, 320, 3), dtype('uint8'))
    """

    spec: WorldSpec

    def reset(self, scene: Scene, seed: int) -> FrameBlock:
        """Return the first block of a scene; the only entry of a seed, see `checked_seed`."""

    def step(self, control: Control) -> FrameBlock:
        """Return the next block; all that can change pictures is in `control`."""

    def prepare(self) -> bool:
        """Do pending look-ahead work early; True if there was any. Pictures stay the same."""

    def waits(self) -> tuple[str, ...]:
        """Return the work that the next block would wait for, unless its control leaves it out."""
        return ()

    def under_way(self) -> StageShare | None:
        """Return how far the newest change is, or another room; on any thread. None: not known."""
        return None

    def placement(self, edit: Edit) -> Edit | str | None:  # noqa: ARG002 (not known)
        """Return an edit as the player would see it, or why it would fail; None: not known."""
        return None

    def snapshot(self) -> WorldState:
        """Return a state from which `restore` continues."""

    def restore(self, state: WorldState) -> None:
        """Continue from a snapshot: the result equals an uninterrupted session."""

    def expect_prompt(self) -> None:
        """Prepare to read a prompt, which may take a while the first time."""

    def round_trip(self, frames: Frames) -> Frames:
        """Return frames after the autoencoder alone: the upper bound of recall."""

    def provenance(self) -> dict[str, Any]:
        """Return a recording's header: weights hash, dtype, kernel, threads, config."""

    def show(self, control: Control, frames: Frames) -> FrameBlock:  # noqa: ARG002 (refused)
        """Remember a block's frames as if they had been generated here; for evaluations.

        Args:
            control: how the camera moved.
            frames: uint8 [block_length, H, W, 3].

        Raises:
            WorldFailed: the world cannot take frames; see `model.loading.takes_frames`.
            ValueError: the frames are of another number or size.
        """
        raise WorldFailed(f"the world {self.spec.name} cannot be shown frames")

    def adopt(self, past: Past) -> None:  # noqa: ARG002 (refused)
        """Remember another world's pictures in order, with their poses, and continue from there.

        Nothing is generated or shown until the next `step`.

        Raises:
            WorldFailed: the world shares its base with no other; see `model.loading.worlds_beside`.
            ValueError: frames are of another number or size.
        """
        raise WorldFailed(f"the world {self.spec.name} cannot continue another world")

    def painted(self, pose: CameraPose) -> Frames | None:  # noqa: ARG002 (nothing is)
        """Return the painted or given view at a pose, uint8 [1, H, W, 3], even if memory lacks it.

        None: some of it was neither painted nor given.
        """
        return None

    def close(self) -> None:
        """Free everything; may be called twice."""
