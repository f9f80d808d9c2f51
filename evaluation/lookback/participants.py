"""Participants: a world by its name, a Python class, a folder of frames made elsewhere.

All of them become a `Player`: a world that is played, and its abilities. `process.open_player`
opens worlds and classes in a process of their own; here is what runs in it. A class needs no
package of ours; see docs/benchmark.md:

    class MyWorld:
        def reset(self, picture, caption, seed):  # uint8 [192, 320, 3]; 90 degrees across
            self.picture = picture
            return picture  # the first frame, of any size of about 5:3

        def step(self, pose):  # pose.yaw, pose.pitch, pose.fov [degrees], pose.x, pose.z [metres]
            return self.picture
"""

import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import numpy as np

from mag_sandbox.controls.camera import AXES, LOOK_AXES, CameraPose, CameraSpeed, move
from mag_sandbox.evaluation.lookback.folders import FramesFolder
from mag_sandbox.files.border import Refusal, is_folder, reason_of
from mag_sandbox.files.pictures import read_picture
from mag_sandbox.files.whole import sha256_of
from mag_sandbox.files.yaml_files import not_found
from mag_sandbox.model.loading import (
    REMOTE,
    ServerAddress,
    available_worlds,
    load_world,
    takes_frames,
)
from mag_sandbox.model.world import (
    Control,
    FrameBlock,
    Frames,
    MemorySetting,
    MemoryUsage,
    WorldFailed,
    WorldSpec,
    WorldState,
)
from mag_sandbox.renderer.views import HEIGHT, WIDTH
from mag_sandbox.scenes import Scene

Kind = Literal["world", "class", "folder", "remote"]
Ability = Literal["shown", "prompted", "carried"]  # takes given frames, prompts, snapshots
FPS = 16.0  # frames a second of classes that say none, and of folders
SPEED = CameraSpeed(yaw=40.0, pitch=20.0, zoom=30.0, narrowest_fov=60.0, walk=2.8)
MADE_BY = ("weights", "imagination", "code", "frames")  # of provenance: what pictures depend on
STATE = "state"  # the array of a class's snapshot


@dataclass(frozen=True, slots=True, eq=False)
class Player:
    """A world that is played, and its abilities."""

    world: Any  # has `spec`, `reset`, `step`, `provenance`, `close`, and what it is able to do
    able: frozenset[Ability]


@dataclass(frozen=True, slots=True)
class ParticipantSource:
    """The participant that the command line names; opens the same in any process."""

    world: str  # a name, MODULE:CLASS, FILE.py:CLASS or a folder
    memory: str | None = None
    server: ServerAddress | None = None
    execution: dict[str, Any] | None = field(default=None, compare=False)  # how it was run before

    @property
    def kind(self) -> Kind:
        """The kind of participant."""
        if self.server is not None or self.world == REMOTE:
            return "remote"
        if ":" in self.world:
            return "class"
        return "world" if self.world in available_worlds() else "folder"

    @property
    def name(self) -> str:
        """Its name, unless a label is given."""
        if self.kind == "class":
            return self.world.rpartition(":")[2]
        return Path(self.world).name if self.kind == "folder" else self.world

    def open(self) -> Player:
        """Open it, or raise Refusal if it is not there, or cannot take part."""
        if self.kind == "folder":
            if not is_folder(Path(self.world)):
                names = (*available_worlds(), REMOTE, "MODULE:CLASS", "FILE.py:CLASS", "a folder")
                raise Refusal(not_found("world", self.world, names))
            return Player(FolderWorld(FramesFolder(Path(self.world))), frozenset({"shown"}))
        if self.kind == "class":
            own = _guest(self.world)
            return Player(ClassWorld(own), own.able)
        if self.kind == "remote" and self.server is None:
            raise Refusal("a remote world needs its --url")
        from mag_sandbox.evaluation.results.opening import fitting  # which imports torch

        execution = fitting(self.execution)
        world = load_world(
            self.world, _setting(self.memory), server=self.server, execution=execution
        )
        can: set[Ability] = {"prompted", "carried"}
        shown = self.server is None and takes_frames(self.world)
        return Player(world, frozenset(can | {"shown"} if shown else can))


