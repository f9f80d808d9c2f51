"""A participant in a process of its own, which holds no scene, no truth and no secret.

Both ends talk over a pipe: a JSON header, then the bytes of arrays. What arrives is checked against
types and sizes; nothing in it is executed. Folder, home, temporary files and environment are fresh
and gone with the process, so nothing but a snapshot gets from one process to the next.

    with closing(ProcessWorld(ParticipantSource("my_world.py:MyWorld"))) as world:
        block = world.reset(scene, seed=7)
"""

import json
import os
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from threading import Timer
from typing import IO, Any

import numpy as np

from mag_sandbox.controls.camera import AXES, WALK_AXES, CameraCommand
from mag_sandbox.controls.edits import Edit
from mag_sandbox.evaluation.lookback.confinement import confine
from mag_sandbox.evaluation.lookback.folders import MOST_SIDE
from mag_sandbox.evaluation.lookback.participants import (
    FPS,
    NOTHING_KEPT,
    Ability,
    ParticipantSource,
    Player,
)
from mag_sandbox.files import border
from mag_sandbox.files.border import Refusal, read_plain, refusing
from mag_sandbox.files.validation import decode, parse_json
from mag_sandbox.model.catalogue.weight_files import weights_home
from mag_sandbox.model.world import (
    GIB,
    MIB,
    Control,
    FrameBlock,
    Frames,
    WorldFailed,
    WorldSpec,
    WorldState,
)
from mag_sandbox.scenes import Scene

PATIENCE_S = 3600.0  # for one answer: a full-size world may load for long
MOST_HEADER, MOST_STATE, MOST_PICTURE = MIB, 8 * GIB, 2**26  # bytes
MOST_FRAMES, MOST_FPS = 64, 120.0  # of a block; a second
PASSED = (  # names of environment variables or their beginnings; none holds a token
    "PATH", "LANG", "LC_", "LD_", "OMP_", "MKL_", "OPENBLAS_", "CUDA_", "HIP_", "HSA_", "NVIDIA_",
    "VIRTUAL_ENV", "SYSTEMROOT", "MAG_SANDBOX_", "HF_HOME", "HF_HUB_CACHE", "TORCH_HOME",
)  # fmt: skip
STATE = "state"  # the one array of a snapshot


class Pipe:
    """One end of a pipe that carries messages."""

    def __init__(self, incoming: IO[bytes], outgoing: IO[bytes]) -> None:
        self._incoming, self._outgoing = incoming, outgoing

    def send(self, message: dict[str, Any], *arrays: bytes | memoryview) -> None:
        """Send plain data and the bytes that belong to it."""
        header = json.dumps({**message, "sizes": [len(one) for one in arrays]}).encode()
        for part in (struct.pack(">I", len(header)), header, *arrays):
            self._outgoing.write(part)
        self._outgoing.flush()

    def receive(self, most: int) -> tuple[dict[str, Any], list[bytes]]:
        """Return a message whose arrays have at most `most` bytes.

        Raises:
            EOFError: the other end is gone.
            ValueError: it is no message.
        """
        size = struct.unpack(">I", self._read(4))[0]
        if size > MOST_HEADER:
            raise ValueError("a message's header is too large")
        message = parse_json(self._read(size))
        sizes = decode(tuple[int, ...], message.pop("sizes"), "sizes")
        if min(sizes, default=0) < 0 or sum(sizes) > most:
            raise ValueError(f"a message has {sum(sizes)} bytes, at most {most} are read")
        return message, [self._read(one) for one in sizes]

    def close(self) -> None:
        """Close both directions."""
        for one in (self._incoming, self._outgoing):
            with suppress(OSError):
                one.close()

    def _read(self, size: int) -> bytes:
        data = self._incoming.read(size)
        if len(data) < size:
            raise EOFError
        return data


@dataclass(frozen=True, slots=True)
class _Greeting:
    spec: WorldSpec
    able: tuple[Ability, ...]
    provenance: str  # JSON


@dataclass(frozen=True, slots=True)
class _BlockHeader:
    """A block; its frames, and those at rest if they differ, follow."""

    shape: tuple[int, int, int, int]
    bytes: int  # that memory keeps, as the world says


