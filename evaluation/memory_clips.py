"""Clips for the memory bench: a held-out scene panned away from and back, three quarters given.

The renderer gives the history and the truth, so poses and pictures are exact. What the world makes
of the last quarter is compared pose by pose and by best match. Two modes, as in MAG-Bench: what is
remembered of the last quarter is what the world made of it, or the truth.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from controls.camera import CameraCommand, CameraPose, move
from evaluation.clips import SLOW, Clip, HeldOutScene, Phase, block_time
from evaluation.consistency import ends
from evaluation.continuation import Continuation, Mode, as_pictures
from evaluation.magbench import Matching, scores_of, worst_frame
from evaluation.magbench_split import HISTORY
from evaluation.metrics import psnr, recall, ssim
from evaluation.pocket import equal_window
from evaluation.remembering import measure_motion, unrelated_psnr
from model.world import Control, FrameBlock, Frames, MemoryUsage, World, WorldSpec

CLIPS = 176  # as many as MAG-Bench has, categories in turn: 44 of each
DEGREES = 150.0  # of the way out
MOTION_EVERY = 4  # frames: shares no factor with a block of three, whose seams count like the rest
STILL = "the picture does not move as commanded"


class ShownWorld(World, Protocol):
    """A world with exact poses that can be shown what it has not made."""

    def show(self, control: Control, frames: Frames) -> FrameBlock:
        """Take a block's frames as they are and remember them."""


@dataclass(frozen=True, slots=True, eq=False)
class TrueBlock:
    """One block of the path as the renderer draws it."""

    command: CameraCommand
    phase: Phase
    poses: tuple[CameraPose, ...]
    frames: Frames
    given: bool  # False: the world is to make it


@dataclass(frozen=True, slots=True, eq=False)
class ReturnClip:
    """What came back."""

    clip: Clip  # the truth up to the switch, then what the world made
    first: int  # index of the first frame it made
    truth: Frames  # of what it made


def true_blocks(scene: HeldOutScene, spec: WorldSpec) -> Iterator[TrueBlock]:
    """Yield the path, the first block at rest; the way back is in bit-equal poses."""
    speed = min(SLOW, spec.full_speed.yaw)
    right = CameraCommand(yaw=speed / spec.full_speed.yaw)
    left = CameraCommand(yaw=-right.yaw)
    away = max(2, round(DEGREES / speed / spec.block_seconds))
    given = round(2 * away * HISTORY)
    poses = (CameraPose(),) * spec.block_length
    yield TrueBlock(CameraCommand(), "start", poses, _views(scene, poses), given=True)
    for index in range(2 * away):
        command = right if index < away else left
        poses = move(poses[-1], command, spec.full_speed, spec.fps, spec.block_length)
        # the given part of the way back proves nothing, so the motion guard leaves it out
        phase: Phase = "out" if index < away else "hold" if index < given else "back"
        yield TrueBlock(command, phase, poses, _views(scene, poses), index < given)


def play_return(world: ShownWorld, scene: HeldOutScene, mode: Mode) -> ReturnClip:
    """Show a world the history of a clip and let it make the rest."""
    frames, steps, blocks = [], [], list(true_blocks(scene, world.spec))
    for block in blocks:
        control = Control(block.command)
        if block.phase == "start":
            made = world.reset(scene.scene("image"), scene.seed)
            frames.append(block.frames)
        elif block.given:
            made = world.show(control, block.frames)
            frames.append(block.frames)
        else:
            state = world.snapshot() if mode == "truth" else None
            made = world.step(control)
            steps.append(made)
            frames.append(made.frames)
            if state is not None:
                world.restore(state)
                made = world.show(control, block.frames)
    return _as_clip(world.spec, blocks, frames, made.memory, block_time(steps))


