"""Plays a clip: gives a world its first view and its commands, and keeps what is compared.

Poses follow from the commands alone and the truth from poses and time: nothing that a world says
of itself is believed, but for the picture at rest, which a gate compares with what it showed.
"""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import xxhash
from PIL import Image

from mag_sandbox.controls.camera import CameraPose, move
from mag_sandbox.evaluation.bench.clips import HeldOutScene, Leg, Phase
from mag_sandbox.evaluation.bench.parts import ring_parts
from mag_sandbox.evaluation.lookback.camera_paths import tape_of
from mag_sandbox.evaluation.lookback.folders import check_frame_size
from mag_sandbox.evaluation.lookback.participants import Player
from mag_sandbox.evaluation.lookback.tasks import ClipPlan, legs
from mag_sandbox.evaluation.probe.motion import Measure, MotionLog
from mag_sandbox.files.border import Refusal, refusing
from mag_sandbox.model.world import Control, FrameBlock, Frames, WorldSpec
from mag_sandbox.renderer.views import HEIGHT, WIDTH
from mag_sandbox.scenes import Scene
from mag_sandbox.training.panorama.moving import render_moving

TICKS = 16.0  # a second, by which the renderer counts time
KEPT: tuple[Phase, ...] = ("start", "out", "back")  # what is compared


@dataclass(frozen=True, slots=True)
class Fit:
    """How frames of any size become the renderer's: as wide, and what they lack above and below.

    Rows beyond the renderer's are cut off; where there are fewer, the outermost are repeated, in
    the truth as well, so that nothing is gained or lost by the shape of a picture.
    """

    rows: int = HEIGHT
    size: tuple[int, int] = (WIDTH, HEIGHT)  # px of each frame

    @classmethod
    def of(cls, frame: Frames) -> "Fit":
        """Return the fit of frames of this size.

        Raises:
            Refusal: see `check_frame_size`.
        """
        height, width = frame.shape[:2]
        with refusing(Refusal):
            check_frame_size(width, height)
        return cls(min(HEIGHT, round(WIDTH * height / width)), (width, height))

    def frames(self, frames: Frames) -> Frames:
        """Return frames of a world, uint8 [T, HEIGHT, WIDTH, 3].

        Raises:
            Refusal: they are not as large as the first frame.
        """
        height, width = frames.shape[1:3]
        if (width, height) != self.size:
            first = f"{self.size[0]} x {self.size[1]}"
            raise Refusal(f"a frame is {width} x {height} px, the first one was {first}")
        if frames.shape[1:3] == (HEIGHT, WIDTH):
            return frames
        tall = round(WIDTH * frames.shape[1] / frames.shape[2])
        scaled = np.stack([
            np.asarray(Image.fromarray(one).resize((WIDTH, tall), Image.Resampling.BOX))
            for one in frames
        ])  # fmt: skip
        first = (tall - self.rows) // 2
        return self._padded(scaled[:, first : first + self.rows])

    def truth(self, frame: Frames) -> Frames:
        """Return a view of the renderer, likewise."""
        if self.rows == HEIGHT:
            return frame
        first = (HEIGHT - self.rows) // 2
        return self._padded(frame[None, first : first + self.rows])[0]

    def _padded(self, frames: Frames) -> Frames:
        above = (HEIGHT - self.rows) // 2
        room = ((0, 0), (above, HEIGHT - self.rows - above), (0, 0), (0, 0))
        return np.pad(frames, room, "edge")


