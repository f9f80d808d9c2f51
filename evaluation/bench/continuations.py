"""Clips of the paper's table 3 in small: the last quarter of a pan away and back, continued.

Three quarters are given by the renderer, so poses and pictures are exact. In the two modes of
MAG-Bench memory takes of the last quarter what the world made of it (history), or the truth.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mag_sandbox.controls.camera import CameraCommand, CameraPose, move
from mag_sandbox.evaluation.bench.clips import SLOW, HeldOutScene, held_out_scene
from mag_sandbox.evaluation.bench.parts import likenesses, mean_of, part_scores
from mag_sandbox.evaluation.magbench.continuation import HISTORY, Continuation, Mode, as_pictures
from mag_sandbox.evaluation.magbench.evaluate import Matching, scores_of
from mag_sandbox.evaluation.probe.motion import MotionLog
from mag_sandbox.evaluation.results.store import clip_record
from mag_sandbox.evaluation.results.sweep import Found
from mag_sandbox.model.world import MIB, Control, Frames, World, WorldSpec

DEGREES = 150.0  # of the way out
STILL = "the picture does not move as commanded"


@dataclass(frozen=True, slots=True, eq=False)
class TrueBlock:
    """One block of the path as the renderer draws it."""

    command: CameraCommand
    poses: tuple[CameraPose, ...]
    frames: Frames
    rest: Frames  # the same of time 0: what a memory is given that knows the world at rest
    given: bool  # False: the world is to make it


@dataclass(frozen=True, slots=True, eq=False)
class ContinuedClip:
    """The last quarter, as the world made it and as it is."""

    made: Frames
    truth: Frames
    frozen: Frames  # the truth at rest, as memory was given it
    poses: tuple[CameraPose, ...]
    moves: bool  # whether the picture moved as commanded
    memory_bytes: int


def true_blocks(scene: HeldOutScene, spec: WorldSpec) -> Iterator[TrueBlock]:
    """Yield the path, the first block at rest; the way back is in bit-equal poses."""
    speed = min(SLOW, spec.full_speed.yaw)
    right = CameraCommand(yaw=speed / spec.full_speed.yaw)
    left = CameraCommand(yaw=-right.yaw)
    away = max(2, round(DEGREES / speed / spec.block_seconds))
    given, length = round(2 * away * HISTORY), spec.block_length
    poses = (CameraPose(),) * length
    yield _drawn(scene, CameraCommand(), poses, 0, given=True)
    for index in range(2 * away):
        command = right if index < away else left
        poses = move(poses[-1], command, spec.full_speed, spec.fps, length)
        yield _drawn(scene, command, poses, (1 + index) * length, given=index < given)


def _drawn(
    scene: HeldOutScene,
    command: CameraCommand,
    poses: tuple[CameraPose, ...],
    first: int,
    *,
    given: bool,
) -> TrueBlock:
    """Return the block whose first frame has the number `first`."""
    frames = np.stack([scene.view(pose, at) for at, pose in enumerate(poses, first)])
    rest = frames
    if scene.parts is not None:
        rest = np.stack([scene.view(pose, 0) for pose in poses])
    return TrueBlock(command, poses, frames, rest, given)


def play_continued(world: World, scene: HeldOutScene, mode: Mode) -> ContinuedClip:
    """Show a world the history of a clip and let it make the rest."""
    blocks, log, number, made = list(true_blocks(scene, world.spec)), MotionLog(), 0, []
    block = world.reset(scene.scene("image"), scene.seed)
    for true in blocks[1:]:
        control = Control(true.command)
        if true.given:
            block = world.show(control, true.rest)
            continue
        state = world.snapshot() if mode == "truth" else None
        block = world.step(control)
        made.append(block.frames)
        for frame, pose in zip(block.frames, true.poses, strict=True):
            log.add(frame, pose, number)
            number += 1
        if state is not None:
            world.restore(state)
            block = world.show(control, true.rest)
    back = [one for one in blocks if not one.given]
    return ContinuedClip(
        np.concatenate(made),
        np.concatenate([one.frames for one in back]),
        np.concatenate([one.rest for one in back]),
        tuple(pose for one in back for pose in one.poses),
        log.verdict(-1, number) == "agrees",
        block.memory.bytes,
    )


def scores_of_clip(
    clip: ContinuedClip,
    scene: HeldOutScene,
    round_trip: Callable[[Frames], Frames],
    matching: Matching,
) -> dict[str, float | None]:
    """Return scores by best match and at equal pose, of still and of moving parts."""
    pair = Continuation(as_pictures(clip.made), as_pictures(clip.truth))
    parts, still = scene.parts, None
    if parts is not None:
        still = [parts.still_at(pose) for pose in clip.poses]
    scores = scores_of(pair, matching)[0] | {
        "pose_psnr_db": mean_of(likenesses(clip.made, clip.truth, None)),
        "ceiling_db": mean_of(likenesses(round_trip(clip.truth), clip.truth, still)),
        "memory_mib": clip.memory_bytes / MIB,
    }
    if parts is not None:
        scores |= part_scores(clip.made, clip.truth, clip.frozen, parts, clip.poses)
    return scores


@dataclass(frozen=True, slots=True)
class ContinuationTask:
    """A clip in one mode."""

    index: int  # of the scene; categories come in turn
    mode: Mode

    @property
    def key(self) -> str:
        """Name of its record."""
        return f"{self.index:03d}-{self.mode}"


@dataclass(frozen=True, slots=True, eq=False)
class ContinuationJob:
    """The work of each worker; see `mag_sandbox.workers.work.Job`."""

    open_world: Callable[[], World]
    name: str  # of the row
    seed: int  # of the scenes

    @contextmanager
    def ready(self) -> Iterator[Callable[[ContinuationTask], Found]]:
        """Open the world and give what continues a clip."""
        with tempfile.TemporaryDirectory() as folder, closing(self.open_world()) as world:
            yield lambda task: self._continued(world, Path(folder), task)

    def _continued(self, world: World, folder: Path, task: ContinuationTask) -> Found:
        began = time.monotonic()
        scene = held_out_scene(task.index, self.seed, folder, moves=world.spec.moves)
        clip = play_continued(world, scene, task.mode)
        matching, category = Matching(), scene.panorama.category
        return Found(clip_record(
            "pocket", {"world": self.name, "mode": task.mode}, f"{category} {task.index}",
            scores_of_clip(clip, scene, world.round_trip, matching), time.monotonic() - began,
            category=category, distance=matching.name, refused=None if clip.moves else STILL,
        ))  # fmt: skip
