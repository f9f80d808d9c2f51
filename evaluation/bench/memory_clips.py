"""Clips for the memory bench: a held-out scene panned away from and back.

Three quarters may be given: then the renderer gives history and truth, so poses and pictures are
exact, and what the world makes of the last quarter is compared pose by pose and by best match. Two
modes, as in MAG-Bench: what is remembered of the last quarter is what the world made of it, or the
truth. Or nothing is given but the first view or the caption: then the world's way back is compared
with its own way out.

How alike then and now are is measured at equal poses; a guard sees that the picture moved as it was
commanded, so that a frozen one never counts.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mag_sandbox.controls.camera import CameraCommand, CameraPose, move, yaw_difference
from mag_sandbox.evaluation.bench.clips import (
    SLOW,
    Clip,
    HeldOutScene,
    Kind,
    Phase,
    block_time,
    pan_and_back,
    record,
)
from mag_sandbox.evaluation.bench.parts import RingParts, likenesses, mean_of, part_scores
from mag_sandbox.evaluation.magbench.continuation import HISTORY, Continuation, Mode, as_pictures
from mag_sandbox.evaluation.magbench.evaluate import Matching, scores_of, worst_frame
from mag_sandbox.evaluation.probe.metrics import recall, ssim
from mag_sandbox.evaluation.probe.motion import MOTION_LIMIT
from mag_sandbox.evaluation.vbench.consistency import ends
from mag_sandbox.model.full.image_shift import image_shift
from mag_sandbox.model.world import Control, FrameBlock, Frames, MemoryUsage, World, WorldSpec

TURNING_MARGIN = 10.0  # degrees around the turning point that prove no memory
SHIFT_MARGIN = 8  # px searched beyond one and a half times the commanded shift
FLOOR_PAIRS = 32  # unrelated pairs of frames a clip
CEILING_FRAMES = 12  # frames a clip that go through the autoencoder


@dataclass(frozen=True, slots=True)
class MotionErrors:
    """Commanded against measured image shift, frame by frame."""

    errors: np.ndarray  # px, frames whose shift can be measured
    unmeasurable: float  # share of moving frames that are too empty
    agrees: bool  # on the way out and on the way back


@dataclass(frozen=True, slots=True, eq=False)
class ReturnedViews:
    """Frames of a way back, what each should show, and what their likeness is measured by."""

    frames: Frames  # uint8 [T, H, W, 3]
    truth: Frames  # the same
    away: tuple[float | None, ...]  # seconds since each view was last shown; None: it never was
    floor: float  # likeness of views that share nothing [dB]
    ceiling: float  # likeness of the truth before and after the autoencoder [dB]
    # pixels of each frame that are known to stand still, bool [H, W], on which recall and drift
    # rest, like the limits; None: on whole frames
    still: tuple[np.ndarray, ...] | None = None

    def likenesses(self) -> list[float | None]:
        """Return the PSNR of each frame over what is known to stand still, if anything is [dB]."""
        return likenesses(self.frames, self.truth, self.still)

    def whole_likenesses(self) -> list[float]:
        """Return the PSNR of each whole frame [dB]."""
        return likenesses(self.frames, self.truth, None)

    def ssim(self) -> float:
        """Return the mean structural similarity."""
        pairs = zip(self.frames, self.truth, strict=True)
        return float(np.mean([ssim(*pair) for pair in pairs]))

    def recall(self, likeness: float) -> float:
        """Return where a likeness lies between floor and ceiling, in percent."""
        return recall(likeness, self.floor, self.ceiling)


def returned_views(
    clip: Clip, round_trip: Callable[[Frames], Frames], parts: RingParts | None = None
) -> ReturnedViews:
    """Return the way back of a clip beside its own way out.

    Args:
        clip: what was shown.
        round_trip: the world's autoencoder.
        parts: what is known to stand still, for floor, ceiling and recall; None: nothing, and whole
            frames count, at rest as far as the world says how they are then.

    Raises:
        ValueError: no pose of the way back was seen on the way out.
    """
    pairs = equal_pose_pairs(clip)
    outs, backs = (list(indices) for indices in zip(*pairs, strict=True))
    frames = clip.to_compare(parts)
    return ReturnedViews(
        frames[backs],
        frames[outs],
        tuple(clip.seconds_between(*pair) for pair in pairs),
        unrelated_psnr(clip, parts),
        ceiling_psnr(clip, round_trip, parts),
        None if parts is None else tuple(parts.still_at(clip.poses[index]) for index in backs),
    )


def equal_pose_pairs(clip: Clip) -> list[tuple[int, int]]:
    """Return (way out, way back) frames of bit-equal pose, not those near the turning point."""
    seen = {clip.poses[index]: index for index in (*clip.where("start"), *clip.where("out"))}
    turning = clip.poses[clip.where("out")[-1]].yaw
    pairs = [
        (seen[clip.poses[back]], back)
        for back in clip.where("back")
        if clip.poses[back] in seen
        and abs(yaw_difference(clip.poses[back].yaw, turning)) >= TURNING_MARGIN
    ]
    if not pairs:
        raise ValueError("no pose of the way back equals one of the way out; use an exact world")
    return pairs


def unrelated_psnr(clip: Clip, parts: RingParts | None = None) -> float:
    """Return the median likeness of views of the way out that do not overlap [dB].

    What is known to stand still of the first view of a pair counts; None: whole views do.
    """
    out = [*clip.where("start"), *clip.where("out")]
    fov = clip.poses[0].fov
    pairs = [
        (first, second)
        for first in _with_still_parts(clip, out, parts)
        for second in out[::3]
        if abs(yaw_difference(clip.poses[first].yaw, clip.poses[second].yaw)) >= fov
    ]
    step = max(1, len(pairs) // FLOOR_PAIRS)
    firsts, seconds = zip(*pairs[::step], strict=True)
    masks = parts and [parts.still_at(clip.poses[index]) for index in firsts]
    frames = clip.to_compare(parts)
    return float(np.median(likenesses(frames[[*firsts]], frames[[*seconds]], masks)))


def ceiling_psnr(
    clip: Clip, round_trip: Callable[[Frames], Frames], parts: RingParts | None = None
) -> float:
    """Return the likeness of a clip's own frames before and after the autoencoder [dB]."""
    out = _with_still_parts(clip, clip.where("out"), parts)
    some = out[:: max(1, len(out) // CEILING_FRAMES)]
    masks = parts and [parts.still_at(clip.poses[index]) for index in some]
    frames = clip.to_compare(parts)[some]
    return mean_of(likenesses(round_trip(frames), frames, masks))


def _with_still_parts(clip: Clip, indices: list[int], parts: RingParts | None) -> list[int]:
    if parts is None:
        return indices
    return [index for index in indices if parts.is_still_enough(clip.poses[index])]


def measure_motion(clip: Clip) -> MotionErrors:
    """Compare the shift of the picture with the command, on the way out and on the way back."""
    out, back = _shift_errors(clip, "out"), _shift_errors(clip, "back")
    both = np.concatenate((out, back))
    return MotionErrors(
        errors=both[np.isfinite(both)],
        unmeasurable=float(np.isnan(both).mean()),
        agrees=_agrees(out) and _agrees(back),
    )


def _shift_errors(clip: Clip, phase: Phase) -> np.ndarray:
    """Return the disagreement of each frame of a phase [px], nan where it cannot be measured."""
    errors = []
    for index in clip.where(phase):
        pixels = clip.turns[index] * clip.frames.shape[2] / clip.poses[index].fov
        limit = SHIFT_MARGIN + int(1.5 * abs(pixels))
        shift = image_shift(clip.frames[index - 1], clip.frames[index], limit)
        expected = np.array([-pixels, 0.0])  # turning right moves the picture left
        errors.append(np.nan if shift is None else float(np.linalg.norm(shift - expected)))
    return np.array(errors)


def _agrees(errors: np.ndarray) -> bool:
    measured = errors[np.isfinite(errors)]
    return len(measured) * 2 >= len(errors) > 0 and float(np.median(measured)) <= MOTION_LIMIT


CLIPS = 176  # as many as MAG-Bench has, categories in turn: 44 of each
DEGREES = 150.0  # of the way out
STILL = "the picture does not move as commanded"


class ShownWorld(World, Protocol):
    """A world with exact poses that can be shown what it has not made."""

    def show(self, control: Control, frames: Frames) -> FrameBlock:
        """Take a block's frames, of the world at rest, as they are and remember them."""


@dataclass(frozen=True, slots=True, eq=False)
class TrueBlock:
    """One block of the path as the renderer draws it."""

    command: CameraCommand
    phase: Phase
    poses: tuple[CameraPose, ...]
    frames: Frames
    rest: Frames  # the same of time 0: what a memory is given that knows the world at rest
    given: bool  # False: the world is to make it


@dataclass(frozen=True, slots=True, eq=False)
class ReturnClip:
    """What came back."""

    clip: Clip  # the truth up to the switch, then what the world made
    first: int  # index of the first frame it made
    truth: Frames  # of what it made
    parts: RingParts | None  # of the scene; None: nothing moves
    frozen: Frames  # the same at rest, as memory was given it


def true_blocks(scene: HeldOutScene, spec: WorldSpec) -> Iterator[TrueBlock]:
    """Yield the path, the first block at rest; the way back is in bit-equal poses."""
    speed = min(SLOW, spec.full_speed.yaw)
    right = CameraCommand(yaw=speed / spec.full_speed.yaw)
    left = CameraCommand(yaw=-right.yaw)
    away = max(2, round(DEGREES / speed / spec.block_seconds))
    given = round(2 * away * HISTORY)
    poses = (CameraPose(),) * spec.block_length
    yield _drawn(scene, CameraCommand(), "start", poses, 0, given=True)
    for index in range(2 * away):
        command = right if index < away else left
        poses = move(poses[-1], command, spec.full_speed, spec.fps, spec.block_length)
        # the given part of the way back proves nothing, so the motion guard leaves it out
        phase: Phase = "out" if index < away else "hold" if index < given else "back"
        time = (1 + index) * spec.block_length
        yield _drawn(scene, command, phase, poses, time, given=index < given)


def play_return(world: ShownWorld, scene: HeldOutScene, mode: Mode) -> ReturnClip:
    """Show a world the history of a clip and let it make the rest."""
    frames, steps, blocks = [], [], list(true_blocks(scene, world.spec))
    for block in blocks:
        control = Control(block.command)
        if block.phase == "start":
            made = world.reset(scene.scene("image"), scene.seed)
            frames.append(block.frames)
        elif block.given:
            made = world.show(control, block.rest)
            frames.append(block.frames)
        else:
            state = world.snapshot() if mode == "truth" else None
            made = world.step(control)
            steps.append(made)
            frames.append(made.frames)
            if state is not None:
                world.restore(state)
                made = world.show(control, block.rest)
    clip = _as_clip(world.spec, blocks, frames, made.memory, block_time(steps))
    back = [block for block in blocks if not block.given]
    truth = np.concatenate([block.frames for block in back])
    frozen = np.concatenate([block.rest for block in back])
    first = len(clip.frames) - len(truth)
    return ReturnClip(clip, first, truth, scene.parts, frozen)


def _as_clip(
    spec: WorldSpec,
    blocks: list[TrueBlock],
    frames: list[Frames],
    usage: MemoryUsage,
    block_ms: float,
) -> Clip:
    turns = [
        0.0 if block.phase == "start" else spec.full_speed.step(block.command, spec.fps)[0]
        for block in blocks
    ]
    return Clip(
        frames=np.concatenate(frames),
        poses=tuple(pose for block in blocks for pose in block.poses),
        phases=tuple(block.phase for block in blocks for _ in block.poses),
        turns=tuple(turn for turn, b in zip(turns, blocks, strict=True) for _ in b.poses),
        usage=usage,
        fps=spec.fps,
        block_ms=block_ms,
    )


def measure_return(
    made: ReturnClip, world: ShownWorld, matching: Matching
) -> tuple[dict, Continuation, int]:
    """Return the measured part of a record, the compared pictures, and the worst frame's index."""
    clip, first, parts = made.clip, made.first, made.parts
    returned, poses = clip.frames[first:], clip.poses[first:]
    still = None if parts is None else tuple(parts.still_at(pose) for pose in poses)
    ceiling = mean_of(likenesses(world.round_trip(made.truth), made.truth, still))
    floor, away = unrelated_psnr(clip, parts), _seconds_away(clip, first)
    back = ReturnedViews(returned, made.truth, away, floor, ceiling, still)
    measured, pair, worst = compare(clip, back, matching)
    if parts is not None:
        measured["scores"] |= part_scores(returned, made.truth, made.frozen, parts, poses)
    return measured, pair, worst


def measure_invented(
    world: World,
    scene: HeldOutScene,
    kind: Kind,
    matching: Matching,
    away_seconds: float = 0.0,
) -> tuple[dict, Continuation, int, Clip]:
    """Play a clip of which at most the first view is given.

    Between out and back the camera may look elsewhere for `away_seconds`: see `pan_and_back`.

    Where a first view is given of a scene that moves, recall, floor and ceiling rest on those of
    its pixels that stand still. What else is invented may move as it likes: whole frames count, as
    the world says they are at rest.

    Returns:
        What `compare` does, and the clip.
    """
    path = pan_and_back(world.spec, DEGREES, away_seconds=away_seconds)
    clip = record(world, scene.scene(kind), path)
    back = returned_views(clip, world.round_trip, scene.known_parts(kind))
    return *compare(clip, back, matching), clip


def compare(clip: Clip, back: ReturnedViews, matching: Matching) -> tuple[dict, Continuation, int]:
    """Return what `measure_return` does, of views of a clip that came back."""
    pair = Continuation(as_pictures(back.frames), as_pictures(back.truth))
    scores, found = scores_of(pair, matching)
    motion = measure_motion(clip)
    measured = {
        "distance": matching.name,
        "refused": None if motion.agrees else STILL,
        "scores": scores | return_scores(clip, back),
        "recall_points": [
            (round(seconds, 4), back.recall(score))
            for seconds, score in zip(back.away, back.likenesses(), strict=True)
            if seconds is not None and score is not None
        ],
        "motion": {
            "errors_px": motion.errors.round(3).tolist(),
            "unmeasurable": motion.unmeasurable,
        },
    }
    return measured, pair, worst_frame(pair, found)


def return_scores(clip: Clip, back: ReturnedViews) -> dict[str, float | None]:
    """Return how well views of a clip came back, and what their memory takes."""
    ours = back.likenesses()
    start, end = (mean_of(ours[part]) for part in ends(len(ours)))
    mean, kept = mean_of(ours), clip.usage.bytes
    return {
        "pose_psnr_db": mean_of(back.whole_likenesses()),
        "pose_ssim": back.ssim(),
        "floor_db": back.floor,
        "ceiling_db": back.ceiling,
        "recall_percent": None if mean is None else back.recall(mean),
        "drift_db": None if start is None or end is None else end - start,
        "compression": clip.usage.full_history_bytes / kept if kept else None,
        "memory_mib": kept / 2**20,
        "block_ms": clip.block_ms,
        **({} if back.still is None else {"still_psnr_db": mean}),
    }


def equal_blocks(usage: MemoryUsage, spec: WorldSpec) -> int | None:
    """Return how many raw blocks fill what a policy holds; None if it keeps none to compare."""
    for segment in usage.segments:
        if segment.kind in ("raw", "current", "sink") and segment.frames:
            block = segment.bytes / segment.frames * spec.block_length
            return max(1, math.ceil(usage.bytes / block))
    return None


def clip_sheet(clip: Clip, scene: HeldOutScene) -> list[list[np.ndarray]]:
    """Return three rows, yaw to the right: the renderer's views, the way out, the way back."""
    out, back = [*clip.where("start"), *clip.where("out")], clip.where("back")
    first, last = clip.poses[out[0]].yaw, clip.poses[out[-1]].yaw
    yaws = [first + part * ((last - first) % 360.0) for part in np.linspace(0, 1, 6)]
    away = [clip.nearest(yaw, out) for yaw in yaws]
    home = [clip.nearest(clip.poses[index].yaw, back) for index in away]
    views = [scene.view(clip.poses[index], clip.time(index)) for index in away]
    return [views, [clip.frames[i] for i in away], [clip.frames[i] for i in home]]


def _seconds_away(clip: Clip, first: int) -> tuple[float | None, ...]:
    """Return how long before each made frame its very view was last shown on the way out."""
    seen = {clip.poses[at]: at for at in (*clip.where("start"), *clip.where("out"))}
    places = [(at, seen.get(clip.poses[at])) for at in range(first, len(clip.frames))]
    return tuple(None if then is None else clip.seconds_between(then, at) for at, then in places)


def _drawn(
    scene: HeldOutScene,
    command: CameraCommand,
    phase: Phase,
    poses: tuple[CameraPose, ...],
    time: int,
    *,
    given: bool,
) -> TrueBlock:
    """Return the block that begins at a time."""
    frames = np.stack([scene.view(pose, at) for at, pose in enumerate(poses, time)])
    rest = frames
    if scene.parts is not None:
        rest = np.stack([scene.view(pose, 0) for pose in poses])
    return TrueBlock(command, phase, poses, frames, rest, given)