@dataclass(slots=True, eq=False)
class Take:
    """What came of a clip."""

    fps: float
    scene: HeldOutScene
    fit: Fit
    frames: Frames  # of the phases in KEPT, uint8 [T, HEIGHT, WIDTH, 3]
    rest: Frames | None  # the same as the world says they are at rest; None: nothing moved
    poses: tuple[CameraPose, ...]  # of those
    phases: tuple[Phase, ...]
    numbers: tuple[int, ...]  # of frames, since the reset
    motion: dict[Phase, list[Measure]]  # of every phase in which the camera moved
    digest: str  # of all that was made
    count: int  # frames in all
    tape: str
    memory_bytes: int  # at the end, as the world says
    state_bytes: int | None  # of the snapshot from which the way back was played
    given: frozenset[int] = frozenset()  # numbers of the frames that were given

    def where(self, *phases: Phase) -> list[int]:
        """Return the indices of some phases' frames."""
        return [index for index, one in enumerate(self.phases) if one in phases]

    def truth(self, index: int) -> Frames:
        """Return what the renderer shows at a kept frame's pose and time."""
        return self.true_view(self.poses[index], self.numbers[index])

    def true_view(self, pose: CameraPose, number: float) -> Frames:
        """Return what the renderer shows at a pose, so many frames after the first."""
        return self.fit.truth(self.scene.view(pose, number / self.fps * TICKS))


@dataclass(slots=True, eq=False)
class _Camera:
    """Watches a clip as it is played."""

    spec: WorldSpec
    pose: CameraPose = field(default_factory=CameraPose)
    number: int = 0  # of the next frame
    poses: list[CameraPose] = field(default_factory=list)
    kept: list[tuple[Phase, int, CameraPose, Frames, Frames]] = field(default_factory=list)
    motion: dict[Phase, list[Measure]] = field(default_factory=dict)
    given: set[int] = field(default_factory=set)
    fit: Fit | None = None
    log: MotionLog = field(default_factory=MotionLog)
    hash: xxhash.xxh3_64 = field(default_factory=xxhash.xxh3_64)
    memory: int = 0  # bytes kept, as the world says
    moving: bool = False  # whether any frame differs from what it is at rest

    def take(
        self, block: FrameBlock, leg: Leg, *, first: bool = False, given: bool = False
    ) -> None:
        """Note a block."""
        count, self.memory = len(block.frames), block.memory.bytes
        poses = (self.pose,) * count if first else self.next_poses(leg, count)
        if not given:
            self.hash.update(np.ascontiguousarray(block.frames).data)
        if self.fit is None:
            self.fit = Fit.of(block.frames[0])
        frames, rest = self.fit.frames(block.frames), block.rest
        still = frames if rest is None else self.fit.frames(rest)
        self.moving |= rest is not None
        for frame, bare, pose in zip(frames, still, poses, strict=True):
            self.log.add(frame, pose, self.number)
            if leg.phase in KEPT:
                self.kept.append((leg.phase, self.number, pose, frame, bare))
            if given:
                self.given.add(self.number)
            self.number += 1
        self.poses += poses
        self.pose = poses[-1]

    def next_poses(self, leg: Leg, count: int) -> tuple[CameraPose, ...]:
        """Return the poses of the next frames of a leg."""
        return move(self.pose, leg.command, self.spec.full_speed, self.spec.fps, count)

    def end(self, leg: Leg, since: int) -> None:
        """Note how a leg moved, that began with the frame `since`."""
        if found := self.log.between(since - 1, self.number - 1):
            self.motion.setdefault(leg.phase, []).extend(found)


def drawn_scene(category: str, seed: int, index: int, folder: Path) -> HeldOutScene:
    """Draw a scene that moves; its first view goes into the folder."""
    panorama = render_moving(category, seed)
    image = folder / f"first-{category.replace(' ', '-')}-{index}.png"
    scene = HeldOutScene(panorama, panorama.caption(), index, image, ring_parts(panorama.layers))
    Image.fromarray(scene.first_view).save(image)
    return scene


def begun(plan: ClipPlan, scene: HeldOutScene) -> Scene:
    """Return what a world is asked for; it says nothing of how the scene was drawn."""
    return replace(scene.scene("image"), name=plan.key)