def _setting(memory: str | None) -> MemorySetting | None:
    if memory is None:
        return None
    # a window is plain, without sink frames, as the other benches have it
    return MemorySetting(memory, sink_frames=0) if memory == "window" else MemorySetting(memory)


NOTHING_KEPT = MemoryUsage(
    policy="", segments=(), bytes=0, budget=0, full_history_bytes=0, evicted=0,
    oldest_seconds=0.0, attended_frames=0, entries=(),
)  # fmt: skip


class _Frames:
    """Blocks of one frame each, at the poses that commands lead to."""

    def __init__(self, spec: WorldSpec) -> None:
        self.spec = spec
        self._pose, self._prompt, self._made = CameraPose(), "", 0

    def _began(self, scene: Scene, frame: Frames) -> FrameBlock:
        self._pose, self._prompt, self._made = CameraPose(), scene.prompt, 0
        return self._block(frame)

    def _turned(self, control: Control) -> CameraPose:
        spec = self.spec
        self._pose = move(self._pose, control.camera, spec.full_speed, spec.fps, 1)[0]
        self._prompt = control.prompt or self._prompt
        return self._pose

    def _block(self, frame: Frames) -> FrameBlock:
        self._made += 1
        return FrameBlock(
            frame[None], (self._pose,), self._made - 1, "", self._prompt, {}, NOTHING_KEPT
        )

    def close(self) -> None:
        """Nothing is held."""


class FolderWorld(_Frames):
    """Shows frames that were made elsewhere, clip by clip, in order."""

    def __init__(self, folder: FramesFolder) -> None:
        super().__init__(class_spec(folder.folder.name, FPS, AXES))
        self._folder = folder
        self._frames: Iterator[Frames] = iter(())

    def reset(self, scene: Scene, _seed: int) -> FrameBlock:
        """Begin the clip of that name."""
        self._frames = iter(self._folder.frames(scene.name))
        return self._began(scene, self._next())

    def step(self, control: Control) -> FrameBlock:
        """Show the next frame."""
        self._turned(control)
        return self._block(self._next())

    def show(self, control: Control, _frames: Frames) -> FrameBlock:
        """Pass over a frame that was given."""
        return self.step(control)

    def provenance(self) -> dict[str, Any]:
        """Return the provenance that the folder states."""
        return {"frames": self._folder.digest()}

    def _next(self) -> Frames:
        frame = next(self._frames, None)
        if frame is None:
            raise Refusal(f"the clip ends after {self._made} frames; make as many as its path has")
        return frame


class ClassWorld(_Frames):
    """A class of somebody's, as a world; see the module."""

    def __init__(self, guest: "Guest") -> None:
        super().__init__(class_spec(guest.name, guest.fps, guest.axes, guest.kinds))
        self._guest = guest

    def reset(self, scene: Scene, seed: int) -> FrameBlock:
        """Begin with a picture and a caption."""
        given = read_picture(Path(scene.image or ""))
        return self._began(scene, self._guest.frame("reset", given, scene.prompt, seed))

    def step(self, control: Control) -> FrameBlock:
        """Show one more frame."""
        if control.prompt is not None:
            self._guest.call("describe", control.prompt)
        if control.edit is not None:
            edit = control.edit
            self._guest.call("place", edit.kind, edit.yaw, edit.pitch, edit.width, edit.height)
        return self._block(self._guest.frame("step", self._turned(control)))

    def show(self, control: Control, frames: Frames) -> FrameBlock:
        """Give it a frame."""
        self._guest.call("show", frames[0], self._turned(control))
        return self._block(frames[0])

    def snapshot(self) -> WorldState:
        """Return the state to continue from."""
        state = self._guest.call("snapshot")
        if not isinstance(state, bytes):
            raise Refusal(f"{self._guest.name}.snapshot gave {type(state).__name__}, not bytes")
        data = {**asdict(self._pose), "prompt": self._prompt, "made": self._made}
        return WorldState({STATE: np.frombuffer(state, np.uint8)}, data)

    def restore(self, state: WorldState) -> None:
        """Go on from it."""
        data = dict(state.data)
        self._prompt, self._made = data.pop("prompt"), data.pop("made")
        self._pose = CameraPose(**data)
        self._guest.call("restore", state.arrays[STATE].tobytes())

    def provenance(self) -> dict[str, Any]:
        """Return the provenance that the class states, and its file."""
        return self._guest.provenance()

    def close(self) -> None:
        """Close it, if it can be closed."""
        self._guest.close()


