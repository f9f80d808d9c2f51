"""Plays a clip: gives a world its first view and its commands, and keeps the compared frames.

Poses follow from the commands alone and the truth from poses and time: nothing that a world says
of itself is believed, but for the picture at rest, which a gate compares with what it showed.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import xxhash
from PIL import Image

from mag_sandbox.controls.camera import CameraPose, move
from mag_sandbox.controls.edits import Edit
from mag_sandbox.evaluation.lookback.camera_paths import tape_of
from mag_sandbox.evaluation.lookback.folders import check_frame_size
from mag_sandbox.evaluation.lookback.participants import Player
from mag_sandbox.evaluation.lookback.tasks import ClipPlan, legs, walk_layout
from mag_sandbox.evaluation.lookback.walk_scenes import WalkScene
from mag_sandbox.evaluation.quality.scenes import HeldOutScene, Leg, Phase
from mag_sandbox.evaluation.similarity.motion import Measure, MotionLog
from mag_sandbox.files.border import Refusal, refusing
from mag_sandbox.model.world import Control, FrameBlock, Frames, WorldSpec
from mag_sandbox.renderer.render import lay_out
from mag_sandbox.renderer.views import HEIGHT, WIDTH
from mag_sandbox.scenes import Scene

TICKS = 16.0  # a second, by which the renderer counts time
# the compared frames; while away only a rest is kept
KEPT: tuple[Phase, ...] = ("start", "before", "out", "place", "hold", "back")


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
        """Return the fit of frames of this size; see `check_frame_size` for refusals."""
        height, width = frame.shape[:2]
        with refusing(Refusal):
            check_frame_size(width, height)
        return cls(min(HEIGHT, round(WIDTH * height / width)), (width, height))

    def frames(self, frames: Frames) -> Frames:
        """Return a world's frames, [T, HEIGHT, WIDTH, 3], or raise Refusal if sizes differ."""
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
        return np.squeeze(self._padded(frame[None, first : first + self.rows]), 0)

    def _padded(self, frames: Frames) -> Frames:
        above = (HEIGHT - self.rows) // 2
        room = ((0, 0), (above, HEIGHT - self.rows - above), (0, 0), (0, 0))
        return np.pad(frames, room, "edge")


@dataclass(slots=True, eq=False)
class Take:
    """The outcome of a clip."""

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
    edit: Edit | None = None  # the placed thing

    @property
    def at_rest(self) -> Frames:
        """The frames as the world says that they are at rest."""
        return self.frames if self.rest is None else self.rest

    def where(self, *phases: Phase) -> list[int]:
        """Return the indices of some phases' frames."""
        return [index for index, one in enumerate(self.phases) if one in phases]

    def seconds_between(self, first: int, second: int) -> float:
        """Return the time from one kept frame to another [s]."""
        return (self.numbers[second] - self.numbers[first]) / self.fps

    def truth(self, index: int) -> Frames:
        """Return the renderer's view at a kept frame's pose and time."""
        return self.true_view(self.poses[index], self.numbers[index])

    def true_view(self, pose: CameraPose, number: float) -> Frames:
        """Return the renderer's view at a pose, a number of frames after the first."""
        return self.fit.truth(self.scene.view(pose, number / self.fps * TICKS))


@dataclass(slots=True, eq=False)
class _Camera:
    spec: WorldSpec
    watched: bool = True  # whether its motion is measured
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
    edit: Edit | None = None

    def take(
        self, block: FrameBlock, leg: Leg, *, first: bool = False, given: bool = False
    ) -> None:
        count, self.memory = len(block.frames), block.memory.bytes
        if not first and count != self.spec.block_length:
            raise Refusal(f"a block has {count} frames, expected {self.spec.block_length}")
        poses = (self.pose,) * count if first else self.next_poses(leg, count)
        if not given:
            self.hash.update(np.ascontiguousarray(block.frames).data)
        if self.fit is None:
            self.fit = Fit.of(block.frames[0])
        frames, rest = self.fit.frames(block.frames), block.rest
        still = frames if rest is None else self.fit.frames(rest)
        self.moving |= rest is not None
        for frame, bare, pose in zip(frames, still, poses, strict=True):
            if self.watched and not given:
                self.log.add(frame, pose, self.number)
            if leg.phase in KEPT:
                self.kept.append((leg.phase, self.number, pose, frame, bare))
            if given:
                self.given.add(self.number)
            self.number += 1
        self.poses += poses
        self.pose = poses[-1]

    def next_poses(self, leg: Leg, count: int) -> tuple[CameraPose, ...]:
        return move(self.pose, leg.command, self.spec.full_speed, self.spec.fps, count)

    def end(self, leg: Leg, since: int) -> None:
        if found := self.log.between(since - 1, self.number - 1):
            self.motion.setdefault(leg.phase, []).extend(found)