def path_poses(plan: ClipPlan, spec: WorldSpec) -> tuple[tuple[CameraPose, ...], int]:
    """Return the pose of every frame of a clip, and how many of them are given if they can be."""
    path = legs(plan.moves(), spec)
    poses, given = [CameraPose()], 1
    for place, leg in enumerate(path):
        count = leg.blocks * spec.block_length
        poses += move(poses[-1], leg.command, spec.full_speed, spec.fps, count)
        if place < _shown_legs(plan, path):
            given = len(poses)
    return tuple(poses), given


def _shown_legs(plan: ClipPlan, path: Sequence[Leg]) -> int:
    """Return how many legs are given to worlds that can be shown a history."""
    if plan.task.shown:
        return _home(path)
    return 1 if plan.task.first else 0


def _home(path: Sequence[Leg]) -> int:
    """Return the first leg of the way back."""
    return min(place for place, leg in enumerate(path) if leg.phase == "back")


def play(
    seat: Player,
    plan: ClipPlan,
    scene: HeldOutScene,
    *,
    prompt: str | None = None,
    another: Callable[[], Player] | None = None,
) -> Take:
    """Play a clip.

    Args:
        seat: who plays.
        plan: the clip.
        scene: its scene.
        prompt: that is told with the first command of the way out.
        another: opens the same world anew, to play the way back from a snapshot.
    """
    world, spec = seat.world, seat.world.spec
    path = legs(plan.moves(), spec)
    camera = _Camera(spec)
    begin = Leg("start", path[0].command, 0)
    camera.take(world.reset(begun(plan, scene), plan.index), begin, first=True)
    home, given = _home(path), _shown_legs(plan, path) if "shown" in seat.able else 0
    for place, leg in enumerate(path):
        if place == home and another is not None:
            return _carried(world, another, path[home:], camera, scene)
        since, told = camera.number, prompt if leg.phase == "out" else None
        for _ in range(leg.blocks):
            control = Control(leg.command, prompt=told)
            block = (
                _given(world, control, leg, camera, scene) if place < given else world.step(control)
            )
            camera.take(block, leg, given=place < given)
            told = None
        camera.end(leg, since)
    return _taken(camera, scene)


def _given(
    world: Any, control: Control, leg: Leg, camera: _Camera, scene: HeldOutScene
) -> FrameBlock:
    """Give a world a block as the renderer shows it."""
    spec = camera.spec
    poses = camera.next_poses(leg, spec.block_length)
    times = [(camera.number + place) / spec.fps * TICKS for place in range(spec.block_length)]
    true = np.stack([scene.view(pose, at) for pose, at in zip(poses, times, strict=True)])
    bare = true
    if spec.moves:  # memory knows such a world at rest
        bare = np.stack([scene.view(pose, 0) for pose in poses])
    block = world.show(control, bare)
    return replace(block, frames=true, rest=None if bare is true else bare)


def _carried(
    world: Any,
    another: Callable[[], Player],
    path: Sequence[Leg],
    camera: _Camera,
    scene: HeldOutScene,
) -> Take:
    """Play the way back in a world that was told nothing but a snapshot."""
    state = world.snapshot()
    size = state.bytes + len(repr(state.data))
    with closing(another().world) as fresh:
        fresh.restore(state)
        for leg in path:
            since = camera.number
            for _ in range(leg.blocks):
                camera.take(fresh.step(Control(leg.command)), leg)
            camera.end(leg, since)
        return _taken(camera, scene, size)


def _taken(camera: _Camera, scene: HeldOutScene, state_bytes: int | None = None) -> Take:
    phases, numbers, poses, frames, rest = zip(*camera.kept, strict=True)
    assert camera.fit is not None
    return Take(
        camera.spec.fps, scene, camera.fit, np.stack(frames),
        np.stack(rest) if camera.moving else None, poses, phases, numbers, camera.motion,
        camera.hash.hexdigest(), camera.number, tape_of(camera.poses), camera.memory,
        state_bytes, frozenset(camera.given),
    )  # fmt: skip