class Guest:
    """An object of a foreign class: its members are looked up, and its errors are reported."""

    def __init__(self, name: str, made: Any, source: Path | None) -> None:
        self.name, self._made, self._source = name, made, source
        for method in ("reset", "step"):
            if not callable(getattr(made, method, None)):
                raise Refusal(f"{name} has no method {method}; see docs/benchmark.md")

    @property
    def able(self) -> frozenset[Ability]:
        """Its optional abilities, by the methods that it has."""
        needs: Mapping[Ability, tuple[str, ...]] = {
            "shown": ("show",), "prompted": ("describe",), "carried": ("snapshot", "restore"),
        }  # fmt: skip
        return frozenset(
            ability for ability, names in needs.items()
            if all(callable(getattr(self._made, name, None)) for name in names)
        )  # fmt: skip

    @property
    def fps(self) -> float:
        """Frames a second."""
        fps = getattr(self._made, "fps", FPS)
        if not isinstance(fps, int | float) or not fps > 0:
            raise Refusal(f"{self.name}.fps is {fps!r}, expected frames a second")
        return float(fps)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of objects that can be placed; none: it has no method `place`."""
        kinds = tuple(map(str, getattr(self._made, "kinds", ())))
        return kinds if callable(getattr(self._made, "place", None)) else ()

    @property
    def axes(self) -> tuple[str, ...]:
        """The axes of its camera."""
        axes = tuple(getattr(self._made, "axes", LOOK_AXES))
        if "yaw" not in axes or set(axes) - set(AXES):
            raise Refusal(f"{self.name}.axes is {axes!r}, expected some of {AXES} with yaw")
        return axes

    def call(self, method: str, *given: object) -> Any:
        """Call a method and return its result."""
        try:
            return getattr(self._made, method)(*given)
        except (Exception, SystemExit) as error:
            why = f"{type(error).__name__}: {reason_of(error)}"
            raise WorldFailed(f"{self.name}.{method} failed ({why}); mend it") from error

    def frame(self, method: str, *given: object) -> Frames:
        """Return the frame that a method gives back, uint8 [H, W, 3]."""
        frame = np.asarray(self.call(method, *given))
        if frame.ndim != 3 or frame.shape[-1] != 3 or frame.dtype != np.uint8:
            raise WorldFailed(
                f"{self.name}.{method} gave {frame.dtype} {frame.shape}, expected uint8 [H, W, 3]"
            )
        return frame

    def provenance(self) -> dict[str, Any]:
        """Return which file the class is of, and what it says of its weights."""
        code = None if self._source is None else sha256_of(self._source)
        weights = getattr(self._made, "weights", None)
        return {"weights": None if weights is None else str(weights), "code": code}

    def close(self) -> None:
        """Close it, if it can be closed."""
        if callable(getattr(self._made, "close", None)):
            self.call("close")


def _guest(named: str) -> Guest:
    place, _, name = named.rpartition(":")
    try:
        with _importing(place) as module:
            made = getattr(module, name)()
            source = module.__file__
    except Refusal:
        raise
    except (Exception, SystemExit) as error:  # whatever somebody's code raises
        why = f"{type(error).__name__}: {error}"
        raise Refusal(
            f'"{named}" cannot be made ({why}); write MODULE:CLASS or FILE.py:CLASS'
        ) from error
    return Guest(name, made, None if source is None else Path(source))


@contextmanager
def _importing(place: str) -> Iterator[ModuleType]:
    if not place.endswith(".py"):
        yield importlib.import_module(place)
        return
    path = Path(place).resolve()
    name = f"lookback_{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise Refusal(f"{place} is no file of Python")
    sys.path.insert(0, str(path.parent))
    try:
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        yield module
    finally:
        sys.path.remove(str(path.parent))


def class_spec(
    name: str, fps: float, axes: tuple[str, ...], kinds: tuple[str, ...] = ()
) -> WorldSpec:
    """Return the constants of what makes frames one by one."""
    return WorldSpec(
        name=name, frame_width=WIDTH, frame_height=HEIGHT, fps=fps, block_length=1,
        full_speed=SPEED, policies=("",), axes=axes, kinds=kinds,
    )  # fmt: skip
