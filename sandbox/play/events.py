"""The events of a playthrough: typed, with one JSON form in recordings.

Knows nothing of files or windows; `recorder.py` writes these events, `reader.py` reads them.
"""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from mag_sandbox.controls.camera import WALK_AXES
from mag_sandbox.model.world import Control, FrameBlock, MemorySetting
from mag_sandbox.scenes import Scene

SCHEMA_VERSION = 2


@dataclass(frozen=True, slots=True)
class LookAheadEvent:
    """A block imagined before the view got there; a replay must match its digest too."""

    block_index: int
    yaw: float  # degrees
    pitch: float  # degrees
    digest: str  # of its latents


@dataclass(frozen=True, slots=True)
class MemoryEvent:
    """The memory after a block, in three figures."""

    bytes: int
    kept: int  # frames
    attended: int  # frames


@dataclass(frozen=True, slots=True)
class BlockEvent:
    """One generated block, one JSON line: the request, the result, the time it took."""

    block_index: int  # 0-based since reset
    control: Control
    frame_count: int  # frames this block added
    latency_ms: float  # controls sampled -> frames ready
    digest: str  # XXH3 of the frames, 64 bits in hex; a replay must match it
    memory: MemoryEvent
    t: float  # seconds since the session started, when the frames were ready
    stage_ms: dict[str, float] = field(default_factory=dict)
    look_ahead: tuple[LookAheadEvent, ...] = ()  # imagined since the previous shown block
    kind: Literal["block"] = "block"


@dataclass(frozen=True, slots=True)
class SessionStart:
    """All that is needed to play a session again, and its first block."""

    world: str
    provenance: dict[str, Any]  # of the world: weights hash, dtype, threads, kernel, ...
    scene: Scene
    seed: int
    first_block: BlockEvent  # what World.reset returned
    created: str  # UTC, ISO 8601
    monotonic: float  # the monotonic clock when the first block was ready [s]
    memory: MemorySetting | None = None  # what the world was loaded with; None: its default
    look_ahead: bool = True  # what the world was loaded with
    state: str | None = None  # folder of the state it went on from; None: it began at a reset
    schema: int = SCHEMA_VERSION
    kind: Literal["session_start"] = "session_start"


@dataclass(frozen=True, slots=True)
class SessionEnd:
    """How a session ended, with totals."""

    reason: str  # "left", "script over", "reset", or the error's sentence
    blocks: int
    frames: int
    seconds: float
    sha256: str = ""  # of all lines before it in a recording; "": an earlier version wrote it
    kind: Literal["session_end"] = "session_end"


class SessionObserver:
    """Follows a session as it happens, on the thread that owns the world, so it must be quick.

    It ignores everything; subclasses override the methods they need.
    """

    def on_start(self, event: SessionStart, block: FrameBlock) -> None:
        """Take the first block; `on_block` gets the later ones."""

    def on_block(self, event: BlockEvent, block: FrameBlock) -> None:
        """Take every later block."""

    def on_end(self, event: SessionEnd) -> None:
        """Take the end, once per start."""


def event_to_json(event: SessionStart | BlockEvent | SessionEnd) -> dict[str, Any]:
    """Return an event as plain JSON data; controls are flat: yaw, ..., prompt."""
    data = asdict(event)
    if isinstance(event, SessionStart):
        data["first_block"] = event_to_json(event.first_block)
    if isinstance(event, BlockEvent):
        control = data["control"]
        data["control"] = control.pop("camera") | control
        for name in ("edit", "leave_out", "no_collision", *WALK_AXES):  # almost always empty or 0
            if not data["control"][name]:
                del data["control"][name]
    first = {key: data[key] for key in ("kind", "schema") if key in data}  # easy to see in a file
    return first | data