def _as_clip(
    spec: WorldSpec,
    blocks: list[TrueBlock],
    frames: list[Frames],
    usage: MemoryUsage,
    block_ms: float,
) -> ReturnClip:
    turns = [
        0.0 if block.phase == "start" else spec.full_speed.step(block.command, spec.fps)[0]
        for block in blocks
    ]
    clip = Clip(
        frames=np.concatenate(frames),
        poses=tuple(pose for block in blocks for pose in block.poses),
        phases=tuple(block.phase for block in blocks for _ in block.poses),
        turns=tuple(turn for turn, b in zip(turns, blocks, strict=True) for _ in b.poses),
        usage=usage,
        fps=spec.fps,
        block_ms=block_ms,
    )
    truth = np.concatenate([block.frames for block in blocks if not block.given])
    return ReturnClip(clip, len(clip.frames) - len(truth), truth)


def measure_return(
    made: ReturnClip, world: ShownWorld, matching: Matching
) -> tuple[dict, Continuation, int]:
    """Return the measured part of a record, the compared pictures, and the worst frame's index."""
    clip, first = made.clip, made.first
    through = world.round_trip(made.truth)
    ceiling = float(np.mean([psnr(a, b) for a, b in zip(through, made.truth, strict=True)]))
    away = _seconds_away(clip, first)
    return compare(clip, clip.frames[first:], made.truth, away, ceiling, matching)


def compare(
    clip: Clip,
    returned: Frames,
    truth: Frames,
    away: Sequence[float | None],
    ceiling: float,
    matching: Matching,
) -> tuple[dict, Continuation, int]:
    """Return what `measure_return` does, of frames that should be equal one by one.

    Args:
        clip: they are of.
        returned: frames of the way back, uint8 [T, H, W, 3].
        truth: what each should show, the same.
        away: seconds since each view was last shown; None: it never was.
        ceiling: likeness of the truth before and after the autoencoder [dB].
        matching: what finds best matches.
    """
    pair = Continuation(as_pictures(returned), as_pictures(truth))
    scores, found = scores_of(pair, matching)
    ours = [psnr(a, b) for a, b in zip(returned, truth, strict=True)]
    floor = unrelated_psnr(clip)
    start, end = ends(len(ours))
    kept = clip.usage.bytes
    scores |= {
        "pose_psnr_db": float(np.mean(ours)),
        "pose_ssim": float(np.mean([ssim(a, b) for a, b in zip(returned, truth, strict=True)])),
        "floor_db": floor,
        "ceiling_db": ceiling,
        "recall_percent": recall(float(np.mean(ours)), floor, ceiling),
        "drift_db": float(np.mean(ours[end]) - np.mean(ours[start])),
        "compression": clip.usage.full_history_bytes / kept if kept else None,
        "memory_mib": kept / 2**20,
        "block_ms": clip.block_ms,
    }
    record = {
        "distance": matching.name,
        "refused": None if measure_motion(clip, MOTION_EVERY).agrees else STILL,
        "scores": scores,
        "recall_points": [
            (round(seconds, 4), recall(score, floor, ceiling))
            for seconds, score in zip(away, ours, strict=True)
            if seconds is not None
        ],
    }
    return record, pair, worst_frame(pair, found)


def equal_blocks(usage: MemoryUsage, spec: WorldSpec) -> int | None:
    """Return how many raw blocks fill what a policy holds; None if it keeps none to compare."""
    try:
        return equal_window([usage], spec.block_length)
    except ValueError:
        return None


def _seconds_away(clip: Clip, first: int) -> list[float | None]:
    """Return how long before each made frame its very view was last shown on the way out."""
    seen = {clip.poses[at]: at for at in (*clip.where("start"), *clip.where("out"))}
    places = [(at, seen.get(clip.poses[at])) for at in range(first, len(clip.frames))]
    return [None if then is None else clip.seconds_between(then, at) for at, then in places]


def _views(scene: HeldOutScene, poses: tuple[CameraPose, ...]) -> Frames:
    return np.stack([scene.view(pose) for pose in poses])