class ProcessWorld:
    """A world in another process; satisfies `Played`."""

    def __init__(self, source: ParticipantSource, hidden: Sequence[Path] = ()) -> None:
        """Start the process, or raise Refusal if the world cannot be opened or cannot take part."""
        self._name, self._made = source.name, 0
        self._own = tempfile.TemporaryDirectory(prefix="participant-", ignore_cleanup_errors=True)
        arguments = json.dumps([asdict(source), [str(one.resolve()) for one in hidden]])
        self._process = subprocess.Popen(
            [sys.executable, "-m", "mag_sandbox.evaluation.lookback.process", arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            cwd=self._own.name, env=_environment(self._own.name), start_new_session=True,
        )  # fmt: skip
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._pipe = Pipe(self._process.stdout, self._process.stdin)
        try:
            opened = self._answer(_Greeting)[0]
            self.spec = _checked(opened.spec)
            self._provenance: dict[str, Any] = parse_json(opened.provenance.encode())
        except BaseException:
            self.close()
            raise
        self.able = frozenset(opened.able)

    def reset(self, scene: Scene, seed: int) -> FrameBlock:
        """Return the first block; a process gets picture and caption, not the scene's name."""
        assert scene.image is not None
        picture = read_plain(Path(scene.image), MOST_PICTURE)
        self._made = 0
        return self._block({"do": "reset", "caption": scene.prompt, "seed": seed}, picture)

    def step(self, control: Control) -> FrameBlock:
        """Return the next block."""
        return self._block({"do": "step", **_fields_of(control)})

    def show(self, control: Control, frames: Frames) -> FrameBlock:
        """Give the world a block's frames."""
        request = {"do": "show", **_fields_of(control), "shape": list(frames.shape)}
        return self._block(request, np.ascontiguousarray(frames).tobytes())

    def snapshot(self) -> WorldState:
        """Return the snapshot for another process as bytes."""
        _, (state,) = self._ask(dict, 1, MOST_STATE, {"do": "snapshot"})
        return WorldState({STATE: np.frombuffer(state, np.uint8)}, {})

    def restore(self, state: WorldState) -> None:
        """Go on from another process's snapshot."""
        self._ask(dict, 0, 0, {"do": "restore"}, state.arrays[STATE].tobytes())

    def provenance(self) -> dict[str, Any]:
        """Return the world's provenance."""
        return self._provenance

    def close(self) -> None:
        """End the process and all it started; its files are gone."""
        if self._process.returncode is None:
            if hasattr(os, "killpg"):
                with suppress(ProcessLookupError):
                    os.killpg(self._process.pid, 9)
            self._process.kill()
            self._process.wait()
        self._pipe.close()
        self._own.cleanup()

    def _block(self, request: dict[str, Any], *arrays: bytes) -> FrameBlock:
        height, width = self.spec.frame_height, self.spec.frame_width
        most = 2 * MOST_FRAMES * max(height * width, MOST_SIDE**2) * 3
        made, pictures = self._ask(_BlockHeader, None, most, request, *arrays)
        count, height, width, colours = made.shape
        if colours != 3 or not 0 < count <= MOST_FRAMES or not 0 < max(height, width) <= MOST_SIDE:
            raise WorldFailed(f"{self._name} sent frames of the shape {made.shape}")
        if len(pictures) not in (1, 2) or {len(one) for one in pictures} != {np.prod(made.shape)}:
            raise WorldFailed(f"{self._name} sent frames that are not as large as it says")
        frames = [np.frombuffer(one, np.uint8).reshape(made.shape) for one in pictures]
        self._made += 1
        return FrameBlock(
            frames[0], (), self._made - 1, "", "", {}, replace(NOTHING_KEPT, bytes=made.bytes),
            rest=frames[1] if len(frames) == 2 else None,
        )  # fmt: skip

    def _ask(
        self, kind: Any, count: int | None, most: int, request: dict[str, Any], *arrays: bytes
    ) -> tuple[Any, list[bytes]]:
        with suppress(OSError):  # the reason is in its answer, or it is gone
            self._pipe.send(request, *arrays)
        message, answers = self._answer(kind, most)
        if count is not None and len(answers) != count:
            raise WorldFailed(f"{self._name} answered with {len(answers)} arrays, not {count}")
        return message, answers

    def _answer(self, kind: Any, most: int = 0) -> tuple[Any, list[bytes]]:
        timer = Timer(PATIENCE_S, self._process.kill)
        timer.start()
        try:
            with refusing(lambda why: WorldFailed(f"{self._name} sent no message ({why})")):
                message, arrays = self._pipe.receive(most)
                if "refused" in message:
                    raise Refusal(str(message["refused"])[:500])
                return message if kind is dict else decode(kind, message), arrays
        except WorldFailed as failed:
            if isinstance(failed.__cause__, EOFError):
                code = self._process.wait()
                raise WorldFailed(f"the process of {self._name} ended (exit code {code})") from None
            raise
        finally:
            timer.cancel()


def open_player(source: ParticipantSource, hidden: Sequence[Path] = ()) -> Player:
    """Return a participant ready to play: worlds and classes in a process of their own.

    Frames of a folder are only read here, and a remote world's process is its server.
    """
    if source.kind in ("folder", "remote"):
        return source.open()
    world = ProcessWorld(source, hidden)
    return Player(world, world.able)


def _fields_of(control: Control) -> dict[str, Any]:
    camera = {name: getattr(control.camera, name) for name in AXES}
    edit = None if control.edit is None else asdict(control.edit)
    return {
        "camera": camera, "prompt": control.prompt, "edit": edit,
        "no_collision": control.no_collision,
    }  # fmt: skip


def _checked(spec: WorldSpec) -> WorldSpec:
    """Return a world's description, or raise Refusal if no clip can be played so."""
    if not FPS <= spec.fps <= MOST_FPS:
        raise Refusal(
            f"{spec.name} makes {spec.fps:g} frames a second; make {FPS:g}, as clips have, "
            f"to {MOST_FPS:g}"
        )
    speed = spec.full_speed
    speeds = [speed.yaw, speed.pitch, speed.zoom]
    speeds += [speed.walk] * bool(set(WALK_AXES) & set(spec.axes))
    if not 1 <= spec.block_length <= MOST_FRAMES or not all(one > 0 for one in speeds):
        raise Refusal(f"{spec.name} has blocks of {spec.block_length} frames and speed {speed}")
    return spec


def _environment(own: str) -> dict[str, str]:
    passed = {name: value for name, value in os.environ.items() if name.startswith(PASSED)}
    source = Path(border.__file__).parents[2]  # this very package, not another installed one
    paths = [str(source), str(Path.cwd()), os.environ.get("PYTHONPATH", "")]
    weights = {"MAG_SANDBOX_WEIGHTS": str(weights_home())}
    fresh = dict.fromkeys(("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP"), own)
    return {**weights, **passed, **fresh, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


class _FarEnd:
    """Carries out requests to its world, in the participant's process."""

    def __init__(self, player: Player) -> None:
        self._world: Any = player.world

    def obey(
        self, request: dict[str, Any], arrays: list[bytes]
    ) -> tuple[dict[str, Any], list[bytes]]:
        does: dict[str, Callable[..., tuple[dict[str, Any], list[bytes]]]] = {
            "reset": self._reset, "step": self._step, "show": self._show,
            "snapshot": self._snapshot, "restore": self._restore,
        }  # fmt: skip
        return does[request.pop("do")](arrays, **request)

    def _reset(
        self, arrays: list[bytes], caption: str, seed: int
    ) -> tuple[dict[str, Any], list[bytes]]:
        image = Path("first.png").absolute()
        image.write_bytes(arrays[0])
        scene = Scene(prompt=caption, seed=seed, name="clip", image=str(image))
        return _made(self._world.reset(scene, seed))

    def _step(self, _arrays: list[bytes], **control: Any) -> tuple[dict[str, Any], list[bytes]]:
        return _made(self._world.step(_control(**control)))

    def _show(
        self, arrays: list[bytes], shape: list[int], **control: Any
    ) -> tuple[dict[str, Any], list[bytes]]:
        frames = np.frombuffer(arrays[0], np.uint8).reshape(shape)
        return _made(self._world.show(_control(**control), frames))

    def _snapshot(self, _arrays: list[bytes]) -> tuple[dict[str, Any], list[bytes]]:
        state = self._world.snapshot()
        arrays = {name: np.ascontiguousarray(array) for name, array in state.arrays.items()}
        layout = {name: (array.dtype.str, array.shape) for name, array in arrays.items()}
        header = json.dumps({"arrays": layout, "data": state.data}).encode()
        data = b"".join(array.tobytes() for array in arrays.values())
        return {}, [struct.pack(">Q", len(header)) + header + data]

    def _restore(self, arrays: list[bytes]) -> tuple[dict[str, Any], list[bytes]]:
        whole = arrays[0]
        at = 8 + struct.unpack_from(">Q", whole)[0]
        header, found = json.loads(whole[8:at]), {}
        for name, (dtype, shape) in header["arrays"].items():
            count = int(np.prod(shape))
            found[name] = np.frombuffer(whole, dtype, count, at).reshape(shape)
            at += found[name].nbytes
        self._world.restore(WorldState(found, header["data"]))
        return {}, []


def _control(camera: dict[str, Any], edit: dict[str, Any] | None, **others: Any) -> Control:
    placed = None if edit is None else decode(Edit, edit, "edit")
    return Control(CameraCommand(**camera), edit=placed, **others)


def _made(block: FrameBlock) -> tuple[dict[str, Any], list[bytes]]:
    pictures = [block.frames] if block.rest is None else [block.frames, block.rest]
    header = {"shape": list(block.frames.shape), "bytes": block.memory.bytes}
    return header, [np.ascontiguousarray(one).tobytes() for one in pictures]


def serve(arguments: str) -> None:
    """Run as the process of a participant until the pipe is closed."""
    pipe = Pipe(os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb"))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)  # what a participant prints is no message
    source, hidden = json.loads(arguments)
    confine(Path.cwd(), [Path(one) for one in hidden])
    try:
        player = ParticipantSource(**source).open()
        provenance = json.dumps(player.world.provenance(), default=str)
        opened = {"spec": asdict(player.world.spec), "able": sorted(player.able)}
        pipe.send({**opened, "provenance": provenance})
        far = _FarEnd(player)
        while True:
            answer, arrays = far.obey(*pipe.receive(MOST_STATE))
            pipe.send(answer, *arrays)
    except EOFError:
        return
    except Refusal as error:
        pipe.send({"refused": str(error)})
    except Exception as error:  # of whatever a participant runs: its sentence goes to the result
        pipe.send({"refused": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    serve(sys.argv[1])
