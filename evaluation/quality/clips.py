"""Clips of the quality command: waiting, and turning around for minutes.

*Rest*: the camera stands still before a given view while time passes. Still parts must not drift;
moving parts must move as the renderer says, smoothly across blocks.

*Drift*: the first view is invented from the prompt alone. The camera turns all the way around, over
and over; one turn takes 15% of the time. So the first turn, which invents everything, and the last
one look in the same directions, and what pictures lost or gained between them is drift.

Source: the exposure bias metric (start-end contrast) of MemoryPack and Direct Forcing, arXiv
2510.01784, equation 8: the first 15% of the frames against the last 15%. Measures that need no
network are ours, and so are ratios instead of differences.
"""

from collections.abc import Sequence

import numpy as np

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.evaluation.quality.scenes import (
    HeldOutScene,
    Leg,
    blocks_in,
    likenesses,
    part_scores,
    record,
    seam_ratio,
)
from mag_sandbox.evaluation.results.intervals import mean_of
from mag_sandbox.evaluation.similarity.metrics import gradient_energy, saturation
from mag_sandbox.model.full.image_shift import luma
from mag_sandbox.model.world import Control, Frames, World, WorldSpec

SHARE = 0.15  # of the time that one turn takes
REST_SECONDS = 4.0  # three rounds of the quickest creature and more, one of a walk to one side


def contrast(frame: Frames) -> float:
    """Return the standard deviation of the brightness within a frame [grey levels]."""
    return float(luma(frame).std())


MEASURES = {"gradient": gradient_energy, "contrast": contrast, "saturation": saturation}


def around_and_around(spec: WorldSpec, minutes: float) -> list[Leg]:
    """Return the path: a turn, a part that is not measured, and a turn over the same directions.

    Raises:
        ValueError: the camera cannot turn around in that share of the time.
    """
    turn, blocks = blocks_in(60 * minutes * SHARE, spec), blocks_in(60 * minutes, spec)
    speed = 360.0 / (turn * spec.block_seconds)  # degrees a second
    if speed > spec.full_speed.yaw:
        least = 360.0 / spec.full_speed.yaw / SHARE / 60
        raise ValueError(
            f"a clip of {minutes:g} minutes is too short to turn around in {SHARE:.0%} of it; "
            f"give drift at least {least:.2g} minutes, or 0 to leave it out"
        )
    around = CameraCommand(yaw=speed / spec.full_speed.yaw)
    between = blocks - 2 * turn
    return [Leg("out", around, turn), Leg("away", around, between), Leg("back", around, turn)]


def play_drift(world: World, scene: HeldOutScene, legs: Sequence[Leg]) -> dict[str, float | None]:
    """Play a path of `around_and_around`; frames are measured as they come, and not kept.

    Returns:
        `{measure}_ratio`, of the last turn over the first: 1 is unchanged; and drift, the largest
        relative change. None: the measure is 0 in the first turn.
    """
    world.reset(scene.scene("prompt"), scene.seed)
    found: dict[str, list[list[float]]] = {}
    for leg in legs:
        for _ in range(leg.blocks):
            frames = world.step(Control(leg.command)).frames
            if leg.phase != "away":
                rows = [[measure(frame) for measure in MEASURES.values()] for frame in frames]
                found.setdefault(leg.phase, []).extend(rows)
    first, last = (np.mean(found[phase], axis=0) for phase in ("out", "back"))
    ratios = {
        f"{name}_ratio": float(after / before) if before else None
        for name, before, after in zip(MEASURES, first, last, strict=True)
    }
    changes = [abs(ratio - 1) for ratio in ratios.values() if ratio is not None]
    return {"drift": max(changes, default=None), **ratios}


def measure_rest(world: World, scene: HeldOutScene) -> dict[str, float | None]:
    """Give a world the first view of a scene that moves, wait, and compare with the renderer.

    Returns:
        pose_psnr_db of whole frames, `part_scores` and `seam_ratio`; None: that part of the view is
        too small.
    """
    spec = world.spec
    wait = Leg("hold", CameraCommand(), blocks_in(REST_SECONDS, spec))
    clip = record(world, scene.scene("image"), [wait])
    waited = clip.where("hold")
    frames, poses = clip.frames[waited], [clip.poses[index] for index in waited]
    truth = np.stack([scene.view(clip.poses[index], index) for index in waited])
    frozen = np.stack([scene.view(pose, 0) for pose in poses])  # the given picture is of time 0
    seams = [spec.frames_before(index) for index in range(len(clip.frames))]
    assert scene.parts is not None
    return {
        "pose_psnr_db": mean_of(likenesses(frames, truth, None)),
        **part_scores(frames, truth, frozen, scene.parts, poses),
        "seam_ratio": seam_ratio(clip.frames, seams, scene.parts.moving_at(poses[0])),
    }