def drawn_scene(category: str, seed: int, index: int, folder: Path) -> HeldOutScene:
    """Draw a scene that moves; its first view goes into the folder."""
    return HeldOutScene(lay_out(category, seed), index, _image(category, index, folder))


def walk_scene(plan: ClipPlan, folder: Path) -> WalkScene:
    """Draw the scene of a walk; its first view goes into the folder."""
    layout = walk_layout(plan)
    assert layout is not None  # else there would be no such plan
    image = _image(f"walk {plan.category}", plan.index, folder)
    return WalkScene(layout, plan.index, image, hidden=2 * plan.task.reveals)


def _image(what: str, index: int, folder: Path) -> Path:
    return folder / f"first-{what.replace(' ', '-')}-{index}.png"


def begun(plan: ClipPlan, scene: HeldOutScene) -> Scene:
    """Return the scene that a world is asked for; it does not tell how the truth was drawn."""
    return replace(scene.scene("image"), name=plan.key)


def path_poses(plan: ClipPlan, spec: WorldSpec) -> tuple[tuple[CameraPose, ...], int]:
    """Return the pose of every frame of a clip, and how many of them are given if they can be."""
    poses, given = [CameraPose()], 1
    for leg in legs(plan.moves(), spec):
        count = leg.blocks * spec.block_length
        poses += move(poses[-1], leg.command, spec.full_speed, spec.fps, count)
        if leg.phase in plan.shown:
            given = len(poses)
    return tuple(poses), given


def play(
    player: Player,
    plan: ClipPlan,
    scene: HeldOutScene,
    *,
    prompt: str | None = None,
    another: Callable[[], Player] | None = None,
) -> Take:
    """Play a clip.

    Args:
        player: the participant.
        plan: the clip.
        scene: its scene.
        prompt: given with the first command of the way out.
        another: ends the participant and opens it anew, to play the way back from a snapshot.
    """
    world, spec = player.world, player.world.spec
    path = legs(plan.moves(), spec)
    camera = _Camera(spec, watched=not plan.unseen)
    begin = Leg("start", path[0].command, 0)
    camera.take(world.reset(begun(plan, scene), plan.index), begin, first=True)
    home, state_bytes = [leg.phase for leg in path].index("back") if another else None, None
    shown = plan.shown if "shown" in player.able else ()
    for place, leg in enumerate(path):
        if place == home and another is not None:  # only the snapshot is taken along
            state = world.snapshot()
            state_bytes = state.bytes + len(repr(state.data))
            world = another().world
            world.restore(state)
        since, given = camera.number, leg.phase in shown
        new_prompt = prompt if leg.phase == "out" else None
        if leg.phase == "place":
            camera.edit = _edit(plan, spec, camera.pose)
        edit = camera.edit if leg.phase == "place" else None
        for _ in range(leg.blocks):
            # a view is asked for from a pose: what a world invents must not keep it from there
            control = Control(leg.command, prompt=new_prompt, edit=edit, no_collision=True)
            block = _given(world, control, leg, camera, scene) if given else world.step(control)
            camera.take(block, leg, given=given)
            new_prompt = edit = None
        camera.end(leg, since)
    return _taken(camera, scene, state_bytes)


def _edit(plan: ClipPlan, spec: WorldSpec, pose: CameraPose) -> Edit:
    """Return a thing to place, drawn by lot: a kind and a spot within the view."""
    rng = np.random.default_rng(plan.lot + 1)
    yaw, pitch = rng.uniform(-20.0, 20.0), rng.uniform(-8.0, 8.0)
    return Edit("place", (pose.yaw + yaw) % 360.0, pitch, kind=str(rng.choice(spec.kinds)))


def _given(
    world: Any, control: Control, leg: Leg, camera: _Camera, scene: HeldOutScene
) -> FrameBlock:
    spec = camera.spec
    poses = camera.next_poses(leg, spec.block_length)
    times = [(camera.number + place) / spec.fps * TICKS for place in range(spec.block_length)]
    true = np.stack([scene.view(pose, at) for pose, at in zip(poses, times, strict=True)])
    bare = true
    if spec.moves:  # memory knows such a world at rest
        bare = np.stack([scene.view(pose, 0) for pose in poses])
    block: FrameBlock = world.show(control, bare)
    return replace(block, frames=true, rest=None if bare is true else bare)


def _taken(camera: _Camera, scene: HeldOutScene, state_bytes: int | None) -> Take:
    phases, numbers, poses, frames, rest = zip(*camera.kept, strict=True)
    assert camera.fit is not None
    return Take(
        camera.spec.fps, scene, camera.fit, np.stack(frames),
        np.stack(rest) if camera.moving else None, poses, phases, numbers, camera.motion,
        camera.hash.hexdigest(), camera.number, tape_of(camera.poses), camera.memory,
        state_bytes, frozenset(camera.given), camera.edit,
    )  # fmt: skip
